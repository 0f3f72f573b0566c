"""The update: from a plan and new data to a committed record; loading and erasing what it stored."""

from vernal.transaction.asking import answers
from vernal.transaction.erasure import Erasure, erase, holds, trained_on
from vernal.transaction.load import load_model
from vernal.transaction.rehearsal import Rehearsal, rehearse
from vernal.transaction.result import Result
from vernal.transaction.search import Searched
from vernal.transaction.transaction import tune, update

__all__ = [
    "Erasure",
    "Rehearsal",
    "Result",
    "Searched",
    "answers",
    "erase",
    "holds",
    "load_model",
    "rehearse",
    "trained_on",
    "tune",
    "update",
]
