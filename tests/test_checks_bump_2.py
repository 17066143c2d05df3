"""The checkers of notebook 02: what they accept, what they refuse, and what they say."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.bump import PRESETS, bump_profile, read_bump, simulate_wm
from wmtutor.checks import bump_2, exercise
from wmtutor.units import Hz, ms, nA, nS

NAMES = [f"q{number}" for number in range(1, len(bump_2.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_2")


@pytest.fixture
def ex():
    return exercise("bump_2")


# What is right


def _by_quadrature(t, tau_NMDA):
    """The gate as an integral: x is known, so the equation of s is linear and can be solved."""
    p = PRESETS["neurodynex"]
    x = np.exp(-t / p.tau_x)
    # The rate at which s relaxes is 1/tau + alpha x; its integral from 0 to t.
    relaxed = t / tau_NMDA + p.alpha_NMDA * p.tau_x * (1 - x)
    gain = p.alpha_NMDA * x * np.exp(relaxed)
    areas = (gain[1:] + gain[:-1]) / 2 * np.diff(t)
    return np.exp(-relaxed) * np.concatenate([[0.0], np.cumsum(areas)])


def _by_scipy(t, tau_NMDA):
    from scipy.integrate import odeint

    p = PRESETS["neurodynex"]
    slopes = lambda y, t: [  # noqa: E731
        -y[0] / tau_NMDA + p.alpha_NMDA * y[1] * (1 - y[0]),
        -y[1] / p.tau_x,
    ]
    return odeint(slopes, [0.0, 1.0], t, hmax=1 * ms)[:, 0]


def test_gate_is_the_solution_of_its_equation():
    """Learners would be held to a wrong curve: reference and notebook could share a mistake."""
    for case in bump_2._gate_cases(3):
        if case.arguments[1] < 10 * ms:
            continue  # exp(t / tau) of the integral would overflow
        np.testing.assert_allclose(
            bump_2._gate(*case.arguments), _by_quadrature(*case.arguments), rtol=0, atol=1e-5
        )


def test_gate_is_that_of_the_network():
    """The exercise would teach another gate than the one that the simulator has."""
    from wmtutor.laws.bump_states import steady_gate

    # At a low rate spikes do not meet: the mean opening is the area under one spike's course.
    t = np.arange(0, 2.0, 0.05 * ms)
    area = bump_2._gate(t, 65 * ms).sum() * 0.05 * ms
    assert steady_gate(0.1 * Hz, 65 * ms) == pytest.approx(0.1 * area, rel=1e-3)


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q1.check(np.array([298, 384, 87])).correct
    assert ex.q2.check([round(delay, 3) for delay in right["q2"]]).correct
    monitor = bump_2._cued("weak", bump_2.SEED).spike_monitor_excit
    gaussian = bump_profile(monitor, 350 * ms, 450 * ms, "gaussian")
    assert ex.q3.check([gaussian.center_deg - 360, gaussian.fwhm_deg]).correct
    # Read off at half the height of the flat top, between bins.
    rate, angles = gaussian.rate, gaussian.angles_deg
    half = np.sort(rate)[-4:].mean() / 2
    (rises,), (falls,) = (np.flatnonzero(np.diff((rate > half).astype(int)) == d) for d in (1, -1))
    edges = [
        angles[i] + (half - rate[i]) / (rate[i + 1] - rate[i]) * 360 / 64 for i in (rises, falls)
    ]
    assert ex.q3.check([np.mean(edges), edges[1] - edges[0]]).correct
    run = bump_2._cued("weak", bump_2.SEED)
    t, rate = run.rate_monitor_inhib.t, run.rate_monitor_inhib.rate
    before, during = (t >= 50 * ms) & (t <= 100 * ms), t >= 400 * ms
    assert ex.q5.check([rate[before].mean(), rate[during].mean()]).correct
    assert ex.q7.check([np.int64(count) for count in right["q7"]]).correct
    assert ex.q9.check(_by_scipy).correct
    assert ex.q9.check(lambda t, tau: list(bump_2._gate(t, tau))).correct
    # Times on a coarser grid.
    assert ex.q10.check([round(time, 4) for time in right["q10"]]).correct


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_as_the_notebook_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    for cue, delay in zip(("weak", "strong"), bump_2._delays(seed), strict=True):
        monitor = bump_2._cued(cue, seed).rate_monitor_excit
        risen = (monitor.t >= 0.1) & (monitor.smooth_rate("flat", width=20 * ms) >= 6)
        assert monitor.t[risen][0] - 0.1 == pytest.approx(delay, abs=0.06 * ms)
    runs = [bump_2._cued(cue, seed) for cue in bump_2.CUES]
    rates = [read_bump(run.spike_monitor_excit, 400 * ms, 500 * ms).mean_rate for run in runs]
    np.testing.assert_allclose(rates, bump_2._memories(seed), rtol=1e-9)
    profile = bump_profile(runs[0].spike_monitor_excit, 350 * ms, 450 * ms)
    center, width = bump_2._bump(seed)
    assert center == pytest.approx(profile.center_deg, abs=1.5)
    assert width == pytest.approx(profile.fwhm_deg, abs=4)
    inhibitory = read_bump(runs[0].spike_monitor_inhib, 400 * ms, 500 * ms).mean_rate
    assert bump_2._interneurons(seed)[1] == pytest.approx(inhibitory, rel=1e-9)


@pytest.mark.parametrize("seed", [11, 100_000 + 7])
@pytest.mark.parametrize("J_plus", [1.6, 2.0])
def test_checker_counts_the_trials_of_the_notebook(seed, J_plus):
    """The checker would count other trials, and right counts would be refused."""
    for strength in (0.0, 0.06 * nA):
        run = simulate_wm(
            stimulus_center_deg=120,
            stimulus_width_deg=30,
            stimulus_strength=strength,
            t_stimulus_start=100 * ms,
            t_stimulus_duration=200 * ms,
            dt=0.1 * ms,
            seed=seed,
            Jpos_excit2excit=J_plus,
        )
        reading = read_bump(run.spike_monitor_excit, 600 * ms, 800 * ms)
        rate, angle = bump_2._trial(strength, seed, J_plus)
        assert reading.mean_rate == pytest.approx(rate, rel=1e-9)
        assert reading.angle_deg == pytest.approx(angle, abs=1e-6)


def test_no_trial_is_on_the_line():
    """A count would hang on rounding: a rate of just 6 Hz, or a bump just 30 degrees away."""
    for J_plus, strengths in ((1.6, bump_2.STRENGTHS), (2.0, (0.0, 0.06 * nA))):
        for strength in strengths:
            for seed in bump_2.SEEDS:
                rate, angle = bump_2._trial(strength, seed, J_plus)
                assert not 2 * Hz < rate < 10 * Hz
                assert rate < 6 * Hz or not 26 < abs(angle - 120) < 34


@pytest.mark.parametrize("seed", [0, 2026, 31])
def test_graders_seed_asks_for_other_inputs(seed, right):
    """A function fitted to the notebook's own inputs would pass the hidden tests too."""
    cases = [{case.shown for case in bump_2._gate_cases(s)} for s in (seed, seed + 1)]
    assert cases[0] - cases[1]
    assert exercise("bump_2", seed=seed).q9.check(right["q9"]).correct


