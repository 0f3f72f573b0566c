from __future__ import annotations

from typing import Any

import pytest

from vernal.cli.terminal import say
from vernal.cli.views import chunk_table, costs, on_new_chunk, span, summary


def record(**metrics: Any) -> dict[str, Any]:
    return {"number": 2, "metrics": {"headline": "loss", "higher_is_better": False, **metrics}}


def test_without_validation_data_there_is_no_table() -> None:
    assert "nothing was measured" in str(chunk_table(record()))
    assert on_new_chunk(record(), "loss") is None


def test_a_regression_has_no_flips(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"number": 2, "chunk": "may", "update": None, "rows": 8, "before": {"loss": 2.0}, "after": {"loss": 0.5}}
    measured = record(validation=[row])
    say(chunk_table(measured))
    out = capsys.readouterr().out
    assert out.splitlines()[-1].split() == ["may", "8", "2.0000", "0.5000", "-1.5000"]
    assert "flips" not in out
    assert on_new_chunk(measured, "loss") == 0.5


def test_a_measure_that_is_not_finite_leaves_a_gap(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"number": 2, "chunk": "may", "update": None, "rows": 8, "before": {"loss": None}, "after": {"loss": None}}
    measured = record(validation=[row])
    say(chunk_table(measured))
    assert capsys.readouterr().out.splitlines()[-1].split() == ["may", "8"]
    assert summary(measured) == {"new chunk": "loss not finite"}


def test_all_metrics_are_told_of_the_new_chunk() -> None:
    row = {"number": 2, "chunk": "may", "after": {"loss": 0.5, "my_score": 2.0}}
    assert summary(record(validation=[{"number": 1, "after": {"loss": 9.0}}, row])) == {
        "new chunk": "loss 0.5000, my score 2.0000"
    }


def test_times_that_are_no_dates_of_this_age_can_be_told() -> None:
    assert span([-1e18, 1e18]).count(":") == 2


def test_test_data_is_summed_up_beside_the_lineage() -> None:
    assert summary(record(summary={"forgetting": 0.25}, test={"macro_f1": 0.5})) == {
        "forgetting": "0.2500",
        "test macro f1": "0.5000",
    }


def test_costs_are_told_without_what_is_not_known() -> None:
    spent = {"seconds": {"train": 1.0}, "total_seconds": 1.5, "bytes_written": 10, "peak_memory_bytes": None}
    training = {
        "epochs": 0, "steps": 0, "losses": [], "stopped": "budget", "resumed": False, "samples": 0, "replayed": 0,
    }  # fmt: skip
    told = costs({"costs": spent, "training": training})
    assert told["peak memory"] == "unknown"
    assert told["loss"] == "not measured"
    assert told["time"] == "1.50 s (train 1.00 s)"
