"""Lineage as lines and dots, one text for each record."""

from __future__ import annotations

from collections.abc import Iterable

_PLAIN = str.maketrans("●│─╯┴┼", "*|-'-+")


def graph(lines: Iterable[tuple[str, str | None]], plain: bool = False) -> list[str]:
    """Draw what comes from what.

    Args:
        lines: the ids of a record and of its parent, None for a first one; children before their parents.
        plain: whether only letters of ASCII can be shown.

    Examples:
        >>> print("\\n".join(graph([("d", "b"), ("c", "b"), ("x", None), ("b", "a"), ("a", None)])))
        ●
        │ ●
        │ │ ●
        ●─╯
        ●
    """
    awaited: list[str | None] = []  # In each column the record that its line leads to; None where it is free.
    drawn = []
    for id, parent in lines:
        if id not in awaited:
            place = awaited.index(None) if None in awaited else len(awaited)
            awaited[place : place + 1] = [id]
        row = _row(awaited, id)
        drawn.append(row.translate(_PLAIN) if plain else row)
        place = awaited.index(id)
        awaited = [None if one == id else one for one in awaited]
        awaited[place] = parent
    return drawn


def _row(awaited: list[str | None], id: str) -> str:
    """The dot of a record, to which all lines that lead to it come together, and the lines that pass it by."""
    places = [place for place, one in enumerate(awaited) if one == id]
    first, last = places[0], places[-1]
    cells = [_cell(one, one == id, first <= place < last) for place, one in enumerate(awaited)]
    cells[first] = "●" + cells[first][1]
    cells[last] = cells[last] if first == last else "╯ "
    return "".join(cells).rstrip()


def _cell(awaited: str | None, ends: bool, crossed: bool) -> str:
    if crossed:
        return "┴─" if ends else "──" if awaited is None else "┼─"
    return "  " if awaited is None else "│ "
