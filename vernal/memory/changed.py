"""Rows as a function of the user's changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from vernal.base import SchemaMismatch
from vernal.data import Leaves, Rows, Schema
from vernal.memory.column_file import check_type

Change = Callable[[Any, Any], tuple[Any, Any]]


class Changed(Rows):
    """Rows of another schema, made of the rows of a memory.

    All rows are walked through once to learn their schema, before any is asked for; so a row that does not fit is found
    before anything is written.

    Args:
        rows: where they come from, at least one.
        change: ``change(x, y)`` gives the new ``(x, y)``. It is called more than once for a row.
        batch: rows that are held at a time.

    Raises:
        SchemaMismatch: rows come out differently. Only a length that varied before may vary.
        DataError: they are of a type that cannot be stored.
    """

    def __init__(self, rows: Rows, change: Change, batch: int) -> None:
        self._rows, self._change = rows, change
        self._structure = self._common(batch)

    @property
    def schema(self) -> Schema:
        """What all rows have in common."""
        return self._structure

    def __len__(self) -> int:
        return len(self._rows)

    def leaves(self, places: Tensor) -> Leaves:
        """The columns of these rows; a list where lengths vary."""
        rows = []
        for row, (x, y) in self._pairs(places):
            self.schema.check(Schema.of_row(x, y), f"Row {row} after `change`, called again")
            rows.append(self.schema.flatten(x, y))
        return {
            path: [row[path] for row in rows] if leaf.varies else torch.stack([row[path] for row in rows])
            for path, leaf in self.schema.leaves.items()
        }

    def _common(self, batch: int) -> Schema:
        schema: Schema | None = None
        for places in torch.split(torch.arange(len(self)), batch):
            for row, (x, y) in self._pairs(places):
                came = Schema.of_row(x, y)
                schema = came if schema is None else self._merged(schema, came, row)
        assert schema is not None
        for path, leaf in schema.leaves.items():
            check_type(leaf, f"Rows after `change`: `{path}`")
        return schema

    def _merged(self, schema: Schema, came: Schema, row: int) -> Schema:
        merged = schema.merge(came, f"Row {row} after `change`")
        before = self._rows.schema.leaves
        for path, leaf in merged.leaves.items():
            if leaf != schema.leaves[path] and not (path in before and before[path].varies):
                raise SchemaMismatch(
                    f"Row {row} after `change`: `{path}` is {came.leaves[path]}, but earlier rows have "
                    f"{schema.leaves[path]}. Give all rows one shape."
                )
        return merged

    def _pairs(self, places: Tensor) -> Iterator[tuple[int, tuple[Any, Any]]]:
        for row, (x, y) in zip(places.tolist(), self._rows.items(places), strict=True):
            pair = self._change(x, y)
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise SchemaMismatch(
                    f"`change` gives a {type(pair).__name__} for row {row}. It must give a pair (x, y); x and y may be "
                    "tuples or dictionaries themselves."
                )
            yield row, (pair[0], pair[1])
