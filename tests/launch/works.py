"""What workers do in tests."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vernal.launch import Channel, Message


@dataclass(frozen=True)
class Greeter:
    """A work with a field."""

    greeting: str

    def __call__(self, channel: Channel, index: int) -> None:
        channel.send({"greeting": f"{self.greeting}, {channel.receive()['name']} from {index}"})


def obey(channel: Channel, index: int) -> None:
    """Do what each message says."""
    while True:
        message = channel.receive()
        ORDERS[message["do"]](channel, message)


class Unreadable:
    """Something that can be pickled, and cannot be unpickled."""

    def __call__(self, channel: Channel, index: int) -> None:
        pass

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return fail_to_begin, ()


def fail_to_begin() -> None:
    sys.exit("The data set is gone.")


def _echo(channel: Channel, message: Message) -> None:
    channel.send({"value": message["value"]})


def _pid(channel: Channel, message: Message) -> None:
    channel.send({"pid": os.getpid(), "server": os.getppid()})


def _count(channel: Channel, message: Message) -> None:
    for number in range(message["to"]):
        channel.send({"number": number})


def _spin(channel: Channel, message: Message) -> None:
    _pid(channel, message)
    while True:
        pass


def _hold(channel: Channel, message: Message) -> None:
    """In foreign code that does not release Python's lock."""
    _pid(channel, message)
    ctypes.PyDLL(None).sleep(3600)


def _freeze(channel: Channel, message: Message) -> None:
    _pid(channel, message)
    os.kill(os.getpid(), signal.SIGSTOP)


def _ignore_sigterm(channel: Channel, message: Message) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _spin(channel, message)


def _have_a_child(channel: Channel, message: Message) -> None:
    child = multiprocessing.get_context("fork").Process(target=signal.pause)
    child.start()
    channel.send({"pid": child.pid})


def _print(channel: Channel, message: Message) -> None:
    sys.stdout.write(message["text"] + "\n")
    sys.stderr.write(message["text"].upper() + "\n")
    channel.send({})


def _die(channel: Channel, message: Message) -> None:
    _count(channel, message)
    os._exit(3)


def _raise(channel: Channel, message: Message) -> None:
    raise ValueError(message["text"])


def _is_imported(channel: Channel, message: Message) -> None:
    channel.send({"is_imported": message["module"] in sys.modules})


def _kill(channel: Channel, message: Message) -> None:
    os.kill(os.getpid(), message["signal"])


ORDERS: Mapping[str, Callable[[Channel, Message], None]] = {
    "count": _count,
    "die": _die,
    "echo": _echo,
    "freeze": _freeze,
    "have a child": _have_a_child,
    "hold": _hold,
    "ignore SIGTERM": _ignore_sigterm,
    "is imported": _is_imported,
    "kill": _kill,
    "pid": _pid,
    "print": _print,
    "raise": _raise,
    "spin": _spin,
}
