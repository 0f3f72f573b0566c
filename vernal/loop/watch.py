"""The loop as a process that runs for months: turns, naps, and patience with what fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from vernal.base import ConflictError, DataError, StateError, VernalError, period
from vernal.ledger import Leases
from vernal.loop.lease import SECONDS, held
from vernal.loop.loop import Loop, Turn

LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Watch:
    """Runs turns until it is told to stop.

    Of several that watch one loop one works; the others stand by, and take over when it is gone. A single turn by hand,
    `vernal run-once`, comes in between.

    Args:
        loop: what is run.
        leases: say who works.
        every: the nap between two turns, ``"30s"``.
        told: is told what each turn came to.
        failed: is told what went wrong, and how long it is waited before the next attempt.
        stands_by: is told at each look that another one works.
    """

    loop: Loop
    leases: Leases
    every: str
    told: Callable[[Turn], None]
    failed: Callable[[VernalError, timedelta], None]
    stands_by: Callable[[], None]

    def run(self, stop: threading.Event) -> None:
        """Turn after turn until `stop` is set.

        Errors of sources, data and stores are waited out, each time twice as long, up to an hour. All others end it.

        Raises:
            VernalError: nobody can wait this one out: the config file, a missing library.
        """
        nap = period(self.every)
        pause = nap
        try:
            while not stop.is_set():
                pause = self._turned(nap, pause)
                stop.wait(pause.total_seconds())
        finally:
            with suppress(StateError):  # Then it is over by itself, a little later.
                self.leases.release(self._place)

    def _turned(self, nap: timedelta, pause: timedelta) -> timedelta:
        """One turn, if it is this process that works; how long to wait after it."""
        try:
            if not self.leases.take(self._place, SECONDS + 2 * pause.total_seconds()):
                self.stands_by()
                return nap
            with held(self.leases, self.loop.name) as is_ours:
                if is_ours:
                    self.told(self.loop.turn())
        except ConflictError:
            return nap  # Another one was faster; its turn is as good.
        except (DataError, StateError) as error:
            longer = max(nap, min(LONGEST_PAUSE, 2 * pause))
            self.failed(error, longer)
            return longer
        return nap

    @property
    def _place(self) -> str:
        """The lease of who works; others stand by."""
        return f"watch {self.loop.name}"
