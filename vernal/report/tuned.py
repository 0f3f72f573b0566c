"""The tuning of one update, as a report looks at it: its search, and its trials with their curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vernal.base import Duration
from vernal.report.lineage import Record, Update
from vernal.report.rulers import Value, spelled
from vernal.report.scale import Scale

FROM_HISTORY = (
    "update ",
    "box, ",
)  # How the origin of a configuration begins that an update had, or a box around such.


@dataclass(frozen=True)
class Tried:
    """One trial. Scores are values of the metric that was tuned for; None where it was not measured.

    Args:
        number: its place in the order in which trials began, from 0.
        config: the values of the hyperparameters that were active in it.
        origin: where the configuration comes from, in words.
        scores: after each level, from the first on.
        measures: all that was measured at last.
        score: the metric among these.
        status: ``complete``, ``failed``, or ``paused`` where it was stopped.
        seconds: how long it trained.
        error: why it failed.
    """

    number: int
    config: Mapping[str, Value]
    origin: str
    scores: tuple[float | None, ...]
    measures: Mapping[str, float | None]
    score: float | None
    status: str
    seconds: float
    error: str

    @classmethod
    def of(cls, trial: Record, metric: str) -> Tried:
        """Read a trial from plain values."""
        curve = trial["curve"]
        measures = trial["final"] or (curve[-1] if curve else {})
        return cls(
            number=trial["number"],
            config=trial["config"],
            origin=trial["origin"],
            scores=tuple(_finite(one.get(metric)) for one in curve),
            measures={name: _finite(value) for name, value in measures.items()},
            score=_finite(measures.get(metric)),
            status=trial["status"],
            seconds=trial["seconds"],
            error=trial["error"],
        )

    @property
    def level(self) -> int:
        """How many levels it reached."""
        return len(self.scores)

    @property
    def fate(self) -> str:
        """What became of it, in a word."""
        return {"paused": "stopped"}.get(self.status, self.status)

    @property
    def is_from_history(self) -> bool:
        """Whether earlier updates had a part in its configuration."""
        return self.origin.startswith(FROM_HISTORY)

    @property
    def settings(self) -> str:
        """The configuration in one line."""
        return ", ".join(f"{name}={spelled(value)}" for name, value in self.config.items())


@dataclass(frozen=True)
class Tuned:
    """What was searched in one update, and what came of it.

    Args:
        update: whose hyperparameters were chosen.
        facts: what its record says about the search.
        space: what could be chosen: ranges by name, as plain values.
        trials: all of them, by number.
    """

    update: Update
    facts: Mapping[str, Any]
    space: Mapping[str, Record]
    trials: tuple[Tried, ...]

    @classmethod
    def of(cls, update: Update, past: Record) -> Tuned:
        """Read what an update stored about its tuning.

        Args:
            update: with a record that has a ``tuning``.
            past: the artefact of that name, as plain values.
        """
        facts = update.record["tuning"]
        trials = tuple(Tried.of(trial, facts["metric"]) for trial in past["trials"])
        return cls(update, facts, {one["name"]: one for one in past["space"]}, trials)

    @property
    def metric(self) -> str:
        """What it was tuned for."""
        return str(self.facts["metric"])

    @property
    def levels(self) -> int:
        """How many levels a whole training had."""
        return int(self.facts["levels"])

    @property
    def unit(self) -> str:
        """What a level is called: an epoch where that is what it is."""
        budget = Duration.parse(self.update.record["plan"]["training"]["budget"])
        return "epoch" if budget == Duration(self.levels, "ep") else "level"

    @property
    def chosen(self) -> Tried | None:
        """The trial whose model the update keeps; None if all have failed."""
        return next((trial for trial in self.trials if trial.number == self.facts["chosen"]), None)

    @property
    def default(self) -> Tried | None:
        """The trial with the plan's own values, which comes first."""
        return self.trials[0] if self.trials else None

    @property
    def whole_epochs(self) -> int:
        """What training every trial to its end would have cost."""
        return self.levels * len(self.trials)

    @property
    def objectives(self) -> list[str]:
        """What was to improve: the metric first."""
        return [self.metric, *self.facts["also"]]

    @property
    def pareto(self) -> list[Tried]:
        """The trials of which none is beaten in every objective, if there were several."""
        return [trial for trial in self.trials if trial.number in self.facts["pareto"]]

    @property
    def importance(self) -> list[tuple[str, float]]:
        """How much each hyperparameter mattered, from 0 to 1; most important first."""
        known = [
            (name, min(1.0, max(0.0, x)))
            for name, value in self.facts["importance"].items()
            if (x := _finite(value)) is not None
        ]
        return sorted(known, key=lambda one: -one[1])

    @cached_property
    def scale(self) -> Scale:
        """How scores are written and coloured."""
        return Scale.over(self.metric, bool(self.facts["higher_is_better"]), self.scores)

    @cached_property
    def scores(self) -> list[float]:
        """All that was ever measured of the metric."""
        all_scores = [score for trial in self.trials for score in (*trial.scores, trial.score)]
        return [score for score in all_scores if score is not None]

    @property
    def direction(self) -> str:
        """Which way the metric improves, in words."""
        return "higher is better" if self.scale.higher_is_better else "lower is better"

    @property
    def also_direction(self) -> str:
        """Which way the second objective improves, in words."""
        return "higher is better" if self.facts["also_higher_is_better"][0] else "lower is better"

    @property
    def worst_first(self) -> list[Tried]:
        """The trials by what they reached, those without a score before all others."""
        sign = 1 if self.scale.higher_is_better else -1
        return sorted(self.trials, key=lambda one: -math.inf if one.score is None else sign * one.score)

    def best_after(self, level: int, trials: Sequence[Tried]) -> list[float]:
        """The scores of trials at a level, the best first; those that did not reach it are left out."""
        sign = -1 if self.scale.higher_is_better else 1
        reached = [trial.scores[level - 1] for trial in trials if trial.level >= level]
        return sorted((score for score in reached if score is not None), key=lambda score: sign * score)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
