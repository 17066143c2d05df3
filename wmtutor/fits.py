"""What the field fits to reports from memory: precise answers and guesses, capacities, survival.

People in an experiment report what they remember, and models of memory are fitted to the reports.
These are the three that are met most often. Every interval is a bootstrap's (BCa, Efron 1987) over
units that are independent: trials or participants, and not the items that share one.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wmtutor._validation import (
    DEGREE,
    NUMBER,
    SECOND,
    check_choice,
    check_count,
    check_flag,
    check_numbers,
    check_quantity,
    check_seed,
    check_vector,
)
from wmtutor.experiments import Interval

__all__ = [
    "CapacityFit",
    "MixtureFit",
    "SurvivalFit",
    "concentration_to_sd",
    "cowan_capacity",
    "fit_capacity",
    "fit_mixture",
    "fit_survival",
    "mixture_density",
    "sd_to_concentration",
]

#: Circular standard deviations of answers that are considered, degrees.
_SD_DEG = (0.5, 120.0)
#: Fewer reports than this say nothing about a mixture.
_FEWEST = 10
#: Resamples times reports that are worked on at a time: these arrays are what takes memory.
_VALUES_AT_ONCE = 40_000


# ---------------------------------------------------------------------------------------------
# Intervals


def _limits(result: Any, level: float) -> np.ndarray:
    """The ends of a bootstrap's intervals: BCa, or percentiles where that is not defined."""
    ends = np.array(result.confidence_interval)
    plain = np.nanquantile(
        result.bootstrap_distribution, [(1 - level) / 2, (1 + level) / 2], axis=-1, method="nearest"
    )
    return np.where(np.isfinite(ends).all(axis=0), ends, plain)


def intervals_of_groups(
    estimate: Callable[[np.ndarray], np.ndarray],
    groups: int,
    level: float,
    resamples: int,
    seed: Any,
) -> list[Interval]:
    """BCa intervals of statistics of independent groups.

    ``estimate(counts)`` takes how often each group is drawn, shape (samples, groups), and returns
    the statistics, shape (samples, statistics). Where BCa is not defined (the statistic is the same
    in every resample, or infinite in some), the interval is that of the percentiles. At the edge of
    what is possible, such as a fraction of 0, a bootstrap's intervals are too narrow.
    """
    from scipy import stats

    whole = estimate(np.ones((1, groups)))[0]
    if groups < 2:
        return [Interval(float(value), math.nan, math.nan) for value in whole]

    def statistic(drawn: np.ndarray, axis: int) -> np.ndarray:
        flat = drawn.reshape(-1, drawn.shape[-1]).astype(np.int64)
        places = flat + groups * np.arange(len(flat))[:, None]
        counts = np.bincount(places.ravel(), minlength=groups * len(flat))
        values = estimate(counts.reshape(len(flat), groups).astype(float))
        return np.moveaxis(values.reshape(*drawn.shape[:-1], -1), -1, 0)

    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        # What cannot be had is dealt with below.
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (np.arange(groups),), statistic, confidence_level=level, n_resamples=resamples,
            vectorized=True, axis=-1, method="BCa", rng=np.random.default_rng(seed),
        )  # fmt: skip
        low, high = _limits(result, level)
    return [Interval(*map(float, row)) for row in zip(whole, low, high, strict=True)]


def _check_groups(groups: Any, n: int) -> np.ndarray:
    """The number, 0 and up, of the group of each value."""
    if groups is None:
        return np.arange(n)
    array = np.asarray(groups)
    if array.shape != (n,):
        raise ValueError(f"groups: expected one for each of the {n} values, got {array.shape}")
    return np.unique(array, return_inverse=True)[1]


# ---------------------------------------------------------------------------------------------
# Precise answers and guesses


def _mean_resultant(concentration: Any) -> Any:
    """``A = I1(kappa) / I0(kappa)``, the length of a von Mises distribution's mean vector."""
    from scipy.special import ive

    return ive(1, concentration) / ive(0, concentration)


def _concentration_of(length: np.ndarray) -> np.ndarray:
    """The kappa with ``A(kappa) = length``, within the range that is considered."""
    R = np.clip(length, *np.exp(-(np.deg2rad(_SD_DEG[::-1]) ** 2) / 2))
    kappa = R * (2 - R**2) / (1 - R**2)  # close already (Banerjee et al. 2005)
    for _ in range(4):
        A = _mean_resultant(kappa)
        kappa = kappa - (A - R) / (1 - A / kappa - A**2)
    return kappa


