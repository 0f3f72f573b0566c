"""Warm worker processes on this machine."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from vernal.base import SystemClock, TrainingError
from vernal.launch.channel import Message, encode
from vernal.launch.died import Died
from vernal.launch.log import Log
from vernal.launch.process import Process
from vernal.launch.server import ORDER, REPORT
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
        self._control, theirs = socket.socketpair()
        self._server_log = Log(None)
        with theirs:
            self._server = self._start_server(theirs.fileno(), preload)
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
        """Tell a worker, which is started anew if it has died or was stopped.

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
        left = seconds
        while True:
            self._turn(left)
            left = None if end is None else end - clock.seconds()
            if self._told or (left is not None and left <= 0):
                break
        told, self._told = self._told, []
        return told

    def stop(self, worker: int) -> None:
        """End a worker now, whatever it is doing; it writes nothing more when this returns.

        It is asked by SIGTERM and has half a second. What it has said and nobody has waited for is forgotten.
        """
        self._ask_to_end([worker])
        if worker in self._processes:
            self._order(worker, signal.SIGKILL)
        while worker in self._processes:
            self._turn(None)
        self._told = [(index, what) for index, what in self._told if index != worker]

    def close(self) -> None:
        """End all workers now, as `stop` does, and the process that they were forked from."""
        if self._server.poll() is None:
            with contextlib.suppress(TrainingError):  # It has just ended by itself.
                self._ask_to_end([*self._processes])
        self._control.close()
        for process in self._processes.values():
            process.close()
        self._processes.clear()
        try:
            self._server.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server_log.close()

    def _start_server(self, control: int, preload: Sequence[str]) -> subprocess.Popen[bytes]:
        """The process that workers are forked from; it finds modules where this one does."""
        code = (
            f"import sys; sys.path[:] = {[*map(str, sys.path)]!r}; from vernal.launch.server import serve; "
            f"serve({control}, {os.getpid()}, {[*preload]!r})"
        )
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=self._server_log.fileno(),
            stderr=self._server_log.fileno(),
            pass_fds=[control],
            start_new_session=True,
        )

    def _start(self, index: int, held: bytearray | None = None) -> None:
        line, theirs = socket.socketpair()
        log = Log(self._logs / f"worker-{index}.log" if self._logs else None)
        self._processes[index] = process = Process(index, line, log, held or bytearray())
        with theirs:
            self._order(index, 0, [theirs.fileno(), log.fileno()])
        process.hand_over(self._work)

    def _order(self, index: int, number: int, fds: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._control, [ORDER.pack(index, number)], [*fds])
        except ConnectionError:
            raise self._server_has_ended() from None

    def _ask_to_end(self, indices: Sequence[int]) -> None:
        """SIGTERM, and half a second for it."""
        for index in indices:
            if index in self._processes:
                self._processes[index].is_stopping = True
                self._order(index, signal.SIGTERM)
        clock = SystemClock()
        end = clock.seconds() + _GRACE_SECONDS
        while self._processes.keys() & {*indices} and (left := end - clock.seconds()) > 0:
            self._turn(left)

    def _turn(self, seconds: float | None) -> None:
        """Wait until something can be read or sent, and do that."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
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
        try:
            report = self._control.recv(REPORT.size)
        except ConnectionError:
            report = b""
        if not report:
            raise self._server_has_ended()
        index, status = REPORT.unpack(report)
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

    def _server_has_ended(self) -> TrainingError:
        died = Died(self._server.wait(), self._server_log.tail())
        return TrainingError(
            f"The process that workers are forked from {died.reason}, and they with it. It wrote:\n{died.last_words}"
        )
