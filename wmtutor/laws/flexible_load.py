"""How many items the flexible network keeps, how exactly, and for how long."""

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wmtutor._validation import check_choice, check_count
from wmtutor.experiments import Interval, mean_interval, run_trials, summarise_trials
from wmtutor.fits import (
    cowan_capacity,
    fit_capacity,
    fit_mixture,
    fit_survival,
    intervals_of_groups,
)
from wmtutor.flexible import (
    FlexibleRun,
    build_network,
    get_memory_time_series,
    get_ring_rates,
    simulate_flexible_wm,
)
from wmtutor.laws._tables import Law
from wmtutor.ring import preferred_angles, signed_difference
from wmtutor.units import ms, second

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAWS",
    "NormalisationFit",
    "fit_normalisation",
    "items_of_load",
    "measure_flexible_delay",
    "measure_flexible_load",
    "measure_flexible_twins",
    "nontarget_errors",
    "summarise_flexible_capacity",
    "summarise_flexible_delay",
    "summarise_flexible_guesses",
    "summarise_flexible_hazard",
    "summarise_flexible_load",
    "summarise_flexible_pool",
    "summarise_flexible_survival",
    "summarise_flexible_twins",
    "summarise_flexible_wander",
]

#: Rings of the network, and so the largest load.
N_RINGS = 8
#: Length of the activity vector above which there is a memory, Hz.
THRESHOLD = 3.0
#: The standard trial: cues from 0.1 to 0.2 s, test at 1 s.
CUE_END = 200 * ms
TEST_TIME = 1 * second
#: Rates are counted at the end of the cue, while every item is there, and before the test.
RATE_WINDOWS = {"cue": (150 * ms, 200 * ms), "test": (900 * ms, 1000 * ms)}
_LAYERS = ("random_rate", "cued_ring_rate", "other_ring_rate")
#: The long trial: when the items are looked at, in milliseconds after the end of the cue.
DELAYS_MS = (0, 50, 100, 200, 300, 400, 600, 800, *range(1000, 5001, 500))
#: The same for pairs of trials with the same network and cues.
TWIN_DELAYS_MS = (100, 200, 400, 600, 800)
#: A memory that is gone for this long is lost; one that is back for this long has returned. The
#: strength of a weak bump flickers about the threshold.
LAPSE = 100 * ms
#: Interval between looks at a long trial.
LOOK = 10 * ms
#: Edges of the stretches of the delay in which losses are counted, seconds after the cue.
STRETCHES_S = (0.0, 0.3, 1.0, 2.0, 5.0)
#: Bootstrap samples of an interval.
RESAMPLES = 999


def _padded(name: str, values: Any, digits: int) -> dict[str, float]:
    """A column for each possible item, NaN where the load is smaller."""
    padded = np.full(N_RINGS, np.nan)
    padded[: len(values)] = np.round(values, digits)
    return {f"{name}_{item}": float(value) for item, value in enumerate(padded, start=1)}


def _mean_rates(run: FlexibleRun, name: str) -> dict[str, float]:
    """Mean rates of the layers' cells in a window, Hz."""
    start, stop = RATE_WINDOWS[name]
    rates = get_ring_rates(run, start, stop)
    is_cued = np.isin(np.arange(N_RINGS), run.cued_rings)
    spikes = run.spike_monitor_random
    slack = 1e-6 * run.parameters.dt
    first, last = np.searchsorted(spikes.t, np.array([start, stop]) - slack)
    random_rate = (last - first) / (run.network.N_random * (stop - start))
    return {
        f"{name}_random_rate": float(random_rate),
        f"{name}_cued_ring_rate": float(rates[is_cued].mean()) if is_cued.any() else np.nan,
        f"{name}_other_ring_rate": float(rates[~is_cued].mean()) if not is_cued.all() else np.nan,
    }


def _flexible_load_trial(seed: int, load: int) -> dict[str, Any]:
    """One trial on a network of its own, read at the test."""
    run = simulate_flexible_wm(load, seed=seed, sim_time=TEST_TIME, test_time=TEST_TIME)
    rings, cues_deg = run.cued_rings, run.cue_positions_deg
    ml_error_deg = signed_difference(run.ml_angle_deg[rings], cues_deg)
    return {
        "maintained": run.maintained,
        "forgotten": run.forgotten,
        "spurious": run.spurious,
        **_mean_rates(run, "cue"),
        **_mean_rates(run, "test"),
        **_padded("cue_deg", cues_deg, 4),
        **_padded("strength", run.memory_strength[rings], 4),
        **_padded("error_deg", run.error_deg, 3),
        **_padded("ml_error_deg", ml_error_deg, 4),
    }


def _first_of_run(values: np.ndarray, length: int) -> int:
    """Where ``length`` true values in a row first begin; the number of values if nowhere."""
    if len(values) < length:
        return len(values)
    whole = np.lib.stride_tricks.sliding_window_view(values, length).all(axis=1)
    return int(whole.argmax()) if whole.any() else len(values)


