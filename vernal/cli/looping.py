"""What the commands of a loop share: the options of a policy, and how a turn is told."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from vernal.base import ConfigError
from vernal.cli.parser import Parser

if TYPE_CHECKING:
    from vernal.cli.line import Line
    from vernal.ledger import Decided
    from vernal.loop import Policy, Turn

SOURCES = "folder/*.parquet, parquet:s3://bucket/table, kafka://host:9092/topic, nats://host:4222/stream, sqlite:///file.db?table=..."


def add_policy(parser: Parser) -> None:
    """Offer what a policy is made of; each option takes the place of what `policy_fn` of the config file says."""
    group = parser.add_argument_group(
        "policy",
        "What to do with new data. `policy_fn` of the config file says it all; or a preset and a source do; options "
        "take the place of parts. See: docs/loop.md",
    )
    group.add_argument("--preset", metavar="NAME", help="manual, scheduled, stateful or continual")
    text = f"where rows come from, may be given several times: {SOURCES}"
    group.add_argument("--source", dest="sources", metavar="[NAME=]SOURCE", action="append", help=text)
    group.add_argument(
        "--trigger", metavar="TRIGGER", help="when an update is worth it: \"rows(1000) | cron('0 2 * * *')\""
    )
    group.add_argument("--gate", metavar="GATE", help='when a challenger takes over: "not_worse(margin=0.01)"; or none')
    group.add_argument("--calibrate", metavar="TRIGGER", help="when to train from scratch beside, as a challenger")
    group.add_argument("--learn", metavar="HOW", help="stateful (from the champion) or scratch (on all rows)")
    group.add_argument("--loop", metavar="NAME", default="main", help="which loop of the store [default: main]")


def policy_of_line(line: Line) -> Policy:
    """The policy that a command line and its config file describe.

    Raises:
        ConfigError: neither says where rows come from; or a part cannot be read; or the config file takes no window.
    """
    from vernal.config import resolve
    from vernal.loop import check_window, policy_of, preset

    values, resolved = line.values, resolve(line.plan)
    check_window(resolved)
    found, sources = policy_of(resolved), _sources(values.sources or [])
    if found is None and not sources:
        raise ConfigError(
            "Nobody says where new rows come from. Name a source, for example --source 'in/*.parquet'; or let "
            "`policy_fn` of the config file give a Policy. `vernal init` writes one."
        )
    if found is None:
        policy = preset(values.preset or "continual", sources)
        if values.trigger and not values.preset:  # Who says when, means that and nothing beside it.
            policy = dataclasses.replace(policy, calibrate=None)
    else:
        policy = found if values.preset is None else _of_stage(found, preset(values.preset, found.sources))
    parts = ({"sources": sources} if sources else {}) | _parts(values)
    return dataclasses.replace(policy, **parts)


def _of_stage(policy: Policy, stage: Policy) -> Policy:
    """A policy that goes by a preset: when it updates and what it learns; where rows and labels come from, stays."""
    return dataclasses.replace(policy, trigger=stage.trigger, learn=stage.learn, calibrate=stage.calibrate)


def turn_told(turn: Turn) -> list[str]:
    """What a turn came to, a line for each decision."""
    lines = [f"{_who(one):<8} {one.outcome:<12} {one.why}" for one in turn.decisions]
    lines = lines or ["Nothing new. (Files in a folder count once nobody has written to them for a few seconds.)"]
    if turn.champion is None and turn.outcome == "kept" and not turn.waiting:
        lines.append("There is no model yet. To make a first one of what is there: vernal run-once ... --now")
    if turn.waiting:
        lines.append(f"{turn.waiting:,} rows wait until their labels count.")
    if turn.aside:
        lines.append(f"{turn.aside:,} rows are set aside; to learn them after all: vernal run-once ... --relearn")
    return lines


def _who(decided: Decided) -> str:
    return "scratch" if decided.subject.startswith("calibrate: ") else decided.kind


def turn_json(turn: Turn) -> dict[str, Any]:
    """A turn as plain values."""
    return {
        "outcome": turn.outcome,
        "champion": turn.champion,
        "rows": turn.rows,
        "waiting": turn.waiting,
        "aside": turn.aside,
        "updates": [one.id for one in turn.challengers],
        "decisions": [
            {"time": one.time.isoformat(), "kind": one.kind, "subject": one.subject} | one.decision.to_json()
            for one in turn.decisions
        ],
    }


def _sources(texts: list[str]) -> dict[str, Any]:
    from vernal.sources import read_source

    found = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        named = bool(equals) and name.isidentifier()
        address = rest if named else text
        source = read_source(address if ":" in address else f"files:{address}")
        key = name if named else source.name
        if key in found:
            raise ConfigError(f"Two sources are called {key!r}. Name them: --source web={text} --source app=...")
        found[key] = source
    return found


def _parts(values: Namespace) -> dict[str, Any]:
    from vernal.gate import read_gate
    from vernal.triggers import read_trigger

    parts: dict[str, Any] = {}
    for name in ("trigger", "calibrate"):
        if (text := getattr(values, name)) is not None:
            parts[name] = read_trigger(text)
    if values.gate is not None:
        parts["gate"] = None if values.gate == "none" else dataclasses.replace(read_gate(values.gate), first="promote")
    if values.learn is not None:
        parts["learn"] = values.learn
    return parts
