"""The questions of notebook 10: an experiment that tells the two models apart.

Both models do the same task: two directions are shown, one is asked for. The checker runs the
notebook's trials again, with its own code, and reads reports from spikes and inputs by other
formulas than the library's read-outs. The subjects whose model is to be found out are made here,
from further trials of the models.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmtutor.bump import population_sizes, simulate_wm
from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Function,
    Number,
    Slip,
    Specification,
    Tolerance,
)
from wmtutor.experiments import run_trials
from wmtutor.flexible import FlexibleParameters, simulate_flexible_wm
from wmtutor.units import ms, nA, second

__all__ = ["DISTANCES", "QUESTIONS", "REPEATS", "SEED", "TwoItemData", "mystery_data"]

#: The notebook's experiment: distances in degrees, trials at each, and the seed of run_trials.
DISTANCES = (30, 60, 90, 120)
REPEATS = 20
SEED = 1

#: One ring: settings of a trial. The second item is the network's "distractor".
_RING: dict[str, Any] = {
    **population_sizes(512),
    "stimulus_width_deg": 30,
    "stimulus_strength": 0.2 * nA,
    "t_stimulus_start": 100 * ms,
    "t_stimulus_duration": 200 * ms,
    "distractor_width_deg": 30,
    "distractor_strength": 0.2 * nA,
    "t_distractor_start": 100 * ms,
    "t_distractor_duration": 200 * ms,
    "sim_time": 1.1 * second,
    "dt": 0.1 * ms,
    "monitored_subset_size": 1,
}
#: When the ring is asked: the last 100 ms of a run.
_ASKED = (1.0 * second, 1.1 * second)


# ---------------------------------------------------------------------------------------------
# The checker's own trials


def _angle_of(spikes: Any, t_min: float, t_max: float) -> float:
    """Direction of the spikes in a window, as the argument of a sum of unit vectors."""
    cells = spikes.i[(spikes.t >= t_min) & (spikes.t < t_max)]
    return math.degrees(np.angle(np.exp(2j * np.pi * cells / spikes.N).sum())) % 360


@functools.lru_cache(maxsize=64)
def _ring_run(seed: int, first_deg: float, second_deg: float, items: int = 2) -> dict[str, float]:
    """What one ring holds of two items (or of the first alone), read in several windows."""
    settings = dict(_RING)
    if items == 1:
        settings["t_distractor_duration"] = 0.0
    run = simulate_wm(
        **settings, stimulus_center_deg=first_deg, distractor_center_deg=second_deg, seed=seed
    )
    spikes = run.spike_monitor_excit
    return {
        "asked": _angle_of(spikes, *_ASKED),
        "cue": _angle_of(spikes, 100 * ms, 300 * ms),
        "whole run": _angle_of(spikes, 0.0, settings["sim_time"]),
    }


def _ring_report(seed: int, first_deg: float, second_deg: float, when: str = "asked") -> float:
    return _ring_run(seed, first_deg, second_deg)[when]


_POOL = FlexibleParameters()


@functools.lru_cache(maxsize=64)
def _pool_run(seed: int, first_deg: float, second_deg: float, items: int = 2) -> np.ndarray:
    """Angles of rings 0 and 1 at the test, degrees, from the inputs of their cells."""
    run = simulate_flexible_wm(
        cued_rings=[0, 1][:items],
        cue_positions_deg=[first_deg, second_deg][:items],
        seed=seed,
        record_dt=100 * ms,
    )
    s = run.s_sensory[int(np.argmin(np.abs(run.state_t - _POOL.test_time)))][:2]
    # The rate function as a logistic curve; its height has no influence on the direction.
    rates = 1.0 / (1.0 + np.exp(-2.0 * (_POOL.rate_slope * s - _POOL.rate_offset)))
    theta = 2 * np.pi * np.arange(s.shape[1]) / s.shape[1]
    angles = np.arctan2(rates @ np.sin(theta), rates @ np.cos(theta))
    return np.degrees(angles) % 360


def _pool_report(
    seed: int, first_deg: float, second_deg: float, ring: int = 0, items: int = 2
) -> float:
    return float(_pool_run(seed, first_deg, second_deg, items)[ring])


def _two_items(seed: int, distance_deg: float) -> tuple[float, float]:
    """Where the two items of a trial are; the notebook gives this function."""
    generator = np.random.default_rng(seed)
    first_deg = generator.uniform(0, 360)
    side = generator.choice([-1, 1])
    return first_deg, (first_deg + side * distance_deg) % 360


def _difference(angle_deg: Any, reference_deg: Any) -> Any:
    """The way from the reference to the angle, -180 to 180 degrees, by arctan2."""
    radians = np.radians(np.asarray(angle_deg, dtype=float) - reference_deg)
    return np.degrees(np.arctan2(np.sin(radians), np.cos(radians)))


def _bias(report_deg: Any, first_deg: Any, second_deg: Any) -> Any:
    """Error of a report, positive if it errs to the side of the second item."""
    side = np.sin(np.radians(np.asarray(second_deg, dtype=float) - first_deg)) > 0
    return np.where(side, 1.0, -1.0) * _difference(report_deg, first_deg)


_MODELS: dict[str, Callable[..., float]] = {"one ring": _ring_report, "shared pool": _pool_report}


def _trial(seed: int, model: str, distance_deg: float) -> dict[str, float]:
    first_deg, second_deg = _two_items(seed, distance_deg)
    report_deg = _MODELS[model](seed, first_deg, second_deg)
    return {
        "bias_deg": float(_bias(report_deg, first_deg, second_deg)),
        "error_deg": float(_difference(report_deg, first_deg)),
    }


_Trials = dict[tuple[str, int, str], np.ndarray]


def _run(models: Sequence[str], distances: Sequence[int], repeats: int, seed: int) -> _Trials:
    """Trials by model, distance and column."""
    conditions = {"model": models, "distance_deg": distances}
    table = run_trials(_trial, conditions, repeats, seed=seed, n_jobs=2, progress=False)
    return {
        (model, distance, column): rows[column].to_numpy()
        for (model, distance), rows in table.groupby(["model", "distance_deg"])
        for column in ("bias_deg", "error_deg")
    }


@functools.cache
def _experiment() -> _Trials:
    """The notebook's experiment."""
    return _run(list(_MODELS), DISTANCES, REPEATS, SEED)


