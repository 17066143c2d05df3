"""wmtutor.laws.bump_states: which states the bump network has, measured."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from scipy import stats

from wmtutor.bump import (
    PRESETS,
    bump_profile,
    get_spike_count,
    population_vector,
    read_bump,
    simulate_wm,
)
from wmtutor.laws import ALL_LAWS, bump_states, read_trials
from wmtutor.laws.bump_states import (
    centred_spikes,
    measure_bump_nmda,
    measure_bump_onset,
    measure_bump_phase,
    measure_bump_presets,
    measure_bump_recall,
    read_contrast,
    steady_gate,
    summarise_bump_nmda,
    summarise_bump_onset,
    summarise_bump_phase,
    summarise_bump_presets,
    summarise_bump_recall,
    summarise_survival,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.plot_tools.states import STATE_COLORS, plot_state_map
from wmtutor.units import Hz, ms, mV, nA

DATA = Path(__file__).parents[1] / "book" / "data" / "laws"
QUICK = {"n_jobs": 1, "progress": False, "sim_time": 0.8}
LAWS = list(bump_states.LAWS)
STATES = " ".join(
    f"{run}{end}"
    for run in ("cued", "spontaneous")
    for end in ("", "_runaway", "_rate", "_contrast", "_strength")
)
TRIALS = {
    "bump_phase": bump_states._phase_trial,
    "bump_onset": bump_states._onset_trial,
    "bump_presets": bump_states._presets_trial,
    "bump_unstructured": bump_states._recall_trial,
    "bump_nmda": bump_states._nmda_trial,
    "bump_nmda_gain": bump_states._nmda_trial,
    "bump_block": bump_states._recall_trial,
    "bump_cue": bump_states._recall_trial,
    "bump_retune": bump_states._phase_trial,
}


def noisy_bump(rng, centre_deg, width_deg, baseline, peak, N, duration, step=0.01):
    """Poisson spikes of a von Mises bump whose centre is a function of time."""
    t, cells = [], []
    angles = 2 * np.pi * np.arange(N) / N
    kappa = np.rad2deg(1.0) ** 2 / width_deg**2
    for start in np.arange(0, duration - step / 2, step):
        centre = np.deg2rad(centre_deg(start + step / 2))
        rate = baseline + (peak - baseline) * np.exp(kappa * (np.cos(angles - centre) - 1))
        counts = rng.poisson(rate * step)
        cells.append(np.repeat(np.arange(N), counts))
        t.append(rng.uniform(start, start + step, counts.sum()))
    return SpikeMonitor(np.concatenate(t), np.concatenate(cells), N=N, duration=duration)


# What summaries make of tables with known answers


def states_table(**columns):
    """Eight trials at each condition; numbers say in how many something is true."""
    size = len(next(iter(columns.values())))
    rows = []
    for number in range(size):
        for trial in range(8):
            row = {"poisson_firing_rate": 1.0 + number, "Jpos_excit2excit": 1.6}
            for name in ("cued", "spontaneous", "cued_runaway", "spontaneous_runaway"):
                row[name] = trial < columns.get(name, [0] * size)[number]
            rows.append(row | {"cued_rate": 2.0 * trial, "spontaneous_rate": 1.0})
    return pd.DataFrame(rows)


def test_states_are_named_by_what_most_trials_do():
    """If the rules were mixed up, the map would show memories where there are none."""
    table = states_table(
        cued=[0, 8, 8, 7, 0, 5, 8],
        spontaneous=[0, 0, 8, 1, 0, 0, 4],
        cued_runaway=[0, 0, 0, 0, 8, 0, 0],
        spontaneous_runaway=[0, 0, 0, 0, 8, 0, 0],
    )
    summary = summarise_bump_phase(table)
    assert summary.state.tolist() == [
        "quiet", "memory", "always", "memory", "runaway", "unclear", "unclear",
    ]  # fmt: skip
    assert summary.cued.tolist() == [0, 1, 1, 7 / 8, 0, 5 / 8, 1]
    assert summary.cued_rate.tolist() == [7.0] * 7
    wilson = stats.binomtest(7, 8).proportion_ci(method="wilson")
    assert (summary.cued_low[3], summary.cued_high[3]) == pytest.approx((wilson.low, wilson.high))
    assert not [name for name in summary if name.startswith("active")]


def test_spontaneous_runaway_is_no_memory():
    """If runaway without a cue counted as rest, a network that is never quiet would be a memory."""
    table = states_table(cued=[8], spontaneous=[0], spontaneous_runaway=[8])
    assert summarise_bump_phase(table).state.tolist() == ["always"]


def test_onset_rate_is_events_over_waiting_time():
    """If the wait after an onset were counted, fast onsets would look slow."""
    table = pd.DataFrame(
        {
            "poisson_firing_rate": [1.0] * 4 + [2.0] * 4,
            "sim_time": 3.0,
            "onset_time": [math.nan] * 4 + [0.5, 1.0, 1.5, math.nan],
        }
    )
    never, often = summarise_bump_onset(table).to_dict("records")
    assert (never["onset"], never["onsets_per_second"], never["onsets_per_second_low"]) == (0, 0, 0)
    # With no event in 12 s the upper limit is the rate at which that happens in 2.5% of cases.
    assert math.exp(-12 * never["onsets_per_second_high"]) == pytest.approx(0.025)
    assert (often["onset"], often["trials"]) == (0.75, 4)
    assert often["onsets_per_second"] == pytest.approx(3 / 6)
    assert stats.poisson.sf(2, 6 * often["onsets_per_second_low"]) == pytest.approx(0.025)
    assert stats.poisson.cdf(3, 6 * often["onsets_per_second_high"]) == pytest.approx(0.025)


def test_onset_rate_is_recovered_from_exponential_waits():
    """If the estimator were biased, the forecast for longer delays would be wrong.

    Exact for the seed; 2000 waits miss the true rate by 5 standard errors with p < 1e-6.
    """
    waits = np.random.default_rng(1).exponential(1 / 0.4, 2000)
    table = pd.DataFrame({"poisson_firing_rate": 1.4, "sim_time": 3.0, "onset_time": waits})
    table.loc[table.onset_time > 3.0, "onset_time"] = math.nan
    row = summarise_bump_onset(table).iloc[0]
    error = row.onsets_per_second / math.sqrt(table.onset_time.notna().sum())
    assert abs(row.onsets_per_second - 0.4) < 5 * error
    assert row.onset == pytest.approx(1 - math.exp(-0.4 * 3), abs=5 * math.sqrt(0.25 / 2000))


def test_survival_counts_what_has_not_happened():
    """If a trial in which nothing happened counted as an event, memories would seem to die."""
    table = pd.DataFrame({"a": [1, 1, 2, 2], "when": [0.5, math.nan, 1.5, 2.5]})
    summary = summarise_survival(table, "a", "when", [0.0, 0.5, 2.0])
    assert summary[["a", "time", "not_yet"]].to_numpy().tolist() == [
        [1, 0, 1], [2, 0, 1], [1, 0.5, 0.5], [2, 0.5, 1], [1, 2, 0.5], [2, 2, 0.5],
    ]  # fmt: skip
    wilson = stats.binomtest(1, 2).proportion_ci(method="wilson")
    assert summary.not_yet_high.iloc[-1] == pytest.approx(wilson.high)
    with pytest.raises(ValueError, match="no column 'gone'"):
        summarise_survival(table, "a", "gone", [1.0])
    with pytest.raises(ValueError, match="times"):
        summarise_survival(table, "a", "when", [-1.0])
    with pytest.raises(TypeError, match="DataFrame"):
        summarise_survival([1, 2], "a", "when", [1.0])


def test_shapes_are_averaged_over_bumps_only():
    """If trials without a bump entered, a bump that forms rarely would seem lower than it is."""
    shape = ["strength", "contrast", "mean_rate", "peak_rate", "baseline_rate", "width_deg"]
    shape += ["fwhm_deg", "width_unmoved_deg"]
    table = pd.DataFrame(
        {
            "preset": "neurodynex",
            "present": [True, True, False],
            **{name: [10.0, 20.0, 1000.0] for name in shape},
            "quiet_present": [False, True, False],
            "quiet_rate": [1.0, 1000.0, 3.0],
        }
    )
    row = summarise_bump_presets(table).iloc[0]
    assert row.present == pytest.approx(2 / 3)
    assert row.quiet_present == pytest.approx(1 / 3)
    assert [row[name] for name in shape] == [15.0] * len(shape)
    assert row.quiet_rate == 2.0
    assert table.mean_rate.tolist() == [10.0, 20.0, 1000.0], "the caller's table was changed"


def test_recall_and_nmda_are_summed_up_by_condition():
    """If two conditions were pooled, their difference would vanish."""
    table = pd.DataFrame(
        {
            "preset": "neurodynex", "block": ["mV"] * 2 + ["volt"] * 2, "profile": "ring",
            "stimulus_strength": 6e-11, "remembered": [False, False, True, False],
            "near": [True, False, True, True], "runaway": False, "strength": 0.5, "contrast": 1.0,
            "mean_rate": [1.0, 3.0, 10.0, 20.0],
        }
    )  # fmt: skip
    summary = summarise_bump_recall(table)
    assert summary[["block", "remembered", "near", "mean_rate"]].to_numpy().tolist() == [
        ["mV", 0.0, 0.5, 2.0], ["volt", 0.5, 1.0, 15.0],
    ]  # fmt: skip
    gates = states_table(cued=[8, 0]).assign(tau_NMDA=0.02, drive="kept")
    gates = gates.rename(columns={"poisson_firing_rate": "gain"})
    assert summarise_bump_nmda(gates).state.tolist() == ["memory", "quiet"]


@pytest.mark.parametrize("name", LAWS)
def test_summaries_refuse_what_is_no_such_table(name):
    """If a wrong table went through, a figure would be drawn of it."""
    with pytest.raises(TypeError, match="DataFrame"):
        ALL_LAWS[name].summarise([1, 2])
    with pytest.raises(ValueError, match="no column"):
        ALL_LAWS[name].summarise(pd.DataFrame({"x": [1]}))


# What measurements return, and refuse


@pytest.mark.parametrize(
    ("measure", "conditions", "columns"),
    [
        (
            measure_bump_phase,
            ([1.4], [1.6]),
            "poisson_firing_rate Jpos_excit2excit preset stimulus_strength sim_time repeat seed "
            f"{STATES} error",
        ),
        (
            measure_bump_onset,
            ([1.4],),
            "poisson_firing_rate sim_time repeat seed onset_time present error",
        ),
        (
            measure_bump_presets,
            (["neurodynex"],),
            "preset sim_time repeat seed present mean_rate strength contrast peak_rate "
            "baseline_rate width_deg fwhm_deg width_unmoved_deg quiet_present quiet_rate "
            "quiet_strength quiet_contrast error",
        ),
        (
            measure_bump_nmda,
            ([20 * ms],),
            f"tau_NMDA drive gain sim_time repeat seed {STATES} lost_time error",
        ),
        (
            measure_bump_recall,
            (["neurodynex"], [0.06 * nA]),
            "preset block profile stimulus_strength sim_time repeat seed remembered near runaway "
            "strength contrast mean_rate error",
        ),
    ],
)
def test_measurements_are_tables_that_their_seed_makes_again(measure, conditions, columns):
    """If a measurement depended on more than its seed, nobody could check the book's numbers."""
    table = measure(*conditions, 1, seed=5, **QUICK)
    assert " ".join(table.columns) == columns
    assert (table.error == "").all()
    pd.testing.assert_frame_equal(table, measure(*conditions, 1, seed=5, **QUICK))
    other = measure(*conditions, 1, seed=6, **QUICK)
    assert not set(other.seed) & set(table.seed)


