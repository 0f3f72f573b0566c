"""The store: immutable blobs, an append-only journal, and the champion. Knows no tensors."""

from vernal.store.address import open_files
from vernal.store.blobs import Blobs
from vernal.store.files import Files
from vernal.store.garbage import Garbage
from vernal.store.journal import Entry, Journal
from vernal.store.locks import machine_lock
from vernal.store.store import Head, Store

__all__ = ["Blobs", "Entry", "Files", "Garbage", "Head", "Journal", "Store", "machine_lock", "open_files"]
