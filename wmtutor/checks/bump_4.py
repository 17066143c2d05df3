"""The questions of notebook 04: how a remembered angle diffuses, and how it drifts.

As in :mod:`wmtutor.checks.bump_1`, the checker repeats the learner's runs from its own parameters,
with the same seeds, and decodes the angles with its own code. The bootstrap and the zero crossings
are its own as well. What cannot be run in a notebook, 200 trials at each of four sizes, is a
table: the book's, which a test compares with the measured trials.
"""

import functools
import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from scipy.special import betainc

from wmtutor.bump import draw_leak_potentials, simulate_wm
from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Function,
    Number,
    Slip,
    Specification,
    Tolerance,
)
from wmtutor.units import ms, mV, nA, second

__all__ = ["LAGS", "MSD", "QUESTIONS"]

#: Mean squared displacement (deg^2) at each lag (s), by the number of cells; 200 trials each.
LAGS = 0.25 * np.arange(1, 13)
MSD = {
    512: [4.61, 8.61, 12.88, 15.95, 21.01, 25.0, 28.98, 32.99, 38.65, 41.81, 49.34, 55.29],
    1024: [2.18, 4.51, 6.48, 8.86, 12.99, 15.87, 17.63, 19.16, 20.74, 23.3, 25.1, 27.32],
    2048: [1.1, 2.25, 3.95, 4.86, 5.7, 7.29, 7.82, 8.95, 9.64, 10.19, 10.65, 11.27],
    4096: [0.48, 0.87, 1.4, 2.03, 2.67, 3.22, 3.73, 4.18, 4.6, 5.13, 5.93, 6.0],
}

#: Of part A: trials in a large and a small network.
SIZES = (2048, 512)
SEEDS = (1, 2, 3)
#: Of parts B and D: two repeats of 20 cues, by the seed of each repeat's first trial.
N = 512
CUES_DEG = tuple(18.0 * k for k in range(20))
EQUAL = (100, 200)
UNEQUAL = (300, 400)
SPREAD = 2 * mV

_FIRST_WINDOW = 400 * ms
_WINDOW = 100 * ms
_TIMES = 11

#: Duration of the displacements that parts A and D ask for.
_DURATION = (_TIMES - 1) * _WINDOW


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


@functools.cache
def _path(N: int, seed: int, cue_deg: float = 180.0, unequal: bool = False) -> np.ndarray:
    """The decoded angle in each window, degrees in [0, 360)."""
    run = simulate_wm(
        N_excitatory=N,
        N_inhibitory=N // 4,
        weight_scaling_factor=2048 / N,
        stimulus_center_deg=cue_deg,
        stimulus_width_deg=30,
        stimulus_strength=0.2 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        E_leak_excit=draw_leak_potentials(N, SPREAD, 0) if unequal else None,
        sim_time=1.5 * second,
        dt=0.1 * ms,
        monitored_subset_size=1,
        seed=seed,
    )
    spikes = run.spike_monitor_excit
    # Half a step late: no spike then sits on the border of two windows.
    window = np.floor((spikes.t - _FIRST_WINDOW + 0.05 * ms) / _WINDOW).astype(int)
    angle = 2 * np.pi * spikes.i / N
    within = (window >= 0) & (window < _TIMES)
    x, y = (
        np.bincount(window[within], weights=f(angle[within]), minlength=_TIMES)
        for f in (np.cos, np.sin)
    )
    path = np.degrees(np.arctan2(y, x)) % 360
    path.flags.writeable = False
    return path


