from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Vernal


def test_a_command_without_a_store_is_told_how_to_name_one(vernal: Vernal) -> None:
    ran = vernal("log")
    assert ran.code == 2
    assert "--store DIR_OR_URL" in ran.err
    assert "export VERNAL_STORE=" in ran.err


def test_the_environment_can_name_the_store(vernal: Vernal, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERNAL_STORE", str(store))
    assert "champion" in vernal("log").out


def test_the_option_goes_before_the_environment(
    vernal: Vernal, store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VERNAL_STORE", str(tmp_path / "other"))
    assert vernal("log", "--store", store).code == 0


@pytest.mark.parametrize("command", [["log"], ["show"], ["verify"], ["gc"], ["promote", "x"], ["export", "x", "y"]])
def test_looking_for_a_store_makes_none(command: list[str], vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal(*command, "--store", tmp_path / "none")
    assert ran.code == 1
    assert "There is no store at" in ran.err
    assert not (tmp_path / "none").exists()
