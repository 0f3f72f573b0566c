"""Updates in processes of their own, forked from one that has imported everything but run nothing."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from vernal.base import Progress, VernalError
from vernal.config import Plan

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["vernal.methods", "vernal.transaction", "tests.transaction.processes"])


class Telling:
    """A reporter that sends the name of every phase."""

    def __init__(self, sender: Connection) -> None:
        self._sender = sender

    def phase(self, name: str) -> None:
        self._sender.send(("phase", name))

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        pass

    def note(self, text: str) -> None:
        self._sender.send(("phase", text))


def updating(plan: Plan, store: str, sender: Connection, start: Barrier | None) -> None:
    """What the process does."""
    import torch

    from vernal.transaction import update

    torch.set_num_threads(1)
    if start is not None:
        start.wait(30)
    try:
        result = update(plan, store, reporter=Telling(sender))
        sender.send(("done", {"id": result.id, "repeated": result.repeated}))
    except VernalError as error:
        sender.send(("error", {"kind": type(error).__name__, "text": str(error)}))


@dataclass
class Update:
    """An update in a process of its own.

    Args:
        plan: what it does.
        store: where.
        start: where it waits for others.
    """

    plan: Plan
    store: Path
    start: Barrier | None = None
    phases: list[str] = field(default_factory=list)
    answer: tuple[str, dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        self._receiver, sender = PROCESSES.Pipe(duplex=False)
        arguments = (self.plan, str(self.store), sender, self.start)
        self._process = PROCESSES.Process(target=updating, args=arguments)
        self._process.start()
        sender.close()

    @property
    def process_id(self) -> int | None:
        """By which the system knows it."""
        return self._process.pid

    def await_phase(self, name: str) -> None:
        """Wait until it begins something."""
        while name not in self.phases and self._hear():
            pass

    def finish(self) -> dict[str, Any]:
        """Wait for its end, and return what it said last: the id of the update, or the error."""
        while self._hear():
            pass
        self._process.join(60)
        assert self.answer is not None, f"died after {self.phases}"
        return self.answer[1]

    def kill(self, after: float) -> None:
        """Kill -9, some seconds from now."""
        time.sleep(after)
        self._process.kill()
        while self._hear():
            pass
        self._process.join(60)

    def _hear(self) -> bool:
        try:
            kind, content = self._receiver.recv()
        except (EOFError, ConnectionResetError):
            return False
        if kind == "phase":
            self.phases.append(content)
        else:
            self.answer = kind, content
        return True
