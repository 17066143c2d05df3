"""The scripts as one file: no bundler, no address to load from.

A notebook's front end takes one ES module, and a page that is opened from a disk may load neither
modules nor workers from beside it. So the files of ``js/`` are joined: the worker's as a text that
the view starts a worker from, the view's as they are.
"""

import functools
import json
import re
from pathlib import Path

__all__ = ["notebook_module", "page_script", "style"]

_FOLDER = Path(__file__).with_name("js")
_WORKER = ("random.mjs", "bump_model.mjs", "flexible_model.mjs", "worker.mjs")


def _without_modules(name: str) -> str:
    """A file without its imports and exports; names are the same in all files."""
    text = (_FOLDER / name).read_text(encoding="utf-8")
    text = re.sub(r"^import .*?;\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


@functools.cache
def _joined() -> str:
    worker = "\n".join(['"use strict";', *map(_without_modules, _WORKER), "serve(self);"])
    return "\n".join(
        [
            f"const WORKER = {json.dumps(worker)};",
            "const makeWorker = () =>",
            '  new Worker(URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" })));',
            _without_modules("view.mjs"),
        ]
    )


def page_script() -> str:
    """A classic script for a page: it starts a network in every ``.wmtutor-live-network``."""
    return f"(() => {{\n{_joined()}\n{_without_modules('page.mjs')}\n}})();\n"


def notebook_module() -> str:
    """The ES module for a notebook, as anywidget wants it."""
    return f"{_joined()}\n{_without_modules('notebook.mjs')}\nexport default {{ render }};\n"


def style() -> str:
    """The style sheet of both."""
    return (_FOLDER / "style.css").read_text(encoding="utf-8")
