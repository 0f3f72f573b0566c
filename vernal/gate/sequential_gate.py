"""A gate that may be asked after every label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernal.base import ConfigError, Decision, StateError, check_range
from vernal.gate.case import Scored
from vernal.gate.faults import faults_of_version
from vernal.gate.plain import plain
from vernal.gate.required_labels import check_chance, labels_for
from vernal.gate.sequential import EProcess

State = Mapping[str, Any]


@dataclass(frozen=True)
class SequentialGate:
    """Judges one challenger as labels arrive, and may stop whenever it likes.

    A state machine: its state is plain values, to be kept between looks. The chance of a false promotion is below alpha
    over all looks together, so there is no wear and no set number of labels; in return, it compares mean scores only,
    and nothing else that `Gate` looks at. What was once decided stays.

    Args:
        margin: the loss of mean score that is tolerated; 0 if the challenger must be better.
        effect: the smallest gain worth finding, for counting labels where no loss is tolerated.
        alpha: chance of promoting a challenger that is worse by the margin.
        power: for counting labels.

    Raises:
        ConfigError: a value out of range.

    Examples:
        >>> import numpy as np
        >>> gate, ids = SequentialGate(margin=0.0), np.arange(60).astype(str)
        >>> champion = Scored("fraud:3.1", ids, np.tile([1.0, 0.0], 30))
        >>> challenger = Scored("fraud:4.0", ids, np.ones(60))
        >>> state, decision = gate.look(gate.start(), champion, challenger)
        >>> decision.outcome, decision.evidence["process"]["decided_at"] < 60
        ('promote', True)
    """

    margin: float = 0.01
    effect: float = 0.01
    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        EProcess(self.margin, self.alpha)
        check_range("effect", self.effect, 0, 1)
        check_chance("power", self.power)
        if not self.margin and not self.effect:
            raise ConfigError("`margin` and `effect` are both 0. Say what gain is worth finding: effect=0.01.")

    def start(self) -> State:
        """The state before the first label."""
        return {"versions": None, "process": self._process.start()}

    def look(self, state: State, champion: Scored, challenger: Scored) -> tuple[State, Decision]:
        """The next state, and the decision.

        Args:
            state: `start`, or what the last look gave.
            champion: its scores, 0 to 1, on the items that have been labelled since then, in the order of their labels.
            challenger: its scores on the same items. Each item is to come once.

        Returns:
            If the new scores cannot be compared, the state as it was, and ``"inconclusive"``.

        Raises:
            StateError: the state is of other versions, or of other settings.
            DataError: scores that lie more than 1 apart.
        """
        versions = [champion.version, challenger.version]
        if state["versions"] not in (None, versions):
            raise StateError(f"The state is of the versions {state['versions']}, not {versions}. Begin with `start()`.")
        if faults := [*_faults(champion, champion), *_faults(challenger, champion)]:
            said = f"The new labels cannot be used: {'; '.join(faults)}."
            return state, Decision("inconclusive", said, self._evidence(state, versions) | {"faults": faults})
        process = self._process.look(state["process"], challenger.scores - champion.scores)
        after = {"versions": versions, "process": process}
        return after, self._decision(after, versions)

    @property
    def _process(self) -> EProcess:
        return EProcess(self.margin, self.alpha)

    def _decision(self, state: State, versions: list[str]) -> Decision:
        evidence = self._evidence(state, versions)
        found = evidence["process"]
        outcome = "promote" if found["promote"] else "reject" if found["reject"] else "inconclusive"
        return Decision(outcome, f"{versions[1]}: {self._said(outcome, found, evidence['labels'])}", evidence)

    def _said(self, outcome: str, found: Mapping[str, Any], labels: Mapping[str, Any]) -> str:
        bound = f"{-self.margin:+.4g}" if self.margin else "0"
        gain = "" if found["mean"] is None else f"; the gain is {found['mean']:+.4g}"
        if outcome == "inconclusive":
            missing = labels["missing"]
            more = "no number of labels will tell" if missing is None else f"about {missing:,} more are needed to tell"
            return f"{found['n']:,} labels do not tell whether it is above {bound}{gain}; {more}."
        side = "above" if outcome == "promote" else "below"
        reached = f"the wealth of the bet that it is {side} {bound} reached {found['threshold']:.4g}"
        return f"after {found['decided_at']:,} labels {reached}{gain}."

    def _evidence(self, state: State, versions: list[str]) -> dict[str, Any]:
        found = self._process.evidence(state["process"])
        evidence = {
            "rule": vars(self).copy(),
            "champion": versions[0],
            "challenger": versions[1],
            "process": found,
            "labels": self._labels(found, state["process"]["squares"]),
        }
        return {name: plain(value) for name, value in evidence.items()}

    def _labels(self, found: Mapping[str, Any], squares: float) -> dict[str, int | None]:
        """Labels that a test with a set number would need: about as many as half of the sequential ones take."""
        n, gain = found["n"], found["mean"] or 0.0
        variance = max(squares, 1.0) / max(n, 1)
        needed = labels_for(variance, self.margin or self.effect, self.alpha, self.power)
        if needed is not None and needed <= n:
            needed = labels_for(variance, gain + self.margin, self.alpha, self.power)
        return {"have": n, "needed": needed, "missing": None if needed is None else max(needed - n, 1)}


def _faults(scored: Scored, champion: Scored) -> list[str]:
    found = faults_of_version(scored, champion.ids, None, None)
    return [f"{scored.version}: {fault.why}" for fault in found]
