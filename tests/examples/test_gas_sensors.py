"""The tour tells its story: the numbers on the screen and on the page are those of the stores."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.parquet as parquet
import pytest
from rich.console import Console

from tests.report.pages import Page, names_elsewhere

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "gas_sensors" / "demo.py"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """The script as a module; an example is no package, and what it imports lies beside it."""
    sys.path.insert(0, str(DEMO.parent))
    spec = importlib.util.spec_from_file_location("gas_sensors_demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    sys.path.remove(str(DEMO.parent))
    return module


@pytest.fixture(scope="module")
def stream(demo) -> ModuleType:
    return sys.modules["demo_stream"]


def in_this_process(task):
    """The update that the demo makes in a process of its own, without waiting for a new process to import torch."""
    from vernal import Plan, Training, update

    plan = Plan(
        DEMO.with_name("config.py"),
        method=task.strategy.method,
        arguments={"batch": task.batch},
        training=Training(budget=task.budget),
    )
    return update(plan, task.store).record


def answered(words, store) -> str:
    """What a command answers that the demo runs in a process of its own."""
    from vernal.cli import main

    with redirect_stdout(io.StringIO()) as answer, pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERNAL_STORE", str(store))
        assert main([*words]) == 0
    return answer.getvalue()


@pytest.fixture(scope="module")
def tour(demo, tmp_path_factory) -> tuple[Path, str]:
    """A short tour: where it wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("tour") / "output"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        # One thread at a time: two updates in one process would share torch's random numbers.
        patch.setattr(demo, "AT_ONCE", 1)
        patch.setattr(demo, "Console", partial(Console, file=printed))
        words = ["--output", str(folder), "--batches", "1", "4", "5", "8", "--budget", "1ep"]
        assert demo.main(words, in_this_process, answered) == 0
    return folder, printed.getvalue()


def records_of(demo: ModuleType, folder: Path) -> dict[str, list[dict]]:
    from vernal import Store

    return {s.name: Store(demo.store_of(s, folder)).lineage("champion") for s in demo.STRATEGIES}


@pytest.mark.journey
def test_every_strategy_makes_an_update_of_every_batch(demo, tour) -> None:
    for records in records_of(demo, tour[0]).values():
        assert [record["chunk"]["name"] for record in records] == ["batch 1", "batch 4", "batch 5", "batch 8"]


@pytest.mark.journey
def test_the_strategies_are_what_they_are_called(demo, tour) -> None:
    records = {name: lineage[-1] for name, lineage in records_of(demo, tour[0]).items()}
    methods = {name: record["plan"]["method"]["name"] for name, record in records.items()}
    assert methods == {
        "no update": "fine_tune",
        "fine-tuning": "fine_tune",
        "experience replay": "er",
        "retraining from scratch": "joint",
    }
    samples = {name: record["costs"]["samples"] for name, record in records.items()}
    n_new, n_before = 221, 334 + 121 + 148
    assert samples["no update"] == 0
    assert samples["fine-tuning"] == n_new
    assert samples["retraining from scratch"] == n_new + n_before
    assert records["experience replay"]["training"]["replayed"] > 0


@pytest.mark.journey
def test_a_model_that_is_not_updated_stays_the_same(demo, tour) -> None:
    records = records_of(demo, tour[0])["no update"]
    assert len({record["artefacts"]["model"]["blob"] for record in records}) == 1


@pytest.mark.journey
def test_the_first_update_is_the_same_for_all_that_do_not_begin_anew(demo, tour) -> None:
    records = records_of(demo, tour[0])
    firsts = {
        records[name][0]["artefacts"]["model"]["blob"] for name in ("no update", "fine-tuning", "experience replay")
    }
    assert len(firsts) == 1


@pytest.mark.journey
def test_what_is_printed_are_the_numbers_of_the_records(demo, tour) -> None:
    folder, printed = tour
    for name, records in records_of(demo, folder).items():
        title = f"{name}: accuracy in % on each batch"
        triangle = printed.partition(title)[2].splitlines()[2:6]
        for line, record in zip(triangle, records, strict=True):
            scores = [f"{100 * row['after']['accuracy']:.1f}" for row in record["metrics"]["validation"]]
            average = f"{100 * record['metrics']['summary']['average_accuracy']:.1f}"
            samples = f"{record['costs']['samples']:,}"
            assert line.split()[1:-2] == [*scores, average, samples]


@pytest.mark.journey
def test_the_pages_show_the_numbers_of_the_records_and_load_nothing(demo, tour) -> None:
    folder, _ = tour
    html = (folder / "report.html").read_text(encoding="utf-8")
    final = Page(html).tables[0].rows[1:]
    for row, (name, records) in zip(final, records_of(demo, folder).items(), strict=True):
        measured = [str(chunk["after"]["accuracy"]) for chunk in records[-1]["metrics"]["validation"]]
        assert [row[0].text, *(cell.value for cell in row[1 : 1 + len(measured)])] == [name, *measured]
    assert names_elsewhere(html) == names_elsewhere((folder / "replay.html").read_text(encoding="utf-8")) == []


@pytest.mark.journey
def test_the_commands_that_it_names_are_there(tour, capsys) -> None:
    from vernal.cli import main

    end = tour[1].partition("What next")[2].splitlines()
    named = [line.split("vernal ", 1)[1].split("    ")[0].split() for line in end if "vernal " in line]
    runnable = [words for words in named if words[0] in ("log", "show")]
    assert [words[0] for words in runnable] == ["log", "show"]
    for words in runnable:
        assert main(words) == 0
    assert "batch 8" in capsys.readouterr().out


