"""Run the bump-attractor network: arguments in, monitors out."""

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from wmtutor._validation import (
    AMPERE,
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    SIEMENS,
    VOLT,
    check_backend,
    check_choice,
    check_count,
    check_flag,
    check_quantity,
    check_seed,
    check_vector,
)
from wmtutor.bump.parameters import MOST_CELLS, PRESETS, BumpParameters, weight_profile
from wmtutor.bump.state import Cell, Network, NetworkState, Recording
from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor, StateMonitor
from wmtutor.units import Hz, ms, mV, nA, nS

__all__ = ["WorkingMemoryRun", "getting_started", "simulate_wm"]

#: The two voltage records together stay below this by default.
VOLTAGE_BYTES = 32 * 2**20
#: Steps between two looks at Ctrl-C and the progress bar, and the external spikes drawn at once.
CHUNK_STEPS = 1000
CHUNK_EVENTS = 2_000_000

Function = TypeVar("Function", bound=Callable[..., Any])


class WorkingMemoryRun(NamedTuple):
    """What :func:`simulate_wm` returns: monitors of the excitatory and the inhibitory population.

    Attributes
    ----------
    rate_monitor_excit, rate_monitor_inhib : PopulationRateMonitor
        Population rate in every step.
    spike_monitor_excit, spike_monitor_inhib : SpikeMonitor
        Every spike of every cell.
    voltage_monitor_excit, voltage_monitor_inhib : StateMonitor
        Voltages of the monitored cells.
    idx_monitored_neurons_excit, idx_monitored_neurons_inhib : ndarray of int
        The cells whose voltages were recorded.
    weight_profile_45 : ndarray of float, shape (N_excitatory,)
        The weights of the cell that prefers 45 degrees.
    """

    rate_monitor_excit: PopulationRateMonitor
    spike_monitor_excit: SpikeMonitor
    voltage_monitor_excit: StateMonitor
    idx_monitored_neurons_excit: np.ndarray
    rate_monitor_inhib: PopulationRateMonitor
    spike_monitor_inhib: SpikeMonitor
    voltage_monitor_inhib: StateMonitor
    idx_monitored_neurons_inhib: np.ndarray
    weight_profile_45: np.ndarray


def _resolve_preset(preset: Any) -> BumpParameters:
    if isinstance(preset, BumpParameters):
        return preset
    return PRESETS[check_choice("preset", preset, PRESETS)]


