"""Write the card of every method and every term, and their table of contents, from their docstrings and facts.

    python docs/methods/generate.py                                          # or: make cards
    python docs/methods/generate.py --results bench/results/quality.jsonl    # the measured tables in which.md, too

A test holds that the pages in this folder are those that this writes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from vernal.cli.cards import FAMILIES, Entry, entries, names_in_text, references
from vernal.cli.docs import blocks, marked_arguments
from vernal.cli.flags import flag

FOLDER = Path(__file__).parent
QUALITY = FOLDER.parents[1] / "bench" / "quality.py"
RESULTS = re.compile(r"(<!-- results -->\n).*(<!-- /results -->)", re.DOTALL)
CONTENTS = """\
# Methods and terms

How a model learns from a new chunk without forgetting the earlier ones. [Which method when](which.md) says what each is
worth on real streams. `vernal methods` prints this table, `vernal methods NAME` a card.

A method of your own is a dataclass with a `loss(step)`: see [the config file](../config.md#a-method-of-your-own); for
terms see [terms of the loss](../terms.md).

*Passes* are the rows that go through a network, forward/backward, for each row that an epoch walks through, if as many
rows are replayed: fine-tuning has 1/1. Most methods walk through the new rows; `budgeted`, `gdumb` and `joint` walk
through those in memory as well, or instead. Passes of a term come on top of the method's. *Keeps* is what goes from one
update to the next beside the weights."""


def pages() -> dict[str, str]:
    """All pages that are generated, by the name of the file."""
    listed = entries()
    links = _links(listed)
    cards = {f"{entry.name}.md": _page(_card(entry, links)) for entry in listed}
    return {"README.md": _page(_contents(listed, links)), **cards}


def with_results(page: str, tables: str) -> str:
    """A page with other tables between its two marks."""
    filled, places = RESULTS.subn(lambda marks: f"{marks[1]}\n{tables.strip()}\n\n{marks[2]}", page)
    if places != 1:
        raise ValueError("The page must have one place for tables: <!-- results --> and, below, <!-- /results -->.")
    return filled


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--results", type=Path, metavar="FILE", help="what bench/quality.py has measured")
    results = parser.parse_args().results
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    if results:
        which = FOLDER / "which.md"
        which.write_text(with_results(which.read_text(encoding="utf-8"), _measured(results)), encoding="utf-8")


def _measured(results: Path) -> str:
    command = [sys.executable, str(QUALITY), "--show", "--out", str(results)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own script


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _contents(listed: list[Entry], links: Mapping[str, str]) -> Iterator[str]:
    yield f"<!-- Written by {Path(__file__).name}: edit the docstrings, then `make cards`. -->\n\n{CONTENTS}"
    for family, what in FAMILIES.items():
        own = [entry for entry in listed if entry.card.group == family]
        yield f"## {family.capitalize()}: {what.replace('--term', '`--term`')}"
        header = ("", "what it does", "tasks", "keeps", "passes", "when")
        yield _table(header, [_row(entry, links) for entry in own])


def _row(entry: Entry, links: Mapping[str, str]) -> tuple[str, ...]:
    card = entry.card
    return (
        f"[`{entry.name}`]({entry.name}.md)",
        entry.what,
        entry.tasks,
        card.keeps,
        entry.cost,
        _md(card.when, links),
    )


def _card(entry: Entry, all_links: Mapping[str, str]) -> Iterator[str]:
    card, links = entry.card, {name: link for name, link in all_links.items() if f"({entry.name}.md)" not in link}
    yield f"<!-- Written by {Path(__file__).name}: edit the docstring, then `make cards`. -->\n\n# {entry.name}"
    paragraphs = blocks(entry.sections[""])
    yield _md(paragraphs[0][0], links)
    facts = {
        "when": _md(card.when, links),
        "tasks": entry.tasks,
        "keeps": card.keeps,
        "with fresh weights": entry.with_fresh_weights,
        "passes": entry.cost,
        "once an update": _md(card.once, links),
        "worth tuning": _md(entry.worth_tuning, links),
    }
    family = f"{card.group}, [all methods](README.md)"
    yield _table(("family", family), [(name, fact) for name, fact in facts.items() if fact])
    yield from (_math(text) if is_formula else _md(text, links) for text, is_formula in paragraphs[1:])
    yield from _options(entry, links)
    for heading, title in {"Attributes": "From Python", "Deviations": "Deviations from the paper"}.items():
        if text := re.sub(r"^(\w+): ", r"``\1``: ", entry.sections.get(heading, "")):
            yield from (f"## {title}", *(_md(paragraph, links) for paragraph, _ in blocks(text)))
    if cited := references(entry.sections.get("References", "")):
        yield "## References"
        yield "\n".join(f"- {reference}" for reference in cited)


def _options(entry: Entry, links: Mapping[str, str]) -> Iterator[str]:
    if not entry.options:
        yield f"It has no options.\n\n```sh\nvernal update config.py --method {entry.name}\n```"
        return
    docs = marked_arguments(entry.kind.__doc__)
    yield "## Options"
    yield _table(
        ("option", "default", "meaning"),
        [(f"`{o.name}`", f"`{o.default}`", _md(docs.get(o.name, ""), links)) for o in entry.options],
    )
    option, kind = entry.options[0], entry.kind.__name__
    shell = f"--term {entry.name}:{option.name}={option.default}"
    if not entry.is_term:
        shell = f"--method {entry.name} {flag(option.name)} {'1000' if option.default is None else option.default}"
    value = f'"{option.default}"' if isinstance(option.default, str) else option.default
    python = f"{kind}({option.name}={value})"
    plan = f"terms=[{python}]" if entry.is_term else f"method={python}"
    yield f"```sh\nvernal update config.py {shell}\n```"
    yield f'```python\nimport vernal\nfrom vernal.methods import {kind}\n\nplan = vernal.Plan("config.py", {plan})\n```'


def _links(listed: list[Entry]) -> dict[str, str]:
    """What stands for a method or a term in docstrings: a link to its card."""
    names = names_in_text() | {entry.name: entry.name for entry in listed}
    return {said: f"[`{name}`]({name}.md)" for said, name in names.items()}


def _md(text: str, links: Mapping[str, str]) -> str:
    """Markup of docstrings as Markdown, on one line."""
    line = " ".join(text.split()).replace("``", "`").replace("]_", "]")
    line = re.sub(r":math:`([^`]*)`", r"$`\1`$", line)
    return re.sub(r"`([^`$]+)`", lambda code: links.get(code[1], code[0]), line)


def _math(latex: str) -> str:
    return f"```math\n{latex}\n```"


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [[cell.replace("|", "\\|") for cell in row] for row in [header, *rows]]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
