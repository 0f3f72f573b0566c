"""Asks and tells: what is to be trained next, and what has come of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vernal.base import ConfigError, StateError, derive_seed
from vernal.space import Value
from vernal.tuning.book import Book
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.scheduler import Scheduler, Searcher, Suggestion
from vernal.tuning.settings import Tuning
from vernal.tuning.trial import Measures, Status, Trial
from vernal.tuning.view import View

MAX_DEATHS = 3
MAX_FAILURES = 20


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


@dataclass(frozen=True)
class _Limit:
    """How much of something is spent.

    Args:
        spent: so much.
        most: so much may be; None for any amount.
        words: says that it is spent.
    """

    spent: float
    most: float | None
    words: str

    @property
    def is_reached(self) -> bool:
        return self.most is not None and self.spent >= self.most

    @property
    def share(self) -> float:
        return self.spent / self.most if self.most else 0.0


class Tuner:
    """The state of a search, which is what its book says; survives its process.

    Whoever has workers asks `next` for each that is free, and tells what becomes of it::

        while not tuner.is_over:
            run = tuner.next()           # None: wait for one that is running
            ...                          # train
            tuner.level(...)             # after each level; at the last one that it may train, `pause`
            tuner.complete(...)          # or `fail`, or `die`

    A trial that was running when the process of the tuner died is given away again first.

    Limits on trials, on completed or finished ones and on epochs are kept exactly, with any number of workers: what
    runs is counted as if it had got where it may, and a worker waits where that does not fit; only a trial that is
    complete before the last level can add to the completed ones unforeseen, and the first trial always begins. Time and
    money are known afterwards: once a limit is reached, nothing is begun or gone on with; what runs gets where it may,
    or is paused earlier. A search of which the last 20 trials have all failed is over, too. With other limits a search
    that was over goes on.

    When the search is over, the best trial is trained to the end of its budget, whatever the limits say; its model is
    what the search was for. If it fails, that is done with the next best. If it turns out to break a constraint, and
    no complete trial keeps them, the next one that does so far is trained to its end, as the limits allow. What the
    search ends with is the best of those that are complete.

    What is told of a trial that is not running is not heard: it comes from a worker that was given up.

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
        limits = (self._settings.trials, self._settings.max_finished)
        may_begin = all(limit is None or begun < limit for limit in limits) and not self.is_exhausted
        view = replace(self._view, trials=self._book.trials, may_begin=may_begin)
        return replace(view, may_begin=False) if may_begin and view.trials and view.untried == [] else view

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
        """Whether a limit is reached at which nothing more is begun or gone on with."""
        return any(one.is_reached for one in self._limits)

    @property
    def share_spent(self) -> float:
        """The share of the limit that is nearest, from 0 to 1."""
        return min(1.0, max(one.share for one in (*self._limits, self._begun, self._trained)))

    @property
    def why_over(self) -> str:
        """Why the search has ended, in words."""
        reached = [one.words for one in (*self._limits, self._begun) if one.is_reached]
        if reached:
            return reached[0]
        # Where what comes next does not fit into the epochs that are left, the rest of them is not spent.
        return self._trained.words if self._settings.max_epochs else "there is nothing left to try"

    @property
    def _limits(self) -> tuple[_Limit, ...]:
        """The limits at which nothing more is begun or gone on with."""
        settings, ended = self._settings, self._ended
        failed, complete = _count(ended[-MAX_FAILURES:], "failed"), _count(ended, "complete")
        return (
            _Limit(failed // MAX_FAILURES, 1, f"the last {MAX_FAILURES} trials have failed"),
            _Limit(self.seconds / 60, settings.max_minutes, f"{settings.max_minutes} minutes are over"),
            _Limit(self.cost, settings.max_cost, f"it has cost {settings.max_cost}"),
            _Limit(complete, settings.max_completed, f"{settings.max_completed} trials are complete"),
            _Limit(len(ended), settings.max_finished, f"{settings.max_finished} trials have ended"),
        )

    @property
    def _begun(self) -> _Limit:
        limit = self._settings.trials
        return _Limit(len(self._ended), limit, f"{limit} trials have begun, the most that may")

    @property
    def _trained(self) -> _Limit:
        limit = self._settings.max_epochs
        return _Limit(self.epochs, limit, f"{limit} epochs are spent")

    @property
    def _ended(self) -> list[Trial]:
        return [trial for trial in self._book.trials if trial.status != "running"]

    @property
    def is_finishing(self) -> bool:
        """Whether the search is over, and the best trial is, or was, taken to its end."""
        return self._finisher is not None

    @property
    def _finisher(self) -> int | None:
        """Which trial was taken to its end because these limits were reached; with others the search goes on."""
        return self._book.finisher if self._book.limits == self._settings.limits else None

    # Asking

    def next(self) -> Run | None:
        """What a free worker is to do; None if it is to wait, or if the search is over."""
        if self._lost:
            trial = self._trial(self._lost.pop(0))
            return Run(trial.number, dict(trial.config), trial.until)
        match self._move():
            case Begin(until):
                return self._begin(until)
            case GoOn(number, until):
                self._write("go on", number, until=until)
                return self._again(number, until)
            case Done():
                return self._finish()
        return None

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, and nothing is left to do."""
        if self._lost or self.view.is_busy:
            return False
        return isinstance(self._move(), Done) and self._unfinished() is None

    def best(self) -> Trial | None:
        """The trial whose model is the best so far; None if there is none. At the end it is complete."""
        trials = self._book.trials
        if self.is_finishing:
            trials = tuple(trial for trial in trials if trial.status == "complete") or trials
        return self._view.goal.best(trials)

    def _move(self) -> Move:
        """What the scheduler wants, as far as the limits let it."""
        if self.is_finishing or self.is_exhausted:
            return Done()
        view = self.view
        move = self._scheduler.next(view)
        self._check_move(view, move)
        if isinstance(move, Begin | GoOn) and not self._fits(move):
            return Wait() if view.is_busy else Done()
        return move

    def _fits(self, move: Begin | GoOn) -> bool:
        """Whether the limits on epochs and on completed trials hold even if all that runs gets where it may."""
        settings, trials = self._settings, self._book.trials
        running = [trial for trial in trials if trial.status == "running"]
        ending = sum(trial.until == self._view.levels for trial in running)
        completed = _count(trials, "complete") + ending + (move.until == self._view.levels)
        begun = self._trial(move.number).level if isinstance(move, GoOn) else 0
        epochs = self.epochs + sum(trial.until - trial.level for trial in running) + move.until - begun
        limits = ((completed, settings.max_completed), (epochs, settings.max_epochs))
        return not trials or all(limit is None or value <= limit for value, limit in limits)

    def _begin(self, until: int) -> Run:
        suggestion = self._searcher.suggest(self.view)
        self._check_config(suggestion.config)
        suggestion = self._not_again(suggestion)
        number = len(self._book.trials)
        config = {name: self._view.space[name].plain(value) for name, value in suggestion.config.items()}
        self._write("begin", number, config=config, origin=suggestion.origin, until=until)
        return Run(number, config, until)

    def _again(self, number: int, until: int) -> Run:
        return Run(number, dict(self._trial(number).config), until)

    def _finish(self) -> Run | None:
        """The best trial to the end of its budget, once nothing else runs."""
        if self.view.is_busy:
            return None
        trial, until = self._unfinished(), self._view.levels
        if trial is None:
            return None
        self._write("finish", trial.number, until=until, limits=self._settings.limits)
        return self._again(trial.number, until)

    def _unfinished(self) -> Trial | None:
        """The trial that is to be taken to its end now that the search is over, if any."""
        goal, trials = self._view.goal, self._book.trials
        best = goal.best(trials)
        if best is None or best.status != "paused":
            return None
        finisher = self._finisher
        if finisher is None or self._trial(finisher).status == "failed":
            return best
        is_needed = goal.is_feasible(best) and not any(
            trial.status == "complete" and goal.is_feasible(trial) for trial in trials
        )
        may = not self.is_exhausted and self._fits(GoOn(best.number, self._view.levels))
        return best if is_needed and may else None

    # Telling

    def level(self, number: int, level: int, measures: Measures, trained: float) -> None:
        """A trial has reached a level; what it said before, it may say again.

        Args:
            number: of the trial.
            level: which one, from 1.
            measures: what was measured there.
            trained: seconds that the trial has trained so far.

        Raises:
            StateError: the trial has never told of the level before.
        """
        reached = self._trial(number).level
        if self._is_running(number) and level > reached:
            if level > reached + 1:
                raise StateError(
                    f"Trial {number} tells of level {level}, and was last heard of at level {reached}. A worker must "
                    "tell of every level; one that goes on from a checkpoint tells of the last level in it again."
                )
            self._write("level", number, level=level, measures=_finite(measures), trained=trained)

    def pause(self, number: int) -> None:
        """A trial has stopped where it may stop, and can go on from there."""
        if self._is_running(number):
            self._write("pause", number)

    def complete(self, number: int, measures: Measures, trained: float) -> None:
        """A trial has reached the end of its budget.

        Args:
            number: of the trial.
            measures: what was measured of its model at last.
            trained: seconds that it has trained.
        """
        if self._is_running(number):
            self._write("complete", number, measures=_finite(measures), trained=trained)

    def fail(self, number: int, error: str) -> None:
        """A trial has failed, and why."""
        if self._is_running(number):
            self._write("fail", number, error=error)

    def die(self, number: int, reason: str = "died") -> None:
        """The process of a trial has died. It is given away again, unless that happens at the same place each time.

        Args:
            number: of the trial.
            reason: how it has died, as in "was killed by SIGKILL".
        """
        if not self._is_running(number):
            return
        if self._trial(number).deaths + 1 >= MAX_DEATHS:
            self.fail(number, f"Its process died {MAX_DEATHS} times at the same place; the last one {reason}.")
        else:
            self._write("died", number)
            self._lost.append(number)

    def _is_running(self, number: int) -> bool:
        return self._trial(number).status == "running"

    def _trial(self, number: int) -> Trial:
        return self._book.trials[number]

    def _write(self, kind: str, number: int, **facts: object) -> None:
        self._book.write(kind, number, round(self.seconds, 3), **facts)

    def _not_again(self, suggestion: Suggestion) -> Suggestion:
        """What a searcher suggests; in a small space, where that was tried, one at random that was not."""
        left = self.view.untried
        if not left or dict(suggestion.config) in left:
            return suggestion
        rng = np.random.default_rng(derive_seed(self._view.seed, "untried", len(self._book.trials)))
        return Suggestion(left[int(rng.integers(len(left)))], "random")

    def _check_move(self, view: View, move: Move) -> None:
        """Demand a move that can be made; a scheduler may be anybody's."""
        match move:
            case Begin(until):
                can_be_made = view.may_begin and 1 <= until <= view.levels
            case GoOn(number, until):
                paused = {trial.number: trial.level for trial in view.trials if trial.status == "paused"}
                can_be_made = paused.get(number, until) < until <= view.levels
            case Wait():
                can_be_made = view.is_busy
            case _:
                can_be_made = isinstance(move, Done)
        if not can_be_made:
            raise ConfigError(
                f"The scheduler {type(self._scheduler).__name__} decides {move}, which cannot be done. It may begin a "
                f"trial if the view says so, go on with a paused one, to a level above its own and at most "
                f"{view.levels}, wait while a trial is running, or be done."
            )

    def _check_config(self, config: Mapping[str, Value]) -> None:
        if not self._view.space.holds(config):
            raise ConfigError(
                f"The searcher {type(self._searcher).__name__} suggests {dict(config)}, which is not in the space. It "
                "must give a value to every active range, and no others."
            )


def _count(trials: Sequence[Trial], *statuses: Status) -> int:
    return sum(trial.status in statuses for trial in trials)


def _finite(measures: Measures) -> dict[str, float | None]:
    return {
        name: None if value is None or not math.isfinite(value) else float(value) for name, value in measures.items()
    }
