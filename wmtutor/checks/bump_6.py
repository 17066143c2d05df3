"""The questions of notebook 06: one unit slip, three networks.

The formulas are checked by other formulas: the block by a hyperbolic tangent, the turning point of
the NMDA current by Lambert's W. Runs are repeated with the notebook's seed and their spikes counted
again. In the last question the answer is itself a test, and is tried on blocks right and wrong.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from wmtutor.bump import PRESETS, BumpParameters, simulate_wm
from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Custom,
    Function,
    Number,
    Refused,
    Slip,
    Specification,
    Tolerance,
    read_numbers,
    show,
)
from wmtutor.units import Hz, ms, mV, nA, nS

__all__ = ["LEAST_CONTRAST", "QUESTIONS", "SEED", "SEEDS", "STRENGTHS_NA"]

#: The seed that the notebook asks for, and the five of its search.
SEED = 1
SEEDS = (1, 2, 3, 4, 5)
#: From this contrast on the notebook speaks of a memory.
LEAST_CONTRAST = 5 * Hz
#: The cue strengths that the search goes through, in nA: as they are typed.
STRENGTHS_NA = (0.06, 0.10, 0.14, 0.18, 0.22, 0.26)

_CUE_DEG = 120.0
_WEAK, _STRONG = 0.06 * nA, 0.5 * nA
_SEED_REMARK = f"Is it cued_run with seed={SEED}, read from 500 to 800 ms?"

# The voltage scale of the block, as measured and as it slipped.
_MILLIVOLT, _VOLT = mV / 0.062, 1 / 0.062
_G_EXCIT2EXCIT, _G_EXCIT2INHIB = 0.381 * nS, 0.292 * nS

Block = Callable[[float], float]


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


@functools.lru_cache(maxsize=64)
def _spikes(
    network: BumpParameters, strength: float, seed: int, nmda: float = 1.0, to_inhib: float = 1.0
) -> tuple[Any, Any, Any, int, int]:
    """Times and cells of the excitatory spikes, times of the inhibitory ones, numbers of cells."""
    run = simulate_wm(
        preset=network,
        stimulus_center_deg=_CUE_DEG,
        stimulus_width_deg=30,
        stimulus_strength=strength,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        sim_time=800 * ms,
        dt=0.1 * ms,
        monitored_subset_size=1,
        seed=seed,
        G_excit2excit=nmda * _G_EXCIT2EXCIT,
        G_excit2inhib=nmda * to_inhib * _G_EXCIT2INHIB,
    )
    excit, inhib = run.spike_monitor_excit, run.spike_monitor_inhib
    return excit.t, excit.i, inhib.t, excit.N, inhib.N


def _counts(
    network: BumpParameters, strength: float, seed: int, t_min: float, t_max: float, *nmda: float
) -> np.ndarray:
    t, cells, _, N, _ = _spikes(network, strength, seed, *nmda)
    # Half a step early, so that rounding moves no spike over the edge.
    within = (t > t_min - 0.05 * ms) & (t < t_max - 0.05 * ms)
    return np.bincount(cells[within], minlength=N)


def _contrast(
    counts: np.ndarray,
    cue_deg: float,
    duration: float,
    *,
    half_bin: float = 0.0,
    far_deg: float = 100.0,
    less: float = 1.0,
    read: Callable[[np.ndarray], Any] = np.mean,
) -> float:
    """By cosines, which know of no wrap-around. The options are for what slips make of it."""
    angles = 360 * (np.arange(len(counts)) + half_bin) / len(counts)
    cosine = np.cos(np.radians(angles - cue_deg))
    near = counts[cosine >= math.cos(math.radians(20))]
    far = counts[cosine < math.cos(math.radians(far_deg))]
    return float(read(near) - less * read(far)) / duration if near.size and far.size else 0.0


def _late_contrast(
    network: BumpParameters,
    strength: float,
    seed: int,
    t_min: float = 500 * ms,
    t_max: float = 800 * ms,
    *nmda: float,
) -> float:
    counts = _counts(network, strength, seed, t_min, t_max, *nmda)
    return _contrast(counts, _CUE_DEG, t_max - t_min)


def _late_rate(network: BumpParameters, strength: float, seed: int) -> float:
    return float(_counts(network, strength, seed, 500 * ms, 800 * ms).mean()) / (300 * ms)


# ---------------------------------------------------------------------------------------------
# Part A: the scene


def _contrast_on_a_line(counts: np.ndarray, cue_deg: float, duration: float) -> float:
    distance = np.abs(360 * np.arange(len(counts)) / len(counts) - cue_deg)
    return float(counts[distance <= 20].mean() - counts[distance > 100].mean()) / duration


def _hill(N: int, center_deg: float) -> np.ndarray:
    """Counts that fall from 12 at the centre to 1 far away, none by chance."""
    cosine = np.cos(2 * np.pi * np.arange(N) / N - math.radians(center_deg))
    return np.round(1 + 11 * np.exp(8 * (cosine - 1))).astype(int)


def _contrast_cases(seed: int) -> list[Case]:
    # No cell of these rings lies exactly 20 or 100 degrees from the cue: <= and < are both fine.
    few = np.zeros(16, dtype=int)
    few[[0, 5, 15]] = 6, 3, 4
    rng = np.random.default_rng(seed)
    cases = [
        Case((_hill(1024, 120), 120.0, 0.3), "contrast(a bump at 120°, 120, 0.3)"),
        Case(
            (_hill(512, 352), 352.0, 0.3),
            "contrast(a bump at 352°, 352, 0.3)",
            "On the ring, 2° is 10° away from a cue at 352°.",
        ),
        Case(
            (np.full(1024, 3), 120.0, 0.3),
            "contrast(3 spikes in every cell, 120, 0.3)",
            "Where all cells fire alike, nothing is remembered.",
        ),
        Case(
            (few, 0.0, 0.5),
            "contrast(16 cells, 0, 0.5)",
            "Cell i prefers 360 * i / N: only cell 0 is within 20° of 0°.",
        ),
        Case(
            (_hill(256, 300), 120.0, 0.2),
            "contrast(a bump at 300°, 120, 0.2)",
            "A bump on the other side of the ring is no memory of this cue: the contrast is "
            "negative.",
        ),
    ]
    for _ in range(2):
        N, cue_deg = int(rng.integers(200, 600)), float(rng.uniform(0, 360))
        counts = rng.poisson(_hill(N, cue_deg))
        shown = f"contrast({N} random counts, {cue_deg:.0f}, 0.4)"
        cases.append(Case((counts, cue_deg, 0.4), shown))
    return cases


def _six_contrasts(t_min: float = 500 * ms, t_max: float = 800 * ms) -> np.ndarray:
    return np.array(
        [
            _late_contrast(network, strength, SEED, t_min, t_max)
            for strength in (_WEAK, _STRONG)
            for network in PRESETS.values()
        ]
    )


def _six_rates(right: np.ndarray) -> list[float]:
    return [
        _late_rate(network, strength, SEED)
        for strength in (_WEAK, _STRONG)
        for network in PRESETS.values()
    ]


_PART_A: tuple[Specification, ...] = (
    Function(
        title="A witness that can be trusted",
        points=2,
        signature="contrast(counts, cue_deg, duration)",
        unit="Hz",
        reference=_contrast,
        cases=_contrast_cases,
        tolerance=Tolerance(absolute=1e-6),
        slips=(
            Slip(
                _contrast_on_a_line,
                "You measure distance along a line. On the ring 350° and 10° are 20° apart: "
                "circular_distance knows that.",
            ),
            Slip(
                lambda counts, cue_deg, duration: _contrast(counts, cue_deg, 1.0),
                "Those are spikes, not rates. Divide by the duration.",
            ),
            Slip(
                functools.partial(_contrast, read=np.sum),
                "You add the cells up. There are more far cells than near ones: take means.",
            ),
            Slip(
                functools.partial(_contrast, less=0.0),
                "That is the rate of the near cells alone. A network in which all cells fire "
                "would pass. Subtract the rate of the far ones.",
            ),
            Slip(
                functools.partial(_contrast, half_bin=0.5),
                "Your angles are off by half a cell. Cell i prefers 360 * i / N, so cell 0 "
                "prefers 0°.",
            ),
            Slip(
                functools.partial(_contrast, far_deg=20.0),
                "You count all cells that are not near as far. The flanks of a bump lie there. Far "
                "is more than 100° away.",
            ),
        ),
        praise=(
            "This witness knows where the cue was, so it can neither be fooled by a busy network "
            "nor by a bump that came from nowhere."
        ),
        hints=(
            "preferred_angles(len(counts)) gives the angle of every cell.",
            "distance = circular_distance(preferred_angles(len(counts)), cue_deg), then "
            "counts[distance <= 20].",
            "Mean count of the near cells less mean count of the far cells, divided by duration.",
        ),
        solution="""\
