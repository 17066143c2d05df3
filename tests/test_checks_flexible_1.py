"""The checkers of notebook 02: what they accept, what they refuse, and what they say."""

import math

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.checks import exercise, flexible_1
from wmtutor.flexible import (
    activity_vector,
    build_network,
    count_memories,
    cue_error,
    firing_rate,
    simulate_flexible_wm,
    stimulus_profile,
)
from wmtutor.units import ms

NAMES = [f"q{number}" for number in range(1, len(flexible_1.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("flexible_1")


@pytest.fixture
def ex():
    return exercise("flexible_1")


# What is right


def test_checker_has_the_formulas_of_the_library():
    """Notebook and library would teach two models."""
    network = build_network(N_rings=2, N_sensory=40, N_random=30, seed=1)
    np.testing.assert_allclose(
        flexible_1._ring_weights(40), network.ring_weights(), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        flexible_1._balanced_weights(network.mask.astype(float), 2.1, -1.0),
        network.feedforward_weights(),
        rtol=0,
        atol=1e-10,
    )
    np.testing.assert_allclose(
        flexible_1._balanced_weights(network.mask.T.astype(float), 0.2, -1.0),
        network.feedback_weights(),
        rtol=0,
        atol=1e-10,
    )
    s = np.linspace(-30, 40, 71)
    np.testing.assert_allclose(flexible_1._rate(s), firing_rate(s), rtol=1e-12)
    np.testing.assert_allclose(flexible_1._cue_input(), stimulus_profile(0.0), rtol=0, atol=1e-12)
    rates = np.random.default_rng(1).uniform(0, 80, 512)
    assert flexible_1._strength(rates) == pytest.approx(activity_vector(rates).strength, rel=1e-9)


def test_checker_counts_and_measures_as_the_library_does():
    """The learner's own read-outs would be held to another rule than the library's."""
    generator = np.random.default_rng(1)
    for _ in range(50):
        N = int(generator.integers(2, 10))
        rings = generator.permutation(N)[: generator.integers(1, N)]
        present = generator.random(N) < 0.5
        assert flexible_1._count_rings(present, rings) == list(count_memories(present, rings))
        angles, cues = generator.uniform(0, 360, N), generator.uniform(0, 360, rings.size)
        expected = np.abs(cue_error(angles[rings], cues))[present[rings]]
        np.testing.assert_allclose(
            flexible_1._distances(angles, present, rings, cues), expected, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_runs_as_the_library_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    network = build_network(seed=seed)
    for load in (2, 8):
        run = simulate_flexible_wm(load, network=network, seed=seed, record_dt=100 * ms)
        reading = flexible_1._read(run)
        np.testing.assert_allclose(reading.strength, run.memory_strength, rtol=1e-9)
        assert (reading.present == run.memory_present).all()
        assert (reading.kept.sum(), reading.spurious) == (run.maintained, run.spurious)
        np.testing.assert_allclose(reading.distances(), np.abs(run.error_deg), rtol=0, atol=1e-6)


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""

    def by_difference(N):
        steps = np.abs(np.subtract.outer(np.arange(N), np.arange(N)))
        d = 2 * math.pi * np.minimum(steps, N - steps) / N
        w = 0.28 + 2 * np.exp(np.cos(d) - 1) - 2 * np.exp((np.cos(d) - 1) / 4)
        return np.where(steps == 0, 0.0, w)

    assert ex.q1.check(by_difference).correct
    # The last excited cell, the first inhibited one, and the angle between them.
    for crossing in (54 * 360 / 512, 55 * 360 / 512, 38.1):
        assert ex.q2.check(crossing).correct

    def column_by_column(mask, strength, balance):
        columns = []
        for connected in mask.T:
            share = 1000 * strength / connected.sum()
            columns.append(connected * share + balance * 1000 * strength / connected.size)
        return np.array(columns).T

    assert ex.q3.check(column_by_column).correct
    assert ex.q4.check([105, 0]).correct
    assert ex.q5.check(lambda s: 80 / (1 + np.exp(6 - 0.8 * s))).correct
    assert ex.q6.check(lambda rates: abs(np.fft.fft(rates)[1]) / rates.size).correct
    assert ex.q6.check(lambda rates: activity_vector(rates).strength).correct
    assert ex.q7.check(2.9).correct
    assert ex.q8.check([round(strength, 2) for strength in right["q8"]]).correct
    assert ex.q9.check(lambda present, rings: tuple(count_memories(present, rings))).correct
    assert ex.q10.check(np.round(right["q10"], 2)).correct
    assert ex.q11.check(lambda a, p, r, c: np.abs(cue_error(a[r], c))[p[r]]).correct
    assert ex.q12.check(np.round(right["q12"], 1)).correct
    assert ex.q14.check(" (C) ").correct


# What is wrong, and what the checker says about it


def _ring(N, d, kappas=(1.0, 0.25), minus=1.0):
    excit, inhib = (2 * np.exp(kappa * (np.cos(d) - minus)) for kappa in kappas)
    w = 0.28 + excit - inhib
    np.fill_diagonal(w, 0)
    return w


def _cells(N):
    return np.subtract.outer(np.arange(N), np.arange(N))


def _with_diagonal(right):
    def ring_weights(N):
        w = right(N).copy()
        np.fill_diagonal(w, 0.28)
        return w

    return ring_weights


def _weights(mask, strength, axis=0):
    return 1000 * strength * mask / mask.sum(axis=axis, keepdims=True)


def _balance(mask, strength, balance):
    return balance * _weights(mask, strength).sum(axis=0)


def _vector(rates, theta):
    return np.abs(np.mean(rates * np.exp(1j * theta)))


def _fractions(kept_of, spurious_of):
    """count_rings with other wholes, given as functions of present and cued_rings."""

    def count_rings(present, cued_rings):
        kept = present[cued_rings].sum()
        spurious = present.sum() - kept
        fractions = kept / kept_of(present, cued_rings), spurious / spurious_of(present, cued_rings)
        return [kept, len(cued_rings) - kept, spurious, *fractions]

    return count_rings


def _all(present, cued_rings):
    return len(present)


def _load(present, cued_rings):
    return len(cued_rings)


def _rest(present, cued_rings):
    return len(present) - len(cued_rings)


def _active(present, cued_rings):
    return max(present.sum(), 1)


def _all_kept(present, cued_rings):
    spurious = present.sum() - present[cued_rings].sum()
    load, there = len(cued_rings), present.sum()
    return [there, load - there, spurious, there / load, spurious / (len(present) - load)]


def _learners_runs(load, network=None):
    network = network or build_network(seed=1)
    return [simulate_flexible_wm(load, network=network, seed=seed) for seed in range(10)]


def _errors(select, combine=None):
    """Mean errors with other items selected, or combined in another way."""
    combine = combine or (lambda parts: np.concatenate(parts).mean())
    return [combine([select(run) for run in _learners_runs(load)]) for load in (1, 4, 8)]


def _kept_errors(run):
    return np.abs(run.error_deg[run.memory_present[run.cued_rings]])


def _kept_errors_on_a_line(run):
    kept = run.memory_present[run.cued_rings]
    return np.abs(run.memory_angle_deg[run.cued_rings] - run.cue_positions_deg)[kept]


def _mean_of_means(parts):
    return np.mean([part.mean() for part in parts if part.size])


WRONG = [
    ("q1", lambda right: lambda N: _ring(N, 360 / N * _cells(N)), "degrees into np.cos"),
    ("q1", lambda right: lambda N: _ring(N, _cells(N)), "distance in cells"),
    ("q1", _with_diagonal, "No cell excites itself"),
    ("q1", lambda right: lambda N: _ring(N, math.tau / N * _cells(N), (-1.0, -0.25)), "sign in"),
    ("q1", lambda right: lambda N: _ring(N, math.tau / N * _cells(N), minus=0), "-1 in the expon"),
    ("q1", lambda right: lambda N: _ring(N, math.tau / N * _cells(N), (0.25, 1)), "changed places"),
    ("q1", lambda right: lambda N: right(N)[0], "(8,); (8, 8) is asked for"),
    ("q1", lambda right: lambda N: right(8), "ring_weights(45)"),
    (
        "q1",
        lambda right: lambda N: right(N) + np.arange(N)[:, np.newaxis] * (np.arange(N) == 2),
        "at element [7, 2], expected",
    ),
    ("q1", lambda right: right(8), "without calling it"),
    ("q2", lambda right: 55, "number of a cell"),
    ("q2", lambda right: math.radians(38.1), "radians"),
    ("q2", lambda right: 76.2, "edge to edge"),
    ("q2", lambda right: 321.9, "other way round"),
    ("q2", lambda right: 90.0, "change of sign in the first row"),
    ("q3", lambda right: lambda m, s, b: _weights(m, s, 1) + b * _weights(m, s, 1).mean(0), "down"),
    ("q3", lambda right: lambda m, s, b: right(m, s / 1000, b), "factor 1000"),
    (
        "q3",
        lambda right: lambda m, s, b: _weights(m, s) + m * _balance(m, s, b) / len(m),
        "connected pairs only",
    ),
    (
        "q3",
        lambda right: lambda m, s, b: _weights(m, s) + _balance(m, s, b) / m.sum(axis=0),
        "among the connected sources",
    ),
    (
        "q3",
        lambda right: lambda m, s, b: _weights(m, s) + _balance(m, s, b) / m.shape[1],
        "among the targets",
    ),
    ("q3", lambda right: lambda m, s, b: _weights(m, s) + _balance(m, s, b), "to every weight"),
    ("q3", lambda right: lambda m, s, b: right(m, s, -b), "sign of the balance"),
    ("q3", lambda right: lambda m, s, b: _weights(m, s), "balance is missing"),
    ("q3", lambda right: lambda m, s, b: right(m, s, b).T, "(4, 6); (6, 4) is asked for"),
    ("q3", lambda right: lambda m, s, b: right(m, s, b) * 2, "sum to 2100"),
    ("q4", lambda right: [10_500, 0], "in a second"),
    ("q4", lambda right: [105_000, 0], "10 seconds"),
    ("q4", lambda right: [10, 0], "have beta"),
    ("q4", lambda right: [21, 0], "5 Hz"),
    ("q4", lambda right: [0, 105], "other order"),
    ("q4", lambda right: [105, 105], "(with balance) is too high"),
    (
        "q4",
        lambda right: [
            0.05 * (w + offset).sum()
            for w in [build_network(seed=1).feedforward_weights()[0] + 2100 / 4096]
            for offset in (0, -2100 / 4096)
        ],
        "sums a row",
    ),
    ("q5", lambda right: lambda s: right(s) * 0.01, "not divided by tau"),
    ("q5", lambda right: lambda s: right(s) / 1000, "kHz"),
    ("q5", lambda right: lambda s: 40 * np.tanh(0.4 * s - 3), "The 1 in front"),
    ("q5", lambda right: lambda s: 40 * (1 + np.tanh(0.4 * (s - 3))), "slope multiplies s alone"),
    ("q5", lambda right: lambda s: 40 * (1 + np.tanh(0.4 * s)), "rate at rest"),
    ("q5", lambda right: lambda s: np.maximum(right(s), 0.198), "strongly inhibited cell"),
    ("q6", lambda right: lambda r: right(r) * len(r), "length of the sum"),
    ("q6", lambda right: lambda r: right(r) / r.mean(), "number from 0 to 1"),
    ("q6", lambda right: lambda r: r.mean(), "mean rate"),
    (
        "q6",
        lambda right: lambda r: _vector(r, 360 * np.arange(len(r)) / len(r)),
        "degrees into the exponential",
    ),
    (
        "q6",
        lambda right: lambda r: _vector(r, np.linspace(0, math.tau, len(r))),
        "endpoint=False",
    ),
    ("q6", lambda right: lambda r: r.max(), "expected 10 Hz"),
    ("q7", lambda right: firing_rate(stimulus_profile(120)).mean(), "mean rate of the ring"),
    ("q7", lambda right: firing_rate(stimulus_profile(0)).max(), "cell at the cue"),
    ("q7", lambda right: activity_vector(stimulus_profile(0) + 1).strength, "vector of the inputs"),
    ("q7", lambda right: 3.0, "stimulus_profile(120)"),
    ("q7", lambda right: 0.0029, "kHz"),
    ("q8", lambda right: right[::-1], "other order"),
    ("q8", lambda right: [right[0], right[0]], "Both are with the random layer"),
    ("q8", lambda right: flexible_1._one_item(1.1), "end of the run"),
    ("q8", lambda right: [right[0] + 1, right[1]], "(with random layer) is too high"),
    ("q8", lambda right: right[0], "one number; 2 are asked for"),
    ("q9", lambda right: _fractions(_all, _all), "Both fractions are of all rings"),
    ("q9", lambda right: _fractions(_all, _rest), "not of all"),
    ("q9", lambda right: _fractions(_load, _all), "the rings that were not cued, not of all"),
    ("q9", lambda right: _fractions(_load, _load), "you divide by those that were"),
    ("q9", lambda right: _fractions(_active, _active), "of the active rings"),
    ("q9", lambda right: _all_kept, "every active ring as kept"),
    ("q9", lambda right: lambda p, r: right(p, np.arange(len(r))), "cued_rings holds their num"),
    (
        "q9",
        lambda right: _fractions(_load, lambda present, rings: 8 - len(rings)),
        "another number of rings than 8",
    ),
    ("q9", lambda right: lambda p, r: right(p, r)[:3], "3 values; 5 are asked for"),
    ("q10", lambda right: np.array(right) / np.arange(1, 9), "fractions"),
    ("q10", lambda right: np.arange(1, 9) - right, "forgotten"),
    ("q10", lambda right: 10 * np.array(right), "sums over the 10 trials"),
    (
        "q10",
        lambda right: [
            simulate_flexible_wm(load, network=build_network(seed=1), seed=0).maintained
            for load in range(1, 9)
        ],
        "first trial alone",
    ),
    (
        "q10",
        lambda right: [
            np.mean([run.memory_present.sum() for run in _learners_runs(load)])
            for load in range(1, 9)
        ],
        "all active rings",
    ),
    ("q10", lambda right: [1, 2, 3, 4, 4, 4, 4, 4], "with the seeds 0 to 9"),
    ("q11", lambda right: lambda a, p, r, c: np.abs(a[r] - c)[p[r]], "as on a line"),
    ("q11", lambda right: lambda a, p, r, c: ((a[r] - c) % 360)[p[r]], "in one direction"),
    ("q11", lambda right: lambda a, p, r, c: cue_error(a[r], c)[p[r]], "with a sign"),
    ("q11", lambda right: lambda a, p, r, c: np.deg2rad(right(a, p, r, c)), "radians"),
    ("q11", lambda right: lambda a, p, r, c: np.abs(cue_error(a[r], c)), "(3,); (2,) is asked for"),
    (
        "q11",
        lambda right: lambda a, p, r, c: right(a, p, np.arange(len(r)), c),
        "rings 1, 2 and 4 cued",
    ),
    ("q12", lambda right: _errors(lambda run: np.abs(run.error_deg)), "forgotten items are among"),
    ("q12", lambda right: _errors(_kept_errors_on_a_line), "long way round"),
    ("q12", lambda right: _errors(_kept_errors, _mean_of_means), "means of the trials' means"),
    ("q12", lambda right: np.deg2rad(right), "radians"),
    ("q12", lambda right: [right[0], right[1], 90.0], "(load 8) is off"),
    ("q13", lambda right: np.array(right) / [3, 5, 3, 5], "fractions"),
    ("q13", lambda right: right[2:] + right[:2], "first 0.1, then 0.7"),
    ("q13", lambda right: [right[0], right[2], right[1], right[3]], "then both at 0.7"),
    ("q13", lambda right: [right[0] + right[1], *right[1:]], "all active rings as kept"),
    ("q13", lambda right: [3, 0, 0, 0], "(0.1: spurious) is too low"),
    ("q14", lambda right: "a", "sum to 2100"),
    ("q14", lambda right: "b", "sum to zero"),
    ("q14", lambda right: "d", "never shown"),
    ("q14", lambda right: "e", 'one letter, "a" to "d"'),
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
    named = [name for name, *_ in WRONG]
    assert {name for name in NAMES if named.count(name) >= 3} == set(NAMES)


def test_every_slip_is_made_by_somebody_here(ex):
    """A message would never be seen, because another mistake's comes before it."""
    for question in ex.questions.values():
        said = [text for name, _, text in WRONG if name == question.name]
        for slip in getattr(question.specification, "slips", ()):
            reached = [text for text in said if text in slip.message]
            assert reached, slip.message


def test_asking_for_an_exercise_runs_nothing():
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    flexible_1._trials.cache_clear()
    flexible_1._network.cache_clear()
    exercise("flexible_1")
    assert flexible_1._trials.cache_info().misses == 0
    assert flexible_1._network.cache_info().misses == 0
