"""What the random layer says as a population: patterns, predictions, selectivity, decoding.

Functions of arrays, so that they can be tried on numbers typed by hand; two of them predict from
the connections alone what a simulation should show.
"""

from typing import Any, NamedTuple

import numpy as np

from wmtutor._validation import (
    DEGREE,
    HERTZ,
    SECOND,
    check_count,
    check_indices,
    check_numbers,
    check_quantity,
    check_vector,
    check_window,
)
from wmtutor.flexible.network import FlexibleNetwork
from wmtutor.flexible.parameters import FlexibleParameters, firing_rate
from wmtutor.flexible.simulate import FlexibleRun
from wmtutor.ring import circular_distance, preferred_angles

__all__ = [
    "CrossTemporalErrors",
    "PredictedLayer",
    "Selectivity",
    "bump_rates",
    "cross_temporal_errors",
    "harmonic_terms",
    "pattern_overlaps",
    "predict_random_layer",
    "random_layer_input",
    "selectivity",
    "spike_counts",
]

#: A bump in the delay is nearly a box: its cells fire at almost 80 Hz, the others not at all. A box
#: this wide has the strength of a kept memory, 80 Hz sin(26 deg) / pi = 11.2 Hz.
BUMP_HALF_WIDTH_DEG = 26.0


class Selectivity(NamedTuple):
    """What the counts of cells depend on, in trials with two items.

    Attributes
    ----------
    p_first, p_second, p_interaction : ndarray of float, shape (cells,)
        p values of F tests: does the count depend on the first item, on the second, and on the
        two in a way that is not a sum?
    first, second, interaction : ndarray of float, shape (cells,)
        Variance of the expected count that each of the three gives, in counts squared. Unbiased,
        so it can be negative by chance.
    """

    p_first: np.ndarray
    p_second: np.ndarray
    p_interaction: np.ndarray
    first: np.ndarray
    second: np.ndarray
    interaction: np.ndarray


class PredictedLayer(NamedTuple):
    """What the random cells get and do, by the theory of Poisson inputs.

    Attributes
    ----------
    input_mean, input_deviation : ndarray of float, shape (N_random,)
        Mean and standard deviation over time of each cell's input, without unit.
    rate : ndarray of float, shape (N_random,)
        Mean rate in Hz.
    """

    input_mean: np.ndarray
    input_deviation: np.ndarray
    rate: np.ndarray


class CrossTemporalErrors(NamedTuple):
    """How far a read-out that was fitted at one time is off at another.

    Attributes
    ----------
    decoded_deg : ndarray of float, shape (windows, windows, trials)
        Position read out in degrees: by the window whose counts made the read-out, and by the
        window to which it was applied. NaN where there is nothing to read.
    error_deg : ndarray of float, shape (windows, windows, trials)
        Distance from the item's position, 0 to 180 degrees; 90 on average by chance.
    """

    decoded_deg: np.ndarray
    error_deg: np.ndarray


def _check_run(run: Any) -> FlexibleRun:
    if not isinstance(run, FlexibleRun):
        raise TypeError(
            f"run: expected what simulate_flexible_wm() returns, got {type(run).__name__}"
        )
    return run


def _check_network(network: Any) -> None:
    if not isinstance(network, FlexibleNetwork):
        raise TypeError(f"network: expected a FlexibleNetwork, got {type(network).__name__}")


