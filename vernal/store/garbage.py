"""Removing what no record needs, without ever removing what one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from vernal.base import ConflictError, SystemClock
from vernal.store.blobs import Blobs
from vernal.store.files import Files
from vernal.store.journal import Journal
from vernal.store.ledger import Ledger


@dataclass(frozen=True)
class Garbage:
    """What a collection removed.

    Args:
        blobs: hashes of blobs that no record needs.
        files: temporary files that killed processes left.
        n_bytes: room that this gave back.
    """

    blobs: list[str]
    files: list[str]
    n_bytes: int
