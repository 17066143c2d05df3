"""The questions of notebook 08: how many items, how exactly, and for how long.

As in :mod:`wmtutor.checks.flexible_1`, the checker repeats the learner's trials and reads them from
the recorded inputs with its own formulas. Fits it does with a general optimiser, survival by
another algorithm than the notebook's.
"""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from wmtutor.checks._mechanism import (
    Case,
    Function,
    Number,
    Slip,
    Specification,
    Tolerance,
)
from wmtutor.checks.flexible_1 import ring_vectors
from wmtutor.flexible import (
    FlexibleNetwork,
    FlexibleParameters,
    FlexibleRun,
    NetworkParameters,
    build_network,
    simulate_flexible_wm,
)
from wmtutor.units import ms, second

__all__ = ["QUESTIONS", "SEED", "TRIALS"]

#: The seed of the network that the notebook asks for.
SEED = 1
#: The number of trials of a load; their seeds count from 0.
TRIALS = 10

_TRIAL = FlexibleParameters()
_N_RINGS = NetworkParameters().N_rings
_N = NetworkParameters().N_sensory
_CUE_END = 200 * ms

# The repeated runs are the same to the last spike. What is left is rounding in print.
_COUNTS = Tolerance(absolute=0.01)
_TRIALS_REMARK = f"Are they the trials of runs[load], with the seeds 0 to {TRIALS - 1}?"


# ---------------------------------------------------------------------------------------------
# The checker's own runs and readings


class _Reading(NamedTuple):
    """What the rings of one trial hold at the test."""

    strength: np.ndarray
    angle_deg: np.ndarray
    cued_rings: np.ndarray
    cue_positions_deg: np.ndarray

    @property
    def present(self) -> np.ndarray:
        return self.strength > _TRIAL.memory_threshold

    @property
    def kept(self) -> np.ndarray:
        return self.present[self.cued_rings]

    @property
    def spurious(self) -> int:
        return int(self.present.sum() - self.kept.sum())

    def errors(self) -> np.ndarray:
        """Of all cued rings, kept or not: from cue to memory, with a sign."""
        radians = np.deg2rad(self.angle_deg[self.cued_rings] - self.cue_positions_deg)
        return np.rad2deg(np.arctan2(np.sin(radians), np.cos(radians)))

    def distances(self, *, linear: bool = False) -> np.ndarray:
        if linear:
            return np.abs(self.angle_deg[self.cued_rings] - self.cue_positions_deg)
        return np.abs(self.errors())


def _read(run: FlexibleRun) -> _Reading:
    at = int(np.argmin(np.abs(run.state_t - run.parameters.test_time)))
    z = ring_vectors(run.s_sensory[at])
    return _Reading(np.abs(z), np.rad2deg(np.angle(z)) % 360, run.cued_rings, run.cue_positions_deg)


@functools.lru_cache(maxsize=1)
def _network() -> FlexibleNetwork:
    return build_network(seed=SEED)


@functools.cache
def _trials(load: int, number: int = TRIALS) -> tuple[_Reading, ...]:
    return tuple(
        _read(simulate_flexible_wm(load, network=_network(), seed=seed, record_dt=100 * ms))
        for seed in range(number)
    )


LOADS = tuple(range(1, _N_RINGS + 1))


def _means(count: Callable[[_Reading], float], loads: tuple[int, ...] = LOADS) -> np.ndarray:
    """Mean over the trials of each load."""
    return np.array([np.mean([count(trial) for trial in _trials(load)]) for load in loads])


@functools.cache
def _mean_kept() -> np.ndarray:
    return _means(lambda trial: trial.kept.sum())


def _mean_present() -> np.ndarray:
    return _means(lambda trial: trial.present.sum())


def _best_capacity(curve: Callable[[np.ndarray], np.ndarray], kept: np.ndarray) -> float:
    """The K with the least squares, by looking at every thousandth."""
    K = np.arange(1, 20_000) / 1000
    return float(K[np.argmin(((curve(K[:, None]) - kept) ** 2).sum(axis=1))])


#: The load at which the notebook asks for Cowan's K.
COWAN_LOAD = 4


@functools.cache
def _capacities() -> np.ndarray:
    """By slots, by the smooth curve, and by Cowan's formula."""
    load, kept = np.array(LOADS, dtype=float), _mean_kept()
    slots = _best_capacity(lambda K: np.where(load < K, load, K), kept)
    smooth = _best_capacity(lambda K: K - K * np.exp(-load / K), kept)
    trials = _trials(COWAN_LOAD)
    made_up = np.mean([trial.spurious for trial in trials])
    cowan = kept[COWAN_LOAD - 1] - COWAN_LOAD * made_up / (_N_RINGS - COWAN_LOAD)
    return np.array([slots, smooth, cowan])


ERROR_LOADS = (1, 4, 8)


def _mean_errors(*, forgotten_too: bool = False, linear: bool = False) -> np.ndarray:
    """Mean distance at each of ERROR_LOADS, over the kept items of all trials."""
    means = []
    for load in ERROR_LOADS:
        trials = _trials(load)
        distances = np.concatenate([trial.distances(linear=linear) for trial in trials])
        kept = np.concatenate([trial.kept for trial in trials])
        means.append(float((distances if forgotten_too else distances[kept]).mean()))
    return np.array(means)


def _mean_of_trial_means() -> np.ndarray:
    return np.array(
        [
            np.mean([t.distances()[t.kept].mean() for t in _trials(load) if t.kept.any()])
            for load in ERROR_LOADS
        ]
    )


