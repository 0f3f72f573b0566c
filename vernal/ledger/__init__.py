"""The SQL side of a store: history, decisions, where loops stand, predictions and their late labels. Knows no files.

Names are imported when they are first used: a store with its history in files needs an `Entry`, and no SQLAlchemy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vernal.ledger.address import sqlite_address
    from vernal.ledger.database import Database
    from vernal.ledger.entry import SCHEMA_VERSION, Entry, broken_journal, check_link, decode_entry, encode_entry, taken
    from vernal.ledger.failures import ConnectionLost
    from vernal.ledger.integrity import damage
    from vernal.ledger.journal import SqlJournal
    from vernal.ledger.leases import Leases
    from vernal.ledger.loops import Decided, Loops
    from vernal.ledger.outcomes import Label, Look, Outcomes, Pair, Prediction
    from vernal.ledger.stores import knows_store, register_store

_FILES = {
    "address": ("sqlite_address",),
    "database": ("Database",),
    "entry": ("SCHEMA_VERSION", "Entry", "broken_journal", "check_link", "decode_entry", "encode_entry", "taken"),
    "failures": ("ConnectionLost",),
    "integrity": ("damage",),
    "journal": ("SqlJournal",),
    "leases": ("Leases",),
    "loops": ("Decided", "Loops"),
    "outcomes": ("Label", "Look", "Outcomes", "Pair", "Prediction"),
    "stores": ("knows_store", "register_store"),
}
_HOME = {name: f"vernal.ledger.{file}" for file, names in _FILES.items() for name in names}

__all__ = [
    "ConnectionLost",
    "Database",
    "Decided",
    "Entry",
    "Label",
    "Leases",
    "Look",
    "Loops",
    "Outcomes",
    "Pair",
    "Prediction",
    "SCHEMA_VERSION",
    "SqlJournal",
    "broken_journal",
    "check_link",
    "damage",
    "decode_entry",
    "encode_entry",
    "knows_store",
    "register_store",
    "sqlite_address",
    "taken",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'vernal.ledger' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
