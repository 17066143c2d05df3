"""wmtutor.flexible.parameters: the three formulas, and what they refuse."""

import math

import numpy as np
import pytest

from wmtutor.flexible import (
    NetworkParameters,
    firing_rate,
    ring_weight_profile,
    stimulus_profile,
)
from wmtutor.units import ms


def test_ring_profile_has_the_published_values():
    """If the profile were another, the rings would hold or lose memories that they should not."""
    w = ring_weight_profile(512)
    for k in (1, 17, 100, 255, 256, 400):
        c = math.cos(2 * math.pi * k / 512)
        expected = 0.28 + 2 * math.exp(c - 1) - 2 * math.exp(0.25 * (c - 1))
        assert w[k] == pytest.approx(expected, abs=1e-14)
    assert w[0] == 0
    assert w[1] == pytest.approx(0.28, abs=1e-3)
    assert w[256] == pytest.approx(-0.662, abs=5e-4)
    angle = np.arange(512) * 360 / 512
    # The weights turn negative between two cells.
    assert angle[np.flatnonzero(w < 0).min()] == pytest.approx(38.7, abs=0.05)
    np.testing.assert_array_equal(w[1:], w[:0:-1])


def test_self_excitation_is_the_profile_at_zero():
    """If the switch put another number on the diagonal, the control would be another network."""
    assert ring_weight_profile(64, self_excitation=True)[0] == pytest.approx(0.28)


def test_stimulus_has_the_published_values():
    """If the cue were higher or wider, a load would be easier than in the paper."""
    s_ext = stimulus_profile(0.0, 512)
    raw = np.array([10 * math.exp(-(k**2) / (2 * 16**2)) for k in range(-48, 49)])
    assert s_ext.max() == pytest.approx(9.22, abs=5e-3)
    assert s_ext.min() == pytest.approx(-0.781, abs=5e-4)
    np.testing.assert_allclose(s_ext[np.arange(-48, 49)], raw - raw.sum() / 512, rtol=0, atol=1e-12)
    assert np.unique(s_ext[49:464]).size == 1
    assert s_ext.sum() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("N", [1, 2, 7, 100, 512])
@pytest.mark.parametrize("cue_deg", [0, 90, 359.9, -20, 137.3])
def test_stimulus_is_centred_on_its_cue(N, cue_deg):
    """If the cue sat beside its cell, as in the public code, every error would be off by a cell."""
    s_ext = stimulus_profile(cue_deg, N)
    distance = np.abs((360 * np.arange(N) / N - cue_deg + 180) % 360 - 180)
    if distance.min() <= 33.75:  # else the cue reaches no cell
        assert distance[s_ext.argmax()] == pytest.approx(distance.min(), abs=1e-9)
    assert s_ext.sum() == pytest.approx(0, abs=1e-9)


def test_rate_has_the_published_values():
    """If the rate were off at one point of the curve, memories would be stronger or die sooner."""
    assert firing_rate(0.0) == pytest.approx(0.198, abs=5e-4)
    assert firing_rate(7.5) == pytest.approx(40.0)
    assert firing_rate(1e3) == pytest.approx(80.0)
    s = np.linspace(-20, 40, 25)
    expected = [0.4 * (1 + math.tanh(0.4 * x - 3)) / 0.010 for x in s]
    np.testing.assert_allclose(firing_rate(s), expected, rtol=1e-9, atol=1e-12)
    shifted = firing_rate(s, bias=2.0, tau=5 * ms)
    np.testing.assert_allclose(shifted, 2 * firing_rate(s + 2.0), rtol=1e-12)
    assert firing_rate(-400.0) > 0, "a rate that rounds to 0 has no logarithm to decode with"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("N_rings", 0, "N_rings=0"),
        ("N_sensory", 512.0, "write 512"),
        ("N_random", -1, "N_random=-1"),
        ("connection_probability", 35, "connection_probability=35"),
        ("connection_probability", -0.1, "must not be negative"),
        ("alpha", -1, "alpha=-1"),
        ("beta", math.nan, "beta=nan"),
        ("balance_ff", "full", "balance_ff='full'"),
        ("self_excitation", 1, "self_excitation=1"),
        ("ring_excit_kappa", -1, "ring_excit_kappa"),
    ],
)
def test_bad_network_parameters_are_named(name, value, says):
    """If a slip went through, a learner would study a network that nobody meant."""
    with pytest.raises((TypeError, ValueError), match=says):
        NetworkParameters(**{name: value})


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: firing_rate("a"), "s: expected numbers"),
        (lambda: firing_rate([1.0, math.inf]), "s: has values that are not finite"),
        (lambda: firing_rate(1.0, tau=0), "tau=0 s: must not be zero"),
        (lambda: firing_rate(1.0, tau=10), r"tau=10 s: did you mean 10\*ms"),
        (lambda: firing_rate(1.0, rate_slope=-1), "rate_slope=-1"),
        (lambda: stimulus_profile("north"), "cue_deg='north'"),
        (lambda: stimulus_profile(0, cutoff_deg=0), "cutoff_deg=0"),
        (lambda: ring_weight_profile(512.0), "write 512"),
    ],
)
def test_bad_input_of_the_formulas_is_named(call, says):
    """If a rate came out infinite or negative without a word, it would be drawn in a figure."""
    with pytest.raises((TypeError, ValueError), match=says):
        call()


def test_network_too_large_for_memory_is_refused():
    """If it were not, a typo in a size would take the machine down."""
    with pytest.raises(ValueError, match="choose fewer"):
        NetworkParameters(N_rings=100, N_sensory=10_000, N_random=10_000)