# What is wrong, and what the checker says about it


def _gate_with(open_more=True, close=True, x_decays=True, step=None, tau=None):
    """The gate by Euler's method, with mistakes to choose from."""

    def gate(t, tau_NMDA):
        p = PRESETS["neurodynex"]
        dt = step or t[1] - t[0]
        s, x, course = 0.0, 1.0, []
        for _ in t:
            course.append(s)
            slope = p.alpha_NMDA * x * ((1 - s) if open_more else 1)
            slope -= s / (tau or tau_NMDA) if close else 0
            s, x = s + dt * slope, x - (dt * x / p.tau_x if x_decays else 0)
        return np.array(course)

    return gate


def _gated(tau, factor):
    run = simulate_wm(
        stimulus_center_deg=120,
        stimulus_width_deg=30,
        stimulus_strength=0.5 * nA,
        t_stimulus_start=100 * ms,
        t_stimulus_duration=200 * ms,
        preset=replace(PRESETS["neurodynex"], tau_NMDA=tau),
        G_excit2excit=0.381 * nS * factor,
        G_excit2inhib=0.292 * nS * factor,
        seed=1,
    )
    return read_bump(run.spike_monitor_excit, 600 * ms, 800 * ms).mean_rate


def _mean_rates():
    trials = [[bump_2._trial(s, seed)[0] for seed in range(1, 11)] for s in bump_2.STRENGTHS]
    return np.mean(trials, axis=1)


