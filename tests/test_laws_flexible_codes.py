"""wmtutor.laws.flexible_codes: overlap, selectivity, tuning and codes over time."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wmtutor.flexible import build_network
from wmtutor.flexible.population import bump_rates, pattern_overlaps, predict_random_layer
from wmtutor.laws import flexible_codes as codes
from wmtutor.laws import read_trials

FOLDER = Path(__file__).parents[1] / "book" / "data" / "laws"
QUIET = {"n_jobs": 1, "progress": False}


# What tables say


def overlap_table(overlap, lost, runs=1):
    """Trials with two items: arrays of shape (trials, 2)."""
    table = pd.DataFrame({"load": 2, "together": runs}, index=range(len(overlap)))
    for item in (0, 1):
        table[f"lost_{item}"] = lost[:, item]
        table[f"measured_{item}"] = table[f"predicted_{item}"] = overlap[:, item]
    return table


def test_odds_and_auc_of_a_two_by_two_table():
    """If a slope or its sign were wrong, overlap would seem to harm where it helps.

    At low overlap 30 of 40 items are lost, at high overlap 10 of 40: an odds ratio of 1/9 per
    step of 2 standard deviations, so 1/3 for one; and 30/40 of the lost and 10/40 of the kept
    items are low.
    """
    low = np.zeros((20, 2), int)
    low[:15] = 1
    high = np.zeros((20, 2), int)
    high[:5] = 1
    overlap = np.repeat([[-0.1, -0.1], [0.3, 0.3]], 20, axis=0)
    summary = codes.summarise_flexible_overlap(overlap_table(overlap, np.concatenate([low, high])))
    assert summary.kind.tolist() == ["measured", "predicted"]
    assert summary.overlap_sd.tolist() == pytest.approx([0.2, 0.2])
    assert summary.odds_ratio.tolist() == pytest.approx([1 / 3, 1 / 3])
    assert summary.auc.tolist() == pytest.approx(
        [0.75, 0.75]
    )  # (9 + 3 + 3) / 16 less 3 / 16 for ties
    assert summary.lost_fraction.tolist() == [0.5, 0.5]
    assert (summary.odds_ratio_high < 1).all()
    assert (summary.auc_low > 0.5).all()
    assert "explained" not in summary  # one run says nothing of chances


def test_explained_share_takes_the_draws_off():
    """If the luck of the spikes counted as wiring, overlap would seem to explain next to nothing.

    Losses in 4 runs, as often as the binomial law says, at chances of 1/4 and 3/4 that depend on
    nothing but the overlap: it explains all. With another half at 1/4 and 3/4 whatever the
    overlap, it explains (1/4)^2 of (1/4)^2, the variance, at half the items: 1/4.
    """
    often = (
        np.repeat(np.arange(5), [81, 108, 54, 12, 1]),
        np.repeat(np.arange(5), [1, 12, 54, 108, 81]),
    )
    lost = np.concatenate(often)
    x = np.repeat([1.0, 0.0], 256)
    both = np.stack([x, x], axis=1), np.stack([lost, lost], axis=1)
    assert codes._explained(*both, 4.0) == pytest.approx(1)
    # The second half: each overlap has as many items of either chance.
    x = np.concatenate([x, np.repeat([1.0, 0.0, 1.0, 0.0], 128)])
    lost = np.concatenate([lost, often[0][::2], often[0][1::2], often[1][::2], often[1][1::2]])
    assert codes._explained(x, lost, 4.0) == pytest.approx(0.25, abs=0.02)


def test_bins_average_the_items_of_a_trial_first():
    """If items of one trial counted as independent, bands would be too narrow."""
    overlap = np.array([[0.0, 0.1], [0.2, 0.3], [1.0, 1.1], [1.2, 1.3]])
    lost = np.array([[2, 0], [2, 2], [0, 0], [1, 0]])
    binned = codes.bin_flexible_overlap(overlap_table(overlap, lost, runs=2), "predicted", bins=2)
    assert binned.overlap.tolist() == pytest.approx([0.15, 1.15])
    assert binned["items"].tolist() == [4, 4]
    assert binned.lost_fraction.tolist() == pytest.approx([0.75, 0.125])
    assert (binned.lost_fraction_low < binned.lost_fraction).all()


def test_tuning_is_compared_without_its_noise():
    """If noise stayed in, a cell that did not change would seem to have lost a part of its gain.

    Curves halved in gain and shifted, with noise as large as the curves: plain regression would
    give about 0.25 and not 0.5.
    """
    rng = np.random.default_rng(1)
    true = rng.standard_normal((2000, 16))
    halves = [true + rng.standard_normal(true.shape) for _ in range(2)]
    beside = [0.5 * true + 7 + rng.standard_normal(true.shape) for _ in range(2)]
    result = codes._compare(*halves, *beside)
    # 30000 numbers: a standard error of 0.01.
    assert result["gain"] == pytest.approx(0.5, abs=0.05)
    assert result["correlation"] == pytest.approx(1.0, abs=0.05)
    exact = codes._compare(true, true, -2 * true, -2 * true)
    assert exact == pytest.approx({"gain": -2, "correlation": -1})
    # A cue that one of the four never had is left out.
    holed = halves[0].copy()
    holed[:, 3] = np.nan
    assert codes._compare(holed, halves[1], *beside)["gain"] == pytest.approx(0.5, abs=0.05)


def windows_table(error, load=1, networks=2):
    """Long table of errors, from a function of the train and the test window."""
    rows = [
        {"load": load, "repeat": n, "train_time": 0.1 * i + 0.05, "test_time": 0.1 * j + 0.05}
        | dict.fromkeys(codes._ERRORS, float(error(i, j)))
        for n in range(networks) for i in range(8) for j in range(8)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_stability_tells_a_moving_memory_from_a_moving_code():
    """If forgetting counted as a change of code, every memory would be dynamic."""
    forgetting = codes.summarise_flexible_code_stability(windows_table(lambda i, j: 10 + 3 * j))
    assert forgetting.lag.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    names = ["random_loss", "ring_loss", "random_forward", "ring_forward"]
    np.testing.assert_allclose(forgetting[names], 0, atol=1e-12)
    # A read-out that learns from worse memories is worse wherever it is tested.
    learning = codes.summarise_flexible_code_stability(windows_table(lambda i, j: 10 + 3 * i))
    np.testing.assert_allclose(learning.random_loss, 0, atol=1e-12)
    np.testing.assert_allclose(learning.random_forward, [-3, -6, -9, -12])
    turning = codes.summarise_flexible_code_stability(
        windows_table(lambda i, j: 10 + 3 * j + 5 * abs(i - j))
    )
    np.testing.assert_allclose(turning.random_loss, [5, 10, 15, 20])
    np.testing.assert_allclose(turning.ring_forward, [5, 10, 15, 20])
    # Windows before from_time do not count: there is no code in them.
    late = codes.summarise_flexible_code_stability(
        windows_table(lambda i, j: 90 if min(i, j) < 5 else 10), from_time=0.5
    )
    assert late.lag.tolist() == pytest.approx([0.1, 0.2])
    np.testing.assert_allclose(late.random_loss, 0)


def test_windows_come_to_their_places():
    """If train and test were swapped in the table, the map would be its mirror image."""
    wide = pd.DataFrame({"load": [4, 4], "repeat": [0, 1], "seed": [5, 6], "error": ["", "no"]})
    for layer in ("random", "ring"):
        for fate in ("all", "kept", "lost"):
            for i, j in np.ndindex(3, 3):
                wide[f"{layer}_{fate}_{i}_{j}"] = [
                    100 * (layer == "ring") + 10 * i + j + 0.1 * len(fate), np.nan,
                ]  # fmt: skip
    wide.attrs["complete"] = True
    long = codes._by_window(wide, 3)
    assert len(long) == 18
    row = long[(long.repeat == 0) & np.isclose(long.train_time, 0.25) & (long.test_time < 0.1)]
    assert row.random_all.item() == pytest.approx(20.3)
    assert row.ring_lost.item() == pytest.approx(120.4)
    assert long[long.repeat == 1].random_all.isna().all()
    assert long.attrs["complete"]
    assert (long.error == "no").sum() == 9


@pytest.mark.parametrize(
    "summarise",
    [
        codes.summarise_flexible_overlap, codes.bin_flexible_overlap,
        codes.summarise_flexible_selectivity, codes.summarise_flexible_tuning,
        codes.summarise_flexible_cross_temporal, codes.summarise_flexible_code_stability,
    ],
)  # fmt: skip
def test_summaries_refuse_other_tables(summarise):
    """If any table were taken, numbers of one law would be shown as another's."""
    with pytest.raises(TypeError, match="table: expected a pandas DataFrame, got dict"):
        summarise({})
    with pytest.raises(ValueError, match="table: has no column"):
        summarise(pd.DataFrame({"x": [1]}))


