"""The notebooks: exercises follow from solutions, hold no answers, and run untouched."""

import copy
import importlib.util
import re
import shutil
import sys
import textwrap
from pathlib import Path

import learner_answers
import nbformat
import pytest

from wmtutor.checks import exercise

ROOT = Path(__file__).parent.parent
#: Each notebook and the exercise that it belongs to.
NOTEBOOKS = {notebook: name for name, notebook in learner_answers.NOTEBOOKS.items()}


def _load_make_exercises():
    path = ROOT / "solutions" / "make_exercises.py"
    specification = importlib.util.spec_from_file_location("make_exercises", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


make_exercises = _load_make_exercises()
sys.path.insert(0, str(ROOT / "book"))
import guide  # noqa: E402


def _read(folder, name):
    return nbformat.read(ROOT / folder / name, as_version=4)


@pytest.fixture(
    params=[
        pytest.param(notebook, marks=pytest.mark.xdist_group(name))
        for notebook, name in NOTEBOOKS.items()
    ],
    scope="module",
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def solution(name):
    return _read("solutions", name)


@pytest.fixture(scope="module")
def released(name):
    return _read("exercises", name)


def _cells(notebook, suffix=""):
    return [c for c in notebook.cells if c.cell_type == "code" and c.id.endswith(suffix)]


def _answer_region(source):
    """The lines between the solution marks, without their common indentation."""
    region = source.split("### BEGIN SOLUTION\n")[1].split("### END SOLUTION")[0]
    return textwrap.dedent(region).strip("\n")


def test_every_notebook_is_listed_here():
    """A notebook would be added without any of these tests."""
    for folder in ("solutions", "exercises"):
        assert {path.name for path in (ROOT / folder).glob("*.ipynb")} == set(NOTEBOOKS)


def test_exercises_are_in_step():
    """Learners would work on another notebook than the one that was reviewed and tested."""
    assert make_exercises.main(["--check"]) == 0


def test_check_notices_a_difference(monkeypatch, tmp_path, capsys):
    """The check would say yes to anything."""
    monkeypatch.setattr(make_exercises, "EXERCISES", tmp_path)
    assert make_exercises.main(["--check"]) == 1
    assert make_exercises.main([]) == 0
    assert make_exercises.main(["--check"]) == 0
    changed = next(tmp_path.glob("*.ipynb"))
    changed.write_text(changed.read_text("utf-8").replace("Predict", "Guess", 1), "utf-8")
    (tmp_path / "stray.ipynb").write_text("{}", "utf-8")
    assert make_exercises.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert changed.name in said
    assert "stray.ipynb" in said
    assert make_exercises.main([]) == 0
    assert make_exercises.main(["--check"]) == 0


def test_execute_takes_only_what_is_named(monkeypatch, tmp_path):
    """Mending one notebook would rewrite the others too, or a typing error would do nothing."""
    executed = []

    def execute(notebook, folder):
        executed.append(notebook.cells[0].source)
        return notebook

    monkeypatch.setattr(make_exercises, "execute", execute)
    monkeypatch.setattr(make_exercises, "SOLUTIONS", tmp_path / "solutions")
    monkeypatch.setattr(make_exercises, "EXERCISES", tmp_path / "exercises")
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    one, *others = sorted(NOTEBOOKS)
    assert make_exercises.main(["--execute", one]) == 0
    assert executed == [_read("solutions", one).cells[0].source]
    executed.clear()
    assert make_exercises.main(["--execute"]) == 0
    assert len(executed) == 1 + len(others)
    with pytest.raises(SystemExit):
        make_exercises.main(["--execute", "no_such.ipynb"])


def test_release_leaves_the_solution_alone_and_repeats(solution):
    """Making the exercise twice would give two files, or would empty the solution."""
    before = copy.deepcopy(solution)
    assert make_exercises.write(make_exercises.release(solution)) == make_exercises.write(
        make_exercises.release(solution)
    )
    assert solution == before


def test_open_solution_region_is_refused(solution):
    """A forgotten end mark would publish the answer, or swallow the rest of the cell."""
    broken = copy.deepcopy(solution)
    cell = _cells(broken, "-answer")[0]
    cell.source = cell.source.replace("### END SOLUTION", "")
    with pytest.raises(RuntimeError, match="no end solution"):
        make_exercises.release(broken)


def test_no_answer_is_left(solution, released):
    """The exercise would show its own answers."""
    text = "\n".join(cell.source for cell in released.cells)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text
    shown = {line.strip() for line in text.splitlines()}
    answers, given, graded = [], set(), 0
    for cell in _cells(solution):
        if "### BEGIN SOLUTION" in cell.source:
            answers.append(_answer_region(cell.source))
            graded += cell.id.endswith("-answer")
        else:
            given.update(line.strip() for line in cell.source.splitlines())
    assert 6 <= graded <= 12
    for line in "\n".join(answers).splitlines():
        # Brackets and the like are no answer, nor is what the notebook itself shows before.
        if len(line.strip()) > 5 and line.strip() not in given:
            assert line.strip() not in shown
    for cell in solution.cells:
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
            assert cell.source not in text
            assert next(c for c in released.cells if c.id == cell.id).source == "*Write here.*"


def test_exercise_has_no_outputs(released):
    """The figures and checks of the solution would give the answers away."""
    for cell in _cells(released):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_solution_was_executed_and_is_all_correct(solution):
    """The committed solution would show stale or failing checks."""
    counts = [cell.execution_count for cell in _cells(solution)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in _cells(solution, "-check"):
        (output,) = cell.outputs
        assert output.data["text/plain"].startswith("Correct. "), cell.id


def test_every_figure_is_there(solution):
    """A cell that draws would show nothing, as when figures are not flushed."""
    drawing = [cell for cell in _cells(solution) if "= plot_" in cell.source]
    assert len(drawing) >= 2
    for cell in drawing:
        assert any("image/png" in output.get("data", {}) for output in cell.outputs), cell.id
        assert "nbval-ignore-output" in cell.metadata.tags


def test_files_do_not_depend_on_the_hour_or_the_machine(solution, released):
    """Executing again without a change would change the file."""
    for notebook in (solution, released):
        assert notebook.metadata == {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        for cell in notebook.cells:
            assert set(cell.metadata) <= {"nbgrader", "tags"}
    assert [cell.id for cell in solution.cells] == [cell.id for cell in released.cells]
    assert len({cell.id for cell in solution.cells}) == len(solution.cells)


def test_each_question_has_its_cells_and_points(name, solution):
    """A question would have no place for its answer, or other points than the checker gives."""
    questions = exercise(NOTEBOOKS[name]).questions
    by_id = {cell.id: cell for cell in solution.cells}
    assert {cell.id for cell in _cells(solution, "-check")} == {f"{q}-check" for q in questions}
    for question in questions.values():
        answer, check = by_id[f"{question.name}-answer"], by_id[f"{question.name}-check"]
        points = question.specification.points
        assert answer.metadata.nbgrader.solution
        assert check.metadata.nbgrader.grade
        assert check.metadata.nbgrader.points == points
        number = question.name.removeprefix("q")
        heading = f"### Question {number} ({points} point{'s' * (points > 1)})"
        assert sum(heading in cell.source for cell in solution.cells) == 1
        # What .solution() shows is what the notebook runs.
        assert _answer_region(answer.source) == question.specification.solution.strip()


def _written(notebook):
    """Cells that are answered in words and graded by hand; some have no points."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("points")
    ]


def test_written_answers_have_a_rubric_that_adds_up(solution):
    """Two graders would give different points for the same answer."""
    by_id = {cell.id: cell for cell in solution.cells}
    cells = _written(solution)
    assert len(cells) >= 2
    for cell in cells:
        told = cell.metadata.nbgrader
        assert told.grade
        assert told.solution
        assert not told.locked
        answer, rubric = guide.read_written(cell.source)
        assert len(answer) > 100
        assert sum(points for points, _ in rubric) == told.points > 0, cell.id
        plural = "s" * (told.points > 1)
        assert f"{told.points} point{plural}, graded by hand" in by_id[f"{cell.id}-prompt"].source


def test_opening_says_what_for_how_long_and_what_is_needed(solution):
    """A student could not tell whether the notebook fits the evening."""
    opening = solution.cells[0].source
    number = int(re.match(r"# Exercise (\d+): ", opening).group(1))
    (told,) = [n for n in guide.notebooks() if n.stem.startswith(f"{number:02d}_")]
    assert told.question.count("?") >= 1
    assert len(told.goals) >= 3
    assert 40 <= told.stated_minutes <= 120
    assert told.needs
    assert solution.cells[-1].id == "progress"


def test_asks_to_predict_before_it_simulates(solution):
    """Students would look first and know it all afterwards."""
    assert sum("**Predict first.**" in cell.source for cell in solution.cells) >= 2


def test_hidden_tests_have_another_seed(name, solution):
    """A function fitted to the inputs of the visible check would get full points."""
    for cell in _cells(solution, "-check"):
        assert f'assert exercise("{NOTEBOOKS[name]}", seed=2026).' in cell.source, cell.id


def test_untouched_exercise_runs_and_says_not_attempted(released):
    """A learner who runs all cells first would meet an error, or a verdict on no answer."""
    notebook = make_exercises.execute(copy.deepcopy(released), ROOT / "exercises")
    checks = _cells(notebook, "-check")
    assert 6 <= len(checks) <= 12
    for cell in checks:
        (output,) = cell.outputs
        assert output.data["text/plain"].startswith("Not attempted. "), cell.id
    for cell in _cells(notebook):
        assert not any(output.get("name") == "stderr" for output in cell.outputs), cell.id


def test_solutions_put_in_turn_every_check_to_correct(name, solution, released):
    """An exercise could not be solved in the notebook that the learner has."""
    answers = {cell.id: cell.source for cell in _cells(solution, "-answer")}
    namespace = {}
    for cell in _cells(released):
        question = cell.id.removesuffix("-check")
        if cell.id.endswith("-answer"):
            exec(compile(cell.source, cell.id, "exec"), namespace)
        elif cell.id.endswith("-check"):
            outcome = eval(cell.source, namespace)
            assert outcome.status == "not attempted", cell.id
            exec(compile(answers[f"{question}-answer"], cell.id, "exec"), namespace)
            assert eval(cell.source, namespace).correct, cell.id
        elif not cell.id.endswith("-explore"):
            exec(compile(cell.source, cell.id, "exec"), namespace)
    progress = namespace["ex"].progress().splitlines()[-1]
    points = sum(q.specification.points for q in exercise(NOTEBOOKS[name]).questions.values())
    assert progress == f"{points} of {points} points"


def test_hidden_tests_fail_an_empty_answer(solution):
    """nbgrader would give full points for an untouched notebook."""
    setup = next(cell for cell in solution.cells if cell.id == "setup")
    for cell in _cells(solution, "-check"):
        namespace = {}
        exec(setup.source, namespace)
        variable = cell.source.rpartition("check(")[2].rstrip(")")
        namespace[variable] = None
        with pytest.raises(AssertionError):
            exec(cell.source, namespace)
