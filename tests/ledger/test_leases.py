from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.doubles import MovedClock
from tests.store.doubles import race
from vernal.ledger import Database, Leases


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def ann(database: Database, clock: MovedClock) -> Leases:
    return Leases(database, "fraud", "ann", clock)


@pytest.fixture
def bob(database: Database, clock: MovedClock) -> Leases:
    return Leases(database, "fraud", "bob", clock)


def test_one_holds_a_lease_until_the_time_is_over(ann: Leases, bob: Leases, clock: MovedClock) -> None:
    assert ann.take("update", seconds=60)
    clock.move(59)
    assert not bob.take("update", seconds=60)
    clock.move(1)
    assert bob.take("update", seconds=60)
    assert not ann.take("update", seconds=60)


def test_who_holds_it_may_take_it_again(ann: Leases, bob: Leases, clock: MovedClock) -> None:
    assert ann.take("update", seconds=60)
    clock.move(59)
    assert ann.take("update", seconds=60)
    clock.move(59)
    assert not bob.take("update", seconds=60)


def test_a_lease_is_renewed_by_its_holder_only(ann: Leases, bob: Leases, clock: MovedClock) -> None:
    ann.take("update", seconds=60)
    clock.move(50)
    assert ann.renew("update", seconds=60)
    assert not bob.renew("update", seconds=60)
    clock.move(50)
    assert not bob.take("update", seconds=60)


def test_a_lease_that_was_lost_is_neither_renewed_nor_released(ann: Leases, bob: Leases, clock: MovedClock) -> None:
    ann.take("update", seconds=60)
    clock.move(60)
    bob.take("update", seconds=60)
    assert not ann.renew("update", seconds=60)
    ann.release("update")
    assert not ann.take("update", seconds=60)


def test_a_lease_that_is_over_and_that_nobody_took_is_renewed(ann: Leases, clock: MovedClock) -> None:
    ann.take("update", seconds=60)
    clock.move(100)
    assert ann.renew("update", seconds=60)


def test_a_lease_that_was_given_back_is_free(ann: Leases, bob: Leases) -> None:
    ann.take("update", seconds=60)
    ann.release("update")
    assert not ann.renew("update", seconds=60)
    assert bob.take("update", seconds=60)


def test_leases_of_other_names_and_stores_are_others(database: Database, ann: Leases, bob: Leases) -> None:
    ann.take("update", seconds=60)
    assert bob.take("calibration", seconds=60)
    assert Leases(database, "clicks", "bob", MovedClock()).take("update", seconds=60)


HOLDERS = ("ann", "bob", "eve")
DEEDS = st.tuples(st.sampled_from(["take", "renew", "release"]), st.sampled_from(HOLDERS), st.integers(0, 40))


@settings(max_examples=50)
@given(deeds=st.lists(DEEDS, max_size=25))
def test_two_never_hold_an_unexpired_lease(deeds: list[tuple[str, str, int]]) -> None:
    database, clock = Database("sqlite://"), MovedClock()
    leases = {name: Leases(database, "fraud", name, clock) for name in HOLDERS}
    until: dict[str, float] = {}  # What each of them believes.
    for deed, name, passing in deeds:
        clock.move(passing)
        if deed == "release":
            leases[name].release("update")
            until.pop(name, None)
        elif getattr(leases[name], deed)("update", seconds=30):
            until[name] = clock.seconds() + 30
        assert sum(end > clock.seconds() for end in until.values()) <= 1


TAKING = """
import sys
from vernal.base import SystemClock
from vernal.ledger import Database, Leases

leases = Leases(Database(sys.argv[1]), "fraud", sys.argv[2], SystemClock())
print("ready", flush=True)
input()
print(sum(leases.take(f"update {n}", seconds=600) for n in range(20)))
"""


def test_of_two_processes_one_gets_each_lease(database_url: str) -> None:
    assert sum(map(int, race([[TAKING, database_url, name] for name in "ab"]))) == 20
