"""wmtutor.experiments: sweeps that can be trusted, interrupted and resumed."""

import functools
import json
import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from wmtutor.experiments import (
    bootstrap_interval,
    fraction_interval,
    mean_interval,
    run_trials,
    summarise_trials,
)
from wmtutor.ring import circular_standard_deviation

GRID = {"a": [1, 2], "b": [0.5, -1.0, 2.5]}
QUIET = {"n_jobs": 1, "progress": False}


def trial(seed, a, b):
    """A trial that is over at once, with every kind of result."""
    x = np.random.default_rng(seed).normal(a, abs(b))
    return {
        "x": x, "count": np.int64(seed % 5), "kept": bool(x > a), "word": f"w{seed % 3}",
        "hole": math.nan if seed % 2 else 1 / 3,
    }  # fmt: skip


def failing(seed, a):
    if seed % 3 == 0:
        raise ValueError(f"no luck with {seed}")
    return {"x": seed}


# Conditions, seeds, rows


def test_grid_is_every_combination_in_order():
    """If a combination were missing or doubled, a curve would have a hole or a false weight."""
    table = run_trials(trial, GRID, 2, **QUIET)
    expected = [(a, b, n) for a in (1, 2) for b in (0.5, -1.0, 2.5) for n in range(2)]
    assert list(table[["a", "b", "repeat"]].itertuples(index=False, name=None)) == expected
    assert list(table.columns) == [
        "a", "b", "repeat", "seed", "x", "count", "kept", "word", "hole", "error",
    ]  # fmt: skip
    for row in table.itertuples():
        again = trial(row.seed, row.a, row.b)
        assert (again["x"], again["kept"], again["word"]) == (row.x, row.kept, row.word)
    assert table.dtypes[["x", "count", "kept"]].tolist() == [float, np.int64, bool]
    assert (table.error == "").all()


def test_lists_and_tables_of_conditions():
    """If only grids were possible, conditions that belong together could not be run."""
    rows = [{"a": 1, "b": 2.0}, {"a": 3, "b": 4.0}]
    from_list = run_trials(trial, rows, 2, **QUIET)
    pd.testing.assert_frame_equal(from_list, run_trials(trial, pd.DataFrame(rows), 2, **QUIET))
    assert from_list[["a", "b"]].drop_duplicates().to_dict("records") == rows
    nothing = run_trials(lambda seed: {"y": seed}, [{}], 3, **QUIET)
    assert (nothing.y == nothing.seed).all()


def test_seeds_are_all_different_and_follow_from_the_place():
    """If trials shared a seed, they would be the same trial, counted twice."""
    table = run_trials(trial, GRID, 50, **QUIET)
    assert table.seed.is_unique
    fewer = run_trials(trial, GRID, 3, **QUIET)
    longer = table[table.repeat < 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, longer)
    assert not set(run_trials(trial, GRID, 50, seed=1, **QUIET).seed) & set(table.seed)
    sequence = np.random.SeedSequence(0)
    pd.testing.assert_frame_equal(run_trials(trial, GRID, 3, seed=sequence, **QUIET), fewer)
    # Whole numbers of 63 fair bits; exact for the seed, a false alarm once in 1e7 others.
    bits = np.array([[seed >> k & 1 for k in range(63)] for seed in table.seed])
    assert stats.binomtest(int(bits.sum()), bits.size).pvalue > 1e-7


def test_table_does_not_depend_on_processes():
    """If it did, a result from a cluster could not be checked on a laptop."""
    alone = run_trials(trial, GRID, 4, **QUIET)
    together = run_trials(trial, GRID, 4, n_jobs=2, progress=False)
    pd.testing.assert_frame_equal(alone, together, check_exact=True)


def test_table_is_the_same_on_a_dask_cluster():
    """If the documented way to a cluster did not work, sweeps would end at one machine."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        there = run_trials(trial, GRID, 4, progress=False)
    pd.testing.assert_frame_equal(run_trials(trial, GRID, 4, **QUIET), there, check_exact=True)


def test_trial_that_raises_is_a_row():
    """If one bad trial stopped the sweep, a night's work would be lost to it."""
    with pytest.warns(RuntimeWarning, match=r"of 20 trials failed.*ValueError: no luck"):
        table = run_trials(failing, {"a": [1, 2]}, 10, **QUIET)
    bad = table.seed % 3 == 0
    assert bad.any()
    assert not bad.all()
    assert table.x[bad].isna().all()
    assert (table.x[~bad] == table.seed[~bad]).all()
    assert (table.error[~bad] == "").all()
    for row in table[bad].itertuples():
        assert row.error == f"ValueError: no luck with {row.seed}"


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (3, "expected a mapping"),
        ({"x": [1, 2]}, "x=list"),
        ({"x": None}, "x=NoneType"),
        ({1: 2}, "expected a string"),
        ({"a": 2}, "'a' is taken"),
        ({"Seed": 2}, "'Seed' is taken"),
        ({"y": 1, "Y": 2}, "is taken by"),
    ],
)
def test_results_that_do_not_fit_a_table_are_errors(result, says):
    """If they were squeezed in, the table would hold something else than was measured."""
    with pytest.warns(RuntimeWarning, match=says):
        table = run_trials(lambda seed, a: result, {"a": [1]}, 2, **QUIET)
    assert (table.error != "").all()


