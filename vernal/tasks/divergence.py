"""How far one distribution is from another, in nats. Shapes: ``B`` rows, then any."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.tasks.known import in_common, mean_over


def softmax_divergence(scores: Tensor, teacher: Tensor, temperature: float = 1.0, dim: int = 1) -> Tensor:
    r"""The Kullback-Leibler divergence between two softmaxes, over the classes that both know [1]_.

    .. math:: T^2 \, \mathrm{KL}\big(\mathrm{softmax}(t / T) \,\|\, \mathrm{softmax}(s / T)\big)

    The factor keeps the size of the gradients whatever the temperature.

    Args:
        scores: logits of the model, ``(B, C, ...)``.
        teacher: logits of the other, of the same shape or with fewer classes; NaN or infinite where it knows nothing.
        temperature: softens both, above 0.
        dim: the dimension of the classes.

    Returns:
        ``(B,)``: where a row has many softmaxes (pixels, tokens), the mean over those of which something is known.

    References:
        .. [1] G. Hinton, O. Vinyals, J. Dean. Distilling the knowledge in a neural network. 2015.
           https://arxiv.org/abs/1503.02531
    """
    scores, teacher, known = in_common(scores, teacher, dim)
    # Low enough that nothing of the softmax is left, and finite, so that a row of which nothing is known has no NaN.
    lowest = torch.finfo(scores.dtype).min / 2
    log_p = F.log_softmax(torch.where(known, teacher / temperature, lowest), dim)
    log_q = F.log_softmax(torch.where(known, scores / temperature, lowest), dim)
    divergence = torch.where(known, log_p.exp() * (log_p - log_q), 0).sum(dim)
    return temperature**2 * mean_over(known.any(dim), divergence)


def binary_divergence(scores: Tensor, teacher: Tensor, temperature: float = 1.0, dim: int = 1) -> Tensor:
    r"""The Kullback-Leibler divergence between yes-or-no answers, averaged over the labels that both know.

    .. math:: T^2 \, \mathrm{KL}\big(\sigma(t / T) \,\|\, \sigma(s / T)\big)

    Args:
        scores: one logit a label, ``(B, C)``.
        teacher: logits of the other, of the same shape or with fewer labels; NaN or infinite where it knows nothing.
        temperature: softens both, above 0.
        dim: the dimension of the labels.

    Returns:
        ``(B,)``.
    """
    scores, teacher, known = in_common(scores, teacher, dim)
    s, t = scores / temperature, teacher / temperature
    yes = t.sigmoid() * (F.logsigmoid(t) - F.logsigmoid(s))
    no = (-t).sigmoid() * (F.logsigmoid(-t) - F.logsigmoid(-s))
    return temperature**2 * mean_over(known, yes + no)
