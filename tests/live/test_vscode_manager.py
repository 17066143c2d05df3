"""The widgets in the widget manager that VS Code's Jupyter extension ships (npm packages).

Neither VS Code nor the extension is here: this test does what the extension does around its
manager, and the page is a plain one.
"""

import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anywidget
import comm
import pytest
from playwright.sync_api import Browser, Page, expect

from wmtutor.live import LiveBump, LiveFlexible

pytestmark = pytest.mark.browser

PACKAGES = {
    "@vscode/jupyter-ipywidgets8@1.0.9": "package/dist/ipywidgets.js",
    "requirejs@2.3.8": "package/require.js",
}
FRONT_END = Path(anywidget.__file__).with_name("nbextension") / "index.js"
PAGE = """<!doctype html><title>Notebook</title><main></main>
<script src="/require.js"></script><script src="/vscode_manager.mjs"></script>"""


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The page's files by name; packages as they were published, without what they depend on."""
    folder = tmp_path_factory.mktemp("npm")
    manager = Path(__file__).with_name("vscode_manager.mjs")
    found = {"": PAGE.encode(), "anywidget.js": FRONT_END.read_bytes()}
    found[manager.name] = manager.read_bytes()
    for package, file in PACKAGES.items():
        command = ["npm", "pack", "--silent", package]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
        with tarfile.open(folder / done.stdout.split()[-1]) as archive:
            content = archive.extractfile(file)
            assert content is not None
            found[Path(file).name] = content.read()
    return found


@pytest.fixture
def notebook(
    browser: Browser, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Page, Callable[[], None]]]:
    """A page with the manager, to which Python's widgets talk; and what lets Python listen."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    kernel: dict[str, comm.base_comm.BaseComm] = {}
    heard: list[Any] = []

    class Carried(comm.base_comm.BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None,
                        buffers: Any = None, **_: Any) -> None:  # fmt: skip
            kernel[self.comm_id] = self
            message = [msg_type, self.comm_id, data or {}, metadata or {}]
            page.evaluate("(message) => window.fromPython(...message)", message)

    def listen() -> None:
        while heard:
            comm_id, data, buffers = heard.pop(0)
            message = {"content": {"data": data}, "buffers": [bytes(one) for one in buffers]}
            kernel[comm_id].handle_msg(message)

    def serve(route: Any) -> None:
        name = route.request.url.split("/", 3)[3]
        kind = "text/javascript" if name else "text/html"
        route.fulfill(content_type=kind, body=files[name])

    monkeypatch.setattr(comm, "create_comm", Carried)
    page.route("http://notebook.test/**", serve)
    page.expose_function("toPython", lambda *message: heard.append(message))
    page.goto("http://notebook.test/")
    page.evaluate("requirejs.config({ paths: { anywidget: '/anywidget' } }); startManager()")
    yield page, listen
    context.close()
    assert problems == []


@pytest.mark.parametrize(
    ("kind", "name", "label", "ours", "theirs", "population"),
    [
        (LiveBump, "G_inhib", "Inhibition", (0.8, "80 %"), (0.85, "85 %"), "excit"),
        (LiveFlexible, "beta", "Feedback strength", (0.1, "0.10"), (0.12, "0.12"), "random"),
    ],
)
def test_a_network_lives_in_that_manager(
    kind: Any, name: str, label: str, ours: Any, theirs: Any, population: str, notebook: Any
) -> None:
    """Drawn, set from both sides, and recorded, by way of that manager's own messages."""
    page, listen = notebook
    widget = kind(seed=3)
    page.evaluate("(id) => window.show(id)", widget.model_id)
    page.get_by_role("button", name="Play").click()
    widget.settings = {name: ours[0]}
    slider = page.get_by_role("slider", name=label)
    expect(slider).to_have_attribute("aria-valuetext", ours[1])
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", theirs[1])
    recording = widget.record(0.3)
    for _ in range(600):
        page.wait_for_timeout(100)
        listen()
        if recording.ready and widget.t > 0.2:
            break
    assert widget.settings == {name: pytest.approx(theirs[0])}
    assert widget.t > 0.2
    assert widget.playing
    assert widget.num_spikes > 50
    assert getattr(recording, f"spike_monitor_{population}").num_spikes > 50
