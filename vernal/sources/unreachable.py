"""The one failure that passes by itself."""

from __future__ import annotations

from vernal.base import DataError


class Unreachable(DataError):
    """A server or a disk did not answer. Nothing was read; polling again later is safe, and may succeed."""
