"""Tasks by name."""

from __future__ import annotations

from vernal.base import Catalogue
from vernal.tasks.task import Task

_TASKS = Catalogue(__package__, Task, "task", lambda kind: kind.name)  # type: ignore[type-abstract]


def task_names() -> list[str]:
    """The names of all tasks that vernal has.

    Examples:
        >>> "classification" in task_names()
        True
    """
    return _TASKS.names()


def task_class(name: str) -> type[Task]:
    """Look a task up by its name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> task_class("regression").__name__
        'Regression'
    """
    return _TASKS.find(name)
