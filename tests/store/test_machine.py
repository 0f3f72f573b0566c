"""Any sequence of operations, by two processes and with failures, against a model in a few dictionaries."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import fsspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.store.doubles import MOMENTS, FailingFiles, FailingJournal, make_record
from vernal.base import ConflictError, StateError, digest
from vernal.store import Store, open_files

WHO = st.integers(0, 1)
NUMBERS = itertools.count()


class StoreMachine(RuleBasedStateMachine):
    """Two stores at one address must always agree with what was done through either of them."""

    @initialize()
    def open(self) -> None:
        self.cache = tempfile.TemporaryDirectory()
        self.address = self.new_address()
        self.stores = [self.reopened(), self.reopened()]
        self.ids: list[str] = []
        self.parents: dict[str, str | None] = {}
        self.champion: str | None = None
        self.path: list[str] = []
        self.aliases: dict[str, str] = {}
        self.versions: dict[str, tuple[int, int]] = {}
        self.segments: dict[str, bytes] = {}

    def new_address(self) -> str:
        return f"memory://machine-{next(NUMBERS)}"

    def teardown(self) -> None:
        fsspec.filesystem("memory").store.clear()
        self.cache.cleanup()

    def reopened(self, at: int = 0, moment: str = "never") -> Store:
        return Store(FailingFiles(open_files(self.address, Path(self.cache.name)), at, moment))

    @rule(who=WHO, promote=st.booleans(), major=st.booleans())
    def commit(self, who: int, promote: bool, major: bool) -> None:
        id = f"u{len(self.ids)}"
        record = make_record(self.stores[who], id, major=major)
        self.stores[who].commit(record, promote, self.champion)
        self.committed(id, promote, major)

    def committed(self, id: str, promote: bool, major: bool = False) -> None:
        self.ids.append(id)
        self.parents[id] = self.champion
        majors = [version[0] for version in self.versions.values()]
        line = 1 + max(majors, default=0) if major or self.champion is None else self.versions[self.champion][0]
        self.versions[id] = (line, majors.count(line))
        if promote:
            self.crown(id)
        self.segments[id] = f"segment of {id}".encode()

    @rule(who=WHO, at=st.integers(1, 6), moment=st.sampled_from(MOMENTS))
    def commit_with_a_failure(self, who: int, at: int, moment: str) -> None:
        id = f"u{len(self.ids)}"
        failing = self.reopened(at, moment)
        try:
            failing.commit(make_record(failing, id), True, self.champion)
        except StateError:
            assert self.stores[who].champion in (self.champion, id)
            self.stores[who].commit(make_record(self.stores[who], id), True, self.champion)
        self.committed(id, promote=True)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, data=st.data())
    def promote(self, who: int, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(self.ids))
        self.stores[who].promote(id, expected=self.champion)
        self.crown(id)

    def crown(self, id: str) -> None:
        self.path = [*itertools.takewhile(lambda one: one != id, self.path), id]
        self.champion = id

    @precondition(lambda self: len(self.path) > 1)
    @rule(who=WHO, steps=st.integers(1, 3))
    def roll_back(self, who: int, steps: int) -> None:
        earlier = self.path[:-1][-steps:][0]
        self.stores[who].rollback(earlier if steps > 1 else None, expected=self.champion)
        self.crown(earlier)

    @precondition(lambda self: self.ids)
    @rule(who=WHO, alias=st.sampled_from(["challenger", "shadow"]), data=st.data())
    def point(self, who: int, alias: str, data: st.DataObject) -> None:
        id = data.draw(st.none() | st.sampled_from(self.ids))
        self.stores[who].point(alias, id, expected=self.aliases.pop(alias, None))
        self.aliases |= {} if id is None else {alias: id}

    @precondition(lambda self: self.ids)
    @rule(who=WHO)
    def be_too_late(self, who: int) -> None:
        before = self.stores[who].head()
        record = make_record(self.stores[who], "late")
        refused(lambda: self.stores[who].commit(record, True, parent=None), self.champion is not None)
        refused(lambda: self.stores[who].replace_blobs({"0" * 64: "1" * 64}, {}, after=before.number - 1), True)
        assert self.stores[who].head() == before

    @precondition(lambda self: self.ids)
    @rule(who=WHO, data=st.data())
    def erase(self, who: int, data: st.DataObject) -> None:
        id, store = data.draw(st.sampled_from(self.ids)), self.stores[who]
        named = store.record(id)["artefacts"]["memory"]["needs"][0]
        self.segments[id] += b"-"
        new = store.blobs.put(self.segments[id])
        store.replace_blobs({store.resolve(named): new}, {}, after=store.head().number)

    @rule(who=WHO, orphan=st.binary(max_size=3))
    def collect(self, who: int, orphan: bytes) -> None:
        name = self.stores[who].blobs.put(orphan)
        assert name in self.stores[1 - who].gc(timedelta(0)).blobs
        assert set(self.stores[who].blobs) == self.live(self.stores[who])

    def live(self, store: Store) -> set[str]:
        """What must be there, and nothing else may be, after a collection."""
        names = {entry.payload["record"] for entry in store.entries() if entry.kind == "update"}
        texts = [f"model of {id}" for id in self.ids]
        texts += [f"index of {id}: {digest(f'segment of {id}'.encode())}" for id in self.ids]
        return names | {digest(text.encode()) for text in texts} | {digest(data) for data in self.segments.values()}

    @rule(who=WHO)
    def reopen(self, who: int) -> None:
        self.stores[who] = self.reopened()

    @invariant()
    def both_agree_with_the_model(self) -> None:
        for store in self.stores:
            assert store.champion == self.champion
            assert store.aliases() == self.aliases | ({"champion": self.champion} if self.champion else {})
            assert store.versions() == {id: f"{major}.{minor}" for id, (major, minor) in self.versions.items()}
            assert [record["id"] for record in store.records()] == self.ids
            for id in self.ids:
                needs = store.record(id)["artefacts"]["memory"]["needs"]
                assert [store.blobs.get(store.resolve(name)) for name in needs] == [self.segments[id]]
            if self.champion:
                assert [record["id"] for record in store.lineage("champion")] == self.lineage()
        assert self.stores[0].verify() == []

    def lineage(self) -> list[str]:
        line, id = [], self.champion
        while id is not None:
            line.append(id)
            id = self.parents[id]
        return line[::-1]


def refused(operation: Callable[[], object], expected: bool) -> None:
    """A late operation is a conflict, unless there was nothing to be late for."""
    if not expected:
        return
    try:
        operation()
    except ConflictError:
        return
    raise AssertionError("the operation was not refused")


class EmbeddedStoreMachine(StoreMachine):
    """The same in a folder, with the history in a database."""

    def new_address(self) -> str:
        return str(Path(self.cache.name) / "store")

    def reopened(self, at: int = 0, moment: str = "never") -> Store:
        files = FailingFiles(open_files(self.address), at, moment)
        store = Store(files, ledger="embedded")
        store._journal = FailingJournal(store._journal, files)
        return store


EmbeddedStoreMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
test_any_sequence_of_operations_agrees_with_a_model_in_sql = EmbeddedStoreMachine.TestCase
StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
test_any_sequence_of_operations_agrees_with_a_model = StoreMachine.TestCase
