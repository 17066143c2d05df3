"""wmtutor.bump.parameters"""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from wmtutor.bump import PRESETS, population_sizes, weight_profile
from wmtutor.units import mV


def test_weights_average_to_one_by_integration():
    """If J- were off, the profile would add excitation and the spontaneous state would be lost.

    The oracle integrates the continuous profile numerically instead of using the error function.
    """
    for sigma, J_plus in ((20, 1.6), (14.4, 1.62), (20, 2.3), (90, 1.2)):
        profile = weight_profile(3600, sigma, J_plus)
        bell, _ = quad(lambda d, s=sigma: np.exp(-(d**2) / (2 * s**2)), -180, 180, points=[0])
        far = np.exp(-0.5 * (180 / sigma) ** 2)
        J_minus = (profile[1800] - J_plus * far) / (1 - far)
        assert J_minus + (J_plus - J_minus) * bell / 360 == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("J_plus", "J_minus"), [(1.6, 0.903), (2.3, 0.790)])
def test_published_values(J_plus, J_minus):
    """If these differed, ours would not be the network that the course describes."""
    profile = weight_profile(1024, 20.0, J_plus)
    assert profile[0] == pytest.approx(J_plus)
    assert profile.argmax() == 0
    assert profile[512] == pytest.approx(J_minus, abs=5e-4)
    np.testing.assert_allclose(profile[1:], profile[:0:-1], rtol=1e-12)


def test_presets_are_the_three_in_use():
    """If a preset changed by accident, every comparison with the literature would be void."""
    assert list(PRESETS) == ["neurodynex", "neurodynex3", "compte2000"]
    block = {name: 1 / (1 + np.exp(55 * mV / p.nmda_block_voltage) / 3.57)
             for name, p in PRESETS.items()}  # fmt: skip
    assert block["neurodynex"] == pytest.approx(0.78, abs=0.005)  # the unit slip
    assert block["neurodynex3"] == pytest.approx(0.106, abs=0.0005)
    assert block["compte2000"] == block["neurodynex3"]
    with pytest.raises(TypeError):
        PRESETS["neurodynex"] = PRESETS["compte2000"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRESETS["neurodynex"].tau_NMDA = 1


@pytest.mark.parametrize("N", [1, 2, 5, 512, 1023, 2048])
def test_population_sizes_keep_the_total_weight(N):
    """If total recurrence changed with N, size and strength would be confounded."""
    sizes = population_sizes(N)
    assert sizes["N_excitatory"] * sizes["weight_scaling_factor"] == pytest.approx(2048)
    assert sizes["N_inhibitory"] >= 1
    assert abs(sizes["N_inhibitory"] - N / 4) <= 0.75


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"N": 0}, "N=0"),
        ({"N": 2.0}, r"N=2\.0"),
        ({"N": 8, "sigma_weight_profile": 0.35}, "did you mean 20"),
        ({"N": 8, "sigma_weight_profile": 0}, "sigma_weight_profile=0°: must not be zero"),
        ({"N": 8, "sigma_weight_profile": -20}, "must not be negative"),
        ({"N": 8, "Jpos_excit2excit": np.nan}, "Jpos_excit2excit=nan"),
        ({"N": 8, "Jpos_excit2excit": 16}, r"J-=.*at most 7\.18"),
    ],
)
def test_weight_profile_refuses(arguments, message):
    """If these passed, weights would be negative or meaningless."""
    with pytest.raises((TypeError, ValueError), match=message):
        weight_profile(**arguments)
