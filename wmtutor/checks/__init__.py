"""Checkers of the exercise notebooks: ask for an exercise, check an answer, get a hint.

``exercise("bump_1").q1.check(answer)`` tells whether an answer is correct, incorrect (and why), not
attempted, or raised an error. :mod:`wmtutor.checks.bump_1` holds the questions of notebook 01,
:mod:`wmtutor.checks.flexible_1` those of notebook 02.
"""

import importlib
from typing import Any

from wmtutor._validation import check_choice
from wmtutor.checks._mechanism import Exercise, Outcome, Question

__all__ = ["Exercise", "Outcome", "Question", "exercise"]

_NAMES = ("bump_1", "flexible_1")


def exercise(name: Any) -> Exercise:
    """The questions of one exercise notebook.

    Parameters
    ----------
    name : {"bump_1", "flexible_1"}
        "bump_1" is notebook 01, spontaneous activity and a cue; "flexible_1" is notebook 02, many
        memories in one shared network.

    Returns
    -------
    Exercise
        With the questions as attributes ``q1``, ``q2`` ... and a summary, ``progress()``. Each call
        starts anew: no hints given, nothing attempted.

    Raises
    ------
    TypeError, ValueError
        For a name that there is no exercise of; the message lists those there are.

    Examples
    --------
    >>> ex = exercise("bump_1")
    >>> ex.q1.check(1.4)
    Incorrect. You gave 1.4 Hz. That is the rate of one source. Every cell listens to many.
    >>> ex.q1.check(1000 * 1.4).correct
    True
    """
    name = check_choice("name", name, _NAMES)
    return Exercise(name, importlib.import_module(f"wmtutor.checks.{name}").QUESTIONS)
