"""Workers as threads that take turns: all that real ones do but their processes, in a fixed order, at once."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from vernal.launch import Died, Message, Work
from vernal.launch.work import pack, unpack
from vernal.training.randomness import capture, restore

DIES = "dies"


class _Line:
    """A channel whose worker runs until it waits for a message that has not come; then the tuner runs."""

    def __init__(self, work: Work, index: int) -> None:
        self.come: deque[str] = deque()
        self.said: deque[str] = deque()
        self.is_over = False
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(work, index), daemon=True)
        self._thread.start()

    def _run(self, work: Work, index: int) -> None:
        self._turn.acquire()
        with contextlib.suppress(SystemExit):
            work(self, index)
        self.is_over = True
        self._back.release()

    def run(self) -> None:
        """Let it run."""
        self._turn.release()
        self._back.acquire()

    def receive(self) -> Message:
        """The next message."""
        while not self.come:
            random = capture()  # It is that of the whole process.
            self._back.release()
            self._turn.acquire()
            restore(random)
        message: Message = json.loads(self.come.popleft())
        if DIES in message:
            raise SystemExit
        return message

    def send(self, message: Message) -> None:
        """Tell the tuner."""
        self.said.append(json.dumps(message))

    def close(self) -> None:
        """End it where it waits."""
        self.come.clear()
        if not self.is_over:
            self.come.append(json.dumps({DIES: True}))
            self.run()
        self._thread.join()


class Threads:
    """A double of `vernal.launch.Workers`.

    Args:
        n: how many.
        work: what each does; it travels as it would to a process.
        preload: nothing.
        logs: nothing.
    """

    started = 0

    def __init__(self, n: int, work: Work, preload: Sequence[str] = (), logs: Path | None = None) -> None:  # noqa: ARG002
        Threads.started += 1
        self._work = pack(work)
        self._lines: dict[int, _Line] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        random = capture()
        for line in self._lines.values():
            line.close()
        restore(random)

    def send(self, worker: int, message: Message) -> None:
        """Tell a worker, which is started anew if it has died."""
        if worker not in self._lines:
            self._lines[worker] = _Line(unpack(self._work), worker)
        self._lines[worker].come.append(json.dumps(message))

    def stop(self, worker: int) -> None:
        """End a worker; it is started anew when it is next told something."""
        random = capture()
        self._lines.pop(worker).close()
        restore(random)

    def wait(self, seconds: float | None) -> list[tuple[int, Message | Died]]:  # noqa: ARG002
        """What one worker says when it has run on; each worker has its turn."""
        index = next(index for index, line in self._lines.items() if line.come)
        line = self._lines.pop(index)
        random = capture()
        line.run()
        restore(random)
        told: list[tuple[int, Any]] = [(index, json.loads(said)) for said in line.said]
        line.said.clear()
        if line.is_over:
            return [*told, (index, Died(-9, ""))]
        self._lines[index] = line  # Last, so that the others are next.
        return told
