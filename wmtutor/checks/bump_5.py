"""The questions of notebook 05: what a second stimulus does to a memory that is held.

As in :mod:`wmtutor.checks.bump_1`, the notebook names the seeds, and the checker repeats the runs
from its own parameters. It reads angles as a sum of vectors over single spikes, where the notebook
calls :func:`wmtutor.bump.read_bump`. Runs are the same to the last spike, so two readings of the
same window differ by rounding. Tolerances leave room for windows chosen a little otherwise where a
question leaves that choice, and none where it hands out the data.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from wmtutor.bump import simulate_wm
from wmtutor.checks._mechanism import (
    Case,
    Custom,
    Function,
    Number,
    Refused,
    Slip,
    Specification,
    Tolerance,
    read_numbers,
)
from wmtutor.monitors import SpikeMonitor
from wmtutor.units import Hz, ms, nA, second

__all__ = ["QUESTIONS", "SEED", "SEEDS"]

#: The seed of single runs that the notebook asks for.
SEED = 1
#: The seeds of the runs that are averaged.
SEEDS = tuple(range(1, 9))
#: The seeds of the runs with two cues at once.
TOGETHER_SEEDS = tuple(range(1, 7))

CUE_DEG = 350.0
CUE_STRENGTH = 0.2 * nA
PULSE = 200 * ms
START = 500 * ms
DELAY = 500 * ms
READ = 200 * ms

_SEED_REMARK = f"Is it the run with seed={SEED}, read in the windows that the text names?"


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


class _Spikes(NamedTuple):
    excit: SpikeMonitor
    inhib: SpikeMonitor


@functools.lru_cache(maxsize=128)
def _run(
    seed: int,
    strength: float = 0.0,
    distance_deg: float = 30.0,
    start: float = START,
    t_cue: float = 100 * ms,
    delay: float = DELAY,
) -> _Spikes:
    """The spikes of one trial: half a megabyte, kept because slips read it in other windows."""
    run = simulate_wm(
        stimulus_center_deg=CUE_DEG,
        stimulus_width_deg=30,
        stimulus_strength=CUE_STRENGTH,
        t_stimulus_start=t_cue,
        t_stimulus_duration=PULSE,
        distractor_center_deg=CUE_DEG + distance_deg,
        distractor_width_deg=30,
        distractor_strength=strength,
        t_distractor_start=start,
        t_distractor_duration=PULSE,
        monitored_subset_size=1,
        sim_time=max(t_cue, start) + PULSE + delay,
        dt=0.1 * ms,
        seed=seed,
    )
    return _Spikes(run.spike_monitor_excit, run.spike_monitor_inhib)


class _Reading(NamedTuple):
    present: bool
    angle_deg: float


def _read(spikes: _Spikes, t_min: float, t_max: float = math.inf) -> _Reading:
    monitor = spikes.excit
    theta = 2 * np.pi * monitor.i[(monitor.t >= t_min) & (monitor.t < t_max)] / monitor.N
    x, y, n = float(np.cos(theta).sum()), float(np.sin(theta).sum()), theta.size
    length = math.hypot(x, y) / max(n, 1)
    # As strong as read_bump asks for: 0.3, and a chance of one in a million by Rayleigh's test.
    present = length > 0.3 and n * length**2 > 6 * math.log(10)
    return _Reading(present, math.degrees(math.atan2(y, x)) % 360)


def _before_and_after(seed: int, strength: float, distance_deg: float) -> tuple[_Reading, _Reading]:
    spikes = _run(seed, strength, distance_deg)
    return _read(spikes, 400 * ms, 500 * ms), _read(spikes, 1000 * ms, 1200 * ms)


def _turn(degrees: float) -> float:
    """The same turn, the short way round: from -180 to 180."""
    radians = math.radians(degrees)
    return math.degrees(math.atan2(math.sin(radians), math.cos(radians)))


# ---------------------------------------------------------------------------------------------
# Part A


def _shift_towards(before_deg: float, after_deg: float, distractor_deg: float) -> float:
    side = math.copysign(1.0, _turn(distractor_deg - before_deg))
    return side * _turn(after_deg - before_deg)


def _shift_on_a_line(before_deg: float, after_deg: float, distractor_deg: float) -> float:
    return math.copysign(1.0, distractor_deg - before_deg) * (after_deg - before_deg)


def _drawn_angles(seed: int) -> list[tuple[float, float, float]]:
    """Places before and after, and of the distractor, drawn by a seed; none near a border."""
    generator = np.random.default_rng(seed)
    drawn = []
    for share in (0.03, 0.45, 0.97):
        before = generator.uniform(0, 360)
        way = generator.choice([-1.0, 1.0]) * generator.uniform(40, 160)
        shift = (share + generator.uniform(-0.015, 0.015)) * way
        drawn.append((before, (before + shift) % 360, (before + way) % 360))
    return [(round(a, 1), round(b, 1), round(c, 1)) for a, b, c in drawn]


def _shift_cases(seed: int) -> list[Case]:
    call = "shift_towards({}, {}, {})"
    fixed = [
        ((100.0, 112.0, 130.0), ""),
        ((350.0, 5.0, 20.0), "The memory moves over the wrap-around, 15 degrees in all."),
        ((350.0, 345.0, 20.0), "This one moves away from the distractor: the shift is negative."),
        ((10.0, 355.0, 310.0), "The distractor lies on the other side, and that is where it goes."),
        ((350.0, 353.0, 230.0), "From 350 the short way to 230 leads down, and this one goes up."),
        ((200.0, 200.0, 290.0), "Nothing has moved."),
    ]
    drawn = [(angles, "") for angles in _drawn_angles(seed)]
    return [
        Case(angles, call.format(*map("{:g}".format, angles)), why) for angles, why in fixed + drawn
    ]


#: Distance in degrees and strength of the first three distractors.
THREE = ((30.0, 0.1 * nA), (-120.0, 0.1 * nA), (120.0, 0.4 * nA))


def _three_shifts(how: Callable[[float, float, float], float] = _shift_towards) -> list[float]:
    shifts = []
    for distance_deg, strength in THREE:
        before, after = _before_and_after(SEED, strength, distance_deg)
        shifts.append(how(before.angle_deg, after.angle_deg, (CUE_DEG + distance_deg) % 360))
    return shifts


def _three_during() -> list[float]:
    """The shifts while the distractor is still on."""
    shifts = []
    for distance_deg, strength in THREE:
        spikes = _run(SEED, strength, distance_deg)
        before, during = _read(spikes, 400 * ms, START), _read(spikes, START, START + PULSE)
        shifts.append(_shift_towards(before.angle_deg, during.angle_deg, CUE_DEG + distance_deg))
    return shifts


LOST, KEPT, PULLED, TAKEN = range(4)
#: Degrees from the distractor within which a memory is taken, and by which it must come closer.
TAKEN_DEG, PULLED_DEG = 10.0, 8.0


def _outcome(
    present: bool,
    before_deg: float,
    after_deg: float,
    distractor_deg: float,
    *,
    turn: Callable[[float], float] = _turn,
    look_first: bool = True,
    either_way: bool = False,
    pulled_first: bool = False,
) -> int:
    """What became of a memory; the options are the slips."""
    if look_first and not present:
        return LOST
    was, now = (abs(turn(place - distractor_deg)) for place in (before_deg, after_deg))
    moved = abs(turn(after_deg - before_deg)) if either_way else was - now
    if pulled_first and moved > PULLED_DEG:
        return PULLED
    if now <= TAKEN_DEG:
        return TAKEN
    return PULLED if moved > PULLED_DEG else KEPT


def _outcome_cases(seed: int) -> list[Case]:
    call = "outcome({}, {}, {}, {})"
    fixed = [
        ((True, 100.0, 103.0, 190.0), "Three degrees are no more than chance does."),
        ((True, 100.0, 121.0, 160.0), ""),
        ((True, 100.0, 191.0, 190.0), ""),
        ((False, 100.0, 121.0, 160.0), "No bump is left, so its angle means nothing."),
        ((False, 100.0, 188.0, 190.0), "No bump is left, wherever the few spikes point."),
        # Just inside and outside each border, so that a rule with other borders is seen.
        ((True, 200.0, 249.0, 260.0), "It has come far, and still is 11 degrees away."),
        ((True, 300.0, 309.0, 40.0), "It has come 9 degrees closer."),
        ((True, 300.0, 293.0, 230.0), "It has come 7 degrees closer."),
        ((True, 350.0, 352.0, 110.0), ""),
        ((True, 350.0, 8.0, 50.0), "It has moved 18 degrees, over the wrap-around."),
        ((True, 350.0, 357.0, 6.0), "The distractor is 9 degrees away, over the wrap-around."),
        ((True, 350.0, 335.0, 50.0), "It has moved, but away from the distractor."),
        ((True, 100.0, 89.0, 10.0), "The distractor lies on the other side."),
    ]
    drawn = [((True, *angles), "") for angles in _drawn_angles(seed)]
    return [
        Case(arguments, call.format(arguments[0], *map("{:g}".format, arguments[1:])), why)
        for arguments, why in fixed + drawn
    ]


STRENGTHS = (0.1 * nA, 0.25 * nA, 0.4 * nA)
DISTANCES_DEG = (45.0, 60.0, 120.0)


@functools.cache
def _codes() -> np.ndarray:
    """What becomes of the memory at each strength (rows) and distance (columns)."""
    codes = []
    for strength in STRENGTHS:
        for distance_deg in DISTANCES_DEG:
            before, after = _before_and_after(SEED, strength, distance_deg)
            places = before.angle_deg, after.angle_deg, CUE_DEG + distance_deg
            codes.append(_outcome(after.present, *places))
    return np.array(codes, dtype=float).reshape(len(STRENGTHS), len(DISTANCES_DEG))


_PART_A: tuple[Specification, ...] = (
    Function(
        title="A shift with a sign",
        signature="shift_towards(before_deg, after_deg, distractor_deg)",
        # Not with the unit of an angle: there 340 and -20 are the same, and here they are not.
        reference=_shift_towards,
        cases=_shift_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                _shift_on_a_line,
                "You took plain differences. On a ring, the way from 350 to 5 is 15 degrees long "
                "and leads up: signed_difference.",
            ),
            Slip(
                lambda before, after, distractor: (
                    math.copysign(1.0, distractor - before) * _turn(after - before)
                ),
                "The shift itself goes the short way round, but not the way to the distractor, "
                "which gives the sign. From 350 to 20 it leads up.",
            ),
            Slip(
                lambda before, after, distractor: _turn(after - before),
                "That is the shift, positive for growing angles. It has to be positive towards "
                "the distractor, on whichever side that lies.",
            ),
            Slip(
                lambda before, after, distractor: abs(_turn(after - before)),
                "That is how far the memory has moved, without a sign. A memory can move away "
                "from the distractor too.",
            ),
            Slip(
                lambda before, after, distractor: -_shift_towards(before, after, distractor),
                "The sign is the wrong way round: a move towards the distractor is positive.",
            ),
            Slip(
                lambda before, after, distractor: abs(_turn(distractor - after)),
                "That is what is left between the memory and the distractor. How far has the "
                "memory come?",
            ),
            Slip(
                lambda before, after, distractor: math.radians(
                    _shift_towards(before, after, distractor)
                ),
                "That is in radians. Angles here are degrees.",
            ),
        ),
        praise=(
            "One sign for both sides of the ring. Trials with the distractor to the left and to "
            "the right can now be averaged: a pull is positive in both, and wandering cancels."
        ),
        hints=(
            "signed_difference(after_deg, before_deg) goes the short way round. Its sign tells the "
            "direction in which the angle changes.",
            "In which direction does the distractor lie? Ask signed_difference again.",
            "Multiply the first by np.sign of the second.",
        ),
        solution="""\
