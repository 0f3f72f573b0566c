"""Ranges and the options of tuning, on the command line of an update."""

from __future__ import annotations

from pathlib import Path

import pytest

from vernal.base import ConfigError
from vernal.cli.line import read_line
from vernal.cli.parser import UsageError
from vernal.cli.tuning import tuning_flags
from vernal.config import Plan, resolve
from vernal.config.plan import Search
from vernal.space import choice, loguniform, randint, uniform
from vernal.tuning import Constraint, Tuning


def plan_of(config: str | Path, *words: str) -> Plan:
    return read_line("update", "", [str(config), "--chunk=1", *words]).plan


def search_of(config: str | Path, *words: str) -> Search:
    search = resolve(plan_of(config, *words)).search
    assert search is not None
    return search


def problems_of(config: str | Path, *words: str) -> str:
    with pytest.raises(ConfigError) as caught:
        plan_of(config, *words)
    return "\n".join(map(str, caught.value.problems))


# Ranges


def test_every_kind_of_value_may_be_a_range(config: str) -> None:
    words = ["--hidden", "randint(2, 8)", "--alpha=uniform(0, 1)", "--lr", "loguniform(1e-4, 1e-1)"]
    search = search_of(config, *words, "--batch-size", "choice(32, 128)", "--gated=choice(True, False)")
    assert dict(search.space) == {
        "hidden": randint(2, 8),
        "gated": choice(True, False),
        "lr": loguniform(1e-4, 1e-1),
        "alpha": uniform(0, 1),
        "batch_size": choice(32, 128),
    }
    assert search.tuning == Tuning()


def test_without_ranges_nothing_is_tuned(config: str) -> None:
    plan = plan_of(config, "--lr=0.1")
    assert (plan.tuning, plan.space, resolve(plan).search) == (None, {}, None)


def test_a_required_value_may_be_a_range(tmp_path: Path, config: str) -> None:
    own = tmp_path / "own.py"
    own.write_text(Path(config).read_text().replace("hidden: int = 4", "hidden: int"))
    assert dict(search_of(own, "--hidden", "choice(2, 4)").space) == {"hidden": choice(2, 4)}


def test_the_command_line_and_python_search_alike(config: str) -> None:
    python = Plan(config, "er", {"chunk": 1, "hidden": randint(2, 4)}, space={"alpha": uniform(0, 1)})
    shell = plan_of(config, "--hidden=randint(2, 4)", "--alpha=uniform(0, 1)")
    assert resolve(shell).to_json() == resolve(python).to_json()


def test_a_value_beside_a_range_is_what_comes_first(config: str) -> None:
    search = search_of(config, "--alpha=0.75", "--range", "alpha=uniform(0, 1)")
    assert search.default == {"alpha": 0.75}


def test_conditions_are_read(config: str) -> None:
    space = search_of(config, "--gated=choice(True, False)", "--hidden", "randint(2, 8) if gated=True").space
    assert space["hidden"].when == {"gated": (True,)}


def test_names_with_dots_are_given_by_range(config: str) -> None:
    words = ["--term", "distil", "--range", "er.memory-batch=choice(8, 16)", "--range=distil.weight=uniform(0, 1)"]
    assert {*search_of(config, *words).space} == {"er.memory_batch", "distil.weight"}


# Several methods


def test_several_methods_are_chosen_from_with_the_options_that_they_have(config: str) -> None:
    words = ["--method", "choice(er, derpp, fine_tune)", "--memory-size=20", "--alpha=uniform(0, 1)", "--beta=0.25"]
    search = search_of(config, *words, "--range=derpp.memory_batch=choice(8, 16)")
    assert {name: dict(one.when) for name, one in search.space.items()} == {
        "method": {},
        "alpha": {"method": ("er", "derpp")},
        "derpp.memory_batch": {"method": ("derpp",)},
    }
    made = {name: search.slots.filled({"method": name}).method for name in ("er", "derpp", "fine_tune")}
    assert [vars(made[name])["memory_size"] for name in ("er", "derpp")] == [20, 20]
    assert vars(made["derpp"])["beta"] == 0.25


