"""The directive ``live``: a network that the page itself runs (see wmtutor.live)::

:::{live} bump
:seed: 3
What a reader without JavaScript misses, in a sentence.
:::
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class live(nodes.General, nodes.Element):
    """A live network, and inside what stands there until it runs."""


class LiveDirective(SphinxDirective):
    """Put a live network of one of the models here."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012 (docutils wants it so)
        "seed": directives.nonnegative_int,
        "preset": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        from wmtutor.live import bump_parameters, flexible_parameters

        kind = self.arguments[0]
        if kind not in ("bump", "flexible"):
            raise self.error(f"live: no model is called {kind!r}; choose bump or flexible")
        if not self.content:
            raise self.error("live: say in words what it shows, for readers without JavaScript")
        if kind == "bump":
            parameters = bump_parameters(self.options.get("preset", "neurodynex"))
        else:
            parameters = flexible_parameters()
        node = live("")
        node["options"] = {
            "kind": kind, "seed": self.options.get("seed", 1), "parameters": parameters,
        }  # fmt: skip
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def _visit(self: Any, node: live) -> None:
    options = json.dumps(node["options"]).replace("</", "<\\/")
    self.body.append(
        '<div class="wmtutor-live-network">'
        f'<script type="application/json">{options}</script><div class="wml-place">'
    )


def _depart(self: Any, node: live) -> None:
    # The script is not there in a page that is printed.
    self.body.append("</div></div>\n<script>window.startLiveNetworks?.();</script>\n")


def _write_files(app: Any) -> None:
    # Not below _static of the sources: Jupyter Book puts every script from there into every page.
    from wmtutor.live.bundle import page_script, style

    folder = Path(tempfile.mkdtemp(prefix="wmtutor-live-"))
    (folder / "live").mkdir()
    (folder / "live" / "live.js").write_text(page_script(), encoding="utf-8")
    (folder / "live" / "live.css").write_text(style(), encoding="utf-8")
    app.config.html_static_path.append(str(folder))


def _load_where_needed(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if doctree is not None and next(doctree.findall(live), None) is not None:
        app.add_js_file("live/live.js")
        app.add_css_file("live/live.css")


def setup(app: Any) -> dict[str, bool]:
    """Register the directive, and the files that its pages load."""
    app.add_node(live, html=(_visit, _depart))
    app.add_directive("live", LiveDirective)
    app.connect("builder-inited", _write_files)
    app.connect("html-page-context", _load_where_needed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