# Both differences go the short way round. The side that the distractor is on gives the sign.
side = np.sign(signed_difference(distractor_deg, before_deg))
return side * signed_difference(after_deg, before_deg)""",
    ),
    Number(
        title="Three distractors, one memory",
        points=2,
        labels=("30°, 0.1 nA", "-120°, 0.1 nA", "120°, 0.4 nA"),
        reference=lambda: _three_shifts(),
        # A last window of half or twice the length moves the angle by less than a degree.
        tolerance=Tolerance(absolute=1.0),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _three_shifts(_shift_on_a_line),
                "Those are plain differences of angles. The memory crosses the wrap-around: use "
                "shift_towards.",
            ),
            Slip(
                lambda right: right * [1, -1, 1],
                "The second distractor is on the other side, so its shift counts the other way: "
                "the sign is positive towards the distractor.",
            ),
            Slip(
                lambda right: _three_during(),
                "Those are shifts while the distractor is on. Read the memory when it is over.",
            ),
            Slip(
                np.radians,
                "Those are in radians. Angles here are degrees.",
            ),
        ),
        praise=(
            "Three distractors, three fates: pulled part of the way, left alone, taken over. The "
            "third is not a stronger pull of the first kind. The bump did not travel: it went out "
            "in one place and came up in another, as the last figure shows."
        ),
        hints=(
            "run_trial(1, strength, distance_deg) runs it, before_and_after(run) reads it.",
            "A reading has the attribute angle_deg. The distractor is at 350 + distance_deg.",
            "Put the three angles into shift_towards.",
        ),
        solution="""\
