"""Moments in states and sentences."""

from __future__ import annotations

from datetime import UTC, datetime


def said(seconds: float) -> str:
    """A moment, given in seconds since 1970, for people.

    Examples:
        >>> said(0)
        '1970-01-01 00:00:00 UTC'
    """
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
