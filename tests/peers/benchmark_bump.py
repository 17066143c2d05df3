"""Time the bump network against Brian2, BrainPy and neurodynex3, side by side: `make bench`.

Prints a table and writes ``book/data/benchmark_bump.json``, from which the book's page on
benchmarks is built. One core; the competitors take turns, so that a machine that slows down slows
all of them. Each figure is a median over rounds, with the smallest, the largest and all.

The headline is 0.8 s of 1024 and 256 cells with a step of 0.05 ms and an active bump. All record
spikes only; "Numba, voltages" is our default, which records the voltages of all cells as well. A
run whose rates are not those of the network stops the benchmark. The others:

"Brian2, course"
    Our Brian2 version of the network as the course's code writes it: an FFT for E to E, stored
    synapses for the rest, in Brian2's Cython target.
"Brian2, sums"
    The same with every sum formed once for all targets: the fastest Brian2 that we found.
"Brian2, standalone"
    A C++ program of its own. It can have no FFT, so the ring's sum goes through Fourier modes, as
    stored synapses.
"BrainPy"
    The loop over steps compiled by JAX, single precision; FFT for E to E. Needs ``.venv-brainpy``.
"neurodynex3"
    The course's package from PyPI, in ``.venv-neurodynex3``. Its own parameter set holds no bump,
    so it is compared with ours at that set.

Set-up is not counted: from the times of the Brian2 versions, of neurodynex3 and of ours, that of a
run of 1 ms is taken off; BrainPy and the C++ program time their steps alone. Brian2's Cython
versions get a process for each run, as Brian2 compiles again when the same network is made twice.
"""

import argparse
import functools
import sys
import tempfile
from pathlib import Path

