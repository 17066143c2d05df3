"""Many trials at many loads, and what they say together."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from wmtutor._validation import (
    NUMBER,
    check_count,
    check_flag,
    check_jobs,
    check_quantity,
    check_seed,
)
from wmtutor.flexible.analysis import get_ring_rates
from wmtutor.flexible.network import FlexibleNetwork, build_network
from wmtutor.flexible.parameters import NetworkParameters
from wmtutor.flexible.simulate import FlexibleRun, simulate_flexible_wm

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["simulate_loads", "summarise_loads"]

_NETWORK_NAMES = frozenset(NetworkParameters.__dataclass_fields__)


def _row(run: FlexibleRun) -> dict[str, float]:
    """What a trial contributes to the table."""
    kept = run.memory_present[run.cued_rings]
    errors = run.error_deg[kept]
    test, window = run.parameters.test_time, run.parameters.decode_window
    first = max(0.0, test - window)
    rates = get_ring_rates(run, first, test)
    spikes = run.spike_monitor_random
    in_random = np.searchsorted(spikes.t, np.array([first, test]) - 1e-6 * run.parameters.dt)
    N_random = max(run.network.N_random, 1)

    def mean(values: np.ndarray) -> float:
        return float(values.mean()) if values.size else float("nan")

    return {
        "maintained": run.maintained,
        "forgotten": run.forgotten,
        "spurious": run.spurious,
        "maintained_fraction": run.maintained_fraction,
        "spurious_fraction": run.spurious_fraction,
        "kept_strength": mean(run.memory_strength[run.cued_rings][kept]),
        "kept_absolute_error_deg": mean(np.abs(errors)),
        "kept_cosine_sum": float(np.cos(np.deg2rad(errors)).sum()),
        "kept_sine_sum": float(np.sin(np.deg2rad(errors)).sum()),
        "cued_ring_rate": mean(rates[run.cued_rings]),
        "random_rate": float(np.diff(in_random)[0] / (N_random * (test - first))),
    }


def _trials_on_network(
    network_seed: np.random.SeedSequence,
    trial_seeds: list[list[np.random.SeedSequence]],
    loads: list[int],
    number: int,
    network_parameters: dict[str, Any],
    trial_parameters: dict[str, Any],
) -> list[dict[str, float]]:
    network: FlexibleNetwork = build_network(seed=network_seed, **network_parameters)
    rows = []
    for load, seeds in zip(loads, trial_seeds, strict=True):
        for trial, seed in enumerate(seeds):
            run = simulate_flexible_wm(load, network=network, seed=seed, **trial_parameters)
            rows.append({"load": load, "network": number, "trial": trial, **_row(run)})
    return rows


def simulate_loads(
    loads: Iterable[int] = range(1, 9),
    trials: int = 100,
    networks: int = 10,
    *,
    seed: int | np.random.SeedSequence = 0,
    n_jobs: int = 1,
    progress: bool = False,
    **parameters: Any,
) -> "pd.DataFrame":
    """Simulate trials at several loads on several networks.

    Trials on one network share its connections, so they are not independent: where connections
    matter, draw several networks. The trials of a load are spread evenly over the networks.

    Parameters
    ----------
    loads : iterable of int
        Numbers of items.
    trials : int
        Trials at each load, over all networks: a multiple of ``networks``.
    networks : int
        Number of networks.
    seed : int or SeedSequence
        Seed of everything. The table does not depend on ``n_jobs``.
    n_jobs : int
        Number of processes, by joblib; -1 takes every core.
    progress : bool
        Whether to show a progress bar; it counts networks.
    **parameters
        Anything else that :func:`simulate_flexible_wm` takes.

    Returns
    -------
    pandas.DataFrame
        A row for each trial with the columns ``load``, ``network``, ``trial`` (numbers),
        ``maintained``, ``forgotten``, ``spurious`` (counts), ``maintained_fraction``,
        ``spurious_fraction``, of the kept memories ``kept_strength`` (Hz, mean),
        ``kept_absolute_error_deg`` (mean), ``kept_cosine_sum`` and ``kept_sine_sum`` (of their
        errors), and from the spikes before the test ``cued_ring_rate`` and ``random_rate`` (Hz).
        NaN where there is nothing to average.

    Raises
    ------
    TypeError, ValueError
        For bad values, and for whatever :func:`simulate_flexible_wm` refuses.

    Examples
    --------
    >>> table = simulate_loads([1, 4], trials=2, networks=2, seed=1)
    >>> table.maintained.tolist()
    [1, 1, 4, 3]
    """
    import pandas as pd
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    networks = check_count("networks", networks)
    trials = check_count("trials", trials)
    if trials % networks:
        raise ValueError(
            f"trials={trials}: must be a multiple of networks={networks}, so that every network "
            f"runs as many; choose {-(-trials // networks) * networks}"
        )
    N_rings = check_count("N_rings", parameters.get("N_rings", NetworkParameters.N_rings))
    if isinstance(loads, str) or not isinstance(loads, Iterable):
        raise TypeError(f"loads={loads!r}: expected a list of loads, such as [1, 2, 4]")
    loads = [check_count("loads", load, low=0, high=N_rings) for load in loads]
    if not loads or len(set(loads)) < len(loads):
        raise ValueError(f"loads={loads}: expected at least one load, each listed once")
    for name in ("network", "cued_rings", "load", "seed"):
        if name in parameters:
            raise TypeError(f"simulate_loads() chooses {name} itself; leave it out")
    check_flag("progress", progress)
    n_jobs = check_jobs(n_jobs)
    of_network = {k: v for k, v in parameters.items() if k in _NETWORK_NAMES}
    of_trial = {k: v for k, v in parameters.items() if k not in _NETWORK_NAMES}

    jobs = []
    for number, sequence in enumerate(check_seed(seed).spawn(networks)):
        for_network, *for_loads = sequence.spawn(1 + len(loads))
        seeds = [one.spawn(trials // networks) for one in for_loads]
        jobs.append(
            delayed(_trials_on_network)(for_network, seeds, loads, number, of_network, of_trial)
        )
    done = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    rows = [
        row
        for rows in tqdm(
            done, total=networks, disable=not progress, unit="network", desc="simulate_loads"
        )
        for row in rows
    ]
    table = pd.DataFrame(rows)
    return table.sort_values(["load", "network", "trial"], ignore_index=True)


def _interval_of_fraction(p: float, error: float, trials: int, z: float) -> tuple[float, float]:
    """Wilson's interval at the sample size that has the given standard error."""
    n = p * (1 - p) / error**2 if error > 0 else trials
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def summarise_loads(table: "pd.DataFrame", level: float = 0.95) -> "pd.DataFrame":
    """Means over trials with confidence intervals, for each load.

    The networks are the independent units: each contributes its mean over trials, and the interval
    is Student's for the mean of those. With one network there is only the spread of its
    trials, and the interval speaks about that network alone. Intervals of fractions are Wilson's,
    at the number of independent items that would have the same standard error; where all
    items went the same way, that number is the number of trials.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`simulate_loads`.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Indexed by load. For each quantity three columns, such as ``maintained_fraction``,
        ``maintained_fraction_low`` and ``maintained_fraction_high``. Beside the table's own
        quantities there is ``kept_circular_sd_deg``, the circular standard deviation of the errors
        of kept memories (with one network, without an interval). A network that kept fewer than two
        items says nothing about it and is left out; if none kept two, it is NaN.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, or a level outside 0 to 1.

    Examples
    --------
    >>> summary = summarise_loads(simulate_loads([1, 4], trials=4, networks=2, seed=1))
    >>> summary.maintained_fraction.tolist()
    [1.0, 0.8125]
    """
    import pandas as pd
    from scipy import stats

    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table: expected a pandas DataFrame, got {type(table).__name__}")
    needed = {"load", "network", "trial", "maintained", "kept_cosine_sum", "kept_sine_sum"}
    if missing := sorted(needed - set(table.columns)):
        raise ValueError(f"table: has no column {missing[0]!r}; it should be simulate_loads()'s")
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    quantities = [c for c in table.columns if c not in ("load", "network", "trial")]
    means = table.groupby(["load", "network"])[quantities].mean()
    sums = table.groupby(["load", "network"])[quantities].sum()
    length = np.hypot(sums.kept_cosine_sum, sums.kept_sine_sum)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.rad2deg(np.sqrt(-2 * np.log(np.minimum(length / sums.maintained, 1.0))))
    # One angle has no spread: its 0 would pull the mean over networks down.
    means["kept_circular_sd_deg"] = spread.where(sums.maintained > 1)
    quantities.append("kept_circular_sd_deg")
    by_network = table.network.nunique() > 1
    units = means if by_network else table
    rows = {}
    for load in sorted(table.load.unique()):
        row = {}
        for name in quantities:
            center = means.loc[load][name].mean()
            row[name], row[f"{name}_low"], row[f"{name}_high"] = center, np.nan, np.nan
            if name not in units.columns:
                continue
            of_load = units.loc[load] if by_network else units[units.load == load]
            values = of_load[name].dropna()
            if len(values) > 1:
                error = float(stats.sem(values))
                quantile = float(stats.t.ppf((1 + level) / 2, len(values) - 1))
                if name.endswith("_fraction"):
                    trials = int(table[table.load == load][name].count())
                    interval = _interval_of_fraction(float(center), error, trials, quantile)
                else:
                    interval = (center - quantile * error, center + quantile * error)
                row[f"{name}_low"], row[f"{name}_high"] = interval
        rows[load] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("load")
