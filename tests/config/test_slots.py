"""Slots: which values of a plan may be ranges, what they are now, and the plan at other values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vernal.base import ConfigError, canonical_json
from vernal.config import ConfigFile, Plan, load_config, resolve
from vernal.config.slots import OF_TRAINING, Slots, Values
from vernal.methods import ER, SI, Compatible, DERpp, Distil, Method, Term, method_name
from vernal.space import choice, lograndint, loguniform, randint, uniform
from vernal.training import Training

CONFIG = """
def model_fn(width: int, dropout: float = 0.1): ...
def data_module_fn(): ...
def optimizer_fn(parameters, lr: float = 0.01): ...
"""


@dataclass(frozen=True)
class Frozen(Method):
    """A method of a user's that cannot be changed; `table` has no spelling on a command line."""

    alpha: int = 2
    table: dict[str, int] = field(default_factory=dict)


@dataclass
class Demanding(Method):
    """A method of a user's with an option that must be given."""

    strength: float


@pytest.fixture
def config(tmp_path: Path) -> ConfigFile:
    path = tmp_path / "config.py"
    path.write_text(CONFIG, encoding="utf-8")
    return load_config(path)


def slots_of(config: ConfigFile, *methods: Method, terms: Sequence[Term] = (), **training: Any) -> Slots:
    values = Values(methods[0], tuple(terms), Training(**training), {"width": 8, "dropout": 0.1, "lr": 0.01})
    return config.slots(values, {method_name(method): method for method in methods})


# Which there are


def test_arguments_training_and_options_have_a_place(config: ConfigFile) -> None:
    slots = slots_of(config, SI(), terms=[Distil()])
    own = {"strength", "damping"}
    expected = {"width", "dropout", "lr", *OF_TRAINING, "distil.weight", "distil.temperature"}
    assert {*slots} == expected | own | {f"si.{name}" for name in own}
    assert len(slots) == len([*slots])


def test_a_slot_says_what_it_is_of_and_what_it_holds(config: ConfigFile) -> None:
    slots = slots_of(config, ER(alpha=2.0), terms=[Distil(weight=0.5)], batch_size=16)
    found = {name: slots[name] for name in ("width", "batch_size", "alpha", "er.alpha", "distil.weight")}
    assert {name: (one.part, one.owners, one.value) for name, one in found.items()} == {
        "width": ("arguments", (), 8),
        "batch_size": ("training", (), 16),
        "alpha": ("method", ("er",), 2.0),
        "er.alpha": ("method", ("er",), 2.0),
        "distil.weight": ("term", ("distil",), 0.5),
    }


def test_what_trials_must_share_has_no_place(config: ConfigFile) -> None:
    assert not {"budget", "seed", "patience", "devices"} & {*slots_of(config, ER())}


def test_an_option_of_several_methods_belongs_to_all_and_holds_what_the_first_has(config: ConfigFile) -> None:
    slots = slots_of(config, ER(alpha=3.0), DERpp(alpha=0.2), SI())
    assert (slots["alpha"].owners, slots["alpha"].value) == (("er", "derpp"), 3.0)
    assert (slots["derpp.alpha"].owners, slots["derpp.alpha"].value) == (("derpp",), 0.2)
    assert slots["strength"].owners == ("si",)


def test_an_option_of_another_type_has_its_long_name_only(config: ConfigFile) -> None:
    slots = slots_of(config, ER(), Frozen())
    assert slots["alpha"].owners == ("er",)
    assert slots["Frozen.alpha"].argument.type.kind is int


def test_an_option_without_a_spelling_has_no_place(config: ConfigFile) -> None:
    assert "table" not in slots_of(config, Frozen())


def test_an_argument_with_the_name_of_an_option_is_ambiguous(config: ConfigFile, tmp_path: Path) -> None:
    assert slots_of(config, ER()).ambiguous == set()
    path = tmp_path / "other.py"
    path.write_text(CONFIG + "def loss_fn(alpha: float = 1.0, batch_size: int = 2): ...\n", encoding="utf-8")
    assert slots_of(load_config(path), ER()).ambiguous == {"alpha", "batch_size"}


# The plan at other values


def test_each_value_goes_where_it_belongs(config: ConfigFile) -> None:
    slots = slots_of(config, ER(memory_size=7), terms=[Distil(), Compatible()], budget="2ep")
    filled = slots.filled({"width": 32, "batch_size": 8, "er.alpha": 0.5, "distil.weight": 3})
    assert filled.method == ER(memory_size=7, alpha=0.5)
    assert filled.terms == (Distil(weight=3.0), Compatible())
    assert filled.training == Training(budget="2ep", batch_size=8)
    assert filled.arguments == {"width": 32, "dropout": 0.1, "lr": 0.01}


