"""wmtutor.fits: fits are those that maximise the likelihood, and intervals cover the truth."""

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from wmtutor.experiments import bootstrap_interval
from wmtutor.fits import (
    concentration_to_sd,
    cowan_capacity,
    fit_capacity,
    fit_mixture,
    fit_survival,
    intervals_of_groups,
    mixture_density,
    sd_to_concentration,
)
from wmtutor.ring import signed_difference

SEARCH = {
    "method": "Nelder-Mead",
    "options": {"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4000},
}


def simulate(n, guesses, sd_deg, seed, bias_deg=0.0):
    """Reports, of which exactly a fraction are guesses."""
    generator = np.random.default_rng(seed)
    number = round(guesses * n)
    kappa = sd_to_concentration(sd_deg)
    precise = bias_deg + np.rad2deg(generator.vonmises(0, kappa, size=n - number))
    return generator.permutation(np.r_[precise, generator.uniform(-180, 180, size=number)])


def log_likelihood(errors, g, kappa, mu=0.0, others=None, s=0.0):
    """The mixture's log-likelihood by scipy's von Mises density, per degree.

    Of the reports that are no guesses, s are about another item, where there is one.
    """

    def density(x):
        return stats.vonmises.pdf(np.deg2rad(x - mu), kappa) * np.pi / 180

    precise = density(errors)
    if others is not None:
        swappable = np.isfinite(others).any(axis=1)
        swap = np.nanmean(density(others[swappable]), axis=1)
        precise[swappable] = (1 - s) * precise[swappable] + s * swap
    return np.log((1 - g) * precise + g / 360).sum()


# Concentration and spread


@pytest.mark.parametrize("kappa", [0.3, 1.0, 8.0, 100.0, 5000.0])
def test_sd_of_a_concentration_is_that_of_the_density(kappa):
    """If it were not, a fitted spread could not be compared with a measured one.

    Oracle: the mean cosine of scipy's density, integrated.
    """
    length = integrate.quad(
        lambda x: np.cos(x) * stats.vonmises.pdf(x, kappa), -np.pi, np.pi, points=[0], limit=200
    )[0]
    expected = np.rad2deg(np.sqrt(-2 * np.log(length)))
    assert concentration_to_sd(kappa) == pytest.approx(expected, rel=1e-6)
    assert sd_to_concentration(concentration_to_sd(kappa)) == pytest.approx(kappa, rel=1e-6)


def test_narrow_distributions_are_normal_ones():
    """In the limit, kappa is one over the variance in radians."""
    assert sd_to_concentration(2.0) == pytest.approx(1 / np.deg2rad(2.0) ** 2, rel=2e-3)
    assert sd_to_concentration([0.5, 120.0]).shape == (2,)


def test_density_is_that_of_scipy_and_has_area_one():
    """If the drawn curve were not the fitted law, a good fit could look bad."""
    e = np.linspace(-180, 180, 50)
    kappa = sd_to_concentration(25.0)
    expected = 0.7 * stats.vonmises.pdf(np.deg2rad(e - 10), kappa) * np.pi / 180 + 0.3 / 360
    np.testing.assert_allclose(mixture_density(e, 0.3, 25.0, 10.0), expected, rtol=1e-8)
    area = integrate.quad(lambda x: mixture_density(x, 0.3, 25.0, 10.0), -180, 180, points=[10])[0]
    assert area == pytest.approx(1)


# Mixtures


@pytest.mark.parametrize("bias", [False, True])
def test_fit_is_where_a_general_optimiser_ends(bias):
    """If it were not, it would not be maximum likelihood. Oracle: Nelder and Mead's search."""
    errors = simulate(300, 0.3, 22.0, seed=1, bias_deg=8.0 if bias else 0.0)
    fit = fit_mixture(errors, bias=bias, resamples=0)
    found = optimize.minimize(
        lambda x: -log_likelihood(errors, x[0], np.exp(x[1]), x[2] if bias else 0.0),
        [0.2, 1.5, 0.0], **SEARCH,
        bounds=[(0, 1), (-1, 9), (-180, 180)],
    )  # fmt: skip
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    assert fit.guess_fraction.estimate == pytest.approx(found.x[0], abs=1e-4)
    assert fit.concentration.estimate == pytest.approx(np.exp(found.x[1]), rel=1e-3)
    assert fit.bias_deg.estimate == pytest.approx(found.x[2] if bias else 0.0, abs=1e-3)
    assert fit.aic == pytest.approx(2 * (2 + bias) + 2 * found.fun, abs=1e-5)
    alone = stats.vonmises.fit(np.deg2rad(errors), fscale=1, **({} if bias else {"floc": 0}))
    precise = log_likelihood(errors, 0, alone[0], np.rad2deg(alone[1]))
    assert fit.aic_precise == pytest.approx(2 * (1 + bias) - 2 * precise, abs=1e-4)
    assert fit.aic_guesses == pytest.approx(2 * 300 * np.log(360))


def test_fit_with_swaps_is_where_a_general_optimiser_ends():
    """If swaps were fitted wrongly, people would seem to confuse what they do not, or the reverse.

    A fifth of the reports are about another item; loads of two and three are mixed.
    """
    generator = np.random.default_rng(2)
    cues = generator.uniform(0, 360, size=(400, 3))
    asked = np.where(generator.random(400) < 0.2, 1, 0)
    reports = cues[np.arange(400), asked] + simulate(400, 0.0, 15.0, seed=3)
    reports[:60] = generator.uniform(0, 360, 60)
    errors = signed_difference(reports, cues[:, 0])
    others = signed_difference(reports[:, None], cues[:, 1:])
    others[100:150] = np.nan  # only one item was shown
    others[150:250, 1] = np.nan
    fit = fit_mixture(errors, nontarget_errors_deg=others, resamples=0)
    found = optimize.minimize(
        lambda x: -log_likelihood(errors, x[0], np.exp(x[1]), 0.0, others, x[2]),
        [0.2, 2.0, 0.1], **SEARCH, bounds=[(0, 1), (-1, 9), (0, 1)],
    )  # fmt: skip
    g, log_kappa, s = found.x
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    assert fit.swap_fraction.estimate == pytest.approx((1 - g) * s, abs=1e-4)
    assert fit.guess_fraction.estimate == pytest.approx(g, abs=1e-4)
    assert fit.concentration.estimate == pytest.approx(np.exp(log_kappa), rel=1e-3)
    assert 0.1 < fit.swap_fraction.estimate < 0.3
    nothing = fit_mixture(errors, nontarget_errors_deg=np.full((400, 2), np.nan), resamples=0)
    assert nothing.swap_fraction.estimate == 0
    assert nothing.aic == fit_mixture(errors, resamples=0).aic


@pytest.mark.parametrize(
    ("guesses", "sd_deg", "guesses_error", "sd_error_deg"),
    [(0.1, 12.0, 0.0025, 0.14), (0.5, 25.0, 0.010, 0.64), (0.8, 15.0, 0.0075, 0.88)],
)
def test_known_mixtures_are_found_again(guesses, sd_deg, guesses_error, sd_error_deg):
    """If they were not, no guess rate could be believed. Exact for the seed.

    Tolerances are five standard errors of a fit to 4000 reports, which come from 40 simulations.
    """
    fit = fit_mixture(simulate(4000, guesses, sd_deg, seed=5), resamples=0)
    assert fit.guess_fraction.estimate == pytest.approx(guesses, abs=5 * guesses_error)
    assert fit.sd_deg.estimate == pytest.approx(sd_deg, abs=5 * sd_error_deg)
    assert fit.aic < min(fit.aic_precise, fit.aic_guesses)


def test_intervals_cover_the_truth():
    """If 95% intervals covered less, the book would be surer than it may be.

    60 experiments; with a coverage of 0.93, 43 or fewer would be a chance of less than 1e-6. An
    interval for another level, or of a wrong statistic, covers far less.
    """
    covered = np.zeros(2, dtype=int)
    for seed in range(60):
        generator = np.random.default_rng(seed)
        errors = np.rad2deg(generator.vonmises(0, 10.0, size=150))
        errors = np.where(generator.random(150) < 0.3, generator.uniform(-180, 180, 150), errors)
        fit = fit_mixture(errors, resamples=199, seed=seed)
        covered += [
            fit.guess_fraction.low <= 0.3 <= fit.guess_fraction.high,
            fit.sd_deg.low <= concentration_to_sd(10.0) <= fit.sd_deg.high,
        ]
    assert (covered > 43).all(), covered
    assert stats.binom.cdf(43, 60, 0.93) < 1e-6


def test_reports_of_a_trial_are_not_taken_for_independent():
    """If they were, eight copies of one report would count as eight: intervals far too narrow."""
    errors = simulate(80, 0.3, 20.0, seed=6)
    once = fit_mixture(errors, resamples=199)
    copied = fit_mixture(np.repeat(errors, 8), groups=np.repeat(np.arange(80), 8), resamples=199)
    assert copied.groups == 80
    assert copied.reports == 640
    np.testing.assert_allclose(copied.guess_fraction, once.guess_fraction, atol=1e-3)
    np.testing.assert_allclose(copied.sd_deg, once.sd_deg, rtol=1e-3)
    naive = fit_mixture(np.repeat(errors, 8), resamples=199)
    assert np.ptp(naive.guess_fraction[1:]) < 0.6 * np.ptp(once.guess_fraction[1:])
    words = fit_mixture(errors, groups=[f"p{n:03}" for n in range(80)], resamples=199)
    assert words == once


def test_extremes():
    """If the ends of the range broke, load 1 and chance performance could not be fitted."""
    none = fit_mixture(simulate(500, 0.0, 15.0, seed=7), resamples=199)
    assert none.guess_fraction.estimate < 0.01
    assert none.aic_precise < none.aic + 1e-3 + 2
    assert 0 <= none.guess_fraction.low <= none.guess_fraction.high < 0.05
    all_of_them = fit_mixture(simulate(500, 1.0, 15.0, seed=8), resamples=0)
    assert all_of_them.aic_guesses < all_of_them.aic + 4
    exact = fit_mixture(np.zeros(50), resamples=100)
    assert exact.sd_deg.estimate == pytest.approx(0.5, abs=1e-6)  # the narrowest considered
    assert exact.guess_fraction.estimate == pytest.approx(0, abs=1e-6)


def test_whole_turns_do_not_matter():
    """An error of 350 degrees is one of -10."""
    errors = simulate(100, 0.2, 20.0, seed=9)
    turned = fit_mixture(errors + 360 * np.arange(-50, 50), resamples=0)
    plain = fit_mixture(errors, resamples=0)
    assert turned.guess_fraction.estimate == pytest.approx(plain.guess_fraction.estimate, abs=1e-7)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([1.0] * 9,), "9 are too few"),
        (([np.nan] * 20,), "not finite"),
        (([0.0] * 20, [1, 2]), "one for each of the 20"),
        (("no",), "errors_deg='no'"),
    ],
)
def test_bad_reports_are_refused(arguments, says):
    """If they went through, a typing error would be a result."""
    errors, *groups = arguments
    with pytest.raises((TypeError, ValueError), match=says):
        fit_mixture(errors, groups=groups[0] if groups else None)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"nontarget_errors_deg": [1.0] * 20}, r"a row for each of the 20 reports, got .*\(20,\)"),
        ({"nontarget_errors_deg": np.full((20, 2), np.inf)}, "infinite"),
        ({"nontarget_errors_deg": np.full((20, 2), "a")}, "numbers in degrees"),
        ({"bias": 1}, "bias=1"),
        ({"level": 95}, "level=95"),
        ({"resamples": -1}, "resamples=-1"),
    ],
)
def test_bad_options_are_refused(options, says):
    """If they went through, a typing error would be a result."""
    with pytest.raises((TypeError, ValueError), match=says):
        fit_mixture(np.arange(20.0), **options)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_impossible_concentrations_are_refused(value):
    """A concentration of 0 has no spread, and a negative one is a slip."""
    with pytest.raises(ValueError, match="above 0"):
        concentration_to_sd(value)
    with pytest.raises(ValueError, match=r"between 0.5° and 120°"):
        sd_to_concentration(value)


