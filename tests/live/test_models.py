"""The models that run in the page are the library's: the same draws give the same spikes.

The JavaScript runs under Node, the NumPy reference here. Draws are uniform numbers; this file turns
them into external spikes and candidates a second time, in Python.
"""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wmtutor.bump import PRESETS
from wmtutor.bump import reference as bump_reference
from wmtutor.bump.state import NetworkState as BumpState
from wmtutor.bump.state import Recording as BumpRecording
from wmtutor.flexible import build_network, stimulus_profile
from wmtutor.flexible import reference as flexible_reference
from wmtutor.flexible.state import Candidates, Constants, NetworkState, Recording
from wmtutor.live import bump_network, bump_parameters, flexible_parameters
from wmtutor.units import nA

pytestmark = pytest.mark.browser


def run_in_node(task: dict[str, Any], folder: Path) -> tuple[dict[str, Any], str]:
    node = shutil.which("node")
    if not node:
        pytest.fail("no Node.js: the models of the live pages cannot be tested")
    (folder / "task.json").write_text(json.dumps(task))
    script = Path(__file__).with_name("run_model.mjs")
    done = subprocess.run(
        [node, str(script), str(folder / "task.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


class Draws:
    """Uniform numbers, kept for the other side."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        self.given: list[float] = []

    def __call__(self) -> float:
        self.given.append(float(self.generator.random()))
        return self.given[-1]


@pytest.mark.parametrize("preset", list(PRESETS))
def test_bump_spikes_are_the_same(preset: str, tmp_path: Path) -> None:
    """A sign, a factor or an order that differs would show a reader another network."""
    steps, on, off = 3000, 500, 2500
    network, rate = bump_network(preset=preset), bump_parameters(preset=preset)["extern_rate"]
    cue = {"center_deg": 120.0, "width_deg": 30.0, "strength": 0.2 * nA, "on": on, "off": off}
    rng = np.random.default_rng(11)
    v_E, v_I = (
        rng.uniform(network.v_reset, network.v_threshold, cell.N)
        for cell in (network.excit, network.inhib)
    )

    draw = Draws(12)
    cells = (network.excit, network.inhib)
    means = [cell.N * rate * network.dt for cell in cells]
    waits = [-math.log1p(-draw()) / mean for mean in means]
    counts: list[list[int]] = [[], []]
    targets: list[list[int]] = [[], []]
    for _ in range(steps):
        for which, cell in enumerate(cells):
            number = 0
            while waits[which] < 1:
                targets[which].append(math.floor(draw() * cell.N))
                waits[which] += -math.log1p(-draw()) / means[which]
                number += 1
            waits[which] -= 1
            counts[which].append(number)

    N = network.excit.N
    levels = np.zeros((2, N))
    half = round(N / 360 * cue["width_deg"] / 2)
    levels[1, (round(N / 360 * 120) + np.arange(-half, half + 1)) % N] = cue["strength"]
    index = ((np.arange(steps) >= on) & (np.arange(steps) < off)).astype(int)
    state = BumpState(v_E, v_I)
    nobody = np.zeros(0, int)
    record = BumpRecording(nobody, nobody, steps, steps)
    extern = [(np.array(c), np.array(t, int)) for c, t in zip(counts, targets, strict=True)]
    bump_reference.advance(network, state, levels, index, *extern, record)
    wanted_E, wanted_I = record.spikes("E"), record.spikes("I")
    assert len(wanted_E[0]) > 100, "silence proves nothing"

    np.array(draw.given).tofile(tmp_path / "uniform.bin")
    task = {
        "model": "bump", "parameters": bump_parameters(preset=preset), "steps": steps, "cue": cue,
        "v_excit": v_E.tolist(), "v_inhib": v_I.tolist(), "uniform": str(tmp_path / "uniform.bin"),
    }  # fmt: skip
    got, _ = run_in_node(task, tmp_path)
    assert got["drawn"] == len(draw.given)
    np.testing.assert_array_equal([got["steps"], got["cells"]], wanted_E)
    np.testing.assert_array_equal(np.transpose(got["inhibitory"]), wanted_I)


def test_flexible_spikes_are_the_same(tmp_path: Path) -> None:
    """Loading, decay, balance, cue, thinning: a slip in any of them changes who fires when."""
    steps, on, off = 2500, 300, 1300
    network = build_network(seed=21)
    p = flexible_parameters()
    N_all = p["N_rings"] * p["N_sensory"]
    cells = N_all + p["N_random"]
    rng = np.random.default_rng(22)
    s_sensory = rng.uniform(0, 0.01, (p["N_rings"], p["N_sensory"]))
    s_random = rng.uniform(0, 0.01, p["N_random"])
    angles = [10.0, 100.0, 200.0, 300.0, 45.0, None, None, None]

    draw = Draws(23)
    probability = 2 * p["rate_amplitude"] / p["tau"] * p["dt"]

    def gap() -> int:
        return 1 + math.floor(math.log1p(-draw()) / math.log1p(-probability))

    place, counts, candidates, thresholds = gap() - 1, [], [], []
    for _ in range(steps):
        number = 0
        while place < cells:
            u = draw()
            candidates.append(place)
            thresholds.append((math.log(u / (1 - u)) / 2 + p["rate_offset"]) / p["rate_slope"])
            place += gap()
            number += 1
        place -= cells
        counts.append(number)

    s_ext = np.zeros((p["N_rings"], p["N_sensory"]))
    starts, ends = np.zeros((2, p["N_rings"]), int)
    for ring, angle in enumerate(angles):
        if angle is not None:
            s_ext[ring] = stimulus_profile(angle)
            starts[ring], ends[ring] = on, off
    gain_ff, offset_ff = network.feedforward_gain_and_offset
    gain_fb, offset_fb = network.feedback_gain_and_offset
    constants = Constants(
        N_rings=p["N_rings"], N_sensory=p["N_sensory"], N_random=p["N_random"],
        decay=math.exp(-p["dt"] / p["tau"]), ring_profile=network.ring_profile, mask=network.mask,
        mask_by_random=network.mask_by_random, gain_ff=gain_ff, offset_ff=offset_ff,
        gain_fb=gain_fb, offset_fb=offset_fb, s_ext=s_ext, on=starts, off=ends,
    )  # fmt: skip
    state = NetworkState(s_sensory, s_random)
    record = Recording(np.zeros(0, int), constants)
    flexible_reference.advance(
        constants,
        state,
        Candidates(np.array(counts), np.array(candidates), np.array(thresholds)),
        record,
    )
    wanted = record.spikes()
    assert len(wanted[0]) > 3000

    np.array(draw.given).tofile(tmp_path / "uniform.bin")
    network.mask.tofile(tmp_path / "mask.bin")
    task = {
        "model": "flexible", "parameters": p, "steps": steps,
        "cue": {"angles": angles, "on": on, "off": off}, "mask": str(tmp_path / "mask.bin"),
        "s_sensory": s_sensory.ravel().tolist(), "s_random": s_random.tolist(),
        "uniform": str(tmp_path / "uniform.bin"),
    }  # fmt: skip
    got, _ = run_in_node(task, tmp_path)
    assert got["drawn"] == len(draw.given)
    np.testing.assert_array_equal([got["steps"], got["cells"]], wanted)
