"""The process that workers are forked from: it has imported everything, and runs nothing.

It is not `multiprocessing`'s: that is one for the whole program, with the user's own settings, and it runs the user's
script again in every worker.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Sequence

from vernal.launch import worker

ORDER = struct.Struct("ii")
"""From the tuner: a worker's index, and the signal to send it; 0, with its line and its log, to start it."""

REPORT = struct.Struct("ii")
"""To the tuner: a worker's index, and the status with which it has ended."""

_POLL_SECONDS = 0.5


def serve(control_fd: int, tuner: int, preload: Sequence[str]) -> None:
    """Fork workers until the tuner closes or is gone, then kill them. In a worker, return when its work is done.

    Args:
        control_fd: the server's end of the line to the tuner.
        tuner: the id of its process.
        preload: modules to import first.
    """
    _import_all(preload, tuner)
    control = socket.socket(fileno=control_fd)
    lifeline, held = os.pipe()
    deaths = _tell_deaths()
    workers: dict[int, int] = {}
    server = os.getpid()
    # Processes that others have forked from the tuner hold its end of the line open, so its id is looked at, too.
    while os.getppid() == tuner:
        ready, _, _ = select.select([control_fd, deaths], [], [], _POLL_SECONDS)
        if deaths in ready:
            os.read(deaths, 4096)
            _report(workers, control)
        if control_fd not in ready:
            continue
        order, fds, _, _ = socket.recv_fds(control, ORDER.size, 2)
        if not order:
            break
        index, number = ORDER.unpack(order)
        if number:
            _signal(workers, index, number)
        elif pid := os.fork():
            workers[pid] = index
            for fd in fds:
                os.close(fd)
        else:
            _forget(control, held, deaths)
            line, log = fds
            return worker.begin(index, line, log, lifeline, server)
    _end(workers)
    os._exit(0)  # Taking all that was imported to pieces takes half a second.


def _import_all(names: Sequence[str], tuner: int) -> None:
    """Import modules, which may take seconds, and end if the tuner does meanwhile."""
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(_POLL_SECONDS):
            if os.getppid() != tuner:
                os._exit(1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    for name in names:
        importlib.import_module(name)
    finished.set()
    watcher.join()  # A process with threads must not fork.


def _tell_deaths() -> int:
    """A pipe that can be read when a child has ended."""
    told, telling = os.pipe()
    os.set_blocking(telling, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return told


def _forget(control: socket.socket, held: int, deaths: int) -> None:
    """Leave the server's things behind, in a process just forked."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(signal.set_wakeup_fd(-1))
    os.close(deaths)
    os.close(held)
    control.close()


def _report(workers: dict[int, int], control: socket.socket) -> None:
    for pid in [*workers]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _sweep(pid)
            with contextlib.suppress(BrokenPipeError):
                control.sendall(REPORT.pack(workers.pop(pid), os.waitstatus_to_exitcode(status)))


def _signal(workers: dict[int, int], index: int, number: int) -> None:
    for pid, owner in workers.items():
        if owner == index:
            os.kill(pid, number)  # At worst a zombie: it has not been waited for.


def _end(workers: dict[int, int]) -> None:
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    for pid in workers:
        os.waitpid(pid, 0)
        _sweep(pid)


def _sweep(pid: int) -> None:
    """Kill what a worker has started and left behind, such as processes that read data."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
