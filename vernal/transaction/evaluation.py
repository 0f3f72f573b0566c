"""How good the model is on every chunk so far: before the update and after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from vernal import metrics
from vernal.base import ConfigError, derive_seed
from vernal.data import Picked, Rows
from vernal.memory import Balanced, Memory
from vernal.tasks import Classification, Task
from vernal.training import Feed, Predictions, evaluating, isolated, lower_is_better, predict
from vernal.transaction.situation import Situation

Array = np.ndarray[Any, Any]
Say = Callable[[Callable[[Any], Any]], Callable[[Any], Any]]


class Judge:
    """Measures models on the validation rows of every chunk so far.

    The rows are those that the validation memory will hold after the update, so old and new model are measured on the
    very same rows, and so is the next one.

    Args:
        situation: what the update finds.
        validation: the validation rows of earlier chunks.
        device: where models are.
        say: makes a model compute in the chosen precision.
    """

    def __init__(self, situation: Situation, validation: Memory, device: torch.device, say: Say) -> None:
        self._situation, self._validation = situation, validation
        self._device, self._say = device, say
        self._own = situation.own_metrics
        chunk = situation.data.validation
        self._plan = None
        self.rows: Rows | None = validation if len(validation) else None
        numbers = validation.index.chunks
        if chunk is not None:
            policy = Balanced(situation.resolved.plan.validation_memory, by="chunks")
            self._plan = validation.plan(chunk, policy, situation.number)
            self.rows = validation.planned(self._plan, chunk)
            new = np.full(len(self._plan.add), situation.number)
            numbers = np.concatenate([numbers[self._plan.keep], new])
        self._places = {int(n): torch.from_numpy(np.flatnonzero(numbers == n)) for n in np.unique(numbers)}
        self._before: dict[int, Predictions] = {}
        self._initial: dict[str, float] | None = None

    def before(self, champion: nn.Module, fresh: nn.Module | None = None) -> None:
        """Measure the model that the update starts from, and one that never learned anything."""
        self._before = self._predict(champion)
        if fresh is not None and self._plan is not None and self.rows is not None:
            own = Picked(self.rows, self._places[self._situation.number])
            self._initial = self.measure(fresh, own)

    @property
    def measures(self) -> list[str]:
        """The names of what is measured; known after `before`."""
        predictions = next(iter(self._before.values()), None)
        return [*predictions.measure(self._situation.task)] if predictions else []

    def lower_is_better(self, metric: str) -> bool:
        """Which way a metric improves; the user's own say so themselves, by `higher_is_better`.

        Raises:
            ConfigError: one does not.
        """
        own = self._own.get(metric.partition(".")[0])
        higher = getattr(own, "higher_is_better", None) if own is not None else None
        if own is not None and higher is None:
            raise ConfigError(
                f"What is watched is {metric!r}, but nobody says which way it improves. Set `higher_is_better = True` "
                "(or False) on the metric that `metrics_fn` gives."
            )
        return lower_is_better(metric) if own is None else not higher

    def overall(self, predictor: nn.Module) -> dict[str, float]:
        """All metrics over the rows of all chunks together."""
        assert self.rows is not None
        return self.measure(predictor, self.rows)

    def look(self, predictor: nn.Module) -> dict[str, float]:
        """What a search compares: metrics over the rows of all chunks, on those of the new chunk, on the earlier ones.

        They are called ``accuracy``, ``new.accuracy``, ``old.accuracy``. ``forgetting`` is how much worse the metric
        that stands for the task has become on earlier chunks, on average; it is there after `before`.
        """
        assert self.rows is not None
        everything = self._predictions(predictor, self.rows)
        number, task = self._situation.number, self._situation.task
        chunks = {n: part for n, places in self._places.items() if (part := everything.of(places.numpy())) is not None}
        old = np.concatenate([np.zeros(0, int), *(p.numpy() for n, p in self._places.items() if n != number)])
        parts = {"new": chunks.get(number), "old": everything.of(old) if len(old) else None}
        named = {f"{p}.{name}": v for p, part in parts.items() if part for name, v in part.measure(task).items()}
        return everything.measure(task) | named | self._forgotten(chunks)

    def _forgotten(self, chunks: Mapping[int, Predictions]) -> dict[str, float]:
        if not self._before:
            return {}
        name = self._situation.task.headline
        worse = 1 if lower_is_better(name) else -1
        losses = [
            worse * (after.measure(self._situation.task).get(name, np.nan) - before)
            for n, after in chunks.items()
            if n != self._situation.number
            and (before := self._before[n].measure(self._situation.task).get(name)) is not None
        ]
        return {"forgetting": float(np.nanmean(losses)) if np.isfinite(losses).any() else 0.0}

    def measure(self, predictor: nn.Module, rows: Rows) -> dict[str, float]:
        """All metrics over some rows."""
        return self._predictions(predictor, rows).measure(self._situation.task)

    def after(self, predictor: nn.Module) -> dict[str, Any]:
        """Measure the new model, and compare.

        Returns:
            ``validation``: for each chunk, in the order in which they came, how many rows there are, what was measured
            before and after, the flips, and the recall of each class; ``summary``: average, forgetting and transfer
            over all chunks; ``headline``: the metric that these are about.
        """
        after = self._predict(predictor)
        names = self._chunk_names()
        table = [self._row(number, names[number], after[number]) for number in self._places]
        headline = self._headline(table, after)
        return {
            "headline": headline,
            "higher_is_better": not lower_is_better(headline),
            "validation": table,
            "summary": self._summary(table, headline),
        }

    def _headline(self, table: Sequence[Mapping[str, Any]], after: Mapping[int, Predictions]) -> str:
        """The metric that stands for the task; the loss, if the model's outputs tell no predictions.

        A lineage is judged by one metric, so a chunk that does not define it, having no positive label, gets a gap.
        """
        if table and all(one.predicted is None for one in after.values()):
            return "loss"
        name = self._situation.task.headline
        for row in table:
            for when in ("before", "after"):
                row[when].setdefault(name, np.nan)
        return name

    def admit(self, folder: Path) -> Memory | None:
        """Write the next validation memory; None if there are no validation rows at all."""
        chunk = self._situation.data.validation
        if self._plan is None or chunk is None:
            return self._validation if len(self._validation) else None
        return self._validation.admit(self._plan, chunk, self._situation.number, folder)

    def _predict(self, model: nn.Module) -> dict[int, Predictions]:
        assert self.rows is not None or not self._places
        return {
            n: self._predictions(model, Picked(self.rows, places)) for n, places in self._places.items() if self.rows
        }

    def _predictions(self, model: nn.Module, rows: Rows) -> Predictions:
        situation = self._situation
        seed = derive_seed(situation.seed, "evaluate")
        feed = Feed(rows, situation.transforms("test"), self._device, seed)
        # A model may draw at random even now. To measure it, however often, must not change what is trained after it.
        with isolated(seed), evaluating(model):
            size = situation.resolved.plan.training.evaluation_batch
            return predict(self._say(model), feed, situation.losses, situation.task, self._own, size)

    def _row(self, number: int, names: tuple[str, str | None], after: Predictions) -> dict[str, Any]:
        before = self._before[number]
        row: dict[str, Any] = {
            "number": number,
            "chunk": names[0],
            "update": names[1],
            "rows": len(self._places[number]),
            "before": before.measure(self._situation.task),
            "after": after.measure(self._situation.task),
        }
        if number == self._situation.number and self._initial is not None:
            row["initial"] = self._initial
        old, new, y = before.predicted, after.predicted, after.y
        if old is not None and new is not None and y is not None:
            row |= _flips(self._situation.task, y, old, new)
        return row

    def _records(self) -> Sequence[Mapping[str, Any]]:
        parent = self._situation.parent
        return self._situation.store.lineage(parent.id) if parent else []

    def _chunk_names(self) -> dict[int, tuple[str, str | None]]:
        names = {r["number"]: (r["chunk"]["name"], r["id"]) for r in self._records()}
        return names | {self._situation.number: (self._situation.data.train.name, None)}

    def _summary(self, table: Sequence[Mapping[str, Any]], headline: str) -> dict[str, float]:
        """The measures of the literature over the lower triangle: chunk by chunk, update by update."""
        numbers = [row["number"] for row in table]
        tables = {r["number"]: r["metrics"].get("validation", []) for r in self._records()}
        tables[self._situation.number] = table
        scores, initial = [], []
        for i, number in enumerate(numbers):
            measured = {row["number"]: row for row in tables.get(number, [])}
            if any(n not in measured for n in numbers[: i + 1]):
                return {}  # A chunk came without validation data, or its rows are gone.
            scores.append([_number(measured[n]["after"].get(headline)) for n in numbers[: i + 1]])
            if np.isnan(scores[-1]).any():
                return {}  # A chunk does not define the metric.
            initial.append(measured[number].get("initial", {}).get(headline))
        if not scores:
            return {}
        for i in range(1, len(scores)):
            # What the model before update i said of chunk i: forward transfer looks at that.
            here = next(row for row in tables[numbers[i]] if row["number"] == numbers[i])
            scores[i - 1].append(_number(here["before"].get(headline)))
        return metrics.lineage_summary(
            scores,
            None if None in initial else initial,
            metric=headline,
            higher_is_better=not lower_is_better(headline),
        )


def _flips(task: Task, y: Array, old: Array, new: Array) -> dict[str, Any]:
    """What changed row by row, and the recall of every class; nothing where no row is simply right or wrong."""
    was, now = task.correct(y, old), task.correct(y, new)
    if was is None or now is None:
        return {}
    right = np.ones(len(y))
    flips = {
        "negative_flips": metrics.negative_flip_rate(now, was, right),
        "positive_flips": metrics.positive_flip_rate(now, was, right),
    }
    if not isinstance(task, Classification):
        return flips
    recall = enumerate(metrics.recall_per_class(y, new))
    return flips | {"recall_per_class": {str(label): float(value) for label, value in recall if np.isfinite(value)}}


def _number(value: float | None) -> float:
    """What a record keeps as None, because JSON has no NaN."""
    return np.nan if value is None else value
