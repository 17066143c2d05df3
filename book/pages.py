"""What the book's pages share: handing numbers to the text, and tables."""

import html
import re
from typing import Any

from IPython.display import HTML
from myst_nb import glue


def show(name: str, text: object) -> None:
    """Hand a computed text to the page, which names it where it wants it, with a proper minus."""
    glue(name, re.sub(r"(?<!\w)-(?=[\d.])", "\N{MINUS SIGN}", str(text)), display=False)


def table_of(caption: str, rows: list[dict[str, Any]]) -> HTML:
    """A table for the page; on a narrow screen it scrolls sideways by itself."""
    columns = list(rows[0])
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(row[name]))}</td>" for name in columns) + "</tr>"
        for row in rows
    )
    return HTML(
        f"<div class='pst-scrollable-table-container' role='region' tabindex='0' "
        f"aria-label='{html.escape(caption)}'><table class='table'><caption>{html.escape(caption)}"
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
