"""wmtutor.plot_tools, tested through the data on the axes."""

import base64
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from wmtutor import plot_tools
from wmtutor.bump import (
    activity_profile,
    estimate_diffusion,
    get_theta_time_series,
    simulate_wm,
    weight_profile,
)
from wmtutor.laws.bump_drift import DriftField
from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor
from wmtutor.plot_tools.bump import plot_drift_field, plot_final_angles
from wmtutor.units import ms

SPAN = [(100 * ms, 300 * ms)]


def line(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_raster_shows_every_spike_in_the_window(cued_run):
    """If spikes were dropped or moved, the raster would show another run."""
    spikes = cued_run.spike_monitor_excit
    _, axes = plot_tools.plot_network_activity(
        cued_run.rate_monitor_excit, spikes, t_min=200 * ms, t_max=400 * ms, cue_spans=SPAN
    )
    shown = (spikes.t >= 0.2) & (spikes.t < 0.4)
    np.testing.assert_allclose(line(axes[0], "spikes").get_xdata(), spikes.t[shown] / ms)
    np.testing.assert_array_equal(line(axes[0], "spikes").get_ydata(), spikes.i[shown])
    assert axes[1].get_ylabel() == "Population rate (Hz)"
    assert axes[-1].get_xlabel() == "Time (ms)"
    assert axes[0].get_xlim() == (200, 400)


def test_raster_of_some_cells_and_their_voltages(cued_run):
    """If rows and cells were mixed up, a highlighted trace would be another cell's."""
    cells = np.arange(300, 400)
    _, axes = plot_tools.plot_network_activity(
        cued_run.rate_monitor_excit, cued_run.spike_monitor_excit, cued_run.voltage_monitor_excit,
        spike_train_idx_list=cells, avg_window_width=5 * ms, N_highlighted_spiketrains=3,
        sup_title="Title",
    )  # fmt: skip
    trains = cued_run.spike_monitor_excit.spike_trains()
    assert len(axes[2].lines) == 3
    for trace in axes[2].lines:
        cell = int(trace.get_label().split()[1])
        assert cell in cells
        np.testing.assert_allclose(trace.get_ydata(), cued_run.voltage_monitor_excit[cell].v * 1e3)
        np.testing.assert_allclose(line(axes[0], f"cell {cell}").get_xdata(), trains[cell] / ms)
    total = sum(len(trains[cell]) for cell in cells)
    assert len(line(axes[0], "spikes").get_xdata()) == total


def test_raster_is_one_artist_however_many_spikes():
    """If each spike or cell were an artist, 10^5 spikes would take many seconds, as elsewhere."""
    rng = np.random.default_rng(1)
    spikes = SpikeMonitor(np.sort(rng.random(100_000)), rng.integers(0, 1024, 100_000), 1024, 1.0)
    rate = PopulationRateMonitor(np.arange(1000) * ms, np.ones(1000), 1 * ms)
    _, axes = plot_tools.plot_network_activity(rate, spikes)
    assert len(axes[0].lines) == 4
    assert not axes[0].collections


def test_draws_into_given_axes(cued_run):
    """If a new figure were opened, panels could not be composed."""
    figure, axes = plt.subplots(2, 1)
    ours, same = plot_tools.plot_network_activity(
        cued_run.rate_monitor_excit, cued_run.spike_monitor_excit, axes=axes
    )
    assert ours is figure
    assert same[0] is axes[0]
    assert plt.get_fignums() == [figure.number]


def test_weight_profile():
    """If the axis started at another angle, the peak would be drawn beside its cell."""
    weights = np.roll(weight_profile(1024), 128)
    _, ax = plot_tools.plot_weight_profile(weights, center_deg=45)
    assert ax.lines[0].get_xdata()[weights.argmax()] == 45
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), weights)
    assert ax.get_ylabel() == "Weight (no unit)"


