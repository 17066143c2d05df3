"""wmtutor.flexible.kernel and .reference: one network, written twice, and once more densely."""

import dataclasses

import numpy as np
import pytest
from dense_flexible import dense_weights, simulate_dense

from wmtutor.flexible import FlexibleParameters, build_network, simulate_flexible_wm
from wmtutor.flexible.simulate import _CandidateSource
from wmtutor.units import ms

# Weights per spike of a few units: neither too weak to matter nor so strong that cells saturate.
SMALL = {"N_rings": 3, "N_sensory": 48, "N_random": 64, "alpha": 0.2, "beta": 0.1}
CASES = {
    "two of three rings": {},
    "odd sizes": {"N_sensory": 33, "N_random": 7},
    "staggered": {
        "t_stimulus_start": [30 * ms, 100 * ms],
        "t_stimulus_duration": [100 * ms, 35 * ms],
    },
    "self-excitation and noise": {"self_excitation": True, "input_noise": 2.0, "bias": 0.5},
    "unbalanced": {"balance_ff": -0.5, "balance_fb": 0.0, "connection_probability": 0.1},
    "few connections": {"connection_probability": 0.01},
    "no random layer": {"N_random": 0, "ring_excit_weight": 4.0},
    "another cell": {
        "tau": 5 * ms, "rate_amplitude": 0.3, "rate_slope": 0.7, "rate_offset": 2.0, "dt": 0.5 * ms,
    },
    "shortest memory": {"tau": 0.1 * ms, "rate_amplitude": 0.05},
    "every cell a candidate": {"tau": 5 * ms, "rate_amplitude": 0.5, "dt": 5 * ms},
}  # fmt: skip


def trial(case, backend, seed=3, **more):
    return simulate_flexible_wm(
        cued_rings=[0, 2], cue_positions_deg=[40, 301], sim_time=300 * ms, test_time=250 * ms,
        seed=seed, backend=backend, **{**SMALL, **CASES[case], **more},
    )  # fmt: skip


def spikes_of(run):
    """Steps and cells of all spikes, in the order of time and then of cells."""
    sensory, random = run.spike_monitor_sensory, run.spike_monitor_random
    steps = np.concatenate([sensory.t, random.t]) / run.parameters.dt
    cells = np.concatenate([sensory.i, random.i + sensory.N])
    steps = np.rint(steps).astype(np.int64)
    order = np.lexsort([cells, steps])
    return np.stack([steps[order], cells[order]], axis=1)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize("case", CASES)
def test_same_spikes_as_the_dense_network(case, backend):
    """If thinning, factored weights or the decaying scale were an approximation, this would show.

    The oracle has every weight written out and works out every rate in every step.
    """
    run = trial(case, backend)
    spikes = spikes_of(run)
    assert len(spikes) > 100
    np.testing.assert_array_equal(spikes, simulate_dense(run, seed=3))


@pytest.mark.parametrize(
    "change", [{"alpha": 0.202}, {"beta": 0.101}, {"balance_ff": -0.99}, {"ring_baseline": 0.29}]
)
def test_oracle_notices_a_small_change(change):
    """If the oracle passed anything, the agreement above would mean nothing."""
    run = trial("two of three rings", "numba", stimulus_strength=30.0)
    network = dataclasses.replace(run.network, **change)
    changed = dataclasses.replace(run, network=network)
    assert np.array_equal(simulate_dense(run, seed=3), spikes_of(run))
    assert not np.array_equal(simulate_dense(changed, seed=3), spikes_of(run))


def test_oracle_with_all_weights_finds_the_librarys():
    """If the matrices that learners look at were not those that act, the exercises would lie."""
    network = build_network(
        N_rings=2, N_sensory=24, N_random=20, alpha=1.3, balance_fb=-0.7, seed=1
    )
    weights = dense_weights(network)
    np.testing.assert_allclose(network.feedforward_weights(), weights[:48, 48:], atol=1e-12)
    np.testing.assert_allclose(network.feedback_weights(), weights[48:, :48], atol=1e-12)
    np.testing.assert_allclose(network.ring_weights(), weights[:24, :24], atol=1e-12)
    np.testing.assert_allclose(network.ring_weights(), weights[24:48, 24:48], atol=1e-12)
    assert not weights[:24, 24:48].any()


