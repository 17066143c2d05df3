"""wmtutor.units"""

import numpy as np
import pytest

from wmtutor import units


def test_multiples_are_si():
    """If a multiple were off, every time or current in the book would be."""
    assert (units.second, units.ms, units.us) == (1.0, 1e-3, 1e-6)
    assert (units.volt, units.mV, units.uV) == (1.0, 1e-3, 1e-6)
    assert (units.amp, units.uA, units.nA, units.pA) == (1.0, 1e-6, 1e-9, 1e-12)
    assert (units.siemens, units.uS, units.nS) == (1.0, 1e-6, 1e-9)
    assert (units.farad, units.nF, units.pF) == (1.0, 1e-9, 1e-12)
    assert (units.Hz, units.kHz) == (1.0, 1e3)
    assert 200 * units.ms == 0.2


def test_agree_with_brian2():
    """If a value differed from Brian2's, code moved between the two would change its meaning."""
    brian2 = pytest.importorskip("brian2")
    for name in units.__all__:
        theirs = getattr(brian2, name, None)
        if theirs is not None:
            assert float(np.asarray(theirs)) == getattr(units, name), name


def test_brian2_quantities_pass_as_si():
    """If Brian2's 70*pA were not read as 7e-11, users of both would get other networks."""
    brian2 = pytest.importorskip("brian2")
    from wmtutor._validation import AMPERE, DEGREE, SECOND, check_quantity

    assert check_quantity("x", 70 * brian2.pA, AMPERE) == pytest.approx(70 * units.pA, rel=1e-12)
    with pytest.raises(ValueError, match=r"x=.*but x is in s"):
        check_quantity("x", 70 * brian2.pA, SECOND)
    with pytest.raises(ValueError, match=r"x=.*but x is in °"):
        check_quantity("x", 120 * brian2.ms, DEGREE)
    assert check_quantity("x", brian2.Quantity(120), DEGREE) == 120
