"""One worker, as the tuner sees it."""

from __future__ import annotations

import selectors
import socket
from dataclasses import dataclass, field

from vernal.launch.channel import PIECE_BYTES
from vernal.launch.frames import Frames, framed
from vernal.launch.log import Log


@dataclass
class Process:
    """The process of a worker, from its start to its end.

    Nothing here blocks: what cannot be sent now waits, and goes out when the tuner waits.

    Args:
        index: of the worker.
        line: the tuner's end of the line to it.
        log: where its standard output and error go, after what is there already.
        held: messages for which it is not ready yet.
    """

    index: int
    line: socket.socket
    log: Log
    held: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.line.setblocking(False)
        self.is_ready = False
        self.is_stopping = False
        self._is_silent = False
        self._outgoing = bytearray()
        self._frames = Frames()

    @property
    def events(self) -> int:
        """What to wait for on its line: to read until it has closed its end, to write if something waits for that."""
        reading = 0 if self._is_silent else selectors.EVENT_READ
        return reading | (selectors.EVENT_WRITE if self._outgoing else 0)

    def hand_over(self, work: bytes) -> None:
        """Send the work, before all messages."""
        self._outgoing += framed(work)
        self.flush()

    def send(self, payload: bytes) -> None:
        """Send a message as soon as the worker is ready for it."""
        (self._outgoing if self.is_ready else self.held).extend(framed(payload))
        self.flush()

    def flush(self) -> None:
        """Send what the line takes."""
        try:
            while self._outgoing:
                del self._outgoing[: self.line.send(self._outgoing)]
        except BlockingIOError:
            return
        except ConnectionError:  # It has died, which the server tells.
            self._outgoing.clear()

    def read(self) -> list[bytes]:
        """The messages that have come."""
        self._take()
        payloads = []
        while (payload := self._frames.next()) is not None:
            if self.is_ready:
                payloads.append(payload)
            else:
                self._make_ready()
        return payloads

    def _take(self) -> None:
        try:
            while piece := self.line.recv(PIECE_BYTES):
                self._frames.add(piece)
        except BlockingIOError:
            return
        except ConnectionError:
            pass
        self._is_silent = True

    def _make_ready(self) -> None:
        self.is_ready = True
        self._outgoing += self.held
        self.held.clear()
        self.flush()

    def close(self) -> None:
        """Forget the line and the log."""
        self.line.close()
        self.log.close()
