"""What the flexible network needs to remember: connections, strengths, balance and sizes."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    HERTZ,
    NUMBER,
    check_choice,
    check_count,
    check_flag,
    check_quantity,
    check_seed,
    check_vector,
)
from wmtutor.experiments import Interval, bootstrap_interval, run_trials, summarise_trials
from wmtutor.flexible import (
    FlexibleNetwork,
    FlexibleParameters,
    FlexibleRun,
    NetworkParameters,
    firing_rate,
    get_ring_rates,
    simulate_flexible_wm,
)
from wmtutor.flexible.parameters import TOTAL_WEIGHT
from wmtutor.laws._tables import Law

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LAWS",
    "Echo",
    "Loop",
    "boundary_exponent",
    "measure_echo",
    "measure_flexible_balance",
    "measure_flexible_connections",
    "measure_flexible_random_layer",
    "measure_flexible_rings",
    "measure_flexible_strengths",
    "predict_echo",
    "predict_loop",
    "summarise_flexible_balance",
    "summarise_flexible_connections",
    "summarise_flexible_random_layer",
    "summarise_flexible_rings",
    "summarise_flexible_strengths",
]

STANDARD = NetworkParameters()
#: Eight equal steps on a logarithmic axis, from half the standard strengths to twice.
ALPHAS = (1.05, 1.25, 1.48, 1.77, 2.1, 2.5, 2.97, 3.53, 4.2)
BETAS = (0.1, 0.119, 0.141, 0.168, 0.2, 0.238, 0.283, 0.336, 0.4)
#: Fine steps around exact balance, and coarse ones further away.
BALANCES = (-1.1, -1.05, -1.03, -1.02, -1.01, -1.0, -0.99, -0.98, -0.97, -0.95, -0.9)


# ---------------------------------------------------------------------------------------------
# What the weights predict


class Echo(NamedTuple):
    """What the random layer sends back to the rings.

    Attributes
    ----------
    signal : float
        Input that a cell gets back from itself at the top of a bump, no unit.
    noise : float
        Standard deviation over cells of what they get back from all others.
    random_rate : float
        Mean rate of the random layer, Hz.
    """

    signal: float
    noise: float
    random_rate: float


class Loop(NamedTuple):
    """The product of the weights to the random layer and back, for one network.

    Attributes
    ----------
    itself : float
        What a spike of a cell gives to the cell itself, summed over the random cells: the mean.
    others : float
        What it gives to any other cell: the standard deviation; the mean is zero.
    """

    itself: float
    others: float


def _balanced(parameters: NetworkParameters) -> NetworkParameters:
    for name in ("balance_ff", "balance_fb"):
        if getattr(parameters, name) != -1.0:
            raise ValueError(
                f"{name}={getattr(parameters, name):g}: the theory is for exact balance; choose -1"
            )
    return parameters


def _spreads(parameters: NetworkParameters) -> tuple[float, float]:
    """Standard deviations of the weights to the random layer and of those back.

    A weight is ``1000 alpha / N (M / p - 1)`` to first order, where M is 1 with probability p, so
    its variance is ``(1000 alpha / N)**2 (1 - p) / p``.
    """
    p = check_quantity(
        "connection_probability", parameters.connection_probability, NUMBER, low=1e-6, high=1.0,
        zero=False,
    )  # fmt: skip
    spread = math.sqrt((1 - p) / p)
    return (
        TOTAL_WEIGHT * parameters.alpha * spread / (parameters.N_rings * parameters.N_sensory),
        TOTAL_WEIGHT * parameters.beta * spread / max(parameters.N_random, 1),
    )


def predict_loop(**network_parameters: Any) -> Loop:
    """What comes back through the random layer, for one spike, if its cells were linear.

    Weights out and back come from one mask, so that the products of a cell with itself all have one
    sign: their sum is ``N_random`` times the product of the two standard deviations. Those with
    another cell are independent, and add up like a random walk, to the square root of that number.

    Parameters
    ----------
    **network_parameters
        The fields of :class:`wmtutor.flexible.NetworkParameters`; both balances must be -1.

    Returns
    -------
    Loop

    Raises
    ------
    TypeError, ValueError
        For unknown names and bad values.

    Examples
    --------
    >>> loop = predict_loop()
    >>> round(loop.itself), round(loop.itself / loop.others)
    (190, 32)
    """
    parameters = _balanced(NetworkParameters(**network_parameters))
    out, back = _spreads(parameters)
    return Loop(parameters.N_random * out * back, math.sqrt(parameters.N_random) * out * back)


def _rates_of(bump_rates: Any, load: int, parameters: NetworkParameters) -> np.ndarray:
    """The rates of ``load`` bumps and of a cell at rest everywhere else; shape (rings, cells)."""
    bump = check_vector("bump_rates", bump_rates, HERTZ, length=parameters.N_sensory, low=0)
    load = check_count("load", load, high=parameters.N_rings)
    rates = np.full((parameters.N_rings, parameters.N_sensory), float(firing_rate(0.0)))
    rates[:load] = bump
    return rates


def predict_echo(
    bump_rates: Any, load: int, *, spike_noise: bool = True, **network_parameters: Any
) -> Echo:
    """The echo of bumps and its noise, from the parameters alone.

    The input of a random cell is a sum over thousands of balanced random weights, hence Gaussian
    with mean zero. For such an input the covariance of a cell's rate and one of its weights is the
    weight's variance times what it carries, times the mean slope of the rate function (Stein's
    lemma). So a bump comes back in proportion to itself. All else that comes back has mean zero,
    and the variance of ``N_random`` independent products of a weight and a rate.

    Parameters
    ----------
    bump_rates : array_like, shape (N_sensory,)
        Rates of the cells of a ring that holds an item, in Hz. Rings without one are at rest.
    load : int
        Number of bumps.
    spike_noise : bool
        Whether the random spikes of the sensory cells add to the input of the random cells, or only
        their mean rates do.
    **network_parameters
        The fields of :class:`wmtutor.flexible.NetworkParameters`; both balances must be -1.

    Returns
    -------
    Echo

    Raises
    ------
    TypeError, ValueError
        For unknown names and bad values.

    Examples
    --------
    >>> from wmtutor.flexible import stimulus_profile
    >>> bump = firing_rate(stimulus_profile(180.0))
    >>> [round(predict_echo(bump, load).signal, 1) for load in (1, 6)]
    [1.4, 3.0]
    """
    parameters = _balanced(NetworkParameters(**network_parameters))
    rates = _rates_of(bump_rates, load, parameters)
    out, back = _spreads(parameters)
    tau = FlexibleParameters().tau
    variance = (tau * out) ** 2 * ((rates - rates.mean()) ** 2).sum()
    if check_flag("spike_noise", spike_noise):
        # A sum of exponentials that start at Poisson times at rate r has the variance r tau / 2.
        variance += out**2 * tau / 2 * rates.sum()
    # Far more points than the rate function has bends.
    z = np.linspace(-6, 6, 1201)
    chance = np.exp(-(z**2) / 2)
    chance /= chance.sum()
    drive = math.sqrt(variance) * z
    answer = firing_rate(drive)
    mean = chance @ answer
    slope = chance @ np.gradient(answer, drive) if variance > 0 else 0.0
    signal = parameters.N_random * out * back * tau**2 * slope * (rates.max() - rates.mean())
    spread_of_rates = math.sqrt(chance @ (answer - mean) ** 2)
    noise = math.sqrt(parameters.N_random) * back * tau * spread_of_rates
    return Echo(float(signal), float(noise), float(mean))


def measure_echo(network: FlexibleNetwork, bump_rates: Any, load: int, *, seed: int = 0) -> Echo:
    """The echo of bumps and its noise, with the weights of a network.

    Bumps are put at random places of random rings, as steady rates without spikes.

    Parameters
    ----------
    network : FlexibleNetwork
        From :func:`wmtutor.flexible.build_network`, with both balances at -1.
    bump_rates : array_like, shape (N_sensory,)
        Rates of the cells of a ring that holds an item, in Hz.
    load : int
        Number of bumps.
    seed : int
        Seed of rings and places.

    Returns
    -------
    Echo
        ``signal`` from the regression of what the cells get back on their own rates; ``noise`` is
        the standard deviation of what that leaves.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> from wmtutor.flexible import build_network, stimulus_profile
    >>> bump = firing_rate(stimulus_profile(180.0))
    >>> echo = measure_echo(build_network(seed=1), bump, 6, seed=1)
    >>> round(echo.signal, 1)
    2.2
    """
    rates = _rates_of(bump_rates, load, _balanced(network.parameters))
    generator = np.random.default_rng(check_seed(seed))
    turns = generator.integers(network.N_sensory, size=network.N_rings)
    rates = np.stack([np.roll(row, turn) for row, turn in zip(rates, turns, strict=True)])
    rates = rates[generator.permutation(network.N_rings)].ravel()
    tau = FlexibleParameters().tau
    gain, offset = network.feedforward_gain_and_offset
    answer = firing_rate(tau * (gain * (rates @ network.mask) + offset * rates.sum()))
    gain, offset = network.feedback_gain_and_offset
    echo = tau * (gain * (network.mask @ answer) + offset * answer.sum())
    slope, intercept = np.polyfit(rates, echo, 1)
    rest = echo - intercept - slope * rates
    signal = slope * (rates.max() - rates.mean())
    return Echo(float(signal), float(rest.std()), float(answer.mean()))


# ---------------------------------------------------------------------------------------------
# Trials


def _readings(run: FlexibleRun) -> dict[str, Any]:
    """What a trial kept and made up, how far off it was, and how loud the random layer."""
    errors = np.abs(run.error_deg[run.memory_present[run.cued_rings]])
    test, window = run.parameters.test_time, run.parameters.decode_window
    rates = run.rate_monitor_random
    late = (rates.t >= test - window) & (rates.t < test)
    return {
        "maintained": run.maintained,
        "spurious": run.spurious,
        "kept_error_deg": float(errors.mean()) if errors.size else math.nan,
        "random_rate": float(rates.rate[late].mean()),
    }


def _connections_trial(
    seed: int, connection_probability: float, load: int, rescaled: bool
) -> dict[str, Any]:
    """A trial on a new network; rescaled: with the standard spread of the weights, both ways."""
    factor = _keep_spread(connection_probability) if rescaled else 1.0
    return _readings(
        simulate_flexible_wm(
            load, seed=seed, connection_probability=connection_probability,
            alpha=STANDARD.alpha * factor, beta=STANDARD.beta * factor,
        )
    )  # fmt: skip


def _keep_spread(connection_probability: float) -> float:
    """By how much all weights must grow for their spread to be the standard network's."""
    p, standard = connection_probability, STANDARD.connection_probability
    return math.sqrt((1 - standard) / standard * p / (1 - p))


