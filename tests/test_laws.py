"""wmtutor.laws: the command that measures, and the tables that the book reads."""

import re
from pathlib import Path

import pandas as pd
import pytest

from wmtutor.experiments import run_trials
from wmtutor.laws import ALL_LAWS, Law, _tables, read_trials, write_trials
from wmtutor.laws.__main__ import main

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "book" / "data" / "laws"


def small_trial(seed, a):
    if a == 13:
        raise ValueError("out of luck")
    return {"x": (seed % 1000) / 7, "kept": seed % 2 == 0}


def small_law(values=(1, 2)):
    def measure(*, n_jobs, checkpoint, progress):
        return run_trials(
            small_trial, {"a": list(values)}, 3, n_jobs=n_jobs, checkpoint=checkpoint,
            progress=progress,
        )  # fmt: skip

    return Law("Does it hold?", measure, lambda table: table.groupby("a", as_index=False).mean())


@pytest.fixture
def laws(monkeypatch):
    """Two small laws in place of the real ones."""
    found = {"small": small_law(), "unlucky": small_law((1, 13))}
    monkeypatch.setattr(_tables, "ALL_LAWS", found)
    monkeypatch.setattr("wmtutor.laws.__main__.ALL_LAWS", found)
    return found


def test_what_is_written_is_what_is_read(laws, tmp_path):
    """If the file were not the table, the book would show other trials than those that ran."""
    path = write_trials("small", tmp_path / "new", n_jobs=1, progress=False)
    table = laws["small"].measure(n_jobs=1, checkpoint=None, progress=False)
    again = read_trials("small", tmp_path / "new")
    pd.testing.assert_frame_equal(again, table.drop(columns="error"), rtol=1e-6)
    assert [file.name for file in path.parent.iterdir()] == ["small.csv"]
    assert path.read_text().startswith("# Trials of wmtutor ")
    assert "# Made by: python -m wmtutor.laws small\n" in path.read_text()


def test_nothing_is_written_when_trials_fail(laws, tmp_path):
    """If failed trials were left out silently, the law would be of the lucky ones."""
    (tmp_path / "unlucky.csv").write_text("the old table")
    with (
        pytest.warns(RuntimeWarning, match="3 of 6 trials failed"),
        pytest.raises(RuntimeError, match="out of luck"),
    ):
        write_trials("unlucky", tmp_path, n_jobs=1, progress=False)
    assert (tmp_path / "unlucky.csv").read_text() == "the old table"


def test_an_interrupted_law_goes_on(laws, tmp_path, monkeypatch):
    """If an interrupted table were written, the book would be built from half of the trials."""
    whole = laws["small"].measure

    def stopped(*, n_jobs, checkpoint, progress):
        table = whole(n_jobs=n_jobs, checkpoint=checkpoint, progress=progress).iloc[:2]
        table.attrs["complete"] = False
        return table

    laws["small"] = laws["small"]._replace(measure=stopped)
    with pytest.raises(RuntimeError, match="stopped after 2 trials"):
        write_trials("small", tmp_path, n_jobs=1, progress=False)
    assert [file.name for file in tmp_path.iterdir()] == ["small.sqlite"]
    laws["small"] = laws["small"]._replace(measure=whole)
    assert main(["small", "--folder", str(tmp_path), "--jobs", "1"]) == 0
    assert [file.name for file in tmp_path.iterdir()] == ["small.csv"]


def test_command(laws, tmp_path, capsys):
    """If the one command did not say what went wrong, nobody could make the tables again."""
    assert main(["--list"]) == 0
    assert "small" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["smal"])
    assert "no law is called 'smal'; choose from: small, unlucky" in capsys.readouterr().err
    with pytest.warns(RuntimeWarning, match="failed"):
        assert main(["unlucky", "--folder", str(tmp_path), "--jobs", "1"]) == 1
    assert "out of luck" in capsys.readouterr().err


def test_missing_and_unknown_tables_are_named(laws, tmp_path):
    """If the message did not name the command, a reader of a fresh copy would be stuck."""
    with pytest.raises(FileNotFoundError, match=r"python -m wmtutor\.laws --folder .* small"):
        read_trials("small", tmp_path)
    with pytest.raises(ValueError, match="name='smal'"):
        read_trials("smal", tmp_path)


def test_every_law_has_its_table_and_no_table_is_an_orphan():
    """If a law had no table, the book could not be built; a table without a law is stale."""
    assert len(ALL_LAWS) > 0
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(ALL_LAWS)


@pytest.mark.parametrize("name", sorted(ALL_LAWS))
def test_law_can_be_summarised(name):
    """If a table did not fit its law, the figure in the book would be of an older law."""
    law = ALL_LAWS[name]
    assert re.fullmatch(r"[A-Z].*\?", law.question), "a question, in a sentence"
    table = read_trials(name, FOLDER)
    # What tells trials apart comes first, then the seed; a trial may have several rows.
    trials = table[list(table.columns[: table.columns.get_loc("seed") + 1])].drop_duplicates()
    assert trials.seed.is_unique, "trials that share a seed are one trial"
    summary = law.summarise(table)
    assert len(summary)
    with_interval = [c[:-4] for c in summary.columns if c.endswith("_low")]
    assert with_interval, "a law without intervals"
    for column in with_interval:
        low, high = summary[f"{column}_low"], summary[f"{column}_high"]
        known = low.notna() & high.notna()
        assert known.any(), f"{column} has no interval anywhere"
        assert (low[known] <= summary[column][known] + 1e-9).all(), column
        assert (high[known] >= summary[column][known] - 1e-9).all(), column


def test_book_uses_every_law():
    """A law that no page shows is measured for nobody."""
    text = "".join(path.read_text() for path in (ROOT / "book").glob("*.md"))
    unused = [name for name in ALL_LAWS if f'"{name}"' not in text]
    assert unused == []
