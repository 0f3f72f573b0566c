"""Plans: what is wrong is told when they are made, and everything at once when they are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from vernal.base import ConfigError, canonical_json
from vernal.config import Plan, make_method, options_of, resolve
from vernal.methods import ER, Compatible, DERpp, Distil, Method
from vernal.space import Range, uniform
from vernal.training import Training

CONFIG = "def model_fn(width: int = 8, sizes: tuple = (1, 2)): ...\ndef data_module_fn(day: int): ...\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.py"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"config": 3}, "`config` of a plan must be the path of a Python file, got 3."),
        ({"method": 3}, "`method` of a plan must be a method, the name of one, or several to choose from, got 3."),
        ({"method": ER}, "`method` of a plan must be a method, the name of one, or several to choose from, got <class"),
        ({"arguments": ["lr=1"]}, r"`arguments` of a plan must be values by name, got \['lr=1'\]."),
        ({"training": "3ep"}, r"`training` of a plan must be `Training\(...\)`, got '3ep'."),
        ({"terms": "distil"}, "`terms` of a plan must be a list of terms, or of names of such, got 'distil'."),
        ({"terms": [ER()]}, r"`terms` of a plan must be a list of terms, or of names of such, got \[ER\("),
        ({"validation_memory": 0}, "`validation_memory` must be at least 1, got 0."),
        ({"seed": -1}, "`seed` must be at least 0, got -1."),
        ({"seed": True}, "`seed` must be at least 0, got True."),
        ({"seed": np.float64(1)}, r"`seed` must be a whole number, got np.float64\(1.0\)."),
        ({"seed": 1.5}, "`seed` must be a whole number, got 1.5."),
    ],
)
def test_a_field_of_the_wrong_type_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Plan(**({"config": "config.py"} | wrong))


def test_numbers_of_numpy_are_numbers(config: Path) -> None:
    def requested(whole: Any, decimal: Any) -> bytes:
        plan = Plan(
            config,
            ER(memory_size=whole(7), alpha=decimal(0.5)),
            {"day": whole(3), "width": whole(2)},
            Training(batch_size=whole(16)),
            validation_memory=whole(5),
            seed=whole(4),
        )
        return canonical_json(resolve(plan).to_json())

    assert requested(np.int32, np.float32) == requested(np.int64, np.float64) == requested(int, float)


def test_methods_and_training_get_pythons_own_numbers(config: Path) -> None:
    own = ER(memory_size=np.int64(7))
    resolved = resolve(Plan(config, own, {"day": 1}, Training(batch_size=np.int64(16))))
    assert isinstance(resolved.method, ER)
    assert type(resolved.method.memory_size) is type(resolved.plan.training.batch_size) is int
    assert type(own.memory_size) is np.int64  # The caller's object stays as it is.


def test_everything_that_is_wrong_is_told_at_once(config: Path) -> None:
    plan = Plan(config, method="derp", arguments={"widht": 1, "width": "x"}, terms=["distill"])
    with pytest.raises(ConfigError) as raised:
        resolve(plan)
    told = [str(problem) for problem in raised.value.problems]
    assert [problem.split(".")[0] for problem in told] == [
        "widht: is no argument of any function in the file",
        "width: must be int, got 'x'",
        "day: has no value, and data_module_fn needs one",
        "method: No method is called 'derp'",
        "terms: No term is called 'distill'",
    ]
    assert "Did you mean 'width'" in told[0]


def test_the_method_is_that_of_the_plan_else_of_the_file_else_replay(config: Path) -> None:
    assert resolve(Plan(config, arguments={"day": 1})).method == ER()
    assert resolve(Plan(config, "derpp", {"day": 1})).method == DERpp()
    config.write_text(CONFIG + "from vernal.methods import ER\ndef method_fn(): return ER(memory_size=7)\n")
    assert resolve(Plan(config, arguments={"day": 1})).method == ER(memory_size=7)
    assert resolve(Plan(config, ER(memory_size=3), {"day": 1})).method == ER(memory_size=3)


def test_the_terms_are_those_of_the_plan_else_of_the_file_else_none(config: Path) -> None:
    day = {"day": 1}
    assert resolve(Plan(config, arguments=day)).terms == ()
    assert resolve(Plan(config, arguments=day, terms=[Compatible(), "distil:weight=2"])).terms == (
        Compatible(),
        Distil(weight=2.0),
    )
    config.write_text(
        CONFIG + "from vernal.methods import Distil\ndef terms_fn(pull: float = 3.0): return [Distil(pull)]\n"
    )
    assert resolve(Plan(config, arguments={"day": 1, "pull": 4})).terms == (Distil(4.0),)
    assert resolve(Plan(config, arguments=day, terms=[])).terms == ()
    config.write_text(CONFIG + "def terms_fn(): return 'distil'\n")
    with pytest.raises(
        ConfigError, match="terms: `terms_fn` must give a list of terms, or of names of such, got 'dist"
    ):
        resolve(Plan(config, arguments=day))


def test_terms_are_plain_values_and_a_plan_without_any_reads_as_before_there_were_any(config: Path) -> None:
    facts = [resolve(Plan(config, arguments={"day": 1}, terms=terms)).to_json() for terms in (None, [], ["distil"])]
    assert facts[0] == facts[1]
    assert "terms" not in facts[0]
    assert facts[2]["terms"] == [{"name": "distil", "options": {"weight": 1.0, "temperature": 2.0}}]


def test_terms_get_pythons_own_numbers(config: Path) -> None:
    own = Distil(weight=np.float32(0.5))
    (term,) = resolve(Plan(config, arguments={"day": 1}, terms=[own])).terms
    assert isinstance(term, Distil)
    assert type(term.weight) is float


def test_a_resolved_plan_is_plain_values(config: Path) -> None:
    facts = resolve(Plan(config, ER(memory_size=9), {"day": "3"}, Training(budget="2 epochs"))).to_json()
    assert facts["arguments"] == {"width": 8, "sizes": [1, 2], "day": 3, "lr": 1e-3, "weight_decay": 0.0}
    assert facts["method"] == {
        "name": "er",
        "options": {"memory_size": 9, "memory_batch": 64, "alpha": 1.0, "selection": "reservoir"},
    }
    assert facts["training"]["budget"] == "2ep"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("derp", {}, r"No method is called 'derp'\. Did you mean 'derpp' or 'der'\? Available: "),
        ("er", {"memory_sise": 5}, r"^er: has no option 'memory_sise'\. Did you mean 'memory_size'"),
        ("er", {"memory_size": "many"}, r"^er\(memory_size\): must be int or None, got 'many'\.$"),
        (
            "er",
            {"memory_size": 0},
            r"`memory_size` must be at least 1, got 0\. Use `fine_tune` to train without memory",
        ),
    ],
)
def test_an_option_of_a_method_that_means_nothing_is_named(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_method(name, options)


def test_a_method_of_ones_own_must_be_a_dataclass(config: Path) -> None:
    class Own(Method):
        def loss(self, step: Any) -> Any:
            return None

    with pytest.raises(
        ConfigError, match="Own is not a dataclass. Put @dataclass on it: its fields are its hyperparam"
    ):
        resolve(Plan(config, Own(), {"day": 1})).to_json()


def test_ranges_that_a_method_of_ones_own_proposes_are_no_options_of_it(config: Path) -> None:
    @dataclass
    class Own(Method):
        space: ClassVar[Mapping[str, Range]] = {"alpha": uniform(0, 1)}
        alpha: float = 0.5

        def loss(self, step: Any) -> Any:
            return None

    facts = resolve(Plan(config, Own(), {"day": 1})).to_json()
    assert facts["method"]["options"] == {"alpha": 0.5}
    assert canonical_json(facts)


def test_the_options_of_a_method_are_its_fields() -> None:
    assert [argument.name for argument in options_of(ER, "er")] == ["memory_size", "memory_batch", "alpha", "selection"]
    assert "budget" in [argument.name for argument in options_of(Training, "training")]
