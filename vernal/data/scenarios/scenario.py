"""What all scenarios have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.utils.data import Dataset

from vernal.base import ConfigError, EmptyChunk


@dataclass(frozen=True)
class ScenarioChunk:
    """The data of one update.

    Args:
        train: what the update learns from.
        validation: its part of the validation data, if there are any.
        tests: the test data of every chunk of the scenario, in order, also of those to come.
    """

    train: Dataset[Any]
    validation: Dataset[Any] | None
    tests: Sequence[Dataset[Any]]


class Scenario(ABC):
    """A way to cut datasets into chunks: write `parts`, and `tests` if test data are cut otherwise."""

    @abstractmethod
    def parts(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut training or validation data: one part for each chunk."""

    def tests(self, dataset: Dataset[Any]) -> list[Dataset[Any]]:
        """Cut test data: one set for each chunk, by which what it taught is measured."""
        return self.parts(dataset)

    def chunks(
        self, train: Dataset[Any], test: Dataset[Any], validation: Dataset[Any] | None = None
    ) -> list[ScenarioChunk]:
        """Cut the data of a benchmark.

        Raises:
            EmptyChunk: a chunk, or its part of the validation or test data, has no rows.
        """
        trains = _with_rows(self.parts(train), "training")
        tests = _with_rows(self.tests(test), "test")
        if validation is None:
            return [ScenarioChunk(part, None, tests) for part in trains]
        validations = _with_rows(self.parts(validation), "validation")
        return [ScenarioChunk(*pair, tests) for pair in zip(trains, validations, strict=True)]

    def chunk(
        self, index: int, train: Dataset[Any], test: Dataset[Any], validation: Dataset[Any] | None = None
    ) -> ScenarioChunk:
        """Cut the data of a benchmark, and return one chunk, counted from 0."""
        chunks = self.chunks(train, test, validation)
        if not 0 <= index < len(chunks):
            raise ConfigError(f"There is no chunk {index}: the scenario has the chunks 0 to {len(chunks) - 1}.")
        return chunks[index]


def _with_rows(parts: list[Dataset[Any]], what: str) -> list[Dataset[Any]]:
    for i, part in enumerate(parts):
        if not len(part):  # type: ignore[arg-type]
            raise EmptyChunk(f"Chunk {i} has no rows of the {what} data. Use fewer chunks, other bounds, or more data.")
    return parts
