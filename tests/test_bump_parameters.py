"""wmtutor.bump.parameters"""

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from wmtutor.bump import PRESETS, draw_leak_potentials, population_sizes, weight_profile
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


def test_frozen_leak_potentials():
    """If a network could not be drawn again, or scaled, its drift field could not be checked.

    Bounds on mean and standard deviation are 5 standard errors, exact for the seed.
    """
    cells = 4000
    drawn = draw_leak_potentials(cells, 1 * mV, seed=5)
    np.testing.assert_array_equal(drawn, draw_leak_potentials(cells, 1 * mV, seed=5))
    twice = draw_leak_potentials(cells, 2 * mV, seed=5, mean=-65 * mV)
    np.testing.assert_allclose(twice + 65 * mV, 2 * (drawn + 70 * mV), rtol=0, atol=1e-15)
    assert not np.array_equal(drawn, draw_leak_potentials(cells, 1 * mV, seed=6))
    assert (draw_leak_potentials(cells, 0, seed=5) == -70 * mV).all()
    assert drawn.mean() == pytest.approx(-70 * mV, abs=5 * mV / np.sqrt(cells))
    assert drawn.std() == pytest.approx(1 * mV, abs=5 * mV / np.sqrt(2 * cells))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("N_excitatory", 0), ("N_excitatory", 2.5), ("standard_deviation", 0.5),
        ("standard_deviation", -1e-3), ("standard_deviation", "1"), ("seed", None), ("seed", -1),
        ("mean", -70), ("mean", np.nan),
    ],
)  # fmt: skip
def test_bad_leak_potentials_are_named(name, value):
    """If one of these drew a network, a slip of a unit would look like a discovery."""
    arguments = {"N_excitatory": 8, "standard_deviation": 1 * mV, "seed": 1, name: value}
    with pytest.raises((TypeError, ValueError), match=name):
        draw_leak_potentials(**arguments)
