"""What a search costs beside its training: against a loop by hand and Optuna's own, and with two workers.

    python bench/tuning.py                      # all parts, about five minutes
    python bench/tuning.py tiny suggest         # some of them

All train the same configurations in the same way: an update by replay, SGD, 64 new and 64 replayed rows a step,
accuracy and loss on validation rows after each epoch. *by hand* is a loop in plain torch, in a process that has run it
before; *Optuna* is the same loop as the objective of `study.optimize`, which draws the configurations. Neither keeps
checkpoints, survives a crash or leaves a model that an update could take. vernal's trials train to their ends
(`random`), one at a time, in a process of their own. Rounds are interleaved; medians. One thread each. On a machine
with other work look at *computing*, the ratio of the seconds in which processes compute, and not at the others.

- *tiny*, *seconds*: a trial of some 0.02 s and of some 3 s. What *takes* a trial of vernal's is the difference between
  a long search and a short one, for each further trial. *start* is what a search takes beside its trials: a process
  that imports torch, reads config file and data, and, at the end, what the search says of itself. With `asha`, which
  stops trials early and goes on with the best, *by hand* is as many epochs as it has trained.
- *workers*: the same search, of trials of some 3 s, with one worker and with two.
- *suggest*: how long a searcher takes for a suggestion, in milliseconds, after so many trials.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

os.environ["OMP_NUM_THREADS"] = "1"  # Before torch, and for the processes that are started.

import numpy as np
import optuna
import torch
from lab.table import markdown
from torch import Tensor, nn
from torch.nn import functional as F
from tuning_config.config import made_up

import vernal
from vernal.methods import ER
from vernal.space import Space, choice, lograndint, loguniform
from vernal.training import Silent
from vernal.transaction import Searched
from vernal.tuning import (
    BO,
    NSGA2,
    TPE,
    BoundingBox,
    Enqueue,
    Goal,
    Objective,
    Past,
    RandomSearch,
    Searcher,
    Trial,
    View,
)

CONFIG = Path(__file__).resolve().parent / "tuning_config" / "config.py"
BATCH, MEMORY, EPOCHS, FEW = 64, 500, 9, 2
SPACE = {"lr": loguniform(1e-3, 1e-1), "alpha": loguniform(0.1, 10)}
_seeds = count(1)


@dataclass(frozen=True)
class Work:
    """What a trial trains.

    Args:
        features: of a row.
        width: of the network.
        rows: of a chunk; a quarter as many are for validation.
        trials: of the long search.
        rounds: how often all is repeated.
    """

    features: int
    width: int
    rows: int
    trials: int
    rounds: int

    @property
    def arguments(self) -> dict[str, Any]:
        return {"features": self.features, "width": self.width, "rows": self.rows}


TINY = Work(features=16, width=32, rows=512, trials=14, rounds=7)
SECONDS = Work(features=256, width=512, rows=6_400, trials=6, rounds=3)


Result = TypeVar("Result")


def spent(do: Callable[[], Result]) -> tuple[np.ndarray, Result]:
    """Seconds, those on the clock and those in which this process and its children compute, and what came of it."""
    began = _seconds()
    result = do()
    return _seconds() - began, result


def _seconds() -> np.ndarray:
    return np.array([time.perf_counter(), sum(os.times()[:4])])


# vernal


@contextmanager
def parent(work: Work) -> Iterator[str]:
    """A store with a first update, which fills the memory."""
    with tempfile.TemporaryDirectory() as store:
        vernal.update(plan(work, 0), store, reporter=Silent())
        yield store


def plan(work: Work, number: int, seed: int = 0, tuning: vernal.Tuning | None = None) -> vernal.Plan:
    return vernal.Plan(
        CONFIG,
        method=ER(memory_size=MEMORY, memory_batch=BATCH),
        arguments={**work.arguments, "number": number},
        training=vernal.Training(budget=f"{EPOCHS}ep", batch_size=BATCH, accelerator="cpu"),
        space=SPACE if tuning else {},
        tuning=tuning,
        seed=seed,
    )


def searched(
    work: Work, store: str, trials: int, scheduler: str = "random", workers: int = 1
) -> tuple[np.ndarray, Searched]:
    """What a search that was not made before has spent, and what came of it."""
    tuning = vernal.Tuning(scheduler=scheduler, transfer="none", max_trials=trials, workers=workers)
    return spent(lambda: vernal.tune(plan(work, 1, next(_seeds), tuning), store, reporter=Silent()))


# By hand


@dataclass(frozen=True)
class ByHand:
    """The same work in plain torch."""

    model: nn.Module
    new: tuple[Tensor, Tensor]
    old: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, work: Work, store: str) -> ByHand:
        old_validation, validation = (made_up(work.rows // 4, work.features, 2 * number + 1) for number in (0, 1))
        return cls(
            vernal.load_model(store, CONFIG),
            made_up(work.rows, work.features, 2),
            made_up(min(MEMORY, work.rows), work.features, 0),
            (torch.cat([old_validation[0], validation[0]]), torch.cat([old_validation[1], validation[1]])),
        )

    def train(self, lr: float, alpha: float) -> float:
        """The accuracy after the last epoch."""
        model = copy.deepcopy(self.model).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        (x, y), (old_x, old_y) = self.new, self.old
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(y)).split(BATCH):
                drawn = torch.randint(len(old_y), (BATCH,))
                new_outputs, old_outputs = model(torch.cat([x[rows], old_x[drawn]])).split([len(rows), BATCH])
                loss = F.cross_entropy(new_outputs, y[rows]) + alpha * F.cross_entropy(old_outputs, old_y[drawn])
                optimizer.zero_grad()
                (loss / (1 + alpha)).backward()
                optimizer.step()
            accuracy, _ = self._judged(model)
        return accuracy

    def _judged(self, model: nn.Module) -> tuple[float, float]:
        x, y = self.validation
        with torch.no_grad():
            outputs = torch.cat([model(part) for part in x.split(1_000)])
        return float((outputs.argmax(1) == y).double().mean()), float(F.cross_entropy(outputs, y))


def by_optuna(hand: ByHand, trials: int) -> None:
    def objective(trial: optuna.Trial) -> float:
        lr, alpha = trial.suggest_float("lr", 1e-3, 1e-1, log=True), trial.suggest_float("alpha", 0.1, 10, log=True)
        return hand.train(lr, alpha)

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(), direction="maximize")
    study.optimize(objective, n_trials=trials)


# Tables


def against_hand(work: Work) -> str:
    """What a trial takes, by hand, by Optuna, by vernal."""
    taken: dict[str, list[np.ndarray]] = {"by hand": [], "Optuna": [], "vernal": [], "vernal, asha": []}
    starts = []
    with parent(work) as store:
        hand = ByHand.of(work, store)
        searched(work, store, FEW)  # What is imported at the end of a search is from now on.
        by_optuna(hand, 1)
        for _ in range(work.rounds):
            short, _ = searched(work, store, FEW)
            long, found = searched(work, store, work.trials)
            halved, halving = searched(work, store, work.trials, "asha")
            own, _ = spent(lambda: [hand.train(**trial.config) for trial in found.past.trials])  # noqa: B023
            optunas, _ = spent(lambda: by_optuna(hand, work.trials))
            trial = (long - short) / (work.trials - FEW)
            start = short - FEW * trial
            own, share = own / work.trials, halving.summary["epochs"] / EPOCHS / work.trials
            starts.append(start[0])
            taken["by hand"].append(np.array([own, own]))
            taken["Optuna"].append(np.array([optunas / work.trials, own]))
            taken["vernal"].append(np.array([trial, own]))
            taken["vernal, asha"].append(np.array([(halved - start) / work.trials, own * share]))
    header = ("a trial, ms", "takes", "by hand", "beyond", "ratio", "computing")
    table = markdown(header, [_against(name, np.array(pairs)) for name, pairs in taken.items()])
    return f"{table}\n\nstart of a search: {statistics.median(starts):.2f} s"


def _against(name: str, pairs: np.ndarray) -> tuple[str, ...]:
    """Medians over rounds; `pairs` are (rounds, what is compared and by hand, on the clock and computing)."""
    takes, by_hand = pairs[:, 0], pairs[:, 1]
    milliseconds = (np.median(1000 * values[:, 0]) for values in (takes, by_hand, takes - by_hand))
    return (
        name,
        *(f"{value:.0f}" for value in milliseconds),
        *(f"{x:.2f}" for x in np.median(takes / by_hand, axis=0)),
    )


def two_workers(work: Work) -> str:
    """The wall time of a search with one worker and with two."""
    taken: dict[int, list[float]] = {1: [], 2: []}
    with parent(work) as store:
        for _ in range(work.rounds):
            for workers in taken:
                seconds, _ = searched(work, store, work.trials, workers=workers)
                taken[workers].append(seconds[0])
    ratio = statistics.median(two / one for one, two in zip(taken[1], taken[2], strict=True))
    rows = [(str(workers), f"{statistics.median(seconds):.1f}") for workers, seconds in taken.items()]
    return f"{markdown(('workers', 'seconds'), rows)}\n\ntwo against one: {ratio:.2f}"


def suggestions() -> str:
    """How long each searcher takes."""
    searchers: dict[str, Searcher] = {
        "random": RandomSearch(),
        "enqueue, random": Enqueue(RandomSearch()),
        "bounding box, random": BoundingBox(RandomSearch()),
        "tpe": TPE(),
        "bo": BO(),
        "nsga2": NSGA2(),
    }
    after = (20, 100)
    views = [_view(trials) for trials in after]
    rows = [(name, *(_suggestion_ms(searcher, view) for view in views)) for name, searcher in searchers.items()]
    return markdown(("ms", *(f"after {trials} trials" for trials in after)), rows)


def _view(trials: int) -> View:
    space = Space({**SPACE, "memory_batch": lograndint(16, 128), "optimizer": choice("SGD", "Adam")})
    default = {"lr": 0.01, "alpha": 1.0, "memory_batch": 64, "optimizer": "SGD"}
    goal = Goal((Objective("accuracy", higher_is_better=True),))
    past = Past("1a2b", space, {}, "accuracy", True, EPOCHS, _trials(space, 20))
    return View(space, default, goal, _trials(space, trials), EPOCHS, past=(past,))


def _trials(space: Space, number: int) -> tuple[Trial, ...]:
    rng = np.random.default_rng(number)
    return tuple(_trial(i, space.sample(rng), rng.random(EPOCHS)) for i in range(number))


def _trial(number: int, config: dict[str, Any], accuracies: np.ndarray) -> Trial:
    curve = tuple({"accuracy": float(value)} for value in accuracies)
    return Trial(number, config, "random", EPOCHS, "complete", curve, final=curve[-1])


def _suggestion_ms(searcher: Searcher, view: View) -> str:
    searcher.suggest(view)
    seconds = [spent(lambda: searcher.suggest(view))[0][0] for _ in range(5)]
    return f"{1000 * statistics.median(seconds):.1f}"


PARTS: dict[str, Callable[[], str]] = {
    "tiny": lambda: against_hand(TINY),
    "seconds": lambda: against_hand(SECONDS),
    "workers": lambda: two_workers(SECONDS),
    "suggest": suggestions,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    args = parser.parse_args()
    if unknown := {*args.parts} - {*PARTS}:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for part in args.parts:
        before = os.getloadavg()[0]
        table = PARTS[part]()
        print(f"\n### {part}\n\n{table}\n\nload of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
