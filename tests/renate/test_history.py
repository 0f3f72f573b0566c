import csv
import io
from typing import Any

from vernal.renate.history import history_csv


def record(number: int, arguments: dict[str, Any], after: dict[str, float] | None) -> dict[str, Any]:
    validation = [] if after is None else [{"number": number, "after": after}]
    return {
        "id": f"id{number}",
        "number": number,
        "created": "2026-01-01",
        "plan": {
            "method": {"name": "RenateER", "options": {"memory_size": 5}},
            "arguments": arguments,
            "training": {"budget": "3ep", "batch_size": 8},
            "seed": 0,
        },
        "training": {"epochs": 3, "losses": [2.0, 1.0]},
        "metrics": {"validation": [{"number": 0, "after": {"accuracy": 0.0}}, *validation]},
        "costs": {"total_seconds": 1.5},
    }


def table(*records: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(history_csv(records))))


def test_updates_are_counted_from_zero():
    rows = table(*(record(number, {}, None) for number in (1, 2, 3)))
    assert [row["update_id"] for row in rows] == ["0", "1", "2"]


def test_a_row_has_the_hyperparameters_and_what_was_measured_on_its_own_chunk():
    (row,) = table(record(1, {"learning_rate": 0.1}, {"accuracy": 0.75}))
    expected = {
        "config_updater": "ER",
        "config_max_epochs": "3",
        "config_memory_size": "5",
        "config_learning_rate": "0.1",
        "train_loss": "1.0",
        "val_accuracy": "0.75",
        "elapsed_time": "1.5",
    }
    assert expected.items() <= row.items()


def test_a_cell_is_empty_where_a_row_has_no_such_column():
    first, second = table(record(1, {"lr": 0.1}, None), record(2, {"momentum": 0.9}, {"accuracy": 1.0}))
    assert (first["config_lr"], first["config_momentum"], first["val_accuracy"]) == ("0.1", "", "")
    assert (second["config_lr"], second["config_momentum"], second["val_accuracy"]) == ("", "0.9", "1.0")
