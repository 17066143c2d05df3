"""Make the exercise notebooks from the solution notebooks.

The solution notebooks are the source. Answers between ``### BEGIN SOLUTION`` and
``### END SOLUTION``, hidden tests and outputs are taken out by nbgrader's own preprocessors, the
same that release an nbgrader assignment::

    python solutions/make_exercises.py             # write exercises/
    python solutions/make_exercises.py --check     # fail if exercises/ is out of step
    python solutions/make_exercises.py --execute   # run the solution notebooks in place first
    python solutions/make_exercises.py --execute 02_a_cue.ipynb   # or only some
    python solutions/make_exercises.py --times     # measure how long each takes
"""

import argparse
import contextlib
import copy
import json
import os
import platform
import sys
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode

__all__ = ["execute", "main", "measure_times", "release", "write"]

SOLUTIONS = Path(__file__).resolve().parent
EXERCISES = SOLUTIONS.parent / "exercises"
#: How long each solution takes to run; the book reads it.
TIMES = SOLUTIONS.parent / "book" / "data" / "exercise_times.json"
CODE_STUB = "# Your code here."
TEXT_STUB = "*Write here.*"


def release(solution: NotebookNode) -> NotebookNode:
    """The exercise that belongs to a solution notebook.

    Parameters
    ----------
    solution : NotebookNode
        Left as it is.

    Returns
    -------
    NotebookNode
        Without answers, hidden tests and outputs.

    Raises
    ------
    RuntimeError
        If a solution region is not closed, or sits in a cell that nbgrader does not know as one.
    """
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearOutput,
        ClearSolutions,
    )
    from traitlets.config import Config

    config = Config()
    config.ClearSolutions.code_stub = {"python": CODE_STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    notebook = copy.deepcopy(solution)
    for preprocessor in (CheckCellMetadata, ClearSolutions, ClearHiddenTests, ClearOutput):
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    return notebook


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run a notebook from top to bottom and keep its outputs.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    folder : Path
        Where it runs.

    Returns
    -------
    NotebookNode
        The same notebook; what depends on the machine and the hour is left out, so that the same
        results give the same file.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises an error.
    """
    from nbclient import NotebookClient

    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,  # else the number of pieces of a printout depends on timing
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def write(notebook: NotebookNode) -> str:
    """A notebook as the text of its file."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def measure_times() -> None:
    """Run every solution notebook, time it, and write what the guide for instructors tells.

    Nothing else should run meanwhile. What is compiled on a first run is compiled before.
    """
    seconds = {}
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        times = []
        for _ in range(2):
            notebook = nbformat.read(path, as_version=4)
            started = time.perf_counter()
            execute(notebook, SOLUTIONS)
            times.append(time.perf_counter() - started)
        seconds[path.stem] = round(times[-1], 1)
        print(f"{path.stem}: {times[0]:.1f} s, again {times[1]:.1f} s")
    machine = f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    text = json.dumps({"machine": machine, "seconds": seconds}, indent=1)
    TIMES.write_text(text + "\n", encoding="utf-8")


def _processor() -> str:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line for line in lines if line.startswith("model name")).partition(": ")[2]
    return platform.machine()


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail if exercises/ is out of step")
    what.add_argument(
        "--execute",
        nargs="*",
        metavar="NOTEBOOK",
        help="run the solution notebooks, all or those named, in place first",
    )
    what.add_argument("--times", action="store_true", help="measure how long each takes to run")
    options = parser.parse_args(arguments)
    if options.times:
        measure_times()
        return 0
    paths = sorted(SOLUTIONS.glob("*.ipynb"))
    known = [path.name for path in paths]
    for name in options.execute or ():
        if name not in known:
            parser.error(f"no {name} in solutions/; it has {', '.join(known)}")

    wanted = {}
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if options.execute is not None and path.name in (options.execute or known):
            path.write_text(write(execute(notebook, SOLUTIONS)), encoding="utf-8")
            print(f"executed {path.name}")
        wanted[path.name] = write(release(notebook))
    present = {path.name: path.read_text("utf-8") for path in sorted(EXERCISES.glob("*.ipynb"))}

    if options.check:
        differing = [name for name in wanted if present.get(name) != wanted[name]]
        stray = [name for name in present if name not in wanted]
        for name in differing + stray:
            print(f"exercises/{name} is not what solutions/ gives", file=sys.stderr)
        if differing or stray:
            print("run: python solutions/make_exercises.py", file=sys.stderr)
        return 1 if differing or stray else 0

    EXERCISES.mkdir(exist_ok=True)
    for name in present.keys() - wanted.keys():
        (EXERCISES / name).unlink()
    for name, text in wanted.items():
        (EXERCISES / name).write_text(text, encoding="utf-8")
        print(f"wrote exercises/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
