"""A model put into a larger one says what it said, and the new part can learn."""

from __future__ import annotations

import copy
import logging
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import SchemaMismatch
from vernal.models import GrowingHead, MultiHead, function_gap, transplant, zero_

sizes, seeds = st.integers(1, 6), st.integers(0, 2**32 - 1)
ROUNDING = {torch.float32: 1e-5, torch.float64: 1e-12}


@pytest.fixture(autouse=True)
def _fresh_models_are_the_same_every_time() -> None:
    torch.manual_seed(0)


def mlp(widths: list[int], bias: bool = True, norm: bool = False) -> nn.Sequential:
    layers: list[nn.Module] = []
    for taken, given_ in pairwise(widths):
        layers += [nn.Linear(taken, given_, bias=bias), nn.BatchNorm1d(given_) if norm else nn.Identity(), nn.GELU()]
    return nn.Sequential(*layers[:-2])


def cnn(channels: list[int], classes: int, size: int, bias: bool, norm: bool, flat: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for taken, given_ in pairwise(channels):
        layers += [nn.Conv2d(taken, given_, 3, padding=1, bias=bias)]
        layers += [nn.BatchNorm2d(given_) if norm else nn.Identity(), nn.GELU()]
    pool = nn.Identity() if flat else nn.AdaptiveAvgPool2d(1)
    features = channels[-1] * (size**2 if flat else 1)
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(features, classes))


def trained(model: nn.Module, x: Tensor) -> nn.Module:
    """With statistics and weights that no fresh model has."""
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        optimiser.zero_grad()
        model(x).square().mean().backward()
        optimiser.step()
    return model


def relative_gap(old: nn.Module, new: nn.Module, x_old: Tensor, x_new: Tensor) -> float:
    with torch.no_grad():
        scale = max(1.0, float(old.eval()(x_old).abs().max()))
    return function_gap(old, new, x_old, x_new) / scale


@given(
    st.lists(st.tuples(sizes, st.integers(0, 5)), min_size=2, max_size=5),
    st.booleans(),
    st.booleans(),
    st.sampled_from([torch.float32, torch.float64]),
    seeds,
)
@settings(max_examples=60)
def test_a_wider_mlp_with_more_inputs_and_classes_keeps_the_function(
    shape: list[tuple[int, int]], bias: bool, norm: bool, dtype: torch.dtype, seed: int
) -> None:
    torch.manual_seed(seed)
    x = torch.randn(16, sum(shape[0]), dtype=dtype)
    x_old = x[:, : shape[0][0]]
    old = trained(mlp([n for n, _ in shape], bias, norm).to(dtype), x_old)
    new = transplant(old, mlp([n + more for n, more in shape], bias, norm).to(dtype))
    assert relative_gap(old, new, x_old, x) <= ROUNDING[dtype]


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=2, max_size=4),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([torch.float32, torch.float64]),
    seeds,
)
@settings(max_examples=40)
def test_a_wider_cnn_with_more_channels_keeps_the_function_also_behind_a_flatten(
    shape: list[tuple[int, int]], bias: bool, norm: bool, flat: bool, dtype: torch.dtype, seed: int
) -> None:
    torch.manual_seed(seed)
    x = torch.randn(6, sum(shape[0]), 4, 4, dtype=dtype)
    x_old = x[:, : shape[0][0]]
    old = trained(cnn([n for n, _ in shape], 3, 4, bias, norm, flat).to(dtype), x_old)
    new = transplant(old, cnn([n + more for n, more in shape], 5, 4, bias, norm, flat).to(dtype))
    assert relative_gap(old, new, x_old, x) <= ROUNDING[dtype]


@given(st.lists(sizes, min_size=2, max_size=4), st.booleans())
def test_into_a_model_of_the_same_size_the_weights_are_copied_bit_by_bit(widths: list[int], norm: bool) -> None:
    old = trained(mlp(widths, norm=norm), torch.randn(8, widths[0]))
    new = transplant(old, mlp(widths, norm=norm))
    assert all(torch.equal(a, b) for a, b in zip(old.state_dict().values(), new.state_dict().values(), strict=True))
    assert function_gap(old, new, torch.randn(5, widths[0])) == 0


