"""wmtutor.flexible.simulate: the arguments of a trial, one by one."""

import dataclasses
import hashlib
import inspect
import math
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from wmtutor.flexible import (
    FlexibleParameters,
    activity_vector,
    build_network,
    firing_rate,
    get_ring_rates,
    maximum_likelihood_angle,
    simulate_flexible_wm,
    stimulus_profile,
)
from wmtutor.ring import circular_distance
from wmtutor.units import ms, second

SMALL = {"N_rings": 3, "N_sensory": 48, "N_random": 64, "sim_time": 300 * ms, "test_time": 250 * ms}


@pytest.fixture(scope="module")
def network():
    return build_network(seed=1)


def digest(run):
    """All spikes of a run, in a form that can be compared and printed."""
    monitors = (run.spike_monitor_sensory, run.spike_monitor_random)
    data = b"".join(array.tobytes() for m in monitors for array in (m.t, m.i))
    return hashlib.sha256(data).hexdigest()


def test_signature_shows_the_published_defaults():
    """If a default differed from the paper's, a student's bare call would run another model."""
    defaults = {
        "load": None, "cued_rings": None, "cue_positions_deg": None, "network": None, "seed": None,
        "sim_time": 1.1, "test_time": 1.0, "dt": 0.1 * ms, "backend": "auto", "progress": False,
        "stimulus_strength": 10.0, "t_stimulus_start": 100 * ms, "t_stimulus_duration": 100 * ms,
        "stimulus_width_deg": 11.25, "stimulus_cutoff_deg": 33.75, "input_noise": 0.0,
        "memory_threshold": 3.0, "decode_window": 100 * ms, "record_dt": None, "tau": 10 * ms,
        "rate_amplitude": 0.4, "rate_slope": 0.4, "rate_offset": 3.0, "bias": 0.0,
    }  # fmt: skip
    parameters = inspect.signature(simulate_flexible_wm).parameters
    shown = {name: parameter.default for name, parameter in parameters.items()}
    of_network = dict(inspect.signature(build_network).parameters)
    of_network.pop("seed")
    assert shown == {**defaults, **{name: p.default for name, p in of_network.items()}}
    for field in dataclasses.fields(FlexibleParameters):
        assert field.default == shown[field.name], field.name


# Cues


def test_every_load_cues_that_many_rings(network):
    """If a load cued other than that many different rings, every capacity would be wrong."""
    for load in range(9):
        run = simulate_flexible_wm(load, network=network, seed=load, sim_time=0.3, test_time=0.3)
        assert run.load == load == len(set(run.cued_rings.tolist()))
        assert (np.diff(run.cued_rings) > 0).all()
        assert run.maintained + run.forgotten == load
        assert run.maintained == run.memory_present[run.cued_rings].sum()
        assert run.maintained + run.spurious == run.memory_present.sum()
        assert run.cue_positions_deg.shape == run.error_deg.shape == (load,)


def test_no_load_leaves_the_network_quiet(network):
    """If activity arose without a cue, spurious memories would be counted as something learned."""
    run = simulate_flexible_wm(0, network=network, seed=1)
    assert (run.maintained, run.forgotten, run.spurious) == (0, 0, 0)
    assert math.isnan(run.maintained_fraction)
    assert run.spurious_fraction == 0
    assert run.rate_monitor_sensory.rate.mean() < 0.5


def test_drawn_rings_loads_and_positions_cover_all():
    """If rings or places were drawn unevenly, results would hang on the favoured ones.

    Each chi-square test would raise a false alarm with a probability of 1e-7 at another seed.
    """
    loads, rings, places = [], [], []
    for seed in range(400):
        run = simulate_flexible_wm(
            N_rings=4, N_sensory=8, N_random=0, sim_time=1 * ms, test_time=1 * ms,
            t_stimulus_start=0, t_stimulus_duration=0, seed=seed,
        )  # fmt: skip
        loads.append(run.load)
        rings += run.cued_rings.tolist()
        places += run.cue_positions_deg.tolist()
    assert stats.chisquare(np.bincount(loads, minlength=5)[1:]).pvalue > 1e-7
    assert stats.chisquare(np.bincount(rings, minlength=4)).pvalue > 1e-7
    values, counts = np.unique(places, return_counts=True)
    np.testing.assert_array_equal(values, np.arange(8) * 45.0)
    assert stats.chisquare(counts).pvalue > 1e-7


