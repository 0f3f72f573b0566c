"""What every method costs, as ratios to fine-tuning: time and passes of a step, and memory.

    python bench/costs.py [--rounds 11] [--steps 60] [--methods er derpp]

Every method makes a first update, which fills its memory of 512 rows, and then, round by round and one after another,
the same second update: 64 new rows a step, 64 replayed ones beside them. *step* is the median of the steps of an update
over that of fine-tuning in the same round, and of this the median over the rounds; time is that in which the process
computes. *expected* is what the passes let expect: rows *forward* and *backward* for each new row, backwards counted
twice. A method that takes no steps has 0.

*around* is what an update does before its first step, after its last one, and for what is kept with rows: time, in
steps of fine-tuning, and passes, for each row of a chunk of 100 batches. *peak* is how much more memory the tensors of
an update take at their peak than those of fine-tuning, *kept* what is stored for the next one, the method's state and
the rows in memory; both in sizes of the model.
"""

from __future__ import annotations

import os

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # Before torch: its profiler talks.

import argparse
import dataclasses
import gc
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from lab.clock import CpuClock
from lab.passes import Passes
from lab.table import markdown
from torch.profiler import ProfilerActivity, profile

import vernal
from vernal import VernalError
from vernal.config import ConfigFile, load_config, make_method, options_of
from vernal.methods import Method, method_class, method_names
from vernal.training import Silent

CONFIG = Path(__file__).resolve().parent / "costs_config" / "config.py"
BATCH, MEMORY, WARM_UP = 64, 512, 5
COUNTED, PEAKED = 1_001, 1_002  # chunks of their own: the same update again would be free
BASE = "fine_tune"


@dataclass
class Stopwatch:
    """A callback that notes, after each step, the time and the passes so far."""

    passes: Passes = field(default_factory=Passes)
    seconds: list[float] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)

    def on_train_batch_end(self, loss: object, step: int) -> None:
        self.seconds.append(time.process_time())
        self.seen.append((self.passes.forward, self.passes.backward))

    @property
    def step_seconds(self) -> float:
        """The median step, after the first ones; 0 if there were none."""
        steps = [after - before for before, after in itertools.pairwise(self.seconds[WARM_UP:])]
        return statistics.median(steps) if steps else 0.0

    @property
    def step_passes(self) -> tuple[float, float]:
        """Rows forwards and backwards for each new row of a step."""
        if not self.seen:
            return 0.0, 0.0
        (f, b), (last_f, last_b), rows = self.seen[0], self.seen[-1], BATCH * (len(self.seen) - 1)
        return (last_f - f) / rows, (last_b - b) / rows

    @property
    def around(self) -> tuple[float, float]:
        """Rows forwards and backwards that went through the model outside of steps."""
        forward, backward = (BATCH * len(self.seen) * rows for rows in self.step_passes)
        return self.passes.forward - forward, self.passes.backward - backward


@dataclass
class Candidate:
    """One method in a store of its own, after its first update.

    Args:
        name: of the method.
        network: `mlp` or `cnn`.
        folder: for its store.
    """

    name: str
    network: str
    folder: str
    ratios: list[float] = field(default_factory=list)
    first: str = ""

    def fill(self) -> None:
        """The first update."""
        self.first = self._update("10st", 0, _listening(_config(), Stopwatch())).id

    def step_seconds(self, steps: int, number: int) -> float:
        """The step time in one update, with nothing but a clock in it."""
        stopwatch = Stopwatch()
        self._update(f"{steps}st", number, _listening(_config(), stopwatch))
        return stopwatch.step_seconds

    def counted(self) -> tuple[Stopwatch, vernal.transaction.Result]:
        """One update with its passes."""
        stopwatch = Stopwatch()
        watched = dataclasses.replace(_config(), functions=stopwatch.passes.watched(_config()))
        return stopwatch, self._update("20st", COUNTED, _listening(watched, stopwatch), stopwatch.passes)

    def kept_bytes(self, result: vernal.transaction.Result) -> int:
        """What an update left for the next one: the method's state, and the rows with all that is kept with them."""
        artefacts, blobs = result.record["artefacts"], vernal.Store(self.folder).blobs
        memory = artefacts.get("memory", {"bytes": 0, "needs": []})
        return artefacts["method"]["bytes"] + memory["bytes"] + sum(map(blobs.size, memory["needs"]))

    def peak_bytes(self) -> int:
        """The most bytes that tensors made during an update take at once."""
        return _peak(lambda: self._update("20st", PEAKED, _config()))

    def _update(self, budget: str, number: int, config: ConfigFile, reporter: Any = None) -> vernal.transaction.Result:
        plan = vernal.Plan(
            config, method=_method(self.name), arguments={"number": number, "network": self.network},
            training=vernal.Training(budget=budget, batch_size=BATCH, accelerator="cpu"),
        )  # fmt: skip
        # Beside the champion, so that each is made from the same first one.
        return vernal.update(
            plan, self.folder, parent=self.first or None, promote=not self.first, reporter=reporter or Silent(),
            clock=CpuClock(),
        )  # fmt: skip


