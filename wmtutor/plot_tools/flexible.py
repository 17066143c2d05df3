"""Figures of the flexible working-memory network.

What became of a ring's memory has one colour in all of them, and always a word, a line style or
a marker besides: kept, lost, spurious (a memory that nobody asked for) or not cued.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from wmtutor._validation import (
    HERTZ,
    SECOND,
    check_count,
    check_flag,
    check_indices,
    check_quantity,
    check_window,
)
from wmtutor.flexible.analysis import TuningMap, get_memory_time_series
from wmtutor.flexible.network import FlexibleNetwork
from wmtutor.flexible.simulate import FlexibleRun
from wmtutor.plot_tools._style import (
    COLORS,
    HEAT,
    angle_axis,
    check_kind,
    figure_of,
    mark_spans,
    new_axes,
    new_panels,
    rate_map,
)
from wmtutor.ring import preferred_angles, signed_difference, wrap_degrees
from wmtutor.units import Hz, ms

__all__ = [
    "plot_error_curve",
    "plot_load_curve",
    "plot_memory_strength",
    "plot_random_layer_tuning",
    "plot_ring_memories",
    "plot_ring_weights",
    "plot_selectivity",
    "plot_two_layers",
    "plot_weight_matrices",
]

# Drawn in this order: what nobody asked for is the background of what was.
_FATES = ("not cued", "lost", "spurious", "kept")
_LINES = {"kept": "-", "lost": "--", "spurious": "-.", "not cued": ":"}
_MARKERS = {"kept": "o", "lost": "s", "spurious": "^", "not cued": "v"}
_WEIGHT_MAP = "RdBu_r"


def _fates(run: FlexibleRun) -> list[str]:
    """What became of each ring's memory at the test time."""
    cued = np.isin(np.arange(run.network.N_rings), run.cued_rings)
    names = {(1, 1): "kept", (1, 0): "lost", (0, 1): "spurious", (0, 0): "not cued"}
    return [names[pair] for pair in zip(cued, np.asarray(run.memory_present, bool), strict=True)]


def _points(ax: Axes) -> float:
    """About how high axes are, in points: their layout is not final before they are drawn."""
    return 72 * ax.get_position().height * figure_of(ax).get_figheight()


def _tag_fates(ax: Axes, fates: Sequence[str], centers: np.ndarray, height: float) -> None:
    """A coloured tag with a word at the right edge of each ring's strip; height in points."""
    size = float(np.clip(0.45 * height, 3.0, 9.0))
    for fate, center in zip(fates, centers, strict=True):
        quiet = fate == "not cued"
        ax.annotate(
            fate,
            (1, center),
            xycoords=ax.get_yaxis_transform(),
            xytext=(0.9 * size, 0),
            textcoords="offset points",
            va="center",
            fontsize=size,
            fontweight="normal" if quiet else "bold",
            # Black on the fills: white would be too faint on any of them.
            color="#606060" if quiet else "black",
            bbox=None if quiet else {
                "boxstyle": "round,pad=0.25", "facecolor": COLORS[fate], "edgecolor": "none",
            },
            annotation_clip=False,
        )  # fmt: skip


def _cues(run: FlexibleRun, start: float, stop: float) -> Iterator[tuple[int, float, float, float]]:
    """Ring, position (degrees) and on and off of each cue, as far as it is in the window (s)."""
    for ring, position, (on, off) in zip(
        run.cued_rings, run.cue_positions_deg, run.cue_spans, strict=True
    ):
        on, off = np.clip([on, off], start, stop)
        yield int(ring), float(position), float(on), float(off)


def _mark_cue(ax: Axes, angle_row: float) -> None:
    """A pointer at the left edge, in the margin, where no activity hides it."""
    ax.plot(
        [0], [angle_row], marker=">", markersize=6, color=COLORS["stimulus"],
        markeredgecolor="black", markeredgewidth=0.5, clip_on=False, zorder=5,
        transform=ax.get_yaxis_transform(), label="_cue position",
    )  # fmt: skip


def _mark_test_time(ax: Axes, run: FlexibleRun, start: float, stop: float, role: str) -> None:
    """A line where the memories were read, which is what the fates speak of."""
    time = run.parameters.test_time
    if start <= time <= stop:
        ax.axvline(
            time / ms, color=COLORS[role], linestyle=(0, (1, 2)), linewidth=1, label="_test time"
        )
        ax.annotate(
            "test", (time / ms, 1), xycoords=ax.get_xaxis_transform(), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize="small",
            color=COLORS["neutral"], annotation_clip=False,
        )  # fmt: skip


