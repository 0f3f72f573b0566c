"""What PASHA saves: PASHA and ASHA, same searcher and seeds, on three learning problems; mean ± standard error.

    python bench/pasha.py                                    # the curves (10 minutes of one core), then the table
    python bench/pasha.py --show                             # the table only
    python bench/pasha.py --show --epochs 27 --trials 20     # other searches over the same curves

A pool of 100 configurations is trained once for each problem, 81 epochs each, and its curves are kept in a file of JSON
lines (`--out`). A search draws its trials from the pool and reads their epochs off the curves, through vernal's own
tuner, on four workers in virtual time (an epoch takes as long as it took). The data lie in the folder that
VERNAL_BENCH_DATA names.

Problems: a network with one hidden layer on Fashion-MNIST, on digits from four collections, and on gas sensors, with
2,000 rows of all chunks to learn and up to 2,000 to be judged by. Ranges: learning rate, optimiser, width, batch size,
dropout. *random* trains every trial to its end.

*accuracy* is that of the trial that the search ends with, trained to its end, in % of the validation rows, and *gain*
what it is above that of ASHA with the same seed. *epochs* are all that were trained, those that finish the best trial
included; *share* is their ratio to ASHA's with the same seed. *top* is the mean of the highest level to which a trial
was trained before the best one was finished.

What can be expected: ASHA spends about as many epochs at each rung as at every other. With the five rungs of 81 epochs,
PASHA saves a fifth for each rung that stays shut, less what finishing the best trial costs.
"""

from __future__ import annotations

import argparse
import functools
import heapq
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lab.runs import name_of, outcomes, run_all
from lab.table import markdown, spread
from torch import Tensor, nn

from vernal.base import derive_seed
from vernal.space import Space, choice, lograndint, loguniform, randint, uniform
from vernal.tuning import ASHA, PASHA, Book, Full, Goal, Objective, RandomSearch, Scheduler, Tuner, Tuning, View
from vernal.tuning import Run as Task

EPOCHS, POOL, TRAIN, JUDGE = 81, 100, 2_000, 2_000
SEEDS = 10
PROBLEMS = ("fashion", "digits", "gas")
OUT = Path(__file__).parent / "results" / "pasha.jsonl"
SPACE = Space(
    {
        "lr": loguniform(1e-4, 1.0),
        "optimiser": choice("sgd", "adam"),
        "width": lograndint(8, 128),
        "batch_size": choice(32, 64, 128),
        "dropout": uniform(0.0, 0.6),
    }
)


@dataclass(frozen=True)
class Curve:
    """The training of one configuration of the pool."""

    problem: str
    number: int

    @property
    def config(self) -> dict[str, Any]:
        return SPACE.sample(np.random.default_rng(derive_seed(0, "pool", self.number)))

    @property
    def key(self) -> dict[str, Any]:
        settings = {"epochs": EPOCHS, "train": TRAIN, "judge": JUDGE, "config": self.config}
        return {"problem": self.problem, "number": self.number, "settings": settings}

    def __call__(self) -> dict[str, Any]:
        (x, y), judge = _data(self.problem)
        began = time.perf_counter()
        curve = [*_trained(self.config, x, y, judge, self.number)]
        return {"average": curve[-1], "curve": curve, "wall": time.perf_counter() - began}


def _trained(config: dict[str, Any], x: Tensor, y: Tensor, judge: tuple[Tensor, Tensor], seed: int) -> Iterator[float]:
    """The accuracy after every epoch."""
    torch.manual_seed(seed)
    width = config["width"]
    model = nn.Sequential(
        nn.Linear(x.shape[1], width), nn.ReLU(), nn.Dropout(config["dropout"]), nn.Linear(width, int(y.max()) + 1)
    )
    kind = torch.optim.SGD if config["optimiser"] == "sgd" else torch.optim.Adam
    optimiser = kind(model.parameters(), lr=config["lr"])
    for _ in range(EPOCHS):
        model.train()
        for rows in torch.randperm(len(y)).split(config["batch_size"]):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimiser.step()
        model.eval()
        with torch.no_grad():
            yield (model(judge[0]).argmax(1) == judge[1]).float().mean().item()


