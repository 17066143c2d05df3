"""What learners may hand in: right answers, none, and what only looks like one.

The right answers are those of the solution notebooks. For the other kinds see ``EVASIVE`` and
``JUNK``; no checker may accept any of them, or fail on one.
"""

import builtins
import contextlib
import functools
import importlib.util
import math
import os
import signal
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path
from unittest.mock import MagicMock

import nbformat
import numpy as np
from hypothesis import strategies as st

from wmtutor.checks import EXERCISES, _mechanism

ROOT = Path(__file__).parent.parent
#: Each exercise and its notebook.
NOTEBOOKS = {
    name: f"{stem}.ipynb"
    for name, stem in EXERCISES.items()
    if (ROOT / "solutions" / f"{stem}.ipynb").exists()
    and importlib.util.find_spec(f"wmtutor.checks.{name}")
}


@functools.cache
def right_answers(exercise_name):
    """The answer to every question, by running the solution notebook's cells."""
    notebook = nbformat.read(ROOT / "solutions" / NOTEBOOKS[exercise_name], as_version=4)
    namespace = {}
    for cell in notebook.cells:
        # What is there for exploring is no answer to anything.
        if cell.cell_type == "code" and not cell.id.endswith(("progress", "-explore", "-check")):
            exec(compile(cell.source, cell.id, "exec"), namespace)
    checked = {
        cell.id.partition("-")[0]: cell.source.rpartition("check(")[2].rstrip(")")
        for cell in notebook.cells
        if cell.id.endswith("-check")
    }
    return {name: namespace[variable] for name, variable in checked.items()}


# What is missing


def stub(*arguments):
    """An untouched answer cell leaves a function like this."""


def not_implemented(*arguments):
    raise NotImplementedError


# What only looks like an answer


