"""What a worker does, and how it comes to the worker: the one place where something is pickled.

It is never in a file. The tuner writes it into a pipe, and the worker, of the same user and the same program, reads it.
"""

from __future__ import annotations

import io
import pickle  # noqa: S403
from collections.abc import Callable
from types import FunctionType
from typing import Any

from vernal.base import ConfigError
from vernal.launch.channel import Channel

Work = Callable[[Channel, int], None]
"""What a worker does: called with its channel and its index, it receives and sends until there is nothing left."""


def pack(work: Work) -> bytes:
    """The work as bytes.

    Raises:
        ConfigError: it is, or holds, something that no other process can have.
    """
    packed = io.BytesIO()
    try:
        _Pickler(packed).dump(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"Other processes cannot have this: {error}. Use functions and classes of a module."
        ) from error
    return packed.getvalue()


def unpack(packed: bytes) -> Work:
    """The work, in the worker."""
    work: Work = pickle.loads(packed)  # noqa: S301
    return work


class _Pickler(pickle.Pickler):
    """Refuses what only the user's script has, as workers do not run that."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, type | FunctionType) and thing.__module__ == "__main__":
            raise ConfigError(
                f"`{thing.__qualname__}` is defined in the script that was started, which worker processes do not run "
                "again. Move it to a module of its own, and import it from there."
            )
        return NotImplemented
