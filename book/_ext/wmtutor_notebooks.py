"""Each chapter as a plain notebook, and the links that download or launch it.

The pages are MyST Markdown, of which Jupyter, Colab and VS Code understand only a part. What is
written here is made from the page's *resolved* document tree: by then Sphinx has looked up every
number, citation and cross-reference, so the notebook says what the page says. The code cells are
the source's own, read by the same parser that read them for the build.

The links need to know where the book's repository is. ``wmtutor_repository`` in ``_config.yml``
says so, and while its ``url`` is empty a page offers the download alone::

    wmtutor_repository:
      url: https://github.com/OWNER/NAME
      branch: main              # where the sources are
      site_branch: gh-pages     # where the built book is, with its notebooks
      site: https://...         # where that is served; OWNER.github.io/NAME, if not said
"""

import bisect
import html
import json
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import nbformat
from docutils import nodes
from sphinx.errors import ConfigError
from sphinx.util import logging

FOLDER = "_notebooks"
#: What only MyST understands: roles, fences of directives, labels.
MYST = re.compile(r"\{[\w:.+-]+\}`|^ *(?:>\s*)*(?::{3,}|`{3,}\{)|^\([\w-]+\)=$", re.MULTILINE)
LOGGER = logging.getLogger(__name__)

_HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
_SILENT = {"hide-output", "hide-cell", "remove-output", "remove-cell"}
_SETTINGS = {"url", "branch", "site_branch", "site"}

_SET_UP = '''\
# Run this cell first. The chapter uses the library, and from the book its pages.py and data.
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY, BRANCH = {url!r}, {branch!r}


def file_of(package):
    """Where a package is installed; a mere folder of that name does not count."""
    found = importlib.util.find_spec(package)
    return Path(found.origin) if found and found.origin else None


def find_book():
    """The folder "book" of a checkout: at or above this notebook, or where the library is from."""
    starts = [Path.cwd(), *Path.cwd().parents]
    if os.environ.get("WMTUTOR"):
        starts.insert(0, Path(os.environ["WMTUTOR"]).expanduser())
    if file_of("wmtutor"):
        starts.append(file_of("wmtutor").parents[1])
    for start in starts:
        for folder in (start, start / "book", start / "wmtutor" / "book"):
            if (folder / "pages.py").exists() and (folder / "data" / "laws").exists():
                return folder
    return None


if "google.colab" in sys.modules and find_book() is None and REPOSITORY:
    clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", BRANCH, REPOSITORY, "wmtutor"]
    subprocess.run(clone, check=True)
    # Without the book's theme: its pins could change what Colab itself runs on.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "./wmtutor", "myst-nb"]
    subprocess.run(install, check=True)
    importlib.invalidate_caches()
book = find_book()
if book is None or file_of("wmtutor") is None or file_of("myst_nb") is None:
    raise RuntimeError(
        "This chapter needs a checkout of the book, and the library from it. In a terminal:\\n"
        f"    git clone {{REPOSITORY or '<the address of the repository>'}} wmtutor\\n"
        '    python -m pip install -e "./wmtutor[book]"\\n'
        "Then restart the kernel. If the checkout is elsewhere, name it in the variable WMTUTOR."
    )
os.chdir(book)
sys.path.insert(0, str(book))'''


