"""The explorers of the built book: ``make book``, then ``make browser``."""

import html
import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from built_book import BOOK, CHAPTERS, EXPLORER_PAGES, PAGES
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

STATE = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>', re.DOTALL
)
PICTURE = re.compile(r'<img class="wmtutor-picture" .*>', re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """One picture as the page embeds it."""

    values: tuple[tuple[str, str], ...]
    alt: str
    source: str


def embedded_state(name: str) -> list[dict[str, Any]]:
    """What the page tells its widgets, read without a browser."""
    match = STATE.search((BOOK / name).read_text())
    assert match, f"{name} embeds no widget state"
    return [model["state"] for model in json.loads(match[1])["state"].values()]


def embedded_pictures(name: str) -> dict[tuple[tuple[str, str], ...], Picture]:
    """The pictures of a page by the slider texts that belong to them."""
    found = {}
    for state in embedded_state(name):
        tag = PICTURE.search(str(state.get("value")))
        if tag:
            pairs = re.findall(r'([\w-]+)="([^"]*)"', tag[0])
            attributes = {key: html.unescape(value) for key, value in pairs}
            values = tuple(json.loads(attributes["data-values"]).items())
            assert values not in found, f"{name} has two pictures for {values}"
            found[values] = Picture(values, attributes["alt"], attributes["src"])
    return found


def in_slider_order(name: str, texts: set[str]) -> list[str]:
    """The positions of the slider that has these texts, from left to right."""
    found = {
        tuple(state["_options_labels"])
        for state in embedded_state(name)
        if set(state.get("_options_labels") or ()) == texts
    }
    assert len(found) == 1, f"{len(found)} orders of {texts}"
    return list(*found)


class Handles:
    """The sliders of one explorer and the picture that they should show."""

    def __init__(self, name: str, explorer: Locator) -> None:
        self.explorer = explorer
        self.picture = explorer.locator("img.wmtutor-picture")
        shown = json.loads(self.picture.get_attribute("data-values") or "")
        self.names = list(shown)
        self.pictures = {
            values: picture
            for values, picture in embedded_pictures(name).items()
            if [key for key, _ in values] == self.names
        }
        self.texts = {
            key: in_slider_order(name, {dict(values)[key] for values in self.pictures})
            for key in self.names
        }
        self.index = {key: self.texts[key].index(shown[key]) for key in self.names}
        self.sliders = dict(zip(self.names, explorer.locator(".wmtutor-slider").all(), strict=True))

    def handle(self, key: str) -> Locator:
        return self.sliders[key].get_by_role("slider")

    def check(self) -> str:
        """Wait for the picture that belongs to the sliders; return its source."""
        wanted = tuple((key, self.texts[key][self.index[key]]) for key in self.names)
        # Playwright waits for the attribute; everything else has to hold at that moment.
        expect(self.picture).to_have_count(1)
        expect(self.picture).to_have_attribute(
            "data-values", json.dumps(dict(wanted), ensure_ascii=False)
        )
        expect(self.picture).to_be_visible()
        assert self.picture.get_attribute("src") == self.pictures[wanted].source
        assert self.picture.get_attribute("alt") == self.pictures[wanted].alt
        assert self.picture.evaluate("image => image.complete && image.naturalWidth > 0")
        for key, text in wanted:
            assert self.sliders[key].locator(".widget-readout").inner_text() == text
            # A third way to the same values: words written for people who cannot see the picture.
            assert text in self.pictures[wanted].alt
        return self.pictures[wanted].source

    def press(self, key: str, button: str, step: int) -> str:
        self.handle(key).press(button)
        self.index[key] = min(max(self.index[key] + step, 0), len(self.texts[key]) - 1)
        return self.check()

    def spot(self, key: str, index: int) -> tuple[float, float]:
        """Where on the screen a slider has its position ``index``."""
        self.sliders[key].scroll_into_view_if_needed()
        # The slider takes no second tap while it still moves from the first, for 0.3 s.
        track = self.sliders[key].locator(".noUi-target")
        expect(track).not_to_have_class(re.compile("noUi-state-tap"))
        box = self.sliders[key].locator(".noUi-base").bounding_box()
        assert box
        along = index / (len(self.texts[key]) - 1)
        # Half a pixel in from the ends: the very edge is outside the track.
        return box["x"] + 0.5 + along * (box["width"] - 1), box["y"] + box["height"] / 2


def explorers(name: str, page: Page) -> list[Handles]:
    return [Handles(name, found) for found in page.locator(".wmtutor-explorer").all()]


def test_chapters_have_explorers() -> None:
    """A chapter without one tells where it could show; with no book nothing is tested."""
    assert PAGES, f"no built book in {BOOK}: run `make book` first"
    counts = {
        name: len({tuple(key for key, _ in values) for values in embedded_pictures(name)})
        for name in EXPLORER_PAGES
    }
    without = [name for name in CHAPTERS[1:-1] if f"{name}.html" not in counts]
    assert without == [], "chapters without an explorer"
    assert sum(counts.values()) >= 14


def test_words_tell_what_was_kept() -> None:
    """Who cannot see which rings stayed bright has only the words, which must add up."""
    told = set()
    for values, picture in embedded_pictures("flexible.html").items():
        match = re.search(r"Rings kept: (.+); lost: (.+); spurious: (.+)\.$", picture.alt)
        assert match, picture.alt
        kept, lost, spurious = (
            set() if part == "none" else {int(ring) for ring in part.split(", ")}
            for part in match.groups()
        )
        assert len(kept) + len(lost) == int(dict(values)["load"]), picture.alt
        rings = kept | lost | spurious
        assert len(rings) == len(kept) + len(lost) + len(spurious), f"a ring twice: {picture.alt}"
        assert rings <= set(range(8)), picture.alt
        for fate, members in (("kept", kept), ("lost", lost), ("spurious", spurious)):
            if members:
                told.add(fate)
    assert told == {"kept", "lost", "spurious"}


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_keyboard_reaches_every_picture(name: str, open_page: Any) -> None:
    """A slider that moves while its picture does not, or shows another's, teaches nonsense."""
    with open_page(name) as visit:
        for handles in explorers(name, visit.page):
            sources = {handles.check()}
            *outer, inner = handles.names
            for key in handles.names:
                handles.handle(key).press("Home")
                handles.index[key] = 0
            sources.add(handles.check())
            # Back and forth through the whole grid, one position at a time.
            direction = 1
            for turns in itertools.product(*(range(len(handles.texts[key])) for key in outer)):
                for _ in range(len(handles.texts[inner]) - 1):
                    button = "ArrowRight" if direction == 1 else "ArrowLeft"
                    sources.add(handles.press(inner, button, direction))
                direction = -direction
                # Like an odometer: the last of the outer sliders moves first.
                for key, turn in reversed(list(zip(outer, turns, strict=True))):
                    if turn < len(handles.texts[key]) - 1:
                        sources.add(handles.press(key, "ArrowRight", 1))
                        break
                    handles.handle(key).press("Home")
                    handles.index[key] = 0
                    sources.add(handles.check())
            assert len(sources) == len(handles.pictures), "two positions show the same picture"


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_keyboard_stops_at_the_ends(name: str, open_page: Any) -> None:
    """Pressing on at an end must leave the picture, and End must find the other end."""
    with open_page(name) as visit:
        for handles in explorers(name, visit.page):
            for key in handles.names:
                handles.press(key, "End", len(handles.texts[key]))
                handles.press(key, "ArrowRight", 1)
                handles.press(key, "Home", -len(handles.texts[key]))
                handles.press(key, "ArrowLeft", -1)


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_pointer_moves_sliders(name: str, open_page: Any) -> None:
    """Readers use a mouse: a click on the track and a drag of the handle both have to land."""
    with open_page(name) as visit:
        mouse = visit.page.mouse
        for handles in explorers(name, visit.page):
            for key in handles.names:
                count = len(handles.texts[key])
                for index in (count - 1, 0, count // 2, count - 1, 1):
                    mouse.click(*handles.spot(key, index))
                    handles.index[key] = index
                    handles.check()
                for index in (0, count - 1, count // 2, 0):
                    mouse.move(*handles.spot(key, handles.index[key]))
                    mouse.down()
                    mouse.move(*handles.spot(key, index), steps=12)
                    handles.index[key] = index
                    handles.check()  # while the button is still held: the picture follows the hand
                    mouse.up()
                    handles.check()


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_fast_moves_end_at_the_right_picture(name: str, open_page: Any) -> None:
    """Pictures are swapped asynchronously: a late one must not overtake the last."""
    with open_page(name) as visit:
        for handles in explorers(name, visit.page):
            for key in handles.names:
                handles.handle(key).focus()
                for _ in range(10):
                    visit.page.keyboard.press("End")
                    visit.page.keyboard.press("Home")
                    visit.page.keyboard.press("ArrowRight")
                handles.index[key] = 1
                handles.check()
                visit.page.wait_for_timeout(300)
                handles.check()


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_phone(name: str, open_page: Any) -> None:
    """On a phone the page must not scroll sideways, and a finger must move the sliders."""
    with open_page(name, width=360, touch=True) as visit:
        for handles in explorers(name, visit.page):
            for key in handles.names:
                for index in (0, len(handles.texts[key]) - 1, 1):
                    visit.page.touchscreen.tap(*handles.spot(key, index))
                    handles.index[key] = index
                    handles.check()
            box = handles.picture.bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_sliders_say_what_they_are(name: str, open_page: Any) -> None:
    """A screen reader says a slider's name and value: without these it says "slider, 2"."""
    with open_page(name) as visit:
        for handles in explorers(name, visit.page):
            for key in handles.names:
                control = handles.explorer.locator(".wmtutor-control").filter(
                    has=visit.page.locator(".wmtutor-slider")
                )
                label = control.nth(handles.names.index(key)).locator(".wmtutor-label")
                expect(handles.handle(key)).to_have_accessible_name(label.inner_text())
                for step in (1, -1):
                    handles.press(key, "ArrowRight" if step == 1 else "ArrowLeft", step)
                    text = handles.texts[key][handles.index[key]]
                    expect(handles.handle(key)).to_have_attribute("aria-valuetext", text)


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_controls_that_need_a_kernel_are_not_there(name: str, open_page: Any) -> None:
    """A button that can do nothing, or the gap where it was, would puzzle readers."""
    with open_page(name) as visit:
        for handles in explorers(name, visit.page):
            live = handles.explorer.locator(".wmtutor-live")
            expect(live).to_have_count(1)
            expect(live).to_be_hidden()
            assert live.evaluate("box => box.getClientRects().length") == 0


@pytest.mark.parametrize("name", EXPLORER_PAGES)
def test_pictures_are_readable_in_the_dark(name: str, open_page: Any) -> None:
    """Black axes on a transparent picture vanish on a dark page."""
    with open_page(name, dark=True) as visit:
        assert visit.page.locator("html").get_attribute("data-theme") == "dark"
        for handles in explorers(name, visit.page):
            handles.check()
            corner = handles.picture.evaluate(
                """image => {
                    const canvas = document.createElement("canvas");
                    const context = canvas.getContext("2d");
                    context.drawImage(image, 0, 0);
                    return [...context.getImageData(1, 1, 1, 1).data];
                }"""
            )
            assert corner == [255, 255, 255, 255]
