"""What a reader can do with a live network, by pointer, by keyboard, and by listening."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from live_page import NETWORK, network_markup, open_network
from playwright.sync_api import Browser, Page, expect

from wmtutor.live import bump_parameters, flexible_parameters
from wmtutor.live.bundle import page_script

pytestmark = pytest.mark.browser

KINDS = {
    "bump": lambda **story: {**bump_parameters(shrink=2), **story},
    "flexible": lambda **story: {**flexible_parameters(), **story},
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who asked for less motion: networks wait, and tests set the pace."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert problems == []


def run(page: Page, seconds: float) -> None:
    """Move the network on by some model time, however long that takes here."""
    page.evaluate(
        f"""(seconds) => new Promise((resolve) => {{
            const network = {NETWORK};
            const end = network.frame.t + seconds - 1e-9;
            network.listen = ({{ is, t }}) => {{ if (is === "frame" && t >= end) resolve(); }};
            network.send({{ do: "step", seconds }});
        }})""",
        seconds,
    )


def status(page: Page) -> Any:
    return page.locator(".wml-status")


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_by_itself_and_tells_its_story(kind: str, browser: Browser) -> None:
    """A reader who touches nothing sees a memory form, and hears of it."""
    context = browser.new_context()
    page = context.new_page()
    open_network(page, kind, KINDS[kind]())
    words = {"bump": "One memory, at", "flexible": "3 of 3 memories held."}[kind]
    expect(status(page)).to_contain_text(words, timeout=60_000)
    context.close()


@pytest.mark.parametrize(
    "forbidden",
    [
        "<meta http-equiv='Content-Security-Policy' content=\"worker-src 'none'\">",
        "<script>window.Worker = class { constructor() { throw new Error('none'); } };</script>",
    ],
    ids=["by policy", "by an exception"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_that_forbids_workers_is_told_of(
    kind: str, forbidden: str, browser: Browser
) -> None:
    """Without a word a reader would wait before two blank pictures and buttons that do nothing."""
    context = browser.new_context()
    page = context.new_page()
    markup = network_markup(kind, KINDS[kind]())
    page.set_content(f"<!doctype html><title>Live</title>{forbidden}{markup}")
    page.evaluate(page_script())
    expect(status(page)).to_contain_text("allows no background scripts")
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    expect(page.get_by_role("slider", name="Speed")).to_be_disabled()
    expect(page.locator("canvas:visible")).to_have_count(0)
    context.close()


@pytest.mark.parametrize(
    ("ground", "ink"), [("rgb(31, 31, 31)", "rgb(204, 204, 204)"), ("", "rgb(0, 0, 0)")]
)
def test_words_keep_their_ground(ground: str, ink: str, page: Page) -> None:
    """VS Code shows widgets on white, and in a dark theme their words in a pale colour."""
    theme = f"--vscode-editor-background: {ground}; --vscode-editor-foreground: {ink};"
    above = f"<style>:root {{ {theme if ground else ''} }} main {{ background: white; }}</style>"
    open_network(page, "bump", KINDS["bump"](), above=above)
    look = "getComputedStyle(document.querySelector('.wml'))"
    assert page.evaluate(f"{look}.backgroundColor") == (ground or "rgba(0, 0, 0, 0)")
    assert page.evaluate(f"{look}.color") == ink


@pytest.mark.parametrize("kind", KINDS)
def test_less_motion_waits_for_play(kind: str, page: Page) -> None:
    """Who asked for less motion is not met by a scrolling picture."""
    open_network(page, kind, KINDS[kind]())
    page.wait_for_timeout(500)
    assert page.evaluate(f"{NETWORK}.frame.t") == 0
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function(f"{NETWORK}.frame.t > 0.005")
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_vs_code_may_ask_for_less_motion(browser: Browser) -> None:
    """VS Code has a setting of its own for it, which it writes on the page."""
    context = browser.new_context()
    page = context.new_page()
    asks = "<script>document.body.classList.add('vscode-reduce-motion')</script>"
    open_network(page, "bump", KINDS["bump"](), above=asks)
    page.wait_for_timeout(500)
    assert page.evaluate(f"{NETWORK}.frame.t") == 0
    context.close()


@pytest.mark.parametrize("attribute", ["data-jp-theme-light", "data-vscode-theme-id"])
def test_a_paused_picture_follows_the_theme(attribute: str, page: Page) -> None:
    """JupyterLab and VS Code mark their themes on the body: old ink would be unreadable there."""
    pale = f"<style>body[{attribute}] {{ background: black; color: white }}</style>"
    open_network(page, "bump", KINDS["bump"](), above=pale)
    ground = f"""() => {{
        const {{ canvas, context }} = {NETWORK}.raster.surface;
        return [...context.getImageData(canvas.width - 2, 1, 1, 1).data].slice(0, 3);
    }}"""
    page.wait_for_function(f"Math.min(...({ground})()) > 200")
    page.evaluate(f"document.body.setAttribute('{attribute}', 'false')")
    page.wait_for_function(f"Math.max(...({ground})()) < 60")


def test_it_rests_off_screen(browser: Browser) -> None:
    """A network that nobody sees must not drain a reader's battery."""
    context = browser.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()
    open_network(page, "bump", KINDS["bump"](), above="<p id='top'>x</p>")
    page.wait_for_function(f"{NETWORK}.frame.t > 0.005")
    page.evaluate("document.querySelector('main').style.paddingTop = '5000px'")
    page.wait_for_function(f"!{NETWORK}.playing")
    page.wait_for_timeout(200)
    then = page.evaluate(f"{NETWORK}.frame.t")
    page.wait_for_timeout(300)
    assert page.evaluate(f"{NETWORK}.frame.t") == then
    page.locator(".wml").scroll_into_view_if_needed()
    page.wait_for_function(f"{NETWORK}.frame.t > {then}")
    context.close()


