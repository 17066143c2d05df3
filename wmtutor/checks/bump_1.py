"""The questions of notebook 01: spontaneous activity, and a cue.

Right values come from closed forms, or from the checker repeating the run. A run depends on its
seed, and not only a little: at 1.3 Hz one run in some hundreds forms a bump by chance. No
tolerance is both fair to that run and of any use, so the notebook names the seed, the checker
runs the same network again from its own parameters, and reads it with other code. A right
answer is then accepted for certain, and a wrong parameter is told from chance.
"""

import functools
import math
from typing import Any

import numpy as np

from wmtutor.bump import PRESETS, WorkingMemoryRun, bump_profile, simulate_wm
from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Custom,
    Function,
    NotAttempted,
    Number,
    Refused,
    Slip,
    Specification,
    Tolerance,
    read_numbers,
    show,
)
from wmtutor.monitors import PopulationRateMonitor, SpikeMonitor
from wmtutor.units import Hz, ms, mV, nA, second

__all__ = ["QUESTIONS", "SEED"]

#: The seed that the notebook asks for.
SEED = 1

_NETWORK = PRESETS["neurodynex"]

# Leaves room for a window that includes its last step, or a smoothed rate; the slips named below
# are all several times further off.
_READING = Tolerance(relative=0.02)
_SEED_REMARK = f"Is it the run with seed={SEED}, and the window that the text asks for?"


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings. They count spikes; the notebook averages rates.


def _counts(monitor: SpikeMonitor, t_min: float, t_max: float) -> np.ndarray:
    within = (monitor.t >= t_min) & (monitor.t < t_max)
    return np.bincount(monitor.i[within], minlength=monitor.N)


def _rate(monitor: SpikeMonitor, t_min: float, t_max: float) -> float:
    return float(_counts(monitor, t_min, t_max).mean() / (t_max - t_min))


@functools.cache
def _quiet(seed: int, poisson_firing_rate: float = 1.3 * Hz) -> dict[str, float]:
    """Rates of a spontaneous run: of E and I cells in the window, of E cells in the whole run."""
    run = simulate_wm(poisson_firing_rate=poisson_firing_rate, seed=seed)
    return {
        "excit": _rate(run.spike_monitor_excit, 300 * ms, 800 * ms),
        "inhib": _rate(run.spike_monitor_inhib, 300 * ms, 800 * ms),
        "whole run": _rate(run.spike_monitor_excit, 0 * ms, 800 * ms),
    }


PEAKS = (1.6, 2.0, 2.3)


@functools.cache
def _peaks(seed: int, t_min: float = 800 * ms) -> np.ndarray:
    """Late rates for three values of J+."""
    runs = [
        simulate_wm(
            poisson_firing_rate=1.3 * Hz, Jpos_excit2excit=J, sim_time=1 * second, seed=seed
        )
        for J in PEAKS
    ]
    return np.array([_rate(run.spike_monitor_excit, t_min, 1000 * ms) for run in runs])


#: Strength and width in degrees of the three cues.
CUES = {"weak": (0.06 * nA, 30.0), "strong": (0.5 * nA, 30.0), "wide": (0.1 * nA, 60.0)}


@functools.lru_cache(maxsize=3)
def _cued(cue: str, seed: int) -> WorkingMemoryRun:
    strength, width_deg = CUES[cue]
    return simulate_wm(
        stimulus_center_deg=120,
        stimulus_width_deg=width_deg,
        stimulus_strength=strength,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        sim_time=500 * ms,
        seed=seed,
    )


def _delay(cue: str, seed: int) -> float:
    """Time from the cue's start until the rate, over 20 ms, is 6 Hz; NaN if it never is."""
    monitor = _cued(cue, seed).spike_monitor_excit
    dt = 0.05 * ms
    times = 100 * ms + dt * np.arange(round(400 * ms / dt))
    # The step itself and 200 to either side; half a step more keeps rounding out of it. Where the
    # rate hovers at 6 Hz, a window of other length would find it there milliseconds apart.
    half = 200.5 * dt
    first, last = np.searchsorted(monitor.t, (times - half, times + half))
    risen = np.flatnonzero((last - first) / (monitor.N * 2 * half) >= 6 * Hz)
    return float(times[risen[0]] - 100 * ms) if risen.size else math.nan


