"""What the two implementations share: a trial's constants, state, draws and record."""

from typing import NamedTuple

import numpy as np

__all__ = ["Candidates", "Constants", "NetworkState", "Recording"]


class Constants(NamedTuple):
    """Constants of a trial.

    Attributes
    ----------
    N_rings, N_sensory, N_random : int
    decay : float
        Factor by which every input shrinks in a step, ``exp(-dt / tau)``.
    ring_profile : ndarray, shape (N_sensory,)
        Weights from cell 0 of a ring.
    mask : ndarray of uint8, shape (N_rings * N_sensory, N_random)
        1 where a sensory and a random cell are connected.
    mask_by_random : ndarray of uint8, shape (N_random, N_rings * N_sensory)
        The same with a row for each random cell, which is how its spikes read it.
    gain_ff, offset_ff : ndarray, shape (N_random,)
        A sensory spike adds ``gain * mask + offset`` to each random cell.
    gain_fb, offset_fb : ndarray, shape (N_rings * N_sensory,)
        A random spike adds ``gain * mask + offset`` to each sensory cell.
    s_ext : ndarray, shape (N_rings, N_sensory)
        Input from the cue while it is on; zero for rings without one.
    on, off : ndarray of int, shape (N_rings,)
        The cue of each ring is on in steps ``on <= step < off``.
    """

    N_rings: int
    N_sensory: int
    N_random: int
    decay: float
    ring_profile: np.ndarray
    mask: np.ndarray
    mask_by_random: np.ndarray
    gain_ff: np.ndarray
    offset_ff: np.ndarray
    gain_fb: np.ndarray
    offset_fb: np.ndarray
    s_ext: np.ndarray
    on: np.ndarray
    off: np.ndarray


class Candidates(NamedTuple):
    """The spikes that could happen in some steps: what thinning chooses from.

    Attributes
    ----------
    counts : ndarray of int, shape (steps,)
        How many candidates each step has.
    cells : ndarray of int, shape (counts.sum(),)
        The cell of each, ascending within a step; sensory cells first, then random ones.
    thresholds : ndarray of float, shape (counts.sum(),)
        The input that a cell must exceed for its candidate to become a spike.
    """

    counts: np.ndarray
    cells: np.ndarray
    thresholds: np.ndarray


class NetworkState:
    """The state variables. Every one decays by the same factor in each step.

    A cell's input ``s`` is put together from parts, because its weights are: a sensory cell has
    ``s = s_ring + gain_fb * count_sensory + offset_fb * total_random``, and a random cell has
    ``s = s_start + gain_ff * count_random + offset_ff * total_sensory``.

    Attributes
    ----------
    step : int
        Steps done.
    s_ring : ndarray, shape (N_rings, N_sensory)
        Input from the cell's own ring, and what is left of its value at the start.
    s_start : ndarray, shape (N_random,)
        What is left of the value at the start.
    count_sensory : ndarray, shape (N_rings * N_sensory,)
        Decaying count of the spikes of the random cells connected to each sensory cell.
    count_random : ndarray, shape (N_random,)
        Decaying count of the spikes of the sensory cells connected to each random cell.
    total_sensory, total_random : float
        Decaying count of all spikes of a layer.
    """

    def __init__(self, s_sensory: np.ndarray, s_random: np.ndarray) -> None:
        self.step = 0
        self.s_ring, self.s_start = s_sensory.copy(), s_random.copy()
        self.count_sensory = np.zeros(s_sensory.size)
        self.count_random = np.zeros(s_random.size)
        self.total_sensory = 0.0
        self.total_random = 0.0

    def inputs(self, constants: Constants) -> tuple[np.ndarray, np.ndarray]:
        """The input ``s`` of every sensory cell, shape (N_rings, N_sensory), and random cell."""
        s_sensory = self.s_ring + (
            constants.gain_fb * self.count_sensory + constants.offset_fb * self.total_random
        ).reshape(self.s_ring.shape)
        s_random = (
            self.s_start
            + constants.gain_ff * self.count_random
            + constants.offset_ff * self.total_sensory
        )
        return s_sensory, s_random


class Recording:
    """The spikes of all cells, and their inputs at some steps.

    Attributes
    ----------
    sample_steps : ndarray of int, shape (samples,)
        Ascending steps at whose start the inputs are kept.
    s_sensory : ndarray, shape (samples, N_rings, N_sensory)
    s_random : ndarray, shape (samples, N_random)
    """

    def __init__(self, sample_steps: np.ndarray, constants: Constants) -> None:
        self.sample_steps = sample_steps
        self.next_sample = 0
        self.s_sensory = np.empty((len(sample_steps), constants.N_rings, constants.N_sensory))
        self.s_random = np.empty((len(sample_steps), constants.N_random))
        self._steps: list[np.ndarray] = []
        self._cells: list[np.ndarray] = []

    def sample(self, state: NetworkState, constants: Constants) -> None:
        """Keep the inputs if the coming step is one to keep."""
        if (
            self.next_sample < len(self.sample_steps)
            and state.step == self.sample_steps[self.next_sample]
        ):
            s_sensory, s_random = state.inputs(constants)
            self.s_sensory[self.next_sample] = s_sensory
            self.s_random[self.next_sample] = s_random
            self.next_sample += 1

    def add_spikes(self, steps: np.ndarray, cells: np.ndarray) -> None:
        if len(cells):
            self._steps.append(steps)
            self._cells.append(cells)

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps and cells of all spikes, in order of time."""
        nothing = [np.zeros(0, np.int64)]
        return np.concatenate(self._steps or nothing), np.concatenate(self._cells or nothing)
