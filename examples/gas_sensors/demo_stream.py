"""The sensors' past as Parquet files, and as files that arrive one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

DATA = Path(__file__).parent / "data" / "gas_drift.npz"
FIRST_YEAR = 2008
# The last month of each batch, counted from the first of the campaign. Which day a row is of, nobody has kept.
MONTHS = {1: 2, 2: 10, 3: 13, 4: 15, 5: 16, 6: 20, 8: 23, 9: 30}


@dataclass(frozen=True)
class Piece:
    """A file that arrives.

    Args:
        name: of the file, without its ending.
        batch: where its rows are from.
        part: which of them, from 0 to 1.
        shuffled: whether its labels have got mixed up.
        why: what is typed for an update that no trigger asks for.
    """

    name: str
    batch: int
    part: tuple[float, float] = (0, 1)
    shuffled: bool = False
    why: str = ""


def pieces(batches: Sequence[int]) -> list[Piece]:
    """A stream in which everything happens that can: rows that are worth an update, or not, or are spoilt.

    Args:
        batches: four or more, in the order of time.
    """
    first, second, third, fourth, *_ = batches
    return [
        Piece(f"batch-{first}-begins", first, (0, 0.65), why="The first model."),
        Piece(f"batch-{first}-ends", first, (0.65, 1)),
        Piece(f"batch-{second}", second),
        Piece(f"batch-{third}-begins", third, (0, 0.5)),
        Piece(f"batch-{third}-ends", third, (0.5, 1), shuffled=True),
        Piece(f"batch-{fourth}", fourth),
    ]


def write_piece(piece: Piece, folder: Path) -> tuple[Path, int]:
    """Let a file arrive; where it lies, and how many rows it has."""
    generator = np.random.default_rng(piece.batch)
    rows = generator.permutation(rows_of(piece.batch))
    begin, end = (round(share * len(rows)) for share in piece.part)
    table = table_of(piece.batch, rows[begin:end])
    if piece.shuffled:
        place = table.column_names.index("gas")
        mixed = generator.permutation(table.column("gas").to_numpy())
        table = table.set_column(place, "gas", arrow.array(mixed))
    return written(table, folder / f"{piece.name}.parquet"), table.num_rows


def write_past(batches: Sequence[int], folder: Path) -> list[Path]:
    """Write whole batches, a file each."""
    return [written(table_of(batch, rows_of(batch)), folder / f"batch-{batch}.parquet") for batch in batches]


def rows_of(batch: int) -> np.ndarray:
    """The places of a batch's rows in the data."""
    with np.load(DATA) as data:
        return np.flatnonzero(data["batch"] == batch)


def table_of(batch: int, rows: np.ndarray) -> arrow.Table:
    """Some rows of a batch: an id, the time when the batch was complete, the gas, and the raw signals."""
    with np.load(DATA) as data:
        signals, gas = data["X"][rows], data["gas"][rows].astype(np.int64)
    years, month = divmod(MONTHS[batch], 12)
    complete = datetime(FIRST_YEAR + years, month + 1, 1, tzinfo=UTC)
    columns = {f"signal_{place:03}": signals[:, place] for place in range(signals.shape[1])}
    times = arrow.array([complete] * len(rows), arrow.timestamp("us", "UTC"))
    return arrow.table({"id": [f"row {row}" for row in rows], "time": times, "gas": gas, **columns})


def written(table: arrow.Table, path: Path) -> Path:
    """Write a table beside, then rename it: whoever looks sees a whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    parquet.write_table(table, beside)
    return beside.rename(path)
