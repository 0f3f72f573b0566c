"""What methods and terms propose to tune: the plan takes it, it begins where they are, and every value of it counts."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.methods.test_contract import SMALL
from vernal.base import ConfigError, check_range
from vernal.config import Plan, options_of, resolve
from vernal.methods import Card, Method, method_class, method_names, term_class, term_names
from vernal.space import Range, Whole, uniform
from vernal.testing import MethodSuite, toy_config, toy_update
from vernal.tuning import Tuning

# They have nothing to set, or nothing but what the user pays for.
WITHOUT = {"fine_tune", "gdumb", "joint"}
PAID = {"memory_size", "selection", "sampling", "projections", "fisher_rows", "importance_rows"}
PROPOSED = [(name, option) for name in method_names() for option in method_class(name).space]
CLOSED_FORMS = [name for name in method_names() if method_class(name).card.group == "closed form"]


def counted(name: str) -> list[str]:
    """The options of a method that are proposed; how many rows are drawn counts in all methods for the same reason."""
    return [option for option in method_class(name).space if option != "memory_batch" or name == "er"]


def small(name: str, **options: Any) -> Any:
    """A method that suits a toy."""
    known = {field.name for field in dataclasses.fields(method_class(name))}
    return method_class(name)(**{k: v for k, v in (SMALL | {"memory_size": 80}).items() if k in known} | options)


def resolved(method: str, **options: Any) -> Any:
    return resolve(Plan(toy_config.__file__, method=method, arguments={"chunk": 1}, tuning=Tuning(), **options))


@pytest.mark.parametrize("name", method_names())
def test_a_plan_takes_what_a_method_proposes_and_begins_where_the_method_is(name: str) -> None:
    search = resolved(name).search
    assert {*search.space} == {*method_class(name).space} | ({"lr"} if name not in CLOSED_FORMS else set())
    defaults = {option.name: option.default for option in options_of(method_class(name), name)}
    assert {k: v for k, v in search.default.items() if k != "lr"} == {k: defaults[k] for k in method_class(name).space}


def test_all_methods_can_be_chosen_from_at_once() -> None:
    search = resolved(method_names()).search
    assert {*search.space} == {"method", "lr", *(f"{name}.{option}" for name, option in PROPOSED)}


@pytest.mark.parametrize("name", term_names())
def test_a_plan_takes_what_a_term_proposes(name: str) -> None:
    space = resolved("fine_tune", terms=[name]).search.space
    assert {*space} == {"lr", *(f"{name}.{option}" for option in term_class(name).space)}


@pytest.mark.parametrize("name", method_names())
def test_few_options_are_proposed_and_none_that_the_user_pays_for(name: str) -> None:
    space = method_class(name).space
    assert (not space) == (name in WITHOUT)
    assert len(space) <= 4
    assert not PAID & {*space}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strenght": uniform(0, 1)}, "`strenght` has a range in `space`, and is no option"),
        ({"strength": uniform(1, 2)}, r"the default of `strength`, 0.5, is not in uniform\(1, 2\)"),
        ({"strength": uniform(-1, 1)}, "`strength` must be at least 0, got -1"),
    ],
)
def test_the_suite_for_methods_tells_what_is_wrong_with_a_proposal(wrong: dict[str, Range], message: str) -> None:
    @dataclass
    class Held(Method):
        strength: float = 0.5
        card = Card(when="As an example.")
        space = wrong

        def __post_init__(self) -> None:
            check_range("strength", self.strength, 0)

    class Suite(MethodSuite):
        def method(self) -> Method:
            return Held()

    with pytest.raises((AssertionError, ConfigError), match=message):
        Suite().test_what_it_proposes_to_tune_can_be_tuned()


def test_replay_draws_from_the_same_range_everywhere() -> None:
    assert {method_class(name).space[option] for name, option in PROPOSED if option == "memory_batch"} == {
        Whole(16, 128, log=True)
    }


@pytest.mark.parametrize("name", [name for name in method_names() if counted(name)])
def test_every_option_that_is_proposed_makes_a_difference_to_the_update_itself(name: str, tmp_path: Path) -> None:
    """One that only counts in the next update would be chosen at random."""
    toy_update(tmp_path / "begun", small(name), 1, rows=100, budget="1ep")

    def losses(label: str, **options: Any) -> list[float]:
        store = Path(shutil.copytree(tmp_path / "begun", tmp_path / label))
        result = toy_update(store, small(name, **options), 2, rows=100, budget="1ep")
        return [row["after"]["loss"] for row in result.validation]

    usual = losses("usual")
    method = small(name)
    ends = {option: method.space[option].ends for option in counted(name)}
    others = {option: next(end for end in reversed(ends[option]) if end != getattr(method, option)) for option in ends}
    assert [option for option, value in others.items() if losses(option, **{option: value}) == usual] == []
