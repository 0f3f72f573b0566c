"""Where new data comes from, with a cursor that says how far it was read. Knows nothing of models."""

from vernal.base import Unreachable
from vernal.sources.files import Files
from vernal.sources.inbox import Found, erase_rows, find_rows
from vernal.sources.kafka import Kafka
from vernal.sources.landing import land
from vernal.sources.message import json_object
from vernal.sources.moments import column_seconds
from vernal.sources.nats import Nats
from vernal.sources.parquet_table import ParquetTable
from vernal.sources.replay import Replay
from vernal.sources.source import Arrival, Cursor, Source
from vernal.sources.spelling import read_source
from vernal.sources.table import Table

__all__ = [
    "Arrival",
    "Cursor",
    "Files",
    "Found",
    "Kafka",
    "Nats",
    "ParquetTable",
    "Replay",
    "Source",
    "Table",
    "Unreachable",
    "column_seconds",
    "erase_rows",
    "find_rows",
    "json_object",
    "land",
    "read_source",
]
