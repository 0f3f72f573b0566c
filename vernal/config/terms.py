"""Terms of the loss, from what a user writes: ``distil:weight=0.5,temperature=2``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vernal.base import ConfigError, Problem
from vernal.config.options import options_of, read_options
from vernal.methods import Term, term_class

SPELLING = "NAME[:OPTION=VALUE,...]"


def make_term(text: str) -> Term:
    """A term by name, with options as text.

    Raises:
        ConfigError: an unknown name, an unknown option, a value that does not fit, or something that is spelled
            otherwise than `SPELLING`.

    Examples:
        >>> make_term("distil:weight=0.5,temperature=4")
        Distil(weight=0.5, temperature=4.0)
    """
    name, colon, rest = text.partition(":")
    kind = term_class(name.strip())
    given = _options(text, rest) if colon else {}
    return kind(**read_options(options_of(kind, name), given, f"term {name}"))


def make_terms(values: Sequence[Term | str]) -> tuple[Term, ...]:
    """Several terms, each given as one or as text.

    Raises:
        ConfigError: some cannot be made; everything that is wrong with any of them.
    """
    terms, problems = [], []
    for value in values:
        try:
            terms.append(value if isinstance(value, Term) else make_term(value))
        except ConfigError as error:
            problems += [Problem("terms", p.what, p.fix) if p.where == "config" else p for p in error.problems]
    if problems:
        raise ConfigError(problems)
    return tuple(terms)


def _options(text: str, rest: str) -> Mapping[str, Any]:
    pairs = [part.partition("=") for part in rest.split(",")]
    if not all(name.strip() and equals and value.strip() for name, equals, value in pairs):
        raise ConfigError(f"{text!r} is not spelled like a term: {SPELLING}, e.g. distil:weight=0.5,temperature=2.")
    return {name.strip(): value.strip() for name, _, value in pairs}
