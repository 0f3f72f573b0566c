"""Linear least squares with a penalty, from sums that rows are added to and removed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from vernal.base import DataError, SchemaMismatch, check_range
from vernal.models.moments import check_finite, combined, exact, pack_triangle, unpack_triangle


class RidgeStatistics:
    r"""All that ridge regression needs to know of rows: their number, means, and sums of products.

    With features :math:`h` and targets :math:`y`, both about their means:
    :math:`G = \sum_i h_i h_i^\top`, :math:`Q = \sum_i h_i y_i^\top` and :math:`\sum_i y_i^2`. They are additive, so
    the order and the cut of a stream do not matter, workers can share the work, and a row that has to be deleted is
    subtracted: all up to rounding in float64.

    Attributes:
        n_rows: how many rows.
        gram: ``(M, M)``.
        cross: ``(M, K)``.
        squares: of each target, ``(K,)``.
        feature_mean: ``(M,)``.
        target_mean: ``(K,)``.

    Examples:
        >>> statistics = RidgeStatistics()
        >>> x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
        >>> statistics.add(x, 2 * x + 1)
        >>> statistics.solve(0.0, intercept=True)
        (tensor([[2.]], dtype=torch.float64), tensor([1.], dtype=torch.float64))
    """

    def __init__(self) -> None:
        self.n_rows = 0
        self.gram, self.cross = torch.zeros(2, 0, 0, dtype=torch.float64)
        self.feature_mean, self.target_mean, self.squares = torch.zeros(3, 0, dtype=torch.float64)

    def __len__(self) -> int:
        """How many rows there are."""
        return self.n_rows

    def add(self, features: Tensor, targets: Tensor) -> None:
        """Count rows in.

        Args:
            features: ``(B, M)``, of any floating type, on any device; the statistics move to theirs.
            targets: ``(B, K)``, or ``(B,)`` for one. Columns that were not there yet are taken to have been zero, as
                those of classes that appear later are in a one-hot code; columns that are missing are zero now.

        Raises:
            DataError: numbers that are not finite.
            SchemaMismatch: features of another size than before.
        """
        self._rows(features, targets, 1)

    def remove(self, features: Tensor, targets: Tensor) -> None:
        """Count rows out that were counted in, with the same features and targets.

        Raises:
            DataError: as `add`, and if there are fewer rows than that.
        """
        if len(features) > self.n_rows:
            raise DataError(
                f"{len(features)} rows are to be removed, and there are {self.n_rows}. "
                "Remove only rows that were added."
            )
        self._rows(features, targets, -1)

    def merge(self, other: RidgeStatistics) -> None:
        """Count all rows of other statistics in.

        Raises:
            SchemaMismatch: their features are of another size.
        """
        if not len(other):
            return
        self._fit(len(other.feature_mean), len(other.squares), other.gram.device)
        width = len(self.squares)
        self.gram.add_(other.gram)
        self.cross = self.cross + _padded(other.cross, width)
        self.squares = self.squares + _padded(other.squares, width)
        self._move(len(other), other.feature_mean, _padded(other.target_mean, width), 1)

    def products(self, intercept: bool) -> tuple[Tensor, Tensor, Tensor]:
        """The sums of products about the means, or about zero for a fit without intercept.

        Returns:
            Gram ``(M, M)``, cross ``(M, K)``, squares ``(K,)``.
        """
        if intercept:
            return self.gram, self.cross, self.squares
        h, y = self.feature_mean, self.target_mean
        gram, cross = (torch.addr(part, h, b, alpha=self.n_rows) for part, b in ((self.gram, h), (self.cross, y)))
        return gram, cross, self.squares + self.n_rows * y * y

    def solve(self, penalty: float, *, intercept: bool = False) -> tuple[Tensor, Tensor]:
        r"""The weights that minimise :math:`\lVert Y - H W^\top - b \rVert^2 + \lambda \lVert W \rVert^2`.

        By Cholesky, in float64. Where the penalty is lost in the rounding of the Gram matrix, and this matrix has no
        inverse, the smallest weights of all that minimise it.

        Args:
            penalty: :math:`\lambda`, at least 0.
            intercept: whether there is a :math:`b`, which is not penalised.

        Returns:
            Weight ``(K, M)`` and bias ``(K,)``, as `torch.nn.functional.linear` takes them.
        """
        check_range("penalty", penalty, 0)
        gram, cross, _ = self.products(intercept)
        lost = penalty <= _rounding(gram.diagonal())
        factor, failed = torch.linalg.cholesky_ex(gram.diagonal_scatter(gram.diagonal() + penalty))
        if lost or bool(failed):
            return RidgeSpectrum(self, intercept=intercept).solve(penalty)
        return self.with_bias(torch.cholesky_solve(cross, factor).T, intercept)

    def with_bias(self, weight: Tensor, intercept: bool) -> tuple[Tensor, Tensor]:
        """Weight ``(K, M)``, and the bias ``(K,)`` that belongs to it."""
        bias = self.target_mean - weight @ self.feature_mean
        return weight, bias if intercept else torch.zeros_like(bias)

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors; of the Gram matrix only one triangle."""
        return {
            "n_rows": self.n_rows,
            "gram": pack_triangle(self.gram),
            "cross": self.cross,
            "squares": self.squares,
            "feature_mean": self.feature_mean,
            "target_mean": self.target_mean,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self.n_rows = state["n_rows"]
        self.gram = unpack_triangle(state["gram"], len(state["feature_mean"]))
        self.cross, self.squares = state["cross"], state["squares"]
        self.feature_mean, self.target_mean = state["feature_mean"], state["target_mean"]

    def _rows(self, features: Tensor, targets: Tensor, sign: int) -> None:
        features, targets = _checked(features, targets)
        if not len(features):
            return
        self._fit(features.shape[1], targets.shape[1], features.device)
        targets = _padded(targets, len(self.squares))
        feature_mean, target_mean = features.mean(0), targets.mean(0)
        h, y = features - feature_mean, targets - target_mean
        self.gram.addmm_(h.T, h, alpha=sign)  # in place: with ten thousand features it has 800 MB
        self.cross = self.cross + sign * h.T @ y
        self.squares = self.squares + sign * (y * y).sum(0)
        self._move(len(h), feature_mean, target_mean, sign)

    def _move(self, n_rows: int, feature_mean: Tensor, target_mean: Tensor, sign: int) -> None:
        """What changes because the means do; see `moments.combined`."""
        after, share = combined(torch.tensor(self.n_rows), torch.tensor(n_rows), sign)
        h, y = feature_mean - self.feature_mean, target_mean - self.target_mean
        weight = float(share) * self.n_rows
        self.gram.addr_(h, h, alpha=weight)
        self.cross = self.cross.addr(h, y, alpha=weight)
        self.squares = self.squares + weight * y * y
        self.feature_mean = self.feature_mean + float(share) * h
        self.target_mean = self.target_mean + float(share) * y
        self.n_rows = int(after)
        if not self.n_rows:  # begin anew, without the rounding errors of the past
            for part in (self.gram, self.cross, self.squares, self.feature_mean, self.target_mean):
                part.zero_()

    def _fit(self, size: int, width: int, device: torch.device) -> None:
        """Take the size of the first features, room for all targets, and the device of the rows."""
        if not self.n_rows:
            self.gram, self.feature_mean = torch.zeros(size, size).double(), torch.zeros(size).double()
            self.cross = torch.zeros(size, len(self.squares)).double()
        if len(self.feature_mean) != size:
            raise SchemaMismatch(
                f"The statistics are of features of size {len(self.feature_mean)}, and these have {size}. Use the same "
                "encoder and layer as before, or begin with new statistics."
            )
        width = max(width, len(self.squares))
        self.gram, self.feature_mean = self.gram.to(device), self.feature_mean.to(device)
        self.cross, self.squares, self.target_mean = (
            _padded(part.to(device), width) for part in (self.cross, self.squares, self.target_mean)
        )


class RidgeSpectrum:
    r"""Ridge regression for any number of penalties, from one eigendecomposition of the Gram matrix.

    With :math:`G = V \Lambda V^\top` and :math:`P = V^\top Q`, the weights for a penalty :math:`\lambda` are
    :math:`V (\Lambda + \lambda)^{-1} P`. Eigenvalues that are rounding errors count as zero.

    Args:
        statistics: of the rows.
        intercept: whether a constant is fitted, which is not penalised.

    Examples:
        >>> statistics = RidgeStatistics()
        >>> statistics.add(torch.eye(2), torch.tensor([1.0, 2.0]))
        >>> RidgeSpectrum(statistics).solve(1.0)[0]
        tensor([[0.5000, 1.0000]], dtype=torch.float64)
    """

    def __init__(self, statistics: RidgeStatistics, *, intercept: bool = False) -> None:
        self._statistics = statistics
        self._intercept = intercept
        gram, cross, self._squares = statistics.products(intercept)
        values, vectors = torch.linalg.eigh(gram)
        kept = values > _rounding(values)
        self.eigenvalues = values[kept]
        self._vectors = vectors[:, kept]
        self._projected = self._vectors.T @ cross

    def solve(self, penalty: float) -> tuple[Tensor, Tensor]:
        """Weight ``(K, M)`` and bias ``(K,)`` for a penalty of at least 0; see `RidgeStatistics.solve`."""
        check_range("penalty", penalty, 0)
        weight = self._vectors @ (self._projected / (self.eigenvalues + penalty)[:, None])
        return self._statistics.with_bias(weight.T, self._intercept)

    def score(self, penalty: float) -> float:
        r"""Generalised cross-validation [1]_: an estimate of the mean squared error on new rows.

        .. math::
            \frac{n \, \lVert Y - \hat Y_\lambda \rVert^2}{(n - \mathrm{df}_\lambda)^2}, \qquad
            \mathrm{df}_\lambda = \sum_j \frac{\Lambda_j}{\Lambda_j + \lambda} \; (+ 1 \text{ for the constant}).

        It is leave-one-out with every row's leverage replaced by their mean. Leave-one-out itself, and a held-out
        split, need the rows; this needs only sums, so it is the same however the rows came.

        Returns:
            The estimate, summed over targets; infinity where nothing is left to judge by.

        References:
            .. [1] G. H. Golub, M. Heath, G. Wahba. Generalized cross-validation as a method for choosing a good ridge
               parameter. Technometrics 21, 1979. https://doi.org/10.1080/00401706.1979.10489751
        """
        # Both sums are split at the rank, so that nothing cancels when there are fewer rows than features.
        explained = (self._projected.square() / self.eigenvalues[:, None]).sum(1)
        left = penalty / (self.eigenvalues + penalty)
        residual = max(0.0, float(self._squares.sum() - explained.sum())) + float((explained * left.square()).sum())
        n_rows = len(self._statistics)
        free = max(0, n_rows - self._intercept - len(left)) + float(left.sum())
        return n_rows * residual / free**2 if free else float("inf")

    def candidates(self) -> list[float]:
        """Penalties from where rounding begins to where everything shrinks to nothing, two for every power of ten."""
        largest = float(self.eigenvalues.max()) if len(self.eigenvalues) else 1.0
        return [largest * 10 ** (power / 2) for power in range(-20, 3)]

    def choose(self) -> float:
        """The candidate with the best score."""
        return min(self.candidates(), key=self.score)


def _checked(features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    targets = targets[:, None] if targets.ndim == 1 else targets
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets):
        raise SchemaMismatch(
            f"Features must be (B, M) and targets (B, K) or (B,), got {tuple(features.shape)} and "
            f"{tuple(targets.shape)}. Flatten or pool the features, and give each row its targets."
        )
    check_finite("features", features)
    check_finite("targets", targets)
    features = exact(features)
    return features, exact(targets).to(features.device)


def _padded(values: Tensor, width: int) -> Tensor:
    return F.pad(values, (0, width - values.shape[-1]))


def _rounding(values: Tensor) -> float:
    """Below which a number beside these is a rounding error."""
    return torch.finfo(values.dtype).eps * len(values) * float(values.max()) if len(values) else 0.0
