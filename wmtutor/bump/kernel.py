"""The network's step compiled with Numba: the same arithmetic as :mod:`wmtutor.bump.reference`.

Three things are done another way, and none of them is an approximation beyond rounding:

- The exponential of the magnesium block, ``u = exp(-v/scale)``, is carried along from step to
  step. A step moves ``v`` by little, so ``exp(a + b) = exp(a) (1 + b + ...)`` needs a short
  polynomial and no call of ``exp``. Where a step moves some cell further, ``exp`` is called.
- The ring's circular convolution is a sum over the Fourier modes that the weight profile has.
  A smooth profile has few of them, and the ring's symmetries shorten their tables.
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
#: Sectors into which the ring is cut, and the rows that :func:`_cross` combines to overlay them.
_SECTORS = 8
_CROSSINGS = np.array(
    [(0, 4), (1, 5), (2, 6), (3, 7), (0, 2), (1, 3), (0, 1), (5, 7), (4, 7), (5, 6)]
)
_FACTORS = np.array([1, 1, 1, 1, 1, 1, 1, math.sqrt(0.5), 1, 1])
#: What the rows hold after that, P_0, P_4, P_2, Q_2, P_1, Q_1, Q_3 and P_3: the rows of values for
#: which :func:`_reflect` adds and subtracts, and the sign of the differences.
_REFLECTIONS = np.array([(0, 1), (2, 3), (8, 11), (10, 9), (4, 7), (6, 5), (14, 13), (12, 15)])
_SIGNS = np.array([1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, 1.0])


class RingModes:
    """The Fourier modes of the weight profile, as tables of cosines and sines.

    The profile is even, so mode ``k`` of the drive is ``weight_k`` times mode ``k`` of the gates.
    Modes below rounding are left out. Two symmetries of the ring shorten the sums and the tables:

    *Turns.* The ring is cut into 8 sectors. A turn by a sector turns mode ``k`` by ``k`` eighths of
    a circle, and of that only ``r = k mod 8`` is seen. So for each ``r`` the sectors are laid upon
    each other once for all of its modes, sector ``a`` with the weights ``cos(pi r a / 4)`` and
    ``sin(pi r a / 4)``. That gives ``P_r`` and ``Q_r``, functions of the angle ``t`` in a sector::

        sum over the ring of s cos(k t) = sum over a sector of P_r cos(k t) - Q_r sin(k t)
        sum over the ring of s sin(k t) = sum over a sector of Q_r cos(k t) + P_r sin(k t)

    A mode with ``r > 4`` is taken as mode ``-k``, so ``r`` is 0 to 4. ``Q_0`` and ``Q_4`` vanish.

    *Reflection.* Angles are counted from the middle of the sector. Places at ``t`` and ``-t`` share
    a cosine, and their sines differ in sign: cosines need only the sums of the two places, sines
    only the differences, and half of the sector will do.

    A ring that cannot be cut into 8 sectors of an even number of places is one sector.

    Parameters
    ----------
    weights : ndarray, shape (N,)
        The profile, peak first.

    Attributes
    ----------
    sectors : int
        8 or 1.
    alone : tuple of ndarray
        Tables of shape (4, modes, places) and the modes' weights, of shape (4, modes): cosines for
        ``r = 0``, sines for ``r = 0``, the same for ``r = 4``. One sector has the first two only.
    paired : tuple of ndarray
        For ``r`` of 1, 2 and 3: tables of shape (3, modes, 2 places), a mode's cosines and then its
        sines in a row, and weights of shape (3, modes). One sector has none.
    """

    def __init__(self, weights: np.ndarray) -> None:
        N = len(weights)
        spectrum = np.fft.rfft(weights).real
        kept = np.flatnonzero(np.abs(spectrum) > 1e-15 * np.abs(spectrum).max())
        modes = np.arange((kept.max() if len(kept) else 0) + 1)
        mode_weights = 2 * spectrum / N
        mode_weights[0] /= 2  # it has no partner, and nor has the alternating mode
        if N % 2 == 0:
            mode_weights[-1] /= 2
        self.sectors = _SECTORS if N % (2 * _SECTORS) == 0 else 1
        if self.sectors == 1:
            alone, paired = [modes], []
        else:
            modes = np.where(modes % 8 <= 4, modes, -modes)
            alone = [modes[modes % 8 == r] for r in (0, 4)]
            paired = [modes[modes % 8 == r] for r in (1, 2, 3)]
        # In half places: the distances of a sector's first half from its middle.
        distances = np.arange(1 - N // self.sectors, 1, 2)
        cosines, sines, padded = self._tables(alone, distances, N, mode_weights, 2)
        self.alone = (
            np.stack([cosines, sines], axis=1).reshape(2 * len(alone), -1, len(distances)),
            np.repeat(padded, 2, axis=0),
        )
        cosines, sines, padded = self._tables(paired, distances, N, mode_weights, 3)
        self.paired = np.concatenate([cosines, sines], axis=2), padded

    @staticmethod
    def _tables(
        classes: list[np.ndarray], distances: np.ndarray, N: int, weights: np.ndarray, at_once: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # So many modes are taken at a time; tables are filled up with modes of weight 0.
        width = -(-max((len(modes) for modes in classes), default=0) // at_once) * at_once
        cosines, sines = np.zeros((2, len(classes), width, len(distances)))
        padded = np.zeros((len(classes), width))
        for c, modes in enumerate(classes):
            # Reducing the product modulo the circle keeps the angles' rounding small at high modes.
            half_places = np.outer(modes, distances) % (2 * N)
            cosines[c, : len(modes)] = np.cos(half_places * (np.pi / N))
            sines[c, : len(modes)] = np.sin(half_places * (np.pi / N))
            padded[c, : len(modes)] = weights[np.abs(modes)]
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


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _cross(rows, a, b, factor):
    """Put the sum and the difference of rows ``a`` and ``b``, times a factor, in their places."""
    for j in range(rows.shape[1]):
        first, second = rows[a, j], rows[b, j]
        rows[a, j] = factor * (first + second)
        rows[b, j] = factor * (first - second)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _reflect(rows, a, values, to_sums, to_differences, sign):
    """Sums and differences of the places of row ``a`` that are as far from its middle."""
    # Unsigned, so that it cannot mean a place from the end: that would rule out vector loads.
    last = np.uint64(rows.shape[1] - 1)
    for j in range(values.shape[1]):
        values[to_sums, j] = rows[a, j] + rows[a, last - np.uint64(j)]
    for j in range(values.shape[1]):
        values[to_differences, j] = sign * (rows[a, j] - rows[a, last - np.uint64(j)])


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _reflect_back(values, sums, differences, sign, rows, a):
    """The reverse: parts that such places share, and parts of opposite sign."""
    # Unsigned, so that it cannot mean a place from the end: that would rule out vector loads.
    last = np.uint64(rows.shape[1] - 1)
    for j in range(values.shape[1]):
        rows[a, last - np.uint64(j)] = values[sums, j] - sign * values[differences, j]
    for j in range(values.shape[1]):
        rows[a, j] = values[sums, j] + sign * values[differences, j]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _filter_alone(tables, weights, c, values, filtered):
    """Sum the values with each mode of table ``c``, and add up the modes times weighted sums."""
    width, places = tables.shape[1:]
    for j in range(places):
        filtered[c, j] = 0.0
    for k in range(0, width, 2):  # two modes at a time: fewer passes over the values
        sum0, sum1 = 0.0, 0.0
        for j in range(places):
            sum0 += values[c, j] * tables[c, k, j]
            sum1 += values[c, j] * tables[c, k + 1, j]
        sum0 *= weights[c, k]
        sum1 *= weights[c, k + 1]
        for j in range(places):
            filtered[c, j] += sum0 * tables[c, k, j] + sum1 * tables[c, k + 1, j]


@njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _filter_paired(tables, weights, c, values, filtered):
    """The same for two rows of values that have table ``c`` in common."""
    width, places = tables.shape[1:]
    for j in range(places):
        filtered[c, 0, j] = 0.0
        filtered[c, 1, j] = 0.0
    for k in range(0, width, 3):
        p0, p1, p2, q0, q1, q2 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(places):
            p, q = values[c, 0, j], values[c, 1, j]
            p0 += p * tables[c, k, j]
            q0 += q * tables[c, k, j]
            p1 += p * tables[c, k + 1, j]
            q1 += q * tables[c, k + 1, j]
            p2 += p * tables[c, k + 2, j]
            q2 += q * tables[c, k + 2, j]
        p0, q0 = weights[c, k] * p0, weights[c, k] * q0
        p1, q1 = weights[c, k + 1] * p1, weights[c, k + 1] * q1
        p2, q2 = weights[c, k + 2] * p2, weights[c, k + 2] * q2
        for j in range(places):
            mode0, mode1, mode2 = tables[c, k, j], tables[c, k + 1, j], tables[c, k + 2, j]
            filtered[c, 0, j] += p0 * mode0 + (p1 * mode1 + p2 * mode2)
            filtered[c, 1, j] += q0 * mode0 + (q1 * mode1 + q2 * mode2)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _scratch(sectors, sector, paired):
    """Scratch of :func:`_ring_sums`: made once a chunk, as slicing at every step is slow."""
    places = (sector + 1) // 2
    first = 2 * sectors - 4 * paired  # the rows before it belong to tables that stand alone
    values, filtered = np.empty((2 * sectors, places)), np.empty((2 * sectors, places))
    paired_values = values[first:].reshape((paired, 2, 2 * places))
    paired_filtered = filtered[first:].reshape((paired, 2, 2 * places))
    return values, paired_values, filtered, paired_filtered


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _ring_sums(
    s, alone_tables, alone_weights, paired_tables, paired_weights,
    values, paired_values, filtered, paired_filtered, drive,
):  # fmt: skip
    """Write the ring-weighted sums of ``s`` into ``drive``; return the plain sum.

    ``s`` and ``drive`` have a row for each sector. ``drive`` serves as scratch too, first. What is
    done to the gates before the modes are taken is done backwards after it, step by step.
    """
    cut = s.shape[0] > 1
    if cut:
        for a in range(_SECTORS):
            for j in range(s.shape[1]):
                drive[a, j] = s[a, j]
        for i in range(len(_CROSSINGS)):
            _cross(drive, _CROSSINGS[i, 0], _CROSSINGS[i, 1], _FACTORS[i])
        for a in range(_SECTORS):
            _reflect(drive, a, values, _REFLECTIONS[a, 0], _REFLECTIONS[a, 1], _SIGNS[a])
    else:
        _reflect(s, 0, values, 0, 1, 1.0)
        if s.shape[1] % 2 == 1:  # the place in the middle has no other
            values[0, values.shape[1] - 1] /= 2

    total = 0.0
    for j in range(values.shape[1]):
        total += values[0, j]

    for c in range(alone_tables.shape[0]):
        _filter_alone(alone_tables, alone_weights, c, values, filtered)
    for c in range(paired_tables.shape[0]):
        _filter_paired(paired_tables, paired_weights, c, paired_values, paired_filtered)

    if cut:
        for a in range(_SECTORS):
            _reflect_back(filtered, _REFLECTIONS[a, 0], _REFLECTIONS[a, 1], _SIGNS[a], drive, a)
        for i in range(len(_CROSSINGS) - 1, -1, -1):
            _cross(drive, _CROSSINGS[i, 0], _CROSSINGS[i, 1], _FACTORS[i])
    else:
        _reflect_back(filtered, 0, 1, 1.0, drive, 0)
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
    network, sectors, alone_tables, alone_weights, paired_tables, paired_weights, step, steps,
    v_E, v_I, s_AMPA_E, s_AMPA_I, s_NMDA, x, s_GABA, s_GABA_own, free_E, free_I,
    current_levels, current_index, counts_E, targets_E, counts_I, targets_I,
    stride, record_E, record_I, recorded_v_E, recorded_v_I,
    spike_steps_E, spike_cells_E, spike_steps_I, spike_cells_I,
):  # fmt: skip
    E, I = network.excit, network.inhib  # noqa: E741
    ring_drive, plain_drive = np.empty(E.N), np.empty(I.N)
    s_sectors = s_NMDA.reshape((sectors, E.N // sectors))
    drive_sectors = ring_drive.reshape((sectors, E.N // sectors))
    values, paired_values, filtered, paired_filtered = _scratch(
        sectors, E.N // sectors, len(paired_tables)
    )
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
            s_sectors, alone_tables, alone_weights, paired_tables, paired_weights,
            values, paired_values, filtered, paired_filtered, drive_sectors,
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
        network, modes.sectors, *modes.alone, *modes.paired, state.step, steps,
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
