"""wmtutor.reduced: the particle obeys closed forms, and its kicks are those of a real bump."""

import numpy as np
import pytest
from scipy import stats

from wmtutor.bump import weight_profile
from wmtutor.reduced import (
    drift_from_input,
    evolve_density,
    shift_mode,
    simulate_langevin,
    stationary_density,
)
from wmtutor.ring import population_vector, preferred_angles, signed_difference

ANGLES = np.arange(360.0)


def point(place, places=360):
    density = np.zeros(places)
    density[place] = 1
    return density


def wrapped_normal(angles_deg, center_deg, variance):
    turns = angles_deg[:, None] - center_deg + 360 * np.arange(-8, 9)
    return stats.norm.pdf(turns, scale=np.sqrt(variance)).sum(axis=1)


def restoring(k, period_deg=90.0):
    """A field that is about -k x near its stable zeros at 0, 90, ... degrees."""
    wave = 2 * np.pi / period_deg
    return -k / wave * np.sin(wave * ANGLES)


# The particle without drift, against the normal law


def test_free_paths_have_the_variance_and_shape_of_the_normal_law():
    D, duration = 6.0, 2.0
    moved = simulate_langevin(30, 0, D, duration, trials=4000, seed=1).theta_deg[:, -1] - 30
    # For this seed; a normal law fails one such test in 10^6 by chance.
    assert stats.kstest(moved, stats.norm(scale=np.sqrt(2 * D * duration)).cdf).pvalue > 1e-6
    ratio = (moved**2).sum() / (2 * D * duration)
    assert stats.chi2(4000).ppf(5e-7) < ratio < stats.chi2(4000).isf(5e-7)


def test_the_step_of_free_paths_does_not_matter():
    fine, coarse = (
        simulate_langevin(0, 5.0, 3.0, 1.0, dt=dt, trials=3000, seed=2).theta_deg[:, -1]
        for dt in (0.01, 1.0)
    )
    assert stats.ks_2samp(fine, coarse).pvalue > 1e-6


def test_without_noise_paths_follow_the_drift():
    k = 2.0
    paths = simulate_langevin([10.0, -10.0], restoring(k), 0, 1.0, dt=0.001)
    wave = 4.0  # of 90 degrees; tan(wave theta / 2) decays as exp(-k t)
    expected = np.rad2deg(2 / wave * np.arctan(np.tan(wave * np.deg2rad(10) / 2) * np.exp(-k)))
    np.testing.assert_allclose(paths.theta_deg[:, -1], [expected, -expected], atol=0.02)


@pytest.mark.parametrize(("D", "t"), [(4.0, 3.0), (50.0, 10.0), (500.0, 60.0)])
def test_density_without_drift_is_the_wrapped_normal(D, t):
    density = evolve_density(point(180), 0, D, [t])[0]
    np.testing.assert_allclose(
        density, wrapped_normal(ANGLES, 180, 2 * D * t), atol=0.01 * density.max()
    )
    # The variance of the scheme is exact while nothing has gone round.
    if D * t < 100:
        assert density @ (ANGLES - 180) ** 2 == pytest.approx(2 * D * t, rel=1e-6)


@pytest.mark.parametrize("speed", [20.0, -20.0])
def test_density_in_a_constant_drift_moves_and_does_not_spread_faster(speed):
    D, t = 4.0, 3.0
    density = evolve_density(point(180), speed, D, [t])[0]
    np.testing.assert_allclose(
        density, wrapped_normal(ANGLES, 180 + speed * t, 2 * D * t), atol=0.01 * density.max()
    )
    assert density @ ANGLES == pytest.approx(180 + speed * t, abs=1e-3)
    assert density @ (ANGLES - 180 - speed * t) ** 2 == pytest.approx(2 * D * t, rel=0.01)


# Near a stable point, against Ornstein and Uhlenbeck


def test_variance_near_a_stable_place_is_that_of_ornstein_and_uhlenbeck():
    D, k = 1.0, 1.5
    times = np.array([0.1, 0.3, 1.0, 3.0])
    expected = D / k * (1 - np.exp(-2 * k * times))
    # A field that is a straight line for 20 degrees around, in places of half a degree.
    away = signed_difference(preferred_angles(720), 180.0)
    line = -k * np.sign(away) * np.clip(20 - np.abs(np.abs(away) - 20), 0, None)
    density = evolve_density(point(360, 720), line, D, times)
    # The start is even over its place, and the result is the mean over each.
    place = 0.5**2 / 12
    with_places = expected + place * np.exp(-2 * k * times) + place
    np.testing.assert_allclose(density @ away**2 / 2, with_places, rtol=0.005)
    dt = 0.005
    paths = simulate_langevin(0, restoring(k), D, 3.0, dt=dt, trials=3000, seed=3).theta_deg
    seen = paths[:, (times / dt).round().astype(int)].var(axis=0)
    # An interval of a chance of 10^-6 each, and 3% because a sine is not a line.
    low, high = (stats.chi2(3000).ppf(p) / 3000 for p in (5e-7, 1 - 5e-7))
    assert (seen > 0.97 * low * expected).all()
    assert (seen < 1.03 * high * expected).all()


