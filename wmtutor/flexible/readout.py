"""What a memory says: from rates and spikes of the rings to strengths, angles and counts.

Each function works on arrays alone, so that it can be tried on numbers typed by hand.
"""

from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import HERTZ, check_indices, check_numbers, check_quantity
from wmtutor.flexible.parameters import firing_rate, stimulus_profile
from wmtutor.ring import preferred_angles, signed_difference, wrap_degrees

__all__ = [
    "ActivityVector",
    "MemoryCounts",
    "activity_vector",
    "count_memories",
    "cue_error",
    "maximum_likelihood_angle",
    "memory_is_present",
]


class ActivityVector(NamedTuple):
    """Length and direction of a ring's activity.

    Attributes
    ----------
    strength : float or ndarray
        Length in Hz.
    angle_deg : float or ndarray
        Direction in degrees, in [0, 360); NaN where the length vanishes.
    """

    strength: Any
    angle_deg: Any


class MemoryCounts(NamedTuple):
    """How many memories were kept, lost and made up.

    Attributes
    ----------
    maintained : int or ndarray of int
        Rings that were cued and hold a memory.
    forgotten : int or ndarray of int
        Rings that were cued and hold none.
    spurious : int or ndarray of int
        Rings that were not cued and hold one.
    maintained_fraction, spurious_fraction : float or ndarray
        Of the cued rings, and of the rings that were not cued; NaN where there are none.
    """

    maintained: Any
    forgotten: Any
    spurious: Any
    maintained_fraction: Any
    spurious_fraction: Any


def activity_vector(rates: Any) -> ActivityVector:
    """The mean of the cells' preferred directions, each as long as the cell's rate.

    ``z = mean_k r_k exp(i theta_k)``, with ``r`` in Hz (Bouchacourt & Buschman 2019). Unlike
    :func:`wmtutor.ring.population_vector` it is not divided by the activity, so it tells a strong
    bump from a weak one.

    Parameters
    ----------
    rates : array_like, shape (..., N)
        Rates of the cells of a ring in Hz, along the last axis.

    Returns
    -------
    ActivityVector
        ``strength`` and ``angle_deg``, each of shape (...).

    Raises
    ------
    TypeError, ValueError
        For what is not an array of finite, non-negative numbers with at least one cell.

    Examples
    --------
    >>> strength, angle_deg = activity_vector([0.0, 40.0, 0.0, 0.0])
    >>> float(strength), float(angle_deg)
    (10.0, 90.0)
    """
    r = check_numbers("rates", rates)
    if r.ndim == 0 or r.shape[-1] == 0:
        raise ValueError(f"rates: expected one rate per cell, got shape {r.shape}")
    if (r < 0).any():
        raise ValueError(f"rates: has the negative rate {r.min():g} Hz")
    N = r.shape[-1]
    theta = np.deg2rad(preferred_angles(N))
    # One real product for all rings and times: a complex one converts the rates first.
    parts = r.reshape(-1, N) @ np.stack([np.cos(theta), np.sin(theta)], axis=1) / N
    z = (parts[:, 0] + 1j * parts[:, 1]).reshape(r.shape[:-1])
    strength = np.abs(z)
    # Below this, z is the rounding error of a sum that cancels.
    exists = strength > 1e-12 * r.mean(axis=-1)
    angle_deg = np.where(exists, wrap_degrees(np.rad2deg(np.angle(z))), np.nan)
    return ActivityVector(strength[()], angle_deg[()])


def memory_is_present(strength: Any, threshold: float = 3.0) -> Any:
    """Whether a ring holds a memory: its activity vector is longer than a threshold.

    Parameters
    ----------
    strength : float or array_like
        Lengths of activity vectors in Hz.
    threshold : float
        In Hz. The model's 3 Hz is just above the 2.90 Hz that a cue alone gives.

    Returns
    -------
    bool or ndarray of bool

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> memory_is_present([11.2, 0.1])
    array([ True, False])
    """
    threshold = check_quantity("threshold", threshold, HERTZ, high=1e4)
    return (check_numbers("strength", strength) > threshold)[()]


