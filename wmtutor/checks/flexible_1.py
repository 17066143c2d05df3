"""The questions of notebook 02: many memories in one shared network.

As in :mod:`wmtutor.checks.bump_1`, right values come from closed forms, or from the checker
repeating the learner's runs: same network, same seeds. It reads them from the recorded inputs
of the cells with its own formulas, where the notebook uses the read-outs of the library.
"""

import functools
import math
from typing import Any, NamedTuple

import numpy as np

from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Function,
    Number,
    Slip,
    Specification,
    Tolerance,
)
from wmtutor.flexible import (
    FlexibleNetwork,
    FlexibleParameters,
    FlexibleRun,
    NetworkParameters,
    build_network,
    simulate_flexible_wm,
)
from wmtutor.units import Hz, ms, second

__all__ = ["QUESTIONS", "SEED", "TRIALS"]

#: The seed of networks and of single runs that the notebook asks for.
SEED = 1
#: The number of trials of a condition; their seeds count from 0.
TRIALS = 10

_NETWORK = NetworkParameters()
_TRIAL = FlexibleParameters()
_N = _NETWORK.N_sensory
_N_RINGS = _NETWORK.N_rings

# The repeated runs are the same to the last spike. What is left is rounding in print.
_COUNTS = Tolerance(absolute=0.01)
_TRIALS_REMARK = (
    f"Are they the trials of trials(), with the seeds 0 to {TRIALS - 1}, on networks built with "
    f"seed={SEED}?"
)


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


def _rate(s: np.ndarray) -> np.ndarray:
    """The rate function as a logistic curve; the notebook writes it with tanh."""
    x = _TRIAL.rate_slope * s - _TRIAL.rate_offset
    return _TRIAL.largest_rate / (1.0 + np.exp(-2.0 * x))


class _Reading(NamedTuple):
    """What the rings of one trial hold at the test."""

    strength: np.ndarray
    angle_deg: np.ndarray
    cued_rings: np.ndarray
    cue_positions_deg: np.ndarray

    @property
    def present(self) -> np.ndarray:
        return self.strength > _TRIAL.memory_threshold

    @property
    def kept(self) -> np.ndarray:
        return self.present[self.cued_rings]

    @property
    def spurious(self) -> int:
        return int(self.present.sum() - self.kept.sum())

    def distances(self, *, linear: bool = False) -> np.ndarray:
        """Of all cued rings, kept or not, from memory to cue."""
        distance = np.abs(self.angle_deg[self.cued_rings] - self.cue_positions_deg)
        return distance if linear else np.minimum(distance, 360.0 - distance)


def _read(run: FlexibleRun, time: float = _TRIAL.test_time) -> _Reading:
    r = _rate(run.s_sensory[int(np.argmin(np.abs(run.state_t - time)))])
    theta = 2 * np.pi * np.arange(r.shape[1]) / r.shape[1]
    x, y = (r * np.cos(theta)).mean(axis=1), (r * np.sin(theta)).mean(axis=1)
    angle_deg = np.degrees(np.arctan2(y, x)) % 360
    return _Reading(np.hypot(x, y), angle_deg, run.cued_rings, run.cue_positions_deg)


@functools.lru_cache(maxsize=3)
def _network(connection_probability: float = 0.35) -> FlexibleNetwork:
    return build_network(connection_probability=connection_probability, seed=SEED)


@functools.cache
def _trials(load: int, connection_probability: float = 0.35) -> tuple[_Reading, ...]:
    network = _network(connection_probability)
    return tuple(
        _read(simulate_flexible_wm(load, network=network, seed=seed, record_dt=100 * ms))
        for seed in range(TRIALS)
    )


@functools.cache
def _one_item(time: float = _TRIAL.test_time) -> np.ndarray:
    """Strength of the memory on ring 0, with and without the random layer."""
    strengths = []
    for network in (_network(), build_network(N_random=0, seed=SEED)):
        run = simulate_flexible_wm(
            cued_rings=[0], cue_positions_deg=120, network=network, seed=SEED
        )
        strengths.append(float(_read(run, time).strength[0]))
    return np.array(strengths)


LOADS = tuple(range(1, _N_RINGS + 1))


@functools.cache
def _mean_kept() -> np.ndarray:
    return np.array([np.mean([trial.kept.sum() for trial in _trials(load)]) for load in LOADS])


def _mean_present() -> np.ndarray:
    return np.array([np.mean([trial.present.sum() for trial in _trials(load)]) for load in LOADS])


ERROR_LOADS = (1, 4, 8)


def _mean_errors(*, forgotten_too: bool = False, linear: bool = False) -> np.ndarray:
    """Mean distance at each of ERROR_LOADS, over the kept items of all trials."""
    means = []
    for load in ERROR_LOADS:
        trials = _trials(load)
        distances = np.concatenate([trial.distances(linear=linear) for trial in trials])
        kept = np.concatenate([trial.kept for trial in trials])
        means.append(float((distances if forgotten_too else distances[kept]).mean()))
    return np.array(means)


