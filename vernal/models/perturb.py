"""Making a trained model plastic again: shrunk and perturbed, or drawn anew in parts."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vernal.base import ConfigError, SchemaMismatch, check_range
from vernal.models.features import submodules


@torch.no_grad()
def shrink_and_perturb_(model: nn.Module, shrink: float, sigma: float, fresh: nn.Module | None = None) -> None:
    r"""Shrink what a model has learned and add noise, in place [1]_: :math:`\theta \leftarrow s\,\theta + \sigma\,p`.

    A model that starts from the last one's weights often generalises worse than one that starts afresh. Shrinking
    keeps its predictions about the same and makes it as quick to learn as a new one.

    Args:
        model: the model. Trained parameters change; frozen ones and buffers do not. With batch norm, see
            `recalibrate_`.
        shrink: what is left of the weights, :math:`s`, above 0 and at most 1. The smaller, the more is forgotten.
        sigma: how strong the noise is, at least 0.
        fresh: a newly drawn model of the same architecture, whose weights are the noise :math:`p`; None for
            standard normal noise from torch's random stream.

    Raises:
        ConfigError: a number out of range.
        SchemaMismatch: `fresh` is of another architecture.

    Examples:
        >>> model = nn.Linear(2, 1)
        >>> before = model.weight.clone()
        >>> shrink_and_perturb_(model, shrink=0.5, sigma=0.0)
        >>> torch.equal(model.weight, before / 2)
        True

    Deviations:
        The formula in the paper has normal noise; its authors add a fresh model's weights, so that the noise of
        every layer has the size of its initialisation. Both are here.

    References:
        .. [1] J. Ash, R. Adams. On warm-starting neural network training. NeurIPS 2020.
           https://arxiv.org/abs/1910.08475
    """
    check_range("sigma", sigma, 0)
    check_range("shrink", shrink, 0, 1)
    if not shrink:
        raise ConfigError("`shrink` must be above 0, got 0. Start from a fresh model instead.")
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad and p.is_floating_point()}
    noise = {n: torch.randn_like(p) for n, p in trained.items()} if fresh is None else _weights_of(fresh, trained)
    for name, parameter in trained.items():
        parameter.mul_(shrink).add_(noise[name], alpha=sigma)


def reinitialise_(model: nn.Module, *names: str) -> None:
    """Draw parameters anew and reset buffers, in place, by the `reset_parameters` that layers of torch have.

    Args:
        model: the model.
        names: of modules, as in `model.named_modules()`, with all that is in them; none for the whole model.

    Raises:
        ConfigError: an unknown name, or a module that has parameters and no `reset_parameters`; the model is
            unchanged then.

    Examples:
        >>> model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        >>> _ = model[1].weight.data.fill_(7.0)
        >>> reinitialise_(model, "1")
        >>> model[1].weight.tolist()
        [1.0, 1.0]
    """
    resets = {}
    for start, module in submodules(model, names or [""]).items():
        for name, part in module.named_modules(prefix=start):
            # nn.MultiheadAttention spells it with an underscore.
            reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
            if reset is not None:
                resets[name] = reset
            elif [*part.parameters(recurse=False)]:
                where = f" at {name!r}" if name else ""
                raise ConfigError(
                    f"{type(part).__name__}{where} has parameters of its own and no "
                    "`reset_parameters`. Give it that method, without arguments, which draws them anew."
                )
    # The inner ones first, as in a constructor: what a module does to its parts has the last word.
    for name in reversed(resets):
        resets[name]()


def _weights_of(fresh: nn.Module, trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
    weights = dict(fresh.named_parameters())
    for name, parameter in trained.items():
        if name not in weights or weights[name].shape != parameter.shape:
            found = f"of shape {tuple(weights[name].shape)}" if name in weights else "missing"
            raise SchemaMismatch(
                f"{name!r} has shape {tuple(parameter.shape)} in the model and is {found} in the fresh one. Draw the "
                "fresh model as the model was made, and grow its classifier alike."
            )
    return {name: weights[name].to(parameter) for name, parameter in trained.items()}