# The same seed gives the same run up to 500 ms: what differs then is due to the distractor.
shifts = []
for distance_deg, strength in ((30, 0.1 * nA), (-120, 0.1 * nA), (120, 0.4 * nA)):
    run = run_trial(1, strength, distance_deg)
    before, after = before_and_after(run)
    shifts.append(shift_towards(before.angle_deg, after.angle_deg, 350 + distance_deg))
    print(f"{distance_deg} degrees, {strength / nA:.1f} nA: {shifts[-1]:.1f} degrees")
    figure, ax = plot_space_time(run.spike_monitor_excit, cue_spans=PULSES)""",
    ),
    Function(
        title="A rule for the outcome",
        points=2,
        signature="outcome(present, before_deg, after_deg, distractor_deg)",
        reference=_outcome,
        cases=_outcome_cases,
        tolerance=Tolerance(),
        slips=(
            Slip(
                functools.partial(_outcome, turn=float),
                "Your distances go along a line. On the ring, 357 and 6 are 9 degrees apart: "
                "circular_distance.",
            ),
            Slip(
                functools.partial(_outcome, look_first=False),
                "Look at present first. Without a bump the angle is that of a few stray spikes, "
                "and no other rule may use it.",
            ),
            Slip(
                functools.partial(_outcome, either_way=True),
                "You call PULLED what has moved in either direction. It counts only if the memory "
                "has come closer to the distractor.",
            ),
            Slip(
                functools.partial(_outcome, pulled_first=True),
                "The rules are in another order: you ask for PULLED before TAKEN. What has gone "
                "all the way has come closer, too.",
            ),
        ),
        praise=(
            "A rule fixed before the data are seen treats every run alike. The borders are ours, "
            "and other borders would move some cases from one box to the next: a rule like this "
            "belongs in the methods section."
        ),
        hints=(
            "Go through the rules in their order, and return as soon as one holds.",
            "circular_distance(after_deg, distractor_deg) is what is left between them.",
            "How much closer it has come is the distance before minus the distance after.",
        ),
        solution="""\
