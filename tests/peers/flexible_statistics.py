"""One row of figures per trial of the flexible network, for the library and its peers alike.

Plain NumPy on inputs, spike steps and cell numbers, so that no figure depends on the library's
read-out. Cells are numbered as in ``brian2_flexible.py``: all rings, then the random layer.
"""

from __future__ import annotations

import numpy as np

__all__ = ["RATE_WINDOW", "TEST_TIME", "THRESHOLD_HZ", "trial_statistics"]

#: The memories are read at this time of the trial, rates over this window before it (second).
TEST_TIME = 1.0
RATE_WINDOW = 0.1
#: A ring holds a memory if its activity vector is longer than this.
THRESHOLD_HZ = 3.0


def trial_statistics(
    s: np.ndarray,
    spike_step: np.ndarray,
    spike_cell: np.ndarray,
    cued_rings: np.ndarray,
    cue_positions_deg: np.ndarray,
    *,
    N_random: int = 1024,
    dt: float = 0.1e-3,
) -> tuple[dict[str, float], np.ndarray]:
    """Figures of one trial, and the signed error of every kept memory.

    ``s`` is the input of the sensory cells at ``TEST_TIME``, shape (rings, cells of a ring), the
    cues being over. Steps are of length ``dt``. Strengths and rates are in Hz, errors in degrees;
    what has no value, such as the strength of kept memories where none was kept, is NaN.
    """
    N_rings, N_sensory = s.shape
    N_all = N_rings * N_sensory
    cued_rings, cue_positions_deg = np.asarray(cued_rings), np.asarray(cue_positions_deg)
    rate = 40 * (1 + np.tanh(0.4 * s - 3))
    z = np.mean(rate * np.exp(2j * np.pi * np.arange(N_sensory) / N_sensory), axis=1)
    strength = np.abs(z)
    present = strength > THRESHOLD_HZ
    kept = present[cued_rings]
    error = np.degrees(np.angle(z[cued_rings])) - cue_positions_deg
    error = (error[kept] + 180) % 360 - 180

    first, last = round((TEST_TIME - RATE_WINDOW) / dt), round(TEST_TIME / dt)
    cells = spike_cell[(spike_step >= first) & (spike_step < last)]
    per_ring = np.bincount(cells[cells < N_all] // N_sensory, minlength=N_rings)
    ring_rate = per_ring / (N_sensory * RATE_WINDOW)

    def mean(values):
        return float(np.mean(values)) if len(values) else np.nan

    row = {
        "maintained": int(kept.sum()),
        "spurious": int(present.sum() - kept.sum()),
        "strength_kept_Hz": mean(strength[cued_rings][kept]),
        "strength_cued_Hz": mean(strength[cued_rings]),
        "rate_random_Hz": np.sum(cells >= N_all) / (N_random * RATE_WINDOW),
        "rate_cued_Hz": mean(ring_rate[cued_rings]),
        "rate_sensory_Hz": mean(ring_rate),
        "error_kept_deg": mean(np.abs(error)),
    }
    return row, error
