"""One spelling for every value, so that equal values have equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(value: Any) -> bytes:
    """Encode plain values as JSON with sorted keys, no spaces and no NaN.

    Args:
        value: dictionaries with string keys, lists, strings, finite numbers, booleans, None.

    Raises:
        TypeError: a value that JSON does not have.
        ValueError: NaN or an infinity, which JSON does not have either.

    Examples:
        >>> canonical_json({"b": [1, 2.5], "a": None})
        b'{"a":null,"b":[1,2.5]}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """Hash bytes as they are, and anything else as canonical JSON, to 64 hexadecimal digits.

    Examples:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    data = value if isinstance(value, bytes | bytearray | memoryview) else canonical_json(value)
    return hashlib.sha256(data).hexdigest()