# ---------------------------------------------------------------------------------------------
# Part A: how many


def _count_rings(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Kept, forgotten, spurious, and the two fractions, ring by ring."""
    kept = forgotten = spurious = 0
    cued = {int(ring) for ring in cued_rings}
    for ring, there in enumerate(present):
        if ring in cued:
            kept, forgotten = kept + bool(there), forgotten + (not there)
        else:
            spurious += bool(there)
    return [kept, forgotten, spurious, kept / len(cued), spurious / (len(present) - len(cued))]


def _count_rings_over(present: np.ndarray, cued_rings: np.ndarray, what: str) -> list[float]:
    """The same with a slip in it."""
    kept, forgotten, spurious, *fractions = _count_rings(present, cued_rings)
    N, load, there = len(present), len(cued_rings), int(np.sum(present))
    wrong: dict[str, list[float]] = {
        "kept over all": [kept / N, fractions[1]],
        "spurious over all": [fractions[0], spurious / N],
        "both over all": [kept / N, spurious / N],
        "spurious over load": [fractions[0], spurious / load],
        "over present": [kept / max(there, 1), spurious / max(there, 1)],
    }
    return [kept, forgotten, spurious, *wrong[what]]


def _count_rings_first(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Takes the first rings for the cued ones."""
    return _count_rings(present, np.arange(len(cued_rings)))


def _count_rings_all_present(present: np.ndarray, cued_rings: np.ndarray) -> list[float]:
    """Counts every memory as kept."""
    there, load = int(np.sum(present)), len(cued_rings)
    _, _, spurious, _, fraction = _count_rings(present, cued_rings)
    return [there, load - there, spurious, there / load, fraction]


def _count_rings_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    drawn = generator.permutation(7)[: generator.integers(2, 6)]
    active = generator.permutation([1, 0, 0, 1, 1, 0, 1])

    def case(present: list[int], cued: list[int], shown: str, why: str = "") -> Case:
        return Case((np.array(present, dtype=bool), np.array(cued)), f"count_rings({shown})", why)

    return [
        case(
            [0, 1, 0, 1, 0, 0, 1, 0],
            [1, 2, 5, 6],
            "4 of 8 rings cued, 2 of them kept, 1 other active",
        ),
        case([1, 1, 1, 1, 1, 1, 1, 1], [0, 3, 7], "3 of 8 rings cued, all 8 active"),
        case(
            [0, 1, 0, 0, 0],
            [4],
            "1 of 5 rings cued and forgotten, 1 other active",
            "A network may have another number of rings than 8: len(present).",
        ),
        case(
            [1, 0, 0, 0, 1, 1],
            [5, 4],
            "rings 5 and 4 of 6 cued, both kept, ring 0 active",
            "cued_rings holds the numbers of rings, in any order.",
        ),
        case(active.tolist(), drawn.tolist(), f"rings {drawn.tolist()} of 7 cued, 4 rings active"),
    ]


def _cowan(
    load: int,
    kept: np.ndarray,
    spurious: np.ndarray,
    N_rings: int,
    *,
    corrected: bool = True,
    others: int | None = None,
    items: int | None = None,
) -> float:
    """By sums over trials; the options are the slips."""
    hits = math.fsum(kept) / (len(kept) * load)
    alarms = math.fsum(spurious) / (len(spurious) * (others or N_rings - load))
    return (items or load) * (hits - (alarms if corrected else 0.0))


def _cowan_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    N_rings, load = 9, int(generator.integers(2, 7))
    kept = generator.integers(0, load + 1, size=12)
    spurious = generator.integers(1, N_rings - load + 1, size=12)
    call = "cowan_k({})"
    return [
        Case((4, np.array([3, 3, 3, 3]), np.array([0, 1, 0, 1]), 8), call.format("4, ...")),
        Case(
            (6, np.array([2, 4, 3]), np.array([0, 0, 0]), 8),
            call.format("6, with no spurious memories, ..."),
            "Without false alarms K is the mean number kept.",
        ),
        Case(
            (5, np.array([5, 5]), np.array([3, 3]), 8),
            call.format("5, with all 8 rings active, ..."),
            "If every ring is active whether it was cued or not, nothing is remembered: K is 0.",
        ),
        Case(
            (load, kept, spurious, N_rings),
            call.format(f"{load}, 12 trials on a network of {N_rings} rings"),
            "A network may have another number of rings than 8: N_rings.",
        ),
    ]


_PART_A: tuple[Specification, ...] = (
    Function(
        title="Kept, forgotten, spurious",
        points=2,
        signature="count_rings(present, cued_rings)",
        reference=_count_rings,
        cases=_count_rings_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_count_rings_over, what="both over all"),
                "The counts are right. Both fractions are of all rings; take the kept ones of the "
                "cued rings, and the spurious ones of those not cued.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="kept over all"),
                "All is right but the kept fraction. It is of the cued rings, not of all.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="spurious over all"),
                "All is right but the spurious fraction. It is of the rings that were not cued, "
                "not of all.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="spurious over load"),
                "All is right but the spurious fraction. It is of the rings that were not cued; "
                "you divide by those that were.",
            ),
            Slip(
                functools.partial(_count_rings_over, what="over present"),
                "The counts are right. Your fractions are of the active rings; take the kept ones "
                "of the cued rings, and the spurious ones of those not cued.",
            ),
            Slip(
                _count_rings_all_present,
                "You count every active ring as kept. Only a cued ring has something to keep.",
            ),
            Slip(
                _count_rings_first,
                "You take the first rings for the cued ones. cued_rings holds their numbers: "
                "present[cued_rings].",
            ),
        ),
        praise=(
            "Each fraction has its own whole: what could have been kept, and what could have been "
            "made up."
        ),
        hints=(
            "present[cued_rings] are the cued rings only. The sum of truth values counts them.",
            "Spurious are the active rings that were not kept: present.sum() - kept.",
            "There are len(cued_rings) cued rings and len(present) - len(cued_rings) others.",
        ),
        solution="""\
load = len(cued_rings)
kept = present[cued_rings].sum()
spurious = present.sum() - kept
return [kept, load - kept, spurious, kept / load, spurious / (len(present) - load)]""",
    ),
    Number(
        title="How many are kept",
        labels=tuple(f"load {load}" for load in LOADS),
        reference=_mean_kept,
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: right / np.array(LOADS),
                "Those are fractions. Numbers of items are asked for.",
            ),
            Slip(
                lambda right: np.array(LOADS) - right,
                "Those are the forgotten ones.",
            ),
            Slip(
                lambda right: _mean_present(),
                "Those are all active rings, spurious ones too. Count the cued rings only.",
            ),
            Slip(
                lambda right: right * TRIALS,
                f"Those are sums over the {TRIALS} trials. Take the mean.",
            ),
            Slip(
                lambda right: [float(_trials(load)[0].kept.sum()) for load in LOADS],
                f"That is the first trial alone. Take the mean over all {TRIALS}.",
            ),
        ),
        praise=(
            "A single item is nearly always kept; of eight, fewer than half are. The number kept "
            "grows ever more slowly. No limit was put into the network: the items get in each "
            "other's way."
        ),
        hints=(
            "runs[load] is a list of ten runs.",
            "run.maintained is the number kept in one run, as the first value of your count_rings.",
            "np.mean([run.maintained for run in runs[load]]), for each load from 1 to 8.",
        ),
        solution="""\
mean_kept = [np.mean([run.maintained for run in runs[load]]) for load in range(1, 9)]
for load, kept in enumerate(mean_kept, start=1):
    print(f"load {load}: {kept:.1f} kept")""",
    ),
    Function(
        title="Cowan's K",
        points=2,
        signature="cowan_k(load, kept, spurious, N_rings)",
        reference=_cowan,
        cases=_cowan_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_cowan, corrected=False),
                "That is the mean number kept. Take the false alarms off.",
            ),
            Slip(
                lambda load, kept, spurious, N_rings: _cowan(
                    load, kept, spurious, N_rings, others=load
                ),
                "You take spurious memories as a fraction of the cued rings. They can occur on the "
                "others only: divide by N_rings - load.",
            ),
            Slip(
                lambda load, kept, spurious, N_rings: _cowan(
                    load, kept, spurious, N_rings, others=N_rings
                ),
                "You take spurious memories as a fraction of all rings. They can occur on those "
                "only that were not cued: divide by N_rings - load.",
            ),
            Slip(
                lambda load, kept, spurious, N_rings: _cowan(
                    load, kept, spurious, N_rings, items=N_rings
                ),
                "The difference of the fractions is right. Multiply it by the load, not by the "
                "number of rings.",
            ),
            Slip(
                lambda load, kept, spurious, N_rings: _cowan(load, kept, spurious, N_rings) / load,
                "That is the difference of the two fractions. K is a number of items: multiply by "
                "the load.",
            ),
        ),
        praise=(
            "A ring that is active by chance scores a hit as well. How often that happens, the "
            "rings tell that were shown nothing. K takes it off."
        ),
        hints=(
            "The hits are a fraction of the cued rings: kept.mean() / load.",
            "The false alarms are a fraction of the rings that were not cued: "
            "spurious.mean() / (N_rings - load).",
        ),
        solution="""\
# Each fraction has its own whole: the rings where it can occur.
hits = np.mean(kept) / load
false_alarms = np.mean(spurious) / (N_rings - load)
return load * (hits - false_alarms)""",
    ),
    Number(
        title="Three capacities of one network",
        points=2,
        labels=("slots", "smooth", f"Cowan's K at load {COWAN_LOAD}"),
        reference=_capacities,
        # Curves fitted to the same means: another method of fitting is not off by more.
        tolerance=Tolerance(absolute=0.02),
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: [right[0], _mean_kept().max(), right[2]],
                'The second is the "plateau", the largest mean. The smooth curve is the model '
                '"saturating".',
            ),
            Slip(
                lambda right: [*right[:2], _mean_kept()[COWAN_LOAD - 1]],
                "The third is the mean number kept. Cowan's K takes the false alarms off.",
            ),
            Slip(
                lambda right: [right[1], right[0], right[2]],
                "Right numbers, other order: first slots, then the smooth curve.",
            ),
            Slip(
                lambda right: [right[0], right[0], right[2]],
                'Both fits are with slots. The smooth curve is the model "saturating".',
            ),
        ),
        praise=(
            "One network, the same trials, and three capacities. None is wrong: they are three "
            "quantities with one name. Before you compare capacities of two groups of people, "
            "see that they were computed alike."
        ),
        hints=(
            "fit_capacity takes two lists of the same length, a value for each trial: the loads "
            "and the numbers kept.",
            'fit_capacity(loads, kept, "slots").capacity.estimate is a number. The smooth curve '
            'is called "saturating".',
            "For the third, pass run.maintained and run.spurious of runs[4] to your cowan_k, as "
            "arrays.",
        ),
        solution="""\
loads = [load for load in runs for run in runs[load]]
kept = [run.maintained for load in runs for run in runs[load]]
# The fits see trials, not means: that gives them their confidence intervals.
capacities = [fit_capacity(loads, kept, m).capacity.estimate for m in ("slots", "saturating")]
hits = np.array([run.maintained for run in runs[4]])
false_alarms = np.array([run.spurious for run in runs[4]])
capacities.append(cowan_k(4, hits, false_alarms, 8))
print(np.round(capacities, 2))""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B: how well


def _distances(
    memory_angle_deg: np.ndarray,
    memory_present: np.ndarray,
    cued_rings: np.ndarray,
    cue_positions_deg: np.ndarray,
    *,
    linear: bool = False,
) -> list[float]:
    """Distance from cue to memory of the kept rings, by the angle between two unit vectors."""
    distances = []
    for ring, cue in zip(cued_rings, cue_positions_deg, strict=True):
        if memory_present[ring]:
            difference = math.radians(memory_angle_deg[ring] - cue)
            way = abs(math.atan2(math.sin(difference), math.cos(difference)))
            distances.append(abs(math.degrees(difference if linear else way)))
    return distances


def _distances_one_way(
    angle: np.ndarray, present: np.ndarray, rings: np.ndarray, cues: np.ndarray
) -> np.ndarray:
    return (angle[rings] - cues)[present[rings]] % 360


def _distances_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    N, load = 8, int(generator.integers(3, 7))
    rings = generator.permutation(N)[:load]
    there = generator.random(N) < 0.5
    # At least one kept and one forgotten.
    there[rings[:2]] = True, False

    def case(
        angle: list[float],
        there: list[int],
        rings: list[int],
        cues: list[float],
        shown: str,
        why: str,
    ) -> Case:
        return Case(
            (np.array(angle), np.array(there, dtype=bool), np.array(rings), np.array(cues)),
            f"kept_distances({shown})",
            why,
        )

    return [
        case(
            [100.0, 200.0, 300.0, 50.0],
            [1, 0, 1, 1],
            [0, 1, 2],
            [90.0, 20.0, 330.0],
            "rings 0, 1 and 2 cued, ring 1 forgotten, ring 3 spurious",
            "Two rings of the three were kept, so two distances are asked for.",
        ),
        case(
            [30.0, 5.0, 350.0, 0.0, 77.0],
            [0, 1, 1, 1, 1],
            [1, 2, 4],
            [350.0, 10.0, 257.5],
            "rings 1, 2 and 4 cued, all kept",
            "From 350° to 5° it is 15°: through 0°.",
        ),
        case(
            [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 181.0],
            [0, 0, 0, 0, 0, 0, 0, 1],
            [7],
            [0.0],
            "ring 7 cued and kept",
            "From 0° to 181° it is 179° the other way round.",
        ),
        case(
            generator.uniform(0, 360, N).round(1).tolist(),
            there.tolist(),
            rings.tolist(),
            generator.uniform(0, 360, load).round(1).tolist(),
            f"rings {rings.tolist()} of 8 cued",
            "cued_rings holds the numbers of rings, in any order.",
        ),
    ]


def _mixture(
    error_deg: np.ndarray,
    guess_fraction: float,
    kappa: float,
    *,
    turn: float = 360.0,
    memory_turn: float | None = None,
    guess_density: float | None = None,
    weights: tuple[float, float] | None = None,
    period: float = 360.0,
    normalised: bool = True,
) -> np.ndarray:
    """The hump normalised by a sum over the circle; the options are the slips."""
    grid = np.exp(kappa * (np.cos(2 * np.pi * np.arange(4096) / 4096) - 1))
    hump = np.exp(kappa * (np.cos(2 * np.pi * np.asarray(error_deg) / period) - 1))
    hump = hump / grid.mean() if normalised else hump * math.exp(kappa)
    of_memories, of_guesses = weights or (1 - guess_fraction, guess_fraction)
    flat = 1 / turn if guess_density is None else guess_density
    return of_memories * hump / (memory_turn or turn) + of_guesses * flat


def _mixture_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    drawn = generator.uniform(-180, 180, 7).round(1)
    g, kappa = float(generator.uniform(0.1, 0.9)), float(generator.uniform(1, 30))
    call = "mixture({}, {:.3g}, {:.3g})"
    steps = np.arange(-180.0, 180.0, 20.0)
    return [
        Case(
            (np.array([0.0, 10.0, -90.0, 180.0]), 0.25, 8.0),
            call.format("[0, 10, -90, 180]", 0.25, 8),
        ),
        Case(
            (steps, 1.0, 8.0),
            call.format("-180 to 160", 1, 8),
            "If all are guesses, the density is 1/360 per degree everywhere.",
        ),
        Case(
            (steps, 0.0, 2.0),
            call.format("-180 to 160", 0, 2),
            "If none are guesses, it is the von Mises density alone.",
        ),
        Case((drawn, g, kappa), call.format(drawn.tolist(), g, kappa)),
    ]


#: Where the fit is held against the truth.
MIXTURE_LOAD, MIXTURE_TRIALS = 6, 40


def _circular_sd(errors_deg: np.ndarray) -> float:
    length = np.hypot(*(f(np.deg2rad(errors_deg)).mean() for f in (np.cos, np.sin)))
    return math.degrees(math.sqrt(-2 * math.log(length)))


def _fit(errors_deg: np.ndarray) -> tuple[float, float]:
    """Guess fraction and standard deviation (degrees) of the likeliest mixture."""
    from scipy.optimize import minimize
    from scipy.special import expit, i0e, i1e

    cosines = np.cos(np.deg2rad(errors_deg))

    def surprise(point: np.ndarray) -> float:
        g, kappa = expit(point[0]), math.exp(point[1])
        hump = np.exp(kappa * (cosines - 1)) / i0e(kappa)
        return -float(np.log((1 - g) * hump + g).sum())

    starts = [(g, kappa) for g in (-3.0, 0.0) for kappa in (0.5, 2.5)]
    precise = {"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000}
    fits = [minimize(surprise, start, method="Nelder-Mead", options=precise) for start in starts]
    logit, log_kappa = min(fits, key=lambda fit: fit.fun).x
    kappa = math.exp(log_kappa)
    return float(expit(logit)), math.degrees(math.sqrt(-2 * math.log(i1e(kappa) / i0e(kappa))))


@functools.cache
def _reports(trials: int = MIXTURE_TRIALS) -> tuple[np.ndarray, np.ndarray]:
    """Errors of all items, and which were kept."""
    readings = _trials(MIXTURE_LOAD, trials)
    errors = np.concatenate([reading.errors() for reading in readings])
    return errors, np.concatenate([reading.kept for reading in readings])


@functools.cache
def _fit_and_truth(trials: int = MIXTURE_TRIALS, *, kept_only: bool = False) -> np.ndarray:
    errors, kept = _reports(trials)
    guesses, sd_deg = _fit(errors[kept] if kept_only else errors)
    return np.array([guesses, 1 - kept.mean(), sd_deg, _circular_sd(errors[kept])])


def _plain_sd() -> float:
    errors, kept = _reports()
    return float(errors[kept].std())


_PART_B: tuple[Specification, ...] = (
    Function(
        title="How far off the kept ones are",
        points=2,
        signature="kept_distances(memory_angle_deg, memory_present, cued_rings, cue_positions_deg)",
        unit="°",
        reference=_distances,
        cases=_distances_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            Slip(
                functools.partial(_distances, linear=True),
                "You subtract as on a line. On the ring 359° and 1° are 2° apart: bring the "
                "difference into -180° to 180° before you take its size.",
            ),
            # As angles, a way round in one direction and a distance with a sign are the same.
            Slip(
                _distances_one_way,
                "Those say how far to go in one direction, or with a sign. A distance is the "
                "shorter way: from 0 to 180°, never negative.",
            ),
        ),
        praise=(
            "A forgotten item has an angle too, but a meaningless one. And an average over angles "
            "that ignores the way round would report errors that nobody made."
        ),
        hints=(
            "memory_angle_deg[cued_rings] are the angles of the cued rings, in the order of "
            "cue_positions_deg.",
            "(difference + 180) % 360 - 180 brings a difference into -180 to 180.",
            "At the end, select with memory_present[cued_rings].",
        ),
        solution="""\