def setup(app: Any) -> dict[str, Any]:
    """Write the notebooks, and put the links below each chapter's title."""
    app.add_config_value("wmtutor_repository", {}, "html", dict)
    # Pages whose cells only make tables of the course: nobody wants to run those.
    app.add_config_value("wmtutor_no_notebook", [], "html", list)
    app.connect("config-inited", _check_settings)
    # After all that resolves numbers and references.
    app.connect("doctree-resolved", _write_notebook, priority=900)
    app.connect("html-page-context", _link_to_notebook)
    app.connect("build-finished", _drop_stale_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# -- settings and links -------------------------------------------------------------------------


def _check_settings(app: Any, config: Any) -> None:
    settings = {"url": "", "branch": "main", "site_branch": "gh-pages", "site": ""}
    given = config.wmtutor_repository or {}
    if unknown := set(given) - _SETTINGS:
        raise ConfigError(f"wmtutor_repository: unknown {sorted(unknown)}; it has {_SETTINGS}")
    settings |= {name: str(value or "").strip() for name, value in given.items()}
    settings["url"] = settings["url"].rstrip("/").removesuffix(".git")
    if github := _on_github(settings["url"]):
        owner, name = github.split("/")
        settings["site"] = settings["site"] or f"https://{owner.lower()}.github.io/{name}"
    if settings["site"]:
        settings["site"] = settings["site"].rstrip("/") + "/"
    for name in ("url", "site"):
        if settings[name] and urlsplit(settings[name]).scheme != "https":
            raise ConfigError(f"wmtutor_repository: {name}={settings[name]!r} is no https address")
    config.wmtutor_repository = settings


def _on_github(url: str) -> str:
    """The "owner/name" of a repository on GitHub, which is what Colab and Binder open from."""
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", url)
    return match[1] if match else ""


def launch_links(name: str, settings: dict[str, str]) -> list[tuple[str, str]]:
    """What to call a place to run the chapter, and its address.

    The theme has such links too. But for a page in Markdown its Colab link leads to the .md, which
    Colab does not open, and its Binder link opens MyST that JupyterLab shows as it stands.
    """
    path = f"{FOLDER}/{name}.ipynb"
    links = [("Download notebook", path)]
    repository = _on_github(settings["url"])
    if not repository:
        return links
    branch = quote(settings["site_branch"], safe="")
    colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"
    # Binder makes its image from the sources; nbgitpuller fetches the notebooks when it starts, so
    # that new notebooks need no new image.
    pull = {
        "repo": settings["url"],
        "branch": settings["site_branch"],
        "targetpath": "chapters",
        "urlpath": f"lab/tree/chapters/{path}",
    }
    start = quote(f"git-pull?{urlencode(pull)}", safe="")
    ref = quote(settings["branch"], safe="")
    binder = f"https://mybinder.org/v2/gh/{repository}/{ref}?urlpath={start}"
    return [*links, ("Open in Colab", colab), ("Open in Binder", binder)]


def _has_notebook(app: Any, docname: str) -> bool:
    return (
        app.builder.format == "html"
        and "kernelspec" in app.env.metadata.get(docname, {})
        and docname not in app.config.wmtutor_no_notebook
    )


def _link_to_notebook(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if doctree is None or not _has_notebook(app, page):
        return
    items = []
    for text, address in launch_links(page, app.config.wmtutor_repository):
        kind = "" if "://" in address else " download"
        items.append(f'<li><a href="{html.escape(address)}"{kind}>{text}</a></li>')
    block = (
        '<nav class="launch" aria-label="Run this chapter"><span>Run this chapter:</span>'
        f"<ul>{''.join(items)}</ul></nav>"
    )
    context["body"] = context["body"].replace("</h1>", f"</h1>{block}", 1)


def _drop_stale_notebooks(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for path in Path(app.outdir, FOLDER).glob("*.ipynb"):
            if path.stem not in app.env.found_docs or not _has_notebook(app, path.stem):
                path.unlink()


# -- the notebook -------------------------------------------------------------------------------


def _write_notebook(app: Any, doctree: nodes.document, docname: str) -> None:
    if not _has_notebook(app, docname):
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    notebook = make_notebook(app, doctree, docname)
    nbformat.validate(notebook)
    (folder / f"{docname}.ipynb").write_text(
        json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )


def read_cells_of(page: str) -> tuple[list[nbformat.NotebookNode], list[int]]:
    """The cells of a page as the build reads them, and the line where each begins."""
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    notebook = read_myst_markdown_notebook(
        page,
        MdParserConfig(enable_extensions={"colon_fence", "dollarmath", "amsmath", "deflist"}),
        add_source_map=True,
    )
    return notebook.cells, notebook.metadata["source_map"]


def make_notebook(app: Any, doctree: nodes.document, docname: str) -> nbformat.NotebookNode:
    """The chapter's text and code cells, in their order."""
    source, starts = read_cells_of(Path(app.env.doc2path(docname)).read_text(encoding="utf-8"))
    writer = MarkdownWriter(app, docname)
    texts: dict[int, list[str]] = {}
    captions: dict[int, list[str]] = {}
    index = 0
    for level, node in _blocks(doctree, 0):
        if node.get("nb_element") == "cell_code":
            index = node["cell_index"]
            captions[index] = [writer.figure(found) for found in node.findall(nodes.figure)]
            continue
        if node.line is not None:
            # A text after a cell belongs after it, whatever its line says.
            index = max(index, bisect.bisect_right(starts, max(node.line - 1, 0)) - 1)
        place = index if source[index].cell_type == "markdown" else index + 1
        if isinstance(node, nodes.title):
            text = f"{'#' * level} {writer.inline(node)}"
        else:
            text = writer.block(node)
        texts.setdefault(place, []).append(text)

    title = app.env.titles[docname]
    cells = [
        _markdown(_origin(app, docname, writer.inline(title))),
        nbformat.v4.new_code_cell(
            _SET_UP.format(**app.config.wmtutor_repository),
            # Folded: its first line says what to do with it.
            metadata={"tags": ["set-up"], "jupyter": {"source_hidden": True}},
        ),
    ]
    for place in range(len(source) + 1):
        cells += _markdown_cells(texts.get(place, []))
        if place < len(source) and source[place].cell_type == "code":
            cells.append(_code_cell(source[place]))
            cells += _markdown_cells(captions.get(place, []))
    if references := writer.references():
        cells.append(_markdown(references))
    for number, cell in enumerate(cells):
        cell["id"] = f"{docname}-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    metadata = {"kernelspec": kernel, "language_info": language, "title": title.astext()}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _blocks(node: nodes.Element, level: int) -> Iterable[tuple[int, nodes.Element]]:
    """What stands at the top of a page, sections opened, each with its level of heading."""
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from _blocks(child, level + 1)
        elif isinstance(child, nodes.Element):
            yield level, child


def _origin(app: Any, docname: str, title: str) -> str:
    site = app.config.wmtutor_repository["site"]
    book = app.config.html_title or "wmtutor"
    chapter = f"[{title}]({site}{docname}.html)" if site else title
    return (
        f"> **{chapter}** is a chapter of *{_escape(book)}*, made from its page by the book's "
        "build.\n> Numbers in the text are those of that build. What you run here prints its "
        "own.\n>\n> Text and figures: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). "
        f"Code: BSD 3-Clause. © {app.config.author}."
    )


def _markdown(text: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text)


def _markdown_cells(blocks: list[str]) -> list[nbformat.NotebookNode]:
    """A cell for each heading with its text: so one can fold and skip them."""
    cells: list[list[str]] = []
    for block in filter(None, blocks):
        if not cells or block.startswith("#"):
            cells.append([])
        cells[-1].append(block)
    return [_markdown("\n\n".join(cell)) for cell in cells]


def _code_cell(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    tags = list(cell.metadata.get("tags", []))
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    folded = {}
    if _HIDDEN & set(tags):
        folded["source_hidden"] = True
    if _SILENT & set(tags):
        folded["outputs_hidden"] = True
    if folded:
        metadata["jupyter"] = folded
    return nbformat.v4.new_code_cell(cell.source, metadata=metadata)


# -- Markdown that every notebook understands -----------------------------------------------------


def _escape(text: str) -> str:
    # An underscore inside a word and a lone bracket mean nothing in Markdown.
    text = re.sub(r"([\\`*$])", r"\\\1", text).replace("<", "&lt;")
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", text)


def _indent(text: str, by: str) -> str:
    return "\n".join(by + line if line.strip() else line for line in text.split("\n"))


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


class MarkdownWriter:
    """Writes the nodes of one page as Markdown with a little HTML, and remembers who is cited."""

    def __init__(self, app: Any, docname: str) -> None:
        self.app = app
        self.env = app.env
        self.docname = docname
        self.site = app.config.wmtutor_repository["site"]
        self.cited: dict[str, None] = {}
        self.in_table = False

    # Inline ------------------------------------------------------------------------------------

    def inline(self, node: nodes.Node) -> str:
        """What is inside a node that holds text."""
        text = "".join(self._inline(child) for child in node.children)
        # The page writes a citation in brackets, which Markdown keeps for links.
        return re.sub(r"\[(?=\x02)|(?<=\x03)\]", lambda m: "()"[m[0] == "]"], text).translate(
            {2: None, 3: None}
        )

    def _inline(self, node: nodes.Node) -> str:
        name = type(node).__name__
        if isinstance(node, nodes.Text):
            return _escape(str(node)).replace("\n", " ")
        if isinstance(node, nodes.math):
            formula = " ".join(node.astext().split())
            # A bar would end the table's cell.
            return f"${formula}$".replace("|", "\\vert ") if self.in_table else f"${formula}$"
        if isinstance(node, nodes.literal):
            code = node.astext()
            fence = "``" if "`" in code else "`"
            code = f" {code} " if fence == "``" else code
            code = code.replace("|", "\\|") if self.in_table else code
            return f"{fence}{code}{fence}"
        if isinstance(node, nodes.raw):
            # A picture among words is an icon of the page.
            drawn = node.get("format") != "html" or node.astext().startswith("<svg")
            return "" if drawn else node.astext()
        if isinstance(node, nodes.Invisible | nodes.target | nodes.system_message):
            return ""
        if isinstance(node, nodes.image):
            return f"*({_escape(node.get('alt', 'picture'))})*"
        inner = "".join(self._inline(child) for child in node.children)
        if name == "download_reference":
            return self._download(node, _escape(node.astext()))
        if isinstance(node, nodes.reference):
            return self._reference(node, inner)
        if isinstance(node, nodes.emphasis | nodes.title_reference):
            return f"*{inner}*"
        if isinstance(node, nodes.strong):
            return f"**{inner}**"
        for kind, tag in ((nodes.superscript, "sup"), (nodes.subscript, "sub")):
            if isinstance(node, kind):
                return f"<{tag}>{inner}</{tag}>"
        if isinstance(node, nodes.inline | nodes.abbreviation | nodes.TextElement):
            return inner
        LOGGER.warning("a notebook cannot hold %s", name, location=node)
        return inner

    def _reference(self, node: nodes.reference, inner: str) -> str:
        address = node.get("refuri", "")
        entry = self._entry(node)
        if entry is not None:
            self.cited[entry.key] = None
            # Marks for `inline`, which sees the brackets around it.
            return f"\x02{inner}\x03"
        if urlsplit(address).scheme in ("http", "https", "mailto"):
            return f"[{inner}]({address})"
        if address and self.site:
            return f"[{inner}]({self.site}{address})"
        # Without a link the title of another chapter has to show as one.
        chapter = any("doc" in child.get("classes", []) for child in node.findall(nodes.inline))
        return f"*{inner}*" if chapter else inner

    def _download(self, node: nodes.Element, inner: str) -> str:
        target = node.get("reftarget", "")
        inside = posixpath.normpath(posixpath.join("book", target.lstrip("/")))
        settings = self.app.config.wmtutor_repository
        if settings["url"]:
            return f"[{inner}]({settings['url']}/blob/{settings['branch']}/{inside})"
        return f"{inner} (`{inside}`)"

    def _entry(self, node: nodes.reference) -> Any:
        anchor = node.get("refid") or node.get("refuri", "").partition("#")[2]
        for citation in self.env.get_domain("cite").citations:
            if anchor and citation.citation_id == anchor:
                return citation
        return None

    # Blocks ------------------------------------------------------------------------------------

    def blocks(self, children: Iterable[nodes.Node]) -> str:
        """Several blocks, with an empty line between them."""
        return "\n\n".join(filter(None, (self.block(child) for child in children)))

    def block(self, node: nodes.Node) -> str:
        """One block: what has no method of its own is opened, or reported."""
        if isinstance(node, nodes.Invisible | nodes.target | nodes.system_message):
            return ""
        if isinstance(node, nodes.Text):
            return _escape(str(node))
        for kind in type(node).__mro__:
            if method := getattr(self, f"_{kind.__name__}", None):
                return method(node)
        LOGGER.warning(
            "a notebook cannot hold %s: teach it to book/_ext/wmtutor_notebooks.py",
            type(node).__name__, location=node,
        )  # fmt: skip
        return self.blocks(node.children)

    def _paragraph(self, node: nodes.Element) -> str:
        return self.inline(node).strip()

    def _rubric(self, node: nodes.Element) -> str:
        return f"**{self.inline(node)}**"

    def _transition(self, node: nodes.Element) -> str:
        return "---"

    def _raw(self, node: nodes.Element) -> str:
        # An empty line ends HTML in Markdown, and what comes then would be taken for code.
        return re.sub(r"\n\s*\n", "\n", node.astext()) if node.get("format") == "html" else ""

    def _literal_block(self, node: nodes.Element) -> str:
        language = node.get("language", "")
        language = {"ipython3": "python", "myst-ansi": "", "default": ""}.get(language, language)
        code = node.astext().rstrip("\n")
        longest = max((len(run) for run in re.findall("`+", code)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{language}\n{code}\n{fence}"

    def _math_block(self, node: nodes.Element) -> str:
        formula = node.astext().strip("\n")
        if number := self._number("displaymath", node):
            formula += f"\n\\tag{{{number}}}"
        return f"$$\n{formula}\n$$"

    def _bullet_list(self, node: nodes.Element) -> str:
        return self._list(node, ["- "] * len(node.children))

    def _enumerated_list(self, node: nodes.Element) -> str:
        first = node.get("start", 1)
        return self._list(node, [f"{first + k}. " for k in range(len(node.children))])

    def _list(self, node: nodes.Element, marks: list[str]) -> str:
        items = []
        for mark, item in zip(marks, node.children, strict=True):
            items.append(mark + _indent(self.blocks(item.children), " " * len(mark)).lstrip())
        loose = any(len(item.children) > 1 for item in node.children)
        return ("\n\n" if loose else "\n").join(items)

    def _definition_list(self, node: nodes.Element) -> str:
        items = []
        for item in node.children:
            terms = [self.inline(child) for child in item.children if child.tagname == "term"]
            bodies = [self.blocks(c.children) for c in item.children if c.tagname == "definition"]
            items.append(f"**{', '.join(terms)}**\n\n" + "\n\n".join(_quote(b) for b in bodies))
        return "\n\n".join(items)

    def _block_quote(self, node: nodes.Element) -> str:
        return _quote(self.blocks(node.children))

    def _container(self, node: nodes.Element) -> str:
        return self.blocks(node.children)

    _compound = _compact_paragraph = _line_block = _topic = _sidebar = _container

    def _line(self, node: nodes.Element) -> str:
        return self.inline(node)

    def _toctree(self, node: nodes.Element) -> str:
        return ""

    def _glue(self, node: nodes.Element) -> str:
        return self.blocks(node.children)

    def _label(self, node: nodes.Element) -> str:
        return f"**{self.inline(node)}**"

    def _figure(self, node: nodes.Element) -> str:
        return self.figure(node)

    def figure(self, node: nodes.Element) -> str:
        """A figure's number, caption and description, as a line below the cell that draws it."""
        number = self._number("figure", node)
        name = f"**Fig. {number}** " if number else ""
        texts = [name + self.inline(child) for child in node.children if child.tagname == "caption"]
        texts += [self.blocks(c.children) for c in node.children if c.tagname == "legend"]
        for alt in dict.fromkeys(image.get("alt") for image in node.findall(nodes.image)):
            if alt:
                texts.append(self._details("The figure in words", html.escape(alt, quote=False)))
        return "\n\n".join(texts)

    def _number(self, kind: str, node: nodes.Element) -> str:
        """The number that the page gives a figure or an equation, which counts over the book."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        found = next((numbers[name] for name in node["ids"] if name in numbers), ())
        return ".".join(map(str, found))

    def _table(self, node: nodes.Element) -> str:
        self.in_table = True
        rows = [
            ["<br>".join(self.inline(part) for part in entry.children) for entry in row.children]
            for row in node.findall(nodes.row)
        ]
        self.in_table = False
        columns = len(rows[0])
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * columns)
        titles = [f"**{self.inline(child)}**\n\n" for child in node.findall(nodes.title)]
        return "".join(titles) + "\n".join(lines)

    # Boxes -------------------------------------------------------------------------------------

    def _details(self, summary: str, body: str) -> str:
        # The empty lines make Markdown read the body as Markdown.
        return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"

    def _closed(self, title: nodes.Node | None, body: Iterable[nodes.Node], word: str) -> str:
        """A box that opens on a click; a title with formulas stands before it, as Markdown."""
        text = self.blocks(body)
        if title is None:
            return self._details(word, text)
        if any(True for _ in title.findall(nodes.math)):
            return f"**{self.inline(title)}**\n\n" + self._details(word, text)
        plain = "".join(child.astext() for child in title.findall(nodes.Text) if _shown(child))
        return self._details(f"<b>{html.escape(' '.join(plain.split()), quote=False)}</b>", text)

    def _Admonition(self, node: nodes.Element) -> str:
        title, body = None, list(node.children)
        if body and isinstance(body[0], nodes.title):
            title, *body = body
        if "dropdown" in node.get("classes", []):
            return self._closed(title, body, "Show")
        name = self.inline(title) if title is not None else type(node).__name__.capitalize()
        return _quote(f"**{name}**\n\n{self.blocks(body)}")

    def _live(self, node: nodes.Element) -> str:
        # Jupyter lets no text bring a script: the words that stand in for it have to do.
        words = self.blocks(node.children)
        return _quote(f"**On the book's page a network runs here**\n\n{words}")

    def _section(self, node: nodes.Element) -> str:
        # Only inside other blocks: exercises keep their text in one.
        return self.blocks(node.children)

    def _title(self, node: nodes.Element) -> str:
        return f"**{self.inline(node)}**"

    def _exercise_node(self, node: nodes.Element) -> str:
        title, *body = node.children
        # The page's number comes from the writer of HTML, and is not in the title.
        name = f"Exercise {number}" if (number := self._number("exercise", node)) else ""
        return f"**{name}{self.inline(title)}**\n\n{self.blocks(body)}"

    _exercise_enumerable_node = _exercise_node

    def _solution_node(self, node: nodes.Element) -> str:
        return self._closed(node.children[0], node.children[1:], "Solution")

    def _dropdown_main(self, node: nodes.Element) -> str:
        return self._closed(node.children[0], node.children[1:], "Answer")

    def _quiz(self, node: nodes.Element) -> str:
        """The question, its choices with letters, and behind each letter what to say to it."""
        question, *choices = node.children
        letters = "ABCDE"[: len(choices)]
        lines = [
            f"- **{letter}** {self.inline(choice.children[0])}"
            for letter, choice in zip(letters, choices, strict=True)
        ]
        answers = [
            self._details(f"You say {letter}", self.blocks(choice.children[1:]))
            for letter, choice in zip(letters, choices, strict=True)
        ]
        return "\n\n".join([f"**{self.inline(question)}**", "\n".join(lines), *answers])

    def references(self) -> str:
        """The works that the page cites, in alphabetical order."""
        from pybtex.backends.markdown import Backend

        class Plain(Backend):
            def format_str(self, text: str) -> str:
                # pybtex puts a backslash before each full stop.
                return _escape(text)

        entries = {
            # The entry once, also if two pages list it.
            citation.key: " ".join(citation.formatted_entry.text.render(Plain()).split())
            for citation in self.env.get_domain("cite").citations
            if citation.key in self.cited
        }
        if not entries:
            return ""
        lines = [f"- {entries[key]}" for key in sorted(entries)]
        return "\n".join(["## References", "", *lines])


def _shown(text: nodes.Node) -> bool:
    """Whether a text is one that is read: icons are drawn by raw HTML."""
    return not isinstance(text.parent, nodes.raw)
