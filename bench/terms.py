"""What terms of the loss are worth: negative flips at what accuracy, and what a new backbone takes over.

    python bench/terms.py                       # all parts, five seeds, then the tables
    python bench/terms.py rows gas --seeds 3
    python bench/terms.py --show                # the tables of what has been run so far

The data lies in the folder that VERNAL_BENCH_DATA names. Results go to a file of JSON lines (`--out`); runs that are in
it are not made again.

*accuracy* is the mean over the test data of all chunks so far, after every update but the first; *flips* the share of
rows that the model before had right and the model after has wrong, *better* the share the other way round, both over
the same rows. *old* and *new* are the accuracy on the chunks before the last update and on its own, after it.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.lineage import Stream
from lab.runs import name_of, outcomes, run_all
from lab.table import markdown, spread

import vernal
from vernal.training import Silent

OUT = Path(__file__).parent / "results" / "terms.jsonl"
METHOD = "er"

FASHION = Stream("backbones", "5ep", {"rows": 2_000, "lr": 0.05})
# What a part varies in its last update, beside the terms: which backbone begins there with fresh weights.
CONVOLUTIONAL = {"backbone": "convolutional"}


@dataclass(frozen=True)
class Part:
    """One table.

    Args:
        title: its heading.
        stream: what is learned.
        variants: terms, by what the table calls them.
        last: arguments that change in the last update.
    """

    title: str
    stream: Stream
    variants: Mapping[str, tuple[str, ...]]
    last: Mapping[str, Any] = field(default_factory=dict)


def _weights(*terms: str) -> dict[str, tuple[str, ...]]:
    return {"no term": (), **{term: (term,) for term in terms}}


FLIPS = _weights(
    "distil:weight=1",
    *(f"compatible:weight={weight}" for weight in (0.3, 1, 3)),
    "compatible:weight=3,elsewhere=0.17",
)
BACKBONE = _weights("distil:weight=1", "distil:weight=3", "compatible:weight=1")


def _split(by: str) -> Stream:
    return dataclasses.replace(FASHION, arguments={**FASHION.arguments, "split": by})


PARTS = {
    "rows": Part("Fashion-MNIST, 5 chunks of all classes", _split("rows"), FLIPS),
    "classes": Part("Fashion-MNIST, 5 chunks of two classes each", _split("classes"), FLIPS),
    "gas": Part("gas sensors, 8 batches", Stream("gas", "20ep"), FLIPS),
    "backbone-rows": Part(
        "Fashion-MNIST, all classes, a new backbone in the last update", _split("rows"), BACKBONE, CONVOLUTIONAL
    ),
    "backbone-classes": Part(
        "Fashion-MNIST, two classes each, a new backbone in the last update", _split("classes"), BACKBONE, CONVOLUTIONAL
    ),
}


@dataclass(frozen=True)
class Run:
    """One line of a table, with one seed."""

    part: str
    variant: str
    seed: int

    @property
    def key(self) -> dict[str, Any]:
        part = PARTS[self.part]
        settings = dataclasses.asdict(part.stream) | {
            "terms": list(part.variants[self.variant]),
            "last": dict(part.last),
        }
        return {"part": self.part, "variant": self.variant, "seed": self.seed, "settings": settings}

    def __call__(self) -> dict[str, Any]:
        part, began = PARTS[self.part], time.perf_counter()
        with tempfile.TemporaryDirectory() as store:
            results = [self._update(part, chunk, store) for chunk in range(part.stream.chunks)]
        later = [_means(result.validation) for result in results[1:]]
        last = [row["after"]["accuracy"] for row in results[-1].validation]
        return {
            **{name: statistics.mean(row[name] for row in later) for name in later[0]},
            "average": statistics.mean(last),
            "old": statistics.mean(last[:-1]),
            "new": last[-1],
            "last_flips": later[-1]["flips"],
            "wall": time.perf_counter() - began,
        }

    def _update(self, part: Part, chunk: int, store: str) -> vernal.Result:
        stream = part.stream
        is_last = chunk == stream.chunks - 1
        plan = vernal.Plan(
            stream.config,
            method=stream.method(METHOD, {}),
            # A backbone begins anew where it changes; only there are terms compared.
            terms=list(part.variants[self.variant]) if is_last or not part.last else [],
            arguments={**stream.arguments, **(part.last if is_last else {}), "chunk": chunk},
            training=vernal.Training(budget=stream.budget, batch_size=stream.batch_size, accelerator="cpu"),
            seed=self.seed,
            validation_memory=1_000_000,
        )
        return vernal.update(plan, store, reporter=Silent())


def _means(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Over all chunks so far, the new one among them."""
    return {
        "accuracy": statistics.mean(row["after"]["accuracy"] for row in rows),
        "flips": statistics.mean(row["negative_flips"] for row in rows),
        "better": statistics.mean(row["positive_flips"] for row in rows),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="run nothing, print what is there")
    args = parser.parse_args()
    if unknown := {*args.parts} - {*PARTS}:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    runs = [
        Run(part, variant, seed)
        for seed in range(args.seeds)
        for part in args.parts
        for variant in PARTS[part].variants
    ]
    if not args.show:
        run_all(runs, args.out, args.processes)
    lines = outcomes(args.out)
    found = [line for run in runs if (line := lines.get(name_of(run.key)))]
    for part in args.parts:
        print(f"\n### {PARTS[part].title}\n\n{_table(part, [line for line in found if line['run']['part'] == part])}")


def _table(part: str, lines: list[dict[str, Any]]) -> str:
    names = ("average", "old", "new", "last_flips") if PARTS[part].last else ("accuracy", "flips", "better", "average")
    rows = []
    for variant in PARTS[part].variants:
        own = [line for line in lines if line["run"]["variant"] == variant]
        if own:
            rows.append((variant, str(len(own)), *(spread([line[name] for line in own]) for name in names)))
    return markdown((METHOD, "seeds", *names), rows)


if __name__ == "__main__":
    main()
