"""What holds for every question of every exercise; each exercise has a file of its own besides."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learner_answers import (
    ENDLESS,
    EVASIVE,
    JUNK,
    NOTEBOOKS,
    Agreeable,
    converts_to,
    not_implemented,
    right_answers,
    stub,
)

from wmtutor import checks
from wmtutor.checks import _contained, exercise
from wmtutor.checks._mechanism import Choice, Function, Number, _same


def _questions(*kinds):
    """Parameters of a test: the names of exercise and question, of these kinds or all."""
    return [
        pytest.param(name, question, id=f"{name}-{question}", marks=pytest.mark.xdist_group(name))
        for name in NOTEBOOKS
        for question, asked in exercise(name).questions.items()
        if not kinds or isinstance(asked.specification, kinds)
    ]


EVERY = pytest.mark.parametrize(("of", "name"), _questions())
NUMBERS = pytest.mark.parametrize(("of", "name"), _questions(Number))
FUNCTIONS = pytest.mark.parametrize(("of", "name"), _questions(Function))


def _question(of, name):
    return exercise(of).questions[name]


def _is_row(question):
    return bool(question.specification.labels)


def test_every_exercise_is_tested_here():
    """An exercise would be added without any of these tests."""
    assert set(NOTEBOOKS) == set(checks.EXERCISES)


@EVERY
def test_three_wrong_answers_are_tried_at_least(of, name):
    """A checker would be trusted that has hardly seen a wrong answer."""
    wrong = importlib.import_module(f"test_checks_{of}").WRONG
    assert sum(getattr(entry, "values", entry)[0] == name for entry in wrong) >= 3


# What is right


@EVERY
def test_right_answer_is_correct(of, name):
    """A learner who answers as the solution does would be turned away."""
    outcome = _question(of, name).check(right_answers(of)[name])
    assert outcome.correct, outcome
    assert outcome.points == outcome.points_possible > 0
    assert repr(outcome).startswith("Correct. ")


@NUMBERS
def test_plain_and_numpy_numbers_are_both_fine(of, name):
    """A right number would be refused for being a NumPy number, an array or a tuple."""
    question = _question(of, name)
    values = np.asarray(right_answers(of)[name], dtype=float)
    for answer in (values, values.tolist()):
        assert question.check(answer).correct
    if _is_row(question):
        assert question.check(tuple(np.float64(value) for value in values)).correct


# What is missing


@EVERY
@pytest.mark.parametrize("nothing", [None, ...])
def test_missing_answer_is_not_attempted(of, name, nothing):
    """An untouched notebook would be full of errors, or say 'incorrect' to nobody's answer."""
    outcome = _question(of, name).check(nothing)
    assert outcome.status == "not attempted"
    assert repr(outcome).startswith("Not attempted. The answer is ")
    assert _question(of, name).check().status == "not attempted"


@FUNCTIONS
@pytest.mark.parametrize("untouched", [stub, not_implemented])
def test_untouched_function_is_not_attempted(of, name, untouched):
    """A stub would count as an attempt."""
    assert _question(of, name).check(untouched).status == "not attempted"


# What only looks like an answer


@pytest.mark.parametrize("what", EVASIVE)
@EVERY
def test_evasive_answer_is_refused_with_a_message(of, name, what, monkeypatch):
    """A non-answer would get points, or bring the notebook down."""
    question = _question(of, name)
    if what in [function.__name__ for function in ENDLESS]:
        monkeypatch.setattr(_contained, "LONGEST", 0.3)
    monkeypatch.setattr(_contained, "MEMORY_LIMIT", 300 * 1024**2)  # sooner at its end
    outcome = question.check(EVASIVE[what]())
    may_fail = isinstance(question.specification, Function)
    assert outcome.status == "incorrect" or (outcome.status == "error" and may_fail)
    assert outcome.message
    assert "could not handle" not in outcome.message
    assert outcome.points == 0


@NUMBERS
def test_object_that_converts_to_the_right_answer_is_refused(of, name):
    """The answer would be asked for its value more than once, and could tell a different one."""
    question, values = _question(of, name), right_answers(of)[name]
    assert not question.check(converts_to(values)).correct
    agreeable = [Agreeable(value) for value in np.atleast_1d(values)]
    assert not question.check(agreeable if _is_row(question) else agreeable[0]).correct


# Without the questions with a judgement of their own: theirs may run simulations for any answer.
@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    which=st.sampled_from([param.values for param in _questions(Number, Function, Choice)]),
    answer=JUNK,
)
def test_anything_gets_an_outcome(which, answer):
    """Some combination of plain types would crash a checker, or pass it."""
    question = _question(*which)
    outcome = question.check(answer)
    assert outcome.status in ("correct", "incorrect", "not attempted")
    assert not outcome.correct or isinstance(question.specification, Choice)


# Functions are run, contained


@FUNCTIONS
@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ZeroDivisionError("by zero"), "raised ZeroDivisionError: by zero"),
        (KeyError("x"), "raised KeyError"),
        (SystemExit(3), "raised SystemExit"),
        (RecursionError("deep"), "raised RecursionError"),
        (type("Mute", (Exception,), {"__str__": lambda self: 1 / 0})(), "raised Mute"),
    ],
)
def test_function_that_raises_is_an_error_not_a_crash(of, name, error, says):
    """A bug in the learner's function would look like one of ours, or end the kernel."""

    def raises(*arguments):
        raise error

    outcome = _question(of, name).check(raises)
    assert outcome.status == "error"
    assert says in outcome.message
    assert _question(of, name).specification.signature.partition("(")[0] in outcome.message
    assert repr(outcome).startswith("Error. ")


@FUNCTIONS
def test_hidden_tests_try_other_inputs(of, name):
    """A function fitted to the inputs that the notebook's check tries would get the points."""
    specification = _question(of, name).specification
    visible, hidden = (specification.cases(seed) for seed in (0, 2026))
    assert len(visible) >= 2
    assert len(hidden) == len(visible)
    changed = [
        not all(_same(a, b) for a, b in zip(one.arguments, other.arguments, strict=True))
        for one, other in zip(visible, hidden, strict=True)
    ]
    assert any(changed), "no input depends on the seed"
    assert not all(changed), "no input is fixed, so no edge case is sure to be tried"


# Hints and solutions


@EVERY
def test_hints_come_one_at_a_time(of, name):
    """A learner who wants a nudge would get the answer, or never get past the first hint."""
    question = _question(of, name)
    number = len(question.specification.hints)
    hints = [repr(question.hint()) for _ in range(number)]
    assert number >= 2
    assert len(set(hints)) == number
    assert hints[0].startswith(f"Hint 1 of {number}: ")
    assert repr(question.hint()) == hints[-1]


@EVERY
def test_solution_shows_code_and_meaning(of, name):
    """A learner who gives up would get a number without the thought behind it."""
    question = _question(of, name)
    text = repr(question.solution())
    for line in question.specification.solution.splitlines():
        assert line in text
    assert question.specification.praise.split()[0] in text
    if isinstance(question.specification, Function):
        assert f"def {question.specification.signature}:" in text


@EVERY
def test_question_tells_the_form_of_its_answer(of, name):
    """A learner would be refused for a unit or tolerance that nobody had told."""
    question = _question(of, name)
    text = " ".join(repr(question).split())
    specification = question.specification
    assert specification.title in text
    if not isinstance(specification, Choice):
        assert "tolerance" in text or "exact" in text
    unit = getattr(specification, "unit", "")
    assert {"": "", "°": "degrees"}.get(unit, f"in {unit}") in text
