"""Tuning inside an update: what it refuses, what it keeps, what it decides."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import RATE, Heard, fixed, made, ranged
from tests.transaction.stream import CONFIG, bytes_of, copy_of, plan, write_config
from tests.transaction.threads import Threads
from vernal.base import ConfigError, ConflictError, TrainingError
from vernal.config import Plan
from vernal.space import choice, uniform
from vernal.store import Store
from vernal.testing.toys import toy_plan
from vernal.transaction import erase, tune, update
from vernal.tuning import Past, Suggestion, Tuning, View

FAILS = (
    CONFIG
    + """

def loss_fn(weight: float = 0.5):
    if weight > 1:
        raise ValueError(f"a weight of {weight}")
    return lambda outputs, targets: weight * nn.functional.cross_entropy(outputs, targets, reduction="none")


def previous_model_fn(width: int = 8) -> nn.Module:
    return model_fn(width)
"""
)


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


def past_of(store: Path, key: str = "champion") -> Past:
    """What a record has of its trials."""
    opened = Store(store)
    blob = opened.record(key)["artefacts"]["tuning"]["blob"]
    return Past.from_json(json.loads(opened.blobs.get(opened.resolve(blob))))


# What is refused, before anything is trained


def refused(asked: Plan, store: Path, message: str, error: type[Exception] = ConfigError) -> None:
    """The plan is refused before any worker is started."""
    before, started = bytes_of(store), Threads.started
    with pytest.raises(error, match=message):
        update(asked, store)
    assert Threads.started == started
    assert bytes_of(store) == before


def test_ranges_without_validation_data_are_refused(store: Path, tmp_path: Path) -> None:
    text = CONFIG.replace('validation=chunk("validation", validation_rows)', "validation=None")
    config = write_config(tmp_path / "without", text)
    fresh = tmp_path / "fresh"
    update(plan(config, 1), fresh)
    refused(ranged(plan(config, 2)), fresh, "no validation data to choose by. Provide a validation set")


def test_several_devices_are_refused(store: Path, config: Path) -> None:
    refused(ranged(plan(config, 2, devices=2)), store, "`devices` must be 1 where values are tuned")


def test_a_range_of_what_the_data_depends_on_is_refused(store: Path, config: Path) -> None:
    refused(ranged(plan(config, 2), {"rows": choice(20, 40)}), store, "trials on different data could not be compared")


def test_a_method_that_may_not_go_on_from_the_parents_is_refused(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2, ["er", "derpp"]))
    refused(asked, store, "trained with the method 'er', and this plan says 'derpp'", ConflictError)
    changed = update(dataclasses.replace(asked, change_method=True), store).record
    assert {trial.config["method"] for trial in past_of(store).trials} == {"er", "derpp"}
    assert changed["plan"]["method"]["name"] in ("er", "derpp")


def test_a_store_in_memory_is_refused(config: Path) -> None:
    with pytest.raises(ConfigError, match="memory of this process, and trials train in processes of their own"):
        update(ranged(plan(config, 1)), "memory://tuning/refused")


def test_there_must_be_something_to_tune(store: Path, config: Path) -> None:
    with pytest.raises(ConfigError, match="There is nothing to tune: every value of the plan is fixed"):
        tune(plan(config, 2), store)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("part", ["metric", "also", "constraints"])
def test_a_number_that_is_not_measured_is_refused_before_the_first_epoch(
    part: str, workers: int, store: Path, config: Path
) -> None:
    given: Any = {"metric": "mae", "also": ("new.mae",), "constraints": ("mae<=0.5",)}[part]
    before = bytes_of(store)
    with pytest.raises(ConfigError, match="mae', which is not measured.*accuracy"):
        update(ranged(plan(config, 2), **{part: given}, workers=workers), store)
    assert bytes_of(store) == before
    assert not [*store.glob("scratch/*/*/trials.jsonl")]


def test_a_metric_that_nobody_knows_is_refused(store: Path, config: Path) -> None:
    refused(ranged(plan(config, 2), metric="accurcy"), store, "No metric is called 'accurcy'. Did you mean 'accuracy'")


def test_the_metric_of_the_task_is_to_improve_already(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2), also=("size_bytes", "accuracy"))
    refused(asked, store, "`also` names 'accuracy', which is to improve already. Name each number once.")


def test_the_plans_own_values_must_work(store: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "fails", FAILS)
    asked = plan(config, 2, arguments={"weight": 2.0})
    for workers in (1, 2):
        with pytest.raises(ConfigError, match="`loss_fn` fails.*a weight of 2.0"):
            update(ranged(asked, {"lr": RATE}, workers=workers), store)
    assert update(ranged(plan(config, 2)), store).promoted


# Trials that fail


def test_a_trial_that_fails_is_a_failed_trial_and_the_search_goes_on(store: Path, tmp_path: Path) -> None:
    config, heard = write_config(tmp_path / "fails", FAILS), Heard()
    asked = ranged(plan(config, 2), {"weight": uniform(0.1, 3.0)}, max_trials=8)
    record = update(asked, store, reporter=heard).record
    trials = past_of(store).trials
    assert {trial.status for trial in trials} == {"complete", "failed"}
    for trial in trials:
        assert (trial.status == "failed") == (trial.config["weight"] > 1)
        assert trial.status == "complete" or f"a weight of {trial.config['weight']}" in trial.error
    assert record["tuning"]["failed"] == sum(trial.status == "failed" for trial in trials)
    assert sum("failed: " in note for note in heard.notes) == record["tuning"]["failed"]


def test_when_all_trials_fail_the_first_reason_is_told_and_the_next_call_begins_anew(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2, accumulate=1), {"lr": uniform(1e30, 2e30)}, max_trials=3)
    asked = dataclasses.replace(asked, arguments={**asked.arguments, "lr": 1e30})
    before = bytes_of(store)
    for _ in range(2):
        started = Threads.started
        with pytest.raises(TrainingError, match=r"None of 3 trials .* champion is as it was.* trial 0: .*failed"):
            update(asked, store)
        assert Threads.started == started + 1
    assert bytes_of(store) == before


# Constraints


@pytest.mark.parametrize("number", [1, 2])
def test_what_keeps_no_constraint_stays_beside_the_champion(
    number: int, first: Path, config: Path, tmp_path: Path
) -> None:
    store = copy_of(first, "infeasible") if number == 2 else tmp_path / "fresh"
    champion = Store(store).champion
    asked = ranged(plan(config, number), constraints=("size_bytes<=10", "accuracy>=0"))
    result = update(asked, store)
    assert (result.promoted, result.repeated, Store(store).champion) == (False, False, champion)
    assert result.record["tuning"]["feasible"] is False
    why = result.record["decision"]["why"]
    assert result.record["decision"]["yes"] is False
    assert "no trial keeps the constraints (size_bytes <= 10, accuracy >= 0)" in why
    again = update(asked, store)
    assert (again.id, again.promoted, again.repeated) == (result.id, False, True)
    assert Store(store).champion == champion
    Store(store).promote(result.id, expected=champion)  # Who means it says so.
    assert update(asked, store).promoted


CONSTRAINTS = (
    "forgetting<=1",
    "old.accuracy>=0",
    "new.loss<=99",
    "latency_ms<=1e6",
    "size_bytes<=1e6",
    "seconds<=99",
    "cost<=1e6",
)


@pytest.mark.parametrize("number", [1, 2])
def test_all_that_can_be_demanded_is_measured(number: int, first: Path, config: Path, tmp_path: Path) -> None:
    """Also in a first update, where there is nothing old to be kept."""
    store = copy_of(first, "demanding") if number == 2 else tmp_path / "fresh"
    asked = ranged(plan(config, number), metric="new.loss", constraints=CONSTRAINTS, price_per_hour=36.0)
    result = update(asked, store)
    assert result.promoted
    assert result.record["tuning"]["feasible"]
    assert result.record["tuning"]["higher_is_better"] is False
    for trial in past_of(store).trials:
        for measures in (*trial.curve, trial.final):
            assert measures is not None
            assert {"forgetting", "new.loss", "latency_ms", "size_bytes", "seconds"} <= {*measures}
            assert measures["cost"] == pytest.approx(measures["seconds"] / 100)  # 36 an hour is 1 in 100 s.
            assert ("old.accuracy" in measures) == (number == 2)
            assert measures["size_bytes"] == 4 * (8 * 4 + 8 + 3 * 8 + 3)


def test_forgetting_and_parts_are_what_the_record_says(store: Path, config: Path) -> None:
    result = update(ranged(plan(config, 2), constraints=("forgetting<=1",)), store)
    chosen = past_of(store).trials[result.record["tuning"]["chosen"]].final
    assert chosen is not None
    old, new = result.validation
    assert chosen["old.accuracy"] == pytest.approx(old["after"]["accuracy"])
    assert chosen["new.accuracy"] == pytest.approx(new["after"]["accuracy"])
    assert chosen["forgetting"] == pytest.approx(old["before"]["accuracy"] - old["after"]["accuracy"])
    rows = old["rows"], new["rows"]
    together = (rows[0] * old["after"]["accuracy"] + rows[1] * new["after"]["accuracy"]) / sum(rows)
    assert chosen["accuracy"] == pytest.approx(together)


def test_a_feasible_trial_is_preferred_to_a_better_one(store: Path, config: Path) -> None:
    free = tune(ranged(plan(config, 2), metric="new.loss", max_trials=6), copy_of(store, "free"))
    losses = sorted(trial.final["old.loss"] for trial in free.past.trials if trial.final)
    bound = f"old.loss<={losses[0]}"
    bounded = tune(ranged(plan(config, 2), metric="new.loss", max_trials=6, constraints=(bound,)), store)
    chosen = bounded.past.trials[bounded.summary["chosen"]]
    assert bounded.is_feasible
    assert chosen.final is not None
    assert chosen.final["old.loss"] == losses[0]


def test_several_objectives_leave_a_pareto_set(store: Path, config: Path) -> None:
    summary = update(ranged(plan(config, 2), also=("size_bytes", "seconds"), max_trials=4), store).record["tuning"]
    assert summary["also"] == ["size_bytes", "seconds"]
    assert summary["chosen"] in [trial if isinstance(trial, int) else trial["trial"] for trial in summary["pareto"]]


# The architecture of the champion


def test_what_builds_another_architecture_stays_as_it_is_in_the_champion(store: Path, config: Path) -> None:
    heard, space = Heard(), {"lr": RATE, "width": choice(4, 8, 16)}
    record = update(ranged(plan(config, 2), space), store, reporter=heard).record
    assert record["tuning"]["frozen"] == {"width": 8}
    assert record["tuning"]["config"]["width"] == 8
    assert "width stays 8: another value would be another architecture than the champion's" in heard.notes
    assert all({*trial.config} == {"lr"} for trial in past_of(store).trials)
    assert past_of(store).fixed["width"] == 8


def test_an_architecture_chosen_in_a_first_update_stays_in_later_ones(config: Path, tmp_path: Path) -> None:
    space = {"lr": RATE, "width": choice(4, 6)}
    first = update(ranged(plan(config, 1), space, max_trials=6), tmp_path).record["plan"]["arguments"]["width"]
    assert first in (4, 6)
    second = update(ranged(plan(config, 2), space), tmp_path).record
    assert second["tuning"]["frozen"] == {"width": first}
    assert second["plan"]["arguments"]["width"] == first


def test_a_growing_head_leaves_the_other_layers_as_they_are(tmp_path: Path) -> None:
    update(toy_plan("er", 1, growing=True), tmp_path)
    space = {"lr": RATE, "hidden": choice(4, 8)}
    record = update(ranged(toy_plan("er", 2, growing=True), space), tmp_path).record
    assert record["tuning"]["frozen"] == {"hidden": 8}


def test_where_nothing_is_left_to_choose_there_is_one_trial(store: Path, config: Path) -> None:
    heard, plain = Heard(), copy_of(store, "plain")
    asked = ranged(plan(config, 2), {"width": choice(4, 8)}, scheduler="asha", max_minutes=5, max_trials=None)
    record = update(asked, store, reporter=heard).record
    assert record["tuning"]["trials"] == 1
    assert "nothing is left to choose: there is one trial" in heard.notes
    update(fixed(asked, {"width": 8}), plain)
    assert made(store) == made(plain)


def test_what_is_no_part_of_the_architecture_stays_free(store: Path, tmp_path: Path) -> None:
    text = CONFIG.replace("classes: int = 3)", "classes: int = 3, dropout: float = 0.2)").replace("(0.2)", "(dropout)")
    config = write_config(tmp_path / "dropout", text)
    record = update(ranged(plan(config, 2), {"dropout": uniform(0, 0.5), "width": choice(8, 9)}), store).record
    assert record["tuning"]["frozen"] == {"width": 8}
    assert len({trial.config["dropout"] for trial in past_of(store).trials}) == 4


def test_arguments_that_depend_on_one_another_stay_together(store: Path, tmp_path: Path) -> None:
    text = CONFIG.replace("classes: int = 3)", "classes: int = 3, heads: int = 4)")
    text = text.replace("    layers = ", "    assert width % heads == 0\n    layers = ")
    config = write_config(tmp_path / "heads", text)
    update(plan(config, 1), tmp_path / "parent")
    space = {"lr": RATE, "width": choice(6, 8), "heads": choice(3, 4)}
    record = update(ranged(plan(config, 2), space), tmp_path / "parent").record
    assert record["tuning"]["frozen"] == {"width": 8, "heads": 4}


def test_where_the_architecture_may_change_it_is_free(store: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "migrates", FAILS)
    space = {"lr": RATE, "classes": choice(3, 4)}
    record = update(ranged(plan(config, 2), space, max_trials=6), store).record
    assert record["tuning"]["frozen"] == {}
    assert {trial.config["classes"] for trial in past_of(store).trials} == {3, 4}


# What is kept


def test_a_history_is_used_by_later_updates_and_survives_what_happens_to_the_store(
    config: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    ids = [update(ranged(plan(config, n), scheduler=None), f"file://{store}").id for n in range(1, 6)]
    opened = Store(store)
    for number, identity in enumerate(ids):
        tuning = opened.record(identity)["tuning"]
        assert tuning["past"] == ids[:number]
        assert tuning["transfer"] == ("enqueue" if number else "none")
        assert past_of(store, identity).update == identity
    carried = [trial.origin for trial in past_of(store).trials]
    assert any(origin.startswith("update ") for origin in carried)
    opened.gc(timedelta(0))
    erase(store, ["train 1/3"], reason="asked for")
    opened.gc(timedelta(0))
    assert opened.verify() == []
    sixth = update(ranged(plan(config, 6), scheduler=None), store)
    assert sixth.record["tuning"]["past"] == ids


def test_what_another_branch_has_learned_is_not_used(store: Path, config: Path) -> None:
    root = Store(store).champion
    beside = update(ranged(plan(config, 2)), store, parent=root, promote=False)
    other = update(ranged(plan(config, 3)), store, parent=root, promote=False)
    assert other.record["tuning"]["past"] == []
    follows = update(ranged(plan(config, 3)), store, parent=beside.id, promote=False)
    assert follows.record["tuning"]["past"] == [beside.id]


def test_tune_and_then_update_trains_nothing_more(store: Path, config: Path) -> None:
    asked, whole = ranged(plan(config, 2), scheduler="asha"), copy_of(store, "whole")
    before = bytes_of(store)
    searched = tune(asked, store)
    assert bytes_of(store) == before
    again = tune(asked, store)
    assert (again.summary, again.past) == (searched.summary, searched.past)
    started, heard = Threads.started, Heard()
    record = update(asked, store, reporter=heard).record
    assert Threads.started == started
    assert record["tuning"] == json.loads(json.dumps(searched.summary))
    assert [note for note in heard.notes if note.startswith("goes on")] == ["goes on after 9 steps"]
    assert not any(note.startswith("checkpoint") for note in heard.notes)
    update(asked, whole)
    assert made(store) == made(whole)
    with pytest.raises(ConflictError, match="was made before"):
        tune(asked, store)
    assert update(asked, store).repeated
    assert Store(store).unfinished() == []


def test_an_erasure_ends_the_trials_that_began_before_it(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2), max_trials=2)
    folder = tune(asked, store).folder.parent.parent
    erase(store, ["train 1/3", "validation 1/3"], reason="asked for")
    started = Threads.started
    other = tune(asked, store).folder.parent.parent
    assert Threads.started == started + 1
    assert folder != other
    assert not folder.exists()


def test_trials_keep_checkpoints_and_nothing_of_the_parents_memory(tmp_path: Path) -> None:
    """A parent's memory of some megabytes; beside the weights, a trial keeps less than 32 kB."""
    text = CONFIG.replace("torch.randn(count, 4,", "torch.randn(count, 512,")
    config = write_config(tmp_path / "wide", text)
    store = tmp_path / "store"
    arguments = {"features": 512, "rows": 2000}
    method: Any = "derpp"
    update(plan(config, 1, method, arguments=arguments, budget="1ep"), store)
    memory = sum(path.stat().st_size for path in (store / "blobs").rglob("*") if path.is_file())
    assert memory > 1e6
    asked = plan(config, 2, method, arguments={"features": 512}, budget="2ep", checkpoint_minutes=5)
    searched = tune(ranged(asked, max_trials=10), store)
    weights = 4 * (8 * 512 + 8 + 3 * 8 + 3)
    for number in range(10):
        files = [path for path in (searched.folder.parent.parent / str(number)).rglob("*") if path.is_file()]
        assert [path.name for path in files] == ["checkpoint.safetensors"]
        assert files[0].stat().st_size < 3 * weights + 32_000  # the model, and two moments of the optimiser