# Means, not sums: there are fewer near cells than far ones.
distance = circular_distance(preferred_angles(len(counts)), cue_deg)
near, far = counts[distance <= 20], counts[distance > 100]
return (near.mean() - far.mean()) / duration""",
    ),
    Number(
        title="Who remembers?",
        points=2,
        unit="Hz",
        labels=tuple(
            f"{name}, {strength / nA:g} nA" for strength in (_WEAK, _STRONG) for name in PRESETS
        ),
        reference=_six_contrasts,
        # A window that takes one more step along changes a contrast by far less; a network that
        # remembers is above one that does not by many Hz.
        tolerance=Tolerance(relative=0.02, absolute=0.2),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                _six_rates,
                "Those are mean rates of all cells. The contrast is asked for: a network can fire "
                "without remembering anything.",
            ),
            Slip(
                lambda right: _six_contrasts(0 * ms, 800 * ms),
                "Those are contrasts over the whole run, cue included. Read from 500 to 800 ms.",
            ),
            Slip(
                lambda right: _six_contrasts(100 * ms, 300 * ms),
                "Those are contrasts while the cue is on. Memory is what is left afterwards.",
            ),
            Slip(
                lambda right: right.reshape(2, 3).T.ravel(),
                "Right numbers, other order: first all three sets with the weak cue, then all "
                "three with the strong one.",
            ),
        ),
        praise=(
            "With the course's own cue only the set with the slip remembers. With the strong cue "
            "all three do. So the mended network can remember; something else has changed."
        ),
        hints=(
            "late_counts(cued_run(preset, strength)) gives the counts of one run.",
            "Their contrast with cue_deg=120 and duration=300*ms is one of the six numbers.",
            "Two loops: over the strengths outside, over PRESETS inside.",
        ),
        solution="""\
