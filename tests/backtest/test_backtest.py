"""Policies that live through the same past: what they share, what they do not, what they cost."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.backtest.histories import HOUR, backtest, plan, policies, policy, stream, written
from vernal.backtest import Backtest, History, Lives, is_stateless
from vernal.backtest.clock import HeldClock
from vernal.base import ConfigError, DataError
from vernal.config import Plan
from vernal.drift import Monitor
from vernal.gate import Gate
from vernal.ledger import Database, Loops, Outcomes
from vernal.loop import INCONCLUSIVE, KEPT, PROMOTED, REJECTED, Learner, Loop
from vernal.sources import Files, Replay
from vernal.store import Store
from vernal.triggers import Always, Drift, Every, Metric, Rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backtest")


@pytest.fixture(scope="module")
def lives(folder: Path) -> Lives:
    return backtest(folder, stream(), policies()).run()


def test_every_policy_has_the_same_first_model(lives: Lives) -> None:
    assert len({course.chunks[0].champion for course in lives.courses.values()}) == 1


def test_every_chunk_but_the_first_is_lived_through(lives: Lives) -> None:
    for course in lives.courses.values():
        assert [one.number for one in course.chunks] == [1, 2, 3, 4, 5]
        assert [one.rows for one in course.chunks] == [40] * 5


def test_who_never_updates_keeps_the_first_model(lives: Lives) -> None:
    never = lives.courses["never"]
    assert never.updates == never.promoted == never.seconds == 0
    assert {one.outcome for one in never.chunks} == {KEPT}


def test_who_always_updates_does_so_after_every_chunk(lives: Lives) -> None:
    always = lives.courses["always"]
    assert always.updates == always.promoted == 5
    assert always.seconds > 0
    assert len({one.champion for one in always.chunks}) == 5


def test_the_model_of_an_update_answers_from_the_next_chunk_on(lives: Lives) -> None:
    chunks = lives.courses["always"].chunks
    for one, following in zip(chunks, chunks[1:], strict=False):
        assert following.champion == one.updates[0]


def test_a_champion_has_learned_no_row_of_the_chunk_that_it_is_measured_on(lives: Lives) -> None:
    for course in lives.courses.values():
        for one in course.chunks:
            learned = {file for record in lives.store.lineage(one.champion) for file in record["chunk"]["files"]}
            assert learned.isdisjoint(lives.chunks[one.number][1].files)


def test_updates_from_scratch_learn_all_rows_so_far_and_stateful_ones_what_is_new(lives: Lives) -> None:
    def rows(name: str) -> list[int]:
        made = [id for one in lives.courses[name].chunks for id in one.updates]
        return [lives.store.record(id)["chunk"]["rows"] for id in made]

    assert rows("scratch") == pytest.approx([60, 90, 120, 150, 180], abs=15)  # A quarter is kept to judge by.
    assert rows("always") == pytest.approx([30] * 5, abs=10)


def test_stateless_policies_share_what_they_train(lives: Lives) -> None:
    scratch, other = (
        {id for one in lives.courses[name].chunks for id in one.updates} for name in ("scratch", "every other")
    )
    assert other < scratch


def test_only_policies_from_scratch_are_stateless() -> None:
    found = {name: is_stateless(one) for name, one in policies().items()}
    assert [name for name, is_so in found.items() if is_so] == ["scratch", "every other"]


def test_a_policy_can_wait_for_rows_to_learn_a_new_world_from(tmp_path: Path) -> None:
    trigger = Drift(on=("features",), every=40, enough=100, monitor=Monitor(min_rows=8))
    course = backtest(tmp_path, stream(moved_from=40), {"drifted": policy(trigger)}).run().courses["drifted"]
    assert [one.outcome for one in course.chunks[:3]] == [KEPT, KEPT, PROMOTED]
    assert ["100 are needed to learn it" in one.why for one in course.chunks[:3]] == [True, True, False]


def test_what_a_gate_rejects_is_not_learned_by_the_next_update(tmp_path: Path) -> None:
    demanding = Gate(mode="superior", margin=0.5, alpha=0.2, min_items=5)
    lives = backtest(tmp_path, stream(), {"demanding": policy(Always(), demanding)}).run()
    chunks = lives.courses["demanding"].chunks
    rejected = [one for one in chunks if one.outcome == REJECTED]
    assert len(rejected) >= 3
    assert len({one.champion for one in chunks}) == 1
    for one in rejected:
        (id,) = one.updates
        assert len(lives.store.record(id)["chunk"]["files"]) <= 1 + (5 - len(rejected))


def test_a_gate_that_refuses_leaves_the_champion_and_the_update_is_paid_for(lives: Lives) -> None:
    gated = lives.courses["gated"]
    refused = [one for one in gated.chunks if one.outcome != PROMOTED]
    assert refused
    assert gated.updates > gated.promoted == 5 - len(refused)
    for one, following in zip(gated.chunks, gated.chunks[1:], strict=False):
        assert (following.champion == one.champion) == (one.outcome != PROMOTED)


def test_a_gate_that_never_lets_a_first_model_pass_does_not_keep_a_policy_from_beginning(tmp_path: Path) -> None:
    strict = {"strict": policy(Always(), Gate(first="refuse", min_items=1000)), "never": policies()["never"]}
    courses = backtest(tmp_path, stream(), strict).run().courses
    assert courses["strict"].chunks[0].champion == courses["never"].chunks[0].champion
    assert courses["strict"].chunks[0].outcome == INCONCLUSIVE


def test_mistakes_are_wrong_answers_and_updates_have_a_price(lives: Lives) -> None:
    course = lives.courses["always"]
    wrong = sum(round((1 - one.score) * one.rows) for one in course.chunks)
    assert course.mistakes == pytest.approx(wrong)
    assert course.score == pytest.approx(1 - wrong / 200)
    assert course.cost(7.0) == pytest.approx(wrong + 35)


def test_a_course_is_plain_values(lives: Lives) -> None:
    told = lives.courses["always"].to_json()
    assert told["updates"] == 5
    assert told["chunks"][0]["updates"] == [*lives.courses["always"].chunks[0].updates]


def test_the_same_backtest_again_trains_nothing_and_says_the_same(lives: Lives, folder: Path) -> None:
    again = backtest(folder, stream(), policies()).run()
    assert lives.shared.trained > 0
    assert again.shared.trained == 0
    for name, course in lives.courses.items():
        assert again.courses[name].to_json() == course.to_json()


def test_one_more_policy_trains_only_what_is_new(tmp_path: Path) -> None:
    never, scratch, always = (policies()[name] for name in ("never", "scratch", "always"))
    assert backtest(tmp_path, stream(), {"never": never}).run().shared.trained == 1
    assert backtest(tmp_path, stream(), {"scratch": scratch, "never": never}).run().shared.trained == 5
    assert backtest(tmp_path, stream(), {"always": always, "scratch": scratch}).run().shared.trained == 5


def test_five_stateless_policies_train_each_model_once(tmp_path: Path) -> None:
    several = {f"{n} rows": policy(Rows(n), learn="scratch") for n in (40, 80, 120, 160)}
    lives = backtest(tmp_path, stream(), several | {"always": policies()["scratch"]}).run()
    asked = sum(course.updates for course in lives.courses.values()) + len(lives.courses)
    assert lives.shared.trained == 6  # The first one, and one at each of the five chunks.
    assert lives.shared.reused == asked - 6


def champions_alive(folder: Path, replayed: Backtest, name: str) -> list[str | None]:
    """The models that a live loop has in production after every turn, in a store and an inbox of its own."""
    history = replayed.history
    clock = HeldClock(datetime(1970, 1, 1, tzinfo=UTC))
    store, database = Store(folder / "live"), Database("sqlite://")
    learner = Learner(replayed.plan, store, clock=clock)
    live = history.of(replayed.policies[name])
    loop = Loop(live, learner, Loops(database, "live"), Outcomes(database, "live"), folder / "live inbox", clock)
    found: list[str | None] = []
    for tick in history.ticks(replayed.every):
        clock.set(tick)
        loop.turn(by_hand="The first model." if store.champion is None else "")
        champion = store.champion
        found.append(None if champion is None else model_of(store, champion))
    return found


def model_of(store: Store, id: str) -> str:
    """The digest of a version's weights."""
    return str(store.record(id)["artefacts"]["model"]["blob"])


