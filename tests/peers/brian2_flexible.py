"""The flexible working-memory network a second time, in Brian2, to check the library against.

Nothing here comes from ``wmtutor``: the equations and every parameter are typed out again from
Bouchacourt & Buschman (2019), so that a slip in one of the two shows as a difference. Only the
table of zeros and ones that says who is connected is handed in. Cells are numbered through: cell
``k`` of ring ``r`` is ``r * N_sensory + k``, and the cells of the random layer follow. Cell ``k``
of ``N`` prefers ``360 * k / N`` degrees.

Two ways to wire the network give the same dynamics:

``wiring="all pairs"``
    As the authors' public script does it: a Brian2 synapse for every pair of sensory cells and for
    every pair of a sensory and a random cell, 25 million for the default network. A pair that is
    not connected has the weight that the balance gives it, or 0. Slow, obviously right.
``wiring="sparse"``
    A synapse for each real connection only, 5 million. The balance gives all cells of a layer one
    number for every spike of the other layer, so a decaying count of those spikes replaces it.

Two ways to decide who fires have the same law:

``threshold="direct"``
    A cell fires if ``rand() < rate * dt``.
``threshold="thinned"``
    A cell fires if ``rand() < largest_rate * dt`` and ``rand() < rate / largest_rate``. The rate is
    worked out only where the first holds, once in 125 times.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from typing import NamedTuple

import brian2 as b2
import numpy as np

__all__ = [
    "Brian2Flexible",
    "Brian2FlexibleRun",
    "Cue",
    "StandaloneFlexible",
    "cue_input",
    "random_mask",
    "ring_weights",
]


class Cue(NamedTuple):
    """A cue for one ring (degrees, seconds)."""

    ring: int
    position_deg: float
    start: float = 0.1
    duration: float = 0.1


class Brian2FlexibleRun(NamedTuple):
    """One trial.

    Spikes are (step, cell) in order of time. ``s`` is the input of every cell at ``test_time``, as
    the last step before it left it. ``seconds`` is how long the calls to Brian2's ``run`` took.
    """

    spike_step: np.ndarray
    spike_cell: np.ndarray
    s: np.ndarray
    rate: np.ndarray  # Hz, of every cell at test_time, with the cue if it is on
    seconds: float


def random_mask(seed, N_rings=8, N_sensory=512, N_random=1024, gamma=0.35):
    """A table of who is connected: booleans, sensory cells x random cells."""
    return np.random.default_rng(seed).random((N_rings * N_sensory, N_random)) < gamma


def ring_weights(N, self_excitation=False, baseline=0.28, excit=(2.0, 1.0), inhib=(2.0, 0.25)):
    """Weight from a cell to the one that lies ``k`` places further on, ``k = 0 .. N-1``."""
    weights = np.zeros(N)
    for k in range(N):
        near = math.cos(2 * math.pi * k / N) - 1
        weights[k] = (
            baseline + excit[0] * math.exp(excit[1] * near) - inhib[0] * math.exp(inhib[1] * near)
        )
    if not self_excitation:
        weights[0] = 0
    return weights


def cue_input(position_deg, N, strength=10.0):
    """Input of each cell of a ring while its cue is on.

    A Gaussian of 16 cells, cut at 48, of a ring of 512, or as much in degrees of another ring.
    """
    cells = (np.arange(N) - position_deg / 360 * N + N / 2) % N - N / 2
    cells = cells * 512 / N
    bump = strength * np.exp(-((cells / 16) ** 2) / 2) * (np.abs(cells) <= 48 + 1e-6)
    return bump - bump.sum() / N


class _FlexibleGroups:
    """The Brian2 objects of one network; everything has a name, so that Brian2 compiles once."""

    def __init__(
        self,
        mask,
        N_rings=8,
        N_sensory=512,
        *,
        alpha=2.1,
        beta=0.2,
        balance_ff=-1.0,
        balance_fb=-1.0,
        self_excitation=False,
        ring_baseline=0.28,
        ring_excit=(2.0, 1.0),
        ring_inhib=(2.0, 0.25),
        tau=10e-3,
        rate_amplitude=0.4,
        rate_slope=0.4,
        rate_offset=3.0,
        bias=0.0,
        stimulus_strength=10.0,
        dt=0.1e-3,
        wiring="sparse",
        threshold="direct",
        uniforms=None,
    ):
        if wiring not in ("sparse", "all pairs"):
            raise ValueError(f"wiring is {wiring!r}; use 'sparse' or 'all pairs'")
        if threshold not in ("direct", "thinned"):
            raise ValueError(f"threshold is {threshold!r}; use 'direct' or 'thinned'")
        mask = np.asarray(mask) != 0
        N_all, N_random = mask.shape
        if N_all != N_rings * N_sensory:
            raise ValueError(f"mask has {N_all} rows for {N_rings} rings of {N_sensory} cells")
        self.N_rings, self.N_sensory = N_rings, N_sensory
        self.N_all, self.N_random = N_all, N_random
        self.stimulus_strength, self.dt = stimulus_strength, dt
        b2.defaultclock.dt = dt * b2.second

        balanced = wiring == "sparse" and N_random > 0
        s_total = "(s + offset_weight*pool)" if balanced else "s"
        s_ext = "cue*int(t_in_timesteps >= cue_first and t_in_timesteps < cue_end)"
        rate = f"(amplitude*(1 + tanh(slope*({s_total} + {s_ext} + bias) - offset))/tau)"
        if uniforms is not None:
            # The numbers given are handed to the comparison in the place of fresh ones.
            condition = f"given_numbers(t, i) < {rate}*dt"
        elif threshold == "direct":
            condition = f"rand() < {rate}*dt"
        else:
            condition = f"rand() < 2*amplitude/tau*dt and rand() < {rate}*tau/(2*amplitude)"
        constants = {
            "tau": tau * b2.second,
            "amplitude": rate_amplitude,
            "slope": rate_slope,
            "offset": rate_offset,
            "bias": bias,
        }
        if uniforms is not None:
            constants["given_numbers"] = b2.TimedArray(
                np.ascontiguousarray(uniforms), dt * b2.second, name="given_numbers"
            )
        self.cells = b2.NeuronGroup(
            N_all + N_random,
            f"""
            ds/dt = -s/tau : 1
            s_now = {s_total} : 1
            rate = {rate} : Hz
            cue : 1
            cue_first : integer
            cue_end : integer
            """
            + ("offset_weight : 1 (constant)\npool : 1 (linked)" if balanced else ""),
            threshold=condition,
            method="exact",
            namespace=constants,
            name="cells",
        )
        self.monitor = b2.SpikeMonitor(self.cells, name="spikes")
        self.network = b2.Network(self.cells, self.monitor)

        # Weights of connected pairs, and what the balance gives to every pair.
        into_random, into_sensory = mask.sum(axis=0), mask.sum(axis=1)
        with np.errstate(divide="ignore"):
            # A cell that nothing projects to has nothing to balance.
            ff = np.where(into_random > 0, 1000 * alpha / into_random, 0)
            fb = np.where(into_sensory > 0, 1000 * beta / into_sensory, 0)
        ff_offset = balance_ff * (ff * into_random) / N_all
        fb_offset = balance_fb * (fb * into_sensory) / max(N_random, 1)

        profile = ring_weights(N_sensory, self_excitation, ring_baseline, ring_excit, ring_inhib)
        if wiring == "sparse":
            rings = np.arange(N_all).reshape(N_rings, N_sensory)
            pre = np.repeat(rings.ravel(), N_sensory)
            post = np.repeat(rings, N_sensory, axis=0).ravel()
            ring = profile[(post - pre) % N_sensory]
            if not self_excitation:
                others = pre != post
                pre, post, ring = pre[others], post[others], ring[others]
            i, j = np.nonzero(mask)
            self._connect(
                "connections",
                np.concatenate([pre, i, j + N_all]),
                np.concatenate([post, j + N_all, i]),
                np.concatenate([ring, ff[j], fb[i]]),
            )
            if balanced:
                self._balance(np.concatenate([fb_offset, ff_offset]), constants)
        else:
            every_sensory, every_random = np.arange(N_all), N_all + np.arange(N_random)
            same_ring = np.equal.outer(every_sensory // N_sensory, every_sensory // N_sensory)
            places = np.subtract.outer(-every_sensory, -every_sensory) % N_sensory  # post - pre
            self._connect_all(
                "rings", every_sensory, every_sensory, np.where(same_ring, profile[places], 0)
            )
            if N_random:
                weights = mask * ff + ff_offset
                self._connect_all("feedforward", every_sensory, every_random, weights)
                weights = (mask * fb[:, np.newaxis] + fb_offset[:, np.newaxis]).T
                self._connect_all("feedback", every_random, every_sensory, weights)

    def _connect(self, name, pre, post, weight):
        synapses = b2.Synapses(
            self.cells, self.cells, "weight : 1", on_pre="s_post += weight", name=name
        )
        synapses.connect(i=pre, j=post)
        synapses.weight = weight
        self.network.add(synapses)

    def _connect_all(self, name, pre, post, weights):
        self._connect(name, np.repeat(pre, len(post)), np.tile(post, len(pre)), np.ravel(weights))

    def _balance(self, offset_weight, constants):
        N_all, N_random = self.N_all, self.N_random
        # Decaying counts of the spikes of the sensory cells (0) and of the random ones (1).
        counts = b2.NeuronGroup(
            2, "dcount/dt = -count/tau : 1", method="exact", namespace=constants, name="counts"
        )
        counting = b2.Synapses(self.cells, counts, on_pre="count_post += 1", name="counting")
        counting.connect(i=np.arange(N_all + N_random), j=np.repeat([0, 1], [N_all, N_random]))
        self.network.add(counts, counting)
        self.counts = counts
        self.cells.offset_weight = offset_weight
        # A sensory cell hears of the random spikes and the other way round.
        self.cells.pool = b2.linked_var(counts, "count", index=np.repeat([1, 0], [N_all, N_random]))

    def set_cues(self, cues, step=0):
        """The cues of a trial that begins at a step."""
        cue = np.zeros((3, self.N_all + self.N_random))
        for ring, position_deg, start, duration in cues:
            first = ring * self.N_sensory
            where = np.s_[first : first + self.N_sensory]
            cue[0, where] = cue_input(position_deg, self.N_sensory, self.stimulus_strength)
            cue[1, where] = step + round(start / self.dt)
            cue[2, where] = step + round(start / self.dt) + round(duration / self.dt)
        self.cells.cue, self.cells.cue_first, self.cells.cue_end = cue[0], cue[1], cue[2]


class Brian2Flexible:
    """A network that is built once and runs many trials.

    Parameters
    ----------
    mask : array_like of bool or 0/1, shape (N_rings * N_sensory, N_random)
    N_rings, N_sensory : int
    codegen_target : str
        Brian2's: "cython" for speed, "numpy" to start at once.
    uniforms : array, shape (steps, cells), optional
        Numbers for the threshold in the place of random ones. For the first trial only.
    **others
        ``alpha, beta, balance_ff, balance_fb, self_excitation, ring_baseline, ring_excit,
        ring_inhib`` (weight and kappa), ``tau, rate_amplitude, rate_slope, rate_offset, bias,
        stimulus_strength, dt, wiring, threshold``; times in seconds.
    """

    def __init__(self, mask, N_rings=8, N_sensory=512, *, codegen_target="cython", **others):
        b2.prefs.codegen.target = codegen_target
        self._groups = _FlexibleGroups(mask, N_rings, N_sensory, **others)
        self._steps, self._spikes = 0, 0

    def trial(self, cues=(), *, sim_time=1.1, test_time=None, seed=None, s_start=None):
        """Run one trial; ``s_start`` gives every cell's first input, else it is drawn.

        The clock goes on from trial to trial: putting it back, as ``restore`` does, would copy all
        synapses every time.
        """
        groups = self._groups
        if seed is not None:
            b2.seed(seed)
        groups.cells.s = "0.01*rand()" if s_start is None else np.asarray(s_start)
        if hasattr(groups, "counts"):
            groups.counts.count = 0
        groups.set_cues(cues, self._steps)
        test_time = sim_time if test_time is None else test_time
        # Whole steps: from this trial's first to the one that is read, and on to the last.
        last = round(sim_time / groups.dt)
        read = min(round(test_time / groups.dt), last)
        began = time.perf_counter()
        groups.network.run(read * groups.dt * b2.second, namespace={})
        seconds = time.perf_counter() - began
        s, rate = np.array(groups.cells.s_now), np.array(groups.cells.rate_)
        if last > read:
            began = time.perf_counter()
            groups.network.run((last - read) * groups.dt * b2.second, namespace={})
            seconds += time.perf_counter() - began
        steps = np.rint(np.asarray(groups.monitor.t_[self._spikes :]) / groups.dt).astype(np.int64)
        cells = np.array(groups.monitor.i[self._spikes :], dtype=np.int64)
        run = Brian2FlexibleRun(steps - self._steps, cells, s, rate, seconds)
        self._steps += last
        self._spikes += len(steps)
        return run


class StandaloneFlexible:
    """The network as a C++ program of its own, Brian2's fastest way to run; for timing only.

    Each trial starts the program anew, which makes all synapses again; ``seconds`` is the time of
    the steps alone, as the program itself measures it. One such network to a process.
    """

    def __init__(self, folder, mask, cues=(), *, sim_time=1.1, seed=1, **others):
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.seed(seed)
        self._groups = _FlexibleGroups(mask, **others)
        self._groups.cells.s = "0.01*rand()"
        self._groups.set_cues(cues)
        self._groups.network.run(sim_time * b2.second, namespace={})
        b2.device.build(directory=folder, run=False)

    def trial(self):
        b2.device.run()
        return float(b2.device._last_run_time), int(self._groups.monitor.num_spikes)


def main():
    """Set up a network, and run and time a trial whenever asked for one; see ``turns.py``."""
    from turns import serve  # a program finds it beside itself; the tests don't need it

    parser = argparse.ArgumentParser(description="Trials of the network, for turns.py")
    parser.add_argument("--wiring", default="sparse")
    parser.add_argument("--threshold", default="direct")
    parser.add_argument("--standalone", action="store_true")
    parser.add_argument("--load", type=int, default=6)
    parser.add_argument("--sim-time", type=float, default=1.1, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)

    def cues():
        rings = generator.permutation(8)[: arguments.load]
        return [Cue(int(ring), generator.uniform(0, 360)) for ring in rings]

    options = {"wiring": arguments.wiring, "threshold": arguments.threshold}
    mask = random_mask(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        if arguments.standalone:
            program = StandaloneFlexible(
                folder, mask, cues(), sim_time=arguments.sim_time, seed=arguments.seed, **options
            )

            def trial():
                began = time.perf_counter()
                seconds, spikes = program.trial()
                whole = time.perf_counter() - began
                return {"seconds": seconds, "whole_s": whole, "spikes": spikes}

        else:
            network = Brian2Flexible(mask, **options)
            # What a call of run takes before its first step. The first of these compiles.
            overhead = min(network.trial(sim_time=1e-3, seed=n).seconds for n in (1, 2, 3))
            b2.seed(arguments.seed)

            def trial():
                run = network.trial(cues(), sim_time=arguments.sim_time)
                return {
                    "seconds": run.seconds - overhead,
                    "whole_s": run.seconds,
                    "spikes": len(run.spike_step),
                }

        serve(trial, {"set_up_s": time.perf_counter() - began})


if __name__ == "__main__":
    main()
