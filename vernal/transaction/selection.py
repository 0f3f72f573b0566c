"""Which rows the next memory holds: chosen before training, or after it by what the trained model makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vernal.base import ConfigError
from vernal.data import Chunk, Rows
from vernal.memory import Memory, Policy
from vernal.memory import Plan as Selection
from vernal.methods import Method, Network, Pool
from vernal.transaction.embedding import Embedding, Embeddings

Array = np.ndarray[Any, Any]


class Selector:
    """Asks the policy of a method once, as early as it can answer.

    Args:
        method: whose policy is asked.
        memory: the rows of earlier chunks.
        chunk: the new rows.
        number: the number of this update.
        embedding: what a policy may want to see of the rows in memory and then of the chunk's.
    """

    def __init__(
        self,
        method: Method,
        memory: Memory,
        chunk: Chunk,
        number: int,
        embedding: Embedding,
    ) -> None:
        self._policy, self._memory, self._chunk, self._number = method.policy(), memory, chunk, number
        self._embedding = embedding
        self._chosen: Selection | None = None
        if self._policy is not None and not _needs_training(self._policy):
            self._chosen = self._ask(self._policy, None)
        elif self._policy is not None and type(method).rows is not Method.rows:
            raise ConfigError(
                f"`selection` asks for the features of the trained model, but {type(method).__name__} trains on what "
                "is selected. Choose `reservoir`, `balanced` or `gradient_matching`."
            )

    def after(self, model: Network) -> Selection | None:
        """What was chosen; None if the method has no memory."""
        if self._chosen is None and self._policy is not None:
            self._chosen = self._ask(self._policy, model)
        return self._chosen

    def rows(self, model: Network) -> Rows | None:
        """The rows of the next memory, before it is written; None if the method has no memory."""
        chosen = self.after(model)
        return None if chosen is None else self._memory.planned(chosen, self._chunk)

    def pool(self) -> Pool:
        """The rows that a method may train on."""
        chunk, memory = self._chunk, self._memory
        following = chunk.rows if self._chosen is None else memory.planned(self._chosen, chunk)
        labels = np.zeros(len(chunk), np.int64) if chunk.labels is None else chunk.labels
        return Pool(chunk.rows, memory, following, torch.from_numpy(labels), torch.from_numpy(memory.index.labels))

    def _ask(self, policy: Policy, model: Network | None) -> Selection:
        return self._memory.plan(self._chunk, policy, self._number, self._seen_by(policy, model))

    def _seen_by(self, policy: Policy, model: Network | None) -> Embeddings | None:
        rows = len(self._memory) + len(self._chunk)
        if policy.embedding is None or rows <= getattr(policy, "capacity", 0):  # All fit in: nobody needs to ask.
            return None
        return self._embedding.gradients() if model is None else self._embedding.features(model)


def _needs_training(policy: Policy) -> bool:
    return policy.embedding == "features"
