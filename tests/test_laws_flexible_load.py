"""wmtutor.laws.flexible_load: tables that can be made again, and what is made of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wmtutor.flexible import get_memory_time_series, simulate_flexible_wm
from wmtutor.laws import flexible_load as law
from wmtutor.laws import read_trials
from wmtutor.ring import circular_standard_deviation, signed_difference

FOLDER = Path(__file__).parents[1] / "book" / "data" / "laws"
QUIET = {"n_jobs": 1, "progress": False}


@pytest.fixture(scope="module")
def loads():
    return read_trials("flexible_load", FOLDER)


@pytest.fixture(scope="module")
def delays():
    return read_trials("flexible_delay", FOLDER)


@pytest.fixture(scope="module")
def twins():
    return read_trials("flexible_twins", FOLDER)


def load_table(rows):
    """A table of measure_flexible_load from (load, strengths, errors, spurious)."""
    records = []
    for load, strengths, errors, spurious in rows:
        present = np.sum(np.array(strengths) > 3)
        records.append(
            {
                "load": load, "maintained": int(present), "forgotten": int(load - present),
                "spurious": spurious,
                **{f"{when}_{layer}": 1.0 for when in ("cue", "test") for layer in law._LAYERS},
                **law._padded("cue_deg", [10.0 * n for n in range(load)], 4),
                **law._padded("strength", strengths, 4),
                **law._padded("error_deg", errors, 3),
                **law._padded("ml_error_deg", errors, 3),
            }
        )  # fmt: skip
    return pd.DataFrame(records)


def delay_table(load, trials):
    """A table of measure_flexible_delay from a list of (lost, returned, error at all delays)."""
    records = []
    for lost, returned, errors in trials:
        row = {
            "load": load,
            **law._padded("lost_s", lost, 3),
            **law._padded("returned_s", returned, 3),
        }
        for delay, error in zip(law.DELAYS_MS, errors, strict=True):
            row |= {f"spurious_{delay}": 1, **law._padded(f"error_deg_{delay}", error, 2)}
        records.append(row)
    return pd.DataFrame(records)


# The committed tables


@pytest.mark.parametrize(
    ("name", "trial", "rows"),
    [
        ("flexible_load", law._flexible_load_trial, (0, 301, 2699)),
        ("flexible_delay", law._flexible_delay_trial, (1, 799)),
        ("flexible_twins", law._flexible_twins_trial, (2, 899)),
    ],
)
def test_table_is_what_the_code_makes(name, trial, rows):
    """If it were not, the book would show another model than the library has."""
    table = read_trials(name, FOLDER)
    for number in rows:
        row = table.iloc[number]
        again = trial(int(table.seed[number]), int(row.load))
        assert set(again) == set(table.columns) - {"load", "repeat", "seed"}
        for column, value in again.items():
            assert row[column] == pytest.approx(value, rel=1e-6, nan_ok=True), column


def test_tables_hold_as_many_trials_as_they_should(loads, delays, twins):
    """If trials had been lost on the way, fractions could be those of a selection."""
    assert loads.groupby("load").size().to_dict() == dict.fromkeys(range(9), 300)
    assert delays.groupby("load").size().to_dict() == dict.fromkeys(range(1, 9), 100)
    assert twins.groupby("load").size().to_dict() == dict.fromkeys((1, 2, 3, 4, 6, 8), 150)
    for table in (loads, delays, twins):
        assert table.seed.is_unique


def test_items_agree_with_counts(loads):
    """If strengths and counts disagreed, kept items would not be those that the network kept."""
    items = law.items_of_load(loads)
    kept = items.groupby("trial").present.sum().reindex(loads.index, fill_value=0)
    assert (kept == loads.maintained).all()
    assert (loads.maintained + loads.forgotten == loads.load).all()
    assert len(items) == loads.load.sum()
    assert items.groupby("trial").size().to_dict() == loads.load[loads.load > 0].to_dict()


def test_losses_agree_with_what_is_there(delays):
    """If an item never lost were missing, or a loss were no loss, survival would be another curve.

    A memory may flicker for less than 100 ms, so a few are missing just when one looks.
    """
    errors, lost = law._errors_over_time(delays)
    there = np.arange(8) < delays.load.to_numpy()[:, None]
    for delay, error in zip(law.DELAYS_MS, errors, strict=True):
        alive = there & ~(lost <= delay / 1000)
        assert np.isfinite(error[alive]).mean() > 0.97
        just_lost = there & (lost <= delay / 1000) & (lost > delay / 1000 - 0.1)
        assert not np.isfinite(error[just_lost]).any()
    assert np.nanmin(lost) >= 0
    assert np.nanmax(lost) <= 5
    returned = law._columns_of_items(delays, "returned_s")
    assert (returned[np.isfinite(returned)] >= lost[np.isfinite(returned)] + 0.1 - 1e-9).all()


def test_two_tables_agree(loads, delays):
    """Both look 0.8 s after the cue, on other networks: the means must agree.

    Eight t-tests; a false alarm of all together is below 1e-6.
    """
    errors, _ = law._errors_over_time(delays)
    at = law.DELAYS_MS.index(800)
    for load in range(1, 9):
        here = (delays.load == load).to_numpy()
        number = np.isfinite(errors[at, here]).sum(axis=1)
        other = loads.maintained[loads.load == load]
        if number.std() > 0 and other.std() > 0:
            assert stats.ttest_ind(number, other, equal_var=False).pvalue > 1e-7


# One trial


def test_load_trial_says_what_the_run_says():
    """If columns held other items or other units, every law would be wrong. Items: by hand."""
    row = law._flexible_load_trial(5, 6)
    run = simulate_flexible_wm(6, seed=5, sim_time=1.0, test_time=1.0)
    assert row["maintained"] == run.maintained
    assert row["spurious"] == run.spurious
    for item, ring in enumerate(run.cued_rings, start=1):
        assert row[f"strength_{item}"] == pytest.approx(run.memory_strength[ring], abs=1e-4)
        error = signed_difference(run.memory_angle_deg[ring], run.cue_positions_deg[item - 1])
        assert row[f"error_deg_{item}"] == pytest.approx(error, abs=1e-3)
        ml = signed_difference(run.ml_angle_deg[ring], row[f"cue_deg_{item}"])
        assert row[f"ml_error_deg_{item}"] == pytest.approx(ml, abs=1e-3)
    assert np.isnan([row["strength_7"], row["error_deg_8"]]).all()
    monitor = run.rate_monitor_random
    assert row["test_random_rate"] == pytest.approx(monitor.rate[9000:10_000].mean())
    assert row["cue_random_rate"] == pytest.approx(monitor.rate[1500:2000].mean())
    spikes = run.spike_monitor_sensory
    inside = (spikes.t > 0.14995) & (spikes.t < 0.19995)
    cued = np.isin(spikes.i // 512, run.cued_rings)
    assert row["cue_cued_ring_rate"] == pytest.approx((inside & cued).sum() / (6 * 512 * 0.05))
    assert row["cue_other_ring_rate"] == pytest.approx((inside & ~cued).sum() / (2 * 512 * 0.05))


def test_delay_trial_says_what_the_run_says():
    """If a loss were dated wrongly, so would be every hazard. Oracle: a plain loop over looks."""
    row = law._flexible_delay_trial(8, 7)
    run = simulate_flexible_wm(7, seed=8, sim_time=5.3, test_time=5.2, record_dt=0.01)
    series = get_memory_time_series(run)
    losses = 0
    for item, ring in enumerate(run.cued_rings, start=1):
        present = dict(zip(np.round(series.t, 2), series.present[ring], strict=True))
        looks = [round(0.2 + 0.01 * n, 2) for n in range(511)]
        lost = returned = np.nan
        for start in range(502):
            window = [present[t] for t in looks[start : start + 10]]
            if np.isnan(lost) and len(window) == 10 and not any(window) and start <= 500:
                lost = start / 100
            elif not np.isnan(lost) and np.isnan(returned) and len(window) == 10 and all(window):
                returned = start / 100
        assert row[f"lost_s_{item}"] == pytest.approx(lost, nan_ok=True)
        assert row[f"returned_s_{item}"] == pytest.approx(returned, nan_ok=True)
        losses += not np.isnan(lost)
        for delay in (0, 800, 5000):
            at = int(np.argmin(abs(series.t - 0.2 - delay / 1000)))
            error = series.error_deg[item - 1, at]
            assert row[f"error_deg_{delay}_{item}"] == pytest.approx(error, abs=0.01, nan_ok=True)
            assert row[f"spurious_{delay}"] == series.spurious[at]
    assert losses > 0


def test_twins_share_network_and_cues_only():
    """If twins shared spikes, all would seem wired; if not the cues, nothing would.

    Right after the cue errors are small; spikes must differ, so errors do too.
    """
    row = law._flexible_twins_trial(3, 2)
    a, b = (np.array([row[f"error_deg_100_{twin}_{item}"] for item in (1, 2)]) for twin in "ab")
    assert (a != b).all()
    assert np.abs([a, b]).max() < 40
    assert len(row) == 2 * 8 * len(law.TWIN_DELAYS_MS)


def test_first_of_run():
    """If runs of looks were found wrongly, flickers would be losses."""
    values = np.array([1, 0, 1, 1, 0, 1, 1, 1], dtype=bool)
    assert [law._first_of_run(values, n) for n in (1, 2, 3, 4)] == [0, 2, 5, 8]
    assert law._first_of_run(values[:2], 3) == 2


# Measuring


@pytest.mark.parametrize(
    ("measure", "load"),
    [
        (law.measure_flexible_load, 0),
        (law.measure_flexible_delay, 1),
        (law.measure_flexible_twins, 1),
    ],
)
def test_measures_are_reproducible_and_refuse_nonsense(measure, load):
    """If a seed did not fix the table, it could not be checked; if nonsense ran, neither."""
    table = measure([load], 1, seed=4, **QUIET)
    pd.testing.assert_frame_equal(table, measure([load], 1, seed=4, **QUIET))
    assert (table.error == "").all()
    with pytest.raises(ValueError, match="loads=9"):
        measure([9], 1, **QUIET)
    with pytest.raises(TypeError, match="expected a list of loads"):
        measure(3, 1, **QUIET)
    if load:
        with pytest.raises(ValueError, match="loads=0"):
            measure([0], 1, **QUIET)


# Summaries of tables made by hand


def test_summary_of_loads():
    """If kept, lost and made up were mixed up, every curve would be wrong. By hand."""
    table = load_table(
        [
            (2, [10, 8], [10, -30], 3),
            (2, [10, 1], [20, 44], 0),
            (2, [0, 1], [90, 46], 0),
            (8, [10] * 8, [5] * 8, 0),
        ]
    )
    summary = law.summarise_flexible_load(table).set_index("load")
    two = summary.loc[2]
    assert two.maintained == 1
    assert two.forgotten == 1
    assert two.maintained_fraction == 0.5
    assert two.forgotten_fraction == 0.5
    assert two.spurious_fraction == pytest.approx(1 / 6)
    assert two.cowan_capacity == pytest.approx(2 * (0.5 - 1 / 6))
    assert two.kept_strength == pytest.approx((9 + 10) / 2)
    assert two.kept_absolute_error_deg == pytest.approx((20 + 20) / 2)
    assert two.lost_near_fraction == pytest.approx((1 + 0) / 2)
    assert two.kept_sd_deg == pytest.approx(circular_standard_deviation([10, -30, 20]))
    assert two.maintained_fraction_low < 0.5 < two.maintained_fraction_high
    assert np.isnan(summary.spurious_fraction[8])
    assert np.isnan(summary.cowan_capacity[8])
    capacity = law.summarise_flexible_capacity(pd.concat([table, table])).set_index("model")
    assert capacity.capacity["plateau"] == 8


def test_guesses_of_a_network_that_only_loses():
    """If lost items are spread evenly and kept ones are von Mises, the fit must find just that.

    500 trials of four items, half of them lost: five standard errors of a fraction are 0.06.
    """
    generator = np.random.default_rng(1)
    kept = generator.random((500, 4)) < 0.5
    errors = np.where(
        kept,
        np.rad2deg(generator.vonmises(0, 10, (500, 4))),
        generator.uniform(-180, 180, (500, 4)),
    )
    rows = [(4, np.where(k, 10.0, 1.0), e, 0) for k, e in zip(kept, errors, strict=True)]
    summary = law.summarise_flexible_guesses(load_table(rows), resamples=100).iloc[0]
    assert summary.lost_fraction == pytest.approx(1 - kept.mean())
    assert summary.guess_fraction == pytest.approx(summary.lost_fraction, abs=0.06)
    assert summary.sd_deg == pytest.approx(summary.kept_sd_deg, abs=2)
    assert summary.kept_sd_deg == pytest.approx(circular_standard_deviation(errors[kept]), abs=0.01)
    assert summary.far_fraction == 0
    assert summary.aic_gain > 10


def test_nontarget_errors():
    """If the other items' angles were mixed up, swaps could not be found."""
    items = law.items_of_load(load_table([(3, [9, 9, 9], [0, 10, 0], 0), (1, [9], [7], 0)]))
    others = law.nontarget_errors(items)
    assert others.shape == (4, 7)
    np.testing.assert_allclose(others[:3, :2], [[-10, -20], [20, 0], [20, 10]])
    assert np.isnan(others[:3, 2:]).all()
    assert np.isnan(others[3]).all()


