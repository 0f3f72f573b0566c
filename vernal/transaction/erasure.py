"""Erasing records, as laws and contracts on data retention ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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

    Memories are rewritten without the records, everywhere at once, by one small write; then the old files are removed.
    The journal keeps when and why, and a digest of the ids, but no record and no id. A crash in between changes
    nothing, or leaves only the removal of files to be finished by the same call.

    Args:
        store: where models and states are kept.
        ids: the records' ids, as they were given with the chunks.
        reason: kept in the journal.

    Raises:
        StateNotFound: no such store.
        ConflictError: an update was committed meanwhile; it may hold the records, so erase again.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    wanted = [str(i) for i in ids]
    head = store.head()
    folder = store.scratch("erase")
    replaced: dict[str, str] = {}
    held = []
    for record in store.records():
        for kind in KINDS:
            if kind in record["artefacts"]:
                blob = store.resolve(record["artefacts"][kind]["blob"])
                changed = _rewritten(store, blob, wanted, folder, replaced)
                if changed and record["id"] not in held:
                    held.append(record["id"])
    if replaced:
        facts = {
            "ids": digest(id_digests(wanted).numpy().tobytes()),
            "count": len(wanted),
            "reason": reason,
            "held": held,
        }
        store.replace_blobs(replaced, facts, head.number)
    store.discard_scratch("erase")
    return Erasure(tuple(held), _descendants(store, held))


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


def _rewritten(store: Store, blob: str, ids: list[str], folder: Path, replaced: dict[str, str]) -> bool:
    """Rewrite one memory without the records; several versions often share files, so each is replaced once."""
    if blob in replaced:
        return True
    memory = _memory(store, blob)
    changed = memory.erase(ids, folder)
    if changed is None:
        return False
    gone = sorted(set(memory.needs) - set(changed.needs))
    new = store.blobs.put(pack(changed.to_tree()))
    replaced[blob] = new
    for file in gone:
        # Nobody looks a column up by its old name any more: the new index names the new ones.
        replaced.setdefault(file, new)
    return True


def _descendants(store: Store, held: list[str]) -> tuple[str, ...]:
    touched = set(held)
    for record in store.records():
        if record["parent"] in touched:
            touched.add(record["id"])
    return tuple(record["id"] for record in store.records() if record["id"] in touched)
