"""Layers that are added change nothing, and learn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from vernal.base import SchemaMismatch
from vernal.models import ContinualNorm1d, function_gap, identity_, zero_

ROWS, IMAGES = torch.randn(5, 4), torch.randn(2, 4, 7, 7)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(4, 4), ROWS),
        (nn.Linear(4, 4, bias=False), ROWS),
        (nn.Conv1d(4, 4, 5, padding=2), IMAGES[:, :, 0]),
        (nn.Conv2d(4, 4, 3, padding="same", dilation=2), IMAGES),
        (nn.Conv2d(4, 4, (1, 3), padding=(0, 1), padding_mode="circular", bias=False), IMAGES),
        (nn.Conv2d(4, 4, 3, padding=1, groups=4), IMAGES),
        (nn.Conv2d(4, 4, 3, padding=1, groups=2), IMAGES),
        (nn.Conv3d(4, 4, 3, padding=1), IMAGES[..., None]),
        (nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.Dropout2d(0.5)), IMAGES),
    ],
)
def test_an_identity_gives_what_it_is_given_bit_by_bit(layer: nn.Module, x: Tensor) -> None:
    assert function_gap(nn.Identity(), identity_(layer), x) == 0


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_becomes_neutral_in_evaluation_mode(affine: bool) -> None:
    norm = nn.BatchNorm2d(4, affine=affine, eps=1e-2).double()
    norm(3 + IMAGES.double())
    assert function_gap(nn.Identity(), identity_(norm), IMAGES.double()) <= 1e-15


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_layers_of_any_type_of_number(dtype: torch.dtype) -> None:
    assert function_gap(nn.Identity(), identity_(nn.Linear(4, 4, dtype=dtype)), ROWS.to(dtype)) == 0


def test_a_block_behind_relu_changes_nothing_and_learns() -> None:
    block = identity_(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())).eval()
    torch.testing.assert_close(block(ROWS.relu()), ROWS.relu())
    block(ROWS.relu()).square().sum().backward()
    assert (block[0].weight.grad != 0).any()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Linear(4, 5), r"A Linear that takes 4 units and gives 5 cannot be made an identity\. Let it give as many"),
        (nn.Conv2d(4, 5, 3, padding=1), "A Conv2d that takes 4 units and gives 5"),
        (nn.Conv2d(4, 4, 2, padding="same"), r"kernel \(2, 2\), stride \(1, 1\) and padding 'same' .* Use odd kernels"),
        (nn.Conv2d(4, 4, 3), r"padding \(0, 0\) cannot be made an identity"),
        (nn.Conv2d(4, 4, 3, padding=1, stride=2), r"stride \(2, 2\)"),
        (nn.BatchNorm1d(4, track_running_stats=False), r"without running statistics .* Let it track them"),
        (nn.LayerNorm(4), r"A LayerNorm cannot be made an identity\. Linear, Conv1d to Conv3d"),
        (ContinualNorm1d(4, groups=2), "A ContinualNorm1d cannot be made an identity"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)), "A ParametrizedLinear cannot be made an identity"),
        (nn.Sequential(nn.Linear(4, 4), nn.GELU()), "A GELU cannot be made an identity"),
    ],
)
def test_what_cannot_be_an_identity_is_refused(layer: nn.Module, text: str) -> None:
    with pytest.raises(SchemaMismatch, match=text):
        identity_(layer)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(4, 3), ROWS),
        (nn.Conv2d(4, 3, 3), IMAGES),
        (nn.BatchNorm2d(4), IMAGES),
        (nn.LayerNorm(4), ROWS),
        (nn.LayerNorm(4, bias=False), ROWS),
        (nn.GroupNorm(2, 4), IMAGES),
    ],
)
def test_a_layer_at_zero_gives_zeros_and_learns(layer: nn.Module, x: Tensor) -> None:
    given = zero_(layer)(x)
    assert given.count_nonzero() == 0
    (given + 1).square().sum().backward()
    assert (layer.weight.grad != 0).any()


@pytest.mark.parametrize("layer", [nn.ReLU(), nn.Sequential(nn.Linear(2, 2)), nn.BatchNorm1d(2, affine=False)])
def test_what_cannot_give_zeros_is_refused(layer: nn.Module) -> None:
    with pytest.raises(SchemaMismatch, match=r"here has no weights that could make it give zeros\. Give the"):
        zero_(layer)
