"""Continual-learning methods: one file for each, which reads like its paper."""

from vernal.methods.agem import AGEM
from vernal.methods.budgeted import BudgetedReplay
from vernal.methods.card import Card
from vernal.methods.catalogue import method_class, method_name, method_names, term_class, term_name, term_names
from vernal.methods.cls_er import CLSER
from vernal.methods.compatible import Compatible
from vernal.methods.der import DER
from vernal.methods.derpp import DERpp
from vernal.methods.distil import Distil
from vernal.methods.er import ER
from vernal.methods.er_ace import ERACE
from vernal.methods.ewc import EWC
from vernal.methods.fecam import FeCAM
from vernal.methods.fine_tune import FineTune
from vernal.methods.gdumb import GDumb
from vernal.methods.icarl import ICaRL
from vernal.methods.joint import Joint
from vernal.methods.lwf import LwF
from vernal.methods.mas import MAS
from vernal.methods.method import Method
from vernal.methods.ncm import NCM
from vernal.methods.offline_er import OfflineER
from vernal.methods.pod_er import PODER
from vernal.methods.ranpac import RanPAC
from vernal.methods.rd import RD
from vernal.methods.si import SI
from vernal.methods.slda import SLDA
from vernal.methods.step import Batch, Criterion, Network, Passes, Pool, Replay, Setting, Stage, Step
from vernal.methods.super_er import SuperER
from vernal.methods.term import Term

__all__ = [
    "AGEM",
    "Batch",
    "BudgetedReplay",
    "CLSER",
    "Card",
    "Compatible",
    "Criterion",
    "DER",
    "DERpp",
    "Distil",
    "ER",
    "ERACE",
    "EWC",
    "FeCAM",
    "FineTune",
    "GDumb",
    "ICaRL",
    "Joint",
    "LwF",
    "MAS",
    "Method",
    "NCM",
    "Network",
    "OfflineER",
    "PODER",
    "Passes",
    "Pool",
    "RD",
    "RanPAC",
    "Replay",
    "SI",
    "SLDA",
    "Setting",
    "Stage",
    "Step",
    "SuperER",
    "Term",
    "method_class",
    "method_name",
    "method_names",
    "term_class",
    "term_name",
    "term_names",
]
