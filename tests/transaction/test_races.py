"""Two updates at once, in two processes: one winner, and a loser who is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.transaction.processes import PROCESSES, Update
from tests.transaction.stream import outcome, plan
from vernal.store import Store
from vernal.transaction import update


@pytest.mark.journey
def test_of_two_updates_with_different_data_exactly_one_wins(store: Path, config: Path) -> None:
    start = PROCESSES.Barrier(2)
    parent = Store(store).champion
    racing = {number: Update(plan(config, number, budget="20ep"), store, start) for number in (2, 3)}
    answers = {number: racing[number].finish() for number in racing}
    (won,) = (answer["id"] for answer in answers.values() if "id" in answer)
    (lost,) = (answer for answer in answers.values() if "id" not in answer)
    assert lost["kind"] == "ConflictError"
    loser = next(number for number in answers if answers[number] is lost)
    assert re.fullmatch(
        rf"Update \w{{12}} was trained from {parent}, but the champion is now {won}. Run it again from there.",
        lost["text"],
    )
    assert Store(store).champion == won
    assert Store(store).verify() == []
    again = update(plan(config, loser, budget="20ep"), store)
    assert again.record["parent"] == won


@pytest.mark.journey
def test_of_two_equal_updates_one_works_and_the_other_is_told_who_does(store: Path, config: Path) -> None:
    asked = plan(config, 2, budget="200ep")
    working = Update(asked, store)
    working.await_phase("train")
    told = Update(asked, store).finish()
    assert told["kind"] == "ConflictError"
    assert re.fullmatch(
        r"'\w{12}' is being worked on by process \d+ on \S+ since \S+ \S+\. Wait until it has finished, or stop it\.",
        told["text"],
    )
    assert f"process {working.process_id} on" in told["text"]
    done = working.finish()
    assert Update(asked, store).finish() == {"id": done["id"], "repeated": True}
    assert Store(store).head().number == 2


@pytest.mark.journey
def test_two_processes_equal_one(store: Path, first: Path, config: Path, tmp_path: Path) -> None:
    Update(plan(config, 2), store).finish()
    for number in (1, 2):
        update(plan(config, number), tmp_path / "one process")
    assert outcome(Store(store)) == outcome(Store(tmp_path / "one process"))


def test_data_is_prepared_by_one_process_at_a_time(config: Path, tmp_path: Path) -> None:
    text = PREPARING.replace("FOLDER", repr(str(tmp_path)))
    preparing = tmp_path / "preparing.py"
    preparing.write_text(config.read_text(encoding="utf-8") + text, encoding="utf-8")
    start = PROCESSES.Barrier(3)
    racing = [Update(plan(preparing, number), tmp_path / f"store {number}", start) for number in (1, 2, 3)]
    answers = [one.finish() for one in racing]
    assert all("id" in answer for answer in answers)
    lines = (tmp_path / "lines").read_text(encoding="utf-8").split()
    assert lines == ["begin", "end"] * 3


PREPARING = """
import time
from pathlib import Path

fill = data_module_fn


class Slow(DataModule):
    def prepare_data(self) -> None:
        for word in ("begin", "end"):
            with open(Path(FOLDER) / "lines", "a") as lines:
                lines.write(word + "\\n")
            time.sleep(0.1)


def data_module_fn(number: int) -> DataModule:
    filled = fill(number)
    return Slow(train=filled.train, validation=filled.validation)
"""
