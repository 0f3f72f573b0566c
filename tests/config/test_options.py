"""The options of methods and terms: the fields of their classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from vernal.base import ConfigError
from vernal.config.options import method_options
from vernal.methods import Distil, Method, Term


@dataclass
class Window(Method):
    """A method of one's own that would hide what vernal calls."""

    rows: int = 100  # type: ignore[assignment]

    def loss(self, step: Any) -> Any: ...


@dataclass
class Heavy(Term):
    """A term of one's own that would do so, too."""

    loss: float = 1.0  # type: ignore[assignment]


def test_a_field_of_a_method_must_not_hide_what_vernal_asks_a_method_for() -> None:
    message = "Window has a field `rows`, which is something that vernal asks every method for. Call the field somethi"
    with pytest.raises(ConfigError, match=message):
        method_options(Window())


def test_a_field_of_a_term_must_not_hide_what_vernal_asks_a_term_for() -> None:
    with pytest.raises(ConfigError, match="Heavy has a field `loss`, which is something that vernal asks every term"):
        method_options(Heavy())


def test_options_are_fields_by_name() -> None:
    assert method_options(Distil(weight=0.5, temperature=4.0)) == {"weight": 0.5, "temperature": 4.0}
