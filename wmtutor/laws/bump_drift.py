"""What moves a remembered angle: noise, cells that are not alike, and distractors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    AMPERE,
    DEGREE,
    HERTZ,
    NUMBER,
    SECOND,
    VOLT,
    check_count,
    check_quantity,
    check_seed,
    check_table,
    check_vector,
)
from wmtutor.bump import (
    draw_leak_potentials,
    estimate_diffusion,
    get_spike_count,
    get_theta_time_series,
    population_sizes,
    read_bump,
    simulate_wm,
)
from wmtutor.experiments import (
    Interval,
    bootstrap_interval,
    fraction_interval,
    mean_interval,
    run_trials,
    summarise_trials,
)
from wmtutor.laws._tables import Law
from wmtutor.monitors import SpikeMonitor
from wmtutor.reduced import evolve_density
from wmtutor.ring import (
    circular_distance,
    preferred_angles,
    signed_difference,
    unwrap_degrees,
    wrap_degrees,
)
from wmtutor.units import Hz, ms, mV, nA, second

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAWS",
    "DriftField",
    "diffusion_exponent",
    "estimate_drift_field",
    "measure_bump_diffusion",
    "measure_bump_distractor",
    "measure_bump_heterogeneity",
    "predict_drift_field",
    "read_paths",
    "summarise_bump_diffusion",
    "summarise_bump_distractor",
    "summarise_bump_heterogeneity",
    "summarise_displacement",
    "summarise_final_angles",
]

#: A cue well above what a bump needs: how it began must not be what is measured.
CUE: dict[str, Any] = {
    "stimulus_width_deg": 30.0,
    "stimulus_strength": 0.2 * nA,
    "t_stimulus_start": 100 * ms,
    "t_stimulus_duration": 200 * ms,
}
#: The first window starts when the cue has been off for 100 ms.
FIRST_WINDOW = 400 * ms
WINDOW = 100 * ms
STEP = 250 * ms
#: As in the book's chapter on the bump; half the time of the default step.
RUN: dict[str, Any] = {"dt": 0.1 * ms, "monitored_subset_size": 1}


# ---------------------------------------------------------------------------------------------
# Paths of the remembered angle


def _path(spikes: SpikeMonitor, delay: float) -> dict[str, Any]:
    """The decoded angle every 250 ms, and whether there was a bump at all of these times."""
    series = get_theta_time_series(spikes, FIRST_WINDOW, None, STEP, WINDOW)
    starts = FIRST_WINDOW + STEP * np.arange(round(delay / STEP) + 1)
    present = [read_bump(spikes, start, start + WINDOW).present for start in starts]
    angles = zip(series.t, series.theta_deg, strict=True)
    return {"kept": all(present), **{f"theta_{round(t / ms):04d}": angle for t, angle in angles}}


def _run_length(delay: float) -> float:
    return FIRST_WINDOW + delay + WINDOW


def _check_delay(delay: Any) -> float:
    delay = check_quantity("delay", delay, SECOND, low=500 * ms, high=60)
    if abs(delay / STEP - round(delay / STEP)) > 1e-6:
        raise ValueError(f"delay={SECOND.show(delay)}: must be a multiple of {SECOND.show(STEP)}")
    return delay


def read_paths(table: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    """The remembered angle over time in the trials that kept their bump.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_diffusion` or :func:`measure_bump_heterogeneity`.

    Returns
    -------
    t : ndarray of float, shape (times,)
        Centres of the decoding windows in seconds.
    theta_deg : ndarray of float, shape (kept trials, times)
        Decoded angles, degrees in [0, 360).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"kept": [True, False], "theta_0450": [9, 8], "theta_0700": [7, 6]})
    >>> read_paths(table)
    (array([0.45, 0.7 ]), array([[9., 7.]]))
    """
    check_table("table", table, ["kept"])
    names = [name for name in table if str(name).startswith("theta_")]
    if not names:
        raise ValueError("table: has no column theta_...; expected one for each time")
    t = np.array([int(name.removeprefix("theta_")) for name in names]) * ms
    return t, table.loc[table.kept.astype(bool), names].to_numpy(float)


# ---------------------------------------------------------------------------------------------
# Diffusion against the number of cells


def _diffusion_trial(seed: int, N_excitatory: int, delay: float) -> dict[str, Any]:
    """One memory of 180 degrees in a network of this size."""
    run = simulate_wm(
        **population_sizes(N_excitatory), **CUE, **RUN, sim_time=_run_length(delay), seed=seed
    )
    return _path(run.spike_monitor_excit, delay)


def measure_bump_diffusion(
    N_excitatory: Sequence[int] = (512, 1024, 2048, 4096),
    repeats: int = 200,
    *,
    delay: float = 3 * second,
    seed: int = 2,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure how a remembered angle wanders in networks of several sizes.

    A cue at 180 degrees (0.2 nA, 30 degrees wide, 100 to 300 ms) leaves a bump. It is decoded in
    windows of 100 ms, the first from 400 to 500 ms, then every 250 ms.

    Parameters
    ----------
    N_excitatory : sequence of int
        Numbers of pyramidal cells; :func:`wmtutor.bump.population_sizes` gives the rest.
    repeats : int
        Trials at each size.
    delay : float
        From the first window to the last, seconds; a multiple of 0.25 s.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``kept`` (whether there was a bump in every window) and ``theta_0450``,
        ``theta_0700``, ...: decoded angles in degrees; the name has the window's centre in ms.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_diffusion([256], 2, delay=0.5, n_jobs=1, progress=False)
    >>> table.kept.tolist()
    [True, True]
    """
    sizes = [check_count("N_excitatory", N, low=32, high=200_000) for N in N_excitatory]
    return run_trials(
        _diffusion_trial,
        {"N_excitatory": sizes, "delay": [_check_delay(delay)]},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def _squared_displacements(group: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    """Lags (s) and each kept trial's squared displacements since the first window (deg^2)."""
    t, theta_deg = read_paths(group)
    unwrapped = unwrap_degrees(theta_deg)
    return t[1:] - t[0], (unwrapped[:, 1:] - unwrapped[:, :1]) ** 2


def summarise_bump_diffusion(table: "pd.DataFrame") -> "pd.DataFrame":
    """Diffusion coefficients with 95% intervals for each size.

    Trials that lost their bump at any time are left out: they have no angle. Their number is in
    ``kept_fraction``.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_diffusion`.

    Returns
    -------
    pandas.DataFrame
        A row for each size: ``trials``; ``kept_fraction``; ``D`` in deg^2/s, the slope of the mean
        squared displacement over two (:func:`wmtutor.bump.estimate_diffusion`); ``offset`` in
        deg^2, its intercept, which is twice the variance of the decoding error; and ``bend``
        in deg^2/s^2, the quadratic part of its growth, which is 0 for diffusion. Each has
        ``_low`` and ``_high`` (BCa bootstrap over trials; Wilson for the fraction).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, and for sizes with fewer than five kept trials.

    Examples
    --------
    >>> table = measure_bump_diffusion([256], 6, delay=0.5, n_jobs=1, progress=False)
    >>> summarise_bump_diffusion(table)[["N_excitatory", "trials"]].to_numpy().tolist()
    [[256, 6]]
    """
    import pandas as pd

    check_table("table", table, ["N_excitatory", "kept"])
    rows = []
    for N, group in table.groupby("N_excitatory", sort=False):
        t, theta_deg = read_paths(group)
        estimate = estimate_diffusion(theta_deg, t)
        lag, squared = _squared_displacements(group)
        # Linear in the squared displacements, so that every trial has a value of its own and the
        # mean of those is the fit to the mean.
        line, parabola = (np.linalg.pinv(np.vander(lag, degree)) for degree in (2, 3))
        row = {"N_excitatory": N, "trials": len(group)}
        for name, interval in {
            "kept_fraction": fraction_interval(int(group.kept.sum()), len(group)),
            "D": Interval(estimate.diffusion, *estimate.confidence_interval),
            "offset": bootstrap_interval(squared @ line[1]),
            "bend": bootstrap_interval(squared @ parabola[0]),
        }.items():
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interval
        rows.append(row)
    return pd.DataFrame(rows)


def summarise_displacement(table: "pd.DataFrame") -> "pd.DataFrame":
    """The mean squared displacement against time, with 95% intervals, for each size.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_diffusion`.

    Returns
    -------
    pandas.DataFrame
        A row for each size and time: ``lag`` in seconds since the first window, ``msd``,
        ``msd_low`` and ``msd_high`` in deg^2 (kept trials; bootstrap over trials).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_diffusion([256], 3, delay=0.5, n_jobs=1, progress=False)
    >>> summarise_displacement(table).lag.tolist()
    [0.25, 0.5]
    """
    import pandas as pd

    check_table("table", table, ["N_excitatory", "kept"])
    rows = []
    for N, group in table.groupby("N_excitatory", sort=False):
        lag, squared = _squared_displacements(group)
        for time, values in zip(lag, squared.T, strict=True):
            msd, low, high = mean_interval(values)
            rows.append(
                {"N_excitatory": N, "lag": round(float(time), 9), "msd": msd, "msd_low": low,
                 "msd_high": high}
            )  # fmt: skip
    return pd.DataFrame(rows)


def diffusion_exponent(table: "pd.DataFrame", resamples: int = 5000, seed: int = 0) -> Interval:
    """The exponent ``a`` of ``D ~ N^-a``, with its 95% interval.

    A straight line through ``log D`` against ``log N``, each point weighted by the inverse variance
    of its ``log D``. For the interval, trials are drawn again with replacement within each size
    and everything is fitted anew (percentile bootstrap).

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_diffusion`, at two sizes or more.
    resamples : int
        Bootstrap samples.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Interval
        ``a``: 1 if the kicks of the cells are independent and each moves the bump by ``1/N``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, and if a size shows no diffusion to take the logarithm of.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> a = diffusion_exponent(read_trials("bump_diffusion", "book/data/laws"))
    >>> a.low < 1 < a.high
    True
    """
    check_table("table", table, ["N_excitatory", "kept"])
    resamples = check_count("resamples", resamples, low=100, high=10**6)
    generator = np.random.default_rng(check_seed(seed))
    sizes, estimates, drawn = [], [], []
    for N, group in table.groupby("N_excitatory", sort=False):
        lag, squared = _squared_displacements(group)
        slopes = squared @ np.linalg.pinv(np.vander(lag, 2))[0] / 2
        sizes.append(float(N))
        estimates.append(slopes.mean())
        drawn.append(slopes[generator.integers(len(slopes), size=(resamples, len(slopes)))].mean(1))
    if len(sizes) < 2:
        raise ValueError("table: has one value of N_excitatory; an exponent needs two")
    samples = np.array(drawn)
    if min(estimates) <= 0 or samples.min() <= 0:
        raise ValueError(
            "table: at some size the squared displacement does not grow beyond doubt, so there is "
            "no logarithm to fit; measure more trials or a longer delay"
        )
    logs = np.log(samples)
    weights = 1 / logs.var(axis=1)
    x = np.log(sizes)
    x = x - weights @ x / weights.sum()
    to_exponent = -weights * x / (weights * x**2).sum()
    low, high = np.quantile(to_exponent @ logs, (0.025, 0.975))
    return Interval(float(to_exponent @ np.log(estimates)), float(low), float(high))


# ---------------------------------------------------------------------------------------------
# Drift in networks whose cells are not alike


def _heterogeneity_trial(
    seed: int, standard_deviation: float, network: int, cue_deg: float, delay: float
) -> dict[str, Any]:
    """One memory of ``cue_deg`` in one of the frozen networks of 1024 cells."""
    N = 1024
    run = simulate_wm(
        **population_sizes(N), **CUE, **RUN, stimulus_center_deg=cue_deg,
        E_leak_excit=draw_leak_potentials(N, standard_deviation, network),
        sim_time=_run_length(delay), seed=seed,
    )  # fmt: skip
    return _path(run.spike_monitor_excit, delay)


def measure_bump_heterogeneity(
    standard_deviations: Sequence[float] = (0.0, 0.5 * mV, 1.0 * mV, 2.0 * mV),
    networks: int = 8,
    cues: int = 20,
    repeats: int = 2,
    *,
    delay: float = 3 * second,
    seed: int = 3,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure where bumps drift in frozen networks whose cells have unequal leak potentials.

    Network ``k`` has the same pattern of leak reversal potentials at every standard deviation
    (:func:`wmtutor.bump.draw_leak_potentials` with seed ``k``), only scaled. It is asked to hold
    cues evenly spaced round the ring, each several times with other noise.

    Parameters
    ----------
    standard_deviations : sequence of float
        Of the leak reversal potential over excitatory cells, volt. 0 is the control.
    networks : int
        Frozen networks at each standard deviation, at least 2.
    cues : int
        Places of the cue round the ring.
    repeats : int
        Trials at each place; at least 2, because halves of them are compared.
    delay : float
        From the first decoding window to the last, seconds; a multiple of 0.25 s.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``standard_deviation`` (volt), ``network``, ``cue_deg``, and the columns of
        :func:`measure_bump_diffusion`.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> from wmtutor.units import mV
    >>> table = measure_bump_heterogeneity(
    ...     [1 * mV], 2, 1, delay=0.5, n_jobs=1, progress=False
    ... )
    >>> table[["network", "repeat", "kept"]].to_numpy().tolist()
    [[0, 0, True], [0, 1, True], [1, 0, True], [1, 1, True]]
    """
    deviations = [
        check_quantity("standard_deviations", value, VOLT, low=1e-6, high=10 * mV)
        for value in standard_deviations
    ]
    cues = check_count("cues", cues, high=360)
    return run_trials(
        _heterogeneity_trial,
        {
            "standard_deviation": deviations,
            "network": range(check_count("networks", networks, low=2, high=10_000)),
            "cue_deg": preferred_angles(cues).tolist(),
            "delay": [_check_delay(delay)],
        },
        check_count("repeats", repeats, low=2, high=10_000),
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


class DriftField(NamedTuple):
    """How fast a bump at each angle drifts, and where it would stay.

    Attributes
    ----------
    angles_deg : ndarray of float, shape (360,)
        Angles, one a degree.
    velocity, velocity_low, velocity_high : ndarray of float, shape (360,)
        Mean velocity of a bump at these angles in deg/s, with its 95% interval at each angle.
    stable_deg, unstable_deg : ndarray of float
        Where the velocity passes from positive to negative, so that bumps gather, and the reverse.
    """

    angles_deg: np.ndarray
    velocity: np.ndarray
    velocity_low: np.ndarray
    velocity_high: np.ndarray
    stable_deg: np.ndarray
    unstable_deg: np.ndarray


#: Finer detail than this a bump cannot feel: it averages over its own width.
MODES = 6
ANGLES_DEG = preferred_angles(360)


def _modes(angles_deg: np.ndarray, modes: int) -> np.ndarray:
    """Fourier modes 0 to ``modes`` at some angles, in a new last axis."""
    phases = np.deg2rad(angles_deg)[..., None] * np.arange(1, modes + 1)
    return np.concatenate(
        [np.ones((*phases.shape[:-1], 1)), np.cos(phases), np.sin(phases)], axis=-1
    )


def _zero_crossings(velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angles where a field of one value a degree falls through zero, and where it rises."""
    following = np.roll(velocity, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = wrap_degrees(ANGLES_DEG + np.nan_to_num(velocity / (velocity - following)))
    return crossing[(velocity > 0) & (following <= 0)], crossing[(velocity <= 0) & (following > 0)]


def estimate_drift_field(
    table: "pd.DataFrame", modes: int = MODES, resamples: int = 500, seed: int = 0
) -> DriftField:
    """Estimate the drift field of one network from the paths of its bumps.

    The velocity between two successive decodings is fitted by least squares with a few Fourier
    modes of the bump's place. The place is taken from the decoding *before* those two, whose error
    has no part in the velocity: otherwise every error would look like a drift back.

    Parameters
    ----------
    table : pandas.DataFrame
        Trials of one network from :func:`measure_bump_heterogeneity`, at least three times each.
    modes : int
        Highest Fourier mode.
    resamples : int
        Bootstrap samples (whole trials are drawn) for the band.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    DriftField

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, more than one network, or too few trials for the modes.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("bump_heterogeneity", "book/data/laws")
    >>> field = estimate_drift_field(
    ...     table[(table.network == 0) & (table.standard_deviation == 0.002)]
    ... )
    >>> len(field.stable_deg) == len(field.unstable_deg)
    True
    """
    check_table("table", table, ["standard_deviation", "network", "kept"])
    if len(table[["standard_deviation", "network"]].drop_duplicates()) != 1:
        raise ValueError("table: expected the trials of one network at one standard deviation")
    modes = check_count("modes", modes, high=60)
    resamples = check_count("resamples", resamples, low=100, high=10**6)
    t, theta_deg = read_paths(table)
    if len(theta_deg) < 2 or theta_deg[:, 2:].size < 2 * (2 * modes + 1):
        raise ValueError(
            f"table: {len(theta_deg)} kept trials at {len(t)} times are too few for {modes} modes"
        )
    velocity = np.diff(unwrap_degrees(theta_deg), axis=1)[:, 1:] / np.diff(t)[1:]
    places = _modes(theta_deg[:, :-2], modes)
    # Each trial's part of the normal equations: a resample is a weighted sum of these.
    squares = np.einsum("ntj,ntk->njk", places, places)
    products = np.einsum("ntj,nt->nj", places, velocity)
    basis = _modes(ANGLES_DEG, modes)

    def field(weights: np.ndarray) -> np.ndarray:
        inverse = np.linalg.pinv(np.tensordot(weights, squares, 1), hermitian=True)
        return np.einsum("...jk,...k->...j", inverse, weights @ products) @ basis.T

    trials = len(theta_deg)
    best = field(np.ones(trials))
    drawn = np.random.default_rng(check_seed(seed)).multinomial(
        trials, np.full(trials, 1 / trials), resamples
    )
    low, high = np.quantile(field(drawn.astype(float)), (0.025, 0.975), axis=0)
    return DriftField(ANGLES_DEG, best, low, high, *_zero_crossings(best))


def predict_drift_field(
    E_leak: Any,
    *,
    width_deg: float = 17.0,
    peak_rate: float = 100 * Hz,
    tau_NMDA: float = 65 * ms,
    step_NMDA: float = 0.61,
) -> np.ndarray:
    """The drift that first-order perturbation theory expects, up to one factor.

    A weak uneven input moves a bump at ``theta`` with a velocity proportional to
    ``-sum_i s'(theta_i - theta) E_i``, where ``s`` is the profile of open NMDA gates across the
    bump and ``s'`` its slope: it pushes where the gates are neither shut nor saturated, on the
    flanks. (The input is projected on the direction in which a shift changes the network; see
    Seeholzer et al. 2019.) Cells that fire irregularly at rate ``r`` have
    ``s = f r tau / (1 + f r tau)``, where ``f`` is the share of shut gates that a spike opens.

    Parameters
    ----------
    E_leak : array_like of float, shape (N,)
        Leak reversal potentials in volt.
    width_deg, peak_rate : float
        Of the bump, degrees and Hz, as :func:`wmtutor.bump.bump_profile` measures them.
    tau_NMDA : float
        Decay of the gates in seconds.
    step_NMDA : float
        ``f``; for the course's parameters ``1 - exp(-alpha tau_x)``.

    Returns
    -------
    ndarray of float, shape (360,)
        The field at 0, 1, ... 359 degrees in volt: independent potentials with a standard
        deviation of 1 mV give a field whose root mean square is 1 mV on average. Times a factor in
        deg/s per volt, it is the velocity.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    A bump climbs to where cells are easier to excite:

    >>> from wmtutor.ring import preferred_angles
    >>> hill = -0.070 + 0.001 * np.cos(np.deg2rad(preferred_angles(1024) - 90))
    >>> field = predict_drift_field(hill)
    >>> bool(field[60] > 0), bool(field[120] < 0)
    (True, True)
    """
    E_leak = check_vector("E_leak", E_leak, VOLT, low=-0.2, high=0.1)
    if E_leak.size < 8:
        raise ValueError(f"E_leak: {E_leak.size} cells are too few for a bump; give at least 8")
    width = np.deg2rad(check_quantity("width_deg", width_deg, DEGREE, low=1, high=180, zero=False))
    peak_rate = check_quantity("peak_rate", peak_rate, HERTZ, low=0.1, high=1000, zero=False)
    tau = check_quantity("tau_NMDA", tau_NMDA, SECOND, low=1 * ms, high=1, zero=False)
    step = check_quantity("step_NMDA", step_NMDA, NUMBER, low=1e-3, high=1, zero=False)
    # One row an angle of the bump, one column a cell.
    away = np.deg2rad(preferred_angles(E_leak.size)[None, :] - ANGLES_DEG[:, None])
    rate = peak_rate * np.exp((np.cos(away) - 1) / width**2)
    slope_of_rate = -np.sin(away) / width**2 * rate
    slope_of_gates = step * tau * slope_of_rate / (1 + step * tau * rate) ** 2
    return -slope_of_gates @ (E_leak - E_leak.mean()) / np.sqrt((slope_of_gates[0] ** 2).sum())


def summarise_bump_heterogeneity(table: "pd.DataFrame") -> "pd.DataFrame":
    """Drift against the standard deviation of the leak potentials, with 95% intervals.

    Networks are the independent units: every quantity is computed for each and then averaged. The
    mean squared velocity is the product of two fields, one from each half of the trials, averaged
    round the ring: what noise adds to either cancels, and the control comes out at 0 on average.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_heterogeneity`.

    Returns
    -------
    pandas.DataFrame
        A row for each standard deviation: ``standard_deviation_mV``; ``networks``;
        ``kept_fraction``, of trials that had a bump all along; ``mean_square`` in (deg/s)^2;
        ``rms_speed``, its root, in deg/s (0 where it is negative); ``stable_points``, the number of
        stable fixed points; ``gain`` in deg/s per mV, the factor between the field of
        :func:`predict_drift_field` and the measured one, and ``correlation`` between the two (NaN
        for the control). Each has ``_low`` and ``_high`` (bootstrap over networks).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("bump_heterogeneity", "book/data/laws")
    >>> summary = summarise_bump_heterogeneity(table[table.network < 3])
    >>> summary.standard_deviation_mV.tolist()
    [0.0, 0.5, 1.0, 2.0]
    """
    import pandas as pd

    check_table("table", table, ["standard_deviation", "network", "repeat", "kept"])
    rows = []
    for (deviation, network), group in table.groupby(["standard_deviation", "network"], sort=False):
        fields = [
            estimate_drift_field(half, resamples=100).velocity
            for _, half in group.groupby(group.repeat % 2)
        ]
        if len(fields) != 2:
            raise ValueError("table: expected at least two repeats, whose halves are compared")
        whole = estimate_drift_field(group, resamples=100)
        row = {
            "standard_deviation_mV": round(deviation / mV, 9),
            "kept_fraction": group.kept.mean(),
            "mean_square": (fields[0] * fields[1]).mean(),
            "stable_points": len(whole.stable_deg),
            "gain": np.nan,
            "correlation": np.nan,
        }
        if deviation > 0:
            E_leak = draw_leak_potentials(1024, deviation, int(network))
            expected = predict_drift_field(E_leak) / mV
            row["gain"] = whole.velocity @ expected / (expected @ expected)
            row["correlation"] = np.corrcoef(whole.velocity, expected)[0, 1]
        rows.append(row)
    quantities = [name for name in rows[0] if name != "standard_deviation_mV"]
    summary = summarise_trials(pd.DataFrame(rows), "standard_deviation_mV", quantities)
    summary = summary.rename(columns={"trials": "networks"})
    for end in ("", "_low", "_high"):
        summary[f"rms_speed{end}"] = np.sqrt(summary[f"mean_square{end}"].clip(lower=0))
    return summary


def summarise_final_angles(table: "pd.DataFrame") -> "pd.DataFrame":
    """How much better a network's own drift field tells where its memories end.

    For each network, the angles at the end of the delay are predicted from those at its start, once
    by diffusion alone and once by diffusion and the drift that its leak potentials let expect
    (:func:`predict_drift_field`). The factor between potentials and velocity comes from the
    *other* networks, and D from the control, so nothing is fitted to what is predicted.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_heterogeneity`, with its control.

    Returns
    -------
    pandas.DataFrame
        A row for each standard deviation above 0: ``standard_deviation_mV``, ``networks``, and
        ``bits`` per memory that the drift adds to the log likelihood, with ``bits_low`` and
        ``bits_high`` (bootstrap over networks).

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, and one without its control.

    Examples
    --------
    >>> from wmtutor.laws import read_trials
    >>> table = read_trials("bump_heterogeneity", "book/data/laws")
    >>> few = table[(table.network < 2) & table.standard_deviation.isin([0, 0.002])]
    >>> bool(summarise_final_angles(few).bits[0] > 0)
    True
    """
    import pandas as pd

    check_table("table", table, ["standard_deviation", "network", "kept"])
    control = table[table.standard_deviation == 0]
    if not len(control):
        raise ValueError("table: has no trials with a standard_deviation of 0, the control")
    t, theta_deg = read_paths(control)
    diffusion, duration = estimate_diffusion(theta_deg, t).diffusion, float(t[-1] - t[0])

    def density_after(first: int, velocity: Any) -> np.ndarray:
        return evolve_density(np.eye(360)[first], velocity, diffusion, [duration])[0]

    by_diffusion = density_after(0, 0)
    rows = []
    for deviation, trials in table[table.standard_deviation > 0].groupby(
        "standard_deviation", sort=False
    ):
        networks = dict(list(trials.groupby("network", sort=False)))
        expected = {
            network: predict_drift_field(draw_leak_potentials(1024, deviation, int(network)))
            for network in networks
        }
        gain = {
            network: estimate_drift_field(group, resamples=100).velocity
            @ expected[network]
            / (expected[network] @ expected[network])
            for network, group in networks.items()
        }
        for network, group in networks.items():
            first, last = np.rint(read_paths(group)[1][:, [0, -1]].T).astype(int) % 360
            others = np.mean([gain[other] for other in networks if other != network])
            by_drift = [
                density_after(begin, others * expected[network])[end]
                for begin, end in zip(first, last, strict=True)
            ]
            # In bits; a place that is next to impossible in both counts as 1 in 10^12.
            bits = np.log2(np.maximum((by_drift, by_diffusion[last - first]), 1e-12))
            rows.append(
                {
                    "standard_deviation_mV": round(deviation / mV, 9),
                    "bits": (bits[0] - bits[1]).mean(),
                }
            )
    summary = summarise_trials(pd.DataFrame(rows), "standard_deviation_mV", ["bits"])
    return summary.rename(columns={"trials": "networks"})


# ---------------------------------------------------------------------------------------------
# Distractors

#: The distractor is on for as long as the cue was, half a second after it.
DISTRACTOR_START = 800 * ms
DISTRACTOR_DURATION = 200 * ms
READ_LENGTH = 200 * ms
#: The memory is read last when the distractor has been off for 600 ms.
DISTRACTOR_SIM_TIME = 1800 * ms
#: Cells within this distance tell whether there is activity at a place.
NEIGHBOURHOOD_DEG = 15.0


def _distractor_trial(seed: int, strength: float, distance_deg: float) -> dict[str, Any]:
    """A memory of 180 degrees, and a second cue ``distance_deg`` from it."""
    distractor_deg = 180 + distance_deg
    run = simulate_wm(
        **CUE, **RUN, distractor_center_deg=distractor_deg,
        distractor_width_deg=CUE["stimulus_width_deg"], distractor_strength=strength,
        t_distractor_start=DISTRACTOR_START, t_distractor_duration=DISTRACTOR_DURATION,
        sim_time=DISTRACTOR_SIM_TIME, seed=seed,
    )  # fmt: skip
    spikes = run.spike_monitor_excit
    before = read_bump(spikes, DISTRACTOR_START - READ_LENGTH, DISTRACTOR_START)
    after = read_bump(spikes, DISTRACTOR_SIM_TIME - READ_LENGTH, DISTRACTOR_SIM_TIME)
    counts = get_spike_count(spikes, None, DISTRACTOR_SIM_TIME - READ_LENGTH, DISTRACTOR_SIM_TIME)
    cells_deg = preferred_angles(spikes.N)
    rates = {
        name: counts[circular_distance(cells_deg, place) <= NEIGHBOURHOOD_DEG].mean() / READ_LENGTH
        for name, place in (("rate_cue", before.angle_deg), ("rate_distractor", distractor_deg))
    }
    return {
        "kept_before": before.present,
        "present": after.present,
        "shift_deg": float(signed_difference(after.angle_deg, before.angle_deg)),
        **rates,
    }


def measure_bump_distractor(
    strengths: Sequence[float] = (0.05 * nA, 0.1 * nA, 0.2 * nA, 0.25 * nA, 0.3 * nA, 0.4 * nA),
    distances_deg: Sequence[float] = (15, 30, 45, 60, 75, 90, 120, 150, 180),
    repeats: int = 30,
    *,
    seed: int = 4,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what a second cue does to a memory, against its strength and distance.

    The cue of :func:`measure_bump_diffusion` (0.2 nA) is followed by a distractor as wide and as
    long, from 800 to 1000 ms. The memory is read from 600 to 800 ms and from 1600 to 1800 ms.

    Parameters
    ----------
    strengths : sequence of float
        Current of the distractor, ampere.
    distances_deg : sequence of float
        From the cue to the distractor, 1 to 180 degrees.
    repeats : int
        Trials at each combination.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``kept_before`` and ``present``, whether there was a bump before the
        distractor and at the end; ``shift_deg``, from the angle before to that at the end,
        positive towards the distractor; ``rate_cue`` and ``rate_distractor``, the rate (Hz) at the
        end of cells within 15 degrees of where the memory was and of the distractor.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_bump_distractor([4e-10], [120], 1, n_jobs=1, progress=False)
    >>> table.shift_deg.round(-1).tolist()
    [120.0]
    """
    strengths = [
        check_quantity("strengths", value, AMPERE, low=1e-12, high=10 * nA) for value in strengths
    ]
    distances = [
        check_quantity("distances_deg", value, DEGREE, low=1, high=180, zero=False)
        for value in distances_deg
    ]
    return run_trials(
        _distractor_trial,
        {"strength": strengths, "distance_deg": distances},
        repeats,
        seed=seed,
        n_jobs=n_jobs,
        checkpoint=checkpoint,
        progress=progress,
    )


def summarise_bump_distractor(table: "pd.DataFrame") -> "pd.DataFrame":
    """Shift of a memory, and what became of it, with 95% intervals.

    A trial is *captured* if at the end there is one bump, nearer to the distractor than to where
    the memory was; it holds *both* if cells at both places fire at more than 20 Hz though those
    places are more than 60 degrees apart; it is *lost* without a bump at either place.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_bump_distractor`.

    Returns
    -------
    pandas.DataFrame
        A row for each strength and distance: ``strength_nA``, ``distance_deg``, ``trials``,
        ``shift_deg`` and ``shift_share`` (the shift over the distance; NaN at 180 degrees, where
        both ways are towards the distractor), ``captured_fraction``, ``both_fraction``,
        ``lost_fraction``, each with ``_low`` and ``_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_bump_distractor([4e-10], [120], 2, n_jobs=1, progress=False)
    >>> summarise_bump_distractor(table).captured_fraction.tolist()
    [1.0]
    """
    needed = ["strength", "distance_deg", "shift_deg", "rate_cue", "rate_distractor", "present",
              "kept_before"]  # fmt: skip
    check_table("table", table, needed)
    table = table[table.kept_before.astype(bool)].copy()
    active = 20 * Hz
    apart = table.distance_deg > 60
    both = apart & (table.rate_cue > active) & (table.rate_distractor > active)
    to_distractor = circular_distance(table.shift_deg, table.distance_deg)
    one = table.present & ~both
    table["strength_nA"] = (table.strength / nA).round(9)
    table["both_fraction"] = both.astype(float)
    table["captured_fraction"] = (one & (to_distractor < np.abs(table.shift_deg))).astype(float)
    table["lost_fraction"] = (~table.present & ~both).astype(float)
    # Two bumps, or none, have no angle; and at 180 degrees the shift has no sign.
    table.loc[~one | (table.distance_deg >= 180), "shift_deg"] = np.nan
    table["shift_share"] = table.shift_deg / table.distance_deg
    return summarise_trials(
        table,
        ["strength_nA", "distance_deg"],
        ["shift_deg", "shift_share", "captured_fraction", "both_fraction", "lost_fraction"],
    )


LAWS = {
    "bump_diffusion": Law(
        "How does the diffusion of a remembered angle depend on the number of cells?",
        measure_bump_diffusion,
        summarise_bump_diffusion,
    ),
    "bump_heterogeneity": Law(
        "Where do memories drift if the cells' leak potentials are not alike?",
        measure_bump_heterogeneity,
        summarise_bump_heterogeneity,
    ),
    "bump_distractor": Law(
        "What does a second cue do to a memory, near or far, weak or strong?",
        measure_bump_distractor,
        summarise_bump_distractor,
    ),
}
