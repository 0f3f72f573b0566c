"""What every method is worth on real streams: the same model and budget for each, five seeds, mean ± standard error.

    python bench/quality.py                                  # all methods on four streams, then the tables
    python bench/quality.py fashion --rows 12000 --budget 5ep
    python bench/quality.py flights --methods er derpp
    python bench/quality.py --show                           # the tables of what has been run so far

Results go to a file of JSON lines as they come (`--out`), one for each stream, method and seed. Runs that are in the
file are not made again, so an interrupted table goes on; with other settings they are other runs.

*average* is the mean score over the test data of all chunks after the last update; *next* the mean over the data of
each next chunk, before the update that learns it: what a model in production would have had; *forgetting* how far
earlier chunks have fallen below their best. *static* is the model after the first update. *seconds* are those in which
one core computes to learn: training, and what a method does before and after it; not reading data, not judging models.
*forward* and *backward* are the rows that went through a model in that time, for each new row.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.lineage import Stream, run
from lab.runs import name_of, outcomes, run_all
from lab.table import markdown, spread

from vernal.methods import method_names

SEEDS = 5
OUT = Path(__file__).parent / "results" / "quality.jsonl"

# A run of replay, five to eight updates, takes three to six seconds on one core.
STREAMS = {
    "fashion": Stream("fashion", "5ep", {"rows": 3_000, "lr": 0.05}),
    "digits": Stream("digits", "3ep", {"lr": 3e-3}),
    "gas": Stream("gas", "20ep"),
    "arxiv": Stream("arxiv", "5ep", {"rows": 3_000, "lr": 1e-2}),
    "flights": Stream("flights", "2ep", memory=5_000, batch_size=256, metric="auroc"),
}
TABLE = ("fashion", "digits", "gas", "arxiv")
TITLES = {
    "fashion": "Split-Fashion-MNIST, 5 chunks of two classes",
    "digits": "MNIST, USPS, Optdigits, Semeion",
    "gas": "gas sensors, 8 batches",
    "arxiv": "arXiv titles, 6 periods",
    "flights": "flights, 12 months",
}


@dataclass(frozen=True)
class Own:
    """What one method needs otherwise than the rest.

    Args:
        why: the reason, printed below the table.
        budget: of each update; None for the stream's.
        options: of the method.
    """

    why: str
    budget: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


ADAPTED = "there is no pretrained network here, so the first update trains one, and the later ones take no step"
OPTIONS = {
    "budgeted": Own(
        "all rows are kept, which is what it is for; 30,000 rows an update, new and old, about as many as replay takes",
        "30000sa",
        {"memory_size": None},
    ),
    "cls_er": Own(
        "averages over twenty and fifty moves; an update here has fewer steps than the usual thousand",
        options={"plastic_decay": 0.95, "stable_decay": 0.98},
    ),
    "gdumb": Own("30 epochs: one is its memory alone, a sixth or less of the rows that others walk through", "30ep"),
    "fecam": Own(ADAPTED, options={"adapt": True}),
    "ncm": Own(ADAPTED, options={"adapt": True}),
    "ranpac": Own(
        f"{ADAPTED}; half the usual projections, of few features", options={"adapt": True, "projections": 1_000}
    ),
    "slda": Own(ADAPTED, options={"adapt": True}),
}


@dataclass(frozen=True)
class Run:
    """One cell of the table."""

    stream: Stream
    method: str
    seed: int

    @property
    def own(self) -> Own:
        return OPTIONS.get(self.method, Own(""))

    @property
    def settled(self) -> Stream:
        return dataclasses.replace(self.stream, budget=self.own.budget or self.stream.budget)

    @property
    def key(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self.settled) | {"options": dict(self.own.options)}
        return {"stream": self.stream.name, "method": self.method, "seed": self.seed, "settings": settings}

    def __call__(self) -> dict[str, Any]:
        return run(self.settled, self.settled.method(self.method, self.own.options), self.seed)


def main() -> None:
    args = _arguments()
    streams = [_with_options(STREAMS[name], args) for name in args.streams]
    runs = [Run(s, method, seed) for seed in range(args.seeds) for s in streams for method in args.methods]
    if not args.show:
        run_all(runs, args.out, args.processes)
    lines = outcomes(args.out)
    found = [line for run in runs if (line := lines.get(name_of(run.key)))]
    if len(streams) > 1:
        print(f"\n### Average\n\n{_overview(found, [stream.name for stream in streams])}")
    for stream in streams:
        of_stream = [line for line in found if line["run"]["stream"] == stream.name]
        print(f"\n### {TITLES[stream.name]}\n\n{_describe(stream, of_stream)}\n\n{_table(of_stream)}")
    for method in _in_order({line["run"]["method"] for line in found} & {*OPTIONS}):
        print(f"\n`{method}`: {OPTIONS[method].why}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("streams", nargs="*", default=TABLE, metavar="STREAM", help=", ".join(STREAMS))
    parser.add_argument("--methods", nargs="+", default=method_names(), metavar="METHOD")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--budget", help="of an update, if not the stream's")
    parser.add_argument("--rows", type=int, help="training rows of a chunk, if not the stream's")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--accelerator")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="run nothing, print what is there")
    args = parser.parse_args()
    if unknown := {*args.streams} - {*STREAMS}:
        parser.error(f"no such stream: {', '.join(unknown)}; there are {', '.join(STREAMS)}")
    return args


def _with_options(stream: Stream, args: argparse.Namespace) -> Stream:
    fields = ("budget", "memory", "batch_size", "accelerator")
    given = {name: getattr(args, name) for name in fields if getattr(args, name) is not None}
    arguments = {name: getattr(args, name) for name in ("rows", "lr") if getattr(args, name) is not None}
    return dataclasses.replace(stream, **given, arguments={**stream.arguments, **arguments})


def _describe(stream: Stream, lines: list[dict[str, Any]]) -> str:
    arguments = ", ".join(f"{name} {value}" for name, value in stream.arguments.items())
    seeds = len({line["run"]["seed"] for line in lines})
    what = f"{stream.budget} an update, batches of {stream.batch_size}, memory {stream.memory}, {arguments}"
    return f"{what.rstrip(', ')}; {stream.metric} in %, {seeds} seeds."


def _overview(lines: list[dict[str, Any]], streams: list[str]) -> str:
    rows = []
    for method in _in_order({line["run"]["method"] for line in lines}):
        scores = [
            [line["average"] for line in lines if _is(line, stream, method) and "refused" not in line]
            for stream in streams
        ]
        rows.append((f"`{method}`", *(spread(own) if own else "–" for own in scores)))
    return markdown(("method", *streams), rows)


def _is(line: Mapping[str, Any], stream: str, method: str) -> bool:
    return (line["run"]["stream"], line["run"]["method"]) == (stream, method)


def _table(lines: list[dict[str, Any]]) -> str:
    header = ("method", "average", "next", "forgetting", "seconds", "forward", "backward")
    refused = {line["run"]["method"]: line["refused"] for line in lines if "refused" in line}
    notes = "".join(f"\n\n`{method}`, refused: {why}" for method, why in refused.items())
    return markdown(header, _rows(lines)) + notes


def _rows(lines: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for method in _in_order({line["run"]["method"] for line in lines}):
        own = [line for line in lines if line["run"]["method"] == method]
        ran = [line for line in own if "refused" not in line]
        if method == "fine_tune" and ran:
            static = [line["static"] for line in ran]
            means = [statistics.mean(scores) for scores in static], [statistics.mean(scores[1:]) for scores in static]
            yield ("*static*", *map(spread, means), "", "", "", "")
        if not ran:
            yield (f"`{method}`", *["–"] * 6)
            continue
        worth = (spread([line[name] for line in ran]) for name in ("average", "next", "forgetting"))
        passes = (statistics.mean(line[name] / line["new_rows"] for line in ran) for name in ("forward", "backward"))
        seconds = statistics.mean(line["seconds"] for line in ran)
        yield (f"`{method}`", *worth, f"{seconds:.1f}", *(f"{value:.2f}" for value in passes))


def _in_order(methods: Iterable[str]) -> list[str]:
    """The two bounds first and last."""
    return sorted(methods, key=lambda method: ({"fine_tune": 0, "joint": 2}.get(method, 1), method))


if __name__ == "__main__":
    main()
