"""Every page of the built book: sound, light, usable by everybody, and with no loose ends."""

import functools
import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup, Tag
from built_book import BOOK, CHAPTERS, EXPLORER_PAGES, PAGES, QUIZ_PAGES
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

#: Where an animation carries the chapter.
ANIMATED = ["bump", "bump_drift", "distractors", "flexible"]


@functools.cache
def parsed(name: str) -> BeautifulSoup:
    """A page as its file has it, before any script."""
    return BeautifulSoup((BOOK / name).read_text(), "html.parser")


def content(name: str) -> Tag:
    """What a page says: no menus, header or footer."""
    found = parsed(name).find("main") or parsed(name).body
    assert isinstance(found, Tag)
    return found


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_has_its_parts(chapter: str) -> None:
    """A reader who knows one chapter finds the way in all: goals, summary, quiz, exercises."""
    page = content(f"{chapter}.html")
    first = page.find("p")
    assert isinstance(first, Tag)
    question = first.find("em")
    assert question
    assert "?" in question.get_text(), "a chapter opens with a question"
    notes = [title.get_text() for title in page.select(".admonition-title")]
    assert "Before you start" in notes
    headings = [heading.get_text().rstrip("#") for heading in page.select("h2")]
    for heading in ("Summary", "Check yourself", "Exercises"):
        assert heading in headings, f"no {heading!r} among {headings}"
    assert f"{chapter}.html" in QUIZ_PAGES
    assert page.select("a.download[href$='.ipynb']"), "no exercise is linked"
    assert page.select("div.exercise"), "no exercise in the page"
    assert len(page.select("div.solution")) == len(page.select("div.exercise"))
    # A solution that stands open has been read before the question is understood.
    assert all("dropdown" in box["class"] for box in page.select("div.solution"))


@pytest.mark.parametrize("name", QUIZ_PAGES)
def test_quiz_cannot_be_guessed_from_its_form(name: str) -> None:
    """Where the right choice is always the longest, or the second, the quiz asks nothing."""
    questions = content(name).select(".quiz")
    assert len(questions) >= 4
    places, longest = [], []
    for question in questions:
        choices = question.select(".quiz-choice")
        [right] = [k for k, choice in enumerate(choices) if "quiz-right" in choice["class"]]
        lengths = [len(choice.find("summary").get_text()) for choice in choices]
        places.append(right)
        longest.append(lengths[right] == max(lengths))
    assert len(set(places)) > 1, f"the right choice is always number {places[0] + 1}"
    assert not all(longest), "the right choice is always the longest"


@pytest.mark.parametrize("name", QUIZ_PAGES)
def test_quiz_answers_to_the_keyboard(name: str, open_page: Any) -> None:
    """Picking a choice shows its verdict, the count follows, and one can start again."""
    with open_page(name) as visit:
        page = visit.page
        questions = page.locator(".quiz").all()
        for number, question in enumerate(questions):
            # The first question is answered wrongly first; a second try must not count.
            for kind in ("wrong", "right") if number == 0 else ("right",):
                choice = question.locator(f".quiz-{kind}").first
                feedback = choice.locator(".quiz-feedback")
                expect(feedback).to_be_hidden()
                choice.locator("summary").focus()
                page.keyboard.press("Enter" if number % 2 else "Space")
                expect(feedback).to_be_visible()
                expect(feedback).to_contain_text("Right." if kind == "right" else "Not quite.")
        count = len(questions)
        score = f"Right at the first choice: {count - 1} of {count} answered, {count} in all."
        expect(page.locator(".quiz-score")).to_have_text(score)
        page.get_by_role("button", name="Start again").press("Enter")
        assert page.locator(".quiz-choice[open]").count() == 0
        expect(page.locator(".quiz-score")).to_have_text("")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_solutions_open_on_demand(chapter: str, open_page: Any) -> None:
    """A solution is hidden until it is asked for, by keyboard too."""
    with open_page(f"{chapter}.html") as visit:
        for solution in visit.page.locator("div.solution").all():
            text = solution.locator("section, .section, p:not(.admonition-title)").first
            expect(text).to_be_hidden()
            solution.locator("button").first.focus()
            visit.page.keyboard.press("Enter")
            expect(text).to_be_visible()


@pytest.mark.parametrize("name", PAGES)
def test_pictures_have_words(name: str) -> None:
    """Who cannot see a picture has its words alone; a file's name or "Figure 3" are none."""
    bare = [
        str(image)[:120]
        for image in content(name).select("img:not(.toggler)")
        if len(str(image.get("alt", ""))) < 20 or re.search(r"\.(png|webp)$", image["alt"])
    ]
    assert bare == []
    for figure in content(name).find_all("figure"):
        caption = figure.find("figcaption")
        assert caption, str(figure)[:200]
        assert len(caption.get_text()) > 20, caption


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """A link inside the book leads to a file that is there, and to a place that is in it."""
    lost = []
    for link in parsed(name).find_all("a", href=True):
        address = urlsplit(str(link["href"]))
        if address.scheme or address.netloc:
            continue
        target = (BOOK / name).parent / unquote(address.path) if address.path else BOOK / name
        if not target.is_file():
            lost.append(link["href"])
        elif address.fragment and target.suffix == ".html":
            page = parsed(str(target.resolve().relative_to(BOOK)))
            if not page.find(id=unquote(address.fragment)):
                lost.append(link["href"])
    assert lost == []


