"""Make a course for nbgrader, and the archives to hand out, from the solution notebooks.

An assignment for each notebook: answers out, tests locked, hidden tests with a seed of your own,
written answers left to a grader::

    python solutions/make_course.py course build/course             # a new course
    python solutions/make_course.py course build/course --update    # new notebooks in an old course
    python solutions/make_course.py archives dist                   # zips for students, instructors

``make course`` and ``make archives`` do the same with these folders. How to go on from there is in
the book's guide for instructors.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import make_exercises
import nbformat
from nbformat import NotebookNode

import wmtutor
from wmtutor.checks import EXERCISES

__all__ = ["CourseError", "main", "make_archives", "make_course", "with_seed"]

ROOT = make_exercises.SOLUTIONS.parent
#: The seed of hidden tests as they stand in the solution notebooks.
SEED = 2026

_CONFIGURATION = '''\
"""nbgrader's settings for this course; made by wmtutor {version}, yours to change."""

from pathlib import Path

from nbgrader import preprocessors

from wmtutor.grading import ContainedExecute, RestoreCells

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{course_id}"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.ClearSolutions.code_stub = {{"python": "{code_stub}"}}
c.ClearSolutions.text_stub = "{text_stub}"

# Submissions run in a sandbox (bubblewrap, Linux). Set this to False where something else keeps
# them apart, such as a container that holds one submission.
c.ContainedExecute.sandbox = True
c.ContainedExecute.hidden_folder = c.CourseDirectory.root
c.ContainedExecute.timeout = 300  # seconds for a cell
c.ContainedExecute.memory_limit = 6 * 1024**3  # bytes
c.Autograde.sanitize_preprocessors = [
    preprocessors.ClearOutput,
    RestoreCells,
    preprocessors.OverwriteKernelspec,
    preprocessors.OverwriteCells,
    preprocessors.CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [
    ContainedExecute if step is preprocessors.Execute else step
    for step in (
        preprocessors.Execute,
        preprocessors.IgnorePattern,
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        preprocessors.LimitOutput,
        preprocessors.SaveAutoGrades,
        preprocessors.AssignLatePenalties,
        preprocessors.CheckCellMetadata,
    )
]
'''

_HIDDEN = re.compile(rf"(?<=\bseed=){SEED}(?=\)\.q\d+\.check\()")


class CourseError(Exception):
    """The course or the archives cannot be made; the text says why and what to do."""


def with_seed(solution: NotebookNode, seed: int) -> NotebookNode:
    """A solution notebook without outputs, whose hidden tests use this seed.

    Parameters
    ----------
    solution : NotebookNode
        Changed in place.
    seed : int

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    CourseError
        If a test cell has no hidden test with a seed.
    """
    for cell in solution.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source, number = _HIDDEN.subn(str(seed), cell.source)
            if number != 1:
                raise CourseError(f"cell {cell.id}: expected one hidden test with seed={SEED}")
    return solution


def make_course(
    folder: Path, names: Sequence[str] = tuple(EXERCISES), *, seed: int = SEED, update: bool = False
) -> Mapping[str, float]:
    """Write a course for nbgrader: settings, source notebooks, gradebook, released assignments.

    Parameters
    ----------
    folder : Path
        New or empty, but for ``update``.
    names : sequence of str
        Keys of ``wmtutor.checks.EXERCISES``; each notebook becomes an assignment of its name.
    seed : int
        Of the hidden tests.
    update : bool
        Write the notebooks anew in a course made before; settings, submissions and grades stay.

    Returns
    -------
    dict of str to float
        The points of each assignment, by its name.

    Raises
    ------
    CourseError
        If the folder is in use, or nbgrader refuses an assignment.
    """
    if update and not (folder / "nbgrader_config.py").exists():
        raise CourseError(f"{folder} holds no course to update. Leave --update out to make one.")
    if not update and folder.exists() and any(folder.iterdir()):
        raise CourseError(
            f"{folder} is not empty. Take another folder, or --update to write the notebooks of a "
            "course anew (submissions and grades stay)."
        )
    if update:
        return _write_course(folder, names, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        beside = Path(scratch) / folder.name
        beside.mkdir()
        (beside / "nbgrader_config.py").write_text(_configuration(), "utf-8")
        points = _write_course(beside, names, seed)
        if folder.exists():
            folder.rmdir()  # it is empty
        beside.rename(folder)  # whole or not at all
    return points


def _write_course(folder: Path, names: Sequence[str], seed: int) -> dict[str, float]:
    """Sources and assignments, into a folder that has its settings."""
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

    # nbgrader starts alembic by its bare name, which an environment that is not active hides.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    for name in names:
        stem = EXERCISES[name]
        notebook = nbformat.read(make_exercises.SOLUTIONS / f"{stem}.ipynb", as_version=4)
        source = folder / "source" / stem / f"{stem}.ipynb"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(make_exercises.write(with_seed(notebook, seed)), "utf-8")

    settings = PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()
    api = NbGraderAPI(config=settings)
    points = {}
    for name in names:
        stem = EXERCISES[name]
        result = api.generate_assignment(stem, force=True, create=True)
        if not result["success"]:
            raise CourseError(f"nbgrader refuses {stem}:\n{result['log']}")
        with Gradebook(api.coursedir.db_url) as gradebook:
            points[stem] = gradebook.find_assignment(stem).max_score
        print(f"{stem}: {points[stem]:g} points")
    return points


def _configuration() -> str:
    return _CONFIGURATION.format(
        version=wmtutor.__version__,
        course_id="wmtutor",
        code_stub=make_exercises.CODE_STUB,
        text_stub=make_exercises.TEXT_STUB,
    )


# ---------------------------------------------------------------------------------------------
# Archives

_README = """\
wmtutor {version}{commit}: {what}

Install the library, once:   python -m pip install {wheel} jupyterlab
Open the notebooks:          python -m jupyterlab {folder}

Code: BSD 3-Clause. Text and figures: CC BY 4.0.
"""


def make_archives(folder: Path) -> list[Path]:
    """Write the archives of this version: for students, for instructors, for nbgrader.

    Each holds notebooks, the library as a wheel and a README with version and commit. The same
    checkout gives the same notebooks in them; times in the archives are fixed.

    Parameters
    ----------
    folder : Path
        Made if need be; archives of the same version in it are replaced.

    Returns
    -------
    list of Path

    Raises
    ------
    CourseError
        If the wheel cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    version, written = wmtutor.__version__, []
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _build_wheel(Path(scratch))
        source = {
            f"source/{stem}/{stem}.ipynb": make_exercises.write(
                with_seed(
                    nbformat.read(make_exercises.SOLUTIONS / f"{stem}.ipynb", as_version=4), SEED
                )
            )
            for stem in EXERCISES.values()
        }
        contents = {
            "exercises": ("exercises for students", _notebooks(make_exercises.EXERCISES)),
            "solutions": ("solutions for instructors", _notebooks(make_exercises.SOLUTIONS)),
            "nbgrader": (
                "source of an nbgrader course, for instructors",
                {**source, "nbgrader_config.py": _configuration()},
            ),
        }
        for kind, (what, files) in contents.items():
            name = f"wmtutor-{kind}-{version}"
            readme = _README.format(
                version=version,
                commit=_commit(),
                what=what,
                wheel=wheel.name,
                folder="source" if kind == "nbgrader" else kind,
            )
            path = folder / f"{name}.zip"
            beside = path.with_suffix(".partial")
            with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
                for inside, data in {
                    "README.txt": readme,
                    "LICENSE": (ROOT / "LICENSE").read_text("utf-8"),
                    wheel.name: wheel.read_bytes(),
                    **files,
                }.items():
                    archive.writestr(zipfile.ZipInfo(f"{name}/{inside}"), data, 8)
            beside.replace(path)  # whole or not at all
            written.append(path)
            print(path)
    return written


def _notebooks(folder: Path) -> dict[str, str]:
    return {
        f"{folder.name}/{stem}.ipynb": (folder / f"{stem}.ipynb").read_text("utf-8")
        for stem in EXERCISES.values()
    }


def _build_wheel(folder: Path) -> Path:
    result = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise CourseError(f"the wheel cannot be built:\n{result.stdout}{result.stderr}")
    (wheel,) = folder.glob("wmtutor-*.whl")
    return wheel


def _commit() -> str:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return ""
    result = subprocess.run(
        [git, "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True
    )
    return f" ({result.stdout.strip()})" if result.returncode == 0 else ""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    course = commands.add_parser("course", help="make a course for nbgrader")
    course.add_argument("folder", type=Path)
    course.add_argument("--only", nargs="+", choices=list(EXERCISES), default=list(EXERCISES))
    course.add_argument("--seed", type=int, default=SEED, help="of the hidden tests")
    course.add_argument("--update", action="store_true", help="write the notebooks anew")
    archives = commands.add_parser("archives", help="zips for students, instructors and nbgrader")
    archives.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "course":
            if not 0 <= options.seed < 2**32:
                parser.error(f"--seed {options.seed}: expected a whole number from 0 to 2**32 - 1")
            make_course(options.folder, options.only, seed=options.seed, update=options.update)
        else:
            make_archives(options.folder)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
