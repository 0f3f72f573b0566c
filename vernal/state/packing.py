"""Trees of plain values and tensors to bytes and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors.torch import load, save
from torch import Tensor

from vernal.base import CorruptState, SchemaTooNew, StateError

SCHEMA_VERSION = 1


def pack(tree: Any) -> bytes:
    """Write a tree as safetensors: tensors under their paths, everything else as JSON in the header.

    Tensors that are one and the same (tied weights) are written once. A flat dictionary of tensors, such as a model's
    ``state_dict``, gives a file that ``safetensors.torch.load_file`` reads back under the same names.

    Args:
        tree: dictionaries with text or whole numbers as keys, lists, tuples, tensors, NumPy arrays, text,
            numbers, booleans, None.

    Raises:
        StateError: something else is in the tree; the message gives its path.

    Examples:
        >>> unpack(pack({"w": torch.ones(2), "steps": 3, "betas": (0.9, math.inf)}))
        {'w': tensor([1., 1.]), 'steps': 3, 'betas': (0.9, inf)}
    """
    tensors: dict[str, Tensor] = {}
    names: dict[Any, str] = {}
    plain = _encode(tree, "", tensors, names)
    owned = {name: _own(tensor.detach()) for name, tensor in tensors.items()}
    header = {"vernal": json.dumps({"schema_version": SCHEMA_VERSION, "tree": plain})}
    return save(owned, metadata=header)


def unpack(data: bytes) -> Any:
    """Read a tree back.

    Raises:
        CorruptState: not a file that `pack` wrote.
        SchemaTooNew: written by a later version.
    """
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["vernal"])
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise CorruptState(
            f"This is not a state that vernal wrote ({error}). Restore the file from a backup, or go back "
            "to an earlier version."
        ) from error
    if header["schema_version"] > SCHEMA_VERSION:
        raise SchemaTooNew(
            f"This state has schema version {header['schema_version']}; this vernal reads up to "
            f"{SCHEMA_VERSION}. Install a later vernal."
        )
    return _decode(header["tree"], tensors)


def _encode(value: Any, path: str, tensors: dict[str, Tensor], names: dict[Any, str]) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(float(value))}  # NumPy's repr differs
    if isinstance(value, Tensor):
        return {"$tensor": _name(value, path or "value", tensors, names)}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        array = torch.from_numpy(np.atleast_1d(value).copy()).reshape(np.shape(value))
        return {"$array": _name(array, path or "value", tensors, names)}
    if isinstance(value, list | tuple):
        parts = [_encode(part, _join(path, i), tensors, names) for i, part in enumerate(value)]
        return parts if isinstance(value, list) else {"$tuple": parts}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: _encode(value[key], _join(path, key), tensors, names) for key in value}
        if all(isinstance(key, str | int) for key in value):
            pairs = [[key, _encode(value[key], _join(path, key), tensors, names)] for key in value]
            return {"$pairs": pairs}
    raise StateError(
        f"The state holds a {type(value).__name__} at {path or 'its root'!r}. State is made of tensors, arrays, "
        "numbers, text, booleans, None, and lists, tuples or dictionaries of these."
    )


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def _name(tensor: Tensor, path: str, tensors: dict[str, Tensor], names: dict[Any, str]) -> str:
    same = (tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride(), tensor.device)
    if tensor.numel() and same in names:
        return names[same]
    name = path
    while name in tensors:
        name += "'"
    tensors[name] = tensor
    names[same] = name
    return name


def _own(tensor: Tensor) -> Tensor:
    """The tensor with its memory for itself alone: safetensors refuses views of one another."""
    alone = tensor.is_contiguous() and tensor.untyped_storage().nbytes() == tensor.numel() * tensor.itemsize
    return tensor if alone else tensor.contiguous().clone()


def _decode(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, list):
        return [_decode(part, tensors) for part in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (kind, content), *_ = value.items()
        match kind:
            case "$tensor":
                return tensors[content]
            case "$array":
                return tensors[content].numpy()
            case "$float":
                return float(content)
            case "$tuple":
                return tuple(_decode(part, tensors) for part in content)
            case "$pairs":
                return {key: _decode(part, tensors) for key, part in content}
    return {key: _decode(part, tensors) for key, part in value.items()}
