"""What a worker does, and how it comes to the worker: the one place where something is pickled.

It is never in a file. The tuner writes it into a pipe, and the worker, of the same user and the same program, reads it.
"""

from __future__ import annotations

import pickle  # noqa: S403
from collections.abc import Callable

from vernal.launch.channel import Channel

Work = Callable[[Channel, int], None]
"""What a worker does: called with its channel and its index, it receives and sends until there is nothing left."""


def pack(work: Work) -> bytes:
    """The work as bytes.

    Raises:
        pickle.PicklingError, AttributeError, TypeError: it is not a function of a module, or holds what no other
            process can have.
    """
    return pickle.dumps(work)


def unpack(packed: bytes) -> Work:
    """The work, in the worker."""
    work: Work = pickle.loads(packed)  # noqa: S301
    return work
