"""The directive ``quiz``: a question with choices that answer at once, also without JavaScript.

Each choice is a disclosure (``<details>``): the browser brings keyboard, screen reader and touch::

    ::::{quiz} Why does a memory drift?
    - [ ] Because cells die.

      Not in seconds. Think of noise.
    - [x] Because nothing holds it in place.

      Every place is as good as any other.
    - [ ] Because the cue ended.

      The bump lives on without it.
    ::::
"""

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective

_CHOICE = re.compile(r"- \[([ x])\] +(.+)")


class quiz(nodes.General, nodes.Element):
    """A question and its choices."""


class quiz_choice(nodes.General, nodes.Element):
    """A choice, closed; its verdict and explanation are inside."""


class quiz_choice_text(nodes.General, nodes.TextElement):
    """The line that a reader picks."""


class QuizDirective(SphinxDirective):
    """Parse a question (the argument) and its choices (a list of boxes, one of them ticked)."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        choices: list[tuple[bool, str, int, list[str]]] = []
        for number, line in enumerate(self.content):
            match = _CHOICE.match(line)
            if match:
                choices.append((match[1] == "x", match[2], number, []))
            elif choices:
                choices[-1][3].append(line.removeprefix("  "))
            elif line.strip():
                raise self.error(f"quiz: text before the first choice: {line!r}")
        right = sum(choice[0] for choice in choices)
        if right != 1 or not 3 <= len(choices) <= 5:
            raise self.error(
                f"quiz: {len(choices)} choices, {right} of them ticked: a question has three to "
                "five choices, and one of them is right"
            )
        question = nodes.paragraph("", "", classes=["quiz-question"])
        question += self._inline(self.arguments[0], 0)
        block = quiz("", question)
        block["serial"] = self.env.new_serialno("quiz") + 1
        for is_right, text, offset, feedback in choices:
            if not any(line.strip() for line in feedback):
                raise self.error(f"quiz: the choice {text!r} says nothing to those who pick it")
            choice = quiz_choice("")
            choice["right"] = is_right
            summary = quiz_choice_text("", "")
            summary += self._inline(text, offset)
            if list(summary.findall(nodes.reference)) or list(summary.findall(pending_xref)):
                # A link inside a button is two things to press in one place.
                raise self.error(f"quiz: a link in the choice {text!r}: put it into the feedback")
            choice += summary
            body = nodes.container("", classes=["quiz-feedback"])
            verdict = "Right." if is_right else "Not quite."
            body += nodes.paragraph("", "", nodes.strong("", verdict), classes=["quiz-verdict"])
            self.state.nested_parse(
                type(self.content)(feedback, source=""), self.content_offset + offset, body
            )
            choice += body
            block += choice
        return [block]

    def _inline(self, text: str, offset: int) -> list[nodes.Node]:
        parsed, messages = self.state.inline_text(text, self.lineno + offset)
        return [*parsed, *messages]


def _visit_quiz(self: Any, node: quiz) -> None:
    name = f"quiz-{node['serial']}"
    node[0]["ids"].append(name)
    self.body.append(f'<div class="quiz" role="group" aria-labelledby="{name}">')


def _depart_quiz(self: Any, node: quiz) -> None:
    self.body.append("</div>\n")


def _visit_choice(self: Any, node: quiz_choice) -> None:
    outcome = "right" if node["right"] else "wrong"
    self.body.append(f'<details class="quiz-choice quiz-{outcome}">')


def _depart_choice(self: Any, node: quiz_choice) -> None:
    self.body.append("</details>\n")


def _visit_text(self: Any, node: quiz_choice_text) -> None:
    self.body.append("<summary>")


def _depart_text(self: Any, node: quiz_choice_text) -> None:
    self.body.append("</summary>")


def setup(app: Any) -> dict[str, bool]:
    """Register the directive and how its parts are written."""
    app.add_node(quiz, html=(_visit_quiz, _depart_quiz))
    app.add_node(quiz_choice, html=(_visit_choice, _depart_choice))
    app.add_node(quiz_choice_text, html=(_visit_text, _depart_text))
    app.add_directive("quiz", QuizDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
