"""wmtutor.decoding"""

import numpy as np
import pytest
from scipy import special, stats

from wmtutor import decoding
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import circular_distance, population_vector, preferred_angles, signed_difference
from wmtutor.units import ms, second

KAPPA, PEAK = 8.0, 80.0


def bell(N=360, background=0.0):
    away = np.deg2rad(preferred_angles(N))
    return background + PEAK * np.exp(KAPPA * (np.cos(away) - 1))


def test_likelihood_is_that_of_poisson_counts():
    """If a term were missing, silent cells or uneven ones would not count as they should."""
    rng = np.random.default_rng(1)
    cells_deg = rng.uniform(0, 360, 15)
    candidates_deg = np.array([0.0, 40.0, 200.0])
    profile = bell(background=5.0)
    counts = rng.poisson(1.0, (4, 15))
    away = np.deg2rad(cells_deg - candidates_deg[:, None])
    mean = 0.1 * (5.0 + PEAK * np.exp(KAPPA * (np.cos(away) - 1)))
    expected = stats.poisson.logpmf(counts[:, None, :], mean).sum(axis=-1)
    expected += special.gammaln(counts + 1).sum(axis=-1)[:, None]  # the constant that is left out
    found = decoding.angle_log_likelihood(counts, profile, 0.1, candidates_deg, cells_deg)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_for_a_von_mises_bell_the_vector_is_the_most_likely_angle():
    """Then ln f is a cosine, so the two readers must agree whatever the counts."""
    counts = np.random.default_rng(2).poisson(0.4, (50, 36))
    vector_deg = population_vector(counts).angle_deg
    cells_deg = preferred_angles(36)
    ml_deg = decoding.most_likely_angle(counts, bell(), 50 * ms, cells_deg)
    assert circular_distance(ml_deg, vector_deg).max() < 0.01


def test_information_of_a_von_mises_bell():
    """Summed over a full ring it is window * N * peak * kappa * exp(-kappa) I1(kappa) per rad^2."""
    per_radian = 0.2 * 360 * PEAK * KAPPA * special.ive(1, KAPPA)
    information = decoding.fisher_information(bell(), 200 * ms)
    assert information == pytest.approx(per_radian * np.deg2rad(1) ** 2, rel=1e-4)
    assert decoding.cramer_rao_bound(bell(), 200 * ms) == pytest.approx(information**-0.5)


def test_information_of_one_cell():
    """The top of the bump tells nothing; a cell elsewhere tells T f'^2 / f."""
    d = np.deg2rad(20.0)
    f = 3.0 + PEAK * np.exp(KAPPA * (np.cos(d) - 1))
    slope = np.deg2rad(1) * KAPPA * np.sin(d) * (f - 3.0)
    profile = bell(background=3.0)
    told = decoding.fisher_information(profile, 1 * second, [70.0], theta_deg=[50.0, 70.0, 90.0])
    np.testing.assert_allclose(told, [slope**2 / f, 0.0, slope**2 / f], rtol=1e-4, atol=1e-9)
    assert decoding.cramer_rao_bound(profile, 1 * second, [70.0], 70.0) > 1e6


def test_most_likely_angle_reaches_the_bound_on_uneven_cells_with_background():
    """A reader that were biased by gaps, or deaf to the background, would scatter far more.

    The bounds below are five standard errors of the estimates from 2000 readings wide.
    """
    rng = np.random.default_rng(3)
    cells_deg = np.concatenate([rng.uniform(0, 200, 80), rng.uniform(200, 360, 20)])
    profile, window = bell(background=10.0), 200 * ms
    truth_deg = rng.uniform(0, 360, 2000)
    away = np.deg2rad(cells_deg - truth_deg[:, None])
    rates = 10.0 + PEAK * np.exp(KAPPA * (np.cos(away) - 1))
    read_deg = decoding.most_likely_angle(rng.poisson(window * rates), profile, window, cells_deg)
    score = signed_difference(read_deg, truth_deg) / decoding.cramer_rao_bound(
        profile, window, cells_deg, truth_deg
    )
    assert abs(score.mean()) < 5 / np.sqrt(2000)
    assert 1 - 5 / np.sqrt(4000) < score.std() < 1.05 + 5 / np.sqrt(4000)


