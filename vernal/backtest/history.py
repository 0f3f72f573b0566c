"""The past of a backtest: rows with their times, and labels that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from vernal.base import ConfigError, DataError, did_you_mean, period, require
from vernal.data import read_table, seconds
from vernal.loop import Labels, Policy
from vernal.sources import Replay


@dataclass(frozen=True)
class History:
    """Rows of the past.

    Args:
        files: tables, as paths or URLs.
        time: the column of times.
        id: the column of ids; needed where labels came later.
        label: the column of labels; likewise.
        delay: how long after its row a label was known, ``"1d"``; None if at once.

    Raises:
        ConfigError: there is a delay, and `id` or `label` is not named.
    """

    files: Sequence[str]
    time: str = "time"
    id: str | None = None
    label: str | None = None
    delay: str | None = None

    def __post_init__(self) -> None:
        if self.delay is not None and (self.id is None or self.label is None):
            raise ConfigError(
                "Labels that come later than rows are joined with them by id: name the columns `id` and `label`."
            )

    @cached_property
    def table(self) -> Any:
        """All rows."""
        arrow = require("pyarrow", "tables")
        table = arrow.concat_tables([read_table(file) for file in self.files], promote_options="permissive")
        for name in (self.time, self.id, self.label):
            if name is not None and name not in table.column_names:
                raise DataError(f"The history has no column {name!r}. {did_you_mean(name, table.column_names)}")
        return table

    @cached_property
    def times(self) -> Any:
        """The times of all rows, ascending, ``(n,)`` seconds since 1970."""
        found = seconds(np.asarray(self.table.column(self.time).to_pylist()))
        if np.isnan(found).any():
            raise DataError(f"{int(np.isnan(found).sum())} rows of the history have no {self.time!r}. Leave them out.")
        return np.sort(found)

    def ticks(self, every: str | int) -> list[datetime]:
        """The ends of consecutive chunks.

        Args:
            every: a span of time, ``"1d"``, of which empty ones are left out; or a number of rows.

        Raises:
            ConfigError: there would be less than three chunks.
        """
        times = self.times
        if isinstance(every, int):
            ends = times[every - 1 :: every]
        else:
            step = period(every).total_seconds()
            edges = np.arange(times[0] + step, times[-1] + step, step)
            counts = np.histogram(times, np.concatenate([[times[0]], edges]))[0]
            ends = edges[counts > 0]
        ends = np.unique(ends)
        if len(ends) < 3:
            raise ConfigError(
                f"Chunks of {every} cut this history of {len(times)} rows into {len(ends)}. A backtest needs three or "
                "more: make them smaller."
            )
        return [datetime.fromtimestamp(float(end), UTC) for end in ends]

    @cached_property
    def rows(self) -> Replay:
        """Rows with their labels, for looking back."""
        return Replay(self.table, time_column=self.time)

    def of(self, policy: Policy) -> Policy:
        """A policy that lives through this history instead of its own sources."""
        if self.delay is None:
            return replace(policy, sources={"history": self.rows}, labels=None, metrics={})
        unlabelled = Replay(self.table.drop_columns([self.label]), time_column=self.time)
        return replace(policy, sources={"history": unlabelled}, labels=self._late, metrics={})

    @property
    def _late(self) -> Labels:
        arrow = require("pyarrow", "tables")
        assert self.id is not None
        assert self.label is not None
        assert self.delay is not None
        times = seconds(np.asarray(self.table.column(self.time).to_pylist()))
        known = times + period(self.delay) / timedelta(seconds=1)
        labels = arrow.table({"id": self.table.column(self.id), "label": self.table.column(self.label), "known": known})
        labels = labels.rename_columns([self.id, self.label, "known"])
        source = Replay(labels, time_column="known")
        return Labels(source, id=self.id, label=self.label, time="known", maturity=self.delay)
