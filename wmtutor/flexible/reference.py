"""The network in plain NumPy, one line per equation: the version to read.

:mod:`wmtutor.flexible.kernel` holds the same steps compiled. Both take the same arguments and draw
nothing themselves: the candidates for spikes come in as arrays. Tests hold the two together.
"""

import numpy as np

from wmtutor.flexible.state import Candidates, Constants, NetworkState, Recording

__all__ = ["advance"]


def advance(
    constants: Constants, state: NetworkState, candidates: Candidates, record: Recording
) -> None:
    """Advance the network by ``len(candidates.counts)`` steps.

    For every cell (Bouchacourt & Buschman 2019)::

        tau ds/dt = -s,        s_i -> s_i + w_ji  when cell j fires
        r = amplitude (1 + tanh(slope (s + s_ext + bias) - offset)) / tau
        a spike in a step with probability r dt

    A step is: decay, rates, spikes, and then the spikes' weights are added.

    Most cells do not fire in a step, so their rates are not worked out. A step's candidates are
    drawn beforehand, each cell with the probability ``r_max dt`` that goes with the largest
    possible rate. A candidate becomes a spike with probability ``r / r_max``, which gives every
    cell its ``r dt``: the same law, not an approximation ("thinning", Lewis & Shedler 1979). And
    since ``r / r_max = 1 / (1 + exp(-2 x))``, with ``x`` the argument of tanh, is the distribution
    function of a logistic variable, "with probability ``r / r_max``" means: if the input exceeds a
    threshold with a logistic law. Those thresholds too are drawn beforehand.

    Parameters
    ----------
    constants : Constants
        Constants of the trial.
    state : NetworkState
        Where the network stands; changed in place.
    candidates : Candidates
        The candidates of the coming steps.
    record : Recording
        Receives spikes and inputs.
    """
    c = constants
    ends = np.cumsum(candidates.counts)
    for start, end in zip(ends - candidates.counts, ends, strict=True):
        record.sample(state, c)

        state.s_ring *= c.decay
        state.s_start *= c.decay
        state.count_sensory *= c.decay
        state.count_random *= c.decay
        state.total_sensory *= c.decay
        state.total_random *= c.decay

        # The inputs of the step's candidates.
        cells, thresholds = candidates.cells[start:end], candidates.thresholds[start:end]
        sensory = np.searchsorted(cells, c.N_rings * c.N_sensory)
        i, j = cells[:sensory], cells[sensory:] - c.N_rings * c.N_sensory
        ring, k = np.divmod(i, c.N_sensory)
        cue_is_on = (c.on[ring] <= state.step) & (state.step < c.off[ring])
        s_i = (
            state.s_ring[ring, k]
            + c.gain_fb[i] * state.count_sensory[i]
            + c.offset_fb[i] * state.total_random
            + np.where(cue_is_on, c.s_ext[ring, k], 0.0)
        )
        s_j = (
            state.s_start[j]
            + c.gain_ff[j] * state.count_random[j]
            + c.offset_ff[j] * state.total_sensory
        )

        # Those that exceed their thresholds fire.
        i = i[s_i > thresholds[:sensory]]
        j = j[s_j > thresholds[sensory:]]
        for cell in i:
            ring, k = divmod(cell, c.N_sensory)
            state.s_ring[ring] += np.roll(c.ring_profile, k)
            state.count_random += c.mask[cell]
        for cell in j:
            state.count_sensory += c.mask_by_random[cell]
        state.total_sensory += len(i)
        state.total_random += len(j)

        fired = np.concatenate([i, j + c.N_rings * c.N_sensory])
        record.add_spikes(np.full(len(fired), state.step), fired)
        state.step += 1