def test_with_batch_norm_the_function_is_also_kept_in_training_mode() -> None:
    x = torch.randn(32, 5)
    old = trained(mlp([4, 6, 3], norm=True), x[:, :4]).train()
    new = transplant(old, mlp([5, 9, 3], norm=True)).train()
    torch.testing.assert_close(new(x), old(x[:, :4]))


def test_new_units_and_inputs_learn() -> None:
    """What leads from them has a gradient at once; with it they are heard, and what leads to them has one too."""
    x, y = torch.randn(64, 6), torch.randint(2, (64,))
    old = trained(mlp([4, 5, 5, 2]), x[:, :4])
    new = transplant(old, mlp([6, 9, 9, 2]))
    optimiser = torch.optim.SGD(new.parameters(), lr=0.5)
    F.cross_entropy(new(x), y).backward()
    first, middle, last = (layer.weight for layer in new if isinstance(layer, nn.Linear))
    assert (first.grad[:5, 4:] != 0).all(), "of new inputs, into old units"
    assert (middle.grad[:5, 5:] != 0).all(), "from new units to old ones"
    assert (last.grad[:, 5:] != 0).all(), "from new units to the classes"
    assert (first.grad[5:] == 0).all(), "nobody hears the new units yet"
    optimiser.step()
    optimiser.zero_grad()
    F.cross_entropy(new(x), y).backward()
    assert (first.grad[5:] != 0).any(dim=1).all()
    assert (middle.grad[5:] != 0).any(dim=1).all()


def test_new_units_and_new_classes_keep_the_weights_they_were_made_with() -> None:
    old, new = mlp([2, 3, 4]), mlp([3, 5, 6])
    made = copy.deepcopy(new)
    transplant(old, new)
    for layer, before in ((new[0], made[0]), (new[3], made[3])):
        n = 3 if layer is new[0] else 4
        assert torch.equal(layer.weight[n:], before.weight[n:])
        assert torch.equal(layer.bias[n:], before.bias[n:])


def test_old_units_get_the_old_block_and_zeros() -> None:
    old, new = nn.Linear(2, 1, bias=False), nn.Linear(4, 2)
    with torch.no_grad():
        old.weight.copy_(torch.tensor([[5.0, 7.0]]))
    transplant(old, new)
    assert new.weight[0].tolist() == [5.0, 7.0, 0.0, 0.0]
    assert new.bias[0] == 0, "the old layer had no bias"
    assert new.bias[1] != 0


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class ResNet(nn.Module):
    def __init__(self, width: int, blocks: int = 2, classes: int = 3, channels: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(blocks)])
        self.down = nn.Conv2d(width, 2 * width, 1, stride=2)
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.down(self.blocks(self.stem(x))).mean((2, 3)))


def test_a_residual_network_grows_wider_and_deeper_at_once() -> None:
    x = torch.randn(8, 4, 8, 8, dtype=torch.float64)
    old = trained(ResNet(4).double(), x[:, :3])
    new = ResNet(7, blocks=4, classes=5, channels=4).double()
    for block in new.blocks[2:]:
        zero_(block.bn2)
    transplant(old, new, x_old=x[:, :3], x_new=x)
    assert relative_gap(old, new, x[:, :3], x) <= 1e-12


def test_a_deeper_model_keeps_names_by_a_mapping() -> None:
    old = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    new = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 2))
    nn.init.eye_(new[2].weight)
    nn.init.zeros_(new[2].bias)
    x = torch.randn(5, 3)
    assert function_gap(old, transplant(old, new, mapping={"2": "4"}), x) < 1e-6


class Titles(nn.Module):
    """Words to classes; where it is tied, a word is scored by its own row."""

    def __init__(self, words: int, width: int, tied: bool = False, bag: bool = True) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(words, width) if bag else nn.Embedding(words, width)
        self.fc = nn.Linear(width, words, bias=False)
        if tied:
            self.fc.weight = self.words.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.words(x))


@pytest.mark.parametrize("bag", [True, False])
@pytest.mark.parametrize("tied", [True, False])
def test_embeddings_get_new_words_and_a_larger_width(bag: bool, tied: bool) -> None:
    x = torch.randint(11, (5, 7))
    old, new = Titles(11, 4, tied, bag), Titles(14, 6, tied, bag)
    made = new.words.weight.detach().clone()
    transplant(old, new, x_old=x)
    assert function_gap(old, new, x) < 1e-5
    assert torch.equal(new.words.weight[11:], made[11:]), "new words stay as they are made"
    assert tied or torch.equal(new.words.weight[:11, 4:], made[:11, 4:]), "old words differ in what is new"
    assert (new.words.weight is new.fc.weight) == tied