def _flexible_delay_trial(seed: int, load: int) -> dict[str, Any]:
    """One long trial on a network of its own, looked at again and again."""
    longest = CUE_END + DELAYS_MS[-1] * ms
    run = simulate_flexible_wm(
        load, seed=seed, sim_time=longest + LAPSE, test_time=longest, record_dt=LOOK
    )
    series = get_memory_time_series(run)
    after_cue = series.t >= CUE_END - LOOK / 2
    look = round(LAPSE / LOOK)
    lost, returned = [], []
    for ring in run.cued_rings:
        present = series.present[ring, after_cue]
        first = _first_of_run(~present, look)
        is_lost = first * LOOK <= longest - CUE_END + LOOK / 2
        again = first + _first_of_run(present[first:], look)
        lost.append(first * LOOK if is_lost else np.nan)
        returned.append(again * LOOK if is_lost and again < len(present) else np.nan)
    row: dict[str, Any] = {**_padded("lost_s", lost, 3), **_padded("returned_s", returned, 3)}
    for delay in DELAYS_MS:
        at = int(np.searchsorted(series.t, CUE_END + delay * ms - LOOK / 2))
        row[f"spurious_{delay}"] = int(series.spurious[at])
        row |= _padded(f"error_deg_{delay}", series.error_deg[:, at], 2)
    return row


def _flexible_twins_trial(seed: int, load: int) -> dict[str, Any]:
    """Two trials with the same network and the same cues, but other spikes."""
    sequence = np.random.SeedSequence(seed)
    of_network, *of_spikes = sequence.spawn(3)
    network = build_network(seed=of_network)
    generator = np.random.default_rng(sequence)
    rings = np.sort(generator.permutation(N_RINGS)[:load])
    cues_deg = preferred_angles(network.N_sensory)[generator.integers(network.N_sensory, size=load)]
    row: dict[str, float] = {}
    for twin, spikes in zip("ab", of_spikes, strict=True):
        run = simulate_flexible_wm(
            cued_rings=rings, cue_positions_deg=cues_deg, network=network, seed=spikes,
            sim_time=TEST_TIME, test_time=TEST_TIME, record_dt=LOOK,
        )  # fmt: skip
        series = get_memory_time_series(run)
        for delay in TWIN_DELAYS_MS:
            at = int(np.searchsorted(series.t, CUE_END + delay * ms - LOOK / 2))
            row |= _padded(f"error_deg_{delay}_{twin}", series.error_deg[:, at], 2)
    return row


def _check_loads(loads: Any, low: int) -> list[int]:
    if isinstance(loads, (str, bytes, int)):
        raise TypeError(f"loads={loads!r}: expected a list of loads, such as [1, 2, 4]")
    return [check_count("loads", load, low=low, high=N_RINGS) for load in loads]


