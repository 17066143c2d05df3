"""Which states the bump network has, what they look like, and what they hang on.

Trials at one condition differ in their noise. Where a trial runs the network twice, once with the
cue and once without, both runs get the same noise: the cue is the only difference between them.
"""

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    AMPERE,
    HERTZ,
    NUMBER,
    SECOND,
    check_choice,
    check_quantity,
    check_table,
    check_vector,
)
from wmtutor.bump import (
    PRESETS,
    NoBumpError,
    bump_profile,
    get_spike_count,
    population_vector,
    simulate_wm,
)
from wmtutor.experiments import run_trials, summarise_trials
from wmtutor.laws._tables import Law
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import circular_distance, preferred_angles
from wmtutor.units import Hz, ms, mV, nA, nS, second, volt

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAWS",
    "BumpContrast",
    "centred_spikes",
    "measure_bump_nmda",
    "measure_bump_onset",
    "measure_bump_phase",
    "measure_bump_presets",
    "measure_bump_recall",
    "read_contrast",
    "steady_gate",
    "summarise_bump_nmda",
    "summarise_bump_onset",
    "summarise_bump_phase",
    "summarise_bump_presets",
    "summarise_bump_recall",
    "summarise_survival",
]

#: Where the cue is, how wide, and when it is on.
CUE: dict[str, Any] = {
    "stimulus_center_deg": 180.0,
    "stimulus_width_deg": 30.0,
    "t_stimulus_start": 100 * ms,
    "t_stimulus_duration": 200 * ms,
}
CUE_END = 300 * ms
#: The cue of the course's exercise, and one that leaves a bump in every preset that can hold one.
WEAK_CUE, STRONG_CUE = 0.06 * nA, 0.5 * nA
#: Strengths from too weak to strong in every set. Not as multiples of nA: 0.01 * nA is not quite
#: the number that a file of trials gives back.
CUE_SWEEP = (1e-11, 2e-11, 3e-11, 4e-11, 6e-11, 8e-11, 1e-10, 1.2e-10, 1.6e-10, 2.5e-10)
#: A state is read in the last part of a run.
READ_WINDOW = 500 * ms
#: There is a bump if cells near the population vector fire at least so much more than those far
#: from it. Quiet networks stay below, all bumps of the three sets are above. The strength of the
#: vector alone does not tell the two apart: where few cells fire, a few more make a strong vector,
#: and where many do, a bump makes a weak one.
LEAST_CONTRAST = 5 * Hz
#: Half the width of the neighbourhood that is near, and where far begins.
NEIGHBOURHOOD_DEG, FAR_DEG = 22.5, 90.0
#: A bump remembers the cue if it is at most this far from it. A bump that forms anywhere by chance
#: is so in a quarter of the trials.
NEAR_DEG = 45.0
#: Mean rate of the excitatory cells beyond which activity counts as runaway, whatever its shape.
RUNAWAY = 50 * Hz
#: Windows in which the beginning and the end of a bump are looked for, and the step between them.
WATCH_WINDOW, WATCH_STEP = 100 * ms, 50 * ms
#: The magnesium block with its voltage in millivolt, as measured, and in volt, as it once slipped.
BLOCKS = {"mV": mV / 0.062, "volt": volt / 0.062}
#: Rate at which the NMDA law compares gates: about that of the cells at the standard bump's peak.
GATE_RATE = 100 * Hz


# ---------------------------------------------------------------------------------------------
# What trials have in common


def _simulate(seed: int, strength: float, sim_time: float, **arguments: Any) -> Any:
    """A run with the cue, or without one if its strength is 0."""
    return simulate_wm(
        **CUE,
        stimulus_strength=strength,
        sim_time=sim_time,
        seed=seed,
        dt=0.1 * ms,
        monitored_subset_size=1,
        **arguments,
    )


class BumpContrast(NamedTuple):
    """How much a bump stands out from the rest of the ring in a time window.

    Attributes
    ----------
    contrast : float
        Rate of the cells within 22.5 degrees of the population vector less the rate of those at
        least 90 degrees away from it, Hz; 0 without spikes.
    angle_deg, strength : float
        The population vector; NaN without spikes.
    mean_rate : float
        Rate of all cells, Hz.
    """

    contrast: float
    angle_deg: float
    strength: float
    mean_rate: float


