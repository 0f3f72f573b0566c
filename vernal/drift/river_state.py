"""What an object of River remembers, as plain values, and back. No pickle.

River's detectors are trees of plain attributes. Their leaves that are written in Rust (the buckets of ADWIN, weighted
means) give their state as bytes, which are kept as base64: 1.9 KB for an ADWIN that has seen a thousand values, 3.6 KB
for a million. What another version of River names differently is refused, not guessed.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

from vernal.base import CorruptState, StateError, digest


def freeze(value: Any) -> Any:
    """A number, a text, None, or an object of River as plain values that JSON holds exactly."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "__dict__"):
        return {"fields": {name: freeze(field) for name, field in vars(value).items() if not callable(field)}}
    data = value.__getstate__()
    return {"bytes": base64.b64encode(data).decode(), "digest": digest(data)}


def thaw(fresh: Any, plain: Any) -> Any:
    """What was frozen.

    Args:
        fresh: a new object of the same kind; it is changed and given back, where it is an object.
        plain: what `freeze` gave.

    Raises:
        StateError: this version of River has other attributes.
        CorruptState: the bytes are not what was written.
    """
    if not isinstance(plain, Mapping):
        return plain
    if "float" in plain:
        return float(plain["float"])
    if "bytes" in plain:
        fresh.__setstate__(_verified(plain))
        return fresh
    for name, field in plain["fields"].items():  # without `vars`, which makes Python's every later access slower
        if not hasattr(fresh, name):
            raise StateError(
                f"The state has {name!r}, which {type(fresh).__name__} of the installed River has not. "
                "Begin anew without the state, or install the version of River that wrote it."
            )
        setattr(fresh, name, thaw(getattr(fresh, name), field))
    return fresh


def _verified(plain: Mapping[str, Any]) -> bytes:
    """The bytes; Rust panics, past every `except Exception`, at bytes that are none of its own."""
    try:
        data = base64.b64decode(plain["bytes"], validate=True)
    except binascii.Error as error:
        raise CorruptState(f"The bytes of a detector are no base64: {error}. Begin anew without the state.") from error
    if digest(data) != plain["digest"]:
        raise CorruptState("The bytes of a detector are not what was written. Begin anew without the state.")
    return data
