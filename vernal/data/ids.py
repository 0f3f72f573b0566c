"""What records are known by: ids of the user's, of which only digests are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vernal.base import DataError

ID_BYTES = 16


def id_digests(ids: Iterable[str | int]) -> Tensor:
    """The form in which ids are stored and compared, ``(n, 16)`` uint8.

    Raises:
        DataError: an id is neither text nor a whole number.

    Examples:
        >>> id_digests(["a", 7]).shape
        torch.Size([2, 16])
        >>> bool((id_digests([7]) == id_digests(["7"])).all())
        True
    """
    raw = b"".join(hashlib.blake2b(text.encode(), digest_size=ID_BYTES).digest() for text in id_texts(ids))
    return torch.from_numpy(np.frombuffer(raw, dtype=np.uint8).reshape(-1, ID_BYTES).copy())


def id_texts(ids: Iterable[str | int]) -> list[str]:
    """Ids as text: a number and its digits are one id, whether it comes in a list, an array or a tensor.

    Raises:
        DataError: an id is neither text nor a whole number.

    Examples:
        >>> id_texts(torch.arange(2)), id_texts(["a", np.int64(7)])
        (['0', '1'], ['a', '7'])
    """
    if isinstance(ids, str | bytes):
        raise DataError(f"`ids` is one text, {ids!r}, of which every letter would be an id. Give a list of ids.")
    values = ids.tolist() if isinstance(ids, Tensor | np.ndarray) else ids
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, Tensor) and not value.ndim:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, str | int | np.integer):
        # 1.0 and 1 would be two records, and a missing id one record with all others that miss theirs.
        raise DataError(f"The id {value!r} is a {type(value).__name__}. Ids are text or whole numbers: convert them.")
    return str(value)
