"""The suite finds what is wrong with a method: each of these breaks one promise."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from tests.methods.outsiders import Anchored
from vernal.methods import ER, Method
from vernal.store import Store
from vernal.testing import MethodSuite
from vernal.testing.method_suite import Lineage

SEEN: list[int] = []


@dataclass
class Leaking(Anchored):
    """Keeps in the process what belongs in its state."""

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass

    def loss(self, step):
        SEEN.append(step.n_new)
        return super().loss(step) * len(SEEN)


@dataclass
class HalfForgetful(Anchored):
    """Forgets what it collected since the update began, so only a resumed update shows it."""

    def load_state_dict(self, state):
        empty = {name: torch.zeros_like(value) for name, value in state["squares"].items()}
        super().load_state_dict({**state, "squares": empty})


@dataclass
class Counting(Anchored):
    """Changes its own state when it is read."""

    def state_dict(self):
        self._updates += 1
        return super().state_dict()


@dataclass
class Careless(Method):
    """Takes any hyperparameter, and documents none."""

    strength: float = 1.0

    def loss(self, step):
        return step.criterion(step.logits, step.y)


@dataclass
class Vandal(Careless):
    """Changes the champion where it should only look."""

    def start(self, champion, fresh):
        torch.nn.init.zeros_(champion[0].weight)
        return champion


@dataclass
class Diverging(Careless):
    """Runs away."""

    def loss(self, step):
        return -step.criterion(step.logits, step.y)


def suite(made: Any):
    class Suite(MethodSuite):
        def method(self):
            return made()

    return Suite()


def lineages(tested, folder):
    return {"classification": Lineage.of(tested.method(), Store(folder), "classification")}


def test_state_that_gets_lost_is_found(tmp_path):
    tested = suite(Leaking)
    with pytest.raises(AssertionError):
        tested.test_two_processes_equal_one(lineages(tested, tmp_path / "one"), tmp_path / "two")


def test_state_that_changes_when_it_is_read_is_found(tmp_path):
    tested = suite(Counting)
    with pytest.raises(AssertionError):
        tested.test_state_survives_a_round_trip(lineages(tested, tmp_path))


def test_state_that_gets_lost_in_the_middle_is_found(tmp_path):
    with pytest.raises(AssertionError):
        suite(HalfForgetful).test_a_resumed_update_equals_an_uninterrupted_one(tmp_path)


def test_hyperparameters_without_a_check_are_found():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        suite(Careless).test_hyperparameters_are_checked()
    suite(lambda: ER(memory_size=20)).test_hyperparameters_are_checked()


def test_missing_documentation_is_found():
    with pytest.raises(AssertionError, match="what it minimises"):
        suite(Careless).test_it_is_documented()


def test_a_champion_that_was_changed_is_found():
    with pytest.raises(AssertionError):
        suite(Vandal).test_the_champion_is_left_alone()


def test_a_method_that_does_not_learn_is_found(tmp_path):
    tested = suite(Diverging)
    with pytest.raises(AssertionError):
        tested.test_it_learns(lineages(tested, tmp_path))
