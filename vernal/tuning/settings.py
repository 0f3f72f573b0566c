"""How to tune, as the user says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, check_range, check_whole
from vernal.tuning.goal import Constraint
from vernal.tuning.named import is_optuna, search_of
from vernal.tuning.scheduler import Scheduler, Searcher

DEFAULT_TRIALS = 20
COST = "cost"  # of one training, in the money of `price_per_hour`
_LIMITS = ("max_trials", "max_completed", "max_finished", "max_minutes", "max_epochs", "max_cost")


@dataclass(frozen=True)
class Tuning:
    """How to choose values from ranges: by which search, for which metric, until when.

    A search needs a stop. If no `max_...` is set, it begins at most 20 trials.

    Args:
        scheduler: the search: ``asha``, ``pasha``, ``hyperband`` or ``rush`` stop bad trials early; ``random``,
            ``tpe``, ``bo`` and ``nsga2`` train each to its end; ``enqueue`` and ``bounding_box`` are ``asha`` that
            learns from earlier updates. With options as in ``"asha:eta=4"``. Or an object with such a door, or an
            Optuna pruner. None for the default, ``asha``: what earlier updates have learned is used if there is any.
        searcher: which configuration comes next: ``random``, ``tpe``, ``bo``, ``nsga2``, or an object with such a
            door, or an Optuna sampler; None for what the scheduler's name implies.
        transfer: how earlier updates help: ``none``, ``enqueue`` (their best configurations come first) or
            ``bounding_box`` (only the part of the space where they lie); None for what the scheduler's name implies.
        metric: what is to improve, measured on the validation rows of all chunks so far: ``"loss"`` or a metric,
            ``"new.accuracy"`` on those of the new chunk only, ``"old.accuracy"`` on those of the earlier ones; None for
            the metric that stands for the task.
        also: further numbers to improve, for a Pareto set; the first of the set by `metric` becomes the model.
        constraints: bounds on what is measured, as in ``"forgetting<=0.02"``, ``"latency_ms<=5"``,
            ``"size_bytes<=4e6"``, ``"cost<=2"`` (of its training) or ``"recall>=0.9"``. A model that breaks one is not
            made the champion.
        max_trials: how many trials may begin.
        max_completed: how many may reach the end of their budget.
        max_finished: how many may reach their end, stop before it, or fail.
        max_minutes: after how many minutes no trial is begun or gone on with, except the best one to its end.
        max_epochs: how many epochs all trials together may train.
        max_cost: how much money the search may cost; needs `price_per_hour`.
        price_per_hour: of one worker.
        workers: how many trials train at the same time.
    """

    scheduler: Any = None
    searcher: Any = None
    transfer: Any = None
    metric: str | None = None
    also: tuple[str, ...] = ()
    constraints: tuple[Constraint | str, ...] = ()
    max_trials: int | None = None
    max_completed: int | None = None
    max_finished: int | None = None
    max_minutes: float | None = None
    max_epochs: int | None = None
    max_cost: float | None = None
    price_per_hour: float | None = None
    workers: int = 1

    def __post_init__(self) -> None:
        for name in ("max_trials", "max_completed", "max_finished", "max_epochs"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), 1)
        for name in ("max_minutes", "max_cost", "price_per_hour"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name), 0)
                if getattr(self, name) == 0:
                    raise ConfigError(f"`{name}` must be above 0, got 0. Leave it out for no limit.")
        check_whole("workers", self.workers, 1)
        if self.max_cost is not None and not self.price_per_hour:
            raise ConfigError("`max_cost` needs `price_per_hour`: what one hour of one worker costs.")
        for name in ("also", "constraints"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str | Constraint) else tuple(value))
        object.__setattr__(self, "constraints", tuple(map(Constraint.parse, self.constraints)))
        wanted = {self.metric, *self.also, *(one.name for one in map(Constraint.parse, self.constraints))}
        if COST in wanted and not self.price_per_hour:
            raise ConfigError("`cost` needs `price_per_hour`: what one hour of one worker costs.")
        named = [*self.also] if self.metric is None else [self.metric, *self.also]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ConfigError(f"`also` names {twice[0]!r}, which is to improve already. Name each number once.")
        self.search(has_past=False)  # What cannot be made is refused now, and not after hours.

    def search(self, has_past: bool) -> tuple[Searcher, Scheduler]:
        """What decides which configuration comes next, and how long each is trained.

        Args:
            has_past: whether earlier updates have been tuned.
        """
        return search_of(self.scheduler, self.searcher, self.transfer, self.also, has_past)

    @property
    def trials(self) -> int | None:
        """How many trials may begin: what was said, or the default if nothing else ends the search."""
        if any(getattr(self, name) is not None for name in _LIMITS):
            return self.max_trials
        return DEFAULT_TRIALS

    @property
    def limits(self) -> Mapping[str, float | None]:
        """What ends the search, by name: its limits, and the price that decides what money buys."""
        return {name: getattr(self, name) for name in (*_LIMITS, "price_per_hour")}

    def to_json(self) -> Mapping[str, Any]:
        """What determines the outcome, as plain values."""
        values = {name: value for name, value in vars(self).items() if name != "workers"}
        values["also"], values["constraints"] = [*self.also], [str(one) for one in self.constraints]
        return values | {name: _said(values[name]) for name in ("scheduler", "searcher", "transfer")}


def _said(part: Any) -> str | None:
    """What tells a part of the search from others: its text, or that of an object, without its address."""
    return part if part is None or isinstance(part, str) else _spelled(part)


def _spelled(value: Any) -> str:
    """A plain value as it is, and an object with everything plain in it, and in what it consists of."""
    if isinstance(value, bool | int | float | str | None):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_spelled, value))})"
    parts = {name: one for name, one in vars(value).items() if _tells(one)} if hasattr(value, "__dict__") else {}
    kind = type(value)
    return f"{kind.__module__}.{kind.__qualname__}({', '.join(f'{k}={_spelled(v)}' for k, v in sorted(parts.items()))})"


def _tells(part: Any) -> bool:
    """Whether a part of an object says what the object is, rather than what it has done: a generator does not."""
    is_part = dataclasses.is_dataclass(part) or isinstance(part, Searcher | Scheduler) or is_optuna(part)
    return is_part or isinstance(part, bool | int | float | str | list | tuple | None)
