"""How the error of a model grows with its age."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from vernal.base import DataError, check_range

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class FreshnessCurve:
    """A line through errors at different ages.

    Args:
        slope: by how much the error grows for each unit of age; below 0 if older models were better.
        interval: the confidence interval of the slope.
        confidence: its level.
        r2: share of the differences in error, within test windows, that age explains.
        points: how many errors it rests on: those of windows in which models of several ages were tested.
        windows: how many such windows.
        note: what the reader must know beside the numbers.
    """

    slope: float
    interval: tuple[float, float]
    confidence: float
    r2: float
    points: int
    windows: int
    note: str = ""

    @property
    def flat(self) -> bool:
        """Whether the data are consistent with no decay at all: the interval of the slope contains 0."""
        return self.interval[0] <= 0 <= self.interval[1]

    def to_json(self) -> dict[str, Any]:
        """The curve as plain values."""
        return {**vars(self), "interval": [*self.interval], "flat": self.flat}


def freshness_curve(ages: ArrayLike, errors: ArrayLike, windows: ArrayLike, confidence: float = 0.95) -> FreshnessCurve:
    r"""What a unit of age costs in error, from models of several ages tested on the same windows.

    Models trained on older and older windows are tested on the same new rows. Windows are not equally hard, so each has
    a level of its own, and the slope is estimated within windows:

    .. math::
        \hat b = \frac{\sum_k (a_k - \bar a_{w(k)})\, e_k}{\sum_k (a_k - \bar a_{w(k)})^2} .

    Errors in one window share its rows and are no independent observations. The interval is therefore that of the
    jackknife over windows, with Student's t of one degree less than there are windows; it errs on the wide side [1]_.
    With a single window nothing is known of how windows differ, and the interval is that of ordinary least squares.

    Args:
        ages: ``(n,)`` the time from the end of a model's data to its test, in the unit that slopes are to have.
        errors: ``(n,)`` less is better: 1 - accuracy, or a loss.
        windows: ``(n,)`` the window each was tested on, any values that can be compared.
        confidence: level of the interval, between 0.5 and 0.999.

    Raises:
        DataError: no window has two ages, there are less than three points, or a number is not finite.

    Examples:
        >>> curve = freshness_curve([1, 2, 3, 1, 2, 3], [0.10, 0.12, 0.14, 0.20, 0.22, 0.24], [0, 0, 0, 1, 1, 1])
        >>> round(curve.slope, 4), curve.flat
        (0.02, False)

    Deviations:
        One model is tested on several windows, which ties them, too. The jackknife over windows does not see that.

    References:
        .. [1] J. MacKinnon, M. Nielsen, M. Webb. Fast and reliable jackknife and bootstrap methods for cluster-robust
           inference. Journal of Applied Econometrics 2023. https://doi.org/10.1002/jae.2969
    """
    check_range("confidence", confidence, 0.5, 0.999)
    x, y, groups = _compared(np.asarray(ages, float), np.asarray(errors, float), np.asarray(windows))
    slope = _slope(x, y)
    residual = y - slope * x
    r2 = 1 - float(residual @ residual / (y @ y)) if y.any() else 0.0
    several = groups.max() > 0
    error, freedom = _jackknife(x, y, groups) if several else _least_squares(x, residual)
    reach = float(stats.t.ppf((1 + confidence) / 2, freedom) * error)
    note = "" if several else "One test window only: the interval does not know how windows differ."
    return FreshnessCurve(slope, (slope - reach, slope + reach), confidence, r2, len(y), int(groups.max()) + 1, note)


def _compared(x: Array, y: Array, windows: Array) -> tuple[Array, Array, Ints]:
    """Ages and errors less their window's mean, and the number of the window, where a window has several ages."""
    if not (x.shape == y.shape == windows.shape and x.ndim == 1):
        raise DataError(f"Ages, errors and windows must be as many, got {x.shape}, {y.shape} and {windows.shape}.")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("Ages and errors must be finite. Leave out what could not be measured.")
    several = [window for window in np.unique(windows) if np.ptp(x[windows == window]) > 0]
    among = np.isin(windows, several)
    if among.sum() < 3:
        raise DataError("A slope needs three points in windows in which models of different ages were tested.")
    groups = np.unique(windows[among], return_inverse=True)[1]
    return _centred(x[among], groups), _centred(y[among], groups), groups


def _centred(values: Array, groups: Ints) -> Array:
    return values - (np.bincount(groups, values) / np.bincount(groups))[groups]


def _slope(x: Array, y: Array) -> float:
    return float(x @ y / (x @ x))


def _jackknife(x: Array, y: Array, groups: Ints) -> tuple[float, int]:
    """Standard error of the slope and its degrees of freedom, by leaving out one window at a time."""
    windows = int(groups.max()) + 1
    slopes = np.array([_slope(x[groups != window], y[groups != window]) for window in range(windows)])
    return math.sqrt((windows - 1) / windows * float(((slopes - _slope(x, y)) ** 2).sum())), windows - 1


def _least_squares(x: Array, residual: Array) -> tuple[float, int]:
    freedom = len(x) - 2
    return math.sqrt(float(residual @ residual) / freedom / float(x @ x)), freedom
