"""What a gate demands to be shown of a challenger in a case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from vernal.gate.bootstrap import bootstrap
from vernal.gate.case import Case, Scored
from vernal.gate.compare import are_answers, compare_scores
from vernal.gate.margin import Margin, read_margin
from vernal.gate.metric import Metric
from vernal.gate.paired import Paired
from vernal.gate.proof import Proof

if TYPE_CHECKING:
    from vernal.gate.gate import Gate

Array = np.ndarray[Any, Any]


def proofs_of(gate: Gate, case: Case, challenger: Scored) -> list[Proof]:
    """The proofs; none where there are too few items to prove anything."""
    if len(challenger.ids) < gate.min_items:
        return []
    return [*_against_champion(gate, case, challenger), *_against_anchor(gate, case, challenger)] + [
        *_on_earlier_chunks(gate, case, challenger)
    ]


def value_of(metric: Metric | None, case: Case, scored: Scored) -> float:
    """The mean score of a version, or its metric as it is, whichever way that improves."""
    if metric is None:
        return float(scored.scores.mean())
    return metric.sign * metric.gain(*_answers(case, scored))


def earlier(case: Case) -> Array | None:
    """``(n,)`` bool, the items of earlier chunks; None if the chunks are not known."""
    if case.chunks is None or case.new is None:
        return None
    rows: Array = np.asarray(case.chunks) < case.new
    return rows


def _against_champion(gate: Gate, case: Case, challenger: Scored) -> Iterator[Proof]:
    champion = case.champion
    if champion is None:
        return
    value = value_of(gate.measure, case, champion)
    demanded = 0.0 if gate.margin is None and gate.mode == "superior" else gate.margin
    amount = _margin(gate.measure, demanded, champion).of(value)
    gain = _margin(gate.measure, gate.effect, champion).of(value)
    if gate.mode == "superior":
        yield _proof("champion", gate, case, challenger, champion, amount, gain)
    else:
        yield _proof("champion", gate, case, challenger, champion, -amount, amount or gain)


def _against_anchor(gate: Gate, case: Case, challenger: Scored) -> Iterator[Proof]:
    if case.anchor is None:
        return
    value = value_of(gate.measure, case, case.anchor)
    amount = _margin(gate.measure, gate.anchor_margin, case.anchor).of(value)
    gain = _margin(gate.measure, gate.effect, case.anchor).of(value)
    yield _proof("anchor", gate, case, challenger, case.anchor, -amount, amount or gain)


def _proof(
    check: str, gate: Gate, case: Case, challenger: Scored, other: Scored, bound: float, distance: float
) -> Proof:
    values = value_of(gate.measure, case, challenger), value_of(gate.measure, case, other)
    return Proof(check, other.version, _paired(gate, case, challenger, other), bound, distance, values)


def _paired(gate: Gate, case: Case, challenger: Scored, other: Scored) -> Paired:
    if gate.measure is None:
        return compare_scores(challenger.scores, other.scores)
    y, answers = _answers(case, challenger)
    return bootstrap(gate.measure, y, answers, _answers(case, other)[1], gate.draws, gate.seed)


def _on_earlier_chunks(gate: Gate, case: Case, challenger: Scored) -> Iterator[Proof]:
    rows, champion = earlier(case), case.champion
    if gate.forgetting is None or rows is None or champion is None or rows.sum() < gate.min_items:
        return
    ours, theirs = challenger.scores[rows], champion.scores[rows]
    values = float(ours.mean()), float(theirs.mean())
    amount = read_margin("forgetting", gate.forgetting).of(values[1])
    distance = amount or _margin(None, gate.effect, champion).of(values[1])
    yield Proof("forgetting", champion.version, compare_scores(ours, theirs), -amount, distance, values)


def _margin(metric: Metric | None, given: float | str | None, other: Scored) -> Margin:
    """The margin that was given, or the usual one: a point of right answers, or a hundredth of anything else."""
    if given is not None:
        return read_margin("margin", given)
    return Margin(0.01, relative=metric is not None or not are_answers(other.scores))


def _answers(case: Case, scored: Scored) -> tuple[Array, Array]:
    assert case.y is not None
    assert scored.predicted is not None
    return case.y, scored.predicted
