"""Objects of Syne Tune as vernal's ranges. Syne Tune itself is not needed: its classes are known by their names."""

from __future__ import annotations

from typing import Any

from vernal.base import ConfigError
from vernal.renate import config_space as ranges
from vernal.space import Range

LIBRARY = "syne_tune"


def is_domain(value: object) -> bool:
    """Whether something is a range of Syne Tune's."""
    return any(kind.__module__.partition(".")[0] == LIBRARY for kind in type(value).__mro__)


def as_range(domain: Any) -> Range:
    """The range with the same values as one of Syne Tune's.

    Raises:
        ConfigError: vernal has none such.
    """
    match type(domain).__name__:
        case "Float":
            return _float(domain)
        case "Integer":
            return _integer(domain)
        case "Categorical":
            return ranges.choice(domain.categories)
        case "Ordinal" | "OrdinalNearestNeighbor":
            return ranges.ordinal(domain.categories)
        case "FiniteRange":
            make = ranges.logfinrange if domain.log_scale else ranges.finrange
            return make(domain.lower, domain.upper, domain.size, domain.cast_int)
    raise ConfigError(f"{domain!r} cannot be read. Write it with the functions of vernal.renate.config_space.")


def _float(domain: Any) -> Range:
    sampler, step = _drawn(domain)
    match sampler:
        case "Uniform":
            return ranges.uniform(domain.lower, domain.upper, step)
        case "LogUniform" if step is None:
            return ranges.loguniform(domain.lower, domain.upper)
        case "LogUniform":
            raise ranges.no_such("qloguniform")
        case "ReverseLogUniform":
            raise ranges.no_such("reverseloguniform")
    raise ranges.no_such("randn")


def _integer(domain: Any) -> Range:
    sampler, step = _drawn(domain)
    if sampler == "Uniform":
        return ranges.qrandint(domain.lower, domain.upper, step or 1)
    if step is not None:
        raise ranges.no_such("qlograndint")
    return ranges.lograndint(domain.lower, domain.upper)


def _drawn(domain: Any) -> tuple[str, Any]:
    """How the values are drawn, by the name of the class that does, and to what step they are rounded."""
    sampler, step = domain.get_sampler(), None
    if type(sampler).__name__ == "Quantized":
        sampler, step = sampler.sampler, sampler.q
    return type(sampler).__name__.lstrip("_"), step
