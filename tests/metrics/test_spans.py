import numpy as np
import pytest

from vernal.metrics import span_f1, spans

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", set()),
        ("O O", set()),
        ("B-PER", {("PER", 0, 1)}),
        ("B-PER I-PER I-PER O", {("PER", 0, 3)}),
        ("B-PER B-PER", {("PER", 0, 1), ("PER", 1, 2)}),
        ("I-PER I-PER", {("PER", 0, 2)}),
        ("B-PER I-LOC", {("PER", 0, 1), ("LOC", 1, 2)}),
        ("B-PER O I-PER", {("PER", 0, 1), ("PER", 2, 3)}),
        ("I-PER B-PER I-PER", {("PER", 0, 1), ("PER", 1, 3)}),
        ("B-X-Y I-X-Y", {("X-Y", 0, 2)}),
    ],
)
def test_tags_mark_spans(text, found):
    assert spans(text.split()) == found


def test_a_span_is_right_if_its_kind_its_start_and_its_end_are():
    y = [[1, 2, 0, 3, 4], [1, 0, 0, 0, 0]]
    assert span_f1(y, y, TAGS) == 1
    assert span_f1(y, [[1, 2, 0, 1, 2], [1, 0, 0, 0, 0]], TAGS) == pytest.approx(4 / 6)  # another kind
    assert span_f1(y, [[1, 0, 0, 3, 4], [1, 0, 0, 0, 0]], TAGS) == pytest.approx(4 / 6)  # another end
    assert span_f1(y, [[0, 2, 0, 3, 4], [1, 0, 0, 0, 0]], TAGS) == pytest.approx(4 / 6)  # another start
    assert span_f1(y, np.zeros((2, 5), dtype=int), TAGS) == 0


def test_rows_are_apart():
    assert span_f1([[0, 1], [2, 0]], [[0, 1], [0, 0]], TAGS) == pytest.approx(2 / 3)


def test_tokens_that_do_not_count_are_as_if_they_were_not_there():
    assert span_f1([[-1, 1, -1, 2, -1]], [[3, 1, 0, 2, 4]], TAGS) == 1


def test_no_spans_define_no_score():
    assert np.isnan(span_f1([[0, -1]], [[0, 1]], TAGS))
