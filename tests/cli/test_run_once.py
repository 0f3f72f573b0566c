from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Vernal
from tests.loop.world import CONFIG, rows_of
from vernal import Store
from vernal.loop import leases_of

Words = list[object]
Arrive = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "config.py").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def arrive(folder: Path) -> Arrive:
    """A file appears; it has been there for a minute."""

    def put(number: int, flipped: float = 0.0, broken: bool = False) -> Path:
        path = folder / "in" / f"{number:03}.parquet"
        rows = rows_of(number, flipped=flipped)
        pq.write_table(pa.table({**rows, "a": ["?"] * len(rows["id"])} if broken else rows), path)
        at = time.time() - 60 + number
        os.utime(path, (at, at))
        return path

    return put


@pytest.fixture
def words(folder: Path) -> Words:
    """The command without its options for what to do."""
    where = ["--store", folder / "store", "--source", f"{folder}/in/*.parquet", "--budget=2ep", "--accelerator=cpu"]
    return ["run-once", folder / "config.py", *where]


ALWAYS = ["--trigger", "rows(100)", "--gate", "none"]


def test_help_teaches(vernal: Vernal) -> None:
    text = vernal("run-once", "--help").out
    for part in ("Every row counts exactly once", "--detailed-exit-code", "rows(1000) | cron(", "75 another process"):
        assert part in text


def test_a_turn_is_made_and_told(vernal: Vernal, words: Words, arrive: Arrive, folder: Path) -> None:
    arrive(0)
    ran = vernal(*words, *ALWAYS)
    champion = Store(folder / "store").champion
    assert ran.code == 0, ran.err
    assert "trigger  update       100 rows came since it last fired, and 100 are enough." in ran.out
    assert f"gate     promote      {champion}: promoted without a gate." in ran.out
    assert "0 rows came since" in vernal(*words, *ALWAYS).out
    assert vernal(*words, *ALWAYS).out.startswith("Nothing new.")


def test_exit_codes_tell_what_was_decided_if_that_is_asked_for(vernal: Vernal, words: Words, arrive: Arrive) -> None:
    strict = ["--trigger", "rows(100)", "--gate", "superior(margin=0.5)", "--method=fine_tune", "--detailed-exit-code"]
    assert vernal(*words, *strict).code == 10
    arrive(0)
    assert vernal(*words, *strict).code == 0
    arrive(1, flipped=1.0)
    assert vernal(*words, *strict).code in (11, 12)
    arrive(2, broken=True)
    failed = vernal(*words, *strict)
    assert (failed.code, "Attempt 1 of 3 failed, it will be tried again." in failed.out) == (13, True)
    plain = vernal(*words, *[word for word in strict if word != "--detailed-exit-code"])
    assert (plain.code, "Attempt 2 of 3" in plain.out) == (1, True)


def test_a_turn_of_another_process_is_left_alone(vernal: Vernal, words: Words, arrive: Arrive, folder: Path) -> None:
    arrive(0)
    store = Store(folder / "store")
    leases = leases_of(store)
    leases._holder = "another"
    leases.take("main", 60)
    assert vernal(*words, *ALWAYS, "--detailed-exit-code").code == 75
    plain = vernal(*words, *ALWAYS)
    assert (plain.code, plain.out) == (
        0,
        "Another process is at it, or was killed in the last two minutes. Nothing was done.\n",
    )
    assert json.loads(vernal(*words, *ALWAYS, "--json").out) == {"outcome": "busy"}
    assert store.records() == []


def test_json_is_one_document_and_nothing_else(vernal: Vernal, words: Words, arrive: Arrive, folder: Path) -> None:
    arrive(0)
    (folder / "config.py").write_text("print('loud')\n" + CONFIG)
    ran = vernal(*words, *ALWAYS, "--json")
    told = json.loads(ran.out)
    assert (told["outcome"], told["rows"], told["updates"]) == ("promoted", 100, [told["champion"]])
    assert {one["kind"] for one in told["decisions"]} == {"trigger", "update", "gate"}
    assert told["decisions"][0]["evidence"]["threshold"] == 100
    assert "loud" in ran.err


def test_an_update_can_be_asked_for_with_a_reason(vernal: Vernal, words: Words, arrive: Arrive, folder: Path) -> None:
    arrive(0)
    ran = vernal(*words, "--trigger", "manual()", "--now", "March is in.")
    assert (ran.code, "trigger  update       March is in." in ran.out) == (0, True)
    again = vernal(*words, "--trigger", "manual()", "--now")
    assert "trigger  keep         Asked for by hand. But there are no new rows to learn." in again.out
    assert len(Store(folder / "store").records()) == 1


