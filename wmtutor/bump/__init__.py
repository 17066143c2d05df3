"""The bump attractor: a ring of spiking cells that remembers an angle (Compte et al. 2000).

``simulate_wm`` runs the network and returns monitors; the other functions read them.
"""

from wmtutor.bump.analysis import (
    BumpProfile,
    BumpReading,
    DiffusionEstimate,
    NoBumpError,
    ThetaTimeSeries,
    activity_profile,
    bump_profile,
    estimate_diffusion,
    get_orientation,
    get_spike_count,
    get_theta_time_series,
    read_bump,
)
from wmtutor.bump.parameters import (
    PRESETS,
    BumpParameters,
    draw_leak_potentials,
    population_sizes,
    weight_profile,
)
from wmtutor.bump.simulate import WorkingMemoryRun, getting_started, simulate_wm
from wmtutor.ring import PopulationVector, population_vector

__all__ = [
    "PRESETS",
    "BumpParameters",
    "BumpProfile",
    "BumpReading",
    "DiffusionEstimate",
    "NoBumpError",
    "PopulationVector",
    "ThetaTimeSeries",
    "WorkingMemoryRun",
    "activity_profile",
    "bump_profile",
    "draw_leak_potentials",
    "estimate_diffusion",
    "get_orientation",
    "get_spike_count",
    "get_theta_time_series",
    "getting_started",
    "population_sizes",
    "population_vector",
    "read_bump",
    "simulate_wm",
    "weight_profile",
]
