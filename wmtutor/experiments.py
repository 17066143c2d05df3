"""Many trials: conditions times repeats, on all cores, in one tidy table.

A sweep is a function of one trial and a list of conditions. :func:`run_trials` gives every trial a
seed of its own, runs them in parallel by joblib, and keeps those that are finished in a file, if
asked to, from which a later call goes on.

On a cluster, joblib's own switch sends the same call to Dask, with the table unchanged::

    with distributed.Client(address), joblib.parallel_config(backend="dask"):
        table = run_trials(trial, conditions, repeats=100)

or to Ray, after ``ray.util.joblib.register_ray()``, with ``backend="ray"`` (not tested here). The
workers need wmtutor and what ``trial`` imports; the checkpoint stays with the calling process.
"""

import contextlib
import functools
import hashlib
import inspect
import itertools
import json
import math
import numbers
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import wmtutor
from wmtutor._validation import (
    NUMBER,
    check_count,
    check_flag,
    check_jobs,
    check_quantity,
    check_seed,
    check_table,
    check_vector,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Interval",
    "bootstrap_interval",
    "fraction_interval",
    "mean_interval",
    "run_trials",
    "summarise_trials",
]

#: Changes when a checkpoint written before can no longer be read.
CHECKPOINT_FORMAT = "wmtutor trials 1"
#: Columns that every table has.
_OWN_COLUMNS = ("condition", "repeat", "seed", "error")


class Interval(NamedTuple):
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate, low, high : float
    """

    estimate: float
    low: float
    high: float


# ---------------------------------------------------------------------------------------------
# Trials


class _Task(NamedTuple):
    """One trial to run: the number of its condition, of its repeat, and its seed."""

    condition: int
    repeat: int
    seed: int


def _scalar(value: Any) -> Any:
    """A plain Python number, string or truth value; None if it is anything else."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if isinstance(value, numbers.Integral):
        # Beyond 64 bits neither a table nor a database has whole numbers.
        return int(value) if -(2**63) <= int(value) < 2**63 else float(value)
    if isinstance(value, numbers.Real):
        return float(value)
    return None


def _check_conditions(conditions: Any) -> list[dict[str, Any]]:
    """A list of mappings from names to scalars, all with the same names."""
    if hasattr(conditions, "to_dict"):
        conditions = conditions.to_dict("records")
    if isinstance(conditions, Mapping):
        for name, values in conditions.items():
            if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
                raise TypeError(
                    f"conditions[{name!r}]={values!r}: expected the values to try, as a list"
                )
        names = list(conditions)
        grid = itertools.product(*(list(values) for values in conditions.values()))
        conditions = [dict(zip(names, point, strict=True)) for point in grid]
    if isinstance(conditions, (str, bytes)) or not isinstance(conditions, Sequence):
        raise TypeError(
            "conditions: expected a mapping of names to lists of values (all combinations are "
            "run), a list of mappings, or a DataFrame"
        )
    if not conditions:
        raise ValueError("conditions: there are none to run; for a single one, pass [{}]")
    checked: list[dict[str, Any]] = []
    seen: set[tuple[Any, ...]] = set()
    for number, condition in enumerate(conditions):
        if not isinstance(condition, Mapping):
            raise TypeError(f"conditions[{number}]={condition!r}: expected a mapping of names")
        plain = {name: _scalar(value) for name, value in condition.items()}
        for name, value in plain.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise ValueError(
                    f"conditions[{number}]: {name!r} is not the name of an argument of trial"
                )
            if value is None:
                raise TypeError(
                    f"conditions[{number}][{name!r}]={condition[name]!r}: expected a number, a "
                    f"string or a truth value; give trial anything else with functools.partial"
                )
            if isinstance(value, float) and math.isnan(value):
                raise ValueError(f"conditions[{number}][{name!r}] is NaN, which equals nothing")
        if checked and set(plain) != set(checked[0]):
            raise ValueError(
                f"conditions[{number}] has the names {sorted(plain)}, the first one "
                f"{sorted(checked[0])}; give all the same"
            )
        values = tuple(plain[name] for name in (checked or [plain])[0])
        if values in seen:
            raise ValueError(f"conditions[{number}]={plain}: is listed twice")
        seen.add(values)
        checked.append(plain)
    _check_names(checked[0], ())
    return checked


