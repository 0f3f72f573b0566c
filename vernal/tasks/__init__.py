"""What kind of question the targets ask: its loss, its predictions, its metrics, and how far two answers lie apart."""

from vernal.tasks.catalogue import task_class, task_names
from vernal.tasks.classification import Classification
from vernal.tasks.heteroscedastic import Heteroscedastic
from vernal.tasks.inference import make_task, task_of
from vernal.tasks.masking import complement, masked, present_classes
from vernal.tasks.matching import mean_squared_error, squared_error
from vernal.tasks.multilabel import MultiLabel
from vernal.tasks.other import Other
from vernal.tasks.outputs import scores_of
from vernal.tasks.ranking import Ranking
from vernal.tasks.regression import Regression
from vernal.tasks.segmentation import Segmentation
from vernal.tasks.sequence_labelling import SequenceLabelling
from vernal.tasks.task import Task

__all__ = [
    "Classification",
    "Heteroscedastic",
    "MultiLabel",
    "Other",
    "Ranking",
    "Regression",
    "Segmentation",
    "SequenceLabelling",
    "Task",
    "complement",
    "make_task",
    "masked",
    "mean_squared_error",
    "present_classes",
    "scores_of",
    "squared_error",
    "task_class",
    "task_names",
    "task_of",
]
