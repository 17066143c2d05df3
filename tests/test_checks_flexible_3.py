"""The checkers of notebook 09: balance, the loop through the pool, overlap, mixed selectivity."""

import math
from dataclasses import replace

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.checks import exercise, flexible_3
from wmtutor.flexible import NetworkParameters, build_network, simulate_flexible_wm
from wmtutor.flexible.population import bump_rates, predict_random_layer
from wmtutor.laws.flexible_network import predict_loop
from wmtutor.units import ms

NAMES = [f"q{number}" for number in range(1, len(flexible_3.QUESTIONS) + 1)]
fate, row = flexible_3._fate, flexible_3._row


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("flexible_3")


@pytest.fixture
def ex():
    return exercise("flexible_3")


# What is right


def _inputs_by_network(mask, strength, balance, rates):
    """Question 1 pair by pair."""
    inputs = np.zeros(mask.shape[1])
    for source, target in np.ndindex(mask.shape):
        weight = balance / len(mask)
        if mask[source, target]:
            weight += 1 / mask[:, target].sum()
        inputs[target] += 0.01 * 1000 * strength * weight * rates[source]
    return inputs


def _shares_by_fit(table):
    """Question 11 by least squares on dummies for rows and columns."""
    i, j = (index.ravel() for index in np.indices(table.shape))
    y = table.ravel()

    def explained(*factors):
        columns = [np.ones(y.size)]
        for factor in factors:
            columns += [(factor == value).astype(float) for value in np.unique(factor)]
        design = np.stack(columns, axis=1)
        fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return ((fitted - y.mean()) ** 2).sum() / ((y - y.mean()) ** 2).sum()

    of_a, of_b = explained(i), explained(j)
    return [of_a, of_b, 1 - of_a - of_b]


def test_other_ways_to_the_same_answer_are_fine(ex):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(_inputs_by_network).correct
    assert ex.q11.check(_shares_by_fit).correct
    assert ex.q7.check(lambda a, b: np.corrcoef(a, b)[0, 1]).correct

    def by_rows(out, back):
        itself = (out * back.T).sum(axis=1).mean()
        arrives = [out[i] @ back[:, k] for i in range(len(out)) for k in range(len(out)) if i != k]
        return np.array([itself, np.std(arrives, ddof=1)])

    assert ex.q4.check(by_rows).correct
    assert ex.q9.check(" (B) ").correct


def test_another_fit_of_the_same_curve_is_fine(ex):
    """Somebody who fits the rate at rest as a third parameter would be turned away."""
    from scipy.optimize import curve_fit

    rates = flexible_3._pool_rates()
    fitted, _ = curve_fit(
        lambda n, r0, R, sigma: r0 + R * n / (sigma + n), np.arange(9), rates, p0=(0, 20, 1)
    )
    assert ex.q10.check(fitted[1:]).correct