# ---------------------------------------------------------------------------------------------
# Subjects


@dataclass(frozen=True, eq=False, repr=False)
class TwoItemData:
    """Reports of one subject in a two-item task.

    Attributes
    ----------
    first_deg, second_deg : ndarray of float, shape (trials,)
        The item that was asked for, and the other one; degrees.
    report_deg : ndarray of float, shape (trials,)
        What the subject answered, degrees in [0, 360).
    """

    first_deg: np.ndarray
    second_deg: np.ndarray
    report_deg: np.ndarray

    def __repr__(self) -> str:
        return f"<TwoItemData: {len(self.report_deg)} trials>"


#: Distances that subjects are shown, not those of the experiment; simulated trials of each model at
#: each distance; and trials of a subject at each, drawn from those.
_SUBJECT_DISTANCES = (40, 100)
_SIMULATED = 20
_SUBJECT_TRIALS = 1000


@functools.cache
def _simulated() -> _Trials:
    """The trials that subjects are made of."""
    # Another seed, so that no subject repeats a trial of the experiment.
    trials = _run(list(_MODELS), _SUBJECT_DISTANCES, _SIMULATED, SEED + 1)
    for distance in _SUBJECT_DISTANCES:
        # In the pool, connections are drawn without regard to angles: a trial is as likely as the
        # one in which the second item alone is moved to the other side, and its bias is turned
        # round. Both are taken, or chance in a few trials would pass for a bias in all subjects.
        bias = trials["shared pool", distance, "bias_deg"]
        trials["shared pool", distance, "bias_deg"] = np.concatenate([bias, -bias])
    return trials


def _subject(model: str, seed: int) -> TwoItemData:
    """A subject with this model, whose hand has a bias and a tremor, and who sometimes guesses.

    There are so many trials that the mean bias, over all of them or over the near ones, is more
    than five standard errors on its model's side of a quarter of the distance, for any subject:
    such a rule fails with a probability below 1e-6.
    """
    generator = np.random.default_rng((seed, 10))
    lapse = generator.uniform(0.0, 0.08)
    tremor_deg = generator.uniform(4.0, 15.0)
    hand_deg = generator.uniform(-15.0, 15.0)
    distance = np.repeat(_SUBJECT_DISTANCES, _SUBJECT_TRIALS)
    bias = np.concatenate(
        [
            generator.choice(_simulated()[model, distance, "bias_deg"], _SUBJECT_TRIALS)
            for distance in _SUBJECT_DISTANCES
        ]
    )
    first = generator.uniform(0, 360, distance.size)
    side = generator.choice([-1, 1], distance.size)
    report = first + side * bias + hand_deg + generator.normal(0, tremor_deg, distance.size)
    guesses = generator.random(distance.size) < lapse
    report[guesses] = generator.uniform(0, 360, guesses.sum())
    order = generator.permutation(distance.size)
    return TwoItemData(
        first[order], ((first + side * distance) % 360)[order], (report % 360)[order]
    )


def _model_of(seed: int) -> str:
    return list(_MODELS)[int(np.random.default_rng((seed, 11)).integers(2))]


