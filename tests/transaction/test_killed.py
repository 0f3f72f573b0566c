"""Kill -9 at random moments of an update: a whole store, the old champion or the new one, and the same end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transaction.killing import kills

COUNT, SEED = 25, 1000  # `python bench/crash.py --kills 100` does more.


@pytest.mark.journey
def test_an_update_that_is_killed_leaves_a_whole_store_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    found = [*kills(tmp_path, COUNT, SEED)]
    wrong = [kill for kill in found if kill.problems or kill.champion not in ("old", "new") or not kill.identical]
    assert wrong == [], "\n".join(map(str, wrong))
    assert len({kill.during for kill in found}) > 3  # Else the moments told nothing.
