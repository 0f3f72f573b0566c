"""Averaged gradient episodic memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from vernal.memory import Policy, Selection, make_policy
from vernal.methods.card import Card
from vernal.methods.checks import check_replay
from vernal.methods.method import Method
from vernal.methods.step import Step
from vernal.space import lograndint


@dataclass
class AGEM(Method):
    r"""Turn a step away from where the loss on memory would rise [1]_.

    With the gradient :math:`g` of the loss on the new batch, and the gradient :math:`r` of that on a draw from memory,
    a step follows

    .. math::
        \tilde g = \begin{cases} g & \text{if } g^\top r \ge 0 , \\
        g - \dfrac{g^\top r}{r^\top r} \, r & \text{otherwise,} \end{cases}

    of all gradients that do not make the loss on the draw rise, the one that is nearest to :math:`g`. Memory says only
    where not to go, so a model overfits it less than in replay, and forgets much more: where new chunks bring new
    classes, it is nearer to fine-tuning than to replay. `vernal.methods.ER` is as cheap and as a rule better.

    Args:
        memory_size: rows kept, at least 1; None for all rows ever seen.
        memory_batch: rows that a step is held against, at least 1, on top of the new batch.
        selection: which rows are kept: ``reservoir``, a uniform sample of all that was seen; ``balanced``, as many of
            every class; ``window``, the latest; or, as many of every class: ``gradient_matching`` and
            ``herding``, rows that stand for the others, better where few are kept; ``k_center``, outliers as well.

    Deviations:
        The memory is a sample of all rows, not as many of every chunk. Where gradients are accumulated over several
        batches, their sum is held against the sum of as many references. With ``precision="16-mixed"`` the loss on
        memory is not scaled up, so the smallest parts of the reference are lost; gradients are whole with ``bf16``.

    References:
        .. [1] A. Chaudhry et al. Efficient lifelong learning with A-GEM. ICLR 2019.
           https://arxiv.org/abs/1812.00420
    """

    memory_size: int | None = 500
    memory_batch: int = 64
    selection: Selection = "reservoir"

    card = Card(
        when="As a reference from the literature: where one replays, `er` is as a rule better.",
        keeps="rows",
        forward=2.0,
        backward=2.0,
        group="replay",
    )
    space = {"memory_batch": lograndint(16, 128)}

    def __post_init__(self) -> None:
        check_replay(self.memory_size, self.memory_batch, self.selection)
        # Of the draws since the last step; between two steps, where checkpoints are written, there is none.
        self._reference: Tensor | None = None

    def policy(self) -> Policy:
        """As `selection` says."""
        return make_policy(self.selection, self.memory_size)

    def loss(self, step: Step) -> Tensor:
        """The loss on the new batch; beside it, the gradient of the loss on a draw is taken down."""
        if len(step.memory):
            reference = self._gradient_on_memory(step)
            self._reference = reference if self._reference is None else self._reference + reference
        return step.criterion(step.logits, step.y)

    def before_step(self, model: nn.Module) -> None:
        """Take from the gradient what goes against the reference."""
        if self._reference is None:
            return
        parameters = _trained(model)
        reference, self._reference = _of_all_processes(self._reference), None
        gradient = _flat([torch.zeros_like(p) if p.grad is None else p.grad for p in parameters])
        projected = project(gradient, reference)
        if projected is not gradient:
            _write(projected, parameters)

    def _gradient_on_memory(self, step: Step) -> Tensor:
        # Past the wrapper that several devices need: it would wait for the gradients of this pass, too.
        old, model = step.memory.draw(self.memory_batch), step.model.beside(step.model.module)
        loss = step.criterion(model(old["x"]), old["y"])
        return _flat(torch.autograd.grad(loss, _trained(step.model.module), allow_unused=True, materialize_grads=True))


def project(gradient: Tensor, reference: Tensor) -> Tensor:
    """The vector nearest to the gradient that does not point away from the reference.

    Args:
        gradient: ``(P,)``; given back as it is if it does not.
        reference: ``(P,)``; only its direction counts.

    Examples:
        >>> project(torch.tensor([1.0, -2.0]), torch.tensor([0.0, 3.0]))
        tensor([1., 0.])
    """
    direction = reference / reference.abs().amax().clamp_min(torch.finfo(reference.dtype).tiny)
    along = gradient @ direction
    if along >= 0:
        return gradient
    return gradient - along / (direction @ direction) * direction


def _trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _flat(tensors: Iterable[Tensor]) -> Tensor:
    """All numbers as one vector, in float32 at least: sums over millions need the digits."""
    parts = [tensor.detach().reshape(-1) for tensor in tensors]
    return torch.cat([part.to(torch.promote_types(part.dtype, torch.float32)) for part in parts])


def _of_all_processes(reference: Tensor) -> Tensor:
    """The sum over all processes, as the gradients are a mean: each has drawn its part."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.all_reduce(reference)
    return reference


def _write(gradient: Tensor, parameters: Sequence[nn.Parameter]) -> None:
    """Put a flat gradient back; a parameter that neither loss has used stays without."""
    for parameter, part in zip(parameters, torch.split(gradient, [p.numel() for p in parameters]), strict=True):
        if parameter.grad is not None or bool(part.any()):
            parameter.grad = part.view_as(parameter).to(parameter.dtype)
