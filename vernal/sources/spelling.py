"""Sources as people type them."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl

from vernal.base import ConfigError, did_you_mean
from vernal.sources.files import Files
from vernal.sources.kafka import Kafka
from vernal.sources.nats import Nats
from vernal.sources.parquet_table import ParquetTable
from vernal.sources.replay import Replay
from vernal.sources.secret import hidden
from vernal.sources.source import Source
from vernal.sources.table import Table

Options = dict[str, Any]


def read_source(text: str) -> Source:
    """A source from one line of text, ``scheme:place?option=value&option=value``.

    ======================================================== ==============
    ``files:/data/in/*.parquet?settle=1min``                  `Files`
    ``parquet:s3://bucket/events?time=at``                    `ParquetTable`
    ``sqlite:///x.db?table=events&time=at&id=id``             `Table`
    ``postgresql://user@host/db?table=events&time=at&id=id``  `Table`
    ``kafka://host:9092,other:9092/topic``                    `Kafka`
    ``nats://host:4222/stream?subject=clicks.>``              `Nats`
    ``replay:/data/history.parquet?time=at``                  `Replay`
    ======================================================== ==============

    Options are the fields of the class; `time` and `id` are short for the columns. What a text cannot say, such as a
    function that decodes messages, or passwords that nobody should type, is said in Python.

    Raises:
        ConfigError: an unknown scheme or option, or a missing part. The message shows no password.

    Examples:
        >>> read_source("files:/data/in/*.csv?settle=1min")
        Files(path='/data/in', pattern='*.csv', settle='1min', late='2d', time_column=None)
        >>> read_source("kafak://host/topic")
        Traceback (most recent call last):
        ...
        vernal.base.errors.ConfigError: 'kafak://host/topic' begins with no kind of source. Did you mean 'kafka'? \
Available: files, kafka, nats, parquet, postgresql, replay, sqlite.
    """
    scheme, colon, rest = text.partition(":")
    kind = scheme.partition("+")[0]
    if not colon or kind not in _KINDS:
        raise ConfigError(f"{hidden(text)!r} begins with no kind of source. {did_you_mean(kind, _KINDS)}")
    place, _, query = rest.partition("?")
    return _KINDS[kind](text, scheme, place, _options(text, query))


def _files(text: str, scheme: str, place: str, options: Options) -> Source:
    del scheme
    _need(text, place, "a folder and a pattern, as files:/data/in/*.parquet has")
    parts = place.split("/")
    fixed = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    folder = "/".join(parts[:fixed]) or ("/" if place.startswith("/") else ".")
    return _make(Files, text, options, {"path": folder, "pattern": "/".join(parts[fixed:]) or "*.parquet"})


def _parquet(text: str, scheme: str, place: str, options: Options) -> Source:
    del scheme
    _need(text, place, "a path, as parquet:/data/events.parquet has")
    return _make(ParquetTable, text, options, {"path": place})


def _replay(text: str, scheme: str, place: str, options: Options) -> Source:
    del scheme
    _need(text, place, "a path, as replay:/data/history.parquet has")
    return _make(Replay, text, options, {"history": place})


def _database(text: str, scheme: str, place: str, options: Options) -> Source:
    _need(text, str(options.get("table") or options.get("query") or ""), "`table=` or `query=` behind a question mark")
    return _make(Table, text, options, {"url": f"{scheme}:{place}"})


def _kafka(text: str, scheme: str, place: str, options: Options) -> Source:
    del scheme
    servers, topic = _host_and_name(text, place, "kafka://host:9092/topic")
    return _make(Kafka, text, options, {"topic": topic, "servers": servers})


def _nats(text: str, scheme: str, place: str, options: Options) -> Source:
    servers, stream = _host_and_name(text, place, "nats://host:4222/stream")
    return _make(Nats, text, options, {"stream": stream, "url": f"{scheme}://{servers}"})


_KINDS: Mapping[str, Callable[[str, str, str, Options], Source]] = {
    "files": _files,
    "kafka": _kafka,
    "nats": _nats,
    "parquet": _parquet,
    "postgresql": _database,
    "replay": _replay,
    "sqlite": _database,
}
_SHORT = {"time": "time_column", "id": "id_column"}
_WHOLE = {"max_rows"}
_YES_NO = {"skip_lost"}
_NOT_AS_TEXT = {"decode", "settings"}


def _host_and_name(text: str, place: str, example: str) -> tuple[str, str]:
    hosts, _, name = place.removeprefix("//").rpartition("/")
    if not place.startswith("//") or not hosts or not name:
        raise ConfigError(f"{hidden(text)!r} lacks a host or a name. Write it as {example}.")
    return hosts, name


def _need(text: str, part: str, what: str) -> None:
    if not part:
        raise ConfigError(f"{hidden(text)!r} lacks {what}.")


def _options(text: str, query: str) -> Options:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ConfigError(f"{hidden(text)!r}: options are written ?name=value&name=value.") from None
    return {_SHORT.get(name, name): _value(name, value) for name, value in pairs}


def _value(name: str, value: str) -> Any:
    if name in _WHOLE:
        if not value.isdecimal():
            raise ConfigError(f"`{name}` must be a whole number, got {value!r}.")
        return int(value)
    if name in _YES_NO:
        if value not in ("true", "false"):
            raise ConfigError(f"`{name}` must be true or false, got {value!r}.")
        return value == "true"
    return value


def _make(kind: type[Any], text: str, options: Options, place: Options) -> Source:
    allowed = {field.name for field in fields(kind)} - place.keys() - _NOT_AS_TEXT
    for name in options:
        if name not in allowed:
            long = {full: short for short, full in _SHORT.items()}
            known = [long.get(one, one) for one in allowed]
            raise ConfigError(f"{hidden(text)!r} has an unknown option {name!r}. {did_you_mean(name, known)}")
    source = kind(**place, **options)
    assert isinstance(source, Source)
    return source