def test_chosen_rings_hold_what_they_were_shown(network):
    """If positions went to other rings than they were given for, all errors would be nonsense."""
    run = simulate_flexible_wm(
        cued_rings=[6, 1], cue_positions_deg=[40, 300], network=network, seed=2
    )
    assert run.cued_rings.tolist() == [1, 6]
    assert run.cue_positions_deg.tolist() == [300, 40]
    assert run.memory_present[[1, 6]].all()
    assert (np.abs(run.error_deg) < 45).all()
    for ring, cue in ((1, 300), (6, 40)):
        assert circular_distance(run.memory_angle_deg[ring], cue) < 45
        assert circular_distance(run.ml_angle_deg[ring], cue) < 45


@pytest.mark.parametrize("position", [256 * 360 / 512, -180, 540])
def test_one_position_serves_all_rings(position):
    """If a shared position were refused, the public example could not be repeated."""
    run = simulate_flexible_wm(2, cue_positions_deg=position, seed=1, **SMALL)
    assert run.cue_positions_deg.tolist() == [180.0, 180.0]


def test_staggered_cues_drive_their_rings_in_turn(network):
    """If all cues came together, no order of items could be studied."""
    run = simulate_flexible_wm(
        cued_rings=[5, 2], cue_positions_deg=[10, 200], t_stimulus_start=[400 * ms, 100 * ms],
        t_stimulus_duration=[50 * ms, 100 * ms], network=network, seed=3,
    )  # fmt: skip
    np.testing.assert_allclose(run.cue_spans, [[0.1, 0.2], [0.4, 0.45]])
    spikes = run.spike_monitor_sensory
    ring_2, ring_5 = (spikes.t[spikes.i // 512 == ring] for ring in (2, 5))
    assert ((ring_2 >= 0.1) & (ring_2 < 0.2)).sum() > 200
    assert (ring_5 < 0.4).sum() < 100
    assert ((ring_5 >= 0.4) & (ring_5 < 0.45)).sum() > 200


def test_cue_acts_in_its_steps_and_no_others():
    """If a cue began or ended a step off, its dose would differ from the paper's.

    One ring without weights and a cue so strong that cells near it fire at the largest rate.
    """
    run = simulate_flexible_wm(
        cued_rings=[0], cue_positions_deg=0, N_rings=1, N_sensory=512, N_random=0,
        ring_baseline=0, ring_excit_weight=0, ring_inhib_weight=0, stimulus_strength=1000,
        t_stimulus_start=12.3 * ms, t_stimulus_duration=4.5 * ms, sim_time=30 * ms,
        test_time=30 * ms, seed=1, stimulus_width_deg=90, rate_amplitude=50.0, rate_offset=5.0,
    )  # fmt: skip
    near = np.isin(run.spike_monitor_sensory.i, [0, 1, 2, 510, 511])
    steps = np.rint(run.spike_monitor_sensory.t[near] / (0.1 * ms)).astype(int)
    # The largest rate is a spike in every step.
    expected = np.repeat(np.arange(123, 168), 5)
    inside = steps[(steps >= 100) & (steps < 190)]
    stray = np.setdiff1d(inside, expected)  # chance spikes of resting cells
    np.testing.assert_array_equal(np.sort(inside)[np.isin(np.sort(inside), expected)], expected)
    assert stray.size < 3


def test_input_noise_is_frozen_and_has_its_size():
    """If the noise were another number in every step, it would average out and do nothing."""
    clean = simulate_flexible_wm(2, seed=1, N_random=0)
    noisy = simulate_flexible_wm(2, seed=1, N_random=0, input_noise=1.5)
    np.testing.assert_array_equal(noisy.cued_rings, clean.cued_rings)
    np.testing.assert_array_equal(noisy.cue_positions_deg, clean.cue_positions_deg)
    noise = noisy.s_ext - clean.s_ext
    # 1024 numbers: the standard deviation is within 15% but for 1 seed in 1e10.
    assert noise.std() == pytest.approx(1.5, rel=0.15)
    assert digest(noisy) != digest(clean)


def test_stimulus_profile_is_what_acts():
    """If the run's cue were not the profile that the book shows, the figure would lie."""
    run = simulate_flexible_wm(
        cued_rings=[1], cue_positions_deg=77, seed=1, stimulus_strength=7, stimulus_width_deg=20,
        stimulus_cutoff_deg=50, **SMALL,
    )  # fmt: skip
    expected = stimulus_profile(77, 48, strength=7, width_deg=20, cutoff_deg=50)
    np.testing.assert_array_equal(run.s_ext, [expected])


# Time


def test_test_time_reads_the_state_at_that_time(network):
    """If the test looked elsewhere, forgetting would be measured at the wrong delay."""
    for test_time in (0.15, 0.6, 1.1):
        run = simulate_flexible_wm(2, network=network, seed=5, test_time=test_time)
        sample = np.flatnonzero(np.isclose(run.state_t, test_time))[0]
        s = run.s_sensory[sample].copy()
        if test_time < 0.2:
            s[run.cued_rings] += run.s_ext
        strength, angle_deg = activity_vector(firing_rate(s))
        np.testing.assert_allclose(run.memory_strength, strength)
        np.testing.assert_allclose(run.memory_angle_deg, angle_deg)


def test_ml_angle_reads_the_window_before_the_test(network):
    """If other spikes were decoded, the two read-outs would speak of different times."""
    run = simulate_flexible_wm(2, network=network, seed=5, test_time=0.7, decode_window=0.05)
    spikes = run.spike_monitor_sensory
    within = (spikes.t >= 0.65 - 1e-9) & (spikes.t < 0.7 - 1e-9)
    counts = np.bincount(spikes.i[within], minlength=4096).reshape(8, 512)
    np.testing.assert_array_equal(run.ml_angle_deg, maximum_likelihood_angle(counts))


def test_record_holds_the_asked_times_the_test_and_the_end():
    """If the record missed the test, the curve over time would not meet the counts."""
    run = simulate_flexible_wm(1, seed=1, record_dt=70 * ms, **SMALL)
    np.testing.assert_allclose(run.state_t, [0, 0.07, 0.14, 0.21, 0.25, 0.28, 0.3])
    assert run.s_sensory.shape == (7, 3, 48)
    assert run.s_random.shape == (7, 64)
    default = simulate_flexible_wm(1, seed=1, **SMALL)
    np.testing.assert_allclose(np.diff(default.state_t), 5 * ms)


def test_default_record_stays_below_32_MB():
    """If a long run kept every 5 ms, a delay of minutes would fill the memory."""
    run = simulate_flexible_wm(1, seed=1, N_sensory=1024, sim_time=3.0, test_time=2.0)
    assert run.s_sensory.nbytes + run.s_random.nbytes < 33 * 2**20
    assert 2.0 in run.state_t


def test_rates_and_counts_agree_with_the_spikes(network):
    """If monitors disagreed, a learner would get two answers to one question."""
    run = simulate_flexible_wm(3, network=network, seed=1)
    for spikes, rate in (
        (run.spike_monitor_sensory, run.rate_monitor_sensory),
        (run.spike_monitor_random, run.rate_monitor_random),
    ):
        assert rate.rate.mean() * spikes.N * 1.1 == pytest.approx(spikes.num_spikes)
        assert rate.t.size == 11_000
        assert (np.diff(spikes.t) >= 0).all()
    ring_rates = get_ring_rates(run)
    assert ring_rates.mean() == pytest.approx(run.rate_monitor_sensory.rate.mean())


# What the model does


def test_one_item_is_held_and_none_without_the_pool():
    """If a ring alone held it, the paper's central claim would not hold in our model.

    Exact for its seeds. Over networks about 95 of 100 single items are kept for 1 s.
    """
    with_pool = [simulate_flexible_wm(1, seed=seed).maintained for seed in range(20)]
    alone = [simulate_flexible_wm(1, seed=seed, N_random=0).maintained for seed in range(20)]
    assert sum(with_pool) >= 17
    assert sum(alone) == 0


def test_connection_probability_decides_between_riot_and_silence():
    """If both extremes held memories, random connections would not matter as they do."""
    sparse = simulate_flexible_wm(3, connection_probability=0.1, seed=1)
    dense = simulate_flexible_wm(3, connection_probability=0.7, seed=1)
    assert sparse.memory_present.all()
    assert dense.maintained == 0


# Seeds


def test_same_seed_same_run_in_another_process(network):
    """If a run could not be repeated elsewhere, no answer could be checked."""
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from test_flexible_simulate import digest\n"
        "from wmtutor.flexible import simulate_flexible_wm\n"
        "print(digest(simulate_flexible_wm(3, seed=9, sim_time=0.3, test_time=0.3)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    arguments = {"sim_time": 0.3, "test_time": 0.3}
    run = simulate_flexible_wm(3, seed=9, **arguments)
    assert digest(run) == result.stdout.strip()
    assert digest(simulate_flexible_wm(3, seed=10, **arguments)) != digest(run)
    assert digest(simulate_flexible_wm(3, **arguments)) != digest(
        simulate_flexible_wm(3, **arguments)
    )
    sequence = np.random.SeedSequence(9)
    assert digest(simulate_flexible_wm(3, seed=sequence, **arguments)) == digest(run)
    assert digest(simulate_flexible_wm(3, seed=sequence, **arguments)) == digest(run)


def test_what_is_chosen_does_not_shift_what_is_drawn(network):
    """If giving the positions drew other spikes, no two conditions could be paired."""
    drawn = simulate_flexible_wm(2, network=network, seed=4)
    given_ = simulate_flexible_wm(
        cued_rings=drawn.cued_rings, cue_positions_deg=drawn.cue_positions_deg, network=network,
        seed=4,
    )  # fmt: skip
    assert digest(given_) == digest(drawn)


def test_network_from_the_seed_is_the_one_in_the_result():
    """If the network were lost, a good trial could not be followed by a second one on it."""
    first = simulate_flexible_wm(2, seed=6, **SMALL)
    assert first.network.N_rings == 3
    again = simulate_flexible_wm(
        2, seed=6, network=first.network, sim_time=SMALL["sim_time"], test_time=SMALL["test_time"]
    )
    assert digest(again) == digest(first)
    assert again.network is first.network


# Errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"load": 9}, "load=9: the network has 8 rings"),
        ({"load": -1}, "load=-1"),
        ({"load": 2.0}, "load=2.0: expected a whole number, got float: write 2"),
        ({"cue_positions_deg": 90}, "cue_positions_deg is given without rings"),
        ({"cue_positions_deg": [90]}, "cue_positions_deg is given without rings"),
        ({"load": 1, "cue_positions_deg": [1, 2]}, "has 2 values for 1 cued rings"),
        ({"cued_rings": [0, 8]}, "cued_rings: ring 8 is outside 0 .. 7"),
        ({"cued_rings": [1, 1]}, "a ring is listed twice"),
        ({"cued_rings": [0.5]}, "expected whole ring numbers"),
        ({"load": 3, "cued_rings": [0, 1]}, "disagree"),
        ({"load": 1, "cue_positions_deg": "north"}, "cue_positions_deg='north'"),
        ({"load": 1, "cue_positions_deg": [math.nan]}, "cue_positions_deg: has values"),
        ({"load": 1, "cue_positions_deg": 1000}, "cue_positions_deg=1000"),
        ({"load": 1, "dt": 0.1}, r"dt=100\*ms: a cell at its largest rate"),
        ({"load": 1, "dt": 1}, r"did you mean 1\*ms"),
        ({"load": 1, "sim_time": 0.5}, r"test_time=1\*second: after the run's end"),
        ({"load": 1, "sim_time": 1100}, r"sim_time=1100 s: did you mean 1100\*ms"),
        ({"load": 1, "t_stimulus_start": 100}, r"did you mean 100\*ms"),
        ({"load": 1, "t_stimulus_start": 1.05}, "the cue of ring . ends after the run"),
        ({"load": 1, "sim_time": 0.05, "test_time": 0.05}, "ends after the run"),
        ({"load": 2, "t_stimulus_start": [0.1]}, "t_stimulus_start: has 1 values for 2"),
        ({"load": 2, "t_stimulus_start": [0.1, -1]}, r"t_stimulus_start\[1\]=-1"),
        ({"load": 1, "tau": 0}, "tau=0"),
        ({"load": 1, "tau": 10}, r"tau=10 s: did you mean 10\*ms"),
        ({"load": 1, "rate_slope": 0}, "rate_slope=0"),
        ({"load": 1, "input_noise": -1}, "input_noise=-1"),
        ({"load": 1, "stimulus_width_deg": 0}, "stimulus_width_deg=0"),
        ({"load": 1, "memory_threshold": math.inf}, "memory_threshold=inf"),
        ({"load": 1, "record_dt": 0.25e-3}, "must be a whole multiple of dt"),
        ({"load": 1, "backend": "cuda"}, "backend='cuda'"),
        ({"load": 1, "seed": -1}, "seed=-1"),
        ({"load": 1, "alhpa": 2}, "no parameter 'alhpa'; did you mean 'alpha'"),
        ({"load": 1, "sim_tim": 2}, "did you mean 'sim_time'"),
        ({"load": 1, "N_rings": 0}, "N_rings=0"),
        ({"load": 1, "progress": "yes"}, "progress='yes'"),
        ({"load": 1, "network": "net.npz"}, "expected what build_network"),
    ],
)
def test_bad_arguments_are_named(arguments, says):
    """If a slip ran all the same, its result would be believed."""
    with pytest.raises((TypeError, ValueError), match=says):
        simulate_flexible_wm(**arguments)


