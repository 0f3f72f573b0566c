"""Erasing records, as laws and contracts on data retention ask for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from vernal.base import ConfigError, digest
from vernal.data import id_digests, id_texts
from vernal.memory import Memory
from vernal.sources import Found
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.transaction.waiting import erase_waiting, find_waiting

KINDS = ("memory", "validation")


@dataclass(frozen=True)
class Erasure:
    """What an erasure did.

    Args:
        updates: the updates whose memories held one of the records; no file of the store holds one any more.
        trained: the updates whose models learned from them, kept or not, and all their descendants, as `trained_on`
            finds them. Erasing cannot take out of weights what they learned; train these anew where that is asked for.
        rows: how many rows were taken out of tables that loops have read from streams.
        unsearched: such tables that were not searched, since no column of ids was named, or they do not have it. They
            may still hold the records.
        outcomes: how many predictions and late labels were removed.
    """

    updates: tuple[str, ...]
    trained: tuple[str, ...]
    rows: int = 0
    unsearched: tuple[str, ...] = ()
    outcomes: int = 0


def erase(
    store: Store | str | Path, ids: Iterable[str | int], reason: str = "", id_column: str | None = None
) -> Erasure:
    """Erase records from all that a store keeps, and say which versions held them.

    First goes what loops keep: rows in tables that they have read from streams, predictions, late labels. Memories of
    all versions are rewritten without the records, everywhere at once, by one small write; then everything that no
    version needs any more is removed, and so is the unfinished work of updates that were cut off. The journal keeps
    when and why, and a digest of the ids, but no record and no id. Digests of the ids that each update was trained on
    stay: they tell, now and later, which models learned from a record. A crash in between leaves something to be
    finished by the same call; loops go on ten minutes later at most.

    What is not the store's is not touched: files in folders that a loop watches, the streams themselves, tables that
    loops on other machines have read. Erase there first, or the records come in again.

    Args:
        store: where models and states are kept.
        ids: the records' ids, as they were given with the chunks.
        reason: kept in the journal.
        id_column: the column of ids in tables that loops have read from streams; None leaves those as they are.

    Raises:
        ConfigError: `ids` is one text.
        StateNotFound: no such store.
        ConflictError: an update or a loop is at work, or something was committed meanwhile; it may hold the records,
            so erase again.
    """
    wanted = sorted({*id_texts(_several(ids))})
    store = store if isinstance(store, Store) else Store(store, create=False)
    with store.lock("erasing"):
        _discard_unfinished(store)
        found, outcomes = erase_waiting(store, wanted, id_column)
        asked = _erase_from_memories(store, wanted, {"reason": reason, "rows": found.rows, "outcomes": outcomes})
        store.discard_scratch("erase")
        store.gc(timedelta(0))
    return replace(_told(store, wanted, asked), rows=found.rows, unsearched=found.unsearched, outcomes=outcomes)


def _erase_from_memories(store: Store, ids: list[str], facts: Mapping[str, Any]) -> str:
    """Rewrite the memories, and write down that it was done, whether or not they held the records.

    So an update that was at work meanwhile, on another machine perhaps, cannot be committed.

    Returns:
        A digest of the ids.
    """
    head = store.head()
    rewriting = _Rewriting(store, ids)
    held = [record["id"] for record in store.records() if rewriting.rewrote(record)]
    asked = digest(id_digests(ids).numpy().tobytes())
    payload = {"ids": asked, "count": len(ids), "held": held, **facts}
    store.replace_blobs(rewriting.replaced, payload, head.number, rewriting.needs)
    return asked


def waiting(store: Store | str | Path, ids: Iterable[str | int], id_column: str | None) -> Found:
    """The tables that loops on this machine have read from streams and that hold one of these records.

    Args:
        store: where the loops are at work.
        ids: the records' ids, as they were given with the chunks.
        id_column: the column of ids; tables that do not have it are not searched, and if it is None, none are.

    Raises:
        ConfigError: `ids` is one text.
        StateNotFound: no such store.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    return find_waiting(store, sorted({*id_texts(_several(ids))}), id_column)