import numpy as np
from benchmark_trials import CUE, bump_trial, small_bump_trial
from bump_statistics import run_statistics
from measuring import (
    BRAINPY_PYTHON,
    NEURODYNEX3_PYTHON,
    PEAK,
    PEERS,
    ROOT,
    about_this_run,
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
from turns import Peer, one_trial

from wmtutor.bump import population_sizes, simulate_wm, weight_profile
from wmtutor.bump.kernel import RingModes
from wmtutor.units import Hz, ms, second

RESULT = ROOT / "book" / "data" / "benchmark_bump.json"
SIM_TIME, DT = 0.8 * second, 0.05 * ms
OURS, OURS_ND3 = "wmtutor, Numba", "wmtutor, Numba, set neurodynex3"


class Ourselves:
    """Turns of the library, in this process."""

    def __init__(self, backend="numba", monitored=1, preset="neurodynex"):
        self.options = {"backend": backend, "monitored_subset_size": monitored, "preset": preset}
        self.seed = 0
        first = self._seconds(1 * ms)
        self.set_up = min(self._seconds(1 * ms) for _ in range(3))
        self.about = {"first_call_of_1_ms_s": first, "set_up_s": self.set_up}

    def _seconds(self, sim_time):
        return timed(simulate_wm, sim_time=sim_time, seed=1, **self.options)[0]

    def trial(self):
        self.seed += 1
        seconds, run = timed(
            simulate_wm, **CUE, sim_time=SIM_TIME, dt=DT, seed=self.seed, **self.options
        )
        excit, inhib = run.spike_monitor_excit, run.spike_monitor_inhib
        return {"seconds": seconds - self.set_up, "whole_s": seconds} | run_statistics(
            excit.t, excit.i, inhib.t, inhib.i, N_excitatory=excit.N, N_inhibitory=inhib.N,
            sim_time=SIM_TIME, cue_end=CUE["t_stimulus_start"] + CUE["t_stimulus_duration"],
        )  # fmt: skip

    def close(self):
        pass


class NewProcess:
    """Turns of a program that runs once; compiled by its first run, which is timed apart."""

    def __init__(self, *command):
        self.command = [str(part) for part in command]
        self.seed = 0
        first = self._run(1 * ms)["seconds"]
        self.set_up = min(self._run(1 * ms)["seconds"] for _ in range(3))
        self.about = {"first_call_of_1_ms_s": first, "set_up_s": self.set_up}

    def _run(self, sim_time):
        self.seed += 1
        return one_trial([*self.command, "--sim-time", str(sim_time), "--seed", str(self.seed)])

    def trial(self):
        row = self._run(SIM_TIME)
        return row | {"seconds": row["seconds"] - self.set_up, "whole_s": row["seconds"]}

    def close(self):
        pass


def peer(*command):
    return lambda: Peer([*(str(part) for part in command), "--sim-time", str(SIM_TIME)])


BRIAN2 = (sys.executable, PEERS / "brian2_bump_turns.py")
CONTESTANTS = {
    OURS: Ourselves,
    "wmtutor, NumPy": functools.partial(Ourselves, "numpy"),
    "Numba, voltages": functools.partial(Ourselves, monitored=1024),
    "Brian2, sums": functools.partial(NewProcess, *BRIAN2, "--wiring", "sums"),
    "Brian2, course": functools.partial(NewProcess, *BRIAN2, "--wiring", "course"),
    "Brian2, standalone": peer(*BRIAN2, "--standalone"),
    "BrainPy": peer(BRAINPY_PYTHON, PEERS / "brainpy_bump.py", "--serve"),
    OURS_ND3: functools.partial(Ourselves, preset="neurodynex3"),
    "neurodynex3": functools.partial(NewProcess, NEURODYNEX3_PYTHON, PEERS / "neurodynex3_bump.py"),
}
#: Who needs an environment of its own.
NEEDS = {"BrainPy": BRAINPY_PYTHON, "neurodynex3": NEURODYNEX3_PYTHON}
#: With what each is compared: the library at the same parameters.
BASE = {name: OURS_ND3 if "neurodynex3" in name else OURS for name in CONTESTANTS}


def limits():
    """What a run must show: what Brian2's and neurodynex3's own runs in ``tests/data`` show."""
    table = reference("brian2_bump.csv", preset="neurodynex")
    bump = {
        name: (0.75 * table[name].mean(), 1.25 * table[name].mean())
        for name in ("rate_excit_Hz", "rate_inhib_Hz")
    } | {"strength": (0.9, 1.0), "angle_deg": (90, 150)}
    table = reference("neurodynex3_bump.csv")
    silent = {
        # 1.1 Hz of 256 cells in 0.2 s is 57 spikes, with a standard deviation of about 3.
        "rate_inhib_Hz": (0.6 * table["rate_inhib_Hz"].mean(), 1.4 * table["rate_inhib_Hz"].mean()),
        # 0.14 Hz of 1024 cells are 29 spikes; 4 or fewer would come less than once in 10**7 runs.
        "rate_excit_Hz": (0.02, 1.0),
    }
    return {name: silent if base == OURS_ND3 else bump for name, base in BASE.items()}


def headline(rounds, names):
    """Default size and step with an active bump: all of them, taking turns."""
    left_out = {
        name: f"there is no {python.relative_to(ROOT)}; `make bench` makes it"
        for name, python in NEEDS.items()
        if name in names and not python.exists()
    }
    contestants = {}
    try:
        for name in names:
            if name not in left_out:
                print(f"setting up: {name}", flush=True)
                contestants[name] = CONTESTANTS[name]()
        for contestant in contestants.values():
            contestant.trial()  # warm
        rows, order = take_turns({name: c.trial for name, c in contestants.items()}, rounds)
    finally:
        for contestant in contestants.values():
            contestant.close()
    wanted = limits()
    stepping = {name: [row["seconds"] for row in of_name] for name, of_name in rows.items()}
    return {
        "model_time_s": SIM_TIME,
        "dt_s": DT,
        "order": order,
        "stepping_s": {name: summary(row) for name, row in stepping.items()},
        "whole_call_s": {
            name: summary([row.get("whole_s", row["seconds"]) for row in of_name])
            for name, of_name in rows.items()
        },
        "base": {name: BASE[name] for name in rows},
        "ratio_to_numba": {
            name: ratios(row, stepping[BASE[name]]) for name, row in stepping.items()
        },
        "times_faster_than_biology": summary([SIM_TIME / t for t in stepping[OURS]]),
        "plausibility": {
            name: plausibility(name, of_name, wanted[name]) for name, of_name in rows.items()
        },
        "set_up": {name: contestant.about for name, contestant in contestants.items()},
        "left_out": left_out,
    }


def processes(repeats):
    """First calls, import time and memory, each in processes of their own."""
    first_call = (
        "import time; from wmtutor.bump import simulate_wm; t = time.perf_counter();"
        "simulate_wm(sim_time=0.01, seed=1); print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        compiled = in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0]
        cached = [in_new_process(first_call, NUMBA_CACHE_DIR=folder)[0] for _ in range(repeats)]
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
                [in_new_process(import_code.format(name))[0] for _ in range(repeats)]
            )
            for name in ("wmtutor", "wmtutor.bump")
        },
        "peak_memory_above_import_MB": summary([in_new_process(memory)[0] for _ in range(repeats)]),
    }


