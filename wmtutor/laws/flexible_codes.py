"""What the random layer says: overlap of patterns, mixed selectivity, and codes over time."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wmtutor._validation import SECOND, check_choice, check_count, check_quantity, check_table
from wmtutor.experiments import (
    Interval,
    bootstrap_interval,
    mean_interval,
    run_trials,
    summarise_trials,
)
from wmtutor.flexible import (
    FlexibleRun,
    activity_vector,
    build_network,
    firing_rate,
    get_ring_rates,
    memory_is_present,
    random_layer_tuning,
    simulate_flexible_wm,
)
from wmtutor.flexible.population import (
    Selectivity,
    bump_rates,
    cross_temporal_errors,
    harmonic_terms,
    pattern_overlaps,
    predict_random_layer,
    random_layer_input,
    selectivity,
    spike_counts,
)
from wmtutor.laws._tables import Law
from wmtutor.ring import preferred_angles
from wmtutor.units import ms, second

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAWS",
    "bin_flexible_overlap",
    "measure_flexible_cross_temporal",
    "measure_flexible_overlap",
    "measure_flexible_selectivity",
    "measure_flexible_tuning",
    "summarise_flexible_code_stability",
    "summarise_flexible_cross_temporal",
    "summarise_flexible_overlap",
    "summarise_flexible_selectivity",
    "summarise_flexible_tuning",
]

N_RINGS, N_SENSORY = 8, 512
#: The cues end at 200 ms. A delay of 300 ms is enough for a pattern, and few items are lost in it.
EARLY_DELAY = (200 * ms, 500 * ms)
#: Longer, for the counts of single cells.
COUNTED_DELAY = (200 * ms, 600 * ms)
#: Of the read-outs over time.
WINDOW = 100 * ms
#: The share of false discoveries that the tests of cells allow.
FALSE_DISCOVERIES = 0.05
#: Resamples of intervals that fit a model each time.
RESAMPLES = 999


def _draw(seed: int) -> tuple[np.random.SeedSequence, np.random.Generator]:
    """A seed for the network, and a source for everything else."""
    for_network, for_rest = np.random.SeedSequence(seed).spawn(2)
    return for_network, np.random.default_rng(for_rest)


def _positions(generator: np.random.Generator, shape: Any) -> np.ndarray:
    """Preferred angles of cells, in degrees."""
    return preferred_angles(N_SENSORY)[generator.integers(N_SENSORY, size=shape)]


def _trial_seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**63))


def _check_list(name: str, values: Any, low: int, high: int) -> list[int]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}={values!r}: expected a list of numbers, such as [1, 2]")
    return [check_count(name, value, low=low, high=high) for value in values]


# ---------------------------------------------------------------------------------------------
# Overlap


def _overlap_trial(seed: int, load: int, together: int) -> dict[str, Any]:
    """A new network: every item alone for its pattern, then all of them together."""
    for_network, generator = _draw(seed)
    network = build_network(seed=for_network)
    rings = np.sort(generator.permutation(N_RINGS)[:load])
    positions = _positions(generator, load)
    alone = [
        simulate_flexible_wm(
            cued_rings=[ring], cue_positions_deg=[position], network=network,
            seed=_trial_seed(generator), sim_time=EARLY_DELAY[1], test_time=EARLY_DELAY[1],
        )
        for ring, position in zip(rings, positions, strict=True)
    ]  # fmt: skip
    patterns = {
        "measured": [random_layer_input(run, *EARLY_DELAY) for run in alone],
        "predicted": [
            predict_random_layer(network, bump_rates(network, [ring], [position])).input_mean
            for ring, position in zip(rings, positions, strict=True)
        ],
    }
    lost = np.zeros(load, dtype=int)
    for _ in range(together):
        run = simulate_flexible_wm(
            cued_rings=rings, cue_positions_deg=positions, network=network,
            seed=_trial_seed(generator), sim_time=1 * second,
        )  # fmt: skip
        lost += ~run.memory_present[rings]
    with_rest = {
        kind: (pattern_overlaps(rows).sum(axis=1) - 1) / (load - 1)
        for kind, rows in patterns.items()
    }
    row: dict[str, Any] = {}
    for item in range(N_RINGS):
        there = item < load
        row[f"lost_{item}"] = int(lost[item]) if there else np.nan
        for kind, overlaps in with_rest.items():
            row[f"{kind}_{item}"] = overlaps[item] if there else np.nan
    return row


def measure_flexible_overlap(
    loads: Sequence[int] = (2, 4, 6),
    repeats: int = 1500,
    *,
    together: int = 2,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure how much the patterns of items overlap, and which items are lost when shown together.

    Each trial has a network, rings and positions of its own. Every item is shown alone; the mean
    input that it brings to each random cell from 0.2 to 0.5 s is its pattern. The overlap of two
    items is Pearson's correlation of their patterns over the random cells. Then all items are
    shown together, ``together`` times with other spikes.

    Parameters
    ----------
    loads : sequence of int
        Numbers of items, 2 to 8.
    repeats : int
        Trials at each load.
    together : int
        How often the items of a trial are shown together.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial. For each item ``k``: ``lost_k``, in how many of the ``together`` runs it was
        lost at 1 s; ``measured_k``, the mean overlap of its pattern with those of the other items;
        and ``predicted_k``, the same for the inputs that the connections predict for box-shaped
        bumps, without any simulation. NaN from item ``load`` on.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_overlap([2], 2, n_jobs=1, progress=False)
    >>> table[["lost_0", "lost_1"]].to_numpy().tolist()
    [[0, 0], [1, 1]]
    """
    loads = _check_list("loads", loads, 2, N_RINGS)
    together = check_count("together", together, high=10_000)
    return run_trials(
        _overlap_trial,
        {"load": loads, "together": [together]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def _items(rows: "pd.DataFrame", kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps and numbers of losses, trials x items."""
    load = int(rows.load.iloc[0])
    overlap = rows[[f"{kind}_{item}" for item in range(load)]].to_numpy(float)
    return overlap, rows[[f"lost_{item}" for item in range(load)]].to_numpy(float)


def _logistic_slope(x: np.ndarray, lost: np.ndarray, runs: float) -> float:
    """Maximum-likelihood slope of the log odds of a loss on x, by Newton's method.

    ``lost`` of ``runs`` independent runs were losses at each x.
    """
    design = np.stack([np.ones(x.size), x.ravel()])
    y = lost.ravel() / runs
    mean = y.mean()
    if not 0 < mean < 1:
        return float("nan")
    beta = np.array([np.log(mean / (1 - mean)), 0.0])
    for _ in range(25):
        p = 1 / (1 + np.exp(-beta @ design))
        step = np.linalg.solve((design * (p * (1 - p))) @ design.T, design @ (y - p))
        beta += step
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[1])


def _auc(rank: np.ndarray, lost: np.ndarray, runs: float) -> float:
    """Chance that a lost item has a lower rank (0, 1, ...) than a kept one; ties count half."""
    rank, lost = rank.ravel(), lost.ravel()
    losses, keeps = np.bincount(rank, lost), np.bincount(rank, runs - lost)
    kept_above = keeps.sum() - np.cumsum(keeps)
    with np.errstate(invalid="ignore"):
        return float((losses * (kept_above + keeps / 2)).sum() / (losses.sum() * keeps.sum()))


def _explained(x: np.ndarray, lost: np.ndarray, runs: float) -> float:
    """Share of the items' true differences in their chance of a loss that x explains linearly.

    The variance of the observed fractions is that of the chances plus that of the draws, and the
    second can be estimated from the runs and taken off.
    """
    x, p = x.ravel(), lost.ravel() / runs
    of_draws = (p * (1 - p)).mean() / (runs - 1) if runs > 1 else float("nan")
    of_chances = p.var() - of_draws
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.cov(x, p, bias=True)[0, 1] ** 2 / (x.var() * of_chances))


def _over_trials(
    statistic: Callable[[np.ndarray, np.ndarray, float], float],
    x: np.ndarray,
    lost: np.ndarray,
    runs: float,
) -> Interval:
    """A statistic of all items, with its interval over trials, whose items stay together."""

    def of_trials(numbers: np.ndarray) -> float:
        chosen = numbers.astype(int)
        return statistic(x[chosen], lost[chosen], runs)

    return bootstrap_interval(np.arange(len(x)), of_trials, resamples=RESAMPLES)


def summarise_flexible_overlap(table: "pd.DataFrame") -> "pd.DataFrame":
    """How well the overlap of an item with the others tells whether it is lost.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_overlap`.

    Returns
    -------
    pandas.DataFrame
        A row for each load and kind of overlap ("measured" and "predicted"): ``trials``,
        ``overlap_sd`` (over items), ``lost_fraction``, ``odds_ratio`` (the factor by which one
        standard deviation more overlap changes the odds of a loss, by logistic regression),
        ``auc`` (chance that a lost item has less overlap than a kept one; 0.5 if overlap does not
        matter) and ``explained`` (share of the items' true differences in their chance of a loss
        that the overlap explains; NaN if items were shown together once only). Each has its 95%
        interval, from a bootstrap over trials.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> values = np.linspace(-0.05, 0.05, 40)
    >>> table = pd.DataFrame(
    ...     {"load": 2, "together": 2, "lost_0": np.tile([2, 0, 0, 1], 10), "lost_1": 0}
    ... )
    >>> for kind in ("measured", "predicted"):
    ...     table[[f"{kind}_0", f"{kind}_1"]] = np.stack([values, values[::-1]], axis=1)
    >>> summarise_flexible_overlap(table).lost_fraction.tolist()
    [0.1875, 0.1875]
    """
    import pandas as pd

    check_table(
        "table", table, ["load", "together", "lost_0", "lost_1", "measured_0", "predicted_0"]
    )
    rows = []
    for load, group in table.groupby("load", sort=True):
        runs = float(group.together.iloc[0])
        for kind in ("measured", "predicted"):
            overlap, lost = _items(group, kind)
            deviation = float(overlap.std())
            ranks = np.unique(overlap, return_inverse=True)[1].reshape(overlap.shape)
            quantities = {
                "lost_fraction": mean_interval((lost / runs).mean(axis=1), fraction=True),
                "odds_ratio": Interval(
                    *np.exp(_over_trials(_logistic_slope, overlap / deviation, lost, runs))
                ),
                "auc": _over_trials(_auc, ranks, lost, runs),
            }
            if runs > 1:
                quantities["explained"] = _over_trials(_explained, overlap, lost, runs)
            row = {"load": load, "kind": kind, "trials": len(group), "overlap_sd": deviation}
            for name, interval in quantities.items():
                row[name], row[f"{name}_low"], row[f"{name}_high"] = interval
            rows.append(row)
    return pd.DataFrame(rows)


def bin_flexible_overlap(
    table: "pd.DataFrame", kind: str = "measured", bins: int = 6
) -> "pd.DataFrame":
    """The fraction of items that are lost, at low and at high overlap with the others.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_overlap`.
    kind : {"measured", "predicted"}
        Which overlap.
    bins : int
        Number of bins with equally many items.

    Returns
    -------
    pandas.DataFrame
        A row for each load and bin: ``overlap`` (mean in the bin), ``items``, and
        ``lost_fraction`` with its 95% interval. Items of one trial in one bin are averaged first.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, or bad values.

    Examples
    --------
    >>> import pandas as pd
    >>> values = np.linspace(-0.05, 0.05, 40)
    >>> table = pd.DataFrame({"load": 2, "together": 1, "lost_0": values < 0, "lost_1": values < 0})
    >>> table["measured_0"] = table["measured_1"] = values
    >>> bin_flexible_overlap(table, bins=2).lost_fraction.tolist()
    [1.0, 0.0]
    """
    import pandas as pd

    kind = check_choice("kind", kind, ("measured", "predicted"))
    bins = check_count("bins", bins, high=100)
    check_table("table", table, ["load", "together", "lost_0", "lost_1", f"{kind}_0", f"{kind}_1"])
    rows = []
    for load, group in table.groupby("load", sort=True):
        overlap, lost = _items(group, kind)
        fraction = lost / float(group.together.iloc[0])
        edges = np.quantile(overlap, np.linspace(0, 1, bins + 1))
        place = np.clip(np.searchsorted(edges, overlap, side="right") - 1, 0, bins - 1)
        for number in range(bins):
            within = place == number
            of_trial = np.where(within, fraction, 0).sum(axis=1)[within.any(axis=1)]
            interval = mean_interval(
                of_trial / within.sum(axis=1)[within.any(axis=1)], fraction=True
            )
            row = {"load": load, "overlap": overlap[within].mean(), "items": int(within.sum())}
            row["lost_fraction"], row["lost_fraction_low"], row["lost_fraction_high"] = interval
            rows.append(row)
    return pd.DataFrame(rows)


# ---------------------------------------------------------------------------------------------
# Mixed selectivity


def _discovered(p_values: np.ndarray) -> np.ndarray:
    """Which cells pass, when a set share of those that pass may be false (Benjamini-Hochberg)."""
    from scipy import stats

    return np.asarray(stats.false_discovery_control(p_values) < FALSE_DISCOVERIES)


def _without_interaction(
    counts: np.ndarray, angles: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Counts of cells that add the two items up, with the real noise: a control of the test.

    What a sum of the two items explains is kept. What it leaves is given a random sign in each
    trial, so that nothing in it can depend on the items, but it is as large as it was.
    """
    terms = [harmonic_terms(angle, 2) for angle in angles.T]
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(counts)), *terms]))
    added = basis @ (basis.T @ counts)
    return added + (counts - added) * generator.choice([-1.0, 1.0], size=(len(counts), 1))