@pytest.mark.journey
def test_the_versions_that_are_shown_are_those_of_the_store(tour) -> None:
    from vernal import Store

    folder, printed = tour
    store = Store(folder / "loop" / "gas")
    expected = []
    for record in store.records()[::-1]:
        own = next(row for row in record["metrics"]["validation"] if row["number"] == record["number"])
        parent = [store.version(record["parent"])] if record["parent"] else []
        accuracy = f"{100 * own['after']['accuracy']:.1f}"
        expected.append([store.version(record["id"]), *parent, record["chunk"]["name"], accuracy])
    table = printed.partition("version  made from")[2].splitlines()[1:]
    assert [line.split()[: len(cells)] for line, cells in zip(table, expected, strict=False)] == expected


@pytest.mark.journey
def test_every_answer_of_the_loop_is_in_the_store(tour) -> None:
    folder, printed = tour
    told = " ".join(printed.split())
    decided = answered(["decisions", "--json"], folder / "loop" / "gas")
    for one in json.loads(decided):
        assert f"{one['kind']} {one['outcome']} {' '.join(one['why'].split())}" in told


@pytest.mark.journey
def test_the_rollback_is_in_the_history(tour) -> None:
    from vernal import Store

    last = Store(tour[0] / "loop" / "gas").alias_history("champion")[-1]
    assert (last.kind, last.why) == ("rollback", "The lab has doubts about the last file.")


@pytest.mark.journey
def test_the_backtest_leaves_a_page(tour) -> None:
    folder, printed = tour
    assert "each chunk, stateful" in printed
    assert names_elsewhere((folder / "backtest" / "report.html").read_text(encoding="utf-8")) == []


def test_with_fewer_batches_than_the_story_needs_there_is_no_loop(demo, tmp_path, capsys) -> None:
    assert demo.main(["--output", str(tmp_path / "output"), "--batches", "4", "--budget", "1ep"], in_this_process) == 0
    assert "run-once" not in capsys.readouterr().out


def test_the_rules_of_the_stream_are_as_told(demo) -> None:
    from vernal import Plan
    from vernal.config import resolve
    from vernal.loop import policy_of

    policy = policy_of(resolve(Plan(DEMO.with_name("stream.py"))))
    assert str(policy.trigger) == "drift(every=100) | rows(600)"
    assert "when the data has drifted, or after 600 rows" in sys.modules["demo_loop"].LOOP


def test_the_files_of_a_batch_hold_each_of_its_rows_once(stream, tmp_path) -> None:
    tables = [
        parquet.read_table(stream.write_piece(p, tmp_path)[0]) for p in stream.pieces([1, 4, 5, 8]) if p.batch == 5
    ]
    ids = [id for table in tables for id in table["id"].to_pylist()]
    assert sorted(ids) == sorted(f"row {row}" for row in stream.rows_of(5))
    assert not [*tmp_path.glob(".*")]


def test_labels_that_got_mixed_up_are_the_same_in_another_order(stream, tmp_path) -> None:
    parts = [stream.Piece("good", 5), stream.Piece("bad", 5, shuffled=True)]
    good, bad = (parquet.read_table(stream.write_piece(part, tmp_path)[0]) for part in parts)
    assert good.drop_columns("gas") == bad.drop_columns("gas")
    assert good["gas"] != bad["gas"]
    assert np.array_equal(np.sort(good["gas"]), np.sort(bad["gas"]))


def test_batches_of_the_past_come_one_after_another(stream, tmp_path) -> None:
    times = [set(parquet.read_table(file)["time"].to_pylist()) for file in stream.write_past([1, 4, 5], tmp_path)]
    assert [f"{time:%Y-%m}" for (time,) in times] == ["2008-03", "2009-04", "2009-05"]


def test_a_command_that_fails_ends_the_tour_with_its_message(demo, tmp_path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)This failed:.*vernal log\nvernal: There is no store at"):
        demo.by_command_line(["log"], tmp_path / "nothing")


def test_a_folder_of_an_earlier_tour_is_replaced(demo, tmp_path) -> None:
    old = demo.fresh_folder(tmp_path / "output")
    (old / "stores").mkdir()
    assert [file.name for file in demo.fresh_folder(old).iterdir()] == [demo.MARKER]


def test_a_folder_of_somebody_else_is_left_alone(demo, tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(SystemExit, match="not made by this demo, so it is left alone. Name another: --output"):
        demo.fresh_folder(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_an_update_is_a_process_of_its_own_that_uses_the_command_line(demo, tmp_path) -> None:
    task = demo.task(demo.REPLAY, batch=4, is_first=True, budget="1ep", folder=tmp_path)
    record = demo.in_a_process(task)
    assert record["chunk"]["name"] == "batch 4"
    assert record["plan"]["training"]["budget"] == "1ep"


def test_an_update_that_fails_ends_the_tour_with_its_message(demo, tmp_path) -> None:
    task = demo.task(demo.REPLAY, batch=7, is_first=True, budget="1ep", folder=tmp_path)
    with pytest.raises(SystemExit, match=r"(?s)This failed:.*--batch 7.*vernal: "):
        demo.in_a_process(task)


@pytest.mark.slow
@pytest.mark.journey
def test_the_whole_tour_runs_as_make_demo_does(tmp_path) -> None:
    command = [sys.executable, str(DEMO), "--batches", "1", "4", "5", "8", "--budget", "1ep"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^batch 4 +121( +\d+\.\d){4} +\d+ s$", run.stdout, re.MULTILINE)
    assert (tmp_path / "demo-output" / "report.html").is_file()
    assert "Wrote demo-output/backtest/report.html" in run.stdout