contrasts = []
for strength in (0.06 * nA, 0.5 * nA):
    for preset in PRESETS:
        counts = late_counts(cued_run(preset, strength))
        contrasts.append(contrast(counts, 120, 300 * ms))
        rate = counts.mean() / (300 * ms)
        print(f"{preset:<12} {strength / nA:4.2f} nA: {rate:5.2f} Hz, {contrasts[-1]:6.2f} Hz")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B: the suspect


def _open_share(v: Any, scale: float = _MILLIVOLT) -> Any:
    """The block as a logistic function, shifted by the logarithm of 3.57."""
    return (1 + np.tanh((np.asarray(v) / scale + math.log(3.57)) / 2)) / 2


def _open_share_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    call = "open_share({})"
    random = np.sort(rng.uniform(-90 * mV, 20 * mV, 7))
    return [
        Case((-70 * mV,), call.format("-70*mV"), "At rest the channels are nearly all plugged."),
        Case((-55 * mV,), call.format("-55*mV")),
        Case((0.0,), call.format("0*mV"), "At 0 mV the exponential is 1: B is 3.57 / 4.57."),
        Case((60 * mV,), call.format("60*mV"), "Far above 0 mV the channels are nearly all open."),
        Case(
            (random,),
            call.format("an array of voltages"),
            "An array of voltages in, an array of shares out: np.exp takes arrays.",
        ),
    ]


def _right_share(v: float) -> float:
    return float(_open_share(v))


def _slipped_share(v: float) -> float:
    return float(_open_share(v, _VOLT))


def _flatness() -> list[float]:
    return [
        _right_share(-50 * mV) / _right_share(-70 * mV),
        _slipped_share(-50 * mV) / _slipped_share(-70 * mV),
        _slipped_share(-55 * mV) / _right_share(-55 * mV),
    ]


def _turning_voltage(magnesium: float) -> float:
    """In closed form: where it turns, y exp(y) = 3.57 / (magnesium e) with y = -(1 + v / scale)."""
    from scipy.special import lambertw

    return -_MILLIVOLT * (1 + float(lambertw(3.57 / (magnesium * math.e)).real))


def _current_curve(magnesium: float) -> tuple[np.ndarray, np.ndarray]:
    v = np.linspace(-150 * mV, 0, 15_001)
    return v, v / (1 + magnesium / 3.57 * np.exp(-v / _MILLIVOLT))


def _deepest_current(magnesium: float) -> float:
    return float(_current_curve(magnesium)[1].min())


def _steepest(magnesium: float) -> float:
    v, current = _current_curve(magnesium)
    return float(v[np.gradient(current).argmin()])


def _turning_cases(seed: int) -> list[Case]:
    call = "turning_voltage({:.3g})"
    rng = np.random.default_rng(seed)
    random = [float(value) for value in np.exp(rng.uniform(math.log(0.05), math.log(5), 2))]
    return [
        Case((1.0,), call.format(1), "1 mM is the concentration in the model."),
        Case(
            (0.1,),
            call.format(0.1),
            "With less magnesium the block begins to bite at lower voltages only.",
        ),
        Case((5.0,), call.format(5)),
        *(Case((value,), call.format(value)) for value in random),
    ]


