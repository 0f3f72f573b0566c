"""Ranges in a plan: a wrong one is told before anything is trained, and where there is none some are proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.config import ConfigFile, Plan, Resolved, load_config, resolve
from vernal.config.ranges import as_range, default_ranges, method_choice, separated
from vernal.config.slots import Values, plan_slots
from vernal.methods import ER, NCM, Card, DERpp, Distil, FeCAM, FineTune, Method, RanPAC
from vernal.space import Range, Real, choice, lograndint, loguniform, randint, uniform
from vernal.training import Training
from vernal.tuning import Tuning

CONFIG = """
def model_fn(width: int = 8, dropout: float = 0.1, name: str = "small"): ...
def data_module_fn(day: int = 1): ...
def optimizer_fn(parameters, lr: float = 0.001): ...
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> ConfigFile:
    path = tmp_path_factory.mktemp("loaded") / "config.py"
    path.write_text(CONFIG, encoding="utf-8")
    return load_config(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def plan(folder: Path, config: str = CONFIG, **given: Any) -> Plan:
    path = folder / "config.py"
    path.write_text(config, encoding="utf-8")
    return Plan(path, **given)


def ranges_of(resolved: Resolved) -> dict[str, str]:
    assert resolved.search is not None
    return {name: str(one) for name, one in resolved.search.space.items()}


def told(wrong: Plan) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        resolve(wrong)
    return [str(problem) for problem in raised.value.problems]


@dataclass
class Mine(Method):
    """A user's method, with an option of a name that others have, and one of his own."""

    alpha: float = 0.2
    depth: int = 3
    mode: str = "soft"

    card = Card(when="As an example.")
    space = {"alpha": uniform(0, 1), "depth": randint(1, 5)}


# Ranges, and text of such


@pytest.mark.parametrize("value", [uniform(0, 1), "uniform(0, 1)", " uniform( 0,1 )"])
def test_a_range_is_one_or_is_spelled(value: Any) -> None:
    assert as_range("alpha", value) == uniform(0, 1)


@pytest.mark.parametrize("value", [3, "high", [1, 2], None, 0.5])
def test_what_is_no_range_is_refused_with_examples(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"space\['lr'\]: is .*, and no range. Write a range, such as loguniform"):
        as_range("lr", value)


def test_values_and_ranges_are_told_apart() -> None:
    values, ranges = separated({"width": 8, "lr": "loguniform(1e-4, 1e-2)", "name": "uniform", "day": randint(1, 3)})
    assert values == {"width": 8, "name": "uniform"}
    assert ranges == {"lr": loguniform(1e-4, 1e-2), "day": randint(1, 3)}


def test_a_badly_spelled_range_is_told_alone_as_its_name_has_no_value_meanwhile(folder: Path) -> None:
    config = "def model_fn(width: int): ...\ndef data_module_fn(): ...\n"
    assert told(plan(folder, config, arguments={"width": "randint(1,"})) == [
        "arguments: 'randint(1,' is no range: Write one of uniform(...), loguniform(...), randint(...), "
        "lograndint(...), choice(...)."
    ]


# Which methods to choose from


@pytest.mark.parametrize(
    ("value", "methods"),
    [
        (["er", "derpp"], ("er", "derpp")),
        (("er",), ("er",)),
        (choice("er", "derpp"), ("er", "derpp")),
        ("choice(er, derpp)", ("er", "derpp")),
        ("er", ()),
        (ER(), ()),
        (None, ()),
    ],
)
def test_methods_to_choose_from_are_a_list_or_a_choice(value: Any, methods: tuple[str, ...]) -> None:
    assert method_choice(value) == methods


@pytest.mark.parametrize("given", [{"method": uniform(0, 1)}, {"space": {"method": "uniform(0, 1)"}}])
def test_numbers_choose_no_method(folder: Path, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"uniform\(0, 1\) has no methods to choose from. Name some: choice\(er, d"):
        resolve(plan(folder, **given))


def test_the_config_file_cannot_choose_from_methods_that_the_plan_has_not(folder: Path) -> None:
    config = CONFIG + "def space_fn(): return {'method': 'choice(er, derpp)'}\n"
    assert told(plan(folder, config, tuning=Tuning())) == [
        "method: is choice(er, derpp); the plan's method is er. Give those to choose from as `method` of the plan, a "
        "list of methods."
    ]


def test_a_method_that_is_named_twice_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="`method` names a method twice: er, er. Name each once."):
        resolve(plan(folder, method=["er", ER(alpha=2.0)]))


