"""Figures of laws: a quantity against a condition with its band, and maps over two conditions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wmtutor._validation import check_table
from wmtutor.plot_tools._style import COLORS, new_axes

__all__ = ["plot_curves", "plot_phase_diagram"]

_LINES = ("-", "--", "-.", ":")
_MARKERS = "osD^vP"


def _columns(summary: Any, names: Sequence[str]) -> None:
    check_table("summary", summary, names)
    if not len(summary):
        raise ValueError("summary: has no rows; expected one for each condition")


def plot_curves(
    summary: Any,
    x: str,
    y: str | Sequence[str],
    *,
    xlabel: str,
    ylabel: str,
    by: str | None = None,
    labels: Sequence[str] | None = None,
    colors: Sequence[str] | None = None,
    log: str = "",
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """Quantities against a condition, each with the band of its confidence interval.

    Parameters
    ----------
    summary : pandas.DataFrame
        A row for each condition, with columns ``y``, ``y_low`` and ``y_high``, as from
        :func:`wmtutor.experiments.summarise_trials`.
    x : str
        The condition's column.
    y : str or sequence of str
        The quantity, or several of one unit.
    xlabel, ylabel : str
        Labels of the axes with units.
    by : str, optional
        A second condition: a curve for each of its values. With one quantity only.
    labels : sequence of str, optional
        For the legend, one a curve; by default the names of the columns or the values of ``by``.
    colors : sequence of str, optional
        One a curve.
    log : str
        Which axes are logarithmic: "", "x", "y" or "xy".
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table, columns that it lacks, and too many or few labels.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> summary = pd.DataFrame(
    ...     {"N": [512, 1024], "D": [14, 7], "D_low": [9, 5], "D_high": [20, 10]}
    ... )
    >>> figure, ax = plot_curves(
    ...     summary, "N", "D", xlabel="Cells", ylabel="Diffusion D (deg²/s)", log="xy"
    ... )
    >>> ax.get_xscale()
    'log'
    >>> plt.close(figure)
    """
    names = [y] if isinstance(y, str) else list(y)
    if not names:
        raise ValueError("y: expected at least one column name")
    if by is not None and len(names) > 1:
        raise ValueError(f"by={by!r}: takes one quantity, got y={names}")
    if not set(log) <= set("xy"):
        raise ValueError(f"log={log!r}: expected '', 'x', 'y' or 'xy'")
    parts = [f"{name}{end}" for name in names for end in ("", "_low", "_high")]
    _columns(summary, [x, *([by] if by is not None else []), *parts])
    if by is None:
        curves = [(name.replace("_", " "), name, summary) for name in names]
    else:
        groups = summary.groupby(by, sort=False)
        curves = [(str(value), names[0], group) for value, group in groups]
    for what, given in (("labels", labels), ("colors", colors)):
        if given is not None and (isinstance(given, str) or len(given) != len(curves)):
            raise ValueError(f"{what}: expected one for each of the {len(curves)} curves")
    figure, ax = new_axes(ax, (6, 3.4))
    for number, (label, name, rows) in enumerate(curves):
        rows = rows.sort_values(x)
        color = colors[number] if colors else COLORS["highlight"][number % 6]
        at = rows[x].to_numpy(float)
        middle, low, high = (rows[f"{name}{end}"].to_numpy(float) for end in ("", "_low", "_high"))
        ax.plot(
            at, middle, color=color, linestyle=_LINES[number % 4], marker=_MARKERS[number % 6],
            markersize=5, label=labels[number] if labels else label,
        )  # fmt: skip
        ax.fill_between(at, low, high, color=color, alpha=0.2, linewidth=0)
        # A point without neighbours has no band to be seen.
        ax.vlines(at, low, high, color=color, linewidth=1)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if "x" in log:
        ax.set_xscale("log")
        ticks = np.unique(summary[x].to_numpy(float))
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
        ax.set_xticks([], minor=True)
    if "y" in log:
        ax.set_yscale("log")
    if len(curves) > 1 or labels:
        ax.legend(fontsize="small", frameon=False)
    return figure, ax


def plot_phase_diagram(
    summary: Any,
    x: str,
    y: str,
    value: str,
    *,
    xlabel: str,
    ylabel: str,
    label: str,
    limits: tuple[float, float] | None = None,
    contours: Sequence[float] = (),
    marked: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """A quantity over two conditions as a map.

    Parameters
    ----------
    summary : pandas.DataFrame
        A row for each combination of the two conditions.
    x, y : str
        The conditions' columns.
    value : str
        The quantity's column.
    xlabel, ylabel, label : str
        Labels of the axes and of the colour bar, with units.
    limits : (float, float), optional
        Range of the colours; the quantity's own by default.
    contours : sequence of float
        Values of the quantity at which to draw a line.
    marked : (float, float), optional
        A point to mark with a cross, such as the standard parameters.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table, columns that it lacks, and combinations that are missing or
        there twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> summary = pd.DataFrame(
    ...     {"rate": [1, 1, 2, 2], "J": [1.4, 1.6, 1.4, 1.6], "present": [0, 0.5, 0.5, 1]}
    ... )
    >>> figure, ax = plot_phase_diagram(
    ...     summary, "rate", "J", "present", xlabel="External rate (Hz)", ylabel="J+ (no unit)",
    ...     label="Fraction of trials with a bump",
    ... )
    >>> ax.get_xlabel()
    'External rate (Hz)'
    >>> plt.close(figure)
    """
    _columns(summary, [x, y, value])
    if summary.duplicated([x, y]).any():
        raise ValueError(f"summary: a combination of {x} and {y} is there twice")
    grid = summary.pivot(index=y, columns=x, values=value)
    if grid.size != len(summary):
        raise ValueError(
            f"summary: {grid.size - len(summary)} of {grid.size} combinations of {x} and {y} are "
            "missing"
        )
    columns, rows = grid.columns.to_numpy(float), grid.index.to_numpy(float)
    values = grid.to_numpy(float)
    low, high = limits or (np.nanmin(values), np.nanmax(values))
    figure, ax = new_axes(ax, (6, 4))
    # By position and not by value: steps of a condition need not be even.
    image = ax.imshow(
        values, origin="lower", aspect="auto", cmap="cividis", vmin=low, vmax=high,
        interpolation="nearest",
    )  # fmt: skip
    if len(contours) and min(values.shape) > 1:
        lines = ax.contour(values, levels=sorted(contours), colors="white", linewidths=1.2)
        ax.clabel(lines, fmt="%g", fontsize="small")
    if marked is not None:
        at_x = np.interp(marked[0], columns, np.arange(len(columns)))
        at_y = np.interp(marked[1], rows, np.arange(len(rows)))
        ax.plot(at_x, at_y, "x", color=COLORS["excit"], markersize=9, markeredgewidth=2.5)
    for axis, ticks in ((ax.xaxis, columns), (ax.yaxis, rows)):
        every = -(-len(ticks) // 9)
        axis.set_ticks(np.arange(0, len(ticks), every), [f"{tick:g}" for tick in ticks[::every]])
    ax.set(xlabel=xlabel, ylabel=ylabel)
    figure.colorbar(image, ax=ax, label=label)
    return figure, ax
