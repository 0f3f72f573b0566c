"""Settings as text: the name of the class, and what differs from its defaults."""

from __future__ import annotations

import re
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from vernal.drift import SequentialDetector


def name_of(kind: type) -> str:
    """What a class is called in text.

    Examples:
        >>> class SoMany: ...
        >>> name_of(SoMany)
        'so_many'
    """
    if issubclass(kind, SequentialDetector):
        return kind.name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def spelled(settings: Any) -> str:
    """A dataclass as a call: fields without a default by position, others by name, where they differ from theirs.

    Examples:
        >>> from vernal.triggers import Cron
        >>> spelled(Cron("0 2 * * 1", catch_up="skip"))
        "cron('0 2 * * 1', catch_up='skip')"
    """
    values = ((field, getattr(settings, field.name)) for field in fields(settings))
    parts = [_part(field, value) for field, value in values if value != _default(field)]
    return f"{name_of(type(settings))}({', '.join(parts)})"


def _part(field: Field[Any], value: Any) -> str:
    is_required = _default(field) is MISSING and not field.kw_only
    return _text(value) if is_required else f"{field.name}={_text(value)}"


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _text(value: Any) -> str:
    match value:
        case tuple():
            return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
        case dict():
            return f"{{{', '.join(f'{name!r}: {_text(one)}' for name, one in value.items())}}}"
        case _ if not is_dataclass(value) or isinstance(value, type):
            return repr(value)
        case _:  # Combinations of triggers spell themselves, with operators.
            return spelled(value) if type(value).__str__ is object.__str__ else str(value)
