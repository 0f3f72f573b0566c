"""Where data is, as people say it, as a source in one line of text."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from vernal.base import DataError

SCHEMES = ("files", "parquet", "sqlite", "postgresql", "kafka", "nats", "replay")
_SQLITE = re.compile(r"(sqlite[^:]*:///)([^?]+)")
ENDINGS = (".parquet", ".csv", ".csv.gz", ".arrow", ".feather")


def source_text(place: str) -> str:
    """A source from a folder, a pattern, a file in a folder, a URL, or a source already.

    Local paths become absolute ones, so that a scheduler may start anywhere.

    Raises:
        DataError: a folder without tables.

    Examples:
        >>> source_text("kafka://host:9092/clicks")
        'kafka://host:9092/clicks'
        >>> source_text("s3://bucket/in/*.csv")
        'files:s3://bucket/in/*.csv'
        >>> source_text("/data/in/*.parquet")
        'files:/data/in/*.parquet'
    """
    scheme = place.partition(":")[0].partition("+")[0]
    if scheme == "sqlite":
        return _SQLITE.sub(lambda match: f"{match[1]}{Path(match[2]).absolute()}", place)
    if scheme in SCHEMES and scheme != "files":
        return place
    path, mark, options = place.removeprefix("files:").partition("?")
    return f"files:{path if '://' in path else _pattern(Path(path).expanduser().absolute())}{mark}{options}"


def proposed_place() -> str | None:
    """A pattern for the tables that lie in a folder here, if there are any."""
    here = Path()
    found = [path for folder in (*sorted(here.iterdir()), here) if folder.is_dir() for path in _tables(folder)]
    return f"{found[0].parent}/*{_ending(found[0])}" if found else None


def _pattern(path: Path) -> str:
    """A folder stands for the tables in it, and one file for all of its kind beside it."""
    if path.is_file():
        return f"{path.parent}/*{_ending(path)}"
    if not path.is_dir():
        return str(path)
    endings = Counter(_ending(file) for file in _tables(path))
    if not endings:
        raise DataError(f"{path} holds no tables yet ({', '.join(ENDINGS)}). Put a first one there.")
    return f"{path}/*{endings.most_common(1)[0][0]}"


def _tables(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and _ending(path) and path.name[0] not in "._")


def _ending(path: Path) -> str:
    return next((ending for ending in ENDINGS if path.name.endswith(ending)), "")
