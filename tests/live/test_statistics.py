"""Many trials in a browser against many of the library's: the same laws, with other dice.

Every seed is fixed, so each test's outcome is exact; the intervals say what it is worth.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_page import open_network
from playwright.sync_api import Page
from scipy import stats

from wmtutor.bump import simulate_wm
from wmtutor.experiments import bootstrap_interval
from wmtutor.flexible import build_network, simulate_flexible_wm
from wmtutor.live import bump_parameters, flexible_parameters
from wmtutor.monitors import SpikeMonitor
from wmtutor.ring import circular_standard_deviation, signed_difference
from wmtutor.units import ms

pytestmark = pytest.mark.browser

LOADS = (1, 4, 8)
NETWORKS, TRIALS_EACH = 20, 10


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Page]:
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def run_trials(page: Page, trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whole trials in the page's worker; what each read at its end, its spikes as lists."""
    return page.evaluate(
        """async (trials) => {
            const network = document.querySelector(".wmtutor-live-network").network;
            const results = [];
            for (const [id, trial] of trials.entries()) {
                results.push(await new Promise((resolve) => {
                    network.listen = (message) => {
                        if (message.is !== "trial" || message.id !== id) return;
                        const { cells, steps, profile, ...read } = message;
                        resolve(cells ? { ...read, cells: [...cells], steps: [...steps] } : read);
                    };
                    network.send({ do: "trial", id, ...trial });
                }));
            }
            return results;
        }""",
        trials,
    )


def overlap(k: int, n: int, other_k: int, other_n: int) -> bool:
    """Whether two 95% intervals (Wilson) of a fraction share a value."""
    low, high = stats.binomtest(k, n).proportion_ci(method="wilson")
    other_low, other_high = stats.binomtest(other_k, other_n).proportion_ci(method="wilson")
    return low <= other_high and other_low <= high


@pytest.mark.parametrize("load", LOADS)
def test_as_many_items_are_kept_as_exactly(load: int, page: Page) -> None:
    """If the page forgot more, or kept less exactly, its readers would learn another capacity."""
    p = flexible_parameters()
    rng = np.random.default_rng(100 + load)
    trials = []
    for network in range(NETWORKS):
        for _ in range(TRIALS_EACH):
            rings = rng.permutation(p["N_rings"])[:load]
            angles = rng.uniform(0, 360, load)
            story = [
                {"at": at, "ring": int(ring), "angle": float(angle), "on": on}
                for ring, angle in zip(rings, angles, strict=True)
                for at, on in ((100 * ms, True), (200 * ms, False))
            ]
            trials.append(
                {
                    "seed": int(rng.integers(2**32)), "story": story, "seconds": 1.0,
                    "parameters": {"network_seed": 1000 * load + network},
                }
            )  # fmt: skip
    open_network(page, "flexible", p)
    kept = 0
    errors_deg: list[float] = []
    for trial, result in zip(trials, run_trials(page, trials), strict=True):
        for ring, angle in {item["ring"]: item["angle"] for item in trial["story"]}.items():
            memory = result["memories"][ring]
            kept += memory["present"]
            if memory["present"]:
                errors_deg.append(float(signed_difference(memory["angleDeg"], angle)))

    ours = 0
    our_errors_deg: list[float] = []
    for number in range(NETWORKS):
        network = build_network(seed=5000 + 100 * load + number)
        for trial in range(TRIALS_EACH):
            run = simulate_flexible_wm(load, network=network, seed=1000 * number + trial)
            ours += run.maintained
            our_errors_deg += run.error_deg[run.memory_present[run.cued_rings]].tolist()
    items = NETWORKS * TRIALS_EACH * load
    assert overlap(kept, items, ours, items), f"{kept} in the page, {ours} here, of {items}"
    there, here = (
        bootstrap_interval(errors, circular_standard_deviation, resamples=999)
        for errors in (errors_deg, our_errors_deg)
    )
    assert there.low <= here.high, (there, here)
    assert here.low <= there.high, (there, here)


def late(spikes: SpikeMonitor, start: float, end: float) -> tuple[float, float, float]:
    """Mean rate (Hz), width (circular SD, degrees) and direction (degrees) of the bump."""
    here = (spikes.t >= start) & (spikes.t < end)
    angles = np.deg2rad(360 * spikes.i[here] / spikes.N)
    z = np.exp(1j * angles).mean()
    width = np.rad2deg(np.sqrt(-2 * np.log(abs(z))))
    return here.sum() / spikes.N / (end - start), width, float(np.rad2deg(np.angle(z)) % 360)


def test_bumps_are_as_high_as_wide_and_as_restless(page: Page) -> None:
    """Rate, width and diffusion of the page's bumps are the library's."""
    trials, seconds, step = 40, 1.3, 0.1
    p = bump_parameters()
    story = [
        {"at": 0.1, "angle": 180.0, "on": True},
        {"at": 0.1 + p["cue_seconds"], "angle": 180.0, "on": False},
    ]
    open_network(page, "bump", p)
    asked = [
        {"seed": 50 + n, "story": story, "seconds": seconds, "keepSpikes": True}
        for n in range(trials)
    ]
    in_page = [
        SpikeMonitor(np.array(r["steps"]) * p["dt"], np.array(r["cells"]), p["excit"]["N"], seconds)
        for r in run_trials(page, asked)
    ]
    here = [
        simulate_wm(
            stimulus_center_deg=180.0, stimulus_width_deg=p["stimulus_width_deg"],
            stimulus_strength=p["stimulus_strength"], t_stimulus_start=0.1,
            t_stimulus_duration=p["cue_seconds"], sim_time=seconds, dt=p["dt"], seed=n,
            monitored_subset_size=1,
        ).spike_monitor_excit
        for n in range(trials)
    ]  # fmt: skip
    measures: dict[str, list[np.ndarray]] = {"rate": [], "width": [], "steps": []}
    for runs in (in_page, here):
        windows = np.arange(0.5, seconds - step / 2, step)
        read = np.array([[late(run, start, start + step) for start in windows] for run in runs])
        measures["rate"].append(read[:, :, 0].mean(axis=1))
        measures["width"].append(read[:, :, 1].mean(axis=1))
        # Squared wandering over 0.6 s, a number for each trial.
        moved = signed_difference(read[:, 6, 2], read[:, 0, 2])
        measures["steps"].append(moved**2)
    for name, (ours, theirs) in measures.items():
        intervals = [
            stats.bootstrap((values,), np.mean, rng=np.random.default_rng(1)).confidence_interval
            for values in (ours, theirs)
        ]
        assert intervals[0].low <= intervals[1].high, (name, intervals)
        assert intervals[1].low <= intervals[0].high, (name, intervals)


def test_the_dice_are_fair() -> None:
    """Uniform numbers of the page: seeded, flat, and not tied to their predecessors."""
    import shutil
    import subprocess

    node = shutil.which("node")
    assert node, "no Node.js"
    module = Path(__file__).parents[2] / "wmtutor" / "live" / "js" / "random.mjs"
    script = (
        f"const {{ Random }} = await import({json.dumps(str(module))});"
        "const a = new Random(7), b = new Random(7);"
        "const x = Array.from({ length: 100000 }, () => a.uniform());"
        "if (b.uniform() !== x[0]) throw new Error('same seed, other numbers');"
        "console.log(JSON.stringify(x));"
    )
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    x = np.array(json.loads(done.stdout))
    assert stats.kstest(x, "uniform").pvalue > 1e-6
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 5 / np.sqrt(len(x))
