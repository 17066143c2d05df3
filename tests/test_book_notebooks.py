"""The notebooks that the book's build makes of its pages, on a small book of its own."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"

HEAD = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""

#: Every construct that a chapter may use.
PAGE = (
    HEAD
    + r"""
(top)=
# A small page with $x^2$

*Why?* See {doc}`other`, {numref}`fig-line`, {eq}`law`, {ref}`the end <end>` and
{cite}`compte2000`; also {cite:t}`bouchacourt2019`. It is a {term}`bump`.

:::{admonition} Before you start
:class: note
- A list with $a_i$
- and `code`.
:::

```{code-cell} ipython3
:tags: [remove-cell]
from matplotlib import pyplot as plt
from pages import show
show("share", "-3.5 of 7")
```

The share was {glue:text}`share` deg_1 * 2 < 3.

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: A line of $y$ over $x$.
    name: fig-line
  image:
    alt: A line that rises.
tags: [hide-input]
---
figure, ax = plt.subplots()
```

After the figure.

$$
y = \frac{x}{2} .
$$ (law)

| name | value |
| --- | --- |
| $P(x \| y)$ | {glue:text}`share` |

1. First.

   With a second paragraph.
2. Then {download}`the exercise <../exercises/01_spontaneous_activity.ipynb>`.

## Closed boxes

:::{live} bump
A bump that **forms** and stays.
:::

:::{dropdown} What is $x$?
A letter.
:::

````{admonition} Code
:class: dropdown
```python
print("hello")
```
````

:::{exercise} On paper
:label: ex-page-1
How long is {glue:text}`share`?
:::

:::{solution} ex-page-1
:class: dropdown
Not long.
:::

```{code-cell} ipython3
answer = 42
print(answer)
```

::::{quiz} Which $k$ is right?
- [ ] The **first**, $k = 1$.

  No: it is too small.
- [x] The second.

  Yes, by {eq}`law`.
- [ ] The third.

  Too large.
::::

(end)=
## The end

Done.
"""
)

OTHER = """\
# Another page

```{glossary}
bump
  A patch of cells.
