"""The bump-attractor network written a second time, in Brian2, to check the library against.

Nothing here comes from ``wmtutor``: the equations and every parameter are typed out again, so
that a slip in one of the two shows as a difference. Cell ``i`` of ``N`` prefers ``360 * i / N``
degrees.

Three ways to wire the network give the same dynamics:

``wiring="synapses"``
    One Brian2 ``Synapses`` object per pathway, every connection stored. Slow, obviously right.
``wiring="course"``
    As the course's code does it: E to E by FFT, the other pathways as stored ``Synapses``.
``wiring="sums"``
    The same sums without stored connections. E to E is a circular convolution (FFT), E to I a
    plain sum, and the number of inhibitory spikes of a step is added to everybody's ``s_GABA``
    in the slot in which Brian2 would deliver the synapses. Fast enough for 1024 cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import brian2 as b2
import numpy as np

__all__ = ["PEER_PRESETS", "Brian2BumpRun", "Cue", "ring_kernel", "run_brian2_bump"]


@dataclass(frozen=True)
class PeerPreset:
    """What differs between the three published parameter sets (SI units)."""

    block_voltage_scale: float  # the NMDA block divides v by this: 1 V (the slip) or 1 mV
    conductance_scale: float  # on all four recurrent conductances
    excit2inhib_scale: float  # on the E to I conductance, on top
    tau_AMPA: float
    tau_GABA: float
    tau_s: float
    tau_x: float
    alpha: float
    poisson_firing_rate: float
    Jpos_excit2excit: float
    sigma_weight_profile: float


PEER_PRESETS = {
    "neurodynex": PeerPreset(1.0, 0.35, 1.2, 1.8e-3, 10e-3, 65e-3, 1.88e-3, 500.0, 1.4, 1.6, 20.0),
    "neurodynex3": PeerPreset(1e-3, 1.0, 1.0, 1.8e-3, 10e-3, 65e-3, 1.88e-3, 500.0, 1.4, 1.6, 20.0),
    "compte2000": PeerPreset(1e-3, 1.0, 1.0, 2e-3, 10e-3, 100e-3, 2e-3, 500.0, 1.8, 1.62, 14.4),
}

G_EXCIT2EXCIT = 0.381e-9
G_EXCIT2INHIB = 0.292e-9
G_INHIB2EXCIT = 1.336e-9
G_INHIB2INHIB = 1.024e-9


class Cue(NamedTuple):
    """A current step into part of the ring (degrees, ampere, second)."""

    center_deg: float
    width_deg: float
    strength: float
    start: float
    duration: float


class Brian2BumpRun(NamedTuple):
    """Spikes as (step, cell) pairs in order of time; voltages as cells x steps, in volt."""

    spike_step_excit: np.ndarray
    spike_cell_excit: np.ndarray
    spike_step_inhib: np.ndarray
    spike_cell_inhib: np.ndarray
    voltage_excit: np.ndarray | None
    voltage_inhib: np.ndarray | None
    dt: float
    sim_time: float


def ring_kernel(N: int, Jpos: float, sigma_deg: float) -> np.ndarray:
    """Weight from a cell to one that lies ``k`` places further on, ``k = 0 .. N-1``."""
    q = math.sqrt(2 * math.pi) * sigma_deg * math.erf(180 / (math.sqrt(2) * sigma_deg)) / 360
    Jneg = (1 - Jpos * q) / (1 - q)
    places = np.arange(N)
    distance_deg = np.minimum(places, N - places) * 360.0 / N
    return Jneg + (Jpos - Jneg) * np.exp(-(distance_deg**2) / (2 * sigma_deg**2))


def _cue_cells(cue: Cue, N: int) -> np.ndarray:
    center = round(N / 360 * cue.center_deg)
    half_width = round(N / 360 * cue.width_deg / 2)
    # unique: a cue wider than the ring must not feed a cell twice
    return np.unique(np.arange(center - half_width, center + half_width + 1) % N)


_MEMBRANE = """
dv/dt = (-g_leak*(v - E_leak)
         - g_external*s_AMPA*(v - E_AMPA)
         - g_inhibition*s_GABA*(v - E_GABA)
         - g_excitation*s_NMDA_total*(v - E_NMDA)/(1 + exp(-0.062*v/block_voltage_scale)/3.57)
         {stimulus})/C_membrane : volt (unless refractory)