def _ring_axis(ax: Axes, centers: np.ndarray) -> None:
    """A label in the middle of each ring's strip; with very many rings, of every few."""
    step = -(-len(centers) // 32)
    ax.set_yticks(centers[::step], [str(ring) for ring in range(0, len(centers), step)])
    ax.tick_params(axis="y", length=0, pad=8)


def plot_two_layers(
    run: FlexibleRun,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    figure_size: tuple[float, float] = (8, 6),
    axes: Any = None,
) -> tuple[Figure, np.ndarray]:
    """Every spike of a trial: the rings above, the random layer below.

    The spikes of a ring have the colour of what became of its memory, which is written at its
    right edge. Orange shows when a ring was cued, and the pointer at the left where.

    Parameters
    ----------
    run : FlexibleRun
        From :func:`wmtutor.flexible.simulate_flexible_wm`.
    t_min, t_max : float, optional
        Time shown, seconds; the whole run by default.
    figure_size : tuple of float
        Inches; for a new figure.
    axes : sequence of Axes, optional
        Two axes to draw into, or one if the network has no random layer.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (2,) or (1,)
        The rings and the random layer, if there is one.

    Raises
    ------
    TypeError, ValueError
        For what is not a run, an empty window, or the wrong number of axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(load=3, seed=1)
    >>> figure, axes = plot_two_layers(run)
    >>> axes[0].get_ylabel()
    'Ring (each 0 to 360° upwards)'
    >>> plt.close(figure)
    """
    check_kind("run", run, FlexibleRun)
    rings, cells = run.network.N_rings, run.network.N_sensory
    start, stop = check_window(t_min, t_max, run.spike_monitor_sensory.duration)
    heights = [3.0, 1.0] if run.network.N_random else [1.0]
    figure, panels = new_panels(
        axes, (len(heights), 1), figure_size, sharex=True, height_ratios=heights
    )
    fates = _fates(run)
    top = panels[0]

    # One marker path for all spikes of a fate: four draw calls, however many spikes there are.
    spikes = run.spike_monitor_sensory
    shown = (spikes.t >= start) & (spikes.t < stop)
    cell, time = spikes.i[shown], spikes.t[shown] / ms
    fate_of_spike = np.array([_FATES.index(fate) for fate in fates])[cell // cells]
    for number, fate in enumerate(_FATES):
        if fate in fates:
            top.plot(
                time[fate_of_spike == number], cell[fate_of_spike == number], ".",
                # Grey alone would look like a faded copy; the colour is for rings with a fate.
                color=COLORS["faint"] if fate == "not cued" else COLORS[fate],
                markersize=1.8, markeredgewidth=0, rasterized=True, label=fate,
            )  # fmt: skip
    for ring, position, on, off in _cues(run, start, stop):
        top.add_patch(
            Rectangle(
                (on / ms, ring * cells - 0.5), (off - on) / ms, cells,
                facecolor=COLORS["stimulus"], alpha=0.3, edgecolor="none", zorder=0,
                label="_cue",
            )
        )  # fmt: skip
        _mark_cue(top, ring * cells + position / 360 * cells)
    centers = (np.arange(rings) + 0.5) * cells - 0.5
    top.hlines(
        np.arange(1, rings) * cells - 0.5, 0, 1, transform=top.get_yaxis_transform(),
        color=COLORS["faint"], linewidth=0.6, label="_boundaries",
    )  # fmt: skip
    top.set(ylabel="Ring (each 0 to 360° upwards)", ylim=(-0.5, rings * cells - 0.5))
    top.set_xlim(start / ms, stop / ms)
    _ring_axis(top, centers)
    _mark_test_time(top, run, start, stop, "neutral")
    _tag_fates(top, fates, centers, _points(top) / rings)

    if run.network.N_random:
        random = run.spike_monitor_random
        dot = float(np.clip(0.15 * figure.get_figwidth(), 0.7, 1.2))
        shown = (random.t >= start) & (random.t < stop)
        panels[1].plot(
            random.t[shown] / ms, random.i[shown], ".", color=COLORS["neutral"], markersize=dot,
            markeredgewidth=0, rasterized=True, label="spikes",
        )  # fmt: skip
        panels[1].set(ylabel="Random cell", ylim=(-0.5, random.N - 0.5))
        panels[1].set_xlim(start / ms, stop / ms)
    panels[-1].set(xlabel="Time (ms)")
    figure.align_ylabels(list(panels))
    return figure, panels


def plot_ring_memories(
    run: FlexibleRun,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    time_bin: float = 20 * ms,
    angle_bins: int = 32,
    decoded: bool = True,
    max_rate: float | None = None,
    colorbar: bool = True,
    figure_size: tuple[float, float] = (8, 6),
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """A heat map of each ring, with its decoded angle and what became of its memory.

    The rings share one colour scale. The frame of a ring and the word at its right edge say
    whether its memory was there at the test time. An orange bar shows when a ring was cued, the
    pointer at the left where, and the thin line where a perfect memory would be.

    Parameters
    ----------
    run : FlexibleRun
        From :func:`wmtutor.flexible.simulate_flexible_wm`.
    t_min, t_max : float, optional
        Time shown, seconds; the whole run by default.
    time_bin : float
        Width of a column, seconds.
    angle_bins : int
        Rows of each ring.
    decoded : bool
        Whether to draw the angle of the activity vector, where it is long enough to count as a
        memory.
    max_rate : float, optional
        Rate at the top of the colour scale, Hz. The default is the same for every trial: 1.5 times
        the largest rate that the cells can have, since in short bins chance exceeds that.
    colorbar : bool
        Whether to show the colour scale.
    figure_size : tuple of float
        Inches; for a new figure.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes
        Ring ``r`` has its angle 0 at height ``450 r``, and its angle 360 at ``450 r + 360``.

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(load=3, seed=1)
    >>> figure, ax = plot_ring_memories(run)
    >>> ax.get_xlabel()
    'Time (ms)'
    >>> plt.close(figure)
    """
    check_kind("run", run, FlexibleRun)
    monitor, rings = run.spike_monitor_sensory, run.network.N_rings
    start, stop = check_window(t_min, t_max, monitor.duration)
    time_bin = check_quantity("time_bin", time_bin, SECOND, low=1e-5, high=stop - start, zero=False)
    rows = min(check_count("angle_bins", angle_bins, high=100_000), run.network.N_sensory)
    check_flag("decoded", decoded)
    check_flag("colorbar", colorbar)
    if max_rate is not None:
        max_rate = check_quantity("max_rate", max_rate, HERTZ, low=0.01, high=2000, zero=False)
    else:
        max_rate = 1.5 * run.parameters.largest_rate or None
    # A ring's cells divide evenly into its rows, so one map of all cells is a map of each ring.
    rates, _, time_edges = rate_map(monitor, start, stop, time_bin, rings * rows)
    figure, ax = new_axes(ax, figure_size)

    # Strips of 360 degrees and a gap for the cue's bar. The gap is a row without a value: blank.
    pitch, gap = 450.0, 90.0
    columns = rates.shape[1]
    strips = np.full((rings, rows + 1, columns), np.nan)
    strips[:, :rows] = rates.reshape(rings, rows, columns)
    edges = np.append(
        (pitch * np.arange(rings)[:, None] + np.linspace(0, 360, rows + 1)).ravel(), pitch * rings
    )
    mesh = ax.pcolormesh(
        time_edges / ms, edges, np.ma.masked_invalid(strips.reshape(-1, columns)) / Hz, cmap=HEAT,
        vmin=0, vmax=max_rate, rasterized=True,
    )  # fmt: skip
    if colorbar:
        beyond = max_rate is not None and bool((rates > max_rate).any())
        figure.colorbar(
            mesh, ax=ax, label="Rate (Hz)", pad=0.03, aspect=30,
            extend="max" if beyond else "neither",
        )  # fmt: skip

    fates = _fates(run)
    height = _points(ax) / rings
    degrees_per_point = pitch / height
    frame = float(np.clip(0.05 * height, 0.8, 2.2))
    # Frames lie outside, or they would hide what is near 0 and 360 degrees.
    outside = 0.5 * frame * degrees_per_point
    bar = min(0.45 * gap, 5 * degrees_per_point)
    for ring, fate in enumerate(fates):
        quiet = fate == "not cued"
        ax.add_patch(
            Rectangle(
                (time_edges[0] / ms, pitch * ring - outside),
                (time_edges[-1] - time_edges[0]) / ms, 360 + 2 * outside,
                facecolor="none", edgecolor=COLORS[fate], linewidth=0.8 if quiet else frame,
                clip_on=False, zorder=4, label=f"_ring {ring}",
            )
        )  # fmt: skip
    for ring, position, on, off in _cues(run, start, stop):
        ax.add_patch(
            Rectangle(
                (on / ms, pitch * ring + 360 + 0.5 * gap - 0.5 * bar), (off - on) / ms, bar,
                facecolor=COLORS["stimulus"], edgecolor="none", clip_on=False, zorder=5,
                label="_cue" if ring != run.cued_rings[0] else "cue",
            )
        )  # fmt: skip
        ax.plot(
            np.array([on, time_edges[-1]]) / ms, [pitch * ring + position] * 2, color="white",
            linewidth=0.7, linestyle=(0, (4, 4)), alpha=0.8, label="_cue angle",
        )  # fmt: skip
        _mark_cue(ax, pitch * ring + position)
    lines = []
    if decoded:
        series = get_memory_time_series(run)
        shown = (series.t >= start) & (series.t < stop)
        for ring in range(rings):
            angle = np.where(series.present[ring], series.angle_deg[ring], np.nan)[shown]
            # A jump over the wrap-around is a break in the line, not a stroke across the strip.
            jumps = np.flatnonzero(np.abs(np.diff(angle)) > 180) + 1
            lines += ax.plot(
                np.insert(series.t[shown], jumps, np.nan) / ms,
                np.insert(angle, jumps, np.nan) + pitch * ring,
                color=COLORS["decoded"], linewidth=1.4, label="_decoded angle",
            )  # fmt: skip
    centers = pitch * np.arange(rings) + 180
    ax.set(
        xlabel="Time (ms)", ylabel="Ring (each 0 to 360° upwards)", ylim=(-outside, pitch * rings)
    )
    ax.set_xlim(start / ms, stop / ms)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    _ring_axis(ax, centers)
    seen = [line for line in lines if np.isfinite(line.get_ydata()).any()]
    if seen:
        seen[0].set_label("decoded angle")
    if run.load or seen:
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, ncols=2, fontsize="small",
            frameon=False,
        )  # fmt: skip
    # Seen on black strips and white gaps alike.
    _mark_test_time(ax, run, start, stop, "faint")
    _tag_fates(ax, fates, centers, height)
    return figure, ax


def plot_memory_strength(
    run: FlexibleRun,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """The length of every ring's activity vector over time, and the threshold of a memory.

    A ring's line tells by its colour and its style what became of the memory at the test time.

    Parameters
    ----------
    run : FlexibleRun
        From :func:`wmtutor.flexible.simulate_flexible_wm`.
    t_min, t_max : float, optional
        Time shown, seconds; the whole run by default.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not a run, or an empty window.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(load=3, seed=1)
    >>> figure, ax = plot_memory_strength(run)
    >>> ax.get_ylabel()
    'Memory strength |z| (Hz)'
    >>> plt.close(figure)
    """
    check_kind("run", run, FlexibleRun)
    start, stop = check_window(t_min, t_max, run.spike_monitor_sensory.duration)
    series = get_memory_time_series(run)
    shown = (series.t >= start) & (series.t < stop)
    figure, ax = new_axes(ax, (8, 3.2))
    fates = np.array(_fates(run))
    for fate in _FATES:
        members = np.flatnonzero(fates == fate)
        for number, ring in enumerate(members):
            rings = "1 ring" if members.size == 1 else f"{members.size} rings"
            (line,) = ax.plot(
                series.t[shown] / ms, series.strength[ring][shown] / Hz, _LINES[fate],
                color=COLORS[fate], linewidth=1.0 if fate == "not cued" else 1.6,
                label=f"_{fate}" if number else f"{fate}: {rings}",
            )  # fmt: skip
            line.set_gid(f"ring {ring}")
    threshold = run.parameters.memory_threshold
    ax.axhline(
        threshold / Hz, color=COLORS["neutral"], linewidth=1, label=f"threshold: {threshold:g} Hz"
    )
    ax.set(xlabel="Time (ms)", ylabel="Memory strength |z| (Hz)")
    ax.set_ylim(0, max(ax.get_ylim()[1], 1.5 * threshold))
    ax.set_xlim(start / ms, stop / ms)
    _mark_test_time(ax, run, start, stop, "neutral")
    spans = {(on, off) for _, _, on, off in _cues(run, start, stop) if on < off}
    mark_spans(ax, sorted(spans))
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(
        handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0,
        fontsize="small", handlelength=2.8, frameon=False,
    )  # fmt: skip
    return figure, ax


def plot_ring_weights(
    network: FlexibleNetwork, *, ax: Axes | None = None, label: str | None = None
) -> tuple[Figure, Axes]:
    """The weights within a ring against the distance between two cells.

    Parameters
    ----------
    network : FlexibleNetwork
        From :func:`wmtutor.flexible.build_network`.
    ax : Axes, optional
    label : str, optional
        For a legend, when several networks are drawn into the same axes; the areas above and
        below zero are then left unfilled.

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError
        For what is not a network.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import build_network
    >>> figure, ax = plot_ring_weights(build_network(seed=1))
    >>> ax.get_xlabel()
    'Distance between the cells (°)'
    >>> plt.close(figure)
    """
    check_kind("network", network, FlexibleNetwork)
    cells = network.N_sensory
    distance = signed_difference(preferred_angles(cells), 0)
    others = np.arange(cells) > 0
    if network.self_excitation:
        others[0] = True
    order = np.argsort(distance)
    order = order[others[order]]
    x, weight = distance[order], network.ring_profile[order]
    if x.size and x[0] == -180:
        # The cell opposite is as far away to the right as it is to the left.
        x, weight = np.append(x, 180.0), np.append(weight, weight[0])
    figure, ax = new_axes(ax, (6, 3))
    ax.axhline(0, color=COLORS["neutral"], linewidth=0.8, label="_zero")
    (line,) = ax.plot(
        x, weight, color=None if label else COLORS["neutral"], label=label or "_weights"
    )
    if not label:
        for part, color, word in (
            (np.clip(weight, 0, None), COLORS["excit"], "excites"),
            (np.clip(weight, None, 0), COLORS["inhib"], "inhibits"),
        ):
            if part.any():
                ax.fill_between(x, part, color=color, alpha=0.35, linewidth=0, label=word)
    if not network.self_excitation:
        # Part of the profile, but not of its shape: a line through it would look like a dip.
        ax.plot(
            [0], [network.ring_profile[0]], "o", markerfacecolor="white",
            color=line.get_color(), markersize=5, label="_itself" if label else "itself: no weight",
        )  # fmt: skip
    ax.set(xlabel="Distance between the cells (°)", ylabel="Weight (no unit)", xlim=(-180, 180))
    ax.set_xticks([-180, -90, 0, 90, 180])
    ax.legend(fontsize="small", frameon=False)
    return figure, ax


def plot_weight_matrices(
    network: FlexibleNetwork,
    *,
    cells: int = 48,
    first_sensory: int = 0,
    first_random: int = 0,
    figure_size: tuple[float, float] | None = None,
    axes: Any = None,
) -> tuple[Figure, np.ndarray]:
    """The weights within a ring, and a block of those between the rings and the random layer.

    The block is a small part, so that every weight in it can be seen: a picture of all of them
    would have many weights behind each of its dots. Both directions are drawn with the
    sensory cells upwards and the random cells to the right, so that the same pair has the same
    place.

    Parameters
    ----------
    network : FlexibleNetwork
        From :func:`wmtutor.flexible.build_network`.
    cells : int
        The block holds this many sensory and as many random cells, or all if there are fewer.
    first_sensory, first_random : int
        The block's first cells. Cell ``k`` of ring ``r`` has the number ``r * N_sensory + k``.
    figure_size : tuple of float, optional
        Inches; for a new figure.
    axes : sequence of Axes, optional
        Three axes to draw into, or one if the network has no random layer.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (3,) or (1,)
        Within a ring, feed-forward and feedback.

    Raises
    ------
    TypeError, ValueError
        For what is not a network, cells that do not exist, or the wrong number of axes.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import build_network
    >>> figure, axes = plot_weight_matrices(build_network(seed=1))
    >>> [ax.get_title() for ax in axes]
    ['Within a ring', 'Sensory to random', 'Random to sensory']
    >>> plt.close(figure)
    """
    check_kind("network", network, FlexibleNetwork)
    cells = check_count("cells", cells, high=2000)
    sensory_total = network.N_rings * network.N_sensory
    first_sensory = check_count("first_sensory", first_sensory, low=0, high=sensory_total - 1)
    first_random = check_count(
        "first_random", first_random, low=0, high=max(network.N_random - 1, 0)
    )
    number = 3 if network.N_random else 1
    figure, panels = new_panels(axes, (1, number), figure_size or (3.6 * number, 3.2))
    engine = figure.get_layout_engine()
    if axes is None and isinstance(engine, ConstrainedLayoutEngine):
        engine.set(wspace=0.06)  # between one panel's colour bar and the next one's axis

    # Every few cells of a very large ring; the diagonal of the default one is all there.
    step = -(-network.N_sensory // 1024)
    chosen = np.arange(0, network.N_sensory, step)
    within = network.ring_profile[(chosen[None, :] - chosen[:, None]) % network.N_sensory]
    _weight_image(panels[0], within, (0, 360, 0, 360))
    panels[0].set(title="Within a ring", xlabel="Target prefers (°)", ylabel="Source prefers (°)")
    angle_axis(panels[0].xaxis)
    angle_axis(panels[0].yaxis)
    if network.N_random:
        i = slice(first_sensory, min(first_sensory + cells, sensory_total))
        j = slice(first_random, min(first_random + cells, network.N_random))
        extent = (j.start - 0.5, j.stop - 0.5, i.start - 0.5, i.stop - 0.5)
        for ax, title, block in (
            (panels[1], "Sensory to random", network.feedforward_weights()[i, j]),
            (panels[2], "Random to sensory", network.feedback_weights()[j, i].T),
        ):
            _weight_image(ax, block, extent)
            ax.set(
                title=title,
                xlabel=f"Random cell (of {network.N_random})",
                ylabel=f"Sensory cell (of {sensory_total})",
            )
    return figure, panels


def _weight_image(ax: Axes, weights: np.ndarray, extent: tuple[float, float, float, float]) -> None:
    """White is no weight, red excites, blue inhibits; the two ends are equally far from white."""
    limit = float(np.abs(weights).max()) or 1.0
    image = ax.imshow(
        weights, cmap=_WEIGHT_MAP, vmin=-limit, vmax=limit, origin="lower", extent=extent,
        aspect="auto",
    )  # fmt: skip
    figure_of(ax).colorbar(image, ax=ax, label="Weight (no unit)", pad=0.02)


# Fate, legend and quantity of the columns of a summary.
_LOAD_COLUMNS = {
    "maintained_fraction": ("kept", "kept, of the cued rings", "Fraction of rings"),
    "spurious_fraction": ("spurious", "spurious, of the other rings", "Fraction of rings"),
    "maintained": ("kept", "kept", "Number of rings"),
    "forgotten": ("lost", "lost", "Number of rings"),
    "spurious": ("spurious", "spurious", "Number of rings"),
    "kept_strength": ("kept", "kept memories", "Memory strength |z| (Hz)"),
    "kept_absolute_error_deg": ("", "mean distance from the cue", "Error of kept memories (°)"),
    "kept_circular_sd_deg": ("", "circular standard deviation", "Error of kept memories (°)"),
    "cued_ring_rate": ("", "cued rings", "Rate (Hz)"),
    "random_rate": ("", "random layer", "Rate (Hz)"),
}


def _plot_with_bands(
    summary: Any,
    columns: Sequence[str],
    labels: Sequence[str] | None,
    ylabel: str | None,
    ax: Axes | None,
) -> tuple[Figure, Axes]:
    """Columns of a summary against its index, each with the band from its low to its high."""
    import pandas as pd

    if not isinstance(summary, pd.DataFrame):
        raise TypeError(
            f"summary: expected a pandas DataFrame from summarise_loads, "
            f"got {type(summary).__name__}"
        )
    if isinstance(columns, str) or not all(isinstance(name, str) for name in columns):
        raise TypeError(f"columns={columns!r}: expected a list of column names")
    if not columns:
        raise ValueError("columns: expected at least one column name")
    for name in columns:
        for part in (name, f"{name}_low", f"{name}_high"):
            if part not in summary.columns:
                known = [c for c in summary.columns if f"{c}_low" in summary.columns]
                raise ValueError(
                    f"columns: the summary has no {part!r}; columns with an interval are: "
                    f"{', '.join(map(str, known)) or 'none'}"
                )
    if labels is not None and (isinstance(labels, str) or len(labels) != len(columns)):
        raise ValueError(f"labels: expected one for each of the {len(columns)} columns")
    if ylabel is None:
        quantities = {_LOAD_COLUMNS[name][2] if name in _LOAD_COLUMNS else "" for name in columns}
        ylabel = quantities.pop() if len(quantities) == 1 else ""
        if not ylabel:
            raise ValueError(
                f"ylabel: say which quantity, in which unit, {', '.join(columns)} have in common"
            )
    if not len(summary):
        raise ValueError("summary: has no rows; expected one for each load")
    summary = summary.sort_index()
    load = np.asarray(summary.index, dtype=float)
    figure, ax = new_axes(ax, (6, 3.4))
    for number, name in enumerate(columns):
        fate, label, _ = _LOAD_COLUMNS.get(name, ("", name.replace("_", " "), ""))
        color = COLORS[fate] if fate else COLORS["highlight"][number % len(COLORS["highlight"])]
        line = _LINES[fate] if fate else ("-", "--", "-.", ":")[number % 4]
        marker = _MARKERS[fate] if fate else "osD^vP"[number % 6]
        if labels is not None:
            label = labels[number]
        middle, low, high = (
            summary[f"{name}{end}"].to_numpy(float) for end in ("", "_low", "_high")
        )
        ax.plot(load, middle, color=color, linestyle=line, marker=marker, markersize=5, label=label)
        ax.fill_between(load, low, high, color=color, alpha=0.2, linewidth=0, label=f"_{name}")
        # A load without neighbours has no band to be seen.
        ax.vlines(load, low, high, color=color, linewidth=1, label=f"_{name} interval")
    ax.set(xlabel="Load (number of cued rings)", ylabel=ylabel)
    ax.set_xlim(load.min() - 0.3, load.max() + 0.3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize="small", frameon=False)
    return figure, ax


def plot_load_curve(
    summary: Any,
    columns: Sequence[str] = ("maintained_fraction", "spurious_fraction"),
    *,
    labels: Sequence[str] | None = None,
    ylabel: str | None = None,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """What is kept and what is made up, or another quantity, against the load, with its band.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`wmtutor.flexible.summarise_loads`: a row for each load, and columns ``name``,
        ``name_low`` and ``name_high``.
    columns : sequence of str
        What to draw: fractions, the counts ``maintained``, ``forgotten`` and ``spurious`` (with a
        dotted line where every cued ring would be kept), rates, or any other column with a band.
    labels : sequence of str, optional
        For the legend, one for each column.
    ylabel : str, optional
        Quantity and unit; needed for columns that do not share a known one.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table, or columns that it lacks.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> names = ["maintained_fraction" + end for end in ("", "_low", "_high")]
    >>> summary = pd.DataFrame([[1, 1, 1], [0.8, 0.7, 0.9]], index=[1, 2], columns=names)
    >>> figure, ax = plot_load_curve(summary, ["maintained_fraction"])
    >>> ax.get_ylabel()
    'Fraction of rings'
    >>> plt.close(figure)
    """
    figure, ax = _plot_with_bands(summary, columns, labels, ylabel, ax)
    if any(name in ("maintained", "forgotten", "spurious") for name in columns):
        load = np.sort(np.asarray(summary.index, dtype=float))
        ax.plot(load, load, ":", color=COLORS["neutral"], linewidth=1, label="all cued rings")
        ax.legend(fontsize="small", frameon=False)
    if all(name.endswith("_fraction") for name in columns):
        ax.set_ylim(-0.03, 1.03)
    else:
        ax.set_ylim(0, None)
    return figure, ax


def plot_error_curve(
    summary: Any,
    columns: Sequence[str] = ("kept_absolute_error_deg", "kept_circular_sd_deg"),
    *,
    labels: Sequence[str] | None = None,
    ylabel: str = "Error of kept memories (°)",
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """How far kept memories are from their cues, against the load, with confidence bands.

    A memory without any trace of its cue would be 90 degrees away on average.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`wmtutor.flexible.summarise_loads`: a row for each load, and columns ``name``,
        ``name_low`` and ``name_high``.
    columns : sequence of str
        What to draw, in degrees.
    labels : sequence of str, optional
        For the legend, one for each column.
    ylabel : str
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table, or columns that it lacks.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> names = ["error" + end for end in ("", "_low", "_high")]
    >>> summary = pd.DataFrame([[8, 7, 9], [12, 10, 14]], index=[1, 2], columns=names)
    >>> figure, ax = plot_error_curve(summary, ["error"])
    >>> ax.get_ylabel()
    'Error of kept memories (°)'
    >>> plt.close(figure)
    """
    figure, ax = _plot_with_bands(summary, columns, labels, ylabel, ax)
    ax.set_ylim(0, None)
    return figure, ax


def _preferred(tuning: TuningMap) -> tuple[np.ndarray, np.ndarray]:
    """Each cell's preferred cue in degrees, and how much its rate depends on the cue, in Hz."""
    # From the difference to the cell's own mean: a cue that no trial had must not pull.
    known = np.asarray(tuning.trials) > 0
    rate = tuning.rate[:, known]
    vector = (rate - rate.mean(axis=1, keepdims=True)) @ np.exp(
        1j * np.deg2rad(tuning.angle_deg[known])
    )
    return wrap_degrees(np.rad2deg(np.angle(vector))), np.abs(vector)


def plot_random_layer_tuning(
    tuning: TuningMap,
    cells: Any = None,
    *,
    sort_by: TuningMap | None = None,
    max_rate: float | None = None,
    figure_size: tuple[float, float] = (8, 3.8),
    axes: Any = None,
) -> tuple[Figure, np.ndarray]:
    """Rates of random cells against the position of one ring's cue.

    Left, all cells, sorted by the cue that they prefer. Right, the curves of a few.

    Sorting makes a band out of pure noise, if cells are sorted by the trials that are shown. To
    see what holds for other trials, give a map made of those as ``sort_by``.

    Parameters
    ----------
    tuning : TuningMap
        From :func:`wmtutor.flexible.random_layer_tuning`.
    cells : array_like of int, optional
        Cells whose curves are drawn; by default, of each quarter of the circle, the cell that
        prefers a cue there and depends most on it. ``sort_by`` chooses, if it is given.
    sort_by : TuningMap, optional
        A map of the same cells from other trials.
    max_rate : float, optional
        Rate at the top of the colour scale, Hz, to compare maps.
    figure_size : tuple of float
        Inches; for a new figure.
    axes : sequence of Axes, optional
        Two axes to draw into.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (2,)
        Map and curves.

    Raises
    ------
    TypeError, ValueError
        For what is not a tuning map, cells that do not exist, or maps of different cells.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import build_network, random_layer_tuning, simulate_flexible_wm
    >>> network = build_network(N_rings=2, N_sensory=64, N_random=64, seed=1)
    >>> runs = [simulate_flexible_wm(cued_rings=[0], network=network, seed=n) for n in range(8)]
    >>> figure, axes = plot_random_layer_tuning(random_layer_tuning(runs, ring=0, bins=4), [3, 5])
    >>> axes[1].get_xlabel()
    'Position of the cue (°)'
    >>> plt.close(figure)
    """
    check_kind("tuning", tuning, TuningMap)
    other = tuning if sort_by is None else check_kind("sort_by", sort_by, TuningMap)
    N, bins = tuning.rate.shape
    if other.rate.shape[0] != N:
        raise ValueError(
            f"sort_by: a map of {other.rate.shape[0]} cells, but tuning has {N}; use one network"
        )
    if max_rate is not None:
        max_rate = check_quantity("max_rate", max_rate, HERTZ, low=0.01, high=2000, zero=False)
    for name, value in (("tuning", tuning), ("sort_by", other)):
        if not np.any(np.asarray(value.trials) > 0):
            raise ValueError(f"{name}: no trial in it; make it of runs in which the ring was cued")
    preferred, depth = _preferred(other)
    if cells is None:
        quarters = [np.flatnonzero(preferred // 90 == quarter) for quarter in range(4)]
        chosen = np.array([q[depth[q].argmax()] for q in quarters if q.size], dtype=int)
    else:
        chosen = check_indices("cells", cells, N)
    figure, panels = new_panels(axes, (1, 2), figure_size, width_ratios=[1.15, 1])

    edges = np.linspace(0, 360, bins + 1)
    order = np.argsort(preferred, kind="stable")
    mesh = panels[0].pcolormesh(
        edges, np.arange(N + 1) - 0.5, np.ma.masked_invalid(tuning.rate[order]) / Hz, cmap=HEAT,
        vmin=0, vmax=max_rate, rasterized=True,
    )  # fmt: skip
    panels[0].set_facecolor(COLORS["faint"])  # where no trial had the cue
    figure.colorbar(mesh, ax=panels[0], label="Rate (Hz)", pad=0.02)
    panels[0].set(
        ylabel="Random cell, sorted by\npreferred cue" + (" in other trials" if sort_by else ""),
        ylim=(-0.5, N - 0.5),
    )
    for number, cell in enumerate(chosen):
        panels[1].plot(
            tuning.angle_deg, tuning.rate[cell] / Hz,
            marker="osD^vP"[number % 6], markersize=4, linestyle=("-", "--", "-.")[number % 3],
            color=COLORS["highlight"][number % len(COLORS["highlight"])], label=f"cell {cell}",
        )  # fmt: skip
    panels[1].set(ylabel="Rate (Hz)", ylim=(0, None))
    if chosen.size:
        panels[1].legend(
            fontsize="small", ncols=2, frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1)
        )
    for panel in panels:
        panel.set(xlabel="Position of the cue (°)", xlim=(0, 360))
        angle_axis(panel.xaxis)
    return figure, panels


#: What :func:`plot_selectivity` shows, from the top, with the control of each, if it has one.
_SELECTIVITY = (
    ("first_fraction", "shuffled_discovered_fraction", "position on ring 0"),
    ("second_fraction", None, "position on ring 1"),
    ("both_fraction", None, "both"),
    ("one_only_fraction", None, "only one of the two"),
    ("interaction_fraction", "added_discovered_fraction", "a combination, beyond a sum"),
    ("unselective_fraction", None, "none of these"),
)


def plot_selectivity(summary: Any, *, ax: Axes | None = None) -> tuple[Figure, Axes]:
    """How many random cells are selective to what, with intervals and controls.

    Parameters
    ----------
    summary : pandas.DataFrame
        From :func:`wmtutor.laws.flexible_codes.summarise_flexible_selectivity`: one row.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from wmtutor.laws.flexible_codes import summarise_flexible_selectivity
    >>> names = ["first", "second", "both", "one_only", "interaction", "unselective",
    ...          "shuffled_discovered", "added_discovered"]
    >>> table = pd.DataFrame({"items": 400} | {f"{name}_fraction": [0.4, 0.5] for name in names})
    >>> figure, ax = plot_selectivity(summarise_flexible_selectivity(table))
    >>> ax.get_xlabel()
    'Random cells (%)'
    >>> plt.close(figure)
    """
    import pandas as pd

    if not isinstance(summary, pd.DataFrame):
        raise TypeError(f"summary: expected a pandas DataFrame, got {type(summary).__name__}")
    if len(summary) != 1:
        raise ValueError(f"summary: expected one row, got {len(summary)}")
    names = [name for row in _SELECTIVITY for name in row[:2] if name]
    for name in (f"{name}{end}" for name in names for end in ("", "_low", "_high")):
        if name not in summary.columns:
            raise ValueError(
                f"summary: has no column {name!r}; it should be summarise_flexible_selectivity()'s"
            )
    figure, ax = new_axes(ax, (6.5, 2.8))
    places = np.arange(len(_SELECTIVITY))[::-1]
    series = (
        ("measured", 0, {"fmt": "o", "color": COLORS["highlight"][0]}),
        ("control", 1, {"fmt": "D", "color": COLORS["neutral"], "markerfacecolor": "white"}),
    )
    for label, column, look in series:
        at = [place for place, row in zip(places, _SELECTIVITY, strict=True) if row[column]]
        columns = [row[column] for row in _SELECTIVITY if row[column]]
        middle, low, high = (
            100 * summary[[f"{name}{end}" for name in columns]].to_numpy(float)[0]
            for end in ("", "_low", "_high")
        )
        # Of a single network there is no interval.
        reach = np.nan_to_num(np.maximum([middle - low, high - middle], 0))
        ax.errorbar(middle, at, xerr=reach, capsize=3, markersize=5, label=label, **look)
    ax.set_yticks(places, [row[2] for row in _SELECTIVITY])
    ax.set(xlabel="Random cells (%)", xlim=(-2, 102), ylim=(-0.6, len(_SELECTIVITY) - 0.4))
    ax.legend(fontsize="small", loc="lower right")
    return figure, ax
