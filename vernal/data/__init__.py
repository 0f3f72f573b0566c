"""Data: rows of any structure, chunks with fingerprints, data modules."""

from vernal.data.chunk import Chunk, as_chunk
from vernal.data.columns import Column, Fixed, Ragged, make_column
from vernal.data.huggingface import chunk_from_huggingface
from vernal.data.ids import id_digests, id_texts
from vernal.data.module import Collate, DataModule
from vernal.data.rows import (
    ColumnRows,
    DatasetRows,
    Joined,
    Leaves,
    Picked,
    Rows,
    Scan,
    fixed_randomness,
    is_map_style,
    raw_bytes,
    rows_of,
    scan,
)
from vernal.data.schema import Leaf, Schema
from vernal.data.tables import chunk_from_table, read_table
from vernal.data.times import seconds
from vernal.data.window import Window

__all__ = [
    "Chunk",
    "Collate",
    "Column",
    "ColumnRows",
    "DataModule",
    "DatasetRows",
    "Fixed",
    "Joined",
    "Leaf",
    "Leaves",
    "Picked",
    "Ragged",
    "Rows",
    "Scan",
    "Schema",
    "Window",
    "as_chunk",
    "chunk_from_huggingface",
    "chunk_from_table",
    "fixed_randomness",
    "id_digests",
    "id_texts",
    "is_map_style",
    "make_column",
    "raw_bytes",
    "read_table",
    "rows_of",
    "scan",
    "seconds",
]
