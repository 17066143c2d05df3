"""Time the bump network against Brian2, side by side in one run: `make bench`.

Prints a table and writes ``book/data/benchmark_bump.json``, which the book can read. One process,
one core; the competitors take turns, so that a machine that slows down slows all of them. Each
figure is a median over rounds, with the smallest and the largest.

Brian2 runs in its Cython target, wired in two ways. "course" is the network as the course's code
writes it: an FFT for E to E, stored synapses for the rest. "sums" is our own rewriting, with every
sum formed once for all targets; it is the fastest faithful version that we found. Each Brian2 run
has a process of its own, because Brian2 compiles again when the same network is made twice in one.
Set-up is not counted: from each time, and from ours, the time of a run of 1 ms is taken off.
All record spikes only, as Brian2's version does; "Numba, voltages" is our default, which records
the voltages of all cells as well.
"""

import argparse
import contextlib
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import PEAK, in_new_process, machine, shown, summary

import wmtutor
from wmtutor.bump import population_sizes, simulate_wm, weight_profile
from wmtutor.bump.kernel import RingModes
from wmtutor.units import ms, nA, second

ROOT = Path(__file__).parents[2]
RESULT = ROOT / "book" / "data" / "benchmark_bump.json"
CUE = {
    "stimulus_center_deg": 120, "stimulus_width_deg": 30, "stimulus_strength": 0.06 * nA,
    "t_stimulus_start": 100 * ms, "t_stimulus_duration": 200 * ms,
}  # fmt: skip
SIM_TIME, DT = 0.8 * second, 0.05 * ms


def timed(function, *args, **kwargs):
    begin = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - begin


def ours(sim_time, backend, monitored=1):
    cue = CUE if sim_time > 0.3 else {}  # too short for the cue: only the set-up is wanted
    return simulate_wm(
        **cue, sim_time=sim_time, backend=backend, monitored_subset_size=monitored, seed=1
    )


def brian2(wiring, sim_time):
    """Seconds that one run takes inside a new process, imports not counted."""
    code = (
        "import sys, time; sys.path.insert(0, {folder!r})\n"
        "from brian2_bump import Cue, run_brian2_bump\n"
        "t = time.perf_counter()\n"
        "run_brian2_bump('neurodynex', 1024, 256, 2.0, cues=(Cue(120, 30, 0.06e-9, 0.1, 0.2),),\n"
        "    sim_time={sim_time}, dt={dt}, seed=1, codegen_target='cython', wiring={wiring!r})\n"
        "print(time.perf_counter() - t)"
    )
    folder = str(Path(__file__).parent)
    return in_new_process(code.format(folder=folder, sim_time=sim_time, dt=DT, wiring=wiring))[0]


def headline(rounds):
    """Seed's default size and step with an active bump: all of them, taking turns."""
    contestants = {
        "wmtutor, Numba": lambda t: timed(ours, t, "numba"),
        "wmtutor, NumPy": lambda t: timed(ours, t, "numpy"),
        "Numba, voltages": lambda t: timed(ours, t, "numba", 1024),
        "Brian2, sums": lambda t: brian2("sums", t),
        "Brian2, course": lambda t: brian2("course", t),
    }
    setup = {}
    for name, run in contestants.items():
        run(1 * ms)  # compiles
        setup[name] = min(run(1 * ms) for _ in range(3))
    times = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            times[name].append(run(SIM_TIME))
    stepping = {name: [t - setup[name] for t in row] for name, row in times.items()}
    fastest = stepping["wmtutor, Numba"]
    return {
        "model_time_s": SIM_TIME,
        "whole_call_s": {name: summary(row) for name, row in times.items()},
        "set_up_s": setup,
        "stepping_s": {name: summary(row) for name, row in stepping.items()},
        "ratio_to_numba": {
            name: summary([a / b for a, b in zip(row, fastest, strict=True)])
            for name, row in stepping.items()
        },
    }


def processes():
    """First calls, import time and memory, each in processes of their own."""
    first_call = (
        "import time; from wmtutor.bump import simulate_wm; t = time.perf_counter();"
        "simulate_wm(sim_time=0.01, seed=1); print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        compiled = in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0]
        cached = [in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0] for _ in range(3)]
    import_code = (
        "import time, numpy; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
    )
    memory = (
        "from wmtutor.bump import simulate_wm\n"
        f"{PEAK}"
        "before = peak(); simulate_wm(seed=1); print(peak() - before)"
    )
    return {
        "first_call_with_compilation_s": compiled,
        "first_call_from_cache_s": summary(cached),
        **{
            f"import_{name}_after_numpy_s": summary(
                [in_new_process(import_code.format(name))[0] for _ in range(5)]
            )
            for name in ("wmtutor", "wmtutor.bump")
        },
        "peak_memory_above_import_MB": summary([in_new_process(memory)[0] for _ in range(3)]),
    }


