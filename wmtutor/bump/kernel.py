"""The network's step compiled with Numba: the same arithmetic as :mod:`wmtutor.bump.reference`.

Three things are done another way, and none of them is an approximation beyond rounding:

- The exponential of the magnesium block, ``u = exp(-v/scale)``, is carried along from step to
  step. A step moves ``v`` by little, so ``exp(a + b) = exp(a) (1 + b + ...)`` needs a short
  polynomial and no call of ``exp``. Where a step moves some cell further, ``exp`` is called.
- The ring's circular convolution is a sum over the Fourier modes that the weight profile has.
  A smooth profile has few of them, and symmetries of sine and cosine shorten their tables.
- Multiplications and additions may be fused, and the sums over the ring reordered, to suit the
  processor's vector instructions. The same machine gives the same bits every time; another
  kind of processor may differ in the last ones.
"""

import functools
import math

import numpy as np
from numba import njit, types
from numba.extending import overload

from wmtutor.bump.state import Cell, Network, NetworkState, Recording

__all__ = ["RingModes", "advance"]

#: Above this relative size of the exponent's change the polynomial gives way to ``exp``.
_LARGE = 0.04


class RingModes:
    """The Fourier modes of the weight profile, as tables of cosines and sines.

    The profile is even, so mode ``k`` of the drive is ``weight_k`` times mode ``k`` of the gates.
    Modes below rounding are left out.

    Two symmetries shorten the tables. Cells ``j`` and ``N - j`` share a cosine, and their sines
    differ in sign, so half of the ring will do (places ``0 .. h``, ``h = N // 2``). Where 4 divides
    N, places ``j`` and ``h - j`` share both up to a sign that depends on whether the mode is odd or
    even: from their sums and differences a quarter of the ring will do.

    Attributes
    ----------
    mean_weight : float
        Weight of mode 0, divided by N.
    odd, even : tuple of ndarray
        For the odd and the even modes: cosines and sines with a row per mode and a column per
        place, and the modes' weights. A ring that cannot be folded has all its modes in ``even``,
        over half of the ring, and no places in ``odd``.
    """

    def __init__(self, weights: np.ndarray) -> None:
        N = len(weights)
        spectrum = np.fft.rfft(weights).real
        kept = np.flatnonzero(np.abs(spectrum) > 1e-15 * np.abs(spectrum).max())
        modes = np.arange(1, (kept.max() if len(kept) else 0) + 1)
        mode_weights = 2 * spectrum / N
        if N % 2 == 0:
            mode_weights[-1] /= 2  # the alternating mode has no partner
        self.mean_weight = spectrum[0] / N
        if N % 4 == 0:
            self.odd = self._tables(N // 4 + 1, modes[modes % 2 == 1], N, mode_weights)
            self.even = self._tables(N // 4 + 1, modes[modes % 2 == 0], N, mode_weights)
        else:
            self.odd = self._tables(0, modes[:0], N, mode_weights)
            self.even = self._tables(N // 2 + 1, modes, N, mode_weights)

    @staticmethod
    def _tables(
        places: int, modes: np.ndarray, N: int, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # Four modes are taken at a time; tables are filled up with modes of weight 0.
        width = -(-len(modes) // 4) * 4
        # Reducing the product modulo N keeps the angles' rounding small at high modes.
        turns = np.outer(modes, np.arange(places)) % N
        cosines, sines = np.zeros((2, width, places))
        cosines[: len(modes)] = np.cos(turns * (2 * np.pi / N))
        sines[: len(modes)] = np.sin(turns * (2 * np.pi / N))
        padded = np.zeros(width)
        padded[: len(modes)] = weights[modes]
        return cosines, sines, padded


def _of_cell(constant, i):
    """The constant of cell ``i``: one number for all cells, or an array with one for each.

    The compiler settles which: a network of cells that are all alike pays nothing for the choice.
    """
    return constant[i] if np.ndim(constant) else constant


@overload(_of_cell, inline="always")
def _compile_of_cell(constant, i):
    if isinstance(constant, types.Array):
        return lambda constant, i: constant[i]
    return lambda constant, i: constant


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _exp_change(b):
    """exp(b) for a small b, to rounding (|b| <= 0.04: the next term is below 2e-16)."""
    return 1.0 + b * (
        1.0
        + b * (1 / 2 + b * (1 / 6 + b * (1 / 24 + b * (1 / 120 + b * (1 / 720 + b * (1 / 5040))))))
    )


@njit(cache=True, error_model="numpy", fastmath={"contract"})
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
            _of_cell(cell.g_leak, i) * (_of_cell(cell.E_leak, i) - v[i])
            + g_AMPA * (network.E_AMPA - v[i])
            + g_GABA * (network.E_GABA - v[i])
            + g_NMDA * (network.E_NMDA - v[i]) / (3.57 + u[i])
            + current[i]
        ) * per_C
        v_half = v[i] + 0.5 * dt * slope
        b_half = -0.5 * dt * slope * per_scale
        u_half = u[i] * _exp_change(b_half)
        slope = (
            _of_cell(cell.g_leak, i) * (_of_cell(cell.E_leak, i) - v_half)
            + g_AMPA * half_AMPA * (network.E_AMPA - v_half)
            + g_GABA * half_GABA * (network.E_GABA - v_half)
            + g_NMDA * (network.E_NMDA - v_half) / (3.57 + u_half)
            + current[i]
        ) * per_C
        change = dt * slope
        far += (abs(b_half) > _LARGE) | (abs(change * per_scale) > _LARGE)
        dv[i] = change if free[i] <= step else 0.0
    return far


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _exact_change(cell, network, i, v, s_AMPA, s_GABA, S_NMDA, current):
    """The change of voltage of cell ``i`` with exponentials instead of polynomials."""
    dt = network.dt
    g_AMPA, g_GABA, g_NMDA = cell.g_extern * s_AMPA, cell.g_GABA * s_GABA, cell.g_NMDA * S_NMDA
    v_start = v
    slope = 0.0
    for stage in range(2):
        slope = (
            _of_cell(cell.g_leak, i) * (_of_cell(cell.E_leak, i) - v)
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


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _step_population(cell, network, v, u, s_AMPA, s_GABA, S_NMDA, current, free, step, dv, spikes):
    """Move one population's voltages by a step; list and reset the cells that fire."""
    per_scale = 1.0 / network.nmda_block_voltage
    far = _membrane_changes(cell, network, v, u, s_AMPA, s_GABA, S_NMDA, current, free, step, dv)
    if far > 0:
        for i in range(v.shape[0]):
            if free[i] <= step:
                dv[i] = _exact_change(
                    cell, network, i, v[i], s_AMPA[i], s_GABA[i], S_NMDA[i], current[i]
                )
    decay_AMPA = 1.0 - network.dt / network.tau_AMPA + (network.dt / network.tau_AMPA) ** 2 / 2
    above = 0
    if far > 0:
        for i in range(v.shape[0]):
            v[i] += dv[i]
            u[i] = math.exp(-v[i] * per_scale)
            s_AMPA[i] *= decay_AMPA
            above += v[i] > network.v_threshold
    else:
        for i in range(v.shape[0]):
            v[i] += dv[i]
            u[i] *= _exp_change(-dv[i] * per_scale)
            s_AMPA[i] *= decay_AMPA
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
    return fired


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _filter(table, weights, values, filtered):
    """Sum the values with each row of the table, and add up the rows times weighted sums."""
    width, places = table.shape
    for j in range(places):
        filtered[j] = 0.0
    for k in range(0, width, 4):  # four rows at a time: fewer passes over the values
        sum0, sum1, sum2, sum3 = 0.0, 0.0, 0.0, 0.0
        for j in range(places):
            value = values[j]
            sum0 += value * table[k, j]
            sum1 += value * table[k + 1, j]
            sum2 += value * table[k + 2, j]
            sum3 += value * table[k + 3, j]
        sum0 *= weights[k]
        sum1 *= weights[k + 1]
        sum2 *= weights[k + 2]
        sum3 *= weights[k + 3]
        for j in range(places):
            filtered[j] += (sum0 * table[k, j] + sum1 * table[k + 1, j]) + (
                sum2 * table[k + 2, j] + sum3 * table[k + 3, j]
            )


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _fold(values, half, sums, differences):
    """Sums and differences of places j and half - j, for j below the middle."""
    for j in range(half // 2):
        sums[j] = values[j] + values[half - j]
    for j in range(half // 2):
        differences[j] = values[j] - values[half - j]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _unfold(same, opposite, half, values):
    """The reverse: parts that places j and half - j share, and parts of opposite sign."""
    for j in range(half // 2):
        values[j] = same[j] + opposite[j]
    for j in range(half // 2):
        values[half - j] = same[j] - opposite[j]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _ring_sums(
    s, mean_weight, odd_cosines, odd_sines, odd_weights, even_cosines, even_sines, even_weights,
    symmetric, antisymmetric, sums, differences, filtered, filtered_too, drive,
):  # fmt: skip
    """Write the ring-weighted sums of ``s`` into ``drive``; return the plain sum.

    All arrays from ``symmetric`` to ``filtered_too`` are scratch, of N // 2 + 1 places.
    """
    N = s.shape[0]
    half = N // 2
    middle = half // 2
    symmetric[0], antisymmetric[0] = s[0], 0.0
    for j in range(1, half + 1):
        symmetric[j] = s[j] + s[N - j]
    for j in range(1, half + 1):
        antisymmetric[j] = s[j] - s[N - j]
    if N % 2 == 0:
        symmetric[half], antisymmetric[half] = s[half], 0.0

    total = 0.0
    if odd_cosines.shape[1] > 0:
        _fold(symmetric, half, sums, differences)
        sums[middle], differences[middle] = symmetric[middle], 0.0
        for j in range(middle + 1):
            total += sums[j]
        _filter(even_cosines, even_weights, sums, filtered)
        _filter(odd_cosines, odd_weights, differences, filtered_too)
        _unfold(filtered, filtered_too, half, symmetric)
        symmetric[middle] = filtered[middle]
        _fold(antisymmetric, half, sums, differences)
        sums[middle], differences[middle] = antisymmetric[middle], 0.0
        _filter(odd_sines, odd_weights, sums, filtered)
        _filter(even_sines, even_weights, differences, filtered_too)
        _unfold(filtered, filtered_too, half, antisymmetric)
        antisymmetric[middle] = filtered[middle]
    else:
        for j in range(half + 1):
            total += symmetric[j]
        _filter(even_cosines, even_weights, symmetric, filtered)
        _filter(even_sines, even_weights, antisymmetric, filtered_too)
        symmetric[:] = filtered
        antisymmetric[:] = filtered_too

    constant = mean_weight * total
    for j in range(half + 1):
        drive[j] = (constant + symmetric[j]) + antisymmetric[j]
    for j in range(1, (N + 1) // 2):
        drive[N - j] = (constant + symmetric[j]) - antisymmetric[j]
    return total


@njit(cache=True, error_model="numpy", fastmath={"contract"})
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


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _advance(
    network, mean_weight, odd_cosines, odd_sines, odd_weights, even_cosines, even_sines,
    even_weights, step, steps,
    v_E, v_I, s_AMPA_E, s_AMPA_I, s_NMDA, x, s_GABA, s_GABA_own, free_E, free_I,
    current_levels, current_index, counts_E, targets_E, counts_I, targets_I,
    stride, record_E, record_I, recorded_v_E, recorded_v_I,
    spike_steps_E, spike_cells_E, spike_steps_I, spike_cells_I,
):  # fmt: skip
    E, I = network.excit, network.inhib  # noqa: E741
    places = E.N // 2 + 1
    symmetric, antisymmetric = np.empty(places), np.empty(places)
    sums, differences = np.empty(places), np.empty(places)
    filtered, filtered_too = np.empty(places), np.empty(places)
    ring_drive, plain_drive = np.empty(E.N), np.empty(I.N)
    s_GABA_E, s_GABA_I = np.empty(E.N), np.empty(I.N)
    no_current = np.zeros(I.N)
    dv_E, dv_I = np.empty(E.N), np.empty(I.N)
    fired_E, fired_I = np.empty(E.N, np.int64), np.empty(I.N, np.int64)
    per_scale = 1.0 / network.nmda_block_voltage
    # Afresh in every call, which is a short chunk of the run: rounding cannot pile up.
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
            s_NMDA, mean_weight, odd_cosines, odd_sines, odd_weights, even_cosines, even_sines,
            even_weights, symmetric, antisymmetric, sums, differences, filtered, filtered_too,
            ring_drive,
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


@functools.lru_cache(maxsize=4)
def _modes_of(weights: bytes) -> RingModes:
    """The tables of a profile; a run asks for the same ones once a chunk."""
    return RingModes(np.frombuffer(weights))


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
) -> None:
    """Advance the network; arguments as in :func:`wmtutor.bump.reference.advance`."""
    modes = _modes_of(network.weights.tobytes())
    steps = len(current_index)
    buffers = [
        np.empty(_room_for_spikes(cell, steps), np.int64)
        for cell in (network.excit, network.inhib)
        for _ in range(2)
    ]
    state.s_GABA, num_E, num_I = _advance(
        network, modes.mean_weight, *modes.odd, *modes.even, state.step, steps,
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