def test_it_waits_below_the_fold(browser: Browser) -> None:
    """A network further down the page starts when a reader gets there, and not before."""
    context = browser.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()
    open_network(page, "bump", KINDS["bump"](), above="<div style='height: 5000px'></div>")
    page.wait_for_timeout(500)
    first = page.evaluate(f"{NETWORK}.frame.t")
    page.wait_for_timeout(300)
    assert page.evaluate(f"{NETWORK}.frame.t") == first < 0.1
    # Who reads with their ears may be there long before: each picture has its words from the start.
    assert all(canvas.get_attribute("aria-label") for canvas in page.locator("canvas").all())
    page.locator(".wml").scroll_into_view_if_needed()
    page.wait_for_function(f"{NETWORK}.frame.t > {first}")
    context.close()


#: Whether all pictures of the page have something drawn on them.
DRAWN = """[...document.querySelectorAll("canvas")].every((canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return new Set(new Uint32Array(data.buffer)).size > 2;
})"""


@pytest.mark.parametrize("kind", KINDS)
def test_axes_do_not_wait_for_the_network(kind: str, page: Page) -> None:
    """Building a network takes a moment, longer on a page with more to do: no blank till then."""
    page.set_content(f"<!doctype html><title>Live</title>{network_markup(kind, KINDS[kind]())}")
    page.evaluate("() => { window.Worker = class { postMessage() {} }; }")
    page.evaluate(page_script())
    page.wait_for_function(DRAWN)
    expect(status(page)).to_have_text("Getting ready …")


@pytest.mark.parametrize("kind", KINDS)
def test_less_motion_is_no_blank_picture(kind: str, page: Page) -> None:
    """A network that waits for Play shows its axes when it comes into sight, wherever it stands."""
    page.set_viewport_size({"width": 800, "height": 600})
    open_network(page, kind, KINDS[kind](), above="<div style='height: 5000px'></div>")
    page.locator(".wml").scroll_into_view_if_needed()
    page.wait_for_function(DRAWN)


def test_two_networks_keep_to_themselves(page: Page) -> None:
    """If they shared a name or a worker, a slider of one would turn the other."""
    other = network_markup("flexible", KINDS["flexible"](story=[]), seed=2)
    # The first one on the page is the one that `run` moves on.
    open_network(page, "bump", KINDS["bump"](), above=other)
    first, second = (page.locator(".wmtutor-live-network").nth(n) for n in (0, 1))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(set(ids)) == len(ids) > 10
    first.get_by_role("button", name="Ring 2", exact=True).click()
    run(page, 0.5)
    expect(first.locator(".wml-status")).to_have_text("1 of 1 memories held.")
    expect(second.locator(".wml-clock")).to_have_text("0.00 s")
    first.get_by_role("slider", name="Feedback strength").press("Home")
    assert page.evaluate(
        "[...document.querySelectorAll('.wmtutor-live-network')].map((e) => e.network.settings)"
    ) == [{"beta": 0}, {}]