def scaling(rounds, sizes, rates_Hz, lengths):
    """Cost against the number of cells, the external rate and the run's length."""

    def seconds(**arguments):
        return timed(
            simulate_wm, **CUE, dt=DT, monitored_subset_size=1, seed=1, **arguments
        )  # fmt: skip

    cases = (
        {("N", N): population_sizes(N) | {"sim_time": 0.4} for N in sizes}
        | {("rate", r): {"poisson_firing_rate": r * Hz, "sim_time": SIM_TIME} for r in rates_Hz}
        | {("time", t): {"sim_time": t} for t in lengths}
    )
    runs = {case: seconds(**arguments)[1] for case, arguments in cases.items()}  # and warm
    rows, _ = take_turns(
        {case: functools.partial(lambda a: seconds(**a)[0], a) for case, a in cases.items()}, rounds
    )
    by_cells = [
        {
            "N_excitatory": N,
            "N_inhibitory": runs["N", N].spike_monitor_inhib.N,
            "per_model_second_s": summary([t / 0.4 for t in rows["N", N]]),
        }
        for N in sizes
    ]
    by_rate = []
    for rate in rates_Hz:
        run = runs["rate", rate]
        excit, inhib = run.spike_monitor_excit, run.spike_monitor_inhib
        by_rate.append({
            "poisson_firing_rate_Hz": rate,
            "external_spikes": round(1000 * rate * (excit.N + inhib.N) * SIM_TIME),
            "spikes": excit.num_spikes + inhib.num_spikes,
            "whole_call_s": summary(rows["rate", rate]),
        })  # fmt: skip
    by_time = [{"sim_time_s": t, "whole_call_s": summary(rows["time", t])} for t in lengths]

    def exponent(table, x, y):
        return power_law([row[x] for row in table], [row[y]["median"] for row in table])

    return {
        "cells": by_cells,
        "cells_exponent": exponent(by_cells, "N_excitatory", "per_model_second_s"),
        "external_rate": by_rate,
        "sim_time": by_time,
        "sim_time_exponent": exponent(by_time, "sim_time_s", "whole_call_s"),
    }