@pytest.mark.parametrize("arguments", [{"load": 1}, {"load": 6}, {"load": 8, "input_noise": 1.0}])
def test_full_network_same_spikes_and_inputs(arguments):
    """If the kernel differed from the code that the book shows, readers would be misled."""
    fast, plain = (
        simulate_flexible_wm(**arguments, seed=5, backend=name) for name in ("numba", "numpy")
    )
    assert len(spikes_of(fast)) > 10_000
    np.testing.assert_array_equal(spikes_of(fast), spikes_of(plain))
    np.testing.assert_allclose(fast.s_sensory, plain.s_sensory, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fast.s_random, plain.s_random, rtol=0, atol=1e-9)
    np.testing.assert_allclose(fast.memory_strength, plain.memory_strength, rtol=0, atol=1e-9)


def test_without_numba_the_reference_serves(monkeypatch):
    """If a machine without Numba, such as a browser, got an error, its readers could not play."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None)
    monkeypatch.setattr(
        "wmtutor.flexible.kernel.advance", lambda *_: pytest.fail("the kernel ran all the same")
    )
    run = trial("two of three rings", "auto")
    monkeypatch.undo()
    np.testing.assert_array_equal(spikes_of(run), spikes_of(trial("two of three rings", "numba")))


def test_long_run_does_not_overflow():
    """If the shared scale ran out, a long delay would end in NaN or in silence.

    400 time constants are exp(-400): far below what is kept before the states are multiplied out.
    """
    arguments = {**SMALL, "sim_time": 2.0, "test_time": 2.0, "tau": 5 * ms, "rate_amplitude": 0.2}
    fast, plain = (
        simulate_flexible_wm(1, **arguments, seed=1, backend=name) for name in ("numba", "numpy")
    )
    assert np.isfinite(fast.s_sensory).all()
    np.testing.assert_array_equal(spikes_of(fast), spikes_of(plain))


def test_candidates_have_the_law_they_should():
    """If candidates were too many, too few, or not independent, every rate would be wrong.

    Counts per step are binomial, thresholds logistic, and every cell is as likely as any other.
    Exact for the seed; each of the three chi-square or Kolmogorov-Smirnov tests would raise a false
    alarm with a probability of 1e-7 at another one.
    """
    from scipy import stats

    p = FlexibleParameters()
    cells, steps = 1200, 4000
    source = _CandidateSource(np.random.SeedSequence(11).spawn(2), cells, p)
    draws = [source.draw(1000) for _ in range(steps // 1000)]
    counts = np.concatenate([d.counts for d in draws])
    chosen = np.concatenate([d.cells for d in draws])
    thresholds = np.concatenate([d.thresholds for d in draws])
    probability = 80 * 0.1e-3

    low, high = stats.binom.ppf([0.005, 0.995], cells, probability).astype(int)
    observed = np.bincount(np.clip(counts, low, high) - low, minlength=high - low + 1)
    law = stats.binom.pmf(np.arange(low, high + 1), cells, probability)
    law[0] = stats.binom.cdf(low, cells, probability)
    law[-1] = stats.binom.sf(high - 1, cells, probability)
    assert stats.chisquare(observed, law * steps).pvalue > 1e-7
    assert stats.chisquare(np.bincount(chosen, minlength=cells)).pvalue > 1e-7
    # r / r_max = 1 / (1 + exp(-2 x)) with x = 0.4 s - 3: a logistic law of s.
    assert stats.kstest(thresholds, stats.logistic(loc=7.5, scale=1.25).cdf).pvalue > 1e-7


def test_longer_run_begins_as_the_shorter_one():
    """If the length of a run changed its start, no two delays could be compared."""
    short = simulate_flexible_wm(3, seed=4, sim_time=333.3 * ms, test_time=300 * ms)
    long = simulate_flexible_wm(3, seed=4, sim_time=700 * ms, test_time=300 * ms)
    spikes = spikes_of(long)
    np.testing.assert_array_equal(spikes_of(short), spikes[spikes[:, 0] < 3333])
    np.testing.assert_array_equal(short.memory_strength, long.memory_strength)


def test_chunks_do_not_change_a_run(monkeypatch):
    """If the size of a chunk mattered beyond its draws, states would be lost between chunks."""
    p = FlexibleParameters(sim_time=0.1, test_time=0.1)
    monkeypatch.setattr("wmtutor.flexible.simulate.CHUNK_CANDIDATES", 100)
    source = _CandidateSource(np.random.SeedSequence(2).spawn(7)[5:], 100, p)
    assert source.steps == 100
    run = simulate_flexible_wm(
        cued_rings=[0], N_rings=1, N_sensory=60, N_random=40, sim_time=0.1, test_time=0.1,
        t_stimulus_start=20 * ms, t_stimulus_duration=60 * ms, seed=2,
    )  # fmt: skip
    np.testing.assert_array_equal(spikes_of(run), simulate_dense(run, seed=2))
