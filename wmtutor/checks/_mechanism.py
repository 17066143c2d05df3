"""How an answer is judged: reading it safely, comparing it, and saying what is wrong.

An answer is read before it is compared: :func:`read_numbers` turns it into a plain float array of
the expected shape, or refuses it. Nothing here calls a method of the answer, so an object that
claims to equal everything is refused like any other object. A function given as an answer is run
in a process of its own, on copies, with limits of time and memory
(:mod:`wmtutor.checks._contained`). Before each check the names that the checkers rely on are
compared with what they were on import, so that a cell that replaces ``np.mean`` is told of it. This
keeps slips and jokes out; it is no defence against somebody who sets out to cheat: the solutions
are in this package.
"""

import builtins
import copy
import dataclasses
import math
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wmtutor.checks._contained import Message, run_contained

__all__ = [
    "Case",
    "Choice",
    "Custom",
    "Exercise",
    "Function",
    "NotAttempted",
    "Number",
    "Outcome",
    "Question",
    "Refused",
    "Slip",
    "Specification",
    "Text",
    "Tolerance",
    "read_numbers",
    "run_function",
    "show",
]

CORRECT = "correct"
INCORRECT = "incorrect"
NOT_ATTEMPTED = "not attempted"
ERROR = "error"


class Refused(Exception):
    """The answer is wrong, or not of the kind that was asked for; the text says why."""


class NotAttempted(Exception):
    """There is no answer yet."""


class AnswerFailed(Exception):
    """The learner's function raised an error; the text says which and on what input."""


class Text(str):
    """A string that a notebook shows as it reads, without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _wrap(text: str) -> str:
    """Lines short enough for a notebook's output area; blank lines and indented code are kept."""
    lines = []
    for line in text.splitlines():
        lines.append(line if line.startswith("    ") else textwrap.fill(line, 88))
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------
# Units


@dataclass(frozen=True)
class _Unit:
    brian2_name: str
    # factor that a slip of unit puts on the right value, and the words for it
    slips: tuple[tuple[float, str], ...] = ()


def _thousandth(unit: str, small: str, code: str) -> str:
    return f"That is the number of {small}, read as {unit}. Write it with its unit: {code}."


UNITS: Mapping[str, _Unit] = {
    "": _Unit("", ((100.0, "That is in percent. Give the fraction, between 0 and 1."),)),
    "s": _Unit(
        "second",
        (
            (1e3, _thousandth("seconds", "milliseconds", "1.5*ms")),
            (1e-3, "A factor of 1000 is missing. Have you multiplied by ms twice?"),
        ),
    ),
    "Hz": _Unit(
        "hertz",
        (
            (1e-3, "That is the rate in kHz (spikes per ms). Give it in Hz, spikes per second."),
            (1e3, "That is 1000 times too much. Check ms against s in your division."),
        ),
    ),
    "V": _Unit(
        "volt",
        (
            (1e3, _thousandth("volt", "millivolts", "-55*mV")),
            (1e-3, "A factor of 1000 is missing. Have you multiplied by mV twice?"),
        ),
    ),
    "A": _Unit(
        "amp",
        (
            (1e9, _thousandth("ampere", "nanoampere", "0.5*nA")),
            (1e-9, "A factor of a thousand million is missing. Have you multiplied by nA twice?"),
            (1e-3, "That is in pA, or a thousandth of what is asked for. Currents here are nA."),
        ),
    ),
    "°": _Unit(
        "",
        ((math.pi / 180, "That is the angle in radians. Angles here are degrees: np.rad2deg."),),
    ),
}


_SMALL = {"V": ("mV", 1e-3), "s": ("ms", 1e-3), "A": ("nA", 1e-9)}


def show(value: float, unit: str = "") -> str:
    """A number and its unit, short enough for a sentence."""
    if unit in _SMALL and 0 < abs(value) < 0.5:
        unit, factor = _SMALL[unit]
        value = value / factor
    return f"{value:.4g}{'' if unit in ('', '°') else ' '}{unit}"


# ---------------------------------------------------------------------------------------------
# Reading an answer

_WHOLE_NUMBERS = (int, *(np.dtype(code).type for code in "bhilqBHILQ"))
_NUMBERS = (*_WHOLE_NUMBERS, float, np.float64, np.float32, np.float16)


def _is_one_of(value: Any, types: Sequence[type]) -> bool:
    # Identity, not isinstance or ==: a subclass may redefine what it converts and compares to.
    return any(type(value) is accepted for accepted in types)


