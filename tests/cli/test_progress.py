from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from vernal.base import Progress
from vernal.cli.progress import Both, Lines, Live, reporting, training_facts
from vernal.store import Store


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 5, 3, 8, 30, tzinfo=UTC) + timedelta(seconds=self.passed)

    def seconds(self) -> float:
        return self.passed


HALF = Progress(epochs=1, steps=10, samples=640, minutes=0.5)


def test_time_left_follows_from_the_share_that_is_done() -> None:
    assert training_facts(HALF, 0.5, 0.25) == ["epoch 2", "50 %", "loss 0.2500", "30 s left"]


def test_nothing_is_foretold_before_anything_is_done() -> None:
    assert training_facts(Progress(), 0.0, None) == ["epoch 1", "0 %"]


def test_lines_about_training_come_every_few_seconds() -> None:
    stream, clock = io.StringIO(), Hand()
    lines = Lines(stream, clock, every=10)
    lines.phase("train")
    for _ in range(25):
        clock.passed += 1
        lines.training(HALF, 0.5, 0.25)
    lines.note("done")
    assert stream.getvalue().splitlines() == [
        "08:30:00  train",
        "08:30:10  epoch 2  50 %  loss 0.2500  30 s left",
        "08:30:20  epoch 2  50 %  loss 0.2500  30 s left",
        "08:30:25  done",
    ]


def test_lines_about_tuning_come_every_few_seconds_and_notes_at_once() -> None:
    stream, clock = io.StringIO(), Hand()
    lines = Lines(stream, clock, every=10)
    for trial in range(1, 25):
        clock.passed += 1
        lines.tuning(trial / 40, [f"trial {trial} of 40", "2 running"])
        if trial == 14:
            lines.note("trial 3 is complete: accuracy 0.9130")
    assert stream.getvalue().splitlines() == [
        "08:30:10  25 %  trial 10 of 40  2 running",
        "08:30:14  trial 3 is complete: accuracy 0.9130",
        "08:30:24  60 %  trial 24 of 40  2 running",
    ]


def test_a_terminal_shows_how_much_of_the_limits_is_spent() -> None:
    stream = io.StringIO()
    live = Live(Console(file=stream, force_terminal=True, width=160, highlight=False))
    with live.bars:
        live.phase("tune")
        live.tuning(0.35, ["trial 7 of 20", "best accuracy 0.9130 (trial 3: lr=0.01)"])
        live.note("trial 6 failed: RuntimeError: out of memory")
        live.bars.refresh()
    shown = stream.getvalue()
    assert "trial 6 failed: RuntimeError: out of memory" in shown
    assert "35 %  trial 7 of 20  best accuracy 0.9130 (trial 3: lr=0.01)" in shown


def test_a_narrow_terminal_shows_all_facts_and_the_time() -> None:
    stream = io.StringIO()
    live = Live(Console(file=stream, force_terminal=True, width=80, highlight=False, color_system=None))
    with live.bars:
        live.phase("tune")
        live.tuning(0.35, ["trial 7 of 20", "best accuracy 0.9130 (trial 3: lr=0.01, alpha=0.5)", "2 running"])
        live.bars.refresh()
    shown = stream.getvalue()
    for part in (
        "35 %",
        "trial 7 of",
        "accuracy",
        "0.9130",
        "lr=0.01",
        "alpha=0.5",
        "2",
        "running",
        "━" * 30,
        "0:00:00",
    ):
        assert part in shown


def test_a_terminal_shows_a_bar_and_keeps_the_notes() -> None:
    stream = io.StringIO()
    live = Live(Console(file=stream, force_terminal=True, width=120, highlight=False))
    with live.bars:
        live.phase("train")
        live.training(HALF, 0.5, 0.25)
        live.note("checkpoint after 5 steps")
        live.bars.refresh()
    shown = stream.getvalue()
    assert "checkpoint after 5 steps" in shown
    assert "epoch 2  50 %  loss 0.2500  30 s left" in shown


def test_both_are_told() -> None:
    streams = io.StringIO(), io.StringIO()
    both = Both([Lines(stream, Hand(), every=0) for stream in streams])
    both.phase("train")
    both.training(HALF, 0.5, None)
    both.tuning(0.5, ["2 running"])
    both.note("done")
    assert streams[0].getvalue() == streams[1].getvalue()
    assert streams[0].getvalue().count("\n") == 4


def test_the_log_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(Store(tmp_path), "vernal update x.py") as (reporter, log):
        reporter.phase("train")
    assert [line[10:] for line in log.read_text().splitlines()] == ["vernal update x.py", "train"]
    assert capsys.readouterr().err.endswith("  train\n")


def test_on_a_terminal_the_log_is_kept_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    with reporting(Store(tmp_path), "vernal update x.py") as (reporter, log):
        reporter.phase("train")
        reporter.note("checkpoint after 5 steps")
    assert [line[10:] for line in log.read_text().splitlines()][1:] == ["train", "checkpoint after 5 steps"]
    shown = capsys.readouterr().err
    assert "checkpoint after 5 steps\n" in shown
    assert "\x1b[" in shown


def test_logs_that_begin_in_the_same_second_do_not_mix(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with reporting(store, "a") as (_, one), reporting(store, "b") as (_, other):
        assert one != other


def test_an_error_is_written_to_the_log_and_says_where(tmp_path: Path) -> None:
    with pytest.raises(KeyError) as caught, reporting(Store(tmp_path), "vernal update x.py"):
        raise KeyError("colour")
    (note,) = caught.value.__notes__
    assert note.startswith("Log: ")
    text = Path(note.removeprefix("Log: ")).read_text()
    assert "Traceback" in text
    assert "KeyError: 'colour'" in text