def _method(name: str) -> Method:
    """With the memory and the draws that all have here."""
    wanted = {"memory_size": MEMORY, "memory_batch": BATCH}
    known = {option.name for option in options_of(method_class(name), name)}
    return make_method(name, {option: value for option, value in wanted.items() if option in known})


def _config() -> ConfigFile:
    return load_config(CONFIG)


def _listening(config: ConfigFile, stopwatch: Stopwatch) -> ConfigFile:
    return dataclasses.replace(config, functions={**config.functions, "callbacks_fn": lambda: [stopwatch]})


def _peak(work: Callable[[], object]) -> int:
    gc.collect()  # What earlier updates left would be freed within this one, and be taken from its sum.
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        work()
    events = watched.profiler.kineto_results.events()
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    return max(itertools.accumulate(change for _, change in changes))


def _filled(names: Iterable[str], network: str, folder: Path) -> Iterator[Candidate]:
    for name in names:
        candidate = Candidate(name, network, str(folder / name))
        try:
            candidate.fill()
        except VernalError as error:
            print(f"`{name}`: {str(error).strip().splitlines()[0]}")
            continue
        yield candidate


def compare(network: str, args: argparse.Namespace) -> None:
    """One table."""
    with tempfile.TemporaryDirectory() as folder:
        candidates = list(_filled([BASE, *(n for n in args.methods if n != BASE)], network, Path(folder)))
        for number in range(1, args.rounds + 1):
            times = [candidate.step_seconds(args.steps, number) for candidate in candidates]
            for candidate, seconds in zip(candidates, times, strict=True):
                candidate.ratios.append(seconds / times[0])
        parameters = sum(p.numel() for p in _config().functions["model_fn"](network).parameters())
        print(f"\n### {network}, {parameters:,} parameters, fine-tuning {1e3 * times[0]:.2f} ms a step\n")
        print(_table(candidates, times[0], 4 * parameters), flush=True)


def _table(candidates: list[Candidate], base_seconds: float, model_bytes: int) -> str:
    header = (
        "method", "step", "expected", "forward", "backward",
        "around: time", "around: forward", "around: backward", "peak", "kept",
    )  # fmt: skip
    peaks = [candidate.peak_bytes() for candidate in candidates]
    rows = []
    for candidate, peak in zip(candidates, peaks, strict=True):
        stopwatch, result = candidate.counted()
        bytes_more = (peak - peaks[0], candidate.kept_bytes(result))
        numbers = (*_step(candidate, stopwatch), *_around(stopwatch, result, base_seconds))
        memory = (count / model_bytes for count in bytes_more)
        rows.append((f"`{candidate.name}`", *(f"{number:.2f}" for number in (*numbers, *memory))))
    return markdown(header, rows)


def _step(candidate: Candidate, stopwatch: Stopwatch) -> tuple[float, ...]:
    forward, backward = stopwatch.step_passes
    return statistics.median(candidate.ratios), (forward + 2 * backward) / 3, forward, backward


def _around(stopwatch: Stopwatch, result: vernal.transaction.Result, base_seconds: float) -> tuple[float, ...]:
    seconds = sum(result.costs["seconds"][part] for part in ("train", "write memory"))
    steps = stopwatch.step_seconds * len(stopwatch.seen)
    forward, backward = stopwatch.around
    return (seconds - steps) / base_seconds, forward / (100 * BATCH), backward / (100 * BATCH)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", nargs="+", choices=["mlp", "cnn"], default=["mlp", "cnn"])
    parser.add_argument("--methods", nargs="+", default=method_names(), metavar="METHOD")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for network in args.networks:
        compare(network, args)


if __name__ == "__main__":
    main()
