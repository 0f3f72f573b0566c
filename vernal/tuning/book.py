"""What has happened in a search, in a file that is only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vernal.base import StateError
from vernal.space import plain_value
from vernal.tuning.trial import Trial

Event = Mapping[str, Any]


class Book:
    """The trials of a search; all of them are read off the events in a file.

    An event counts as soon as its line is complete, so a process that is killed while it writes one has not said it.
    Reading changes nothing; only one process may write.

    Args:
        path: the file; None to remember without writing.

    Raises:
        StateError: the file cannot be read, or holds what is no event of a search.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._torn_at: int | None = None
        self._trials: dict[int, Trial] = {}
        self.seconds = 0.0
        """How long the search has taken so far, in all processes that have worked on it one after the other."""
        self.finisher: int | None = None
        """The number of the trial that was last taken to its end because the search was over."""
        self.limits: Mapping[str, Any] = {}
        """The limits at which it was over then."""
        if path is not None and path.exists():
            self._read(path)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials, by number."""
        return tuple(self._trials.values())

    def write(self, kind: str, trial: int, seconds: float, **facts: Any) -> None:
        """Write down an event, on disk before it counts.

        Args:
            kind: ``begin``, ``go on``, ``finish``, ``level``, ``pause``, ``complete``, ``fail`` or ``died``.
            trial: the number of the trial.
            seconds: how long the search has taken so far.
            facts: of the event.

        Raises:
            StateError: it cannot be written.
        """
        event = {"kind": kind, "trial": trial, "seconds": seconds, **facts}
        if self._path is not None:
            self._append(self._path, json.dumps(event, allow_nan=False).encode() + b"\n")
        self._apply(event)

    def _append(self, path: Path, line: bytes) -> None:
        try:
            if self._torn_at is not None:  # What follows half a line must not be glued to it.
                os.truncate(path, self._torn_at)
            with path.open("ab") as file:
                self._torn_at = file.tell()
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StateError(
                f"{path} could not be written: {error}. Make room, and run the same again: all that it holds counts."
            ) from error
        self._torn_at = None

    def _read(self, path: Path) -> None:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise StateError(f"{path} could not be read: {error}. Make it readable, and run the same again.") from error
        whole = text[: text.rfind(b"\n") + 1]
        if len(whole) < len(text):  # Somebody was killed in the middle of a line.
            self._torn_at = len(whole)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                self._apply(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise StateError(
                    f"Line {number} of {path} is no event of a search: {line[:60]!r}. Restore the file from a copy, "
                    "cut it off before that line, or remove it to begin the search again."
                ) from error

    def _apply(self, event: Event) -> None:
        number, kind = event["trial"], event["kind"]
        if kind == "begin":
            config = {name: plain_value(value) for name, value in event["config"].items()}
            self._trials[number] = Trial(number, config, event["origin"], event["until"])
        else:
            self._trials[number] = _CHANGES[kind](self._trials[number], event)
        if kind == "finish":
            self.finisher, self.limits = number, event["limits"]
        self.seconds = max(self.seconds, event["seconds"])


def _go_on(trial: Trial, event: Event) -> Trial:
    return replace(trial, status="running", until=event["until"])


def _level(trial: Trial, event: Event) -> Trial:
    curve = (*trial.curve[: event["level"] - 1], event["measures"])
    return replace(trial, curve=curve, seconds=event["trained"], deaths=0)


def _complete(trial: Trial, event: Event) -> Trial:
    return replace(trial, status="complete", final=event["measures"], seconds=event["trained"], deaths=0)


_CHANGES: dict[str, Callable[[Trial, Event], Trial]] = {
    "go on": _go_on,
    "finish": _go_on,
    "level": _level,
    "pause": lambda trial, event: replace(trial, status="paused"),  # noqa: ARG005
    "complete": _complete,
    "fail": lambda trial, event: replace(trial, status="failed", error=event["error"]),
    "died": lambda trial, event: replace(trial, deaths=trial.deaths + 1),  # noqa: ARG005
}