def mystery_data(seed: int) -> TwoItemData:
    """The reports of a subject who has one of the two models in their head.

    Parameters
    ----------
    seed : int
        Which subject.

    Returns
    -------
    TwoItemData
        2000 trials in random order, at two distances.

    Examples
    --------
    >>> mystery_data(1)
    <TwoItemData: 2000 trials>
    """
    return _subject(_model_of(seed), seed)


def _items_cases(name: str, seed: int) -> list[Case]:
    """Seeds and places of two items, near and far; some over the wrap-around."""
    generator = np.random.default_rng(seed)
    first = float(generator.uniform(0, 360))
    near = (first + 60 * generator.choice([-1, 1])) % 360
    return [
        Case(
            (3, 350.0, 35.0),
            f"{name}(3, 350, 35)",
            "Between 350° and 35° lies the wrap-around: do not average angles as on a line.",
        ),
        Case((4, 200.0, 90.0), f"{name}(4, 200, 90)", "These two items are far apart."),
        Case(
            (int(generator.integers(1000, 10**6)), first, near),
            f"{name}(another seed, {first:.0f}, {near:.0f})",
            "Pass on the seed and both angles as they come.",
        ),
    ]


def _bias_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    first = generator.uniform(0, 360, 12)
    second = (first + generator.choice([-1, 1], 12) * generator.uniform(20, 160, 12)) % 360
    report = (first + generator.normal(0, 50, 12)) % 360
    call = "bias_towards({}, {}, {})"
    return [
        Case((110.0, 100.0, 160.0), call.format(110, 100, 160)),
        Case(
            (110.0, 100.0, 40.0),
            call.format(110, 100, 40),
            "The other item is at a smaller angle, and the report errs away from it: negative.",
        ),
        Case((5.0, 350.0, 40.0), call.format(5, 350, 40), "From 350° to 5° it is 15°, through 0°."),
        Case(
            (0.0, 10.0, 310.0),
            call.format(0, 10, 310),
            "From 10° to 310° the short way is downwards, and so is the way to 0°.",
        ),
        Case(
            (70.0, 20.0, 350.0),
            call.format(70, 20, 350),
            "The report is 50° off, to the side where the other item is not.",
        ),
        Case((report, first, second), call.format("12 reports", "12 first", "12 second items")),
    ]


def _bias_slipped(
    report: Any,
    first: Any,
    second: Any,
    *,
    linear: bool = False,
    sided: bool = True,
    size: bool = False,
    away: bool = False,
    linear_side: bool = False,
    from_second: bool = False,
) -> Any:
    """The measure with slips in it."""
    report, first, second = (np.asarray(value, dtype=float) for value in (report, first, second))
    start = second if from_second else first
    error = report - start if linear else _difference(report, start)
    way = second - first if linear_side or linear else _difference(second, first)
    if size:
        return np.abs(error)
    return error * (np.sign(way) if sided else 1) * (-1 if away else 1)


def _fates(
    bias_deg: np.ndarray,
    distance_deg: float,
    *,
    counts: bool = False,
    size: bool = False,
) -> list[float]:
    """Fractions of reports at the first item, half way, at the second, and elsewhere."""
    found = [0.0] * 4
    for bias in bias_deg:
        quarters = (abs(bias) if size else bias) / (distance_deg / 4)
        place = int(np.searchsorted((-1, 1, 3, 5), quarters)) - 1
        found[place if 0 <= place < 3 else 3] += 1
    return [number / (1 if counts else len(bias_deg)) for number in found]


def _fates_overlapping(bias_deg: np.ndarray, distance_deg: float) -> list[float]:
    """The fractions with half of the distance to either side of each place, a slip."""
    halves = bias_deg / (distance_deg / 2)
    found = [float(np.mean((halves > place - 1) & (halves < place + 1))) for place in range(3)]
    return [*found, 1 - sum(found)]


def _fates_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    distance = float(generator.uniform(40, 120))
    # Whole and half quarters would be on a border or near one.
    quarters = generator.integers(-6, 7, 40) + generator.uniform(0.1, 0.9, 40)
    call = "fates({}, {})"
    return [
        Case((np.array([-3.0, 5.0, 58.0, 117.0, 131.0]), 120.0), call.format("5 biases", 120)),
        Case(
            (np.array([26.0, 31.0, 33.0, 40.0, 2.0, 55.0]), 60.0),
            call.format("6 biases", 60),
            "At 60°, half way is from 15° to 45°.",
        ),
        Case(
            (np.array([-100.0, -50.0, 170.0, -35.0]), 100.0),
            call.format("4 biases, all elsewhere", 100),
            "Far on the other side, or beyond the second item, is elsewhere.",
        ),
        Case((quarters * distance / 4, distance), call.format("40 biases", f"{distance:.0f}")),
    ]


