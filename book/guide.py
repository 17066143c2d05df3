"""What the guide for instructors tells about the exercises, read from the exercises themselves."""

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from IPython.display import HTML

from wmtutor.checks import EXERCISES, exercise
from wmtutor.checks._mechanism import Choice, Specification

ROOT = Path(__file__).resolve().parent.parent
#: Written by ``make times``.
TIMES = ROOT / "book" / "data" / "exercise_times.json"
#: What a reading time is estimated with; said on the page.
WORDS_PER_MINUTE = 150
MINUTES_PER_POINT = 3


@dataclass(frozen=True)
class Written:
    """A question answered in words: what it asks, one answer, and what earns its points."""

    prompt: str
    answer: str
    rubric: tuple[tuple[int, str], ...]

    @property
    def points(self) -> int:
        return sum(points for points, _ in self.rubric)


@dataclass(frozen=True)
class Notebook:
    """An exercise as the guide tells of it."""

    name: str
    stem: str
    title: str
    question: str
    goals: tuple[str, ...]
    time: str
    needs: str
    words: int
    questions: dict[str, Specification]
    written: tuple[Written, ...]

    @property
    def machine_points(self) -> int:
        return sum(question.points for question in self.questions.values())

    @property
    def written_points(self) -> int:
        return sum(question.points for question in self.written)

    @property
    def stated_minutes(self) -> int:
        """As the notebook tells the student."""
        return int(re.findall(r"(\d+) minutes", self.time)[0])

    @property
    def estimated_minutes(self) -> float:
        """Reading at a steady pace, and a few minutes for every point."""
        points = self.machine_points + self.written_points
        return self.words / WORDS_PER_MINUTE + MINUTES_PER_POINT * points


def _part(text: str, name: str) -> str:
    """What follows a bold name in the opening cell, up to the next bold name."""
    found = re.search(rf"\*\*{name}\*?\*?\.?\*?\*?(.*?)(?=\n\n\*\*|\Z)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"no **{name}** in the opening of the notebook")
    return " ".join(found.group(1).replace("**", "").split())


def read_written(text: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """The answer and the rubric out of a cell that is graded by hand."""
    answer, mark, rubric = text.partition("**Rubric.**")
    items = re.findall(r"^- (\d+) points?: (.+?)(?=\n- |\Z)", rubric, re.DOTALL | re.MULTILINE)
    if not mark or not items:
        raise ValueError("a written answer has no rubric of the form '- 1 point: ...'")
    words = " ".join(answer.replace("**One answer.**", "").split())
    return words, tuple((int(points), " ".join(what.split())) for points, what in items)


@cache
def notebooks() -> tuple[Notebook, ...]:
    """Every exercise, in the order of the course."""
    return tuple(_read(name, stem) for name, stem in EXERCISES.items())


def _read(name: str, stem: str) -> Notebook:
    cells = nbformat.read(ROOT / "solutions" / f"{stem}.ipynb", as_version=4).cells
    opening = cells[0].source
    title = opening.splitlines()[0].partition(": ")[2]
    goals = re.findall(r"^- (.+?)[;.]?$", opening, re.MULTILINE)
    by_id = {cell.id: cell for cell in cells}
    written = []
    for cell in cells:
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("points"):
            answer, rubric = read_written(cell.source)
            prompt = " ".join(by_id[f"{cell.id}-prompt"].source.split())
            written.append(Written(prompt, answer, rubric))
    told = [c for c in cells if c.cell_type == "markdown" and "nbgrader" not in c.metadata]
    questions = exercise(name).questions
    return Notebook(
        name=name,
        stem=stem,
        title=title,
        question=" ".join(opening.split("\n\n")[1].split()),
        goals=tuple(goals),
        time=_part(opening, "Time"),
        needs=_part(opening, "You need"),
        words=sum(len(cell.source.split()) for cell in told),
        questions={key: question.specification for key, question in questions.items()},
        written=tuple(written),
    )


def mistakes(question: Specification) -> list[str]:
    """The likely slips that the checker of a question knows by name."""
    if isinstance(question, Choice):
        return [f"({letter}) {why}" for letter, why in sorted(question.wrong.items())]
    return [slip.message for slip in getattr(question, "slips", ())]


def run_seconds() -> dict[str, float]:
    """How long each solution notebook took to run, as ``make times`` measured it."""
    return json.loads(TIMES.read_text("utf-8"))["seconds"]


def machine() -> str:
    """The machine that was measured on, in words."""
    return json.loads(TIMES.read_text("utf-8"))["machine"]


# As HTML, since headings and lists cannot be made by a cell otherwise.


def _inline(text: str) -> str:
    """Code and emphasis of a sentence in Markdown; formulas stay for MathJax."""
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
    formula = r'<span class="math notranslate nohighlight">\\(\1\\)</span>'
    return re.sub(r"\$([^$]+)\$", formula, text)


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + "</ul>"


def folded(which: str) -> HTML:
    """A part that opens on click for every exercise: "goals", "mistakes" or "rubrics"."""
    parts = {"goals": _goals, "mistakes": _mistakes, "rubrics": _rubrics}[which]
    blocks = [
        f"<details><summary>{number}. {html.escape(notebook.title)}</summary>"
        f"{parts(notebook)}</details>"
        for number, notebook in enumerate(notebooks(), start=1)
    ]
    return HTML("\n".join(blocks))


def _goals(notebook: Notebook) -> str:
    return (
        f"<p>{_inline(notebook.question)}</p>{_list(notebook.goals)}"
        f"<p>Needed: {_inline(notebook.needs)}</p>"
    )


def _mistakes(notebook: Notebook) -> str:
    return "".join(
        f"<p><strong>{key}</strong> {html.escape(question.title)} ({question.points} "
        f"point{'s' * (question.points > 1)})</p>{_list(mistakes(question))}"
        for key, question in notebook.questions.items()
        if mistakes(question)
    )


def _rubrics(notebook: Notebook) -> str:
    blocks = []
    for written in notebook.written:
        earned = [f"{points} point{'s' * (points > 1)}: {what}" for points, what in written.rubric]
        blocks.append(f"<p>{_inline(written.prompt)}</p>{_list(earned)}")
    return "".join(blocks)
