"""A config file whose stream brings new classes: a blob for each, on a circle; milliseconds an update."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from vernal import Chunk, DataModule
from vernal.models import GrowingHead

NAMES = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen")
IGNORED = {"tokens": -100, "images": 255}


def model_fn(kind: str = "rows", growing: bool = True) -> nn.Module:
    """A network of one hidden layer. Places of images share their weights, and so do tokens."""
    if kind == "images":
        return nn.Sequential(
            nn.Conv2d(2, 8, 1), nn.ReLU(), LastChannels(GrowingHead(8) if growing else nn.Linear(8, 4))
        )
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), GrowingHead(8) if growing else nn.Linear(8, 4))


class LastChannels(nn.Module):
    """A head for the channels of images: ``(B, d, H, W)`` to ``(B, C, H, W)``."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        """Score every pixel."""
        scores: Tensor = self.head(x.movedim(1, -1)).movedim(-1, 1)
        return scores


def task_fn(kind: str = "rows") -> str:
    """What the kind of data is for."""
    return {"rows": "classification", "tokens": "sequence_labelling", "images": "segmentation"}[kind]


def data_module_fn(
    classes: list[int],
    held: list[int] | None = None,
    kind: str = "rows",
    named: bool = False,
    late: int = 0,
    rows: int = 24,
) -> DataModule:
    """Rows of some classes, in turn.

    Args:
        classes: of the rows to learn.
        held: of the validation rows; the same if nothing is said.
        kind: one class a row, or one a token, or one a pixel.
        named: whether targets are names rather than numbers.
        late: a class that only the last row has, in its last place; 0 for none.
        rows: rows to learn.
    """
    generator = torch.Generator().manual_seed(sum(10**place * one for place, one in enumerate(classes)))

    def chunk(of: list[int], count: int, part: str) -> Chunk:
        shape = {"rows": (), "tokens": (3,), "images": (2, 2)}[kind]
        y = torch.tensor(of)[torch.arange(count * max(1, len(shape) and 3 * (1 + (kind == "images")))) % len(of)]
        y = y[: count * torch.Size(shape).numel()].reshape(count, *shape).clone()
        if late:
            y.view(-1)[-1] = late
        if kind != "rows":
            y[0].view(-1)[0] = IGNORED[kind]
        angle = y * (2 * torch.pi / 8)
        x = 2 * torch.stack([angle.cos(), angle.sin()], -1)
        x = x + 0.3 * torch.randn(x.shape, generator=generator)
        ids = [f"{part} {classes} {row}" for row in range(count)]
        if named:
            return Chunk([(one, NAMES[int(label)]) for one, label in zip(x, y, strict=True)], ids=ids, name=part)
        return Chunk.from_arrays(x.movedim(-1, 1) if kind == "images" else x, y, ids=ids, name=part)

    return DataModule(train=chunk(classes, rows, "train"), validation=chunk(held or classes, 16, "validation"))


def _numbers(named: bool) -> Callable[[str], int] | None:
    return NAMES.index if named else None


def train_target_transform(named: bool = False) -> Callable[[str], int] | None:
    """Names to numbers."""
    return _numbers(named)


def test_target_transform(named: bool = False) -> Callable[[str], int] | None:  # noqa: PT028 - no test
    """Names to numbers."""
    return _numbers(named)
