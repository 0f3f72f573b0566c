"""A comparison that may be looked at after every label: betting against the champion."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq

from vernal.base import DataError, StateError, check_range

Array = np.ndarray[Any, Any]
State = Mapping[str, Any]

HORIZONS = np.array([[100.0], [400.0], [1600.0], [6400.0]])  # labels for which each of the bets is the best
LARGEST_BET = 0.5  # of the wealth; the worst difference then halves it
FIRST_VARIANCE = 0.25  # counts as one label; that of models which differ on every fourth item
LARGEST_LOG = 700.0  # e to more than that is no number


@dataclass(frozen=True)
class EProcess:
    r"""Judges paired differences as labels arrive, with no penalty for looking at every one [1]_.

    Somebody who does not believe that the challenger is better than the champion less a margin, offers a fair bet on
    every difference :math:`d_t` between -1 and 1. We begin with 1 and bet a part of what we have:

    .. math::
        W_t = W_{t-1} \, \bigl(1 + \lambda_t (d_t + \mathrm{margin})\bigr), \qquad
        \lambda_t = \sqrt{\frac{2 \ln(1/\alpha)}{h \, \hat\sigma^2_{t-1}}} .

    If they are right, wealth never reaches :math:`1/\alpha` with a probability of more than alpha, however often
    one looks (Ville's inequality). When it does, the challenger is promoted. The mirrored process bets that it is worse
    by more than the margin, and rejects it in the same way. A decision that was once made stays.

    How long it takes depends on a difference that nobody knows, so the stake is divided among four bets, the best for
    h = 100, 400, 1,600 and 6,400 labels. Differences must come in an order that has nothing to do with them, such as
    that of their labels' arrival; the same ones in another order give another wealth.

    Args:
        margin: how much worse a challenger may be and still be promoted, 0 to 0.9, in the unit of the differences;
            0 demands that it is better.
        alpha: chance of promoting a challenger that is worse by the margin, and of rejecting one that is not.

    Deviations:
        The paper's aGRAPA bets what would have been the best so far. Of models that disagree on 8 % of the items and
        differ by 2 points, it promotes 94 % within 4,000 labels, half within 1,400; these bets 97 %, half within 1,200.

    Examples:
        >>> process = EProcess()
        >>> state = process.look(process.start(), [0.0, 1.0, 0.0, 1.0, 1.0] * 10)
        >>> evidence = process.evidence(state)
        >>> evidence["promote"], evidence["decided_at"], round(evidence["lower"], 2)
        (True, 24, 0.3)

    References:
        .. [1] I. Waudby-Smith and A. Ramdas. Estimating means of bounded random variables by betting. JRSS B 86(1),
           2024. https://arxiv.org/abs/2010.09686
    """

    margin: float = 0.0
    alpha: float = 0.05

    def __post_init__(self) -> None:
        check_range("margin", self.margin, 0, 0.9)
        check_range("alpha", self.alpha, 1e-9, 0.5)

    def start(self) -> State:
        """The state before the first label: plain values."""
        nothing = [0.0] * len(HORIZONS)
        sums = {"n": 0, "sum": 0.0, "squares": 0.0}
        per_bet = {"better": nothing, "worse": nothing, "bets": nothing, "won": nothing, "noise": nothing}
        return {"settings": vars(self).copy()} | sums | per_bet | {"decision": None, "decided_at": None}

    def look(self, state: State, differences: Sequence[float] | Array) -> State:
        """The state after more labels.

        Args:
            state: `start`, or what the last look gave.
            differences: ``(n,)`` score of the challenger less that of the champion on each newly labelled item, between
                -1 and 1, in the order of arrival. Each item once.

        Raises:
            DataError: a difference is not in the range, or not a number.
            StateError: the state is of other settings.
        """
        self._check(state)
        x = _checked(differences)
        if not len(x):
            return state
        bets, means, sums = self._bets(state, x)
        better = _added(state["better"], np.log1p(bets * (x + self.margin)))
        worse = _added(state["worse"], np.log1p(-bets * (x + self.margin)))
        reach = 1 + means  # no difference lies further below the mean that was expected
        noise = ((x - means) / reach) ** 2 * (-np.log1p(-bets * reach) - bets * reach)
        paths = {"better": better, "worse": worse, "noise": _added(state["noise"], noise)}
        paths |= {"bets": _added(state["bets"], bets), "won": _added(state["won"], bets * x)}
        after = {name: path[:, -1].tolist() for name, path in paths.items()}
        return {**state, **sums, **after, **self._decision(state, better, worse)}

    def evidence(self, state: State) -> dict[str, Any]:
        """What is known after ``n`` labels, as plain values.

        Returns:
            the wealth of both bets, ``e_value`` and ``e_value_worse``, and the ``threshold``; the ``mean`` difference
            and its ``lower`` bound; ``promote`` or ``reject``, since label ``decided_at``. Neither means that more
            labels are needed.

        Raises:
            StateError: the state is of other settings.
        """
        self._check(state)
        better, worse = (float(_mixed(np.array(state[name]))) for name in ("better", "worse"))
        return {
            "e_value": math.exp(min(better, LARGEST_LOG)),
            "e_value_worse": math.exp(min(worse, LARGEST_LOG)),
            "threshold": 1 / self.alpha,
            "n": state["n"],
            "mean": state["sum"] / state["n"] if state["n"] else None,
            "lower": self.lower(state),
            "promote": state["decision"] == "promote",
            "reject": state["decision"] == "reject",
            "decided_at": state["decided_at"],
        }

    def lower(self, state: State) -> float:
        r"""The lower confidence sequence of the mean difference: an empirical Bernstein bound of the same bets.

        The smallest m that :math:`\prod_t \exp\bigl(\lambda_t (d_t - m) - v_t\bigr)` does not refute, with
        :math:`v_t` growing with the squared distance of :math:`d_t` from the mean before it (theorem 2 of the paper).
        With probability 1 - alpha it lies below the true mean at all n at once, so one may look at it at any time. It
        is a little wider than the bets: they may promote while it still lies below -margin.
        """
        bets, won, noise = (np.array(state[name]) for name in ("bets", "won", "noise"))

        def refuted(mean: float) -> float:
            return float(_mixed(won - bets * mean - noise)) + math.log(self.alpha)

        return float(brentq(refuted, -1, 1)) if refuted(-1) > 0 else -1.0

    def _bets(self, state: State, x: Array) -> tuple[Array, Array, dict[str, Any]]:
        """``(4, n)`` bets and ``(n,)`` means, both from the labels before each alone; and the sums after them."""
        n = state["n"] + np.arange(1, len(x) + 1)
        totals = _added(state["sum"], x)
        means = totals / (n + 1)
        squares = _added(state["squares"], (x - means) ** 2)
        means_before = np.concatenate([[state["sum"] / (state["n"] + 1)], means[:-1]])
        variances = (FIRST_VARIANCE + np.concatenate([[state["squares"]], squares[:-1]])) / n
        bets = np.sqrt(2 * math.log(1 / self.alpha) / (HORIZONS * variances))
        most = LARGEST_BET / (1 + np.maximum(self.margin, np.abs(means_before)))
        sums = {"n": int(n[-1]), "sum": float(totals[-1]), "squares": float(squares[-1])}
        return np.minimum(bets, most), means_before, sums

    def _decision(self, state: State, better: Array, worse: Array) -> dict[str, Any]:
        """The first time that one of the two reaches the threshold, and which."""
        if state["decision"]:
            return {}
        reached = {
            name: _mixed(path) >= -math.log(self.alpha) for name, path in (("promote", better), ("reject", worse))
        }
        first = {name: int(np.argmax(hits)) for name, hits in reached.items() if hits.any()}
        if not first:
            return {}
        decision = min(first, key=first.__getitem__)
        return {"decision": decision, "decided_at": state["n"] + first[decision] + 1}

    def _check(self, state: State) -> None:
        if state["settings"] != vars(self):
            raise StateError(
                f"The state is of a test with {state['settings']}, this one has {vars(self)}. A test keeps its "
                "settings from its first label on; begin a new one with new labels."
            )


def _checked(differences: Sequence[float] | Array) -> Array:
    x = np.asarray(differences, dtype=np.float64)
    if x.ndim != 1 or not (np.abs(x) <= 1).all():
        worst = float(x.flat[int(np.argmax(~(np.abs(x) <= 1)))]) if x.size else None
        raise DataError(
            f"Differences are numbers between -1 and 1, (n,), such as those of 0 and 1; got the shape {x.shape} and "
            f"{worst}. Scale losses by a bound, and leave out items that were not evaluated."
        )
    return x


def _added(start: Any, steps: Array) -> Array:
    """Running sums along the last axis from where they stood; in order, so that no cut of the labels changes a bit."""
    first = np.asarray(start, dtype=np.float64)[..., None]
    path: Array = np.add.accumulate(np.concatenate([first, steps], axis=-1), axis=-1)[..., 1:]
    return path


def _mixed(log_wealth: Array) -> Array:
    """The logarithm of the mean wealth of the bets, the first axis."""
    mean: Array = np.logaddexp.reduce(log_wealth, axis=0) - math.log(len(HORIZONS))
    return mean
