"""The built book that these tests look at, and its pages.

A missing book or browser fails these tests: a skip would pass for a book that works.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page

REPOSITORY = Path(__file__).parents[2]
BOOK = REPOSITORY / "book" / "_build" / "html"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PAGES = sorted(
    path.name for path in BOOK.glob("*.html") if 'http-equiv="Refresh"' not in path.read_text()
)
EXPLORER_PAGES = [name for name in PAGES if "wmtutor-picture" in (BOOK / name).read_text()]
QUIZ_PAGES = [name for name in PAGES if 'class="quiz-choice' in (BOOK / name).read_text()]
#: The chapters that teach, in the order of the table of contents.
CHAPTERS = [
    "working_memory", "neurons", "ring", "bump", "reading", "bump_drift", "bump_reduced",
    "distractors", "unit_slip", "flexible", "flexible_load", "flexible_network", "flexible_codes",
    "two_models",
]  # fmt: skip


@dataclass
class Opened:
    """A page of the book, what went wrong on it, and which files of the book it asked for."""

    page: Page
    problems: list[str] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    @property
    def weight(self) -> int:
        """Bytes of everything that the page asked for, from the disk: no matter of timing."""
        return sum(file.stat().st_size for file in self.files)