def _moved(theta_deg: np.ndarray) -> np.ndarray:
    """Displacement since the first sample, step by step the shorter way round."""
    steps = (np.diff(theta_deg, axis=-1) + 180) % 360 - 180
    return np.concatenate([np.zeros_like(theta_deg[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)


def _sizes(reading: Callable[[np.ndarray], float]) -> np.ndarray:
    """Something read from the three paths of each size."""
    return np.array([reading(np.array([_path(N, seed) for seed in SEEDS])) for N in SIZES])


def _last(theta_deg: np.ndarray) -> np.ndarray:
    return _moved(theta_deg)[:, -1]


def _root_mean_square(values: np.ndarray) -> float:
    return math.sqrt((values**2).mean())


@functools.cache
def _repeats(unequal: bool) -> np.ndarray:
    """Decoded angles, shape (repeats, cues, times)."""
    return np.array(
        [
            [_path(N, first + k, cue, unequal) for k, cue in enumerate(CUES_DEG)]
            for first in (UNEQUAL if unequal else EQUAL)
        ]
    )


def _correlations(read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Correlation of what is read from the two repeats, in each network."""
    pairs = [read(_repeats(unequal)) for unequal in (False, True)]
    return np.array([np.corrcoef(first.ravel(), second.ravel())[0, 1] for first, second in pairs])


def _half_slopes(t: np.ndarray, squared: np.ndarray) -> np.ndarray:
    """Half the slope of each row against t, by least squares."""
    centred = t - t.mean()
    return squared @ centred / (centred @ centred) / 2


@functools.cache
def _each_diffusion() -> np.ndarray:
    """A diffusion constant from every trial of the network of equal cells."""
    squared = _moved(_repeats(False)).reshape(-1, _TIMES) ** 2
    return _half_slopes(_WINDOW * np.arange(1, _TIMES), squared[:, 1:])


@functools.cache
def _diffusion_interval(level: float = 0.95, plain: bool = False) -> np.ndarray:
    """D and its BCa interval (Efron 1987), or that of the plain percentiles."""
    values = _each_diffusion()
    n, mean = len(values), values.mean()
    draws = np.random.default_rng(1).integers(n, size=(50_000, n))
    means = values[draws].mean(axis=1)
    normal = NormalDist()
    bias = acceleration = 0.0
    if not plain:
        bias = normal.inv_cdf(float((means < mean).mean()))
        centred = values - mean
        acceleration = float((centred**3).sum() / (6 * (centred**2).sum() ** 1.5))
    limits = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(share)
        limits.append(normal.cdf(bias + z / (1 - acceleration * z)))
    return np.array([mean, *np.quantile(means, limits)])


# ---------------------------------------------------------------------------------------------
# Part A


def _displacement_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    far = np.cumsum(generator.uniform(40, 110, 12)) % 360
    near = (generator.uniform(0, 360) + np.cumsum(generator.normal(0, 20, 15))) % 360
    return [
        Case(
            (np.array([120.0, 123.0, 119.0]),),
            "displacement(np.array([120, 123, 119]))",
            "This one never comes near the wrap-around. It ends 1° below its start.",
        ),
        Case(
            (np.array([350.0, 356.0, 3.0, 359.0, 8.0]),),
            "displacement(np.array([350, 356, 3, 359, 8]))",
            "From 356° to 3° it is 7° further up.",
        ),
        Case(
            (np.array([4.0, 358.0, 350.0]),),
            "displacement(np.array([4, 358, 350]))",
            "From 4° to 358° it is 6° down.",
        ),
        Case(
            (np.array([10.0, 110.0, 210.0, 310.0, 50.0, 150.0]),),
            "displacement(np.array([10, 110, 210, 310, 50, 150]))",
            "This path goes round the ring: 100° with every step, 500° in all.",
        ),
        Case((far,), "displacement(a path that goes round more than once)"),
        Case((near,), "displacement(a random path)"),
        Case((np.array([77.0]),), "displacement(np.array([77]))", "A single sample has not moved."),
    ]


def _wrong_order(ratio: float, trials: int) -> float:
    # The ratio of the two mean squares, over the true one, has the F distribution.
    return float(betainc(trials / 2, trials / 2, 1 / (1 + ratio)))


def _wrong_order_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    drawn = [
        (round(float(generator.uniform(1.5, 8)), 1), int(generator.integers(2, 12)))
        for _ in range(2)
    ]
    why = {
        (4.0, 3): "This is the experiment of question 2, if D goes as 1/N.",
        (1.0, 5): "If both are alike, either order comes out equally often.",
        (4.0, 30): "With many trials the order is nearly always right.",
        (4.0, 1): "With one trial each, two squares are compared.",
    }
    return [
        Case((ratio, trials), f"wrong_order({ratio:g}, {trials})", why.get((ratio, trials), ""))
        for ratio, trials in [*why, *drawn]
    ]


_PART_A: tuple[Specification, ...] = (
    Function(
        title="How far a memory has moved",
        signature="displacement(theta_deg)",
        reference=_moved,
        cases=_displacement_cases,
        tolerance=Tolerance(absolute=1e-6),
        slips=(
            Slip(
                lambda theta: theta - theta[0],
                "Where the path passes 0°, yours jumps by 360°. Undo the wrap first: np.unwrap "
                "with period=360.",
            ),
            Slip(
                lambda theta: np.unwrap(theta, period=360),
                "That is the angle without its jumps. The displacement is counted from the first "
                "sample: subtract it.",
            ),
            Slip(
                lambda theta: np.unwrap(theta) - np.unwrap(theta)[0],
                "np.unwrap expects radians unless you tell it: period=360.",
            ),
            Slip(
                lambda theta: (theta - theta[0] + 180) % 360 - 180,
                "That is the shortest way from the first sample. A memory that has gone more than "
                "half a turn comes out wrong: add up the way from sample to sample.",
            ),
            Slip(
                lambda theta: np.abs(_moved(theta)),
                "The sign is lost. Rising angles count as positive, falling ones as negative.",
            ),
            Slip(
                lambda theta: np.deg2rad(_moved(theta)),
                "That is the displacement in radians. Angles here are degrees.",
            ),
        ),
        praise=(
            "The wrap-around is in the number, not in the memory. In what follows no memory goes "
            "half a turn, and there the shortest way, signed_difference, does as well."
        ),
        hints=(
            "A jump of more than 180° from one sample to the next is no movement: the number has "
            "wrapped.",
            "np.unwrap takes such jumps out. It needs to know how long a turn is: period=360.",
            "Subtract the first value of the unwrapped path from all of it.",
        ),
        solution="""\
# Where two samples are more than half a turn apart, the number has wrapped, not the memory.
unwrapped = np.unwrap(theta_deg, period=360)
return unwrapped - unwrapped[0]""",
    ),
    Number(
        title="Three trials of each size",
        unit="°",
        labels=tuple(f"{N} cells" for N in SIZES),
        reference=lambda: _sizes(lambda theta: _root_mean_square(_last(theta))),
        # The angles agree to hundredths of a degree; the mean without sign and the standard
        # deviation are at least 0.07 degrees away from the root mean square.
        tolerance=Tolerance(absolute=0.05),
        slips=(
            Slip(
                lambda right: _sizes(lambda theta: np.abs(_last(theta)).mean()),
                "That is the mean of the displacements without their signs. Square them, average, "
                "take the root.",
            ),
            Slip(
                lambda right: _sizes(lambda theta: _last(theta).std()),
                "That is the standard deviation, which counts from the mean of the three. The root "
                "mean square counts from 0.",
            ),
            Slip(
                lambda right: _sizes(lambda theta: _last(theta).std(ddof=1)),
                "That is the standard deviation (with ddof=1), which counts from the mean of the "
                "three. The root mean square counts from 0.",
            ),
            Slip(
                lambda right: _sizes(lambda theta: _root_mean_square(theta[:, -1] - 180)),
                "You measure from the cue. Measure from the first window: where the memory began "
                "to be on its own.",
            ),
            Slip(lambda right: right**2, "The root is missing: those are mean squares, in deg²."),
            Slip(lambda right: right[::-1], "Right numbers, other order: 2048 cells come first."),
        ),
        remark="Are the seeds 1, 2 and 3, and is it the last window minus the first?",
        praise=(
            "Over 200 trials each (part C) the small network's root mean square is "
            f"{math.sqrt(MSD[512][3] / MSD[2048][3]):.1f} times that of the large one after 1 s. "
            "How far off three trials can be is the next question."
        ),
        hints=(
            "A row a trial: theta = np.array([angles(hold(N, seed)) for seed in (1, 2, 3)]).",
            "The displacement is signed_difference(theta[:, -1], theta[:, 0]).",
            "The root of the mean of the squares: np.sqrt((moved**2).mean()).",
        ),
        solution="""\
rms_deg = []
for N in (2048, 512):
    theta = np.array([angles(hold(N, seed)) for seed in (1, 2, 3)])
    figure, axes = plot_theta_time_series(t, theta, cue_deg=180)
    # No memory goes half a turn in a second, so the shortest way is the way it went.
    moved = signed_difference(theta[:, -1], theta[:, 0])
    rms_deg.append(np.sqrt((moved**2).mean()))
    print(f"{N} cells: {rms_deg[-1]:.1f} degrees")""",
    ),
    Function(
        title="How often three trials mislead",
        points=2,
        signature="wrong_order(ratio, trials)",
        reference=_wrong_order,
        cases=_wrong_order_cases,
        # 100 000 experiments err by 0.0016 at most (one standard error): six times that.
        tolerance=Tolerance(absolute=0.01),
        slips=(
            Slip(
                lambda ratio, trials: 1 - _wrong_order(ratio, trials),
                "That is the probability of the right order. Ask how often the small network has "
                "the smaller mean square.",
            ),
            Slip(
                lambda ratio, trials: _wrong_order(ratio**2, trials),
                "You multiplied the standard deviation by ratio. It is the variance that differs "
                "by this factor: the standard deviation differs by its root.",
            ),
            Slip(
                lambda ratio, trials: _wrong_order(ratio, 1),
                "You compare single displacements, or their means. Average the squares over "
                "the trials of an experiment, and compare those averages.",
            ),
            Slip(
                lambda ratio, trials: 0.5,
                "You compare displacements with their signs, which are as often above as below "
                "each other. Square them first.",
            ),
        ),
        praise=(
            "With a fourfold variance and three trials each, the order comes out wrong in "
            f"{100 * _wrong_order(4, 3):.0f} of 100 experiments; with ten trials each, in "
            f"{100 * _wrong_order(4, 10):.0f}. A figure of three paths each is an illustration, no "
            "evidence."
        ),
        hints=(
            "One experiment is `trials` normal numbers for each network. Do 100 000 at once: an "
            "array of shape (100_000, trials).",
            "A variance that is `ratio` times as large means a standard deviation that is "
            "np.sqrt(ratio) times as large.",
            "The mean of a truth value is the fraction of experiments in which it holds: "
            "((small**2).mean(axis=1) < (large**2).mean(axis=1)).mean().",
        ),
        solution="""\
# The unit does not matter, so the large network may have a standard deviation of 1.
generator = np.random.default_rng(0)
large = generator.normal(0, 1, (100_000, trials))
small = generator.normal(0, np.sqrt(ratio), (100_000, trials))
return ((small**2).mean(axis=1) < (large**2).mean(axis=1)).mean()""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B


def _line(lag: np.ndarray, msd: np.ndarray) -> float:
    return float(_half_slopes(lag, msd))


def _diffusion_constant(
    moved: np.ndarray,
    t: np.ndarray,
    *,
    from_: int = 1,
    average: Callable[..., np.ndarray] = np.mean,
) -> float:
    return _line(t[from_:], average(moved**2, axis=0)[from_:])


def _diffusion_constant_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    t = 0.45 + 0.1 * np.arange(8)
    uneven = np.array([0.4, 0.5, 0.8, 1.0, 1.7])
    spread = np.sqrt(3.0 + 2 * 5.0 * (t - t[0])) * (t > t[0])
    steps = generator.normal(0, generator.uniform(1, 3), (25, 7))
    walk = np.concatenate([np.zeros((25, 1)), np.cumsum(steps, axis=1)], axis=1)
    noise = generator.normal(0, 1.5, walk.shape)
    shown = "diffusion_constant({}, t)"
    return [
        Case(
            (np.array([spread, -spread, spread, -spread]), t),
            shown.format("four trials whose mean square is exactly 3 + 2 * 5 * time"),
            "D is 5 deg²/s, and 3 deg² belong to the reading.",
        ),
        Case(
            (walk + noise - noise[:, :1], t),
            shown.format("25 random walks, decoded with an error"),
        ),
        Case(
            (3.0 * (uneven - uneven[0]) + np.outer([1.0, -1.0], [0, 1, -1, 2, 3]), uneven),
            shown.format("two trials that drift together, at uneven times"),
            "The mean square counts from 0, also where all trials drift.",
        ),
        Case((walk[:1], t), shown.format("a single trial")),
    ]


def _through_origin(moved: np.ndarray, t: np.ndarray) -> float:
    lag = t - t[0]
    return float(lag @ (moved**2).mean(axis=0) / (lag @ lag) / 2)


_PART_B: tuple[Specification, ...] = (
    Function(
        title="The diffusion constant",
        points=2,
        signature="diffusion_constant(moved_deg, t)",
        reference=_diffusion_constant,
        cases=_diffusion_constant_cases,
        tolerance=Tolerance(relative=0.001, absolute=1e-9),
        slips=(
            Slip(
                lambda moved, t: 2 * _diffusion_constant(moved, t),
                "That is the slope. The mean squared displacement grows as 2 D t: halve it.",
            ),
            Slip(
                functools.partial(_diffusion_constant, from_=0),
                "You fit the first sample too. It is 0 by definition and has no reading error, so "
                "the line starts too low and comes out too steep. Leave it out.",
            ),
            Slip(
                _through_origin,
                "You draw the line through the origin, and the error of reading is taken for "
                "diffusion. Fit an intercept too.",
            ),
            Slip(
                lambda moved, t: _line((t - t[0])[1:], moved.var(axis=0)[1:]),
                "That is the variance over trials, counted from their mean. The displacement "
                "counts from 0: average the squares.",
            ),
            Slip(
                functools.partial(_diffusion_constant, average=np.sum),
                "You add the squares up. Average them over trials: D must not grow with "
                "the number of trials.",
            ),
            Slip(
                lambda moved, t: _diffusion_constant(moved, t) / 1000,
                "That is 1000 times too small: deg² per ms. The times in t are seconds.",
            ),
            Slip(
                lambda moved, t: (moved[:, -1] ** 2).mean() / (2 * (t[-1] - t[0])),
                "That is the last point alone, over twice its time. The error of reading is still "
                "in it. Take the slope of a line through all points but the first.",
            ),
            Slip(
                lambda moved, t: _line(t[1:], np.sqrt((moved**2).mean(axis=0))[1:]),
                "You fit a line to the root mean square. It is its square that grows as a line.",
            ),
        ),
        praise=(
            "The slope is what the memory does, the intercept is what the reading does. Keeping "
            "the two apart is why one measures at several times."
        ),
        hints=(
            "First the mean squared displacement: (moved_deg**2).mean(axis=0), a value for each "
            "time.",
            "np.polyfit(x, y, 1) returns the slope and the intercept of the best line.",
            "Leave the first time out, t[1:] and msd[1:], and halve the slope.",
        ),
        solution="""\
# Not the variance over trials: that would take a common drift out.
msd = (moved_deg**2).mean(axis=0)
# The first sample is 0 by definition, without any error: it does not lie on the line.
slope, _offset = np.polyfit(t[1:], msd[1:], 1)
return slope / 2""",
    ),
    Number(
        title="D with its confidence interval",
        points=2,
        labels=("D", "lower end", "upper end"),
        reference=_diffusion_interval,
        # The ends of a bootstrap of 9999 samples vary with its seed, with standard deviations of
        # 0.045 and 0.10 (150 seeds); these are eight of them. Percentiles and other levels are
        # further off.
        tolerance=Tolerance(absolute=(0.05, 0.35, 0.9)),
        slips=(
            Slip(
                lambda right: 2 * right,
                "Those are slopes. The mean squared displacement grows as 2 D t: halve them.",
            ),
            Slip(
                # Halfway between the two: neither can be told from the other.
                lambda right: (
                    (
                        _diffusion_interval(plain=True)
                        + _each_diffusion().mean()
                        + np.array([0, -1.96, 1.96]) * _each_diffusion().std() / math.sqrt(40)
                    )
                    / 2
                ),
                "D is right. The interval is that of the plain percentiles, or 1.96 standard "
                "errors to either side. The slopes are skewed, because a few trials move far: "
                "bootstrap's own default (BCa) allows for that.",
            ),
            Slip(
                lambda right: (
                    _each_diffusion().mean()
                    + np.array([0, -1, 1]) * _each_diffusion().std(ddof=1) / math.sqrt(40)
                ),
                "D is right. The interval is one standard error to either side, which holds the "
                "true value in about two of three studies. An interval of 95% is asked for.",
            ),
            Slip(
                lambda right: _diffusion_interval(0.9),
                "D is right. The interval is one of 90%; 95% is asked for.",
            ),
            Slip(
                lambda right: np.array([right[0], *np.quantile(_each_diffusion(), (0.025, 0.975))]),
                "D is right. The interval is the range of single trials. The interval of their "
                "mean is asked for, and that is much narrower.",
            ),
        ),
        remark=(
            "Take all 40 trials, one number each: half the slope of its squared displacement "
            "against t, without the first sample."
        ),
        praise=(
            "Even with forty trials the upper end is almost three times the lower one. Squared "
            "displacements vary much, and their mean settles slowly. Trials are what is "
            "resampled, because the times of one trial are not independent."
        ),
        hints=(
            "squared = moved_equal.reshape(40, 11) ** 2 has a row for each trial.",
            "np.polyfit(t[1:], squared[:, 1:].T, 1) fits every trial at once: its first row holds "
            "the slopes. Halve them.",
            "bootstrap((each,), np.mean, rng=np.random.default_rng(0)).confidence_interval has the "
            "ends .low and .high.",
        ),
        solution="""\
squared = moved_equal.reshape(40, 11) ** 2
# np.polyfit fits all columns at once; a trial's value alone means little, their mean a lot.
each = np.polyfit(t[1:], squared[:, 1:].T, 1)[0] / 2
interval = bootstrap((each,), np.mean, rng=np.random.default_rng(0)).confidence_interval
diffusion = [each.mean(), interval.low, interval.high]
print(f"D = {diffusion[0]:.1f} deg^2/s, 95% interval {diffusion[1]:.1f} to {diffusion[2]:.1f}")""",
    ),
    Choice(
        title="One delay only",
        right="c",
        wrong={
            "a": "The errors cancel, but their squares do not. A square is never negative.",
            "b": "The mean square is too large by the same number of deg² at every delay. It is "
            "then divided by 2 t.",
            "d": "Independent errors add their variances to that of the movement. They can only "
            "make the mean square larger.",
        },
        praise=(
            "The two errors add twice their variance to the mean square, at any delay. Divided by "
            "2 t that makes D too large by the variance over t. With several delays it ends up in "
            "the intercept, where it does no harm."
        ),
        hints=(
            "Write the displacement as movement plus last error minus first error, and square it.",
            "The mean square is 2 D t plus something that does not depend on t. Divide by 2 t.",
        ),
        solution='reason = "c"',
    ),
)


# ---------------------------------------------------------------------------------------------
# Part C


def _exponent(read: Callable[[np.ndarray], float]) -> float:
    """Minus the slope of log(read(msd)) against log N."""
    x = np.log2(list(MSD))
    y = np.log2([read(np.array(msd)) for msd in MSD.values()])
    return float(-np.cov(x, y)[0, 1] / np.var(x, ddof=1))


def _slope_of(msd: np.ndarray) -> float:
    return _line(LAGS, msd)


def _cells_needed(
    error_deg: float, delay: float, N: float, diffusion: float, *, two: float = 2
) -> float:
    return N * two * diffusion * delay / error_deg**2


def _cells_needed_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    drawn = (
        float(generator.uniform(0.5, 3)),
        float(generator.uniform(1, 8)),
        int(generator.integers(300, 3000)),
        float(generator.uniform(2, 9)),
    )
    call = "cells_needed({}, {}, {}, {})"
    return [
        Case((4.0, 1.0, 512, 8.0), call.format(4, 1, 512, 8), "This network is just right."),
        Case((2.0, 1.0, 512, 8.0), call.format(2, 1, 512, 8), "Half the error, the same delay."),
        Case((4.0, 10.0, 512, 8.0), call.format(4, 10, 512, 8), "Ten times the delay."),
        Case((4.0, 1.0, 1024, 4.0), call.format(4, 1, 1024, 4), "The same law from another size."),
        Case(drawn, call.format(*(f"{value:.4g}" for value in drawn))),
    ]


_PART_C: tuple[Specification, ...] = (
    Number(
        title="The exponent of the law",
        points=2,
        reference=lambda: _exponent(_slope_of),
        # Room for rounding; other ways to take D from the table are twice as far off.
        tolerance=Tolerance(absolute=0.005),
        slips=(
            Slip(
                lambda right: -right,
                "That is the slope. D falls as N to the power of minus a: turn the sign.",
            ),
            Slip(
                lambda right: right / 2,
                "That is the exponent of the typical error, the root. D goes as its square.",
            ),
            Slip(
                lambda right: _exponent(lambda msd: float(LAGS @ msd / (LAGS @ LAGS))),
                "You draw the lines through the origin. Fit an intercept too, as in question 4.",
            ),
            Slip(
                lambda right: _exponent(lambda msd: msd[-1]),
                "You take the last time only. Take half the slope over all 12 times.",
            ),
            Slip(
                lambda right: _exponent(lambda msd: _line(LAGS[1:], msd[1:])),
                "You leave the first column out. In this table it is no time 0: use all 12.",
            ),
            Slip(
                lambda right: (
                    -np.polyfit(
                        list(MSD), [math.log(_slope_of(np.array(m))) for m in MSD.values()], 1
                    )[0]
                ),
                "You fit log D against N itself. Take the logarithm of N too.",
            ),
        ),
        remark=(
            "Is D half the slope of a line with an intercept, over all 12 times? Are both axes "
            "logarithmic, and all four sizes in the fit?"
        ),
        praise=(
            "Close to 1: every doubling of the network halves D. The book's chapter gives the "
            "interval of this exponent, and 1 is inside. The exact value is not known: four sizes "
            "and 200 trials cannot tell 1 from 1.1."
        ),
        hints=(
            "D of a size is half of np.polyfit(lag, msd[N], 1)[0].",
            "If D = k N^-a, then log D = log k - a log N: a straight line.",
            "a is -np.polyfit(np.log(sizes), np.log(D), 1)[0].",
        ),
        solution="""\
sizes = np.array(list(msd))
D = np.array([np.polyfit(lag, msd[N], 1)[0] / 2 for N in sizes])
print(dict(zip(sizes.tolist(), D.round(2).tolist(), strict=True)))
# A power law is a straight line on logarithmic axes; its slope is minus the exponent.
exponent = -np.polyfit(np.log(sizes), np.log(D), 1)[0]
print(f"a = {exponent:.2f}")""",
    ),
    Function(
        title="Cells for a precise memory",
        signature="cells_needed(error_deg, delay, N, diffusion)",
        reference=_cells_needed,
        cases=_cells_needed_cases,
        # Room for rounding up to a whole cell.
        tolerance=Tolerance(relative=0.001, absolute=1.0),
        slips=(
            Slip(
                functools.partial(_cells_needed, two=1),
                "A factor of 2 is missing: the mean squared error is 2 D t.",
            ),
            Slip(
                lambda error, delay, N, D: N * 2 * D * delay / error,
                "You compare a mean square, 2 D t, with an error. Square the error.",
            ),
            Slip(
                lambda error, delay, N, D: N * math.sqrt(2 * D * delay) / error,
                "You let the error fall as 1/N. It is D that falls as 1/N: the error falls as its "
                "root, so half the error takes four times the cells.",
            ),
            Slip(
                lambda error, delay, N, D: N * error**2 / (2 * D * delay),
                "It is upside down: a smaller error takes more cells, not fewer.",
            ),
        ),
        praise=(
            "Half the error takes four times the cells, and so does a delay four times as long. "
            "Precision by numbers is dear."
        ),
        hints=(
            "The mean squared error after the delay is 2 D delay. Which D makes it error_deg**2?",
            "If D goes as 1/N, then N times D is the same for all sizes.",
            "The answer is N * diffusion / (error_deg**2 / (2 * delay)).",
        ),
        solution="""\
# The error is sqrt(2 D delay): this is the D that is allowed.
allowed = error_deg**2 / (2 * delay)
return N * diffusion / allowed""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part D


def _drift_speed(first: np.ndarray, second: np.ndarray, duration: float) -> float:
    product = math.fsum(a * b for a, b in zip(first, second, strict=True)) / len(first)
    return math.sqrt(product) / duration if product > 0 else 0.0


def _drift_speed_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    drift, noise = generator.normal(0, 8, 20), generator.normal(0, 3, (2, 20))
    cues = np.arange(12) * 30.0
    wave = 6 * np.sin(np.deg2rad(cues))
    shaken = np.where(np.arange(12) % 2, 2.0, -2.0)
    return [
        Case(
            (np.full(20, 6.0), np.full(20, 6.0), 0.5),
            "drift_speed(6° for every cue, the same, 0.5)",
            "6° in half a second.",
        ),
        Case(
            (wave + shaken, wave - shaken, 1.0),
            "drift_speed(drift plus noise, drift minus noise, 1.0)",
            "The noise of the two repeats differs, the drift is the same.",
        ),
        Case(
            (shaken, -shaken, 1.0),
            "drift_speed(noise, its opposite, 1.0)",
            "The mean product is negative: no sign of drift, so 0.",
        ),
        Case(
            (drift + noise[0], drift + noise[1], float(generator.uniform(0.3, 2))),
            "drift_speed(random drift and noise)",
        ),
    ]


def _drift_speed_of(
    combine: Callable[[np.ndarray, np.ndarray], float],
) -> Callable[[np.ndarray, np.ndarray, float], float]:
    """The root of another mean square, over the duration."""
    return lambda first, second, duration: math.sqrt(combine(first, second)) / duration


def _crossings(velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the field falls through zero, and where it rises; degrees."""
    following = np.roll(velocity, -1)
    falls, rises = (velocity > 0) & (following <= 0), (velocity < 0) & (following >= 0)
    at = np.arange(360) + velocity / np.where(falls | rises, velocity - following, 1.0)
    return at[falls] % 360, at[rises] % 360


def _ahead(points: np.ndarray, cue_deg: float, sign: float) -> float:
    """The first of some angles on the way up (sign 1) or down (-1) from the cue."""
    return float(points[np.argmin(sign * (points - cue_deg) % 360)])


def _resting_place(velocity: np.ndarray, cue_deg: int) -> float:
    return _ahead(_crossings(velocity)[0], cue_deg, float(np.sign(velocity[cue_deg])))


def _nearest(points: np.ndarray, cue_deg: float) -> float:
    return float(points[np.argmin(np.abs((points - cue_deg + 180) % 360 - 180))])


def _field(zeros_deg: np.ndarray, scale: float = 40.0) -> np.ndarray:
    """A smooth field with these zeros, in even number: stable and unstable in turn."""
    halves = np.deg2rad(np.arange(360)[:, None] - np.asarray(zeros_deg)[None, :]) / 2
    return scale * np.prod(np.sin(halves), axis=1)


def _resting_place_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    call = "resting_place(a field with stable points at {}, {})"
    two = np.array([100.3, 120.4, 250.2, 340.6])
    wrap = np.array([5.5, 95.5, 185.5, 275.5])
    cases = [
        Case((_field(two), 200), call.format("100.3° and 250.2°", 200)),
        Case(
            (_field(two), 128),
            call.format("100.3° and 250.2°", 128),
            "The nearest stable point is on the other side of an unstable one, at 120.4°. The "
            "field pushes the bump away from both.",
        ),
        Case(
            (_field(wrap), 300),
            call.format("5.5° and 185.5°", 300),
            "The way leads across 0°.",
        ),
        Case(
            (_field(np.array([330.5, 50.5])), 20),
            call.format("330.5°", 20),
            "The way leads down across 0°.",
        ),
    ]
    for _ in range(2):
        gaps = 40 + 200 * generator.dirichlet(np.ones(4))
        zeros = generator.uniform(0, 360) + np.cumsum(gaps)
        place = zeros[generator.integers(4)] + generator.uniform(6, 34)
        cases.append(
            Case((_field(zeros), round(place) % 360), "resting_place(a random field and cue)")
        )
    return cases


_PART_D: tuple[Specification, ...] = (
    Number(
        title="Does the movement repeat?",
        points=2,
        labels=("equal cells", "unequal cells"),
        reference=lambda: _correlations(lambda theta: _moved(theta)[:, :, -1]),
        tolerance=Tolerance(absolute=0.02),
        slips=(
            Slip(
                lambda right: _correlations(lambda theta: theta[:, :, -1]),
                "You correlate final angles. They follow the cue in any network. Correlate "
                "displacements: last window minus first.",
            ),
            Slip(
                lambda right: _correlations(_moved),
                "You correlate all times at once. Take the displacement after 1 s, the last one.",
            ),
            Slip(
                lambda right: right**2,
                "That is the square of the correlation. Its sign and its root are asked for.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: the network of equal cells comes first.",
            ),
        ),
        remark=(
            "Is it moved_equal[0, :, -1] against moved_equal[1, :, -1], and the same of "
            "moved_unequal?"
        ),
        praise=(
            "With equal cells the second repeat does not know of the first. With 20 pairs a "
            "correlation is uncertain by about 0.2, so this one is no different from 0. With "
            "unequal cells the network decides a good part of the movement, and does so each time."
        ),
        hints=(
            "moved_equal[0, :, -1] are the displacements of the first repeat after 1 s, one for "
            "each cue.",
            "np.corrcoef(x, y) is a matrix of 2 x 2; the correlation is its element [0, 1].",
        ),
        solution="""\
correlations = []
for moved in (moved_equal, moved_unequal):
    # Displacements, not final angles: those follow the cue in any network.
    first, again = moved[:, :, -1]
    correlations.append(np.corrcoef(first, again)[0, 1])
print(np.round(correlations, 2))""",
    ),
    Function(
        title="The speed of drift, without the noise",
        points=2,
        signature="drift_speed(first_deg, second_deg, duration)",
        reference=_drift_speed,
        cases=_drift_speed_cases,
        tolerance=Tolerance(relative=0.001, absolute=1e-6),
        slips=(
            Slip(
                _drift_speed_of(lambda a, b: (np.concatenate([a, b]) ** 2).mean()),
                "That is the mean square of all displacements: the noise is in it. Multiply the "
                "two repeats of each cue.",
            ),
            Slip(
                _drift_speed_of(lambda a, b: (((a + b) / 2) ** 2).mean()),
                "You average the two repeats and then square. Half of the noise's variance is "
                "still in it. Multiply the two repeats instead.",
            ),
            Slip(
                lambda a, b, duration: _drift_speed(a, b, 1.0),
                "That is a distance. Divide by the duration for a velocity.",
            ),
            Slip(
                lambda a, b, duration: _drift_speed(a, b, duration) ** 2,
                "The root is missing: that is a mean square, in (deg/s)².",
            ),
            Slip(
                lambda a, b, duration: math.sqrt(_drift_speed(a, b, 1.0) ** 2 / duration),
                "The duration is under the root. Displacement over time is a velocity: take the "
                "root first, then divide.",
            ),
            Slip(
                _drift_speed_of(lambda a, b: abs((a * b).mean())),
                "You take the negative mean product without its sign. It says that there is no "
                "sign of drift: return 0.",
            ),
            Slip(
                _drift_speed_of(lambda a, b: np.abs(a * b).mean()),
                "You take every product without its sign. Then nothing can cancel, and the noise "
                "stays in.",
            ),
        ),
        praise=(
            "Two noisy measures of the same thing, multiplied: what they share remains, what they "
            "do not share averages out. Applied to the network of equal cells it gives about 0, "
            "where the plain mean square never would."
        ),
        hints=(
            "Multiply the two arrays: one product for each cue. Then the mean.",
            "np.sqrt(max(mean, 0)) is a typical distance. Divide by the duration.",
        ),
        solution="""\
# first * second = drift^2 + drift * (noise + other noise) + noise * other noise
drift_squared = (first_deg * second_deg).mean()
return np.sqrt(max(drift_squared, 0)) / duration""",
    ),
    Function(
        title="Where a memory comes to rest",
        points=2,
        signature="resting_place(velocity, cue_deg)",
        unit="°",
        reference=_resting_place,
        cases=_resting_place_cases,
        # The degree before or after the crossing will do.
        tolerance=Tolerance(absolute=1.2),
        time_limit=10.0,
        slips=(
            Slip(
                lambda velocity, cue: _nearest(_crossings(velocity)[0], cue),
                "That is the nearest stable point. The bump may be on the far side of an unstable "
                "one, which it cannot cross: follow the sign of the velocity.",
            ),
            Slip(
                lambda velocity, cue: _nearest(np.concatenate(_crossings(velocity)), cue),
                "That is the nearest zero, stable or not. From an unstable one bumps move away.",
            ),
            Slip(
                lambda velocity, cue: _ahead(
                    _crossings(velocity)[1], cue, -float(np.sign(velocity[cue]))
                ),
                "You go against the field, to the unstable point that the bump flees. Where the "
                "velocity is positive, the angle grows.",
            ),
            Slip(
                lambda velocity, cue: _ahead(_crossings(velocity)[0], cue, 1.0),
                "You always go up. Where the velocity is negative the angle falls.",
            ),
            Slip(
                lambda velocity, cue: (cue + velocity[cue]) % 360,
                "That is where the bump would be after 1 s at the velocity that it starts with. "
                "It goes on until the velocity is 0.",
            ),
        ),
        praise=(
            "Each stable point has a basin, and unstable points are the watersheds. Without noise "
            "all memories of a basin end as one: in the long run such a network knows as many "
            "angles as it has stable points."
        ),
        hints=(
            "Is velocity[cue_deg] positive? Then the bump goes up, else down.",
            "Go degree by degree in that direction, as long as the velocity has that sign.",
            "The ring is closed: 0 comes after 359, and 359 before 0. That is (k + step) % 360.",
        ),
        solution="""\
# The nearest fixed point may lie behind the bump. Go where the field goes, until it turns.
step = 1 if velocity[cue_deg] > 0 else -1
k = cue_deg
while velocity[(k + step) % 360] * step > 0:
    k = (k + step) % 360
here, there = velocity[k], velocity[(k + step) % 360]
return (k + step * here / (here - there)) % 360""",
    ),
    Function(
        title="When drift overtakes diffusion",
        signature="crossover_time(diffusion, speed)",
        unit="s",
        reference=lambda diffusion, speed: diffusion / speed * 2 / speed,
        cases=lambda seed: [
            Case((8.0, 4.0), "crossover_time(8, 4)", "After 1 s both make an error of 4°."),
            Case((8.0, 8.0), "crossover_time(8, 8)", "Drift twice as fast."),
            Case((2.0, 4.0), "crossover_time(2, 4)", "A quarter of the diffusion."),
            Case(
                tuple(float(x) for x in np.random.default_rng(seed).uniform(2, 10, 2).round(2)),
                "crossover_time(two random numbers)",
            ),
        ],
        tolerance=Tolerance(relative=0.001),
        slips=(
            Slip(
                lambda diffusion, speed: diffusion / speed**2,
                "A factor of 2 is missing: diffusion makes a mean squared error of 2 D t.",
            ),
            Slip(
                lambda diffusion, speed: 2 * diffusion / speed,
                "You set 2 D t equal to an error. It is a mean square: set it equal to the square "
                "of v t.",
            ),
            Slip(
                lambda diffusion, speed: speed**2 / (2 * diffusion),
                "It is upside down: faster drift wins sooner.",
            ),
            Slip(
                lambda diffusion, speed: math.sqrt(2 * diffusion) / speed,
                "Both sides squared: 2 D t = v² t². One t cancels, and no root is left.",
            ),
        ),
        praise=(
            "Before that time the memory's error is mostly chance, after it mostly bias. Cells "
            "twice as uneven make drift twice as fast, and it wins four times sooner."
        ),
        hints=(
            "The error of diffusion is sqrt(2 D t), that of drift is v t.",
            "Square both and solve for t.",
        ),
        solution="""\
# sqrt(2 D t) = v t
return 2 * diffusion / speed**2""",
    ),
)

QUESTIONS: tuple[Specification, ...] = (*_PART_A, *_PART_B, *_PART_C, *_PART_D)
