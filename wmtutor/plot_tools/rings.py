"""The rings of the flexible network in motion."""

from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wmtutor._validation import HERTZ, SECOND, check_count, check_quantity, check_window
from wmtutor.flexible.analysis import get_memory_time_series
from wmtutor.flexible.simulate import FlexibleRun
from wmtutor.plot_tools._style import COLORS, angle_axis, check_kind, new_axes, rate_map
from wmtutor.units import Hz, ms

__all__ = ["animate_rings"]

#: Height of a strip, and from the foot of one strip to the foot of the next, in units of the
#: largest rate shown.
_STRIP, _PITCH = 1.0, 1.25


def _words(run: FlexibleRun, times: np.ndarray) -> np.ndarray:
    """What can be said of each ring at each time, shape (times, rings)."""
    series = get_memory_time_series(run)
    slack = 1e-6 * run.parameters.dt
    # The last sample that is not later: a frame must not know what is still to come.
    sample = np.maximum(np.searchsorted(series.t, times + slack, side="right") - 1, 0)
    present = series.present.T[sample]
    words = np.where(present, "spurious", "not cued")
    for ring, (on, off) in zip(run.cued_rings, run.cue_spans, strict=True):
        after = times >= off - slack
        words[after, ring] = np.where(present[after, ring], "kept", "lost")
        # A cue shows from its onset on, so a frame that ends with the onset is still before it.
        words[(times > on + slack) & ~after, ring] = "cue"
    return words


