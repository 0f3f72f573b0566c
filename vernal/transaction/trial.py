"""The worker's side of a search: trains one trial after the other, as it is told."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from vernal.base import (
    Clock,
    ConfigError,
    DataError,
    MissingExtra,
    StateError,
    SystemClock,
    VernalError,
    derive_seed,
    did_you_mean,
)
from vernal.launch import Channel, Message
from vernal.training import Feed, Silent, evaluating, isolated, listened_to, make_fabric, speaking
from vernal.transaction.evaluation import Say
from vernal.transaction.learn import Watch, try_out
from vernal.transaction.situation import Situation
from vernal.transaction.work import Work
from vernal.tuning import COST

LATENCY, SIZE, SECONDS, FORGETTING = "latency_ms", "size_bytes", "seconds", "forgetting"
OF_TRIALS = (LATENCY, SIZE, SECONDS, COST, FORGETTING)  # measured beside the metrics; the lower, the better
KINDS = (StateError, ConfigError, DataError, MissingExtra)  # of errors that may not be the fault of a trial
_PASSES = 20


class Paused(Exception):  # noqa: N818 - nothing is wrong
    """A trial stops at a level, from which it can go on."""


@dataclass(frozen=True)
class Trials:
    """What a worker does.

    Args:
        work: what leads to the situation.
        levels: how many levels a whole training has.
        wanted: the names of all numbers that the goal is about.
        threads: how many threads one trial computes with.
        price: of an hour of one worker; None if nobody says.
    """

    work: Work
    levels: int
    wanted: tuple[str, ...]
    threads: int
    price: float | None = None

    def __call__(self, channel: Channel, index: int) -> None:
        """Do what comes, until nothing does."""
        _take_device(index)
        torch.set_num_threads(self.threads)
        situation: Situation | None = None
        while True:
            message = channel.receive()
            if "trial" not in message:  # An answer to the worker in whose place this one was started.
                continue
            try:
                situation = situation or self.work.situation()
                measured, seconds = self._run(situation, channel, message)
                measured |= self._spent(seconds)
                answer: dict[str, Any] = {"kind": "complete", "measures": measured, "seconds": seconds}
            except Paused:
                answer = {"kind": "paused"}
            except Exception as error:  # Whatever it is, it is the trial's; the tuner decides what that means.
                traceback.print_exc()  # into the log of this process
                is_before = situation is None  # Then it is none of the trial's doing.
                answer = {"kind": "failed", "error": _said(error), "about": _kind(error), "before": is_before}
            channel.send(answer | {"trial": message["trial"]})
            torch.cuda.empty_cache()  # Others may be waiting for it; nothing happens where there is none.

    def _run(self, situation: Situation, channel: Channel, message: Message) -> tuple[dict[str, float], float]:
        chosen = situation_at(situation, message["config"])
        fabric = listened_to(make_fabric(chosen.resolved.plan.training), chosen.call("callbacks_fn"), None)
        watch = Watch(
            levels=self.levels,
            told=lambda curve, seconds: _tell_levels(
                channel, message["trial"], [{**measures, **self._spent(seconds)} for measures in curve], seconds
            ),
            compares=FORGETTING in self.wanted,
            more=lambda model: self._more(chosen, model, partial(speaking, fabric)),
            known=self._check_known if message["trial"] == 0 else None,
        )
        return try_out(fabric, chosen, Path(message["folder"]), Silent(), SystemClock(), watch)

    def _more(self, situation: Situation, model: nn.Module, say: Say) -> Mapping[str, float]:
        size = sum(value.nbytes for value in model.state_dict().values() if isinstance(value, torch.Tensor))
        slow = {LATENCY: latency_ms(situation, model, say)} if LATENCY in self.wanted else {}
        return {SIZE: float(size)} | slow

    def _spent(self, seconds: float) -> dict[str, float]:
        """What a training has cost so far."""
        return {SECONDS: seconds} | ({} if self.price is None else {COST: self.price * seconds / 3600})

    def _check_known(self, names: Collection[str]) -> None:
        """Demand that all that the goal is about is measured.

        Raises:
            ConfigError: it is not.
        """
        known = [*names, LATENCY, SECONDS, COST, FORGETTING]
        for name in self.wanted:
            if name not in known:
                raise ConfigError(f"Tuning is to look at {name!r}, which is not measured. {did_you_mean(name, known)}")


def _tell_levels(channel: Channel, trial: int, curve: Sequence[Mapping[str, float]], seconds: float) -> None:
    """Tell what was measured, and hear whether to go on.

    Raises:
        Paused: it is not to go on.
    """
    if not curve:
        return
    channel.send({"kind": "levels", "trial": trial, "curve": [*curve], "seconds": seconds})
    if channel.receive()["stop"]:
        raise Paused


def situation_at(situation: Situation, config: Mapping[str, Any]) -> Situation:
    """What an update finds, with the values of a configuration; it is still the update that was asked for.

    Raises:
        ConfigError: a value is not allowed where it goes.
    """
    return replace(situation, resolved=situation.resolved.at(dict(config)), asked=situation.resolved)


def latency_ms(situation: Situation, model: nn.Module, say: Say = lambda model: model) -> float:
    """The median time that the model takes for one row, in milliseconds.

    Args:
        situation: has the row.
        model: what is timed.
        say: makes it compute in the chosen precision.
    """
    device = next((value.device for value in model.state_dict().values()), torch.device("cpu"))
    feed = Feed(situation.data.train.rows, situation.transforms("test"), device, situation.seed)
    x = feed.batch(torch.zeros(1, dtype=torch.long), "latency")["x"]
    with isolated(derive_seed(situation.seed, "latency")), evaluating(model), torch.no_grad():
        times = [_timed(say(model), x, device, SystemClock()) for _ in range(_PASSES)]
    return 1000 * median(times[_PASSES // 4 :])  # The first ones are slower.


def _timed(model: Callable[[Any], Any], x: Any, device: torch.device, clock: Clock) -> float:
    began = clock.seconds()
    model(x)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock.seconds() - began


def _take_device(index: int) -> None:
    """Let workers take turns on the accelerators of this machine; before any of them is touched."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    every = visible.split(",") if visible else [str(i) for i in range(torch.cuda.device_count())]
    names = [name for name in every if name.strip() not in ("", "-1")]
    if len(names) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = names[index % len(names)]


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, VernalError) else f"{type(error).__name__}: {error}"


def _kind(error: Exception) -> str:
    """The name of the kind of an error, of those that the tuner asks for; else its own."""
    return next((kind.__name__ for kind in KINDS if isinstance(error, kind)), type(error).__name__)
