"""The flexible working-memory network in BrainPy, dense, to time the library against.

Our own version, for the current BrainPy, of what the public BrainPy example of the model does:
every step multiplies the spikes of all cells with whole matrices of weights, in single precision.
The step is compiled, and so is the loop over steps; the random connections are drawn anew for each
call, not for each trial. It needs an environment of its own. From the root of the repository::

    python3 -m venv .venv-brainpy
    .venv-brainpy/bin/pip install brainpy==2.8.2 jax==0.10.2 jaxlib==0.10.2
    .venv-brainpy/bin/python tests/peers/brainpy_flexible.py

Prints a line for each trial: how long it took, and how many memories were kept, forgotten and
spurious at its end. The first trial compiles and is not shown. With ``--serve`` it runs a trial
whenever asked for one instead; see ``turns.py``.
"""

import argparse
import platform
import time
from importlib.metadata import version

import brainpy as bp
import brainpy.math as bm
import numpy as np
from turns import serve

N_RINGS, N_SENSORY, N_RANDOM = 8, 512, 1024
N_ALL = N_RINGS * N_SENSORY
TAU, DT = 10.0, 0.1  # ms
GAMMA, ALPHA, BETA = 0.35, 2.1, 0.2
CUE_START, CUE_END = 100.0, 200.0  # ms
CUE_CELL = 256
THRESHOLD_HZ = 3.0


def balanced(weights):
    """Take from every weight of a target the mean of all; weights are sources x targets."""
    return weights - weights.mean(axis=0)


class FlexibleNetwork(bp.DynamicalSystem):
    """Rings and random layer; spikes are vectors of zeros and ones that meet dense matrices."""

    def __init__(self, seed):
        super().__init__()
        theta = 2 * np.pi * np.arange(N_SENSORY) / N_SENSORY
        near = np.cos(theta[:, np.newaxis] - theta) - 1
        ring = 0.28 + 2 * np.exp(near) - 2 * np.exp(0.25 * near)
        np.fill_diagonal(ring, 0)
        mask = np.random.default_rng(seed).random((N_ALL, N_RANDOM)) < GAMMA
        self.ring = bm.asarray(ring, dtype=bm.float32)
        self.ff = bm.asarray(balanced(1000 * ALPHA * mask / mask.sum(axis=0)), dtype=bm.float32)
        back = (1000 * BETA * mask / mask.sum(axis=1, keepdims=True)).T
        self.fb = bm.asarray(balanced(back), dtype=bm.float32)
        self.s_sensory = bm.Variable(bm.zeros((N_RINGS, N_SENSORY), dtype=bm.float32))
        self.s_random = bm.Variable(bm.zeros(N_RANDOM, dtype=bm.float32))
        self.decay = float(np.exp(-DT / TAU))

    def start(self):
        self.s_sensory.value = bm.random.uniform(0, 0.01, (N_RINGS, N_SENSORY))
        self.s_random.value = bm.random.uniform(0, 0.01, N_RANDOM)

    @staticmethod
    def rate(s):
        """Spikes per ms."""
        return 0.4 * (1 + bm.tanh(0.4 * s - 3)) / TAU

    def update(self, step, cue):
        s_sensory, s_random = self.s_sensory * self.decay, self.s_random * self.decay
        is_on = (step >= round(CUE_START / DT)) & (step < round(CUE_END / DT))
        rate = self.rate(s_sensory + bm.where(is_on, cue, 0.0))
        sensory = bm.random.random((N_RINGS, N_SENSORY)) < rate * DT
        random = bm.random.random(N_RANDOM) < self.rate(s_random) * DT
        spikes, from_random = sensory.astype(bm.float32), random.astype(bm.float32)
        back = bm.dot(from_random, self.fb).reshape((N_RINGS, N_SENSORY))
        self.s_sensory.value = s_sensory + bm.dot(spikes, self.ring) + back
        self.s_random.value = s_random + bm.dot(spikes.reshape(-1), self.ff)
        return sensory, random


def cue_input():
    d = np.arange(N_SENSORY) - CUE_CELL
    bump = 10 * np.exp(-(d**2) / (2 * 16**2)) * (abs(d) <= 48)
    return bump - bump.mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--load", type=int, default=6)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--sim-time", type=float, default=1.1, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()

    bm.set_platform("cpu")
    bm.random.seed(arguments.seed)
    generator = np.random.default_rng(arguments.seed)
    began = time.perf_counter()
    network = FlexibleNetwork(arguments.seed)
    set_up = time.perf_counter() - began
    steps = bm.arange(round(1000 * arguments.sim_time / DT))

    @bm.jit
    def run(cue):
        return bm.for_loop(lambda step: network.update(step, cue), steps)

    def trial():
        cued = np.sort(generator.permutation(N_RINGS)[: arguments.load])
        cue = np.zeros((N_RINGS, N_SENSORY), dtype=np.float32)
        cue[cued] = cue_input()
        began = time.perf_counter()
        network.start()
        sensory, random = (np.asarray(spikes) for spikes in run(bm.asarray(cue)))
        seconds = time.perf_counter() - began
        rate = 1000 * np.asarray(network.rate(network.s_sensory.value))
        theta = 2 * np.pi * np.arange(N_SENSORY) / N_SENSORY
        present = np.abs((rate * np.exp(1j * theta)).mean(axis=1)) > THRESHOLD_HZ
        kept = int(present[cued].sum())
        return {
            "seconds": seconds,
            "load": arguments.load,
            "kept": kept,
            "forgotten": arguments.load - kept,
            "spurious": int(present.sum()) - kept,
            "spikes": int(sensory.sum()) + int(random.sum()),
            "random_rate_Hz": float(random[-1000:].mean() / (DT * 1e-3)),
        }

    began = time.perf_counter()
    trial()
    versions = {name: version(name) for name in ("brainpy", "jax", "jaxlib", "numpy")}
    about = {
        "set_up_s": set_up,
        "first_trial_s": time.perf_counter() - began,
        "versions": versions | {"python": platform.python_version()},
    }
    if arguments.serve:
        serve(trial, about)
        return
    print(about)
    for _ in range(arguments.trials):
        row = trial()
        print(
            f"{row['seconds']:.2f} s; load {row['load']}: {row['kept']} kept, {row['forgotten']} "
            f"forgotten, {row['spurious']} spurious; random layer {row['random_rate_Hz']:.1f} Hz",
            flush=True,
        )


if __name__ == "__main__":
    main()
