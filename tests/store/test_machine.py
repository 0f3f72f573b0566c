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

from tests.store.doubles import MOMENTS, FailingFiles, make_record
from vernal.base import ConflictError, StateError
from vernal.store import Store, open_files

WHO = st.integers(0, 1)
NUMBERS = itertools.count()


class StoreMachine(RuleBasedStateMachine):
    """Two stores at one address must always agree with what was done through either of them."""

    @initialize()
    def open(self) -> None:
        self.address = f"memory://machine-{next(NUMBERS)}"
        self.cache = tempfile.TemporaryDirectory()
        self.stores = [self.reopened(), self.reopened()]
        self.ids: list[str] = []
        self.parents: dict[str, str | None] = {}
        self.champion: str | None = None
        self.segments: dict[str, bytes] = {}

    def teardown(self) -> None:
        fsspec.filesystem("memory").store.clear()
        self.cache.cleanup()

    def reopened(self, at: int = 0, moment: str = "never") -> Store:
        return Store(FailingFiles(open_files(self.address, Path(self.cache.name)), at, moment))

    @rule(who=WHO, promote=st.booleans())
    def commit(self, who: int, promote: bool) -> None:
        id = f"u{len(self.ids)}"
        record = make_record(self.stores[who], id)
        self.stores[who].commit(record, promote, self.champion)
        self.committed(id, promote)

    def committed(self, id: str, promote: bool) -> None:
        self.ids.append(id)
        self.parents[id] = self.champion
        self.champion = id if promote else self.champion
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
        self.champion = id

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
        assert name not in self.stores[who].blobs

    @rule(who=WHO)
    def reopen(self, who: int) -> None:
        self.stores[who] = self.reopened()

    @invariant()
    def both_agree_with_the_model(self) -> None:
        for store in self.stores:
            assert store.champion == self.champion
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


StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
test_any_sequence_of_operations_agrees_with_a_model = StoreMachine.TestCase
