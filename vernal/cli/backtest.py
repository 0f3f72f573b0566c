"""Replay history under several policies, and see what each would have been worth.

Every policy lives through the same past, chunk by chunk, in the same loop as `vernal watch`, with another clock: it
sees what had come by then, labels as late as they came. Updates from scratch that policies have in common are trained
once; stateful ones are truly replayed, and what all this may cost is said before it starts. The models stay in the
folder, so a run that was stopped goes on, and one with more policies trains only what is new. The folder gets
report.html, a page to look at, and findings.json, with all numbers; see docs/backtest.md.

A policy is a preset, or NAME=TRIGGER, with more after semicolons: how to learn (stateful, the default, or scratch), and
the gate (or none):
  --policy continual
  --policy "weekly=every('7d'); scratch"
  --policy "each chunk=always(); stateful; none"
Without any, four are compared: never, each chunk from scratch, each chunk stateful, and continual.

Examples:
  vernal backtest config.py --history past/*.parquet --chunk 1d --time time --folder backtests/one
  vernal backtest config.py --history past.parquet --chunk 500 --id id --label late --delay 1d --update-cost 200
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vernal.base import Clock, ConfigError, StateError, SystemClock
from vernal.cli.line import Line, read_line
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import console, duration, number, say, say_json, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from vernal.backtest import Backtest
    from vernal.loop import Policy

DEFAULT = (
    "never=manual()",
    "each chunk, scratch=always(); scratch; none",
    "each chunk, stateful=always(); stateful; none",
    "continual",
)
MODELS = 8  # that the freshness curve rests on, if no policy needs one at every chunk


def run(words: Sequence[str]) -> int:
    """Compare policies."""
    with redirect_stdout(sys.stderr if "--json" in words else sys.stdout):
        line = read_line("backtest", __doc__, words, _add)
        _check(line)
        backtest = _backtest(line)
        models = None if line.values.oracle else MODELS
        estimate = backtest.estimate(models)
        say(
            f"{len(backtest.policies)} policies over {estimate.chunks} chunks: at most {estimate.updates} updates, "
            f"about {duration(estimate.seconds)}; less where models are there already."
        )
        if line.values.dry_run:
            return 0
        found = _found(line, backtest, models)
        _write(backtest.folder, found)
    if line.values.json:
        say_json(found)
    else:
        say(_table(found), "", *found["said"], "", f"Wrote {backtest.folder / 'report.html'}. Open it in a browser.")
    return 0


def _check(line: Line) -> None:
    """What is wrong with the line alone is said before anything is read."""
    values = line.values
    if not values.history:
        raise UsageError("Name the past: --history FILE... See: vernal backtest --help")
    if values.update_cost is not None and values.update_cost <= 0:
        raise ConfigError(f"--update-cost must be above 0, got {values.update_cost:g}.")
    if values.present_days is not None and values.present_days <= 0:
        raise ConfigError(f"--present-days must be above 0, got {values.present_days:g}.")
    if values.oracle and values.update_cost is None:
        raise ConfigError("The cheapest updates depend on what one costs: give --update-cost beside --oracle.")
    if values.oracle and values.delay is not None:
        raise ConfigError(
            "The oracle takes labels as known at once, so it cannot be compared with policies under a delay. Leave "
            "out --oracle or --delay."
        )


def _backtest(line: Line) -> Backtest:
    from vernal.backtest import Backtest, History

    values = line.values
    history = History(values.history, values.time, values.id, values.label, values.delay)
    every = int(values.chunk) if values.chunk.isdigit() else values.chunk
    policies = _policies(values.policies or DEFAULT)
    if values.present is not None and values.present not in policies:
        raise ConfigError(f"--present names {values.present!r}, and the policies are {', '.join(policies)}.")
    return Backtest(line.plan, history, every, policies, Path(values.folder))


def _policies(texts: Sequence[str]) -> dict[str, Policy]:
    """The policies of the command line, by name."""
    found: dict[str, Policy] = {}
    for text in texts:
        name, policy = _policy(text)
        if name in found:
            raise ConfigError(f"Two policies are called {name!r}. Give each its own name: NAME=TRIGGER.")
        found[name] = policy
    return found


def _policy(text: str) -> tuple[str, Policy]:
    """A policy of the command line; its sources are the history, which the backtest puts in."""
    from vernal.gate import read_gate
    from vernal.loop import PRESETS, Policy, preset
    from vernal.sources import Replay
    from vernal.triggers import read_trigger

    nothing = [Replay({})]
    if text in PRESETS:
        return text, preset(text, nothing)
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not (equals and name):
        raise ConfigError(f"Policy {text!r} is no preset ({', '.join(PRESETS)}). Write NAME=TRIGGER.")
    parts = [part.strip() for part in rest.split(";")]
    if len(parts) > 3:
        raise ConfigError(f"Policy {text!r} has too many parts. Write NAME=TRIGGER; HOW; GATE.")
    trigger, learn, gate = (*parts, "", "")[:3]
    rule = None if gate == "none" else read_gate(gate or "not_worse")
    return name, Policy(nothing, read_trigger(trigger), rule, learn or "stateful")


class _Told:
    """Says how far it is: on a terminal all the time, elsewhere at the end of each policy.

    Args:
        policies: how many there are.
        screen: where to.
        clock: tells how long it took.
    """

    def __init__(self, policies: int, screen: Console, clock: Clock) -> None:
        self._policies, self._screen, self._clock = policies, screen, clock
        self._began, self._over, self._longest = clock.seconds(), 0, 0

    def __call__(self, name: str, done: int, count: int) -> None:
        """A chunk of a policy is done."""
        last = done == count
        if not (last or self._screen.is_terminal):
            return
        whole = (self._over + done / count) / self._policies
        self._over += last
        spent = self._clock.seconds() - self._began
        left = "" if whole == 1 else f", about {duration(spent * (1 - whole) / whole)} left"
        line = f"  {name}: {done} of {count} chunks{left}"
        self._longest = max(self._longest, len(line))  # What a shorter line leaves of a longer one is wiped out.
        padded = line.ljust(self._longest) if self._screen.is_terminal else line
        self._screen.print(padded, end="\n" if last else "\r", soft_wrap=True)


def _found(line: Line, backtest: Backtest, models: int | None) -> dict[str, Any]:
    """All that came out, as plain values."""
    from vernal.backtest import findings, look_back

    values = line.values
    lives = backtest.run(_Told(len(backtest.policies), console(stderr=True), SystemClock()))
    hindsight = look_back(backtest, lives, models)
    return findings(backtest, lives, hindsight, values.update_cost, values.present, values.present_days)


def _write(folder: Path, found: Mapping[str, Any]) -> None:
    from vernal.report import backtest_report

    try:
        (folder / "findings.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
        (folder / "report.html").write_text(backtest_report(found))
    except OSError as error:
        raise StateError(
            f"The report could not be written to {folder}: {error}. Make room there and run it again; all models are "
            "kept."
        ) from error


def _table(found: Mapping[str, Any]) -> Table:
    """The best policy first."""
    priced = found["update_cost"] is not None
    columns = ["", "policy", "score", "updates", "promoted", "training"] + (["cost"] if priced else [])
    rows = [
        [
            "*" if one["name"] == found["best"] else "",
            one["name"],
            number(one["score"]),
            str(one["updates"]),
            str(one["promoted"]),
            duration(one["seconds"]),
            *([f"{one['cost']:,.0f}"] if priced else []),
        ]
        for one in found["policies"]
    ]
    return table(columns, rows, numbers=columns[2:])


def _add(parser: Parser) -> None:
    group = parser.add_argument_group("history")
    group.add_argument("--history", metavar="FILE", nargs="+", help="tables of the past, as paths or URLs")
    group.add_argument("--time", metavar="COLUMN", default="time", help="the column of times [default: time]")
    group.add_argument("--id", metavar="COLUMN", help="the column of ids; needed with --delay")
    group.add_argument("--label", metavar="COLUMN", help="the column of labels; needed with --delay")
    group.add_argument("--delay", metavar="SPAN", help="how long after its row a label was known, such as 1d")
    text = "how long a chunk is: a span of time or a number of rows [default: 1d]"
    group.add_argument("--chunk", metavar="SPAN|ROWS", default="1d", help=text)
    group = parser.add_argument_group("comparison")
    text = "a preset, or NAME=TRIGGER; HOW; GATE, see above; may be given several times"
    group.add_argument("--policy", dest="policies", metavar="POLICY", action="append", help=text)
    group.add_argument("--present", metavar="NAME", help="the policy in use now: what would the best one have saved?")
    text = "the time between updates now, to compare the recommended schedule with"
    group.add_argument("--present-days", metavar="DAYS", type=float, help=text)
    text = "what an update costs, in wrong answers (or units of loss): for costs, a schedule and the oracle"
    group.add_argument("--update-cost", metavar="N", type=float, help=text)
    text = "find the cheapest updates known afterwards; trains from scratch at every chunk"
    group.add_argument("--oracle", action="store_true", help=text)
    text = "where models, findings.json and report.html are kept [default: backtest]"
    group.add_argument("--folder", metavar="DIR", default="backtest", help=text)
    group.add_argument("--dry-run", action="store_true", help="only say what it may cost; trains the first model")
