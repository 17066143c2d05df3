"""The printed book, on two of its pages: ``make pdf`` prints them all."""

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from built_book import BOOK, EXPLORER_PAGES, REPOSITORY
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def _load() -> Any:
    path = REPOSITORY / "book" / "_ext" / "print_book.py"
    specification = importlib.util.spec_from_file_location("print_book", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["print_book"] = module
    specification.loader.exec_module(module)
    return module


print_book = _load()
PARTS = [("", ["intro"]), ("One memory", ["bump"])]


@pytest.fixture(scope="module")
def articles(browser: Any, site: str) -> dict[str, str]:
    return {name: print_book.article(browser, site, name) for name in ("intro", "bump")}


@pytest.fixture
def shown(articles: dict[str, str], browser: Any, site: str) -> Any:
    """The document on a screen, and its PDF."""
    page: Page = browser.new_page()
    pdf = print_book.printed(page, site, print_book.document(articles, PARTS, {}))
    yield page, pdf
    page.close()


def test_explorers_stand_at_their_default_with_words(articles: dict[str, str]) -> None:
    """If a print held all of an explorer's pictures, or none, it would tell nothing."""
    assert "bump.html" in EXPLORER_PAGES
    text = articles["bump"]
    count = len(re.findall(r'<div class="print-explorer"', text))
    assert count >= 1
    assert len(re.findall(r'<img class="wmtutor-picture"', text)) == count
    assert "To the left: " in text
    assert "To the right: " in text
    # A network that runs on the page has no default state: words stand for it.
    assert text.count('<div class="print-network"') == 1
    assert "In the online book a network runs here." in text


def test_nothing_is_left_that_only_works_on_a_screen(shown: Any) -> None:
    """If boxes stayed shut or pictures unloaded, paper could not open or load them."""
    page, _ = shown
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("button, input, nav.launch, .headerlink, .bd-sidebar-primary").count() == 0
    broken = "images => images.filter(i => !i.complete || i.naturalWidth === 0).map(i => i.src)"
    assert page.locator("img").evaluate_all(broken) == []
    assert page.locator("mjx-container").count() > 20
    assert page.locator("mjx-merror").count() == 0
    # Links to the two pages that are in this print lead somewhere.
    here = 'a[href="#bump"], a[href="#intro"], a[href^="#bump--"], a[href^="#intro--"]'
    targets = page.locator(here).evaluate_all(
        "links => links.map(a => a.getAttribute('href').slice(1))"
        ".filter(name => !document.getElementById(name))"
    )
    assert targets == []


def test_contents_give_the_pages(shown: Any, articles: dict[str, str]) -> None:
    """If the numbers were off, a reader on paper would not find a chapter."""
    _, pdf = shown
    numbers = print_book.page_numbers(pdf)
    assert b"/Outlines" in pdf
    # A title page, a page of contents, the introduction, the part's page, the chapter.
    assert numbers["intro"] == 3
    assert numbers["intro"] < numbers["part--one-memory"] < numbers["bump"]
    text = print_book.document(articles, PARTS, numbers)
    line = re.search(r'<a href="#bump">(.*?)</a><i></i>(\d+)</li>', text)
    assert line is not None
    words = re.sub(r"<[^>]+>", "", line[1])
    assert re.fullmatch(r"\d+\. A bump that remembers", words), words
    assert int(line[2]) == numbers["bump"]


def test_every_page_of_the_contents_is_printed() -> None:
    """If a part or a sub-page were overlooked, a chapter would be missing in print."""
    toc = {
        "root": "a",
        "parts": [
            {"caption": "One", "chapters": [{"file": "b", "sections": [{"file": "c"}]}]},
            {"caption": "Two", "chapters": [{"url": "https://example.org"}, {"file": "d"}]},
        ],
    }
    assert print_book.contents(toc) == [("", ["a"]), ("One", ["b", "c"]), ("Two", ["d"])]
    assert Path(BOOK).is_dir()
