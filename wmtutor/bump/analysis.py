"""Read the network's spikes: counts, angles, the shape of the bump, and how fast it diffuses."""

from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    DEGREE,
    NUMBER,
    SECOND,
    check_choice,
    check_count,
    check_indices,
    check_quantity,
    check_seed,
    check_vector,
    check_window,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import population_vector, preferred_angles, signed_difference, unwrap_degrees

__all__ = [
    "BumpProfile",
    "BumpReading",
    "DiffusionEstimate",
    "NoBumpError",
    "ThetaTimeSeries",
    "activity_profile",
    "bump_profile",
    "estimate_diffusion",
    "get_orientation",
    "get_spike_count",
    "get_theta_time_series",
    "read_bump",
]


def _check_monitor(spike_monitor: Any) -> SpikeMonitor:
    if not isinstance(spike_monitor, SpikeMonitor):
        raise TypeError(
            f"spike_monitor: expected a SpikeMonitor such as run.spike_monitor_excit, "
            f"got {type(spike_monitor).__name__}"
        )
    return spike_monitor


def get_orientation(idx_list: Any, N: int) -> np.ndarray:
    """The preferred angles of some cells: ``360 * i / N``.

    Parameters
    ----------
    idx_list : int or array_like of int
        Cells, 0 to N-1.
    N : int
        Number of cells on the ring.

    Returns
    -------
    ndarray of float, shape (len(idx_list),)
        Degrees in [0, 360).

    Raises
    ------
    TypeError, ValueError
        For cells that are not whole numbers, or do not exist.

    Examples
    --------
    >>> get_orientation([0, 256, 512], 1024)
    array([  0.,  90., 180.])
    """
    N = check_count("N", N)
    return preferred_angles(N)[check_indices("idx_list", idx_list, N)]


