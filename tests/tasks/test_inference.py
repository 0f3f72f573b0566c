import pytest
import torch

from vernal.base import ConfigError
from vernal.data import Schema
from vernal.tasks import Classification, MultiLabel, Other, Regression, make_task, task_of


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (3, Classification()),
        (torch.tensor(3), Classification()),
        (torch.tensor([3]), Classification()),
        (torch.tensor(3, dtype=torch.uint8), Classification()),
        (0.5, Regression()),
        (torch.tensor(0.5), Regression()),
        (torch.tensor([0.5, 1.5]), Regression()),
        (torch.tensor([True, False]), MultiLabel()),
        (True, Other()),
        (torch.tensor([True]), Other()),
        (torch.tensor([[True, False]]), Other()),
        (torch.tensor([1, 2]), Other()),
        ("cat", Other()),
        ((1, 2), Other()),
        ({"a": 0.5}, Other()),
    ],
)
def test_targets_tell_the_task(y, task):
    assert task_of(Schema.of_row(0, y)) == task
    assert make_task(None, Schema.of_row(0, y)) == task


def test_targets_whose_length_varies_tell_nothing():
    schema = Schema.of_row(0, torch.tensor([0.5, 1.5])).with_varying(["y"])
    assert task_of(schema) == Other()


def test_a_task_is_named_or_given():
    schema = Schema.of_row(0, 3)
    mine = Regression()
    assert make_task(mine, schema) is mine
    assert make_task("regression", schema) == Regression()


def test_what_names_no_task_is_an_error():
    with pytest.raises(ConfigError, match="No task is called 'regresion'. Did you mean 'regression'"):
        make_task("regresion", Schema.of_row(0, 3))
    with pytest.raises(ConfigError, match="`task_fn` gives a list. It must give a task, or the name of one"):
        make_task([], Schema.of_row(0, 3))
