"""The labels of new data, as the model sees them, found without reading more than is needed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from vernal.base import DataError
from vernal.data import Chunk
from vernal.tasks import Classification, Regression, SequenceLabelling
from vernal.training import Transforms
from vernal.transaction.heads import Sizes
from vernal.transaction.labels import NO_TASK, label_spans

NONE = Transforms()


def chunk(labels: list[Any]) -> Chunk:
    return Chunk([(torch.zeros(2), label) for label in labels])


def test_the_span_is_over_all_parts() -> None:
    assert label_spans([chunk([3, 1]), chunk([2, 5])], Classification(), NONE) == {NO_TASK: (1, 5)}


def test_other_tasks_have_no_labels() -> None:
    assert label_spans([chunk([3, 1])], Regression(), NONE) == {}
    assert Sizes.of_labels({}) == Sizes()


def test_places_that_do_not_count_are_left_out() -> None:
    y = [torch.tensor([0, -100]), torch.tensor([-100, 4]), torch.tensor([-100, -100])]
    assert label_spans([chunk(y)], SequenceLabelling(), NONE) == {NO_TASK: (0, 4)}
    assert label_spans([chunk(y[2:])], SequenceLabelling(), NONE) == {}


def test_sentences_may_differ_in_length() -> None:
    y = [torch.tensor([0]), torch.tensor([2, 1, 2])]
    assert label_spans([chunk(y)], SequenceLabelling(), NONE) == {NO_TASK: (0, 2)}


def test_every_task_has_labels_of_its_own() -> None:
    rows = [({"features": torch.zeros(2), "task_id": task}, label) for task, label in ((7, 1), (0, 4), (7, 3))]
    assert (spans := label_spans([Chunk(rows)], Classification(), NONE)) == {0: (4, 4), 7: (1, 3)}
    assert Sizes.of_labels(spans).tasks == {0: 5, 7: 4}


@pytest.mark.parametrize("labels", [["b", "d"], [torch.tensor(1), torch.tensor(3)], [1, 3]])
def test_a_transform_gets_targets_as_rows_have_them(labels: list[Any]) -> None:
    kinds = []

    def to_class(y: Any) -> int:
        kinds.append(type(y))
        return "abcd".index(y) if isinstance(y, str) else int(y)

    assert label_spans([chunk(labels)], Classification(), Transforms(y=to_class)) == {NO_TASK: (1, 3)}
    assert set(kinds) == {type(labels[0])}


def test_a_transform_sees_one_row_of_each_class() -> None:
    calls = []
    label_spans([chunk([0, 1] * 50)], Classification(), Transforms(y=lambda y: calls.append(y) or y))
    assert calls == [0, 1]


def test_a_transform_that_fails_is_named() -> None:
    with pytest.raises(DataError, match="A transform of the config file fails on a row"):
        label_spans([chunk([0, 1])], Classification(), Transforms(y=lambda y: {}[y]))


def test_whole_numbers_are_not_read_a_second_time() -> None:
    class Rows(torch.utils.data.Dataset[Any]):
        reads = 0

        def __len__(self) -> int:
            return 3

        def __getitem__(self, place: int) -> tuple[Tensor, int]:
            Rows.reads += 1
            return torch.zeros(1), place

    data = Chunk(Rows())
    assert data.labels is not None
    before = Rows.reads
    assert label_spans([data], Classification(), NONE) == {NO_TASK: (0, 2)}
    assert Rows.reads == before


def test_what_the_transform_of_one_part_draws_changes_nothing_outside() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    label_spans([chunk([0, 1])], Classification(), Transforms(y=lambda y: y + int(torch.rand(1) > 2)))
    assert torch.equal(torch.rand(1), expected)
