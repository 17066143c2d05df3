"""Fixtures of the tests that open the built book in a browser with no kernel and no network."""

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from built_book import BOOK, CHROMIUM, EXPLORER_PAGES, Opened
from playwright.sync_api import Browser, expect, sync_playwright

# Sandboxing is off for containers that run as root; the rest keeps Chromium from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(BOOK))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no Chromium at {CHROMIUM}: install it, or name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(site: str, browser: Browser) -> Callable[..., Any]:
    """Open a page; on leaving it, fail if it logged an error or reached for another host."""

    @contextmanager
    def opened(name: str, *, width: int = 1280, dark: bool = False, touch: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
        )
        page = context.new_page()
        visit = Opened(page)

        def guard(route: Any) -> None:
            if route.request.url.startswith(site):
                file = BOOK / urlsplit(route.request.url).path.lstrip("/")
                if file.is_file():
                    visit.files.add(file)
                route.continue_()
            else:
                visit.problems.append(f"asked for {route.request.url}")
                route.abort()

        def watch(response: Any) -> None:
            if response.url.startswith(site) and response.status >= 400:
                visit.problems.append(f"{response.status} for {response.url}")

        def log(message: Any) -> None:
            if message.type == "error":
                visit.problems.append(f"console: {message.text}")

        context.route(lambda url: url.startswith(("http:", "https:", "ws:", "wss:")), guard)
        page.on("response", watch)
        page.on("console", log)
        page.on("pageerror", lambda error: visit.problems.append(f"page error: {error}"))
        # A busy machine may still be reading a long page when its network has long been idle; and
        # formulas are set after all has been fetched.
        page.goto(site + name, wait_until="load")
        page.wait_for_load_state("networkidle")
        page.evaluate(
            "async () => { await document.fonts.ready; await window.MathJax?.startup?.promise; }"
        )
        if name in EXPLORER_PAGES:
            pictures = page.locator(".wmtutor-explorer img.wmtutor-picture")
            expect(pictures.first).to_be_visible()
        yield visit
        page.wait_for_load_state("networkidle")
        context.close()
        assert visit.problems == []

    return opened
