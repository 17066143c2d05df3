"""wmtutor.ring"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wmtutor import ring

angles = st.floats(-1e4, 1e4)


@given(angles)
def test_wrapped_angles_lie_in_the_half_open_circle(angle):
    """If 360 itself came out, the same direction would have two names."""
    wrapped = ring.wrap_degrees(angle)
    assert 0 <= wrapped < 360
    assert np.cos(np.deg2rad(wrapped)) == pytest.approx(np.cos(np.deg2rad(angle)), abs=1e-9)


@given(angles, angles)
def test_difference_and_distance(a, b):
    """If the long way round were taken, a cue at 350 decoded at 10 would be an error of 340."""
    difference = ring.signed_difference(a, b)
    assert -180 <= difference < 180
    assert ring.circular_distance(a, b) == pytest.approx(
        np.rad2deg(np.arccos(np.clip(np.cos(np.deg2rad(a - b)), -1, 1))), abs=1e-5
    )
    assert np.cos(np.deg2rad(b + difference - a)) == pytest.approx(1, abs=1e-9)


def test_preferred_angles_are_those_of_the_stimulus():
    """If decoding used bin centres, every decoded angle would be off by half a cell."""
    assert ring.preferred_angles(8).tolist() == [0, 45, 90, 135, 180, 225, 270, 315]
    assert ring.preferred_angles(1).tolist() == [0]


def test_circular_mean_at_the_wrap_around():
    """If the mean were linear, angles either side of 0 would average to 180."""
    assert ring.circular_mean([350, 20]) == pytest.approx(5)
    assert ring.circular_mean([359.5, 0.5]) == pytest.approx(0, abs=1e-9)


def test_circular_standard_deviation_against_its_closed_form():
    """If the spread were linear, it would explode at the wrap-around.

    Two directions d either side of the mean have a resultant of cos(d).
    """
    assert ring.circular_standard_deviation([345, 15]) == pytest.approx(
        np.rad2deg(np.sqrt(-2 * np.log(np.cos(np.deg2rad(15)))))
    )


def test_unwrap():
    """If a gap or a wrap broke the time course, drift would seem to jump by 360."""
    np.testing.assert_array_equal(
        ring.unwrap_degrees([350, np.nan, 10, 340]), [350, np.nan, 370, 340]
    )
    np.testing.assert_array_equal(
        ring.unwrap_degrees([[10, 350], [350, 10]]), [[10, -10], [350, 370]]
    )


@pytest.mark.parametrize("center", [0, 90, 200.5, 359])
@pytest.mark.parametrize("kappa", [0.5, 4.0])
def test_population_vector_against_the_von_mises_law(center, kappa):
    """If angle or strength were off, every decoded memory would be.

    For activity exp(kappa cos d) the strength is I1(kappa)/I0(kappa) (Mardia & Jupp 2000, 3.5.20).
    """
    from scipy.special import i0, i1

    d = np.deg2rad(ring.preferred_angles(512) - center)
    angle_deg, strength = ring.population_vector(np.exp(kappa * np.cos(d)))
    assert ring.circular_distance(angle_deg, center) < 1e-9
    assert strength == pytest.approx(i1(kappa) / i0(kappa), rel=1e-12)


def test_population_vector_of_several_rings():
    """If the axis were mixed up, rings would be decoded from each other's cells."""
    activity = np.array([[0, 3, 0, 0], [0, 0, 0, 2]])
    assert ring.population_vector(activity).angle_deg.tolist() == [90, 270]
    assert ring.population_vector(activity.T, axis=0).strength.tolist() == [1, 1]


@pytest.mark.filterwarnings("error")
def test_population_vector_without_direction():
    """If silence or balance decoded to some angle, noise would be reported as a memory."""
    silent = ring.population_vector([0, 0, 0])
    assert np.isnan(silent.angle_deg)
    assert np.isnan(silent.strength)
    balanced = ring.population_vector([1, 1, 1, 1])
    assert np.isnan(balanced.angle_deg)
    assert balanced.strength == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("activity", "message"),
    [([-1, 2], "negative"), ([np.nan, 1], "finite"), ([], "per cell"), (3, "per cell"),
     (["a"], "numbers"), ([True, False], "numbers")],
)  # fmt: skip
def test_population_vector_refuses(activity, message):
    """If these passed, an angle would be decoded from what is no activity."""
    with pytest.raises((TypeError, ValueError), match=rf"^activity: .*{message}"):
        ring.population_vector(activity)


@pytest.mark.parametrize(
    "function", [ring.wrap_degrees, ring.circular_mean, ring.unwrap_degrees,
                 ring.circular_standard_deviation]
)  # fmt: skip
@pytest.mark.parametrize("bad", ["90", True, [1, np.inf], [None], object()])
def test_angles_refused(function, bad):
    """If these passed, the error would come from inside NumPy and name no argument."""
    with pytest.raises((TypeError, ValueError), match=r"^angle_deg"):
        function(bad)
