"""Trials that were trained unequally long, made comparable."""

from __future__ import annotations

from dataclasses import replace

from vernal.tuning.trial import Trial
from vernal.tuning.view import View


def at_one_level(view: View, enough: int) -> View:
    """The trials as if all training ended at the highest level that enough of them have reached [1]_.

    Those which have reached it are complete there; the others are as they were. Where enough trials are complete, or
    no level has been reached by enough of them, nothing changes.

    Args:
        view: what is known.
        enough: how many trials a comparison needs.

    References:
        .. [1] S. Falkner, A. Klein, F. Hutter. BOHB: robust and efficient hyperparameter optimization at scale. ICML
           2018. https://arxiv.org/abs/1807.01774

    Examples:
        >>> from vernal.space import Space
        >>> from vernal.tuning import Goal, Objective
        >>> curves = ({"loss": 4.0}, {"loss": 3.0}), ({"loss": 5.0},)
        >>> trials = tuple(Trial(n, {}, "", len(curve), "paused", curve) for n, curve in enumerate(curves))
        >>> view = View(Space({}), {}, Goal((Objective("loss", False),)), trials, levels=9)
        >>> [trial.final for trial in at_one_level(view, 2).trials]
        [{'loss': 4.0}, {'loss': 5.0}]
    """
    if sum(trial.status == "complete" for trial in view.trials) >= enough:
        return view
    for level in range(view.levels, 0, -1):
        if sum(_reached(trial, level) for trial in view.trials) >= enough:
            return replace(view, trials=tuple(_ended_at(trial, level) for trial in view.trials))
    return view


def _reached(trial: Trial, level: int) -> bool:
    return trial.status != "failed" and trial.at(level) is not None


def _ended_at(trial: Trial, level: int) -> Trial:
    return replace(trial, status="complete", final=trial.at(level)) if _reached(trial, level) else trial
