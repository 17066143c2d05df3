"""Every figure that the book draws, a function each.

Each function returns the figure and its axes, and draws into axes that are passed in. Nothing
here changes Matplotlib's settings: new figures are made inside :func:`style`, whose colours (Okabe
& Ito 2008) can be told apart with any kind of colour vision.
"""

from wmtutor.plot_tools._style import COLORS, style
from wmtutor.plot_tools.bump import (
    animate_bump,
    animation_html,
    plot_activity_profile,
    plot_drift_field,
    plot_final_angles,
    plot_mean_squared_displacement,
    plot_network_activity,
    plot_space_time,
    plot_theta_time_series,
    plot_weight_profile,
)
from wmtutor.plot_tools.flexible import (
    plot_error_curve,
    plot_load_curve,
    plot_memory_strength,
    plot_random_layer_tuning,
    plot_ring_memories,
    plot_ring_weights,
    plot_selectivity,
    plot_two_layers,
    plot_weight_matrices,
)
from wmtutor.plot_tools.laws import plot_curves, plot_phase_diagram
from wmtutor.plot_tools.rings import animate_rings
from wmtutor.plot_tools.states import plot_state_map

__all__ = [
    "COLORS",
    "animate_bump",
    "animate_rings",
    "animation_html",
    "plot_activity_profile",
    "plot_curves",
    "plot_drift_field",
    "plot_error_curve",
    "plot_final_angles",
    "plot_load_curve",
    "plot_mean_squared_displacement",
    "plot_memory_strength",
    "plot_network_activity",
    "plot_phase_diagram",
    "plot_random_layer_tuning",
    "plot_ring_memories",
    "plot_ring_weights",
    "plot_selectivity",
    "plot_space_time",
    "plot_state_map",
    "plot_theta_time_series",
    "plot_two_layers",
    "plot_weight_matrices",
    "plot_weight_profile",
    "style",
]
