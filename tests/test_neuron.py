"""One cell by itself: the network's own cell, and closed forms that do not integrate.

The network (:mod:`wmtutor.bump.reference`) is tested against Brian2; here the single cell is held
to the network, on the input that the network's cells had.
"""

import dataclasses
import inspect

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from wmtutor.bump import PRESETS, simulate_wm
from wmtutor.bump.simulate import _ExternalInput
from wmtutor.neuron import gate_traces, magnesium_block, simulate_cell
from wmtutor.units import Hz, ms, mV, nA, nS, second

DT = 0.05 * ms
P = PRESETS["neurodynex"]


def external_spikes(seed, population, rate, steps):
    """The times of the external spikes that simulate_wm gives its only cell of a population."""
    seeds = np.random.SeedSequence(seed).spawn(6)
    pair = seeds[2:4] if population == "excit" else seeds[4:6]
    counts, _ = _ExternalInput(pair, 1, P.N_extern_poisson * rate * DT).draw(steps)
    return np.repeat(np.arange(steps), counts) * DT


@pytest.mark.parametrize("preset", PRESETS)
def test_cell_is_the_networks_cell(preset):
    """Otherwise the chapter on cells would explain another cell than the one in the network."""
    parameters = PRESETS[preset]
    seed, rate, steps = 5, 2.4 * Hz, 6000
    # One cell of each kind, with synapses so strong that each shapes the other's voltage.
    strengths = {"G_inhib2excit": 20 * nS, "G_excit2excit": 4 * nS, "G_excit2inhib": 3 * nS}
    run = simulate_wm(
        N_excitatory=1,
        N_inhibitory=1,
        poisson_firing_rate=rate,
        weight_scaling_factor=1.0,
        Jpos_excit2excit=1.0,
        sim_time=steps * DT,
        dt=DT,
        voltage_dt=DT,
        seed=seed,
        preset=preset,
        backend="numpy",
        **strengths,
    )
    spikes = {"excit": run.spike_monitor_excit.t, "inhib": run.spike_monitor_inhib.t}
    assert min(len(times) for times in spikes.values()) > 3
    factor = parameters.conductance_factor
    own = {
        "excit": {
            "spikes_GABA": spikes["inhib"],
            "g_GABA": strengths["G_inhib2excit"] * factor,
            "g_NMDA": strengths["G_excit2excit"] * factor,
        },
        "inhib": {"g_NMDA": strengths["G_excit2inhib"] * factor * parameters.excit2inhib_factor},
    }
    voltages = {"excit": run.voltage_monitor_excit.v[0], "inhib": run.voltage_monitor_inhib.v[0]}
    for population in ("excit", "inhib"):
        cell = simulate_cell(
            spikes_AMPA=external_spikes(seed, population, rate, steps),
            spikes_NMDA=spikes["excit"],
            **own[population],
            v_start=voltages[population][0],
            population=population,
            sim_time=steps * DT,
            preset=preset,
            dt=DT,
        )
        np.testing.assert_allclose(cell.v, voltages[population], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(cell.spike_times, spikes[population])


@pytest.mark.parametrize("population", ["excit", "inhib"])
def test_rate_at_constant_current(population):
    """T = t_ref + tau ln((v_inf - v_reset) / (v_inf - v_threshold)), from the membrane equation."""
    g_leak = getattr(P, f"g_leak_{population}")
    tau = getattr(P, f"C_{population}") / g_leak
    rheobase = g_leak * (P.v_threshold - P.E_leak)
    silent = simulate_cell(current=0.999 * rheobase, sim_time=1 * second, population=population)
    assert silent.spike_times.size == 0
    current = 1.3 * rheobase
    v_inf = P.E_leak + current / g_leak
    interval = getattr(P, f"t_refractory_{population}") + tau * np.log(
        (v_inf - P.v_reset) / (v_inf - P.v_threshold)
    )
    run = simulate_cell(current=current, sim_time=1 * second, population=population)
    # A spike is noticed up to one step late, and the refractory time counts from that step's start.
    intervals = np.diff(run.spike_times)
    assert intervals.size > 10
    assert (np.abs(intervals - interval) <= DT + 1e-6 * ms).all()


def test_membrane_relaxes_exponentially():
    run = simulate_cell(v_start=-50.001 * mV, sim_time=100 * ms, fires=False)
    exact = P.E_leak + (run.v[0] - P.E_leak) * np.exp(-run.t * P.g_leak_excit / P.C_excit)
    np.testing.assert_allclose(run.v, exact, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ["AMPA", "GABA"])
def test_constant_conductance_divides_the_voltage(kind):
    """With an open gate the membrane settles at the conductances' weighted mean of reversals."""
    frozen = dataclasses.replace(P, **{f"tau_{kind}": 1e6 * second})
    run = simulate_cell(
        **{f"spikes_{kind}": [0.0], f"g_{kind}": 5 * nS},
        preset=frozen, fires=False, sim_time=500 * ms,
    )  # fmt: skip
    reversal = getattr(P, f"E_{kind}")
    expected = (P.g_leak_excit * P.E_leak + 5 * nS * reversal) / (P.g_leak_excit + 5 * nS)
    assert run.v[-1] == pytest.approx(expected, abs=1e-6)


def test_without_a_threshold_the_cell_does_not_fire():
    run = simulate_cell(current=1 * nA, fires=False)
    assert run.spike_times.size == 0
    assert run.v.max() > P.v_threshold


def test_gates_after_one_spike():
    """Against exponentials and against SciPy's adaptive solver at a tight tolerance."""
    gates = gate_traces([10 * ms], sim_time=200 * ms, dt=0.01 * ms)
    after = gates.t > 10 * ms
    since = gates.t[after] - gates.t[after][0]
    for gate, tau in ((gates.AMPA, P.tau_AMPA), (gates.GABA, P.tau_GABA), (gates.x, P.tau_x)):
        assert not gate[~after].any()
        np.testing.assert_allclose(gate[after], np.exp(-since / tau), rtol=0, atol=1e-5)
    exact = solve_ivp(
        lambda t, s: -s / P.tau_NMDA + P.alpha_NMDA * np.exp(-t / P.tau_x) * (1 - s),
        (0, since[-1]), [0.0], t_eval=since, rtol=1e-9, atol=1e-11,
    ).y[0]  # fmt: skip
    np.testing.assert_allclose(gates.NMDA[after], exact, rtol=0, atol=1e-5)


def test_fast_gates_add_up_and_the_slow_one_saturates():
    one = gate_traces([0.0], sim_time=50 * ms)
    two = gate_traces([0.0, 0.0], sim_time=50 * ms)
    np.testing.assert_allclose(two.AMPA, 2 * one.AMPA)
    np.testing.assert_allclose(two.GABA, 2 * one.GABA)
    assert one.NMDA.max() < two.NMDA.max() < 1
    many = gate_traces(np.arange(0, 0.5, 1e-3), sim_time=500 * ms)
    assert 0.9 < many.NMDA.max() < 1
    assert many.GABA.max() > 5


def test_order_of_spikes_does_not_matter():
    times = np.array([30, 10, 20]) * ms
    np.testing.assert_array_equal(
        gate_traces(times, sim_time=50 * ms).NMDA,
        gate_traces(np.sort(times), sim_time=50 * ms).NMDA,
    )


def test_block():
    """By hand: exp(0.062 * 55) / 3.57 = 8.479 and exp(0.062 * 0.055) / 3.57 = 0.2811."""
    assert magnesium_block(-55 * mV, "compte2000") == pytest.approx(1 / 9.479, abs=1e-4)
    assert magnesium_block(-55 * mV, "neurodynex") == pytest.approx(1 / 1.2811, abs=1e-4)
    open_share = magnesium_block(np.linspace(-90, 40, 14) * mV, "compte2000")
    assert (np.diff(open_share) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"spikes_GABA": [1 * ms]}, ValueError, "g_GABA is not given"),
        ({"spikes_NMDA": [1 * ms]}, ValueError, "g_NMDA is not given"),
        ({"spikes_AMPA": [600 * ms]}, ValueError, "not before the end"),
        ({"spikes_AMPA": [-1 * ms]}, ValueError, "between"),
        ({"spikes_AMPA": ["a"]}, TypeError, "spikes_AMPA"),
        ({"current": 0.5}, ValueError, "0.5.nA"),
        ({"current": [0.1 * nA]}, ValueError, "expected 10000 values"),
        ({"population": "E"}, ValueError, "population"),
        ({"fires": 1}, TypeError, "fires"),
        ({"v_start": -70}, ValueError, "mV"),
        ({"sim_time": 5000}, ValueError, "sim_time"),
        ({"dt": 1 * ms}, ValueError, "dt"),
        ({"preset": "compte"}, ValueError, "preset"),
        ({"spikes_AMPA": [0.0], "g_AMPA": 3.1}, ValueError, "g_AMPA"),
    ],
)
def test_bad_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        simulate_cell(**arguments)


def test_unstable_step():
    with pytest.raises(FloatingPointError, match="choose a shorter dt"):
        simulate_cell(spikes_AMPA=[0.0], g_AMPA=9000 * nS, dt=0.5 * ms)


def test_block_refuses_millivolts_as_numbers():
    with pytest.raises(ValueError, match=r"-55 \* mV"):
        magnesium_block(-55)


def test_defaults_are_the_networks():
    """A reader compares this cell with the network's: both must mean the same by default."""
    cell, network = (inspect.signature(f).parameters for f in (simulate_cell, simulate_wm))
    for name in ("preset", "dt"):
        assert cell[name].default == network[name].default
