"""The questions of notebook 01: spontaneous activity.

Right values come from closed forms, or from the checker repeating the run. A run depends on its
seed, and not only a little: at 1.3 Hz one run in some hundreds forms a bump by chance. No
tolerance is both fair to that run and of any use, so the notebook names the seed, the checker
runs the same network again from its own parameters, and reads it with other code. A right
answer is then accepted for certain, and a wrong parameter is told from chance.
What counts spikes and fits bumps here also serves :mod:`wmtutor.checks.bump_2`.
"""

import functools
import math
from typing import Any

import numpy as np

from wmtutor.bump import PRESETS, WorkingMemoryRun, simulate_wm
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
from wmtutor.units import Hz, ms, mV, second

__all__ = [
    "NETWORK",
    "QUESTIONS",
    "READING",
    "SEED",
    "SEED_REMARK",
    "count_spikes",
    "firing_rate",
    "fit_bell",
]

#: The seed that the notebook asks for.
SEED = 1

NETWORK = PRESETS["neurodynex"]

#: For rates in a run that the checker repeats. Leaves room for a window that includes its last
#: step, or a smoothed rate; the slips named below are all several times further off.
READING = Tolerance(relative=0.02)
SEED_REMARK = f"Is it the run with seed={SEED}, and the window that the text asks for?"
_WIDTH_REMARK = f"Is it the bump from 1.0 to 1.2 s, in the run at 2.2 Hz with seed={SEED}?"


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings. They count spikes; the notebook averages rates.


def count_spikes(monitor: SpikeMonitor, t_min: float, t_max: float) -> np.ndarray:
    """Spikes of each cell in the window."""
    within = (monitor.t >= t_min) & (monitor.t < t_max)
    return np.bincount(monitor.i[within], minlength=monitor.N)


def firing_rate(monitor: SpikeMonitor, t_min: float, t_max: float) -> float:
    """Mean rate in the window, Hz per cell."""
    return float(count_spikes(monitor, t_min, t_max).mean() / (t_max - t_min))


def _resultant(monitor: SpikeMonitor, t_min: float, t_max: float) -> complex:
    """The spikes' mean arrow: its angle is the bump's, its length the strength."""
    counts = count_spikes(monitor, t_min, t_max)
    # The coefficient of the ring's first wave, with the sign turned round.
    return complex(np.conj(np.fft.fft(counts)[1]) / counts.sum())


def fit_bell(monitor: SpikeMonitor, t_min: float, t_max: float) -> tuple[float, float]:
    """Centre and full width at half maximum of a bump, in degrees.

    The centre is the population vector's. For the width, Gaussians of all widths in turn are
    fitted to the cells' counts; the library fits a von Mises bell to rates in bins.
    """
    counts = count_spikes(monitor, t_min, t_max)
    center = math.degrees(np.angle(_resultant(monitor, t_min, t_max))) % 360
    distance = (np.arange(monitor.N) * 360 / monitor.N - center + 180) % 360 - 180

    # Height and base are free, so the best of the bells is the one that correlates best.
    sigmas = np.arange(5.0, 80.0, 0.25)
    bells = np.exp(-(distance**2) / (2 * sigmas[:, None] ** 2))
    bells -= bells.mean(axis=1, keepdims=True)
    correlation = bells @ (counts - counts.mean()) / np.sqrt((bells**2).sum(axis=1))
    return center, float(sigmas[correlation.argmax()] * math.sqrt(8 * math.log(2)))


