"""The part of a report that tells of tuning: each search, and all of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from vernal.report.charts import Chart
from vernal.report.lineage import Lineage, Record
from vernal.report.tuned import Tried, Tuned
from vernal.report.tuning_charts import coordinates_chart, curves_chart, pareto_chart
from vernal.report.tuning_reading import read_importance, read_tuning

MOST_LEVELS = 6


@dataclass(frozen=True)
class Carried:
    """What some trials reached at some levels: those that earlier updates brought, or the others.

    Args:
        name: which trials these are.
        count: how many.
        at: for each level the best, the median and the number of those that reached it; None where none did.
    """

    name: str
    count: int
    at: Sequence[tuple[float, float, int] | None]


@dataclass(frozen=True)
class Section:
    """All that a page shows of one search.

    Args:
        tuned: the search.
        reading: what it did and brought, in sentences.
        charts: its drawings.
        caveat: how far the importance is to be trusted.
        levels: where the trials that earlier updates brought are compared with the others.
        carried: these two groups; empty if earlier updates brought none.
        pareto: the trade-off, if there is one.
    """

    tuned: Tuned
    reading: Sequence[str]
    charts: Sequence[Chart]
    caveat: str
    levels: Sequence[int]
    carried: Sequence[Carried]
    pareto: Chart | None

    @property
    def kinds(self) -> set[str]:
        """What its lines and dots are drawn as."""
        drawings = [*self.charts, self.pareto] if self.pareto else self.charts
        return {line.kind for drawing in drawings for line in drawing.lines}


def sections_of(lineage: Lineage, pasts: Mapping[str, Record]) -> list[Section]:
    """The searches of a lineage, oldest first.

    Args:
        lineage: the updates.
        pasts: for ids of updates that were tuned the artefact ``tuning``, as plain values.
    """
    updates = [update for update in lineage.updates if update.record["id"] in pasts]
    return [section_of(Tuned.of(update, pasts[update.record["id"]])) for update in updates]


def names_chosen(searches: Sequence[Section]) -> list[str]:
    """The hyperparameters that any of some searches chose, in the order in which they appear."""
    return [*dict.fromkeys(name for one in searches for name in one.tuned.facts["config"])]


def section_of(tuned: Tuned) -> Section:
    """What a page shows of a search."""
    levels = _some_levels(tuned.levels)
    charts = [curves_chart(tuned), coordinates_chart(tuned)]
    return Section(
        tuned=tuned,
        reading=read_tuning(tuned),
        charts=[chart for chart in charts if chart is not None],
        caveat=read_importance(tuned),
        levels=levels,
        carried=_carried(tuned, levels),
        pareto=pareto_chart(tuned) if tuned.pareto else None,
    )


def _carried(tuned: Tuned, levels: Sequence[int]) -> list[Carried]:
    old = [trial for trial in tuned.trials if trial.is_from_history]
    new = [trial for trial in tuned.trials if not trial.is_from_history]
    if not old:
        return []

    def group(name: str, trials: Sequence[Tried]) -> Carried:
        return Carried(name, len(trials), [_summary(tuned.best_after(level, trials)) for level in levels])

    return [group("of earlier updates", old), group("the others", new)]


def _summary(scores: Sequence[float]) -> tuple[float, float, int] | None:
    return (scores[0], median(scores), len(scores)) if scores else None


def _some_levels(levels: int) -> list[int]:
    """A few levels from the first to the last, closer to each other at the beginning.

    Examples:
        >>> _some_levels(1), _some_levels(9), _some_levels(100)
        ([1], [1, 2, 4, 8, 9], [1, 2, 4, 8, 16, 100])
    """
    powers = [2**n for n in range(MOST_LEVELS - 1) if 2**n < levels]
    return [*powers, levels]
