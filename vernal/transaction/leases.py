"""Who works on a trial: a folder for each, one after the other."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from vernal.transaction.situation import scratch_files


def leased(folder: Path) -> Path:
    """A folder of its own for whoever works on a trial from now on, with the checkpoint that was left.

    A worker that was given up may live on for a moment, and write once more: into a folder that nobody reads any more.
    """
    before = _leases(folder)
    mine = folder / str(1 + (int(before[0].name) if before else 0))
    mine.mkdir(parents=True)
    # A process that died between these lines has left a lease without a checkpoint before the one that has it.
    left = next((file for lease in before if (file := scratch_files(lease)[0]).exists()), None)
    if left is not None:
        os.replace(left, scratch_files(mine)[0])
    return mine


def current_lease(folder: Path) -> Path:
    """The folder of whoever works, or has worked, on a trial last."""
    return _leases(folder)[0]


def _leases(folder: Path) -> Sequence[Path]:
    """The folders of all who have worked on a trial, the last one first."""
    leases = folder.iterdir() if folder.exists() else ()
    return sorted(leases, key=lambda path: int(path.name), reverse=True)
