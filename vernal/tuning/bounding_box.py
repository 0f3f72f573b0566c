"""Only the part of the space in which earlier updates found their best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vernal.base import check_range, check_whole, derive_seed
from vernal.space import Choice, Range, Real, Space, Value, Whole
from vernal.tuning.compatible import compatible
from vernal.tuning.guard import FROM_BOX, Guard
from vernal.tuning.scheduler import Searcher, Suggestion
from vernal.tuning.view import View


@dataclass(frozen=True)
class BoundingBox:
    """Let a searcher choose only from the smallest box that holds the best configurations of earlier updates [1]_.

    In the box, a number lies between the smallest and the largest of the best, in the logarithm where its range is
    logarithmic, and a choice has the options that were best somewhere. A little is added at both ends of a number:
    nobody has looked between what was best and the next trial. A range that no best configuration had a value for
    stays as it is. A box whose configurations have all been tried is left.

    The first trial is that of `then` in the whole space, which is the plan's own values. In the box, `then` sees
    only the trials that lie in the box. Without earlier updates that fit the present space and objective, this is
    `then`.

    Args:
        then: what suggests, in the box and outside.
        most: how many updates, the latest. More make the box wider, and it moves more slowly.
        best: how many of the best configurations of each update the box holds. More make it wider.
        margin: what is added at either end of a number, as a part of its whole range. It gives width to a box that
            would have none, too.
        guard: what takes turns with the box, and opens it when it misleads; None to trust it.

    Deviations:
        The paper takes one configuration of each of many tasks. Updates are few at first, and one point is no box:
        hence `best` and `margin`.

    References:
        .. [1] V. Perrone et al. Learning search space designs for hyperparameter optimization: a simple transfer
           learning approach. NeurIPS 2019. https://arxiv.org/abs/1909.12552
    """

    then: Searcher
    most: int = 10
    best: int = 3
    margin: float = 0.1
    guard: Guard | None = Guard()

    def __post_init__(self) -> None:
        check_whole("most", self.most, 1)
        check_whole("best", self.best, 1)
        check_range("margin", self.margin, 0.001, 1)

    def suggest(self, view: View) -> Suggestion:
        """What `then` suggests in the box; or in the whole space, where there is none, or the guard says so."""
        pasts = compatible(view, self.most, self.best)
        if not pasts or not view.trials or (self.guard is not None and not self.guard.admits(view)):
            return self.then.suggest(view)
        box = box_around(view.space, [trial.config for past in pasts for trial in past.trials], self.margin)
        inside = _inside(view, box)
        if inside.untried == []:  # The same again would say nothing new.
            return self.then.suggest(view)
        suggestion = self.then.suggest(inside)
        return Suggestion(suggestion.config, FROM_BOX + suggestion.origin)


def box_around(space: Space, configs: Sequence[Mapping[str, Value]], margin: float) -> Space:
    """The smallest box in a space that holds some configurations, and a margin; its ranges have today's conditions.

    Examples:
        >>> from vernal.space import choice, uniform
        >>> space = Space({"alpha": uniform(0, 1), "kind": choice("a", "b", "c")})
        >>> box_around(space, [{"alpha": 0.25, "kind": "c"}, {"alpha": 0.5, "kind": "a"}], margin=0.125)
        Space(alpha: uniform(0.125, 0.625), kind: choice(a, c))
    """
    box: dict[str, Range] = {}
    for name, one in space.items():
        when = {other: tuple(v for v in values if v in box.get(other, ())) for other, values in one.when.items()}
        if all(when.values()):  # Else the options under which it exists are not in the box.
            values = [config[name] for config in configs if name in config]
            box[name] = replace(_around(one, values, margin) if values else one, when=when)
    return Space(box)


def _around(one: Range, values: Sequence[Value], margin: float) -> Range:
    match one:
        case Choice():
            return replace(one, options=tuple(option for option in one.options if option in values))
        case Real(step=None):
            low, high = _ends(one, values, margin)
            return replace(one, low=low, high=high)
        case Real():
            return _on_grid(one, *_ends(one, values, margin))
        case Whole():
            low, high = _ends(one, values, margin)
            first = min(math.floor(low), one.high - 1)
            return replace(one, low=first, high=max(math.ceil(high), first + 1))
    return one


def _ends(one: Real | Whole, values: Sequence[float], margin: float) -> tuple[float, float]:
    """The smallest and the largest value, each moved outwards by a part of the whole range, but not out of it."""
    there, back = (math.log, math.exp) if one.log else (float, float)
    more = margin * (there(one.high) - there(one.low))
    low, high = back(there(min(values)) - more), back(there(max(values)) + more)
    # A logarithm and back may end a little beside the value that it began with.
    return min(max(low, one.low), min(values)), max(min(high, one.high), max(values))


def _on_grid(one: Real, low: float, high: float) -> Real:
    """A range of the same steps, wider by one of them at both ends, and at least two wide where there are two."""
    first = max(min(one.place(low) - 1, one.steps - 2), 0)
    return replace(one, low=one.at(first), high=one.at(min(one.place(high) + 1, one.steps)))


def _inside(view: View, box: Space) -> View:
    """The view of somebody who knows only the box."""
    trials = tuple(trial for trial in view.trials if box.holds(trial.config))
    default, seed = box.default(view.default), derive_seed(view.seed, "box", len(view.trials))
    return replace(view, space=box, default=default, trials=trials, seed=seed)