def test_activity_profile(cued_run):
    """If the bars were not the rates, the width read off them would be wrong."""
    _, ax = plot_tools.plot_activity_profile(cued_run.spike_monitor_excit, 0.5, 0.8)
    _, rate = activity_profile(cued_run.spike_monitor_excit, 0.5, 0.8)
    np.testing.assert_allclose(ax.patches[0].get_data().values, rate)
    assert ax.lines[0].get_label().startswith("fit: 12")
    _, empty = plot_tools.plot_activity_profile(
        SpikeMonitor(np.zeros(0), np.zeros(0), 16, 1.0), fit="von_mises"
    )
    assert len(empty.lines) == 0


def test_space_time(cued_run):
    """If the map were not the spike counts, or the angle not the decoded one, it would mislead."""
    spikes = cued_run.spike_monitor_excit
    figure, ax = plot_tools.plot_space_time(spikes, angle_bins=64, time_bin=40 * ms, cue_spans=SPAN)
    rates = ax.collections[0].get_array().reshape(64, 20)
    assert rates.sum() * 16 * 40 * ms == pytest.approx(spikes.num_spikes)
    series = get_theta_time_series(spikes)
    decoded = line(ax, "decoded angle")
    late = decoded.get_xdata() > 400
    np.testing.assert_allclose(
        decoded.get_ydata()[late], series.theta_deg[series.t > 0.4], atol=1e-9
    )
    assert [a.get_ylabel() for a in figure.axes] == ["Preferred angle (°)", "Rate (Hz)"]


def test_space_time_breaks_the_line_at_the_wrap_around():
    """If the line crossed the map there, a steady memory at 0 would look like a wild one."""
    run = simulate_wm(stimulus_center_deg=0, t_stimulus_duration=200 * ms, seed=5)
    _, ax = plot_tools.plot_space_time(run.spike_monitor_excit)
    theta = line(ax, "decoded angle").get_ydata()
    assert np.nanmax(np.abs(np.diff(theta))) < 180
    assert np.nanmin(theta) < 60
    assert np.nanmax(theta) > 300


def test_theta_time_series_of_trials_at_the_wrap_around():
    """If trials were not brought to one turn, their mean would lie on the far side of the ring."""
    _, ax = plot_tools.plot_theta_time_series(
        [0, 0.1, 0.2], [[350, 355, 2], [5, 1, 358], [np.nan, 3, 4]], cue_deg=0
    )
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [-10, -5, 2])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [5, 1, -2])
    np.testing.assert_allclose(line(ax, "mean").get_ydata(), [-2.5, -2, 0])
    assert ax.get_ylabel() == "Decoded angle (°)"


def test_mean_squared_displacement():
    """If the line were not the fit, the printed D would not be the slope that is seen."""
    rng = np.random.default_rng(1)
    walks = np.cumsum(rng.normal(size=(30, 40)), axis=1)
    estimate = estimate_diffusion(walks, np.arange(40) * 0.1, resamples=200)
    _, ax = plot_tools.plot_mean_squared_displacement(estimate)
    x, y = ax.lines[1].get_data()
    assert (y[-1] - y[0]) / (x[-1] - x[0]) == pytest.approx(2 * estimate.diffusion)
    assert f"D = {estimate.diffusion:.1f} deg²/s" in ax.lines[1].get_label()


DRIFT = DriftField(
    np.arange(360.0),
    2 * np.sin(np.deg2rad(np.arange(360))),
    2 * np.sin(np.deg2rad(np.arange(360))) - 1,
    2 * np.sin(np.deg2rad(np.arange(360))) + 1,
    np.array([180.0]),
    np.array([0.0]),
)