WRONG = [
    ("q1", lambda right: [298, 384, 86], "both count"),
    ("q1", lambda right: [256, 426, 171], "edge to edge"),
    ("q1", lambda right: [105, 135, 87], "angles"),
    ("q1", lambda right: [299, 385, 87], "(first cell) is too high"),
    ("q2", lambda right: [delay / ms for delay in right], "milliseconds"),
    ("q2", lambda right: [delay + 0.1 for delay in right], "counts from the cue's start"),
    ("q2", lambda right: right[::-1], "other order"),
    ("q2", lambda right: [0.0, 0.0], "too low (tolerance 4 ms)"),
    ("q2", lambda right: bump_2._delays(2), "seed=1"),
    ("q3", lambda right: [math.radians(value) for value in right], "radians"),
    ("q3", lambda right: [right[0], 17.1], "standard deviation"),
    ("q3", lambda right: [right[0], 30.0], "(full width at half maximum)"),
    ("q3", lambda right: right[::-1], "other order"),
    ("q3", lambda right: [right[0] * 1024 / 360, right[1]], "number of a cell"),
    ("q4", lambda right: bump_2._memories(1, 100 * ms, 300 * ms), "while the cue is on"),
    ("q4", lambda right: bump_2._memories(1, 0 * ms, 500 * ms), "whole run"),
    ("q4", lambda right: [5.0, 40.0, 10.0], "(0.06 nA, 30°) is too low"),
    ("q4", lambda right: [rate / 1000 for rate in right], "kHz"),
    ("q5", lambda right: bump_2._interneurons(1, population="excit"), "excitatory cells"),
    ("q5", lambda right: bump_2._interneurons(1, during=200 * ms), "while the cue is on"),
    ("q5", lambda right: [256 * rate for rate in right], "all interneurons together"),
    ("q5", lambda right: right[::-1], "other order"),
    ("q5", lambda right: [right[0], right[0]], "(during the memory) is too low"),
    ("q6", lambda right: [100 * value for value in right], "percent"),
    ("q6", lambda right: right[::-1], "other order"),
    ("q6", lambda right: bump_2._spread(1, 0 * ms), "30 ms on"),
    ("q6", lambda right: bump_2._spread(1, 30 * ms, 1.4 * Hz), "external input on"),
    ("q6", lambda right: [1.0, 1.0], "(256 interneurons) is too high"),
    ("q7", lambda right: [count / 10 for count in right], "fractions"),
    ("q7", lambda right: [10 - count for count in right], "forgotten"),
    ("q7", lambda right: right[::-1], "weakest cue first"),
    ("q7", lambda right: _mean_rates(), "mean rates"),
    ("q7", lambda right: [10, 10, 10, 10], "(0.01 nA) is too high"),
    ("q7", lambda right: [0, 5, 7, 10], "seeds 1 to 10"),
    ("q8", lambda right: [count / 10 for count in right], "fractions"),
    ("q8", lambda right: bump_2._hallucinated(1.6), "network of question 7"),
    ("q8", lambda right: [right[1], right[0], right[2]], "First the trials with a cue"),
    ("q8", lambda right: [right[0], right[2], right[1]], "bump anywhere"),
    ("q8", lambda right: [10, 10, 10], "(cue, bump near 120°) is too high"),
    ("q9", lambda right: _gate_with(open_more=False), "(1 - s) is missing"),
    ("q9", lambda right: _gate_with(close=False), "-s / tau_NMDA is missing"),
    ("q9", lambda right: _gate_with(x_decays=False), "decays with tau_x"),
    ("q9", lambda right: lambda t, tau: np.exp(-t / tau), "jumps to 1"),
    ("q9", lambda right: _gate_with(step=0.01 * ms), "not the same in every call"),
    ("q9", lambda right: _gate_with(tau=65 * ms), "not the same in every call"),
    ("q9", lambda right: lambda t, tau: right(t, tau)[-1], "30000 are asked for"),
    ("q10", lambda right: [time / ms for time in right], "milliseconds"),
    ("q10", lambda right: [right[0], right[1] - right[0]], "counts from the peak"),
    ("q10", lambda right: [right[0], 65 * ms * math.log(2)], "ln 2"),
    ("q10", lambda right: [right[0], bump_2._gate_times()[2]], "on its way up"),
    ("q10", lambda right: [time / (0.01 * ms) for time in right], "A position in s is no time"),
    ("q10", lambda right: [right[0], 65 * ms], "both times counted from the spike"),
    ("q11", lambda right: [*right[:2], _gated(20 * ms, 65 / 20)], "ratio of the time constants"),
    ("q11", lambda right: [*right[:2], right[1]], "third run is the second again"),
    ("q11", lambda right: [*right[:2], _gated(20 * ms, 0.75)], "Turn the ratio round"),
    ("q11", lambda right: bump_2._gated_rates(None, 100 * ms, 300 * ms), "while the cue is on"),
    ("q11", lambda right: [right[0]] * 3, "(20 ms) is too high"),
    ("q11", lambda right: [rate / 1000 for rate in right], "kHz"),
]


