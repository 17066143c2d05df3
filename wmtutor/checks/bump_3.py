"""The questions of notebook 03: from spikes to an angle, and how far the angle can be trusted.

Functions are tried on made-up counts and spikes, against formulas other than the notebook's: spikes
one by one instead of arrays, complex logarithms instead of means, finite differences instead of
the propagated error. Numbers come from runs with the notebook's seed, which the checker repeats
and reads spike by spike.
"""

import functools
import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np

from wmtutor.bump import simulate_wm
from wmtutor.checks._mechanism import Case, Function, Number, Slip, Specification, Tolerance
from wmtutor.monitors import SpikeMonitor
from wmtutor.units import Hz, ms, nA

__all__ = ["QUESTIONS", "SEED"]

#: The seed of the notebook's runs, and of its made-up spikes.
SEED = 1


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


@functools.lru_cache(maxsize=8)
def _spikes(cue_deg: float, seed: int, sim_time: float = 800 * ms) -> SpikeMonitor:
    """Spikes of the excitatory cells of a run with a cue from 100 to 300 ms."""
    return simulate_wm(
        stimulus_center_deg=cue_deg,
        stimulus_width_deg=30,
        stimulus_strength=0.2 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        sim_time=sim_time,
        seed=seed,
    ).spike_monitor_excit


def _cells(monitor: SpikeMonitor, t_min: float, t_max: float) -> np.ndarray:
    """The cell of every spike in a window."""
    # Spikes fall on steps of 0.05 ms: a thousandth of one keeps rounding out of the comparison.
    slack = 5e-8
    return monitor.i[(monitor.t >= t_min - slack) & (monitor.t < t_max - slack)]


def _snapshot(seed: int, t_min: float = 395 * ms, t_max: float = 405 * ms) -> np.ndarray:
    """Spikes, cells that fired, and spikes of the busiest cell."""
    _, counts = np.unique(_cells(_spikes(120, seed), t_min, t_max), return_counts=True)
    return np.array([counts.sum(), counts.size, counts.max()])


def _two_means(seed: int, cue_deg: float) -> tuple[float, float]:
    """Vector's angle and plain mean, in degrees, of the last 50 ms of the cue."""
    monitor = _spikes(cue_deg, seed)
    degrees = 360 * _cells(monitor, 250 * ms, 300 * ms) / monitor.N
    arrow = np.exp(1j * np.deg2rad(degrees)).sum()
    return math.degrees(np.angle(arrow)) % 360, float(degrees.mean())


def _readings(seed: int) -> np.ndarray:
    return np.array([*_two_means(seed, 120), *_two_means(seed, 350)])


def _each_cell_once(seed: int) -> np.ndarray:
    """The plain means if a cell counts once, however often it fires."""
    right = _readings(seed)
    for place, cue_deg in ((1, 120), (3, 350)):
        monitor = _spikes(cue_deg, seed)
        right[place] = 360 * np.unique(_cells(monitor, 250 * ms, 300 * ms)).mean() / monitor.N
    return right


#: Every how many cells are read, and in windows of which length.
READ = ((4, 20 * ms), (16, 20 * ms), (64, 20 * ms), (16, 80 * ms))
_FROM, _TO = 300 * ms, 4300 * ms


def _arrows(monitor: SpikeMonitor, step: int, width: float) -> np.ndarray:
    """The population vector of every step-th cell in windows side by side."""
    which = np.floor((monitor.t - _FROM) / width + 1e-6).astype(int)
    number = round((_TO - _FROM) / width)
    heard = (which >= 0) & (which < number) & (monitor.i % step == 0)
    radians = 2 * np.pi * monitor.i[heard] / monitor.N
    x = np.bincount(which[heard], weights=np.cos(radians), minlength=number)
    y = np.bincount(which[heard], weights=np.sin(radians), minlength=number)
    return x + 1j * y


@functools.cache
def _reading_differences(seed: int) -> tuple[np.ndarray, ...]:
    """For each reading the differences, in degrees, from all cells in the same windows."""
    monitor = _spikes(120, seed, _TO)
    return tuple(
        # The angle between two arrows, without an angle of either.
        np.rad2deg(np.angle(_arrows(monitor, step, w) * _arrows(monitor, 1, w).conj()))
        for step, w in READ
    )


def _root_mean_square(values: Any) -> float:
    return math.sqrt(float(np.mean(np.square(values))))


def _cell_errors(seed: int) -> np.ndarray:
    return np.array([_root_mean_square(row) for row in _reading_differences(seed)])


def _errors_from_cue(seed: int) -> np.ndarray:
    monitor = _spikes(120, seed, _TO)
    cue = np.exp(-1j * np.deg2rad(120))
    arrows = (_arrows(monitor, step, width) * cue for step, width in READ)
    return np.array([_root_mean_square(np.rad2deg(np.angle(row))) for row in arrows])


def _poisson_errors(seed: int) -> np.ndarray:
    """What the formula of question 8 predicts for the same readings."""
    counts = np.bincount(_cells(_spikes(120, seed, _TO), _FROM, _TO), minlength=1024)
    rates = counts / (_TO - _FROM)
    return np.array([_reading_error(rates[::step], width) for step, width in READ])


