"""Kill -9 at random moments of a loop: a whole store, each row once, and the same end as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.loop.killing import Life, kills


def ended(folder: Path, ledger: str, n_files: int) -> object:
    """All that came of a life, wherever it was lived."""
    found = Life(folder, ledger).finish(n_files)
    return json.loads(json.dumps(found).replace(str(folder), "."))


def check(folder: Path, ledger: str, count: int) -> None:
    found = [*kills(folder / "killed", ledger, count, seed=count)]
    assert [kill for kill in found if kill.problems] == []
    n_files = max(3, Life(folder / "killed", ledger).n_files)
    assert ended(folder / "killed", ledger, n_files) == ended(folder / "calm", ledger, n_files)


@pytest.mark.journey
def test_a_loop_that_is_killed_ends_as_if_it_had_not_been(tmp_path: Path, database_url: str) -> None:
    check(tmp_path, database_url, 2)


@pytest.mark.slow
@pytest.mark.journey
def test_a_loop_that_is_killed_at_many_moments_ends_as_if_it_had_not_been(tmp_path: Path, database_url: str) -> None:
    check(tmp_path, database_url, 50)