def test_rates_move_with_the_bump():
    """If the sign were wrong, the bump would be mirrored."""
    rates = decoding.expected_rates(np.arange(1.0, 9.0), [0.0, 90.0])
    assert rates.shape == (2, 8)
    np.testing.assert_allclose(rates[1], np.roll(rates[0], 2))


def test_no_spike_no_angle():
    assert np.isnan(decoding.most_likely_angle(np.zeros(360), bell(), 0.1))
    counts, cells_deg = [[0] * 4, [1, 0, 0, 0]], [0, 90, 180, 270]
    silent_deg, heard_deg = decoding.most_likely_angle(counts, bell(), 10 * ms, cells_deg)
    assert np.isnan(silent_deg)
    assert circular_distance(heard_deg, 0) < 1e-6


def test_a_spike_too_few_counts_as_well():
    """One spike where the top would give eight: the bump must be some way off, on either side."""
    angle_deg = decoding.most_likely_angle([1], bell(), 0.1, [0])
    # The likelihood n ln(f T) - f T is largest where f T = n.
    away_deg = np.rad2deg(np.arccos(1 + np.log(1 / (0.1 * PEAK)) / KAPPA))
    assert circular_distance(angle_deg, 0) == pytest.approx(away_deg, abs=0.6)


def moving_bump(N=128, duration=20.0, step=0.05):
    """Poisson spikes of a bump that goes round the ring once."""
    rng = np.random.default_rng(4)
    times, cells = [], []
    for k in range(round(duration / step)):
        away = np.deg2rad(preferred_angles(N) - 360 * k * step / duration)
        n = rng.poisson(step * (1.0 + PEAK * np.exp(KAPPA * (np.cos(away) - 1))))
        cells.append(np.repeat(np.arange(N), n))
        times.append(np.full(n.sum(), (k + 0.5) * step))
    return SpikeMonitor(np.concatenate(times), np.concatenate(cells), N=N, duration=duration)


def test_mean_profile_takes_the_movement_out():
    """Left in, a bump that goes all the way round would have a flat profile."""
    true = bell(128, background=1.0)
    monitor = moving_bump()
    profile = decoding.mean_profile(monitor)
    assert profile.shape == (128,)
    np.testing.assert_allclose(profile, true, atol=4.0)
    np.testing.assert_allclose(profile, np.roll(profile[::-1], 1))
    np.testing.assert_allclose(decoding.mean_profile([monitor, monitor]), profile)
    assert decoding.mean_profile(monitor, least_rate=20.0).min() == 20.0


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: decoding.fisher_information(np.zeros(8), 0.1), ValueError, "profile: has a rate"),
        (lambda: decoding.fisher_information([1, 2], 0.1), ValueError, "at least 8"),
        (lambda: decoding.cramer_rao_bound(bell(), 0.0), ValueError, "window"),
        (lambda: decoding.cramer_rao_bound(bell(), -0.1), ValueError, "window"),
        (lambda: decoding.most_likely_angle([1, 2], bell(), 0.1), ValueError, "360 cells"),
        (lambda: decoding.most_likely_angle([-1], bell(), 0.1, [0]), ValueError, "negative"),
        (lambda: decoding.most_likely_angle(["a"], bell(), 0.1, [0]), TypeError, "counts"),
        (lambda: decoding.most_likely_angle([1], bell(), 0.1, [0], 2), ValueError, "candidates"),
        (lambda: decoding.expected_rates(bell(), np.nan), ValueError, "theta_deg"),
        (lambda: decoding.mean_profile([]), TypeError, "spike_monitors"),
        (lambda: decoding.mean_profile([1]), TypeError, "int"),
        (lambda: decoding.mean_profile(moving_bump(), 0, 0.01), ValueError, "window_width"),
        (lambda: decoding.mean_profile(moving_bump(), least_rate=0), ValueError, "least_rate"),
    ],
)
def test_errors_name_the_argument(call, error, says):
    with pytest.raises(error, match=says):
        call()
