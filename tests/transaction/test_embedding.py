"""What policies are shown of rows: features of the trained model, sketches of gradients of fresh ones."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.transaction.stream import CONFIG, outcome, plan, write_config
from vernal.base import ConfigError
from vernal.config import resolve
from vernal.methods import ER, Network
from vernal.store import Store
from vernal.training import Feed, Transforms
from vernal.transaction import update
from vernal.transaction.embedding import MODELS, WIDTH, Embedding, sketch
from vernal.transaction.new_data import read_data
from vernal.transaction.situation import Situation

GROWING = CONFIG.replace("nn.Linear(width, classes)", "GrowingHead(width)").replace(
    "import torch\n", "import torch\nfrom vernal.models import GrowingHead\n", 1
)
REGRESSION = """
import torch
from torch import nn

from vernal import Chunk, DataModule


def model_fn():
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))


def data_module_fn(number: int):
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(number))
    return DataModule(train=Chunk.from_arrays(x, x.sum(1)))
"""
SEQUENCES = (
    REGRESSION.replace("nn.Flatten(0)", "nn.Flatten(1)")
    .replace("(40, 4,", "(40, 5, 4,")
    .replace("x.sum(1)", "x.sum(2)")
)
HEADLESS = REGRESSION.replace("nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)", "nn.Bilinear(4, 4, 1)")


def situation(folder, text=CONFIG, number=1, **training):
    resolved = resolve(plan(write_config(folder, text), number, **training))
    return Situation(resolved, Store(folder / "store"), None, read_data(resolved, lambda prepare: prepare()))


def embedding(situation, *parts):
    parts = parts or (situation.data.train.rows,)
    return Embedding(situation, parts, torch.device("cpu"), Network)


def batch(rows):
    return Feed(rows, Transforms(), torch.device("cpu"), 0).batch(torch.arange(len(rows)), "all")


# Sketches


def matrices(generator, rows, positions, classes, features):
    return (torch.randn(rows, positions, size, generator=generator) for size in (classes, features))


@pytest.mark.parametrize("positions", [1, 3])
def test_inner_products_of_sketches_are_unbiased(positions):
    """Over 4000 seeds, within five standard errors of the mean: a biased one would be found, chance would not."""
    outer, inner = matrices(torch.Generator().manual_seed(0), 4, positions, 5, 7)
    gradients = torch.einsum("btc,btd->bcd", outer, inner).flatten(1)
    sketches = torch.stack([sketch(outer, inner, 16, seed) for seed in range(4000)]).double()
    products = sketches @ sketches.mT
    error = products.std(0) / 4000**0.5
    assert ((products.mean(0) - gradients @ gradients.T).abs() <= 5 * error).all()


def test_a_wider_sketch_is_more_exact():
    outer, inner = matrices(torch.Generator().manual_seed(0), 6, 1, 5, 7)
    exact = torch.einsum("btc,btd->bcd", outer, inner).flatten(1)
    errors = []
    for width in (64, 1024):
        sketches = [sketch(outer, inner, width, seed) for seed in range(50)]
        errors.append(np.mean([(s @ s.T - exact @ exact.T).square().mean().item() for s in sketches]))
    assert errors[1] == pytest.approx(errors[0] / 16, rel=0.5)  # variance goes with one over the width


def test_classes_that_a_head_gets_later_leave_the_signs_of_the_others():
    outer, inner = matrices(torch.Generator().manual_seed(0), 6, 1, 3, 7)
    wider = torch.cat([outer, torch.zeros(6, 1, 40)], dim=2)
    torch.testing.assert_close(sketch(wider, inner, 32, 1), sketch(outer, inner, 32, 1))


def test_a_row_without_positions_is_one_with_one():
    outer, inner = matrices(torch.Generator().manual_seed(0), 6, 1, 3, 7)
    assert torch.equal(sketch(outer[:, 0], inner[:, 0], 32, 1), sketch(outer, inner, 32, 1))


# Gradients


@pytest.mark.parametrize("text", [CONFIG, GROWING, REGRESSION, SEQUENCES])
def test_they_are_sketches_of_the_gradients_of_the_last_layer(text, tmp_path):
    """Against autograd, row by row: inner products are as near as sketches of that width can be."""
    found = situation(tmp_path, text)
    rows, exact = found.data.train.rows, torch.zeros(40, 40)
    whole = batch(rows)
    for number in range(MODELS):
        model = found.model("gradients", number).eval()
        head = [module for module in model.modules() if isinstance(module, nn.Linear)][-1]
        losses = found.losses(model(whole["x"]), whole["y"])
        gradients = [torch.autograd.grad(loss, head.weight, retain_graph=True)[0].flatten() for loss in losses]
        exact += torch.stack(gradients) @ torch.stack(gradients).T
    sketches = torch.from_numpy(embedding(found).gradients())
    assert sketches.shape == (40, MODELS * WIDTH)
    assert sketches.dtype == torch.float32
    norms = exact.diag().sqrt()
    errors = (sketches @ sketches.T - exact) / (norms[:, None] * norms)
    # A sketched product of vectors of length one is off by at most sqrt(3 / m) or so.
    assert errors.square().mean().sqrt() < 2 * (3 / (WIDTH * MODELS)) ** 0.5
    assert errors.abs().mean() > 0


def test_a_loss_that_is_a_mean_gives_the_same_as_one_for_each_row(tmp_path):
    own = "\n\ndef loss_fn():\n    return torch.nn.CrossEntropyLoss()\n"
    one, mean = (
        embedding(situation(tmp_path / str(i), text, evaluation_batch=16)).gradients()
        for i, text in enumerate((CONFIG, CONFIG + own))
    )
    np.testing.assert_allclose(one, mean, rtol=1e-4, atol=1e-6)


def test_they_do_not_depend_on_batches_and_follow_the_order_of_the_parts(tmp_path):
    found, other = situation(tmp_path / "a"), situation(tmp_path / "b", number=2)
    first, second = found.data.train.rows, other.data.train.rows
    both = embedding(found, first, second).gradients()
    np.testing.assert_allclose(both[:40], embedding(found, first).gradients(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(both[40:], embedding(found, second).gradients(), rtol=1e-5, atol=1e-6)
    small = situation(tmp_path / "a", evaluation_batch=7)
    np.testing.assert_allclose(embedding(small, first, second).gradients(), both, rtol=1e-5, atol=1e-6)


def test_fresh_models_leave_the_global_generators_alone(tmp_path):
    shown = embedding(situation(tmp_path))
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    shown.gradients()
    assert torch.equal(torch.rand(1), expected)


def test_they_are_the_same_in_another_process(tmp_path):
    first, second = (embedding(situation(tmp_path / str(i))).gradients() for i in range(2))
    assert np.array_equal(first, second)


def test_a_model_without_a_linear_layer_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="last linear layer of the model is given, but Sequential has none. Choose"):
        embedding(situation(tmp_path, HEADLESS)).gradients()


# Features


def test_features_are_what_the_classifier_is_given(tmp_path):
    found = situation(tmp_path)
    model, x = found.model(), batch(found.data.train.rows)["x"]
    model.train()
    features = embedding(found).features(Network(model))
    expected = F.relu(model[0](x)).detach().numpy()  # in evaluation mode dropout drops nothing
    np.testing.assert_allclose(features, expected, rtol=1e-6)
    assert all(module.training for module in model.modules())


def test_features_at_several_positions_are_their_mean(tmp_path):
    found = situation(tmp_path, SEQUENCES)
    model, x = found.model(), batch(found.data.train.rows)["x"]
    expected = model[0](x).tanh().mean(1).detach().numpy()
    np.testing.assert_allclose(embedding(found).features(Network(model)), expected, rtol=1e-5)


def test_half_precision_is_shown_as_float32(tmp_path):
    found = situation(tmp_path)
    model = found.model().bfloat16()
    network = Network(model, lambda module: lambda x: module(x.bfloat16()))
    assert embedding(found).features(network).dtype == np.float32


# Whole updates


@pytest.mark.parametrize("selection", ["herding", "k_center", "gradient_matching"])
def test_a_head_that_grows_from_update_to_update_is_no_obstacle(selection, tmp_path):
    text = GROWING.replace("torch.randint(3, (count,)", "torch.randint(3 * number, (count,)")
    config, store = write_config(tmp_path, text), tmp_path / "store"
    method = ER(memory_size=12, memory_batch=4, selection=selection)
    for number in (1, 2):
        result = update(plan(config, number, method), store)
    assert result.record["memory"]["rows"] == 12


@pytest.mark.parametrize("selection", ["herding", "gradient_matching"])
def test_an_update_does_not_depend_on_what_was_drawn_before(selection, tmp_path):
    config = write_config(tmp_path)
    method = ER(memory_size=12, memory_batch=4, selection=selection)
    stores = [tmp_path / name for name in "ab"]
    for drawn, store in enumerate(stores):
        for number in (1, 2):
            torch.manual_seed(drawn)
            update(plan(config, number, method), store)
    first, second = (outcome(Store(store)) for store in stores)
    assert first["artefacts"] == second["artefacts"]
