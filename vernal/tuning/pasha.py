"""Successive halving that trains no longer than the ranking needs to settle."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vernal.tuning.asha import check_options, climb, rungs_of
from vernal.tuning.moves import Move
from vernal.tuning.trial import Trial
from vernal.tuning.view import View

PERCENTILE = 90


@dataclass(frozen=True)
class PASHA:
    r"""`ASHA` whose top rung is low at first, and rises only while the ranking there is unstable [1]_.

    The search begins with two rungs, :math:`r` and :math:`r\eta`. When the trials in the top rung are ranked otherwise
    there than in the rung below, the next rung opens. As soon as a longer training no longer changes the ranking, no
    trial is trained longer; the tuner takes the best one to its end.

    Rankings are compared softly. In the top rung a trial may take the place of any other whose loss in the rung below
    was within :math:`\epsilon` of its own. :math:`\epsilon` is measured: some pairs of trials change their order from
    level to level and back again, so what lies between them is noise. It is the 90th percentile of the distances of
    such pairs at the top rung; if it has none, at the highest rung that has; if none has, 0.

    Use it for many trials of long trainings whose ranking settles early. `ASHA` spends about as many epochs at each
    rung as at every other, so with few rungs there is little to save; and where slow starters win in the end, they are
    left behind (``bench/pasha.py``).

    Args:
        eta: one of how many trials is promoted, above 1. Also by what factor the top rises.
        first: the level of the lowest rung, at least 1.

    Deviations:
        The paper's top rung is a counter, which rises whenever a result makes the ranking unstable, and so depends on
        the order of all results. Here it is read off the trials, so that it needs no memory: a rung is open if a trial
        was ever allowed to train beyond the one below, or if the ranking is unstable now. Both never close an open rung
        in which anything has happened. But where an instability has gone before any trial could be promoted, the paper
        has opened the next rung, and this has not: the decision waits for the evidence that it can be used with.

    References:
        .. [1] O. Bohdal et al. PASHA: Efficient HPO and NAS with progressive resource allocation. ICLR 2023.
           https://arxiv.org/abs/2207.06940
    """

    eta: float = 3.0
    first: int = 1

    def __post_init__(self) -> None:
        check_options(self.eta, self.first)

    def next(self, view: View) -> Move:
        """A promotion within the open rungs, from the highest that has one; else another trial."""
        return climb(view, open_rungs(view, rungs_of(view.levels, self.eta, self.first)), self.eta)


def open_rungs(view: View, rungs: Sequence[int]) -> Sequence[int]:
    """The rungs to which trials may train now."""
    top = 1
    while top < len(rungs) - 1 and (_was_left(view, rungs[top]) or is_unstable(view, rungs[: top + 1])):
        top += 1
    return rungs[: top + 1]


def _was_left(view: View, level: int) -> bool:
    return any(trial.until > level for trial in view.trials)


def is_unstable(view: View, rungs: Sequence[int]) -> bool:
    """Whether the trials in the last of some rungs are ranked otherwise there than in the one before, beyond noise."""
    below, top = rungs[-2:]
    after = view.at(top)
    arrived = {trial.number for trial in after}
    before = [trial for trial in view.at(below) if trial.number in arrived]
    moved = [pair for pair in zip(before, after, strict=True) if pair[0] is not pair[1]]
    if not moved:
        return False
    epsilon = noise(view, rungs)
    return any(_distance(view, below, *pair) > epsilon for pair in moved)


def _distance(view: View, level: int, one: Trial, other: Trial) -> float:
    """How far two trials were apart at a level; infinitely far if only one of them kept the constraints."""
    key, other_key = view.goal.key(one.at(level)), view.goal.key(other.at(level))
    if key == other_key:
        return 0.0
    return abs(key[1] - other_key[1]) if key[0] == other_key[0] else math.inf


def noise(view: View, rungs: Sequence[int]) -> float:
    r"""The :math:`\epsilon` below which a difference says nothing, from the highest rung that can tell.

    Examples:
        >>> from vernal.space import Space
        >>> from vernal.tuning import Goal, Objective
        >>> curves = [5.0, 3.0, 2.5], [4.0, 3.5, 2.0], [9.0, 8.0, 7.0]  # The first two cross and return.
        >>> trials = [
        ...     Trial(n, {}, "", 3, "paused", tuple({"loss": x} for x in curve)) for n, curve in enumerate(curves)
        ... ]
        >>> noise(View(Space({}), {}, Goal((Objective("loss", False),)), tuple(trials), levels=9), [1, 3])
        0.5
    """
    for rung in reversed(rungs[1:]):
        if distances := [*_noisy_distances(view, rung)]:
            return float(np.percentile(distances, PERCENTILE))
    return 0.0


def _noisy_distances(view: View, rung: int) -> Iterator[float]:
    """How far pairs of trials lie apart at a rung that have changed their order on the way there, and back."""
    curves = [[view.goal.objective.loss(trial.at(level + 1)) for level in range(rung)] for trial in view.at(rung)]
    for one, other in itertools.combinations(curves, 2):
        distance = abs(one[-1] - other[-1])
        if math.isfinite(distance) and _cross_and_return(one, other):
            yield distance


def _cross_and_return(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the order at the end was there before, with the opposite order in between."""
    orders = [(a > b) - (a < b) for a, b in zip(one, other, strict=True)]
    changes = [order for order, _ in itertools.groupby(order for order in orders if order)]
    return bool(orders[-1]) and len(changes) >= 3
