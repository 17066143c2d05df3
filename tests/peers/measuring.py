"""What both benchmarks need: summaries of timings, code in new processes, the machine's name."""

import contextlib
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

__all__ = ["PEAK", "in_new_process", "machine", "shown", "summary"]

#: Defines ``peak()``, the peak memory in MB of the process that runs this code.
#: VmHWM and not getrusage: a child inherits its parent's peak in the latter.
PEAK = """
def peak():
    lines = open('/proc/self/status').read().splitlines()
    return int(next(l for l in lines if l.startswith('VmHWM')).split()[1]) / 1024
"""


def summary(times):
    return {
        "median": statistics.median(times), "min": min(times), "max": max(times),
        "runs": len(times),
    }  # fmt: skip


def shown(s, digits=3):
    return f"{s['median']:.{digits}f} ({s['min']:.{digits}f} to {s['max']:.{digits}f})"


def in_new_process(code, **environment):
    """The numbers that a program prints, one a line."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    return [float(line) for line in result.stdout.split()]


def machine():
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    return {"processor": model, "cores_used": 1, "python": platform.python_version()}