def test_drift_field():
    """If stable and unstable points changed places, bumps would seem to flee where they gather."""
    _, ax = plot_drift_field(DRIFT, 3 * DRIFT.velocity)
    np.testing.assert_array_equal(line(ax, "measured").get_ydata(), DRIFT.velocity)
    expected = line(ax, "expected from the leak potentials")
    np.testing.assert_array_equal(expected.get_ydata(), 3 * DRIFT.velocity)
    assert expected.get_linestyle() == "--"
    assert line(ax, "bumps gather").get_xdata().tolist() == [180]
    assert line(ax, "bumps part").get_xdata().tolist() == [0]
    assert line(ax, "bumps part").get_markerfacecolor() == "white"
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (-3, 3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Angle of the bump (°)", "Drift velocity (°/s)")
    _, ax = plot_drift_field(DRIFT)
    assert len(ax.lines) == 4


def test_final_angles():
    """If the density were scaled to other bins than the histogram's, theory would look wrong."""
    density = np.zeros(360)
    density[90:120] = 1 / 30
    _, ax = plot_final_angles([91, 95, 100, -10], density, [105.0, 300.0], bins=12)
    counts = ax.patches[0].get_data().values
    assert counts.tolist() == [0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1]
    # All four memories in the one bin of 30 degrees would be a density of 4 a bin there.
    assert line(ax, "expected").get_ydata().max() == pytest.approx(4)
    assert line(ax, "bumps gather").get_xdata() == [105, 105]
    assert len(ax.lines) == 3


def test_animation(cued_run):
    """If frames lagged behind their clock, the bump would seem to form before or after its cue."""
    _, ax, animation = plot_tools.animate_bump(
        cued_run.spike_monitor_excit, frames=16, cue_deg=120, cue_spans=SPAN
    )
    for frame, cue_on in ((0, False), (3, True), (15, False)):
        bars, decoded, cue, clock = animation._func(frame)
        start = 50 * frame * ms
        _, rate = activity_profile(cued_run.spike_monitor_excit, start, start + 50 * ms)
        np.testing.assert_allclose(bars.get_data().values, rate)
        assert clock.get_text() == f"{50 * frame} to {50 * frame + 50} ms"
        assert cue.get_visible() == cue_on
    assert abs(decoded.get_xdata()[0] - 120) < 15
    assert ax.get_xlabel() == "Preferred angle (°)"
    html = plot_tools.animation_html(animation, alt='A "bump"')
    assert 'alt="A &quot;bump&quot;"' in html
    assert "https://" not in html
    assert "fa fa-" not in html
    # Smaller pictures, but the same: what a frame shows is what Matplotlib drew.
    frames = re.findall(r'frames\[\d+\] = "data:image/webp;base64,([^"]+)"', html)
    assert len(frames) == 16
    animation._func(15)
    figure = ax.get_figure()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=figure.dpi)
    pixels = [
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        for data in (base64.b64decode(frames[15]), buffer.getvalue())
    ]
    np.testing.assert_array_equal(*pixels)
    buttons = re.findall(r"<button[^>]*>", html)
    assert len(buttons) == 9
    assert all("aria-label=" in button for button in buttons)
    assert re.search(r'<input id="_anim_slider[^>]*aria-label="Frame"', html)


def test_no_global_settings_are_touched(cued_run):
    """If plotting changed rcParams, a reader's own figures would change their look."""
    before = dict(mpl.rcParams)
    plot_tools.plot_space_time(cued_run.spike_monitor_excit)
    plot_tools.plot_network_activity(cued_run.rate_monitor_excit, cued_run.spike_monitor_excit)
    assert dict(mpl.rcParams) == before


def test_every_figure_of_a_notebook_shows():
    """If drawing inside the style switched interactive mode off, all figures but one would be lost.

    Needs a real kernel: Jupyter's backend sets that mode when the first figure loads it.
    """
    import nbclient
    import nbformat

    sources = [
        "from wmtutor import plot_tools\nfrom wmtutor.bump import weight_profile",
        *["figure, ax = plot_tools.plot_weight_profile(weight_profile(64), 0)"] * 2,
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources]
    )
    nbclient.NotebookClient(notebook, kernel_name="python3").execute()
    for cell in notebook.cells[1:]:
        assert ["image/png" in output.get("data", {}) for output in cell.outputs] == [True]


