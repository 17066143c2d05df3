"""Checks of arguments, and the words of their errors.

Each check returns the cleaned value or raises ``TypeError`` (wrong kind of thing) or ``ValueError``
(wrong value). A message names the argument, the value, its unit and the fix.
"""

import importlib
import importlib.util
import math
import numbers
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "AMPERE",
    "DEGREE",
    "HERTZ",
    "NUMBER",
    "SECOND",
    "SIEMENS",
    "VOLT",
    "Unit",
    "check_backend",
    "check_choice",
    "check_count",
    "check_flag",
    "check_indices",
    "check_jobs",
    "check_numbers",
    "check_quantity",
    "check_seed",
    "check_vector",
    "check_window",
]


@dataclass(frozen=True)
class Unit:
    """A unit as the errors speak of it: its SI symbol and the names of its usual multiples."""

    symbol: str
    multiples: tuple[tuple[str, float], ...] = ()
    brian2_name: str = ""

    def show(self, value: float) -> str:
        """The value in the multiple that makes it easy to read, written as code: ``70*ms``."""
        for name, factor in self.multiples:
            if value == 0 or abs(value) >= factor:
                return f"{value / factor:g}*{name}"
        if self.multiples:
            name, factor = self.multiples[-1]
            return f"{value / factor:g}*{name}"
        return f"{value:g}{'' if self.symbol in ('', '°') else ' '}{self.symbol}"


SECOND = Unit("s", (("second", 1.0), ("ms", 1e-3), ("us", 1e-6)), "second")
HERTZ = Unit("Hz", (("kHz", 1e3), ("Hz", 1.0)), "hertz")
VOLT = Unit("V", (("volt", 1.0), ("mV", 1e-3), ("uV", 1e-6)), "volt")
AMPERE = Unit("A", (("amp", 1.0), ("uA", 1e-6), ("nA", 1e-9), ("pA", 1e-12)), "amp")
SIEMENS = Unit("S", (("siemens", 1.0), ("uS", 1e-6), ("nS", 1e-9)), "siemens")
DEGREE = Unit("°")
NUMBER = Unit("")


def _describe(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse_wrong_dimension(name: str, value: Any, unit: Unit) -> None:
    """Refuse a Brian2 quantity of another dimension, without importing Brian2."""
    dimension = getattr(value, "dim", None)
    if dimension is None or not hasattr(dimension, "is_dimensionless"):
        return
    if dimension.is_dimensionless:
        return
    import brian2

    if not unit.brian2_name or dimension != getattr(brian2, unit.brian2_name).dim:
        raise ValueError(
            f"{name}={value} has the unit of {dimension}, but {name} is in {unit.symbol or '1'}"
        )


def _to_float(name: str, value: Any, unit: Unit) -> float:
    expected = f"a number in {unit.symbol}" if unit.symbol else "a number"
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}={value!r}: expected {expected}, got a truth value")
    _refuse_wrong_dimension(name, value, unit)
    if isinstance(value, (str, bytes, complex)):
        raise TypeError(
            f"{name}={_describe(value)}: expected {expected}, got {type(value).__name__}"
        )
    if not isinstance(value, numbers.Real):
        array = np.asarray(value) if hasattr(value, "__array__") else None
        if array is None or array.shape != () or array.dtype.kind not in "fiu":
            shape = "" if array is None else f" of shape {array.shape}"
            raise TypeError(
                f"{name}={_describe(value)}: expected {expected}, got {type(value).__name__}{shape}"
            )
        value = array[()]
    result = float(value)
    if not math.isfinite(result):
        raise ValueError(f"{name}={result}: expected {expected} that is finite")
    return result


def _likely_meant(value: float, unit: Unit, low: float, high: float) -> str:
    """A guess at a slip of units: the multiple under which the number would have been in range."""
    for multiple, factor in unit.multiples:
        if factor != 1.0 and low <= abs(value) * factor <= high:
            return f": did you mean {value:g}*{multiple}?"
    for exponent in (-3, 3, -6, 6, -9, 9):
        if unit.multiples and low <= abs(value) * 10.0**exponent <= high:
            return f": did you mean {unit.show(value * 10.0**exponent)}?"
    if unit is DEGREE and low <= math.degrees(abs(value)) <= high and abs(value) <= 2 * math.pi:
        return f": angles are in degrees, did you mean {math.degrees(value):g}?"
    return ""


