"""Kill -9 at random moments of a process that writes, and what must be true then. Also run by `bench/ledger.py`."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vernal.base import CorruptState, SystemClock
from vernal.ledger import Database, Loops, Outcomes, SqlJournal, damage

N_DECISIONS = 3
N_OUTCOMES = 20

# Prints a line after each commit.
WRITING = """
import itertools
import sys
from tests.ledger.killing import N_DECISIONS, N_OUTCOMES
from vernal.base import Decision, SystemClock
from vernal.ledger import Database, Decided, Label, Loops, Outcomes, Prediction, SqlJournal

database, clock = Database(sys.argv[1]), SystemClock()
journal, loops, outcomes = SqlJournal(database, "s", clock), Loops(database, "s"), Outcomes(database, "s")
print("ready", flush=True)
while True:
    last = journal.last()
    number = last.number if last else 0
    journal.append("update", {"weights": "x" * 500}, f"a{number}", after=number)
    print("entry", flush=True)
    generation, _ = loops.read("nightly") or (0, {})
    decided = [
        Decided(clock.now(), "trigger", "volume", Decision("update", "", {"of": generation + 1}))
        for _ in range(N_DECISIONS)
    ]
    loops.step("nightly", generation, {"of": generation + 1}, decided)
    print("step", flush=True)
    outcomes.predicted([Prediction(f"{generation}-{n}", generation, "v", 1) for n in range(N_OUTCOMES)])
    print("predictions", flush=True)
    outcomes.labelled([Label(f"{generation}-{n}", generation, 1) for n in range(N_OUTCOMES)])
"""


@dataclass(frozen=True)
class Killed:
    """One kill, and what was found afterwards.

    Args:
        after: how many of its commits were awaited, and the seconds from then on.
        reported: how many commits of each kind the process reported.
        written: how many more there are than before.
        problems: what must not be.
    """

    after: tuple[int, float]
    reported: Counter[str]
    written: Counter[str]
    problems: list[str]


def kills(url: str, n: int, seed: int = 0) -> Iterator[Killed]:
    """Kill n processes, one after another, that write into one database.

    Args:
        url: of the database.
        n: how many.
        seed: of the moments.
    """
    moments, database = random.Random(seed), Database(url)
    before = _written(database)
    for _ in range(n):
        after = (moments.randrange(8), moments.uniform(0, 0.01))  # Some of them before the tables are made.
        reported = _reported(url, *after)
        with database.writing():
            pass  # A server may go on with what a client asked for before it was killed; wait for the end of that.
        now = _written(database)
        written = now - before
        problems = [*_problems(database), *_lost(reported, written)]
        yield Killed(after, reported, written, problems)
        before = now


def _reported(url: str, commits: int, seconds: float) -> Counter[str]:
    command = [sys.executable, "-c", WRITING, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        process.stdout.readline()
        lines = [process.stdout.readline() for _ in range(commits)]
        time.sleep(seconds)
        process.kill()
        return Counter(line.strip() for line in [*lines, *process.stdout] if line.endswith("\n"))


def _written(database: Database) -> Counter[str]:
    last = SqlJournal(database, "s", SystemClock()).last()
    stand = Loops(database, "s").read("nightly")
    predicted = len(_pairs(database, default=0))
    return Counter(entry=last.number if last else 0, step=stand[0] if stand else 0, predictions=predicted // N_OUTCOMES)


def _pairs(database: Database, default: int | None) -> list[str]:
    return [pair.id for pair in Outcomes(database, "s").mature(1e9, 0, default=default).pairs]


def _problems(database: Database) -> list[str]:
    """What is half written."""
    problems = damage(database)
    try:
        SqlJournal(database, "s", SystemClock()).entries()
    except CorruptState as error:
        problems.append(str(error))
    loops = Loops(database, "s")
    generation, state = loops.read("nightly") or (0, {"of": 0})
    found = Counter(decided.generation for decided in loops.decisions())
    if found != dict.fromkeys(range(1, generation + 1), N_DECISIONS):
        problems.append(f"the decisions are {found}, and the loop stands at {generation}")
    if state != {"of": generation} or any(one.evidence != {"of": one.generation} for one in loops.decisions()):
        problems.append(f"the state {state} is not that of generation {generation}")
    for name, ids in (("predictions", _pairs(database, default=0)), ("labels", _pairs(database, default=None))):
        if len(ids) % N_OUTCOMES:
            problems.append(f"{len(ids)} {name} are no whole number of writes")
    return problems


def _lost(reported: Counter[str], written: Counter[str]) -> list[str]:
    """What was reported must be there; one more of each may be, of which the report got lost."""
    return [
        f"{reported[kind]} times {kind} was reported, and {written[kind]} are there"
        for kind in ("entry", "step", "predictions")
        if not reported[kind] <= written[kind] <= reported[kind] + 1
    ]
