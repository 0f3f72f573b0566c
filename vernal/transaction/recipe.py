"""How to make a method again in another process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from vernal.base import ConfigError
from vernal.methods import Method


@dataclass(frozen=True)
class Recipe:
    """The class of a method by name, and its options: what of a method can travel, wherever its class is defined.

    Args:
        module: the module that defines the class.
        kind: the name of the class.
        options: its fields.

    Examples:
        >>> from vernal.methods import GDumb
        >>> Recipe.of(GDumb(memory_size=10)).make()
        GDumb(memory_size=10)
    """

    module: str
    kind: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, method: Method) -> Recipe:
        """The recipe of a method.

        Raises:
            ConfigError: its class cannot be found by name.
        """
        kind = type(method)
        if kind.__qualname__ != kind.__name__ or not hasattr(sys.modules.get(kind.__module__), kind.__name__):
            raise ConfigError(
                f"The class {kind.__qualname__} of the method is not at the top of a module, so the processes of "
                "several devices cannot find it. Define it there, or let `method_fn` of the config file make it."
            )
        options = {field.name: getattr(method, field.name) for field in fields(method) if field.init}  # type: ignore[arg-type]
        return cls(kind.__module__, kind.__name__, options)

    def make(self) -> Method:
        """The method again. If the config file defines its class, it must have been loaded before."""
        method: Method = getattr(import_module(self.module), self.kind)(**self.options)
        return method
