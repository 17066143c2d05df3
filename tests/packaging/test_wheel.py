"""What `python -m build` made, installed elsewhere and run without the repository."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

DIST = Path(__file__).parents[2] / "dist"
PROGRAM = """
import os, sys
assert os.getcwd() not in sys.path
import wmtutor
from wmtutor.bump import simulate_wm
from wmtutor.checks import exercise
from wmtutor.units import ms
run = simulate_wm(sim_time=50 * ms, seed=1, backend="numpy")
print(wmtutor.__version__, run.spike_monitor_excit.N, exercise("bump_1"))
"""


def built(pattern):
    found = sorted(DIST.glob(pattern))
    assert len(found) == 1, f"run 'python -m build' first; {DIST} has {found}"
    return found[0]


@pytest.mark.parametrize("pattern", ["wmtutor-*.whl", "wmtutor-*.tar.gz"])
def test_installs_and_runs_without_the_repository(pattern, tmp_path):
    """If a module were missing from the wheel or the sdist, `pip install` would give a shell."""
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target,
         built(pattern)],
        check=True,
    )  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
             "WHERE": "installed"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "1024" in result.stdout


def test_contents():
    """If tests or vendored scripts were in the wheel, users would install what they do not need."""
    names = zipfile.ZipFile(built("*.whl")).namelist()
    assert "wmtutor/py.typed" in names
    assert all(name.startswith(("wmtutor/", "wmtutor-")) for name in names)
    assert any(name.endswith("LICENSE") for name in names)
    with tarfile.open(built("*.tar.gz")) as archive:
        assert any(name.endswith("tests/conftest.py") for name in archive.getnames())
