"""Each chapter as a notebook: the links on its page, and the file behind them."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from built_book import BOOK, CHAPTERS, PAGES, REPOSITORY
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NOTEBOOKS = sorted(path.stem for path in (BOOK / "_notebooks").glob("*.ipynb"))
#: Two that take seconds. ``make notebooks`` runs them all.
QUICK = ["benchmarks", "bump_drift"]


def _load(name: str) -> Any:
    path = REPOSITORY / "book" / "_ext" / f"{name}.py"
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


notebooks = _load("wmtutor_notebooks")


def test_every_chapter_has_a_notebook() -> None:
    """If one were missing, its page would offer nothing to run."""
    built = {Path(page).stem for page in PAGES}
    assert NOTEBOOKS, "the build wrote no notebooks"
    assert [name for name in CHAPTERS if name in built and name not in NOTEBOOKS] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_the_page(name: str) -> None:
    """If cells differed from the page's, or MyST were left, the notebook would mislead."""
    notebook = nbformat.read(BOOK / "_notebooks" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    source, _ = notebooks.read_cells_of((BOOK / "_sources" / f"{name}.md").read_text())
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [c.source for c in codes[1:]] == [c.source for c in source if c.cell_type == "code"]
    assert codes[0].metadata.tags == ["set-up"]
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert [found for text in texts for found in notebooks.MYST.findall(text)] == []
    headings = [line for text in texts for line in text.split("\n") if line.startswith("# ")]
    assert len([line for line in headings if "```" not in line]) >= 1
    assert texts[0].startswith("> **")


@pytest.mark.parametrize("name", QUICK)
def test_notebook_runs_from_a_folder_of_its_own(name: str) -> None:
    """If it ran only inside the book, a downloaded chapter would stop at its first cell."""
    assert _load("run_notebooks").run(BOOK / "_notebooks" / f"{name}.ipynb") < 300


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_page_offers_its_notebook(name: str, open_page: Any) -> None:
    """If the link led nowhere, or only a mouse could follow it, the notebook would be hidden."""
    with open_page(f"{name}.html") as visit:
        links = visit.page.get_by_role("navigation", name="Run this chapter").get_by_role("link")
        expect(links.first).to_have_text("Download notebook")
        links.first.focus()
        assert visit.page.evaluate("document.activeElement.textContent") == "Download notebook"
        with visit.page.expect_download() as download:
            visit.page.keyboard.press("Enter")
        assert nbformat.read(download.value.path(), as_version=4).cells
        for link in links.all()[1:]:
            # Colab and Binder, once the settings say where the repository is.
            assert str(link.get_attribute("href")).startswith("https://")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_links_are_accessible_and_fit_a_phone(dark: bool, open_page: Any) -> None:
    """If the links ran over the edge or were too faint, phones would not offer the notebook."""
    with open_page("bump.html", width=360, dark=dark) as visit:
        # Without `preload` axe fetches no style sheets again, from where they are not.
        result = Axe().run(visit.page, context=".launch", options={"preload": False})
        assert [v["id"] for v in result.response["violations"]] == []
        assert result.response["passes"], "axe looked at nothing"
        for link in visit.page.locator(".launch a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
            assert box["height"] >= 44
