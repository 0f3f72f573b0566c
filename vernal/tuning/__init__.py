"""Which configurations to try, and how long each: pure decisions over the trials so far. No torch, no processes."""

from vernal.tuning.asha import ASHA
from vernal.tuning.book import Book
from vernal.tuning.bounding_box import BoundingBox
from vernal.tuning.compatible import compatible
from vernal.tuning.enqueue import Enqueue
from vernal.tuning.full import Full
from vernal.tuning.goal import Constraint, Goal, Objective
from vernal.tuning.guard import Guard
from vernal.tuning.history import Past
from vernal.tuning.hyperband import Hyperband
from vernal.tuning.importance import importance
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.named import scheduler_names, searcher_names
from vernal.tuning.optuna_pruner import OptunaPruner
from vernal.tuning.optuna_search import BO, NSGA2, TPE, OptunaSearcher
from vernal.tuning.pareto import pareto
from vernal.tuning.pasha import PASHA
from vernal.tuning.random_search import RandomSearch
from vernal.tuning.rush import RUSH
from vernal.tuning.scheduler import Scheduler, Searcher, Suggestion
from vernal.tuning.settings import COST, Tuning
from vernal.tuning.trial import Trial
from vernal.tuning.tuner import Run, Tuner
from vernal.tuning.view import View

__all__ = [
    "ASHA",
    "BO",
    "Begin",
    "Book",
    "BoundingBox",
    "COST",
    "Constraint",
    "Done",
    "Enqueue",
    "Full",
    "GoOn",
    "Goal",
    "Guard",
    "Hyperband",
    "Move",
    "NSGA2",
    "Objective",
    "OptunaPruner",
    "OptunaSearcher",
    "PASHA",
    "Past",
    "RUSH",
    "RandomSearch",
    "Run",
    "Scheduler",
    "Searcher",
    "Suggestion",
    "TPE",
    "Trial",
    "Tuner",
    "Tuning",
    "View",
    "Wait",
    "compatible",
    "importance",
    "pareto",
    "scheduler_names",
    "searcher_names",
]
