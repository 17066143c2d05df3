"""The questions of notebook 09: balance, the loop through the pool, overlap, mixed selectivity.

As in :mod:`wmtutor.checks.bump_1`, right values come from closed forms, or from the checker
repeating the learner's trials: same connections, same seeds. It counts memories from the recorded
inputs and rates from spikes, with formulas of its own, and works patterns out from the mask.
"""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from wmtutor.checks._mechanism import (
    Case,
    Choice,
    Function,
    Number,
    Slip,
    Specification,
    Tolerance,
)
from wmtutor.flexible import (
    FlexibleNetwork,
    FlexibleParameters,
    FlexibleRun,
    NetworkParameters,
    build_network,
    simulate_flexible_wm,
)
from wmtutor.flexible.population import BUMP_HALF_WIDTH_DEG
from wmtutor.units import ms

__all__ = ["QUESTIONS", "SEED", "TRIALS"]

#: The seed of all networks of the notebook.
SEED = 1
#: The number of trials of a condition; their seeds count from 0.
TRIALS = 10
#: Items shown where the text says nothing else.
LOAD = 3

_NETWORK = NetworkParameters()
_TRIAL = FlexibleParameters()
_P = _NETWORK.connection_probability
_ALPHA, _BETA = _NETWORK.alpha, _NETWORK.beta
_N = _NETWORK.N_rings * _NETWORK.N_sensory
#: Sum of a cell's incoming weights for a strength of 1, before the balance; the notebook's text.
_TOTAL = 1000.0

# The repeated runs are the same to the last spike. What is left is rounding in print.
_COUNTS = Tolerance(absolute=0.01)
_TRIALS_REMARK = (
    f"Are they means over the ten trials of trials(), on networks with seed={SEED}, in the order "
    "that the text asks for?"
)


# ---------------------------------------------------------------------------------------------
# The checker's own trials and readings


@functools.lru_cache(maxsize=3)
def _network(connection_probability: float = _P) -> FlexibleNetwork:
    return build_network(connection_probability=connection_probability, seed=SEED)


def _present(run: FlexibleRun) -> np.ndarray:
    """Which rings hold a memory at the test: by the length of their activity vectors."""
    s = run.s_sensory[int(np.argmin(np.abs(run.state_t - _TRIAL.test_time)))]
    r = _TRIAL.largest_rate / (1 + np.exp(2 * (_TRIAL.rate_offset - _TRIAL.rate_slope * s)))
    theta = 2 * np.pi * np.arange(r.shape[1]) / r.shape[1]
    length = np.hypot((r * np.cos(theta)).mean(axis=1), (r * np.sin(theta)).mean(axis=1))
    return length > _TRIAL.memory_threshold


@functools.cache
def _trials(
    load: int, connection_probability: float, changes: tuple[tuple[str, float], ...]
) -> tuple[tuple[int, int], ...]:
    """Items kept and spurious rings of each trial."""
    network = _network(connection_probability)
    values: dict[str, Any] = asdict(network.parameters) | dict(changes)
    network = FlexibleNetwork(**values, mask=network.mask)
    counts = []
    for seed in range(TRIALS):
        run = simulate_flexible_wm(load, network=network, seed=seed, record_dt=100 * ms)
        present = _present(run)
        kept = int(present[run.cued_rings].sum())
        counts.append((kept, int(present.sum()) - kept))
    return tuple(counts)


def _fate(
    *, load: int = LOAD, connection_probability: float = _P, **changes: float
) -> tuple[float, float]:
    """Items kept and spurious rings, on average over the trials of a condition."""
    counts = np.array(_trials(load, connection_probability, tuple(sorted(changes.items()))))
    return float(counts[:, 0].mean()), float(counts[:, 1].mean())


def _row(*conditions: tuple[float, float]) -> np.ndarray:
    return np.array([value for condition in conditions for value in condition])


def _labels(*conditions: str) -> tuple[str, ...]:
    return tuple(f"{name}: {what}" for name in conditions for what in ("kept", "spurious"))


