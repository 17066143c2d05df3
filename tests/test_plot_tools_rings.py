"""The animation of the rings, tested through the data on its axes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from wmtutor import plot_tools
from wmtutor.flexible import get_memory_time_series, simulate_flexible_wm
from wmtutor.plot_tools import COLORS
from wmtutor.units import ms

PITCH = 1.25  # from the foot of one ring's strip to the next


@pytest.fixture(scope="module")
def run():
    """Rings 0 and 1 are cued one after the other; ring 2 holds something that nobody asked for.

    Whether there is a memory is decided by a low threshold, so that all words occur.
    """
    return simulate_flexible_wm(
        cued_rings=[0, 1], cue_positions_deg=[90, 355], t_stimulus_start=np.array([100, 200]) * ms,
        sim_time=500 * ms, test_time=500 * ms, N_rings=4, N_sensory=128, N_random=256, seed=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def six():
    return simulate_flexible_wm(6, sim_time=1.0, test_time=1.0, seed=1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def strips(ax):
    return [p for p in ax.patches if p.get_label().startswith("_ring ")]


def words(ax):
    """The word of each ring, from the lowest up."""
    known = {"cue", "kept", "lost", "spurious", "not cued"}
    tags = [t for t in ax.texts if t.get_text() in known and t.get_alpha() != 0]
    return [t.get_text() for t in sorted(tags, key=lambda t: t.xy[1])]


def test_strips_are_the_spikes_of_their_ring_and_window(run):
    """If a strip lagged or were another ring's, an item would seem to be lost elsewhere."""
    _, ax, animation = plot_tools.animate_rings(
        run, window_width=50 * ms, frames=10, angle_bins=16, max_rate=200
    )
    spikes = run.spike_monitor_sensory
    assert len(strips(ax)) == 4
    for frame in (0, 3, 9):
        animation._func(frame)
        now = (spikes.t > 0.05 * frame - 1e-9) & (spikes.t < 0.05 * (frame + 1) - 1e-9)
        for ring, strip in enumerate(strips(ax)):
            cells = spikes.i[now & (spikes.i // 128 == ring)] % 128
            counts = np.bincount(cells // 8, minlength=16)
            values, edges, baseline = strip.get_data()
            np.testing.assert_allclose(values - PITCH * ring, counts / (8 * 50 * ms) / 200)
            np.testing.assert_allclose(edges, np.linspace(0, 360, 17))
            assert baseline == PITCH * ring
        assert ax.get_title(loc="left") == f"{50 * frame} to {50 * frame + 50} ms"
    assert ax.get_xlabel() == "Preferred angle (°)"


def test_words_are_those_of_the_time_shown(run):
    """If a frame told what is still to come, or forgot the cue, the story would be wrong."""
    _, ax, animation = plot_tools.animate_rings(run, window_width=50 * ms, frames=10)
    series = get_memory_time_series(run)
    seen = set()
    for frame in range(10):
        animation._func(frame)
        end = 0.05 * (frame + 1)
        present = series.present[:, np.flatnonzero(series.t <= end + 1e-9)[-1]]
        expected = []
        for ring, on in enumerate((0.1, 0.2, np.inf, np.inf)):
            if end <= on + 1e-9:
                expected.append("spurious" if present[ring] else "not cued")
            elif end < on + 0.1 - 1e-9:
                expected.append("cue")
            else:
                expected.append("kept" if present[ring] else "lost")
        assert words(ax) == expected
        for strip, word in zip(strips(ax), expected, strict=True):
            color = COLORS["stimulus" if word == "cue" else word]
            assert strip.get_facecolor() == to_rgba(color)
        seen |= set(expected)
    assert {"cue", "kept", "not cued"} <= seen


def test_last_frame_tells_what_the_run_tells(six):
    """If they differed, film and count of the same trial would contradict each other."""
    _, ax, animation = plot_tools.animate_rings(six, 0, 1.0, frames=5)
    animation._func(4)
    cued = np.isin(np.arange(8), six.cued_rings)
    names = {(1, 1): "kept", (1, 0): "lost", (0, 1): "spurious", (0, 0): "not cued"}
    fates = [names[pair] for pair in zip(cued, six.memory_present, strict=True)]
    assert words(ax) == fates
    assert {"kept", "lost"} <= set(fates)


def test_line_and_pointer(six):
    """If the line were drawn without a memory, readers would believe an angle that is noise."""
    _, ax, animation = plot_tools.animate_rings(six, 0, 1.0, window_width=50 * ms, frames=20)
    series = get_memory_time_series(six)
    lines = [x for x in ax.lines if x.get_label().startswith("_decoded angle")]
    pointers = [x for x in ax.lines if x.get_label() == "_cue"]
    np.testing.assert_allclose([p.get_xdata()[0] for p in pointers], six.cue_positions_deg)
    np.testing.assert_allclose([p.get_ydata()[0] for p in pointers], PITCH * six.cued_rings)
    drawn = 0
    for frame in (0, 2, 19):
        animation._func(frame)
        at = np.flatnonzero(series.t <= 0.05 * (frame + 1) + 1e-9)[-1]
        for ring, line in enumerate(lines):
            angle = series.angle_deg[ring, at]
            expected = [angle, angle] if series.present[ring, at] else []
            np.testing.assert_allclose(line.get_xdata(), expected)
            drawn += len(expected) > 0
        assert [p.get_visible() for p in pointers] == [frame >= 2] * 6
    assert drawn >= 6


def test_every_word_is_inside_the_picture(six):
    """If the word were cut off, only the colour would tell what became of a ring."""
    figure, ax, animation = plot_tools.animate_rings(six, figure_size=(5, 4), frames=3)
    animation._func(2)
    figure.canvas.draw()
    tags = [
        t for t in ax.texts if t.get_text() in ("kept", "lost", "not cued") and t.get_alpha() != 0
    ]
    assert len(tags) == 8
    for tag in tags:
        box = tag.get_window_extent()
        assert ax.bbox.x1 < box.x0
        assert box.x1 <= figure.bbox.x1


def test_scale_is_the_same_for_all_trials_and_cut_at_its_top(six, run):
    """If each film had its own scale, the noise of a quiet trial would look like memories."""
    for trial in (six, run):
        _, ax, _ = plot_tools.animate_rings(trial, frames=2)
        assert [t.get_text() for t in ax.texts if t.get_text().endswith("Hz")] == ["100 Hz"]
    _, ax, animation = plot_tools.animate_rings(six, 0, 1.0, frames=2, max_rate=5)
    animation._func(1)
    heights = [strip.get_data().values - PITCH * ring for ring, strip in enumerate(strips(ax))]
    assert max(h.max() for h in heights) == 1
    page = plot_tools.animation_html(animation, alt="Rings")
    assert 'alt="Rings"' in page
    assert "https://" not in page


@pytest.mark.parametrize(
    ("positional", "named", "message"),
    [
        (("x",), {}, "run: expected a FlexibleRun"),
        ((), {"frames": 1}, "frames"),
        ((), {"window_width": 5.0}, "window_width"),
        ((), {"max_rate": -1}, "max_rate"),
        ((), {"angle_bins": 0}, "angle_bins"),
        ((), {"t_min": 2.0}, "t_min"),
        ((), {"ax": 3}, "ax"),
    ],
)
def test_bad_arguments_are_named(run, positional, named, message):
    """If one of these drew something, the reader would see a film of nothing."""
    with pytest.raises((TypeError, ValueError), match=message):
        plot_tools.animate_rings(*(positional or (run,)), **named)
