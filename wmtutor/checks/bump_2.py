"""The questions of notebook 02: what a cue leaves behind, what holds it there, and what slow
gates are for.

As in :mod:`wmtutor.checks.bump_1`, the checker repeats the learner's runs, with the seeds that the
notebook names, and reads them with other code: it counts spikes, where the notebook uses the
read-outs of the library. The gate's course after a spike comes from a solver of high order.
"""

import functools
import math
from dataclasses import replace

import numpy as np

from wmtutor.bump import WorkingMemoryRun, simulate_wm
from wmtutor.checks._mechanism import Case, Function, Number, Slip, Specification, Tolerance, show
from wmtutor.checks.bump_1 import (
    NETWORK,
    READING,
    SEED,
    SEED_REMARK,
    count_spikes,
    firing_rate,
    fit_bell,
)
from wmtutor.units import Hz, ms, nA, nS

__all__ = ["QUESTIONS", "SEED", "SEEDS"]

#: Seeds of the trials that are counted.
SEEDS = range(1, 11)

_COUNT = Tolerance(absolute=0.01)


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings

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
    """Centre and full width at half maximum after the weak cue."""
    return fit_bell(_cued("weak", seed).spike_monitor_excit, 350 * ms, 450 * ms)


def _memories(seed: int, t_min: float = 400 * ms, t_max: float = 500 * ms) -> np.ndarray:
    """Rates after the three cues."""
    return np.array(
        [firing_rate(_cued(cue, seed).spike_monitor_excit, t_min, t_max) for cue in CUES]
    )


def _interneurons(seed: int, population: str = "inhib", during: float = 400 * ms) -> np.ndarray:
    """Rates of a population before the weak cue, and in 100 ms of the memory."""
    run = _cued("weak", seed)
    monitor = run.spike_monitor_inhib if population == "inhib" else run.spike_monitor_excit
    return np.array(
        [firing_rate(monitor, 50 * ms, 100 * ms), firing_rate(monitor, during, during + 100 * ms)]
    )


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
        counts = count_spikes(run.spike_monitor_excit, t_min, 80 * ms)
        fractions.append(float((counts > 0).mean()))
    return fractions[0], fractions[1]


@functools.cache
def _trial(strength: float, seed: int, J_plus: float = 1.6) -> tuple[float, float]:
    """Mean rate and the angle of the spikes from 600 to 800 ms, after a cue at 120 degrees."""
    monitor = simulate_wm(
        stimulus_center_deg=120,
        stimulus_width_deg=30,
        stimulus_strength=strength,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        Jpos_excit2excit=J_plus,
        dt=0.1 * ms,
        monitored_subset_size=1,
        seed=seed,
    ).spike_monitor_excit
    counts = count_spikes(monitor, 600 * ms, 800 * ms)
    angle = math.degrees(-np.angle(np.fft.fft(counts)[1])) % 360
    return float(counts.mean() / (200 * ms)), angle


def _has_bump(strength: float, seed: int, J_plus: float = 1.6, *, near: bool = True) -> bool:
    rate, angle = _trial(strength, seed, J_plus)
    return rate >= 6 * Hz and (not near or abs(angle - 120) <= 30)


STRENGTHS = (0.01 * nA, 0.03 * nA, 0.04 * nA, 0.06 * nA)


def _remembered(strengths: tuple[float, ...] = STRENGTHS, *, near: bool = True) -> np.ndarray:
    return np.array(
        [sum(_has_bump(strength, seed, near=near) for seed in SEEDS) for strength in strengths]
    )


def _hallucinated(J_plus: float = 2.0) -> np.ndarray:
    """Trials with a bump near the cue; without a cue: with a bump, and with one near that place."""
    conditions = ((0.06 * nA, True), (0.0, False), (0.0, True))
    return np.array(
        [
            sum(_has_bump(strength, seed, J_plus, near=near) for seed in SEEDS)
            for strength, near in conditions
        ]
    )


def _gate(
    t: np.ndarray,
    tau_NMDA: float,
    *,
    saturates: bool = True,
    closes: bool = True,
    tau_x: float = NETWORK.tau_x,
) -> np.ndarray:
    """The gate after one spike at time 0, from a solver of high order with small steps."""
    from scipy.integrate import solve_ivp

    def slopes(time: float, state: np.ndarray) -> list[float]:
        s, x = state
        opening = NETWORK.alpha_NMDA * x * ((1 - s) if saturates else 1)
        return [opening - (s / tau_NMDA if closes else 0.0), -x / tau_x]

    solution = solve_ivp(
        slopes, (0, float(t[-1])), [0.0, 1.0], method="DOP853", t_eval=t, max_step=1 * ms,
        rtol=1e-8, atol=1e-10,
    )  # fmt: skip
    return solution.y[0]


