"""Updates that change the architecture: wider, with one more feature, or with another backbone."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.transaction.architectures import BACKBONE, FIRST, ONE_MORE, WIDER
from tests.transaction.stream import outcome, write_config
from vernal.base import ConfigError, ConflictError, SchemaMismatch, TrainingError
from vernal.config import Plan
from vernal.memory import Memory
from vernal.state import unpack
from vernal.store import Store
from vernal.testing.toys import InterruptAfter
from vernal.training import Training
from vernal.transaction import Result, erase, holds, load_model, update


def plan(
    config: Path, number: int, method: Any = "er", *, change_method: bool = False, terms: Any = (), **training: Any
) -> Plan:
    options = {"budget": "4ep", "batch_size": 8, "accelerator": "cpu", "checkpoint_minutes": 0} | training
    made = Plan(config, method=method, arguments={"number": number, "lr": 0.02}, training=Training(**options))
    return dataclasses.replace(made, change_method=change_method, terms=terms)


def state_of(store: Store, result: Result, name: str = "model") -> Any:
    return unpack(store.blobs.get(store.resolve(result.record["artefacts"][name]["blob"])))


def memory_of(store: Store, result: Result, name: str = "memory") -> Memory:
    return Memory.from_tree(state_of(store, result, name), store.blobs)


@pytest.fixture(scope="session")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    texts = {"first": FIRST, "wider": WIDER, "one more": ONE_MORE, "backbone": BACKBONE}
    return {name: write_config(tmp_path_factory.mktemp(name), text) for name, text in texts.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.mark.parametrize("name", ["wider", "one more"])
@pytest.mark.parametrize("method", ["er", "derpp", "lwf", "icarl", "ewc", "cls_er"])
def test_a_transplanted_model_begins_as_the_champion_was(
    name: str, method: str, configs: dict[str, Path], store: Store
) -> None:
    first = update(plan(configs["first"], 1, method), store)
    second = update(plan(configs[name], 2, method, budget="1st"), store, promote=False)
    before = second.validation[0]["before"]
    assert before["accuracy"] == first.metrics["accuracy"]
    assert before["loss"] == pytest.approx(first.metrics["loss"], rel=1e-5)
    still = dataclasses.replace(plan(configs[name], 2, method), arguments={"number": 2, "lr": 0.0})
    if method in ("er", "derpp", "lwf"):  # What averages say, or means of features, moves without the weights.
        row = update(still, store, promote=False).validation[0]
        assert row["after"]["loss"] == pytest.approx(row["before"]["loss"], rel=1e-5)
        assert row["negative_flips"] == row["positive_flips"] == 0


def test_rows_of_a_new_form_are_written_once_and_stay_who_they_were(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1, "derpp"), store)
    second = update(plan(configs["one more"], 2, "derpp"), store)
    old, new = memory_of(store, first), memory_of(store, second)
    places = torch.arange(len(old))
    assert new.leaves(places)["x"].shape == (32, 4)
    assert torch.equal(new.leaves(places)["x"][:, :3], old.leaves(places)["x"])
    assert bool((new.leaves(places)["x"][:, 3] == 1).all())
    assert torch.equal(new.ids()[:32], old.ids())
    assert torch.equal(new.extras(places)["z"], old.extras(places)["z"])
    assert memory_of(store, second, "validation").leaves(torch.arange(20))["x"].shape == (20, 4)
    third = update(plan(configs["one more"], 3, "derpp"), store)
    assert {*new.needs} <= {*memory_of(store, third).needs}  # Nothing is written again.
    assert old.segments[0].columns["x"] not in new.needs
    assert store.verify() == []


def test_records_of_before_are_erased_after_the_change(configs: dict[str, Path], store: Store) -> None:
    update(plan(configs["first"], 1), store)
    update(plan(configs["one more"], 2), store)
    assert holds(store, ["train 1/0"])
    erase(store, ["train 1/0", "validation 1/3"])
    assert not holds(store, ["train 1/0", "validation 1/3"])
    assert math.isfinite(update(plan(configs["one more"], 3), store).metrics["loss"])


def test_rows_of_another_form_without_a_way_to_change_them_are_refused(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    lacking = write_config(tmp_path / "lacking", ONE_MORE.replace("def upgrade_row_fn", "def _unused"))
    with pytest.raises(SchemaMismatch, match="upgrade_row_fn"):
        update(plan(lacking, 2), store)


def test_another_backbone_learns_from_memory_and_champion(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1, budget="20ep"), store)
    second = update(plan(configs["backbone"], 2, terms=["distil"], budget="20ep"), store)
    row = second.validation[0]
    assert row["before"]["accuracy"] == first.metrics["accuracy"]
    assert row["after"]["accuracy"] > 0.8
    assert "body.0.weight" in state_of(store, second)


def test_the_next_update_needs_nothing_of_the_old_architecture(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    second = update(plan(configs["wider"], 2), store)
    later = write_config(tmp_path / "later", FIRST.replace("width: int = 6", "width: int = 10"))
    third = update(plan(later, 3), store)
    assert third.record["parent"] == second.id
    assert state_of(store, third)["0.weight"].shape == (10, 3)
    assert update(plan(configs["wider"], 4), store).record["architecture_changed"] is False


def test_the_record_tells_that_the_architecture_changed(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1), store)
    second = update(plan(configs["wider"], 2), store)
    assert [one.record["architecture_changed"] for one in (first, second)] == [False, True]


def test_a_rollback_leads_across_the_change_and_back(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1, "derpp"), store)
    second = update(plan(configs["one more"], 2, "derpp"), store)
    store.promote(first.id, expected=second.id)
    assert load_model(store, configs["first"])(torch.zeros(1, 3)).shape == (1, 4)
    other = update(plan(configs["first"], 3, "derpp"), store)
    assert other.record["parent"] == first.id
    again = update(plan(configs["one more"], 4, "derpp"), store)
    assert again.record["architecture_changed"]
    store.promote(second.id, expected=again.id)
    assert load_model(store, configs["one more"])(torch.zeros(1, 4)).shape == (1, 4)
    with pytest.raises(SchemaMismatch, match=f"weights of update {first.id} do not fit(?s:.*)config file of its time"):
        load_model(store, configs["one more"], first.id)


@pytest.mark.parametrize("name", ["wider", "one more", "backbone"])
def test_an_update_with_a_change_is_resumed_bit_for_bit(
    name: str, configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    broken = Store(tmp_path / "broken")
    for one in (store, broken):
        update(plan(configs["first"], 1, "derpp"), one)
    update(plan(configs[name], 2, "derpp"), store)
    with pytest.raises(KeyboardInterrupt):
        update(plan(configs[name], 2, "derpp"), broken, reporter=InterruptAfter(5))
    assert update(plan(configs[name], 2, "derpp"), broken).record["training"]["resumed"]
    assert outcome(broken) == outcome(store)


TIED = ["ewc", "si", "mas", "cls_er", "super_er", "ncm", "slda", "fecam"]


@pytest.mark.parametrize("method", TIED)
def test_what_belongs_to_weights_means_nothing_to_fresh_ones(
    method: str, configs: dict[str, Path], store: Store
) -> None:
    first = update(plan(configs["first"], 1, method), store)
    with pytest.raises(
        ConflictError, match=f"{method!r} keeps what belongs to the weights.*`migrate_fn`.*change_method"
    ):
        update(plan(configs["backbone"], 2, method), store)
    assert store.champion == first.id
    if method != "super_er":  # It compares features, which have changed as well.
        anew = update(plan(configs["backbone"], 2, method, change_method=True), store)
        assert math.isfinite(anew.metrics["loss"])


@pytest.mark.parametrize("method", TIED)
def test_what_belongs_to_weights_goes_along_where_these_do(method: str, configs: dict[str, Path], store: Store) -> None:
    update(plan(configs["first"], 1, method), store)
    second = update(plan(configs["one more"], 2, method), store)
    assert all(math.isfinite(row["after"]["loss"]) for row in second.validation)


def test_wider_features_than_a_method_has_statistics_of_are_refused(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1, "slda"), store)
    with pytest.raises(SchemaMismatch, match="features"):
        update(plan(configs["wider"], 2, "slda"), store)
    assert store.champion == first.id


@pytest.mark.parametrize("name", ["wider", "backbone"])
def test_features_of_another_architecture_are_not_compared(name: str, configs: dict[str, Path], store: Store) -> None:
    update(plan(configs["first"], 1, "pod_er"), store)
    with pytest.raises(TrainingError, match="The champion has the features .*Choose a method that compares outputs"):
        update(plan(configs[name], 2, "pod_er"), store)
    update(plan(configs["one more"], 2, "pod_er"), store)


def test_the_champion_is_judged_by_the_method_that_made_it(configs: dict[str, Path], store: Store) -> None:
    first = update(plan(configs["first"], 1, "ncm"), store)
    second = update(plan(configs["first"], 2, "er", change_method=True), store)
    assert second.validation[0]["before"] == first.metrics


def test_a_champion_that_cannot_read_todays_rows_is_named(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    blind = write_config(tmp_path / "blind", ONE_MORE.replace("x[:, :3]", "x"))
    with pytest.raises(ConfigError, match="model of `previous_model_fn` fails on rows of today"):
        update(plan(blind, 2), store)


def test_a_model_that_is_migrated_to_something_else_is_refused(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    wrong = write_config(tmp_path / "wrong", WIDER.replace("return transplant(champion, model)", "return champion"))
    with pytest.raises(ConfigError, match="`migrate_fn` gives a Sequential whose weights are not those"):
        update(plan(wrong, 2), store)


def test_a_head_that_begins_to_grow_has_room_for_what_the_old_one_knew(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    fewer = write_config(tmp_path / "fewer", BACKBONE.replace("rows) % 4", "rows) % 2"))
    assert state_of(store, update(plan(fewer, 2), store))["head.weight"].shape == (4, 12)


def test_rows_in_memory_that_a_new_head_has_no_room_for_are_found_before_training(
    configs: dict[str, Path], store: Store, tmp_path: Path
) -> None:
    update(plan(configs["first"], 1), store)
    fewer = BACKBONE.replace("rows) % 4", "rows) % 2").replace("GrowingHead(12)", "nn.Linear(12, 3)")
    with pytest.raises(TrainingError, match="has the label 3, but the model has 3 outputs"):
        update(plan(write_config(tmp_path / "fewer", fewer), 2), store)


def test_a_champion_that_fits_neither_is_refused(configs: dict[str, Path], store: Store) -> None:
    update(plan(configs["backbone"], 1), store)
    with pytest.raises(SchemaMismatch, match="do not fit the model that `previous_model_fn` builds(?s:.*)Build there"):
        update(plan(configs["wider"], 2), store)