difference = memory_angle_deg[cued_rings] - cue_positions_deg
# Into -180 to 180 first: the way through 0 may be the shorter one.
distance = np.abs((difference + 180) % 360 - 180)
return distance[memory_present[cued_rings]]""",
    ),
    Number(
        title="Precision and load",
        unit="°",
        labels=tuple(f"load {load}" for load in ERROR_LOADS),
        reference=_mean_errors,
        tolerance=Tolerance(absolute=0.1),
        remark=_TRIALS_REMARK,
        slips=(
            Slip(
                lambda right: _mean_errors(forgotten_too=True),
                "The forgotten items are among them. Their angles mean nothing: leave them out.",
            ),
            Slip(
                lambda right: _mean_errors(linear=True),
                "Some differences go the long way round the ring. Use your kept_distances.",
            ),
            Slip(
                lambda right: _mean_of_trial_means(),
                "Those are means of the trials' means, so an item counts for more where few were "
                "kept. Put the items of all trials together first: np.concatenate.",
            ),
        ),
        praise=(
            "So load costs twice: fewer items are kept, and those that are kept are less precise. "
            "Ten trials on one network are few. Now see what ten networks say."
        ),
        hints=(
            "For each run: kept_distances(run.memory_angle_deg, run.memory_present, "
            "run.cued_rings, run.cue_positions_deg).",
            "np.concatenate makes one array out of a list of arrays. Then take the mean.",
        ),
        solution="""\