def _power(n: int, effect_deg: float, sd_deg: float, z: float) -> float:
    """Chance that the mean of n trials is z standard errors above 0."""
    return 0.5 * math.erfc((z - abs(effect_deg) * math.sqrt(n) / sd_deg) / math.sqrt(2))


_Z = 1.959963984540054


def _trials_needed(effect_deg: float, sd_deg: float, power: float, z: float = _Z) -> int:
    """The first number of trials with that power, by doubling and bisection."""
    high = 1
    while _power(high, effect_deg, sd_deg, z) < power:
        high *= 2
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        if _power(middle, effect_deg, sd_deg, z) < power:
            low = middle
        else:
            high = middle
    return high


def _trials_slipped(
    effect_deg: float,
    sd_deg: float,
    power: float,
    *,
    squared: bool = True,
    with_power: bool = True,
    rounding: Any = math.ceil,
) -> float:
    """The number of trials by the formula, with slips in it."""
    from scipy.stats import norm

    z = norm.ppf(0.975) + (norm.ppf(power) if with_power else 0)
    ratio = z * sd_deg / abs(effect_deg)
    return float(rounding(ratio**2 if squared else ratio))


def _trials_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    effect, sd = (float(x) for x in generator.uniform((2, 10), (6, 30)))
    call = "trials_needed({}, {}, {})"
    return [
        Case((30.0, 20.0, 0.8), call.format(30, 20, 0.8)),
        Case((2.0, 20.0, 0.8), call.format(2, 20, 0.8), "A small effect takes many trials."),
        Case(
            (-5.0, 20.0, 0.9),
            call.format(-5, 20, 0.9),
            "Repulsion of 5° is as large an effect as attraction of 5°.",
        ),
        Case((30.0, 5.0, 0.95), call.format(30, 5, 0.95), "At least one trial is needed."),
        Case((effect, sd, 0.9), call.format(f"{effect:.2f}", f"{sd:.2f}", 0.9)),
    ]


def _which_model(data: TwoItemData) -> int:
    """1 for one ring, 2 for a shared pool, by the parts of report and second item across the first.

    With one ring, their ratio is near a half: reports are half way, or at the second item half
    of the time. With the pool it is near 0.
    """
    across = np.sin(np.radians(data.second_deg - data.first_deg))
    reported = np.sin(np.radians(data.report_deg - data.first_deg))
    return 1 if (reported * np.sign(across)).mean() / np.abs(across).mean() > 0.25 else 2


#: Of the subjects on which a classifier is tried: an order that no simple rule hits.
_ORDER = (1, 2, 2, 1, 2, 1, 1, 1, 2, 2, 1, 2)


def _subjects_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    models = [*_ORDER, *generator.permutation([1, 1, 1, 2, 2, 2])]
    numbers = [*range(1000, 1000 + len(_ORDER)), *generator.integers(10**4, 10**9, 6)]
    return [
        Case(
            (_subject(list(_MODELS)[model - 1], int(number)),),
            f"which_model(subject {place})",
            "Their hand may be off to one side, shake, or guess. Which measure does not care?",
        )
        for place, (model, number) in enumerate(zip(models, numbers, strict=True), start=1)
    ]


# ---------------------------------------------------------------------------------------------
# Readings of the experiment

#: The distance at which the two mean biases are compared.
_COMPARED = 60


def _mean_interval(values: np.ndarray) -> list[float]:
    """The mean with Student's 95 % interval; the notebook takes a bootstrap's."""
    from scipy import stats

    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return [values.mean(), values.mean() - half, values.mean() + half]


def _biases(
    *,
    distance: int = _COMPARED,
    column: str = "bias_deg",
    what: str = "interval",
) -> np.ndarray:
    """Mean, low and high of the bias for both models; the options are slips."""
    numbers: list[float] = []
    for model in _MODELS:
        values = _experiment()[model, distance, column]
        mean, sd = float(values.mean()), float(values.std(ddof=1))
        se = sd / math.sqrt(len(values))
        match what:
            case "size":
                numbers += _mean_interval(np.abs(values))
            case "sd":
                numbers += [mean, mean - sd, mean + sd]
            case "standard error":
                numbers += [mean, mean - se, mean + se]
            case "range":
                numbers += [mean, float(values.min()), float(values.max())]
            case _:
                numbers += _mean_interval(values)
    return np.array(numbers)


