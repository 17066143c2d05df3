"""Hold published numbers against our own trials: reproduced, or not?

A published number is the mean of a few trials of somebody else, often rounded. Whether ours differs
is a question about samples: how often would as many trials of ours give a number as far off?
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import NUMBER, check_count, check_quantity, check_seed
from wmtutor.experiments import Interval

__all__ = ["Judgement", "judge"]

#: Called with columns of trials, each of shape (samples, trials); returns shape (samples,).
Statistic = Callable[[Mapping[str, np.ndarray]], np.ndarray]


class Judgement(NamedTuple):
    """Our own number beside a published one.

    Attributes
    ----------
    ours : Interval
        The statistic of our trials with its 95% confidence interval.
    chance : float
        How often as many of our trials as the published number stands on would give a value as far
        off, to either side.
    verdict : str
        "differs" if that chance is below the level, else "reproduced".
    """

    ours: Interval
    chance: float
    verdict: str


def judge(
    value: float,
    sample: Mapping[str, Any],
    statistic: Statistic,
    *,
    trials: int,
    rounding: float = 0.0,
    level: float = 0.01,
    resamples: int = 9999,
    seed: int | np.random.SeedSequence = 0,
) -> Judgement:
    """Judge whether our trials could have given a published number.

    Trials are drawn twice with replacement: first as many as we have, for what our own sample
    leaves open, and from those as many as the published number stands on. Samples whose statistic
    has no value (NaN), such as the strength of kept memories where none was kept, do not count.

    Parameters
    ----------
    value : float
        The published number.
    sample : mapping of str to array_like, each of shape (n,)
        Columns of our trials, which must be independent.
    statistic : callable
        Takes such a mapping of arrays of shape (samples, trials) and returns the number that was
        published, for each sample.
    trials : int
        How many trials the published number stands on.
    rounding : float
        Half a unit of its last digit.
    level : float
        Chance below which the verdict is "differs".
    resamples : int
        How many samples to draw.
    seed : int or SeedSequence
        Seed of the drawing.

    Returns
    -------
    Judgement

    Raises
    ------
    TypeError, ValueError
        For bad values, columns of different lengths, or fewer than two trials.

    Examples
    --------
    >>> kept = np.repeat([1.0, 0.0], [60, 40])
    >>> def fraction(columns):
    ...     return columns["kept"].mean(axis=-1)
    >>> judge(0.5, {"kept": kept}, fraction, trials=30).verdict
    'reproduced'
    >>> judge(0.1, {"kept": kept}, fraction, trials=30).verdict
    'differs'
    """
    from scipy import stats

    value = check_quantity("value", value, NUMBER, signed=True)
    rounding = check_quantity("rounding", rounding, NUMBER)
    level = check_quantity("level", level, NUMBER, low=1e-6, high=0.5, zero=False)
    trials = check_count("trials", trials)
    resamples = check_count("resamples", resamples, low=1000)
    if not isinstance(sample, Mapping) or not sample:
        raise TypeError("sample: expected a mapping of names to columns of trials")
    columns = {name: np.asarray(column) for name, column in sample.items()}
    lengths = {name: len(column) if column.ndim == 1 else -1 for name, column in columns.items()}
    n = next(iter(lengths.values()))
    if len(set(lengths.values())) > 1 or n < 2:
        raise ValueError(f"sample: expected columns of one length, at least 2, got {lengths}")
    generator = np.random.default_rng(check_seed(seed))

    def of_trials(index: np.ndarray) -> np.ndarray:
        return np.asarray(statistic({name: column[index] for name, column in columns.items()}))

    estimate = float(of_trials(np.arange(n)[None])[0])
    interval = (estimate, estimate)
    # Where all trials are alike, no resample differs, and BCa's correction is 0/0.
    if any(len(np.unique(column)) > 1 for column in columns.values()):
        interval = stats.bootstrap(
            (np.arange(n),), lambda index, axis: of_trials(index), vectorized=True, method="BCa",
            n_resamples=resamples, batch=1000, rng=generator,
        ).confidence_interval  # fmt: skip
    drawn = []
    for _ in range(0, resamples, 1000):
        ours = generator.integers(n, size=(1000, n))
        drawn.append(
            of_trials(np.take_along_axis(ours, generator.integers(n, size=(1000, trials)), axis=1))
        )
    values = np.concatenate(drawn)
    values = values[np.isfinite(values)]
    chance = 0.0
    if len(values):
        slack = rounding + 1e-9 * max(1.0, abs(value))
        below, above = np.mean(values <= value + slack), np.mean(values >= value - slack)
        chance = float(min(1.0, 2 * min(below, above)))
    verdict = "differs" if chance < level else "reproduced"
    return Judgement(Interval(estimate, float(interval[0]), float(interval[1])), chance, verdict)
