"""Whether a version would work elsewhere: in another process, exported."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.transaction.architectures import FIRST, WIDER
from tests.transaction.stream import bytes_of, plan, write_config
from tests.transaction.test_examination import growing
from tests.transaction.windows import CONFIG as WINDOWED
from tests.transaction.windows import plan as windowed_plan
from tests.transaction.windows import write
from vernal.base import StateNotFound
from vernal.config import Plan
from vernal.gate import Gate
from vernal.launch import Message, Work
from vernal.launch.work import pack, unpack
from vernal.methods import FineTune
from vernal.store import Store
from vernal.transaction import examine, probe, update


class Here:
    """A double of `vernal.launch.Workers` that works in this process, and what it is told has travelled."""

    def __init__(self, n: int, work: Work, preload: Sequence[str]) -> None:  # noqa: ARG002
        self._work = unpack(pack(work))
        self._said: list[tuple[int, Message]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send(self, message: Message) -> None:
        """What the work has to say."""
        self._said.append((0, json.loads(json.dumps(message, allow_nan=False))))

    def wait(self, seconds: float | None) -> list[tuple[int, Message]]:  # noqa: ARG002
        """Work, and tell."""
        self._work(self, 0)  # type: ignore[arg-type]
        return self._said


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process is this one."""
    monkeypatch.setattr(sys.modules[probe.__module__], "Workers", Here)


def added(config: Path, folder: Path, text: str) -> Path:
    """The config file with something more in it."""
    return write_config(folder, config.read_text() + "\n\n" + text)


def test_a_sound_version_loads_is_timed_weighed_and_exported(store: Path, config: Path) -> None:
    before = bytes_of(store)
    found = probe(plan(config, 1), store, "champion", export=True)
    assert found["loads"] is True
    assert 0 < found["latency_ms"] < 1000
    assert found["size_bytes"] == Store(store).record("champion")["artefacts"]["model"]["bytes"]
    assert 0 <= found["parity"] < 1e-5
    assert {*found} == {"loads", "latency_ms", "size_bytes", "parity"}
    assert bytes_of(store) == before


def test_a_version_that_nobody_knows_cannot_be_probed(store: Path, config: Path) -> None:
    with pytest.raises(StateNotFound, match="No record is called"):
        probe(plan(config, 1), store, "nobody")


@pytest.mark.usefixtures("here")
def test_files_of_a_window_are_found_there_too(tmp_path: Path) -> None:
    asked = windowed_plan(write_config(tmp_path / "project", WINDOWED), write(tmp_path, 1))
    update(asked, tmp_path / "store")
    assert probe(asked, tmp_path / "store", "champion")["loads"]


@pytest.mark.usefixtures("here")
def test_a_champion_that_does_not_know_a_class_has_parity(tmp_path: Path) -> None:
    """Minus infinity for what it never knew is what its export says as well."""
    update(growing([0, 1]), tmp_path)
    found = probe(growing([2, 3]), tmp_path, "champion", export=True)
    assert found["loads"]
    assert found["parity"] < 1e-5


@pytest.mark.usefixtures("here")
def test_a_version_of_an_older_architecture_is_loaded_as_it_was(tmp_path: Path) -> None:
    update(plan(write_config(tmp_path / "first", FIRST), 1), tmp_path / "store")
    found = probe(plan(write_config(tmp_path / "wider", WIDER), 2), tmp_path / "store", "champion", export=True)
    assert found["loads"]
    assert found["parity"] < 1e-5


# What goes wrong there

FAILING = """
class Failing(nn.Sequential):
    def forward(self, x):
        assert len(x) > 1, "lonely"
        return super().forward(x)
"""

ELSEWHERE = """
import os

if os.getpid() != {here}:
    {what}
"""


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("import a_module_that_is_gone", "No module named 'a_module_that_is_gone'"),
        ("os._exit(3)", "the process ended with status 3"),
    ],
)
def test_a_version_that_cannot_be_loaded_elsewhere_says_why(
    store: Path, config: Path, tmp_path: Path, what: str, why: str
) -> None:
    path = added(config, tmp_path / "elsewhere", ELSEWHERE.format(here=os.getpid(), what=what))
    found = probe(plan(path, 1), store, "champion")
    assert found["loads"] is False
    assert why in found["why"]
    assert found["size_bytes"] > 0
    assert "latency_ms" not in found


@pytest.mark.usefixtures("here")
def test_a_model_that_fails_on_one_row_says_why(config: Path, tmp_path: Path) -> None:
    path = added(config, tmp_path / "fails", FAILING)
    path.write_text(path.read_text().replace("return nn.Sequential(*layers)", "return Failing(*layers)"))
    first = update(plan(path, 1), tmp_path / "store")
    found = probe(plan(path, 1), tmp_path / "store", "champion")
    assert found["loads"] is False
    assert f"The model {first.id} fails on one row (x: float32(4), y: int64()): AssertionError: lonely" in found["why"]


def test_a_method_that_another_process_cannot_find_says_so(config: Path, tmp_path: Path) -> None:
    @dataclass
    class Local(FineTune):
        pass

    update(plan(config, 1, Local()), tmp_path)
    found = probe(plan(config, 1, Local()), tmp_path, "champion")
    assert found["loads"] is False
    assert "is not at the top of a module" in found["why"]


BRANCHING = """
class Branching(nn.Sequential):
    def forward(self, x):
        out = super().forward(x)
        return out if out.sum().item() > 0 else out * 1.0
"""

FIXED = """
class Fixed(nn.Sequential):
    def forward(self, x):
        return super().forward(x) + torch.arange(float(x.shape[0]))[:, None].tolist()[-1][0]
"""


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("text", "name"), [(BRANCHING, "Branching"), (FIXED, "Fixed")])
def test_a_model_that_cannot_be_exported_has_no_parity_and_a_gate_that_asks_for_it_stays_shut(
    config: Path, tmp_path: Path, text: str, name: str
) -> None:
    """One that branches on its numbers cannot be traced; another one means the size of the batch that it saw."""
    path = added(config, tmp_path / "project", text)
    path.write_text(path.read_text().replace("return nn.Sequential(*layers)", f"return {name}(*layers)"))
    first = update(plan(path, 1), tmp_path / "store", promote=False)
    found = probe(plan(path, 1), tmp_path / "store", first.id, export=True)
    assert found["loads"] is True
    assert "parity" not in found or found["parity"] > 1
    exam = examine(plan(path, 1), tmp_path / "store", [first.id])
    gate = Gate(limits={"parity": 1e-4})
    shut = gate.judge(exam.case([first.id], first.id, checks={first.id: found}))
    assert not shut.yes
    assert "parity" in shut.why
    assert "parity" not in gate.judge(exam.case([first.id], first.id, checks={first.id: {"parity": 1e-7}})).why


@pytest.mark.usefixtures("here")
def test_the_plan_may_leave_the_method_open(store: Path, config: Path) -> None:
    assert probe(Plan(config, ["slda", "er"], {"number": 1}), store, "champion")["loads"]
