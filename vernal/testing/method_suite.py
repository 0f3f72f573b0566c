"""What every continual-learning method promises."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from vernal.base import ConfigError
from vernal.methods import FineTune, Method
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.testing import toy_config
from vernal.testing.toys import InterruptAfter, toy_update
from vernal.transaction import Result

CHUNKS = (1, 2, 3)
STATE = ("model", "method", "memory", "validation")


class MethodSuite(ABC):
    """Tests that a method passes. Inherit, and say what is tested::

        class TestMyMethod(MethodSuite):
            def method(self):
                return MyMethod(memory_size=20, memory_batch=8)

    They run whole updates on toy data, which take milliseconds each.

    Attributes:
        tasks: what the method can learn.
        unbounded: hyperparameters that may be negative.
    """

    tasks: Sequence[str] = ("classification", "regression")
    unbounded: Sequence[str] = ()

    @abstractmethod
    def method(self) -> Method:
        """A new object of the method that is tested, with hyperparameters that suit a toy."""

    # Two processes equal one

    def test_two_processes_equal_one(self, tmp_path: Path) -> None:
        for task in self.tasks:
            store, method = Store(tmp_path / task / "one"), self.method()
            together = [toy_update(store, method, chunk, task=task) for chunk in CHUNKS]
            # What another process has: nothing but the folder.
            apart = [toy_update(tmp_path / task / "several", self.method(), chunk, task=task) for chunk in CHUNKS]
            assert [_stored(result) for result in apart] == [_stored(result) for result in together]

    def test_state_survives_a_round_trip(self, tmp_path: Path) -> None:
        for result in self._lineage(tmp_path):
            state = unpack(Store(tmp_path).blobs.get(result.record["artefacts"]["method"]["blob"]))
            method = self.method()
            method.load_state_dict(state)
            assert pack(method.state_dict()) == pack(state)

    def test_another_lineage_begins_anew(self, tmp_path: Path) -> None:
        method = self.method()
        first = toy_update(tmp_path / "first", method, 1)
        toy_update(tmp_path / "first", method, 2)
        assert _stored(toy_update(tmp_path / "second", method, 1)) == _stored(first)

    def test_a_resumed_update_equals_an_uninterrupted_one(self, tmp_path: Path) -> None:
        for budget in ("2ep", "5st"):
            whole = self._second(tmp_path / budget / "whole", budget)
            last = whole.record["training"]["steps"]
            for step in (1, last // 2, last):
                store = tmp_path / budget / f"until {step}"
                toy_update(store, self.method(), 1)
                with pytest.raises(KeyboardInterrupt):
                    self._second(store, budget, InterruptAfter(step), first=False)
                resumed = self._second(store, budget, first=False)
                assert resumed.record["training"] == whole.record["training"] | {"resumed": True}
                assert _stored(resumed) == _stored(whole)

    # Streams of any kind

    def test_it_learns(self, tmp_path: Path) -> None:
        for task in self.tasks:
            row = toy_update(tmp_path / task, self.method(), 1, task=task, budget="20ep").validation[0]
            assert row["after"]["loss"] < row["before"]["loss"]

    def test_the_number_of_updates_is_not_known(self, tmp_path: Path) -> None:
        results = self._lineage(tmp_path)
        assert [result.record["number"] for result in results] == [*CHUNKS]
        assert [len(result.validation) for result in results] == [*CHUNKS]

    def test_it_forgets_no_more_than_fine_tuning(self, tmp_path: Path) -> None:
        ours = self._lineage(tmp_path / "ours", budget="15ep")[-1]
        worst = [toy_update(tmp_path / "worst", FineTune(), chunk, budget="15ep") for chunk in CHUNKS][-1]
        assert ours.summary["forgetting"] <= worst.summary["forgetting"]
        assert ours.summary["average_accuracy"] >= worst.summary["average_accuracy"]

    def test_a_chunk_smaller_than_a_batch_is_learned(self, tmp_path: Path) -> None:
        for rows in (5, 1):
            for result in self._lineage(tmp_path / str(rows), rows=rows, batch_size=64, budget="2ep"):
                training = result.record["training"]
                assert training["steps"] == 2
                assert training["samples"] >= 2 * rows

    def test_a_memory_smaller_than_a_draw_is_used(self, tmp_path: Path) -> None:
        method = self.method()
        if not {"memory_size", "memory_batch"} <= _hyperparameters(method).keys():
            return
        for result in self._lineage(tmp_path, dataclasses.replace(method, memory_size=5, memory_batch=8))[1:]:  # type: ignore[type-var]
            assert result.record["memory"]["rows"] == 5
            draws, rest = divmod(result.record["training"]["replayed"], 5)
            assert draws >= result.record["training"]["steps"]
            assert rest == 0

    def test_a_memory_keeps_to_its_size_when_that_changes(self, tmp_path: Path) -> None:
        method = self.method()
        if "memory_size" not in _hyperparameters(method):
            return
        for chunk, size, rows in ((1, 20, 20), (2, 8, 8), (3, 30, 30)):
            result = toy_update(tmp_path, dataclasses.replace(method, memory_size=size), chunk)  # type: ignore[type-var]
            assert result.record["memory"]["rows"] == rows

    # Manners

    def test_what_the_caller_gave_is_left_alone(self, tmp_path: Path) -> None:
        method = self.method()
        fields, state = copy.deepcopy(vars(method)), pack(method.state_dict())
        for chunk in CHUNKS:
            toy_update(tmp_path, method, chunk)
        assert pack(method.state_dict()) == state
        assert {name: vars(method)[name] for name in _hyperparameters(method)} == {
            name: fields[name] for name in _hyperparameters(method)
        }

    def test_the_champion_is_left_alone(self) -> None:
        champion = toy_config.model_fn()
        before = pack(champion.state_dict())
        method = self.method()
        with torch.random.fork_rng():
            started = method.start(champion, toy_config.model_fn)
        method.predictor(started)
        assert pack(champion.state_dict()) == before
        assert all(module.training for module in champion.modules())
        assert [*started.state_dict()] == [*champion.state_dict()]

    def test_losses_and_weights_are_finite(self, tmp_path: Path) -> None:
        for task in self.tasks:
            for result in self._lineage(tmp_path / task, task=task):
                assert all(map(_is_finite, result.record["training"]["losses"]))
                weights = unpack(Store(tmp_path / task).blobs.get(result.record["artefacts"]["model"]["blob"]))
                assert all(bool(torch.isfinite(weight).all()) for weight in weights.values())

    def test_hyperparameters_are_checked(self) -> None:
        method = self.method()
        for name, kind in _hyperparameters(method).items():
            if {int, float} & {kind, *typing.get_args(kind)} and name not in self.unbounded:
                with pytest.raises(ConfigError, match=f"`{name}` must be"):
                    dataclasses.replace(method, **{name: -1})  # type: ignore[type-var]

    def test_hyperparameters_are_fields_that_a_record_can_hold(self, tmp_path: Path) -> None:
        method = self.method()
        options = toy_update(tmp_path, method, 1).record["plan"]["method"]["options"]
        assert options == {name: getattr(method, name) for name in _hyperparameters(method)}

    def test_it_is_documented(self) -> None:
        kind = type(self.method())
        text = inspect.getdoc(kind) or ""
        assert kind.__doc__ is not None
        assert ".. math::" in text or "Examples:" in text, "what it minimises"
        for name in _hyperparameters(kind):
            assert f"\n    {name}: " in text, f"what `{name}` means"
        for name, member in vars(kind).items():
            if inspect.isfunction(member) and not name.startswith("_"):
                assert inspect.getdoc(member), f"what `{name}` does"

    # Small things

    def _lineage(self, store: Path, method: Method | None = None, **options: Any) -> list[Result]:
        return [toy_update(store, method or self.method(), chunk, **options) for chunk in CHUNKS]

    def _second(
        self, store: Path, budget: str, reporter: InterruptAfter | None = None, *, first: bool = True
    ) -> Result:
        if first:
            toy_update(store, self.method(), 1)
        return toy_update(store, self.method(), 2, reporter, budget=budget, checkpoint_minutes=0)


def _stored(result: Result) -> dict[str, str]:
    """The content of everything that an update stored, by hash."""
    artefacts = result.record["artefacts"]
    return {name: artefacts[name]["blob"] for name in STATE if name in artefacts}


def _hyperparameters(method: Method | type[Method]) -> Mapping[str, Any]:
    kind = method if isinstance(method, type) else type(method)
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]


def _is_finite(number: float) -> bool:
    return bool(torch.isfinite(torch.tensor(number)))
