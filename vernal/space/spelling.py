"""Ranges as text: ``loguniform(0.001, 0.1)``, ``choice(er, der)``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from vernal.base import ConfigError
from vernal.space.ranges import Range, choice, lograndint, loguniform, randint, uniform

_MAKERS: dict[str, Callable[..., Range]] = {
    "uniform": uniform,
    "loguniform": loguniform,
    "randint": randint,
    "lograndint": lograndint,
    "choice": choice,
}
_FORM = re.compile(rf"\s*({'|'.join(_MAKERS)})\s*\((.*)\)\s*", re.DOTALL)


def is_range(text: str) -> bool:
    """Whether a text spells a range, well or badly.

    Examples:
        >>> is_range("uniform(0, 1)"), is_range("er")
        (True, False)
    """
    return _FORM.fullmatch(text) is not None


def read_range(text: str) -> Range:
    """A range as it is written on the command line; words in it need no quotes.

    Raises:
        ConfigError: it is spelled otherwise.

    Examples:
        >>> read_range("loguniform(1e-3, 0.1)")
        Real(low=0.001, high=0.1, log=True, step=None, when={})
        >>> read_range("choice(er, der)").options
        ('er', 'der')
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is no range. Write one of {', '.join(f'{name}(...)' for name in _MAKERS)}.")
    values = [_value(part) for part in _parts(match[2])]
    try:
        return _MAKERS[match[1]](*values)
    except TypeError as error:
        raise ConfigError(f"{text!r} is no range: {error}.") from None


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
