"""The tables of the page on symbols: values from the library, meanings from its docstrings.

Typed here is only what the library cannot know: which letter stands for which name, the unit in
which the book speaks of it, and the chapter that explains it.
"""

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from IPython.display import Markdown

from wmtutor import units
from wmtutor.bump import PRESETS, BumpParameters, simulate_wm, weight_profile
from wmtutor.flexible import (
    FlexibleParameters,
    NetworkParameters,
    build_network,
    simulate_flexible_wm,
)
from wmtutor.neuron import magnesium_block

#: How a cell of a table speaks of each chapter.
CHAPTERS = {
    "neurons": "cells",
    "ring": "ring",
    "bump": "bump",
    "reading": "reading",
    "bump_drift": "drift",
    "bump_reduced": "one equation",
    "distractors": "distractors",
    "unit_slip": "unit slip",
    "flexible": "pool",
    "flexible_load": "load",
    "flexible_network": "limits",
    "flexible_codes": "codes",
    "working_memory": "memory",
    "api_bump": "reference",
    "api_flexible": "reference",
}


class Symbol(NamedTuple):
    """A letter of the book, and what it is called in the library."""

    tex: str  # without dollars; empty if the book has no letter for it
    name: str
    unit: str  # a name in wmtutor.units, "°", "s", or empty for a pure number
    chapter: str


def _rows(text: str) -> list[Symbol]:
    return [
        Symbol(*(part.strip() for part in line.split(";"))) for line in text.split("\n") if line
    ]


BUMP_CELLS = _rows(
    r"""
N_E; N_excitatory; ; bump
N_I; N_inhibitory; ; bump
C; C_excit; nF; neurons
C; C_inhib; nF; neurons
g_L; g_leak_excit; nS; neurons
g_L; g_leak_inhib; nS; neurons
E_L; E_leak; mV; neurons
v_\mathrm{threshold}; v_threshold; mV; neurons
v_\mathrm{reset}; v_reset; mV; neurons
t_\mathrm{ref}; t_refractory_excit; ms; neurons
t_\mathrm{ref}; t_refractory_inhib; ms; neurons
""".strip()
)
BUMP_SYNAPSES = _rows(
    r"""
E_\mathrm{AMPA}; E_AMPA; mV; neurons
E_\mathrm{GABA}; E_GABA; mV; neurons
E_\mathrm{NMDA}; E_NMDA; mV; neurons
\tau_\mathrm{AMPA}; tau_AMPA; ms; neurons
\tau_\mathrm{GABA}; tau_GABA; ms; neurons
\tau_\mathrm{NMDA}; tau_NMDA; ms; neurons
\tau_x; tau_x; ms; neurons
\alpha; alpha_NMDA; kHz; neurons
; nmda_block_voltage; mV; unit_slip
""".strip()
)
BUMP_DRIVE = _rows(
    r"""
; N_extern_poisson; ; neurons
; poisson_firing_rate; Hz; bump
g_\mathrm{ext}; g_extern_excit; nS; bump
g_\mathrm{ext}; g_extern_inhib; nS; bump
""".strip()
)
BUMP_WEIGHTS = _rows(
    r"""
\sigma; sigma_weight_profile; °; ring
J_+; Jpos_excit2excit; ; ring
; G_excit2excit; nS; bump
; G_excit2inhib; nS; bump
; G_inhib2excit; nS; bump
; G_inhib2inhib; nS; bump
; weight_scaling_factor; ; unit_slip
; conductance_factor; ; unit_slip
; excit2inhib_factor; ; unit_slip
""".strip()
)
BUMP_RUN = _rows(
    r"""
; stimulus_center_deg; °; bump
; stimulus_width_deg; °; bump
I_\mathrm{stim}; stimulus_strength; nA; bump
; t_stimulus_start; ms; bump
; t_stimulus_duration; ms; bump
; distractor_center_deg; °; distractors
; distractor_width_deg; °; distractors
; distractor_strength; nA; distractors
; t_distractor_start; ms; distractors
; t_distractor_duration; ms; distractors
; excit2excit_profile; ; distractors
E_L; E_leak_excit; mV; bump_drift
g_L; g_leak_excit; nS; bump_drift
; sim_time; ms; bump
\mathrm{d}t; dt; ms; bump
; initial_voltage_excit; mV; api_bump
; initial_voltage_inhib; mV; api_bump
; monitored_subset_size; ; api_bump
; voltage_dt; ms; api_bump
; preset; ; unit_slip
; seed; ; api_bump
; backend; ; api_bump
; progress; ; api_bump
""".strip()
)