def read_contrast(spikes: SpikeMonitor, t_min: float, t_max: float) -> BumpContrast:
    """Read how much a bump stands out from the rest of the ring.

    Parameters
    ----------
    spikes : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float
        The half-open window in seconds.

    Returns
    -------
    BumpContrast

    Raises
    ------
    TypeError, ValueError
        For what is no monitor, and a window empty or outside the run.

    Examples
    --------
    >>> monitor = SpikeMonitor(np.array([0.1, 0.2, 0.3]), np.array([2, 2, 0]), N=4, duration=0.5)
    >>> round(read_contrast(monitor, 0.0, 0.5).contrast, 2)
    3.33
    """
    counts = get_spike_count(spikes, None, t_min, t_max)
    angle_deg, strength = (float(value) for value in population_vector(counts))
    distance = circular_distance(preferred_angles(spikes.N), angle_deg)
    contrast = 0.0
    if np.isfinite(angle_deg):
        near, far = counts[distance <= NEIGHBOURHOOD_DEG], counts[distance >= FAR_DEG]
        contrast = float(near.mean() - far.mean()) / (t_max - t_min)
    return BumpContrast(contrast, angle_deg, strength, float(counts.mean()) / (t_max - t_min))


def _end(spikes: SpikeMonitor) -> BumpContrast:
    return read_contrast(spikes, spikes.duration - READ_WINDOW, spikes.duration)


def _is_bump(reading: BumpContrast) -> bool:
    """Whether there is a bump, in a network that has not run away."""
    return reading.contrast >= LEAST_CONTRAST and reading.mean_rate < RUNAWAY


def _is_near(reading: BumpContrast) -> bool:
    """Whether the population vector points to where the cue was."""
    distance = circular_distance(reading.angle_deg, CUE["stimulus_center_deg"])
    return bool(distance <= NEAR_DEG)


def _pair(
    seed: int, strength: float, sim_time: float, **arguments: Any
) -> tuple[SpikeMonitor, SpikeMonitor]:
    """Excitatory spikes of a run with the cue, and of one without."""
    cued, quiet = (
        _simulate(seed, current, sim_time, **arguments).spike_monitor_excit
        for current in (strength, 0.0)
    )
    return cued, quiet


def _states(cued: SpikeMonitor, quiet: SpikeMonitor) -> dict[str, Any]:
    """The states at the end of a run with a cue, and of one without."""
    row: dict[str, Any] = {}
    for name, spikes in (("cued", cued), ("spontaneous", quiet)):
        reading = _end(spikes)
        row |= {
            name: _is_bump(reading) and (name == "spontaneous" or _is_near(reading)),
            f"{name}_runaway": reading.mean_rate >= RUNAWAY,
            f"{name}_rate": reading.mean_rate,
            f"{name}_contrast": reading.contrast,
            f"{name}_strength": reading.strength,
        }
    return row


