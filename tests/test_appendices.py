"""The book's tables of symbols and its reference: complete, and in step with the library."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import wmtutor
from wmtutor.bump import PRESETS, BumpParameters, simulate_wm
from wmtutor.checks import EXERCISES
from wmtutor.flexible import (
    FlexibleParameters,
    NetworkParameters,
    build_network,
    simulate_flexible_wm,
)
from wmtutor.units import ms

BOOK = Path(__file__).parents[1] / "book"
#: The questions of the exercises: what a learner asks for by name, and nothing to call.
QUESTIONS = {f"wmtutor.checks.{name}" for name in EXERCISES}


@pytest.fixture(scope="module")
def symbols() -> ModuleType:
    sys.path.insert(0, str(BOOK))
    try:
        return importlib.import_module("symbols")
    finally:
        sys.path.remove(str(BOOK))


def rows_of(table) -> dict[str, list[str]]:
    """The cells of each row by what the row calls itself in the code."""
    lines = [line for line in table.data.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]
    assert len({len(row) for row in cells}) == 1, "a row has a cell too many"
    return {row[2].strip("`"): row for row in cells if "follows" not in row[1]}


def test_every_argument_of_simulate_wm_has_a_row(symbols):
    """A parameter without a row is one that a reader of the page does not know of."""
    listed = {
        *rows_of(symbols.presets_table(symbols.BUMP_CELLS)),
        *rows_of(symbols.presets_table(symbols.BUMP_SYNAPSES)),
        *rows_of(symbols.presets_table(symbols.BUMP_DRIVE)),
        *rows_of(symbols.presets_table(symbols.BUMP_WEIGHTS)),
        *rows_of(symbols.defaults_table(symbols.BUMP_RUN, simulate_wm)),
    }
    fields = {field.name for field in dataclasses.fields(BumpParameters)} - {"name"}
    assert listed == {*inspect.signature(simulate_wm).parameters, *fields}


def test_every_argument_of_the_flexible_model_has_a_row(symbols):
    """The same for the second model, whose network and trial have a table each."""
    network, trial = rows_of(symbols.network_table()), rows_of(symbols.trial_table())
    assert {*network, "seed"} == set(inspect.signature(build_network).parameters)
    assert {*network, *trial} == set(inspect.signature(simulate_flexible_wm).parameters)
    assert not set(network) & set(trial)
    fields = {f.name for kind in (NetworkParameters, FlexibleParameters)
              for f in dataclasses.fields(kind)}  # fmt: skip
    assert fields <= {*network, *trial}


def test_values_are_those_of_the_library_in_the_unit_that_is_named(symbols):
    """A millivolt shown as a volt would be the very slip that one chapter is about."""
    rows = rows_of(symbols.presets_table([*symbols.BUMP_CELLS, *symbols.BUMP_SYNAPSES]))
    si = {"ms": 1e-3, "mV": 1e-3, "nS": 1e-9, "nF": 1e-9, "kHz": 1e3, "Hz": 1.0, "": 1.0}
    for name, (_, _, _, unit, *values, _) in rows.items():
        for shown, preset in zip(values, PRESETS.values(), strict=True):
            number = float(shown.replace("\N{MINUS SIGN}", "-")) * si[unit]
            assert np.isclose(number, getattr(preset, name), rtol=1e-3, atol=0), name


def test_units_are_those_that_the_library_takes(symbols):
    """Brian2 quantities know their dimension, and the library refuses all but the right one."""
    brian2 = pytest.importorskip("brian2")
    dimension = {"ms": brian2.second, "mV": brian2.volt, "nS": brian2.siemens, "nA": brian2.amp,
                 "Hz": brian2.hertz}  # fmt: skip
    taken = inspect.signature(simulate_wm).parameters
    listed = [*symbols.BUMP_DRIVE, *symbols.BUMP_WEIGHTS, *symbols.BUMP_RUN]
    checked = 0
    for symbol in listed:
        if symbol.name not in taken or symbol.name.startswith("initial_"):
            continue
        if symbol.unit in dimension:
            with pytest.raises(ValueError, match=f"{symbol.name}.*is in"):
                simulate_wm(**{"sim_time": 5 * ms, symbol.name: 1 * brian2.kilogram})
            right = 1.0 * dimension[symbol.unit]
            # Too large for most, but of the right kind: no error speaks of its unit.
            small = {"N_excitatory": 8, "N_inhibitory": 2, "sim_time": 5 * ms}
            said = ""
            try:
                simulate_wm(**{**small, symbol.name: right * 1e-3})
            except ValueError as error:
                said = str(error)
            assert "has the unit of" not in said
            checked += 1
    assert checked >= 12


def test_acting_conductances_are_those_of_the_run(symbols, monkeypatch):
    """The page multiplies the factors by itself; the network that runs is the judge."""
    networks = []

    def stop(advance, network, *rest):
        networks.append(network)
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate_module(), "_run", stop)
    for name, preset in PRESETS.items():
        with pytest.raises(KeyboardInterrupt):
            simulate_wm(preset=name, sim_time=5 * ms)
        values = symbols.of_preset(preset)
        acting = {
            key: symbols.acting_conductance(key, values)
            for key in ("G_excit2excit", "G_excit2inhib", "G_inhib2excit", "G_inhib2inhib")
        }
        network = networks[-1]
        assert np.isclose(acting["G_excit2excit"], network.excit.g_NMDA)
        assert np.isclose(acting["G_excit2inhib"], network.inhib.g_NMDA)
        assert np.isclose(acting["G_inhib2excit"], network.excit.g_GABA)
        assert np.isclose(acting["G_inhib2inhib"], network.inhib.g_GABA)
    assert len(networks) == len(PRESETS)


def simulate_module() -> ModuleType:
    return importlib.import_module("wmtutor.bump.simulate")


def test_quantities_are_where_the_page_says(symbols):
    """A dotted name that leads nowhere sends the reader into the dark."""
    for group in (symbols.BUMP_STATE, symbols.FLEXIBLE_STATE):
        rows = rows_of(symbols.state_table(group))
        assert len(rows) == len(group)
        for _, meaning, *_ in rows.values():
            assert len(meaning) > 4


def test_first_sentences_lose_their_unit_alone(symbols):
    """The unit has a column of its own; the rest of a sentence must stay."""
    cut = symbols.first_sentence
    assert cut("Rate of each source, Hz. More.") == "Rate of each source"
    assert cut("Current into each cell, ampere (``0.07 * nA``); may be negative.") == (
        "Current into each cell"
    )
    assert cut("See :func:`~wmtutor.bump.simulate_wm`.") == "See `wmtutor.bump.simulate_wm`"
    assert cut("Second of three | items.") == "Second of three \\| items"


def test_chapters_of_symbols_exist(symbols):
    """A link to a page that was renamed fails the build only when the book is built."""
    for name, group in vars(symbols).items():
        if name.isupper() and isinstance(group, list):
            for symbol in group:
                assert symbol.chapter in symbols.CHAPTERS
    missing = [page for page in symbols.CHAPTERS if not (BOOK / f"{page}.md").exists()]
    assert missing == []


def public_modules() -> dict[str, ModuleType]:
    modules = {}
    for found in pkgutil.walk_packages(wmtutor.__path__, "wmtutor."):
        if any(part.startswith("_") for part in found.name.split(".")):
            continue
        module = importlib.import_module(found.name)
        if hasattr(module, "__all__") and found.name not in QUESTIONS:
            modules[found.name] = module
    return modules


def test_reference_has_every_public_name():
    """A function that the reference does not know cannot be found by who needs it."""
    text = "\n".join(page.read_text() for page in BOOK.glob("api*.md"))
    documented = set(re.findall(r"^```\{library\} (\S+)", text, re.MULTILINE))
    modules = public_modules()
    assert documented <= set(modules), "a module is gone: take it from book/api_*.md"
    for name, module in modules.items():
        # A package passes on what its modules hold, and is where to take it from.
        package = modules.get(name.rpartition(".")[0])
        passed_on = set(package.__all__) if package else set()
        if name not in documented:
            missing = set(module.__all__) - passed_on
            assert not missing, f"add a section {name} to book/api_*.md for {sorted(missing)}"


@pytest.mark.parametrize("name", sorted(public_modules()))
def test_public_names_are_described(name):
    """An entry without words is a signature, which a reader could have guessed."""
    module = public_modules()[name]
    assert module.__doc__
    for member in module.__all__:
        value = getattr(module, member)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert value.__doc__, f"{name}.{member}"
            assert not value.__doc__.startswith(f"{member}("), f"{name}.{member}: made by dataclass"