def _check_names(names: Iterable[str], taken: Iterable[str]) -> None:
    """Refuse names that the table, or a database that ignores case, could not tell apart."""
    seen = {name.casefold(): name for name in (*_OWN_COLUMNS, *taken)}
    for name in names:
        if name.casefold() in seen:
            raise ValueError(
                f"the name {name!r} is taken by {seen[name.casefold()]!r} in the table; choose "
                f"another"
            )
        seen[name.casefold()] = name


def _check_result(result: Any, condition: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial returned, as plain scalars."""
    if not isinstance(result, Mapping):
        raise TypeError(f"trial returned {type(result).__name__}: expected a mapping of scalars")
    plain = {name: _scalar(value) for name, value in result.items()}
    for name, value in plain.items():
        if not isinstance(name, str):
            raise TypeError(f"trial returned the name {name!r}: expected a string")
        if value is None:
            raise TypeError(
                f"trial returned {name}={type(result[name]).__name__}: expected a number, a "
                f"string or a truth value"
            )
    _check_names(plain, condition)
    return plain


def _run_one(
    trial: Callable[..., Any], condition: Mapping[str, Any], task: _Task
) -> tuple[_Task, dict[str, Any], str]:
    """Run one trial; an error becomes text, so that the others go on."""
    try:
        return task, _check_result(trial(seed=task.seed, **condition), condition), ""
    except Exception as error:
        return task, {}, f"{type(error).__name__}: {error}"


def _tasks(
    seed: np.random.SeedSequence, conditions: int, repeats: int, done: set[tuple[int, int]]
) -> Iterator[_Task]:
    """The trials to run. A trial's seed follows from its place alone."""
    # Not itertools.product, which lists its arguments first: there may be very many repeats.
    for condition in range(conditions):
        for repeat in range(repeats):
            if (condition, repeat) in done:
                continue
            sequence = np.random.SeedSequence(
                seed.entropy, spawn_key=(*seed.spawn_key, condition, repeat)
            )
            # 63 bits: they fit a database's and a table's whole numbers.
            yield _Task(condition, repeat, int(sequence.generate_state(1, np.uint64)[0] >> 1))


def run_trials(
    trial: Callable[..., Mapping[str, Any]],
    conditions: Any,
    repeats: int,
    seed: int | np.random.SeedSequence = 0,
    n_jobs: int = -1,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Run a function at several conditions, many times each, and tabulate what it returns.

    Parameters
    ----------
    trial : callable
        ``trial(seed=..., **condition)`` runs one trial and returns a mapping of names to numbers,
        strings or truth values. It is run in other processes: it must not rely on what the
        calling process has changed since it was defined.
    conditions : mapping, sequence of mappings, or DataFrame
        A mapping of names to lists of values stands for all combinations, the last name varying
        fastest. Otherwise each mapping, or row, is one condition.
    repeats : int
        Trials at each condition.
    seed : int or SeedSequence
        Every trial gets a whole number derived from this, the number of its condition and the
        number of its repeat. The table is the same, to the bit, whatever ``n_jobs`` is, in whatever
        order trials finish, and however often the run was resumed.
    n_jobs : int
        Number of processes; -1 for one on each core. Inside ``joblib.parallel_config(backend=...)``
        the trials run there, for instance on a Dask cluster.
    checkpoint : path-like, optional
        An SQLite file in which finished trials are kept as they finish, in the table ``trials``. If
        it exists, its trials are not run again. One process at a time can use it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        A row for each trial, in the order of conditions and repeats: the condition, ``repeat``,
        ``seed``, what ``trial`` returned, and ``error``, which is empty unless the trial raised
        one. Such a row has no results (NaN), and the others are not affected; a
        ``RuntimeWarning`` says how many failed. ``trial(seed=row.seed, ...)`` repeats a row.

        Ctrl-C ends the run with a ``RuntimeWarning`` and the table of the finished trials.
        ``table.attrs["complete"]`` tells whether all are there.

    Raises
    ------
    TypeError, ValueError
        For arguments of the wrong kind, or a checkpoint of other trials: other conditions, another
        seed, another number of repeats, another version of wmtutor or of ``trial``'s source.
    RuntimeError
        If another process is using the checkpoint.

    Examples
    --------
    >>> from wmtutor.flexible import simulate_flexible_wm
    >>> def kept(seed, load):
    ...     return {"maintained": simulate_flexible_wm(load, seed=seed).maintained}
    >>> table = run_trials(kept, {"load": [1, 4]}, repeats=2, seed=1, n_jobs=1, progress=False)
    >>> table[["load", "repeat", "maintained"]].to_numpy().tolist()
    [[1, 0, 1], [1, 1, 1], [4, 0, 2], [4, 1, 3]]
    """
    if not callable(trial):
        raise TypeError(f"trial={trial!r}: expected a function that runs one trial")
    checked = _check_conditions(conditions)
    repeats = check_count("repeats", repeats, high=10**9)
    if seed is None:
        raise TypeError("seed=None: a table that cannot be made again is worth little; give one")
    sequence = check_seed(seed)
    n_jobs = check_jobs(n_jobs)
    check_flag("progress", progress)
    _check_signature(trial, checked[0])

    total = len(checked) * repeats
    identity = {
        "conditions": checked,
        "repeats": repeats,
        "seed": [str(sequence.entropy), list(sequence.spawn_key)],
        "trial": _identity_of(trial),
        "wmtutor": wmtutor.__version__,
    }
    with _Memory() if checkpoint is None else _Checkpoint(checkpoint, identity) as store:
        done = store.done()
        tasks = _tasks(sequence, len(checked), repeats, done)
        interrupted = _run_all(trial, checked, tasks, store, n_jobs, total, len(done), progress)
        rows = store.rows()
        names = store.names or []
    table = _tabulate(rows, checked, names)
    table.attrs["complete"] = not interrupted
    if interrupted:
        again = "" if checkpoint is None else "; the same call goes on from here"
        warnings.warn(
            f"stopped after {len(rows)} of {total} trials: the table holds those{again}",
            RuntimeWarning,
            stacklevel=2,
        )
    failed = int((table.error != "").sum())
    if failed:
        first = table.error[table.error != ""].iloc[0]
        warnings.warn(
            f"{failed} of {len(rows)} trials failed; the column 'error' says why. The first: "
            f"{first}",
            RuntimeWarning,
            stacklevel=2,
        )
    return table


def _check_signature(trial: Callable[..., Any], condition: Mapping[str, Any]) -> None:
    """Refuse names that the function does not take before the first trial fails of it."""
    try:
        signature = inspect.signature(trial)
    except (TypeError, ValueError):  # some compiled callables have none to look at
        return
    try:
        signature.bind(seed=0, **condition)
    except TypeError as error:
        names = ", ".join(["seed", *condition])
        raise TypeError(f"trial cannot be called with {names}: {error}") from None


def _run_all(
    trial: Callable[..., Any],
    conditions: list[dict[str, Any]],
    tasks: Iterator[_Task],
    store: "_Memory | _Checkpoint",
    n_jobs: int,
    total: int,
    done: int,
    progress: bool,
) -> bool:
    """Run what is left and keep it as it comes; tell whether Ctrl-C cut it short."""
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    jobs = (delayed(_run_one)(trial, conditions[task.condition], task) for task in tasks)
    bar = tqdm(total=total, initial=done, disable=not progress, unit="trial", desc="run_trials")
    results = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)
    # Closing stops the workers: after Ctrl-C, and after an error in keeping a result.
    with bar, contextlib.closing(results):
        try:
            for task, result, error in results:
                if not error and store.names is not None and set(result) != set(store.names):
                    error = (
                        f"TypeError: trial returned the names {sorted(result)}, an earlier one "
                        f"{sorted(store.names)}; it must always return the same"
                    )
                    result = {}
                store.add(task, result, error)
                bar.update()
        except KeyboardInterrupt:
            return True
    return False


def _tabulate(
    rows: list[tuple[_Task, dict[str, Any], str]],
    conditions: list[dict[str, Any]],
    names: list[str],
) -> "pd.DataFrame":
    import pandas as pd

    rows = sorted(rows, key=lambda row: row[0][:2])
    records = [
        {**conditions[task.condition], "repeat": task.repeat, "seed": task.seed, **result,
         "error": error}
        for task, result, error in rows
    ]  # fmt: skip
    columns = [*conditions[0], "repeat", "seed", *names, "error"]
    return pd.DataFrame(records, columns=columns)


# ---------------------------------------------------------------------------------------------
# Where finished trials are kept


class _Memory:
    """Finished trials of a run without a checkpoint."""

    def __init__(self) -> None:
        #: What trials return, in the order of the first; None as long as none has.
        self.names: list[str] | None = None
        self._rows: list[tuple[_Task, dict[str, Any], str]] = []

    def __enter__(self) -> "_Memory":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def done(self) -> set[tuple[int, int]]:
        return set()

    def add(self, task: _Task, result: dict[str, Any], error: str) -> None:
        if not error and self.names is None:
            self.names = list(result)
        self._rows.append((task, result, error))

    def rows(self) -> list[tuple[_Task, dict[str, Any], str]]:
        return self._rows


class _Checkpoint:
    """Finished trials in an SQLite file, each written in a transaction of its own.

    SQLite undoes a transaction that was cut short, by a kill too, when the file is next opened.
    Its lock, which ends with the process, keeps others away.
    """

    def __init__(self, path: str | os.PathLike[str], identity: Mapping[str, Any]) -> None:
        self._path = Path(path)
        self._identity = identity
        self.names: list[str] | None = None
        self._truths: set[str] = set()

    def __enter__(self) -> "_Checkpoint":
        if not self._path.parent.is_dir():
            raise FileNotFoundError(
                f"checkpoint={str(self._path)!r}: there is no folder {str(self._path.parent)!r}"
            )
        # No isolation level: transactions begin and end where this class says so.
        self._database = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        try:
            self._open()
        except BaseException as error:
            self._database.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise RuntimeError(
                    f"checkpoint={str(self._path)!r}: another process is using it; wait for it, "
                    f"or choose another file"
                ) from None
            if isinstance(error, sqlite3.DatabaseError):
                raise ValueError(
                    f"checkpoint={str(self._path)!r}: not a checkpoint of run_trials() ({error}); "
                    f"choose another file"
                ) from None
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def _open(self) -> None:
        execute = self._database.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        with self._transaction():
            tables = {name for (name,) in execute("SELECT name FROM sqlite_master")}
            if not tables:
                execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT)")
                execute(
                    "CREATE TABLE trials (condition INTEGER, repeat INTEGER, seed INTEGER, "
                    "error TEXT, PRIMARY KEY (condition, repeat))"
                )
                for name in self._identity["conditions"][0]:
                    execute(f"ALTER TABLE trials ADD COLUMN {_quoted(name)}")
                about = {"format": CHECKPOINT_FORMAT, "names": "null", "truths": "[]"}
                about |= {name: _canonical(value) for name, value in self._identity.items()}
                self._database.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            elif not {"about", "trials"} <= tables:
                raise ValueError(
                    f"checkpoint={str(self._path)!r}: a database of something else; choose "
                    f"another file"
                )
        self._check_identity(dict(execute("SELECT name, value FROM about")))

    def _check_identity(self, about: Mapping[str, str]) -> None:
        if about.get("format") != CHECKPOINT_FORMAT:
            raise ValueError(
                f"checkpoint={str(self._path)!r}: its format is {about.get('format')!r}; this "
                f"version reads {CHECKPOINT_FORMAT!r}"
            )
        for name, value in self._identity.items():
            if about.get(name) != _canonical(value):
                raise ValueError(
                    f"checkpoint={str(self._path)!r}: holds trials of another {name} "
                    f"({_shorten(about.get(name))}; now {_shorten(_canonical(value))}); choose "
                    f"another file, or delete this one"
                )
        self.names, self._truths = json.loads(about["names"]), set(json.loads(about["truths"]))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN EXCLUSIVE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def done(self) -> set[tuple[int, int]]:
        return set(self._database.execute("SELECT condition, repeat FROM trials"))

    def add(self, task: _Task, result: dict[str, Any], error: str) -> None:
        row = {**task._asdict(), "error": error, **self._identity["conditions"][task.condition]}
        row |= result
        names = list(result) if self.names is None and not error else self.names
        truths = self._truths | {name for name, value in row.items() if isinstance(value, bool)}
        execute = self._database.execute
        with self._transaction():
            if names != self.names:
                for name in result:
                    execute(f"ALTER TABLE trials ADD COLUMN {_quoted(name)}")
            if (names, truths) != (self.names, self._truths):
                # A database has no truth values: which of its 0 and 1 are some is written down.
                about = [(json.dumps(names), "names"), (json.dumps(sorted(truths)), "truths")]
                self._database.executemany("UPDATE about SET value = ? WHERE name = ?", about)
            columns = ", ".join(_quoted(name) for name in row)
            marks = ", ".join("?" * len(row))
            execute(f"INSERT INTO trials ({columns}) VALUES ({marks})", list(row.values()))
        self.names, self._truths = names, truths

    def rows(self) -> list[tuple[_Task, dict[str, Any], str]]:
        cursor = self._database.execute("SELECT * FROM trials ORDER BY condition, repeat")
        columns = [column[0] for column in cursor.description]
        rows = []
        for values in cursor:
            row = dict(zip(columns, values, strict=True))
            # NaN is kept as NULL; a trial that failed has no results at all.
            names = [] if row["error"] else self.names or []
            result = {name: math.nan if row[name] is None else row[name] for name in names}
            for name in self._truths & set(result):
                if result[name] in (0, 1):
                    result[name] = bool(result[name])
            rows.append((_Task(row["condition"], row["repeat"], row["seed"]), result, row["error"]))
        return rows


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _shorten(text: Any) -> str:
    text = str(text)
    return text if len(text) <= 60 else text[:57] + "..."


def _identity_of(trial: Callable[..., Any]) -> list[str]:
    """A function's name and a hash of its source, so that results of two versions do not mix.

    What the function calls is not looked at, but for wmtutor's own version, which is kept as well.
    """
    if isinstance(trial, functools.partial):
        from joblib import hash as joblib_hash

        return [*_identity_of(trial.func), joblib_hash([trial.args, trial.keywords])]
    try:
        source = inspect.getsource(trial)
    except (OSError, TypeError):
        source = ""
    name = getattr(trial, "__qualname__", type(trial).__qualname__)
    return [name, hashlib.sha256(source.encode()).hexdigest()[:16]]


# ---------------------------------------------------------------------------------------------
# Confidence intervals


def fraction_interval(successes: Any, trials: Any, level: float = 0.95) -> Interval:
    """A fraction with Wilson's confidence interval.

    Parameters
    ----------
    successes, trials : int
        How many, of how many independent trials.
    level : float
        Confidence level.

    Returns
    -------
    Interval

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> [round(x, 3) for x in fraction_interval(18, 20)]
    [0.9, 0.699, 0.972]
    """
    from scipy import stats

    trials = check_count("trials", trials, high=2**62)
    successes = check_count("successes", successes, low=0, high=trials)
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    low, high = stats.binomtest(successes, trials).proportion_ci(level, method="wilson")
    return Interval(successes / trials, float(low), float(high))


def bootstrap_interval(
    values: Any,
    statistic: Callable[..., Any] = np.mean,
    level: float = 0.95,
    *,
    resamples: int = 9999,
    seed: int | np.random.SeedSequence = 0,
) -> Interval:
    """A statistic of independent values with its BCa bootstrap confidence interval.

    BCa corrects the bootstrap's bias and its skewness (Efron 1987).

    Parameters
    ----------
    values : array_like, shape (n,)
        At least two values.
    statistic : callable
        A function of an array of values, such as ``numpy.mean`` or
        :func:`wmtutor.ring.circular_standard_deviation`.
    level : float
        Confidence level.
    resamples : int
        Number of bootstrap samples.
    seed : int or SeedSequence
        Seed of the resampling.

    Returns
    -------
    Interval

    Raises
    ------
    TypeError, ValueError
        For bad values.

    Examples
    --------
    >>> interval = bootstrap_interval([1.0, 2.0, 3.0, 4.0, 10.0], np.median, seed=1)
    >>> interval.low <= interval.estimate <= interval.high
    True
    """
    from scipy import stats

    values = check_vector("values", values)
    if values.size < 2:
        raise ValueError(f"values: {values.size} are too few for an interval; give at least two")
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    resamples = check_count("resamples", resamples, low=100, high=10**7)
    estimate = float(statistic(values))
    if np.ptp(values) == 0:
        # All alike: no resample differs, and BCa's correction is 0/0.
        return Interval(estimate, estimate, estimate)
    low, high = stats.bootstrap(
        (values,), statistic, confidence_level=level, n_resamples=resamples, method="BCa",
        vectorized=statistic is np.mean, rng=np.random.default_rng(check_seed(seed)),
    ).confidence_interval  # fmt: skip
    return Interval(estimate, float(low), float(high))


def mean_interval(values: Any, level: float = 0.95, *, fraction: bool = False) -> Interval:
    """The mean of independent values with a confidence interval; missing ones (NaN) are left out.

    The interval is the BCa bootstrap's. For values that are fractions themselves, such as the part
    of a trial's items that was kept, it is Wilson's at the number of independent yes-or-no trials
    that would have the same standard error: that stays honest where nearly all are 0 or 1.

    Parameters
    ----------
    values : array_like of float or bool, shape (n,)
        One per independent trial.
    level : float
        Confidence level.
    fraction : bool
        Whether every value is a fraction between 0 and 1.

    Returns
    -------
    Interval
        NaN where there are no values, and without limits (NaN) where there is but one.

    Raises
    ------
    TypeError, ValueError
        For bad values, and fractions outside 0 to 1.

    Examples
    --------
    >>> [round(x, 3) for x in mean_interval([1, 1, 1, 1, 1, 1, 1, 1], fraction=True)]
    [1.0, 0.676, 1.0]
    >>> [round(x, 2) for x in mean_interval([0.5, 1.0, 1.0, 0.75], fraction=True)]
    [0.81, 0.55, 0.94]
    """
    from scipy import stats

    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "biuf":
        raise TypeError("values: expected a list of numbers, one for each trial")
    values = array[~np.isnan(array)].astype(float)
    level = check_quantity("level", level, NUMBER, low=1e-6, high=1 - 1e-6, zero=False)
    check_flag("fraction", fraction)
    n = float(len(values))
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    p = float(values.mean())
    if not fraction:
        return bootstrap_interval(values, level=level) if n > 1 else Interval(p, math.nan, math.nan)
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"values: {values.max():g} is no fraction; expected values from 0 to 1")
    # Values that are 0 or 1 have the sample size that they have; others vary less.
    variance = float(values.var())
    if variance > 0:
        n = n * p * (1 - p) / variance
    z = float(stats.norm.ppf((1 + level) / 2))
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half))


def summarise_trials(
    table: "pd.DataFrame",
    by: str | Sequence[str],
    columns: Sequence[str],
    level: float = 0.95,
) -> "pd.DataFrame":
    """Means over trials with confidence intervals, for each condition.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a trial, as from :func:`run_trials`. Trials must be independent.
    by : str or sequence of str
        Columns that tell the conditions apart.
    columns : sequence of str
        What to average. A missing value (NaN) is left out. Truth values, and columns whose name
        ends in ``_fraction``, get the interval of a fraction (see :func:`mean_interval`).
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        A row for each condition, in the table's order: the columns ``by``, ``trials``, and for each
        quantity ``name``, ``name_low`` and ``name_high``.

    Raises
    ------
    TypeError, ValueError
        For anything but such a table, or columns that it lacks.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"load": [1, 1, 2, 2], "kept": [True, True, True, False]})
    >>> summarise_trials(table, "load", ["kept"]).round(2).to_numpy().tolist()
    [[1.0, 2.0, 1.0, 0.34, 1.0], [2.0, 2.0, 0.5, 0.09, 0.91]]
    """
    import pandas as pd

    by = [by] if isinstance(by, str) else list(by)
    check_table("table", table, (*by, *columns))
    rows = []
    for values, group in table.groupby(by, sort=False, dropna=False):
        row = {**dict(zip(by, values, strict=True)), "trials": len(group)}
        for name in columns:
            fraction = group[name].dtype == bool or name.endswith("_fraction")
            interval = mean_interval(group[name].to_numpy(float), level, fraction=fraction)
            row[name], row[f"{name}_low"], row[f"{name}_high"] = interval
        rows.append(row)
    return pd.DataFrame(rows)