def _mean_of_trial_means() -> np.ndarray:
    return np.array(
        [
            np.mean([t.distances()[t.kept].mean() for t in _trials(load) if t.kept.any()])
            for load in ERROR_LOADS
        ]
    )


PROBABILITIES = (0.1, 0.7)
#: Items shown in the trials with other connection probabilities.
PROBABILITY_LOAD = 3


def _kept_and_spurious() -> np.ndarray:
    """Mean numbers at each of PROBABILITIES in turn."""
    means: list[float] = []
    for probability in PROBABILITIES:
        trials = _trials(PROBABILITY_LOAD, probability)
        means.append(float(np.mean([trial.kept.sum() for trial in trials])))
        means.append(float(np.mean([trial.spurious for trial in trials])))
    return np.array(means)


# ---------------------------------------------------------------------------------------------
# Part A


def _ring_weight(
    cosine: float, *, toward: float = 1.0, offset: float = 1.0, swapped: bool = False
) -> float:
    """The weight between two cells whose distance has this cosine."""
    excit_kappa, inhib_kappa = _NETWORK.ring_excit_kappa, _NETWORK.ring_inhib_kappa
    if swapped:
        excit_kappa, inhib_kappa = inhib_kappa, excit_kappa
    near = toward * (cosine - offset)
    return (
        _NETWORK.ring_baseline
        + _NETWORK.ring_excit_weight * math.exp(excit_kappa * near)
        - _NETWORK.ring_inhib_weight * math.exp(inhib_kappa * near)
    )


def _ring_weights(
    N: int,
    *,
    step: float = 2 * math.pi,
    per_cell: bool = False,
    diagonal: bool = False,
    **shape: Any,
) -> list[list[float]]:
    angle = 1.0 if per_cell else step / N
    return [
        [
            0.0
            if pre == post and not diagonal
            else _ring_weight(math.cos(angle * (pre - post)), **shape)
            for post in range(N)
        ]
        for pre in range(N)
    ]


def _ring_weights_cases() -> list[Case]:
    return [
        Case((8,), "ring_weights(8)"),
        Case((45,), "ring_weights(45)"),
        Case((2,), "ring_weights(2)", "Two cells are 180° apart."),
        Case((1,), "ring_weights(1)", "A single cell has only itself, and that weight is 0."),
    ]


@functools.cache
def _zero_crossing() -> float:
    """Where the ring weights change sign, in degrees, by bisection."""
    low, high = 0.0, 180.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        positive = _ring_weight(math.cos(math.radians(middle))) > 0
        low, high = (middle, high) if positive else (low, middle)
    return low


def _balanced_weights(
    mask: np.ndarray,
    strength: float,
    balance: float,
    *,
    total: float = 1000.0,
    by_source: bool = False,
    connected_only: bool = False,
    share: str = "sources",
) -> np.ndarray:
    """The weights target by target; the options are the slips."""
    sources, targets = mask.shape
    weights = np.zeros((sources, targets))
    for i in range(sources):
        for j in range(targets):
            norm = mask[i].sum() if by_source else mask[:, j].sum()
            weights[i, j] = total * strength * mask[i, j] / norm
    balanced = weights.copy()
    for j in range(targets):
        incoming = weights[:, j].sum()
        parts = {"sources": sources, "targets": targets, "one": 1, "connected": mask[:, j].sum()}
        for i in range(sources):
            if mask[i, j] or not connected_only:
                balanced[i, j] += balance * incoming / parts[share]
    return balanced


