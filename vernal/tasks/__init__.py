"""What kind of question the targets ask: its loss, its predictions, its metrics, and how far two answers lie apart."""

from vernal.tasks.catalogue import task_class, task_names
from vernal.tasks.classification import Classification
from vernal.tasks.inference import make_task, task_of
from vernal.tasks.matching import mean_squared_error, squared_error
from vernal.tasks.other import Other
from vernal.tasks.regression import Regression
from vernal.tasks.task import Task

__all__ = [
    "Classification",
    "Other",
    "Regression",
    "Task",
    "make_task",
    "mean_squared_error",
    "squared_error",
    "task_class",
    "task_names",
    "task_of",
]
