"""Where one message ends in a stream of bytes, and the next one begins."""

from __future__ import annotations

import struct

_LENGTH = struct.Struct("!Q")


def framed(payload: bytes) -> bytes:
    """A payload with its length before it."""
    return _LENGTH.pack(len(payload)) + payload


class Frames:
    """Puts payloads together from the pieces in which they arrive.

    Examples:
        >>> frames, sent = Frames(), framed(b"one") + framed(b"two")
        >>> frames.add(sent[:15])
        >>> frames.next(), frames.next()
        (b'one', None)
        >>> frames.add(sent[15:])
        >>> frames.next()
        b'two'
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, piece: bytes) -> None:
        """More bytes have come."""
        self._bytes += piece

    def next(self) -> bytes | None:
        """The next payload; None if it has not come whole."""
        if len(self._bytes) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._bytes)[0]
        if len(self._bytes) < end:
            return None
        payload = bytes(self._bytes[_LENGTH.size : end])
        del self._bytes[:end]
        return payload