def _delays(seed: int) -> tuple[float, float]:
    return _delay("weak", seed), _delay("strong", seed)


def _bump(seed: int) -> tuple[float, float]:
    """Centre and full width at half maximum after the weak cue, by the fit that the text names."""
    profile = bump_profile(_cued("weak", seed).spike_monitor_excit, 350 * ms, 450 * ms)
    return profile.center_deg, profile.fwhm_deg


def _memories(seed: int, t_min: float = 400 * ms, t_max: float = 500 * ms) -> np.ndarray:
    """Rates after the three cues."""
    return np.array([_rate(_cued(cue, seed).spike_monitor_excit, t_min, t_max) for cue in CUES])


@functools.cache
def _spread(
    seed: int, t_min: float = 30 * ms, poisson_firing_rate: float = 0 * Hz
) -> tuple[float, float]:
    """Fractions of E cells that fire from t_min to 80 ms, with one interneuron and with 256."""
    fractions = []
    for N_inhibitory in (1, 256):
        run = simulate_wm(
            N_inhibitory=N_inhibitory,
            poisson_firing_rate=poisson_firing_rate,
            stimulus_center_deg=120,
            stimulus_width_deg=60,
            stimulus_strength=0.65 * nA,
            t_stimulus_start=5 * ms,
            t_stimulus_duration=25 * ms,
            sim_time=80 * ms,
            seed=seed,
        )
        fractions.append(float((_counts(run.spike_monitor_excit, t_min, 80 * ms) > 0).mean()))
    return fractions[0], fractions[1]


# ---------------------------------------------------------------------------------------------
# Part A


def _mean_voltage(
    poisson_firing_rate: float,
    *,
    sources: int = _NETWORK.N_extern_poisson,
    g_extern: float = _NETWORK.g_extern_excit,
) -> float:
    g_AMPA = g_extern * sources * poisson_firing_rate * _NETWORK.tau_AMPA
    pull = _NETWORK.g_leak_excit * _NETWORK.E_leak + g_AMPA * _NETWORK.E_AMPA
    return pull / (_NETWORK.g_leak_excit + g_AMPA)


def _mean_voltage_fixed_drive(poisson_firing_rate: float) -> float:
    s_AMPA = _NETWORK.N_extern_poisson * poisson_firing_rate * _NETWORK.tau_AMPA
    current = _NETWORK.g_extern_excit * s_AMPA * (_NETWORK.E_AMPA - _NETWORK.E_leak)
    return _NETWORK.E_leak + current / _NETWORK.g_leak_excit


def _mean_voltage_cases() -> list[Case]:
    call = "mean_voltage({})"
    return [
        Case((0.0,), call.format("0*Hz"), "Without input the cell rests at the leak's reversal."),
        Case((1.4 * Hz,), call.format("1.4*Hz")),
        Case((2.2 * Hz,), call.format("2.2*Hz")),
        Case(
            (200 * Hz,),
            call.format("200*Hz"),
            "However strong the input, it cannot pull the cell past its reversal at 0 mV.",
        ),
    ]


def _window_mean(rate_monitor: PopulationRateMonitor, t_min: float, t_max: float) -> float:
    within = [
        rate
        for t, rate in zip(rate_monitor.t, rate_monitor.rate, strict=True)
        if t_min <= t < t_max
    ]
    return math.fsum(within) / len(within)


