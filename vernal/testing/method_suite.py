"""What every continual-learning method promises."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import shutil
import tempfile
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import torch

from vernal.base import ConfigError, Duration, canonical_json
from vernal.config import options_of
from vernal.methods import FineTune, Method, method_name
from vernal.metrics import is_higher_better
from vernal.state import pack, unpack
from vernal.store import Store
from vernal.testing import toy_config
from vernal.testing.passes import passes_of
from vernal.testing.toys import InterruptAfter, toy_update
from vernal.transaction import Result

CHUNKS = (1, 2, 3)
STATE = ("model", "method", "memory", "validation")


@dataclass(frozen=True)
class Lineage:
    """Some updates, and what made them.

    Args:
        store: where they lie.
        method: the object that was used for all.
        results: what came out of each.
    """

    store: Store
    method: Method
    results: Sequence[Result]

    @classmethod
    def of(cls, method: Method, store: Store, task: str, growing: bool = False) -> Self:
        """Three updates in one process."""
        results = [toy_update(store, method, chunk, task=task, growing=growing) for chunk in CHUNKS]
        return cls(store, method, results)

    def artefacts(self, name: str) -> list[Any]:
        """One stored state of every update."""
        return [unpack(self.store.blobs.get(result.record["artefacts"][name]["blob"])) for result in self.results]


class MethodSuite(ABC):
    """Tests that a method passes. Inherit, and say what is tested::

        class TestMyMethod(MethodSuite):
            def method(self):
                return MyMethod(memory_size=20, memory_batch=8)

    They run whole updates on toy data, which take milliseconds each.

    Attributes:
        unbounded: hyperparameters that may be negative.
    """

    unbounded: Sequence[str] = ()

    @abstractmethod
    def method(self) -> Method:
        """A new object of the method that is tested, with hyperparameters that suit a toy."""

    @pytest.fixture(scope="class")
    @classmethod
    def lineages(cls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lineage]:
        """Three updates of each task in one process, with one object of the method and of the store."""
        tasks = _served(cls().method())
        return {
            task: Lineage.of(cls().method(), Store(tmp_path_factory.mktemp(task), ledger="files"), task)
            for task in tasks
        }

    @pytest.fixture(scope="class")
    @classmethod
    def grown(cls, tmp_path_factory: pytest.TempPathFactory) -> Lineage | None:
        """Three updates of a model whose head grows; None for a method that serves no classification."""
        method = cls().method()
        if not type(method).card.serves("classification"):
            return None
        return Lineage.of(
            method, Store(tmp_path_factory.mktemp("grown"), ledger="files"), "classification", growing=True
        )

    # Two processes equal one

    def test_two_processes_equal_one(self, lineages: dict[str, Lineage], tmp_path: Path) -> None:
        for task, one in lineages.items():
            # What another process has: nothing but the folder.
            apart = [toy_update(tmp_path / task, self.method(), chunk, task=task) for chunk in CHUNKS]
            assert [_stored(result) for result in apart] == [_stored(result) for result in one.results]

    def test_a_head_grows_in_two_processes_as_in_one(self, grown: Lineage | None, tmp_path: Path) -> None:
        if grown is not None:
            apart = [toy_update(tmp_path, self.method(), chunk, growing=True) for chunk in CHUNKS]
            assert [_stored(result) for result in apart] == [_stored(result) for result in grown.results]

    def test_a_head_grows_with_its_classes(self, grown: Lineage | None) -> None:
        if grown is not None:
            assert [len(state["2.weight"]) for state in grown.artefacts("model")] == [2, 4, 6]
            assert all(math.isfinite(row["after"]["loss"]) for row in grown.results[-1].validation)

    def test_state_survives_a_round_trip(self, lineages: dict[str, Lineage]) -> None:
        for one in lineages.values():
            for state in one.artefacts("method"):
                method = self.method()
                method.load_state_dict(state)
                assert pack(method.state_dict()) == pack(state)

    def test_another_lineage_begins_anew(self, lineages: dict[str, Lineage], tmp_path: Path) -> None:
        for task, one in lineages.items():
            assert _stored(toy_update(tmp_path / task, one.method, 1, task=task)) == _stored(one.results[0])

    def test_a_resumed_update_equals_an_uninterrupted_one(self, tmp_path: Path) -> None:
        parent = tmp_path / "parent"
        toy_update(parent, self.method(), 1, task=self._task)
        for budget, shares in (("2ep", (0.5, 1)), ("5st", (1,))):
            whole = self._second(_copy(parent, tmp_path / budget), budget)
            if not whole.record["training"]["steps"]:
                return  # A closed form: there is nothing to go on with.
            for share in shares:
                step = int(share * whole.record["training"]["steps"])
                store = _copy(parent, tmp_path / f"{budget} {step}")
                with pytest.raises(KeyboardInterrupt):
                    self._second(store, budget, InterruptAfter(step))
                resumed = self._second(store, budget)
                assert resumed.record["training"] == whole.record["training"] | {"resumed": True}
                assert _stored(resumed) == _stored(whole)

    # Streams of any kind

    def test_it_learns(self, lineages: dict[str, Lineage]) -> None:
        for one in lineages.values():
            row, headline = one.results[0].validation[0], one.results[0].record["metrics"]["headline"]
            worse, better = ("before", "after") if is_higher_better(headline) else ("after", "before")
            # A closed form need not lower the loss, nor a short training the headline.
            assert row["after"]["loss"] < row["before"]["loss"] or row[better][headline] > row[worse][headline]

    def test_losses_and_weights_are_finite(self, lineages: dict[str, Lineage]) -> None:
        for one in lineages.values():
            assert all(math.isfinite(loss) for result in one.results for loss in result.record["training"]["losses"])
            weights = [weight for state in one.artefacts("model") for weight in state.values()]
            assert all(bool(torch.isfinite(weight).all()) for weight in weights)

    def test_the_number_of_updates_is_not_known(self, lineages: dict[str, Lineage]) -> None:
        for one in lineages.values():
            assert [result.record["number"] for result in one.results] == [*CHUNKS]
            assert [len(result.validation) for result in one.results] == [*CHUNKS]

    def test_it_forgets_no_more_than_fine_tuning(self, tmp_path: Path) -> None:
        if not type(self.method()).card.serves("classification"):
            return
        ours = [toy_update(tmp_path, self.method(), chunk, budget="15ep") for chunk in CHUNKS][-1].summary
        worst = _fine_tuned()
        assert ours["forgetting"] <= worst["forgetting"]
        assert ours["average_accuracy"] >= worst["average_accuracy"]

    def test_a_chunk_smaller_than_a_batch_is_learned(self, tmp_path: Path) -> None:
        for chunk, rows in ((1, 1), (2, 5), (3, 1)):
            result = toy_update(tmp_path, self.method(), chunk, rows=rows, batch_size=64, budget="2ep", task=self._task)
            stages = self.method().stages(chunk == 1)
            steps = sum(Duration(2, "ep").part(stage.share).amount for stage in stages if stage.share)
            assert result.record["training"]["steps"] == steps
            assert result.record["training"]["samples"] >= steps * rows

    def test_a_memory_smaller_than_a_draw_is_used(self, tmp_path: Path) -> None:
        method = self.method()
        if not {"memory_size", "memory_batch"} <= _hyperparameters(method).keys():
            return
        small = dataclasses.replace(method, memory_size=5, memory_batch=8)  # type: ignore[type-var]
        for result in [toy_update(tmp_path, small, chunk, task=self._task) for chunk in CHUNKS][1:]:
            assert result.record["memory"]["rows"] == 5
            draws, rest = divmod(result.record["training"]["replayed"], 5)
            assert draws >= result.record["training"]["steps"] * method.stages(first=False)[-1].share
            assert rest == 0

    def test_a_memory_keeps_to_its_size_when_that_changes(self, tmp_path: Path) -> None:
        method = self.method()
        if "memory_size" not in _hyperparameters(method):
            return
        for chunk, size, rows in ((1, 20, 20), (2, 8, 8), (3, 30, 30)):
            sized = dataclasses.replace(method, memory_size=size)  # type: ignore[type-var]
            result = toy_update(tmp_path, sized, chunk, task=self._task)
            assert result.record["memory"]["rows"] == rows

    # Manners

    def test_what_the_caller_gave_is_left_alone(self, lineages: dict[str, Lineage]) -> None:
        fresh = self.method()
        for one in lineages.values():
            assert pack(one.method.state_dict()) == pack(fresh.state_dict())
            assert _options(one.method) == _options(fresh)

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

    def test_hyperparameters_are_checked(self) -> None:
        method = self.method()
        for name, kind in _hyperparameters(method).items():
            if {int, float} & {kind, *typing.get_args(kind)} and name not in self.unbounded:
                with pytest.raises(ConfigError, match=f"`{name}` must be"):
                    dataclasses.replace(method, **{name: -1})  # type: ignore[type-var]

    def test_what_it_proposes_to_tune_can_be_tuned(self) -> None:
        method = self.method()
        options = {option.name: option for option in options_of(type(method), method_name(method))}
        for name, one in type(method).space.items():
            assert name in options, f"`{name}` has a range in `space`, and is no option"
            default = options[name].default
            assert options[name].is_required or default in one, f"the default of `{name}`, {default}, is not in {one}"
            for value in one.ends:
                dataclasses.replace(method, **{name: value})  # type: ignore[type-var]

    def test_a_record_holds_the_hyperparameters(self, lineages: dict[str, Lineage]) -> None:
        for one in lineages.values():
            recorded = one.results[-1].record["plan"]["method"]["options"]
            assert canonical_json(recorded) == canonical_json(_options(self.method()))

    def test_what_it_does_not_serve_is_refused(self, tmp_path: Path) -> None:
        for task in set(toy_config.OUTPUTS) - set(_served(self.method())):
            with pytest.raises(ConfigError, match="serves .*Choose one that serves it"):
                toy_update(tmp_path / task, self.method(), 1, task=task)

    def test_its_card_tells_what_it_costs(self, tmp_path: Path) -> None:
        card = type(self.method()).card
        assert passes_of(self.method(), self._task, tmp_path) == (card.forward, card.backward)
        assert card.when
        assert card.group

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

    @property
    def _task(self) -> str:
        return _served(self.method())[0]

    def _second(self, store: Path, budget: str, reporter: InterruptAfter | None = None) -> Result:
        options = {"budget": budget, "checkpoint_minutes": 0, "task": self._task}
        return toy_update(store, self.method(), 2, reporter, **options)


def _stored(result: Result) -> dict[str, str]:
    """The content of everything that an update stored, by hash."""
    artefacts = result.record["artefacts"]
    return {name: artefacts[name]["blob"] for name in STATE if name in artefacts}


def _served(method: Method) -> list[str]:
    """The toy tasks that a method serves."""
    return [task for task in toy_config.OUTPUTS if type(method).card.serves(task)]


def _hyperparameters(method: Method | type[Method]) -> Mapping[str, Any]:
    kind = method if isinstance(method, type) else type(method)
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}  # type: ignore[arg-type]


def _options(method: Method) -> dict[str, Any]:
    return {name: getattr(method, name) for name in _hyperparameters(method)}


def _copy(store: Path, to: Path) -> Path:
    return Path(shutil.copytree(store, to))


@functools.cache
def _fine_tuned() -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as store:
        return [toy_update(store, FineTune(), chunk, budget="15ep") for chunk in CHUNKS][-1].summary
