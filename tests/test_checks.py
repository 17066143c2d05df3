"""The checkers: what they accept, what they refuse, and what they say, on notebook 01."""

import math
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from learner_answers import Agreeable, right_answers

from wmtutor.bump import PRESETS, simulate_wm
from wmtutor.checks import bump_1, exercise
from wmtutor.units import Hz, ms, mV

NAMES = [f"q{number}" for number in range(1, len(bump_1.QUESTIONS) + 1)]


@pytest.fixture(scope="module")
def right():
    """The answer to every question."""
    return right_answers("bump_1")


@pytest.fixture
def ex():
    return exercise("bump_1")


# What is right


def test_whole_and_short_numbers_are_fine(ex):
    """A right number would be refused for its type."""
    for answer in (1400, np.int32(1400), np.float32(1400)):
        assert ex.q1.check(answer).correct


def test_brian2_quantities_are_fine_in_the_right_unit(ex):
    """Somebody who works in Brian2 would be refused, or a time would pass for a rate."""
    brian2 = pytest.importorskip("brian2")
    assert ex.q1.check(1.4 * brian2.kHz).correct
    assert ex.q1.check(1400 / brian2.second).correct
    outcome = ex.q1.check(1400 * brian2.ms)
    assert not outcome.correct
    assert "unit" in outcome.message
    delays = [value * brian2.second for value in bump_1._delays(bump_1.SEED)]
    assert ex.q11.check(delays).correct
    assert not ex.q10.check(np.array([298, 384, 87]) * brian2.mV).correct
    potential = _mean_voltage
    assert ex.q3.check(lambda rate: potential(rate) * brian2.volt).correct


def _mean_voltage(rate):
    """Question 3 by relaxing the equation in time instead of solving it."""
    p = PRESETS["neurodynex"]
    g_AMPA = p.g_extern_excit * p.N_extern_poisson * rate * p.tau_AMPA
    v = -60 * mV
    for _ in range(20_000):
        dv_dt = (p.g_leak_excit * (p.E_leak - v) + g_AMPA * (p.E_AMPA - v)) / p.C_excit
        v += 0.05 * ms * dv_dt
    return v


def test_other_ways_to_the_same_answer_are_fine(ex, right):
    """Only the solution's own way of computing would be accepted."""
    assert ex.q3.check(_mean_voltage).correct
    # The closed form instead of an average; an average over whole degrees.
    assert ex.q8.check(lambda J_plus, sigma_deg: bump_1._j_minus(J_plus, sigma_deg)).correct

    def by_degrees(J_plus, sigma_deg):
        q = sum(math.exp(-(d**2) / (2 * sigma_deg**2)) for d in range(-180, 180)) / 360
        return (1 - J_plus * q) / (1 - q)

    assert ex.q8.check(by_degrees).correct
    # A window that takes its last step along.
    for shift in (-0.05 * ms, 0.05 * ms):
        run = simulate_wm(poisson_firing_rate=1.3 * Hz, seed=bump_1.SEED)
        t, rate = run.rate_monitor_excit.t, run.rate_monitor_excit.rate
        assert ex.q5.check(rate[(t >= 0.3) & (t < 0.8 + shift)].mean()).correct
    assert ex.q7.check(" (B) ").correct


@pytest.mark.parametrize("seed", [2, 3, 100_000 + 7])
def test_checker_reads_as_the_notebook_does_for_any_seed(seed):
    """The two readings would agree by luck of one seed; a right answer would hang on that luck."""
    run = simulate_wm(poisson_firing_rate=1.3 * Hz, seed=seed)
    t, rate = run.rate_monitor_excit.t, run.rate_monitor_excit.rate
    notebook = rate[(t >= 300 * ms) & (t < 800 * ms)].mean()
    assert notebook == pytest.approx(bump_1._quiet(seed)["excit"], rel=0.005)
    for cue, delay in zip(("weak", "strong"), bump_1._delays(seed), strict=True):
        monitor = bump_1._cued(cue, seed).rate_monitor_excit
        risen = (monitor.t >= 0.1) & (monitor.smooth_rate("flat", width=20 * ms) >= 6)
        assert monitor.t[risen][0] - 0.1 == pytest.approx(delay, abs=0.06 * ms)


# What is wrong, and what the checker says about it


def _whole_run(monitor, t_min, t_max):
    return monitor.rate.mean()


def _from_start(monitor, t_min, t_max):
    return monitor.rate[monitor.t < t_max].mean()


def _to_end(monitor, t_min, t_max):
    return monitor.rate[monitor.t >= t_min].mean()


def _summed(monitor, t_min, t_max):
    return monitor.rate[(monitor.t >= t_min) & (monitor.t < t_max)].sum()


