"""The SQL side of a store: history, decisions, where loops stand, predictions and their late labels. Knows no files."""

from vernal.ledger.database import Database
from vernal.ledger.entry import SCHEMA_VERSION, Entry, broken_journal, check_link, decode_entry, encode_entry, taken
from vernal.ledger.failures import ConnectionLost
from vernal.ledger.journal import SqlJournal

__all__ = [
    "SCHEMA_VERSION",
    "ConnectionLost",
    "Database",
    "Entry",
    "SqlJournal",
    "broken_journal",
    "check_link",
    "decode_entry",
    "encode_entry",
    "taken",
]
