"""How the tour writes numbers, and puts them into columns."""

from __future__ import annotations

from collections.abc import Sequence


def percent(share: float) -> str:
    """A share, in percent."""
    return f"{100 * share:.1f}"


def points(difference: float) -> str:
    """A difference of shares, in words."""
    return f"{100 * abs(difference):.1f} points {'above' if difference >= 0 else 'below'}"


def count(n: int) -> str:
    """A number of things."""
    return f"{n:,}"


def table(title: str, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    """Lines below a title; the first row heads the columns."""
    head, *body = [line(row, widths) for row in rows]
    return "\n".join([f"[bold]{title}[/bold]", f"[dim]{head}[/dim]", *body, ""])


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells in columns: flush right, or left where the width is negative."""
    pairs = zip(cells, widths, strict=True)
    return "".join(cell.rjust(width) if width > 0 else cell.ljust(-width) for cell, width in pairs)
