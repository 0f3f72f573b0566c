"""Which rows to keep: selections against each other, by what a memory of a given size is worth.

    python bench/coresets.py [--images fashion_mnist mnist] [--sizes 100 200 500 1000] [--seeds 5]

Two learners on five chunks of two classes. `memory alone` trains a fresh model on nothing but the memory after every
chunk, as GDumb does: its accuracy says what the rows are worth by themselves. `er` replays them. Mean ± standard error
of the average accuracy over all chunks after the last update, and of its difference to the reservoir with that seed.
Herding and k-center ask for the features of the trained model, so they cannot choose what that model is trained on.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.lineage import Stream, run
from lab.runs import name_of, outcomes, run_all
from lab.table import markdown, spread
from torch import nn

from vernal.data import Rows
from vernal.memory import Policy, make_policy
from vernal.methods import ER, Method, Pool

SELECTIONS = ("reservoir", "balanced", "herding", "k_center", "gradient_matching")
OUT = Path(__file__).parent / "results" / "coresets.jsonl"
MEMORY_STEPS = 300  # for each update of the model that sees the memory alone, however large that is


@dataclass
class MemoryAlone(Method):
    """A fresh model, trained on the memory alone, however its rows were selected.

    Args:
        memory_size: rows kept.
        selection: as of `ER`.
    """

    memory_size: int = 500
    selection: str = "reservoir"

    def policy(self) -> Policy:
        return make_policy(self.selection, self.memory_size)

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:
        return fresh()

    def rows(self, pool: Pool) -> Rows:
        return pool.memory


LEARNERS = {"memory alone": MemoryAlone, "er": ER}


@dataclass(frozen=True)
class Run:
    """One cell of the table."""

    images: str
    learner: str
    selection: str
    size: int
    rows: int
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def __call__(self) -> dict[str, Any]:
        budget = f"{MEMORY_STEPS}st" if self.learner == "memory alone" else "5ep"
        stream = Stream("fashion", budget, {"images": self.images, "rows": self.rows, "lr": 0.05})
        method = LEARNERS[self.learner](memory_size=self.size, selection=self.selection)
        return run(stream, method, self.seed)


def main() -> None:
    args = _arguments()
    runs = [
        Run(images, learner, selection, size, args.rows, seed)
        for seed in range(args.seeds)
        for images in args.images
        for learner in LEARNERS
        for size in args.sizes
        for selection in args.selections
    ]
    run_all(runs, args.out, args.processes)
    lines = outcomes(args.out)
    scores = {run: lines[name].get("average") for run in runs if (name := name_of(run.key)) in lines}
    for images in args.images:
        for learner in LEARNERS:
            own = {
                (run.selection, run.size, run.seed): score
                for run, score in scores.items()
                if score is not None and (run.images, run.learner) == (images, learner)
            }
            rows = [_row(selection, own, args.sizes) for selection in args.selections]
            print(f"\n### Split-{images}, {learner}\n")
            print(markdown(("selection", *(f"{size} rows" for size in args.sizes)), rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", nargs="+", choices=["fashion_mnist", "mnist"], default=["fashion_mnist", "mnist"])
    parser.add_argument("--selections", nargs="+", default=SELECTIONS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[100, 200, 500, 1_000])
    parser.add_argument("--rows", type=int, default=3_000, help="training rows of a chunk")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


def _row(selection: str, scores: dict[tuple[str, int, int], float], sizes: list[int]) -> tuple[str, ...]:
    cells = []
    for size in sizes:
        own = {seed: score for (s, n, seed), score in scores.items() if (s, n) == (selection, size)}
        gains = [score - base for seed, score in own.items() if (base := scores.get(("reservoir", size, seed)))]
        cells.append(f"{spread([*own.values()])} ({_gain(gains)})" if own else "–")
    return f"`{selection}`", *cells


def _gain(gains: list[float]) -> str:
    error = statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    return f"{100 * statistics.mean(gains):+.2f} ± {100 * error:.2f}" if gains else "alone"


if __name__ == "__main__":
    main()
