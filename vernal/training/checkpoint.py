"""The state in the middle of a training, from which an interrupted one goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from vernal.base import CorruptState, StateError
from vernal.state import pack, unpack


class Checkpoint:
    """One file, replaced as a whole.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, tree: dict[str, Any]) -> None:
        """Replace what was saved before.

        Raises:
            StateError: writing failed; what was saved before is still there.
        """
        partial = self._path.with_suffix(".partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(pack(tree))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            raise StateError(
                f"The checkpoint {self._path} could not be written: {error}. The last good one is kept; "
                "make room, and run the update again: it goes on from there."
            ) from error

    def load(self) -> dict[str, Any] | None:
        """What was saved last; None if nothing was, or if it cannot be read: training then begins anew."""
        try:
            tree: dict[str, Any] = unpack(self._path.read_bytes())
        except (FileNotFoundError, CorruptState):
            return None
        return tree

    def discard(self) -> None:
        """Forget what was saved."""
        self._path.unlink(missing_ok=True)
