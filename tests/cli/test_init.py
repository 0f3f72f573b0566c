"""The wizard writes files that work: each is checked, and learns at once."""

from __future__ import annotations

import os
import pty
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import vernal as library
from tests.cli.conftest import Vernal
from vernal.base import SystemClock
from vernal.config import resolve
from vernal.ledger import Loops
from vernal.loop import PRESETS, open_loop, policy_of
from vernal.store import Store

START = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
ROWS = 240
SHORT = ("--budget", "3ep", "--lr", "0.01")


def rows(seed: int = 0, **others: Sequence[object]) -> pa.Table:
    """A stream's next rows: the label is 1 where two columns together are positive."""
    draw = random.Random(seed)
    a, b = ([draw.gauss(0, 1) for _ in range(ROWS)] for _ in range(2))
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(ROWS)],
            "at": [START + timedelta(minutes=i - ROWS) for i in range(ROWS)],
            "a": a,
            "b": [100 + 50 * one for one in b],
            **others,
            "late": [int(one + other > 0) for one, other in zip(a, b, strict=True)],
        }
    )


def arrive(table: pa.Table, file: Path) -> None:
    """Put a table where files come in; it has lain there for a while."""
    file.parent.mkdir(exist_ok=True)
    pq.write_table(table, file)
    long_ago = file.stat().st_mtime - 60
    os.utime(file, (long_ago, long_ago))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a first table of a stream."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    arrive(rows(), tmp_path / "in" / "0.parquet")
    return tmp_path


# At once


