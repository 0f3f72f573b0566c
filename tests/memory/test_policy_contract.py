"""Every policy of the door, held to the contract."""

import vernal.memory
from vernal.memory import (
    Balanced,
    Everything,
    GradientMatching,
    Herding,
    KCenter,
    Policy,
    Reservoir,
    SlidingWindow,
)
from vernal.testing import PolicySuite


class TestReservoir(PolicySuite):
    uniform = True

    def policy(self, capacity):
        return Reservoir(capacity)


class TestSlidingWindow(PolicySuite):
    def policy(self, capacity):
        return SlidingWindow(capacity)


class TestBalancedByLabels(PolicySuite):
    fair = True

    def policy(self, capacity):
        return Balanced(capacity)


class TestBalancedByChunks(PolicySuite):
    def policy(self, capacity):
        return Balanced(capacity, by="chunks")


class TestEverything(PolicySuite):
    bounded = False

    def policy(self, capacity):
        return Everything()


class TestHerding(PolicySuite):
    fair = True

    def policy(self, capacity):
        return Herding(capacity)


class TestKCenter(PolicySuite):
    fair = True

    def policy(self, capacity):
        return KCenter(capacity)


class TestGradientMatching(PolicySuite):
    def policy(self, capacity):
        return GradientMatching(capacity)


def test_no_policy_is_left_out():
    suites = [value for value in globals().values() if isinstance(value, type) and issubclass(value, PolicySuite)]
    tested = {type(suite().policy(1)) for suite in suites if suite is not PolicySuite}
    door = {value for value in vars(vernal.memory).values() if isinstance(value, type) and issubclass(value, Policy)}
    assert tested == door - {Policy}
    assert Reservoir in tested