def _watch(spikes: SpikeMonitor, start: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres of windows that move from ``start`` to the run's end, and whether each has a bump."""
    number = int((spikes.duration - start - WATCH_WINDOW) / WATCH_STEP + 1e-9) + 1
    starts = start + WATCH_STEP * np.arange(number)
    present = [_is_bump(read_contrast(spikes, t, t + WATCH_WINDOW)) for t in starts]
    return starts + WATCH_WINDOW / 2, np.array(present)


def _run(
    trial: Any, conditions: Any, repeats: int, seed: int, n_jobs: int, checkpoint: Any, bar: bool
) -> "pd.DataFrame":
    return run_trials(
        trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint, progress=bar
    )


def _check_sim_time(sim_time: Any) -> float:
    """A run long enough for the cue, and for a window to read after it."""
    return check_quantity("sim_time", sim_time, SECOND, low=CUE_END + READ_WINDOW, high=100)


def _check_values(name: str, values: Any, unit: Any, low: float, high: float) -> list[float]:
    """Values of one condition, each a quantity; no one value for a list."""
    return [float(value) for value in check_vector(name, values, unit, low=low, high=high)]


def _check_choices(name: str, values: Any, choices: Any) -> list[str]:
    """Several words of one kind; no one word for a list."""
    if isinstance(values, str):
        raise TypeError(f"{name}={values!r}: expected a list; for one, write [{values!r}]")
    return [check_choice(name, value, choices) for value in values]


def summarise_survival(
    table: "pd.DataFrame", by: str | Sequence[str], column: str, times: Sequence[float]
) -> "pd.DataFrame":
    """The fraction of trials in which something has not happened yet, at several times.

    All trials must have been watched for at least as long as the latest time: then the fraction is
    a plain binomial one, and no trial is censored.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a trial.
    by : str or sequence of str
        Columns that tell the conditions apart.
    column : str
        When it happened, seconds; NaN if it did not.
    times : sequence of float
        When to look, seconds.

    Returns
    -------
    pandas.DataFrame
        A row for each condition and time: the columns ``by``, ``time``, ``trials``, and
        ``not_yet`` with Wilson's 95% interval in ``not_yet_low`` and ``not_yet_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, and bad times.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"rate": [1, 1, 1, 1], "onset": [0.5, 1.5, None, None]})
    >>> summarise_survival(table, "rate", "onset", [0, 1, 2]).not_yet.tolist()
    [1.0, 0.75, 0.5]
    """
    import pandas as pd

    times = _check_values("times", times, SECOND, 0.0, 1000.0)
    conditions = [by] if isinstance(by, str) else list(by)
    check_table("table", table, [*conditions, column])
    parts = [
        summarise_trials(
            table.assign(time=time, not_yet=~(table[column] <= time)),
            [*conditions, "time"],
            ["not_yet"],
        )
        for time in times
    ]
    return pd.concat(parts, ignore_index=True)


def _summarise_states(table: "pd.DataFrame", by: list[str]) -> "pd.DataFrame":
    """Fractions with intervals, and the kind of network at each condition."""
    columns = [
        f"{run}{end}" for run in ("cued", "spontaneous") for end in ("", "_runaway", "_rate")
    ]
    if hasattr(table, "spontaneous") and hasattr(table, "spontaneous_runaway"):
        table = table.assign(active=table.spontaneous | table.spontaneous_runaway)
    summary = summarise_trials(table, by, [*columns, "active"])
    rules = {
        "runaway": summary.cued_runaway_low > 0.5,
        "always": summary.active_low > 0.5,
        "memory": (summary.cued_low > 0.5) & (summary.active_high < 0.5),
        "quiet": (summary.cued_high < 0.5) & (summary.active_high < 0.5),
    }
    summary["state"] = np.select(list(rules.values()), list(rules), "unclear")
    return summary.drop(columns=["active", "active_low", "active_high"])


# ---------------------------------------------------------------------------------------------
# Existence of bumps over external rate and J+


def _phase_trial(
    seed: int,
    poisson_firing_rate: float,
    Jpos_excit2excit: float,
    preset: str,
    stimulus_strength: float,
    sim_time: float,
) -> dict[str, Any]:
    return _states(
        *_pair(
            seed,
            stimulus_strength,
            sim_time,
            preset=preset,
            poisson_firing_rate=poisson_firing_rate,
            Jpos_excit2excit=Jpos_excit2excit,
        )
    )


def measure_bump_phase(
    poisson_firing_rates: Sequence[float] = (0.6, 1.0, 1.2, 1.4, 1.8, 2.2, 3.0, 4.0),
    Jpos_excit2excits: Sequence[float] = (1.0, 1.3, 1.4, 1.45, 1.5, 1.55, 1.6, 1.7, 1.8, 2.2, 3.0),
    repeats: int = 12,
    *,
    preset: str = "neurodynex",
    stimulus_strength: float = STRONG_CUE,
    sim_time: float = 1.5 * second,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Look for bumps, with a cue and without one, over external rate and J+.

    Parameters
    ----------
    poisson_firing_rates : sequence of float
        Rates of each external source, Hz.
    Jpos_excit2excits : sequence of float
        Peaks of the weight profile.
    repeats : int
        Trials at each combination. Each runs the network twice with the same noise.
    preset : str
        Name of the parameter set.
    stimulus_strength : float
        Strength of the cue, ampere. A strong one asks whether a bump can exist at all.
    sim_time : float
        Length of a run in seconds. The cue ends at 0.3 s; the last 0.5 s are read.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``cued`` (whether the run with the cue ends with a bump within 45 degrees of
        it) and ``spontaneous`` (whether the one without ends with a bump anywhere); for each run,
        with ``cued_`` or ``spontaneous_`` before it, ``rate`` (Hz, mean over the excitatory cells),
        ``runaway`` (whether that is 50 Hz or more; then no bump is counted), and ``contrast`` (Hz)
        and ``strength`` of :func:`read_contrast`. A bump has a contrast of at least 5 Hz.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_phase([1.4], [1.0, 1.6], 1, sim_time=1, n_jobs=1, progress=False)
    >>> table.cued.tolist(), table.spontaneous.tolist()
    ([False, True], [False, False])
    """
    rates = _check_values("poisson_firing_rates", poisson_firing_rates, HERTZ, 0.01, 100)
    peaks = _check_values("Jpos_excit2excits", Jpos_excit2excits, NUMBER, 0.0, 100)
    strength = check_quantity(
        "stimulus_strength", stimulus_strength, AMPERE, low=1e-12, high=10 * nA
    )
    conditions = {
        "poisson_firing_rate": rates,
        "Jpos_excit2excit": peaks,
        "preset": [check_choice("preset", preset, PRESETS)],
        "stimulus_strength": [strength],
        "sim_time": [_check_sim_time(sim_time)],
    }
    return _run(_phase_trial, conditions, repeats, seed, n_jobs, checkpoint, progress)


def summarise_bump_phase(table: "pd.DataFrame") -> "pd.DataFrame":
    """Fractions of trials with bumps at each combination, and which kind of network that is.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_phase`.

    Returns
    -------
    pandas.DataFrame
        A row for each external rate and J+: fractions ``cued``, ``spontaneous``, ``cued_runaway``
        and ``spontaneous_runaway``, rates, all with 95% intervals, and ``state``:

        - "runaway" if most runs with a cue run away,
        - "always" if most runs without a cue end with a bump, or run away,
        - "memory" if most with a cue and a minority without one end with a bump,
        - "quiet" if a minority does even with a cue,
        - "unclear" otherwise.

        "Most" and "a minority" mean that the interval of the fraction excludes one half.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_phase([1.4], [1.6], 2, sim_time=1, n_jobs=1, progress=False)
    >>> summarise_bump_phase(table)[["cued", "spontaneous", "state"]].to_numpy().tolist()
    [[1.0, 0.0, 'unclear']]
    """
    return _summarise_states(table, ["poisson_firing_rate", "Jpos_excit2excit"])


# ---------------------------------------------------------------------------------------------
# How long a quiet network stays quiet


def _onset_trial(seed: int, poisson_firing_rate: float, sim_time: float) -> dict[str, Any]:
    """When a bump is first there in a run without a cue."""
    run = _simulate(seed, 0.0, sim_time, poisson_firing_rate=poisson_firing_rate)
    spikes = run.spike_monitor_excit
    centres, present = _watch(spikes, 0.0)
    return {
        "onset_time": float(centres[present.argmax()]) if present.any() else np.nan,
        "present": _is_bump(_end(spikes)),
    }


def measure_bump_onset(
    poisson_firing_rates: Sequence[float] = (1.0, 1.2, 1.4, 1.6, 1.8, 2.2, 2.6),
    repeats: int = 60,
    *,
    sim_time: float = 3 * second,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Wait for a bump in a network without a cue, at several external rates ("neurodynex").

    Parameters
    ----------
    poisson_firing_rates : sequence of float
        Rates of each external source, Hz.
    repeats : int
        Trials at each.
    sim_time : float
        How long to wait, seconds.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``onset_time``, the centre in seconds of the first window of 100 ms with a
        bump (NaN if there is none), and ``present``, whether there is one in the last 0.5 s. A bump
        has a contrast of at least 5 Hz, see :func:`read_contrast`.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_onset([1.0, 2.6], 1, sim_time=2, n_jobs=1, progress=False)
    >>> table.present.tolist()
    [False, True]
    """
    conditions = {
        "poisson_firing_rate": _check_values(
            "poisson_firing_rates", poisson_firing_rates, HERTZ, 0.01, 100
        ),
        "sim_time": [_check_sim_time(sim_time)],
    }
    return _run(_onset_trial, conditions, repeats, seed, n_jobs, checkpoint, progress)


def summarise_bump_onset(table: "pd.DataFrame") -> "pd.DataFrame":
    """How often, and at what rate, quiet networks form a bump by themselves.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_onset`.

    Returns
    -------
    pandas.DataFrame
        A row for each external rate: ``onset``, the fraction of trials in which a bump formed, and
        ``onsets_per_second``, their number divided by the time spent waiting, with Poisson's exact
        interval (Garwood 1936). The latter describes the wait if the chance is the same at any
        time.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"poisson_firing_rate": 1.4, "sim_time": 3.0, "onset_time": [1.0, 2.0, None]}
    ... )
    >>> float(summarise_bump_onset(table).onsets_per_second.iloc[0].round(3))
    0.333
    """
    from scipy.stats import chi2

    if hasattr(table, "onset_time") and hasattr(table, "sim_time"):
        happened = table.onset_time.notna()
        table = table.assign(onset=happened, waited=table.onset_time.fillna(table.sim_time))
    summary = summarise_trials(table, "poisson_firing_rate", ["onset", "waited"])
    waited = summary.waited * summary.trials
    events = summary.onset * summary.trials
    summary = summary.drop(columns=["waited", "waited_low", "waited_high"])
    summary["onsets_per_second"] = events / waited
    # chi2 has no quantile for 0 degrees of freedom: nothing seen, nothing ruled out from below.
    lowest = chi2.ppf(0.025, np.maximum(2 * events, 1)) / 2
    summary["onsets_per_second_low"] = np.where(events > 0, lowest, 0.0) / waited
    summary["onsets_per_second_high"] = chi2.ppf(0.975, 2 * events + 2) / 2 / waited
    return summary


# ---------------------------------------------------------------------------------------------
# The bump of each parameter set


def centred_spikes(
    spikes: SpikeMonitor, t_min: float, t_max: float, window_width: float = 100 * ms
) -> SpikeMonitor:
    """Spikes with a moving bump held in place, so that its shape can be read over a long window.

    The window is cut into parts. Each part's spikes are moved round the ring, by whole cells, such
    that its population vector points at 180 degrees.

    Parameters
    ----------
    spikes : SpikeMonitor
        Spikes of a ring.
    t_min, t_max : float
        The window in seconds.
    window_width : float
        Length of a part in seconds. The shorter, the less the bump moves in it, and the worse the
        population vector is known.

    Returns
    -------
    SpikeMonitor
        The spikes of the window. Parts without spikes stay empty.

    Raises
    ------
    TypeError, ValueError
        For what is no monitor, and bad times.

    Examples
    --------
    >>> monitor = SpikeMonitor(np.array([0.05, 0.15]), np.array([1, 2]), N=4, duration=0.2)
    >>> centred_spikes(monitor, 0.0, 0.2, 0.1).i
    array([2, 2])
    """
    if not isinstance(spikes, SpikeMonitor):
        raise TypeError(f"spikes: expected a SpikeMonitor, got {type(spikes).__name__}")
    longest = spikes.duration * (1 + 1e-9)
    t_min = check_quantity("t_min", t_min, SECOND, low=1e-6, high=longest)
    t_max = check_quantity("t_max", t_max, SECOND, low=1e-6, high=longest, zero=False)
    if t_min >= t_max:
        raise ValueError(
            f"t_min={SECOND.show(t_min)} and t_max={SECOND.show(t_max)}: the window is empty"
        )
    width = check_quantity("window_width", window_width, SECOND, low=1e-3, high=100, zero=False)
    within = (spikes.t >= t_min) & (spikes.t < t_max)
    t, cells = spikes.t[within], spikes.i[within]
    part = ((t - t_min) / width + 1e-9).astype(int)
    N = spikes.N
    for number in np.unique(part):
        here = part == number
        angle_deg = population_vector(np.bincount(cells[here], minlength=N)).angle_deg
        if np.isfinite(angle_deg):
            cells[here] += round((180.0 - float(angle_deg)) * N / 360)
    return SpikeMonitor(t, cells % N, N=N, duration=spikes.duration)


def _presets_trial(seed: int, preset: str, sim_time: float) -> dict[str, Any]:
    """The bump that a strong cue leaves, and the network that had no cue."""
    window = (sim_time - READ_WINDOW, sim_time)
    spikes, quiet = _pair(seed, STRONG_CUE, sim_time, preset=preset)
    reading, quiet_reading = _end(spikes), _end(quiet)
    row: dict[str, Any] = {
        "present": _is_bump(reading),
        "mean_rate": reading.mean_rate,
        "strength": reading.strength,
        "contrast": reading.contrast,
        **dict.fromkeys(("peak_rate", "baseline_rate", "width_deg", "fwhm_deg"), np.nan),
        "width_unmoved_deg": np.nan,
        "quiet_present": _is_bump(quiet_reading),
        "quiet_rate": quiet_reading.mean_rate,
        "quiet_strength": quiet_reading.strength,
        "quiet_contrast": quiet_reading.contrast,
    }
    try:
        profile = bump_profile(centred_spikes(spikes, *window), *window)
        row["width_unmoved_deg"] = bump_profile(spikes, *window).width_deg
    except NoBumpError:
        return row
    for name in ("peak_rate", "baseline_rate", "width_deg", "fwhm_deg"):
        row[name] = getattr(profile, name)
    return row


def measure_bump_presets(
    presets: Sequence[str] = tuple(PRESETS),
    repeats: int = 40,
    *,
    sim_time: float = 3 * second,
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
        Trials for each. Each runs the network with a cue and without, with the same noise.
    sim_time : float
        Length of a run in seconds. The cue ends at 0.3 s; the last 0.5 s are read.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``present`` (whether there is a bump: a contrast of at least 5 Hz),
        ``strength`` and ``contrast`` (Hz) of :func:`read_contrast`, ``mean_rate`` over all
        excitatory cells, ``peak_rate`` and ``baseline_rate`` (Hz),
        ``width_deg`` and ``fwhm_deg`` (degrees; NaN without a bump) of the bump held in place by
        :func:`centred_spikes`, ``width_unmoved_deg`` without that; ``quiet_present``,
        ``quiet_rate``, ``quiet_strength`` and ``quiet_contrast`` of the run without a cue.

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
    conditions = {
        "preset": _check_choices("presets", presets, PRESETS),
        "sim_time": [_check_sim_time(sim_time)],
    }
    return _run(_presets_trial, conditions, repeats, seed, n_jobs, checkpoint, progress)


def summarise_bump_presets(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each parameter set.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_presets`.

    Returns
    -------
    pandas.DataFrame
        A row for each preset; shape and rates are averaged over the trials with a bump, the quiet
        rate over those without one in the run without a cue.

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
    shape = [
        "strength",
        "contrast",
        "mean_rate",
        "peak_rate",
        "baseline_rate",
        "width_deg",
        "fwhm_deg",
    ]
    shape += ["width_unmoved_deg"]
    if hasattr(table, "present") and hasattr(table, "quiet_present"):
        table = table.copy()
        table.loc[~table.present, shape] = np.nan
        table.loc[table.quiet_present, "quiet_rate"] = np.nan
    return summarise_trials(table, "preset", ["present", *shape, "quiet_present", "quiet_rate"])


# ---------------------------------------------------------------------------------------------
# The time constant of the NMDA gate


def steady_gate(
    rate: float, tau_NMDA: float, *, tau_x: float = 1.88 * ms, alpha_NMDA: float = 500 * Hz
) -> float:
    """The mean of an NMDA gate whose cell fires regularly.

    Between two spikes ``ds/dt = -s / tau_NMDA + alpha x (1 - s)`` is linear in ``s`` (Compte et al.
    2000), so its value at the end of an interval is a straight line in its value at the start. The
    steady gate is the one that ends as it began.

    Parameters
    ----------
    rate : float
        Rate of the cell, Hz.
    tau_NMDA, tau_x : float
        Time constants of decay and rise, seconds.
    alpha_NMDA : float
        Rate at which ``x`` opens the gate, Hz.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> [round(steady_gate(rate, 65 * ms), 2) for rate in (1, 10, 100)]
    [0.04, 0.34, 0.86]
    """
    from scipy.integrate import solve_ivp

    rate = check_quantity("rate", rate, HERTZ, low=0.01, high=500, zero=False)
    tau_NMDA = check_quantity("tau_NMDA", tau_NMDA, SECOND, low=0.1 * ms, high=10, zero=False)
    tau_x = check_quantity("tau_x", tau_x, SECOND, low=0.1 * ms, high=10, zero=False)
    alpha_NMDA = check_quantity("alpha_NMDA", alpha_NMDA, HERTZ, low=1e-3, high=1e6, zero=False)
    interval = 1 / rate
    x_after_spike = -1 / np.expm1(-interval / tau_x)

    def slopes(t: float, state: np.ndarray) -> np.ndarray:
        s = state[:2]
        x = x_after_spike * np.exp(-t / tau_x)
        return np.concatenate([-s / tau_NMDA + alpha_NMDA * x * (1 - s), s])

    # Two gates, closed and open at the start, and their integrals.
    solution = solve_ivp(
        slopes, (0, interval), [0.0, 1.0, 0.0, 0.0], method="LSODA", rtol=1e-9, atol=1e-12,
        first_step=1e-6,
    )  # fmt: skip
    from_closed, from_open, area_closed, area_open = solution.y[:, -1]
    start = from_closed / (1 - (from_open - from_closed))
    return float((area_closed + start * (area_open - area_closed)) * rate)


def _kept_drive(tau_NMDA: float) -> float:
    """By how much conductances have to grow for gates at :data:`GATE_RATE` to pass as much."""
    standard = steady_gate(GATE_RATE, PRESETS["neurodynex"].tau_NMDA)
    # Rounded, so that another version of the solver gives the same spikes.
    return round(standard / steady_gate(GATE_RATE, tau_NMDA), 4)


def _nmda_trial(
    seed: int, tau_NMDA: float, drive: str, gain: float, sim_time: float
) -> dict[str, Any]:
    """The states with another time constant and other NMDA conductances, and the bump's end."""
    factor = gain * (_kept_drive(tau_NMDA) if drive == "kept" else 1.0)
    cued, quiet = _pair(
        seed,
        STRONG_CUE,
        sim_time,
        preset=replace(PRESETS["neurodynex"], tau_NMDA=tau_NMDA),
        G_excit2excit=0.381 * nS * factor,
        G_excit2inhib=0.292 * nS * factor,
    )
    centres, present = _watch(cued, CUE_END)
    lost = np.nan if present.all() else float(centres[present.argmin()]) - CUE_END
    row = {**_states(cued, quiet), "lost_time": lost}
    # A bump on its way out may still show in the long window that is read.
    row["cued"] = bool(row["cued"] and present.all())
    return row


