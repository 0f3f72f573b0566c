"""The same code on an object store and on an accelerator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
import torch

from tests.transaction.stream import outcome, plan
from vernal.methods import DERpp
from vernal.store import Store, open_files
from vernal.testing import InterruptAfter
from vernal.training import Silent
from vernal.transaction import erase, holds, load_model, update


class Notes(Silent):
    """A reporter that remembers the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    yield f"memory://{tmp_path.name}/store"
    fsspec.filesystem("memory").store.clear()


@pytest.mark.journey
def test_a_lineage_in_an_object_store_is_the_same_as_in_a_folder(config: Path, tmp_path: Path, url: str) -> None:
    def remote() -> Store:  # Opened anew each time, with nothing kept on this machine.
        return Store(open_files(url, cache=tmp_path / f"cache {len(list(tmp_path.glob('cache *')))}"))

    for number in (1, 2, 3):
        asked = plan(config, number, DERpp(memory_size=50))
        assert update(asked, remote()).promoted
        update(asked, tmp_path / "folder")
    assert outcome(remote()) == outcome(Store(tmp_path / "folder"))
    assert update(plan(config, 3, DERpp(memory_size=50)), remote()).repeated
    load_model(remote(), config)
    first, _, third = (record["id"] for record in remote().records())
    remote().promote(first, expected=third)
    assert update(plan(config, 4, DERpp(memory_size=50)), remote()).record["parent"] == first
    everyone = [f"train {number}/{row}" for number in (1, 2, 3, 4) for row in range(40)]
    assert len(erase(remote(), everyone).updates) == 4
    assert holds(remote(), everyone) == []
    assert remote().verify() == []


@pytest.mark.gpu
def test_a_lineage_on_an_accelerator(config: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        result = update(plan(config, number, DERpp(memory_size=50), accelerator="auto", patience=9), tmp_path)
    assert [row["number"] for row in result.validation] == [1, 2]
    assert result.record["training"]["replayed"] > 0
    assert Store(tmp_path).verify() == []
    assert all(parameter.device.type == "cpu" for parameter in load_model(tmp_path, config).parameters())


@pytest.mark.gpu
def test_a_lineage_begun_on_an_accelerator_goes_on_without_one(config: Path, tmp_path: Path) -> None:
    update(plan(config, 1, accelerator="auto"), tmp_path)
    assert update(plan(config, 2, accelerator="cpu"), tmp_path).promoted


@pytest.mark.gpu
def test_mixed_precision_on_an_accelerator(config: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        update(plan(config, number, DERpp(memory_size=50), accelerator="auto", precision="bf16-mixed"), tmp_path)
    state = load_model(tmp_path, config).state_dict()
    assert all(value.dtype == torch.float32 for value in state.values())


def test_a_checkpoint_on_one_machine_does_not_outlive_an_erasure_on_another(
    config: Path, tmp_path: Path, url: str
) -> None:
    """Else the training would go on from weights that have learned from what was erased."""
    here, there = (Store(open_files(url, cache=tmp_path / name)) for name in ("here", "there"))
    asked, told = plan(config, 2), Notes()
    update(plan(config, 1), here)
    with pytest.raises(KeyboardInterrupt):
        update(asked, here, reporter=InterruptAfter(4))
    assert erase(there, ["train 1/3"]).updates
    assert here.unfinished()
    resumed = update(asked, here, reporter=told)
    assert "the checkpoint is not used: after it came an erasure, or another version of vernal" in told.notes
    assert not resumed.record["training"]["resumed"]
    assert here.unfinished() == []
