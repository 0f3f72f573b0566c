import pytest
import torch
from torch.nn import functional as F

from vernal.base import ConfigError, TrainingError
from vernal.tasks import SequenceLabelling

TASK = SequenceLabelling()
TAGGED = SequenceLabelling(tags=("O", "B-PER", "I-PER"))


def saying(tags):
    return F.one_hot(torch.tensor(tags), 3).float()


def test_the_loss_is_the_mean_cross_entropy_of_the_tokens_that_count():
    outputs = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([[0, 2, -100, -100], [1, 1, 0, -100]])
    expected = [F.cross_entropy(outputs[0, :2], y[0, :2]), F.cross_entropy(outputs[1, :3], y[1, :3])]
    assert torch.allclose(TASK.losses(outputs, y), torch.stack(expected))


def test_tokens_are_measured_and_rows_are_right_as_a_whole():
    outputs, y = saying([[0, 1, 1], [2, 2, 0]]), torch.tensor([[0, 1, -100], [2, 0, 0]])
    frozen = TASK.freeze(outputs, y)
    # Class 0: 2 hits of 3 true and 2 predicted; class 1: 1 of 1 and 1; class 2: 1 of 1 and 2.
    macro_f1 = (2 * 2 / 5 + 1 + 2 / 3) / 3
    assert TASK.measure(*frozen) == {"macro_f1": pytest.approx(macro_f1), "token_accuracy": 0.8}
    assert TASK.right(outputs, y).tolist() == [True, False]
    assert TASK.correct(*frozen).tolist() == [True, False]


def test_tags_are_measured_by_their_spans():
    frozen = TAGGED.freeze(saying([[1, 2, 0, 1], [0, 1, 2, 0]]), torch.tensor([[1, 2, 0, 0], [0, 1, 0, -100]]))
    assert TAGGED.measure(*frozen)["span_f1"] == pytest.approx(2 * 1 / (2 + 3))
    assert TAGGED.headline == "span_f1"
    assert TASK.headline == "macro_f1"


def test_without_spans_there_is_no_score_of_spans():
    assert "span_f1" not in TAGGED.measure(*TAGGED.freeze(saying([[0, 0]]), torch.tensor([[0, 0]])))


def test_nothing_is_measured_where_nothing_counts():
    assert TAGGED.measure(*TAGGED.freeze(saying([[0, 1]]), torch.tensor([[-100, -100]]))) == {}


def test_sequences_of_different_lengths_are_joined():
    parts = [TASK.freeze(saying([[0, 1]]), torch.tensor([[0, 1]])), TASK.freeze(saying([[2]]), torch.tensor([[2]]))]
    y, predicted = TASK.join(parts)
    assert y.tolist() == [[0, 1], [2, -1]]
    assert predicted.tolist() == [[0, 1], [2, 0]]


def test_the_classes_come_last():
    with pytest.raises(TrainingError, match="For a sequence labelling .* with the classes in dimension -1"):
        TASK.check(torch.zeros(2, 3, 4), torch.zeros(2, 4, dtype=torch.int64), None, 2)
    TASK.check(torch.zeros(2, 4, 3), torch.zeros(2, 4, dtype=torch.int64), None, 2)


def test_tags_are_checked():
    with pytest.raises(ConfigError, match="`tags` has 'PER'. A tag is 'O', or 'B-' or 'I-' and the kind"):
        SequenceLabelling(tags=("O", "PER"))
    with pytest.raises(ConfigError, match="The model has 4 outputs, and `tags` names 3"):
        TAGGED.check(torch.zeros(2, 2, 4), torch.zeros(2, 2, dtype=torch.int64), None, 2)
