"""A lease that is kept for as long as a turn lasts, which may be hours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vernal.base import StateError
from vernal.ledger import Leases

SECONDS = 120.0  # after which others take over from a process that was killed


@contextmanager
def held(leases: Leases, name: str) -> Iterator[bool]:
    """Hold a lease while a ``with`` block runs.

    Args:
        leases: of the store.
        name: what is worked on.

    Yields:
        Whether it could be taken; False: another process has it.
    """
    if not leases.take(name, SECONDS):
        yield False
        return
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(leases, name, done), name=f"lease of {name}", daemon=True)
    thread.start()
    try:
        yield True
    finally:
        done.set()
        thread.join()
        with suppress(StateError):  # Then it is over by itself, a little later.
            leases.release(name)


def _renew(leases: Leases, name: str, done: threading.Event) -> None:
    while not done.wait(SECONDS / 3):
        try:
            leases.renew(name, SECONDS)
        except StateError:
            continue  # The next time; what is at stake is double work, no more.