def bad_calls():
    spikes = SpikeMonitor(np.array([0.1]), np.array([1]), 16, 0.5)
    rate = PopulationRateMonitor(np.arange(500) * ms, np.ones(500), 1 * ms)
    p = plot_tools
    return [
        (p.plot_network_activity, (spikes, spikes), {}, "rate_monitor"),
        (p.plot_network_activity, (rate, rate), {}, "spike_monitor"),
        (p.plot_network_activity, (rate, spikes, rate), {}, "voltage_monitor"),
        (p.plot_network_activity, (rate, spikes), {"spike_train_idx_list": [16]}, "cell 16"),
        (p.plot_network_activity, (rate, spikes), {"spike_train_idx_list": []}, "spike_train_idx"),
        (p.plot_network_activity, (rate, spikes), {"spike_train_idx_list": [1, 1]}, "once"),
        (p.plot_network_activity, (rate, spikes), {"t_min": 400}, r"did you mean 400\*ms"),
        (p.plot_network_activity, (rate, spikes), {"N_highlighted_spiketrains": -1}, "N_high"),
        (p.plot_network_activity, (rate, spikes), {"avg_window_width": 5}, "width=5 s"),
        (p.plot_network_activity, (rate, spikes), {"axes": [1, 2]}, "axes"),
        (p.plot_weight_profile, ("abc",), {}, "weights"),
        (p.plot_weight_profile, ([],), {}, "weights"),
        (p.plot_weight_profile, ([1, 2],), {"ax": 3}, "ax"),
        (p.plot_activity_profile, (rate,), {}, "spike_monitor"),
        (p.plot_activity_profile, (spikes,), {"fit": "box"}, "fit='box'"),
        (p.plot_space_time, (spikes,), {"time_bin": 20}, r"did you mean 20\*ms"),
        (p.plot_space_time, (spikes,), {"angle_bins": 0}, "angle_bins"),
        (p.plot_space_time, (spikes,), {"decoding_window": 50}, r"did you mean 50\*ms"),
        (p.plot_space_time, (spikes,), {"min_strength": 30}, "min_strength=30"),
        (p.plot_space_time, (spikes,), {"max_rate": -1}, "max_rate"),
        (p.plot_space_time, (spikes,), {"decoded": "yes"}, "decoded"),
        (p.plot_space_time, (spikes,), {"cue_spans": [0.1]}, "cue_spans"),
        (p.plot_space_time, (spikes,), {"cue_spans": [(0.1, "x")]}, "cue_spans"),
        (p.plot_theta_time_series, ([0, 1], [1, 2, 3]), {}, "theta_deg"),
        (p.plot_theta_time_series, ("ab", [1, 2]), {}, "t"),
        (p.plot_theta_time_series, ([0, 1], [1, 2]), {"cue_deg": np.nan}, "cue_deg"),
        (p.plot_mean_squared_displacement, (3,), {}, "estimate"),
        (plot_drift_field, (3,), {}, "field"),
        (plot_drift_field, (DRIFT, [1, 2]), {}, "expected"),
        (plot_drift_field, (DRIFT,), {"ax": 3}, "ax"),
        (plot_final_angles, ("ab",), {}, "theta_deg"),
        (plot_final_angles, ([1, 2], [1, 2]), {}, "density"),
        (plot_final_angles, ([1, 2],), {"bins": 1}, "bins"),
        (plot_final_angles, ([1, 2],), {"stable_deg": [np.nan]}, "stable_deg"),
        (p.animate_bump, (spikes,), {"frames": 1}, "frames"),
        (p.animate_bump, (spikes,), {"window_width": 50}, "window_width"),
        (p.animation_html, ("x",), {}, "animation"),
    ]


@pytest.mark.parametrize(
    ("function", "positional", "named", "message"),
    bad_calls(),
)
def test_bad_arguments_are_named(function, positional, named, message):
    """If one of these drew something, the reader would see a figure of nothing."""
    with pytest.raises((TypeError, ValueError), match=message):
        function(*positional, **named)
