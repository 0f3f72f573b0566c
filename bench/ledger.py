"""How long what the ledger does takes on SQLite and PostgreSQL, and whether kill -9 ever leaves it broken.

    python bench/ledger.py [--rounds 200] [--outcomes 100000] [--kills 0] [--seed 0]

Both databases make sure that what was committed survives a loss of power (`synchronous=FULL`, `synchronous_commit=on`),
so the disk has its share in the times. Times are medians, with the 5th and the 95th percentile: on a busy machine the
former tells more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for `tests`, which share the code

from tests.databases import serve_postgresql
from tests.ledger.killing import kills
from vernal.base import Decision, SystemClock
from vernal.ledger import Database, Decided, Label, Leases, Loops, Outcomes, Prediction, SqlJournal

RECORD = {"name": "fraud:3.2", "weights": "0" * 64, "facts": "x" * 1500}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--outcomes", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0, help="on each database")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "postgresql").mkdir()
        server = stack.enter_context(serve_postgresql(folder / "postgresql"))
        urls = {"SQLite": f"sqlite:///{folder}/ledger.db", "PostgreSQL": server}
        broken = 0
        for name, url in urls.items():
            measure(name, url, options.rounds, options.outcomes)
            broken += kill(url, options.kills, options.seed)
    return 1 if broken else 0


def measure(name: str, url: str, rounds: int, n_outcomes: int) -> None:
    database, clock = Database(url), SystemClock()
    journal, loops = SqlJournal(database, "bench", clock), Loops(database, "bench")
    leases = Leases(database, "bench", "bench", clock)
    decided = Decided(clock.now(), "trigger", "volume", Decision("update", "500 rows came", {"rows": 500}))
    print(f"== {name}")
    show("open, and make the tables", [seconds(lambda: journal.last())])
    show("append an entry of 1.6 kB", timed(rounds, lambda: append(journal)))
    show("register and promote (two entries)", timed(rounds, lambda: (append(journal), append(journal))))
    show("read the last entry, none is new", timed(rounds, journal.last))
    show(f"open a journal of {3 * rounds} entries", timed(20, lambda: SqlJournal(database, "bench", clock).entries()))
    show("a step with 3 decisions", timed(rounds, lambda: step(loops, [decided] * 3)))
    show("read the state of a loop", timed(rounds, lambda: loops.read("nightly")))
    show("the newest 20 decisions", timed(rounds, lambda: loops.decisions(limit=20)))
    show("take a lease", timed(rounds, lambda: leases.take("update", 60)))
    measure_outcomes(Outcomes(database, "bench"), n_outcomes)


def measure_outcomes(outcomes: Outcomes, n: int) -> None:
    predictions = [Prediction(f"row-{k}", float(k), "fraud:3.2", k / n) for k in range(n)]
    labels = [Label(f"row-{k}", k + 50.0, k % 2) for k in range(n)]
    show(f"{n:,} predictions", [seconds(lambda: outcomes.predicted(predictions))])
    show(f"{n:,} labels", [seconds(lambda: outcomes.labelled(labels))])
    show(f"all {n:,} mature pairs", [seconds(lambda: outcomes.mature(n + 100.0, 100))])
    before = outcomes.mature(n / 2, 100)
    show("the 1,000 pairs since a look", timed(10, lambda: outcomes.mature(n / 2 + 1000, 100, since=before.cursor)))
    now = outcomes.mature(n + 100.0, 100)
    show("a look that finds nothing", timed(20, lambda: outcomes.mature(n + 100.0, 100, since=now.cursor)))


def append(journal: SqlJournal) -> None:
    last = journal.last()
    journal.append("update", RECORD, "a", after=last.number if last else 0)


def step(loops: Loops, decided: list[Decided]) -> None:
    generation, state = loops.read("nightly") or (0, {"cursor": "x" * 500})
    loops.step("nightly", generation, state, decided)


def timed(rounds: int, work: Callable[[], object]) -> list[float]:
    return [seconds(work) for _ in range(rounds)]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def show(what: str, times: list[float]) -> None:
    times = sorted(1000 * one for one in times)
    usual = f"{times[len(times) // 20]:9.2f} to {times[-1 - len(times) // 20]:.2f}" if len(times) > 1 else ""
    print(f"{what:38} {statistics.median(times):9.2f} ms {usual}", flush=True)


def kill(url: str, n: int, seed: int) -> int:
    """Kill writers, and return after how many of the kills something was wrong."""
    if n == 0:
        return 0
    # The journal of the measurements is that of another store.
    found = [*kills(url, n, seed)]
    for one in found:
        if one.problems:
            print(one)
    written = sum((one.written for one in found), Counter())
    unreported = sum((one.written - one.reported for one in found), Counter())
    broken = sum(bool(one.problems) for one in found)
    print(f"{n} kills: {broken} left something broken or lost; written by then: {dict(written)}")
    print(f"killed between a commit and its report: {sum(unreported.values())}")
    return broken


if __name__ == "__main__":
    sys.exit(main())
