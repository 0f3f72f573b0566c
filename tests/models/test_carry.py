"""Layer by layer: what may grow and keeps what it gave, and what is refused, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from vernal.base import SchemaMismatch
from vernal.models import ContinualNorm2d, function_gap, transplant

IMAGES = torch.randn(3, 8, 6, 6, dtype=torch.float64)
SERIES = torch.randn(3, 5, 8, dtype=torch.float64)


class First(nn.Module):
    """What a recurrent layer gives to each row, without its state."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0]


GROWING: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module], Tensor, Tensor]] = {
    "conv1d": (lambda: nn.Conv1d(3, 2, 3), lambda: nn.Conv1d(5, 4, 3), SERIES[:, :3], SERIES),
    "conv3d": (
        lambda: nn.Conv3d(3, 2, 3),
        lambda: nn.Conv3d(8, 4, 3),
        IMAGES[:, :3, None].expand(-1, -1, 4, -1, -1),
        IMAGES[:, :, None].expand(-1, -1, 4, -1, -1),
    ),
    "strided": (
        lambda: nn.Conv2d(3, 2, (3, 5), stride=2, padding=2, dilation=(2, 1), padding_mode="reflect"),
        lambda: nn.Conv2d(8, 4, (3, 5), stride=2, padding=2, dilation=(2, 1), padding_mode="reflect"),
        IMAGES[:, :3],
        IMAGES,
    ),
    "depthwise": (
        lambda: nn.Conv2d(3, 6, 3, groups=3),
        lambda: nn.Conv2d(8, 16, 3, groups=8),
        IMAGES[:, :3],
        IMAGES,
    ),
    "more groups": (
        lambda: nn.Conv2d(4, 6, 3, groups=2),
        lambda: nn.Conv2d(8, 12, 3, groups=4),
        IMAGES[:, :4],
        IMAGES,
    ),
    "transposed": (
        lambda: nn.ConvTranspose2d(3, 2, 3, stride=2, bias=False),
        lambda: nn.ConvTranspose2d(8, 5, 3, stride=2),
        IMAGES[:, :3],
        IMAGES,
    ),
    "instance norm": (
        lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        lambda: nn.InstanceNorm2d(8, affine=True, track_running_stats=True),
        IMAGES[:, :3],
        IMAGES,
    ),
    "more groups to normalise": (lambda: nn.GroupNorm(2, 4), lambda: nn.GroupNorm(4, 8), IMAGES[:, :4], IMAGES),
    "continual norm": (
        lambda: ContinualNorm2d(4, groups=2),
        lambda: ContinualNorm2d(8, groups=4),
        IMAGES[:, :4],
        IMAGES,
    ),
    "slopes": (lambda: nn.PReLU(3), lambda: nn.PReLU(8), IMAGES[:, :3], IMAGES),
    "lstm": (
        lambda: First(nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)),
        lambda: First(nn.LSTM(8, 4, num_layers=2, bidirectional=True, batch_first=True)),
        SERIES[..., :3],
        SERIES,
    ),
    "gru cell": (lambda: nn.GRUCell(3, 4), lambda: nn.GRUCell(8, 4), SERIES[0, :, :3], SERIES[0]),
    "layer norm with a bias": (lambda: nn.LayerNorm(8, bias=False), lambda: nn.LayerNorm(8), SERIES, SERIES),
    "attention": (
        lambda: nn.TransformerDecoderLayer(8, 2, 16, batch_first=True).self_attn.out_proj,
        lambda: nn.Linear(8, 9),
        SERIES,
        SERIES,
    ),
}


@pytest.mark.parametrize("case", GROWING)
def test_a_layer_that_grows_gives_what_it_gave(case: str) -> None:
    make_old, make_new, x_old, x_new = GROWING[case]
    old, new = make_old().double(), make_new().double()
    for tensor in (*old.parameters(), *old.buffers()):
        if tensor.is_floating_point():
            nn.init.uniform_(tensor, 0.5, 1.5)
    assert function_gap(old, transplant(old, new, x_old=x_old, x_new=x_new), x_old, x_new) <= 1e-12


def test_a_bilinear_layer_grows_on_both_sides() -> None:
    old, new = nn.Bilinear(2, 3, 2), nn.Bilinear(4, 5, 3)
    a, b = torch.randn(6, 4), torch.randn(6, 5)
    torch.testing.assert_close(transplant(old, new)(a, b)[:, :2], old(a[:, :2], b[:, :3]))