def check_quantity(
    name: str,
    value: Any,
    unit: Unit,
    *,
    low: float = 0.0,
    high: float = math.inf,
    zero: bool = True,
    signed: bool = False,
) -> float:
    """A finite SI float whose size lies in [low, high].

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : number or Brian2 quantity
        What the caller gave.
    unit : Unit
        The unit that the argument is in.
    low, high : float
        Smallest and largest plausible size. They are set so that a slip of 1000 falls outside.
    zero : bool
        Whether 0 is allowed as well (it stands for "off").
    signed : bool
        Whether the value may be negative; its size is what is checked.

    Returns
    -------
    float
    """
    number = _to_float(name, value, unit)
    shown = f"{name}={number:g}{' ' if unit.symbol not in ('', '°') else ''}{unit.symbol}"
    if number == 0:
        if zero:
            return 0.0
        raise ValueError(f"{shown}: must not be zero; choose at least {unit.show(low or 1e-3)}")
    if number < 0 and not signed:
        raise ValueError(f"{shown}: must not be negative")
    if not low <= abs(number) <= high:
        meant = _likely_meant(number, unit, low, high)
        bounds = (
            f"at least {unit.show(low)}"
            if math.isinf(high)
            else f"between {unit.show(low)} and {unit.show(high)}"
        )
        what = "size must be" if signed else "must be"
        off = ", or 0" if zero and low > 0 else ""
        raise ValueError(f"{shown}{meant or f': {what} {bounds}{off}'}")
    return number


def check_count(name: str, value: Any, *, low: int = 1, high: int = 1_000_000) -> int:
    """A whole number in [low, high]."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Integral, np.ndarray)):
        fix = ""
        if isinstance(value, float) and math.isfinite(value) and value == int(value):
            fix = f": write {int(value)}"
        raise TypeError(
            f"{name}={_describe(value)}: expected a whole number, got {type(value).__name__}{fix}"
        )
    if isinstance(value, np.ndarray) and (value.shape != () or value.dtype.kind not in "iu"):
        raise TypeError(f"{name}: expected one whole number, got an array of shape {value.shape}")
    number = int(value)
    if not low <= number <= high:
        raise ValueError(f"{name}={number}: must be between {low} and {high}")
    return number


def check_flag(name: str, value: Any) -> bool:
    """A truth value, and nothing that merely looks like one."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}={_describe(value)}: expected True or False")
    return bool(value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """One of a few names."""
    listed = ", ".join(repr(choice) for choice in choices)
    if not isinstance(value, str):
        raise TypeError(f"{name}={_describe(value)}: expected one of {listed}")
    if value not in choices:
        import difflib

        near = difflib.get_close_matches(value, choices, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"{name}={value!r}: expected one of {listed}{hint}")
    return value


def check_backend(backend: Any, package: str) -> Callable[..., None]:
    """The function that advances a network: a package's compiled kernel or its NumPy reference."""
    check_choice("backend", backend, ("auto", "numba", "numpy"))
    if backend == "auto":
        backend = "numba" if importlib.util.find_spec("numba") else "numpy"
    module = "kernel" if backend == "numba" else "reference"
    return importlib.import_module(f"{package}.{module}").advance


def check_seed(seed: Any) -> np.random.SeedSequence:
    """A seed sequence from None (fresh entropy), a whole number >= 0, or a seed sequence."""
    if isinstance(seed, np.random.SeedSequence):
        # A copy: spawning from the caller's own would make a second call differ from the first.
        return np.random.SeedSequence(
            seed.entropy, spawn_key=seed.spawn_key, pool_size=seed.pool_size
        )
    if seed is None:
        return np.random.SeedSequence()
    if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, numbers.Integral):
        raise TypeError(
            f"seed={_describe(seed)}: expected None, a whole number or a numpy SeedSequence"
        )
    if seed < 0:
        raise ValueError(f"seed={seed}: must not be negative")
    return np.random.SeedSequence(int(seed))


