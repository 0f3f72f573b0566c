from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, Vernal
from vernal import ConfigError
from vernal.cli import main
from vernal.cli.app import COMMANDS

HEAVY = {"torch", "numpy", "rich", "lightning_fabric"}
PROBE = """
import atexit, sys
atexit.register(lambda: print("imported:", *sorted({heavy} & set(sys.modules)), file=sys.stderr))
from vernal.cli import main
sys.exit(main())
"""


def imported_by(*words: str) -> set[str]:
    """Which of the heavy libraries a command imports, in a process of its own."""
    command = [sys.executable, "-c", PROBE.format(heavy=HEAVY), *words]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return set(run.stderr.rpartition("imported:")[2].split())


# Help


def test_help_names_every_command_and_the_first_steps(vernal: Vernal) -> None:
    ran = vernal("--help")
    assert ran.code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in ran.out] == []
    assert "First steps:" in ran.out
    assert "vernal update config.py --store" in ran.out


def test_vernal_alone_gives_help(vernal: Vernal) -> None:
    assert vernal() == vernal("--help")


def test_all_commands_are_offered() -> None:
    folder = Path(sys.modules["vernal.cli"].__file__ or "").parent
    with_run = {file.stem.replace("_", "-") for file in folder.glob("*.py") if "\ndef run(" in file.read_text()}
    assert with_run == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str, vernal: Vernal) -> None:
    ran = vernal(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "Example" in ran.out
    assert f"\n  vernal {command}" in ran.out


def test_the_version(vernal: Vernal) -> None:
    assert vernal("--version").out.startswith("vernal 0.")


def test_help_imports_nothing_heavy() -> None:
    assert imported_by("--help") == set()
    assert imported_by() == set()


@pytest.mark.parametrize("command", ["init", "decisions", "log", "show", "verify", "promote", "export", "gc", "check"])
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert imported_by(command, "--help") == set()


@pytest.mark.parametrize("words", [["decisions"], ["log"], ["log", "--json"], ["show"], ["show", "--json"], ["verify"]])
def test_looking_at_a_store_imports_no_torch(words: list[str], store: Path) -> None:
    assert imported_by(*words, "--store", str(store)) <= {"rich"}


def test_help_takes_less_than_half_a_second() -> None:
    def seconds() -> float:
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "vernal", "--help"], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - began

    assert min(seconds() for _ in range(5)) < 0.5


# Errors


def test_an_unknown_command_is_refused_with_a_suggestion(vernal: Vernal) -> None:
    ran = vernal("logs")
    assert ran.code == 2
    assert "No command is called 'logs'. Did you mean 'log'?" in ran.err


def test_an_error_is_a_message_without_a_traceback(vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal("check", tmp_path / "none.py")
    assert ran.code == 1
    assert ran.err == f"vernal: {tmp_path}/none.py: does not exist, or is not a file. Give the path of a Python file.\n"
    assert ran.out == ""


@pytest.mark.parametrize("words", [["--debug", "check", "none.py"], ["check", "none.py", "--debug"]])
def test_debug_shows_where_an_error_comes_from(words: list[str]) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        main(words)


def failing(error: BaseException) -> object:
    def run(words: Sequence[str]) -> int:
        raise error

    return run


def test_an_error_that_nobody_foresaw_is_a_message_with_a_hint(vernal: Vernal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vernal.cli.log.run", failing(KeyError("colour")))
    ran = vernal("log")
    assert ran.code == 1
    assert "KeyError: 'colour'" in ran.err
    assert f"It happened in {__file__}, line " in ran.err
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err


def test_notes_on_an_error_are_told(vernal: Vernal, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ConfigError("Wrong.")
    error.add_note("Log: there")
    monkeypatch.setattr("vernal.cli.log.run", failing(error))
    assert vernal("log").err == "vernal: Wrong.\nLog: there\n"


def test_ctrl_c_says_how_to_go_on(vernal: Vernal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vernal.cli.log.run", failing(KeyboardInterrupt()))
    ran = vernal("log")
    assert ran.code == 130
    assert "Run the same command again" in ran.err


def test_a_reader_that_goes_away_is_no_error(store: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "vernal", "log", "--json", "--store", str(store)]
    with os.fdopen(write, "wb") as stdout:
        run = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


# A whole journey, in processes of their own


def in_a_process(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "vernal", *words], capture_output=True, text=True, timeout=120)


@pytest.mark.journey
def test_an_update_that_was_interrupted_goes_on_to_the_same_result(tmp_path: Path, vernal: Vernal) -> None:
    marker = tmp_path / "interrupted"
    update = ["update", CONFIG, "--chunk=1", "--budget=3ep", "--batch-size=8", f"--marker={marker}"]
    stopped = in_a_process(*update, "--store", str(tmp_path / "a"))
    assert stopped.returncode == 130, stopped.stderr
    assert "vernal: Stopped. Run the same command again" in stopped.stderr
    assert "checkpoint after 5 steps" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert vernal("log", "--store", tmp_path / "a").out.count("champion") == 0

    resumed = in_a_process(*update, "--store", str(tmp_path / "a"))
    assert resumed.returncode == 0, resumed.stderr
    assert "goes on after 5 steps" in resumed.stderr
    assert "after going on from a checkpoint" in resumed.stdout

    assert vernal(*update, "--store", tmp_path / "b").code == 0
    a, b = (vernal("show", "--store", tmp_path / name, "--json").out for name in "ab")
    assert model_of(a) == model_of(b)


def model_of(shown: str) -> str:
    record = json.loads(shown)
    return str(record["artefacts"]["model"]["blob"])