def test_a_condition_on_the_methods_is_kept(config: str) -> None:
    space = search_of(config, "--hidden=choice(2, 4)", "--method", "choice(er, derpp) if hidden=2").space
    assert space["method"].when == {"hidden": (2,)}


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("uniform(0, 1)", r"method: cannot be uniform\(0, 1\)\. Name one, or several: 'choice\(er, derpp\)'\."),
        ("choice(er, derp)", "No method is called 'derp'"),
        ("choice(er, er)", "names an option twice"),
        ("choice(er", "is no range"),
    ],
)
def test_what_names_no_methods_is_refused(method: str, message: str, config: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan_of(config, "--method", method)


# What is refused


def test_everything_wrong_with_ranges_and_values_is_told_at_once(config: str) -> None:
    told = problems_of(
        config, "--budget=choice(1ep, 2ep)", "--seed=randint(1, 2)", "--chunk=randint(1, 2)", "--rows=many",
        "--batch-size=uniform(1, 2)", "--lr=loguniform(0, 1)", "--alpha=-1", "--range=memory_sze=choice(1, 2)",
        "--range=er.alpha", "--hidden=randint(2, 3)", "--range=hidden=randint(2, 4)", "--max-trials=0",
    )  # fmt: skip
    for part in (
        "budget: must be the same for all trials, so it can be no range. Give one value.",
        "seed: must be the same for all trials",
        "chunk: is an argument of `data_module_fn`: trials on different data could not be compared.",
        "rows: must be int, got 'many'.",
        "batch_size: must be int, got 1.0, in uniform(1, 2). For whole numbers there is randint(1, 2).",
        "lr: loguniform(0, 1) is logarithmic, so it must begin above 0",
        "method: `alpha` must be",
        "memory_sze: is no hyperparameter of the method, the training or a function of the config file.",
        "range: 'er.alpha' is not spelled NAME=RANGE. For example:",
        "hidden: has two ranges. Give one.",
        "tuning: `max_trials` must be at least 1, got 0.",
    ):
        assert part in told


def test_a_value_in_a_range_that_its_option_refuses_is_told(config: str) -> None:
    assert "alpha: uniform(-1, 1): `alpha` must be" in problems_of(config, "--alpha=uniform(-1, 1)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("=uniform(0, 1)", "range: '=uniform(0, 1)' is not spelled NAME=RANGE."),
        ("alpha", "range: 'alpha' is not spelled NAME=RANGE."),
        ("alpha=0.5", "alpha: '0.5' is no range: Write one of uniform(...)"),
    ],
)
def test_a_range_needs_a_name_and_a_range(text: str, message: str, config: str) -> None:
    assert message in problems_of(config, "--range", text)


def test_ranges_of_what_has_no_option_are_refused(config: str) -> None:
    with pytest.raises(UsageError, match="has no option --alhpa. Did you mean --alpha?"):
        plan_of(config, "--alhpa=uniform(0, 1)")


# How to tune


def test_every_field_of_tuning_is_an_option_with_a_text(config: str) -> None:
    flags = tuning_flags()
    assert len(flags.arguments) == len(Tuning.__dataclass_fields__)
    assert [one.name for one in flags.arguments if one.name not in flags.docs] == []


def test_all_options_reach_the_tuning(config: str) -> None:
    tuning = search_of(
        config, "--tune", "--scheduler=random", "--transfer=none", "--metric=new.accuracy",
        "--also=loss", "--also", "size_bytes", "--constraint=forgetting<=0.02", "--constraint", "recall >= 0.9",
        "--max-trials=8", "--max-completed=7", "--max_finished=6", "--max-minutes=0.5", "--max-epochs=40",
        "--max-cost=2.5", "--price-per-hour=3", "--trial-workers=2",
    ).tuning  # fmt: skip
    constraints = (Constraint("forgetting", 0.02), Constraint("recall", 0.9, at_most=False))
    assert tuning == Tuning(
        "random", None, "none", "new.accuracy", ("loss", "size_bytes"), constraints, 8, 7, 6, 0.5, 40, 2.5, 3.0, 2
    )


def test_the_search_is_named_with_options(config: str) -> None:
    tuning = search_of(config, "--scheduler=asha:eta=4", "--searcher", "tpe").tuning
    assert (tuning.scheduler, tuning.searcher) == ("asha:eta=4", "tpe")


@pytest.mark.parametrize("words", [["--tune"], ["--max-trials=3"], ["--trial-workers", "2"]])
def test_any_option_turns_tuning_on(words: list[str], config: str) -> None:
    assert "lr" in search_of(config, *words).space


def test_tuning_may_take_the_space_of_the_file(config: str, tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(Path(config).read_text() + "\ndef space_fn(): return {'hidden': 'choice(2, 4)'}\n")
    assert dict(search_of(own, "--tune").space) == {"hidden": choice(2, 4)}


def test_the_command_that_tunes_always_does(config: str) -> None:
    assert read_line("tune", "", [config, "--chunk=1"]).plan.tuning == Tuning()


def test_workers_of_training_are_not_those_of_tuning(config: str) -> None:
    plan = plan_of(config, "--workers=1", "--trial-workers=2")
    assert plan.tuning is not None
    assert (plan.training.workers, plan.tuning.workers) == (1, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--max-minutes=soon"], "tuning(max_minutes): must be float or None, got 'soon'."),
        (["--constraint", "forgetting<0.1"], "'forgetting<0.1' is no constraint."),
        (["--scheduler=ahsa"], "'ahsa'"),
        (["--max-cost=3"], "tuning: `max_cost` needs `price_per_hour`"),
    ],
)
def test_wrong_options_are_told(words: list[str], message: str, config: str) -> None:
    assert message in problems_of(config, *words)