def _window_mean_cases() -> list[Case]:
    # Windows begin and end between two samples, so that < and <= come to the same, but for the
    # start of the run: there the first sample belongs to the window.
    dt = 1 * ms
    t = np.arange(200) * dt
    rising = PopulationRateMonitor(t, 10 * t / second, dt)
    burst = PopulationRateMonitor(t, np.where(t < 20 * ms, 50.0, 0.0), dt)
    return [
        Case(
            (rising, 49.5 * ms, 149.5 * ms),
            "mean_rate(a rate that rises steadily, 49.5*ms, 149.5*ms)",
            "Take the samples inside the window only.",
        ),
        Case(
            (burst, 99.5 * ms, 199.5 * ms),
            "mean_rate(a burst that is over by 20 ms, 99.5*ms, 199.5*ms)",
            "Nothing fires in this window; the burst before it must not count.",
        ),
        Case(
            (burst, 0 * ms, 39.5 * ms),
            "mean_rate(a burst that is over by 20 ms, 0*ms, 39.5*ms)",
            "The window starts with the run: keep the sample at t_min itself.",
        ),
        Case(
            (rising, 99.5 * ms, 100.5 * ms),
            "mean_rate(a rate that rises steadily, 99.5*ms, 100.5*ms)",
            "This window holds a single sample.",
        ),
    ]


@functools.lru_cache(maxsize=64)
def _place(seed: int) -> tuple[float, float, float]:
    """Angle and strength of the bump at 2.2 Hz, and the plain mean of its spikes' angles."""
    run = simulate_wm(poisson_firing_rate=2.2 * Hz, sim_time=2 * second, seed=seed)
    monitor = run.spike_monitor_excit
    angles = 2 * np.pi * monitor.i[monitor.t >= 1.8 * second] / monitor.N
    x, y = np.cos(angles).mean(), np.sin(angles).mean()
    angle = math.degrees(math.atan2(y, x)) % 360
    return angle, math.hypot(x, y), math.degrees(float(angles.mean()))


# Over 300 seeds, the angle in the last 500 ms differs from that in the last 200 ms by up to 2.6
# degrees; the rest leaves room for a fitted centre.
_PLACE_TOLERANCE = Tolerance(absolute=10.0)
_MOST_SEEDS = 6


def _judge_places(answer: Any) -> None:
    if answer is None or answer is ...:
        raise NotAttempted
    if type(answer) is not dict:
        raise Refused("The answer is a dictionary from seed to angle, like {1: 80.5, 2: 120.0}.")
    if not answer or all(value is None or value is ... for value in answer.values()):
        raise NotAttempted
    if not 3 <= len(answer) <= _MOST_SEEDS:
        raise Refused(f"That has {len(answer)} seeds; 3 to {_MOST_SEEDS} are asked for.")
    for seed, value in answer.items():
        if type(seed) is not int or seed < 0:
            raise Refused(
                "The keys are the seeds of your runs, whole numbers that are not negative."
            )
        try:
            angle = read_numbers(value, "°")
        except NotAttempted:
            raise Refused(f"Seed {seed}: the angle is missing.") from None
        except Refused as refusal:
            raise Refused(f"Seed {seed}: {refusal}") from None
        _judge_place(seed, angle)


def _judge_place(seed: int, angle: np.ndarray) -> None:
    place, strength, plain_mean = _place(seed)
    if strength < 0.8:
        raise Refused(f"With seed {seed} no bump has formed by 1.8 s. Take another seed.")

    def near(other: float) -> bool:
        return bool(_PLACE_TOLERANCE.accepts(angle, np.array(other), "°"))

    shown = f"Seed {seed}: {show(float(angle), '°')}"
    if near(place):
        return
    if abs(float(angle) - math.radians(place)) < math.radians(10):
        raise Refused(f"{shown} is in radians. Angles here are degrees: np.rad2deg.")
    if abs(float(angle) - place * 1024 / 360) < 30:
        raise Refused(f"{shown} is the number of a cell. get_orientation makes degrees of it.")
    if near(plain_mean):
        raise Refused(
            f"{shown} is the plain mean of the angles. It fails where 360 wraps to 0: "
            "use population_vector."
        )
    raise Refused(
        f"{shown} is not where the checker finds the bump in the same run "
        f"({_PLACE_TOLERANCE.describe('°')}). Look from 1.8 to 2.0 s."
    )


def _j_minus(J_plus: float, sigma_deg: float, *, endless: bool = False) -> float:
    q = math.sqrt(2 * math.pi) * sigma_deg / 360
    if not endless:
        q *= math.erf(180 / (math.sqrt(2) * sigma_deg))
    return (1 - J_plus * q) / (1 - q)