def test_network_that_does_not_fit_is_refused(network):
    """If the network's own value won in silence, a sweep over alpha would be flat."""
    with pytest.raises(ValueError, match=r"alpha=3.0 does not fit .* built with alpha=2.1"):
        simulate_flexible_wm(1, network=network, alpha=3.0)
    with pytest.raises(ValueError, match="N_random=0 does not fit"):
        simulate_flexible_wm(1, network=network, N_random=0)
    with pytest.raises(ValueError, match="load=9"):
        simulate_flexible_wm(9, network=network)
    same = simulate_flexible_wm(
        1, network=network, alpha=2.1, N_rings=8, seed=1, sim_time=0.2, test_time=0.2
    )
    assert same.network is network


def test_brian2_quantities_are_read_in_their_unit():
    """If units were dropped, 100 ms would become 100 s or be refused."""
    brian2 = pytest.importorskip("brian2")
    plain = simulate_flexible_wm(1, seed=1, **SMALL)
    with_units = simulate_flexible_wm(
        1, seed=1, **{**SMALL, "sim_time": 300 * brian2.ms, "test_time": 250 * brian2.ms},
        tau=10 * brian2.ms, t_stimulus_start=100 * brian2.ms,
        t_stimulus_duration=[100] * brian2.ms, memory_threshold=3 * brian2.Hz,
    )  # fmt: skip
    assert digest(with_units) == digest(plain)
    with pytest.raises(ValueError, match="has the unit"):
        simulate_flexible_wm(1, seed=1, tau=10 * brian2.mV)


