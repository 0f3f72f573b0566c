"""A search whose process dies at any event goes on as if it had not, and loses nothing."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import Heard, ranged
from tests.transaction.stream import copy_of, outcome, plan
from vernal.base import StateError
from vernal.store import Store
from vernal.training.checkpoint import Checkpoint
from vernal.transaction import trial, tune, update
from vernal.transaction.leases import leased
from vernal.transaction.situation import scratch_files
from vernal.tuning import Book

MOMENTS = [0, 1, 2, 3, 5, 8, 13, 20, 27, 33]
ALL = [n if n in MOMENTS else pytest.param(n, marks=pytest.mark.slow) for n in range(60)]


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


class Scene:
    """A store with one update, the plan of a second one, and how that ends undisturbed."""

    def __init__(self, before: Path, config: Path, **tuning: Any) -> None:
        self._before = before
        self.plan = ranged(plan(config, 2, budget="4ep", checkpoint_minutes=5), **tuning)
        undisturbed = copy_of(before, f"{before.name} undisturbed")
        update(self.plan, undisturbed)
        self.outcome = timeless(undisturbed)

    def store(self, name: str) -> Path:
        return copy_of(self._before, f"{self._before.name} {name}")


def timeless(store: Path) -> dict[str, Any]:
    """All of an update, its trials included, except times."""
    opened = Store(store)
    record, found = opened.record("champion"), outcome(opened)
    trials = _trials(opened, record)
    summary = {name: value for name, value in record["tuning"].items() if name != "seconds"}
    found["artefacts"].pop("tuning")
    return {**found, "trials": trials, "summary": summary}


def _trials(store: Store, record: dict[str, Any]) -> list[Any]:
    past = json.loads(store.blobs.get(record["artefacts"]["tuning"]["blob"]))
    for one in past["trials"]:
        for measures in [*one["curve"], one["final"] or {}, one]:
            measures.pop("seconds", None)
    return list(past["trials"])


class KillAt:
    """Kills at an event, before it is on disk, in the middle of its line, or when it is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, event: int, how: str) -> None:
        self._append, self._left, self._how = Book._append, event, how
        monkeypatch.setattr(Book, "_append", lambda book, path, line: self(book, path, line))

    def __call__(self, book: Book, path: Path, line: bytes) -> None:
        self._left -= 1
        if self._left != -1:
            self._append(book, path, line)
            return
        if self._how == "after":
            self._append(book, path, line)
        if self._how == "torn":
            with path.open("ab") as file:
                file.write(line[: len(line) // 2])
        raise Killed


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    return {}


@pytest.mark.parametrize("event", ALL)
@pytest.mark.parametrize("scheduler", ["asha:eta=2", "random"])
def test_a_search_killed_at_any_event_ends_as_if_it_had_not_been(
    scheduler: str,
    event: int,
    scenes: dict[str, Scene],
    first: Path,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if scheduler not in scenes:
        scenes[scheduler] = Scene(first, config, scheduler=scheduler, max_trials=6)
    scene = scenes[scheduler]
    store = scene.store("killed")
    how = ("before", "torn", "after")[event % 3]
    with monkeypatch.context() as patch:
        KillAt(patch, event, how)
        try:
            update(scene.plan, store)
        except Killed:
            assert Store(store).verify() == []
            assert Store(store).champion != scene.outcome["id"]
    update(scene.plan, store)
    assert timeless(store) == scene.outcome
    assert Store(store).unfinished() == []


def test_a_search_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few new lines every time."""
    scene = Scene(first, config, scheduler="random", max_trials=4)
    store = scene.store("killed often")
    for _ in range(100):
        with monkeypatch.context() as patch:
            KillAt(patch, 2, "torn")
            try:
                update(scene.plan, store)
            except Killed:
                continue
        break
    assert timeless(store) == scene.outcome


def test_two_workers_are_adopted_and_no_epoch_is_trained_twice(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(first, config, max_trials=4, workers=2)
    store = scene.store("two")
    saved: Counter[tuple[str, int]] = Counter()
    save = Checkpoint.save

    def counted(self: Checkpoint, tree: dict[str, Any]) -> None:
        saved[str(self._path.parent.parent.name), tree["state"]["steps"]] += 1
        save(self, tree)

    monkeypatch.setattr(Checkpoint, "save", counted)
    with monkeypatch.context() as patch:
        KillAt(patch, 6, "after")
        with pytest.raises(Killed):
            update(scene.plan, store)
    assert len({trial for trial, _ in saved}) == 2
    update(scene.plan, store)
    assert timeless(store) == scene.outcome
    assert {*saved.values()} == {1}


def test_a_worker_that_dies_between_checkpoint_and_report_loses_no_epoch(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(first, config, max_trials=3)
    store = scene.store("silent")
    left = itertools.count()
    tell = trial._tell_levels

    def dying(channel: Any, number: int, curve: Any, seconds: float) -> None:
        if next(left) in (1, 6):
            raise SystemExit
        tell(channel, number, curve, seconds)

    monkeypatch.setattr("vernal.transaction.trial._tell_levels", dying)
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


def test_a_worker_that_dies_while_its_answer_is_on_the_way_is_one_death(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer reaches the worker that is started in its place."""
    scene = Scene(first, config, max_trials=2)
    store = scene.store("answered")
    left = itertools.count()
    tell = trial._tell_levels

    def dying(channel: Any, number: int, curve: Any, seconds: float) -> None:
        if next(left) == 1:
            channel.send({"kind": "levels", "trial": number, "curve": curve, "seconds": seconds})
            raise SystemExit
        tell(channel, number, curve, seconds)

    monkeypatch.setattr("vernal.transaction.trial._tell_levels", dying)
    searched = tune(scene.plan, store)
    book = next(searched.folder.parent.parent.glob("trials.jsonl")).read_text()
    assert book.count('"died"') == 1
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_dies_while_it_leaves_a_trial_does_not_harm_it(
    workers: int, first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have the trial by then: to give it away once more would make two writers."""
    scene = Scene(first, config, scheduler="asha:eta=2", max_trials=6, workers=workers)
    store = scene.store("leaving")
    tell = trial._tell_levels

    def dying(channel: Any, number: int, curve: Any, seconds: float) -> None:
        try:
            tell(channel, number, curve, seconds)
        except trial.Paused:
            raise SystemExit from None

    monkeypatch.setattr("vernal.transaction.trial._tell_levels", dying)
    book = next(tune(scene.plan, store).folder.parent.parent.glob("trials.jsonl")).read_text()
    assert "died" not in book
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_fails_while_it_leaves_a_trial_does_not_harm_it(
    workers: int, first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was to do next is done by the worker in its place; else the search would wait for that for ever."""
    scene = Scene(first, config, scheduler="asha:eta=2", max_trials=6, workers=workers)
    store = scene.store("failing")
    tell = trial._tell_levels

    def failing(channel: Any, number: int, curve: Any, seconds: float) -> None:
        try:
            tell(channel, number, curve, seconds)
        except trial.Paused:
            raise ValueError("what the user's code does in the end") from None

    monkeypatch.setattr("vernal.transaction.trial._tell_levels", failing)
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


def test_a_trial_whose_process_dies_three_times_at_the_same_place_has_failed(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = trial._tell_levels

    def dying(channel: Any, number: int, curve: Any, seconds: float) -> None:
        if number == 1 and len(curve) == 3:
            raise SystemExit
        tell(channel, number, curve, seconds)

    monkeypatch.setattr("vernal.transaction.trial._tell_levels", dying)
    store = copy_of(first, "dies")
    heard = Heard()
    searched = tune(ranged(plan(config, 2, budget="4ep"), max_trials=3), store, reporter=heard)
    ends = [" ".join(note.partition("; ")[2].split()[:3]) for note in heard.notes if "its process was killed" in note]
    assert ends == ["it goes on", "it goes on", "it has failed."]
    failed = searched.past.trials[1]
    assert (failed.status, failed.level) == ("failed", 2)
    assert "died 3 times at the same place; the last one was killed by signal 9" in failed.error
    assert [trial.status for trial in searched.past.trials] == ["complete", "failed", "complete"]


def test_a_trial_that_was_complete_when_it_was_adopted_is_complete(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last line of a search with one trial says that it is complete; it was not written."""
    scene = Scene(first, config, max_trials=1)
    store = scene.store("complete")
    with monkeypatch.context() as patch:
        KillAt(patch, 5, "before")  # begin, four levels
        with pytest.raises(Killed):
            tune(scene.plan, store)
    trials = tune(scene.plan, store).past.trials
    assert [(trial.status, trial.level) for trial in trials] == [("complete", 4)]


def test_what_a_worker_that_was_given_up_still_writes_is_not_read(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(first, config, max_trials=2)
    store = scene.store("fenced")
    with monkeypatch.context() as patch:
        KillAt(patch, 3, "after")
        with pytest.raises(Killed):
            tune(scene.plan, store)
    start = "vernal.transaction.crew.leased"

    def revived(folder: Path) -> Path:
        mine = leased(folder)
        for old in {*folder.iterdir()} - {mine}:
            scratch_files(old)[0].write_bytes(b"what the old worker writes")
        return mine

    monkeypatch.setattr(start, revived)
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


def test_a_process_that_dies_while_it_leases_a_folder_loses_no_epoch(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is made, and the checkpoint is still in the one before."""
    scene = Scene(first, config, max_trials=2)
    store = scene.store("leasing")
    with monkeypatch.context() as patch:
        KillAt(patch, 3, "after")
        with pytest.raises(Killed):
            tune(scene.plan, store)
    with monkeypatch.context() as patch:
        replace = os.replace

        def dying(source: Path, target: Path) -> None:
            if Path(source).name == "checkpoint.safetensors":
                raise Killed
            replace(source, target)

        patch.setattr("vernal.transaction.leases.os.replace", dying)
        with pytest.raises(Killed):
            tune(scene.plan, store)
    saved = []
    save = Checkpoint.save
    monkeypatch.setattr(Checkpoint, "save", lambda self, tree: (saved.append(tree["state"]["steps"]), save(self, tree)))
    tune(scene.plan, store)
    assert saved == [12, 3, 6, 9, 12]
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


def test_leases_are_numbered_and_take_the_newest_checkpoint_along(tmp_path: Path) -> None:
    folder = tmp_path / "0"
    first = leased(folder)
    scratch_files(first)[0].write_bytes(b"1")
    (folder / "9").mkdir()
    tenth = leased(folder)
    assert (tenth.name, scratch_files(tenth)[0].read_bytes()) == ("10", b"1")
    scratch_files(first)[0].write_bytes(b"late")
    assert scratch_files(leased(folder))[0].read_bytes() == b"1"


def test_a_full_disk_under_the_book_keeps_everything(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(first, config, max_trials=3)
    store = scene.store("full")
    with monkeypatch.context() as patch:
        left, sync = itertools.count(), os.fsync

        def full(number: int) -> None:
            if next(left) >= 9:
                raise OSError(28, "No space left on device")
            sync(number)

        patch.setattr("vernal.tuning.book.os.fsync", full)
        with pytest.raises(
            StateError, match=r"trials\.jsonl could not be written: .*No space left.* all that it holds"
        ):
            update(scene.plan, store)
    update(scene.plan, store)
    assert timeless(store) == scene.outcome


def test_a_full_disk_under_a_checkpoint_is_nobodys_failure(
    first: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(first, config, max_trials=3)
    store = scene.store("full")
    with monkeypatch.context() as patch:
        left, save = itertools.count(), Checkpoint.save

        def full(self: Checkpoint, tree: dict[str, Any]) -> None:
            if next(left) >= 5:
                raise StateError("No space left on device.")
            save(self, tree)

        patch.setattr(Checkpoint, "save", full)
        with pytest.raises(StateError, match="No space left"):
            update(scene.plan, store)
    update(scene.plan, store)
    assert timeless(store) == scene.outcome
    assert all(trial["status"] == "complete" for trial in scene.outcome["trials"])
