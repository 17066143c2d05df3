"""Write tests/data/brian2_flexible.csv: trials of the flexible network in Brian2.

From the root of the repository, in an environment with Brian2 and Cython::

    python tests/peers/make_brian2_flexible.py

Every network has connections of its own and runs one trial at each load, so the trials of a load
are independent of each other. Networks that the file holds are kept: a second call does only what
is missing. A trial takes about 2 s, a network half a second (the first one a minute, to compile).
"""

from __future__ import annotations

import csv
import datetime
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from brian2_flexible import Brian2Flexible, Cue, random_mask
from flexible_statistics import RATE_WINDOW, TEST_TIME, THRESHOLD_HZ, trial_statistics

TABLE = Path(__file__).parents[1] / "data" / "brian2_flexible.csv"
NETWORKS = range(1, 97)
LOADS = (1, 3, 6)
N_RINGS, N_SENSORY = 8, 512


def trials(network: int):
    """One trial of a new network at each load: a row each."""
    brian2 = Brian2Flexible(random_mask(network))
    for load in LOADS:
        generator = np.random.default_rng([network, load])
        rings = np.sort(generator.permutation(N_RINGS)[:load])
        positions = generator.uniform(0, 360, load)
        cues = [Cue(int(ring), angle) for ring, angle in zip(rings, positions, strict=True)]
        seed = 100 * network + load
        run = brian2.trial(cues, sim_time=TEST_TIME, seed=seed)
        s = run.s[: N_RINGS * N_SENSORY].reshape(N_RINGS, N_SENSORY)
        row, _ = trial_statistics(s, run.spike_step, run.spike_cell, rings, positions)
        yield {"load": load, "network": network, "seed": seed} | row


def main():
    done = set()
    if TABLE.exists():
        with TABLE.open(newline="") as file:
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            done = {int(row["network"]) for row in rows}
    for network in NETWORKS:
        if network in done:
            continue
        began = time.perf_counter()
        rows = [{name: f"{value:.6g}" for name, value in row.items()} for row in trials(network)]
        new = not TABLE.exists()
        with TABLE.open("a", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
            if new:
                file.write(comment())
                writer.writeheader()
            writer.writerows(rows)
        print(network, f"{time.perf_counter() - began:.1f} s", flush=True)


def comment() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("brian2", "numpy", "cython"))
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        "# Made by: python tests/peers/make_brian2_flexible.py\n"
        f"# On {datetime.date.today()} with Python {python}, {packages}\n"
        f"# Memories at {TEST_TIME:g} s, present above {THRESHOLD_HZ:g} Hz; rates: the "
        f"{1000 * RATE_WINDOW:g} ms before it; seed: of Brian2; network: of the connections\n"
    )


if __name__ == "__main__":
    main()
