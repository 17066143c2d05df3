"""wmtutor.bump.simulate: the network's arguments, one by one."""

import inspect
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wmtutor.bump import (
    PRESETS,
    get_spike_count,
    get_theta_time_series,
    population_sizes,
    population_vector,
    simulate_wm,
)
from wmtutor.ring import circular_distance
from wmtutor.units import Hz, ms, mV, nA, nF, nS, second

ROOT = Path(__file__).parents[1]
SMALL = {**population_sizes(128), "dt": 0.1 * ms, "sim_time": 50 * ms, "seed": 1}
QUIET = {**SMALL, "poisson_firing_rate": 0 * Hz}


def digest(run):
    """All spikes of a run, in a form that can be compared and printed."""
    import hashlib

    spikes = [run.spike_monitor_excit, run.spike_monitor_inhib]
    data = b"".join(array.tobytes() for m in spikes for array in (m.t, m.i))
    return hashlib.sha256(data).hexdigest()


def test_signature_shows_the_course_defaults():
    """If a default differed from the course's, a student's call would run another network."""
    defaults = {
        "N_excitatory": 1024, "N_inhibitory": 256, "N_extern_poisson": 1000,
        "poisson_firing_rate": 1.4 * Hz, "weight_scaling_factor": 2.0,
        "sigma_weight_profile": 20.0, "Jpos_excit2excit": 1.6, "stimulus_center_deg": 180,
        "stimulus_width_deg": 40, "stimulus_strength": 0.07 * nA, "t_stimulus_start": 0 * ms,
        "t_stimulus_duration": 0 * ms, "distractor_center_deg": 90, "distractor_width_deg": 40,
        "distractor_strength": 0 * nA, "t_distractor_start": 0 * ms,
        "t_distractor_duration": 0 * ms, "G_inhib2inhib": 1.024 * nS, "G_inhib2excit": 1.336 * nS,
        "G_excit2excit": 0.381 * nS, "G_excit2inhib": 0.292 * nS, "monitored_subset_size": 1024,
        "sim_time": 800 * ms,
    }  # fmt: skip
    parameters = inspect.signature(simulate_wm).parameters
    positional = [n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == list(defaults)
    for name, value in defaults.items():
        assert parameters[name].default == value, name
    for name, value in PRESETS["neurodynex"].defaults().items():
        assert parameters[name].default == value, name


def test_default_cue_leaves_a_bump_of_about_12_hz(cued_run):
    """If this failed, the course's central phenomenon would be missing, as in the public package.

    Exact for its seed; over 48 seeds the late rate was 12.1 Hz with a standard deviation of 0.24.
    """
    late = cued_run.rate_monitor_excit.rate[cued_run.rate_monitor_excit.t >= 0.6].mean()
    assert late == pytest.approx(12, abs=1.5)
    counts = get_spike_count(cued_run.spike_monitor_excit, None, 0.6, 0.8)
    angle_deg, strength = population_vector(counts)
    assert circular_distance(angle_deg, 120) < 15
    assert strength > 0.9


def test_without_a_cue_the_network_stays_quiet():
    """If activity arose by itself here, the bump would not be a memory of the cue."""
    run = simulate_wm(seed=1)
    assert run.rate_monitor_excit.rate[8000:].mean() < 3
    assert run.spike_monitor_excit.num_spikes > 0


def test_nine_results_in_the_known_order(cued_run):
    """If the order changed, every notebook that unpacks nine values would mix them up."""
    assert cued_run._fields == (
        "rate_monitor_excit", "spike_monitor_excit", "voltage_monitor_excit",
        "idx_monitored_neurons_excit", "rate_monitor_inhib", "spike_monitor_inhib",
        "voltage_monitor_inhib", "idx_monitored_neurons_inhib", "weight_profile_45",
    )  # fmt: skip
    assert cued_run.weight_profile_45.argmax() == 128  # cell 128 of 1024 prefers 45 degrees
    assert cued_run.weight_profile_45.shape == (1024,)
    rate = cued_run.rate_monitor_excit
    assert rate.rate.sum() * 0.05 * ms * 1024 == pytest.approx(
        cued_run.spike_monitor_excit.num_spikes
    )


def test_same_seed_same_spikes_in_another_process():
    """If a seed did not fix the run, no result in the book could be reproduced."""
    code = textwrap.dedent(
        f"""
        from tests.test_bump_simulate import digest, simulate_wm
        print(digest(simulate_wm(**{SMALL!r})))
        """
    )
    here = digest(simulate_wm(**SMALL))
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()
    assert here == there
    assert here != digest(simulate_wm(**{**SMALL, "seed": 2}))
    assert here == digest(simulate_wm(**{**SMALL, "seed": np.random.SeedSequence(1)}))


def test_no_seed_takes_fresh_entropy_and_leaves_numpys_alone():
    """If seed=None repeated itself, or used NumPy's global state, trials would be dependent."""
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    unseeded = {**SMALL, "seed": None}
    assert digest(simulate_wm(**unseeded)) != digest(simulate_wm(**unseeded))
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_longer_run_repeats_the_shorter_one():
    """If the draws depended on the run's length, a prolonged run would be another trial."""
    short, long = simulate_wm(**SMALL), simulate_wm(**{**SMALL, "sim_time": 211 * ms})
    both = long.spike_monitor_excit.t < 50 * ms
    np.testing.assert_array_equal(long.spike_monitor_excit.i[both], short.spike_monitor_excit.i)


def test_chunks_do_not_change_the_external_spikes(monkeypatch):
    """If they did, memory settings would change results."""
    from wmtutor.bump import simulate

    expected = digest(simulate_wm(**SMALL))
    monkeypatch.setattr(simulate, "CHUNK_STEPS", 37)
    assert digest(simulate_wm(**SMALL)) == expected


def test_external_input_has_the_law_of_independent_poisson_sources():
    """If counts were not Poisson per cell, the noise that moves the bump would have another size.

    Chi-square of the counts per cell and step against Poisson(0.14); false alarm 1e-7 (exact for
    the seed).
    """
    from scipy import stats

    from wmtutor.bump.simulate import _ExternalInput

    N, steps, mean = 200, 2000, 0.14
    source = _ExternalInput(np.random.SeedSequence(3).spawn(2), N, N * mean)
    numbers, targets = source.draw(steps)
    step = np.repeat(np.arange(steps), numbers)
    per_cell = np.zeros((steps, N), int)
    np.add.at(per_cell, (step, targets), 1)
    observed = np.bincount(np.minimum(per_cell.ravel(), 4), minlength=5)
    law = stats.poisson(mean).pmf(np.arange(4))
    expected = np.append(law, 1 - law.sum()) * N * steps
    assert stats.chisquare(observed, expected).pvalue > 1e-7
    assert stats.chisquare(per_cell.sum(axis=0)).pvalue > 1e-7


class TestPulses:
    """The cells and times of the stimulus and the distractor, seen in voltages without noise."""

    def depolarised(self, **pulse):
        """Cells driven above a run without pulses, at each recorded step."""
        arguments = {**QUIET, "sim_time": 20 * ms, "voltage_dt": 0.1 * ms}
        driven = simulate_wm(**arguments, **pulse).voltage_monitor_excit
        still = simulate_wm(**arguments).voltage_monitor_excit
        return driven.t, driven.v - still.v

    @pytest.mark.parametrize(
        ("width", "number"), [(40, 115), (30, 87), (60, 171), (0, 1), (360, 1024)]
    )
    def test_cells(self, width, number):
        """If the width were off by a cell, results would differ from every published one."""
        from wmtutor.bump.simulate import _pulse

        cells, *_ = _pulse("stimulus", 1024, 180, width, 0.07 * nA, 0, 0, 0.8, 5e-5)
        assert len(cells) == number
        if number < 1024:
            assert cells.mean() == 512

    def test_wraps_round(self):
        """If a cue at 0 lost the half that lies below 0, the bump would form off its centre."""
        from wmtutor.bump.simulate import _pulse

        for center in (0, 360, -360):
            cells, *_ = _pulse("stimulus", 100, center, 36, 0.07 * nA, 0, 0, 0.8, 5e-5)
            assert cells.tolist() == [0, 1, 2, 3, 4, 5, 95, 96, 97, 98, 99]

    def test_starts_and_ends_on_the_millisecond(self):
        """If a pulse stayed on after its end, as in the public code, a delay would be none."""
        t, change = self.depolarised(
            t_stimulus_start=4.3 * ms, t_stimulus_duration=6 * ms, stimulus_strength=0.1 * nA
        )
        rise = np.diff(change[64])
        on = t[:-1][rise > 0] / ms
        # Looked at once a millisecond: on from 5 ms, and off from 11 ms (10.3 ms is past).
        assert on.min() == pytest.approx(5.0)
        assert on.max() == pytest.approx(10.9)

    def test_distractor_adds(self):
        """If it overwrote the stimulus, as in the public code, its effect would be misjudged."""
        same_place = {"stimulus_center_deg": 90, "distractor_center_deg": 90}
        once = {"t_stimulus_duration": 10 * ms, "stimulus_strength": 0.02 * nA}
        twice = {
            **once,
            "t_distractor_duration": 10 * ms,
            "distractor_strength": 0.02 * nA,
        }
        _, single = self.depolarised(**same_place, **once)
        _, double = self.depolarised(**same_place, **twice)
        # Without synaptic input the membrane is linear in the current.
        np.testing.assert_allclose(double[32], 2 * single[32], rtol=1e-9, atol=1e-15)

    @pytest.mark.parametrize("as_given", [list, tuple, np.array])
    def test_several_centres_are_several_cues(self, as_given):
        """If one of the cues were left out, a test of several items would be one of fewer."""
        cue = {**SMALL, "stimulus_strength": 0.2 * nA, "t_stimulus_duration": 30 * ms}
        together = simulate_wm(**cue, stimulus_center_deg=as_given([60, 200]))
        # The same two cues by the two pulses that there are anyway: none of the cells has both.
        apart = simulate_wm(
            **cue, stimulus_center_deg=60, distractor_center_deg=200,
            distractor_strength=0.2 * nA, t_distractor_duration=30 * ms,
        )  # fmt: skip
        assert together.spike_monitor_excit.num_spikes > 0
        assert digest(together) == digest(apart)

    def test_overlapping_centres_do_not_add(self):
        """If they did, cells between two items would get a stronger cue than any item's own."""
        cue = {**SMALL, "stimulus_strength": 0.2 * nA, "t_stimulus_duration": 30 * ms}
        once = simulate_wm(**cue, stimulus_center_deg=[90])
        assert digest(simulate_wm(**cue, stimulus_center_deg=[90, 90, 450])) == digest(once)
        assert digest(simulate_wm(**cue, stimulus_center_deg=90)) == digest(once)
        wide = simulate_wm(**cue, stimulus_center_deg=90, stimulus_width_deg=80)
        halves = simulate_wm(**cue, stimulus_center_deg=[73.125, 106.875], stimulus_width_deg=45)
        assert digest(halves) == digest(wide)

    def test_negative_current_can_wipe_out_a_bump(self):
        """If the sign were lost, an experiment that inhibits the bump would excite it."""
        erase = {
            "distractor_center_deg": 120, "distractor_width_deg": 120,
            "distractor_strength": -0.8 * nA, "t_distractor_start": 450 * ms,
            "t_distractor_duration": 200 * ms,
        }  # fmt: skip
        cue = {"stimulus_center_deg": 120, "t_stimulus_duration": 200 * ms, "seed": 1}
        assert simulate_wm(**cue).rate_monitor_excit.rate[-2000:].mean() > 8
        assert simulate_wm(**cue, **erase).rate_monitor_excit.rate[-2000:].mean() < 4


def test_strong_distractor_moves_the_memory():
    """If a second, stronger cue could not capture the bump, distractor studies would be void."""
    run = simulate_wm(
        stimulus_center_deg=120, t_stimulus_duration=200 * ms,
        distractor_center_deg=180, distractor_strength=0.3 * nA, t_distractor_start=400 * ms,
        t_distractor_duration=200 * ms, sim_time=1 * second, seed=1,
    )  # fmt: skip
    series = get_theta_time_series(run.spike_monitor_excit, 300 * ms)
    assert circular_distance(series.theta_deg[0], 120) < 10
    assert circular_distance(series.theta_deg[-1], 120) > 15


def test_unstructured_connections_hold_no_bump():
    """If a flat profile held a bump too, the ring's structure would not be what holds it."""
    run = simulate_wm(t_stimulus_duration=200 * ms, excit2excit_profile="unstructured", seed=1)
    assert (run.weight_profile_45 == 1).all()
    counts = get_spike_count(run.spike_monitor_excit, None, 600 * ms, 800 * ms)
    assert counts.sum() < 20 or population_vector(counts).strength < 0.5


def test_nothing_happens_without_any_input():
    """If cells fired from nothing, every rate would contain an artefact."""
    run = simulate_wm(**QUIET)
    assert run.spike_monitor_excit.num_spikes == run.spike_monitor_inhib.num_spikes == 0
    silent_too = simulate_wm(**{**SMALL, "N_extern_poisson": 0})
    assert silent_too.spike_monitor_excit.num_spikes == 0


def test_a_lone_cell_follows_the_closed_form():
    """If the integration were wrong, no other agreement would matter.

    Without synapses a cell with a constant current relaxes exponentially (tau = C/g_L = 20 ms) and
    fires with the period t_ref + tau ln((R I - (v_reset - E_L)) / (R I - (v_threshold - E_L))).
    """
    current, R, tau = 0.7 * nA, 1 / (25 * nS), 20 * ms
    run = simulate_wm(
        N_excitatory=1, N_inhibitory=1, weight_scaling_factor=0.0, N_extern_poisson=0,
        t_stimulus_duration=1 * second, sim_time=1 * second, stimulus_strength=current,
        stimulus_width_deg=360, dt=0.01 * ms, initial_voltage_excit=[-70 * mV], seed=1,
        voltage_dt=0.01 * ms,
    )  # fmt: skip
    train = run.spike_monitor_excit.t
    drive = R * current
    first = -tau * np.log(1 - 20 * mV / drive)
    period = 2 * ms + tau * np.log((drive - 10 * mV) / (drive - 20 * mV))
    assert train[0] == pytest.approx(first, abs=0.02 * ms)
    assert np.diff(train).mean() == pytest.approx(period, abs=0.011 * ms)
    view = run.voltage_monitor_excit[0]
    before = view.t < first - 0.1 * ms
    exact = -70 * mV + drive * (1 - np.exp(-view.t[before] / tau))
    np.testing.assert_allclose(view.v[before], exact, rtol=0, atol=1e-9)


def test_midpoint_is_of_second_order():
    """If a stage used the wrong state, the order of the error would fall to one."""
    ends = []
    for dt in (0.4 * ms, 0.2 * ms, 0.1 * ms, 0.0125 * ms):
        run = simulate_wm(
            N_excitatory=4, N_inhibitory=1, weight_scaling_factor=0.0, N_extern_poisson=0,
            t_stimulus_duration=20 * ms, sim_time=20 * ms, stimulus_strength=0.3 * nA,
            stimulus_width_deg=360, dt=dt, initial_voltage_excit=[-65 * mV] * 4, seed=1,
            voltage_dt=0.4 * ms if dt == 0.4 * ms else dt * round(0.4 * ms / dt),
        )  # fmt: skip
        ends.append(run.voltage_monitor_excit.v[0, -1])
    errors = np.abs(np.array(ends[:3]) - ends[3])
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4, rel=0.1)


