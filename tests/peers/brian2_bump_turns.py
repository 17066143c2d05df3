"""The bump network in Brian2 for ``benchmark_bump.py``: one timed run, or a C++ program of its own.

``--wiring sums`` and ``--wiring course`` run the network of ``brian2_bump.py`` once, in Brian2's
Cython target. An FFT inside a ``network_operation`` is Python, which rules Brian2's C++ standalone
out for both. ``--standalone`` is the same network wired so that it can be one. The ring's circular
convolution goes through its Fourier modes: a Gaussian has few of them that are not zero to
rounding. One set of summed synapses forms the modes of the gates, another hands them back to the
cells. All stored connections are 0.6 million instead of 1.8 million.
"""

from __future__ import annotations

import argparse
import tempfile
import time

import brian2 as b2
import numpy as np
from brian2_bump import (
    _EXCITATORY,
    _INHIBITORY,
    G_EXCIT2EXCIT,
    G_EXCIT2INHIB,
    G_INHIB2EXCIT,
    G_INHIB2INHIB,
    PEER_PRESETS,
    Cue,
    _cue_cells,
    ring_kernel,
    run_brian2_bump,
)
from bump_statistics import run_statistics
from turns import answer, serve

N_EXCIT, N_INHIB, FACTOR, DT = 1024, 256, 2.0, 0.05e-3
CUE = Cue(120, 30, 0.06e-9, 0.1, 0.2)
PRESET = "neurodynex"


def figures(times_excit, cells_excit, times_inhib, cells_inhib, sim_time):
    return run_statistics(
        times_excit, cells_excit, times_inhib, cells_inhib, N_excitatory=N_EXCIT,
        N_inhibitory=N_INHIB, sim_time=sim_time, cue_end=CUE.start + CUE.duration,
    ) | {"spikes": len(times_excit) + len(times_inhib)}  # fmt: skip


