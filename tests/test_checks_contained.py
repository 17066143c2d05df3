"""A learner's function runs in a process of its own: what it does there stays there."""

import contextlib
import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from wmtutor.checks import _contained
from wmtutor.checks._contained import run_contained
from wmtutor.checks._mechanism import Case, Exercise, Function, Slip, Tolerance
from wmtutor.units import mV

DOUBLE = Function(
    title="Twice as much",
    signature="double(x)",
    reference=lambda x: x + x,
    cases=lambda seed: [
        Case((np.array([1.0, 2.0]),), "double([1, 2])", "Every element counts."),
        Case((np.random.default_rng(seed).normal(size=3),), "double(three numbers)"),
    ],
    tolerance=Tolerance(relative=1e-9),
    slips=(Slip(lambda x: x**2, "That is the square."),),
    praise="Right.",
    hints=("Add.", "x + x"),
    solution="return 2 * x",
)


@pytest.fixture
def question():
    return Exercise("example", [DOUBLE]).q1


def _children():
    """Numbers of the processes that this one has started."""
    numbers = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if stat.read_text().rpartition(")")[2].split()[1] == str(os.getpid()):
                numbers.add(int(stat.parent.name))
    return numbers


def test_right_function_is_correct(question):
    """Nothing would come back from the other process."""
    assert question.check(lambda x: 2 * x).correct
    assert question.check(lambda x: list(2 * x)).correct


@pytest.mark.parametrize(
    ("function", "status", "says"),
    [
        (lambda x: x**2, "incorrect", "That is the square."),
        (lambda x: 3 * x, "incorrect", "expected"),
        (lambda x: 2 * x[:1], "incorrect", "The shape is (1,); (2,) is asked for"),
        (lambda x: 2.0, "incorrect", "one number; 2 are asked for"),
        (lambda x: [2.0], "incorrect", "1 values; 2 are asked for"),
        (lambda x: [2.0, None], "incorrect", "missing"),
        (lambda x: None if x[0] == 1 else 2 * x, "incorrect", "returned nothing (None). Every"),
        (lambda x: x.fill(0), "incorrect", "changed the data"),
        (lambda x: 1 / 0, "error", "raised ZeroDivisionError"),
        (lambda: 1, "error", "raised TypeError"),
        (lambda x: os._exit(0), "error", "ended the process"),
        (lambda x: np.ones(10**10), "error", "MemoryError"),
        (lambda x: float(input()), "error", "EOFError"),
        (lambda x: None, "not attempted", "returns nothing yet"),
    ],
)
def test_outcome_of_a_function(question, function, status, says):
    """A learner would get another verdict because the function runs elsewhere."""
    before = _children()
    outcome = question.check(function)
    assert outcome.status == status, outcome
    assert says in outcome.message
    assert _children() <= before


def test_outcome_of_a_function_that_never_ends():
    """A notebook would hang for good."""
    hasty = Exercise("example", [dataclasses.replace(DOUBLE, time_limit=1.0)]).q1
    before = _children()
    outcome = hasty.check(lambda x: time.sleep(60))
    assert outcome.status == "error"
    assert "may take 1 s in all" in outcome.message
    assert _children() <= before


def test_slip_of_another_shape_is_no_match(question):
    """A slip that gives a sum for a row would bring the checker down, or fit every answer."""
    total = Slip(lambda x: x.sum(), "That is the sum.")
    question = Exercise("example", [dataclasses.replace(DOUBLE, slips=(total,))]).q1
    assert "expected" in question.check(lambda x: 3 * x).message


def test_what_it_changes_is_not_changed_here(question):
    """A function could make every later answer right, or break the notebook."""
    known = {}

    def changes(x):
        known["x"] = x
        np.mean = None
        DOUBLE.__dict__["tolerance"] = Tolerance(absolute=1e9)
        os.environ["WMTUTOR_TEST"] = "1"
        os.chdir("/")
        return 0 * x

    mean, folder = np.mean, os.getcwd()
    assert question.check(changes).status == "incorrect"
    assert known == {}
    assert np.mean is mean
    assert os.getcwd() == folder
    assert "WMTUTOR_TEST" not in os.environ
    assert question.check(lambda x: 3 * x).status == "incorrect"


def test_finds_the_names_of_its_notebook(question):
    """A function that calls another one of the notebook would fail in the check alone."""
    namespace = {}
    exec("factor = 2\ndef scaled(x):\n    return factor * x\n", namespace)
    exec("def double(x):\n    return scaled(x)\n", namespace)
    assert question.check(namespace["double"]).correct


