"""What records look like to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vernal.cli.terminal import change, duration, number, size, table

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.store import Store

Record = Mapping[str, Any]


def chunk_table(record: Record) -> Table | str:
    """The headline metric on every chunk so far, before the update and after it, and who changed sides.

    A flip to worse is a row that the old model had right and the new one has wrong; both are shares of the chunk.
    """
    metric, rows = record["metrics"]["headline"], record["metrics"].get("validation", [])
    if not rows:
        return "There was no validation data, so nothing was measured."
    columns = ["chunk", "rows", f"{metric} before", "after", "change"]
    if any("negative_flips" in row for row in rows):
        columns += ["flips to worse", "to better"]
    cells = [
        [
            row["chunk"] or f"number {row['number']}",
            str(row["rows"]),
            number(row["before"][metric]),
            number(row["after"][metric]),
            change(row["before"][metric], row["after"][metric]),
            number(row.get("negative_flips")),
            number(row.get("positive_flips")),
        ][: len(columns)]
        for row in rows
    ]
    return table(columns, cells, numbers=columns[1:])


def on_new_chunk(record: Record, metric: str) -> float | None:
    """A metric on the chunk that an update learned from."""
    return _all_on_new_chunk(record).get(metric)


def _all_on_new_chunk(record: Record) -> Mapping[str, float | None]:
    own = [row["after"] for row in record["metrics"].get("validation", []) if row["number"] == record["number"]]
    return own[0] if own else {}


def summary(record: Record) -> dict[str, str]:
    """All metrics on the new chunk; average, forgetting and transfer; what the test data says."""
    new = ", ".join(
        f"{name.replace('_', ' ')} {number(value) or 'not finite'}" for name, value in _all_on_new_chunk(record).items()
    )
    measured = {name.replace("_", " "): number(value) for name, value in record["metrics"].get("summary", {}).items()}
    test = {
        f"test {name.replace('_', ' ')}": number(value) for name, value in record["metrics"].get("test", {}).items()
    }
    return ({"new chunk": new} if new else {}) | measured | test


def costs(record: Record) -> dict[str, str]:
    """Time, samples and bytes."""
    spent, training = record["costs"], record["training"]
    losses = training["losses"]
    parts = ", ".join(f"{name} {duration(seconds)}" for name, seconds in spent["seconds"].items())
    peak = spent["peak_memory_bytes"]
    ended = f"{training['stopped']}, after going on from a checkpoint" if training["resumed"] else training["stopped"]
    return {
        "time": f"{duration(spent['total_seconds'])} ({parts})",
        "training": f"{training['epochs']} epochs, {training['steps']} steps, ended by {ended}",
        "loss": f"{losses[0]:.4g} in the first epoch, {losses[-1]:.4g} in the last" if losses else "not measured",
        "samples": f"{training['samples']} new, {training['replayed']} replayed",
        "written": size(spent["bytes_written"]),
        "peak memory": size(peak) if peak else "unknown",
    }


def method(record: Record) -> str:
    """The method with its options.

    Examples:
        >>> method({"plan": {"method": {"name": "er", "options": {"alpha": 1.0}}}})
        'er(alpha=1.0)'
    """
    return _called(record["plan"]["method"])


def terms(record: Record) -> str:
    """What was added to the loss of the method.

    Examples:
        >>> terms({"plan": {"terms": [{"name": "distil", "options": {"weight": 1.0}}]}}), terms({"plan": {}})
        ('distil(weight=1.0)', 'none')
    """
    return ", ".join(map(_called, record["plan"].get("terms", []))) or "none"


def _called(part: Mapping[str, Any]) -> str:
    return f"{part['name']}({settings(part['options'])})"


def settings(values: Mapping[str, Any]) -> str:
    """Names and values on one line."""
    return ", ".join(f"{name}={value}" for name, value in values.items())


def span(times: Sequence[float]) -> str:
    """The first and the last of the rows' own times, in UTC.

    Examples:
        >>> span([1769908412.0, 1771756805.0])
        '2026-02-01 01:13 to 2026-02-22 10:40'
    """
    import numpy as np  # Unlike Python's own dates it takes any number.

    minutes = (np.datetime_as_string(np.datetime64(int(seconds), "s"), unit="m") for seconds in times)
    return " to ".join(minute.replace("T", " ") for minute in minutes)


def day_and_time(record: Record) -> str:
    """When an update was made, in UTC, to the minute."""
    return str(record["created"])[:16].replace("T", " ")


def named(store: Store, id: str | None) -> str:
    """A record as people call it: ``fraud:3.2 (7c1e)``."""
    return "none" if id is None else f"{store.name}:{store.version(id)} ({id})"


def aliases_of(store: Store, id: str) -> str:
    """The aliases that point to a record."""
    return ", ".join(alias for alias, pointed in store.aliases().items() if pointed == id)
