"""One change of a store: what it says, its bytes, and the chain that it is a link of. The same in files and in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vernal.base import ConflictError, CorruptState, SchemaTooNew, canonical_json, digest

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One change of a store.

    Args:
        number: its place in the journal, from 1.
        kind: what changed: ``"update"``, ``"promote"``, ``"erase"``, ...
        champion: id of the champion after this change, None if there is none.
        payload: the facts of the change; plain values.
        time: when it was written, in UTC, as ISO 8601.
        previous: digest of the bytes of the entry before, ``""`` for the first.
        digest: digest of the bytes of this entry.
    """

    number: int
    kind: str
    champion: str | None
    payload: Mapping[str, Any]
    time: str
    previous: str
    digest: str = field(default="", compare=False)


def encode_entry(entry: Entry) -> bytes:
    """The bytes of an entry, with a checksum of themselves.

    Examples:
        >>> data = encode_entry(Entry(1, "promote", "a", {"id": "a"}, "2026-03-01T12:00:00+00:00", previous=""))
        >>> decode_entry(1, data, "entry 1").payload
        {'id': 'a'}
    """
    facts = {
        "schema_version": SCHEMA_VERSION,
        "number": entry.number,
        "kind": entry.kind,
        "champion": entry.champion,
        "payload": entry.payload,
        "time": entry.time,
        "previous": entry.previous,
    }
    return canonical_json({**facts, "checksum": digest(facts)})


def decode_entry(number: int, data: bytes, place: str) -> Entry:
    """The entry that was encoded.

    Args:
        number: the place in the journal that it must have.
        data: its bytes.
        place: where the bytes lie, for messages: ``"journal/00000001.json"``.

    Raises:
        CorruptState: these are not the bytes that were written, or those of another entry.
        SchemaTooNew: the entry was written by a later version of vernal.
    """
    facts = _facts(data, place)
    if facts["schema_version"] > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"{place} was written in schema {facts['schema_version']}, and this vernal "
            f"reads up to {SCHEMA_VERSION}. Run: pip install --upgrade vernal"
        )
    if facts["number"] != number:
        raise broken_journal(f"{place} holds entry {facts['number']}")
    return Entry(
        number=number,
        kind=facts["kind"],
        champion=facts["champion"],
        payload=facts["payload"],
        time=facts["time"],
        previous=facts["previous"],
        digest=digest(data),
    )


def check_link(before: Entry | None, entry: Entry, place: str) -> None:
    """Check that an entry follows the one before, None for the first.

    Raises:
        CorruptState: it follows another one.
    """
    if entry.previous != (before.digest if before else ""):
        raise broken_journal(f"{place} does not follow the entry that lies before it")


def broken_journal(what: str) -> CorruptState:
    """The error of a journal that is not what was written."""
    return CorruptState(
        f"The journal is broken: {what}. Bring the journal back from a backup; the blobs beside it need no change."
    )


def taken(number: int) -> ConflictError:
    """The error of a number that another process has written first."""
    return ConflictError(
        f"Journal entry {number} has been written by another process. Look at the new state and run it again."
    )


def _facts(data: bytes, place: str) -> dict[str, Any]:
    """Read an entry and check its checksum, whose form is the same in every schema."""
    try:
        facts = json.loads(data)
        checksum = facts.pop("checksum")
        whole = digest(facts) == checksum and canonical_json({**facts, "checksum": checksum}) == data
    except (ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise broken_journal(f"{place} is damaged: its bytes are not those that were written")
    return dict(facts)