@pytest.mark.parametrize(
    ("name", "delay"),
    [("always", None), ("gated", None), ("worse", None), ("drifted", None), ("scratch", None), ("always", "30h")],
)
def test_a_replayed_policy_has_the_champions_of_a_live_loop_bit_for_bit(
    name: str, delay: str | None, tmp_path: Path
) -> None:
    chosen = policies()[name]
    if chosen.gate is not None:
        chosen = replace(chosen, gate=replace(chosen.gate, first="promote"))
    replayed = backtest(tmp_path, stream(), {name: chosen}, delay=delay)
    lives = replayed.run()
    alive = champions_alive(tmp_path, replayed, name)
    for one in lives.courses[name].chunks:
        assert model_of(lives.store, one.champion) == alive[one.number - 1]


def test_an_estimate_bounds_the_updates_and_trains_only_the_first_model(tmp_path: Path) -> None:
    replayed = backtest(tmp_path, stream(), policies())
    estimate = replayed.estimate()
    assert estimate.chunks == 6
    assert estimate.updates == 4 * 5 + 5  # Four stateful policies that may update, and the stateless ones together.
    assert estimate.seconds > 0
    assert len(Store(tmp_path / "models" / "store").records()) == 1


def test_an_estimate_counts_what_looking_back_needs(tmp_path: Path) -> None:
    alone = backtest(tmp_path, stream(), {name: policies()[name] for name in ("never", "always")})
    assert [alone.estimate(models).updates for models in (0, 3, 8, None)] == [5, 8, 10, 10]
    calibrating = {"continual": replace(policies()["always"], calibrate=Every("3d"))}
    assert backtest(tmp_path, stream(), calibrating).estimate().updates == 10


