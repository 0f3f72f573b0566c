"""Challengers before the gate: asked, compared, judged; and asked again as labels come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np

from vernal.base import ConfigError, DataError, Decision, StateError, TrainingError, Unreachable, digest
from vernal.gate import Gate, SequentialGate
from vernal.ledger import Loops
from vernal.loop.learner import Learner
from vernal.loop.state import Doing, LoopState, Waiting
from vernal.transaction import Examination

UNUSABLE = (ConfigError, DataError, TrainingError)  # What rows may be, or the user's code that reads them.


@dataclass(frozen=True)
class Judged:
    """What a gate said of the challengers of an update.

    Args:
        decision: the answer.
        chosen: the challenger that it is about: the one that passed, else one that waits, else the first one.
        values: measured differences: ``"gain"``, of the mean score against the champion.
        anchor: the best champion from now on; None if there is none yet.
        start: what a sequential test begins with, if more labels would tell; None if they would not.
    """

    decision: Decision
    chosen: str
    values: Mapping[str, float] = field(default_factory=dict)
    anchor: str | None = None
    start: Mapping[str, Any] | None = None


def judge(
    gate: Gate | None, learner: Learner, loops: Loops, state: LoopState, doing: Doing, ids: Sequence[str]
) -> Judged:
    """Judge challengers against the champion that they were to replace, and against the best one so far.

    What cannot be compared is not promoted.

    Args:
        gate: the rules; None to promote the first one.
        learner: the models.
        loops: knows how often the same rows have judged before.
        state: where the loop stands; it knows the anchor.
        doing: the update.
        ids: the challengers.
    """
    first = ids[0]
    if gate is None:
        return Judged(Decision("promote", f"{first}: promoted without a gate."), first, anchor=state.anchor or first)
    files = learner.files_of(first)
    beside = [version for version in (doing.champion, state.anchor) if version is not None]
    try:
        exam = learner.examine(files, [*dict.fromkeys([*ids, *beside])])
        asked = [*ids, *([doing.champion] if doing.champion else [])]
        checks = {version: learner.checks(files, version, gate) for version in asked}
    except Unreachable:
        raise
    except UNUSABLE as error:
        refused = Decision("inconclusive", f"Nothing can be judged. {error}", {"fault": str(error)})
        return Judged(refused, first, anchor=state.anchor)
    rows = _digest(exam)
    case = exam.case(
        ids,
        doing.champion,
        state.anchor,
        checks=checks,
        looks=sum(one.evidence.get("rows") == rows for one in loops.decisions(kind="gate")),
    )
    decision = gate.judge(case)
    decision = replace(decision, evidence={**decision.evidence, "rows": rows})
    waits = waits_for_labels(gate, decision) if _are_shares(exam) else None
    chosen = decision.evidence.get("chosen") or waits or first
    return Judged(
        decision,
        chosen,
        _gain(exam, chosen, doing.champion),
        _anchor(exam, chosen, state.anchor or doing.champion) if decision.yes else state.anchor,
        None if waits is None else _rule(gate).start(),
    )


def look_again(
    gate: Gate | None, learner: Learner, waiting: Waiting, files: Sequence[str]
) -> tuple[Mapping[str, Any], Decision]:
    """Compare a challenger and the champion on rows that are new to both, as often as one likes.

    If the rows cannot be used, nothing was seen.

    Args:
        gate: the rules.
        learner: the models.
        waiting: the challenger, and what was seen so far.
        files: the new rows.

    Returns:
        What was seen with these, and what it comes to.
    """
    try:
        exam = learner.examine(files, [waiting.challenger, waiting.champion], unseen=True)
    except Unreachable:
        raise
    except UNUSABLE as error:
        why = f"The new rows do not tell anything about {waiting.challenger}. {error}"
        return waiting.gate, Decision("inconclusive", why, {"fault": str(error)})
    if not _are_shares(exam):
        why = f"No number of labels tells how bad the losses of {waiting.challenger} may still become."
        return waiting.gate, Decision("inconclusive", why)
    champion, challenger = exam.scored(waiting.champion), exam.scored(waiting.challenger)
    rule = _rule(gate or Gate())
    try:
        return rule.look(waiting.gate, champion, challenger)
    except StateError:  # The policy has another gate than before, so the test begins anew.
        return rule.look(rule.start(), champion, challenger)


def waits_for_labels(gate: Gate, decision: Decision) -> str | None:
    """A challenger that labels of new rows alone would settle; None if there is none.

    They tell who has the better mean score, and nothing of earlier chunks, of the anchor or of another metric; nor is
    a share of a score, or a gain by so much, what is bet on. Where such a question is open, the next update is judged
    anew.
    """
    is_other = isinstance(gate.margin, str) or (gate.mode == "superior" and bool(gate.margin))
    if decision.outcome != "inconclusive" or gate.metric is not None or is_other:
        return None
    for one in decision.evidence["challengers"]:
        still_open = {finding["check"] for finding in one["findings"] if finding["outcome"] == "open"}
        if one["outcome"] == "inconclusive" and one["labels_missing"] is not None and still_open == {"champion"}:
            return str(one["version"])
    return None


def _rule(gate: Gate) -> SequentialGate:
    """The same question in the form that may be asked after every label: of the mean score, and nothing else.

    Whatever else the gate looks at, the challenger has passed, or it would not wait for labels.
    """
    usual = SequentialGate(alpha=gate.alpha, power=gate.power)
    if gate.mode == "superior":
        return replace(usual, margin=0.0)
    return replace(usual, margin=float(gate.margin)) if isinstance(gate.margin, int | float) else usual


def _are_shares(exam: Examination) -> bool:
    """Whether all scores lie between 0 and 1, as a bet on them needs it.

    Losses have no bounds. Who was better on more of the items may have lost far more on the others.
    """
    scores = np.concatenate([exam.scores(version) for version in exam.answers])
    return bool(((scores >= 0) & (scores <= 1)).all())


def _digest(exam: Examination) -> str:
    """What tells the rows of an examination again: their ids, and their targets, which may have been corrected."""
    y = next((found.y for found in exam.answers.values() if found.y is not None), None)
    return digest([*exam.ids, "" if y is None else sha256(np.ascontiguousarray(y).tobytes()).hexdigest()])


def _gain(exam: Examination, chosen: str, champion: str | None) -> dict[str, float]:
    if champion is None:
        return {}
    gain = float(np.nanmean(exam.scores(chosen) - exam.scores(champion)))
    return {"gain": gain} if np.isfinite(gain) else {}


def _anchor(exam: Examination, chosen: str, anchor: str | None) -> str:
    """The better one of the new champion and the best one so far."""
    if anchor is None or np.nanmean(exam.scores(chosen)) >= np.nanmean(exam.scores(anchor)):
        return chosen
    return anchor
