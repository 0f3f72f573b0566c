"""What hyperparameters that were found at earlier updates are worth at the next ones, on real streams of five updates.

    python bench/transfer.py                     # train the pools of curves, replay the searches, print the tables
    python bench/transfer.py gas elec2 --seeds 10

Each update has a pool of configurations with their whole learning curves, trained once (`lab/curves.py`) and kept in
`results`. A search is replayed over a pool: what its searcher suggests is answered by the nearest configuration of the
pool that it has not tried yet (ranges scaled to 1, logarithmic ones in the logarithm; another option is a distance of
1). So a narrow box may be left by a step to the nearest neighbour; nothing else is changed. Every method searches
all five updates of a sequence in turn, with the history of its own searches, of 45 epochs each.

*to reach* is after how many epochs, at updates 2 to 5, a search has met the score that the one without transfer ends
with after 45, in the middle of all seeds; each search may take 90, and one that does not get there counts as 90.
*gain* is by how many percentage points the best score so far is above that of the search without transfer, after so
many epochs: mean over updates 2 to 5, and standard error over seeds. *misled* are the same with a history whose
ranking is inverted: searched in the same pools for the worst.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lab.curves import EPOCHS, SEQUENCES, SPACE, UPDATES, Pool, pools
from lab.table import markdown, spread

from vernal.space import Choice, Range
from vernal.tuning import (
    ASHA,
    RUSH,
    Begin,
    BoundingBox,
    Enqueue,
    Goal,
    GoOn,
    Guard,
    Objective,
    Past,
    RandomSearch,
    Scheduler,
    Searcher,
    Suggestion,
    Trial,
    View,
)

GOAL = Goal((Objective("score", higher_is_better=True),))
EQUAL, MOST = 45, 90
AFTER = (5, 15, 45)
RESULTS = Path(__file__).parent / "results"

Random = RandomSearch()
METHODS: dict[str, tuple[Searcher, Scheduler]] = {
    "none": (Random, ASHA()),
    "enqueue": (Enqueue(Random), ASHA()),
    "enqueue, guard": (Enqueue(Random, guard=Guard()), ASHA()),
    "box": (BoundingBox(Random, guard=None), ASHA()),
    "box, guard": (BoundingBox(Random), ASHA()),
    "rush": (Enqueue(Random), RUSH()),
    "rush, guard": (Enqueue(Random, guard=Guard()), RUSH()),
    "enqueue, then box": (Enqueue(BoundingBox(Random, guard=None)), ASHA()),
    "enqueue, then box with guard": (Enqueue(BoundingBox(Random)), ASHA()),
    "both with guard": (Enqueue(BoundingBox(Random), guard=Guard()), ASHA()),
}


@dataclass(frozen=True)
class InPool:
    """A searcher that suggests only what is in a pool: the nearest to what another one suggests, and nothing twice."""

    then: Searcher
    pool: Pool
    places: np.ndarray

    def suggest(self, view: View) -> Suggestion:
        suggestion = self.then.suggest(view)
        distance = np.abs(self.places - _place(suggestion.config)).sum(1)
        tried = [dict(trial.config) for trial in view.trials]
        nearest = next(
            self.pool.configs[i] for i in distance.argsort(kind="stable") if self.pool.configs[i] not in tried
        )
        return Suggestion(nearest, suggestion.origin)


@dataclass(frozen=True)
class Search:
    """What came of a search: its trials after `EQUAL` epochs, and the best score so far after each epoch."""

    trials: tuple[Trial, ...]
    best: list[float]

    def to_reach(self, score: float) -> int:
        return next((epoch for epoch, best in enumerate(self.best, start=1) if best >= score), MOST)


def search(pool: Pool, method: str, pasts: Sequence[Past], seed: int) -> Search:
    """One search, by the decisions of the library, without training."""
    searcher, scheduler = METHODS[method]
    in_pool = InPool(searcher, pool, np.array([_place(config) for config in pool.configs]))
    view = View(SPACE, pool.configs[0], GOAL, levels=EPOCHS, seed=seed, past=tuple(pasts))
    kept, scores = (), []
    while len(scores) < MOST:
        match scheduler.next(view):
            case Begin(until):
                suggestion, number = in_pool.suggest(view), len(view.trials)
                trial = _trained(pool, Trial(number, suggestion.config, suggestion.origin, 0), until, scores)
                trials = (*view.trials, trial)
            case GoOn(number, until):
                trial = _trained(pool, view.trials[number], until, scores)
                trials = (*view.trials[:number], trial, *view.trials[number + 1 :])
        view = dataclasses.replace(view, trials=trials)
        if len(scores) <= EQUAL or not kept:
            kept = view.trials
    return Search(kept, [*np.maximum.accumulate(scores)[:MOST]])


def _trained(pool: Pool, trial: Trial, until: int, scores: list[float]) -> Trial:
    """The trial, trained on to a level; its scores are added to those of the search."""
    curve = pool.curves[pool.configs.index(dict(trial.config))]
    scores += curve[trial.level : until]
    measures = tuple({"score": score} for score in curve[:until])
    status, final = ("complete", measures[-1]) if until == EPOCHS else ("paused", None)
    return dataclasses.replace(trial, until=until, status=status, curve=measures, final=final)


def lineage(updates: Sequence[Pool], method: str, seed: int) -> list[Search]:
    """A method at all updates in turn, with the history of its own searches."""
    pasts: list[Past] = []
    searches = []
    for number, pool in enumerate(updates):
        searches.append(search(pool, method, pasts, seed * 100 + number))
        pasts.append(_past(number, searches[-1]))
    return searches


def misled(updates: Sequence[Pool], method: str, seed: int) -> list[Search]:
    """A method at all updates, with the history of searches for the worst."""
    inverted = [Pool(pool.configs, [[1 - score for score in curve] for curve in pool.curves]) for pool in updates]
    pasts = [_past(number, search(pool, "none", (), seed * 100 + number)) for number, pool in enumerate(inverted)]
    return [search(pool, method, pasts[:number], seed * 100 + number) for number, pool in enumerate(updates)]


def _past(number: int, done: Search) -> Past:
    return Past(str(number + 1), SPACE, {}, "score", True, EPOCHS, done.trials)


def _place(config: Mapping[str, Any]) -> np.ndarray:
    return np.concatenate([_scaled(one, config[name]) for name, one in SPACE.items()])


def _scaled(one: Range, value: Any) -> list[float]:
    if isinstance(one, Choice):
        return [0.5 * (value == option) for option in one.options]
    low, high = one.ends
    return [float(np.log(value / low) / np.log(high / low)) if one.log else (value - low) / (high - low)]


# Tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sequences", nargs="*", default=[*SEQUENCES], metavar="SEQUENCE", help=", ".join(SEQUENCES))
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path, default=RESULTS)
    args = parser.parse_args()
    if unknown := {*args.sequences} - {*SEQUENCES}:
        parser.error(f"no such sequence: {', '.join(unknown)}; there are {', '.join(SEQUENCES)}")
    torch.set_num_threads(1)
    updates = {name: pools(name, args.results) for name in args.sequences}
    for name, own in updates.items():
        print(f"\n{name}: best score of the pool {_percent(max(c[-1] for c in pool.curves) for pool in own)}; "
              f"agreement of an update with the next {_percent(_agreements(own))} (Spearman)")  # fmt: skip
    for title, run in (("history", lineage), ("misled", misled)):
        work = [
            (run, own, method, seed) for own in updates.values() for method in METHODS for seed in range(args.seeds)
        ]
        with multiprocessing.get_context("spawn").Pool(args.processes) as processes:
            searches = iter(processes.starmap(_run, work, chunksize=8))
        done = {(name, method): [*islice(searches, args.seeds)] for name in updates for method in METHODS}
        for names in ([*updates], *([name] for name in updates)):
            rows = [_row(done, names, method) for method in METHODS]
            print(f"\n### {title}, {', '.join(names)}, {args.seeds} seeds\n\n{markdown(_header(), rows)}", flush=True)


def _seeds(args: argparse.Namespace) -> range:
    """Those after the first ten, by which the defaults of the box and the guard were chosen."""
    return range(10, 10 + args.seeds)


def _run(
    run: Callable[[Sequence[Pool], str, int], list[Search]], updates: Sequence[Pool], method: str, seed: int
) -> list[Search]:
    return run(updates, method, seed)


Done = Mapping[tuple[str, str], Sequence[Sequence[Search]]]


def _header() -> Sequence[str]:
    return ("method", "to reach", "reached", *(f"gain after {epochs}" for epochs in AFTER))


def _row(done: Done, names: Sequence[str], method: str) -> Sequence[str]:
    """One method over some sequences; all figures are means over updates 2 to 5 first, then over seeds."""
    seeds = range(len(done[names[0], method]))
    cells = [(name, number) for name in names for number in range(1, UPDATES)]
    target = {
        (name, number): statistics.median_low(done[name, "none"][seed][number].best[EQUAL - 1] for seed in seeds)
        for name, number in cells
    }
    reach = [[done[name, method][seed][n].to_reach(target[name, n]) for name, n in cells] for seed in seeds]
    reached = statistics.mean(epochs < MOST for seed in reach for epochs in seed)
    gains = (
        [
            statistics.mean(
                done[name, method][seed][n].best[after - 1] - done[name, "none"][seed][n].best[after - 1]
                for name, n in cells
            )
            for seed in seeds
        ]
        for after in AFTER
    )
    epochs = [statistics.mean(seed) for seed in reach]
    error = statistics.stdev(epochs) / len(epochs) ** 0.5
    return (method, f"{statistics.mean(epochs):.1f} ± {error:.1f}", f"{reached:.0%}", *map(spread, gains))


def _agreements(updates: Sequence[Pool]) -> Iterable[float]:
    """How alike two updates in a row rank the configurations at the end of their training."""
    ends = [np.array([curve[-1] for curve in pool.curves]).argsort().argsort() for pool in updates]
    return [float(np.corrcoef(one, other)[0, 1]) for one, other in zip(ends, ends[1:], strict=False)]


def _percent(values: Iterable[float]) -> str:
    return ", ".join(f"{100 * value:.1f}" for value in values)


if __name__ == "__main__":
    main()
