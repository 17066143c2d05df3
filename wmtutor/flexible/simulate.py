"""Run the flexible working-memory network: cues in, memories out."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from wmtutor._validation import (
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    check_backend,
    check_count,
    check_flag,
    check_indices,
    check_quantity,
    check_seed,
    check_vector,
)
from wmtutor.flexible.network import FlexibleNetwork, accept_network_parameters, build_network
from wmtutor.flexible.parameters import (
    FlexibleParameters,
    NetworkParameters,
    firing_rate,
    stimulus_profile,
)
from wmtutor.flexible.readout import (
    activity_vector,
    count_memories,
    cue_error,
    maximum_likelihood_angle,
    memory_is_present,
)
from wmtutor.flexible.state import Candidates, Constants, NetworkState, Recording
from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor
from wmtutor.ring import preferred_angles, wrap_degrees
from wmtutor.units import ms, second

__all__ = ["FlexibleRun", "simulate_flexible_wm"]

#: The recorded inputs of all cells together stay below this by default.
STATE_BYTES = 32 * 2**20
#: Steps between two looks at Ctrl-C, and the candidates drawn at once.
CHUNK_STEPS = 1000
CHUNK_CANDIDATES = 2_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FlexibleRun:
    """What :func:`simulate_flexible_wm` returns.

    Attributes
    ----------
    cued_rings : ndarray of int, shape (load,)
        The rings that were cued, ascending.
    cue_positions_deg : ndarray of float, shape (load,)
        Where their cues were, degrees.
    cue_spans : ndarray of float, shape (load, 2)
        When their cues came and went, seconds.
    memory_strength, memory_angle_deg : ndarray of float, shape (N_rings,)
        Length (Hz) and direction (degrees) of each ring's activity vector at ``test_time``.
    memory_present : ndarray of bool, shape (N_rings,)
        Whether the length exceeds ``memory_threshold``.
    maintained, forgotten, spurious : int
        Numbers of memories kept, lost, and there without a cue.
    maintained_fraction, spurious_fraction : float
        Of the cued rings, and of the others; NaN where there are none.
    error_deg : ndarray of float, shape (load,)
        Difference of ``memory_angle_deg`` from the cue for each cued ring, in [-180, 180). The
        direction of a forgotten memory is noise: ``memory_present[cued_rings]`` tells which count.
    ml_angle_deg : ndarray of float, shape (N_rings,)
        Maximum-likelihood position from the spikes of the ``decode_window`` before ``test_time``.
    spike_monitor_sensory, spike_monitor_random : SpikeMonitor
        Every spike. Cell ``k`` of ring ``r`` has number ``r * N_sensory + k``.
    rate_monitor_sensory, rate_monitor_random : PopulationRateMonitor
        Mean rate of each layer in every step, Hz.
    state_t : ndarray of float, shape (samples,)
        When the inputs were recorded, seconds: every ``record_dt``, at ``test_time``, at the end.
    s_sensory : ndarray of float, shape (samples, N_rings, N_sensory)
        Inputs of the sensory cells at the times ``state_t``, without the cue's part.
    s_random : ndarray of float, shape (samples, N_random)
        Inputs of the random cells.
    s_ext : ndarray of float, shape (load, N_sensory)
        Input from each cue, its noise included.
    network : FlexibleNetwork
    parameters : FlexibleParameters
    """

    cued_rings: np.ndarray
    cue_positions_deg: np.ndarray
    cue_spans: np.ndarray
    memory_strength: np.ndarray
    memory_angle_deg: np.ndarray
    memory_present: np.ndarray
    maintained: int
    forgotten: int
    spurious: int
    maintained_fraction: float
    spurious_fraction: float
    error_deg: np.ndarray
    ml_angle_deg: np.ndarray
    spike_monitor_sensory: SpikeMonitor
    spike_monitor_random: SpikeMonitor
    rate_monitor_sensory: PopulationRateMonitor
    rate_monitor_random: PopulationRateMonitor
    state_t: np.ndarray
    s_sensory: np.ndarray
    s_random: np.ndarray
    s_ext: np.ndarray
    network: FlexibleNetwork
    parameters: FlexibleParameters

    @property
    def load(self) -> int:
        """Number of cued rings."""
        return len(self.cued_rings)

    def __repr__(self) -> str:
        return (
            f"<FlexibleRun: load {self.load}; {self.maintained} maintained, {self.forgotten} "
            f"forgotten, {self.spurious} spurious at {self.parameters.test_time:g} s>"
        )


def _check_parameters(values: dict[str, Any]) -> FlexibleParameters:
    """The parameters of a trial, each in its range."""

    def time(name: str, **limits: Any) -> float:
        return check_quantity(name, values[name], SECOND, **{"low": 1e-6, "high": 1e3, **limits})

    def angle(name: str, **limits: Any) -> float:
        return check_quantity(name, values[name], DEGREE, low=0.1, zero=False, **limits)

    def number(name: str, **limits: Any) -> float:
        return check_quantity(name, values[name], NUMBER, **limits)

    dt = time("dt", high=0.1, zero=False)
    sim_time = time("sim_time", zero=False)
    if sim_time < dt * (1 - 1e-9):
        raise ValueError(
            f"sim_time={SECOND.show(sim_time)}: shorter than one step (dt={SECOND.show(dt)})"
        )
    tau = time("tau", high=1.0, zero=False)
    amplitude = number("rate_amplitude", high=1e4)
    if 2 * amplitude * dt / tau > 1:
        raise ValueError(
            f"dt={SECOND.show(dt)}: a cell at its largest rate, {HERTZ.show(2 * amplitude / tau)}, "
            f"would fire more than once in a step; choose dt at most "
            f"{SECOND.show(tau / (2 * amplitude))}"
        )
    test_time = time("test_time")
    if test_time > sim_time * (1 + 1e-9):
        raise ValueError(
            f"test_time={SECOND.show(test_time)}: after the run's end (sim_time="
            f"{SECOND.show(sim_time)}); lengthen sim_time or test earlier"
        )
    return FlexibleParameters(
        tau=tau,
        rate_amplitude=amplitude,
        rate_slope=number("rate_slope", low=1e-6, high=1e4, zero=False),
        rate_offset=number("rate_offset", high=1e3, signed=True),
        bias=number("bias", high=1e4, signed=True),
        stimulus_strength=number("stimulus_strength", high=1e4, signed=True),
        stimulus_width_deg=angle("stimulus_width_deg", high=360),
        stimulus_cutoff_deg=angle("stimulus_cutoff_deg", high=180),
        input_noise=number("input_noise", high=1e4),
        memory_threshold=check_quantity(
            "memory_threshold", values["memory_threshold"], HERTZ, high=1e4
        ),
        decode_window=time("decode_window", zero=False),
        test_time=test_time,
        sim_time=sim_time,
        dt=dt,
    )  # fmt: skip


def _choose_rings(
    load: Any, cued_rings: Any, positions: Any, N_rings: int, generator: np.random.Generator
) -> np.ndarray:
    """The cued rings in the order in which the caller gave them."""
    if load is not None:
        load = check_count("load", load, low=0, high=10**6)
        if load > N_rings:
            raise ValueError(
                f"load={load}: the network has {N_rings} rings, one for each item; choose a load "
                f"of 0 to {N_rings}, or build a network with more rings"
            )
    if cued_rings is None:
        if load is None:
            if positions is not None:
                raise ValueError(
                    "cue_positions_deg is given without rings: say which rings are cued with "
                    "cued_rings, or how many with load"
                )
            load = int(generator.integers(1, N_rings + 1))
        return np.sort(generator.permutation(N_rings)[:load])
    rings = check_indices("cued_rings", cued_rings, N_rings, "ring")
    if np.unique(rings).size != rings.size:
        raise ValueError(f"cued_rings={rings.tolist()}: a ring is listed twice; it holds one item")
    if load is not None and load != rings.size:
        raise ValueError(
            f"load={load} and cued_rings={rings.tolist()} disagree: leave one out, or give "
            f"{load} rings"
        )
    return rings


def _one_per_ring(name: str, value: Any, rings: np.ndarray, unit: Any, **limits: Any) -> np.ndarray:
    """A checked value for each cued ring, from one for all or one for each."""
    if not isinstance(value, (list, tuple, range)) and getattr(value, "ndim", 0) == 0:
        return np.full(rings.size, check_quantity(name, value, unit, **limits))
    values = check_vector(name, value, unit)
    if values.size != rings.size:
        raise ValueError(
            f"{name}: has {values.size} values for {rings.size} cued rings; give one for each, or "
            f"one number for all"
        )
    return np.array(
        [check_quantity(f"{name}[{n}]", v, unit, **limits) for n, v in enumerate(values.tolist())]
    )


def _check_network(
    network: Any, asked: dict[str, Any], seed: np.random.SeedSequence
) -> FlexibleNetwork:
    """The caller's network, if it has the parameters asked for; or a new one."""
    if network is None:
        return build_network(seed=seed, **asked)
    if not isinstance(network, FlexibleNetwork):
        raise TypeError(
            f"network: expected what build_network() or load_network() returns, got "
            f"{type(network).__name__}"
        )
    if not asked:
        return network
    wanted = NetworkParameters(**{**asdict(network.parameters), **asked})
    for name in asked:
        if getattr(wanted, name) != getattr(network, name):
            raise ValueError(
                f"{name}={getattr(wanted, name)!r} does not fit the network, which was built with "
                f"{name}={getattr(network, name)!r}: leave {name} out, or build another network "
                f"with build_network({name}={getattr(wanted, name)!r})"
            )
    return network