mean_errors = []
for load in (1, 4, 8):
    distances = [
        kept_distances(
            run.memory_angle_deg, run.memory_present, run.cued_rings, run.cue_positions_deg
        )
        for run in runs[load]
    ]
    # Items of all trials together: each counts once, however many its trial kept.
    mean_errors.append(np.concatenate(distances).mean())
    print(f"load {load}: {mean_errors[-1]:.1f} degrees")""",
    ),
    Function(
        title="Memories and guesses",
        points=2,
        signature="mixture(error_deg, guess_fraction, kappa)",
        reference=_mixture,
        cases=_mixture_cases,
        tolerance=Tolerance(relative=0.001, absolute=1e-7),
        slips=(
            Slip(
                functools.partial(_mixture, period=2 * math.pi),
                "You put degrees into np.cos, which takes radians: np.deg2rad.",
            ),
            Slip(
                functools.partial(_mixture, turn=2 * math.pi),
                "That is the density per radian. Per degree, the whole turn is 360, not 2 pi.",
            ),
            Slip(
                functools.partial(_mixture, memory_turn=2 * math.pi),
                "The guesses are per degree, the memories per radian. Divide both by 360.",
            ),
            Slip(
                functools.partial(_mixture, guess_density=1.0),
                "You add the fraction of guesses itself. They are spread over the whole turn: "
                "guess_fraction / 360.",
            ),
            Slip(
                lambda error_deg, guess_fraction, kappa: _mixture(
                    error_deg, 1 - guess_fraction, kappa
                ),
                "Guesses and memories have changed places: guess_fraction goes with the flat part.",
            ),
            Slip(
                lambda error_deg, guess_fraction, kappa: _mixture(
                    error_deg, guess_fraction, kappa, weights=(1.0, guess_fraction)
                ),
                "The hump has to shrink as guesses are added, or the whole is more than one: "
                "multiply it by 1 - guess_fraction.",
            ),
            Slip(
                functools.partial(_mixture, normalised=False),
                "The hump is not normalised: divide it by np.i0(kappa).",
            ),
        ),
        praise=(
            "Whatever the fraction of guesses, the density sums to one over the turn. The fit of "
            "the next question looks for the fraction and the width that make the errors likeliest."
        ),
        hints=(
            "np.cos(np.deg2rad(error_deg)) is the cosine of all errors at once; np.i0(kappa) is "
            "the Bessel function.",
            "hump = np.exp(kappa * cosine) / (360 * np.i0(kappa)) is the density of memories.",
            "The mixture is (1 - guess_fraction) * hump + guess_fraction / 360.",
        ),
        solution="""\