def test_normalisation_is_found_again():
    """If the curve that made the rates were not found, the law would be an accident of the fit."""
    load = np.repeat(np.arange(9), 20)
    table = pd.DataFrame({"load": load, "maintained": load, "spurious": 0})
    noise = np.tile([-0.5, 0.5], 90)
    table["cue_random_rate"] = 0.5 + 30 * load / (2.5 + load) + noise
    table["test_random_rate"] = 0.5 + 4 * load**0.5 + noise
    fit = law.fit_normalisation(table, "cue")
    assert fit.rest_rate.estimate == pytest.approx(0.5)
    assert fit.largest_rate.estimate == pytest.approx(30)
    assert fit.half.estimate == pytest.approx(2.5)
    assert fit.half.low < 2.5 < fit.half.high
    assert fit.rms_error < 1e-6 < 0.1 < fit.rms_error_power
    power = law.fit_normalisation(table, "test")
    assert power.rms_error_power < 0.02 < power.rms_error
    pool = law.summarise_flexible_pool(table)
    rates = pool[pool.when == "cue"].set_index("active")
    assert rates.random_rate[5] == pytest.approx(20.5)
    assert rates.share[5] == pytest.approx(4)
    with pytest.raises(ValueError, match="no trials of load 0"):
        law.fit_normalisation(table[table.load > 0], "cue")
    with pytest.raises(ValueError, match="at least three numbers"):
        law.fit_normalisation(table[table.load < 3], "cue")


