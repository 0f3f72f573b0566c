"""How long it takes to register a small record and to promote it, in each place where a history can lie.

    python bench/store.py [--rounds 200]

A record is registered when its own blob is in the store (two syncs: the file and its folder) and its entry in the
history (one more); to promote it is one more entry. So the time of one sync of this disk is told as well, and what
remains beside the syncs, measured where they cost nothing (a file system in memory, if there is one at /dev/shm).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `tests`, which share the code

from tests.databases import serve_postgresql
from vernal.store import Store

MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        places = [Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place))) for place in folders()]
        (places[0] / "server").mkdir()
        server = stack.enter_context(serve_postgresql(places[0] / "server"))
        for place in places:
            print(f"{place.parent}: one sync {1000 * sync_seconds(place, rounds):.2f} ms")
            for name, ledger in {"embedded": "embedded", "files": "files", "postgresql": server}.items():
                measure(name, Store(place / name, ledger=ledger), rounds)
    return 0


def folders() -> Iterator[Path]:
    yield Path(tempfile.gettempdir())
    if MEMORY.is_dir():
        yield MEMORY


def measure(name: str, store: Store, rounds: int) -> None:
    model = store.blobs.put(b"weights")
    registered, promoted, parent = [], [], None
    for number in range(rounds):
        record = record_of(number, model)
        registered.append(seconds(lambda: store.commit(record, False, parent)))  # noqa: B023 - called at once
        promoted.append(seconds(lambda: store.promote(record["id"], parent)))  # noqa: B023
        parent = record["id"]
    told = [f"{1000 * statistics.median(times):6.2f} ms" for times in (registered, promoted)]
    print(f"  {name:12} register {told[0]}   promote {told[1]}")


def record_of(number: int, model: str) -> dict[str, object]:
    facts = {"metrics": {"accuracy": number / 7}, "plan": {"text": "x" * 1500}}
    artefacts = {"model": {"blob": model, "bytes": 7}}
    return {"id": f"{number:012x}", "name": f"n{number}", "request": "r", "artefacts": artefacts, **facts}


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def sync_seconds(folder: Path, rounds: int) -> float:
    def write(number: int) -> None:
        file = os.open(folder / f"sync-{number}", os.O_CREAT | os.O_WRONLY)
        os.write(file, b"x" * 1500)
        os.fsync(file)
        os.close(file)

    return statistics.median(seconds(lambda: write(number)) for number in range(rounds))  # noqa: B023


if __name__ == "__main__":
    sys.exit(main())
