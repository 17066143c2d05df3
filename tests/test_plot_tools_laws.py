"""The figures of laws, tested through the data on their axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from wmtutor.plot_tools import plot_curves, plot_phase_diagram

LABELS = {"xlabel": "Cells", "ylabel": "Rate (Hz)"}
MAP_LABELS = {"xlabel": "Load", "ylabel": "Probability", "label": "Kept"}


@pytest.fixture
def curves():
    """Two quantities at three sizes, in no order."""
    return pd.DataFrame(
        {
            "N": [4, 1, 2],
            "fast": [40.0, 10, 20], "fast_low": [39.0, 9, 18], "fast_high": [43.0, 12, 23],
            "slow": [4.0, 1, 2], "slow_low": [3.0, 0, 1], "slow_high": [5.0, 2, 3],
        }
    )  # fmt: skip


@pytest.fixture
def two_loads():
    return pd.DataFrame(
        {
            "N": [1, 2, 1, 2], "load": [5, 5, 2, 2], "kept": [0.1, 0.2, 0.6, 0.7],
            "kept_low": [0.0, 0.1, 0.5, 0.6], "kept_high": [0.2, 0.3, 0.7, 0.8],
        }
    )  # fmt: skip


@pytest.fixture
def grid():
    """Uneven steps, in no order: kept = 10 * load + probability."""
    rows = [(load, p) for p in (0.5, 0.1, 0.2) for load in (8, 1)]
    return pd.DataFrame([{"load": load, "p": p, "kept": 10 * load + p} for load, p in rows])


def band_of(ax, number):
    """Lower and upper edge of a band by its x."""
    bands = [c for c in ax.collections if not isinstance(c, LineCollection)]
    corners = bands[number].get_paths()[0].vertices
    return {
        x: (corners[corners[:, 0] == x, 1].min(), corners[corners[:, 0] == x, 1].max())
        for x in np.unique(corners[:, 0])
    }


# Curves


def test_curves_show_the_numbers_and_their_intervals(curves):
    """If a curve or its band were another column's, the figure would claim what was not found."""
    _, ax = plot_curves(curves, "N", ["fast", "slow"], **LABELS)
    for number, (line, name) in enumerate(zip(ax.lines, ("fast", "slow"), strict=True)):
        ordered = curves.sort_values("N")
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 4])
        np.testing.assert_array_equal(line.get_ydata(), ordered[name])
        assert line.get_label() == name
        assert band_of(ax, number) == {
            row.N: (getattr(row, f"{name}_low"), getattr(row, f"{name}_high"))
            for row in ordered.itertuples()
        }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Cells", "Rate (Hz)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["fast", "slow"]
    # Told apart without colours as well.
    assert len({(line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 2


def test_single_point_shows_its_interval(curves):
    """A band of one point has no width: without its bar the point would look exact."""
    _, ax = plot_curves(curves.head(1), "N", "fast", **LABELS)
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    np.testing.assert_array_equal(bars.get_segments(), [[[4, 39], [4, 43]]])
    assert ax.get_legend() is None


def test_curves_by_a_second_condition(two_loads):
    """If groups were mixed, a curve would jump between two conditions."""
    _, ax = plot_curves(two_loads, "N", "kept", by="load", **LABELS)
    assert [line.get_label() for line in ax.lines] == ["5", "2"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.1, 0.2])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [0.6, 0.7])
    _, ax = plot_curves(
        two_loads, "N", "kept", by="load", labels=["five", "two"], colors=["#000000", "#ff0000"],
        **LABELS,
    )  # fmt: skip
    assert [line.get_label() for line in ax.lines] == ["five", "two"]
    assert [line.get_color() for line in ax.lines] == ["#000000", "#ff0000"]


@pytest.mark.parametrize(
    ("log", "scales"),
    [("", ("linear", "linear")), ("x", ("log", "linear")), ("xy", ("log", "log"))],
)
def test_logarithmic_axes(curves, log, scales):
    """A power law is a straight line on log axes only, with ticks at the sizes that were run."""
    _, ax = plot_curves(curves, "N", "fast", log=log, **LABELS)
    assert (ax.get_xscale(), ax.get_yscale()) == scales
    if "x" in log:
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "4"]


