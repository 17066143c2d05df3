"""wmtutor.validation: verdicts on published numbers."""

import numpy as np
import pytest
from scipy import stats

from wmtutor.validation import judge


def mean(columns):
    return columns["x"].mean(axis=-1)


def test_chance_is_that_of_the_closed_form():
    """If the chance were another, claims would be called reproduced that are not.

    Means of 10 of 2000 normal values are normal with a variance of 1/10 + 1/2000. 20000 resamples
    have a standard error below 0.004, and our own sample's mean shifts all by less than 0.02.
    """
    x = np.random.default_rng(1).normal(0, 1, 2000)
    x = (x - x.mean()) / x.std()
    for value in (0.2, -0.5, 0.7):
        judgement = judge(value, {"x": x}, mean, trials=10, resamples=20000)
        expected = 2 * stats.norm.sf(abs(value) / np.sqrt(1 / 10 + 1 / 2000))
        assert judgement.chance == pytest.approx(expected, abs=0.02)
    assert judgement.ours.low == pytest.approx(-1.96 / np.sqrt(2000), rel=0.1)


def test_more_trials_behind_a_number_make_the_verdict_stricter():
    """If the size of the other sample did not count, three trials could refute anything."""
    x = np.random.default_rng(2).normal(10, 3, 400)
    verdicts = [judge(11.5, {"x": x}, mean, trials=size).verdict for size in (3, 300)]
    assert verdicts == ["reproduced", "differs"]


def test_rounding_is_allowed_for():
    """If rounding counted as a difference, exact agreement could differ."""
    x = np.random.default_rng(3).normal(0.604, 0.01, 200)
    near = {"trials": 200, "level": 0.01}
    assert judge(0.60, {"x": x}, mean, rounding=0.005, **near).verdict == "reproduced"
    assert judge(0.60, {"x": x}, mean, rounding=0.0, **near).verdict == "differs"


def test_trials_that_are_all_alike():
    """If a fraction of 1 had no interval, the surest of results would be missing."""
    always = judge(1.0, {"x": np.ones(50)}, mean, trials=3)
    assert always.ours == (1.0, 1.0, 1.0)
    assert always.verdict == "reproduced"
    assert judge(0.9, {"x": np.ones(50)}, mean, trials=3).verdict == "differs"


def test_columns_stay_together():
    """If columns were drawn apart, a trial's strengths would be weighed by another's counts."""
    count = np.array([0, 1, 2, 3] * 20, float)
    strength = np.where(count == 0, np.nan, 10 + count)

    def weighted(columns):
        total = np.nan_to_num(columns["strength"] * columns["count"]).sum(axis=-1)
        with np.errstate(invalid="ignore"):
            return total / columns["count"].sum(axis=-1)

    judgement = judge(12.3, {"count": count, "strength": strength}, weighted, trials=4)
    assert judgement.ours.estimate == pytest.approx((11 + 24 + 39) / 6)
    assert judgement.verdict == "reproduced"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": "a"}, "value"),
        ({"trials": 0}, "trials=0"),
        ({"sample": {"x": [1.0]}}, "sample"),
        ({"sample": {"x": [1.0, 2.0], "y": [1.0]}}, "one length"),
        ({"sample": [1.0]}, "sample"),
        ({"level": 2}, "level=2"),
    ],
)
def test_bad_arguments_are_named(change, says):
    """If a slip went through, a verdict would rest on it."""
    arguments = {"value": 1.0, "sample": {"x": [1.0, 2.0]}, "statistic": mean, "trials": 3}
    with pytest.raises((TypeError, ValueError), match=says):
        judge(**{**arguments, **change})
