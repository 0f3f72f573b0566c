"""One classifier for each task, where a row says which task it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import DataError, check_whole
from vernal.models.heads import GrowingHead


class MultiHead(nn.Module):
    """A `GrowingHead` for each task; every row is scored by the head of its own task.

    A task is a whole number that comes with each row. Heads are made, and grow, by `grow`; a state dict brings the
    heads that it holds, and only those. Labels are counted within a task: class 0 of one is not class 0 of another.

    Args:
        in_features: features of a row, `d`.
        bias: whether to learn a bias for each class.

    Examples:
        A row of the data is a dict, and the model takes it apart:

        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.body = nn.Linear(4, 3)
        ...         self.head = MultiHead(3)
        ...     def forward(self, x):
        ...         return self.head(self.body(x["features"]).relu(), x["task_id"])
        >>> net = Net()
        >>> net.head.grow(0, 2), net.head.grow(7, 3)
        (True, True)
        >>> scores = net({"features": torch.zeros(2, 4), "task_id": torch.tensor([7, 0])})
        >>> scores.isinf()
        tensor([[False, False, False],
                [False, False,  True]])
    """

    _place: Tensor

    def __init__(self, in_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.has_bias = in_features, bias
        self.heads = nn.ModuleDict()
        # Empty, and never stored: it moves with the module, so it knows where a first head belongs.
        self.register_buffer("_place", torch.empty(0), persistent=False)

    @property
    def task_ids(self) -> list[int]:
        """The tasks that have a head, ascending."""
        return [int(name) for name in self.heads]

    @property
    def sizes(self) -> dict[int, int]:
        """How many classes the head of each task has."""
        return {task: self._head(task).out_features for task in self.task_ids}

    def grow(self, task_id: int, classes: int) -> bool:
        """Make the head of a task, or make room in it for more classes.

        Args:
            task_id: the task, at least 0.
            classes: all classes of the task, old and new; no head shrinks.

        Returns:
            Whether anything grew.

        Raises:
            ConfigError: not whole numbers of at least 0.
        """
        check_whole("task_id", task_id, 0)
        check_whole("classes", classes, 0)
        if not classes:
            return False
        if task_id not in self.task_ids:
            self._arrange({**self._named(), str(task_id): self._empty_head()})
        return self._head(task_id).grow(classes)

    def forward(self, features: Tensor, task_ids: Tensor) -> Tensor:
        """Score the classes of each row's task.

        Args:
            features: ``(B, d)``.
            task_ids: the task of each row, whole numbers, ``(B,)``.

        Returns:
            Logits ``(B, C)`` with `C` the classes of the largest head; ``-inf`` for classes that the row's head lacks.

        Raises:
            DataError: a task without a head.
        """
        width = max(self.sizes.values(), default=0)
        if not len(task_ids):
            return features.new_empty(0, width)
        order, scores = [], []
        for task in sorted(set(task_ids.tolist())):
            rows = (task_ids == task).nonzero().squeeze(1)
            logits = self._head(task)(features[rows])
            order.append(rows)
            scores.append(F.pad(logits, (0, width - logits.shape[1]), value=-torch.inf))
        return torch.cat(scores)[torch.cat(order).argsort()]

    def _head(self, task_id: int) -> GrowingHead:
        if str(task_id) not in self.heads:
            known = ", ".join(self.heads) or "none"
            raise DataError(
                f"There is no head for task {task_id}. Tasks with a head: {known}. Grow one first: "
                f"`head.grow({task_id}, classes)`."
            )
        head = self.heads[str(task_id)]
        assert isinstance(head, GrowingHead)
        return head

    def _named(self) -> dict[str, nn.Module]:
        return dict(self.heads.items())

    def _empty_head(self) -> GrowingHead:
        head = GrowingHead(self.in_features, bias=self.has_bias).train(self.training)
        return head.to(self._place.device, self._place.dtype)

    def _arrange(self, heads: Mapping[str, nn.Module]) -> None:
        """Sorted, so that parameters have one order, whenever their tasks came."""
        self.heads = nn.ModuleDict({name: heads[name] for name in sorted(heads, key=int)})

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        start = f"{prefix}heads."
        stored = {key.removeprefix(start).partition(".")[0] for key in state_dict if key.startswith(start)}
        if stored and stored != self.heads.keys() and all(name.isdecimal() for name in stored):
            self._arrange({name: self._named().get(name) or self._empty_head() for name in stored})
        super()._load_from_state_dict(state_dict, prefix, *rest)
