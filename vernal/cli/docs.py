"""What docstrings say about arguments."""

from __future__ import annotations

import inspect
import re

_CITATION = re.compile(r" \[\d+\]_")
_ARGUMENT = re.compile(r"    (\w+)(?: \([^)]*\))?: (.*)")


def argument_docs(docstring: str | None) -> dict[str, str]:
    """The texts of the ``Args`` section of a Google-style docstring, by argument, each on one line.

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
    return {name: text.replace("``", "").replace("`", "") for name, text in docs.items()}


def first_line(docstring: str | None) -> str:
    """The first line of a docstring, without marks of citations; empty if there is none.

    Examples:
        >>> first_line("Experience replay [1]_." + chr(10) + "More.")
        'Experience replay.'
    """
    return _CITATION.sub("", (docstring or "").strip().partition("\n")[0])
