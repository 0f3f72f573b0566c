"""Budgeted replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import torch
from torch import Tensor, nn

from vernal.base import check_range, check_whole
from vernal.data import Joined, Picked, Rows
from vernal.memory import Everything, Policy, Reservoir
from vernal.methods.card import Card
from vernal.methods.method import Method
from vernal.methods.step import Network, Pool, Setting, Stage
from vernal.models import Shadow, recalibrate_, shrink_and_perturb_
from vernal.space import uniform

CALIBRATION_ROWS = 10_000  # How many go through batch norm at the end, at least; that a budget stays one.


@dataclass
class BudgetedReplay(Method):
    r"""Go on training on old and new rows alike, for as long as the budget says, and average the weights.

    With :math:`D` the new chunk and all that is kept of earlier ones, minimise, from the champion's weights on,

    .. math::
        \ell(f(x), y) \quad\text{over}\quad (x, y) \sim D ,

    and give the mean of the weights along the way, in which those after step :math:`t` count about as
    :math:`t^{1/a - 1}` [1]_: about the last share :math:`a` of the steps, however many there will be.

    The method for production where old rows may be kept. It learns what training from scratch would, and goes on from
    what is learned already [2]_; under a budget, nothing more elaborate than uniform samples of all rows has been found
    to do better [3]_. Give the budget in steps or samples, ``budget="2000st"`` or ``"100000sa"``: then an update costs
    the same however many rows there are. An epoch walks through all of them: with ``"5ep"`` updates become slower and
    slower.

    Args:
        memory_size: rows of earlier chunks kept, a uniform sample, at least 1; None for all of them.
        sampling: ``uniform``, every row once an epoch; ``balanced``, as many of every class: all rows of the largest
            once, those of others again and again. Where rare classes matter as much as frequent ones.
        average: the share of the steps that is averaged over, :math:`a`, from 0 to 1; 0 for the weights of the last
            step, or with `patience` the best ones. Stands in for a learning rate that falls to 0.
        shrink: what is left of the champion's weights at the start, above 0 and at most 1. Below 1, with `perturb`, for
            models that generalise worse after many updates than a fresh one does [4]_. It costs budget: measure first.
        perturb: how much of a fresh model's weights is added then, at least 0.

    Deviations:
        In [2]_ the learning rate, the regulariser and easy and hard rows are seen to as well; the schedule is the
        user's here. Batch norm is recalibrated at the end, on 10,000 rows or more, evenly spread over all.

    References:
        .. [1] O. Shamir, T. Zhang. Stochastic gradient descent for non-smooth optimization: convergence results and
           optimal averaging schemes. ICML 2013. https://arxiv.org/abs/1212.1824
        .. [2] E. Verwimp, G. Hacohen, T. Tuytelaars. Same accuracy, twice as fast: continuous training surpasses
           retraining from scratch. 2025. https://arxiv.org/abs/2502.21147
        .. [3] A. Prabhu et al. Computationally budgeted continual learning: what does matter? CVPR 2023.
           https://arxiv.org/abs/2303.11165
        .. [4] J. Ash, R. Adams. On warm-starting neural network training. NeurIPS 2020.
           https://arxiv.org/abs/1910.08475
    """

    memory_size: int | None = None
    sampling: Literal["uniform", "balanced"] = "uniform"
    average: float = 0.25
    shrink: float = 1.0
    perturb: float = 0.0

    card = Card(
        when="Old rows may be kept, and an update must cost the same every time.",
        keeps="rows, all of them by default",
        once="10,000 rows or so forward, if the model has batch norm",
        group="replay",
    )
    space = {"average": uniform(0, 0.5), "shrink": uniform(0.5, 1), "perturb": uniform(0, 0.1)}

    def __post_init__(self) -> None:
        if self.memory_size is not None:
            check_whole("memory_size", self.memory_size, 1, hint="Use `fine_tune` to train without memory.")
        check_range("average", self.average, 0, 1)
        check_range("shrink", self.shrink, 0.01, 1)
        check_range("perturb", self.perturb, 0)
        self._average, self._steps, self._rows, self._first = Shadow(), 0, 0, False

    def policy(self) -> Policy:
        """Everything, or a uniform sample."""
        return Everything() if self.memory_size is None else Reservoir(self.memory_size)

    def stages(self, first: bool) -> tuple[Stage, ...]:
        """One; a first update has nothing to shrink."""
        return (Stage("first" if first else "update"),)

    def enter(self, stage: Stage) -> None:
        """Take down which it is."""
        self._first = stage.name == "first"

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:
        """The champion, shrunk and perturbed."""
        if not self._first and (self.shrink < 1 or self.perturb):
            shrink_and_perturb_(champion, self.shrink, self.perturb, fresh())
        if self.average:
            self._average.attach(champion)
        return champion

    def rows(self, pool: Pool) -> Rows:
        """The new chunk and all rows of earlier ones, balanced if so wished."""
        rows, labels = pool.chunk, pool.labels
        if len(pool.before):
            rows, labels = Joined(pool.before, rows), torch.cat([pool.labels_before, labels])
        self._rows = len(rows)
        return rows if self.sampling == "uniform" else Picked(rows, balanced_places(labels))

    def after_step(self, model: nn.Module) -> None:
        """The average moves."""
        if self.average:
            self._steps += 1
            self._average.follow(model, polynomial_decay(self.average, self._steps))

    def end(self, setting: Setting) -> None:
        """The model becomes the average."""
        if self._steps:
            setting.model.module.load_state_dict(self._average.state_dict())
            recalibrate_(_Called(setting.model), self._calibration(setting))
        self._average, self._steps = Shadow(), 0

    def _calibration(self, setting: Setting) -> Iterator[Any]:
        """Inputs of some rows, from all ages."""
        every = max(1, self._rows // CALIBRATION_ROWS)
        return (x for x, _ in islice(setting.batches(), 0, None, every))

    def state_dict(self) -> dict[str, Any]:
        """The average, while there is one: between updates there is none."""
        return {"average": self._average.state_dict() if self._steps else {}, "steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take it up."""
        self._average.load_state_dict(state["average"])
        self._steps = state["steps"]


