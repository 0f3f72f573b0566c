"""Whether a challenger takes the champion's place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np

from vernal.base import ConfigError, Decision, check_range, check_whole, did_you_mean
from vernal.gate.case import Case, Scored
from vernal.gate.compare import compare_scores
from vernal.gate.faults import faults_of_case, faults_of_version, items_of
from vernal.gate.finding import Finding
from vernal.gate.holm import holm_levels
from vernal.gate.limits import Limit, check_limits, judge_limits
from vernal.gate.margin import read_margin
from vernal.gate.metric import Metric, named_metric
from vernal.gate.plain import plain
from vernal.gate.proof import Proof
from vernal.gate.proofs import earlier, proofs_of, value_of
from vernal.gate.required_labels import check_chance
from vernal.gate.slices import judge_slices
from vernal.gate.verdict import Verdict
from vernal.gate.wear import Wear

Array = np.ndarray[Any, Any]

MODES = ("not_worse", "superior")
FIRST = ("refuse", "promote")


@dataclass(frozen=True)
class Gate:
    """Judges challengers by what they and the champion answered to the same items.

    A challenger is promoted if everything that must be shown of it is shown: against the champion, against the anchor,
    and on earlier chunks if there is a budget for forgetting; and nothing else speaks against it. It is rejected if
    the opposite of any of that is shown, a slice is shown to lose, or a limit is broken. Everything else is
    inconclusive, as is whatever is missing: the champion stays, and the verdict says how many labels would settle it.

    The default asks that a challenger be not worse by a margin, since a model that is as good and has seen newer data
    is worth having. For a new architecture, ask for ``"superior"``.

    A margin is an amount, or a share of the champion's value such as ``"1%"``. The usual one, for None, is 0.01 if
    answers are right or wrong (one point of accuracy), and ``"1%"`` for other scores and for metrics.

    Args:
        mode: ``"not_worse"``, non-inferior by `margin`; or ``"superior"``, better by more than `margin`.
        margin: the loss that is tolerated, or the gain that must be exceeded; for None, the usual one or 0.
        effect: the smallest gain worth finding, for counting labels where no loss is tolerated.
        alpha: chance of promoting what must not be promoted, over all challengers of a case.
        power: chance of promoting what should be, for counting labels.
        metric: what is compared, a name of `vernal.metrics` or a `Metric`; None for the mean score.
        anchor_margin: how far a challenger may lie below the anchor.
        forgetting: the loss of mean score that is tolerated on items of earlier chunks; None to report it only.
        slice_margin: the loss of mean score that a slice may be shown to have.
        limits: for what is measured beside answers: ``{"loads": True, "latency_ms": 20, "size_bytes": "+10%"}``, where
            the last is a share that the champion may be exceeded by.
        min_items: with fewer in all, or of earlier chunks, nothing is decided; a smaller slice is only listed.
        first: ``"refuse"`` or ``"promote"``, where there is no champion yet.
        draws: of the bootstrap, for a metric.
        seed: of the bootstrap.

    Raises:
        ConfigError: a value out of range, an unknown name.

    Examples:
        >>> import numpy as np
        >>> from vernal.gate import Case, Scored
        >>> ids = np.array([f"row {i}" for i in range(1000)])
        >>> champion = Scored("fraud:1.0", ids, np.where(np.arange(1000) < 900, 1.0, 0.0))
        >>> challenger = Scored("fraud:1.1", ids, np.where(np.arange(1000) < 930, 1.0, 0.0))
        >>> decision = Gate().judge(Case(champion, [challenger]))
        >>> decision.outcome, decision.evidence["chosen"]
        ('promote', 'fraud:1.1')
        >>> decision.why
        'fraud:1.1: the gain of +0.03 on 1,000 items is shown to be above -0.01 (p < 0.0001).'
    """

    mode: Literal["not_worse", "superior"] = "not_worse"
    margin: float | str | None = None
    effect: float | str | None = None
    alpha: float = 0.05
    power: float = 0.8
    metric: str | Metric | None = None
    anchor_margin: float | str | None = None
    forgetting: float | str | None = None
    slice_margin: float | str = 0.0
    limits: Mapping[str, Limit] = field(default_factory=dict)
    min_items: int = 30
    first: Literal["refuse", "promote"] = "refuse"
    draws: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        _check_name("mode", self.mode, MODES)
        _check_name("first", self.first, FIRST)
        for name in ("margin", "effect", "anchor_margin", "forgetting", "slice_margin"):
            if (given := getattr(self, name)) is not None:
                read_margin(name, given)
        check_chance("alpha", self.alpha)
        check_chance("power", self.power)
        check_range("alpha", self.alpha, 0, 0.5)
        check_limits(self.limits)
        check_whole("min_items", self.min_items, 2)
        check_whole("draws", self.draws, 100)
        check_whole("seed", self.seed, 0)
        if isinstance(self.metric, str):
            named_metric(self.metric)

    @cached_property
    def measure(self) -> Metric | None:
        """The metric that is compared; None for the mean score."""
        return named_metric(self.metric) if isinstance(self.metric, str) else self.metric

    def judge(self, case: Case) -> Decision:
        """Judge all challengers of a case; the same case gives the same decision, to the last digit.

        Returns:
            ``"promote"`` with the version as ``evidence["chosen"]``, ``"reject"`` or ``"inconclusive"``.
        """
        wear = Wear(case.looks, self.alpha)
        if faults := faults_of_case(case, self.measure, self.first, self.forgetting is not None):
            open_ = [Finding("evidence", "open", fault) for fault in faults]
            verdicts = [Verdict(one.version, open_) for one in case.challengers]
        else:
            verdicts = self._verdicts(case, wear.level)
        chosen = max((one for one in verdicts if one.outcome == "promote"), key=lambda one: one.rank, default=None)
        left = _judgments_left(chosen or next(iter(verdicts), None), wear, self.power)
        evidence = self._evidence(case, verdicts, chosen) | {"wear": wear.to_json() | {"judgments_left": left}}
        outcome, said = _said(verdicts, chosen, faults)
        return Decision(outcome, said + _worn(wear, left), plain(evidence))

    def _verdicts(self, case: Case, level: float) -> list[Verdict]:
        faults = [faults_of_version(one, items_of(case), case.y, self.measure) for one in case.challengers]
        proofs = [
            [] if fault else proofs_of(self, case, one) for one, fault in zip(case.challengers, faults, strict=True)
        ]
        # A challenger passes if all of its proofs do, so the largest p-value is its own.
        levels = holm_levels([max((proof.p for proof in of), default=1.0) for of in proofs], level)
        return [
            Verdict(one.version, fault) if fault else self._verdict(case, one, of, float(held))
            for one, fault, of, held in zip(case.challengers, faults, proofs, levels, strict=True)
        ]

    def _verdict(self, case: Case, challenger: Scored, proofs: Sequence[Proof], level: float) -> Verdict:
        findings = [proof.finding(level, self.alpha, self.power) for proof in proofs]
        findings += self._beside(case, challenger)
        value = value_of(self.measure, case, challenger)
        rank = value if self.measure is None else self.measure.sign * value
        return Verdict(challenger.version, findings, value, rank)

    def _beside(self, case: Case, challenger: Scored) -> Iterator[Finding]:
        """What needs no proof, and may speak against a challenger."""
        champion = case.champion
        yield from self._amount(len(challenger.ids))
        yield from judge_limits(self.limits, challenger.checks, champion.checks if champion else None)
        if champion is None:
            yield Finding("champion", "passed", "there is no champion, and the rule for that is to promote")
            return
        if case.slices:
            margin = read_margin("slice_margin", self.slice_margin)
            rows = {name: np.asarray(rows, bool) for name, rows in case.slices.items()}
            yield judge_slices(rows, challenger.scores, champion.scores, margin, self.alpha, self.min_items)
        yield from self._earlier(case, challenger.scores, champion.scores)

    def _amount(self, items: int) -> Iterator[Finding]:
        if items < self.min_items:
            labels = {"have": items, "needed": self.min_items, "missing": self.min_items - items}
            said = f"there are only {items:,} items, and {self.min_items} are the least"
            yield Finding("evidence", "open", said, {"labels": labels})

    def _earlier(self, case: Case, challenger: Array, champion: Array) -> Iterator[Finding]:
        """What is to be said of earlier chunks where there is no budget, or where it cannot be proved."""
        rows = earlier(case)
        items = 0 if rows is None else int(rows.sum())
        if items < self.min_items:
            if self.forgetting is not None:
                yield Finding("forgetting", "open", f"there are only {items:,} items of earlier chunks")
        elif self.forgetting is None:
            paired = compare_scores(challenger[rows], champion[rows])
            interval = [*paired.interval(1 - self.alpha)]
            said = f"on earlier chunks the gain is {paired.difference:+.4g}"
            yield Finding("forgetting", "noted", said, {"difference": paired.difference, "interval": interval})

    # The decision

    def _evidence(self, case: Case, verdicts: Sequence[Verdict], chosen: Verdict | None) -> dict[str, Any]:
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        measure = self.measure
        return {
            "rule": {**named, "metric": measure.name if measure else None},
            "higher_is_better": measure.higher_is_better if measure else True,
            "items": len(items_of(case)) if case.challengers else 0,
            "champion": case.champion.version if case.champion else None,
            "anchor": case.anchor.version if case.anchor else None,
            "chosen": chosen.version if chosen else None,
            "labels_missing": _fewest_missing(verdicts) if chosen is None else None,
            "challengers": [verdict.to_json() for verdict in verdicts],
        }


def _said(verdicts: Sequence[Verdict], chosen: Verdict | None, faults: Sequence[str]) -> tuple[str, str]:
    """The outcome, and the sentence."""
    if faults:
        return "inconclusive", f"Nothing can be judged: {'; '.join(faults)}."
    if chosen:
        passed = sum(one.outcome == "promote" for one in verdicts)
        best = f"the best of {passed} that pass, of {len(verdicts)}: " if len(verdicts) > 1 else ""
        return "promote", f"{chosen.version}: {best}{chosen.why}."
    outcome = "inconclusive" if any(one.outcome == "inconclusive" for one in verdicts) else "reject"
    told = ". ".join(f"{one.version}: {one.why}" for one in verdicts if one.outcome == outcome)
    return outcome, f"{told}."


def _worn(wear: Wear, left: int | None) -> str:
    """What is to be said of items that have been used before."""
    if not wear.looks:
        return ""
    times = "once" if wear.looks == 1 else f"{wear.looks} times"
    said = f" These items judged {times} before, so α is {wear.level:.2g} now"
    if left is None:
        return f"{said}."
    return f"{said}; label fresh ones." if left == 0 else f"{said}; they are good for {left:,} more."


def _judgments_left(verdict: Verdict | None, wear: Wear, power: float) -> int | None:
    """How many more judgments the items are good for, by the comparison with the champion; None if there was none."""
    findings = [] if verdict is None else [one for one in verdict.findings if "variance" in one.values]
    if not findings:
        return None
    of = findings[0].values
    return wear.left(of["items"], of["variance"], of["distance"], power)


def _fewest_missing(verdicts: Sequence[Verdict]) -> int | None:
    """How many labels would settle one of those that are open."""
    return min((one.labels_missing for one in verdicts if one.labels_missing is not None), default=None)


def _check_name(option: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise ConfigError(f"`{option}` cannot be {given!r}. {did_you_mean(given, known)}")
