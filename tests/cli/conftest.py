"""Commands run in this process, and a store to look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from vernal.cli import main

CONFIG = str(Path(__file__).parent / "drift.py")


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str


Vernal = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _no_store_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VERNAL_STORE", raising=False)


@pytest.fixture
def vernal(capsys: pytest.CaptureFixture[str]) -> Vernal:
    """Run a command as the console script does."""

    def run(*words: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:  # argparse's --help
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture(scope="session")
def _two_updates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("cli") / "store"
    for chunk in ("1", "2"):
        assert main(["update", CONFIG, "--store", str(store), "--chunk", chunk, "--budget", "2ep"]) == 0
    return store


@pytest.fixture
def store(_two_updates: Path, tmp_path: Path) -> Path:
    """A store with two updates, for this test alone."""
    return Path(shutil.copytree(_two_updates, tmp_path / "store"))


@pytest.fixture
def config() -> str:
    """The path of the toy config file."""
    return CONFIG
