"""wmtutor.flexible.population: patterns, predictions, selectivity and decoding of populations."""

import numpy as np
import pytest
from scipy import stats

from wmtutor.flexible import (
    activity_vector,
    build_network,
    firing_rate,
    get_ring_rates,
    simulate_flexible_wm,
)
from wmtutor.flexible.population import (
    bump_rates,
    cross_temporal_errors,
    harmonic_terms,
    pattern_overlaps,
    predict_random_layer,
    random_layer_input,
    selectivity,
    spike_counts,
)
from wmtutor.ring import circular_distance
from wmtutor.units import ms


@pytest.fixture(scope="module")
def network():
    return build_network(seed=1)


@pytest.fixture(scope="module")
def run(network):
    return simulate_flexible_wm(
        cued_rings=[1, 4], cue_positions_deg=[100, 200], network=network, seed=1,
        sim_time=600 * ms, test_time=600 * ms, record_dt=1 * ms,
    )  # fmt: skip


# Patterns and counts


def test_input_is_what_the_spikes_brought(network, run):
    """If the pattern were another time's, or another cell's, overlaps would be noise.

    The inputs are worked out again, from the spikes of the rings and the dense weights: a spike in
    a step is first used in the next, after one decay.
    """
    cells = [0, 17, 1023]
    weights = network.feedforward_weights()[:, cells]
    spikes, dt, tau = run.spike_monitor_sensory, run.parameters.dt, run.parameters.tau
    samples = np.arange(300, 500) * ms
    expected = np.zeros((samples.size, len(cells)))
    for row, time in zip(expected, samples, strict=True):
        before = (spikes.t < time - dt / 2) & (spikes.t > time - 0.25)
        age = time - spikes.t[before] - dt
        row += np.exp(-age / tau) @ weights[spikes.i[before]]
    got = random_layer_input(run, 300 * ms, 500 * ms)[cells]
    # What is older than 250 ms has decayed to 1e-11.
    np.testing.assert_allclose(got, expected.mean(axis=0), rtol=1e-6)


def test_input_wants_a_window_with_records(run):
    """If an empty window gave NaN, a whole law could be NaN and nobody the wiser."""
    with pytest.raises(ValueError, match="no inputs were recorded"):
        random_layer_input(run, 300.2 * ms, 300.8 * ms)
    with pytest.raises(TypeError, match="run: expected what simulate_flexible_wm"):
        random_layer_input("run")


def test_counts_are_the_spikes_of_the_windows(run):
    """If windows overlapped or lost spikes at an edge, rates would be wrong by that."""
    edges = np.array([0.1, 0.2, 0.45])
    for spikes, counts, first, N in (
        (run.spike_monitor_random, spike_counts(run, edges), 0, 1024),
        (run.spike_monitor_sensory, spike_counts(run, edges, ring=4), 2048, 512),
    ):
        assert counts.shape == (2, N)
        steps = np.round(spikes.t / run.parameters.dt).astype(int)
        for window, (start, stop) in enumerate(((1000, 2000), (2000, 4500))):
            for cell in (0, 145, 290, N - 1):
                within = (steps >= start) & (steps < stop) & (spikes.i == first + cell)
                assert counts[window, cell] == within.sum()
    of_ring = spike_counts(run, [0.3, 0.5], ring=4).sum()
    assert of_ring == pytest.approx(get_ring_rates(run, 0.3, 0.5)[4] * 512 * 0.2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": [0.1]}, "edges: expected at least two"),
        ({"edges": [0.2, 0.1]}, "edges: expected at least two ascending"),
        ({"edges": [0.0, 5.0]}, "edges: has the value 5 s"),
        ({"ring": 8}, "ring=8"),
        ({"run": None}, "run: expected what"),
    ],
)
def test_counts_refuse(run, change, message):
    """If bad windows were taken, the counts would be of something else."""
    with pytest.raises((TypeError, ValueError), match=message):
        spike_counts(**{"run": run, "edges": [0.0, 0.1]} | change)


def test_overlaps_by_hand_and_by_chance():
    """If overlap were not the correlation, unrelated patterns would not be near zero."""
    patterns = [[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]]
    # Deviations (-3, -1, 1, 3)/2 and (-1, -3, 3, 1)/2: products 3 + 3 + 3 + 3, squares 20.
    np.testing.assert_allclose(pattern_overlaps(patterns), [[1, 0.6], [0.6, 1]])
    # Of independent patterns over N cells the correlation has the deviation 1/sqrt(N - 1).
    random = np.random.default_rng(1).standard_normal((400, 1024))
    off = pattern_overlaps(random)[np.triu_indices(400, 1)]
    assert off.std() * np.sqrt(1023) == pytest.approx(1, abs=0.02)
    with pytest.raises(ValueError, match="same in all cells"):
        pattern_overlaps([[1, 1], [0, 1]])
    with pytest.raises(ValueError, match="at least two patterns"):
        pattern_overlaps([1, 2])


