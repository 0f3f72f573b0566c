"""Journeys: what becomes of rows, challengers and champions, turn by turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loop.world import ROWS, World, files_learned, kinds, names, rows_of, weights
from vernal.gate import Gate
from vernal.loop import INCONCLUSIVE, KEPT, PROMOTED, REJECTED, Loop
from vernal.loop.state import files_of
from vernal.triggers import Manual, Metric, Rows

TOLERANT = Gate(margin=0.1, anchor_margin=0.1, first="promote")
DEMANDING = Gate(mode="superior", first="promote")


def live(world: World, loop: Loop, *angles: float) -> list[str]:
    """Files appear one after the other, and what the turns come to."""
    first = len([*world.incoming.iterdir()])
    outcomes = []
    for number, angle in enumerate(angles, start=first):
        world.arrive(number, angle)
        outcomes.append(world.turn(loop).outcome)
    return outcomes


# Rows come, and are learned


def test_files_appear_and_a_first_model_and_updates_are_made(anywhere: World) -> None:
    world = anywhere
    assert world.turn().outcome == KEPT
    for number in range(3):
        world.arrive(number, angle=20 * number)
        turn = world.turn()
        assert turn.outcome == PROMOTED
        assert (turn.rows, turn.champion) == (ROWS, world.open().champion)
        assert kinds(turn) == [("trigger", "update"), ("update", "made"), ("gate", "promote")]
    assert world.turn().decisions == []
    assert files_learned(world) == ["000.parquet", "001.parquet", "002.parquet"]
    assert world.open().verify() == []
    assert len(world.decisions) == 1 + 9  # The first look has something to say, too.


def test_rows_wait_until_the_trigger_fires_and_are_learned_together(world: World) -> None:
    loop = world.loop(world.policy(Rows(250)))
    assert live(world, loop, 0, 0, 0, 0) == [KEPT, KEPT, PROMOTED, KEPT]
    assert files_learned(world) == ["000.parquet", "001.parquet", "002.parquet"]
    assert names(files_of(loop.state.ready)) == ["003.parquet"]
    assert loop.state.triggers["trigger"] == {"rows": 150}


def test_an_update_by_hand_is_made_whatever_the_trigger_says(world: World) -> None:
    loop = world.loop(world.policy(Manual()))
    assert live(world, loop, 0) == [KEPT]
    turn = world.turn(loop, by_hand="March is in.")
    assert (turn.outcome, turn.decisions[0].why) == (PROMOTED, "March is in.")
    again = world.turn(loop, by_hand="April, too.")
    assert (again.outcome, again.decisions[0].why) == (KEPT, "April, too. But there are no new rows to learn.")
    assert world.turn(loop, by_hand="and May").decisions[0].why == "and May. But there are no new rows to learn."
    assert len(world.store.records()) == 1


def test_rows_that_come_twice_count_once(world: World) -> None:
    loop = world.loop()
    live(world, loop, 0)
    world.put("copy.parquet", rows_of(0))
    turn = world.turn(loop)
    assert (turn.outcome, turn.rows, kinds(turn)[0]) == (KEPT, 0, ("noticed", "dropped"))
    assert "100 rows came that had come before, in" in turn.decisions[0].why
    assert files_learned(world) == ["000.parquet"]


# The gate


def test_a_rejected_challenger_leaves_the_champion_and_its_rows_are_set_aside(tmp_path: Path) -> None:
    world = World(tmp_path, method="fine_tune")
    loop = world.loop(world.policy(gate=TOLERANT))
    assert live(world, loop, 0, 0, 0, 0) == [PROMOTED] * 4
    champion = world.open().champion
    world.arrive(4, flipped=1.0)
    poisoned = world.turn(loop)
    assert (poisoned.outcome, poisoned.champion) == (REJECTED, champion)
    assert [(names(piece.files), piece.by) for piece in loop.state.aside] == [
        (["004.parquet"], poisoned.challengers[0].id)
    ]
    assert live(world, loop, 0, 0)[-1] == PROMOTED
    assert files_learned(world) == [f"{number:03}.parquet" for number in (0, 1, 2, 3, 5, 6)]
    assert loop.relearn() == ROWS
    assert names(files_of(loop.state.ready)) == ["004.parquet"]
    assert loop.relearn() == 0


def test_a_challenger_that_is_too_little_known_waits_and_is_promoted_as_labels_come(anywhere: World) -> None:
    world = anywhere
    assert live(world, world.loop(world.policy(gate=DEMANDING)), 0, 0, 40) == [PROMOTED, PROMOTED, INCONCLUSIVE]
    champion, challenger = world.open().champion, world.open().aliases()["challenger"]
    assert champion != challenger
    quiet = world.loop(world.policy(Manual(), gate=DEMANDING))
    world.arrive(3, angle=40, count=20)
    waits = world.turn(quiet)
    assert (waits.outcome, waits.champion) == (INCONCLUSIVE, champion)
    assert quiet.state.waiting is not None
    world.arrive(4, angle=40, count=400)
    turn = world.turn(quiet)
    assert (turn.outcome, turn.champion) == (PROMOTED, challenger)
    assert "labels the wealth of the bet that it is above 0 reached 20" in turn.decisions[0].why
    assert "challenger" not in world.open().aliases()
    assert files_learned(world) == ["000.parquet", "001.parquet", "002.parquet"]
    assert world.open().alias_history("champion")[-1].evidence["outcome"] == "promote"


def test_an_update_for_which_the_trigger_fires_while_another_is_promoted_is_owed(world: World) -> None:
    loop = world.loop(world.policy(gate=DEMANDING))
    live(world, loop, 0, 0, 40)
    challenger = world.open().aliases()["challenger"]
    world.arrive(3, angle=40, count=400)
    turn = world.turn(loop)
    assert (turn.outcome, turn.champion, turn.challengers) == (PROMOTED, challenger, [])
    owed = world.turn(loop)
    assert owed.challengers[0].record["parent"] == challenger
    assert names(owed.challengers[0].record["chunk"]["files"]) == ["003.parquet"]


def test_a_challenger_that_waits_is_rejected_when_labels_speak_against_it(tmp_path: Path) -> None:
    world = World(tmp_path, method="fine_tune")
    loop = world.loop(world.policy(Rows(50), gate=DEMANDING))
    live(world, loop, 0, 0)
    champion = world.open().champion
    world.arrive(2, angle=25, count=60)
    assert world.turn(loop).outcome == INCONCLUSIVE
    quiet = world.loop(world.policy(Manual(), gate=DEMANDING))
    world.arrive(3, angle=-25, count=1000)
    turn = world.turn(quiet)
    assert (turn.outcome, turn.champion) == (REJECTED, champion)
    assert "challenger" not in world.open().aliases()
    assert names(files_of(loop.state.aside)) == ["002.parquet"]


def test_a_yardstick_that_labels_speak_against_takes_no_rows_with_it(tmp_path: Path) -> None:
    world = World(tmp_path, method="fine_tune")
    live(world, world.loop(world.policy(Rows(50), gate=DEMANDING)), 0, 0)
    loop = world.loop(world.policy(Manual(), gate=DEMANDING, calibrate=Rows(60)))
    world.arrive(2, angle=25, count=60)
    assert world.turn(loop).outcome == INCONCLUSIVE
    quiet = world.loop(world.policy(Manual(), gate=DEMANDING, calibrate=Rows(10_000)))
    world.arrive(3, angle=-25, count=1000)
    assert world.turn(quiet).outcome == REJECTED
    assert names(files_of(loop.state.aside)) == []
    assert names(files_of(loop.state.ready)) == ["002.parquet", "003.parquet"]


def test_another_gate_lets_a_waiting_challenger_begin_anew(world: World) -> None:
    live(world, world.loop(world.policy(gate=DEMANDING)), 0, 0, 40)
    tolerant = world.loop(world.policy(Manual(), gate=TOLERANT))
    live(world, tolerant, 40)
    assert world.decisions[-2].evidence["rule"]["margin"] == 0.1


def test_updates_and_a_fresh_model_are_judged_together(world: World) -> None:
    loop = world.loop(world.policy(gate=DEMANDING, calibrate=Rows(200)))
    live(world, loop, 0)
    world.arrive(1)
    turn = world.turn(loop)
    assert [one.record["parent"] is None for one in turn.challengers] == [False, True]
    assert [names(one.record["chunk"]["files"]) for one in turn.challengers] == [
        ["001.parquet"],
        ["000.parquet", "001.parquet"],
    ]
    (verdict,) = (one for one in turn.decisions if one.kind == "gate")
    assert len(verdict.evidence["challengers"]) == 2
    assert turn.outcome == PROMOTED
    assert loop.state.ready == ()


def test_history_that_is_too_old_is_left_out_of_fresh_models(world: World) -> None:
    policy = world.policy(Rows(ROWS), learn="scratch", history="150min")
    loop = world.loop(policy)
    for number in range(4):
        world.arrive(number)
        turn = world.turn(loop)
        assert turn.outcome == PROMOTED
    assert names(turn.challengers[0].record["chunk"]["files"]) == ["001.parquet", "002.parquet", "003.parquet"]
    assert loop.state.aside == ()


def test_from_scratch_with_nothing_new_and_the_same_code_it_is_the_same_model(world: World) -> None:
    loop = world.loop(world.policy(Metric("ctr < 0.5", window=1), learn="scratch"))
    live(world, loop, 0)
    world.turn(loop, by_hand="A first one.")
    turn = world.turn(loop, by_hand="Once more.")
    assert kinds(turn) == [("trigger", "update"), ("update", "unchanged")]
    assert (turn.outcome, loop.state.doing, len(world.store.records())) == (KEPT, None, 1)


# Somebody intervenes


def test_what_an_abandoned_line_has_learned_is_set_aside(world: World) -> None:
    loop = world.loop()
    live(world, loop, 0, 0, 0, 0)
    store = world.open()
    store.rollback(store.records()[1]["id"], expected=store.champion)
    turn = world.turn(loop)
    assert kinds(turn)[0] == ("noticed", "moved")
    assert turn.decisions[0].evidence["rows"] == 200
    assert names(files_of(loop.state.aside)) == ["002.parquet", "003.parquet"]
    live(world, loop, 0)
    assert files_learned(world) == ["000.parquet", "001.parquet", "004.parquet"]


def test_what_a_champion_by_hand_has_learned_is_not_learned_again(tmp_path: Path) -> None:
    world = World(tmp_path, method="fine_tune")
    loop = world.loop(world.policy(gate=TOLERANT))
    live(world, loop, 0, 0, 0)
    world.arrive(3, flipped=1.0)
    refused = world.turn(loop).challengers[0].id
    store = world.open()
    store.promote(refused, expected=store.champion)
    world.turn(loop)
    assert (names(files_of(loop.state.aside)), len(loop.state.learned)) == ([], 4)


def test_a_waiting_challenger_that_is_promoted_by_hand_has_learned_its_rows(world: World) -> None:
    loop = world.loop(world.policy(gate=DEMANDING))
    live(world, loop, 0, 0, 40)
    store = world.open()
    store.promote("challenger", expected=store.champion)
    world.turn(loop)
    assert (loop.state.ready, loop.state.waiting, len(loop.state.learned)) == ((), None, 3)
    assert "challenger" not in world.open().aliases()


def test_lines_that_began_anew_are_told_apart_by_what_they_have_learned(world: World) -> None:
    loop = world.loop(world.policy(Rows(ROWS), calibrate=Rows(3 * ROWS)))
    live(world, loop, 0, 0)
    stateful = world.open().champion
    fresh = world.loop(world.policy(Rows(ROWS), learn="scratch"))
    live(world, fresh, 0)
    scratch = world.open().champion
    live(world, loop, 0)
    store = world.open()
    store.rollback(scratch, expected=store.champion)
    world.turn(loop)
    assert names(files_of(loop.state.aside)) == ["003.parquet"]
    store.rollback(stateful, expected=scratch)
    world.turn(loop)
    assert names(files_of(loop.state.aside)) == ["003.parquet", "002.parquet"]
    assert len(loop.state.learned) == 2


def test_a_promotion_that_was_taken_back_is_not_made_again_after_a_crash(world: World) -> None:
    loop = world.loop()
    live(world, loop, 0)
    world.arrive(1)
    generation, before = loop._read()
    state, decisions, _ = loop._look(before, "")
    generation = loop._loops.step(loop.name, generation, state.to_json(), decisions)
    assert state.doing is not None
    loop._acting.act(state, state.doing)  # And dies before it writes what became of it.
    store = world.open()
    store.rollback(expected=store.champion)
    good = store.champion
    turn = world.turn(loop)
    assert (turn.outcome, turn.champion) == (REJECTED, good)
    assert turn.decisions[-1].why.endswith("was promoted, and somebody has taken it back meanwhile.")
    assert names(files_of(loop.state.aside)) == ["001.parquet"]


def test_an_update_whose_champion_was_changed_meanwhile_is_made_again_from_there(world: World) -> None:
    loop = world.loop()
    live(world, loop, 0, 0)
    world.arrive(2)
    generation, before = loop._read()
    state, decisions, _ = loop._look(before, "")
    loop._loops.step(loop.name, generation, state.to_json(), decisions)
    store = world.open()
    store.rollback(expected=store.champion)
    first = store.champion
    turn = world.turn(loop)
    assert turn.outcome == INCONCLUSIVE
    assert "passed, but the champion has been changed meanwhile" in turn.decisions[-1].why
    again = world.turn(loop)
    assert (again.outcome, again.challengers[0].record["parent"]) == (PROMOTED, first)
    assert files_learned(world) == ["000.parquet", "002.parquet"]


@pytest.mark.parametrize("method", ["er", "fine_tune"])
def test_a_rollback_cures_what_the_gate_let_through(tmp_path: Path, method: str) -> None:
    poisoned, clean = (World(tmp_path / name, method=method) for name in ("poisoned", "clean"))
    for world in (poisoned, clean):
        live(world, world.loop(), 0, 0)
    poisoned.arrive(2, flipped=1.0)
    bad = poisoned.turn()
    assert bad.outcome == PROMOTED
    store = poisoned.open()
    store.rollback(expected=bad.champion, why="It is worse than the one before.")
    for world in (poisoned, clean):
        world.arrive(3)
        assert world.turn().outcome == PROMOTED
    assert files_learned(poisoned) == ["000.parquet", "001.parquet", "003.parquet"]
    assert weights(poisoned.open()) == weights(clean.open())
    assert poisoned.open().champion == clean.open().champion


def test_the_best_champion_is_kept_as_the_anchor_and_leaves_with_its_line(world: World) -> None:
    loop = world.loop(world.policy(gate=TOLERANT))
    live(world, loop, 0, 0)
    store = world.open()
    assert store.aliases()["anchor"] in {one["id"] for one in store.records()}
    first, second = (one["id"] for one in store.records())
    store.rollback(first, expected=second)
    world.turn(loop)
    assert (loop.state.anchor, world.open().aliases()["anchor"]) == (first, first)


# More than one loop


def test_what_another_loop_has_learned_is_not_learned_again(world: World) -> None:
    one, other = world.loop(), world.loop(name="other")
    assert live(world, one, 0) == [PROMOTED]
    turn = world.turn(other)
    assert kinds(turn) == [("noticed", "moved"), ("trigger", "keep")]
    assert turn.decisions[0].why.endswith("already. 100 rows that came are learned.")
    assert live(world, one, 0) == [PROMOTED]
    assert world.turn(other).outcome == KEPT
    assert files_learned(world) == ["000.parquet", "001.parquet"]


def test_loops_leave_the_aliases_of_others_alone(world: World) -> None:
    live(world, world.loop(), 0)
    other = world.loop(world.policy(Manual()), name="other")
    entries = len(world.open().entries())
    for loop in (other, world.loop(), other):
        world.turn(loop)
    assert len(world.open().entries()) == entries
    live(world, other, 0)
    world.turn(other, by_hand="Enough.")
    aliases = world.open().aliases()
    assert aliases["anchor-other"] == aliases["champion"]
