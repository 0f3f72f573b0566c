"""What triggers are shown and told: measurements, prices, ticks that were missed, champions that others have moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.doubles import MovedClock
from tests.loop.test_loop import TOLERANT, live
from tests.loop.world import World, files_learned, kinds, lived, rows_of
from vernal.base import ConflictError, DataError
from vernal.data import Window
from vernal.gate import Gate
from vernal.loop import KEPT, PROMOTED, REJECTED
from vernal.sources import Files
from vernal.transaction import update
from vernal.triggers import AccumulatedRegret, AllOf, Budget, Changed, Cron, Drift, Every, Manual, Metric, Rows


class Ticking(MovedClock):
    """Every question for seconds takes one."""

    asked = 0

    def seconds(self) -> float:
        self.asked += 1
        return float(self.asked)


# Measurements


def clicks(world: World, name: str, *rates: float) -> None:
    """The click-through rate of some hours."""
    now = world.clock.now().timestamp()
    times = [now - 60.0 * (len(rates) - at) for at in range(len(rates))]
    world.put(name, {"time": times, "value": [*rates]}, world.folder / "ctr")


def with_clicks(world: World, trigger: Metric) -> Any:
    (world.folder / "ctr").mkdir(exist_ok=True)
    return world.policy(trigger, metrics={"ctr": Files(str(world.folder / "ctr"), settle="1s")})


def test_a_click_through_rate_that_falls_below_its_level_makes_an_update(world: World) -> None:
    loop = world.loop(with_clicks(world, Metric("ctr < 0.0191", window=1)))
    world.arrive(0)
    clicks(world, "0.parquet", 0.0210, 0.0191)
    assert world.turn(loop).outcome == KEPT
    clicks(world, "1.parquet", 0.0190)
    turn = world.turn(loop)
    assert turn.outcome == PROMOTED
    assert turn.decisions[0].why == "ctr is 0.019 over 1 row, below 0.0191."
    evidence = turn.decisions[0].evidence
    assert (evidence["threshold"], evidence["measured"]["value"], evidence["new_values"]) == (0.0191, 0.019, 1)
    world.arrive(1)
    assert world.turn(loop).outcome == KEPT  # The new champion is measured anew.
    clicks(world, "2.parquet", 0.0100)
    assert world.turn(loop).outcome == PROMOTED


@pytest.mark.parametrize(("later", "learned"), [([], True), ([0.0250], False)])
def test_a_fall_while_no_rows_came_is_answered_by_the_next_rows_if_it_lasts(
    later: list[float], learned: bool, world: World
) -> None:
    loop = world.loop(with_clicks(world, Metric("ctr < 0.0191", window=1)))
    world.arrive(0)
    world.turn(loop, by_hand="The first model.")
    clicks(world, "0.parquet", 0.0180)
    assert kinds(world.turn(loop)) == [("trigger", "update")]
    if later:
        clicks(world, "1.parquet", *later)
    world.turn(loop)
    world.arrive(1)
    assert (world.turn(loop).outcome == PROMOTED) == learned


def test_a_night_that_passed_without_rows_is_not_made_up_for(world: World) -> None:
    loop = world.loop(world.policy(Every("1h")))
    assert [world.turn(loop).outcome for _ in range(2)] == [KEPT, KEPT]
    world.arrive(0)
    assert world.turn(loop, hours=0.5).outcome == KEPT


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"time": [0.0], "rate": [0.1]}, "need the columns time and value, and have no value"),
        ({"time": [0.0], "value": ["many"]}, "The values of metric 'ctr' must be numbers"),
    ],
)
def test_measurements_that_are_none_are_refused(world: World, columns: dict[str, Any], message: str) -> None:
    loop = world.loop(with_clicks(world, Metric("ctr < 0.0191", window=1)))
    world.put("0.parquet", columns, world.folder / "ctr")
    with pytest.raises(DataError, match=message):
        world.turn(loop)


# Costs


def test_an_update_costs_what_an_hour_costs(tmp_path: Path) -> None:
    world = World(tmp_path, clock=Ticking())
    loop = world.loop(world.policy(Budget(Rows(100), cost=1e6), price_per_hour=3600.0))
    live(world, loop, 0)
    seconds = world.open().record("champion")["costs"]["total_seconds"]
    assert seconds > 1
    assert loop.state.cost == pytest.approx(seconds)  # A second costs 1.
    world.arrive(1)
    assert world.turn(loop).decisions[0].evidence["expected"] == pytest.approx(seconds)


def test_a_champion_that_was_made_by_hand_tells_what_an_update_costs(tmp_path: Path) -> None:
    world = World(tmp_path, clock=Ticking())
    made = update(replace(world.plan, window=Window((str(world.arrive(0)),))), world.store, clock=world.clock)
    loop = world.loop(world.policy(Manual(), price_per_hour=7.2))
    world.turn(loop)
    assert loop.state.cost == pytest.approx(made.costs["total_seconds"] * 7.2 / 3600)


def test_a_budget_that_is_spent_puts_updates_off(tmp_path: Path) -> None:
    world = World(tmp_path)
    loop = world.loop(world.policy(Budget(Rows(100), updates=1, per="1d")))
    assert live(world, loop, 0, 0) == [PROMOTED, KEPT]
    (suppressed,) = [one for one in world.decisions[-1:] if one.kind == "trigger"]
    assert suppressed.evidence["suppressed"] == 1
    assert world.turn(loop, hours=25).outcome == PROMOTED


def test_regret_ends_with_a_promotion_and_a_rejected_challenger_is_charged(tmp_path: Path) -> None:
    world = World(tmp_path, method="fine_tune", clock=Ticking())
    regret = AccumulatedRegret(cost=10, fresh_rows=100)
    policy = world.policy(regret, gate=TOLERANT)
    loop = world.loop(policy)
    world.arrive(0)
    world.turn(loop, by_hand="A first one.")
    for number in (1, 2, 3):
        world.arrive(number)
        world.turn(loop, by_hand="More.")
    world.turn(loop)
    assert loop.state.triggers["trigger"] == regret.start()
    world.arrive(4)
    world.turn(loop)
    assert loop.state.triggers["trigger"]["fresh"]["rows"] == 100
    world.arrive(5, flipped=1.0, count=300)
    turn = world.turn(loop)
    assert (kinds(turn)[0], turn.outcome) == (("trigger", "update"), REJECTED)
    after = loop.state.triggers["trigger"]
    spent = sum(one.record["costs"]["total_seconds"] for one in turn.challengers)
    assert after["charged"] == pytest.approx(spent)
    assert after["regret"] != regret.start()["regret"]  # It goes on.


# Time


@pytest.mark.parametrize(("catch_up", "fires"), [("skip", 0), ("once", 1), ("all", 72)])
def test_a_scheduler_that_was_down_for_three_days_makes_one_update(world: World, catch_up: Any, fires: int) -> None:
    loop = world.loop(world.policy(Cron("0 * * * *", catch_up=catch_up)))
    world.turn(loop, hours=0.5)
    for number in range(3):
        world.arrive(number)
    turn = world.turn(loop, hours=72)
    decision = turn.decisions[0].decision
    assert (decision.fires, decision.evidence["ticks"]) == (fires, fires)
    assert len(turn.challengers) == min(fires, 1)
    assert world.turn(loop, hours=0.1).challengers == []


def test_of_two_schedulers_one_sees_a_tick(anywhere: World) -> None:
    world = anywhere
    policy = world.policy(Cron("0 * * * *"))
    one, other = world.loop(policy), world.loop(policy)
    world.turn(one)
    world.arrive(0)
    world.clock.move(3600)
    generation, before = other._read()
    state, decisions, _ = other._look(before, "")
    assert decisions[0].outcome == "update"
    assert one.turn().outcome == PROMOTED
    with pytest.raises(ConflictError):
        other._loops.step(other.name, generation, state.to_json(), decisions)
    assert kinds(other.turn()) == []
    assert [one.outcome for one in world.decisions if one.kind == "trigger"].count("update") == 1


def test_what_triggers_remember_survives_a_restart(world: World) -> None:
    for number in range(3):
        world.arrive(number, count=40)
        turn = world.turn()  # Each time opened anew.
    assert turn.outcome == PROMOTED
    assert world.loop().state.triggers == {"trigger": {"rows": 20}}


def test_a_trigger_that_is_another_than_before_begins_anew_and_the_other_goes_on(world: World) -> None:
    live(world, world.loop(world.policy(Rows(1000), calibrate=Rows(1000))), 0)
    loop = world.loop(world.policy(Rows(2000), calibrate=Rows(1000)))
    live(world, loop, 0)
    assert loop.state.triggers == {"trigger": {"rows": 100}, "calibrate": {"rows": 200}}


# The champion


def test_triggers_are_told_of_a_champion_that_others_have_made(world: World) -> None:
    loop = world.loop(world.policy(AllOf(Rows(100), Metric("correct > 2", window=50))))
    world.arrive(0)
    world.turn(loop, by_hand="A first one.")
    world.arrive(1)
    world.turn(loop, by_hand="Another one.")
    live(world, loop, 0)
    measured = loop.state.triggers["trigger"]
    assert "'latest': {" in str(measured)
    store = world.open()
    store.rollback(expected=store.champion)
    world.turn(loop)
    assert "'latest': None" in str(loop.state.triggers["trigger"])


def test_changed_code_is_noticed_and_a_fresh_model_is_made_of_the_same_rows(world: World) -> None:
    loop = world.loop(world.policy(Changed("code"), learn="scratch"))
    live(world, loop, 0)
    world.turn(loop, by_hand="A first one.")
    first = world.open().champion
    world.path.write_text(world.config.replace("lr=0.5", "lr=0.4"))
    turn = world.turn(world.loop(world.policy(Changed("code"), learn="scratch")))
    assert (turn.outcome, turn.challengers[0].record["parent"]) == (PROMOTED, None)
    assert turn.champion != first


def test_drift_is_looked_for_in_all_rows_that_were_not_learned(world: World) -> None:
    loop = world.loop(world.policy(Drift(on=("features", "embeddings"), every=50, enough=150)))
    world.arrive(0, count=300)
    world.turn(loop, by_hand="A first one.")
    outcomes = []
    for number in (1, 2):
        rows = rows_of(number)
        world.put(f"{number:03}.parquet", {**rows, "a": rows["a"] + 3.0})
        outcomes.append(world.turn(loop).outcome)
    assert outcomes == [KEPT, PROMOTED]
    found = [one for one in world.decisions if one.subject.startswith("drift")]
    assert [(one.outcome, one.evidence["rows_since"]) for one in found[-2:]] == [("wait", 100), ("update", 200)]
    assert files_learned(world) == ["000.parquet", "001.parquet", "002.parquet"]


# Decisions


def test_the_same_life_twice_gives_the_same_decisions(tmp_path: Path) -> None:
    ends = []
    for name in ("one", "other"):
        world = World(tmp_path / name, method="fine_tune")
        policy = world.policy(Rows(50), gate=Gate(first="promote"), calibrate=Rows(200))
        for number in range(4):
            world.arrive(number, angle=15 * number, flipped=float(number == 3), count=60)
            world.turn(world.loop(policy))
        ends.append(str(lived(world)).replace(str(world.folder), "."))
    assert ends[0] == ends[1]


def test_every_decision_says_what_it_rests_on_whether_it_fired_or_not(world: World) -> None:
    loop = world.loop(world.policy(Rows(150)))
    live(world, loop, 0, 0)
    found = [one for one in world.decisions if one.kind == "trigger"]
    assert [(one.outcome, one.subject, one.evidence) for one in found] == [
        ("keep", "rows(150)", {"new_rows": 100, "rows": 100, "threshold": 150}),
        ("update", "rows(150)", {"new_rows": 100, "rows": 200, "threshold": 150}),
    ]
    assert found[1].why == "200 rows came since it last fired, and 150 are enough."
    assert [one.time for one in found] == [world.clock.now() - timedelta(hours=1), world.clock.now()]


def test_a_manual_policy_keeps_its_rows_for_whoever_asks(world: World) -> None:
    loop = world.loop(world.policy(Manual()))
    assert live(world, loop, 0, 0, 0) == [KEPT] * 3
    assert world.turn(loop, by_hand="Now.").challengers[0].record["rows_seen"] > 150