def count_memories(present: Any, cued_rings: Any) -> MemoryCounts:
    """Compare the rings that hold a memory with those that should.

    Parameters
    ----------
    present : array_like of bool, shape (N_rings,) or (N_rings, times)
        Which rings hold a memory.
    cued_rings : array_like of int
        The rings that were cued.

    Returns
    -------
    MemoryCounts
        Numbers, or arrays of shape (times,).

    Raises
    ------
    TypeError, ValueError
        For rings that do not exist or are listed twice, or ``present`` of the wrong kind.

    Examples
    --------
    >>> counts = count_memories([True, False, True, False], cued_rings=[0, 1])
    >>> counts.maintained, counts.forgotten, counts.spurious, counts.maintained_fraction
    (1, 1, 1, 0.5)
    """
    present = np.asarray(present)
    if present.dtype != bool:
        raise TypeError(f"present: expected True and False, got elements of type {present.dtype}")
    if present.ndim not in (1, 2):
        raise ValueError(f"present: expected one value per ring, got shape {present.shape}")
    rings = check_indices("cued_rings", cued_rings, present.shape[0], "ring")
    if np.unique(rings).size != rings.size:
        raise ValueError("cued_rings: a ring is listed twice")
    cued = np.zeros(present.shape[0], dtype=bool)
    cued[rings] = True
    maintained = present[cued].sum(axis=0)
    spurious = present[~cued].sum(axis=0)
    load, rest = int(cued.sum()), int((~cued).sum())
    of_load = maintained / load if load else np.full(present.shape[1:], np.nan)
    of_rest = spurious / rest if rest else np.full(present.shape[1:], np.nan)
    if present.ndim == 1:
        return MemoryCounts(
            int(maintained), load - int(maintained), int(spurious), float(of_load), float(of_rest)
        )
    return MemoryCounts(maintained, load - maintained, spurious, of_load, of_rest)


def cue_error(angle_deg: Any, cue_positions_deg: Any) -> Any:
    """How far a memory is from its cue, with a sign: positive towards larger angles.

    Parameters
    ----------
    angle_deg : float or array_like
        What the memory says, degrees; NaN stays NaN.
    cue_positions_deg : float or array_like
        Where the cue was, degrees.

    Returns
    -------
    float or ndarray
        In [-180, 180).

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> float(cue_error(5, 350))
    15.0
    """
    return signed_difference(angle_deg, cue_positions_deg)


def maximum_likelihood_angle(
    counts: Any,
    *,
    stimulus_strength: float = 10.0,
    stimulus_width_deg: float = 11.25,
    stimulus_cutoff_deg: float = 33.75,
    **rate_parameters: float,
) -> Any:
    """The cue position under which the spike counts of a ring are most likely.

    The tuning ``f_i(p)`` of cell ``i`` is its rate while a cue at ``p`` is the only input. Of
    Poisson spikes, ``p`` maximises ``sum_i n_i ln f_i(p)``; the sum of the rates is the same for
    all ``p``. Candidates for ``p`` are the cells' preferred angles (Bouchacourt & Buschman 2019).

    Parameters
    ----------
    counts : array_like of int, shape (..., N)
        Spikes of each cell of a ring, along the last axis.
    stimulus_strength, stimulus_width_deg, stimulus_cutoff_deg : float
        Shape of the cue; see :func:`stimulus_profile`.
    **rate_parameters
        Passed on to :func:`firing_rate`.

    Returns
    -------
    float or ndarray, shape (...)
        Degrees in [0, 360). NaN without spikes. Of equally likely positions the first.

    Raises
    ------
    TypeError, ValueError
        For what is not an array of non-negative numbers with at least one cell.

    Examples
    --------
    >>> counts = np.zeros(512, dtype=int)
    >>> counts[[126, 128, 130]] = 2
    >>> float(maximum_likelihood_angle(counts))
    90.0
    """
    n = check_numbers("counts", counts)
    if n.ndim == 0 or n.shape[-1] == 0:
        raise ValueError(f"counts: expected one count per cell, got shape {n.shape}")
    if (n < 0).any():
        raise ValueError(f"counts: has the negative count {n.min():g}")
    N = n.shape[-1]
    s_ext = stimulus_profile(
        0.0, N, strength=stimulus_strength, width_deg=stimulus_width_deg,
        cutoff_deg=stimulus_cutoff_deg,
    )  # fmt: skip
    tuning = firing_rate(s_ext, **rate_parameters)
    log_f = np.log(np.maximum(tuning, np.finfo(float).tiny))
    # sum_i n_i ln f(theta_i - p) for all p at once: a circular correlation.
    likelihood = np.fft.irfft(np.fft.rfft(n) * np.conj(np.fft.rfft(log_f)), n=N)
    # Positions that are equally likely differ by rounding: take the first of those.
    best = likelihood.max(axis=-1, keepdims=True)
    first = (likelihood >= best - 1e-9 * np.abs(best)).argmax(axis=-1)
    angle_deg = preferred_angles(N)[first]
    return np.where(n.sum(axis=-1) > 0, angle_deg, np.nan)[()]
