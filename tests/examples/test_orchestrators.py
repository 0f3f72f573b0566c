"""What the schedulers' files share is run with a command that ends as `vernal run-once` can, and once with that one."""

from __future__ import annotations

import importlib.util
import json
import logging
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from vernal.cli.run_once import BUSY, CODES

FOLDER = Path(__file__).parents[2] / "examples" / "orchestrators"
WHY = "12 rows came, and 5 are enough."
FACTS = {"outcome": "any", "champion": "c0ffee", "decisions": [{"why": "First."}, {"why": WHY}]}
DOUBLE = """
import json, os, sys
print("reading data", "and training", sep="\\n", file=sys.stderr)
print(json.dumps({"words": sys.argv[1:], **json.loads(os.environ["FACTS"])}))
sys.exit(int(os.environ["CODE"]))
"""


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as the schedulers find it: beside their own file."""
    monkeypatch.syspath_prepend(FOLDER)
    for name in ("turn", "airflow_dag", "prefect_flow", "dagster_assets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return loaded("turn")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ends_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Let the command say something and end with an exit code."""
    (tmp_path / "double.py").write_text(DOUBLE)

    def end(code: int, facts: object = FACTS) -> None:
        monkeypatch.setenv("VERNAL_COMMAND", shlex.join([sys.executable, str(tmp_path / "double.py")]))
        monkeypatch.setenv("CODE", str(code))
        monkeypatch.setenv("FACTS", json.dumps(facts))

    return end


@pytest.mark.parametrize(
    ("code", "outcome", "is_skipped"),
    [
        (0, "promoted", False),
        (10, "nothing to do", True),
        (11, "rejected", False),
        (12, "waiting for labels", False),
        (75, "busy", True),
    ],
)
def test_an_exit_code_is_what_a_turn_came_to(code, outcome, is_skipped, turn, ends_with):
    ends_with(code)
    done = turn.run_once("config.py")
    assert (done.outcome, done.is_skipped, done.why, done.champion) == (outcome, is_skipped, WHY, "c0ffee")


@pytest.mark.parametrize("code", [1, 2, 13, 130])
def test_all_others_are_failures_that_name_the_command(code, turn, ends_with):
    ends_with(code)
    with pytest.raises(turn.TurnFailed, match=f"run-once config.py ended with exit code {code}"):
        turn.run_once("config.py")


def test_every_exit_code_of_the_command_is_known(turn):
    assert {*CODES.values(), BUSY} - {*turn.OUTCOMES} == {CODES["failed"]}


def test_what_is_logged_is_passed_on_and_what_is_said_when_nothing_was_decided(turn, ends_with, caplog):
    ends_with(75, {"outcome": "busy"})
    with caplog.at_level(logging.INFO, "vernal"):
        assert turn.run_once("config.py").champion is None
    assert caplog.messages == ["reading data", "and training", "busy: Nothing has come."]


@pytest.mark.journey
def test_a_turn_of_the_real_command_on_the_tiny_stream(turn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("VERNAL_COMMAND", shlex.join([sys.executable, "-m", "vernal"]))
    monkeypatch.setenv("VERNAL_STORE", "store")
    subprocess.run([sys.executable, FOLDER / "stream.py", "in"], check=True, capture_output=True)
    init = [sys.executable, "-m", "vernal", "init", "config.py", "--data", "in", "--yes"]
    subprocess.run(init, check=True, capture_output=True)
    first = turn.run_once("config.py", "--budget", "2ep")
    assert (first.outcome, first.champion is not None) == ("promoted", True)
    assert turn.run_once("config.py", "--budget", "2ep").is_skipped


# The schedulers' own files, where they are installed


def test_airflow_skips_and_fails(turn, ends_with, monkeypatch):
    pytest.importorskip("airflow.sdk", reason="Airflow is not installed")
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    monkeypatch.setenv("VERNAL_CONFIG", "config.py")
    call = loaded("airflow_dag").vernal().get_task("turn").python_callable
    ends_with(0)
    assert call() == "c0ffee"
    for code, error in ((10, AirflowSkipException), (11, AirflowFailException), (1, turn.TurnFailed)):
        ends_with(code)
        with pytest.raises(error):
            call()


@pytest.mark.parametrize(("code", "name"), [(0, "Promoted"), (10, "Skipped"), (11, "Rejected")])
def test_prefect_names_its_states(code, name, turn, ends_with, monkeypatch):
    pytest.importorskip("prefect", reason="Prefect is not installed")
    monkeypatch.setenv("VERNAL_CONFIG", "config.py")
    ends_with(code)
    assert loaded("prefect_flow").vernal(return_state=True).name == name


@pytest.mark.parametrize(("code", "succeeds", "materialised"), [(0, True, 1), (10, True, 0), (11, False, 0)])
def test_dagster_materialises_what_was_promoted(code, succeeds, materialised, turn, ends_with, monkeypatch):
    dagster = pytest.importorskip("dagster", reason="Dagster is not installed")
    monkeypatch.setenv("VERNAL_CONFIG", "config.py")
    ends_with(code)
    done = dagster.materialize([loaded("dagster_assets").champion], raise_on_error=False)
    assert (done.success, len(done.asset_materializations_for_node("champion"))) == (succeeds, materialised)