def test_an_interneuron_does_not_inhibit_itself():
    """If it did, a network with one interneuron would have inhibition that the model has not."""
    arguments = {
        "N_excitatory": 1, "N_inhibitory": 1, "weight_scaling_factor": 1.0, "seed": 1,
        "poisson_firing_rate": 3 * Hz, "G_excit2inhib": 0.0, "sim_time": 300 * ms,
    }  # fmt: skip
    runs = [simulate_wm(**arguments, G_inhib2inhib=g) for g in (0.0, 50 * nS)]
    assert runs[0].spike_monitor_inhib.num_spikes > 3
    np.testing.assert_array_equal(runs[0].spike_monitor_inhib.t, runs[1].spike_monitor_inhib.t)


@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize(("N_E", "N_I"), [(1, 1), (2, 1), (7, 3), (101, 1), (1, 50)])
def test_any_size_runs(N_E, N_I, backend):
    """If odd sizes crashed, as in the public code, size laws could not be studied freely."""
    run = simulate_wm(
        N_excitatory=N_E, N_inhibitory=N_I, poisson_firing_rate=5 * Hz, sim_time=60 * ms,
        weight_scaling_factor=2048 / N_E / 20, t_stimulus_duration=20 * ms, seed=1,
        backend=backend,
    )  # fmt: skip
    assert np.isfinite(run.voltage_monitor_excit.v).all()
    assert run.spike_monitor_excit.count.shape == (N_E,)
    assert run.spike_monitor_inhib.count.shape == (N_I,)
    assert run.weight_profile_45.shape == (N_E,)


