"""Angles on a ring, in one convention for both models.

Angles are degrees in [0, 360). Cell ``i`` of ``N`` prefers ``360 * i / N``, for stimulating and for
decoding alike. Directions have no beginning: 359 and 1 are two degrees apart, so means, differences
and spreads here go round the ring (Mardia & Jupp 2000, *Directional Statistics*).
"""

from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import check_count, check_numbers

__all__ = [
    "PopulationVector",
    "circular_distance",
    "circular_mean",
    "circular_standard_deviation",
    "population_vector",
    "preferred_angles",
    "signed_difference",
    "unwrap_degrees",
    "wrap_degrees",
]


class PopulationVector(NamedTuple):
    """Direction and length of the mean of the cells' preferred directions.

    Attributes
    ----------
    angle_deg : float or ndarray
        Direction in degrees, in [0, 360); NaN where there is none.
    strength : float or ndarray
        Length between 0 (activity spread evenly) and 1 (all activity at one angle).
    """

    angle_deg: Any
    strength: Any


def _as_angles(name: str, value: Any) -> np.ndarray:
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name}={value!r}: expected an angle in degrees, or an array of them")
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected angles in degrees, got elements of type {array.dtype}")
    if np.isinf(array).any():
        raise ValueError(f"{name}: has an infinite angle")
    return array.astype(float)


def preferred_angles(N: int) -> np.ndarray:
    """The preferred angle of each of ``N`` cells, ``360 * i / N`` degrees.

    Parameters
    ----------
    N : int
        Number of cells, at least 1.

    Returns
    -------
    ndarray of float, shape (N,)

    Examples
    --------
    >>> preferred_angles(4)
    array([  0.,  90., 180., 270.])
    """
    N = check_count("N", N)
    return 360.0 * np.arange(N) / N


def wrap_degrees(angle_deg: Any) -> Any:
    """An angle brought into [0, 360).

    Parameters
    ----------
    angle_deg : float or array_like
        Angles in degrees; NaN stays NaN.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> wrap_degrees([-10, 370])
    array([350.,  10.])
    """
    wrapped = np.mod(_as_angles("angle_deg", angle_deg), 360.0)
    # np.mod rounds -1e-20 up to 360 itself, which is outside the half-open interval.
    return np.where(wrapped >= 360.0, 0.0, wrapped)[()]


def signed_difference(angle_deg: Any, reference_deg: Any) -> Any:
    """The shortest way from ``reference_deg`` to ``angle_deg``, in [-180, 180).

    Parameters
    ----------
    angle_deg, reference_deg : float or array_like
        Angles in degrees, of shapes that broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> float(signed_difference(10, 350)), float(signed_difference(350, 10))
    (20.0, -20.0)
    """
    difference = _as_angles("angle_deg", angle_deg) - _as_angles("reference_deg", reference_deg)
    return wrap_degrees(difference + 180.0) - 180.0


def circular_distance(angle_deg: Any, reference_deg: Any) -> Any:
    """The distance between two angles on the ring, in [0, 180].

    Parameters
    ----------
    angle_deg, reference_deg : float or array_like
        Angles in degrees, of shapes that broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> float(circular_distance(350, 10))
    20.0
    """
    return np.abs(signed_difference(angle_deg, reference_deg))


def circular_mean(angle_deg: Any) -> float:
    """The mean direction of some angles, in [0, 360).

    Parameters
    ----------
    angle_deg : array_like
        Angles in degrees.

    Returns
    -------
    float
        NaN if there are no angles.

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> round(circular_mean([350, 20]), 6)
    5.0
    """
    from scipy.stats import circmean

    return float(wrap_degrees(circmean(_as_angles("angle_deg", angle_deg), high=360.0, low=0.0)))


def circular_standard_deviation(angle_deg: Any) -> float:
    """The circular standard deviation of some angles, in degrees: ``sqrt(-2 ln R)``.

    Parameters
    ----------
    angle_deg : array_like
        Angles in degrees.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> round(circular_standard_deviation([340, 20]), 2)
    20.21
    """
    from scipy.stats import circstd

    return float(circstd(_as_angles("angle_deg", angle_deg), high=360.0, low=0.0))


def unwrap_degrees(angle_deg: Any) -> np.ndarray:
    """A time course of angles without jumps at the wrap-around, along the last axis.

    Parameters
    ----------
    angle_deg : array_like
        Angles in degrees in time order; NaN marks a time without an angle and is passed over.

    Returns
    -------
    ndarray of float
        Starts where the input starts; neighbours are less than 180 degrees apart.

    Raises
    ------
    TypeError, ValueError
        For what is not a number, or infinite.

    Examples
    --------
    >>> unwrap_degrees([350, 10, 30])
    array([350., 370., 390.])
    """
    angles = np.atleast_1d(_as_angles("angle_deg", angle_deg))
    result = angles.copy()
    for row in np.ndindex(angles.shape[:-1]):
        known = np.isfinite(angles[row])
        result[row][known] = np.unwrap(angles[row][known], period=360.0)
    return result


def population_vector(activity: Any, axis: int = -1) -> PopulationVector:
    """Read an angle from the activity of a ring: the direction of the activity's mean vector.

    With activity ``a_i`` and preferred angles ``theta_i``, the vector is
    ``sum_i a_i exp(i theta_i) / sum_i a_i`` (Georgopoulos et al. 1986; Compte et al. 2000).

    Parameters
    ----------
    activity : array_like
        Spike counts or rates of all cells, none negative. Several rings at once are allowed.
    axis : int
        The axis that runs over the cells.

    Returns
    -------
    PopulationVector
        ``angle_deg`` and ``strength``; both NaN where there is no activity at all. The angle is NaN
        too where the vector vanishes (activity perfectly balanced).

    Raises
    ------
    TypeError
        For what is not an array of numbers.
    ValueError
        For negative or non-finite activity, or no cells.

    Examples
    --------
    >>> angle_deg, strength = population_vector([0, 2, 2, 0])
    >>> round(float(angle_deg), 6), round(float(strength), 3)
    (135.0, 0.707)
    """
    values = check_numbers("activity", activity)
    if values.ndim == 0 or values.shape[axis] == 0:
        raise ValueError(f"activity: expected one value per cell, got shape {values.shape}")
    values = np.moveaxis(values, axis, -1)
    if (values < 0).any():
        raise ValueError(
            f"activity: has the negative value {values.min():g}; spike counts and rates cannot be "
            f"negative. Subtract no baseline before decoding"
        )
    directions = np.exp(1j * np.deg2rad(preferred_angles(values.shape[-1])))
    total = values.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        vector = (values @ directions) / total
    strength = np.abs(vector)
    # Below this, the vector is the rounding error of a sum that cancels.
    direction_exists = strength > 1e-12
    angle_deg = np.where(direction_exists, wrap_degrees(np.rad2deg(np.angle(vector))), np.nan)
    return PopulationVector(angle_deg[()], np.minimum(strength, 1.0)[()])
