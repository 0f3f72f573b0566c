"""What every comparison of two versions on the same items can say."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Paired(ABC):
    """A comparison of two versions, item by item.

    Attributes:
        n: how many items both have answered.
    """

    n: int

    @abstractmethod
    def test(self, bound: float) -> str:
        """The name of the test against a bound."""

    @property
    @abstractmethod
    def difference(self) -> float:
        """How much better the first version was found to be; below 0 if it is worse."""

    @abstractmethod
    def variance(self, difference: float) -> float:
        """The variance of a single item if the true difference is this; the labels needed follow from it."""

    @abstractmethod
    def p_above(self, bound: float) -> float:
        """The p-value of "the true difference is at most this bound": small where it lies above."""

    @abstractmethod
    def p_below(self, bound: float) -> float:
        """The p-value of "the true difference is at least this bound": small where it lies below."""

    @abstractmethod
    def interval(self, confidence: float) -> tuple[float, float]:
        """A two-sided confidence interval of the true difference."""
