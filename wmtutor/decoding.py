"""Read a bump's angle from the spikes of any cells by maximum likelihood, and how well one can.

A *profile* is a bump as a reader has to know it: the rates (Hz) of cells at even distances from its
centre, ``profile[k]`` at ``360 * k / len(profile)`` degrees. A cell that prefers ``phi`` then
fires at ``profile(phi - theta)`` while the bump is at ``theta``. Counts are taken for Poisson
numbers that are independent from cell to cell (Seung & Sompolinsky 1993; Dayan & Abbott 2001,
chapter 3). The population vector, which needs to know none of this, is in :mod:`wmtutor.ring`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from wmtutor._validation import (
    DEGREE,
    HERTZ,
    SECOND,
    check_count,
    check_numbers,
    check_quantity,
    check_vector,
    check_window,
)
from wmtutor.bump.analysis import get_spike_count
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import population_vector, preferred_angles, wrap_degrees

__all__ = [
    "angle_log_likelihood",
    "cramer_rao_bound",
    "expected_rates",
    "fisher_information",
    "mean_profile",
    "most_likely_angle",
]


def _check_profile(profile: Any) -> np.ndarray:
    rates = check_vector("profile", profile, HERTZ, low=0.0, high=1e4)
    if rates.size < 8:
        raise ValueError(f"profile: {rates.size} rates are too few for a bell; give at least 8")
    if (rates == 0).any():
        raise ValueError(
            "profile: has a rate of 0 Hz, under which one stray spike is impossible; add a small "
            "rate such as 0.1*Hz"
        )
    return rates


def _check_cells(cells_deg: Any, profile: np.ndarray) -> np.ndarray:
    if cells_deg is None:
        return preferred_angles(profile.size)
    return check_vector("cells_deg", cells_deg, DEGREE)


def _log_spline(rates: np.ndarray) -> Any:
    """The logarithm of the profile as a smooth function of the distance in degrees, in [0, 360)."""
    from scipy.interpolate import CubicSpline

    # Smooth, since likelihoods of straight pieces peak at the pieces' ends. Of the logarithm, since
    # a rate must not swing below 0.
    at = np.append(preferred_angles(rates.size), 360.0)
    return CubicSpline(at, np.log(np.append(rates, rates[0])), bc_type="periodic")


def _check_listening_time(window: Any) -> float:
    return check_quantity("window", window, SECOND, low=1e-4, high=1e3, zero=False)


def mean_profile(
    spike_monitors: SpikeMonitor | Sequence[SpikeMonitor],
    t_min: float | None = None,
    t_max: float | None = None,
    window_width: float = 0.05,
    smoothing_deg: float = 2.0,
    least_rate: float = 0.1,
) -> np.ndarray:
    """The bump's mean profile, with its wandering taken out: rate against distance from the centre.

    Each window is turned so that its population vector points to 0, and the windows are averaged.
    The mean is made symmetric and smoothed.

    Parameters
    ----------
    spike_monitors : SpikeMonitor or sequence of SpikeMonitor
        Spikes of a ring that holds a bump, one or more runs with the same number of cells.
    t_min, t_max : float, optional
        The time to use in seconds; the whole run by default.
    window_width : float
        Length of a window in seconds: short enough that the bump hardly moves, and long enough
        that its angle is read well.
    smoothing_deg : float
        Standard deviation of the Gaussian that smooths the mean, degrees.
    least_rate : float
        Rates below this are set to it, Hz, above 0: to a reader that takes a rate for 0, one stray
        spike is impossible.

    Returns
    -------
    ndarray of float, shape (N,)
        Rates in Hz at the distances ``preferred_angles(N)`` from the centre.

    Raises
    ------
    TypeError, ValueError
        For what are no monitors, rings of different size, or windows that do not fit or hold no
        spikes.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(stimulus_center_deg=120, t_stimulus_duration=200*ms, seed=1)
    >>> profile = mean_profile(run.spike_monitor_excit, 400*ms, 800*ms)
    >>> profile.shape, round(float(profile[0]), -1), float(profile[512])
    ((1024,), 100.0, 0.1)
    """
    from scipy.ndimage import gaussian_filter1d

    monitors = [spike_monitors] if isinstance(spike_monitors, SpikeMonitor) else spike_monitors
    if not isinstance(monitors, Sequence) or not monitors:
        raise TypeError("spike_monitors: expected a SpikeMonitor such as run.spike_monitor_excit")
    smoothing_deg = check_quantity("smoothing_deg", smoothing_deg, DEGREE, high=45.0)
    least_rate = check_quantity("least_rate", least_rate, HERTZ, high=100.0, zero=False)
    total, windows = np.zeros(0), 0
    for monitor in monitors:
        if not isinstance(monitor, SpikeMonitor):
            raise TypeError(
                f"spike_monitors: expected SpikeMonitors, got {type(monitor).__name__} among them"
            )
        if not windows:
            total = np.zeros(monitor.N)
        if total.size != monitor.N:
            raise ValueError(f"spike_monitors: rings of {total.size} and {monitor.N} cells")
        start, stop = check_window(t_min, t_max, monitor.duration)
        width = check_quantity("window_width", window_width, SECOND, low=1e-6, zero=False)
        starts = start + width * np.arange(int((stop - start) / width + 1e-9))
        for begin in starts:
            counts = get_spike_count(monitor, None, begin, min(begin + width, monitor.duration))
            angle_deg = population_vector(counts).angle_deg
            if np.isfinite(angle_deg):
                total += np.roll(counts, -round(angle_deg * monitor.N / 360))
                windows += 1
    if not windows:
        raise ValueError("window_width: no window of this length with spikes in the time given")
    rates = total / (windows * width)
    # A bump has no side that is its left one; cell k mirrors cell -k.
    rates = (rates + np.roll(rates[::-1], 1)) / 2
    if smoothing_deg:
        rates = gaussian_filter1d(rates, smoothing_deg * rates.size / 360, mode="wrap")
    return np.maximum(rates, least_rate)


def expected_rates(profile: Any, theta_deg: Any, cells_deg: Any = None) -> np.ndarray:
    """The rates of some cells while the bump is at an angle.

    Parameters
    ----------
    profile : array_like of float
        The bump's profile in Hz; see the module.
    theta_deg : float or array_like
        Where the bump is, degrees.
    cells_deg : array_like of float, shape (cells,), optional
        What the cells prefer, degrees; by default as many cells as the profile has rates, spread
        evenly.

    Returns
    -------
    ndarray of float, shape (..., cells)
        Rates in Hz for each angle in ``theta_deg``, by a spline through the profile's logarithm.

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> profile = [9, 5, 1, 1, 1, 1, 1, 5]
    >>> expected_rates(profile, 90.0, cells_deg=[90, 135, 270])
    array([9., 5., 1.])
    """
    rates = _check_profile(profile)
    cells = _check_cells(cells_deg, rates)
    theta = check_numbers("theta_deg", theta_deg)
    return np.exp(_log_spline(rates)(wrap_degrees(cells - theta[..., None])))


def angle_log_likelihood(
    counts: Any, profile: Any, window: float, candidates_deg: Any, cells_deg: Any = None
) -> np.ndarray:
    """How well each candidate angle explains the spike counts of some Poisson cells.

    With the mean counts ``mu_i = window * profile(phi_i - theta)`` the log-likelihood of ``theta``
    is ``sum_i (n_i ln mu_i - mu_i)``, and a term that does not depend on ``theta`` and is left
    out.

    Parameters
    ----------
    counts : array_like of int, shape (..., cells)
        Spikes of each cell.
    profile : array_like of float
        The bump's profile in Hz; see the module.
    window : float
        How long was listened, seconds.
    candidates_deg : array_like of float, shape (candidates,)
        Angles to try, degrees.
    cells_deg : array_like of float, shape (cells,), optional
        What the cells prefer, degrees; by default as many cells as the profile has rates, spread
        evenly.

    Returns
    -------
    ndarray of float, shape (..., candidates)

    Raises
    ------
    TypeError, ValueError
        For bad arguments, and counts that do not fit the cells.

    Examples
    --------
    >>> profile = [9, 5, 1, 1, 1, 1, 1, 5]
    >>> ln_L = angle_log_likelihood([2, 1], profile, 0.1, [0, 90, 180], cells_deg=[0, 90])
    >>> ln_L.round(2)
    array([-3.51, -5.71, -7.11])
    """
    rates = _check_profile(profile)
    cells = _check_cells(cells_deg, rates)
    n = check_numbers("counts", counts)
    if n.ndim == 0 or n.shape[-1] != cells.size:
        raise ValueError(f"counts: expected one for each of {cells.size} cells, got {n.shape}")
    if (n < 0).any():
        raise ValueError(f"counts: has the negative count {n.min():g}")
    candidates = check_vector("candidates_deg", candidates_deg, DEGREE)
    expected = _check_listening_time(window) * expected_rates(rates, candidates, cells)
    return n @ np.log(expected).T - expected.sum(axis=-1)


def most_likely_angle(
    counts: Any, profile: Any, window: float, cells_deg: Any = None, candidates: int = 720
) -> Any:
    """The angle of the bump under which the spike counts of some Poisson cells are most likely.

    Parameters
    ----------
    counts : array_like of int, shape (..., cells)
        Spikes of each cell.
    profile : array_like of float
        The bump's profile in Hz; see the module.
    window : float
        How long was listened, seconds.
    cells_deg : array_like of float, shape (cells,), optional
        What the cells prefer, degrees; by default as many cells as the profile has rates, spread
        evenly.
    candidates : int
        Number of angles to try, spread evenly; a parabola through the best and its neighbours
        finds what is between them.

    Returns
    -------
    float or ndarray, shape (...)
        Degrees in [0, 360). NaN without a single spike.

    Raises
    ------
    TypeError, ValueError
        For bad arguments, and counts that do not fit the cells.

    Examples
    --------
    >>> profile = 1 + 100 * np.exp(10 * (np.cos(np.deg2rad(np.arange(360))) - 1))
    >>> counts = [0, 3, 3, 0, 0, 0]
    >>> round(float(most_likely_angle(counts, profile, 0.02, cells_deg=range(0, 360, 60))), 3)
    90.0
    """
    number = check_count("candidates", candidates, low=8, high=100_000)
    angles = preferred_angles(number)
    ln_L = angle_log_likelihood(counts, profile, window, angles, cells_deg)
    # Evenly spread cells make candidates alike up to rounding: take the first of those.
    best = ln_L.max(axis=-1, keepdims=True)
    middle = (ln_L >= best - 1e-9 * np.abs(best)).argmax(axis=-1)[..., None]
    left, top, right = (
        np.take_along_axis(ln_L, (middle + shift) % number, axis=-1)[..., 0] for shift in (-1, 0, 1)
    )
    bend = left - 2 * top + right
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(bend < 0, 0.5 * (left - right) / bend, 0.0)
    angle_deg = (middle[..., 0] + np.clip(shift, -0.5, 0.5)) * 360.0 / number
    heard = np.asarray(counts).sum(axis=-1) > 0
    return np.where(heard, wrap_degrees(angle_deg), np.nan)[()]


def fisher_information(
    profile: Any, window: float, cells_deg: Any = None, theta_deg: Any = 0.0
) -> Any:
    """What the counts of some Poisson cells tell about the bump's angle.

    ``J = window * sum_i f_i'^2 / f_i``, with ``f_i`` the rate of cell ``i`` and ``f_i'`` its slope
    against the bump's angle. Flanks tell most; the top, where nothing changes, tells nothing.

    Parameters
    ----------
    profile : array_like of float
        The bump's profile in Hz, smooth; see the module.
    window : float
        How long is listened, seconds.
    cells_deg : array_like of float, shape (cells,), optional
        What the cells prefer, degrees; by default as many cells as the profile has rates, spread
        evenly.
    theta_deg : float or array_like
        Where the bump is, degrees; it matters where cells are few or unevenly spread.

    Returns
    -------
    float or ndarray
        Information in 1/deg^2, for each angle in ``theta_deg``.

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> profile = 100 * np.exp(10 * (np.cos(np.deg2rad(np.arange(360))) - 1)) + 1e-3
    >>> J = fisher_information(profile, 0.1)
    >>> round(float(1 / np.sqrt(J)), 2)
    0.87
    """
    rates = _check_profile(profile)
    cells = _check_cells(cells_deg, rates)
    theta = check_numbers("theta_deg", theta_deg)
    window = _check_listening_time(window)
    log_rate = _log_spline(rates)
    away = wrap_degrees(cells - theta[..., None])
    # f'^2 / f is f (ln f)'^2.
    told = np.exp(log_rate(away)) * log_rate(away, 1) ** 2
    return window * told.sum(axis=-1)[()]


def cramer_rao_bound(
    profile: Any, window: float, cells_deg: Any = None, theta_deg: Any = 0.0
) -> Any:
    """The smallest standard deviation that a reader without bias can have: ``1 / sqrt(J)``.

    Parameters
    ----------
    profile, window, cells_deg, theta_deg
        As for :func:`fisher_information`, which gives ``J``.

    Returns
    -------
    float or ndarray
        Degrees. It holds for independent Poisson cells; with very few spikes no reader comes near.

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> profile = 100 * np.exp(10 * (np.cos(np.deg2rad(np.arange(360))) - 1)) + 1e-3
    >>> bounds = [cramer_rao_bound(profile, window) for window in (0.1, 0.4)]
    >>> [round(float(bound), 2) for bound in bounds]
    [0.87, 0.43]
    """
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(fisher_information(profile, window, cells_deg, theta_deg))