class _Called(nn.Module):
    """A network as a module: it has the layers, and computes in the precision of the training."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.module, self._network = network.module, network

    def forward(self, x: Any) -> Any:
        return self._network(x)


def polynomial_decay(share: float, step: int) -> float:
    r"""How much of an average stays at a step, from 1 on, so that the last `share` of all steps makes up most of it.

    With :math:`\eta = 1 / a - 1`, that is :math:`1 - (\eta + 1) / (t + \eta)`.

    Examples:
        >>> [round(polynomial_decay(1.0, step), 3) for step in (1, 2, 3)]  # a plain mean
        [0.0, 0.5, 0.667]
        >>> [round(polynomial_decay(0.25, step), 3) for step in (1, 2, 97)]
        [0.0, 0.2, 0.96]
    """
    return 1 - 1 / (1 + share * (step - 1))


def balanced_places(labels: Tensor) -> Tensor:
    """An epoch with as many rows of every class: those of the largest class once, others equally often, or nearly.

    Args:
        labels: the class of each row, ``(n,)``.

    Returns:
        Places of rows, class by class.

    Examples:
        >>> balanced_places(torch.tensor([0, 1, 0, 1, 0, 0, 0, 0, 2])).tolist()
        [0, 2, 4, 5, 6, 7, 1, 1, 1, 3, 3, 3, 8, 8, 8, 8, 8, 8]
    """
    classes, sizes = torch.unique(labels, return_counts=True)
    largest = torch.arange(int(sizes.max()))
    places = ((labels == label).nonzero().flatten() for label in classes)
    return torch.cat([own[largest * len(own) // len(largest)] for own in places])