def _effect_sizes(what: str = "pooled") -> np.ndarray:
    """Distance of the two models' mean biases, in standard deviations, at each distance."""
    sizes = []
    for distance in DISTANCES:
        ring, pool = (_experiment()[model, distance, "bias_deg"] for model in _MODELS)
        sums = [((values - values.mean()) ** 2).sum() for values in (ring, pool)]
        within = math.sqrt(sum(sums) / (2 * REPEATS - 2))
        spread = {
            "pooled": within,
            "standard error": within * math.sqrt(2 / REPEATS),
            "one error": within / math.sqrt(REPEATS),
            "all": np.concatenate([ring, pool]).std(ddof=1),
            "ring": ring.std(ddof=1),
            "pool": pool.std(ddof=1),
            "sum": within * math.sqrt(2),
            "none": 1.0,
        }[what]
        sizes.append((ring.mean() - pool.mean()) / spread)
    return np.array(sizes)


_SEED_REMARK = (
    f"Is it one call of run_trials with MODELS and DISTANCES as they are, {REPEATS} repeats and "
    f"seed={SEED}?"
)

# ---------------------------------------------------------------------------------------------
# Questions

_PART_A: tuple[Specification, ...] = (
    Choice(
        title="Which measure will differ",
        right="b",
        wrong={
            "a": "Both memories wander, pushed by random spikes. A spread that grows with the "
            "delay fits both.",
            "c": "Both hold an item by cells that keep firing. Activity in the delay fits both.",
            "d": "In both, the reports of a single item scatter evenly round it. How widely, you "
            "cannot know before: it hangs on the number of cells.",
        },
        praise=(
            "Good measures are those on which the models disagree whatever their parameters. On "
            "one ring, near items share cells, so they act on each other. On two rings they share "
            "none, and the pool's connections know nothing of angles."
        ),
        hints=(
            "For each measure, say what either model predicts. A measure on which both say the "
            "same is of no use here.",
            "What do two near items have in common on one ring that they do not have on two?",
        ),
        solution='measure = "b"',
    ),
    Function(
        title="Bias towards the other item",
        points=2,
        signature="bias_towards(report_deg, first_deg, second_deg)",
        # No unit: as angles, -15 and 345 would be the same, and here they are not.
        reference=_bias,
        cases=_bias_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_bias_slipped, sided=False),
                "That is the error with the sign of the angle. The sign that is asked for says "
                "whether the report errs towards the second item: turn it round where the second "
                "item is at the other side.",
            ),
            Slip(
                functools.partial(_bias_slipped, linear=True),
                "You subtract as on a line. Bring every difference into -180° to 180°: "
                "(difference + 180) % 360 - 180.",
            ),
            Slip(
                functools.partial(_bias_slipped, linear_side=True),
                "The error is right, but not always the side: from 350° to 40° the way is up, "
                "though 40 is less than 350. Wrap that difference too.",
            ),
            Slip(
                functools.partial(_bias_slipped, size=True),
                "That is the size of the error. Errors to either side must cancel: keep the sign.",
            ),
            Slip(
                functools.partial(_bias_slipped, away=True),
                "The sign is the wrong way round: towards the second item is positive.",
            ),
            Slip(
                functools.partial(_bias_slipped, from_second=True),
                "You take the error from the second item. The first was asked for.",
            ),
            Slip(
                lambda report, first, second: np.radians(_bias(report, first, second)),
                "Those are radians. Give the bias in degrees.",
            ),
        ),
        praise=(
            "This number is 0 on average for whatever treats both sides alike: noise, a hand that "
            "is off to one side, a guess. What is left is what the second item does."
        ),
        hints=(
            "The error is (report_deg - first_deg + 180) % 360 - 180.",
            "Wrap the way from the first item to the second in the same manner. Its sign is the "
            "side of the second item: np.sign.",
            "The bias is the error times that sign.",
        ),
        solution="""\
# The same wrapping twice: for the error, and for the side of the second item.
error = (report_deg - first_deg + 180) % 360 - 180
side = np.sign((second_deg - first_deg + 180) % 360 - 180)
return error * side""",
    ),
    Function(
        title="A report from one ring",
        points=2,
        signature="ring_report(seed, first_deg, second_deg)",
        unit="°",
        reference=_ring_report,
        cases=functools.partial(_items_cases, "ring_report"),
        # The runs are the same to the last spike; the rest is for windows that differ by a step.
        tolerance=Tolerance(absolute=1.0),
        slips=(
            Slip(
                functools.partial(_ring_report, when="whole run"),
                "You read the whole run, with the cues in it. The report is made at the end: "
                "count spikes from 1.0 s on.",
            ),
            Slip(
                functools.partial(_ring_report, when="cue"),
                "You read while the cues are on. The report is made from memory: from 1.0 s on.",
            ),
            Slip(
                lambda seed, first, second: _ring_run(seed, first, second, items=1)["asked"],
                "Only the first item was shown. Pass distractor_center_deg=second_deg too.",
            ),
            Slip(
                lambda seed, first, second: _ring_report(seed, first, second) * 512 / 360,
                "That is the number of a cell. population_vector gives its angle.",
            ),
            Slip(
                lambda seed, first, second: _ring_report(SEED, first, second),
                "Every trial has the same spikes: pass the seed on, seed=seed.",
            ),
        ),
        praise=(
            "The ring has no label that says which bump was the first item. It answers with what "
            "it holds."
        ),
        hints=(
            "simulate_wm(**RING, stimulus_center_deg=first_deg, distractor_center_deg=second_deg, "
            "seed=seed) runs the trial.",
            "get_spike_count(run.spike_monitor_excit, None, 1.0 * second, 1.1 * second) counts "
            "the spikes of each cell.",
            "population_vector(counts).angle_deg is the report.",
        ),
        solution="""\
run = simulate_wm(
    **RING, stimulus_center_deg=first_deg, distractor_center_deg=second_deg, seed=seed
)
counts = get_spike_count(run.spike_monitor_excit, None, 1.0 * second, 1.1 * second)
return population_vector(counts).angle_deg""",
    ),
    Function(
        title="A report from the shared pool",
        points=2,
        signature="pool_report(seed, first_deg, second_deg)",
        unit="°",
        reference=_pool_report,
        cases=functools.partial(_items_cases, "pool_report"),
        tolerance=Tolerance(absolute=0.5),
        slips=(
            Slip(
                functools.partial(_pool_report, ring=1),
                "That is what ring 1 holds. The first item is on ring 0, and it is asked for.",
            ),
            Slip(
                functools.partial(_pool_report, items=1),
                "Only the first item was shown. Cue both rings, [0, 1], with both angles.",
            ),
            Slip(
                lambda seed, first, second: _difference(_pool_report(seed, first, second), first),
                "That is the error. A report is an angle: run.memory_angle_deg.",
            ),
            Slip(
                lambda seed, first, second: _pool_report(seed, second, first),
                "The two items have changed places: the first goes to ring 0.",
            ),
            Slip(
                lambda seed, first, second: _pool_report(SEED, first, second),
                "Every trial has the same network and the same spikes: pass the seed on, "
                "seed=seed.",
            ),
        ),
        praise=(
            "Here the question has an address. Which item is meant is which ring is read, and the "
            "second item can reach that ring through the random cells alone."
        ),
        hints=(
            "simulate_flexible_wm(cued_rings=[0, 1], cue_positions_deg=[first_deg, second_deg], "
            "seed=seed)",
            "run.memory_angle_deg has an angle for each ring. The first item is on ring 0.",
        ),
        solution="""\
run = simulate_flexible_wm(
    cued_rings=[0, 1], cue_positions_deg=[first_deg, second_deg], seed=seed
)
return run.memory_angle_deg[0]""",
    ),
)


