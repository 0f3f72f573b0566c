"""What is measured of a model beside its answers: does it load, how fast is it, how large, does its export agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from vernal.base import ConfigError
from vernal.gate.finding import Finding
from vernal.gate.margin import read_margin

Limit = float | str | bool


def check_limits(limits: Mapping[str, Limit]) -> None:
    """Demand limits of the three kinds that there are.

    Raises:
        ConfigError: another one.
    """
    for name, limit in limits.items():
        if limit is False:
            raise ConfigError(f"`limits` asks for {name} to be False. Ask for True, or leave it out.")
        if limit is not True:
            read_margin(f"limits[{name!r}]", limit)


def judge_limits(
    limits: Mapping[str, Limit], checks: Mapping[str, Any], champion: Mapping[str, Any] | None
) -> list[Finding]:
    """Compare what was measured with what is allowed.

    A measurement that a limit asks for and that is not there leaves the question open. One that came out as False
    fails, though no limit asks for it.

    Args:
        limits: by name of the measurement: True, the largest value, or by what share the champion's may be exceeded.
        checks: what was measured of the challenger.
        champion: what was measured of the champion; None if there is none.

    Examples:
        >>> limits = {"latency_ms": 20, "loads": True, "size_bytes": "+10%"}
        >>> found = judge_limits(limits, {"latency_ms": 35.0, "size_bytes": 105}, {"size_bytes": 100})
        >>> [(finding.outcome, finding.why) for finding in found]
        [('failed', 'latency_ms is 35, at most 20 allowed'), ('open', 'loads was not measured'), \
('passed', 'size_bytes is 105, at most 110 allowed')]
    """
    unasked = [
        name
        for name, value in checks.items()
        if isinstance(value, bool | np.bool_) and not value and name not in limits
    ]
    return [
        *(_judged(name, limit, checks.get(name), champion) for name, limit in sorted(limits.items())),
        *(_finding(name, "failed", f"{name} is False", False, True) for name in sorted(unasked)),
    ]


def _judged(name: str, limit: Limit, value: Any, champion: Mapping[str, Any] | None) -> Finding:
    if limit is True:
        return _flag(name, value)
    measured = _number(value)
    if measured is None:
        return _finding(name, "open", f"{name} was not measured", None, None)
    margin = read_margin(name, limit)
    allowed = margin.amount
    if margin.relative:
        base = _number((champion or {}).get(name))
        if base is None:
            return _finding(name, "open", f"{name} of the champion was not measured", measured, None)
        allowed = base + margin.of(base)
    said = f"{name} is {measured:.6g}, at most {allowed:.6g} allowed"
    return _finding(name, "passed" if measured <= allowed else "failed", said, measured, allowed)


def _flag(name: str, value: Any) -> Finding:
    if not isinstance(value, bool | np.bool_):
        return _finding(name, "open", f"{name} was not measured", None, True)
    return _finding(name, "passed" if value else "failed", f"{name} is {bool(value)}", bool(value), True)


def _finding(name: str, outcome: Any, why: str, value: Any, allowed: Any) -> Finding:
    return Finding("limit", outcome, why, {"name": name, "value": value, "allowed": allowed})


def _number(value: Any) -> float | None:
    """A finite number, which True and False are not; None for everything else."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        return None
    return float(value) if math.isfinite(value) else None