# The end state, against exp(-U / D)


def test_stationary_density_in_a_landscape_is_boltzmanns():
    D, depth = 3.0, 8.0
    wave = np.deg2rad(1.0) * 3
    landscape = -depth * np.cos(wave * (ANGLES - 40))
    drift = -depth * wave * np.sin(wave * (ANGLES - 40))  # -dU/dtheta
    expected = np.exp(-landscape / D)
    expected /= expected.sum()
    np.testing.assert_allclose(stationary_density(drift, D), expected, atol=1e-3 * expected.max())


@pytest.mark.parametrize("push", [0.0, 1.5, -1.5, 30.0])
def test_stationary_density_is_what_the_evolution_ends_in(push):
    drift = 3 * np.sin(np.deg2rad(2 * preferred_angles(180))) + push
    end = evolve_density(np.ones(180), drift, 200.0, [400.0])[0]
    np.testing.assert_allclose(stationary_density(drift, 200.0), end, rtol=2e-3)


def test_a_constant_drift_leaves_the_density_flat():
    np.testing.assert_allclose(stationary_density(np.full(90, 7.0), 2.0), 1 / 360)


def test_deep_valleys_do_not_overflow():
    density = stationary_density(100 * np.sin(np.deg2rad(ANGLES)), 0.1)
    assert np.isfinite(density).all()
    assert density.sum() == pytest.approx(1)
    assert np.argmax(density) == 180


# Nothing is lost on the way


@pytest.mark.parametrize("places", [8, 90, 361])
def test_probability_is_conserved_and_positive(places):
    generator = np.random.default_rng(5)
    drift = generator.normal(0, 5, places)
    density = evolve_density(generator.random(places), drift, 2.0, [0, 0.01, 0.1, 0.3])
    np.testing.assert_allclose(density.sum(axis=1) * 360 / places, 1, rtol=1e-9)
    assert (density >= 0).all()


def test_no_probability_is_lost_before_the_result_is_scaled():
    from wmtutor.reduced import _flow

    drift = np.random.default_rng(6).normal(0, 50, 90)
    flow = _flow(drift, 200.0, 4.0)
    np.testing.assert_allclose(flow.sum(axis=0), 0, atol=1e-9)
    away_from_diagonal = flow.toarray()[~np.eye(90, dtype=bool)]
    assert (away_from_diagonal >= 0).all()  # so densities stay positive


def test_density_and_paths_agree_in_an_uneven_field():
    drift = 6 * np.sin(np.deg2rad(3 * ANGLES)) + 3 * np.cos(np.deg2rad(ANGLES))
    D, t = 5.0, 3.0
    ends = simulate_langevin(75, drift, D, t, trials=20_000, seed=6).theta_deg[:, -1]
    bins = np.arange(-0.5, 360, 10)
    seen = np.histogram((ends + 0.5) % 360 - 0.5, bins)[0]
    expected = 20_000 * evolve_density(point(75), drift, D, [t])[0].reshape(-1, 10).sum(axis=1)
    often = expected > 20
    assert often.sum() >= 3
    # 3% for the steps of 10 ms and cells of 1 degree; 5 standard deviations for chance.
    limit = 0.03 * expected + 5 * np.sqrt(expected)
    assert (np.abs(seen - expected) < limit)[often].all()


def test_intermediate_times_do_not_change_the_end():
    drift = 6 * np.sin(np.deg2rad(3 * ANGLES))
    at_once = evolve_density(point(20), drift, 5.0, [3.0])[-1]
    by_steps = evolve_density(point(20), drift, 5.0, [0.5, 1.0, 1.7, 3.0])[-1]
    np.testing.assert_allclose(at_once, by_steps, atol=2e-3 * at_once.max())


# The kicks, against a network of gates that is kicked

N, TAU, STEP = 256, 0.065, 0.61
#: A bell of excitation and inhibition of everybody.
WEIGHTS = (weight_profile(N, 20.0, 2.3) - 1.0) * 128 / N


def rates_of(drive):
    return 60 / (1 + np.exp(-(drive - 8) / 2))


def settle(gates, duration, extra=0.0, dt=0.005):
    """Rates and gates by Runge and Kutta's method; no noise."""
    spectrum = np.fft.rfft(WEIGHTS)

    def change(s):
        drive = np.fft.irfft(spectrum * np.fft.rfft(s), N)
        return -s / TAU + STEP * (1 - s) * rates_of(drive + extra)

    for _ in range(round(duration / dt)):
        a = change(gates)
        b = change(gates + dt / 2 * a)
        c = change(gates + dt / 2 * b)
        gates = gates + dt / 6 * (a + 2 * b + 2 * c + change(gates + dt * c))
    return gates


@pytest.fixture(scope="module")
def bump():
    gates = settle(0.8 * np.exp(-((preferred_angles(N) - 180) ** 2) / 800), 8.0)
    drive = np.fft.irfft(np.fft.rfft(WEIGHTS) * np.fft.rfft(gates), N)
    return gates, shift_mode(rates_of(drive), WEIGHTS, tau_NMDA=TAU, step_NMDA=STEP, modes=60)


