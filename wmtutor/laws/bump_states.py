"""Which states the bump network has, and what they look like."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wmtutor._validation import SECOND, check_choice, check_quantity
from wmtutor.bump import PRESETS, NoBumpError, bump_profile, read_bump, simulate_wm
from wmtutor.experiments import run_trials, summarise_trials
from wmtutor.laws._tables import Law
from wmtutor.units import ms, nA, second

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LAWS", "measure_bump_presets", "summarise_bump_presets"]

#: A cue that leaves a bump in every preset: the neurodynex course's is too weak for two of them.
CUE: dict[str, Any] = {
    "stimulus_center_deg": 180.0,
    "stimulus_width_deg": 30.0,
    "stimulus_strength": 0.5 * nA,
    "t_stimulus_start": 100 * ms,
    "t_stimulus_duration": 200 * ms,
}
#: A bump is read in the last part of a run.
READ_WINDOW = 500 * ms


def _presets_trial(seed: int, preset: str, sim_time: float) -> dict[str, Any]:
    """One cued run, and the bump at its end."""
    run = simulate_wm(
        **CUE, preset=preset, sim_time=sim_time, seed=seed, dt=0.1 * ms, monitored_subset_size=1
    )
    spikes = run.spike_monitor_excit
    reading = read_bump(spikes, sim_time - READ_WINDOW, sim_time)
    row = {"present": reading.present, "mean_rate": reading.mean_rate}
    try:
        profile = bump_profile(spikes, sim_time - READ_WINDOW, sim_time)
    except NoBumpError:
        return {**row, "width_deg": np.nan, "fwhm_deg": np.nan, "peak_rate": np.nan}
    return {
        **row,
        "width_deg": profile.width_deg,
        "fwhm_deg": profile.fwhm_deg,
        "peak_rate": profile.peak_rate,
    }


def measure_bump_presets(
    presets: Sequence[str] = tuple(PRESETS),
    repeats: int = 40,
    *,
    sim_time: float = 2 * second,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure the bump that a strong cue leaves, in several parameter sets.

    Parameters
    ----------
    presets : sequence of str
        Names of parameter sets.
    repeats : int
        Trials for each.
    sim_time : float
        Length of a run in seconds. The cue ends at 0.3 s; the last 0.5 s are read.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``present`` (whether there is a bump), ``mean_rate`` over all excitatory
        cells and ``peak_rate`` (Hz), ``width_deg`` and ``fwhm_deg`` (degrees; NaN without a bump).

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_presets(["neurodynex"], 2, sim_time=1, n_jobs=1, progress=False)
    >>> table.present.tolist()
    [True, True]
    """
    presets = [check_choice("presets", preset, PRESETS) for preset in presets]
    sim_time = check_quantity("sim_time", sim_time, SECOND, low=0.8, high=100)
    return run_trials(
        _presets_trial,
        {"preset": presets, "sim_time": [sim_time]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def summarise_bump_presets(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each parameter set.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_presets`.

    Returns
    -------
    pandas.DataFrame
        A row for each preset; shape and rates are averaged over the trials with a bump.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_presets(["neurodynex"], 3, sim_time=1, n_jobs=1, progress=False)
    >>> summarise_bump_presets(table)[["preset", "trials", "present"]].to_numpy().tolist()
    [['neurodynex', 3, 1.0]]
    """
    shape = ["mean_rate", "peak_rate", "width_deg", "fwhm_deg"]
    if hasattr(table, "present"):
        table = table.copy()
        table.loc[~table.present, shape] = np.nan
    return summarise_trials(table, "preset", ["present", *shape])


LAWS = {
    "bump_presets": Law(
        "What bump does a strong cue leave in each of the three parameter sets?",
        measure_bump_presets,
        summarise_bump_presets,
    ),
}
