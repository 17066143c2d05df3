"""The checkers of notebook 04: what they accept, what they refuse, and what they say."""

import math

import nbformat
import numpy as np
import pytest
from learner_answers import NOTEBOOKS, ROOT, right_answers
from scipy import stats

from wmtutor.bump import (
    draw_leak_potentials,
    estimate_diffusion,
    get_theta_time_series,
    population_sizes,
    simulate_wm,
)
from wmtutor.checks import bump_4, exercise
from wmtutor.checks._mechanism import Function, Number
from wmtutor.laws import read_trials
from wmtutor.laws.bump_drift import (
    _zero_crossings,
    diffusion_exponent,
    summarise_bump_diffusion,
    summarise_displacement,
)
from wmtutor.ring import signed_difference, unwrap_degrees
from wmtutor.units import ms, nA, second

NAMES = [f"q{number}" for number in range(1, len(bump_4.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_4")


@pytest.fixture
def ex():
    return exercise("bump_4")


# What is right


def _library_path(N, seed, cue_deg=180.0, E_leak=None):
    """As the notebook runs and reads a trial."""
    run = simulate_wm(
        **population_sizes(N),
        stimulus_center_deg=cue_deg,
        stimulus_width_deg=30,
        stimulus_strength=0.2 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        E_leak_excit=E_leak,
        sim_time=1.5 * second,
        dt=0.1 * ms,
        monitored_subset_size=1,
        seed=seed,
    )
    window = {"t_min": 400 * ms, "t_step": 100 * ms, "window_width": 100 * ms}
    return get_theta_time_series(run.spike_monitor_excit, **window).theta_deg


@pytest.mark.parametrize(
    ("N", "seed", "cue_deg", "unequal"),
    [(512, 7, 180.0, False), (512, 100_000 + 7, 0.0, True), (256, 8, 342.0, False)],
)
def test_checker_reads_as_the_notebook_does_for_any_seed(N, seed, cue_deg, unequal):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    E_leak = draw_leak_potentials(N, bump_4.SPREAD, 0) if unequal else None
    theirs = _library_path(N, seed, cue_deg, E_leak)
    ours = bump_4._path(N, seed, cue_deg, unequal)
    # The few spikes of the one step (of 1000) on the border of two windows may fall in either.
    assert np.abs(signed_difference(theirs, ours)).max() < 0.1


def test_checker_estimates_as_the_library_does():
    """Exercise and book would teach two diffusion constants, or two intervals."""
    theta = bump_4._repeats(False).reshape(-1, bump_4._TIMES)
    t = 0.45 + 0.1 * np.arange(bump_4._TIMES)
    estimate = estimate_diffusion(theta, t, resamples=20_000)
    ours = bump_4._diffusion_interval()
    assert ours[0] == pytest.approx(estimate.diffusion, rel=1e-9)
    assert 2.5 < ours[2] / ours[1] < 3  # "almost three times", says the praise
    # Two bootstraps, each with its own chance; seeds are fixed.
    np.testing.assert_allclose(ours[1:], estimate.confidence_interval, atol=0.25)
    moved = unwrap_degrees(theta) - theta[:, :1]
    np.testing.assert_allclose(bump_4._moved(theta), moved, atol=1e-9)
    assert bump_4._diffusion_constant(moved, t) == pytest.approx(estimate.diffusion, rel=1e-9)


def test_checker_finds_the_fixed_points_that_the_library_finds():
    """A memory would rest elsewhere in the exercise than in the book's figure."""
    generator = np.random.default_rng(1)
    for _ in range(30):
        angles = np.deg2rad(np.arange(360))[:, None] * np.arange(1, 7)
        velocity = np.cos(angles + generator.uniform(0, 6, 6)) @ generator.normal(size=6)
        for ours, theirs in zip(
            bump_4._crossings(velocity), _zero_crossings(velocity), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_table_is_what_was_measured():
    """The law that learners find would not be the one in the book."""
    trials = read_trials("bump_diffusion", ROOT / "book" / "data" / "laws")
    displacement = summarise_displacement(trials)
    for N, group in displacement.groupby("N_excitatory"):
        np.testing.assert_allclose(group.lag, bump_4.LAGS)
        np.testing.assert_allclose(group.msd, bump_4.MSD[N], atol=0.005001)
    assert set(displacement.N_excitatory) == set(bump_4.MSD)
    assert (summarise_bump_diffusion(trials).trials == 200).all()
    # What the praise says of 1 and of 1.1.
    interval = diffusion_exponent(trials)
    assert interval.low < 1 < 1.1 < interval.high
    # And the model answer: half a million cells wander by less than half a degree in 10 s.
    D = summarise_bump_diffusion(trials).set_index("N_excitatory").D[512] * 512 / 500_000
    assert math.sqrt(2 * D * 10) < 0.5


def test_notebook_shows_the_same_table():
    """Learners would fit other numbers than the checker."""
    notebook = nbformat.read(ROOT / "solutions" / NOTEBOOKS["bump_4"], as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.id == "table"]
    namespace = {"np": np, "ms": ms}
    exec(cell.source, namespace)
    assert namespace["msd"] == bump_4.MSD
    np.testing.assert_allclose(namespace["lag"], bump_4.LAGS)


def test_unequal_cells_drift_and_equal_ones_do_not():
    """The exercise's own result would be chance: its answers would teach nothing."""
    equal, unequal = bump_4._correlations(lambda theta: bump_4._moved(theta)[:, :, -1])
    # Of 20 pairs; by Fisher's transformation 0.7 is 3.5 standard errors from 0.
    assert abs(equal) < 0.3
    assert unequal > 0.6
    for of_equal_cells, most, least in ((True, 1.5, 0.0), (False, 9.0, 4.0)):
        first, second_repeat = bump_4._moved(bump_4._repeats(not of_equal_cells))[:, :, -1]
        assert least <= bump_4._drift_speed(first, second_repeat, 1.0) <= most


def test_probability_of_the_wrong_order_is_that_of_the_f_distribution():
    """A closed form, quoted from memory, would refuse right simulations."""
    for ratio, trials in ((4, 3), (1.5, 7), (10, 1)):
        expected = stats.f(trials, trials).cdf(1 / ratio)
        assert bump_4._wrong_order(ratio, trials) == pytest.approx(expected, rel=1e-9)


def _by_integration(velocity, cue_deg):
    """Question 11 by letting the bump move."""
    place, angles = float(cue_deg), np.arange(361)
    closed = np.append(velocity, velocity[0])
    for _ in range(20_000):
        speed = np.interp(place % 360, angles, closed)
        place += float(np.clip(0.02 * speed, -0.5, 0.5))
    return place


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(lambda theta: unwrap_degrees(theta) - theta[0]).correct
    assert ex.q1.check(lambda theta: bump_4._moved(theta).tolist()).correct
    assert ex.q2.check([round(value, 1) for value in right["q2"]]).correct
    paths = [[_library_path(N, seed) for seed in (1, 2, 3)] for N in (2048, 512)]
    assert ex.q2.check([np.hypot.reduce([p[-1] - p[0] for p in s]) / 3**0.5 for s in paths]).correct

    def by_f(ratio, trials):
        return stats.f(trials, trials).cdf(1 / ratio)

    def with_other_seed(ratio, trials):
        generator = np.random.default_rng(5)
        a, b = (generator.chisquare(trials, 100_000) for _ in range(2))
        return float(np.mean(a * ratio < b))

    assert ex.q3.check(by_f).correct
    assert ex.q3.check(with_other_seed).correct

    def by_regression(moved, t):
        return stats.linregress((t - t[0])[1:], np.mean(np.square(moved), 0)[1:]).slope / 2

    assert ex.q4.check(by_regression).correct
    t = 0.45 + 0.1 * np.arange(11)
    library = estimate_diffusion(bump_4._repeats(False).reshape(40, 11), t)
    assert ex.q5.check([library.diffusion, *library.confidence_interval]).correct
    assert ex.q6.check(" (C) ").correct
    slope = np.polyfit(np.log10(list(bump_4.MSD)), np.log10(_all_D()), 1)[0]
    assert ex.q7.check(-slope).correct
    assert ex.q7.check(1.06).correct
    assert ex.q8.check(lambda e, d, N, D: math.ceil(N * 2 * D * d / e**2)).correct
    assert ex.q9.check(np.round(right["q9"], 2)).correct
    assert ex.q10.check(lambda a, b, d: max(np.dot(a, b) / a.size, 0) ** 0.5 / d).correct
    assert ex.q11.check(_by_integration).correct
    assert ex.q11.check(lambda velocity, cue: round(right["q11"](velocity, cue))).correct
    assert ex.q12.check(lambda D, v: (math.sqrt(2 * D) / v) ** 2).correct


@pytest.mark.parametrize("seed", [0, 1, 2026, 987_654])
def test_solutions_hold_for_other_seeds(right, seed):
    """A right answer would pass in the notebook and fail when it is graded."""
    ex = exercise("bump_4", seed=seed)
    for name, question in ex.questions.items():
        if isinstance(question.specification, Function):
            assert question.check(right[name]).correct, (name, seed)


# What is wrong, and what the checker says about it


def _all_D():
    return [np.polyfit(bump_4.LAGS, msd, 1)[0] / 2 for msd in bump_4.MSD.values()]


def _law(read):
    D = [read(np.array(msd)) for msd in bump_4.MSD.values()]
    return -np.polyfit(np.log(list(bump_4.MSD)), np.log(D), 1)[0]


def _wrapped(theta):
    return theta - theta[0]


def _in_radians(theta):
    unwrapped = np.unwrap(np.deg2rad(theta))
    return unwrapped - unwrapped[0]


def _default_unwrap(theta):
    unwrapped = np.unwrap(theta)
    return unwrapped - unwrapped[0]


def _last(read):
    """Of the three paths of each size: what is read from their displacements."""
    paths = [[bump_4._path(N, seed) for seed in (1, 2, 3)] for N in (2048, 512)]
    return [float(read(np.array(p)[:, -1] - np.array(p)[:, 0])) for p in paths]


def _from_cue():
    paths = [[bump_4._path(N, seed)[-1] for seed in (1, 2, 3)] for N in (2048, 512)]
    return [float(np.sqrt(((np.array(p) - 180) ** 2).mean())) for p in paths]


def _experiments(scale, statistic):
    def wrong_order(ratio, trials):
        generator = np.random.default_rng(3)
        large, small = (generator.normal(size=(200_000, trials)) for _ in range(2))
        return float((statistic(scale(ratio) * small) < statistic(large)).mean())

    return wrong_order


def _mean_square(x):
    return (x**2).mean(axis=1)


def _fit(moved, t, first=1, power=2):
    return np.polyfit(t[first:], (np.abs(moved) ** power).mean(axis=0)[first:], 1)[0] / 2


def _with_origin(moved, t):
    lag, msd = t - t[0], (moved**2).mean(axis=0)
    return np.linalg.lstsq(lag[:, None], msd, rcond=None)[0][0] / 2


def _variance(moved, t):
    return np.polyfit(t[1:], np.var(moved, axis=0)[1:], 1)[0] / 2


def _each():
    t = 0.1 * np.arange(1, 11)
    moved = signed_difference(bump_4._repeats(False), bump_4._repeats(False)[..., :1])
    return np.polyfit(t, (moved.reshape(40, 11)[:, 1:] ** 2).T, 1)[0] / 2


def _bootstrap(**options):
    each = _each()
    interval = stats.bootstrap((each,), np.mean, rng=4, **options).confidence_interval
    return [each.mean(), interval.low, interval.high]


def _standard_errors(number):
    each = _each()
    half = number * each.std(ddof=1) / math.sqrt(40)
    return [each.mean(), each.mean() - half, each.mean() + half]


def _over_times():
    """A bootstrap of the times of the mean, which are not independent."""
    t = 0.1 * np.arange(1, 11)
    msd = (bump_4._moved(bump_4._repeats(False)).reshape(40, 11)[:, 1:] ** 2).mean(axis=0)
    generator = np.random.default_rng(0)
    picks = [generator.choice(10, 10) for _ in range(1000)]
    slopes = [np.polyfit(t[p], msd[p], 1)[0] / 2 for p in picks if len(set(p)) > 1]
    return [_each().mean(), *np.quantile(slopes, (0.025, 0.975))]


def _correlate(read):
    pairs = [read(bump_4._repeats(unequal)) for unequal in (False, True)]
    return [np.corrcoef(np.ravel(a), np.ravel(b))[0, 1] for a, b in pairs]


def _naive_speed(first, second_repeat, duration):
    return np.sqrt((first**2 + second_repeat**2).mean() / 2) / duration


def _speed_of_mean(first, second_repeat, duration):
    return np.sqrt(np.square((first + second_repeat) / 2).mean()) / duration


def _crossing(velocity, rising):
    sign = -1 if rising else 1
    here, there = sign * velocity, sign * np.roll(velocity, -1)
    return np.flatnonzero((here > 0) & (there <= 0)) + 0.5


def _nearest(points, cue):
    return points[np.argmin(np.abs(signed_difference(points, cue)))]


def _without_wrap(velocity, cue):
    stable = _crossing(velocity, rising=False)
    ahead = stable[stable > cue] if velocity[cue] > 0 else stable[stable < cue][::-1]
    return ahead[0] if ahead.size else stable[-1 if velocity[cue] > 0 else 0]


def _uphill(velocity, cue):
    unstable = _crossing(velocity, rising=True)
    way = cue - unstable if velocity[cue] > 0 else unstable - cue
    return unstable[np.argmin(way % 360)]


def _always_up(velocity, cue):
    stable = _crossing(velocity, rising=False)
    return stable[np.argmin((stable - cue) % 360)]


WRONG = [
    ("q1", lambda right: _wrapped, "jumps by 360°"),
    ("q1", lambda right: lambda theta: np.unwrap(theta, period=360), "subtract it"),
    ("q1", lambda right: _default_unwrap, "expects radians"),
    ("q1", lambda right: lambda theta: signed_difference(theta, theta[0]), "shortest way"),
    ("q1", lambda right: lambda theta: abs(right(theta)), "sign is lost"),
    ("q1", lambda right: _in_radians, "in radians"),
    ("q1", lambda right: lambda theta: right(theta) % 360, "ends 1° below"),
    ("q1", lambda right: lambda theta: np.diff(right(theta)), "shape is (2,)"),
    ("q1", lambda right: lambda theta: right(theta)[-1], "one number; 3 are asked for"),
    ("q2", lambda right: _last(lambda moved: np.abs(moved).mean()), "without their signs"),
    ("q2", lambda right: _last(np.std), "standard deviation, which"),
    ("q2", lambda right: _last(lambda moved: np.std(moved, ddof=1)), "ddof=1"),
    ("q2", lambda right: _from_cue(), "measure from the cue"),
    ("q2", lambda right: np.square(right), "root is missing"),
    ("q2", lambda right: right[::-1], "2048 cells come first"),
    ("q2", lambda right: np.deg2rad(right), "radians"),
    ("q2", lambda right: [1.0, 4.0], "(2048 cells) is off"),
    ("q3", lambda right: lambda ratio, trials: 1 - right(ratio, trials), "of the right order"),
    ("q3", lambda right: _experiments(lambda r: r, _mean_square), "multiplied the standard dev"),
    ("q3", lambda right: _experiments(np.sqrt, lambda x: np.abs(x.mean(axis=1))), "or their means"),
    ("q3", lambda right: _experiments(np.sqrt, lambda x: np.abs(x[:, 0])), "single displacements"),
    ("q3", lambda right: _experiments(np.sqrt, lambda x: x.mean(axis=1)), "with their signs"),
    ("q3", lambda right: lambda ratio, trials: 100 * right(ratio, trials), "percent"),
    ("q3", lambda right: lambda ratio, trials: right(4, 3), "wrong_order(1, 5)"),
    ("q4", lambda right: lambda moved, t: 2 * right(moved, t), "halve it"),
    ("q4", lambda right: lambda moved, t: _fit(moved, t, first=0), "first sample too"),
    ("q4", lambda right: _with_origin, "through the origin"),
    ("q4", lambda right: _variance, "variance over trials"),
    ("q4", lambda right: lambda moved, t: right(moved, t) * len(moved), "add the squares up"),
    ("q4", lambda right: lambda moved, t: right(moved, t / ms), "deg² per ms"),
    ("q4", lambda right: lambda moved, t: np.mean(moved[:, -1] ** 2) / 2 / (t[-1] - t[0]), "alone"),
    (
        "q4",
        lambda right: (
            lambda moved, t: np.polyfit(t[1:], np.sqrt(np.mean(moved**2, axis=0))[1:], 1)[0] / 2
        ),
        "root mean square",
    ),
    ("q4", lambda right: lambda moved, t: _fit(moved, t, power=1), "exactly 3 + 2 * 5"),
    (
        "q4",
        lambda right: lambda moved, t: np.polyfit(t[1:], moved[:, 1:].T, 1)[0],
        "array of shape (4,)",
    ),
    ("q5", lambda right: np.multiply(2, right), "halve them"),
    ("q5", lambda right: _bootstrap(method="percentile"), "plain percentiles"),
    ("q5", lambda right: _standard_errors(1.96), "1.96 standard errors"),
    ("q5", lambda right: _standard_errors(1), "two of three studies"),
    ("q5", lambda right: _bootstrap(confidence_level=0.9), "one of 90%"),
    ("q5", lambda right: [right[0], *np.quantile(_each(), (0.025, 0.975))], "single trials"),
    ("q5", lambda right: _over_times(), "(lower end) is too high"),
    ("q5", lambda right: right[0], "one number; 3 are asked for"),
    ("q6", lambda right: "a", "never negative"),
    ("q6", lambda right: "b", "divided by"),
    ("q6", lambda right: "d", "only make the mean square larger"),
    ("q7", lambda right: -right, "turn the sign"),
    ("q7", lambda right: right / 2, "typical error"),
    ("q7", lambda right: _law(lambda m: np.dot(m, bump_4.LAGS)), "through the origin"),
    ("q7", lambda right: _law(lambda m: m[-1]), "last time only"),
    ("q7", lambda right: _law(lambda m: np.polyfit(bump_4.LAGS[1:], m[1:], 1)[0]), "first column"),
    ("q7", lambda right: math.log(_all_D()[0] / _all_D()[3], 8), "all four sizes"),
    ("q7", lambda right: -np.polyfit(list(bump_4.MSD), np.log(_all_D()), 1)[0], "logarithm of N"),
    ("q7", lambda right: 1.0, "line with an intercept"),
    ("q8", lambda right: lambda *given: right(*given) / 2, "factor of 2"),
    ("q8", lambda right: lambda e, d, N, D: e * right(e, d, N, D), "Square the error"),
    ("q8", lambda right: lambda e, d, N, D: N * math.sqrt(2 * D * d) / e, "fall as 1/N"),
    ("q8", lambda right: lambda e, d, N, D: N**2 / right(e, d, N, D), "upside down"),
    ("q8", lambda right: lambda e, d, N, D: N, "Half the error, the same delay"),
    ("q9", lambda right: _correlate(lambda theta: theta[:, :, -1]), "follow the cue"),
    ("q9", lambda right: _correlate(bump_4._moved), "all times at once"),
    ("q9", lambda right: np.square(right), "square of the correlation"),
    ("q9", lambda right: right[::-1], "equal cells comes first"),
    ("q9", lambda right: [0.0, 1.0], "(equal cells) is too high"),
    ("q10", lambda right: _naive_speed, "noise is in it"),
    ("q10", lambda right: _speed_of_mean, "average the two repeats"),
    ("q10", lambda right: lambda a, b, d: d * right(a, b, d), "Divide by the duration"),
    ("q10", lambda right: lambda a, b, d: right(a, b, d) ** 2, "root is missing"),
    ("q10", lambda right: lambda a, b, d: math.sqrt(d) * right(a, b, d), "under the root"),
    ("q10", lambda right: lambda a, b, d: math.sqrt(abs(np.mean(a * b))) / d, "return 0"),
    ("q10", lambda right: lambda a, b, d: math.sqrt(np.mean(abs(a * b))) / d, "nothing can cancel"),
    ("q10", lambda right: lambda a, b, d: np.sqrt(np.mean(a * b)) / d, "NaN"),
    ("q10", lambda right: lambda a, b, d: 12.0, "drift plus noise"),
    ("q11", lambda right: lambda v, cue: _nearest(_crossing(v, False), cue), "far side"),
    (
        "q11",
        lambda right: (
            lambda v, cue: _nearest(np.concatenate([_crossing(v, False), _crossing(v, True)]), cue)
        ),
        "stable or not",
    ),
    ("q11", lambda right: _uphill, "against the field"),
    ("q11", lambda right: _always_up, "always go up"),
    ("q11", lambda right: _without_wrap, "across 0°"),
    ("q11", lambda right: lambda v, cue: (cue + v[cue]) % 360, "after 1 s"),
    ("q11", lambda right: lambda v, cue: math.radians(right(v, cue)), "radians"),
    ("q11", lambda right: lambda v, cue: 250.2, "5.5° and 185.5°, 300"),
    ("q12", lambda right: lambda D, v: right(D, v) / 2, "factor of 2"),
    ("q12", lambda right: lambda D, v: v * right(D, v), "square of v t"),
    ("q12", lambda right: lambda D, v: 1 / right(D, v), "upside down"),
    ("q12", lambda right: lambda D, v: math.sqrt(right(D, v)), "no root is left"),
    ("q12", lambda right: lambda D, v: right(D, v) / ms, "milliseconds"),
    ("q12", lambda right: lambda D, v: 1.0, "Drift twice as fast"),
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
    given = [name for name, *_ in WRONG]
    assert set(given) == set(NAMES)
    assert min(given.count(name) for name in NAMES) >= 3


def test_every_slip_has_its_message_tested():
    """A message nobody has seen could be about another mistake than the one it meets."""
    for name, question in exercise("bump_4").questions.items():
        if isinstance(question.specification, (Function, Number)):
            told = " ".join(slip.message for slip in question.specification.slips)
            tested = [says for of, _, says in WRONG if of == name and says in told]
            assert len(set(tested)) >= len(question.specification.slips), (name, tested)


def test_slips_are_far_from_what_is_right():
    """A mistake would pass as right, within the tolerance."""
    for name, question in exercise("bump_4").questions.items():
        specification = question.specification
        if isinstance(specification, Number):
            reference = np.asarray(specification.reference(), dtype=float)
            for slip in specification.slips:
                mistaken = np.asarray(slip.leads_to(reference), dtype=float)
                close = specification.tolerance.accepts(mistaken, reference, specification.unit)
                assert not close.all(), (name, slip.message)


def test_asking_for_the_exercise_runs_nothing(ex):
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    bump_4._path.cache_clear()
    for question in exercise("bump_4").questions.values():
        question.check(None)
        question.check("no number")
    assert bump_4._path.cache_info().misses == 0


def test_rounding_of_the_table_does_not_matter():
    """Two digits would decide about the exponent."""
    for _ in range(2):
        shaken = {
            N: np.array(msd) + np.random.default_rng(N).uniform(-0.005, 0.005, 12)
            for N, msd in bump_4.MSD.items()
        }
        D = [np.polyfit(bump_4.LAGS, msd, 1)[0] for msd in shaken.values()]
        exponent = -np.polyfit(np.log(list(shaken)), np.log(D), 1)[0]
        assert exponent == pytest.approx(bump_4._exponent(bump_4._slope_of), abs=0.003)