def _masks() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small masks in which no two rows or columns that matter have as many connections."""
    first = np.array(
        [[1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 1, 0]], float
    )
    second = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 1, 0]], float)
    return first, second, np.ones((4, 3))


def _balanced_weights_cases() -> list[Case]:
    first, second, full = _masks()
    call = "balanced_weights({}, {}, {})"
    return [
        Case(
            (first, 2.1, 0.0),
            call.format("a mask of 6 sources and 4 targets", 2.1, 0),
            "Without balance, unconnected pairs have no weight, and those of a target sum to 2100.",
        ),
        Case(
            (first, 2.1, -1.0),
            call.format("a mask of 6 sources and 4 targets", 2.1, -1),
            "With a balance of -1, the weights of each target sum to 0.",
        ),
        Case(
            (second, 0.2, -0.5),
            call.format("a mask of 3 sources and 5 targets", 0.2, -0.5),
            "With a balance of -0.5, half of the sum is left.",
        ),
        Case(
            (full, 2.1, -1.0),
            call.format("a mask of ones, 4 sources and 3 targets", 2.1, -1),
            "If all pairs are connected, a balance of -1 leaves nothing.",
        ),
    ]


def _common_input(strength: float = _NETWORK.alpha, tau: float = _TRIAL.tau) -> float:
    """Mean input of a target while all its sources fire at 5 Hz, without balance."""
    return tau * 5 * Hz * 1000 * strength


def _sent_by_cell_0() -> tuple[float, float]:
    """The same sum over the targets of sensory cell 0, a row instead of a column."""
    gain, offset = _network().feedforward_gain_and_offset
    row = _network().mask[0]
    scale = _TRIAL.tau * 5 * Hz
    return scale * float((gain * row).sum()), scale * float((gain * row + offset).sum())


def _rate_slipped(
    s: Any, *, one: float = 1.0, divide: float = _TRIAL.tau, inside: bool = False
) -> np.ndarray:
    """The rate function with a slip in it."""
    s = np.asarray(s, dtype=float)
    slope, offset = _TRIAL.rate_slope, _TRIAL.rate_offset
    x = slope * (s - offset) if inside else slope * s - offset
    return _TRIAL.rate_amplitude * (one + np.tanh(x)) / divide


def _rate_cases() -> list[Case]:
    return [
        Case((0.0,), "rate(0.0)", "This is the rate at rest."),
        Case((7.5,), "rate(7.5)", "Here the tanh is 0."),
        Case(
            (np.array([-20.0, 5.0, 10.0, 100.0]),),
            "rate(np.array([-20, 5, 10, 100]))",
            "A strongly inhibited cell is silent, a strongly excited one fires at 80 Hz.",
        ),
    ]


def _strength(
    rates: np.ndarray, *, summed: bool = False, relative: bool = False, period: float = 0.0
) -> float:
    """Length of the activity vector, by sums of cosines and sines; the options are the slips."""
    N = len(rates)
    step = period or 2 * math.pi / N
    x = math.fsum(r * math.cos(step * k) for k, r in enumerate(rates))
    y = math.fsum(r * math.sin(step * k) for k, r in enumerate(rates))
    length = math.hypot(x, y)
    if summed:
        return length
    return length / (math.fsum(rates) if relative else N)


def _strength_end_included(rates: np.ndarray) -> float:
    return _strength(rates, period=2 * math.pi / max(len(rates) - 1, 1))


def _strength_cases() -> list[Case]:
    k = np.arange(512)
    call = "memory_strength({})"
    return [
        Case((np.array([0.0, 40.0, 0.0, 0.0]),), call.format("one of four cells at 40 Hz")),
        Case(
            (30.0 * np.exp(-(((k + 256 + 5) % 512 - 256) ** 2) / 800.0),),
            call.format("a bump of 512 cells near 0°"),
            "The bump lies on both sides of 0°, where 360 becomes 0.",
        ),
        Case(
            (np.array([20.0, 5.0, 20.0, 5.0, 20.0, 5.0]),),
            call.format("every other of six cells at 20 Hz"),
            "Activity that is spread evenly has no direction: the length is 0.",
        ),
        Case((2.0 + np.cos(2 * np.pi * (k - 100) / 512),), call.format("a shallow bump")),
    ]


def _cue_input() -> np.ndarray:
    """The input of a cue at cell 0: a cut Gaussian minus its mean."""
    cells = (np.arange(_N) + _N // 2) % _N - _N // 2
    width = _TRIAL.stimulus_width_deg * _N / 360
    cutoff = _TRIAL.stimulus_cutoff_deg * _N / 360
    gaussian = np.where(
        np.abs(cells) <= cutoff,
        _TRIAL.stimulus_strength * np.exp(-(cells**2) / (2 * width**2)),
        0.0,
    )
    return gaussian - gaussian.mean()


_PART_A: tuple[Specification, ...] = (
    Function(
        title="The weights within a ring",
        points=2,
        signature="ring_weights(N)",
        reference=_ring_weights,
        cases=_ring_weights_cases,
        tolerance=Tolerance(absolute=0.0001),
        slips=(
            Slip(
                functools.partial(_ring_weights, step=360.0),
                "You put degrees into np.cos, which takes radians: np.deg2rad.",
            ),
            Slip(
                functools.partial(_ring_weights, per_cell=True),
                "You take the distance in cells for an angle. Neighbours are 2 pi / N apart.",
            ),
            Slip(
                functools.partial(_ring_weights, diagonal=True),
                "All is right but the diagonal. No cell excites itself: np.fill_diagonal.",
            ),
            Slip(
                functools.partial(_ring_weights, toward=-1.0),
                "Your weights grow with distance. Look at the sign in the exponent: it is "
                "cos(d) - 1, which is 0 for a cell itself and -2 across the ring.",
            ),
            Slip(
                functools.partial(_ring_weights, offset=0.0),
                "The -1 in the exponent is missing: exp(kappa * (cos(d) - 1)).",
            ),
            Slip(
                functools.partial(_ring_weights, swapped=True),
                "The two kappas have changed places. Excitation has 1.0, inhibition 0.25.",
            ),
        ),
        praise=(
            "The weights depend on the distance alone, so the matrix is symmetric and every row is "
            "the row above, moved on by one cell."
        ),
        hints=(
            "The angles of the cells are 2 * np.pi * np.arange(N) / N, in radians.",
            "theta[:, np.newaxis] - theta holds all differences, as a matrix. Its cosine does the "
            "wrapping for you.",
            "Compute the formula for the whole matrix and then put np.fill_diagonal(w, 0).",
        ),
        solution="""\