def _interaction_share(result: Selectivity) -> float:
    parts = [float(part.sum()) for part in (result.first, result.second, result.interaction)]
    return parts[2] / sum(parts)


def _selectivity_trial(seed: int, items: int) -> dict[str, Any]:
    """A new network, whose cells are recorded while it holds many pairs of items."""
    for_network, generator = _draw(seed)
    network = build_network(seed=for_network)
    angles = _positions(generator, (items, 2))
    stop = COUNTED_DELAY[1]
    runs = [
        simulate_flexible_wm(
            cued_rings=[0, 1], cue_positions_deg=pair, network=network,
            seed=_trial_seed(generator), sim_time=stop, test_time=stop,
        )
        for pair in angles
    ]  # fmt: skip
    # As with animals, trials in which an item was lost do not count.
    kept = np.array([run.memory_present[:2].all() for run in runs])
    angles = angles[kept]
    counts = np.array(
        [spike_counts(run, COUNTED_DELAY)[0] for run, keep in zip(runs, kept, strict=True) if keep],
        dtype=float,
    )
    result = selectivity(counts, *angles.T)
    first, second, interaction = (_discovered(p) for p in result[:3])
    shuffled = selectivity(generator.permutation(counts), *angles.T)
    added = selectivity(_without_interaction(counts, angles, generator), *angles.T)
    predicted = np.array(
        [predict_random_layer(network, bump_rates(network, [0, 1], pair)).rate for pair in angles]
    )
    return {
        "kept_fraction": kept.mean(),
        "first_fraction": first.mean(),
        "second_fraction": second.mean(),
        "one_only_fraction": (first ^ second).mean(),
        "both_fraction": (first & second).mean(),
        "interaction_fraction": interaction.mean(),
        "unselective_fraction": (~(first | second | interaction)).mean(),
        # Uncorrected, so that 5% are expected if the tests are right.
        "shuffled_first_fraction": (shuffled.p_first < 0.05).mean(),
        "shuffled_interaction_fraction": (shuffled.p_interaction < 0.05).mean(),
        "added_interaction_fraction": (added.p_interaction < 0.05).mean(),
        # The same with the correction: what the fractions above would be by chance.
        "shuffled_discovered_fraction": _discovered(shuffled.p_first).mean(),
        "added_discovered_fraction": _discovered(added.p_interaction).mean(),
        "interaction_share": _interaction_share(result),
        "predicted_interaction_share": _interaction_share(selectivity(predicted, *angles.T)),
    }


