"""What policies want to see of rows: features of the trained model, or gradients of fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vernal.base import derive_seed
from vernal.data import Rows
from vernal.methods import Network
from vernal.models import captured_inputs, head_of
from vernal.training import Feed, evaluating, isolated
from vernal.transaction.situation import Situation

Embeddings = np.ndarray[Any, Any]

MODELS = 8  # freshly initialised models whose gradients are matched
WIDTH = 256  # numbers that stand for one gradient of one model


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
        self._situation, self._network = situation, network
        transforms, seed = situation.transforms("test"), derive_seed(situation.seed, "embed")
        self._feeds = [Feed(rows, transforms, device, seed) for rows in parts if len(rows)]
        self._device = device

    def features(self, model: Network) -> Embeddings:
        """What the classifier of a model is given, ``(n, d)`` float32."""
        with evaluating(model.module), torch.no_grad():
            return _as_rows(_run(model, batch["x"])[1] for batch in self._batches())

    def gradients(self) -> Embeddings:
        r"""Gradients of the loss with respect to the classifier's weights, under several fresh models, ``(n, m)``.

        Such a gradient is :math:`\delta h^\top`, with :math:`\delta` the gradient with respect to the outputs and
        :math:`h` the features. It is not written out: :math:`(R \delta) \odot (S h)` with random signs :math:`R`,
        :math:`S` has, on average, the same inner products. The models and signs are the same in every update of a
        lineage, so embeddings of rows that came at different times can be compared.
        """
        return np.concatenate([self._gradients(number) for number in range(MODELS)], axis=1)

    def _gradients(self, number: int) -> Embeddings:
        names = ("gradients", number)
        model = self._network(self._situation.model(*names).to(self._device))
        seed = derive_seed(self._situation.resolved.plan.seed, *names)
        with evaluating(model.module):
            return _as_rows(self._sketch(model, batch, seed) for batch in self._batches())

    def _sketch(self, model: Network, batch: dict[str, Any], seed: int) -> Tensor:
        outputs, features = _run(model, batch["x"])
        scores = self._situation.task.scores(outputs)
        losses = self._situation.losses(outputs, batch["y"])
        delta = torch.autograd.grad(losses.sum(), scores)[0].flatten(1).float()
        with isolated(seed):
            # One column a class, drawn one after another: a head that grows keeps the signs that it had.
            signs = torch.stack([_signs(WIDTH) for _ in range(delta.shape[1])]).to(delta.device)
        with isolated(derive_seed(seed, "features")):
            mix = torch.stack([_signs(WIDTH) for _ in range(features.shape[1])]).to(delta.device)
        sketch: Tensor = (delta @ signs) * (features.detach().float() @ mix) / WIDTH**0.5
        return sketch

    def _batches(self) -> Iterator[dict[str, Any]]:
        size = self._situation.resolved.plan.training.evaluation_batch
        for feed in self._feeds:
            yield from feed.in_order(size)


def _run(model: Network, x: Any) -> tuple[Any, Tensor]:
    """What a network gives, and what its classifier is given, ``(B, d)``."""
    head = head_of(model.module)
    name = next(name for name, module in model.module.named_modules() if module is head)
    with captured_inputs(model.module, name) as inputs:
        outputs = model(x)
    return outputs, inputs[name][0].flatten(1)


def _signs(count: int) -> Tensor:
    return torch.randint(0, 2, (count,)).mul_(2).sub_(1).float()


def _as_rows(batches: Iterator[Tensor]) -> Embeddings:
    return np.concatenate([batch.detach().float().cpu().numpy() for batch in batches])