# Intervals


def test_interval_of_a_mean_is_that_of_scipy():
    """If groups were drawn wrongly, every interval here would be wrong. Exact: the same draws."""
    values = np.random.default_rng(1).exponential(size=25)
    ours = intervals_of_groups(
        lambda counts: np.stack([counts @ values / counts.sum(axis=1)] * 2, axis=1), 25, 0.9, 500,
        np.random.SeedSequence(3),
    )  # fmt: skip
    expected = bootstrap_interval(values, level=0.9, resamples=500, seed=3)
    for one in ours:
        np.testing.assert_allclose(one, expected, rtol=1e-12)
    constant = intervals_of_groups(lambda counts: np.ones((len(counts), 1)), 5, 0.9, 100, 0)
    assert constant == [(1.0, 1.0, 1.0)]


# Capacities


def test_slots_are_counted():
    """If three slots were not found in what three slots keep, K would mean nothing."""
    load = np.repeat(np.arange(1, 9), 4)
    for K in (1.0, 2.5, 3.0, 6.2):
        fit = fit_capacity(load, np.minimum(load, K))
        assert fit.capacity.estimate == pytest.approx(K, abs=2e-3)
        assert fit.rms_error < 1e-3
        assert fit.predicted.tolist() == pytest.approx(np.minimum(np.arange(1, 9), K), abs=2e-3)
    everything = fit_capacity(load, load)
    assert everything.capacity.estimate == 8  # no more can be seen


