from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.store import Store


def test_updates_are_listed_newest_first(vernal: Vernal, store: Path) -> None:
    records = Store(store).records()
    ran = vernal("log", "--store", store)
    heading, _, newest, oldest = ran.out.splitlines()
    assert "new accuracy" in heading
    assert "average accuracy" in heading
    assert newest.startswith(records[1]["id"])
    assert newest.endswith("champion")
    assert oldest.startswith(records[0]["id"])
    assert "chunk 1" in oldest
    assert ran.code == 0


def test_json_has_all_records_and_the_champion(vernal: Vernal, store: Path) -> None:
    opened = Store(store)
    assert json.loads(vernal("log", "--store", store, "--json").out) == {
        "champion": opened.champion,
        "updates": opened.records()[::-1],
    }


def test_an_empty_store_says_what_to_do(vernal: Vernal, tmp_path: Path) -> None:
    Store(tmp_path / "store")
    ran = vernal("log", "--store", tmp_path / "store")
    assert ran.code == 0
    assert "holds no update yet. Make one: vernal update CONFIG" in ran.out