def measure_flexible_load(
    loads: Sequence[int] = tuple(range(N_RINGS + 1)),
    repeats: int = 300,
    *,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept, lost and made up at each load, and how the layers fire.

    Every trial draws a network of its own, so trials are independent. Items of one trial are not:
    they share a network, and each other's company.

    Parameters
    ----------
    loads : sequence of int
        Numbers of items, 0 to 8.
    repeats : int
        Trials for each.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, read at 1 s, 0.8 s after the cue:

        - ``maintained``, ``forgotten``, ``spurious`` (numbers of rings);
        - ``cue_...`` and ``test_...``, mean rates in Hz in the last 50 ms of the cue and the last
          100 ms before the test: ``random_rate``, ``cued_ring_rate``, ``other_ring_rate``;
        - for the items 1 to 8, NaN beyond the load: ``cue_deg_1`` (degrees), ``strength_1`` (length
          of the activity vector, Hz), ``error_deg_1`` (its direction against the cue, whether or
          not it is long enough to count as a memory) and ``ml_error_deg_1`` (the same from the
          spikes of the last 100 ms, by maximum likelihood; NaN without spikes).

        :func:`items_of_load` makes of it a row an item.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_load([1, 6], 1, n_jobs=1, progress=False)
    >>> table[["load", "maintained", "forgotten"]].to_numpy().tolist()
    [[1, 1, 0], [6, 3, 3]]
    """
    return run_trials(
        _flexible_load_trial,
        {"load": _check_loads(loads, 0)},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def measure_flexible_delay(
    loads: Sequence[int] = tuple(range(1, N_RINGS + 1)),
    repeats: int = 100,
    *,
    seed: int = 2,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Follow the items of each load over a delay of 5 s.

    Parameters
    ----------
    loads : sequence of int
        Numbers of items, 1 to 8.
    repeats : int
        Trials for each, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial. Times count from the end of the cue. For the items 1 to 8, NaN beyond the
        load:

        - ``lost_s_1``: when the memory was first gone for 100 ms (s; NaN if never in 5 s);
        - ``returned_s_1``: when it was first back for 100 ms after that (s; NaN if never).

        For each of the times ``DELAYS_MS``: ``error_deg_800_1``, the error of item 1 after
        800 ms (degrees; NaN if there is no memory just then), and ``spurious_800``, the number of
        rings with a memory that were not cued.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_delay([2], 1, n_jobs=1, progress=False)
    >>> table[["lost_s_1", "lost_s_2"]].isna().to_numpy().tolist()
    [[True, True]]
    """
    return run_trials(
        _flexible_delay_trial,
        {"load": _check_loads(loads, 1)},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def measure_flexible_twins(
    loads: Sequence[int] = (1, 2, 3, 4, 6, 8),
    repeats: int = 150,
    *,
    seed: int = 3,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Ask the same network the same question twice, with other spikes.

    What the two answers share comes from the connections, and what they do not from the spikes.

    Parameters
    ----------
    loads : sequence of int
        Numbers of items, 1 to 8.
    repeats : int
        Pairs of trials for each, every pair on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a pair. For each of the times ``TWIN_DELAYS_MS`` after the end of the cue, each
        of the twins a and b and the items 1 to 8: ``error_deg_800_a_1`` and so on (degrees; NaN if
        there is no memory just then, and beyond the load).

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_twins([1], 1, n_jobs=1, progress=False)
    >>> float(table.error_deg_100_a_1[0]), float(table.error_deg_100_b_1[0])
    (2.39, 0.54)
    """
    return run_trials(
        _flexible_twins_trial,
        {"load": _check_loads(loads, 1)},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


# ---------------------------------------------------------------------------------------------
# What the tables say


def _check_table(table: Any, column: str, measure: str) -> Any:
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table: expected a pandas DataFrame, got {type(table).__name__}")
    for name in ("load", column):
        if name not in table.columns:
            raise ValueError(f"table: has no column {name!r}; it should be {measure}()'s")
    return table


def _columns_of_items(table: "pd.DataFrame", name: str, load: int = N_RINGS) -> np.ndarray:
    """What was measured of each item, shape (trials, load)."""
    return table[[f"{name}_{item}" for item in range(1, load + 1)]].to_numpy(float)


def _circular_sd(cos: np.ndarray, sin: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Circular standard deviation in degrees from sums over errors; NaN without errors."""
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.minimum(np.hypot(cos, sin) / number, 1.0)
        return np.rad2deg(np.sqrt(-2 * np.log(length)))


def _pooled(
    errors_deg: np.ndarray, statistic: Callable[..., np.ndarray], level: float = 0.95
) -> Interval:
    """A statistic of the sums of cosines, sines and numbers of errors, with its interval.

    Items are pooled, and trials (rows) are what is drawn anew.
    """
    there = np.isfinite(errors_deg)
    radians = np.where(there, np.deg2rad(errors_deg), 0.0)
    sums = np.stack(
        [(np.cos(radians) * there).sum(axis=1), np.sin(radians).sum(axis=1), there.sum(axis=1)], 1
    )
    if there.sum() < 2:
        return Interval(np.nan, np.nan, np.nan)
    return intervals_of_groups(
        lambda counts: statistic(*(counts @ sums).T)[:, None], len(sums), level, RESAMPLES, 0
    )[0]


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> Interval:
    """The sum of the one over the sum of the other, with its interval over trials."""

    def estimate(counts: np.ndarray) -> np.ndarray:
        return ((counts @ numerator) / np.maximum(counts @ denominator, 1e-12))[:, None]

    return intervals_of_groups(estimate, len(numerator), 0.95, RESAMPLES, 0)[0]


def _correlation(products: np.ndarray) -> Interval:
    """The correlation of a and b from each pair's sums of 1, a, b, a^2, b^2 and a b."""

    def estimate(counts: np.ndarray) -> np.ndarray:
        number, a, b, aa, bb, ab = (counts @ products).T
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt((aa - a**2 / number) * (bb - b**2 / number))
            return np.where(spread > 1e-9, (ab - a * b / number) / spread, np.nan)[:, None]

    return intervals_of_groups(estimate, len(products), 0.95, RESAMPLES, 0)[0]


def _with_interval(name: str, interval: Interval) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), interval, strict=True))


def _mean_of_trial(values: np.ndarray) -> np.ndarray:
    """The mean of each row's known values; NaN where there are none."""
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1)


def items_of_load(table: "pd.DataFrame") -> "pd.DataFrame":
    """The items of :func:`measure_flexible_load`, a row each.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`.

    Returns
    -------
    pandas.DataFrame
        Columns ``load``, ``trial`` (number of the table's row), ``item`` (1 and up), ``cue_deg``,
        ``strength`` (Hz), ``error_deg``, ``ml_error_deg`` (degrees), and ``present``: whether the
        strength is above 3 Hz.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> items_of_load(table[table.load > 6]).groupby("load").present.count().to_dict()
    {7: 2100, 8: 2400}
    """
    import pandas as pd

    _check_table(table, "ml_error_deg_1", "measure_flexible_load")
    load = table.load.to_numpy()
    there = np.arange(N_RINGS) < load[:, None]
    trial, item = np.nonzero(there)
    items = {"load": load[trial], "trial": trial, "item": item + 1}
    for name in ("cue_deg", "strength", "error_deg", "ml_error_deg"):
        items[name] = _columns_of_items(table, name)[there]
    items["present"] = items["strength"] > THRESHOLD
    return pd.DataFrame(items)


