"""What happens in the process of a worker."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import socket
import sys
import threading

from vernal.launch.channel import SocketChannel
from vernal.launch.work import unpack

_PR_SET_PDEATHSIG = 1


def begin(index: int, line_fd: int, log_fd: int, lifeline_fd: int, server: int) -> None:
    """Become a worker: the work comes first, and the reply that it has come is empty.

    Args:
        index: of the worker.
        line_fd: its end of the line to the tuner.
        log_fd: where its standard output and error go.
        lifeline_fd: ends when the server is gone.
        server: the id of the process that has forked this one.
    """
    os.setsid()  # Ctrl-C in the user's terminal is the tuner's business; and all that the work starts ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _write_to(log_fd)
    _die_with(server, lifeline_fd)
    os.set_inheritable(line_fd, False)
    channel = SocketChannel(socket.socket(fileno=line_fd))
    work = unpack(channel.receive_bytes())
    channel.send_bytes(b"")
    work(channel, index)


def _write_to(log_fd: int) -> None:
    """Send what is printed to a file, line by line, and say there where a crash was."""
    for stream in (1, 2):
        os.dup2(log_fd, stream)
    os.close(log_fd)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable()


def _die_with(server: int, lifeline_fd: int) -> None:
    """End with the server, however that ends and whatever the work is doing.

    On Linux the kernel sees to it; elsewhere a thread does, which cannot run while the work is in foreign code that
    does not release Python's lock.
    """
    threading.Thread(target=_exit_after, args=(lifeline_fd,), daemon=True, name="lifeline").start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)


def _exit_after(lifeline_fd: int) -> None:
    os.read(lifeline_fd, 1)
    os._exit(1)