def test_fit_of_normalisation_is_that_of_scipy(loads):
    """Oracle: scipy's curve_fit on single trials."""
    from scipy.optimize import curve_fit

    some = loads[loads["repeat"] < 40]
    fit = law.fit_normalisation(some, "cue")
    rest = some.cue_random_rate[some.load == 0].mean()
    shown = some[some.load > 0]
    (largest, half), _ = curve_fit(
        lambda n, R, sigma: rest + R * n / (sigma + n), shown.load, shown.cue_random_rate, [20, 1]
    )
    assert fit.largest_rate.estimate == pytest.approx(largest, rel=1e-4)
    assert fit.half.estimate == pytest.approx(half, rel=1e-4)


def test_summary_of_delays():
    """If time, presence and loss were mixed up, survival would be another. Two items, by hand.

    One is never lost and walks off evenly; the other is lost at 0.7 s and back, elsewhere, at 3 s.
    """
    t = np.array(law.DELAYS_MS) / 1000
    first = 10 * t
    second = np.where(t < 0.7, 4.0, np.where(t < 3, np.nan, 150.0))
    trial = ([np.nan, 0.7], [np.nan, 3.0], np.stack([first, second], axis=1))
    table = delay_table(2, [trial] * 6)
    summary = law.summarise_flexible_delay(table).set_index("delay_s")
    assert summary.present_fraction[[0.6, 1.0, 3.0]].tolist() == [1, 0.5, 1]
    assert summary.alive_fraction[[0.6, 1.0, 3.0]].tolist() == [1, 0.5, 0.5]
    assert summary.active[[0.6, 1.0]].tolist() == [3, 2]
    assert summary.absolute_error_deg[3.0] == pytest.approx((30 + 150) / 2)
    assert summary.present_sd_deg[3.0] == pytest.approx(circular_standard_deviation([30, 150]))
    assert summary.alive_sd_deg[3.0] == pytest.approx(0, abs=1e-5)
    assert summary.growth_deg2[3.0] == pytest.approx(900 - 16 / 2)
    survival = law.summarise_flexible_survival(table).iloc[0]
    assert survival.losses == 6
    assert survival.lost_fraction == 0.5
    assert survival.returned_fraction == 1
    assert survival.median_s == pytest.approx(0.705)  # half a look later
    assert np.isnan(survival.half_life_s)  # six losses are too few for a law
    hazard = law.summarise_flexible_hazard(table).set_index("from_s")
    assert hazard.hazard.tolist() == pytest.approx([0, 1 / (0.7 + 0.4), 0, 0])
    assert hazard.active[1.0] == pytest.approx(2)