def test_interrupt_stops_a_function_that_never_returns(question):
    """Ctrl-C would wait for the time limit, or leave the process running."""

    def interrupt():
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    before = _children()
    threading.Thread(target=interrupt).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_contained(lambda index: time.sleep(60), 1, seconds=50)
    assert time.monotonic() - started < 30
    assert _children() <= before


def test_processes_that_it_starts_end_with_it(tmp_path):
    """Endless loops would pile up in the background, one for each check."""

    def starts_another(index):
        number = os.fork()
        if number == 0:
            time.sleep(60)
        (tmp_path / "number").write_text(str(number))
        return {"kind": "nothing"}

    run_contained(starts_another, 1, seconds=10)
    grandchild = int((tmp_path / "number").read_text())
    for _ in range(100):
        try:
            with open(f"/proc/{grandchild}/stat") as stat:
                state = stat.read().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            break
        if state == "Z":  # ended, and waits for somebody to notice
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"process {grandchild} lives on")


def test_files_and_connections_of_the_notebook_are_closed_there():
    """A function could write into the kernel's connections, and speak for the notebook."""
    reading, writing = os.pipe()

    def writes_everywhere(index):
        for number in range(3, 256):
            with contextlib.suppress(OSError):
                os.write(number, b"here I am")
        return {"kind": "nothing"}

    run_contained(writes_everywhere, 1, seconds=10)
    os.close(writing)
    with open(reading, "rb") as file:
        assert file.read() == b""


def test_memory_is_bounded(question, monkeypatch):
    """A slip like np.zeros((N, N, N)) would bring the learner's machine to a halt."""
    monkeypatch.setattr(_contained, "MEMORY_LIMIT", 200 * 1024**2)
    assert "MemoryError" in question.check(lambda x: x[0] * np.ones(10**8)).message
    assert question.check(lambda x: 2 * x).correct


def test_replaced_names_are_told(question, monkeypatch):
    """A cell that calls a variable np.mean would turn every later check into nonsense."""
    monkeypatch.setattr(np, "abs", lambda *arguments: np.zeros(3))
    outcome = question.check(lambda x: 3 * x)
    assert outcome.status == "error"
    assert "numpy.abs is not what it was" in outcome.message
    monkeypatch.undo()
    monkeypatch.setattr("builtins.all", lambda values: True)
    outcome = question.check(lambda x: 3 * x)
    monkeypatch.undo()
    assert outcome.status == "error"
    assert "builtins.all" in outcome.message
    assert question.check(lambda x: 2 * x).correct


def test_seed_decides_the_random_inputs():
    """Hidden tests would try the very inputs that the notebook tried."""
    first, second = (
        Exercise("example", [DOUBLE], seed).q1.specification.cases(seed) for seed in (1, 2)
    )
    known = {tuple(case.arguments[0]): 2 * case.arguments[0] for case in first}

    def fitted(x):
        return known.get(tuple(x), 0 * x)

    assert Exercise("example", [DOUBLE], 1).q1.check(fitted).correct
    assert not Exercise("example", [DOUBLE], 2).q1.check(fitted).correct
    assert not np.array_equal(first[1].arguments[0], second[1].arguments[0])


class TestWithoutFork:
    """On Windows and in a browser, functions run in the notebook's own process."""

    @pytest.fixture(autouse=True)
    def no_fork(self, monkeypatch):
        monkeypatch.delattr(os, "fork")

    def test_verdicts_are_the_same(self, question, capsys):
        """The exercises would work on Linux alone."""
        assert question.check(lambda x: 2 * x).correct
        assert question.check(lambda x: x**2).message == "That is the square."
        assert question.check(lambda x: print("here")).status == "not attempted"
        assert "ZeroDivisionError" in question.check(lambda x: 1 / 0).message
        assert "SystemExit" in question.check(lambda x: exit()).message
        assert "changed the data" in question.check(lambda x: x.fill(0)).message
        assert capsys.readouterr() == ("", "")

    def test_interrupt_passes_through(self, question):
        """A function that never returns could not be stopped."""

        def interrupted(x):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            question.check(interrupted)


def test_units_are_read_there_too():
    """A Brian2 quantity would come back as a bare number, or as nothing."""
    brian2 = pytest.importorskip("brian2")
    question = Exercise(
        "example",
        [
            Function(
                title="Rest",
                signature="rest()",
                unit="V",
                reference=lambda: -70 * mV,
                cases=lambda seed: [Case((), "rest()")],
                tolerance=Tolerance(absolute=0.1 * mV),
                praise="Right.",
                hints=("Rest.", "It is at -70 mV."),
                solution="return -70 * mV",
            )
        ],
    ).q1
    assert question.check(lambda: -70 * brian2.mV).correct
    assert "unit" in question.check(lambda: -70 * brian2.ms).message
    assert "millivolts" in question.check(lambda: -70.0).message
