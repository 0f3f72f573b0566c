from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.ledger.doubles import MovedClock
from vernal.base import ConfigError, ConflictError, StateError, VernalError
from vernal.ledger import Database, Leases
from vernal.loop import KEPT, Loop, Turn, Watch, held
from vernal.sources import Unreachable


class Naps(threading.Event):
    """A stop that counts naps instead of sleeping, moves the clock on, and comes after some.

    Args:
        clock: that is moved.
        most: after so many naps it is enough.
        between: is called during each.
    """

    def __init__(self, clock: MovedClock, most: int, between: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.naps: list[float] = []
        self._clock, self._most, self._between = clock, most, between

    def wait(self, timeout: float | None = None) -> bool:
        self.naps.append(timeout or 0.0)
        self._clock.move(timeout or 0.0)
        self._between()
        if len(self.naps) == self._most:
            self.set()
        return self.is_set()


class Turns:
    """A loop whose turns come to what a list says: errors, and then turns without news."""

    name = "main"

    def __init__(self, *errors: VernalError | None) -> None:
        self.left, self.turns = [*errors], 0

    def turn(self) -> Turn:
        self.turns += 1
        error = self.left.pop(0) if self.left else None
        if error is not None:
            raise error
        return Turn(KEPT, [], "a")


class Scene:
    """A database with leases, and who watches."""

    def __init__(self) -> None:
        self.clock, self.database = MovedClock(), Database("sqlite://")
        self.failed: list[tuple[str, timedelta]] = []
        self.told: list[Turn] = []
        self.standing_by: list[str] = []

    def leases(self, holder: str) -> Leases:
        return Leases(self.database, "s", holder, self.clock)

    def watch(self, turns: Turns, holder: str = "ann", every: str = "30s") -> Watch:
        def failed(error: VernalError, pause: timedelta) -> None:
            self.failed.append((str(error), pause))

        leases = self.leases(holder)
        return Watch(
            cast(Loop, turns), leases, every, self.told.append, failed, lambda: self.standing_by.append(holder)
        )

    def naps(self, most: int, between: Callable[[], object] = lambda: None) -> Naps:
        return Naps(self.clock, most, between)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_turns_and_naps_follow_each_other_until_it_is_told_to_stop(scene: Scene) -> None:
    turns, naps = Turns(), scene.naps(3)
    scene.watch(turns).run(naps)
    assert (turns.turns, naps.naps, len(scene.told)) == (3, [30.0] * 3, 3)


def test_what_fails_is_tried_again_after_longer_and_longer_pauses_up_to_an_hour(scene: Scene) -> None:
    turns, naps = Turns(*[Unreachable("away")] * 8, StateError("full"), None), scene.naps(11)
    scene.watch(turns).run(naps)
    assert naps.naps == [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0, 3600.0, 30.0, 30.0]
    assert scene.failed[0] == ("away", timedelta(seconds=60))


def test_a_nap_that_is_longer_than_an_hour_is_not_made_shorter_by_a_failure(scene: Scene) -> None:
    turns, naps = Turns(Unreachable("away")), scene.naps(2)
    scene.watch(turns, every="1d").run(naps)
    assert naps.naps == [86400.0, 86400.0]


def test_a_conflict_is_no_failure(scene: Scene) -> None:
    naps = scene.naps(2)
    scene.watch(Turns(ConflictError("another one was first")), every="30s").run(naps)
    assert (naps.naps, scene.failed) == ([30.0, 30.0], [])


def test_what_nobody_can_wait_out_ends_it(scene: Scene) -> None:
    with pytest.raises(ConfigError, match="wrong"):
        scene.watch(Turns(ConfigError("wrong"))).run(scene.naps(2))
    assert scene.leases("bob").take("watch main", 1)  # Nobody has to wait for what has ended.


def test_of_two_one_works_and_the_other_stands_by_until_that_one_ends(scene: Scene) -> None:
    first, second = Turns(), Turns()
    standby = scene.watch(second, "bob")

    def other() -> None:
        assert standby._turned(timedelta(seconds=30), timedelta(seconds=30)) == timedelta(seconds=30)

    scene.watch(first, "ann").run(scene.naps(3, other))
    assert (first.turns, second.turns) == (3, 0)
    assert scene.standing_by == ["bob"] * 3
    standby.run(scene.naps(1))
    assert second.turns == 1


def test_one_that_stands_by_takes_over_when_the_other_has_died(scene: Scene) -> None:
    first, second = Turns(), Turns()
    scene.watch(first, "ann")._turned(timedelta(seconds=30), timedelta(seconds=30))  # And never again.
    naps = scene.naps(8)
    scene.watch(second, "bob").run(naps)
    assert second.turns == 2  # After 180 s, at the sixth nap.


def test_a_single_turn_by_hand_comes_in_between(scene: Scene) -> None:
    by_hand = list[bool]()

    def other() -> None:
        with held(scene.leases("bob"), "main") as is_ours:
            by_hand.append(is_ours)

    scene.watch(Turns(), "ann").run(scene.naps(2, other))
    assert by_hand == [True, True]


def test_a_turn_of_another_process_is_waited_for(scene: Scene) -> None:
    turns = Turns()
    with held(scene.leases("bob"), "main"):
        scene.watch(turns, "ann").run(scene.naps(2))
    assert turns.turns == 0


# The lease of a turn


def test_a_lease_is_held_for_a_block_and_given_back(scene: Scene) -> None:
    with held(scene.leases("ann"), "main") as ours, held(scene.leases("bob"), "main") as theirs:
        assert (ours, theirs) == (True, False)
    with held(scene.leases("bob"), "main") as theirs:
        assert theirs


def test_a_lease_is_given_back_after_an_error(scene: Scene) -> None:
    with pytest.raises(ValueError, match="oh"), held(scene.leases("ann"), "main"):
        raise ValueError("oh")
    with held(scene.leases("bob"), "main") as theirs:
        assert theirs


def test_the_lease_of_a_process_that_died_is_over_after_two_minutes(scene: Scene) -> None:
    scene.leases("ann").take("main", 120.0)
    for seconds, expected in ((119.0, False), (1.0, True)):
        scene.clock.move(seconds)
        with held(scene.leases("bob"), "main") as theirs:
            assert theirs is expected


def test_a_database_that_is_away_at_the_end_hides_no_error(scene: Scene) -> None:
    class Away(Leases):
        def release(self, name: str) -> None:
            raise StateError("away")

    leases: Any = Away(scene.database, "s", "ann", scene.clock)
    with pytest.raises(ValueError, match="the reason"), held(leases, "main"):
        raise ValueError("the reason")
