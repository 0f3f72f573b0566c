from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from tests.methods.steps import OLD, Counting, Told, gradient, linear, step
from tests.reference import er_ace
from tests.reference.tensors import BIAS, WEIGHT, Y
from vernal.base import ConfigError, TrainingError
from vernal.methods import ER, ERACE
from vernal.testing import toy_update

GOLDEN = {0.25: 2.953948, 0.5: 3.138339, 1.0: 3.507119}  # by the share of new rows
TWO = torch.tensor([0, 2, 2])  # class 1 is not in the batch


def ace_step(y, share, model=None):
    return step(Told(OLD), model, n_new=100, n_before=100 / share - 100, y=y)


@pytest.mark.parametrize("share", GOLDEN)
def test_the_loss_is_the_one_of_the_paper(share):
    loss = ERACE().loss(ace_step(TWO, share)).item()
    assert loss == pytest.approx(GOLDEN[share], abs=1e-6)
    assert loss == pytest.approx(er_ace.loss(TWO, share).item(), abs=1e-6)


@pytest.mark.parametrize("share", GOLDEN)
@pytest.mark.parametrize("y", [Y, TWO, torch.tensor([1, 1, 1])])
def test_gradients_are_those_of_the_derivation(y, share):
    model = linear()
    parameters = [nn.Parameter(WEIGHT.clone()), nn.Parameter(BIAS.clone())]
    derived = torch.autograd.grad(er_ace.loss(y, share, *parameters), parameters)
    found = gradient(ERACE().loss(ace_step(y, share, model)), model)
    assert torch.allclose(found, torch.cat([part.flatten() for part in derived]), atol=1e-6)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(1, 10**6))
def test_new_rows_push_absent_classes_down_only_as_their_share_of_all_rows_allows(labels, n_before):
    logits, y = torch.zeros(len(labels), 6, requires_grad=True), torch.tensor(labels)
    memory = Told({"x": torch.zeros(1, 6), "y": y[:1]})
    ERACE().loss(step(memory, nn.Identity(), n_new=10, n_before=n_before, x=logits, y=y)).backward()
    absent = [c for c in range(6) if c not in labels]
    share = 10 / (10 + n_before)
    assert torch.allclose(logits.grad[:, absent], torch.tensor(share / 6 / len(labels)))


def test_without_memory_it_is_plain_training():
    assert ERACE().loss(step()).item() == pytest.approx(1.856081, abs=1e-6)


def test_a_chunk_with_all_classes_is_plain_replay_with_other_weights():
    new, both = ER(alpha=0.0).loss(ace_step(Y, 0.25)), 2 * ER(alpha=1.0).loss(ace_step(Y, 0.25))
    assert torch.allclose(ERACE().loss(ace_step(Y, 0.25)), 1.25 * new + 0.75 * (both - new))


def test_it_draws_once_what_it_is_told_to_in_one_pass_of_the_model():
    memory, model = Told(OLD), Counting(linear())
    ERACE(memory_batch=17).loss(step(memory, model))
    assert (memory.asked, model.passes) == ([17], 1)


def test_a_loss_of_ones_own_is_given_masked_logits():
    given_logits = []

    def criterion(logits, y):
        given_logits.append(logits)
        return F.cross_entropy(logits, y)

    ERACE().loss(replace(step(Told(OLD), y=TWO), criterion=criterion))
    masks = [torch.isinf(logits).any(0).tolist() for logits in given_logits]
    assert masks == [[False, True, False], [False] * 3, [False] * 3]


@pytest.mark.parametrize("model", [nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))])
def test_a_model_with_one_score_a_row_is_refused(model):
    with pytest.raises(TrainingError, match=r"scores of the shape .* needs one score a class"):
        ERACE().loss(step(Told(OLD), model))


def test_the_last_chunk_is_learned_and_the_first_is_not_forgotten(tmp_path):
    method = ERACE(memory_size=12, memory_batch=12)
    final = [toy_update(tmp_path, method, chunk, budget="20ep") for chunk in (1, 2, 3)][-1].validation
    assert all(row["after"]["accuracy"] > 0.9 for row in final)


def test_a_memory_without_rows_is_an_error():
    with pytest.raises(ConfigError, match="`memory_size` must be .* got 0"):
        ERACE(memory_size=0)