@pytest.mark.parametrize(
    ("measure", "arguments", "message"),
    [
        (measure_bump_phase, {"poisson_firing_rates": 1.4}, "poisson_firing_rates"),
        (measure_bump_phase, {"poisson_firing_rates": [1400]}, "poisson_firing_rates.*1400 Hz"),
        (measure_bump_phase, {"Jpos_excit2excits": ["1.6"]}, "Jpos_excit2excits"),
        (measure_bump_phase, {"Jpos_excit2excits": [-1.0]}, "Jpos_excit2excits"),
        (measure_bump_phase, {"preset": "compte"}, "preset='compte'"),
        (measure_bump_phase, {"stimulus_strength": 0.5}, r"stimulus_strength=0.5 A.*nA"),
        (measure_bump_phase, {"sim_time": 0.5}, r"sim_time.*800\*ms"),
        (measure_bump_onset, {"poisson_firing_rates": [math.nan]}, "poisson_firing_rates"),
        (measure_bump_onset, {"sim_time": 3000}, "sim_time"),
        (measure_bump_presets, {"presets": "neurodynex"}, r"presets.*\['neurodynex'\]"),
        (measure_bump_presets, {"presets": ["compte2001"]}, "did you mean 'compte2000'"),
        (measure_bump_presets, {"repeats": 0}, "repeats=0"),
        (measure_bump_nmda, {"tau_NMDAs": [65]}, "tau_NMDAs.*65"),
        (measure_bump_nmda, {"drives": ["same"]}, "drives='same'"),
        (measure_bump_nmda, {"drives": "kept"}, r"\['kept'\]"),
        (measure_bump_nmda, {"gains": [-0.5]}, "gains"),
        (measure_bump_recall, {"blocks": ["mv"]}, "blocks=.mv.: expected one of"),
        (measure_bump_recall, {"profiles": ["flat"]}, "profiles='flat'"),
        (measure_bump_recall, {"stimulus_strengths": [0.5]}, "stimulus_strengths"),
    ],
)
def test_bad_conditions_are_refused_before_any_trial(measure, arguments, message):
    """If a slip of a unit went through, hours of trials would be of another network."""
    with pytest.raises((TypeError, ValueError), match=message):
        measure(**{"n_jobs": 1, "progress": False, **arguments})