def test_curves_into_given_axes(curves):
    """If a new figure were made, panels could not be put side by side."""
    figure, given = plt.subplots()
    returned, ax = plot_curves(curves, "N", "fast", ax=given, **LABELS)
    assert ax is given
    assert returned is figure


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"summary": [1, 2]}, TypeError, "expected a pandas DataFrame"),
        ({"x": "size"}, ValueError, "no column 'size'.*N, fast"),
        ({"y": "medium"}, ValueError, "no column 'medium'"),
        ({"y": []}, ValueError, "at least one"),
        ({"by": "load"}, ValueError, "no column 'load'"),
        ({"y": ["fast", "slow"], "by": "N"}, ValueError, "takes one quantity"),
        ({"labels": ["a", "b"]}, ValueError, "labels: expected one for each of the 1 curves"),
        ({"labels": "a"}, ValueError, "labels: expected one for each"),
        ({"colors": []}, ValueError, "colors: expected one for each"),
        ({"log": "z"}, ValueError, "log='z'"),
        ({"ax": 3}, TypeError, "Matplotlib axes"),
    ],
)
def test_curves_refuse(curves, change, error, says):
    """Errors name the argument, before there is half a figure."""
    with pytest.raises(error, match=says):
        plot_curves(**{"summary": curves, "x": "N", "y": "fast", **LABELS, **change})


def test_curves_need_rows_and_intervals(curves):
    """Without its interval a number must not be drawn as if it were exact."""
    with pytest.raises(ValueError, match="no column 'fast_high'"):
        plot_curves(curves.drop(columns="fast_high"), "N", "fast", **LABELS)
    with pytest.raises(ValueError, match="no rows"):
        plot_curves(curves.head(0), "N", "fast", **LABELS)


# Maps


def test_map_puts_every_value_in_its_place(grid):
    """If rows and columns were swapped or out of order, the map would show another law."""
    _, ax = plot_phase_diagram(grid, "load", "p", "kept", **MAP_LABELS)
    (image,) = ax.images
    expected = [[10 * load + p for load in (1, 8)] for p in (0.1, 0.2, 0.5)]
    np.testing.assert_allclose(image.get_array(), expected)
    assert image.origin == "lower"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "8"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["0.1", "0.2", "0.5"]
    assert image.get_clim() == (10.1, 80.5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Load", "Probability")
    assert ax.figure.axes[1].get_ylabel() == "Kept"


def test_map_with_limits_contour_and_mark(grid):
    """A mark between columns must stand where its value belongs, though steps are uneven."""
    _, ax = plot_phase_diagram(
        grid, "load", "p", "kept", limits=(0, 100), contours=[40], marked=(4.5, 0.35), **MAP_LABELS
    )
    assert ax.images[0].get_clim() == (0, 100)
    (mark,) = ax.lines
    np.testing.assert_allclose(mark.get_xydata(), [[0.5, 1.5]])
    contour = np.concatenate(
        [path.vertices for c in ax.collections for path in c.get_paths() if len(path.vertices)]
    )
    # kept = 40 lies a little over three sevenths of the way from load 1 to load 8.
    np.testing.assert_allclose(contour[:, 0], 30 / 70, atol=0.01)


def test_map_leaves_out_what_is_missing(grid):
    """A condition without a value, such as false alarms where all is cued, must not look like 0."""
    grid.loc[grid.load == 8, "kept"] = np.nan
    _, ax = plot_phase_diagram(grid, "load", "p", "kept", **MAP_LABELS)
    assert np.ma.getmaskarray(ax.images[0].get_array()).tolist() == [[False, True]] * 3
    assert ax.images[0].get_clim() == (10.1, 10.5)


def test_map_has_at_most_nine_tick_labels():
    """More would overlap."""
    wide = pd.DataFrame([{"x": x, "y": y, "v": x} for x in range(20) for y in (0, 1)])
    _, ax = plot_phase_diagram(wide, "x", "y", "v", **MAP_LABELS)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [str(x) for x in range(0, 20, 3)]
    np.testing.assert_array_equal(ax.get_xticks(), range(0, 20, 3))


def test_map_refuses(grid):
    """A hole or a double entry would be drawn as something that was measured."""
    with pytest.raises(ValueError, match="1 of 6 combinations of load and p are missing"):
        plot_phase_diagram(grid.head(5), "load", "p", "kept", **MAP_LABELS)
    with pytest.raises(ValueError, match="is there twice"):
        plot_phase_diagram(pd.concat([grid, grid]), "load", "p", "kept", **MAP_LABELS)
    with pytest.raises(ValueError, match="no column 'lost'"):
        plot_phase_diagram(grid, "load", "p", "lost", **MAP_LABELS)
    with pytest.raises(TypeError, match="expected a pandas DataFrame"):
        plot_phase_diagram(grid.to_numpy(), "load", "p", "kept", **MAP_LABELS)
