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


def test_the_model_of_a_new_store_gets_a_name(vernal: Vernal, config: str, tmp_path: Path) -> None:
    update = ["update", config, "--store", tmp_path / "store", "--chunk", 1, "--budget", "1ep", "--name"]
    assert vernal(*update, "fraud").code == 0
    assert "fraud" in vernal("log", "--store", tmp_path / "store").out.splitlines()[0]
    assert vernal(*update, "fraud").code == 0
    refused = vernal(*update, "clicks")
    assert refused.code == 1
    assert f"The model in {tmp_path}/store is called 'fraud', and not 'clicks'. Leave out the name" in refused.err
    assert "'a/b' cannot be a name in the store" in vernal(*update[:3], tmp_path / "new", *update[4:], "a/b").err


@pytest.mark.parametrize("command", ["update", "tune", "run-once", "watch"])
def test_commands_that_make_a_store_let_its_model_be_named(command: str, vernal: Vernal) -> None:
    assert "--name NAME" in vernal(command, "--help").out


@pytest.mark.parametrize(
    "command",
    [["log"], ["show"], ["verify"], ["gc"], ["promote", "x"], ["rollback"], ["which", "x"], ["export", "x", "y"]],
)
def test_looking_for_a_store_makes_none(command: list[str], vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal(*command, "--store", tmp_path / "none")
    assert ran.code == 1
    assert "There is no store at" in ran.err
    assert not (tmp_path / "none").exists()


def test_a_store_with_its_history_in_a_database_is_made_and_found(
    vernal: Vernal, config: str, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    update = ["update", config, "--store", store, "--chunk", 1, "--budget", "1ep", "--ledger", database_url]
    assert vernal(*update).code == 0
    refused = vernal("log", "--store", store)
    assert (refused.code, "that was not named. Name it:" in refused.err) == (1, True)
    assert "champion" in vernal("log", "--store", store, "--ledger", database_url).out
    monkeypatch.setenv("VERNAL_LEDGER", database_url)
    assert "champion" in vernal("log", "--store", store).out
