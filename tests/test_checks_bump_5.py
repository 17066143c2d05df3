"""The checkers of notebook 05: what they accept, what they refuse, and what they say."""

import math

import numpy as np
import pytest
from learner_answers import right_answers
from scipy import stats

from wmtutor.bump import get_spike_count, get_theta_time_series, read_bump, simulate_wm
from wmtutor.checks import bump_5, exercise
from wmtutor.ring import circular_distance, preferred_angles, signed_difference
from wmtutor.units import ms, nA, second

NAMES = [f"q{number}" for number in range(1, len(bump_5.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_5")


@pytest.fixture
def ex():
    return exercise("bump_5")


def _simulate(seed, strength, distance_deg, start=500 * ms, t_cue=100 * ms, delay=500 * ms):
    """The notebook's trial, from the text and not from the checker."""
    return simulate_wm(
        stimulus_center_deg=350,
        stimulus_width_deg=30,
        stimulus_strength=0.2 * nA,
        t_stimulus_start=t_cue,
        t_stimulus_duration=200 * ms,
        distractor_center_deg=350 + distance_deg,
        distractor_width_deg=30,
        distractor_strength=strength,
        t_distractor_start=start,
        t_distractor_duration=200 * ms,
        dt=0.1 * ms,
        monitored_subset_size=1,
        sim_time=max(start, t_cue) + 200 * ms + delay,
        seed=seed,
    )


# What is right


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_runs_and_reads_as_the_library_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    for strength, distance_deg in ((0.1 * nA, 30), (0.4 * nA, -120)):
        spikes = _simulate(seed, strength, distance_deg).spike_monitor_excit
        readings = bump_5._before_and_after(seed, strength, distance_deg)
        windows = ((400 * ms, 500 * ms), (1000 * ms, 1200 * ms))
        for own, (t_min, t_max) in zip(readings, windows, strict=True):
            reading = read_bump(spikes, t_min, t_max)
            assert own.present is reading.present is True
            assert circular_distance(own.angle_deg, reading.angle_deg) < 1e-9
        counts = get_spike_count(spikes, None, 500 * ms, 700 * ms)
        near = circular_distance(preferred_angles(1024), 230) <= 15
        own_rate = bump_5._rate(spikes, 500 * ms, 700 * ms, 230)
        assert own_rate == pytest.approx(counts[near].mean() / (200 * ms), rel=1e-9)


def test_checker_sees_when_there_is_no_bump():
    """A run that lost its memory would be given a place."""
    spikes = simulate_wm(poisson_firing_rate=1.3, seed=1).spike_monitor_excit
    own = bump_5._read(bump_5._Spikes(spikes, spikes), 0.3, 0.5)
    assert own.present is read_bump(spikes, 0.3, 0.5).present is False


def test_checker_measures_shifts_as_the_library_does():
    """The learner's own functions would be held to another ring than the library's."""
    generator = np.random.default_rng(1)
    for before, after, distractor in generator.uniform(0, 360, (200, 3)):
        side = np.sign(signed_difference(distractor, before))
        expected = side * signed_difference(after, before)
        assert bump_5._shift_towards(before, after, distractor) == pytest.approx(expected)
    angles, references = generator.uniform(-360, 720, (2, 50))
    np.testing.assert_allclose(
        bump_5._turns(angles, references), signed_difference(angles, references), atol=1e-9
    )


def test_interval_is_that_of_students_t():
    """A right interval would be refused for the digits of a table."""
    for seed in (1, 2):
        values = np.random.default_rng(seed).normal(3, 2, len(bump_5.SEEDS))
        low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert bump_5._interval(values) == pytest.approx([values.mean(), low, high], abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_drawn_cases_lie_away_from_the_borders(seed):
    """A right function would be refused for rounding, or for its reading of 'at most'."""
    for name in ("q1", "q3"):
        for case in exercise("bump_5").questions[name].specification.cases(seed):
            before, after, distractor = case.arguments[-3:]
            was, now = circular_distance([before, after], distractor)
            assert abs(now - 10) > 0.5
            assert abs(was - now - 8) > 0.5
            assert 1 < was < 179
            assert abs(signed_difference(after, before)) < 179


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""

    def by_half_turns(before, after, distractor):
        move = (after - before + 180) % 360 - 180
        return move if (distractor - before) % 360 < 180 else -move

    assert ex.q1.check(by_half_turns).correct

    def by_shift(present, before, after, distractor):
        if not present:
            return 0
        left = abs((after - distractor + 180) % 360 - 180)
        if left <= 10:
            return 3
        return 2 if by_half_turns(before, after, distractor) > 8 else 1

    assert ex.q3.check(by_shift).correct
    # The mean of angles decoded every 10 ms instead of one window, and windows of other lengths.
    shifts, angles = [], []
    for distance_deg, strength in ((30, 0.1 * nA), (-120, 0.1 * nA), (120, 0.4 * nA)):
        spikes = _simulate(1, strength, distance_deg).spike_monitor_excit
        series = get_theta_time_series(spikes, 1 * second, 1.2 * second)
        before = read_bump(spikes, 420 * ms, 500 * ms).angle_deg
        shift = stats.circmean(series.theta_deg - before, high=180, low=-180)
        shifts.append(math.copysign(1, distance_deg) * shift)
    assert ex.q2.check(shifts).correct
    for distance_deg in (120, 30):
        run = _simulate(1, 0.2 * nA, distance_deg, start=100 * ms, t_cue=500 * ms)
        angles.append(read_bump(run.spike_monitor_excit, 1100 * ms).angle_deg - 360)
    assert ex.q7.check(angles).correct
    assert ex.q4.check(np.array(right["q4"], dtype=np.int8)).correct
    assert ex.q5.check([round(float(value), 2) for value in right["q5"]]).correct


def test_other_brackets_of_the_border_are_fine(ex, right):
    """Only one way of searching would find an accepted answer."""
    ignored, wins = right["q9"]
    middle = (ignored + wins) / 2
    narrow = [[ignored, middle], [middle, wins]]
    assert sum(ex.q9.check(bracket).correct for bracket in narrow) == 1
    assert ex.q9.check(np.array([ignored + 0.001 * nA, wins])).correct


# What is wrong, and what the checker says about it


def _line(before, after, distractor):
    return math.copysign(1, distractor - before) * (after - before)


def _half_line(before, after, distractor):
    return math.copysign(1, distractor - before) * signed_difference(after, before)


def _outcome(*, absent=0, near=10, closer=8, either=False, first=None, wrap=True):
    """Question 3 with other borders, or with a mistake."""

    def outcome(present, before, after, distractor):
        distance = circular_distance if wrap else (lambda a, b: abs(a - b))
        if not present and absent is not None:
            return absent
        was, now = distance(before, distractor), distance(after, distractor)
        moved = distance(after, before) if either else was - now
        if first == "pulled" and moved > closer:
            return 2
        if now <= near:
            return 3
        return 2 if moved > closer else 1

    return outcome


def _spread(values, reference, **options):
    return np.std(signed_difference(values, reference), **options)


WRONG = [
    ("q1", lambda right: _line, "plain differences"),
    ("q1", lambda right: _half_line, "not the way to the distractor"),
    ("q1", lambda right: lambda b, a, d: signed_difference(a, b), "positive for growing angles"),
    ("q1", lambda right: lambda b, a, d: circular_distance(a, b), "without a sign"),
    ("q1", lambda right: lambda b, a, d: -right(b, a, d), "wrong way round"),
    ("q1", lambda right: lambda b, a, d: circular_distance(a, d), "what is left"),
    ("q1", lambda right: lambda b, a, d: math.radians(right(b, a, d)), "radians"),
    ("q1", lambda right: lambda b, a, d: right(b, a, d) % 360, "moves away"),
    ("q1", lambda right: lambda b, a, d: 12.0, "shift_towards(350, 5, 20)"),
    ("q1", lambda right: right(350, 5, 20), "without calling it"),
    ("q2", lambda right: [344.5, right[1], 238.7], "plain differences"),
    ("q2", lambda right: [right[0], -right[1], right[2]], "other side"),
    ("q2", lambda right: bump_5._three_during(), "while the distractor is on"),
    ("q2", lambda right: np.radians(right), "radians"),
    ("q2", lambda right: [30.0, 0.0, 120.0], "(30°, 0.1 nA) is too high"),
    ("q2", lambda right: right[:2], "2 values; 3 are asked for"),
    ("q3", lambda right: _outcome(wrap=False), "along a line"),
    ("q3", lambda right: _outcome(absent=None), "present first"),
    ("q3", lambda right: _outcome(either=True), "either direction"),
    ("q3", lambda right: _outcome(first="pulled"), "another order"),
    ("q3", lambda right: _outcome(near=12), "still is 11 degrees away"),
    ("q3", lambda right: _outcome(near=8), "9 degrees away"),
    ("q3", lambda right: _outcome(closer=6), "7 degrees closer"),
    ("q3", lambda right: _outcome(closer=10), "9 degrees closer"),
    ("q3", lambda right: lambda *a: ("lost", "kept", "pulled", "taken")[right(*a)], "text"),
    ("q3", lambda right: lambda *a: right(*a) == 3, "truth value"),
    ("q4", lambda right: np.reshape(right, (3, 3)).T.ravel(), "other order"),
    ("q4", lambda right: [code - 1 for code in right], "one too low"),
    ("q4", lambda right: [min(code, 2) for code in right], "TAKEN"),
    ("q4", lambda right: [1] * 9, "KEPT. Did the distractor"),
    ("q4", lambda right: [3, *right[1:]], "(0.1 nA, 45°) is too high"),
    ("q4", lambda right: np.reshape(right, (3, 3)), "shape is (3, 3)"),
    ("q5", lambda right: np.array(right) * math.sqrt(7 / 8), "n - 1"),
    ("q5", lambda right: bump_5._spreads(bump_5._line), "plain differences"),
    ("q5", lambda right: np.array(right) ** 2, "variances"),
    ("q5", lambda right: np.array(right) / math.sqrt(8), "standard errors"),
    ("q5", lambda right: [right[0], right[2], right[1], right[3]], "other order"),
    ("q5", lambda right: [right[0]] * 4, "(near, from control) is too low"),
    ("q6", lambda right: _pulls(far_from=350), "several times shorter"),
    ("q6", lambda right: _pulls(near_from="control"), "noisier measure"),
    ("q6", lambda right: _pulls(factor=1.96 / math.sqrt(8)), "Student's t"),
    ("q6", lambda right: _pulls(factor=1 / math.sqrt(8)), "one standard error"),
    ("q6", lambda right: _pulls(factor=2.3646), "square root of n"),
    ("q6", lambda right: bump_5._pulls(bump_5._line), "plain differences"),
    ("q6", lambda right: np.reshape(right, (3, 3))[:, [0, 2, 1]].ravel(), "changed places"),
    ("q6", lambda right: np.round(right), "do not round"),
    ("q7", lambda right: [350, 350], "not been told"),
    ("q7", lambda right: [bump_5._end(1, d, 0.5, 0.1) for d in (120, 30)], "cue first"),
    ("q7", lambda right: right[::-1], "other order"),
    ("q7", lambda right: np.radians(right), "radians"),
    ("q7", lambda right: np.array(right) * 1024 / 360, "numbers of cells"),
    ("q7", lambda right: [110, 20], "(30° apart) is off"),
    ("q8", lambda right: bump_5._together(start=500 * ms), "comes later"),
    ("q8", lambda right: bump_5._together(delay=500 * ms), "undecided"),
    ("q8", lambda right: bump_5._together(first_seed=0), "0 to 5"),
    ("q8", lambda right: [190, *right[1:]], "plain mean"),
    ("q8", lambda right: [right[0], *[350] * 6], "(120° apart, seed 1) is off"),
    ("q9", lambda right: [0.31, 0.32], "in ampere"),
    ("q9", lambda right: [0.25 * nA, 0.4 * nA], "0.15 nA apart"),
    ("q9", lambda right: right[::-1], "weaker one first"),
    ("q9", lambda right: [0.0, 0.01 * nA], "between 0 and 1 nA"),
    ("q9", lambda right: [0.2 * nA, 0.21 * nA], "0.21 nA and seed=1 the old memory is kept"),
    ("q9", lambda right: [0.41 * nA, 0.42 * nA], "0.41 nA and seed=1 the old memory is taken"),
    ("q9", lambda right: 0.31 * nA, "one number; 2 are asked for"),
    ("q10", lambda right: bump_5._defence(everywhere=True), "cells_near"),
    ("q10", lambda right: bump_5._defence(excit=True), "spike_monitor_inhib"),
    ("q10", lambda right: np.array(right) * [0.05, 0.1, 0.2, 0.2], "spikes per cell"),
    ("q10", lambda right: np.array(right) * [256, 256, 86, 85], "together"),
    ("q10", lambda right: [right[0], right[2], right[1], right[3]], "other order"),
    ("q10", lambda right: np.array(right) / 1000, "kHz"),
    ("q10", lambda right: [right[0], right[1], right[2], right[2]], "(E under distractor)"),
]


def _pulls(near_from=350, far_from="control", factor=2.3646 / 8**0.5):
    """Question 6 from the checker's angles, with another reference or factor."""
    rows = []
    for angles, reference in (
        (bump_5._near(), near_from),
        (bump_5._late(), 350),
        (bump_5._far(), far_from),
    ):
        shift = signed_difference(
            angles, bump_5._control() if reference == "control" else reference
        )
        half = factor * shift.std(ddof=1)
        rows += [shift.mean(), shift.mean() - half, shift.mean() + half]
    return rows


@pytest.mark.parametrize(("name", "make", "says"), WRONG)
def test_wrong_answer_is_refused_for_its_reason(ex, right, name, make, says):
    """A wrong answer would pass, or be refused with a reason that does not help."""
    outcome = ex.questions[name].check(make(right[name]))
    assert outcome.status == "incorrect", outcome
    assert says in outcome.message
    assert outcome.points == 0
    assert all(len(line) <= 88 for line in repr(outcome).splitlines())


def test_every_question_has_three_wrong_answers_here():
    """A question would have been added without testing its checker."""
    for name in NAMES:
        assert len({says for of, _, says in WRONG if of == name}) >= 3, name


def test_the_wrong_data_of_the_update_run_nothing(ex, monkeypatch):
    """A malformed answer would cost the time of two runs, and a careless one of many."""
    monkeypatch.setattr(bump_5, "_before_and_after", None)
    for answer in ([0.3, 0.31], [0.1 * nA, 0.5 * nA], [-1.0, 0.0], [None, None], "0.3"):
        assert ex.q9.check(answer).status in ("incorrect", "not attempted")


def test_a_lost_memory_is_no_update(ex, monkeypatch):
    """A current that wipes the memory out would count as one that is ignored, or that wins."""
    gone, there = bump_5._Reading(False, 110.0), bump_5._Reading(True, 350.0)
    monkeypatch.setattr(bump_5, "_before_and_after", lambda *arguments: (there, gone))
    assert "is lost" in ex.q9.check([0.3 * nA, 0.31 * nA]).message


def test_pairing_differs_for_near_and_far(right):
    """The text would explain a difference that is not there."""
    near_cue, near_control, far_cue, far_control = right["q5"]
    assert near_control > 1.3 * near_cue
    assert far_control < 0.4 * far_cue
    control = signed_difference(bump_5._control(), 350)
    near, far = (signed_difference(a, 350) for a in (bump_5._near(), bump_5._far()))
    assert np.corrcoef(control, far)[0, 1] > 0.9
    assert abs(np.corrcoef(control, near)[0, 1]) < 0.5


def test_what_the_text_says_of_the_control_is_so():
    """The argument for subtracting the control, and the border of PULLED, would rest on nothing."""
    control, near = (bump_5._run(1, strength).excit for strength in (0.0, 0.1 * nA))
    early = np.searchsorted(control.t, 500 * ms)
    np.testing.assert_array_equal(control.t[:early], near.t[:early])
    np.testing.assert_array_equal(control.i[:early], near.i[:early])
    assert not np.array_equal(control.t[: early + 2000], near.t[: early + 2000])
    shifts = []
    for seed in bump_5.SEEDS:
        before, after = bump_5._before_and_after(seed, 0.0, 30.0)
        shifts.append(signed_difference(after.angle_deg, before.angle_deg))
    assert 1.5 < np.std(shifts, ddof=1) < 3.5


def test_what_the_praise_says_of_runs_is_so(right):
    """A learner would be told something that their own numbers contradict."""
    assert right["q4"] == [2, 1, 1, 2, 2, 1, 2, 2, 3]
    near, near_low, near_high, _, late_low, late_high, _, far_low, far_high = right["q6"]
    assert 0.25 < near / 30 < 0.5
    assert near_low > 0
    assert max(near_low, late_low) < min(near_high, late_high)
    assert -1 < far_low < 0 < far_high < 1
    places = np.array(right["q8"][1:])
    at_first, at_second = circular_distance(places, 350) < 15, circular_distance(places, 110) < 15
    assert (at_first | at_second).all()
    assert at_first.any()
    assert at_second.any()
    assert 0.25 * nA < right["q9"][0] < right["q9"][1] < 0.4 * nA


def test_asking_for_the_exercise_runs_nothing(ex):
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    bump_5._run.cache_clear()
    for question in exercise("bump_5").questions.values():
        question.check(None)
        repr(question)
    assert bump_5._run.cache_info().misses == 0