def nontarget_errors(items: "pd.DataFrame", error: str = "error_deg") -> np.ndarray:
    """How far each report is from the other items of its trial.

    Parameters
    ----------
    items : pandas.DataFrame
        From :func:`items_of_load`.
    error : {"error_deg", "ml_error_deg"}
        Which report.

    Returns
    -------
    ndarray of float, shape (items, 7)
        Degrees; NaN beyond the trial's other items. As :func:`wmtutor.fits.fit_mixture` takes it.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> nontarget_errors(items_of_load(table[table.load == 2])[:2])[:, :2].round(0).tolist()
    [[123.0, nan], [-168.0, nan]]
    """
    check_choice("error", error, ("error_deg", "ml_error_deg"))
    _check_table(items, error, "items_of_load")
    others = np.full((len(items), N_RINGS - 1), np.nan)
    cue, reported = items.cue_deg.to_numpy(), (items.cue_deg + items[error]).to_numpy()
    trial = items.trial.to_numpy()
    for number in range(len(items)):
        same = trial == trial[number]
        same[number] = False
        others[number, : same.sum()] = signed_difference(reported[number], cue[same])
    return others


def summarise_flexible_load(table: "pd.DataFrame") -> "pd.DataFrame":
    """What is kept, lost and made up at each load, how exactly, and at which rates.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`.

    Returns
    -------
    pandas.DataFrame
        A row a load. Each quantity has 95% limits ``_low`` and ``_high`` over trials:

        - ``maintained``, ``forgotten``, ``spurious``: numbers; with ``_fraction``, of the cued
          rings or of the others;
        - ``cowan_capacity``: load times (hits minus false alarms);
        - ``kept_strength`` (Hz), ``kept_absolute_error_deg``: means of each trial's kept items;
        - ``kept_sd_deg``: circular standard deviation of all kept items;
        - ``lost_near_fraction``: of the lost ones, those whose ring still points to within 45
          degrees of the cue; 0.25 by chance;
        - the six rates of the table (Hz).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> summarise_flexible_load(table[table.load > 6]).maintained.round(2).tolist()
    [3.37, 3.4]
    """
    _check_table(table, "ml_error_deg_1", "measure_flexible_load")
    table = table.copy()
    load = table.load.to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["maintained_fraction"] = table.maintained / np.where(load > 0, load, np.nan)
        table["forgotten_fraction"] = 1 - table.maintained_fraction
        table["spurious_fraction"] = table.spurious / np.where(
            load < N_RINGS, N_RINGS - load, np.nan
        )
    table["cowan_capacity"] = cowan_capacity(
        load, table.maintained_fraction.to_numpy(), table.spurious_fraction.to_numpy()
    )
    strength, error = (_columns_of_items(table, name) for name in ("strength", "error_deg"))
    kept = strength > THRESHOLD
    table["kept_strength"] = _mean_of_trial(np.where(kept, strength, np.nan))
    table["kept_absolute_error_deg"] = _mean_of_trial(np.where(kept, np.abs(error), np.nan))
    near = np.where(kept | np.isnan(error), np.nan, np.abs(error) < 45)
    table["lost_near_fraction"] = _mean_of_trial(near)
    rates = [f"{when}_{layer}" for when in RATE_WINDOWS for layer in _LAYERS]
    summary = summarise_trials(
        table,
        "load",
        [
            *("maintained", "forgotten", "spurious"),
            *("maintained_fraction", "forgotten_fraction", "spurious_fraction"),
            *("cowan_capacity", "kept_strength", "kept_absolute_error_deg", "lost_near_fraction"),
            *rates,
        ],
    )
    kept_error = np.where(kept, error, np.nan)
    rows = [_pooled(kept_error[load == one], _circular_sd) for one in summary.load]
    summary[["kept_sd_deg", "kept_sd_deg_low", "kept_sd_deg_high"]] = rows
    return summary


def summarise_flexible_capacity(table: "pd.DataFrame") -> "pd.DataFrame":
    """The capacity K from the numbers kept, by each of the definitions.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`.

    Returns
    -------
    pandas.DataFrame
        A row for each model of :func:`wmtutor.fits.fit_capacity`: ``model``, ``capacity`` with
        ``_low`` and ``_high``, and ``rms_error`` in items.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> summarise_flexible_capacity(table)[["model", "capacity"]].round(1).to_numpy().tolist()
    [['slots', 3.2], ['saturating', 4.2], ['plateau', 3.4]]
    """
    import pandas as pd

    _check_table(table, "maintained", "measure_flexible_load")
    shown = table[table.load > 0]
    rows = []
    for model in ("slots", "saturating", "plateau"):
        fit = fit_capacity(shown.load.to_numpy(), shown.maintained.to_numpy(), model)
        row = _with_interval("capacity", fit.capacity)
        rows.append({"model": model, **row, "rms_error": fit.rms_error})
    return pd.DataFrame(rows)


