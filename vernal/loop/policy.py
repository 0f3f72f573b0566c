"""What a loop does with new data: where it comes from, when an update is worth it, how it learns, what must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from vernal.base import ConfigError, period
from vernal.gate import Gate
from vernal.sources import Source
from vernal.triggers import Trigger

STATEFUL, SCRATCH = "stateful", "scratch"
LABELS, PREDICTIONS = "labels", "predictions"  # the names under which it is kept how far these were read


def of_metric(name: str) -> str:
    """The name under which it is kept how far the measurements of a metric were read."""
    return f"metric {name}"


@dataclass(frozen=True)
class Labels:
    """Labels that come later than the rows that they belong to, and are joined with them by id.

    Args:
        source: brings tables with an id, a label and a time.
        id: the column of ids, in the labels and in the rows.
        label: the column of labels; the rows get it under this name.
        time: the column in the labels' tables that says when a label became known.
        maturity: how old a row must be before it counts, with whatever label is known by then: ``"1d"``. Before that
            no label is looked at, for those that come early are not like the others: clicks come at once, and what is
            no click shows only with time.
        default: the label of rows for which none has come by then; None to leave such rows out.
    """

    source: Source
    id: str
    label: str
    time: str
    maturity: str
    default: Any = None

    def __post_init__(self) -> None:
        period(self.maturity)


@dataclass(frozen=True)
class Predictions:
    """What the service has answered; joined with late labels, it tells how good the model is where it counts.

    Triggers then see these as ``"correct"`` or ``"loss"``, in the place of the champion's answers to new rows.

    Args:
        source: brings tables with an id, an answer and a time. The first answer to an id counts.
        id: the column of ids, those of the labels.
        prediction: the column of answers: a label, or a number.
        time: the column that says when it was answered.
    """

    source: Source
    id: str
    prediction: str
    time: str


@dataclass(frozen=True)
class Policy:
    """What a loop does with new data.

    Args:
        sources: where rows come from; by name, if two are of one kind. How far one was read is kept under its name.
        trigger: says when an update is worth it.
        gate: says whether the new model takes the champion's place; None to let every new model take it.
        learn: ``"stateful"``: the champion learns the new rows, with its memory and state; ``"scratch"``: a fresh model
            learns all rows so far.
        calibrate: says when a fresh model is trained on all rows beside, as one more challenger: a yardstick for what
            many small updates have come to. None for never.
        history: for training from scratch: only rows that are not older than this, ``"90d"``; None for all.
        labels: where labels come from, if they are not columns of the rows.
        predictions: where the answers of the service come from, if triggers are to look at these; needs labels.
        metrics: sources of measurements by name, tables with the columns ``time`` and ``value``: what triggers may
            look at beside rows, a click-through rate for instance.
        price_per_hour: what an hour of training costs; without it costs are seconds.
        attempts: how often an update is tried whose training fails, before its rows are set aside.

    Raises:
        ConfigError: no source, or an option has no such value.
    """

    sources: Sequence[Source] | Mapping[str, Source]
    trigger: Trigger
    gate: Gate | None = field(default_factory=lambda: Gate(first="promote"))
    learn: str = STATEFUL
    calibrate: Trigger | None = None
    history: str | None = None
    labels: Labels | None = None
    predictions: Predictions | None = None
    metrics: Mapping[str, Source] = field(default_factory=dict)
    price_per_hour: float | None = None
    attempts: int = 3

    def __post_init__(self) -> None:
        if not self.sources:
            raise ConfigError("A policy needs one source at least: where do new rows come from?")
        self._check_kinds()
        if len(self.streams) < len(self.sources):
            raise ConfigError(
                'Two sources of a policy are of one kind. Name them: `sources={"web": Files(...), "app": Files(...)}`.'
            )
        if taken := self.streams.keys() & {LABELS, PREDICTIONS, *map(of_metric, self.metrics)}:
            raise ConfigError(f"No source of rows can be called {min(taken)!r} beside labels or metrics. Rename it.")
        if self.learn not in (STATEFUL, SCRATCH):
            raise ConfigError(f"`learn` of a policy must be {STATEFUL!r} or {SCRATCH!r}, got {self.learn!r}.")
        if self.predictions is not None and self.labels is None:
            raise ConfigError(
                "`predictions` of a policy are judged by late labels. Say where these come from: `labels`."
            )
        if self.history is not None:
            period(self.history)
        if self.attempts < 1:
            raise ConfigError(f"`attempts` of a policy must be 1 or more, got {self.attempts}.")

    def _check_kinds(self) -> None:
        """A text in the place of a part is noticed here, and not when the first model waits for its judgment."""
        if isinstance(self.sources, str | Source):
            raise ConfigError(f"`sources` of a policy must be a list or a dictionary of sources, got {self.sources!r}.")
        for source in self.streams.values():
            _check_kind("sources", source, Source, "read_source('files:in/*.csv')")
        for source in self.metrics.values():
            _check_kind("metrics", source, Source, "read_source('files:ctr/*.csv')")
        for name in ("trigger", "calibrate"):
            _check_kind(name, getattr(self, name), Trigger, "read_trigger('rows(1000)')", name == "calibrate")
        _check_kind("gate", self.gate, Gate, "read_gate('not_worse(margin=0.01)')", optional=True)

    def cost_of(self, seconds: float) -> float:
        """What a training of so many seconds costs."""
        if self.price_per_hour is None:
            return seconds
        return self.price_per_hour * seconds / timedelta(hours=1).total_seconds()

    @property
    def streams(self) -> dict[str, Source]:
        """The sources of rows, by name."""
        if isinstance(self.sources, Mapping):
            return dict(self.sources)
        return {getattr(source, "name", str(source)): source for source in self.sources}


def _check_kind(part: str, value: object, kind: type, example: str, optional: bool = False) -> None:
    """A part of a policy is an object, not its text.

    Raises:
        ConfigError: it is something else.
    """
    if isinstance(value, kind) or (optional and value is None):
        return
    allowed = f"a {kind.__name__}{' or None' if optional else ''}"
    hint = f" What is written as text is read first: {example}." if isinstance(value, str) else ""
    raise ConfigError(f"`{part}` of a policy must be {allowed}, got {value!r}.{hint}")
