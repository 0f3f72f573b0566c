"""What the store asks of a record, and when it refuses one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vernal.base import ConflictError, StateError, StateNotFound, canonical_json
from vernal.store.registry import CHAMPION, Registry
from vernal.store.version import Version

_FIELDS = ("id", "name", "request", "artefacts")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")
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
    if Version.parse(record["id"]):
        raise StateError(
            f"A record cannot be called {record['id']!r}, which is the form of versions. Choose another id."
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


def check_alias(name: str) -> str:
    """Return a name that an alias may have, or refuse it.

    Examples:
        >>> check_alias("challenger")
        'challenger'
        >>> check_alias("3.2")
        Traceback (most recent call last):
        ...
        vernal.base.errors.StateError: '3.2' cannot be an alias, for it could be a version, or the beginning of an id. \
Choose a word such as 'challenger' or 'shadow'.
    """
    if check_name(name) == CHAMPION:
        raise StateError(
            "The champion is moved by promotion and rollback alone: vernal promote, vernal rollback "
            "(`Store.promote`, `Store.rollback`)."
        )
    if Version.parse(name) or _HEXADECIMAL.fullmatch(name):
        raise StateError(
            f"{name!r} cannot be an alias, for it could be a version, or the beginning of an id. "
            "Choose a word such as 'challenger' or 'shadow'."
        )
    return name


def check_expected(alias: str, id: str | None, expected: str | None, found: str | None) -> None:
    """Refuse to move an alias that does not point where the caller thinks."""
    if found == expected:
        return
    if alias == CHAMPION:
        raise ConflictError(
            f"{short(id)} was to replace {short(expected)} as the champion, but the "
            f"champion is now {short(found)}. Compare it with that one; to promote it all "
            f"the same: vernal promote {short(id)} (`Store.promote`)."
        )
    raise ConflictError(
        f"The alias {alias!r} was to be moved from {short(expected)} to {short(id)}, but it now points to "
        f"{short(found)}. Look at that one, and move the alias again."
    )


def check_earlier(registry: Registry, id: str) -> None:
    """Refuse to go back to a record that was no champion on the way to the present one."""
    if id not in registry.path[:-1]:
        earlier = ", ".join(short(one) for one in registry.path[-6:-1]) or "none"
        raise StateNotFound(
            f"{short(id)} is no earlier champion than {short(registry.champion)}. Earlier champions: {earlier}. "
            f"To make it the champion all the same: vernal promote {short(id)} (`Store.promote`)."
        )


def blobs_of(record: Mapping[str, Any]) -> set[str]:
    """The hashes of all blobs that a record names.

    Examples:
        >>> sorted(blobs_of({"artefacts": {"memory": {"blob": "a", "bytes": 1, "needs": ["b"]}}}))
        ['a', 'b']
    """
    artefacts = record["artefacts"].values()
    return {name for one in artefacts for name in (one["blob"], *one.get("needs", ()))}


def check_lineage(registry: Registry, record: Mapping[str, Any], promote: bool, parent: str | None) -> None:
    """Refuse a record whose id is taken, whose parent is unknown, or that another one overtook."""
    if record["id"] in registry.updates:
        raise ConflictError(f"Another record is called {record['id']!r} already. Choose another id.")
    if parent is not None and parent not in registry.updates:
        raise StateNotFound(
            f"No record is called {parent!r}, from which {record['id']!r} is said to come. "
            "Give the whole id of its parent."
        )
    if promote and registry.champion != parent:
        raise ConflictError(
            f"Update {short(record['id'])} was trained from {short(parent)}, but the champion is "
            f"now {short(registry.champion)}. Run it again from there."
        )


def check_blobs(registry: Registry, blobs: set[str], pinned: int | None) -> None:
    """Refuse a record with blobs that were, or may have been, made from what was erased since."""
    if any(name in registry.replaced for name in blobs) or (pinned is not None and registry.erased_at > pinned):
        raise ConflictError(
            "Rows were erased from the memory while the update ran, and what it has learned and "
            "kept may hold them. Run it again: it starts from what is left."
        )
    if doomed := blobs & registry.condemned:
        raise ConflictError(
            f"A garbage collection is removing blob {short(min(doomed))}, which this needs. "
            "Wait until it has finished (if it was killed, run it again), then run this again."
        )


def check_replacement(registry: Registry, replaced: Mapping[str, str]) -> None:
    """Refuse an erasure that would go in a circle or undo an earlier one."""
    gone = {*registry.replaced, *replaced}
    if wrong := [new for new in replaced.values() if new in gone]:
        raise StateError(
            f"Blob {short(wrong[0])} cannot take the place of another: it is erased itself. "
            "Put a blob without the rows that are to be erased."
        )
    if again := [old for old in replaced if old in registry.replaced]:
        raise StateError(
            f"Blob {short(again[0])} has been erased before. Erase from the blob that took its "
            f"place, {short(registry.resolve(again[0]))}."
        )


def short(name: str | None) -> str:
    """The beginning of an id or a hash, for messages.

    Examples:
        >>> short("9f3a" * 16), short(None)
        ('9f3a9f3a9f3a', 'nothing')
    """
    return "nothing" if name is None else name[:12]
