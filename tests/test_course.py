"""The nbgrader course: made, submitted to and graded by real nbgrader; and the archives."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from wmtutor import __version__
from wmtutor.checks import EXERCISES, exercise

ROOT = Path(__file__).parent.parent
#: Whether bubblewrap is there and may do its work; some systems forbid it.
SANDBOX = (
    shutil.which("bwrap") is not None
    and subprocess.run(["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"]).returncode == 0
)
#: Graded with all kinds of submissions; the others with an untouched one and with the solutions.
ONE = "bump_1"


def _load(name):
    sys.path.insert(0, str(ROOT / "solutions"))
    try:
        path = ROOT / "solutions" / f"{name}.py"
        specification = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


make_course = _load("make_course")


def _solution(name):
    return nbformat.read(ROOT / "solutions" / f"{EXERCISES[name]}.ipynb", as_version=4)


class Course:
    """A course of one assignment in a folder of its own, as an instructor has it."""

    def __init__(self, folder, name, timeout=300):
        self.folder, self.name, self.stem = folder, name, EXERCISES[name]
        make_course.make_course(folder, [name], seed=77)
        settings = folder / "nbgrader_config.py"
        extra = (
            f"\nc.ContainedExecute.timeout = {timeout}\nc.ContainedExecute.sandbox = {SANDBOX}\n"
        )
        settings.write_text(settings.read_text("utf-8") + extra, "utf-8")

    def released(self):
        return nbformat.read(
            self.folder / "release" / self.stem / f"{self.stem}.ipynb", as_version=4
        )

    def with_answers(self, *questions):
        """The released notebook, with the solution's answers to these questions, or to all."""
        answers = {cell.id: cell.source for cell in _solution(self.name).cells}
        notebook = self.released()
        for cell in notebook.cells:
            question = cell.id.removesuffix("-answer")
            if cell.id.endswith("-answer") and (not questions or question in questions):
                cell.source = answers[cell.id]
        return notebook

    def submit(self, student, notebook):
        path = self.folder / "submitted" / student / self.stem / f"{self.stem}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def grade(self):
        """Grade all submissions as an instructor does; what nbgrader logged."""
        result = subprocess.run(
            [sys.executable, "-m", "nbgrader", "autograde", self.stem],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )
        return result.stdout + result.stderr

    def points(self, student):
        """Points given by machine, by question."""
        with Gradebook(f"sqlite:///{self.folder}/gradebook.db") as gradebook:
            submission = gradebook.find_submission(self.stem, student)
            (notebook,) = submission.notebooks
            return {
                grade.name.removesuffix("-check"): grade.auto_score or 0.0
                for grade in notebook.grades
                if grade.name.endswith("-check")
            }

    def possible(self):
        return {
            name: float(question.specification.points)
            for name, question in exercise(self.name).questions.items()
        }


# What is handed out


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course") / "one", ONE, timeout=60)


def test_released_notebook_is_the_exercise(course):
    """Students of a course would get another notebook than readers of the book, or the answers."""
    exercises = nbformat.read(ROOT / "exercises" / f"{course.stem}.ipynb", as_version=4)
    released = course.released()
    assert [cell.source for cell in released.cells] == [cell.source for cell in exercises.cells]
    text = nbformat.writes(released)
    for mark in ("SOLUTION", "HIDDEN", "Rubric", "seed=77"):
        assert mark not in text
    for cell in released.cells:
        if cell.id.endswith("-check"):
            assert cell.metadata.nbgrader.locked
            assert cell.metadata.editable is False


def test_hidden_tests_have_the_seed_asked_for(course):
    """Students could read the seed of the hidden tests in the public notebooks."""
    source = nbformat.read(course.folder / "source" / course.stem / f"{course.stem}.ipynb", 4)
    checks = [cell.source for cell in source.cells if cell.id.endswith("-check")]
    assert len(checks) == len(course.possible())
    assert all("seed=77)" in check and "2026" not in check for check in checks)


def test_solution_without_a_hidden_seed_is_refused():
    """A new question would be graded with the seed of the notebook, and nobody would know."""
    notebook = _solution(ONE)
    cell = next(cell for cell in notebook.cells if cell.id == "q1-check")
    cell.source = cell.source.replace(", seed=2026", "")
    with pytest.raises(make_course.CourseError, match="q1-check"):
        make_course.with_seed(notebook, 5)