def test_results_must_have_the_same_names():
    """If names could change, the table would depend on which trial came first."""

    def fickle(seed, a):
        return {"x": 1} if a == 1 else {"y": 1}

    with pytest.warns(RuntimeWarning, match="must always return the same"):
        table = run_trials(fickle, {"a": [1, 2]}, 1, **QUIET)
    assert table.error.ne("").tolist() == [False, True]


# Checkpoints


def test_checkpoint_holds_what_the_table_holds(tmp_path):
    """If a value changed on its way through the file, a resumed sweep would be another one."""
    path = tmp_path / "trials.sqlite"
    table = run_trials(trial, GRID, 3, checkpoint=path, **QUIET)
    pd.testing.assert_frame_equal(table, run_trials(trial, GRID, 3, **QUIET), check_exact=True)

    def never(*_, **__):
        raise AssertionError("a finished trial ran again")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wmtutor.experiments._run_one", never)
        again = run_trials(trial, GRID, 3, checkpoint=path, **QUIET)
    pd.testing.assert_frame_equal(again, table, check_exact=True)
    with sqlite3.connect(path) as database:
        stored = pd.read_sql("SELECT * FROM trials ORDER BY condition, repeat", database)
    np.testing.assert_array_equal(stored.x, table.x)
    np.testing.assert_array_equal(stored.hole, table.hole)
    assert list(tmp_path.iterdir()) == [path]


def test_trials_to_come_take_no_memory(tmp_path):
    """If all trials were listed before the first ran, a long sweep would not even begin.

    A thousand million of them, stopped as by Ctrl-C after 50.
    """
    finished = []

    def stopping(seed):
        if len(finished) == 50:
            raise KeyboardInterrupt
        finished.append(seed)
        return {"y": seed}

    for checkpoint in (None, tmp_path / "trials.sqlite"):
        finished.clear()
        with pytest.warns(RuntimeWarning, match="stopped after 50 of 1000000000 trials"):
            table = run_trials(stopping, [{}], 10**9, checkpoint=checkpoint, **QUIET)
        assert table.y.tolist() == finished


def test_failed_trials_are_kept_too(tmp_path):
    """If failures were forgotten, a resumed sweep would try them for ever."""
    path = tmp_path / "trials.sqlite"
    with pytest.warns(RuntimeWarning):
        first = run_trials(failing, {"a": [1, 2]}, 10, checkpoint=path, **QUIET)
    with pytest.warns(RuntimeWarning):
        second = run_trials(failing, {"a": [1, 2]}, 10, checkpoint=path, **QUIET)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def other_trial(seed, a, b):
    return {"x": 1}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"conditions": {"a": [1, 3], "b": [0.5]}}, "another conditions"),
        ({"repeats": 4}, "another repeats"),
        ({"seed": 7}, "another seed"),
        ({"trial": other_trial}, "another trial"),
        ({"trial": functools.partial(trial)}, "another trial"),
    ],
)
def test_checkpoint_of_other_trials_is_refused(change, says, tmp_path):
    """If they were mixed, half of the table would belong to another experiment."""
    path = tmp_path / "trials.sqlite"
    arguments = {"trial": trial, "conditions": GRID, "repeats": 3, "seed": 0}
    run_trials(**arguments, checkpoint=path, **QUIET)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=says):
        run_trials(**{**arguments, **change}, checkpoint=path, **QUIET)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wmtutor.__version__", "99.0")
        with pytest.raises(ValueError, match="another wmtutor"):
            run_trials(**arguments, checkpoint=path, **QUIET)
    assert path.read_bytes() == before


