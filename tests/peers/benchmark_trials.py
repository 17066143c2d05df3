"""The trials that both benchmarks hand to ``run_trials``, in a module that workers can import."""

import functools

from wmtutor.bump import population_sizes, simulate_wm
from wmtutor.flexible import build_network, simulate_flexible_wm
from wmtutor.units import ms, nA, second

__all__ = ["CUE", "LOAD", "bump_trial", "flexible_trial", "num_spikes", "small_bump_trial"]

CUE = {
    "stimulus_center_deg": 120, "stimulus_width_deg": 30, "stimulus_strength": 0.06 * nA,
    "t_stimulus_start": 100 * ms, "t_stimulus_duration": 200 * ms,
}  # fmt: skip
LOAD = 6


def num_spikes(*monitors):
    return sum(monitor.num_spikes for monitor in monitors)


def bump_trial(seed, sim_time=0.8 * second):
    """The default network with a cue."""
    run = simulate_wm(**CUE, sim_time=sim_time, monitored_subset_size=1, seed=seed)
    return {"spikes": num_spikes(run.spike_monitor_excit, run.spike_monitor_inhib)}


def small_bump_trial(seed):
    """A quarter of the cells, steps of twice the length, half a second."""
    run = simulate_wm(
        **population_sizes(256), **CUE, sim_time=0.5 * second, dt=0.1 * ms,
        monitored_subset_size=1, seed=seed,
    )  # fmt: skip
    return {"spikes": num_spikes(run.spike_monitor_excit, run.spike_monitor_inhib)}


@functools.cache
def _network():
    return build_network(seed=1)


def flexible_trial(seed):
    """Six items on one network, which every process builds once."""
    run = simulate_flexible_wm(LOAD, network=_network(), seed=seed)
    return {"spikes": num_spikes(run.spike_monitor_sensory, run.spike_monitor_random)}
