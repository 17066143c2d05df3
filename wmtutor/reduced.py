"""The bump as one particle on a circle: ``d theta = A(theta) dt + sqrt(2 D) dW``.

A bump is free to move along the ring, and every other change of its shape is pulled back. So its
place alone makes a model: noise gives diffusion ``D``, differences between cells give a drift
``A`` that depends on the place. :func:`shift_mode` calculates what a spike, or a lasting extra
input, of each cell does to the place; :func:`simulate_langevin` draws paths of the particle;
:func:`evolve_density` and :func:`stationary_density` solve for the density of many such paths.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    check_count,
    check_quantity,
    check_seed,
    check_vector,
)
from wmtutor.ring import population_vector
from wmtutor.units import ms

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = [
    "LangevinPaths",
    "ShiftMode",
    "drift_from_input",
    "evolve_density",
    "shift_mode",
    "simulate_langevin",
    "stationary_density",
]


class ShiftMode(NamedTuple):
    """What each cell can do to the place of a bump.

    Attributes
    ----------
    away_deg : ndarray of float, shape (N,)
        Preferred angle of the cells, counted from the bump's centre, -180 to 180 degrees.
    gates : ndarray of float, shape (N,)
        Mean share of open NMDA gates.
    kick_deg : ndarray of float, shape (N,)
        How far one extra spike of this cell moves the bump, degrees.
    push : ndarray of float, shape (N,)
        Velocity in deg/s that a unit of lasting extra drive to this cell gives the bump. A unit of
        drive is what one fully open presynaptic gate gives at a weight of 1.
    """

    away_deg: np.ndarray
    gates: np.ndarray
    kick_deg: np.ndarray
    push: np.ndarray


def shift_mode(
    rate: Any,
    weights: Any,
    *,
    tau_NMDA: float = 65 * ms,
    step_NMDA: float = 0.61,
    modes: int = 16,
) -> ShiftMode:
    """Project what single cells do on the one direction in which a bump moves freely.

    The gates follow ``ds/dt = -s / tau + f (1 - s) r``, the rates ``r`` some function of the drive
    ``S = W s``. At the bump, write ``I' = W s'`` for the slope of the drive. A shift of the bump
    changes the gates by ``-s'``; the matching left eigenvector of the linearised network, which
    measures how far a small change moves the bump in the end, is ``tau (1 - s) I'``. It depends
    on the profile and the weights only: how steeply cells answer has cancelled out.

    A spike opens a share ``f (1 - s)`` of its cell's gates. A lasting extra drive ``h`` acts
    through the slope of the rate, ``I' = s' / (f tau (1 - s)^2 dr/dS)``, and projects to ``s' h``.

    Parameters
    ----------
    rate : array_like of float, shape (N,)
        Mean rate in Hz of each cell while the bump stays at one place.
    weights : array_like of float, shape (N,)
        Weight of cell 0 to each cell, symmetric, as from :func:`wmtutor.bump.weight_profile`. A
        constant added to all, such as inhibition of everybody, makes no difference.
    tau_NMDA : float
        Decay of the gates, seconds.
    step_NMDA : float
        ``f``, the share of shut gates that a spike opens: ``1 - exp(-alpha tau_x)``.
    modes : int
        Fourier modes of the rate that are kept. Finer detail is the noise of counting.

    Returns
    -------
    ShiftMode
        With the bump's centre at cell ``N // 2``.

    Raises
    ------
    TypeError, ValueError
        For bad values, and if the rates show no bump.

    Examples
    --------
    >>> from wmtutor.bump import weight_profile
    >>> from wmtutor.ring import preferred_angles
    >>> rate = 100 * np.exp((np.cos(np.deg2rad(preferred_angles(1024) - 180)) - 1) / 0.09)
    >>> mode = shift_mode(rate, weight_profile(1024, 20.0, 1.6))
    >>> right_flank = mode.away_deg == 45
    >>> mode.kick_deg[right_flank].round(2)
    array([0.17])

    A random (Poisson) bump would thus diffuse with D, in deg^2/s, of

    >>> float((0.5 * np.sum(rate * mode.kick_deg**2)).round(0))
    10.0
    """
    rate = check_vector("rate", rate, HERTZ, low=0, high=1000)
    if rate.size < 16:
        raise ValueError(f"rate: {rate.size} cells are too few for a bump; give at least 16")
    weights = check_vector("weights", weights, length=rate.size)
    if not np.allclose(weights[1:], weights[:0:-1]):
        raise ValueError("weights: must be the same to both sides, weights[d] == weights[N - d]")
    tau = check_quantity("tau_NMDA", tau_NMDA, SECOND, low=1 * ms, high=1, zero=False)
    f = check_quantity("step_NMDA", step_NMDA, NUMBER, low=1e-3, high=1, zero=False)
    modes = check_count("modes", modes, high=rate.size)
    center = population_vector(rate)
    if not center.strength > 0.1:
        raise ValueError(f"rate: shows no bump (strength {center.strength:.2f})")
    N = rate.size
    rate = np.roll(rate, N // 2 - round(float(center.angle_deg) / 360 * N))
    spectrum = np.fft.rfft(rate)
    spectrum[modes + 1 :] = 0
    rate = np.maximum(np.fft.irfft(spectrum, N), 0)
    gates = f * tau * rate / (1 + f * tau * rate)
    shut = 1 - gates
    slope = (np.roll(gates, -1) - np.roll(gates, 1)) / (2 * 360 / N)
    drive_slope = np.fft.irfft(np.fft.rfft(weights) * np.fft.rfft(slope), N)
    norm = np.sum(drive_slope * shut * slope)
    return ShiftMode(
        (np.arange(N) - N // 2) * 360 / N,
        gates,
        -f * drive_slope * shut**2 / norm,
        -slope / (tau * norm),
    )


def drift_from_input(mode: ShiftMode, drive: Any) -> np.ndarray:
    """The drift of a bump at each cell's place under a weak, uneven, lasting drive.

    Parameters
    ----------
    mode : ShiftMode
        From :func:`shift_mode`.
    drive : array_like of float, shape (N,)
        Extra drive to each cell, in units of one open gate at a weight of 1.

    Returns
    -------
    ndarray of float, shape (N,)
        Velocity in deg/s of a bump centred at 0, 360/N, ... degrees.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    A bump climbs to where cells are driven more:

    >>> from wmtutor.bump import weight_profile
    >>> from wmtutor.ring import preferred_angles
    >>> angles = preferred_angles(360)
    >>> rate = 100 * np.exp((np.cos(np.deg2rad(angles)) - 1) / 0.09)
    >>> mode = shift_mode(rate, weight_profile(360, 20.0, 1.6))
    >>> drift = drift_from_input(mode, np.cos(np.deg2rad(angles - 90)))
    >>> bool(drift[60] > 0), bool(drift[120] < 0)
    (True, True)
    """
    if not isinstance(mode, ShiftMode):
        raise TypeError(f"mode: expected a ShiftMode, got {type(mode).__name__}")
    N = mode.push.size
    drive = check_vector("drive", drive, length=N)
    from_center = np.roll(mode.push, -(N // 2))
    return np.fft.irfft(np.fft.rfft(drive) * np.fft.rfft(from_center).conj(), N)


def _check_drift(drift: Any, places: int | None = None) -> np.ndarray:
    """One velocity for each of the places; a number stands for the same everywhere."""
    if np.ndim(drift) == 0:
        value = check_quantity("drift", drift, NUMBER, high=1e5, signed=True)
        return np.full(places or 1, value)
    return check_vector("drift", drift, length=places, low=-1e5, high=1e5)


def _check_diffusion(D: Any, low: float) -> float:
    return check_quantity("D", D, NUMBER, low=low, high=1e5, zero=low == 0)


class LangevinPaths(NamedTuple):
    """Paths of a particle on the ring.

    Attributes
    ----------
    t : ndarray of float, shape (steps + 1,)
        Seconds, from 0.
    theta_deg : ndarray of float, shape (trials, steps + 1)
        Angles in degrees, not wrapped: a full turn to the right ends at 360.
    """

    t: np.ndarray
    theta_deg: np.ndarray


def simulate_langevin(
    theta0_deg: Any,
    drift: Any,
    D: float,
    duration: float,
    dt: float = 10 * ms,
    trials: int | None = None,
    seed: Any = None,
) -> LangevinPaths:
    """Draw paths of ``d theta = A(theta) dt + sqrt(2 D) dW`` on the ring.

    In each step the particle moves by ``A dt`` and by a normal random number of variance ``2 D dt``
    (Euler and Maruyama's scheme, exact where the drift is constant).

    Parameters
    ----------
    theta0_deg : float or array_like of float, shape (trials,)
        Where the paths start, degrees.
    drift : float or array_like of float, shape (places,)
        ``A`` in deg/s: one number, or values at 0, 360/places, ... degrees, between which it is
        interpolated.
    D : float
        Diffusion coefficient, deg^2/s; may be 0.
    duration, dt : float
        Length of the paths and of a step, seconds. The step is shortened a little if the duration
        is not a multiple of it.
    trials : int, optional
        Number of paths. By default one for each ``theta0_deg``.
    seed : None, int or numpy.random.SeedSequence
        Seed of the noise.

    Returns
    -------
    LangevinPaths

    Raises
    ------
    TypeError, ValueError
        For bad values; for a drift so steep that a step of ``dt`` would overshoot its zeros.

    Examples
    --------
    >>> paths = simulate_langevin(180, 0, D=8.0, duration=3.0, trials=2000, seed=1)
    >>> paths.theta_deg.shape
    (2000, 301)
    >>> bool(abs(paths.theta_deg[:, -1].var() / (2 * 8.0 * 3.0) - 1) < 0.1)
    True
    """
    if np.ndim(theta0_deg) == 0:
        count = 1 if trials is None else check_count("trials", trials)
        start = np.full(
            count, check_quantity("theta0_deg", theta0_deg, DEGREE, high=1e5, signed=True)
        )
    else:
        start = check_vector("theta0_deg", theta0_deg, DEGREE, low=-1e5, high=1e5)
        count = start.size
        if trials is not None and check_count("trials", trials) != count:
            raise ValueError(f"trials={trials}, but theta0_deg has {count} values; leave one out")
        if not count:
            raise ValueError("theta0_deg: is empty; give at least one angle")
    table = _check_drift(drift)
    if table.size < 1:
        raise ValueError("drift: is empty; give a number or a value for each place")
    D = _check_diffusion(D, 0.0)
    duration = check_quantity("duration", duration, SECOND, low=1 * ms, high=1e4, zero=False)
    dt = check_quantity("dt", dt, SECOND, low=1e-6, high=duration, zero=False)
    steps = int(np.ceil(duration / dt - 1e-9))
    if steps * count > 10**8:
        raise ValueError(
            f"duration={duration:g} s in steps of {SECOND.show(dt)} for {count} trials are more "
            "than 10^8 values; choose a longer dt or fewer trials"
        )
    dt = duration / steps
    places = table.size
    steepest = np.abs(np.diff(table, append=table[0])).max() * places / 360
    if steepest * dt > 0.5:
        raise ValueError(
            f"dt={SECOND.show(dt)}: too long for a drift that changes by {steepest:.3g} deg/s per "
            f"degree; choose at most {SECOND.show(0.5 / steepest)}"
        )
    generator = np.random.default_rng(check_seed(seed))
    theta = np.empty((steps + 1, count))
    theta[0] = start
    following = np.roll(table, -1)
    spread = np.sqrt(2 * D * dt)
    for step in range(steps):
        place = theta[step] * places / 360
        cell = np.floor(place).astype(np.int64)
        share = place - cell
        cell %= places
        velocity = (1 - share) * table[cell] + share * following[cell]
        theta[step + 1] = theta[step] + velocity * dt + spread * generator.standard_normal(count)
    return LangevinPaths(np.arange(steps + 1) * dt, np.ascontiguousarray(theta.T))


def _climb(drift: np.ndarray, D: float) -> np.ndarray:
    """By how much ``-U / D`` grows from each place to the next, where ``A = -dU/dtheta``."""
    return (drift + np.roll(drift, -1)) / 2 * (360 / drift.size) / D


def _flow(drift: np.ndarray, D: float, width: float) -> "csc_array":
    """The rates at which probability passes from each cell of the ring to its neighbours."""
    from scipy.sparse import csc_array

    at_border = (drift + np.roll(drift, -1)) / 2
    up = D / width**2 + at_border / (2 * width)
    down = D / width**2 - at_border / (2 * width)
    here = np.arange(drift.size)
    following = np.roll(here, -1)
    rows = np.concatenate([following, here, here, following])
    columns = np.concatenate([here, here, following, following])
    rates = np.concatenate([up, -up, down, -down])
    return csc_array((rates, (rows, columns)), shape=(drift.size, drift.size))


def evolve_density(density: Any, drift: Any, D: float, times: Any) -> np.ndarray:
    """Solve the Fokker-Planck equation ``dp/dt = -d(A p)/dtheta + D d2p/dtheta2`` on the ring.

    The ring is cut into cells. Through a border flows ``A p - D dp/dtheta``, with the mean of the
    two cells for ``p``; what leaves a cell enters its neighbour, so no probability is lost. Cells
    are made so narrow that diffusion across one outweighs drift, ``|A| width <= D``: this keeps
    densities positive. Time advances in implicit steps of third order (Alexander 1977), which damp
    what is too fast for them.

    Parameters
    ----------
    density : array_like of float, shape (places,)
        Density at the start, at 0, 360/places, ... degrees; it is scaled so that it sums to 1 over
        the ring (8 to 2000 places). Within a place it is taken to be even.
    drift : float or array_like of float, shape (places,)
        ``A`` in deg/s, everywhere or at each place, interpolated between them.
    D : float
        Diffusion coefficient, deg^2/s.
    times : array_like of float, shape (times,)
        When to give the density, seconds, ascending from 0 or later.

    Returns
    -------
    ndarray of float, shape (times, places)
        Density per degree, the mean over each place: a row times 360/places sums to 1.

    Raises
    ------
    TypeError, ValueError
        For bad values, and for a drift so strong or times so long that it would take very many
        cells or steps.

    Examples
    --------
    >>> density = np.zeros(360)
    >>> density[180] = 1  # a memory of 180 degrees
    >>> later = evolve_density(density, 0, D=8.0, times=[0, 1, 3])
    >>> (later @ (np.arange(360) - 180) ** 2).round(2)
    array([ 0., 16., 48.])
    """
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    start = check_vector("density", density, low=0)
    places = start.size
    if not 8 <= places <= 2000:
        raise ValueError(f"density: has {places} places; give 8 to 2000")
    if not start.sum() > 0:
        raise ValueError("density: is 0 everywhere; it must have some probability")
    drift = _check_drift(drift, places)
    D = _check_diffusion(D, 1e-3)
    times = check_vector("times", times, SECOND, low=0, high=1e5)
    if not times.size or (np.diff(times) < 0).any():
        raise ValueError("times: must be ascending, with at least one of them")
    fastest = float(np.abs(drift).max())
    steepest = float(np.abs(np.diff(drift, append=drift[0])).max() * places / 360)
    # An odd number of cells to a place, so that one of them is centred on it.
    parts = 2 * int(np.ceil((fastest * 360 / places / D - 1) / 2)) + 1 if fastest else 1
    parts = max(parts, 1)
    cells = parts * places
    width = 360 / cells
    # No step may carry the density further than a part of its own width at its narrowest.
    first = float(times[times > 0].min(initial=1e5))
    narrowest = np.sqrt(D / max(steepest, 1 / (2 * first)))
    longest = np.inf
    if fastest:
        longest = min(longest, 0.15 * narrowest / fastest)
    if steepest:
        longest = min(longest, 0.25 / steepest)
    if cells > 40_000 or times[-1] / longest > 200_000:
        raise ValueError(
            f"drift of up to {fastest:.3g} deg/s with D={D:g} deg^2/s for {times[-1]:g} s: would "
            "take too many cells or steps; choose a larger D, a gentler drift or a shorter time "
            "(stationary_density gives the end)"
        )
    cell_centers = (np.arange(cells) - parts // 2) * width
    fine = np.interp(cell_centers, np.arange(places) * 360 / places, drift, period=360)
    flow = _flow(fine, D, width)
    identity = eye_array(cells, format="csc")
    g = 0.4358665215084590  # of the stiffly accurate method of three stages
    b1, b2 = -(6 * g**2 - 16 * g + 1) / 4, (6 * g**2 - 20 * g + 5) / 4
    p = np.repeat(start / start.sum() / parts, parts)
    solvers: dict[float, Any] = {}
    rows = []
    for time, interval in zip(times, np.diff(times, prepend=0.0), strict=True):
        # What spreads freely changes the more slowly the older it is.
        limit = min(longest, max(time - interval, first) / 50)
        steps = int(np.ceil(interval / limit - 1e-9))
        if steps:
            step = round(float(interval / steps), 12)  # equal steps are equal but for rounding
            if step not in solvers:
                solvers[step] = splu(identity - g * step * flow)
            solve = solvers[step].solve
            for _ in range(steps):
                k1 = solve(flow @ p)
                k2 = solve(flow @ (p + step * (1 - g) / 2 * k1))
                k3 = solve(flow @ (p + step * (b1 * k1 + b2 * k2)))
                p = p + step * (b1 * k1 + b2 * k2 + g * k3)
        rows.append(p.reshape(places, parts).sum(axis=1) * places / 360)
    # The steps may leave a little below 0 far from where the density is.
    result = np.maximum(rows, 0)
    return result / (result.sum(axis=1, keepdims=True) * 360 / places)


def stationary_density(drift: Any, D: float) -> np.ndarray:
    """The density that the Fokker-Planck equation settles to.

    If the drift has mean 0 round the ring, it is the slope of a landscape, ``A = -dU/dtheta``, and
    the density is ``exp(-U / D)``. If not, a current goes round for ever, and the density is
    ``exp(-U(theta) / D)`` times the integral of ``exp(U / D)`` over one turn from ``theta``.

    Parameters
    ----------
    drift : array_like of float, shape (places,)
        ``A`` in deg/s at 0, 360/places, ... degrees (8 to 2000 places).
    D : float
        Diffusion coefficient, deg^2/s.

    Returns
    -------
    ndarray of float, shape (places,)
        Density per degree; times 360/places it sums to 1.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> angles = np.arange(360)
    >>> density = stationary_density(-2 * np.sin(np.deg2rad(4 * angles)), D=8.0)
    >>> np.flatnonzero(density > density.max() * (1 - 1e-9)).tolist()  # where bumps gather
    [0, 90, 180, 270]
    """
    from scipy.special import logsumexp

    drift = check_vector("drift", drift, low=-1e5, high=1e5)
    places = drift.size
    if not 8 <= places <= 2000:
        raise ValueError(f"drift: has {places} places; give 8 to 2000")
    climb = _climb(drift, _check_diffusion(D, 1e-3))
    # U / D along two turns; the logarithms, because exp(U / D) may be too large for a float.
    landscape = -np.concatenate([[0.0], np.cumsum(np.tile(climb, 2))])
    steep = np.abs(np.tile(climb, 2))
    safe = np.where(steep < 1e-9, 1.0, steep)
    # The integral of exp(U / D) over one cell, from its higher end downwards.
    cells = np.maximum(landscape[:-1], landscape[1:]) + np.where(
        steep < 1e-9, 0.0, np.log(-np.expm1(-safe) / safe)
    )
    turns = np.lib.stride_tricks.sliding_window_view(cells, places)[:places]
    logarithm = logsumexp(turns, axis=1) - landscape[:places]
    density = np.exp(logarithm - logarithm.max())
    return density / density.sum() * places / 360
