"""README.md: what it shows has to work."""

import re
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def example(number=0):
    return re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)[number]


def test_the_ten_lines_run(capsys):
    """If they failed, nobody would try an eleventh."""
    assert len([line for line in example().splitlines() if line.strip()]) <= 12
    exec(example(), {})
    says = capsys.readouterr().out
    angle = int(re.search(r"still says (\d+) degrees", says).group(1))
    assert abs(angle - 120) < 15


def test_the_six_memories_run(capsys):
    """If the second example failed, the second model would seem to be missing."""
    exec(example(1), {})
    kept = int(re.search(r"(\d) of 6 items", capsys.readouterr().out).group(1))
    assert 1 <= kept <= 6


def test_the_figure_is_what_the_ten_lines_draw(tmp_path):
    """If the library drew something else by now, the README would promise an old figure.

    To renew it: run the ten lines and `figure.savefig("book/_static/readme.png", dpi=80)`.
    Compared coarsely, because fonts differ between machines.
    """
    scope = {}
    exec(example(), scope)
    scope["figure"].savefig(tmp_path / "now.png", dpi=80)
    stored, now = (
        plt.imread(path)[..., :3].mean(axis=2)
        for path in (ROOT / "book/_static/readme.png", tmp_path / "now.png")
    )
    assert stored.shape == now.shape

    def coarse(image):
        rows, columns = (size // 16 * 16 for size in image.shape)
        return image[:rows, :columns].reshape(rows // 16, 16, columns // 16, 16).mean(axis=(1, 3))

    assert np.corrcoef(coarse(stored).ravel(), coarse(now).ravel())[0, 1] > 0.9


def test_named_commands_exist():
    """If a command of the README were missing from the Makefile, the first step would fail."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?:`|^)make ([a-z]+)", TEXT, flags=re.MULTILINE))
    assert {"book", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
