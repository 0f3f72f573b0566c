"""What a worker and the tuner say to each other."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any, Protocol

from vernal.launch.frames import Frames, framed

Message = Mapping[str, Any]
"""Plain JSON values, by name; a number may be NaN."""

PIECE_BYTES = 1 << 20


class Channel(Protocol):
    """A worker's line to the tuner."""

    def receive(self) -> Message:
        """Wait for the next message. Raises SystemExit when the tuner is gone: the worker's process then ends."""

    def send(self, message: Message) -> None:
        """Tell the tuner; never blocks for long, as the tuner reads whenever it waits."""


def encode(message: Message) -> bytes:
    """A message as JSON.

    Raises:
        TypeError: there is something other than plain values in it.
    """
    return json.dumps(message, separators=(",", ":")).encode()


class SocketChannel:
    """A channel over a socket, whose first frame is not a message but the work to be done.

    Args:
        line: the worker's end.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._frames = Frames()

    def receive(self) -> Message:
        """The next message."""
        message: Message = json.loads(self.receive_bytes())
        return message

    def receive_bytes(self) -> bytes:
        """The next frame as it is."""
        while (frame := self._frames.next()) is None:
            piece = self._line.recv(PIECE_BYTES)
            if not piece:
                raise SystemExit(0)
            self._frames.add(piece)
        return frame

    def send(self, message: Message) -> None:
        """Tell the tuner."""
        self.send_bytes(encode(message))

    def send_bytes(self, payload: bytes) -> None:
        """Send a frame as it is."""
        self._line.sendall(framed(payload))
