"""The network in plain NumPy, one line per equation: the version to read.

:mod:`wmtutor.bump.kernel` holds the same step compiled. Both take the same arguments and draw
nothing themselves: the external spikes come in as arrays. Tests hold the two together.
"""

import numpy as np

from wmtutor.bump.state import Network, NetworkState, Recording

__all__ = ["advance"]


def advance(
    network: Network,
    state: NetworkState,
    current_levels: np.ndarray,
    current_index: np.ndarray,
    extern_excit: tuple[np.ndarray, np.ndarray],
    extern_inhib: tuple[np.ndarray, np.ndarray],
    record: Recording,
) -> None:
    """Advance the network by ``len(current_index)`` steps of explicit midpoint (RK2).

    For every cell (Compte et al. 2000, Methods)::

        C dv/dt = -g_L (v - E_L) - g_ext s_AMPA (v - E_AMPA) - g_GABA s_GABA (v - E_GABA)
                  - g_NMDA S_NMDA (v - E_NMDA) B(v) + I,      B(v) = 1 / (1 + exp(-v/scale) / 3.57)
        ds_AMPA/dt = -s_AMPA / tau_AMPA        ds_GABA/dt = -s_GABA / tau_GABA
        ds_NMDA/dt = -s_NMDA / tau_NMDA + alpha x (1 - s_NMDA)        dx/dt = -x / tau_x

    ``S_NMDA`` is the ring-weighted sum of all E cells' ``s_NMDA`` for an E cell and their plain sum
    for an I cell, taken at the start of the step.

    Parameters
    ----------
    network : Network
        Constants of the run.
    state : NetworkState
        Where the network stands; changed in place.
    current_levels : ndarray, shape (levels, N_E)
        The patterns of injected current in ampere that occur in the run.
    current_index : ndarray of int, shape (steps,)
        Which pattern each step has.
    extern_excit, extern_inhib : tuple of (counts, targets)
        External spikes: how many fall into each step, and their target cells in order.
    record : Recording
        Receives spikes and voltages.
    """
    dt, E, I = network.dt, network.excit, network.inhib  # noqa: E741
    weights_fourier = np.fft.rfft(network.weights)
    starts_E = np.concatenate([[0], np.cumsum(extern_excit[0])])
    starts_I = np.concatenate([[0], np.cumsum(extern_inhib[0])])

    def block(v):
        return 1 / (1 + np.exp(-v / network.nmda_block_voltage) / 3.57)

    def dv_dt(cell, v, s_AMPA, s_GABA, S_NMDA, I_injected):
        return (
            cell.g_leak * (cell.E_leak - v)
            + cell.g_extern * s_AMPA * (network.E_AMPA - v)
            + cell.g_GABA * s_GABA * (network.E_GABA - v)
            + cell.g_NMDA * S_NMDA * (network.E_NMDA - v) * block(v)
            + I_injected
        ) / cell.C

    def ds_NMDA_dt(s, x):
        return -s / network.tau_NMDA + network.alpha_NMDA * x * (1 - s)

    def halfway(gate, tau):
        return gate * (1 - dt / (2 * tau))

    def after(gate, tau):
        return gate * (1 - dt / tau + (dt / tau) ** 2 / 2)

    def midpoint(cell, v, s_AMPA, s_GABA, S_NMDA, I_injected, active):
        v_half = v + dt / 2 * dv_dt(cell, v, s_AMPA, s_GABA, S_NMDA, I_injected)
        s_AMPA_half = halfway(s_AMPA, network.tau_AMPA)
        s_GABA_half = halfway(s_GABA, network.tau_GABA)
        slope = dv_dt(cell, v_half, s_AMPA_half, s_GABA_half, S_NMDA, I_injected)
        return np.where(active, v + dt * slope, v)

    for k, level in enumerate(current_index):
        record.sample_voltages(state)

        # What the synapses sum, from the state at the start of the step.
        S_ring = np.fft.irfft(np.fft.rfft(state.s_NMDA) * weights_fourier, n=E.N)
        S_plain = state.s_NMDA.sum()
        s_GABA_I = state.s_GABA - state.s_GABA_own  # an interneuron does not inhibit itself

        active_E = state.step >= state.free_E
        active_I = state.step >= state.free_I
        state.v_E[:] = midpoint(
            E, state.v_E, state.s_AMPA_E, state.s_GABA, S_ring, current_levels[level], active_E
        )
        state.v_I[:] = midpoint(I, state.v_I, state.s_AMPA_I, s_GABA_I, S_plain, 0.0, active_I)

        s_half = state.s_NMDA + dt / 2 * ds_NMDA_dt(state.s_NMDA, state.x)
        state.s_NMDA += dt * ds_NMDA_dt(s_half, halfway(state.x, network.tau_x))
        state.x[:] = after(state.x, network.tau_x)
        state.s_AMPA_E[:] = after(state.s_AMPA_E, network.tau_AMPA)
        state.s_AMPA_I[:] = after(state.s_AMPA_I, network.tau_AMPA)
        state.s_GABA = after(state.s_GABA, network.tau_GABA)
        state.s_GABA_own[:] = after(state.s_GABA_own, network.tau_GABA)

        # Spikes, resets, and what they send.
        spikes_E = np.flatnonzero(active_E & (state.v_E > network.v_threshold))
        spikes_I = np.flatnonzero(active_I & (state.v_I > network.v_threshold))
        state.v_E[spikes_E] = network.v_reset
        state.v_I[spikes_I] = network.v_reset
        state.free_E[spikes_E] = state.step + E.refractory_steps
        state.free_I[spikes_I] = state.step + I.refractory_steps
        state.x[spikes_E] += 1
        state.s_GABA += len(spikes_I)
        state.s_GABA_own[spikes_I] += 1
        np.add.at(state.s_AMPA_E, extern_excit[1][starts_E[k] : starts_E[k + 1]], 1.0)
        np.add.at(state.s_AMPA_I, extern_inhib[1][starts_I[k] : starts_I[k + 1]], 1.0)

        record.add_spikes(state.step, spikes_E, spikes_I)
        state.step += 1
