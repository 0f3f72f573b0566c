"""What the store asks of a record, and when it refuses one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vernal.base import ConflictError, StateError, StateNotFound, canonical_json
from vernal.store.ledger import CHAMPION, Ledger

_FIELDS = ("id", "name", "request", "artefacts")
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def check_record(record: Mapping[str, Any]) -> bytes:
    """Return a record as canonical JSON; refuse one that lacks something or cannot be written.

    Examples:
        >>> check_record({"id": "champion", "name": "n", "request": "r", "artefacts": {}})
        Traceback (most recent call last):
        ...
        vernal.base.errors.StateError: A record cannot be called 'champion', which always means \
the current one. Choose another id.
    """
    if missing := [field for field in _FIELDS if field not in record]:
        raise StateError(f"A record needs the fields {', '.join(_FIELDS)}; this one lacks {', '.join(missing)}.")
    for name, artefact in record["artefacts"].items():
        if "blob" not in artefact:
            raise StateError(
                f"Artefact {name!r} of record {record['id']!r} has no `blob`. "
                "Put its bytes into the store first, and name their hash."
            )
    if check_name(record["id"]) == CHAMPION:
        raise StateError(
            f"A record cannot be called {CHAMPION!r}, which always means the current one. Choose another id."
        )
    try:
        return canonical_json(record)
    except (TypeError, ValueError) as error:
        raise StateError(
            f"Record {record['id']!r} cannot be written as JSON: {error}. "
            "Use plain values, and None for what is not a number."
        ) from error


def check_name(name: str) -> str:
    """Return a name that is safe as the name of a file, or refuse it.

    Examples:
        >>> check_name("../secrets")
        Traceback (most recent call last):
        ...
        vernal.base.errors.StateError: '../secrets' cannot be a name in the store. Use letters, \
digits, '.', '_' and '-', and begin with a letter, a digit or '_'.
    """
    if not _SAFE.fullmatch(name):
        raise StateError(
            f"{name!r} cannot be a name in the store. Use letters, digits, '.', '_' and '-', "
            "and begin with a letter, a digit or '_'."
        )
    return name


def blobs_of(record: Mapping[str, Any]) -> set[str]:
    """The hashes of all blobs that a record names.

    Examples:
        >>> sorted(blobs_of({"artefacts": {"memory": {"blob": "a", "bytes": 1, "needs": ["b"]}}}))
        ['a', 'b']
    """
    artefacts = record["artefacts"].values()
    return {name for one in artefacts for name in (one["blob"], *one.get("needs", ()))}


def check_lineage(ledger: Ledger, record: Mapping[str, Any], promote: bool, parent: str | None) -> None:
    """Refuse a record whose id is taken, whose parent is unknown, or that another one overtook."""
    if record["id"] in ledger.updates:
        raise ConflictError(f"Another record is called {record['id']!r} already. Choose another id.")
    if parent is not None and parent not in ledger.updates:
        raise StateNotFound(
            f"No record is called {parent!r}, from which {record['id']!r} is said to come. "
            "Give the whole id of its parent."
        )
    if promote and ledger.champion != parent:
        raise ConflictError(
            f"Update {short(record['id'])} was trained from {short(parent)}, but the champion is "
            f"now {short(ledger.champion)}. Run it again from there."
        )


def check_blobs(ledger: Ledger, blobs: set[str], pinned: int | None) -> None:
    """Refuse a record with blobs that were, or may have been, made from what was erased since."""
    if any(name in ledger.replaced for name in blobs) or (pinned is not None and ledger.erased_at > pinned):
        raise ConflictError(
            "Rows were erased from the memory while the update ran, and what it has learned and "
            "kept may hold them. Run it again: it starts from what is left."
        )
    if doomed := blobs & ledger.condemned:
        raise ConflictError(
            f"A garbage collection is removing blob {short(min(doomed))}, which this needs. "
            "Wait until it has finished (if it was killed, run it again), then run this again."
        )


def check_replacement(ledger: Ledger, replaced: Mapping[str, str]) -> None:
    """Refuse an erasure that would go in a circle or undo an earlier one."""
    gone = {*ledger.replaced, *replaced}
    if wrong := [new for new in replaced.values() if new in gone]:
        raise StateError(
            f"Blob {short(wrong[0])} cannot take the place of another: it is erased itself. "
            "Put a blob without the rows that are to be erased."
        )
    if again := [old for old in replaced if old in ledger.replaced]:
        raise StateError(
            f"Blob {short(again[0])} has been erased before. Erase from the blob that took its "
            f"place, {short(ledger.resolve(again[0]))}."
        )


def short(name: str | None) -> str:
    """The beginning of an id or a hash, for messages.

    Examples:
        >>> short("9f3a" * 16), short(None)
        ('9f3a9f3a9f3a', 'nothing')
    """
    return "nothing" if name is None else name[:12]
