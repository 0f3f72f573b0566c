import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Categorical, kl_divergence

from vernal.tasks.divergence import binary_divergence, softmax_divergence

numbers = st.floats(-20, 20, width=32)
logits = st.integers(1, 4).flatmap(
    lambda classes: st.lists(st.lists(numbers, min_size=classes, max_size=classes), min_size=2, max_size=2)
)
divergences = pytest.mark.parametrize("divergence", [softmax_divergence, binary_divergence])
NAN = torch.nan


@divergences
@given(both=logits, temperature=st.sampled_from([0.5, 1.0, 4.0]))
def test_it_is_never_negative_and_nothing_to_itself(divergence, both, temperature):
    s, t = torch.tensor(both, dtype=torch.float64)[:, None]
    assert divergence(s, t, temperature).item() >= -1e-9
    assert divergence(t, t, temperature).item() == 0


@divergences
@given(both=logits, n=st.integers(1, 3), unknown=st.sampled_from([NAN, -torch.inf]))
def test_classes_that_the_teacher_does_not_know_change_nothing(divergence, both, n, unknown):
    s, t = torch.tensor(both, dtype=torch.float64)[:, None]
    grown = torch.cat([s, torch.full((1, n), 7.0)], 1)
    padded = torch.cat([t, torch.full((1, n), unknown)], 1)
    expected = divergence(s, t)
    assert torch.allclose(divergence(grown, t), expected)
    assert torch.allclose(divergence(grown, padded), expected)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_values_are_those_of_torch(temperature):
    generator = torch.Generator().manual_seed(0)
    s, t = torch.randn(2, 6, 4, generator=generator).double()
    p, q = t / temperature, s / temperature
    classes = kl_divergence(Categorical(logits=p), Categorical(logits=q))
    labels = kl_divergence(Bernoulli(logits=p), Bernoulli(logits=q)).mean(1)
    assert torch.allclose(softmax_divergence(s, t, temperature), temperature**2 * classes)
    assert torch.allclose(binary_divergence(s, t, temperature), temperature**2 * labels)


def test_a_hole_in_the_middle_renormalises_the_rest():
    s, t = torch.tensor([[1.0, 9.0, 2.0]]), torch.tensor([[0.5, NAN, 3.0]])
    kept = [0, 2]
    assert torch.allclose(softmax_divergence(s, t), softmax_divergence(s[:, kept], t[:, kept]))


def test_pixels_of_which_nothing_is_known_do_not_count():
    generator = torch.Generator().manual_seed(0)
    s, t = torch.randn(2, 1, 3, 5, generator=generator)
    expected = softmax_divergence(s[:, :, 2:], t[:, :, 2:])
    t[:, :, :2] = NAN
    assert torch.allclose(softmax_divergence(s, t), expected)


def test_a_broken_model_is_seen():
    assert softmax_divergence(torch.tensor([[NAN, 0.0]]), torch.zeros(1, 2)).isnan().all()
    assert binary_divergence(torch.tensor([[NAN, 0.0]]), torch.zeros(1, 2)).isnan().all()


@divergences
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_extreme_logits_stay_finite(divergence, dtype):
    s = torch.tensor([[300.0, -300.0, 0.0]], dtype=dtype, requires_grad=True)
    distance = divergence(s, torch.tensor([[-300.0, 300.0, NAN]]))
    distance.sum().backward()
    assert distance.isfinite().all()
    assert s.grad.isfinite().all()