# The committed trials are what the code makes


def test_every_law_has_its_trials_and_nothing_else_has():
    """If a file had no law, or a law no file, the book's data could not be made again."""
    assert set(TRIALS) == set(LAWS)
    for name in LAWS:
        assert (DATA / f"{name}.csv").exists(), name


@pytest.mark.parametrize("name", LAWS)
def test_committed_trials_are_what_the_code_makes(name):
    """If a row could not be made again from its seed, the book would show another network."""
    table = read_trials(name, DATA)
    assert table.seed.is_unique
    names = list(table.columns[: list(table.columns).index("repeat")])
    for _, row in table.iloc[[len(table) // 3, -1]].iterrows():
        again = TRIALS[name](int(row.seed), **{key: row[key] for key in names})
        assert list(again) == list(table.columns[len(names) + 2 :])
        for key, value in again.items():
            if isinstance(value, (bool, np.bool_)):
                assert bool(row[key]) == value, (name, key)
            else:
                assert float(row[key]) == pytest.approx(value, rel=2e-6, nan_ok=True), (name, key)


@pytest.mark.parametrize("name", LAWS)
def test_committed_trials_cover_every_condition_evenly(name):
    """If trials were missing at one condition, its interval would be of another experiment."""
    table = read_trials(name, DATA)
    names = list(table.columns[: list(table.columns).index("repeat")])
    sizes = table.groupby(names).size()
    assert sizes.nunique() == 1
    assert sizes.iloc[0] >= 8
    assert sizes.size == math.prod(table[key].nunique() for key in names)
    for key in table.columns[len(names) + 2 :]:
        if table[key].dtype == object:
            assert set(table[key]) <= {True, False}, key


# The map of states


def test_state_map_shows_every_combination():
    """If rows and columns were swapped, the strip of memories would lie somewhere else."""
    summary = pd.DataFrame(
        {
            "rate": [1.0, 1.0, 2.0, 2.0, 4.0, 4.0],
            "J": [1.6, 1.8, 1.6, 1.8, 1.6, 1.8],
            "state": ["quiet", "memory", "memory", "always", "unclear", "runaway"],
        }
    ).sample(frac=1, random_state=1)
    _, ax = plot_state_map(
        summary, "rate", "J", xlabel="x", ylabel="y", labels={"memory": "kept"}, marked=(2.0, 1.8)
    )
    letters = {text.get_position(): text.get_text() for text in ax.texts}
    assert letters == {
        (0, 0): "Q", (0, 1): "M", (1, 0): "M", (1, 1): "A", (2, 0): "?", (2, 1): "R",
    }  # fmt: skip
    image = ax.images[0]
    shown = image.cmap(image.norm(image.get_array()))[:, :, :3]
    for (column, row), letter in letters.items():
        word = {"Q": "quiet", "M": "memory", "A": "always", "R": "runaway", "?": "unclear"}[letter]
        assert shown[row, column] == pytest.approx(to_rgb(STATE_COLORS[word]), abs=1e-6)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "4"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["1.6", "1.8"]
    assert "M: kept" in [text.get_text() for text in ax.get_legend().get_texts()]
    frame = ax.lines[0].get_xydata()
    assert frame.min(axis=0).tolist() == [0.5, 0.5]
    assert frame.max(axis=0).tolist() == [1.5, 1.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop(columns="state"), "no column 'state'"),
        (lambda table: table.assign(state="asleep"), "'asleep'; expected one of"),
        (lambda table: table.iloc[1:], "missing"),
        (lambda table: pd.concat([table, table]), "twice"),
    ],
)
def test_state_map_refuses_what_is_no_map(change, message):
    """If a hole or a double were drawn over, the map would show what nobody measured."""
    summary = pd.DataFrame(
        {"rate": [1.0, 1.0, 2.0, 2.0], "J": [1.6, 1.8, 1.6, 1.8], "state": "memory"}
    )
    with pytest.raises(ValueError, match=message):
        plot_state_map(change(summary), "rate", "J", xlabel="x", ylabel="y")
    with pytest.raises(TypeError, match="DataFrame"):
        plot_state_map([1], "rate", "J", xlabel="x", ylabel="y")
    with pytest.raises(ValueError, match="marked"):
        plot_state_map(summary, "rate", "J", xlabel="x", ylabel="y", marked=(1.5, 1.6))


