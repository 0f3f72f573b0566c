"""Removing what no record needs, without ever removing what one does.

A collection first says in the journal what it is about to remove, as compare-and-swap on the very
state that it looked at; then removes it; then says that it has. Whoever commits meanwhile sees the
first entry, and is refused if it needs what was condemned. So neither clocks nor the grace period
are needed for safety; the grace only spares work that has not been committed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vernal.base import StateNotFound, SystemClock
from vernal.store.blobs import Blobs
from vernal.store.files import Files
from vernal.store.journal import Journal
from vernal.store.registry import Registry


@dataclass(frozen=True)
class Garbage:
    """What a collection removed.

    Args:
        blobs: hashes of blobs that no record needs.
        files: temporary files and folders that killed processes left.
        n_bytes: room that the blobs took.
    """

    blobs: list[str]
    files: list[str]
    n_bytes: int


class Collector:
    """Collects the garbage of one store. One at a time: the caller holds a lock.

    Args:
        files: where everything lies.
        blobs: the blobs among them.
        journal: what happened.
        registry: gives the newest state.
        needed: gives the blobs that the records of a state need.
    """

    def __init__(
        self,
        files: Files,
        blobs: Blobs,
        journal: Journal,
        registry: Callable[[], Registry],
        needed: Callable[[Registry], set[str]],
    ) -> None:
        self._files = files
        self._blobs = blobs
        self._journal = journal
        self._registry = registry
        self._needed = needed

    def collect(self, grace: timedelta) -> Garbage:
        """Complete what an earlier collection began, then remove what is older than the grace."""
        # The age of files is a matter of the disk's clock, not of one that replays history.
        limit = SystemClock().now() - grace
        sizes = self._remove_condemned()
        self._condemn(limit)
        sizes |= self._remove_condemned()
        for erased in self._registry().replaced:
            self._blobs.remove(erased)  # In case an erasure was cut off, or a copy is left here.
        self._blobs.forget_all_but(set(self._blobs))
        return Garbage([*sizes], self._remove_leftovers(limit), sum(sizes.values()))

    def _condemn(self, limit: datetime) -> None:
        """Announce the removal of all that nobody needs, in the state in which nobody needs it."""
        while True:
            registry = self._registry()
            orphans = set(self._blobs) - self._needed(registry)
            blobs = sorted(name for name in orphans if self._is_old(name, limit))
            if not blobs or self._appended("collect", {"blobs": blobs}, registry):
                return

    def _remove_condemned(self) -> dict[str, int]:
        """Remove what was announced, and say so; return the sizes of what was there."""
        condemned = sorted(self._registry().condemned)
        sizes = {name: self._blobs.size(name) for name in condemned if name in self._blobs}
        for name in sizes:
            self._blobs.remove(name)
        while condemned and not self._appended("collected", {}, self._registry()):
            continue
        return sizes

    def _remove_leftovers(self, limit: datetime) -> list[str]:
        leftovers = [*self._files.leftovers("blobs"), *self._files.leftovers("journal")]
        old = [path for path in leftovers if self._files.modified(path) < limit]
        for path in old:
            self._files.remove(path)
        return old

    def _is_old(self, name: str, limit: datetime) -> bool:
        try:
            return self._blobs.modified(name) < limit
        except StateNotFound:
            return False  # An erasure has removed it a moment ago.

    def _appended(self, kind: str, payload: Mapping[str, Any], registry: Registry) -> bool:
        return self._journal.appended(kind, payload, registry.champion, registry.number)
