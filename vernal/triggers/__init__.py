"""When to update: triggers look at facts and decide. Pure: no clock, no files, no training."""

from vernal.triggers.always import Always
from vernal.triggers.at_least import AllOf, AnyOf, AtLeast
from vernal.triggers.budget import Budget
from vernal.triggers.cara import CaraCumulative, CaraPeriodic, CaraThreshold, fit_cara
from vernal.triggers.changed import Changed
from vernal.triggers.cooldown import Cooldown
from vernal.triggers.cron import Cron
from vernal.triggers.detector import Detector
from vernal.triggers.drift import Drift
from vernal.triggers.every import Every
from vernal.triggers.forecast import Forecast
from vernal.triggers.growth import Growth
from vernal.triggers.manual import Manual
from vernal.triggers.metric import Metric
from vernal.triggers.negated import Not
from vernal.triggers.regret import AccumulatedRegret
from vernal.triggers.rows import Rows
from vernal.triggers.spelling import read_trigger, trigger_names
from vernal.triggers.trigger import Facts, Settled, State, Trigger

__all__ = [
    "AccumulatedRegret",
    "AllOf",
    "Always",
    "AnyOf",
    "AtLeast",
    "Budget",
    "CaraCumulative",
    "CaraPeriodic",
    "CaraThreshold",
    "Changed",
    "Cooldown",
    "Cron",
    "Detector",
    "Drift",
    "Every",
    "Facts",
    "Forecast",
    "Growth",
    "Manual",
    "Metric",
    "Not",
    "Rows",
    "Settled",
    "State",
    "Trigger",
    "fit_cara",
    "read_trigger",
    "trigger_names",
]
