"""The data's own times, however the user has them, as seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vernal.base import DataError


def seconds(times: Any) -> NDArray[np.float64]:
    """Seconds since 1970, ``(n,)``; NaN where unknown.

    Args:
        times: numbers of seconds; NumPy datetimes; Python's or pandas' datetimes, in UTC where they name no zone.

    Raises:
        DataError: they are something else.

    Examples:
        >>> seconds([datetime(1970, 1, 2), None])
        array([86400.,    nan])
    """
    found = np.asarray(times)
    if found.ndim != 1:
        raise DataError(f"`times` have the shape {found.shape}. Give one time per row.")
    if found.dtype == object:
        return np.array([_second(time) for time in found])
    if np.issubdtype(found.dtype, np.datetime64):
        whole = found.astype("datetime64[us]").astype(np.int64) / 1e6
        return np.where(np.isnat(found), np.nan, whole)
    if found.dtype.kind not in "iuf":
        raise DataError(f"`times` are of type {found.dtype}. Give seconds since 1970 as numbers, or datetimes.")
    if np.isinf(found).any():
        raise DataError("`times` hold infinity. Give NaN where a time is unknown.")
    return found.astype(np.float64)


def _second(time: Any) -> float:
    if time is None or time != time:  # pandas' NaT, like NaN, is not equal to itself.
        return float("nan")
    if not isinstance(time, datetime):
        raise DataError(f"`times` hold a {type(time).__name__}, {time!r}. Give seconds since 1970, or datetimes.")
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
