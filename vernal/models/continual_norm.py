"""Normalisation for streams whose distribution changes."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from vernal.base import ConfigError, check_whole


class _GroupsFirst(_BatchNorm):
    """What the two have in common; the batch norm of a number of dimensions comes after it."""

    def __init__(
        self,
        num_features: int,
        groups: int = 32,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats)
        _check_groups(groups, num_features)
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name in nn.BatchNorm2d
        """Normalise by group, then by batch; the shape stays."""
        return super().forward(F.group_norm(input, self.groups, eps=self.eps))

    def extra_repr(self) -> str:
        """What is shown in brackets."""
        return f"{super().extra_repr()}, groups={self.groups}"  # type: ignore[no-untyped-call]


class ContinualNorm2d(_GroupsFirst, nn.BatchNorm2d):
    r"""Group norm, then batch norm [1]_, for ``(B, C, H, W)``: :math:`\gamma\, \mathrm{BN}(\mathrm{GN}(x)) + \beta`.

    Batch norm alone keeps running statistics of the latest data, which fit older data badly. Group norm first
    evens out each row by itself, so that statistics differ less from one part of a stream to the next.

    Args:
        num_features: channels.
        groups: groups of channels; a divisor of the channels.
        eps: added to both variances.
        momentum: of the running statistics, as in `nn.BatchNorm2d`.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: as in `nn.BatchNorm2d`.

    Raises:
        ConfigError: the groups do not divide the channels.

    Examples:
        >>> import torch
        >>> ContinualNorm2d(8, groups=2)(torch.randn(5, 8, 3, 3)).shape
        torch.Size([5, 8, 3, 3])

    References:
        .. [1] Q. Pham, C. Liu, S. Hoi. Continual normalization: rethinking batch normalization for online continual
           learning. ICLR 2022. https://arxiv.org/abs/2203.16102
    """


class ContinualNorm1d(_GroupsFirst, nn.BatchNorm1d):
    """`ContinualNorm2d`, with the same arguments, for ``(B, C)`` and ``(B, C, L)``.

    Raises:
        ConfigError: the groups do not divide the channels.

    Examples:
        >>> import torch
        >>> ContinualNorm1d(8, groups=2)(torch.randn(5, 8)).shape
        torch.Size([5, 8])
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name in nn.BatchNorm1d
        """Normalise by group, then by batch; the shape stays.

        Raises:
            ConfigError: every group is a single number.
        """
        if input.ndim == 2 and self.groups == self.num_features:
            raise ConfigError(
                f"{self.groups} groups of {self.num_features} features have one number each, and would all become 0. "
                "Take fewer groups."
            )
        return super().forward(input)


def with_continual_norm(model: nn.Module, groups: int = 32) -> nn.Module:
    """A copy of a model with continual norm wherever it has batch norm.

    Weights, running statistics, modes and names stay, so state dicts fit both. Running statistics of a trained model
    are those of activations that were not normalised by group before; they follow in training, or by `recalibrate_`.

    Args:
        model: any model.
        groups: groups of channels, a divisor of the channels of every layer.

    Raises:
        ConfigError: the groups do not divide the channels of a layer, or the model has batch norm in three
            dimensions or over processes, which has no continual form here.

    Examples:
        >>> model = with_continual_norm(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)), groups=4)
        >>> type(model[1]).__name__
        'ContinualNorm2d'
    """
    model = copy.deepcopy(model)
    replaced = {old: _continual(old, name, groups) for name, old in model.named_modules() if _is_batch_norm(old)}
    for name, old in [*model.named_modules(remove_duplicate=False)]:
        if name and old in replaced:
            model.set_submodule(name, replaced[old])
    return replaced.get(model, model)


def _is_batch_norm(module: nn.Module) -> bool:
    return isinstance(module, _BatchNorm) and not isinstance(module, _GroupsFirst)


def _continual(old: nn.Module, name: str, groups: int) -> nn.Module:
    if not isinstance(old, nn.BatchNorm1d | nn.BatchNorm2d):
        raise ConfigError(
            f"{name!r} is a {type(old).__name__}, which has no continual form here. Replace it by a BatchNorm1d or "
            "BatchNorm2d, or leave the model as it is."
        )
    _check_groups(groups, old.num_features, f" of {name!r}")
    kind = ContinualNorm1d if isinstance(old, nn.BatchNorm1d) else ContinualNorm2d
    new = kind(old.num_features, groups, old.eps, old.momentum, old.affine, old.track_running_stats)
    for part in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
        setattr(new, part, getattr(old, part))
    return new.train(old.training)


def _check_groups(groups: int, channels: int, where: str = "") -> None:
    check_whole("groups", groups, 1)
    if channels % groups:
        divisors = ", ".join(str(n) for n in range(1, channels + 1) if channels % n == 0)
        raise ConfigError(f"{groups} groups do not divide the {channels} channels{where}. Allowed: {divisors}.")
