"""What an old model knows, put into a larger one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn

from vernal.base import SchemaMismatch
from vernal.models.carry import carry, obstacles, own_tensors, rule_of
from vernal.models.function_gap import check_function
from vernal.models.heads import GrowingHead
from vernal.models.multi_head import MultiHead
from vernal.models.pairing import Pair, layers_of, misnamed, paired, renamed

_LOG = logging.getLogger("vernal")


def transplant(
    old: nn.Module,
    new: nn.Module,
    *,
    mapping: Mapping[str, str] | None = None,
    x_old: Any = None,
    x_new: Any = None,
) -> nn.Module:
    """Put the weights of a model into a larger one, in place, such that it says what the old one says [1]_.

    The new model may be wider, take more features, give more classes, or have more layers. Of every layer, the old
    units come first: they take the old weights, and zeros from all that is new. New units keep the weights that they
    were made with and are heard by nobody at first, but every weight that leads from them has a gradient, so they
    learn from the first step on. New classes keep theirs too: what the model says to the old classes is exact up to
    the order of sums, and what it says to the new ones is as yet arbitrary. Layers that only the new model has are left
    as they are: make them an `identity_`, or `zero_` the last of their block, before.

    Layers in whose outputs new units would mix with old ones cannot grow, and are refused: LayerNorm and RMSNorm over
    units, attention, the hidden size of recurrent layers, groups within a convolution. Distillation from the champion
    carries over what they know, for any architecture.

    What weights do not show, only rows can: new features and units must come last. That is so behind
    ``Flatten`` of ``(B, C, H, W)``, and not where several widened inputs are concatenated. Give `x_old`, and the new
    model is checked. Rows may be random, as ``torch.randn``.

    A `GrowingHead` or `MultiHead` is first grown to the classes that the old one has. Which layers were carried,
    grown, and left as they were is logged to ``vernal``.

    Args:
        old: the model that was trained; not changed.
        new: a fresh one, with the same names of modules. Keeps its device, types, and which weights it trains.
        mapping: old names of modules to new ones, where they differ; also for all modules within. The name of the
            model itself is ``""``.
        x_old: rows for `old`, to check with; None for no check. It must be on the model's device.
        x_new: the same rows for `new`, with any finite values for added features; None where they are as for `old`.

    Returns:
        `new`.

    Raises:
        SchemaMismatch: a layer cannot take the old weights, or the new model does not say what the old one says.

    Examples:
        In a config file, `model_fn` makes the new architecture and `previous_model_fn` that of the champion:

        >>> import torch
        >>> def net(features, width):
        ...     return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, 2))
        >>> def previous_model_fn():
        ...     return net(features=17, width=32)
        >>> def model_fn():
        ...     return net(features=20, width=64)
        >>> def migrate_fn(champion, model):
        ...     x = torch.randn(256, 20)
        ...     return transplant(champion, model, x_old=x[:, :17], x_new=x)

        >>> champion, x = previous_model_fn(), torch.randn(5, 20)
        >>> model = migrate_fn(champion, model_fn())
        >>> torch.allclose(model(x), champion(x[:, :17]), atol=1e-6)
        True

    Deviations:
        The paper splits a unit into copies that share what leads from it. Here new units are fresh and not heard at
        first, which is right for new inputs and classes too, and needs no noise to tell copies apart.

    References:
        .. [1] T. Chen, I. Goodfellow, J. Shlens. Net2Net: accelerating learning via knowledge transfer. ICLR 2016.
           https://arxiv.org/abs/1511.05641
    """
    mapping = mapping or {}
    _grow_heads(old, new, mapping)  # makes the layers that the next line looks for
    _refuse(misnamed(old, new, mapping))
    pairs = list(paired(old, new, mapping))
    _refuse([*_obstructed(pairs), *_torn(pairs)])
    report = _report(new, pairs)
    for pair in pairs:
        carry(pair.old, pair.new)
    _LOG.info(report)
    if x_old is not None:
        check_function(old, new, x_old, x_new)
    return new


def _grow_heads(old: nn.Module, new: nn.Module, mapping: Mapping[str, str]) -> None:
    places = dict(new.named_modules(remove_duplicate=False))
    for name, head in old.named_modules():
        place = places.get(renamed(name, mapping))
        if isinstance(head, GrowingHead) and isinstance(place, GrowingHead):
            place.grow(head.out_features)
        elif isinstance(head, MultiHead) and isinstance(place, MultiHead):
            for task, classes in head.sizes.items():
                place.grow(task, classes)


def _obstructed(pairs: list[Pair]) -> Iterator[str]:
    for pair in pairs:
        for obstacle in obstacles(pair.old, pair.new):
            yield f"`{pair.name or 'the model itself'}` {obstacle}"


def _torn(pairs: list[Pair]) -> Iterator[str]:
    """Weights that are one in the new model and were several in the old."""
    first: dict[int, tuple[str, Tensor]] = {}
    for pair in pairs:
        olds, news = own_tensors(pair.old), own_tensors(pair.new)
        for key in sorted(olds.keys() & news.keys()):
            name = f"{pair.name}.{key}".lstrip(".")
            other, source = first.setdefault(id(news[key]), (name, olds[key]))
            if source is not olds[key]:
                yield f"`{other}` and `{name}` are one tensor in the new model and were two in the old. Untie them."


def _report(new: nn.Module, pairs: list[Pair]) -> str:
    grown = [pair.name for pair in pairs if _shapes(pair.old) != _shapes(pair.new)]
    carried = [pair.name for pair in pairs if pair.name not in grown]
    left = [*(layers_of(new).keys() - {pair.name for pair in pairs}), *_added(pairs)]
    return f"Transplanted. Carried over: {_listed(carried)}. Grown: {_listed(grown)}. Left as made: {_listed(left)}."


def _added(pairs: list[Pair]) -> Iterator[str]:
    """Weights that a layer of one's own has now and had not."""
    for pair in pairs:
        if rule_of(pair.old) is None:
            for key in own_tensors(pair.new).keys() - own_tensors(pair.old).keys():
                yield f"{pair.name}.{key}".lstrip(".")


def _shapes(layer: nn.Module) -> dict[str, object]:
    return {name: tensor.shape for name, tensor in own_tensors(layer).items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name or "the model itself" for name in sorted(names)) or "none"


def _refuse(problems: Iterable[str]) -> None:
    lines = [f"- {problem}" for problem in problems]
    if lines:
        raise SchemaMismatch("\n".join(["The new model cannot take the weights of the old one:", *lines]))