def test_other_files_are_refused_and_left_alone(tmp_path):
    """If any file could be overwritten, a slip in a path would cost somebody's data."""
    text = tmp_path / "notes.txt"
    text.write_text("do not lose me, " * 100)
    with pytest.raises(ValueError, match="not a checkpoint"):
        run_trials(trial, GRID, 1, checkpoint=text, **QUIET)
    assert text.read_text() == "do not lose me, " * 100
    database = tmp_path / "other.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(ValueError, match="a database of something else"):
        run_trials(trial, GRID, 1, checkpoint=database, **QUIET)
    path = tmp_path / "trials.sqlite"
    run_trials(trial, GRID, 1, checkpoint=path, **QUIET)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = 'wmtutor trials 9' WHERE name = 'format'")
    connection.close()
    with pytest.raises(ValueError, match="wmtutor trials 9"):
        run_trials(trial, GRID, 1, checkpoint=path, **QUIET)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        run_trials(trial, GRID, 1, checkpoint=tmp_path / "nowhere" / "x.sqlite", **QUIET)


PROGRAM = """
import pathlib, sys, time
from wmtutor.experiments import run_trials

def slow(seed, a):
    pathlib.Path("BEGUN").touch()
    time.sleep(0.004)
    return {"y": seed % 1000, "z": seed / 7, "even": seed % 2 == 0}

if __name__ == "__main__":
    print("ready", flush=True)
    table = run_trials(
        slow, {"a": [1, 2, 3]}, REPEATS, checkpoint=sys.argv[1], n_jobs=N_JOBS, progress=False
    )
    print(len(table), flush=True)
    table.to_pickle(sys.argv[1] + ".table")
"""


@pytest.fixture
def program(tmp_path):
    def start(path, repeats=300, n_jobs=1, wait=True):
        """Start the program, and wait until its first trial has begun."""
        script = tmp_path / "program.py"
        begun = tmp_path / "begun"
        begun.unlink(missing_ok=True)
        code = PROGRAM.replace("REPEATS", str(repeats)).replace("N_JOBS", str(n_jobs))
        script.write_text(code.replace("BEGUN", str(begun)))
        # A process group of its own, so that a kill takes its workers along.
        process = subprocess.Popen(
            [sys.executable, script, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        while wait and not begun.exists() and process.poll() is None:
            time.sleep(0.01)
        return process

    return start


def rows_of(path):
    """Finished trials in a checkpoint that nobody uses, each checked for being whole."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return set()
    columns = "condition, repeat, seed, y, z, even, error, a"
    try:
        rows = connection.execute(f"SELECT {columns} FROM trials").fetchall()
    except sqlite3.OperationalError:  # killed before the first trial gave the columns
        assert connection.execute("SELECT count(*) FROM trials").fetchone() == (0,)
        rows = []
    connection.close()
    for condition, _, seed, y, z, even, error, a in rows:
        assert (y, z, even, error, a) == (seed % 1000, seed / 7, seed % 2 == 0, "", condition + 1)
    return set(rows)


@pytest.mark.parametrize(("n_jobs", "kills"), [(1, 10), (2, 2)])
def test_killed_runs_lose_and_repeat_nothing(program, tmp_path, n_jobs, kills):
    """If a power cut or a cluster's time limit cost finished trials, long sweeps would never end.

    Killed without warning at random moments; what was there before a kill must be there after it.
    """
    path = str(tmp_path / "trials.sqlite")
    moments = random.Random(n_jobs)
    before = set()
    for _ in range(kills):
        process = program(path, n_jobs=n_jobs)
        time.sleep(moments.uniform(0, 0.25))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        after = rows_of(path)
        assert before <= after
        before = after
    process = program(path, n_jobs=n_jobs, wait=False)
    output, errors = process.communicate(timeout=120)
    assert output == "900\n", errors
    assert before <= rows_of(path)
    whole = str(tmp_path / "whole.sqlite")
    output, errors = program(whole).communicate(timeout=120)
    resumed, at_once = (pd.read_pickle(name + ".table") for name in (path, whole))
    pd.testing.assert_frame_equal(resumed, at_once, check_exact=True)
    assert before, "every kill came before the first trial: the test tested nothing"


def test_two_processes_on_one_checkpoint_are_refused(program, tmp_path):
    """If two wrote at once, each would run the other's trials again."""
    path = str(tmp_path / "trials.sqlite")
    first = program(path, repeats=1000)
    time.sleep(0.3)
    second = program(path, repeats=1000, wait=False)
    _, errors = second.communicate(timeout=60)
    assert "another process is using it" in errors
    assert first.poll() is None, "the first had ended: there was nothing to refuse"
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    assert rows_of(path), "the lock outlived its owner, or nothing was kept"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_leaves_a_table_and_a_checkpoint(program, tmp_path, n_jobs):
    """If Ctrl-C lost the table, a learner who stops a sweep would have waited for nothing."""
    path = str(tmp_path / "trials.sqlite")
    process = program(path, repeats=20_000, n_jobs=n_jobs)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    output, errors = process.communicate(timeout=60)
    assert "the same call goes on from here" in errors
    assert 0 < int(output) < 60_000
    table = pd.read_pickle(path + ".table")
    assert len(table) == int(output) == len(rows_of(path))
    assert (table.y == table.seed % 1000).all()


# Errors


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"trial": 3}, "trial=3"),
        ({"conditions": 3}, "conditions: expected"),
        ({"conditions": []}, "there are none"),
        ({"conditions": {"a": [], "b": [1]}}, "there are none"),
        ({"conditions": {"a": 1}}, r"conditions\['a'\]=1"),
        ({"conditions": {"a": "12"}}, r"conditions\['a'\]='12'"),
        ({"conditions": [3]}, r"conditions\[0\]=3"),
        ({"conditions": [{"a": 1, "b": 1}, {"a": 2}]}, "give all the same"),
        ({"conditions": [{"a": 1, "b": 1}] * 2}, "listed twice"),
        ({"conditions": {"a": [[1]], "b": [1]}}, "functools.partial"),
        ({"conditions": {"a": [math.nan], "b": [1]}}, "is NaN"),
        ({"conditions": {"a": [1], "b": [1], "seed": [1]}}, "'seed' is taken"),
        ({"conditions": {"a b": [1]}}, "not the name of an argument"),
        ({"conditions": {"a": [1]}}, "trial cannot be called with seed, a: missing"),
        ({"conditions": {"a": [1], "b": [1], "c": [1]}}, "cannot be called"),
        ({"repeats": 0}, "repeats=0"),
        ({"seed": None}, "seed=None"),
        ({"n_jobs": 0}, "n_jobs=0"),
    ],
)
def test_bad_arguments_are_named(change, says):
    """If a slip were found out by the last of a thousand trials, a night would be lost."""
    arguments = {"trial": trial, "conditions": GRID, "repeats": 1, **QUIET}
    with pytest.raises((TypeError, ValueError), match=says):
        run_trials(**{**arguments, **change})


