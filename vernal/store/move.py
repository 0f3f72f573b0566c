"""One step in the history of an alias."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vernal.ledger import Entry


@dataclass(frozen=True)
class Move:
    """An alias that was moved from one record to another.

    Args:
        alias: ``"champion"``, ``"challenger"``, ...
        id: where it points from now on; None if it was removed.
        replaced: where it pointed before; None if nowhere.
        time: when, in UTC, as ISO 8601.
        kind: what moved it: ``"update"``, ``"promote"``, ``"rollback"``, or ``"alias"``.
        why: the reason that was given.
        evidence: what it rested on; plain values.
    """

    alias: str
    id: str | None
    replaced: str | None
    time: str
    kind: str
    why: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, entry: Entry, alias: str, id: str | None, replaced: str | None) -> Move:
        """The move that an entry of the journal tells of."""
        why, evidence = entry.payload.get("why", ""), entry.payload.get("evidence", {})  # Older entries lack them.
        return cls(alias, id, replaced, entry.time, entry.kind, why, evidence)