cosine = np.cos(np.deg2rad(error_deg))
# Per degree: the turn is 360 long, for the hump and for the guesses.
hump = np.exp(kappa * cosine) / (360 * np.i0(kappa))
return (1 - guess_fraction) * hump + guess_fraction / 360""",
    ),
    Number(
        title="The fit and the truth",
        points=2,
        labels=("guesses by the fit", "lost", "SD by the fit (°)", "SD of kept items (°)"),
        reference=_fit_and_truth,
        # Two maximisers of one likelihood agree to a thousandth; slips are far outside.
        tolerance=Tolerance(absolute=(0.005, 0.002, 0.2, 0.1)),
        remark=f"Are they all items of the {MIXTURE_TRIALS} trials of many_runs, kept and lost?",
        slips=(
            Slip(
                lambda right: _fit_and_truth(kept_only=True),
                "You fit the kept items only. In an experiment nobody tells which those are: the "
                "fit gets the errors of all.",
            ),
            Slip(
                lambda right: [right[0], 1 - right[1], *right[2:]],
                "The second is the fraction kept. The fraction lost is asked for.",
            ),
            Slip(
                lambda right: [*right[:3], _circular_sd(_reports()[0])],
                "The last is the standard deviation of all items, lost ones too. Leave those out.",
            ),
            Slip(
                lambda right: [*right[:3], _plain_sd()],
                "The last is the standard deviation as on a line. Angles have a circular one: "
                "circular_standard_deviation.",
            ),
            Slip(
                lambda right: right[[1, 0, 3, 2]],
                "Right numbers, other order: of each pair the fit comes first.",
            ),
            Slip(
                lambda right: right * [100, 100, 1, 1],
                "The fractions are in percent. Give numbers between 0 and 1.",
            ),
            Slip(
                lambda right: _fit_and_truth(TRIALS),
                f"Those are the items of {TRIALS} trials. many_runs has {MIXTURE_TRIALS}.",
            ),
            Slip(
                lambda right: right * [1, 1, math.pi / 180, math.pi / 180],
                "The standard deviations are in radians. Give degrees.",
            ),
        ),
        praise=(
            "The fit saw errors alone, and comes close to the fraction lost. Its standard "
            "deviation is smaller than that of the items that were kept. In people you would never "
            "know."
        ),
        hints=(
            "np.concatenate([run.error_deg for run in many_runs]) are the errors of all cued "
            "rings, lost ones too.",
            "run.memory_present[run.cued_rings] tells for the same items which were kept.",
            "fit = fit_mixture(errors) has fit.guess_fraction.estimate and fit.sd_deg.estimate.",
        ),
        solution="""\