def test_a_click_plants_a_memory_where_it_lands(page: Page) -> None:
    """The height of a click is an angle: off by a sign, and the bump would be elsewhere."""
    open_network(page, "bump", KINDS["bump"](story=[]))
    run(page, 0.2)
    raster = page.locator("canvas").first
    box = raster.bounding_box()
    assert box
    raster.click(position={"x": box["width"] / 2, "y": box["height"] * (1 - 250 / 360)})
    run(page, 0.6)
    match = re.fullmatch(r"One memory, at (\d+)°\.", status(page).inner_text())
    assert match, status(page).inner_text()
    # Half of the cells: the bump wanders more, but not by six standard deviations (5 deg).
    assert abs(int(match[1]) - 250) < 30


def test_keys_plant_a_memory_too(page: Page) -> None:
    """All that a pointer can do has to go by keyboard."""
    open_network(page, "bump", KINDS["bump"](story=[]))
    angle = page.get_by_role("slider", name="Angle of a cue")
    angle.press("Home")
    for _ in range(9):
        angle.press("ArrowRight")
    expect(angle).to_have_attribute("aria-valuetext", "90°")
    page.get_by_role("button", name="Show a cue").press("Enter")
    run(page, 0.7)
    match = re.fullmatch(r"One memory, at (\d+)°\.", status(page).inner_text())
    assert match, status(page).inner_text()
    assert abs(int(match[1]) - 90) < 30


def test_items_come_and_go(page: Page) -> None:
    """Rings' buttons show an item and take it away, and say which they would do."""
    open_network(page, "flexible", KINDS["flexible"](story=[]))
    run(page, 0.1)
    ring = page.get_by_role("button", name="Ring 3")
    expect(ring).to_have_attribute("aria-pressed", "false")
    ring.press("Enter")
    run(page, 0.5)
    expect(ring).to_have_attribute("aria-pressed", "true")
    expect(status(page)).to_have_text("1 of 1 memories held.")
    ring.press("Enter")
    run(page, 0.5)
    expect(ring).to_have_attribute("aria-pressed", "false")
    expect(status(page)).to_have_text("0 of 0 memories held.")


def test_a_click_in_a_band_is_an_item_of_that_ring(page: Page) -> None:
    """Ring and angle are read off the picture; one band off would teach the wrong ring."""
    open_network(page, "flexible", KINDS["flexible"](story=[]))
    run(page, 0.1)
    raster = page.locator("canvas").first
    box = raster.bounding_box()
    assert box
    # Ring 5 (the fifth of nine bands), a quarter of its height above its foot.
    raster.click(
        position={"x": box["width"] / 2, "y": box["height"] * (4 + 0.96 - 0.92 * 0.25) / 9}
    )
    run(page, 0.5)
    memory = page.evaluate(f"{NETWORK}.frame.memories[4]")
    assert memory["present"]
    assert abs(memory["angleDeg"] - 90) < 30


def test_too_many_items_are_not_all_kept(page: Page) -> None:
    """The lesson of the model: eight items, one shared layer, and some must go."""
    open_network(page, "flexible", KINDS["flexible"](story=[]), seed=2)
    for ring in range(1, 9):
        page.get_by_role("button", name=f"Ring {ring}").click()
    run(page, 1.5)
    match = re.match(r"(\d) of 8 memories held", status(page).inner_text())
    assert match, status(page).inner_text()
    assert 1 <= int(match[1]) <= 6


def keep_spikes(page: Page) -> None:
    """From now on ``window.seen`` has all spikes since the last reset."""
    page.evaluate(
        f"""() => {{
            const network = {NETWORK};
            window.seen = [];
            network.hearAll = network.hear.bind(network);
            network.hear = (message) => {{
                if (message.reset) window.seen = [];
                if (message.cells) window.seen.push(...message.cells, ...message.steps);
                network.hearAll(message);
            }};
            network.worker.onmessage = ({{ data }}) => network.hear(data);
        }}"""
    )


def reset(page: Page, seed: str | None = None) -> None:
    run(page, 0.001)  # or time 0 would be the time before, too
    if seed is not None:
        field = page.get_by_role("spinbutton", name="Seed")
        field.fill(seed)
        field.press("Enter")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function(f"{NETWORK}.frame.t === 0")


