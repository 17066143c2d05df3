"""How answers are judged, whatever the question: reading, containing, reporting."""

import math
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from learner_answers import Agreeable, right_answers

from wmtutor.bump import PRESETS
from wmtutor.checks import bump_1, exercise
from wmtutor.units import ms, mV


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
    with pytest.raises(AttributeError, match=r"no 'q99'; it has q1, q2, .* and progress"):
        _ = ex.q99
    assert {"q1", "q2", "progress"} <= set(dir(ex))


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
