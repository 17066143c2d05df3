"""The parameters of the flexible working-memory network, and its three formulas.

Source: Bouchacourt & Buschman (2019), "A flexible model of working memory", Neuron 103(1):147-160,
with the values of the authors' public script.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wmtutor._validation import (
    DEGREE,
    NUMBER,
    SECOND,
    check_count,
    check_flag,
    check_numbers,
    check_quantity,
)
from wmtutor.ring import circular_distance, preferred_angles
from wmtutor.units import ms, second

__all__ = [
    "FlexibleParameters",
    "NetworkParameters",
    "firing_rate",
    "ring_weight_profile",
    "stimulus_profile",
]

#: Summed incoming weight of a cell for alpha = 1 or beta = 1, before balancing.
TOTAL_WEIGHT = 1000.0
#: Beyond these a network no longer fits a laptop: the mask takes a byte per pair, twice.
MOST_CELLS = 200_000
MOST_PAIRS = 10**9


@dataclass(frozen=True, kw_only=True)
class NetworkParameters:
    """What defines a network, up to the random choice of its connections.

    Attributes
    ----------
    N_rings : int
        Number of sensory rings, each for one item.
    N_sensory : int
        Cells on each ring.
    N_random : int
        Cells of the shared random layer; 0 for rings on their own.
    connection_probability : float
        Chance that a sensory and a random cell are connected (gamma). Connected pairs talk
        both ways.
    alpha : float
        Strength of the feed-forward weights, sensory to random.
    beta : float
        Strength of the feedback weights, random to sensory.
    balance_ff : float
        Share of a random cell's summed incoming weight that is added, spread evenly over all
        sensory cells. -1 makes the incoming weights sum to zero; 0 leaves only excitation.
    balance_fb : float
        Share of a sensory cell's summed incoming weight that is added, spread evenly over all
        random cells. As ``balance_ff``.
    self_excitation : bool
        Whether a sensory cell excites itself, with the weight that the ring has at distance 0.
    ring_baseline : float
        Constant part of the weights within a ring. For their shape see :func:`ring_weight_profile`.
    ring_excit_weight : float
        Height of their excitatory part.
    ring_excit_kappa : float
        Concentration of their excitatory part; larger is narrower.
    ring_inhib_weight : float
        Height of their inhibitory part.
    ring_inhib_kappa : float
        Concentration of their inhibitory part; larger is narrower.
    """

    N_rings: int = 8
    N_sensory: int = 512
    N_random: int = 1024
    connection_probability: float = 0.35
    alpha: float = 2.1
    beta: float = 0.2
    balance_ff: float = -1.0
    balance_fb: float = -1.0
    self_excitation: bool = False
    ring_baseline: float = 0.28
    ring_excit_weight: float = 2.0
    ring_excit_kappa: float = 1.0
    ring_inhib_weight: float = 2.0
    ring_inhib_kappa: float = 0.25

    def __post_init__(self) -> None:
        def quantity(name: str, **limits: Any) -> None:
            value = check_quantity(name, getattr(self, name), NUMBER, **limits)
            object.__setattr__(self, name, value)

        def count(name: str, **limits: Any) -> None:
            object.__setattr__(self, name, check_count(name, getattr(self, name), **limits))

        count("N_rings", high=1000)
        count("N_sensory", high=MOST_CELLS)
        count("N_random", low=0, high=MOST_CELLS)
        pairs = self.N_rings * self.N_sensory * max(self.N_random, 1)
        if pairs > MOST_PAIRS:
            raise ValueError(
                f"N_rings={self.N_rings}, N_sensory={self.N_sensory} and N_random={self.N_random}: "
                f"{pairs:.1e} pairs of cells would take {2 * pairs / 1e9:.0f} GB; choose fewer"
            )
        quantity("connection_probability", high=1.0)
        for name in ("alpha", "beta"):
            quantity(name, high=1000.0)
        for name in ("balance_ff", "balance_fb"):
            quantity(name, high=100.0, signed=True)
        object.__setattr__(
            self, "self_excitation", check_flag("self_excitation", self.self_excitation)
        )
        for name in ("ring_baseline", "ring_excit_weight", "ring_inhib_weight"):
            quantity(name, high=1000.0, signed=True)
        for name in ("ring_excit_kappa", "ring_inhib_kappa"):
            quantity(name, high=1000.0)


@dataclass(frozen=True, kw_only=True)
class FlexibleParameters:
    """What a trial has beside its network and its cues. Times are in seconds.

    Attributes
    ----------
    tau : float
        Time constant with which a cell's summed input ``s`` decays.
    rate_amplitude : float
        Half of the largest rate, in units of ``1/tau``. For the rate see :func:`firing_rate`.
    rate_slope : float
        Steepness of the rate.
    rate_offset : float
        Shift of the rate.
    bias : float
        An input to every cell that is always there.
    stimulus_strength : float
        Height of a cue. For its shape see :func:`stimulus_profile`.
    stimulus_width_deg : float
        Standard deviation of a cue. In degrees.
    stimulus_cutoff_deg : float
        Distance beyond which a cue gives nothing. In degrees.
    input_noise : float
        Standard deviation of the noise on a cue: a Gaussian number for each cell of a cued ring,
        drawn once per trial and there as long as the cue is.
    memory_threshold : float
        Length of the activity vector, in Hz, above which a ring counts as holding a memory.
    decode_window : float
        Length of the window before ``test_time`` whose spikes are decoded.
    test_time : float
        When the memory is read.
    sim_time : float
        Length of the run.
    dt : float
        Step of the run.
    """

    tau: float = 10 * ms
    rate_amplitude: float = 0.4
    rate_slope: float = 0.4
    rate_offset: float = 3.0
    bias: float = 0.0
    stimulus_strength: float = 10.0
    stimulus_width_deg: float = 11.25
    stimulus_cutoff_deg: float = 33.75
    input_noise: float = 0.0
    memory_threshold: float = 3.0
    decode_window: float = 100 * ms
    test_time: float = 1.0 * second
    sim_time: float = 1.1 * second
    dt: float = 0.1 * ms

    @property
    def largest_rate(self) -> float:
        """The rate that no input can exceed, in Hz."""
        return 2 * self.rate_amplitude / self.tau

    @property
    def rate_function(self) -> dict[str, float]:
        """The arguments of :func:`firing_rate` that make it this trial's."""
        names = ("tau", "rate_amplitude", "rate_slope", "rate_offset", "bias")
        return {name: getattr(self, name) for name in names}

    @property
    def stimulus(self) -> dict[str, float]:
        """The arguments of :func:`maximum_likelihood_angle` that describe this trial's cues."""
        names = ("stimulus_strength", "stimulus_width_deg", "stimulus_cutoff_deg")
        return {name: getattr(self, name) for name in names}


