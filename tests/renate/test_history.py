import csv
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vernal.renate.history import history_csv
from vernal.space import Space, uniform
from vernal.tuning import Past, Trial


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


def table(*records: dict[str, Any], searches: Mapping[str, Past] = MappingProxyType({})) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(history_csv(records, searches))))


def search(*trials: Trial) -> Past:
    return Past("id2", Space({"alpha": uniform(0, 1)}), {"batch_size": 8}, "accuracy", True, 2, trials)


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


def test_an_update_that_was_tuned_has_a_row_for_each_epoch_of_each_trial():
    curve = ({"accuracy": 0.5, "seconds": 1.0}, {"accuracy": None, "seconds": 2.0, "size_bytes": 4.0})
    trials = (
        Trial(0, {"alpha": 0.25}, "default", 2, "complete", curve),
        Trial(1, {"alpha": 0.75}, "random", 2, "paused", curve[:1]),
        Trial(2, {"alpha": 1.0}, "random", 2, "failed"),
    )
    rows = table(record(1, {"alpha": 0.1}, {"accuracy": 0.75}), record(2, {}, None), searches={"id2": search(*trials)})
    assert [(row["update_id"], row["trial_id"], row["epoch"], row["config_alpha"]) for row in rows] == [
        ("0", "0", "3", "0.1"),
        ("1", "0", "1", "0.25"),
        ("1", "0", "2", "0.25"),
        ("1", "1", "1", "0.75"),
    ]
    assert [row["val_accuracy"] for row in rows] == ["0.75", "0.5", "", "0.5"]
    assert [row["elapsed_time"] for row in rows] == ["1.5", "1.0", "2.0", "1.0"]
    assert [row["status"] for row in rows] == ["", "complete", "complete", "paused"]
    assert [row["size_bytes"] for row in rows] == ["", "", "4.0", ""]
    assert {row["config_batch_size"] for row in rows} == {"8"}
    assert {row["config_updater"] for row in rows} == {"ER"}