errors = np.concatenate([run.error_deg for run in many_runs])
held = np.concatenate([run.memory_present[run.cued_rings] for run in many_runs])
# As in an experiment the fit gets every report; held is what only a network can tell.
fit = fit_mixture(errors, resamples=0)
guesses, sd_deg = fit.guess_fraction.estimate, fit.sd_deg.estimate
fit_and_truth = [guesses, 1 - held.mean(), sd_deg, circular_standard_deviation(errors[held])]
print(np.round(fit_and_truth, 3))""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part C: how long


def _fraction_held(
    duration: np.ndarray, lost: np.ndarray, t: float, *, strict: bool = False
) -> float:
    """Survival by handing on: who is not watched any more leaves its share to those who are.

    That gives the same as a product of fractions (Efron 1967).
    """
    # Of a loss and an end of watching at the same time, the loss comes first.
    order = sorted(range(len(duration)), key=lambda item: (duration[item], not lost[item]))
    share = [1 / len(order)] * len(order)
    gone = 0.0
    for place, item in enumerate(order):
        if lost[item]:
            in_time = duration[item] < t if strict else duration[item] <= t
            gone += share[place] if in_time else 0.0
            continue
        later = len(order) - place - 1
        for other in range(place + 1, len(order)):
            share[other] += share[place] / later
    return 1 - gone


