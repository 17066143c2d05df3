"""Checkers of the exercise notebooks: ask for an exercise, check an answer, get a hint.

``exercise("bump_1").q1.check(answer)`` tells whether an answer is correct, incorrect (and why), not
attempted, or raised an error. Each notebook has a module here, which holds its questions:
``wmtutor.checks.bump_1`` those of notebook 01, and so on as in ``EXERCISES``.
"""

import importlib
from types import MappingProxyType
from typing import Any

from wmtutor._validation import check_choice, check_count
from wmtutor.checks._mechanism import Exercise, Outcome, Question

__all__ = ["EXERCISES", "Exercise", "Outcome", "Question", "exercise"]

#: Every exercise and its notebook, in the order of the course.
EXERCISES = MappingProxyType(
    {
        "bump_1": "01_spontaneous_activity",
        "bump_2": "02_a_cue",
        "bump_3": "03_reading_a_memory",
        "bump_4": "04_diffusion_and_drift",
        "bump_5": "05_distractors",
        "bump_6": "06_one_unit_slip",
        "flexible_1": "07_one_shared_pool",
        "flexible_2": "08_capacity_and_precision",
        "flexible_3": "09_balance_and_interference",
        "capstone": "10_two_models",
    }
)


def exercise(name: Any, *, seed: int = 0) -> Exercise:
    """The questions of one exercise notebook.

    Parameters
    ----------
    name : str
        A key of ``EXERCISES``: "bump_1" is notebook 01, spontaneous activity.
    seed : int, optional
        Decides the random inputs on which functions are tried. Assignments are graded with
        another than the notebook's.

    Returns
    -------
    Exercise
        With the questions as attributes ``q1``, ``q2`` ... and a summary, ``progress()``. Each call
        starts anew: no hints given, nothing attempted.

    Raises
    ------
    TypeError, ValueError
        For a name that there is no exercise of (the message lists those there are), and for a seed
        that is not a whole number from 0 on.

    Examples
    --------
    >>> ex = exercise("bump_1")
    >>> ex.q1.check(1.4)
    Incorrect. You gave 1.4 Hz. That is the rate of one source. Every cell listens to many.
    >>> ex.q1.check(1000 * 1.4).correct
    True
    """
    name = check_choice("name", name, tuple(EXERCISES))
    seed = check_count("seed", seed, low=0, high=2**32 - 1)
    return Exercise(name, importlib.import_module(f"wmtutor.checks.{name}").QUESTIONS, seed)
