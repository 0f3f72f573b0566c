"""However rows arrive, whatever dies when, and whoever intervenes: every row is learned once by the champion's line."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.doubles import MovedClock
from tests.loop.doubles import Blown, Double, Fates, Fuse, Listed, Models, MortalLoops
from vernal.base import ConflictError
from vernal.ledger import Database, Loops, Outcomes
from vernal.loop import Learner, Loop, LoopState, Policy
from vernal.triggers import Rows

GATES = {"none": None, "fates": Fates(first="promote")}


class Life:
    """A loop whose process dies now and then.

    Args:
        database: where it stands.
        gate: of the policy.
        calibrate: after how many rows a fresh model is trained beside; None for never.
        learn: how.
    """

    def __init__(self, database: Database, gate: str, calibrate: int | None, learn: str) -> None:
        self.database, self.models, self.fuse, self.clock = database, Models(), Fuse(), MovedClock()
        self.files: list[str] = []
        yardstick = None if calibrate is None else Rows(calibrate)
        self.policy = Policy([Listed(self.files)], Rows(20), GATES[gate], learn, yardstick)
        Loops(database, "s").step("start", 0, {})

    @property
    def loop(self) -> Loop:
        """Opened anew, as a process would that takes over."""
        loops = MortalLoops(self.database, "s")
        loops.fuse = self.fuse
        learner = cast(Learner, Double(self.models, self.fuse))
        return Loop(self.policy, learner, loops, Outcomes(self.database, "s"), Path(), self.clock)

    @property
    def state(self) -> LoopState:
        return self.loop.state

    def do(self, event: Any) -> None:
        match event:
            case "arrive":
                self.files.append(f"{len(self.files)}.parquet")
            case "turn":
                self._turn()
            case "again":
                with suppress(Blown):
                    self.loop.relearn()
            case "back" if len(self.models.champions) > 1:
                self.models.champions.append(self.models.champions[-2])
            case "by hand" if self.models.records:
                self.models.champions.append([*self.models.records][-1])
            case int(steps):
                self.fuse.left = steps

    def _turn(self) -> None:
        self.clock.move(60)
        with suppress(Blown):
            self.loop.turn()

    def settle(self) -> None:
        """The process lives long enough to finish what was begun."""
        self.fuse.left = None
        for _ in range(3):
            self._turn()
        assert self.state.doing is None

    def check(self) -> None:
        state, learner = self.state, Double(self.models, self.fuse)
        places = {
            "ready": [file for piece in state.ready for file in piece.files],
            "aside": [file for piece in state.aside for file in piece.files],
            "learned": [file for piece in state.learned for file in piece.files],
        }
        everywhere = Counter(file for files in places.values() for file in files)
        assert everywhere == dict.fromkeys(self.files, 1)  # Each row is in one place,
        assert state.cursors.get("listed", {"files": 0})["files"] == len(self.files)  # as far as was read.
        if state.champion is not None:
            learned = learner.files(state.champion)
            assert Counter(learned) == dict.fromkeys(places["learned"], 1)  # Once by this line, and nothing else.
        assert state.champion == learner.champion
        waiting = {"challenger": state.waiting.challenger} if state.waiting else {}
        assert {name: one for name, one in self.models.aliases.items() if name == "challenger"} == waiting


EVENTS = st.one_of(
    st.sampled_from(["arrive", "arrive", "arrive", "turn", "turn", "turn", "again", "back", "by hand"]),
    st.integers(0, 12),
)


@settings(max_examples=100)
@given(
    events=st.lists(EVENTS, min_size=15, max_size=40),
    gate=st.sampled_from([*GATES]),
    calibrate=st.sampled_from([None, 20, 50]),
    learn=st.sampled_from(["stateful", "scratch"]),
)
def test_each_row_is_learned_once_whatever_happens(
    events: list[Any], gate: str, calibrate: int | None, learn: str
) -> None:
    life = Life(Database("sqlite://"), gate, calibrate, learn)
    for event in events:
        life.do(event)
    life.settle()
    life.check()


@settings(max_examples=40)
@given(
    arrivals=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    crashes=st.lists(st.integers(0, 12), max_size=12),
    gate=st.sampled_from([*GATES]),
    calibrate=st.sampled_from([None, 50]),
)
def test_a_life_with_crashes_ends_as_one_without(
    arrivals: list[int], crashes: list[int], gate: str, calibrate: int | None
) -> None:
    lives = [Life(Database("sqlite://"), gate, calibrate, "stateful") for _ in range(2)]
    for life, steps in zip(lives, ([], crashes), strict=True):
        left = [*steps]
        for count in arrivals:
            for _ in range(count):
                life.do("arrive")
            while True:
                life.fuse.left = left.pop() if left else None
                life.do("turn")
                if life.fuse.left is not None or not (left or life.state.doing):
                    break
            life.settle()
    calm, troubled = lives
    assert troubled.models.records == calm.models.records
    assert troubled.models.champions == calm.models.champions
    assert troubled.models.trained == calm.models.trained
    told = [[(one.kind, one.subject, one.outcome, one.why) for one in life.loop._loops.decisions()] for life in lives]
    assert Counter(told[0]) == Counter(told[1])


def test_what_is_on_disk_is_what_a_process_finds(database_url: str) -> None:
    life = Life(Database(database_url), "fates", 50, "stateful")
    for event in ["arrive", "turn", "arrive", 3, "turn", "arrive", "turn", 1, "turn", "arrive", "arrive", 5, "turn"]:
        life.do(event)
    life.database = Database(database_url)
    life.settle()
    life.check()


def test_of_two_processes_that_look_at_once_one_acts() -> None:
    life = Life(Database("sqlite://"), "none", None, "stateful")
    life.do("arrive"), life.do("arrive")
    slow = life.loop
    generation, before = slow._read()
    state, decisions, _ = slow._look(before, "")
    life.do("turn")
    with pytest.raises(ConflictError, match="another process has made a step"):
        slow._loops.step(slow.name, generation, state.to_json(), decisions)
    life.check()
    assert life.models.trained == 1