def test_tied_weights_may_be_untied_but_not_tied_anew() -> None:
    x = torch.randint(11, (5, 7))
    tied = Titles(11, 4, tied=True)
    assert function_gap(tied, transplant(tied, Titles(12, 5)), x) < 1e-5
    with pytest.raises(SchemaMismatch, match=r"`words.weight` and `fc.weight` are one tensor in the new model"):
        transplant(Titles(11, 4), Titles(12, 5, tied=True))


def test_a_layer_in_two_places_may_become_two_layers() -> None:
    layer = nn.Linear(3, 3)
    old, new = nn.Sequential(layer, nn.ReLU(), layer), mlp([3, 5, 3])
    new = nn.Sequential(new[0], nn.ReLU(), new[3])
    assert function_gap(old, transplant(old, new), torch.randn(4, 3)) < 1e-6


def test_models_may_share_layers() -> None:
    old = mlp([3, 4, 2])
    before = copy.deepcopy(old)
    new = transplant(old, nn.Sequential(*old[:3], nn.Linear(4, 3)), x_old=torch.randn(5, 3))
    assert new[0] is old[0]
    assert function_gap(before, old, torch.randn(5, 3)) == 0


class Encoder(nn.Module):
    def __init__(self, features: int, feedforward: int, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.enter = nn.Linear(features, width)
        self.encoder = nn.TransformerEncoderLayer(width, heads, feedforward, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(self.enter(x))


def test_a_transformer_takes_new_features_and_a_wider_feedforward() -> None:
    x = torch.randn(2, 5, 4)
    old, new = Encoder(3, 16), Encoder(4, 24)
    assert function_gap(old, transplant(old, new, x_old=x[..., :3], x_new=x), x[..., :3], x) < 1e-5


def test_a_wider_transformer_is_refused_and_every_layer_in_the_way_is_named() -> None:
    with pytest.raises(SchemaMismatch) as caught:
        transplant(Encoder(3, 16), Encoder(3, 16, width=16))
    text = str(caught.value)
    assert (
        "- `encoder.self_attn` changed `embed_dim` from 8 to 16, `kdim` from 8 to 16, `vdim` from 8 to 16. Its heads"
        in text
    )
    assert "- `encoder.norm1` changed `normalized_shape` from (8,) to (16,). It normalises all units together" in text
    assert text.count("distil from the champion instead.") == 3


def test_a_refusal_leaves_the_new_model_alone() -> None:
    new = Encoder(3, 16, width=16)
    made = copy.deepcopy(new.state_dict())
    with pytest.raises(SchemaMismatch):
        transplant(Encoder(3, 16), new)
    assert all(torch.equal(made[name], value) for name, value in new.state_dict().items())


def test_what_the_new_model_trains_its_type_and_its_counts_stay_or_come_as_they_should() -> None:
    old = trained(mlp([2, 3, 2], norm=True), torch.randn(8, 2))
    new = mlp([2, 5, 2], norm=True).to(torch.bfloat16)
    new[0].weight.requires_grad_(False)
    parameters = [*new.parameters()]
    assert transplant(old, new) is new
    assert all(a is b for a, b in zip(parameters, new.parameters(), strict=True)), "optimisers still know them"
    assert [p.requires_grad for p in new.parameters()] == [False, *[True] * (len(parameters) - 1)]
    assert {p.dtype for p in new.parameters()} == {torch.bfloat16}
    assert new[1].num_batches_tracked == 2
    assert new[1].running_mean[3:].tolist() == [0, 0]
    assert all(p.grad is None for p in new.parameters())


@pytest.mark.gpu
def test_the_new_model_stays_where_it_is() -> None:
    device = torch.accelerator.current_accelerator()
    old, x = mlp([2, 3, 2]), torch.randn(4, 2)
    new = transplant(old, mlp([2, 5, 2]).to(device), x_old=x, x_new=x.to(device))
    assert {p.device.type for p in new.parameters()} == {device.type}


def test_growing_heads_grow_first() -> None:
    old, new = nn.Sequential(nn.Linear(3, 4), GrowingHead(4, 5)), nn.Sequential(nn.Linear(3, 6), GrowingHead(6))
    assert function_gap(old, transplant(old, new), torch.randn(4, 3)) < 1e-6


def test_multi_heads_get_every_task() -> None:
    old, new = MultiHead(3), MultiHead(5)
    old.grow(0, 2)
    old.grow(4, 3)
    transplant(old, new)
    assert new.sizes == {0: 2, 4: 3}
    x, tasks = torch.randn(6, 5), torch.tensor([0, 4, 4, 0, 0, 4])
    torch.testing.assert_close(new(x, tasks), old(x[:, :3], tasks))


class Scaled(nn.Module):
    """A layer of one's own."""

    def __init__(self, width: int, shifted: bool = False) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(width))
        self.fc = nn.Linear(3, width)
        if shifted:
            self.shift = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * self.fc(x)


def test_weights_of_ones_own_layers_are_carried_in_the_same_shape_only() -> None:
    old = Scaled(4)
    assert function_gap(old, transplant(old, Scaled(4)), torch.randn(2, 3)) == 0
    with pytest.raises(SchemaMismatch, match=r"`the model itself` changed `scale` from \(4,\) to \(6,\)\. How"):
        transplant(old, Scaled(6))


def test_what_was_carried_grown_and_left_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    old = nn.Sequential(Scaled(4), nn.Linear(4, 2))
    new = nn.Sequential(Scaled(4, shifted=True), nn.Linear(4, 3), nn.Linear(3, 1))
    with caplog.at_level(logging.INFO, "vernal"):
        transplant(old, new)
    assert caplog.messages == ["Transplanted. Carried over: 0.fc. Grown: 0, 1. Left as made: 0.shift, 2."]


class Named(nn.Module):
    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)