def _linear(rate):
    p = PRESETS["neurodynex"]
    s = 1000 * rate * p.tau_AMPA
    return p.E_leak + p.g_extern_excit * s * 70 * mV / p.g_leak_excit


def _run_rates(t_min, t_max, **arguments):
    run = simulate_wm(seed=1, **arguments)
    monitor = run.rate_monitor_excit
    return monitor.rate[(monitor.t >= t_min) & (monitor.t < t_max)].mean()


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
    ("q3", lambda right: _linear, "driving force"),
    ("q3", lambda right: lambda rate: -53 * mV, "0*Hz"),
    ("q3", lambda right: lambda rate: min(right(rate), -50 * mV), "2.2*Hz"),
    ("q3", lambda right: right(1.4), "without calling it"),
    ("q3", lambda right: lambda rate: [right(rate)], "list of length 1"),
    ("q4", lambda right: _whole_run, "mean of the whole run"),
    ("q4", lambda right: _from_start, "start of the run"),
    ("q4", lambda right: _to_end, "end of the run"),
    ("q4", lambda right: _summed, "sum of the samples"),
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
    ("q6", lambda right: {str(s): a for s, a in right.items()}, "whole numbers"),
    ("q6", lambda right: {**right, 3: None}, "Seed 3: the angle is missing"),
    ("q6", lambda right: {**right, 3: "233"}, "text"),
    ("q6", lambda right: {**right, 3: math.nan}, "NaN"),
    ("q7", lambda right: "a", "same rate"),
    ("q7", lambda right: "c", "weights depend on the distance"),
    ("q7", lambda right: "d", "hundreds of spikes"),
    ("q8", lambda right: lambda J, s: bump_1._j_minus(J, s, endless=True), "endless line"),
    ("q8", lambda right: lambda J, s: 2 - J, "most of them are far away"),
    ("q8", lambda right: lambda J, s: 1 / J, "1.6, 20"),
    ("q9", lambda right: [right[0]] * 3, "(J+ = 2.0) is too low"),
    ("q9", lambda right: [rate / 1000 for rate in right], "kHz"),
    ("q9", lambda right: right[:2], "2 values; 3 are asked for"),
    ("q9", lambda right: bump_1._peaks(1, 0 * ms), "whole run"),
    ("q10", lambda right: [298, 384, 86], "both count"),
    ("q10", lambda right: [256, 426, 171], "edge to edge"),
    ("q10", lambda right: [105, 135, 87], "angles"),
    ("q10", lambda right: [299, 385, 87], "(first cell) is too high"),
    ("q11", lambda right: [delay / ms for delay in right], "milliseconds"),
    ("q11", lambda right: [delay + 0.1 for delay in right], "counts from the cue's start"),
    ("q11", lambda right: [0.0, 0.0], "too low (tolerance 4 ms)"),
    ("q12", lambda right: [math.radians(value) for value in right], "radians"),
    ("q12", lambda right: [right[0], 17.1], "standard deviation"),
    ("q12", lambda right: [right[0], 30.0], "(full width at half maximum)"),
    ("q12", lambda right: [right[0] * 1024 / 360, right[1]], "(centre)"),
    ("q13", lambda right: bump_1._memories(1, 100 * ms, 300 * ms), "while the cue is on"),
    ("q13", lambda right: bump_1._memories(1, 0 * ms, 500 * ms), "whole run"),
    ("q13", lambda right: [5.0, 40.0, 10.0], "(0.06 nA, 30°) is too low"),
    ("q14", lambda right: [100 * value for value in right], "percent"),
    ("q14", lambda right: right[::-1], "other order"),
    ("q14", lambda right: bump_1._spread(1, 0 * ms), "30 ms on"),
    ("q14", lambda right: bump_1._spread(1, 30 * ms, 1.4 * Hz), "external input on"),
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
    assert {name for name, *_ in WRONG} == set(NAMES)


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


# What is missing, or only looks like an answer


def test_empty_containers_are_not_attempted(ex):
    """A row of placeholders would count as an attempt, and a hole in a row as none."""
    assert ex.q9.check([None, None, None]).status == "not attempted"
    assert ex.q6.check({}).status == "not attempted"
    assert ex.q6.check({1: None, 2: None, 3: None}).status == "not attempted"
    assert ex.q2.check("").status == "not attempted"
    outcome = ex.q9.check([0.6, None, 47.0])
    assert outcome.status == "incorrect"
    assert "missing" in outcome.message


class AgreeableDict(dict):
    """A dictionary with other contents than it shows."""

    def items(self):
        return [(1, bump_1._place(1)[0]), (2, bump_1._place(2)[0]), (3, bump_1._place(3)[0])]


def test_dictionary_subclass_is_refused(ex):
    """A dictionary could show the checker other angles than those it holds."""
    outcome = ex.q6.check(AgreeableDict())
    assert outcome.status == "incorrect"
    assert "dictionary" in outcome.message
    assert not ex.q1.check(AgreeableDict()).correct