def test_course_in_use_is_not_overwritten(course, capsys):
    """A second `make course` would destroy grades."""
    (course.folder / "submitted").mkdir(exist_ok=True)
    assert make_course.main(["course", str(course.folder), "--only", ONE]) == 1
    assert "not empty" in capsys.readouterr().err
    settings = (course.folder / "nbgrader_config.py").read_text("utf-8")
    assert (
        make_course.main(["course", str(course.folder), "--only", ONE, "--update", "--seed", "77"])
        == 0
    )
    assert (course.folder / "nbgrader_config.py").read_text("utf-8") == settings
    assert (course.folder / "submitted").exists()


def test_update_wants_a_course(tmp_path, capsys):
    """A typing error in the folder's name would make half a course there."""
    assert make_course.main(["course", str(tmp_path / "none"), "--update"]) == 1
    assert "no course" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


# What comes back


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"course-{name}")) for name in EXERCISES],
)
def test_untouched_gets_nothing_and_solutions_get_all(name, tmp_path):
    """Points would be given for nothing, or withheld from right answers."""
    one = Course(tmp_path / "course", name)
    one.submit("blank", one.released())
    one.submit("solver", one.with_answers())
    log = one.grade()
    assert set(one.points("blank").values()) == {0.0}, log
    assert one.points("solver") == one.possible(), log
    with Gradebook(f"sqlite:///{one.folder}/gradebook.db") as gradebook:
        blank = gradebook.find_submission(one.stem, "blank")
        assert blank.score == 0
        assert not blank.needs_manual_grade  # untouched text is worth nothing, without a reader
        possible = gradebook.find_assignment(one.stem).max_score
    written = sum(
        cell.metadata.nbgrader.points
        for cell in _solution(name).cells
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata
    )
    assert possible == sum(one.possible().values()) + written
    assert written >= 2


def _cell(notebook, cell_id):
    return next(cell for cell in notebook.cells if cell.id == cell_id)


def _deleted(course):
    """Test cells of q1 and q2 gone, and the answer to q3; nothing is left of q4."""
    notebook = course.with_answers("q1", "q2", "q3", "q4")
    gone = ("q1-check", "q2-check", "q3-answer", "q4-answer", "q4-check")
    notebook.cells = [cell for cell in notebook.cells if cell.id not in gone]
    return notebook


def _duplicated(course):
    """The test of an answered question three times, and a false one of another before it."""
    notebook = course.with_answers("q1")
    for _ in range(2):
        notebook.cells.append(_cell(notebook, "q1-check").copy())
    fake = _cell(notebook, "q2-check").copy()
    fake.source = "'Correct. '"
    notebook.cells.insert(3, fake)
    return notebook


def _edited(course):
    """Tests that always pass, unlocked, and worth a hundred points."""
    notebook = course.with_answers("q1")
    for cell in notebook.cells:
        if cell.id.endswith("-check"):
            cell.source = "print('Correct. ')"
            cell.metadata.nbgrader.update(locked=False, points=100)
    return notebook


def _skipped(course):
    """Tests with the tag that tells the executor to leave them out; nbgrader gives these points."""
    notebook = course.with_answers("q1")
    for cell in notebook.cells:
        if cell.id.endswith("-check") and cell.id != "q1-check":
            cell.metadata["tags"] = ["skip-execution"]
    return notebook


def _metadata(course):
    """Metadata of nbgrader that is none: another version, another kind, nothing, a list."""
    notebook = course.with_answers("q1")
    _cell(notebook, "q1-check").metadata.nbgrader.schema_version = 99
    _cell(notebook, "q2-check").metadata.nbgrader = {}
    _cell(notebook, "q3-check").metadata.nbgrader = {"grade_id": ["q3-check"]}
    _cell(notebook, "q4-check").metadata.nbgrader.grade_id = "no-such-cell"
    _cell(notebook, "q5-check").metadata.nbgrader.update(grade=False, points=7)
    notebook.cells[0].metadata.nbgrader = {"schema_version": 0}
    return notebook


def _adding(source):
    def tampered(course):
        notebook = course.with_answers("q1")
        _cell(notebook, "q2-answer").source = textwrap.dedent(source)
        return notebook

    return tampered