class TestVoltageRecord:
    """How much is recorded, and that what is recorded is right."""

    def test_is_bounded_by_default(self, cued_run):
        """If it grew with the run, a long run would take all memory, as in the public code."""
        size = sum(m.v.nbytes for m in (cued_run.voltage_monitor_excit,
                                         cued_run.voltage_monitor_inhib))  # fmt: skip
        assert size <= 32 * 2**20
        assert np.diff(cued_run.voltage_monitor_excit.t).max() <= 0.2501 * ms
        long = simulate_wm(2000, 500, weight_scaling_factor=1.0, sim_time=1 * second, seed=1)
        assert long.voltage_monitor_excit.v.nbytes <= 32 * 2**20

    def test_every_step_on_request(self):
        """If samples were missing or shifted, spikes would seem to come before their threshold."""
        every = simulate_wm(**SMALL, voltage_dt=0.1 * ms)
        some = simulate_wm(**SMALL, voltage_dt=0.5 * ms)
        assert every.voltage_monitor_excit.v.shape == (128, 500)
        np.testing.assert_array_equal(
            every.voltage_monitor_excit.v[:, ::5], some.voltage_monitor_excit.v
        )

    def test_subset_is_spread_evenly_and_distinct(self):
        """If cell 0 were missing or one listed twice, as in the public code, means would be off."""
        run = simulate_wm(**SMALL, monitored_subset_size=4)
        assert run.idx_monitored_neurons_excit.tolist() == [0, 32, 64, 96]
        assert run.idx_monitored_neurons_inhib.tolist() == [0, 8, 16, 24]
        full = simulate_wm(**SMALL)
        assert full.idx_monitored_neurons_excit.tolist() == list(range(128))
        np.testing.assert_array_equal(
            run.voltage_monitor_excit[32].v, full.voltage_monitor_excit[32].v
        )

    def test_threshold_is_where_spikes_are(self):
        """If voltages were recorded of other cells or steps, this would not hold."""
        run = simulate_wm(**{**SMALL, "poisson_firing_rate": 2.5 * Hz}, voltage_dt=0.1 * ms)
        assert run.spike_monitor_excit.num_spikes > 20
        for t, i in zip(run.spike_monitor_excit.t, run.spike_monitor_excit.i, strict=True):
            after = round(t / (0.1 * ms)) + 1
            held = run.voltage_monitor_excit[i].v[after : after + 19]
            assert (held == -60 * mV).all()


