"""What policies want to see of rows: features of the trained model, or gradients of fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal.base import ConfigError, derive_seed
from vernal.data import Rows
from vernal.methods import Network
from vernal.models import captured, captured_inputs, head_of
from vernal.training import Feed, evaluating
from vernal.transaction.situation import Situation

Embeddings = np.ndarray[Any, Any]

MODELS = 4  # freshly initialised models whose gradients are matched
WIDTH = 128  # numbers that stand for one gradient of one model


class Embedding:
    """Embeds rows, all of them in order.

    Args:
        situation: what the update finds.
        parts: the rows: those in memory, then those of the chunk.
        device: where models are.
        network: makes a module compute in the precision of the training.
    """

    def __init__(
        self,
        situation: Situation,
        parts: Sequence[Rows],
        device: torch.device,
        network: Callable[[nn.Module], Network],
    ) -> None:
        self._situation, self._network, self._device = situation, network, device
        transforms, seed = situation.transforms("test"), derive_seed(situation.seed, "embed")
        self._feeds = [Feed(rows, transforms, device, seed) for rows in parts if len(rows)]

    def features(self, model: Network) -> Embeddings:
        """What the classifier of a model is given, a mean over positions if there are several, ``(n, d)`` float32."""
        with evaluating(model.module), torch.no_grad():
            return _as_rows(_by_position(_run(model, batch["x"])[1]).mean(1) for batch in self._batches())

    def gradients(self) -> Embeddings:
        r"""Gradients of the loss with respect to the classifier's weights, under several fresh models, side by side.

        They are not written out, see `sketch`. Models and signs are the same in every update of a lineage, so that
        what was chosen to match a mean still does when more rows come; only classes that are new to a growing head,
        and what it says of the others from then on, are drawn anew.

        Returns:
            ``(n, MODELS * WIDTH)`` float32.
        """
        return np.concatenate([self._gradients(number) for number in range(MODELS)], axis=1)

    def _gradients(self, number: int) -> Embeddings:
        names = ("gradients", number)
        model = self._network(self._situation.model(*names).to(self._device).requires_grad_(False))
        _head(model.module).requires_grad_(True)  # Nothing below it needs to be gone back through.
        seed = derive_seed(self._situation.resolved.plan.seed, *names)
        with evaluating(model.module):
            return _as_rows(sketch(*self._factors(model, batch), WIDTH, seed) for batch in self._batches())

    def _factors(self, model: Network, batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
        """The two factors of each row's gradient: that with respect to the classifier's outputs, and its inputs."""
        outputs, inputs, scores = _run(model, batch["x"])
        losses = self._situation.losses(outputs, batch["y"])
        total = losses.sum() if losses.ndim else losses * len(inputs)  # A loss of the user's may be a mean.
        return torch.autograd.grad(total, scores)[0], inputs

    def _batches(self) -> Iterator[dict[str, Any]]:
        size = self._situation.resolved.plan.training.evaluation_batch
        for feed in self._feeds:
            yield from feed.in_order(size)


def sketch(outer: Tensor, inner: Tensor, width: int, seed: int) -> Tensor:
    r"""Short vectors that have, on average over seeds, the inner products of the matrices that they stand for.

    A row stands for :math:`G = \sum_t \delta_t h_t^\top`, the gradient with respect to the weights of a linear layer
    that was called at one position or at several. With random signs :math:`R` and :math:`S`, its sketch is

    .. math::
        \frac{1}{\sqrt{m}} \sum_t (R \delta_t) \odot (S h_t) .

    Args:
        outer: :math:`\delta`, ``(B, ..., C)``.
        inner: :math:`h`, ``(B, ..., d)``.
        width: :math:`m`.
        seed: of the signs. Each class and feature has its own, however many there are: a head may grow.

    Returns:
        ``(B, m)`` float32.
    """
    outer, inner = _by_position(outer), _by_position(inner)
    product = (outer @ _signs(outer, width, seed)) * (inner @ _signs(inner, width, derive_seed(seed, "features")))
    total: Tensor = product.sum(1) / width**0.5
    return total


def _by_position(values: Tensor) -> Tensor:
    """``(B, ..., d)`` as ``(B, T, d)`` float32, without gradients."""
    return values.detach().reshape(len(values), -1, values.shape[-1]).float()


def _signs(like: Tensor, width: int, seed: int) -> Tensor:
    """A random sign for each entry of the last dimension and each number of the sketch."""
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(2, (like.shape[-1], width), generator=generator)
    return (2 * signs - 1).to(like)


def _run(model: Network, x: Any) -> tuple[Any, Tensor, Tensor]:
    """What a network gives, what its classifier is given, and what that gives."""
    head = _head(model.module)
    name = next(name for name, module in model.module.named_modules() if module is head)
    with captured_inputs(model.module, name) as inputs, captured(model.module, name) as scores:
        outputs = model(x)
    return outputs, inputs[name][0], scores[name]


def _head(model: nn.Module) -> nn.Module:
    try:
        return head_of(model)
    except ConfigError as error:
        raise ConfigError(
            f"`selection` looks at what the last linear layer of the model is given, but {type(model).__name__} has "
            "none. Choose `reservoir`, `balanced` or `window`."
        ) from error


def _as_rows(batches: Iterator[Tensor]) -> Embeddings:
    return np.concatenate([batch.detach().float().cpu().numpy() for batch in batches])
