"""Configurations in Renate's names become plans."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tests.renate.snippets import write_config
from vernal.base import ConfigError
from vernal.config import Plan, Resolved, resolve
from vernal.renate.config import JobFacts, load_renate_config
from vernal.renate.config_space import choice, loguniform, uniform
from vernal.renate.slots import OF_JOB, Hyperparameters
from vernal.renate.space import values_and_ranges
from vernal.renate.updaters import RenateER
from vernal.renate.utils.config_spaces import config_space
from vernal.training import Training


def resolved(tmp_path, space: dict[str, Any], *changes, updater: str = "ER", has_memory: bool = True) -> Resolved:
    values, ranges = values_and_ranges(space, {})
    asked = Hyperparameters.of(updater, has_memory, values, ranges)
    facts = JobFacts("data", "task", 0, 3, needs_validation=True)
    config = load_renate_config(write_config(tmp_path, *changes), facts, asked)
    settings = asked.settings({})
    arguments = {name: value for name, value in values.items() if name in config.arguments}
    training = Training(budget="3ep", batch_size=settings.new_rows(has_memory))
    return resolve(Plan(config, method=settings.method(), arguments=arguments, training=training, space=ranges))


def test_hyperparameters_that_depend_on_each_other_make_one_plan(tmp_path):
    space = {"batch_size": choice([20, 40]), "batch_memory_frac": uniform(0.25, 0.75), "memory_size": 100, "alpha": 0.5}
    plan = resolved(tmp_path, space)
    chosen = plan.at({"batch_size": 40, "batch_memory_frac": 0.25})
    assert chosen.method == RenateER(memory_size=100, memory_batch=10, alpha=0.5)
    assert chosen.plan.training.batch_size == 30
    first = resolved(tmp_path, space, has_memory=False).at({"batch_size": 40, "batch_memory_frac": 0.25})
    assert first.plan.training.batch_size == 40


def test_arguments_of_functions_may_have_ranges(tmp_path):
    change = ("model_fn(model_state_url", "model_fn(num_hidden: int, model_state_url")
    space = {"num_hidden": choice([8, 16]), "optimizer": choice(["SGD", "Adam"]), "learning_rate": loguniform(0.01, 1)}
    plan = resolved(tmp_path, space, change)
    chosen = plan.at({"num_hidden": 16, "optimizer": "Adam", "learning_rate": 0.5})
    assert (chosen.arguments["num_hidden"], chosen.arguments["optimizer"]) == (16, "Adam")
    assert chosen.arguments["learning_rate"] == 0.5


def test_a_name_that_both_take_goes_to_both(tmp_path):
    change = ("model_fn(model_state_url", "model_fn(alpha: float, model_state_url")
    chosen = resolved(tmp_path, {"alpha": uniform(0, 1)}, change).at({"alpha": 0.25})
    assert (chosen.method.alpha, chosen.arguments["alpha"]) == (0.25, 0.25)


def test_the_search_begins_with_the_defaults_where_they_are_in_their_ranges(tmp_path):
    space = {"alpha": uniform(0, 2), "batch_size": choice([10, 20]), "learning_rate": loguniform(1e-4, 1e-2)}
    search = resolved(tmp_path, space).search
    assert search.default == {"alpha": 1.0, "batch_size": 10, "learning_rate": 0.0003}


def test_a_conditional_range_leaves_the_default_where_it_does_not_exist(tmp_path):
    space = {"optimizer": choice(["Adam", "SGD"]), "momentum": uniform(0.5, 0.9).only_if(optimizer="SGD")}
    assert resolved(tmp_path, space).at({"optimizer": "Adam"}).arguments["momentum"] == 0.0


def test_what_no_part_of_a_plan_shows_still_tells_jobs_apart(tmp_path):
    """A share of .5 and one of .51 are 10 of 20 rows, but they are not the same of 200."""
    jobs = [
        resolved(tmp_path, {"batch_size": choice([20, 200]), "memory_size": 1000, "batch_memory_frac": share})
        for share in (0.5, 0.51)
    ]
    assert jobs[0].method == jobs[1].method
    assert jobs[0].to_json() != jobs[1].to_json()


def test_a_combination_that_cannot_be_is_said_before_anything_is_trained(tmp_path):
    with pytest.raises(ConfigError, match=r"batch_memory_frac: uniform\(0, 0.5\): A batch of 32 rows .* has 0 rows"):
        resolved(tmp_path, {"batch_memory_frac": uniform(0, 0.5)})


def test_values_begin_where_they_work(tmp_path):
    """With the default batch of 32 rows, a share of .02 would be none."""
    plan = resolved(tmp_path, {"batch_size": choice([100, 200]), "batch_memory_frac": 0.02})
    assert plan.method.memory_batch == 2


def test_the_range_of_a_loss_weight_may_begin_at_zero_as_in_renates_examples(tmp_path):
    space = resolved(tmp_path, {"loss_weight": uniform(0, 1), "alpha": uniform(0, 1)}).search.space
    assert (space["loss_weight"].low, space["alpha"].low) == (1e-12, 0)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"memory_size": uniform(10, 20)}, r"ER\(memory_size\): must be int, got 15.0"),
        ({"optimizer": choice(["SGD", "AdamW"])}, r"optimizer: must be 'Adam' or 'SGD', got 'AdamW', in choice"),
        ({"loss_weight": uniform(-1, 1)}, r"loss_weight: uniform\(-1, 1\): `loss_weight` must be at least"),
    ],
)
def test_a_value_that_is_not_allowed_is_found_at_the_ends(tmp_path, space, message):
    with pytest.raises(ConfigError, match=message):
        resolved(tmp_path, space)


def test_data_is_the_same_for_all_trials(tmp_path):
    change = ("data_path: str, chunk_id: int = 0, seed", "data_path: str, size: int = 9, chunk_id: int = 0, seed")
    with pytest.raises(ConfigError, match="size: is an argument of `data_module_fn`: trials on different data could"):
        resolved(tmp_path, {"size": choice([1, 2])}, change)


def test_what_differs_from_job_to_job_is_no_fact_for_later_ones(tmp_path):
    slots = resolved(tmp_path, {"alpha": uniform(0, 1)}).search.slots
    assert not {*OF_JOB} & {*slots}
    assert {"alpha", "batch_size", "memory_size", "learning_rate"} < {*slots}


def test_it_travels_to_the_processes_that_train(tmp_path):
    config = resolved(tmp_path, {"alpha": uniform(0, 1), "memory_size": 7}).config
    assert pickle.loads(pickle.dumps(config.loader))().asked == config.asked


@pytest.mark.parametrize("updater", ["ER", "DER", "Super-ER", "RD", "Offline-ER"])
def test_the_spaces_that_renate_proposed_are_spaces(tmp_path, updater):
    space = resolved(tmp_path, config_space(updater), updater=updater).search.space
    assert {"momentum", "weight_decay", "learning_rate"} <= {*space}
