"""An update by the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from vernal.base import ConfigError, Decision, did_you_mean, period
from vernal.triggers.trigger import Facts, State, Trigger

_CATCH_UP = ("once", "skip", "all")


@dataclass(frozen=True)
class Cron(Trigger):
    """Fires by a schedule as cron and crontab(5) know it, at the wall clock of a place.

    The schedule begins with the first look; each look deals with the ticks since the look before. A look may be late:
    by seconds, since whoever looks sleeps in between, or by days, because nobody looked. A tick that is first seen more
    than `grace` after its time was *missed*. `catch_up` says what becomes of ticks that were missed, or that several
    came between two looks:

    * ``"once"``: one fire, however many there were. Models are made from all data that came, so one update makes up for
      many.
    * ``"skip"``: missed ticks are dropped, and the next one that is seen in time fires. For when updates are
      allowed at night only.
    * ``"all"``: one fire for each.

    Where clocks are set forward, a tick in the hour that is not there comes at the end of that hour; where they are set
    back, a tick in the hour that is there twice comes once, the first time. Schedules with a star for the minute or the
    hour go by elapsed time, as those of Debian's cron do.

    Args:
        schedule: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday), e.g. ``"0 2 * * 1"``;
            with six fields, the first is the second.
        tz: the place, by its name in the IANA database.
        catch_up: what becomes of missed ticks.
        grace: for ``"skip"``, how late is in time. Longer than the time between two looks, or ticks between them are
            missed.

    Examples:
        >>> monday = Cron("0 2 * * 1", tz="Europe/Zurich")
        >>> monday.next(datetime(2026, 3, 27, 12, tzinfo=UTC)).isoformat()
        '2026-03-30T02:00:00+02:00'
    """

    schedule: str
    tz: str = "UTC"
    catch_up: Literal["once", "skip", "all"] = "once"
    grace: str = "5min"

    def __post_init__(self) -> None:
        if self.catch_up not in _CATCH_UP:
            raise ConfigError(f"`catch_up` cannot be {self.catch_up!r}. {did_you_mean(str(self.catch_up), _CATCH_UP)}")
        period(self.grace)
        _zone(self.tz)
        try:
            self.next(datetime(2026, 1, 1, tzinfo=UTC))
        except (CronSimError, StopIteration) as error:
            raise ConfigError(
                f"{self.schedule!r} is no schedule: {str(error) or 'it has no tick in fifty years'}. Write minute,"
                " hour, day of the month, month and day of the week, e.g. '0 2 * * 1' for Mondays at 2 a.m."
            ) from None

    def next(self, after: datetime) -> datetime:
        """The first tick after a moment, at the clock of the place."""
        return next(self._ticks(after))

    def start(self) -> State:
        """The schedule begins with the first look."""
        return {"seen": None}

    def look(self, state: State, facts: Facts) -> tuple[State, Decision]:
        """Fire for the ticks since the look before."""
        now = facts.now
        seen = now if state["seen"] is None else datetime.fromisoformat(state["seen"])
        fires = self._fires(seen, now)
        reached = {"seen": max(seen, now).astimezone(UTC).isoformat()}
        coming = self.next(max(seen, now)).isoformat()
        evidence = {"since": seen.isoformat(), "now": now.isoformat(), "next": coming, "ticks": fires}
        name = f"'{self.schedule}' ({self.tz})"
        if not fires:
            return reached, Decision("keep", f"The next tick of {name} is {coming}.", evidence)
        why = f"{fires} ticks of {name} are to be made up for." if fires > 1 else f"A tick of {name} has come."
        return reached, Decision("update", why, evidence, fires=fires)

    def holds(self, state: State) -> bool:
        """No: a moment passes."""
        del state
        return False

    def _fires(self, seen: datetime, now: datetime) -> int:
        if self.catch_up == "skip":
            seen = max(seen, now - period(self.grace))
        # Compared in UTC: at one place, Python compares wall clocks, which are set back once a year.
        ticks = takewhile(lambda tick: tick.astimezone(UTC) <= now, self._ticks(seen))
        return sum(1 for _ in ticks) if self.catch_up == "all" else int(any(True for _ in ticks))

    def _ticks(self, after: datetime) -> Iterator[datetime]:
        """All ticks after a moment. In the hour that is there twice, cronsim begins with one that has been."""
        ticks = CronSim(self.schedule, after.astimezone(_zone(self.tz)))
        return (tick for tick in ticks if tick.astimezone(UTC) > after)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # An unknown name is a KeyError, a folder of names an OSError.
        close = get_close_matches(name, available_timezones(), n=2)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ConfigError(
            f"{name!r} is no time zone.{hint} Write a name of the IANA database, e.g. 'Europe/Zurich' or 'UTC'."
        ) from None