def _strengths_trial(seed: int, alpha: float, beta: float, load: int) -> dict[str, Any]:
    """A trial on a new network."""
    return _readings(simulate_flexible_wm(load, seed=seed, alpha=alpha, beta=beta))


def _balance_trial(seed: int, balance_ff: float, balance_fb: float, load: int) -> dict[str, Any]:
    """A trial on a new network, with the mean inputs of both layers at the test."""
    run = simulate_flexible_wm(load, seed=seed, balance_ff=balance_ff, balance_fb=balance_fb)
    test, window = run.parameters.test_time, run.parameters.decode_window
    at_test = int(np.searchsorted(run.state_t, test - run.parameters.dt / 2))
    return {
        **_readings(run),
        "sensory_rate": float(get_ring_rates(run, test - window, test).mean()),
        "random_input": float(run.s_random[at_test].mean()),
    }


def _random_layer_trial(seed: int, N_random: int, beta: float, load: int) -> dict[str, Any]:
    """A trial on a new network."""
    return _readings(simulate_flexible_wm(load, seed=seed, N_random=N_random, beta=beta))


def _rings_trial(seed: int, N_rings: int, load: int, rescaled: bool) -> dict[str, Any]:
    """A trial on a new network; rescaled: with the weights to a random cell at standard size."""
    alpha = STANDARD.alpha * (N_rings / STANDARD.N_rings if rescaled else 1.0)
    return _readings(simulate_flexible_wm(load, seed=seed, N_rings=N_rings, alpha=alpha))