def _gate_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    tau = float(generator.integers(10, 150))
    length = float(generator.integers(30, 200))
    return [
        Case(
            (np.arange(0, 300 * ms, 0.01 * ms), 65 * ms),
            "gate_after_spike(300 ms in steps of 0.01 ms, 65*ms)",
        ),
        Case(
            (np.arange(0, 5 * ms, 0.01 * ms), 65 * ms),
            "gate_after_spike(5 ms in steps of 0.01 ms, 65*ms)",
            "In these first milliseconds the gate opens.",
        ),
        Case(
            (np.arange(0, 100 * ms, 0.02 * ms), 5 * ms),
            "gate_after_spike(100 ms in steps of 0.02 ms, 5*ms)",
            "Take tau_NMDA and the step from the arguments: they are not the same in every call.",
        ),
        Case(
            (np.arange(0, length * ms, 0.02 * ms), tau * ms),
            f"gate_after_spike({length:g} ms in steps of 0.02 ms, {tau:g}*ms)",
            "Take tau_NMDA and the step from the arguments: they are not the same in every call.",
        ),
    ]


@functools.cache
def _gate_times() -> tuple[float, float, float]:
    """Times from the spike to the gate's peak and to half of it, and of half on the way up."""
    t = np.arange(0, 200 * ms, 0.01 * ms)
    s = _gate(t, NETWORK.tau_NMDA)
    open_half = np.flatnonzero(s >= s.max() / 2)
    return float(t[s.argmax()]), float(t[open_half[-1]]), float(t[open_half[0]])


#: Time constant of the fast gate.
FAST = 20 * ms
_RATE_OF_GATE = 100 * Hz


@functools.cache
def _kept_factor() -> float:
    from wmtutor.laws.bump_states import steady_gate

    slow, fast = (steady_gate(_RATE_OF_GATE, tau) for tau in (NETWORK.tau_NMDA, FAST))
    return round(slow / fast, 2)


@functools.cache
def _gated_rate(
    tau_NMDA: float, factor: float, t_min: float = 600 * ms, t_max: float = 800 * ms
) -> float:
    run = simulate_wm(
        stimulus_center_deg=120,
        stimulus_width_deg=30,
        stimulus_strength=0.5 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        preset=replace(NETWORK, tau_NMDA=tau_NMDA),
        G_excit2excit=0.381 * nS * factor,
        G_excit2inhib=0.292 * nS * factor,
        seed=SEED,
    )
    return firing_rate(run.spike_monitor_excit, t_min, t_max)


def _gated_rates(
    kept: float | None = None, t_min: float = 600 * ms, t_max: float = 800 * ms
) -> np.ndarray:
    """Rates with the slow gate, with the fast one, and with the fast one and its drive kept."""
    kept = _kept_factor() if kept is None else kept
    settings = ((NETWORK.tau_NMDA, 1.0), (FAST, 1.0), (FAST, kept))
    return np.array([_gated_rate(tau, factor, t_min, t_max) for tau, factor in settings])


def _stimulated(width_deg: float = 30.0) -> tuple[int, int, int]:
    """First, last and number of the cells that a cue at 120 degrees reaches."""
    center = round(120 * NETWORK.N_excitatory / 360)
    half_width = round(width_deg / 2 * NETWORK.N_excitatory / 360)
    return center - half_width, center + half_width, 2 * half_width + 1


