"""Config file of the fixture stores: rows of varying length in a dictionary, padded by a collate function."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from vernal import DataModule


class Bag(nn.Module):
    """The mean of embedded tokens, then three scores."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.score = nn.Embedding(10, 4, padding_idx=0), nn.Linear(4, 3)

    def forward(self, x: dict[str, Tensor]) -> Tensor:
        """Scores, ``(B, 3)``."""
        return self.score(self.embed(x["tokens"]).sum(1) / x["length"].reshape(-1, 1))


class Padded(DataModule):
    """Pads the tokens of a batch."""

    def collate(self, rows: list[Any]) -> tuple[dict[str, Tensor], Tensor]:
        """A batch."""
        tokens = pad_sequence([x["tokens"] for x, _ in rows], batch_first=True)
        return {"tokens": tokens, "length": torch.stack([x["length"] for x, _ in rows])}, torch.stack(
            [y for _, y in rows]
        )


def model_fn() -> nn.Module:
    """The model."""
    return Bag()


def data_module_fn(number: int) -> DataModule:
    """Rows of one to four tokens."""

    def rows(first: int, count: int) -> list[Any]:
        lengths = [1 + (i + number) % 4 for i in range(first, first + count)]
        tokens = [torch.arange(n) + 1 + i % 5 for i, n in enumerate(lengths)]
        return [({"tokens": t, "length": torch.tensor(len(t))}, torch.tensor(len(t) % 3)) for t in tokens]

    return Padded(train=rows(0, 16), validation=rows(16, 6))
