"""The parameters of the bump-attractor network: three published sets, and the ring's weights.

Sources: Compte, Brunel, Goldman-Rakic & Wang (2000), Cerebral Cortex 10(9):910-923; Gerstner,
Kistler, Naud & Paninski (2014), *Neuronal Dynamics*, and its course code (two generations).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from wmtutor._validation import DEGREE, NUMBER, VOLT, check_count, check_quantity, check_seed
from wmtutor.ring import preferred_angles, signed_difference
from wmtutor.units import Hz, kHz, ms, mV, nF, nS, volt

__all__ = [
    "PRESETS",
    "BumpParameters",
    "draw_leak_potentials",
    "population_sizes",
    "weight_profile",
]


@dataclass(frozen=True)
class BumpParameters:
    """One parameter set of the network: what ``simulate_wm`` has no argument for, and its defaults.

    To try a value that ``simulate_wm`` has no argument for, pass a changed copy as its preset:
    ``preset=dataclasses.replace(PRESETS["compte2000"], tau_NMDA=50 * ms)``.

    Attributes
    ----------
    name : str
        The name by which results speak of the set.
    N_excitatory : int
        Number of pyramidal (E) cells.
    N_inhibitory : int
        Number of interneurons (I cells).
    N_extern_poisson : int
        External sources of each cell.
    poisson_firing_rate : float
        Rate of each source. In hertz.
    weight_scaling_factor : float
        Multiplies the four recurrent conductances.
    sigma_weight_profile : float
        Width of the E-to-E weight profile. In degrees.
    Jpos_excit2excit : float
        Height J+ of the E-to-E weight profile.
    nmda_block_voltage : float
        Voltage scale of the magnesium block. In volt: ``B = 1 / (1 + exp(-v/scale) / 3.57)``.
    conductance_factor : float
        A further factor on all four recurrent conductances.
    excit2inhib_factor : float
        A further factor on the E-to-I conductance.
    tau_AMPA : float
        Decay time of the AMPA gate. In seconds.
    tau_GABA : float
        Decay time of the GABA gate. In seconds.
    tau_NMDA : float
        Decay time of the NMDA gate. In seconds.
    tau_x : float
        Rise time of the NMDA gate: the decay of ``x``. In seconds.
    alpha_NMDA : float
        Rate at which ``x`` opens the NMDA gate. In hertz.
    C_excit : float
        Capacitance of an E cell. In farad.
    C_inhib : float
        Capacitance of an I cell. In farad.
    g_leak_excit : float
        Leak conductance of an E cell. In siemens.
    g_leak_inhib : float
        Leak conductance of an I cell. In siemens.
    t_refractory_excit : float
        Refractory time of an E cell. In seconds.
    t_refractory_inhib : float
        Refractory time of an I cell. In seconds.
    g_extern_excit : float
        Conductance of an E cell's external synapses. In siemens.
    g_extern_inhib : float
        Conductance of an I cell's external synapses. In siemens.
    E_leak : float
        Reversal potential of the leak. In volt.
    E_AMPA : float
        Reversal potential of AMPA synapses. In volt.
    E_GABA : float
        Reversal potential of GABA synapses. In volt.
    E_NMDA : float
        Reversal potential of NMDA synapses. In volt.
    v_threshold : float
        Voltage above which a cell fires. In volt.
    v_reset : float
        Voltage from which it starts again. In volt.
    """

    name: str
    N_excitatory: int = 1024
    N_inhibitory: int = 256
    N_extern_poisson: int = 1000
    poisson_firing_rate: float = 1.4 * Hz
    weight_scaling_factor: float = 2.0
    sigma_weight_profile: float = 20.0
    Jpos_excit2excit: float = 1.6
    nmda_block_voltage: float = mV / 0.062
    conductance_factor: float = 1.0
    excit2inhib_factor: float = 1.0
    tau_AMPA: float = 1.8 * ms
    tau_GABA: float = 10 * ms
    tau_NMDA: float = 65 * ms
    tau_x: float = 1.88 * ms
    alpha_NMDA: float = 0.5 * kHz
    C_excit: float = 0.5 * nF
    C_inhib: float = 0.2 * nF
    g_leak_excit: float = 25 * nS
    g_leak_inhib: float = 20 * nS
    t_refractory_excit: float = 2 * ms
    t_refractory_inhib: float = 1 * ms
    g_extern_excit: float = 3.1 * nS
    g_extern_inhib: float = 2.38 * nS
    E_leak: float = -70 * mV
    E_AMPA: float = 0 * mV
    E_GABA: float = -70 * mV
    E_NMDA: float = 0 * mV
    v_threshold: float = -50 * mV
    v_reset: float = -60 * mV

    def defaults(self) -> dict[str, Any]:
        """The values this set gives to arguments of ``simulate_wm`` that the caller leaves out."""
        names = (
            "N_excitatory",
            "N_inhibitory",
            "N_extern_poisson",
            "poisson_firing_rate",
            "weight_scaling_factor",
            "sigma_weight_profile",
            "Jpos_excit2excit",
        )
        return {name: getattr(self, name) for name in names}


#: The three parameter sets in use, by name. "neurodynex" divides the voltage in the magnesium block
#: by a volt instead of a millivolt, so its block is nearly constant; the course's other values were
#: tuned around that. "neurodynex3" has the block right and kept the external drive and the time
#: constants, and holds no bump after the course's own cue.
PRESETS: Mapping[str, BumpParameters] = MappingProxyType(
    {
        "neurodynex": BumpParameters(
            name="neurodynex",
            nmda_block_voltage=volt / 0.062,
            conductance_factor=0.35,
            excit2inhib_factor=1.2,
        ),
        "neurodynex3": BumpParameters(name="neurodynex3"),
        "compte2000": BumpParameters(
            name="compte2000",
            N_excitatory=2048,
            N_inhibitory=512,
            poisson_firing_rate=1.8 * Hz,
            weight_scaling_factor=1.0,
            sigma_weight_profile=14.4,
            Jpos_excit2excit=1.62,
            tau_AMPA=2 * ms,
            tau_NMDA=100 * ms,
            tau_x=2 * ms,
        ),
    }
)


def population_sizes(N_excitatory: int) -> dict[str, Any]:
    """Sizes and scaling that keep the network's total recurrent weight as it is at full size.

    One interneuron per four pyramidal cells (rounded, at least one), and a factor such that
    ``N_excitatory * weight_scaling_factor`` is 2048, the size for which the conductances are given.

    Parameters
    ----------
    N_excitatory : int
        Number of pyramidal cells.

    Returns
    -------
    dict
        ``N_excitatory``, ``N_inhibitory`` and ``weight_scaling_factor``, ready to be passed on:
        ``simulate_wm(**population_sizes(512))``.

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number of at least 1.

    Examples
    --------
    >>> population_sizes(512)
    {'N_excitatory': 512, 'N_inhibitory': 128, 'weight_scaling_factor': 4.0}
    """
    N_excitatory = check_count("N_excitatory", N_excitatory, high=MOST_CELLS)
    return {
        "N_excitatory": N_excitatory,
        "N_inhibitory": max(1, round(N_excitatory / 4)),
        "weight_scaling_factor": 2048 / N_excitatory,
    }


def draw_leak_potentials(
    N_excitatory: int,
    standard_deviation: float,
    seed: int | np.random.SeedSequence,
    mean: float = -70 * mV,
) -> np.ndarray:
    """Leak reversal potentials of cells that are not alike: one network, drawn once and kept.

    Independent normal values, the *frozen* noise of a network. Give the same array to many runs
    with other seeds to see what such a network does to memories.

    Parameters
    ----------
    N_excitatory : int
        Number of pyramidal cells.
    standard_deviation : float
        Of the potentials over cells, in volt (``0.5 * mV``); at most 10 mV. 0 draws equal cells.
    seed : int or SeedSequence
        Which network. It has nothing to do with a run's seed.
    mean : float
        Mean potential in volt.

    Returns
    -------
    ndarray of float, shape (N_excitatory,)
        For ``simulate_wm(E_leak_excit=...)``, volt.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> from wmtutor.units import mV
    >>> (draw_leak_potentials(3, 0.5 * mV, seed=1) / mV).round(2)
    array([-69.83, -69.59, -69.83])
    """
    N_excitatory = check_count("N_excitatory", N_excitatory, high=MOST_CELLS)
    deviation = check_quantity(
        "standard_deviation", standard_deviation, VOLT, low=1e-6, high=10 * mV
    )
    mean = check_quantity("mean", mean, VOLT, low=1 * mV, high=200 * mV, signed=True)
    if seed is None:
        raise TypeError("seed=None: a network that cannot be drawn again is no frozen one")
    return np.random.default_rng(check_seed(seed)).normal(mean, deviation, N_excitatory)


#: Beyond this a run no longer fits a laptop; it also catches a rate or a time given as a size.
MOST_CELLS = 200_000


def weight_profile(
    N: int, sigma_weight_profile: float = 20.0, Jpos_excit2excit: float = 1.6
) -> np.ndarray:
    """The E-to-E weights from cell 0 to every cell of the ring.

    ``W(d) = J- + (J+ - J-) exp(-d^2 / (2 sigma^2))`` for cells ``d`` degrees apart, with ``J-``
    such that the mean of ``W`` round the ring is 1 (Compte et al. 2000, Methods): the profile moves
    excitation around and adds none.

    Parameters
    ----------
    N : int
        Number of cells on the ring.
    sigma_weight_profile : float
        Width sigma in degrees.
    Jpos_excit2excit : float
        Peak J+, without unit. 1 gives a flat profile.

    Returns
    -------
    ndarray of float, shape (N,)
        Weights without unit, peak first.

    Raises
    ------
    TypeError, ValueError
        For bad values, and for a peak so high or wide that J- would be negative.

    Examples
    --------
    >>> weight_profile(4).round(3)
    array([1.6  , 0.903, 0.903, 0.903])
    """
    N = check_count("N", N, high=MOST_CELLS)
    sigma = check_quantity(
        "sigma_weight_profile", sigma_weight_profile, DEGREE, low=1.0, high=360.0, zero=False
    )
    J_plus = check_quantity("Jpos_excit2excit", Jpos_excit2excit, NUMBER, high=100.0)
    q = math.sqrt(2 * math.pi) * sigma * math.erf(180 / (math.sqrt(2) * sigma)) / 360
    J_minus = (1 - J_plus * q) / (1 - q)
    if J_minus < 0:
        raise ValueError(
            f"Jpos_excit2excit={J_plus:g} with sigma_weight_profile={sigma:g}°: the weights far "
            f"from the peak would be negative (J-={J_minus:.3g}); choose Jpos_excit2excit at most "
            f"{1 / q:.3g}, or a smaller sigma_weight_profile"
        )
    d = signed_difference(preferred_angles(N), 0.0)
    bump = np.array([math.exp(-0.5 * (x / sigma) ** 2) for x in d])
    return J_minus + (J_plus - J_minus) * bump