def _held_of_known(duration: np.ndarray, lost: np.ndarray, t: float) -> float:
    """Only those of whom it is known whether they were held then."""
    known = lost & (duration <= t) | (duration > t)
    return float((duration[known] > t).mean())


#: Wrong ways to treat items that were still held when watching ended, and what to say of them.
_CENSORED: tuple[tuple[Callable[..., float], str], ...] = (
    (
        lambda duration, lost, t: float((duration > t).mean()),
        "You take items for lost whose trial was over. They were held as long as anybody looked.",
    ),
    (
        lambda duration, lost, t: float((duration[lost] > t).mean()) if lost.any() else 1.0,
        "You leave out all items that were not lost while they were watched. Those are the ones "
        "that last.",
    ),
    (
        lambda duration, lost, t: float(1 - (lost & (duration <= t)).mean()),
        "You take items for held at t whose trial was over before. They may have been lost since.",
    ),
    (
        _held_of_known,
        "You leave out the items whose trial was over before t. But items of the same short trials "
        "that were lost you count, so the losses are too many. Multiply up, loss by loss.",
    ),
)


def _fraction_held_cases(seed: int) -> list[Case]:
    generator = np.random.default_rng(seed)
    lasts = generator.exponential(1.5, size=60)
    watched = np.where(np.arange(60) % 2, 0.72, 1.92)
    duration = np.minimum(lasts, watched).round(2)
    lost = lasts < watched
    few = np.array([0.3, 0.5, 0.5, 0.9, 0.2, 0.9, 1.4, 0.7])
    which = np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    call = "fraction_held({}, t={:g})"
    return [
        Case(
            (np.array([0.1, 0.4, 0.6, 1.5]), np.ones(4, dtype=bool), 0.5),
            call.format("four items, all lost in the end", 0.5),
            "If all are watched to their loss, it is the plain fraction of durations beyond t.",
        ),
        Case(
            (few, which, 0.1),
            call.format("eight items, four of them lost", 0.1),
            "Before the first loss all are held.",
        ),
        Case(
            (few, which, 0.5),
            call.format("eight items, four of them lost", 0.5),
            "At 0.5 s one item is lost and the watching of another ends. Who is watched up to then "
            "counts among those that could be lost, and a loss at t has happened.",
        ),
        Case(
            (few, which, 1.0),
            call.format("eight items, four of them lost", 1),
            "Of those that are no longer watched nothing is known. The fraction changes by the "
            "losses among the others.",
        ),
        *(
            Case((duration, lost, t), call.format("sixty items, watched for 0.72 or 1.92 s", t))
            for t in (0.5, 1.5)
        ),
    ]


FOLLOWED_LOADS = (2, 8)
#: How long short and long trials run, and their seeds.
_LENGTHS = ((1.0 * second, range(0, 10)), (2.2 * second, range(10, 20)))
FOLLOWED_TIMES = (0.5 * second, 1.8 * second)
_LOOK = 10 * ms
#: A memory that is below the threshold in so many looks on end is lost.
_LAPSE = 10


@functools.cache
def _followed(load: int) -> tuple[np.ndarray, np.ndarray]:
    """How long each item was watched until its loss or the end, and whether it was lost."""
    durations, losses = [], []
    for sim_time, seeds in _LENGTHS:
        for seed in seeds:
            run = simulate_flexible_wm(
                load, network=_network(), seed=seed, sim_time=sim_time, record_dt=_LOOK
            )
            after = run.s_sensory[run.state_t > _CUE_END - _LOOK / 2]
            held = np.abs(ring_vectors(after[:, run.cued_rings])) > _TRIAL.memory_threshold
            for looks in held.T:
                below, first = 0, None
                for look, there in enumerate(looks):
                    below = 0 if there else below + 1
                    if below == _LAPSE:
                        first = look - _LAPSE + 1
                        break
                losses.append(first is not None)
                durations.append(_LOOK * (len(looks) - _LAPSE + 1 if first is None else first))
    return np.array(durations), np.array(losses)