REFUSED: dict[str, tuple[nn.Module, nn.Module, str]] = {
    "narrower": (nn.Linear(4, 3), nn.Linear(4, 2), r"had a `weight` of shape \(3, 4\), which has no place in \(2, 4\)"),
    "another type": (nn.Linear(4, 3), nn.Conv1d(4, 3, 1), r"was Linear and is Conv1d\. Keep the type"),
    "gone": (
        nn.Linear(4, 3),
        nn.Identity(),
        r"was Linear and is Identity\. .* give `mapping` if the layer has another name now",
    ),
    "no bias": (
        nn.Linear(4, 3),
        nn.Linear(4, 3, bias=False),
        r"had a `bias` and has none, so there is no place for it",
    ),
    "kernel": (nn.Conv2d(4, 3, 3), nn.Conv2d(4, 3, 5), r"changed `kernel_size` from \(3, 3\) to \(5, 5\)"),
    "stride": (nn.Conv2d(4, 3, 3), nn.Conv2d(4, 3, 3, stride=2), r"changed `stride` from \(1, 1\) to \(2, 2\)"),
    "wider groups": (
        nn.Conv2d(4, 4, 3, groups=2),
        nn.Conv2d(8, 8, 3, groups=2),
        r"changed channels per group from \(2, 2\) to \(4, 4\)",
    ),
    "groups": (nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3, groups=4), r"changed channels per group from all to \(1, 1\)"),
    "transposed groups": (
        nn.ConvTranspose1d(4, 4, 3, groups=2),
        nn.ConvTranspose1d(8, 8, 3, groups=2),
        r"changed channels per group .*`in_channels` from 4 to 8, `out_channels` from 4 to 8\. Keep it",
    ),
    "layer norm": (
        nn.LayerNorm(4),
        nn.LayerNorm(6),
        r"changed `normalized_shape` from \(4,\) to \(6,\)\. It norm",
    ),
    "plain layer norm": (
        nn.LayerNorm(4, elementwise_affine=False),
        nn.LayerNorm(6, elementwise_affine=False),
        r"changed `normalized_shape` from \(4,\) to \(6,\)",
    ),
    "rms norm": (nn.RMSNorm(4), nn.RMSNorm(6), r"changed `normalized_shape` from \(4,\) to \(6,\)"),
    "group norm": (nn.GroupNorm(2, 4), nn.GroupNorm(2, 8), r"changed channels per group from 2 to 4\. It normalises"),
    "continual norm": (
        ContinualNorm2d(4, groups=2),
        ContinualNorm2d(8, groups=2),
        r"changed channels per group from 2 to 4\. It norm",
    ),
    "new weights of a norm": (
        nn.LayerNorm(4, elementwise_affine=False),
        nn.LayerNorm(4),
        r"had no `weight` and has one, which changes what it gives",
    ),
    "statistics": (
        nn.BatchNorm1d(3),
        nn.BatchNorm1d(4, track_running_stats=False),
        r"changed `track_running_stats` from True to False",
    ),
    "eps": (nn.BatchNorm1d(3), nn.BatchNorm1d(3, eps=1e-3), r"changed `eps` from 1e-05 to 0\.001"),
    "heads": (nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 4), r"changed `num_heads` from 2 to 4\. Its heads"),
    "gates": (
        nn.LSTM(4, 4),
        nn.LSTM(4, 6),
        r"changed `hidden_size` from 4 to 6\. Its gates lie .* only `input_",
    ),
    "slope": (nn.PReLU(), nn.PReLU(4), r"changed the slope from one for all to one for each"),
    "mode": (nn.EmbeddingBag(4, 2), nn.EmbeddingBag(4, 2, mode="sum"), r"changed `mode` from mean to sum"),
    "bounded rows": (
        nn.Embedding(4, 2, max_norm=1.0),
        nn.Embedding(4, 3, max_norm=1.0),
        r"changed `embedding_dim` from 2 to 3",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_layer_that_would_give_something_else_is_refused(case: str) -> None:
    old, new, text = REFUSED[case]
    with pytest.raises(SchemaMismatch, match=rf"- `0` {text}"):
        transplant(nn.Sequential(old), nn.Sequential(new))


def test_a_layer_that_has_no_size_yet_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=r"size is not known before its first batch\. Run the model once first\."):
        transplant(nn.Linear(2, 3), nn.LazyLinear(3))


def test_a_subclass_with_weights_of_its_own_does_not_grow() -> None:
    class Gated(nn.Linear):
        def __init__(self, taken: int, given: int) -> None:
            super().__init__(taken, given)
            self.gate = nn.Parameter(torch.ones(given))

    transplant(Gated(2, 3), Gated(2, 3))
    with pytest.raises(SchemaMismatch, match=r"`gate` from \(3,\) to \(4,\)\. How this layer uses"):
        transplant(Gated(2, 3), Gated(2, 4))


def test_a_subclass_that_computes_in_its_own_way_does_not_grow() -> None:
    class Cosine(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.linear(nn.functional.normalize(x, dim=1), self.weight, self.bias)

    with pytest.raises(SchemaMismatch, match=r"changed `weight` from \(3, 2\) to \(3, 4\)\. How this layer uses"):
        transplant(Cosine(2, 3), Cosine(4, 3))


def test_weight_norm_is_carried_and_does_not_grow() -> None:
    def normed(width: int, bias: bool = True) -> nn.Module:
        return nn.utils.parametrizations.weight_norm(nn.Linear(2, width, bias))

    old = normed(3)
    assert function_gap(old, transplant(old, normed(3)), torch.randn(4, 2)) == 0
    with pytest.raises(SchemaMismatch, match=r"`parametrizations\.weight` changed `original0` from \(3, 1\) to"):
        transplant(old, normed(4))
    with pytest.raises(SchemaMismatch, match="does not say what the old one says"):
        transplant(normed(3, bias=False), normed(3), x_old=torch.randn(4, 2))


def test_buffers_that_are_not_stored_are_the_new_models_own() -> None:
    class Masked(nn.Module):
        def __init__(self, length: int) -> None:
            super().__init__()
            self.register_buffer("mask", torch.ones(length), persistent=False)

    assert transplant(Masked(3), Masked(5)).mask.tolist() == [1.0] * 5
