"""List the methods: ways to learn from new data without forgetting the old; and the terms that go with any of them.

`vernal update CONFIG --method NAME` chooses one, and its options are options of that command. `--term NAME` adds to
its loss.

Example:
  vernal methods
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vernal.cli.docs import first_line
from vernal.cli.parser import Parser
from vernal.cli.terminal import say, table

if TYPE_CHECKING:
    from vernal.methods import Method, Term


def run(words: Sequence[str]) -> int:
    """List all methods."""
    Parser("methods", __doc__).parse(words)
    from vernal.config import DEFAULT_METHOD
    from vernal.methods import method_class, method_names, term_class, term_names

    methods = [_cells(name, method_class(name)) for name in method_names()]
    terms = [_cells(name, term_class(name)) for name in term_names()]
    say(table(["method", "what it does", "options"], methods), "")
    say(table(["term", "what it does", "options"], terms))
    say("", f"The default is {DEFAULT_METHOD}. Options in words: vernal update --method NAME --help")
    return 0


def _cells(name: str, kind: type[Method | Term]) -> list[str]:
    from vernal.config import options_of

    options = ", ".join(f"{option.name}={option.default}" for option in options_of(kind, name))
    return [name, first_line(kind.__doc__), options]
