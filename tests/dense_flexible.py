"""The flexible network step by step, with every weight written out: an oracle for small networks.

Nothing here is saved up or skipped: each step decays every input, works out every cell's rate with
tanh, and multiplies the spikes by one dense matrix of all weights. Its weights come from the
formulas, not from the library. Spikes follow the library's candidates, read as what they stand
for: the threshold belongs to a uniform number u, and the candidate fires if u < r / r_max.
"""

import numpy as np

from wmtutor.flexible.simulate import _CandidateSource


def dense_weights(network):
    """All weights as one matrix, pre by post: the sensory cells of all rings, then the random."""
    N_all, N_random = network.mask.shape
    N = network.N_sensory
    weights = np.zeros((N_all + N_random, N_all + N_random))
    for i in range(N_all):
        for k in range(i // N * N, (i // N + 1) * N):
            d = 2 * np.pi * (i - k) / N
            weights[i, k] = (
                network.ring_baseline
                + network.ring_excit_weight * np.exp(network.ring_excit_kappa * (np.cos(d) - 1))
                - network.ring_inhib_weight * np.exp(network.ring_inhib_kappa * (np.cos(d) - 1))
            )
            if i == k and not network.self_excitation:
                weights[i, k] = 0.0
    M = network.mask.astype(float)
    for j in range(N_random):
        if M[:, j].any():
            column = 1000 * network.alpha * M[:, j] / M[:, j].sum()
            weights[:N_all, N_all + j] = column + network.balance_ff * column.sum() / N_all
    for i in range(N_all):
        if M[i].any():
            row = 1000 * network.beta * M[i] / M[i].sum()
            weights[N_all:, i] = row + network.balance_fb * row.sum() / N_random
    return weights


def candidates_of(seed, cells, steps, parameters):
    """The candidates that a run with this seed draws: for each step, cells and uniform numbers."""
    seeds = np.random.SeedSequence(seed).spawn(7)[5:]
    source = _CandidateSource(seeds, cells, parameters)
    p = parameters
    result = []
    while len(result) < steps:
        number = min(source.steps, steps - len(result))
        counts, chosen, thresholds = source.draw(number)
        x = p.rate_slope * (thresholds + p.bias) - p.rate_offset
        u = (1 + np.tanh(x)) / 2
        ends = np.cumsum(counts)
        for start, end in zip(ends - counts, ends, strict=True):
            result.append((chosen[start:end], u[start:end]))
    return result


def simulate_dense(run, seed):
    """Steps and cells of all spikes of a trial like ``run``, which had this seed."""
    network, p = run.network, run.parameters
    N_all = network.mask.shape[0]
    weights = dense_weights(network)
    steps = round(p.sim_time / p.dt)
    start = np.random.default_rng(np.random.SeedSequence(seed).spawn(7)[4])
    s = np.concatenate(
        [start.uniform(0, 0.01, N_all), start.uniform(0, 0.01, network.mask.shape[1])]
    )
    r_max = 2 * p.rate_amplitude / p.tau
    spikes = []
    for step, (cells, u) in enumerate(candidates_of(seed, s.size, steps, p)):
        s = s * np.exp(-p.dt / p.tau)
        s_ext = np.zeros(s.size)
        for ring, (on, off), cue in zip(run.cued_rings, run.cue_spans, run.s_ext, strict=True):
            if on - 1e-9 <= step * p.dt < off - 1e-9:
                s_ext[ring * network.N_sensory : (ring + 1) * network.N_sensory] = cue
        r = p.rate_amplitude * (1 + np.tanh(p.rate_slope * (s + s_ext + p.bias) - p.rate_offset))
        fires = u < (r / p.tau / r_max)[cells]
        spikes += [(step, cell) for cell in cells[fires]]
        s = s + np.bincount(cells[fires], minlength=s.size) @ weights
    return np.array(spikes, dtype=np.int64).reshape(-1, 2)
