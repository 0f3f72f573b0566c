"""Names of versions for people: ``3.2``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)")


@dataclass(frozen=True, order=True)
class Version:
    """The name of a committed record: what was begun anew, and how often that has learned since.

    Args:
        major: counts models that were begun anew, from scratch or in another architecture; from 1.
        minor: counts what was trained on from one of these; 0 is that one itself.

    Examples:
        >>> str(Version(3, 2)), Version.parse("3.2"), Version.parse("3f2a")
        ('3.2', Version(major=3, minor=2), None)
    """

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version that a text names, None if it is no version."""
        match = _FORM.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"
