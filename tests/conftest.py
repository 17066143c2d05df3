"""Fixtures that several test files share."""

import matplotlib
import pytest

from wmtutor.bump import simulate_wm
from wmtutor.units import ms, nA

matplotlib.use("Agg")

#: The course sheet's cue (its part B), without its length of run.
SHEET_CUE = {
    "stimulus_center_deg": 120,
    "stimulus_width_deg": 30,
    "stimulus_strength": 0.06 * nA,
    "t_stimulus_start": 100 * ms,
    "t_stimulus_duration": 200 * ms,
}


@pytest.fixture(scope="session")
def sheet_cue():
    return dict(SHEET_CUE)


@pytest.fixture(scope="session")
def cued_run():
    """The default network after the course sheet's cue."""
    return simulate_wm(**SHEET_CUE, seed=1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
