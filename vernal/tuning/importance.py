"""How much each hyperparameter matters."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from vernal.tuning.goal import Goal
from vernal.tuning.one_level import at_one_level
from vernal.tuning.optuna_study import optuna_quietly, study_of
from vernal.tuning.view import View

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

ENOUGH = 8
"""Trials that are compared, at the least."""

BEST = 0.25
"""The part of the trials that counts as good."""


def importance(view: View) -> dict[str, float]:
    """The share of each hyperparameter in what makes the best quarter of the trials the best, by PED-ANOVA [1]_.

    A hyperparameter matters as far as its values in the best trials are distributed otherwise than in all. Complete
    trials are compared, or, where these are too few, all at the highest level that enough of them have reached.

    Args:
        view: the trials, of which the first objective counts.

    Returns:
        A share for each hyperparameter that any of these trials had, the largest first; together 1. Nothing where
        fewer than 8 trials can be compared, or where all are equally good.

    Raises:
        MissingExtra: Optuna is not installed.

    References:
        .. [1] S. Watanabe, A. Bansal, F. Hutter. PED-ANOVA: efficiently quantifying hyperparameter importance in
           arbitrary subspaces. IJCAI 2023. https://arxiv.org/abs/2304.10255
    """
    view = at_one_level(replace(view, goal=Goal(view.goal.objectives[:1])), ENOUGH)
    with optuna_quietly() as optuna:
        study = study_of(view, optuna.samplers.RandomSampler())
        losses = sorted(view.goal.objective.loss({view.goal.objective.name: one.value}) for one in _complete(study))
        if len(losses) < ENOUGH or losses[math.ceil(BEST * len(losses)) - 1] == losses[-1]:
            return {}
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=BEST)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return dict(sorted(shares.items(), key=lambda share: (-share[1], share[0])))


def _complete(study: Study) -> list[FrozenTrial]:
    return [one for one in study.get_trials(deepcopy=False) if one.state.name == "COMPLETE"]