@pytest.mark.parametrize("model", ["slots", "saturating"])
def test_capacity_is_that_of_least_squares(model):
    """Oracle: scipy's curve_fit on single trials, at unequal numbers of them."""
    generator = np.random.default_rng(4)
    load = np.repeat([1, 2, 3, 5, 8], [10, 60, 20, 40, 30])
    kept = generator.binomial(load, np.minimum(1, 2.6 / load))
    curve = {
        "slots": lambda x, K: np.minimum(x, K),
        "saturating": lambda x, K: K * (1 - np.exp(-x / K)),
    }[model]
    (expected,), variance = optimize.curve_fit(curve, load, kept, p0=[2.7])
    fit = fit_capacity(load, kept, model)
    assert fit.capacity.estimate == pytest.approx(expected, abs=2e-3)
    # The interval is about as wide as the normal one (kept items are not normal, nor of one width).
    width = 2 * 1.96 * np.sqrt(variance[0, 0])
    assert 0.5 * width < fit.capacity.high - fit.capacity.low < 2 * width
    assert fit.kept[1] == kept[load == 2].mean()


def test_plateau_is_the_largest_mean():
    """If it were fitted, it would not be what its name says."""
    load, kept = [1, 1, 4, 4, 6, 6], [1, 1, 3, 4, 3, 3]
    fit = fit_capacity(load, kept, "plateau")
    assert fit.capacity.estimate == 3.5
    assert fit.predicted.tolist() == [3.5, 3.5, 3.5]