def test_a_renamed_layer_is_missed_with_a_suggestion() -> None:
    old, new = Named(classifier=nn.Linear(2, 2)), Named(body=nn.Linear(2, 2), classifiers=nn.Linear(2, 2))
    with pytest.raises(SchemaMismatch, match=r"no 'classifier' to take the old .*Did you mean 'classifiers'\?"):
        transplant(old, new)
    transplant(old, new, mapping={"classifier": "classifiers"})
    assert torch.equal(new.classifiers.weight, old.classifier.weight)


def test_a_mapping_renames_all_that_is_within_and_the_longest_name_counts() -> None:
    old = Named(body=Named(a=nn.Linear(2, 2), b=nn.Linear(2, 2)))
    new = Named(trunk=Named(a=nn.Linear(2, 2)), tail=nn.Linear(2, 2))
    transplant(old, new, mapping={"body": "trunk", "body.b": "tail"})
    assert torch.equal(new.trunk.a.weight, old.body.a.weight)
    assert torch.equal(new.tail.weight, old.body.b.weight)


def test_a_whole_model_may_become_a_part() -> None:
    old, new = mlp([2, 3, 2]), Named(backbone=mlp([2, 4, 2]), head=nn.Linear(2, 2))
    transplant(old, new, mapping={"": "backbone"})
    assert function_gap(old, new.backbone, torch.randn(3, 2)) < 1e-6


def test_a_mapping_that_names_nothing_is_told() -> None:
    with pytest.raises(SchemaMismatch, match=r"`mapping` names 'bodi', which the old model does not have\. Did you"):
        transplant(Named(body=nn.Linear(2, 2)), Named(body=nn.Linear(2, 2)), mapping={"bodi": "body"})


def test_two_layers_cannot_go_to_one() -> None:
    old, new = Named(a=nn.Linear(2, 2), b=nn.Linear(2, 2)), Named(b=nn.Linear(2, 2))
    with pytest.raises(SchemaMismatch, match=r"'a' and 'b' of the old model would all go to 'b'\. Map each"):
        transplant(old, new, mapping={"a": "b"})


class Concatenating(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.left, self.right, self.fc = nn.Linear(2, width), nn.Linear(2, width), nn.Linear(2 * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.cat([self.left(x), self.right(x)], 1))


def test_what_the_weights_do_not_show_the_rows_do() -> None:
    old, new, x = Concatenating(3), Concatenating(4), torch.randn(64, 2)
    transplant(old, new)
    assert function_gap(old, new, x) > 0.01
    with pytest.raises(SchemaMismatch, match="does not say what the old one says: outputs differ by up to"):
        transplant(old, Concatenating(4), x_old=x)
