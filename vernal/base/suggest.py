"""Names that were probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests close names, and lists what there is.

    Examples:
        >>> did_you_mean("derp", ["er", "der", "derpp"])
        "Did you mean 'derpp' or 'der'? Available: der, derpp, er."
        >>> did_you_mean("DER++", ["er_ace", "derpp"])  # As papers spell it.
        "Did you mean 'derpp'? Available: derpp, er_ace."
        >>> did_you_mean("xyz", ["er"])
        'Available: er.'
    """
    known = sorted(known)
    by_spelling = {_plain(one): one for one in known}
    close = [by_spelling[spelling] for spelling in difflib.get_close_matches(_plain(name), by_spelling, n=2)]
    listing = f"Available: {', '.join(known)}." if known else "None is available."
    if not close:
        return listing
    return f"Did you mean {' or '.join(repr(match) for match in close)}? {listing}"


def _plain(name: str) -> str:
    """A spelling in which capitals, dashes and pluses do not matter."""
    return name.lower().replace("-", "_").replace("+", "p")
