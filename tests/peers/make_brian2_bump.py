"""Write tests/data/brian2_bump.csv: the noisy network in Brian2, many seeds of each preset.

From the root of the repository, in an environment with Brian2 and Cython::

    python tests/peers/make_brian2_bump.py

Finished runs are kept: a second call does only what is missing. A run of 0.8 s of model time takes
3 to 8 s with the start of its process (the first one half a minute more, to compile).
"""

from __future__ import annotations

import time
from pathlib import Path

from brian2_bump import Cue, run_brian2_bump
from bump_statistics import append_rows, run_statistics

TABLE = Path(__file__).parents[1] / "data" / "brian2_bump.csv"
SEEDS = range(1, 49)

# The course sheet's cue, for the two sets of the course. The paper's set needs a stronger one: with
# 0.06 nA its bump is gone half a second later. It runs at the course's size, half of its own, with
# the doubled conductances that make up for it.
CUES = {
    "neurodynex": {"cue_width_deg": 30, "cue_strength_nA": 0.06},
    "compte2000": {"cue_width_deg": 40, "cue_strength_nA": 0.2},
    "neurodynex3": {"cue_width_deg": 30, "cue_strength_nA": 0.06},
}
SETTINGS = {
    "N_excitatory": 1024,
    "N_inhibitory": 256,
    "weight_scaling_factor": 2,
    "dt_ms": 0.05,
    "sim_time_ms": 800,
    "cue_center_deg": 120,
    "cue_start_ms": 100,
    "cue_duration_ms": 200,
}


def run(job: dict) -> dict[str, float]:
    """One run with Brian2's compiled target."""
    began = time.perf_counter()
    cue = Cue(
        job["cue_center_deg"],
        job["cue_width_deg"],
        job["cue_strength_nA"] * 1e-9,
        job["cue_start_ms"] * 1e-3,
        job["cue_duration_ms"] * 1e-3,
    )
    result = run_brian2_bump(
        job["preset"],
        job["N_excitatory"],
        job["N_inhibitory"],
        job["weight_scaling_factor"],
        cues=(cue,),
        sim_time=job["sim_time_ms"] * 1e-3,
        dt=job["dt_ms"] * 1e-3,
        seed=job["seed"],
        codegen_target="cython",
    )
    statistics = run_statistics(
        result.spike_step_excit * result.dt,
        result.spike_cell_excit,
        result.spike_step_inhib * result.dt,
        result.spike_cell_inhib,
        N_excitatory=job["N_excitatory"],
        N_inhibitory=job["N_inhibitory"],
        sim_time=result.sim_time,
        cue_end=cue.start + cue.duration,
    )
    print(job["preset"], job["seed"], f"{time.perf_counter() - began:.1f} s", flush=True)
    return statistics


if __name__ == "__main__":
    append_rows(
        TABLE,
        ("brian2", "numpy", "cython"),
        [
            {"preset": preset, "seed": seed} | SETTINGS | cue
            for preset, cue in CUES.items()
            for seed in SEEDS
        ],
        run,
    )
