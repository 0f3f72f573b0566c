"""The types that a hyperparameter may have: how they are read from text, and checked."""

from __future__ import annotations

import ast
import math
import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

ALLOWED = "bool, int, float, str, list, tuple, Literal, and Optional of these"
_PLAIN = (bool, int, float, str, list, tuple)


class NotAllowed(Exception):
    """A type that a hyperparameter cannot have, or a value that does not fit its type; says why."""


@dataclass(frozen=True)
class Type:
    """One allowed type.

    Args:
        kind: bool, int, float, str, list or tuple.
        optional: whether None is a value, too.
        choices: the only values, for a `Literal`.

    Examples:
        >>> Type.of(int | None)
        Type(kind=<class 'int'>, optional=True, choices=())
        >>> Type.of(tuple).read("((0, 1), (2, 3, 4))")
        ((0, 1), (2, 3, 4))
        >>> Type.of(float).check(1)
        1.0
        >>> Type.of(dict)
        Traceback (most recent call last):
        ...
        vernal.config.types.NotAllowed: has the type dict; allowed are bool, int, float, str, list, tuple, \
Literal, and Optional of these
    """

    kind: type
    optional: bool = False
    choices: tuple[Any, ...] = ()

    @classmethod
    def of(cls, annotation: Any) -> Type:
        """The type behind an annotation.

        Raises:
            NotAllowed: hyperparameters cannot have it.
        """
        origin, parts = get_origin(annotation), get_args(annotation)
        if origin in (Union, types.UnionType):
            others = [part for part in parts if part is not type(None)]
            if len(others) != 1 or len(others) == len(parts):
                raise NotAllowed(f"has the type {annotation}; allowed are {ALLOWED}")
            inner = cls.of(others[0])
            return cls(inner.kind, True, inner.choices)
        if origin is Literal:
            return cls(type(parts[0]), False, parts)
        if origin in (list, tuple):
            return cls(origin)
        if annotation in _PLAIN:
            return cls(annotation)
        raise NotAllowed(f"has the type {getattr(annotation, '__name__', annotation)}; allowed are {ALLOWED}")

    def read(self, text: str) -> Any:
        """A value from the command line.

        Raises:
            NotAllowed: it does not spell one.
        """
        if self.optional and text.lower() in ("none", "null", ""):
            return None
        if self.kind is str:
            return self.check(text)
        if self.kind is bool and text.lower() in ("true", "false", "yes", "no", "1", "0", "on", "off"):
            return text.lower() in ("true", "yes", "1", "on")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise NotAllowed(f"must be {self}, got {text!r}") from None
        return self.check(value)

    def check(self, value: Any) -> Any:
        """The value as this type; whole numbers pass as decimal ones, lists and tuples as each other.

        Raises:
            NotAllowed: it does not fit.
        """
        value = plain(value)
        if value is None and self.optional:
            return None
        if self.kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if self.kind in (list, tuple) and isinstance(value, list | tuple):
            value = self.kind(value)
        fits = isinstance(value, self.kind) and (self.kind is bool or not isinstance(value, bool))
        if isinstance(value, float) and not math.isfinite(value):
            raise NotAllowed(f"must be a finite number, got {value!r}")
        if not fits or (self.choices and value not in self.choices):
            raise NotAllowed(f"must be {self}, got {value!r}")
        return value

    def __str__(self) -> str:
        name = " or ".join(map(repr, self.choices)) if self.choices else self.kind.__name__
        return f"{name} or None" if self.optional else name


def plain(value: Any) -> Any:
    """A number of NumPy's as Python's own; anything else as it is.

    Examples:
        >>> plain(np.int64(3)), plain("er")
        (3, 'er')
    """
    return value.item() if isinstance(value, np.generic) else value
