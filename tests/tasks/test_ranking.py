import itertools
import math

import numpy as np
import pytest
import torch

from vernal import metrics
from vernal.base import ConfigError, TrainingError
from vernal.tasks import Ranking

SCORES = torch.tensor([[0.3, -1.0, 2.0, 0.7]], dtype=torch.float64)
GRADES = torch.tensor([[2.0, 0.0, 1.0, 3.0]], dtype=torch.float64)


def pairs(grades):
    return [(i, j) for i, j in itertools.permutations(range(len(grades)), 2) if grades[i] > grades[j]]


def ranknet(scores, i, j):
    return math.log(1 + math.exp(-(scores[i] - scores[j])))


def swapped(values, i, j):
    values = list(values)
    values[i], values[j] = values[j], values[i]
    return values


def test_listwise_is_the_cross_entropy_between_two_softmaxes():
    p = np.exp(GRADES[0].numpy()) / np.exp(GRADES[0].numpy()).sum()
    q = np.exp(SCORES[0].numpy()) / np.exp(SCORES[0].numpy()).sum()
    assert math.isclose(Ranking().losses(SCORES, GRADES).item(), -(p * np.log(q)).sum())


def test_pairwise_is_the_mean_logistic_loss_of_the_pairs_that_differ():
    scores, grades = SCORES[0].tolist(), [1, 0, 1, 0]
    expected = [ranknet(scores, i, j) for i, j in pairs(grades)]
    assert len(expected) == 4
    loss = Ranking("pairwise").losses(SCORES, torch.tensor([grades])).item()
    assert math.isclose(loss, sum(expected) / 4)


@pytest.mark.parametrize("at", [None, 1, 2, 4])
def test_lambda_weighs_a_pair_by_how_much_ndcg_changes_if_the_two_change_places(at):
    scores, grades = SCORES[0].tolist(), GRADES[0].tolist()
    now = metrics.ndcg([grades], [scores], at)
    expected = sum(
        abs(now - metrics.ndcg([grades], [swapped(scores, i, j)], at)) * ranknet(scores, i, j) for i, j in pairs(grades)
    )
    assert math.isclose(Ranking("lambda", at=at).losses(SCORES, GRADES).item(), expected)


def test_the_weights_of_lambda_have_no_gradient():
    scores = SCORES.clone().requires_grad_()
    Ranking("lambda").losses(scores, torch.tensor([[0.0, 0.0, 0.0, 1.0]])).sum().backward()
    # Three pairs: document 3, in second place, against each of the others.
    change = {0: 1 / math.log2(3) - 1 / 2, 1: 1 / math.log2(3) - 1 / math.log2(5), 2: 1 - 1 / math.log2(3)}
    slopes = {j: weight / (1 + math.exp(0.7 - SCORES[0, j].item())) for j, weight in change.items()}
    assert scores.grad[0].tolist() == pytest.approx([slopes[0], slopes[1], slopes[2], -sum(slopes.values())])


@pytest.mark.parametrize("loss", ["listwise", "pairwise", "lambda"])
@pytest.mark.parametrize("gap", [-1.0, torch.nan])
def test_places_without_a_document_change_nothing(loss, gap):
    task = Ranking(loss)
    padded_scores = torch.cat([SCORES, torch.tensor([[9.0, -9.0]])], 1)
    padded = torch.cat([GRADES, torch.full((1, 2), gap)], 1)
    assert torch.allclose(task.losses(padded_scores, padded), task.losses(SCORES, GRADES))
    alone, filled = task.freeze(SCORES, GRADES), task.freeze(padded_scores, padded)
    assert task.measure(*filled) == task.measure(*alone)
    assert task.losses(SCORES, torch.full((1, 4), gap)).tolist() == [0]


@pytest.mark.parametrize("loss", ["pairwise", "lambda"])
def test_a_query_whose_documents_are_alike_teaches_no_order(loss):
    scores = SCORES.clone().requires_grad_()
    losses = Ranking(loss).losses(scores, torch.zeros(1, 4))
    losses.sum().backward()
    assert losses.tolist() == [0]
    assert scores.grad.eq(0).all()


def test_lists_of_different_lengths_are_joined():
    task = Ranking(at=1)
    parts = [
        task.freeze(torch.tensor([[2.0, 1.0]]), torch.tensor([[1, 0]])),
        task.freeze(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1, 0, 0]])),
    ]
    y, scores = task.join(parts)
    assert y.shape == scores.shape == (2, 3)
    assert np.isnan(y[0]).tolist() == [False, False, True]
    assert task.measure(y, scores) == {
        "ndcg": 0.75,
        "mrr": pytest.approx(2 / 3),
        "pairwise_accuracy": 0.5,
        "ndcg@1": 0.5,
    }


def test_queries_without_a_relevant_document_measure_nothing():
    task = Ranking(at=5)
    assert task.measure(*task.freeze(SCORES, torch.zeros(1, 4))) == {}


def test_one_score_a_document_may_have_a_dimension_of_its_own():
    assert torch.equal(Ranking().losses(SCORES[..., None], GRADES), Ranking().losses(SCORES, GRADES))
    assert torch.equal(Ranking().distance(SCORES[..., None], GRADES), Ranking().distance(SCORES, GRADES))


@pytest.mark.parametrize("outputs", [torch.zeros(2, 4), torch.zeros(2), torch.zeros(2, 3, 2)])
def test_one_score_a_document_is_demanded(outputs):
    with pytest.raises(TrainingError, match="For a ranking it must give one score a document"):
        Ranking().check(outputs, torch.zeros(2, 3), None, 2)


def test_options_are_checked():
    with pytest.raises(ConfigError, match="No loss for a ranking is called 'listwize'. Did you mean 'listwise'"):
        Ranking("listwize")
    with pytest.raises(ConfigError, match="`at` must be at least 1, got 0"):
        Ranking(at=0)