def test_search_finds_the_glossary(open_page: Any) -> None:
    """Somebody who looks a term up in the book's search is led to where it is explained."""
    terms = [dt.get_text().rstrip("#") for dt in content("glossary.html").select("dt")]
    assert len(terms) > 50
    missed = []
    with open_page("search.html") as visit:
        address = visit.page.url.split("?")[0]
        for term in terms:
            # Sphinx looks for the s of a possessive as a word, and does not find it.
            visit.page.goto(f"{address}?q={quote(term.replace('’s', ''))}", wait_until="load")
            found = visit.page.locator("#search-results a[href*='glossary.html']")
            try:
                expect(found.first).to_be_attached()
            except AssertionError:
                missed.append(term)
            visit.page.wait_for_load_state("networkidle")
    assert missed == []


@pytest.mark.parametrize("chapter", ["bump", "flexible"])
def test_page_can_be_read_before_its_widgets(chapter: str, site: str, browser: Any) -> None:
    """On a slow line the text and the figures must not wait for the code that moves sliders."""
    context = browser.new_context()
    page = context.new_page()
    held = []
    page.route(re.compile(r"/widgets/embed\.js"), lambda route: held.append(route))
    page.goto(f"{site}{chapter}.html", wait_until="commit")
    expect(page.locator("main h1").last).to_be_visible()
    expect(page.locator("main p").first).to_be_visible()
    figure = page.locator("main figure img").first
    expect(figure).to_be_visible()
    page.wait_for_function(
        "image => image.complete && image.naturalWidth", arg=figure.element_handle()
    )
    assert held, "nobody asked for the widgets' code: this tested nothing"
    context.close()


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_page_is_light(name: str, open_page: Any) -> None:
    """The page's promise to readers with a slow line: 5 MB with everything that it loads."""
    with open_page(name) as visit:
        visit.page.wait_for_load_state("networkidle")
        # Fonts and pictures that scripts ask for come after the first silence.
        visit.page.wait_for_timeout(3000)
        # The page itself and what moves its sliders: without them the sum would mean nothing.
        assert {BOOK / name, BOOK / "_static" / "widgets" / "embed.js"} <= visit.files
        assert visit.weight < 5e6, f"{visit.weight / 1e6:.2f} MB"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(name: str, width: int, dark: bool, open_page: Any) -> None:
    """One search, no sideways scroll, nothing from elsewhere, no error: on every page and size."""
    with open_page(name, width=width, dark=dark) as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if name != "search.html":  # which is a search itself
            search = "input[type=search], .search-button, .search-button-field"
            assert page.locator(search).filter(visible=True).count() == 1
        assert page.locator("header.bd-header").filter(visible=True).count() == 0
        # The bar of buttons above a page must not lie on its title.
        bar = page.locator(".bd-header-article").filter(visible=True)
        title = page.locator("main h1").filter(visible=True)
        if bar.count() and title.count():
            above, below = bar.first.bounding_box(), title.first.bounding_box()
            assert above["y"] + above["height"] <= below["y"]
        # A formula that MathJax could not read is drawn as a yellow box.
        assert page.locator("mjx-merror").count() == 0
        assert page.locator(".math").count() == page.locator(".math mjx-container").count()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("genindex.html",)])
def test_axe_finds_no_serious_fault(name: str, dark: bool, open_page: Any) -> None:
    """Faults that shut out readers who use a screen reader, a keyboard, or have weak sight."""
    # Without preloading: axe resolves a style sheet's imports against the page and misses them.
    options = {"preload": False}
    with open_page(name, dark=dark) as visit:
        found = [
            f"{violation['id']}: {violation['nodes'][0]['html'][:150]}"
            for violation in Axe().run(visit.page, options=options).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert found == []


@pytest.mark.parametrize("chapter", ANIMATED)
def test_animation_plays(chapter: str, open_page: Any) -> None:
    """An animation that stands still shows no memory forming."""
    with open_page(f"{chapter}.html") as visit:
        page = visit.page
        assert page.locator(".animation").count() > 0
        for player in page.locator(".animation").all():
            picture = player.locator("img")
            first = picture.get_attribute("src")
            player.get_by_role("button", name="Play", exact=True).click()
            expect(picture).not_to_have_attribute("src", first or "")
            # A playing animation moves on between a key press and the look at what it did.
            player.get_by_role("button", name="Pause").click()
            player.get_by_role("button", name="Last frame").click()
            assert picture.get_attribute("src") != first
            player.get_by_role("slider", name="Frame").press("Home")
            assert picture.get_attribute("src") == first
