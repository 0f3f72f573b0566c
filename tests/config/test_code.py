"""A change of a class of the user's is seen, wherever it is written."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from vernal.config import Plan, resolve
from vernal.config.code import code_digest
from vernal.methods import ER, Method

METHOD = """
from dataclasses import dataclass
from vernal.methods import Method

@dataclass
class Louder(Method):
    def loss(self, step):
        return {factor} * step.criterion(step.model(step.x), step.y)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def louder(folder: Path, factor: int) -> type[Method]:
    """The class as a program would import it after an edit."""
    (folder / "louder_method.py").write_text(METHOD.format(factor=factor), encoding="utf-8")
    sys.modules.pop("louder_method", None)
    kind: type[Method] = importlib.import_module("louder_method").Louder
    return kind


def test_the_same_code_has_the_same_digest_and_other_code_another(folder: Path) -> None:
    digests = [code_digest(louder(folder, factor)) for factor in (1, 2, 1)]
    assert digests[0] == digests[2] != digests[1]


def test_a_class_counts_with_what_it_inherits(folder: Path) -> None:
    digests = {code_digest(type("Child", (louder(folder, factor),), {})) for factor in (1, 2)}
    assert len(digests) == 2


def test_the_code_of_a_users_method_is_part_of_what_determines_an_update(folder: Path) -> None:
    config = folder / "config.py"
    config.write_text("def model_fn(): ...\ndef data_module_fn(): ...\n", encoding="utf-8")
    plans = [resolve(Plan(config, louder(folder, factor)())).to_json() for factor in (1, 2)]
    assert plans[0]["method"] != plans[1]["method"]
    assert "code" not in resolve(Plan(config, ER())).to_json()["method"]


def test_a_class_typed_in_at_a_prompt_is_told_by_its_name() -> None:
    typed = type("Typed", (), {"__module__": "nowhere"})
    assert code_digest(typed) == code_digest(typed) != code_digest(type("Other", (), {"__module__": "nowhere"}))
