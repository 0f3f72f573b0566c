"""McNemar's exact test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom


def mcnemar_p(wins: ArrayLike, losses: ArrayLike) -> Any:
    """The one-sided p-value of "no better", from the items on which two models disagree [1]_.

    If none is better, each of these items is won with a chance of one half at most; the others say nothing.

    Args:
        wins: ``(...)`` items that the challenger has right and the champion wrong.
        losses: ``(...)`` items the other way round. Swap the two for the p-value of "no worse".

    Returns:
        ``(...)`` p-values; 1 where no item tells the two apart.

    Examples:
        >>> round(float(mcnemar_p(9, 1)), 4)  # 11 / 1024
        0.0107
        >>> mcnemar_p([0, 20], [0, 20]).round(2).tolist()
        [1.0, 0.56]

    References:
        .. [1] Q. McNemar. Note on the sampling error of the difference between correlated proportions or percentages.
           Psychometrika 1947. https://doi.org/10.1007/BF02295996
    """
    wins, losses = np.asarray(wins), np.asarray(losses)
    return binom.sf(wins - 1, wins + losses, 0.5)
