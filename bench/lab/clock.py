"""Time as the work of one process."""

from __future__ import annotations

import time

from vernal.base import SystemClock


class CpuClock(SystemClock):
    """Counts the seconds in which the process computed, so that others on the machine do not slow it down."""

    def seconds(self) -> float:
        return time.process_time()
