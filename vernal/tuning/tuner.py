"""Asks and tells: what is to be trained next, and what has come of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from vernal.base import ConfigError
from vernal.space import Value
from vernal.tuning.book import Book
from vernal.tuning.moves import Begin, Done, GoOn
from vernal.tuning.scheduler import Scheduler, Searcher
from vernal.tuning.settings import Tuning
from vernal.tuning.trial import Measures, Trial
from vernal.tuning.view import View

MAX_DEATHS = 3


@dataclass(frozen=True)
class Run:
    """What a worker is to do.

    Args:
        number: of the trial.
        config: its configuration.
        until: the level to which it may train; then it asks again.
    """

    number: int
    config: dict[str, Value]
    until: int


class Tuner:
    """The state of a search, which is what its book says; survives its process.

    Whoever has workers asks `next` for each that is free, and tells what becomes of it::

        while not tuner.is_over:
            run = tuner.next()           # None: wait for one that is running
            ...                          # train
            tuner.level(...)             # after each level; at the last one that it may train, `pause`
            tuner.complete(...)          # or `fail`, or `die`

    A trial that was running when the process of the tuner died is given away again first. When the search is over, the
    best trial is trained to the end of its budget, whatever the limits say; its model is what the search was for.

    Args:
        view: what the search is about; its trials come from the book.
        settings: its limits.
        searcher: which configuration comes next.
        scheduler: how long each is trained.
        book: what has happened so far.
        elapsed: seconds since this process took up the search.
    """

    def __init__(
        self,
        view: View,
        settings: Tuning,
        searcher: Searcher,
        scheduler: Scheduler,
        book: Book,
        elapsed: Callable[[], float],
    ) -> None:
        self._view, self._settings = view, settings
        self._searcher, self._scheduler, self._book = searcher, scheduler, book
        self._elapsed, self._before = elapsed, book.seconds
        self._lost = [trial.number for trial in book.trials if trial.status == "running"]

    @property
    def view(self) -> View:
        """What is known now."""
        begun = len(self._book.trials)
        limit = self._settings.trials
        may_begin = (limit is None or begun < limit) and not self.is_exhausted
        return replace(self._view, trials=self._book.trials, may_begin=may_begin)

    @property
    def seconds(self) -> float:
        """How long the search has taken, in all its processes."""
        return self._before + self._elapsed()

    @property
    def epochs(self) -> int:
        """Levels that all trials have trained together."""
        return sum(trial.level for trial in self._book.trials)

    @property
    def cost(self) -> float:
        """What the search has cost so far: the hours that trials have trained, at the price of a worker."""
        return (self._settings.price_per_hour or 0.0) * sum(trial.seconds for trial in self._book.trials) / 3600

    @property
    def is_exhausted(self) -> bool:
        """Whether a limit other than that on trials which begin is reached."""
        settings, trials = self._settings, self._book.trials
        complete = sum(trial.status == "complete" for trial in trials)
        finished = sum(trial.status in ("complete", "failed", "paused") for trial in trials)
        limits = (
            (self.seconds / 60, settings.max_minutes),
            (self.epochs, settings.max_epochs),
            (self.cost, settings.max_cost),
            (complete, settings.max_completed),
            (finished, settings.max_finished),
        )
        return any(limit is not None and value >= limit for value, limit in limits)

    # Asking

    def next(self) -> Run | None:
        """What a free worker is to do; None if it is to wait, or if the search is over."""
        if self._lost:
            trial = self._trial(self._lost.pop(0))
            return Run(trial.number, dict(trial.config), trial.until)
        move = Done() if self.is_exhausted else self._scheduler.next(self.view)
        match move:
            case Begin(until):
                return self._begin(until)
            case GoOn(number, until):
                return self._go_on(number, until)
            case Done():
                return self._finish()
        return None

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, and nothing is left to do."""
        view = self.view
        if self._lost or view.is_busy:
            return False
        searching = not self.is_exhausted and not isinstance(self._scheduler.next(view), Done)
        return not searching and self._unfinished() is None

    def best(self) -> Trial | None:
        """The trial whose model is the best; None if all have failed."""
        trials = [trial for trial in self._book.trials if trial.status != "failed" and trial.last is not None]
        return min(trials, key=self._view.goal.rank, default=None)

    def _begin(self, until: int) -> Run:
        suggestion = self._searcher.suggest(self.view)
        number, config = len(self._book.trials), dict(suggestion.config)
        self._check_config(config)
        self._write("begin", number, config=config, origin=suggestion.origin, until=until)
        return Run(number, config, until)

    def _go_on(self, number: int, until: int) -> Run:
        self._write("go on", number, until=until)
        return Run(number, dict(self._trial(number).config), until)

    def _finish(self) -> Run | None:
        """The best trial to the end of its budget, once nothing else runs."""
        if self.view.is_busy:
            return None
        trial = self._unfinished()
        return None if trial is None else self._go_on(trial.number, self._view.levels)

    def _unfinished(self) -> Trial | None:
        best = self.best()
        return best if best is not None and best.status == "paused" else None

    # Telling

    def level(self, number: int, level: int, measures: Measures, trained: float) -> None:
        """A trial has reached a level; what it said before, it may say again.

        Args:
            number: of the trial.
            level: which one, from 1.
            measures: what was measured there.
            trained: seconds that the trial has trained so far.
        """
        trial = self._trial(number)
        if level > trial.level:
            self._write("level", number, level=level, measures=_finite(measures), trained=trained)

    def pause(self, number: int) -> None:
        """A trial has stopped where it may stop, and can go on from there."""
        self._write("pause", number)

    def complete(self, number: int, measures: Measures, trained: float) -> None:
        """A trial has reached the end of its budget.

        Args:
            number: of the trial.
            measures: what was measured of its model at last.
            trained: seconds that it has trained.
        """
        self._write("complete", number, measures=_finite(measures), trained=trained)

    def fail(self, number: int, error: str) -> None:
        """A trial has failed, and why."""
        self._write("fail", number, error=error)

    def die(self, number: int) -> None:
        """The process of a trial has died. It is given away again, unless that happens at the same place each time."""
        self._write("died", number)
        if self._trial(number).deaths < MAX_DEATHS:
            self._lost.append(number)
        else:
            self.fail(number, f"Its process died {MAX_DEATHS} times at the same place; perhaps memory ran out.")

    def _trial(self, number: int) -> Trial:
        return self._book.trials[number]

    def _write(self, kind: str, number: int, **facts: object) -> None:
        self._book.write(kind, number, round(self.seconds, 3), **facts)

    def _check_config(self, config: dict[str, Value]) -> None:
        if not self._view.space.holds(config):
            raise ConfigError(
                f"The searcher {type(self._searcher).__name__} suggests {config}, which is not in the space. It must "
                "give a value to every active range, and no others."
            )


def _finite(measures: Measures) -> dict[str, float | None]:
    return {
        name: None if value is None or not math.isfinite(value) else float(value) for name, value in measures.items()
    }