class EqualsEverything:
    """Agrees with whoever asks."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("c")

    def __abs__(self):
        return 0.0

    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __truediv__ = lambda self, other: self
    __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True


class TypeThatEqualsFloat(type):
    """A metaclass under which ``type(answer) == float`` and ``type(answer) in {float}`` hold."""

    __name__ = "float"

    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(float)

    def __instancecheck__(cls, instance):
        return True


class Chameleon(metaclass=TypeThatEqualsFloat):
    __class__ = float

    def __float__(self):
        return 1400.0


def converts_to(value):
    """An object whose conversions give the right answer on request."""
    array = np.asarray(value, dtype=float)
    methods = {
        "__float__": lambda self: float(array.ravel()[0]),
        "__index__": lambda self: int(array.ravel()[0]),
        "__array__": lambda self, *a, **k: array,
        "__iter__": lambda self: iter(np.atleast_1d(array)),
        "__len__": lambda self: array.size,
        "__getitem__": lambda self, index: array[index],
    }
    return type("Converts", (), methods)()


class Agreeable(float):
    """A float that equals everything and is never far from anything."""

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__

    def __sub__(self, other):
        return 0.0

    __rsub__ = __abs__ = __sub__


class AgreeableArray(np.ndarray):
    """An array that claims to be whatever it is compared with."""

    def __array_ufunc__(self, *arguments, **keywords):
        return np.zeros(3)

    def __eq__(self, other):
        return True

    __hash__ = None


class AgreeableText(str):
    """Text that equals every letter."""

    __slots__ = ()

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__

    def strip(self, *characters):
        return self

    def lower(self):
        return "c"


class RaisesOnTouch:
    """Raises at whatever is done to it."""

    def __getattribute__(self, name):
        raise RuntimeError("do not touch")

    def __repr__(self):
        raise RuntimeError("do not print")


def list_of_itself():
    forever = []
    forever.append(forever)
    return forever


async def coroutine(*arguments):
    return 0.0


# Functions that do harm where they run. None gives a right answer.


def loops(*arguments):
    while True:
        pass


def sleeps(*arguments):
    time.sleep(3600)


def starts_a_thread_that_loops(*arguments):
    threading.Thread(target=loops).start()
    return math.nan


def exits(*arguments):
    sys.exit(0)


def ends_the_process(*arguments):
    os._exit(0)


def aborts(*arguments):
    os.abort()


def kills_itself(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def forks(*arguments):
    os.fork()
    return math.nan


def raises_what_few_catch(*arguments):
    raise type("Evil", (BaseException,), {"__str__": lambda self: 1 / 0})


def raises_an_interrupt(*arguments):
    raise KeyboardInterrupt


def recurses(*arguments):
    return recurses(*arguments)


def takes_all_memory(*arguments):
    hoard = []
    while True:
        hoard.append(np.ones(10**7))


def prints_without_end(*arguments):
    for _ in range(10**4):
        print("Correct. " * 100)
    os.write(1, b"Correct. ")
    return math.nan


def asks_for_input(*arguments):
    return float(input("right answer? "))


def patches_numpy(*arguments):
    for name in ("abs", "mean", "sum", "allclose", "array_equal", "asarray", "isnan"):
        setattr(np, name, lambda *a, **k: np.True_)
    return 0.0


def patches_the_checker(*arguments):
    _mechanism.Tolerance.accepts = lambda *a, **k: np.ones(1, dtype=bool)
    _mechanism.Function._compare = lambda *a: [True]
    _mechanism.Function.judge = lambda *a: None
    _mechanism.Question.check = lambda *a: _mechanism.Outcome("correct", "Ha.", 99, 1)
    return 0.0


def patches_builtins(*arguments):
    builtins.all = builtins.any = lambda values: True
    return 0.0


def spoils_its_arguments(*arguments):
    for argument in arguments:
        for array in (argument, *getattr(argument, "__dict__", {}).values()):
            if isinstance(array, np.ndarray):
                array.flags.writeable = True
                array[...] = 0
    return 0.0


def looks_at_its_callers(*arguments):
    frame = sys._getframe()
    while frame:
        for name in ("expected", "right", "reference", "wanted"):
            if isinstance(frame.f_locals.get(name), list):
                return frame.f_locals[name][0]
        frame = frame.f_back
    return math.nan


def closes_all_files(*arguments):
    os.closerange(3, 256)
    return 0.0


def writes_into_every_pipe(*arguments):
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, b"\0" * 64)
    return 0.0


#: Those that never return, if nobody stops them.
ENDLESS = (loops, sleeps)
HARMFUL = (
    *ENDLESS,
    starts_a_thread_that_loops,
    exits,
    ends_the_process,
    aborts,
    kills_itself,
    forks,
    raises_what_few_catch,
    raises_an_interrupt,
    recurses,
    takes_all_memory,
    prints_without_end,
    asks_for_input,
    patches_numpy,
    patches_the_checker,
    patches_builtins,
    spoils_its_arguments,
    looks_at_its_callers,
    closes_all_files,
    writes_into_every_pipe,
)


EVASIVE = {
    "NaN": lambda: math.nan,
    "NumPy NaN": lambda: np.float64("nan"),
    "infinity": lambda: math.inf,
    "minus infinity": lambda: -math.inf,
    "array of NaN": lambda: np.full(3, np.nan),
    "list with infinity": lambda: [1.0, math.inf, 2.0],
    "huge integer": lambda: 10**400,
    "equals everything": EqualsEverything,
    "list of those": lambda: [EqualsEverything()] * 3,
    "pretends to be a float": Chameleon,
    "converts to 1400": lambda: converts_to(1400.0),
    "float subclass": lambda: Agreeable(0.0),
    "list of float subclass": lambda: [Agreeable(0.0)] * 3,
    "array subclass": lambda: np.zeros(3).view(AgreeableArray),
    "array subclass, scalar": lambda: np.array(1400.0).view(AgreeableArray),
    "masked array": lambda: np.ma.masked_all(3),
    "text": lambda: "1400",
    "bytes": lambda: b"c",
    "text subclass": lambda: AgreeableText("z"),
    "shape (1,)": lambda: np.array([1400.0]),
    "shape (3, 1)": lambda: np.ones((3, 1)),
    "shape (0,)": lambda: np.array([]),
    "empty list": list,
    "nested list": lambda: [[1.0], [2.0], [3.0]],
    "large array": lambda: np.zeros(10**7),
    "object array": lambda: np.array([EqualsEverything()] * 3),
    "structured array": lambda: np.zeros(3, dtype=[("a", float)]),
    "array of truth values": lambda: np.ones(3, dtype=bool),
    "complex": lambda: 1400 + 0j,
    "decimal": lambda: Decimal(1400),
    "generator": lambda: (value for value in (1.0, 2.0, 3.0)),
    "range": lambda: range(3),
    "set": lambda: {1.0, 2.0, 3.0},
    "dictionary": lambda: {"c": 1400},
    "true": lambda: True,
    "NumPy true": lambda: np.True_,
    "raises on touch": RaisesOnTouch,
    "class": lambda: float,
    "mock": MagicMock,
    "mock of one": lambda: MagicMock(return_value=EqualsEverything()),
    "returns everything": lambda: lambda *arguments: EqualsEverything(),
    "returns float subclass": lambda: lambda *arguments: Agreeable(0.0),
    "returns NaN": lambda: lambda *arguments: math.nan,
    "returns text": lambda: lambda *arguments: "0",
    "returns true": lambda: lambda *arguments: True,
    "returns an array": lambda: lambda *arguments: np.zeros(1000),
    "returns a generator": lambda: lambda *arguments: (x for x in ()),
    "takes nothing": lambda: lambda: 1.0,
    "huge view": lambda: np.broadcast_to(0.0, (10**6, 10**6)),
    "list of itself": list_of_itself,
    "huge list": lambda: [0.0] * 3_000_000,
    "returns a huge view": lambda: lambda *arguments: np.broadcast_to(0.0, (10**6, 10**6)),
    "returns a huge array": lambda: lambda *arguments: np.zeros(10**12),
    "returns a list of itself": lambda: lambda *arguments: list_of_itself(),
    "returns a function": lambda: lambda *arguments: float,
    "coroutine": lambda: coroutine,
} | {name.__name__.replace("_", " "): functools.partial(lambda f: f, name) for name in HARMFUL}


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(0, 3) | st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=6,
)