def summarise_flexible_guesses(
    table: "pd.DataFrame", error: str = "error_deg", resamples: int = RESAMPLES
) -> "pd.DataFrame":
    """The mixture fitted to all reports of a load, next to what became of the items.

    As in an experiment, every item is reported: those that are lost by whatever the ring still
    says. The fit sees the errors only.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`.
    error : {"error_deg", "ml_error_deg"}
        Which report: the direction of the activity vector at the test, or maximum likelihood from
        the spikes of the last 100 ms.
    resamples : int
        Bootstrap samples of trials.

    Returns
    -------
    pandas.DataFrame
        A row a load of 1 and more: ``guess_fraction`` and ``sd_deg`` (degrees) of the fit with
        limits, ``aic_gain`` (how much worse a von Mises distribution alone is by Akaike's
        criterion), and of the items ``lost_fraction`` (no memory), ``far_fraction`` (kept, but
        more than 90 degrees off), each of all items, and ``kept_sd_deg``, with limits.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> summary = summarise_flexible_guesses(table[table.load == 3], resamples=100)
    >>> summary[["guess_fraction", "lost_fraction"]].round(2).to_numpy().tolist()
    [[0.16, 0.18]]
    """
    import pandas as pd

    check_choice("error", error, ("error_deg", "ml_error_deg"))
    items = items_of_load(table)
    rows = []
    for load, of_load in items.groupby("load", sort=True):
        # Without a single spike there is nothing to report.
        reported = of_load[np.isfinite(of_load[error])]
        errors = reported[error].to_numpy()
        fit = fit_mixture(errors, groups=reported.trial.to_numpy(), resamples=resamples)
        shape = (-1, int(load))
        kept = of_load.present.to_numpy().reshape(shape)
        by_trial = of_load[error].to_numpy().reshape(shape)
        far = kept & (np.abs(by_trial) > 90)
        kept_sd = _pooled(np.where(kept, by_trial, np.nan), _circular_sd)
        rows.append(
            {
                "load": int(load),
                "reports": fit.reports,
                **_with_interval("guess_fraction", fit.guess_fraction),
                **_with_interval("sd_deg", fit.sd_deg),
                "aic_gain": fit.aic_precise - fit.aic,
                **_with_interval("lost_fraction", mean_interval(1 - kept.mean(1), fraction=True)),
                **_with_interval("far_fraction", mean_interval(far.mean(1), fraction=True)),
                **_with_interval("kept_sd_deg", kept_sd),
            }
        )
    return pd.DataFrame(rows)


def summarise_flexible_pool(table: "pd.DataFrame") -> "pd.DataFrame":
    """The random layer's rate against the number of active rings.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`, load 0 included.

    Returns
    -------
    pandas.DataFrame
        Rows for ``when`` = "cue" (``active`` is the number of cued rings) and "test" (the number of
        rings with a memory, cued or not; numbers with fewer than 10 trials are left out):
        ``random_rate`` (Hz) with limits, and ``share``, the rate above rest for each active ring.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> pool = summarise_flexible_pool(table[table.load < 2])
    >>> pool[["when", "active", "random_rate"]].round(1).to_numpy().tolist()
    [['cue', 0, 0.4], ['cue', 1, 11.8], ['test', 0, 0.3], ['test', 1, 13.4], ['test', 2, 17.8]]
    """
    import pandas as pd

    tables = []
    for when, active, rate in _pool_rates(table):
        rest = rate[active == 0].mean()
        points = pd.DataFrame({"when": when, "active": active, "random_rate": rate})
        with np.errstate(invalid="ignore", divide="ignore"):
            points["share"] = np.where(active > 0, (rate - rest) / active, np.nan)
        tables.append(points.sort_values("active"))
    together = pd.concat(tables)
    summary = summarise_trials(together, ["when", "active"], ["random_rate", "share"])
    return summary[summary.trials >= 10].reset_index(drop=True)


def _pool_rates(table: Any) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """When; the number of active rings and the random layer's rate in each trial."""
    _check_table(table, "test_random_rate", "measure_flexible_load")
    if not (table.load == 0).any():
        raise ValueError("table: has no trials of load 0, which tell the rate at rest")
    present = (table.maintained + table.spurious).to_numpy()
    return [
        ("cue", table.load.to_numpy(), table.cue_random_rate.to_numpy()),
        ("test", present, table.test_random_rate.to_numpy()),
    ]


class NormalisationFit(NamedTuple):
    """What :func:`fit_normalisation` returns.

    Attributes
    ----------
    rest_rate : Interval
        Rate without any active ring, in Hz: ``r0`` of ``r0 + R n / (sigma + n)``.
    largest_rate : Interval
        What very many rings would add to it, in Hz: ``R``.
    half : Interval
        Number of active rings that adds half of that: ``sigma``.
    rms_error, rms_error_power : float
        Root mean squared distance of the mean rates from this curve, and from the best
        ``r0 + a n**b``, over the numbers of active rings from 1 on, in Hz.
    """

    rest_rate: Interval
    largest_rate: Interval
    half: Interval
    rms_error: float
    rms_error_power: float