@pytest.mark.parametrize(
    ("load", "kept", "model", "says"),
    [
        ([1, 1], [1, 2], "slots", "more than the load 1"),
        ([1, 2, 2], [1, 2, 2], "slots", "two trials at each load"),
        ([1.5, 1.5], [1, 1], "slots", "whole numbers"),
        ([0, 0], [0, 0], "slots", "must be between 1"),
        ([1, 1], [1], "slots", "expected 2 values"),
        ([1, 1], [1, 1], "slot", "did you mean 'slots'"),
    ],
)
def test_bad_capacities_are_refused(load, kept, model, says):
    """If false alarms were counted as kept, capacities would be too large."""
    with pytest.raises(ValueError, match=says):
        fit_capacity(load, kept, model)


def test_cowan_takes_guesses_off():
    """For a memory with K slots that guesses at a rate f, K comes out whatever f is."""
    for f in (0.0, 0.3, 1.0):
        stored = 3 / np.array([4, 6])
        hits, false_alarms = stored + (1 - stored) * f, (1 - stored) * f
        np.testing.assert_allclose(cowan_capacity([4, 6], hits, false_alarms), [3, 3])
    assert np.isnan(cowan_capacity(8, 0.5, np.nan))
    with pytest.raises(ValueError, match="not percent"):
        cowan_capacity(4, 75, 25)
    with pytest.raises(ValueError, match="numbers of items"):
        cowan_capacity(-4, 0.5, 0.1)
    with pytest.raises(TypeError, match="false_alarm_fraction"):
        cowan_capacity(4, 0.5, "none")


