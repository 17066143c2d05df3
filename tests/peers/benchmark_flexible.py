"""Time the flexible network against Brian2 and BrainPy, side by side in one run: `make bench`.

Prints a table and writes ``book/data/benchmark_flexible.json``, from which the book's page on
benchmarks is built. All on one core; the competitors take turns, so that a machine that slows down
slows all of them. Each figure is a median over rounds, with the smallest, the largest and all. A
trial with too few or too many spikes for this network stops the benchmark.

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
    compiled with its loop, in single precision. It has an environment of its own,
    ``.venv-brainpy``; without it this is left out.

The ratios of a round compare trials that are next to each other in time.
"""

import argparse
import functools
import itertools
import sys
import tempfile
from pathlib import Path

import numpy as np
from benchmark_bump import report_trials
from benchmark_trials import LOAD, flexible_trial
from benchmark_trials import num_spikes as of_monitors
from measuring import (
    BRAINPY_PYTHON,
    PEAK,
    PEERS,
    ROOT,
    about_this_run,
    all_cores,
    in_new_process,
    pin,
    plausibility,
    power_law,
    ratios,
    reference,
    shown,
    summary,
    take_turns,
    time_cores,
    time_trials,
    timed,
    write,
)
from turns import Peer

from wmtutor.flexible import build_network, simulate_flexible_wm, simulate_loads
from wmtutor.units import ms, second

RESULT = ROOT / "book" / "data" / "benchmark_flexible.json"
OURS = "wmtutor, Numba"


def num_spikes(run):
    return of_monitors(run.spike_monitor_sensory, run.spike_monitor_random)


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


def limits(sim_time):
    """How many spikes a trial may have: what the rates of Brian2's trials in ``tests/data`` allow.

    Those are of the last 0.1 s before 1 s; before the cue there are hardly any spikes. Half of what
    this comes to, and twice as much, are far outside the range of its trials.
    """
    table = reference("brian2_flexible.csv", load=LOAD)
    per_second = 1024 * table["rate_random_Hz"].mean() + 4096 * table["rate_sensory_Hz"].mean()
    expected = per_second * (sim_time - 0.1)
    return {"spikes": (0.5 * expected, 2 * expected)}


