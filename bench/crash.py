"""Kill -9 at random moments of an update: is the store ever broken, the champion ever lost, the end ever another?

    python bench/crash.py [--kills 100] [--seed 0] [--ledger embedded]

Each time a second update runs in a process of its own, with a checkpoint after every step; it is killed after a random
share of its duration; the store is verified; the same call is made again, and what it stores is compared, hash by hash,
with what an update stores that nobody disturbed. The history lies in a database in the store (`embedded`), in `files`,
in a PostgreSQL that is started for it (`postgresql`), or in a database that is named by its URL.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `tests`, which share the code

from tests.databases import serve_postgresql
from tests.transaction.killing import kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ledger", default="embedded", help="embedded, files, postgresql or a URL [default: embedded]")
    options = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, history_in(options.ledger, Path(folder) / "postgresql"):
        found = [*kills(Path(folder), options.kills, options.seed)]
    for kill in found:
        if kill.problems or not kill.identical:
            print(kill)
    during = Counter(kill.during.split(" after ")[0] for kill in found)
    seconds = time.perf_counter() - began
    print(f"history: {options.ledger}")
    print(f"{len(found)} kills (seeds {options.seed} to {options.seed + len(found) - 1}) in {seconds:.0f} s")
    print("killed during:", ", ".join(f"{name or 'evaluate'} {count}" for name, count in during.most_common()))
    print("champion after the kill:", ", ".join(f"{k} {n}" for k, n in Counter(x.champion for x in found).items()))
    print(f"broken stores: {sum(bool(kill.problems) for kill in found)}")
    print(f"ended bit-identical after the next run: {sum(kill.identical for kill in found)} of {len(found)}")
    return 0 if all(kill.identical and not kill.problems for kill in found) else 1


@contextmanager
def history_in(ledger: str, folder: Path) -> Iterator[None]:
    """All stores, those of the processes that are killed too, have their history there."""
    if ledger == "postgresql":
        folder.mkdir()
        with serve_postgresql(folder) as url, history_in(url, folder):
            yield
        return
    os.environ["VERNAL_LEDGER"] = ledger
    yield


if __name__ == "__main__":
    sys.exit(main())
