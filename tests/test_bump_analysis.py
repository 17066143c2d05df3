"""wmtutor.bump.analysis"""

from itertools import pairwise

import numpy as np
import pytest

from wmtutor.bump import (
    NoBumpError,
    activity_profile,
    bump_profile,
    estimate_diffusion,
    get_orientation,
    get_spike_count,
    get_theta_time_series,
    population_vector,
    read_bump,
    simulate_wm,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import circular_distance, preferred_angles
from wmtutor.units import Hz, ms, second


def monitor_of(rates, duration, seed):
    """Poisson spikes of cells with given rates (Hz)."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(np.asarray(rates) * duration)
    cells = np.repeat(np.arange(len(rates)), counts)
    t = rng.uniform(0, duration, cells.size)
    order = np.argsort(t)
    return SpikeMonitor(t[order], cells[order], len(rates), duration)


def test_orientation_is_the_stimulus_convention():
    """If cell i decoded to (i + 1/2) 360/N, as in the sheet, every angle would be off."""
    assert get_orientation([0, 1, 1023], 1024).tolist() == [0, 360 / 1024, 1023 * 360 / 1024]
    assert get_orientation(5, 10).tolist() == [180]
    with pytest.raises(ValueError, match=r"idx_list: cell 10 is outside 0 \.\. 9"):
        get_orientation([10], 10)


def test_spike_count_is_half_open():
    """If windows shared their edge, adjoining windows would count a spike twice."""
    spikes = SpikeMonitor(np.array([0.1, 0.2, 0.3]), np.array([0, 1, 0]), N=3, duration=0.5)
    assert get_spike_count(spikes, [0, 1, 2], 0.1, 0.2).tolist() == [1, 0, 0]
    assert get_spike_count(spikes, [2, 0], 0.2, 0.5).tolist() == [0, 1]
    assert get_spike_count(spikes).tolist() == [2, 1, 0]
    assert get_spike_count(spikes, []).tolist() == []


def test_spike_counts_of_adjoining_windows_add_up(cued_run):
    """If a spike were lost or counted twice at an edge, rates would not add up."""
    edges = np.linspace(0, 0.8, 41)
    parts = [get_spike_count(cued_run.spike_monitor_excit, None, a, b) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(np.sum(parts, axis=0), cued_run.spike_monitor_excit.count)


@pytest.mark.parametrize("center", [120, 350, 2])
def test_theta_time_series_against_the_population_vector(center):
    """If the running sums went wrong, or the wrap-around did, theta(t) would be an artefact."""
    rates = 40 * np.exp(-0.5 * (circular_distance(preferred_angles(256), center) / 20) ** 2)
    spikes = monitor_of(rates, 1.0, seed=1)
    series = get_theta_time_series(spikes, 0.2, 0.9, t_step=0.03, window_width=0.1)
    assert series.t[0] == pytest.approx(0.25)
    assert series.t[-1] <= 0.85 + 1e-9
    for t, theta, strength in zip(*series, strict=True):
        counts = get_spike_count(spikes, None, t - 0.05, t + 0.05)
        expected = population_vector(counts)
        assert circular_distance(theta, expected.angle_deg) < 1e-6
        assert strength == pytest.approx(expected.strength, abs=1e-9)


def test_theta_time_series_unwraps():
    """If a memory at 0 jumped between 359 and 1, its drift would be reported as a full turn."""
    cells = np.arange(90, 110) % 100  # runs through the wrap-around
    spikes = SpikeMonitor(np.arange(20) * 0.1 + 0.05, cells, 100, 2.0)
    wrapped = get_theta_time_series(spikes, t_step=0.1, window_width=0.1)
    unwrapped = get_theta_time_series(spikes, t_step=0.1, window_width=0.1, unwrap=True)
    assert wrapped.theta_deg.min() < 1
    np.testing.assert_allclose(np.diff(unwrapped.theta_deg), 3.6)


def test_theta_time_series_without_spikes():
    """If silence decoded to an angle, a lost memory would look like a kept one."""
    spikes = SpikeMonitor(np.array([0.05]), np.array([25]), 100, 0.3)
    series = get_theta_time_series(spikes, t_step=0.1, window_width=0.1)
    np.testing.assert_array_equal(series.theta_deg, [90, np.nan, np.nan])


@pytest.mark.parametrize("fit", ["von_mises", "gaussian"])
@pytest.mark.parametrize("center", [120, 359])
def test_bump_profile_recovers_a_known_bell(fit, center):
    """If the fit were biased, widths and peaks in the book would be too.

    20 monitors of Poisson spikes with known rates: the means of the four fitted values lie near the
    truth, and within 8 of their standard errors. Seeds are fixed, so the result is exact for them.
    """
    width, peak, baseline, bins = 25.0, 60.0, 2.0, 64
    d = circular_distance(preferred_angles(512), center)
    if fit == "gaussian":
        bell = np.exp(-0.5 * (d / width) ** 2)
    else:
        bell = np.exp((np.cos(np.deg2rad(d)) - 1) / np.deg2rad(width) ** 2)
    found = []
    for seed in range(20):
        spikes = monitor_of(baseline + (peak - baseline) * bell, 2.0, seed)
        profile = bump_profile(spikes, fit=fit, bins=bins)
        found.append([
            (profile.center_deg - center + 180) % 360 - 180, profile.width_deg - width,
            profile.peak_rate - peak, profile.baseline_rate - baseline,
        ])  # fmt: skip
        assert profile.fwhm_deg == pytest.approx(
            2.355 * profile.width_deg, rel=0.001 if fit == "gaussian" else 0.03
        )
    found = np.array(found)
    z = found.mean(axis=0) / (found.std(axis=0, ddof=1) / np.sqrt(len(found)))
    # Averaging over bins of 5.6 degrees widens a bell and lowers its peak by a known trifle.
    widening = (360 / bins) ** 2 / 24 / width
    bias = np.array([0, widening, -widening / width * peak, 0])
    z -= bias / (found.std(axis=0, ddof=1) / np.sqrt(len(found)))
    assert (np.abs(z) < 8).all(), z
    assert (np.abs(found.mean(axis=0)) < [0.5, 0.5, 1.0, 0.3]).all()


def test_bump_profile_standard_errors_are_honest():
    """If the errors were too small, differences between presets would be overstated.

    The spread of the fitted centre over 40 data sets is within a factor 1.6 of the reported error.
    """
    d = circular_distance(preferred_angles(512), 90)
    rates = 2 + 50 * np.exp(-0.5 * (d / 25) ** 2)
    profiles = [bump_profile(monitor_of(rates, 1.0, s), fit="gaussian") for s in range(40)]
    for name in ("center_deg", "width_deg", "peak_rate", "baseline_rate"):
        spread = np.std([getattr(p, name) for p in profiles], ddof=1)
        reported = np.mean([p.standard_errors[name] for p in profiles])
        assert 1 / 1.6 < reported / spread < 1.6, name


def test_bump_profile_finds_none_where_there_is_none():
    """If noise were fitted, "a bump of 0.4 Hz" would be reported for an empty memory."""
    with pytest.raises(NoBumpError, match="no spikes in this window"):
        bump_profile(SpikeMonitor(np.zeros(0), np.zeros(0), 100, 1.0))
    for seed in range(100):
        with pytest.raises(NoBumpError, match="too even"):
            bump_profile(monitor_of(np.full(1024, 5.0), 0.3, seed))
    run = simulate_wm(t_stimulus_duration=200 * ms, preset="neurodynex3", seed=1)
    with pytest.raises(NoBumpError, match=r"too even|no spikes"):
        bump_profile(run.spike_monitor_excit, 500 * ms, 800 * ms)


def test_activity_profile_adds_up(cued_run):
    """If bins of unequal size were not weighed, the mean rate would change with the bins."""
    for bins in (7, 64, 1024, 5000):
        angles_deg, rate = activity_profile(cued_run.spike_monitor_excit, bins=bins)
        cells = np.bincount(np.arange(1024) * min(bins, 1024) // 1024)
        total = (rate * cells).sum() * 0.8
        assert total == pytest.approx(cued_run.spike_monitor_excit.num_spikes)
        assert (np.diff(angles_deg) > 0).all()


def brownian(D, trials, times, dt, seed, noise=0.0):
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, np.sqrt(2 * D * dt), (trials, times - 1))
    walk = np.cumsum(np.hstack([np.zeros((trials, 1)), steps]), axis=1)
    return walk + rng.normal(0, noise, walk.shape), np.arange(times) * dt


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_diffusion_interval_covers_the_truth(noise):
    """If the interval were too narrow, a law in N would be claimed from noise.

    Of 200 Brownian data sets with known D, the nominal 95 percent interval from 40 trials must
    cover at least 84 percent, and not all. The seeds are fixed: the result is exact for them.
    """
    D, covered = 20.0, 0
    for seed in range(200):
        walk, t = brownian(D, 40, 30, 0.1, seed, noise)
        estimate = estimate_diffusion(walk % 360, t, resamples=400, seed=seed)
        low, high = estimate.confidence_interval
        covered += low < D < high
    assert 168 <= covered <= 199


def test_decoding_noise_goes_into_the_offset():
    """If a noisy read-out raised D, a longer decoding window would seem to slow the drift."""
    walk, t = brownian(20.0, 2000, 50, 0.05, 1, noise=4.0)
    estimate = estimate_diffusion(walk, t, resamples=200)
    assert estimate.diffusion == pytest.approx(20, rel=0.15)
    assert estimate.offset == pytest.approx(2 * 4.0**2, rel=0.25)


def test_common_drift_can_be_removed():
    """If a drift that all trials share counted as diffusion, D would grow with the run's length."""
    walk, t = brownian(5.0, 400, 40, 0.1, 2)
    drifting = walk + 30 * t
    assert estimate_diffusion(drifting, t, resamples=200).diffusion > 100
    removed = estimate_diffusion(drifting, t, resamples=200, remove_drift=True)
    assert removed.confidence_interval[0] < 5 < removed.confidence_interval[1]


def test_bump_diffuses_less_in_a_larger_network():
    """If size had no effect on D here, the central law of the chapter on drift would be void.

    Exact for its seeds: the two intervals at 95 percent do not overlap.
    """
    from wmtutor.bump import population_sizes

    cue = {"t_stimulus_duration": 200 * ms, "sim_time": 1.4 * second, "dt": 0.1 * ms}
    estimates = []
    for N in (128, 1024):
        rows = [
            get_theta_time_series(
                simulate_wm(**population_sizes(N), **cue, seed=seed).spike_monitor_excit,
                400 * ms, window_width=100 * ms, t_step=50 * ms,
            )
            for seed in range(24)
        ]  # fmt: skip
        estimates.append(estimate_diffusion([row.theta_deg for row in rows], rows[0].t))
    assert estimates[0].confidence_interval[0] > estimates[1].confidence_interval[1]


def test_read_bump_tells_a_bump_from_noise():
    """If noise were called a bump, or a bump noise, every count of kept memories would be wrong.

    Even noise is called a bump once in a million windows; here there are 400.
    """
    angles = preferred_angles(128)
    bump = monitor_of(40 * Hz * np.exp(8 * (np.cos(np.deg2rad(angles - 250)) - 1)), 0.5, 3)
    reading = read_bump(bump, 0.1, 0.4)
    assert reading.present
    assert circular_distance(reading.angle_deg, 250) < 5
    spikes = get_spike_count(bump, None, 0.1, 0.4).sum()
    assert reading.mean_rate == pytest.approx(spikes / 128 / 0.3)
    for seed in range(400):
        # Seven spikes often point somewhere by chance, and must not count for that.
        noise = monitor_of(np.full(128, 7 / 128 / 0.5), 0.5, seed)
        assert not read_bump(noise).present
    weak = monitor_of(20 * Hz * (1 + 0.4 * np.cos(np.deg2rad(angles))), 5, 4)
    assert not read_bump(weak).present
    assert read_bump(weak, least_strength=0.1).present
    silent = read_bump(monitor_of(np.zeros(128), 0.5, 1))
    assert not silent.present
    assert np.isnan(silent.angle_deg)


BAD_CALLS = [
    (get_orientation, {"idx_list": [0.5], "N": 4}, "idx_list"),
    (get_orientation, {"idx_list": [0], "N": 0}, "N=0"),
    (get_orientation, {"idx_list": "ab", "N": 4}, "idx_list"),
    (get_spike_count, {"spike_monitor": None}, "spike_monitor"),
    (get_spike_count, {"spike_index_list": [99]}, "spike_index_list"),
    (get_spike_count, {"t_min": 400}, r"t_min=400 s: did you mean 400\*ms"),
    (get_spike_count, {"t_min": 0.2, "t_max": 0.1}, "t_min"),
    (get_spike_count, {"t_max": np.nan}, "t_max"),
    (get_theta_time_series, {"t_step": 0}, "t_step"),
    (get_theta_time_series, {"t_step": -1}, "t_step"),
    (get_theta_time_series, {"window_width": 50}, r"window_width=50 s: did you mean 50\*ms"),
    (get_theta_time_series, {"window_width": "a"}, "window_width"),
    (get_theta_time_series, {"spike_monitor": 1}, "spike_monitor"),
    (bump_profile, {"fit": "box"}, "fit='box'"),
    (bump_profile, {"bins": 3}, "bins=3"),
    (bump_profile, {"t_min": -1}, "t_min"),
    (read_bump, {"t_max": 9}, "t_max=9"),
    (read_bump, {"least_strength": 40}, "least_strength=40"),
    (activity_profile, {"bins": 0}, "bins=0"),
    (activity_profile, {"bins": 2.5}, "bins"),
    (estimate_diffusion, {"theta_deg": np.zeros((3, 4)), "t": range(4)}, "theta_deg: 3 trials"),
    (estimate_diffusion, {"theta_deg": np.zeros((9, 4)), "t": range(5)}, "theta_deg: expected"),
    (estimate_diffusion, {"theta_deg": np.zeros((9, 4)), "t": [0, 1, 1, 2]}, "t: expected"),
    (estimate_diffusion, {"theta_deg": np.full((9, 4), np.nan), "t": range(4)}, "trial 0"),
    (estimate_diffusion, {"theta_deg": [["a"]], "t": range(4)}, "theta_deg"),
    (estimate_diffusion, {"theta_deg": np.ones((9, 4)), "t": range(4), "confidence_level": 95},
     "confidence_level=95"),
    (estimate_diffusion, {"theta_deg": np.ones((9, 4)), "t": range(4), "resamples": 1},
     "resamples=1"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "message"), BAD_CALLS)
def test_bad_arguments_are_named(function, arguments, message):
    """If one of these gave a number, it would be a wrong one with no warning."""
    if function not in (get_orientation, estimate_diffusion):
        spikes = monitor_of(np.full(16, 10 * Hz), 0.5, 1)
        arguments = {"spike_monitor": spikes, **arguments}
    with pytest.raises((TypeError, ValueError), match=message):
        function(**arguments)


def test_getting_started_draws_and_returns():
    """If the first thing a newcomer calls failed, there would be no second."""
    import matplotlib.pyplot as plt

    from wmtutor.bump import getting_started

    run = getting_started(seed=2)
    assert run.spike_monitor_excit.N == 256
    assert run.rate_monitor_excit.t[-1] == pytest.approx(0.4999)
    assert len(plt.get_fignums()) == 1
    counts = get_spike_count(run.spike_monitor_excit, None, 350 * ms, 500 * ms)
    assert circular_distance(population_vector(counts).angle_deg, 120) < 20
