"""What every memory policy promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vernal.base import ConfigError
from vernal.memory import Candidates, Policy

CAPACITIES = (1, 3, 10, 100)


class PolicySuite(ABC):
    """Tests that a policy passes. Inherit, and say what is tested::

        class TestMyPolicy(PolicySuite):
            def policy(self, capacity):
                return MyPolicy(capacity)

    A policy with an `embedding` is shown features. What it selects may depend on how the stream is cut, since rows that
    are gone have no features any more, but not on the order in which rows come.

    Attributes:
        bounded: whether the memory has a size at all.
        uniform: whether every row ever seen is in memory with the same probability.
        fair: whether every class has as many rows as any other, as far as there are any.
    """

    bounded = True
    uniform = False
    fair = False

    @abstractmethod
    def policy(self, capacity: int) -> Policy:
        """The policy that is tested, for a memory of this size."""

    @property
    def embeds(self) -> bool:
        """Whether the policy asks for features."""
        return self.policy(1).embedding is not None

    def stream(self, n: int, seed: int = 0) -> Candidates:
        """Rows of four classes of unequal size, in the order of three updates, and what the policy asks for."""
        generator = np.random.default_rng(seed)
        labels = generator.choice(4, size=n, p=[0.6, 0.2, 0.15, 0.05])
        rows = Candidates(generator.random(n), labels, np.sort(generator.integers(1, 4, size=n)))
        if not self.embeds:
            return rows
        features = generator.standard_normal((n, 6)) + labels[:, None]
        return replace(rows, represents=generator.uniform(1, 5, n), features=features.astype(np.float32))

    def test_it_keeps_as_many_rows_as_fit(self) -> None:
        for capacity in CAPACITIES:
            for n in (0, 1, capacity - 1, capacity, capacity + 1, 5 * capacity):
                kept = self.policy(capacity).keep(self.stream(n))
                assert len(kept) == (min(n, capacity) if self.bounded else n)

    def test_it_names_each_place_once_in_ascending_order(self) -> None:
        for capacity in CAPACITIES:
            kept = self.policy(capacity).keep(self.stream(57))
            assert np.issubdtype(kept.dtype, np.integer)
            assert kept.tolist() == sorted(set(kept.tolist()))
            assert set(kept.tolist()) <= set(range(57))

    def test_it_selects_the_same_rows_however_the_stream_is_cut(self) -> None:
        if self.embeds:
            return
        for seed in range(20):
            stream, cuts = self.stream(60, seed), np.random.default_rng(seed).integers(0, 61, size=4)
            for capacity in (1, 7, 25):
                whole = self.policy(capacity).keep(stream)
                assert self._in_pieces(stream, capacity, [0, *sorted(cuts.tolist()), 60]) == whole.tolist()

    def test_it_selects_the_same_rows_in_whatever_order_they_come(self) -> None:
        if not self.embeds:
            return
        for seed in range(20):
            stream = self.stream(60, seed)
            mixed = _picked(stream, np.random.default_rng(seed).permutation(60))
            for capacity in (1, 7, 25):
                policy = self.policy(capacity)
                assert set(stream.keys[policy.keep(stream)]) == set(mixed.keys[policy.keep(mixed)])

    def test_no_class_has_fewer_rows_than_another_unless_it_has_no_more(self) -> None:
        if not self.fair:
            return
        for capacity in (1, 4, 10, 39):
            stream = self.stream(80)
            sizes = np.bincount(stream.labels, minlength=4)
            kept = np.bincount(stream.labels[self.policy(capacity).keep(stream)], minlength=4)
            assert kept.max() - kept[kept < sizes].min(initial=capacity) <= 1
            assert capacity < 4 or kept.min() >= 1

    def test_rows_that_are_all_alike_are_no_trouble(self) -> None:
        stream = self.stream(30)
        alike = replace(stream, labels=np.zeros(30, np.int64))
        if alike.features is not None:
            alike = replace(alike, features=np.zeros_like(alike.features))
        assert len(self.policy(7).keep(alike)) == (7 if self.bounded else 30)

    def test_it_selects_the_same_rows_when_asked_again(self) -> None:
        stream = self.stream(40)
        policy = self.policy(10)
        first = policy.keep(stream)
        assert (policy.keep(stream) == first).all()
        assert (self.policy(10).keep(stream) == first).all()

    def test_it_leaves_what_it_is_shown_alone(self) -> None:
        stream = self.stream(40)
        before = [values.copy() for values in _given(stream)]
        self.policy(10).keep(stream)
        assert all(np.array_equal(a, b) for a, b in zip(before, _given(stream), strict=True))

    def test_a_memory_that_shrinks_keeps_some_of_its_rows(self) -> None:
        stream = self.stream(40)
        kept = self.policy(20).keep(stream)
        smaller = self.policy(5).keep(_picked(stream, kept))
        assert len(smaller) == (5 if self.bounded else 40)

    def test_a_memory_that_grows_takes_new_rows_in(self) -> None:
        stream = self.stream(40)
        kept = self.policy(5).keep(_picked(stream, np.arange(20)))
        candidates = np.concatenate([kept, np.arange(20, 40)])
        assert len(self.policy(30).keep(_picked(stream, candidates))) == len(
            candidates[:30] if self.bounded else stream.keys
        )

    def test_a_size_below_one_is_refused(self) -> None:
        if self.bounded:
            with pytest.raises(ConfigError, match="must be at least 1, got 0"):
                self.policy(0)

    def test_every_row_has_the_same_chance(self) -> None:
        if not self.uniform:
            return
        trials = 4000
        for n, capacity in ((10, 5), (2, 1), (7, 3)):
            generator, counts = np.random.default_rng(n), np.zeros(n)
            zeros = np.zeros(n, np.int64)
            for _ in range(trials):
                counts[self.policy(capacity).keep(Candidates(generator.random(n), zeros, zeros))] += 1
            share = capacity / n
            tolerance = 5 * np.sqrt(share * (1 - share) / trials)
            assert np.abs(counts / trials - share).max() < tolerance

    def _in_pieces(self, stream: Candidates, capacity: int, cuts: list[int]) -> list[int]:
        kept = np.arange(0)
        for start, end in zip(cuts, cuts[1:], strict=False):
            offered = np.concatenate([kept, np.arange(start, end)])
            kept = offered[self.policy(capacity).keep(_picked(stream, offered))]
        return [int(place) for place in kept]


def _given(stream: Candidates) -> Iterator[np.ndarray[Any, Any]]:
    return (values for values in vars(stream).values() if values is not None)


def _picked(stream: Candidates, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Candidates:
    picked: dict[str, Any] = {n: None if values is None else values[rows] for n, values in vars(stream).items()}
    return Candidates(**picked)
