"""How often to update, from a freshness curve and what errors and updates cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vernal.worth.freshness import FreshnessCurve
from vernal.worth.period import best_period, check_above_zero


@dataclass(frozen=True)
class Recommendation:
    """A schedule, how sure it is, and what it saves.

    Args:
        days: the best time between updates; None where no decay was found, and never to update costs least.
        interval: the best times at the two ends of the slope's interval; None for no end.
        cost_per_day: what updates and staleness then cost together; None if no schedule is recommended.
        saving_per_day: what it saves against the present schedule; below 0 within its interval where the present one
            may be better. None if no present schedule was given, or no schedule is recommended.
        saving_interval: the saving at the two ends of the slope's interval.
        why: the recommendation as a sentence.
    """

    days: float | None
    interval: tuple[float | None, float | None]
    cost_per_day: float | None
    saving_per_day: float | None
    saving_interval: tuple[float, float] | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """The recommendation as plain values."""
        pairs = {"interval": [*self.interval], "saving_interval": self.saving_interval and [*self.saving_interval]}
        return {**vars(self), **pairs}


def recommend(
    curve: FreshnessCurve,
    update_cost: float,
    value_per_error: float,
    rows_per_day: float,
    present_days: float | None = None,
) -> Recommendation:
    r"""The time between updates at which both together cost least, if the error grows linearly with age.

    A slope of :math:`b` per day costs :math:`c = b \cdot \text{value} \cdot \text{rows}` more every day, which makes
    the best period :math:`\sqrt{2K/c}` and its price :math:`\sqrt{2Kc}` per day (`best_period`). The interval of the
    slope carries over to the period and to the saving; both are as honest as the straight line.

    Args:
        curve: with ages in days.
        update_cost: what an update costs, above 0.
        value_per_error: what one unit of error on one row costs, in the same unit, above 0.
        rows_per_day: rows that the model answers, above 0.
        present_days: the time between updates now, above 0; None if there is no schedule.

    Examples:
        >>> from vernal.worth import freshness_curve
        >>> curve = freshness_curve([1, 2, 3, 1, 2, 3], [0.10, 0.12, 0.14, 0.20, 0.22, 0.24], [0, 0, 0, 1, 1, 1])
        >>> found = recommend(curve, update_cost=10, value_per_error=1, rows_per_day=1000, present_days=7)
        >>> found.why
        'Update every 1 d (1 to 1 d): together with staleness that costs 20 per day, 51.4 less than every 7 d.'
    """
    for name, value in (("value_per_error", value_per_error), ("rows_per_day", rows_per_day)):
        check_above_zero(name, value)
    if present_days is not None:
        check_above_zero("present_days", present_days)
    worth = value_per_error * rows_per_day
    low, high = (worth * slope for slope in curve.interval)
    earliest, latest = _days(update_cost, high), _days(update_cost, low)
    if curve.flat or curve.slope < 0:
        return Recommendation(None, (earliest, None), None, None, None, _why_not(curve, earliest))
    best = best_period(update_cost, worth * curve.slope)
    saving = interval = None
    if present_days is not None:
        saving = _saving(update_cost, worth * curve.slope, best.length, present_days)
        ends = sorted(_saving(update_cost, slope, best.length, present_days) for slope in (low, high))
        interval = (ends[0], ends[1])
    why = _why(best.length, (earliest, latest), best.rate, saving, present_days)
    return Recommendation(best.length, (earliest, latest), best.rate, saving, interval, why)


def _days(cost: float, slope: float) -> float | None:
    return best_period(cost, slope).length if slope > 0 else None


def _saving(cost: float, slope: float, days: float, present: float) -> float:
    """What a period costs less than another, per day."""
    return (cost / present + slope * present / 2) - (cost / days + slope * days / 2)


def _why(
    days: float,
    interval: tuple[float | None, float | None],
    rate: float,
    saving: float | None,
    present: float | None,
) -> str:
    text = f"Update every {days:.3g} d ({interval[0]:.3g} to {interval[1]:.3g} d): "
    text += f"together with staleness that costs {rate:.3g} per day"
    if saving is None:
        return text + "."
    return text + f", {saving:.3g} less than every {present:.3g} d."


def _why_not(curve: FreshnessCurve, earliest: float | None) -> str:
    low, high = curve.interval
    text = f"No schedule is worth its cost by these data: the error grows by {curve.slope:.3g} per day of age, "
    text += f"between {low:.3g} and {high:.3g}, which "
    if curve.slope < 0 and not curve.flat:
        return text + "is less with age."
    return text + (
        "may be nothing." if earliest is None else f"may be nothing, and never pays before {earliest:.3g} d."
    )