def test_what_is_told_meanwhile_is_the_best_so_far(store: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vernal.transaction.crew._TELL_EVERY", 0.0)
    heard = Heard()
    update(ranged(plan(config, 2), workers=2), store, reporter=heard)
    assert heard.phases[:4] == ["read config", "read data", "tune", "evaluate before"]
    assert heard.facts[0][0] == "trial 2 of 4"
    assert any(fact.startswith("best accuracy ") for fact in heard.facts[-1])
    assert sum(" complete: accuracy " in note for note in heard.notes) == 4


def test_callbacks_see_trials_and_loggers_do_not(store: Path, tmp_path: Path) -> None:
    text = (
        CONFIG
        + """
from pathlib import Path

SEEN = Path(__file__).parent / "seen.txt"


class Noting:
    def __init__(self, name):
        self._name = name

    def on_train_start(self, *_, **__):
        with SEEN.open("a") as file:
            file.write(self._name + " ")


def callbacks_fn():
    return [Noting("callback")]


def loggers_fn():
    with SEEN.open("a") as file:
        file.write("logger ")
    return []
"""
    )
    config = write_config(tmp_path / "listening", text)
    update(ranged(plan(config, 2), max_trials=3), store)
    assert (config.parent / "seen.txt").read_text().split() == ["callback"] * 3 + ["logger", "callback"]


def test_default_ranges_are_tuned_where_none_is_named(store: Path, config: Path) -> None:
    asked = dataclasses.replace(plan(config, 2), tuning=Tuning(max_trials=3))
    record = update(asked, store).record
    assert "lr" in record["tuning"]["config"]
    assert record["tuning"]["trials"] == 3


HITS = (
    CONFIG
    + """

class Hits:
    higher_is_better = True

    def __init__(self):
        self.reset()

    def reset(self):
        self._hits, self._n = 0, 0

    def to(self, device):
        return self

    def update(self, outputs, targets):
        self._hits += int((outputs.argmax(1) == targets).sum())
        self._n += len(targets)

    def compute(self):
        return self._hits / self._n


def metrics_fn():
    return {"hits": Hits()}
"""
)


def test_a_metric_of_the_users_own_can_be_the_goal(store: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "hits", HITS)
    record = update(ranged(plan(config, 2), metric="hits", constraints=("hits>=0",)), store).record
    assert record["tuning"]["higher_is_better"]
    for trial in past_of(store).trials:
        assert trial.final is not None
        assert trial.final["hits"] == pytest.approx(trial.final["accuracy"])


class Twice:
    """A searcher of the user's own, which nobody but this process can import."""

    def suggest(self, view: View) -> Suggestion:
        """The same again."""
        return Suggestion(view.default, "twice")


def test_who_decides_what_is_tried_need_not_travel(store: Path, config: Path) -> None:
    class Local(Twice):
        pass

    searched = tune(ranged(plan(config, 2), scheduler="asha", searcher=Local(), max_trials=2), store)
    one, two = searched.past.trials
    assert one.curve[0] | {"seconds": 0} == two.curve[0] | {"seconds": 0}


def test_a_choice_of_a_closed_form_first_has_the_levels_of_those_that_train(tmp_path: Path) -> None:
    store = tmp_path / "store"
    update(toy_plan("ncm", 1), store)
    asked = dataclasses.replace(toy_plan("ncm", 2), method=["ncm", "er"], change_method=True)
    searched = tune(ranged(asked, {"lr": RATE}, max_trials=6), store)
    assert searched.summary["levels"] == 3
    levels = {trial.config["method"]: trial.level for trial in searched.past.trials}
    assert levels == {"ncm": 0, "er": 3}