```

```{bibliography}
```
"""


def _load(name):
    specification = importlib.util.spec_from_file_location(name, BOOK / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


notebooks = _load("wmtutor_notebooks")


def build(folder, repository):
    """A book of two pages with the real book's settings, apart from where its repository is."""
    book = folder / "book"
    book.mkdir(parents=True)
    for name in ("vendor", "_static", "references.bib", "pages.py"):
        (book / name).symlink_to(BOOK / name)
    (folder / "exercises").symlink_to(ROOT / "exercises")
    config = yaml.safe_load((BOOK / "_config.yml").read_text())
    extensions = config["sphinx"]["local_extensions"]
    config["sphinx"]["local_extensions"] = {name: str(BOOK / "_ext") for name in extensions}
    config["sphinx"]["config"]["wmtutor_repository"] = repository
    config["execute"] = {"execute_notebooks": "force", "stderr_output": "warn"}
    (book / "_config.yml").write_text(yaml.safe_dump(config))
    (book / "_toc.yml").write_text("format: jb-book\nroot: other\nchapters: [{file: page}]\n")
    (book / "page.md").write_text(PAGE)
    (book / "other.md").write_text(OTHER)
    # Jupyter Book's commands stand beside the interpreter that runs the tests.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "-n", "--keep-going", book],
        capture_output=True, text=True, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return book / "_build" / "html"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build(tmp_path_factory.mktemp("plain"), {"url": ""})


@pytest.fixture(scope="module")
def notebook(site):
    return nbformat.read(site / "_notebooks" / "page.ipynb", as_version=4)


def text_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_is_a_valid_notebook_of_the_pages_cells(notebook):
    """If a cell were lost, changed or moved, a reader's run would not be the page's."""
    nbformat.validate(notebook)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    source, _ = notebooks.read_cells_of(PAGE)
    assert [c.source for c in codes[1:]] == [c.source for c in source if c.cell_type == "code"]
    assert [cell.metadata.get("tags") for cell in codes] == [
        ["set-up"], ["remove-cell"], ["hide-input"], None
    ]  # fmt: skip
    assert codes[1].metadata.jupyter.source_hidden
    assert codes[2].metadata.jupyter == {"source_hidden": True}
    assert "jupyter" not in codes[3].metadata


def test_text_stands_where_it_stood(notebook):
    """If text slipped past a cell that the page hides, it would speak of what has not run."""
    order = [cell.source for cell in notebook.cells]
    places = [
        next(k for k, source in enumerate(order) if sign in source)
        for sign in ("# A small page", 'show("share"', "The share was", "plt.subplots",
                     "**Fig. 1** A line", "After the figure", "How long is", "answer = 42",
                     "Which $k$ is right", "## The end", "## References")
    ]  # fmt: skip
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    "wanted",
    [
        "# A small page with $x^2$",
        "*Why?* See *Another page*, Fig. 1, (1), the end and (Compte *et al.*, 2000); also "
        "Bouchacourt and Buschman (2019). It is a bump.",
        "> **Before you start**\n>\n> - A list with $a_i$\n> - and `code`.",
        "The share was \N{MINUS SIGN}3.5 of 7 deg_1 \\* 2 &lt; 3.",
        "**Fig. 1** A line of $y$ over $x$.",
        "<summary>The figure in words</summary>\n\nA line that rises.",
        "$$\ny = \\frac{x}{2} .\n\\tag{1}\n$$",
        "| $P(x \\vert  y)$ | \N{MINUS SIGN}3.5 of 7 |",
        "1. First.\n\n   With a second paragraph.\n\n2. Then the exercise "
        "(`exercises/01_spontaneous_activity.ipynb`).",
        "> **On the book's page a network runs here**\n>\n> A bump that **forms** and stays.",
        "**What is $x$?**\n\n<details>\n<summary>Answer</summary>\n\nA letter.\n\n</details>",
        '<summary><b>Code</b></summary>\n\n```python\nprint("hello")\n```\n\n</details>',
        "**Exercise 1 (On paper)**\n\nHow long is \N{MINUS SIGN}3.5 of 7?",
        "<details>\n<summary><b>Solution to Exercise 1 (On paper)</b></summary>\n\nNot long.",
        "**Which $k$ is right?**\n\n- **A** The **first**, $k = 1$.\n- **B** The second.",
        "<summary>You say B</summary>\n\n**Right.**\n\nYes, by (1).\n\n</details>",
        "- Flora Bouchacourt and Timothy J. Buschman. A flexible model of working memory. *Neuron*",
        "Text and figures: [CC BY 4.0]",
    ],
)
def test_says_what_the_page_says(wanted, notebook):
    """If a construct were dropped or left as MyST, notebooks would show holes or markup."""
    assert wanted in text_of(notebook)


def test_no_myst_is_left(notebook):
    """If roles, directives or labels were left, Colab would show them as they stand."""
    assert notebooks.MYST.findall(text_of(notebook)) == []
    assert notebooks.MYST.findall(PAGE), "the pattern finds nothing even in a page"


def test_runs_from_a_folder_of_its_own(notebook, tmp_path):
    """If the set-up cell did not find the book, a downloaded chapter would fail at its start."""
    nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    printed = [output.text for cell in notebook.cells if cell.cell_type == "code"
               for output in cell.outputs if output.output_type == "stream"]  # fmt: skip
    assert printed == ["42\n"]


def test_without_the_library_the_set_up_says_what_to_install(notebook, tmp_path):
    """If it only raised ModuleNotFoundError, a beginner would not know what to do."""
    code = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    # -S and -I: no site-packages, so no wmtutor.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "git clone <the address of the repository> wmtutor" in done.stderr
    assert 'pip install -e "./wmtutor[book]"' in done.stderr


def test_finds_a_checkout_by_its_variable_and_above_the_notebook(notebook, tmp_path):
    """If only an editable installation were found, `pip install .` would not be enough."""
    code = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    book = tmp_path / "elsewhere" / "book"
    (book / "data" / "laws").mkdir(parents=True)
    shutil.copy(BOOK / "pages.py", book)
    below = tmp_path / "elsewhere" / "chapters" / "_notebooks"
    below.mkdir(parents=True)
    program = code + "\nprint(os.getcwd())"
    for folder, variable in ((tmp_path, tmp_path / "elsewhere"), (below, "")):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "WMTUTOR": str(variable)},
        )  # fmt: skip
        assert done.stdout.strip() == str(book), done.stderr


def test_a_page_offers_the_download_alone_while_no_repository_is_named(site):
    """If it offered Colab, the reader would land on an error of somebody else's site."""
    page = (site / "page.html").read_text()
    assert re.search(r'<a href="_notebooks/page.ipynb" download>Download notebook</a>', page)
    for host in ("colab.research", "mybinder"):
        assert host not in page
    assert 'class="launch"' not in (site / "other.html").read_text()
    assert not (site / "_notebooks" / "other.ipynb").exists()


def test_a_repository_gives_links_to_colab_binder_and_the_site(tmp_path):
    """If the setting did not reach pages and notebooks, publishing would need edits by hand."""
    site = build(tmp_path, {"url": "https://github.com/Some-One/wm.tutor.git", "branch": "main"})
    page = (site / "page.html").read_text()
    assert (
        "https://colab.research.google.com/github/Some-One/wm.tutor/blob/gh-pages/"
        "_notebooks/page.ipynb" in page
    )
    assert "https://mybinder.org/v2/gh/Some-One/wm.tutor/main?urlpath=git-pull%3Frepo%3D" in page
    text = text_of(nbformat.read(site / "_notebooks" / "page.ipynb", as_version=4))
    assert "[Another page](https://some-one.github.io/wm.tutor/other.html)" in text
    assert "github.com/Some-One/wm.tutor/blob/main/exercises/01_spontaneous_activity.ipynb" in text
    code = nbformat.read(site / "_notebooks" / "page.ipynb", as_version=4).cells[1].source
    assert "REPOSITORY, BRANCH = 'https://github.com/Some-One/wm.tutor', 'main'" in code


def test_binders_link_survives_two_unquotings():
    """If it were quoted once too little, Binder would cut it at the first ampersand."""
    from urllib.parse import parse_qs, urlsplit

    settings = {"url": "https://github.com/a/b", "branch": "main", "site_branch": "gh-pages",
                "site": ""}  # fmt: skip
    (_, download), _, (_, binder) = notebooks.launch_links("ring", settings)
    assert download == "_notebooks/ring.ipynb"
    (inner,) = parse_qs(urlsplit(binder).query)["urlpath"]
    pulled = parse_qs(urlsplit(inner).query)
    assert urlsplit(inner).path == "git-pull"
    assert pulled == {
        "repo": ["https://github.com/a/b"], "branch": ["gh-pages"], "targetpath": ["chapters"],
        "urlpath": ["lab/tree/chapters/_notebooks/ring.ipynb"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "settings", [{"adress": "https://github.com/a/b"}, {"url": "git@github.com:a/b"}]
)
def test_a_wrong_setting_is_an_error(settings):
    """If a typing error passed, the links would be missing and nobody would notice."""
    from types import SimpleNamespace

    from sphinx.errors import ConfigError

    with pytest.raises(ConfigError, match="wmtutor_repository"):
        notebooks._check_settings(None, SimpleNamespace(wmtutor_repository=settings))
