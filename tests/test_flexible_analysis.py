"""wmtutor.flexible.analysis: memories over time, and what cells prefer."""

import dataclasses

import numpy as np
import pytest

from wmtutor.flexible import (
    build_network,
    get_memory_time_series,
    get_ml_time_series,
    get_ring_rates,
    maximum_likelihood_angle,
    random_layer_tuning,
    simulate_flexible_wm,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import circular_distance
from wmtutor.units import ms


@pytest.fixture(scope="module")
def network():
    return build_network(seed=1)


@pytest.fixture(scope="module")
def staggered(network):
    """Three items that come one after the other."""
    return simulate_flexible_wm(
        cued_rings=[0, 3, 6], cue_positions_deg=[350, 100, 200], network=network, seed=3,
        t_stimulus_start=[100 * ms, 300 * ms, 500 * ms],
    )  # fmt: skip


def test_series_ends_at_what_the_run_says(staggered):
    """If the curve missed the counts of its own run, one of the two would be wrong."""
    series = get_memory_time_series(staggered)
    test = np.flatnonzero(np.isclose(series.t, 1.0))[0]
    np.testing.assert_allclose(series.strength[:, test], staggered.memory_strength)
    np.testing.assert_allclose(series.angle_deg[:, test], staggered.memory_angle_deg)
    np.testing.assert_array_equal(series.present[:, test], staggered.memory_present)
    assert series.maintained[test] == staggered.maintained
    assert series.forgotten[test] == staggered.forgotten
    assert series.spurious[test] == staggered.spurious
    assert series.maintained_fraction[test] == staggered.maintained_fraction
    assert series.spurious_fraction[test] == staggered.spurious_fraction
    kept = staggered.memory_present[staggered.cued_rings]
    np.testing.assert_allclose(series.error_deg[kept, test], staggered.error_deg[kept])
    assert np.isnan(series.error_deg[~kept, test]).all()


def test_series_counts_a_cue_from_its_onset(staggered):
    """If items yet to come counted as forgotten, every curve would start with a failure."""
    series = get_memory_time_series(staggered)
    shown = series.maintained + series.forgotten
    for t, number in ((0.05, 0), (0.0999, 0), (0.1, 1), (0.299, 1), (0.3, 2), (0.5, 3), (1.1, 3)):
        assert shown[np.searchsorted(series.t, t + 1e-9) - 1] == number
    assert series.maintained[np.isclose(series.t, 0.19)][0] == 1
    assert series.maintained_fraction[np.isclose(series.t, 0.19)][0] == 1
    assert np.isnan(series.maintained_fraction[series.t < 0.099]).all()


def test_series_includes_the_cue_while_it_is_on(network):
    """If the cue's own input were left out, a memory would seem to form too late.

    A ring without weights shows the cue and nothing else: 2.90 Hz while it is on.
    """
    run = simulate_flexible_wm(
        cued_rings=[0], cue_positions_deg=90, N_rings=1, N_random=0, ring_baseline=0,
        ring_excit_weight=0, ring_inhib_weight=0, seed=1,
    )  # fmt: skip
    series = get_memory_time_series(run)
    on = (series.t >= 0.1 - 1e-9) & (series.t < 0.2 - 1e-9)
    np.testing.assert_allclose(series.strength[0, on], 2.90, atol=5e-3)
    np.testing.assert_allclose(series.angle_deg[0, on], 90.0, atol=0.05)
    assert series.strength[0, ~on].max() < 0.01


def test_decoded_series_uses_the_spikes_of_its_windows(staggered):
    """If windows were shifted, a drift would be seen before it happens."""
    decoded = get_ml_time_series(staggered, window_width=80 * ms, t_step=60 * ms)
    np.testing.assert_allclose(decoded.t, 0.08 + 0.06 * np.arange(18))
    spikes = staggered.spike_monitor_sensory
    for n in (0, 5, 17):
        end = decoded.t[n]
        inside = (spikes.t > end - 0.08 - 5e-5) & (spikes.t < end - 5e-5)
        counts = np.bincount(spikes.i[inside], minlength=4096).reshape(8, 512)
        np.testing.assert_array_equal(decoded.angle_deg[:, n], maximum_likelihood_angle(counts))
    during_cue = decoded.angle_deg[3, np.argmin(np.abs(decoded.t - 0.4))]
    assert circular_distance(during_cue, 100) < 10


def test_ring_rates_on_spikes_counted_by_hand(staggered):
    """If a window took in its end or lost its start, rates of short windows would be off."""
    N = staggered.network.N_sensory
    t = np.array([0.1, 0.15, 0.2, 0.2, 0.3])
    monitor = SpikeMonitor(t, np.array([0, N, N + 1, 7 * N, 2]), 8 * N, 1.1)
    run = dataclasses.replace(staggered, spike_monitor_sensory=monitor)
    rates = get_ring_rates(run, 0.1, 0.2)
    np.testing.assert_allclose(rates * N * 0.1, [1, 1, 0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(get_ring_rates(run) * N * 1.1, [2, 2, 0, 0, 0, 0, 0, 1])


def test_tuning_on_spikes_counted_by_hand(staggered):
    """If trials fell into the wrong bins, cells would seem to prefer what they do not."""

    def trial(cue_deg, cells):
        monitor = SpikeMonitor(np.full(len(cells), 0.5), np.array(cells), 1024, 1.1)
        return dataclasses.replace(
            staggered, cued_rings=np.array([2]), cue_positions_deg=np.array([cue_deg]),
            cue_spans=np.array([[0.1, 0.2]]), spike_monitor_random=monitor,
        )  # fmt: skip

    runs = [trial(10.0, [5, 5, 6]), trial(80.0, [5]), trial(359.9, [9, 9, 9, 9])]
    tuning = random_layer_tuning(runs, ring=2, bins=4)
    assert tuning.angle_deg.tolist() == [45, 135, 225, 315]
    assert tuning.trials.tolist() == [2, 0, 0, 1]
    # From the cue's end to the test: 0.8 s.
    np.testing.assert_allclose(tuning.rate[5, [0, 3]], [1.5 / 0.8, 0])
    np.testing.assert_allclose(tuning.rate[9, [0, 3]], [0, 4 / 0.8])
    assert np.isnan(tuning.rate[:, 1:3]).all()
    narrow = random_layer_tuning(runs, ring=2, bins=4, t_min=0.45, t_max=0.55)
    np.testing.assert_allclose(narrow.rate[5, 0], 15.0)


def test_random_cells_are_tuned_and_each_in_its_own_way(network):
    """If random cells had no preferences, the pool could not say which angle it holds.

    Shuffling cannot explain it: the spread over angles is compared with that of spikes alone.
    """
    runs = [
        simulate_flexible_wm(
            cued_rings=[0], cue_positions_deg=45 * k + 1, network=network, seed=(100 * k + n)
        )
        for k in range(8)
        for n in range(3)
    ]
    tuning = random_layer_tuning(runs, ring=0, bins=8)
    # Variance of a mean of 3 Poisson counts over 0.8 s each, as rates.
    by_chance = tuning.rate.mean(axis=1) / (3 * 0.8)
    spread = tuning.rate.var(axis=1, ddof=1)
    assert (spread > 3 * by_chance).mean() > 0.5
    best = tuning.rate.argmax(axis=1)
    assert np.bincount(best, minlength=8).min() > 40


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda run: get_memory_time_series([run]), "expected what simulate_flexible_wm"),
        (lambda run: get_ml_time_series(run, window_width=2.0), "window_width=2"),
        (lambda run: get_ml_time_series(run, t_step=0), "t_step=0"),
        (lambda run: get_ring_rates(run, 0.5, 0.5), "the window is empty"),
        (lambda run: random_layer_tuning([], 0), "at least one run"),
        (lambda run: random_layer_tuning(run, 0), "expected a list of runs"),
        (lambda run: random_layer_tuning([run], 8), "ring=8"),
        (lambda run: random_layer_tuning([run], 1), "ring=1: was not cued"),
        (lambda run: random_layer_tuning([run], 0, bins=0), "bins=0"),
    ],
)
def test_bad_input_is_named(staggered, call, says):
    """If bad input went through, its result would look like a finding."""
    with pytest.raises((TypeError, ValueError), match=says):
        call(staggered)


def test_tuning_needs_one_network(staggered):
    """If networks were mixed, cell 7 would be another cell in every trial."""
    other = simulate_flexible_wm(cued_rings=[0], seed=2)
    with pytest.raises(ValueError, match="one network"):
        random_layer_tuning([staggered, other], 0)
