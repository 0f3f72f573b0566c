"""How far the insides of two networks are apart, seen through a pooling. Shapes: ``B`` rows, ``C`` channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import ConfigError, TrainingError, did_you_mean
from vernal.methods.step import Step
from vernal.models import captured, captured_inputs, head_of

Pooling = Literal["pixel", "channel", "width", "height", "gap", "spatial"]


def pooled_output_distance(
    features: Tensor, teacher: Tensor, pooling: Pooling = "spatial", *, normalised: bool = True
) -> Tensor:
    r"""The distance of pooled features [1]_: :math:`\lVert p(h^2) - p(\hat h^2) \rVert_2`.

    Features are squared, pooled, and, if that is wanted, scaled to the length 1. The coarser the pooling, the more
    the network is free to change: ``pixel`` pools nothing, ``channel`` sums over channels, ``width`` over the height,
    ``height`` over the width; ``spatial`` takes both of these, and ``gap`` the mean of each channel. Features of
    any other shape have nothing to pool, and are compared as they are (POD-flat).

    Args:
        features: of the model, ``(B, C, H, W)``, or of any other shape with a row for each row.
        teacher: those of another one, of the same shape, on any device and of any type.
        pooling: what is kept of them.
        normalised: whether only the direction counts, so that layers of any size weigh the same.

    Returns:
        ``(B,)``, in at least 32 bits: squares of features are soon too large for 16.

    Raises:
        ConfigError: no such pooling.
        TrainingError: the shapes differ.

    Examples:
        >>> features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
        >>> pooled_output_distance(features, torch.zeros(1, 1, 2, 2), "gap", normalised=False)
        tensor([7.5000])

    References:
        .. [1] A. Douillard et al. PODNet: pooled outputs distillation for small-tasks incremental learning.
           ECCV 2020. https://arxiv.org/abs/2004.13513
    """
    check_pooling(pooling)
    if features.shape != teacher.shape:
        raise TrainingError(
            f"The model's features have the shape {tuple(features.shape)}, and those to compare with "
            f"{tuple(teacher.shape)}. Take layers that have not changed since the last update."
        )
    dtype = torch.promote_types(features.dtype, torch.float32)
    pooled, wanted = (_pooled(values.to(features.device, dtype), pooling) for values in (features, teacher))
    if normalised:
        pooled, wanted = F.normalize(pooled, dim=1), F.normalize(wanted, dim=1)
    distance: Tensor = torch.linalg.vector_norm(pooled - wanted, dim=1)
    return distance


def pooled_outputs_loss(
    features: Mapping[str, Tensor],
    teacher: Mapping[str, Tensor],
    pooling: Pooling = "spatial",
    *,
    normalised: bool = True,
) -> Tensor:
    """The mean distance over all rows and layers.

    Args:
        features: of the model, by layer; as `vernal.models.captured` gives them.
        teacher: those of another one, by the same names.
        pooling: see `pooled_output_distance`.
        normalised: likewise.

    Returns:
        A scalar.

    Raises:
        TrainingError: there are no features, so nothing would be distilled.

    Examples:
        >>> features, teacher = {"0": torch.ones(4, 8)}, {"0": torch.ones(4, 8)}
        >>> pooled_outputs_loss(features, teacher)
        tensor(0.)
    """
    if not teacher:
        raise TrainingError("No features were captured, so there is nothing to distil. Name at least one layer.")
    distances = [
        pooled_output_distance(features[name], teacher[name], pooling, normalised=normalised).mean() for name in teacher
    ]
    return torch.stack(distances).mean()


@dataclass(frozen=True)
class PooledOutputs:
    """Compares what happens inside the model with what happened inside the champion.

    Args:
        layers: names of the modules whose outputs are compared; none for what the classifier is given.
        pooling: see `pooled_output_distance`.
        normalised: likewise.

    Raises:
        ConfigError: no such pooling, or no names.
    """

    layers: tuple[str, ...] = ()
    pooling: Pooling = "spatial"
    normalised: bool = True

    def __post_init__(self) -> None:
        check_layers(self.layers)
        check_pooling(self.pooling)

    def check(self, model: nn.Module) -> None:
        """Demand that the model has the layers, before hours are spent.

        Raises:
            ConfigError: otherwise.
        """
        for name in self.layers:
            head_of(model, name)
        if not self.layers and not any(isinstance(module, nn.Linear) for module in model.modules()):
            raise ConfigError(
                f"{type(model).__name__} has no linear layer, so it is not known which features count. Name modules: "
                '`layers=("layer4",)`.'
            )

    def inside(self, model: nn.Module) -> AbstractContextManager[dict[str, Tensor]]:
        """Takes the features out of a model while it runs; see `features_inside`."""
        return features_inside(model, self.layers)

    def loss(self, step: Step, x: Any, features: Mapping[str, Tensor]) -> Tensor:
        """How far the model's features are from the champion's.

        Args:
            step: a step of an update that is not the first.
            x: inputs of some rows.
            features: the model's, as `inside` gave them; rows before the last ones, which are those of `x`, are left
                out: `Step.forward` may have put several batches together.

        Returns:
            The mean over rows and layers, a scalar.

        Raises:
            TrainingError: the champion is of another architecture, with other features.
        """
        champion = step.champion
        assert champion is not None, "a first update has no champion"
        with self.inside(champion.module) as wanted:
            champion(x)
        _check_alike(features, wanted)
        own = {name: features[name][-len(values) :] for name, values in wanted.items()}
        return pooled_outputs_loss(own, wanted, self.pooling, normalised=self.normalised)


def _check_alike(features: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    has, had = ({name: tuple(values.shape[1:]) for name, values in each.items()} for each in (features, wanted))
    if has != had:
        raise TrainingError(
            f"The champion has the features {had}, and this model has {has}: within one architecture they could be "
            "compared. Choose a method that compares outputs, such as `derpp`, or add the term `distil`, for the "
            "update that changes the architecture."
        )


@contextmanager
def features_inside(model: nn.Module, layers: Sequence[str] = ()) -> Iterator[dict[str, Tensor]]:
    """Take features out of a model while it runs.

    Args:
        model: the model.
        layers: names of the modules whose outputs are wanted, as in `model.named_modules()`; none for what the
            classifier is given.

    Yields:
        Features by name, ``(B, ...)`` each, to be read after the block.

    Raises:
        ConfigError: no such module, or none is named and the classifier is not known.
        TrainingError: the model does not run it, or it gives no tensor.

    Examples:
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> with features_inside(model) as features:
        ...     logits = model(torch.ones(5, 4))
        >>> {name: tuple(values.shape) for name, values in features.items()}
        {'2': (5, 3)}
    """
    features: dict[str, Tensor] = {}
    if layers:
        with captured(model, *layers) as outputs:
            yield features
        features.update({name: _tensor(outputs[name], name) for name in layers})
    else:
        head = head_of(model)
        name = next(name for name, module in model.named_modules() if module is head)
        with captured_inputs(model, name) as inputs:
            yield features
        features[name] = _tensor(inputs[name][0], name).flatten(1)


def check_layers(layers: Sequence[str]) -> None:
    """Demand names of modules.

    Raises:
        ConfigError: otherwise.
    """
    if not all(isinstance(name, str) and name for name in layers):
        raise ConfigError(
            f'`layers` must be names of modules, such as ("layer3", "layer4"), got {layers!r}. Leave it empty for what '
            "the classifier is given."
        )


def check_pooling(pooling: str) -> None:
    """Demand a pooling that there is.

    Raises:
        ConfigError: otherwise.
    """
    if pooling not in _POOLINGS:
        raise ConfigError(f"No pooling is called {pooling!r}. {did_you_mean(pooling, _POOLINGS)}")


_POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {  # squares (B, C, H, W) to (B, ...)
    "pixel": lambda squares: squares,
    "channel": lambda squares: squares.sum(1),
    "width": lambda squares: squares.sum(2),
    "height": lambda squares: squares.sum(3),
    "gap": lambda squares: squares.mean((2, 3)),
    "spatial": lambda squares: torch.cat([squares.sum(3), squares.sum(2)], dim=2),
}


def _pooled(features: Tensor, pooling: str) -> Tensor:
    """``(B, d)``."""
    return (_POOLINGS[pooling](features.square()) if features.ndim == 4 else features).flatten(1)


def _tensor(value: Any, name: str) -> Tensor:
    if not isinstance(value, Tensor):
        raise TrainingError(f"{name!r} gives a {type(value).__name__}, not a tensor. Name a module inside or after it.")
    return value
