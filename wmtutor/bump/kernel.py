"""The network's step compiled with Numba: the same arithmetic as :mod:`wmtutor.bump.reference`.

Three things are done another way, and none of them is an approximation beyond rounding:

- The exponential of the magnesium block, ``u = exp(-v/scale)``, is carried along from step to
  step. A step moves ``v`` by little, so ``exp(a + b) = exp(a) (1 + b + ...)`` needs a short
  polynomial and no call of ``exp``. Where a step moves some cell further, ``exp`` is called.
- The ring's circular convolution is a sum over the Fourier modes that the weight profile has.
  A smooth profile has few of them.
- Loops are written so that the compiler can use vector instructions without reordering any sum.
  Results therefore do not depend on the width of the processor's vectors.
"""

import math

import numpy as np
from numba import njit

from wmtutor.bump.state import Cell, Network, NetworkState, Recording

__all__ = ["RingModes", "advance"]

#: Above this relative size of the exponent's change the polynomial gives way to ``exp``.
_LARGE = 0.03
#: ``u`` is worked out afresh after this many steps, so that rounding cannot pile up.
_REFRESH = 8192


class RingModes:
    """The Fourier modes of the weight profile, as tables of cosines and sines.

    The profile is even, so mode ``k`` of the drive is ``weight_k`` times mode ``k`` of the gates.
    Modes below rounding are left out. Cells ``j`` and ``N - j`` share a cosine, and their sines
    differ in sign only, so the tables cover half of the ring.
    """

    def __init__(self, weights: np.ndarray) -> None:
        N = len(weights)
        spectrum = np.fft.rfft(weights).real
        kept = np.flatnonzero(np.abs(spectrum) > 1e-15 * np.abs(spectrum).max())
        modes = np.arange(1, (kept.max() if len(kept) else 0) + 1)
        # A table as wide as a multiple of eight leaves no odd end for the vector loops.
        width = max(8, -(-len(modes) // 8) * 8)
        half = N // 2 + 1
        # Reducing the product modulo N keeps the angles' rounding small at high modes.
        turns = np.outer(np.arange(half), modes) % N * (2 * np.pi / N)
        self.cosines = np.zeros((half, width))
        self.sines = np.zeros((half, width))
        self.cosines[:, : len(modes)] = np.cos(turns)
        self.sines[:, : len(modes)] = np.sin(turns)
        self.cosines_by_mode = np.ascontiguousarray(self.cosines.T)
        self.sines_by_mode = np.ascontiguousarray(self.sines.T)
        self.mean_weight = spectrum[0] / N
        self.mode_weights = np.zeros(width)
        self.mode_weights[: len(modes)] = 2 * spectrum[modes] / N
        if N % 2 == 0 and len(modes) == N // 2:
            self.mode_weights[N // 2 - 1] /= 2  # the alternating mode has no partner


@njit(cache=True, error_model="numpy")
def _exp_change(b):
    """exp(b) for a small b, to rounding (|b| <= 0.03: the next term is below 1e-16)."""
    return 1.0 + b * (
        1.0
        + b * (1 / 2 + b * (1 / 6 + b * (1 / 24 + b * (1 / 120 + b * (1 / 720 + b * (1 / 5040))))))
    )


@njit(cache=True, error_model="numpy")
def _membrane_changes(cell, network, v, u, s_AMPA, s_GABA, S_NMDA, current, free, step, dv):
    """Write each cell's change of voltage into ``dv``; return how many cells moved far."""
    dt = network.dt
    half_AMPA = 1.0 - dt / (2.0 * network.tau_AMPA)
    half_GABA = 1.0 - dt / (2.0 * network.tau_GABA)
    per_C = 1.0 / cell.C
    per_scale = 1.0 / network.nmda_block_voltage
    far = 0
    for i in range(v.shape[0]):
        g_AMPA = cell.g_extern * s_AMPA[i]
        g_GABA = cell.g_GABA * s_GABA[i]
        g_NMDA = cell.g_NMDA * S_NMDA[i] * 3.57
        slope = (
            cell.g_leak * (network.E_leak - v[i])
            + g_AMPA * (network.E_AMPA - v[i])
            + g_GABA * (network.E_GABA - v[i])
            + g_NMDA * (network.E_NMDA - v[i]) / (3.57 + u[i])
            + current[i]
        ) * per_C
        v_half = v[i] + 0.5 * dt * slope
        b_half = -0.5 * dt * slope * per_scale
        u_half = u[i] * _exp_change(b_half)
        slope = (
            cell.g_leak * (network.E_leak - v_half)
            + g_AMPA * half_AMPA * (network.E_AMPA - v_half)
            + g_GABA * half_GABA * (network.E_GABA - v_half)
            + g_NMDA * (network.E_NMDA - v_half) / (3.57 + u_half)
            + current[i]
        ) * per_C
        change = dt * slope
        far += (abs(b_half) > _LARGE) | (abs(change * per_scale) > _LARGE)
        dv[i] = change if free[i] <= step else 0.0
    return far


@njit(cache=True, error_model="numpy")
def _exact_change(cell, network, v, s_AMPA, s_GABA, S_NMDA, current):
    """One cell's change of voltage with exponentials instead of polynomials."""
    dt = network.dt
    g_AMPA, g_GABA, g_NMDA = cell.g_extern * s_AMPA, cell.g_GABA * s_GABA, cell.g_NMDA * S_NMDA
    v_start = v
    slope = 0.0
    for stage in range(2):
        slope = (
            cell.g_leak * (network.E_leak - v)
            + g_AMPA * (network.E_AMPA - v)
            + g_GABA * (network.E_GABA - v)
            + g_NMDA * (network.E_NMDA - v) / (1 + math.exp(-v / network.nmda_block_voltage) / 3.57)
            + current
        ) / cell.C
        if stage == 0:
            v = v_start + 0.5 * dt * slope
            g_AMPA *= 1.0 - dt / (2.0 * network.tau_AMPA)
            g_GABA *= 1.0 - dt / (2.0 * network.tau_GABA)
    return dt * slope


@njit(cache=True, error_model="numpy")
def _step_population(cell, network, v, u, s_AMPA, s_GABA, S_NMDA, current, free, step, dv, spikes):
    """Move one population's voltages by a step; list and reset the cells that fire."""
    per_scale = 1.0 / network.nmda_block_voltage
    far = _membrane_changes(cell, network, v, u, s_AMPA, s_GABA, S_NMDA, current, free, step, dv)
    if far > 0:
        for i in range(v.shape[0]):
            if free[i] <= step:
                exact = _exact_change(
                    cell, network, v[i], s_AMPA[i], s_GABA[i], S_NMDA[i], current[i]
                )
                dv[i] = exact
    for i in range(v.shape[0]):
        v[i] += dv[i]
    if far > 0 or step % _REFRESH == 0:
        for i in range(v.shape[0]):
            u[i] = math.exp(-v[i] * per_scale)
    else:
        for i in range(v.shape[0]):
            u[i] *= _exp_change(-dv[i] * per_scale)
    above = 0
    for i in range(v.shape[0]):
        above += v[i] > network.v_threshold
    fired = 0
    if above > 0:
        u_reset = math.exp(-network.v_reset * per_scale)
        for i in range(v.shape[0]):
            if v[i] > network.v_threshold and free[i] <= step:
                v[i] = network.v_reset
                u[i] = u_reset
                free[i] = step + cell.refractory_steps
                spikes[fired] = i
                fired += 1
    decay_AMPA = 1.0 - network.dt / network.tau_AMPA + (network.dt / network.tau_AMPA) ** 2 / 2
    for i in range(v.shape[0]):
        s_AMPA[i] *= decay_AMPA
    return fired


@njit(cache=True, error_model="numpy")
def _ring_sums(
    s, even, odd, cos_sums, sin_sums, cosines, sines, cosines_by_mode, sines_by_mode,
    mode_weights, mean_weight, drive,
):  # fmt: skip
    """Write the ring-weighted sums of ``s`` into ``drive``; return the plain sum."""
    N = s.shape[0]
    half, width = cosines.shape
    even[0], odd[0] = s[0], 0.0
    for j in range(1, half):
        even[j] = s[j] + s[N - j]
        odd[j] = s[j] - s[N - j]
    if N % 2 == 0 and N > 1:
        even[half - 1], odd[half - 1] = s[half - 1], 0.0
    total = 0.0
    for j in range(half):
        total += even[j]

    cos_sums[:] = 0.0
    sin_sums[:] = 0.0
    j = 0
    while j + 4 <= half:  # four cells at a time: fewer passes over the sums
        e0, e1, e2, e3 = even[j], even[j + 1], even[j + 2], even[j + 3]
        o0, o1, o2, o3 = odd[j], odd[j + 1], odd[j + 2], odd[j + 3]
        for k in range(width):
            cos_sums[k] += (e0 * cosines[j, k] + e1 * cosines[j + 1, k]) + (
                e2 * cosines[j + 2, k] + e3 * cosines[j + 3, k]
            )
        for k in range(width):
            sin_sums[k] += (o0 * sines[j, k] + o1 * sines[j + 1, k]) + (
                o2 * sines[j + 2, k] + o3 * sines[j + 3, k]
            )
        j += 4
    while j < half:
        for k in range(width):
            cos_sums[k] += even[j] * cosines[j, k]
            sin_sums[k] += odd[j] * sines[j, k]
        j += 1

    # From here on, even and odd hold the drive's even and odd parts.
    even[:] = mean_weight * total
    odd[:] = 0.0
    for k in range(0, width, 4):
        c0, c1 = cos_sums[k] * mode_weights[k], cos_sums[k + 1] * mode_weights[k + 1]
        c2, c3 = cos_sums[k + 2] * mode_weights[k + 2], cos_sums[k + 3] * mode_weights[k + 3]
        d0, d1 = sin_sums[k] * mode_weights[k], sin_sums[k + 1] * mode_weights[k + 1]
        d2, d3 = sin_sums[k + 2] * mode_weights[k + 2], sin_sums[k + 3] * mode_weights[k + 3]
        for j in range(half):
            even[j] += (c0 * cosines_by_mode[k, j] + c1 * cosines_by_mode[k + 1, j]) + (
                c2 * cosines_by_mode[k + 2, j] + c3 * cosines_by_mode[k + 3, j]
            )
        for j in range(half):
            odd[j] += (d0 * sines_by_mode[k, j] + d1 * sines_by_mode[k + 1, j]) + (
                d2 * sines_by_mode[k + 2, j] + d3 * sines_by_mode[k + 3, j]
            )
    drive[0] = even[0]
    for j in range(1, half):
        drive[j] = even[j] + odd[j]
        drive[N - j] = even[j] - odd[j]
    return total


@njit(cache=True, error_model="numpy")
def _update_nmda(network, s_NMDA, x):
    dt = network.dt
    half_x = 1.0 - dt / (2.0 * network.tau_x)
    decay_x = 1.0 - dt / network.tau_x + (dt / network.tau_x) ** 2 / 2
    per_tau = 1.0 / network.tau_NMDA
    alpha = network.alpha_NMDA
    for i in range(x.shape[0]):
        half = s_NMDA[i] + 0.5 * dt * (alpha * x[i] * (1.0 - s_NMDA[i]) - s_NMDA[i] * per_tau)
        s_NMDA[i] += dt * (alpha * x[i] * half_x * (1.0 - half) - half * per_tau)
        x[i] *= decay_x


@njit(cache=True, error_model="numpy")
def _advance(
    network, weights_tables, step, steps,
    v_E, v_I, s_AMPA_E, s_AMPA_I, s_NMDA, x, s_GABA, s_GABA_own, free_E, free_I,
    current_levels, current_index, counts_E, targets_E, counts_I, targets_I,
    stride, record_E, record_I, recorded_v_E, recorded_v_I,
    spike_steps_E, spike_cells_E, spike_steps_I, spike_cells_I,
):  # fmt: skip
    cosines, sines, cosines_by_mode, sines_by_mode, mode_weights, mean_weight = weights_tables
    E, I = network.excit, network.inhib  # noqa: E741
    half, width = cosines.shape
    even, odd = np.empty(half), np.empty(half)
    cos_sums, sin_sums = np.empty(width), np.empty(width)
    ring_drive, plain_drive = np.empty(E.N), np.empty(I.N)
    s_GABA_E, s_GABA_I = np.empty(E.N), np.empty(I.N)
    no_current = np.zeros(I.N)
    dv_E, dv_I = np.empty(E.N), np.empty(I.N)
    fired_E, fired_I = np.empty(E.N, np.int64), np.empty(I.N, np.int64)
    per_scale = 1.0 / network.nmda_block_voltage
    u_E, u_I = np.empty(E.N), np.empty(I.N)
    for i in range(E.N):
        u_E[i] = math.exp(-v_E[i] * per_scale)
    for i in range(I.N):
        u_I[i] = math.exp(-v_I[i] * per_scale)
    decay_GABA = 1.0 - network.dt / network.tau_GABA + (network.dt / network.tau_GABA) ** 2 / 2
    num_spikes_E, num_spikes_I = 0, 0
    next_E, next_I = 0, 0

    for k in range(steps):
        if step % stride == 0:
            row = step // stride
            for i in range(record_E.shape[0]):
                recorded_v_E[row, i] = v_E[record_E[i]]
            for i in range(record_I.shape[0]):
                recorded_v_I[row, i] = v_I[record_I[i]]

        total = _ring_sums(
            s_NMDA, even, odd, cos_sums, sin_sums, cosines, sines, cosines_by_mode,
            sines_by_mode, mode_weights, mean_weight, ring_drive,
        )  # fmt: skip
        plain_drive[:] = total
        s_GABA_E[:] = s_GABA
        for i in range(I.N):
            s_GABA_I[i] = s_GABA - s_GABA_own[i]

        n_E = _step_population(
            E, network, v_E, u_E, s_AMPA_E, s_GABA_E, ring_drive,
            current_levels[current_index[k]], free_E, step, dv_E, fired_E,
        )  # fmt: skip
        n_I = _step_population(
            I, network, v_I, u_I, s_AMPA_I, s_GABA_I, plain_drive, no_current, free_I, step,
            dv_I, fired_I,
        )  # fmt: skip
        _update_nmda(network, s_NMDA, x)
        s_GABA *= decay_GABA
        for i in range(I.N):
            s_GABA_own[i] *= decay_GABA

        s_GABA += n_I
        for n in range(n_E):
            x[fired_E[n]] += 1.0
            spike_steps_E[num_spikes_E] = step
            spike_cells_E[num_spikes_E] = fired_E[n]
            num_spikes_E += 1
        for n in range(n_I):
            s_GABA_own[fired_I[n]] += 1.0
            spike_steps_I[num_spikes_I] = step
            spike_cells_I[num_spikes_I] = fired_I[n]
            num_spikes_I += 1
        for _ in range(counts_E[k]):
            s_AMPA_E[targets_E[next_E]] += 1.0
            next_E += 1
        for _ in range(counts_I[k]):
            s_AMPA_I[targets_I[next_I]] += 1.0
            next_I += 1
        step += 1
    return s_GABA, num_spikes_E, num_spikes_I


def _room_for_spikes(cell: Cell, steps: int) -> int:
    return cell.N * (steps // cell.refractory_steps + 1)


def advance(
    network: Network,
    state: NetworkState,
    current_levels: np.ndarray,
    current_index: np.ndarray,
    extern_excit: tuple[np.ndarray, np.ndarray],
    extern_inhib: tuple[np.ndarray, np.ndarray],
    record: Recording,
    modes: RingModes | None = None,
) -> None:
    """Advance the network; arguments as in :func:`wmtutor.bump.reference.advance`.

    ``modes`` spares working out the tables of the weight profile again at every call.
    """
    modes = modes or RingModes(network.weights)
    steps = len(current_index)
    buffers = [
        np.empty(_room_for_spikes(cell, steps), np.int64)
        for cell in (network.excit, network.inhib)
        for _ in range(2)
    ]
    tables = (
        modes.cosines,
        modes.sines,
        modes.cosines_by_mode,
        modes.sines_by_mode,
        modes.mode_weights,
        modes.mean_weight,
    )
    state.s_GABA, num_E, num_I = _advance(
        network, tables, state.step, steps,
        state.v_E, state.v_I, state.s_AMPA_E, state.s_AMPA_I, state.s_NMDA, state.x,
        state.s_GABA, state.s_GABA_own, state.free_E, state.free_I,
        current_levels, current_index, *extern_excit, *extern_inhib,
        record.stride, record.record_E, record.record_I, record.v_E, record.v_I, *buffers,
    )  # fmt: skip
    for list_, buffer, number in zip(
        (record.steps_E, record.cells_E, record.steps_I, record.cells_I),
        buffers,
        (num_E, num_E, num_I, num_I),
        strict=True,
    ):
        list_.append(buffer[:number].copy())
    state.step += steps