def one_run(wiring, sim_time, seed):
    began = time.perf_counter()
    run = run_brian2_bump(
        PRESET, N_EXCIT, N_INHIB, FACTOR, cues=(CUE,), sim_time=sim_time, dt=DT, seed=seed,
        codegen_target="cython", wiring=wiring,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    return {"seconds": seconds} | figures(
        run.spike_step_excit * DT, run.spike_cell_excit,
        run.spike_step_inhib * DT, run.spike_cell_inhib, sim_time,
    )  # fmt: skip


def fourier_modes(kernel):
    """Rows of cosines and sines over the ring, and their weights in the drive."""
    N = len(kernel)
    spectrum = np.fft.rfft(kernel).real  # the kernel is even
    kept = np.flatnonzero(np.abs(spectrum) > 1e-15 * np.abs(spectrum).max())
    modes = kept[kept > 0]
    turns = 2 * np.pi * (np.outer(modes, np.arange(N)) % N) / N
    rows = np.concatenate([np.ones((1, N)), np.cos(turns), np.sin(turns)])
    each = np.where(2 * modes == N, 1, 2) * spectrum[modes] / N
    return rows, np.concatenate([[spectrum[0] / N], each, each])


class StandaloneBump:
    """The network as a C++ program; each trial runs it with another seed.

    ``seconds`` is the time of the steps alone, as the program itself measures it.
    """

    def __init__(self, folder, sim_time):
        self.sim_time = sim_time
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.defaultclock.dt = DT * b2.second
        p = PEER_PRESETS[PRESET]
        recurrent = FACTOR * p.conductance_scale * b2.siemens
        shared = {
            "E_leak": -70 * b2.mV, "E_AMPA": 0 * b2.mV, "E_GABA": -70 * b2.mV, "E_NMDA": 0 * b2.mV,
            "v_threshold": -50 * b2.mV, "v_reset": -60 * b2.mV, "tau_AMPA": p.tau_AMPA * b2.second,
            "tau_GABA": 10 * b2.ms, "block_voltage_scale": p.block_voltage_scale * b2.volt,
            "tau_s": p.tau_s * b2.second, "tau_x": p.tau_x * b2.second, "alpha": p.alpha * b2.hertz,
        }  # fmt: skip
        excit = b2.NeuronGroup(
            N_EXCIT, _EXCITATORY + "cue : amp (constant)", threshold="v > v_threshold",
            reset="v = v_reset; x += 1", refractory=2 * b2.ms, method="rk2", name="excit",
            namespace=shared | {
                "C_membrane": 0.5 * b2.nF, "g_leak": 25 * b2.nS, "g_external": 3.1 * b2.nS,
                "g_inhibition": G_INHIB2EXCIT * recurrent,
                "g_excitation": G_EXCIT2EXCIT * recurrent,
                # A nanosecond of slack: 0.1 + 0.2 is a hair above 0.3.
                "cue_start": (CUE.start - 1e-9) * b2.second,
                "cue_end": (CUE.start + CUE.duration - 1e-9) * b2.second,
            },
        )  # fmt: skip
        inhib = b2.NeuronGroup(
            N_INHIB, _INHIBITORY, threshold="v > v_threshold", reset="v = v_reset",
            refractory=1 * b2.ms, method="rk2", name="inhib",
            namespace=shared | {
                "C_membrane": 0.2 * b2.nF, "g_leak": 20 * b2.nS, "g_external": 2.38 * b2.nS,
                "g_inhibition": G_INHIB2INHIB * recurrent,
                "g_excitation": G_EXCIT2INHIB * p.excit2inhib_scale * recurrent,
            },
        )  # fmt: skip
        cue = np.zeros(N_EXCIT)
        cue[_cue_cells(CUE, N_EXCIT)] = CUE.strength
        excit.cue = cue * b2.amp
        excit.run_regularly(
            "I_stimulus = cue*int(t >= cue_start and t < cue_end)", dt=1 * b2.ms, when="start"
        )
        for group in (excit, inhib):
            group.v = "v_reset + rand()*(v_threshold - v_reset)"

        rows, weights = fourier_modes(
            ring_kernel(N_EXCIT, p.Jpos_excit2excit, p.sigma_weight_profile)
        )
        # Sums are formed just before their target group has its turn: the modes' first.
        modes = b2.NeuronGroup(len(rows), "total : 1", order=-2, name="modes")
        cell, mode = np.meshgrid(np.arange(N_EXCIT), np.arange(len(rows)), indexing="ij")
        cell, mode = cell.ravel(), mode.ravel()
        to_modes = b2.Synapses(
            excit, modes, "weight : 1\ntotal_post = weight*s_NMDA_pre : 1 (summed)", name="to_modes"
        )
        to_modes.connect(i=cell, j=mode)
        to_modes.weight = rows[mode, cell]
        to_cells = b2.Synapses(
            modes, excit, "weight : 1\ns_NMDA_total_post = weight*total_pre : 1 (summed)",
            name="to_cells",
        )  # fmt: skip
        to_cells.connect(i=mode, j=cell)
        to_cells.weight = weights[mode] * rows[mode, cell]
        # Mode 0 is the plain sum, which is what the inhibitory cells get.
        to_inhib = b2.Synapses(
            modes, inhib, "s_NMDA_total_post = total_pre : 1 (summed)", name="to_inhib"
        )
        to_inhib.connect(i=np.zeros(N_INHIB, int), j=np.arange(N_INHIB))
        inhibition = [
            b2.Synapses(inhib, target, on_pre="s_GABA_post += 1", name=f"inhib2{target.name}")
            for target in (excit, inhib)
        ]
        inhibition[0].connect()
        inhibition[1].connect(condition="i != j")

        self.monitors = [b2.SpikeMonitor(group) for group in (excit, inhib)]
        network = b2.Network(excit, inhib, modes, to_modes, to_cells, to_inhib, inhibition)
        network.add(self.monitors)
        for group in (excit, inhib):
            rate = p.poisson_firing_rate * b2.hertz
            network.add(b2.PoissonInput(group, "s_AMPA", N=1000, rate=rate, weight=1))
        b2.seed()  # drawn anew whenever the program runs
        network.run(sim_time * b2.second)
        b2.device.build(directory=folder, run=False)

    def trial(self):
        began = time.perf_counter()
        b2.device.run()
        whole = time.perf_counter() - began
        excit, inhib = ((np.array(m.t_), np.array(m.i)) for m in self.monitors)
        return {"seconds": float(b2.device._last_run_time), "whole_s": whole} | figures(
            *excit, *inhib, self.sim_time
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--wiring", choices=("sums", "course"), default="sums")
    parser.add_argument("--standalone", action="store_true")
    parser.add_argument("--sim-time", type=float, default=0.8, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.standalone:
        answer(one_run(arguments.wiring, arguments.sim_time, arguments.seed))
        return
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        program = StandaloneBump(folder, arguments.sim_time)
        serve(program.trial, {"set_up_s": time.perf_counter() - began})


if __name__ == "__main__":
    main()
