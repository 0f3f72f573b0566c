"""Where data is, as people say it, as a source in one line of text."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus

from vernal.base import ConfigError, DataError

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
    scheme = _kind(place)
    if scheme == "sqlite":
        return _SQLITE.sub(lambda match: f"{match[1]}{Path(match[2]).absolute()}", place)
    if scheme in SCHEMES and scheme != "files":
        return place
    path, mark, options = place.removeprefix("files:").partition("?")
    return f"files:{path if '://' in path else _pattern(Path(path).expanduser().absolute())}{mark}{options}"


def is_database(source: str) -> bool:
    """Whether a source is a SQL database."""
    return _kind(source) in ("sqlite", "postgresql")


def with_option(source: str, name: str, value: str) -> str:
    """A source with one more option.

    Examples:
        >>> with_option(with_option("sqlite:///shop.db", "table", "events"), "id", "event id")
        'sqlite:///shop.db?table=events&id=event+id'
    """
    return f"{source}{'&' if '?' in source else '?'}{name}={quote_plus(value, safe='.')}"


def with_columns(source: str, id: str | None, time: str | None, rows: Any) -> str:
    """A source with the columns that it needs to know.

    Args:
        source: in one line of text.
        id: the column of ids.
        time: the column of times.
        rows: some of its rows, an Arrow table.

    Raises:
        ConfigError: a database, and not both of them are known.
    """
    wanted: dict[str, str | None] = {}
    if is_database(source):
        if time is None or id is None:
            raise ConfigError("Rows of a SQL table are read in the order of time and id. Name both: --time and --id.")
        wanted = {"time": time, "id": id}
    elif _kind(source) in ("files", "parquet") and time and str(rows.schema.field(time).type) != "string":
        wanted = {"time": time}
    known = parse_qs(source.partition("?")[2])
    for name, column in wanted.items():
        if column and name not in known:
            source = with_option(source, name, column)
    return source


def proposed_place() -> str | None:
    """A pattern for the tables that lie here or in a folder here, if there are any."""
    patterns = [f"{folder}*{ending}" for folder in ("*/", "") for ending in ENDINGS]
    found = [path for pattern in patterns for path in sorted(Path().glob(pattern)) if path.name[0] not in "._"]
    return f"{found[0].parent}/*{_ending(found[0])}" if found else None


def _kind(source: str) -> str:
    return source.partition(":")[0].partition("+")[0]


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