theta = 2 * np.pi * np.arange(N) / N
nearness = np.cos(theta[:, np.newaxis] - theta) - 1
w = 0.28 + 2 * np.exp(1.0 * nearness) - 2 * np.exp(0.25 * nearness)
np.fill_diagonal(w, 0)
return w""",
    ),
    Number(
        title="How far excitation reaches",
        unit="°",
        reference=_zero_crossing,
        # A cell of 512 is 0.7 degrees: the last excited cell and the first inhibited one both do.
        tolerance=Tolerance(absolute=1.0),
        remark="Look for the change of sign in the first row of ring_weights(512).",
        slips=(
            Slip(
                lambda right: right * _N / 360,
                "That is the number of a cell. Cell k of 512 prefers 360 * k / 512 degrees.",
            ),
            Slip(
                lambda right: 2 * right,
                "That is from edge to edge. The distance from one cell is asked for.",
            ),
            Slip(
                lambda right: 360 - right,
                "That is the other way round the ring. The shorter way is the distance.",
            ),
        ),
        praise=(
            "A cell excites about a fifth of its ring and inhibits the rest, most strongly the "
            "cell opposite. Taken together, inhibition wins: the weights sum to less than zero."
        ),
        hints=(
            "Row 0 of ring_weights(512) holds the weights from cell 0 to every cell of its ring.",
            "np.flatnonzero(row < 0) lists the inhibited cells. The first of them is the edge.",
            "Make an angle of its number: 360 / 512 degrees per cell.",
        ),
        solution="""\
row = ring_weights(512)[0]
crossing_deg = np.flatnonzero(row < 0)[0] * 360 / 512
print(f"{crossing_deg:.1f} degrees; all weights of a cell sum to {row.sum():.0f}")
figure, ax = plot_ring_weights(network)""",
    ),
    Function(
        title="Random weights, balanced",
        points=2,
        signature="balanced_weights(mask, strength, balance)",
        reference=_balanced_weights,
        cases=_balanced_weights_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_balanced_weights, by_source=True),
                "You divide by the number of targets of a source. Divide by the number of sources "
                "of a target: a sum down each column, axis=0.",
            ),
            Slip(
                functools.partial(_balanced_weights, total=1.0),
                "The factor 1000 is missing.",
            ),
            Slip(
                functools.partial(_balanced_weights, connected_only=True),
                "You balance the connected pairs only. The balance goes to all pairs of a target, "
                "connected or not.",
            ),
            Slip(
                functools.partial(_balanced_weights, share="connected"),
                "You share the balance among the connected sources. Share it among all of them: "
                "divide by the number of rows.",
            ),
            Slip(
                functools.partial(_balanced_weights, share="targets"),
                "You share the balance among the targets. It is shared among the sources of a "
                "target: divide by the number of rows.",
            ),
            Slip(
                functools.partial(_balanced_weights, share="one"),
                "You add the whole sum to every weight. Share it among the sources: divide by the "
                "number of rows.",
            ),
            Slip(
                lambda mask, strength, balance: _balanced_weights(mask, strength, -balance),
                "The sign of the balance is the wrong way round. A negative balance is added as it "
                "is, and so takes away.",
            ),
            Slip(
                lambda mask, strength, balance: _balanced_weights(mask, strength, 0.0),
                "The balance is missing. Add balance * (sum of the target's weights) / (number of "
                "sources) to all its weights.",
            ),
        ),
        praise=(
            "Connected pairs excite, unconnected pairs inhibit. With a balance of -1, what a "
            "target gets from all of its sources together is exactly nothing."
        ),
        hints=(
            "mask.sum(axis=0) is the number of sources of each target. Dividing the mask by it "
            "works column by column.",
            "weights = 1000 * strength * mask / mask.sum(axis=0)",
            "Then add balance * weights.sum(axis=0) / len(mask) to all of it.",
        ),
        solution="""\
weights = 1000 * strength * mask / mask.sum(axis=0)
return weights + balance * weights.sum(axis=0) / len(mask)""",
    ),
    Number(
        title="What the balance takes out",
        labels=("without balance", "with balance"),
        reference=lambda: (_common_input(), 0.0),
        tolerance=Tolerance(relative=0.001, absolute=0.001),
        remark="It is tau times the rate times the sum of the weights that the cell receives.",
        slips=(
            Slip(
                lambda right: right / _TRIAL.tau,
                "That is what arrives in a second. A cell keeps it for tau only: multiply by "
                "10*ms.",
            ),
            Slip(
                lambda right: right * 1000,
                "That takes tau for 10 seconds. Write 10*ms.",
            ),
            Slip(
                lambda right: (_common_input(_NETWORK.beta), 0.0),
                "That is right for a sensory cell, whose weights have beta. A random cell is asked "
                "for.",
            ),
            Slip(
                lambda right: right / (5 * Hz),
                "That is for a rate of 1 Hz. The cells fire at 5 Hz.",
            ),
            Slip(
                lambda right: _sent_by_cell_0(),
                "That sums a row, what one cell sends. The weights that cell 0 of the random layer "
                "receives are a column.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first without balance.",
            ),
        ),
        praise=(
            f"Without balance the input would be {_common_input():.0f}: every random cell would "
            "fire as fast as it can. With it, activity that all cells share cancels. Only "
            "differences among the sensory cells reach the random layer: a pattern, such as a bump."
        ),
        hints=(
            "Column 0 of balanced_weights(mask, 2.1, balance) holds what random cell 0 receives.",
            "All sources have the same rate, so it comes out of the sum: tau * rate * sum of the "
            "weights.",
            "balanced_weights(mask, 2.1, 0)[:, 0].sum() is 2100.",
        ),
        solution="""\