def fit_normalisation(table: "pd.DataFrame", when: str) -> NormalisationFit:
    """Fit divisive normalisation to the random layer's rate.

    ``r(n) = r0 + R n / (sigma + n)``: what drives the layer grows with the number n of active
    rings, and is divided by a constant plus that number (Carandini & Heeger 2012, eq. 1, with the
    exponent 1). ``r0`` is the mean rate without active rings; the rest is fitted by least squares
    over trials, which are drawn anew for the intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_load`, load 0 included.
    when : {"cue", "test"}
        See :func:`summarise_flexible_pool`.

    Returns
    -------
    NormalisationFit

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, or fewer than three numbers of active rings.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_load", "book/data/laws")
    >>> [round(x, 1) for x in fit_normalisation(table[table["repeat"] < 50], "cue").half]
    [1.6, 1.5, 1.7]
    """
    check_choice("when", when, tuple(RATE_WINDOWS))
    active, rate = next(rest for name, *rest in _pool_rates(table) if name == when)
    levels, level_of = np.unique(active, return_inverse=True)
    if len(levels) < 4:
        raise ValueError("table: give loads with at least three numbers of active rings")
    n = levels[1:].astype(float)
    of_level = (level_of[:, None] == np.arange(len(levels))).astype(float)

    def estimate(counts: np.ndarray) -> np.ndarray:
        """Rest, R and sigma, by Gauss and Newton's steps from a rough guess."""
        trials = counts @ of_level
        means = (counts @ (of_level * rate[:, None])) / np.maximum(trials, 1)
        weights, above = trials[:, 1:], means[:, 1:] - means[:, :1]
        sigma = np.full((len(counts), 1), 1.0)
        largest = above.max(axis=1, keepdims=True) * 1.5
        for _ in range(30):
            curve = n / (sigma + n)
            slope = -largest * n / (sigma + n) ** 2
            off = above - largest * curve
            cc, cs, ss = (
                (weights * x * y).sum(axis=1, keepdims=True)
                for x, y in ((curve, curve), (curve, slope), (slope, slope))
            )
            co, so = ((weights * x * off).sum(axis=1, keepdims=True) for x in (curve, slope))
            determinant = cc * ss - cs**2
            largest = largest + (ss * co - cs * so) / determinant
            sigma = np.maximum(sigma + (cc * so - cs * co) / determinant, sigma / 4)
        return np.hstack([means[:, :1], largest, sigma])

    rest, largest, sigma = intervals_of_groups(estimate, len(rate), 0.95, RESAMPLES, 0)
    trials = of_level.sum(axis=0)
    above = (rate @ of_level) / trials - rest.estimate
    often = trials[1:] >= min(10, trials[1:].max())
    n, above, trials = n[often], above[1:][often], trials[1:][often]
    powers = n ** np.linspace(0.01, 2, 400)[:, None]
    powers *= ((powers * trials * above).sum(1) / (powers**2 * trials).sum(1))[:, None]
    power = powers[((powers - above) ** 2 * trials).sum(axis=1).argmin()]
    divided = largest.estimate * n / (sigma.estimate + n)
    rms, rms_power = (float(np.sqrt(np.mean((above - curve) ** 2))) for curve in (divided, power))
    return NormalisationFit(rest, largest, sigma, rms, rms_power)


def _errors_over_time(table: Any) -> tuple[np.ndarray, np.ndarray]:
    """Errors at all delays, shape (delays, trials, items), and when items were lost (s)."""
    _check_table(table, "lost_s_1", "measure_flexible_delay")
    errors = [_columns_of_items(table, f"error_deg_{delay}") for delay in DELAYS_MS]
    return np.array(errors), _columns_of_items(table, "lost_s")


def _mean_squares(errors: np.ndarray, lost_s: np.ndarray) -> Callable[..., np.ndarray]:
    """Mean squared error at each delay of the memories never lost, from how often trials count."""
    delays = np.array(DELAYS_MS) * ms
    counted = np.isfinite(errors) & ~(lost_s <= delays[:, None, None])
    squares, number = np.where(counted, errors**2, 0.0).sum(axis=2).T, counted.sum(axis=2).T
    return lambda counts: (counts @ squares) / np.maximum(counts @ number, 1)


def summarise_flexible_delay(table: "pd.DataFrame") -> "pd.DataFrame":
    """What is left after a time, and how exact it is.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_delay`.

    Returns
    -------
    pandas.DataFrame
        A row for each load and ``delay_s``, the time since the end of the cue. With 95% limits
        over trials:

        - ``present_fraction``: rings with a memory now, of those cued; ``alive_fraction``: of
          memories that were never lost; ``spurious``: number of other rings with a memory;
          ``active``: number of rings with a memory, cued or not;
        - ``absolute_error_deg``: mean of a trial's memories; ``present_sd_deg`` and
          ``alive_sd_deg``: circular standard deviations of the errors of all memories, and of those
          that were never lost;
        - ``growth_deg2``: mean squared error of those that were never lost, less what it was at the
          end of the cue. That takes off the jitter of a single reading, too.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_delay", "book/data/laws")
    >>> summary = summarise_flexible_delay(table[table.load == 8])
    >>> summary[["delay_s", "present_fraction"]].iloc[[0, -1]].round(2).to_numpy().tolist()
    [[0.0, 1.0], [5.0, 0.34]]
    """
    import pandas as pd

    errors, lost_s = _errors_over_time(table)
    rows = []
    for load in table.load.unique():
        here = (table.load == load).to_numpy()
        mean_squares = _mean_squares(errors[:, here, :load], lost_s[here, :load])

        def grown(counts: np.ndarray, mean_squares: Any = mean_squares) -> np.ndarray:
            means = mean_squares(counts)
            return means - means[:, :1]

        intervals = intervals_of_groups(grown, int(here.sum()), 0.95, RESAMPLES, 0)
        growth = dict(zip(DELAYS_MS, intervals, strict=True))
        for delay, error in zip(DELAYS_MS, errors, strict=True):
            now = error[here][:, :load]
            present = np.isfinite(now)
            alive = ~(lost_s[here][:, :load] <= delay * ms)
            active = present.sum(axis=1) + table[f"spurious_{delay}"][here].to_numpy()
            of_trial = {
                "present_fraction": mean_interval(present.mean(axis=1), fraction=True),
                "alive_fraction": mean_interval(alive.mean(axis=1), fraction=True),
                "spurious": mean_interval(table[f"spurious_{delay}"][here]),
                "active": mean_interval(active),
                "absolute_error_deg": mean_interval(_mean_of_trial(np.abs(now))),
                "present_sd_deg": _pooled(now, _circular_sd),
                "alive_sd_deg": _pooled(np.where(alive, now, np.nan), _circular_sd),
            }
            of_trial["growth_deg2"] = growth[delay]
            row = {"load": load, "delay_s": delay * ms, "trials": int(here.sum())}
            for name, interval in of_trial.items():
                row |= _with_interval(name, interval)
            rows.append(row)
    return pd.DataFrame(rows)