def test_survival_is_kaplan_and_meiers(delays):
    """All items are watched to the end, so the fraction left must be Kaplan and Meier's curve."""
    of_load = delays[delays.load == 5]
    _, lost = law._errors_over_time(of_load)
    lost = lost[:, :5].ravel()
    data = stats.CensoredData(
        uncensored=lost[np.isfinite(lost)], right=np.full(np.isnan(lost).sum(), 5.0)
    )
    curve = stats.ecdf(data).sf
    summary = law.summarise_flexible_delay(of_load)
    np.testing.assert_allclose(summary.alive_fraction, curve.evaluate(summary.delay_s))
    survival = law.summarise_flexible_survival(of_load).iloc[0]
    assert curve.evaluate(survival.median_s - 0.011) > 0.5 >= curve.evaluate(survival.median_s)


@pytest.mark.parametrize(("power", "rate"), [(1.0, 400.0), (2.0, 50.0)])
def test_wandering_is_found_again(power, rate):
    """If the exponent were wrong, drift would pass for diffusion, or the reverse.

    Errors whose mean square is 9 + rate t**power exactly: the 9 must not matter.
    """
    t = np.array(law.DELAYS_MS) / 1000
    error = np.sqrt(9 + rate * t**power)
    trials = [([np.nan], [np.nan], sign * error[:, None]) for sign in (1, -1, 1, -1)]
    wander = law.summarise_flexible_wander(delay_table(1, trials)).iloc[0]
    assert wander.early_exponent == pytest.approx(power, abs=0.01)
    assert wander.late_exponent == pytest.approx(power, abs=0.01)
    if power == 1:
        assert wander.diffusion_deg2_s == pytest.approx(rate / 2, rel=0.01)