# What is measured


SMALL = {
    "flexible_overlap": {"loads": [3], "repeats": 2},
    "flexible_selectivity": {"items": 60, "repeats": 1},
    "flexible_tuning": {"added": [1], "cues": 4, "per_cue": 4, "repeats": 1},
    "flexible_cross_temporal": {"loads": [2], "items": 40, "windows": 3, "repeats": 1},
}


@pytest.mark.filterwarnings("ignore:The BCa confidence interval")  # of two trials
@pytest.mark.parametrize("name", list(SMALL))
def test_measures_are_reproducible(name):
    """If a seed did not fix the table, nobody could check a number."""
    measure = codes.LAWS[name].measure
    table = measure(**SMALL[name], seed=99, **QUIET)
    assert (table.error == "").all()
    pd.testing.assert_frame_equal(table, measure(**SMALL[name], seed=99, **QUIET))
    sequence = np.random.SeedSequence(99, spawn_key=(0, 0))
    assert table.seed[0] == sequence.generate_state(1, np.uint64)[0] >> 1
    assert len(codes.LAWS[name].summarise(table.drop(columns="error"))) >= 1


def test_overlap_leaves_out_items_that_are_not_there():
    """If a missing item counted as kept, small loads would seem safer than they are."""
    table = codes.measure_flexible_overlap([3], 1, **QUIET)
    row = table.iloc[0]
    assert row[["lost_0", "measured_1", "predicted_2"]].notna().all()
    assert row[["lost_3", "measured_3", "predicted_7"]].isna().all()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("flexible_overlap", {"loads": [1]}, "loads=1"),
        ("flexible_overlap", {"loads": "2"}, "loads='2': expected a list"),
        ("flexible_overlap", {"together": 0}, "together=0"),
        ("flexible_selectivity", {"items": 50}, "items=50"),
        ("flexible_tuning", {"added": [8]}, "added=8"),
        ("flexible_tuning", {"per_cue": 2}, "per_cue=2"),
        ("flexible_tuning", {"cues": 2}, "cues=2"),
        ("flexible_cross_temporal", {"loads": [0]}, "loads=0"),
        ("flexible_cross_temporal", {"items": 10}, "items=10"),
        ("flexible_cross_temporal", {"windows": 2}, "windows=2"),
    ],
)
def test_measures_refuse(name, change, message):
    """If bad values were found out in the trials only, an hour would be lost to them."""
    with pytest.raises((TypeError, ValueError), match=message):
        codes.LAWS[name].measure(**SMALL[name] | change, **QUIET)


