"""Successive halving against the best configurations of earlier updates."""

from __future__ import annotations

from dataclasses import dataclass

from vernal.tuning.asha import check_options, climb, rungs_of
from vernal.tuning.guard import FROM_UPDATE
from vernal.tuning.moves import Move
from vernal.tuning.trial import Trial
from vernal.tuning.view import View


@dataclass(frozen=True)
class RUSH:
    """Promote only what is at least as good as the best of earlier updates was at the same rung [1]_.

    The configurations that earlier updates found are carried over and tried first, as baselines; the searcher `Enqueue`
    does that. At each rung the best one of them is the bar. A baseline is promoted as `ASHA` does it, any other trial
    only if it does not fall below the bar as well. Where no baseline has been, there is no bar, so that without
    earlier updates this is `ASHA`.

    Args:
        eta: one of how many trials is promoted, above 1.
        first: the level of the lowest rung, at least 1.

    Deviations:
        Every baseline that has reached a rung sets the bar there, one that failed or was not promoted, too.

    References:
        .. [1] G. Zappella, D. Salinas, C. Archambeau. A resource-efficient method for repeated HPO and NAS. AutoML
           workshop at ICML 2021. https://arxiv.org/abs/2103.16111
    """

    eta: float = 3.0
    first: int = 1

    def __post_init__(self) -> None:
        check_options(self.eta, self.first)

    def next(self, view: View) -> Move:
        """A promotion over the bar, from the highest rung that has one; else another trial."""

        def may_rise(trial: Trial, rung: int) -> bool:
            bar = next((other for other in view.at(rung) if _is_baseline(other)), trial)
            return _is_baseline(trial) or view.goal.key(trial.at(rung)) <= view.goal.key(bar.at(rung))

        return climb(view, rungs_of(view.levels, self.eta, self.first), self.eta, may_rise)


def _is_baseline(trial: Trial) -> bool:
    return trial.origin.startswith(FROM_UPDATE)