common_input = []
for balance in (0, -1):
    weights = balanced_weights(mask, 2.1, balance)
    common_input.append(10 * ms * 5 * Hz * weights[:, 0].sum())""",
    ),
    Function(
        title="From input to rate",
        signature="rate(s)",
        unit="Hz",
        reference=_rate,
        cases=_rate_cases,
        tolerance=Tolerance(relative=0.001, absolute=0.001),
        slips=(
            Slip(
                functools.partial(_rate_slipped, divide=1.0),
                "You have not divided by tau. 10*ms is 0.01.",
            ),
            Slip(
                functools.partial(_rate_slipped, one=0.0),
                "The 1 in front of the tanh is missing, so that inhibited cells get negative "
                "rates.",
            ),
            Slip(
                functools.partial(_rate_slipped, inside=True),
                "The slope multiplies s alone: tanh(0.4 * s - 3), not tanh(0.4 * (s - 3)).",
            ),
        ),
        praise=(
            "At rest a cell fires once in five seconds. It needs an input of 7.5 to fire at half "
            "of its largest rate."
        ),
        hints=(
            "np.tanh works on numbers and on arrays alike.",
            "0.4 / (10 * ms) is 40 Hz: the rate at which the tanh is 0.",
        ),
        solution="return 0.4 * (1 + np.tanh(0.4 * s - 3)) / (10 * ms)",
    ),
    Function(
        title="The strength of a memory",
        points=2,
        signature="memory_strength(rates)",
        unit="Hz",
        reference=_strength,
        cases=_strength_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_strength, summed=True),
                "That is the length of the sum. Take the mean over the cells, so that rings of "
                "different sizes compare.",
            ),
            Slip(
                functools.partial(_strength, relative=True),
                "You divide by the summed rates, which makes it a number from 0 to 1. Here the "
                "length is in Hz: divide by the number of cells.",
            ),
            Slip(
                lambda rates: float(np.mean(rates)),
                "That is the mean rate. Give each cell a direction, exp(i theta), before you "
                "average.",
            ),
            Slip(
                lambda rates: _strength(rates, period=360 / len(rates)),
                "You put degrees into the exponential, which takes radians: np.deg2rad.",
            ),
            Slip(
                _strength_end_included,
                "Your last cell prefers 360°, the same as the first. np.linspace includes its end "
                "unless you say endpoint=False.",
            ),
        ),
        praise=(
            "The strength tells two things at once: whether a ring is active, and whether the "
            "activity is in one place. An even ring has a strength of 0, however fast it fires."
        ),
        hints=(
            "theta = 2 * np.pi * np.arange(N) / N, with N = len(rates), in radians.",
            "np.exp(1j * theta) is a complex number for each cell, of length 1 in the direction "
            "that the cell prefers.",
            "np.abs gives the length of the mean.",
        ),
        solution="""\
theta = 2 * np.pi * np.arange(len(rates)) / len(rates)
return np.abs(np.mean(rates * np.exp(1j * theta)))""",
    ),
    Number(
        title="The cue alone",
        unit="Hz",
        reference=lambda: _strength(_rate(_cue_input())),
        tolerance=Tolerance(absolute=0.02),
        remark="Take stimulus_profile(120) as the input of the cells, and nothing else.",
        slips=(
            Slip(
                lambda right: float(_rate(_cue_input()).mean()),
                "That is the mean rate of the ring. Take your memory_strength of the rates.",
            ),
            Slip(
                lambda right: float(_rate(_cue_input()).max()),
                "That is the rate of the cell at the cue. Take your memory_strength of all rates.",
            ),
            Slip(
                lambda right: _strength(_cue_input()),
                "That is the vector of the inputs. Make rates of them first.",
            ),
        ),
        praise=(
            "Just below 3 Hz. So a ring passes the threshold only if something adds to the cue, or "
            "takes its place once it has gone."
        ),
        hints=(
            "stimulus_profile(120) is an array, the input of each of the 512 cells.",
            "rate(...) makes rates of it, and memory_strength(...) one number of those.",
        ),
        solution="""\
cue_strength = memory_strength(rate(stimulus_profile(120)))
print(f"{cue_strength:.2f} Hz")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B and C


