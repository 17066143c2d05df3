"""The numbers of a live network, from the library's parameter sets; SI units, ready for JSON."""

import inspect
from dataclasses import asdict
from typing import Any

from wmtutor.bump.parameters import PRESETS, weight_profile
from wmtutor.bump.simulate import network_of, simulate_wm
from wmtutor.bump.state import Network
from wmtutor.flexible.network import build_network
from wmtutor.flexible.parameters import TOTAL_WEIGHT, FlexibleParameters, NetworkParameters
from wmtutor.units import ms, nA, second

__all__ = ["bump_network", "bump_parameters", "flexible_parameters"]

#: How a cue to the bump network starts out, and how long it is shown: the course sheet's.
BUMP_CUE = {"stimulus_width_deg": 30.0, "stimulus_strength": 0.06 * nA}
BUMP_CUE_SECONDS = 200 * ms
#: How long an item is shown to the flexible network (the paper's).
CUE_SECONDS = 100 * ms

_DEFAULTS = {name: p.default for name, p in inspect.signature(simulate_wm).parameters.items()}


def bump_network(
    preset: str = "neurodynex",
    *,
    shrink: int = 1,
    dt: float = 0.1 * ms,
    Jpos_excit2excit: float | None = None,
) -> Network:
    """The constants of a preset's network, as :func:`wmtutor.bump.simulate_wm` makes them.

    Parameters
    ----------
    preset : {"neurodynex", "neurodynex3", "compte2000"}
        Parameter set.
    shrink : int
        Take this fraction of the cells, with weights this much larger, so that the sums stay.
    dt : float
        Step in seconds.
    Jpos_excit2excit : float, optional
        Peak of the weight profile; the preset's by default.

    Returns
    -------
    Network

    Examples
    --------
    >>> network = bump_network(shrink=2)
    >>> network.excit.N, network.inhib.N
    (512, 128)
    """
    p = PRESETS[preset]
    peak = p.Jpos_excit2excit if Jpos_excit2excit is None else Jpos_excit2excit
    return network_of(
        p,
        weights=weight_profile(p.N_excitatory // shrink, p.sigma_weight_profile, peak),
        N_inhibitory=p.N_inhibitory // shrink,
        weight_scaling_factor=p.weight_scaling_factor * shrink,
        dt=dt,
        E_leak=float(p.E_leak),
        g_leak=float(p.g_leak_excit),
        **{name: value for name, value in _DEFAULTS.items() if name.startswith("G_")},
    )


def bump_parameters(preset: str = "neurodynex", **network: Any) -> dict[str, Any]:
    """The same as plain numbers and lists, with the rate of each cell's external spikes.

    Parameters
    ----------
    preset : {"neurodynex", "neurodynex3", "compte2000"}
        Parameter set.
    **network
        As in :func:`bump_network`.

    Returns
    -------
    dict
        The fields of ``Network``, ``extern_rate`` in Hz, ``sigma_weight_profile`` in degrees and
        ``Jpos_excit2excit``; the cue (``stimulus_width_deg``, ``stimulus_strength`` in ampere,
        ``cue_seconds``), and the story that is told at the start.

    Examples
    --------
    >>> round(bump_parameters()["extern_rate"])
    1400
    """
    p = PRESETS[preset]
    constants = bump_network(preset, **network)
    return {
        **constants._asdict(),
        "excit": constants.excit._asdict(),
        "inhib": constants.inhib._asdict(),
        "weights": constants.weights.tolist(),
        "extern_rate": p.N_extern_poisson * p.poisson_firing_rate,
        "sigma_weight_profile": p.sigma_weight_profile,
        "Jpos_excit2excit": p.Jpos_excit2excit,
        **BUMP_CUE,
        "cue_seconds": BUMP_CUE_SECONDS,
        "story": [
            {"at": 0.3 * second, "angle": 120, "on": True},
            {"at": 0.3 * second + BUMP_CUE_SECONDS, "angle": 120, "on": False},
        ],
    }


def flexible_parameters(**changes: Any) -> dict[str, Any]:
    """The flexible model's parameters as plain numbers, with the weights of its rings.

    Parameters
    ----------
    **changes
        Parameters of the network, as in :func:`wmtutor.flexible.build_network`.

    Returns
    -------
    dict
        The fields of ``FlexibleParameters`` and ``NetworkParameters``, ``ring_profile`` and
        ``total_weight``; ``cue_seconds``, and the story that is told at the start.

    Examples
    --------
    >>> p = flexible_parameters(N_rings=4)
    >>> p["N_rings"], len(p["ring_profile"])
    (4, 512)
    """
    # The rings' weights do not depend on the other layer: a small one will do to ask for them.
    network = build_network(seed=0, **{**changes, "N_random": 1, "N_rings": 1})
    items = [(0, 40), (2, 160), (5, 290)]
    return {
        **asdict(FlexibleParameters()),
        **asdict(NetworkParameters(**changes)),
        "ring_profile": network.ring_profile.tolist(),
        "total_weight": TOTAL_WEIGHT,
        "network_seed": 1,
        "cue_seconds": CUE_SECONDS,
        "story": [
            {"at": at, "ring": ring, "angle": angle, "on": on}
            for ring, angle in items
            for at, on in ((0.2 * second, True), (0.2 * second + CUE_SECONDS, False))
        ],
    }
