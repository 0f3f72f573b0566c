"""What the loop costs when nothing happens, how long a promotion takes, and whether kill -9 ever leaves it broken.

    python bench/loop.py [--seconds 60] [--rounds 200] [--kills 0] [--ledger sqlite|postgresql|both] [--seed 0]

The idle cost is CPU time of `vernal watch` in a process of its own, at a nap of a second and of half a minute, after it
has started. Times are medians, with the 95th percentile.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `tests`, which share the code

from tests.databases import serve_postgresql
from tests.loop.killing import Life, kills
from tests.loop.world import World
from vernal.base import Decision, digest
from vernal.store import Store

RECORD = {"request": "r", "artefacts": {}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long an idle process is watched")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--kills", type=int, default=0, help="on each database")
    parser.add_argument("--ledger", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    broken = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, url in stack.enter_context(ledgers(folder, options.ledger)):
            print(f"== {name}")
            place = folder / name
            measure(World(place / "turns", ledger=url), options.rounds)
            watch(World(place / "watched", ledger=url), options.seconds)
            broken += kill(place / "killed", url, options.kills, options.seed)
    return 1 if broken else 0


@contextmanager
def ledgers(folder: Path, wanted: str) -> Iterator[list[tuple[str, str]]]:
    """The databases that were asked for, by name and URL."""
    found = [] if wanted == "postgresql" else [("SQLite", f"sqlite:///{folder}/ledger.db")]
    if wanted == "sqlite":
        yield found
        return
    (folder / "server").mkdir()
    with serve_postgresql(folder / "server") as url:
        yield [*found, ("PostgreSQL", url)]


def measure(world: World, rounds: int) -> None:
    """Turns, and what the registry does in them."""
    loop = world.loop()
    world.arrive(0)
    show("the first turn, with an update", [seconds(lambda: world.turn(loop))])
    show("a turn without news", timed(rounds, lambda: world.turn(loop)))
    show("open the loop, and a turn without news", timed(10, lambda: world.turn()))
    number = itertools.count()
    show("register and promote", timed(rounds, lambda: registered(world.store, next(number))))
    show("promote", timed(rounds, lambda: promoted(world.store)))


def registered(store: Store, number: int) -> None:
    """A version is committed and promoted, as the loop does it, with its evidence."""
    name = digest(number)
    champion = store.champion
    store.commit(RECORD | {"id": name[:12], "name": name}, promote=False, parent=champion)
    store.promote(name[:12], champion, "It passed.", Decision("promote", "It passed.", {"p": 0.01}).to_json())


def promoted(store: Store) -> None:
    """Back and forth between two versions."""
    champion = store.champion
    other = next(one for one in reversed(store.versions()) if one != champion)
    store.promote(other, champion, "It passed.")


def watch(world: World, wall: float) -> None:
    """The CPU time of a process that watches and finds nothing."""
    for every in ("1s", "30s"):
        command = [sys.executable, "-m", "vernal", "watch", str(world.path), "--every", every, "--accelerator", "cpu"]
        command += ["--source", f"{world.incoming}/*.parquet", "--trigger", "rows(100)"]
        command += ["--store", str(world.folder / "store"), "--ledger", str(world.ledger)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(3)  # The first turn
            assert process.poll() is None, process.stdout.read()
            before, began = cpu_seconds(process.pid), time.perf_counter()
            time.sleep(wall)
            spent = (cpu_seconds(process.pid) - before) / (time.perf_counter() - began)
            process.terminate()
        print(f"{f'idle, --every {every}':42} {100 * spent:9.3f} % of a core", flush=True)


def cpu_seconds(process: int) -> float:
    """User and system time of a process, as the system counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(folder: Path, url: str, count: int, seed: int) -> int:
    """Kill a life again and again, and return after how many of the kills something was wrong."""
    if count == 0:
        return 0
    found = [*kills(folder, url, count, seed)]
    for one in found:
        if one.problems:
            print(one)
    broken = sum(bool(one.problems) for one in found)
    n_files = Life(folder, url).n_files
    same = [end(place, url, n_files) for place in (folder, folder.with_name("calm"))]
    told = "as" if same[0] == same[1] else "NOT as"
    during = dict(Counter(one.during for one in found))
    print(f"{count} kills, {during}: {broken} left something broken or lost; {n_files} files, and it ended {told} an")
    print("uninterrupted life did: weights, lineage, aliases, decisions, state")
    return broken + (same[0] != same[1])


def end(folder: Path, url: str, n_files: int) -> str:
    return repr(Life(folder, url).finish(n_files)).replace(str(folder), ".")


def timed(rounds: int, work: Callable[[], object]) -> list[float]:
    return [seconds(work) for _ in range(rounds)]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def show(what: str, times: list[float]) -> None:
    rare = f"   95 %: {1000 * sorted(times)[int(0.95 * len(times))]:9.2f} ms" if len(times) > 1 else ""
    print(f"{what:42} {1000 * statistics.median(times):9.2f} ms{rare}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
