"""The bump-attractor network in BrainPy, to time the library against.

Our own version for the current BrainPy, of the parameter set "neurodynex"; nothing here comes from
``wmtutor``. As in the course's code the ring's convolution is an FFT in every step; the other sums
are formed once for all targets. The step is compiled, and so is the loop over steps. Numbers are in
single precision, BrainPy's default. The number of external spikes of a cell in a step is the
inverse of the binomial distribution at one uniform number. It runs in ``.venv-brainpy`` (see
``brainpy_flexible.py``)::

    .venv-brainpy/bin/python tests/peers/brainpy_bump.py

Prints a line for each run, its time and its figures; with ``--serve`` it runs one whenever asked
for it, see ``turns.py``.
"""

import argparse
import math
import time

import brainpy as bp
import brainpy.math as bm
import numpy as np
from bump_statistics import run_statistics
from turns import serve

N_E, N_I = 1024, 256
DT = 0.05  # ms
CUE_DEG, CUE_WIDTH_DEG, CUE_START, CUE_END = 120, 30, 100.0, 300.0  # ms
CUE_STRENGTH = 60.0  # pA
N_EXTERN, RATE_EXTERN = 1000, 1.4e-3  # spikes per ms
# mV, ms, nS, pA and pF go together.
E_LEAK, E_GABA, THRESHOLD, RESET = -70.0, -70.0, -50.0, -60.0
TAU_AMPA, TAU_GABA, TAU_S, TAU_X, ALPHA = 1.8, 10.0, 65.0, 1.88, 0.5
RECURRENT = 2.0 * 0.35
G_EE, G_EI, G_IE, G_II = (RECURRENT * g for g in (0.381, 1.2 * 0.292, 1.336, 1.024))
JPOS, SIGMA_DEG = 1.6, 20.0


def ring_kernel():
    q = math.sqrt(2 * math.pi) * SIGMA_DEG * math.erf(180 / (math.sqrt(2) * SIGMA_DEG)) / 360
    jneg = (1 - JPOS * q) / (1 - q)
    places = np.arange(N_E)
    distance = np.minimum(places, N_E - places) * 360 / N_E
    return jneg + (JPOS - jneg) * np.exp(-(distance**2) / (2 * SIGMA_DEG**2))


def external_thresholds():
    """A uniform number above the k-th of these stands for more than k external spikes."""
    p = RATE_EXTERN * DT
    probability = [math.comb(N_EXTERN, k) * p**k * (1 - p) ** (N_EXTERN - k) for k in range(7)]
    # More than 7 in a step would come less than once in 10**12; uniform numbers in single precision
    # end at 1 - 6e-8 as it is, which moves the mean by less than one in a million.
    return np.cumsum(probability)


class Cells:
    """What differs between the two populations."""

    def __init__(self, N, C, g_leak, g_extern, g_inhib, g_excit, refractory):
        self.N, self.C, self.g_leak, self.g_extern = N, C, g_leak, g_extern
        self.g_inhib, self.g_excit, self.refractory = g_inhib, g_excit, round(refractory / DT)

    def change(self, v, s_AMPA, s_GABA, drive, current):
        """Change of the voltage in a step, by the midpoint rule; the gates decay meanwhile."""
        half_AMPA, half_GABA = 1 - DT / 2 / TAU_AMPA, 1 - DT / 2 / TAU_GABA
        slope = self.slope(v, s_AMPA, s_GABA, drive, current)
        half = v + DT / 2 * slope
        return DT * self.slope(half, half_AMPA * s_AMPA, half_GABA * s_GABA, drive, current)

    def slope(self, v, s_AMPA, s_GABA, drive, current):
        # The set's slip of units: the block takes v in volt.
        block = 1 / (1 + bm.exp(-0.062e-3 * v) / 3.57)
        return (
            self.g_leak * (E_LEAK - v) - self.g_extern * s_AMPA * v
            + self.g_inhib * s_GABA * (E_GABA - v) - self.g_excit * drive * v * block + current
        ) / self.C  # fmt: skip


