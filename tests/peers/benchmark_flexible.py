"""Time the flexible network against Brian2 and BrainPy, side by side in one run: `make bench`.

Prints a table and writes ``book/data/benchmark_flexible.json``, which the book can read. All on one
core; the competitors take turns, so that a machine that slows down slows all of them. Each figure
is a median over rounds, with the smallest and the largest.

The headline is one trial of the full network with six items, 1.1 s of model time, spikes recorded.
Networks are built, programs compiled and warm before. Ours is the whole call of
``simulate_flexible_wm``; of the others only the steps count. The others:

"Brian2, event-driven"
    The authors' equations in Brian2's Cython target, with synapses for real connections only and
    the balance as one number for each layer.
"Brian2, all pairs"
    The same with 25 million synapses, as the authors' public script has them.
"Brian2, standalone"
    The event-driven version as a C++ program of its own, the fastest way that Brian2 has. It runs
    the same trial every time.
"Brian2, standalone, thinned"
    The same with our own trick in its threshold: the rate is worked out for candidates only. The
    fastest Brian2 that we could write.
"BrainPy, dense"
    What the public BrainPy example does, for the current BrainPy: whole matrices in every step,
    compiled with its loop. It has an environment of its own, ``.venv-brainpy``; without it this is
    left out.

The ratios of a round compare trials that are next to each other in time.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import PEAK, in_new_process, machine, shown, summary
from turns import Peer

import wmtutor
from wmtutor.flexible import build_network, simulate_flexible_wm, simulate_loads
from wmtutor.units import ms, second

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "book" / "data" / "benchmark_flexible.json"
PEERS = Path(__file__).parent
BRAINPY_PYTHON = ROOT / ".venv-brainpy" / "bin" / "python"
HOW_TO_GET_BRAINPY = (
    "no .venv-brainpy; make it with: python3 -m venv .venv-brainpy && "
    ".venv-brainpy/bin/pip install brainpy==2.8.2 jax==0.10.2 jaxlib==0.10.2"
)
LOAD = 6
OURS = "wmtutor, Numba"


def timed(function, *args, **kwargs):
    begin = time.perf_counter()
    result = function(*args, **kwargs)
    return time.perf_counter() - begin, result


def num_spikes(run):
    return run.spike_monitor_sensory.num_spikes + run.spike_monitor_random.num_spikes


class Ourselves:
    """Turns of the library, in this process."""

    def __init__(self, backend, sim_time):
        self.arguments = {"backend": backend, **times(sim_time)}
        self.seed = 0
        build, self.network = timed(build_network, seed=1)
        self.trial()  # compiles
        self.about = {"set_up_s": build}

    def trial(self):
        # Warm: a trial that is not timed brings the network back into the cache, from which the
        # others' turns have driven it. Theirs last so long that a cold start does not show.
        simulate_flexible_wm(LOAD, network=self.network, seed=0, **self.arguments)
        self.seed += 1
        seconds, run = timed(
            simulate_flexible_wm, LOAD, network=self.network, seed=self.seed, **self.arguments
        )
        return {"seconds": seconds, "spikes": num_spikes(run)}

    def close(self):
        pass


def times(sim_time):
    return {"sim_time": sim_time, "test_time": min(sim_time, 1 * second)}


def peer(python, script, *options):
    return lambda sim_time: Peer(
        [str(python), str(PEERS / script), "--load", str(LOAD), "--sim-time", str(sim_time),
         *options]
    )  # fmt: skip


CONTESTANTS = {
    OURS: lambda sim_time: Ourselves("numba", sim_time),
    "wmtutor, NumPy": lambda sim_time: Ourselves("numpy", sim_time),
    "Brian2, event-driven": peer(sys.executable, "brian2_flexible.py"),
    "Brian2, all pairs": peer(sys.executable, "brian2_flexible.py", "--wiring", "all pairs"),
    "Brian2, standalone": peer(sys.executable, "brian2_flexible.py", "--standalone"),
    "Brian2, standalone, thinned": peer(
        sys.executable, "brian2_flexible.py", "--standalone", "--threshold", "thinned"
    ),
    "BrainPy, dense": peer(BRAINPY_PYTHON, "brainpy_flexible.py", "--serve"),
}


def headline(rounds, sim_time, names):
    """One trial of the full network: all of them, taking turns."""
    left_out = {}
    if "BrainPy, dense" in names and not BRAINPY_PYTHON.exists():
        left_out["BrainPy, dense"] = HOW_TO_GET_BRAINPY
        print(f"BrainPy is left out: {HOW_TO_GET_BRAINPY}")
    contestants = {}
    try:
        for name in names:
            if name not in left_out:
                print(f"setting up: {name}", flush=True)
                contestants[name] = CONTESTANTS[name](sim_time)
        for contestant in contestants.values():
            contestant.trial()  # warm
        rows = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, contestant in contestants.items():
                rows[name].append(contestant.trial())
    finally:
        for contestant in contestants.values():
            contestant.close()
    stepping = {name: [row["seconds"] for row in of_name] for name, of_name in rows.items()}
    return {
        "model_time_s": sim_time,
        "load": LOAD,
        "trial_s": {name: summary(row) for name, row in stepping.items()},
        "ratio_to_numba": {
            name: summary([a / b for a, b in zip(row, stepping[OURS], strict=True)])
            for name, row in stepping.items()
        },
        "times_faster_than_biology": summary([sim_time / t for t in stepping[OURS]]),
        "spikes": {
            name: summary([row["spikes"] for row in of_name]) for name, of_name in rows.items()
        },
        "set_up": {name: contestant.about for name, contestant in contestants.items()},
        "left_out": left_out,
    }


def processes(repeats):
    """First calls and memory, each in processes of their own; and building networks."""
    first_call = (
        "import time; from wmtutor.flexible import build_network, simulate_flexible_wm\n"
        "network = build_network(seed=1); t = time.perf_counter()\n"
        "simulate_flexible_wm(1, network=network, seed=1); print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        compiled = in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0]
        cached = [in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0] for _ in range(repeats)]
    memory = (
        "from wmtutor.flexible import build_network, simulate_flexible_wm\n"
        f"{PEAK}"
        "before = peak(); network = build_network(seed=1); print(peak() - before)\n"
        f"simulate_flexible_wm({LOAD}, network=network, seed=1); print(peak() - before)"
    )
    peaks = [in_new_process(memory) for _ in range(repeats)]
    return {
        "first_call_with_compilation_s": compiled,
        "first_call_from_cache_s": summary(cached),
        "build_network_s": summary([timed(build_network, seed=n)[0] for n in range(5 * repeats)]),
        "peak_memory_of_network_above_import_MB": summary([peak[0] for peak in peaks]),
        "peak_memory_of_network_and_trial_above_import_MB": summary([peak[1] for peak in peaks]),
    }


def capacity_curve(cores, trials, networks):
    """All loads on two cores, processes started and networks built included."""
    with contextlib.suppress(AttributeError):
        os.sched_setaffinity(0, cores)
    n_jobs = min(2, len(cores))
    seconds, table = timed(
        simulate_loads, range(1, 9), trials=trials, networks=networks, n_jobs=n_jobs
    )
    pin(cores)
    return {
        "loads": 8, "trials_per_load": trials, "networks": networks, "processes": n_jobs,
        "seconds": seconds, "trials": len(table),
    }  # fmt: skip


def scaling(rounds, sim_time):
    """Cost against the load, and so the number of spikes; and against the sizes of the layers.

    All take turns too: the machine's clock changes over minutes.
    """
    network = build_network(seed=1)
    cases = [({"load": load}, network, load, 0.0) for load in range(9)]
    for name, sizes in (("N_random", (256, 512, 1024, 2048, 4096)),
                        ("N_sensory", (128, 256, 512, 1024, 2048))):  # fmt: skip
        for size in sizes:
            build_s, sized = timed(build_network, seed=1, **{name: size})
            about = {"varied": name, "N_sensory": sized.N_sensory, "N_random": sized.N_random}
            cases.append((about, sized, LOAD, build_s))
    rows = [[] for _ in cases]
    for n in range(-1, rounds):  # the first turn warms up
        for row, (_, one_network, load, _) in zip(rows, cases, strict=True):
            arguments = {"network": one_network, **times(sim_time)}
            simulate_flexible_wm(load, seed=0, **arguments)  # as in the headline
            trial = timed(simulate_flexible_wm, load, seed=n + 1, **arguments)
            if n >= 0:
                row.append(trial)
    table = [
        about | {"build_s": build_s} | cost(row)
        for row, (about, _, _, build_s) in zip(rows, cases, strict=True)
    ]
    by_load, by_size = table[:9], table[9:]
    points = np.array([[row["spikes"]["median"], row["trial_s"]["median"]] for row in by_load])
    slope, intercept = np.polyfit(*points.T, 1)
    return {
        "load": by_load,
        "seconds_per_spike": float(slope),
        "seconds_without_spikes": float(intercept),
        "size": by_size,
    }


def cost(rows):
    """Seconds and spikes of some trials."""
    seconds, spikes = zip(*((t, num_spikes(run)) for t, run in rows), strict=True)
    return {
        "trial_s": summary(seconds),
        "spikes": summary(spikes),
        "microseconds_per_spike": summary(
            [1e6 * t / max(n, 1) for t, n in zip(seconds, spikes, strict=True)]
        ),
    }


def pin(cores):
    """Keep this process, and those that it starts, to one core."""
    with contextlib.suppress(AttributeError):  # not on every system
        os.sched_setaffinity(0, {min(cores)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--trials", type=int, default=100, help="at each load of the curve")
    parser.add_argument("--networks", type=int, default=10, help="of the capacity curve")
    parser.add_argument("--sim-time", type=float, default=1.1 * second)
    parser.add_argument(
        "--without", action="append", default=[], choices=sorted(set(CONTESTANTS) - {OURS}),
        help="leave a competitor out (may be repeated)",
    )  # fmt: skip
    arguments = parser.parse_args()
    if arguments.sim_time < 200 * ms:
        parser.error("--sim-time: the cues last until 0.2 s")
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0, 1}
    pin(cores)
    import brian2 as brian2_package
    import numba

    names = [name for name in CONTESTANTS if name not in arguments.without]
    result = {
        "machine": machine(),
        "versions": {"wmtutor": wmtutor.__version__, "numpy": np.__version__,
                     "numba": numba.__version__, "brian2": brian2_package.__version__},
        "date": time.strftime("%Y-%m-%d"),
        "headline": headline(arguments.rounds, arguments.sim_time, names),
        "processes": processes(min(3, arguments.rounds)),
        "capacity_curve": capacity_curve(cores, arguments.trials, arguments.networks),
        "scaling": scaling(3 * arguments.rounds, arguments.sim_time),
    }  # fmt: skip
    report(result)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {arguments.out}")


def report(result):
    print(result["machine"], result["versions"])
    head = result["headline"]
    print(f"\nA trial of {head['model_time_s']} s, {head['load']} items; seconds:")
    for name, row in head["trial_s"].items():
        print(f"  {name:28} {shown(row)}, x{shown(head['ratio_to_numba'][name], 1)}, "
              f"{shown(head['spikes'][name], 0)} spikes")  # fmt: skip
    for name, reason in head["left_out"].items():
        print(f"  {name:28} left out: {reason}")
    print(f"  times faster than biology: {shown(head['times_faster_than_biology'], 1)}\n")
    for name, value in result["processes"].items():
        print(f"  {name}: {shown(value) if isinstance(value, dict) else f'{value:.3f}'}")
    curve = result["capacity_curve"]
    print(f"\n  capacity curve, {curve['trials']} trials on {curve['networks']} networks, "
          f"{curve['processes']} processes: {curve['seconds']:.1f} s\n")  # fmt: skip
    table = result["scaling"]
    for row in table["load"]:
        print(f"  load {row['load']}: {shown(row['trial_s'])} s, {row['spikes']['median']:.0f} "
              f"spikes")  # fmt: skip
    print(f"  a trial: {table['seconds_without_spikes']:.3f} s and "
          f"{1e6 * table['seconds_per_spike']:.2f} microseconds a spike")  # fmt: skip
    for row in table["size"]:
        print(f"  {row['N_sensory']:4} cells a ring, {row['N_random']:4} random: "
              f"{shown(row['trial_s'])} s, {row['spikes']['median']:.0f} spikes, "
              f"{row['microseconds_per_spike']['median']:.2f} microseconds a spike")  # fmt: skip


if __name__ == "__main__":
    main()
