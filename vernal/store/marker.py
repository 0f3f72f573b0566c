"""The file that makes a folder a store, and says where its history lies."""

from __future__ import annotations

import contextlib
import json
import operator
import re
import uuid
from dataclasses import dataclass
from typing import Any

from vernal.base import CorruptState, SchemaTooNew, StateError, StateNotFound, canonical_json, digest
from vernal.store.files import Files
from vernal.store.records import check_name

MARKER = "vernal.json"
SCHEMA_VERSION = 2
FILES, EMBEDDED = "files", "embedded"
REPAIR = 'Copy it back from a backup; where there is a journal folder, {"schema_version":1} in it will do.'


@dataclass(frozen=True)
class Marker:
    """What a store says of itself.

    Args:
        id: its own, by which a database that several stores share knows it.
        name: of the model, for people.
        history: where its history lies: in ``"files"``, in a database that is ``"embedded"`` in its folder, or in one
            elsewhere, of which only the kind is said: ``"postgresql"`` or ``"sqlite"``.
    """

    id: str
    name: str
    history: str

    def to_json(self) -> dict[str, Any]:
        """Plain values. Of a history in files, schema 1 knows all; other histories it would not see at all."""
        schema_version = 1 if self.history == FILES else SCHEMA_VERSION
        return {"schema_version": schema_version, "id": self.id, "name": self.name, "history": self.history}


def read_marker(files: Files) -> Marker:
    """What a store says of itself; what older ones do not say follows from their address.

    Raises:
        FileNotFoundError: there is none.
        CorruptState: it is damaged.
        SchemaTooNew: it was written by a later version.
    """
    try:
        facts = json.loads(files.read(MARKER))
        version = operator.index(facts["schema_version"])
        marker = Marker(
            id=str(facts.get("id", digest(files.url)[:32])),
            name=str(facts.get("name", default_name(files.url))),
            history=str(facts.get("history", FILES)),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CorruptState(f"{MARKER} in {files.url} is damaged. {REPAIR}") from None
    if version > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"The store {files.url} has schema {version}, and this vernal reads up to "
            f"{SCHEMA_VERSION}. Run: pip install --upgrade vernal"
        )
    return marker


def find_marker(files: Files) -> Marker | None:
    """What a store says of itself; None where nothing is.

    Raises:
        StateError: something else is there.
    """
    try:
        return read_marker(files)
    except FileNotFoundError:
        if not files.is_empty():
            raise StateError(
                f"{files.url} holds other files and no vernal store. Name an empty folder, or the folder of a store."
            ) from None
        return None


def make_marker(files: Files, name: str | None, history: str) -> Marker:
    """Make a store where nothing is; if another process has just made one, it is that one."""
    name = default_name(files.url) if name is None else check_name(name)
    marker = Marker(uuid.uuid4().hex, name, history)
    with contextlib.suppress(FileExistsError):
        files.create(MARKER, canonical_json(marker.to_json()))
    return read_marker(files)


def check_same_name(marker: Marker, name: str | None, url: str) -> None:
    """Refuse to open a store under another name."""
    if name is not None and name != marker.name:
        raise StateError(
            f"The model in {url} is called {marker.name!r}, and not {name!r}. "
            "Leave out the name, or name another store."
        )


def not_there(url: str) -> StateNotFound:
    """What is said where a store was to be found and none is."""
    return StateNotFound(f"There is no store at {url}. Check the address, or run a first update, which makes one.")


def default_name(url: str) -> str:
    """The last part of an address, as far as a name may have it.

    Examples:
        >>> default_name("s3://bucket/models/fraud/"), default_name("/tmp/card fraud"), default_name("memory://")
        ('fraud', 'card-fraud', 'memory')
    """
    parts = [part for part in re.split(r"[/\\:]+", url) if part]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", parts[-1] if parts else "").lstrip(".-") or "model"
