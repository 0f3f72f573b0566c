"""Ranges as text: ``loguniform(0.001, 0.1)``, ``choice(er, der)``, ``uniform(0.5, 0.99) if optimizer=SGD|Momentum``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from vernal.base import ConfigError
from vernal.space.ranges import Range, choice, lograndint, loguniform, randint, uniform
from vernal.space.values import Value

_MAKERS: dict[str, Callable[..., Range]] = {
    "uniform": uniform,
    "loguniform": loguniform,
    "randint": randint,
    "lograndint": lograndint,
    "choice": choice,
}
_BEGINNING = re.compile(rf"\s*({'|'.join(_MAKERS)})\s*\(")
_FORM = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)
_NAMED = re.compile(r"([A-Za-z_]\w*)\s*=(.*)", re.DOTALL)
_CONDITION = re.compile(r"([A-Za-z_][\w.]*)\s*=(.+)", re.DOTALL)


def is_range(text: str) -> bool:
    """Whether a text spells a range, well or badly.

    Examples:
        >>> is_range("uniform(0, 1)"), is_range("uniform(0,"), is_range("er")
        (True, True, False)
    """
    return _BEGINNING.match(text) is not None


def read_range(text: str) -> Range:
    """A range as it is written on the command line; words in it need no quotes.

    After `if`, conditions may follow: for names of other ranges, the values under which this one exists.

    Raises:
        ConfigError: it is spelled otherwise.

    Examples:
        >>> read_range("loguniform(1e-3, 0.1)")
        Real(when={}, low=0.001, high=0.1, log=True, step=None)
        >>> read_range("choice(er, der)").options
        ('er', 'der')
        >>> read_range("uniform(0.5, 0.99) if optimizer=SGD|Momentum and depth=2").when
        {'optimizer': ('SGD', 'Momentum'), 'depth': (2,)}
    """
    spelled, *conditions = _split(text, " if ")
    match = _FORM.fullmatch(spelled)
    if match is None or match[1] not in _MAKERS or len(conditions) > 1:
        raise _no_range(text, f"Write one of {', '.join(f'{name}(...)' for name in _MAKERS)}")
    made = _made(text, match[1], _split(match[2], ","))
    return made.only_if(**_conditions(text, conditions[0])) if conditions else made


def _made(text: str, name: str, parts: list[str]) -> Range:
    parts = parts if any(parts) else []
    if not all(parts):
        raise _no_range(text, "there is nothing between two commas")
    # Of options, everything is a value.
    named = {} if name == "choice" else {match[1]: _value(match[2]) for part in parts if (match := _NAMED.match(part))}
    values = [_value(part) for part in parts if name == "choice" or not _NAMED.match(part)]
    try:
        return _MAKERS[name](*values, **named)
    except TypeError as error:
        raise _no_range(text, str(error)) from None


def _conditions(text: str, conditions: str) -> dict[str, list[Value]]:
    matches = [_CONDITION.fullmatch(one) for one in _split(conditions, " and ")]
    if not all(matches):
        raise _no_range(text, "After `if`, write NAME=VALUE, several values with | between, several names with `and`")
    return {match[1]: [_value(value) for value in _split(match[2], "|")] for match in matches if match}


def _no_range(text: str, why: str) -> ConfigError:
    return ConfigError(f"{text!r} is no range: {why}.")


def _split(text: str, separator: str) -> list[str]:
    """What stands between separators that are in no brackets and no quotes."""
    parts, depth, quote, place = [""], 0, "", 0
    while place < len(text):
        letter = text[place]
        if not quote and not depth and text.startswith(separator, place):
            parts.append("")
            place += len(separator)
            continue
        if quote:
            if letter == "\\":  # What follows is no end of the quote.
                letter = text[place : place + 2]
            quote = "" if letter == quote else quote
        elif letter in "\"'" and parts[-1].rstrip()[-1:] in ("", *"([{,=|"):  # Else it is an apostrophe.
            quote = letter
        else:
            depth += (letter in "([{") - (letter in ")]}")
        parts[-1] += letter
        place += len(letter)
    return [part.strip() for part in parts]


def _value(text: str) -> Any:
    text = text.strip()
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError):
        return text