def test_refusals_name_what_is_wrong(ex):
    """The learner would not know whether the number, its type or its shape is at fault."""
    assert "NaN" in ex.q1.check(math.nan).message
    assert "infinite" in ex.q1.check(math.inf).message
    assert "without quotes" in ex.q1.check("1400").message
    assert "truth value" in ex.q1.check(True).message
    assert "shape (1,)" in ex.q1.check(np.array([1400.0])).message
    assert "Agreeable" in ex.q1.check(Agreeable(1400)).message
    assert "generator" in ex.q9.check(value for value in (1, 2, 3)).message
    assert "too large" in ex.q1.check(10**400).message
    assert "one number; 3 are asked for" in ex.q9.check(1.0).message
    assert "type Decimal" in ex.q1.check(Decimal(1400)).message


# Functions are run, contained


def test_failure_of_the_checker_itself_is_an_outcome(ex, monkeypatch):
    """A bug of ours would end the learner's run of the notebook."""

    def broken(seed):
        raise MemoryError("no room")

    monkeypatch.setattr(bump_1, "_quiet", broken)
    outcome = ex.q5.check(0.6)
    assert outcome.status == "error"
    assert "could not handle this answer (MemoryError: no room)" in outcome.message


def test_interrupt_passes_through(ex):
    """A function that never returns could not be stopped."""

    def interrupted(rate):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ex.q3.check(interrupted)


def test_printing_is_held_back(ex, right, capsys):
    """A right function with a forgotten print would flood the page, or fail."""

    def prints(rate):
        print("here I am", rate)
        print("and here", file=sys.stderr)
        return right["q3"](rate)

    assert ex.q3.check(prints).correct
    assert capsys.readouterr() == ("", "")


def test_numpy_warnings_and_settings_stay_inside(ex, recwarn):
    """One check would change how NumPy behaves in the rest of the notebook."""
    before = np.geterr()

    def careless(rate):
        np.seterr(all="raise")
        return float(np.float64(1.0) * rate)

    ex.q3.check(careless)
    assert np.geterr() == before
    assert not recwarn.list


def test_function_that_changes_its_input_is_told(ex, right):
    """Analysis code that spoils the data would be taught as right."""

    def spoils(monitor, t_min, t_max):
        value = right["q4"](monitor, t_min, t_max)
        monitor.rate.flags.writeable = True
        monitor.rate[:] = 0
        return value

    outcome = ex.q4.check(spoils)
    assert outcome.status == "incorrect"
    assert "changed the data" in outcome.message
    # And the next answer is not judged on spoiled data.
    assert ex.q4.check(right["q4"]).correct


def test_function_right_on_some_inputs_only_is_refused(ex, right):
    """A function fitted to the values in the text would pass."""
    known = {1.4: right["q3"](1.4), 2.2: right["q3"](2.2)}
    outcome = ex.q3.check(lambda rate: known.get(rate, 0.0))
    assert outcome.status == "incorrect"
    assert "0*Hz" in outcome.message


# Hints, solutions, progress, names


def test_progress_adds_up(ex, right):
    """Points would be lost or counted twice."""
    possible = sum(specification.points for specification in bump_1.QUESTIONS)
    assert f"0 of {possible} points" in ex.progress()
    ex.q1.check(right["q1"])
    ex.q1.check(right["q1"])
    ex.q3.check(right["q3"])
    assert f"3 of {possible} points" in ex.progress()
    ex.q1.check(7.0)
    assert f"2 of {possible} points" in ex.progress()
    assert "incorrect" in ex.progress()
    assert f"0 of {possible} points" in exercise("bump_1").progress()


def test_unknown_names_list_the_known_ones(ex):
    """A typing error would leave the learner without a way on."""
    with pytest.raises(ValueError, match=r"name='nope': expected one of 'bump_1'"):
        exercise("nope")
    with pytest.raises(TypeError, match="bump_1"):
        exercise(1)
    with pytest.raises(AttributeError, match=r"no 'q99'; it has q1, q2, .*q14 and progress"):
        _ = ex.q99
    assert {"q1", "q14", "progress"} <= set(dir(ex))


def test_nothing_imports_the_checkers():
    """The library would depend on its own exercises."""
    code = (
        "import sys, wmtutor.bump, wmtutor.plot_tools, wmtutor.widgets\n"
        "assert not any(name.startswith('wmtutor.checks') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_asking_for_an_exercise_runs_nothing():
    """Opening a notebook would take seconds, simulating answers nobody has given yet."""
    bump_1._quiet.cache_clear()
    exercise("bump_1")
    assert bump_1._quiet.cache_info().misses == 0
