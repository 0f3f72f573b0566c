"""What a hyperparameter may be: a plain value, which JSON and a search library can hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vernal.base import ConfigError

Value = Any  # bool, int, float, str, None, or a tuple of such


def plain_value(value: Any) -> Value:
    """A value as Python's own: of NumPy's numbers and of lists.

    Raises:
        ConfigError: it is neither text, a finite number, True, False, None nor a list of such.

    Examples:
        >>> import numpy as np
        >>> plain_value([np.float32(0.5), np.bool_(True)])
        (0.5, True)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return tuple(plain_value(one) for one in value)
    is_plain = (
        value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))
    )
    if not is_plain:
        raise ConfigError(
            f"{value!r} cannot be the value of a hyperparameter. Use text, finite numbers, True, False, None, or "
            "tuples of such; choose anything else by a name."
        )
    return value


def same(one: object, other: object) -> bool:
    """Whether two plain values are the same: 1 and 1.0 are, 1 and True are not.

    Examples:
        >>> same(1, 1.0), same(1, True), same((1, 0), (True, False))
        (True, False, False)
    """
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool | np.bool_) == isinstance(other, bool | np.bool_) and bool(one == other)