def test_initial_voltages():
    """If they were not used as given, no comparison with another simulator could start equal."""
    v = np.linspace(-69, -51, 128) * mV
    run = simulate_wm(**SMALL, initial_voltage_excit=v, initial_voltage_inhib=v[:32])
    np.testing.assert_array_equal(run.voltage_monitor_excit.v[:, 0], v)
    np.testing.assert_array_equal(run.voltage_monitor_inhib.v[:, 0], v[:32])
    drawn = simulate_wm(**SMALL).voltage_monitor_excit.v[:, 0]
    assert drawn.min() >= -60 * mV
    assert drawn.max() <= -50 * mV
    assert np.ptp(drawn) > 8 * mV


def test_leaks_of_equal_cells_are_the_network_as_it_was():
    """If giving the preset's own leak changed a run, unequal cells would have no fair control."""
    plain = simulate_wm(**SMALL)
    for E_leak, g_leak in (
        (-70 * mV, 25 * nS), ([-70 * mV] * 128, None), (None, np.full(128, 25 * nS)),
    ):  # fmt: skip
        run = simulate_wm(**SMALL, E_leak_excit=E_leak, g_leak_excit=g_leak)
        np.testing.assert_array_equal(run.spike_monitor_excit.i, plain.spike_monitor_excit.i)
        np.testing.assert_allclose(
            run.voltage_monitor_excit.v, plain.voltage_monitor_excit.v, rtol=0, atol=1e-12
        )


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_each_cell_rests_at_its_own_potential(backend):
    """If leaks were mixed up between cells, a drift field would belong to another network.

    Without input a cell relaxes as ``E + (v0 - E) exp(-t g / C)``: one closed form a cell.
    """
    E_leak, g_leak = np.linspace(-75, -55, 16) * mV, np.linspace(10, 40, 16) * nS
    start = np.full(16, -60 * mV)
    run = simulate_wm(
        N_excitatory=16, N_inhibitory=1, poisson_firing_rate=0, sim_time=40 * ms, seed=1,
        initial_voltage_excit=start, E_leak_excit=E_leak, g_leak_excit=g_leak, backend=backend,
        voltage_dt=0.05 * ms,
    )  # fmt: skip
    t = run.voltage_monitor_excit.t
    expected = E_leak + (start - E_leak) * np.exp(-t[:, None] * g_leak / (0.5 * nF))
    # The midpoint rule errs by (dt g/C)^2 / 6 of the way, here below 1e-6 of 15 mV a time constant.
    np.testing.assert_allclose(run.voltage_monitor_excit.v.T, expected, rtol=0, atol=1e-7)


