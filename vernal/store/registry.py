"""What the entries of a journal add up to. No files here: a pure fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vernal.base import StateNotFound, did_you_mean
from vernal.ledger import Entry
from vernal.store.move import Move
from vernal.store.version import Version

CHAMPION = "champion"


@dataclass(frozen=True)
class Update:
    """What the journal says of one committed record.

    Args:
        id: short name for people.
        name: hash of all that determined it.
        request: hash of what was asked for, whatever it was trained from.
        parent: id of the record that it was trained from, None for the first.
        record: hash of the blob with the whole record.
        major: whether it was begun anew: from scratch, or in another architecture.
    """

    id: str
    name: str
    request: str
    parent: str | None
    record: str
    major: bool = False

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Update:
        """What an entry says; older ones say less."""
        return cls(**{name: payload[name] for name in cls.__dataclass_fields__ if name in payload})


@dataclass
class Registry:
    """The state of a store after some entries.

    Args:
        number: how many entries were read.
        champion: id of the champion.
        path: ids of the champions up to the present one; those that were gone back from are not on it.
        aliases: ids by alias; the champion is not among them.
        moves: for every alias, and the champion, what moved it, oldest first.
        versions: names of the committed records for people, by id.
        minors: the highest minor version of each major one.
        updates: committed records by id, in the order of their commits.
        ids: ids of the committed records by name.
        replaced: erased blobs, and what took their place.
        needs: what blobs that took the place of others refer to.
        condemned: blobs that a garbage collection is about to remove.
        erased_at: number of the last erasure, 0 if there was none.

    Examples:
        >>> registry = Registry()
        >>> registry.apply(Entry(1, "erase", None, {"replaced": {"a": "b"}}, "", ""))
        >>> registry.apply(Entry(2, "erase", None, {"replaced": {"b": "c"}}, "", ""))
        >>> registry.resolve("a"), registry.resolve("x")
        ('c', 'x')
    """

    number: int = 0
    champion: str | None = None
    path: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    minors: dict[int, int] = field(default_factory=dict)
    updates: dict[str, Update] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    condemned: set[str] = field(default_factory=set)
    erased_at: int = 0

    def apply(self, entry: Entry) -> None:
        """Take in the next entry; a kind that is not known changes the champion at most."""
        if entry.kind == "update":
            self._commit(Update.of(entry.payload))
        elif entry.kind == "alias":
            self._point(entry)
        elif entry.kind == "erase":
            self.replaced |= entry.payload["replaced"]
            self.needs |= entry.payload.get("needs", {})
            self.erased_at = entry.number
        elif entry.kind == "collect":
            self.condemned = set(entry.payload["blobs"])
        elif entry.kind == "collected":
            self.condemned = set()
        self._crown(entry)
        self.number = entry.number

    def find(self, key: str) -> Update:
        """An update by its id, an alias, ``"champion"``, its version, or the beginning of its id if only one begins so.

        Raises:
            StateNotFound: there is none, or more than one.
        """
        if key == CHAMPION:
            return self._champion()
        if id := self._id(key):
            return self.updates[id]
        matches = [id for id in self.updates if id.startswith(key)] if key else []
        if len(matches) == 1:
            return self.updates[matches[0]]
        if matches:
            raise StateNotFound(
                f"{key!r} is the beginning of {len(matches)} records: {', '.join(matches[:5])}. Write more of it."
            )
        raise StateNotFound(f"No record is called {key!r}. {did_you_mean(key, self._names())}")

    def earlier(self) -> str:
        """Id of the champion before the present one.

        Raises:
            StateNotFound: there is none.
        """
        if len(self.path) < 2:
            raise StateNotFound(
                "There is no earlier champion to go back to. Another record is made the champion by: vernal promote ID"
            )
        return self.path[-2]

    def by_name(self, name: str) -> Update | None:
        """The update that was made of exactly this, if it was committed."""
        return self.updates[self.ids[name]] if name in self.ids else None

    def lineage(self, update: Update) -> list[Update]:
        """An update and all that it descends from, oldest first."""
        return [*self._ancestors(update)][::-1]

    def resolve(self, blob: str) -> str:
        """What stands in the place of a blob after all erasures: most often the blob itself."""
        while blob in self.replaced:
            blob = self.replaced[blob]
        return blob

    def needed(self, blob: str, needs: Iterable[str]) -> set[str]:
        """What an artefact needs after all erasures: what stands in its place, and what that refers to.

        Args:
            blob: as its record names it.
            needs: what it referred to when it was recorded.
        """
        now = self.resolve(blob)
        return {now, *map(self.resolve, self.needs.get(now, needs))}

    def _id(self, key: str) -> str | None:
        """The record with a whole id, an alias or a version."""
        if key in self.updates:
            return key
        return self.aliases.get(key) or next((id for id, version in self.versions.items() if str(version) == key), None)

    def _names(self) -> list[str]:
        """What a key could have been: the newest ids, their versions, and the aliases."""
        newest = list(self.updates)[-5:]
        return [CHAMPION, *self.aliases, *newest, *(str(self.versions[id]) for id in newest)]

    def _commit(self, update: Update) -> None:
        self.updates[update.id] = update
        self.ids[update.name] = update.id
        self.versions[update.id] = self._version(update)

    def _version(self, update: Update) -> Version:
        """The next name that is free: of a new major version, or in that of its parent."""
        if update.major or update.parent is None:
            version = Version(len(self.minors) + 1, 0)
        else:
            major = self.versions[update.parent].major
            version = Version(major, self.minors[major] + 1)
        self.minors[version.major] = version.minor
        return version

    def _point(self, entry: Entry) -> None:
        alias, id = entry.payload["alias"], entry.payload["id"]
        self._move(entry, alias, id, self.aliases.pop(alias, None))
        if id is not None:
            self.aliases[alias] = id

    def _crown(self, entry: Entry) -> None:
        """Follow the champion: a new one ends the path, and one that is on it already cuts off what came after it."""
        if entry.champion is None or entry.champion == self.champion:
            return
        self._move(entry, CHAMPION, entry.champion, self.champion)
        self.champion = entry.champion
        if self.champion in self.path:
            del self.path[self.path.index(self.champion) :]
        self.path.append(self.champion)

    def _move(self, entry: Entry, alias: str, id: str | None, replaced: str | None) -> None:
        self.moves.setdefault(alias, []).append(Move.by(entry, alias, id, replaced))

    def _champion(self) -> Update:
        if self.champion is None:
            raise StateNotFound("There is no champion yet. Run a first update, or promote a record by its id.")
        return self.updates[self.champion]

    def _ancestors(self, update: Update) -> Iterator[Update]:
        yield update
        while update.parent is not None:
            update = self.updates[update.parent]
            yield update
