"""Explorers: their structure, what they embed in a static page, and what they do with a kernel."""

import base64
import html
import io
import itertools
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import ipywidgets
import matplotlib as mpl
import numpy as np
import pytest
from ipywidgets.embed import dependency_state
from jupyter_client.manager import start_new_kernel
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from wmtutor.units import nA
from wmtutor.widgets import Explorer, Slider, explorer

# Values 0 .. 10 become one colour channel each, so that a picture tells its parameters.
CHANNELS = ("red", "green", "blue")


@pytest.fixture(autouse=True)
def no_figures_left() -> Iterator[None]:
    yield
    plt.close("all")


def paint(red: float = 0, green: float = 0, blue: float = 0) -> Figure:
    figure = plt.figure(figsize=(2, 1))
    figure.set_facecolor((red / 10, green / 10, blue / 10))
    return figure


def colours(markup: str) -> tuple[int, ...]:
    """The parameters of ``paint`` read back from a picture, as nothing but its pixels tell."""
    match = re.search(r'src="data:image/(\w+);base64,([^"]+)"', markup)
    assert match
    picture = Image.open(io.BytesIO(base64.b64decode(match[2])))
    assert (picture.format or "").lower() == match[1]
    pixel = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    return tuple(round(10 * level / 255) for level in pixel)


def make(count: int = 2, **options: Any) -> Explorer:
    grids = ([0, 5, 10], [2, 8], [1, 4, 7, 9])
    sliders = {
        name: Slider(name.title(), grid)
        for name, grid in zip(CHANNELS[:count], grids[:count], strict=True)
    }
    alt = " ".join(f"{name} {{{name}}}" for name in sliders)
    defaults = {"title": "Paint", "alt": alt, "progress": False}
    return explorer(paint, sliders, **{**defaults, **options})


def attribute(markup: str, name: str) -> str:
    match = re.search(rf' {name}="([^"]*)"', markup)
    assert match
    return html.unescape(match[1])


def shown(widget: ipywidgets.Widget) -> str:
    """What a kernel-side reader of nested stacks sees: the child that each stack has selected."""
    while isinstance(widget, ipywidgets.Stack):
        widget = widget.children[widget.selected_index]
    return widget.value