def _j_minus_cases() -> list[Case]:
    call = "j_minus({}, {})"
    return [
        Case((1.6, 20.0), call.format(1.6, 20)),
        Case((2.3, 20.0), call.format(2.3, 20)),
        Case((1.0, 20.0), call.format(1.0, 20), "With J+ = 1 the profile is flat."),
        Case(
            (1.6, 80.0),
            call.format(1.6, 80),
            "A wide profile is cut off at 180° on either side: the ring ends there.",
        ),
    ]


_PART_A: tuple[Specification, ...] = (
    Number(
        title="External spikes into one cell",
        unit="Hz",
        reference=lambda: _NETWORK.N_extern_poisson * _NETWORK.poisson_firing_rate,
        tolerance=Tolerance(relative=0.001),
        slips=(
            Slip(
                lambda right: right * _NETWORK.N_excitatory,
                "That is what all excitatory cells get together. One cell is asked for.",
            ),
            Slip(
                lambda right: right / _NETWORK.N_extern_poisson,
                "That is the rate of one source. Every cell listens to many.",
            ),
        ),
        praise=(
            "Independent Poisson sources add up: all sources of a cell together are one Poisson "
            "source with the sum of their rates. Every cell has its own."
        ),
        hints=(
            "Rates of independent sources add.",
            "Multiply the number of sources of one cell by the rate of one source.",
        ),
        solution=(
            "spikes_per_second = parameters.N_extern_poisson * parameters.poisson_firing_rate"
        ),
    ),
    Choice(
        title="What one external spike does",
        right="c",
        wrong={
            "a": "A spike opens a conductance. How far the potential moves then depends on how far "
            "it is from the reversal potential.",
            "b": "The slow NMDA gates belong to the connections inside the network. The external "
            "input is fast.",
            "d": "GABA inhibits, and comes from the interneurons. The external input excites.",
        },
        praise=(
            f"External spikes act through AMPA. Their effect is over after a few times "
            f"{_NETWORK.tau_AMPA / ms:g} ms, so the external input by itself remembers nothing."
        ),
        hints=(
            "Which of the gates has the external conductance in front of it in the equation?",
            "The external input excites, and fast. Its gate has the shortest time constant.",
        ),
        solution='effect = "c"',
    ),
    Function(
        title="What the mean input alone would do",
        points=2,
        signature="mean_voltage(poisson_firing_rate)",
        unit="V",
        reference=_mean_voltage,
        cases=_mean_voltage_cases,
        tolerance=Tolerance(absolute=0.05 * mV),
        slips=(
            Slip(
                functools.partial(_mean_voltage, sources=1),
                "That is the effect of a single source. Each cell has N_extern_poisson of them.",
            ),
            Slip(
                functools.partial(_mean_voltage, g_extern=_NETWORK.g_extern_inhib),
                "That is right for an interneuron. The excitatory cell has its own g_extern.",
            ),
            Slip(
                _mean_voltage_fixed_drive,
                "You kept the driving force at its value at rest. As the cell depolarises, the "
                "driving force shrinks: solve the balance of both currents for v.",
            ),
        ),
        praise=(
            "At 1.4 Hz the mean input holds the cell a few mV below threshold: it fires only when "
            "chance brings many spikes at once. At 2.2 Hz the mean alone would carry it past "
            "threshold, and only inhibition keeps the network in check."
        ),
        hints=(
            "First the mean of s_AMPA: it gains 1 with every external spike and decays with "
            "tau_AMPA. In the mean, gain per second = loss per second.",
            "The mean of s_AMPA is N_extern_poisson * rate * tau_AMPA.",
            "At rest the two currents cancel: g_leak (v - E_leak) + g_extern s_AMPA (v - E_AMPA) "
            "= 0. Solve for v.",
        ),
        solution="""\
s_AMPA = parameters.N_extern_poisson * poisson_firing_rate * parameters.tau_AMPA
g_leak, g_AMPA = parameters.g_leak_excit, parameters.g_extern_excit * s_AMPA
return (g_leak * parameters.E_leak + g_AMPA * parameters.E_AMPA) / (g_leak + g_AMPA)""",
    ),
    Function(
        title="Reading a mean rate",
        signature="mean_rate(rate_monitor, t_min, t_max)",
        unit="Hz",
        reference=_window_mean,
        cases=_window_mean_cases,
        tolerance=Tolerance(absolute=1e-6),
        slips=(
            Slip(
                lambda monitor, t_min, t_max: monitor.rate.mean(),
                "That is the mean of the whole run. Select the samples from t_min to t_max.",
            ),
            Slip(
                lambda monitor, t_min, t_max: monitor.rate[monitor.t < t_max].mean(),
                "You average from the start of the run. Leave out what comes before t_min.",
            ),
            Slip(
                lambda monitor, t_min, t_max: monitor.rate[monitor.t >= t_min].mean(),
                "You average to the end of the run. Leave out what comes after t_max.",
            ),
            Slip(
                lambda monitor, t_min, t_max: (
                    _window_mean(monitor, t_min, t_max) * round((t_max - t_min) / monitor.dt)
                ),
                "That is the sum of the samples. Divide by their number.",
            ),
        ),
        praise="You will use this function in all that follows.",
        hints=(
            "rate_monitor.t and rate_monitor.rate are arrays of one length.",
            "A condition on one array selects from the other: rate[t > 0.1].",
            "Combine two conditions: (t >= t_min) & (t < t_max).",
        ),
        solution="""\
within = (rate_monitor.t >= t_min) & (rate_monitor.t < t_max)
return rate_monitor.rate[within].mean()""",
    ),
    Number(
        title="The spontaneous rate at 1.3 Hz",
        unit="Hz",
        reference=lambda: _quiet(SEED)["excit"],
        tolerance=_READING,
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _quiet(SEED)["inhib"],
                "That is the rate of the interneurons. Take rate_monitor_excit.",
            ),
            Slip(
                lambda right: _quiet(SEED, _NETWORK.poisson_firing_rate)["excit"],
                "That is the rate at 1.4 Hz, the default. Pass poisson_firing_rate=1.3*Hz.",
            ),
            Slip(
                lambda right: _quiet(SEED)["whole run"],
                "That is the mean of the whole run. Leave out the first 300 ms.",
            ),
            Slip(
                lambda right: right * _NETWORK.N_excitatory,
                "That is the number of spikes per second of all cells together. The population "
                "rate is per cell.",
            ),
        ),
        praise=(
            "Each excitatory cell fires less than once a second, here and there, and nothing "
            "lasts. This is the network with nothing to remember."
        ),
        hints=(
            "simulate_wm(poisson_firing_rate=1.3*Hz, seed=...) runs 800 ms by itself.",
            "Give run.rate_monitor_excit to your mean_rate, with 300*ms and 800*ms.",
        ),
        solution="""\
quiet_run = simulate_wm(poisson_firing_rate=1.3 * Hz, seed=1)
figure, axes = plot_network_activity(quiet_run.rate_monitor_excit, quiet_run.spike_monitor_excit)
spontaneous_rate = mean_rate(quiet_run.rate_monitor_excit, 300 * ms, 800 * ms)
print(f"{spontaneous_rate:.2f} Hz")""",
    ),
    Custom(
        title="Where the bump forms at 2.2 Hz",
        points=2,
        form=(
            f"a dictionary from seed to angle in degrees, for 3 to {_MOST_SEEDS} seeds, "
            f"{_PLACE_TOLERANCE.describe('°')}"
        ),
        judgement=_judge_places,
        praise=(
            "The checker ran your seeds again and finds the bumps where you do. Each run has one, "
            "and each has it somewhere else."
        ),
        hints=(
            "Count spikes per cell at the end of the run: get_spike_count(run.spike_monitor_excit, "
            "None, 1.8*second, 2*second).",
            "population_vector(counts) gives the angle and the strength.",
            "Loop over the seeds, and write places[seed] = angle_deg.",
        ),
        solution="""\
places = {}
for seed in (1, 2, 3):
    run = simulate_wm(poisson_firing_rate=2.2 * Hz, sim_time=2 * second, seed=seed)
    counts = get_spike_count(run.spike_monitor_excit, None, 1.8 * second, 2 * second)
    places[seed], strength = population_vector(counts)
    print(f"seed {seed}: {places[seed]:.0f} degrees, strength {strength:.2f}")
figure, axes = plot_space_time(run.spike_monitor_excit)""",
    ),
    Choice(
        title="Why it forms in different places",
        right="b",
        wrong={
            "a": "All sources fire at the same rate, for every cell and every seed. Only the "
            "moments differ.",
            "c": "The weights depend on the distance between two cells alone. They are the same "
            "for every seed, and the same all round the ring.",
            "d": "The angle is decoded from hundreds of spikes, to a few degrees. Look at the "
            "raster: the bumps themselves are in different places.",
        },
        praise=(
            "The even state has become unstable, and all places are alike. Chance decides, and "
            "recurrent excitation then holds on to what chance decided. A cue does the same job, "
            "but not by chance."
        ),
        hints=(
            "What differs between two runs with different seeds, and what is the same?",
            "Turn the ring by 30 degrees. Does anything in the model change?",
        ),
        solution='reason = "b"',
    ),
    Function(
        title="The weights far away, J-",
        points=2,
        signature="j_minus(J_plus, sigma_deg)",
        reference=_j_minus,
        cases=_j_minus_cases,
        tolerance=Tolerance(absolute=0.002),
        slips=(
            Slip(
                functools.partial(_j_minus, endless=True),
                "You took the Gaussian's integral over an endless line. Right for a narrow "
                "profile; a wide one is cut off at 180° on either side.",
            ),
            Slip(
                lambda J_plus, sigma_deg: 2 - J_plus,
                "You took the mean of J+ and J-. The mean of W is over all cells of the ring, and "
                "most of them are far away.",
            ),
        ),
        praise=(
            f"From J+ = 1.6 to 2.3 the far weights sink from {_j_minus(1.6, 20):.2f} to "
            f"{_j_minus(2.3, 20):.2f}. The profile's mean stays 1: what the neighbours gain, the "
            "others lose."
        ),
        hints=(
            "Write q for the mean of the Gaussian over the ring. Then the mean of W is "
            "J- + (J+ - J-) q.",
            "Set J- + (J+ - J-) q = 1 and solve for J-.",
            "For q, average np.exp(-d**2 / (2 * sigma_deg**2)) over many d spread evenly from -180 "
            "to 180.",
        ),
        solution="""\
d = np.linspace(-180, 180, 3600, endpoint=False)
q = np.exp(-(d**2) / (2 * sigma_deg**2)).mean()
return (1 - J_plus * q) / (1 - q)""",
    ),
    Number(
        title="A higher J+, and no cue",
        unit="Hz",
        labels=tuple(f"J+ = {J}" for J in PEAKS),
        reference=lambda: _peaks(SEED),
        tolerance=_READING,
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _peaks(SEED, 0 * ms),
                "Those are means of the whole run. Read from 800 to 1000 ms.",
            ),
        ),
        praise=(
            "At J+ = 1.6 the network stays quiet. At 2.0 and 2.3 a bump appears without a cue and "
            "takes ever more cells along. Such a network cannot tell a memory from its own noise."
        ),
        hints=(
            "Pass the value on as Jpos_excit2excit, with poisson_firing_rate=1.3*Hz and "
            "sim_time=1*second.",
            "Read the rate from 800*ms to 1000*ms with your mean_rate, once per value.",
        ),
        solution="""\
late_rates = []
for J_plus in (1.6, 2.0, 2.3):
    run = simulate_wm(
        poisson_firing_rate=1.3 * Hz, Jpos_excit2excit=J_plus, sim_time=1 * second, seed=1
    )
    late_rates.append(mean_rate(run.rate_monitor_excit, 800 * ms, 1000 * ms))
    print(f"J+ = {J_plus}: {late_rates[-1]:.1f} Hz")
figure, axes = plot_network_activity(run.rate_monitor_excit, run.spike_monitor_excit)""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B


def _stimulated(width_deg: float = 30.0, half_cell: float = 0.0) -> tuple[int, int, int]:
    """First, last and number of the cells that a cue at 120 degrees reaches."""
    center = round(120 * _NETWORK.N_excitatory / 360 - half_cell)
    half_width = round(width_deg / 2 * _NETWORK.N_excitatory / 360)
    return center - half_width, center + half_width, 2 * half_width + 1


_PART_B: tuple[Specification, ...] = (
    Number(
        title="The cells that the cue reaches",
        labels=("first cell", "last cell", "how many"),
        reference=_stimulated,
        tolerance=Tolerance(),
        slips=(
            Slip(
                lambda right: right - [0, 0, 1],
                "First and last are right. From first to last, both count: last - first + 1.",
            ),
            Slip(
                lambda right: _stimulated(width_deg=60),
                "That is 30 degrees to either side. The width of 30 is from edge to edge.",
            ),
            Slip(
                lambda right: (105, 135, right[2]),
                "First and last are angles. Which cells prefer them?",
            ),
        ),
        praise=(
            f"{_stimulated()[2]} of {_NETWORK.N_excitatory} cells get the current: one in twelve, "
            "as 30 of 360 degrees is."
        ),
        hints=(
            "Cell i of N prefers 360 * i / N degrees. Turn that round.",
            "The centre is round(1024 / 360 * 120), half the width is round(1024 / 360 * 15).",
            "The cells are centre - half ... centre + half, both included.",
        ),
        solution="""\
