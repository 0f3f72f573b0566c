"""The difference of what two models say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from vernal.base import EmptyChunk, SchemaMismatch
from vernal.models import function_gap


class Says(nn.Module):
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Any) -> Any:
        return self.value


def gap(old: Any, new: Any) -> float:
    return function_gap(Says(old), Says(new), None)


def rows(*values: float, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor([values], dtype=dtype)


def test_only_the_first_outputs_count() -> None:
    assert gap(rows(1.0, 2.0), rows(1.0, 2.5, 99.0)) == 0.5


def test_outputs_may_be_nested_and_the_largest_gap_counts() -> None:
    old = {"logits": rows(1.0), "more": (rows(2.0), None)}
    new = {"logits": rows(1.5), "more": (rows(5.0), None, rows(0.0)), "extra": rows(9.0)}
    assert gap(old, new) == 3.0


def test_types_may_differ() -> None:
    assert gap(rows(1.0, dtype=torch.bfloat16), rows(1.25, dtype=torch.float64)) == 0.25
    assert gap(torch.tensor([[True, False]]), torch.tensor([[True, True]])) == 1.0
    assert gap(rows(3, dtype=torch.int64), rows(5, dtype=torch.int64)) == 2.0


def test_masked_outputs_are_the_same_and_a_new_nan_is_no_small_gap() -> None:
    infinity, nan = float("inf"), float("nan")
    assert gap(rows(-infinity, nan, 1.0), rows(-infinity, nan, 1.0)) == 0
    assert gap(rows(1.0, 2.0), rows(nan, 2.0)) > 1e30
    assert gap(rows(1.0), rows(infinity)) > 1e30


def test_models_are_evaluated_and_left_in_their_modes() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)).train()
    model[1].eval()
    assert function_gap(model, model, torch.randn(8, 2)) == 0
    assert [m.training for m in model.modules()] == [True, True, False]
    assert model[0].num_batches_tracked == 0


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (rows(1.0, 2.0), rows(1.0), r"a tensor of shape \(1, 2\) and the new one a tensor of shape \(1, 1\)"),
        (rows(1.0), {"logits": rows(1.0)}, r"gives a tensor of shape \(1, 1\) where the new one gives a dict"),
        ("text", "text", "where the new one gives a str"),
        (None, None, "gives NoneType, without tensors to compare"),
    ],
)
def test_outputs_that_do_not_compare_are_refused(old: Any, new: Any, text: str) -> None:
    with pytest.raises(SchemaMismatch, match=text):
        gap(old, new)


def test_no_rows_compare_nothing() -> None:
    with pytest.raises(EmptyChunk, match=r"shape \(0, 2\) to compare\. Give it at least one row\."):
        gap(torch.empty(0, 2), torch.empty(0, 2))
