"""Printing: results go to standard output, everything else to standard error."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 240  # Where nobody looks, nothing is wrapped or cut off.
_UNITS = ("B", "KB", "MB", "GB", "TB")


def console(*, stderr: bool = False) -> Console:
    """Where to print; plain text where it is no terminal."""
    from rich.console import Console

    printer = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return printer if printer.is_terminal else Console(
        stderr=stderr, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH
    )  # fmt: skip


def say(*parts: str | Table) -> None:
    """Print results, each on lines of its own."""
    printer = console()
    with printer.capture() as capture:
        for part in parts:
            printer.print(part, soft_wrap=isinstance(part, str))
    lines = capture.get().splitlines()
    printer.file.write("\n".join(line.rstrip() for line in lines) + "\n")


def say_json(value: Any) -> None:
    """Print plain values for another program."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[str] = ()) -> Table:
    """A table.

    Args:
        columns: the headings.
        rows: the cells.
        numbers: headings of the columns that are flush right.
    """
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def pairs(facts: Mapping[str, str]) -> Table:
    """Names and values in two columns."""
    from rich.table import Table

    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in facts.items():
        made.add_row(name, value)
    return made


def number(value: float | None) -> str:
    """A measured number; empty if there is none.

    Examples:
        >>> number(0.8585548), number(1234.5678), number(None)
        ('0.8586', '1235', '')
    """
    if value is None:
        return ""
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.4g}"


def change(before: float | None, after: float | None) -> str:
    """How much a number has changed; empty if there is none to compare.

    Examples:
        >>> change(0.5, 0.75)
        '+0.2500'
        >>> change(None, 0.75)
        ''
    """
    if before is None or after is None:
        return ""
    difference = number(after - before)
    return difference if difference.startswith("-") else f"+{difference}"


def duration(seconds: float) -> str:
    """A length of time in the units that people use.

    Examples:
        >>> duration(0.2746), duration(75), duration(7380)
        ('0.27 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(n_bytes: float) -> str:
    """An amount of memory in the units that people use.

    Examples:
        >>> size(80), size(135936), size(437977088)
        ('80 B', '136 KB', '438 MB')
    """
    unit = 0
    while n_bytes >= 1000 and unit < len(_UNITS) - 1:
        n_bytes, unit = n_bytes / 1000, unit + 1
    return f"{n_bytes:.0f} {_UNITS[unit]}"