# Predictions from the connections


def test_bump_is_a_box_of_known_strength(network):
    """If the box were wider or elsewhere, its drive would be another item's.

    The mean of 80 Hz exp(i theta) over a box of half-width h is 80 sin(h) / pi.
    """
    rates = bump_rates(network, [2, 5], [30, 359.9], half_width_deg=40)
    strength, angle_deg = activity_vector(rates)
    np.testing.assert_allclose(strength[[2, 5]], 80 * np.sin(np.deg2rad(40)) / np.pi, rtol=0.01)
    assert circular_distance(angle_deg[[2, 5]], [30, 359.9]).max() < 0.4
    assert set(np.unique(rates)) == {0.0, 80.0}
    assert rates[[0, 1, 3, 4, 6, 7]].sum() == 0
    for arguments, message in (
        ((network, [8], [0]), "rings: ring 8 is outside"),
        ((network, [0, 1], [0]), "positions_deg: expected one for each of the 2 rings"),
        (("network", [0], [0]), "network: expected a FlexibleNetwork"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            bump_rates(*arguments)


def test_prediction_agrees_with_shot_noise_drawn_by_hand():
    """If a moment or the average over the rate function were wrong, every prediction would be.

    A small network; spikes are drawn and filtered here, without the library. Means over 40 s
    differ by chance by less than five standard errors in all cells but one set in 1e4.
    """
    network = build_network(N_rings=1, N_sensory=64, N_random=8, seed=3, alpha=0.1)
    rates = np.linspace(0, 60, 64)[np.newaxis]
    predicted = predict_random_layer(network, rates)
    rng = np.random.default_rng(2)
    dt, tau = 0.5 * ms, 10 * ms
    steps = 80_000
    weights = network.feedforward_weights()
    kicks = rng.poisson(rates[0] * dt, (steps, 64)) @ weights
    s = np.zeros((steps, 8))
    for n in range(1, steps):
        # Spikes fall anywhere in a step: on average they have decayed for half of it.
        s[n] = s[n - 1] * np.exp(-dt / tau) + kicks[n] * np.exp(-dt / tau / 2)
    s = s[1000:]
    independent = s[:: round(2 * tau / dt)]
    error = independent.std(axis=0) / np.sqrt(len(independent))
    assert (np.abs(s.mean(axis=0) - predicted.input_mean) < 5 * error).all()
    np.testing.assert_allclose(s.std(axis=0), predicted.input_deviation, rtol=0.05)
    of_rate = firing_rate(s)
    error = of_rate[:: round(2 * tau / dt)].std(axis=0) / np.sqrt(len(independent))
    # The inputs are only nearly Gaussian, so there is a little more than chance.
    assert (np.abs(of_rate.mean(axis=0) - predicted.rate) < 5 * error + 0.02 * of_rate.mean()).all()


def test_prediction_agrees_with_the_network(network, run):
    """If rates of the rings did not give those of the random layer, the theory would be no theory.

    The ring rates of a run go in; what comes out must be the random layer of the same run. Both
    are exact for the seed.
    """
    rates = np.stack([spike_counts(run, [0.3, 0.6], ring=ring)[0] for ring in range(8)]) / 0.3
    predicted = predict_random_layer(network, rates)
    measured = random_layer_input(run, 0.3, 0.6)
    assert np.corrcoef(predicted.input_mean, measured)[0, 1] > 0.99
    counted = spike_counts(run, [0.3, 0.6])[0] / 0.3
    assert predicted.rate.mean() == pytest.approx(counted.mean(), rel=0.05)
    # Counts are noisy and predictions are not, so the slope is that of the means.
    slope, intercept = np.polyfit(predicted.rate, counted, 1)
    assert slope == pytest.approx(1, abs=0.05)
    assert intercept == pytest.approx(0, abs=1)


def test_prediction_refuses(network):
    """If rates of another network were taken, the prediction would be for nobody."""
    with pytest.raises(ValueError, match=r"ring_rates: has shape \(512,\)"):
        predict_random_layer(network, np.zeros(512))
    with pytest.raises(ValueError, match="negative rate -1 Hz"):
        predict_random_layer(network, np.full((8, 512), -1.0))
    with pytest.raises(TypeError, match="parameters: expected FlexibleParameters"):
        predict_random_layer(network, np.zeros((8, 512)), parameters=1)
    nothing = predict_random_layer(network, np.zeros((8, 512)))
    np.testing.assert_allclose(nothing.rate, float(firing_rate(0.0)))


# Selectivity


def drawn(rate, trials, cells, seed, angles=None):
    """Poisson counts of cells with a rate that depends on two random angles."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 360, (2, trials)) if angles is None else angles
    x, y = np.deg2rad(a), np.deg2rad(b)
    return rng.poisson(rate(x, y)[:, np.newaxis], (trials, cells)), a, b


def test_selectivity_is_a_comparison_of_two_fits():
    """If the F test were of the wrong models, a cell would be called selective for nothing.

    Worked out again for one cell with least squares and the textbook's formula.
    """
    counts, a, b = drawn(lambda x, y: 4 + 2 * np.cos(x) + np.cos(x - y), 90, 1, 3)
    result = selectivity(counts, a, b, harmonics=1)
    x, y = np.deg2rad(a), np.deg2rad(b)
    of_a, of_b = [np.cos(x), np.sin(x)], [np.cos(y), np.sin(y)]
    both = [p * q for p in of_a for q in of_b]

    def unexplained(*columns):
        design = np.column_stack([np.ones(90), *columns])
        return np.linalg.lstsq(design, counts[:, 0], rcond=None)[1][0]

    full = unexplained(*of_a, *of_b, *both)
    for p, reduced, degrees in (
        (result.p_first, unexplained(*of_b, *both), 2),
        (result.p_second, unexplained(*of_a, *both), 2),
        (result.p_interaction, unexplained(*of_a, *of_b), 4),
    ):
        statistic = (reduced - full) / degrees / (full / (90 - 9))
        assert p[0] == pytest.approx(stats.f.sf(statistic, degrees, 81), rel=1e-9)


def test_selectivity_finds_what_was_put_in():
    """If variances were assigned to the wrong item, mixed cells would look pure.

    The rate 6 + 2 cos a + cos 2b + 1.5 cos a cos b has the variances 2, 1/2 and 9/16. Exact for
    the seed; each mean over 200 cells is within five standard errors of the truth.
    """
    counts, a, b = drawn(
        lambda x, y: 6 + 2 * np.cos(x) + np.cos(2 * y) + 1.5 * np.cos(x) * np.cos(y), 4000, 200, 4
    )
    result = selectivity(counts, a, b)
    for parts, truth in zip(result[3:], (2, 0.5, 9 / 16), strict=True):
        # The cells share their angles, whose own variance has a sampling error.
        assert parts.mean() == pytest.approx(truth, rel=0.05)
    assert max(p.max() for p in result[:3]) < 1e-3


def test_selectivity_is_right_by_chance_as_often_as_it_says():
    """If the tests were too easily passed, all cells would be mixed.

    Cells that add the items up, with the uneven noise of Poisson counts: 5% of 4000 cells pass at
    p < 0.05, give or take six standard deviations (a false alarm once in 1e9).
    """
    counts, a, b = drawn(lambda x, y: 5 + 2 * np.cos(x) + 2 * np.cos(y), 300, 4000, 5)
    result = selectivity(counts, a, b)
    six = 6 * np.sqrt(0.05 * 0.95 / 4000)
    assert abs((result.p_interaction < 0.05).mean() - 0.05) < six + 0.005
    assert (result.p_first < 0.05).all()
    silent = selectivity(np.zeros((300, 2)), a, b)
    assert (np.stack(silent[:3]) == 1).all()


def test_selectivity_refuses():
    """If too few trials were taken, every cell would be fitted perfectly."""
    a = np.linspace(0, 350, 30)
    with pytest.raises(ValueError, match="30 trials are too few for 25 terms; give at least 35"):
        selectivity(np.ones((30, 2)), a, a)
    with pytest.raises(ValueError, match="first_deg: expected 30 values, got 29"):
        selectivity(np.ones((30, 2)), a[1:], a)
    with pytest.raises(ValueError, match="trials x cells"):
        selectivity(np.ones(30), a, a)


def test_terms_are_a_fourier_series():
    """If a multiple were missing, a cell with two humps would count as flat."""
    terms = harmonic_terms(np.arange(0, 360, 10), 3)
    assert terms.shape == (36, 6)
    np.testing.assert_allclose(terms.T @ terms, 18 * np.eye(6), atol=1e-9)


# Cross-temporal decoding


def population(angle_deg, shift_deg=0.0, peak=8.0):
    """Rates of 60 cells that prefer angles all around."""
    distance = angle_deg[:, np.newaxis] - np.arange(60) * 6.0 - shift_deg
    return peak * np.exp(2 * np.cos(np.deg2rad(distance)) - 2)


@pytest.fixture(scope="module")
def codes():
    """Windows: a code, the same twice as loud, turned by 70 degrees, in other cells, and noise."""
    rng = np.random.default_rng(6)
    angle_deg = rng.uniform(0, 360, 400)
    mixed = population(angle_deg)[:, rng.permutation(60)]
    rates = [
        population(angle_deg), population(angle_deg, peak=16.0), population(angle_deg, 70.0), mixed,
        np.full((400, 60), 3.0),
    ]  # fmt: skip
    counts = rng.poisson(np.stack(rates, axis=1))
    return counts, angle_deg, cross_temporal_errors(counts, angle_deg)


def test_a_stable_code_is_read_at_any_time(codes):
    """If gain alone spoilt the read-out, every memory would seem to change its code."""
    error = codes[2].error_deg.mean(axis=2)
    assert error[:2, :2].max() < 8
    assert error[0, 1] < error[0, 0]  # twice the spikes


def test_a_code_that_turns_is_read_turned(codes):
    """If train and test windows were swapped, the turn would have the wrong sign."""
    decoded, angle = codes[2].decoded_deg, codes[1]
    for train, test, turn in ((0, 2, 70), (2, 0, -70), (2, 2, 0)):
        off = np.exp(1j * np.deg2rad(decoded[train, test] - angle)).mean()
        # A cell that prefers theta now fires most for theta + 70: it is read 70 degrees lower.
        assert np.rad2deg(np.angle(off)) == pytest.approx(-turn, abs=5)


def test_another_code_and_noise_are_read_by_chance(codes):
    """If chance were not 90 degrees, a lost item would seem to be remembered.

    400 trials: the mean has a standard error of 2.6 degrees; bounds at five (1e-6). A read-out
    that fits nothing still says something about a code, always the same, so that only counts
    without a code are read by chance.
    """
    error = codes[2].error_deg.mean(axis=2)
    assert error[3, 3] < 8
    assert 60 < error[0, 3] < 120
    assert np.abs(error[:, 4] - 90).max() < 5 * 52 / np.sqrt(400)


def test_a_trial_does_not_help_to_read_itself(codes):
    """If it did, noise would be decoded, and forgetting would not show."""
    counts, angle_deg, result = codes
    other = angle_deg.copy()
    other[7] += 123.0
    again = cross_temporal_errors(counts, other)
    np.testing.assert_array_equal(again.decoded_deg[..., 7], result.decoded_deg[..., 7])
    assert (again.decoded_deg[..., 8] != result.decoded_deg[..., 8]).any()


def test_read_out_by_its_formula(codes):
    """If weights were not covariance over variance, the docstring would describe another one."""
    counts, angle_deg, result = codes
    train = np.arange(400) % 4 != 1
    n, theta = counts[train, 0], np.deg2rad(angle_deg[train])
    z = 0
    for cell in range(60):
        mean = n[:, cell].mean()
        weight = np.mean((n[:, cell] - mean) * np.exp(1j * theta)) / n[:, cell].var()
        z += (counts[5, 2, cell] - mean) * weight
    assert result.decoded_deg[0, 2, 5] == pytest.approx(np.rad2deg(np.angle(z)) % 360)
    assert result.error_deg[0, 2, 5] == pytest.approx(
        circular_distance(result.decoded_deg[0, 2, 5], angle_deg[5])
    )


def test_silent_cells_and_silent_windows():
    """If a cell without spikes gave 0/0, one of a thousand would spoil the read-out."""
    angle_deg = np.linspace(0, 359, 40)
    counts = np.zeros((40, 2, 3))
    counts[:, 0, 0] = angle_deg < 180
    result = cross_temporal_errors(counts, angle_deg)
    assert np.isnan(result.error_deg[1]).all()
    assert not np.isnan(result.error_deg[0]).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": np.zeros((8, 2))}, "trials x windows x cells"),
        ({"angle_deg": np.zeros(7)}, "angle_deg: expected 8 values"),
        ({"folds": 1}, "folds=1"),
        ({"folds": 5}, "8 trials are too few for folds=5"),
    ],
)
def test_decoding_refuses(change, message):
    """If arrays were matched wrongly, positions would be read from other trials."""
    with pytest.raises((TypeError, ValueError), match=message):
        cross_temporal_errors(
            **{"counts": np.zeros((8, 2, 3)), "angle_deg": np.zeros(8), "folds": 2} | change
        )