# What is wrong with ranges


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"alhpa": uniform(0, 1)}, "alhpa: is no hyperparameter of the method, the training or a function of the con"),
        ({"alhpa": uniform(0, 1)}, "Did you mean 'alpha'"),
        ({"distil.weight": uniform(0, 1)}, "distil.weight: is no hyperparameter of the method"),
        ({"derpp.beta": uniform(0, 1)}, "derpp.beta: is no hyperparameter of the method"),
        ({"seed": randint(0, 9)}, "seed: must be the same for all trials, so it can be no range. Give one value."),
        ({"budget": choice("1ep", "2ep")}, "budget: must be the same for all trials"),
        ({"day": randint(1, 3)}, "day: is an argument of `data_module_fn`: trials on different data could not be com"),
        ({"memory_batch": uniform(1, 9)}, "memory_batch: must be int, got 1.0, in uniform.* For whole numbers there"),
        ({"name": uniform(1, 9)}, r"name: must be str, got 1.0, in uniform\(1, 9\)\.$"),
        ({"selection": choice("reservoir", "resevoir")}, "selection: must be 'reservoir' or .*, got 'resevoir', in ch"),
        ({"alpha": uniform(-1, 1)}, r"alpha: uniform\(-1, 1\): `alpha` must be at least 0, got -1.0."),
        ({"batch_size": randint(0, 8)}, r"batch_size: randint\(0, 8\): .*`batch_size` must be at least 1, got 0"),
        ({"alpha": uniform(0, 1), "er.alpha": uniform(0, 1)}, "alpha: has a range, and so has er.alpha, which is the"),
        ({"width": randint(1, 2).only_if(name="big")}, "width: exists only if 'name' has certain values, and that has"),
    ],
)
def test_a_range_that_cannot_be_is_refused(folder: Path, space: Mapping[str, Range], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        resolve(plan(folder, method="er", space=space))


def test_everything_that_is_wrong_with_ranges_is_told_at_once(folder: Path) -> None:
    space = {"alhpa": uniform(0, 1), "seed": randint(0, 9), "memory_batch": uniform(1, 9)}
    assert [one.split(":")[0] for one in told(plan(folder, space=space))] == ["alhpa", "seed", "memory_batch"]


def test_both_ends_of_a_range_are_tried_with_the_options_beside_it(folder: Path) -> None:
    method = FeCAM(alpha1=2.0)
    with pytest.raises(ConfigError, match="alpha2: .*`alpha2` must be between 0 and 2.0, got 3.0."):
        resolve(plan(folder, method=method, space={"alpha2": uniform(0, 3)}))
    assert ranges_of(resolve(plan(folder, method=method, space={"alpha2": uniform(0, 2)})))


def test_an_argument_with_the_name_of_an_option_must_be_renamed(folder: Path) -> None:
    config = CONFIG + "def loss_fn(alpha: float = 1.0): ...\n"
    with pytest.raises(ConfigError, match="alpha: is an argument of the config file, and an option of vernal's. Rena"):
        resolve(plan(folder, config, method="er", space={"alpha": uniform(0, 1)}))
    assert ranges_of(resolve(plan(folder, config, method="er", space={"er.alpha": uniform(0, 1)})))
    assert ranges_of(resolve(plan(folder, config, method="ewc", space={"alpha": uniform(0, 1)})))


# Options of several methods


def test_an_option_exists_only_with_the_methods_that_have_it(folder: Path) -> None:
    space = {"alpha": uniform(0, 1), "beta": uniform(0, 1), "er.memory_batch": randint(1, 9), "lr": uniform(0, 1)}
    assert ranges_of(resolve(plan(folder, method=["er", "derpp", "si"], space=space))) == {
        "method": "choice(er, derpp, si)",
        "alpha": "uniform(0, 1) if method=er|derpp",
        "beta": "uniform(0, 1) if method=derpp",
        "er.memory_batch": "randint(1, 9) if method=er",
        "lr": "uniform(0, 1)",
    }


def test_an_option_that_all_methods_have_always_exists(folder: Path) -> None:
    space = {"memory_batch": randint(1, 9)}
    resolved = resolve(plan(folder, method=["er", "derpp"], space=space))
    assert ranges_of(resolved)["memory_batch"] == "randint(1, 9)"


def test_a_condition_on_the_method_may_be_given(folder: Path) -> None:
    space = {"width": randint(8, 64).only_if(method="er")}
    resolved = resolve(plan(folder, method=["er", "derpp"], space=space))
    assert ranges_of(resolved)["width"] == "randint(8, 64) if method=er"


def test_an_option_of_any_of_several_methods_is_part_of_what_determines_the_update(folder: Path) -> None:
    weak, strong = (
        resolve(plan(folder, method=[FineTune(), DERpp(beta=beta)], space={"width": randint(8, 64)}))
        for beta in (0.5, 0.9)
    )
    assert weak.to_json() != strong.to_json()


# Where the user names nothing


def test_the_learning_rate_and_what_the_method_proposes_are_chosen_by_default(folder: Path) -> None:
    assert ranges_of(resolve(plan(folder, method="er", tuning=Tuning()))) == {
        "lr": "loguniform(3e-05, 0.03)",
        **{name: str(one) for name, one in ER.space.items()},
    }


@pytest.mark.parametrize(
    ("rate", "proposed"),
    [
        ("float = 0.001", "loguniform(3e-05, 0.03)"),
        ("float = 0.05", "loguniform(0.002, 2)"),
        ("float = 1.0", "loguniform(0.03, 30)"),
        ("float = 0.0", "loguniform(0.0001, 0.1)"),
        ("float | None = None", "loguniform(0.0001, 0.1)"),
    ],
)
def test_a_learning_rate_is_looked_for_around_its_value(folder: Path, rate: str, proposed: str) -> None:
    config = (
        f"def model_fn(): ...\ndef data_module_fn(): ...\ndef optimizer_fn(parameters, learning_rate: {rate}): ...\n"
    )
    assert ranges_of(resolve(plan(folder, config, method="joint", tuning=Tuning()))) == {"learning_rate": proposed}


@given(st.floats(1e-8, 1e4))
def test_the_range_of_a_learning_rate_holds_it_far_from_both_ends(loaded: ConfigFile, rate: float) -> None:
    method = FineTune()
    slots = plan_slots(loaded.arguments, Values(method, (), Training(), {"lr": rate}), {"fine_tune": method})
    one = default_ranges(slots, {"fine_tune": method})["lr"]
    assert isinstance(one, Real)
    assert one.low * 15 <= rate <= one.high / 15
    assert [len(f"{end:e}".split("e")[0].rstrip("0").rstrip(".")) for end in one.ends] == [1, 1]


def test_a_word_for_a_learning_rate_has_no_range(folder: Path) -> None:
    config = CONFIG.replace("lr: float = 0.001", 'lr: str = "auto"')
    assert "lr" not in ranges_of(resolve(plan(folder, config, method="er", tuning=Tuning())))


def test_a_method_that_takes_no_steps_needs_no_learning_rate(folder: Path) -> None:
    assert "lr" not in ranges_of(resolve(plan(folder, method="ncm", tuning=Tuning())))
    assert "lr" in ranges_of(resolve(plan(folder, method=NCM(adapt=True), tuning=Tuning())))
    assert "lr" in ranges_of(resolve(plan(folder, method=["ncm", "er"], tuning=Tuning())))


def test_each_method_proposes_its_own_where_there_are_several(folder: Path) -> None:
    ranges = ranges_of(resolve(plan(folder, method=["er", "si", "fine_tune"])))
    assert {*ranges} == {"method", "lr", *(f"er.{name}" for name in ER.space), "si.strength"}
    assert ranges["si.strength"].endswith(" if method=si")


def test_a_method_of_the_users_proposes_too(folder: Path) -> None:
    assert ranges_of(resolve(plan(folder, method=Mine(), tuning=Tuning()))) == {
        "lr": "loguniform(3e-05, 0.03)",
        "alpha": "uniform(0, 1)",
        "depth": "randint(1, 5)",
    }
    ranges = ranges_of(resolve(plan(folder, method=[Mine(), "er"])))
    assert ranges["method"] == "choice(Mine, er)"
    assert ranges["Mine.depth"] == "randint(1, 5) if method=Mine"


def test_a_method_of_the_users_that_proposes_what_it_has_not_is_told_so(folder: Path) -> None:
    @dataclass
    class Wrong(Mine):
        space = {"detph": randint(1, 5)}

    with pytest.raises(ConfigError, match="detph: is no hyperparameter of the method.*Did you mean 'depth'"):
        resolve(plan(folder, method=Wrong(), tuning=Tuning()))


def test_a_value_out_of_what_is_proposed_stays_as_the_user_gave_it(folder: Path) -> None:
    ranges = ranges_of(resolve(plan(folder, method=ER(memory_batch=512), tuning=Tuning())))
    assert {*ranges} == {"lr", "alpha"}
    assert "ridge" in ranges_of(resolve(plan(folder, method=RanPAC(), tuning=Tuning())))
    assert "ridge" not in ranges_of(resolve(plan(folder, method=[RanPAC(ridge=5.0), "er"])))


def test_terms_propose_beside_the_method(folder: Path) -> None:
    ranges = ranges_of(resolve(plan(folder, method="fine_tune", terms=[Distil()], tuning=Tuning())))
    assert {*ranges} == {"lr", *(f"distil.{name}" for name in Distil.space)}


def test_an_option_is_proposed_by_its_long_name_where_an_argument_has_the_short_one(folder: Path) -> None:
    config = CONFIG + "def loss_fn(alpha: float = 1.0): ...\n"
    ranges = ranges_of(resolve(plan(folder, config, method="er", tuning=Tuning())))
    assert {*ranges} == {"lr", "er.alpha", "memory_batch"}


def test_nothing_is_proposed_beside_ranges_that_are_given(folder: Path) -> None:
    space = {"width": lograndint(8, 64)}
    assert ranges_of(resolve(plan(folder, method="er", space=space, tuning=Tuning()))) == {"width": "lograndint(8, 64)"}


def test_the_config_file_may_say_what_is_worth_choosing(folder: Path) -> None:
    config = CONFIG + "def space_fn(): return {'dropout': 'uniform(0, 0.5)'}\n"
    assert ranges_of(resolve(plan(folder, config, tuning=Tuning()))) == {"dropout": "uniform(0, 0.5)"}
    assert {*ranges_of(resolve(plan(folder, config, method=["er", "si"])))} == {"method", "dropout"}
    assert resolve(plan(folder, config)).search is None  # Nobody asks for tuning.


def test_a_config_file_that_gives_no_ranges_is_told_what_to_give(folder: Path) -> None:
    with pytest.raises(ConfigError, match="`space_fn` gives a list. It must give ranges by name, a dictionary."):
        resolve(plan(folder, CONFIG + "def space_fn(): return ['lr']\n", tuning=Tuning()))
    with pytest.raises(ConfigError, match=r"space\['lr'\]: is 0.1, and no range."):
        resolve(plan(folder, CONFIG + "def space_fn(): return {'lr': 0.1}\n", tuning=Tuning()))


def test_a_plan_with_nothing_to_choose_says_so(folder: Path) -> None:
    config = "def model_fn(): ...\ndef data_module_fn(): ...\ndef optimizer_fn(parameters): ...\n"
    with pytest.raises(ConfigError, match="There is nothing to tune: no value is a range, and neither the method nor"):
        resolve(plan(folder, config, method="fine_tune", tuning=Tuning()))


# What the plan says is not chosen

PROPOSES = (
    CONFIG
    + """
def space_fn():
    return {
        "width": "choice(4, 8, 16)", "dropout": "uniform(0, 0.5)", "lr": "loguniform(0.001, 0.1) if width=4|8",
        "batch_size": "choice(16, 32)", "memory_batch": "randint(8, 64)",
    }
"""
)


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({}, {"width", "dropout", "lr", "batch_size", "memory_batch"}),
        ({"arguments": {"dropout": 0.2}}, {"width", "lr", "batch_size", "memory_batch"}),
        ({"arguments": {"dropout": 0.1}}, {"width", "lr", "batch_size", "memory_batch"}),  # its default, but said
        ({"arguments": {"name": "big"}}, {"width", "dropout", "lr", "batch_size", "memory_batch"}),
        ({"training": Training(batch_size=32)}, {"width", "dropout", "lr", "memory_batch"}),
        ({"training": Training(budget="2ep")}, {"width", "dropout", "lr", "batch_size", "memory_batch"}),
        ({"method": ER(memory_batch=16)}, {"width", "dropout", "lr", "batch_size"}),
        ({"method": ER(alpha=0.3)}, {"width", "dropout", "lr", "batch_size", "memory_batch"}),
        ({"arguments": {"width": 8}}, {"dropout", "lr", "batch_size", "memory_batch"}),
        ({"arguments": {"width": 16}}, {"dropout", "batch_size", "memory_batch"}),  # `lr` does not exist with it
    ],
)
def test_what_the_plan_says_is_not_chosen_where_the_config_file_proposes(
    folder: Path, said: dict[str, Any], chosen: set[str]
) -> None:
    resolved = resolve(plan(folder, PROPOSES, tuning=Tuning(), **said))
    assert {*ranges_of(resolved)} == chosen
    assert resolved.search is not None
    assert resolved.search.space.holds(resolved.search.default)
    for name, value in said.get("arguments", {}).items():
        assert resolved.arguments[name] == value