# Survival


@pytest.mark.parametrize("k", [0.6, 1.0, 1.8])
def test_survival_is_that_of_scipy(k):
    """If censored memories were counted as lost, or left out, half-lives would be too short."""
    lasted = stats.weibull_min.rvs(k, scale=3.0, size=200, random_state=1)
    lost = lasted < 4
    duration = np.minimum(lasted, 4)
    fit = fit_survival(duration, lost, resamples=100)
    data = stats.CensoredData(uncensored=duration[lost], right=duration[~lost])
    shape, _, scale = stats.weibull_min.fit(data, floc=0)
    assert fit.shape.estimate == pytest.approx(shape, rel=2e-3)
    assert fit.scale.estimate == pytest.approx(scale, rel=2e-3)
    assert fit.survival(fit.half_life.estimate) == pytest.approx(0.5)
    assert fit.survival([0.0, 1e9]).tolist() == [1, 0]
    best = (
        -stats.weibull_min.nnlf((shape, 0, scale), duration[lost])
        + stats.weibull_min.logsf(4, shape, 0, scale) * (~lost).sum()
    )
    assert fit.aic == pytest.approx(4 - 2 * best, abs=1e-3)
    rate = lost.sum() / duration.sum()
    exponential = lost.sum() * np.log(rate) - rate * duration.sum()
    assert fit.aic_exponential == pytest.approx(2 - 2 * exponential)


def test_intervals_of_survival_cover_the_truth():
    """If 95% intervals covered less, the book would be surer than it may be.

    60 experiments; with a coverage of 0.93, 43 or fewer would be a chance of less than 1e-6.
    """
    covered = np.zeros(2, dtype=int)
    for seed in range(60):
        lasted = stats.weibull_min.rvs(0.7, scale=3.0, size=100, random_state=seed)
        fit = fit_survival(np.minimum(lasted, 4), lasted < 4, resamples=199, seed=seed)
        half_life = 3 * np.log(2) ** (1 / 0.7)
        covered += [
            fit.shape.low <= 0.7 <= fit.shape.high,
            fit.half_life.low <= half_life <= fit.half_life.high,
        ]
    assert (covered > 43).all(), covered


def test_largest_gap_is_kolmogorovs_distance():
    """If only the tops of the steps were compared, a fit would look better than it is."""
    duration = stats.weibull_min.rvs(0.7, size=60, random_state=2)
    fit = fit_survival(duration, np.ones(60, dtype=bool), resamples=100)
    law = stats.weibull_min(fit.shape.estimate, 0, fit.scale.estimate)
    assert fit.largest_gap == pytest.approx(stats.kstest(duration, law.cdf).statistic, abs=1e-9)


def test_items_of_a_trial_survive_together():
    """If copies counted as new memories, half-lives would seem known too well."""
    duration = np.random.default_rng(3).exponential(size=40)
    once = fit_survival(duration, duration < 9, resamples=100)
    copies = np.repeat(duration, 5)
    copied = fit_survival(copies, copies < 9, groups=np.repeat(np.arange(40), 5), resamples=100)
    np.testing.assert_allclose(copied.half_life, once.half_life, rtol=1e-6)


@pytest.mark.parametrize(
    ("duration", "lost", "error", "says"),
    [
        ([0.0] * 20, [True] * 20, ValueError, "middle between two looks"),
        ([1.0] * 20, [True] * 9 + [False] * 11, ValueError, "9 losses are too few"),
        ([1.0] * 20, [1] * 20, TypeError, "True or False for each of the 20"),
        ([-1.0] * 20, [True] * 20, ValueError, "duration"),
    ],
)
def test_bad_survival_is_refused(duration, lost, error, says):
    """If they went through, a typing error would be a result."""
    with pytest.raises(error, match=says):
        fit_survival(duration, np.array(lost))