# Oracles


def test_same_noise_without_a_cue_is_the_same_run():
    """If the pair differed in more than the cue, the cue would be credited with other noise."""
    cued, quiet = bump_states._pair(3, 0.0, 0.8)
    np.testing.assert_array_equal(cued.t, quiet.t)
    np.testing.assert_array_equal(cued.i, quiet.i)
    cued, quiet = bump_states._pair(3, 0.5 * nA, 0.8)
    before = 0.1
    np.testing.assert_array_equal(cued.i[cued.t < before], quiet.i[quiet.t < before])
    assert cued.num_spikes > 2 * quiet.num_spikes


def test_recall_trial_agrees_with_a_run_by_hand():
    """If the trial read another window, place or block, the table would be of something else."""
    for block, strength in (("own", 0.06 * nA), ("mV", 0.5 * nA)):
        row = bump_states._recall_trial(7, "neurodynex", block, "ring", strength, 1.0)
        preset = PRESETS["neurodynex"]
        if block == "mV":
            preset = dataclasses.replace(preset, nmda_block_voltage=0.001 / 0.062)
        run = simulate_wm(
            stimulus_center_deg=180, stimulus_width_deg=30, stimulus_strength=strength,
            t_stimulus_start=0.1, t_stimulus_duration=0.2, sim_time=1.0, dt=0.0001, seed=7,
            preset=preset, monitored_subset_size=1,
        )  # fmt: skip
        counts = get_spike_count(run.spike_monitor_excit, None, 0.5, 1.0)
        angle_deg, strength = population_vector(counts)
        assert row["mean_rate"] == counts.sum() / 1024 / 0.5
        assert row["strength"] == strength
        assert row["near"] == (abs(angle_deg - 180) <= 45)
        cells = np.roll(counts, 512 - round(angle_deg * 1024 / 360))
        # 64 cells are 22.5 degrees; the vector lies between two cells, so one more or less counts.
        near, far = cells[512 - 64 : 512 + 65].mean(), np.r_[cells[:256], cells[769:]].mean()
        assert row["contrast"] == pytest.approx((near - far) / 0.5, rel=0.02, abs=0.1)
        assert row["remembered"] == (row["near"] and row["contrast"] >= 5)
        assert row["remembered"] == (block == "own")


