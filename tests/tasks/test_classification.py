import numpy as np
import pytest
import torch
from torch.nn import functional as F

from vernal.base import TrainingError
from vernal.tasks import Classification

TASK = Classification()


@pytest.mark.parametrize("y", [torch.tensor([0, 2]), torch.tensor([[0], [2]]), torch.tensor([0, 2], dtype=torch.uint8)])
def test_the_loss_is_the_cross_entropy(y):
    outputs = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.5, 2.0]])
    expected = F.cross_entropy(outputs, torch.tensor([0, 2]), reduction="none")
    assert torch.equal(TASK.losses(outputs, y), expected)
    assert torch.equal(TASK.losses({"logits": outputs}, y), expected)


@pytest.mark.parametrize(
    ("outputs", "labels", "text"),
    [
        (torch.zeros(2, 3), (0, 3), "The data has the label 3, but the model has 3 outputs, for labels 0 to 2"),
        (torch.zeros(2, 3), (0, 3), "or end it in a `vernal.models.GrowingHead`, which gets one for every new class"),
        (torch.zeros(2, 3), (-1, 5), r"The data has the label -1\. Labels are whole numbers from 0: map the labels"),
        (torch.zeros(2, 1), (0, 1), r"1 output, for the label 0\. .* One logit for two classes wants a `loss_fn`"),
        (
            torch.zeros(2),
            (0, 1),
            r"The model gives \(2,\) for 2 rows. For a classification it must give one score a class",
        ),
        (torch.zeros(2, 3, 4), (0, 1), r"The model gives \(2, 3, 4\) for 2 rows"),
        (torch.zeros(1, 3), (0, 1), r"The model gives \(1, 3\) for 2 rows"),
        ("words", (0, 1), "The model gives a str. The loss that the task 'classification' implies needs a tensor"),
    ],
)
def test_labels_outside_the_head_are_found_before_training(outputs, labels, text):
    with pytest.raises(TrainingError, match=text):
        TASK.check(outputs, torch.tensor([0, 1]), labels, 2)


def test_what_fits_passes():
    TASK.check(torch.zeros(2, 3), torch.tensor([0, 2]), (0, 2), 2)
    TASK.check(torch.zeros(2, 3), torch.tensor([0, 2]), None, 2)
    TASK.check({"logits": torch.zeros(2, 3)}, torch.tensor([0, 2]), (0, 2), 2)


def test_the_largest_score_is_the_prediction():
    y, predicted = TASK.freeze(torch.tensor([[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]]), torch.tensor([[1], [2]]))
    assert y.tolist() == [1, 2]
    assert predicted.tolist() == [1, 0]
    assert TASK.correct(y, predicted).tolist() == [True, False]
    assert TASK.measure(y, predicted)["accuracy"] == 0.5


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_logit_a_row_is_yes_where_it_is_positive(shape):
    outputs, y = torch.tensor([2.0, -1.0, 0.5]).view(shape), torch.tensor([1, 1, 1])
    assert TASK.freeze(outputs, y)[1].tolist() == [1, 0, 1]
    assert TASK.right(outputs, y).tolist() == [True, False, True]


def test_one_logit_a_row_is_compared_as_yes_or_no():
    s, t = torch.tensor([0.3, -1.0]), torch.tensor([2.0, 0.5])
    both = torch.distributions.Bernoulli(logits=t), torch.distributions.Bernoulli(logits=s)
    assert torch.allclose(TASK.distance(s, t), torch.distributions.kl_divergence(*both))
    assert torch.allclose(TASK.distance(s[:, None], t[:, None]), torch.distributions.kl_divergence(*both))


def test_outputs_that_tell_no_classes_are_not_frozen():
    assert TASK.freeze(torch.zeros(2, 3, 4), torch.tensor([0, 1])) is None
    assert TASK.freeze("words", torch.tensor([0, 1])) is None
    assert TASK.right("words", torch.tensor([0, 1])) is None


@pytest.mark.parametrize("temperature", [1.0, 2.0, 0.5])
def test_the_distance_is_the_divergence_of_softened_softmaxes(temperature):
    generator = torch.Generator().manual_seed(0)
    s, t = torch.randn(5, 4, generator=generator), torch.randn(5, 4, generator=generator)
    p, q = (t / temperature).softmax(1).double().numpy(), (s / temperature).softmax(1).double().numpy()
    expected = temperature**2 * (p * np.log(p / q)).sum(1)
    assert np.allclose(TASK.distance(s, t, temperature), expected, atol=1e-6)
