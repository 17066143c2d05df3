"""wmtutor._validation: what is let in, and what the errors say."""

import numpy as np
import pytest

from wmtutor._validation import (
    AMPERE,
    DEGREE,
    SECOND,
    check_count,
    check_indices,
    check_quantity,
    check_seed,
    check_vector,
    check_window,
)
from wmtutor.units import ms, nA


@pytest.mark.parametrize(
    "value", [0.2, np.float32(0.25), np.float64(0.2), np.array(0.2), 1, np.int64(1)]
)
def test_numbers_of_every_kind_pass(value):
    """If one of these were refused, ordinary NumPy code could not call the library."""
    assert check_quantity("x", value, SECOND) == float(value)


@pytest.mark.parametrize(
    "value",
    [True, np.True_, None, "0.2", b"1", 1j, [0.2], np.array([0.2]), {}, object(), np.array("a")],
)
def test_what_is_no_number_is_a_type_error(value):
    """If one of these passed, a run would start with an argument that means nothing."""
    with pytest.raises(TypeError, match=r"^x.*: expected a number in s"):
        check_quantity("x", value, SECOND)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite_is_refused(value):
    """If NaN passed, it would spread through the whole network silently."""
    with pytest.raises(ValueError, match="finite"):
        check_quantity("x", value, SECOND)


@pytest.mark.parametrize(
    ("value", "unit", "low", "high", "hint"),
    [
        (0.07, AMPERE, 1e-12, 10 * nA, r"did you mean 0\.07\*nA\?"),
        (800, SECOND, 1 * ms, 100, r"did you mean 800\*ms\?"),
        (0.35, DEGREE, 1, 360, r"in degrees, did you mean 20\.05"),
    ],
)
def test_slips_of_unit_are_named(value, unit, low, high, hint):
    """If the message did not name the fix, a student would not find the slip."""
    with pytest.raises(ValueError, match=hint) as error:
        check_quantity("argument", value, unit, low=low, high=high)
    assert str(error.value).startswith(f"argument={value:g}")


def test_indices():
    """If a cell that does not exist were let in, it would wrap round to another cell."""
    assert check_indices("i", [0, 3], 4).tolist() == [0, 3]
    assert check_indices("i", 2, 4).tolist() == [2]
    assert check_indices("i", [], 4).tolist() == []
    for bad in ([4], [-1], [0.5], [[0, 1]], "ab", True, [True], [[0], [1, 2]]):
        with pytest.raises((TypeError, ValueError), match=r"^i"):
            check_indices("i", bad, 4)


def test_counts():
    """If 1.5 cells or True cells were let in, sizes would be rounded silently."""
    assert check_count("n", np.int32(3)) == 3
    with pytest.raises(TypeError, match=r"n=3\.0.*write 3"):
        check_count("n", 3.0)
    for bad in (True, "3", None, [3], 0, -1, np.array([3])):
        with pytest.raises((TypeError, ValueError), match=r"^n"):
            check_count("n", bad)


def test_vectors():
    """If a ragged, nested or non-finite list passed, it would fail deep inside with no name."""
    assert check_vector("v", [1, 2]).tolist() == [1.0, 2.0]
    for bad in ("ab", 3, [[1, 2]], [1, np.nan], [1, "a"], [[1], [1, 2]], (x for x in [1]), {1: 2}):
        with pytest.raises((TypeError, ValueError), match=r"^v"):
            check_vector("v", bad)
    with pytest.raises(ValueError, match="expected 3 values, got 2"):
        check_vector("v", [1, 2], length=3)


def test_windows():
    """If an empty window passed, a rate of 0 Hz would be reported for it."""
    assert check_window(None, None, 0.8) == (0.0, 0.8)
    assert check_window(0.1, 0.8, 0.8) == (0.1, 0.8)
    with pytest.raises(ValueError, match=r"t_min=.*empty"):
        check_window(0.4, 0.4, 0.8)
    with pytest.raises(ValueError, match=r"t_min=400 s: did you mean 400\*ms"):
        check_window(400, 500, 0.8)


def test_seed_sequences_are_not_used_up():
    """If the caller's own sequence were spawned from, a second call with it would differ."""
    mine = np.random.SeedSequence(5)
    first, second = (check_seed(mine).spawn(1)[0].generate_state(2) for _ in range(2))
    assert (first == second).all()
    assert mine.n_children_spawned == 0
    for bad in (-1, 1.5, "1", True):
        with pytest.raises((TypeError, ValueError), match=r"^seed"):
            check_seed(bad)