def test_twins_that_are_copies_and_twins_that_are_strangers():
    """If the measure did not tell them apart, the share of wiring would mean nothing.

    For strangers the correlation of 400 errors is within 0.27 of 0 but once in 1e7.
    """
    generator = np.random.default_rng(2)
    rows = []
    for _ in range(200):
        errors = generator.normal(0, 20, size=(2, 2))
        errors[generator.random((2, 2)) < 0.3] = np.nan
        row = {"load": 2}
        for delay in law.TWIN_DELAYS_MS:
            same = delay == 800
            row |= law._padded(f"error_deg_{delay}_a", errors[0], 2)
            row |= law._padded(f"error_deg_{delay}_b", errors[0 if same else 1], 2)
        rows.append(row)
    summary = law.summarise_flexible_twins(pd.DataFrame(rows)).set_index("delay_s")
    assert summary.error_correlation[0.8] == pytest.approx(1)
    assert summary.fate_correlation[0.8] == pytest.approx(1)
    assert abs(summary.error_correlation[0.1]) < 0.27
    assert abs(summary.fate_correlation[0.1]) < 0.27
    # The same push away from the cue in all twins is wiring, though nothing varies.
    pushed = pd.DataFrame(rows)
    errors = [c for c in pushed.columns if c.startswith("error_deg_100")]
    pushed[errors] = pushed[errors].where(pushed[errors].isna(), 30.0)
    pushed = law.summarise_flexible_twins(pushed).set_index("delay_s")
    assert pushed.error_correlation[0.1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("summarise", "column"),
    [
        (law.items_of_load, "ml_error_deg_1"),
        (law.summarise_flexible_load, "ml_error_deg_1"),
        (law.summarise_flexible_capacity, "maintained"),
        (law.summarise_flexible_guesses, "ml_error_deg_1"),
        (law.summarise_flexible_pool, "test_random_rate"),
        (law.summarise_flexible_delay, "lost_s_1"),
        (law.summarise_flexible_survival, "lost_s_1"),
        (law.summarise_flexible_hazard, "lost_s_1"),
        (law.summarise_flexible_wander, "lost_s_1"),
        (law.summarise_flexible_twins, "error_deg_100_a_1"),
    ],
)
def test_summaries_refuse_other_tables(summarise, column):
    """If another law's table went through, its numbers would be called by the wrong name."""
    with pytest.raises(TypeError, match="expected a pandas DataFrame"):
        summarise([1, 2])
    with pytest.raises(ValueError, match=f"has no column '{column}'"):
        summarise(pd.DataFrame({"load": [1]}))
    with pytest.raises(ValueError, match="has no column 'load'"):
        summarise(pd.DataFrame({column: [1]}))