center, half = round(1024 / 360 * 120), round(1024 / 360 * 30 / 2)
stimulated = [center - half, center + half, 2 * half + 1]
print(stimulated)""",
    ),
    Number(
        title="How long the rate takes to rise",
        points=2,
        unit="s",
        labels=("0.06 nA", "0.5 nA"),
        reference=lambda: _delays(SEED),
        tolerance=Tolerance(absolute=4 * ms),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: right + 100 * ms,
                "Those are times from the start of the run. The delay counts from the cue's start "
                "at 100 ms.",
            ),
        ),
        praise=(
            "The strong current drives its cells over the threshold at once. The weak one leaves "
            "them just below it, and the rate rises only as the slow NMDA gates of the neighbours "
            "fill up."
        ),
        hints=(
            'rate_monitor.smooth_rate("flat", width=20*ms) has one value per time in '
            "rate_monitor.t.",
            "Select the times after 100*ms at which the smoothed rate is at least 6 Hz, and take "
            "the first.",
            "Subtract 100*ms.",
        ),
        solution="""\
weak_run, strong_run = cued_run(0.06 * nA, 30), cued_run(0.5 * nA, 30)
delays = []
for run in (weak_run, strong_run):
    t = run.rate_monitor_excit.t
    rate = run.rate_monitor_excit.smooth_rate("flat", width=20 * ms)
    delays.append(t[(t >= 100 * ms) & (rate >= 6 * Hz)][0] - 100 * ms)
    print(f"{delays[-1] / ms:.0f} ms")
    figure, axes = plot_network_activity(
        run.rate_monitor_excit, run.spike_monitor_excit, cue_spans=[(100 * ms, 300 * ms)]
    )""",
    ),
    Number(
        title="Centre and width of the bump",
        unit="°",
        labels=("centre", "full width at half maximum"),
        reference=lambda: _bump(SEED),
        # The bump is flatter on top than the bell that is fitted: read off at half its height
        # it is up to 7.5 degrees wider (120 seeds), and no worse an answer.
        tolerance=Tolerance(absolute=(3.0, 8.0)),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: (right[0], right[1] / math.sqrt(8 * math.log(2))),
                "the width is the standard deviation. The full width at half maximum is asked for "
                "(fwhm_deg).",
            ),
        ),
        praise=(
            "The bump sits where the cue was. It is wider than the cue: its width is the network's "
            "own, as question 13 will show."
        ),
        hints=(
            "bump_profile(weak_run.spike_monitor_excit, 350*ms, 450*ms) fits a bell to the rates.",
            "Its attributes center_deg and fwhm_deg are what is asked for.",
        ),
        solution="""\