@functools.cache
def _data(problem: str) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Rows of all chunks of a stream: those to learn, and those to be judged by."""
    sys.path.insert(0, str(Path(__file__).parent / "streams"))
    stream = __import__(problem)
    modules = [stream.data_module_fn(chunk, seed=0) for chunk in range(stream.CHUNKS)]
    train, judge = ([getattr(module, part) for module in modules] for part in ("train", "validation"))
    return _rows(train, TRAIN), _rows(judge, JUDGE)


def _rows(chunks: list[Any], rows: int) -> tuple[Tensor, Tensor]:
    pairs = [(torch.as_tensor(x), int(y)) for chunk in chunks for x, y in (chunk[i] for i in _some(len(chunk), rows))]
    chosen = [pairs[i] for i in _some(len(pairs), rows)]
    x = torch.stack([x.float().flatten() / (255 if x.dtype == torch.uint8 else 1) for x, _ in chosen])
    return x, torch.tensor([y for _, y in chosen])


def _some(n: int, rows: int) -> np.ndarray:
    return np.random.default_rng(0).permutation(n)[:rows]


@dataclass(frozen=True)
class Search:
    """What a search came to."""

    accuracy: float
    epochs: int
    top: int


def search(curves: list[dict[str, Any]], scheduler: Scheduler, seed: int, args: argparse.Namespace) -> Search:
    """One search over the pool, in virtual time."""
    space = Space({"number": randint(0, POOL - 1)})
    default = space.sample(np.random.default_rng(derive_seed(seed, "first")))
    view = View(space, default, Goal((Objective("accuracy", higher_is_better=True),)), levels=args.epochs, seed=seed)
    tuner = Tuner(view, Tuning(max_trials=args.trials), RandomSearch(), scheduler, Book(), elapsed=lambda: 0.0)
    running: list[tuple[float, int, Task]] = []
    now, top = 0.0, 0
    while not tuner.is_over:
        while len(running) < args.workers and (task := tuner.next()):
            if not tuner.is_finishing:
                top = max(top, task.until)
            done = tuner.view.trials[task.number].level
            seconds = (task.until - done) * curves[task.config["number"]]["wall"] / EPOCHS
            heapq.heappush(running, (now + seconds, task.number, task))
        now, _, task = heapq.heappop(running)
        _tell(tuner, task, curves[task.config["number"]]["curve"])
    best = tuner.best()
    assert best is not None
    return Search(-tuner.view.goal.objective.loss(best.final), tuner.epochs, top)


def _tell(tuner: Tuner, task: Task, curve: list[float]) -> None:
    for level in range(tuner.view.trials[task.number].level + 1, task.until + 1):
        tuner.level(task.number, level, {"accuracy": curve[level - 1]}, trained=float(level))
    if task.until == tuner.view.levels:
        tuner.complete(task.number, {"accuracy": curve[task.until - 1]}, trained=float(task.until))
    else:
        tuner.pause(task.number)


SCHEDULERS: dict[str, Scheduler] = {"random": Full(), "ASHA": ASHA(), "PASHA": PASHA()}


def main() -> None:
    args = _arguments()
    runs = [Curve(problem, number) for problem in PROBLEMS for number in range(POOL)]
    if not args.show:
        run_all(runs, args.out, args.processes)
    lines = outcomes(args.out)
    header = ("problem", "scheduler", "accuracy", "gain", "epochs", "share", "top")
    rows: list[list[str]] = []
    for problem in PROBLEMS:
        curves = [lines[name_of(run.key)] for run in runs if run.problem == problem]
        rows += _rows_of(problem, curves, args)
    print(f"{args.trials} trials of {args.epochs} epochs, {args.workers} workers, {args.seeds} seeds\n")
    print(markdown(header, rows))


def _rows_of(problem: str, curves: list[dict[str, Any]], args: argparse.Namespace) -> Iterator[list[str]]:
    found = {
        name: [search(curves, scheduler, seed, args) for seed in range(args.seeds)]
        for name, scheduler in SCHEDULERS.items()
    }
    for name, searches in found.items():
        pairs = [*zip(searches, found["ASHA"], strict=True)]
        epochs = [one.epochs for one in searches]
        error = statistics.stdev(epochs) / len(epochs) ** 0.5 if len(epochs) > 1 else 0.0
        yield [
            problem,
            name,
            spread([one.accuracy for one in searches]),
            spread([one.accuracy - asha.accuracy for one, asha in pairs]),
            f"{statistics.mean(epochs):.0f} ± {error:.0f}",
            f"{statistics.mean(one.epochs / asha.epochs for one, asha in pairs):.2f}",
            f"{statistics.mean(one.top for one in searches):.0f}",
        ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of a whole training; at most those in the curves")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="train nothing, use the curves that are there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
