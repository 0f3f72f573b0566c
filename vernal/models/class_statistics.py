"""How the features of each class lie: counts, means, scatter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from vernal.base import ConfigError, DataError, SchemaMismatch
from vernal.models.moments import check_finite, combined, exact, pack_triangle, symmetric, unpack_triangle

Scatter: TypeAlias = Literal["none", "shared", "per_class"]


class ClassStatistics:
    r"""Counts, means and scatter of the features of each class, kept so that rows can be added and removed.

    The statistics of a union of rows follow from those of its parts, so the order and the cut of a stream do not
    matter, workers can share the work, and a row that has to be deleted is subtracted: all up to rounding in float64.
    A class is a row of `counts` and `means`; there are as many as the largest label asked for. Classes without rows
    have zeros.

    Args:
        scatter: what is kept of :math:`\sum_i (x_i - \mu_{y_i})(x_i - \mu_{y_i})^\top`: ``shared``, the sum over all
            classes, ``(d, d)``; ``per_class``, ``(C, d, d)``; ``none``.

    Attributes:
        counts: rows of each class, ``(C,)``, int64.
        means: mean features, ``(C, d)``, float64.
        scatter: about the means of the classes; see above. None for ``none``.

    Examples:
        >>> statistics = ClassStatistics()
        >>> statistics.add(torch.tensor([[0.0, 2.0], [2.0, 2.0], [5.0, 5.0]]), torch.tensor([0, 0, 2]))
        >>> statistics.counts
        tensor([2, 0, 1])
        >>> statistics.means[0]
        tensor([1., 2.], dtype=torch.float64)
        >>> statistics.remove(torch.tensor([[2.0, 2.0]]), torch.tensor([0]))
        >>> statistics.means[0]
        tensor([0., 2.], dtype=torch.float64)
    """

    def __init__(self, scatter: Scatter = "shared") -> None:
        if scatter not in get_args(Scatter):
            raise ConfigError(f"`scatter` must be 'none', 'shared' or 'per_class', got {scatter!r}.")
        self._kind: Scatter = scatter
        self.counts = torch.zeros(0, dtype=torch.int64)
        self.means = torch.zeros(0, 0, dtype=torch.float64)
        dimensions = {"none": 0, "shared": 2, "per_class": 3}[scatter]
        self.scatter = torch.zeros([0] * dimensions, dtype=torch.float64) if dimensions else None

    def __len__(self) -> int:
        """How many rows there are."""
        return int(self.counts.sum())

    def add(self, features: Tensor, labels: Tensor) -> None:
        """Count rows in.

        Args:
            features: ``(B, d)``, of any floating type, on any device; the statistics move to theirs.
            labels: classes from 0, ``(B,)``.

        Raises:
            DataError: features that are not finite, or labels that are not classes.
            SchemaMismatch: features of another size than before.
        """
        self._combine(*self._summarise(features, labels), 1)

    def remove(self, features: Tensor, labels: Tensor) -> None:
        """Count rows out that were counted in, with the same features.

        Raises:
            DataError: as `add`, and if a class has fewer rows than that.
        """
        classes, counts, means, scatter = self._summarise(features, labels)
        self._check_there(classes, counts)
        self._combine(classes, counts, means, scatter, -1)

    def merge(self, other: ClassStatistics) -> None:
        """Count all rows of other statistics in, which must keep the same scatter.

        Raises:
            ConfigError: they keep another scatter.
            SchemaMismatch: their features are of another size.
        """
        if other._kind != self._kind:
            raise ConfigError(
                f"Statistics with scatter {self._kind!r} cannot take up such with {other._kind!r}. "
                "Keep the same in both."
            )
        if len(other):
            classes = torch.arange(len(other.counts), device=other.counts.device)
            self._combine(classes, other.counts, other.means, other.scatter, 1)

    def shared_covariance(self) -> Tensor:
        """The covariance within classes that is most likely if all share one, ``(d, d)``: scatter by rows.

        Raises:
            ConfigError: no scatter is kept.
        """
        scatter = self._scatter()
        return (scatter.sum(0) if scatter.ndim == 3 else scatter).div(max(1, len(self)))

    def covariances(self) -> Tensor:
        """The covariance of each class, ``(C, d, d)``, unbiased as `torch.cov` is; zeros for fewer than two rows.

        Raises:
            ConfigError: no scatter is kept for each class.
        """
        if self._kind != "per_class":
            raise ConfigError(f"Covariances of classes need scatter 'per_class'; this is {self._kind!r}.")
        return self._scatter() / (self.counts - 1).clamp(min=1)[:, None, None]

    def state_dict(self) -> dict[str, Any]:
        """Plain values and tensors; of a symmetric matrix only one triangle."""
        state = {"kind": self._kind, "counts": self.counts, "means": self.means}
        return state if self.scatter is None else state | {"scatter": pack_triangle(self.scatter)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave.

        Raises:
            ConfigError: it is of statistics that keep another scatter.
        """
        if state["kind"] != self._kind:
            raise ConfigError(
                f"The state is of statistics with scatter {state['kind']!r}, and these keep {self._kind!r}."
            )
        self.counts, self.means = state["counts"], state["means"]
        if self._kind != "none":
            self.scatter = unpack_triangle(state["scatter"], self.means.shape[1])

    def _scatter(self) -> Tensor:
        if self.scatter is None:
            raise ConfigError("These statistics keep no scatter. Make them with scatter 'shared' or 'per_class'.")
        return symmetric(self.scatter)

    def _summarise(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """Classes that occur, and their counts, means and scatter."""
        _check_rows(features, labels)
        features = exact(features)
        labels = labels.to(features.device, torch.int64)  # Of bytes and booleans, an index would make a mask.
        classes, member, counts = torch.unique(labels, return_inverse=True, return_counts=True)
        means = features.new_zeros(len(classes), features.shape[1]).index_add_(0, member, features) / counts[:, None]
        centred = features - means[member]
        if self._kind == "none":
            return classes, counts, means, None
        if self._kind == "shared":
            return classes, counts, means, centred.T @ centred
        scatter = features.new_zeros(len(classes), *2 * features.shape[1:])
        for k in range(len(classes)):
            part = centred[member == k]
            scatter[k] = part.T @ part
        return classes, counts, means, scatter

    def _combine(self, classes: Tensor, counts: Tensor, means: Tensor, scatter: Tensor | None, sign: int) -> None:
        """Add (`sign` 1) or take away (`sign` -1) what `_summarise` gives; see `moments.combined`."""
        if not len(classes):
            return
        self._grow(int(classes.max()) + 1, means)
        before, delta = self.counts[classes], means - self.means[classes]
        after, share = combined(before, counts, sign)
        self.counts[classes] = after
        # A class that is empty again begins anew, without the rounding errors of its past.
        self.means[classes] = (self.means[classes] + share[:, None] * delta) * (after > 0)[:, None]
        if self.scatter is None or scatter is None:
            return
        weighted = (share * before)[:, None] * delta
        if self._kind == "shared":
            self.scatter += sign * scatter + weighted.T @ delta
        else:
            spread = self.scatter[classes] + sign * scatter + weighted[:, :, None] * delta[:, None, :]
            self.scatter[classes] = spread * (after > 0)[:, None, None]

    def _check_there(self, classes: Tensor, counts: Tensor) -> None:
        there = dict(enumerate(self.counts.tolist()))
        for c, wanted in zip(classes.tolist(), counts.tolist(), strict=True):
            if wanted > there.get(c, 0):
                raise DataError(
                    f"Class {c} has {there.get(c, 0)} rows, and {wanted} are to be removed. "
                    "Remove only rows that were added."
                )

    def _grow(self, n_classes: int, like: Tensor) -> None:
        """Make room for classes, on the device of the new rows; what was there before is not written on."""
        size = like.shape[1]
        if self.means.numel() and self.means.shape[1] != size:
            raise SchemaMismatch(
                f"The statistics are of features of size {self.means.shape[1]}, and these have {size}. Use the same "
                "encoder and layer as before, or begin with new statistics."
            )
        n_more = max(0, n_classes - len(self.counts))
        self.counts = torch.cat([self.counts.to(like.device), like.new_zeros(n_more, dtype=torch.int64)])
        self.means = torch.cat([self.means.to(like.device).reshape(-1, size), like.new_zeros(n_more, size)])
        if self.scatter is None:
            return
        self.scatter = self.scatter.to(like.device)
        if self._kind == "shared" and not self.scatter.numel():
            self.scatter = like.new_zeros(size, size)
        if self._kind == "per_class" and n_more:
            self.scatter = torch.cat([self.scatter.reshape(-1, size, size), like.new_zeros(n_more, size, size)])


def _check_rows(features: Tensor, labels: Tensor) -> None:
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise SchemaMismatch(
            f"Features must be (B, d) and labels (B,), got {tuple(features.shape)} and {tuple(labels.shape)}. "
            "Flatten or pool the features, and give each row one class."
        )
    if labels.is_floating_point() or labels.is_complex() or (len(labels) and int(labels.min()) < 0):
        raise DataError(f"Labels must be classes, whole numbers from 0; got {labels.dtype} from {labels.min().item()}.")
    check_finite("features", features)
