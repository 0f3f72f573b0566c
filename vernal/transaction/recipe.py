"""How to make a method, or a term of its loss, again in another process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from vernal.base import ConfigError
from vernal.methods import Method, Term


@dataclass(frozen=True)
class Recipe:
    """The class of a method or a term by name, and its options: what of it can travel, wherever it is defined.

    Args:
        module: the module that defines the class.
        kind: the name of the class.
        options: its fields.

    Examples:
        >>> from vernal.methods import FineTune
        >>> Recipe.of(FineTune()).make()
        FineTune()
    """

    module: str
    kind: str
    options: Mapping[str, Any]

    @classmethod
    def of(cls, part: Method | Term) -> Recipe:
        """The recipe of a method or a term.

        Raises:
            ConfigError: its class cannot be found by name.
        """
        kind = type(part)
        if kind.__qualname__ != kind.__name__ or not hasattr(sys.modules.get(kind.__module__), kind.__name__):
            what, function = ("method", "method_fn") if isinstance(part, Method) else ("term", "terms_fn")
            raise ConfigError(
                f"The class {kind.__qualname__} of the {what} is not at the top of a module, so the processes of "
                f"several devices cannot find it. Define it there, or let `{function}` of the config file make it."
            )
        options = {field.name: getattr(part, field.name) for field in fields(part) if field.init}  # type: ignore[arg-type]
        return cls(kind.__module__, kind.__name__, options)

    def make(self) -> Any:
        """The method or the term again. If the config file defines its class, it must have been loaded before."""
        return getattr(import_module(self.module), self.kind)(**self.options)