# What the book's tables hold


def again(name, row):
    """The trial of a row, run again."""
    trial = {
        "flexible_overlap": codes._overlap_trial, "flexible_selectivity": codes._selectivity_trial,
        "flexible_tuning": codes._tuning_trial,
        "flexible_cross_temporal": codes._cross_temporal_trial,
    }[name]  # fmt: skip
    settings = [p for p in inspect.signature(trial).parameters if p != "seed"]
    return trial(
        seed=int(row.seed), **{setting: int(getattr(row, setting)) for setting in settings}
    )


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("flexible_overlap", {"load": 2, "repeat": 1499}),
        ("flexible_overlap", {"load": 6, "repeat": 7}),
        ("flexible_selectivity", {"repeat": 3}),
        ("flexible_tuning", {"added": 3, "repeat": 5}),
    ],
)
def test_tables_are_what_the_code_makes(name, condition):
    """If code and data had parted, the book would show results of a program that is gone."""
    table = read_trials(name, FOLDER)
    chosen = (table[list(condition)] == pd.Series(condition)).all(axis=1)
    # A tuple and not a row of the table: that would round the seed to a float.
    row = next(table[chosen].itertuples())
    for column, value in again(name, row).items():
        stored = getattr(row, column)
        assert stored == pytest.approx(value, rel=1e-6, abs=1e-12, nan_ok=True), column


