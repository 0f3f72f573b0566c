"""When to update: triggers look at facts and decide. Pure: no clock, no files, no training."""

from vernal.triggers.trigger import Facts, Settled, State, Trigger

__all__ = ["Facts", "Settled", "State", "Trigger"]
