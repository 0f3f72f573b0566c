"""Warm worker processes on this machine."""

from __future__ import annotations

import contextlib
import json
import selectors
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from vernal.base import SystemClock, TrainingError
from vernal.launch.channel import Message, encode
from vernal.launch.died import Died
from vernal.launch.log import Log
from vernal.launch.process import Process
from vernal.launch.server_process import ServerProcess
from vernal.launch.work import Work, pack

_FAILED_STARTS = 3
_GRACE_SECONDS = 0.5


class Workers:
    """Processes that do one thing after the other, as they are told; none outlives this one.

    They are forked from a process that has imported what they need, so that one starts in some ten milliseconds. The
    user's script is not run again in them. To be used by one thread at a time.

    Args:
        n: how many.
        work: what each does: called in the worker with its channel and its index, it receives, does and sends. It is
            pickled, so it is a function of a module, or an instance of a class of one.
        preload: modules that workers need, imported once.
        logs: an existing folder for what workers print, one file each; None to keep only what `Died` tells of it.
    """

    def __init__(self, n: int, work: Work, preload: Sequence[str] = (), logs: Path | None = None) -> None:
        self._work = pack(work)
        self._logs = logs
        self._told: list[tuple[int, Message | Died]] = []
        self._failed_starts = 0
        self._processes: dict[int, Process] = {}
        self._server = ServerProcess(preload)
        try:
            for index in range(n):
                self._start(index)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, worker: int, message: Message) -> None:
        """Tell a worker, which is started anew if it has died or was stopped. Never blocks.

        What a worker has been told and has not answered is lost when it dies.

        Raises:
            TypeError: there is something other than plain values in the message.
        """
        payload = encode(message)
        if worker not in self._processes:
            self._start(worker)
        self._processes[worker].send(payload)

    def wait(self, seconds: float | None) -> list[tuple[int, Message | Died]]:
        """What workers have said since the last time, each with its index, and in the order of each.

        Args:
            seconds: how long to wait for it; None for as long as it takes.

        Raises:
            TrainingError: no worker can be started.
        """
        clock = SystemClock()
        end = None if seconds is None else clock.seconds() + seconds
        self._turn(0 if self._told else seconds)
        while not self._told and (end is None or clock.seconds() < end):
            self._turn(None if end is None else end - clock.seconds())
        told, self._told = self._told, []
        return told

    def stop(self, worker: int) -> None:
        """End a worker now, whatever it is doing; it writes nothing more when this returns.

        It is asked by SIGTERM and has half a second. What it has said and nobody has waited for is forgotten.
        """
        self._ask_to_end([worker])
        if worker in self._processes:
            self._server.signal(worker, signal.SIGKILL)
        while worker in self._processes:
            self._turn(None)
        self._told = [(index, what) for index, what in self._told if index != worker]

    def close(self) -> None:
        """End all workers now, as `stop` does, and the process that they were forked from."""
        if self._server.is_running:
            with contextlib.suppress(TrainingError):  # It has just ended by itself.
                self._ask_to_end([*self._processes])
        self._server.close()
        for process in self._processes.values():
            process.close()
        self._processes.clear()

    def _start(self, index: int, held: bytearray | None = None) -> None:
        line, theirs = socket.socketpair()
        log = Log(self._logs / f"worker-{index}.log" if self._logs else None)
        self._processes[index] = process = Process(index, line, log, held or bytearray())
        with theirs:
            self._server.start(index, theirs, log)
        process.hand_over(self._work)

    def _ask_to_end(self, indices: Sequence[int]) -> None:
        """SIGTERM, and half a second for it."""
        for index in indices:
            if index in self._processes:
                self._processes[index].is_stopping = True
                self._server.signal(index, signal.SIGTERM)
        clock = SystemClock()
        end = clock.seconds() + _GRACE_SECONDS
        while self._processes.keys() & {*indices} and (left := end - clock.seconds()) > 0:
            self._turn(left)

    def _turn(self, seconds: float | None) -> None:
        """Wait until something can be read or sent, and do that."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            for process in self._processes.values():
                if events := process.events:
                    selector.register(process.line, events, process)
            ready = selector.select(seconds)
        for key, events in ready:
            if key.data and events & selectors.EVENT_READ:
                self._listen(key.data)
            if key.data and events & selectors.EVENT_WRITE:
                key.data.flush()
        if any(key.data is None for key, _ in ready):
            self._bury()

    def _listen(self, process: Process) -> None:
        for payload in process.read():
            self._failed_starts = 0
            self._told.append((process.index, json.loads(payload)))

    def _bury(self) -> None:
        """Take note of a death, and start those anew that have not even begun."""
        index, status = self._server.report()
        process = self._processes.pop(index)
        self._listen(process)
        died = Died(status, process.log.tail())
        process.close()
        if process.is_stopping:
            return
        if process.is_ready:
            self._told.append((index, died))
        else:
            self._count_failed_start(died)
            self._start(index, process.held)

    def _count_failed_start(self, died: Died) -> None:
        self._failed_starts += 1
        if self._failed_starts == _FAILED_STARTS:
            raise TrainingError(
                f"No worker can be started: {_FAILED_STARTS} in a row have died before they could begin. The last one "
                f"{died.reason}. It wrote:\n{died.last_words}"
            )
