from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_model

from tests.cli.conftest import Vernal
from tests.cli.drift import model_fn
from vernal import load_model as load_stored
from vernal.store import Store


def test_an_exported_model_works_without_vernal(vernal: Vernal, store: Path, config: str, tmp_path: Path) -> None:
    folder = tmp_path / "exported" / "model"
    ran = vernal("export", "champion", folder, "--store", store)
    assert ran.code == 0
    assert "load_model" in ran.out
    assert {file.name for file in folder.iterdir()} == {"model.safetensors", "record.json", "config.py"}
    model = model_fn()
    load_model(model, str(folder / "model.safetensors"))
    x = torch.ones(3, 2)
    assert torch.equal(model(x), load_stored(store, config)(x))
    assert json.loads((folder / "record.json").read_text()) == Store(store).record("champion")
    assert (folder / "config.py").read_bytes() == Path(config).read_bytes()


def test_a_folder_with_files_is_refused(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    ran = vernal("export", "champion", tmp_path, "--store", store)
    assert ran.code == 1
    assert "is not empty. Name a new folder" in ran.err
    assert not (tmp_path / "model.safetensors").exists()


def test_a_folder_that_is_a_file_is_refused(vernal: Vernal, store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = vernal("export", "champion", tmp_path / "file", "--store", store)
    assert ran.code == 1
    assert "could not be written" in ran.err


@pytest.mark.parametrize("words", [[], ["champion"]])
def test_id_and_folder_are_needed(words: list[str], vernal: Vernal, store: Path) -> None:
    assert vernal("export", *words, "--store", store).code == 2