_TRIALS_REMARK = (
    f"Are they the trials of trial(), with seeds {SEEDS[0]} to {SEEDS[-1]}, counted by the rule in "
    "the text?"
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = (
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
            f"{_stimulated()[2]} of {NETWORK.N_excitatory} cells get the current: one in twelve, "
            "as 30 of 360 degrees is."
        ),
        hints=(
            "Cell i of N prefers 360 * i / N degrees. Turn that round.",
            "The centre is round(1024 / 360 * 120), half the width is round(1024 / 360 * 15).",
            "The cells are centre - half ... centre + half, both included.",
        ),
        solution="""\
# Cell i prefers 360 * i / 1024 degrees, so an angle times 1024 / 360 is a cell.
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
        remark=SEED_REMARK,
        slips=(
            Slip(
                lambda right: right + 100 * ms,
                "Those are times from the start of the run. The delay counts from the cue's start "
                "at 100 ms.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first 0.06 nA, then 0.5 nA.",
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
# The smoothed rate, for in a single step of 0.05 ms a few spikes make a high rate.
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
        # The bump is flatter on top than a bell: read off at half its height it is up to 7.5
        # degrees wider than a fit (120 seeds), and no worse an answer.
        tolerance=Tolerance(absolute=(3.0, 8.0)),
        remark=SEED_REMARK,
        slips=(
            Slip(
                lambda right: (right[0], right[1] / math.sqrt(8 * math.log(2))),
                "The width is the standard deviation. The full width at half maximum is asked for "
                "(fwhm_deg).",
            ),
            Slip(
                lambda right: (right[0] * NETWORK.N_excitatory / 360, right[1]),
                "The centre is the number of a cell. Give its preferred angle.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first the centre, then the width.",
            ),
        ),
        praise=(
            "The bump sits where the cue was. It is wider than the cue: its width is the network's "
            "own, as question 4 will show."
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
        tolerance=READING,
        remark=SEED_REMARK,
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
            "Use cued_run three times, and read_bump(run.spike_monitor_excit, 400*ms, 500*ms).",
            "Its attribute mean_rate is the rate. The cue ends at 300 ms; rates from before belong "
            "to the cue, not to the memory.",
            "The third run is cued_run(0.1*nA, 60).",
        ),
        solution="""\
wide_run = cued_run(0.1 * nA, 60)
memory_rates = []
for run in (weak_run, strong_run, wide_run):
    memory_rates.append(read_bump(run.spike_monitor_excit, 400 * ms, 500 * ms).mean_rate)
    width = bump_profile(run.spike_monitor_excit, 400 * ms, 500 * ms).fwhm_deg
    print(f"{memory_rates[-1]:.1f} Hz, full width {width:.0f} degrees")""",
    ),
    Number(
        title="What the interneurons do",
        unit="Hz",
        labels=("before the cue", "during the memory"),
        reference=lambda: _interneurons(SEED),
        tolerance=READING,
        remark=SEED_REMARK,
        slips=(
            Slip(
                lambda right: _interneurons(SEED, population="excit"),
                "Those are the rates of the excitatory cells. Take spike_monitor_inhib.",
            ),
            Slip(
                lambda right: _interneurons(SEED, during=200 * ms),
                "The second is from 200 to 300 ms, while the cue is on. Read from 400 to 500 ms.",
            ),
            Slip(
                lambda right: right * NETWORK.N_inhibitory,
                "Those are the spikes per second of all interneurons together. Rates are per cell.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first before the cue, then during the memory.",
            ),
        ),
        praise=(
            "While a few cells on one side of the ring remember, all the interneurons fire several "
            "times faster than before. They have no place of their own: each listens to all "
            "excitatory cells and inhibits all of them."
        ),
        hints=(
            "read_bump reads any spike monitor. Give it weak_run.spike_monitor_inhib.",
            "Its attribute mean_rate, from 50*ms to 100*ms and from 400*ms to 500*ms.",
        ),
        solution="""\
interneurons = weak_run.spike_monitor_inhib
inhibitory_rates = [
    read_bump(interneurons, 50 * ms, 100 * ms).mean_rate,
    read_bump(interneurons, 400 * ms, 500 * ms).mean_rate,
]
print(f"{inhibitory_rates[0]:.0f} Hz before, {inhibitory_rates[1]:.0f} Hz during the memory")
figure, axes = plot_network_activity(
    weak_run.rate_monitor_inhib, interneurons, cue_spans=[(100 * ms, 300 * ms)]
)""",
    ),
    Number(
        title="Almost without inhibition",
        points=2,
        labels=("1 interneuron", "256 interneurons"),
        reference=lambda: _spread(SEED),
        tolerance=Tolerance(absolute=0.003),
        remark=SEED_REMARK,
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
                lambda right: _spread(SEED, 30 * ms, NETWORK.poisson_firing_rate),
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
# Counted from 30 ms on: what fires then does so without current and without external input.
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
    Number(
        title="How strong must a cue be?",
        points=2,
        labels=tuple(f"{strength / nA:g} nA" for strength in STRENGTHS),
        reference=_remembered,
        tolerance=_COUNT,
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: right / len(SEEDS),
                "Those are fractions. Give the numbers of trials.",
            ),
            Slip(
                lambda right: len(SEEDS) - right,
                "Those are the trials in which the cue is forgotten. Count the others.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: the weakest cue first.",
            ),
            Slip(
                lambda right: [
                    sum(_trial(strength, seed)[0] for seed in SEEDS) / len(SEEDS)
                    for strength in STRENGTHS
                ],
                "Those are mean rates. Decide in each trial whether it remembers, and count.",
            ),
        ),
        praise=(
            f"{max(STRENGTHS) / nA:g} nA leave a memory every time, and weaker cues now and then. "
            "But look at the rates: in each trial the memory is whole or not there at all. What "
            "grows with the cue is not the memory but its probability."
        ),
        hints=(
            "Two loops, one in the other: over the strengths, and over the seeds.",
            "reading = trial(strength, seed). It counts if reading.mean_rate >= 6*Hz and "
            "abs(reading.angle_deg - 120) <= 30.",
            "sum(...) over conditions counts how many are true.",
        ),
        solution="""\
remembered = []
for strength in (0.01 * nA, 0.03 * nA, 0.04 * nA, 0.06 * nA):
    readings = [trial(strength, seed) for seed in range(1, 11)]
    bumps = [r.mean_rate >= 6 * Hz and abs(r.angle_deg - 120) <= 30 for r in readings]
    remembered.append(sum(bumps))
    print(f"{strength / nA:g} nA:", " ".join(f"{r.mean_rate:.1f}" for r in readings), "Hz")
print(remembered)""",
    ),
    Number(
        title="A cue where bumps form by themselves",
        points=2,
        labels=("cue, bump near 120°", "no cue, bump", "no cue, bump near 120°"),
        reference=_hallucinated,
        tolerance=_COUNT,
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: right / len(SEEDS),
                "Those are fractions. Give the numbers of trials.",
            ),
            Slip(
                lambda right: _hallucinated(1.6),
                "That is the network of question 7. Pass Jpos_excit2excit=2.0.",
            ),
            Slip(
                lambda right: right[[1, 0, 2]],
                "First the trials with a cue, then those without.",
            ),
            Slip(
                lambda right: right[[0, 2, 1]],
                "Of the trials without a cue, first those with a bump anywhere, then those with "
                "one near 120 degrees.",
            ),
        ),
        praise=(
            "With a cue nearly all bumps sit where the cue was, so this looks like a memory. But "
            "without a cue there is a bump just as often, somewhere else. A reader who sees a bump "
            "learns nothing of whether there was a cue. And where noise was faster than the cue, "
            "the cue came too late."
        ),
        hints=(
            "A cue of strength 0 is no cue: trial(0*nA, seed, Jpos_excit2excit=2.0).",
            "A bump: mean_rate at least 6*Hz. Near: angle_deg at most 30 from 120.",
            "Make one list of readings with the cue and one without, and count in them.",
        ),
        solution="""\
# The control is the same network with the same noise and no cue: 0 nA.
cued = [trial(0.06 * nA, seed, Jpos_excit2excit=2.0) for seed in range(1, 11)]
alone = [trial(0 * nA, seed, Jpos_excit2excit=2.0) for seed in range(1, 11)]
bump_counts = [
    sum(r.mean_rate >= 6 * Hz and abs(r.angle_deg - 120) <= 30 for r in cued),
    sum(r.mean_rate >= 6 * Hz for r in alone),
    sum(r.mean_rate >= 6 * Hz and abs(r.angle_deg - 120) <= 30 for r in alone),
]
print(bump_counts, [round(r.angle_deg) for r in alone])""",
    ),
    Function(
        title="The NMDA gate after one spike",
        points=2,
        signature="gate_after_spike(t, tau_NMDA)",
        reference=_gate,
        cases=_gate_cases,
        # Euler steps as long as those of t are off by less than a fifth of this.
        tolerance=Tolerance(absolute=0.01),
        slips=(
            Slip(
                functools.partial(_gate, saturates=False),
                "Your gate opens beyond what is left to open. The factor (1 - s) is missing.",
            ),
            Slip(
                functools.partial(_gate, closes=False),
                "Your gate opens and never closes. The term -s / tau_NMDA is missing.",
            ),
            Slip(
                functools.partial(_gate, tau_x=1e6),
                "Your x stays at 1. After the spike it decays with tau_x.",
            ),
            Slip(
                lambda t, tau_NMDA: np.exp(-t / tau_NMDA),
                "That is a gate that jumps to 1. This one has to open first, driven by x.",
            ),
        ),
        praise=(
            f"x is gone after some multiples of {show(NETWORK.tau_x, 's')}, and only while it is "
            "there does the gate open. All the rest of the time it closes, with its own, much "
            "longer time constant."
        ),
        hints=(
            "Start with s = 0 and x = 1, and walk through t in steps of dt = t[1] - t[0].",
            "In each step s grows by dt times the right side of its equation, and x by dt times "
            "that of its own.",
            "Compute both new values from the two old ones, and write s down before you change it.",
        ),
        solution="""\
# Euler's method: for a short time dt both grow by their slopes times dt.
dt = t[1] - t[0]
s, x, course = 0.0, 1.0, []
for _ in t:
    course.append(s)
    opening = parameters.alpha_NMDA * x * (1 - s)
    s, x = s + dt * (opening - s / tau_NMDA), x - dt * x / parameters.tau_x
return np.array(course)""",
    ),
    Number(
        title="Fast up, slow down",
        unit="s",
        labels=("to the peak", "to half the peak"),
        reference=lambda: _gate_times()[:2],
        # Room for steps ten times as long as the text's.
        tolerance=Tolerance(absolute=(0.3 * ms, 1 * ms)),
        remark="Is it tau_NMDA = 65 ms, and are both times counted from the spike? A position in s "
        "is no time yet: t has the time there.",
        slips=(
            Slip(
                lambda right: (right[0], right[1] - right[0]),
                "The second time counts from the peak. Count both from the spike.",
            ),
            Slip(
                lambda right: (right[0], _gate_times()[2]),
                "The second is when the gate is half open on its way up. Look for the last time "
                "at which it is.",
            ),
            Slip(
                lambda right: (right[0], NETWORK.tau_NMDA * math.log(2)),
                "The second is tau_NMDA * ln 2, the half-life of a gate that only closes. Read it "
                "from your function.",
            ),
        ),
        praise=(
            "The gate opens in a few milliseconds and takes tens of them to close. A cell that "
            "fires again within that time finds its gate still open, and adds to it."
        ),
        hints=(
            "s.argmax() is the position of the peak in s, and t has the time there.",
            "t[s >= s.max() / 2] are all times at which it is at least half of that open.",
            "Of these take the last: [-1].",
        ),
        solution="""\
t = np.arange(0, 200 * ms, 0.01 * ms)
s = gate_after_spike(t, 65 * ms)
gate_times = [t[s.argmax()], t[s >= s.max() / 2][-1]]
print(f"peak after {gate_times[0] / ms:.1f} ms, half of it after {gate_times[1] / ms:.1f} ms")
with style():
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
axis.plot(t / ms, s)
axis.set(xlabel="Time after the spike (ms)", ylabel="Open fraction of the gate");""",
    ),
    Number(
        title="A fast gate, alone and with its drive kept",
        points=2,
        unit="Hz",
        labels=("65 ms", "20 ms", "20 ms, drive kept"),
        reference=_gated_rates,
        tolerance=READING,
        remark=f"Is it the factor with two decimals, with seed={SEED}, from 600 to 800 ms?",
        slips=(
            Slip(
                lambda right: _gated_rates(NETWORK.tau_NMDA / FAST),
                "You took the ratio of the time constants as the factor. But a gate cannot be more "
                "than open: at a high rate the slow one gains less. Use steady_gate.",
            ),
            Slip(
                lambda right: [right[0], right[1], right[1]],
                "The third run is the second again. Pass the factor on to gated_run.",
            ),
            Slip(
                lambda right: _gated_rates(round(1 / _kept_factor(), 2)),
                "Your factor makes the fast gate's synapses weaker still. Turn the ratio round.",
            ),
            Slip(
                lambda right: _gated_rates(t_min=100 * ms, t_max=300 * ms),
                "Those are the rates while the cue is on. Read from 600 to 800 ms.",
            ),
        ),
        praise=(
            "The fast gate alone forgets. With synapses made stronger, so that they pass as much "
            "current as the slow ones, the very same fast gate remembers, if at a lower rate. Two "
            "things had changed in the second run, not one."
        ),
        hints=(
            "steady_gate(100*Hz, 65*ms) is the mean opening with the slow gate.",
            "factor = round(steady_gate(100*Hz, 65*ms) / steady_gate(100*Hz, 20*ms), 2).",
            "Read each run by read_bump(run.spike_monitor_excit, 600*ms, 800*ms).mean_rate.",
        ),
        solution="""\
# A control changes one thing: here the gate's speed, while the current it passes is kept.
factor = round(steady_gate(100 * Hz, 65 * ms) / steady_gate(100 * Hz, 20 * ms), 2)
runs = [gated_run(65 * ms), gated_run(20 * ms), gated_run(20 * ms, factor)]
gated_rates = []
for run in runs:
    gated_rates.append(read_bump(run.spike_monitor_excit, 600 * ms, 800 * ms).mean_rate)
    print(f"{gated_rates[-1]:.1f} Hz")
    figure, axes = plot_space_time(run.spike_monitor_excit, cue_spans=[(100 * ms, 300 * ms)])""",
    ),
)