FLEXIBLE_NETWORK = _rows(
    r"""
; N_rings; ; flexible
; N_sensory; ; flexible
N_\mathrm{random}; N_random; ; flexible
p; connection_probability; ; flexible
\alpha; alpha; ; flexible
\beta; beta; ; flexible
e_\mathrm{out}; balance_ff; ; flexible_network
e_\mathrm{back}; balance_fb; ; flexible_network
; self_excitation; ; flexible
w_0; ring_baseline; ; ring
A_e; ring_excit_weight; ; ring
\kappa_e; ring_excit_kappa; ; ring
A_i; ring_inhib_weight; ; ring
\kappa_i; ring_inhib_kappa; ; ring
""".strip()
)
FLEXIBLE_TRIAL = _rows(
    r"""
\tau; tau; ms; flexible
; rate_amplitude; ; flexible
; rate_slope; ; flexible
; rate_offset; ; flexible
; bias; ; flexible
; stimulus_strength; ; flexible
; stimulus_width_deg; °; flexible
; stimulus_cutoff_deg; °; flexible
; input_noise; ; flexible_load
; t_stimulus_start; ms; flexible
; t_stimulus_duration; ms; flexible
; memory_threshold; Hz; flexible
; decode_window; ms; flexible
; test_time; s; flexible
; sim_time; s; flexible
\mathrm{d}t; dt; ms; flexible
; load; ; flexible
; cued_rings; ; flexible
; cue_positions_deg; °; flexible
; record_dt; ms; api_flexible
; network; ; flexible
; seed; ; api_flexible
; backend; ; api_flexible
; progress; ; api_flexible
""".strip()
)

#: Letters of quantities that change in a run, or are read from it: the name is where it is kept.
BUMP_STATE = _rows(
    r"""
v; wmtutor.neuron.CellRun.v; mV; neurons
s_\mathrm{AMPA}; wmtutor.neuron.Gates.AMPA; ; neurons
s_\mathrm{GABA}; wmtutor.neuron.Gates.GABA; ; neurons
s_\mathrm{NMDA}; wmtutor.neuron.Gates.NMDA; ; neurons
x; wmtutor.neuron.Gates.x; ; neurons
B(v); wmtutor.neuron.magnesium_block; ; neurons
W(d); wmtutor.bump.weight_profile; ; ring
r; wmtutor.monitors.PopulationRateMonitor.rate; Hz; bump
n_i; wmtutor.bump.get_spike_count; ; reading
\hat\theta; wmtutor.bump.PopulationVector.angle_deg; °; reading
\lvert z \rvert; wmtutor.bump.PopulationVector.strength; ; reading
\hat\theta_\mathrm{ML}; wmtutor.decoding.most_likely_angle; °; reading
J; wmtutor.decoding.fisher_information; 1/deg²; reading
D; wmtutor.bump.DiffusionEstimate.diffusion; deg²/s; bump
A(\theta); wmtutor.reduced.drift_from_input; °/s; bump_reduced
\kappa(x); wmtutor.reduced.ShiftMode.kick_deg; °; bump_reduced
p(\theta); wmtutor.reduced.stationary_density; ; bump_reduced
""".strip()
)
FLEXIBLE_STATE = _rows(
    r"""
s_i; wmtutor.flexible.FlexibleRun.s_sensory; ; flexible
s_j; wmtutor.flexible.FlexibleRun.s_random; ; flexible
s^\mathrm{ext}_i; wmtutor.flexible.FlexibleRun.s_ext; ; flexible
r_i; wmtutor.flexible.firing_rate; Hz; flexible
w(d); wmtutor.flexible.ring_weight_profile; ; flexible
M_{ij}; wmtutor.flexible.FlexibleNetwork.mask; ; flexible
W_{ij}; wmtutor.flexible.FlexibleNetwork.feedforward_weights; ; flexible
W_{ji}; wmtutor.flexible.FlexibleNetwork.feedback_weights; ; flexible
\lvert z \rvert; wmtutor.flexible.ActivityVector.strength; Hz; flexible
\arg z; wmtutor.flexible.ActivityVector.angle_deg; °; flexible
e; wmtutor.flexible.FlexibleRun.error_deg; °; flexible_load
G; wmtutor.laws.flexible_network.Loop.itself; ; flexible_network
g; wmtutor.fits.MixtureFit.guess_fraction; ; flexible_load
\kappa; wmtutor.fits.MixtureFit.concentration; ; flexible_load
K; wmtutor.fits.CapacityFit.capacity; ; flexible_load
r_0; wmtutor.laws.flexible_load.NormalisationFit.rest_rate; Hz; flexible_load
R; wmtutor.laws.flexible_load.NormalisationFit.largest_rate; Hz; flexible_load
\sigma; wmtutor.laws.flexible_load.NormalisationFit.half; ; flexible_load
""".strip()
)