@pytest.mark.parametrize("kind", KINDS)
def test_reset_with_the_same_seed_is_the_same_run(kind: str, page: Page) -> None:
    """ "Try seed 7" has to show everybody the same."""
    open_network(page, kind, KINDS[kind]())
    keep_spikes(page)
    runs = []
    for seed in ("7", "7", "8"):
        reset(page, seed)
        run(page, 0.4)
        runs.append(page.evaluate("window.seen"))
    assert len(runs[0]) > 100
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_slider_changes_the_network(kind: str, page: Page) -> None:
    """A slider that nothing listens to would teach that its parameter does not matter."""
    open_network(page, kind, KINDS[kind](story=[]))
    keep_spikes(page)

    def told() -> list[int]:
        reset(page)
        name = {"bump": "Show a cue", "flexible": "Ring 3"}[kind]
        page.get_by_role("button", name=name).click()
        run(page, 0.3)
        return page.evaluate("window.seen")

    first = told()
    assert told() == first
    sliders = [
        slider
        for slider in page.get_by_role("slider").all()
        if page.locator(f"label[for={slider.get_attribute('id')}]").inner_text() != "Speed"
    ]
    assert len(sliders) == 7
    for slider in sliders:
        at = slider.input_value()
        slider.press("End")
        name = page.locator(f"label[for={slider.get_attribute('id')}]").inner_text()
        assert told() != first, name
        slider.fill(at)
    assert page.evaluate(f"Object.keys({NETWORK}.settings).length") == 6


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_spike_is_drawn_at_its_time_and_cell(ratio: int, browser: Browser) -> None:
    """A raster that put spikes elsewhere would show memories that are not there."""
    context = browser.new_context(reduced_motion="reduce", device_scale_factor=ratio)
    page = context.new_page()
    p = KINDS["bump"](story=[])
    open_network(page, "bump", p)
    cell, N = 400, p["excit"]["N"]
    for t, spike_t in [(0.5, 0.3), (1.9, 1.2), (2.1, 2.0), (3.3, 2.9), (4.4, 4.39), (9.0, 7.5)]:
        # One spike after another: the last two seconds stay, on a drum that is used in turn.
        columns, rows, width, height = page.evaluate(
            f"""([t, step, cell]) => {{
                const network = {NETWORK};
                const message = {{
                    is: "frame", t, step, speed: 1, cells: [cell], steps: [step], angleDeg: 0,
                    strength: 0, meanRate: 0, profile: new Float32Array(64), present: false,
                }};
                network.hear(message);
                network.draw();
                const {{ canvas, context, width, height, ratio }} = network.raster.surface;
                const {{ data }} = context.getImageData(0, 0, canvas.width, canvas.height);
                const columns = [], rows = [];
                for (let at = 0; at < data.length; at += 4) {{
                    const x = (at / 4) % canvas.width / ratio;
                    if (x < 48 || data[at] > 100) continue;
                    columns.push(x);
                    rows.push(Math.floor(at / 4 / canvas.width) / ratio);
                }}
                return [columns, rows, width, height];
            }}""",
            [t, round(spike_t / p["dt"]), cell],
        )
        here = 48 + (spike_t - max(0, t - 2)) / 2 * (width - 48)
        # The picture's end and the spike are each in a whole column.
        assert min(abs(x - here) for x in columns) <= 2, (t, spike_t)
        assert {round(y - height * (1 - (cell + 1) / N)) for y in rows} <= {-1, 0, 1}
    context.close()


def test_inhibition_melts_a_bump(page: Page) -> None:
    """Turning a knob has to do in the page what it does in the library."""
    open_network(page, "bump", KINDS["bump"]())
    run(page, 0.8)
    expect(status(page)).to_contain_text("One memory")
    page.get_by_role("slider", name="Inhibition").press("Home")
    run(page, 0.5)
    assert page.evaluate(f"{NETWORK}.frame.strength") < 0.5
    expect(status(page)).to_have_text("Everything fires: no memory.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_serious_fault(kind: str, scheme: Any, browser: Browser) -> None:
    """Names, contrast and roles that a screen reader or weak eyes need."""
    context = browser.new_context(reduced_motion="reduce", color_scheme=scheme)
    page = context.new_page()
    open_network(page, kind, KINDS[kind]())
    if scheme == "dark":
        page.add_style_tag(content="body { background: #121212; color: #eee }")
    found = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:150]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert found == []
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_have_words_that_follow(kind: str, page: Page) -> None:
    """The canvases say in words what they show, and not what they showed before."""
    open_network(page, kind, KINDS[kind]())
    side = page.locator("canvas").nth(1)
    before = side.get_attribute("aria-label")
    run(page, 0.8)
    page.wait_for_timeout(100)
    after = side.get_attribute("aria-label") or ""
    assert after != before
    assert {"bump": "One memory, at", "flexible": "Ring 1: "}[kind] in after


@pytest.mark.parametrize("kind", KINDS)
def test_phone(kind: str, browser: Browser) -> None:
    """Nothing sticks out at 360 px, and buttons are large enough for a finger."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, has_touch=True)
    page = context.new_page()
    open_network(page, kind, KINDS[kind]())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= 40
    context.close()