def test_presets_fill_in_what_the_caller_leaves_out():
    """If a preset overrode the caller, a sweep over its parameters would do nothing."""
    tiny = {"sim_time": 1 * ms, "seed": 1}
    assert simulate_wm(**tiny, preset="compte2000").weight_profile_45.shape == (2048,)
    assert simulate_wm(256, **tiny, preset="compte2000").weight_profile_45.shape == (256,)
    named = simulate_wm(**tiny, preset="compte2000", Jpos_excit2excit=1.0)
    assert (named.weight_profile_45 == 1).all()
    given = simulate_wm(**tiny, preset=PRESETS["compte2000"])
    assert given.weight_profile_45.max() == pytest.approx(1.62)


def test_progress_is_shown_on_request_only(capsys):
    """If a bar appeared unasked, notebooks' stored outputs would never compare."""
    simulate_wm(**SMALL)
    assert capsys.readouterr() == ("", "")
    simulate_wm(**SMALL, progress=True)
    assert "500/500" in capsys.readouterr().err


def test_ctrl_c_stops_within_a_second():
    """If a run could not be stopped, a student who typed a long time would have to kill Jupyter."""
    code = textwrap.dedent(
        """
        import time
        from wmtutor.bump import simulate_wm
        simulate_wm(sim_time=0.01, seed=1)
        print("started", flush=True)
        try:
            simulate_wm(sim_time=99.0, monitored_subset_size=1, seed=1)
        except KeyboardInterrupt:
            print("stopped", flush=True)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "started\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    assert process.communicate(timeout=30)[0] == "stopped\n"
    assert process.returncode == 0
    # Chunks last well below a second; the rest is the interpreter's exit on a busy machine.
    assert time.monotonic() - begin < 10


def test_refractory_time_is_cut_to_steps_as_in_brian2():
    """If a step that does not divide 2 ms were rounded another way, rates would differ there."""
    timestep = pytest.importorskip("brian2.core.functions").timestep
    from wmtutor.bump.simulate import _refractory_steps

    for dt in np.arange(0.001, 0.5, 0.0007) * ms:
        for duration in (1 * ms, 2 * ms):
            assert _refractory_steps(duration, dt) == int(timestep(duration, dt))
    assert _refractory_steps(0.0, 0.1 * ms) == 1


def test_instability_is_an_error_and_not_nan():
    """If a step too long gave NaN, a plot would be blank and nobody would know why."""
    with pytest.raises(FloatingPointError, match=r"dt=500\*us: the integration became unstable"):
        simulate_wm(
            N_excitatory=64, N_inhibitory=512, weight_scaling_factor=100.0, dt=0.5 * ms,
            poisson_firing_rate=20 * Hz, G_inhib2excit=100 * nS, sim_time=100 * ms, seed=1,
        )  # fmt: skip


BAD = {
    "N_excitatory": [0, -1, 1.5, 1024.0, "1024", None, True, 10**7, np.nan, [1024]],
    "N_inhibitory": [0, -1, 2.5, "a", None, 10**7],
    "N_extern_poisson": [-1, 0.5, "a", None, 10**6],
    "poisson_firing_rate": [-1, np.nan, np.inf, 1.4e3, 1.4e-3, "1", None, [1.4], True],
    "weight_scaling_factor": [-1, np.nan, "2", None, 1e6],
    "sigma_weight_profile": [0, -20, np.nan, 0.35, 20e3, "20", None],
    "Jpos_excit2excit": [-1, np.nan, 1600, 10, "1.6", None],
    "stimulus_center_deg": [np.nan, np.inf, 180e3, "180", None, [], [np.nan], [180e3], [[180]]],
    "stimulus_width_deg": [-1, np.nan, 40e3, 361, "40", None],
    "stimulus_strength": [0.07, 70e-9, 0.07e-12, np.nan, np.inf, "0.07", None, 1j],
    "t_stimulus_start": [-0.1, np.nan, 100, "0", None],
    "t_stimulus_duration": [-0.1, np.nan, 200, 0.9, "0", None],
    "distractor_center_deg": [np.nan, 90e3, "90", None],
    "distractor_width_deg": [-1, np.nan, 40e3, None],
    "distractor_strength": [0.07, 70e-9, np.nan, None],
    "t_distractor_start": [-0.1, np.nan, 200, None],
    "t_distractor_duration": [-0.1, np.nan, 200, None],
    "G_inhib2inhib": [1.024, -1e-9, np.nan, 1e-6, 1e-13, "1", None],
    "G_inhib2excit": [1.336, -1e-9, np.nan, 1e-6, None],
    "G_excit2excit": [0.381, -1e-9, np.nan, 1e-6, None],
    "G_excit2inhib": [0.292, -1e-9, np.nan, 1e-6, None],
    "monitored_subset_size": [0, -1, 1.5, "a", None, True],
    "sim_time": [0, -1, np.nan, np.inf, 800, 0.8e-3, "1", None],
    "preset": ["compte", "", None, 3, "Neurodynex"],
    "dt": [0, -1e-4, np.nan, 0.05, 0.05e-6, "1", None],
    "seed": [-1, 1.5, "1", True, [1]],
    "backend": ["cuda", "", None, 1],
    "progress": [None, 1, "yes"],
    "excit2excit_profile": ["flat", None, True],
    "voltage_dt": [0, -1e-3, np.nan, 0.07e-3, 500, "1"],
    "initial_voltage_excit": [[-60] * 128, [-0.06], "a", [np.nan] * 128, 3, [[-0.06] * 128]],
    "initial_voltage_inhib": [[-60] * 32, [-0.06], "a", [np.nan] * 32, 3],
    "E_leak_excit": [-70, [-70] * 128, [-0.07], "a", [np.nan] * 128, np.nan, True, [[-0.07] * 128]],
    "g_leak_excit": [25, 0, -25e-9, 25e-12, [25e-9], [25e-9] * 127 + [0], "a", [np.nan] * 128],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_bad_arguments_are_named(name, value, monkeypatch):
    """If one of these ran, or failed without naming the argument, a student would be lost."""
    from wmtutor.bump import simulate

    monkeypatch.setattr(simulate, "_run", lambda *_: pytest.fail("the run started"))
    arguments = {**SMALL, "distractor_strength": 0.1 * nA, name: value}
    if name == "t_stimulus_start":
        arguments["t_stimulus_duration"] = 10 * ms
    if name == "t_distractor_start":
        arguments["t_distractor_duration"] = 10 * ms
    with pytest.raises((TypeError, ValueError)) as error:
        simulate_wm(**arguments)
    assert name in str(error.value)
    assert str(error.value).split("=")[0].split(":")[0] in BAD


def test_all_arguments_are_among_the_bad_ones():
    """If an argument were missing from the list above, nothing would check its message."""
    assert set(BAD) == set(inspect.signature(simulate_wm).parameters)


VALID = {
    "N_excitatory": st.integers(1, 70),
    "N_inhibitory": st.integers(1, 20),
    "N_extern_poisson": st.integers(0, 2000),
    "poisson_firing_rate": st.one_of(st.just(0.0), st.floats(0.01, 20)),
    "weight_scaling_factor": st.floats(0, 30),
    "sigma_weight_profile": st.floats(1, 80),
    "Jpos_excit2excit": st.floats(0, 1.6),
    "stimulus_center_deg": st.floats(-360, 720),
    "stimulus_width_deg": st.one_of(st.just(0.0), st.floats(0.1, 360)),
    "stimulus_strength": st.floats(1e-12, 10e-9),
    "t_stimulus_start": st.floats(1e-5, 5e-3),
    "t_stimulus_duration": st.floats(1e-5, 5e-3),
    "distractor_strength": st.floats(-10e-9, -1e-12),
    "t_distractor_duration": st.floats(1e-5, 10e-3),
    "G_inhib2inhib": st.floats(1e-12, 5e-9),
    "G_inhib2excit": st.floats(1e-12, 5e-9),
    "G_excit2excit": st.floats(1e-12, 5e-9),
    "G_excit2inhib": st.floats(1e-12, 5e-9),
    "monitored_subset_size": st.integers(1, 5000),
    "sim_time": st.floats(10e-3, 15e-3),
    "preset": st.sampled_from(sorted(PRESETS)),
    "dt": st.floats(0.02e-3, 0.1e-3),
    "seed": st.one_of(st.none(), st.integers(0, 2**64)),
    "backend": st.sampled_from(["auto", "numba", "numpy"]),
    "excit2excit_profile": st.sampled_from(["ring", "unstructured"]),
}
REQUIRED = ("N_excitatory", "N_inhibitory", "sim_time")
valid_arguments = st.fixed_dictionaries(
    {name: VALID[name] for name in REQUIRED},
    optional={name: VALID[name] for name in VALID if name not in REQUIRED},
)
relaxed = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


@relaxed
@given(valid_arguments)
def test_valid_arguments_never_give_nan_or_crash(arguments):
    """If a valid call crashed or gave NaN, a slider in the book would break at that position."""
    run = simulate_wm(**arguments)
    for monitor in (run.voltage_monitor_excit, run.voltage_monitor_inhib):
        assert np.isfinite(monitor.v).all()
        assert monitor.v.max() <= -50 * mV
    for monitor in (run.rate_monitor_excit, run.rate_monitor_inhib):
        assert np.isfinite(monitor.rate).all()
    assert run.spike_monitor_excit.count.shape == (arguments["N_excitatory"],)


@relaxed
@given(valid_arguments, st.sampled_from(sorted(BAD)), st.data())
def test_invalid_arguments_never_run(arguments, name, data):
    """If one bad argument among many good ones slipped through, results would be garbage."""
    from unittest import mock

    sized = name.startswith(("initial_voltage", "E_leak", "g_leak"))
    value = data.draw(st.sampled_from(BAD[name]))
    arguments = {**arguments, name: value}
    if sized:
        arguments.update(N_excitatory=128, N_inhibitory=32)
    if name in ("t_stimulus_start", "t_distractor_start"):
        arguments[name.replace("start", "duration")] = 1 * ms
    if name == "voltage_dt":
        arguments["dt"] = 0.05 * ms
    if name == "Jpos_excit2excit":
        arguments["sigma_weight_profile"] = 40.0
    with (
        mock.patch("wmtutor.bump.simulate._run", side_effect=AssertionError("it ran")),
        pytest.raises((TypeError, ValueError)),
    ):
        simulate_wm(**arguments)
