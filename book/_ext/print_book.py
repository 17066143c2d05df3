"""One PDF of the whole book, from its built pages: ``make pdf``.

A browser prints what a browser shows. Each page is opened in headless Chromium until its explorers
have drawn their default state; then what only works on a screen is opened, unfolded or put into
words, and the article is taken out. All articles together make one document, in which links
between chapters are links between its pages, headings are the outline, and MathJax sets the
formulas once. The contents are printed twice, since only the first printing tells the page numbers.
"""

import argparse
import functools
import html
import http.server
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, Page, sync_playwright

BOOK = Path(__file__).parents[1]
BUILT = BOOK / "_build" / "html"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
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

#: Runs in a page of the book: makes its article printable, and hands over its HTML.
TAKE_ARTICLE = r"""
(name) => {
  const article = document.querySelector("article.bd-article");
  const all = (selector, root = article) => [...root.querySelectorAll(selector)];

  // An explorer: the picture of its default state, and the sliders in words.
  for (const explorer of all(".wmtutor-explorer")) {
    const box = document.createElement("div");
    box.className = "print-explorer";
    const add = (tag, text, kind) => {
      const element = document.createElement(tag);
      element.className = kind;
      element.textContent = text;
      box.append(element);
      return element;
    };
    add("p", explorer.querySelector(".wmtutor-title").textContent, "print-title");
    const picture = all("img.wmtutor-picture", explorer).find((image) => image.offsetParent);
    box.append(picture.cloneNode());
    const list = add("ul", "", "print-sliders");
    for (const control of all(".wmtutor-control", explorer)) {
      const label = control.querySelector(".wmtutor-label").textContent;
      const shown = control.querySelector(".widget-readout").textContent;
      const ends = all(".wmtutor-ends span", control).map((end) => end.textContent);
      const item = document.createElement("li");
      item.textContent = `${label}: ${shown}. To the left: ${ends[0]}. To the right: ${ends[1]}.`;
      list.append(item);
    }
    const caption = explorer.querySelector(".wmtutor-caption");
    if (caption) add("p", caption.textContent, "print-caption");
    add("p", "In the online book the sliders move; here is where they start.", "print-note");
    // The widget's own box may hold several wrappers; take the outermost of its cell's output.
    (explorer.closest(".output") ?? explorer).replaceWith(box);
  }

  // A network that runs in the page: the words that stand there where no script runs.
  for (const network of all(".wmtutor-live-network")) {
    const box = document.createElement("div");
    box.className = "print-network";
    box.append(...network.querySelector(".wml-place").childNodes);
    const note = document.createElement("p");
    note.className = "print-note";
    note.textContent = "In the online book a network runs here.";
    box.append(note);
    network.replaceWith(box);
  }

  // An animation: its last frame.
  for (const animation of all(".animation")) {
    const slider = animation.querySelector('input[id^="_anim_slider"]');
    window[`anim${slider?.id.replace("_anim_slider", "")}`]?.last_frame();
    const picture = animation.querySelector("img");
    const note = document.createElement("p");
    note.className = "print-note";
    note.textContent = "In the online book this picture moves.";
    animation.replaceWith(picture.cloneNode(), note);
  }

  // Hidden code: without the button that unfolds it.
  for (const details of all("details.hide")) {
    details.querySelector("summary").remove();
    details.replaceWith(...details.childNodes);
  }
  for (const details of all("details")) details.open = true;
  for (const hidden of all(".toggle-hidden")) hidden.classList.remove("toggle-hidden");
  const only_on_screens =
    ".headerlink, nav.launch, .prev-next-footer, .toggle-button, .copybtn, button, script, " +
    ".toctree-wrapper, link";
  for (const element of all(only_on_screens)) element.remove();
  for (const image of all("img")) {
    image.loading = "eager";
    if (!image.src.startsWith("data:")) image.src = image.getAttribute("src");
  }

  // One document has one space of names.
  for (const element of all("[id]")) element.id = `${name}--${element.id}`;
  for (const link of all("a[href]")) {
    const target = link.getAttribute("href");
    if (/^(https?|mailto):/.test(target)) continue;
    const match = target.match(/^(?:([\w-]+)\.html)?(?:#(.+))?$/);
    if (!match) link.removeAttribute("href");
    else {
      const page = match[1] ?? name;
      link.setAttribute("href", match[2] ? `#${page}--${match[2]}` : `#${page}`);
    }
  }

  // Below the title of the part that it belongs to.
  for (const heading of all("h1, h2, h3, h4, h5")) {
    const lower = document.createElement(`h${Number(heading.tagName[1]) + 1}`);
    for (const { name, value } of heading.attributes) lower.setAttribute(name, value);
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  return article.innerHTML;
}
"""