def random_layer_input(
    run: FlexibleRun, t_min: float | None = None, t_max: float | None = None
) -> np.ndarray:
    """The mean input of each random cell in a time window.

    With balanced connections it is zero without items, so nothing has to be taken off.

    Parameters
    ----------
    run : FlexibleRun
    t_min, t_max : float, optional
        The half-open window in seconds; the whole run by default.

    Returns
    -------
    ndarray of float, shape (N_random,)
        No unit; 7.5 brings a cell to 40 Hz.

    Raises
    ------
    TypeError, ValueError
        For anything but a run, or a window in which nothing was recorded.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(cued_rings=[0], cue_positions_deg=90, seed=1)
    >>> pattern = random_layer_input(run, 0.2, 0.5)
    >>> pattern.shape, bool(abs(pattern.mean()) < 1)
    ((1024,), True)
    """
    _check_run(run)
    start, stop = check_window(t_min, t_max, run.spike_monitor_random.duration)
    slack = 1e-6 * run.parameters.dt
    within = (run.state_t >= start - slack) & (run.state_t < stop - slack)
    if not within.any():
        raise ValueError(
            f"t_min={SECOND.show(start)} and t_max={SECOND.show(stop)}: no inputs were recorded in "
            "between; choose a smaller record_dt in simulate_flexible_wm()"
        )
    return np.asarray(run.s_random[within].mean(axis=0))


def spike_counts(run: FlexibleRun, edges: Any, ring: int | None = None) -> np.ndarray:
    """The spikes of each cell in successive windows.

    Parameters
    ----------
    run : FlexibleRun
    edges : array_like of float, shape (windows + 1,)
        Where windows end and the next begin, in seconds, ascending.
    ring : int, optional
        Count the cells of this ring. By default those of the random layer.

    Returns
    -------
    ndarray of int, shape (windows, cells)

    Raises
    ------
    TypeError, ValueError
        For anything but a run, a ring that does not exist, or edges that are not ascending times
        within the run.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> run = simulate_flexible_wm(cued_rings=[0], cue_positions_deg=90, seed=1)
    >>> counts = spike_counts(run, [0.0, 0.1, 0.2], ring=0)
    >>> counts.shape, bool(counts[1].sum() > 10 * counts[0].sum())
    ((2, 512), True)
    """
    _check_run(run)
    network, dt = run.network, run.parameters.dt
    duration = run.spike_monitor_random.duration
    edges = check_vector("edges", edges, SECOND, low=0.0, high=duration * (1 + 1e-9))
    if edges.size < 2 or (np.diff(edges) <= 0).any():
        raise ValueError("edges: expected at least two ascending times in seconds")
    if ring is None:
        spikes, first, N = run.spike_monitor_random, 0, network.N_random
    else:
        ring = check_count("ring", ring, low=0, high=network.N_rings - 1)
        N = network.N_sensory
        spikes, first = run.spike_monitor_sensory, ring * N
    # Spike times are whole steps; the shift keeps rounding from moving one over an edge.
    window = np.searchsorted(edges - 1e-6 * dt, spikes.t, side="right") - 1
    cell = spikes.i - first
    within = (window >= 0) & (window < edges.size - 1) & (cell >= 0) & (cell < N)
    counts = np.bincount(window[within] * N + cell[within], minlength=(edges.size - 1) * N)
    return counts.reshape(edges.size - 1, N)


