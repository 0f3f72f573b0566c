"""Renate's updaters: their shorthands and hyperparameters, and the methods that they stand for."""

from vernal.renate.updaters.catalogue import LATER, UPDATERS, shorthand, updater_class
from vernal.renate.updaters.der import RenateDER
from vernal.renate.updaters.er import RenateER
from vernal.renate.updaters.settings import DER, ER, FineTuning, GDumb, Joint, OfflineER, Replaying, Updater

__all__ = [
    "DER",
    "ER",
    "FineTuning",
    "GDumb",
    "Joint",
    "LATER",
    "OfflineER",
    "RenateDER",
    "RenateER",
    "Replaying",
    "UPDATERS",
    "Updater",
    "shorthand",
    "updater_class",
]