@functools.cache
def _heard(background: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The notebook's made-up bumps (degrees) and their counts, from the text's own formulas."""
    generator = np.random.default_rng(seed)
    theta_deg = generator.uniform(0, 360, 400)
    return theta_deg, generator.poisson(_expected(theta_deg, background))


def _expected(theta_deg: np.ndarray, background: float) -> np.ndarray:
    """Mean counts of 64 cells in 20 ms, for each bump."""
    away = np.deg2rad(theta_deg)[:, None] - 2 * np.pi * np.arange(64) / 64
    return 20 * ms * (background + 100 * Hz * np.exp((np.cos(away) - 1) / math.radians(17) ** 2))


@functools.cache
def _reader_differences(
    background: float, seed: int, assumed: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What both readers say, less the truth, as plain numbers; the second assumes a background."""
    theta_deg, counts = _heard(background, seed)
    vector = np.rad2deg(np.angle(np.fft.fft(counts, axis=1)[:, 1].conj())) % 360
    candidates = np.arange(0, 360, 0.25)
    expected = _expected(candidates, background if assumed is None else assumed)
    log_expected = np.log(expected)
    best = [np.argmax((row * log_expected - expected).sum(axis=1)) for row in counts]
    return vector - theta_deg, candidates[best] - theta_deg


BACKGROUNDS = (0 * Hz, 10 * Hz)


def _short_way(difference: Any) -> np.ndarray:
    return (np.asarray(difference) + 180) % 360 - 180


def _reader_errors(seed: int, *, assumed: float | None = None) -> np.ndarray:
    rows = (row for b in BACKGROUNDS for row in _reader_differences(b, seed, assumed))
    return np.array([_root_mean_square(_short_way(row)) for row in rows])


def _reader_errors_long_way(seed: int) -> np.ndarray:
    rows = (row for b in BACKGROUNDS for row in _reader_differences(b, seed))
    return np.array([_root_mean_square(row) for row in rows])


# ---------------------------------------------------------------------------------------------
# Functions: references, inputs, slips


def _orientation(idx_list: Any, N: int) -> list[float]:
    return [float(Fraction(360 * int(cell), N)) for cell in idx_list]


def _orientation_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    N = int(generator.integers(50, 3000))
    cells = generator.integers(0, N, 5)
    return [
        Case(([0, 256, 512], 1024), "orientation([0, 256, 512], 1024)", "Cell 0 prefers 0°."),
        Case(
            (np.array([1023, 1]), 1024),
            "orientation(np.array([1023, 1]), 1024)",
            "The last cell is one step short of 360°: there the ring closes.",
        ),
        Case(([6, 2, 3], 7), "orientation([6, 2, 3], 7)", "N may be any number of cells."),
        Case((cells, N), f"orientation(np.array({cells.tolist()}), {N})"),
    ]


def _spike_count(monitor: SpikeMonitor, idx_list: Any, t_min: float, t_max: float) -> list[int]:
    trains = monitor.spike_trains()
    return [sum(t_min <= t < t_max for t in trains[int(cell)].tolist()) for cell in idx_list]


def _closed_count(monitor: SpikeMonitor, idx_list: Any, t_min: float, t_max: float) -> list[int]:
    return _spike_count(monitor, idx_list, t_min, math.nextafter(t_max, math.inf))


def _open_count(monitor: SpikeMonitor, idx_list: Any, t_min: float, t_max: float) -> list[int]:
    after = math.nextafter(t_min, math.inf)
    return _spike_count(monitor, idx_list, after, math.nextafter(t_max, math.inf))


def _spike_count_cases(seed: int) -> list[Case]:
    # Times are sixteenths of a second, which floating-point numbers hold exactly: whether a spike
    # lies on the edge of a window is then no matter of rounding.
    t = np.array([1, 2, 4, 4, 4, 5, 6, 8, 8, 9, 12]) / 16
    i = np.array([1, 1, 1, 3, 3, 0, 3, 3, 1, 3, 1])
    few = SpikeMonitor(t, i, N=5, duration=1.0)
    generator = np.random.default_rng(seed)
    times, cells = generator.integers(0, 64, 300) / 64, generator.integers(0, 12, 300)
    many = SpikeMonitor(np.sort(times), cells, N=12, duration=1.0)
    some = [int(cell) for cell in generator.permutation(12)[:5]]
    start, stop = 0.25, float(generator.integers(30, 60)) / 64
    return [
        Case(
            (few, [0, 1, 2, 3, 4], 0.25, 0.5),
            "spike_count(made-up spikes, [0, 1, 2, 3, 4], 250*ms, 500*ms)",
            "There are spikes exactly at 250 ms, which count, and exactly at 500 ms, which do not.",
        ),
        Case(
            (few, [3, 1], 0.25, 0.5),
            "spike_count(made-up spikes, [3, 1], 250*ms, 500*ms)",
            "One count for each cell of the list, in its order.",
        ),
        Case(
            (few, np.array([4, 2]), 0.0, 1.0),
            "spike_count(made-up spikes, np.array([4, 2]), 0*ms, 1000*ms)",
            "These cells are silent: their count is 0.",
        ),
        Case(
            (many, some, start, stop),
            f"spike_count(random spikes, {some}, 250*ms, {1000 * stop:g}*ms)",
        ),
    ]


def _decode(counts: np.ndarray, shift: float = 0.0) -> float:
    N = len(counts)
    turns = [2 * math.pi * (k + shift) / N for k in range(N)]
    x = math.fsum(float(n) * math.cos(turn) for n, turn in zip(counts, turns, strict=True))
    y = math.fsum(float(n) * math.sin(turn) for n, turn in zip(counts, turns, strict=True))
    return math.degrees(math.atan2(y, x)) % 360


def _by_arctan(counts: np.ndarray) -> float:
    return math.degrees(math.atan(math.tan(math.radians(_decode(counts)))))


def _degrees_in_sine(counts: np.ndarray) -> float:
    angles = 360 * np.arange(len(counts)) / len(counts)
    arrow = (counts * np.exp(1j * angles)).sum()
    return math.degrees(np.angle(arrow))


def _plain_mean(counts: np.ndarray) -> float:
    return float(360 * (counts * np.arange(len(counts))).sum() / counts.sum() / len(counts))


def _bell(N: int, center_deg: float, height: float, background: float = 0.0) -> np.ndarray:
    away = 2 * np.pi * np.arange(N) / N - math.radians(center_deg)
    return background + height * np.exp(8 * (np.cos(away) - 1))


def _decode_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    N, center_deg = int(generator.integers(40, 200)), float(generator.uniform(20, 340))
    call = "decode(np.array({}))"
    near = np.array([0, 0, 1, 4, 2, 0, 0, 0])
    behind = np.array([0, 0, 0, 0, 0, 2, 1, 0])
    across = np.array([5, 1, 0, 0, 0, 0, 0, 0, 2, 3])
    odd = np.array([0, 1, 3, 6, 1, 0, 0])
    return [
        Case((near,), call.format(near.tolist())),
        Case(
            (behind,), call.format(behind.tolist()), "The arrow points left and down: x and y < 0."
        ),
        Case((across,), call.format(across.tolist()), "This bump lies across 0°."),
        Case((odd,), call.format(odd.tolist()), "The number of cells is len(counts)."),
        Case(
            (generator.poisson(_bell(N, center_deg, 6.0, 0.3)),),
            f"decode(counts of {N} cells with a noisy bump near {center_deg:.0f}°)",
        ),
        Case(
            (np.maximum(_bell(360, 350.0, 40.0) - 1.0, 0.0),),
            "decode(rates of 360 cells with a smooth bump at 350°)",
            "Rates can be decoded like counts.",
        ),
    ]


def _bias_and_spread(angles_deg: Any, cue_deg: float) -> np.ndarray:
    # One logarithm holds both: ln(R exp(i bias)) = ln R + i bias.
    turned = np.deg2rad(np.asarray(angles_deg) - cue_deg)
    logarithm = np.log(complex(np.cos(turned).mean(), np.sin(turned).mean()))
    return np.rad2deg([logarithm.imag, math.sqrt(-2 * logarithm.real)])


def _resultant(angles_deg: Any) -> float:
    return float(np.abs(np.exp(1j * np.deg2rad(angles_deg)).mean()))


def _unwrapped_bias(angles_deg: Any, cue_deg: float) -> list[float]:
    bias, spread = _bias_and_spread(angles_deg, cue_deg)
    return [(bias + cue_deg) % 360 - cue_deg, spread]


def _errors_as_numbers(angles_deg: Any, cue_deg: float) -> list[float]:
    errors = _short_way(np.asarray(angles_deg) - cue_deg)
    return [errors.mean(), errors.std()]


def _bias_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    cue = float(generator.integers(0, 360))
    random = np.round(generator.normal(cue + generator.uniform(-40, 40), 25, 30), 1) % 360
    call = "bias_and_spread(np.array({}), {})"
    return [
        Case((np.array([352.0, 356.0]), 2.0), call.format([352, 356], 2)),
        Case((np.array([100.0, 130.0, 95.0, 110.0]), 120.0), call.format([100, 130, 95, 110], 120)),
        Case(
            (np.array([5.0, 25.0, 350.0]), 340.0),
            call.format([5, 25, 350], 340),
            "The readings lie on both sides of 0°, the cue on one.",
        ),
        Case(
            (np.array([0.0, 70.0, 140.0, 10.0]), 50.0),
            call.format([0, 70, 140, 10], 50),
            "With a large spread the formulas for a ring and for a line differ most.",
        ),
        Case((random, cue), f"bias_and_spread({random.size} random angles, {cue:.0f})"),
    ]


def _displacement(theta_deg: Any) -> list[float]:
    path = [0.0]
    for before, after in itertools.pairwise(theta_deg):
        # math.remainder goes the short way: into [-180, 180].
        path.append(path[-1] + math.remainder(float(after) - float(before), 360.0))
    return path


def _displacement_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    walk = np.round(np.cumsum(generator.normal(8, 25, 60)), 1) % 360
    steps = np.array([359.0, 2.0, 1.0, 358.0, 355.0])
    call = "displacement(np.array({}))"
    twice = np.arange(10.0, 740.0, 60.0) % 360
    return [
        Case((steps,), call.format(steps.astype(int).tolist())),
        Case(
            (np.array([100.0, 104.0, 99.0]),),
            call.format([100, 104, 99]),
            "No jump here: the path counts from its first angle.",
        ),
        Case(
            (twice,),
            call.format(twice.astype(int).tolist()),
            "This path goes round the ring twice, and ends at 720°.",
        ),
        Case((walk,), f"displacement({walk.size} angles of a random walk)"),
    ]


def _reading_error(rates: np.ndarray, window: float) -> float:
    """By finite differences: how far each cell turns the vector, times the error of its count."""
    counts = np.asarray(rates, dtype=float) * window
    directions = np.exp(2j * np.pi * np.arange(counts.size) / counts.size)
    arrow = counts @ directions
    small = 1e-6 * counts.sum()
    turns = np.angle((arrow + small * directions) / (arrow - small * directions)) / (2 * small)
    return math.degrees(math.sqrt(float((turns**2 * counts).sum())))


def _error_parts(rates: np.ndarray, window: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean counts, and cosine and sine of the distances from the bump."""
    counts = np.asarray(rates) * window
    away = 2 * np.pi * np.arange(counts.size) / counts.size - math.radians(_decode(counts))
    return counts, np.cos(away), np.sin(away)


def _error_of_arrows(rates: np.ndarray, window: float) -> float:
    """The circular standard deviation of one spike, over the root of their number."""
    counts, cosine, _ = _error_parts(rates, window)
    R = (counts * cosine).sum() / counts.sum()
    return math.degrees(math.sqrt(-2 * math.log(R) / counts.sum()))


def _error_of_square(rates: np.ndarray, window: float) -> float:
    counts, cosine, sine = _error_parts(rates, window)
    return math.degrees(float((counts * sine**2).sum()) / float((counts * cosine).sum()))


def _error_of_squared_counts(rates: np.ndarray, window: float) -> float:
    counts, cosine, sine = _error_parts(rates, window)
    return math.degrees(_norm(counts * sine) / float((counts * cosine).sum()))


def _error_unturned(rates: np.ndarray, window: float) -> float:
    counts = np.asarray(rates) * window
    angles = 2 * np.pi * np.arange(counts.size) / counts.size
    sideways = math.sqrt(float((counts * np.sin(angles) ** 2).sum()))
    return math.degrees(sideways / float((counts * np.cos(angles)).sum()))


def _norm(values: np.ndarray) -> float:
    return math.sqrt(float((values**2).sum()))


def _reading_error_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    center_deg, background = float(generator.uniform(0, 360)), float(generator.uniform(1, 15))
    return [
        Case(
            (_bell(64, 0.0, 100.0), 20 * ms),
            "reading_error(rates of 64 cells with a bump at 0° and no background, 20*ms)",
        ),
        Case(
            (_bell(64, 0.0, 100.0), 80 * ms),
            "reading_error(the same rates, 80*ms)",
            "Four times as many spikes: half the error.",
        ),
        Case(
            (_bell(256, 200.0, 100.0), 20 * ms),
            "reading_error(rates of 256 cells with a bump at 200°, 20*ms)",
            "Distances count from where the bump is.",
        ),
        Case(
            (_bell(128, center_deg, 60.0, background), 50 * ms),
            f"reading_error(rates of 128 cells with a bump at {center_deg:.0f}° on a background "
            f"of {background:.0f} Hz, 50*ms)",
            "Background spikes pull sideways too.",
        ),
    ]


def _log_likelihood(counts: np.ndarray, expected: np.ndarray) -> list[float]:
    # From SciPy's probabilities, with the term that is left out put back.
    from scipy.special import gammaln
    from scipy.stats import poisson

    constant = float(gammaln(np.asarray(counts) + 1.0).sum())
    return [float(poisson.logpmf(counts, row).sum()) + constant for row in expected]


def _full_log_likelihood(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    constant = math.fsum(math.lgamma(n + 1.0) for n in np.asarray(counts).tolist())
    return np.array(_log_likelihood(counts, expected)) - constant


def _log_likelihood_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    expected = generator.uniform(0.2, 6.0, (5, 8))
    counts = generator.poisson(expected[2])
    rows = np.array([[1.0, 2.0], [2.0, 2.0], [0.5, 4.0]])
    call = "log_likelihood(np.array({}), expected of shape {})"
    return [
        Case((np.array([1, 3]), rows), call.format([1, 3], (3, 2))),
        Case(
            (np.array([0, 0]), rows),
            call.format([0, 0], (3, 2)),
            "No spikes are a result too: they speak for low mean counts.",
        ),
        Case((np.array([4, 0, 2]), np.array([[3.0, 0.5, 1.0]])), call.format([4, 0, 2], (1, 3))),
        Case((counts, expected), call.format(counts.tolist(), (5, 8))),
    ]


# ---------------------------------------------------------------------------------------------
# Part A


_ANGLE = Tolerance(absolute=0.01)

_PART_A: tuple[Specification, ...] = (
    Function(
        title="The angle of a cell",
        signature="orientation(idx_list, N)",
        unit="°",
        reference=_orientation,
        cases=_orientation_cases,
        tolerance=Tolerance(absolute=1e-6),
        slips=(
            Slip(
                lambda cells, N: 360 * (np.asarray(cells) + 0.5) / N,
                "You are off by half a bin. Cell k prefers 360 * k / N, not the middle between it "
                "and the next: cell 0 prefers 0°.",
            ),
            Slip(
                lambda cells, N: 360 * (np.asarray(cells) + 1) / N,
                "You are off by one cell. The first cell has the number 0 and prefers 0°.",
            ),
            Slip(
                lambda cells, N: 360 * np.asarray(cells) / (N - 1),
                "You divide by N - 1, which puts the last cell at 360°, on top of the first. N "
                "cells make N steps round a ring.",
            ),
            Slip(
                lambda cells, N: 360 * np.asarray(cells) // N,
                "You round down to whole degrees. Divide with /, not with //.",
            ),
        ),
        praise=(
            "Cell 0 sits at 0° and the last cell one step before 360°, where the ring closes. "
            "Whoever stimulates and decodes by two different conventions gets an error that no "
            "averaging takes away."
        ),
        hints=(
            "N steps lead once round the ring. How many degrees is one step?",
            "Make an array of the list with np.asarray(idx_list); then you can multiply it.",
        ),
        solution="""\
# A list cannot be multiplied by 360 element by element; an array can.
return 360 * np.asarray(idx_list) / N""",
    ),
    Function(
        title="Counting spikes in a window",
        signature="spike_count(spike_monitor, idx_list, t_min, t_max)",
        reference=_spike_count,
        cases=_spike_count_cases,
        tolerance=Tolerance(),
        slips=(
            Slip(
                _closed_count,
                "You count a spike at t_max too. With t < t_max, two windows side by side count "
                "every spike once; with t <= t_max, some twice.",
            ),
            Slip(
                _open_count,
                "Your window is closed at the wrong end: a spike at t_min counts, one at t_max "
                "does not.",
            ),
            Slip(
                lambda monitor, cells, t_min, t_max: monitor.count[np.asarray(cells)],
                "That is the count of the whole run. Select the spikes with t_min <= t < t_max.",
            ),
            Slip(
                lambda monitor, cells, a, b: np.array(_spike_count(monitor, cells, a, b)) / (b - a),
                "That is the rate. The number of spikes is asked for, without dividing by the "
                "window.",
            ),
            Slip(
                lambda monitor, cells, a, b: np.minimum(_spike_count(monitor, cells, a, b), 1),
                "You tell whether a cell fired. How often it fired is asked for.",
            ),
            Slip(
                lambda monitor, cells, a, b: _spike_count(monitor, sorted(cells), a, b),
                "You return the counts in the order of the cells. Return them in the order of "
                "idx_list.",
            ),
        ),
        praise=(
            "Half-open windows can be put side by side: no spike is lost, none counts twice. The "
            "counts of all windows add up to those of the run."
        ),
        hints=(
            "within = (spike_monitor.t >= t_min) & (spike_monitor.t < t_max) selects spikes, and "
            "spike_monitor.i[within] are their cells.",
            "np.bincount counts how often each whole number occurs. Its minlength makes room for "
            "the cells that were silent: spike_monitor.N.",
            "Index the counts of all cells with np.asarray(idx_list).",
        ),
        solution="""\
within = (spike_monitor.t >= t_min) & (spike_monitor.t < t_max)
# minlength, because bincount stops at the last cell that fired
counts = np.bincount(spike_monitor.i[within], minlength=spike_monitor.N)
return counts[np.asarray(idx_list)]""",
    ),
    Number(
        title="Ten milliseconds of a memory",
        labels=("spikes", "cells that fired", "spikes of the busiest cell"),
        reference=lambda: _snapshot(SEED),
        # A window that takes its last step of 0.05 ms along, or loses its first, has a spike or
        # two more or less.
        tolerance=Tolerance(absolute=(2.0, 2.0, 0.0)),
        remark=f"Is it spikes_120 (seed {SEED}), and the window from 395 to 405 ms?",
        slips=(
            Slip(
                lambda right: _snapshot(SEED, 400 * ms, 410 * ms),
                "Your window starts at 400 ms. It should be centred there: from 395 to 405 ms.",
            ),
            Slip(
                lambda right: _snapshot(SEED, 0 * ms, 800 * ms),
                "Those are the counts of the whole run. Pass t_min and t_max.",
            ),
            Slip(
                lambda right: _snapshot(SEED, 390 * ms, 410 * ms),
                "Your window is 20 ms long, 10 ms to either side. It should be 10 ms in all.",
            ),
            Slip(
                lambda right: [right[0] / (10 * ms), right[1], right[2] / (10 * ms)],
                "You have divided by the window. Spikes are asked for, not rates.",
            ),
        ),
        praise=(
            "In so short a time a cell says next to nothing: it fires once, rarely twice, or not "
            "at all. The bell in the figure appears only when neighbours are averaged. A memory is "
            "read from a population."
        ),
        hints=(
            "Centred on 400 ms and 10 ms long: from 395*ms to 405*ms.",
            "get_spike_count(spikes_120, None, 395*ms, 405*ms) has one count for each cell.",
            "counts.sum(), (counts > 0).sum() and counts.max().",
        ),
        solution="""\
counts = get_spike_count(spikes_120, None, 395 * ms, 405 * ms)
snapshot = [counts.sum(), (counts > 0).sum(), counts.max()]
print(*snapshot)
figure, ax = plot_activity_profile(spikes_120, 395 * ms, 405 * ms)""",
    ),
    Function(
        title="The population vector",
        points=2,
        signature="decode(counts)",
        unit="°",
        reference=_decode,
        cases=_decode_cases,
        tolerance=_ANGLE,
        slips=(
            Slip(
                _plain_mean,
                "That is the plain mean of the angles. It fails where 360 meets 0: add arrows, "
                "that is cosines and sines, and take the direction of the sum.",
            ),
            Slip(
                functools.partial(_decode, shift=0.5),
                "You are off by half a bin: cell k of N prefers 360 * k / N.",
            ),
            Slip(
                _by_arctan,
                "np.arctan(y / x) cannot tell an arrow from its opposite. Use np.arctan2(y, x).",
            ),
            Slip(
                lambda counts: 90 - _decode(counts),
                "You have x and y the other way round: np.arctan2(y, x), with y the sum of the "
                "sines.",
            ),
            Slip(
                _degrees_in_sine,
                "NumPy's sine and cosine want radians. Use np.deg2rad on the angles first.",
            ),
            Slip(
                lambda counts: 360 * int(np.argmax(counts)) / len(counts),
                "That is the angle of the busiest cell. All cells are to have their say.",
            ),
            Slip(
                lambda counts: _decode(np.asarray(counts) > 0),
                "Each active cell counts once. The more spikes, the longer the arrow: multiply by "
                "the counts.",
            ),
        ),
        praise=(
            "The sum of the arrows goes round the ring as the ring does itself: turn the bump, "
            "and the decoded angle turns by as much, everywhere."
        ),
        hints=(
            "An arrow of length n in the direction a has the parts n * cos(a) and n * sin(a).",
            "Sum both over all cells, with a = 2 * np.pi * np.arange(N) / N in radians.",
            "np.rad2deg(np.arctan2(y, x)) % 360 is the direction of the sum.",
        ),
        solution="""\
angles = 2 * np.pi * np.arange(len(counts)) / len(counts)
x = (counts * np.cos(angles)).sum()
y = (counts * np.sin(angles)).sum()
# The length of the arrow does not matter, so there is no need to divide by the total.
return np.rad2deg(np.arctan2(y, x)) % 360""",
    ),
    Number(
        title="Vector and plain mean, at 120° and at 350°",
        points=2,
        unit="°",
        labels=("vector, 120°", "plain mean, 120°", "vector, 350°", "plain mean, 350°"),
        reference=lambda: _readings(SEED),
        # A spike more or less at an edge of the window moves the vector by hundredths of a
        # degree, and the plain mean across 0° by some tenths.
        tolerance=Tolerance(absolute=(0.3, 0.3, 0.3, 1.0)),
        remark=f"Is it the run with seed={SEED}, and the window from 250 to 300 ms?",
        slips=(
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: first both readings at 120°, then both at 350°.",
            ),
            Slip(
                lambda right: right[[1, 0, 3, 2]],
                "Right numbers, other order: each time first the population vector.",
            ),
            Slip(
                lambda right: right[[0, 0, 2, 2]],
                "Those are population vectors only. The plain mean is the sum of count times "
                "angle, divided by the sum of the counts.",
            ),
            Slip(
                lambda right: _each_cell_once(SEED),
                "In your plain mean each cell counts once, however often it fires. Average over "
                "spikes: weigh each angle with its count.",
            ),
            Slip(
                lambda right: right * [1, 1024 / 360, 1, 1024 / 360],
                "Your plain means are numbers of cells. get_orientation makes angles of them.",
            ),
        ),
        praise=(
            "At 120° the two agree. At 350° the plain mean names a place where no cell fires, far "
            "from the bump. The last 50 ms of the cue leave the memory within a degree or two of "
            "the cue: what is lost later is lost by wandering."
        ),
        hints=(
            "counts = get_spike_count(spikes_120, None, 250*ms, 300*ms), and the angles of all "
            "cells are get_orientation(np.arange(1024), 1024).",
            "population_vector(counts).angle_deg is the first of the two readings.",
            "The plain mean is (counts * angles).sum() / counts.sum().",
        ),
        solution="""\
readings = []
angles = get_orientation(np.arange(1024), 1024)
for spikes in (spikes_120, spikes_350):
    counts = get_spike_count(spikes, None, 250 * ms, 300 * ms)
    readings += [population_vector(counts).angle_deg, (counts * angles).sum() / counts.sum()]
print(np.round(readings, 1))
figure, ax = plot_activity_profile(spikes_350, 250 * ms, 300 * ms)""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B

_PART_B: tuple[Specification, ...] = (
    Function(
        title="Bias and spread",
        points=2,
        signature="bias_and_spread(angles_deg, cue_deg)",
        # Not as angles: there 357 would pass for a bias of -3.
        reference=_bias_and_spread,
        cases=_bias_cases,
        tolerance=Tolerance(absolute=0.01),
        slips=(
            Slip(
                lambda angles, cue: [np.mean(angles) - cue, np.std(angles)],
                "Those are the plain mean and standard deviation. They fail where 360 meets 0: "
                "average arrows.",
            ),
            Slip(
                _unwrapped_bias,
                "Your bias goes the long way round on some inputs. Bring it into [-180, 180): "
                "(difference + 180) % 360 - 180.",
            ),
            Slip(
                lambda angles, cue: _bias_and_spread(angles, cue) * [-1, 1],
                "Your bias has the wrong sign: it is the mean reading less the cue.",
            ),
            Slip(
                lambda angles, cue: np.abs(_bias_and_spread(angles, cue)),
                "Your bias has lost its sign. Readings at smaller angles than the cue have a "
                "negative bias.",
            ),
            Slip(
                lambda angles, cue: np.deg2rad(_bias_and_spread(angles, cue)),
                "Both are in radians. Degrees are asked for: np.rad2deg.",
            ),
            Slip(
                lambda angles, cue: _bias_and_spread(angles, cue) * [1, math.pi / 180],
                "Your spread is in radians: so is sqrt(-2 ln R). Use np.rad2deg.",
            ),
            Slip(
                lambda angles, cue: [
                    _bias_and_spread(angles, cue)[0],
                    math.degrees(math.sqrt(2 - 2 * _resultant(angles))),
                ],
                "Your spread is sqrt(2 (1 - R)). That is another measure, close to this one while "
                "R is near 1. The text asks for sqrt(-2 ln R).",
            ),
            Slip(
                lambda angles, cue: [
                    _bias_and_spread(angles, cue)[0],
                    1 - _resultant(angles),
                ],
                "Your spread is 1 - R, the circular variance. The standard deviation is "
                "sqrt(-2 ln R), and from radians you have to go to degrees.",
            ),
            Slip(
                _errors_as_numbers,
                "You average the differences from the cue as plain numbers. This is nearly right "
                "for a small spread, and goes wrong when readings reach the far side of the ring. "
                "Average arrows.",
            ),
        ),
        praise=(
            "Bias and spread are what experiments report. More trials make both better known, and "
            "neither of them smaller. If one reading is the mean of many, its spread shrinks; "
            "its bias stays."
        ),
        hints=(
            "np.exp(1j * np.deg2rad(angles_deg)) are arrows of length 1 in the complex plane.",
            "Of their mean, np.angle gives the direction in radians, and np.abs gives R.",
            "For the bias, (mean_deg - cue_deg + 180) % 360 - 180 takes the short way. For the "
            "spread, np.rad2deg(np.sqrt(-2 * np.log(R))).",
        ),
        solution="""\
mean_arrow = np.exp(1j * np.deg2rad(angles_deg)).mean()
mean_deg = np.rad2deg(np.angle(mean_arrow))
# Shifting by half a turn before and after the modulo puts the cut opposite the cue.
bias = (mean_deg - cue_deg + 180) % 360 - 180
spread = np.rad2deg(np.sqrt(-2 * np.log(np.abs(mean_arrow))))
return [bias, spread]""",
    ),
    Function(
        title="The path without jumps",
        points=2,
        signature="displacement(theta_deg)",
        # Not as angles: a whole turn more or less is what this is about.
        reference=_displacement,
        cases=_displacement_cases,
        tolerance=Tolerance(absolute=1e-6),
        slips=(
            Slip(
                lambda theta: theta - theta[0],
                "Where the angle passes 0°, your path jumps by 360°. Take the short way from each "
                "angle to the next.",
            ),
            Slip(
                lambda theta: _short_way(theta - theta[0]),
                "You take the short way from the first angle to each. This fails once the memory "
                "has gone half-way round: take it from each angle to the next.",
            ),
            Slip(
                lambda theta: np.array(_displacement(theta)) + theta[0],
                "Your path has no jumps, but starts at the first angle. Subtract it.",
            ),
            Slip(
                lambda theta: np.unwrap(theta) - theta[0],
                "np.unwrap takes the numbers for radians, and a turn for 2 pi. Tell it: "
                "period=360.",
            ),
            Slip(
                lambda theta: np.deg2rad(_displacement(theta)),
                "That is in radians. Degrees are asked for: np.rad2deg.",
            ),
            Slip(
                lambda theta: np.abs(_displacement(theta)),
                "You have lost the sign: the path may lead to smaller angles too.",
            ),
        ),
        praise=(
            "Without jumps, variances and speeds of the path make sense. It works as long as the "
            "memory moves by less than half a turn from one window to the next; no list of angles "
            "can tell more than that."
        ),
        hints=(
            "How would you correct a step of -357° from one angle to the next?",
            "Bring each step into [-180, 180) and add the steps up; or ask NumPy for np.unwrap.",
            "np.unwrap(theta_deg, period=360) starts at the first angle. Subtract it.",
        ),
        solution="""\
# Unwrapping adds or takes away whole turns wherever two neighbours are over 180 apart.
return np.unwrap(theta_deg, period=360) - theta_deg[0]""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Parts C and D

_PART_C: tuple[Specification, ...] = (
    Function(
        title="The error that Poisson spikes allow",
        points=2,
        signature="reading_error(rates, window)",
        unit="°",
        reference=_reading_error,
        cases=_reading_error_cases,
        tolerance=Tolerance(relative=0.002),
        slips=(
            Slip(
                lambda rates, window: _reading_error(rates, 1.0),
                "The window is missing: a cell fires rate times window spikes.",
            ),
            Slip(
                _error_of_square,
                "You have divided the variance of S by the mean of F. Take the root of the "
                "variance first.",
            ),
            Slip(
                _error_of_squared_counts,
                "You took the mean count for the standard deviation of the count. The variance of "
                "a Poisson count is its mean.",
            ),
            Slip(
                _error_unturned,
                "You look along 0°, not along the bump. Subtract "
                "population_vector(rates).angle_deg from the preferred angles.",
            ),
            Slip(
                _error_of_arrows,
                "That is the circular standard deviation of the spikes' angles over the root of "
                "their number. It is close for a narrow bump without a background, and no more.",
            ),
        ),
        praise=(
            "S grows as the root of the number of spikes, F as the number. So the error falls as "
            "one over the root of the number of spikes, and for a given bump it does not matter "
            "whether they come from more cells or from a longer window."
        ),
        hints=(
            "The mean counts are rates * window. With the distances from the bump in radians, the "
            "mean of F is the sum of mean_counts * cos(distance).",
            "Var(a n) = a**2 Var(n), variances of independent numbers add, and the variance of a "
            "Poisson number is its mean.",
            "The variance of S is the sum of mean_counts * sin(distance)**2. Divide its root by "
            "the mean of F, and make degrees of the result.",
        ),
        solution="""\
away = get_orientation(np.arange(len(rates)), len(rates)) - population_vector(rates).angle_deg
mean_counts = np.asarray(rates) * window
forward = (mean_counts * np.cos(np.deg2rad(away))).sum()
# Variances of independent terms add; a factor counts squared, a Poisson variance is its mean.
variance_sideways = (mean_counts * np.sin(np.deg2rad(away)) ** 2).sum()
return np.rad2deg(np.sqrt(variance_sideways) / forward)""",
    ),
    Number(
        title="Fewer cells, longer windows",
        points=2,
        unit="°",
        labels=("256 cells, 20 ms", "64 cells, 20 ms", "16 cells, 20 ms", "64 cells, 80 ms"),
        reference=lambda: _cell_errors(SEED),
        # Spikes on the edge of a window, counted in the one or the other, change these errors by
        # less than a hundredth.
        tolerance=Tolerance(relative=0.03),
        remark=(
            f"Is it long_run (seed {SEED}), from 300 to 4300 ms, with t_step equal to window_width?"
        ),
        slips=(
            Slip(
                lambda right: right**2,
                "That is the mean squared difference. Take its root.",
            ),
            Slip(
                lambda right: [np.abs(row).mean() for row in _reading_differences(SEED)],
                "That is the mean of the differences without their sign. Square, average, and take "
                "the root.",
            ),
            Slip(
                lambda right: _errors_from_cue(SEED),
                "Those are differences from the cue. They hold the bump's own movement too: "
                "compare with all cells in the same windows.",
            ),
            Slip(
                lambda right: _poisson_errors(SEED),
                "That is what reading_error predicts. Measure it: decode and compare.",
            ),
            Slip(
                lambda right: right[[2, 1, 0, 3]],
                "Right numbers, other order: every 4th cell, which are 256, comes first.",
            ),
        ),
        praise=(
            "A quarter of the cells, about twice the error; and four times as long helps about as "
            "much as four times as many cells. What counts is how many spikes you have."
        ),
        hints=(
            "get_theta_time_series(long_run, 300*ms, 4300*ms, 20*ms, 20*ms).theta_deg is the "
            "truth for the first three.",
            "The same with listen_to_every(4, long_run) in place of long_run is a reading.",
            "error = signed_difference(read, truth), then np.sqrt((error**2).mean()).",
        ),
        solution="""\
rates = get_spike_count(long_run, None, 300 * ms, 4300 * ms) / (4000 * ms)
cell_errors = []
for step, width in ((4, 20 * ms), (16, 20 * ms), (64, 20 * ms), (16, 80 * ms)):
    windows = (300 * ms, 4300 * ms, width, width)
    # The same windows for both: then the bump's own movement is in neither error.
    truth = get_theta_time_series(long_run, *windows)
    read = get_theta_time_series(listen_to_every(step, long_run), *windows)
    error = signed_difference(read.theta_deg, truth.theta_deg)
    cell_errors.append(np.sqrt((error**2).mean()))
    print(f"{cell_errors[-1]:.2f} (Poisson: {reading_error(rates[::step], width):.2f}) degrees")
figure, ax = plot_theta_time_series(truth.t, [truth.theta_deg], cue_deg=120)
_ = ax.plot(read.t / ms, read.theta_deg, ".", color="gray")""",
    ),
    Function(
        title="The log-likelihood of an angle",
        points=2,
        signature="log_likelihood(counts, expected)",
        reference=_log_likelihood,
        cases=_log_likelihood_cases,
        tolerance=Tolerance(relative=1e-9, absolute=1e-6),
        slips=(
            Slip(
                lambda counts, expected: np.log(expected) @ counts,
                "The term -mu is missing. Without it, a candidate gains by predicting spikes "
                "everywhere.",
            ),
            Slip(
                _full_log_likelihood,
                "You have kept the term ln n!. It is the same for every candidate: leave it out.",
            ),
            Slip(
                lambda counts, expected: np.exp(_log_likelihood(counts, expected)),
                "That is the likelihood itself. Of many cells it becomes too small for the "
                "computer's numbers: return its logarithm.",
            ),
            Slip(
                lambda counts, expected: -np.array(_log_likelihood(counts, expected)),
                "Your sign is wrong: the best candidate should have the largest value.",
            ),
            Slip(
                lambda counts, expected: np.log10(expected) @ counts - expected.sum(axis=1),
                "You took the logarithm to the base 10. np.log is the natural one.",
            ),
        ),
        praise=(
            "It takes as many sums as there are candidates, and says more than which is best: how "
            "steeply it falls to both sides tells how sure one can be."
        ),
        hints=(
            "NumPy lets counts meet each row: counts * np.log(expected) has the shape of expected.",
            "Subtract expected, and sum over the cells: .sum(axis=1).",
        ),
        solution="""\
# counts meets each row of expected; summing along a row is summing over cells.
return (counts * np.log(expected) - expected).sum(axis=1)""",
    ),
    Number(
        title="Two readers of the same spikes",
        points=2,
        unit="°",
        labels=("vector, 0 Hz", "likelihood, 0 Hz", "vector, 10 Hz", "likelihood, 10 Hz"),
        reference=lambda: _reader_errors(SEED),
        # Candidates 1° apart instead of 0.25° change the errors by less than a hundredth.
        tolerance=Tolerance(relative=0.02),
        remark=(
            "Are all 400 rows decoded, with candidates round the whole ring that are 1° apart or "
            "closer?"
        ),
        slips=(
            Slip(
                lambda right: _reader_errors_long_way(SEED),
                "Some of your differences go the long way round: 359° and 1° are 2° apart. Use "
                "signed_difference.",
            ),
            Slip(
                lambda right: right**2,
                "That is the mean squared error. Take its root.",
            ),
            Slip(
                lambda right: [
                    np.abs(_short_way(row)).mean()
                    for b in BACKGROUNDS
                    for row in _reader_differences(b, SEED)
                ],
                "That is the mean of the errors without their sign. Square, average, and take the "
                "root.",
            ),
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: both readers at 0 Hz, then both at 10 Hz.",
            ),
            Slip(
                lambda right: right[[1, 0, 3, 2]],
                "Right numbers, other order: each time first the population vector.",
            ),
            Slip(
                lambda right: _reader_errors(SEED, assumed=BACKGROUNDS[0]),
                "At 10 Hz you tell the reader that there is no background. Pass the background to "
                "tuning as well.",
            ),
        ),
        praise=(
            "Without a background the two readers are as good as each other. With one, the same "
            "bump is there to be read, and the likelihood still reads it; the vector is pulled "
            "about by spikes that say nothing."
        ),
        hints=(
            "population_vector(counts).angle_deg decodes all rows at once.",
            "For one row: candidates[np.argmax(log_likelihood(row, expected))], with expected = "
            "tuning(candidates, background) * window.",
            "Loop over the rows, or take the product of matrices counts @ np.log(expected).T.",
        ),
        solution="""\
reader_errors = []
candidates = np.arange(0, 360, 0.5)
for background in (0 * Hz, 10 * Hz):
    theta_deg, counts = listen(background)
    expected = tuning(candidates, background) * window
    # log_likelihood for all trials at once: a product of matrices sums over the cells.
    log_L = counts @ np.log(expected).T - expected.sum(axis=1)
    for read_deg in (population_vector(counts).angle_deg, candidates[log_L.argmax(axis=1)]):
        error = signed_difference(read_deg, theta_deg)
        reader_errors.append(np.sqrt((error**2).mean()))
print(np.round(reader_errors, 2))""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C