def get_spike_count(
    spike_monitor: SpikeMonitor,
    spike_index_list: Any = None,
    t_min: float | None = None,
    t_max: float | None = None,
) -> np.ndarray:
    """How often each of some cells fired in the window ``t_min <= t < t_max``.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
        Spikes of a population.
    spike_index_list : array_like of int, optional
        The cells; all of them by default.
    t_min, t_max : float, optional
        The window in seconds; start and end of the run by default.

    Returns
    -------
    ndarray of int, shape (len(spike_index_list),)
        Spike counts, in the order of the list.

    Raises
    ------
    TypeError, ValueError
        For what is no monitor, cells that do not exist, and a window empty or outside the run.

    Examples
    --------
    >>> import numpy as np
    >>> spikes = SpikeMonitor(np.array([0.1, 0.2, 0.2]), np.array([1, 0, 1]), N=3, duration=0.5)
    >>> get_spike_count(spikes, [0, 1, 2], 0.1, 0.2)
    array([0, 1, 0])
    """
    monitor = _check_monitor(spike_monitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    first, last = np.searchsorted(monitor.t, (start, stop), side="left")
    counts = np.bincount(monitor.i[first:last], minlength=monitor.N)
    if spike_index_list is None:
        return counts
    return counts[check_indices("spike_index_list", spike_index_list, monitor.N)]


class ThetaTimeSeries(NamedTuple):
    """The decoded angle over time.

    Attributes
    ----------
    t : ndarray of float, shape (times,)
        Centres of the windows in seconds.
    theta_deg : ndarray of float, shape (times,)
        Decoded angles in degrees; NaN where the window has no spike.
    strength : ndarray of float, shape (times,)
        Strength of the population vector, 0 to 1; NaN where the window has no spike.
    """

    t: np.ndarray
    theta_deg: np.ndarray
    strength: np.ndarray


def get_theta_time_series(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    t_step: float = 0.01,
    window_width: float = 0.05,
    unwrap: bool = False,
) -> ThetaTimeSeries:
    """Decode the angle in a window that moves along the run.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float, optional
        The first window starts at ``t_min``, the last ends at ``t_max`` at the latest; start and
        end of the run by default. Seconds.
    t_step : float
        From one window to the next, seconds.
    window_width : float
        Length of each half-open window, seconds.
    unwrap : bool
        Whether to let the angle run on past 360 and below 0, so that it has no jumps.

    Returns
    -------
    ThetaTimeSeries

    Raises
    ------
    TypeError, ValueError
        For what is no monitor, or a window that does not fit into the run.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms, nA
    >>> run = simulate_wm(t_stimulus_duration=200*ms, stimulus_center_deg=90, seed=1)
    >>> t, theta_deg, strength = get_theta_time_series(run.spike_monitor_excit, t_min=300*ms)
    >>> bool((abs(theta_deg - 90) < 20).all())
    True
    """
    monitor = _check_monitor(spike_monitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    longest = (stop - start) * (1 + 1e-9)
    width = check_quantity("window_width", window_width, SECOND, low=1e-6, high=longest, zero=False)
    step = check_quantity("t_step", t_step, SECOND, low=1e-6, high=max(longest, 1.0), zero=False)
    starts = start + step * np.arange(int((stop - start - width) / step + 1e-9) + 1)
    # Sums over any window are differences of one running sum over the spikes.
    directions = np.exp(1j * np.deg2rad(preferred_angles(monitor.N)))[monitor.i]
    running = np.concatenate([[0], np.cumsum(directions)])
    first = np.searchsorted(monitor.t, starts, side="left")
    last = np.searchsorted(monitor.t, starts + width, side="left")
    spikes = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        vector = (running[last] - running[first]) / spikes
    strength = np.abs(vector)
    theta_deg = np.where(strength > 1e-9, np.rad2deg(np.angle(vector)) % 360.0, np.nan)
    if unwrap:
        theta_deg = unwrap_degrees(theta_deg)
    return ThetaTimeSeries(starts + width / 2, theta_deg, strength)


def activity_profile(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    bins: int = 64,
) -> tuple[np.ndarray, np.ndarray]:
    """Rate against preferred angle in a time window.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float, optional
        The half-open window in seconds; the whole run by default.
    bins : int
        Number of neighbourhoods of cells that are averaged; at most the number of cells.

    Returns
    -------
    angles_deg : ndarray of float, shape (bins,)
        Mean preferred angle of each neighbourhood, degrees.
    rate : ndarray of float, shape (bins,)
        Mean rate of its cells, Hz.

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> import numpy as np
    >>> spikes = SpikeMonitor(np.array([0.1, 0.2]), np.array([0, 1]), N=4, duration=1.0)
    >>> angles_deg, rate = activity_profile(spikes, bins=2)
    >>> angles_deg, rate
    (array([ 45., 225.]), array([1., 0.]))
    """
    monitor = _check_monitor(spike_monitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    bins = min(check_count("bins", bins), monitor.N)
    group = np.arange(monitor.N) * bins // monitor.N
    cells = np.bincount(group)
    counts = get_spike_count(monitor, None, start, stop)
    rate = np.bincount(group, weights=counts) / cells / (stop - start)
    return np.bincount(group, weights=preferred_angles(monitor.N)) / cells, rate


class NoBumpError(ValueError):
    """There is no bump in the window: no spikes, or activity that a flat line explains as well."""


class BumpProfile(NamedTuple):
    """Rate against preferred angle, and the bell fitted to it.

    Attributes
    ----------
    angles_deg : ndarray of float, shape (bins,)
        Centres of the bins in degrees.
    rate : ndarray of float, shape (bins,)
        Mean rate of the cells in each bin, Hz.
    fitted_rate : ndarray of float, shape (bins,)
        The fit at the same angles, Hz.
    center_deg : float
        Centre of the fitted bell, degrees in [0, 360).
    width_deg : float
        Standard deviation of the bell in degrees (von Mises: of the Gaussian with the same
        curvature at the peak, ``1/sqrt(kappa)``).
    fwhm_deg : float
        Full width of the bell at half its height above the baseline, degrees; NaN if it never
        falls that far.
    peak_rate, baseline_rate : float
        The fit's rate at its centre, and the rate that it approaches far from it, Hz.
    standard_errors : dict of str to float
        Standard errors of ``center_deg``, ``width_deg``, ``peak_rate`` and ``baseline_rate``, from
        the residuals of the fit; they hold for cells that fire independently.
    """

    angles_deg: np.ndarray
    rate: np.ndarray
    fitted_rate: np.ndarray
    center_deg: float
    width_deg: float
    fwhm_deg: float
    peak_rate: float
    baseline_rate: float
    standard_errors: dict[str, float]


class BumpReading(NamedTuple):
    """Whether there is a bump in a time window, and where.

    Attributes
    ----------
    present : bool
        Whether the population vector is strong, and longer than chance allows.
    angle_deg : float
        Its angle in degrees; NaN without spikes. It means nothing while no bump is present.
    strength : float
        Its strength, 0 to 1; NaN without spikes.
    mean_rate : float
        Rate in Hz, averaged over all cells.
    """

    present: bool
    angle_deg: float
    strength: float
    mean_rate: float


def read_bump(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    least_strength: float = 0.3,
) -> BumpReading:
    """Tell whether there is a bump in a time window, from the population vector of its spikes.

    A bump is present if the vector's strength exceeds ``least_strength`` and is beyond chance: n
    spikes that fall anywhere are this strong, or stronger, with a probability of
    ``exp(-n * strength^2)`` (Rayleigh's test), which has to be below one in a million.

    The test takes spikes for independent. In a network that is quiet and about to form a bump they
    are not, and a passing lump can count as one: there, ask for a rate as well, as
    :func:`wmtutor.laws.bump_states.read_contrast` does.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float, optional
        The half-open window in seconds; the whole run by default.
    least_strength : float
        Between 0 and 1.

    Returns
    -------
    BumpReading

    Raises
    ------
    TypeError, ValueError
        For bad arguments.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(stimulus_center_deg=120, t_stimulus_duration=200*ms, seed=1)
    >>> reading = read_bump(run.spike_monitor_excit, 600*ms, 800*ms)
    >>> reading.present, round(reading.angle_deg, -1)
    (True, 120.0)
    """
    monitor = _check_monitor(spike_monitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    least_strength = check_quantity("least_strength", least_strength, NUMBER, high=1.0)
    counts = get_spike_count(monitor, None, start, stop)
    angle_deg, strength = population_vector(counts)
    spikes = int(counts.sum())
    beyond_chance = spikes * strength**2 > np.log(1e6)
    return BumpReading(
        present=bool(beyond_chance and strength > least_strength),
        angle_deg=float(angle_deg),
        strength=float(strength),
        mean_rate=spikes / (monitor.N * (stop - start)),
    )


def _von_mises(angle_deg: np.ndarray, center: float, width: float) -> np.ndarray:
    """A bell of height 1: ``exp(kappa (cos d - 1))``, which is 1 at the centre."""
    kappa = np.rad2deg(1.0) ** 2 / width**2
    return np.exp(kappa * (np.cos(np.deg2rad(angle_deg - center)) - 1))


def _circular_gaussian(angle_deg: np.ndarray, center: float, width: float) -> np.ndarray:
    """A Gaussian of height 1 in the circular distance."""
    return np.exp(-0.5 * (signed_difference(angle_deg, center) / width) ** 2)


def _full_width_at_half_maximum(fit: str, width: float) -> float:
    if fit == "gaussian":
        half = width * np.sqrt(2 * np.log(2))
        return float(2 * half) if half < 180 else float("nan")
    cosine = 1 - np.log(2) * np.deg2rad(width) ** 2
    return float(2 * np.rad2deg(np.arccos(cosine))) if cosine > -1 else float("nan")


def bump_profile(
    spike_monitor: SpikeMonitor,
    t_min: float | None = None,
    t_max: float | None = None,
    fit: str = "von_mises",
    bins: int = 64,
) -> BumpProfile:
    """The bump's shape in a time window: rate against preferred angle, centre, width and peak.

    The fit is ``baseline + (peak - baseline) * bell(angle)``, by least squares over the bins.

    Parameters
    ----------
    spike_monitor : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float, optional
        The half-open window in seconds; the whole run by default. A bump moves: a long
        window shows it wider than it is.
    fit : {"von_mises", "gaussian"}
        The bell: ``exp(kappa (cos d - 1))``, or ``exp(-d^2 / (2 width^2))`` with d the circular
        distance.
    bins : int
        Number of neighbourhoods of cells that are averaged; at most the number of cells.

    Returns
    -------
    BumpProfile

    Raises
    ------
    TypeError, ValueError
        For bad arguments.
    NoBumpError
        If there is no bump to fit (a ``ValueError`` too): no spikes at all, or activity too even
        for a bell to be found.

    Examples
    --------
    >>> from wmtutor.bump import simulate_wm
    >>> from wmtutor.units import ms
    >>> run = simulate_wm(t_stimulus_duration=200*ms, seed=1)
    >>> profile = bump_profile(run.spike_monitor_excit, 500*ms, 800*ms)
    >>> round(profile.width_deg), round(profile.peak_rate, -1)
    (17, 100.0)
    """
    from scipy.optimize import least_squares
    from scipy.stats import f as f_distribution

    monitor = _check_monitor(spike_monitor)
    start, stop = check_window(t_min, t_max, monitor.duration)
    check_choice("fit", fit, ("von_mises", "gaussian"))
    if monitor.N < 8:
        raise ValueError(f"spike_monitor: {monitor.N} cells are too few to fit a bump to")
    angles_deg, rate = activity_profile(monitor, start, stop, check_count("bins", bins, low=8))
    counts = get_spike_count(monitor, None, start, stop)
    if counts.sum() == 0:
        raise NoBumpError(
            f"t_min={SECOND.show(start)} and t_max={SECOND.show(stop)}: no spikes in this window, "
            f"so there is no bump to fit"
        )
    bell = _von_mises if fit == "von_mises" else _circular_gaussian

    def model(center: float, width: float, height: float, baseline: float) -> np.ndarray:
        return baseline + height * bell(angles_deg, center, width)

    guess_center = float(population_vector(counts).angle_deg)
    guess_center = guess_center if np.isfinite(guess_center) else angles_deg[rate.argmax()]
    baseline = float(np.quantile(rate, 0.2))
    guess = (guess_center, 30.0, max(rate.max() - baseline, 1e-3), baseline)
    limits = ((-np.inf, 360 / monitor.N, 0.0, 0.0), (np.inf, 200.0, np.inf, np.inf))
    best = least_squares(lambda p: model(*p) - rate, guess, bounds=limits)
    center, width, height, baseline = (float(value) for value in best.x)
    # Cells at the peak vary more than silent ones, so errors come from the residuals where they
    # are (the sandwich estimate, White 1980), not from one variance for all.
    bread = np.linalg.pinv(best.jac.T @ best.jac)
    filling = best.jac.T @ (best.jac * best.fun[:, None] ** 2)
    covariance = bread @ filling @ bread * rate.size / (rate.size - 4)
    errors = np.sqrt(np.diag(covariance))
    # A bell has to explain far more than a flat line does. The level is strict because the fit
    # searches all centres and widths, and so finds the largest chance heap there is.
    residual, flat_residual = (best.fun**2).sum(), ((rate - rate.mean()) ** 2).sum()
    freedom = rate.size - 4
    ratio = (flat_residual - residual) / 3 / max(residual / freedom, 1e-300)
    if not best.success or f_distribution.sf(ratio, 3, freedom) > 1e-8:
        raise NoBumpError(
            f"t_min={SECOND.show(start)} and t_max={SECOND.show(stop)}: the activity in this "
            f"window ({counts.sum()} spikes) is too even to fit a bump to"
        )
    # height and baseline are fitted together, so the peak's error needs their covariance.
    peak_error = np.sqrt(covariance[2, 2] + covariance[3, 3] + 2 * covariance[2, 3])
    return BumpProfile(
        angles_deg=angles_deg,
        rate=rate,
        fitted_rate=model(*best.x),
        center_deg=center % 360.0,
        width_deg=width,
        fwhm_deg=_full_width_at_half_maximum(fit, width),
        peak_rate=baseline + height,
        baseline_rate=baseline,
        standard_errors={
            "center_deg": float(errors[0]),
            "width_deg": float(errors[1]),
            "peak_rate": float(peak_error),
            "baseline_rate": float(errors[3]),
        },
    )


class DiffusionEstimate(NamedTuple):
    """How fast decoded angles wander apart over trials.

    Attributes
    ----------
    diffusion : float
        Diffusion coefficient D in deg^2/s: the mean squared displacement grows as ``2 D t``.
    confidence_interval : tuple of float
        Lower and upper bound of D, from a bootstrap over trials.
    confidence_level : float
        The interval's level.
    offset : float
        Intercept of the fitted line, deg^2: twice the variance of the decoding error.
    lag : ndarray of float, shape (lags,)
        Time since the first sample, seconds.
    mean_squared_displacement : ndarray of float, shape (lags,)
        Mean over trials, deg^2.
    num_trials : int
        Number of trials that entered.
    """

    diffusion: float
    confidence_interval: tuple[float, float]
    confidence_level: float
    offset: float
    lag: np.ndarray
    mean_squared_displacement: np.ndarray
    num_trials: int


def estimate_diffusion(
    theta_deg: Any,
    t: Any,
    *,
    confidence_level: float = 0.95,
    resamples: int = 2000,
    remove_drift: bool = False,
    seed: int | np.random.SeedSequence | None = 0,
) -> DiffusionEstimate:
    """Estimate the diffusion coefficient from the decoded angles of many trials.

    The squared displacement since the first sample is averaged over trials; a straight line
    ``offset + 2 D lag`` is fitted by least squares to all lags but 0. Trials are resampled for the
    confidence interval (bias-corrected and accelerated bootstrap, Efron 1987).

    Parameters
    ----------
    theta_deg : array_like of float, shape (trials, times)
        Decoded angles in degrees. They are unwrapped here, so wrapped ones are welcome, as long as
        a step moves by less than 180 degrees.
    t : array_like of float, shape (times,)
        Sample times in seconds, evenly or unevenly spaced.
    confidence_level : float
        Between 0.5 and 0.999.
    resamples : int
        Bootstrap samples.
    remove_drift : bool
        Whether to subtract the mean displacement over trials first, as is right where all trials
        drift alike.
    seed : int, SeedSequence or None
        Seed of the bootstrap.

    Returns
    -------
    DiffusionEstimate

    Raises
    ------
    TypeError, ValueError
        For fewer than 5 trials or 3 times, shapes that do not fit, times that do not ascend, and
        angles that are missing (NaN): a trial that lost its bump has no angle, leave it out.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(100) * 0.01
    >>> steps = np.random.default_rng(1).normal(0, np.sqrt(2 * 50 * 0.01), (400, 99))
    >>> walk = np.cumsum(np.hstack([np.zeros((400, 1)), steps]), axis=1)
    >>> estimate = estimate_diffusion(walk, t)
    >>> estimate.confidence_interval[0] < 50 < estimate.confidence_interval[1]
    True
    """
    from scipy.stats import bootstrap

    times = check_vector("t", t, SECOND)
    if times.size < 3 or (np.diff(times) <= 0).any():
        raise ValueError("t: expected at least 3 ascending times in s")
    angles = np.asarray(theta_deg)
    if angles.dtype.kind not in "fiu":
        raise TypeError(f"theta_deg: expected angles in degrees, got type {angles.dtype}")
    if angles.ndim != 2 or angles.shape[1] != times.size:
        raise ValueError(
            f"theta_deg: expected shape (trials, {times.size}) to go with t, got {angles.shape}"
        )
    if len(angles) < 5:
        raise ValueError(f"theta_deg: {len(angles)} trials are too few; give at least 5")
    lost = np.flatnonzero(~np.isfinite(angles).all(axis=1))
    if lost.size:
        raise ValueError(
            f"theta_deg: trial {lost[0]} has no angle at some times (NaN); leave out trials that "
            f"lost their bump ({lost.size} here), or use a longer window_width"
        )
    level = check_quantity("confidence_level", confidence_level, DEGREE, low=0.5, high=0.999)
    resamples = check_count("resamples", resamples, low=100, high=1_000_000)
    unwrapped = unwrap_degrees(angles)
    displacement = unwrapped[:, 1:] - unwrapped[:, :1]
    lag = times[1:] - times[0]
    # The fit is linear in the squared displacements, so each trial has a slope of its own and the
    # slope of the mean is the mean of the slopes.
    centred = lag - lag.mean()
    to_slope = centred / (centred**2).sum()
    trials = len(angles)

    def squared(rows: np.ndarray) -> np.ndarray:
        if not remove_drift:
            return rows**2
        return (rows - rows.mean(axis=0)) ** 2 * len(rows) / (len(rows) - 1)

    def diffusion(index: np.ndarray) -> float:
        return float(squared(displacement[index]).mean(axis=0) @ to_slope / 2)

    msd = squared(displacement).mean(axis=0)
    slope = float(msd @ to_slope)
    generator = np.random.default_rng(check_seed(seed))
    interval = bootstrap(
        (np.arange(trials),),
        diffusion,
        vectorized=False,
        n_resamples=resamples,
        confidence_level=level,
        method="BCa",
        rng=generator,
    ).confidence_interval
    return DiffusionEstimate(
        diffusion=slope / 2,
        confidence_interval=(float(interval.low), float(interval.high)),
        confidence_level=level,
        offset=float(msd.mean() - slope * lag.mean()),
        lag=lag,
        mean_squared_displacement=msd,
        num_trials=trials,
    )
