"""The reference of the library, a directive a module: what its docstrings say, and nothing else."""

import ast
import importlib
import inspect
import re
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Parser
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.ext.autodoc.mock import mock
from sphinx.ext.autodoc.preserve_defaults import DefaultValue
from sphinx.util.docutils import SphinxDirective


def setup(app: Sphinx) -> dict[str, bool]:
    """Add ``{library}``, and let Sphinx read docstrings as this library writes them."""
    for extension in ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"):
        app.setup_extension(extension)
    app.add_directive("library", Library)
    app.connect("autodoc-before-process-signature", _show_defaults_as_written)
    app.connect("autodoc-process-docstring", _describe_constant)
    app.connect("autodoc-skip-member", _skip_what_the_class_describes)
    app.connect("html-page-context", _mend_lists)
    app.connect("env-get-outdated", _read_again)
    app.connect("env-updated", _leave_out_others_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _leave_out_others_code(app: Sphinx, env: Any) -> None:
    # Modules that only lent a decorator stay on viewcode's list when pages are read side by side.
    for name in [name for name in env._viewcode_modules if name.split(".")[0] != "wmtutor"]:
        del env._viewcode_modules[name]


class Library(SphinxDirective):
    """``{library} wmtutor.ring``: a line for each public name of a module, then all about each."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Hand Sphinx what it would find in a page written for autodoc."""
        name = self.arguments[0]
        # Grading needs nbgrader, which readers of the book do not.
        with mock(self.config.autodoc_mock_imports):
            module = importlib.import_module(name)
        lines = [f".. automodule:: {name}", "   :no-members:", ""]
        lines += [f"* :py:obj:`~{name}.{member}`: {_summary(module, member)}"
                  for member in module.__all__]  # fmt: skip
        lines += ["", f".. currentmodule:: {name}", ""]
        for member in module.__all__:
            value = getattr(module, member)
            if inspect.isclass(value):
                kind = "exception" if issubclass(value, BaseException) else "class"
                lines += [f".. auto{kind}:: {member}", "   :members:", ""]
            elif inspect.isroutine(value):
                lines += [f".. autofunction:: {member}", ""]
            else:
                lines += [f".. autodata:: {member}"]
                # A number is worth reading; a table of the package's objects is not.
                lines += ["" if isinstance(value, (int, float)) else "   :no-value:", ""]
        # A page in MyST, docstrings in reStructuredText: they need their own parser.
        document = new_document(self.get_source_info()[0], self.state.document.settings)
        document.reporter = self.state.document.reporter
        Parser().parse("\n".join(lines), document)
        for python_file in _files_of(module):
            self.env.note_dependency(str(python_file))
        return document.children


def _summary(module: Any, name: str) -> str:
    """The first sentence of what is said of a name."""
    value = getattr(module, name)
    described = inspect.isclass(value) or inspect.isroutine(value)
    text = inspect.getdoc(value) if described else "\n".join(_comment(module, name))
    paragraph = " ".join((text or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s", paragraph)[0].rstrip(":.") + "."


def _files_of(module: Any) -> list[Path]:
    """The files that a page about a module depends on: a package's re-exports are in several."""
    file = Path(module.__file__)
    return sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]


@cache
def _comments_of(file: Path) -> dict[str, tuple[str, ...]]:
    """The ``#:`` comments above, or behind, the constants of a file."""
    lines = file.read_text().splitlines()
    found = {}
    for statement in ast.parse("\n".join(lines)).body:
        if isinstance(statement, ast.AnnAssign):
            target: Any = statement.target
        elif isinstance(statement, ast.Assign):
            target = statement.targets[0]
        else:
            continue
        first = statement.lineno - 1
        above = first
        while lines[above - 1].startswith("#:"):
            above -= 1
        comment = [line[2:].strip() for line in lines[above:first]]
        behind = re.search(r"#: (.*)", lines[first])
        if behind:
            comment = [behind[1]]
        if comment and isinstance(target, ast.Name):
            found[target.id] = tuple(comment)
    return found


def _comment(module: Any, name: str) -> tuple[str, ...]:
    """The comment on a constant, also where a package only passes it on."""
    for file in _files_of(module):
        if name in _comments_of(file):
            return _comments_of(file)[name]
    return ()


def _describe_constant(
    app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    # Sphinx looks for the comment where the name is shown, and otherwise shows what its type says.
    if what == "data":
        module, _, constant = name.rpartition(".")
        lines[:] = [*_comment(importlib.import_module(module), constant), ""]


def _show_defaults_as_written(app: Sphinx, function: Any, bound_method: bool) -> None:
    """``0.07 * nA``, and not 7.000000000000001e-11. Sphinx's own way fails at made signatures."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # an exception that takes what all exceptions take
        return
    try:
        source = ast.parse(inspect.cleandoc(inspect.getsource(inspect.unwrap(function)))).body[0]
    except (OSError, TypeError, SyntaxError):  # a dataclass writes its __init__ itself
        source = None
    written = {}
    if isinstance(source, ast.FunctionDef):
        given = source.args
        ordered = [*given.posonlyargs, *given.args]
        pairs = [*zip(ordered[len(ordered) - len(given.defaults) :], given.defaults, strict=True),
                 *zip(given.kwonlyargs, given.kw_defaults, strict=True)]  # fmt: skip
        written = {argument.arg: ast.unparse(default) for argument, default in pairs if default}
    shown = []
    for parameter in signature.parameters.values():
        default = written.get(parameter.name)
        if default is None and isinstance(parameter.default, float):
            default = f"{parameter.default:g}"
        shown.append(parameter.replace(default=DefaultValue(default)) if default else parameter)
    function.__signature__ = signature.replace(parameters=shown)


def _skip_what_the_class_describes(
    app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any
) -> bool | None:
    # A named tuple's fields have docstrings of their own, which say "Alias for field number 0".
    text = getattr(value, "__doc__", None) or ""
    return True if text.startswith("Alias for field number") else None


#: A signature with a line for each parameter: what Sphinx takes for a list of definitions.
_PARAMETERS = re.compile(r"<dl>\s*((?:<dd><em class=\"sig-param\">.*?</dd>\s*)+)</dl>", re.DOTALL)


def _mend_lists(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    # Screen readers announce lists, and say nothing sensible of definitions without terms, nor of
    # lists that lie in a list but in none of its items.
    body = context.get("body", "")
    if page == "_modules/index":
        head, _, items = body.partition("<ul>")
        context["body"] = f"{head}<ul>{re.sub('</?ul>', '', items)}</ul>"
    else:
        context["body"] = _PARAMETERS.sub(_as_plain_lines, body)


def _as_plain_lines(found: re.Match[str]) -> str:
    lines = found[1].replace("<dd>", "<div>").replace("</dd>", "</div>")
    return f'<div class="sig-params">{lines}</div>'


def _read_again(
    app: Sphinx, environment: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    # The page on how the book is made counts tests and pages: any file may change what it says.
    return sorted({"making"} & environment.found_docs)