def measure_flexible_selectivity(
    repeats: int = 20,
    *,
    items: int = 400,
    seed: int = 2,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure to what the random cells are selective while the network holds two items.

    A trial is a network: it is shown ``items`` pairs of random positions on rings 0 and 1, and the
    spikes of each random cell from 0.2 to 0.6 s are counted. The pairs of which both items were
    kept are analysed, by :func:`wmtutor.flexible.population.selectivity`.

    Parameters
    ----------
    repeats : int
        Number of networks.
    items : int
        Pairs of items shown to each, at least 60.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a network. ``kept_fraction``: pairs of which both items were kept. Fractions of the
        cells, with at most 5% false discoveries expected (Benjamini and Hochberg): ``first``,
        ``second`` (the rate depends on the position on ring 0, on ring 1), ``one_only``, ``both``,
        ``interaction`` (on a combination of the two, beyond a sum), ``unselective``. Controls at
        p < 0.05 without correction: ``shuffled_first`` and ``shuffled_interaction`` (trials
        permuted), ``added_interaction`` (the interaction taken out); and with it:
        ``shuffled_discovered`` and ``added_discovered``. All end in ``_fraction``.
        ``interaction_share``: of the variance of expected counts that the items explain, the part
        of the interaction, over all cells; ``predicted_interaction_share``: the same for
        rates that the connections predict for two box-shaped bumps.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_selectivity(1, items=60, n_jobs=1, progress=False)
    >>> bool(table.first_fraction[0] > 0.3)
    True
    """
    items = check_count("items", items, low=60, high=100_000)
    return run_trials(
        _selectivity_trial,
        {"items": [items]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def summarise_flexible_selectivity(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means over networks with 95% intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_selectivity`.

    Returns
    -------
    pandas.DataFrame
        One row, with every quantity of the table, its ``_low`` and its ``_high``. Cells of a
        network share its trials, so the networks are what the intervals count.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"items": 400, "both_fraction": [0.8, 0.9]})
    >>> summarise_flexible_selectivity(table).both_fraction.round(3).tolist()
    [0.85]
    """
    check_table("table", table, ["items"])
    own = ("condition", "repeat", "seed", "items", "error")
    return _network_means(table, ["items"], [name for name in table if name not in own])


def _network_means(
    table: "pd.DataFrame", by: Sequence[str], columns: Sequence[str]
) -> "pd.DataFrame":
    """Means over networks, with the bootstrap's interval for fractions too.

    A network's fraction is a mean over a thousand cells, and not one of few yes-or-no trials.
    """
    renamed = {name: name.removesuffix("_fraction") for name in columns}
    summary = summarise_trials(table.rename(columns=renamed), by, list(renamed.values()))
    back = {f"{new}{end}": f"{old}{end}" for old, new in renamed.items()
            for end in ("", "_low", "_high")}  # fmt: skip
    return summary.rename(columns=back)


def _tuning_trial(seed: int, added: int, cues: int, per_cue: int) -> dict[str, Any]:
    """A new network, whose cells are recorded with one item alone and with others beside it."""
    for_network, generator = _draw(seed)
    network = build_network(seed=for_network)
    others = np.arange(1, added + 1)
    places = _positions(generator, added)
    angles = (np.arange(cues) + 0.5) * 360 / cues
    stop = COUNTED_DELAY[1]

    def trials(rings: np.ndarray, positions: np.ndarray) -> list[FlexibleRun]:
        return [
            simulate_flexible_wm(
                cued_rings=[0, *rings], cue_positions_deg=[angle, *positions], network=network,
                seed=_trial_seed(generator), sim_time=stop, test_time=stop,
            )
            for _ in range(per_cue) for angle in angles
        ]  # fmt: skip

    alone, together = trials(others[:0], places[:0]), trials(others, places)
    row: dict[str, Any] = {}
    # Two halves of each set: what they share is tuning, and no noise.
    half = cues * (per_cue // 2)
    for name, only_kept in (("all", False), ("kept", True)):
        halves = [
            [run for run in part if run.memory_present[0] or not only_kept]
            for runs in (alone, together) for part in (runs[:half], runs[half:])
        ]  # fmt: skip
        curves = [
            random_layer_tuning(part, 0, cues, t_min=COUNTED_DELAY[0], t_max=stop).rate
            for part in halves
        ]
        row |= {f"{quantity}_{name}": value for quantity, value in _compare(*curves).items()}
        rates = [
            np.mean([get_ring_rates(run, COUNTED_DELAY[0], stop)[0] for run in runs])
            for runs in (halves[0] + halves[1], halves[2] + halves[3])
        ]
        row[f"ring_ratio_{name}"] = rates[1] / rates[0]
    layer = [np.mean([run.spike_monitor_random.num_spikes for run in runs])
             for runs in (alone, together)]  # fmt: skip
    row["layer_ratio"] = layer[1] / layer[0]
    # Bumps that stand as firm beside others as alone: what the random cells make of them.
    expected = [
        np.stack(
            [
                predict_random_layer(network, bump_rates(network, [0, *rings], [angle, *at])).rate
                for angle in angles
            ],
            axis=1,
        )
        for rings, at in ((others[:0], places[:0]), (others, places))
    ]
    theory = _compare(expected[0], expected[0], expected[1], expected[1])
    row |= {f"predicted_{quantity}": value for quantity, value in theory.items()}
    row["kept_fraction"] = np.mean([run.memory_present[0] for run in together])
    return row


def _compare(
    alone_1: np.ndarray, alone_2: np.ndarray, with_1: np.ndarray, with_2: np.ndarray
) -> dict[str, float]:
    """Gain and correlation of tuning curves (cells x cues), each given twice with other noise."""
    known = ~np.isnan([curves[0] for curves in (alone_1, alone_2, with_1, with_2)]).any(axis=0)
    if known.sum() < 3:  # in too few trials the item was kept
        return {"gain": float("nan"), "correlation": float("nan")}
    curves = [c[:, known] for c in (alone_1, alone_2, with_1, with_2)]
    a1, a2, w1, w2 = (c - c.mean(axis=1, keepdims=True) for c in curves)
    # Products of different halves: the noise of one is not in the other.
    across = ((a1 + a2) * (w1 + w2)).sum() / 4
    alone, beside = (a1 * a2).sum(), (w1 * w2).sum()
    # Noise alone can make a product of halves negative: then there is no tuning to speak of.
    shape = across / np.sqrt(alone * beside) if min(alone, beside) > 0 else np.nan
    return {"gain": float(across / alone), "correlation": float(shape)}


def measure_flexible_tuning(
    added: Sequence[int] = (0, 1, 3, 5),
    repeats: int = 16,
    *,
    cues: int = 16,
    per_cue: int = 6,
    seed: int = 3,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure how the tuning of random cells to an item changes when others are held beside it.

    A trial is a network. Ring 0 is cued at ``cues`` angles, alone and again with ``added`` other
    items, whose rings and positions stay the same throughout. Rates are those from 0.2 to 0.6 s.

    Parameters
    ----------
    added : sequence of int
        Numbers of other items, 0 to 7. With 0 nothing should change: a control.
    repeats : int
        Networks for each.
    cues : int
        Number of angles.
    per_cue : int
        Trials at each angle, alone and together; at least 4.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a network. ``gain_all``: slope of the tuning curves with the others on those alone,
        over all cells, each without its mean; 1 if tuning is unchanged, 0 if it is gone.
        ``correlation_all``: how alike their shapes are. Both are corrected for the noise of the
        spikes by comparing halves of the trials. ``ring_ratio_all``: rate of ring 0 with the
        others over that alone. ``gain_kept``, ``correlation_kept`` and ``ring_ratio_kept``: of the
        trials in which the item was kept. ``layer_ratio``: spikes of the random layer with
        the others over those alone. ``kept_fraction``: how often the item was kept beside the
        others. ``predicted_gain`` and ``predicted_correlation``: the same as
        ``gain`` and ``correlation`` for rates that the connections predict for box-shaped bumps,
        as firm beside the others as alone.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_tuning([5], 1, cues=4, per_cue=4, n_jobs=1, progress=False)
    >>> bool(0.1 < table.gain_all[0] < 0.8)
    True
    """
    added = _check_list("added", added, 0, N_RINGS - 1)
    cues = check_count("cues", cues, low=3, high=N_SENSORY)
    per_cue = check_count("per_cue", per_cue, low=4, high=10_000)
    return run_trials(
        _tuning_trial,
        {"added": added, "cues": [cues], "per_cue": [per_cue]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def summarise_flexible_tuning(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means over networks with 95% intervals, for each number of other items.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_tuning`.

    Returns
    -------
    pandas.DataFrame
        A row for each number of other items.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> names = ["layer_ratio", "kept_fraction", "predicted_gain", "predicted_correlation"]
    >>> names += [f"{name}_{of}" for name in ("gain", "correlation", "ring_ratio")
    ...           for of in ("all", "kept")]
    >>> table = pd.DataFrame({"added": [1, 1]} | {name: [0.7, 0.9] for name in names})
    >>> summarise_flexible_tuning(table).gain_all.round(3).tolist()
    [0.8]
    """
    pairs = [f"{name}_{of}" for of in ("all", "kept") for name in
             ("gain", "correlation", "ring_ratio")]  # fmt: skip
    more = ["layer_ratio", "kept_fraction", "predicted_gain", "predicted_correlation"]
    check_table("table", table, ["added", *pairs, *more])
    return _network_means(table, ["added"], [*pairs, *more])


# ---------------------------------------------------------------------------------------------
# Cross-temporal decoding

#: Layers that are decoded, and of which trials.
_LAYERS = ("random", "ring")
_FATES = ("all", "kept", "lost")


def _cross_temporal_trial(seed: int, load: int, items: int, windows: int) -> dict[str, Any]:
    """A new network, whose spikes are decoded: mean errors of every pair of windows."""
    for_network, generator = _draw(seed)
    network = build_network(seed=for_network)
    angles = _positions(generator, (items, load))
    edges = WINDOW * np.arange(windows + 1)
    counts: dict[str, list[np.ndarray]] = {layer: [] for layer in _LAYERS}
    present = []
    for positions in angles:
        run = simulate_flexible_wm(
            cued_rings=np.arange(load), cue_positions_deg=positions, network=network,
            seed=_trial_seed(generator), sim_time=edges[-1], test_time=edges[-1], record_dt=WINDOW,
        )  # fmt: skip
        counts["random"].append(spike_counts(run, edges))
        counts["ring"].append(spike_counts(run, edges, ring=0))
        rates = firing_rate(run.s_sensory[:, 0], **run.parameters.rate_function)
        present.append(memory_is_present(activity_vector(rates).strength))
    there = np.array(present)
    # Kept, or lost, throughout a window; one that is lost in the middle of it is neither.
    fates = {
        "all": np.ones((items, windows), bool),
        "kept": there[:, :-1] & there[:, 1:],
        "lost": ~there[:, :-1] & ~there[:, 1:],
    }
    row: dict[str, Any] = {}
    for layer, of_layer in counts.items():
        error_deg = cross_temporal_errors(np.array(of_layer), angles[:, 0]).error_deg
        for fate, chosen in fates.items():
            # Fewer than ten trials say too little.
            known = chosen & (chosen.sum(axis=0) >= 10)
            masked = np.where(known.T[np.newaxis], error_deg, np.nan)
            for train, test in np.ndindex(windows, windows):
                values = masked[train, test]
                values = values[~np.isnan(values)]
                mean = round(float(values.mean()), 2) if values.size else np.nan
                row[f"{layer}_{fate}_{train}_{test}"] = mean
    return row


def measure_flexible_cross_temporal(
    loads: Sequence[int] = (1, 4),
    repeats: int = 20,
    *,
    items: int = 200,
    windows: int = 11,
    seed: int = 4,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure how well a read-out that was fitted at one time works at another.

    A trial is a network that is shown ``items`` sets of items at random positions. The position on
    ring 0 is read out linearly, from the spikes of the random layer and from those of ring 0
    itself, in windows of 100 ms. Cues are on in the second window. The read-out is that of
    :func:`wmtutor.flexible.population.cross_temporal_errors`.

    Parameters
    ----------
    loads : sequence of int
        Numbers of items, 1 to 8; rings 0 to ``load - 1`` are cued.
    repeats : int
        Networks at each load.
    items : int
        Sets of items shown to each network, at least 40.
    windows : int
        Number of windows from the start of the run, at least 3.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row for each network and pair of windows: ``train_time`` and ``test_time`` (middles of
        the windows, s), and mean errors in degrees, 90 by chance: ``random_all``, ``random_kept``,
        ``random_lost``, ``ring_all``, ``ring_kept`` and ``ring_lost``, by layer and by what had
        become of the item in the tested window: kept throughout, or lost throughout (its activity
        vector at most 3 Hz; before the cue every item counts as lost). NaN for fewer than ten
        sets. Read-outs are fitted to all sets alike.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_cross_temporal([1], 1, items=40, windows=4, n_jobs=1,
    ...                                         progress=False)
    >>> len(table), bool(table.random_all.iloc[-1] < 40)
    (16, True)
    """
    loads = _check_list("loads", loads, 1, N_RINGS)
    items = check_count("items", items, low=40, high=100_000)
    windows = check_count("windows", windows, low=3, high=20)
    table = run_trials(
        _cross_temporal_trial,
        {"load": loads, "items": [items], "windows": [windows]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )
    return _by_window(table, windows)


def _by_window(table: "pd.DataFrame", windows: int) -> "pd.DataFrame":
    """A row for each network and pair of windows, from one with a row for each network."""
    import pandas as pd

    own = [name for name in table if not name.startswith(tuple(f"{x}_" for x in _LAYERS))]
    parts = []
    for train, test in np.ndindex(windows, windows):
        part = table[own].copy()
        part["train_time"], part["test_time"] = WINDOW * (train + 0.5), WINDOW * (test + 0.5)
        for layer in _LAYERS:
            for fate in _FATES:
                # A network whose trial failed has no such columns.
                column = table.get(f"{layer}_{fate}_{train}_{test}")
                part[f"{layer}_{fate}"] = np.nan if column is None else column
        parts.append(part)
    long = pd.concat(parts).sort_values(["load", "repeat", "train_time", "test_time"])
    long = long.reset_index(drop=True)
    long.attrs.update(table.attrs)
    return long


_ERRORS = [f"{layer}_{fate}" for layer in _LAYERS for fate in _FATES]


def summarise_flexible_cross_temporal(table: "pd.DataFrame") -> "pd.DataFrame":
    """Mean errors over networks with 95% intervals, for each pair of windows.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_cross_temporal`.

    Returns
    -------
    pandas.DataFrame
        A row for each load and pair of windows.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> names = [f"{layer}_{fate}" for layer in ("random", "ring")
    ...          for fate in ("all", "kept", "lost")]
    >>> table = pd.DataFrame({"load": 1, "train_time": 0.35, "test_time": [0.35, 0.35, 0.45, 0.45]}
    ...                      | {name: [10.0, 14.0, 15.0, 17.0] for name in names})
    >>> summarise_flexible_cross_temporal(table).random_all.tolist()
    [12.0, 16.0]
    """
    check_table("table", table, ["load", "train_time", "test_time", *_ERRORS])
    return summarise_trials(table, ["load", "train_time", "test_time"], _ERRORS)


def summarise_flexible_code_stability(
    table: "pd.DataFrame", from_time: float = 0.3 * second
) -> "pd.DataFrame":
    """How much worse a read-out gets with the time between fitting and testing it.

    The error of a pair of different windows, fitted in either and tested in the other, is compared
    with the mean of the two in which one window serves for both. So a memory that gets worse with
    time, which hurts the read-outs on the diagonal as well, is not taken for a code that changes.
    A small loss need not be a change of code either: a read-out that is fitted to worse memories is
    worse, and independent errors add in squares and not in sums.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_cross_temporal`.
    from_time : float
        Windows whose middle is before this time, in seconds, are left out.

    Returns
    -------
    pandas.DataFrame
        A row for each load and ``lag`` (s), with 95% intervals over networks: ``random_loss`` and
        ``ring_loss``, degrees by which the error exceeds that of the diagonal; ``random_forward``
        and ``ring_forward``, degrees by which a read-out of the earlier window, tested in the
        later, is worse than one fitted there. All are near zero for a code that stays the same.
        Of the sets of items in which the item was kept in the tested window.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    Errors of 10 and 14 degrees where windows are tested by themselves, and 15 and 11 across:

    >>> import pandas as pd
    >>> table = pd.DataFrame({"load": 1, "repeat": 0, "train_time": [0.35, 0.35, 0.45, 0.45],
    ...                       "test_time": [0.35, 0.45, 0.35, 0.45],
    ...                       "random_kept": [10.0, 15.0, 11.0, 14.0], "ring_kept": 5.0})
    >>> summarise_flexible_code_stability(table)[["random_loss", "random_forward"]].values.tolist()
    [[1.0, 1.0]]
    """
    import pandas as pd

    check_table(
        "table", table, ["load", "repeat", "train_time", "test_time", "random_kept", "ring_kept"]
    )
    from_time = check_quantity("from_time", from_time, SECOND, low=1e-3, high=100)
    late = table[(table.train_time > from_time) & (table.test_time > from_time)]
    rows = []
    for (load, network), group in late.groupby(["load", "repeat"], sort=True):
        quantities: dict[str, np.ndarray] = {}
        for layer in _LAYERS:
            error = group.pivot(index="train_time", columns="test_time", values=f"{layer}_kept")
            times, matrix = error.columns.to_numpy(), error.to_numpy()
            diagonal = np.diag(matrix)
            both_ways = (matrix + matrix.T - diagonal - diagonal[:, np.newaxis]) / 2
            quantities |= {f"{layer}_loss": both_ways, f"{layer}_forward": matrix - diagonal}
        if len(times) < 2:
            raise ValueError("table: has fewer than two windows after from_time; choose an earlier")
        for steps in range(1, len(times)):
            row = {"load": load, "network": network, "lag": round(times[steps] - times[0], 6)}
            # Trained in the earlier window: above the diagonal.
            rows.append(row | {name: np.diag(q, steps).mean() for name, q in quantities.items()})
    names = [f"{layer}_{quantity}" for quantity in ("loss", "forward") for layer in _LAYERS]
    return summarise_trials(pd.DataFrame(rows), ["load", "lag"], names)


LAWS = {
    "flexible_overlap": Law(
        "Does the overlap of an item's pattern with the others tell whether it is lost?",
        measure_flexible_overlap,
        summarise_flexible_overlap,
    ),
    "flexible_selectivity": Law(
        "To what are random cells selective while the network holds two items?",
        measure_flexible_selectivity,
        summarise_flexible_selectivity,
    ),
    "flexible_tuning": Law(
        "How does the tuning of random cells to an item change beside other items?",
        measure_flexible_tuning,
        summarise_flexible_tuning,
    ),
    "flexible_cross_temporal": Law(
        "Does a read-out of an item that was fitted at one time work at another?",
        measure_flexible_cross_temporal,
        summarise_flexible_cross_temporal,
    ),
}
