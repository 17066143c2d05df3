"""A page with one live network, as the book's directive writes it."""

import json
from typing import Any

from playwright.sync_api import Page

from wmtutor.live.bundle import page_script, style

__all__ = ["NETWORK", "network_markup", "open_network"]

#: The network object of the page's element, for scripts that a test runs in the page.
NETWORK = 'document.querySelector(".wmtutor-live-network").network'


def network_markup(kind: str, parameters: dict[str, Any], seed: int = 1) -> str:
    """What the directive writes."""
    options = json.dumps({"kind": kind, "parameters": parameters, "seed": seed})
    return (
        "<div class='wmtutor-live-network'>"
        f"<script type='application/json'>{options}</script><div class='wml-place'></div></div>"
    )


def open_network(
    page: Page, kind: str, parameters: dict[str, Any], *, seed: int = 1, above: str = ""
) -> None:
    """Fill the page; ``above`` is markup before the network."""
    page.set_content(
        "<!doctype html><html lang='en'><title>Live</title><body><main><h1>Live</h1>"
        f"<style>{style()}</style>{above}{network_markup(kind, parameters, seed)}"
        "</main></body></html>"
    )
    page.add_script_tag(content=page_script())
    page.wait_for_function(f"{NETWORK}.frame !== null")
