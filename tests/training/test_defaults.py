import math
from dataclasses import replace

import pytest
import torch

from vernal.testing import toy_plan
from vernal.training import optimizer_fn
from vernal.transaction import update


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_its_epsilon_is_not_lost_in_the_type_of_the_weights(dtype):
    (group,) = optimizer_fn([torch.nn.Parameter(torch.zeros(2, dtype=dtype))]).param_groups
    assert torch.tensor(group["eps"], dtype=dtype) > 0


def test_weights_in_half_precision_stay_finite(tmp_path):
    plan = toy_plan("er", 1)
    result = update(replace(plan, training=replace(plan.training, precision="16-true")), tmp_path)
    assert all(math.isfinite(loss) for loss in result.record["training"]["losses"])