@functools.cache
def _held_over_time(
    estimate: Callable[..., float] = _fraction_held, long_only: bool = False
) -> np.ndarray:
    fractions = []
    for load in FOLLOWED_LOADS:
        duration, lost = _followed(load)
        if long_only:
            duration, lost = (values[len(values) // 2 :] for values in (duration, lost))
        fractions += [estimate(duration, lost, t) for t in FOLLOWED_TIMES]
    return np.array(fractions)


#: Items shown one after the other, the trials, and the time between cues and until the test.
SEQUENCE, SEQUENCE_TRIALS = 6, 40
_APART, _UNTIL_TEST = 100 * ms, 300 * ms


@functools.cache
def _in_sequence() -> np.ndarray:
    """Whether each item was there at the test, shape (trials, items), in the order shown."""
    start = _APART * np.arange(1, SEQUENCE + 1)
    test = float(start[-1] + _APART + _UNTIL_TEST)
    kept = []
    for seed in range(SEQUENCE_TRIALS):
        order = np.random.default_rng(seed).permutation(_N_RINGS)[:SEQUENCE]
        run = simulate_flexible_wm(
            cued_rings=order, network=_network(), seed=seed, t_stimulus_start=start,
            test_time=test, sim_time=test, record_dt=_APART,
        )  # fmt: skip
        kept.append(_read(run).present[order])
    return np.array(kept)


def _by_ring_number() -> np.ndarray:
    """The same, but in the order in which the run lists its rings."""
    orders = [
        np.random.default_rng(seed).permutation(_N_RINGS)[:SEQUENCE]
        for seed in range(SEQUENCE_TRIALS)
    ]
    pairs = zip(_in_sequence(), orders, strict=True)
    return np.array([kept[np.argsort(order)] for kept, order in pairs])


def _first_and_last(kept: np.ndarray) -> np.ndarray:
    return kept.mean(axis=0)[[0, -1]]


_PART_C: tuple[Specification, ...] = (
    Function(
        title="The fraction still held",
        points=3,
        signature="fraction_held(duration, lost, t)",
        reference=_fraction_held,
        cases=_fraction_held_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            *(Slip(function, message) for function, message in _CENSORED),
            Slip(
                functools.partial(_fraction_held, strict=True),
                "All is right but a loss at t itself. It has happened: take the losses up to and "
                "including t.",
            ),
            Slip(
                lambda duration, lost, t: 1 - _fraction_held(duration, lost, t),
                "That is the fraction lost. The fraction held is asked for.",
            ),
        ),
        praise=(
            "An item that was still there when its trial ended says something: that it lasted so "
            "long. The product uses that and claims no more (Kaplan & Meier 1958)."
        ),
        hints=(
            "np.unique(duration[lost]) are the times at which something was lost, in order. Those "
            "up to t matter.",
            "At such a time, (duration >= time).sum() items could be lost, and "
            "(lost & (duration == time)).sum() were.",
            "Begin with held = 1.0 and multiply it at each of these times by 1 - losses / watched.",
        ),
        solution="""\
held = 1.0
for time in np.unique(duration[lost & (duration <= t)]):
    # Only those still watched and held can be lost: the end of a trial is no loss.
    watched = (duration >= time).sum()
    held *= 1 - (lost & (duration == time)).sum() / watched
return held""",
    ),
    Number(
        title="Forgetting with two items and with eight",
        points=1,
        labels=tuple(
            f"load {load} after {time:g} s" for load in FOLLOWED_LOADS for time in FOLLOWED_TIMES
        ),
        reference=_held_over_time,
        tolerance=Tolerance(absolute=0.005),
        remark="Is it fraction_held(*follow(load), t), first load 2 at both times, then load 8?",
        slips=(
            *(
                Slip(lambda right, wrong=function: _held_over_time(wrong), message)
                for function, message in _CENSORED[:3]
            ),
            Slip(
                lambda right: right[[0, 2, 1, 3]],
                "Right numbers, other order: first load 2 at both times, then load 8.",
            ),
            Slip(lambda right: 1 - right, "Those are the fractions lost."),
            Slip(
                lambda right: _held_over_time(long_only=True),
                "Those are the long trials alone. The short ones tell something, too: use all.",
            ),
        ),
        praise=(
            "Of two items hardly any is lost in the first half second, of eight nearly half. Of "
            "those that are left then fewer go in the time that follows, though it is longer."
        ),
        hints=(
            "follow(load) returns durations and losses; followed = follow(8) and then "
            "fraction_held(*followed, 0.5).",
            "[fraction_held(*follow(load), t) for load in (2, 8) for t in (0.5, 1.8)]",
        ),
        solution="""\
held_after = []
for load in (2, 8):
    duration, lost = follow(load)
    print(f"load {load}: {lost.sum()} of {len(lost)} items lost while watched")
    held_after += [fraction_held(duration, lost, t) for t in (0.5, 1.8)]
print(np.round(held_after, 2))""",
    ),
    Number(
        title="One after the other",
        points=2,
        labels=("shown first", "shown last"),
        reference=lambda: _first_and_last(_in_sequence()),
        tolerance=Tolerance(absolute=0.005),
        remark=f"Are they the {SEQUENCE_TRIALS} trials of one_by_one, with the seeds from 0 on?",
        slips=(
            Slip(
                lambda right: _first_and_last(_by_ring_number()),
                "run.cued_rings lists the rings by their numbers, not in the order in which they "
                "were cued. Take run.memory_present[order].",
            ),
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first the item that was shown first.",
            ),
            Slip(lambda right: 1 - right, "Those are the fractions lost."),
            Slip(
                lambda right: right * SEQUENCE_TRIALS,
                f"Those are counts. Divide by the {SEQUENCE_TRIALS} trials.",
            ),
            Slip(
                lambda right: [_in_sequence().mean()] * 2,
                "That is the mean over all six items. Take the first and the last of them apart: "
                "axis=0.",
            ),
        ),
        praise=(
            "The last item is the safest. That is not yet an effect of the order: it is also the "
            "youngest. To tell the two apart, compare items of the same age."
        ),
        hints=(
            "run, order = one_by_one(seed); run.memory_present[order] has the six items in the "
            "order in which they were shown.",
            "Make an array of shape (40, 6) of all trials. Its mean over axis 0 has a value for "
            "each place in the order.",
        ),
        solution="""\
kept_in_order = []
for seed in range(40):
    run, order = one_by_one(seed)
    # A run lists its rings by number; order is how they were shown.
    kept_in_order.append(run.memory_present[order])
by_place = np.mean(kept_in_order, axis=0)
first_and_last = by_place[[0, -1]]
print("by place:", by_place.round(2))""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C