def ring_weight_profile(
    N: int = 512,
    *,
    baseline: float = 0.28,
    excit_weight: float = 2.0,
    excit_kappa: float = 1.0,
    inhib_weight: float = 2.0,
    inhib_kappa: float = 0.25,
    self_excitation: bool = False,
) -> np.ndarray:
    """The weights from cell 0 of a ring to every cell of the same ring.

    For cells ``d`` apart, ``w(d) = w_0 + A_e exp(kappa_e (cos d - 1)) - A_i exp(kappa_i (cos d -
    1))``: excitation that reaches near cells, inhibition that reaches further (Bouchacourt &
    Buschman 2019).

    Parameters
    ----------
    N : int
        Number of cells on the ring.
    baseline, excit_weight, excit_kappa, inhib_weight, inhib_kappa : float
        ``w_0``, ``A_e``, ``kappa_e``, ``A_i`` and ``kappa_i``. A larger kappa is a narrower reach.
    self_excitation : bool
        Whether a cell excites itself. If not, the first weight is 0.

    Returns
    -------
    ndarray of float, shape (N,)
        Weights without unit: what a spike adds to the input of its target.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> w = ring_weight_profile(512)
    >>> float(w[0]), round(float(w[1]), 4), round(float(w[256]), 4)
    (0.0, 0.2799, -0.6624)
    """
    N = check_count("N", N, high=MOST_CELLS)
    w_0 = check_quantity("baseline", baseline, NUMBER, high=1000.0, signed=True)
    A_e = check_quantity("excit_weight", excit_weight, NUMBER, high=1000.0, signed=True)
    A_i = check_quantity("inhib_weight", inhib_weight, NUMBER, high=1000.0, signed=True)
    kappa_e = check_quantity("excit_kappa", excit_kappa, NUMBER, high=1000.0)
    kappa_i = check_quantity("inhib_kappa", inhib_kappa, NUMBER, high=1000.0)
    # From the distance, not the angle: cells at 10 and 350 degrees get the same bits.
    nearness = np.cos(np.deg2rad(circular_distance(preferred_angles(N), 0.0))) - 1.0
    profile = w_0 + A_e * np.exp(kappa_e * nearness) - A_i * np.exp(kappa_i * nearness)
    if not check_flag("self_excitation", self_excitation):
        profile[0] = 0.0
    return profile