def entries(documented: Any) -> dict[str, str]:
    """What a numpydoc docstring says of each parameter or attribute, as one line."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in (inspect.getdoc(documented) or "").splitlines():
        head = re.fullmatch(r"([A-Za-z_][\w, ]*?) : .*", line)
        if head:
            names = [name.strip() for name in head[1].split(",")]
            found.update(dict.fromkeys(names, ""))
        elif line.startswith("    ") and names:
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
        elif line:
            names = []
    return found


def first_sentence(text: str) -> str:
    """The first sentence of a docstring's text, in Markdown, without the unit it is given in."""
    text = re.sub(r":(?:func|class|meth|data):`~?\.?([^`]+)`", r"``\1``", text)
    sentence = re.split(r"(?<=[.;:])\s+", text.strip())[0].rstrip(".;:").replace("``", "`")
    # It has a column of its own.
    unit = r"(?:without unit|(?:in )?(?:seconds|degrees|volt|siemens|ampere|hertz|Hz|deg\^2/s))"
    sentence = re.sub(rf",?\s{unit}(?: \(`[^`]*`\))?(?=,|$)", "", sentence)
    return sentence.replace("|", "\\|")


def meaning(name: str, *documented: Any) -> str:
    """What the first docstring that speaks of a name says of it."""
    for one in documented:
        text = entries(one).get(name)
        if text:
            return first_sentence(text)
    raise LookupError(f"{name} has no description")


def value(given: Any, unit: str) -> str:
    """A value of the library in the unit in which the book speaks of it."""
    if given is None or given is inspect.Parameter.empty:
        return "–"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, str):
        return f'`"{given}"`'
    factor = 1.0 if unit in ("", "°") else units.second if unit == "s" else getattr(units, unit)
    number = given / factor
    text = f"{number:.0f}" if abs(number) >= 1000 else f"{number:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")


def defaults(function: Any) -> dict[str, Any]:
    """The defaults in a function's signature."""
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


def of_preset(preset: BumpParameters) -> dict[str, Any]:
    """Every argument and constant of the bump network in one parameter set."""
    return {**defaults(simulate_wm), **dataclasses.asdict(preset)}


def _letter(tex: str) -> str:
    return f"${tex}$" if tex else "–"


def _link(chapter: str) -> str:
    return f"{{doc}}`{CHAPTERS[chapter]} <{chapter}>`"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    # The class keeps names of code in one piece: the table scrolls sideways by itself.
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f":::{{table}}\n:class: symbols\n{table}\n:::\n"


def presets_table(symbols: list[Symbol], derived: Iterable[list[str]] = ()) -> Markdown:
    """A row for each symbol, with its value in each parameter set of the bump network."""
    sets = {name: of_preset(preset) for name, preset in PRESETS.items()}
    rows = [
        [_letter(s.tex), meaning(s.name, BumpParameters, simulate_wm), f"`{s.name}`",
         s.unit, *(value(values[s.name], s.unit) for values in sets.values()), _link(s.chapter)]
        for s in symbols
    ]  # fmt: skip
    heads = ["symbol", "meaning", "in the code", "unit", *(f"`{name}`" for name in sets), "chapter"]
    return Markdown(_table(heads, [*rows, *derived]))


