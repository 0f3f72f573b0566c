"""Continual-learning methods: one file for each, which reads like its paper."""

from vernal.methods.catalogue import method_class, method_name, method_names
from vernal.methods.der import DER
from vernal.methods.derpp import DERpp
from vernal.methods.er import ER
from vernal.methods.fine_tune import FineTune
from vernal.methods.gdumb import GDumb
from vernal.methods.joint import Joint
from vernal.methods.method import Batch, Criterion, Method, Passes, Replay, Setting, Step
from vernal.methods.offline_er import OfflineER

__all__ = [
    "Batch",
    "Criterion",
    "DER",
    "DERpp",
    "ER",
    "FineTune",
    "GDumb",
    "Joint",
    "Method",
    "OfflineER",
    "Passes",
    "Replay",
    "Setting",
    "Step",
    "method_class",
    "method_name",
    "method_names",
]
