"""The suite finds what is wrong with a policy: each of these breaks one promise."""

from dataclasses import dataclass

import numpy as np
import pytest

from vernal.memory import Balanced, Herding, Policy, Reservoir
from vernal.testing import PolicySuite


@dataclass
class Broken(Policy):
    capacity: int


class Greedy(Broken):
    """Keeps a row too many."""

    def keep(self, candidates):
        return np.arange(min(len(candidates.keys), self.capacity + 1))


class Unsorted(Broken):
    def keep(self, candidates):
        return np.argsort(-candidates.keys)[: self.capacity]


class Hasty(Broken):
    """Draws afresh whenever it is asked."""

    def keep(self, candidates):
        n = len(candidates.keys)
        return np.sort(np.random.default_rng().permutation(n)[: self.capacity])


class Uneven(Broken):
    """Gives the first half of the stream a smaller chance: the fault of a reservoir that is off by one."""

    def keep(self, candidates):
        keys = candidates.keys.copy()
        keys[: len(keys) // 2] *= 0.9
        return np.sort(np.argsort(-keys)[: self.capacity])


class Vandal(Broken):
    def keep(self, candidates):
        candidates.keys[:] = 0
        return np.arange(min(len(candidates.keys), self.capacity))


class Partial(Broken):
    """Goes by keys only, whatever class a row is of."""

    def keep(self, candidates):
        return np.sort(np.argsort(-candidates.keys)[: self.capacity])


class Latest(Broken):
    """Asks for features, and goes by the order in which rows come."""

    embedding = "features"

    def keep(self, candidates):
        assert len(candidates.embedded) == len(candidates.keys)
        return np.arange(len(candidates.keys))[-self.capacity :]


def suite(policy, is_fair=False):
    class Suite(PolicySuite):
        uniform = True
        fair = is_fair

        def policy(self, capacity):
            return policy(capacity)

    return Suite()


@pytest.mark.parametrize(
    ("policy", "law"),
    [
        (Greedy, "test_it_keeps_as_many_rows_as_fit"),
        (Unsorted, "test_it_names_each_place_once_in_ascending_order"),
        (Hasty, "test_it_selects_the_same_rows_when_asked_again"),
        (Hasty, "test_it_selects_the_same_rows_however_the_stream_is_cut"),
        (Uneven, "test_every_row_has_the_same_chance"),
        (Vandal, "test_it_leaves_what_it_is_shown_alone"),
    ],
)
def test_what_is_broken_is_found(policy, law):
    with pytest.raises(AssertionError):
        getattr(suite(policy), law)()
    getattr(suite(Reservoir), law)()


@pytest.mark.parametrize(
    ("policy", "right", "law"),
    [
        (Partial, Balanced, "test_no_class_has_fewer_rows_than_another_unless_it_has_no_more"),
        (Latest, Herding, "test_it_selects_the_same_rows_in_whatever_order_they_come"),
    ],
)
def test_what_is_unfair_or_depends_on_the_order_is_found(policy, right, law):
    with pytest.raises(AssertionError):
        getattr(suite(policy, is_fair=True), law)()
    getattr(suite(right, is_fair=True), law)()


def test_a_size_that_is_not_checked_is_found():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        suite(Greedy).test_a_size_below_one_is_refused()
