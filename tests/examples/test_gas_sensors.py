"""The tour tells its story: the numbers on the screen and on the page are those of the stores."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.report.pages import Page, names_elsewhere

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "examples" / "gas_sensors" / "demo.py"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    """The script as a module; an example is no package."""
    spec = importlib.util.spec_from_file_location("gas_sensors_demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


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


@pytest.fixture(scope="module")
def tour(demo, tmp_path_factory) -> tuple[Path, str]:
    """A short tour: where it wrote, and what it printed."""
    folder = tmp_path_factory.mktemp("tour") / "output"
    patch, lines = pytest.MonkeyPatch(), []
    # One thread at a time: two updates in one process would share torch's random numbers.
    patch.setattr(demo, "AT_ONCE", 1)
    patch.setattr(demo.Console, "print", lambda _, *texts, **__: lines.extend(texts or [""]))
    with patch.context():
        assert demo.main(["--output", str(folder), "--batches", "1", "2", "--budget", "1ep"], in_this_process) == 0
    patch.undo()
    return folder, "\n".join(lines)


def records_of(demo: ModuleType, folder: Path) -> dict[str, list[dict]]:
    from vernal import Store

    return {s.name: Store(demo.store_of(s, folder)).lineage("champion") for s in demo.STRATEGIES}


@pytest.mark.journey
def test_every_strategy_makes_an_update_of_every_batch(demo, tour) -> None:
    for records in records_of(demo, tour[0]).values():
        assert [record["chunk"]["name"] for record in records] == ["batch 1", "batch 2"]


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
    n_new, n_before = 933, 334
    assert samples["no update"] == 0
    assert samples["fine-tuning"] == n_new
    assert samples["retraining from scratch"] == n_new + n_before
    assert records["experience replay"]["training"]["replayed"] > 0


@pytest.mark.journey
def test_a_model_that_is_not_updated_stays_the_same(demo, tour) -> None:
    first, second = records_of(demo, tour[0])["no update"]
    assert first["artefacts"]["model"]["blob"] == second["artefacts"]["model"]["blob"]


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
        triangle = printed.partition(title)[2].splitlines()[2:4]
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
        assert [row[0].text, row[1].value, row[2].value] == [name, *measured]
    assert names_elsewhere(html) == names_elsewhere((folder / "replay.html").read_text(encoding="utf-8")) == []


@pytest.mark.journey
def test_the_commands_that_it_names_are_there(tour, capsys) -> None:
    from vernal.cli import main

    named = [line.split("vernal ", 1)[1].split("    ")[0].split() for line in tour[1].splitlines() if "vernal " in line]
    runnable = [words for words in named if words[0] in ("log", "show")]
    assert [words[0] for words in runnable] == ["log", "show"]
    for words in runnable:
        assert main(words) == 0
    assert "batch 2" in capsys.readouterr().out


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
    command = [sys.executable, str(DEMO), "--batches", "1", "4", "--budget", "1ep"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^batch 4 +121( +\d+\.\d){4} +\d+ s$", run.stdout, re.MULTILINE)
    assert (tmp_path / "demo-output" / "report.html").is_file()
