"""The best configurations of earlier updates first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vernal.base import check_whole
from vernal.tuning.compatible import compatible
from vernal.tuning.guard import FROM_UPDATE, Guard
from vernal.tuning.scheduler import Searcher, Suggestion
from vernal.tuning.view import View


@dataclass(frozen=True)
class Enqueue:
    """Try what was best in each of the latest updates before anything new; the newest first, nothing twice.

    The first trial is that of `then`, which is the plan's own values. Then come the best configurations of earlier
    updates, and when they have been tried, `then` goes on. They are trials like all others: a scheduler that stops bad
    ones early stops these as well, so a history that misleads costs little even without a guard.

    Without earlier updates that fit the present space and objective, this is `then`.

    Args:
        then: what suggests everything else.
        most: from how many updates. More cost more trials before the search goes on.
        guard: what takes turns with history and silences it when it misleads; None to trust it.

    Examples:
        >>> from vernal.space import Space, uniform
        >>> from vernal.tuning import Goal, Objective, Past, RandomSearch, Trial
        >>> space, goal = Space({"alpha": uniform(0, 1)}), Goal((Objective("loss", False),))
        >>> best = Trial(0, {"alpha": 0.3}, "random", 1, "complete", ({"loss": 0.5},), final={"loss": 0.5})
        >>> past = Past("1a2b", space, {}, "loss", False, 1, (best,))
        >>> first = Trial(0, {"alpha": 0.9}, "default", 1)
        >>> Enqueue(RandomSearch()).suggest(View(space, {"alpha": 0.9}, goal, (first,), past=(past,)))
        Suggestion(config={'alpha': 0.3}, origin='update 1a2b')
    """

    then: Searcher
    most: int = 5
    guard: Guard | None = None

    def __post_init__(self) -> None:
        check_whole("most", self.most, 1)

    def suggest(self, view: View) -> Suggestion:
        """The next configuration of an earlier update that was not tried in this search yet; else that of `then`."""
        if view.trials and (self.guard is None or self.guard.admits(view)):
            tried = [dict(trial.config) for trial in view.trials]
            for carried in self._carried(view):
                if carried.config not in tried:
                    return carried
        return self.then.suggest(view)

    def _carried(self, view: View) -> Iterator[Suggestion]:
        for past in reversed(compatible(view, self.most, best=1)):
            yield Suggestion(dict(past.trials[0].config), FROM_UPDATE + past.update)