STYLE = """
@page { size: A4; margin: 17mm 16mm 19mm; }
html, body { background: white; color: black; font-size: 10pt; }
html { scroll-padding: 0; }
body { display: block; margin: 0; min-height: 0; }
main { display: block; }
p, li, dd { orphans: 3; widows: 3; }
section.print-chapter, section.print-part, nav.print-contents { break-before: page; }
h1, h2, h3, h4, h5, h6 { break-after: avoid; color: black; margin-top: 1.2em; line-height: 1.2; }
/* Chromium's outline loses the space where a heading breaks: let the long ones fit a line. */
section.print-chapter h2 { font-size: 16pt; margin-top: 0; }
section.print-chapter h3 { font-size: 13pt; }
section.print-chapter h4 { font-size: 11.5pt; }
header.print-title-page { padding-top: 60mm; text-align: center; }
section.print-part { padding-top: 80mm; text-align: center; }
header.print-title-page h1 { font-size: 17pt; }
section.print-part h1 { font-size: 28pt; }
figure, .print-explorer, .print-network, tr { break-inside: avoid; }
.admonition-title, math, mjx-container { break-inside: avoid; }
img { max-width: min(100%, 125mm) !important; width: auto; height: auto; max-height: 200mm; }
div.cell, div.cell_input, div.cell_output, div.highlight, pre { break-inside: auto !important; }
div.math, div.math-wrapper { break-inside: avoid; }
figure, .print-explorer, .print-network, .cell_output { text-align: left; }
.print-explorer, .print-network { margin: 1em 0; padding: 0.8em; border: 0.5pt solid #777; }
.print-title { font-weight: bold; }
.print-note { font-size: 8.5pt; color: #444; font-style: italic; }
pre, div.highlight pre { font-size: 7.5pt; white-space: pre-wrap; overflow: visible;
  overflow-wrap: anywhere; padding: 0.6em; }
div.cell_input, div.cell { border-radius: 0; }
code, .pre { overflow-wrap: anywhere; }
table { font-size: 8pt; width: 100%; display: table; }
.pst-scrollable-table-container { overflow: visible; }
td, th { padding: 0.25em 0.4em !important; overflow-wrap: break-word; }
details > summary { list-style: none; font-weight: bold; }
details > summary::marker { content: ""; }
details > summary svg, .sd-summary-state-marker { display: none; }
details, .sd-card, .quiz, .admonition { box-shadow: none !important; break-inside: auto; }
.quiz details.quiz-choice > summary { min-height: 0; padding: 0.3em 0.6em; font-weight: normal; }
.admonition, .sd-card { break-inside: auto; overflow: visible; }
.quiz details.quiz-choice { break-inside: avoid; }
.quiz .quiz-feedback { padding: 0 0.6em; }
.quiz .quiz-feedback p { margin: 0 0 0.2em; }
a { color: #0b4f8a; text-decoration: none; }
div.math, .math { overflow: visible; }
.print-contents ul { list-style: none; padding: 0; }
.print-contents li { display: flex; align-items: baseline; margin: 0.15em 0; }
.print-contents li.print-of-part { margin-top: 0.9em; font-weight: bold; }
.print-contents li.print-of-chapter { padding-left: 1em; }
.print-contents li.print-of-section { padding-left: 2.5em; font-size: 8.5pt; }
.print-contents a { color: black; }
.print-contents i { flex: 1; border-bottom: 0.5pt dotted #777; margin: 0 0.5em; min-width: 1em; }
"""


