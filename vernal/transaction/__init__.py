"""The update: from a plan and new data to a committed record; loading, examining and erasing what it stored."""

from vernal.transaction.asking import answers
from vernal.transaction.erasure import Erasure, erase, holds, trained_on, waiting
from vernal.transaction.examination import Examination, examine
from vernal.transaction.load import load_model
from vernal.transaction.new_data import read_data
from vernal.transaction.observation import Observation, observe
from vernal.transaction.probe import probe
from vernal.transaction.rehearsal import Rehearsal, rehearse
from vernal.transaction.result import Result
from vernal.transaction.search import Searched
from vernal.transaction.transaction import tune, update

__all__ = [
    "Erasure",
    "Examination",
    "Observation",
    "Rehearsal",
    "Result",
    "Searched",
    "answers",
    "erase",
    "examine",
    "holds",
    "load_model",
    "observe",
    "probe",
    "read_data",
    "rehearse",
    "trained_on",
    "tune",
    "update",
    "waiting",
]
