"""The table of all updates so far: ``hpo.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vernal.renate.updaters import shorthand
from vernal.tuning import Past, Trial

Row = dict[str, Any]
# What is measured of a trial, and not on validation data, by the columns that have it.
OF_TRIAL = {"seconds": "elapsed_time", "size_bytes": "size_bytes", "latency_ms": "latency_ms"}


def history_csv(lineage: Sequence[Mapping[str, Any]], searches: Mapping[str, Past]) -> str:
    """The updates of a lineage, oldest first; a cell is empty (NaN) where a row has no such column.

    An update with fixed values is one row. One that was tuned has a row for each epoch of each trial, and columns for
    all hyperparameters, by the names that they have in the configuration space.

    Args:
        lineage: the records.
        searches: the trials of updates that were tuned, by their ids.
    """
    rows = [{"update_id": number} | row for number, record in enumerate(lineage) for row in _rows(record, searches)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _rows(record: Mapping[str, Any], searches: Mapping[str, Past]) -> Iterator[Row]:
    plan = record["plan"]
    same = {"update": record["id"], "created": record["created"]}
    of_job = {
        "updater": shorthand(plan["method"]["name"]),
        "max_epochs": plan["training"]["budget"].removesuffix("ep"),
        "seed": plan["seed"],
    }
    if record["id"] not in searches:
        yield same | _config(of_job | _values(plan)) | _measured(record)
        return
    search = searches[record["id"]]
    for trial in search.trials:
        config = _config({**of_job, **search.fixed, **trial.config})
        for epoch in _epochs(trial):
            yield same | config | epoch


def _values(plan: Mapping[str, Any]) -> Row:
    return {"batch_size": plan["training"]["batch_size"], **plan["method"]["options"], **plan["arguments"]}


def _config(values: Row) -> Row:
    return {f"config_{name}": value for name, value in values.items()}


def _measured(record: Mapping[str, Any]) -> Row:
    training = record["training"]
    own = [row for row in record["metrics"]["validation"] if row["number"] == record["number"]]
    return {
        "trial_id": 0,
        "epoch": training["epochs"],
        "train_loss": training["losses"][-1],
        **{f"val_{name}": value for row in own for name, value in row["after"].items()},
        "elapsed_time": record["costs"]["total_seconds"],
    }


def _epochs(trial: Trial) -> Iterator[Row]:
    for epoch, measures in enumerate(trial.curve, start=1):
        columns = {OF_TRIAL.get(name, f"val_{name}"): value for name, value in measures.items()}
        yield {"trial_id": trial.number, "epoch": epoch, **columns, "status": trial.status}
