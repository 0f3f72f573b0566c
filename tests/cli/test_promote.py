from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_going_back_to_an_ancestor_is_a_rollback(vernal: Vernal, store: Path) -> None:
    first, second = (record["id"] for record in Store(store).records())
    ran = vernal("promote", first[:6], "--store", store)
    assert (ran.code, ran.out) == (0, f"{first} is the champion now; it replaces {second}.\n")
    assert Store(store).champion == first


def test_the_champion_stays_the_champion(vernal: Vernal, store: Path) -> None:
    champion = Store(store).champion
    assert vernal("promote", champion, "--store", store).out == f"{champion} is the champion already.\n"


def test_an_id_is_needed(vernal: Vernal, store: Path) -> None:
    ran = vernal("promote", "--store", store)
    assert ran.code == 2
    assert "ID" in ran.err
