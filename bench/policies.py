"""When to update: what policies are worth on real streams, replayed by `vernal.backtest`.

    python bench/policies.py                                  # all five streams, three seeds, then the tables
    python bench/policies.py elec2 gas --seeds 1
    python bench/policies.py --show                           # the tables of what has been run so far
    python bench/policies.py --reuse                          # 100 chunks, five stateless policies: what is trained

A chunk lasts a day, whatever it lasted in reality; the loop looks at the end of each. All have the same small network,
and five epochs of new rows an update. *score* is the accuracy on all chunks but the first, each before it could be
learned. An update costs as many wrong answers as two points of accuracy on one chunk are: *cost* counts both, in
thousands of wrong answers, and *regret* is that beyond the cheapest updates from scratch that hindsight knows; negative
where continuing from the champion was better than any of these.

Triggers have their defaults, but for the price, and for one more number: whatever is a number of rows is the rows of a
chunk. What `cara_*` needs to know was fitted on the first third of the history; *later* is the score on the rest.
Stateful policies learn by replay with its defaults; those from scratch learn all rows so far.

The data lies in the folder that VERNAL_BENCH_DATA names. Results go to a file of JSON lines (`--out`), one for each
stream and seed; what is in the file is not run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lab.histories import TABLES, Table
from lab.table import markdown

import vernal
from vernal.backtest import Backtest, Course, Hindsight, History, Lives, look_back
from vernal.gate import Gate
from vernal.loop import SCRATCH, STATEFUL, Policy
from vernal.sources import Replay
from vernal.triggers import fit_cara, read_trigger

CONFIG = Path(__file__).parent / "policies_config" / "config.py"
OUT = Path(__file__).parent / "results" / "policies.jsonl"
PRICE = 0.02  # of an update, in points of accuracy on one chunk
SEEDS = 3

# {rows}: of a chunk. {block}: rows that depend on each other: a tenth of a chunk. {price}: of an update.
TRIGGERS = {
    "every 3rd": "every('3d')",
    "every 5th": "every('5d')",
    "growth": "growth(0.25)",
    "drift": "drift()",
    "drift of outputs": "drift(on=('outputs',))",
    "drift, blocks": "drift(monitor=monitor(block={block}))",
    "continual": "metric('correct < champion - 0.02', hysteresis=0.01) | drift(monitor=monitor(block=50)) "
    "| growth(1.0)",
    "metric": "metric('correct < champion - 0.02', window={rows}, hysteresis=0.01)",
    "ADWIN": "detector('correct', adwin('down'))",
    "CUSUM": "detector('correct', cusum('down'))",
    "Page-Hinkley": "detector('correct', page_hinkley('down'))",
    "regret": "accumulated_regret(cost={price}, fresh_rows={rows})",
    "regret, unsure": "accumulated_regret(cost={price}, fresh_rows={rows}, confidence=0.5)",
    "forecast": "forecast(cost={price}, step_rows={rows})",
}
FITTED = {
    "CARA threshold": "cara_threshold({fit.threshold}, step_rows={rows}, cost={price})",
    "CARA cumulative": "cara_cumulative({fit.cumulative}, step_rows={rows}, cost={price})",
    "CARA periodic": "cara_periodic({fit.period}, step_rows={rows}, cost={price})",
}
FROM_SCRATCH = ("each", "every 3rd", "every 5th", "growth", "drift", "regret", "forecast")
GATED = ("each", "drift", "metric", "regret")
CLAIMED = ("drift", "drift of outputs", "drift, blocks", "continual", "regret", "regret, unsure", "forecast", *FITTED)


def policy(trigger: str, learn: str = STATEFUL, gate: Gate | None = None) -> Policy:
    return Policy([Replay({})], read_trigger(trigger), gate, learn)


def policies(table: Table, full: bool = True) -> dict[str, Policy]:
    """All that need no history; only if it is to be the full table, those that are not from scratch."""
    known = {"rows": table.rows, "block": table.rows // 10, "price": PRICE * table.rows}
    written = {"each": "always()"} | {name: text.format(**known) for name, text in TRIGGERS.items()}
    found: dict[str, Policy] = {}
    if full:
        found |= {"never": policy("manual()")} | {name: policy(text) for name, text in written.items()}
        found |= {f"{name}, gate": policy(written[name], gate=Gate(first="promote")) for name in GATED}
    return found | {f"{name}, scratch": policy(written[name], SCRATCH) for name in FROM_SCRATCH}


def fitted(table: Table, past: Hindsight, full: bool = True) -> dict[str, Policy]:
    """What is fitted on the first third, of which `past` is the hindsight."""
    price = PRICE * table.rows
    lost = past.errors[:-1, 1:] * past.rows[1:]  # The model of a chunk serves from the next one on.
    fit = fit_cara(np.nan_to_num(lost), price)
    written = {name: text.format(fit=fit, rows=table.rows, price=price) for name, text in FITTED.items()}
    found = {name: policy(text) for name, text in written.items()} if full else {}
    return found | {f"{name}, scratch": policy(text, SCRATCH) for name, text in written.items()}


@dataclass(frozen=True)
class Run:
    """All policies on one stream, with the first seed; with others, those from scratch."""

    stream: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        return {"stream": self.stream, "seed": self.seed}

    def __call__(self, folder: Path) -> dict[str, Any]:
        table, full = TABLES[self.stream], self.seed == 0
        backtest = _backtest(table, policies(table, full), folder, self.seed)
        began = time.perf_counter()
        lives = backtest.run(_told)
        wall = time.perf_counter() - began
        costs = _costs(lives)
        past = look_back(backtest, dataclasses.replace(lives, chunks=lives.chunks[: len(lives.chunks) // 3]))
        later = _backtest(table, fitted(table, past, full), folder, self.seed).run(_told)
        return {
            "run": self.key,
            "price": PRICE * table.rows,
            "wall": wall,
            "costs": costs,
            "courses": {name: _told_of(course) for name, course in (lives.courses | later.courses).items()},
            "hindsight": _known_afterwards(table, look_back(backtest, lives)) if full else None,
        }


def _known_afterwards(table: Table, hindsight: Hindsight) -> dict[str, Any]:
    times, cost = hindsight.cheapest(PRICE * table.rows)
    return {"updates": len(times), "cost": cost, "freshness": hindsight.curve().slope}


def _backtest(table: Table, found: Mapping[str, Policy], folder: Path, seed: int) -> Backtest:
    file = folder / "history.parquet"
    features, classes = table.write(file)
    arguments = {"features": features, "classes": classes}
    training = vernal.Training(budget="5ep", accelerator="cpu")
    plan = vernal.Plan(CONFIG, method="er", arguments=arguments, training=training, seed=seed)
    return Backtest(plan, History([str(file)]), "1d", found, folder)


def _told(name: str, done: int, count: int) -> None:
    if done == count:
        print(f"  {time.strftime('%H:%M:%S')} {name}", flush=True)


def _costs(lives: Lives) -> dict[str, Any]:
    trainings = [result.costs["total_seconds"] for result in lives.shared.results.values() if not result.repeated]
    turns = sum(len(course.chunks) + 1 for course in lives.courses.values())
    return {
        "trained": lives.shared.trained,
        "reused": lives.shared.reused,
        "training_seconds": sum(trainings),
        "turns": turns,
    }


def _told_of(course: Course) -> dict[str, Any]:
    return {
        "scores": [one.score for one in course.chunks],
        "rows": [one.rows for one in course.chunks],
        "updates": [len(one.updates) for one in course.chunks],
        "outcomes": [one.outcome for one in course.chunks],
        "why": [one.why for one in course.chunks],
        "seconds": course.seconds,
        "mistakes": course.mistakes,
    }


# The tables


@dataclass(frozen=True)
class Line:
    """A policy on a stream, over seeds.

    Args:
        name: of the policy.
        score: mean accuracy.
        error: its standard error.
        gap: by how much it is below updating at each chunk in the same way, in the same seeds.
        later: the score on the last two thirds.
        updates: how many.
        share: of the updates at each chunk.
        cost: of mistakes and updates, in wrong answers.
        regret: cost beyond the oracle's, of the seeds for which that is known.
    """

    name: str
    score: float
    error: float
    gap: float
    later: float
    updates: float
    share: float
    cost: float
    regret: float

    @classmethod
    def of(cls, name: str, runs: Sequence[Mapping[str, Any]]) -> Line:
        yardstick = "each, scratch" if name.endswith(", scratch") else "each"
        runs = [run for run in runs if {name, yardstick} <= {*run["courses"]}]
        courses = [run["courses"][name] for run in runs]
        scores = [_score(one) for one in courses]
        each = [_score(run["courses"][yardstick]) for run in runs]
        updates = [sum(one["updates"]) for one in courses]
        costs = [one["mistakes"] + run["price"] * n for one, run, n in zip(courses, runs, updates, strict=True)]
        return cls(
            name,
            statistics.mean(scores),
            statistics.stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0,
            statistics.mean(a - b for a, b in zip(each, scores, strict=True)),
            statistics.mean(_score(one, len(one["scores"]) // 3) for one in courses),
            statistics.mean(updates),
            statistics.mean(n / len(one["updates"]) for n, one in zip(updates, courses, strict=True)),
            statistics.mean(costs),
            statistics.mean(
                c - run["hindsight"]["cost"] for c, run in zip(costs, runs, strict=True) if run["hindsight"]
            ),
        )

    @property
    def holds(self) -> bool:
        """Whether it is within one point of updating at each chunk, at no more than a third of the updates."""
        return self.gap <= 0.01 and self.share <= 1 / 3

    def cells(self) -> list[str]:
        return [
            self.name,
            f"{100 * self.score:.2f} ± {100 * self.error:.2f}",
            f"{-100 * self.gap or 0.0:+.2f}",
            f"{100 * self.later:.2f}",
            f"{self.updates:.1f}",
            f"{self.share:.2f}",
            f"{self.cost / 1000:.2f}",
            f"{self.regret / 1000:+.2f}",
            "yes" if self.holds else "",
        ]


def _mean(values: Sequence[float]) -> float:
    return statistics.mean(values) if values else float("nan")


def _score(course: Mapping[str, Any], begin: int = 0) -> float:
    return float(np.average(course["scores"][begin:], weights=course["rows"][begin:]))


def show(out: Path, streams: Iterable[str]) -> None:
    """All tables of what is there, and the claim."""
    runs = sorted(_read(out), key=lambda run: run["run"]["seed"])
    found = {stream: [run for run in runs if run["run"]["stream"] == stream] for stream in streams}
    found = {stream: of_stream for stream, of_stream in found.items() if of_stream}
    if len(found) > 1:
        print(
            f"\n### Points to updating at each chunk, and updates in %; ✓ where the claim holds\n\n{_overview(found)}"
        )
    for stream, of_stream in found.items():
        _show_stream(stream, of_stream)


def _overview(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    lines = {stream: {line.name: _short(line) for line in _lines(runs)} for stream, runs in found.items()}
    names = dict.fromkeys(name for of_stream in lines.values() for name in of_stream)
    return markdown(["policy", *found], [[name, *(lines[s].get(name, "") for s in found)] for name in names])


def _lines(runs: Sequence[Mapping[str, Any]]) -> list[Line]:
    return [Line.of(name, runs) for name in dict.fromkeys(name for run in runs for name in run["courses"])]


def _short(line: Line) -> str:
    return f"{'✓ ' if line.holds else ''}{-100 * line.gap or 0.0:+.1f}, {100 * line.share:.0f} %"


def _show_stream(stream: str, runs: Sequence[Mapping[str, Any]]) -> None:
    first = runs[0]
    lines = _lines(runs)
    known = first["hindsight"]
    print(f"\n### {TABLES[stream].title}\n")
    print(
        f"{len(first['courses']['each']['scores'])} chunks, {len(runs)} seeds (one where not from scratch); an "
        f"update costs {first['price']:.0f} wrong answers; the cheapest of all updates from scratch: "
        f"{known['updates']}, for {known['cost'] / 1000:.2f}; a model loses {100 * known['freshness']:.2f} points with "
        "each chunk.\n"
    )
    header = ("policy", "score", "to each", "later", "updates", "share", "cost", "regret", "holds")
    print(markdown(header, [line.cells() for line in lines]))
    claimed = [line for line in lines if line.name.removesuffix(", scratch") in CLAIMED]
    holding = [line for line in claimed if line.holds]
    best = min(holding, key=lambda line: line.cost, default=None)
    cheapest = min(lines, key=lambda line: line.cost)
    print(f"\nThe claim holds for {len(holding)} of {len(claimed)}; best: {best.name if best else 'none'}.", end=" ")
    print(f"Cheapest of all: {cheapest.name}.")
    print(*(_overhead(run) for run in runs), sep="\n")


def _overhead(run: Mapping[str, Any]) -> str:
    costs = run["costs"]
    beside = run["wall"] - costs["training_seconds"]
    return (
        f"Seed {run['run']['seed']}: {run['wall']:.0f} s, of which {costs['training_seconds']:.0f} s were updates; "
        f"{1000 * beside / costs['turns']:.0f} ms beside for each of {costs['turns']} turns. "
        f"{costs['trained']} trained, {costs['reused']} reused."
    )


def _read(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out.exists() else []


# What is trained twice: nothing


def reuse(chunks: int = 100) -> None:
    """Five policies from scratch over a hundred chunks."""
    table = TABLES["weather"]
    rows = 18_159 // chunks
    cut = Table(table.title, table.read, rows, rows)
    triggers = ["always()", "every('2d')", "every('5d')", f"rows({10 * rows})", "growth(0.1)"]
    found = {text: policy(text, SCRATCH) for text in triggers}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        lives = _backtest(cut, found, Path(folder), 0).run(_told)
        wall = time.perf_counter() - began
    made = {name: course.updates for name, course in lives.courses.items()}
    print(f"{len(lives.chunks)} chunks; updates by policy: {made}")
    print(_overhead({"run": {"seed": 0}, "wall": wall, "costs": _costs(lives)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("streams", nargs="*", default=[*TABLES], metavar="STREAM", help=", ".join(TABLES))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="run nothing, print what is there")
    parser.add_argument("--reuse", action="store_true", help="count what five stateless policies share")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.reuse:
        reuse()
        return
    if not args.show:
        _run_all([Run(stream, seed) for seed, stream in itertools.product(range(args.seeds), args.streams)], args.out)
    show(args.out, args.streams)


def _run_all(runs: Sequence[Run], out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    done = [run["run"] for run in _read(out)]
    for run in runs:
        if run.key in done:
            continue
        print(f"{run.stream}, seed {run.seed}", flush=True)
        folder = out.parent / f"policies-{run.stream}-{run.seed}"  # Interrupted, it goes on from the models there.
        folder.mkdir(exist_ok=True)
        line = run(folder)
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
