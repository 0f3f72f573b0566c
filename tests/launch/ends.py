"""Seeing processes end, without looking at them again and again."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Sequence
from pathlib import Path

PATIENCE_SECONDS = 20.0


def ends(pids: Sequence[int]) -> bool:
    """Whether all these processes end, or have ended."""
    return all(map(_ends, pids))


def _ends(pid: int) -> bool:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], PATIENCE_SECONDS)[0])
    finally:
        os.close(process)


def alive_with(mark: str) -> list[int]:
    """The processes that have a text in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def children() -> list[str]:
    """The children of this process, those included that nobody has waited for."""
    return sorted(pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split())
