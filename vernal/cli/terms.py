"""What can be added to the loss of a method, in words."""

from __future__ import annotations

from textwrap import fill

from vernal.cli.docs import argument_docs, first_line

WIDTH = 100


def terms_help() -> str:
    """All terms with their options, for the help of a command.

    Examples:
        >>> print(terms_help().splitlines()[0])
        What --term adds to the loss of any method, for example: --term distil:weight=0.5,temperature=4
    """
    from vernal.methods import term_names

    example = "--term distil:weight=0.5,temperature=4"
    return "\n".join([f"What --term adds to the loss of any method, for example: {example}", *map(_told, term_names())])


def _told(name: str) -> str:
    from vernal.config import options_of
    from vernal.methods import term_class

    kind = term_class(name)
    docs = argument_docs(kind.__doc__)
    what = fill(f"{name}: {first_line(kind.__doc__)}", WIDTH, subsequent_indent="  ")
    when = fill(kind.card.when, WIDTH, initial_indent="  ", subsequent_indent="  ")
    options = [
        fill(f"{o.name}={o.default}  {docs[o.name]}", WIDTH, initial_indent="    ", subsequent_indent="      ")
        for o in options_of(kind, name)
    ]
    return "\n".join(["", what, when, *options])
