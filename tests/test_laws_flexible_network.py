"""What the flexible network needs: theory against weights, laws against hand-made tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wmtutor.flexible import build_network, firing_rate, simulate_flexible_wm, stimulus_profile
from wmtutor.laws import ALL_LAWS, flexible_network, read_trials
from wmtutor.laws.flexible_network import (
    LAWS,
    boundary_exponent,
    measure_echo,
    measure_flexible_balance,
    measure_flexible_connections,
    measure_flexible_random_layer,
    measure_flexible_rings,
    measure_flexible_strengths,
    predict_echo,
    predict_loop,
    summarise_flexible_balance,
    summarise_flexible_connections,
    summarise_flexible_random_layer,
    summarise_flexible_rings,
    summarise_flexible_strengths,
)

DATA = Path(__file__).parents[1] / "book" / "data" / "laws"
QUIET = {"n_jobs": 1, "progress": False}
READINGS = ["maintained", "spurious", "kept_error_deg", "random_rate"]
#: Strong enough to drive the random layer into the bend of its rate function.
BUMP = firing_rate(1.4 * stimulus_profile(180.0))

# Each measurement at its smallest: function, arguments, the names of its conditions.
TINY = {
    "flexible_connections": (
        measure_flexible_connections, ([0.35], [1], [1], 1),
        ["connection_probability", "load", "rescaled"],
    ),
    "flexible_strengths": (
        measure_flexible_strengths, ([2.1], [0.2], [1], 1), ["alpha", "beta", "load"],
    ),
    "flexible_balance": (
        measure_flexible_balance, ([-1.0], [-1.0], 1, 1), ["balance_ff", "balance_fb", "load"],
    ),
    "flexible_random_layer": (
        measure_flexible_random_layer, ([256], [0.2], [1], 1), ["N_random", "beta", "load"],
    ),
    "flexible_rings": (measure_flexible_rings, ([2], 1, 1), ["N_rings", "load", "rescaled"]),
}  # fmt: skip


# The theory


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"connection_probability": 0.1},
        {"connection_probability": 0.8, "N_random": 256},
        {"N_rings": 3, "alpha": 1.0, "beta": 0.7},
    ],
)
def test_loop_is_the_product_of_the_weights(parameters):
    """If it were not, the echo would not follow from the number of cells as the chapter says.

    The oracle is the product of the weight matrices of one network. Bounds are of the order of
    1/sqrt(N_random) and 1/N_sensory; exact for the seed.
    """
    network = build_network(seed=5, **parameters)
    cells = 256
    product = network.feedforward_weights()[:cells] @ network.feedback_weights()
    itself = np.diagonal(product)
    others = product[~np.eye(cells, product.shape[1], dtype=bool)]
    loop = predict_loop(**parameters)
    assert itself.mean() == pytest.approx(loop.itself, rel=0.02)
    assert others.std() == pytest.approx(loop.others, rel=0.02)
    assert abs(others.mean()) < 0.02 * loop.others
    assert loop.itself / loop.others == pytest.approx(np.sqrt(network.N_random))


@pytest.mark.parametrize("parameters", [{}, {"connection_probability": 0.15, "N_random": 512}])
def test_echo_is_what_the_weights_give(parameters):
    """If the Gaussian theory were off, it could not say why a network fails.

    The oracle sends the rates of bumps through the weights of six networks, cell by cell. Exact for
    the seeds. The bound is five standard errors of the mean, and 3 percent for what the theory
    leaves out.
    """
    networks = [build_network(seed=k, **parameters) for k in range(6)]
    for load in (1, 4, 8):
        predicted = np.array(predict_echo(BUMP, load, spike_noise=False, **parameters))
        measured = np.array(
            [measure_echo(network, BUMP, load, seed=k) for k, network in enumerate(networks)]
        )
        mean, error = measured.mean(axis=0), stats.sem(measured)
        assert (error < 0.06 * mean).all(), "too coarse to be a test"
        assert (np.abs(mean - predicted) < 5 * error + 0.03 * predicted).all()


def test_echo_counts_the_noise_of_spikes():
    """The variance of the random cells' input is that of spikes, not only that of rates.

    Oracle: exponentials started at the spike times of a Poisson process, drawn here.
    """
    out = flexible_network._spreads(flexible_network.STANDARD)[0]
    generator = np.random.default_rng(1)
    rate, tau, cells, trials = 40.0, 0.01, 512, 400
    times = 30 * tau
    counts = generator.poisson(rate * times, size=(trials, cells))
    summed = [
        np.bincount(
            np.repeat(np.arange(cells), row),
            np.exp(-generator.uniform(0, 30, row.sum())), minlength=cells,
        )
        for row in counts
    ]  # fmt: skip
    drive = np.array(summed) @ generator.normal(0, out, cells)
    # Both parts of predict_echo's variance for a layer in which all cells have one rate: the first
    # vanishes, the second is out**2 * tau / 2 * sum(r). Given the weights, so is the spread here.
    # The standard error of a standard deviation from 400 trials is 3.5 percent; exact for the seed.
    assert drive.std() == pytest.approx(out * np.sqrt(tau / 2 * rate * cells), rel=0.1)
    flat = np.full(512, rate)
    quiet = predict_echo(flat, 8, spike_noise=False)
    loud = predict_echo(flat, 8, spike_noise=True)
    assert quiet.random_rate == pytest.approx(firing_rate(0.0))
    sample = firing_rate(generator.normal(0, out * np.sqrt(tau / 2 * rate * 4096), 200_000))
    assert loud.random_rate == pytest.approx(sample.mean(), rel=0.02)


def test_scaling_of_the_echo():
    """The three statements of the chapter: sizes of layers, and strengths that make up for them."""
    standard = predict_echo(BUMP, 4)
    large = predict_echo(BUMP, 4, N_random=4096)
    assert large.signal == pytest.approx(standard.signal)
    assert large.noise == pytest.approx(standard.noise / 2)
    factor = flexible_network._keep_spread(0.1)
    rescaled = predict_echo(
        BUMP, 4, connection_probability=0.1, alpha=2.1 * factor, beta=0.2 * factor
    )
    np.testing.assert_allclose(rescaled, standard)
    # More rings: only the few spikes of the silent ones and the mean change.
    rings = predict_echo(BUMP, 4, N_rings=16, alpha=4.2)
    np.testing.assert_allclose(rings, standard, rtol=0.07)
    assert predict_echo(BUMP, 4, N_rings=16).signal < 0.6 * standard.signal
    # The product of the strengths, but not each of them, sets the loop.
    assert predict_loop(alpha=4.2, beta=0.1) == pytest.approx(predict_loop())
    assert predict_echo(BUMP, 1, alpha=4.2, beta=0.1).signal != pytest.approx(
        predict_echo(BUMP, 1).signal, rel=0.1
    )


def test_shift_of_the_mean_input():
    """The chapter's reason why balance must be exact: 1000 alpha (1 + e) tau times the mean rate.

    Oracle: the inputs of the random cells in a run. Spikes of the last tens of ms make the input,
    their mean rate over 100 ms predicts it; random fluctuations of weights remain. Exact for seeds.
    """
    tolerance = 0.3
    for e in (-0.98, -1.02):
        rows = [flexible_network._balance_trial(seed, e, -1.0, 8) for seed in range(4)]
        measured = np.mean([row["random_input"] for row in rows])
        rate = np.mean([row["sensory_rate"] for row in rows])
        predicted = 1000 * 2.1 * (1 + e) * 0.01 * rate
        assert measured == pytest.approx(predicted, abs=tolerance)
        assert abs(predicted) > 4 * tolerance, "too small to be a test"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: predict_loop(gamma=0.3), TypeError, "gamma"),
        (lambda: predict_loop(balance_ff=-0.9), ValueError, "balance_ff=-0.9.*choose -1"),
        (lambda: predict_loop(connection_probability=0.0), ValueError, "connection_probability=0"),
        (lambda: predict_echo(BUMP, 1, balance_fb=0.0), ValueError, "balance_fb=0.*choose -1"),
        (lambda: predict_echo(BUMP, 9), ValueError, "load=9"),
        (lambda: predict_echo(BUMP[:100], 1), ValueError, "bump_rates: expected 512 values"),
        (lambda: predict_echo(-BUMP, 1), ValueError, "bump_rates: has the value"),
        (lambda: predict_echo(BUMP, 1, spike_noise=1), TypeError, "spike_noise=1"),
        (lambda: measure_echo(build_network(N_rings=2, N_random=8), BUMP, 3), ValueError, "load=3"),
        (lambda: measure_echo(build_network(balance_ff=0.0), BUMP, 3), ValueError, "balance_ff=0"),
    ],
)
def test_theory_refuses(call, error, says):
    """A theory for one case must not answer for another."""
    with pytest.raises(error, match=says):
        call()


# Trials


def test_readings_are_the_run():
    """If a column held another quantity, every figure of the chapter would be wrong."""
    run = simulate_flexible_wm(3, seed=1)
    row = flexible_network._strengths_trial(1, 2.1, 0.2, 3)
    assert list(row) == READINGS
    assert (row["maintained"], row["spurious"]) == (run.maintained, run.spurious) == (2, 0)
    errors = np.abs(run.error_deg)[run.memory_present[run.cued_rings]]
    assert row["kept_error_deg"] == pytest.approx(errors.mean())
    spikes = run.spike_monitor_random
    late = ((spikes.t > 0.89999) & (spikes.t < 0.99999)).sum()
    assert row["random_rate"] == pytest.approx(late / 1024 / 0.1, rel=1e-6)
    # Nothing kept: no error to speak of.
    assert np.isnan(flexible_network._strengths_trial(1, 1.05, 0.1, 1)["kept_error_deg"])


def test_conditions_reach_the_network(monkeypatch):
    """If a trial ran the standard network whatever it was told, all laws would be flat."""
    seen = []

    def spy(load, *, seed, **parameters):
        seen.append({"load": load, **parameters})
        return simulate_flexible_wm(1, N_rings=1, N_sensory=16, N_random=8, seed=seed)

    monkeypatch.setattr(flexible_network, "simulate_flexible_wm", spy)
    flexible_network._connections_trial(1, 0.1, 2, False)
    flexible_network._connections_trial(1, 0.1, 2, True)
    flexible_network._strengths_trial(1, 3.0, 0.1, 2)
    flexible_network._balance_trial(1, -0.9, -0.8, 2)
    flexible_network._random_layer_trial(1, 99, 0.3, 2)
    flexible_network._rings_trial(1, 16, 2, False)
    flexible_network._rings_trial(1, 16, 2, True)
    plain, rescaled, *others = seen
    assert plain == {"load": 2, "connection_probability": 0.1, "alpha": 2.1, "beta": 0.2}
    # The spread of the weights goes with sqrt((1 - p) / p): a third of 1.363 over 3 for p = 0.1.
    factor = np.sqrt(0.65 / 0.35) / np.sqrt(0.9 / 0.1)
    assert rescaled["alpha"] == pytest.approx(2.1 * factor)
    assert rescaled["beta"] == pytest.approx(0.2 * factor)
    assert others == [
        {"load": 2, "alpha": 3.0, "beta": 0.1},
        {"load": 2, "balance_ff": -0.9, "balance_fb": -0.8},
        {"load": 2, "N_random": 99, "beta": 0.3},
        {"load": 2, "N_rings": 16, "alpha": 2.1},
        {"load": 2, "N_rings": 16, "alpha": 4.2},
    ]


@pytest.mark.parametrize("name", TINY)
def test_measurements(name):
    """A table that cannot be made again, or lacks a condition, is no evidence."""
    measure, arguments, conditions = TINY[name]
    table = measure(*arguments, **QUIET)
    assert [c for c in table.columns if c in (*conditions, *READINGS)] == [*conditions, *READINGS]
    assert (table.error == "").all()
    pd.testing.assert_frame_equal(table, measure(*arguments, **QUIET), check_exact=True)
    assert set(table.seed).isdisjoint(measure(*arguments, seed=999, **QUIET).seed)
    summary = LAWS[name].summarise(table)
    assert len(summary) == len(table)
    assert ALL_LAWS[name] is LAWS[name]


def test_conditions_of_rings_are_not_run_twice():
    """With two rings and two items, "load 2" and "every ring" are one condition."""
    table = measure_flexible_rings([2, 3], 2, 1, **QUIET)
    assert table[["N_rings", "load", "rescaled"]].to_numpy().tolist() == [
        [2, 2, False], [3, 2, False], [3, 3, False], [2, 2, True], [3, 2, True], [3, 3, True],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: measure_flexible_connections([0.0], [1], [], 1), ValueError, "probabilities=0"),
        (lambda: measure_flexible_connections([1.0], [1], [], 1), ValueError, "probabilities=1"),
        (lambda: measure_flexible_connections(0.3, [1], [], 1), TypeError, "as a list"),
        (lambda: measure_flexible_connections([0.3], [9], [], 1), ValueError, "loads=9"),
        (lambda: measure_flexible_connections([0.3], 2, [], 1), TypeError, "loads=2.*list"),
        (lambda: measure_flexible_strengths([-1.0], [0.2], [1], 1), ValueError, "alphas=-1"),
        (lambda: measure_flexible_strengths([2.1], ["x"], [1], 1), TypeError, "betas='x'"),
        (lambda: measure_flexible_balance([np.nan], [-1], 1, 1), ValueError, "balances_ff=nan"),
        (lambda: measure_flexible_balance([-1], [-1], 0, 1), ValueError, "load=0"),
        (lambda: measure_flexible_random_layer([0], [0.2], [1], 1), ValueError, "sizes=0"),
        (lambda: measure_flexible_random_layer([1.5], [0.2], [1], 1), TypeError, "sizes=1.5"),
        (lambda: measure_flexible_rings([2], 3, 1), ValueError, "numbers=2"),
        (lambda: measure_flexible_rings([2], 1, 0), ValueError, "repeats=0"),
    ],
)
def test_measurements_refuse(call, error, says):
    """A condition that makes no sense must not cost an hour first."""
    with pytest.raises(error, match=says):
        call()


# Summaries


def hand_made(**conditions):
    """Three trials of 2 items on 8 rings: kept 2, 1, 0; made up 0, 0, 3."""
    return pd.DataFrame(
        {
            **{name: [value] * 3 for name, value in conditions.items()},
            "load": 2, "repeat": [0, 1, 2], "seed": [7, 8, 9],
            "maintained": [2, 1, 0], "spurious": [0, 0, 3],
            "kept_error_deg": [5.0, 15.0, np.nan], "random_rate": [10.0, 20.0, 30.0],
            "sensory_rate": [1.0, 2.0, 3.0], "random_input": [-1.0, 0.0, 1.0],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("summarise", "conditions", "also"),
    [
        (
            summarise_flexible_connections, {"connection_probability": 0.3, "rescaled": False},
            {"kept_error_deg": 10, "random_rate": 20},
        ),
        (summarise_flexible_strengths, {"alpha": 2.0, "beta": 0.2}, {}),
        (
            summarise_flexible_balance, {"balance_ff": -1.0, "balance_fb": -1.0},
            {"kept_error_deg": 10, "random_rate": 20, "sensory_rate": 2, "random_input": 0},
        ),
        (
            summarise_flexible_random_layer, {"N_random": 512, "beta": 0.2},
            {"maintained": 1, "kept_error_deg": 10, "random_rate": 20},
        ),
    ],
)  # fmt: skip
def test_summaries(summarise, conditions, also):
    """If fractions were of the wrong number of rings, or a missing error a zero."""
    summary = summarise(hand_made(**conditions))
    (row,) = summary.to_dict("records")
    assert row["trials"] == 3
    assert {name: row[name] for name in conditions} == conditions
    assert row["maintained_fraction"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert row["spurious_fraction"] == pytest.approx((0 + 0 + 3 / 6) / 3)
    for name, value in also.items():
        assert row[name] == pytest.approx(value)
        assert row[f"{name}_low"] <= value <= row[f"{name}_high"]
    assert row["maintained_fraction_low"] < 0.5 < row["maintained_fraction_high"]


def test_summary_of_rings():
    """Other rings are those of this network, not always six; where there are none, none is 0."""
    tables = [hand_made(N_rings=number, rescaled=False) for number in (2, 5)]
    summary = summarise_flexible_rings(pd.concat(tables)).set_index("N_rings")
    assert summary.spurious_fraction[5] == pytest.approx(1 / 3)
    assert np.isnan(summary.spurious_fraction[2])
    assert summary.maintained.tolist() == [1, 1]


def test_summaries_keep_conditions_apart():
    """If rescaled trials were averaged with the others, the comparison would be lost."""
    plain, rescaled = (
        hand_made(connection_probability=0.3, rescaled=flag) for flag in (False, True)
    )
    rescaled["maintained"] = 2
    summary = summarise_flexible_connections(pd.concat([plain, rescaled]))
    assert summary.maintained_fraction.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("name", LAWS)
def test_summaries_refuse(name):
    """What is not such a table must be refused with a reason."""
    with pytest.raises(TypeError, match="table"):
        LAWS[name].summarise([1, 2])
    with pytest.raises(ValueError, match="no column"):
        LAWS[name].summarise(pd.DataFrame({"load": [1], "maintained": [1], "spurious": [0]}))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_boundary_exponent(exponent):
    """If the fit were off, "the product decides" would be an artefact of it.

    Outcomes are drawn from a logistic law with a known exponent: with five standard errors on
    either side a false alarm has a probability below 1e-6. The bias of the fit is far smaller.
    """
    factors = 2.0 ** np.arange(-1, 1.1, 0.25)
    alpha, beta = (x.ravel() for x in np.meshgrid(2.1 * factors, 0.2 * factors))
    alpha, beta = np.repeat(alpha, 20), np.repeat(beta, 20)
    p = 1 / (1 + np.exp(-6 * (exponent * np.log(alpha / 2.1) + np.log(beta / 0.2))))
    maintained = np.random.default_rng(1).random(p.size) < p
    table = pd.DataFrame({"alpha": alpha, "beta": beta, "load": 1, "maintained": maintained * 1})
    found = boundary_exponent(table, "maintained", 1, resamples=200)
    error = (found.high - found.low) / (2 * 1.96)
    assert error < 0.1 * exponent, "too coarse to be a test"
    assert abs(found.estimate - exponent) < 5 * error
    # Of six other rings, not of one: the fraction and not the count.
    others = table.assign(load=2, spurious=6 * maintained)
    again = boundary_exponent(others, "spurious", 2, resamples=200)
    assert again.estimate == pytest.approx(found.estimate)


def test_boundary_exponent_refuses():
    """Errors name what is missing."""
    table = pd.DataFrame({"alpha": [1.0, 2], "beta": [1.0, 2], "load": 1, "maintained": [0, 1]})
    with pytest.raises(ValueError, match="load=5: the table has only 1"):
        boundary_exponent(table, "maintained", 5)
    with pytest.raises(ValueError, match="column='kept'"):
        boundary_exponent(table, "kept", 1)
    with pytest.raises(ValueError, match="no column 'spurious'"):
        boundary_exponent(table, "spurious", 1)
    with pytest.raises(TypeError, match="expected a pandas DataFrame"):
        boundary_exponent([1], "maintained", 1)


# The book's tables

#: Least number of trials for each condition, as the chapter claims.
TRIALS = {
    "flexible_connections": (9 * 6 + 9, 100),
    "flexible_strengths": (9 * 9 * 2, 16),
    "flexible_balance": (11 * 11, 30),
    "flexible_random_layer": (6 * 4 * 2, 40),
    "flexible_rings": (26, 60),
}


@pytest.mark.parametrize("name", LAWS)
def test_tables_are_what_the_code_makes(name):
    """If a table came from other code, the book would show what its readers cannot get.

    Two rows each, drawn for this test, run again from their seeds.
    """
    conditions = TINY[name][2]
    table = read_trials(name, DATA)
    sizes = table.groupby(conditions).size()
    assert len(sizes) == TRIALS[name][0]
    assert (sizes == TRIALS[name][1]).all()
    assert table.seed.is_unique
    trial = getattr(flexible_network, f"_{name.removeprefix('flexible_')}_trial")
    cheap = table[table.N_random <= 1024] if "N_random" in table else table
    for row in cheap.sample(2, random_state=3).to_dict("records"):
        result = trial(row["seed"], **{name: row[name] for name in conditions})
        for column, value in result.items():
            assert row[column] == pytest.approx(value, rel=1e-6, nan_ok=True), column