def type_name(value: Any) -> str:
    """The name of a value's class, whatever its metaclass would rather say."""
    return str(type.__dict__["__name__"].__get__(type(value)))[:40]


def _is_missing(value: Any) -> bool:
    return value is None or value is Ellipsis


def _is_text(value: Any) -> bool:
    return issubclass(type(value), (str, bytes))


def _brian2_quantity(value: Any) -> bool:
    units = sys.modules.get("brian2.units.fundamentalunits")
    return units is not None and _is_one_of(value, (units.Quantity, units.Unit))


def _read_number(value: Any) -> float:
    """One plain number, or Refused."""
    if _is_missing(value):
        raise Refused("A value is missing (None or ...).")
    if _is_one_of(value, (bool, np.bool_)):
        raise Refused("That is a truth value (True or False). A number is asked for.")
    if _is_text(value):
        raise Refused("That is text. Give the number itself, without quotes.")
    if not _is_one_of(value, _NUMBERS):
        raise Refused(f"That is an object of type {type_name(value)}. A plain number is asked for.")
    try:
        number = float(value)
    except OverflowError:
        raise Refused("That number is too large to be a sensible answer.") from None
    if math.isnan(number):
        raise Refused(
            "That is NaN (not a number). It comes from 0/0 or from the mean of nothing: "
            "look whether your window or selection is empty."
        )
    if math.isinf(number):
        raise Refused("That is infinite. Look for a division by zero.")
    return number


#: Elements; no question asks for an array of more.
_LARGEST = 2_000_000