def concentration_to_sd(concentration: Any) -> Any:
    """The circular standard deviation of a von Mises distribution, ``sqrt(-2 ln(I1 / I0))``.

    Parameters
    ----------
    concentration : float or array_like
        kappa, above 0.

    Returns
    -------
    float or ndarray
        Degrees.

    Raises
    ------
    TypeError, ValueError
        For what is not a positive number.

    Examples
    --------
    >>> round(float(concentration_to_sd(10.0)), 2)
    18.61
    """
    kappa = check_numbers("concentration", concentration)
    if (kappa <= 0).any():
        raise ValueError(f"concentration={kappa.min():g}: must be above 0, which is a uniform law")
    return np.rad2deg(np.sqrt(-2 * np.log(_mean_resultant(kappa))))[()]


def sd_to_concentration(sd_deg: Any) -> Any:
    """The concentration of the von Mises distribution with a circular standard deviation.

    Parameters
    ----------
    sd_deg : float or array_like
        Degrees, 0.5 to 120.

    Returns
    -------
    float or ndarray
        kappa.

    Raises
    ------
    TypeError, ValueError
        For what is not such an angle.

    Examples
    --------
    >>> round(float(sd_to_concentration(18.61)), 2)
    10.0
    """
    sd = check_numbers("sd_deg", sd_deg)
    low, high = _SD_DEG
    if (sd < low).any() or (sd > high).any():
        wrong = sd[(sd < low) | (sd > high)].flat[0]
        raise ValueError(f"sd_deg={wrong:g}°: must be between {low:g}° and {high:g}°")
    return _concentration_of(np.exp(-(np.deg2rad(sd) ** 2) / 2))[()]


def mixture_density(
    error_deg: Any, guess_fraction: float, sd_deg: float, bias_deg: float = 0.0
) -> Any:
    """The density of errors when some answers are guesses and the others von Mises (per degree).

    ``p(e) = (1 - g) VM(e; mu, kappa) + g / 360`` (Zhang & Luck 2008).

    Parameters
    ----------
    error_deg : float or array_like
        Degrees.
    guess_fraction : float
        g, from 0 to 1.
    sd_deg : float
        Circular standard deviation of the answers that are no guesses, degrees.
    bias_deg : float
        Their mean mu, degrees.

    Returns
    -------
    float or ndarray
        Per degree.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> round(float(mixture_density(180.0, guess_fraction=0.36, sd_deg=20.0)), 6)
    0.001
    """
    from scipy.special import i0e

    error = check_numbers("error_deg", error_deg)
    g = check_quantity("guess_fraction", guess_fraction, NUMBER, high=1)
    mu = check_quantity("bias_deg", bias_deg, DEGREE, high=360, signed=True)
    kappa = sd_to_concentration(sd_deg)
    precise = np.exp(kappa * (np.cos(np.deg2rad(error - mu)) - 1)) / (360 * i0e(kappa))
    return ((1 - g) * precise + g / 360)[()]


@dataclass(frozen=True)
class MixtureFit:
    """What :func:`fit_mixture` returns.

    Attributes
    ----------
    guess_fraction : Interval
        Part of the reports that are spread evenly.
    swap_fraction : Interval
        Part of the reports that are about another item; 0 if none were given.
    sd_deg : Interval
        Circular standard deviation of the reports about an item, degrees.
    concentration : Interval
        Concentration kappa of the reports about an item; larger is narrower.
    bias_deg : Interval
        Mean of the reports about an item, degrees; 0 if it was not fitted.
    log_likelihood : float
        Natural logarithm of the density (per degree) of all reports together.
    aic : float
        Akaike's criterion of the mixture: smaller is better.
    aic_precise, aic_guesses : float
        The same for a von Mises distribution alone, and for guesses alone.
    reports, groups : int
        How many reports, and how many independent groups of them.
    """

    guess_fraction: Interval
    swap_fraction: Interval
    sd_deg: Interval
    concentration: Interval
    bias_deg: Interval
    log_likelihood: float
    aic: float
    aic_precise: float
    aic_guesses: float
    reports: int
    groups: int


