"""The store: immutable blobs, an append-only journal, versions, and aliases such as the champion. Knows no tensors."""

from vernal.ledger import Entry
from vernal.store.address import open_files
from vernal.store.blobs import Blobs
from vernal.store.file_journal import FileJournal
from vernal.store.files import Files
from vernal.store.garbage import Garbage
from vernal.store.inboxes import Inboxes, LoopGarbage, collect_from_loops, idle_loops, read_inboxes
from vernal.store.journal import Journal
from vernal.store.locks import machine_lock
from vernal.store.move import Move
from vernal.store.refusals import refusals
from vernal.store.store import Head, Store
from vernal.store.version import Version

__all__ = [
    "Blobs",
    "Entry",
    "FileJournal",
    "Files",
    "Garbage",
    "Head",
    "Inboxes",
    "Journal",
    "LoopGarbage",
    "Move",
    "Store",
    "Version",
    "collect_from_loops",
    "idle_loops",
    "machine_lock",
    "open_files",
    "read_inboxes",
    "refusals",
]