def test_no_more_is_trained_than_was_estimated(lives: Lives, folder: Path) -> None:
    assert lives.shared.trained - 1 <= backtest(folder, stream(), policies()).estimate().updates


def test_who_is_told_hears_of_every_chunk(tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    backtest(tmp_path, stream(), {"never": policies()["never"]}).run(lambda *facts: heard.append(facts))
    assert heard == [("never", n, 6) for n in range(1, 7)]


def test_chunks_that_the_config_file_cannot_read_are_an_error_before_anything_is_trained(tmp_path: Path) -> None:
    columns = stream(12)
    columns["side"] = np.where(np.arange(12) == 9, np.nan, columns["side"])
    replayed = backtest(tmp_path, columns, policies(), every=3)
    with pytest.raises(DataError, match="1 missing values") as caught:
        replayed.run()
    assert caught.value.__notes__ == ["This is about the chunk of 3 rows that ends at 1970-01-01 11:00 UTC."]
    assert Store(tmp_path / "models" / "store").records() == []


def test_chunks_of_one_row_do(tmp_path: Path) -> None:
    columns = {name: values[:9] for name, values in stream(9).items()}
    columns["time"] = np.where(
        np.arange(9) < 4, 0.0, columns["time"]
    )  # A first chunk of four rows, to learn and judge.
    chosen = {"never": policies()["never"], "gated": policies()["gated"]}
    courses = backtest(tmp_path, columns, chosen, every=1).run().courses
    assert [one.rows for one in courses["never"].chunks] == [1] * 5
    assert {one.outcome for one in courses["gated"].chunks} <= {INCONCLUSIVE, "failed"}  # Who judges with nothing?


def test_a_regression_is_measured_by_its_loss(tmp_path: Path) -> None:
    history = History([written(tmp_path, stream())], id="id")
    chosen = {"never": policies()["never"], "always": policies()["always"]}
    lives = Backtest(plan(target="place"), history, 40, chosen, tmp_path / "models").run()
    for course in lives.courses.values():
        assert all(one.score == -one.error for one in course.chunks)
        assert course.mistakes == pytest.approx(sum(one.error * 40 for one in course.chunks))
        assert course.score < 0
    assert lives.metric == "loss"


def test_a_loss_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    columns = stream()
    columns["a"][230] = math.nan
    history = History([written(tmp_path, columns)], id="id")
    spoilt = Backtest(plan(target="place"), history, 40, {"never": policies()["never"]}, tmp_path / "models")
    with pytest.raises(DataError, match="The loss is no number on 1 of 40 rows. Leave out rows with missing values"):
        spoilt.run()


def test_accuracy_is_what_a_classification_is_measured_by(lives: Lives) -> None:
    assert lives.metric == "accuracy"


def test_metrics_of_the_past_are_looked_at_and_others_refused(tmp_path: Path) -> None:
    measured = {"time": HOUR * np.arange(240), "value": np.where(np.arange(240) < 100, 1.0, 0.0)}
    watched = replace(policy(Metric("ctr < 0.5", window=10)), metrics={"ctr": Replay(measured)})
    course = backtest(tmp_path, stream(), {"ctr": watched}).run().courses["ctr"]
    assert [one.outcome for one in course.chunks].count(PROMOTED) >= 1
    assert course.chunks[0].outcome == KEPT
    today = replace(watched, metrics={"ctr": Files(str(tmp_path / "*.parquet"))})
    with pytest.raises(ConfigError, match="'ctr' comes from Files, and a backtest must not read what is there today"):
        backtest(tmp_path, stream(), {"ctr": today}).run()


def test_no_policy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="compares policies: name one"):
        backtest(tmp_path, stream(), {})


def test_a_config_file_without_a_window_is_an_error_before_anything_is_trained(tmp_path: Path) -> None:
    history = History([written(tmp_path, stream())])
    toy = Plan(str(Path(__file__).parents[1] / "cli" / "drift.py"), "fine_tune", {"chunk": 1})
    with pytest.raises(ConfigError, match=r"takes no `window`.*Give it an argument"):
        Backtest(toy, history, 40, policies(), tmp_path / "models").run()
    assert not (tmp_path / "models").exists()


def test_labels_that_never_come_in_time_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No label was known .* 400d after its row.*longer history"):
        backtest(tmp_path, stream(), {"never": policies()["never"]}, delay="400d").run()


def test_a_first_model_that_cannot_be_trained_is_an_error_that_says_why(tmp_path: Path) -> None:
    history = History([written(tmp_path, stream())], id="id")
    wild = Backtest(plan(target="place", rate=1e30), history, 40, {"never": policies()["never"]}, tmp_path / "models")
    with pytest.raises(ConfigError, match="Attempt 3 of 3 failed.*loss"):
        wild.run()


def test_rows_without_a_time_are_an_error_that_names_the_column(tmp_path: Path) -> None:
    columns = stream()
    columns["time"][3] = math.nan
    with pytest.raises(DataError, match="1 rows have no time: column 'time'"):
        backtest(tmp_path, columns, policies()).run()
