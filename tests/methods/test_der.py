import pytest
import torch

from tests.methods.steps import OLD, Counting, Told, linear, step
from tests.reference import der
from vernal.base import ConfigError
from vernal.methods import DER, Network

GOLDEN = {0.0: 1.856081, 0.3: 1.910393, 1.0: 2.037123}


@pytest.mark.parametrize("alpha", GOLDEN)
def test_the_loss_is_the_one_of_the_paper(alpha):
    loss = DER(alpha=alpha).loss(step(Told(OLD))).item()
    assert loss == pytest.approx(GOLDEN[alpha], abs=1e-6)
    assert loss == pytest.approx(der.loss(alpha), abs=1e-6)


def test_without_memory_the_loss_is_that_of_the_new_batch():
    assert DER().loss(step()).item() == pytest.approx(GOLDEN[0.0], abs=1e-6)


def test_it_draws_once_in_one_pass_of_the_model():
    memory, model = Told(OLD), Counting(linear())
    DER(memory_batch=5).loss(step(memory, model))
    assert (memory.asked, model.passes) == ([5], 1)


def test_it_keeps_the_logits():
    model, x = linear(), torch.randn(4, 2)
    assert torch.equal(DER().keep(Network(model), x)["z"], model(x))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"memory_size": 0}, "`memory_size` must be .* got 0. Use `fine_tune`"),
        ({"memory_batch": 0}, "`memory_batch` must be .* got 0"),
        ({"alpha": -0.1}, "`alpha` must be at least 0, got -0.1"),
    ],
)
def test_what_is_out_of_range_is_named(options, text):
    with pytest.raises(ConfigError, match=text):
        DER(**options)
