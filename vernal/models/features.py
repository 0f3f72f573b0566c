"""What flows inside a model: the outputs and inputs of its modules, its classifier, its features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from vernal.base import ConfigError, TrainingError, did_you_mean
from vernal.models.growth import growing_heads


class Captured(dict[str, Any]):
    """What was captured, by the name of the module."""

    def __missing__(self, name: str) -> Any:
        raise TrainingError(
            f"Nothing is captured of {name!r}. Capture it by name, and call the model inside the block, so that "
            f"the module runs. Captured: {', '.join(map(repr, self)) or 'nothing'}."
        )


@contextmanager
def captured(model: nn.Module, *names: str) -> Iterator[Captured]:
    """Keep what modules give while the model runs.

    The values are the modules' own outputs, with their gradients. If a module runs several times inside the
    block, the last time counts. Blocks may be nested and may overlap; the model may be called through a wrapper; and
    nothing is left on the model after the block, however it ends. What a later in-place operation, such as
    ``nn.ReLU(inplace=True)``, does to an output is seen in it: capture that later module then.

    Args:
        model: the model.
        names: of modules, as in `model.named_modules()`; ``""`` is the model itself.

    Yields:
        Outputs by name; filled while the model runs, and of use after the block, too.

    Raises:
        ConfigError: an unknown name.
        TrainingError: what is read has not been captured.

    Examples:
        >>> import torch
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> with captured(model, "1") as outputs:
        ...     logits = model(torch.ones(5, 4))
        >>> outputs["1"].shape
        torch.Size([5, 3])
    """
    values = Captured()
    with ExitStack() as hooks:
        for name, module in submodules(model, names).items():
            hooks.enter_context(module.register_forward_hook(partial(_keep_output, values, name)))
        yield values


@contextmanager
def captured_inputs(model: nn.Module, *names: str) -> Iterator[Captured]:
    """Keep what modules are called with while the model runs; as `captured` in everything else.

    Yields:
        By name, the tuple of arguments in the order of the call, those with a name last.

    Examples:
        >>> import torch
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
        >>> with captured_inputs(model, "1") as inputs:
        ...     logits = model(torch.ones(5, 4))
        >>> features, = inputs["1"]
        >>> features.shape
        torch.Size([5, 3])
    """
    values = Captured()
    with ExitStack() as hooks:
        for name, module in submodules(model, names).items():
            hook = partial(_keep_inputs, values, name)
            hooks.enter_context(module.register_forward_pre_hook(hook, with_kwargs=True))
        yield values


def head_of(model: nn.Module, name: str | None = None) -> nn.Module:
    """The classifier of a model.

    Args:
        model: the model.
        name: of the module, as in `model.named_modules()`; None for the last `GrowingHead` or `MultiHead`, and where
            there is none, the last `nn.Linear`, both in the order of definition.

    Raises:
        ConfigError: no module has the name, or none is named and there is no linear layer.

    Examples:
        >>> head_of(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
        Linear(in_features=3, out_features=2, bias=True)
    """
    if name is not None:
        return submodules(model, [name])[name]
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    candidates = growing_heads(model) or linear
    if not candidates:
        raise ConfigError(
            f'{type(model).__name__} has no linear layer, so its classifier is not known. Name it: `head="..."`. '
            f"{did_you_mean('head', _names(model))}"
        )
    return candidates[-1]


def logits_and_features(model: nn.Module, x: Any, head: str | None = None) -> tuple[Any, Tensor]:
    """Run a model once, for what it gives and for what its classifier is given.

    Args:
        model: the model.
        x: its input, a batch of `B` rows.
        head: the name of the classifier; None to find it, see `head_of`.

    Returns:
        The model's output, and the first input of the classifier, flattened to ``(B, d)``.

    Raises:
        ConfigError: the classifier is not known.
        TrainingError: the model does not run it.
    """
    module = head_of(model, head)
    name = next(name for name, candidate in model.named_modules() if candidate is module)
    with captured_inputs(model, name) as inputs:
        output = model(x)
    return output, inputs[name][0].flatten(1)


class Features(nn.Module):
    """A model without its classifier: gives what the classifier is given.

    The whole model runs, so it may be of any kind. Modes, gradients and parameters are the model's own.

    Args:
        model: the model.
        head: the name of the classifier; None to find it, see `head_of`.

    Raises:
        ConfigError: the classifier is not known.

    Examples:
        >>> import torch
        >>> features = Features(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
        >>> features(torch.ones(5, 4)).shape
        torch.Size([5, 3])
    """

    def __init__(self, model: nn.Module, head: str | None = None) -> None:
        super().__init__()
        head_of(model, head)
        self.model, self.head = model, head

    def forward(self, x: Any) -> Tensor:
        """The features of a batch, ``(B, d)``."""
        return logits_and_features(self.model, x, self.head)[1]


def _keep_output(values: Captured, name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
    values[name] = output


def _keep_inputs(
    values: Captured, name: str, _module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]
) -> None:
    values[name] = (*inputs, *named.values())


def submodules(model: nn.Module, names: Iterable[str]) -> dict[str, nn.Module]:
    """Modules by name.

    Raises:
        ConfigError: an unknown name.
    """
    known = dict(model.named_modules(remove_duplicate=False))
    for name in names:
        if name not in known:
            raise ConfigError(f"{type(model).__name__} has no module {name!r}. {did_you_mean(name, _names(model))}")
    return {name: known[name] for name in names}


def _names(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_modules() if name]