def animate_rings(
    run: FlexibleRun,
    t_min: float | None = None,
    t_max: float | None = None,
    *,
    window_width: float = 40 * ms,
    frames: int = 26,
    angle_bins: int = 64,
    max_rate: float | None = None,
    figure_size: tuple[float, float] = (6, 5),
    ax: Axes | None = None,
) -> tuple[Figure, Axes, FuncAnimation]:
    """Every ring's activity profile as it changes, and what there is to say of its memory.

    A strip is a ring. Its colour, and the word at its right, tell its state at the end of the
    frame's window: under its cue, kept or lost since then, spurious (a memory without a cue), or
    not cued. The black line is the decoded angle while there is a memory, the orange pointer
    the cue's angle from the cue's onset on. Show it with
    :func:`wmtutor.plot_tools.animation_html`.

    Parameters
    ----------
    run : FlexibleRun
        From :func:`wmtutor.flexible.simulate_flexible_wm`.
    t_min, t_max : float, optional
        Time shown, seconds; the whole run by default.
    window_width : float
        Each frame shows the rates in a window of this length, seconds.
    frames : int
        Number of frames, evenly spread.
    angle_bins : int
        Number of groups of cells in a ring.
    max_rate : float, optional
        Rate at the top of a strip, Hz; higher ones are cut off. By default 1.25 times the largest
        rate that a cell can have, the same for every trial.
    figure_size : tuple of float
        Inches; for a new figure.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes
        The foot of ring ``r`` is at height ``1.25 r``, and a rate of ``max_rate`` is 1 above it.
    animation : FuncAnimation

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> from wmtutor.plot_tools import animation_html
    >>> run = simulate_flexible_wm(load=3, seed=1)
    >>> figure, ax, animation = animate_rings(run, frames=3)
    >>> "<button" in animation_html(animation)
    True
    >>> plt.close(figure)
    """
    check_kind("run", run, FlexibleRun)
    monitor, rings = run.spike_monitor_sensory, run.network.N_rings
    start, stop = check_window(t_min, t_max, monitor.duration)
    frames = check_count("frames", frames, low=2, high=1000)
    width = check_quantity(
        "window_width", window_width, SECOND, low=1e-4, high=stop - start, zero=False
    )
    bins = min(check_count("angle_bins", angle_bins, high=10_000), run.network.N_sensory)
    if max_rate is not None:
        max_rate = check_quantity("max_rate", max_rate, HERTZ, low=0.01, high=2000, zero=False)
    else:
        # A run whose cells cannot fire still has a scale.
        max_rate = 1.25 * run.parameters.largest_rate or 1.0

    starts = np.linspace(start, stop - width, frames)
    # A ring's cells divide into its bins, so one map of all cells is a map of each ring.
    maps = np.stack(
        [
            rate_map(monitor, first, first + width, width, rings * bins)[0].reshape(rings, bins)
            for first in starts
        ]
    )
    words = _words(run, starts + width)
    series = get_memory_time_series(run)
    sample = np.maximum(
        np.searchsorted(series.t, starts + width + 1e-6 * run.parameters.dt, side="right") - 1, 0
    )
    angle_deg = np.where(series.present, series.angle_deg, np.nan).T[sample]

    figure, ax = new_axes(ax, figure_size)
    feet = _PITCH * np.arange(rings)
    edges = np.linspace(0, 360, bins + 1)
    strips, decoded, tags = [], [], []
    for ring, foot in enumerate(feet):
        ax.plot([0, 360], [foot, foot], color=COLORS["faint"], linewidth=0.8, label="_foot")
        strips.append(
            ax.stairs(np.full(bins, foot), edges, baseline=foot, fill=True, label=f"_ring {ring}")
        )
        (line,) = ax.plot([], [], color="black", linewidth=2, label=f"_decoded angle {ring}")
        decoded.append(line)
        tags.append(
            ax.annotate(
                "", (1.015, foot + 0.4 * _STRIP), xycoords=ax.get_yaxis_transform(), va="center",
                fontsize="small", annotation_clip=False,
            )
        )  # fmt: skip
    pointers = {}
    for ring, position in zip(run.cued_rings, run.cue_positions_deg, strict=True):
        (pointers[int(ring)],) = ax.plot(
            [position], [feet[ring]], marker="^", markersize=7, color=COLORS["stimulus"],
            markeredgecolor="black", markeredgewidth=0.5, clip_on=False, zorder=5, linestyle="none",
            label="_cue",
        )  # fmt: skip
    clock = ax.set_title("", loc="left")
    ax.set(
        xlabel="Preferred angle (°)", ylabel="Ring", xlim=(0, 360),
        ylim=(-0.3 * _STRIP, feet[-1] + _PITCH * _STRIP),
    )  # fmt: skip
    angle_axis(ax.xaxis)
    ax.set_yticks(feet + 0.4 * _STRIP, [str(ring) for ring in range(rings)])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    # Without the words the layout would leave no room for them.
    ax.annotate(
        "not cued", (1.015, 0), xycoords=ax.transAxes, fontsize="small", alpha=0,
        annotation_clip=False,
    )  # fmt: skip
    # The scale, once: a strip's height is a rate.
    top = feet[-1] + _STRIP
    ax.plot([356, 356], [feet[-1], top], color="black", linewidth=2, label="_scale")
    ax.annotate(f"{max_rate / Hz:g} Hz", (351, top), ha="right", va="top", fontsize="small")

    def draw(frame: int) -> list[Any]:
        first = starts[frame]
        for ring, foot in enumerate(feet):
            word = str(words[frame, ring])
            height = np.minimum(maps[frame, ring] / max_rate, 1) * _STRIP
            strips[ring].set_data(foot + height, baseline=foot)
            strips[ring].set_facecolor(str(COLORS["stimulus" if word == "cue" else word]))
            angle = angle_deg[frame, ring]
            there = np.isfinite(angle)
            decoded[ring].set_data(
                [angle, angle] if there else [], [foot, foot + _STRIP] if there else []
            )
            tags[ring].set_text(word)
            quiet = word == "not cued"
            tags[ring].set_color("#606060" if quiet else "black")
            tags[ring].set_fontweight("normal" if quiet else "bold")
            if ring in pointers:
                pointers[ring].set_visible(word in ("cue", "kept", "lost"))
        clock.set_text(f"{first / ms:.0f} to {(first + width) / ms:.0f} ms")
        return [*strips, *decoded, *tags, *pointers.values(), clock]

    draw(0)
    return figure, ax, FuncAnimation(figure, draw, frames=frames, interval=150, blit=False)
