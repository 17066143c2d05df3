"""The checkers of notebook 10: what they accept, what they refuse, and what they say."""

import math

import numpy as np
import pytest
from learner_answers import right_answers
from scipy import stats

from wmtutor.bump import get_spike_count, population_vector, simulate_wm
from wmtutor.checks import capstone, exercise
from wmtutor.experiments import bootstrap_interval, mean_interval
from wmtutor.flexible import simulate_flexible_wm
from wmtutor.ring import circular_distance, signed_difference

NAMES = [f"q{number}" for number in range(1, len(capstone.QUESTIONS) + 1)]
MODELS = ("one ring", "shared pool")


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("capstone")


@pytest.fixture
def ex():
    return exercise("capstone")


def _biases_at(distance):
    return [capstone._experiment()[model, distance, "bias_deg"] for model in MODELS]


# What is right


def test_measure_is_that_of_the_library():
    """Learners would be held to another way round the ring than the library's."""
    generator = np.random.default_rng(1)
    first, second, report = generator.uniform(-400, 800, (3, 1000))
    side = np.sign(signed_difference(second, first))
    expected = side * signed_difference(report, first)
    np.testing.assert_allclose(capstone._bias(report, first, second), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", [5, 17, 100_000 + 7])
@pytest.mark.parametrize("distance", [60, 110])
def test_checker_reads_trials_as_the_library_does_for_any_seed(right, seed, distance):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    items = capstone._two_items(seed, distance)
    for name, report in (("q3", capstone._ring_report), ("q4", capstone._pool_report)):
        theirs, ours = right[name](seed, *items), report(seed, *items)
        assert circular_distance(theirs, ours) < 1e-6


def test_checker_repeats_the_experiment_of_the_notebook(right):
    """A learner's table would be judged by trials with other seeds or items."""
    means = [values.mean() for values in _biases_at(60)]
    np.testing.assert_allclose(right["q5"][::3], means, rtol=0, atol=1e-9)


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(" (B) ").correct

    def by_vectors(report, first, second):
        start = np.exp(-1j * np.deg2rad(first))
        way = np.exp(1j * np.deg2rad(second)) * start
        error = np.exp(1j * np.deg2rad(report)) * start
        return np.rad2deg(np.angle(error)) * np.where(way.imag > 0, 1, -1)

    assert ex.q2.check(by_vectors).correct

    def one_by_one(report, first, second):
        biases = [
            signed_difference(r, f) * (1 if (s - f) % 360 < 180 else -1)
            for r, f, s in np.broadcast(report, first, second)
        ]
        return biases if np.ndim(report) else biases[0]

    assert ex.q2.check(one_by_one).correct

    def items_exchanged(seed, first_deg, second_deg):
        # Both cues are alike, so it does not matter which of them is called the distractor.
        run = simulate_wm(
            **capstone._RING,
            stimulus_center_deg=second_deg,
            distractor_center_deg=first_deg,
            seed=seed,
        )
        counts = get_spike_count(run.spike_monitor_excit, None, 1.0)
        return population_vector(counts).angle_deg

    assert ex.q3.check(items_exchanged).correct

    def by_error(seed, first_deg, second_deg):
        run = simulate_flexible_wm(
            cued_rings=[1, 0], cue_positions_deg=[second_deg, first_deg], seed=seed
        )
        return first_deg + run.error_deg[list(run.cued_rings).index(0)]

    assert ex.q4.check(by_error).correct
    # Intervals of other kinds.
    for interval in (
        mean_interval,
        lambda values: bootstrap_interval(values, seed=7),
        lambda v: (v.mean(), *stats.norm.interval(0.95, v.mean(), stats.sem(v))),
        lambda v: (v.mean(), *stats.t.interval(0.95, len(v) - 1, v.mean(), stats.sem(v))),
    ):
        assert ex.q5.check([x for values in _biases_at(60) for x in interval(values)]).correct
    assert ex.q5.check(np.round(right["q5"], 1)).correct

    def by_histogram(bias_deg, distance_deg):
        edges = distance_deg / 4 * np.array([-1, 1, 3, 5])
        counts = np.histogram(bias_deg, edges)[0] / len(bias_deg)
        return np.append(counts, 1 - counts.sum())

    assert ex.q6.check(by_histogram).correct
    # Standard deviations with n in place of n - 1.
    assert ex.q7.check(
        [
            (ring.mean() - pool.mean()) / math.sqrt((ring.var() + pool.var()) / 2)
            for ring, pool in map(_biases_at, capstone.DISTANCES)
        ]
    ).correct
    assert ex.q7.check(np.round(right["q7"], 2)).correct

    def by_counting(effect_deg, sd_deg, power):
        n = np.arange(1, 10_000)
        reached = stats.norm.sf(stats.norm.isf(0.025) - abs(effect_deg) * np.sqrt(n) / sd_deg)
        return int(n[reached >= power][0])

    assert ex.q8.check(by_counting).correct
    assert ex.q10.check("C").correct


def _bias(data):
    return capstone._bias(data.report_deg, data.first_deg, data.second_deg)


def _near(data):
    return circular_distance(data.first_deg, data.second_deg) < 60


#: Rules that a sensible learner may find.
RULES = {
    "mean of all": lambda data: 1 if _bias(data).mean() > 15 else 2,
    "mean of the near ones": lambda data: 1 if _bias(data)[_near(data)].mean() > 10 else 2,
    "median of the near ones": lambda data: 1 if np.median(_bias(data)[_near(data)]) > 10 else 2,
    "share that err towards": lambda data: 1 if (_bias(data)[_near(data)] > 0).mean() > 0.7 else 2,
    "swaps of far ones": lambda data: 1 if (_bias(data)[~_near(data)] > 60).mean() > 0.25 else 2,
    "one minus the other side": lambda data: (
        1 if stats.ttest_1samp(_bias(data), 0).statistic > 8 else 2
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_sensible_rules_are_accepted(ex, rule):
    """Only the solution's own border would do, or the verdict would hang on luck."""
    for seed in (0, 1, 2026):
        assert exercise("capstone", seed=seed).q9.check(RULES[rule]).correct


def test_checker_knows_the_truth_about_any_subject():
    """A right rule would be refused over a subject that the checker itself gets wrong.

    The checker's measure is eight standard errors or more from its border for any subject.
    """
    for number, model in enumerate(MODELS, start=1):
        for seed in range(200):
            assert capstone._which_model(capstone._subject(model, seed)) == number


def test_subjects_are_complete_and_repeatable():
    """Data would have angles that do not exist, give the model away, or change when asked twice."""
    models = {capstone._model_of(seed) for seed in range(1, 5)}
    assert models == set(MODELS), "the notebook shows subjects 1 to 4"
    for model in MODELS:
        one, again = capstone._subject(model, 3), capstone._subject(model, 3)
        for name in ("first_deg", "second_deg", "report_deg"):
            angles = getattr(one, name)
            assert angles.shape == (2000,)
            assert ((angles >= 0) & (angles < 360)).all()
            np.testing.assert_array_equal(angles, getattr(again, name))
        distance = circular_distance(one.first_deg, one.second_deg)
        np.testing.assert_array_equal(np.unique(distance.round(6)), capstone._SUBJECT_DISTANCES)
    assert repr(one) == "<TwoItemData: 2000 trials>"


def test_subjects_of_a_check_are_of_both_kinds_for_any_seed():
    """A constant answer would pass with some seed."""
    for seed in range(20):
        answers = [
            capstone._which_model(*case.arguments) for case in capstone._subjects_cases(seed)
        ]
        assert answers.count(1) == answers.count(2) == 9


def test_nothing_is_simulated_without_an_answer_to_judge(ex, monkeypatch):
    """An untouched notebook would take half a minute to say that nothing was attempted."""

    def never(*arguments, **named):
        raise AssertionError("simulated")

    for name in ("run_trials", "simulate_wm", "simulate_flexible_wm", "_experiment", "_simulated"):
        monkeypatch.setattr(capstone, name, never)
    for question in ex.questions.values():
        assert question.check(None).status == "not attempted"
        outcome = question.check(["x"])
        assert outcome.status == "incorrect"
        assert "could not handle" not in outcome.message


# What is wrong, and what the checker says about it


def _wrap(difference):
    return (difference + 180) % 360 - 180


def _ring_run(seed, first_deg, second_deg, t_min=1.0, t_max=1.1, **changed):
    run = simulate_wm(
        **{**capstone._RING, **changed},
        stimulus_center_deg=first_deg,
        distractor_center_deg=second_deg,
        seed=seed,
    )
    return get_spike_count(run.spike_monitor_excit, None, t_min, t_max)


def _ring(*arguments, **named):
    return population_vector(_ring_run(*arguments, **named)).angle_deg


def _linear_mean(*arguments):
    counts = _ring_run(*arguments)
    return (counts * np.arange(512) * 360 / 512).sum() / counts.sum()


def _pool(seed, rings, positions):
    return simulate_flexible_wm(cued_rings=rings, cue_positions_deg=positions, seed=seed)


def _with_limits(limits, column="bias_deg", distance=60):
    numbers = []
    for model in MODELS:
        values = capstone._experiment()[model, distance, column]
        numbers += [values.mean(), *limits(values)]
    return numbers


def _student(v):
    return stats.t.interval(0.95, len(v) - 1, v.mean(), stats.sem(v))


def _sizes(spread):
    return [
        (ring.mean() - pool.mean()) / spread(ring, pool)
        for ring, pool in map(_biases_at, capstone.DISTANCES)
    ]


def _places(width, absolute=False):
    def fates(bias_deg, distance_deg):
        bias = np.abs(bias_deg) if absolute else bias_deg
        found = [
            np.mean(np.abs(bias - place * distance_deg) < width * distance_deg)
            for place in (0, 0.5, 1)
        ]
        return [*found, 1 - sum(found)]

    return fates


def _trials(z, effect_deg, sd_deg, rounded=np.ceil):
    return rounded((z * sd_deg / effect_deg) ** 2)


def _mean_rule(data, error):
    return 1 if error.mean() > 15 else 2


WRONG = [
    ("q1", lambda right: "a", "Both memories wander"),
    ("q1", lambda right: "c", "keep firing"),
    ("q1", lambda right: "d", "scatter evenly"),
    ("q1", lambda right: 2, "one letter"),
    ("q2", lambda right: lambda r, f, s: _wrap(r - f), "sign of the angle"),
    ("q2", lambda right: lambda r, f, s: (r - f) * np.sign(s - f), "as on a line"),
    ("q2", lambda right: lambda r, f, s: _wrap(r - f) * np.sign(s - f), "not always the side"),
    ("q2", lambda right: lambda r, f, s: np.abs(_wrap(r - f)), "size of the error"),
    ("q2", lambda right: lambda r, f, s: -right(r, f, s), "wrong way round"),
    ("q2", lambda right: lambda r, f, s: np.deg2rad(right(r, f, s)), "radians"),
    (
        "q2",
        lambda right: lambda r, f, s: _wrap(r - s) * np.sign(_wrap(s - f)),
        "from the second item",
    ),
    ("q2", lambda right: lambda r, f, s: right(r, f, s) % 360, "bias_towards(110, 100, 40)"),
    ("q2", lambda right: lambda r, f, s: 0.0 * r, "expected 10"),
    ("q2", lambda right: right(10.0, 0.0, 60.0), "without calling it"),
    ("q3", lambda right: lambda seed, f, s: _ring(seed, f, s, 0, 1.1), "whole run"),
    ("q3", lambda right: lambda seed, f, s: _ring(seed, f, s, 0.1, 0.3), "cues are on"),
    (
        "q3",
        lambda right: lambda seed, f, s: _ring(seed, f, s, t_distractor_duration=0),
        "Only the first item",
    ),
    ("q3", lambda right: lambda seed, f, s: right(seed, f, s) * 512 / 360, "number of a cell"),
    ("q3", lambda right: lambda seed, f, s: right(1, f, s), "seed=seed"),
    ("q3", lambda right: lambda seed, f, s: np.deg2rad(right(seed, f, s)), "radians"),
    ("q3", lambda right: _linear_mean, "do not average angles as on a line"),
    ("q3", lambda right: lambda seed, f, s: _ring_run(seed, f, s), "One number is asked for"),
    ("q3", lambda right: lambda seed, f, s: f, "ring_report(3, 350, 35)"),
    (
        "q4",
        lambda right: lambda seed, f, s: _pool(seed, [0, 1], [f, s]).memory_angle_deg[1],
        "what ring 1 holds",
    ),
    (
        "q4",
        lambda right: lambda seed, f, s: _pool(seed, [0], [f]).memory_angle_deg[0],
        "Only the first item",
    ),
    (
        "q4",
        lambda right: lambda seed, f, s: _pool(seed, [0, 1], [f, s]).error_deg[0],
        "That is the error",
    ),
    (
        "q4",
        lambda right: lambda seed, f, s: _pool(seed, [0, 1], [s, f]).memory_angle_deg[0],
        "changed places",
    ),
    ("q4", lambda right: lambda seed, f, s: right(1, f, s), "seed=seed"),
    ("q4", lambda right: lambda seed, f, s: np.deg2rad(right(seed, f, s)), "radians"),
    (
        "q4",
        lambda right: lambda seed, f, s: _pool(seed, [0, 1], [f, s]).memory_angle_deg,
        "shape (8,)",
    ),
    ("q4", lambda right: lambda seed, f, s: f, "pool_report(3, 350, 35)"),
    (
        "q5",
        lambda right: _with_limits(lambda v: v.mean() + v.std(ddof=1) * np.array([-1, 1])),
        "one standard deviation",
    ),
    (
        "q5",
        lambda right: _with_limits(lambda v: v.mean() + stats.sem(v) * np.array([-1, 1])),
        "68 %",
    ),
    ("q5", lambda right: _with_limits(lambda v: (v.min(), v.max())), "smallest and the largest"),
    ("q5", lambda right: _with_limits(_student, "error_deg"), "pull has cancelled"),
    (
        "q5",
        lambda right: np.ravel([mean_interval(np.abs(values)) for values in _biases_at(60)]),
        "Noise alone",
    ),
    ("q5", lambda right: [*right[3:], *right[:3]], "other order"),
    ("q5", lambda right: _with_limits(_student, distance=30), "trials at 30°"),
    ("q5", lambda right: _with_limits(_student, distance=90), "trials at 90°"),
    ("q5", lambda right: np.deg2rad(right), "radians"),
    ("q5", lambda right: [0.0] * 6, "(one ring, mean) is off"),
    ("q5", lambda right: right[::3], "2 values; 6 are asked for"),
    ("q6", lambda right: lambda b, d: np.array(right(b, d)) * len(b), "numbers of reports"),
    ("q6", lambda right: lambda b, d: 100 * np.array(right(b, d)), "percent"),
    ("q6", lambda right: _places(0.25, absolute=True), "size of the bias"),
    ("q6", lambda right: _places(0.5), "overlap"),
    ("q6", lambda right: lambda b, d: right(b, 120), "fates(6 biases, 60)"),
    ("q6", lambda right: lambda b, d: right(b, d)[:3], "4 are asked for"),
    (
        "q7",
        lambda right: _sizes(lambda a, b: math.sqrt(stats.sem(a) ** 2 + stats.sem(b) ** 2)),
        "test statistic",
    ),
    (
        "q7",
        lambda right: _sizes(lambda a, b: np.concatenate([a, b]).std(ddof=1)),
        "trials together",
    ),
    ("q7", lambda right: _sizes(lambda a, b: math.sqrt(a.var() + b.var())), "Take their mean"),
    ("q7", lambda right: _sizes(lambda a, b: b.std(ddof=1)), "shared pool alone"),
    ("q7", lambda right: _sizes(lambda a, b: a.std(ddof=1)), "one ring alone"),
    ("q7", lambda right: _sizes(lambda a, b: 1.0), "differences in degrees"),
    ("q7", lambda right: [-size for size in right], "wrong way round"),
    ("q7", lambda right: right[::-1], "(30°) is too high"),
    ("q7", lambda right: [2.0] * 4, "one call of run_trials"),
    (
        "q8",
        lambda right: lambda e, s, p: _trials(stats.norm.ppf(0.95) + stats.norm.ppf(p), e, s),
        "one-sided",
    ),
    ("q8", lambda right: lambda e, s, p: _trials(stats.norm.ppf(0.975), e, s), "half of all"),
    (
        "q8",
        lambda right: (
            lambda e, s, p: np.ceil((stats.norm.ppf(0.975) + stats.norm.ppf(p)) * s / abs(e))
        ),
        "square root",
    ),
    (
        "q8",
        lambda right: (
            lambda e, s, p: _trials(stats.norm.ppf(0.975) + stats.norm.ppf(p), e, s, float)
        ),
        "no fraction of a trial",
    ),
    (
        "q8",
        lambda right: (
            lambda e, s, p: _trials(stats.norm.ppf(0.975) + stats.norm.ppf(p), e, s, np.floor)
        ),
        "round down",
    ),
    ("q8", lambda right: lambda e, s, p: right(e, s, 0.8), "trials_needed(-5, 20, 0.9)"),
    ("q8", lambda right: lambda e, s, p: 785, "trials_needed(30, 20, 0.8)"),
    ("q9", lambda right: lambda data: 3 - right(data), "always wrong"),
    ("q9", lambda right: lambda data: 1, "1 of every subject"),
    ("q9", lambda right: lambda data: 2, "2 of every subject"),
    (
        "q9",
        lambda right: lambda data: _mean_rule(data, _wrap(data.report_deg - data.first_deg)),
        "plain error cancels",
    ),
    (
        "q9",
        lambda right: (
            lambda data: _mean_rule(
                data, (data.report_deg - data.first_deg) * np.sign(data.second_deg - data.first_deg)
            )
        ),
        "jumps by 360°",
    ),
    (
        "q9",
        lambda right: (
            lambda data: (
                1 if np.abs(_wrap(data.report_deg - data.first_deg))[_near(data)].mean() > 22 else 2
            )
        ),
        "Which measure does not care?",
    ),
    ("q9", lambda right: lambda data: "one ring", "text"),
    ("q9", lambda right: right(capstone.mystery_data(1)), "without calling it"),
    ("q10", lambda right: "a", "Neither shows any"),
    ("q10", lambda right: "b", "wander in both"),
    ("q10", lambda right: "d", "Neither swaps"),
    ("q10", lambda right: "cd", "one letter"),
]


@pytest.mark.parametrize(("name", "make", "says"), WRONG)
def test_wrong_answer_is_refused_for_its_reason(ex, right, name, make, says):
    """A wrong answer would pass, or be refused with a reason that does not help."""
    outcome = ex.questions[name].check(make(right[name]))
    assert outcome.status == "incorrect", outcome
    assert says in outcome.message
    assert outcome.points == 0
    assert all(len(line) <= 88 for line in repr(outcome).splitlines())


def test_every_question_has_wrong_answers_here():
    """A question would have been added without testing its checker."""
    names = [name for name, *_ in WRONG]
    assert all(names.count(name) >= 3 for name in NAMES)
    assert set(names) == set(NAMES)


def test_spoiled_data_are_told(ex):
    """A rule that sorts the subject's reports in place would be taught as right."""

    def sorts(data):
        data.report_deg.sort()
        return 1

    outcome = ex.q9.check(sorts)
    assert outcome.status == "incorrect"
    assert "changed the data" in outcome.message


def test_claims_of_the_notebook_hold():
    """The text would say of the experiment what its numbers do not."""
    for distance in capstone.DISTANCES:
        ring, pool = _biases_at(distance)
        # About half the distance on one ring, at all distances.
        assert 0.35 < ring.mean() / distance < 0.65
        low, high = _student(pool)
        assert low < 0 < high
    for distance, places in ((30, {1}), (60, {1}), (120, {0, 2})):
        fates = capstone._fates(_biases_at(distance)[0], distance)
        assert sum(fates[place] for place in places) >= 0.95
    assert int(np.argmax(capstone._effect_sizes())) == capstone.DISTANCES.index(60)