def angle_of(gates):
    return float(population_vector(gates).angle_deg)


@pytest.mark.parametrize("cell", [N // 2 + 10, N // 2 - 16, N // 2 + 24])
def test_a_kick_moves_a_bump_as_far_as_the_projection_says(bump, cell):
    gates, mode = bump
    np.testing.assert_allclose(mode.gates, gates, atol=1e-4)
    size = 1e-3
    kicked = gates.copy()
    kicked[cell] += size * STEP * (1 - gates[cell])
    moved = (angle_of(settle(kicked, 4.0)) - angle_of(gates)) / size
    assert moved == pytest.approx(mode.kick_deg[cell], rel=0.01)


def test_an_uneven_drive_moves_a_bump_as_fast_as_the_projection_says(bump):
    gates, mode = bump
    drive = 0.02 * np.cos(np.deg2rad(preferred_angles(N) - 270) * 2 + 1)
    before = settle(gates, 1.0, drive)
    after = settle(before, 0.5, drive)
    velocity = (angle_of(after) - angle_of(before)) / 0.5
    passed = round((angle_of(after) + angle_of(before)) / 2 / 360 * N)
    assert velocity == pytest.approx(drift_from_input(mode, drive)[passed], rel=0.02)


def test_kicks_point_outwards_and_uniform_inhibition_does_not_matter(bump):
    _, mode = bump
    right = (mode.away_deg > 2) & (mode.away_deg < 60)
    left = (mode.away_deg < -2) & (mode.away_deg > -60)
    assert (mode.kick_deg[right] > 0).all()
    assert (mode.kick_deg[left] < 0).all()
    rate = 60 * np.exp((np.cos(np.deg2rad(preferred_angles(N))) - 1) / 0.1)
    one, other = (shift_mode(rate, WEIGHTS - lower).kick_deg for lower in (0.0, 3.0))
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_twice_the_cells_halve_the_kicks_and_the_diffusion():
    D, largest = [], []
    for cells in (512, 1024):
        rate = 100 * np.exp((np.cos(np.deg2rad(preferred_angles(cells) - 77)) - 1) / 0.09)
        mode = shift_mode(rate, weight_profile(cells, 20.0, 1.6) * 1024 / cells)
        shifted = np.roll(rate, cells // 2 - round(77 / 360 * cells))
        D.append(0.5 * np.sum(shifted * mode.kick_deg**2))
        largest.append(mode.kick_deg.max())
    assert largest[0] / largest[1] == pytest.approx(2, rel=0.01)
    assert D[0] / D[1] == pytest.approx(2, rel=0.01)


# Slips


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: simulate_langevin(180, 0, -1, 1.0), ValueError, "D="),
        (lambda: simulate_langevin("a", 0, 1, 1.0), TypeError, "theta0_deg"),
        (lambda: simulate_langevin([1, 2], 0, 1, 1.0, trials=3), ValueError, "leave one out"),
        (lambda: simulate_langevin([], 0, 1, 1.0), ValueError, "empty"),
        (lambda: simulate_langevin(1, [], 1, 1.0), ValueError, "empty"),
        (lambda: simulate_langevin(1, 0, 1, 1.0, dt=10), ValueError, "dt"),
        (
            lambda: simulate_langevin(1, 0, 1, 1000.0, dt=1e-4, trials=100),
            ValueError,
            "fewer trials",
        ),
        (lambda: simulate_langevin(1, restoring(20.0), 1, 1.0, dt=0.1), ValueError, "too long"),
        (lambda: evolve_density(np.ones(4), 0, 1, [1]), ValueError, "8 to 2000"),
        (lambda: evolve_density(np.zeros(9), 0, 1, [1]), ValueError, "0 everywhere"),
        (lambda: evolve_density(np.ones(9), np.ones(8), 1, [1]), ValueError, "expected 9"),
        (lambda: evolve_density(np.ones(9), 0, 0, [1]), ValueError, "D="),
        (lambda: evolve_density(np.ones(9), 0, 1, [2, 1]), ValueError, "ascending"),
        (lambda: evolve_density(np.ones(9), 1e4, 1e-3, [1]), ValueError, "too many cells"),
        (lambda: stationary_density(np.ones(3), 1), ValueError, "8 to 2000"),
        (lambda: shift_mode(np.ones(64), np.ones(64)), ValueError, "no bump"),
        (lambda: shift_mode(np.ones(4), np.ones(4)), ValueError, "too few"),
        (lambda: shift_mode(np.eye(64)[3], np.arange(64)), ValueError, "both sides"),
        (lambda: drift_from_input(None, np.ones(4)), TypeError, "ShiftMode"),
    ],
)
def test_slips_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_seed_decides():
    first, again, other = (
        simulate_langevin(0, 0, 1, 0.1, trials=3, seed=seed).theta_deg for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first[:, -1] != other[:, -1]).all()