def stimulus_profile(
    cue_deg: float,
    N: int = 512,
    *,
    strength: float = 10.0,
    width_deg: float = 11.25,
    cutoff_deg: float = 33.75,
) -> np.ndarray:
    """The input that a cue gives to the cells of its ring.

    A Gaussian of the distance from the cue, cut off, minus its mean over the ring: a cue moves
    input around and adds none. In the authors' script the standard deviation is 16 cells of 512
    and the cut 48 cells.

    Parameters
    ----------
    cue_deg : float
        Position of the cue in degrees.
    N : int
        Number of cells on the ring.
    strength : float
        Height of the Gaussian, in the unit of the weights.
    width_deg : float
        Standard deviation in degrees.
    cutoff_deg : float
        Distance beyond which the Gaussian is 0, in degrees.

    Returns
    -------
    ndarray of float, shape (N,)

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> s_ext = stimulus_profile(90.0)
    >>> int(s_ext.argmax()), round(float(s_ext.max()), 2), round(float(s_ext.min()), 3)
    (128, 9.22, -0.781)
    """
    N = check_count("N", N, high=MOST_CELLS)
    cue_deg = check_quantity("cue_deg", cue_deg, DEGREE, high=720, signed=True)
    strength = check_quantity("strength", strength, NUMBER, high=1e4, signed=True)
    width_deg = check_quantity("width_deg", width_deg, DEGREE, low=0.1, high=360, zero=False)
    cutoff_deg = check_quantity("cutoff_deg", cutoff_deg, DEGREE, low=0.1, high=180, zero=False)
    distance = circular_distance(preferred_angles(N), cue_deg)
    gaussian = strength * np.exp(-(distance**2) / (2 * width_deg**2))
    # The small addition keeps the cell at 48 of 512 inside the cut, whatever the rounding.
    gaussian[distance > cutoff_deg + 1e-9] = 0.0
    return gaussian - gaussian.mean()


def firing_rate(
    s: Any,
    *,
    tau: float = 10 * ms,
    rate_amplitude: float = 0.4,
    rate_slope: float = 0.4,
    rate_offset: float = 3.0,
    bias: float = 0.0,
) -> Any:
    """The rate of a cell with input ``s``, in Hz.

    ``r = amplitude (1 + tanh(slope (s + bias) - offset)) / tau``. With the defaults 0.198 Hz at
    rest, 40 Hz at an input of 7.5, and at most 80 Hz (Bouchacourt & Buschman 2019).

    Parameters
    ----------
    s : float or array_like
        Summed input, the cue's included.
    tau : float
        Time constant in seconds.
    rate_amplitude, rate_slope, rate_offset, bias : float
        Half of the largest rate in units of ``1/tau``, steepness, shift, and an input that is
        always there.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        For what is not a finite number, or a parameter out of its range.

    Examples
    --------
    >>> [round(float(r), 3) for r in firing_rate([0.0, 7.5, 100.0])]
    [0.198, 40.0, 80.0]
    """
    from scipy.special import expit

    tau = check_quantity("tau", tau, SECOND, low=1e-6, high=1.0, zero=False)
    amplitude = check_quantity("rate_amplitude", rate_amplitude, NUMBER, high=1e4)
    slope = check_quantity("rate_slope", rate_slope, NUMBER, low=1e-6, high=1e4, zero=False)
    offset = check_quantity("rate_offset", rate_offset, NUMBER, high=1e3, signed=True)
    bias = check_quantity("bias", bias, NUMBER, high=1e4, signed=True)
    x = slope * (check_numbers("s", s) + bias) - offset
    # 1 + tanh(x), without the cancellation that makes it 0 for a cell far below threshold.
    return (amplitude * 2.0 * expit(2.0 * x) / tau)[()]
