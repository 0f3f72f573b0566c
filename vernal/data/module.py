"""Where the data of one update comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch.utils.data import Dataset

from vernal.data.chunk import Chunk

Collate = Callable[[Sequence[tuple[Any, Any]]], tuple[Any, Any]]


class DataModule:
    """The train, validation and test part of the new data.

    Give the parts to the constructor, or subclass it: `prepare_data` downloads and unpacks (called once per
    machine, under a lock, however many jobs start at once), `setup` fills `train`, `validation` and `test`.

    Args:
        train: what the update learns from.
        validation: what it is judged by; kept for later updates, so that forgetting can be seen.
        test: looked at for the report only.
        collate: makes a batch ``(x, y)`` of a list of rows; needed where lengths vary from row to row. A subclass may
            define it as a method.

    Examples:
        >>> import torch
        >>> chunk = Chunk.from_arrays(torch.zeros(4, 2), torch.zeros(4))
        >>> DataModule(train=chunk).validation is None
        True
    """

    collate: Collate | None = None

    def __init__(
        self,
        train: Chunk | Dataset[Any] | None = None,
        validation: Chunk | Dataset[Any] | None = None,
        test: Chunk | Dataset[Any] | None = None,
        *,
        collate: Collate | None = None,
    ) -> None:
        self.train = train
        self.validation = validation
        self.test = test
        if collate is not None:
            self.collate = collate

    def prepare_data(self) -> None:
        """Bring the data to this machine. Must be safe to call again; sets nothing on the object."""

    def setup(self) -> None:
        """Fill `train`, and `validation` and `test` if there are any."""
