"""The bump attractor: a ring of spiking cells that remembers an angle (Compte et al. 2000).

``simulate_wm`` runs the network and returns monitors; the other functions read them.
"""

from wmtutor.bump.parameters import PRESETS, BumpParameters, population_sizes, weight_profile
from wmtutor.bump.simulate import WorkingMemoryRun, getting_started, simulate_wm

__all__ = [
    "PRESETS",
    "BumpParameters",
    "WorkingMemoryRun",
    "getting_started",
    "population_sizes",
    "simulate_wm",
    "weight_profile",
]