def test_nmda_trial_scales_the_conductances_of_excitatory_cells():
    """If the kept drive left out a population, or changed inhibition, balance would be lost."""
    row = bump_states._nmda_trial(5, 20 * ms, "kept", 1.1, 1.0)
    factor = 1.1 * bump_states._kept_drive(20 * ms)
    assert factor == pytest.approx(
        1.1 * steady_gate(100, 65 * ms) / steady_gate(100, 20 * ms), 1e-4
    )
    preset = dataclasses.replace(PRESETS["neurodynex"], tau_NMDA=0.02)
    run = simulate_wm(
        stimulus_center_deg=180, stimulus_width_deg=30, stimulus_strength=0.5 * nA,
        t_stimulus_start=0.1, t_stimulus_duration=0.2, sim_time=1.0, dt=0.0001, seed=5,
        preset=preset, monitored_subset_size=1, G_excit2excit=0.381e-9 * factor,
        G_excit2inhib=0.292e-9 * factor,
    )  # fmt: skip
    counts = get_spike_count(run.spike_monitor_excit, None, 0.5, 1.0)
    assert row["cued_rate"] == counts.sum() / 1024 / 0.5
    assert row["cued"]
    assert math.isnan(row["lost_time"])
    assert row["spontaneous_rate"] < 0.2 * row["cued_rate"]


