"""What docstrings say: the first line, the parts, the arguments; as plain text for a terminal."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Mapping

from vernal.cli.formula import plain_formula

_CITATION = re.compile(r" \[\d+\]_")
_ARGUMENT = re.compile(r"    (\w+)(?: \([^)]*\))?: (.*)")
_HEADING = re.compile(r"(Args|Attributes|Deviations|Examples|Raises|References|Returns|Yields):")
_DIRECTIVE = ".. math::"


def argument_docs(docstring: str | None) -> dict[str, str]:
    """The texts of the ``Args`` section of a Google-style docstring, by argument, each on one line of plain text.

    Examples:
        >>> def fit(lr, epochs):
        ...     '''Fit.
        ...
        ...     Args:
        ...         lr: the learning rate,
        ...             at least 0.
        ...         epochs (int): how many.
        ...
        ...     Returns:
        ...         something: else.
        ...     '''
        >>> argument_docs(fit.__doc__)
        {'lr': 'the learning rate, at least 0.', 'epochs': 'how many.'}
    """
    return {name: plain(text) for name, text in marked_arguments(docstring).items()}


def marked_arguments(docstring: str | None) -> dict[str, str]:
    """The same with the markup that they have."""
    docs: dict[str, str] = {}
    inside, name = False, ""
    for line in inspect.cleandoc(docstring or "").splitlines():
        if line and not line.startswith(" "):
            inside = line == "Args:"
        elif inside and (match := _ARGUMENT.fullmatch(line)):
            name = match[1]
            docs[name] = match[2].strip()
        elif inside and name and line.strip():
            docs[name] += f" {line.strip()}"
    return docs


def first_line(docstring: str | None) -> str:
    """The first line of a docstring, without marks of citations; empty if there is none.

    Examples:
        >>> first_line("Experience replay [1]_." + chr(10) + "More.")
        'Experience replay.'
    """
    return _CITATION.sub("", (docstring or "").strip().partition("\n")[0])


def sections(docstring: str | None) -> dict[str, str]:
    """The parts of a Google-style docstring by heading, without their indentation; ``""`` is what comes before any.

    Examples:
        >>> sections("Do it." + chr(10) + "Raises:" + chr(10) + "    OSError: no.")
        {'': 'Do it.', 'Raises': 'OSError: no.'}
    """
    parts: dict[str, list[str]] = {"": []}
    lines = parts[""]
    for line in inspect.cleandoc(docstring or "").splitlines():
        if match := _HEADING.fullmatch(line):
            lines = parts.setdefault(match[1], [])
        else:
            lines.append(line)
    return {name: textwrap.dedent("\n".join(lines)).strip() for name, lines in parts.items()}


def blocks(text: str) -> list[tuple[str, bool]]:
    """The paragraphs of a text, each on one line; with each, whether it is a formula.

    Examples:
        >>> blocks("The loss" + chr(10) + "is" + chr(10) * 2 + ".. math::" + chr(10) + "    x^2")
        [('The loss is', False), ('x^2', True)]
    """
    found = []
    for block in re.split(r"\n\s*\n", text):
        line = " ".join(block.split())
        found.append((line.removeprefix(_DIRECTIVE).strip(), line.startswith(_DIRECTIVE)))
    return found


def plain(text: str, names: Mapping[str, str] | None = None) -> str:
    """Text without markup.

    Args:
        text: what a docstring says.
        names: other names for what stands in backticks, such as classes.

    Examples:
        >>> plain(r"``x`` of [1]_ is as `vernal.methods.ER`, with :math:`\\lambda`", {"vernal.methods.ER": "er"})
        'x of [1] is as er, with λ'
    """
    text = re.sub(r":math:`([^`]*)`", lambda match: plain_formula(match[1]), text).replace("]_", "]")
    return re.sub(r"`+([^`]*)`+", lambda match: (names or {}).get(match[1], match[1]), text)
