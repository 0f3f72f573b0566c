"""No process outlives the tuner, however it ends; and what the user's terminal and script have to do with workers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.launch.ends import PATIENCE_SECONDS, alive_with, ends

ROOT = Path(__file__).parents[2]
MARK = "VERNAL_TEST_MARK"

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="looks at processes as Linux shows them")

SCRIPT = """
import json, os, signal, sys
from tests.launch.works import obey
from vernal.launch import Workers

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # Whoever runs the tests under nohup would hand on that it is ignored.

def say(what):
    sys.stdout.write(json.dumps(what) + chr(10))
    sys.stdout.flush()

def answers(workers, deed):
    for index in (0, 1):
        workers.send(index, {"do": deed})
    told = {}
    while len(told) < 2:
        told.update(workers.wait(None))
    return told
"""

BUSY = """
with Workers(2, obey) as workers:
    say(answers(workers, DEED))
    signal.pause()
"""

FORKED = """
with Workers(2, obey) as workers:
    say(answers(workers, "spin"))
    if not (child := os.fork()):
        signal.pause()
    say({"2": {"pid": child, "server": child}})
    signal.pause()
"""

INTERRUPTED = """
with Workers(2, obey) as workers:
    try:
        say(answers(workers, "pid"))
        signal.pause()
    except KeyboardInterrupt:
        say(answers(workers, "pid"))
"""

UNGUARDED = """
say("begins")
with Workers(2, obey) as workers:
    answers(workers, "pid")
say("ends")
"""

SLOW_IMPORT = """
sys.path.insert(0, FOLDER)
with Workers(2, obey, ["slow_to_import"]) as workers:
    say("begins")
    signal.pause()
"""


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A tuner with a mark, in a process group of its own; what is left of it is killed at the end."""
    environment = {**os.environ, MARK: uuid.uuid4().hex, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        process_group=0,
    )
    process.mark = environment[MARK]  # type: ignore[attr-defined]
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()  # Or else whoever waits for it would wait for ever, if a test has failed.
    finally:
        for pid in alive_with(environment[MARK]):
            os.kill(pid, signal.SIGKILL)


def said(process: subprocess.Popen[str]) -> Any:
    """The next thing that a script says."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def script(body: str, **names: str) -> str:
    """A script that knows some names."""
    return "".join(f"{name} = {value!r}\n" for name, value in names.items()) + SCRIPT + body


def all_end(process: subprocess.Popen[str]) -> bool:
    """Whether a tuner that has just been killed takes all its processes with it."""
    process.wait(PATIENCE_SECONDS)
    mark = process.mark  # type: ignore[attr-defined]
    return ends(alive_with(mark)) and alive_with(mark) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("deed", ["pid", "spin", "hold", "freeze", "have a child"])
def test_nobody_outlives_a_killed_tuner(deed: str, number: int) -> None:
    with running("-c", script(BUSY, DEED=deed)) as tuner:
        assert len(said(tuner)) == 2
        assert len(alive_with(tuner.mark)) >= 4
        tuner.send_signal(number)
        assert all_end(tuner)


def test_nobody_outlives_a_tuner_killed_together_with_the_server() -> None:
    with running("-c", script(BUSY, DEED="hold")) as tuner:
        server = said(tuner)["0"]["server"]
        os.kill(server, signal.SIGKILL)
        tuner.kill()
        assert all_end(tuner)


def test_workers_end_with_the_tuner_when_its_other_children_live_on() -> None:
    with running("-c", script(FORKED)) as tuner:
        pids = [pid for worker in said(tuner).values() for pid in worker.values()]
        child = said(tuner)["2"]["pid"]
        tuner.kill()
        assert ends(pids)
        assert child in alive_with(tuner.mark)


def test_a_tuner_killed_while_modules_are_imported_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text("import signal\nsignal.pause()\n")
    with running("-c", script(SLOW_IMPORT, FOLDER=str(tmp_path))) as tuner:
        assert said(tuner) == "begins"
        tuner.kill()
        assert all_end(tuner)


def test_workers_do_not_hear_ctrl_c() -> None:
    with running("-c", script(INTERRUPTED)) as tuner:
        before = said(tuner)
        os.killpg(tuner.pid, signal.SIGINT)
        assert said(tuner) == before
        assert tuner.wait(PATIENCE_SECONDS) == 0
        assert all_end(tuner)


@pytest.mark.parametrize("way", ["a file without a guard", "-c", "standard input"])
def test_the_users_script_is_not_run_again(way: str, tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(script(UNGUARDED))
    command = {"a file without a guard": [str(path)], "-c": ["-c", path.read_text()], "standard input": ["-"]}[way]
    with running(*command) as tuner:
        output, _ = tuner.communicate(path.read_text(), timeout=PATIENCE_SECONDS)
    assert output.splitlines() == ['"begins"', '"ends"']


def test_what_only_the_script_has_is_refused_with_advice() -> None:
    body = "def work(channel, index): pass\ntry: Workers(1, work)\nexcept Exception as error: say(str(error))\n"
    with running("-c", script(body)) as tuner:
        assert "`work` is defined in the script" in said(tuner)
