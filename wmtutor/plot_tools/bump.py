"""Figures of the bump attractor."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wmtutor._validation import (
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    check_count,
    check_flag,
    check_indices,
    check_quantity,
    check_vector,
    check_window,
)
from wmtutor.bump.analysis import (
    DiffusionEstimate,
    NoBumpError,
    activity_profile,
    bump_profile,
    get_theta_time_series,
)
from wmtutor.laws.bump_drift import DriftField
from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor, StateMonitor
from wmtutor.plot_tools._style import (
    COLORS,
    HEAT,
    angle_axis,
    check_kind,
    mark_spans,
    new_axes,
    new_panels,
    rate_map,
)
from wmtutor.ring import preferred_angles, unwrap_degrees, wrap_degrees
from wmtutor.units import Hz, ms, mV

__all__ = [
    "animate_bump",
    "animation_html",
    "plot_activity_profile",
    "plot_drift_field",
    "plot_final_angles",
    "plot_mean_squared_displacement",
    "plot_network_activity",
    "plot_space_time",
    "plot_theta_time_series",
    "plot_weight_profile",
]


def _where_spikes_are(
    spiking: np.ndarray, candidates: np.ndarray, N: int, number: int
) -> np.ndarray:
    """Up to ``number`` candidates, spread over them in proportion to the spikes they fired."""
    if candidates.size == 0 or number == 0:
        return candidates[:0]
    # A little weight for silent cells, so that a quiet run still shows some.
    weight = np.bincount(spiking, minlength=N)[candidates] + 1e-6
    wanted = (np.arange(number) + 0.5) / number
    rows = np.searchsorted(np.cumsum(weight) / weight.sum(), wanted)
    return candidates[np.unique(np.minimum(rows, candidates.size - 1))]


def plot_network_activity(
    rate_monitor: PopulationRateMonitor,
    spike_monitor: SpikeMonitor,
    voltage_monitor: StateMonitor | None = None,
    spike_train_idx_list: Any = None,
    t_min: float | None = None,
    t_max: float | None = None,
    N_highlighted_spiketrains: int = 3,
    avg_window_width: float = 1.0 * ms,
    sup_title: str | None = None,
    figure_size: tuple[float, float] = (10, 4),
    *,
    axes: Any = None,
    cue_spans: Sequence[tuple[float, float]] = (),
) -> tuple[Figure, np.ndarray]:
    """Raster, smoothed population rate and, if given, voltages of a population.

    Parameters
    ----------
    rate_monitor : PopulationRateMonitor
    spike_monitor : SpikeMonitor
    voltage_monitor : StateMonitor, optional
        Adds a panel with the voltages of the highlighted cells.
    spike_train_idx_list : array_like of int, optional
        Cells in the raster, bottom to top; all cells by default.
    t_min, t_max : float, optional
        Time shown, seconds; the whole run by default.
    N_highlighted_spiketrains : int
        How many cells are drawn larger, in colour, and with their voltage: spread over the listed
        cells where the spikes are, and recorded ones if there is a voltage monitor. 0 for none.
    avg_window_width : float
        Width of the flat window that smooths the rate, seconds.
    sup_title : str, optional
    figure_size : tuple of float
        Inches; for a new figure.
    axes : sequence of Axes, optional
        Two axes to draw into, or three with voltages.
    cue_spans : sequence of (start, stop)
        Times in seconds that are marked above the raster.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (2,) or (3,)
        Raster, rate, and voltages if given.

    Raises
    ------
    TypeError, ValueError
        For monitors of the wrong kind, cells that do not exist, or an empty window.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(sim_time=100*ms, seed=1)
    >>> figure, axes = plot_network_activity(run.rate_monitor_excit, run.spike_monitor_excit)
    >>> axes[1].get_ylabel()
    'Population rate (Hz)'
    >>> plt.close(figure)
    """
    check_kind("rate_monitor", rate_monitor, PopulationRateMonitor)
    check_kind("spike_monitor", spike_monitor, SpikeMonitor)
    if voltage_monitor is not None:
        check_kind("voltage_monitor", voltage_monitor, StateMonitor)
    N, duration = spike_monitor.N, spike_monitor.duration
    start, stop = check_window(t_min, t_max, duration)
    cells = (
        np.arange(N)
        if spike_train_idx_list is None
        else check_indices("spike_train_idx_list", spike_train_idx_list, N)
    )
    if cells.size == 0 or np.unique(cells).size != cells.size:
        raise ValueError("spike_train_idx_list: expected at least one cell, each listed once")
    highlights = check_count(
        "N_highlighted_spiketrains", N_highlighted_spiketrains, low=0, high=1000
    )
    panels = 2 if voltage_monitor is None else 3
    figure, axes = new_panels(
        axes, (panels, 1), figure_size, sharex=True, height_ratios=[3, 1.5, 1.5][:panels]
    )

    # One marker path for all spikes: a single draw call, however many there are.
    row_of_cell = np.full(N, -1)
    row_of_cell[cells] = np.arange(cells.size)
    shown = (spike_monitor.t >= start) & (spike_monitor.t < stop)
    rows, times = row_of_cell[spike_monitor.i[shown]], spike_monitor.t[shown] / ms
    size = float(np.clip(600 / cells.size, 1.7, 5.0))
    raster, rate_axes = axes[0], axes[1]
    raster.plot(
        times[rows >= 0], rows[rows >= 0], ".", color=COLORS["excit"], markersize=size,
        markeredgewidth=0, rasterized=True, label="spikes",
    )  # fmt: skip

    recorded = cells if voltage_monitor is None else voltage_monitor.record
    chosen = _where_spikes_are(
        spike_monitor.i[shown], cells[np.isin(cells, recorded)], N, highlights
    )
    for order, cell in enumerate(chosen):
        color = COLORS["highlight"][order % len(COLORS["highlight"])]
        row = row_of_cell[cell]
        raster.plot(
            times[rows == row], rows[rows == row], ".", color=color, markersize=size + 2,
            label=f"cell {cell}",
        )  # fmt: skip
        if voltage_monitor is not None:
            view = voltage_monitor[int(cell)]
            within = (view.t >= start) & (view.t < stop)
            axes[2].plot(
                view.t[within] / ms, view.v[within] / mV, color=color, linewidth=1,
                label=f"cell {cell}",
            )  # fmt: skip
    raster.set(ylabel="Cell", ylim=(-0.5, cells.size - 0.5), xlim=(start / ms, stop / ms))
    mark_spans(raster, cue_spans)

    within = (rate_monitor.t >= start) & (rate_monitor.t < stop)
    smooth = rate_monitor.smooth_rate("flat", width=avg_window_width)
    rate_axes.plot(rate_monitor.t[within] / ms, smooth[within] / Hz, color=COLORS["neutral"])
    rate_axes.set(ylabel="Population rate (Hz)", ylim=(0, None))
    if voltage_monitor is not None:
        axes[2].set(ylabel="Voltage (mV)")
        if len(chosen):
            axes[2].legend(
                loc="lower right", bbox_to_anchor=(1, 0.98), ncols=min(len(chosen), 6),
                borderaxespad=0, frameon=False, fontsize="small",
            )  # fmt: skip
    axes[-1].set(xlabel="Time (ms)")
    if sup_title is not None:
        figure.suptitle(sup_title)
    return figure, axes


def plot_weight_profile(
    weights: Any, center_deg: float = 45.0, *, ax: Axes | None = None, label: str | None = None
) -> tuple[Figure, Axes]:
    """The E-to-E weights of one cell against the other cells' preferred angles.

    Parameters
    ----------
    weights : array_like of float, shape (N,)
        Such as ``run.weight_profile_45``.
    center_deg : float
        Preferred angle of the cell that the weights belong to, marked by a line.
    ax : Axes, optional
    label : str, optional
        For a legend.

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For weights that are not a row of numbers.

    Examples
    --------
    >>> from wmtutor.bump import weight_profile
    >>> figure, ax = plot_weight_profile(weight_profile(1024), center_deg=0)
    >>> ax.get_xlabel()
    'Preferred angle (°)'
    >>> plt.close(figure)
    """
    weights = check_vector("weights", weights)
    if weights.size == 0:
        raise ValueError("weights: expected at least one weight")
    center_deg = check_quantity("center_deg", center_deg, DEGREE, high=720, signed=True)
    figure, ax = new_axes(ax, (6, 3))
    ax.plot(
        preferred_angles(weights.size),
        weights,
        color=None if label else COLORS["excit"],
        label=label,
    )
    ax.axvline(wrap_degrees(center_deg), color=COLORS["faint"], linestyle=":", linewidth=1)
    ax.set(xlabel="Preferred angle (°)", ylabel="Weight (no unit)", xlim=(0, 360))
    ax.set_ylim(0, max(ax.get_ylim()[1], 1.05 * weights.max()))
    angle_axis(ax.xaxis)
    if label:
        ax.legend()
    return figure, ax


def plot_activity_profile(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    fit: str | None = "von_mises",
    bins: int = 64,
    ax: Axes | None = None,
    label: str | None = None,
) -> tuple[Figure, Axes]:
    """Rate against preferred angle in a time window, with the fitted bell.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
    t_min, t_max : float, optional
        The half-open window in seconds.
    fit : {"von_mises", "gaussian", None}
        The bell that is drawn with it; None draws the rates alone, as does activity without a bump.
    bins : int
        Neighbourhoods of cells that are averaged.
    ax : Axes, optional
    label : str, optional
        For a legend.

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(t_stimulus_duration=200*ms, seed=1)
    >>> figure, ax = plot_activity_profile(run.spike_monitor_excit, 400*ms, 800*ms)
    >>> len(ax.lines)
    1
    >>> plt.close(figure)
    """
    check_kind("spike_monitor", spike_monitor, SpikeMonitor)
    start, stop = check_window(t_min, t_max, spike_monitor.duration)
    _, rate = activity_profile(spike_monitor, start, stop, bins)
    figure, ax = new_axes(ax, (6, 3))
    ax.stairs(
        rate / Hz, np.linspace(0, 360, rate.size + 1), fill=True, alpha=0.4,
        color=COLORS["excit"], label=label or "spikes",
    )  # fmt: skip
    if fit is not None:
        try:
            profile = bump_profile(spike_monitor, start, stop, fit=fit, bins=bins)
        except NoBumpError:
            pass
        else:
            ax.plot(
                profile.angles_deg,
                profile.fitted_rate / Hz,
                color=COLORS["neutral"],
                label=f"fit: {profile.center_deg:.0f}°, width {profile.width_deg:.0f}°, "
                f"peak {profile.peak_rate / Hz:.0f} Hz",
            )
    ax.set(xlabel="Preferred angle (°)", ylabel="Rate (Hz)", xlim=(0, 360), ylim=(0, None))
    angle_axis(ax.xaxis)
    ax.legend(fontsize="small")
    return figure, ax


def plot_space_time(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    time_bin: float = 20 * ms,
    angle_bins: int = 72,
    decoded: bool = True,
    decoding_window: float = 50 * ms,
    min_strength: float = 0.3,
    cue_spans: Sequence[tuple[float, float]] = (),
    max_rate: float | None = None,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """A heat map of rate over time and preferred angle, with the decoded angle on top.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
    t_min, t_max : float, optional
        Time shown, seconds.
    time_bin : float
        Width of a column, seconds.
    angle_bins : int
        Number of rows.
    decoded : bool
        Whether to draw the population vector's angle.
    decoding_window : float
        Window of the population vector, seconds.
    min_strength : float
        Below this strength of the vector no angle is drawn: there is no bump to read. Nor is one
        where so few spikes could point somewhere by chance (Rayleigh's test, p > 1e-6).
    cue_spans : sequence of (start, stop)
        Times in seconds that are marked above the map.
    max_rate : float, optional
        Rate at the top of the colour scale, Hz, to compare maps.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(t_stimulus_duration=200*ms, seed=1)
    >>> figure, ax = plot_space_time(run.spike_monitor_excit, cue_spans=[(0, 200*ms)])
    >>> ax.get_ylabel()
    'Preferred angle (°)'
    >>> plt.close(figure)
    """
    monitor = check_kind("spike_monitor", spike_monitor, SpikeMonitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    time_bin = check_quantity("time_bin", time_bin, SECOND, low=1e-5, high=stop - start, zero=False)
    angle_bins = min(check_count("angle_bins", angle_bins, high=100_000), monitor.N)
    check_flag("decoded", decoded)
    decoding_window = check_quantity(
        "decoding_window", decoding_window, SECOND, low=1e-4, high=10, zero=False
    )
    min_strength = check_quantity("min_strength", min_strength, NUMBER, high=1)
    if max_rate is not None:
        max_rate = check_quantity("max_rate", max_rate, HERTZ, low=0.01, high=2000, zero=False)
    rates, angle_edges, time_edges = rate_map(monitor, start, stop, time_bin, angle_bins)
    figure, ax = new_axes(ax, (8, 3.2))
    mesh = ax.pcolormesh(
        time_edges / ms, angle_edges, rates / Hz, cmap=HEAT, vmin=0, vmax=max_rate,
        rasterized=True,
    )  # fmt: skip
    figure.colorbar(mesh, ax=ax, label="Rate (Hz)", pad=0.01)
    if decoded and stop - start >= decoding_window:
        series = get_theta_time_series(
            monitor, start, stop, t_step=decoding_window / 5, window_width=decoding_window
        )
        # The slack lets spikes on a window's edge fall where the decoder counted them.
        edges = series.t[:, None] + np.array([-0.5, 0.5]) * decoding_window - 1e-9
        spikes = np.diff(np.searchsorted(monitor.t, edges), axis=1)[:, 0]
        beyond_chance = spikes * series.strength**2 > np.log(1e6)
        readable = (series.strength >= min_strength) & beyond_chance
        theta = np.where(readable, series.theta_deg, np.nan)
        # A jump over the wrap-around is a break in the line, not a stroke across the map.
        jumps = np.flatnonzero(np.abs(np.diff(theta)) > 180) + 1
        ax.plot(
            np.insert(series.t, jumps, np.nan) / ms,
            np.insert(theta, jumps, np.nan),
            color=COLORS["decoded"],
            label="decoded angle",
        )
        if readable.any():
            ax.legend(loc="upper right", labelcolor="white", frameon=False, fontsize="small")
    ax.set(xlabel="Time (ms)", ylabel="Preferred angle (°)", ylim=(0, 360))
    ax.set_xlim(start / ms, stop / ms)
    angle_axis(ax.yaxis)
    mark_spans(ax, cue_spans)
    return figure, ax


def plot_theta_time_series(
    t: Any,
    theta_deg: Any,
    *,
    cue_deg: float | None = None,
    cue_spans: Sequence[tuple[float, float]] = (),
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """Decoded angles of many trials over time, with their mean and spread.

    Parameters
    ----------
    t : array_like of float, shape (times,)
        Seconds.
    theta_deg : array_like of float, shape (trials, times) or (times,)
        Decoded angles in degrees. They are unwrapped, and each trial is moved by whole turns
        so that it starts within half a turn of the cue (or of the first trial).
    cue_deg : float, optional
        The cue's angle, marked by a line.
    cue_spans : sequence of (start, stop)
        Times in seconds that are marked above.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For shapes that do not fit.

    Examples
    --------
    >>> figure, ax = plot_theta_time_series([0, 0.1], [[350, 355], [359, 2]], cue_deg=0)
    >>> [float(angle) for angle in ax.lines[1].get_ydata()]
    [-1.0, 2.0]
    >>> plt.close(figure)
    """
    times = check_vector("t", t, SECOND)
    angles = np.atleast_2d(np.asarray(theta_deg))
    if angles.dtype.kind not in "fiu" or angles.ndim != 2 or angles.shape[1] != times.size:
        raise ValueError(
            f"theta_deg: expected numbers of shape (trials, {times.size}), got {angles.shape}"
        )
    reference = None
    if cue_deg is not None:
        reference = check_quantity("cue_deg", cue_deg, DEGREE, high=720, signed=True)
    unwrapped = unwrap_degrees(angles)
    figure, ax = new_axes(ax, (8, 3.2))
    for number, row in enumerate(unwrapped):
        known = row[np.isfinite(row)]
        if known.size and reference is None:
            reference = float(known[0])
        if known.size and reference is not None:
            row -= 360 * np.round((known[0] - reference) / 360)
        ax.plot(
            times / ms, row, color=COLORS["excit"], linewidth=0.8,
            alpha=0.9 if len(unwrapped) == 1 else 0.5, label=None if number else "trials",
        )  # fmt: skip
    if len(unwrapped) > 1:
        complete = unwrapped[np.isfinite(unwrapped).all(axis=1)]
        if len(complete) > 1:
            mean, spread = complete.mean(axis=0), complete.std(axis=0, ddof=1)
            ax.plot(times / ms, mean, color=COLORS["neutral"], label="mean")
            ax.fill_between(
                times / ms, mean - spread, mean + spread, color=COLORS["neutral"], alpha=0.2,
                linewidth=0, label="± standard deviation",
            )  # fmt: skip
    if cue_deg is not None and reference is not None:
        ax.axhline(reference, color=COLORS["stimulus"], linestyle="--", linewidth=1, label="cue")
    ax.set(xlabel="Time (ms)", ylabel="Decoded angle (°)")
    ax.legend(fontsize="small", ncols=4, loc="best")
    mark_spans(ax, cue_spans)
    return figure, ax


def plot_mean_squared_displacement(
    estimate: DiffusionEstimate, *, ax: Axes | None = None
) -> tuple[Figure, Axes]:
    """Mean squared displacement against time, with the line whose slope gives the diffusion.

    Parameters
    ----------
    estimate : DiffusionEstimate
        From :func:`wmtutor.bump.estimate_diffusion`.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError
        For anything but an estimate.

    Examples
    --------
    >>> import numpy as np
    >>> from wmtutor.bump import estimate_diffusion
    >>> walks = np.cumsum(np.random.default_rng(1).normal(size=(20, 50)), axis=1)
    >>> figure, ax = plot_mean_squared_displacement(estimate_diffusion(walks, np.arange(50) * 0.01))
    >>> ax.get_xlabel()
    'Time since the first sample (s)'
    >>> plt.close(figure)
    """
    check_kind("estimate", estimate, DiffusionEstimate)
    figure, ax = new_axes(ax, (6, 3.2))
    lag = np.concatenate([[0], estimate.lag])
    low, high = estimate.confidence_interval
    ax.plot(
        estimate.lag, estimate.mean_squared_displacement, color=COLORS["excit"],
        label=f"{estimate.num_trials} trials",
    )  # fmt: skip
    ax.plot(
        lag, estimate.offset + 2 * estimate.diffusion * lag, "--", color=COLORS["neutral"],
        label=f"D = {estimate.diffusion:.1f} deg²/s "
        f"({100 * estimate.confidence_level:g}% CI {low:.1f} to {high:.1f})",
    )  # fmt: skip
    ax.set(xlabel="Time since the first sample (s)", ylabel="Mean squared\ndisplacement (deg²)")
    ax.legend(fontsize="small")
    return figure, ax


def plot_drift_field(
    field: DriftField, expected: Any = None, *, ax: Axes | None = None
) -> tuple[Figure, Axes]:
    """How fast a bump drifts at each angle, and where it would come to rest.

    Parameters
    ----------
    field : DriftField
        From :func:`wmtutor.laws.bump_drift.estimate_drift_field`.
    expected : array_like of float, shape (360,), optional
        A theory's velocities in deg/s at the same angles.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For anything but a field, and velocities of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> angles = np.arange(360.0)
    >>> v = np.cos(np.deg2rad(angles))
    >>> field = DriftField(angles, v, v - 0.2, v + 0.2, np.array([90.0]), np.array([270.0]))
    >>> figure, ax = plot_drift_field(field)
    >>> ax.get_ylabel()
    'Drift velocity (°/s)'
    >>> plt.close(figure)
    """
    check_kind("field", field, DriftField)
    if expected is not None:
        expected = check_vector("expected", expected, length=len(field.angles_deg))
    figure, ax = new_axes(ax, (7, 3.2))
    ax.axhline(0, color=COLORS["faint"], linewidth=1)
    ax.fill_between(
        field.angles_deg, field.velocity_low, field.velocity_high, color=COLORS["excit"],
        alpha=0.2, linewidth=0,
    )  # fmt: skip
    ax.plot(field.angles_deg, field.velocity, color=COLORS["excit"], label="measured")
    if expected is not None:
        ax.plot(
            field.angles_deg, expected, "--", color=COLORS["inhib"],
            label="expected from the leak potentials",
        )  # fmt: skip
    for angles_deg, face, label in (
        (field.stable_deg, COLORS["neutral"], "bumps gather"),
        (field.unstable_deg, "white", "bumps part"),
    ):
        ax.plot(
            angles_deg, np.zeros(len(angles_deg)), "o", color=COLORS["neutral"],
            markerfacecolor=face, markersize=6, label=label,
        )  # fmt: skip
    ax.set(xlabel="Angle of the bump (°)", ylabel="Drift velocity (°/s)", xlim=(0, 360))
    angle_axis(ax.xaxis)
    ax.legend(
        fontsize="small", ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False,
        columnspacing=1.2, handlelength=1.6,
    )  # fmt: skip
    return figure, ax


def plot_final_angles(
    theta_deg: Any,
    density: Any = None,
    stable_deg: Any = (),
    *,
    bins: int = 24,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """Where the memories of a network end, and where they were expected to.

    Parameters
    ----------
    theta_deg : array_like of float, shape (trials,)
        Remembered angles, degrees.
    density : array_like of float, shape (360,), optional
        Expected density per degree at 0, 1, ... 359 degrees.
    stable_deg : array_like of float, optional
        Angles to mark, such as a drift field's stable fixed points.
    bins : int
        Of the histogram.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what are no angles, and a density of another shape.

    Examples
    --------
    >>> figure, ax = plot_final_angles([10, 20, 350], stable_deg=[15])
    >>> ax.get_ylabel()
    'Memories'
    >>> plt.close(figure)
    """
    angles = check_vector("theta_deg", theta_deg, DEGREE)
    stable = check_vector("stable_deg", np.asarray(stable_deg, float), DEGREE)
    bins = check_count("bins", bins, low=2, high=360)
    if density is not None:
        density = check_vector("density", density, length=360)
    figure, ax = new_axes(ax, (7, 2.6))
    counts, edges = np.histogram(wrap_degrees(angles), bins, (0, 360))
    ax.stairs(
        counts, edges, fill=True, alpha=0.4, color=COLORS["excit"], label="memories at the end"
    )
    if density is not None:
        ax.plot(
            np.arange(360), density * angles.size * 360 / bins, "--", color=COLORS["inhib"],
            label="expected",
        )  # fmt: skip
    for number, angle in enumerate(stable):
        ax.axvline(
            angle, color=COLORS["neutral"], linestyle=":", linewidth=1.2,
            label=None if number else "bumps gather",
        )  # fmt: skip
    ax.set(xlabel="Remembered angle (°)", ylabel="Memories", xlim=(0, 360), ylim=(0, None))
    angle_axis(ax.xaxis)
    ax.legend(
        fontsize="small", ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False
    )
    return figure, ax


def animate_bump(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    window_width: float = 50 * ms,
    frames: int = 60,
    cue_deg: float | None = None,
    cue_spans: Sequence[tuple[float, float]] = (),
    ax: Axes | None = None,
) -> tuple[Figure, Axes, FuncAnimation]:
    """The activity profile as it changes, with the decoded angle.

    Show it with :func:`animation_html`, which plays in a notebook and in a static page.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
    t_min, t_max : float, optional
        Time shown, seconds.
    window_width : float
        Each frame shows the rates in a window of this length, seconds.
    frames : int
        Number of frames, evenly spread.
    cue_deg : float, optional
        The cue's angle, marked while the cue is on.
    cue_spans : sequence of (start, stop)
        When the cue is on, seconds.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes
    animation : FuncAnimation

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(t_stimulus_duration=200*ms, seed=1)
    >>> figure, ax, animation = animate_bump(run.spike_monitor_excit, frames=3)
    >>> "<button" in animation_html(animation)
    True
    >>> plt.close(figure)
    """
    monitor = check_kind("spike_monitor", spike_monitor, SpikeMonitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    frames = check_count("frames", frames, low=2, high=1000)
    width = check_quantity(
        "window_width", window_width, SECOND, low=1e-4, high=stop - start, zero=False
    )
    if cue_deg is not None:
        cue_deg = check_quantity("cue_deg", cue_deg, DEGREE, high=720, signed=True)
    bins = min(64, monitor.N)
    starts = np.linspace(start, stop - width, frames)
    maps = np.stack([rate_map(monitor, s, s + width, width, bins)[0][:, 0] for s in starts])
    angle_edges = np.linspace(0, 360, bins + 1)
    figure, ax = new_axes(ax, (6, 3))
    bars = ax.stairs(maps[0] / Hz, angle_edges, fill=True, color=COLORS["excit"], alpha=0.6)
    decoded = ax.axvline(0, color=COLORS["inhib"], linewidth=2, label="decoded angle")
    cue = ax.axvline(
        0 if cue_deg is None else float(wrap_degrees(cue_deg)),
        color=COLORS["stimulus"],
        linewidth=6,
        alpha=0.5,
        label="cue" if cue_deg is not None else "_cue",
    )
    clock = ax.set_title("", loc="left")
    ax.set(xlabel="Preferred angle (°)", ylabel="Rate (Hz)", xlim=(0, 360))
    ax.set_ylim(0, max(1.0, 1.05 * maps.max() / Hz))
    angle_axis(ax.xaxis)
    ax.legend(loc="upper right", fontsize="small")

    def draw(frame: int) -> list[Any]:
        rate = maps[frame]
        angle = np.angle(rate @ np.exp(1j * np.deg2rad(angle_edges[:-1] + 180 / bins)))
        first = starts[frame]
        bars.set_data(rate / Hz)
        decoded.set_xdata([np.rad2deg(angle) % 360] * 2)
        decoded.set_visible(bool(rate.any()))
        cue.set_visible(
            cue_deg is not None and any(a < first + width and b > first for a, b in cue_spans)
        )
        clock.set_text(f"{first / ms:.0f} to {(first + width) / ms:.0f} ms")
        return [bars, decoded, cue, clock]

    draw(0)
    return figure, ax, FuncAnimation(figure, draw, frames=frames, interval=100, blit=False)


def animation_html(animation: FuncAnimation, *, alt: str = "Animation") -> str:
    """An animation as a self-contained piece of HTML with buttons to play it.

    Matplotlib's own page fetches an icon font from a third party; here the icons are characters,
    and the picture and the slider are named for screen readers.

    Parameters
    ----------
    animation : FuncAnimation
    alt : str
        What the picture shows, for those who do not see it.

    Returns
    -------
    str
        HTML; wrap it in ``IPython.display.HTML``.

    Raises
    ------
    TypeError
        For anything but an animation.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(sim_time=200*ms, seed=1)
    >>> figure, ax, animation = animate_bump(run.spike_monitor_excit, frames=2)
    >>> "https://" in animation_html(animation)
    False
    >>> plt.close(figure)
    """
    import base64
    import html
    import io
    import re

    from PIL import Image

    check_kind("animation", animation, FuncAnimation)
    # Characters that plain fonts have; media symbols are missing from many.
    icons = {
        "minus": "−",
        "fast-backward": "⇤",
        "step-backward": "←",
        "play fa-flip-horizontal": "◀",
        "pause": "‖",
        "play": "▶",
        "step-forward": "→",
        "fast-forward": "⇥",
        "plus": "+",
    }
    with plt.rc_context({"animation.embed_limit": 20}):
        page = animation.to_jshtml(default_mode="once")
    page = re.sub(r"<link[^>]*font-awesome[^>]*>", "", page)

    def smaller(match: re.Match[str]) -> str:
        picture = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(match[1].replace("\\\n", "")))) as frame:
            frame.save(picture, "webp", lossless=True, quality=50, method=4)
        return f'"data:image/webp;base64,{base64.b64encode(picture.getvalue()).decode("ascii")}"'

    # The same pixels in a third of the bytes that Matplotlib's PNGs take.
    page = re.sub(r'"data:image/png;base64,([^"]+)"', smaller, page)
    page = re.sub(
        r'<i class="fa fa-([a-z -]+)"></i>',
        lambda match: f'<span aria-hidden="true">{icons[match.group(1).strip()]}</span>',
        page,
    )
    page = re.sub(r'(<input id="_anim_slider[^"]*")', r'\1 aria-label="Frame"', page)
    return re.sub(r'<img id="(_anim_img[^"]*)"', rf'<img id="\1" alt="{html.escape(alt)}"', page)
