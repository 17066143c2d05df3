"""A map of kinds: which of several words holds at each combination of two conditions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from wmtutor._validation import check_table
from wmtutor.plot_tools._style import COLORS, new_axes

__all__ = ["plot_state_map"]

#: Colours of the kinds of network that laws speak of; the letters say the same.
STATE_COLORS: dict[str, str] = {
    "quiet": str(COLORS["faint"]),
    "memory": str(COLORS["kept"]),
    "always": str(COLORS["spurious"]),
    "runaway": str(COLORS["lost"]),
    "unclear": "#FFFFFF",
}


def plot_state_map(
    summary: Any,
    x: str,
    y: str,
    state: str = "state",
    *,
    xlabel: str,
    ylabel: str,
    labels: Mapping[str, str] | None = None,
    marked: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> tuple[Figure, Axes]:
    """The kind of network at each combination of two conditions, by colour and by letter.

    Parameters
    ----------
    summary : pandas.DataFrame
        A row for each combination, as from
        :func:`wmtutor.laws.bump_states.summarise_bump_phase`.
    x, y : str
        The conditions' columns. Steps are drawn alike, whatever their size.
    state : str
        The column with one of the words "quiet", "memory", "always", "runaway" and "unclear".
    xlabel, ylabel : str
        Labels of the axes with units.
    labels : mapping of str to str, optional
        What the legend says for each word; the word itself by default.
    marked : (float, float), optional
        A combination to put a frame around, such as the standard parameters.
    ax : Axes, optional

    Returns
    -------
    figure : Figure
    ax : Axes

    Raises
    ------
    TypeError, ValueError
        For what is not such a table, other words, and combinations that are missing or there twice.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> summary = pd.DataFrame({"rate": [1, 2], "J": [1.6, 1.6], "state": ["memory", "always"]})
    >>> figure, ax = plot_state_map(summary, "rate", "J", xlabel="Rate (Hz)", ylabel="J+ (no unit)")
    >>> [text.get_text() for text in ax.texts]
    ['M', 'A']
    >>> plt.close(figure)
    """
    check_table("summary", summary, (x, y, state))
    words = list(STATE_COLORS)
    unknown = sorted(set(summary[state]) - set(words))
    if unknown:
        raise ValueError(f"summary: {state} is {unknown[0]!r}; expected one of {', '.join(words)}")
    if summary.duplicated([x, y]).any():
        raise ValueError(f"summary: a combination of {x} and {y} is there twice")
    grid = summary.pivot(index=y, columns=x, values=state)
    if grid.isna().to_numpy().any() or not grid.size:
        raise ValueError(f"summary: combinations of {x} and {y} are missing")
    codes = grid.map(words.index).to_numpy()

    figure, ax = new_axes(ax, (7.6, 3.8))
    ax.imshow(
        codes, origin="lower", aspect="auto", interpolation="nearest", vmin=-0.5,
        vmax=len(words) - 0.5, cmap=ListedColormap(list(STATE_COLORS.values())),
    )  # fmt: skip
    for (row, column), code in np.ndenumerate(codes):
        letter = "?" if words[code] == "unclear" else words[code][0].upper()
        ax.text(column, row, letter, ha="center", va="center", fontsize="small")
    for axis, ticks in ((ax.xaxis, grid.columns), (ax.yaxis, grid.index)):
        axis.set_ticks(np.arange(len(ticks)), [f"{tick:g}" for tick in ticks])
    if marked is not None:
        if marked[0] not in grid.columns or marked[1] not in grid.index:
            raise ValueError(f"marked={marked}: is none of the combinations in summary")
        column, row = grid.columns.get_loc(marked[0]), grid.index.get_loc(marked[1])
        ax.plot(
            np.array([-0.5, 0.5, 0.5, -0.5, -0.5]) + column,
            np.array([-0.5, -0.5, 0.5, 0.5, -0.5]) + row,
            color="black", linewidth=2.5,
        )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel)
    said = dict(labels or {})
    patches = [
        Patch(
            facecolor=color,
            edgecolor="black",
            linewidth=0.5,
            label=f"{'?' if word == 'unclear' else word[0].upper()}: {said.get(word, word)}",
        )
        for word, color in STATE_COLORS.items()
        if (summary[state] == word).any()
    ]
    ax.legend(handles=patches, fontsize="small", loc="upper left", bbox_to_anchor=(1.02, 1.0))
    return figure, ax
