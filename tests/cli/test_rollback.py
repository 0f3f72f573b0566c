from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_the_champion_before_is_the_champion_again(vernal: Vernal, store: Path) -> None:
    first, second = (record["id"] for record in Store(store).records())
    ran = vernal("rollback", "--store", store, "--why", "false alarms")
    assert (ran.code, ran.out) == (
        0,
        f"store:1.0 ({first}) is the champion again; store:1.1 ({second}) is not.\n",
    )
    move = Store(store).alias_history("champion")[-1]
    assert (move.kind, move.id, move.replaced, move.why) == ("rollback", first, second, "false alarms")


def test_there_may_be_nothing_to_go_back_to(vernal: Vernal, store: Path) -> None:
    assert vernal("rollback", "1.0", "--store", store).code == 0
    ran = vernal("rollback", "--store", store)
    assert ran.code == 1
    assert "There is no earlier champion to go back to." in ran.err