def test_a_condition_on_what_the_plan_says_is_no_condition_any_more(folder: Path) -> None:
    resolved = resolve(plan(folder, PROPOSES, tuning=Tuning(), arguments={"width": 8}))
    assert ranges_of(resolved)["lr"] == "loguniform(0.001, 0.1)"


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({"method": "er", "arguments": {"lr": 0.01}}, {"alpha", "memory_batch"}),
        ({"method": ER(alpha=0.3)}, {"lr", "memory_batch"}),
        (
            {"method": ["er", DERpp(beta=0.9)]},
            {"method", "lr", "er.alpha", "er.memory_batch", "derpp.alpha", "derpp.memory_batch"},
        ),
        ({"method": "fine_tune", "terms": [Distil(weight=0.5)]}, {"lr", "distil.temperature"}),
        ({"method": "fine_tune", "terms": ["distil:weight=0.5"]}, {"lr", "distil.temperature"}),
    ],
)
def test_what_the_plan_says_is_not_chosen_where_methods_propose(
    folder: Path, said: dict[str, Any], chosen: set[str]
) -> None:
    assert {*ranges_of(resolve(plan(folder, tuning=Tuning(), **said)))} == chosen


def test_what_the_config_file_gives_its_method_is_where_tuning_begins_and_no_word_of_the_plan(folder: Path) -> None:
    config = "from vernal.methods import ER\n" + CONFIG + "def method_fn(): return ER(alpha=0.3)\n"
    resolved = resolve(plan(folder, config, tuning=Tuning()))
    assert {*ranges_of(resolved)} == {"lr", "alpha", "memory_batch"}
    assert resolved.search is not None
    assert resolved.search.default["alpha"] == 0.3


def test_a_plan_that_says_everything_leaves_nothing_to_tune(folder: Path) -> None:
    said = {"method": ER(alpha=0.3, memory_batch=16), "arguments": {"lr": 0.01}}
    with pytest.raises(ConfigError, match="the plan gives a value to all that has a range: lr, alpha, memory_batch"):
        resolve(plan(folder, tuning=Tuning(), **said))


@pytest.mark.parametrize("where", ["arguments", "space"])
def test_a_range_that_the_plan_gives_is_chosen_from_whatever_value_stands_beside_it(folder: Path, where: str) -> None:
    ranges = {"lr": loguniform(0.001, 0.1)}
    beside = {"dropout": 0.3} if where == "arguments" else {"lr": 0.02}
    given = {"arguments": {**beside, **ranges}} if where == "arguments" else {"arguments": beside, "space": ranges}
    resolved = resolve(plan(folder, PROPOSES, tuning=Tuning(), **given))
    assert ranges_of(resolved) == {"lr": "loguniform(0.001, 0.1)"}
    assert resolved.search is not None
    assert resolved.search.default["lr"] == (0.001 if where == "arguments" else 0.02)