class StaticPage:
    """What the browser makes of the embedded state: links and selections, and no Python."""

    def __init__(self, widget: Explorer) -> None:
        self.models = {
            key: dict(model["state"], _model_name=model["model_name"])
            for key, model in dependency_state(widget, drop_defaults=False).items()
        }
        self.root = widget.model_id
        self.sliders = [
            key
            for key, model in self.models.items()
            if model["_model_name"] == "SelectionSliderModel"
        ]

    def move(self, slider: str, index: int) -> None:
        self.models[slider]["index"] = index
        for link in self.models.values():
            if link["_model_name"] == "LinkModel":
                (source, source_name), (target, target_name) = link["source"], link["target"]
                if self.deref(source) == slider and source_name == "index":
                    self.models[self.deref(target)][target_name] = index

    @staticmethod
    def deref(reference: str) -> str:
        return reference.removeprefix("IPY_MODEL_")

    def picture(self) -> str:
        stacks = [
            self.deref(child)
            for child in self.models[self.root]["children"]
            if self.models[self.deref(child)]["_model_name"] == "StackModel"
        ]
        (key,) = stacks
        while self.models[key]["_model_name"] == "StackModel":
            chosen = self.models[key]["selected_index"]
            key = self.deref(self.models[key]["children"][chosen])
        return self.models[key]["value"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_static_page_shows_the_picture_of_the_sliders(count: int) -> None:
    """In a page without a kernel some slider position would show another position's picture."""
    widget = make(count)
    page = StaticPage(widget)
    assert len(page.sliders) == count
    order = {
        name: next(
            key
            for key in page.sliders
            if list(page.models[key]["_options_labels"])
            == [label for label, _ in widget.sliders[name].options]
        )
        for name in widget.sliders
    }
    grids = [[value for _, value in widget.sliders[name].options] for name in widget.sliders]
    rng = np.random.default_rng(5)
    points = list(itertools.product(*(range(len(grid)) for grid in grids)))
    for number in rng.permutation(np.repeat(np.arange(len(points)), 2)):
        for name, index in zip(order, points[number], strict=True):
            page.move(order[name], index)
        wanted = tuple(grid[index] for grid, index in zip(grids, points[number], strict=True))
        assert colours(page.picture())[:count] == wanted
        assert attribute(page.picture(), "alt") == " ".join(
            f"{name} {value}" for name, value in zip(order, wanted, strict=True)
        )
        texts = json.loads(attribute(page.picture(), "data-values"))
        assert texts == {name: str(value) for name, value in zip(order, wanted, strict=True)}


def test_first_picture_belongs_to_the_defaults() -> None:
    """The page would open on a picture that its sliders do not describe."""
    sliders = {
        "red": Slider("Red", [0, 5, 10], default=10),
        "green": Slider("Green", [1, 2, 3, 4]),  # no default: the middle, rounded up
    }
    widget = explorer(paint, sliders, title="t", alt="{red} {green}", progress=False)
    page = StaticPage(widget)
    assert colours(page.picture())[:2] == (10, 3)
    assert colours(shown(widget.stack))[:2] == (10, 3)
    assert [slider.label for slider in widget.sliders.values()] == ["10", "3"]
    assert widget.values == {"red": 10, "green": 3}


def test_state_is_small_beside_the_pictures() -> None:
    """The page's weight is budgeted for pictures; layouts and styles repeated for each would eat
    it."""
    names = [model["model_name"] for model in dependency_state(make(3)).values()]
    assert names.count("HTMLModel") > 24
    assert names.count("LayoutModel") < 24
    assert names.count("HTMLStyleModel") <= 2


def test_function_gets_each_point_once_in_order_in_si_units() -> None:
    """A function called twice, out of order or in the wrong unit makes a figure of other things."""
    calls: list[dict[str, Any]] = []

    def record(**values: Any) -> tuple[Figure, None]:
        calls.append(values)
        return Figure(figsize=(1, 1)), None

    sliders = {
        "strength": Slider("Cue strength", [0.03, 0.07], unit="nA", scale=nA),
        "cells": Slider("Cells", [512, 1024, 2048]),
    }
    explorer(record, sliders, title="t", alt="{strength} {cells}", progress=False)
    assert calls == [
        {"strength": strength, "cells": cells}
        for strength in (0.03 * nA, 0.07 * nA)
        for cells in (512, 1024, 2048)
    ]
    assert all(isinstance(call["cells"], int) for call in calls)


def test_sliders_show_label_unit_and_meaning_of_ends() -> None:
    """A slider with no unit, or with ends that say nothing, cannot be read."""
    slider = Slider("Rate <x>", [1, 2.5], "Hz", low_means="quiet & calm", high_means="wild")
    widget = explorer(lambda rate: paint(), {"rate": slider}, title="A < B", alt="{rate}")
    texts = " ".join(
        html.unescape(re.sub(r"<[^>]*>", " ", child.value))
        for child in descendants(widget)
        if isinstance(child, ipywidgets.HTML)
    )
    for text in ("A < B", "Rate <x> (Hz)", "quiet & calm", "wild"):
        assert text in texts
    assert [label for label, _ in widget.sliders["rate"].options] == ["1 Hz", "2.5 Hz"]
    assert {type(value) for _, value in widget.sliders["rate"].options} == {float}


def descendants(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from descendants(child)


def test_live_part_is_marked_and_sits_last() -> None:
    """The book hides what is marked; a button outside would be dead in the page."""
    widget = make()
    (live,) = [child for child in descendants(widget) if "wmtutor-live" in child._dom_classes]
    assert widget.children[-1] is live
    inside = set(descendants(live))
    for control in (widget.button, widget.status, widget.result, *widget.boxes.values()):
        assert control in inside


def test_button_simulates_between_positions() -> None:
    """The notebook would show a grid picture, or none, for the value that was typed."""
    widget = make()
    widget.boxes["red"].value = 7
    widget.boxes["green"].value = 3
    widget.button.click()
    assert colours(widget.result.value)[:2] == (7, 3)
    assert attribute(widget.result.value, "alt") == "red 7 green 3"
    assert "Red 7, Green 3" in widget.status.value
    assert not widget.button.disabled


def test_button_simulates_a_point_once_and_positions_never() -> None:
    """A student who presses twice would wait twice."""
    calls = []

    def count(red: float) -> Figure:
        calls.append(red)
        return paint(red)

    widget = explorer(
        count, {"red": Slider("Red", [0.0, 5.0])}, title="t", alt="{red}", progress=False
    )
    for value in (2.5, 5.0, 2.5, 0.0):
        widget.boxes["red"].value = value
        widget.button.click()
        assert colours(widget.result.value)[0] == pytest.approx(value, abs=0.51)
    assert calls == [0.0, 5.0, 2.5]


def test_typed_value_is_scaled_and_described_in_full() -> None:
    """The exact value is what the reader asked for; rounding it in the text would deny it."""
    got = []

    def keep(current: float) -> Figure:
        got.append(current)
        return paint()

    slider = Slider("Cue", [0.03, 0.07], "nA", scale=nA, format=".2f")
    widget = explorer(keep, {"current": slider}, title="t", alt="at {current}", progress=False)
    widget.boxes["current"].value = 0.0525
    widget.button.click()
    assert got[-1] == 0.0525 * nA
    assert attribute(widget.result.value, "alt") == "at 0.0525 nA"


def test_button_reports_an_error_in_words_and_recovers() -> None:
    """A traceback in a log that no learner opens, or a button that stays grey."""

    def fussy(red: float) -> Figure:
        if red > 5:
            raise ValueError(f"red={red}: must be below <5>")
        return paint(red)

    widget = explorer(
        fussy, {"red": Slider("Red", [0.0, 5.0])}, title="t", alt="{red}", progress=False
    )
    widget.boxes["red"].value = 6.5
    widget.button.click()
    assert "ValueError: red=6.5: must be below &lt;5&gt;" in widget.status.value
    assert widget.result.value == ""
    assert not widget.button.disabled
    widget.boxes["red"].value = 2.0
    widget.button.click()
    assert colours(widget.result.value)[0] == 2
    assert "ValueError" not in widget.status.value


def test_interrupted_simulation_frees_the_button() -> None:
    """Ctrl-C during a long run must stop it and leave an explorer that still works."""

    def stop(red: float) -> Figure:
        if red == 1:
            raise KeyboardInterrupt
        return paint(red)

    widget = explorer(stop, {"red": Slider("Red", [0, 5])}, title="t", alt="{red}", progress=False)
    widget.boxes["red"].value = 1
    with pytest.raises(KeyboardInterrupt):
        widget.button.click()
    assert not widget.button.disabled
    assert "Stopped" in widget.status.value


def test_boxes_follow_the_sliders() -> None:
    """To change one parameter a little, the reader starts from what the sliders show."""
    widget = make()
    widget.sliders["red"].index = 2
    assert widget.boxes["red"].value == 10
    assert widget.boxes["green"].value == 8
    assert isinstance(widget.boxes["red"], ipywidgets.IntText)


def test_alt_may_be_a_function_and_is_escaped() -> None:
    """A quote in a description would break the page's picture tag."""
    widget = explorer(
        paint,
        {"red": Slider("Red", [0, 5])},
        title="t",
        alt=lambda red: f'"{red}" <b> & more',
        progress=False,
    )
    markup = shown(widget.stack)
    assert attribute(markup, "alt") == '"5" <b> & more'
    assert "<b>" not in markup


def test_pictures_have_one_size() -> None:
    """Pictures that differ in size make the page jump; a wrong size in the tag distorts them."""
    with mpl.rc_context({"savefig.bbox": "tight", "savefig.dpi": 33}):
        widget = make(1, dpi=150)
    markup = shown(widget.stack)
    assert (attribute(markup, "width"), attribute(markup, "height")) == ("200", "100")
    data = base64.b64decode(attribute(markup, "src").split(",")[1])
    assert Image.open(io.BytesIO(data)).size == (300, 150)


@pytest.mark.parametrize("image_format", ["webp", "png"])
def test_pictures_look_like_the_figure(image_format: str) -> None:
    """Few colours and compression must not change what a figure says: not lines, not shades."""

    def draw(kind: int) -> Figure:
        figure, axes = plt.subplots(figsize=(4, 3))
        if kind:
            axes.imshow(np.linspace(0, 1, 256)[None, :].repeat(40, axis=0), aspect="auto")
        else:
            axes.plot(np.linspace(0, 1, 50), np.sin(np.linspace(0, 9, 50)), "k")
        return figure

    widget = explorer(
        draw,
        {"kind": Slider("Kind", [0, 1])},
        title="t",
        alt="{kind}",
        progress=False,
        image_format=image_format,
    )
    for kind, child in enumerate(widget.stack.children):
        buffer = io.BytesIO()
        draw(kind).savefig(buffer, dpi=100)
        exact = np.asarray(Image.open(buffer).convert("RGB"), float)
        data = base64.b64decode(attribute(child.value, "src").split(",")[1])
        stored = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)
        assert stored.shape == exact.shape
        # 2 % of the range: 64 colours for the 256 shades of the map cannot all be exact.
        assert np.sqrt(np.mean((stored - exact) ** 2)) < 0.02 * 255
        assert len(data) < buffer.tell()


def test_transparent_figures_get_a_white_ground() -> None:
    """Black axes on nothing vanish in dark mode."""

    def clear(red: float) -> Figure:
        figure = paint()
        figure.patch.set_alpha(0)
        return figure

    widget = explorer(clear, {"red": Slider("Red", [0, 5])}, title="t", alt="{red}", progress=False)
    assert colours(shown(widget.stack)) == (10, 10, 10)


def test_figures_are_closed_and_settings_kept() -> None:
    """Figures that stay open are shown a second time below the cell, and fill the memory."""
    mine = plt.figure()
    before = dict(mpl.rcParams)
    make(3)
    assert plt.get_fignums() == [mine.number]
    assert dict(mpl.rcParams) == before


def test_processes_draw_the_same_pictures() -> None:
    """More processes must change the time and nothing else."""
    one, two = make(2), make(2, n_jobs=2)
    values = [
        [child.value for child in descendants(widget.stack) if isinstance(child, ipywidgets.HTML)]
        for widget in (one, two)
    ]
    assert len(values[0]) == 6
    assert values[0] == values[1]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_errors_name_the_position_and_leave_nothing(n_jobs: int) -> None:
    """Of 25 runs one fails: without its parameters nobody can find out why."""

    def fail(red: float, green: float) -> Figure:
        plt.figure()
        if (red, green) == (5, 0.2):
            raise ZeroDivisionError("too green")
        return paint(red, green)

    sliders = {"red": Slider("Red", [0, 5]), "green": Slider("Green", [0.1, 0.2], "Hz")}
    with pytest.raises(ZeroDivisionError, match="too green") as caught:
        explorer(fail, sliders, title="t", alt="{red} {green}", progress=False, n_jobs=n_jobs)
    assert any("red = 5, green = 0.2 Hz" in note for note in caught.value.__notes__)
    assert plt.get_fignums() == []


def test_interrupt_stops_at_once() -> None:
    """Ctrl-C in the middle must neither go on drawing nor leave half an explorer behind."""
    calls = []

    def interrupt(red: float) -> Figure:
        calls.append(red)
        if red == 2:
            raise KeyboardInterrupt
        return paint(red)

    with pytest.raises(KeyboardInterrupt):
        explorer(interrupt, {"red": Slider("Red", [1, 2, 3])}, title="t", alt="{red}")
    assert calls == [1, 2]
    assert plt.get_fignums() == []


def test_progress_bar_shows_and_can_be_hidden(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute of silence looks like a hang; in the book a bar is a stray box."""
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    make(1, progress=True)
    assert "0/3" in capsys.readouterr().err
    make(1, progress=False)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    make(1, progress=True)
    assert capsys.readouterr() == ("", "")


def test_text_version_is_short() -> None:
    """Where no widget can be shown, the notebook prints this; it must not print every picture."""
    assert repr(make()) == "Explorer('Paint', sliders: red, green)"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"label": ""}, ValueError, "which parameter"),
        ({"label": 3}, TypeError, "label=3"),
        ({"unit": None}, TypeError, "unit=None"),
        ({"values": []}, ValueError, "0 positions"),
        ({"values": [1]}, ValueError, "1 positions"),
        ({"values": [1, 2, 2]}, ValueError, "2 twice"),
        ({"values": [1, 3, 2]}, ValueError, "sort them"),
        ({"values": [1, float("nan")]}, ValueError, "finite"),
        ({"values": "123"}, TypeError, "values"),
        ({"values": [1, "2"]}, TypeError, "values"),
        ({"values": 5}, TypeError, "values"),
        ({"scale": 0}, ValueError, "scale"),
        ({"scale": float("inf")}, ValueError, "scale"),
        ({"scale": "nA"}, TypeError, "scale"),
        ({"default": 1.5}, ValueError, "must be one of 1, 2"),
        ({"default": "1"}, ValueError, "must be one of 1, 2"),
        ({"format": "d?"}, ValueError, "format"),
        ({"values": [1.01, 1.02], "format": ".1f"}, ValueError, "alike"),
    ],
)
def test_bad_sliders_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """A slider that cannot work must say so where it is written, before any simulation."""
    with pytest.raises(error, match=message):
        Slider(**{"label": "Rate", "values": [1, 2], **arguments})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"function": "paint"}, TypeError, "function='paint'"),
        ({"sliders": {}}, ValueError, "one to three"),
        (
            {"sliders": {name: Slider(name, [0, 1]) for name in (*CHANNELS, "alpha")}},
            ValueError,
            "4 entries",
        ),
        ({"sliders": [Slider("Red", [0, 1])]}, TypeError, "mapping"),
        ({"sliders": {"red": [0, 1]}}, TypeError, "expected a Slider"),
        ({"sliders": {"purple": Slider("Purple", [0, 1])}}, TypeError, "purple"),
        ({"title": None}, TypeError, "title=None"),
        ({"caption": 1}, TypeError, "caption=1"),
        ({"alt": None}, TypeError, "alt=None"),
        ({"alt": "always this"}, ValueError, r"use every one of \{red\}"),
        ({"alt": "{rot}"}, ValueError, r"fields are \{red\}"),
        ({"alt": "{}"}, ValueError, r"fields are \{red\}"),
        ({"alt": "{red"}, ValueError, r"fields are \{red\}"),
        ({"alt": lambda red: ""}, TypeError, "alt returned ''"),
        ({"alt": lambda red: None}, TypeError, "alt returned None"),
        ({"progress": 1}, TypeError, "progress"),
        ({"n_jobs": 0}, ValueError, "n_jobs=0"),
        ({"n_jobs": 1.0}, TypeError, "n_jobs"),
        ({"image_format": "jpeg"}, ValueError, "image_format='jpeg'"),
        ({"dpi": 0}, ValueError, "dpi=0"),
        ({"dpi": 72.5}, TypeError, "dpi"),
        ({"function": lambda red: None}, TypeError, "returned NoneType"),
        ({"function": lambda red: plt.subplots()[1]}, TypeError, "returned Axes"),
        ({"function": lambda red: ()}, TypeError, "returned tuple"),
    ],
)
def test_bad_explorers_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Each mistake has to name itself: half of these would else fail after minutes, or silently."""
    good = {
        "function": paint,
        "sliders": {"red": Slider("Red", [0, 1])},
        "title": "t",
        "alt": "{red}",
        "progress": False,
    }
    before = plt.get_fignums()
    with pytest.raises(error, match=message):
        explorer(**{**good, **arguments})
    assert plt.get_fignums() == before


def test_a_running_notebook_simulates_what_is_typed() -> None:
    """With a kernel, the browser's messages must bring a new picture: nothing above sends any."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        code = (
            "from matplotlib.figure import Figure\n"
            "from wmtutor.widgets import Slider, explorer\n"
            "def draw(rate): return Figure(figsize=(2, 1))\n"
            "slider = Slider('Rate', [1.0, 2.0], 'Hz')\n"
            "widget = explorer(draw, {'rate': slider}, title='t', alt='at {rate}')\n"
            "parts = (widget.sliders['rate'], widget.boxes['rate'], widget.button, widget.result)\n"
            "ids = ' '.join(part.model_id for part in parts)\n"
            "widget"
        )
        outputs: list[dict[str, Any]] = []
        reply = client.execute_interactive(
            code, user_expressions={"ids": "ids"}, output_hook=outputs.append, timeout=60
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        text = reply["content"]["user_expressions"]["ids"]["data"]["text/plain"]
        slider, box, button, result = text.strip("'").split()
        shown = [o["content"]["data"] for o in outputs if o["msg_type"] == "execute_result"]
        assert "application/vnd.jupyter.widget-view+json" in shown[0]

        def send(model: str, data: dict[str, Any]) -> None:
            content = {"comm_id": model, "data": {"buffer_paths": [], **data}}
            client.shell_channel.send(client.session.msg("comm_msg", content))

        def wait_for(model: str, key: str) -> Any:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                message = client.get_iopub_msg(timeout=60)
                content = message["content"]
                if message["msg_type"] == "comm_msg" and content["comm_id"] == model:
                    value = content["data"].get("state", {}).get(key)
                    if value:
                        return value
            raise AssertionError(f"no {key} of {model} within a minute")

        send(slider, {"method": "update", "state": {"index": 0}})
        assert wait_for(box, "value") == 1.0
        send(box, {"method": "update", "state": {"value": 1.625}})
        send(button, {"method": "custom", "content": {"event": "click"}})
        assert attribute(wait_for(result, "value"), "alt") == "at 1.625 Hz"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
