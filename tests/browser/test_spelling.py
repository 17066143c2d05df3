"""The book's words against a British dictionary (hunspell) and the book's own list of terms."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from built_book import BOOK, PAGES

pytestmark = pytest.mark.browser

WORDS = Path(__file__).with_name("words.txt")
#: Pages whose words are names of code, or somebody's own.
OTHERS = {
    "genindex.html", "py-modindex.html", "search.html", "bibliography.html",
    *(name for name in PAGES if name.startswith("api")),
}  # fmt: skip
#: What is no prose: code, formulas, references and names of files.
SKIPPED = "pre, code, script, style, .math, .citation, .bibtex-citation, .headerlink, cite, kbd"


def prose(name: str) -> str:
    """What a page says in sentences, the words for pictures among it."""
    page = BeautifulSoup((BOOK / name).read_text(), "html.parser")
    main = page.find("main") or page
    words = [str(image.get("alt", "")) for image in main.find_all("img")]
    for element in main.select(SKIPPED):
        element.decompose()
    # Names of code in tables and captions are no prose either.
    return re.sub(r"\S*\w[_=(/.]\w\S*", " ", " ".join([*words, main.get_text(" ")]))


def words_of(text: str) -> set[str]:
    """The words of a text, their apostrophes straight; what has digits in it is none."""
    return set(re.findall(r"\b[A-Za-zÀ-ž]+(?:'[a-z]+)?\b", text.replace("’", "'")))


def unknown(text: str) -> set[str]:
    """The words of a text that neither the dictionary nor our list has."""
    if not shutil.which("hunspell"):
        pytest.fail("no hunspell: apt-get install hunspell hunspell-en-gb")
    known = set(WORDS.read_text().split())
    checked = subprocess.run(
        ["hunspell", "-l", "-d", "en_GB", "-i", "utf-8"],
        input="\n".join(sorted(words_of(text) - known)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert not checked.stderr, checked.stderr
    return set(checked.stdout.split()) - known


def test_the_dictionary_is_there() -> None:
    """A dictionary that takes every word would pass every page."""
    assert unknown("a memmory of the colour and the color") == {"memmory", "color"}


@pytest.mark.parametrize("name", [name for name in PAGES if name not in OTHERS])
def test_words_are_spelt(name: str) -> None:
    """A word that is not in a dictionary is a slip, or a term to be added to words.txt."""
    assert unknown(prose(name)) == set()


def test_the_list_has_no_word_too_many() -> None:
    """A word that no page has hides a slip some day."""
    used = words_of(" ".join(prose(name) for name in PAGES if name not in OTHERS))
    assert set(WORDS.read_text().split()) - used == set()
