"""The figures of the flexible model, tested through the data on the axes."""

import dataclasses
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from wmtutor import plot_tools
from wmtutor.flexible import (
    TuningMap,
    build_network,
    get_memory_time_series,
    simulate_flexible_wm,
    summarise_loads,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.plot_tools import COLORS
from wmtutor.units import ms

FATES = ["kept", "lost", "spurious", "not cued"]
PITCH = 450  # from one ring's angle 0 to the next ring's, in the heat map


@pytest.fixture(scope="module")
def run():
    """Four rings, of which 0 and 1 are cued one after the other, and every fate occurs once.

    The fates are set by hand, so that the tests of the figures do not hang on the model.
    """
    simulated = simulate_flexible_wm(
        cued_rings=[0, 1], cue_positions_deg=[90, 355], t_stimulus_start=np.array([100, 200]) * ms,
        sim_time=500 * ms, test_time=450 * ms, N_rings=4, N_sensory=128, N_random=256, seed=1,
    )  # fmt: skip
    return dataclasses.replace(simulated, memory_present=np.array([True, False, True, False]))


@pytest.fixture(scope="module")
def isolated():
    """Two rings without a random layer."""
    return simulate_flexible_wm(1, N_rings=2, N_random=0, seed=1)


@pytest.fixture(scope="module")
def network():
    return build_network(N_rings=2, N_sensory=64, N_random=96, seed=1)


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def lines(ax, label):
    return [line for line in ax.lines if line.get_label() == label]


def tags(ax):
    """The words at the right edge, from the lowest ring up."""
    return [text for text in ax.texts if text.get_text() in FATES]


def cue_patches(ax):
    return [patch for patch in ax.patches if patch.get_label() in ("cue", "_cue")]


def luminance(color):
    """Relative luminance as WCAG defines it."""
    rgb = np.array(to_rgba(color)[:3])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
        0.2126, 0.7152, 0.0722,
    ]  # fmt: skip


# Two-layer raster


