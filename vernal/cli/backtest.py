"""Replay history under several policies, and see what each would have been worth.

Every policy lives through the same past, chunk by chunk, in the same loop as `vernal watch`, with another clock: it
sees what had come by then, labels as late as they came. Updates from scratch that policies have in common are trained
once; stateful ones are truly replayed, and what all this may cost is said before it starts. The models stay in the
folder, so the same backtest with one more policy trains only what is new.

A policy is a preset, or NAME=TRIGGER, with more after semicolons: how to learn (stateful, the default, or scratch), and
the gate (or none):
  --policy continual
  --policy "weekly=every('7d'); scratch"
  --policy "each chunk=always(); stateful; none"

Examples:
  vernal backtest config.py --history past/*.parquet --chunk 1d --time time --folder backtests/one
  vernal backtest config.py --history past.parquet --chunk 500 --id id --label late --delay 1d --update-cost 200
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vernal.base import ConfigError
from vernal.cli.line import Line, read_line
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import console, duration, number, say, say_json, table

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.backtest import Backtest, Hindsight, Lives
    from vernal.loop import Policy

DEFAULT = (
    "never=manual()",
    "each chunk, scratch=always(); scratch; none",
    "each chunk=always(); stateful; none",
    "continual",
)
MODELS = 8  # that the freshness curve rests on, if no policy needs one at every chunk


def run(words: Sequence[str]) -> int:
    """Compare policies."""
    with redirect_stdout(sys.stderr if "--json" in words else sys.stdout):
        line = read_line("backtest", __doc__, words, _add)
        backtest = _backtest(line)
        estimate = backtest.estimate()
        say(
            f"{len(backtest.policies)} policies over {estimate.chunks} chunks: at most {estimate.updates} updates, "
            f"about {duration(estimate.seconds)}."
        )
        if line.values.dry_run:
            return 0
        lives = backtest.run(_progress(len(backtest.policies)))
    found = _findings(line, backtest, lives)
    if line.values.json:
        say_json(found)
    else:
        say(_table(found), "", *found["said"])
    return 0


def _backtest(line: Line) -> Backtest:
    from vernal.backtest import Backtest, History

    values = line.values
    if not values.history:
        raise UsageError("Name the past: --history FILE... See: vernal backtest --help")
    history = History(values.history, values.time, values.id, values.label, values.delay)
    every = int(values.chunk) if values.chunk.isdigit() else values.chunk
    policies = dict(_policy(text) for text in values.policies or DEFAULT)
    return Backtest(line.plan, history, every, policies, Path(values.folder))


def _policy(text: str) -> tuple[str, Policy]:
    """A policy of the command line; its sources are the history, which the backtest puts in."""
    from vernal.gate import Gate, read_gate
    from vernal.loop import PRESETS, Policy, preset
    from vernal.sources import Replay
    from vernal.triggers import read_trigger

    nothing = [Replay({})]
    if text in PRESETS:
        return text, preset(text, nothing)
    name, equals, rest = text.partition("=")
    if not equals:
        raise ConfigError(f"Policy {text!r} is no preset ({', '.join(PRESETS)}). Write NAME=TRIGGER.")
    parts = [part.strip() for part in rest.split(";")]
    if len(parts) > 3:
        raise ConfigError(f"Policy {text!r} has too many parts. Write NAME=TRIGGER; HOW; GATE.")
    trigger, learn, gate = (*parts, "", "")[:3]
    rule = None if gate == "none" else Gate(first="promote") if not gate else read_gate(gate)
    return name.strip(), Policy(nothing, read_trigger(trigger), rule, learn or "stateful")


def _progress(policies: int) -> Any:
    del policies
    screen = console(stderr=True)

    def told(name: str, done: int, count: int) -> None:
        if done == count:
            screen.print(f"  {name}: {count} chunks")

    return told


def _findings(line: Line, backtest: Backtest, lives: Lives) -> dict[str, Any]:
    """All that came out, as plain values."""
    from vernal.backtest import look_back

    price = line.values.update_cost
    full = price is not None and line.values.oracle
    hindsight = look_back(backtest, lives, None if full else MODELS)
    courses = [dict(course.to_json()) for course in lives.courses.values()]
    found: dict[str, Any] = {
        "policies": courses,
        "trained": lives.shared.trained,
        "reused": lives.shared.reused,
        "freshness": hindsight.curve().to_json(),
    }
    said = [f"{lives.shared.trained} updates were trained, and {lives.shared.reused} reused."]
    said.append(_freshness_said(hindsight))
    if price is not None:
        for course, one in zip(lives.courses.values(), courses, strict=True):
            one["cost"] = course.cost(price)
        recommendation = hindsight.recommendation(price, line.values.present_days)
        found["recommendation"] = recommendation.to_json()
        said.append(recommendation.why)
    if full:
        times, cost = hindsight.cheapest(price)
        found["oracle"] = {"times": [*times], "cost": cost}
        said.append(f"The cheapest updates from scratch, known afterwards: {len(times)}, for {cost:,.0f} in all.")
    return found | {"said": said}


def _freshness_said(hindsight: Hindsight) -> str:
    curve = hindsight.curve()
    low, high = curve.interval
    if curve.flat:
        return (
            f"Freshness: no decay is found; the error changes by {curve.slope:+.4f} a day ({low:+.4f} to {high:+.4f})."
        )
    return f"Freshness: the error of a model grows by {curve.slope:+.4f} a day of its age ({low:+.4f} to {high:+.4f})."


def _table(found: dict[str, Any]) -> Table:
    priced = "cost" in found["policies"][0]
    columns = ["policy", "score", "updates", "promoted", "training"] + (["cost"] if priced else [])
    rows = [
        [
            one["name"],
            number(one["score"]),
            str(one["updates"]),
            str(one["promoted"]),
            duration(one["seconds"]),
            *([f"{one['cost']:,.0f}"] if priced else []),
        ]
        for one in found["policies"]
    ]
    return table(columns, rows, numbers=columns[1:])


def _add(parser: Parser) -> None:
    group = parser.add_argument_group("history")
    group.add_argument("--history", metavar="FILE", nargs="+", help="tables of the past, as paths or URLs")
    group.add_argument("--time", metavar="COLUMN", default="time", help="the column of times [default: time]")
    group.add_argument("--id", metavar="COLUMN", help="the column of ids; needed with --delay")
    group.add_argument("--label", metavar="COLUMN", help="the column of labels; needed with --delay")
    group.add_argument("--delay", metavar="SPAN", help="how long after its row a label was known, such as 1d")
    text = "how long a chunk is: a span of time or a number of rows [default: 1d]"
    group.add_argument("--chunk", metavar="SPAN|ROWS", default="1d", help=text)
    text = "a preset, or NAME=TRIGGER; HOW; GATE, see above; may be given several times"
    group.add_argument("--policy", dest="policies", metavar="POLICY", action="append", help=text)
    group.add_argument("--folder", metavar="DIR", default="backtest", help="where models are kept [default: backtest]")
    text = "what an update costs, in wrong answers: for costs, a schedule and the oracle"
    group.add_argument("--update-cost", metavar="N", type=float, help=text)
    text = "find the cheapest updates known afterwards; trains from scratch at every chunk"
    group.add_argument("--oracle", action="store_true", help=text)
    group.add_argument(
        "--present-days", metavar="DAYS", type=float, help="the time between updates now, to compare with"
    )
    group.add_argument("--dry-run", action="store_true", help="only say what it may cost")
