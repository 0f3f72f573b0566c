"""What has happened in a search, in a file that is only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vernal.base import StateError
from vernal.tuning.trial import Trial

Event = Mapping[str, Any]


class Book:
    """The trials of a search; all of them are read off the events in a file.

    An event counts as soon as its line is complete, so a process that is killed while it writes one has not said it.

    Args:
        path: the file; None to remember without writing.

    Raises:
        StateError: the file cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._trials: dict[int, Trial] = {}
        self.seconds = 0.0
        """How long the search has taken so far, in all processes that have worked on it one after the other."""
        if path is not None and path.exists():
            self._read(path)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials, by number."""
        return tuple(self._trials.values())

    def write(self, kind: str, trial: int, seconds: float, **facts: Any) -> None:
        """Write down an event, on disk before it counts.

        Args:
            kind: ``begin``, ``go on``, ``level``, ``pause``, ``complete``, ``fail`` or ``died``.
            trial: the number of the trial.
            seconds: how long the search has taken so far.
            facts: of the event.

        Raises:
            StateError: it cannot be written.
        """
        event = {"kind": kind, "trial": trial, "seconds": seconds, **facts}
        if self._path is not None:
            self._append(self._path, json.dumps(event, allow_nan=False) + "\n")
        self._apply(event)

    def _append(self, path: Path, line: str) -> None:
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StateError(
                f"{path} could not be written: {error}. Make room, and run the same again: finished trials count."
            ) from error

    def _read(self, path: Path) -> None:
        text = path.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):  # Somebody was killed in the middle of a line; what follows must not be glued to it.
            os.truncate(path, len(whole))
        for line in whole.splitlines():
            self._apply(json.loads(line))

    def _apply(self, event: Event) -> None:
        number = event["trial"]
        self.seconds = max(self.seconds, event["seconds"])
        if event["kind"] == "begin":
            self._trials[number] = Trial(number, event["config"], event["origin"], event["until"])
        else:
            self._trials[number] = _CHANGES[event["kind"]](self._trials[number], event)


def _level(trial: Trial, event: Event) -> Trial:
    curve = (*trial.curve[: event["level"] - 1], event["measures"])
    return replace(trial, curve=curve, seconds=event["trained"], deaths=0)


def _complete(trial: Trial, event: Event) -> Trial:
    return replace(trial, status="complete", final=event["measures"], seconds=event["trained"], deaths=0)


_CHANGES: dict[str, Callable[[Trial, Event], Trial]] = {
    "go on": lambda trial, event: replace(trial, status="running", until=event["until"]),
    "level": _level,
    "pause": lambda trial, event: replace(trial, status="paused"),  # noqa: ARG005
    "complete": _complete,
    "fail": lambda trial, event: replace(trial, status="failed", error=event["error"]),
    "died": lambda trial, event: replace(trial, deaths=trial.deaths + 1),  # noqa: ARG005
}
