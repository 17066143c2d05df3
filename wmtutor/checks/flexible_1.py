"""The questions of notebook 07: one pool that all rings share, and one item in it.

As in :mod:`wmtutor.checks.bump_1`, right values come from closed forms, or from the checker
repeating the learner's runs: same network, same seed. It reads them from the recorded inputs and
the spikes with its own formulas, where the notebook uses the read-outs of the library.
"""

import functools
import math
from typing import Any

import numpy as np

from wmtutor.checks._mechanism import (
    Case,
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

__all__ = ["QUESTIONS", "SEED", "ring_vectors"]

#: The seed of networks and of runs that the notebook asks for.
SEED = 1

_NETWORK = NetworkParameters()
_TRIAL = FlexibleParameters()
_N = _NETWORK.N_sensory
#: Where the notebook's one item is shown.
_CUE_DEG = 120.0


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


def _rate(s: np.ndarray) -> np.ndarray:
    """The rate function as a logistic curve; the notebook writes it with tanh."""
    x = _TRIAL.rate_slope * s - _TRIAL.rate_offset
    return _TRIAL.largest_rate / (1.0 + np.exp(-2.0 * x))


def ring_vectors(s_sensory: np.ndarray) -> np.ndarray:
    """The mean of ``r exp(i theta)`` over the cells of each ring, from the recorded inputs.

    Parameters
    ----------
    s_sensory : ndarray of float, shape (..., N_rings, N)
        As a run has them: without what a cue adds.

    Returns
    -------
    ndarray of complex, shape (..., N_rings)
        Hz. The length is the strength of a memory, the direction its angle.
    """
    # The first coefficient of a Fourier series, whose sign of i is the other one.
    return np.conj(np.fft.fft(_rate(s_sensory), axis=-1)[..., 1]) / s_sensory.shape[-1]


@functools.lru_cache(maxsize=1)
def _network() -> FlexibleNetwork:
    return build_network(seed=SEED)


def _run(load: int, network: FlexibleNetwork) -> FlexibleRun:
    """No item, or the notebook's one."""
    rings = list(range(load))
    return simulate_flexible_wm(
        cued_rings=rings, cue_positions_deg=[_CUE_DEG] * load, network=network, seed=SEED
    )


@functools.cache
def _one_item(time: float = _TRIAL.test_time) -> np.ndarray:
    """Strength of the memory on ring 0, with and without the random layer."""
    strengths = []
    for network in (_network(), build_network(N_random=0, seed=SEED)):
        run = _run(1, network)
        at = int(np.argmin(np.abs(run.state_t - time)))
        strengths.append(float(abs(ring_vectors(run.s_sensory[at])[0])))
    return np.array(strengths)


#: In which the random layer is looked at, and which rate counts as active.
_POOL_WINDOW = (500 * ms, 1000 * ms)
_ACTIVE = 5 * Hz
#: Cells of ring 0 that prefer 90 to 150 degrees, round the cue.
_NEAR = (128, 214)


@functools.cache
def _pool_spikes(load: int) -> tuple[np.ndarray, np.ndarray]:
    """When random cells fire, and which."""
    spikes = _run(load, _network()).spike_monitor_random
    return spikes.t, spikes.i


@functools.cache
def _pool(
    start: float = _POOL_WINDOW[0],
    stop: float = _POOL_WINDOW[1],
    limit: float = _ACTIVE,
    first: int = _NEAR[0],
    last: int = _NEAR[1],
) -> np.ndarray:
    """Active random cells without and with an item, and how both kinds of cell are connected."""
    active = []
    for load in (0, 1):
        t, i = _pool_spikes(load)
        counts = np.bincount(i[(t >= start) & (t < stop)], minlength=_NETWORK.N_random)
        active.append(counts / (stop - start) > limit)
    connected = _network().mask[first:last].mean(axis=0)
    of_item = active[1]
    shares = connected[of_item].mean(), connected[~of_item].mean()
    return np.array([active[0].mean(), of_item.mean(), *shares])


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


def _ring_weights_cases(seed: int) -> list[Case]:
    drawn = np.random.default_rng(seed).integers(10, 200, 2).tolist()
    return [
        Case((8,), "ring_weights(8)"),
        Case((45,), "ring_weights(45)"),
        Case((2,), "ring_weights(2)", "Two cells are 180° apart."),
        Case((1,), "ring_weights(1)", "A single cell has only itself, and that weight is 0."),
        *(Case((N,), f"ring_weights({N})") for N in drawn),
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


def _balanced_weights_cases(seed: int) -> list[Case]:
    first, second, full = _masks()
    generator = np.random.default_rng(seed)
    drawn = (generator.random((7, 5)) < 0.4).astype(float)
    # Every target has a source, and every source a target.
    drawn[generator.integers(7, size=5), np.arange(5)] = 1.0
    drawn[np.arange(7), generator.integers(5, size=7)] = 1.0
    strength, balance = (float(x) for x in generator.uniform([0.1, -1.3], [3.0, -0.7]).round(2))
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
        Case(
            (drawn, strength, balance),
            call.format("a mask of 7 sources and 5 targets", strength, balance),
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


def _rate_cases(seed: int) -> list[Case]:
    drawn = np.random.default_rng(seed).uniform(-5.0, 20.0, 6).round(1)
    return [
        Case((0.0,), "rate(0.0)", "This is the rate at rest."),
        Case((7.5,), "rate(7.5)", "Here the tanh is 0."),
        Case(
            (np.array([-20.0, 5.0, 10.0, 100.0]),),
            "rate(np.array([-20, 5, 10, 100]))",
            "A strongly inhibited cell is silent, a strongly excited one fires at 80 Hz.",
        ),
        Case((drawn,), f"rate(np.array({drawn.tolist()}))"),
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


def _strength_cases(seed: int) -> list[Case]:
    k = np.arange(512)
    drawn = np.random.default_rng(seed).uniform(0.0, 80.0, 9)
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
        Case((drawn,), call.format("nine cells at random rates")),
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
# The cosine of the difference does not care which way round the ring it goes.
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
# Sums over sources go down the columns, so each target has its own.
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
    # What random cell 0 receives is a column.
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
# A complex number is an arrow in the plane: its mean is the mean of both coordinates.
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
# Part B


def _seconds_held(
    t: np.ndarray,
    strength: np.ndarray,
    t_off: float,
    threshold: float,
    *,
    never: int = -1,
    from_start: bool = False,
) -> float:
    """Sample by sample; the options are slips: which sample counts if nothing is lost, and more."""
    for time, length in zip(t, strength, strict=True):
        if (time >= t_off or from_start) and length <= threshold:
            return float(time - t_off)
    return float(t[never] - t_off)


def _seconds_last(t: np.ndarray, strength: np.ndarray, t_off: float, threshold: float) -> float:
    """Up to the last sample above the threshold, whatever was between."""
    above = [time for time, length in zip(t, strength, strict=True) if length > threshold]
    return max(0.0, above[-1] - t_off) if above else 0.0


def _seconds_counted(t: np.ndarray, strength: np.ndarray, t_off: float, threshold: float) -> float:
    """All samples above the threshold, also those after a loss."""
    return float(np.sum(strength[t >= t_off] > threshold) * (t[1] - t[0]))


def _seconds_held_cases(seed: int) -> list[Case]:
    t = 5 * ms * np.arange(61)
    off = 100 * ms
    decay = 10.0 * np.exp(-np.maximum(t - off, 0) / (40 * ms))
    cued = np.where(t < 48 * ms, 0.2, decay)
    returns = np.where((t > 158 * ms) & (t < 213 * ms), 1.0, 9.0)
    generator = np.random.default_rng(seed)
    tau, height, threshold = generator.uniform([30 * ms, 8.0, 2.0], [60 * ms, 14.0, 5.0])
    drawn = height * np.exp(-np.maximum(t - off, 0) / tau)
    # Without a cue before, below the threshold until it comes.
    drawn[: int(generator.integers(4, 15))] = 0.0
    shift = 5 * ms * int(generator.integers(2, 12))
    call = "seconds_held({})"
    return [
        Case(
            (t, cued, off, 3.0),
            call.format("a strength that decays from 10 Hz with a time constant of 40 ms, ..."),
            "The cue ends at 100 ms. The ring was silent before its cue; that is no loss.",
        ),
        Case(
            (t, np.full(61, 11.0), off, 3.0),
            call.format("11 Hz throughout, ..."),
            "What is never lost was held to the last sample, which is 200 ms after the cue's end.",
        ),
        Case(
            (t, returns, off, 3.0),
            call.format("9 Hz with a gap from 160 to 210 ms, ..."),
            "What comes back after a loss is not the memory any more: the first fall counts.",
        ),
        Case(
            (t, np.full(61, 2.9), off, 3.0),
            call.format("2.9 Hz throughout, ..."),
            "A ring that is below the threshold when the cue ends has held its item for 0 s.",
        ),
        Case(
            (t + shift, drawn, off + shift, float(threshold)),
            call.format(f"a decay from {height:.1f} Hz, threshold {threshold:.2f} Hz, ..."),
            "Threshold and end of the cue are arguments: they need not be 3 Hz and 200 ms.",
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
        title="How long it is held",
        points=2,
        signature="seconds_held(t, strength, t_off, threshold)",
        unit="s",
        reference=_seconds_held,
        cases=_seconds_held_cases,
        tolerance=Tolerance(absolute=0.1 * ms),
        slips=(
            Slip(
                lambda t, strength, t_off, threshold: (
                    _seconds_held(t, strength, t_off, threshold) + t_off
                ),
                "That counts from the start of the run. Subtract t_off: the time since the cue.",
            ),
            Slip(
                lambda t, strength, t_off, threshold: (
                    _seconds_held(t, strength, t_off, threshold)
                    if (strength[t >= t_off] <= threshold).any()
                    else 0.0
                ),
                "All is right but what is never lost: it was held to the last sample, not for "
                "0 s. np.argmax of an array that is nowhere True gives 0, too; ask .any() first.",
            ),
            Slip(
                functools.partial(_seconds_held, never=0),
                "All is right but what is never lost: np.argmax of an array that is nowhere True "
                "gives 0, the first sample. Ask .any() first.",
            ),
            Slip(
                functools.partial(_seconds_held, from_start=True),
                "You look for a low strength from the start of the run, where the ring has not "
                "been cued yet. Look from t_off on.",
            ),
            Slip(
                _seconds_last,
                "You take the last sample above the threshold. A memory that falls below it is "
                "lost, whatever comes back later: look for the first sample at or below it.",
            ),
            Slip(
                _seconds_counted,
                "You count all samples above the threshold, those after a loss among them. Stop "
                "at the first that is not.",
            ),
        ),
        praise=(
            "A loss is an event: it happens once. And an item that is there when you stop looking "
            "has been held at least so long. How to average over such items is a question of the "
            "next exercise."
        ),
        hints=(
            "after = t >= t_off selects the samples after the cue, of t and of strength alike.",
            "below = strength[after] <= threshold. np.argmax(below) is the place of its first "
            "True, if there is any.",
            "If below.any(), the loss is at t[after][np.argmax(below)]. If not, take t[-1].",
        ),
        solution="""\
# Only samples after the cue can be a loss; the first of them counts.
after = t >= t_off
below = strength[after] <= threshold
# argmax of nothing but False is 0, so ask before.
end = t[after][np.argmax(below)] if below.any() else t[-1]
return end - t_off""",
    ),
    Number(
        title="Who is active in the pool",
        points=2,
        labels=(
            "active, no item",
            "active, one item",
            "connected, active cells",
            "connected, other cells",
        ),
        reference=_pool,
        # The runs are the same to the last spike; a spike on an edge of the window is one cell.
        tolerance=Tolerance(absolute=0.003),
        remark=(
            f"Is it the random layer's spikes from 500 to 1000 ms, with seed={SEED}, and the rows "
            f"{_NEAR[0]} to {_NEAR[1] - 1} of the mask?"
        ),
        slips=(
            Slip(
                lambda right: _pool(0.0, _TRIAL.sim_time),
                "You take the whole run. Take the spikes from 500 to 1000 ms, and divide by 0.5 s.",
            ),
            Slip(
                lambda right: _pool(limit=0.0),
                "You count every cell that fires at all. A cell counts as active above 5 Hz.",
            ),
            Slip(
                lambda right: _pool(limit=10 * Hz),
                "You ask for more than 5 spikes. In half a second, 5 Hz are 2.5 spikes.",
            ),
            Slip(
                lambda right: [*right[:2], *_pool(first=0, last=_N)[2:]],
                "The fractions of active cells are right. Of the connections you take those with "
                "the whole ring; take those with the cells near the cue, mask[128:214].",
            ),
            Slip(
                lambda right: [*right[:2], *_pool(first=0, last=_NETWORK.N_rings * _N)[2:]],
                "The fractions of active cells are right. Of the connections you take those with "
                "all rings; take those with the cells near the cue, mask[128:214].",
            ),
            Slip(
                lambda right: right[[0, 1, 3, 2]],
                "The last two have changed places: first the active cells.",
            ),
            Slip(
                lambda right: right[[1, 0, 2, 3]],
                "The first two have changed places: first without an item.",
            ),
        ),
        praise=(
            "Nobody chose these cells for this item. By chance they have more connections than "
            "others with the cells of the bump, and that is enough to excite them; the rest are "
            "inhibited. Another bump would find another set."
        ),
        hints=(
            "spikes = run.spike_monitor_random has spikes.t and spikes.i, the time and the cell "
            "of each spike. np.bincount(cells, minlength=1024) counts how often each cell occurs.",
            "A cell is active if its count, divided by 500*ms, is above 5*Hz. The mean of truth "
            "values is a fraction.",
            "mask[128:214].mean(axis=0) is, for every random cell, the fraction of the 86 cells "
            "near the cue to which it is connected.",
        ),
        solution="""\
pool = []
for rings in ([], [0]):
    run = simulate_flexible_wm(cued_rings=rings, cue_positions_deg=120, network=network, seed=1)
    spikes = run.spike_monitor_random
    late = (spikes.t >= 500 * ms) & (spikes.t < 1000 * ms)
    active = np.bincount(spikes.i[late], minlength=1024) / (500 * ms) > 5 * Hz
    pool.append(active.mean())
# Of the 86 cells near the cue: to which fraction is each random cell connected?
connected = mask[128:214].mean(axis=0)
pool += [connected[active].mean(), connected[~active].mean()]
print(np.round(pool, 3))
figure, axes = plot_two_layers(run)""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B
