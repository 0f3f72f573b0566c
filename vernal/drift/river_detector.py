"""Detectors whose arithmetic is River's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from vernal.base import StateError, require
from vernal.drift.river_state import freeze, thaw
from vernal.drift.sequential import SequentialDetector

EXTRA = "detectors"


class RiverDetector(SequentialDetector):
    """Holds one or two detectors of River and their state. River is imported late: it takes a second or two."""

    @abstractmethod
    def _made(self) -> list[Any]:
        """New detectors of River."""

    def _forget(self) -> None:
        self._rivers = self._made()

    def _memory(self) -> dict[str, Any]:
        return {"river": _version(), "detectors": [freeze(river) for river in self._rivers]}

    def _recall(self, memory: Mapping[str, Any]) -> None:
        if memory["river"] != _version():
            raise StateError(
                f"The state was written with River {memory['river']}, and {_version()} is installed. "
                "Begin anew without the state, or install that version."
            )
        self._rivers = [thaw(*pair) for pair in zip(self._made(), memory["detectors"], strict=True)]


def _version() -> str:
    return str(require("river", EXTRA).__version__)
