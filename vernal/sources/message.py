"""Messages of a stream, decoded to rows."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from vernal.base import DataError
from vernal.sources.columns import arrow_table
from vernal.sources.moments import Seconds

Decode = Callable[[bytes], Mapping[str, Any] | None]

# What a function raises that was made for other bytes.
_FAILURES = (DataError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError, struct.error)


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        value: its bytes; None if it has none, as for a key that was deleted.
        time: when it was sent or stored, with a time zone.
        where: its place, for messages about it.
        origin: columns that say where it came from, by names that begin with that of the system.
    """

    value: bytes | None
    time: datetime
    where: str
    origin: Mapping[str, Any]


def json_object(value: bytes) -> Mapping[str, Any]:
    """The columns of a message that is a JSON object.

    Raises:
        DataError: it is something else.

    Examples:
        >>> json_object(b'{"price": 1.5, "kind": "a"}')
        {'price': 1.5, 'kind': 'a'}
    """
    row = json.loads(value)
    if not isinstance(row, dict):
        raise DataError(f"{value[:60]!r} is no JSON object")
    return row


def decoded(messages: Sequence[Message], decode: Decode) -> tuple[Any, Seconds]:
    """The messages as an Arrow table, None if there are no rows, and their times, ``(n,)``.

    A message without a value, or of which `decode` makes None, is left out.
    """
    pairs = [(m, _row(m, decode)) for m in messages if m.value is not None]
    kept = [(message, row) for message, row in pairs if row is not None]
    if not kept:
        return None, np.zeros(0)
    table = arrow_table([row for _, row in kept], lambda place: kept[place][0].where)
    return table, np.array([message.time.timestamp() for message, _ in kept])


def _row(message: Message, decode: Decode) -> Mapping[str, Any] | None:
    assert message.value is not None
    try:
        row = decode(message.value)
    except _FAILURES as error:
        raise DataError(
            f"{message.where} cannot be decoded: {str(error).rstrip('.')}. Give `decode=` a function that makes a "
            "mapping of columns of its bytes, or None to leave it out."
        ) from error
    if row is None:
        return None
    if taken := row.keys() & message.origin.keys():
        raise DataError(f"{message.where} has a column {sorted(taken)[0]!r}, which says where it came from. Rename it.")
    return {**row, **message.origin}