_PART_B: tuple[Specification, ...] = (
    Function(
        title="The magnesium block",
        signature="open_share(v)",
        reference=_open_share,
        cases=_open_share_cases,
        tolerance=Tolerance(relative=1e-6),
        slips=(
            Slip(
                functools.partial(_open_share, scale=_VOLT),
                "About 0.78, whatever the voltage: you have made the very slip that this exercise "
                "is about. Here v is in volt. The formula wants the number of millivolts, v / mV.",
            ),
            Slip(
                functools.partial(_open_share, scale=-_MILLIVOLT),
                "The sign is the wrong way round: your channels open where the voltage is low. "
                "There is a minus in the exponent.",
            ),
            Slip(
                functools.partial(_open_share, scale=1 / (0.062 * mV)),
                "You multiply by mV. To get the number of millivolts, divide: v / mV.",
            ),
            Slip(
                lambda v: 1 / (1 + 3.57 * np.exp(-np.asarray(v) / _MILLIVOLT)),
                "You multiply the exponential by 3.57. It is divided by it.",
            ),
            Slip(
                lambda v: 1 / (1 + np.exp(-np.asarray(v) / _MILLIVOLT)),
                "The 3.57 is missing.",
            ),
            Slip(
                lambda v: 1 - _open_share(v),
                "That is the share that is blocked. B is the share that is open.",
            ),
        ),
        praise=(
            f"{_right_share(-70 * mV):.3f} at -70 mV, {_right_share(-55 * mV):.3f} at -55 mV, "
            f"{_right_share(0.0):.3f} at 0 mV. Where a cell lives, most of the channels are "
            "plugged, and fewer of them the closer it comes to threshold."
        ),
        hints=(
            "v / mV is the number of millivolts.",
            "np.exp takes a number or an array.",
            "1 / (1 + np.exp(...) / 3.57), and in the brackets -0.062 times the number of "
            "millivolts.",
        ),
        solution="""\
# v is in volt; the 0.062 belongs to the number of millivolts.
return 1 / (1 + np.exp(-0.062 * v / mV) / 3.57)""",
    ),
    Number(
        title="What the slip does to it",
        labels=("right, -50 over -70 mV", "slipped, -50 over -70 mV", "slipped over right, -55 mV"),
        reference=_flatness,
        tolerance=Tolerance(relative=0.01),
        slips=(
            Slip(
                lambda right: 1 / right,
                "Those are the inverse ratios. B at -50 mV goes over B at -70 mV, and the slipped "
                "over the right one.",
            ),
            Slip(
                lambda right: [right[0], right[1], 1 / right[2]],
                "The third is the wrong way round: how many times as much does the slipped block "
                "leave open?",
            ),
            Slip(
                lambda right: [right[1], right[0], right[2]],
                "The first two have changed places: first the right block, then the slipped one.",
            ),
            Slip(
                lambda right: [
                    _right_share(-50 * mV) - _right_share(-70 * mV),
                    _slipped_share(-50 * mV) - _slipped_share(-70 * mV),
                    _slipped_share(-55 * mV) - _right_share(-55 * mV),
                ],
                "Those are differences. Ratios are asked for.",
            ),
        ),
        remark="Draw both curves: one rises, the other is flat and lies above it.",
        praise=(
            f"The right block opens {_flatness()[0]:.1f} times as wide from -70 to -50 mV. The "
            f"slipped one changes by {100 * (_flatness()[1] - 1):.2f} %: it is a constant. And it "
            f"lets {_flatness()[2]:.1f} times as much through at -55 mV."
        ),
        hints=(
            "Write a second function in which v is divided by volt.",
            "The first ratio is open_share(-50*mV) / open_share(-70*mV).",
            "The third is the slipped share at -55 mV over the right one.",
        ),
        solution="""\
curves = {
    "divided by mV": open_share,
    "divided by volt": lambda v: 1 / (1 + np.exp(-0.062 * v / volt) / 3.57),
}
right, slipped = curves.values()
ratios = [
    right(-50 * mV) / right(-70 * mV),
    slipped(-50 * mV) / slipped(-70 * mV),
    slipped(-55 * mV) / right(-55 * mV),
]
print([round(float(ratio), 2) for ratio in ratios])
figure, ax = plot_over_voltage(curves, "Open share B (no unit)")""",
    ),
    Function(
        title="Where the current turns",
        points=2,
        signature="turning_voltage(magnesium)",
        unit="V",
        reference=_turning_voltage,
        cases=_turning_cases,
        tolerance=Tolerance(absolute=0.3 * mV),
        slips=(
            Slip(
                _deepest_current,
                "That is the current at the turning point. The voltage there is asked for: "
                "v[current.argmin()].",
            ),
            Slip(
                _steepest,
                "That is where the curve falls most steeply. It turns at its lowest point.",
            ),
            Slip(
                lambda magnesium: _turning_voltage(1.0),
                "That does not depend on the magnesium. The concentration multiplies the "
                "exponential.",
            ),
            Slip(
                lambda magnesium: -_turning_voltage(magnesium),
                "The sign is lost. The current turns below 0 mV.",
            ),
            Slip(
                lambda magnesium: -100 * mV,
                "Your curve has its lowest point at the end of the range: it does not turn at all. "
                "Is the voltage in the block divided by mV?",
            ),
        ),
        praise=(
            f"With 1 mM the current turns at {show(_turning_voltage(1.0), 'V')}. Below that, and "
            "so everywhere from rest to threshold, depolarising the cell makes more current flow "
            "in. The slipped block has no such turn."
        ),
        hints=(
            "Compute the current over many voltages from -100 to 0 mV: np.linspace.",
            "current = v / (1 + magnesium / 3.57 * np.exp(-0.062 * v / mV))",
            "argmin() gives the place of the smallest value. v at that place is the answer.",
        ),
        solution="""\
# Inward current is negative, so the turning point is the minimum. A conductance of 1 will do.
v = np.linspace(-100 * mV, 0 * mV, 10_001)
current = v / (1 + magnesium / 3.57 * np.exp(-0.062 * v / mV))
return v[current.argmin()]""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part C: the reconstruction

_ORIGINAL, _LATER = PRESETS["neurodynex"], PRESETS["neurodynex3"]
_MENDED = replace(_ORIGINAL, nmda_block_voltage=_MILLIVOLT)
_SLIPPED = replace(_LATER, nmda_block_voltage=_VOLT)


def _nmda_over_leak(p: BumpParameters, v: float, **changes: Any) -> float:
    """Through all synapses at once; ``changes`` are what a slip takes for the set's own value."""
    p = replace(p, **changes)
    synapses = p.N_excitatory * p.weight_scaling_factor * p.conductance_factor
    share = 3.57 / (3.57 + math.exp(-v / p.nmda_block_voltage))
    return synapses * share * _G_EXCIT2EXCIT / p.g_leak_excit


def _nmda_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    made_up = replace(
        _LATER,
        N_excitatory=int(rng.integers(100, 4000)),
        weight_scaling_factor=float(rng.uniform(0.5, 8)),
        conductance_factor=float(rng.uniform(0.2, 2)),
        nmda_block_voltage=float(rng.uniform(8, 40)) * mV,
        g_leak_excit=float(rng.uniform(10, 50)) * nS,
    )
    v = float(rng.uniform(-70, -50)) * mV
    own = "Each set has its own sizes, factors and voltage scale."
    return [
        *(
            Case((network, -55 * mV), f'nmda_over_leak(PRESETS["{name}"], -55*mV)', own)
            for name, network in PRESETS.items()
        ),
        Case((_LATER, -70 * mV), 'nmda_over_leak(PRESETS["neurodynex3"], -70*mV)'),
        Case((_MENDED, -55 * mV), "nmda_over_leak(neurodynex with its unit mended, -55*mV)", own),
        Case((made_up, v), f"nmda_over_leak(a made-up set, {show(v, 'V')})", own),
    ]


def _four_rates(strength: float = _STRONG) -> np.ndarray:
    networks = (_ORIGINAL, _MENDED, _LATER, _SLIPPED)
    return np.array([_late_rate(network, strength, SEED) for network in networks])


def _four_inhibitory_rates(right: np.ndarray) -> list[float]:
    rates = []
    for network in (_ORIGINAL, _MENDED, _LATER, _SLIPPED):
        _, _, t, _, N = _spikes(network, _STRONG, SEED)
        rates.append(float(((t > 499.95 * ms) & (t < 799.95 * ms)).sum()) / (N * 300 * ms))
    return rates


def _rescue(network: BumpParameters = _MENDED, to_inhib: float = 1.0) -> np.ndarray:
    """Contrasts with NMDA times 5 and a cue, the same without one, and all times 5 and a cue."""
    louder = replace(network, conductance_factor=5 * network.conductance_factor)
    window = (SEED, 500 * ms, 800 * ms)
    return np.array(
        [
            _late_contrast(network, _WEAK, *window, 5.0, to_inhib),
            _late_contrast(network, 0.0, *window, 5.0, to_inhib),
            _late_contrast(louder, _WEAK, *window),
        ]
    )


def _rescue_rates(right: np.ndarray) -> list[float]:
    louder = replace(_MENDED, conductance_factor=5 * _MENDED.conductance_factor)
    runs = ((_MENDED, _WEAK, 5.0), (_MENDED, 0.0, 5.0), (louder, _WEAK, 1.0))
    return [
        float(_counts(network, strength, SEED, 500 * ms, 800 * ms, nmda).mean()) / (300 * ms)
        for network, strength, nmda in runs
    ]


def _remembers(strength: float, seed: int) -> bool:
    return _late_contrast(_LATER, strength, seed) >= LEAST_CONTRAST


def _judge_repair(answer: Any, seed: int) -> None:
    strength = float(read_numbers(answer))
    listed = ", ".join(f"{value:.2f}" for value in STRENGTHS_NA)
    for scale, unit, code in ((1.0, "nA", "0.06*nA"), (1e3, "pA", "60*pA")):
        if any(math.isclose(strength, value * scale, rel_tol=1e-6) for value in STRENGTHS_NA):
            raise Refused(f"That is the number of {unit}, read as ampere. Write, say, {code}.")
    places = [
        place
        for place, value in enumerate(STRENGTHS_NA)
        if math.isclose(strength, value * nA, rel_tol=1e-6)
    ]
    if not places:
        raise Refused(f"Choose one of the strengths listed: {listed} (times nA).")
    value = STRENGTHS_NA[places[0]]
    forgotten = [str(one) for one in SEEDS if not _remembers(value * nA, one)]
    if forgotten:
        raise Refused(
            f"At {value:.2f} nA the network forgets the cue with seed {', '.join(forgotten)}: the "
            f"contrast from 500 to 800 ms is below {LEAST_CONTRAST / Hz:g} Hz. "
            "All five are to remember."
        )
    for weaker in STRENGTHS_NA[: places[0]]:
        if all(_remembers(weaker * nA, one) for one in SEEDS):
            raise Refused(
                f"All five seeds remember {value:.2f} nA, but {weaker:.2f} nA too. The weakest is "
                "asked for."
            )


_PART_C: tuple[Specification, ...] = (
    Function(
        title="How much the recurrence can do",
        points=2,
        signature="nmda_over_leak(p, v)",
        reference=_nmda_over_leak,
        cases=_nmda_cases,
        tolerance=Tolerance(relative=0.001),
        slips=(
            Slip(
                lambda p, v: _nmda_over_leak(p, v, nmda_block_voltage=_MILLIVOLT),
                "You use the right block for every set. One of them has the slip: take the set's "
                "own voltage scale, p.nmda_block_voltage.",
            ),
            Slip(
                lambda p, v: _nmda_over_leak(p, v, conductance_factor=1.0),
                "p.conductance_factor is missing. It is not 1 in all sets.",
            ),
            Slip(
                lambda p, v: _nmda_over_leak(p, v, weight_scaling_factor=1.0),
                "p.weight_scaling_factor is missing.",
            ),
            Slip(
                lambda p, v: _nmda_over_leak(p, v, N_excitatory=1),
                "That is one synapse. All N_excitatory cells are to have their gates open.",
            ),
            Slip(
                lambda p, v: _nmda_over_leak(p, v, nmda_block_voltage=1e9) * 4.57 / 3.57,
                "The block is missing: multiply by B(v).",
            ),
            Slip(
                lambda p, v: _nmda_over_leak(p, v) * p.g_leak_excit / nS,
                "That is the conductance in nS. Divide by the leak, p.g_leak_excit.",
            ),
        ),
        praise=(
            f"At -55 mV: {_nmda_over_leak(_ORIGINAL, -55 * mV):.1f} leaks in the original, "
            f"{_nmda_over_leak(_MENDED, -55 * mV):.1f} with nothing but the unit mended, "
            f"{_nmda_over_leak(_LATER, -55 * mV):.1f} in the later version and in the paper's set. "
            "Who mends the unit alone takes most of the recurrence away, and leaves the inhibition "
            "as it was."
        ),
        hints=(
            "The weights have a mean of 1, so all gates open add up to p.N_excitatory synapses.",
            "One synapse has G_excit2excit * p.weight_scaling_factor * p.conductance_factor.",
            "Multiply by 1 / (1 + np.exp(-v / p.nmda_block_voltage) / 3.57), and divide by "
            "p.g_leak_excit.",
        ),
        solution="""\
# The set's own block: p.nmda_block_voltage is mV / 0.062 or, slipped, volt / 0.062.
share = 1 / (1 + np.exp(-v / p.nmda_block_voltage) / 3.57)
synapse = G_excit2excit * p.weight_scaling_factor * p.conductance_factor
return p.N_excitatory * synapse * share / p.g_leak_excit""",
    ),
    Number(
        title="Two sets, two units",
        points=2,
        unit="Hz",
        labels=("neurodynex", "neurodynex, mended", "neurodynex3", "neurodynex3, slipped"),
        reference=_four_rates,
        tolerance=Tolerance(relative=0.02, absolute=0.02),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: [right[0], right[0], right[2], right[2]],
                "The unit makes no difference in your runs. Does cued_run get the changed set? "
                "replace returns a new set and leaves the old one as it was.",
            ),
            Slip(
                lambda right: [right[0], right[0], right[2], right[3]],
                "The mended run fires as the original does: its block is still flat. The scale is "
                "mV / 0.062, a voltage.",
            ),
            Slip(
                lambda right: [right[0], right[2], right[1], right[3]],
                "Second and third have changed places: both runs of neurodynex come first.",
            ),
            Slip(
                _four_inhibitory_rates,
                "Those are the interneurons. The excitatory cells are asked for.",
            ),
            Slip(
                lambda right: _four_rates(0.0),
                "Those are runs without a cue. Pass the strength of 0.5 nA.",
            ),
            Slip(
                lambda right: _four_rates(_WEAK),
                "Those are runs with the weak cue. Pass the strength of 0.5 nA.",
            ),
        ),
        praise=(
            "Each set works with the unit that it was made for. With the other, one forgets and "
            "the other fires without end. The slip alone explains neither: what counts is the "
            "unit together with all that was tuned to it."
        ),
        hints=(
            'replace(PRESETS["neurodynex"], nmda_block_voltage=mV / 0.062) is the mended set.',
            'replace(PRESETS["neurodynex3"], nmda_block_voltage=volt / 0.062) has the slip.',
            "late_counts(cued_run(network, 0.5*nA)).mean() / (300*ms) is the rate of one network.",
        ),
        solution="""\
# One change at a time: all else of each set stays as it is.
original, later = PRESETS["neurodynex"], PRESETS["neurodynex3"]
networks = {
    "neurodynex": original,
    "neurodynex, mended": replace(original, nmda_block_voltage=mV / 0.062),
    "neurodynex3": later,
    "neurodynex3, slipped": replace(later, nmda_block_voltage=volt / 0.062),
}
rates = []
for name, network in networks.items():
    run = cued_run(network, 0.5 * nA)
    rates.append(late_counts(run).mean() / (300 * ms))
    figure, ax = plot_activity_profile(run.spike_monitor_excit, 500 * ms, 800 * ms, fit=None)
    ax.set_title(f"{name}: {rates[-1]:.1f} Hz")""",
    ),
    Number(
        title="The rescue",
        points=2,
        unit="Hz",
        labels=("NMDA times 5, 0.06 nA", "NMDA times 5, no cue", "all times 5, 0.06 nA"),
        reference=_rescue,
        tolerance=Tolerance(relative=0.02, absolute=0.2),
        remark=f"Is it the mended network, seed={SEED}, read from 500 to 800 ms?",
        slips=(
            Slip(
                _rescue_rates,
                "Those are mean rates of all cells. The contrast is asked for.",
            ),
            Slip(
                lambda right: [_late_contrast(_MENDED, _WEAK, SEED), *right[1:]],
                "In the first run the NMDA conductances are still the old ones: pass "
                "G_excit2excit and G_excit2inhib on to cued_run.",
            ),
            Slip(
                lambda right: _rescue(to_inhib=1 / 5),
                "You multiply G_excit2excit alone. The interneurons too are excited through NMDA, "
                "and lost as much: multiply G_excit2inhib as well.",
            ),
            Slip(
                lambda right: _rescue(_ORIGINAL),
                "Those are runs with the slip still in place. Mend the unit first.",
            ),
        ),
        praise=(
            "Give the lost NMDA conductance back, and the network remembers the course's own cue, "
            "with the right block. Give more of everything, and it does not: what counts is "
            "excitation against inhibition. A cause is shown by taking it away and putting it back."
        ),
        hints=(
            "cued_run(mended, 0.06*nA, G_excit2excit=5*G_excit2excit, "
            "G_excit2inhib=5*G_excit2inhib) is the first run.",
            "For the third: replace(mended, conductance_factor=5*mended.conductance_factor).",
            "contrast(late_counts(run), 120, 300*ms) for each.",
        ),
        solution="""\
# NMDA alone, then all: if the size of the conductances were all that counts, both would do.
mended = replace(PRESETS["neurodynex"], nmda_block_voltage=mV / 0.062)
louder = replace(mended, conductance_factor=5 * mended.conductance_factor)
nmda = {"G_excit2excit": 5 * G_excit2excit, "G_excit2inhib": 5 * G_excit2inhib}
runs = {
    "NMDA times 5, 0.06 nA": cued_run(mended, 0.06 * nA, **nmda),
    "NMDA times 5, no cue": cued_run(mended, 0 * nA, **nmda),
    "all times 5, 0.06 nA": cued_run(louder, 0.06 * nA),
}
rescue = []
for name, run in runs.items():
    rescue.append(contrast(late_counts(run), 120, 300 * ms))
    print(f"{name}: {rescue[-1]:.1f} Hz")""",
    ),
    Custom(
        title="A cue for the later version",
        points=2,
        form=f"a strength in ampere, one of {', '.join(f'{x:.2f}*nA' for x in STRENGTHS_NA)} "
        "(exact)",
        judgement=_judge_repair,
        praise=(
            "A stronger cue is the smallest repair of the exercise. Near the edge chance decides: "
            "one seed would have told you little."
        ),
        hints=(
            "Loop over the strengths, and over the seeds inside.",
            "cued_run takes the seed as its third argument.",
            "With 0.1*nA none of the five remembers, with 0.26*nA all do.",
        ),
        solution="""\
# Five seeds for each strength: near the edge one run says little.
for strength in strengths:
    runs = [cued_run("neurodynex3", strength, seed) for seed in (1, 2, 3, 4, 5)]
    kept = [contrast(late_counts(run), 120, 300 * ms) >= 5 * Hz for run in runs]
    print(f"{strength / nA:.2f} nA: {sum(kept)} of 5")
    if all(kept):
        weakest = strength
        break""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part D: prevention

_FROM, _TO = -80 * mV, 20 * mV


def _verdict(block: Block) -> int:
    """1 for a block that is right to one per cent at 401 voltages."""
    voltages = np.linspace(_FROM, _TO, 401)
    off = [block(float(v)) - _right_share(float(v)) for v in voltages]
    # NaN is not below anything.
    return int(bool(np.all(np.abs(off) <= 0.01 * np.asarray(_open_share(voltages)))))


def _table(knots: np.ndarray) -> Block:
    """Straight lines between right values: right at the knots, wrong between them."""
    shares = np.asarray(_open_share(knots))
    return lambda v: float(np.interp(v, knots, shares))


def _with_scale(scale: float, half: float = 3.57) -> Block:
    return lambda v: 1 / (1 + math.exp(-v / scale) / half)


# Plain functions all of them: a copy of anything else would not equal the original.
def _with_numpy(v: float) -> float:
    return 1 / (1 + np.exp(-0.062 * v / mV) / 3.57)


def _as_fraction(v: float) -> float:
    return 3.57 / (3.57 + math.exp(-62 * v))


def _almost(v: float) -> float:
    return _right_share(v) * (1 + 0.001 * math.sin(500 * v))


def _constant(v: float) -> float:
    return _right_share(-55 * mV)


def _clipped(v: float) -> float:
    return _right_share(min(v, -50 * mV))


def _nan_when_low(v: float) -> float:
    return _right_share(v) if v > -75 * mV else math.nan


def _blocks(seed: int) -> list[tuple[Block, str, str]]:
    """Blocks, what to call each, and why it is there."""
    rng = np.random.default_rng(seed)
    standing = np.array([-80, -70, -55, 0, 20]) * mV
    random_knots = np.sort(np.append(rng.uniform(-75, 15, 3), [-80, 20])) * mV
    random_scale = mV / float(rng.uniform(0.03, 0.05))
    wrong_half = float(rng.uniform(4.0, 7.0))
    right = "It is right. Do not ask for more than one per cent."
    return [
        (_with_numpy, "the formula in NumPy", right),
        (_as_fraction, "3.57 / (3.57 + exp(-62 v))", f"The same, written otherwise. {right}"),
        (_right_share, "the formula as a tanh", f"The same, written otherwise. {right}"),
        (_almost, "a block right to 0.1 %", right),
        (_slipped_share, "v divided by a volt", "That is the slip."),
        (_constant, "a constant, right at -55 mV", "One voltage is not enough."),
        (lambda v: _right_share(-v), "the sign slipped", "It opens where it should close."),
        (_with_scale(_MILLIVOLT, 1 / 3.57), "times 3.57, not over", "A slip of another kind."),
        (_with_scale(_MILLIVOLT, 1.0), "3.57 forgotten", "A slip of another kind."),
        (lambda v: 100 * _right_share(v), "percent", "A share is between 0 and 1."),
        (_with_scale(mV / 0.026), "0.026 for 0.062", "Two digits have changed places."),
        (_with_scale(_MILLIVOLT, 3.75), "3.75 for 3.57", "It is several per cent off at -70 mV."),
        (_clipped, "constant above -50 mV", "Try voltages above the threshold too."),
        (
            _table(standing),
            "straight lines through the right values at -80, -70, -55, 0 and 20 mV",
            "It is wrong between the usual places. Try many voltages.",
        ),
        (
            _nan_when_low,
            "NaN below -75 mV",
            "Every comparison with NaN is False. Ask whether all are close, not whether any is "
            "far.",
        ),
        (_table(random_knots), "straight lines between five random places", "Try many voltages."),
        (_with_scale(random_scale), "a random slope", "Its slope is wrong."),
        (_with_scale(_MILLIVOLT, wrong_half), "a random half-way point", "Its place is wrong."),
    ]


def _block_cases(seed: int) -> list[Case]:
    return [Case((block,), f"block_is_right({name})", why) for block, name, why in _blocks(seed)]


def _right_at(*voltages: float) -> Callable[[Block], int]:
    """A test that looks at these voltages only."""
    return lambda block: int(
        all(abs(block(v) - _right_share(v)) <= 0.01 * _right_share(v) for v in voltages)
    )


def _exactly_right(block: Block) -> int:
    return int(all(block(float(v)) == _with_numpy(float(v)) for v in np.linspace(_FROM, _TO, 101)))


def _blind_to_nan(block: Block) -> int:
    voltages = np.linspace(_FROM, _TO, 101)
    off = [block(float(v)) / _right_share(float(v)) - 1 for v in voltages]
    return int(not any(abs(value) > 0.01 for value in off))


def _looks_like_a_share(block: Block) -> int:
    shares = np.array([block(float(v)) for v in np.linspace(_FROM, _TO, 101)])
    return int(bool(np.all(np.diff(shares) > 0) and np.all((shares >= 0) & (shares <= 1))))


_PART_D: tuple[Specification, ...] = (
    Choice(
        title="What a library with units would have said",
        right="c",
        wrong={
            "a": "It knows the dimension of v, but not the formula of Jahr and Stevens. It cannot "
            "know that another number was meant.",
            "b": "v / volt is a plain number. It no longer has a unit that could be converted.",
            "d": "0.78 is a respectable share. The library does not know what B should be.",
        },
        praise=(
            "A check of dimensions refuses exp(-0.062 * v), a bare voltage in an exponent. It then "
            "makes you divide by some voltage, and which one is up to you. Dimensions catch a "
            "missing unit. A wrong size needs a test."
        ),
        hints=(
            "What are the dimensions of v / volt and of v / mV?",
            "Both are plain numbers. Can a program that knows dimensions only tell them apart?",
        ),
        solution='verdict = "c"',
    ),
    Function(
        title="The test that was missing",
        points=3,
        signature="block_is_right(block)",
        reference=_verdict,
        cases=_block_cases,
        tolerance=Tolerance(),
        slips=(
            Slip(
                lambda block: 1 - _verdict(block),
                "The wrong way round: return 1 for a right block and 0 for a wrong one.",
            ),
            Slip(
                _right_at(-55 * mV),
                "Your test looks at -55 mV only. A constant passes it. Try many voltages.",
            ),
            Slip(
                _right_at(-70 * mV, -55 * mV, 0.0),
                "Your test looks at three voltages. A curve that is right there and wrong between "
                "them passes. Try many.",
            ),
            Slip(
                lambda block: int(abs(block(-55 * mV) - _slipped_share(-55 * mV)) > 0.01),
                "Your test finds this one slip, and lets every other mistake pass. Compare with "
                "the right values.",
            ),
            Slip(
                _exactly_right,
                "Your test wants equality to the last digit. Right formulas written in another way "
                "differ there. Allow one per cent.",
            ),
            Slip(
                _blind_to_nan,
                "One case is left: a block that gives NaN. Every comparison with NaN is False, so "
                "'is any far off?' says no. Ask instead whether all are close.",
            ),
            Slip(
                _looks_like_a_share,
                "Your test asks whether the block rises from 0 to 1. The slipped block does that "
                "too, if ever so little. Compare with the right values.",
            ),
        ),
        praise=(
            "Had these few lines stood beside the first course code, the slip would have been "
            "found on the day it was made. A test costs minutes; this search has cost you an hour."
        ),
        hints=(
            "Compute the right share at some voltages, and compare block(v) with it.",
            "Try many voltages from -80 to 20 mV, one at a time: for v in np.linspace(...).",
            "abs(block(v) / right - 1) <= 0.01 is the question at one voltage. all(...) puts them "
            "together, int(...) makes 1 or 0 of it.",
        ),
        solution="""\
# Many voltages: a wrong curve can be right at any few. And "all are close" rather than "none is
# far": every comparison with NaN is False.
voltages = np.linspace(-80 * mV, 20 * mV, 101)
right = 1 / (1 + np.exp(-0.062 * voltages / mV) / 3.57)
shares = np.array([block(v) for v in voltages])
return int(np.all(np.abs(shares / right - 1) <= 0.01))""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C + _PART_D
