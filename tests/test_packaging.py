"""The wheel and the sdist: built, installed elsewhere, run without the repository."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import sys, wmtutor
from wmtutor.bump import simulate_wm
from wmtutor.checks import exercise
from wmtutor.flexible import simulate_flexible_wm
from wmtutor.units import ms
heavy = {"numba", "matplotlib", "pandas"} & set(sys.modules)
run = simulate_wm(sim_time=50 * ms, seed=1, backend="numpy")
exercise("bump_1")
simulate_flexible_wm(1, N_rings=2, N_sensory=32, N_random=16, seed=1)
print(wmtutor.__file__, run.spike_monitor_excit.N, sorted(heavy))
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True
    )
    return folder


@pytest.mark.parametrize("pattern", ["wmtutor-*.whl", "wmtutor-*.tar.gz"])
def test_installs_and_runs_without_the_repository(pattern, dist, tmp_path):
    """If a module were missing from the wheel or the sdist, `pip install` would give a shell."""
    (archive,) = dist.glob(pattern)
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target,
         archive],
        check=True,
    )  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(str(target)), "the repository's own copy ran instead"
    assert "1024 []" in result.stdout, "importing the models loaded what only plots need"


def test_contents(dist):
    """If tests or vendored scripts were in the wheel, users would install what they do not need."""
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "wmtutor/py.typed" in names
    assert all(name.startswith(("wmtutor/", "wmtutor-")) for name in names)
    assert any(name.endswith("LICENSE") for name in names)
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert any(name.endswith("tests/conftest.py") for name in archive.getnames())


def test_import_is_light():
    """If `import wmtutor` loaded Numba or Matplotlib, every script would start a second later."""
    code = (
        "import sys, wmtutor.bump, wmtutor.flexible, wmtutor.experiments; "
        "print(sorted(sys.modules))"
    )
    modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for heavy in ("numba", "matplotlib", "pandas", "scipy", "ipywidgets"):
        assert f"'{heavy}'" not in modules