def check_vector(
    name: str,
    value: Any,
    unit: Unit = NUMBER,
    *,
    length: int | None = None,
    low: float = -math.inf,
    high: float = math.inf,
    missing_ok: bool = False,
) -> np.ndarray:
    """A one-dimensional array of finite floats, each in [low, high]; a copy."""
    _refuse_wrong_dimension(name, value, unit)
    expected = f"a list or array of numbers{f' in {unit.symbol}' if unit.symbol else ''}"
    if isinstance(value, (str, bytes)) or not isinstance(value, (Iterable, np.ndarray)):
        raise TypeError(f"{name}={_describe(value)}: expected {expected}")
    if not isinstance(value, (np.ndarray, list, tuple, range)) and not hasattr(value, "__array__"):
        raise TypeError(f"{name}: expected {expected}, got {type(value).__name__}")
    try:
        array = np.array(value)
    except ValueError:
        raise TypeError(f"{name}: expected {expected}, got rows of unequal length") from None
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected {expected}, got elements of type {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {array.shape}")
    if length is not None and array.size != length:
        raise ValueError(f"{name}: expected {length} values, got {array.size}")
    array = array.astype(float)
    known = array[~np.isnan(array)] if missing_ok else array
    if not np.isfinite(known).all():
        raise ValueError(f"{name}: has values that are not finite (NaN or infinite)")
    outside = known[(known < low) | (known > high)]
    if outside.size:
        raise ValueError(
            f"{name}: has the value {outside[0]:g} {unit.symbol}".rstrip()
            + f"; must be between {unit.show(low)} and {unit.show(high)}"
        )
    return array


def check_indices(name: str, value: Any, N: int, what: str = "cell") -> np.ndarray:
    """Numbers 0 .. N-1 of cells, say, as an array; one number stands for a list of one."""
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise TypeError(f"{name}={_describe(value)}: expected {what} numbers")
    try:
        array = np.atleast_1d(np.asarray(value if hasattr(value, "__len__") else [value]))
    except ValueError:
        raise TypeError(f"{name}: expected a flat list of {what} numbers") from None
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(
            f"{name}: expected whole {what} numbers, got elements of type {array.dtype}"
        )
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, got shape {array.shape}")
    outside = array[(array < 0) | (array >= N)]
    if outside.size:
        raise ValueError(f"{name}: {what} {outside[0]} is outside 0 .. {N - 1}")
    return array.astype(np.int64)


def check_jobs(n_jobs: Any) -> int:
    """A number of processes: at least 1, or -1 for one on each core."""
    if isinstance(n_jobs, numbers.Integral) and n_jobs == -1:
        return -1
    return check_count("n_jobs", n_jobs, high=10_000)


def check_numbers(name: str, value: Any) -> np.ndarray:
    """An array of finite floats of any shape; a copy."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name}: expected numbers, got elements of type {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: has values that are not finite (NaN or infinite)")
    return array.astype(float)


def check_table(name: str, value: Any, columns: Iterable[str]) -> None:
    """A pandas DataFrame that has these columns."""
    import pandas as pd

    if not isinstance(value, pd.DataFrame):
        raise TypeError(f"{name}: expected a pandas DataFrame, got {type(value).__name__}")
    for column in columns:
        if column not in value.columns:
            raise ValueError(
                f"{name}: has no column {column!r}; its columns are {', '.join(map(str, value))}"
            )


def check_window(
    t_min: Any, t_max: Any, duration: float, names: tuple[str, str] = ("t_min", "t_max")
) -> tuple[float, float]:
    """A half-open time window [t_min, t_max) inside a run; None stands for the run's own end."""
    longest = max(duration, 1e-6) * (1 + 1e-9)
    start, stop = (
        end if value is None else check_quantity(name, value, SECOND, low=1e-6, high=longest)
        for name, value, end in zip(names, (t_min, t_max), (0.0, duration), strict=True)
    )
    if not start < stop:
        raise ValueError(
            f"{names[0]}={SECOND.show(start)} and {names[1]}={SECOND.show(stop)}: "
            f"the window is empty; {names[0]} must come before {names[1]}"
        )
    return start, stop
