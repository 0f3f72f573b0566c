"""Which layer of a new model is which layer of an old one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import nn

from vernal.base import did_you_mean
from vernal.models.carry import is_layer


class Pair(NamedTuple):
    """A layer of the old model, and its place in the new one, by name."""

    name: str
    old: nn.Module
    new: nn.Module


def layers_of(model: nn.Module) -> dict[str, nn.Module]:
    """Layers by name; one that stands in several places has several names."""
    return {name: module for name, module in model.named_modules(remove_duplicate=False) if is_layer(module)}


def paired(old: nn.Module, new: nn.Module, mapping: Mapping[str, str]) -> Iterator[Pair]:
    """Every layer of `old` with its place in `new`, where nothing is `misnamed`."""
    for name, layer in layers_of(old).items():
        place = renamed(name, mapping)
        yield Pair(place, layer, new.get_submodule(place))


def renamed(name: str, mapping: Mapping[str, str]) -> str:
    """The new name: what the longest part of the old one, from its beginning, is mapped to, and the rest.

    Examples:
        >>> renamed("blocks.2.conv", {"blocks": "stages.0"})
        'stages.0.2.conv'
        >>> renamed("conv", {"": "backbone"})
        'backbone.conv'
    """
    parts = name.split(".") if name else []
    for n in range(len(parts), -1, -1):
        head = ".".join(parts[:n])
        if head in mapping:
            return ".".join(filter(None, [mapping[head], *parts[n:]]))
    return name


def misnamed(old: nn.Module, new: nn.Module, mapping: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the names; nothing where every layer of `old` has a place of its own in `new`."""
    names = {name for name, _ in old.named_modules(remove_duplicate=False)}
    for name in sorted(mapping.keys() - names):
        known = did_you_mean(name, filter(None, names))
        yield f"`mapping` names {name!r}, which the old model does not have. {known}"
    places = {name: renamed(name, mapping) for name in layers_of(old)}
    yield from _missing(places, new)
    yield from _shared(places)


def _missing(places: Mapping[str, str], new: nn.Module) -> Iterator[str]:
    known = {name for name, _ in new.named_modules(remove_duplicate=False)}
    free = layers_of(new).keys() - places.values() - {""}
    for name, place in places.items():
        if place not in known:
            yield (
                f"The new model has no {place!r} to take the old {name!r}. If it has another name now, give "
                f"mapping={{{name!r}: ...}}. {did_you_mean(place, free)}"
            )


def _shared(places: Mapping[str, str]) -> Iterator[str]:
    takers = defaultdict(list)
    for name, place in places.items():
        takers[place].append(repr(name))
    for place, names in takers.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} of the old model would all go to {place!r}. Map each to a layer of its own."
