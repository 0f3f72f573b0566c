"""The tour: gas sensors that age, and a model that keeps up.

Four strategies learn the batches of three years one after another, as they would have come. Every update is a process
of its own that knows nothing but the store. Then the batches come as files, and a loop decides. Run it with
``make demo``; it takes a minute or two.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from demo_loop import FEWEST, LoopTour, Run, by_command_line, near
from demo_tables import count, line, percent, points, table
from rich.console import Console

from vernal import Store
from vernal.report import comparison_report, lineage_report

CONFIG = Path(__file__).with_name("config.py")
BATCHES = (1, 2, 3, 4, 5, 6, 8, 9)
MARKER = ".vernal-demo"
AT_ONCE = min(2, os.cpu_count() or 1)
WIDTH = 80
TITLE = "Gas sensors that age, and a model that keeps up"
INTRODUCTION = (
    "Sixteen sensors tell six gases apart. They age, and what they say drifts: real data of three years, in {n} "
    "batches. A quarter of each batch is held back, and tells how good a model is on that time.",
    "No update: the model of the first batch is kept, and measured only. Fine-tuning: each new batch is learned, "
    "nothing else. Experience replay: each new batch is learned together with a memory of 500 earlier rows. Retraining "
    "from scratch: a fresh model learns everything that ever came, again after every batch.",
)
LIVE = "Accuracy in % on what was held back of all batches so far, every batch counting the same:"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Strategy:
    """One way to react to new data.

    Args:
        name: what people call it.
        short: the same where there is little room.
        method: what vernal calls it.
        learns: whether it learns anything after the first batch.
    """

    name: str
    short: str
    method: str
    learns: bool = True


NO_UPDATE = Strategy("no update", "no update", "fine_tune", learns=False)
FINE_TUNING = Strategy("fine-tuning", "fine-tuning", "fine_tune")
REPLAY = Strategy("experience replay", "replay", "er")
FROM_SCRATCH = Strategy("retraining from scratch", "from scratch", "joint")
STRATEGIES = (NO_UPDATE, FINE_TUNING, REPLAY, FROM_SCRATCH)


@dataclass(frozen=True)
class Task:
    """One update that is to be made.

    Args:
        strategy: how.
        batch: from what.
        budget: how long it trains.
        store: where the model and everything else is kept.
    """

    strategy: Strategy
    batch: int
    budget: str
    store: Path


@dataclass(frozen=True)
class Done:
    """One update that was made.

    Args:
        record: what the store keeps about it.
        seconds: from the start of the process to its end.
    """

    record: Record
    seconds: float


Update = Callable[[Task], Record]
Runs = Mapping[Strategy, list[Done]]


def in_a_process(task: Task) -> Record:
    """Make one update as anybody would: by the command line, in a new process."""
    command = [
        *(sys.executable, "-m", "vernal", "update", str(CONFIG), "--store", str(task.store)),
        *("--method", task.strategy.method, "--batch", str(task.batch), "--budget", task.budget, "--json"),
    ]
    # Two processes on two cores: one thread each, or they get into each other's way.
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | one_thread)
    if run.returncode:
        raise SystemExit(f"This failed:\n  {' '.join(command)}\n{run.stderr}")
    record: Record = json.loads(run.stdout)
    return record


def main(argv: Sequence[str] | None = None, update: Update = in_a_process, run: Run = by_command_line) -> int:
    """Run the tour.

    Args:
        argv: the words after the command; those of this process if None.
        update: makes one update.
        run: runs a command.
    """
    options = read(argv)
    batches = sorted(set(options.batches))
    folder = fresh_folder(options.output)
    console = Console(width=WIDTH, highlight=False)
    console.print(f"\n[bold]{TITLE}[/bold]\n")
    for paragraph in introduction(batches):
        console.print(f"{paragraph}\n")
    console.print(f"Every update is a process of its own, {AT_ONCE} at a time. {LIVE}\n")
    runs = learn_everything(console, batches, options.budget, folder, update)
    for strategy, results in runs.items():
        console.print(every_update(strategy, results))
    console.print(final_table(runs))
    console.print(f"{in_words(runs)}\n")
    write_reports(folder, batches)
    if len(batches) >= FEWEST:
        show_the_loop(LoopTour(console, folder, options.budget, run), batches)
    console.print(what_next(folder), soft_wrap=True)
    return 0


def read(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path("demo-output"), metavar="DIR", help="[demo-output]")
    parser.add_argument("--batches", type=int, nargs="+", choices=BATCHES, default=BATCHES, metavar="N", help="[all]")
    parser.add_argument("--budget", default="20ep", help="of training, for every update [20ep]")
    return parser.parse_args(argv)


def fresh_folder(folder: Path) -> Path:
    """An empty folder; what an earlier tour left there is removed, and nothing else ever is."""
    ours = (folder / MARKER).is_file()
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise SystemExit(f"{folder} was not made by this demo, so it is left alone. Name another: --output DIR")
    if ours:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("The demo of vernal made this folder, and replaces it when it runs again.\n")
    return folder


def introduction(batches: Sequence[int]) -> list[str]:
    """What is going to happen, in paragraphs."""
    return [paragraph.format(n=len(batches)) for paragraph in INTRODUCTION]


# Learning


def learn_everything(console: Console, batches: Sequence[int], budget: str, folder: Path, update: Update) -> Runs:
    """Batch after batch, every strategy makes its update; a line for each batch."""
    runs: dict[Strategy, list[Done]] = {strategy: [] for strategy in STRATEGIES}
    widths = [-8, 8, *[14] * len(STRATEGIES), 7]
    console.print(f"[bold]{line(['', 'rows', *(strategy.short for strategy in STRATEGIES), 'time'], widths)}[/bold]")
    for place, batch in enumerate(batches):
        began = time.perf_counter()
        tasks = [task(strategy, batch, place == 0, budget, folder) for strategy in STRATEGIES]
        waiting = Waiting(console, f"batch {batch}, {place + 1} of {len(batches)}")
        with waiting, ThreadPoolExecutor(AT_ONCE) as pool:
            results = [*pool.map(partial(timed, update, waiting), tasks)]
        for strategy, done in zip(STRATEGIES, results, strict=True):
            runs[strategy].append(done)
        averages = [percent(average(done.record)) for done in results]
        seconds = f"{time.perf_counter() - began:.0f} s"
        console.print(line([f"batch {batch}", count(results[0].record["chunk"]["rows"]), *averages, seconds], widths))
    console.print()
    return runs


def task(strategy: Strategy, batch: int, is_first: bool, budget: str, folder: Path) -> Task:
    """What a strategy does with a batch. Not to learn is an update without training: everything is measured."""
    return Task(strategy, batch, budget if strategy.learns or is_first else "0ep", store_of(strategy, folder))


def store_of(strategy: Strategy, folder: Path) -> Path:
    """Where the models of a strategy are kept."""
    return folder / "stores" / strategy.short.replace(" ", "-")


class Waiting:
    """Says on a terminal who is at work; elsewhere it says nothing.

    Args:
        console: the terminal.
        what: what is being learned.
    """

    def __init__(self, console: Console, what: str) -> None:
        self._what = what
        self._at_work: list[str] = []
        self._status = console.status(what)

    def __enter__(self) -> None:
        self._status.start()

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def begin(self, strategy: Strategy) -> None:
        """One begins."""
        self._at_work.append(strategy.name)
        self._tell()

    def end(self, strategy: Strategy) -> None:
        """One is done."""
        self._at_work.remove(strategy.name)
        self._tell()

    def _tell(self) -> None:
        self._status.update(f"{self._what}: {', '.join(self._at_work)}")


def timed(update: Update, waiting: Waiting, task: Task) -> Done:
    """Make an update, and look at the clock."""
    waiting.begin(task.strategy)
    began = time.perf_counter()
    record = update(task)
    waiting.end(task.strategy)
    return Done(record, time.perf_counter() - began)


# Tables: every number comes from a record, or from the clock


def every_update(strategy: Strategy, results: Sequence[Done]) -> str:
    """Accuracy on every batch so far after every update: a triangle."""
    batches = [done.record["chunk"]["name"].removeprefix("batch ") for done in results]
    rows = [["", *batches, "average", "samples", "time"]]
    for batch, done in zip(batches, results, strict=True):
        known = scores(done.record)
        unknown = [""] * (len(batches) - len(known))
        costs = [count(done.record["costs"]["samples"]), f"{done.seconds:.1f} s"]
        rows.append([batch, *known, *unknown, percent(average(done.record)), *costs])
    title = f"{strategy.name}: accuracy in % on each batch, after learning batch ..."
    return table(title, rows, [-3, *[6] * len(batches), 9, 9, 8])


def final_table(runs: Runs) -> str:
    """What every strategy came to, and what it cost."""
    oldest, newest = (runs[REPLAY][place].record["chunk"]["name"] for place in (0, -1))
    rows = [["", oldest, newest, "average", "samples", "training", "time"]]
    for strategy, results in runs.items():
        last = results[-1].record
        training = sum(done.record["costs"]["seconds"]["train"] for done in results)
        wall = sum(done.seconds for done in results)
        costs = [count(samples(results)), f"{training:.1f} s", f"{wall:.0f} s"]
        rows.append([strategy.name, scores(last)[0], scores(last)[-1], percent(average(last)), *costs])
    title = "In the end: accuracy in % on the oldest batch, the newest, and all"
    return table(title, rows, [-24, 8, 9, 9, 10, 11, 8])


def in_words(runs: Runs) -> str:
    """What the final table says of experience replay."""
    ends = {strategy: average(results[-1].record) for strategy, results in runs.items()}
    share = samples(runs[REPLAY]) / samples(runs[FROM_SCRATCH])
    return (
        f"Experience replay ends {points(ends[REPLAY] - ends[NO_UPDATE])} a model that is never updated, "
        f"{points(ends[REPLAY] - ends[FINE_TUNING])} fine-tuning, and {points(ends[REPLAY] - ends[FROM_SCRATCH])} "
        f"retraining from scratch, for {100 * share:.0f} % of the samples that the latter processed. Time is that of "
        "whole processes, most of it the import of torch; what training took of it stands beside."
    )


def average(record: Record) -> float:
    """Accuracy over all batches so far."""
    return float(record["metrics"]["summary"]["average_accuracy"])


def scores(record: Record) -> list[str]:
    """Accuracy on each batch so far."""
    return [percent(row["after"]["accuracy"]) for row in record["metrics"]["validation"]]


def samples(results: Sequence[Done]) -> int:
    """Rows that went through the training, replayed ones included."""
    return sum(done.record["costs"]["samples"] for done in results)


def show_the_loop(tour: LoopTour, batches: Sequence[int]) -> None:
    """The second half, in three scenes."""
    tour.files_arrive(batches)
    tour.store_is_asked()
    tour.past_is_replayed(batches)


# Reports


def write_reports(folder: Path, batches: Sequence[int]) -> None:
    """Write what the stores hold as pages."""
    lineages = {strategy.name: Store(store_of(strategy, folder)).lineage("champion") for strategy in STRATEGIES}
    pages = {
        "report.html": comparison_report(lineages, TITLE, introduction(batches)),
        "replay.html": lineage_report(lineages[REPLAY.name], f"{TITLE}: {REPLAY.name}"),
    }
    for name, page in pages.items():
        (folder / name).write_text(page, encoding="utf-8")


def what_next(folder: Path) -> str:
    """What to look at, and what to run."""
    command = Path(sys.executable).with_name("vernal")
    vernal = near(command) if command.exists() else f"{near(Path(sys.executable))} -m vernal"
    store = f"--store {store_of(REPLAY, folder)}"
    backtest = folder / "backtest" / "report.html"
    rules = f"\n  {backtest}    the backtest" if backtest.is_file() else ""
    return f"""\
[bold]The reports, with the plots[/bold]
  {folder / "report.html"}    all four side by side
  {folder / "replay.html"}    experience replay alone{rules}

[bold]What next[/bold]
  {vernal} log {store}
  {vernal} show champion {store}
  {vernal} promote ID {store}    (back to an earlier update, with its memory)

[bold]With your own data[/bold]: copy {near(CONFIG)}, change its two functions, then
  {vernal} check FILE
  {vernal} update FILE --store DIR
Or let a loop keep up with files that arrive; this looks at them, and writes its config file:
  {vernal} init --data 'FOLDER/*.parquet'

README.md says more.
"""


if __name__ == "__main__":
    sys.exit(main())
