"""What a reader wants to know of a method before choosing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """Facts that ``vernal methods`` and the cards in the documentation show, and that a test holds to be true.

    Args:
        when: when to use it, in a sentence.
        keeps: what goes from one update to the next beside the weights.
        tied: whether that belongs to these very weights, and means nothing to a network with fresh ones.
        tasks: the names of the tasks that it serves; None for any.
        forward: rows that go forward through a network for each row that an epoch walks through, if as many are
            replayed.
        backward: rows that gradients are computed for, likewise.
        once: what else it costs, once an update; in words.
        group: the family it belongs to, for the table of contents.
    """

    when: str = ""
    keeps: str = "nothing"
    tied: bool = False
    tasks: tuple[str, ...] | None = None
    forward: float = 1.0
    backward: float = 1.0
    once: str = ""
    group: str = "own"

    def serves(self, task: str) -> bool:
        """Whether it can learn such a task."""
        return self.tasks is None or task in self.tasks
