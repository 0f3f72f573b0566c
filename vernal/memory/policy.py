"""Which rows stay in memory and which come in: the door that every selection policy has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from vernal.base import ConfigError, DataError

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Features = np.ndarray[Any, np.dtype[np.floating[Any]]]


@dataclass(frozen=True)
class Candidates:
    """Rows among which a policy chooses: those in memory, oldest first, and after them the new ones.

    Args:
        keys: a random number in [0, 1) that a row gets once, when it is first seen, ``(n,)`` float64.
        labels: the class of each row, ``(n,)`` int64; 0 where there are no classes.
        chunks: the number of the update that brought each row, ``(n,)`` int64.
        represents: how many rows of the stream each row stands for, itself included, ``(n,)`` float64; None for one
            each. All rows in memory stand for as many as one another, so that together they stand for all rows ever
            seen; a new row stands for itself.
        features: what a model makes of each row, ``(n, d)`` float32 or float64; None for policies that do not ask.
    """

    keys: Floats
    labels: Ints
    chunks: Ints
    represents: Floats | None = None
    features: Features | None = None

    @property
    def weights(self) -> Floats:
        """How many rows of the stream each row stands for, ``(n,)``."""
        return np.ones(len(self.keys)) if self.represents is None else self.represents

    @property
    def embedded(self) -> Features:
        """What a model makes of each row, ``(n, d)``.

        Raises:
            DataError: nobody said.
        """
        if self.features is None:
            raise DataError("These rows are to be selected by features, but come without. Give `features`, one a row.")
        return self.features


class Policy(ABC):
    """Selects by a rule that has no state of its own.

    All randomness lies in the keys, and a row keeps its key for life. So a plan for a whole chunk is made at once.
    A policy that needs no features needs no data and no model either: then every process of a distributed run makes
    the same plan, and a stream cut into chunks in any way, or resumed in another process, selects the same rows.

    Attributes:
        embedding: what it asks a model about every row: None, nothing; ``"features"``, the penultimate features of the
            trained model, so selection waits for the end of training; ``"gradients"``, the gradients of the loss with
            respect to the last layer, for several freshly initialised models, side by side; that needs no training.
            Nobody needs to ask while all rows fit into memory.
    """

    embedding: ClassVar[Literal[None, "features", "gradients"]] = None

    @abstractmethod
    def keep(self, candidates: Candidates) -> Ints:
        """Choose rows.

        Returns:
            The places of the chosen rows among the candidates, ascending, ``(k,)``.
        """


def check_capacity(capacity: int) -> None:
    """Demand a capacity of at least one row.

    Raises:
        ConfigError: otherwise.
    """
    if capacity < 1:
        raise ConfigError(
            f"The size of a memory must be at least 1, got {capacity}. "
            "Use the method `fine_tune` to train without memory."
        )


def descending(keys: Floats) -> Ints:
    """The places of all keys, the largest first.

    A policy that goes through rows in this order chooses the same ones in whatever order they come.

    Examples:
        >>> descending(np.array([0.3, 0.9, 0.1]))
        array([1, 0, 2])
    """
    return np.argsort(-keys, kind="stable")


def joined(places: Iterable[Ints]) -> Ints:
    """All these places, ascending.

    Examples:
        >>> joined([np.array([5, 2]), np.array([3])])
        array([2, 3, 5])
    """
    return np.sort(np.concatenate([np.arange(0), *places]))


def largest(keys: Floats, count: int) -> Ints:
    """The places of the `count` largest keys, ascending.

    Examples:
        >>> largest(np.array([0.3, 0.9, 0.1, 0.5]), 2)
        array([1, 3])
    """
    if count >= len(keys):
        return np.arange(len(keys))
    if count == 0:
        return np.arange(0)
    return np.sort(np.argpartition(keys, len(keys) - count)[len(keys) - count :])