class BumpNetwork(bp.DynamicalSystem):
    def __init__(self):
        super().__init__()
        self.E = Cells(N_E, 500.0, 25.0, 3.1, G_IE, G_EE, 2.0)
        self.I = Cells(N_I, 200.0, 20.0, 2.38, G_II, G_EI, 1.0)
        self.kernel = bm.asarray(np.fft.rfft(ring_kernel()).real, dtype=bm.float32)
        self.thresholds = [float(t) for t in external_thresholds()]
        center, half = round(N_E / 360 * CUE_DEG), round(N_E / 360 * CUE_WIDTH_DEG / 2)
        cue = np.zeros(N_E)
        cue[np.arange(center - half, center + half + 1) % N_E] = CUE_STRENGTH
        self.cue = bm.asarray(cue, dtype=bm.float32)
        zeros = {"v": N_E + N_I, "s_AMPA": N_E + N_I, "own_GABA": N_I, "s": N_E, "x": N_E}
        for name, number in zeros.items():
            setattr(self, name, bm.Variable(bm.zeros(number, dtype=bm.float32)))
        self.s_GABA = bm.Variable(bm.zeros(1, dtype=bm.float32))
        self.free = bm.Variable(bm.zeros(N_E + N_I, dtype=bm.int32))

    def start(self):
        for variable in (self.s_AMPA, self.own_GABA, self.s, self.x, self.s_GABA, self.free):
            variable.value = bm.zeros_like(variable.value)
        self.v.value = bm.random.uniform(RESET, THRESHOLD, N_E + N_I)

    def update(self, step):
        v, s_AMPA, s, x, free = (a.value for a in (self.v, self.s_AMPA, self.s, self.x, self.free))
        ring = bm.fft.irfft(bm.fft.rfft(s) * self.kernel, N_E).astype(bm.float32)
        is_on = (step >= round(CUE_START / DT)) & (step < round(CUE_END / DT))
        s_GABA = self.s_GABA.value
        change = bm.concatenate([
            self.E.change(v[:N_E], s_AMPA[:N_E], s_GABA, ring, bm.where(is_on, self.cue, 0.0)),
            self.I.change(
                v[N_E:], s_AMPA[N_E:], s_GABA - self.own_GABA.value, bm.sum(s), 0.0
            ),
        ])  # fmt: skip
        is_free = free <= step
        v = v + bm.where(is_free, change, 0.0)
        spikes = (v > THRESHOLD) & is_free
        half = s + DT / 2 * (ALPHA * x * (1 - s) - s / TAU_S)
        s = s + DT * (ALPHA * x * (1 - DT / 2 / TAU_X) * (1 - half) - half / TAU_S)

        def decayed(y, tau):
            return y * (1 - DT / tau + (DT / tau) ** 2 / 2)

        uniform = bm.random.random(N_E + N_I)
        external = sum((uniform > t).astype(bm.float32) for t in self.thresholds)
        inhibitory = spikes[N_E:].astype(bm.float32)
        self.v.value = bm.where(spikes, RESET, v)
        refractory = bm.where(bm.arange(N_E + N_I) < N_E, self.E.refractory, self.I.refractory)
        self.free.value = bm.where(spikes, step + refractory, free)
        self.s_AMPA.value = decayed(s_AMPA, TAU_AMPA) + external
        self.s_GABA.value = decayed(s_GABA, TAU_GABA) + bm.sum(inhibitory)
        self.own_GABA.value = decayed(self.own_GABA.value, TAU_GABA) + inhibitory
        self.s.value = s
        self.x.value = decayed(x, TAU_X) + spikes[:N_E].astype(bm.float32)
        return spikes


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sim-time", type=float, default=0.8, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()

    bm.set_platform("cpu")
    bm.random.seed(arguments.seed)
    began = time.perf_counter()
    network = BumpNetwork()
    set_up = time.perf_counter() - began
    steps = bm.arange(round(1000 * arguments.sim_time / DT))
    run = bm.jit(lambda: bm.for_loop(network.update, steps))

    def trial():
        began = time.perf_counter()
        network.start()
        spikes = np.asarray(run())
        seconds = time.perf_counter() - began
        step, cell = np.nonzero(spikes)
        excit = cell < N_E
        times = step * DT * 1e-3
        figures = run_statistics(
            times[excit], cell[excit], times[~excit], cell[~excit] - N_E, N_excitatory=N_E,
            N_inhibitory=N_I, sim_time=arguments.sim_time, cue_end=CUE_END * 1e-3,
        )  # fmt: skip
        return {"seconds": seconds, "spikes": len(step)} | figures

    began = time.perf_counter()
    trial()
    about = {"set_up_s": set_up, "first_trial_s": time.perf_counter() - began}
    if arguments.serve:
        serve(trial, about)
        return
    print(about)
    for _ in range(arguments.trials):
        print(trial(), flush=True)


if __name__ == "__main__":
    main()
