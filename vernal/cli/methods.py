"""List the methods: ways to learn from new data without forgetting the old; and the terms that go with any of them.

Without a name it lists all, family by family: what each does, the tasks that it serves, what it keeps from one update
to the next beside the weights, its passes, and its options. With a name it says everything about one.

Passes are the rows that go through a network, forward/backward, for each row that an epoch walks through, if as many
rows are replayed: what an update costs, beside fine-tuning with 1/1. Most methods walk through the new rows; budgeted,
gdumb and joint walk through those in memory as well, or instead.

`vernal update CONFIG --method NAME` chooses a method, and its options are options of that command. `--term NAME` adds
a term to its loss.

Examples:
  vernal methods
  vernal methods er_ace
  vernal methods --task ranking
  vernal methods --json
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from vernal.cli.cards import FAMILIES, Entry, entries, entry_of, names_in_text, references
from vernal.cli.docs import argument_docs, plain
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import console, say, say_json, table

if TYPE_CHECKING:
    from rich.table import Table

TABLE_WIDTH = 140  # A narrower terminal gets a list.
TEXT_WIDTH = 100
KEEPS_WIDTH = 28
PASSES = (
    "Passes: rows through a network, forward/backward, for each row that an epoch walks through, if as many are "
    "replayed; an epoch is the new rows, in budgeted, gdumb and joint those in memory, too."
)


def run(words: Sequence[str]) -> int:
    """List all methods and terms, or show one."""
    parser = Parser("methods", __doc__, "[NAME]")
    parser.add_argument("name", metavar="NAME", nargs="?", help="show everything about this method or term")
    parser.add_argument("--task", metavar="TASK", help="list only those that serve this task, e.g. regression")
    parser.add_argument("--json", action="store_true", help="print all facts as JSON")
    values = parser.parse(words)
    if values.name and values.task:
        raise UsageError("`vernal methods` takes a name or --task, not both. The card of a method names its tasks.")
    if values.name:
        _show(entry_of(values.name), as_json=values.json)
    else:
        _list(entries(values.task), as_json=values.json)
    return 0


def _list(listed: list[Entry], *, as_json: bool) -> None:
    from vernal.config import DEFAULT_METHOD

    if as_json:
        say_json([entry.facts() for entry in listed])
        return
    say(*([_table(listed)] if console().width >= TABLE_WIDTH else _lines(listed)))
    say("", fill(PASSES, _width()))
    say(f"The default is {DEFAULT_METHOD}. Everything about one: vernal methods NAME")


def _table(listed: list[Entry]) -> Table:
    rows = [
        [
            _if_first(entry, listed),
            entry.name,
            f"{entry.what}\n  {entry.defaults or 'no options'}",
            entry.tasks.replace(", ", ",\n"),
            fill(entry.card.keeps, KEEPS_WIDTH),
            entry.cost,
        ]
        for entry in listed
    ]
    return table(["family", "name", "what it does", "tasks", "keeps", "passes"], rows)


def _if_first(entry: Entry, listed: list[Entry]) -> str:
    """The family, if it is the first of it."""
    family = entry.card.group
    return family if entry is next(e for e in listed if e.card.group == family) else ""


def _lines(listed: list[Entry]) -> Iterator[str]:
    """A heading for each family, and a few lines for each of its methods."""
    indent = " " * (max(len(entry.name) for entry in listed) + 4)
    for entry in listed:
        if family := _if_first(entry, listed):
            yield from ([] if entry is listed[0] else [""])
            yield fill(f"{family.upper()}: {FAMILIES.get(family, '')}", _width(), subsequent_indent="  ")
        first = f"  {entry.name}".ljust(len(indent))
        facts = f"tasks: {entry.tasks}; keeps {entry.card.keeps}; passes {entry.cost}"
        yield fill(entry.what, _width(), initial_indent=first, subsequent_indent=indent)
        for line in (facts, entry.defaults or "no options"):
            yield fill(line, _width(), initial_indent=indent, subsequent_indent=f"{indent}  ")


def _show(entry: Entry, *, as_json: bool) -> None:
    if as_json:
        say_json(entry.facts())
    else:
        say(*_card(entry))


def _card(entry: Entry) -> Iterator[str]:
    """Everything about one, in paragraphs."""
    card = entry.card
    yield f"{entry.name}: {'a term of the loss' if entry.is_term else f'a method, {card.group}'}"
    for text, is_formula in [(entry.what, False), *entry.text]:
        yield from ("", _filled(text, 4 if is_formula else 0))
    facts = {
        "when": card.when,
        "tasks": entry.tasks,
        "keeps": card.keeps,
        "fresh weights": entry.with_fresh_weights,
        "passes": entry.cost,
        "once an update": card.once,
        "worth tuning": entry.worth_tuning,
    }
    yield ""
    yield from (_filled(f"{name:<16}{plain(fact)}", 0, hanging=16) for name, fact in facts.items() if fact)
    yield from _options(entry)
    names = names_in_text()
    for heading in ("Attributes", "Deviations"):
        if section := entry.sections.get(heading):
            yield from ("", heading, _filled(plain(section, names), 2))
    if cited := references(entry.sections.get("References", "")):
        yield from ("", "References", *(_filled(entry, 2, hanging=6) for entry in cited))
    yield from ("", f"Use it: vernal update CONFIG --{'term' if entry.is_term else 'method'} {entry.name}")


def _options(entry: Entry) -> Iterator[str]:
    docs, names = argument_docs(entry.kind.__doc__), names_in_text()
    yield from ("", "Options" if entry.options else "It has no options.")
    for option in entry.options:
        yield f"  {option.name}={option.default}"
        yield _filled(plain(docs.get(option.name, ""), names), 6)


def _filled(text: str, indent: int, hanging: int | None = None) -> str:
    after = " " * (indent if hanging is None else hanging)
    return fill(text, _width(), initial_indent=" " * indent, subsequent_indent=after, break_on_hyphens=False)


def _width() -> int:
    return min(console().width, TEXT_WIDTH)
