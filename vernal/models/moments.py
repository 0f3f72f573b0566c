"""The arithmetic that sums over rows share: float64, combining and taking apart, half the bytes on disk."""

from __future__ import annotations

import torch
from torch import Tensor

from vernal.base import DataError


def exact(values: Tensor) -> Tensor:
    """In float64 where it is; on the CPU if its device has no float64, as Apple's have not."""
    device = torch.device("cpu") if values.device.type == "mps" else values.device
    return values.detach().to(device, torch.float64)


def check_finite(name: str, values: Tensor) -> None:
    """Demand finite numbers: one that is not would stay in the sums for ever.

    Raises:
        DataError: there are others; the message counts the rows.
    """
    if not bool(torch.isfinite(values).all()):
        rows = int((~torch.isfinite(values)).reshape(len(values), -1).any(dim=1).sum())
        raise DataError(
            f"The {name} of {rows} of {len(values)} rows are not finite, and would spoil the statistics of all rows. "
            "Look for missing values in the inputs, or for an overflow in the model (bfloat16 has more room than "
            "float16)."
        )


def combined(count: Tensor, other: Tensor, sign: int) -> tuple[Tensor, Tensor]:
    r"""How many rows there are with a second group added (`sign` 1) or taken away (`sign` -1), and its share.

    Chan, Golub and LeVeque [1]_ merge two groups of rows from their counts :math:`n`, means :math:`\mu` and scatters
    :math:`S` *about their own means*. With the share :math:`s = \pm n_b / n'` and :math:`\delta = \mu_b - \mu`,

    .. math::
        n' = n \pm n_b, \qquad \mu' = \mu + s \, \delta, \qquad S' = S \pm S_b + s \, n \, \delta \delta^\top .

    It is solved for the first group by changing the sign, so one formula adds and removes. Sums of plain squares do
    so too, but lose the digits that the mean is larger than the spread, squared; sums about a shift lose them as soon
    as the data moves away from where the shift was set.

    Args:
        count: rows so far.
        other: rows of the second group.
        sign: 1 or -1.

    Returns:
        The new count, and :math:`s` in float64, which is 0 where no rows are left.

    Examples:
        >>> combined(torch.tensor([1, 4]), torch.tensor([3, 2]), 1)
        (tensor([4, 6]), tensor([0.7500, 0.3333], dtype=torch.float64))

    References:
        .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque. Algorithms for computing the sample variance: analysis and
           recommendations. The American Statistician 37, 1983. https://doi.org/10.1080/00031305.1983.10483115
    """
    new = count + sign * other
    return new, sign * other.double() / new.clamp(min=1) * (new > 0)


def pack_triangle(matrices: Tensor) -> Tensor:
    """The lower triangles of symmetric matrices, ``(..., d, d)`` to ``(..., d * (d + 1) / 2)``.

    The lower one is what Cholesky and `torch.linalg.eigh` look at: rounding may differ in the other.

    Examples:
        >>> pack_triangle(torch.tensor([[1, 2], [2, 3]]))
        tensor([1, 2, 3])
    """
    return matrices[..., _lower(matrices.shape[-1], matrices.device)]


def unpack_triangle(packed: Tensor, size: int) -> Tensor:
    """The symmetric matrices again, ``(..., size, size)``.

    Examples:
        >>> unpack_triangle(torch.tensor([1, 2, 3]), 2)
        tensor([[1, 2],
                [2, 3]])
    """
    matrices = packed.new_zeros(*packed.shape[:-1], size, size)
    matrices[..., _lower(size, packed.device)] = packed
    return symmetric(matrices)


def symmetric(matrices: Tensor) -> Tensor:
    """Matrices ``(..., d, d)`` with their lower triangle on both sides.

    Examples:
        >>> symmetric(torch.tensor([[1, 0], [2, 3]]))
        tensor([[1, 2],
                [2, 3]])
    """
    return matrices.tril() + matrices.tril(-1).mT


def _lower(size: int, device: torch.device) -> Tensor:
    return torch.ones(size, size, dtype=torch.bool, device=device).tril()
