"""Which laws there are, and the files that hold their trials."""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import wmtutor
from wmtutor._validation import check_choice

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL_LAWS", "Law", "read_trials", "write_trials"]

#: Modules of this package with a dictionary ``LAWS``, in the order of the book.
_MODULES = ("bump_states", "bump_drift", "flexible_load", "flexible_network", "flexible_codes")
#: Digits of numbers in files: more than any trial is exact to, and half the bytes.
_DIGITS = "%.7g"


class Law(NamedTuple):
    """A law of a model, and how it is measured.

    Attributes
    ----------
    question : str
        What is asked, in a sentence.
    measure : callable
        ``measure(*, seed, n_jobs, checkpoint, progress)`` returns a DataFrame with a row a trial.
    summarise : callable
        ``summarise(table)`` returns a DataFrame of estimates with their confidence intervals.
    """

    question: str
    measure: Callable[..., "pd.DataFrame"]
    summarise: Callable[..., "pd.DataFrame"]


class _AllLaws(Mapping[str, Law]):
    """The laws of all modules by name; a module is imported when its laws are first asked for."""

    def _laws(self) -> dict[str, Law]:
        modules = [importlib.import_module(f"wmtutor.laws.{name}") for name in _MODULES]
        return {name: law for module in modules for name, law in module.LAWS.items()}

    def __getitem__(self, name: str) -> Law:
        return self._laws()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._laws())

    def __len__(self) -> int:
        return len(self._laws())


#: Every law by the name of its file.
ALL_LAWS: Mapping[str, Law] = _AllLaws()


def write_trials(
    name: str,
    folder: str | os.PathLike[str],
    *,
    n_jobs: int = -1,
    progress: bool = True,
) -> Path:
    """Measure a law with the book's settings and write its trials to ``folder/name.csv``.

    Trials that are finished are kept beside it in ``name.sqlite`` until all are: called again after
    an interruption, this goes on from there. The file appears complete or not at all.

    Parameters
    ----------
    name : str
        One of :data:`ALL_LAWS`.
    folder : path-like
        Where the tables are; it is made if it is missing.
    n_jobs : int
        Number of processes, by joblib; -1 takes every core. The table does not depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        For a law that does not exist, or a checkpoint of other trials.
    RuntimeError
        If trials failed or the run was stopped: nothing is written then.

    Examples
    --------
    >>> write_trials("bump", "book/data/laws")
    Traceback (most recent call last):
    ...
    ValueError: ...
    """
    law = ALL_LAWS[check_choice("name", name, tuple(ALL_LAWS))]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    checkpoint = folder / f"{name}.sqlite"
    table = law.measure(n_jobs=n_jobs, checkpoint=checkpoint, progress=progress)
    failed = table.error[table.error != ""]
    if len(failed):
        raise RuntimeError(
            f"{len(failed)} of {len(table)} trials of {name} failed, so nothing was written. The "
            f"first: {failed.iloc[0]}. To try them again, delete {checkpoint}"
        )
    # Asked for strictly: a law that loses the mark must not pass for complete.
    if not table.attrs["complete"]:
        raise RuntimeError(
            f"{name}: stopped after {len(table)} trials, which are kept in {checkpoint}; the same "
            "command goes on from there"
        )
    partial = path.with_suffix(".csv.part")
    with partial.open("w", encoding="utf-8") as file:
        file.write(
            f"# Trials of wmtutor {wmtutor.__version__}: {law.question}\n"
            f"# Made by: python -m wmtutor.laws {name}\n"
        )
        table.drop(columns="error").to_csv(
            file, index=False, float_format=_DIGITS, lineterminator="\n"
        )
    os.replace(partial, path)
    checkpoint.unlink()
    return path


def read_trials(name: str, folder: str | os.PathLike[str] = "data/laws") -> "pd.DataFrame":
    """The trials of a law from its file.

    Parameters
    ----------
    name : str
        One of :data:`ALL_LAWS`.
    folder : path-like
        Where the tables are. The default is the book's, seen from its pages.

    Returns
    -------
    pandas.DataFrame
        A row a trial, as :func:`wmtutor.experiments.run_trials` returns it, without the column
        ``error``.

    Raises
    ------
    ValueError
        For a law that does not exist.
    FileNotFoundError
        If its trials have not been measured.

    Examples
    --------
    >>> read_trials("bump_presets", "book/data/laws").preset.unique().tolist()
    ['neurodynex', 'neurodynex3', 'compte2000']
    """
    import pandas as pd

    path = Path(folder) / f"{check_choice('name', name, tuple(ALL_LAWS))}.csv"
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: make it with `python -m wmtutor.laws --folder {folder} {name}`"
        )
    table: Any = pd.read_csv(path, comment="#")
    return table
