"""What an earlier version stored, this one reads and goes on from: every store in this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import vernal
from tests.stores.write import KINDS, plan
from vernal.memory import Memory
from vernal.state import unpack
from vernal.store import Store
from vernal.transaction import erase, load_model, trained_on, update

HERE = Path(__file__).parent
STORES = sorted(path.parent for path in HERE.glob("*/*/vernal.json"))


@pytest.fixture(params=STORES, ids=lambda path: str(path.relative_to(HERE)))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one of the stores; the folder is called as its kind."""
    return Path(shutil.copytree(request.param, tmp_path / request.param.name))


def test_this_version_has_its_stores() -> None:
    assert {store.name for store in STORES if store.parent.name == vernal.__version__} == set(KINDS)


def test_every_store_is_whole(store: Path) -> None:
    found = Store(store, create=False)
    assert found.verify() == []
    assert [record["number"] for record in found.lineage("champion")] == [*range(1, len(KINDS[store.name]) + 1)]


def test_every_model_can_be_loaded(store: Path) -> None:
    for record in Store(store).records():
        model = load_model(store, HERE / f"{store.name}.py", record["id"])
        assert all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters())


def test_every_memory_can_be_read(store: Path) -> None:
    found = Store(store)
    for record in found.records():
        for name in ("memory", "validation"):
            tree = unpack(found.blobs.get(found.resolve(record["artefacts"][name]["blob"])))
            memory = Memory.from_tree(tree, found.blobs)
            assert len(memory) > 0
            assert all(set(extra) == set(memory.kept) for _, extra in (memory[i] for i in range(len(memory))))
        if record["plan"]["method"]["name"] == "derpp":
            assert Memory.from_tree(unpack(found.blobs.get(record["artefacts"]["memory"]["blob"])), found.blobs).extra(
                "z"
            ).shape == (record["memory"]["rows"], 3)


def test_every_lineage_goes_on(store: Path) -> None:
    before = Store(store).record("champion")
    number = before["number"] + 1
    result = update(plan(store.name, number, KINDS[store.name][-1]), store)
    assert (result.record["number"], result.record["parent"], result.promoted) == (number, before["id"], True)
    assert [row["number"] for row in result.validation] == [*range(1, number + 1)]
    assert Store(store).verify() == []


def test_records_can_be_erased(store: Path) -> None:
    if store.name == "plain":
        assert erase(store, [f"validation 1/{i}" for i in range(6)]).updates
        assert Store(store).verify() == []


def test_who_learned_from_a_record_is_known(store: Path) -> None:
    """From what their memories hold, for versions that did not write down what each update was trained on."""
    if store.name == "plain":
        ids, everybody = [f"train 1/{i}" for i in range(16)], [record["id"] for record in Store(store).records()]
        assert trained_on(store, ids) == everybody
        assert erase(store, ids).trained == tuple(everybody)