# The order matters: each rule may rely on those before it having said no.
was = circular_distance(before_deg, distractor_deg)
now = circular_distance(after_deg, distractor_deg)
if not present:
    return LOST
if now <= 10:
    return TAKEN
return PULLED if was - now > 8 else KEPT""",
    ),
    Number(
        title="A small map",
        points=2,
        labels=tuple(
            f"{strength / nA:g} nA, {distance:g}°"
            for strength in STRENGTHS
            for distance in DISTANCES_DEG
        ),
        reference=lambda: _codes().ravel(),
        tolerance=Tolerance(),
        remark=("The codes are LOST 0, KEPT 1, PULLED 2, TAKEN 3. " + _SEED_REMARK),
        slips=(
            Slip(
                lambda right: _codes().T.ravel(),
                "Right codes, other order: first all distances at 0.1 nA, then at 0.25 nA, then at "
                "0.4 nA.",
            ),
            Slip(
                lambda right: right - 1,
                "All codes are one too low. LOST is 0 and KEPT is 1.",
            ),
            Slip(
                lambda right: np.minimum(right, PULLED),
                "No run of yours is TAKEN. Look at the strongest distractor, far away.",
            ),
            Slip(
                lambda right: np.full(right.shape, KEPT),
                "You found all nine memories KEPT. Did the distractor have its strength, in "
                "ampere, as in 0.4*nA?",
            ),
        ),
        praise=(
            "How far the pull reaches grows with strength, and near the cue strength only moves "
            "the meeting point. Far away nothing happens, and nothing, and then everything: no "
            "distractor at 120 degrees moves the memory a little."
        ),
        hints=(
            "Two loops: over strengths outside, over distances inside.",
            "before_and_after gives two readings. The first argument of outcome is after.present.",
            "Append outcome(after.present, before.angle_deg, after.angle_deg, 350 + distance_deg).",
        ),
        solution="""\
# The rule was fixed before, so that no outcome depends on who looks at it.
codes = []
for strength in (0.1 * nA, 0.25 * nA, 0.4 * nA):
    for distance_deg in (45, 60, 120):
        before, after = before_and_after(run_trial(1, strength, distance_deg))
        places = before.angle_deg, after.angle_deg, 350 + distance_deg
        codes.append(outcome(after.present, *places))
    print(f"{strength / nA:.2f} nA: {[NAMES[code] for code in codes[-3:]]}")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B: means over seeds


@functools.cache
def _finals(strength: float, distance_deg: float, start: float = START) -> np.ndarray:
    """Where the memory is at the end, for each of SEEDS."""
    return np.array(
        [
            _read(_run(seed, strength, distance_deg, start), start + PULSE + DELAY - READ).angle_deg
            for seed in SEEDS
        ]
    )


LATE = 1500 * ms


def _control() -> np.ndarray:
    return _finals(0.0, 30.0)


def _near() -> np.ndarray:
    return _finals(0.1 * nA, 30.0)


def _far() -> np.ndarray:
    return _finals(0.1 * nA, 90.0)


def _late() -> np.ndarray:
    return _finals(0.1 * nA, 30.0, LATE)


