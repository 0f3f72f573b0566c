"""Renate's updaters: their shorthands and hyperparameters, and the methods that they stand for."""

from vernal.renate.updaters.avalanche import AvalancheER, AvalancheEWC, AvalancheICaRL, AvalancheLwF
from vernal.renate.updaters.catalogue import LATER, UPDATERS, shorthand, updater_class
from vernal.renate.updaters.cls_er import RenateCLSER
from vernal.renate.updaters.der import RenateDER
from vernal.renate.updaters.distilling import CLSER, PODER, RepeatedDistillation, SuperExperienceReplay
from vernal.renate.updaters.er import RenateER
from vernal.renate.updaters.pod_er import RenatePODER
from vernal.renate.updaters.settings import DER, ER, FineTuning, GDumb, Joint, OfflineER, Replaying, Updater, Weighing

__all__ = [
    "AvalancheER",
    "AvalancheEWC",
    "AvalancheICaRL",
    "AvalancheLwF",
    "CLSER",
    "DER",
    "ER",
    "FineTuning",
    "GDumb",
    "Joint",
    "LATER",
    "OfflineER",
    "PODER",
    "RenateCLSER",
    "RenateDER",
    "RenateER",
    "RenatePODER",
    "RepeatedDistillation",
    "Replaying",
    "SuperExperienceReplay",
    "UPDATERS",
    "Updater",
    "Weighing",
    "shorthand",
    "updater_class",
]