profile = bump_profile(weak_run.spike_monitor_excit, 350 * ms, 450 * ms)
figure, axes = plot_activity_profile(weak_run.spike_monitor_excit, 350 * ms, 450 * ms)
bump = [profile.center_deg, profile.fwhm_deg]
print(f"centre {bump[0]:.0f} degrees, full width {bump[1]:.0f} degrees")""",
    ),
    Number(
        title="What is left of three different cues",
        points=2,
        unit="Hz",
        labels=("0.06 nA, 30°", "0.5 nA, 30°", "0.1 nA, 60°"),
        reference=lambda: _memories(SEED),
        tolerance=_READING,
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _memories(SEED, 100 * ms, 300 * ms),
                "Those are the rates while the cue is on. Memory is what is left afterwards: read "
                "from 400 to 500 ms.",
            ),
            Slip(
                lambda right: _memories(SEED, 0 * ms, 500 * ms),
                "Those are means of the whole run. Read from 400 to 500 ms.",
            ),
        ),
        praise=(
            "Three cues, one memory. Strength and width of the cue are forgotten; where it was is "
            "kept. The bump is an attractor: its shape belongs to the network, only its place is "
            "free."
        ),
        hints=(
            "Use cued_run three times, and your mean_rate from 400*ms to 500*ms.",
            "The cue ends at 300 ms. Rates from before belong to the cue, not to the memory.",
            "The third run is cued_run(0.1*nA, 60).",
        ),
        solution="""\
