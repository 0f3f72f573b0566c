"""What a loop asks of models: look at rows, learn them, be compared, take the champion's place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

from vernal.base import Clock, Decision, SystemClock, digest
from vernal.config import Plan, resolve
from vernal.data import Window
from vernal.gate import Gate
from vernal.store import Store
from vernal.training import Reporter
from vernal.transaction import Examination, Observation, Result, examine, observe, probe, update

CHAMPION, CHALLENGER, ANCHOR = "champion", "challenger", "anchor"


class Learner:
    """The models of a store, under the names that a loop has for them.

    Args:
        plan: how to train; its window is filled in.
        store: where models lie.
        role: the alias of the model in production. A backtest has another one for each policy.
        reporter: who is told how far an update is.
        clock: tells the time.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        role: str = CHAMPION,
        reporter: Reporter | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._plan, self.store, self._role = plan, store, role
        self._reporter, self._clock = reporter, clock or SystemClock()

    @property
    def champion(self) -> str | None:
        """The id of the model in production."""
        return self.store.champion if self._role == CHAMPION else self.store.aliases().get(self._role)

    @cached_property
    def digests(self) -> dict[str, str]:
        """What an update depends on beside data: the plan, and the code of the config file and of modules beside it."""
        resolved = resolve(replace(self._plan, window=None))
        plan = {name: value for name, value in resolved.to_json().items() if name != "config"}
        return {"config": digest(plan), "code": resolved.config.digest}

    @property
    def entry(self) -> int:
        """How many entries the journal of the store has."""
        return self.store.head().number

    def lineage(self, version: str) -> list[str]:
        """The ids of a version and all that it descends from, oldest first."""
        return [str(record["id"]) for record in self.store.lineage(version)]

    def files(self, version: str | None) -> list[str]:
        """The files that a version and those before it have learned, in their order."""
        records = [] if version is None else self.store.lineage(version)
        return [*dict.fromkeys(file for record in records for file in record["chunk"].get("files", []))]

    def files_of(self, version: str) -> list[str]:
        """The files that one version has learned."""
        return list(self.store.record(version)["chunk"]["files"])

    def rows_seen(self, version: str | None) -> int:
        """How many rows a version has learned, and those before it."""
        return 0 if version is None else int(self.store.record(version)["rows_seen"])

    def seconds_of(self, version: str) -> float:
        """How long the update took that made a version."""
        return float(self.store.record(version)["costs"]["total_seconds"])

    def observe(self, files: Sequence[str], version: str, needs: Collection[str], now: float) -> Observation:
        """What a version makes of rows that it has not learned."""
        return observe(self._on(files), self.store, version, needs, now)

    def update(self, files: Sequence[str], parent: str | None, scratch: bool) -> Result:
        """Learn rows, beside the champion. The same call again is free."""
        return update(
            self._on(files),
            self.store,
            parent=None if scratch else parent,
            promote=False,
            scratch=scratch or parent is None,
            reporter=self._reporter,
            clock=self._clock,
        )

    def examine(self, files: Sequence[str], versions: Sequence[str], unseen: bool = False) -> Examination:
        """Ask versions about the same rows: those that the first one keeps to be judged by, or all of new files."""
        return examine(self._on(files), self.store, versions, unseen)

    def checks(self, files: Sequence[str], version: str, gate: Gate) -> dict[str, object]:
        """What a gate wants to know of a version beside its answers."""
        return probe(self._on(files), self.store, version, export="parity" in gate.limits) if gate.limits else {}

    def promote(self, version: str, expected: str | None, decision: Decision) -> None:
        """Put a version into production, if the one that it was compared with still is.

        Raises:
            ConflictError: another one is.
        """
        if self._role == CHAMPION:
            self.store.promote(version, expected, decision.why, decision.to_json())
        else:
            self.store.point(self._role, version, expected, decision.why, decision.to_json())

    def was_taken_back(self, version: str, entry: int) -> bool:
        """Whether a version was the champion after an entry of the journal, and somebody has put another there."""
        if self._role != CHAMPION or self.champion == version:
            return False
        return any(one.number > entry and one.champion == version for one in self.store.entries())

    def name(self, what: str, version: str | None) -> None:
        """Let another alias point to a version, or to none."""
        alias = what if self._role == CHAMPION else f"{self._role}-{what}"
        self.store.point(alias, version, self.store.aliases().get(alias))

    def _on(self, files: Sequence[str]) -> Plan:
        return replace(self._plan, window=Window(tuple(files)))