def contents(toc: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The parts of the book, each with its pages in order; the first part has no name."""

    def pages(entries: list[dict[str, Any]]) -> Iterator[str]:
        for entry in entries:
            if "file" in entry:
                yield str(entry["file"])
            yield from pages(entry.get("sections", []))

    parts = toc.get("parts") or [{"chapters": toc.get("chapters", [])}]
    listed = [(part.get("caption", ""), list(pages(part["chapters"]))) for part in parts]
    return [("", [toc["root"]]), *listed]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder over HTTP: widgets and fonts do not load from files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def article(browser: Browser, site: str, name: str) -> str:
    """The printable article of a page, its formulas still in TeX."""
    page = browser.new_page(viewport={"width": 800, "height": 1000}, color_scheme="light")
    # The document sets its formulas itself, once.
    page.route("**/_static/mathjax/**", lambda route: route.abort())
    # Nor can paper run a network.
    page.route("**/_static/live/**", lambda route: route.abort())
    page.goto(f"{site}{name}.html", wait_until="load")
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    if views:
        page.wait_for_function(
            "n => document.querySelectorAll('.wmtutor-explorer').length >= n && "
            "[...document.querySelectorAll('.wmtutor-explorer')].every(explorer => "
            "[...explorer.querySelectorAll('img.wmtutor-picture')].some(i => i.offsetParent))",
            arg=views,
        )
    text = page.evaluate(TAKE_ARTICLE, name)
    page.close()
    return str(text)


def document(
    articles: dict[str, str], parts: list[tuple[str, list[str]]], numbers: dict[str, int]
) -> str:
    """The whole book as one page of HTML; numbers are the pages that names stand on."""
    first = next(iter(articles))
    head = (BUILT / f"{first}.html").read_text(encoding="utf-8")
    styles = "".join(re.findall(r"<link[^>]+stylesheet[^>]*>", head)) + "".join(
        link for link in re.findall(r'<link href="[^"]+\.css[^>]*>', head) if "stylesheet" in link
    )
    title = html.escape(re.sub(r"<[^>]+>", "", _heading(articles[first])))
    body, lines = [], []

    def line(level: str, name: str, text: str) -> None:
        number = numbers.get(name, "")
        lines.append(
            f'<li class="print-of-{level}"><a href="#{name}">{text}</a><i></i>{number}</li>'
        )

    for part, names in parts:
        if part:
            anchor = "part--" + re.sub(r"\W+", "-", part.lower())
            body.append(
                f'<section class="print-part" id="{anchor}"><h1>{html.escape(part)}</h1></section>'
            )
            line("part", anchor, html.escape(part))
        for name in names:
            text = articles[name]
            body.append(f'<section class="print-chapter" id="{name}">{text}</section>')
            line("chapter", name, _heading(text))
            for anchor, heading in re.findall(
                r'<section[^>]* id="([^"]+)"[^>]*>\s*<h3[^>]*>(.*?)</h3>', text, re.DOTALL
            ):
                line("section", anchor, heading)
    mathjax = '<script defer src="_static/mathjax/startup.js"></script>'
    setting = re.search(r"<script>(window\.MathJax = .*?)</script>", head)
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{title}</title>{styles}<style>{STYLE}</style>'
        f"<script>{setting[1] if setting else ''}</script>{mathjax}</head><body>"
        f'<header class="print-title-page"><h1>{title}</h1><p>The wmtutor authors</p>'
        f"<p>Printed from the book of {time.strftime('%-d %B %Y')}</p><p>Text and figures: "
        "CC BY 4.0. Code: BSD 3-Clause.</p></header>"
        f'<nav class="print-contents"><h1>Contents</h1><ul>{"".join(lines)}</ul></nav>'
        f"<main>{''.join(body)}</main></body></html>"
    )


def _heading(text: str) -> str:
    found = re.search(r"<h2[^>]*>(.*?)</h2>", text, re.DOTALL)
    return found[1].strip() if found else ""


def page_numbers(pdf: bytes) -> dict[str, int]:
    """On which page each named place of Chromium's PDF is, counted from 1."""
    # Chromium writes page objects and names in the clear, the pages in their order.
    objects = dict(re.findall(rb"(?m)^(\d+) 0 obj\n(.*?)\nendobj", pdf, re.DOTALL))
    order: list[bytes] = []

    def walk(number: bytes) -> None:
        kids = re.search(rb"/Kids\s*\[(.*?)\]", objects[number], re.DOTALL)
        if kids is None:
            order.append(number)
            return
        for kid in re.findall(rb"(\d+) 0 R", kids[1]):
            walk(kid)

    root = next(text for text in objects.values() if b"/Type /Catalog" in text)
    pages = re.search(rb"/Pages (\d+) 0 R", root)
    assert pages is not None
    walk(pages[1])
    names = re.search(rb"/Dests (\d+) 0 R", root)
    listed = objects[names[1]] if names else b""
    where = {number: k + 1 for k, number in enumerate(order)}
    return {
        re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), name).decode(): where[
            number
        ]
        for name, number in re.findall(rb"/([^\s/\[]+)\s*\[(\d+) 0 R", listed)
        if number in where
    }


def printed(page: Page, site: str, text: str) -> bytes:
    """The document as PDF."""
    address = f"{site}print.html"
    # From memory: nothing of this belongs into the site.
    page.unroute_all()
    page.route(
        address, lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8")
    )
    page.goto(address, wait_until="load", timeout=300_000)
    page.evaluate("() => MathJax.startup.promise")
    page.evaluate("() => Promise.all([...document.images].map(i => i.decode().catch(() => null)))")
    return page.pdf(
        prefer_css_page_size=True, print_background=True, outline=True, tagged=True,
        display_header_footer=True, header_template="<span></span>",
        footer_template='<div style="width:100%;text-align:center;font:8pt sans-serif">'
        '<span class="pageNumber"></span></div>',
    )  # fmt: skip


def print_book(target: Path, built: Path, toc: dict[str, Any]) -> int:
    """Write the PDF. Gives its number of pages."""
    parts = contents(toc)
    with sync_playwright() as playwright, served(built) as site:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        articles = {}
        for _, names in parts:
            for name in names:
                articles[name] = article(browser, site, name)
                print(f"  {name}", flush=True)
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(600_000)
        pdf = printed(page, site, document(articles, parts, {}))
        pdf = printed(page, site, document(articles, parts, page_numbers(pdf)))
        browser.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pdf)
    return len(re.findall(rb"/Type /Page\b(?!s)", pdf))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="?", type=Path, default=BOOK / "_build" / "wmtutor.pdf")
    target = parser.parse_args().target
    if not (BUILT / "index.html").exists():
        print(f"No book in {BUILT}: run 'make book' first.", file=sys.stderr)
        return 2
    started = time.perf_counter()
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    pages = print_book(target, BUILT, toc)
    size = target.stat().st_size / 1e6
    print(f"{target}: {pages} pages, {size:.1f} MB, {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
