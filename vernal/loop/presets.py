"""The four stages of continual learning, as policies: each is one word away from the one before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vernal.base import ConfigError, did_you_mean
from vernal.gate import Gate
from vernal.loop.policy import SCRATCH, STATEFUL, Policy
from vernal.sources import Source
from vernal.triggers import read_trigger

Sources = Sequence[Source] | Mapping[str, Source]
Preset = Callable[[Sources], Policy]

FIRST = Gate(first="promote")


def manual(sources: Sources) -> Policy:
    """You say when: nothing is updated but by `vernal run-once --now`; the champion learns what is new."""
    return Policy(sources, read_trigger("manual()"), FIRST, STATEFUL)


def scheduled(sources: Sources) -> Policy:
    """Every Monday at two in the morning, UTC, from scratch on all rows, and judged before it goes into production."""
    return Policy(sources, read_trigger("cron('0 2 * * 1')"), FIRST, SCRATCH)


def stateful(sources: Sources) -> Policy:
    """Every night at two, UTC, the champion learns what is new, from its own weights and memory; judged."""
    return Policy(sources, read_trigger("cron('0 2 * * *')"), FIRST, STATEFUL)


def continual(sources: Sources) -> Policy:
    """When it is worth it: worse answers, drift, or twice as many rows; monthly from scratch beside, as a yardstick."""
    # What this is worth on real streams, and why drift is looked at in blocks: docs/backtest.md.
    worth_it = "metric('correct < champion - 0.02', hysteresis=0.01) | drift(monitor=monitor(block=50)) | growth(1.0)"
    trigger = f"budget(cooldown({worth_it}, '1h'), updates=4, per='1d')"
    calibrate = read_trigger("cron('0 3 1 * *')")
    return Policy(sources, read_trigger(trigger), FIRST, STATEFUL, calibrate)


PRESETS: Mapping[str, Preset] = {one.__name__: one for one in (manual, scheduled, stateful, continual)}


def preset(name: str, sources: Sources) -> Policy:
    """A preset by its name.

    Raises:
        ConfigError: there is no such.
    """
    if name not in PRESETS:
        raise ConfigError(f"No preset is called {name!r}. {did_you_mean(name, PRESETS)}")
    return PRESETS[name](sources)