@pytest.mark.parametrize(("name", "make", "says"), WRONG)
def test_wrong_answer_is_refused_for_its_reason(ex, right, name, make, says):
    """A wrong answer would pass, or be refused with a reason that does not help."""
    outcome = ex.questions[name].check(make(right[name]))
    assert outcome.status == "incorrect", outcome
    assert says in outcome.message
    assert outcome.points == 0
    assert all(len(line) <= 88 for line in repr(outcome).splitlines())


def test_every_question_has_wrong_answers_here():
    """A question would have been added without testing its checker."""
    number = Counter(name for name, *_ in WRONG)
    assert set(number) == set(NAMES)
    assert min(number.values()) >= 3


def test_function_right_on_some_inputs_only_is_refused(right):
    """A table of the notebook's own curves would pass the hidden tests."""
    known = {case.arguments[0].size: right["q9"](*case.arguments) for case in bump_2._gate_cases(0)}

    def looked_up(t, tau_NMDA):
        return known.get(t.size, np.zeros(t.size))

    assert exercise("bump_2", seed=0).q9.check(looked_up).correct
    assert not exercise("bump_2", seed=2026).q9.check(looked_up).correct


def test_brian2_times_are_fine_and_other_units_are_not(ex):
    """Somebody who works in Brian2 would be refused, or a voltage would pass for a cell."""
    brian2 = pytest.importorskip("brian2")
    delays = [value * brian2.second for value in bump_2._delays(bump_2.SEED)]
    assert ex.q2.check(delays).correct
    assert not ex.q1.check(np.array([298, 384, 87]) * brian2.mV).correct


def test_asking_for_an_exercise_runs_nothing():
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    caches = (bump_2._cued, bump_2._spread, bump_2._trial, bump_2._gate_times, bump_2._gated_rate)
    for cached in caches:
        cached.cache_clear()
    for question in exercise("bump_2").questions.values():
        question.check(None)
        question.check("nonsense")
    assert [cached.cache_info().misses for cached in caches] == [0] * len(caches)
