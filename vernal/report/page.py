"""Pages from templates: one file, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vernal.report.rulers import described, shortened, spelled


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill in a template; everything but our own plots is escaped.

    Args:
        template: the name of a file in ``templates``.
        values: what it shows.
    """
    environment = Environment(
        loader=PackageLoader("vernal.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "described": described,
        "duration": duration,
        "shortened": shortened,
        "size": size,
        "spelled": spelled,
    }
    return environment.get_template(template).render(values)


def size(n_bytes: float | None) -> str:
    """A number of bytes, for people.

    Examples:
        >>> size(512), size(245_968), size(442_245_120), size(None)
        ('512 B', '246 kB', '442 MB', '–')
    """
    if n_bytes is None:
        return "–"
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"


def duration(seconds: float) -> str:
    """A length of time, for people.

    Examples:
        >>> duration(4.25), duration(125), duration(7260)
        ('4.2 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
