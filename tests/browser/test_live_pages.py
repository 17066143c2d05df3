"""The live networks where readers meet them: in the built book, with no kernel and no server."""

import re
from typing import Any

import pytest
from built_book import BOOK
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

#: Chapters that play, and what their network says once its story has been told.
STORIES = {
    "bump": r"One memory, at \d+°\.",
    "distractors": r"One memory, at \d+°\.",
    "flexible": r"3 of 3 memories held\.",
    "flexible_load": r"3 of 3 memories held\.",
}
NETWORK = 'document.querySelector(".wmtutor-live-network").network'


def play(page: Page) -> Any:
    """Scroll to the network, and wait for the memory that it begins with."""
    network = page.locator(".wmtutor-live-network")
    network.scroll_into_view_if_needed()
    words = STORIES[page.url.rsplit("/", 1)[1].removesuffix(".html")]
    expect(network.locator(".wml-status")).to_have_text(re.compile(words), timeout=60_000)
    return network


def test_no_live_page_is_left_out() -> None:
    """A chapter that gains a network has to gain these tests."""
    found = {
        page.stem
        for page in BOOK.glob("*.html")
        if '<div class="wmtutor-live-network">' in page.read_text()
    }
    assert found == set(STORIES)


@pytest.mark.parametrize("chapter", STORIES)
def test_it_plays_where_a_reader_gets_to_it(chapter: str, open_page: Any) -> None:
    """If it needed a kernel, a server or a click, a reader of the page would see nothing."""
    with open_page(f"{chapter}.html") as visit:
        page = visit.page
        assert page.evaluate(f"{NETWORK}.frame?.t ?? 0") < 0.1  # not before
        network = play(page)
        # What stood there for readers without scripts has made room.
        assert "Where scripts may run" not in network.inner_text()
        # And there are things to try, to predict first.
        tips = network.locator("xpath=following::*[contains(@class, 'admonition')][1]")
        expect(tips.locator(".admonition-title")).to_have_text("Try this, predict first")
        assert tips.locator("ol > li").count() >= 2
        network.get_by_role("button", name="Pause").click()


def test_a_cue_moves_what_is_remembered(open_page: Any) -> None:
    """Click in the picture: a strong cue near the memory has to pull it along."""
    with open_page("bump.html") as visit:
        network = play(visit.page)
        strength = network.get_by_role("slider", name="Strength of a cue")
        strength.press("End")
        raster = network.locator("canvas").first
        box = raster.bounding_box()
        assert box
        raster.click(position={"x": box["width"] / 2, "y": box["height"] * (1 - 150 / 360)})
        visit.page.wait_for_function(f"Math.abs({NETWORK}.frame.angleDeg - 150) < 12")
        network.get_by_role("button", name="Pause").click()


def test_items_beyond_the_limit_are_forgotten(open_page: Any) -> None:
    """The lesson of the page: eight items, and not all of them last."""
    with open_page("flexible_load.html") as visit:
        network = play(visit.page)
        for button in network.get_by_role("button", name=re.compile(r"^Ring \d$")).all():
            if button.get_attribute("aria-pressed") == "false":
                button.click()
        # Of the library's 300 trials at this load none kept more than five for a second.
        expect(network.locator(".wml-status")).to_have_text(
            re.compile(r"^[0-6] of 8 memories held"), timeout=60_000
        )
        network.get_by_role("button", name="Pause").click()


def test_reset_shows_everybody_the_same(open_page: Any) -> None:
    """ "Reset, seed 7" in a text has to be the same run for every reader, at any speed."""
    counts = []
    for speed in ("Home", "End"):
        with open_page("flexible.html") as visit:
            page = visit.page
            network = play(page)
            network.get_by_role("slider", name="Speed").press("End")
            network.get_by_role("button", name="Pause").click()
            page.evaluate(
                f"""() => {{
                    window.seen = [];
                    {NETWORK}.listen = ({{ reset, cells, steps }}) => {{
                        if (reset) window.seen = [];
                        cells?.forEach((cell, n) => {{
                            if (steps[n] < 3000) window.seen.push([steps[n], cell]);
                        }});
                    }};
                }}"""
            )
            network.get_by_role("slider", name="Speed").press(speed)
            field = network.get_by_role("spinbutton", name="Seed")
            field.fill("7")
            field.press("Enter")
            network.get_by_role("button", name="Play").click()
            page.wait_for_function(f"{NETWORK}.frame.t > 0.31", timeout=60_000)
            network.get_by_role("button", name="Pause").click()
            counts.append(page.evaluate("window.seen"))
    assert len(counts[0]) > 1000
    assert counts[0] == counts[1]


@pytest.mark.parametrize("chapter", ["bump", "flexible"])
def test_it_follows_the_theme(chapter: str, open_page: Any) -> None:
    """A white picture in a dark page blinds; ink of the wrong theme cannot be seen."""
    ground = f"""() => {{
        const {{ canvas, context }} = {NETWORK}.raster.surface;
        return [...context.getImageData(canvas.width - 2, 1, 1, 1).data].slice(0, 3);
    }}"""
    with open_page(f"{chapter}.html") as visit:
        network = play(visit.page)
        network.get_by_role("button", name="Pause").click()
        assert min(visit.page.evaluate(ground)) > 200
        visit.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        visit.page.wait_for_function(f"Math.max(...({ground})()) < 60")


def test_words_go_by_what_is_held(open_page: Any) -> None:
    """Readers who listen hear of a memory and of its end, once and not thirty times a second."""
    with open_page("bump.html") as visit:
        page = visit.page
        network = play(page)
        page.evaluate(
            """() => {
                window.said = [];
                new MutationObserver(() => {
                    window.said.push(document.querySelector(".wml-status").textContent);
                }).observe(document.querySelector(".wml-status"), { childList: true });
            }"""
        )
        network.get_by_role("slider", name="Inhibition").press("Home")
        expect(network.locator(".wml-status")).to_have_text(
            "Everything fires: no memory.", timeout=60_000
        )
        network.get_by_role("button", name="Pause").click()
        assert len(page.evaluate("window.said")) < 12