def summarise_flexible_survival(table: "pd.DataFrame") -> "pd.DataFrame":
    """How long memories last at each load, and whether a law of survival describes it.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_delay`.

    Returns
    -------
    pandas.DataFrame
        A row a load, with 95% limits over trials: ``lost_fraction`` within 5 s and, of the lost
        ones, ``returned_fraction`` (back for 100 ms at any later time); ``median_s``, when half had
        been lost, without any law (infinite if more than half lasted); of Weibull's law
        ``half_life_s``, ``shape``, ``largest_gap`` (of the fitted curve from the measured one) and
        ``aic_gain`` over the exponential law, NaN below 10 losses.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_delay", "book/data/laws")
    >>> summarise_flexible_survival(table[table.load == 8]).median_s.round(2).tolist()
    [0.44]
    """
    import pandas as pd

    _, all_lost = _errors_over_time(table)
    all_returned = _columns_of_items(table, "returned_s")
    longest = DELAYS_MS[-1] * ms
    rows = []
    for load in table.load.unique():
        here = (table.load == load).to_numpy()
        lost_s, returned = all_lost[here][:, :load], np.isfinite(all_returned[here][:, :load])
        lost = np.isfinite(lost_s)
        # A loss between two looks; what is left at the end has lasted to the end.
        duration = np.where(lost, lost_s + LOOK / 2, longest + LOOK / 2)

        def medians(counts: np.ndarray, load: int = load, duration: np.ndarray = duration) -> Any:
            order = np.argsort(duration, axis=None, kind="stable")
            gone = np.cumsum(np.repeat(counts, load, axis=1)[:, order], axis=1)
            half = (gone >= gone[:, -1:] / 2).argmax(axis=1)
            middle = duration.ravel()[order][half]
            return np.where(middle > longest, np.inf, middle)[:, None]

        row = {"load": load, "trials": int(here.sum()), "losses": int(lost.sum())}
        row |= _with_interval("lost_fraction", mean_interval(lost.mean(axis=1), fraction=True))
        again = _mean_of_trial(np.where(lost, returned, np.nan))
        row |= _with_interval("returned_fraction", mean_interval(again, fraction=True))
        median = intervals_of_groups(medians, len(lost), 0.95, RESAMPLES, 0)[0]
        row |= _with_interval("median_s", median)
        nothing = Interval(np.nan, np.nan, np.nan)
        half_life, shape, gap, gain = nothing, nothing, np.nan, np.nan
        if lost.sum() >= 10:
            trial = np.repeat(np.arange(len(lost)), load)
            fit = fit_survival(duration.ravel(), lost.ravel(), groups=trial, resamples=RESAMPLES)
            half_life, shape, gap = fit.half_life, fit.shape, fit.largest_gap
            gain = fit.aic_exponential - fit.aic
        row |= _with_interval("half_life_s", half_life) | _with_interval("shape", shape)
        rows.append({**row, "largest_gap": gap, "aic_gain": gain})
    return pd.DataFrame(rows)


def summarise_flexible_hazard(table: "pd.DataFrame") -> "pd.DataFrame":
    """The risk of a memory to be lost, in stretches of the delay.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_delay`.

    Returns
    -------
    pandas.DataFrame
        A row for each load and stretch ``from_s`` to ``to_s`` after the cue: ``hazard``, losses per
        second of all memories that had not been lost before, with 95% limits over trials, and
        ``active``, the mean number of rings with a memory during the stretch.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_delay", "book/data/laws")
    >>> summarise_flexible_hazard(table[table.load == 8]).hazard.round(1).tolist()
    [1.7, 0.7, 0.2, 0.1]
    """
    import pandas as pd

    errors, all_lost = _errors_over_time(table)
    delays = np.array(DELAYS_MS) * ms
    spurious = table[[f"spurious_{delay}" for delay in DELAYS_MS]].to_numpy()
    rows = []
    for load in table.load.unique():
        here = (table.load == load).to_numpy()
        lost_s = all_lost[here][:, :load]
        active = np.isfinite(errors[:, here]).sum(axis=2).mean(axis=1) + spurious[here].mean(axis=0)
        for start, stop in itertools.pairwise(STRETCHES_S):
            end = np.where(np.isfinite(lost_s), lost_s, np.inf)
            losses = ((end >= start) & (end < stop)).sum(axis=1)
            at_risk = np.clip(np.minimum(end, stop) - start, 0, None).sum(axis=1)
            inside = (delays >= start) & (delays <= stop)
            rows.append(
                {
                    "load": load,
                    "from_s": start,
                    "to_s": stop,
                    **_with_interval("hazard", _ratio(losses, at_risk)),
                    # Looks are not evenly spaced.
                    "active": np.trapezoid(active[inside], delays[inside]) / np.ptp(delays[inside]),
                }
            )
    return pd.DataFrame(rows)


