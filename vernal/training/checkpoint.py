"""The state in the middle of a training, from which an interrupted one goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from vernal.base import CorruptState, StateError
from vernal.state import pack, unpack
from vernal.training.progress import Reporter, Silent


class Checkpoint:
    """One file, replaced as a whole.

    It counts only as long as what the training began with is what it was: an erasure on another machine may have taken
    records out of it that this one has learned from already, or vernal may be another version.

    Args:
        path: the file.
        basis: what the training began with, as a text or digest.
        reporter: is told if a checkpoint does not count.
    """

    def __init__(self, path: Path, basis: str = "", reporter: Reporter | None = None) -> None:
        self._path, self._basis = path, basis
        self._reporter = reporter or Silent()

    def save(self, tree: dict[str, Any]) -> None:
        """Replace what was saved before.

        Raises:
            StateError: writing failed; what was saved before is still there.
        """
        partial = self._path.with_suffix(".partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(pack({"basis": self._basis, "tree": tree}))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            raise StateError(
                f"The checkpoint {self._path} could not be written: {error}. The last good one is kept; "
                "make room, and run the update again: it goes on from there."
            ) from error

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None if nothing was, or if it cannot be read or counts no more: training begins anew."""
        try:
            saved = unpack(self._path.read_bytes())
        except (FileNotFoundError, CorruptState):
            return None
        if saved.get("basis") != self._basis:
            self.discard()
            self._reporter.note("the checkpoint is not used: after it came an erasure, or another version of vernal")
            return None
        tree: dict[str, Any] = saved["tree"]
        return tree

    def discard(self) -> None:
        """Forget what was saved."""
        self._path.unlink(missing_ok=True)
