"""Which configurations to try, and how long each: pure decisions over the trials so far. No torch, no processes."""

from vernal.tuning.asha import ASHA
from vernal.tuning.book import Book
from vernal.tuning.full import Full
from vernal.tuning.goal import Constraint, Goal, Objective
from vernal.tuning.history import Past
from vernal.tuning.moves import Begin, Done, GoOn, Move, Wait
from vernal.tuning.random_search import RandomSearch
from vernal.tuning.scheduler import Scheduler, Searcher, Suggestion
from vernal.tuning.settings import Tuning
from vernal.tuning.trial import Trial
from vernal.tuning.tuner import Run, Tuner
from vernal.tuning.view import View

__all__ = [
    "ASHA",
    "Begin",
    "Book",
    "Constraint",
    "Done",
    "Full",
    "Goal",
    "GoOn",
    "Move",
    "Objective",
    "Past",
    "RandomSearch",
    "Run",
    "Scheduler",
    "Searcher",
    "Suggestion",
    "Trial",
    "Tuner",
    "Tuning",
    "View",
    "Wait",
]