ds_AMPA/dt = -s_AMPA/tau_AMPA : 1
ds_GABA/dt = -s_GABA/tau_GABA : 1
s_NMDA_total : 1
"""

_EXCITATORY = (
    _MEMBRANE.format(stimulus="+ I_stimulus")
    + """
ds_NMDA/dt = -s_NMDA/tau_s + alpha*x*(1 - s_NMDA) : 1
dx/dt = -x/tau_x : 1
I_stimulus : amp
"""
)

_INHIBITORY = _MEMBRANE.format(stimulus="")


def run_brian2_bump(
    preset: str = "neurodynex",
    N_excitatory: int = 1024,
    N_inhibitory: int = 256,
    weight_scaling_factor: float = 2.0,
    *,
    cues: tuple[Cue, ...] = (),
    sim_time: float = 0.8,
    dt: float = 0.05e-3,
    seed: int = 0,
    poisson_firing_rate: float | None = None,
    N_extern_poisson: int = 1000,
    external_input: bool = True,
    external_spikes: tuple | None = None,
    initial_voltage_excit: np.ndarray | None = None,
    initial_voltage_inhib: np.ndarray | None = None,
    E_leak_excit: np.ndarray | None = None,
    g_leak_excit: np.ndarray | None = None,
    record_voltages: bool = False,
    wiring: str = "sums",
    codegen_target: str = "numpy",
) -> Brian2BumpRun:
    """Run the network once in Brian2; times in second, voltages in volt, rates in Hz.

    ``external_spikes`` replaces Brian2's own external input by given spikes: for E and for I the
    arrays (step, cell), a pair per spike. ``E_leak_excit`` and ``g_leak_excit`` give every E cell a
    leak of its own (volt, siemens).
    """
    if wiring not in ("sums", "course", "synapses"):
        raise ValueError(f"wiring is {wiring!r}; use 'sums', 'course' or 'synapses'")
    parameters = PEER_PRESETS[preset]
    rate = parameters.poisson_firing_rate if poisson_firing_rate is None else poisson_firing_rate
    recurrent = weight_scaling_factor * parameters.conductance_scale * b2.siemens

    b2.start_scope()
    b2.prefs.codegen.target = codegen_target
    b2.seed(seed)
    b2.defaultclock.dt = dt * b2.second

    shared = {
        "E_AMPA": 0 * b2.volt,
        "E_GABA": -70e-3 * b2.volt,
        "E_NMDA": 0 * b2.volt,
        "v_threshold": -50e-3 * b2.volt,
        "v_reset": -60e-3 * b2.volt,
        "tau_AMPA": parameters.tau_AMPA * b2.second,
        "tau_GABA": parameters.tau_GABA * b2.second,
        "block_voltage_scale": parameters.block_voltage_scale * b2.volt,
    }
    leaks, own_leaks = {}, ""
    if E_leak_excit is not None:
        leaks["E_leak"] = E_leak_excit * b2.volt
        own_leaks += "E_leak : volt (constant)\n"
    if g_leak_excit is not None:
        leaks["g_leak"] = g_leak_excit * b2.siemens
        own_leaks += "g_leak : siemens (constant)\n"
    of_all = {"E_leak": -70e-3 * b2.volt, "g_leak": 25e-9 * b2.siemens}
    excit = b2.NeuronGroup(
        N_excitatory,
        _EXCITATORY + own_leaks,
        threshold="v > v_threshold",
        reset="v = v_reset; x += 1",
        refractory=2e-3 * b2.second,
        method="rk2",
        name="excit",
        namespace=shared
        | {name: value for name, value in of_all.items() if name not in leaks}
        | {
            "C_membrane": 0.5e-9 * b2.farad,
            "g_external": 3.1e-9 * b2.siemens,
            "g_inhibition": G_INHIB2EXCIT * recurrent,
            "g_excitation": G_EXCIT2EXCIT * recurrent,
            "tau_s": parameters.tau_s * b2.second,
            "tau_x": parameters.tau_x * b2.second,
            "alpha": parameters.alpha * b2.hertz,
        },
    )
    inhib = b2.NeuronGroup(
        N_inhibitory,
        _INHIBITORY,
        threshold="v > v_threshold",
        reset="v = v_reset",
        refractory=1e-3 * b2.second,
        method="rk2",
        name="inhib",
        namespace=shared
        | {
            "C_membrane": 0.2e-9 * b2.farad,
            "E_leak": -70e-3 * b2.volt,
            "g_leak": 20e-9 * b2.siemens,
            "g_external": 2.38e-9 * b2.siemens,
            "g_inhibition": G_INHIB2INHIB * recurrent,
            "g_excitation": G_EXCIT2INHIB * parameters.excit2inhib_scale * recurrent,
        },
    )
    for name, leak in leaks.items():
        setattr(excit, name, leak)
    for group, initial_voltage in ((excit, initial_voltage_excit), (inhib, initial_voltage_inhib)):
        if initial_voltage is None:
            group.v = "v_reset + rand()*(v_threshold - v_reset)"
        else:
            group.v = np.asarray(initial_voltage) * b2.volt

    network = b2.Network(excit, inhib)
    if external_spikes is not None:
        for group, (steps, cells) in zip((excit, inhib), external_spikes, strict=True):
            network.add(_given_input(group, steps, cells))
    elif external_input:
        for group in (excit, inhib):
            network.add(
                b2.PoissonInput(group, "s_AMPA", N=N_extern_poisson, rate=rate * b2.hertz, weight=1)
            )

    kernel = ring_kernel(N_excitatory, parameters.Jpos_excit2excit, parameters.sigma_weight_profile)
    if wiring == "sums":
        network.add(_shared_sums(excit, inhib, kernel))
    elif wiring == "course":
        network.add(_sum_excitation(excit, inhib, kernel, into_inhib=False))
        network.add(_stored_connections(excit, inhib))
    else:
        network.add(_stored_ring(excit, kernel))
        network.add(_stored_connections(excit, inhib))
    if cues:
        network.add(_stimulus(excit, cues))

    spikes_excit = b2.SpikeMonitor(excit)
    spikes_inhib = b2.SpikeMonitor(inhib)
    network.add(spikes_excit, spikes_inhib)
    voltage_monitors = []
    if record_voltages:
        voltage_monitors = [b2.StateMonitor(group, "v", record=True) for group in (excit, inhib)]
        network.add(voltage_monitors)

    network.run(sim_time * b2.second)

    voltages = [np.array(monitor.v_) for monitor in voltage_monitors] or [None, None]
    return Brian2BumpRun(
        np.rint(np.asarray(spikes_excit.t_) / dt).astype(np.int64),
        np.array(spikes_excit.i, dtype=np.int64),
        np.rint(np.asarray(spikes_inhib.t_) / dt).astype(np.int64),
        np.array(spikes_inhib.i, dtype=np.int64),
        voltages[0],
        voltages[1],
        dt,
        sim_time,
    )


def _stored_ring(excit, kernel):
    """E to E as Brian2 synapses, every connection with its weight."""
    excit2excit = b2.Synapses(
        excit, excit, "weight : 1\ns_NMDA_total_post = weight*s_NMDA_pre : 1 (summed)"
    )
    excit2excit.connect()
    places_apart = (np.asarray(excit2excit.j) - np.asarray(excit2excit.i)) % len(kernel)
    excit2excit.weight = kernel[places_apart]
    return excit2excit


def _stored_connections(excit, inhib):
    """The other three pathways as Brian2 synapses."""
    excit2inhib = b2.Synapses(excit, inhib, "s_NMDA_total_post = s_NMDA_pre : 1 (summed)")
    excit2inhib.connect()
    inhib2excit = b2.Synapses(inhib, excit, on_pre="s_GABA_post += 1")
    inhib2excit.connect()
    inhib2inhib = b2.Synapses(inhib, inhib, on_pre="s_GABA_post += 1")
    inhib2inhib.connect(condition="i != j")
    return [excit2inhib, inhib2excit, inhib2inhib]


def _sum_excitation(excit, inhib, kernel, into_inhib):
    """E to E as a convolution and, if asked for, E to I as a plain sum."""
    N = len(kernel)
    kernel_spectrum = np.fft.rfft(kernel)

    # At run time Brian2 keeps one array per variable and hands out that array itself.
    s_NMDA = excit.variables["s_NMDA"].get_value()
    total_excit = excit.variables["s_NMDA_total"].get_value()
    total_inhib = inhib.variables["s_NMDA_total"].get_value()

    @b2.network_operation(when="start")
    def sum_excitation():
        # The kernel is even in the distance, so convolving equals summing over the presynaptic.
        total_excit[:] = np.fft.irfft(np.fft.rfft(s_NMDA) * kernel_spectrum, n=N)
        if into_inhib:
            total_inhib[:] = s_NMDA.sum()

    return sum_excitation


def _shared_sums(excit, inhib, kernel):
    """All sums formed once for all targets."""
    s_GABA_excit = excit.variables["s_GABA"].get_value()
    s_GABA_inhib = inhib.variables["s_GABA"].get_value()
    spikespace = inhib.variables["_spikespace"].get_value()

    @b2.network_operation(when="synapses")
    def deliver_inhibition():
        # Runs after the thresholds, so these are the spikes of this very step. One at a time,
        # because (s + 1) + 1 and s + 2 may differ in the last bit.
        for cell in spikespace[: spikespace[-1]]:
            own = s_GABA_inhib[cell]
            np.add(s_GABA_excit, 1.0, out=s_GABA_excit)
            np.add(s_GABA_inhib, 1.0, out=s_GABA_inhib)
            s_GABA_inhib[cell] = own

    return [_sum_excitation(excit, inhib, kernel, into_inhib=True), deliver_inhibition]


def _given_input(group, steps, cells):
    """Deliver given external spikes, in the slot of Brian2's own Poisson input."""
    order = np.argsort(steps, kind="stable")
    steps, cells = np.asarray(steps)[order], np.asarray(cells)[order]
    s_AMPA = group.variables["s_AMPA"].get_value()
    clock = group.clock

    @b2.network_operation(when="synapses")
    def deliver_external():
        now = int(clock.timestep_[:])
        first, last = np.searchsorted(steps, [now, now + 1])
        np.add.at(s_AMPA, cells[first:last], 1.0)  # a cell may get several

    return deliver_external


def _stimulus(excit, cues):
    """Look once per millisecond at which cues are on; overlapping cues add."""
    N = excit.N
    cells = [_cue_cells(cue, N) for cue in cues]
    milliseconds = b2.Clock(dt=1e-3 * b2.second)
    current = excit.variables["I_stimulus"].get_value()

    @b2.network_operation(clock=milliseconds, when="start")
    def set_stimulus():
        now = float(milliseconds.t_[:])
        current[:] = 0.0
        for cue, cue_cells in zip(cues, cells, strict=True):
            # A nanosecond of slack: 0.1 + 0.2 is a hair above 0.3.
            if cue.start - 1e-9 <= now < cue.start + cue.duration - 1e-9:
                current[cue_cells] += cue.strength

    return set_stimulus
