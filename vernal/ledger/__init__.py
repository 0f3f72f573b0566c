"""The SQL side of a store: history, decisions, where loops stand, predictions and their late labels. Knows no files."""

from vernal.ledger.database import Database
from vernal.ledger.entry import SCHEMA_VERSION, Entry, broken_journal, check_link, decode_entry, encode_entry, taken
from vernal.ledger.failures import ConnectionLost
from vernal.ledger.integrity import damage
from vernal.ledger.journal import SqlJournal
from vernal.ledger.leases import Leases
from vernal.ledger.loops import Decided, Loops
from vernal.ledger.outcomes import Label, Look, Outcomes, Pair, Prediction
from vernal.ledger.stores import knows_store, register_store

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
    "taken",
]
