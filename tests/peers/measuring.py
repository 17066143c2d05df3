"""What both benchmarks need: turns, summaries, checks of results, and who measured what where."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

__all__ = [
    "BRAINPY_PYTHON",
    "NEURODYNEX3_PYTHON",
    "PEAK",
    "PEERS",
    "ROOT",
    "about_this_run",
    "all_cores",
    "in_new_process",
    "pin",
    "plausibility",
    "power_law",
    "ratios",
    "reference",
    "shown",
    "summary",
    "take_turns",
    "time_cores",
    "time_trials",
    "timed",
    "write",
]

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent
NEURODYNEX3_PYTHON = ROOT / ".venv-neurodynex3" / "bin" / "python"
BRAINPY_PYTHON = ROOT / ".venv-brainpy" / "bin" / "python"

#: Defines ``peak()``, the peak memory in MB of the process that runs this code.
#: VmHWM and not getrusage: a child inherits its parent's peak in the latter.
PEAK = """
def peak():
    lines = open('/proc/self/status').read().splitlines()
    return int(next(l for l in lines if l.startswith('VmHWM')).split()[1]) / 1024
"""

#: Packages whose version may change a timing.
PACKAGES = (
    "wmtutor", "numpy", "scipy", "numba", "llvmlite", "joblib", "brian2", "cython", "neurodynex3",
    "brainpy", "jax", "jaxlib", "setuptools",
)  # fmt: skip


def timed(function: Callable, *args, **kwargs) -> tuple:
    """Seconds that a call takes, and its result."""
    begin = time.perf_counter()
    result = function(*args, **kwargs)
    return time.perf_counter() - begin, result


def summary(values: Sequence[float]) -> dict:
    """Median, range and all of some numbers."""
    values = [float(value) for value in values]
    return {
        "median": statistics.median(values), "min": min(values), "max": max(values),
        "runs": len(values), "values": values,
    }  # fmt: skip


def ratios(values: Sequence[float], to: Sequence[float]) -> dict:
    """Summary of the ratios of two rows, round by round."""
    return summary([a / b for a, b in zip(values, to, strict=True)])


def shown(s: Mapping, digits: int = 3) -> str:
    return f"{s['median']:.{digits}f} ({s['min']:.{digits}f} to {s['max']:.{digits}f})"


def take_turns(contestants: Mapping[str, Callable[[], dict]], rounds: int) -> tuple[dict, list]:
    """Call all of them once a round; their results by name, and the order of the calls.

    The ratio of two results of one round then compares runs that are next to each other in time: a
    machine that slows down slows all of them. Every other round goes backwards, so that nobody
    always comes after the same one.
    """
    rows: dict = {name: [] for name in contestants}
    order = []
    for n in range(rounds):
        for name in list(contestants)[:: -1 if n % 2 else 1]:
            rows[name].append(contestants[name]())
            order.append(name)
    return rows, order


def power_law(x: Sequence[float], y: Sequence[float]) -> dict:
    """The exponent of a power law through some points, by least squares of their logarithms.

    The interval is Student's, at 95%. It holds if the points scatter about a straight line; where
    they bend, it says how well one line does, and no more.
    """
    from scipy import stats

    fit = stats.linregress(np.log(x), np.log(y))
    half = fit.stderr * stats.t.ppf(0.975, len(x) - 2)
    return {
        "exponent": float(fit.slope), "low": float(fit.slope - half),
        "high": float(fit.slope + half), "points": len(x),
    }  # fmt: skip


# Is a result right, as far as one run can tell? -------------------------------------------------


def reference(table: str, **wanted) -> dict[str, np.ndarray]:
    """Columns of a table of an independent simulator's runs, from ``tests/data``."""
    with (ROOT / "tests" / "data" / table).open(newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    rows = [row for row in rows if all(row[name] == str(value) for name, value in wanted.items())]
    numbers = {}
    for name in rows[0]:
        with contextlib.suppress(ValueError):
            numbers[name] = np.array([float(row[name]) for row in rows])
    return numbers


def plausibility(name: str, rows: Sequence[Mapping], limits: Mapping[str, Sequence[float]]) -> dict:
    """Whether every run of a contestant did its work: figures and the limits that they must keep.

    Raises ``RuntimeError`` if one did not. Nobody shall win by doing nothing.
    """
    result = {}
    for quantity, (low, high) in limits.items():
        values = [float(row[quantity]) for row in rows]
        result[quantity] = {"low": float(low), "high": float(high), "values": values}
        if not all(low <= value <= high for value in values):
            raise RuntimeError(
                f"{name}: {quantity} is {values}, which should be from {low:.4g} to {high:.4g}: "
                f"it does not simulate this network"
            )
    return result


# Many trials, and several cores -------------------------------------------------------------------


def time_trials(trial: Callable, numbers: Sequence[int], rounds: int) -> list[dict]:
    """Seconds that ``run_trials`` takes for some numbers of trials, in one process."""
    from wmtutor.experiments import run_trials

    def run(number):
        return timed(run_trials, trial, [{}], number, seed=1, n_jobs=1, progress=False)[0]

    run(2)
    rows, _ = take_turns({n: lambda n=n: run(n) for n in numbers}, rounds)
    return [
        {"trials": n, "total_s": summary(rows[n]), "per_trial_s": summary([t / n for t in rows[n]])}
        for n in numbers
    ]


def time_cores(trial: Callable, trials: int, cores: set[int], rounds: int) -> dict:
    """Seconds that ``run_trials`` takes on 1, 2, 4 ... of the cores."""
    from wmtutor.experiments import run_trials

    numbers = [2**k for k in range(len(cores).bit_length()) if 2**k <= len(cores)]

    def run(n_jobs):
        return timed(run_trials, trial, [{}], trials, seed=1, n_jobs=n_jobs, progress=False)

    with all_cores(cores):
        # The first of each starts the processes and loads the compiled code into them.
        first = {n: run(n) for n in numbers}
        if any(not table.equals(first[1][1]) for _, table in first.values()):
            raise RuntimeError("the table of trials depends on the number of processes")
        rows, _ = take_turns({n: lambda n=n: run(n)[0] for n in numbers}, rounds)
    speed_up = {n: [a / b for a, b in zip(rows[1], rows[n], strict=True)] for n in numbers}
    return {
        "trials": trials,
        "processes": [
            {
                "n_jobs": n, "first_call_s": first[n][0], "total_s": summary(rows[n]),
                "speed_up": summary(speed_up[n]),
                "efficiency": summary([ratio / n for ratio in speed_up[n]]),
            }
            for n in numbers
        ],
    }  # fmt: skip


def pin() -> set[int]:
    """Keep this process, and those that it starts, to one core; return those that there are."""
    if not hasattr(os, "sched_setaffinity"):  # not on every system
        return set(range(os.cpu_count() or 1))
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    return cores


@contextlib.contextmanager
def all_cores(cores: set[int]):
    """Let this process use all cores for a while."""
    with contextlib.suppress(AttributeError):
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        with contextlib.suppress(AttributeError):
            os.sched_setaffinity(0, {min(cores)})


def in_new_process(code: str, **environment: str) -> list[float]:
    """The numbers that a program prints, one a line."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    return [float(line) for line in result.stdout.split()]


# Who measured what, where and when ----------------------------------------------------------------


def about_this_run(cores: set[int], rounds: int, quick: bool) -> dict:
    """Machine, versions, date and command."""
    environments = {"wmtutor": _environment(sys.executable)}
    for name, python in (("neurodynex3", NEURODYNEX3_PYTHON), ("brainpy", BRAINPY_PYTHON)):
        if python.exists():
            environments[name] = _environment(python)
    names = ("wmtutor", "numpy", "numba", "brian2")
    return {
        "machine": _machine(cores),
        "versions": {name: environments["wmtutor"][name] for name in names},
        "environments": environments,
        "wmtutor_commit": _output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "compiler": _output("c++", "--version").split("\n")[0],
        "date": time.strftime("%Y-%m-%d"),
        "command": " ".join(["python", os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]),
        "rounds": rounds,
        "quick": quick,
    }


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _environment(python: str | Path) -> dict[str, str]:
    """Versions of an environment's Python and of its packages."""
    code = (
        "import json, platform, sys\n"
        "from importlib.metadata import PackageNotFoundError, version\n"
        "found = {'python': platform.python_version()}\n"
        "for name in sys.argv[1:]:\n"
        "    try: found[name] = version(name)\n"
        "    except PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    return json.loads(_output(str(python), "-c", code, *PACKAGES))


def _machine(cores: set[int]) -> dict:
    model, memory_kB, system = platform.processor() or platform.machine(), 0, platform.system()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        memory_kB = int(next(line for line in lines if line.startswith("MemTotal")).split()[1])
    with contextlib.suppress(OSError):
        system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return {
        "processor": model, "cores": len(cores), "cores_used": 1,
        "memory_GB": round(memory_kB / 2**20, 1), "system": system,
        "kernel": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(), "python": platform.python_version(),
    }  # fmt: skip


def write(result: dict, path: Path) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(result, indent=1) + "\n")
    new.replace(path)
    print(f"written: {path}")
