"""Triggers as text: ``cron('0 2 * * 1', tz='Europe/Zurich') | rows(1000) & ~metric('ctr < 0.0191')``."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from vernal.base import Catalogue, ConfigError
from vernal.drift import DETECTORS, Monitor, TwoSampleTest
from vernal.triggers.spelled import name_of
from vernal.triggers.trigger import Trigger

_TRIGGERS = Catalogue(__package__, Trigger, "trigger", name_of)  # type: ignore[type-abstract]
_TESTS = Catalogue("vernal.drift", TwoSampleTest, "test", name_of)  # type: ignore[type-abstract]
_WORDS = "Write & for `and`, | for `or`, and ~ for `not`."


def trigger_names() -> list[str]:
    """What triggers are called in text.

    Examples:
        >>> "cron" in trigger_names()
        True
    """
    return _TRIGGERS.names()


def read_trigger(text: str) -> Trigger:
    """A trigger as it is written on the command line, in presets and in records; the opposite of ``str(trigger)``.

    Names are those of the classes, in small letters; arguments are plain values, other triggers, and detectors and
    tests of vernal.drift. ``~`` binds more
    tightly than ``&``, and that more than ``|``. Nothing is executed.

    Raises:
        ConfigError: the text is spelled otherwise; the message says where, and what may be meant.

    Examples:
        >>> read_trigger("rows(1000) | ~every('6h')")
        AnyOf(n=1, triggers=(Rows(n=1000), Not(trigger=Every(span='6h'))))
        >>> read_trigger("rows(1000) and cron('0 2 * * *')")
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: "rows(1000) and cron('0 2 * * *')" is no trigger: \
`rows(1000) and cron('0 2 * * *')` is spelled otherwise. Write & for `and`, | for `or`, and ~ for `not`.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:  # A ValueError for what is no text at all, such as null bytes.
        raise ConfigError(f"{text!r} is no trigger: {error}. Write e.g. rows(1000) | cron('0 2 * * 1').") from None
    try:
        made = _made(tree.body)
    except ConfigError as error:
        raise ConfigError(f"{text!r} is no trigger: {error}") from None
    if not isinstance(made, Trigger):
        raise ConfigError(f"{text!r} is no trigger. Write e.g. rows(1000) | cron('0 2 * * 1').")
    return made


def _made(node: ast.expr) -> Any:
    match node:
        case ast.BinOp(left, ast.BitAnd(), right):
            return _trigger(left) & _trigger(right)
        case ast.BinOp(left, ast.BitOr(), right):
            return _trigger(left) | _trigger(right)
        case ast.UnaryOp(ast.Invert(), operand):
            return ~_trigger(operand)
        case ast.BoolOp() | ast.UnaryOp(ast.Not()):
            raise ConfigError(f"`{ast.unparse(node)}` is spelled otherwise. {_WORDS}")
        case ast.Call(ast.Name(name), arguments, keywords):
            return _called(name, arguments, keywords)
        case ast.Name(name):
            _TRIGGERS.find(name)
            raise ConfigError(f"`{name}` needs its brackets: {name}(...).")
        case ast.Tuple(parts):
            return tuple(map(_made, parts))
        case ast.Dict(names, values) if all(names):
            return {_plain(name): _made(value) for name, value in zip(names, values, strict=True) if name}
        case _:
            return _plain(node)


def _trigger(node: ast.expr) -> Trigger:
    made = _made(node)
    if not isinstance(made, Trigger):
        raise ConfigError(f"`{ast.unparse(node)}` stands where a trigger should. Write e.g. rows({made}).")
    return made


def _called(name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Any:
    kind = _class(name)
    if any(isinstance(one, ast.Starred) for one in arguments) or not all(one.arg for one in keywords):
        raise ConfigError(f"{name}() has arguments with stars. Write them out.")
    values = [_made(one) for one in arguments]
    named = {str(one.arg): _made(one.value) for one in keywords}
    try:
        inspect.signature(kind).bind(*values, **named)
    except TypeError as error:
        raise ConfigError(f"{name}(): {error}. It is written {name}{_signature(kind)}.") from None
    return kind(*values, **named)


def _class(name: str) -> type[Any]:
    """A trigger, or something of vernal.drift that one is made of."""
    if name == name_of(Monitor):
        return Monitor
    parts: list[Catalogue[Any]] = [_TESTS, DETECTORS]
    return next((one for one in parts if name in one.names()), _TRIGGERS).find(name)


def _signature(kind: type[Any]) -> str:
    parts = inspect.signature(kind).parameters.values()
    return f"({', '.join(str(part.replace(annotation=part.empty)) for part in parts)})"


def _plain(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise ConfigError(f"`{ast.unparse(node)}` is neither a value nor a trigger. {_WORDS}") from None
