"""What workers do in tests."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from vernal.launch import Channel


def obey(channel: Channel, index: int) -> None:
    """Do what each message says, and answer."""
    while True:
        message = channel.receive()
        channel.send({"answer": ORDERS[message["do"]](message), "index": index, "pid": os.getpid()})


def _die(message: Any) -> None:
    sys.stderr.write(message.get("words", ""))
    sys.stderr.flush()
    os._exit(message["status"])


def _spin(message: Any) -> None:
    while True:
        pass


ORDERS = {
    "echo": lambda message: message["value"],
    "die": _die,
    "kill": lambda message: os.kill(os.getpid(), signal.SIGKILL),
    "raise": lambda message: 1 / 0,
    "spin": _spin,
}
