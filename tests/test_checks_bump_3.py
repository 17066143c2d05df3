"""The checkers of notebook 03, reading a memory: what they accept, refuse and say."""

import math

import numpy as np
import pytest
from learner_answers import right_answers
from scipy import stats

from wmtutor import ring
from wmtutor.bump import (
    get_orientation,
    get_spike_count,
    get_theta_time_series,
    population_vector,
    simulate_wm,
)
from wmtutor.checks import bump_3, exercise
from wmtutor.monitors import SpikeMonitor
from wmtutor.units import Hz, ms, nA

NAMES = [f"q{number}" for number in range(1, len(bump_3.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_3")


@pytest.fixture
def ex():
    return exercise("bump_3")


# What is right


def _every(step, monitor):
    heard = monitor.i % step == 0
    return SpikeMonitor(monitor.t[heard], monitor.i[heard], monitor.N, monitor.duration)


def _remember(cue_deg, seed, sim_time=800 * ms):
    return simulate_wm(
        stimulus_center_deg=cue_deg,
        stimulus_width_deg=30,
        stimulus_strength=0.2 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        sim_time=sim_time,
        seed=seed,
    ).spike_monitor_excit


def _cell_errors(monitor, readings=bump_3.READ):
    errors = []
    for step, width in readings:
        windows = (300 * ms, 4300 * ms, width, width)
        truth = get_theta_time_series(monitor, *windows).theta_deg
        read = get_theta_time_series(_every(step, monitor), *windows).theta_deg
        errors.append(np.sqrt((ring.signed_difference(read, truth) ** 2).mean()))
    return errors


def _reader_errors(seed, candidates):
    """Question 11 with the bell written out in another way, and the full likelihood."""
    errors = []
    cells = 360 * np.arange(64) / 64

    def mean_counts(theta_deg, background):
        sine = np.sin(np.deg2rad(cells - np.asarray(theta_deg)[:, None]) / 2)
        return (background + 100 * np.exp(-2 * (sine / np.deg2rad(17)) ** 2)) * 0.02

    for background in (0, 10):
        generator = np.random.default_rng(seed)
        theta = generator.uniform(0, 360, 400)
        counts = generator.poisson(mean_counts(theta, background))
        expected = mean_counts(candidates, background)
        log_L = np.array([stats.poisson.logpmf(row, expected).sum(axis=1) for row in counts])
        for read in (population_vector(counts).angle_deg, candidates[log_L.argmax(axis=1)]):
            errors.append(np.sqrt((ring.signed_difference(read, theta) ** 2).mean()))
    return errors


def _circular(angles_deg, cue_deg):
    mean = ring.circular_mean(angles_deg)
    spread = ring.circular_standard_deviation(angles_deg)
    return np.array([ring.signed_difference(mean, cue_deg), spread])


def _path_by_steps(theta_deg):
    steps = (np.diff(theta_deg) + 180) % 360 - 180
    return [0.0, *np.cumsum(steps)]


def _poisson_error_by_trials(rates, window):
    """Question 8 by brute force: the scatter of the angles of many made-up windows."""
    counts = np.random.default_rng(3).poisson(np.asarray(rates) * window, (100_000, len(rates)))
    return ring.circular_standard_deviation(population_vector(counts).angle_deg)


def test_library_functions_are_right_answers(ex):
    """Library, course and checker would mean different things by the same words."""
    assert ex.q1.check(get_orientation).correct
    assert ex.q2.check(get_spike_count).correct
    assert ex.q4.check(lambda counts: population_vector(counts).angle_deg).correct
    assert ex.q6.check(_circular).correct
    assert ex.q7.check(lambda theta: ring.unwrap_degrees(theta) - theta[0]).correct


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(lambda cells, N: [360 / N * cell for cell in cells]).correct
    assert ex.q2.check(
        lambda m, cells, a, b: [np.sum((m.i == c) & (a <= m.t) & (m.t < b)) for c in cells]
    ).correct
    # Of angles, -10 is as good as 350, and a Fourier component is a population vector.
    assert ex.q4.check(lambda counts: -np.rad2deg(np.angle(np.fft.fft(counts)[1]))).correct
    assert ex.q7.check(_path_by_steps).correct
    assert ex.q10.check(
        lambda counts, expected: [np.dot(counts, np.log(row)) - sum(row) for row in expected]
    ).correct
    # Candidates 1 degree apart, and the likelihood with its constant term.
    assert ex.q11.check(_reader_errors(bump_3.SEED, np.arange(360.0))).correct
    # Windows that take a step more or less along.
    monitor = _remember(120, bump_3.SEED)
    for shift in (-0.05 * ms, 0.05 * ms):
        counts = get_spike_count(monitor, None, 395 * ms + shift, 405 * ms + shift)
        assert ex.q3.check([counts.sum(), (counts > 0).sum(), counts.max()]).correct
    values = []
    for cue in (120, 350):
        counts = get_spike_count(_remember(cue, bump_3.SEED), None, 250 * ms, 300.05 * ms)
        plain = np.average(get_orientation(np.arange(1024), 1024), weights=counts)
        values += [population_vector(counts).angle_deg, plain]
    assert ex.q5.check(values).correct
    assert ex.q5.check([value - 360 for value in values]).correct


def test_predicted_error_is_that_of_many_made_up_windows():
    """The formula of question 8, and with it the checker, would not describe Poisson cells."""
    for background in (0.0, 5.0):
        rates = bump_3._bell(64, 30.0, 100.0, background)
        found, predicted = _poisson_error_by_trials(rates, 4.0), bump_3._reading_error(rates, 4.0)
        # 100 000 windows know the error to 0.22 %: five of these. What the formula neglects is of
        # the order of one over the number of spikes, which is some thousands.
        assert found == pytest.approx(predicted, rel=0.012)


@pytest.mark.parametrize("seed", [2, 3])
def test_checker_reads_as_the_notebook_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    monitor = _remember(120, seed)
    counts = get_spike_count(monitor, None, 395 * ms, 405 * ms)
    assert [counts.sum(), (counts > 0).sum(), counts.max()] == bump_3._snapshot(seed).tolist()
    readings = bump_3._readings(seed)
    for place, cue in ((0, 120), (2, 350)):
        counts = get_spike_count(_remember(cue, seed), None, 250 * ms, 300 * ms)
        assert readings[place] == pytest.approx(population_vector(counts).angle_deg, abs=1e-6)
        plain = np.average(get_orientation(np.arange(1024), 1024), weights=counts)
        assert readings[place + 1] == pytest.approx(plain, abs=1e-6)
    long_run = _remember(120, seed, 4300 * ms)
    assert bump_3._cell_errors(seed) == pytest.approx(_cell_errors(long_run), rel=0.01)
    expected = _reader_errors(seed, np.arange(0, 360, 0.5))
    assert bump_3._reader_errors(seed) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("seed", range(20))
def test_right_functions_are_right_for_every_seed(right, seed):
    """A learner would be failed by an input that the grading seed happened to bring up."""
    ex = exercise("bump_3", seed=seed)
    for name in ("q1", "q2", "q4", "q6", "q7", "q8", "q10"):
        assert ex.questions[name].check(right[name]).correct, name


def test_what_the_text_says_is_so():
    """The notebook would explain something that its own runs do not show."""
    spikes, cells, busiest = bump_3._snapshot(bump_3.SEED)
    assert busiest <= 3
    assert spikes < 1.5 * cells
    at_120, plain_120, at_350, plain_350 = bump_3._readings(bump_3.SEED)
    assert abs(at_120 - plain_120) < 0.1
    assert abs(at_120 - 120) < 2
    assert abs(at_350 - 350) < 2
    # No cell of the bump lies where the plain mean points.
    cells_350 = bump_3._cells(bump_3._spikes(350, bump_3.SEED), 250 * ms, 300 * ms)
    distance = ring.circular_distance(360 * cells_350 / 1024, plain_350)
    assert distance.min() > 20
    # A quarter of the spikes about doubles the error; Poisson cells would have larger ones.
    few, fewer, fewest, longer = bump_3._cell_errors(bump_3.SEED)
    assert 1.5 < fewer / few < 2.6
    assert 1.5 < fewest / fewer < 2.6
    assert longer == pytest.approx(few, rel=0.2)
    assert (bump_3._poisson_errors(bump_3.SEED) > 1.4 * bump_3._cell_errors(bump_3.SEED)).all()
    vector_0, likelihood_0, vector_10, likelihood_10 = bump_3._reader_errors(bump_3.SEED)
    assert likelihood_0 == pytest.approx(vector_0, rel=0.02)
    assert vector_10 > 1.5 * likelihood_10
    assert likelihood_10 < 1.5 * likelihood_0


def test_cells_in_the_bump_fire_more_regularly_than_poisson():
    """The reason given for readings better than predicted would be wrong."""
    monitor = bump_3._spikes(120, bump_3.SEED, 4300 * ms)
    starts = 300 * ms + 50 * ms * np.arange(80)
    counts = np.array([get_spike_count(monitor, None, s, s + 50 * ms) for s in starts])
    middle = counts[:, counts.mean(axis=0) > 90 * Hz * 50 * ms]
    assert middle.shape[1] > 20
    assert (middle.var(axis=0, ddof=1) / middle.mean(axis=0)).mean() < 0.4


def test_whole_turn_more_or_less_does_not_pass(ex):
    """A bias of 357 degrees would pass for one of -3, and a jump for a path."""
    outcome = ex.q6.check(lambda angles, cue: _circular(angles, cue) + np.array([360, 0]))
    assert outcome.status == "incorrect"
    outcome = ex.q7.check(lambda theta: np.asarray(_path_by_steps(theta)) % 360)
    assert outcome.status == "incorrect"


# What is wrong, and what the checker says about it


def _closed(monitor, cells, t_min, t_max):
    within = (monitor.t >= t_min) & (monitor.t <= t_max)
    return np.bincount(monitor.i[within], minlength=monitor.N)[np.asarray(cells)]


def _open(monitor, cells, t_min, t_max):
    within = (monitor.t > t_min) & (monitor.t <= t_max)
    return np.bincount(monitor.i[within], minlength=monitor.N)[np.asarray(cells)]


def _no_silent_cells(monitor, cells, t_min, t_max):
    within = (monitor.t >= t_min) & (monitor.t < t_max)
    return np.unique(monitor.i[within], return_counts=True)[1]


def _plain(counts):
    return np.average(get_orientation(np.arange(len(counts)), len(counts)), weights=counts)


def _arctan(counts):
    angles = 2 * np.pi * np.arange(len(counts)) / len(counts)
    return np.rad2deg(np.arctan((counts * np.sin(angles)).sum() / (counts * np.cos(angles)).sum()))


def _swapped(counts):
    angles = 2 * np.pi * np.arange(len(counts)) / len(counts)
    return np.rad2deg(np.arctan2((counts * np.cos(angles)).sum(), (counts * np.sin(angles)).sum()))


def _in_degrees(counts):
    angles = get_orientation(np.arange(len(counts)), len(counts))
    return np.rad2deg(np.arctan2((counts * np.sin(angles)).sum(), (counts * np.cos(angles)).sum()))


def _half_a_bin(counts):
    return population_vector(counts).angle_deg + 180 / len(counts)


def _with_spread(measure):
    """Question 6 with another measure of spread, a function of R."""

    def bias_and_spread(angles, cue):
        R = np.abs(np.exp(1j * np.deg2rad(angles)).mean())
        return [_circular(angles, cue)[0], measure(R)]

    return bias_and_spread


def _wrapped_errors(angles, cue):
    errors = ring.signed_difference(angles, cue)
    return [errors.mean(), errors.std()]


def _long_way(angles, cue):
    return [ring.circular_mean(angles) - cue, _circular(angles, cue)[1]]


def _parts(rates, window):
    away = get_orientation(np.arange(len(rates)), len(rates)) - population_vector(rates).angle_deg
    return rates * window, np.cos(np.deg2rad(away)), np.sin(np.deg2rad(away))


def _no_root(rates, window):
    n, cosine, sine = _parts(rates, window)
    return np.rad2deg((n * sine**2).sum() / (n * cosine).sum())


def _mean_as_deviation(rates, window):
    n, cosine, sine = _parts(rates, window)
    return np.rad2deg(np.sqrt(((n * sine) ** 2).sum()) / (n * cosine).sum())


def _along_zero(rates, window):
    a = 2 * np.pi * np.arange(len(rates)) / len(rates)
    n = rates * window
    return np.rad2deg(np.sqrt((n * np.sin(a) ** 2).sum()) / (n * np.cos(a)).sum())


def _spread_over_root(rates, window):
    R = population_vector(rates).strength
    return np.rad2deg(np.sqrt(-2 * np.log(R)) / np.sqrt((rates * window).sum()))


def _full(counts, expected):
    return stats.poisson.logpmf(counts, expected).sum(axis=1)


def _other_seed(reading):
    return lambda right: reading(2)


WRONG = [
    ("q1", lambda right: lambda c, N: 360 * (np.asarray(c) + 0.5) / N, "half a bin"),
    ("q1", lambda right: lambda c, N: 360 * np.asarray(c) / (N - 1), "N - 1"),
    ("q1", lambda right: lambda c, N: 360 * (np.asarray(c) + 1) / N, "off by one cell"),
    ("q1", lambda right: lambda c, N: 360 * np.asarray(c) // N, "whole degrees"),
    ("q1", lambda right: lambda c, N: np.deg2rad(right(c, N)), "radians"),
    ("q1", lambda right: lambda c, N: 360 * np.asarray(c) / 1024, "any number of cells"),
    ("q1", lambda right: right([0, 256], 1024), "without calling it"),
    ("q2", lambda right: _closed, "a spike at t_max too"),
    ("q2", lambda right: _open, "closed at the wrong end"),
    ("q2", lambda right: lambda m, c, a, b: m.count[np.asarray(c)], "the whole run"),
    ("q2", lambda right: lambda m, c, a, b: right(m, c, a, b) / (b - a), "That is the rate"),
    ("q2", lambda right: lambda m, c, a, b: right(m, c, a, b) > 0, "numbers"),
    ("q2", lambda right: lambda m, c, a, b: 1 * (right(m, c, a, b) > 0), "whether a cell fired"),
    ("q2", lambda right: lambda m, c, a, b: right(m, sorted(c), a, b), "order of idx_list"),
    ("q2", lambda right: lambda m, c, a, b: right(m, c, a, b).sum(), "one number; 5 are"),
    ("q2", lambda right: _no_silent_cells, "5"),
    ("q3", lambda right: bump_3._snapshot(1, 400 * ms, 410 * ms), "starts at 400 ms"),
    ("q3", lambda right: bump_3._snapshot(1, 390 * ms, 410 * ms), "20 ms long"),
    ("q3", lambda right: bump_3._snapshot(1, 0 * ms, 800 * ms), "whole run"),
    ("q3", lambda right: [right[0] * 100, right[1], right[2] * 100], "not rates"),
    ("q3", lambda right: [right[0], right[1] + 30, right[2]], "(cells that fired) is too high"),
    ("q3", lambda right: [right[0], right[1], right[2] - 1], "(spikes of the busiest cell)"),
    ("q4", lambda right: _plain, "plain mean"),
    ("q4", lambda right: _half_a_bin, "half a bin"),
    ("q4", lambda right: _arctan, "from its opposite"),
    ("q4", lambda right: _swapped, "other way round"),
    ("q4", lambda right: _in_degrees, "want radians"),
    ("q4", lambda right: lambda c: 360 * c.argmax() / len(c), "busiest cell"),
    ("q4", lambda right: lambda c: right(c > 0), "counts once"),
    ("q4", lambda right: lambda c: np.deg2rad(right(c)), "in radians"),
    ("q4", lambda right: lambda c: 0.0, "expected"),
    ("q5", lambda right: [right[0], right[2], right[1], right[3]], "both readings at 120"),
    ("q5", lambda right: [right[1], right[0], right[3], right[2]], "first the population vector"),
    ("q5", lambda right: [right[0], right[0], right[2], right[2]], "vectors only"),
    ("q5", lambda right: bump_3._each_cell_once(1), "each cell counts once"),
    ("q5", lambda right: np.array(right) * [1, 1024 / 360, 1, 1024 / 360], "numbers of cells"),
    ("q5", lambda right: np.deg2rad(right), "radians"),
    ("q5", lambda right: [*right[:3], 10.0], "(plain mean, 350°) is off"),
    ("q6", lambda right: lambda a, c: [np.mean(a) - c, np.std(a)], "plain mean and"),
    ("q6", lambda right: _long_way, "long way round"),
    ("q6", lambda right: lambda a, c: _circular(a, c) * [-1, 1], "wrong sign"),
    ("q6", lambda right: lambda a, c: abs(_circular(a, c)), "lost its sign"),
    ("q6", lambda right: lambda a, c: np.deg2rad(right(a, c)), "Both are in radians"),
    ("q6", lambda right: _with_spread(lambda R: np.sqrt(-2 * np.log(R))), "spread is in radians"),
    ("q6", lambda right: _with_spread(lambda R: np.rad2deg(np.sqrt(2 - 2 * R))), "2 (1 - R)"),
    ("q6", lambda right: _with_spread(lambda R: 1 - R), "circular variance"),
    ("q6", lambda right: _wrapped_errors, "as plain numbers"),
    ("q6", lambda right: lambda a, c: right(a, c)[0], "one number; 2 are asked for"),
    ("q7", lambda right: lambda theta: theta - theta[0], "jumps by 360°"),
    ("q7", lambda right: lambda theta: ring.signed_difference(theta, theta[0]), "half-way round"),
    ("q7", lambda right: lambda theta: np.unwrap(theta, period=360), "Subtract it"),
    ("q7", lambda right: lambda theta: np.unwrap(theta) - theta[0], "period=360"),
    ("q7", lambda right: lambda theta: np.deg2rad(right(theta)), "in radians"),
    ("q7", lambda right: lambda theta: abs(right(theta)), "lost the sign"),
    ("q7", lambda right: lambda theta: np.diff(theta), "The shape is (4,)"),
    ("q8", lambda right: lambda rates, window: right(rates, 1.0), "window is missing"),
    ("q8", lambda right: _no_root, "root of the variance"),
    ("q8", lambda right: _mean_as_deviation, "variance of a Poisson count"),
    ("q8", lambda right: _along_zero, "along 0°"),
    ("q8", lambda right: _spread_over_root, "narrow bump without a background"),
    ("q8", lambda right: lambda rates, window: np.deg2rad(right(rates, window)), "in radians"),
    ("q8", lambda right: lambda rates, window: right(rates, window / ms), "20*ms"),
    ("q9", lambda right: np.square(right), "Take its root"),
    (
        "q9",
        lambda right: [0.8 * value for value in right],
        "(256 cells, 20 ms) is off (tolerance 3 %)",
    ),
    (
        "q9",
        lambda right: [np.abs(row).mean() for row in bump_3._reading_differences(1)],
        "without their sign",
    ),
    ("q9", lambda right: bump_3._errors_from_cue(1), "differences from the cue"),
    ("q9", lambda right: bump_3._poisson_errors(1), "Measure it"),
    ("q9", lambda right: [right[2], right[1], right[0], right[3]], "every 4th cell"),
    ("q9", lambda right: np.deg2rad(right), "radians"),
    ("q9", _other_seed(bump_3._cell_errors), "seed 1"),
    ("q10", lambda right: lambda n, mu: (n * np.log(mu)).sum(axis=1), "-mu is missing"),
    ("q10", lambda right: _full, "leave it out"),
    ("q10", lambda right: lambda n, mu: np.exp(right(n, mu)), "likelihood itself"),
    ("q10", lambda right: lambda n, mu: -right(n, mu), "sign is wrong"),
    ("q10", lambda right: lambda n, mu: (n * np.log10(mu) - mu).sum(axis=1), "base 10"),
    ("q10", lambda right: lambda n, mu: (n * np.log(mu) - mu).sum(axis=0), "The shape is (2,)"),
    ("q11", lambda right: bump_3._reader_errors_long_way(1), "long way round"),
    ("q11", lambda right: np.square(right), "Take its root"),
    ("q11", lambda right: [right[0], right[2], right[1], right[3]], "both readers at 0 Hz"),
    ("q11", lambda right: [right[1], right[0], right[3], right[2]], "first the population vector"),
    ("q11", lambda right: bump_3._reader_errors(1, assumed=0.0), "no background"),
    ("q11", lambda right: np.deg2rad(right), "radians"),
    ("q11", _other_seed(bump_3._reader_errors), "400 rows"),
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


def test_list_where_an_array_is_needed_is_told(ex):
    """Multiplying the list itself, the usual stumbling block, would end the notebook."""
    outcome = ex.q1.check(lambda cells, N: 360 * cells / N)
    assert outcome.status == "error"
    assert "orientation([0, 256, 512], 1024) raised TypeError" in outcome.message


def test_asking_for_an_exercise_runs_nothing(ex):
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    bump_3._spikes.cache_clear()
    bump_3._heard.cache_clear()
    exercise("bump_3")
    for question in ex.questions.values():
        question.check(None)
        question.check("0")
    assert bump_3._spikes.cache_info().misses == 0
    assert bump_3._heard.cache_info().misses == 0
    assert not math.isnan(bump_3._snapshot(bump_3.SEED)[0])
    assert bump_3._spikes.cache_info().misses == 1
