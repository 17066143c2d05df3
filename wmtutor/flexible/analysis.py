"""What a run says over time, and what its cells prefer."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import SECOND, check_count, check_quantity, check_window
from wmtutor.flexible.parameters import firing_rate
from wmtutor.flexible.readout import (
    activity_vector,
    count_memories,
    cue_error,
    maximum_likelihood_angle,
    memory_is_present,
)
from wmtutor.flexible.simulate import FlexibleRun

__all__ = [
    "DecodedTimeSeries",
    "MemoryTimeSeries",
    "TuningMap",
    "get_memory_time_series",
    "get_ml_time_series",
    "get_ring_rates",
    "random_layer_tuning",
]


class MemoryTimeSeries(NamedTuple):
    """The memories of a run over time.

    Attributes
    ----------
    t : ndarray of float, shape (samples,)
        Seconds.
    strength, angle_deg : ndarray of float, shape (N_rings, samples)
        Length (Hz) and direction (degrees) of the activity vectors.
    present : ndarray of bool, shape (N_rings, samples)
        Whether the length exceeds the threshold.
    maintained, forgotten, spurious : ndarray of int, shape (samples,)
        A cued ring counts from the onset of its cue: before, it is neither kept nor lost, and
        activity there is spurious.
    maintained_fraction, spurious_fraction : ndarray of float, shape (samples,)
        Of the rings cued so far, and of the others; NaN where there are none.
    error_deg : ndarray of float, shape (load, samples)
        Signed distance from the cue; NaN while there is no memory.
    """

    t: np.ndarray
    strength: np.ndarray
    angle_deg: np.ndarray
    present: np.ndarray
    maintained: np.ndarray
    forgotten: np.ndarray
    spurious: np.ndarray
    maintained_fraction: np.ndarray
    spurious_fraction: np.ndarray
    error_deg: np.ndarray


class DecodedTimeSeries(NamedTuple):
    """Positions decoded from spikes in windows that move over a run.

    Attributes
    ----------
    t : ndarray of float, shape (windows,)
        Ends of the windows in seconds.
    angle_deg : ndarray of float, shape (N_rings, windows)
        Degrees; NaN without spikes.
    """

    t: np.ndarray
    angle_deg: np.ndarray


class TuningMap(NamedTuple):
    """Mean rates of the random cells for cues at different angles.

    Attributes
    ----------
    angle_deg : ndarray of float, shape (bins,)
        Middles of the bins in degrees.
    rate : ndarray of float, shape (N_random, bins)
        Hz; NaN where no trial had its cue in the bin.
    trials : ndarray of int, shape (bins,)
        Number of trials in each bin.
    """

    angle_deg: np.ndarray
    rate: np.ndarray
    trials: np.ndarray


def _check_run(run: Any) -> FlexibleRun:
    if not isinstance(run, FlexibleRun):
        raise TypeError(
            f"run: expected what simulate_flexible_wm() returns, got {type(run).__name__}"
        )
    return run


def get_memory_time_series(run: FlexibleRun) -> MemoryTimeSeries:
    """Strength, angle and presence of every ring's memory over time, and what is kept and lost.

    Parameters
    ----------
    run : FlexibleRun

    Returns
    -------
    MemoryTimeSeries
        A sample every ``record_dt`` of the run, 5 ms by default.

    Raises
    ------
    TypeError
        For anything but a run.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> series = get_memory_time_series(simulate_flexible_wm(2, seed=1))
    >>> [int(series.maintained[np.searchsorted(series.t, t)]) for t in (0.05, 0.15, 1.0)]
    [0, 2, 2]
    """
    _check_run(run)
    t = run.state_t
    dt = run.parameters.dt
    s = run.s_sensory.copy()
    cued_so_far = np.zeros((len(s), run.network.N_rings), dtype=bool)
    for ring, (start, stop), s_ext in zip(run.cued_rings, run.cue_spans, run.s_ext, strict=True):
        on = (t >= start - 1e-6 * dt) & (t < stop - 1e-6 * dt)
        s[on, ring] += s_ext
        cued_so_far[:, ring] = t >= start - 1e-6 * dt
    strength, angle_deg = activity_vector(firing_rate(s, **run.parameters.rate_function))
    present = memory_is_present(strength, run.parameters.memory_threshold)
    counts = [
        count_memories(now, np.flatnonzero(cued))
        for now, cued in zip(present, cued_so_far, strict=True)
    ]
    maintained, forgotten, spurious = np.array([row[:3] for row in counts], dtype=np.int64).T
    of_cued, of_others = np.array([row[3:] for row in counts]).T
    error_deg = cue_error(angle_deg[:, run.cued_rings], run.cue_positions_deg)
    error_deg[~present[:, run.cued_rings]] = np.nan
    return MemoryTimeSeries(
        t,
        strength.T,
        angle_deg.T,
        present.T,
        maintained,
        forgotten,
        spurious,
        of_cued,
        of_others,
        error_deg.T,
    )


def get_ml_time_series(
    run: FlexibleRun, window_width: float = 0.1, t_step: float = 0.05
) -> DecodedTimeSeries:
    """The maximum-likelihood position of every ring over time, from the spikes of moving windows.

    Parameters
    ----------
    run : FlexibleRun
    window_width : float
        Length of the windows in seconds.
    t_step : float
        Time from one window to the next in seconds.

    Returns
    -------
    DecodedTimeSeries

    Raises
    ------
    TypeError, ValueError
        For anything but a run, or windows that do not fit into it.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(cued_rings=[0], cue_positions_deg=90, seed=1)
    >>> decoded = get_ml_time_series(run)
    >>> round(float(decoded.t[2]), 3), bool(abs(decoded.angle_deg[0, 2] - 90) < 10)
    (0.2, True)
    """
    _check_run(run)
    duration = run.spike_monitor_sensory.duration
    width = check_quantity(
        "window_width", window_width, SECOND, low=1e-5, high=duration * (1 + 1e-9), zero=False
    )
    step = check_quantity("t_step", t_step, SECOND, low=1e-5, high=1e4, zero=False)
    ends = width + step * np.arange(int((duration - width) / step + 1e-6) + 1)
    spikes, network, p = run.spike_monitor_sensory, run.network, run.parameters
    edges = np.searchsorted(spikes.t, np.stack([ends - width, ends]) - 1e-6 * p.dt)
    counts = np.stack(
        [np.bincount(spikes.i[a:b], minlength=network.N_sensory_total) for a, b in edges.T]
    ).reshape(len(ends), network.N_rings, network.N_sensory)
    angle_deg = maximum_likelihood_angle(counts, **p.stimulus, **p.rate_function)
    return DecodedTimeSeries(ends, angle_deg.T)


def get_ring_rates(
    run: FlexibleRun, t_min: float | None = None, t_max: float | None = None
) -> np.ndarray:
    """The mean rate of each ring's cells in a time window, from their spikes.

    Parameters
    ----------
    run : FlexibleRun
    t_min, t_max : float, optional
        The half-open window in seconds; the whole run by default.

    Returns
    -------
    ndarray of float, shape (N_rings,)
        Hz.

    Raises
    ------
    TypeError, ValueError
        For anything but a run, or an empty window.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(cued_rings=[5], seed=1)
    >>> int(get_ring_rates(run, 0.9, 1.0).argmax())
    5
    """
    _check_run(run)
    spikes = run.spike_monitor_sensory
    start, stop = check_window(t_min, t_max, spikes.duration)
    first, last = np.searchsorted(spikes.t, np.array([start, stop]) - 1e-6 * run.parameters.dt)
    ring = spikes.i[first:last] // run.network.N_sensory
    spikes_of_ring = np.bincount(ring, minlength=run.network.N_rings)
    return spikes_of_ring / (run.network.N_sensory * (stop - start))


def random_layer_tuning(
    runs: Sequence[FlexibleRun],
    ring: int,
    bins: int = 16,
    *,
    t_min: float | None = None,
    t_max: float | None = None,
) -> TuningMap:
    """How the rates of the random cells depend on what one ring was shown.

    Parameters
    ----------
    runs : sequence of FlexibleRun
        Trials on one network with cues at many angles. Trials in which the ring was not cued are
        passed over.
    ring : int
        The ring whose cue is the angle of the map.
    bins : int
        Number of bins of the angle.
    t_min, t_max : float, optional
        The window of the spikes in seconds; by default from the end of the ring's cue to the test.

    Returns
    -------
    TuningMap

    Raises
    ------
    TypeError, ValueError
        For runs on different networks, none in which the ring was cued, or bad values.

    Examples
    --------
    >>> from wmtutor.flexible import build_network, simulate_flexible_wm
    >>> network = build_network(N_rings=2, seed=1)
    >>> runs = [simulate_flexible_wm(cued_rings=[0], cue_positions_deg=angle, network=network,
    ...                              seed=1) for angle in range(0, 360, 90)]
    >>> random_layer_tuning(runs, ring=0, bins=4).rate.shape
    (1024, 4)
    """
    if not isinstance(runs, Iterable):
        raise TypeError(f"runs: expected a list of runs, got {type(runs).__name__}")
    runs = [_check_run(run) for run in runs]
    if not runs:
        raise ValueError("runs: expected at least one run")
    network = runs[0].network
    if any(run.network is not network for run in runs):
        raise ValueError("runs: all must be on one network; build it once and pass network=")
    ring = check_count("ring", ring, low=0, high=network.N_rings - 1)
    bins = check_count("bins", bins, high=360)
    total = np.zeros((network.N_random, bins))
    trials = np.zeros(bins, dtype=np.int64)
    for run in runs:
        where = np.flatnonzero(run.cued_rings == ring)
        if not where.size:
            continue
        start, stop = check_window(
            run.cue_spans[where[0], 1] if t_min is None else t_min,
            run.parameters.test_time if t_max is None else t_max,
            run.parameters.sim_time,
        )
        spikes = run.spike_monitor_random
        slack = 1e-6 * run.parameters.dt
        within = (spikes.t >= start - slack) & (spikes.t < stop - slack)
        place = int(run.cue_positions_deg[where[0]] / 360 * bins) % bins
        rate = np.bincount(spikes.i[within], minlength=network.N_random) / (stop - start)
        total[:, place] += rate
        trials[place] += 1
    if not trials.any():
        raise ValueError(f"ring={ring}: was not cued in any of the runs")
    with np.errstate(invalid="ignore"):
        rate = total / trials
    return TuningMap((np.arange(bins) + 0.5) * 360 / bins, rate, trials)
