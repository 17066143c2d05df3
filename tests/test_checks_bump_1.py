"""The checkers of notebook 01: what they accept, what they refuse, and what they say."""

import math
from collections import Counter

import numpy as np
import pytest
from learner_answers import right_answers

from wmtutor.bump import PRESETS, bump_profile, population_vector, simulate_wm
from wmtutor.checks import bump_1, exercise
from wmtutor.units import Hz, ms, mV, second

NAMES = [f"q{number}" for number in range(1, len(bump_1.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_1")


@pytest.fixture
def ex():
    return exercise("bump_1")


# What is right


def _relaxed_voltage(rate):
    """Question 3 by relaxing the equation in time instead of solving it."""
    p = PRESETS["neurodynex"]
    g_AMPA = p.g_extern_excit * p.N_extern_poisson * rate * p.tau_AMPA
    # A short step where the conductance is large, as it is at a high rate.
    dt = 0.2 * p.C_excit / (p.g_leak_excit + g_AMPA)
    v = -60 * mV
    for _ in range(1000):
        v += dt * (p.g_leak_excit * (p.E_leak - v) + g_AMPA * (p.E_AMPA - v)) / p.C_excit
    return v


def _j_minus_by_degrees(J_plus, sigma_deg):
    q = sum(math.exp(-(d**2) / (2 * sigma_deg**2)) for d in range(-180, 180)) / 360
    return (1 - J_plus * q) / (1 - q)


def _rate_by_trapezium(monitor, t_min, t_max):
    inside = np.flatnonzero((monitor.t >= t_min) & (monitor.t < t_max))
    return np.add.reduce(monitor.rate[inside[0] : inside[-1] + 1]) / inside.size


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q3.check(_relaxed_voltage).correct
    assert ex.q4.check(_rate_by_trapezium).correct
    # The closed form instead of an average; an average over whole degrees.
    assert ex.q8.check(lambda J_plus, sigma_deg: bump_1._j_minus(J_plus, sigma_deg)).correct
    assert ex.q8.check(_j_minus_by_degrees).correct
    # A window that takes its last step along, or leaves out one more.
    for shift in (-0.05 * ms, 0.05 * ms):
        run = simulate_wm(poisson_firing_rate=1.3 * Hz, seed=bump_1.SEED)
        t, rate = run.rate_monitor_excit.t, run.rate_monitor_excit.rate
        assert ex.q5.check(rate[(t >= 0.3) & (t < 0.8 + shift)].mean()).correct
    assert ex.q6.check({seed: angle - 360 for seed, angle in right["q6"].items()}).correct
    assert ex.q7.check(" (B) ").correct
    gaussian = [
        bump_profile(bump_1._busy(s, bump_1.SEED).spike_monitor_excit, 1, 1.2, "gaussian").fwhm_deg
        for s in bump_1.SIGMAS
    ]
    assert ex.q10.check(gaussian).correct
    assert ex.q10.check([round(width) for width in right["q10"]]).correct


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_as_the_notebook_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    run = simulate_wm(poisson_firing_rate=1.3 * Hz, seed=seed)
    t, rate = run.rate_monitor_excit.t, run.rate_monitor_excit.rate
    notebook = rate[(t >= 300 * ms) & (t < 800 * ms)].mean()
    assert notebook == pytest.approx(bump_1._quiet(seed)["excit"], rel=0.005)
    busy = simulate_wm(poisson_firing_rate=2.2 * Hz, sim_time=2 * second, seed=seed)
    monitor = busy.spike_monitor_excit
    counts = bump_1.count_spikes(monitor, 1.8 * second, 2 * second)
    angle, strength, _ = bump_1._place(seed)
    assert (angle, strength) == pytest.approx(population_vector(counts), abs=1e-6)


@pytest.mark.parametrize("seed", [3, 6])
def test_two_fits_find_the_same_width(seed):
    """The checker's bell would be another than the library's, and refuse a right width."""
    tolerance = bump_1.QUESTIONS[9].tolerance.absolute
    for sigma in bump_1.SIGMAS:
        monitor = bump_1._busy(sigma, seed).spike_monitor_excit
        library = bump_profile(monitor, 1.0 * second, 1.2 * second)
        center, width = bump_1.fit_bell(monitor, 1.0 * second, 1.2 * second)
        assert width == pytest.approx(library.fwhm_deg, abs=0.6 * tolerance)
        assert abs((center - library.center_deg + 180) % 360 - 180) < 2


def test_fit_finds_a_bell_that_is_known():
    """Both fits would be off in the same way, and nobody would notice."""
    from wmtutor.monitors import SpikeMonitor

    # Spikes in numbers that follow a bell round 350 degrees, 50 degrees wide, on a base.
    distance = (np.arange(720) / 2 - 350 + 180) % 360 - 180
    counts = np.round(30 + 400 * 0.5 ** ((distance / 25) ** 2)).astype(int)
    cells = np.repeat(np.arange(720), counts)
    monitor = SpikeMonitor(np.full(cells.size, 0.5), cells, N=720, duration=1.0)
    center, width = bump_1.fit_bell(monitor, 0, 1)
    assert center == pytest.approx(350, abs=0.1)
    assert width == pytest.approx(50, abs=0.5)


@pytest.mark.parametrize("seed", [0, 2026, 31])
def test_graders_seed_asks_for_other_inputs(seed, right):
    """A function fitted to the notebook's own inputs would pass the hidden tests too."""
    for number in (3, 4, 8):
        specification = bump_1.QUESTIONS[number - 1]
        shown = {case.shown for case in specification.cases(seed)}
        assert shown - {case.shown for case in specification.cases(seed + 1)}
        assert exercise("bump_1", seed=seed).questions[f"q{number}"].check(right[f"q{number}"])


# What is wrong, and what the checker says about it


def _whole_run(monitor, t_min, t_max):
    return monitor.rate.mean()


def _from_start(monitor, t_min, t_max):
    return monitor.rate[monitor.t < t_max].mean()


def _to_end(monitor, t_min, t_max):
    return monitor.rate[monitor.t >= t_min].mean()


def _summed(monitor, t_min, t_max):
    return monitor.rate[(monitor.t >= t_min) & (monitor.t < t_max)].sum()


def _after_start(monitor, t_min, t_max):
    """Leaves out the sample at t_min; only the run's first sample is one that a case asks for."""
    return monitor.rate[(monitor.t > t_min) & (monitor.t < t_max)].mean()


def _linear(rate):
    p = PRESETS["neurodynex"]
    s = 1000 * rate * p.tau_AMPA
    return p.E_leak + p.g_extern_excit * s * 70 * mV / p.g_leak_excit


def _interneuron(rate):
    p = PRESETS["neurodynex"]
    g = p.g_extern_inhib * 1000 * rate * p.tau_AMPA
    return p.g_leak_excit * p.E_leak / (p.g_leak_excit + g)


def _run_rates(t_min, t_max, **arguments):
    run = simulate_wm(seed=1, **arguments)
    monitor = run.rate_monitor_excit
    return monitor.rate[(monitor.t >= t_min) & (monitor.t < t_max)].mean()


def _no_step(J_plus, sigma_deg):
    q = np.exp(-(np.linspace(-180, 180, 721) ** 2) / (2 * sigma_deg**2)).mean()
    return 1 - J_plus * q


WRONG = [
    ("q1", lambda right: 1.4, "one source"),
    ("q1", lambda right: right * 1024, "all excitatory cells"),
    ("q1", lambda right: 1.4e6, "1000 times"),
    ("q1", lambda right: 1500.0, "too high (tolerance 0.1 %)"),
    ("q1", lambda right: -1400.0, "too low"),
    ("q2", lambda right: "a", "opens a conductance"),
    ("q2", lambda right: "b", "slow NMDA"),
    ("q2", lambda right: "d", "GABA inhibits"),
    ("q2", lambda right: "x", 'one letter, "a" to "d"'),
    ("q2", lambda right: "bc", 'one letter, "a" to "d"'),
    ("q3", lambda right: lambda rate: right(rate) / mV, "number of millivolts"),
    ("q3", lambda right: lambda rate: right(rate / 1000), "single source"),
    ("q3", lambda right: _interneuron, "right for an interneuron"),
    ("q3", lambda right: _linear, "driving force"),
    ("q3", lambda right: lambda rate: -53 * mV, "0*Hz"),
    ("q3", lambda right: lambda rate: min(right(rate), -50 * mV), "2.2*Hz"),
    ("q3", lambda right: right(1.4), "without calling it"),
    ("q3", lambda right: lambda rate: [right(rate)], "list of length 1"),
    ("q4", lambda right: _whole_run, "mean of the whole run"),
    ("q4", lambda right: _from_start, "start of the run"),
    ("q4", lambda right: _to_end, "end of the run"),
    ("q4", lambda right: _summed, "sum of the samples"),
    ("q4", lambda right: _after_start, "keep the sample at t_min itself"),
    ("q4", lambda right: lambda m, a, b: right(m, a, b) / 1000, "kHz"),
    ("q4", lambda right: lambda m, a, b: right(m, a / ms, b / ms), "NaN"),
    ("q5", lambda right: right / 1000, "kHz"),
    ("q5", lambda right: right * 1024, "all cells together"),
    ("q5", lambda right: _run_rates(300 * ms, 800 * ms), "1.4 Hz, the default"),
    ("q5", lambda right: bump_1._quiet(1)["inhib"], "interneurons"),
    ("q5", lambda right: bump_1._quiet(1)["whole run"], "first 300 ms"),
    ("q5", lambda right: bump_1._quiet(2)["excit"], "seed=1"),
    ("q6", lambda right: list(right.values()), "dictionary"),
    ("q6", lambda right: {1: right[1]}, "3 to 6"),
    ("q6", lambda right: {seed: 180.0 for seed in range(7)}, "3 to 6"),
    ("q6", lambda right: {s: math.radians(a) for s, a in right.items()}, "radians"),
    ("q6", lambda right: {s: a * 1024 / 360 for s, a in right.items()}, "number of a cell"),
    ("q6", lambda right: {s: a + 90 for s, a in right.items()}, "same run (tolerance 10°)"),
    ("q6", lambda right: {s + 10: a for s, a in right.items()}, "not where the checker finds"),
    ("q6", lambda right: {str(s): a for s, a in right.items()}, "whole numbers"),
    ("q6", lambda right: {**right, 3: None}, "Seed 3: the angle is missing"),
    ("q6", lambda right: {**right, 3: "233"}, "text"),
    ("q6", lambda right: {**right, 3: math.nan}, "NaN"),
    ("q7", lambda right: "a", "same rate"),
    ("q7", lambda right: "c", "weights depend on the distance"),
    ("q7", lambda right: "d", "hundreds of spikes"),
    ("q8", lambda right: lambda J, s: bump_1._j_minus(J, s, endless=True), "endless line"),
    ("q8", lambda right: lambda J, s: 2 - J, "most of them are far away"),
    ("q8", lambda right: _no_step, "stands on J-"),
    ("q8", lambda right: lambda J, s: 100 * right(J, s), "percent"),
    ("q8", lambda right: lambda J, s: 1 / J, "1.6, 20"),
    ("q8", lambda right: lambda J, s: right(J, 20), "180° on either side"),
    ("q9", lambda right: [right[0]] * 3, "(J+ = 2.0) is too low"),
    ("q9", lambda right: right[::-1], "other order"),
    ("q9", lambda right: [rate / 1000 for rate in right], "kHz"),
    ("q9", lambda right: right[:2], "2 values; 3 are asked for"),
    ("q9", lambda right: bump_1._peaks(1, 0 * ms), "whole run"),
    ("q9", lambda right: bump_1._peaks(2), "seed=1"),
    ("q10", lambda right: [width / 2.3548 for width in right], "standard deviations"),
    ("q10", lambda right: [47.1, 70.6, 94.2], "widths of the weight profiles"),
    ("q10", lambda right: right[::-1], "other order"),
    ("q10", lambda right: [math.radians(width) for width in right], "radians"),
    ("q10", lambda right: [55.0] * 3, "(sigma = 20°) is off"),
    ("q10", lambda right: [right[0], 1.5 * right[0], 2 * right[0]], "(sigma = 30°) is off"),
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


def test_no_one_width_fits_all_three():
    """Somebody who measured a single bump, or guessed, would be told that all three are right."""
    tolerance = bump_1.QUESTIONS[9].tolerance.absolute
    assert np.diff(bump_1._widths(bump_1.SEED)).min() > 2 * tolerance


def test_linear_mean_of_angles_is_named(ex, monkeypatch):
    """The classic slip at the wrap-around would get no more than 'wrong'."""
    # Angle, strength and plain mean of a bump that sits on the wrap-around.
    monkeypatch.setattr(bump_1, "_place", lambda seed: (5.0, 0.95, 170.0))
    assert "plain mean" in ex.q6.check({1: 170.0, 2: 5.0, 3: 5.0}).message
    assert ex.q6.check({1: 359.0, 2: 5.0, 3: -5.0}).correct


def test_run_without_a_bump_is_told(ex, monkeypatch):
    """A run in which nothing has formed would be blamed on the learner's reading."""
    monkeypatch.setattr(bump_1, "_place", lambda seed: (80.0, 0.95 - 0.3 * seed, 80.0))
    message = ex.q6.check({0: 80.0, 1: 80.0, 2: 80.0}).message
    assert "With seed 1 no bump has formed" in message


class AgreeableDict(dict):
    """A dictionary with other contents than it shows."""

    def items(self):
        return [(seed, bump_1._place(seed)[0]) for seed in (1, 2, 3)]


def test_dictionary_subclass_is_refused(ex):
    """A dictionary could show the checker other angles than those it holds."""
    outcome = ex.q6.check(AgreeableDict())
    assert outcome.status == "incorrect"
    assert "dictionary" in outcome.message


def test_placeholders_are_not_attempted(ex):
    """An answer begun but not given would count as an attempt."""
    for nothing in ({}, {1: None, 2: None, 3: ...}):
        assert ex.q6.check(nothing).status == "not attempted"
    assert ex.q10.check([None, None, None]).status == "not attempted"


def test_function_right_on_some_inputs_only_is_refused(ex, right):
    """A function fitted to the values in the text would pass."""
    known = {1.4: right["q3"](1.4), 2.2: right["q3"](2.2)}
    outcome = ex.q3.check(lambda rate: known.get(rate, 0.0))
    assert outcome.status == "incorrect"
    assert "0*Hz" in outcome.message
    fixed = {case.arguments: bump_1._j_minus(*case.arguments) for case in bump_1._j_minus_cases(0)}
    assert ex.q8.check(lambda *given: fixed[given]).correct
    graded = exercise("bump_1", seed=2026)
    assert not graded.q8.check(lambda *given: fixed.get(given, 0.9)).correct


def test_asking_for_an_exercise_runs_nothing():
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    for cached in (bump_1._quiet, bump_1._peaks, bump_1._busy, bump_1._place):
        cached.cache_clear()
    ex = exercise("bump_1")
    for question in ex.questions.values():
        question.check(None)
        question.check("nonsense")
    caches = (bump_1._quiet, bump_1._peaks, bump_1._busy, bump_1._place)
    assert [cached.cache_info().misses for cached in caches] == [0, 0, 0, 0]
