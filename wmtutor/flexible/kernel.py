"""The steps compiled with Numba: the same arithmetic as :mod:`wmtutor.flexible.reference`.

Two things are done another way, and neither is an approximation beyond rounding:

- All state variables shrink by the same factor in every step. They are kept divided by one number,
  ``scale``, and only that number shrinks; what a spike adds is divided by it too.
- Ring weights are read from two copies of the profile laid end to end, so that the weights of any
  cell are one stretch of it.

What remains is to add a few rows of numbers per spike, which the processor does several at a time.
"""

import numpy as np
from numba import njit

from wmtutor.flexible.state import Candidates, Constants, NetworkState, Recording

__all__ = ["advance"]

#: The states are multiplied out when the scale has shrunk to this, long before it underflows.
_SMALL = 1e-100


# Rows come in as views of their own: an index like ``first + j`` could be negative as far as the
# compiler knows, and checking that would cost it the vector instructions.
@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_row(values, row, factor):
    """Add ``factor`` times a row to ``values``."""
    for j in range(values.shape[0]):
        values[j] += factor * row[j]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_two_rows(values, row, other, factor):
    """Add ``factor`` times two rows of a mask: one pass over the values instead of two."""
    for j in range(values.shape[0]):
        # Kept a byte, where the compiler would make it eight: more of them fit into a register.
        values[j] += factor * np.float64(np.uint8(row[j] + other[j]))


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_three_rows(values, row, other, third, factor):
    for j in range(values.shape[0]):
        values[j] += factor * np.float64(np.uint8(row[j] + np.uint8(other[j] + third[j])))


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_four_rows(values, row, other, third, fourth, factor):
    for j in range(values.shape[0]):
        values[j] += factor * np.float64(
            np.uint8(np.uint8(row[j] + other[j]) + np.uint8(third[j] + fourth[j]))
        )


@njit(cache=True, error_model="numpy")
def _add_mask_rows(values, mask, rows, factor):
    """Add rows of a mask to ``values``, up to four in one pass over the values."""
    n, left = 0, rows.shape[0]
    while left >= 4:
        _add_four_rows(
            values, mask[rows[n]], mask[rows[n + 1]], mask[rows[n + 2]], mask[rows[n + 3]], factor
        )
        n += 4
        left -= 4
    if left == 3:
        _add_three_rows(values, mask[rows[n]], mask[rows[n + 1]], mask[rows[n + 2]], factor)
    elif left == 2:
        _add_two_rows(values, mask[rows[n]], mask[rows[n + 1]], factor)
    elif left == 1:
        _add_row(values, mask[rows[n]], factor)


@njit(cache=True, error_model="numpy")
def _multiply(values, factor):
    for j in range(values.shape[0]):
        values[j] *= factor


@njit(cache=True, error_model="numpy")
def _sample(s_ring, gain, counts, offset, total, scale, out, first):
    """Put inputs together from their parts; see :class:`NetworkState`."""
    for i in range(counts.shape[0]):
        out[first + i] = scale * (s_ring[i] + gain[i] * counts[i] + offset[i] * total)


@njit(cache=True, error_model="numpy")
def _advance(
    N_sensory, N_random, decay, two_profiles, mask, mask_by_random, gain_ff, offset_ff, gain_fb,
    offset_fb, s_ext, on, off, step, s_ring, s_start, count_sensory, count_random, total_sensory,
    total_random, counts, cells, thresholds, sample_steps, next_sample, sampled_sensory,
    sampled_random, spike_steps, spike_cells,
):  # fmt: skip
    N_all = s_ring.shape[0]
    scale = 1.0
    num_spikes, candidate = 0, 0
    random_spikes = np.empty(N_random, np.int64)
    # Side by side, a candidate's gain and offset are one look into memory.
    pairs_fb = np.column_stack((gain_fb, offset_fb))
    pairs_ff = np.column_stack((gain_ff, offset_ff))
    for count in counts:
        if next_sample < sample_steps.shape[0] and sample_steps[next_sample] == step:
            _sample(
                s_ring, gain_fb, count_sensory, offset_fb, total_random, scale, sampled_sensory,
                next_sample * N_all,
            )  # fmt: skip
            _sample(
                s_start, gain_ff, count_random, offset_ff, total_sensory, scale, sampled_random,
                next_sample * N_random,
            )  # fmt: skip
            next_sample += 1

        scale *= decay
        if scale < _SMALL:
            for values in (s_ring, s_start, count_sensory, count_random):
                _multiply(values, scale)
            total_sensory *= scale
            total_random *= scale
            scale = 1.0

        # Most steps are without a cue: asked once, and not of every candidate's ring.
        a_cue_is_on = False
        for ring in range(on.shape[0]):
            a_cue_is_on |= on[ring] <= step < off[ring]

        first_spike = num_spikes
        for _ in range(count):
            cell, threshold = cells[candidate], thresholds[candidate]
            candidate += 1
            if cell < N_all:
                s = scale * (
                    s_ring[cell]
                    + pairs_fb[cell, 0] * count_sensory[cell]
                    + pairs_fb[cell, 1] * total_random
                )
                if a_cue_is_on:
                    ring = cell // N_sensory
                    if on[ring] <= step < off[ring]:
                        s += s_ext[cell]
            else:
                j = cell - N_all
                s = scale * (
                    s_start[j] + pairs_ff[j, 0] * count_random[j] + pairs_ff[j, 1] * total_sensory
                )
            if s > threshold:
                spike_steps[num_spikes] = step
                spike_cells[num_spikes] = cell
                num_spikes += 1

        amount = 1.0 / scale
        # A step's sensory cells come first: see Candidates.
        border = first_spike
        while border < num_spikes and spike_cells[border] < N_all:
            cell = spike_cells[border]
            first, k = cell - cell % N_sensory, cell % N_sensory
            _add_row(
                s_ring[first : first + N_sensory],
                two_profiles[N_sensory - k : 2 * N_sensory - k],
                amount,
            )
            border += 1
        _add_mask_rows(count_random, mask, spike_cells[first_spike:border], amount)
        for n in range(border, num_spikes):
            random_spikes[n - border] = spike_cells[n] - N_all
        _add_mask_rows(count_sensory, mask_by_random, random_spikes[: num_spikes - border], amount)
        total_sensory += amount * (border - first_spike)
        total_random += amount * (num_spikes - border)
        step += 1

    for values in (s_ring, s_start, count_sensory, count_random):
        _multiply(values, scale)
    return total_sensory * scale, total_random * scale, next_sample, num_spikes


def advance(
    constants: Constants, state: NetworkState, candidates: Candidates, record: Recording
) -> None:
    """Advance the network; arguments as in :func:`wmtutor.flexible.reference.advance`."""
    c = constants
    spike_steps = np.empty(len(candidates.cells), np.int64)
    spike_cells = np.empty(len(candidates.cells), np.int64)
    state.total_sensory, state.total_random, record.next_sample, number = _advance(
        c.N_sensory, c.N_random, c.decay, np.concatenate([c.ring_profile, c.ring_profile]),
        c.mask, c.mask_by_random, c.gain_ff, c.offset_ff, c.gain_fb, c.offset_fb,
        c.s_ext.ravel(), c.on, c.off, state.step, state.s_ring.ravel(), state.s_start,
        state.count_sensory, state.count_random, state.total_sensory, state.total_random,
        *candidates, record.sample_steps, record.next_sample, record.s_sensory.ravel(),
        record.s_random.ravel(), spike_steps, spike_cells,
    )  # fmt: skip
    record.add_spikes(spike_steps[:number].copy(), spike_cells[:number].copy())
    state.step += len(candidates.counts)
