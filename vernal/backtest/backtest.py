"""History replayed through the same loop with another clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from vernal.backtest.clock import HeldClock
from vernal.backtest.course import Course, Lived
from vernal.backtest.history import History
from vernal.backtest.models import Models, Shared
from vernal.base import ConfigError, DataError
from vernal.config import Plan, resolve
from vernal.ledger import Database, Loops, Outcomes
from vernal.loop import FAILED, SCRATCH, Loop, Policy
from vernal.sources import Arrival, Cursor
from vernal.store import Store
from vernal.training import Reporter, Silent
from vernal.triggers import Manual

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Backtest:
    """What policies would have been worth.

    Every policy lives through the history by itself: at the end of each chunk the loop looks at what had come by then,
    with the labels that were known by then, and never at anything later. Its champion is scored on a chunk before it
    could learn any of it.

    Args:
        plan: how to train.
        history: the past.
        every: how long a chunk is: a span of time, ``"1d"``, or a number of rows.
        policies: by name; their sources are replaced by the history.
        folder: where models are kept: the same backtest again, or one with more policies, trains only what is new.
        reporter: who is told how far an update is.
    """

    plan: Plan
    history: History
    every: str | int
    policies: Mapping[str, Policy]
    folder: Path
    reporter: Reporter = field(default_factory=Silent)

    def __post_init__(self) -> None:
        if not self.policies:
            raise ConfigError("A backtest compares policies: name one or more.")

    def estimate(self, models: int | None = 0) -> Estimate:
        """What the backtest will cost at most, told by the training of the first model, which it needs anyway.

        Args:
            models: how many are trained from scratch to look back, beside what policies need; None for one at every
                chunk. See `look_back`.
        """
        lives = self._begun()
        first = lives.chunks[0][1]
        learner = self.models(lives.store, lives.shared, "estimate", HeldClock(lives.chunks[0][0]))
        result = learner.update(first.files, None, scratch=True)
        a_row = float(result.costs["total_seconds"]) / first.rows
        rows = [arrival.rows for _, arrival in lives.chunks[1:]]
        so_far = first.rows + np.cumsum(rows)
        stateful = sum(_trains(policy) and not is_stateless(policy) for policy in self.policies.values())
        stateless = any(_trains_from_scratch(policy) for policy in self.policies.values())
        scratch = len(rows) if models is None or stateless else min(models, len(rows))  # Policies share them.
        seconds = a_row * (stateful * sum(rows) + scratch * float(so_far.mean()))
        return Estimate(len(lives.chunks), stateful * len(rows) + scratch, seconds)

    def run(self, told: Told = lambda name, done, all: None) -> Lives:  # noqa: ARG005
        """Live through the history with every policy.

        Args:
            told: is told the policy, how many chunks are done, and how many there are.

        Raises:
            ConfigError: the history is too short, or something is wrong with the plan.
            DataError: rows cannot be read.
        """
        lives = self._begun()
        for number, name in enumerate(self.policies, start=1):
            lives.courses[name] = self._course(name, f"policy-{number}", lives, told)
        return lives

    def _begun(self) -> Lives:
        self._check_plan()
        ticks = self.history.ticks(self.every)
        inbox = self.folder / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        lives = Lives(self._chunks(ticks, inbox), {}, Shared(), Store(self.folder / "store"))
        self._check_chunks(lives)
        return lives

    def _check_plan(self) -> None:
        config = resolve(self.plan).config
        if not config.takes("data_module_fn", "window"):
            raise ConfigError(
                f"`data_module_fn` of {config.path.name} takes no `window`, so it cannot be told which data to learn. "
                "Give it an argument `window: Window` (from vernal.data) and read that."
            )

    def _check_chunks(self, lives: Lives) -> None:
        """Let the config file read every chunk, so that none stops the backtest after hours."""
        models = self.models(lives.store, lives.shared, "check", HeldClock(lives.chunks[0][0]))
        for tick, arrival in lives.chunks:
            try:
                models.check(arrival.files)
            except DataError as error:
                error.add_note(f"This is about the chunk of {arrival.rows} rows that ends at {tick:%Y-%m-%d %H:%M %Z}.")
                raise

    def models(self, store: Store, shared: Shared, role: str, clock: HeldClock) -> Models:
        """The models of one policy."""
        return Models(self.plan, store, role, shared, self.reporter, clock)

    def _chunks(self, ticks: Sequence[datetime], inbox: Path) -> list[tuple[datetime, Arrival]]:
        chunks: list[tuple[datetime, Arrival]] = []
        cursor: Cursor | None = None
        for tick in ticks:
            arrival = self.history.rows.poll(cursor, tick, inbox)
            if arrival is not None:
                cursor = arrival.cursor
                chunks.append((tick, arrival))
        return chunks

    def _course(self, name: str, role: str, lives: Lives, told: Told) -> Course:
        chunks, store = lives.chunks, lives.store
        store.point(role, None, store.aliases().get(role))  # An earlier run may have left it.
        clock = HeldClock(chunks[0][0])
        models = self.models(store, lives.shared, role, clock)
        first, loop = self._loops(name, models, clock)
        lived: list[Lived] = []
        failed = ""
        for number, (tick, arrival) in enumerate(chunks):
            clock.set(tick)
            champion = models.champion
            if champion is None:
                turn = first.turn(by_hand="The first model, which every policy has.")
                failed = turn.decisions[-1].why if turn.outcome == FAILED else failed
            else:
                measured = models.measure(arrival.files, champion)
                lived.append(Lived.of(number, champion, measured, loop.turn()))
            told(name, number + 1, len(chunks))
        if not lived:
            raise ConfigError(failed or self._nothing_known())
        return Course(name, lived)

    def _loops(self, name: str, models: Models, clock: HeldClock) -> tuple[Loop, Loop]:
        """A loop that begins, and goes on, as a policy says; the first model no rule of a gate can refuse."""
        policy, database = self.history.of(self.policies[name]), Database("sqlite://")
        rest = (models, Loops(database, name), Outcomes(database, name), self.folder / "inbox", clock)
        return Loop(replace(policy, gate=None), *rest), Loop(policy, *rest)

    def _nothing_known(self) -> str:
        return (
            f"No label was known before the last chunk ended, {self.history.delay} after its row: nothing could be "
            "learned. A backtest needs a longer history."
        )


@dataclass(frozen=True)
class Estimate:
    """What a backtest costs at most.

    Args:
        chunks: how many there are.
        updates: how many updates may be trained.
        seconds: how long that may take, if training takes as long for each row as the first model did.
    """

    chunks: int
    updates: int
    seconds: float


@dataclass(frozen=True)
class Lives:
    """How it went with all policies.

    Args:
        chunks: the end of each chunk, and its rows.
        courses: by policy.
        shared: the models and what they scored.
        store: where the models lie.
    """

    chunks: Sequence[tuple[datetime, Arrival]]
    courses: dict[str, Course]
    shared: Shared
    store: Store

    @property
    def metric(self) -> str:
        """What is measured: ``"accuracy"``, or ``"loss"``."""
        return next(iter(self.shared.measured.values())).metric


def _trains(policy: Policy) -> bool:
    return not isinstance(policy.trigger, Manual)


def _trains_from_scratch(policy: Policy) -> bool:
    return policy.calibrate is not None or (_trains(policy) and is_stateless(policy))


def is_stateless(policy: Policy) -> bool:
    """Whether what it trains depends on data alone, so that a matrix of models and chunks says it all."""
    return policy.learn == SCRATCH