def test_table_of_windows_is_what_the_code_makes():
    """If windows had been shifted since, the cue would be in another place than the text says."""
    table = read_trials("flexible_cross_temporal", FOLDER)
    rows = table[(table.load == 4) & (table.repeat == 2)].reset_index(drop=True)
    result = again("flexible_cross_temporal", next(rows.itertuples()))
    for number, (train, test) in enumerate(np.ndindex(11, 11)):
        row = rows.iloc[number]
        assert (row.train_time, row.test_time) == pytest.approx(
            (0.05 + 0.1 * train, 0.05 + 0.1 * test)
        )
        for name in codes._ERRORS:
            value = result[f"{name}_{train}_{test}"]
            assert row[name] == pytest.approx(value, rel=1e-6, nan_ok=True)


def test_tables_have_the_trials_that_were_promised():
    """If trials were missing, intervals would speak of fewer than the text says."""
    overlap = read_trials("flexible_overlap", FOLDER)
    assert overlap.groupby("load").size().to_dict() == {2: 1500, 4: 1500, 6: 1500}
    assert overlap.seed.is_unique
    assert len(read_trials("flexible_selectivity", FOLDER)) == 20
    tuning = read_trials("flexible_tuning", FOLDER)
    assert tuning.groupby("added").size().to_dict() == dict.fromkeys((0, 1, 3, 5), 16)
    windows = read_trials("flexible_cross_temporal", FOLDER)
    assert windows.groupby("load").size().to_dict() == {1: 20 * 121, 4: 20 * 121}


# What must be so


def test_predicted_overlap_has_the_mean_and_spread_of_balanced_chance():
    """If the overlap were of anything but the two bumps' drives, its mean would be another.

    The weights of a random cell sum to zero over N = 4096 ring cells. Two disjoint bumps of n
    cells draw from them without replacement, so their sums correlate by -n / (N - n); the
    correlation over 1024 cells scatters about that by 1/32. 1500 independent networks: bounds at
    five standard errors (a false alarm once in 1e6).
    """
    table = read_trials("flexible_overlap", FOLDER)
    overlap = table[table.load == 2].predicted_0
    n = 73  # cells within 26 degrees of one of the 512
    assert overlap.mean() == pytest.approx(-n / (4096 - n), abs=5 / 32 / np.sqrt(1500))
    # The variance of 1500 Gaussian numbers is known to 3.7%.
    assert overlap.std() * 32 == pytest.approx(1, abs=5 * 0.5 * 0.037)


def test_echo_of_one_item_at_another_is_their_overlap():
    """If connections were not the same both ways, overlap could not protect as the book says.

    The echo is worked out with the dense weights of the way back.
    """
    network = build_network(seed=5)
    back = network.feedback_weights()
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 360, (40, 2))
    echo, overlap = [], []
    for pair in places:
        drives = [
            predict_random_layer(network, bump_rates(network, [ring], [at])).input_mean
            for ring, at in zip((0, 3), pair, strict=True)
        ]
        cells = bump_rates(network, [3], [pair[1]]).ravel() > 0
        echo.append((drives[0] @ back[:, cells]).mean())
        overlap.append(pattern_overlaps(drives)[0, 1])
    # What is left is the unequal numbers of connections of the cells.
    assert np.corrcoef(echo, overlap)[0, 1] > 0.98


def test_cells_of_the_book_pass_the_tests_as_often_as_they_should_by_chance():
    """If the F tests were wrong for counts of real cells, mixed selectivity would be overcounted.

    Means over 20 networks, whose cells share their trials; the intervals are of the networks.
    """
    table = read_trials("flexible_selectivity", FOLDER)
    for name in ("shuffled_first", "shuffled_interaction"):
        values = table[f"{name}_fraction"]
        assert abs(values.mean() - 0.05) < 6 * values.std() / np.sqrt(len(values))
    assert table.shuffled_discovered_fraction.mean() < 0.01


def test_nothing_changes_beside_nothing():
    """If the control without other items had another gain than 1, no gain could be trusted."""
    table = read_trials("flexible_tuning", FOLDER)
    alone = table[table.added == 0]
    for name, within in (("gain_all", 0.02), ("correlation_all", 0.02), ("ring_ratio_all", 0.02)):
        error = alone[name].std() / np.sqrt(len(alone))
        assert abs(alone[name].mean() - 1) < 6 * error < 6 * within, name