def test_watching_finds_beginning_and_end_of_a_bump():
    """If windows were misplaced, waiting times would be too long or too short."""
    rng = np.random.default_rng(2)
    before, bump, after = (
        noisy_bump(rng, lambda t: 90.0, 17.0, 0.5, peak, 512, duration)
        for peak, duration in ((0.5, 0.4), (100.0, 0.5), (0.5, 0.6))
    )
    spikes = SpikeMonitor(
        np.concatenate([before.t, bump.t + 0.4, after.t + 0.9]),
        np.concatenate([before.i, bump.i, after.i]),
        N=512,
        duration=1.5,
    )
    centres, present = bump_states._watch(spikes, 0.0)
    assert centres[0] == pytest.approx(0.05)
    assert centres[-1] == pytest.approx(1.45)
    # A window that is half in the bump has a contrast of about 40 Hz.
    assert centres[present][[0, -1]] == pytest.approx([0.4, 0.9])
    assert present[(centres > 0.39) & (centres < 0.91)].all()
    centres, present = bump_states._watch(spikes, 0.3)
    assert centres[0] == pytest.approx(0.35)


def test_contrast_is_the_bell_near_the_vector_less_the_far_half():
    """If the contrast were off, weak bumps would be overlooked or lumps taken for bumps.

    Closed form: the mean of a von Mises bell over 22.5 degrees to both sides and over the far half.
    Exact for the seed; 5 standard errors are a false alarm with p < 1e-6.
    """
    rng = np.random.default_rng(3)
    for width, baseline, peak in ((17.0, 0.0, 100.0), (36.0, 2.0, 16.0), (17.0, 3.0, 3.0)):
        kappa = np.rad2deg(1.0) ** 2 / width**2
        angles = np.deg2rad(np.linspace(-180, 180, 20001))
        bell = baseline + (peak - baseline) * np.exp(kappa * (np.cos(angles) - 1))
        near = bell[np.abs(angles) <= np.deg2rad(22.5)].mean()
        far = bell[np.abs(angles) >= np.deg2rad(90)].mean()
        spikes = noisy_bump(rng, lambda t: 300.0, width, baseline, peak, 1024, 0.5)
        reading = read_contrast(spikes, 0.0, 0.5)
        error = math.sqrt(near / (129 * 0.5) + far / (513 * 0.5))
        # Without a bump the vector still points to where by chance a few spikes more are.
        chance = 0.0 if peak > baseline else error
        assert abs(reading.contrast - (near - far) - chance) < 5 * error
        assert bump_states._is_bump(reading) == (peak > baseline)
        assert reading.mean_rate == spikes.num_spikes / 1024 / 0.5
    empty = read_contrast(SpikeMonitor(np.zeros(0), np.zeros(0, int), N=8, duration=1.0), 0.0, 1.0)
    assert empty.contrast == 0
    assert not bump_states._is_near(empty)
    with pytest.raises(TypeError, match="SpikeMonitor"):
        read_contrast([0.1], 0.0, 1.0)
    with pytest.raises(ValueError, match="t_min"):
        read_contrast(spikes, 0.4, 0.3)