def holds(store: Store | str | Path, ids: Iterable[str | int]) -> list[str]:
    """The updates whose memories hold one of these records.

    Raises:
        ConfigError: `ids` is one text.
        StateNotFound: no such store.
    """
    ids = [*_several(ids)]
    store = store if isinstance(store, Store) else Store(store, create=False)
    found = []
    for record in store.records():
        memories = [_memory(store, record["artefacts"][kind]["blob"]) for kind in KINDS if kind in record["artefacts"]]
        if any(memory.holds(ids) for memory in memories):
            found.append(str(record["id"]))
    return found


def trained_on(store: Store | str | Path, ids: Iterable[str | int]) -> list[str]:
    """The updates whose models learned from one of these records, and all their descendants.

    Whether a memory holds the record does not matter. Records that only judged the models, validation and test data,
    do not count. An update whose chunk came without ids, or that was made before vernal wrote the ids down, is known
    to have learned from a record only while its memory holds it.

    Raises:
        ConfigError: `ids` is one text.
        StateNotFound: no such store.
    """
    ids = [*_several(ids)]
    store = store if isinstance(store, Store) else Store(store, create=False)
    return _trained(store, ids, holds(store, ids))


def _trained(store: Store, ids: Iterable[str | int], held: Collection[str]) -> list[str]:
    """The same, when it is known whose memories hold them, or held them."""
    records, unwanted, found = store.records(), id_digests([*ids]), set[str]()
    for record in records:
        if record["parent"] in found or _learned(store, record, unwanted, held):
            found.add(record["id"])
    return [record["id"] for record in records if record["id"] in found]


def _learned(store: Store, record: Mapping[str, Any], unwanted: Tensor, held: Collection[str]) -> bool:
    if "ids" not in record["artefacts"]:
        return record["id"] in held
    ids = unpack(store.blobs.get(store.resolve(record["artefacts"]["ids"]["blob"])))["ids"]
    return bool(np.isin(ids.numpy().view("V16"), unwanted.numpy().view("V16")).any())


def _several(ids: Iterable[str | int]) -> Iterable[str | int]:
    if isinstance(ids, str | bytes):
        raise ConfigError(f"`ids` is one text, {ids!r}, of which every letter would be an id. Give a list: [{ids!r}].")
    return ids


def _memory(store: Store, blob: str) -> Memory:
    return Memory.from_tree(unpack(store.blobs.get(store.resolve(blob))), store.blobs)


def _discard_unfinished(store: Store) -> None:
    """What updates that were cut off left may hold the records, and so may what they would go on with."""
    for name in store.unfinished():
        with store.lock(name):
            store.discard_scratch(name)


class _Rewriting:
    """Writes memories without some records; several versions may share one, so each is written once.

    Args:
        store: where they lie.
        ids: the records' ids.
    """

    def __init__(self, store: Store, ids: list[str]) -> None:
        self._store, self._ids = store, ids
        self._folder = store.scratch("erase")
        self.replaced: dict[str, str] = {}
        self.needs: dict[str, list[str]] = {}

    def rewrote(self, record: Mapping[str, Any]) -> bool:
        """Rewrite the memories of one version, and say whether they held any of the records."""
        blobs = [
            self._store.resolve(record["artefacts"][kind]["blob"]) for kind in KINDS if kind in record["artefacts"]
        ]
        rewritten = [self._rewrote(blob) for blob in blobs]
        return any(rewritten)

    def _rewrote(self, blob: str) -> bool:
        if blob not in self.replaced:
            changed = _memory(self._store, blob).erase(self._ids, self._folder)
            if changed is None:
                return False
            self.replaced[blob] = new = self._store.blobs.put(pack(changed.to_tree()))
            self.needs[new] = changed.needs
        return True


def _told(store: Store, ids: list[str], asked: str) -> Erasure:
    """What this call did, and what the same call did before it was cut off."""
    erasures = [entry.payload for entry in store.entries() if entry.kind == "erase"]
    held = {id for payload in erasures if payload["ids"] == asked for id in payload["held"]}
    return Erasure(
        updates=tuple(record["id"] for record in store.records() if record["id"] in held),
        trained=tuple(_trained(store, ids, held)),
    )
