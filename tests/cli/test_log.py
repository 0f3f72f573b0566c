from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import Vernal
from vernal.base import Decision
from vernal.ledger import Decided, Loops
from vernal.store import Store

WITHOUT_POSITIVES = """
import torch
from torch import nn
from vernal import Chunk, DataModule

def model_fn() -> nn.Module:
    return nn.Linear(3, 2)

def data_module_fn(chunk: int) -> DataModule:
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(chunk))
    y = (x[:, :2] > 0) & (chunk == 1)  # Without a positive, the average precision is not defined.
    return DataModule(train=Chunk.from_arrays(x[:20], y[:20]), validation=Chunk.from_arrays(x[20:], y[20:]))
"""


def test_updates_are_listed_newest_first(vernal: Vernal, store: Path) -> None:
    records = Store(store).records()
    ran = vernal("log", "--store", store)
    heading, _, newest, oldest = ran.out.splitlines()
    assert "new accuracy" in heading
    assert "average accuracy" in heading
    assert newest.split()[:4] == ["●", "1.1", records[1]["id"], "champion"]
    assert newest.endswith("promoted")
    assert oldest.split()[:3] == ["●", "1.0", records[0]["id"]]
    assert "chunk 1" in oldest
    assert ran.code == 0


def test_a_chunk_that_does_not_define_the_metric_leaves_a_gap(vernal: Vernal, tmp_path: Path) -> None:
    config, store = tmp_path / "config.py", tmp_path / "store"
    config.write_text(WITHOUT_POSITIVES)
    for chunk in (1, 2):
        assert vernal("update", config, "--store", store, "--chunk", chunk, "--budget", "1ep").code == 0
    first, second = Store(store).records()
    assert [record["metrics"]["headline"] for record in (first, second)] == ["average_precision", "average_precision"]
    assert second["metrics"]["validation"][1]["after"]["average_precision"] is None
    assert second["metrics"]["summary"] == {}
    heading, _, newest, oldest = vernal("log", "--store", store).out.splitlines()
    assert "new average_precision" in heading
    after = first["metrics"]["validation"][0]["after"]["average_precision"]
    assert f"{after:.4f}" in oldest.split()
    assert newest.split()[6:8] == ["number", "2"]
    assert vernal("report", "--store", store, "--output", tmp_path / "report.html").code == 0


def test_the_lines_lead_from_each_model_to_the_one_it_comes_from(vernal: Vernal, store: Path) -> None:
    first, second = (record["id"] for record in Store(store).records())
    for number, parent in ((3, first), (4, first), (5, second)):
        commit_beside(Store(store), number, parent)
    Store(store).point("challenger", "1.3", expected=None)
    lines = vernal("log", "--store", store).out.splitlines()[2:]
    assert [line.rpartition(" 1.")[0].rstrip() for line in lines] == ["●", "│ ●", "│ │ ●", "● │ │", "●─┴─╯"]
    assert [line.split("1.")[1][0] for line in lines] == ["4", "3", "2", "1", "0"]
    assert "challenger" in lines[1]
    assert [line.endswith("not promoted") for line in lines] == [True, True, True, False, False]


def test_what_a_gate_has_said_last_is_told_of_models_that_were_never_the_champion(vernal: Vernal, store: Path) -> None:
    opened = Store(store)
    first, second = (record["id"] for record in opened.records())
    for number in (3, 4, 5):
        commit_beside(opened, number, first)
    third, fourth, fifth = (f"{number:012}" for number in (3, 4, 5))
    said = [
        (third, "inconclusive"),
        (third, "reject"),
        (fourth, "inconclusive"),
        (second, "reject"),
        (fifth, "promote"),
    ]
    rows = [
        Decided(datetime(2026, 3, 1, hour, tzinfo=UTC), "gate", id, Decision(outcome, "it said so"))
        for hour, (id, outcome) in enumerate(said)
    ]
    Loops(opened.database(), opened.id).step("main", 0, {}, rows)
    lines = vernal("log", "--store", store).out.splitlines()[2:]
    ends = ["not promoted", "inconclusive", "rejected", "promoted", "promoted"]
    assert [line.endswith(end) for line, end in zip(lines, ends, strict=True)] == [True] * 5


def test_the_log_of_a_history_in_files_makes_no_database(vernal: Vernal, config: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    words = ["update", config, "--store", store, "--chunk", 1, "--budget", "1ep", "--ledger", "files"]
    assert vernal(*words).code == 0
    assert vernal("log", "--store", store).out.splitlines()[2].endswith("promoted")
    assert not (store / "ledger.db").exists()


def commit_beside(opened: Store, number: int, parent: str) -> None:
    """One more record, like its parent, and not promoted."""
    record = opened.record(parent) | {"id": f"{number:012}", "name": f"n{number}", "request": "r", "parent": parent}
    opened.commit(record | {"major": False}, promote=False, parent=parent)


def test_a_rollback_shows(vernal: Vernal, store: Path) -> None:
    vernal("rollback", "--store", store)
    newest, oldest = vernal("log", "--store", store).out.splitlines()[2:]
    assert newest.endswith("rolled back")
    assert "champion" in oldest


def test_json_has_all_records_and_the_champion(vernal: Vernal, store: Path) -> None:
    opened = Store(store)
    assert json.loads(vernal("log", "--store", store, "--json").out) == {
        "name": "store",
        "champion": opened.champion,
        "aliases": {"champion": opened.champion},
        "versions": opened.versions(),
        "updates": opened.records()[::-1],
    }


def test_an_empty_store_says_what_to_do(vernal: Vernal, tmp_path: Path) -> None:
    Store(tmp_path / "store")
    ran = vernal("log", "--store", tmp_path / "store")
    assert ran.code == 0
    assert "holds no update yet. Make one: vernal update CONFIG" in ran.out