def test_a_configuration_chooses_the_method_and_keeps_the_options_that_it_was_given(config: ConfigFile) -> None:
    slots = slots_of(config, ER(), DERpp(memory_size=9))
    assert slots.filled({"method": "derpp", "alpha": 0.7, "er.alpha": 5.0}).method == DERpp(memory_size=9, alpha=0.7)
    assert slots.filled({"alpha": 0.7, "derpp.alpha": 5.0}).method == ER(alpha=0.7)


def test_what_the_caller_gave_stays_as_it_is(config: ConfigFile) -> None:
    method, term = ER(), Distil()
    slots_of(config, method, terms=[term]).filled({"alpha": 0.5, "distil.weight": 3.0, "width": 1})
    assert (method, term) == (ER(), Distil())


def test_a_frozen_method_is_made_anew(config: ConfigFile) -> None:
    method = Frozen(table={"a": 1})
    assert slots_of(config, method).filled({"alpha": 5}).method == Frozen(alpha=5, table={"a": 1})
    with pytest.raises(FrozenInstanceError):
        method.alpha = 5  # type: ignore[misc]


def test_a_method_with_a_required_option_is_filled(config: ConfigFile) -> None:
    slots = slots_of(config, Demanding(1.0))
    assert slots["strength"].argument.is_required
    assert slots.filled({"strength": 2}).method == Demanding(2.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"alpha": -1.0}, "`alpha` must be at least 0, got -1.0."),
        ({"batch_size": 0}, "`batch_size` must be at least 1, got 0."),
        ({"distil.weight": -1.0}, "`weight` must be at least 0, got -1.0."),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(config: ConfigFile, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        slots_of(config, ER(), terms=[Distil()]).filled(values)


# From a plan


def test_a_required_argument_may_have_a_range_only(config: ConfigFile) -> None:
    for given in ({"arguments": {"width": "lograndint(4, 64)"}}, {"space": {"width": lograndint(4, 64)}}):
        resolved = resolve(Plan(config, method="er", **given))
        assert resolved.arguments["width"] == 16
        assert resolved.search is not None
        assert resolved.at({"width": 64}).arguments["width"] == 64


def test_search_begins_with_the_values_of_the_plan_and_with_middles_where_they_lie_outside(config: ConfigFile) -> None:
    space = {"alpha": uniform(0, 4), "memory_batch": lograndint(1, 16), "lr": loguniform(1e-3, 1e-1)}
    resolved = resolve(Plan(config, method=ER(alpha=3.0), arguments={"width": 8}, space=space))
    assert resolved.search is not None
    assert resolved.search.default == {"alpha": 3.0, "memory_batch": 4, "lr": 0.01}
    assert resolved.method == ER(alpha=3.0, memory_batch=4)


def test_search_begins_with_the_first_method_and_its_own_options(config: ConfigFile) -> None:
    space = {"alpha": uniform(0, 4)}
    resolved = resolve(Plan(config, method=["er", DERpp(alpha=0.5)], arguments={"width": 8}, space=space))
    assert resolved.search is not None
    assert resolved.search.default == {"method": "er", "alpha": ER().alpha}


def test_a_trial_has_nothing_left_to_choose(config: ConfigFile) -> None:
    space = {"distil.weight": uniform(0, 1), "batch_size": choice(8, 16), "alpha": uniform(0, 1)}
    plan = Plan(config, method=["er", "si"], arguments={"width": 8}, terms=["distil"], space=space)
    trial = resolve(plan).at({"method": "si", "distil.weight": 0.5, "batch_size": 8})
    assert trial.search is None
    assert (trial.method, trial.terms, trial.plan.training.batch_size) == (SI(), (Distil(weight=0.5),), 8)


def test_numbers_of_numpy_are_written_down_as_pythons_own(config: ConfigFile) -> None:
    def requested(whole: Any, decimal: Any) -> bytes:
        space = {"width": randint(whole(4), whole(8)), "er.alpha": uniform(decimal(0.5), decimal(2))}
        resolved = resolve(Plan(config, method=ER(memory_batch=whole(7)), space=space))
        at = resolved.at({"width": whole(5), "er.alpha": decimal(1.5)})
        return canonical_json([resolved.to_json(), at.to_json()])

    assert requested(np.int64, np.float32) == requested(np.int32, np.float64) == requested(int, float)