def acting_conductance(name: str, values: dict[str, Any]) -> float:
    """A recurrent conductance with all of its factors, in siemens."""
    conductance = values[name] * values["weight_scaling_factor"] * values["conductance_factor"]
    return conductance * (values["excit2inhib_factor"] if name == "G_excit2inhib" else 1.0)


def derived_weights() -> list[list[str]]:
    """What follows from the weights' parameters: the base, and the conductances as they act."""
    sets = [of_preset(preset) for preset in PRESETS.values()]
    bases = [
        weight_profile(v["N_excitatory"], v["sigma_weight_profile"], v["Jpos_excit2excit"]).min()
        for v in sets
    ]
    rows = [["$J_-$", "*follows:* base of the E-to-E weight profile", "`weight_profile(...).min()`",
             "", *(value(base, "") for base in bases), _link("ring")]]  # fmt: skip
    for name in ("G_excit2excit", "G_excit2inhib", "G_inhib2excit", "G_inhib2inhib"):
        acting = [acting_conductance(name, values) for values in sets]
        rows.append(["–", f"*follows:* `{name}` with all its factors", "–", "nS",
                     *(value(one, "nS") for one in acting), _link("unit_slip")])  # fmt: skip
    return rows


def derived_block() -> list[list[str]]:
    """The magnesium block half way between reset and threshold."""
    shares, voltages = [], []
    for name, preset in PRESETS.items():
        voltages.append((preset.v_reset + preset.v_threshold) / 2)
        shares.append(float(magnesium_block(voltages[-1], name)))
    at = {value(voltage, "mV") for voltage in voltages}
    return [["$B(v)$", f"*follows:* open share at {' or '.join(sorted(at))} mV",
             "`magnesium_block`", "", *(value(share, "") for share in shares),
             _link("unit_slip")]]  # fmt: skip


def defaults_table(symbols: list[Symbol], function: Any, *documented: Any) -> Markdown:
    """A row for each symbol, with its default in a function's signature."""
    given = defaults(function)
    rows = [
        [_letter(s.tex), meaning(s.name, *documented, function), f"`{s.name}`", s.unit,
         value(given[s.name], s.unit), _link(s.chapter)]
        for s in symbols
    ]  # fmt: skip
    return Markdown(
        _table(["symbol", "meaning", "in the code", "unit", "default", "chapter"], rows)
    )


def network_table() -> Markdown:
    """The parameters that define a flexible network."""
    return defaults_table(FLEXIBLE_NETWORK, build_network, NetworkParameters)


def trial_table() -> Markdown:
    """The parameters of a trial on it."""
    return defaults_table(FLEXIBLE_TRIAL, simulate_flexible_wm, FlexibleParameters)


def find(path: str) -> tuple[Any, str]:
    """The object that documents a dotted name, and which of its attributes the name is, if any."""
    parent, _, last = path.rpartition(".")
    try:
        return getattr(importlib.import_module(parent), last), ""
    except ModuleNotFoundError:
        module, _, name = parent.rpartition(".")
        owner = getattr(importlib.import_module(module), name)
        method = inspect.getattr_static(owner, last, None)
        return (method, "") if inspect.isfunction(method) else (owner, last)


def state_table(symbols: list[Symbol]) -> Markdown:
    """A row for each letter of something that changes in a run or is read from it."""
    rows = []
    for symbol in symbols:
        documented, part = find(symbol.name)
        text = meaning(part, documented) if part else first_sentence(_opening(documented))
        short = symbol.name.removeprefix("wmtutor.")
        rows.append([_letter(symbol.tex), text, f"`{short}`", symbol.unit, _link(symbol.chapter)])
    return Markdown(_table(["symbol", "meaning", "in the code", "unit", "chapter"], rows))


def _opening(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())
