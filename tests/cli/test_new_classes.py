"""New classes, another architecture and another method on the command line, from the first update to the last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.cli.conftest import Vernal
from tests.transaction import growing
from tests.transaction.architectures import BACKBONE, FIRST, ONE_MORE
from tests.transaction.stream import write_config
from vernal.store import Store
from vernal.transaction import load_model

CONFIG = growing.__file__
QUICK = ["--budget", "2ep", "--batch-size", 8, "--lr", 0.02]


@pytest.fixture
def lineage(vernal: Vernal, tmp_path: Path) -> Path:
    """A store with two updates, of which the second brought two classes."""
    for classes in ("[0, 1]", "[2, 3]"):
        ran = vernal("update", CONFIG, "--store", tmp_path / "store", "--classes", classes, "--method", "derpp", *QUICK)
        assert ran.code == 0, ran.err
    return tmp_path / "store"


def test_an_exported_model_has_all_classes(lineage: Path, vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal("export", "champion", tmp_path / "out", "--store", lineage)
    assert ran.code == 0, ran.err
    model = growing.model_fn()
    model.load_state_dict(load_file(tmp_path / "out" / "model.safetensors"))
    x = torch.randn(3, 2)
    torch.testing.assert_close(model(x), load_model(lineage, CONFIG)(x))
    assert model(x).shape == (3, 4)


def test_a_rollback_and_an_erasure_go_through_versions_of_any_width(lineage: Path, vernal: Vernal) -> None:
    first, second = (record["id"] for record in Store(lineage).records())
    assert vernal("promote", first, "--store", lineage).code == 0
    assert load_model(lineage, CONFIG)(torch.zeros(1, 2)).shape == (1, 2)
    assert vernal("promote", second, "--store", lineage).code == 0
    ids = lineage.parent / "ids.txt"
    ids.write_text("train [0, 1] 0\ntrain [2, 3] 1\n")
    assert vernal("erase", "--ids-file", ids, "--store", lineage).code == 0
    for words in (["verify"], ["gc"], ["log"], ["show"], ["report", "--output", lineage.parent / "report.html"]):
        ran = vernal(*words, "--store", lineage)
        assert ran.code == 0, ran.err


@pytest.mark.journey
def test_processes_that_follow_one_another_change_method_and_architecture(tmp_path: Path) -> None:
    first, more, other = (write_config(tmp_path / str(n), text) for n, text in enumerate((FIRST, ONE_MORE, BACKBONE)))
    store = tmp_path / "store"
    _update(first, store, "1", "--method", "er")
    _update(more, store, "2", "--method", "derpp", "--change-method")
    shown = _vernal("show", "--store", store)
    assert "carried into another architecture" in shown.stdout
    _update(more, store, "3", "--method", "derpp", "--term", "distil")
    refused = _vernal("update", other, "--store", store, "--number", "4", "--method", "derpp", *QUICK)
    assert refused.returncode != 0
    assert "`previous_model_fn` builds" in refused.stderr
    assert Store(store).verify() == []
    assert [record["architecture_changed"] for record in Store(store).records()] == [False, True, False]


def _update(config: Path, store: Path, number: str, *words: str) -> None:
    ran = _vernal("update", config, "--store", store, "--number", number, *QUICK, *words)
    assert ran.returncode == 0, ran.stderr


def _vernal(*words: object) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "vernal", *map(str, words)]
    return subprocess.run(call, capture_output=True, text=True, check=False, timeout=120)
