"""How many labelled items a paired comparison needs."""

from __future__ import annotations

import math

from scipy.stats import norm

from vernal.base import ConfigError, check_range


def required_labels(discordance: float, difference: float, alpha: float = 0.05, power: float = 0.8) -> int:
    r"""How many items both models must answer, so that a true difference is found.

    .. math:: n = \frac{(z_\alpha + z_\beta)^2 \, (D - \Delta^2)}{\Delta^2}

    for the share D of items that one model has right and the other one wrong, and the true difference Δ of the shares
    of right answers. The test is one-sided and paired. In an unpaired one 2 p (1 - p), for a share p of right answers,
    takes the place of D: more than twice as much for models that have 90 % right and disagree on 8 %.

    Args:
        discordance: D, in [0, 1]. Models of one lineage disagree on a few items in a hundred.
        difference: Δ, not 0. Halving it takes four times the labels.
        alpha: chance of finding a difference that is none.
        power: chance 1 - β of finding the difference.

    Raises:
        ConfigError: a value out of range; a difference larger than the discordance, which cannot be.

    Examples:
        >>> required_labels(0.08, 0.01), required_labels(0.08, 0.02), required_labels(0.08, 0.005)
        (4940, 1231, 19779)
    """
    check_range("discordance", discordance, 0, 1)
    check_range("difference", abs(difference), 0, 1)
    if not 0 < abs(difference) <= discordance:
        raise ConfigError(
            f"`difference` must be between 0 and the discordance ({discordance}), and not 0, got {difference}. Two "
            "models can differ by no more than the items on which they disagree."
        )
    for name, chance in (("alpha", alpha), ("power", power)):
        check_chance(name, chance)
    needed = labels_for(discordance - difference**2, difference, alpha, power)
    assert needed is not None
    return needed


def labels_for(variance: float, distance: float, alpha: float, power: float) -> int | None:
    """How many items tell a mean from a bound that lies so far away.

    Args:
        variance: of the difference of a single item.
        distance: between the true mean and the bound.
        alpha: level of the one-sided test.
        power: chance of telling them apart.

    Returns:
        None if no number does: there is no distance.
    """
    if distance == 0:
        return None
    z = float(norm.isf(alpha) + norm.ppf(power))
    return math.ceil(z**2 * variance / distance**2)


def check_chance(name: str, value: float) -> None:
    """Demand a probability strictly between 0 and 1."""
    check_range(name, value, 0, 1)
    if value in (0, 1):
        raise ConfigError(f"`{name}` must lie between 0 and 1, and be neither, got {value}.")
