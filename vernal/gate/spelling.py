"""A gate as text: ``superior(margin=0.01, alpha=0.05)``."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

from vernal.base import ConfigError, did_you_mean
from vernal.gate.gate import MODES, Gate


def read_gate(text: str) -> Gate:
    """A gate as it is written in configurations: its mode, and options of `Gate` by name.

    Raises:
        ConfigError: it is spelled otherwise, or an option is unknown or out of range.

    Examples:
        >>> read_gate("superior") == Gate(mode="superior")
        True
        >>> gate = read_gate("not_worse(margin='1%', metric='macro_f1', limits={'latency_ms': 20})")
        >>> gate.margin, gate.metric, gate.limits
        ('1%', 'macro_f1', {'latency_ms': 20})
    """
    try:
        spelled = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise _no_gate(text, "that is no name, and no call") from None
    if isinstance(spelled, ast.Call) and not spelled.args:
        return Gate(mode=_mode(text, spelled.func), **_options(text, spelled.keywords))
    return Gate(mode=_mode(text, spelled))


def _mode(text: str, name: ast.expr) -> Any:
    if not isinstance(name, ast.Name):
        raise _no_gate(text, "options have names")
    if name.id not in MODES:
        raise ConfigError(f"No gate is called {name.id!r}. {did_you_mean(name.id, MODES)}")
    return name.id


def _options(text: str, keywords: list[ast.keyword]) -> dict[str, Any]:
    known = [one.name for one in fields(Gate) if one.name != "mode"]
    options: dict[str, Any] = {}
    for keyword in keywords:
        if keyword.arg not in known:
            raise ConfigError(f"{text!r}: there is no option {keyword.arg!r}. {did_you_mean(str(keyword.arg), known)}")
        try:
            options[keyword.arg] = ast.literal_eval(keyword.value)
        except ValueError:
            raise _no_gate(text, f"`{keyword.arg}` is no number, text in quotes or dictionary") from None
    return options


def _no_gate(text: str, why: str) -> ConfigError:
    return ConfigError(f"{text!r} is no gate: {why}. For example: not_worse, superior(margin=0.01, alpha=0.05).")
