from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vernal.base import ConflictError, StateError, SystemClock
from vernal.store.locks import hold

CLOCK = SystemClock()
HOLDING = """
import sys
import threading
from pathlib import Path
from vernal.base import SystemClock
from vernal.store.locks import hold

with hold(Path(sys.argv[1]), "update-7c1e", SystemClock()):
    print("ready", flush=True)
    input()
"""


def test_a_lock_is_held_by_one_and_says_by_whom(tmp_path: Path) -> None:
    with (
        hold(tmp_path, "a", CLOCK),
        pytest.raises(ConflictError) as error,
        hold(tmp_path, "a", CLOCK),
    ):
        pass
    assert f"'a' is being worked on by process {os.getpid()} on {socket.gethostname()} since 20" in str(error.value)


def test_locks_of_other_names_are_free(tmp_path: Path) -> None:
    with hold(tmp_path, "a", CLOCK), hold(tmp_path, "b", CLOCK):
        pass


def test_a_lock_is_free_again_after_the_block_however_it_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), hold(tmp_path, "a", CLOCK):
            _ = 1 / 0
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".holder"] == []


def test_a_killed_process_frees_its_lock(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with (
            pytest.raises(ConflictError, match=f"'update-7c1e' .* by process {process.pid} on"),
            hold(tmp_path, "update-7c1e", CLOCK),
        ):
            pass
        process.kill()
        process.wait(timeout=10)
    with hold(tmp_path, "update-7c1e", CLOCK):
        pass


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        threading.Timer(0.05, process.kill).start()
        with hold(tmp_path, "update-7c1e", CLOCK, wait=True):
            assert process.wait(timeout=10) != 0


def test_a_lock_that_cannot_be_taken_is_explained(tmp_path: Path) -> None:
    (tmp_path / "locks").write_bytes(b"")
    with (
        pytest.raises(StateError, match="could not be taken: .* Check your rights"),
        hold(tmp_path / "locks", "a", CLOCK),
    ):
        pass


def test_a_holder_that_has_not_said_its_name_yet_is_another_process(tmp_path: Path) -> None:
    with hold(tmp_path, "a", CLOCK):
        (tmp_path / "a.holder").write_text("{")
        with pytest.raises(ConflictError, match="by another process"), hold(tmp_path, "a", CLOCK):
            pass