def _row_slips(load: int) -> tuple[Slip, ...]:
    """What can go wrong in a row of kept, spurious, kept, spurious ..."""
    others = _NETWORK.N_rings - load

    def all_active(right: np.ndarray) -> np.ndarray:
        pairs = right.reshape(-1, 2)
        return np.stack([pairs.sum(axis=1), pairs[:, 1]], axis=1).ravel()

    return (
        Slip(
            lambda right: right / np.tile([load, others], len(right) // 2),
            "Those are fractions of the rings. Numbers are asked for.",
        ),
        Slip(
            lambda right: right.reshape(-1, 2)[::-1].ravel(),
            "Right numbers, other order of the conditions: see the comment in the answer cell.",
        ),
        Slip(
            lambda right: right.reshape(-1, 2).T.ravel(),
            "Right numbers, other order: kept and spurious of the first condition, then both of "
            "the next.",
        ),
        Slip(
            all_active,
            "You count all active rings as kept. Kept are only those that were cued.",
        ),
        Slip(
            lambda right: right * TRIALS,
            f"Those are sums over the {TRIALS} trials. Take the mean.",
        ),
        Slip(
            lambda right: (
                right * np.tile([-1, 1], len(right) // 2) + np.tile([load, 0], len(right) // 2)
            ),
            "You count the items that are lost. Those that are kept are asked for.",
        ),
    )


def _slips(function: Callable[..., Any], messages: Mapping[str, str]) -> tuple[Slip, ...]:
    """A slip for each way to go wrong that a function with slips knows by name."""
    return tuple(
        Slip(functools.partial(function, what=what), message) for what, message in messages.items()
    )


# ---------------------------------------------------------------------------------------------
# Part A: balance


def _mean_inputs(
    mask: np.ndarray, strength: float, balance: float, rates: np.ndarray
) -> list[float]:
    """Target by target: the mean rate of its sources, and the balance's share of all rates."""
    total = _TOTAL * strength * _TRIAL.tau
    return [
        total * (float(rates[column > 0].mean()) + balance * float(rates.mean()))
        for column in mask.T
    ]


def _inputs_with_slip(
    mask: np.ndarray, strength: float, balance: float, rates: np.ndarray, *, what: str
) -> np.ndarray:
    sources, targets = mask.shape
    partners, everyone = mask.sum(axis=0), np.ones(mask.shape)
    shared = mask / partners
    total = _TOTAL * strength * _TRIAL.tau
    weights = {
        "no tau": (shared + balance / sources) / _TRIAL.tau,
        "seconds": (shared + balance / sources) * 1000,
        "no total": (shared + balance / sources) / _TOTAL,
        "by source": mask / mask.sum(axis=1, keepdims=True) + balance / sources,
        "connected only": shared + balance / sources * mask,
        "scaled": shared * (1 + balance),
        "targets": shared + balance / targets,
        "whole": shared + balance * everyone,
        "none": shared,
        "sign": shared - balance / sources,
    }
    return total * (rates @ weights[what])


def _mean_inputs_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    first = np.array(
        [[1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 1, 0]], float
    )
    one_busy = np.array([0.0, 40.0, 0.0, 0.0, 0.0, 0.0])
    chance = (rng.random((12, 5)) < 0.4).astype(float)
    chance[np.arange(12), rng.integers(5, size=12)] = 1  # no source and no target without any
    chance[np.arange(5), np.arange(5)] = 1
    chance[:2, 0] = 1 - chance[:2, 1]
    chance[5:, 1] = 1  # not as many as the others have
    strength, balance = float(rng.uniform(0.2, 2)), float(rng.uniform(-1.5, -0.2))
    call = "mean_inputs({})"
    return [
        Case(
            (first, 2.1, 0.0, one_busy),
            call.format("a mask of 6 sources and 4 targets, 2.1, 0, one source at 40 Hz"),
            "Without balance, a target gets nothing from sources that it is not connected to.",
        ),
        Case(
            (first, 2.1, -1.0, one_busy),
            call.format("a mask of 6 sources and 4 targets, 2.1, -1, one source at 40 Hz"),
            "With balance, a spike inhibits the targets that its cell is not connected to.",
        ),
        Case(
            (first, 0.2, -0.98, np.full(6, 20.0)),
            call.format("a mask of 6 sources and 4 targets, 0.2, -0.98, all sources at 20 Hz"),
            "If all sources fire alike, two per cent of the unbalanced input are left.",
        ),
        Case(
            (np.ones((4, 3)), 2.1, -1.0, np.array([1.0, 2.0, 3.0, 40.0])),
            call.format("a mask of ones, 2.1, -1, four rates"),
            "Where all pairs are connected, an exact balance leaves nothing.",
        ),
        Case(
            (chance, strength, balance, rng.uniform(0, 40, 12)),
            call.format(f"a mask by chance, {strength:.2f}, {balance:.2f}, rates by chance"),
        ),
    ]


_PART_A: tuple[Specification, ...] = (
    Function(
        title="What a cell gets",
        points=2,
        signature="mean_inputs(mask, strength, balance, rates)",
        reference=_mean_inputs,
        cases=_mean_inputs_cases,
        tolerance=Tolerance(relative=0.001, absolute=0.001),
        slips=_slips(
            _inputs_with_slip,
            {
                "no tau": "The time constant is missing: a spike's effect decays within tau, "
                "10*ms.",
                "seconds": "That takes tau for 10 seconds. Write 10*ms.",
                "no total": "The factor 1000 is missing.",
                "by source": "You divide by the number of targets of a source. The sources of a "
                "target share: divide by the sum of each column, mask.sum(axis=0).",
                "connected only": "You balance the connected pairs only. The balance goes to all "
                "pairs, connected or not.",
                "scaled": "You scale the connected weights by 1 + balance. The balance is shared "
                "among all sources of the target, connected or not.",
                "targets": "You share the balance among the targets. N is the number of sources: "
                "the rows of the mask.",
                "whole": "You add the whole balance to every pair. Share it: divide by the number "
                "of sources.",
                "none": "The balance is missing. Every pair gets 1000 * strength * balance / "
                "len(mask) in addition.",
                "sign": "The sign of the balance is the wrong way round. It is negative already: "
                "add it.",
            },
        ),
        praise=(
            "Read it once more, target by target: the mean rate of its own sources, plus the "
            "balance times the mean rate of all, times a large number. With an exact balance, only "
            "the difference between its sources and all cells reaches a target."
        ),
        hints=(
            "First the weights, as an array of the mask's shape. Then the rates.",
            "mask / mask.sum(axis=0) shares among the connected sources of every target; "
            "balance / len(mask) is what every pair gets.",
            "rates @ weights sums over the sources. Multiply by 10*ms.",
        ),
        solution="""\
# Dividing by the sums of the columns works for all targets at once. The balance is one number
# for all pairs, so it can be added to the whole array.
weights = 1000 * strength * (mask / mask.sum(axis=0) + balance / len(mask))
return 10 * ms * (rates @ weights)""",
    ),
    Number(
        title="Two per cent on the way back",
        labels=_labels("-1.02", "-0.98"),
        reference=lambda: _row(_fate(balance_fb=-1.02), _fate(balance_fb=-0.98)),
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            *_row_slips(LOAD),
            Slip(
                lambda right: _row(_fate(balance_ff=-1.02), _fate(balance_ff=-0.98)),
                "That is the way out, which forgives more. The way back is balance_fb.",
            ),
            Slip(
                lambda right: _row(
                    _fate(balance_ff=-1.02, balance_fb=-1.02),
                    _fate(balance_ff=-0.98, balance_fb=-0.98),
                ),
                "You changed the balance of both ways. Leave balance_ff as it is.",
            ),
        ),
        praise=(
            "With two per cent too much inhibition most items are lost; with two per cent too much "
            "excitation nearly all rings are active, cued or not. The one network forgets, the "
            "other imagines, and the one that remembers lies in between."
        ),
        hints=(
            "replace(network, balance_fb=-1.02) goes into trials(), and what that returns into "
            "kept_and_spurious().",
            "Collect both numbers for -1.02, then both for -0.98, in one list.",
        ),
        solution="""\
# The connections and the seeds stay, so all that differs is the balance.
way_back = []
for balance in (-1.02, -0.98):
    runs = trials(replace(network, balance_fb=balance))
    way_back.extend(kept_and_spurious(runs))
    print(f"balance {balance}: kept and spurious {np.round(way_back[-2:], 1)}")
    figure, ax = plot_ring_memories(runs[0])""",
    ),
    Number(
        title="Two wrongs",
        points=2,
        labels=_labels("out only", "back only", "both"),
        reference=lambda: _row(
            _fate(balance_ff=-1.1),
            _fate(balance_fb=-0.9),
            _fate(balance_ff=-1.1, balance_fb=-0.9),
        ),
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            *_row_slips(LOAD),
            Slip(
                lambda right: _row(
                    _fate(balance_fb=-1.1),
                    _fate(balance_ff=-0.9),
                    _fate(balance_ff=-0.9, balance_fb=-1.1),
                ),
                "The two ways have changed places: balance_ff is the way out, balance_fb the way "
                "back.",
            ),
            Slip(
                lambda right: np.concatenate([right[:4], _fate()]),
                "The first two networks are right, and the third has no error at all. Change both "
                "balances in it.",
            ),
        ),
        praise=(
            "The first network forgets, the second imagines, and the third, which has both errors, "
            "remembers about as well as the exact one. What has to fit is the way round."
        ),
        hints=(
            "replace() takes both balances at once: replace(network, balance_ff=-1.1, "
            "balance_fb=-0.9).",
            "Loop over the three pairs (-1.1, -1), (-1, -0.9) and (-1.1, -0.9), and extend one "
            "list.",
        ),
        solution="""\
# Each mistake alone is the control for both together.
two_wrongs = []
for out, back in ((-1.1, -1), (-1, -0.9), (-1.1, -0.9)):
    runs = trials(replace(network, balance_ff=out, balance_fb=back))
    two_wrongs.extend(kept_and_spurious(runs))
    print(f"out {out}, back {back}: kept and spurious {np.round(two_wrongs[-2:], 1)}")
figure, ax = plot_ring_memories(runs[0])""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part B: the loop


def _loop(out: np.ndarray, back: np.ndarray) -> list[float]:
    """Cell by cell, without the product of the matrices."""
    itself: list[float] = []
    others: list[float] = []
    for i, row in enumerate(out):
        for k in range(len(out)):
            arrives = float(sum(row * back[:, k]))
            (itself if i == k else others).append(arrives)
    mean = math.fsum(others) / len(others)
    variance = math.fsum((value - mean) ** 2 for value in others) / len(others)
    return [math.fsum(itself) / len(itself), math.sqrt(variance)]


def _loop_with_slip(out: np.ndarray, back: np.ndarray, *, what: str) -> list[float]:
    arrives = out @ back
    own = np.eye(len(arrives), dtype=bool)
    itself, others = arrives[own], arrives[~own]
    wrong = {
        "trace": [itself.sum(), others.std()],
        "all": [itself.mean(), arrives.std()],
        "mean of others": [itself.mean(), others.mean()],
        "variance": [itself.mean(), others.var()],
        "sd of itself": [itself.mean(), itself.std()],
        "order": [others.std(), itself.mean()],
        "random cells": _loop(back, out),
    }
    return [float(value) for value in wrong[what]]


def _loop_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    # So many pairs that dividing by their number or by one less comes to the same.
    mask = (rng.random((30, 12)) < 0.35).astype(float)
    balanced = mask - mask.mean(axis=0)
    back = 2 * (mask.T - mask.T.mean(axis=0)) + rng.normal(0.3, 0.2, (12, 30))
    call = "loop({})"
    return [
        Case(
            (2 * np.eye(4), 3 * np.eye(4)),
            call.format("2 and 3 times the identity"),
            "Every cell talks to itself alone: it gets 6, and the others get nothing.",
        ),
        Case(
            (balanced, back),
            call.format("weights of 30 ring cells and 12 random cells"),
            "out has a row for each ring cell, back a row for each random cell.",
        ),
        Case(
            (rng.normal(0.5, 1, (25, 40)), rng.normal(0.2, 1, (40, 25))),
            call.format("weights by chance, 25 ring cells and 40 random cells"),
            "What comes to others need not have a mean of 0. The standard deviation is about its "
            "mean.",
        ),
    ]


def _factor(p: float) -> float:
    """By how much both strengths grow for the gain to be that of the standard network."""
    return math.sqrt((1 - _P) / _P * p / (1 - p))


PROBABILITIES = (0.1, 0.7)


def _rescaled(alpha_power: float = 1.0, beta_power: float = 1.0) -> np.ndarray:
    """Kept and spurious with strengths changed by powers of the factor; both are 1 if right."""
    return _row(
        *(
            _fate(
                connection_probability=p,
                alpha=_ALPHA * _factor(p) ** alpha_power,
                beta=_BETA * _factor(p) ** beta_power,
            )
            for p in PROBABILITIES
        )
    )


TRADES = ((1.05, 0.4), (4.2, 0.1))
TRADE_LOAD = 5


def _traded(load: int = TRADE_LOAD, **changes: float) -> np.ndarray:
    return _row(
        *(_fate(load=load, **{"alpha": alpha, "beta": beta, **changes}) for alpha, beta in TRADES)
    )


_PART_B: tuple[Specification, ...] = (
    Function(
        title="There and back",
        points=2,
        signature="loop(out, back)",
        reference=_loop,
        cases=_loop_cases,
        tolerance=Tolerance(relative=0.005, absolute=1e-6),
        slips=_slips(
            _loop_with_slip,
            {
                "trace": "You sum over the cells what comes back to each. Take the mean.",
                "all": "The first number is right. For the second, leave out the diagonal: what "
                "comes back to the cell itself is no noise.",
                "mean of others": "The second number is the mean of what comes to others. It tells "
                "nothing of how much that varies: .std().",
                "variance": "The second number is the variance. Take its square root: .std().",
                "sd of itself": "The second number is the spread of what comes back to the cells "
                "themselves. Take the entries off the diagonal.",
                "order": "Right numbers, other order: first what comes back to the cell itself.",
                "random cells": "That is the loop of a random cell: to the rings and back. Start "
                "at a ring cell: out @ back.",
            },
        ),
        praise=(
            "A matrix product is all ways of two steps at once. What comes back to the cell itself "
            "is a sum of products of one sign, and what comes to others is a random walk: that is "
            "why a signal can stand out at all."
        ),
        hints=(
            "The sum over j of w_ij w_jk is an entry of a matrix product.",
            "arrives = out @ back has a row for each cell where a spike starts and a column for "
            "each where it arrives. What comes back to the cell itself is on the diagonal.",
            "itself = np.eye(len(arrives), dtype=bool) selects the diagonal, ~itself all others.",
        ),
        solution="""\
# The sum over the random cells is a matrix product: rows are where a spike starts, columns
# where it arrives. Its diagonal is the way back to the cell itself.
arrives = out @ back
itself = np.eye(len(arrives), dtype=bool)
return [arrives[itself].mean(), arrives[~itself].std()]""",
    ),
    Number(
        title="The gain set back",
        points=2,
        labels=_labels(*(f"{p}" for p in PROBABILITIES)),
        reference=_rescaled,
        tolerance=_COUNTS,
        remark=(
            f"{_TRIALS_REMARK} And is the factor worked out from the formula, for alpha and beta "
            "alike?"
        ),
        slips=(
            *_row_slips(LOAD),
            Slip(
                lambda right: _rescaled(0, 0),
                "Those are the standard strengths. Multiply both by the factor.",
            ),
            Slip(
                lambda right: _rescaled(2, 2),
                "The product of alpha and beta has to make up for the change. You changed both by "
                "as much as the product: take the square root.",
            ),
            Slip(
                lambda right: _rescaled(-1, -1),
                "Your factor is the wrong way round. With few connections the gain is too high, so "
                "the factor is below 1.",
            ),
            Slip(
                lambda right: _rescaled(2, 0),
                "You changed alpha alone. That sets the gain back, too, but the text asks for one "
                "factor for both; question 6 shows that it makes a difference.",
            ),
            Slip(
                lambda right: _rescaled(0, 2),
                "You changed beta alone. That sets the gain back, too, but the text asks for one "
                "factor for both; question 6 shows that it makes a difference.",
            ),
        ),
        praise=(
            "Both networks remember now, and few rings are active without an item: what matters is "
            "not how many connections there are, but how strong the loop is that they make."
        ),
        hints=(
            "In G, alpha * beta stands beside (1 - p) / p. When the one falls, the other has to "
            "grow as much.",
            "alpha * beta must be (0.65 / 0.35) * p / (1 - p) times as large as at 0.35. Both grow "
            "by the square root of that.",
            "build_network(connection_probability=p, alpha=2.1 * factor, beta=0.2 * factor, "
            "seed=1)",
        ),
        solution="""\
# alpha * beta must make up for (1 - p) / p. Shared between two factors, that is a square root.
rescaled = []
for p in (0.1, 0.7):
    factor = np.sqrt((1 - 0.35) / 0.35 * p / (1 - p))
    other_network = build_network(
        connection_probability=p, alpha=2.1 * factor, beta=0.2 * factor, seed=1
    )
    rescaled.extend(kept_and_spurious(trials(other_network)))
    print(f"{p}: factor {factor:.2f}, kept and spurious {np.round(rescaled[-2:], 1)}")""",
    ),
    Number(
        title="The same gain, shared otherwise",
        labels=_labels(*(f"alpha {alpha}, beta {beta}" for alpha, beta in TRADES)),
        reference=_traded,
        tolerance=_COUNTS,
        remark=_TRIALS_REMARK,
        slips=(
            *_row_slips(TRADE_LOAD),
            Slip(
                lambda right: _traded(load=LOAD),
                f"Those are trials with {LOAD} items. Pass load={TRADE_LOAD} to trials().",
            ),
            Slip(
                lambda right: _traded(beta=_BETA),
                f"You changed alpha alone. Change beta with it, so that their product stays at "
                f"{_ALPHA * _BETA:g}.",
            ),
            Slip(
                lambda right: _traded(alpha=_ALPHA),
                f"You changed beta alone. Change alpha with it, so that their product stays at "
                f"{_ALPHA * _BETA:g}.",
            ),
        ),
        praise=(
            "The same gain of the loop, and one network imagines while the other forgets. The way "
            "back is linear: twice the strength, twice the echo. The way out ends in cells that "
            "saturate: with five items they are driven hard already, and more drive hardly makes "
            "them say more. G holds for linear cells, so it is a guide and not the whole truth."
        ),
        hints=(
            "replace(network, alpha=1.05, beta=0.4) keeps the connections.",
            "trials(other_network, load=5)",
            "First both numbers for alpha = 1.05, then both for alpha = 4.2.",
        ),
        solution="""\
# The product stays at 0.42, and the connections stay too.
traded = []
for alpha, beta in ((1.05, 0.4), (4.2, 0.1)):
    runs = trials(replace(network, alpha=alpha, beta=beta), load=5)
    traded.extend(kept_and_spurious(runs))
    print(f"alpha {alpha}, beta {beta}: kept and spurious {np.round(traded[-2:], 1)}")
    figure, ax = plot_ring_memories(runs[0])""",
    ),
)


# ---------------------------------------------------------------------------------------------
# Part C: overlap

#: Places on a ring at which the notebook puts items.
PLACES = 16
#: Items of a set, how many sets the notebook draws, and how many it shows at either end.
ITEMS, DRAWN, SHOWN = 4, 5000, 20
#: Trials of each set that is shown; their seeds count from 0.
SET_TRIALS = 2


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """The mean product of standard scores, number by number."""
    scores = []
    for pattern in (first, second):
        mean = math.fsum(pattern) / len(pattern)
        spread = math.sqrt(math.fsum((x - mean) ** 2 for x in pattern) / len(pattern))
        scores.append([(x - mean) / spread for x in pattern])
    return math.fsum(a * b for a, b in zip(*scores, strict=True)) / len(first)


def _overlap_with_slip(first: np.ndarray, second: np.ndarray, *, what: str) -> float:
    covariance = float(((first - first.mean()) * (second - second.mean())).mean())
    wrong = {
        "cosine": first @ second / math.sqrt((first @ first) * (second @ second)),
        "covariance": covariance,
        "sum": covariance * len(first),
        "slope": covariance / first.var(),
        "square": _overlap(first, second) ** 2,
        "size": abs(_overlap(first, second)),
    }
    return float(wrong[what])


def _overlap_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    pattern, noise = rng.normal(3, 2, (2, 60))
    other = rng.normal(-4, 5, 60) - 2 * pattern
    call = "overlap({})"
    return [
        Case(
            (np.array([1.0, 0.0, 0.0, 1.0, 4.0]), np.array([0.0, 1.0, 1.0, 0.0, -3.0])),
            call.format("[1, 0, 0, 1, 4], [0, 1, 1, 0, -3]"),
            "One is what the other is not: the overlap is -1.",
        ),
        Case(
            (pattern, 3 * pattern + 5),
            call.format("a pattern, and three times the same plus 5"),
            "Neither the scale nor the mean of a pattern counts: the overlap is 1.",
        ),
        Case((pattern, noise), call.format("two patterns of 60 cells, by chance")),
        Case((pattern, other), call.format("two patterns of 60 cells that go against each other")),
    ]


def _pattern(ring: int, place: int) -> np.ndarray:
    """Input of each random cell from one bump, up to a factor: from counts of its connections."""
    network = _network()
    step = _NETWORK.N_sensory // PLACES
    half = int(BUMP_HALF_WIDTH_DEG * _NETWORK.N_sensory / 360)
    cells = (place * step + np.arange(-half, half + 1)) % _NETWORK.N_sensory
    cells = cells + ring * _NETWORK.N_sensory
    partners = network.mask.sum(axis=0, dtype=float)
    return network.mask[cells].sum(axis=0) / partners - len(cells) / _N


@functools.cache
def _overlaps() -> np.ndarray:
    """Overlaps of all items of all rings; shape (128, 128)."""
    patterns = np.array(
        [_pattern(ring, k) for ring in range(_NETWORK.N_rings) for k in range(PLACES)]
    )
    patterns -= patterns.mean(axis=1, keepdims=True)
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    return patterns @ patterns.T


@functools.cache
def _ranked_sets(*, by_size: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The sets of the notebook, from the least overlap to the most, and their overlaps."""
    generator = np.random.default_rng(SEED)
    sets = generator.integers(PLACES, size=(DRAWN, ITEMS)) + PLACES * np.arange(ITEMS)
    sets = np.array(sorted({tuple(row) for row in sets.tolist()}))
    table = np.abs(_overlaps()) if by_size else _overlaps()
    total = np.zeros(len(sets))
    for a in range(ITEMS):
        for b in range(a):
            total += table[sets[:, a], sets[:, b]]
    order = np.argsort(total)
    return sets[order], total[order] / (ITEMS * (ITEMS - 1) / 2)


@functools.cache
def _kept_of_set(items: tuple[int, ...]) -> tuple[int, ...]:
    """Items kept in each trial of a set."""
    kept = []
    for seed in range(SET_TRIALS):
        run = simulate_flexible_wm(
            cued_rings=np.array(items) // PLACES,
            cue_positions_deg=np.array(items) % PLACES * 360 / PLACES,
            network=_network(),
            seed=seed,
            record_dt=100 * ms,
        )
        kept.append(int(_present(run)[run.cued_rings].sum()))
    return tuple(kept)


def _kept_of_sets(number: int = SHOWN, *, by_size: bool = False) -> np.ndarray:
    """Mean numbers kept: of the sets with the most overlap, and of those with the least."""
    sets, _ = _ranked_sets(by_size=by_size)
    ends = (sets[-number:], sets[:number])
    return np.array(
        [np.mean([_kept_of_set(tuple(items)) for items in end.tolist()]) for end in ends]
    )


_PART_C: tuple[Specification, ...] = (
    Function(
        title="The overlap of two items",
        signature="overlap(first, second)",
        reference=_overlap,
        cases=_overlap_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=_slips(
            _overlap_with_slip,
            {
                "cosine": "You left the means in. Two patterns that are high everywhere would "
                "overlap, whatever their shape: take each pattern's mean off first.",
                "covariance": "That is the covariance, which grows with the patterns. Divide by "
                "both standard deviations.",
                "sum": "That is a sum of products, which grows with the patterns and with the "
                "number of cells. Divide by the root of the product of both sums of squares.",
                "slope": "That is the slope of one pattern on the other. Divide by the standard "
                "deviations of both, not by the variance of one.",
                "square": "That is the square of the correlation, which has lost its sign. The "
                "sign is what this part is about.",
                "size": "That has lost its sign. The sign is what this part is about.",
            },
        ),
        praise=(
            "Patterns that say the same about every cell, only louder, overlap fully. And two "
            "patterns can overlap less than not at all: where the one excites, the other inhibits."
        ),
        hints=(
            "Take each pattern's mean over the cells off.",
            "Sum the products, first @ second, and divide by the square root of (first @ first) * "
            "(second @ second).",
        ),
        solution="""\
# What counts is above or below the mean; the lengths then take the scale out.
first, second = first - first.mean(), second - second.mean()
return (first @ second) / np.sqrt((first @ first) * (second @ second))""",
    ),
    Number(
        title="Most overlap and least",
        points=2,
        labels=("most overlap", "least overlap"),
        reference=_kept_of_sets,
        tolerance=_COUNTS,
        remark=(
            f"Are they the {SHOWN} sets of candidates at either end, by the mean overlap of all "
            "pairs of a set, and is the answer what mean_kept gives for them?"
        ),
        slips=(
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first the sets with the most overlap. (np.argsort "
                "begins with the least.)",
            ),
            Slip(
                lambda right: right / ITEMS,
                "Those are fractions of the items. Numbers are asked for.",
            ),
            Slip(
                lambda right: ITEMS - right,
                "Those are the items that are lost. Those that are kept are asked for.",
            ),
            Slip(
                lambda right: _kept_of_sets(by_size=True),
                "You ranked the sets by the size of their overlaps and lost the sign. A negative "
                "overlap is less than none.",
            ),
            Slip(
                lambda right: _kept_of_sets(1),
                f"That is one set at either end. Take {SHOWN} at each, so that chance counts less.",
            ),
        ),
        praise=(
            "Overlap protects. The sets whose items overlap most keep clearly more of them, though "
            "the connections, the rings and the number of items are the same. The word suggests "
            "that what overlaps is in each other's way; here it holds each other up."
        ),
        hints=(
            "For one set, overlaps[np.ix_(items, items)] is a 4 x 4 table, and "
            "np.triu_indices(4, 1) picks its 6 pairs.",
            "order = np.argsort(of_sets) lists the sets from the least overlap to the most: "
            "candidates[order[-20:]] and candidates[order[:20]].",
        ),
        solution="""\
# The overlaps of a set are a 4 x 4 part of all, with every pair once above the diagonal.
pairs = np.triu_indices(4, 1)
of_sets = np.array([overlaps[np.ix_(items, items)][pairs].mean() for items in candidates])
order = np.argsort(of_sets)
kept_of_sets = [mean_kept(candidates[order[-20:]]), mean_kept(candidates[order[:20]])]
print(f"overlaps from {of_sets.min():.3f} to {of_sets.max():.3f}")
print(f"kept of four: with most {kept_of_sets[0]:.2f}, with least {kept_of_sets[1]:.2f}")""",
    ),
    Choice(
        title="Why overlap protects",
        right="b",
        wrong={
            "a": "How many random cells are active hangs on the number of items and on the rate "
            "function, and hardly on a correlation of a few hundredths. And less noise would not "
            "tell which items are safer.",
            "c": "Your items are on different rings, which have no connections to each other. The "
            "pool does not know where on a ring a cell is: connections are random.",
            "d": "Weights are fixed when the network is built, and the weights of every cell have "
            "the same sum. Nothing in them is larger for particular items.",
        },
        praise=(
            "The echo of A at the place of B is the sum over the random cells of what A makes them "
            "fire, times what B gives them: the weights back are large where the weights out are. "
            "By and large, that sum has the sign of the overlap. So a pair can push the same way, "
            "or against each other."
        ),
        hints=(
            "Follow the activity: from bump A to the random cells, and from there to the cells "
            "of bump B.",
            "Which random cells send most to B? Remember how the connections back were drawn.",
        ),
        solution='why = "b"',
    ),
)


# ---------------------------------------------------------------------------------------------
# Part D: the pool's answer


@functools.cache
def _pool_rates() -> np.ndarray:
    """Mean rate of the random layer to the end of the cues, from its spikes, for 0 to 8 items."""
    t_min, rates = 150 * ms, []
    for load in range(_NETWORK.N_rings + 1):
        counts = []
        for seed in range(TRIALS):
            run = simulate_flexible_wm(
                load, network=_network(), seed=seed, sim_time=200 * ms, test_time=200 * ms
            )
            t = run.spike_monitor_random.t
            counts.append(np.count_nonzero(t >= t_min - 0.5 * _TRIAL.dt))
        rates.append(np.mean(counts) / (_NETWORK.N_random * (200 * ms - t_min)))
    return np.array(rates)


def _fit(n: np.ndarray, above: np.ndarray) -> np.ndarray:
    """R and sigma by least squares: for a given sigma, the best R has a closed form."""

    def best(sigma: float) -> tuple[float, float]:
        curve = n / (sigma + n)
        R = float(curve @ above / (curve @ curve))
        return float(((above - R * curve) ** 2).sum()), R

    low, high = 1e-3, 50.0
    for _ in range(100):  # golden section
        left, right = (
            high - (high - low) / 1.618033988749895,
            low + (high - low) / 1.618033988749895,
        )
        if best(left)[0] < best(right)[0]:
            high = right
        else:
            low = left
    return np.array([best(low)[1], low])


def _normalisation(*, rest: bool = True, first: int = 1, t_min: float = 150 * ms) -> np.ndarray:
    rates = _pool_rates()
    n = np.arange(1, len(rates), dtype=float)
    return _fit(n - 1 + first, rates[1:] - (rates[0] if rest else 0.0))


def _straight_line() -> tuple[float, float]:
    """R and sigma from n / rate = sigma / R + n / R."""
    n, above = np.arange(1, _NETWORK.N_rings + 1), _pool_rates()[1:] - _pool_rates()[0]
    slope, start = np.polyfit(n, n / above, 1)
    return 1 / slope, start / slope


def _shares(table: np.ndarray) -> list[float]:
    """From differences between rows and columns, which know nothing of the mean.

    The mean square of the difference of two rows' means is twice their variance; that of
    differences of differences, over all pairs of rows and columns, is four times the variance of
    what does not add up.
    """
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    of_rows = ((rows[:, np.newaxis] - rows) ** 2).mean() / 2
    of_columns = ((columns[:, np.newaxis] - columns) ** 2).mean() / 2
    crossed = [
        (table[i, j] - table[i, m] - table[k, j] + table[k, m]) ** 2
        for i in range(len(table))
        for k in range(len(table))
        for j in range(table.shape[1])
        for m in range(table.shape[1])
    ]
    parts = [float(of_rows), float(of_columns), math.fsum(crossed) / len(crossed) / 4]
    return [part / math.fsum(parts) for part in parts]


def _shares_with_slip(table: np.ndarray, *, what: str) -> np.ndarray:
    centred = table - table.mean()
    of_a, of_b = centred.mean(axis=1), centred.mean(axis=0)
    combination = centred - of_a[:, np.newaxis] - of_b
    variances = {
        "swapped": [of_b.var(), of_a.var(), combination.var()],
        "deviations": [of_a.std(), of_b.std(), combination.std()],
        "unweighted": [(of_a**2).sum(), (of_b**2).sum(), (combination**2).sum()],
        "mean left in": [
            (table.mean(axis=1) ** 2).mean(),
            (table.mean(axis=0) ** 2).mean(),
            combination.var(),
        ],
        "mean taken twice": [
            of_a.var(),
            of_b.var(),
            ((table - table.mean(axis=1, keepdims=True) - table.mean(axis=0)) ** 2).mean(),
        ],
        "whole table": [of_a.var(), of_b.var(), table.var()],
    }
    chosen = np.array(variances[what])
    return chosen / chosen.sum()


def _variances(table: np.ndarray) -> np.ndarray:
    return float(np.var(table)) * np.array(_shares(table))


def _shares_cases(seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 20, 3), rng.uniform(0, 20, 5)
    mixed = rng.uniform(0, 80, (4, 6)) + 10 * rng.uniform(0, 4, (4, 1))
    call = "shares({})"
    return [
        Case(
            (np.add.outer([0.0, 6.0, 12.0], [10.0, 11.0, 30.0, 2.0, 5.0]),),
            call.format("a cell that adds up, 3 places of A and 5 of B"),
            "Nothing of it is beyond a sum.",
        ),
        Case(
            (np.array([[40.0, 0.0], [0.0, 40.0]]),),
            call.format("[[40, 0], [0, 40]]"),
            "Neither A nor B alone changes its mean rate: all is in the combination.",
        ),
        Case(
            (np.array([[10.0, 10.0, 10.0], [30.0, 30.0, 30.0]]),),
            call.format("[[10, 10, 10], [30, 30, 30]]"),
            "B makes no difference.",
        ),
        Case((np.outer(a, b) / 5,), call.format("a product of A and B, 3 places by 5")),
        Case((mixed,), call.format("rates by chance, 4 places of A and 6 of B")),
    ]


_PART_D: tuple[Specification, ...] = (
    Number(
        title="Divisive normalisation of the pool",
        points=2,
        labels=("R in Hz", "sigma"),
        reference=_normalisation,
        # A window with a step more or less, or a fit that leaves r0 free, moves R by up to 0.05 and
        # sigma by 0.013; the slips move one of them by more than twice the tolerance.
        tolerance=Tolerance(absolute=(0.15, 0.025)),
        remark=(
            "Fit R * n / (sigma + n) to pool_rate(n) - pool_rate(0), for n from 1 to 8, with both "
            "parameters free."
        ),
        slips=(
            Slip(
                lambda right: right[::-1],
                "Right numbers, other order: first R.",
            ),
            Slip(
                lambda right: _normalisation(rest=False),
                "The rate at rest is still in. Take pool_rate(0) off before you fit.",
            ),
            Slip(
                lambda right: _normalisation(first=2),
                "Your loads are one too high: n counts from 1 for the first rate after r(0).",
            ),
            Slip(
                lambda right: [_pool_rates()[-1] - _pool_rates()[0], right[1]],
                "That R is the rate with eight items. R is what the curve tends to with ever more "
                "items: a parameter of the fit.",
            ),
            Slip(
                lambda right: _straight_line(),
                "That fits a straight line to n / rate, which lets high loads count for more. Fit "
                "the curve itself.",
            ),
            Slip(
                lambda right: right / [1000, 1],
                "R is in kHz. Give it in Hz.",
            ),
        ),
        praise=(
            "The pool tends to a limit, and sigma items bring it half-way there. So the share of "
            "each item, R / (sigma + n), only falls. Nobody "
            "wrote a division into the network. Balance, and cells with a floor and a ceiling, "
            "come out as one; why so exactly this curve is not known."
        ),
        hints=(
            "rates = np.array([pool_rate(n) for n in range(9)]), and rates[0] is r0.",
            "curve_fit(divided, np.arange(1, 9), rates[1:] - rates[0], p0=(20, 1)) returns the "
            "parameters and their covariance.",
        ),
        solution="""\
# r0 is measured, so it is taken off first: two parameters are left.
rates = np.array([pool_rate(n) for n in range(9)])
n, above_rest = np.arange(1, 9), rates[1:] - rates[0]
normalisation, _ = curve_fit(divided, n, above_rest, p0=(20, 1))
print("rates", np.round(rates, 1), "of each item", np.round(above_rest / n, 1))
print(f"R = {normalisation[0]:.1f} Hz, sigma = {normalisation[1]:.2f} items")""",
    ),
    Function(
        title="What adds up, and what does not",
        points=2,
        signature="shares(table)",
        reference=_shares,
        cases=_shares_cases,
        tolerance=Tolerance(absolute=0.001),
        slips=(
            *_slips(
                _shares_with_slip,
                {
                    "swapped": "A and B have changed places. A is along the rows: its part is the "
                    "mean of each row, table.mean(axis=1).",
                    "deviations": "Those are shares of standard deviations. Variances are what "
                    "adds up: take the squares.",
                    "unweighted": "You sum squares over rows, columns and cells, of which there "
                    "are not equally many. Take means of squares: .var().",
                    "mean left in": "The mean over everything is still in the parts of A and B. "
                    "Take it off: variances, not mean squares.",
                    "mean taken twice": "Each mean of a row and of a column has the mean over "
                    "everything in it, so you have taken that off twice. Add it once, or take it "
                    "off the table first.",
                    "whole table": "The third part is the variance of the whole table. It is what "
                    "is left when the parts of A and of B are taken off.",
                },
            ),
            Slip(
                _variances,
                "Those are the variances. Divide by their sum, so that the three shares sum to 1.",
            ),
        ),
        praise=(
            "The three parts have nothing in common, so their variances add up: that is what an "
            "analysis of variance is. With noisy counts, noise would land in the combination, and "
            "one would have to take it off, or test."
        ),
        hints=(
            "table - table.mean() takes the mean over everything off. Call that the table.",
            "The part of A is table.mean(axis=1), that of B is table.mean(axis=0).",
            "What is left is table - of_a[:, np.newaxis] - of_b. Take the variance of each of the "
            "three and divide by their sum.",
        ),
        solution="""\
# Take the overall mean off first: then the means of rows and columns are the single parts,
# and what they leave is the combination.
table = table - table.mean()
of_a, of_b = table.mean(axis=1), table.mean(axis=0)
combination = table - of_a[:, np.newaxis] - of_b
variances = np.array([of_a.var(), of_b.var(), combination.var()])
return variances / variances.sum()""",
    ),
)

#: All questions, in the notebook's order.
QUESTIONS: tuple[Specification, ...] = _PART_A + _PART_B + _PART_C + _PART_D
