"""Names, dates and other spans of tokens, marked by BIO tags.

``B-PER`` begins a span of the kind ``PER``, ``I-PER`` continues it, ``O`` is outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from vernal.metrics.rows import aligned

Span = tuple[str, int, int]


def spans(tags: Iterable[str]) -> set[Span]:
    """The spans that a sequence of tags marks: kind, first token, and the one after the last.

    An ``I-`` that continues nothing of its kind begins a span, as the evaluation of the CoNLL shared tasks has it [1]_.

    Examples:
        >>> sorted(spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"]))
        [('LOC', 3, 4), ('LOC', 4, 5), ('PER', 0, 2)]

    References:
        .. [1] E. Tjong Kim Sang, F. De Meulder. Introduction to the CoNLL-2003 shared task. 2003.
           https://aclanthology.org/W03-0419/
    """
    found: list[Span] = []
    open_kind = ""
    for i, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "I" and kind == open_kind:
            found[-1] = (kind, found[-1][1], i + 1)
        elif mark != "O":
            found.append((kind, i, i + 1))
        open_kind = kind if mark != "O" else ""
    return set(found)


def span_f1(y: ArrayLike, predicted: ArrayLike, tags: Sequence[str]) -> float:
    """The F1 score of spans: one is right if kind, start and end are; NaN if there are none at all.

    Args:
        y: true tags by number, shape ``(N, T)``; -1 for tokens that do not count, as if they were not there.
        predicted: predicted tags by number, of the same shape.
        tags: the name of each number, such as ``("O", "B-PER", "I-PER")``.

    Examples:
        >>> span_f1([[1, 2, 0, 1]], [[1, 0, 0, 1]], tags=("O", "B-PER", "I-PER"))
        0.5
    """
    hits = occurrences = 0
    for true, answer in zip(*aligned(y=y, predicted=predicted), strict=True):
        counts = true >= 0
        expected, said = (spans(tags[int(number)] for number in row[counts]) for row in (true, answer))
        hits += len(expected & said)
        occurrences += len(expected) + len(said)
    return 2 * hits / occurrences if occurrences else np.nan
