"""A dataset whose rows are changed as they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch.utils.data import Dataset

Transform = Callable[[Any], Any]


class Transformed(Dataset[Any]):
    """Another dataset, with a function applied to every ``x`` and one to every ``y``.

    What lies below stays as it is, and reads whole batches if it can.

    Args:
        dataset: a map-style dataset of pairs ``(x, y)``.
        transform: applied to ``x``; None leaves it alone.
        target_transform: applied to ``y``; None leaves it alone.

    Examples:
        >>> rows = Transformed([(1, 10), (2, 20)], transform=lambda x: x + 1)
        >>> rows[0], rows[1]
        ((2, 10), (3, 20))
    """

    def __init__(
        self,
        dataset: Dataset[Any],
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        self.dataset = dataset
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._apply(*self.dataset[index])

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """The rows at these places; torch's loaders ask for a batch in this way."""
        fetch_many = getattr(self.dataset, "__getitems__", None)
        rows = fetch_many(indices) if fetch_many else [self.dataset[i] for i in indices]
        return [self._apply(x, y) for x, y in rows]

    def _apply(self, x: Any, y: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            x = self.transform(x)
        if self.target_transform is not None:
            y = self.target_transform(y)
        return x, y
