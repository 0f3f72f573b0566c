"""Locks between processes that the operating system frees, however a process ends."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from vernal.base import Clock, ConflictError


@contextmanager
def hold(folder: Path, name: str, clock: Clock) -> Iterator[None]:
    """Hold a lock while the block runs, or say at once who holds it.

    Args:
        folder: where the lock file lies; made if it is missing.
        name: name of the lock.
        clock: tells the time that others are told.

    Raises:
        ConflictError: another process holds the lock, or another place in this one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    holder = folder / f"{name}.holder"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConflictError(
            f"{name!r} is being worked on by {_who(holder)}. Wait until it has finished, or stop it."
        ) from None
    try:
        # Beside the lock file, for that may not be readable while it is locked.
        holder.write_text(json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": str(clock.now())}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text())
        return f"process {facts['process']} on {facts['host']} since {facts['since']}"
    except (OSError, ValueError):  # It has just begun, or has just ended.
        return "another process"
