"""What all figures share: colours, the look, and small helpers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wmtutor._validation import SECOND, check_quantity
from wmtutor.monitors import SpikeMonitor
from wmtutor.units import ms

__all__ = [
    "COLORS",
    "HEAT",
    "angle_axis",
    "check_kind",
    "figure_of",
    "mark_spans",
    "new_axes",
    "new_panels",
    "rate_map",
    "style",
]

#: Colours by role, from the palette of Okabe & Ito (2008).
COLORS = {
    "excit": "#D55E00",
    "inhib": "#0072B2",
    "stimulus": "#E69F00",
    "decoded": "#56B4E9",
    "highlight": ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#D55E00"),
    "neutral": "#404040",
    "faint": "#B0B0B0",
    # What became of a ring's memory. Figures say it in words, line styles or markers as well.
    "kept": "#009E73",
    "lost": "#D55E00",
    "spurious": "#CC79A7",
    "not cued": "#999999",
}
HEAT = "inferno"


@contextmanager
def style() -> Iterator[None]:
    """The look of the book's figures, while the context lasts.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> with style():
    ...     figure, axes = plt.subplots()
    >>> axes.spines["top"].get_visible()
    False
    >>> plt.close(figure)
    """
    # Loads the backend if it is not there yet. Jupyter's switches interactive mode on as it loads;
    # loaded inside the context, it would be switched off again at the context's end, and no later
    # figure would show.
    plt.draw_if_interactive()
    with plt.rc_context(
        {
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.labelsize": 10,
            "font.size": 10,
            "legend.frameon": False,
            "lines.linewidth": 1.5,
        }
    ):
        yield


def new_axes(ax: Axes | None, figsize: tuple[float, float]) -> tuple[Figure, Axes]:
    if ax is None:
        with style():
            return plt.subplots(figsize=figsize, layout="constrained")
    if not isinstance(ax, Axes):
        raise TypeError(f"ax: expected Matplotlib axes, got {type(ax).__name__}")
    return figure_of(ax), ax


def new_panels(
    axes: Any, shape: tuple[int, int], figsize: tuple[float, float], **options: Any
) -> tuple[Figure, np.ndarray]:
    """A row or column of new panels, or the caller's axes if there are as many of them."""
    number = shape[0] * shape[1]
    if axes is None:
        with style():
            _, axes = plt.subplots(*shape, figsize=figsize, layout="constrained", **options)
    panels = np.atleast_1d(np.asarray(axes, dtype=object))
    if panels.shape != (number,) or not all(isinstance(ax, Axes) for ax in panels):
        raise ValueError(f"axes: expected {number} Matplotlib axes in a row")
    return figure_of(panels[0]), panels


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise ValueError("ax: these axes are no longer part of a figure")
    return figure


def angle_axis(axis: Any) -> None:
    axis.set_ticks([0, 90, 180, 270, 360])


def check_kind(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected a {kind.__name__}, got {type(value).__name__}")
    return value


def mark_spans(ax: Axes, spans: Sequence[tuple[float, float]]) -> None:
    """Bars above the plot where a cue was on (times in s)."""
    for span in spans:
        if np.shape(span) != (2,):
            raise ValueError(f"cue_spans: expected pairs (start, stop) in s, got {span!r}")
        start, stop = span
        start = check_quantity("cue_spans", start, SECOND, low=1e-6, high=1e4)
        stop = check_quantity("cue_spans", stop, SECOND, low=1e-6, high=1e4)
        ax.plot(
            [start / ms, stop / ms],
            [1.02, 1.02],
            transform=ax.get_xaxis_transform(),
            color=COLORS["stimulus"],
            linewidth=4,
            solid_capstyle="butt",
            clip_on=False,
            label="_cue",
        )


def rate_map(
    monitor: SpikeMonitor, start: float, stop: float, time_bin: float, angle_bins: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rates in Hz, shape (angle bins, time bins), with the edges in degrees and seconds."""
    columns = max(1, int((stop - start) / time_bin + 1e-9))
    time_edges = start + time_bin * np.arange(columns + 1)
    # Spike times are whole steps; the small shift keeps rounding from moving one over an edge.
    column = np.floor((monitor.t - start) / time_bin + 1e-9).astype(int)
    within = (column >= 0) & (column < columns)
    row = monitor.i[within] * angle_bins // monitor.N
    counts = np.bincount(row * columns + column[within], minlength=angle_bins * columns)
    cells = np.bincount(np.arange(monitor.N) * angle_bins // monitor.N, minlength=angle_bins)
    rates = counts.reshape(angle_bins, columns) / (cells[:, None] * time_bin)
    return rates, np.linspace(0, 360, angle_bins + 1), time_edges