def _fit(form: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Refuse an answer of another shape than the one asked for; ``form`` is how it was given."""
    if shape == wanted:
        return
    if form == "number":
        asked = f"{wanted[0]} are asked for, as a list or an array"
        if len(wanted) > 1:
            asked = f"an array of shape {wanted} is asked for"
        raise Refused(f"That is one number; {asked}.")
    if form == "array":
        if wanted == ():
            raise Refused(
                f"That is an array of shape {shape}. One number is asked for: "
                "average it, or take the one element you mean."
            )
        raise Refused(f"The shape is {shape}; {wanted} is asked for.")
    if wanted == ():
        raise Refused(f"That is a {form} of length {shape[0]}. One number is asked for.")
    if len(wanted) > 1:
        raise Refused(f"That is a {form}; an array of shape {wanted} is asked for.")
    raise Refused(f"That has {shape[0]} values; {wanted[0]} are asked for.")


def _read_array(value: Any, unit: str, shape: tuple[int, ...] | None) -> np.ndarray:
    """A plain array out of an exact ndarray or a Brian2 quantity, or Refused."""
    if _brian2_quantity(value):
        wanted = UNITS[unit].brian2_name
        right_unit = (
            value.dim is getattr(sys.modules["brian2"], wanted).dim
            if wanted
            else value.dim.is_dimensionless
        )
        if not right_unit:
            raise Refused(
                f"Your answer has the unit {value.dim}; "
                f"{f'{unit} is' if wanted else 'a number without unit is'} asked for."
            )
    array = np.ndarray.view(value, np.ndarray)
    if array.dtype.kind not in "iuf":
        raise Refused("The array holds something other than numbers.")
    if shape is not None:
        _fit("array", array.shape, shape)
    if array.size > _LARGEST:
        raise Refused(f"That array has {array.size} elements, far more than are asked for.")
    plain = array.astype(float)
    strange = plain[~np.isfinite(plain)]
    if strange.size:
        _read_number(float(strange[0]))
    return plain


def _read_element(value: Any, unit: str) -> float:
    """One value of a list: a plain number, or an array or quantity without dimensions."""
    if _is_one_of(value, (np.ndarray,)) or _brian2_quantity(value):
        return float(_read_array(value, unit, ()))
    return _read_number(value)


def _read(answer: Any, unit: str, shape: tuple[int, ...] | None) -> tuple[str, np.ndarray]:
    """How the answer was given, and its values; without a shape, any will do."""
    if _is_missing(answer):
        raise NotAttempted
    if _is_one_of(answer, (np.ndarray,)) or _brian2_quantity(answer):
        return "array", _read_array(answer, unit, shape)
    if _is_one_of(answer, (list, tuple)):
        form = type_name(answer)
        if shape is not None:
            _fit(form, (len(answer),), shape)
        if len(answer) > _LARGEST:
            raise Refused(f"That {form} has {len(answer)} values, far more than are asked for.")
        if answer and all(_is_missing(value) for value in answer):
            raise NotAttempted
        return form, np.array([_read_element(value, unit) for value in answer], dtype=float)
    number = _read_number(answer)
    if shape is not None:
        _fit("number", (), shape)
    return "number", np.array(number)


def read_numbers(answer: Any, unit: str = "", shape: tuple[int, ...] = ()) -> np.ndarray:
    """A plain float array of the shape asked for, or a reason why there is none.

    Parameters
    ----------
    answer : object
        Plain Python or NumPy numbers, exact arrays of them, flat lists or tuples, or Brian2
        quantities. Subclasses are refused: they may redefine conversion and comparison.
    unit : str
        The unit asked for, a key of ``UNITS``; Brian2 quantities must have it.
    shape : tuple of int
        ``()`` for one number, ``(n,)`` for a row of them.

    Returns
    -------
    ndarray of float, with the given shape
        In SI units (angles in degrees).

    Raises
    ------
    Refused
        For any other type or shape, and for NaN or infinite values.
    NotAttempted
        For None, Ellipsis, or a list of nothing else.

    Examples
    --------
    >>> read_numbers([1, 2.5], shape=(2,))
    array([1. , 2.5])
    """
    return _read(answer, unit, shape)[1]


# ---------------------------------------------------------------------------------------------
# Comparing


@dataclass(frozen=True)
class Tolerance:
    """How far an answer may be from the reference: ``absolute + relative * |reference|``.

    Attributes
    ----------
    relative : float
        A fraction of the reference.
    absolute : float or tuple of float
        In the unit of the answer; a tuple has one for each value of a row.
    """

    relative: float = 0.0
    absolute: float | tuple[float, ...] = 0.0

    def accepts(self, answer: np.ndarray, reference: np.ndarray, unit: str = "") -> np.ndarray:
        """Whether each value is close enough; of angles, 359° and 1° are 2° apart."""
        difference = answer - reference
        if unit == "°":
            difference = (difference + 180.0) % 360.0 - 180.0
        return np.abs(difference) <= np.asarray(self.absolute) + self.relative * np.abs(reference)

    def describe(self, unit: str) -> str:
        """The tolerance in words."""
        parts = [f"{100 * self.relative:g} %"] if self.relative else []
        if self.absolute:
            each = self.absolute if isinstance(self.absolute, tuple) else (self.absolute,)
            parts.append(" and ".join(show(value, unit) for value in each))
        return f"tolerance {' + '.join(parts)}" if parts else "exact"


@dataclass(frozen=True)
class Slip:
    """A likely mistake: where it leads from the right values, and what to say about it.

    Attributes
    ----------
    leads_to : callable
        For a :class:`Number`, the right values in, the wrong ones out. For a :class:`Function`,
        the function as one writes it with this mistake.
    message : str
        Names the mistake and the way out, in full sentences.
    """

    leads_to: Callable[..., Any]
    message: str


# ---------------------------------------------------------------------------------------------
# Kinds of question


@dataclass(frozen=True, kw_only=True)
class Specification:
    """What every kind of question has.

    Attributes
    ----------
    title : str
        A few words.
    points : int
        Given for a correct answer.
    praise : str
        What a correct answer shows; told with it.
    hints : tuple of str
        From a nudge to nearly the answer.
    solution : str
        Code that answers, the same as in the solution notebook; of a function, the body.
    """

    title: str
    points: int = 1
    praise: str
    hints: tuple[str, ...]
    solution: str

    def describe(self) -> str:
        """The form that an answer has, in words."""
        raise NotImplementedError

    def code(self) -> str:
        """The solution as one would type it."""
        return self.solution

    def judge(self, answer: Any, seed: int) -> None:
        """Return for a correct answer; raise Refused, NotAttempted or AnswerFailed for others."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Number(Specification):
    """A question answered by a number, or by a row of them.

    Attributes
    ----------
    reference : callable
        Computes the right values.
    tolerance : Tolerance
        How far off counts as right.
    unit : str
        A key of ``UNITS``.
    labels : tuple of str
        Names of the values of a row; empty for one number.
    slips : tuple of Slip
        Likely mistakes of this question; slips of unit are known already.
    remark : str
        What to look at first when an answer is off and no slip explains it.
    """

    reference: Callable[[], Any]
    tolerance: Tolerance
    unit: str = ""
    labels: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()
    remark: str = ""

    def describe(self) -> str:
        """The form that an answer has, in words."""
        kind = "a number"
        if self.labels:
            kind = f"a list of {len(self.labels)} numbers ({'; '.join(self.labels)})"
        unit = f" in {'degrees' if self.unit == '°' else self.unit}" if self.unit else ""
        return f"{kind}{unit}, {self.tolerance.describe(self.unit)}"

    def judge(self, answer: Any, seed: int) -> None:
        """Compare with the reference, value by value; look for a known slip where one is wrong."""
        shape = (len(self.labels),) if self.labels else ()
        values = read_numbers(answer, self.unit, shape)
        reference = np.broadcast_to(np.asarray(self.reference(), dtype=float), shape)
        close = self.tolerance.accepts(values, reference, self.unit)
        if close.all():
            return
        given = "" if self.labels else f"You gave {show(float(values), self.unit)}. "
        for slip in self.slips:
            mistaken = np.asarray(slip.leads_to(reference), dtype=float)
            if self.tolerance.accepts(values, mistaken, self.unit).all():
                raise Refused(given + slip.message)
        for factor, message in UNITS[self.unit].slips:
            if self.tolerance.accepts(values / factor, reference, self.unit).all():
                raise Refused(given + message)
        first = int(np.flatnonzero(~np.atleast_1d(close))[0])
        value, right = np.atleast_1d(values)[first], np.atleast_1d(reference)[first]
        where = f" ({self.labels[first]})" if self.labels else ""
        off = "is off" if self.unit == "°" else f"is too {'high' if value > right else 'low'}"
        raise Refused(
            f"{show(value, self.unit)}{where} {off} ({self.tolerance.describe(self.unit)}). "
            f"{self.remark}"
        )


@dataclass(frozen=True, kw_only=True)
class Choice(Specification):
    """A question answered by the letter of one statement.

    Attributes
    ----------
    right : str
        The letter of the right statement.
    wrong : mapping of str to str
        For each other letter, why it is wrong.
    """

    right: str
    wrong: Mapping[str, str]

    def describe(self) -> str:
        """The form that an answer has, in words."""
        letters = sorted([self.right, *self.wrong])
        return f'one letter, "{letters[0]}" to "{letters[-1]}", in quotes'

    def judge(self, answer: Any, seed: int) -> None:
        """Look the letter up."""
        if _is_missing(answer):
            raise NotAttempted
        if not _is_one_of(answer, (str,)):
            raise Refused(
                f"That is an object of type {type_name(answer)}. The answer is {self.describe()}."
            )
        letter = answer.strip().strip("()").lower()
        if not letter:
            raise NotAttempted
        if letter == self.right:
            return
        if letter not in self.wrong:
            raise Refused(f"The answer is {self.describe()}.")
        raise Refused(f"Not ({letter}): {self.wrong[letter]}")


@dataclass(frozen=True)
class Case:
    """One input on which a function is tried.

    Attributes
    ----------
    arguments : tuple
        What the function is called with.
    shown : str
        The call as the message shows it.
    why : str
        What this input is there to find out; told when the function fails it.
    """

    arguments: tuple[Any, ...]
    shown: str
    why: str = ""


def _same(a: Any, b: Any) -> bool:
    """Whether an argument still is what it was; only ever given arguments made here."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if dataclasses.is_dataclass(a):
        return all(_same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


def _words_of(error: BaseException) -> str:
    """An error's type and text; its own ``__str__`` may fail."""
    try:
        text = str.__str__(str(error))
    except Exception:
        text = ""
    first = text.strip().splitlines()[0][:200] if text.strip() else ""
    return f"{type_name(error)}: {first}" if first else type_name(error)


@dataclass(frozen=True, kw_only=True)
class Function(Specification):
    """A question answered by a function, tried on several inputs.

    Attributes
    ----------
    signature : str
        The call, as in ``"mean_rate(rate_monitor, t_min, t_max)"``.
    reference : callable
        An implementation independent of the one in the notebook.
    cases : callable
        Makes the inputs out of a seed: the edge cases, and some that the seed decides.
    tolerance : Tolerance
        How far off counts as right.
    unit : str
        Of what the function returns; a key of ``UNITS``.
    slips : tuple of Slip
        The function with a likely mistake in it.
    time_limit : float
        Seconds that all cases together may take.
    """

    signature: str
    reference: Callable[..., Any]
    cases: Callable[[int], Sequence[Case]]
    tolerance: Tolerance
    unit: str = ""
    slips: tuple[Slip, ...] = ()
    time_limit: float = 20.0

    def describe(self) -> str:
        """The form that an answer has, in words."""
        unit = (
            f", with values in {'degrees' if self.unit == '°' else self.unit}" if self.unit else ""
        )
        return f"the function {self.signature}{unit}, {self.tolerance.describe(self.unit)}"

    def code(self) -> str:
        """The solution as one would type it."""
        return f"def {self.signature}:\n{textwrap.indent(self.solution, '    ')}"

    def judge(self, answer: Any, seed: int) -> None:
        """Run the function on every case and compare all values."""
        if _is_missing(answer):
            raise NotAttempted
        name = self.signature.partition("(")[0]
        if not callable(answer):
            raise Refused(
                f"That is an object of type {type_name(answer)}. Give the function itself, "
                f"without calling it: check({name})."
            )
        cases = self.cases(seed)
        answers = run_function(answer, name, cases, self.unit, self.time_limit)
        # Only now: while the function runs, the right values are nowhere in its process.
        expected = [np.asarray(self.reference(*case.arguments), dtype=float) for case in cases]
        values = []
        for case, (form, value), right in zip(cases, answers, expected, strict=True):
            try:
                _fit(form, value.shape, right.shape)
            except Refused as refusal:
                raise Refused(f"{case.shown}: {refusal}") from None
            values.append(value)
        close = self._compare(values, expected)
        if all(close):
            return
        for slip in self.slips:
            mistaken = [np.asarray(slip.leads_to(*case.arguments), dtype=float) for case in cases]
            if all(self._compare(values, mistaken)):
                raise Refused(slip.message)
        for factor, message in UNITS[self.unit].slips:
            if all(self._compare([value / factor for value in values], expected)):
                raise Refused(f"On every input, {message[0].lower()}{message[1:]}")
        first = close.index(False)
        # Of an array, show the element that is furthest off.
        value, right = values[first].ravel(), expected[first].ravel()
        worst = int(np.argmax(np.abs(value - right)))
        place = ", ".join(str(index) for index in np.unravel_index(worst, expected[first].shape))
        where = f" at element [{place}]" if right.size > 1 else ""
        raise Refused(
            f"{cases[first].shown} gave {show(value[worst], self.unit)}{where}, expected "
            f"{show(right[worst], self.unit)} ({self.tolerance.describe(self.unit)}). "
            f"{cases[first].why}"
        )

    def _compare(self, values: list[np.ndarray], right: list[np.ndarray]) -> list[bool]:
        return [
            value.shape == wanted.shape
            and bool(self.tolerance.accepts(value, wanted, self.unit).all())
            for value, wanted in zip(values, right, strict=True)
        ]


def run_function(
    function: Callable[..., Any],
    name: str,
    cases: Sequence[Case],
    unit: str = "",
    seconds: float = 20.0,
) -> list[tuple[str, np.ndarray]]:
    """What a learner's function returns on every case, run in a process of its own.

    Parameters
    ----------
    function : callable
        Gets copies of the arguments.
    name : str
        Of the function, for messages.
    cases : sequence of Case
    unit : str
        Of the values; a key of ``UNITS``.
    seconds : float
        For all cases together.

    Returns
    -------
    list of (str, ndarray)
        For each case how the values were given ("number", "list", "tuple" or "array"), and they.

    Raises
    ------
    NotAttempted
        If it returns nothing on any case, or raises NotImplementedError.
    AnswerFailed
        If it raises, does not end in time, or ends the process.
    Refused
        If it returns something else than numbers, or changes its arguments.
    """

    def work(index: int) -> Message:
        return _call(function, cases[index], unit)

    messages = run_contained(work, len(cases), seconds)
    if any(message["kind"] == "not attempted" for message in messages):
        raise NotAttempted
    if all(message["kind"] == "nothing" for message in messages):
        raise NotAttempted(f"{name} returns nothing yet: end it with a return statement.")
    values = []
    for case, message in zip(cases, messages, strict=False):
        match message:
            case {"kind": "value", "form": str(form), "shape": list(shape)}:
                flat = message.get("values", np.empty(0))
                if flat.size != math.prod(shape):
                    raise AnswerFailed(f"{case.shown} disturbed the process it was run in.")
                values.append((form, flat.reshape(shape)))
            case {"kind": "nothing"}:
                raise Refused(f"{case.shown} returned nothing (None). {case.why}")
            case {"kind": "changed"}:
                raise Refused(
                    f"{case.shown} changed the data it was given. Work on a copy (array.copy()), "
                    "so that the caller's data stays as it was."
                )
            case {"kind": "refused", "text": str(text)}:
                raise Refused(f"{case.shown}: {text}")
            case {"kind": "error", "text": str(text)}:
                raise AnswerFailed(f"{case.shown} raised {text}")
            case {"kind": "time"}:
                raise AnswerFailed(
                    f"{case.shown} was stopped: {name} may take {seconds:g} s in all. "
                    "Is there a loop that never ends, or one that NumPy could do at once?"
                )
            case _:
                raise AnswerFailed(
                    f"{case.shown} ended the process it was run in. Take out what exits."
                )
    return values


def _call(function: Callable[..., Any], case: Case, unit: str) -> Message:
    """One call on copies of the arguments, in the child; what became of it."""
    given = copy.deepcopy(case.arguments)
    try:
        value = function(*given)
    except NotImplementedError:
        return {"kind": "not attempted"}
    except KeyboardInterrupt:  # in the notebook's own process it is the learner's
        raise
    except BaseException as error:  # SystemExit too: exit() must not end the notebook
        return {"kind": "error", "text": _words_of(error)}
    if not all(_same(a, b) for a, b in zip(given, case.arguments, strict=True)):
        return {"kind": "changed"}
    if _is_missing(value):
        return {"kind": "nothing"}
    try:
        form, values = _read(value, unit, None)
    except NotAttempted:
        return {"kind": "nothing"}
    except Refused as refusal:
        return {"kind": "refused", "text": str(refusal)}
    return {"kind": "value", "form": form, "shape": list(values.shape), "values": values}


@dataclass(frozen=True, kw_only=True)
class Custom(Specification):
    """A question with a judgement of its own.

    Attributes
    ----------
    form : str
        What the answer looks like, in words.
    judgement : callable
        Of the answer and a seed. Returns for a right answer, raises Refused or NotAttempted for
        others.
    """

    form: str
    judgement: Callable[[Any, int], None]

    def describe(self) -> str:
        """The form that an answer has, in words."""
        return self.form

    def judge(self, answer: Any, seed: int) -> None:
        """Hand over to the question's own judgement."""
        self.judgement(answer, seed)


# ---------------------------------------------------------------------------------------------
# What the checkers rely on

_BUILTINS = (
    "abs all any bool callable float int isinstance issubclass len max min round sum type zip"
)


def _relied_on() -> dict[tuple[str, str], Any]:
    """Names whose replacement would change what a checker finds."""
    names = {("builtins", name): getattr(builtins, name) for name in _BUILTINS.split()}
    for module in (np, np.linalg, np.fft, math, sys.modules[__name__]):
        for name, value in vars(module).items():
            if callable(value) and not name.startswith("__"):
                names[module.__name__, name] = value
    return names


def _look_for_replaced_names() -> None:
    for (module, name), value in _ORIGINALS.items():
        if vars(sys.modules[module]).get(name) is not value:
            raise AnswerFailed(
                f"{module}.{name} is not what it was: some cell has given that name to something "
                "else. Take that line out, restart the kernel and run the cells again."
            )


# ---------------------------------------------------------------------------------------------
# What a learner holds


@dataclass(frozen=True, repr=False)
class Outcome:
    """What became of an answer.

    Attributes
    ----------
    status : {"correct", "incorrect", "not attempted", "error"}
        "error" means that the answer, a function, raised an error when it was run.
    message : str
        The reason, or what the right answer shows.
    points, points_possible : float
        Given, and to be had.
    """

    status: str
    message: str
    points: float
    points_possible: float

    @property
    def correct(self) -> bool:
        """Whether the answer is right."""
        return self.status == CORRECT

    def __repr__(self) -> str:
        return _wrap(f"{self.status.capitalize()}. {self.message}")


class Question:
    """One question of an exercise: ``check`` an answer, ask for a ``hint``, see the ``solution``.

    Attributes
    ----------
    name : str
        As in ``q1``.
    outcome : Outcome
        Of the last answer checked.
    seed : int
        Decides the random inputs on which functions are tried.
    """

    def __init__(self, name: str, specification: Specification, seed: int = 0) -> None:
        self.name = name
        self.specification = specification
        self.seed = seed
        self.outcome = self._outcome(NOT_ATTEMPTED, "")
        self._hints_given = 0

    def check(self, answer: Any = None) -> Outcome:
        """Tell whether an answer holds, and if not, why.

        Parameters
        ----------
        answer : object
            In the form that the question's own description (``ex.q1``) gives. Numbers are in SI
            units, angles in degrees; a Brian2 quantity of the right dimension will do.

        Returns
        -------
        Outcome
            Never raises: an answer that cannot be read is incorrect, a function that fails is an
            error, and both say so.

        Examples
        --------
        >>> from wmtutor.checks import exercise
        >>> exercise("bump_1").q1.check(None).status
        'not attempted'
        """
        try:
            _look_for_replaced_names()
            self.specification.judge(answer, self.seed)
        except NotAttempted as none_yet:
            reason = str(none_yet) or f"The answer is {self.specification.describe()}."
            self.outcome = self._outcome(NOT_ATTEMPTED, reason)
        except Refused as refusal:
            self.outcome = self._outcome(INCORRECT, str(refusal))
        except AnswerFailed as failure:
            self.outcome = self._outcome(ERROR, str(failure))
        except Exception as error:
            # Whatever the answer was, it must not end the notebook's run.
            message = f"The checker could not handle this answer ({_words_of(error)})."
            self.outcome = self._outcome(ERROR, message)
        else:
            self.outcome = self._outcome(CORRECT, self.specification.praise)
        return self.outcome

    def _outcome(self, status: str, message: str) -> Outcome:
        possible = self.specification.points
        return Outcome(status, message.strip(), possible if status == CORRECT else 0, possible)

    def hint(self) -> Text:
        """Give the next hint; after the last, the last again.

        Returns
        -------
        Text
        """
        hints = self.specification.hints
        self._hints_given = min(self._hints_given + 1, len(hints))
        number = self._hints_given
        return Text(_wrap(f"Hint {number} of {len(hints)}: {hints[number - 1]}"))

    def solution(self) -> Text:
        """Show code that answers the question, and what the answer says.

        Returns
        -------
        Text
        """
        code = textwrap.indent(self.specification.code(), "    ")
        return Text(_wrap(f"Solution of {self.name}:\n\n{code}\n\n{self.specification.praise}"))

    def __repr__(self) -> str:
        points = self.specification.points
        return _wrap(
            f"{self.name}, {self.specification.title} ({points} point{'s' * (points != 1)}). "
            f"Answer: {self.specification.describe()}."
        )


@dataclass(repr=False, eq=False)
class Exercise:
    """The questions of one notebook, by name: ``ex.q1``, ``ex.q2`` ...

    Attributes
    ----------
    name : str
        As given to :func:`wmtutor.checks.exercise`.
    seed : int
        As given there.
    questions : dict of str to Question
        In order.
    """

    name: str
    specifications: dataclasses.InitVar[Sequence[Specification]]
    seed: int = 0
    questions: dict[str, Question] = field(init=False)

    def __post_init__(self, specifications: Sequence[Specification]) -> None:
        self.questions = {
            f"q{number}": Question(f"q{number}", specification, self.seed)
            for number, specification in enumerate(specifications, start=1)
        }

    def __getattr__(self, name: str) -> Question:
        questions = self.__dict__.get("questions", {})
        if name in questions:
            return questions[name]
        raise AttributeError(
            f"exercise {self.__dict__.get('name')!r} has no {name!r}; it has "
            f"{', '.join(questions)} and progress()"
        )

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.questions]

    def progress(self) -> Text:
        """Where you stand: every question, what became of its last answer, and the points.

        Returns
        -------
        Text
            A table as text.
        """
        rows = []
        for name, question in self.questions.items():
            outcome = question.outcome
            rows.append(
                f"{name:<4} {question.specification.title:<44} {outcome.status:<14}"
                f"{outcome.points:>2} of {outcome.points_possible}"
            )
        got = sum(question.outcome.points for question in self.questions.values())
        possible = sum(question.outcome.points_possible for question in self.questions.values())
        return Text("\n".join([*rows, f"{got} of {possible} points"]))

    def __repr__(self) -> str:
        return f"exercise {self.name!r}: {', '.join(self.questions)} and progress()"


# Last, when every name of this module is there.
_ORIGINALS = _relied_on()