def floor(rounds):
    """How far the run is from what no program could do without.

    The floor is measured: a loop over steps and cells, compiled as ours is, that moves the voltages
    and the gates by the same scheme and does nothing else. The magnesium block and the ring's sum
    are given to it, nobody fires, nothing is drawn and nothing recorded.

    Beside it: what our own kernel's operations, counted in its source, would take at the rate that
    the core reaches on multiplications and additions of numbers in its first cache; the textbook's
    exponentials alone; and an FFT and its inverse in every step, alone.
    """
    from numba import njit
    from scipy import fft

    @njit(error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
    def bare_steps(v, s_AMPA, drive, s_NMDA, x, steps, dt):
        s_GABA = 1.0
        for _ in range(steps):
            for i in range(v.shape[0]):
                # Per capacitance; what multiplies v is collected, as the block is given.
                g_AMPA, g_NMDA = 6.2 * s_AMPA[i], 0.5 * drive[i]
                pull = -3500.0 - 40.0 * s_GABA
                rate = 50.0 + 2.0 * s_GABA + g_AMPA + g_NMDA
                half = v[i] + 0.5 * dt * (pull - rate * v[i])
                rate = 50.0 + 1.9 * s_GABA + 0.98 * g_AMPA + g_NMDA
                v[i] += dt * (pull - rate * half)
                s_AMPA[i] = 0.97 * s_AMPA[i] + 0.03  # held up: numbers near 0 are slow
            for i in range(x.shape[0]):
                half = s_NMDA[i] + 0.5 * dt * (500.0 * x[i] * (1.0 - s_NMDA[i]) - 15.0 * s_NMDA[i])
                s_NMDA[i] += dt * (490.0 * x[i] * (1.0 - half) - 15.0 * half)
                x[i] = 0.97 * x[i] + 0.001
            s_GABA *= 0.995
        return s_GABA

    @njit(error_model="numpy", fastmath={"contract"})
    def polynomial(x, repeats):
        for _ in range(repeats):
            for i in range(x.shape[0]):
                y = x[i]
                for _ in range(32):
                    y = y * 0.999 + 0.001
                x[i] = y

    @njit(error_model="numpy")
    def exponentials(v, out, repeats):
        for _ in range(repeats):
            for i in range(v.shape[0]):
                out[i] = np.exp(v[i] * -62.0)
            v[0] += 1e-12  # no two repeats are the same

    N_E, N_I = 1024, 256
    steps = round(SIM_TIME / DT)
    generator = np.random.default_rng(1)
    v = generator.uniform(-0.06, -0.05, N_E + N_I)
    s_AMPA, drive = np.ones(N_E + N_I), generator.uniform(0, 100, N_E + N_I)
    s_NMDA, x = generator.random((2, N_E))
    short, out = np.ones(1024), np.empty_like(v)

    def transforms():
        for _ in range(steps):
            fft.irfft(fft.rfft(s_NMDA), N_E)

    def ours():
        return simulate_wm(**CUE, sim_time=SIM_TIME, dt=DT, monitored_subset_size=1, seed=1)

    bare_steps(v, s_AMPA, drive, s_NMDA, x, 1, DT)
    polynomial(short, 1)
    exponentials(v, out, 1)
    set_up = min(timed(simulate_wm, sim_time=1 * ms, seed=1)[0] for _ in range(3))
    rows, _ = take_turns(
        {
            "ours": lambda: timed(ours)[0] - set_up,
            "floor": lambda: timed(bare_steps, v, s_AMPA, drive, s_NMDA, x, steps, DT)[0],
            "polynomial": lambda: timed(polynomial, short, 1000)[0],
            "exponentials": lambda: timed(exponentials, v, out, 2 * steps)[0],
            "transforms": lambda: timed(transforms)[0],
        },
        rounds,
    )
    modes = RingModes(weight_profile(N_E))
    operations = {
        # Two stages of 17, two polynomials for exp of 16, 13 for the rest.
        "membranes": (N_E + N_I) * (2 * 17 + 2 * 16 + 13),
        "gates": 18 * N_E + 3 * N_I,
        # Every entry of a table serves twice, to sum and to spread, and a paired one for two rows
        # of values. To fold the ring takes 3.5 additions a place, and to unfold it as many.
        "ring sum": 2 * 2 * (modes.alone[0].size + 2 * modes.paired[0].size) + 7 * N_E,
    }
    total = sum(operations.values())
    best = 64 * 1024 * 1000 / min(rows["polynomial"])
    return {
        "ours_s": summary(rows["ours"]),
        "floor_s": summary(rows["floor"]),
        "times_the_floor": ratios(rows["ours"], rows["floor"]),
        "operations_per_step": {**operations, "total": total},
        "best_operations_per_s": best,
        "operations_at_best_rate_s": total * steps / best,
        "textbook_exponentials_per_step": 2 * (N_E + N_I),
        "textbook_exponentials_s": summary(rows["exponentials"]),
        "transforms_s": summary(rows["transforms"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="a try: small tables, two rounds")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument(
        "--without", action="append", default=[],
        choices=[name for name in CONTESTANTS if name not in BASE.values()],
        help="leave a competitor out (may be repeated)",
    )  # fmt: skip
    arguments = parser.parse_args()
    quick = arguments.quick
    rounds = 2 if quick else arguments.rounds
    cores = pin()
    names = [name for name in CONTESTANTS if name not in arguments.without]
    result = {
        **about_this_run(cores, rounds, quick),
        "headline": headline(rounds, names),
        "processes": processes(2 if quick else 5),
        "scaling": scaling(
            rounds,
            sizes=(256, 512, 1024) if quick else (256, 512, 1024, 2048, 4096, 8192),
            rates_Hz=(0.7, 1.4, 2.8) if quick else (0.0, 0.7, 1.4, 2.1, 2.8, 5.6),
            lengths=(0.4, 0.8, 1.6) if quick else (0.4, 0.8, 1.6, 3.2, 6.4),
        ),
        "trials": time_trials(
            small_bump_trial, (1, 10, 20) if quick else (1, 10, 100, 1000), min(rounds, 3)
        ),
        "cores": time_cores(bump_trial, 8 if quick else 64, cores, rounds),
        "floor": floor(2 * rounds),
    }
    report(result)
    write(result, arguments.out)


def report(result):
    print(result["machine"], result["versions"])
    head = result["headline"]
    print(f"\n{head['model_time_s']} s of 1024/256 cells, dt 0.05 ms; seconds:")
    for name, row in head["stepping_s"].items():
        ratio = head["ratio_to_numba"][name]
        print(f"  {name:31} stepping {shown(row)}, whole call {shown(head['whole_call_s'][name])}, "
              f"x{shown(ratio, 1)} {head['base'][name]}")  # fmt: skip
    for name, reason in head["left_out"].items():
        print(f"  {name:32} left out: {reason}")
    print()
    for name, value in result["processes"].items():
        print(f"  {name}: {shown(value) if isinstance(value, dict) else f'{value:.3f}'}")
    print()
    table = result["scaling"]
    for row in table["cells"]:
        print(f"  N {row['N_excitatory']:5}: {shown(row['per_model_second_s'])} s a model second")
    print(f"  exponent {table['cells_exponent']}")
    for row in table["external_rate"]:
        print(f"  {row['poisson_firing_rate_Hz']:4} Hz: {row['spikes']} spikes, "
              f"{shown(row['whole_call_s'])} s")  # fmt: skip
    for row in table["sim_time"]:
        print(f"  {row['sim_time_s']:4} s: {shown(row['whole_call_s'])} s")
    print(f"  exponent {table['sim_time_exponent']}\n")
    report_trials(result)


def report_trials(result):
    for row in result["trials"]:
        print(f"  {row['trials']:5} trials: {shown(row['total_s'])} s")
    for row in result["cores"]["processes"]:
        print(f"  {row['n_jobs']} processes, {result['cores']['trials']} trials: "
              f"{shown(row['total_s'])} s, x{shown(row['speed_up'], 2)}")  # fmt: skip
    print()
    for name, value in result["floor"].items():
        is_summary = isinstance(value, dict) and "median" in value
        print(f"  {name}: {shown(value, 4) if is_summary else value}")


if __name__ == "__main__":
    main()
