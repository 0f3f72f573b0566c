"""Methods by name: the name of a method is the name of its file."""

from __future__ import annotations

import importlib

from vernal.base import ConfigError, did_you_mean
from vernal.methods.method import Method


def method_name(method: type[Method] | Method) -> str:
    """The short name of a method: that of its file for vernal's own, that of its class for a user's."""
    kind = method if isinstance(method, type) else type(method)
    room, _, file = kind.__module__.rpartition(".")
    return file if room == __package__ else kind.__name__


def method_names() -> list[str]:
    """The short names of all methods that vernal has.

    Examples:
        >>> "derpp" in method_names()
        True
    """
    return sorted(_classes())


def method_class(name: str) -> type[Method]:
    """Look a method up by its short name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> method_class("er").__name__
        'ER'
    """
    classes = _classes()
    if name not in classes:
        raise ConfigError(f"No method is called {name!r}. {did_you_mean(name, classes)}")
    return classes[name]


def _classes() -> dict[str, type[Method]]:
    door = vars(importlib.import_module(__package__))
    kinds = [kind for kind in door.values() if isinstance(kind, type) and issubclass(kind, Method)]
    return {method_name(kind): kind for kind in kinds if kind is not Method}