class _Mixture:
    """Reports, and the mixture that makes them most likely, by expectation maximisation.

    A point is the guess fraction g, the swaps' part of the reports that are no guesses, kappa, and
    the bias in radians. Densities are relative to the uniform one.
    """

    def __init__(self, errors_deg: np.ndarray, others_deg: np.ndarray, bias: bool) -> None:
        self.bias = bias
        # The target is the first column; a missing item has no share.
        angles = np.deg2rad(np.column_stack([errors_deg, others_deg]))
        there = np.isfinite(angles)
        number = there[:, 1:].sum(axis=1, keepdims=True)
        self.has_others = there.shape[1] > 1
        self.share = there / np.maximum(np.where(np.arange(there.shape[1]), number, 1), 1)
        # A report without other items cannot be about one.
        self.swappable = number[:, 0] > 0
        # Contiguous, a row an item: these are gone through again and again.
        self.share = np.ascontiguousarray(self.share.T)
        self.cos, self.sin = (
            np.ascontiguousarray(np.where(there, f(np.where(there, angles, 0)), 0).T)
            for f in (np.cos, np.sin)
        )

    def fit(
        self, weights: np.ndarray, point: np.ndarray, tolerance: float, most: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The points (samples, 4) to which the given ones lead, and their log-likelihoods."""
        from scipy.special import i0e

        total = weights.sum(axis=1)
        for _ in range(most):
            g, s, kappa, mu = (column[:, None] for column in point.T)
            s = s * self.swappable
            parts = []
            for item, (share, cos, sin) in enumerate(
                zip(self.share, self.cos, self.sin, strict=True)
            ):
                if self.bias:
                    cos = cos * np.cos(mu) + sin * np.sin(mu)
                part = np.exp(kappa * (cos - 1))
                part *= (1 - g) / i0e(kappa)
                if self.has_others:
                    part *= s * share if item else 1 - s
                parts.append(part)
            density = np.maximum(sum(parts) + g, 1e-300)
            scaled = weights / density
            for part in parts:
                part *= scaled
            mass = np.array([part.sum(axis=1) for part in parts])
            about_items = np.maximum(mass.sum(axis=0), 1e-300)
            C, S = (sum(map(np.matmul, parts, values)) for values in (self.cos, self.sin))
            new = np.zeros_like(point)
            new[:, 0] = np.clip(1 - about_items / total, 0, 1)
            if self.has_others:
                can = sum(part @ self.swappable for part in parts)
                new[:, 1] = np.minimum(mass[1:].sum(axis=0) / np.maximum(can, 1e-300), 1)
            if self.bias:
                new[:, 3], C = np.arctan2(S, C), np.hypot(C, S)
            new[:, 2] = _concentration_of(C / about_items)
            change = np.abs(new - point)
            change[:, 2] /= point[:, 2]
            if change.max() < tolerance:
                break
            point = new
        return point, (weights * np.log(density)).sum(axis=1)


def fit_mixture(
    errors_deg: Any,
    *,
    groups: Any = None,
    nontarget_errors_deg: Any = None,
    bias: bool = False,
    level: float = 0.95,
    resamples: int = 999,
    seed: int | np.random.SeedSequence = 0,
) -> MixtureFit:
    """Fit reports as a mixture of precise answers and guesses, by maximum likelihood.

    ``p(e) = (1 - g) VM(e; mu, kappa) + g / 360`` (Zhang & Luck 2008). With the errors that each
    report would have if it were about another item, a part b of the reports may be about one of
    those (Bays, Catalao & Husain 2009):
    ``p(e) = (1 - g - b) VM(e; mu, kappa) + b mean_j VM(e_j; mu, kappa) + g / 360``.

    The mixture does not know what a guess is. It calls so whatever is spread evenly, and it cannot
    tell a broad peak from a narrow one with guesses beside it unless there are many reports.
    Compare ``aic`` with ``aic_precise`` and ``aic_guesses`` before believing in two kinds of
    report: if guesses alone are as good, nothing is known of the precise ones. Fractions that are
    estimated as 0 have intervals that are too narrow (the bootstrap cannot look beyond the edge);
    compare likelihoods with and without them.

    Parameters
    ----------
    errors_deg : array_like, shape (n,)
        Report minus target in degrees; whole turns do not matter.
    groups : array_like, shape (n,), optional
        The trial or participant of each report. Groups are drawn anew in the bootstrap, since the
        reports of one are not independent. By default each report is a group.
    nontarget_errors_deg : array_like, shape (n, m), optional
        Report minus each of the other items, NaN where there are fewer.
    bias : bool
        Whether to fit the mean mu, which is 0 otherwise.
    level : float
        Confidence level.
    resamples : int
        Bootstrap samples; 0 for no intervals.
    seed : int or SeedSequence
        Seed of the resampling.

    Returns
    -------
    MixtureFit

    Raises
    ------
    TypeError, ValueError
        For fewer than 10 reports, missing (NaN) or infinite ones, and bad values.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> errors = np.rad2deg(generator.vonmises(0, 8, size=400))
    >>> errors[:100] = generator.uniform(-180, 180, size=100)
    >>> fit = fit_mixture(errors, resamples=199)
    >>> [round(x, 2) for x in fit.guess_fraction], [round(x, 1) for x in fit.sd_deg]
    ([0.26, 0.21, 0.32], [20.5, 18.0, 23.3])
    """
    errors = check_vector("errors_deg", errors_deg, DEGREE)
    if errors.size < _FEWEST:
        raise ValueError(
            f"errors_deg: {errors.size} are too few to tell answers from guesses; give at least "
            f"{_FEWEST}"
        )
    n = errors.size
    others = np.zeros((n, 0))
    if nontarget_errors_deg is not None:
        others = np.asarray(nontarget_errors_deg)
        if others.dtype.kind not in "fiu":
            raise TypeError("nontarget_errors_deg: expected an array of numbers in degrees")
        others = others.astype(float)
        if others.ndim != 2 or len(others) != n:
            raise ValueError(
                f"nontarget_errors_deg: expected a row for each of the {n} reports, got shape "
                f"{others.shape}"
            )
        if np.isinf(others).any():
            raise ValueError("nontarget_errors_deg: has an infinite angle")
        others = others[:, np.isfinite(others).any(axis=0)]
    group = _check_groups(groups, n)
    bias = check_flag("bias", bias)
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    resamples = check_count("resamples", resamples, low=0, high=10**6)
    sequence = check_seed(seed)

    model = _Mixture(errors, others, bias)
    starts = np.array([
        (g, s, kappa, 0.0)
        for g in (0.05, 0.5) for s in ((0.1, 0.6) if model.has_others else (0.0,))
        for kappa in (1.5, 12.0, 100.0)
    ])  # fmt: skip
    ends, log_likelihoods = model.fit(np.ones((len(starts), n)), starts, 1e-9, 5000)
    best = ends[log_likelihoods.argmax()]
    precise = starts[:1] * [0, 0, 1, 1]
    alone = float(model.fit(np.ones((1, n)), precise, 1e-9, 5000)[1][0])
    uniform = -n * math.log(360)
    number = int(group.max()) + 1

    def estimate(counts: np.ndarray) -> np.ndarray:
        if (counts == 1).all():
            points = best[None]
        else:
            # From a little inside, as a fraction of 0 would stay there.
            first = best.copy()
            first[:2] = np.clip(best[:2], [0.02, 0.02 * model.has_others], [0.98, 0.9])
            rows = 1 + _VALUES_AT_ONCE // (n * others.shape[1] + n)
            chunks = np.array_split(counts, -(-len(counts) // rows))
            points = np.concatenate([
                model.fit(c[:, group], np.tile(first, (len(c), 1)), 1e-5, 500)[0] for c in chunks
            ])  # fmt: skip
        g, s, kappa, mu = points.T
        return np.column_stack([g, (1 - g) * s, concentration_to_sd(kappa), kappa, np.rad2deg(mu)])

    if resamples:
        intervals = intervals_of_groups(estimate, number, level, resamples, sequence)
    else:
        values = estimate(np.ones((1, number)))[0]
        intervals = [Interval(float(value), math.nan, math.nan) for value in values]
    log_likelihood = uniform + float(log_likelihoods.max())
    parameters = 2 + model.has_others + bias
    guess_fraction, swap_fraction, sd_deg, concentration, bias_deg = intervals
    return MixtureFit(
        guess_fraction,
        swap_fraction,
        sd_deg,
        concentration,
        bias_deg,
        log_likelihood=log_likelihood,
        aic=2 * parameters - 2 * log_likelihood,
        aic_precise=2 * (1 + bias) - 2 * (uniform + alone),
        aic_guesses=-2 * uniform,
        reports=n,
        groups=number,
    )


# ---------------------------------------------------------------------------------------------
# Capacity


@dataclass(frozen=True)
class CapacityFit:
    """What :func:`fit_capacity` returns.

    Attributes
    ----------
    model : str
        What was fitted.
    capacity : Interval
        Capacity K, a number of items.
    rms_error : float
        Root mean squared distance of the measured mean from the curve, over the loads; in items.
    load : ndarray of int, shape (loads,)
        Ascending.
    kept, predicted : ndarray of float, shape (loads,)
        Mean number kept, and the curve.
    """

    model: str
    capacity: Interval
    rms_error: float
    load: np.ndarray
    kept: np.ndarray
    predicted: np.ndarray


def _capacity_curves(model: str, load: np.ndarray, K: np.ndarray) -> np.ndarray:
    """Expected numbers kept, shape (capacities, loads)."""
    K = K[:, None]
    return np.minimum(load, K) if model == "slots" else -K * np.expm1(-load / K)


def _best_capacity(model: str, load: np.ndarray, trials: np.ndarray, kept: np.ndarray) -> Any:
    """Least squares over trials, for one or many sets of mean numbers kept (..., loads)."""
    if model == "plateau":
        return kept.max(axis=-1)
    largest = float(load.max())
    # Slots beyond the largest load cannot be counted; the smooth curve is then a straight line.
    K = np.linspace(0, largest, 2001)[1:]
    if model == "saturating":
        K = np.geomspace(largest / 1000, largest * 100, 4001)
    curves = _capacity_curves(model, load, K)
    loss = (trials * curves**2).sum(axis=1) - 2 * (kept * trials) @ curves.T
    at = loss.argmin(axis=-1)
    inside = np.clip(at, 1, len(K) - 2)
    # The bottom of the parabola through the best point and its neighbours.
    left, middle, right = (
        np.take_along_axis(loss, (inside + step)[..., None], -1)[..., 0] for step in (-1, 0, 1)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = np.where(at == inside, (left - right) / (2 * (left - 2 * middle + right)), 0.0)
    shift = np.nan_to_num(np.clip(shift, -1, 1))
    return np.interp(np.where(at == inside, inside + shift, at), np.arange(len(K)), K)


def fit_capacity(
    load: Any,
    kept: Any,
    model: str = "slots",
    *,
    level: float = 0.95,
    resamples: int = 1999,
    seed: int | np.random.SeedSequence = 0,
) -> CapacityFit:
    """The capacity K from the numbers kept at several loads.

    There is no one capacity: each model is a definition.

    - "slots": K slots, and an item in a slot is kept: ``min(load, K)`` on average (Luck & Vogel
      1997; Cowan 2001). The fraction kept is 1 up to K and K / load above.
    - "saturating": ``K (1 - exp(-load / K))``, which keeps nearly all of few items, and K of very
      many, without a corner. It is a curve, not a theory.
    - "plateau": the largest mean number kept at any load. No curve; it is a little too large, since
      the largest of several means is chosen.

    Curves are fitted by least squares over trials.

    Parameters
    ----------
    load : array_like of int, shape (trials,)
        Number of items of each trial, at least 1.
    kept : array_like of float, shape (trials,)
        How many of them were kept.
    model : {"slots", "saturating", "plateau"}
        What to fit.
    level : float
        Confidence level. Trials are drawn anew within each load.
    resamples : int
        Bootstrap samples.
    seed : int or SeedSequence
        Seed of the resampling.

    Returns
    -------
    CapacityFit

    Raises
    ------
    TypeError, ValueError
        For bad values, more kept than were there, or loads with a single trial.

    Examples
    --------
    >>> load = np.repeat([1, 2, 4, 6], 50)
    >>> kept = np.random.default_rng(1).binomial(load, np.minimum(1, 3 / load))
    >>> fit = fit_capacity(load, kept)
    >>> [round(x, 2) for x in fit.capacity]
    [3.08, 2.88, 3.27]
    """
    from scipy import stats

    items = check_vector("load", load, NUMBER, low=1)
    number = check_vector("kept", kept, NUMBER, length=items.size, low=0)
    if (items != np.round(items)).any():
        raise ValueError("load: expected whole numbers of items")
    if (number > items).any():
        worst = int(np.flatnonzero(number > items)[0])
        raise ValueError(
            f"kept[{worst}]={number[worst]:g}: more than the load {items[worst]:g}; pass the "
            f"number of cued items that were kept, without false alarms"
        )
    check_choice("model", model, ("slots", "saturating", "plateau"))
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    resamples = check_count("resamples", resamples, low=100, high=10**6)
    loads = np.unique(items)
    samples = [number[items == one] for one in loads]
    trials = np.array([len(sample) for sample in samples])
    if not loads.size or trials.min() < 2:
        raise ValueError("load: expected at least two trials at each load")

    def statistic(*drawn: np.ndarray, axis: int) -> Any:
        means = np.stack(np.broadcast_arrays(*[sample.mean(axis=axis) for sample in drawn]), -1)
        return _best_capacity(model, loads, trials, means)

    means = np.array([sample.mean() for sample in samples])
    K = float(_best_capacity(model, loads, trials, means))
    low = high = K
    if any(np.ptp(sample) for sample in samples):
        with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = stats.bootstrap(
                samples, statistic, confidence_level=level, n_resamples=resamples, vectorized=True,
                axis=-1, method="BCa", batch=500, rng=np.random.default_rng(check_seed(seed)),
            )  # fmt: skip
            low, high = map(float, _limits(result, level))
    predicted = (
        np.full(loads.size, K) if model == "plateau"
        else _capacity_curves(model, loads, np.array([K]))[0]
    )  # fmt: skip
    return CapacityFit(
        model,
        Interval(K, low, high),
        float(np.sqrt(np.mean((means - predicted) ** 2))),
        loads.astype(int),
        means,
        predicted,
    )


def cowan_capacity(load: Any, hit_fraction: Any, false_alarm_fraction: Any) -> Any:
    """Cowan's K, which takes false alarms off: ``load (hits - false alarms)``.

    With K slots and guesses as frequent for what was shown as for what was not, the fraction of
    hits is ``K / load + (1 - K / load) f`` and that of false alarms ``(1 - K / load) f``. Their
    difference is ``K / load``, whatever the rate f of guesses (Cowan 2001, for a single probe).

    Parameters
    ----------
    load : float or array_like
        Number of items.
    hit_fraction, false_alarm_fraction : float or array_like
        Of what was shown, and of what was not, from 0 to 1; NaN stays NaN.

    Returns
    -------
    float or ndarray

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> float(cowan_capacity(4, 0.75, 0.25))
    2.0
    """
    number = np.asarray(load)
    if number.dtype.kind not in "fiu" or (number < 0).any():
        raise ValueError(f"load={load!r}: expected numbers of items")
    fractions = []
    for name, value in (
        ("hit_fraction", hit_fraction), ("false_alarm_fraction", false_alarm_fraction)
    ):  # fmt: skip
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"{name}={value!r}: expected a fraction from 0 to 1")
        if ((array < 0) | (array > 1)).any():
            raise ValueError(f"{name}={value!r}: expected a fraction from 0 to 1, not percent")
        fractions.append(array)
    return (number * (fractions[0] - fractions[1]))[()]


# ---------------------------------------------------------------------------------------------
# Survival


@dataclass(frozen=True)
class SurvivalFit:
    """What :func:`fit_survival` returns.

    Attributes
    ----------
    half_life : Interval
        When half are lost according to the fit, seconds. It may lie far beyond what was observed.
    shape : Interval
        k of Weibull's law: at 1 the risk does not change with time, below 1 it falls.
    scale : Interval
        lambda, seconds.
    aic, aic_exponential : float
        Akaike's criterion of this law and of the exponential one (k = 1): smaller is better.
    largest_gap : float
        Largest distance of the fitted curve from the measured one (Kaplan & Meier 1958).
    losses, items, groups : int
        How many were lost, of how many, in how many independent groups.
    """

    half_life: Interval
    shape: Interval
    scale: Interval
    aic: float
    aic_exponential: float
    largest_gap: float
    losses: int
    items: int
    groups: int

    def survival(self, t: Any) -> Any:
        """The fraction that is left after a time in seconds, by the fit."""
        time = check_numbers("t", t)
        return np.exp(-((time / self.scale.estimate) ** self.shape.estimate))[()]


def fit_survival(
    duration: Any,
    lost: Any,
    *,
    groups: Any = None,
    level: float = 0.95,
    resamples: int = 999,
    seed: int | np.random.SeedSequence = 0,
) -> SurvivalFit:
    """Fit Weibull's law to how long memories lasted, by maximum likelihood.

    ``S(t) = exp(-(t / lambda)**k)``. Memories that were there to the end are taken for what they
    are: they lasted at least so long.

    Parameters
    ----------
    duration : array_like, shape (n,)
        Seconds, above 0: until the loss, or until the observation ended. Of losses seen at regular
        looks only, take the middle between two looks.
    lost : array_like of bool, shape (n,)
        Whether it was lost then; otherwise it was still there.
    groups : array_like, shape (n,), optional
        The trial of each memory. By default each is independent of all others.
    level : float
        Confidence level.
    resamples : int
        Bootstrap samples.
    seed : int or SeedSequence
        Seed of the resampling.

    Returns
    -------
    SurvivalFit

    Raises
    ------
    TypeError, ValueError
        For bad values, or fewer than 10 losses, which say little about a law.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> lasted = generator.exponential(2.0, size=300)
    >>> fit = fit_survival(np.minimum(lasted, 5), lasted < 5, resamples=199)
    >>> [round(x, 1) for x in fit.half_life], [round(x, 1) for x in fit.shape]
    ([1.4, 1.2, 1.5], [1.0, 0.9, 1.1])
    """
    from scipy import stats

    time = check_vector("duration", duration, SECOND, low=0)
    if (time <= 0).any():
        raise ValueError(
            "duration: has 0 s; it must be above 0. Of losses seen at looks, take the middle "
            "between two looks"
        )
    event = np.asarray(lost)
    if event.dtype != bool or event.shape != time.shape:
        raise TypeError(f"lost: expected True or False for each of the {time.size} durations")
    if event.sum() < _FEWEST:
        raise ValueError(
            f"lost: {int(event.sum())} losses are too few for a law; observe at least {_FEWEST}"
        )
    group = _check_groups(groups, time.size)
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    resamples = check_count("resamples", resamples, low=100, high=10**6)
    log_time = np.log(time)
    # Lengths in units of the longest, so that powers of them do not overflow.
    log_unit = float(log_time.max())

    def estimate(counts: np.ndarray) -> np.ndarray:
        weights = counts[:, group]
        losses = weights @ event
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_log = (weights @ (event * log_time)) / losses
            low, high = np.full(len(counts), -4.0), np.full(len(counts), 4.0)
            # The likelihood's slope in k changes sign once (the mean is over the losses):
            # sum t^k ln t / sum t^k - 1 / k - mean ln t.
            for _ in range(40):
                k = np.exp((low + high) / 2)
                powers = weights * np.exp(k[:, None] * (log_time - log_unit))
                slope = (powers @ log_time) / powers.sum(axis=1) - 1 / k - mean_log
                too_small = slope < 0
                low, high = (
                    np.where(too_small, np.log(k), low),
                    np.where(too_small, high, np.log(k)),
                )
            scale = np.exp(log_unit + np.log(powers.sum(axis=1) / losses) / k)
        return np.column_stack([scale * math.log(2) ** (1 / k), k, scale])

    number = int(group.max()) + 1
    half_life, shape, scale = intervals_of_groups(
        estimate, number, level, resamples, check_seed(seed)
    )

    def log_likelihood(k: float, unit: float) -> float:
        x = time / unit
        return float((event * (np.log(k / unit) + (k - 1) * np.log(x))).sum() - (x**k).sum())

    data = stats.CensoredData(uncensored=time[event], right=time[~event])
    curve = stats.ecdf(data).sf
    fitted = np.exp(-((curve.quantiles / scale.estimate) ** shape.estimate))
    # A step has two ends.
    before = np.concatenate([[1.0], curve.probabilities[:-1]])
    gap = np.maximum(abs(curve.probabilities - fitted), abs(before - fitted)).max()
    return SurvivalFit(
        half_life,
        shape,
        scale,
        aic=4 - 2 * log_likelihood(shape.estimate, scale.estimate),
        aic_exponential=2 - 2 * log_likelihood(1.0, time.sum() / event.sum()),
        largest_gap=float(gap),
        losses=int(event.sum()),
        items=time.size,
        groups=number,
    )
