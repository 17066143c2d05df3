"""The benchmarks: their arithmetic, and whether the book's two files hold what they must.

Nothing here is timed. What the files say is compared with what they say elsewhere.
"""

import json
import statistics
from pathlib import Path

import numpy as np
import pytest
from peers import measuring

DATA = Path(__file__).parents[1] / "book" / "data"
SECONDS = {"bump": "stepping_s", "flexible": "trial_s"}
OURS = "wmtutor, Numba"


@pytest.fixture(params=sorted(SECONDS))
def model(request):
    return request.param


@pytest.fixture
def result(model):
    return json.loads((DATA / f"benchmark_{model}.json").read_text())


def summaries(node):
    """Every summary of a file, however deep."""
    if isinstance(node, dict):
        if "median" in node:
            yield node
        for value in node.values():
            yield from summaries(value)
    elif isinstance(node, list):
        for value in node:
            yield from summaries(value)


# The files ----------------------------------------------------------------------------------------


def test_the_machine_and_all_versions_are_named(result):
    """If they were not, nobody could say to what the page's numbers apply."""
    for name in ("processor", "system", "kernel", "architecture", "python"):
        assert result["machine"][name].strip()
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["memory_GB"] > 0
    assert {"python", "numpy", "numba", "brian2"} <= set(result["environments"]["wmtutor"])
    assert result["wmtutor_commit"] != "unknown"
    assert "benchmark_" in result["command"]
    assert len(result["date"].split("-")) == 3


def test_the_book_shows_a_full_measurement(result):
    """If the committed file came from a quick try, the page would print noise as a result."""
    assert not result["quick"]
    assert result["rounds"] >= 5


def test_every_summary_is_that_of_its_values(result):
    """If a median or a range did not follow from the listed times, the table would be made up."""
    found = list(summaries(result))
    assert len(found) > 30
    for s in found:
        assert s["median"] == statistics.median(s["values"])
        assert (s["min"], s["max"]) == (min(s["values"]), max(s["values"]))
        assert s["runs"] == len(s["values"]) >= 1


def test_the_contestants_took_turns(result):
    """If one ran all its rounds in a row, a machine that slowed down would decide the race."""
    head = result["headline"]
    names = set(head["base"])
    order = head["order"]
    assert len(order) == result["rounds"] * len(names)
    first = order[: len(names)]
    assert set(first) == names
    for n in range(result["rounds"]):
        # Every other round goes backwards.
        expected = first[::-1] if n % 2 else first
        assert order[n * len(names) : (n + 1) * len(names)] == expected


def test_ratios_are_those_of_the_listed_times(model, result):
    """If they were not, the page would claim a speed that the times do not show."""
    head = result["headline"]
    times = head[SECONDS[model]]
    assert set(head["ratio_to_numba"]) == set(times) == set(head["base"])
    for name, ratio in head["ratio_to_numba"].items():
        base = times[head["base"][name]]["values"]
        expected = np.divide(times[name]["values"], base)
        np.testing.assert_allclose(ratio["values"], expected, rtol=1e-12)
        assert ratio["runs"] == result["rounds"]


def test_everybody_simulated_the_network(model, result):
    """If a contestant's rates were not those of the network, it would win by doing less."""
    head = result["headline"]
    assert set(head["plausibility"]) == set(head["base"])
    for name, quantities in head["plausibility"].items():
        assert quantities, name
        for quantity in quantities.values():
            assert len(quantity["values"]) == result["rounds"]
            assert 0 <= quantity["low"] < quantity["high"]
            assert all(quantity["low"] <= x <= quantity["high"] for x in quantity["values"]), name
    if model == "bump":
        # The limits come from Brian2's own runs, and keep a network that does nothing out.
        assert head["plausibility"][OURS]["rate_excit_Hz"]["low"] > 5


def test_the_rivals_were_there(model, result):
    """If the peers that the page is about were left out, there would be no comparison."""
    names = set(result["headline"]["base"]) | set(result["headline"]["left_out"])
    wanted = {
        "bump": {OURS, "wmtutor, NumPy", "Brian2, sums", "Brian2, course", "Brian2, standalone",
                 "BrainPy", "neurodynex3"},
        "flexible": {OURS, "wmtutor, NumPy", "Brian2, event-driven", "Brian2, all pairs",
                     "Brian2, standalone", "Brian2, standalone, thinned", "BrainPy, dense"},
    }  # fmt: skip
    assert wanted[model] <= names
    assert not result["headline"]["left_out"], "make bench makes all environments"


def test_the_floor_is_below_us(result):
    """If the floor were above our time, it would not be one."""
    floor = result["floor"]
    assert 0 < floor["floor_s"]["median"] <= floor["ours_s"]["median"]
    assert floor["times_the_floor"]["min"] >= 1
    np.testing.assert_allclose(
        floor["times_the_floor"]["values"],
        np.divide(floor["ours_s"]["values"], floor["floor_s"]["values"]),
        rtol=1e-12,
    )


def test_the_bump_s_counted_operations_add_up():
    """If they did not, the second bound of the page would be of another kernel."""
    floor = json.loads((DATA / "benchmark_bump.json").read_text())["floor"]
    parts = dict(floor["operations_per_step"])
    total = parts.pop("total")
    assert total == sum(parts.values())
    seconds = total * 16000 / floor["best_operations_per_s"]
    assert floor["operations_at_best_rate_s"] == pytest.approx(seconds)
    assert seconds < floor["ours_s"]["min"]


