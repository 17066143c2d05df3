"""The checkers of notebook 08: what they accept, what they refuse, and what they say."""

import functools
import math

import numpy as np
import pytest
from learner_answers import right_answers
from scipy import stats

from wmtutor.checks import exercise, flexible_2
from wmtutor.fits import cowan_capacity, fit_capacity, fit_mixture, mixture_density
from wmtutor.fits import sd_to_concentration as concentration
from wmtutor.flexible import build_network, count_memories, cue_error, simulate_flexible_wm
from wmtutor.ring import circular_standard_deviation
from wmtutor.units import ms

NAMES = [f"q{number}" for number in range(1, len(flexible_2.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("flexible_2")


@pytest.fixture
def ex():
    return exercise("flexible_2")


# What is right


def test_checker_counts_and_measures_as_the_library_does():
    """The learner's own read-outs would be held to another rule than the library's."""
    generator = np.random.default_rng(1)
    for _ in range(50):
        N = int(generator.integers(2, 10))
        rings = generator.permutation(N)[: generator.integers(1, N)]
        present = generator.random(N) < 0.5
        assert flexible_2._count_rings(present, rings) == list(count_memories(present, rings))
        angles, cues = generator.uniform(0, 360, N), generator.uniform(0, 360, rings.size)
        expected = np.abs(cue_error(angles[rings], cues))[present[rings]]
        np.testing.assert_allclose(
            flexible_2._distances(angles, present, rings, cues), expected, rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_runs_as_the_library_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    network = build_network(seed=seed)
    for load in (2, 8):
        run = simulate_flexible_wm(load, network=network, seed=seed, record_dt=100 * ms)
        reading = flexible_2._read(run)
        np.testing.assert_allclose(reading.strength, run.memory_strength, rtol=1e-9)
        assert (reading.present == run.memory_present).all()
        assert (reading.kept.sum(), reading.spurious) == (run.maintained, run.spurious)
        np.testing.assert_allclose(reading.errors(), run.error_deg, rtol=0, atol=1e-6)


def _survival_by_scipy(duration, lost, t):
    data = stats.CensoredData(uncensored=duration[lost], right=duration[~lost])
    return float(stats.ecdf(data).sf.evaluate(t)) if lost.any() else 1.0


def test_checker_has_the_formulas_of_the_library():
    """Notebook and library would teach two statistics under one name."""
    generator = np.random.default_rng(1)
    for _ in range(20):
        g, sd = generator.uniform([0.0, 8.0], [1.0, 60.0])
        errors = generator.uniform(-180, 180, 9)
        expected = mixture_density(errors, g, sd)
        mine = flexible_2._mixture(errors, g, concentration(sd))
        np.testing.assert_allclose(mine, expected, rtol=1e-9)
        load = int(generator.integers(1, 8))
        kept, spurious = generator.integers(0, load + 1, 5), generator.integers(0, 9 - load, 5)
        assert flexible_2._cowan(load, kept, spurious, 8) == pytest.approx(
            cowan_capacity(load, kept.mean() / load, spurious.mean() / (8 - load))
        )
        # Few different values, so that losses and ends of watching often coincide.
        duration = generator.integers(1, 8, size=15) / 8
        lost = generator.random(15) < 0.6
        for t in (0.05, 0.25, 0.5, 0.7):
            assert flexible_2._fraction_held(duration, lost, t) == pytest.approx(
                _survival_by_scipy(duration, lost, t), abs=1e-12
            )


@pytest.mark.parametrize("seed", [2, 3])
def test_checker_fits_as_the_library_does_for_any_data(seed):
    """A right answer would be refused, because two fits of the same data disagree."""
    generator = np.random.default_rng(seed)
    loads = np.repeat(np.arange(1, 9), 10)
    kept = generator.binomial(loads, np.minimum(1, generator.uniform(2, 4) / loads))
    means = np.array([kept[loads == load].mean() for load in range(1, 9)])
    load = np.arange(1.0, 9.0)
    for model, curve in (
        ("slots", lambda K: np.minimum(load, K)),
        ("saturating", lambda K: K * (1 - np.exp(-load / K))),
    ):
        expected = fit_capacity(loads, kept, model, resamples=100).capacity.estimate
        assert flexible_2._best_capacity(curve, means) == pytest.approx(expected, abs=0.002)
    errors = np.rad2deg(generator.vonmises(0, 8, size=240))
    errors[:90] = generator.uniform(-180, 180, size=90)
    fit = fit_mixture(errors, resamples=0)
    mine = flexible_2._fit(errors)
    assert mine == pytest.approx((fit.guess_fraction.estimate, fit.sd_deg.estimate), rel=1e-4)
    assert flexible_2._circular_sd(errors) == pytest.approx(circular_standard_deviation(errors))


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 2026])
def test_cases_of_survival_tell_the_wrong_ways_apart(seed):
    """Items whose trial was over could be taken for lost, or left out, and nobody would say so."""
    for wrong, _ in flexible_2._CENSORED:
        cases = flexible_2._fraction_held_cases(seed)
        off = [
            abs(wrong(*case.arguments) - flexible_2._fraction_held(*case.arguments))
            for case in cases
        ]
        # Both by the cases that are always there and by those that the seed decides.
        assert max(off[:-2]) > 0.05
        assert max(off[-2:]) > 0.01


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(lambda present, rings: tuple(count_memories(present, rings))).correct
    assert ex.q2.check(np.round(right["q2"], 2)).correct
    assert ex.q3.check(
        lambda load, kept, spurious, N: cowan_capacity(
            load, np.mean(kept) / load, np.mean(spurious) / (N - load)
        )
    ).correct
    # By means of the fractions of each trial.
    assert ex.q3.check(
        lambda load, kept, spurious, N: load * np.mean(kept / load - spurious / (N - load))
    ).correct
    assert ex.q4.check(np.round(right["q4"], 2)).correct
    assert ex.q5.check(lambda a, p, r, c: np.abs(cue_error(a[r], c))[p[r]]).correct
    assert ex.q6.check(np.round(right["q6"], 1)).correct
    von_mises = stats.vonmises.pdf
    assert ex.q7.check(
        lambda e, g, kappa: [
            math.radians((1 - g) * von_mises(math.radians(x), kappa)) + g / 360 for x in e
        ]
    ).correct
    assert ex.q8.check(
        [round(value, 3 - i // 2 * 2) for i, value in enumerate(right["q8"])]
    ).correct
    # Somebody who lets the fit have a mean of its own.
    errors = flexible_2._reports()[0]
    fit = fit_mixture(errors, bias=True, resamples=0)
    with_bias = [fit.guess_fraction.estimate, right["q8"][1], fit.sd_deg.estimate, right["q8"][3]]
    assert ex.q8.check(with_bias).correct
    assert ex.q9.check(_survival_by_scipy).correct
    assert ex.q10.check(np.round(right["q10"], 3)).correct
    assert ex.q11.check(np.round(right["q11"], 3)).correct


# What is wrong, and what the checker says about it


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


@functools.cache
def _learners_runs(load, number=10):
    network = build_network(seed=1)
    return [
        simulate_flexible_wm(load, network=network, seed=seed, record_dt=100 * ms)
        for seed in range(number)
    ]


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


def _cowan(hits, alarms, times):
    """Cowan's K with other wholes, given as functions of load and number of rings."""

    def cowan_k(load, kept, spurious, N_rings):
        off = np.mean(spurious) / alarms(load, N_rings) if alarms else 0.0
        return times(load, N_rings) * (np.mean(kept) / hits(load, N_rings) - off)

    return cowan_k


def _of_load(load, N_rings):
    return load


def _of_rest(load, N_rings):
    return N_rings - load


def _of_all(load, N_rings):
    return N_rings


def _one(load, N_rings):
    return 1


def _mix(e, g, kappa, *, turn=360, flat=1 / 360, memories=None, norm=np.i0, radians=np.deg2rad):
    hump = np.exp(kappa * np.cos(radians(e))) / (turn * norm(kappa))
    return (1 - g if memories is None else memories) * hump + g * flat


def _items(load, number):
    runs = _learners_runs(load, number)
    errors = np.concatenate([run.error_deg for run in runs])
    return errors, np.concatenate([run.memory_present[run.cued_rings] for run in runs])


def _fitted(number=40, select=slice(None), sd=circular_standard_deviation, of_all=False):
    """The answer to question 8 with other items fitted, or another standard deviation."""
    errors, held = _items(6, number)
    if isinstance(select, str):
        select = held
    fit = fit_mixture(errors[select], resamples=0)
    return [
        fit.guess_fraction.estimate,
        1 - held.mean(),
        fit.sd_deg.estimate,
        float(sd(errors if of_all else errors[held])),
    ]


def _product(duration, lost, t, losses=None):
    """The solution's way, with other losses taken."""
    held = 1.0
    for time in np.unique(duration[losses(duration, lost, t)]):
        held *= 1 - (lost & (duration == time)).sum() / (duration >= time).sum()
    return held


def _dropped(duration, lost, t):
    return (duration[lost] > t).mean() if lost.any() else 1.0


def _known(duration, lost, t):
    known = (lost & (duration <= t)) | (duration > t)
    return (duration > t).sum() / known.sum()


def _held_by(estimate):
    """The answer to question 10 by another estimate."""
    return [
        float(estimate(duration, lost, t))
        for duration, lost in map(flexible_2._followed, (2, 8))
        for t in (0.5, 1.8)
    ]


def _fates_in_ring_order():
    """The answer to question 11 with the rings as a run lists them."""
    network, kept = build_network(seed=1), []
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(8)[:6]
        run = simulate_flexible_wm(
            cued_rings=order, t_stimulus_start=0.1 * np.arange(1, 7), network=network, seed=seed,
            test_time=1.0, sim_time=1.0, record_dt=100 * ms,
        )  # fmt: skip
        kept.append(run.memory_present[run.cued_rings])
    return np.mean(kept, axis=0)[[0, -1]]


def _long_only():
    return [
        _survival_by_scipy(duration[len(duration) // 2 :], lost[len(lost) // 2 :], t)
        for duration, lost in map(flexible_2._followed, (2, 8))
        for t in (0.5, 1.8)
    ]


WRONG = [
    ("q1", lambda right: _fractions(_all, _all), "Both fractions are of all rings"),
    ("q1", lambda right: _fractions(_all, _rest), "not of all"),
    ("q1", lambda right: _fractions(_load, _all), "the rings that were not cued, not of all"),
    ("q1", lambda right: _fractions(_load, _load), "you divide by those that were"),
    ("q1", lambda right: _fractions(_active, _active), "of the active rings"),
    ("q1", lambda right: _all_kept, "every active ring as kept"),
    ("q1", lambda right: lambda p, r: right(p, np.arange(len(r))), "cued_rings holds their num"),
    (
        "q1",
        lambda right: _fractions(_load, lambda present, rings: 8 - len(rings)),
        "another number of rings than 8",
    ),
    ("q1", lambda right: lambda p, r: right(p, r)[:3], "3 values; 5 are asked for"),
    ("q2", lambda right: np.array(right) / np.arange(1, 9), "fractions"),
    ("q2", lambda right: np.arange(1, 9) - right, "forgotten"),
    ("q2", lambda right: 10 * np.array(right), "sums over the 10 trials"),
    (
        "q2",
        lambda right: [_learners_runs(load)[0].maintained for load in range(1, 9)],
        "first trial alone",
    ),
    (
        "q2",
        lambda right: [
            np.mean([run.memory_present.sum() for run in _learners_runs(load)])
            for load in range(1, 9)
        ],
        "all active rings",
    ),
    ("q2", lambda right: [1, 2, 3, 4, 4, 4, 4, 4], "the seeds 0 to 9"),
    ("q3", lambda right: _cowan(_of_load, None, _of_load), "Take the false alarms off"),
    ("q3", lambda right: _cowan(_of_load, _of_load, _of_load), "fraction of the cued rings"),
    ("q3", lambda right: _cowan(_of_load, _of_all, _of_load), "fraction of all rings"),
    ("q3", lambda right: _cowan(_of_load, _of_rest, _of_all), "not by the number of rings"),
    ("q3", lambda right: _cowan(_of_load, _of_rest, _one), "K is a number of items"),
    ("q3", lambda right: lambda load, k, s, N: right(load, k, s, 8), "another number of rings"),
    ("q3", lambda right: lambda load, k, s, N: right(load, k[:1], s[:1], N), "expected"),
    ("q3", lambda right: lambda load, k, s, N: max(right(load, k, s, N), 1), "nothing is rememb"),
    ("q4", lambda right: [right[0], max(flexible_2._mean_kept()), right[2]], "plateau"),
    ("q4", lambda right: [*right[:2], flexible_2._mean_kept()[3]], "mean number kept"),
    ("q4", lambda right: [right[1], right[0], right[2]], "first slots"),
    ("q4", lambda right: [right[0], right[0], right[2]], "Both fits are with slots"),
    ("q4", lambda right: [right[0], right[1], 3.5], "(Cowan's K at load 4) is too high"),
    ("q4", lambda right: right[:2], "2 values; 3 are asked for"),
    ("q5", lambda right: lambda a, p, r, c: np.abs(a[r] - c)[p[r]], "as on a line"),
    ("q5", lambda right: lambda a, p, r, c: ((a[r] - c) % 360)[p[r]], "in one direction"),
    ("q5", lambda right: lambda a, p, r, c: cue_error(a[r], c)[p[r]], "with a sign"),
    ("q5", lambda right: lambda a, p, r, c: np.deg2rad(right(a, p, r, c)), "radians"),
    ("q5", lambda right: lambda a, p, r, c: np.abs(cue_error(a[r], c)), "(3,); (2,) is asked for"),
    (
        "q5",
        lambda right: lambda a, p, r, c: right(a, p, np.arange(len(r)), c),
        "rings 1, 2 and 4 cued",
    ),
    ("q6", lambda right: _errors(lambda run: np.abs(run.error_deg)), "forgotten items are among"),
    ("q6", lambda right: _errors(_kept_errors_on_a_line), "long way round"),
    ("q6", lambda right: _errors(_kept_errors, _mean_of_means), "means of the trials' means"),
    ("q6", lambda right: np.deg2rad(right), "radians"),
    ("q6", lambda right: [right[0], right[1], 90.0], "(load 8) is off"),
    ("q7", lambda right: functools.partial(_mix, radians=lambda e: e), "degrees into np.cos"),
    (
        "q7",
        lambda right: functools.partial(_mix, turn=math.tau, flat=1 / math.tau),
        "density per radian",
    ),
    ("q7", lambda right: functools.partial(_mix, turn=math.tau), "the memories per radian"),
    ("q7", lambda right: functools.partial(_mix, flat=1), "fraction of guesses itself"),
    ("q7", lambda right: lambda e, g, kappa: right(e, 1 - g, kappa), "changed places"),
    ("q7", lambda right: functools.partial(_mix, memories=1), "multiply it by 1 - guess"),
    ("q7", lambda right: functools.partial(_mix, norm=lambda kappa: 1), "divide it by np.i0"),
    ("q7", lambda right: lambda e, g, kappa: right(e, g, 8.0), "von Mises density alone"),
    ("q7", lambda right: lambda e, g, kappa: right(e, g, kappa)[0], "one number"),
    ("q8", lambda right: _fitted(select="held"), "the kept items only"),
    ("q8", lambda right: [right[0], 1 - right[1], *right[2:]], "The second is the fraction kept"),
    ("q8", lambda right: _fitted(of_all=True), "all items, lost ones too"),
    ("q8", lambda right: _fitted(sd=np.std), "as on a line"),
    ("q8", lambda right: [right[1], right[0], right[3], right[2]], "of each pair"),
    ("q8", lambda right: [100 * right[0], 100 * right[1], *right[2:]], "in percent"),
    ("q8", lambda right: _fitted(10), "40"),
    ("q8", lambda right: [*right[:2], *np.deg2rad(right[2:])], "in radians"),
    ("q8", lambda right: [0.5, *right[1:]], "(guesses by the fit) is too high"),
    ("q9", lambda right: lambda d, lost, t: (d > t).mean(), "You take items for lost"),
    ("q9", lambda right: _dropped, "Those are the ones"),
    ("q9", lambda right: lambda d, lost, t: 1 - (lost & (d <= t)).mean(), "for held at t"),
    ("q9", lambda right: _known, "same short trials"),
    (
        "q9",
        lambda right: functools.partial(_product, losses=lambda d, lost, t: lost & (d < t)),
        "a loss at t itself",
    ),
    ("q9", lambda right: lambda d, lost, t: 1 - right(d, lost, t), "fraction lost"),
    ("q9", lambda right: lambda d, lost, t: 100 * right(d, lost, t), "percent"),
    (
        "q9",
        lambda right: functools.partial(_product, losses=lambda d, lost, t: lost),
        "plain fraction of durations",
    ),
    ("q10", lambda right: _held_by(lambda d, lost, t: (d > t).mean()), "You take items for lost"),
    ("q10", lambda right: _held_by(_dropped), "Those are the ones"),
    (
        "q10",
        lambda right: _held_by(lambda d, lost, t: 1 - (lost & (d <= t)).mean()),
        "for held at t",
    ),
    ("q10", lambda right: [right[0], right[2], right[1], right[3]], "other order"),
    ("q10", lambda right: [1 - value for value in right], "fractions lost"),
    ("q10", lambda right: _long_only(), "long trials alone"),
    ("q10", lambda right: [100 * value for value in right], "percent"),
    ("q10", lambda right: [1.0, 1.0, 0.5, 0.0], "fraction_held(*follow(load), t)"),
    ("q11", lambda right: _fates_in_ring_order(), "by their numbers"),
    ("q11", lambda right: right[::-1], "other order"),
    ("q11", lambda right: [1 - value for value in right], "fractions lost"),
    ("q11", lambda right: [40 * value for value in right], "counts"),
    ("q11", lambda right: [flexible_2._in_sequence().mean()] * 2, "all six items"),
    ("q11", lambda right: [1.0, 0.2], "with the seeds from 0 on"),
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
    flexible_2._trials.cache_clear()
    flexible_2._network.cache_clear()
    exercise("flexible_2")
    assert flexible_2._trials.cache_info().misses == 0
    assert flexible_2._network.cache_info().misses == 0