class _CandidateSource:
    """Draws the candidates for spikes, a chunk of steps at a time.

    Every cell is a candidate in every step with probability ``r_max dt``, independently of all
    others. Going through cells and steps in order, the gaps between candidates have a geometric
    law: so many draws are needed as there are candidates, and not as there are cells and steps.
    """

    def __init__(
        self, seeds: list[np.random.SeedSequence], N: int, parameters: FlexibleParameters
    ) -> None:
        self.gaps, self.levels = (np.random.default_rng(seed) for seed in seeds)
        self.N = N
        self.parameters = parameters
        self.probability = parameters.largest_rate * parameters.dt
        # Not a matter of the run's length, so that longer runs begin as shorter ones.
        self.steps = int(min(CHUNK_STEPS, max(1, CHUNK_CANDIDATES // max(N * self.probability, 1))))

    def _places(self) -> np.ndarray:
        """The places of a chunk's candidates, counted through its steps and cells."""
        slots = self.steps * self.N
        if self.probability == 0:
            return np.zeros(0, np.int64)
        with np.errstate(divide="ignore"):
            per_gap = -1.0 / np.log1p(-min(self.probability, 1.0))
        expected = slots * self.probability
        found, last = [], -1
        while last < slots:
            # Nearly always enough at once: six standard deviations above what is expected.
            number = int(expected + 6 * math.sqrt(expected) + 16)
            # In place: new memory for each step would take a third of the time.
            gaps = self.gaps.standard_exponential(number)
            gaps *= per_gap
            places = gaps.astype(np.int64)
            places += 1
            places[0] += last
            np.cumsum(places, out=places)
            found.append(places)
            last = int(places[-1])
        places = found[0] if len(found) == 1 else np.concatenate(found)
        return places[: np.searchsorted(places, slots)]

    def draw(self, steps: int) -> Candidates:
        """The candidates of the next ``steps`` steps, at most ``self.steps``.

        A whole chunk is drawn even if less is wanted, so that a longer run begins as a shorter one.
        """
        places = self._places()
        first_of_step = np.arange(self.steps + 1) * self.N
        ends = np.searchsorted(places, first_of_step)
        cells = places - np.repeat(first_of_step[:-1], np.diff(ends))
        u = self.levels.random(places.size)
        p = self.parameters
        with np.errstate(divide="ignore"):  # u = 0 means a threshold that any input exceeds
            thresholds = u / (1.0 - u)
            np.log(thresholds, out=thresholds)
        # Half of that is the argument of tanh at which r / r_max is u.
        thresholds *= 0.5 / p.rate_slope
        thresholds += p.rate_offset / p.rate_slope - p.bias
        wanted = ends[steps]
        return Candidates(np.diff(ends[: steps + 1]), cells[:wanted], thresholds[:wanted])


def _sample_steps(record_dt: Any, p: FlexibleParameters, steps: int, cells: int) -> np.ndarray:
    """The steps at whose start the inputs are kept, the test and the end among them."""
    if record_dt is None:
        samples = max(2, STATE_BYTES // (8 * cells))
        stride = max(1, math.ceil(max(steps / samples, 5 * ms / p.dt)))
    else:
        record_dt = check_quantity("record_dt", record_dt, SECOND, low=1e-6, high=1e4, zero=False)
        stride = round(record_dt / p.dt)
        if stride < 1 or abs(stride * p.dt - record_dt) > 1e-6 * record_dt:
            raise ValueError(
                f"record_dt={SECOND.show(record_dt)}: must be a whole multiple of "
                f"dt={SECOND.show(p.dt)}"
            )
    return np.union1d(np.arange(0, steps + 1, stride), [round(p.test_time / p.dt), steps])


def _ceil_steps(time: np.ndarray, dt: float) -> np.ndarray:
    """The first step that does not start before a time (a tiny early start is rounding)."""
    return np.ceil(time / dt - 1e-6).astype(np.int64)


@accept_network_parameters
def simulate_flexible_wm(
    load: int | None = None,
    cued_rings: Any = None,
    cue_positions_deg: Any = None,
    *,
    network: FlexibleNetwork | None = None,
    seed: int | np.random.SeedSequence | None = None,
    sim_time: float = 1.1 * second,
    test_time: float = 1.0 * second,
    dt: float = 0.1 * ms,
    backend: str = "auto",
    progress: bool = False,
    stimulus_strength: float = 10.0,
    t_stimulus_start: Any = 100 * ms,
    t_stimulus_duration: Any = 100 * ms,
    stimulus_width_deg: float = 11.25,
    stimulus_cutoff_deg: float = 33.75,
    input_noise: float = 0.0,
    memory_threshold: float = 3.0,
    decode_window: float = 100 * ms,
    record_dt: float | None = None,
    tau: float = 10 * ms,
    rate_amplitude: float = 0.4,
    rate_slope: float = 0.4,
    rate_offset: float = 3.0,
    bias: float = 0.0,
    **network_parameters: Any,
) -> FlexibleRun:
    """Simulate the flexible working-memory network of Bouchacourt & Buschman (2019).

    Each item is shown to a ring of sensory cells of its own. The rings do not talk to each other,
    and on their own they forget; each sends spikes to a layer of randomly connected cells that all
    share, and gets spikes back from it. The equations are those of
    :func:`wmtutor.flexible.reference.advance`.

    Parameters
    ----------
    load : int, optional
        How many rings are cued, 0 to ``N_rings``; which ones is drawn. If neither ``load`` nor
        ``cued_rings`` is given, the load is drawn too, from 1 to ``N_rings``.
    cued_rings : array_like of int, optional
        Which rings are cued.
    cue_positions_deg : float or array_like of float, optional
        Where the cues are, in degrees: one position for each of ``cued_rings``, in their order, or
        one for all. By default each is drawn from the preferred angles of the cells.
    network : FlexibleNetwork, optional
        From :func:`build_network`, for many trials. By default one is built from the seed.
    seed : int, SeedSequence or None
        Seed of all draws: rings, positions, spikes, and the network if there is none given. The
        same seed gives the same run in any process and with either backend. None takes fresh
        entropy.
    sim_time : float
        Length of the run in seconds.
    test_time : float
        When the memory is read, in seconds.
    dt : float
        Step in seconds.
    backend : {"auto", "numba", "numpy"}
        The compiled kernel or the readable NumPy version. "auto" takes Numba where it is installed.
    progress : bool
        Whether to show a progress bar.
    stimulus_strength, stimulus_width_deg, stimulus_cutoff_deg : float
        Shape of the cues; see :func:`stimulus_profile`.
    t_stimulus_start, t_stimulus_duration : float or array_like of float
        When the cues are on, in seconds: one number for all, or one for each of ``cued_rings`` in
        their order. A duration of 0 means that the ring counts as cued but is shown nothing.
    input_noise : float
        Standard deviation of the noise on a cue: a Gaussian number for each cell of a cued ring,
        the same as long as the cue is on. The form of this noise is ours.
    memory_threshold : float
        Length of the activity vector, in Hz, above which a ring counts as holding a memory.
    decode_window : float
        Length in seconds of the window before ``test_time`` whose spikes give ``ml_angle_deg``.
    record_dt : float, optional
        Interval between records of all cells' inputs, in seconds, a multiple of ``dt``. By default
        5 ms (9 MB), or as much as keeps the record below 32 MB.
    tau, rate_amplitude, rate_slope, rate_offset, bias : float
        Time constant (seconds) and the rate function; see :func:`firing_rate`.
    **network_parameters
        The parameters of :func:`build_network`, such as ``connection_probability`` or ``alpha``.
        With ``network`` they must agree with it. ``N_random=0`` takes the random layer away.

    Returns
    -------
    FlexibleRun

    Raises
    ------
    TypeError
        For an argument of the wrong kind or an unknown name.
    ValueError
        For an argument out of its range, a load above the number of rings, positions without
        rings, a cue that ends after the run, or a network that does not fit the parameters.

    Notes
    -----
    Time grows with the number of spikes and with the number of cells. Ctrl-C stops a run within a
    fraction of a second.

    References
    ----------
    Bouchacourt & Buschman (2019), Neuron 103(1):147-160.

    Examples
    --------
    One network, three items:

    >>> from wmtutor.flexible import build_network, simulate_flexible_wm
    >>> network = build_network(seed=1)
    >>> run = simulate_flexible_wm(3, network=network, seed=1)
    >>> run
    <FlexibleRun: load 3; 2 maintained, 1 forgotten, 0 spurious at 1 s>
    >>> run.error_deg[run.memory_present[run.cued_rings]].round(1)
    array([ 17.5, -13.4])
    """
    p = _check_parameters(locals())
    progress = check_flag("progress", progress)
    advance = check_backend(backend, "wmtutor.flexible")
    # One stream for each purpose: what is drawn for one does not shift the others.
    for_network, for_rings, for_positions, for_noise, for_start, *for_candidates = check_seed(
        seed
    ).spawn(7)
    network = _check_network(network, network_parameters, for_network)
    N_rings, N, N_random = network.N_rings, network.N_sensory, network.N_random

    rings = _choose_rings(
        load, cued_rings, cue_positions_deg, N_rings, np.random.default_rng(for_rings)
    )
    if cue_positions_deg is None:
        drawn = np.random.default_rng(for_positions).integers(N, size=N_rings)
        positions = preferred_angles(N)[drawn[rings]]
    else:
        positions = wrap_degrees(
            _one_per_ring(
                "cue_positions_deg", cue_positions_deg, rings, DEGREE, high=720, signed=True
            )
        )
    latest = max(p.sim_time, 10 * second)  # beyond it, milliseconds were meant
    start = _one_per_ring(
        "t_stimulus_start", t_stimulus_start, rings, SECOND, low=1e-6, high=latest
    )
    duration = _one_per_ring(
        "t_stimulus_duration", t_stimulus_duration, rings, SECOND, low=1e-6, high=latest
    )
    late = np.flatnonzero((duration > 0) & (start + duration > p.sim_time + p.dt / 2))
    if late.size:
        n = late[0]
        raise ValueError(
            f"t_stimulus_start={SECOND.show(start[n])} and t_stimulus_duration="
            f"{SECOND.show(duration[n])}: the cue of ring {rings[n]} ends after the run "
            f"(sim_time={SECOND.show(p.sim_time)}); lengthen sim_time or shorten the cue"
        )
    order = np.argsort(rings)
    rings, positions, start, duration = (x[order] for x in (rings, positions, start, duration))

    s_ext = np.zeros((N_rings, N))
    on, off = np.zeros((2, N_rings), dtype=np.int64)
    for ring, position in zip(rings, positions, strict=True):
        s_ext[ring] = stimulus_profile(
            position, N, strength=p.stimulus_strength, width_deg=p.stimulus_width_deg,
            cutoff_deg=p.stimulus_cutoff_deg,
        )  # fmt: skip
    if p.input_noise > 0:
        noise = np.random.default_rng(for_noise).standard_normal((N_rings, N))
        s_ext[rings] += p.input_noise * noise[rings]
    on[rings], off[rings] = _ceil_steps(start, p.dt), _ceil_steps(start + duration, p.dt)

    gain_ff, offset_ff = network.feedforward_gain_and_offset
    gain_fb, offset_fb = network.feedback_gain_and_offset
    constants = Constants(
        N_rings=N_rings, N_sensory=N, N_random=N_random, decay=math.exp(-p.dt / p.tau),
        ring_profile=network.ring_profile, mask=network.mask,
        mask_by_random=network.mask_by_random, gain_ff=gain_ff, offset_ff=offset_ff,
        gain_fb=gain_fb, offset_fb=offset_fb, s_ext=s_ext, on=on, off=off,
    )  # fmt: skip
    steps = max(1, round(p.sim_time / p.dt))
    generator = np.random.default_rng(for_start)
    state = NetworkState(
        generator.uniform(0, 0.01, (N_rings, N)), generator.uniform(0, 0.01, N_random)
    )
    cells = N_rings * N + N_random
    record = Recording(_sample_steps(record_dt, p, steps, cells), constants)
    source = _CandidateSource(for_candidates, cells, p)
    _run(advance, constants, state, source, record, steps, progress)
    return _result(record, steps, rings, positions, start, duration, s_ext, on, off, network, p)


def _run(
    advance: Callable[..., None],
    constants: Constants,
    state: NetworkState,
    source: _CandidateSource,
    record: Recording,
    steps: int,
    progress: bool,
) -> None:
    """Advance in chunks, so that Ctrl-C is heard, memory is bounded and progress is seen."""
    from tqdm.auto import tqdm

    with tqdm(total=steps, disable=not progress, unit="step", desc="simulate_flexible_wm") as bar:
        for first in range(0, steps, source.steps):
            chunk = min(source.steps, steps - first)
            advance(constants, state, source.draw(chunk), record)
            bar.update(chunk)
    record.sample(state, constants)


def _result(
    record: Recording,
    steps: int,
    rings: np.ndarray,
    positions: np.ndarray,
    start: np.ndarray,
    duration: np.ndarray,
    s_ext: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
    network: FlexibleNetwork,
    p: FlexibleParameters,
) -> FlexibleRun:
    """Monitors, and the read-outs at the test."""
    N_all = network.N_sensory_total
    spike_steps, cells = record.spikes()
    of_sensory = cells < N_all
    times = np.arange(steps) * p.dt

    def monitors(chosen: np.ndarray, first: int, N: int) -> tuple[Any, Any]:
        those = np.flatnonzero(chosen)  # quicker than asking every spike twice
        at, of = spike_steps[those], cells[those]
        rate = np.bincount(at, minlength=steps) / (max(N, 1) * p.dt)
        return (
            SpikeMonitor(at * p.dt, of - first, N, steps * p.dt),
            PopulationRateMonitor(times, rate, p.dt),
        )

    spikes_sensory, rate_sensory = monitors(of_sensory, 0, N_all)
    spikes_random, rate_random = monitors(~of_sensory, N_all, network.N_random)

    test_step = round(p.test_time / p.dt)
    s = record.s_sensory[np.searchsorted(record.sample_steps, test_step)]
    cue_is_on = ((on <= test_step) & (test_step < off))[:, np.newaxis]
    strength, angle_deg = activity_vector(
        firing_rate(s + np.where(cue_is_on, s_ext, 0.0), **p.rate_function)
    )
    present = memory_is_present(strength, p.memory_threshold)
    memories = count_memories(present, rings)
    first = max(0, test_step - round(p.decode_window / p.dt))
    within = of_sensory & (first <= spike_steps) & (spike_steps < test_step)
    counts = np.bincount(cells[within], minlength=N_all).reshape(network.N_rings, -1)
    ml_angle_deg = maximum_likelihood_angle(counts, **p.stimulus, **p.rate_function)
    return FlexibleRun(
        cued_rings=rings,
        cue_positions_deg=positions,
        cue_spans=np.stack([start, start + duration], axis=1),
        memory_strength=strength,
        memory_angle_deg=angle_deg,
        memory_present=present,
        **memories._asdict(),
        error_deg=cue_error(angle_deg[rings], positions),
        ml_angle_deg=ml_angle_deg,
        spike_monitor_sensory=spikes_sensory,
        spike_monitor_random=spikes_random,
        rate_monitor_sensory=rate_sensory,
        rate_monitor_random=rate_random,
        state_t=record.sample_steps * p.dt,
        s_sensory=record.s_sensory,
        s_random=record.s_random,
        s_ext=s_ext[rings],
        network=network,
        parameters=p,
    )