@functools.cache
def _quiet(seed: int, poisson_firing_rate: float = 1.3 * Hz) -> dict[str, float]:
    """Rates of a spontaneous run: of E and I cells in the window, of E cells in the whole run."""
    run = simulate_wm(poisson_firing_rate=poisson_firing_rate, seed=seed)
    return {
        "excit": firing_rate(run.spike_monitor_excit, 300 * ms, 800 * ms),
        "inhib": firing_rate(run.spike_monitor_inhib, 300 * ms, 800 * ms),
        "whole run": firing_rate(run.spike_monitor_excit, 0 * ms, 800 * ms),
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
    return np.array([firing_rate(run.spike_monitor_excit, t_min, 1000 * ms) for run in runs])


SIGMAS = (20, 30, 40)


@functools.lru_cache(maxsize=len(SIGMAS))
def _busy(sigma: float, seed: int) -> WorkingMemoryRun:
    return simulate_wm(
        poisson_firing_rate=2.2 * Hz,
        sigma_weight_profile=sigma,
        sim_time=1.2 * second,
        monitored_subset_size=1,
        seed=seed,
    )


def _widths(seed: int) -> np.ndarray:
    """Widths of the bumps that form with three widths of the weight profile."""
    runs = (_busy(sigma, seed) for sigma in SIGMAS)
    return np.array([fit_bell(run.spike_monitor_excit, 1.0, 1.2)[1] for run in runs])


# ---------------------------------------------------------------------------------------------
# The external input


def _mean_voltage(
    poisson_firing_rate: float,
    *,
    sources: int = NETWORK.N_extern_poisson,
    g_extern: float = NETWORK.g_extern_excit,
) -> float:
    g_AMPA = g_extern * sources * poisson_firing_rate * NETWORK.tau_AMPA
    pull = NETWORK.g_leak_excit * NETWORK.E_leak + g_AMPA * NETWORK.E_AMPA
    return pull / (NETWORK.g_leak_excit + g_AMPA)


def _mean_voltage_fixed_drive(poisson_firing_rate: float) -> float:
    s_AMPA = NETWORK.N_extern_poisson * poisson_firing_rate * NETWORK.tau_AMPA
    current = NETWORK.g_extern_excit * s_AMPA * (NETWORK.E_AMPA - NETWORK.E_leak)
    return NETWORK.E_leak + current / NETWORK.g_leak_excit


def _mean_voltage_cases(seed: int) -> list[Case]:
    call = "mean_voltage({})"
    drawn = round(float(np.random.default_rng(seed).uniform(3, 30)), 1)
    return [
        Case((0.0,), call.format("0*Hz"), "Without input the cell rests at the leak's reversal."),
        Case((1.4 * Hz,), call.format("1.4*Hz")),
        Case((2.2 * Hz,), call.format("2.2*Hz")),
        Case((drawn * Hz,), call.format(f"{drawn}*Hz")),
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


def _window_mean_cases(seed: int) -> list[Case]:
    # Windows begin and end between two samples, so that < and <= come to the same, but for the
    # start of the run: there the first sample belongs to the window.
    dt = 1 * ms
    t = np.arange(200) * dt
    rising = PopulationRateMonitor(t, 10 * t / second, dt)
    generator = np.random.default_rng(seed)
    uneven = PopulationRateMonitor(t, generator.uniform(0, 50, t.size), dt)
    first, last = sorted(generator.choice(np.arange(20, 180), 2, replace=False) + 0.5)
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
        Case(
            (uneven, first * ms, last * ms),
            f"mean_rate(an uneven rate, {first:g}*ms, {last:g}*ms)",
            "Take the samples inside the window only.",
        ),
    ]


@functools.lru_cache(maxsize=64)
def _place(seed: int) -> tuple[float, float, float]:
    """Angle and strength of the bump at 2.2 Hz, and the plain mean of its spikes' angles."""
    run = simulate_wm(
        poisson_firing_rate=2.2 * Hz, sim_time=2 * second, monitored_subset_size=1, seed=seed
    )
    monitor = run.spike_monitor_excit
    arrow = _resultant(monitor, 1.8 * second, 2 * second)
    plain_mean = float(monitor.i[monitor.t >= 1.8 * second].mean() * 360 / monitor.N)
    return math.degrees(np.angle(arrow)) % 360, abs(arrow), plain_mean


# Over 300 seeds, the angle in the last 500 ms differs from that in the last 200 ms by up to 2.6
# degrees; the rest leaves room for a fitted centre.
_PLACE_TOLERANCE = Tolerance(absolute=10.0)
_MOST_SEEDS = 6


def _judge_places(answer: Any, seed: int) -> None:
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


def _j_minus_cases(seed: int) -> list[Case]:
    call = "j_minus({}, {})"
    generator = np.random.default_rng(seed)
    J_plus = round(float(generator.uniform(1.2, 3)), 2)
    sigma = round(float(generator.uniform(8, 40)), 1)
    return [
        Case((1.6, 20.0), call.format(1.6, 20)),
        Case((2.3, 20.0), call.format(2.3, 20)),
        Case((1.0, 20.0), call.format(1.0, 20), "With J+ = 1 the profile is flat."),
        Case(
            (1.6, 80.0),
            call.format(1.6, 80),
            "A wide profile is cut off at 180° on either side: the ring ends there.",
        ),
        Case((J_plus, sigma), call.format(J_plus, sigma)),
    ]


#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = (
    Number(
        title="External spikes into one cell",
        unit="Hz",
        reference=lambda: NETWORK.N_extern_poisson * NETWORK.poisson_firing_rate,
        tolerance=Tolerance(relative=0.001),
        slips=(
            Slip(
                lambda right: right * NETWORK.N_excitatory,
                "That is what all excitatory cells get together. One cell is asked for.",
            ),
            Slip(
                lambda right: right / NETWORK.N_extern_poisson,
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
            f"{NETWORK.tau_AMPA / ms:g} ms, so the external input by itself remembers nothing."
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
                functools.partial(_mean_voltage, g_extern=NETWORK.g_extern_inhib),
                "That is right for an interneuron. The excitatory cell has its own g_extern.",
            ),
            Slip(
                _mean_voltage_fixed_drive,
                "You kept the driving force at its value at rest. As the cell depolarises, the "
                "driving force shrinks: solve the balance of both currents for v.",
            ),
        ),
        praise=(
            f"At 1.4 Hz the mean input holds the cell at {show(_mean_voltage(1.4 * Hz), 'V')}, "
            f"below the threshold of {show(NETWORK.v_threshold, 'V')}: it fires only when chance "
            "brings many spikes at once. At 2.2 Hz the mean alone would carry it to "
            f"{show(_mean_voltage(2.2 * Hz), 'V')}, and only inhibition keeps the network in check."
        ),
        hints=(
            "First the mean of s_AMPA: it gains 1 with every external spike and decays with "
            "tau_AMPA. In the mean, gain per second = loss per second.",
            "The mean of s_AMPA is N_extern_poisson * rate * tau_AMPA.",
            "At rest the two currents cancel: g_leak (v - E_leak) + g_extern s_AMPA (v - E_AMPA) "
            "= 0. Solve for v.",
        ),
        solution="""\
# In the mean, s_AMPA gains N * rate per second and loses s_AMPA / tau: the two must be equal.
# At rest so are the two currents; v is their conductances' average of the reversals.
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
        praise=(
            "A rate always belongs to a window. You will use this function in all that follows."
        ),
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
        tolerance=READING,
        remark=SEED_REMARK,
        slips=(
            Slip(
                lambda right: _quiet(SEED)["inhib"],
                "That is the rate of the interneurons. Take rate_monitor_excit.",
            ),
            Slip(
                lambda right: _quiet(SEED, NETWORK.poisson_firing_rate)["excit"],
                "That is the rate at 1.4 Hz, the default. Pass poisson_firing_rate=1.3*Hz.",
            ),
            Slip(
                lambda right: _quiet(SEED)["whole run"],
                "That is the mean of the whole run. Leave out the first 300 ms.",
            ),
            Slip(
                lambda right: right * NETWORK.N_excitatory,
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
# At first all gates are shut and no cell is inhibited: what happens then says little of the rest.
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
# The angles are an arrow's, not an average: a bump at 0 degrees has cells at 1 and at 359.
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
            Slip(
                lambda J_plus, sigma_deg: 1 - J_plus * (1 - _j_minus(0, sigma_deg) ** -1),
                "You set J- + J+ q = 1. But the Gaussian stands on J-: its height is J+ - J-.",
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
# With q the mean of the Gaussian round the ring, the mean of W is J- + (J+ - J-) q = 1.
d = np.linspace(-180, 180, 3600, endpoint=False)
q = np.exp(-(d**2) / (2 * sigma_deg**2)).mean()
return (1 - J_plus * q) / (1 - q)""",
    ),
    Number(
        title="A higher J+, and no cue",
        unit="Hz",
        labels=tuple(f"J+ = {J}" for J in PEAKS),
        reference=lambda: _peaks(SEED),
        tolerance=READING,
        remark=SEED_REMARK,
        slips=(
            Slip(
                lambda right: _peaks(SEED, 0 * ms),
                "Those are means of the whole run. Read from 800 to 1000 ms.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first J+ = 1.6, then 2.0, then 2.3.",
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
# One thing changes, J+. The input's random spikes are the same in all three runs: same seed.
late_rates = []
for J_plus in (1.6, 2.0, 2.3):
    run = simulate_wm(
        poisson_firing_rate=1.3 * Hz, Jpos_excit2excit=J_plus, sim_time=1 * second, seed=1
    )
    late_rates.append(mean_rate(run.rate_monitor_excit, 800 * ms, 1000 * ms))
    print(f"J+ = {J_plus}: {late_rates[-1]:.1f} Hz")
figure, axes = plot_network_activity(run.rate_monitor_excit, run.spike_monitor_excit)""",
    ),
    Number(
        title="The width of the bump",
        points=2,
        unit="°",
        labels=tuple(f"sigma = {sigma}°" for sigma in SIGMAS),
        reference=lambda: _widths(SEED),
        # Half of it is the difference between bells, Gaussian or von Mises. Neighbouring bumps
        # differ by more than twice as much as an answer may be off in one direction.
        tolerance=Tolerance(absolute=5.0),
        remark=_WIDTH_REMARK,
        slips=(
            Slip(
                lambda right: right / math.sqrt(8 * math.log(2)),
                "Those are standard deviations. The full width at half maximum is asked for "
                "(fwhm_deg).",
            ),
            Slip(
                lambda right: [sigma * math.sqrt(8 * math.log(2)) for sigma in SIGMAS],
                "Those are the widths of the weight profiles. Measure the bumps that form.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first sigma = 20, then 30, then 40.",
            ),
        ),
        praise=(
            "The wider the profile, the wider the bump, but the one is no copy of the other. The "
            "profile says who helps whom; how far the bump reaches is settled between that help "
            "and the inhibition."
        ),
        hints=(
            "Pass the value on as sigma_weight_profile, with poisson_firing_rate=2.2*Hz and "
            "sim_time=1.2*second.",
            "bump_profile(run.spike_monitor_excit, 1.0*second, 1.2*second) fits a bell to rates.",
            "Its attribute fwhm_deg is what is asked for. Append it to a list, once per value.",
        ),
        solution="""\
widths = []
for sigma in (20, 30, 40):
    run = simulate_wm(
        poisson_firing_rate=2.2 * Hz, sigma_weight_profile=sigma, sim_time=1.2 * second, seed=1
    )
    widths.append(bump_profile(run.spike_monitor_excit, 1.0 * second, 1.2 * second).fwhm_deg)
    rate = mean_rate(run.rate_monitor_excit, 1.0 * second, 1.2 * second)
    print(f"sigma {sigma}: full width {widths[-1]:.0f} degrees, mean rate {rate:.1f} Hz")
    figure, axes = plot_space_time(run.spike_monitor_excit)""",
    ),
)
