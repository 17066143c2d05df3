"""What the book needs of Sphinx beyond its settings."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Serve third-party files with the book, and keep progress bars out of its pages."""
    # Notebook kernels inherit this: a bar is for someone who waits, not for the page.
    os.environ.setdefault("TQDM_DISABLE", "1")
    # Pages run side by side. Sphinx can, but Jupyter Book has no option that asks it to.
    app.parallel = os.cpu_count() or 1
    app.connect("builder-inited", _let_pages_be_read_side_by_side)
    app.connect("config-inited", _run_again_when_what_it_rests_on_changes)
    app.connect("builder-inited", _host_vendored_files)
    app.connect("html-page-context", _mend_reference_list)
    app.connect("build-finished", _empty_second_icon_set)
    app.connect("build-finished", _shrink_figures)
    app.connect("build-finished", _drop_unused_font)
    app.connect("build-finished", _name_menu_toggles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _run_again_when_what_it_rests_on_changes(app: Any, config: Any) -> None:
    # Cached runs go by a page's own code, but what it prints depends on the library and data too.
    book = Path(app.srcdir)
    sources = [
        *(book.parent / "wmtutor").rglob("*.py"), *book.glob("*.py"),
        *(book.parent / "solutions").glob("*.ipynb"),
        *(book / "data").rglob("*.*"), *(book.parent / "tests" / "data").glob("*.csv"),
    ]  # fmt: skip
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.read_bytes())
    cache = Path(app.outdir).parent / ".jupyter_cache" / digest.hexdigest()[:16]
    config.nb_execution_cache_path = str(cache)


def _let_pages_be_read_side_by_side(app: Any) -> None:
    # It does not say so itself: it works on what all pages have in common, once they are read.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def _host_vendored_files(app: Any) -> None:
    # Jupyter Book puts every script below _static into every page. These belong to single pages,
    # so they live elsewhere and join the static files once it has looked.
    app.config.html_static_path.append(str(Path(app.srcdir) / "vendor"))


def _mend_reference_list(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    # Sphinx announces references to screen readers as a list and then has no items in it.
    body = context.get("body", "")
    context["body"] = body.replace('<div role="list" class="citation-list">', "<div>")


def _empty_second_icon_set(app: Any, error: Exception | None) -> None:
    # The theme loads its icons twice: as a font, and as 1.5 MB of script that draws the same.
    if error is None:
        for script in Path(app.outdir, "_static").glob("vendor/fontawesome/*/js/all.min.js"):
            script.write_text("")


def _shrink_figures(app: Any, error: Exception | None) -> None:
    # 256 colours hold what a plot has, and WebP takes a quarter of the bytes that Matplotlib wrote.
    from PIL import Image

    if error is not None:
        return
    shrunk = {}
    for path in Path(app.outdir, "_images").glob("*.png"):
        with Image.open(path) as picture:
            ground = Image.new("RGBA", picture.size, "white")
            ground.alpha_composite(picture.convert("RGBA"))
        few = ground.convert("RGB").quantize(256, dither=Image.Dither.NONE).convert("RGB")
        few.save(path.with_suffix(".webp"), lossless=True, quality=50, method=4)
        shrunk[path] = f"_images/{path.stem}.webp"
    for page in Path(app.outdir).glob("*.html"):
        text = page.read_text()
        for old, new in shrunk.items():
            text = text.replace(f"_images/{old.name}", new)
        page.write_text(text)
    for path in shrunk:
        path.unlink()


def _drop_unused_font(app: Any, error: Exception | None) -> None:
    # The theme has every page fetch icons of companies and outlined ones, and the book shows none.
    if error is None:
        for page in Path(app.outdir).glob("*.html"):
            page.write_text(
                re.sub(r"<link[^>]*fa-(brands|regular)-400\.woff2[^>]*>\s*", "", page.read_text())
            )


def _name_menu_toggles(app: Any, error: Exception | None) -> None:
    # The theme opens a part of the menu with an arrow that has no name for a screen reader.
    if error is None:
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text()
            named = text.replace(
                '<summary><span class="toctree-toggle"',
                '<summary aria-label="Pages of this part"><span class="toctree-toggle"',
            )
            if named != text:
                page.write_text(named)
