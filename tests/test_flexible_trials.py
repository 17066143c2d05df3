"""wmtutor.flexible.trials: tables of many trials, and their summaries."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wmtutor.flexible import simulate_flexible_wm, simulate_loads, summarise_loads
from wmtutor.flexible.trials import _row
from wmtutor.ring import circular_standard_deviation

QUICK = {"sim_time": 0.4, "test_time": 0.4}


@pytest.fixture(scope="module")
def table():
    return simulate_loads([0, 2, 8], trials=4, networks=2, seed=1, **QUICK)


def test_table_has_a_row_for_every_trial(table):
    """If trials were lost or doubled, intervals would be too wide or too narrow."""
    assert len(table) == 12
    expected = [(load, n, k) for load in (0, 2, 8) for n in range(2) for k in range(2)]
    assert list(zip(table.load, table.network, table.trial, strict=True)) == expected
    assert (table.maintained + table.forgotten == table.load).all()
    assert table[table.load == 0].maintained_fraction.isna().all()
    assert table[table.load == 8].spurious_fraction.isna().all()


def test_table_does_not_depend_on_processes(table):
    """If it did, a result from a larger machine could not be checked on a smaller one."""
    again = simulate_loads([0, 2, 8], trials=4, networks=2, seed=1, n_jobs=2, **QUICK)
    pd.testing.assert_frame_equal(again, table)
    other = simulate_loads([0, 2, 8], trials=4, networks=2, seed=2, **QUICK)
    assert not other.random_rate.equals(table.random_rate)


def test_row_says_what_the_run_says():
    """If the table's numbers were not the run's, curves would show another model."""
    run = simulate_flexible_wm(6, seed=4)
    row = _row(run)
    kept = run.memory_present[run.cued_rings]
    assert 0 < kept.sum() < 6
    errors = np.deg2rad(run.error_deg[kept])
    assert row["kept_strength"] == run.memory_strength[run.cued_rings][kept].mean()
    assert row["kept_absolute_error_deg"] == pytest.approx(np.rad2deg(np.abs(errors).mean()))
    assert row["kept_cosine_sum"] == pytest.approx(np.cos(errors).sum())
    late = run.rate_monitor_random.rate[9000:10_000].mean()
    assert row["random_rate"] == pytest.approx(late)
    spikes = run.spike_monitor_sensory
    cued = np.isin(spikes.i // 512, run.cued_rings) & (spikes.t > 0.89995) & (spikes.t < 0.99995)
    assert row["cued_ring_rate"] == pytest.approx(cued.sum() / (6 * 512 * 0.1))


def test_parameters_reach_network_and_trial():
    """If a parameter were passed over, a sweep over it would be flat."""
    table = simulate_loads(
        [1], trials=2, networks=1, seed=1, N_random=0, stimulus_strength=0.0, **QUICK
    )
    assert (table.random_rate == 0).all()
    assert (table.maintained == 0).all()


def test_summary_on_a_table_made_by_hand():
    """If trials rather than networks were the units, intervals would be too narrow."""
    table = pd.DataFrame(
        {
            "load": 2, "network": [0, 0, 1, 1, 2, 2], "trial": [0, 1] * 3,
            "maintained": [2, 1, 2, 2, 1, 1], "maintained_fraction": [1, 0.5, 1, 1, 0.5, 0.5],
            "random_rate": [10.0, 12.0, 14.0, 16.0, 18.0, 26.0],
            "kept_cosine_sum": 0.9, "kept_sine_sum": 0.1,
        }
    )  # fmt: skip
    row = summarise_loads(table).loc[2]
    assert row.random_rate == pytest.approx(16)
    half = stats.t.ppf(0.975, 2) * np.std([11, 15, 22], ddof=1) / np.sqrt(3)
    assert row.random_rate_low == pytest.approx(16 - half)
    assert row.random_rate_high == pytest.approx(16 + half)
    assert row.maintained_fraction == pytest.approx(0.75)
    # Wilson's interval solves (x - p)^2 = z^2 x (1 - x) / n for both of its ends.
    error = np.std([0.75, 1.0, 0.5], ddof=1) / np.sqrt(3)
    n = 0.75 * 0.25 / error**2
    for end in (row.maintained_fraction_low, row.maintained_fraction_high):
        z = abs(end - 0.75) / np.sqrt(end * (1 - end) / n)
        assert z == pytest.approx(stats.t.ppf(0.975, 2))
    narrow = summarise_loads(table, level=0.5).loc[2]
    assert narrow.random_rate_high < row.random_rate_high


def test_circular_deviation_is_that_of_all_kept_errors():
    """If each trial's own deviation were averaged, a load of 1 would have no error at all."""
    errors = np.random.default_rng(1).normal(5, 30, (2, 50))
    rows = [
        {
            "load": 1, "network": network, "trial": trial, "maintained": 1,
            "kept_cosine_sum": np.cos(np.deg2rad(error)),
            "kept_sine_sum": np.sin(np.deg2rad(error)),
        }
        for network in range(2)
        for trial, error in enumerate(errors[network])
    ]  # fmt: skip
    summary = summarise_loads(pd.DataFrame(rows))
    expected = np.mean([circular_standard_deviation(row) for row in errors])
    assert summary.kept_circular_sd_deg[1] == pytest.approx(expected)


