"""Erasing records, as laws and contracts on data retention ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from vernal.base import digest
from vernal.data import id_digests
from vernal.memory import Memory
from vernal.state import pack, unpack
from vernal.store import Store

KINDS = ("memory", "validation")


@dataclass(frozen=True)
class Erasure:
    """What an erasure did.

    Args:
        updates: the updates whose memories held one of the records; no file of the store holds one any more.
        trained: the updates whose models may have learned from them: those, and all their descendants. Erasing
            cannot take out of weights what they learned; train these anew where that is asked for.
    """

    updates: tuple[str, ...]
    trained: tuple[str, ...]


def erase(store: Store | str | Path, ids: Iterable[str | int], reason: str = "") -> Erasure:
    """Erase records from all memories of all versions, and say which versions held them.

    Memories are rewritten without the records, everywhere at once, by one small write; then everything that no version
    needs any more is removed, and so is the unfinished work of updates that were cut off. The journal keeps when and
    why, and a digest of the ids, but no record and no id. A crash in between changes nothing, or leaves only the
    removal of files to be finished by the same call.

    Args:
        store: where models and states are kept.
        ids: the records' ids, as they were given with the chunks.
        reason: kept in the journal.

    Raises:
        StateNotFound: no such store.
        ConflictError: an update is at work on this machine, or was committed meanwhile; it may hold the records, so
            erase again.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    wanted = sorted({str(i) for i in ids})
    _discard_unfinished(store)
    head = store.head()
    rewriting = _Rewriting(store, wanted)
    held = [record["id"] for record in store.records() if rewriting.rewrote(record)]
    asked = digest(id_digests(wanted).numpy().tobytes())
    if held:
        facts = {"ids": asked, "count": len(wanted), "reason": reason, "held": held}
        store.replace_blobs(rewriting.replaced, facts, head.number, rewriting.needs)
    store.discard_scratch("erase")
    store.gc(timedelta(0))
    return _told(store, asked)


def holds(store: Store | str | Path, ids: Iterable[str | int]) -> list[str]:
    """The updates whose memories hold one of these records."""
    store = store if isinstance(store, Store) else Store(store, create=False)
    ids = [*ids]
    found = []
    for record in store.records():
        memories = [_memory(store, record["artefacts"][kind]["blob"]) for kind in KINDS if kind in record["artefacts"]]
        if any(memory.holds(ids) for memory in memories):
            found.append(str(record["id"]))
    return found


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


def _told(store: Store, ids: str) -> Erasure:
    """What this call did, and what the same call did before it was cut off."""
    erasures = [entry.payload for entry in store.entries() if entry.kind == "erase"]
    held = {id for payload in erasures if payload["ids"] == ids for id in payload["held"]}
    records = store.records()
    touched = set(held)
    for record in records:
        if record["parent"] in touched:
            touched.add(record["id"])
    return Erasure(*(tuple(r["id"] for r in records if r["id"] in some) for some in (held, touched)))
