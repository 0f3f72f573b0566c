"""The process that workers are forked from, as the tuner sees it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence

from vernal.base import TrainingError
from vernal.launch.died import Died
from vernal.launch.log import Log
from vernal.launch.server import ORDER, REPORT

_GRACE_SECONDS = 0.5


class ServerProcess:
    """Starts workers, sends them signals, and reports their ends.

    Args:
        preload: modules that it imports first.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        self._log = Log(None)
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", _code(theirs.fileno(), preload)],
                stdin=subprocess.DEVNULL,
                stdout=self._log.fileno(),
                stderr=self._log.fileno(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fileno(self) -> int:
        """Can be read when a worker has ended, or the server itself."""
        return self._control.fileno()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def start(self, worker: int, line: socket.socket, log: Log) -> None:
        """Start a worker.

        Args:
            worker: its index.
            line: its end of the line to the tuner.
            log: where it prints.

        Raises:
            TrainingError: the server has ended.
        """
        self._order(worker, 0, [line.fileno(), log.fileno()])

    def signal(self, worker: int, number: int) -> None:
        """Send a signal to a worker, or to nobody if it has ended.

        Raises:
            TrainingError: the server has ended.
        """
        self._order(worker, number, [])

    def report(self) -> tuple[int, int]:
        """The index of a worker that has ended, and its status.

        Raises:
            TrainingError: the server has ended.
        """
        try:
            report = self._control.recv(REPORT.size)
        except ConnectionError:
            report = b""
        if not report:
            raise self._has_ended()
        worker, status = REPORT.unpack(report)
        return worker, status

    def close(self) -> None:
        """End it, and all workers that are left."""
        self._control.close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:  # It is still importing, so there are no workers.
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _order(self, worker: int, number: int, fds: Sequence[int]) -> None:
        try:
            socket.send_fds(self._control, [ORDER.pack(worker, number)], fds)
        except ConnectionError:
            raise self._has_ended() from None

    def _has_ended(self) -> TrainingError:
        died = Died(self._process.wait(), self._log.tail())
        return TrainingError(
            f"The process that workers are forked from {died.reason}, and they with it. It wrote:\n{died.last_words}"
        )


def _code(control: int, preload: Sequence[str]) -> str:
    """What it runs; it finds modules where this process does."""
    return (
        f"import sys; sys.path[:] = {[*map(str, sys.path)]!r}; from vernal.launch.server import serve; "
        f"serve({control}, {os.getpid()}, {[*preload]!r})"
    )