_PART_B: tuple[Specification, ...] = (
    Number(
        title="The mean bias, with its interval",
        points=2,
        unit="°",
        labels=tuple(f"{model}, {what}" for model in _MODELS for what in ("mean", "low", "high")),
        reference=_biases,
        # Means are exact. For the pool, whose biases scatter by 18 degrees, the ends of Student's
        # interval and of bootstraps differ by a degree; limits a standard error away, by four.
        tolerance=Tolerance(absolute=(0.05, 1.6, 1.6, 0.05, 1.6, 1.6)),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _biases(what="sd"),
                "The limits are one standard deviation from the mean: that is how much single "
                "trials scatter. An interval for the mean is narrower: mean_interval.",
            ),
            Slip(
                lambda right: _biases(what="standard error"),
                "The limits are one standard error from the mean, an interval of 68 %. Take 95 %: "
                "mean_interval.",
            ),
            Slip(
                lambda right: _biases(what="range"),
                "The limits are the smallest and the largest bias. Take those of the mean: "
                "mean_interval.",
            ),
            Slip(
                lambda right: _biases(column="error_deg"),
                "Those are means of the error with the sign of the angle. The second item was on "
                "either side equally often, so its pull has cancelled: take the column bias_deg.",
            ),
            Slip(
                lambda right: _biases(what="size"),
                "Those are means of the size of the bias. Noise alone makes that positive.",
            ),
            Slip(
                lambda right: right[[3, 4, 5, 0, 1, 2]],
                "Right numbers, other order: first one ring, then the shared pool.",
            ),
            *(
                Slip(
                    lambda right, distance=distance: _biases(distance=distance),
                    f"Those are the trials at {distance}°. Select those at {_COMPARED}°.",
                )
                for distance in DISTANCES
                if distance != _COMPARED
            ),
        ),
        praise=(
            f"At {_COMPARED}° the ring's reports lie half way, and vary little: two bumps have "
            "become one. The pool's interval has 0 in it. Twenty trials are enough to tell these "
            "two apart."
        ),
        hints=(
            "run_trials(trial, {'model': MODELS, 'distance_deg': DISTANCES}, 20, seed=1, "
            "n_jobs=2, progress=False) returns a table with a row for each trial.",
            "rows = table[(table.model == 'one ring') & (table.distance_deg == 60)] are the "
            "ring's trials at 60°, and rows.bias_deg their biases.",
            "mean_interval(values) has the mean and both limits. Make a list of six numbers: "
            "[*mean_interval(...), *mean_interval(...)].",
        ),
        solution="""\
table = run_trials(
    trial, {"model": MODELS, "distance_deg": DISTANCES}, 20, seed=1, n_jobs=2, progress=False
)
# The bootstrap's interval: it does not ask for biases with a bell-shaped distribution.
biases_at_60 = []
for model in MODELS:
    rows = table[(table.model == model) & (table.distance_deg == 60)]
    biases_at_60 += mean_interval(rows.bias_deg)
print(np.round(biases_at_60, 1))""",
    ),
    Function(
        title="Merged or swapped",
        points=2,
        signature="fates(bias_deg, distance_deg)",
        reference=_fates,
        cases=_fates_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_fates, counts=True),
                "Those are numbers of reports. Divide by the number of all.",
            ),
            Slip(
                functools.partial(_fates, size=True),
                "You take the size of the bias. A report that errs away from the second item is "
                "not near it.",
            ),
            Slip(
                _fates_overlapping,
                "You allow half of the distance to either side, so that places overlap. A quarter "
                "is asked for.",
            ),
        ),
        praise=(
            "A mean hides how it came about. Half way on average is one thing if every report is "
            "half way, and another if half of them are at the wrong item."
        ),
        hints=(
            "A report is at a place if abs(bias_deg - place) < distance_deg / 4. The mean of "
            "truth values is a fraction.",
            "The three places are 0, distance_deg / 2 and distance_deg.",
            "The three do not overlap, so elsewhere is 1 minus their sum.",
        ),
        solution="""\
# A quarter of the distance to either side of three places half a distance apart: no overlap.
places = (0, distance_deg / 2, distance_deg)
found = [np.mean(np.abs(bias_deg - place) < distance_deg / 4) for place in places]
return [*found, 1 - sum(found)]""",
    ),
    Number(
        title="At which distance to test",
        points=2,
        labels=tuple(f"{distance}°" for distance in DISTANCES),
        reference=_effect_sizes,
        # Standard deviations with n in place of n - 1 make 2.6 %.
        tolerance=Tolerance(relative=0.035),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _effect_sizes("standard error"),
                "You divide by a standard error. That is a test statistic, which grows with the "
                "number of trials; an effect size does not.",
            ),
            Slip(
                lambda right: _effect_sizes("one error"),
                "You divide by a standard error. That is a test statistic, which grows with the "
                "number of trials; an effect size does not.",
            ),
            Slip(
                lambda right: _effect_sizes("all"),
                "You take the standard deviation of both models' trials together. It has the "
                "difference of the means in it. Take the mean of the two variances.",
            ),
            Slip(
                lambda right: _effect_sizes("sum"),
                "You take the sum of the two variances. Take their mean.",
            ),
            Slip(
                lambda right: _effect_sizes("pool"),
                "You divide by the spread of the shared pool alone. Both models' reports scatter.",
            ),
            Slip(
                lambda right: _effect_sizes("ring"),
                "You divide by the spread of the one ring alone. Both models' reports scatter.",
            ),
            Slip(
                lambda right: _effect_sizes("none"),
                "Those are the differences in degrees. Divide by the spread.",
            ),
            Slip(
                lambda right: -right,
                "The sign is the wrong way round: the ring's mean minus the pool's.",
            ),
        ),
        praise=(
            "The largest difference in degrees is not the best one to test. Far items are swapped "
            "on the ring, so its reports scatter over the whole distance. At 60° the items still "
            "merge: the difference is large and the scatter small."
        ),
        hints=(
            "For each distance, take the bias_deg of both models' trials.",
            "The spread is np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2).",
            "The effect size is (a.mean() - b.mean()) / spread, with a from the ring.",
        ),
        solution="""\
effect_sizes = []
for distance in DISTANCES:
    at = table[table.distance_deg == distance]
    a, b = (at.bias_deg[at.model == model] for model in MODELS)
    spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    effect_sizes.append((a.mean() - b.mean()) / spread)
    print(f"{distance} degrees: effect {a.mean() - b.mean():.0f}, spread {spread:.0f}")""",
    ),
    Function(
        title="How many trials",
        points=2,
        signature="trials_needed(effect_deg, sd_deg, power)",
        reference=_trials_needed,
        cases=_trials_cases,
        tolerance=Tolerance(),
        slips=(
            Slip(
                functools.partial(_trials_needed, z=1.6448536269514722),
                "That is for a one-sided test. The bias might be either way: z is norm.ppf(0.975).",
            ),
            Slip(
                functools.partial(_trials_slipped, with_power=False),
                "With so many trials the expected result lies just on the border of significance, "
                "so that half of all experiments miss it. Add norm.ppf(power).",
            ),
            Slip(
                functools.partial(_trials_slipped, squared=False),
                "The standard error falls with the square root of the number of trials, so the "
                "ratio must be squared.",
            ),
            Slip(
                functools.partial(_trials_slipped, rounding=float),
                "The formula is right, but there is no fraction of a trial: np.ceil.",
            ),
            Slip(
                functools.partial(_trials_slipped, rounding=math.floor),
                "You round down, so the power is a little too small. Round up: np.ceil.",
            ),
            Slip(
                functools.partial(_trials_slipped, rounding=round),
                "You round to the nearest number, so the power is sometimes a little too small. "
                "Round up: np.ceil.",
            ),
        ),
        praise=(
            f"At the models' own size of effect a handful of trials would do. A bias of 2° with a "
            f"standard deviation of 20° takes {_trials_needed(2, 20, 0.9)} for a power of 0.9: ten "
            "times smaller means a hundred times as many."
        ),
        hints=(
            "The mean of n trials has the standard error sd_deg / np.sqrt(n). The test says yes "
            "when the mean is norm.ppf(0.975) standard errors from 0.",
            "For that to happen with a probability of power, the true effect must be larger still, "
            "by norm.ppf(power) standard errors.",
            "Solve |effect| = (norm.ppf(0.975) + norm.ppf(power)) * sd / np.sqrt(n) for n, and "
            "round up.",
        ),
        solution="""\
# Reach the border of the test, and go beyond it so far that few results fall short.
z = norm.ppf(0.975) + norm.ppf(power)
return np.ceil((z * sd_deg / effect_deg) ** 2)""",
    ),
)


