"""Every method on models of any precision: what it computes with fits, and stays finite."""

import pytest
import torch

from tests.methods.updates import two_updates
from vernal.methods import method_class, method_names
from vernal.testing import toy_config

IN_MORE_BITS = {"pod_er", "super_er"}  # squares of features are soon too large for 16


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("name", method_names())
def test_a_method_trains_a_model_of_any_precision(name, dtype):
    for task in filter(method_class(name).card.serves, toy_config.OUTPUTS):
        for learned in two_updates(name, task, dtype=dtype):
            assert learned.all_finite()
            assert {parameter.dtype for parameter in learned.model.parameters()} == {dtype}
            allowed = {dtype, torch.promote_types(dtype, torch.float32)} if name in IN_MORE_BITS else {dtype}
            assert {loss.dtype for loss in learned.losses} <= allowed
            assert learned.scores.is_floating_point()
