"""Every trial to its end."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.tuning.moves import Begin, Done, Move, Wait
from vernal.tuning.view import View


@dataclass(frozen=True)
class Full:
    """Train every trial to the end of its budget."""

    def next(self, view: View) -> Move:
        """Another trial, as long as any may begin."""
        if view.may_begin:
            return Begin(view.levels)
        return Wait() if view.is_busy else Done()
