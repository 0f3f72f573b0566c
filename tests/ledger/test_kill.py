from __future__ import annotations

from collections import Counter

import pytest

from tests.ledger.killing import kills


def check(url: str, n: int) -> None:
    found = [*kills(url, n)]
    assert [kill for kill in found if kill.problems] == []
    assert sum((kill.written for kill in found), Counter())["entry"] > 0


def test_a_process_that_is_killed_leaves_a_whole_ledger(database_url: str) -> None:
    check(database_url, 4)


@pytest.mark.slow
def test_processes_that_are_killed_at_many_moments_leave_a_whole_ledger(database_url: str) -> None:
    check(database_url, 50)
