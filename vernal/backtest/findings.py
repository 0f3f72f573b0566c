"""All that came out of a backtest, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vernal.backtest.backtest import Backtest, Lives, is_stateless
from vernal.backtest.course import Course
from vernal.backtest.hindsight import Hindsight
from vernal.backtest.models import ACCURACY
from vernal.base import ConfigError, did_you_mean
from vernal.worth import FreshnessCurve

SCHEMA_VERSION = 1
ONE_HISTORY = (
    "One history is one sample: policies that lie close to each other may come in another order on the next one. Who "
    "tries many on one history finds one that is good on it by luck; judge the winner on rows that came later."
)
STATELESS_ONLY = (
    "The freshness curve and the cheapest updates rest on models trained from scratch, and are valid for those only. "
    "What a stateful model comes to depends on its path, so stateful policies were truly replayed."
)
AT_ONCE = "The freshness curve takes labels as if they had been known at once."


def findings(
    backtest: Backtest,
    lives: Lives,
    hindsight: Hindsight,
    update_cost: float | None = None,
    present: str | None = None,
    present_days: float | None = None,
) -> dict[str, Any]:
    """What policies came to, what freshness is worth, what is recommended, and what must be said beside; as JSON.

    Args:
        backtest: the backtest.
        lives: what it came to.
        hindsight: models of several ages. The cheapest updates are told if there is one for every chunk.
        update_cost: what an update costs, in wrong answers or units of loss; None to leave costs out.
        present: the policy that is in use now, to compare the best one with.
        present_days: the time between updates now, to compare a schedule with.

    Returns:
        Plain values; see docs/backtest.md for the fields.

    Raises:
        ConfigError: no policy is called as `present` says.
    """
    courses = sorted(lives.courses.values(), key=lambda course: _rank(course, update_cost))
    if present is not None and present not in lives.courses:
        raise ConfigError(f"No policy is called {present!r}. {did_you_mean(present, lives.courses)}")
    curve = hindsight.curve()
    found: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "metric": lives.metric,
        "update_cost": update_cost,
        "delay": backtest.history.delay,
        "chunks": [{"end": end.isoformat(), "rows": arrival.rows} for end, arrival in lives.chunks],
        "policies": [_policy(backtest, course, update_cost) for course in courses],
        "best": courses[0].name,
        "present": present,
        "trained": lives.shared.trained,
        "reused": lives.shared.reused,
        "freshness": curve.to_json() | {"measured": [[*point] for point in hindsight.points]},
        "recommendation": None,
        "oracle": None,
        "caveats": [ONE_HISTORY, STATELESS_ONLY] + ([AT_ONCE] if backtest.history.delay else []),
    }
    if update_cost is not None:
        found["recommendation"] = hindsight.recommendation(update_cost, present_days).to_json()
        if len(hindsight.trained) == len(lives.chunks) - 1:
            times, cost = hindsight.cheapest(update_cost)
            found["oracle"] = {"updates_after": [*times], "cost": cost}
    said = [
        _said_best(courses[0], update_cost),
        *([_said_saved(lives.courses[present], courses[0], update_cost, lives.metric)] if present else []),
        _said_fresh(curve),
        *([found["recommendation"]["why"]] if found["recommendation"] else []),
        *([_said_oracle(found["oracle"])] if found["oracle"] else []),
        f"{_counted(lives.shared.trained, 'model')} trained, and {lives.shared.reused} reused.",
    ]
    return found | {"said": said}


def _rank(course: Course, update_cost: float | None) -> tuple[float, int]:
    """The best first: by cost; or, where updates have no price, by score, and then by fewer of them."""
    return (-course.score, course.updates) if update_cost is None else (course.cost(update_cost), course.updates)


def _policy(backtest: Backtest, course: Course, update_cost: float | None) -> Mapping[str, Any]:
    policy = backtest.policies[course.name]
    return {
        **course.to_json(),
        "cost": None if update_cost is None else course.cost(update_cost),
        "trigger": str(policy.trigger),
        "learn": policy.learn,
        "gate": None if policy.gate is None else policy.gate.mode,
        "stateless": is_stateless(policy),
    }


def _said_best(best: Course, update_cost: float | None) -> str:
    if update_cost is None:
        return (
            f"Best by its score alone: {best.name!r}, with {best.score:.4g} and {_counted(best.updates, 'update')}. "
            "What an update may cost is not said: --update-cost."
        )
    return (
        f"Cheapest: {best.name!r}, for {best.cost(update_cost):,.4g} in all, with a score of {best.score:.4g} and "
        f"{_counted(best.updates, 'update')}."
    )


def _said_saved(present: Course, best: Course, update_cost: float | None, metric: str) -> str:
    if best.name == present.name:
        return f"{present.name!r}, as it is now, is the best of these."
    cost = ""
    if update_cost is not None:
        saved, whole = present.cost(update_cost) - best.cost(update_cost), present.cost(update_cost)
        cost = f" saved {saved:,.4g} of {whole:,.4g}, with"
    lost = "mistakes" if metric == ACCURACY else "units of loss"
    return (
        f"Instead of {present.name!r}, {best.name!r} would have{cost or ' had'} "
        f"{_fewer(present.mistakes - best.mistakes)} {lost} and {_fewer(present.updates - best.updates)} updates."
    )


def _said_fresh(curve: FreshnessCurve) -> str:
    low, high = curve.interval
    numbers = f"{curve.slope:+.2g} for each day of a model's age ({low:+.2g} to {high:+.2g})"
    if curve.flat:
        return f"Freshness: flat. No decay is found; the error changes by {numbers}, which may be nothing."
    older = "" if curve.slope > 0 else " Older models were better."
    return f"Freshness: the error changes by {numbers}.{older}"


def _said_oracle(oracle: Mapping[str, Any]) -> str:
    updates = _counted(len(oracle["updates_after"]), "update")
    return f"The cheapest updates from scratch, known afterwards: {updates}, for {oracle['cost']:,.4g} in all."


def _counted(n: int, what: str) -> str:
    return f"one {what}" if n == 1 else f"{n} {what}s"


def _fewer(saved: float) -> str:
    """How many fewer there are, or more."""
    return f"{abs(saved):,.4g} {'fewer' if saved >= 0 else 'more'}"
