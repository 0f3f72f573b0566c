import pytest
import torch

from vernal.base import ConfigError
from vernal.tasks import Other


def test_no_loss_is_implied():
    with pytest.raises(ConfigError, match="no loss is implied. Define `loss_fn` .* define `task_fn`"):
        Other().losses(torch.zeros(2), torch.zeros(2))


def test_anything_fits_and_nothing_is_predicted():
    Other().check({"scores": 1}, "text", (0, 9), 2)
    assert Other().freeze(torch.zeros(2), torch.zeros(2)) is None
    assert Other().headline == "loss"


def test_scores_are_compared_by_their_squared_error():
    assert Other().distance({"logits": torch.tensor([[1.0, 2.0]])}, torch.tensor([[3.0]])).tolist() == [4]
