"""How a layer of each type is put into a larger one, such that its old units give what they gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import is_parametrized

from vernal.models.continual_norm import ContinualNorm1d, ContinualNorm2d
from vernal.models.heads import GrowingHead


@dataclass(frozen=True)
class Rule:
    """What layers of some types may become.

    Args:
        types: of the layers.
        tensors: the parameters and buffers that the rule knows; None for any.
        fixed: what must be the same in the old and the new layer.
        units: the axis of the weight that counts the units that the layer gives; None where no unit hears another.
        why: what more than the weights would change, to be told with a refusal.
    """

    types: tuple[type[nn.Module], ...]
    tensors: frozenset[str] | None
    fixed: Callable[[Any], dict[str, object]]
    units: int | None = 0
    why: str = ""

    def knows(self, layer: nn.Module) -> bool:
        """Not subclasses with weights of their own: these may do anything."""
        known = self.tensors is None or own_tensors(layer).keys() <= self.tensors
        return known and computes_as(layer, self.types)


def computes_as(layer: nn.Module, types: tuple[type[nn.Module], ...]) -> bool:
    """Whether the layer is of one of the types and gives what that gives.

    A subclass with a `forward` of its own may do anything, and so may a layer whose weight is itself computed.
    """
    if not isinstance(layer, types) or is_parametrized(layer):
        return False
    return type(layer).forward in [kind.forward for kind in types]


def own_tensors(layer: nn.Module) -> dict[str, Tensor]:
    """Parameters and stored buffers of the layer itself, not those of layers in it."""
    tensors: dict[str, Tensor] = dict(layer.named_parameters(recurse=False, remove_duplicate=False))
    stored = layer.state_dict()
    return tensors | {name: buffer for name, buffer in layer.named_buffers(recurse=False) if name in stored}


def is_layer(module: nn.Module) -> bool:
    """Whether the module has weights of its own, or is of a type whose size decides what it gives."""
    return rule_of(module) is not None or bool(own_tensors(module))


def rule_of(layer: nn.Module) -> Rule | None:
    """The rule that knows the layer."""
    return next((rule for rule in RULES if rule.knows(layer)), None)


def obstacles(old: nn.Module, new: nn.Module) -> Iterator[str]:
    """Why `new` cannot give what `old` gives; nothing where it can."""
    rule = rule_of(old)
    if rule is not rule_of(new):
        was, now = type(old).__name__, type(new).__name__
        yield f"was {was} and is {now}. Keep the type, give `mapping` if the layer has another name now, or distil."
    elif changed := list(_changed(old, new, rule)):
        why = rule.why if rule else _UNKNOWN
        sentences = [f"changed {', '.join(changed)}.", why, "Keep it as it was, or distil from the champion instead."]
        yield " ".join(filter(None, sentences))
    else:
        yield from _misfits(own_tensors(old), own_tensors(new), rule)


def carry(old: nn.Module, new: nn.Module) -> None:
    """Write the weights of `old` into `new`, where there are no obstacles; new units keep the weights they have."""
    rule = rule_of(old)
    olds, news = own_tensors(old), own_tensors(new)
    for name, tensor in olds.items():
        _carry_tensor(tensor, news[name], None if rule is None else rule.units)
    if rule is not None and "bias" in news.keys() - olds.keys():
        _zero_first(news["bias"], olds["weight"].shape[rule.units or 0], axis=0)


@torch.no_grad()
def _carry_tensor(old: Tensor, new: Tensor, units: int | None) -> None:
    """Old units hear old inputs as before, and new inputs not at all."""
    kept = old.to(new.device, new.dtype, copy=True)  # the models may share a layer
    if units is not None and old.ndim > 0:
        axis = units if old.ndim > 1 else 0  # biases and statistics have one axis
        _zero_first(new, old.shape[axis], axis)
    new[tuple(slice(size) for size in old.shape)] = kept


@torch.no_grad()
def _zero_first(tensor: Tensor, n: int, axis: int) -> None:
    tensor.narrow(axis, 0, n).zero_()


def _changed(old: nn.Module, new: nn.Module, rule: Rule | None) -> Iterator[str]:
    before, after = (_shapes(layer) if rule is None else rule.fixed(layer) for layer in (old, new))
    for name, value in before.items():
        if name in after and after[name] != value:
            yield f"{name} from {value} to {after[name]}"


def _shapes(layer: nn.Module) -> dict[str, object]:
    return {f"`{name}`": _shape(tensor) for name, tensor in own_tensors(layer).items()}


def _shape(tensor: Tensor) -> object:
    return "not known before its first batch" if is_lazy(tensor) else tuple(tensor.shape)


def _misfits(olds: dict[str, Tensor], news: dict[str, Tensor], rule: Rule | None) -> Iterator[str]:
    for name in sorted(olds.keys() - news.keys()):
        yield f"had a `{name}` and has none, so there is no place for it. Keep it."
    for name in sorted(news.keys() - olds.keys() - {"bias"}) if rule else ():
        yield f"had no `{name}` and has one, which changes what it gives. Leave it out."
    for name in sorted(olds.keys() & news.keys()):
        yield from _misfit(name, olds[name], news[name])


def _misfit(name: str, old: Tensor, new: Tensor) -> Iterator[str]:
    if is_lazy(old) or is_lazy(new):
        yield f"has a `{name}` whose size is not known before its first batch. Run the model once first."
    elif old.ndim != new.ndim or any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
        yield (
            f"had a `{name}` of shape {tuple(old.shape)}, which has no place in {tuple(new.shape)}. Give it at "
            "least the size it had, or distil from the champion instead."
        )


def _attributes(*names: str) -> Callable[[Any], dict[str, object]]:
    return lambda layer: {f"`{name}`": getattr(layer, name, None) for name in names}


def _convolution(layer: Any) -> dict[str, object]:
    """With groups, more of them may follow; within one, new channels would stand between the old."""
    fixed = _attributes("kernel_size", "stride", "padding", "dilation", "padding_mode")(layer)
    sizes = (layer.in_channels // layer.groups, layer.out_channels // layer.groups)
    return fixed | {"channels per group": "all" if layer.groups == 1 else sizes}


def _transposed(layer: Any) -> dict[str, object]:
    """With groups, the axes of the weight do not count all units, so it stays as it was."""
    fixed = _convolution(layer) | _attributes("output_padding", "groups")(layer)
    if layer.groups == 1:
        return fixed
    return fixed | _attributes("in_channels", "out_channels")(layer) | {"`bias`": layer.bias is not None}


def _embedding(layer: Any) -> dict[str, object]:
    """Bags leave out the padding; `max_norm` bounds a row over all its units."""
    fixed = _attributes("padding_idx", "max_norm", "norm_type", "mode", "include_last_offset")(layer)
    return fixed if layer.max_norm is None else fixed | _attributes("embedding_dim")(layer)


def _prelu(layer: Any) -> dict[str, object]:
    return {"the slope": "one for all" if layer.num_parameters == 1 else "one for each"}


def _norm(layer: Any) -> dict[str, object]:
    return _attributes("eps", "affine", "track_running_stats")(layer)


def _continual_norm(layer: Any) -> dict[str, object]:
    return _norm(layer) | {"channels per group": layer.num_features // layer.groups}


def _group_norm(layer: Any) -> dict[str, object]:
    return _attributes("eps")(layer) | {"channels per group": layer.num_channels // layer.num_groups}


_UNKNOWN = "How this layer uses its weights is not known, so only the same shapes can be carried."
_WEIGHTS = frozenset({"weight", "bias"})
_STATISTICS = frozenset({"running_mean", "running_var", "num_batches_tracked"})
_MIXES = "It normalises all units together, so more of them would change what the old ones give."
_HEADS = "Its heads divide the width, so another width or number of them is another function."
_GATES = "Its gates lie one behind the other in one weight, so only `input_size` may grow."

RULES = (
    Rule((nn.Linear, GrowingHead, nn.Bilinear), _WEIGHTS, _attributes()),
    Rule((nn.Conv1d, nn.Conv2d, nn.Conv3d), _WEIGHTS, _convolution),
    Rule((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), _WEIGHTS, _transposed, units=1),
    Rule((_BatchNorm, nn.SyncBatchNorm, _InstanceNorm), _WEIGHTS | _STATISTICS, _norm),
    Rule((ContinualNorm1d, ContinualNorm2d), _WEIGHTS | _STATISTICS, _continual_norm, why=_MIXES),
    Rule((nn.GroupNorm,), _WEIGHTS, _group_norm, why=_MIXES),
    Rule((nn.LayerNorm, nn.RMSNorm), _WEIGHTS, _attributes("normalized_shape", "eps"), why=_MIXES),
    Rule((nn.PReLU,), _WEIGHTS, _prelu),
    # The rows are the inputs. A row that is new was never looked up before, so it may give anything.
    Rule((nn.Embedding, nn.EmbeddingBag), _WEIGHTS, _embedding, units=None),
    Rule(
        (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell),
        None,
        _attributes("mode", "hidden_size", "proj_size", "num_layers", "bidirectional", "bias", "nonlinearity"),
        why=_GATES,
    ),
    Rule((nn.MultiheadAttention,), None, _attributes("embed_dim", "num_heads", "kdim", "vdim"), why=_HEADS),
)
