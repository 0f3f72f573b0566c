"""Locks between processes that the operating system frees, however a process ends."""

from __future__ import annotations

import getpass
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from vernal.base import Clock, ConflictError, StateError


@contextmanager
def hold(folder: Path, name: str, clock: Clock, wait: bool = False) -> Iterator[None]:
    """Hold a lock while the block runs; if another one holds it, wait, or say at once who that is.

    Args:
        folder: where the lock file lies; made if it is missing.
        name: name of the lock.
        clock: tells the time that others are told.
        wait: whether to wait until it is free.

    Raises:
        ConflictError: another process holds the lock, or another place in this one.
    """
    lock = FileLock(folder / f"{name}.lock")
    holder = folder / f"{name}.holder"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        raise ConflictError(
            f"{name!r} is being worked on by {_who(holder)}. Wait until it has finished, or stop it."
        ) from None
    except OSError as error:
        raise StateError(f"The lock {folder / name} could not be taken: {error}. Check your rights there.") from error
    try:
        # Beside the lock file, for that may not be readable while it is locked.
        facts = {"process": os.getpid(), "host": socket.gethostname(), "since": str(clock.now())}
        with suppress(OSError):  # A full disk: others are not told who it is, that is all.
            holder.write_text(json.dumps(facts), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def machine_lock(name: str, clock: Clock) -> AbstractContextManager[None]:
    """Hold a lock that all processes of this user on this machine know, whatever store they work with; waits for it.

    Args:
        name: name of the lock.
        clock: tells the time that others are told.
    """
    folder = Path(tempfile.gettempdir()) / f"vernal-locks-{getpass.getuser()}"
    return hold(folder, name, clock, wait=True)


def _who(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {facts['process']} on {facts['host']} since {facts['since']}"
    except (OSError, ValueError):  # It has just begun, or has just ended.
        return "another process"
