"""Tasks by name."""

from __future__ import annotations

import importlib

from vernal.base import ConfigError, did_you_mean
from vernal.tasks.task import Task


def task_names() -> list[str]:
    """The names of all tasks that vernal has.

    Examples:
        >>> "classification" in task_names()
        True
    """
    return sorted(_classes())


def task_class(name: str) -> type[Task]:
    """Look a task up by its name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> task_class("regression").__name__
        'Regression'
    """
    classes = _classes()
    if name not in classes:
        raise ConfigError(f"No task is called {name!r}. {did_you_mean(name, classes)}")
    return classes[name]


def _classes() -> dict[str, type[Task]]:
    door = vars(importlib.import_module(__package__))
    kinds = [kind for kind in door.values() if isinstance(kind, type) and issubclass(kind, Task)]
    return {kind.name: kind for kind in kinds if kind is not Task}
