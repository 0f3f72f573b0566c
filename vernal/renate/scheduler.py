"""Which search a job means: Renate's names, and the classes of Syne Tune's that Renate took, known by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean

DEFAULT = "random"  # Renate's
# How each stops trials early, if it does, and which configuration comes next, if it says so.
NAMES: dict[str, tuple[str | None, str | None]] = {
    "asha": ("asha", None),
    "pasha": ("pasha", None),
    "rush": ("rush", None),
    "random": (None, "random"),
    "bo": (None, "bo"),
}
CLASSES: dict[str, tuple[str | None, str | None]] = {
    "FIFOScheduler": (None, "random"),
    "RandomSearch": (None, "random"),
    "BayesianOptimization": (None, "bo"),
    "BOTorch": (None, "bo"),
    "KDE": (None, "tpe"),
    "HyperbandScheduler": ("asha", None),
    "ASHA": ("asha", None),
    "PASHA": ("pasha", None),
    "RUSHScheduler": ("rush", None),
    "BOHB": ("asha", "tpe"),
    "MOBSTER": ("asha", "bo"),
}
SEARCHERS = {"random": "random", "bayesopt": "bo", "botorch": "bo", "kde": "tpe"}
TYPES = {"stopping": "asha", "promotion": "asha", "pasha": "pasha", "rush_stopping": "rush", "rush_promotion": "rush"}
NUMBERS = {"reduction_factor": "eta", "grace_period": "first"}
OF_JOB = ("config_space", "metric", "mode", "random_seed", "transfer_learning_evaluations")


@dataclass(frozen=True)
class Search:
    """A search, in the words of `vernal.tuning.Tuning`.

    Args:
        scheduler: how trials are stopped early, or a search that does not stop any.
        searcher: which configuration comes next; None for what the scheduler implies.
    """

    scheduler: Any
    searcher: str | None = None


def search_of(scheduler: Any, kwargs: Mapping[str, Any] | None, max_epochs: int) -> Search:
    """What the arguments `scheduler` and `scheduler_kwargs` of a job mean.

    Args:
        scheduler: a name of Renate's, a class of Syne Tune's, or anything that `Tuning` takes; None for random search.
        kwargs: what Renate passed on to the class.
        max_epochs: the length of a whole training.

    Raises:
        ConfigError: a class or an option that vernal does not have; everything at once.

    Examples:
        >>> search_of("asha", {"grace_period": 2, "reduction_factor": 4}, max_epochs=50)
        Search(scheduler='asha:eta=4,first=2', searcher=None)
        >>> class FIFOScheduler: ...
        >>> search_of(FIFOScheduler, {"searcher": "bayesopt"}, max_epochs=50)
        Search(scheduler='bo', searcher=None)
    """
    parts, given = _parts(scheduler), dict(kwargs or {})
    if parts is None and given:
        raise ConfigError(
            f"`scheduler_kwargs` are for {', '.join(NAMES)} and for classes. {scheduler!r} has its options in itself, "
            'as in scheduler="hyperband:eta=4,first=2". Leave them out.'
        )
    if parts is None:
        return Search(scheduler)
    early, searcher = parts
    if problems := _problems(given, early is not None, max_epochs):
        raise ConfigError(problems)
    searcher = SEARCHERS[given["searcher"]] if "searcher" in given else searcher
    if early is None:
        return Search(searcher)
    early = early if early != "asha" else TYPES[given.get("type", "promotion")]
    numbers = [f"{option}={given[name]}" for name, option in NUMBERS.items() if name in given]
    return Search(f"{early}:{','.join(numbers)}" if numbers else early, searcher)


def _parts(scheduler: Any) -> tuple[str | None, str | None] | None:
    """How a search stops trials, and what it tries next; None for what vernal is to read itself."""
    if isinstance(scheduler, type):
        name = scheduler.__name__
        if name not in CLASSES:
            raise ConfigError(f"No scheduler is called {name!r}. {did_you_mean(name, CLASSES)}")
        return CLASSES[name]
    return NAMES.get(scheduler or DEFAULT) if isinstance(scheduler, str | None) else None


def _problems(given: Mapping[str, Any], stops: bool, max_epochs: int) -> list[Problem]:
    """What is wrong with the options of a search."""
    same = {
        "max_t": max_epochs,
        "resource_attr": "epoch",
        "max_resource_attr": "max_epochs",
        "brackets": 1,
        "num_hyperparameters_per_task": 1,
    }
    words = {"searcher": SEARCHERS, "type": TYPES}
    allowed = ("searcher", "type", *NUMBERS, *same) if stops else ("searcher",)
    problems = []
    for name, value in given.items():
        where = f"scheduler_kwargs[{name!r}]"
        if name in OF_JOB:
            problems.append(Problem(where, "comes from the job itself.", "Leave it out."))
        elif name not in allowed:
            problems.append(Problem(where, "is not there.", did_you_mean(name, allowed)))
        elif name in words and value not in words[name]:
            problems.append(Problem(where, f"is {value!r}.", did_you_mean(str(value), words[name])))
        elif name in same and value != same[name]:
            problems.append(Problem(where, f"is {value!r}, and can only be {same[name]!r}.", "Leave it out."))
    return problems