def test_lumps_of_a_quiet_network_are_no_bumps():
    """If a chance heap of few spikes counted, a quiet network would seem to remember.

    Exact for the seed: 0.8 Hz, and a vector stronger than 0.3 that is no accident.
    """
    rng = np.random.default_rng(1)
    spikes = noisy_bump(rng, lambda t: 50.0, 40.0, 0.45, 1.9, 1024, 0.5)
    reading = read_contrast(spikes, 0.0, 0.5)
    assert read_bump(spikes, 0.0, 0.5).present
    assert reading.mean_rate < 1
    assert not bump_states._is_bump(reading)


def test_runaway_is_no_memory():
    """If saturated activity that happens to point at the cue counted, nothing would be forgotten.

    Exact for the seed: "neurodynex3" with its block slipped to volts fires at its limit.
    """
    row = bump_states._recall_trial(1, "neurodynex3", "volt", "ring", 0.5 * nA, 0.8)
    assert row["runaway"]
    assert row["mean_rate"] > 100
    assert not row["remembered"]


def test_flat_profile_is_the_unstructured_control():
    """If the control differed from J+ = 1 in its total weight, it would be no control.

    The mean weight is 1 in both, so the spikes are the same.
    """
    flat, control = (
        simulate_wm(sim_time=0.2, dt=0.1 * ms, seed=1, monitored_subset_size=1, **changed)
        for changed in ({"Jpos_excit2excit": 1.0}, {"excit2excit_profile": "unstructured"})
    )
    np.testing.assert_array_equal(flat.spike_monitor_excit.i, control.spike_monitor_excit.i)


@pytest.mark.parametrize(("unit", "expected"), [("mV", 0.106), ("volt", 0.781)])
def test_blocks_have_the_published_values(unit, expected):
    """If the scales were swapped, the story of the slip would be told the wrong way round."""
    block = 1 / (1 + math.exp(55 * mV / bump_states.BLOCKS[unit]) / 3.57)
    assert block == pytest.approx(expected, abs=5e-4)
    own = {"neurodynex": "volt", "neurodynex3": "mV", "compte2000": "mV"}
    for preset, parameters in PRESETS.items():
        assert parameters.nmda_block_voltage == bump_states.BLOCKS[own[preset]]


@pytest.mark.parametrize("rate", [2.0, 30.0, 200.0])
@pytest.mark.parametrize("tau_NMDA", [5 * ms, 65 * ms])
def test_steady_gate_is_what_many_spikes_lead_to(rate, tau_NMDA):
    """If the steady gate were wrong, "drive kept" would mean another drive at every time constant.

    Second implementation: the network's own equations, stepped through regular spikes.
    """
    dt, tau_x, alpha = 2e-5, 1.88e-3, 500.0
    interval = round(1 / rate / dt)
    number = math.ceil(0.8 / (interval * dt))
    s = x = 0.0
    means = []
    for _ in range(number):
        x += 1.0
        total = 0.0
        for _ in range(interval):
            total += s
            half = s + dt / 2 * (-s / tau_NMDA + alpha * x * (1 - s))
            x_half = x * (1 - dt / (2 * tau_x))
            s += dt * (-half / tau_NMDA + alpha * x_half * (1 - half))
            x *= 1 - dt / tau_x + (dt / tau_x) ** 2 / 2
        means.append(total / interval)
    assert steady_gate(rate, tau_NMDA) == pytest.approx(means[-1], rel=2e-3)


