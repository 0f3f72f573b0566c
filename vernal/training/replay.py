"""The rows of earlier chunks, as batches."""

from __future__ import annotations

from typing import Any

import torch

from vernal.base import derive_seed
from vernal.memory import Memory, Shuffled
from vernal.methods import Batch, Replay
from vernal.training.feed import Feed, Transforms, share

try:
    import resource
except ImportError:  # Not on Windows: nobody tells there whether the disk was read.
    resource = None  # type: ignore[assignment]

_AHEAD = 8  # draws for which the disk is asked ahead
_PATIENCE = 32  # draws without a read after which asking ahead stops


class MemoryReplay:
    """Draws batches out of a memory, and has the disk read ahead for as long as it must be read at all.

    Args:
        memory: where the rows are.
        transforms: what happens to them.
        device: where batches go.
        seed: of the draws.
        position: rows already drawn, to go on from there.
        rank: which of the processes this one is.
        ranks: how many processes share each draw.
    """

    def __init__(
        self,
        memory: Memory,
        transforms: Transforms,
        device: torch.device,
        seed: int,
        position: int = 0,
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self._memory = memory
        self._walk = Shuffled(max(1, len(memory)), derive_seed(seed, "draws"), position)
        self._feed = Feed(memory, transforms, device, derive_seed(seed, "replay")) if len(memory) else None
        self._rank, self._ranks = rank, ranks
        self._reads = _blocks_read()
        self._quiet = 0

    def __len__(self) -> int:
        return len(self._memory)

    @property
    def position(self) -> int:
        """Rows drawn so far."""
        return self._walk.position

    def draw(self, count: int) -> dict[str, Any]:
        """The next rows of a random walk through the memory, as a batch on the device."""
        assert self._feed is not None, "drawn from an empty memory"
        places = share(self._walk.take(count), self._rank, self._ranks)
        self._ask_ahead(count)
        return self._feed.batch(places, self._walk.position)

    def _ask_ahead(self, count: int) -> None:
        before, self._reads = self._reads, _blocks_read()
        self._quiet = 0 if self._reads != before else self._quiet + 1
        if self._quiet < _PATIENCE:
            self._memory.will_need(self._walk.ahead((_AHEAD - 1) * count, count))


class Noted:
    """A replay that takes down what is drawn.

    Args:
        replay: what draws.
        drawn: where batches are added.
    """

    def __init__(self, replay: Replay, drawn: list[Batch]) -> None:
        self._replay, self._drawn = replay, drawn

    def __len__(self) -> int:
        return len(self._replay)

    def draw(self, count: int) -> Batch:
        """The same rows."""
        batch = self._replay.draw(count)
        self._drawn.append(batch)
        return batch


def _blocks_read() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_inblock if resource else 0
