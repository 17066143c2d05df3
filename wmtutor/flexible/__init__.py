"""The flexible working-memory network: many items in one shared pool (Bouchacourt & Buschman 2019).

``build_network`` draws a network, ``simulate_flexible_wm`` runs a trial on it; the other functions
read what it remembers.
"""

from wmtutor.flexible.analysis import (
    DecodedTimeSeries,
    MemoryTimeSeries,
    TuningMap,
    get_memory_time_series,
    get_ml_time_series,
    get_ring_rates,
    random_layer_tuning,
)
from wmtutor.flexible.network import FlexibleNetwork, build_network, load_network
from wmtutor.flexible.parameters import (
    FlexibleParameters,
    NetworkParameters,
    firing_rate,
    ring_weight_profile,
    stimulus_profile,
)
from wmtutor.flexible.readout import (
    ActivityVector,
    MemoryCounts,
    activity_vector,
    count_memories,
    cue_error,
    maximum_likelihood_angle,
    memory_is_present,
)
from wmtutor.flexible.simulate import FlexibleRun, simulate_flexible_wm
from wmtutor.flexible.trials import simulate_loads, summarise_loads

__all__ = [
    "ActivityVector",
    "DecodedTimeSeries",
    "FlexibleNetwork",
    "FlexibleParameters",
    "FlexibleRun",
    "MemoryCounts",
    "MemoryTimeSeries",
    "NetworkParameters",
    "TuningMap",
    "activity_vector",
    "build_network",
    "count_memories",
    "cue_error",
    "firing_rate",
    "get_memory_time_series",
    "get_ml_time_series",
    "get_ring_rates",
    "load_network",
    "maximum_likelihood_angle",
    "memory_is_present",
    "random_layer_tuning",
    "ring_weight_profile",
    "simulate_flexible_wm",
    "simulate_loads",
    "stimulus_profile",
    "summarise_loads",
]