@pytest.mark.parametrize("seed", [2, 12])
def test_checker_reads_as_the_library_does_for_any_seed(monkeypatch, seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    for function in (flexible_3._network, flexible_3._trials, flexible_3._overlaps):
        monkeypatch.setattr(
            flexible_3, function.__name__, getattr(function, "__wrapped__", function)
        )
    monkeypatch.setattr(flexible_3, "SEED", seed)
    monkeypatch.setattr(flexible_3, "TRIALS", 3)
    network = build_network(seed=seed)
    for changes in ({}, {"balance_fb": -0.98}, {"alpha": 4.2, "beta": 0.1}):
        runs = [
            simulate_flexible_wm(4, network=replace(network, **changes), seed=number)
            for number in range(3)
        ]
        kept = np.mean([run.maintained for run in runs])
        spurious = np.mean([run.spurious for run in runs])
        assert flexible_3._fate(load=4, **changes) == (kept, spurious)
    items = [(0, 0.0), (0, 22.5), (3, 180.0), (7, 337.5)]
    patterns = [
        predict_random_layer(network, bump_rates(network, [ring], [position])).input_mean
        for ring, position in items
    ]
    places = [round(ring * 16 + position / 22.5) for ring, position in items]
    overlaps = flexible_3._overlaps()[np.ix_(places, places)]
    assert overlaps == pytest.approx(np.corrcoef(patterns), abs=1e-9)


def test_factor_keeps_the_gain():
    """The checker would expect the trials of networks with another gain than the text says."""
    standard = predict_loop().itself
    for p in flexible_3.PROBABILITIES:
        factor = flexible_3._factor(p)
        loop = predict_loop(connection_probability=p, alpha=2.1 * factor, beta=0.2 * factor)
        assert loop.itself == pytest.approx(standard, rel=1e-12)
    for alpha, beta in flexible_3.TRADES:
        assert predict_loop(alpha=alpha, beta=beta).itself == pytest.approx(standard, rel=1e-12)


def test_sets_at_either_end_are_settled_by_more_than_rounding():
    """Two sets of the same overlap could change places from one machine to another."""
    sets, overlaps = flexible_3._ranked_sets()
    assert len(np.unique(sets, axis=0)) == len(sets)
    shown = flexible_3.SHOWN
    for edge in (shown, len(sets) - shown):
        assert overlaps[edge] - overlaps[edge - 1] > 1e-6


def test_praise_says_what_the_trials_show():
    """The text after a right answer would tell of another network than the learner's."""
    kept_back = flexible_3.QUESTIONS[1].reference()
    assert kept_back[0] < 1.5
    assert kept_back[1] < 0.5
    assert kept_back[3] > 4
    wrongs = flexible_3.QUESTIONS[2].reference()
    assert wrongs[0] < 0.5
    assert wrongs[3] > 4
    assert wrongs[4] > 2
    assert wrongs[5] < 0.5
    assert abs(wrongs[4] - fate()[0]) < 0.7
    rescaled = flexible_3.QUESTIONS[4].reference()
    assert rescaled[::2].min() > 1.5
    assert rescaled[1::2].max() < 1
    traded = flexible_3.QUESTIONS[5].reference()
    assert traded[1] > 2
    assert traded[2] < 2
    assert traded[3] < 0.5
    most, least = flexible_3.QUESTIONS[7].reference()
    assert most > least + 0.5


@pytest.mark.parametrize("seed", [2, 3])
def test_overlap_protects_on_other_networks_too(monkeypatch, seed):
    """The exercise would teach the luck of one network as a rule.

    On the networks with seeds 1 to 3 the difference was 1.0 to 1.2 items of four, six standard
    errors or more; here it is exact for its seed.
    """
    for name in ("_network", "_overlaps", "_ranked_sets", "_kept_of_set"):
        monkeypatch.setattr(flexible_3, name, getattr(flexible_3, name).__wrapped__)
    network = build_network(seed=seed)
    monkeypatch.setattr(flexible_3, "_network", lambda: network)
    most, least = flexible_3._kept_of_sets()
    assert most > least + 0.5


# What is wrong, and what the checker says about it


def _slip(function, what):
    return lambda right: lambda *arguments: function(*arguments, what=what)


def _all_active(right):
    pairs = np.reshape(right, (-1, 2))
    return np.stack([pairs.sum(axis=1), pairs[:, 1]], axis=1).ravel()


def _with_noise(mask, strength, balance, rates):
    return np.full(mask.shape[1], 40.0)


def _own_only(out, back):
    return [float((out * back.T).sum(axis=1).mean()), 0.0]


def _dot_product(first, second):
    return float(first @ second)


INPUTS, LOOP = flexible_3._inputs_with_slip, flexible_3._loop_with_slip
OVERLAP, SHARES = flexible_3._overlap_with_slip, flexible_3._shares_with_slip

WRONG = [
    ("q1", _slip(INPUTS, "no tau"), "time constant is missing"),
    ("q1", _slip(INPUTS, "seconds"), "tau for 10 seconds"),
    ("q1", _slip(INPUTS, "no total"), "factor 1000"),
    ("q1", _slip(INPUTS, "by source"), "number of targets of a source"),
    ("q1", _slip(INPUTS, "connected only"), "balance the connected pairs only"),
    ("q1", _slip(INPUTS, "scaled"), "scale the connected weights"),
    ("q1", _slip(INPUTS, "targets"), "among the targets"),
    ("q1", _slip(INPUTS, "whole"), "whole balance to every pair"),
    ("q1", _slip(INPUTS, "none"), "balance is missing"),
    ("q1", _slip(INPUTS, "sign"), "sign of the balance"),
    ("q1", lambda right: lambda m, s, b, r: right(m, s, b, r).mean(), "one number; 4"),
    ("q1", lambda right: _with_noise, "gave 40 at element"),
    ("q2", lambda right: np.divide(right, [3, 5, 3, 5]), "fractions of the rings"),
    ("q2", lambda right: [right[2], right[3], right[0], right[1]], "other order of the conditions"),
    ("q2", lambda right: [right[0], right[2], right[1], right[3]], "first condition, then both"),
    ("q2", _all_active, "all active rings as kept"),
    ("q2", lambda right: np.multiply(right, 10), "sums over the 10 trials"),
    ("q2", lambda right: [3 - right[0], right[1], 3 - right[2], right[3]], "items that are lost"),
    ("q2", lambda right: row(fate(balance_ff=-1.02), fate(balance_ff=-0.98)), "way out, which"),
    (
        "q2",
        lambda right: row(*(fate(balance_ff=e, balance_fb=e) for e in (-1.02, -0.98))),
        "balance of both ways",
    ),
    ("q2", lambda right: [2.2, 0.3, 2.2, 0.3], "(-1.02: kept) is too high"),
    ("q3", lambda right: np.multiply(right, 10), "sums over the 10 trials"),
    ("q3", lambda right: np.divide(right, [3, 5] * 3), "fractions of the rings"),
    (
        "q3",
        lambda right: row(
            fate(balance_fb=-1.1),
            fate(balance_ff=-0.9),
            fate(balance_ff=-0.9, balance_fb=-1.1),
        ),
        "changed places",
    ),
    ("q3", lambda right: [*right[:4], *fate()], "third has no error at all"),
    ("q3", lambda right: right[:4], "4 values; 6 are asked for"),
    ("q4", _slip(LOOP, "trace"), "Take the mean"),
    ("q4", _slip(LOOP, "all"), "leave out the diagonal"),
    ("q4", _slip(LOOP, "mean of others"), "mean of what comes to others"),
    ("q4", _slip(LOOP, "variance"), "square root"),
    ("q4", _slip(LOOP, "sd of itself"), "off the diagonal"),
    ("q4", _slip(LOOP, "order"), "first what comes back to the cell itself"),
    ("q4", _slip(LOOP, "random cells"), "loop of a random cell"),
    ("q4", lambda right: lambda out, back: out @ back, "shape"),
    ("q4", lambda right: _own_only, "at element [1]"),
    ("q5", lambda right: flexible_3._rescaled(0, 0), "standard strengths"),
    ("q5", lambda right: flexible_3._rescaled(2, 2), "square root"),
    ("q5", lambda right: flexible_3._rescaled(-1, -1), "wrong way round"),
    ("q5", lambda right: flexible_3._rescaled(2, 0), "alpha alone"),
    ("q5", lambda right: flexible_3._rescaled(0, 2), "beta alone"),
    ("q5", _all_active, "all active rings as kept"),
    ("q5", lambda right: [3.0, 0.0, 3.0, 0.0], "worked out from the formula"),
    ("q6", lambda right: flexible_3._traded(load=3), "trials with 3 items"),
    ("q6", lambda right: flexible_3._traded(beta=0.2), "alpha alone"),
    ("q6", lambda right: flexible_3._traded(alpha=2.1), "beta alone"),
    ("q6", lambda right: np.divide(right, [5, 3, 5, 3]), "fractions of the rings"),
    ("q6", lambda right: [right[2], right[3], right[0], right[1]], "other order of the conditions"),
    ("q6", lambda right: list(fate(load=5)) * 2, "is too"),
    ("q7", _slip(OVERLAP, "cosine"), "left the means in"),
    ("q7", _slip(OVERLAP, "covariance"), "That is the covariance"),
    ("q7", _slip(OVERLAP, "sum"), "sum of products"),
    ("q7", _slip(OVERLAP, "slope"), "slope of one pattern"),
    ("q7", _slip(OVERLAP, "square"), "square of the correlation"),
    ("q7", _slip(OVERLAP, "size"), "lost its sign"),
    ("q7", lambda right: _dot_product, "gave -12, expected -1"),
    ("q7", lambda right: lambda a, b: np.corrcoef(a, b), "shape (2, 2)"),
    ("q8", lambda right: right[::-1], "other order"),
    ("q8", lambda right: np.divide(right, 4), "fractions"),
    ("q8", lambda right: np.subtract(4, right), "lost"),
    ("q8", lambda right: flexible_3._kept_of_sets(by_size=True), "lost the sign"),
    ("q8", lambda right: flexible_3._kept_of_sets(1), "one set at either end"),
    ("q8", lambda right: [right[0], right[0]], "(least overlap) is too high"),
    ("q9", lambda right: "a", "number of items and on the rate"),
    ("q9", lambda right: "c", "different rings"),
    ("q9", lambda right: "d", "fixed when the network is built"),
    ("q10", lambda right: right[::-1], "first R"),
    ("q10", lambda right: flexible_3._normalisation(rest=False), "at rest is still in"),
    ("q10", lambda right: flexible_3._normalisation(first=2), "one too high"),
    ("q10", lambda right: flexible_3._straight_line(), "straight line"),
    ("q10", lambda right: [right[0] / 1000, right[1]], "kHz"),
    (
        "q10",
        lambda right: [np.ptp(flexible_3._pool_rates()), right[1]],
        "rate with eight items",
    ),
    ("q10", lambda right: [20.0, 1.0], "(R in Hz) is too low"),
    ("q11", _slip(SHARES, "swapped"), "changed places"),
    ("q11", _slip(SHARES, "deviations"), "standard deviations"),
    ("q11", _slip(SHARES, "unweighted"), "means of squares"),
    ("q11", _slip(SHARES, "mean left in"), "mean over everything is still in"),
    ("q11", _slip(SHARES, "mean taken twice"), "taken that off twice"),
    ("q11", _slip(SHARES, "whole table"), "variance of the whole table"),
    ("q11", lambda right: flexible_3._variances, "Divide by their sum"),
    ("q11", lambda right: lambda table: np.multiply(100, right(table)), "in percent"),
    ("q11", lambda right: lambda table: [1 / 3, 1 / 3, 1 / 3], "expected 0"),
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
    assert {name for name, *_ in WRONG} == set(NAMES)
    for name in NAMES:
        assert len({says for n, _, says in WRONG if n == name}) >= 3


def test_functions_right_on_the_fixed_cases_only_are_refused(right):
    """A function fitted to the inputs of one seed would pass in an assignment."""
    for name in ("q1", "q4", "q7", "q11"):
        cases = exercise("flexible_3").questions[name].specification.cases
        known = [(case.arguments, right[name](*case.arguments)) for case in cases(0)]

        def learnt(*arguments, known=known):
            for given, value in known:
                if all(np.array_equal(a, b) for a, b in zip(given, arguments, strict=True)):
                    return value
            return np.zeros_like(known[0][1])

        assert exercise("flexible_3").questions[name].check(learnt).correct
        assert not exercise("flexible_3", seed=2026).questions[name].check(learnt).correct


@pytest.mark.parametrize("seed", range(40))
def test_cases_hold_what_they_promise(seed):
    """For some seed a right answer would meet a division by zero, or two slips look alike."""
    for name in ("q1", "q4", "q7", "q11"):
        specification = exercise("flexible_3").questions[name].specification
        cases = specification.cases(seed)
        expected = [np.asarray(specification.reference(*c.arguments), float) for c in cases]
        assert all(np.isfinite(values).all() for values in expected)
        for slip in specification.slips:
            with np.errstate(all="raise"):
                led = [np.asarray(slip.leads_to(*c.arguments), float) for c in cases]
            assert not all(specification._compare(led, expected)), slip.message


def test_trials_are_those_of_the_notebook():
    """The notebook and its checker would speak of different networks."""
    network = build_network(seed=flexible_3.SEED)
    assert network.parameters == NetworkParameters()
    runs = [simulate_flexible_wm(3, network=network, seed=s) for s in range(flexible_3.TRIALS)]
    assert fate()[0] == np.mean([run.maintained for run in runs])
    runs = [
        simulate_flexible_wm(8, network=network, seed=s, sim_time=200 * ms, test_time=200 * ms)
        for s in range(flexible_3.TRIALS)
    ]
    t = runs[0].rate_monitor_random.t
    late = (t > 149.95 * ms) & (t < 200 * ms)
    rate = np.mean([run.rate_monitor_random.rate[late].mean() for run in runs])
    assert math.isclose(flexible_3._pool_rates()[8], rate, rel_tol=1e-9)


def test_asking_for_an_exercise_runs_nothing():
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    caches = (flexible_3._trials, flexible_3._kept_of_set, flexible_3._pool_rates)
    before = [cache.cache_info().misses for cache in caches]
    ex = exercise("flexible_3")
    for name in NAMES:
        ex.questions[name].check(None)
        ex.questions[name].check("nothing")
    assert [cache.cache_info().misses for cache in caches] == before