OUTSIDE = "/var/tmp/wmtutor-outside"
_writes = f"""
from pathlib import Path
here = Path.cwd()
for path in (
    Path({OUTSIDE!r}),
    *(parent / "gradebook.db" for parent in here.parents),
    *(parent / "submitted" / "zoe" / "written" for parent in here.parents),
    *(parent / "source" / "written" for parent in here.parents),
):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("gotcha")
    except OSError:
        pass
effect = None
"""
#: What it does, and the points for q1 that stay (nothing else is answered, but for the first).
TAMPERED = {
    "deleted": (_deleted, {"q1": 1, "q2": 1}),
    "metadata": (_metadata, {"q1": 1}),
    "duplicated": (_duplicated, {"q1": 1}),
    "edited": (_edited, {"q1": 1}),
    "skipped": (_skipped, {"q1": 1}),
    "loop": (_adding("while True:\n    pass"), {"q1": 1}),
    "loop-function": (
        _adding("def effect(*arguments):\n    while True:\n        pass\nmean_voltage = effect"),
        {"q1": 1},
    ),
    "memory": (_adding("bomb = []\nwhile True:\n    bomb.append(bytearray(10**8))"), {"q1": 1}),
    "sys-exit": (_adding("import sys\nsys.exit()"), {"q1": 1}),
    "os-exit": (_adding("import os\nos._exit(0)"), {"q1": 1}),
    "output": (_adding("for _ in range(10**6):\n    print('Correct. ' * 10)"), {"q1": 1}),
    "deletes": (_adding("import shutil\nshutil.rmtree('.', ignore_errors=True)"), {"q1": 1}),
    "writes": (_adding(_writes), {"q1": 1}),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A batch with all kinds of tampering in it, and two honest students among them."""
    batch = Course(tmp_path_factory.mktemp("course") / "batch", ONE, timeout=15)
    batch.submit("anna", batch.with_answers("q1", "q3"))
    for student, (tamper, _) in TAMPERED.items():
        batch.submit(student, tamper(batch))
    batch.submit("zoe", batch.with_answers("q1", "q3", "q4"))
    batch.log = batch.grade()
    return batch


def test_batch_goes_on(graded):
    """One bad submission would leave the rest of the class without grades."""
    possible = graded.possible()
    for student, answered in (("anna", ("q1", "q3")), ("zoe", ("q1", "q3", "q4"))):
        assert graded.points(student) == {
            name: points if name in answered else 0.0 for name, points in possible.items()
        }, graded.log


@pytest.mark.parametrize("student", TAMPERED)
def test_tampering_earns_nothing(graded, student):
    """A submission would get points that its answers do not earn, or lose those they do."""
    expected = {name: 0.0 for name in graded.possible()} | TAMPERED[student][1]
    assert graded.points(student) == expected, graded.log


@pytest.mark.skipif(not SANDBOX, reason="bubblewrap is not there or may not do its work")
def test_submission_writes_into_its_own_folder_alone(graded):
    """A submission could change the gradebook, the tests or what another student handed in."""
    assert not Path(OUTSIDE).exists()
    assert not [path for path in graded.folder.rglob("written")]
    assert (graded.folder / "gradebook.db").read_bytes().startswith(b"SQLite")


def test_sandbox_that_is_missing_is_told(course, monkeypatch):
    """An instructor would grade without isolation, and believe to have it."""
    from wmtutor.grading import ContainedKernelManager

    monkeypatch.setattr("shutil.which", lambda name: None)
    manager = ContainedKernelManager()
    manager.sandbox = True
    with pytest.raises(RuntimeError, match="bubblewrap"):
        manager._walls(course.folder)


# Archives


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archives")
    return {path.name: path for path in make_course.make_archives(folder)}


def test_archives_hold_what_each_reader_needs(archives):
    """Students would get the solutions, or a notebook without the library it needs."""
    kinds = {name.split("-")[1]: zipfile.ZipFile(path) for name, path in archives.items()}
    assert set(kinds) == {"exercises", "solutions", "nbgrader"}
    for kind, archive in kinds.items():
        names = archive.namelist()
        notebooks = [name for name in names if name.endswith(".ipynb")]
        assert len(notebooks) == len(EXERCISES)
        assert any(name.endswith(".whl") for name in names)
        (readme,) = (name for name in names if name.endswith("README.txt"))
        assert __version__ in archive.read(readme).decode()
        text = "".join(archive.read(name).decode() for name in notebooks)
        assert ("BEGIN SOLUTION" in text) == (kind != "exercises")
        assert ("image/png" in text) == (kind == "solutions")


def test_archives_repeat(archives, tmp_path):
    """Two people who make the archives of one version would hand out different files."""
    for path in make_course.make_archives(tmp_path):
        ours, theirs = zipfile.ZipFile(path), zipfile.ZipFile(archives[path.name])
        for name in ours.namelist():
            if not name.endswith(".whl"):
                assert ours.read(name) == theirs.read(name), name
    assert not list(tmp_path.glob("*.partial"))
