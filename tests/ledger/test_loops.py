from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import event

from tests.ledger.doubles import NOON
from tests.store.doubles import race
from vernal.base import ConflictError, Decision
from vernal.ledger import Database, Decided, Loops


def decided(outcome: str = "update", kind: str = "trigger", time: datetime = NOON) -> Decided:
    return Decided(time, kind, "volume", Decision(outcome, "500 rows came", {"rows": 500}))


@pytest.fixture
def loops(database: Database) -> Loops:
    return Loops(database, "fraud")


def outcomes_of(found: list[Decided]) -> list[str]:
    return [one.outcome for one in found]


def test_a_loop_that_never_made_a_step_has_no_state(loops: Loops) -> None:
    assert loops.read("nightly") is None
    assert loops.decisions() == []


def test_a_state_comes_back_as_it_was_written(loops: Loops, reopen: Callable[[], Database]) -> None:
    state = {"cursor": {"file": "é\0.parquet"}, "seen": [1, 2.5, None, True], "big": 2**70}
    assert loops.step("nightly", 0, state) == 1
    assert Loops(reopen(), "fraud").read("nightly") == (1, state)
    assert loops.step("nightly", 1, {}) == 2
    assert loops.read("nightly") == (2, {})


def test_the_loser_of_a_step_writes_nothing(loops: Loops) -> None:
    loops.step("nightly", 0, {"by": "first"}, [decided("update")])
    for generation in (0, 2):
        with pytest.raises(ConflictError, match=f"'nightly' has left generation {generation}: another process"):
            loops.step("nightly", generation, {"by": "second"}, [decided("keep")])
    assert loops.read("nightly") == (1, {"by": "first"})
    assert outcomes_of(loops.decisions()) == ["update"]


def test_a_step_whose_decisions_cannot_be_written_is_none(loops: Loops) -> None:
    with pytest.raises(ValueError, match="JSON"):
        loops.step("nightly", 0, {}, [Decided(NOON, "trigger", "x", Decision("keep", "", {"p": float("nan")}))])
    assert loops.read("nightly") is None


def test_a_decision_comes_back_with_its_evidence(loops: Loops) -> None:
    decision = Decision("update", "3 × 500 rows came", {"rows": 1500, "\0": "é"}, fires=3)
    loops.step("nightly", 0, {}, [Decided(NOON, "trigger", "volume(500)", decision)])
    (found,) = loops.decisions()
    assert found == Decided(NOON, "trigger", "volume(500)", decision, loop="nightly", generation=1, id=found.id)
    assert (found.outcome, found.why, found.evidence) == ("update", "3 × 500 rows came", decision.evidence)


def test_the_newest_decision_comes_first_and_of_one_time_the_last_written(loops: Loops) -> None:
    hours = [timedelta(hours=n) for n in (0, 2, 1, 2)]
    for generation, hour in enumerate(hours):
        loops.step("nightly", generation, {}, [decided(f"{generation}", time=NOON + hour)])
    assert outcomes_of(loops.decisions()) == ["3", "1", "2", "0"]
    assert outcomes_of(loops.decisions(limit=2)) == ["3", "1"]


def test_times_of_any_zone_are_ordered_by_their_moment(loops: Loops) -> None:
    tokyo = timezone(timedelta(hours=9))
    earlier, later = (NOON - timedelta(microseconds=1)).astimezone(tokyo), NOON
    loops.step("nightly", 0, {}, [decided("later", time=later), decided("earlier", time=earlier)])
    assert [(one.outcome, one.time, one.time.tzinfo) for one in loops.decisions()] == [
        ("later", later, UTC),
        ("earlier", earlier, UTC),
    ]
    assert outcomes_of(loops.decisions(since=later.astimezone(tokyo))) == ["later"]


def test_decisions_are_found_by_loop_and_kind(loops: Loops) -> None:
    loops.step("nightly", 0, {}, [decided("update"), decided("promote", "gate")])
    loops.step("hourly", 0, {}, [decided("keep")])
    assert outcomes_of(loops.decisions(loop="nightly")) == ["promote", "update"]
    assert outcomes_of(loops.decisions(kind="trigger")) == ["keep", "update"]
    assert outcomes_of(loops.decisions(loop="nightly", kind="trigger", since=NOON, limit=1)) == ["update"]


def test_of_every_subject_the_latest_outcome_is_told(loops: Loops, database: Database) -> None:
    def judged(subject: str, outcome: str, minutes: int) -> Decided:
        return Decided(NOON + timedelta(minutes=minutes), "gate", subject, Decision(outcome, "it said so"))

    loops.step("nightly", 0, {}, [judged("a", "reject", 3), judged("a", "inconclusive", 1), judged("b", "promote", 2)])
    loops.step("weekly", 0, {}, [judged("b", "reject", 2), decided(), judged("c", "promote", 0)])
    assert loops.outcomes("gate") == {"a": "reject", "b": "reject", "c": "promote"}
    assert Loops(database, "clicks").outcomes("gate") == {}


def test_the_states_of_all_loops_of_a_store_are_told(loops: Loops, database: Database) -> None:
    loops.step("weekly", 0, {"cursor": 1})
    loops.step("nightly", 0, {"cursor": 2})
    Loops(database, "clicks").step("nightly", 0, {"cursor": 3})
    assert loops.states() == {"nightly": {"cursor": 2}, "weekly": {"cursor": 1}}


def test_stores_that_share_a_database_do_not_see_one_another(database: Database, loops: Loops) -> None:
    Loops(database, "clicks").step("nightly", 0, {}, [decided()])
    assert (loops.read("nightly"), loops.decisions()) == (None, [])


def test_decisions_are_never_changed_and_never_removed(database: Database, loops: Loops) -> None:
    statements = list[str]()
    loops.step("nightly", 0, {})
    with database.writing() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    loops.step("nightly", 1, {}, [decided()])
    words = [one.split()[0] for one in statements if "vernal_decisions" in one]
    assert words == ["INSERT"]


STEPPING = """
import sys
from vernal.base import ConflictError, Decision
from vernal.ledger import Database, Decided, Loops
from tests.ledger.doubles import NOON

loops = Loops(Database(sys.argv[1]), "fraud")
print("ready", flush=True)
input()
won = 0
while True:
    generation, state = loops.read("nightly") or (0, {"steps": 0})
    if generation >= 40:
        break
    try:
        decided = Decided(NOON, "trigger", sys.argv[2], Decision("update", ""))
        loops.step("nightly", generation, {"steps": state["steps"] + 1}, [decided])
        won += 1
    except ConflictError:
        pass
print(won)
"""


def test_two_schedulers_on_one_ledger_make_each_step_once(database_url: str) -> None:
    outputs = race([[STEPPING, database_url, name] for name in "ab"])
    loops = Loops(Database(database_url), "fraud")
    assert loops.read("nightly") == (40, {"steps": 40})
    assert sorted(one.generation for one in loops.decisions()) == [*range(1, 41)]
    assert [sum(one.subject == name for one in loops.decisions()) for name in "ab"] == [*map(int, outputs)]
