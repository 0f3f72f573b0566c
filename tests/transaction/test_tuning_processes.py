"""Tuning with real processes: no orphans, no second writer, and nothing of theirs in the caller's output."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.transaction.searching import Heard, fixed, made, ranged
from tests.transaction.stream import CONFIG, copy_of, outcome, plan, write_config
from vernal.base import ConflictError
from vernal.config import load_config
from vernal.store import Store
from vernal.transaction import update

pytestmark = pytest.mark.journey

SECONDS = 60.0

WITH_ALL = (
    CONFIG
    + """
import os
from dataclasses import dataclass
from pathlib import Path

from beside import FACTOR

from vernal.methods import Distil, Method, ER

HERE = Path(__file__).parent


@dataclass
class Mine(ER):
    scale: float = 1.0

    def loss(self, step):
        return FACTOR * self.scale * super().loss(step)


def method_fn(scale: float = 1.0) -> Method:
    return Mine(memory_size=30, scale=scale)


def terms_fn(weight: float = 0.1):
    return [Distil(weight=weight)]


def train_transform():
    return Noisy()


class Noisy:
    def __call__(self, x):
        if _calls() == 150 and (how := _once()):
            print("the last words")
            os.kill(os.getpid(), 9) if how == "kill" else os._exit(3)
        while (HERE / "waits").exists():
            os.sched_yield()
        return x + 0.1 * torch.randn_like(x)


CALLS = [0]


def _calls() -> int:
    CALLS[0] += 1
    return CALLS[0]


def _once() -> str:
    try:
        os.rename(HERE / "ends", HERE / "ended")
    except FileNotFoundError:
        return ""
    return (HERE / "ended").read_text()
"""
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file with a method and terms of its own, and a module beside it."""
    folder = tmp_path_factory.mktemp("project with all")
    config = write_config(folder, WITH_ALL)
    (folder / "beside.py").write_text("FACTOR = 2.0\nprint('beside was imported')\n")
    return config


SCRIPT = """
import sys
import torch
torch.set_num_threads(1)
from tests.transaction.searching import ranged
from tests.transaction.stream import plan
from vernal.transaction import update
update(ranged(plan({config!r}, 2, None, budget="6ep", checkpoint_minutes=5), max_trials=4, workers=2), {store!r})
"""


@pytest.fixture
def tuner(project: Path) -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts a process with a search whose trials wait as long as there is a file `waits` beside the config file."""
    started: list[subprocess.Popen[str]] = []

    def start(store: Path) -> subprocess.Popen[str]:
        code = SCRIPT.format(config=str(project), store=str(store))
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    (project.parent / "waits").unlink(missing_ok=True)
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def before(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one update."""
    store = tmp_path_factory.mktemp("stores") / "before"
    update(plan(project, 1, None), store)
    return store


@pytest.fixture(scope="module")
def undisturbed(before: Path, project: Path) -> dict[str, Any]:
    """How the search ends."""
    store = copy_of(before, "undisturbed")
    update(asked(project), store)
    return found(store)


def asked(project: Path) -> Any:
    return ranged(plan(project, 2, None, budget="6ep", checkpoint_minutes=5), max_trials=4, workers=2)


def found(store: Path) -> dict[str, Any]:
    """What was made, and all trials, without times."""
    opened = Store(store)
    past = json.loads(opened.blobs.get(opened.record("champion")["artefacts"]["tuning"]["blob"]))
    for trial in past["trials"]:
        for one in [*trial["curve"], trial["final"], trial]:
            one.pop("seconds")
    made = outcome(opened)
    made["artefacts"].pop("tuning")
    return {**made, "trials": past["trials"]}


def await_true(what: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, "it never came"
        os.sched_yield()


def events(store: Path, kind: str) -> int:
    return sum(path.read_text().count(f'"kind": "{kind}"') for path in store.glob("scratch/*/trials-*/trials.jsonl"))


def family(root: int) -> set[int]:
    """All processes that descend from one, whatever group they are in."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    family: set[int] = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family - {root}


def gone(pids: set[int]) -> bool:
    """Whether no process is left; what nobody has waited for is no process."""
    return not any(_is_alive(pid) for pid in pids)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@linux
def test_a_tuner_that_is_killed_leaves_no_process_and_its_trials_are_adopted(
    before: Path,
    project: Path,
    undisturbed: dict[str, Any],
    tuner: Callable[[Path], subprocess.Popen[str]],
) -> None:
    """Two trials are in flight; one of their workers is stopped, so that it cannot even hear of it."""
    store, waits = copy_of(before, "killed"), project.parent / "waits"
    process = tuner(store)
    await_true(lambda: events(store, "begin") == 2 and events(store, "level") >= 3)
    waits.touch()
    workers = family(process.pid)
    assert len(workers) == 3
    os.kill(max(workers), signal.SIGSTOP)
    process.kill()
    process.wait()
    await_true(lambda: gone(workers))
    waits.unlink()
    levels = events(store, "level")
    update(asked(project), store)
    assert levels >= 3
    assert found(store) == undisturbed


@linux
def test_ctrl_c_reaches_the_caller_and_the_same_call_goes_on(
    before: Path,
    project: Path,
    undisturbed: dict[str, Any],
    tuner: Callable[[Path], subprocess.Popen[str]],
) -> None:
    store, waits = copy_of(before, "interrupted"), project.parent / "waits"
    process = tuner(store)
    await_true(lambda: events(store, "level") >= 2)
    waits.touch()
    workers = family(process.pid)
    with pytest.raises(ConflictError):  # Somebody is at it.
        update(asked(project), store)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert "KeyboardInterrupt" in err
    assert "beside was imported" in out  # by the caller's own look at the config file
    assert out.count("beside was imported") == 1
    assert gone(workers)
    waits.unlink()
    assert Store(store).champion == Store(before).champion
    update(asked(project), store)
    assert found(store) == undisturbed


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_a_worker_that_is_killed_goes_on_from_its_checkpoint(
    how: str, before: Path, project: Path, undisturbed: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    store = copy_of(before, "dies")
    (project.parent / "ends").write_text(how)
    heard = Heard()
    update(asked(project), store, reporter=heard)
    reason = "was killed by signal 9" if how == "kill" else "ended with status 3"
    assert sum(reason in note for note in heard.notes) == 1
    assert found(store) == undisturbed
    assert "the last words" not in capfd.readouterr().out


def test_what_real_processes_find_is_a_plain_update(before: Path, project: Path, undisturbed: dict[str, Any]) -> None:
    """Its config file was loaded already; its method, its term and its transform are the file's own."""
    store, plain = copy_of(before, "loaded"), copy_of(before, "plain")
    loaded = dataclasses.replace(asked(project), config=load_config(project))
    record = update(loaded, store).record
    assert found(store) == undisturbed
    update(fixed(loaded, record["tuning"]["config"]), plain)
    assert made(store) == made(plain)