def test_ctrl_c_stops_a_long_run():
    """If Ctrl-C had to wait for the end, a learner would have to kill the notebook."""
    code = textwrap.dedent(
        """
        from wmtutor.flexible import simulate_flexible_wm
        simulate_flexible_wm(1, sim_time=0.2, test_time=0.2, seed=1)
        print("ready", flush=True)
        simulate_flexible_wm(8, sim_time=1000.0, seed=1)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors


def test_progress_goes_to_the_end(capsys):
    """If the bar stopped short, a learner would wait for a run that is over."""
    simulate_flexible_wm(1, seed=1, progress=True, **SMALL)
    assert "3000/3000" in capsys.readouterr().err


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    N_rings=st.integers(1, 5), N_sensory=st.integers(1, 40), N_random=st.integers(0, 40),
    connection_probability=st.floats(0, 1), alpha=st.floats(0, 10), beta=st.floats(0, 2),
    balance=st.floats(-2, 1), load=st.integers(0, 5), seed=st.integers(0, 2**70),
)  # fmt: skip
def test_any_network_runs(
    N_rings, N_sensory, N_random, connection_probability, alpha, beta, balance, load, seed
):
    """If some size or strength broke the kernel, a sweep would stop in its middle."""
    arguments = {
        "N_rings": N_rings, "N_sensory": N_sensory, "N_random": N_random, "alpha": alpha,
        "beta": beta, "connection_probability": connection_probability, "balance_ff": balance,
        "balance_fb": balance, "sim_time": 60 * ms, "test_time": 60 * ms, "seed": seed,
        "t_stimulus_start": 10 * ms, "t_stimulus_duration": 20 * ms, "decode_window": 1 * second,
    }  # fmt: skip
    load = min(load, N_rings)
    fast, plain = (
        simulate_flexible_wm(load, backend=name, **arguments) for name in ("numba", "numpy")
    )
    assert digest(fast) == digest(plain)
    assert np.isfinite(fast.memory_strength).all()
    assert fast.maintained + fast.forgotten == load