def _turns(angles_deg: Any, reference_deg: Any) -> np.ndarray:
    radians = np.radians(np.asarray(angles_deg) - reference_deg)
    return np.degrees(np.arctan2(np.sin(radians), np.cos(radians)))


Difference = Callable[[Any, Any], np.ndarray]


def _spreads(difference: Difference = _turns, ddof: int = 1) -> np.ndarray:
    """Standard deviation from the cue and from the control: near, then far."""
    values = [
        difference(angles, reference)
        for angles in (_near(), _far())
        for reference in (CUE_DEG, _control())
    ]
    return np.array([math.sqrt(((v - v.mean()) ** 2).sum() / (v.size - ddof)) for v in values])


def _line(angles_deg: Any, reference_deg: Any) -> np.ndarray:
    return np.asarray(angles_deg - reference_deg)


#: The 97.5% point of Student's t with 7 degrees of freedom, from any table.
_T_7 = 2.364624


def _interval(values: np.ndarray, half_width: float = _T_7 / math.sqrt(len(SEEDS))) -> list[float]:
    """Mean and interval; the half width is in standard deviations."""
    mean = math.fsum(values) / values.size
    sd = math.sqrt(math.fsum((values - mean) ** 2) / (values.size - 1))
    return [mean, mean - half_width * sd, mean + half_width * sd]


def _pulls(
    difference: Difference = _turns,
    *,
    near_from: Callable[[], Any] = lambda: CUE_DEG,
    far_from: Callable[[], Any] = _control,
    **options: float,
) -> np.ndarray:
    shifts = (
        difference(_near(), near_from()),
        difference(_late(), CUE_DEG),
        difference(_far(), far_from()),
    )
    return np.array([value for shift in shifts for value in _interval(shift, **options)])


_DATA_REMARK = "Use the arrays control, near, far and late as they are, and do not round."