def scaling(rounds):
    """Cost against the number of cells and against the run's length, and the exponents."""
    by_cells, by_time = [], []
    for N in (512, 1024, 2048, 4096, 8192):
        times = [timed(simulate_wm, **population_sizes(N), **CUE, sim_time=0.4, seed=1)
                 for _ in range(rounds)]  # fmt: skip
        by_cells.append({"N_excitatory": N, "per_model_second_s": summary(
            [t / 0.4 for t in times])})  # fmt: skip
    for sim_time in (0.4, 0.8, 1.6, 3.2, 6.4):
        times = [timed(simulate_wm, **CUE, sim_time=sim_time, seed=1) for _ in range(rounds)]
        by_time.append({"sim_time_s": sim_time, "whole_call_s": summary(times)})

    def exponent(rows, x, y):
        logs = np.log([[row[x], row[y]["median"]] for row in rows])
        return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])

    return {
        "cells": by_cells,
        "cells_exponent": exponent(by_cells, "N_excitatory", "per_model_second_s"),
        "sim_time": by_time,
        "sim_time_exponent": exponent(by_time, "sim_time_s", "whole_call_s"),
    }


def floor(stepping_s):
    """Operations of a step, what the core could do at best, and how far we are from that.

    Counted in the kernel's source: additions, multiplications and divisions of doubles that every
    cell needs in every step. The core's best rate is measured on a polynomial over 1024 numbers
    that stay in the first cache, compiled in the same way.
    """
    from numba import njit

    @njit(error_model="numpy")
    def polynomial(x, repeats):
        for _ in range(repeats):
            for i in range(x.shape[0]):
                y = x[i]
                for _ in range(32):
                    y = y * 0.999 + 0.001
                x[i] = y

    x = np.ones(1024)
    polynomial(x, 1)
    repeats = 4000
    best = 64 * 1024 * repeats / min(timed(polynomial, x, repeats) for _ in range(5))

    N_E, N_I = 1024, 256
    modes = RingModes(weight_profile(N_E))
    table = sum(tables[0].size for tables in (modes.odd, modes.even))
    membrane = 2 * 17 + 2 * 16 + 13  # two stages, two polynomials for exp, the rest
    operations = {
        "membranes": (N_E + N_I) * membrane,
        "gates": 18 * N_E + 3 * N_I,
        # Every entry of the tables of cosines and of sines serves twice, to sum and to spread.
        "ring sum": 2 * 2 * 2 * table + 5 * N_E,
    }
    steps = SIM_TIME / DT
    total = sum(operations.values())
    return {
        "operations_per_step": {**operations, "total": total},
        "exponentials_per_step": {"textbook": 2 * (N_E + N_I), "ours": 0},
        "best_operations_per_s": best,
        "floor_s": total * steps / best,
        "times_the_floor": stepping_s / (total * steps / best),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with contextlib.suppress(AttributeError):  # not on every system
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import brian2 as brian2_package
    import numba

    result = {
        "machine": machine(),
        "versions": {"wmtutor": wmtutor.__version__, "numpy": np.__version__,
                     "numba": numba.__version__, "brian2": brian2_package.__version__},
        "date": time.strftime("%Y-%m-%d"),
        "headline": headline(arguments.rounds),
        "processes": processes(),
        "scaling": scaling(arguments.rounds),
    }  # fmt: skip
    result["floor"] = floor(result["headline"]["stepping_s"]["wmtutor, Numba"]["median"])
    report(result)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {arguments.out}")


def report(result):
    print(result["machine"], result["versions"])
    head = result["headline"]
    print(f"\n{head['model_time_s']} s of 1024/256 cells, dt 0.05 ms, bump active; seconds:")
    for name, row in head["stepping_s"].items():
        ratio = head["ratio_to_numba"][name]
        print(f"  {name:16} stepping {shown(row)}, whole call "
              f"{shown(head['whole_call_s'][name])}, x{shown(ratio, 1)}")  # fmt: skip
    print()
    for name, value in result["processes"].items():
        print(f"  {name}: {shown(value) if isinstance(value, dict) else f'{value:.3f}'}")
    print()
    for row in result["scaling"]["cells"]:
        print(f"  N {row['N_excitatory']:5}: {shown(row['per_model_second_s'])} s a model second")
    print(f"  exponent {result['scaling']['cells_exponent']:.2f}")
    for row in result["scaling"]["sim_time"]:
        print(f"  {row['sim_time_s']:4} s: {shown(row['whole_call_s'])} s")
    print(f"  exponent {result['scaling']['sim_time_exponent']:.2f}\n")
    print(f"  {result['floor']}")


if __name__ == "__main__":
    main()
