"""The table of all updates so far: ``hpo.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from vernal.renate.updaters import shorthand

Row = dict[str, Any]


def history_csv(lineage: Sequence[Mapping[str, Any]]) -> str:
    """One row for each update of a lineage, oldest first; a cell is empty (NaN) where a row has no such column.

    Args:
        lineage: the records.
    """
    rows = [{"update_id": number} | _row(record) for number, record in enumerate(lineage)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _row(record: Mapping[str, Any]) -> Row:
    plan, training = record["plan"], record["training"]
    config = {
        "updater": shorthand(plan["method"]["name"]),
        "max_epochs": plan["training"]["budget"].removesuffix("ep"),
        "batch_size": plan["training"]["batch_size"],
        "seed": plan["seed"],
        **plan["method"]["options"],
        **plan["arguments"],
    }
    own = [row for row in record["metrics"]["validation"] if row["number"] == record["number"]]
    return {
        "update": record["id"],
        "created": record["created"],
        **{f"config_{name}": value for name, value in config.items()},
        "epoch": training["epochs"],
        "train_loss": training["losses"][-1],
        **{f"val_{name}": value for row in own for name, value in row["after"].items()},
        "elapsed_time": record["costs"]["total_seconds"],
    }