_PART_B: tuple[Specification, ...] = (
    Number(
        title="What pairing does to the spread",
        points=2,
        labels=("near, from cue", "near, from control", "far, from cue", "far, from control"),
        reference=_spreads,
        # The data are given, so that nothing is left but rounding.
        tolerance=Tolerance(relative=0.005, absolute=0.01),
        remark=_DATA_REMARK,
        slips=(
            Slip(
                lambda right: _spreads(ddof=0),
                "You divided by n. A spread estimated from eight runs divides by n - 1: ddof=1.",
            ),
            Slip(
                lambda right: _spreads(_line),
                "Those are spreads of plain differences. Memories lie on both sides of 0 degrees: "
                "use signed_difference.",
            ),
            Slip(
                lambda right: right**2,
                "Those are variances. The standard deviation is the square root.",
            ),
            Slip(
                lambda right: right / math.sqrt(len(SEEDS)),
                "Those are standard errors of the mean. How much do single runs differ?",
            ),
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: near from cue and from control, then far.",
            ),
        ),
        praise=(
            "For the far distractor pairing takes nearly all of the spread away. For the near one "
            "it makes things worse. So 'same seed' alone is no reason to subtract: what counts is "
            "what the two runs still have in common at the end."
        ),
        hints=(
            "signed_difference(near, 350) gives eight errors at once; so does "
            "signed_difference(near, control), run by run.",
            ".std(ddof=1) is the standard deviation of a sample.",
            "Do the same with far: four numbers in all.",
        ),
        solution="""\
# The same eight memories against two references; only the noise that both share cancels.
spreads = []
for angles in (near, far):
    from_cue, from_control = signed_difference(angles, 350), signed_difference(angles, control)
    spreads += [from_cue.std(ddof=1), from_control.std(ddof=1)]
print([f"{spread:.2f}" for spread in spreads])""",
    ),
    Number(
        title="Three pulls, with intervals",
        points=2,
        labels=tuple(
            f"{which}: {what}"
            for which in ("near", "late", "far")
            for what in ("mean", "low", "high")
        ),
        reference=_pulls,
        tolerance=Tolerance(absolute=0.01),
        remark=_DATA_REMARK,
        slips=(
            Slip(
                lambda right: _pulls(far_from=lambda: CUE_DEG),
                "For the far distractor you took the shift from the cue. From the control of the "
                "same seed, the interval is several times shorter.",
            ),
            Slip(
                lambda right: _pulls(near_from=_control),
                "For the near distractor you took the difference from the control, which question "
                "5 has shown to be the noisier measure.",
            ),
            Slip(
                lambda right: _pulls(half_width=1.959964 / math.sqrt(len(SEEDS))),
                "Your factor is 1.96, that of a normal distribution. The standard deviation is "
                "itself estimated from eight runs: Student's t.",
            ),
            Slip(
                lambda right: _pulls(half_width=1 / math.sqrt(len(SEEDS))),
                "That is plus and minus one standard error, an interval of about 68 %. Multiply "
                "by the factor of Student's t for 95 %.",
            ),
            Slip(
                lambda right: _pulls(half_width=_T_7),
                "You forgot to divide by the square root of n: that is where single runs lie. The "
                "mean of eight is known better.",
            ),
            Slip(
                lambda right: _pulls(_line),
                "Those are plain differences of angles. Memories lie on both sides of 0 degrees: "
                "use signed_difference.",
            ),
            Slip(
                lambda right: right.reshape(3, 3)[:, [0, 2, 1]].ravel(),
                "Low and high have changed places.",
            ),
        ),
        praise=(
            "The near distractor pulls for certain, by about a third of its distance. A memory "
            "that is a second older is pulled as much, as far as eight runs can tell: no sign that "
            "a bump ages. And for the far one you can say more than 'no effect found': if it pulls "
            "at all, then by less than a degree."
        ),
        hints=(
            "Make three arrays of eight shifts: near and late from the cue, far from the control.",
            "low, high = stats.ttest_1samp(shift, 0).confidence_interval(0.95)",
            "The answer is one list of nine: mean, low, high of near, then of late, then of far.",
        ),
        solution="""\
# What is left of the noise decides what to subtract: the cue, or the control run.
near_shift, late_shift = signed_difference(near, 350), signed_difference(late, 350)
far_shift = signed_difference(far, control)
pulls = []
for shift in (near_shift, late_shift, far_shift):
    low, high = stats.ttest_1samp(shift, 0).confidence_interval(0.95)
    pulls += [shift.mean(), low, high]
    print(f"{shift.mean():.1f} degrees, 95% interval {low:.1f} to {high:.1f}")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part C: which one stays


def _end(seed: int, distance_deg: float, start: float, t_cue: float, delay: float = DELAY) -> float:
    """Where the memory is at the end of a run with two pulses of equal strength."""
    spikes = _run(seed, CUE_STRENGTH, distance_deg, start, t_cue, delay)
    return _read(spikes, max(start, t_cue) + PULSE + delay - READ).angle_deg


ORDER_DISTANCES_DEG = (120.0, 30.0)


def _order(start: float = 100 * ms, t_cue: float = 500 * ms) -> np.ndarray:
    return np.array([_end(SEED, distance, start, t_cue) for distance in ORDER_DISTANCES_DEG])


def _together(
    start: float = 100 * ms, delay: float = 1 * second, first_seed: int = TOGETHER_SEEDS[0]
) -> np.ndarray:
    """Two cues 40 degrees apart, once, then 120 degrees apart, with six seeds."""
    seeds = range(first_seed, first_seed + len(TOGETHER_SEEDS))
    ends = [_end(SEED, 40.0, start, 100 * ms, delay)]
    return np.array(ends + [_end(seed, 120.0, start, 100 * ms, delay) for seed in seeds])


#: How far apart the two strengths may be, and the strongest current that is tried.
GAP, STRONGEST = 0.02 * nA, 1.0 * nA


def _judge_update(answer: Any, seed: int) -> None:
    kept, taken = (float(value) for value in read_numbers(answer, "", (2,)))
    if max(kept, taken) >= 1e-3:
        raise Refused("Give both strengths in ampere, with their unit: 0.3*nA, not 0.3.")
    if min(kept, taken) <= 0 or max(kept, taken) > STRONGEST:
        raise Refused(f"Both strengths should lie between 0 and {STRONGEST / nA:g} nA.")
    if kept >= taken:
        raise Refused("Give the weaker one first: the one that is ignored, then the one that wins.")
    if taken - kept > GAP * (1 + 1e-6):
        raise Refused(
            f"Those are {(taken - kept) / nA:.3g} nA apart; at most {GAP / nA:g} nA is asked for. "
            "Try a strength in the middle, and keep the half in which the outcome changes."
        )
    codes = []
    for strength in (kept, taken):
        before, after = _before_and_after(SEED, strength, 120.0)
        codes.append(_outcome(after.present, before.angle_deg, after.angle_deg, CUE_DEG + 120.0))
    for strength, code, wanted, other in (
        (kept, codes[0], KEPT, "The first strength has to leave the old memory where it was."),
        (taken, codes[1], TAKEN, "The second strength has to bring the new one in its place."),
    ):
        if code != wanted:
            became = ("lost", "kept", "pulled", "taken")[code]
            raise Refused(
                f"With {strength / nA:.4g} nA and seed={SEED} the old memory is {became}. {other}"
            )


# The bump drifts a degree or two between a window of 100 ms and one of 200 ms.
_PLACE = Tolerance(absolute=3.0)

_PART_C: tuple[Specification, ...] = (
    Number(
        title="The distractor comes first",
        unit="°",
        labels=("120° apart", "30° apart"),
        reference=_order,
        tolerance=_PLACE,
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _order(start=START, t_cue=100 * ms),
                "That is with the cue first, as before. Pass start=100*ms and t_cue=500*ms.",
            ),
            Slip(
                lambda right: [CUE_DEG, CUE_DEG],
                "That is where the cue was. The network has not been told which of the two is the "
                "cue. Read what it holds.",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first 120 degrees apart, then 30.",
            ),
            Slip(
                lambda right: right * 1024 / 360,
                "Those are numbers of cells. read_bump gives the angle.",
            ),
        ),
        praise=(
            "First come, first held. The network has no label that says cue: what you call the "
            "distractor is the memory now, and your cue is the distractor. Far apart it is "
            "ignored, near it pulls. Telling the two apart takes something from outside the ring."
        ),
        hints=(
            "run_trial(1, 0.2*nA, distance_deg, start=100*ms, t_cue=500*ms)",
            "The run ends 500 ms after the later pulse, at 1.2 s. Read its last 200 ms.",
            "read_bump(run.spike_monitor_excit, 1000*ms, 1200*ms).angle_deg",
        ),
        solution="""\
# Both pulses have 0.2 nA; only their order is new. The run ends 500 ms after the later one.
remembered = []
for distance_deg in (120, 30):
    run = run_trial(1, 0.2 * nA, distance_deg, start=100 * ms, t_cue=500 * ms)
    remembered.append(read_bump(run.spike_monitor_excit, 1000 * ms, 1200 * ms).angle_deg)
    print(f"distractor at {(350 + distance_deg) % 360}: {remembered[-1]:.0f} degrees")
    figure, ax = plot_space_time(run.spike_monitor_excit, cue_spans=PULSES)""",
    ),
    Number(
        title="Both at once",
        points=2,
        unit="°",
        labels=("40° apart, seed 1", *(f"120° apart, seed {seed}" for seed in TOGETHER_SEEDS)),
        reference=_together,
        tolerance=_PLACE,
        remark="Are they the seeds 1 to 6, read in the last 200 ms of a run with delay=1*second?",
        slips=(
            Slip(
                lambda right: _together(start=START),
                "There the second cue comes later, at 500 ms. Pass start=100*ms, so that both "
                "are on at once.",
            ),
            Slip(
                lambda right: _together(delay=DELAY),
                "That is half a second after the cues. Some are undecided then: pass "
                "delay=1*second.",
            ),
            Slip(
                lambda right: _together(first_seed=0),
                "Those are the seeds 0 to 5. Take 1 to 6.",
            ),
            Slip(
                lambda right: [190.0, *right[1:]],
                "190 is the plain mean of 350 and 30. On the ring their middle is elsewhere.",
            ),
        ),
        praise=(
            "Near: the two merge, and what is held is a place in the middle where nothing was "
            "shown. Far: one of the two goes out. Their currents are alike, so it is chance that "
            "decides; that one of them has to go is not chance."
        ),
        hints=(
            "run_trial(seed, 0.2*nA, distance_deg, start=100*ms, delay=1*second)",
            "The run ends at 1.3 s; read from 1.1 s. read_bump without an end reads to the end.",
            "One run at 40 degrees with seed 1, then a loop over range(1, 7) at 120 degrees.",
        ),
        solution="""\
together = []
for seed, distance_deg in ((1, 40), *((seed, 120) for seed in range(1, 7))):
    run = run_trial(seed, 0.2 * nA, distance_deg, start=100 * ms, delay=1 * second)
    together.append(read_bump(run.spike_monitor_excit, 1100 * ms, 1300 * ms).angle_deg)
    print(f"{distance_deg} degrees apart, seed {seed}: {together[-1]:.0f} degrees")""",
    ),
    Custom(
        title="An update against the old memory",
        points=2,
        form=(
            "a list of two strengths in ampere, [ignored, wins], at most 0.02 nA apart "
            "(both are run again: exact outcomes)"
        ),
        judgement=_judge_update,
        praise=(
            "The border is sharp: a few hundredths of a nanoampere below it the old memory does "
            "not even move, and above it the new one is all there is. And it lies well above the "
            "0.2 nA that are plenty in a quiet network. Holding on and taking in are at odds: a "
            "ring that resists distractors resists updates, too."
        ),
        hints=(
            "In question 4 you saw one strength at 120 degrees that leaves the memory alone and "
            "one that takes it. The border is between them.",
            "Take the middle of the two. If the memory is kept, it is the new lower end; if it is "
            "taken, the new upper end. Repeat.",
            "Three or four halvings of 0.25 to 0.4 nA are enough. A run is TAKEN if outcome says "
            "so.",
        ),
        solution="""\
# Halve the interval, and keep the half in which the outcome changes.
ignored, wins = 0.25 * nA, 0.4 * nA
while wins - ignored > 0.02 * nA:
    middle = (ignored + wins) / 2
    before, after = before_and_after(run_trial(1, middle, 120))
    if outcome(after.present, before.angle_deg, after.angle_deg, 110) == TAKEN:
        wins = middle
    else:
        ignored = middle
update = [ignored, wins]
print(f"ignored at {ignored / nA:.3f} nA, taken at {wins / nA:.3f} nA")""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part D: why


def _rate(
    monitor: SpikeMonitor, t_min: float, t_max: float, around_deg: float | None = None
) -> float:
    """Mean rate in a window, of all cells or of those within 15 degrees of a place."""
    place = np.arange(monitor.N) * (360.0 / monitor.N)
    chosen = np.ones(monitor.N, dtype=bool)
    if around_deg is not None:
        chosen = np.cos(np.radians(place - around_deg)) >= math.cos(math.radians(15)) - 1e-12
    within = (monitor.t >= t_min) & (monitor.t < t_max) & chosen[monitor.i]
    return float(within.sum() / chosen.sum() / (t_max - t_min))


_SECOND_DEG = 110.0


@functools.cache
def _defence(everywhere: bool = False, excit: bool = False) -> np.ndarray:
    """Rates of I cells before each pulse, and of the driven E cells under it."""
    spikes = _run(SEED, CUE_STRENGTH, 120.0)
    before = spikes.excit if excit else spikes.inhib
    cue, second_cue = (None, None) if everywhere else (CUE_DEG, _SECOND_DEG)
    return np.array(
        [
            _rate(before, 50 * ms, 100 * ms),
            _rate(before, 400 * ms, 500 * ms),
            _rate(spikes.excit, 100 * ms, 300 * ms, cue),
            _rate(spikes.excit, 500 * ms, 700 * ms, second_cue),
        ]
    )


_PART_D: tuple[Specification, ...] = (
    Number(
        title="How the memory defends itself",
        points=2,
        unit="Hz",
        labels=("I before cue", "I before distractor", "E under cue", "E under distractor"),
        reference=_defence,
        # One cell more or less at either edge changes a rate by about 1 %; the absolute part is
        # for the interneurons' first window, which holds some hundred spikes only.
        tolerance=Tolerance(relative=0.03, absolute=0.6 * Hz),
        remark=_SEED_REMARK,
        slips=(
            Slip(
                lambda right: _defence(everywhere=True),
                "The last two are means over all excitatory cells. Take those within 15 degrees of "
                "the pulse: cells_near.",
            ),
            Slip(
                lambda right: _defence(excit=True),
                "The first two are rates of excitatory cells. Ask the interneurons: "
                "spike_monitor_inhib.",
            ),
            Slip(
                lambda right: right * [0.05, 0.1, 0.2, 0.2],
                "Those are spikes per cell. Divide by the length of the window.",
            ),
            Slip(
                lambda right: right * [256, 256, 86, 85],
                "Those are spikes per second of all these cells together. Give the mean per cell.",
            ),
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: both rates of I cells first, then both of E cells.",
            ),
        ),
        praise=(
            "The same current, the same number of cells. In the quiet network they fire at over "
            "100 Hz, under the inhibition that the bump calls up they hardly fire at all. No wall "
            "round the bump is needed: it keeps the interneurons busy, and these reach every cell."
        ),
        hints=(
            "The counts of get_spike_count have one value per cell. Their mean, over the length of "
            "the window, is the rate.",
            "For the interneurons: get_spike_count(run.spike_monitor_inhib, None, 50*ms, 100*ms).",
            "For the driven cells: get_spike_count(run.spike_monitor_excit, cells_near(350), "
            "100*ms, 300*ms); for the distractor cells_near(110), 500*ms, 700*ms.",
        ),
        solution="""\
# One run has both: a pulse into a quiet network, and an equal one against a memory.
run = run_trial(1, 0.2 * nA, 120)
excit, inhib = run.spike_monitor_excit, run.spike_monitor_inhib
defence = [
    get_spike_count(inhib, None, 50 * ms, 100 * ms).mean() / (50 * ms),
    get_spike_count(inhib, None, 400 * ms, 500 * ms).mean() / (100 * ms),
    get_spike_count(excit, cells_near(350), 100 * ms, 300 * ms).mean() / (200 * ms),
    get_spike_count(excit, cells_near(110), 500 * ms, 700 * ms).mean() / (200 * ms),
]
print([f"{rate:.1f} Hz" for rate in defence])""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C + _PART_D
