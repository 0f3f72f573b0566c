"""What tuning at each update is worth where the classes come in another order: replay and dark experience, five seeds.

    python bench/orders.py                       # all runs (20 minutes on two cores), then the table
    python bench/orders.py --seeds 2             # a part of them
    python bench/orders.py --show                # the table of what has been run so far
    python bench/orders.py --choose              # how the fixed learning rates were chosen

A small version of an experiment of the archived Renate's paper, on images whose classes come in five updates of two
each. Dark experience replay (there the one with labels, `derpp` here) was better than replay in the usual order of the
classes, but not in another one, until hyperparameters were tuned at each update. Here the images are Fashion-MNIST, the
network is a small convolutional one, the memory has 200 rows and an update 2,000; the second order was drawn at random
before anything was run. The data lies in the folder that VERNAL_BENCH_DATA names. Results go to a file of JSON lines
(`--out`); runs that are in it are not made again.

- *fixed*: the defaults of the method, and the learning rate that was best for it in the natural order, on validation
  rows of seeds that are in no table (`--choose`).
- *fixed, longer*: the same for 27 epochs an update, about as many as a search trains.
- *once*: a search at the second update, the first that replays; what it chose stays for all later updates.
- *tuned*: a search at each update, 12 trials of up to 9 epochs by the default scheduler, which begins with what was
  best at earlier updates.
- *tuned, alone*: the same without earlier updates.

Searches begin with the fixed values, and choose by the accuracy on validation rows of all chunks so far, 400 a chunk.
*test* is the accuracy over the test rows of all classes after the last update, *gain* that above *fixed* with the same
seed, both mean ± standard error; *validation* is what was to be improved, after the last update. *trials*, *epochs* and
*seconds*, of a run on one core, are per update.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.lineage import Stream
from lab.runs import name_of, outcomes, run_all
from lab.table import markdown, spread

import vernal
from vernal.methods import method_class
from vernal.space import loguniform
from vernal.training import Silent

SEEDS = 5
OUT = Path(__file__).parent / "results" / "orders.jsonl"
STREAM = Stream("orders", "9ep", memory=200)
ORDERS = ("natural", "drawn")
METHODS = ("er", "derpp")
LR = {"er": 0.05, "derpp": 0.1}
RANGE = loguniform(1e-3, 1.0)
TRIALS = 12

CHOOSE_FROM = (0.01, 0.02, 0.05, 0.1, 0.2)
CHOOSE_SEEDS = range(100, 103)


@dataclass(frozen=True)
class Variant:
    """How the values of an update are found.

    Args:
        tuned: the numbers of the updates that search, counted from 0; the others take what the last search chose.
        transfer: how earlier updates help; None for the default.
        budget: of an update.
    """

    tuned: tuple[int, ...] = ()
    transfer: str | None = None
    budget: str = STREAM.budget


VARIANTS = {
    "fixed": Variant(),
    "fixed, longer": Variant(budget="27ep"),
    "once": Variant(tuned=(1,)),
    "tuned": Variant(tuned=tuple(range(5))),
    "tuned, alone": Variant(tuned=tuple(range(5)), transfer="none"),
}


@dataclass(frozen=True)
class Run:
    """All updates in one order, with one seed."""

    order: str
    method: str
    variant: str
    seed: int
    lr: float

    @property
    def own(self) -> Variant:
        return VARIANTS[self.variant]

    @property
    def key(self) -> dict[str, Any]:
        settings = dataclasses.asdict(STREAM) | dataclasses.asdict(self.own) | {"range": str(RANGE), "trials": TRIALS}
        return {**dataclasses.asdict(self), "settings": settings}

    def __call__(self) -> dict[str, Any]:
        began, results, values = time.perf_counter(), [], {"lr": self.lr}
        with tempfile.TemporaryDirectory() as store:
            for chunk in range(STREAM.chunks):
                results.append(vernal.update(self._plan(chunk, values), store, reporter=Silent()))
                values = results[-1].record.get("tuning", {}).get("config", values)
        searches = [result.record.get("tuning", {}) for result in results]
        wall, epochs = time.perf_counter() - began, int(self.own.budget.removesuffix("ep"))
        return {
            "average": results[-1].record["metrics"]["test"]["accuracy"],
            "validation": statistics.mean(row["after"]["accuracy"] for row in results[-1].validation),
            "after": [result.record["metrics"]["test"]["accuracy"] for result in results],
            "trials": statistics.mean(search.get("trials", 1) for search in searches),
            "epochs": statistics.mean(search.get("epochs", epochs) for search in searches),
            "configs": [search.get("config") for search in searches],
            "wall": wall,
        }

    def _plan(self, chunk: int, values: dict[str, Any]) -> vernal.Plan:
        tunes = chunk in self.own.tuned
        method = method_class(self.method)
        # A search begins with the fixed values, whatever earlier ones have chosen; those come to it by `transfer`.
        known = {"lr": self.lr} if tunes else values
        return vernal.Plan(
            STREAM.config,
            method=STREAM.method(self.method, {name: one for name, one in known.items() if name != "lr"}),
            arguments={"chunk": chunk, "order": self.order, "lr": known["lr"]},
            training=vernal.Training(budget=self.own.budget, batch_size=STREAM.batch_size, accelerator="cpu"),
            space={"lr": RANGE, **method.space} if tunes else {},
            tuning=vernal.Tuning(max_trials=TRIALS, transfer=self.own.transfer) if tunes else None,
            validation_memory=1_000_000,
            seed=self.seed,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", nargs="+", default=ORDERS, choices=ORDERS)
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--variants", nargs="+", default=[*VARIANTS], choices=[*VARIANTS])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="run nothing, print what is there")
    parser.add_argument("--choose", action="store_true", help="compare learning rates instead")
    args = parser.parse_args()
    runs = _to_choose(args) if args.choose else _to_compare(args)
    if not args.show:
        run_all(runs, args.out, args.processes)
    lines = outcomes(args.out)
    found = [line for run in runs if (line := lines.get(name_of(run.key)))]
    print(f"\n{_chosen(found) if args.choose else _tables(found, args.orders)}")


def _to_compare(args: argparse.Namespace) -> list[Run]:
    return [
        Run(order, method, variant, seed, LR[method])
        for seed in range(args.seeds)
        for order in args.orders
        for method in args.methods
        for variant in args.variants
    ]


def _to_choose(args: argparse.Namespace) -> list[Run]:
    return [
        Run("natural", method, "fixed", seed, lr)
        for seed in CHOOSE_SEEDS
        for method in args.methods
        for lr in CHOOSE_FROM
    ]


def _chosen(lines: list[dict[str, Any]]) -> str:
    rows = []
    for method in _in_order(lines, "method"):
        values = [
            [line["validation"] for line in lines if (line["run"]["method"], line["run"]["lr"]) == (method, lr)]
            for lr in CHOOSE_FROM
        ]
        rows.append((f"`{method}`", *(spread(own) if own else "–" for own in values)))
    return markdown(("validation", *map(str, CHOOSE_FROM)), rows)


def _tables(lines: list[dict[str, Any]], orders: list[str]) -> str:
    return "\n\n".join(f"### {order} order\n\n{_table(own)}" for order in orders if (own := _of(lines, order=order)))


def _table(lines: list[dict[str, Any]]) -> str:
    header = ("values", "seeds", "test", "gain", "validation", "trials", "epochs", "seconds")
    rows = []
    for method in _in_order(lines, "method"):
        fixed = {line["run"]["seed"]: line["average"] for line in _of(lines, method=method, variant="fixed")}
        for variant in VARIANTS:
            if own := _of(lines, method=method, variant=variant):
                gains = [one["average"] - fixed[seed] for one in own if (seed := one["run"]["seed"]) in fixed]
                rows.append((f"`{method}`, {variant}", *_cells(own, gains)))
    return markdown(header, rows)


def _cells(own: list[dict[str, Any]], gains: list[float]) -> tuple[str, ...]:
    means = {name: statistics.mean(line[name] for line in own) for name in ("trials", "epochs", "wall")}
    return (
        str(len(own)),
        spread([line["average"] for line in own]),
        spread(gains) if gains else "–",
        spread([line["validation"] for line in own]),
        f"{means['trials']:.1f}",
        f"{means['epochs']:.1f}",
        f"{means['wall'] / STREAM.chunks:.1f}",
    )


def _of(lines: list[dict[str, Any]], **wanted: str) -> list[dict[str, Any]]:
    return [line for line in lines if all(line["run"][name] == value for name, value in wanted.items())]


def _in_order(lines: list[dict[str, Any]], name: str) -> list[str]:
    return [*dict.fromkeys(line["run"][name] for line in lines)]


if __name__ == "__main__":
    main()
