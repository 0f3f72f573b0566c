from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vernal.tasks.outputs import as_array, scores_of


def test_scores_are_the_output_or_its_logits():
    scores = torch.zeros(2, 3)
    for outputs in (scores, {"logits": scores}, SimpleNamespace(logits=scores)):
        assert scores_of(outputs) is scores
    for outputs in (None, "words", {"scores": scores}, (scores, scores), SimpleNamespace(logits=[1])):
        assert scores_of(outputs) is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (torch.float16, np.float32),
        (torch.bfloat16, np.float32),
        (torch.float32, np.float32),
        (torch.float64, np.float64),
        (torch.uint8, np.uint8),
        (torch.bool, np.bool_),
    ],
)
def test_an_array_loses_nothing(given, kept):
    tensor = torch.ones(2, 3, dtype=given)
    assert as_array(tensor).dtype == kept
    assert as_array(tensor.float().requires_grad_()).tolist() == [[1, 1, 1]] * 2
