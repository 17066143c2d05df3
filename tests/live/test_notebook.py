"""The widgets of a notebook: Python's side, and the script's side with a front end that is a stub.

The stub does what anywidget promises to scripts: get, set, save_changes, on, send.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from wmtutor.live import LiveBump, LiveFlexible, flexible_parameters
from wmtutor.live.bundle import notebook_module

pytestmark = pytest.mark.browser

FRONT_END = """async ([module, traits]) => {
    const listeners = {};
    window.saved = [];
    window.sent = [];
    window.model = {
        traits,
        get: (name) => traits[name],
        set: (name, value) => { traits[name] = value; },
        save_changes: () => window.saved.push({ ...traits }),
        on: (event, listener) => { (listeners[event] ??= []).push(listener); },
        send: (content, callbacks, buffers) => window.sent.push([content, buffers]),
        fire: (event, ...data) => listeners[event].forEach((listener) => listener(...data)),
    };
    const url = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    const el = document.createElement("div");
    document.body.append(el);
    window.destroy = widget.render({ model: window.model, el });
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def show(page: Page, widget: Any) -> None:
    """What a front end does with a widget: its script, and the traits that are synced."""
    traits = {name: getattr(widget, name) for name in widget.keys if not name.startswith("_")}
    traits = {name: value for name, value in traits.items() if name in widget.class_own_traits()
              or name in ("options", "seed", "playing", "t", "settings")}  # fmt: skip
    page.set_content("<!doctype html><title>x</title>")
    # Small lots, so that a short recording comes in several messages.
    module = notebook_module().replace("LOT = 1 << 18", "LOT = 150")
    page.evaluate(FRONT_END, [module, json.loads(json.dumps(traits))])
    page.wait_for_function("window.saved.length > 0")


def test_traits_follow_the_network(page: Page) -> None:
    """Python reads from the traits what the browser's network holds."""
    show(page, LiveFlexible(seed=2))
    page.evaluate("window.model.fire('msg:custom', { do: 'step', seconds: 0.5 })")
    page.wait_for_function("window.model.traits.t > 0.49")
    traits = page.evaluate("window.model.traits")
    assert traits["t"] == pytest.approx(0.5)
    assert traits["num_spikes"] > 1000
    assert len(traits["angle_deg"]) == len(traits["strength"]) == len(traits["present"]) == 8
    shown = {item["ring"] for item in flexible_parameters()["story"]}
    assert {ring for ring, there in enumerate(traits["present"]) if there} == shown


def test_python_gives_orders(page: Page) -> None:
    """A cue, a setting, a seed and a start from Python reach the network."""
    show(page, LiveFlexible(seed=2))
    page.evaluate("window.model.fire('msg:custom', { do: 'cue', ring: 7, angle: 200 })")
    page.evaluate("window.model.fire('msg:custom', { do: 'step', seconds: 0.4 })")
    page.wait_for_function("window.model.traits.t > 0.39")
    traits = page.evaluate("window.model.traits")
    assert traits["present"][7]
    assert abs(traits["angle_deg"][7] - 200) < 30
    # Without feedback no ring holds what it was shown.
    page.evaluate("{model.set('settings', { beta: 0 }); model.fire('change:settings');}")
    page.evaluate("window.model.fire('msg:custom', { do: 'step', seconds: 0.6 })")
    page.wait_for_function("window.model.traits.t > 0.99")
    assert not any(page.evaluate("window.model.traits.present"))
    page.evaluate("{model.set('seed', 9); model.fire('change:seed');}")
    page.wait_for_function("window.model.traits.t === 0")
    assert page.evaluate("window.model.traits.num_spikes") == 0
    page.evaluate("{model.set('playing', true); model.fire('change:playing');}")
    page.wait_for_function("window.model.traits.t > 0.01")
    page.evaluate("window.destroy()")


def test_sliders_and_settings_are_one(page: Page) -> None:
    """If Python and the page named different values, one of them would lie to the reader."""
    widget = LiveFlexible(seed=2)
    widget.settings = {"alpha": 1.5, "connection_probability": 0.2}
    show(page, widget)
    alpha = page.get_by_role("slider", name="Feed-forward strength")
    probability = page.get_by_role("slider", name="Connection probability")
    expect(alpha).to_have_attribute("aria-valuetext", "1.5")
    expect(probability).to_have_attribute("aria-valuetext", "0.20")
    # A reader's choice reaches Python, beside what Python had set.
    alpha.press("ArrowRight")
    assert page.evaluate("window.model.traits.settings") == {
        "alpha": pytest.approx(1.6), "connection_probability": 0.2,
    }  # fmt: skip
    # Python's next choice moves the sliders; what it leaves out goes back to the model's own.
    page.evaluate("{model.set('settings', { beta: 0.1 }); model.fire('change:settings');}")
    beta = page.get_by_role("slider", name="Feedback strength")
    expect(beta).to_have_attribute("aria-valuetext", "0.10")
    p = widget.options["parameters"]
    expect(alpha).to_have_attribute("aria-valuetext", f"{p['alpha']:.1f}")
    expect(probability).to_have_attribute("aria-valuetext", f"{p['connection_probability']:.2f}")
    page.evaluate("{model.set('settings', {}); model.fire('change:settings');}")
    expect(beta).to_have_attribute("aria-valuetext", f"{p['beta']:.2f}")


@pytest.mark.parametrize("widget", [LiveBump(seed=4, shrink=2), LiveFlexible(seed=4)])
def test_a_recording_is_a_monitor(widget: Any, page: Page) -> None:
    """What the browser ran is analysed with the functions for the library's own runs."""
    orders: list[Any] = []
    widget.send = orders.append  # no front end is attached here: the test carries the messages
    recording = widget.record(0.5)
    assert not recording.ready
    here, elsewhere = "spike_monitor_excit", "spike_monitor_random"
    if isinstance(widget, LiveFlexible):
        here, elsewhere = elsewhere, here
    with pytest.raises(RuntimeError, match="ask in a later cell"):
        getattr(recording, here)
    with pytest.raises(AttributeError, match="this network has none"):
        getattr(recording, elsewhere)
    show(page, widget)
    # The order was given before the widget was shown: a front end that has just come is told again.
    assert page.evaluate("window.sent[0][0].is") == "ready"
    widget._hear(widget, {"is": "ready"}, [])
    assert orders[1:] == orders[:1]
    page.evaluate("(order) => window.model.fire('msg:custom', order)", orders[0])
    page.wait_for_function(
        "window.sent.some(([content]) => content.is === 'trial')", timeout=60_000
    )
    messages = page.evaluate(
        "window.sent.filter(([content]) => content.is === 'trial').map(([content, buffers]) =>"
        " [content, buffers.map((buffer) => [...new Int32Array(buffer)])])"
    )
    assert len(messages) > 1
    # Two front ends may answer, and one's messages may come between the other's.
    other = [(content | {"numSpikes": 7}, []) for content, _ in messages[:1]]
    for heard, (content, buffers) in enumerate([*messages[::-1], *other, *messages]):
        assert recording.ready == (heard >= len(messages))
        lot = [np.array(values, np.int32).tobytes() for values in buffers or ([1], [2])]
        widget._hear(widget, content, lot)
    assert recording.ready
    assert (np.diff(widget._recordings[1]["steps"]) >= 0).all()
    if isinstance(widget, LiveBump):
        spikes = recording.spike_monitor_excit
        assert spikes.N == 512
    else:
        spikes = recording.spike_monitor_sensory
        assert (spikes.N, recording.spike_monitor_random.N) == (4096, 1024)
        assert recording.spike_monitor_random.num_spikes > 100
    # The network on the screen has not been disturbed.
    page.evaluate("window.model.fire('msg:custom', { do: 'step', seconds: 0.1 })")
    page.wait_for_function("window.model.traits.t > 0.09")
    assert page.evaluate("window.model.traits.t") == pytest.approx(0.1)
    assert spikes.num_spikes > 100
    assert 0 <= spikes.t.min() <= spikes.t.max() < 0.5
    assert spikes.i.max() < spikes.N


def test_a_recording_that_no_worker_can_run_says_so(page: Page) -> None:
    """Who waits for a recording that cannot come must be told."""
    widget = LiveBump(shrink=8)
    orders: list[Any] = []
    widget.send = orders.append
    recording = widget.record(0.5)
    show(page, widget)
    page.evaluate(
        "() => { window.Worker = function () { throw new Error('workers are forbidden'); }; }"
    )
    page.evaluate("(order) => window.model.fire('msg:custom', order)", orders[0])
    content, _ = page.evaluate("window.sent.at(-1)")
    widget._hear(widget, content, [])
    assert not recording.ready
    with pytest.raises(RuntimeError, match="could not run this trial: workers are forbidden"):
        _ = recording.spike_monitor_excit


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: LiveBump("neurodynamics"), "preset"),
        (lambda: LiveBump(seed=-1), "seed"),
        (lambda: LiveBump(shrink=0), "shrink"),
        (lambda: LiveFlexible(N_rings=0), "N_rings"),
        (lambda: LiveFlexible().cue(8, 10.0), "ring"),
        (lambda: LiveFlexible().cue(1, "x"), "angle_deg"),
        (lambda: LiveBump().record(0.0), "seconds"),
        (lambda: setattr(LiveBump(), "settings", {"alpha": 1}), "alpha"),
        (lambda: setattr(LiveBump(), "settings", {"Jpos": 99}), "Jpos"),
        (
            lambda: setattr(LiveBump(), "settings", {"stimulus_strength": 0.06}),
            r"stimulus_strength.*did you mean 0.06\*nA",
        ),
        (
            lambda: setattr(LiveFlexible(), "settings", {"balance_fb": 0.9}),
            r"balance_fb.*did you mean -0.9",
        ),
    ],
)
def test_wrong_arguments_are_named(wrong: Any, message: str) -> None:
    """A learner who mistypes is told what, and what to choose from."""
    with pytest.raises((TypeError, ValueError), match=message):
        wrong()
