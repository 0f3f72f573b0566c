"""How a worker has ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True)
class Died:
    """The process of a worker has ended before it was told to.

    Args:
        status: its exit status; a signal that killed it is negative, as in `subprocess`.
        last_words: the end of what it wrote to its standard output and error.

    Examples:
        >>> Died(3, "").reason
        'ended with status 3'
    """

    status: int
    last_words: str

    @property
    def reason(self) -> str:
        """The status in words."""
        if self.status >= 0:
            return f"ended with status {self.status}"
        if -self.status == signal.SIGKILL:
            return "was killed by signal 9, as the system does when memory runs out"
        return f"was killed by signal {-self.status} ({signal.strsignal(-self.status)})"