def pattern_overlaps(patterns: Any) -> np.ndarray:
    """How alike patterns are: the correlation of each with each, over cells.

    Parameters
    ----------
    patterns : array_like, shape (items, cells)
        One row for each item alone.

    Returns
    -------
    ndarray of float, shape (items, items)
        Pearson's correlation; 1 on the diagonal.

    Raises
    ------
    TypeError, ValueError
        For fewer than two patterns or cells, or a pattern that is the same in all cells.

    Examples
    --------
    >>> pattern_overlaps([[1, 0, 0, 1], [0, 1, 1, 0]]).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    array = check_numbers("patterns", patterns)
    if array.ndim != 2 or min(array.shape) < 2:
        raise ValueError(
            f"patterns: expected at least two patterns of two cells, got shape {array.shape}"
        )
    if (np.ptp(array, axis=1) == 0).any():
        raise ValueError("patterns: one is the same in all cells, so it overlaps with nothing")
    return np.corrcoef(array)


def bump_rates(
    network: FlexibleNetwork,
    rings: Any,
    positions_deg: Any,
    *,
    half_width_deg: float = BUMP_HALF_WIDTH_DEG,
    rate: float = FlexibleParameters().largest_rate,
) -> np.ndarray:
    """Rates of all ring cells while bumps stand, drawn as boxes.

    Parameters
    ----------
    network : FlexibleNetwork
    rings : int or array_like of int, shape (items,)
    positions_deg : float or array_like of float, shape (items,)
        Middles of the bumps in degrees.
    half_width_deg : float
        Cells within it fire, the others are silent. The default has the strength of a kept memory,
        11.2 Hz.
    rate : float
        Hz; by default the largest that there is, 80 Hz.

    Returns
    -------
    ndarray of float, shape (N_rings, N_sensory)
        Hz.

    Raises
    ------
    TypeError, ValueError
        For anything but a network, rings that do not exist, and bad values.

    Examples
    --------
    >>> from wmtutor.flexible import activity_vector, build_network
    >>> strength, angle_deg = activity_vector(bump_rates(build_network(seed=1), 3, 90))
    >>> round(float(strength[3]), 1), round(float(angle_deg[3]))
    (11.0, 90)
    """
    _check_network(network)
    rings = check_indices("rings", rings, network.N_rings, "ring")
    positions = check_vector("positions_deg", np.atleast_1d(positions_deg), DEGREE)
    if positions.size != rings.size:
        raise ValueError(
            f"positions_deg: expected one for each of the {rings.size} rings, got {positions.size}"
        )
    half_width = check_quantity("half_width_deg", half_width_deg, DEGREE, high=180, zero=False)
    rate = check_quantity("rate", rate, HERTZ, high=1e4)
    rates = np.zeros((network.N_rings, network.N_sensory))
    preferred = preferred_angles(network.N_sensory)
    for ring, position in zip(rings, positions, strict=True):
        rates[ring, circular_distance(preferred, position) <= half_width] = rate
    return rates


def predict_random_layer(
    network: FlexibleNetwork, ring_rates: Any, parameters: FlexibleParameters | None = None
) -> PredictedLayer:
    """What the random cells get and do at given rates of the rings, from the connections alone.

    Spikes of the ring cells are taken as independent Poisson processes. Each adds its weight,
    which decays with ``tau``: the mean input of random cell ``j`` is ``tau sum_i w_ij r_i`` and
    its variance ``tau / 2 sum_i w_ij^2 r_i`` (Campbell's theorem). Many spikes make the input
    nearly Gaussian, and the rate function is averaged over that.

    Parameters
    ----------
    network : FlexibleNetwork
    ring_rates : array_like of float, shape (N_rings, N_sensory)
        Hz, such as from :func:`bump_rates`.
    parameters : FlexibleParameters, optional
        Where ``tau`` and the rate function come from.

    Returns
    -------
    PredictedLayer

    Raises
    ------
    TypeError, ValueError
        For anything but a network, and rates that do not fit it.

    Examples
    --------
    >>> from wmtutor.flexible import build_network
    >>> network = build_network(seed=1)
    >>> predicted = predict_random_layer(network, bump_rates(network, [0], [90]))
    >>> round(float(predicted.input_mean.std())), round(float(predicted.rate.mean()))
    (5, 10)
    """
    _check_network(network)
    p = FlexibleParameters() if parameters is None else parameters
    if not isinstance(p, FlexibleParameters):
        raise TypeError(f"parameters: expected FlexibleParameters, got {type(p).__name__}")
    rates = check_numbers("ring_rates", ring_rates)
    if rates.shape != (network.N_rings, network.N_sensory):
        raise ValueError(
            f"ring_rates: has shape {rates.shape}; expected rings x cells, "
            f"{(network.N_rings, network.N_sensory)}"
        )
    if (rates < 0).any():
        raise ValueError(f"ring_rates: has the negative rate {rates.min():g} Hz")
    gain, offset = network.feedforward_gain_and_offset
    rates = rates.ravel()
    active = rates > 0
    # Weights are gain * mask + offset, so two sums over the active cells give both moments.
    connected, total = rates[active] @ network.mask[active], rates.sum()
    mean = p.tau * (gain * connected + offset * total)
    variance = p.tau / 2 * ((gain + offset) ** 2 * connected + offset**2 * (total - connected))
    deviation = np.sqrt(np.maximum(variance, 0.0))
    nodes, weights = np.polynomial.hermite_e.hermegauss(16)
    s = mean + nodes[:, np.newaxis] * deviation
    rate = weights @ firing_rate(s, **p.rate_function) / weights.sum()
    return PredictedLayer(mean, deviation, rate)


def harmonic_terms(angle_deg: Any, number: int) -> np.ndarray:
    """Cosines and sines of an angle and of its multiples, to fit curves on a circle with.

    Parameters
    ----------
    angle_deg : array_like of float, shape (trials,)
        Degrees.
    number : int
        How many multiples: with 1 only the angle itself.

    Returns
    -------
    ndarray of float, shape (trials, 2 * number)
        First all cosines, then all sines.

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> harmonic_terms([0, 90], 2).round().tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, -1.0, 1.0, 0.0]]
    """
    angle = check_vector("angle_deg", angle_deg, DEGREE)
    number = check_count("number", number, high=10)
    multiples = np.deg2rad(angle)[:, np.newaxis] * np.arange(1, number + 1)
    return np.concatenate([np.cos(multiples), np.sin(multiples)], axis=1)


def selectivity(counts: Any, first_deg: Any, second_deg: Any, *, harmonics: int = 2) -> Selectivity:
    """Test for each cell whether its count depends on one item, on another, and on both together.

    The counts are fitted by least squares with cosines and sines of the first item's position, of
    the second's, and with all products of the two (the interaction). Each of the three groups is
    tested by what the fit loses without it (an F test). Products mean that what one item does to a
    cell depends on the other: nonlinear mixed selectivity, in the words of Rigotti et al. (2013).

    Parameters
    ----------
    counts : array_like, shape (trials, cells)
        Spikes of each cell in each trial.
    first_deg, second_deg : array_like of float, shape (trials,)
        Positions of the two items in degrees. They should vary independently.
    harmonics : int
        How many multiples of each angle: 1 sees one hump, 2 also two.

    Returns
    -------
    Selectivity

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit together, or too few trials for the number of terms.

    References
    ----------
    Rigotti et al. (2013), Nature 497:585-590.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> a, b = rng.uniform(0, 360, (2, 200))
    >>> counts = rng.poisson(5 + 4 * np.cos(np.deg2rad(a)))[:, np.newaxis]
    >>> result = selectivity(counts, a, b)
    >>> bool(result.p_first[0] < 1e-6), bool(result.p_second[0] > 0.01)
    (True, True)
    """
    from scipy import stats

    y = check_numbers("counts", counts)
    if y.ndim != 2:
        raise ValueError(f"counts: expected trials x cells, got shape {y.shape}")
    a = check_vector("first_deg", first_deg, DEGREE, length=len(y))
    b = check_vector("second_deg", second_deg, DEGREE, length=len(y))
    harmonics = check_count("harmonics", harmonics, high=10)
    of_a, of_b = harmonic_terms(a, harmonics), harmonic_terms(b, harmonics)
    products = (of_a[:, :, np.newaxis] * of_b[:, np.newaxis, :]).reshape(len(y), -1)
    terms = [of_a, of_b, products]
    number = [term.shape[1] for term in terms]
    rest = len(y) - 1 - sum(number)
    if rest < 10:
        raise ValueError(
            f"counts: {len(y)} trials are too few for {1 + sum(number)} terms; give at least "
            f"{11 + sum(number)} or fewer harmonics"
        )

    def unexplained(chosen: list[np.ndarray]) -> np.ndarray:
        basis, _ = np.linalg.qr(np.column_stack([np.ones(len(y)), *chosen]))
        return ((y - basis @ (basis.T @ y)) ** 2).sum(axis=0)

    full = unexplained(terms)
    noise = full / rest
    p_values, variances = [], []
    for left_out, degrees in enumerate(number):
        lost = unexplained([term for n, term in enumerate(terms) if n != left_out]) - full
        with np.errstate(invalid="ignore", divide="ignore"):
            p_values.append(
                stats.f.sf(np.where(noise > 0, lost / degrees / noise, 0), degrees, rest)
            )
        variances.append((lost - degrees * noise) / len(y))
    return Selectivity(*p_values, *variances)


def cross_temporal_errors(counts: Any, angle_deg: Any, *, folds: int = 4) -> CrossTemporalErrors:
    """Fit a read-out of an item's position in each window, and apply it in every window.

    The read-out is linear. Each cell pulls towards the mean direction of the positions at which it
    fired more than usual in the training trials, ``w_i = mean((n_i - mean n_i) exp(i theta))``
    divided by the variance of its count; the angle of ``sum_i (n_i - mean n_i) w_i`` is the
    position. Means, too, are those of the training window, so nothing of the tested window is
    known to the read-out. Trials are cross-validated: a read-out is never tested on trials that
    made it.

    Parameters
    ----------
    counts : array_like, shape (trials, windows, cells)
        Spikes.
    angle_deg : array_like of float, shape (trials,)
        The item's position in each trial, degrees.
    folds : int
        Into how many parts the trials are divided, each tested by a read-out of the others. Trial
        ``k`` belongs to part ``k % folds``.

    Returns
    -------
    CrossTemporalErrors

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit together, or fewer trials than folds.

    References
    ----------
    Stokes et al. (2013), Neuron 78:364-375; Murray et al. (2017), PNAS 114:394-399.

    Examples
    --------
    A code that does not change: what was learnt in the first window serves in the second.

    >>> rng = np.random.default_rng(1)
    >>> angle_deg = rng.uniform(0, 360, 200)
    >>> distance = angle_deg[:, np.newaxis] - np.arange(0, 360, 10)
    >>> rates = 3 * np.exp(np.cos(np.deg2rad(distance)))
    >>> counts = rng.poisson(rates[:, np.newaxis], (200, 2, 36))
    >>> result = cross_temporal_errors(counts, angle_deg)
    >>> bool((result.error_deg.mean(axis=2) < 10).all())
    True
    """
    n = check_numbers("counts", counts)
    if n.ndim != 3:
        raise ValueError(f"counts: expected trials x windows x cells, got shape {n.shape}")
    angle = check_vector("angle_deg", angle_deg, DEGREE, length=len(n))
    folds = check_count("folds", folds, low=2, high=max(2, len(n)))
    if len(n) < 2 * folds:
        raise ValueError(f"counts: {len(n)} trials are too few for folds={folds}")
    direction = np.exp(1j * np.deg2rad(angle))
    z = np.empty((n.shape[1], n.shape[1], len(n)), complex)
    fold = np.arange(len(n)) % folds
    for part in range(folds):
        train, test = fold != part, fold == part
        for window in range(n.shape[1]):
            mean = n[train, window].mean(axis=0)
            deviation = n[train, window] - mean
            variance = (deviation**2).mean(axis=0)
            # A cell that never fired, or always as often, has no say.
            weight = np.divide(
                direction[train] @ deviation / train.sum(), variance,
                out=np.zeros(n.shape[2], complex), where=variance > 0,
            )  # fmt: skip
            weight = np.stack([weight.real, weight.imag], axis=1)
            parts = n[test] @ weight - mean @ weight
            z[window][:, test] = (parts[..., 0] + 1j * parts[..., 1]).T
    decoded = np.where(np.abs(z) > 0, np.rad2deg(np.angle(z)) % 360, np.nan)
    return CrossTemporalErrors(decoded, circular_distance(decoded, angle))
