"""What may be shown of an address."""

from __future__ import annotations

import re
from dataclasses import fields
from types import FunctionType
from typing import Any

_USER = re.compile(r"(?<=://)\S*@")
_OPTION = re.compile(r"([?&][^=&]*(?:pass|pwd|secret|token|key|sig)[^=&]*)=[^&\s]*", re.IGNORECASE)


def hidden(address: str) -> str:
    """An address without its user, password and tokens.

    Examples:
        >>> hidden("postgresql://me:pa/s@s@host/db?sslpassword=x&table=t")
        'postgresql://***@host/db?sslpassword=***&table=t'
    """
    return _OPTION.sub(r"\1=***", _USER.sub("***@", address))


def shown(source: Any) -> str:
    """The `repr` of a source, a dataclass: texts without secrets, and none of the fields that are not to be shown."""
    values = {field.name: getattr(source, field.name) for field in fields(source) if field.repr}
    texts = {name: _text(value) for name, value in values.items()}
    return f"{type(source).__name__}({', '.join(f'{name}={text}' for name, text in texts.items())})"


def _text(value: Any) -> str:
    if isinstance(value, FunctionType):
        return value.__qualname__
    return repr(hidden(value) if isinstance(value, str) else value)