def test_one_item_has_no_circular_deviation():
    """If one kept item counted as a spread of 0, the worst networks would look exact."""
    errors_deg = {0: [40.0], 1: [-20.0, 20.0], 2: []}
    rows = [
        {
            "load": 1, "network": network, "trial": trial, "maintained": int(trial < len(errors)),
            "kept_cosine_sum": float(np.cos(np.deg2rad(errors[trial : trial + 1])).sum()),
            "kept_sine_sum": float(np.sin(np.deg2rad(errors[trial : trial + 1])).sum()),
        }
        for network, errors in errors_deg.items()
        for trial in range(2)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    both = summarise_loads(table).loc[1]
    # Two angles at -20 and 20 degrees: the mean vector has the length cos(20 degrees).
    expected = np.rad2deg(np.sqrt(-2 * np.log(np.cos(np.deg2rad(20)))))
    assert both.kept_circular_sd_deg == pytest.approx(expected)
    assert np.isnan(both.kept_circular_sd_deg_low), "one network is no sample of networks"
    for network in (0, 2):
        alone = summarise_loads(table[table.network == network]).loc[1]
        assert np.isnan(alone.kept_circular_sd_deg), f"network {network} kept fewer than two"


def test_intervals_of_fractions_stay_fractions(table):
    """If all trials went one way, an interval of no width would claim certainty."""
    summary = summarise_loads(table)
    low, high = summary.maintained_fraction_low[2], summary.maintained_fraction_high[2]
    assert 0 <= low < summary.maintained_fraction[2] <= high <= 1
    assert np.isnan(summary.maintained_fraction[0])
    one_network = summarise_loads(table[table.network == 0])
    assert one_network.random_rate_low[8] < one_network.random_rate[8]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: simulate_loads([9], trials=1, networks=1), "loads=9"),
        (lambda: simulate_loads([], trials=1, networks=1), "at least one load"),
        (lambda: simulate_loads([1, 1], trials=1, networks=1), "each listed once"),
        (lambda: simulate_loads([1], trials=5, networks=2), "choose 6"),
        (lambda: simulate_loads([1], trials=1, networks=1, network=None), "leave it out"),
        (lambda: simulate_loads([1], trials=1, networks=1, aplha=1), "did you mean 'alpha'"),
        (lambda: simulate_loads([1], trials=1, networks=1, sim_tme=1), "did you mean 'sim_time'"),
        (lambda: simulate_loads(3), "loads=3: expected a list"),
        (lambda: simulate_loads([1], trials=1, networks=1, n_jobs=0), "n_jobs=0"),
        (lambda: summarise_loads([1]), "expected a pandas DataFrame"),
        (lambda: summarise_loads(pd.DataFrame({"load": [1]})), "has no column"),
    ],
)
def test_bad_input_is_named(call, says):
    """If a slip ran for minutes before it failed, or ran through, time or truth would be lost."""
    with pytest.raises((TypeError, ValueError), match=says):
        call()
