"""What every method that replays demands of its options."""

from __future__ import annotations

from vernal.base import check_whole
from vernal.memory import make_policy


def check_replay(memory_size: int | None, memory_batch: int, selection: str) -> None:
    """Demand a memory with room, draws of at least one row, and a selection that there is.

    Raises:
        ConfigError: otherwise.
    """
    if memory_size is not None:
        check_whole("memory_size", memory_size, 1, hint="Use `fine_tune` to train without memory.")
    check_whole("memory_batch", memory_batch, 1)
    make_policy(selection, memory_size)
