"""The guide for instructors: what it says of the exercises, and how to add one."""

import re
import sys
import textwrap
import types
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from wmtutor import checks
from wmtutor.checks import EXERCISES
from wmtutor.checks._mechanism import Exercise

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "solutions")]
import guide  # noqa: E402
import make_course  # noqa: E402
import make_exercises  # noqa: E402


def _page(name):
    return (ROOT / "book" / f"{name}.md").read_text("utf-8")


def test_every_exercise_is_told_of():
    """An instructor would not know of an exercise, or of one that has no rubric."""
    notebooks = guide.notebooks()
    assert [n.name for n in notebooks] == list(EXERCISES)
    assert 8 <= len(notebooks) <= 10
    for notebook in notebooks:
        assert 6 <= len(notebook.questions) <= 12, notebook.name
        assert notebook.written_points >= 2
        for key, question in notebook.questions.items():
            assert len(question.hints) >= 2, (notebook.name, key)


def test_times_are_those_of_the_notebooks_that_are_there():
    """The guide would tell how long an exercise took that has changed its name since."""
    seconds = guide.run_seconds()
    assert set(seconds) == set(EXERCISES.values())
    assert all(0 < value < 180 for value in seconds.values()), "an exercise takes over 3 minutes"
    assert guide.machine()


def test_told_and_estimated_times_are_near_each_other():
    """A student would plan an hour for what takes three."""
    for notebook in guide.notebooks():
        assert 0.5 < notebook.stated_minutes / notebook.estimated_minutes < 2, notebook.name


def test_pages_link_every_notebook():
    """A notebook would be in the repository, and nobody would find it."""
    text = _page("exercises")
    for number, notebook in enumerate(guide.notebooks(), start=1):
        link = f"{number} {{download}}`{notebook.title} <../exercises/{notebook.stem}.ipynb>`"
        assert link in text
    chapters = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "book").glob("*.md")
        if path.stem not in ("exercises", "instructors")
    )
    for stem in list(EXERCISES.values())[:-1]:
        assert f"exercises/{stem}.ipynb" in chapters, stem


@pytest.mark.parametrize("which", ["goals", "mistakes", "rubrics"])
def test_folded_parts_hold_every_exercise(which):
    """A part of the guide would be empty for some exercise."""
    text = guide.folded(which).data
    blocks = re.findall(r"<details>.*?</details>", text, flags=re.DOTALL)
    assert len(blocks) == len(EXERCISES)
    for block in blocks:
        assert block.count("<li>") >= 3
        assert "`" not in block
        assert "**" not in block


def test_rubric_is_read_from_its_cell():
    """Points would be lost between the notebook and the guide."""
    answer, rubric = guide.read_written(
        "**One answer.** It is\nso.\n\n**Rubric.**\n\n- 1 point: says so.\n- 2 points: says\n  why."
    )
    assert answer == "It is so."
    assert rubric == ((1, "says so."), (2, "says why."))
    with pytest.raises(ValueError, match="rubric"):
        guide.read_written("**One answer.** It is so.")


def _example():
    """The question that the guide adds, out of the page's own code."""
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", _page("instructors"), re.DOTALL)
    code = [cell for cell in cells if not cell.startswith(":tags:")]
    namespace = {}
    for cell in code[:3]:
        exec(cell, namespace)
    assert isinstance(namespace["ex"], Exercise)
    return namespace["question"]


def test_exercise_can_be_added_as_the_guide_says(tmp_path, monkeypatch):
    """Somebody would follow the steps and end with an exercise that cannot be graded."""
    question = _example()
    module = types.ModuleType("wmtutor.checks.example")
    module.QUESTIONS = (question,)
    monkeypatch.setitem(sys.modules, "wmtutor.checks.example", module)
    added = {**EXERCISES, "example": "11_example"}
    for place in (checks, make_course):
        monkeypatch.setattr(place, "EXERCISES", added)
    monkeypatch.setattr(make_exercises, "SOLUTIONS", tmp_path)

    def cell(name, source, **metadata):
        made = new_code_cell(source, id=name)
        made.metadata["nbgrader"] = {
            "schema_version": 3, "grade_id": name, "task": False, **metadata,
        }  # fmt: skip
        return made

    body = textwrap.indent(question.solution, "    ")
    solution = new_notebook(
        cells=[
            new_markdown_cell("# Exercise 11: Example", id="title"),
            new_code_cell(
                'from wmtutor.checks import exercise\n\nex = exercise("example")', id="setup"
            ),
            cell(
                "q1-answer",
                'def middle(a_deg, b_deg):\n    """Half way, in degrees."""\n'
                f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION",
                grade=False, locked=False, solution=True,
            ),
            cell(
                "q1-check",
                "### BEGIN HIDDEN TESTS\n"
                'assert exercise("example", seed=2026).q1.check(middle).correct\n'
                "### END HIDDEN TESTS\nex.q1.check(middle)",
                grade=True, locked=True, solution=False, points=1,
            ),
        ]
    )  # fmt: skip
    nbformat.write(solution, tmp_path / "11_example.ipynb")

    released = make_exercises.release(solution)
    assert "BEGIN" not in nbformat.writes(released)
    for notebook, verdict in ((solution, "correct"), (released, "not attempted")):
        namespace = {}
        for code in notebook.cells[1:-1]:
            exec(code.source, namespace)
        assert namespace["ex"].q1.check(namespace["middle"]).status == verdict
    points = make_course.make_course(tmp_path / "course", ["example"], seed=3)
    assert points == {"11_example": 1}
    assert (tmp_path / "course" / "release" / "11_example" / "11_example.ipynb").exists()