def test_progress_counts_to_the_true_total(tmp_path, capsys):
    """If the bar's total were wrong, nobody could tell how long to wait."""
    path = tmp_path / "trials.sqlite"
    run_trials(trial, GRID, 2, checkpoint=path, n_jobs=1, progress=True)
    assert "12/12" in capsys.readouterr().err
    run_trials(trial, GRID, 2, checkpoint=path, n_jobs=1, progress=True)
    assert "12/12" in capsys.readouterr().err


def test_identity_is_readable(tmp_path):
    """If the file did not say what it holds, nobody would know in a year."""
    path = tmp_path / "trials.sqlite"
    run_trials(trial, GRID, 1, checkpoint=path, **QUIET)
    with sqlite3.connect(path) as database:
        about = dict(database.execute("SELECT name, value FROM about"))
    assert json.loads(about["conditions"])[0] == {"a": 1, "b": 0.5}
    assert json.loads(about["names"]) == ["x", "count", "kept", "word", "hole"]


# Intervals


def test_fraction_interval_is_wilsons():
    """If the interval were the plain normal one, 20 of 20 would look certain."""
    estimate, low, high = fraction_interval(20, 20)
    assert (estimate, high) == (1.0, 1.0)
    # Wilson's bound solves (p - low)^2 = z^2 low (1 - low) / n.
    z = stats.norm.ppf(0.975)
    assert (1 - low) ** 2 == pytest.approx(z**2 * low * (1 - low) / 20)
    assert fraction_interval(0, 7).low == 0


def test_bootstrap_interval_covers_what_it_should():
    """If intervals were too narrow, differences would be believed that are not there.

    Of 200 samples of 30 normal values, a 95% interval misses about 10 to 16. More than 40 would
    happen with a probability below 1e-6 even at a coverage of 92%.
    """
    generator = np.random.default_rng(5)
    missed = 0
    for number in range(200):
        values = generator.normal(3, 2, 30)
        _, low, high = bootstrap_interval(values, resamples=500, seed=number)
        missed += not low <= 3 <= high
    assert missed <= 40
    assert stats.binom.sf(40, 200, 0.08) < 1e-6