def test_what_was_set_aside_can_be_learned_after_all(
    vernal: Vernal, words: Words, arrive: Arrive, folder: Path
) -> None:
    for number in range(2):
        arrive(number)
        vernal(*words, *ALWAYS)
    store = Store(folder / "store")
    store.rollback(expected=store.champion)
    said = vernal(*words, *ALWAYS).out
    assert "100 rows are set aside that it has not learned." in said
    assert "100 rows are set aside; to learn them after all: vernal run-once ... --relearn" in said
    ran = vernal(*words, *ALWAYS, "--relearn", "--now", "It was not their fault.")
    assert "100 rows that were set aside are to be learned" in ran.err
    assert "are set aside" not in ran.out
    assert len(store.lineage("champion")) == 2


def test_a_policy_of_the_config_file_says_it_all(vernal: Vernal, folder: Path, arrive: Arrive) -> None:
    text = (
        "\n\ndef policy_fn():\n    from vernal.loop import Policy\n    from vernal.sources import Files\n"
        "    from vernal.triggers import Rows\n"
        f"    return Policy([Files({str(folder / 'in')!r})], Rows(100), gate=None)\n"
    )
    (folder / "config.py").write_text(CONFIG + text)
    arrive(0)
    ran = vernal("run-once", folder / "config.py", "--store", folder / "store", "--budget=1ep", "--accelerator=cpu")
    assert "promoted without a gate" in ran.out
    other = [folder / "config.py", "--store", folder / "store", "--budget=1ep", "--accelerator=cpu"]
    arrive(1)
    assert "Updates are made by hand." in vernal("run-once", *other, "--trigger", "manual()").out
    arrive(2)  # Where rows come from is still said by the file.
    assert "Updates are made by hand." in vernal("run-once", *other, "--preset", "manual").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Nobody says where new rows come from. Name a source, for example --source 'in/*.parquet'"),
        (["--source", "kafak://host/topic"], "begins with no kind of source. Did you mean 'kafka'"),
        (["--source", "in/*.parquet", "--source", "out/*.parquet"], "Two sources are called 'files'. Name them"),
        (["--source", "in/*.parquet", "--preset", "contiunal"], "No preset is called 'contiunal'. Did you mean"),
        (["--source", "in/*.parquet", "--trigger", "row(5)"], "row"),
        (["--source", "in/*.parquet", "--learn", "fast"], "must be 'stateful' or 'scratch', got 'fast'"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(
    vernal: Vernal, folder: Path, options: list[str], message: str
) -> None:
    ran = vernal("run-once", folder / "config.py", "--store", folder / "store", *options)
    assert ran.code == 1
    assert message in ran.err
    assert not (folder / "store").exists()


def test_a_config_file_without_a_window_is_refused_before_anything_is_made(
    vernal: Vernal, words: Words, folder: Path
) -> None:
    (folder / "config.py").write_text(CONFIG.replace("window: Window", "day: int = 1"))
    ran = vernal(*words)
    assert (ran.code, "`data_module_fn` of config.py takes no `window`" in ran.err) == (1, True)
    assert not (folder / "store").exists()


def test_sources_can_have_names(vernal: Vernal, folder: Path, arrive: Arrive) -> None:
    (folder / "app").mkdir()
    arrive(0)
    words = ["--source", f"web={folder}/in/*.parquet", "--source", f"app={folder}/app/*.parquet", *ALWAYS]
    ran = vernal("run-once", folder / "config.py", "--store", folder / "store", "--budget=1ep", *words)
    assert "promoted without a gate" in ran.out


def test_a_source_that_is_away_is_an_error_and_nothing_is_lost(
    vernal: Vernal, words: Words, folder: Path, arrive: Arrive
) -> None:
    arrive(0)
    (folder / "in").rename(folder / "away")
    ran = vernal(*words, *ALWAYS)
    assert (ran.code, "cannot be read" in ran.err) == (1, True)
    (folder / "away").rename(folder / "in")
    assert "100 are enough" in vernal(*words, *ALWAYS).out


@pytest.mark.slow
def test_two_that_run_at_once_make_one_update_of_each_file(words: Words, arrive: Arrive, folder: Path) -> None:
    for number in range(2):
        arrive(number)
        command = [sys.executable, "-m", "vernal", *map(str, [*words, *ALWAYS])]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
        assert [process.wait(120) for process in both] == [0, 0], [process.communicate() for process in both]
        for process in both:
            process.communicate()
    store = Store(folder / "store")
    assert [len(one["chunk"]["files"]) for one in store.lineage("champion")] == [1, 1]
    assert len(store.records()) == 2