def summarise_flexible_wander(table: "pd.DataFrame") -> "pd.DataFrame":
    """How far memories that were never lost wander from the cue.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_delay`.

    Returns
    -------
    pandas.DataFrame
        A row a load, with 95% limits over trials: ``diffusion_deg2_s``, half the slope of the mean
        squared error from 0.1 to 0.6 s after the cue (straight line, least squares), and
        ``early_exponent`` and ``late_exponent``, the slopes of its growth since the end of the cue
        in a plot of logarithms, from 0.1 to 1 s and from 1 to 5 s: 1 for free diffusion, 2 for a
        steady drift, 0 for a memory that is held in place.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("flexible_delay", "book/data/laws")
    >>> summarise_flexible_wander(table[table.load == 8]).early_exponent.round(1).tolist()
    [0.8]
    """
    import pandas as pd

    errors, all_lost = _errors_over_time(table)
    delays = np.array(DELAYS_MS) * ms

    def slopes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Of straight lines through y, shape (samples, delays)."""
        x = x - x.mean()
        return (y @ x) / (x @ x)

    rows = []
    for load in table.load.unique():
        here = (table.load == load).to_numpy()
        mean_squares = _mean_squares(errors[:, here, :load], all_lost[here, :load])

        def estimate(counts: np.ndarray, mean_squares: Any = mean_squares) -> np.ndarray:
            mean = mean_squares(counts)
            growth = mean - mean[:, :1]
            first, early, late = (
                (delays >= start - 1e-9) & (delays <= stop + 1e-9)
                for start, stop in ((0.1, 0.6), (0.1, 1.0), (1.0, 5.0))
            )
            exponents = [
                slopes(np.log(delays[part]), np.log(growth[:, part])) for part in (early, late)
            ]
            return np.column_stack([slopes(delays[first], growth[:, first]) / 2, *exponents])

        names = ("diffusion_deg2_s", "early_exponent", "late_exponent")
        intervals = intervals_of_groups(estimate, int(here.sum()), 0.95, RESAMPLES, 0)
        row = {"load": load, "trials": int(here.sum())}
        for name, interval in zip(names, intervals, strict=True):
            row |= _with_interval(name, interval)
        rows.append(row)
    return pd.DataFrame(rows)


def summarise_flexible_twins(table: "pd.DataFrame") -> "pd.DataFrame":
    """How much two trials on the same network, with the same cues, have in common.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_twins`.

    Returns
    -------
    pandas.DataFrame
        A row for each load and ``delay_s`` since the cue, with 95% limits over pairs:

        - ``error_correlation``: circular correlation of the twins' errors about the cue,
          ``sum sin a sin b / sqrt(sum sin^2 a  sum sin^2 b)`` (after Jammalamadaka & Sarma 1988),
          over items that both hold. As both have the same spread, it is the part of the variance
          that connections and cues decide;
        - ``fate_correlation``: correlation of the two fates, held or lost, over all items (NaN
          where none is lost).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_twins([2], 3, n_jobs=1, progress=False)
    >>> summarise_flexible_twins(table).delay_s.tolist()
    [0.1, 0.2, 0.4, 0.6, 0.8]
    """
    import pandas as pd

    _check_table(table, f"error_deg_{TWIN_DELAYS_MS[0]}_a_1", "measure_flexible_twins")

    rows = []
    for load in table.load.unique():
        of_load = table[table.load == load]
        for delay in TWIN_DELAYS_MS:
            a, b = (_columns_of_items(of_load, f"error_deg_{delay}_{twin}", load) for twin in "ab")
            both = np.isfinite(a) & np.isfinite(b)
            sines = [np.where(both, np.sin(np.deg2rad(x)), 0.0) for x in (a, b)]
            held = [np.isfinite(x).astype(float) for x in (a, b)]
            products = []
            for x, y, ones in ((*sines, both), (*held, np.ones(both.shape))):
                parts = [ones, x, y, x * x, y * y, x * y]
                products.append(np.stack([part.sum(axis=1) for part in parts], axis=1))
            # About the cue, and not about their mean: a common push away from it is common too.
            products[0][:, 1:3] = 0.0
            rows.append(
                {
                    "load": load,
                    "delay_s": delay * ms,
                    "pairs": len(a),
                    **_with_interval("error_correlation", _correlation(products[0])),
                    **_with_interval("fate_correlation", _correlation(products[1])),
                }
            )
    return pd.DataFrame(rows)


LAWS = {
    "flexible_load": Law(
        "How many of 0 to 8 items are kept, how exactly, and how do the layers fire?",
        measure_flexible_load,
        summarise_flexible_load,
    ),
    "flexible_delay": Law(
        "How long are 1 to 8 items kept, and how far do they wander meanwhile?",
        measure_flexible_delay,
        summarise_flexible_delay,
    ),
    "flexible_twins": Law(
        "How much of what happens to an item is wiring, and how much the luck of spikes?",
        measure_flexible_twins,
        summarise_flexible_twins,
    ),
}