def headline(rounds, sim_time, names):
    """One trial of the full network: all of them, taking turns."""
    left_out = {}
    if "BrainPy, dense" in names and not BRAINPY_PYTHON.exists():
        left_out["BrainPy, dense"] = "there is no .venv-brainpy; `make bench` makes it"
    contestants = {}
    try:
        for name in names:
            if name not in left_out:
                print(f"setting up: {name}", flush=True)
                contestants[name] = CONTESTANTS[name](sim_time)
        for contestant in contestants.values():
            contestant.trial()  # warm
        rows, order = take_turns({name: c.trial for name, c in contestants.items()}, rounds)
    finally:
        for contestant in contestants.values():
            contestant.close()
    stepping = {name: [row["seconds"] for row in of_name] for name, of_name in rows.items()}
    return {
        "model_time_s": sim_time,
        "load": LOAD,
        "order": order,
        "trial_s": {name: summary(row) for name, row in stepping.items()},
        "base": dict.fromkeys(rows, OURS),
        "ratio_to_numba": {name: ratios(row, stepping[OURS]) for name, row in stepping.items()},
        "times_faster_than_biology": summary([sim_time / t for t in stepping[OURS]]),
        "spikes": {
            name: summary([row["spikes"] for row in of_name]) for name, of_name in rows.items()
        },
        "plausibility": {
            name: plausibility(name, of_name, limits(sim_time)) for name, of_name in rows.items()
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
    n_jobs = min(2, len(cores))
    with all_cores(cores):
        seconds, table = timed(
            simulate_loads, range(1, 9), trials=trials, networks=networks, n_jobs=n_jobs
        )
    return {
        "loads": 8, "trials_per_load": trials, "networks": networks, "processes": n_jobs,
        "seconds": seconds, "trials": len(table),
    }  # fmt: skip


def scaling(rounds, sim_time, loads, random_sizes, sensory_sizes):
    """Cost against the load, and so the number of spikes; and against the sizes of the layers.

    All take turns too: the machine's clock changes over minutes.
    """
    network = build_network(seed=1)
    cases = [({"load": load}, network, load, 0.0) for load in loads]
    for name, sizes in (("N_random", random_sizes), ("N_sensory", sensory_sizes)):
        for size in sizes:
            build_s, sized = timed(build_network, seed=1, **{name: size})
            about = {"varied": name, "N_sensory": sized.N_sensory, "N_random": sized.N_random}
            cases.append((about, sized, LOAD, build_s))
    turns = itertools.count()

    def turn(number):
        _, one_network, load, _ = cases[number]
        arguments = {"network": one_network, **times(sim_time)}
        simulate_flexible_wm(load, seed=0, **arguments)  # as in the headline
        seed = 1 + next(turns) // len(cases)  # another in each round, the same for all cases
        seconds, run = timed(simulate_flexible_wm, load, seed=seed, **arguments)
        return seconds, num_spikes(run)

    rows, _ = take_turns({n: functools.partial(turn, n) for n in range(len(cases))}, rounds)
    table = [
        about | {"build_s": build_s} | cost(rows[number])
        for number, (about, _, _, build_s) in enumerate(cases)
    ]
    by_load, by_size = table[: len(loads)], table[len(loads) :]
    points = np.array([[row["spikes"]["median"], row["trial_s"]["median"]] for row in by_load])
    slope, intercept = np.polyfit(*points.T, 1)

    def exponent(name):
        sized = [row for row in by_size if row["varied"] == name]
        return power_law([row[name] for row in sized], [row["trial_s"]["median"] for row in sized])

    return {
        "load": by_load,
        "seconds_per_spike": float(slope),
        "seconds_without_spikes": float(intercept),
        "size": by_size,
        "exponents": {name: exponent(name) for name in ("N_random", "N_sensory")},
    }


def cost(rows):
    """Summaries of the seconds and spikes of some trials."""
    seconds, spikes = zip(*rows, strict=True)
    return {
        "trial_s": summary(seconds),
        "spikes": summary(spikes),
        "microseconds_per_spike": summary(
            [1e6 * t / max(n, 1) for t, n in zip(seconds, spikes, strict=True)]
        ),
    }


def floor(rounds, sim_time):
    """How far a trial is from what no program of this kind could do without.

    The floor is measured, with the spikes of one trial given: every spike's row of connections is
    read, its ring's inputs are changed, and two random numbers are drawn for every spike that could
    happen. Nothing is added to the connected cells, nothing compared, nothing recorded.

    Beside it: the same spikes' rows added one after the other by a plain loop.
    """
    from numba import njit

    @njit(error_model="numpy", fastmath={"reassoc"})
    def sum_of(row):
        total = np.uint64(0)
        for word in row:
            total ^= word
        return total

    @njit(error_model="numpy", fastmath={"contract"})
    def add(values, row, factor):
        for j in range(values.shape[0]):
            values[j] += factor * row[j]

    @njit(error_model="numpy")
    def read_rows(cells, words, words_by_random, two_profiles, s_ring):
        N_all, N_sensory = words.shape[0], two_profiles.shape[0] // 2
        total = np.uint64(0)
        for cell in cells:
            if cell < N_all:
                k = cell % N_sensory
                add(s_ring[cell // N_sensory], two_profiles[N_sensory - k : 2 * N_sensory - k], 1.0)
                total ^= sum_of(words[cell])
            else:
                total ^= sum_of(words_by_random[cell - N_all])
        return total

    @njit(error_model="numpy")
    def add_rows(cells, mask, mask_by_random, two_profiles, s_ring, s_sensory, s_random):
        N_all, N_sensory = mask.shape[0], two_profiles.shape[0] // 2
        for cell in cells:
            if cell < N_all:
                k = cell % N_sensory
                add(s_ring[cell // N_sensory], two_profiles[N_sensory - k : 2 * N_sensory - k], 1.0)
                add(s_random, mask[cell], 1.0)
            else:
                add(s_sensory, mask_by_random[cell - N_all], 1.0)

    network = build_network(seed=1)
    arguments = {"network": network, "seed": 1, **times(sim_time)}
    run = simulate_flexible_wm(LOAD, **arguments)
    sensory, random = run.spike_monitor_sensory, run.spike_monitor_random
    in_time = np.argsort(np.concatenate([sensory.t, random.t]), kind="stable")
    N_all = network.N_rings * network.N_sensory
    cells = np.concatenate([sensory.i, random.i + N_all])[in_time]
    mask = np.ascontiguousarray(network.mask, dtype=np.uint8)
    by_random = np.ascontiguousarray(mask.T)
    profiles = np.concatenate([network.ring_profile] * 2)
    s_ring = np.zeros((network.N_rings, network.N_sensory))
    s_sensory, s_random = np.zeros(N_all), np.zeros(network.N_random)
    p = run.parameters
    candidates = round((N_all + network.N_random) * sim_time * p.largest_rate)
    generator = np.random.default_rng(1)
    words = mask.view(np.uint64), by_random.view(np.uint64)

    def least():
        for _ in range(2):
            generator.random(candidates)
        read_rows(cells, *words, profiles, s_ring)

    def plain():
        add_rows(cells, mask, by_random, profiles, s_ring, s_sensory, s_random)

    def warm(function):
        """As in the headline: the rows are in the cache, as far as they fit."""

        def seconds():
            function()
            return timed(function)[0]

        return seconds

    rows, _ = take_turns(
        {
            "ours": warm(lambda: simulate_flexible_wm(LOAD, **arguments)),
            "floor": warm(least),
            "rows added plainly": warm(plain),
        },
        rounds,
    )
    return {
        "ours_s": summary(rows["ours"]),
        "floor_s": summary(rows["floor"]),
        "times_the_floor": ratios(rows["ours"], rows["floor"]),
        "spikes": len(cells),
        "candidates": candidates,
        "rows_added_plainly_s": summary(rows["rows added plainly"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="a try: small tables, two rounds")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--sim-time", type=float, default=1.1 * second)
    parser.add_argument(
        "--without", action="append", default=[], choices=sorted(set(CONTESTANTS) - {OURS}),
        help="leave a competitor out (may be repeated)",
    )  # fmt: skip
    arguments = parser.parse_args()
    sim_time, quick = arguments.sim_time, arguments.quick
    if sim_time < 300 * ms:
        parser.error("--sim-time: the cues last until 0.2 s; give at least 0.3")
    rounds = 2 if quick else arguments.rounds
    cores = pin()
    names = [name for name in CONTESTANTS if name not in arguments.without]
    result = {
        **about_this_run(cores, rounds, quick),
        "headline": headline(rounds, sim_time, names),
        "processes": processes(2 if quick else 5),
        "capacity_curve": capacity_curve(cores, *((4, 2) if quick else (100, 10))),
        "scaling": scaling(
            rounds if quick else 2 * rounds,
            sim_time,
            # The chapter on this model shows the first, the second and the last of each.
            loads=(0, 1, 8) if quick else range(9),
            random_sizes=(256, 1024, 4096) if quick else (256, 512, 1024, 2048, 4096),
            sensory_sizes=(128, 512, 2048) if quick else (128, 256, 512, 1024, 2048),
        ),
        "trials": time_trials(
            flexible_trial, (1, 10, 20) if quick else (1, 10, 100, 1000), min(rounds, 3)
        ),
        "cores": time_cores(flexible_trial, 16 if quick else 256, cores, rounds),
        "floor": floor(3 * rounds, sim_time),
    }
    report(result)
    write(result, arguments.out)


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
    print(f"  exponents {table['exponents']}\n")
    report_trials(result)


if __name__ == "__main__":
    main()
