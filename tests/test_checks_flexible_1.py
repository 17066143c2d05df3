"""The checkers of notebook 07: what they accept, what they refuse, and what they say."""

import math

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.checks import exercise, flexible_1
from wmtutor.flexible import (
    activity_vector,
    build_network,
    firing_rate,
    get_memory_time_series,
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


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_runs_as_the_library_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    run = simulate_flexible_wm(4, network=build_network(seed=seed), seed=seed, record_dt=100 * ms)
    series = get_memory_time_series(run)
    # Without the cue's own input, which the recorded inputs do not have.
    after = series.t > 0.21
    z = flexible_1.ring_vectors(run.s_sensory[after]).T
    np.testing.assert_allclose(np.abs(z), series.strength[:, after], rtol=1e-9)
    off = (np.rad2deg(np.angle(z)) - series.angle_deg[:, after] + 180) % 360 - 180
    np.testing.assert_allclose(off, 0, atol=1e-6)


@pytest.mark.parametrize("seed", [2, 3])
def test_checker_looks_at_the_pool_as_a_learner_does_for_any_seed(seed, monkeypatch):
    """A right answer would be refused for another way of counting spikes."""
    network = build_network(seed=seed)
    monkeypatch.setattr(flexible_1, "SEED", seed)
    for cached in (flexible_1._network, flexible_1._pool_spikes, flexible_1._pool):
        cached.cache_clear()
    try:
        np.testing.assert_allclose(flexible_1._pool(), _pool_of_learner(network, seed), atol=1e-12)
    finally:
        for cached in (flexible_1._network, flexible_1._pool_spikes, flexible_1._pool):
            cached.cache_clear()


def _pool_of_learner(network, seed):
    """The answer to question 10, cell by cell."""
    answer, rates = [], None
    for rings in ([], [0]):
        run = simulate_flexible_wm(
            cued_rings=rings, cue_positions_deg=120, network=network, seed=seed
        )
        trains = run.spike_monitor_random.spike_trains()
        rates = [np.sum((trains[j] >= 0.5) & (trains[j] < 1.0)) / 0.5 for j in range(1024)]
        answer.append(np.mean([rate > 5 for rate in rates]))
    connections = network.mask[128:214].sum(axis=0) / 86
    kinds = [
        [c for c, rate in zip(connections, rates, strict=True) if bool(rate > 5) == active]
        for active in (True, False)
    ]
    return answer + [np.mean(kind) for kind in kinds]


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

    def sample_by_sample(t, strength, t_off, threshold):
        for time, length in zip(t, strength, strict=True):
            if time >= t_off and length <= threshold:
                return time - t_off
        return max(t) - t_off

    assert ex.q9.check(sample_by_sample).correct
    assert ex.q10.check(np.round(right["q10"], 3)).correct
    # A window that takes its last step along is a matter of a spike or two.
    assert ex.q10.check(flexible_1._pool(0.5 - 1e-4, 1.0 + 1e-4)).correct


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


def _held(t, strength, t_off, threshold, first=None):
    """The solution's way, with another place of the loss where there is none."""
    after = t >= t_off
    below = strength[after] <= threshold
    if not below.any() and first is not None:
        return first(t, after) - t_off
    return (t[after][np.argmax(below)] if below.any() else t[-1]) - t_off


def _last_above(t, strength, t_off, threshold):
    above = t[strength > threshold]
    return max(above[-1] - t_off, 0.0) if above.size else 0.0


def _all_above(t, strength, t_off, threshold):
    return (strength[t >= t_off] > threshold).sum() * (t[1] - t[0])


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
    ("q9", lambda right: lambda t, s, off, th: right(t, s, off, th) + off, "start of the run. Sub"),
    (
        "q9",
        lambda right: lambda t, s, off, th: _held(t, s, off, th, lambda t, after: t[after][0]),
        "held to the last sample, not for 0 s",
    ),
    (
        "q9",
        lambda right: lambda t, s, off, th: _held(t, s, off, th, lambda t, after: t[0]),
        "gives 0, the first sample",
    ),
    (
        "q9",
        lambda right: (
            lambda t, s, off, th: (t[np.argmax(s <= th)] if (s <= th).any() else t[-1]) - off
        ),
        "from the start of the run, where",
    ),
    ("q9", lambda right: _last_above, "last sample above the threshold"),
    ("q9", lambda right: _all_above, "count all samples"),
    ("q9", lambda right: lambda t, s, off, th: right(t, s, off, th) / ms, "milliseconds"),
    ("q9", lambda right: lambda t, s, off, th: right(t, s, off, 3.0), "need not be 3 Hz"),
    ("q9", lambda right: lambda t, s, off, th: right(t, s, 0.1, th), "they need not be"),
    ("q9", lambda right: lambda t, s, off, th: _held(t, s, off, th, lambda t, _: np.nan), "NaN"),
    ("q10", lambda right: flexible_1._pool(0.0, 1.1), "whole run"),
    ("q10", lambda right: flexible_1._pool(limit=0.0), "fires at all"),
    ("q10", lambda right: flexible_1._pool(limit=10.0), "more than 5 spikes"),
    ("q10", lambda right: [*right[:2], *flexible_1._pool(first=0, last=512)[2:]], "whole ring"),
    (
        "q10",
        lambda right: [*right[:2], *flexible_1._pool(first=0, last=4096)[2:]],
        "with all",
    ),
    ("q10", lambda right: [*right[:2], right[3], right[2]], "first the active cells"),
    ("q10", lambda right: [right[1], right[0], *right[2:]], "first without an item"),
    ("q10", lambda right: [100 * share for share in right], "percent"),
    ("q10", lambda right: [*right[:2], 0.4, 0.3], "the rows 128 to 213 of the mask"),
    ("q10", lambda right: right[:2], "2 values; 4 are asked for"),
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
    flexible_1._one_item.cache_clear()
    flexible_1._network.cache_clear()
    exercise("flexible_1")
    assert flexible_1._one_item.cache_info().misses == 0
    assert flexible_1._network.cache_info().misses == 0
