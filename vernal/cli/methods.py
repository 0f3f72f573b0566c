"""List the methods: ways to learn from new data without forgetting the old.

`vernal update CONFIG --method NAME` chooses one, and its options are options of that command.

Example:
  vernal methods
"""

from __future__ import annotations

from collections.abc import Sequence

from vernal.cli.docs import first_line
from vernal.cli.parser import Parser
from vernal.cli.terminal import say, table


def run(words: Sequence[str]) -> int:
    """List all methods."""
    Parser("methods", __doc__).parse(words)
    from vernal.config import DEFAULT_METHOD
    from vernal.methods import method_names

    say(table(["method", "what it does", "options"], [_cells(name) for name in method_names()]))
    say("", f"The default is {DEFAULT_METHOD}. Options in words: vernal update --method NAME --help")
    return 0


def _cells(name: str) -> list[str]:
    from vernal.config import options_of
    from vernal.methods import method_class

    kind = method_class(name)
    options = ", ".join(f"{option.name}={option.default}" for option in options_of(kind, name))
    return [name, first_line(kind.__doc__), options]
