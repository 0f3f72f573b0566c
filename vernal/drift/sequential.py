"""What a sequential detector is: it sees values one after the other, and says when their mean has changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from vernal.base import Catalogue, ConfigError, DataError, Decision, StateError

Direction = Literal["up", "down", "both"]
Array = np.ndarray[Any, Any]

DIRECTIONS = ("up", "down", "both")


@dataclass(frozen=True)
class Finding:
    """What a detector can say of the values since its last alarm; None where nothing is known yet.

    Args:
        statistic: what is compared with the threshold.
        threshold: what the statistic must exceed.
        before: estimate of the mean before the change.
        after: estimate of the mean since then.
        direction: where the mean went, ``"up"`` or ``"down"``; None without an alarm.
    """

    statistic: float | None
    threshold: float | None
    before: float | None
    after: float | None
    direction: str | None = None


@dataclass(eq=False)
class SequentialDetector(ABC):
    """Watches the mean of a stream.

    A dataclass of settings. What it remembers of the stream are plain values (`state`), from which a detector with the
    same settings goes on exactly (`restored`). How the stream is cut into calls changes nothing.

    After an alarm it has forgotten everything: the next value is the first of a new stream. A change in the direction
    that is not asked for raises no alarm; it is forgotten in the same way.

    Args:
        direction: which change is an alarm: ``"up"``, for errors and losses, where more is worse; ``"down"``, for
            metrics where more is better; ``"both"``.
    """

    direction: Direction = "up"

    name: ClassVar[str]

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ConfigError(f"`direction` must be 'up', 'down' or 'both', got {self.direction!r}.")
        self._n = 0
        self._forget()

    def update(self, x: float) -> Decision:
        """Look at one value.

        Returns:
            ``"drift"``, with `fires` 1, or ``"none"``.

        Raises:
            DataError: it is not finite, or outside of what the detector can watch.
        """
        return self.update_many([x])

    def update_many(self, values: Sequence[float] | Array) -> Decision:
        """Look at many values, each exactly once, as if they came one by one.

        Args:
            values: ``(n,)`` in the order of their times.

        Returns:
            ``"drift"`` or ``"none"``; `fires` counts the alarms. The evidence is of the last alarm, or of where things
            stand without one: ``statistic``, ``threshold``, ``before`` and ``after`` (the mean), ``direction``, ``n``
            (the values that it rests on, those since the alarm before), and ``alarms``, the places of all alarms in
            `values`.

        Raises:
            DataError: a value is not finite, or outside of what the detector can watch. Nothing was looked at.
        """
        changes = [*self._changes(self._checked(values).tolist())]
        told = [change for change in changes if self.direction in (change[2].direction, "both")]
        alarms = [at for at, _, _ in told]
        _, n, finding = told[-1] if told else (None, self._n, self._finding(self._n))
        evidence = {"detector": self.name} | vars(finding) | {"n": n, "alarms": alarms}
        return Decision("drift" if alarms else "none", self._why(finding, n), evidence, len(alarms))

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain values that JSON holds exactly."""
        return {"detector": self.name, "settings": self._settings(), "n": self._n, "memory": self._memory()}

    def restored(self, state: Mapping[str, Any]) -> Self:
        """A detector with these settings that goes on where the one that gave the state stopped.

        Raises:
            StateError: the state is of another detector, of other settings, or of a version of a library that
                remembers other things.
        """
        found, mine = (state["detector"], state["settings"]), (self.name, self._settings())
        if found != mine:
            raise StateError(
                f"The state is of {_spelled(*found)}, this is {_spelled(*mine)}. "
                "Begin anew without the state, or go back to those settings."
            )
        twin = replace(self)
        twin._n = state["n"]  # noqa: SLF001 (another of the same class)
        twin._recall(state["memory"])  # noqa: SLF001
        return twin

    def _changes(self, values: list[float]) -> Iterator[tuple[int, int, Finding]]:
        """Look at all values. Of each change: its place, the number of values that it rests on, and what was found."""
        stream, start = enumerate(values), 0
        while (at := self._run(stream)) is not None:
            n = self._n + at + 1 - start
            yield at, n, self._finding(n)
            self._n, start = 0, at + 1
            self._forget()
        self._n += len(values) - start

    @abstractmethod
    def _run(self, stream: Iterator[tuple[int, float]]) -> int | None:
        """Look at numbered values up to the first change, and give its number; None if all were seen without one."""

    @abstractmethod
    def _finding(self, n: int) -> Finding:
        """What is known after the n values since the last change."""

    @abstractmethod
    def _forget(self) -> None:
        """Begin anew."""

    @abstractmethod
    def _memory(self) -> dict[str, Any]:
        """What is remembered, as plain values."""

    @abstractmethod
    def _recall(self, memory: Mapping[str, Any]) -> None:
        """Remember that again."""

    def _checked(self, values: Sequence[float] | Array) -> Array:
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 1:
            raise DataError(f"A detector watches one number at a time, an array (n,); got the shape {array.shape}.")
        if not np.isfinite(array).all():
            place = int(np.argmin(np.isfinite(array)))
            raise DataError(f"Value {place} is {array[place]}. A detector watches finite values; leave out the others.")
        return array

    def _settings(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _why(self, finding: Finding, n: int) -> str:
        if finding.direction:
            way = f"went {finding.direction} from {finding.before:.4g} to {finding.after:.4g}"
            return f"{self.name}: the mean {way}, seen after {n:,} values"
        mean = "" if finding.after is None else f", the mean is {finding.after:.4g}"
        return f"{self.name}: no change in {n:,} values{mean}"


def check_unit_interval(values: Array, name: str) -> Array:
    """Demand values between 0 and 1, as errors of a classifier are.

    Raises:
        DataError: there are others.
    """
    if len(values) and not (values.min() >= 0 and values.max() <= 1):
        raise DataError(
            f"`{name}` watches errors: 0, 1 or between; got values from {values.min():.4g} to {values.max():.4g}. "
            "Use `page_hinkley` or `cusum` for values of any scale."
        )
    return values


def _spelled(name: str, settings: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


DETECTORS = Catalogue("vernal.drift", SequentialDetector, "detector", lambda kind: kind.name)  # type: ignore[type-abstract]
