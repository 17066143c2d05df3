"""One row of figures per run of the bump network, for the library and its peers alike.

Plain NumPy on spike times (second) and cell numbers, so that a peer's own environment can use it
and no figure depends on the library's analysis. Rows go to a CSV file one at a time: a run that
was stopped goes on where it was.
"""

from __future__ import annotations

import csv
import datetime
import multiprocessing
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

__all__ = ["LATE_WINDOW", "append_rows", "run_statistics"]

#: Rate, strength and angle "late" are those of this last part of the run (second).
LATE_WINDOW = 0.2
#: The angle at the end of the cue is decoded from this last part of the cue (second).
CUE_END_WINDOW = 0.05
#: The activity profile is averaged over this stretch of the ring before its peak is read.
PROFILE_WINDOW_DEG = 30


def _counts(times: np.ndarray, cells: np.ndarray, N: int, start: float, end: float) -> np.ndarray:
    # A nanosecond of slack: times are multiples of a step, up to rounding.
    inside = (times >= start - 1e-9) & (times < end - 1e-9)
    return np.bincount(cells[inside], minlength=N)


def _population_vector(counts: np.ndarray) -> tuple[float, float]:
    if counts.sum() == 0:
        return float("nan"), 0.0
    directions = np.exp(2j * np.pi * np.arange(len(counts)) / len(counts))
    mean = np.dot(counts, directions) / counts.sum()
    return float(np.degrees(np.angle(mean)) % 360), float(abs(mean))


def run_statistics(
    times_excit: np.ndarray,
    cells_excit: np.ndarray,
    times_inhib: np.ndarray,
    cells_inhib: np.ndarray,
    *,
    N_excitatory: int,
    N_inhibitory: int,
    sim_time: float,
    cue_end: float,
) -> dict[str, float]:
    """Rates (Hz), bump strength (0 to 1) and decoded angles (degree) of one run."""
    times_excit, cells_excit = np.asarray(times_excit), np.asarray(cells_excit)
    late = (sim_time - LATE_WINDOW, sim_time)
    late_excit = _counts(times_excit, cells_excit, N_excitatory, *late)
    late_inhib = _counts(np.asarray(times_inhib), np.asarray(cells_inhib), N_inhibitory, *late)
    cue = _counts(times_excit, cells_excit, N_excitatory, cue_end - CUE_END_WINDOW, cue_end)
    angle, strength = _population_vector(late_excit)
    cue_angle, cue_strength = _population_vector(cue)
    places = max(1, round(N_excitatory * PROFILE_WINDOW_DEG / 360))
    around = np.concatenate([late_excit, late_excit[: places - 1]])
    profile = np.convolve(around, np.ones(places), mode="valid") / (places * LATE_WINDOW)
    return {
        "rate_excit_Hz": late_excit.sum() / (N_excitatory * LATE_WINDOW),
        "rate_inhib_Hz": late_inhib.sum() / (N_inhibitory * LATE_WINDOW),
        "strength": strength,
        "angle_deg": angle,
        "peak_rate_Hz": float(profile.max()),
        "width_deg": 360 * float(np.mean(profile > profile.max() / 2)),
        "cue_end_angle_deg": cue_angle,
        "cue_end_strength": cue_strength,
    }


def append_rows(path: Path, packages: tuple[str, ...], jobs, run) -> None:
    """Run what ``path`` does not hold yet and add a row for each as it finishes.

    ``jobs`` are mappings of settings (columns of the file, ``preset`` and ``seed`` among them);
    ``run`` takes one and returns its statistics. One run at a time, each in a process of its own:
    Brian2 names an external input after those made before it in the process, compiles anew for each
    name, and draws in the order of the names, so only thus is a row the same whatever ran before.
    """
    done = set()
    if path.exists():
        with path.open(newline="") as file:
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            done = {(row["preset"], int(row["seed"])) for row in rows}
    jobs = [job for job in jobs if (job["preset"], job["seed"]) not in done]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for job, statistics in zip(jobs, pool.imap(run, jobs), strict=True):
            row = {key: str(value) for key, value in job.items()}
            row |= {key: f"{value:.6g}" for key, value in statistics.items()}
            new = not path.exists()
            with path.open("a", newline="") as file:
                if new:
                    _write_comment(file, packages)
                writer = csv.DictWriter(file, row.keys(), lineterminator="\n")
                if new:
                    writer.writeheader()
                writer.writerow(row)


def _write_comment(file, packages: tuple[str, ...]) -> None:
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    python = ".".join(map(str, sys.version_info[:3]))
    file.write(
        f"# Made by: python tests/peers/{Path(sys.argv[0]).name}\n"
        f"# On {datetime.date.today()} with Python {python}, {versions}\n"
        f"# Rates, strength, angle, peak and width: last {1000 * LATE_WINDOW:g} ms of the run; "
        f"cue_end: last {1000 * CUE_END_WINDOW:g} ms of the cue\n"
    )