# ---------------------------------------------------------------------------------------------
# Measuring


def _numbers(name: str, values: Iterable[float], **limits: Any) -> list[float]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}={values!r}: expected the values to try, as a list")
    return [check_quantity(name, value, NUMBER, **limits) for value in values]


def _counts(name: str, values: Iterable[int], **limits: Any) -> list[int]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name}={values!r}: expected the values to try, as a list")
    return [check_count(name, value, **limits) for value in values]


def measure_flexible_connections(
    probabilities: Sequence[float] = (0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.5, 0.7, 0.9),
    loads: Sequence[int] = (1, 2, 3, 4, 6, 8),
    rescaled_loads: Sequence[int] = (6,),
    repeats: int = 100,
    *,
    seed: int = 41,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept and made up over connection probability and load.

    Parameters
    ----------
    probabilities : sequence of float
        Connection probabilities, above 0 and below 1.
    loads : sequence of int
        Numbers of items, each run at every probability with the standard strengths.
    rescaled_loads : sequence of int
        Numbers of items that are run a second time at every probability, with ``alpha`` and
        ``beta`` changed by the same factor so that the spread of all weights (their standard
        deviation) is that of the standard network.
    repeats : int
        Trials for each, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial: ``maintained`` and ``spurious`` (numbers of rings), ``kept_error_deg`` (mean
        distance of the maintained from their cues, degrees), ``random_rate`` (mean rate of the
        random layer in the last 100 ms before the test, Hz).

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_connections([0.9], [2], [], 2, n_jobs=1, progress=False)
    >>> table.maintained.tolist()
    [0, 0]
    """
    probabilities = _numbers("probabilities", probabilities, low=1e-3, high=0.999, zero=False)
    conditions = [
        {"connection_probability": probability, "load": load, "rescaled": rescaled}
        for rescaled, of_these in ((False, loads), (True, rescaled_loads))
        for probability in probabilities
        for load in _counts("loads", of_these, high=STANDARD.N_rings)
    ]
    return run_trials(
        _connections_trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint,
        progress=progress,
    )  # fmt: skip


def measure_flexible_strengths(
    alphas: Sequence[float] = ALPHAS,
    betas: Sequence[float] = BETAS,
    loads: Sequence[int] = (1, 5),
    repeats: int = 16,
    *,
    seed: int = 42,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept and made up over the strengths of the ways out and back.

    Parameters
    ----------
    alphas, betas : sequence of float
        Strengths of the feed-forward and of the feedback weights.
    loads : sequence of int
        Numbers of items.
    repeats : int
        Trials for each combination, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, as from :func:`measure_flexible_connections`.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_strengths([1.05], [0.1], [1], 2, n_jobs=1, progress=False)
    >>> table.maintained.tolist()
    [0, 0]
    """
    conditions = {
        "alpha": _numbers("alphas", alphas, high=1000.0),
        "beta": _numbers("betas", betas, high=1000.0),
        "load": _counts("loads", loads, high=STANDARD.N_rings),
    }
    return run_trials(
        _strengths_trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint,
        progress=progress,
    )  # fmt: skip


def measure_flexible_balance(
    balances_ff: Sequence[float] = BALANCES,
    balances_fb: Sequence[float] = BALANCES,
    load: int = 3,
    repeats: int = 30,
    *,
    seed: int = 43,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept and made up over the balances of the ways out and back.

    Parameters
    ----------
    balances_ff, balances_fb : sequence of float
        Balances of the feed-forward and of the feedback weights; -1 is exact.
    load : int
        Number of items.
    repeats : int
        Trials for each combination, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, as from :func:`measure_flexible_connections`, and ``sensory_rate`` (mean rate
        of all sensory cells in the last 100 ms before the test, Hz) and ``random_input`` (mean
        input of the random cells at the test, no unit).

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_balance([-1.1], [-1.0], 3, 2, n_jobs=1, progress=False)
    >>> table.maintained.tolist()
    [0, 0]
    """
    conditions = {
        "balance_ff": _numbers("balances_ff", balances_ff, high=100.0, signed=True),
        "balance_fb": _numbers("balances_fb", balances_fb, high=100.0, signed=True),
        "load": [check_count("load", load, high=STANDARD.N_rings)],
    }
    return run_trials(
        _balance_trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint,
        progress=progress,
    )  # fmt: skip


def measure_flexible_random_layer(
    sizes: Sequence[int] = (128, 256, 512, 1024, 2048, 4096),
    betas: Sequence[float] = (0.2, 0.24, 0.28, 0.34),
    loads: Sequence[int] = (2, 6),
    repeats: int = 40,
    *,
    seed: int = 44,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept and made up with random layers of several sizes and several loop gains.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of random cells.
    betas : sequence of float
        Strengths of the feedback weights.
    loads : sequence of int
        Numbers of items.
    repeats : int
        Trials for each combination, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, as from :func:`measure_flexible_connections`.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_random_layer([128], [0.2], [2], 2, n_jobs=1, progress=False)
    >>> bool(table.spurious.mean() > 3)
    True
    """
    conditions = {
        "N_random": _counts("sizes", sizes, high=100_000),
        "beta": _numbers("betas", betas, high=1000.0),
        "load": _counts("loads", loads, high=STANDARD.N_rings),
    }
    return run_trials(
        _random_layer_trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint,
        progress=progress,
    )  # fmt: skip


def measure_flexible_rings(
    numbers: Sequence[int] = (2, 3, 4, 6, 8, 12, 16),
    load: int = 2,
    repeats: int = 60,
    *,
    seed: int = 45,
    n_jobs: int = -1,
    checkpoint: Any = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Measure what is kept and made up with several numbers of rings.

    Parameters
    ----------
    numbers : sequence of int
        Numbers of rings.
    load : int
        Number of items that is run with each; a second series cues every ring. Both series are run
        with the standard strengths, and once more with ``alpha`` in proportion to the number of
        rings, so that a connection to a random cell is as strong as in the standard network.
    repeats : int
        Trials for each, each on a network of its own.
    seed, n_jobs, checkpoint, progress
        As in :func:`wmtutor.experiments.run_trials`.

    Returns
    -------
    pandas.DataFrame
        A row a trial, as from :func:`measure_flexible_connections`.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> table = measure_flexible_rings([3], 2, 1, n_jobs=1, progress=False)
    >>> table[["load", "rescaled", "maintained"]].to_numpy().tolist()
    [[2, False, 2], [3, False, 3], [2, True, 2], [3, True, 1]]
    """
    load = check_count("load", load, high=1000)
    conditions = [
        {"N_rings": number, "load": items, "rescaled": rescaled}
        for rescaled in (False, True)
        for number in _counts("numbers", numbers, low=load, high=1000)
        # One entry where the number of rings is the load.
        for items in dict.fromkeys((load, number))
    ]
    return run_trials(
        _rings_trial, conditions, repeats, seed=seed, n_jobs=n_jobs, checkpoint=checkpoint,
        progress=progress,
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------
# Summaries


def _summarise(table: Any, by: Sequence[str], columns: Sequence[str]) -> "pd.DataFrame":
    """Means over trials, with the counts turned into fractions of the rings that they are of."""
    import pandas as pd

    needed = ("load", "maintained", "spurious")
    if isinstance(table, pd.DataFrame) and set(needed) <= set(table.columns):
        others = table.get("N_rings", STANDARD.N_rings) - table.load
        table = table.assign(
            maintained_fraction=table.maintained / table.load,
            # Where every ring is cued, there is no other: neither 0 nor 1, but missing.
            spurious_fraction=(table.spurious / others).where(others > 0),
        )
    return summarise_trials(table, by, ["maintained_fraction", "spurious_fraction", *columns])


def summarise_flexible_connections(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each connection probability and load.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_connections`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``connection_probability``, ``load`` and ``rescaled``:
        ``maintained_fraction`` of the cued rings, ``spurious_fraction`` of the others (NaN where
        there are none), ``kept_error_deg`` (degrees) and ``random_rate`` (Hz), each with ``_low``
        and ``_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_connections([0.9], [2], [], 2, n_jobs=1, progress=False)
    >>> summary = summarise_flexible_connections(table)
    >>> summary[["trials", "maintained_fraction"]].to_numpy().tolist()
    [[2.0, 0.0]]
    """
    by = ["connection_probability", "load", "rescaled"]
    return _summarise(table, by, ["kept_error_deg", "random_rate"])


def summarise_flexible_strengths(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each alpha, beta and load.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_strengths`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``alpha``, ``beta`` and ``load``: ``maintained_fraction`` of the cued rings
        and ``spurious_fraction`` of the others, each with ``_low`` and ``_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_strengths([1.05], [0.1], [1], 2, n_jobs=1, progress=False)
    >>> float(summarise_flexible_strengths(table).maintained_fraction[0])
    0.0
    """
    return _summarise(table, ["alpha", "beta", "load"], [])


def summarise_flexible_balance(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each pair of balances.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_balance`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``balance_ff`` and ``balance_fb``: ``maintained_fraction`` of the cued rings,
        ``spurious_fraction`` of the others, ``kept_error_deg`` (degrees), ``random_rate`` and
        ``sensory_rate`` (Hz) and ``random_input`` (no unit), each with ``_low`` and ``_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_balance([-1.1], [-1.0], 3, 2, n_jobs=1, progress=False)
    >>> float(summarise_flexible_balance(table).maintained_fraction[0])
    0.0
    """
    columns = ["kept_error_deg", "random_rate", "sensory_rate", "random_input"]
    return _summarise(table, ["balance_ff", "balance_fb", "load"], columns)


def summarise_flexible_random_layer(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each size of the random layer, beta and load.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_random_layer`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``N_random``, ``beta`` and ``load``: ``maintained_fraction`` of the cued
        rings, ``spurious_fraction`` of the others, ``maintained`` (number), ``kept_error_deg``
        (degrees) and ``random_rate`` (Hz), each with ``_low`` and ``_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_random_layer([128], [0.2], [2], 2, n_jobs=1, progress=False)
    >>> summarise_flexible_random_layer(table).trials.tolist()
    [2]
    """
    columns = ["maintained", "kept_error_deg", "random_rate"]
    return _summarise(table, ["N_random", "beta", "load"], columns)


def summarise_flexible_rings(table: "pd.DataFrame") -> "pd.DataFrame":
    """Means and 95% intervals for each number of rings and load.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_rings`.

    Returns
    -------
    pandas.DataFrame
        A row for each ``N_rings``, ``load`` and ``rescaled``, with the columns of
        :func:`summarise_flexible_random_layer`.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table.

    Examples
    --------
    >>> table = measure_flexible_rings([2], 2, 1, n_jobs=1, progress=False)
    >>> summarise_flexible_rings(table).maintained.tolist()
    [2.0, 1.0]
    """
    columns = ["maintained", "kept_error_deg", "random_rate"]
    return _summarise(table, ["N_rings", "load", "rescaled"], columns)


def _boundary_exponent(
    log_alpha: np.ndarray, log_beta: np.ndarray, trials: np.ndarray, total: np.ndarray
) -> float:
    """Ratio of the slopes of a logistic regression, by Newton's method.

    One entry a condition: its logarithms, its number of trials, and the sum of their fractions.
    """
    design = np.stack([np.ones_like(log_alpha), log_alpha, log_beta], axis=1)
    slopes = np.zeros(3)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(design @ slopes, -30, 30)))
        # The small ridge keeps the slopes finite where a resample is separated without error.
        gradient = design.T @ (total - trials * p) - 1e-3 * slopes
        curvature = (design.T * (trials * p * (1 - p))) @ design + 1e-3 * np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        slopes += step * min(1.0, 3 / np.abs(step).max())
        if np.abs(step).max() < 1e-9:
            break
    return float(slopes[1] / slopes[2]) if slopes[2] else math.nan


def boundary_exponent(
    table: "pd.DataFrame", column: str, load: int, *, resamples: int = 999, seed: int = 0
) -> Interval:
    """Which combination of alpha and beta decides: ``k`` such that ``alpha**k * beta`` does.

    A logistic regression of the fraction on log alpha and log beta has straight contours; ``k`` is
    the ratio of its two slopes. If only the gain of the whole loop counted, ``k`` would be 1.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`measure_flexible_strengths`.
    column : {"maintained", "spurious"}
        Of the cued rings or of the others.
    load : int
        Which of the table's loads.
    resamples, seed : int
        Of the bootstrap over trials, as in :func:`wmtutor.experiments.bootstrap_interval`.

    Returns
    -------
    Interval
        ``k`` with its 95% confidence interval.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, or a load that it lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> grid = [(a, b) for a in (1, 2, 4, 8) for b in (1, 2, 4, 8)]
    >>> table = pd.DataFrame(grid, columns=["alpha", "beta"]).assign(load=1, spurious=0)
    >>> table["maintained"] = (table.alpha * table.beta >= 8).astype(int)
    >>> round(boundary_exponent(table, "maintained", 1, resamples=100).estimate, 2)
    1.0
    """
    import pandas as pd

    column = check_choice("column", column, ("maintained", "spurious"))
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table: expected a pandas DataFrame, got {type(table).__name__}")
    for name in ("alpha", "beta", "load", column):
        if name not in table.columns:
            raise ValueError(f"table: has no column {name!r}; see measure_flexible_strengths()")
    rows = table[table.load == load]
    if not len(rows):
        raise ValueError(
            f"load={load}: the table has only {', '.join(map(str, table.load.unique()))}"
        )
    rings = load if column == "maintained" else STANDARD.N_rings - load
    fraction = rows[column].to_numpy(float) / rings
    points, condition = np.unique(
        rows[["alpha", "beta"]].to_numpy(float), axis=0, return_inverse=True
    )
    log_alpha, log_beta = np.log(points).T

    def ratio(chosen: np.ndarray) -> float:
        chosen = np.asarray(chosen, dtype=int)
        trials = np.bincount(condition[chosen], minlength=len(points))
        total = np.bincount(condition[chosen], fraction[chosen], minlength=len(points))
        return _boundary_exponent(log_alpha, log_beta, trials, total)

    return bootstrap_interval(np.arange(len(rows)), ratio, resamples=resamples, seed=seed)


LAWS = {
    "flexible_connections": Law(
        "What is kept and made up, over the probability of a connection and the load?",
        measure_flexible_connections,
        summarise_flexible_connections,
    ),
    "flexible_strengths": Law(
        "What is kept and made up, over the strengths of the ways to the random layer and back?",
        measure_flexible_strengths,
        summarise_flexible_strengths,
    ),
    "flexible_balance": Law(
        "How exactly must excitation and inhibition balance, on the way out and on the way back?",
        measure_flexible_balance,
        summarise_flexible_balance,
    ),
    "flexible_random_layer": Law(
        "How many items does a larger random layer keep, and at which gain?",
        measure_flexible_random_layer,
        summarise_flexible_random_layer,
    ),
    "flexible_rings": Law(
        "What do more rings cost, and what do they give?",
        measure_flexible_rings,
        summarise_flexible_rings,
    ),
}