def _count_rings(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Kept, forgotten, spurious, and the two fractions, ring by ring."""
    kept = forgotten = spurious = 0
    cued = {int(ring) for ring in cued_rings}
    for ring, there in enumerate(present):
        if ring in cued:
            kept, forgotten = kept + bool(there), forgotten + (not there)
        else:
            spurious += bool(there)
    return [kept, forgotten, spurious, kept / len(cued), spurious / (len(present) - len(cued))]


def _count_rings_over(present: np.ndarray, cued_rings: np.ndarray, what: str) -> list[float]:
    """The same with a slip in it."""
    kept, forgotten, spurious, *fractions = _count_rings(present, cued_rings)
    N, load, there = len(present), len(cued_rings), int(np.sum(present))
    wrong: dict[str, list[float]] = {
        "kept over all": [kept / N, fractions[1]],
        "spurious over all": [fractions[0], spurious / N],
        "both over all": [kept / N, spurious / N],
        "spurious over load": [fractions[0], spurious / load],
        "over present": [kept / max(there, 1), spurious / max(there, 1)],
    }
    return [kept, forgotten, spurious, *wrong[what]]


def _count_rings_first(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Takes the first rings for the cued ones."""
    return _count_rings(present, np.arange(len(cued_rings)))


def _count_rings_all_present(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Counts every memory as kept."""
    there, load = int(np.sum(present)), len(cued_rings)
    _, _, spurious, _, fraction = _count_rings(present, cued_rings)
    return [there, load - there, spurious, there / load, fraction]


def _count_rings_cases() -> list[Case]:
    def case(present: list[int], cued: list[int], shown: str, why: str = "") -> Case:
        return Case((np.array(present, dtype=bool), np.array(cued)), f"count_rings({shown})", why)

    return [
        case(
            [0, 1, 0, 1, 0, 0, 1, 0],
            [1, 2, 5, 6],
            "4 of 8 rings cued, 2 of them kept, 1 other active",
        ),
        case([1, 1, 1, 1, 1, 1, 1, 1], [0, 3, 7], "3 of 8 rings cued, all 8 active"),
        case(
            [0, 1, 0, 0, 0],
            [4],
            "1 of 5 rings cued and forgotten, 1 other active",
            "A network may have another number of rings than 8: len(present).",
        ),
        case(
            [1, 0, 0, 0, 1, 1],
            [5, 4],
            "rings 5 and 4 of 6 cued, both kept, ring 0 active",
            "cued_rings holds the numbers of rings, in any order.",
        ),
    ]


def _distances(
    memory_angle_deg: np.ndarray,
    memory_present: np.ndarray,
    cued_rings: np.ndarray,
    cue_positions_deg: np.ndarray,
    *,
    linear: bool = False,
) -> list[float]:
    """Distance from cue to memory of the kept rings, by the angle between two unit vectors."""
    distances = []
    for ring, cue in zip(cued_rings, cue_positions_deg, strict=True):
        if memory_present[ring]:
            difference = math.radians(memory_angle_deg[ring] - cue)
            way = abs(math.atan2(math.sin(difference), math.cos(difference)))
            distances.append(abs(math.degrees(difference if linear else way)))
    return distances


def _distances_one_way(
    angle: np.ndarray, present: np.ndarray, rings: np.ndarray, cues: np.ndarray
) -> np.ndarray:
    return (angle[rings] - cues)[present[rings]] % 360


def _distances_cases() -> list[Case]:
    def case(
        angle: list[float],
        there: list[int],
        rings: list[int],
        cues: list[float],
        shown: str,
        why: str,
    ) -> Case:
        return Case(
            (np.array(angle), np.array(there, dtype=bool), np.array(rings), np.array(cues)),
            f"kept_distances({shown})",
            why,
        )

    return [
        case(
            [100.0, 200.0, 300.0, 50.0],
            [1, 0, 1, 1],
            [0, 1, 2],
            [90.0, 20.0, 330.0],
            "rings 0, 1 and 2 cued, ring 1 forgotten, ring 3 spurious",
            "Two rings of the three were kept, so two distances are asked for.",
        ),
        case(
            [30.0, 5.0, 350.0, 0.0, 77.0],
            [0, 1, 1, 1, 1],
            [1, 2, 4],
            [350.0, 10.0, 257.5],
            "rings 1, 2 and 4 cued, all kept",
            "From 350° to 5° it is 15°: through 0°.",
        ),
        case(
            [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 181.0],
            [0, 0, 0, 0, 0, 0, 0, 1],
            [7],
            [0.0],
            "ring 7 cued and kept",
            "From 0° to 181° it is 179° the other way round.",
        ),
    ]


_PART_B: tuple[Specification, ...] = (
    Number(
        title="One item, with and without random layer",
        unit="Hz",
        labels=("with random layer", "without"),
        reference=_one_item,
        tolerance=Tolerance(relative=0.005, absolute=0.05),
        remark=(
            f"Is it ring 0 at 1 s, cued at 120° with seed={SEED}, and are both networks built with "
            f"seed={SEED}?"
        ),
        slips=(
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first with the random layer.",
            ),
            Slip(
                lambda right: right[[0, 0]],
                "Both are with the random layer. Pass the second network too: "
                "network=build_network(N_random=0, seed=1).",
            ),
            Slip(
                lambda right: _one_item(1.1 * second),
                "Those are the strengths at the end of the run. Memory is read at 1 s: "
                "run.memory_strength.",
            ),
        ),
        praise=(
            "With the random layer, the ring is active 800 ms after its cue has gone, and stronger "
            "than the cue alone could make it. Without, nothing is left."
        ),
        hints=(
            "simulate_flexible_wm(cued_rings=[0], cue_positions_deg=120, network=network, seed=1)",
            "run.memory_strength has a value for each ring. Ring 0 comes first.",
            "For the ring alone, pass network=build_network(N_random=0, seed=1).",
        ),
        solution="""\
strengths = []
for one_network in (network, build_network(N_random=0, seed=1)):
    run = simulate_flexible_wm(cued_rings=[0], cue_positions_deg=120, network=one_network, seed=1)
    strengths.append(run.memory_strength[0])
    print(f"{one_network.N_random} random cells: {strengths[-1]:.2f} Hz")
    figure, ax = plot_memory_strength(run)""",
    ),
    Function(
        title="Kept, forgotten, spurious",
        points=2,
        signature="count_rings(present, cued_rings)",
        reference=_count_rings,
        cases=_count_rings_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_count_rings_over, what="both over all"),
                "The counts are right. Both fractions are of all rings; take the kept ones of the "
                "cued rings, and the spurious ones of those not cued.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="kept over all"),
                "All is right but the kept fraction. It is of the cued rings, not of all.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="spurious over all"),
                "All is right but the spurious fraction. It is of the rings that were not cued, "
                "not of all.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="spurious over load"),
                "All is right but the spurious fraction. It is of the rings that were not cued; "
                "you divide by those that were.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="over present"),
                "The counts are right. Your fractions are of the active rings; take the kept ones "
                "of the cued rings, and the spurious ones of those not cued.",
            ),
            Slip(
                _count_rings_all_present,
                "You count every active ring as kept. Only a cued ring has something to keep.",
            ),
            Slip(
                _count_rings_first,
                "You take the first rings for the cued ones. cued_rings holds their numbers: "
                "present[cued_rings].",
            ),
        ),
        praise=(
            "Each fraction has its own whole: what could have been kept, and what could have been "
            "made up."
        ),
        hints=(
            "present[cued_rings] are the cued rings only. The sum of truth values counts them.",
            "Spurious are the active rings that were not kept: present.sum() - kept.",
            "There are len(cued_rings) cued rings and len(present) - len(cued_rings) others.",
        ),
        solution="""\
load = len(cued_rings)
kept = present[cued_rings].sum()
spurious = present.sum() - kept
return [kept, load - kept, spurious, kept / load, spurious / (len(present) - load)]""",
    ),
    Number(
        title="How many are kept",
        points=2,
        labels=tuple(f"load {load}" for load in LOADS),
        reference=_mean_kept,
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: right / np.array(LOADS),
                "Those are fractions. Numbers of items are asked for.",
            ),
            Slip(
                lambda right: np.array(LOADS) - right,
                "Those are the forgotten ones.",
            ),
            Slip(
                lambda right: _mean_present(),
                "Those are all active rings, spurious ones too. Count the cued rings only.",
            ),
            Slip(
                lambda right: right * TRIALS,
                f"Those are sums over the {TRIALS} trials. Take the mean.",
            ),
            Slip(
                lambda right: [float(_trials(load)[0].kept.sum()) for load in LOADS],
                f"That is the first trial alone. Take the mean over all {TRIALS}.",
            ),
        ),
        praise=(
            "A single item is nearly always kept; of eight, fewer than half are. The number kept "
            "grows ever more slowly. No limit was put into the network: the items get in each "
            "other's way."
        ),
        hints=(
            "trials(load) returns ten runs.",
            "run.maintained is the number kept in one run, as the first value of your count_rings.",
            "np.mean([run.maintained for run in trials(load)]), for each load from 1 to 8.",
        ),
        solution="""\
mean_kept = []
for load in range(1, 9):
    mean_kept.append(np.mean([run.maintained for run in trials(load)]))
    print(f"load {load}: {mean_kept[-1]:.1f} kept")""",
    ),
    Function(
        title="How far off the kept ones are",
        points=2,
        signature="kept_distances(memory_angle_deg, memory_present, cued_rings, cue_positions_deg)",
        unit="°",
        reference=_distances,
        cases=_distances_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_distances, linear=True),
                "You subtract as on a line. On the ring 359° and 1° are 2° apart: bring the "
                "difference into -180° to 180° before you take its size.",
            ),
            # As angles, a way round in one direction and a distance with a sign are the same.
            Slip(
                _distances_one_way,
                "Those say how far to go in one direction, or with a sign. A distance is the "
                "shorter way: from 0 to 180°, never negative.",
            ),
        ),
        praise=(
            "A forgotten item has an angle too, but a meaningless one. And an average over angles "
            "that ignores the way round would report errors that nobody made."
        ),
        hints=(
            "memory_angle_deg[cued_rings] are the angles of the cued rings, in the order of "
            "cue_positions_deg.",
            "(difference + 180) % 360 - 180 brings a difference into -180 to 180.",
            "At the end, select with memory_present[cued_rings].",
        ),
        solution="""\
difference = memory_angle_deg[cued_rings] - cue_positions_deg
distance = np.abs((difference + 180) % 360 - 180)
return distance[memory_present[cued_rings]]""",
    ),
    Number(
        title="Precision and load",
        unit="°",
        labels=tuple(f"load {load}" for load in ERROR_LOADS),
        reference=_mean_errors,
        tolerance=Tolerance(absolute=0.1),
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: _mean_errors(forgotten_too=True),
                "The forgotten items are among them. Their angles mean nothing: leave them out.",
            ),
            Slip(
                lambda right: _mean_errors(linear=True),
                "Some differences go the long way round the ring. Use your kept_distances.",
            ),
            Slip(
                lambda right: _mean_of_trial_means(),
                "Those are means of the trials' means, so an item counts for more where few were "
                "kept. Put the items of all trials together first: np.concatenate.",
            ),
        ),
        praise=(
            "So load costs twice: fewer items are kept, and those that are kept are less precise. "
            "Ten trials on one network are few. Now see what ten networks say."
        ),
        hints=(
            "For each run: kept_distances(run.memory_angle_deg, run.memory_present, "
            "run.cued_rings, run.cue_positions_deg).",
            "np.concatenate makes one array out of a list of arrays. Then take the mean.",
        ),
        solution="""\
mean_errors = []
for load in (1, 4, 8):
    distances = [
        kept_distances(
            run.memory_angle_deg, run.memory_present, run.cued_rings, run.cue_positions_deg
        )
        for run in trials(load)
    ]
    mean_errors.append(np.concatenate(distances).mean())
    print(f"load {load}: {mean_errors[-1]:.1f} degrees")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part D

_PART_D: tuple[Specification, ...] = (
    Number(
        title="Fewer connections, and more",
        points=2,
        labels=tuple(f"{p}: {what}" for p in PROBABILITIES for what in ("kept", "spurious")),
        reference=_kept_and_spurious,
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: right / np.array([3, 5, 3, 5]),
                "Those are fractions. Numbers of rings are asked for.",
            ),
            Slip(
                lambda right: right[[2, 3, 0, 1]],
                "Right numbers, other order: first 0.1, then 0.7.",
            ),
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: kept and spurious at 0.1, then both at 0.7.",
            ),
            Slip(
                lambda right: right + right[[1, 0, 3, 2]] * [1, 0, 1, 0],
                "You count all active rings as kept. Kept are only those that were cued.",
            ),
        ),
        praise=(
            "At 0.1 nothing is lost, but that is no achievement: nearly every ring is active, cued "
            "or not. At 0.7 nothing is left. The number kept alone would have told you that 0.1 is "
            "best."
        ),
        hints=(
            "build_network(connection_probability=0.1, seed=1) builds the network; pass it to "
            "trials(3, network).",
            "run.maintained and run.spurious are the two counts of a run. Take their means.",
            "The order is kept and spurious at 0.1, then kept and spurious at 0.7.",
        ),
        solution="""\
kept_and_spurious = []
for probability in (0.1, 0.7):
    other_network = build_network(connection_probability=probability, seed=1)
    runs = trials(3, other_network)
    kept_and_spurious.append(np.mean([run.maintained for run in runs]))
    kept_and_spurious.append(np.mean([run.spurious for run in runs]))
    print(f"{probability}: kept and spurious {np.round(kept_and_spurious[-2:], 1)}")
    figure, ax = plot_ring_memories(runs[0])""",
    ),
    Choice(
        title="Why so many are active at 0.1",
        right="c",
        wrong={
            "a": "The weights of a target are scaled by the number of its connections. Before the "
            "balance they sum to 2100 for any connection probability.",
            "b": "The balance is worked out for the network as it is. The weights of every target "
            "sum to zero for any connection probability.",
            "d": "The rings that are active too much were never shown anything. They are not "
            "memories that found room.",
        },
        praise=(
            "Fewer connections share the same sum, so each is stronger, and so is the loop from a "
            "cell to the random layer and back. At 0.1 it turns any chance activity into a bump; "
            "at 0.7 it is too weak to hold one."
        ),
        hints=(
            "Which of the numbers that you have seen depend on the connection probability, and "
            "which do not?",
            "Compare the weight of one connected pair at 0.1 and at 0.7.",
            "Follow a spike to the random layer, and from there back to the cell that fired it.",
        ),
        solution='why = "c"',
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_D