def in_a_process(*words: str, typed: Sequence[str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command, with what somebody types on a terminal, or without one."""
    command = [sys.executable, "-m", "vernal", *words]
    if typed is None:
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{line}\n" for line in typed).encode())
    try:
        return subprocess.run(command, capture_output=True, text=True, stdin=theirs, timeout=120)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.journey
def test_the_written_file_is_checked_and_learns_at_once(here: Path) -> None:
    words = "init config.py --data in/*.parquet --label late --id id --time at --preset continual --yes"
    written = in_a_process(*words.split())
    assert written.returncode == 0, written.stderr
    assert "It was tried: " in written.stdout
    assert "vernal run-once config.py " in written.stdout
    checked = in_a_process("check", "config.py")
    assert (checked.returncode, "No problems." in checked.stdout) == (0, True), checked.stderr
    learned = in_a_process("run-once", "config.py", "--store", "runs/late", "--detailed-exit-code", *SHORT)
    assert learned.returncode == 0, learned.stdout + learned.stderr  # A model was promoted.
    assert len(Store(here / "runs/late").records()) == 1


@pytest.mark.journey
def test_it_asks_on_a_terminal_and_enter_is_what_it_proposes(here: Path) -> None:
    answers = ["", "lat", "late", "", "-", "stateful", "runs/mine"]
    asked = in_a_process("init", typed=answers)
    assert asked.returncode == 0, asked.stderr
    assert "Rows come from: [in/*.parquet]" in asked.stderr
    assert "Which column tells rows apart, so that a row can be found, erased and joined later?" in asked.stderr
    assert "--label cannot be 'lat'. Did you mean 'late'" in asked.stdout
    for name in PRESETS:
        assert f"  {name}: " in asked.stdout  # Each stage is explained where it is asked for.
    assert "export VERNAL_STORE=runs/mine" in asked.stdout
    assert "run-once config.py --now 'a first model'" in asked.stdout
    text = Path("config.py").read_text()
    assert 'id_column="id"' in text
    assert "time_column" not in text
    assert 'preset("stateful", ' in text


# All kinds of data


def csv_with_texts(here: Path) -> list[str]:
    kinds = ["x", "y"] * (ROWS // 2)
    table = rows(kind=kinds, c=[None, *range(1, ROWS)])
    answers = ["yes" if one else "no" for one in table["late"].to_pylist()]
    (here / "csv").mkdir()
    pa.csv.write_csv(table.set_column(table.num_columns - 1, "late", [answers]), here / "csv" / "0.csv")
    os.utime(here / "csv" / "0.csv", (0, 0))
    return ["--data", "csv"]


def sql_with_prices(here: Path) -> list[str]:
    connection = sqlite3.connect(here / "shop.db")
    connection.execute("CREATE TABLE sales (id INTEGER, at TEXT, a REAL, b REAL, price INTEGER)")
    table = rows().to_pylist()
    values = [(i, str(row["at"]), row["a"], row["b"], int(1000 * row["a"])) for i, row in enumerate(table)]
    connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", values)
    connection.commit()
    connection.close()
    return ["--data", "sqlite:///shop.db"]


def labels_that_come_later(here: Path) -> list[str]:
    table = rows()
    arrive(table.drop_columns(["late"]), here / "rows" / "0.parquet")
    known = [time + timedelta(hours=1) for time in table["at"].to_pylist()]
    arrive(table.select(["id", "late"]).append_column("known", [known]), here / "labels" / "0.parquet")
    return ["--data", "rows", "--labels", "labels", "--label-delay", "2h"]


def rows_without_ids_and_some_labels(here: Path) -> list[str]:
    table = rows().drop_columns(["id", "at"])
    labels = [None, *table["late"].to_pylist()[1:]]
    arrive(table.set_column(2, "late", [labels]), here / "plain" / "0.parquet")
    return ["--data", "plain"]


def decimal_numbers(here: Path) -> list[str]:
    return ["--data", "in", "--label", "b", "--features", "a", "late"]


@pytest.mark.journey
@pytest.mark.parametrize(
    "data",
    [csv_with_texts, sql_with_prices, labels_that_come_later, rows_without_ids_and_some_labels, decimal_numbers],
    ids=lambda made: made.__name__,
)
def test_whatever_the_data_is_like_the_file_learns_it(data, here: Path, vernal: Vernal) -> None:
    ran = vernal("init", *data(here), "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert "It was tried: " in ran.out
    assert is_tidy(here / "config.py")
    learned = vernal("run-once", "config.py", "--store", "store", "--detailed-exit-code", *SHORT)
    assert learned.code == 0, learned.err


def is_tidy(file: Path) -> bool:
    """Whether the file is formatted as it would be anew, and uses all that it imports."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff is not None
    shape = subprocess.run([ruff, "format", "--isolated", "--line-length=120", "--check", "--quiet", file], check=False)
    return shape.returncode == 0 and not subprocess.run([ruff, "check", "--isolated", "--quiet", file]).returncode


# What it does not do


def test_a_file_that_is_there_is_left_as_it_is(here: Path, vernal: Vernal) -> None:
    Path("config.py").write_text("mine")
    ran = vernal("init", "--data", "in", "--yes")
    assert (ran.code, Path("config.py").read_text()) == (2, "mine")
    assert "config.py is there already, and was left as it is. Name another one, or say --overwrite." in ran.err
    assert vernal("init", "--data", "in", "--yes", "--overwrite").code == 0
    assert "model_fn" in Path("config.py").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "in", "--label", "lat"], "--label cannot be 'lat'. Did you mean 'late'"),
        (["--data", "in", "--features", "a", "c"], "--features cannot be 'c'."),
        (["--data", "in", "--preset", "contiual"], "--preset cannot be 'contiual'. Did you mean 'continual'?"),
        (["--data", "out/*.csv"], "There is no file *.csv in"),
        (["--data", "in", "--features", "late", "--label", "late"], "Column 'late' cannot be a feature and the label"),
        (["--data", "in", "--labels", "in", "--id", "-"], "Labels that come later are joined with rows by id"),
        (["--data", "in", "--labels", "in", "--label-delay", "soon"], "'soon' is no span of time"),
        (["--data", "kafak://host/topic"], "kafak"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(words, said, here: Path, vernal: Vernal) -> None:
    ran = vernal("init", *words, "--yes")
    assert ran.code in (1, 2)
    assert said in ran.err
    assert not Path("config.py").exists()


def test_without_data_and_without_a_terminal_it_says_what_to_give(tmp_path, monkeypatch, vernal: Vernal) -> None:
    monkeypatch.chdir(tmp_path)
    ran = vernal("init")
    assert ran.code == 2
    assert "Give it: --data" in ran.err


# Climbing


class At(SystemClock):
    """The day that it is said to be."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


def later(store: Path, number: int, moment: datetime, by_hand: str = "") -> Mapping[str, object]:
    """One turn, at some moment, of what the file says by then; whether there were new rows to learn, and how."""
    plan = library.Plan("config.py", training=library.Training(budget="3ep"), arguments={"lr": 0.01})
    policy = policy_of(resolve(plan))
    assert policy is not None
    turn = open_loop(plan, policy, Store(store), clock=At(moment)).turn(by_hand)
    made = [one.evidence["way"] for one in turn.decisions if one.kind == "update"]
    return {"made": made, "rows": turn.rows, "number": number}


@pytest.mark.journey
def test_the_four_stages_are_climbed_on_one_store_by_changing_a_word(here: Path, vernal: Vernal) -> None:
    assert vernal("init", "--data", "in", "--preset", "manual", "--yes").code == 0
    now, store = datetime.now(UTC) + timedelta(minutes=1), here / "store"
    monday = now + timedelta(days=7 - now.weekday())

    def climb(before: str, after: str, number: int) -> None:
        text = Path("config.py").read_text()
        assert text.count(f'preset("{before}"') == 1
        Path("config.py").write_text(text.replace(f'preset("{before}"', f'preset("{after}"'))
        arrive(rows(number), here / "in" / f"{number}.parquet")

    assert later(store, 0, now)["made"] == []
    assert later(store, 0, now, "a first model")["made"] == ["stateful"]
    first = Store(store).champion
    climb("manual", "scheduled", 1)
    assert later(store, 1, now)["made"] == []
    assert later(store, 1, monday.replace(hour=3))["made"] == ["scratch"]
    climb("scheduled", "stateful", 2)
    assert later(store, 2, monday.replace(hour=4))["made"] == []
    assert later(store, 2, monday.replace(hour=4) + timedelta(days=1))["made"] == ["stateful"]
    climb("stateful", "continual", 3)
    after = later(store, 3, monday + timedelta(days=2))
    assert after["rows"] == ROWS  # The rows that came since are new, and those before are not.
    opened = Store(store)
    assert len(opened.records()) == 3
    assert [record["id"] for record in opened.records()][0] == first
    decisions = Loops(opened.database(), opened.id).decisions()
    assert {one.subject.partition("(")[0] for one in decisions if one.kind == "trigger"} >= {"manual", "cron", "budget"}
    assert [one.kind for one in decisions].count("update") == 3