def measure_bump_nmda(
    tau_NMDAs: Sequence[float] = (5 * ms, 10 * ms, 20 * ms, 40 * ms, 65 * ms, 100 * ms, 200 * ms),
    repeats: int = 24,
    *,
    drives: Sequence[str] = ("alone", "kept"),
    gains: Sequence[float] = (1.0,),
    sim_time: float = 2 * second,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Look for bumps with faster and slower NMDA gates ("neurodynex", otherwise unchanged).

    Parameters
    ----------
    tau_NMDAs : sequence of float
        Time constants of the gate's decay, seconds.
    repeats : int
        Trials at each combination. Each runs the network twice, with a strong cue and without one.
    drives : sequence of {"alone", "kept"}
        "alone" changes the time constant and nothing else, so a faster gate also passes less
        current. "kept" makes up for that: the conductances from excitatory cells to all cells grow
        such that a cell firing at 100 Hz, about the rate at the standard bump's peak, passes on
        average the current it passes with the standard gate (see :func:`steady_gate`).
    gains : sequence of float
        Further factors on these conductances.
    sim_time : float
        Length of a run in seconds. The cue ends at 0.3 s.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: the columns of :func:`measure_bump_phase`, and ``lost_time``, the centre of
        the first window of 100 ms after the cue that has no bump, seconds since the cue's end (NaN
        if all have one). ``cued`` here also asks for a bump in all of these windows.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_nmda([20 * ms], 1, sim_time=1, n_jobs=1, progress=False)
    >>> table[["drive", "cued"]].to_numpy().tolist()
    [['alone', False], ['kept', True]]
    """
    conditions = {
        "tau_NMDA": _check_values("tau_NMDAs", tau_NMDAs, SECOND, 1 * ms, 1 * second),
        "drive": _check_choices("drives", drives, ("alone", "kept")),
        "gain": _check_values("gains", gains, NUMBER, 0.0, 100.0),
        "sim_time": [_check_sim_time(sim_time)],
    }
    return _run(_nmda_trial, conditions, repeats, seed, n_jobs, checkpoint, progress)


def summarise_bump_nmda(table: "pd.DataFrame") -> "pd.DataFrame":
    """Fractions of trials with bumps at each time constant, drive and gain.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_nmda`.

    Returns
    -------
    pandas.DataFrame
        A row for each combination: fractions and rates of the runs with a cue and without one, with
        95% intervals, and ``state`` as in :func:`summarise_bump_phase`.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_nmda([5 * ms], 1, sim_time=1, n_jobs=1, progress=False)
    >>> summarise_bump_nmda(table).cued.tolist()
    [0.0, 0.0]
    """
    return _summarise_states(table, ["tau_NMDA", "drive", "gain"])


# ---------------------------------------------------------------------------------------------
# Which cue is remembered, by which network


def _recall_trial(
    seed: int, preset: str, block: str, profile: str, stimulus_strength: float, sim_time: float
) -> dict[str, Any]:
    """One run, and whether its end tells where the cue was."""
    parameters = PRESETS[preset]
    if block != "own":
        parameters = replace(parameters, nmda_block_voltage=BLOCKS[block])
    run = _simulate(
        seed, stimulus_strength, sim_time, preset=parameters, excit2excit_profile=profile
    )
    reading = _end(run.spike_monitor_excit)
    return {
        "remembered": _is_bump(reading) and _is_near(reading),
        "near": _is_near(reading),
        "runaway": reading.mean_rate >= RUNAWAY,
        "strength": reading.strength,
        "contrast": reading.contrast,
        "mean_rate": reading.mean_rate,
    }


def measure_bump_recall(
    presets: Sequence[str] = tuple(PRESETS),
    stimulus_strengths: Sequence[float] = (0.0, WEAK_CUE, STRONG_CUE),
    repeats: int = 40,
    *,
    blocks: Sequence[str] = ("own",),
    profiles: Sequence[str] = ("ring",),
    sim_time: float = 1.3 * second,
    seed: int = 1,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Cue networks that differ in one thing, and see which remember.

    Parameters
    ----------
    presets : sequence of str
        Names of parameter sets.
    stimulus_strengths : sequence of float
        Strengths of the cue, ampere. 0 is the control without one.
    repeats : int
        Trials at each combination.
    blocks : sequence of {"own", "mV", "volt"}
        The unit of the voltage in the magnesium block: the parameter set's own, millivolt as
        measured, or volt as in the first course code. All else stays.
    profiles : sequence of {"ring", "unstructured"}
        The E-to-E weights, as in :func:`wmtutor.bump.simulate_wm`.
    sim_time : float
        Length of a run in seconds. The cue ends at 0.3 s; the last 0.5 s are read.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``remembered`` (a bump, that is a contrast of at least 5 Hz, within 45
        degrees of the cue, and no runaway), ``near`` (the population vector is within 45 degrees,
        however weak: a quarter by chance), ``runaway`` (50 Hz or more on average), ``strength`` and
        ``contrast`` (Hz) of :func:`read_contrast`, and ``mean_rate`` of the excitatory cells (Hz).

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_recall(
    ...     ["neurodynex"], [0.06 * nA], 1, blocks=["mV", "volt"], n_jobs=1, progress=False
    ... )
    >>> table[["block", "remembered"]].to_numpy().tolist()
    [['mV', False], ['volt', True]]
    """
    conditions = {
        "preset": _check_choices("presets", presets, PRESETS),
        "block": _check_choices("blocks", blocks, ("own", *BLOCKS)),
        "profile": _check_choices("profiles", profiles, ("ring", "unstructured")),
        "stimulus_strength": _check_values(
            "stimulus_strengths", stimulus_strengths, AMPERE, 0.0, 10 * nA
        ),
        "sim_time": [_check_sim_time(sim_time)],
    }
    return _run(_recall_trial, conditions, repeats, seed, n_jobs, checkpoint, progress)


def summarise_bump_recall(table: "pd.DataFrame") -> "pd.DataFrame":
    """Fractions of remembered cues, and rates, for each network and cue.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_recall`.

    Returns
    -------
    pandas.DataFrame
        A row for each parameter set, block, profile and strength, with 95% intervals.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_recall(["neurodynex"], [0.5 * nA], 2, n_jobs=1, progress=False)
    >>> summarise_bump_recall(table).remembered.tolist()
    [1.0]
    """
    return summarise_trials(
        table,
        ["preset", "block", "profile", "stimulus_strength"],
        ["remembered", "near", "runaway", "strength", "contrast", "mean_rate"],
    )


LAWS = {
    "bump_phase": Law(
        "At which external rates and peaks of the weight profile do bumps exist, cued or not?",
        measure_bump_phase,
        summarise_bump_phase,
    ),
    "bump_onset": Law(
        "How long does a network without a cue stay quiet?",
        measure_bump_onset,
        summarise_bump_onset,
    ),
    "bump_presets": Law(
        "What bump does a strong cue leave in each of the three parameter sets?",
        measure_bump_presets,
        summarise_bump_presets,
    ),
    "bump_unstructured": Law(
        "Is a cue remembered without a neighbourhood structure?",
        functools.partial(
            measure_bump_recall,
            ["neurodynex"],
            [WEAK_CUE, STRONG_CUE],
            60,
            profiles=["ring", "unstructured"],
        ),
        summarise_bump_recall,
    ),
    "bump_nmda": Law(
        "How slow must the NMDA gate be?",
        measure_bump_nmda,
        summarise_bump_nmda,
    ),
    "bump_nmda_gain": Law(
        "Which conductances let a network with faster or slower NMDA gates remember?",
        functools.partial(
            measure_bump_nmda,
            repeats=8,
            drives=["kept"],
            gains=[0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 1.8, 2.2],
        ),
        summarise_bump_nmda,
    ),
    "bump_block": Law(
        "What does the unit in the magnesium block do to each parameter set?",
        functools.partial(measure_bump_recall, blocks=["mV", "volt"], repeats=30),
        summarise_bump_recall,
    ),
    "bump_cue": Law(
        "How strong must a cue be to be remembered?",
        functools.partial(
            measure_bump_recall,
            stimulus_strengths=CUE_SWEEP,
            repeats=30,
        ),
        summarise_bump_recall,
    ),
    "bump_retune": Law(
        "Where does the mended network remember the course's own weak cue?",
        functools.partial(
            measure_bump_phase,
            (1.0, 1.4, 1.8, 2.2, 2.6, 3.0),
            (1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0),
            preset="neurodynex3",
            repeats=8,
            stimulus_strength=WEAK_CUE,
        ),
        summarise_bump_phase,
    ),
}