def test_bootstrap_interval_of_a_circular_deviation():
    """If it failed on circular statistics, errors could not be given with an interval."""
    angles = np.random.default_rng(1).normal(0, 20, 100)
    interval = bootstrap_interval(angles, circular_standard_deviation, seed=1)
    assert interval.low < interval.estimate < interval.high
    assert interval.estimate == circular_standard_deviation(angles)
    assert interval == bootstrap_interval(angles, circular_standard_deviation, seed=1)
    assert bootstrap_interval([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="too few"):
        bootstrap_interval([1.0])
    with pytest.raises(ValueError, match="successes=4"):
        fraction_interval(4, 3)


def test_mean_interval_of_yes_and_no_is_wilsons():
    """If a fraction had two intervals in one library, one of them would be wrong."""
    answers = np.array([True] * 17 + [False] * 3)
    assert mean_interval(answers, fraction=True) == pytest.approx(fraction_interval(17, 20))
    assert mean_interval([1.0] * 9, fraction=True) == pytest.approx(fraction_interval(9, 9))


def test_mean_interval_counts_trials_and_not_items():
    """If items of a trial counted as independent, bands would be far too narrow.

    Of four items in a trial all share one fate: an honest interval is as wide as if each trial had
    one item. Of four items with fates of their own, it is half as wide.
    """
    generator = np.random.default_rng(2)
    alike = np.repeat(generator.random((400, 1)) < 0.5, 4, axis=1).mean(axis=1)
    apart = (generator.random((400, 4)) < 0.5).mean(axis=1)
    widths = [np.subtract(*mean_interval(x, fraction=True)[:0:-1]) for x in (alike, apart)]
    assert widths[0] == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.02)
    # The standard error of 400 values' deviation is 4%; a fifth is five of them.
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.2)


def test_mean_interval_covers_what_it_should():
    """If bands were too narrow, points would seem to differ that do not.

    Of 300 samples a 95% interval misses about 15. More than 45 would happen with a probability
    below 1e-6 even at a coverage of 93%.
    """
    generator = np.random.default_rng(6)
    missed = 0
    for _ in range(300):
        probability = generator.beta(8, 2, 60)
        fractions = generator.binomial(5, probability) / 5
        _, low, high = mean_interval(fractions, fraction=True)
        missed += not low <= 0.8 <= high
    assert missed <= 45
    assert stats.binom.sf(45, 300, 0.07) < 1e-6


def test_mean_interval_leaves_out_what_is_missing():
    """If a lost memory's error (NaN) counted, no mean over trials would be left."""
    assert mean_interval([1.0, math.nan, 3.0]).estimate == 2.0
    assert mean_interval([1.0, 2.0, 4.0]) == bootstrap_interval([1.0, 2.0, 4.0])
    assert all(math.isnan(x) for x in mean_interval([math.nan]))
    one = mean_interval([2.5, math.nan])
    assert one.estimate == 2.5
    assert math.isnan(one.low)
    with pytest.raises(ValueError, match=r"values: 1\.5"):
        mean_interval([0.5, 1.5], fraction=True)
    with pytest.raises(TypeError, match="values"):
        mean_interval(["a"])


def test_summary_has_a_row_for_each_condition():
    """If conditions were mixed, or in another order, a curve would be of something else."""
    table = pd.DataFrame(
        {
            "b": ["y", "y", "x", "x"], "a": [2, 2, 1, 1], "kept": [True, False, True, True],
            "maintained_fraction": [0.5, 1.0, 1.0, 1.0], "error_deg": [3.0, 5.0, math.nan, 2.0],
        }
    )  # fmt: skip
    summary = summarise_trials(table, ["b", "a"], ["kept", "maintained_fraction", "error_deg"])
    assert summary[["b", "a", "trials"]].to_numpy().tolist() == [["y", 2, 2], ["x", 1, 2]]
    assert summary.kept.tolist() == [0.5, 1.0]
    assert summary[["kept_low", "kept_high"]].to_numpy()[0] == pytest.approx(
        fraction_interval(1, 2)[1:]
    )
    assert summary.maintained_fraction_low[1] == pytest.approx(fraction_interval(2, 2).low)
    assert summary.error_deg.tolist() == [4.0, 2.0]
    one = summarise_trials(table, "a", ["kept"], level=0.5)
    assert one.a.tolist() == [2, 1]
    assert one.kept_low[0] > summary.kept_low[0]
    with pytest.raises(ValueError, match="no column 'load'"):
        summarise_trials(table, "load", ["kept"])
    with pytest.raises(TypeError, match="table: expected"):
        summarise_trials([1], "load", ["kept"])