def _fill_in_preset(function: Function) -> Function:
    """Let the preset decide arguments that the caller leaves out.

    The signature shows the values of the default preset, which is what a reader of the help wants
    to see; whether the caller gave an argument is only known before those values are filled in.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        parameters = _resolve_preset(given.pop("preset", "neurodynex"))
        return function(**{**parameters.defaults(), **given, "preset": parameters})

    return cast(Function, call)


def _centers(name: str, value: Any) -> list[float]:
    """One centre of a pulse, or several, as a list."""
    if not isinstance(value, (list, tuple, range)) and getattr(value, "ndim", 0) == 0:
        return [check_quantity(name, value, DEGREE, high=720, signed=True)]
    centers = check_vector(name, value, DEGREE, low=-720, high=720)
    if not centers.size:
        raise ValueError(
            f"{name}: there is none; for no pulse leave its duration at 0, for one give an angle"
        )
    return [float(center) for center in centers]


def _pulse(
    kind: str,
    N: int,
    center_deg: Any,
    width_deg: Any,
    strength: Any,
    start: Any,
    duration: Any,
    sim_time: float,
    dt: float,
) -> tuple[np.ndarray, float, float, float]:
    """A checked current pulse: its cells, strength, start and end."""
    centers_deg = _centers(f"{kind}_center_deg", center_deg)
    width_deg = check_quantity(f"{kind}_width_deg", width_deg, DEGREE, low=0.1, high=360)
    strength = check_quantity(
        f"{kind}_strength", strength, AMPERE, low=1e-12, high=10 * nA, signed=True
    )
    start = check_quantity(f"t_{kind}_start", start, SECOND, low=1e-5, high=100)
    duration = check_quantity(f"t_{kind}_duration", duration, SECOND, low=1e-5, high=100)
    if duration > 0 and start + duration > sim_time + dt / 2:
        raise ValueError(
            f"t_{kind}_start={SECOND.show(start)} and t_{kind}_duration={SECOND.show(duration)}: "
            f"the {kind} ends after the run (sim_time={SECOND.show(sim_time)}); lengthen sim_time "
            f"or shorten the {kind}"
        )
    half_width = round(N / 360 * width_deg / 2)
    # A cell that two centres reach is listed once, and gets the current once.
    centers = np.array([round(N / 360 * degrees) for degrees in centers_deg])[:, np.newaxis]
    cells = np.unique((centers + np.arange(-half_width, half_width + 1)) % N)
    return cells, strength, start, start + duration


def _injected_current(
    N: int, pulses: list[tuple[np.ndarray, float, float, float]], steps: int, dt: float
) -> tuple[np.ndarray, np.ndarray]:
    """The patterns of current that occur, and which pattern each step has.

    A pulse is looked at once per millisecond, as in the course: it starts and ends on a whole
    millisecond of model time. Pulses that are on together add up.
    """
    patterns = np.zeros((2 ** len(pulses), N))
    index = np.zeros(steps, dtype=np.int64)
    # The small addition keeps 3 * 0.1 ms, say, from falling just short of its mark.
    looked_at = np.floor(np.arange(steps) * dt / ms + 1e-6)
    for number, (cells, strength, start, end) in enumerate(pulses):
        bit = 2**number
        for pattern in range(len(patterns)):
            if pattern & bit:
                patterns[pattern, cells] += strength
        on = (looked_at >= start / ms - 1e-6) & (looked_at < end / ms - 1e-6)
        index[on] |= bit
    return patterns, index


class _ExternalInput:
    """The external spikes of one population, drawn a chunk at a time.

    Many independent Poisson sources per cell are one Poisson source of the whole population whose
    spikes fall on cells chosen at random: the same law, at the price of two draws per step.
    The numbers and the targets have a generator each, so the spikes do not depend on the chunks.
    """

    def __init__(self, seeds: list[np.random.SeedSequence], N: int, mean_per_step: float) -> None:
        self.numbers, self.targets = (np.random.default_rng(seed) for seed in seeds)
        self.N, self.mean_per_step = N, mean_per_step

    def draw(self, steps: int) -> tuple[np.ndarray, np.ndarray]:
        if self.mean_per_step == 0:
            return np.zeros(steps, np.int64), np.zeros(0, np.int32)
        counts = self.numbers.poisson(self.mean_per_step, steps)
        return counts, self.targets.integers(self.N, size=counts.sum(), dtype=np.int32)


def _refractory_steps(t_refractory: float, dt: float) -> int:
    """Whole steps that fit into the refractory time (with Brian2's slack), and at least one."""
    return max(1, math.floor(t_refractory / dt + 1e-3))


def _leak_of_excitatory_cells(
    E_leak: Any, g_leak: Any, N: int, parameters: BumpParameters
) -> tuple[Any, Any]:
    """Reversal potential and conductance: two numbers, or two arrays with a value a cell."""
    leak: list[Any] = []
    for name, value, unit, default, low, high in (
        ("E_leak_excit", E_leak, VOLT, parameters.E_leak, -200 * mV, 100 * mV),
        ("g_leak_excit", g_leak, SIEMENS, parameters.g_leak_excit, 0.1 * nS, 1000 * nS),
    ):
        if value is None:
            leak.append(float(default))
        elif isinstance(value, (list, tuple, range)) or getattr(value, "ndim", 0) > 0:
            leak.append(check_vector(name, value, unit, length=N, low=low, high=high))
        else:
            number = check_quantity(name, value, unit, low=1e-12, high=200e-3, signed=True)
            leak.append(float(check_vector(name, [number], unit, low=low, high=high)[0]))
    if any(isinstance(value, np.ndarray) for value in leak):
        # Both or none: the kernel is compiled for each combination that it meets.
        leak = [np.full(N, value) for value in leak]
    return leak[0], leak[1]


def network_of(
    parameters: BumpParameters,
    *,
    weights: np.ndarray,
    N_inhibitory: int,
    weight_scaling_factor: float,
    dt: float,
    E_leak: float | np.ndarray,
    g_leak: float | np.ndarray,
    G_inhib2inhib: float,
    G_inhib2excit: float,
    G_excit2excit: float,
    G_excit2inhib: float,
) -> Network:
    """The constants of a run from checked arguments, all factors multiplied in."""
    factor = weight_scaling_factor * parameters.conductance_factor
    return Network(
        dt=dt,
        excit=Cell(
            N=len(weights),
            C=parameters.C_excit,
            g_leak=g_leak,
            E_leak=E_leak,
            g_extern=parameters.g_extern_excit,
            g_GABA=G_inhib2excit * factor,
            g_NMDA=G_excit2excit * factor,
            refractory_steps=_refractory_steps(parameters.t_refractory_excit, dt),
        ),
        inhib=Cell(
            N=N_inhibitory,
            C=parameters.C_inhib,
            g_leak=parameters.g_leak_inhib,
            E_leak=float(parameters.E_leak),
            g_extern=parameters.g_extern_inhib,
            g_GABA=G_inhib2inhib * factor,
            g_NMDA=G_excit2inhib * factor * parameters.excit2inhib_factor,
            refractory_steps=_refractory_steps(parameters.t_refractory_inhib, dt),
        ),
        weights=weights,
        **{
            name: float(getattr(parameters, name))
            for name in ("E_AMPA", "E_GABA", "E_NMDA", "v_threshold", "v_reset",
                         "nmda_block_voltage", "tau_AMPA", "tau_GABA", "tau_NMDA", "tau_x",
                         "alpha_NMDA")
        },
    )  # fmt: skip


def _monitored(N: int, subset_size: int) -> np.ndarray:
    """``subset_size`` cells spread evenly over the population, or all if it has no more."""
    number = min(N, subset_size)
    return np.arange(number) * N // number


def _voltage_stride(voltage_dt: Any, dt: float, steps: int, cells: int) -> int:
    if voltage_dt is None:
        return max(1, math.ceil(steps * cells * 8 / VOLTAGE_BYTES))
    voltage_dt = check_quantity("voltage_dt", voltage_dt, SECOND, low=1e-6, high=100, zero=False)
    stride = round(voltage_dt / dt)
    if stride < 1 or abs(stride * dt - voltage_dt) > 1e-6 * voltage_dt:
        raise ValueError(
            f"voltage_dt={SECOND.show(voltage_dt)}: must be a whole multiple of "
            f"dt={SECOND.show(dt)}"
        )
    return stride


def _monitors(
    record: Recording, population: str, N: int, steps: int, dt: float
) -> tuple[PopulationRateMonitor, SpikeMonitor, StateMonitor]:
    spike_steps, cells = record.spikes(population)
    times = np.arange(steps) * dt
    voltages, recorded = (
        (record.v_E, record.record_E) if population == "E" else (record.v_I, record.record_I)
    )
    rate = np.bincount(spike_steps, minlength=steps) / (N * dt)
    return (
        PopulationRateMonitor(times, rate, dt),
        SpikeMonitor(spike_steps * dt, cells, N, steps * dt),
        StateMonitor(times[:: record.stride], voltages.T, recorded),
    )


@_fill_in_preset
def simulate_wm(
    N_excitatory: int = 1024,
    N_inhibitory: int = 256,
    N_extern_poisson: int = 1000,
    poisson_firing_rate: float = 1.4 * Hz,
    weight_scaling_factor: float = 2.0,
    sigma_weight_profile: float = 20.0,
    Jpos_excit2excit: float = 1.6,
    stimulus_center_deg: float | Sequence[float] | np.ndarray = 180,
    stimulus_width_deg: float = 40,
    stimulus_strength: float = 0.07 * nA,
    t_stimulus_start: float = 0 * ms,
    t_stimulus_duration: float = 0 * ms,
    distractor_center_deg: float = 90,
    distractor_width_deg: float = 40,
    distractor_strength: float = 0.0 * nA,
    t_distractor_start: float = 0 * ms,
    t_distractor_duration: float = 0 * ms,
    G_inhib2inhib: float = 1.024 * nS,
    G_inhib2excit: float = 1.336 * nS,
    G_excit2excit: float = 0.381 * nS,
    G_excit2inhib: float = 0.292 * nS,
    monitored_subset_size: int = 1024,
    sim_time: float = 800 * ms,
    *,
    preset: str | BumpParameters = "neurodynex",
    dt: float = 0.05 * ms,
    seed: int | np.random.SeedSequence | None = None,
    backend: str = "auto",
    progress: bool = False,
    excit2excit_profile: str = "ring",
    voltage_dt: float | None = None,
    initial_voltage_excit: np.ndarray | None = None,
    initial_voltage_inhib: np.ndarray | None = None,
    E_leak_excit: float | np.ndarray | None = None,
    g_leak_excit: float | np.ndarray | None = None,
) -> WorkingMemoryRun:
    """Simulate the spatial working-memory network of Compte et al. (2000).

    Pyramidal cells on a ring excite each other through NMDA synapses, most strongly their
    neighbours; interneurons inhibit everybody; every cell gets external Poisson spikes through AMPA
    synapses. Up to two pulses of current, the stimulus and the distractor, are injected
    into a part of the ring. The equations are those of :func:`wmtutor.bump.reference.advance`.

    Parameters
    ----------
    N_excitatory, N_inhibitory : int
        Numbers of pyramidal cells and interneurons, at least 1 each.
        :func:`population_sizes` derives the second and the scaling from the first.
    N_extern_poisson : int
        External Poisson sources of each cell; 0 switches the external input off.
    poisson_firing_rate : float
        Rate of each source in Hz; 0 switches the external input off.
    weight_scaling_factor : float
        Multiplies the four recurrent conductances. ``N_excitatory * weight_scaling_factor = 2048``
        keeps the total recurrent weight.
    sigma_weight_profile : float
        Width of the E-to-E weight profile in degrees.
    Jpos_excit2excit : float
        Peak J+ of the E-to-E weight profile. The profile's mean is 1 whatever J+ is.
    stimulus_center_deg : float or array_like of float
        Where the stimulus is injected, degrees. Cell i prefers ``360 * i / N_excitatory``. A list
        of centres stands for several cues at once, all with the same width and strength; a cell
        that two of them reach gets the current once.
    stimulus_width_deg : float
        How wide a part of the ring gets it, degrees.
    stimulus_strength : float
        Current into each stimulated cell, ampere (``0.07 * nA``); may be negative.
    t_stimulus_start, t_stimulus_duration : float
        When the stimulus is on, seconds. It is looked at once per millisecond. A duration of 0
        means no stimulus.
    distractor_center_deg, distractor_width_deg, distractor_strength : float
        A second pulse, which adds to the first where and while they overlap.
    t_distractor_start, t_distractor_duration : float
        When the second pulse is on, seconds.
    G_inhib2inhib, G_inhib2excit, G_excit2excit, G_excit2inhib : float
        Recurrent conductances in siemens, before scaling.
    monitored_subset_size : int
        How many cells of each population have their voltage recorded, spread evenly. Spikes are
        always recorded from all cells.
    sim_time : float
        Length of the run in seconds.
    preset : {"neurodynex", "neurodynex3", "compte2000"} or BumpParameters
        The parameter set (see :data:`PRESETS`). It also gives the default of every argument that
        the caller leaves out; the defaults in the signature are those of "neurodynex".
        With "compte2000" they are 2048 and 512 cells, 1.8 Hz, a factor of 1, and a profile
        with a width of 14.4 degrees and a peak of 1.62.
    dt : float
        Step of integration in seconds.
    seed : int, SeedSequence or None
        Seed of all random draws. The same seed and backend give the same spikes in any process on
        the same kind of machine. A longer run with the same seed repeats the shorter one. None
        takes fresh entropy.
    backend : {"auto", "numba", "numpy"}
        The compiled kernel or the readable NumPy version. "auto" takes Numba where it is installed.
    progress : bool
        Whether to show a progress bar.
    excit2excit_profile : {"ring", "unstructured"}
        "unstructured" replaces the E-to-E profile by its mean, a weight of 1 between all cells:
        the same total excitation, without neighbourhoods.
    voltage_dt : float or None
        Interval between recorded voltages in seconds, a multiple of ``dt``. None takes the smallest
        one at which both records together stay below 32 MB (0.25 ms for the default run). To get
        every step, pass the step: ``voltage_dt=0.05 * ms``; that takes 8 bytes per cell and step,
        164 MB for the default run.
    initial_voltage_excit, initial_voltage_inhib : array_like or None
        Membrane potentials at the start in volt, one per cell. None draws them uniformly between
        reset and threshold.
    E_leak_excit : float, array_like or None
        Reversal potential of the excitatory cells' leak in volt (``-70 * mV``): one for all cells,
        or one for each, for a network whose cells are not alike (see :func:`draw_leak_potentials`).
        None takes the preset's.
    g_leak_excit : float, array_like or None
        Conductance of the excitatory cells' leak in siemens (``25 * nS``), likewise.

    Returns
    -------
    WorkingMemoryRun
        The nine results in the order of the attributes; unpack it or use the names.

    Raises
    ------
    TypeError
        For an argument of the wrong kind.
    ValueError
        For an argument out of its range (a slip of a unit's prefix included), an unknown preset, a
        pulse that ends after the run, or a weight profile that would be negative.
    FloatingPointError
        If the integration becomes unstable, because ``dt`` is too long for the conductances.

    Notes
    -----
    Time is linear in the number of cells and in ``sim_time``. Ctrl-C stops a run within a fraction
    of a second.

    References
    ----------
    Compte, Brunel, Goldman-Rakic & Wang (2000), Cerebral Cortex 10(9):910-923.
    Gerstner, Kistler, Naud & Paninski (2014), Neuronal Dynamics, Cambridge University Press.

    Examples
    --------
    A cue at 120 degrees leaves a bump of activity there:

    >>> from wmtutor.bump import get_spike_count, population_vector, simulate_wm
    >>> from wmtutor.units import ms, nA
    >>> run = simulate_wm(stimulus_center_deg=120, stimulus_width_deg=30, stimulus_strength=0.06*nA,
    ...                   t_stimulus_start=100*ms, t_stimulus_duration=200*ms, seed=1)
    >>> counts = get_spike_count(run.spike_monitor_excit, range(1024), 600*ms, 800*ms)
    >>> angle_deg, strength = population_vector(counts)
    >>> bool(abs(angle_deg - 120) < 15), bool(strength > 0.5)
    (True, True)
    """
    parameters = _resolve_preset(preset)
    advance = check_backend(backend, "wmtutor.bump")
    check_flag("progress", progress)
    check_choice("excit2excit_profile", excit2excit_profile, ("ring", "unstructured"))
    N_E = check_count("N_excitatory", N_excitatory, high=MOST_CELLS)
    N_I = check_count("N_inhibitory", N_inhibitory, high=MOST_CELLS)
    N_extern = check_count("N_extern_poisson", N_extern_poisson, low=0, high=100_000)
    rate = check_quantity("poisson_firing_rate", poisson_firing_rate, HERTZ, low=0.01, high=200)
    if N_extern * rate > 100_000:
        raise ValueError(
            f"N_extern_poisson={N_extern} and poisson_firing_rate={HERTZ.show(rate)}: together "
            f"{N_extern * rate:g} external spikes per second and cell; choose at most 100000"
        )
    scaling = check_quantity("weight_scaling_factor", weight_scaling_factor, NUMBER, high=10_000)
    conductances = {
        name: check_quantity(name, value, SIEMENS, low=1e-12, high=100 * nS)
        for name, value in {
            "G_inhib2inhib": G_inhib2inhib,
            "G_inhib2excit": G_inhib2excit,
            "G_excit2excit": G_excit2excit,
            "G_excit2inhib": G_excit2inhib,
        }.items()
    }
    dt = check_quantity("dt", dt, SECOND, low=0.001 * ms, high=0.5 * ms, zero=False)
    sim_time = check_quantity("sim_time", sim_time, SECOND, low=1 * ms, high=100, zero=False)
    subset_size = check_count("monitored_subset_size", monitored_subset_size, high=10_000_000)
    weights = weight_profile(N_E, sigma_weight_profile, Jpos_excit2excit)
    if excit2excit_profile == "unstructured":
        weights = np.ones(N_E)
    steps = round(sim_time / dt)
    pulses = [
        _pulse(kind, N_E, center, width, strength, start, duration, sim_time, dt)
        for kind, center, width, strength, start, duration in (
            ("stimulus", stimulus_center_deg, stimulus_width_deg, stimulus_strength,
             t_stimulus_start, t_stimulus_duration),
            ("distractor", distractor_center_deg, distractor_width_deg, distractor_strength,
             t_distractor_start, t_distractor_duration),
        )
    ]  # fmt: skip
    current_levels, current_index = _injected_current(N_E, pulses, steps, dt)
    E_leak, g_leak = _leak_of_excitatory_cells(E_leak_excit, g_leak_excit, N_E, parameters)

    network = network_of(
        parameters,
        weights=weights,
        N_inhibitory=N_I,
        weight_scaling_factor=scaling,
        dt=dt,
        E_leak=E_leak,
        g_leak=g_leak,
        **conductances,
    )

    seeds = check_seed(seed).spawn(6)
    start_voltages = []
    for name, value, N, generator in (
        ("initial_voltage_excit", initial_voltage_excit, N_E, seeds[0]),
        ("initial_voltage_inhib", initial_voltage_inhib, N_I, seeds[1]),
    ):
        drawn = np.random.default_rng(generator).uniform(
            parameters.v_reset, parameters.v_threshold, N
        )
        start_voltages.append(
            drawn
            if value is None
            else check_vector(name, value, VOLT, length=N, low=-0.2, high=0.1)
        )
    state = NetworkState(*start_voltages)
    inputs = [
        _ExternalInput(seeds[2:4], N_E, N_E * N_extern * rate * dt),
        _ExternalInput(seeds[4:6], N_I, N_I * N_extern * rate * dt),
    ]

    record_E, record_I = _monitored(N_E, subset_size), _monitored(N_I, subset_size)
    stride = _voltage_stride(voltage_dt, dt, steps, len(record_E) + len(record_I))
    record = Recording(record_E, record_I, stride, steps)

    _run(advance, network, state, current_levels, current_index, inputs, record, progress)

    rate_E, spikes_E, voltages_E = _monitors(record, "E", N_E, steps, dt)
    rate_I, spikes_I, voltages_I = _monitors(record, "I", N_I, steps, dt)
    return WorkingMemoryRun(
        rate_monitor_excit=rate_E,
        spike_monitor_excit=spikes_E,
        voltage_monitor_excit=voltages_E,
        idx_monitored_neurons_excit=record_E,
        rate_monitor_inhib=rate_I,
        spike_monitor_inhib=spikes_I,
        voltage_monitor_inhib=voltages_I,
        idx_monitored_neurons_inhib=record_I,
        weight_profile_45=np.roll(weights, round(N_E / 8)),
    )


def _is_stable(network: Network, state: NetworkState) -> bool:
    """Whether the explicit midpoint rule holds: it grows errors where ``dt g / C`` exceeds 2.

    Resets hide such growth from the voltages themselves: an overshoot looks like a spike. Looked at
    once a chunk; an unstable network keeps firing at its limit, so the next look finds it.
    """
    for cell, s_AMPA, largest_weight in (
        (network.excit, state.s_AMPA_E, network.weights.max()),
        (network.inhib, state.s_AMPA_I, 1.0),
    ):
        g_total = (
            np.max(cell.g_leak)
            + cell.g_extern * s_AMPA.max()
            + cell.g_GABA * state.s_GABA
            + cell.g_NMDA * largest_weight * state.s_NMDA.sum()
        )
        if not network.dt * g_total / cell.C <= 2.0:
            return False
    return True


def _run(
    advance: Callable[..., None],
    network: Network,
    state: NetworkState,
    current_levels: np.ndarray,
    current_index: np.ndarray,
    inputs: list[_ExternalInput],
    record: Recording,
    progress: bool,
) -> None:
    """Advance in chunks, so that Ctrl-C is heard, memory is bounded and progress is seen."""
    from tqdm.auto import tqdm

    steps = len(current_index)
    busiest = sum(source.mean_per_step for source in inputs)
    chunk = int(min(CHUNK_STEPS, max(1, CHUNK_EVENTS // max(busiest, 1))))
    with tqdm(total=steps, disable=not progress, unit="step", desc="simulate_wm") as bar:
        for first in range(0, steps, chunk):
            index = current_index[first : first + chunk]
            draws = [source.draw(len(index)) for source in inputs]
            advance(network, state, current_levels, index, *draws, record)
            if not _is_stable(network, state):
                raise FloatingPointError(
                    f"dt={SECOND.show(network.dt)}: the integration became unstable before "
                    f"t={SECOND.show(state.step * network.dt)}; the conductances are too "
                    f"strong for this step: choose a shorter dt or smaller conductances"
                )
            bar.update(len(index))


def getting_started(seed: int | None = 1) -> WorkingMemoryRun:
    """A first look: a small network, a cue at 120 degrees, and one figure.

    256 pyramidal cells and 64 interneurons run for 500 ms; the cue is on from 100 to 300 ms. The
    figure is left open for ``matplotlib.pyplot.show()``; a notebook shows it by itself.

    Parameters
    ----------
    seed : int or None
        Seed of the run.

    Returns
    -------
    WorkingMemoryRun
        What :func:`simulate_wm` returns.

    Raises
    ------
    TypeError, ValueError
        For a bad seed.

    Examples
    --------
    >>> run = getting_started(seed=1)
    >>> run.spike_monitor_excit.N
    256
    """
    from wmtutor.plot_tools import plot_network_activity

    run = simulate_wm(
        N_excitatory=256,
        N_inhibitory=64,
        weight_scaling_factor=8.0,
        sim_time=500 * ms,
        stimulus_center_deg=120,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        stimulus_strength=0.07 * nA,
        dt=0.1 * ms,
        seed=seed,
    )
    plot_network_activity(
        run.rate_monitor_excit,
        run.spike_monitor_excit,
        run.voltage_monitor_excit,
        t_min=0 * ms,
        sup_title="Excitatory cells: a cue at 120° from 100 to 300 ms",
    )
    return run
