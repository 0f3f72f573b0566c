import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.methods.steps import gradient, linear, step
from tests.methods.teaching import champion, taught_step
from tests.reference import distillation
from vernal.base import TrainingError
from vernal.methods import Compatible, Distil
from vernal.tasks import MultiLabel

# Of `tests.reference.distillation`, for weight, elsewhere and temperature.
GOLDEN = {(1.0, 0.0, 2.0): 0.369643, (6.0, 1 / 6, 100.0): 3.115787}


@pytest.mark.parametrize(("weight", "elsewhere", "temperature"), GOLDEN)
def test_the_loss_is_the_one_of_the_paper(weight, elsewhere, temperature):
    loss = Compatible(weight, elsewhere, temperature).loss(taught_step()).item()
    assert loss == pytest.approx(GOLDEN[weight, elsewhere, temperature], rel=1e-3)
    assert loss == pytest.approx(distillation.compatible(weight, elsewhere, temperature), rel=1e-3)


@given(alpha=st.floats(0, 5), beta=st.floats(0.01, 10), strength=st.floats(0.01, 3))
def test_two_numbers_say_what_the_papers_three_say(alpha, beta, strength):
    ours = Compatible(strength * (alpha + beta), alpha / (alpha + beta)).loss(taught_step()).item()
    everywhere, where_right = Distil().loss(taught_step()).item(), Compatible().loss(taught_step()).item()
    assert ours == pytest.approx(strength * (alpha * everywhere + beta * where_right), rel=1e-4)


def test_with_all_rows_alike_it_is_distillation():
    assert Compatible(elsewhere=1.0).loss(taught_step()).item() == Distil().loss(taught_step()).item()


def test_in_a_first_update_there_is_nothing_to_keep():
    assert Compatible().loss(step()) is None


def test_a_row_that_the_champion_had_wrong_pulls_at_nothing():
    model = linear()
    wrong = taught_step(with_memory=False, model=model, y=torch.tensor([2, 1, 0]))
    loss = Compatible().loss(wrong)
    assert loss.item() == 0
    assert gradient(loss, model).abs().max().item() == 0


def test_gradients_go_to_the_model():
    model = linear()
    assert gradient(Compatible().loss(taught_step(model=model)), model).abs().max().item() > 0


def test_several_labels_are_right_where_all_are():
    targets = (champion()(step().x) > 0).float()
    targets[1, 2] = 1 - targets[1, 2]
    new = taught_step(with_memory=False, y=targets, task=MultiLabel())
    distances = MultiLabel().distance(new.logits, new.taught(new.x), 2.0)
    expected = (distances[0] + distances[2]) / 3
    assert Compatible().loss(new).item() == pytest.approx(expected.item(), rel=1e-5)


def test_answers_that_cannot_be_read_are_refused_with_the_way_out():
    new = taught_step(with_memory=False, teacher=nn.Linear(2, 2), y=torch.ones(3, 3), task=MultiLabel())
    with pytest.raises(TrainingError, match="tells no answers .* targets of a multilabel. The term `compatible` needs"):
        Compatible().loss(new)
