"""Experience replay with asymmetric cross entropy."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_one_score_a_class, check_replay
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import lograndint
from vernal.tasks import masked, present_classes


@dataclass
class ERACE(Method):
    r"""Replay, and let the classes of a new batch compete among themselves only [1]_.

    With the new batch :math:`(x, y)`, its classes :math:`C_y`, a draw :math:`(x', y')` from memory, and all classes
    :math:`C`,

    .. math::
        \ell\bigl(f_{C_y}(x), y\bigr) + w \, \ell\bigl(f_C(x), y\bigr) + (1 - w) \, \ell\bigl(f_C(x'), y'\bigr) ,
        \qquad w = \frac{n}{n + N} ,

    where :math:`f_S` are the logits of the classes in :math:`S`, with the others at minus infinity. In plain replay the
    many new rows push the logits and features of earlier classes away, abruptly; here only as many do as there are in
    a fair sample of all :math:`n` new and :math:`N` earlier rows. Right where new chunks bring new classes and the
    memory is small. Where all chunks have the same classes, it is plain replay with other weights.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows replayed a step, at least 1, on top of the new batch.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        In the paper the memory takes in new rows during training, so that the last two terms are one, over a draw from
        all rows so far. Here it is filled at the end of an update, and the new batch stands in for its own chunk, with
        the weight `w` that the chunk has in a uniform sample. All classes are all outputs of the model. A first update
        is plain training. A loss of your own is given logits, some of them minus infinity: label smoothing fails on
        these. On several devices the classes of a batch are those of the part that each device has.

    References:
        .. [1] L. Caccia et al. New insights on reducing abrupt representation change in online continual learning.
           ICLR 2022. https://arxiv.org/abs/2104.05025
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    selection: Selection = "reservoir"

    card = Card(
        when="New classes with every chunk, and a small memory; no weight to tune.",
        keeps="rows",
        tasks=("classification",),
        forward=2.0,
        backward=2.0,
        group="replay",
    )
    space = {"memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch among its own classes, and the loss on a sample of all rows among all classes."""
        if not len(step.memory):
            return step.criterion(step.logits, step.y)
        old = step.memory.draw(self.memory_batch)
        logits, old_logits = map(step.task.scores, step.forward(step.x, old["x"]))
        check_one_score_a_class(logits)
        own = masked(logits, present_classes(step.y, logits.shape[1]))
        share = step.n_new / (step.n_new + step.n_before)
        loss = step.criterion(own, step.y) + share * step.criterion(logits, step.y)
        return loss + (1 - share) * step.criterion(old_logits, old["y"])