def test_steady_gate_has_its_limits():
    """If the gate did not saturate, or not start linear, it would be no NMDA gate."""
    assert steady_gate(0.02, 65 * ms) / steady_gate(0.01, 65 * ms) == pytest.approx(2, rel=1e-3)
    gates = [steady_gate(rate, 65 * ms) for rate in (1, 10, 50, 100, 300)]
    assert gates == sorted(gates)
    assert 0.9 < gates[-1] < 1
    # With a slow gate and few spikes each adds the same: 1 - exp(-alpha tau_x), tau_NMDA long.
    step = 1 - math.exp(-500 * 1.88e-3)
    assert steady_gate(0.01, 1.0) == pytest.approx(0.01 * step, rel=5e-3)
    for arguments, name in (((0, 0.1), "rate"), ((10, 65), "tau_NMDA")):
        with pytest.raises(ValueError, match=name):
            steady_gate(*arguments)
    assert bump_states._kept_drive(PRESETS["neurodynex"].tau_NMDA) == 1.0


@pytest.mark.parametrize(("speed", "blur"), [(0.0, 0.0), (60.0, 8.7)])
def test_moving_bump_is_as_wide_as_a_still_one(speed, blur):
    """If a moving bump looked wider, a network that drifts would seem to have a broader memory.

    A bump of 35 degrees on a high baseline, as in "compte2000", that goes 60 degrees per second is
    smeared by 30 degrees in half a second (standard deviation 8.7). Exact for the seed.
    """
    rng = np.random.default_rng(4)
    held, smeared = [], []
    for start in rng.uniform(0, 360, 20):
        spikes = noisy_bump(
            rng, lambda t, start=start: start + speed * t, 35.0, 3.0, 16.0, 2048, 0.5
        )
        held.append(bump_profile(centred_spikes(spikes, 0.0, 0.5), 0.0, 0.5).width_deg)
        smeared.append(bump_profile(spikes, 0.0, 0.5).width_deg)
    # 5 standard errors are a false alarm with p < 1e-6; the rest is what centring itself does.
    error = 5 * np.std(held, ddof=1) / math.sqrt(len(held))
    assert abs(np.mean(held) - 35.0) < error + 0.7
    assert np.mean(smeared) == pytest.approx(math.hypot(35.0, blur), abs=error)


def test_centring_moves_spikes_round_the_ring_only():
    """If it lost or doubled spikes, rates would be wrong."""
    rng = np.random.default_rng(1)
    spikes = noisy_bump(rng, lambda t: 350.0 + 40 * t, 20.0, 1.0, 60.0, 512, 0.4)
    held = centred_spikes(spikes, 0.1, 0.4)
    within = (spikes.t >= 0.1) & (spikes.t < 0.4)
    np.testing.assert_array_equal(held.t, spikes.t[within])
    assert population_vector(held.count).angle_deg == pytest.approx(180, abs=0.5)
    empty = SpikeMonitor(np.zeros(0), np.zeros(0, int), N=8, duration=1.0)
    assert centred_spikes(empty, 0.0, 1.0).num_spikes == 0
    for arguments in ((spikes, 0.3, 0.2), (spikes, 0.0, 9.0), (spikes, 0.0, 0.4, 0.0)):
        with pytest.raises(ValueError, match=r"t_min|t_max|window_width"):
            centred_spikes(*arguments)
    with pytest.raises(TypeError, match="SpikeMonitor"):
        centred_spikes([0.1], 0.0, 1.0)


def test_without_neighbourhoods_there_is_no_bump_at_any_drive():
    """If J+ = 1 could hold a bump, structure would not be what holds a memory.

    Exact for the seed.
    """
    table = measure_bump_phase([0.6 * Hz, 4.0 * Hz], [1.0], 1, **QUICK)
    assert not table.cued.any()
    assert not table.spontaneous.any()