wide_run = cued_run(0.1 * nA, 60)
memory_rates = []
for run in (weak_run, strong_run, wide_run):
    memory_rates.append(mean_rate(run.rate_monitor_excit, 400 * ms, 500 * ms))
    width = bump_profile(run.spike_monitor_excit, 400 * ms, 500 * ms).fwhm_deg
    print(f"{memory_rates[-1]:.1f} Hz, full width {width:.0f} degrees")""",
    ),
    Number(
        title="Almost without inhibition",
        points=2,
        labels=("1 interneuron", "256 interneurons"),
        reference=lambda: _spread(SEED),
        tolerance=Tolerance(absolute=0.003),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _spread(SEED, 0 * ms),
                "Those are the cells that fire at any time. Count from 30 ms on, when the current "
                "has ended.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first 1 interneuron, then 256.",
            ),
            Slip(
                lambda right: _spread(SEED, 30 * ms, _NETWORK.poisson_firing_rate),
                "That is with the external input on. Pass poisson_firing_rate=0*Hz.",
            ),
        ),
        praise=(
            "With 256 interneurons the activity stays where the current was. With a single one it "
            "runs round the whole ring, and every cell fires nearly as fast as it can. Inhibition "
            "is what makes the memory a place."
        ),
        hints=(
            "get_spike_count(run.spike_monitor_excit, None, 30*ms, 80*ms) counts per cell.",
            "The mean of (counts > 0) is the fraction of cells that fired.",
            "poisson_firing_rate=0*Hz switches the external input off. N_inhibitory is 1, then "
            "256.",
        ),
        solution="""\
fractions = []
for N_inhibitory in (1, 256):
    run = simulate_wm(
        N_inhibitory=N_inhibitory,
        poisson_firing_rate=0 * Hz,
        stimulus_center_deg=120,
        stimulus_width_deg=60,
        stimulus_strength=0.65 * nA,
        t_stimulus_start=5 * ms,
        t_stimulus_duration=25 * ms,
        sim_time=80 * ms,
        seed=1,
    )
    figure, axes = plot_network_activity(run.rate_monitor_excit, run.spike_monitor_excit)
    counts = get_spike_count(run.spike_monitor_excit, None, 30 * ms, 80 * ms)
    fractions.append((counts > 0).mean())
    print(f"N_inhibitory = {N_inhibitory}: {100 * fractions[-1]:.0f} % of the cells fire")""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B