def test_trials_and_cores_cover_what_the_page_shows(result):
    """If a size were missing, a curve of the page would end early without a word."""
    assert [row["trials"] for row in result["trials"]] == [1, 10, 100, 1000]
    for row in result["trials"]:
        expected = np.divide(row["total_s"]["values"], row["trials"])
        np.testing.assert_allclose(row["per_trial_s"]["values"], expected)
    processes = result["cores"]["processes"]
    assert [row["n_jobs"] for row in processes] == [2**k for k in range(len(processes))]
    assert processes[-1]["n_jobs"] <= result["machine"]["cores"] < 2 * processes[-1]["n_jobs"]
    alone = processes[0]["total_s"]["values"]
    for row in processes:
        np.testing.assert_allclose(
            row["speed_up"]["values"], np.divide(alone, row["total_s"]["values"])
        )
        np.testing.assert_allclose(
            row["efficiency"]["values"], np.divide(row["speed_up"]["values"], row["n_jobs"])
        )


def test_the_sizes_cover_what_the_page_shows():
    """If a table were cut, the exponents would be of other sizes than the page says."""
    bump, flexible = (
        json.loads((DATA / f"benchmark_{name}.json").read_text())["scaling"] for name in SECONDS
    )
    cells = [row["N_excitatory"] for row in bump["cells"]]
    assert cells == [256, 512, 1024, 2048, 4096, 8192]
    assert [row["load"] for row in flexible["load"]] == list(range(9))
    assert len(bump["external_rate"]) >= 5
    spikes = [row["spikes"]["median"] for row in flexible["load"]]
    assert spikes[0] == min(spikes)  # with nothing to remember, only noise fires
    medians = [row["per_model_second_s"]["median"] for row in bump["cells"]]
    assert bump["cells_exponent"] == measuring.power_law(cells, medians)
    for name, fit in flexible["exponents"].items():
        rows = [row for row in flexible["size"] if row["varied"] == name]
        assert len(rows) == fit["points"] == 5
        again = measuring.power_law(
            [row[name] for row in rows], [row["trial_s"]["median"] for row in rows]
        )
        assert fit == again


# The arithmetic -----------------------------------------------------------------------------------


def test_take_turns_goes_round_and_back():
    """If turns were not rounds, ratios would compare runs that lie far apart in time."""
    said = []
    rows, order = measuring.take_turns(
        {name: lambda name=name: said.append(name) or len(said) for name in "abc"}, 3
    )
    assert order == said == list("abccbaabc")
    assert rows == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


def test_power_law_finds_an_exponent_and_how_sure_it_is():
    """If the fit or its interval were wrong, the page's exponents would be."""
    x = np.array([1.0, 2.0, 4.0, 8.0])
    fit = measuring.power_law(x, 3 * x**1.5)
    assert fit["exponent"] == pytest.approx(1.5)
    assert fit["high"] - fit["low"] < 1e-6
    # By hand: in base 2 the points are (0, 0), (1, 1), (2, 1), (3, 2). The slope is 0.6, the
    # residuals -0.1, 0.3, -0.3, 0.1, so its standard error is sqrt(0.2 / 2 / 5) = sqrt(0.02), and
    # Student's t with 2 degrees of freedom is 4.30265.
    fit = measuring.power_law(x, 2.0 ** np.array([0, 1, 1, 2]))
    assert fit["exponent"] == pytest.approx(0.6)
    assert fit["high"] - 0.6 == pytest.approx(4.30265 * 0.02**0.5, rel=1e-5)
    assert 0.6 - fit["low"] == pytest.approx(4.30265 * 0.02**0.5, rel=1e-5)


def test_nobody_wins_by_doing_nothing():
    """If a silent network passed, the fastest simulator would be one that does not simulate."""
    limits = {"rate_Hz": (9.0, 15.0)}
    kept = measuring.plausibility("one", [{"rate_Hz": 12.0}, {"rate_Hz": 9.5}], limits)
    assert kept == {"rate_Hz": {"low": 9.0, "high": 15.0, "values": [12.0, 9.5]}}
    for rate in (0.0, 20.0, float("nan")):
        with pytest.raises(RuntimeError, match="lazy: rate_Hz"):
            measuring.plausibility("lazy", [{"rate_Hz": 12.0}, {"rate_Hz": rate}], limits)


def test_the_limits_are_those_of_independent_runs():
    """If a filter picked the wrong rows of a table, the limits would be of another network."""
    table = measuring.reference("brian2_bump.csv", preset="neurodynex")
    assert len(table["rate_excit_Hz"]) == 48
    assert 11 < table["rate_excit_Hz"].min() <= table["rate_excit_Hz"].max() < 13


def test_the_file_is_written_whole(tmp_path):
    """If a stopped run left half a file, the book could not be built."""
    path = tmp_path / "new" / "benchmark.json"
    measuring.write({"a": [1, 2]}, path)
    assert json.loads(path.read_text()) == {"a": [1, 2]}
    assert [p.name for p in path.parent.iterdir()] == ["benchmark.json"]