_PART_C: tuple[Specification, ...] = (
    Function(
        title="Which model has this subject",
        points=3,
        signature="which_model(data)",
        reference=_which_model,
        cases=_subjects_cases,
        tolerance=Tolerance(),
        slips=(
            Slip(
                lambda data: 3 - _which_model(data),
                "You are always wrong, and so nearly right: 1 stands for one ring, 2 for the "
                "shared pool.",
            ),
            Slip(
                lambda data: 1,
                "You say 1 of every subject, and half of them have a shared pool. A difference "
                "that jumps by 360° makes a mean of any size: bias_towards wraps it. If you use "
                "that, look at your border.",
            ),
            Slip(
                lambda data: 2,
                "You say 2 of every subject, and half of them have one ring. The second item is "
                "on either side equally often, so the plain error cancels: use bias_towards. If "
                "you do, look at your border.",
            ),
        ),
        praise=(
            "Right of every subject, though hands were off, shook and guessed. The rule works "
            "since none of that depends on where the second item is. And it took no fit of "
            "parameters that you could not know."
        ),
        hints=(
            "bias_towards takes whole arrays: bias_towards(data.report_deg, data.first_deg, "
            "data.second_deg).",
            "What mean bias do you expect of one ring, as a share of the distance, and what of "
            "the pool? Put the border half way between. (A p value makes no border: of subjects "
            "without any bias, one in twenty is significant at 5 %.)",
            "The distances are np.abs((data.second_deg - data.first_deg + 180) % 360 - 180). "
            "Return 1 if the mean bias is more than a quarter of the mean distance, else 2.",
        ),
        solution="""\
# One ring: half the distance on average, merged or swapped. Shared pool: 0.
bias = bias_towards(data.report_deg, data.first_deg, data.second_deg)
distance = np.abs((data.second_deg - data.first_deg + 180) % 360 - 180)
return 1 if bias.mean() > distance.mean() / 4 else 2""",
    ),
    Choice(
        title="A third candidate",
        right="c",
        wrong={
            "a": "Neither shows any: the two items are on two rings in both. This measure tells "
            "one ring from two, and nothing about a pool.",
            "b": "Memories wander in both. The spread grows with the delay in both.",
            "d": "Both hold each item on a ring of its own, and so both answer from the ring that "
            "is asked. Neither swaps.",
        },
        praise=(
            "So your experiment has told one ring from two, and not a bump from a pool. Models are "
            "bundles of assumptions, and a measure tests those of them that it depends on. The "
            "pool shows in load: items that have nothing in common but the pool cost each other."
        ),
        hints=(
            "Two rings without any connection: what can the items on one of them do to the other?",
            "What do items share in the flexible model, wherever their rings and angles are?",
        ),
        solution='third = "c"',
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C
