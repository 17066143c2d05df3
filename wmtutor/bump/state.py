"""What the two implementations share: the constants of a run, its state, and its record."""

from typing import NamedTuple

import numpy as np

__all__ = ["Cell", "Network", "NetworkState", "Recording"]


class Cell(NamedTuple):
    """Constants of one population (SI units); conductances as they act, all factors included.

    The leak is one number for all cells (``float``) or one for each (an array).
    """

    N: int
    C: float
    g_leak: float | np.ndarray
    E_leak: float | np.ndarray
    g_extern: float
    g_GABA: float
    g_NMDA: float
    refractory_steps: int


class Network(NamedTuple):
    """Constants of a run (SI units). ``weights`` is the E-to-E profile, peak first."""

    dt: float
    excit: Cell
    inhib: Cell
    weights: np.ndarray
    E_AMPA: float
    E_GABA: float
    E_NMDA: float
    v_threshold: float
    v_reset: float
    nmda_block_voltage: float
    tau_AMPA: float
    tau_GABA: float
    tau_NMDA: float
    tau_x: float
    alpha_NMDA: float


class NetworkState:
    """The state variables, and the step from which each cell is free of its refractory period."""

    def __init__(self, v_E: np.ndarray, v_I: np.ndarray) -> None:
        N_E, N_I = len(v_E), len(v_I)
        self.step = 0
        self.v_E, self.v_I = v_E.copy(), v_I.copy()
        self.s_AMPA_E, self.s_AMPA_I = np.zeros(N_E), np.zeros(N_I)
        self.s_NMDA, self.x = np.zeros(N_E), np.zeros(N_E)
        # All interneurons reach every cell with weight 1, so one number serves all targets;
        # s_GABA_own is the part that an interneuron itself put in.
        self.s_GABA = 0.0
        self.s_GABA_own = np.zeros(N_I)
        self.free_E, self.free_I = np.zeros(N_E, np.int64), np.zeros(N_I, np.int64)


class Recording:
    """Spikes of all cells, and the voltages of some at every ``stride``-th step."""

    def __init__(
        self, record_E: np.ndarray, record_I: np.ndarray, stride: int, total_steps: int
    ) -> None:
        samples = -(-total_steps // stride)
        self.stride = stride
        self.record_E, self.record_I = record_E, record_I
        # One row a sample: a step writes next to where the last one wrote.
        self.v_E = np.empty((samples, len(record_E)))
        self.v_I = np.empty((samples, len(record_I)))
        self.steps_E: list[np.ndarray] = []
        self.cells_E: list[np.ndarray] = []
        self.steps_I: list[np.ndarray] = []
        self.cells_I: list[np.ndarray] = []

    def sample_voltages(self, state: NetworkState) -> None:
        if state.step % self.stride == 0:
            row = state.step // self.stride
            self.v_E[row] = state.v_E[self.record_E]
            self.v_I[row] = state.v_I[self.record_I]

    def add_spikes(self, step: int, cells_E: np.ndarray, cells_I: np.ndarray) -> None:
        if len(cells_E):
            self.steps_E.append(np.full(len(cells_E), step))
            self.cells_E.append(cells_E)
        if len(cells_I):
            self.steps_I.append(np.full(len(cells_I), step))
            self.cells_I.append(cells_I)

    def spikes(self, population: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and cells of all spikes of population "E" or "I", in order of time."""
        steps, cells = (
            (self.steps_E, self.cells_E) if population == "E" else (self.steps_I, self.cells_I)
        )
        nothing = [np.zeros(0, np.int64)]
        return np.concatenate(steps or nothing), np.concatenate(cells or nothing)
