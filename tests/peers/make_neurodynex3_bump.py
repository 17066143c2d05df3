"""Write tests/data/neurodynex3_bump.csv: the course package's own network, many seeds.

It pins old releases of Brian2 and NumPy, so it needs an environment of its own. From the root of
the repository::

    python3.11 -m venv .venv-neurodynex3
    .venv-neurodynex3/bin/pip install neurodynex3==1.0.4 "cython<3.1" "setuptools<81"
    .venv-neurodynex3/bin/python tests/peers/make_neurodynex3_bump.py

Size, step and cue are the package's and its course sheet's. Finished runs are kept: a second call
does only what is missing.
"""

from __future__ import annotations

import time
from pathlib import Path

import brian2 as b2
import numpy as np
from bump_statistics import append_rows, run_statistics
from neurodynex3.working_memory_network import wm_model

TABLE = Path(__file__).parents[1] / "data" / "neurodynex3_bump.csv"
SEEDS = range(1, 49)
SETTINGS = {
    "preset": "neurodynex3",
    "N_excitatory": 1024,
    "N_inhibitory": 256,
    "weight_scaling_factor": 2,
    "dt_ms": 0.05,
    "sim_time_ms": 800,
    "cue_center_deg": 120,
    "cue_start_ms": 100,
    "cue_duration_ms": 200,
    "cue_width_deg": 30,
    "cue_strength_nA": 0.06,
}


def run(job: dict) -> dict[str, float]:
    """One run of the package's ``simulate_wm``."""
    began = time.perf_counter()
    b2.start_scope()
    b2.seed(job["seed"])
    np.random.seed(job["seed"])  # noqa: NPY002 - the package draws its first voltages from it
    b2.defaultclock.dt = job["dt_ms"] * b2.ms
    monitors = wm_model.simulate_wm(
        N_excitatory=job["N_excitatory"],
        N_inhibitory=job["N_inhibitory"],
        weight_scaling_factor=float(job["weight_scaling_factor"]),
        stimulus_center_deg=job["cue_center_deg"],
        stimulus_width_deg=job["cue_width_deg"],
        stimulus_strength=job["cue_strength_nA"] * b2.namp,
        t_stimulus_start=job["cue_start_ms"] * b2.ms,
        # It looks once per millisecond whether t < start + duration. 0.1 + 0.2 is a hair above 0.3,
        # so a duration of 200 ms would be 201; with half a millisecond less it is 200.
        t_stimulus_duration=(job["cue_duration_ms"] - 0.5) * b2.ms,
        monitored_subset_size=1,  # of voltages, which nobody reads here; spikes are of all cells
        sim_time=job["sim_time_ms"] * b2.ms,
    )
    excit, inhib = monitors[1], monitors[5]
    statistics = run_statistics(
        excit.t / b2.second,
        excit.i,
        inhib.t / b2.second,
        inhib.i,
        N_excitatory=job["N_excitatory"],
        N_inhibitory=job["N_inhibitory"],
        sim_time=job["sim_time_ms"] * 1e-3,
        cue_end=(job["cue_start_ms"] + job["cue_duration_ms"]) * 1e-3,
    )
    print(job["seed"], f"{time.perf_counter() - began:.1f} s", flush=True)
    return statistics


if __name__ == "__main__":
    append_rows(
        TABLE,
        ("neurodynex3", "brian2", "numpy", "cython"),
        [{"seed": seed} | SETTINGS for seed in SEEDS],
        run,
    )
