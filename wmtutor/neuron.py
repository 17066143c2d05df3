"""One cell of the bump network by itself, and the gates of its synapses.

The equations, constants and integration are those of :mod:`wmtutor.bump.reference`, for a cell
whose input spikes are given rather than drawn, so that one can look at a single spike's effect.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    AMPERE,
    SECOND,
    SIEMENS,
    VOLT,
    check_choice,
    check_flag,
    check_numbers,
    check_quantity,
    check_vector,
)
from wmtutor.bump.parameters import BumpParameters
from wmtutor.bump.simulate import _refractory_steps, _resolve_preset
from wmtutor.units import ms, nA, nS

__all__ = ["CellRun", "Gates", "gate_traces", "magnesium_block", "simulate_cell"]


class Gates(NamedTuple):
    """What one train of spikes does to a gate of each kind; see :func:`gate_traces`.

    Attributes
    ----------
    t : ndarray of float, shape (steps,)
        Start of each step in seconds.
    AMPA : ndarray of float, shape (steps,)
        Gate of AMPA synapses, without unit.
    GABA : ndarray of float, shape (steps,)
        Gate of GABA synapses, without unit.
    NMDA : ndarray of float, shape (steps,)
        Gate of NMDA synapses, without unit: the only one that is bound to stay below 1.
    x : ndarray of float, shape (steps,)
        The variable that opens the NMDA gate, without unit.
    """

    t: np.ndarray
    AMPA: np.ndarray
    GABA: np.ndarray
    NMDA: np.ndarray
    x: np.ndarray


class CellRun(NamedTuple):
    """What :func:`simulate_cell` returns.

    Attributes
    ----------
    t : ndarray of float, shape (steps,)
        Start of each step in seconds.
    v : ndarray of float, shape (steps,)
        Membrane potential in volt. A spike takes no time, so it is not to be seen in ``v``: the
        step after it begins at the reset.
    spike_times : ndarray of float, shape (spikes,)
        When the cell fired, in seconds.
    s_AMPA, s_GABA, s_NMDA : ndarray of float, shape (steps,)
        The gates of its synapses, without unit.
    """

    t: np.ndarray
    v: np.ndarray
    spike_times: np.ndarray
    s_AMPA: np.ndarray
    s_GABA: np.ndarray
    s_NMDA: np.ndarray


def magnesium_block(
    v: float | np.ndarray, preset: str | BumpParameters = "neurodynex"
) -> np.ndarray:
    """The share of the NMDA conductance that magnesium leaves open at a voltage.

    ``B(v) = 1 / (1 + exp(-v / scale) / 3.57)`` at 1 mM of magnesium (Jahr & Stevens 1990). The
    measured scale is 1/0.062 mV; "neurodynex" slipped to 1/0.062 volt.

    Parameters
    ----------
    v : float or array_like
        Membrane potential in volt.
    preset : {"neurodynex", "neurodynex3", "compte2000"} or BumpParameters
        Whose ``nmda_block_voltage`` to take.

    Returns
    -------
    ndarray of float
        Between 0 and 1, shaped like ``v``.

    Raises
    ------
    TypeError, ValueError
        For bad values, a voltage of more than 0.5 volt among them.

    Examples
    --------
    >>> from wmtutor.units import mV
    >>> [round(float(magnesium_block(-55 * mV, name)), 3) for name in ("neurodynex", "compte2000")]
    [0.781, 0.106]
    """
    parameters = _resolve_preset(preset)
    values = check_numbers("v", v)
    if (np.abs(values) > 0.5).any():
        raise ValueError(
            f"v: has the value {values[np.abs(values) > 0.5][0]:g} V; voltages are in volt, "
            "write -55 * mV"
        )
    return 1 / (1 + np.exp(-values / parameters.nmda_block_voltage) / 3.57)


def gate_traces(
    spike_times: Any,
    *,
    sim_time: float = 500 * ms,
    preset: str | BumpParameters = "neurodynex",
    dt: float = 0.05 * ms,
) -> Gates:
    """Open an AMPA, a GABA and an NMDA gate by the same train of presynaptic spikes.

    For every spike the first two rise by 1 and so does ``x`` of the third (Compte et al. 2000)::

        ds_AMPA/dt = -s_AMPA / tau_AMPA        ds_GABA/dt = -s_GABA / tau_GABA
        ds_NMDA/dt = -s_NMDA / tau_NMDA + alpha x (1 - s_NMDA)        dx/dt = -x / tau_x

    Parameters
    ----------
    spike_times : array_like
        Presynaptic spikes in seconds, in any order, from 0 to before ``sim_time``. A spike acts
        from the end of the step that it falls into.
    sim_time : float
        Length of the traces in seconds.
    preset : {"neurodynex", "neurodynex3", "compte2000"} or BumpParameters
        Whose time constants to take; a changed copy of a set for other ones.
    dt : float
        Step of integration (explicit midpoint) in seconds.

    Returns
    -------
    Gates
        The traces.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    20 ms after a spike, the AMPA gate has closed and the NMDA gate has not:

    >>> from wmtutor.units import ms
    >>> gates = gate_traces([0 * ms], sim_time=50 * ms)
    >>> [round(float(gate[400]), 2) for gate in (gates.AMPA, gates.GABA, gates.NMDA)]
    [0.0, 0.14, 0.46]
    """
    parameters = _resolve_preset(preset)
    dt, steps = _check_steps(sim_time, dt)
    counts = _counts("spike_times", spike_times, steps, dt)
    x = _decaying(counts, parameters.tau_x, dt)
    return Gates(
        t=np.arange(steps) * dt,
        AMPA=_decaying(counts, parameters.tau_AMPA, dt),
        GABA=_decaying(counts, parameters.tau_GABA, dt),
        NMDA=_saturating(x, parameters, dt),
        x=x,
    )


def simulate_cell(
    spikes_AMPA: Any = (),
    spikes_GABA: Any = (),
    spikes_NMDA: Any = (),
    *,
    current: float | np.ndarray = 0.0,
    g_AMPA: float | None = None,
    g_GABA: float | None = None,
    g_NMDA: float | None = None,
    population: str = "excit",
    fires: bool = True,
    v_start: float | None = None,
    sim_time: float = 500 * ms,
    preset: str | BumpParameters = "neurodynex",
    dt: float = 0.05 * ms,
) -> CellRun:
    """Simulate one leaky integrate-and-fire cell with the input spikes that you give it.

    ::

        C dv/dt = -g_L (v - E_L) - g_AMPA s_AMPA (v - E_AMPA) - g_GABA s_GABA (v - E_GABA)
                  - g_NMDA s_NMDA B(v) (v - E_NMDA) + I

    At the threshold the cell fires, is reset, and stays there for its refractory time.

    Parameters
    ----------
    spikes_AMPA, spikes_GABA : array_like
        Presynaptic spikes in seconds. Several sources may share a list: these gates add up.
    spikes_NMDA : array_like
        Spikes of one presynaptic cell in seconds, because each cell's gate saturates by itself.
    current : float or array_like of shape (steps,)
        Injected current in ampere, for the whole run or for each step.
    g_AMPA, g_GABA, g_NMDA : float or None
        Conductance per unit of gate in siemens. ``g_AMPA`` is that of an external synapse unless
        given; the others depend on the network around the cell and have to be given with spikes.
    population : {"excit", "inhib"}
        Whose capacitance, leak and refractory time to take.
    fires : bool
        False takes the threshold away, to see what the input alone does to the membrane.
    v_start : float or None
        Membrane potential at the start in volt; None starts at rest.
    sim_time : float
        Length of the run in seconds.
    preset : {"neurodynex", "neurodynex3", "compte2000"} or BumpParameters
        The parameter set.
    dt : float
        Step of integration (explicit midpoint) in seconds.

    Returns
    -------
    CellRun
        Voltage, spikes and gates.

    Raises
    ------
    TypeError, ValueError
        For bad values, and for spikes at a synapse without a conductance.
    FloatingPointError
        If the conductances are too strong for ``dt``.

    Notes
    -----
    Plain Python, about 1 s for 20 s of model time at the default step. For the statistics of many
    cells with Poisson input, :func:`wmtutor.bump.simulate_wm` with its recurrent conductances at 0
    is the same cell, compiled.

    Examples
    --------
    A current that would charge the membrane to above the threshold makes it fire regularly:

    >>> from wmtutor.units import mV, ms, nA
    >>> run = simulate_cell(current=0.55 * nA, sim_time=200 * ms)
    >>> (run.spike_times / ms).round(1)
    array([ 47.9,  85.8, 123.6, 161.4, 199.2])

    One external spike depolarises a cell at rest by less than a millivolt:

    >>> run = simulate_cell(spikes_AMPA=[0 * ms], sim_time=50 * ms)
    >>> round(float((run.v.max() - run.v[0]) / mV), 2)
    0.61
    """
    parameters = _resolve_preset(preset)
    check_choice("population", population, ("excit", "inhib"))
    check_flag("fires", fires)
    dt, steps = _check_steps(sim_time, dt)
    currents = _check_current(current, steps)
    start = parameters.E_leak if v_start is None else v_start
    v = check_quantity("v_start", start, VOLT, low=1e-3, high=0.2, signed=True)
    C = getattr(parameters, f"C_{population}")
    g_leak = getattr(parameters, f"g_leak_{population}")
    refractory = _refractory_steps(getattr(parameters, f"t_refractory_{population}"), dt)
    if g_AMPA is None:
        g_AMPA = getattr(parameters, f"g_extern_{population}")

    gates, conductances = [], []
    for kind, times, conductance in (
        ("AMPA", spikes_AMPA, g_AMPA),
        ("GABA", spikes_GABA, g_GABA),
        ("NMDA", spikes_NMDA, g_NMDA),
    ):
        counts = _counts(f"spikes_{kind}", times, steps, dt)
        if conductance is None and counts.any():
            raise ValueError(
                f"spikes_{kind} has {counts.sum():.0f} spikes but g_{kind} is not given: say how "
                f"strong the synapse is, as in g_{kind}=1 * nS"
            )
        tau = {"AMPA": parameters.tau_AMPA, "GABA": parameters.tau_GABA, "NMDA": parameters.tau_x}
        gate = _decaying(counts, tau[kind], dt)
        gates.append(_saturating(gate, parameters, dt) if kind == "NMDA" else gate)
        conductances.append(
            check_quantity(f"g_{kind}", conductance or 0.0, SIEMENS, low=1e-12, high=10_000 * nS)
        )
    open_at_most = sum(g * s.max() for g, s in zip(conductances, gates, strict=True))
    # Beyond this the explicit midpoint rule makes errors grow.
    if dt * (g_leak + open_at_most) / C > 2.0:
        raise FloatingPointError(
            f"dt={SECOND.show(dt)}: too long for a conductance of up to "
            f"{SIEMENS.show(open_at_most)}; choose a shorter dt or weaker synapses"
        )

    g_AMPA, g_GABA, g_NMDA = conductances
    s_AMPA, s_GABA, s_NMDA = gates
    E_leak, E_AMPA, E_GABA = parameters.E_leak, parameters.E_AMPA, parameters.E_GABA
    E_NMDA, scale = parameters.E_NMDA, parameters.nmda_block_voltage
    threshold = parameters.v_threshold if fires else math.inf

    def dv_dt(
        v: float, excitation: float, inhibition: float, nmda: float, injected: float
    ) -> float:
        into = (
            g_leak * (E_leak - v) + excitation * (E_AMPA - v) + inhibition * (E_GABA - v) + injected
        )
        if nmda:
            into += nmda * (E_NMDA - v) / (1 + math.exp(-v / scale) / 3.57)
        return into / C

    # Gates halfway through a step. As in the network, the NMDA gate is held over the step.
    halfway_AMPA, halfway_GABA = (
        1 - dt / (2 * tau) for tau in (parameters.tau_AMPA, parameters.tau_GABA)
    )
    voltages = np.empty(steps)
    fired = []
    free = 0
    drive = zip(
        (g_AMPA * s_AMPA).tolist(),
        (g_GABA * s_GABA).tolist(),
        (g_NMDA * s_NMDA).tolist(),
        currents.tolist(),
        strict=True,
    )
    for step, (excitation, inhibition, nmda, injected) in enumerate(drive):
        voltages[step] = v
        if step < free:
            continue
        v_half = v + dt / 2 * dv_dt(v, excitation, inhibition, nmda, injected)
        v += dt * dv_dt(
            v_half, excitation * halfway_AMPA, inhibition * halfway_GABA, nmda, injected
        )
        if v > threshold:
            v = parameters.v_reset
            free = step + refractory
            fired.append(step)
    return CellRun(
        t=np.arange(steps) * dt,
        v=voltages,
        spike_times=np.array(fired, float) * dt,
        s_AMPA=s_AMPA,
        s_GABA=s_GABA,
        s_NMDA=s_NMDA,
    )


def _check_steps(sim_time: Any, dt: Any) -> tuple[float, int]:
    dt = check_quantity("dt", dt, SECOND, low=0.001 * ms, high=0.5 * ms, zero=False)
    sim_time = check_quantity("sim_time", sim_time, SECOND, low=1 * ms, high=1000, zero=False)
    return dt, round(sim_time / dt)


def _check_current(current: Any, steps: int) -> np.ndarray:
    """The injected current in each step, ampere."""
    if isinstance(current, (list, tuple, range)) or getattr(current, "ndim", 0) > 0:
        return check_vector("current", current, AMPERE, length=steps, low=-100 * nA, high=100 * nA)
    value = check_quantity("current", current, AMPERE, low=1e-13, high=100 * nA, signed=True)
    return np.full(steps, value)


def _counts(name: str, spike_times: Any, steps: int, dt: float) -> np.ndarray:
    """How many spikes fall into each step."""
    if isinstance(spike_times, (list, tuple)) and not spike_times:
        return np.zeros(steps)
    times = check_vector(name, spike_times, SECOND, low=0.0)
    # The small addition keeps 3 * 0.1 ms, say, from falling into the step before its own.
    at = np.floor(times / dt + 1e-6).astype(np.int64)
    if (at >= steps).any():
        late = times[at >= steps][0]
        raise ValueError(
            f"{name}: has a spike at {SECOND.show(late)}, not before the end of the run "
            f"(sim_time={SECOND.show(steps * dt)})"
        )
    return np.bincount(at, minlength=steps).astype(float)


def _decaying(counts: np.ndarray, tau: float, dt: float) -> np.ndarray:
    """A gate that rises by 1 for each spike and decays, at the start of each step."""
    from scipy.signal import lfilter

    return lfilter([0.0, 1.0], [1.0, -(1 - dt / tau + (dt / tau) ** 2 / 2)], counts)


def _saturating(x: np.ndarray, parameters: BumpParameters, dt: float) -> np.ndarray:
    """The NMDA gate that ``x`` opens, at the start of each step."""
    tau, alpha = parameters.tau_NMDA, parameters.alpha_NMDA
    halfway = 1 - dt / (2 * parameters.tau_x)
    gate = np.empty(len(x))
    s = 0.0
    for step, opener in enumerate(x.tolist()):
        gate[step] = s
        s_half = s + dt / 2 * (-s / tau + alpha * opener * (1 - s))
        s += dt * (-s_half / tau + alpha * opener * halfway * (1 - s_half))
    return gate
