"""How long to wait between two updates when quality decays by a power of time."""

from __future__ import annotations

from typing import NamedTuple

from vernal.base import ConfigError, check_range


class Period(NamedTuple):
    """A schedule.

    Args:
        length: the time from one update to the next.
        excess: what staleness costs in that time; reaching it is the signal to update.
        rate: what updates and staleness cost together, for each unit of time.
    """

    length: float
    excess: float
    rate: float


def best_period(cost: float, slope: float, power: float = 1.0) -> Period:
    r"""The time between updates at which updates and staleness together cost least.

    Staleness costs :math:`c\,t^p` per unit of time, a time :math:`t` after an update; an update costs :math:`K`. A
    period :math:`T` then costs :math:`K/T + c\,T^p/(p+1)` per unit of time, which is least at

    .. math::
        T^* = \left(\frac{K (p+1)}{c\,p}\right)^{1/(p+1)}, \qquad \int_0^{T^*} c\,t^p\,dt = \frac{K}{p} .

    For linear decay, :math:`p = 1`, that is :math:`T^* = \sqrt{2K/c}`: to update when staleness has cost as much as an
    update is then exactly optimal. Four times the cost doubles the period.

    Args:
        cost: what an update costs, above 0.
        slope: :math:`c`, above 0: by how much the cost of staleness per unit of time grows in the first unit of time.
        power: :math:`p`, above 0; 1 for linear decay, less where a model goes stale quickly at first.

    Raises:
        ConfigError: a number is not above 0. Without decay there is no best period: never to update costs least.

    Examples:
        >>> best_period(cost=50, slope=4)
        Period(length=5.0, excess=50.0, rate=20.0)
    """
    for name, value in (("cost", cost), ("slope", slope), ("power", power)):
        check_above_zero(name, value)
    length = (cost * (power + 1) / (slope * power)) ** (1 / (power + 1))
    excess = cost / power
    return Period(length, excess, (cost + excess) / length)


def check_above_zero(name: str, value: float) -> None:
    """Demand a number above 0."""
    check_range(name, value, 0)
    if value == 0:
        raise ConfigError(f"`{name}` must be above 0, got {value!r}.")
