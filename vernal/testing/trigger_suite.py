"""What every trigger promises."""

from __future__ import annotations

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import pytest

from vernal.base import Decision, canonical_json
from vernal.triggers import Facts, Settled, State, Trigger, read_trigger

BEGIN, STEP = datetime(2026, 3, 23, tzinfo=UTC), timedelta(hours=6)
OUTCOMES = {"update", "wait", "keep"}

T = TypeVar("T")


class TriggerSuite(ABC):
    """Tests that a trigger passes. Inherit, and say what is tested::

        class TestMyTrigger(TriggerSuite):
            def trigger(self):
                return MyTrigger()

    Attributes:
        every_cut: whether the number of fires does not depend on how the stream is cut into looks.
    """

    every_cut = False

    @abstractmethod
    def trigger(self) -> Trigger:
        """The trigger that is tested."""

    def stream(self) -> Sequence[Facts]:
        """Ten days in forty looks. In the middle, the data, the metrics and the code change for the worse."""
        rng, known, stream = np.random.default_rng(0), 1000, []
        for look in range(40):
            rows, late = int(rng.integers(0, 80)), look >= 20
            until = BEGIN + look * STEP
            times = until.timestamp() - STEP.total_seconds() * np.linspace(1, 0, rows, endpoint=False)
            stream.append(
                Facts(
                    now=until,
                    rows=rows,
                    known=known,
                    values={
                        name: np.stack([times, rng.random(rows) < (0.5 if late else 0.9)], axis=1)
                        for name in sorted(self.trigger().needs)
                    },
                    samples={
                        name: (rng.normal(size=(150, 3)), rng.normal(float(late), size=(150, 3)))
                        for name in sorted(self.trigger().needs)
                    },
                    digests={"config": "a", "code": "c" if late else "b", "schema": "d"},
                    cost=None if look < 10 else 2.0,
                )
            )
            known += rows
        return stream

    def test_its_settings_are_values_that_stay(self) -> None:
        trigger = self.trigger()
        assert trigger == self.trigger()
        for setting in fields(trigger):  # type: ignore[arg-type]
            with pytest.raises(FrozenInstanceError):
                setattr(trigger, setting.name, None)

    def test_its_state_is_plain(self) -> None:
        for state, _ in self._run(self.stream()):
            assert _stored(state) == state

    def test_a_restart_between_any_two_looks_changes_nothing(self) -> None:
        trigger, stream = self.trigger(), self.stream()
        state, restarted = trigger.start(), _stored(trigger.start())
        for facts in stream:
            state, decision = trigger.look(state, facts)
            again = self.trigger().look(restarted, facts)
            assert again == (state, decision)
            restarted = _stored(again[0])

    def test_the_same_facts_give_the_same_decision(self) -> None:
        assert [*self._run(self.stream())] == [*self._run(self.stream())]

    def test_it_leaves_what_it_is_shown_alone(self) -> None:
        trigger, state = self.trigger(), self.trigger().start()
        for facts in self.stream():
            state_before, facts_before = copy.deepcopy(state), copy.deepcopy(facts)
            after, _ = trigger.look(state, facts)
            assert state == state_before
            assert _same(facts, facts_before)
            trigger.settle(after, Settled(facts.now, promoted=True))
            state = after

    def test_it_looks_at_nothing_but_what_it_needs(self) -> None:
        needed = self.trigger().needs
        seen: set[str] = set()
        for _ in self._run([_watched(facts, seen) for facts in self.stream()]):
            pass
        assert seen <= needed, f"It looked at {sorted(seen - needed)}, and `needs` is {sorted(needed)}."

    def test_its_decisions_can_be_stored_and_read(self) -> None:
        for _, decision in self._run(self.stream()):
            assert decision.outcome in OUTCOMES
            assert (decision.fires > 0) == (decision.outcome == "update")
            assert decision.why.strip()
            assert _stored(decision.to_json())["evidence"] == decision.evidence
            assert decision.evidence

    def test_a_look_at_which_nothing_is_known_is_no_trouble(self) -> None:
        for state, _ in self._run([Facts(facts.now) for facts in self.stream()]):
            assert _stored(state) == state

    def test_it_goes_on_after_an_update_was_settled(self) -> None:
        for promoted in (True, False):
            trigger, state = self.trigger(), self.trigger().start()
            for facts in self.stream():
                state, decision = trigger.look(state, facts)
                if decision.yes:
                    state = trigger.settle(state, Settled(facts.now + STEP / 2, promoted, cost=2.0))
                assert _stored(state) == state

    def test_it_says_whether_a_fire_holds(self) -> None:
        trigger = self.trigger()
        assert {trigger.holds(state) for state, _ in self._run(self.stream())} <= {True, False}

    def test_it_fires_as_often_however_the_stream_is_cut(self) -> None:
        if not self.every_cut:
            return
        stream = self.stream()
        # All cuts begin with the same look: schedules do.
        expected = self._fires(stream)
        assert expected > 0, "It never fires in this stream: override `stream`."
        for seed in range(10):
            cuts = np.random.default_rng(seed).random(len(stream)) < 0.4
            assert self._fires(_merged(stream, cuts)) == expected

    def test_it_can_be_written_and_read(self) -> None:
        if type(self.trigger()).__module__.startswith("vernal.triggers."):  # A user's own has no name in text.
            assert read_trigger(str(self.trigger())) == self.trigger()

    def _run(self, stream: Sequence[Facts]) -> Iterator[tuple[State, Decision]]:
        trigger = self.trigger()
        state = trigger.start()
        for facts in stream:
            state, decision = trigger.look(state, facts)
            yield state, decision

    def _fires(self, stream: Sequence[Facts]) -> int:
        return sum(decision.fires for _, decision in self._run(stream))


class _Watched(Mapping[str, T]):
    """Notes which names are asked for."""

    def __init__(self, values: Mapping[str, T], seen: set[str]) -> None:
        self._values, self._seen = values, seen

    def __getitem__(self, name: str) -> T:
        self._seen.add(name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _watched(facts: Facts, seen: set[str]) -> Facts:
    """Facts with more than is asked for, which note what is looked at."""
    values = {"unneeded": np.array([[facts.now.timestamp(), 0.0]]), **facts.values}
    samples = {"unneeded": (np.zeros((1, 1)), np.ones((1, 1))), **facts.samples}
    return replace(facts, values=_Watched(values, seen), samples=_Watched(samples, seen))


def _stored(value: Any) -> Any:
    """A value as it comes back from where it was stored."""
    return json.loads(canonical_json(value))


def _merged(stream: Sequence[Facts], cuts: Any) -> Sequence[Facts]:
    """The same stream in fewer looks."""
    merged = [stream[0]]
    open_look: Facts | None = None
    for facts, cut in zip(stream[1:], [*cuts[1:-1], True], strict=True):
        open_look = facts if open_look is None else _together(open_look, facts)
        if cut:
            merged.append(open_look)
            open_look = None
    return merged


def _together(earlier: Facts, later: Facts) -> Facts:
    values = {name: np.concatenate([earlier.values[name], later.values[name]]) for name in later.values}
    return replace(later, rows=earlier.rows + later.rows, known=earlier.known, values=values)


def _same(one: Any, other: Any) -> bool:
    """Whether facts are equal, arrays included."""
    if isinstance(one, Facts):
        return all(_same(value, getattr(other, name)) for name, value in vars(one).items())
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, tuple):
        return all(_same(*pair) for pair in zip(one, other, strict=True))
    return bool(np.array_equal(one, other))
