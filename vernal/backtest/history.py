"""The past of a backtest: rows with their times, and labels that came later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from vernal.base import ConfigError, DataError, check_whole, did_you_mean, period, require
from vernal.data import read_table
from vernal.loop import Labels, Policy
from vernal.sources import Replay, column_seconds

Array = np.ndarray[Any, Any]

FEWEST = 4  # chunks: with less, no chunk is left on which three models of different ages can be compared
KNOWN = "known at"  # the column that says when a label became known
MICROSECOND = timedelta(microseconds=1)


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
        ConfigError: there is a delay, and `id` or `label` is not named; or it is no span of time.
    """

    files: Sequence[str]
    time: str = "time"
    id: str | None = None
    label: str | None = None
    delay: str | None = None

    def __post_init__(self) -> None:
        if self.delay is None:
            return
        period(self.delay)
        if self.id is None or self.label is None:
            raise ConfigError(
                "Labels that come later than rows are joined with them by id: name the columns `id` and `label`."
            )

    @cached_property
    def table(self) -> Any:
        """All rows.

        Raises:
            DataError: a file cannot be read, a column is not there, or ids are not unique.
        """
        arrow = require("pyarrow", "tables")
        try:
            table = arrow.concat_tables([read_table(file) for file in self.files], promote_options="permissive")
        except arrow.ArrowInvalid as error:
            raise DataError(f"The files of the history do not make one table: {error}.") from error
        for name in (self.time, self.id, self.label):
            if name is not None and name not in table.column_names:
                raise DataError(f"The history has no column {name!r}. {did_you_mean(name, table.column_names)}")
        if self.delay is not None:
            self._check_ids(table)
        return table

    @cached_property
    def times(self) -> Array:
        """The times of all rows, ascending, ``(n,)`` seconds since 1970."""
        return np.sort(column_seconds(self.table, self.time))

    def ticks(self, every: str | int) -> list[datetime]:
        """The ends of consecutive chunks.

        A chunk holds all rows of the time at which it ends, and none of a later one; so it may be larger than asked for
        where rows have equal times.

        Args:
            every: a span of time, ``"1d"``, of which empty ones are left out; or a number of rows, where a rest of less
                is left out at the end.

        Raises:
            ConfigError: there would be too few chunks.
            DataError: a row has no time.
        """
        times = self.times
        if isinstance(every, int):
            check_whole("chunk", every, 1)
            ends = np.unique(times[every - 1 :: every])
        else:
            ends = _ends(times, period(every).total_seconds())
        if len(ends) < FEWEST:
            raise ConfigError(
                f"Chunks of {every} cut this history of {len(times)} rows into {len(ends)}. A backtest needs {FEWEST} "
                "or more: make them smaller."
            )
        return [_moment(end) for end in ends.tolist()]

    @cached_property
    def rows(self) -> Replay:
        """Rows with their labels, for looking back."""
        return Replay(self.table, time_column=self.time)

    def of(self, policy: Policy) -> Policy:
        """A policy that lives through this history instead of its own sources.

        Answers of a service are those of the models that were in production, and not of the policy's own. So what its
        champion says to new rows stands for them.

        Raises:
            ConfigError: it looks at metrics that are no history, so that they could tell of the future.
        """
        for name, source in policy.metrics.items():
            if not isinstance(source, Replay):
                raise ConfigError(
                    f"Metric {name!r} comes from {type(source).__name__}, and a backtest must not read what is there "
                    "today. Give it as a table of the past: `Replay(...)`."
                )
        if self.delay is None:
            return replace(policy, sources={"history": self.rows}, labels=None, predictions=None)
        unlabelled = Replay(self.table.drop_columns([self.label]), time_column=self.time)
        return replace(policy, sources={"history": unlabelled}, labels=self._late, predictions=None)

    @property
    def _late(self) -> Labels:
        arrow = require("pyarrow", "tables")
        assert self.id is not None
        assert self.label is not None
        assert self.delay is not None
        known = column_seconds(self.table, self.time) + period(self.delay).total_seconds()
        columns = [self.table.column(self.id), self.table.column(self.label), arrow.array(known)]
        source = Replay(arrow.table(columns, names=[self.id, self.label, KNOWN]), time_column=KNOWN)
        return Labels(source, id=self.id, label=self.label, time=KNOWN, maturity=self.delay)

    def _check_ids(self, table: Any) -> None:
        unique = require("pyarrow.compute", "tables").count_distinct(table.column(self.id), mode="all").as_py()
        if unique < table.num_rows:
            raise DataError(
                f"{table.num_rows} rows of the history have {unique} different values in {self.id!r}. Labels are "
                "joined with rows by id, so each row needs its own."
            )


def _ends(times: Array, step: float) -> Array:
    """The ends of spans of equal length from the first time on; those without rows are left out."""
    number = np.maximum(np.ceil((times - times[0]) / step), 1)
    ends: Array = times[0] + np.unique(number) * step
    ends[-1] = max(ends[-1], times[-1])  # Whatever rounding does, no row comes after the end.
    return ends


def _moment(seconds: float) -> datetime:
    """A time of whole microseconds that is not before some seconds since 1970."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if moment.timestamp() >= seconds else moment + MICROSECOND
