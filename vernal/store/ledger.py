"""What the entries of a journal add up to. No files here: a pure fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vernal.base import StateNotFound, did_you_mean
from vernal.store.journal import Entry

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
    """

    id: str
    name: str
    request: str
    parent: str | None
    record: str


@dataclass
class Ledger:
    """The state of a store after some entries.

    Args:
        number: how many entries were read.
        champion: id of the champion.
        updates: committed records by id, in the order of their commits.
        ids: ids of the committed records by name.
        replaced: erased blobs, and what took their place.
        needs: what blobs that took the place of others refer to.
        condemned: blobs that a garbage collection is about to remove.
        erased_at: number of the last erasure, 0 if there was none.

    Examples:
        >>> ledger = Ledger()
        >>> ledger.apply(Entry(1, "erase", None, {"replaced": {"a": "b"}}, "", ""))
        >>> ledger.apply(Entry(2, "erase", None, {"replaced": {"b": "c"}}, "", ""))
        >>> ledger.resolve("a"), ledger.resolve("x")
        ('c', 'x')
    """

    number: int = 0
    champion: str | None = None
    updates: dict[str, Update] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    needs: dict[str, list[str]] = field(default_factory=dict)
    condemned: set[str] = field(default_factory=set)
    erased_at: int = 0

    def apply(self, entry: Entry) -> None:
        """Take in the next entry; a kind that is not known changes the champion at most."""
        self.number, self.champion = entry.number, entry.champion
        if entry.kind == "update":
            update = Update(**{name: entry.payload[name] for name in Update.__dataclass_fields__})
            self.updates[update.id] = update
            self.ids[update.name] = update.id
        elif entry.kind == "erase":
            self.replaced |= entry.payload["replaced"]
            self.needs |= entry.payload.get("needs", {})
            self.erased_at = entry.number
        elif entry.kind == "collect":
            self.condemned = set(entry.payload["blobs"])
        elif entry.kind == "collected":
            self.condemned = set()

    def find(self, key: str) -> Update:
        """An update by its id, by the beginning of its id if only one begins so, or ``"champion"``.

        Raises:
            StateNotFound: there is none, or more than one.
        """
        if key == CHAMPION:
            return self._champion()
        matches = [id for id in self.updates if id.startswith(key)] if key else []
        if key in self.updates or len(matches) == 1:
            return self.updates[key if key in self.updates else matches[0]]
        if matches:
            raise StateNotFound(
                f"{key!r} is the beginning of {len(matches)} records: {', '.join(matches[:5])}. Write more of it."
            )
        newest = [CHAMPION, *list(self.updates)[-9:]]
        raise StateNotFound(f"No record is called {key!r}. {did_you_mean(key, newest)}")

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

    def _champion(self) -> Update:
        if self.champion is None:
            raise StateNotFound("There is no champion yet. Run a first update, or promote a record by its id.")
        return self.updates[self.champion]

    def _ancestors(self, update: Update) -> Iterator[Update]:
        yield update
        while update.parent is not None:
            update = self.updates[update.parent]
            yield update