def test_raster_shows_every_spike_in_its_ring_and_colour(run):
    """If spikes were dropped, moved or given another ring's colour, a lost item would look kept."""
    _, (top, bottom) = plot_tools.plot_two_layers(run, t_min=150 * ms, t_max=400 * ms)
    spikes = run.spike_monitor_sensory
    shown = (spikes.t >= 0.15) & (spikes.t < 0.4)
    for ring, fate in enumerate(FATES):
        of_ring = shown & (spikes.i // 128 == ring)
        assert of_ring.any()
        drawn = line(top, fate)
        np.testing.assert_allclose(drawn.get_xdata(), spikes.t[of_ring] / ms)
        np.testing.assert_array_equal(drawn.get_ydata(), spikes.i[of_ring])
    assert line(top, "kept").get_color() == COLORS["kept"]
    assert line(top, "lost").get_color() == COLORS["lost"]
    random = run.spike_monitor_random
    shown = (random.t >= 0.15) & (random.t < 0.4)
    np.testing.assert_allclose(line(bottom, "spikes").get_xdata(), random.t[shown] / ms)
    np.testing.assert_array_equal(line(bottom, "spikes").get_ydata(), random.i[shown])
    assert top.get_xlim() == bottom.get_xlim() == (150, 400)
    assert top.get_ylim() == (-0.5, 511.5)
    assert bottom.get_xlabel() == "Time (ms)"


def test_raster_marks_rings_cues_and_fates(run):
    """If a mark stood at another ring, time or angle, a wrong memory would be taken for right."""
    _, (top, _) = plot_tools.plot_two_layers(run)
    assert [tag.get_text() for tag in tags(top)] == FATES
    np.testing.assert_allclose([tag.xy[1] for tag in tags(top)], 128 * np.arange(4) + 63.5)
    np.testing.assert_allclose(top.get_yticks(), 128 * np.arange(4) + 63.5)
    assert [tick.get_text() for tick in top.get_yticklabels()] == ["0", "1", "2", "3"]
    boxes = [(p.get_x(), p.get_width(), p.get_y(), p.get_height()) for p in cue_patches(top)]
    np.testing.assert_allclose(boxes, [(100, 100, -0.5, 128), (200, 100, 127.5, 128)])
    angles = [float(mark.get_ydata()[0]) for mark in lines(top, "_cue position")]
    np.testing.assert_allclose(angles, [32, 128 + 355 / 360 * 128])
    assert line(top, "_test time").get_xdata()[0] == 450
    (boundaries,) = top.collections
    heights = [segment[0][1] for segment in boundaries.get_segments()]
    np.testing.assert_allclose(heights, [127.5, 255.5, 383.5])


def test_raster_is_few_artists_however_many_spikes(run):
    """If each spike or cell were an artist, 10^5 spikes would take minutes."""
    rng = np.random.default_rng(1)
    spikes = SpikeMonitor(
        np.sort(rng.random(100_000) * 0.5), rng.integers(0, 512, 100_000), 512, 0.5
    )
    busy = dataclasses.replace(run, spike_monitor_sensory=spikes, spike_monitor_random=spikes)
    _, (top, bottom) = plot_tools.plot_two_layers(busy)
    assert len(top.lines) <= 8
    assert sum(line(top, fate).get_xdata().size for fate in FATES) == 100_000
    assert len(bottom.lines) == 1


def test_raster_without_a_random_layer(isolated):
    """If the empty layer got a panel, a reader would look for spikes that cannot be there."""
    _, axes = plot_tools.plot_two_layers(isolated)
    assert axes.shape == (1,)
    assert axes[0].get_xlabel() == "Time (ms)"


# Heat map of the rings


def test_ring_memories_show_the_rates(run):
    """If the strips were not the spike counts, or in another order, the map would mislead."""
    figure, ax = plot_tools.plot_ring_memories(run, time_bin=50 * ms, angle_bins=16)
    mesh = ax.collections[0]
    strips = mesh.get_array().reshape(4, 17, 10)
    spikes = run.spike_monitor_sensory
    for ring in range(4):
        for row, first, last in ((0, 0, 8), (15, 120, 128)):
            cells = (spikes.i >= 128 * ring + first) & (spikes.i < 128 * ring + last)
            expected = np.histogram(spikes.t[cells], 10, (-1e-9, 0.5 - 1e-9))[0] / (8 * 50 * ms)
            np.testing.assert_allclose(strips[ring, row], expected)
    assert strips[:, :16].sum() * 8 * 50 * ms == pytest.approx(spikes.num_spikes)
    assert strips.mask[:, 16].all()
    assert not strips.mask[:, :16].any()
    edges = mesh.get_coordinates()[:, 0, 1].reshape(-1)
    np.testing.assert_allclose(edges[:18], [*np.linspace(0, 360, 17), PITCH])
    assert [a.get_ylabel() for a in figure.axes][1] == "Rate (Hz)"


def test_ring_memories_have_one_scale_for_all_trials(run, isolated):
    """If each map had its own scale, the noise of a quiet trial would look like memories."""
    quiet = simulate_flexible_wm(0, network=isolated.network, seed=1)
    _, ax = plot_tools.plot_ring_memories(quiet)
    _, other = plot_tools.plot_ring_memories(run)
    _, given = plot_tools.plot_ring_memories(run, max_rate=60)
    limits = [a.collections[0].get_clim() for a in (ax, other, given)]
    np.testing.assert_allclose(limits, [(0, 120), (0, 120), (0, 60)])
    assert ax.get_legend() is None


def test_ring_memories_show_decoded_angle_and_cue(run):
    """If the line were not the decoded angle, drift from the cue would be read off wrongly."""
    _, ax = plot_tools.plot_ring_memories(run)
    series = get_memory_time_series(run)
    decoded = [x for x in ax.lines if x.get_label().lstrip("_") == "decoded angle"]
    assert len(decoded) == 4
    assert series.present[:2].any(axis=1).all()
    shown = series.t < 0.5
    for ring, drawn in enumerate(decoded):
        angle = drawn.get_ydata()[np.isfinite(drawn.get_ydata())] - PITCH * ring
        keep = shown & series.present[ring]
        np.testing.assert_allclose(angle, series.angle_deg[ring, keep])
        # A break wherever there is no memory, and at the wrap-around (ring 1 is cued at 355).
        steps = np.abs(np.diff(drawn.get_ydata()))
        assert not (steps > 180).any()
    wraps = np.abs(np.diff(series.angle_deg[1, shown & series.present[1]])) > 180
    assert wraps.any(), "choose another seed: the test needs a memory that crosses 0"
    cues = [c.get_ydata()[0] for c in lines(ax, "_cue angle")]
    np.testing.assert_allclose(cues, [90, PITCH + 355])
    np.testing.assert_allclose([c.get_ydata()[0] for c in lines(ax, "_cue position")], cues)
    bars = [(p.get_x(), p.get_width()) for p in cue_patches(ax)]
    np.testing.assert_allclose(bars, [(100, 100), (200, 100)])
    for ring, patch in enumerate(cue_patches(ax)):
        assert PITCH * ring + 360 < patch.get_y() < PITCH * (ring + 1) - patch.get_height()


def test_ring_memories_tell_what_survived_twice(run):
    """If fate were colour alone, one reader in twelve could not tell kept from lost."""
    _, ax = plot_tools.plot_ring_memories(run)
    assert [tag.get_text() for tag in tags(ax)] == FATES
    np.testing.assert_allclose([tag.xy[1] for tag in tags(ax)], PITCH * np.arange(4) + 180)
    for ring, fate in enumerate(FATES):
        frame = next(p for p in ax.patches if p.get_label() == f"_ring {ring}")
        assert frame.get_edgecolor() == to_rgba(COLORS[fate])
        assert frame.get_y() < PITCH * ring
        assert frame.get_y() + frame.get_height() > PITCH * ring + 360
    for tag in tags(ax):
        fill = "white" if tag.get_bbox_patch() is None else tag.get_bbox_patch().get_facecolor()
        contrast = (luminance(fill) + 0.05) / (luminance(tag.get_color()) + 0.05)
        assert contrast >= 4.5, "too faint to read"


@pytest.mark.parametrize("function", [plot_tools.plot_ring_memories, plot_tools.plot_two_layers])
def test_small_figures_cut_nothing_off(function):
    """If a fate lay outside the picture of an explorer, its reader could not see what survived."""
    crowded = simulate_flexible_wm(
        4, N_sensory=64, N_random=64, sim_time=200 * ms, test_time=200 * ms, seed=1
    )
    figure, axes = function(
        dataclasses.replace(crowded, memory_present=np.ones(8, dtype=bool)), figure_size=(5.4, 4)
    )
    figure.canvas.draw()
    ax = np.ravel(axes)[0]
    boxes = [tag.get_bbox_patch().get_window_extent() for tag in tags(ax)]
    assert len(boxes) == 8
    assert all(ax.bbox.x1 < box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(low.y1 < high.y0 for low, high in itertools.pairwise(boxes))
    for bar in figure.axes[1:]:
        if bar.get_label() == "<colorbar>":
            assert max(box.x1 for box in boxes) < bar.bbox.x0


def test_map_without_its_extras(run):
    """If the options did nothing, a small picture could not be kept plain."""
    figure, ax = plot_tools.plot_ring_memories(run, 100 * ms, decoded=False, colorbar=False)
    assert figure.axes == [ax]
    assert not [x for x in ax.lines if "decoded" in x.get_label()]
    assert ax.get_xlim() == (100, 500)


# Memory strength


def test_memory_strength(run):
    """If a line were another ring's, or its style another fate's, the loss would be misplaced."""
    _, ax = plot_tools.plot_memory_strength(run)
    series = get_memory_time_series(run)
    shown = series.t < 0.5
    drawn = {x.get_gid(): x for x in ax.lines if x.get_gid()}
    styles = set()
    for ring, fate in enumerate(FATES):
        x = drawn[f"ring {ring}"]
        np.testing.assert_allclose(x.get_xdata(), series.t[shown] / ms)
        np.testing.assert_allclose(x.get_ydata(), series.strength[ring, shown])
        assert x.get_label() == f"{fate}: 1 ring"
        assert x.get_color() == COLORS[fate]
        styles.add(x.get_linestyle())
    assert len(styles) == 4
    np.testing.assert_allclose(line(ax, "threshold: 3 Hz").get_ydata(), 3)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {
        "threshold: 3 Hz", *(f"{fate}: 1 ring" for fate in FATES)
    }  # fmt: skip


def test_marks_of_cues_stay_within_the_window(run):
    """If a cue before the window were marked, it would hang beside the plot."""
    _, ax = plot_tools.plot_memory_strength(run, t_min=250 * ms, t_max=400 * ms)
    (cue,) = lines(ax, "_cue")
    np.testing.assert_allclose(cue.get_xdata(), [250, 300])
    assert not lines(ax, "_test time")
    _, (top, _) = plot_tools.plot_two_layers(run, t_min=250 * ms, t_max=400 * ms)
    boxes = [(p.get_x(), p.get_width()) for p in cue_patches(top)]
    np.testing.assert_allclose(boxes, [(250, 0), (250, 50)])


# Weights


@pytest.mark.parametrize("cells", [64, 63])
def test_ring_weights(cells):
    """If distances were off by a cell, the weights would not be symmetric about zero."""
    network = build_network(N_rings=1, N_sensory=cells, N_random=0)
    _, ax = plot_tools.plot_ring_weights(network)
    x, weight = line(ax, "_weights").get_data()
    assert 0 not in x
    np.testing.assert_allclose(x, -x[::-1], atol=1e-9)
    np.testing.assert_allclose(weight, weight[::-1])
    nearest = np.argmin(np.abs(x - 360 / cells))
    assert weight[nearest] == network.ring_profile[1]
    np.testing.assert_allclose(line(ax, "itself: no weight").get_data(), [[0], [0]])
    np.testing.assert_allclose(line(ax, "_zero").get_ydata(), 0)
    assert ax.get_xlim() == (-180, 180)


def test_ring_weights_with_self_excitation():
    """If the cell's own weight were left out, the knob would seem to do nothing."""
    network = build_network(N_rings=1, N_sensory=64, N_random=0, self_excitation=True)
    _, ax = plot_tools.plot_ring_weights(network)
    x, weight = line(ax, "_weights").get_data()
    assert weight[x == 0] == pytest.approx(0.28)
    _, ax = plot_tools.plot_ring_weights(network, label="with")
    plot_tools.plot_ring_weights(build_network(N_sensory=64, N_random=0), ax=ax, label="without")
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {"with", "without"}
    assert not ax.collections


def test_weight_matrices(network):
    """If a panel were transposed or shifted, the mask would not be seen to serve both ways."""
    _, axes = plot_tools.plot_weight_matrices(network, cells=40, first_sensory=100, first_random=90)
    images = [ax.images[0] for ax in axes]
    i, j = slice(100, 128), slice(90, 96)
    np.testing.assert_array_equal(images[0].get_array(), network.ring_weights())
    np.testing.assert_array_equal(images[1].get_array(), network.feedforward_weights()[i, j])
    np.testing.assert_array_equal(images[2].get_array(), network.feedback_weights()[j, i].T)
    connected = network.mask[i, j] == 1
    for image in images[1:]:
        np.testing.assert_array_equal(image.get_array() > 0, connected)
        assert image.get_extent() == [89.5, 95.5, 99.5, 127.5]
    for image in images:
        low, high = image.get_clim()
        assert low == -high == -np.abs(image.get_array()).max()
        assert image.origin == "lower"
    assert axes[1].get_ylabel() == axes[2].get_ylabel() == "Sensory cell (of 128)"


def test_weight_matrices_of_rings_alone_and_of_large_rings():
    """If a large ring were drawn whole, a picture of 300 dots would need gigabytes."""
    network = build_network(N_rings=1, N_sensory=2048, N_random=0)
    _, axes = plot_tools.plot_weight_matrices(network)
    assert axes.shape == (1,)
    image = axes[0].images[0].get_array()
    assert image.shape == (1024, 1024)
    np.testing.assert_array_equal(image[3], network.ring_weights()[6, ::2])


# Load curves


def summary(*columns, loads=(1, 2, 3)):
    """A summary whose every number is different."""
    names = [name + end for name in columns for end in ("", "_low", "_high")]
    values = 0.1 + 0.01 * np.arange(len(loads) * len(names)).reshape(len(loads), len(names))
    return pd.DataFrame(values, index=pd.Index(loads, name="load"), columns=names)


def test_load_curve():
    """If bands were not the intervals, differences between loads would look surer than they are."""
    table = summary("spurious_fraction", "maintained_fraction")
    table.loc[3, [c for c in table if c.startswith("spurious")]] = np.nan
    _, ax = plot_tools.plot_load_curve(table.iloc[::-1])
    for name, label in (
        ("maintained_fraction", "kept, of the cued rings"),
        ("spurious_fraction", "spurious, of the other rings"),
    ):
        np.testing.assert_array_equal(line(ax, label).get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(line(ax, label).get_ydata(), table[name])
        (bars,) = [c for c in ax.collections if c.get_label() == f"_{name} interval"]
        known = table[[f"{name}_low", f"{name}_high"]].dropna().to_numpy()
        drawn = [segment[:, 1] for segment in bars.get_segments() if len(segment)]
        np.testing.assert_array_equal([s for s in drawn if np.isfinite(s).all()], known)
        (band,) = [c for c in ax.collections if c.get_label() == f"_{name}"]
        corners = band.get_paths()[0].vertices[:, 1]
        assert {*known.ravel()} <= {*corners}
    looks = [(x.get_color(), x.get_linestyle(), x.get_marker()) for x in ax.lines]
    assert looks[0][0] == COLORS["kept"]
    assert all(a != b for a, b in zip(*looks, strict=True))
    assert ax.get_ylabel() == "Fraction of rings"
    assert ax.get_xlabel() == "Load (number of cued rings)"


def test_load_curve_of_counts():
    """If the line of perfect memory were cut off, the capacity could not be read off its gap."""
    _, ax = plot_tools.plot_load_curve(
        summary("maintained", "forgotten", "spurious"), ["maintained", "forgotten", "spurious"]
    )
    np.testing.assert_array_equal(line(ax, "all cued rings").get_data(), [[1, 2, 3]] * 2)
    assert ax.get_ylim()[1] >= 3
    assert ax.get_ylabel() == "Number of rings"


def test_curves_of_other_columns():
    """If only the known columns could be drawn, a reader's own measure would need another tool."""
    _, ax = plot_tools.plot_load_curve(summary("random_rate", "cued_ring_rate"), ["random_rate"])
    assert ax.get_ylabel() == "Rate (Hz)"
    _, ax = plot_tools.plot_load_curve(
        summary("depth"), ["depth"], labels=["mine"], ylabel="Depth (mV)"
    )
    assert line(ax, "mine").get_ydata()[0] == 0.1
    assert ax.get_ylabel() == "Depth (mV)"


def test_error_curve():
    """If the error were drawn without its band, ten trials would look like a thousand."""
    _, ax = plot_tools.plot_error_curve(summary("kept_absolute_error_deg", "kept_circular_sd_deg"))
    assert [x.get_label() for x in ax.lines] == [
        "mean distance from the cue", "circular standard deviation",
    ]  # fmt: skip
    assert len(ax.collections) == 4
    assert ax.get_ylabel() == "Error of kept memories (°)"
    assert ax.get_ylim()[0] == 0


def test_curves_take_what_summarise_loads_makes():
    """If the names of the two did not fit, the defaults would fail on every real summary."""
    columns = ["maintained", "forgotten", "spurious", "maintained_fraction", "spurious_fraction"]
    columns += ["kept_strength", "kept_absolute_error_deg", "kept_cosine_sum", "kept_sine_sum"]
    columns += ["cued_ring_rate", "random_rate"]
    rng = np.random.default_rng(1)
    rows = [
        {"load": load, "network": network, "trial": trial, **dict.fromkeys(columns, rng.random())}
        for load in (1, 2)
        for network in range(2)
        for trial in range(2)
    ]
    table = summarise_loads(pd.DataFrame(rows))
    plot_tools.plot_load_curve(table)
    plot_tools.plot_load_curve(table, ["maintained", "forgotten", "spurious"])
    plot_tools.plot_load_curve(table, ["kept_strength"])
    _, ax = plot_tools.plot_error_curve(table)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), table.kept_absolute_error_deg)


# Tuning of the random layer


def tuning_map(preferred, bins=8, depth=10.0):
    """Cells whose rate is a cosine of the distance from their preferred cue."""
    angle = (np.arange(bins) + 0.5) * 360 / bins
    distance = np.deg2rad(angle - np.asarray(preferred, dtype=float)[:, None])
    return TuningMap(angle, 20 + depth * np.cos(distance), np.ones(bins, dtype=int))


def test_tuning_is_sorted_by_the_preferred_cue():
    """If rows were not sorted, no order would be seen where there is one."""
    tuning = tuning_map([200, 10, 350, 120])
    figure, (heat, curves) = plot_tools.plot_random_layer_tuning(tuning, cells=[2])
    drawn = heat.collections[0].get_array()
    np.testing.assert_allclose(drawn, tuning.rate[[1, 3, 0, 2]])
    edges = heat.collections[0].get_coordinates()[0, :, 0]
    np.testing.assert_allclose((edges[:-1] + edges[1:]) / 2, tuning.angle_deg)
    np.testing.assert_allclose(line(curves, "cell 2").get_ydata(), tuning.rate[2])
    np.testing.assert_allclose(line(curves, "cell 2").get_xdata(), tuning.angle_deg)
    assert len(curves.lines) == 1
    assert [a.get_ylabel() for a in figure.axes][-1] == "Rate (Hz)"


def test_tuning_can_be_sorted_by_other_trials():
    """If the shown trials chose the order, pure noise would make a band."""
    tuning, other = tuning_map([0, 90, 180, 270]), tuning_map([270, 180, 90, 0])
    _, (heat, curves) = plot_tools.plot_random_layer_tuning(tuning, sort_by=other)
    np.testing.assert_allclose(heat.collections[0].get_array(), tuning.rate[::-1])
    assert "other trials" in heat.get_ylabel()
    assert len(curves.lines) == 4


def test_default_curves_are_the_most_tuned_of_each_quarter():
    """If weakly tuned cells were chosen, the layer would seem not to care about the cue."""
    weak, strong = tuning_map([45, 135, 225], depth=2), tuning_map([40, 130, 220], depth=15)
    both = weak._replace(rate=np.concatenate([weak.rate, strong.rate]))
    _, (_, curves) = plot_tools.plot_random_layer_tuning(both)
    assert [x.get_label() for x in curves.lines] == ["cell 3", "cell 4", "cell 5"]


def test_cues_without_trials_are_left_blank():
    """If a cue that no trial had were drawn as 0 Hz, or pulled at preferences, it would mislead."""
    tuning = tuning_map([200, 10])
    tuning.rate[:, 2] = np.nan
    tuning.trials[2] = 0
    _, (heat, _) = plot_tools.plot_random_layer_tuning(tuning)
    drawn = heat.collections[0].get_array()
    np.testing.assert_allclose(drawn[0].compressed(), np.delete(tuning.rate[1], 2))
    assert drawn.mask[:, 2].all()
    assert drawn.mask.sum() == 2


# All of them


def test_no_global_settings_are_touched(run, network):
    """If plotting changed rcParams, a reader's own figures would change their look."""
    before = dict(mpl.rcParams)
    plot_tools.plot_two_layers(run)
    plot_tools.plot_ring_memories(run)
    plot_tools.plot_memory_strength(run)
    plot_tools.plot_weight_matrices(network)
    assert dict(mpl.rcParams) == before


def test_draws_into_given_axes(run, network):
    """If a new figure were opened, panels could not be composed."""
    figure, axes = plt.subplots(2, 3)
    assert plot_tools.plot_two_layers(run, axes=axes[:, 0])[0] is figure
    assert plot_tools.plot_ring_memories(run, ax=axes[0, 1])[1] is axes[0, 1]
    assert plot_tools.plot_memory_strength(run, ax=axes[1, 1])[1] is axes[1, 1]
    assert plot_tools.plot_ring_weights(network, ax=axes[0, 2])[1] is axes[0, 2]
    table = summary("maintained_fraction", "spurious_fraction")
    assert plot_tools.plot_load_curve(table, ax=axes[1, 2])[1] is axes[1, 2]
    assert plt.get_fignums() == [figure.number]


def test_every_figure_is_offered_by_the_package():
    """If a function were missing from `wmtutor.plot_tools`, the book's imports would fail."""
    modules = (
        plot_tools.bump,
        plot_tools.flexible,
        plot_tools.laws,
        plot_tools.rings,
        plot_tools.states,
    )
    offered = {"COLORS", "style"}.union(*(module.__all__ for module in modules))
    assert set(plot_tools.__all__) == offered
    for module in modules:
        defined = {name for name in vars(module) if name.startswith(("plot_", "animat"))}
        assert defined == set(module.__all__)


TUNING = tuning_map([0, 90])
FIXTURES = ("run", "network")


@pytest.mark.parametrize(
    ("name", "positional", "named", "message"),
    [
        ("plot_two_layers", (3,), {}, "run: expected a FlexibleRun, got int"),
        ("plot_two_layers", ("run",), {"t_min": 400}, r"did you mean 400\*ms"),
        ("plot_two_layers", ("run",), {"axes": [1, 2]}, "axes: expected 2"),
        ("plot_ring_memories", ("network",), {}, "run: expected a FlexibleRun"),
        ("plot_ring_memories", ("run",), {"t_min": 0.3, "t_max": 0.2}, "window is empty"),
        ("plot_ring_memories", ("run",), {"time_bin": 20}, r"did you mean 20\*ms"),
        ("plot_ring_memories", ("run",), {"angle_bins": 0}, "angle_bins=0"),
        ("plot_ring_memories", ("run",), {"decoded": "no"}, "decoded"),
        ("plot_ring_memories", ("run",), {"colorbar": 1}, "colorbar"),
        ("plot_ring_memories", ("run",), {"max_rate": -1}, "max_rate"),
        ("plot_ring_memories", ("run",), {"ax": 3}, "ax: expected Matplotlib axes"),
        ("plot_memory_strength", (None,), {}, "run: expected"),
        ("plot_memory_strength", ("run",), {"t_max": 2}, "t_max=2 s"),
        ("plot_ring_weights", ("run",), {}, "network: expected a FlexibleNetwork"),
        ("plot_weight_matrices", ("run",), {}, "network: expected a FlexibleNetwork"),
        ("plot_weight_matrices", ("network",), {"cells": 0}, "cells=0"),
        ("plot_weight_matrices", ("network",), {"first_sensory": 128}, "first_sensory=128"),
        ("plot_weight_matrices", ("network",), {"first_random": 96}, "first_random=96"),
        ("plot_weight_matrices", ("network",), {"axes": [1]}, "axes: expected 3"),
        ("plot_load_curve", ({},), {}, "summary: expected a pandas DataFrame"),
        ("plot_load_curve", (summary("depth"),), {}, "interval are: depth"),
        ("plot_load_curve", (summary("depth"), "depth"), {}, "expected a list of column names"),
        ("plot_load_curve", (summary("depth"), []), {}, "at least one column"),
        ("plot_load_curve", (summary("depth"), ["depth"]), {}, "ylabel: say which quantity"),
        ("plot_load_curve", (summary("a"), ["a"]), {"labels": ["x", "y"]}, "one for each"),
        ("plot_load_curve", (summary("a", loads=()), ["a"]), {"ylabel": "A"}, "no rows"),
        ("plot_load_curve", (summary("a").iloc[:, :2], ["a"]), {}, "no 'a_high'"),
        ("plot_error_curve", (summary("depth"),), {}, "no 'kept_absolute_error_deg'"),
        ("plot_random_layer_tuning", (3,), {}, "tuning: expected a TuningMap"),
        ("plot_random_layer_tuning", (TUNING, [2]), {}, "cells: cell 2 is outside 0 .. 1"),
        ("plot_random_layer_tuning", (TUNING,), {"sort_by": tuning_map([0])}, "use one network"),
        ("plot_random_layer_tuning", (TUNING,), {"sort_by": "x"}, "sort_by: expected a TuningMap"),
        ("plot_random_layer_tuning", (TUNING,), {"max_rate": 0}, "max_rate"),
        (
            "plot_random_layer_tuning",
            (TUNING._replace(trials=np.zeros(8, dtype=int)),),
            {},
            "tuning: no trial",
        ),
    ],
)
def test_bad_arguments_are_named(name, positional, named, message, request):
    """If one of these drew something, the reader would see a figure of nothing."""
    positional = [
        request.getfixturevalue(value) if isinstance(value, str) and value in FIXTURES else value
        for value in positional
    ]
    with pytest.raises((TypeError, ValueError), match=message):
        getattr(plot_tools, name)(*positional, **named)


# Selectivity of random cells


def selectivity_summary(**changes):
    values = {
        "first": 0.9, "second": 0.8, "both": 0.7, "one_only": 0.3, "interaction": 0.5,
        "unselective": 0.1, "shuffled_discovered": 0.01, "added_discovered": 0.02,
    } | changes  # fmt: skip
    columns = {}
    for name, value in values.items():
        columns |= {
            f"{name}_fraction": value, f"{name}_fraction_low": value - 0.01,
            f"{name}_fraction_high": value + 0.03,
        }  # fmt: skip
    return pd.DataFrame([columns])


def test_selectivity_puts_each_fraction_at_its_words():
    """If a fraction stood at another's words, cells would be called mixed that are not."""
    _, ax = plot_tools.flexible.plot_selectivity(selectivity_summary())
    words = [tick.get_text() for tick in ax.get_yticklabels()]
    measured, control = (container.lines[0] for container in ax.containers)
    shown = dict(zip(measured.get_ydata(), measured.get_xdata(), strict=True))
    by_words = {word: shown[place] for place, word in zip(ax.get_yticks(), words, strict=True)}
    expected = {
        "position on ring 0": 90, "position on ring 1": 80, "both": 70, "only one of the two": 30,
        "a combination, beyond a sum": 50, "none of these": 10,
    }  # fmt: skip
    assert by_words == pytest.approx(expected)
    controls = dict(zip(control.get_ydata(), control.get_xdata(), strict=True))
    assert controls == pytest.approx({5: 1, 1: 2})
    (bars,) = (container.lines[2][0] for container in ax.containers[:1])
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends[0], [89, 93])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["measured", "control"]


def test_selectivity_of_one_network_has_no_bars():
    """If a missing interval were an error, one network could not be looked at."""
    summary = selectivity_summary()
    summary[[name for name in summary if name.endswith(("_low", "_high"))]] = np.nan
    _, ax = plot_tools.flexible.plot_selectivity(summary)
    (bars,) = (container.lines[2][0] for container in ax.containers[:1])
    assert all(np.ptp(segment[:, 0]) == 0 for segment in bars.get_segments())


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        ([1], "summary: expected a pandas DataFrame, got list"),
        (pd.concat([selectivity_summary()] * 2), "summary: expected one row, got 2"),
        (selectivity_summary().drop(columns="both_fraction_low"), "no column 'both_fraction_low'"),
    ],
)
def test_selectivity_refuses(summary, message):
    """If another table were drawn, its numbers would stand at the wrong words."""
    with pytest.raises((TypeError, ValueError), match=message):
        plot_tools.flexible.plot_selectivity(summary)
