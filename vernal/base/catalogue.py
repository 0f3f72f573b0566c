"""Classes by name: those of one kind that a room gives away."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from vernal.base.errors import ConfigError
from vernal.base.suggest import did_you_mean

T = TypeVar("T")


@dataclass(frozen=True)
class Catalogue(Generic[T]):
    """What a room's door holds of one kind. A new class is found as soon as it is in the door.

    Args:
        room: the package.
        kind: the base class; not listed itself.
        noun: what a user calls such a thing.
        name_of: the name of a class.

    Examples:
        >>> errors = Catalogue("vernal.base", Exception, "error", lambda kind: kind.__name__.lower())
        >>> errors.find("configerror").__name__
        'ConfigError'
    """

    room: str
    kind: type[T]
    noun: str
    name_of: Callable[[type[T]], str]

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._classes())

    def find(self, name: str) -> type[T]:
        """The class of this name.

        Raises:
            ConfigError: there is none; the message suggests one.
        """
        classes = self._classes()
        if name not in classes:
            raise ConfigError(f"No {self.noun} is called {name!r}. {did_you_mean(name, classes)}")
        return classes[name]

    def _classes(self) -> dict[str, type[T]]:
        door = vars(importlib.import_module(self.room)).values()
        kinds = [kind for kind in door if isinstance(kind, type) and issubclass(kind, self.kind)]
        return {self.name_of(kind): kind for kind in kinds if kind is not self.kind}
