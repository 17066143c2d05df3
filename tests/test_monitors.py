"""wmtutor.monitors"""

import numpy as np
import pytest

from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor, StateMonitor
from wmtutor.units import ms


@pytest.fixture
def spikes():
    return SpikeMonitor(np.array([0.3, 0.1, 0.2]), np.array([1, 2, 1]), N=4, duration=0.5)


def test_spike_monitor(spikes):
    """If spikes lost their order or their cell, every count and raster would be wrong."""
    assert spikes.t.tolist() == [0.1, 0.2, 0.3]
    assert spikes.i.tolist() == [2, 1, 1]
    assert spikes.num_spikes == 3
    assert spikes.count.tolist() == [0, 2, 1, 0]
    trains = spikes.spike_trains()
    assert sorted(trains) == [0, 1, 2, 3]
    assert trains[1].tolist() == [0.2, 0.3]
    assert trains[3].size == 0


def test_results_cannot_be_changed_by_accident(spikes):
    """If a student's code could write into a monitor, a later question would see other data."""
    with pytest.raises(ValueError, match="read-only"):
        spikes.t[0] = 0


def test_spikes_of_cells_that_do_not_exist_are_refused():
    """If they were kept, counts would have a length other than N."""
    with pytest.raises(ValueError, match=r"i: cells must lie in 0 \.\. 1"):
        SpikeMonitor(np.array([0.1]), np.array([2]), N=2, duration=1.0)


@pytest.mark.parametrize(
    ("window", "width"), [("flat", 1 * ms), ("flat", 5.01 * ms), ("gaussian", 1.5 * ms)]
)
def test_smooth_rate_is_brian2s(window, width):
    """If the smoothing differed from Brian2's, a figure moved from there would change its shape."""
    brian2 = pytest.importorskip("brian2")
    rate = np.random.default_rng(1).poisson(0.3, 400).astype(float)

    class Theirs:
        """What Brian2's method needs of its monitor."""

        clock = type("Clock", (), {"dt": 0.1 * brian2.ms})()
        t = np.arange(400) * 1e-4
        rate_ = rate

    Theirs.rate = rate * brian2.Hz
    theirs = brian2.PopulationRateMonitor.smooth_rate(
        Theirs(), window=window, width=width * brian2.second
    )
    ours = PopulationRateMonitor(np.arange(400) * 1e-4, rate, 1e-4).smooth_rate(window, width=width)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-12, atol=1e-12)


def test_smooth_rate_with_a_window_of_ones_own():
    """If an asymmetric window were applied the wrong way round, rates would lead or lag."""
    monitor = PopulationRateMonitor(np.arange(5) * ms, np.array([0, 0, 6.0, 0, 0]), 1 * ms)
    assert (
        monitor.smooth_rate([1, 2, 0]).tolist()
        == np.convolve(monitor.rate, np.array([1, 2, 0]) / 3, mode="same").tolist()
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": "box", "width": 1 * ms}, "window='box'"),
        ({"window": "flat"}, "width: the window"),
        ({"window": "flat", "width": 0}, "width=0 s: must not be zero"),
        ({"window": "flat", "width": 1.0}, "width=1 s"),
        ({"window": "flat", "width": np.nan}, "width=nan"),
        ({"window": [1, 1]}, "window: expected an odd number"),
        ({"window": [1], "width": 1 * ms}, "width: only goes with"),
        ({"window": 3}, "window=3"),
    ],
)
def test_smooth_rate_refuses(arguments, message):
    """If these passed, the smoothed rate would be over another window than the caller thinks."""
    monitor = PopulationRateMonitor(np.arange(50) * ms, np.ones(50), 1 * ms)
    with pytest.raises((TypeError, ValueError)) as error:
        monitor.smooth_rate(**arguments)
    assert str(error.value).startswith(message)


def test_state_monitor():
    """If indexing took rows for cells, a plotted voltage would be another cell's."""
    v = np.array([[1.0, 2.0], [3.0, 4.0]])
    monitor = StateMonitor(np.array([0, 0.1]), v, record=np.array([5, 9]))
    assert monitor[9].v.tolist() == [3.0, 4.0]
    assert monitor[5].t.tolist() == [0, 0.1]
    assert len(monitor) == 2
    assert [view.v.tolist() for view in monitor] == v.tolist()
    with pytest.raises(IndexError, match="cell 6 was not recorded"):
        monitor[6]
    with pytest.raises(TypeError, match="cell"):
        monitor["6"]
