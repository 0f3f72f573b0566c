"""What a row looks like: its nesting, and the type and shape of every leaf.

A row is a pair ``(x, y)``. Each of the two is a tensor, a number, a string, or a tuple, list or dictionary
of these, as deep as one likes. Every leaf has a *path*, which names its column: ``x``, ``x.0``, ``x.mask``, ``y``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from vernal.base import DataError, SchemaMismatch

SCALARS = {"bool": torch.bool, "int": torch.int64, "float": torch.float64, "str": torch.uint8}


@dataclass(frozen=True)
class Leaf:
    """The type and shape of one leaf of a row.

    Args:
        kind: ``tensor``, or ``bool``, ``int``, ``float``, ``str`` for plain Python values.
        dtype: torch's name of the type in which it is stored, e.g. ``float32``.
        shape: one entry per dimension; None for a length that varies from row to row.
    """

    kind: str
    dtype: str
    shape: tuple[int | None, ...]

    @property
    def torch_dtype(self) -> torch.dtype:
        """The type in which the leaf is stored."""
        dtype = getattr(torch, self.dtype)
        assert isinstance(dtype, torch.dtype)
        return dtype

    @property
    def varies(self) -> bool:
        """Whether rows differ in shape."""
        return None in self.shape

    def __str__(self) -> str:
        if self.kind != "tensor":
            return self.kind
        return f"{self.dtype}({', '.join('*' if n is None else str(n) for n in self.shape)})"


@dataclass(frozen=True)
class Schema:
    """The structure of the rows of a chunk or a memory.

    Args:
        tree: the nesting, as plain JSON: ``{"dict": {...}}``, ``{"tuple": [...]}``, ``{"list": [...]}``,
            and a path for every leaf.
        leaves: what is at each path.

    Examples:
        >>> schema = Schema.of_row({"ids": torch.tensor([1, 2]), "n": 3}, 0)
        >>> print(schema)
        x.ids: int64(2), x.n: int, y: int
    """

    tree: Mapping[str, Any]
    leaves: Mapping[str, Leaf]

    @classmethod
    def of_row(cls, x: Any, y: Any) -> Self:
        """Describe one row."""
        leaves: dict[str, Leaf] = {}
        tree = {name: _describe(value, name, leaves) for name, value in (("x", x), ("y", y))}
        return cls(tree, leaves)

    def merge(self, other: Schema, where: str) -> Schema:
        """The schema that rows of both have in common; lengths that differ become varying ones.

        Raises:
            SchemaMismatch: another nesting, type or number of dimensions. `where` says whose rows.
        """
        if self == other:
            return self
        self._check_tree(other, where)
        leaves = {path: _merge(path, leaf, other.leaves[path], where) for path, leaf in self.leaves.items()}
        return Schema(self.tree, leaves)

    def check(self, other: Schema, where: str) -> None:
        """Demand that rows of `other` fit among rows of this schema.

        Raises:
            SchemaMismatch: they do not; the message names the leaf, what was expected and what came.
        """
        self._check_tree(other, where)
        for path, leaf in self.leaves.items():
            came = other.leaves[path]
            fits = _merge(path, leaf, came, where) == leaf
            if not fits:
                raise SchemaMismatch(
                    f"{where}: `{path}` is {came}, but earlier rows have {leaf}. Rows of one lineage keep "
                    "their shape; if it varies from row to row, say so from the first chunk on "
                    f"(`varying=['{path}']`)."
                )

    def _check_tree(self, other: Schema, where: str) -> None:
        if self.tree != other.tree:
            raise SchemaMismatch(
                f"{where}: rows are built as ({other}), but earlier rows as ({self}). "
                "All rows of one lineage must have the same fields."
            )

    def with_varying(self, paths: Sequence[str]) -> Schema:
        """Declare that the lengths of these leaves vary from row to row."""
        leaves = dict(self.leaves)
        for path in paths:
            if path not in leaves or leaves[path].kind != "tensor":
                known = ", ".join(p for p, leaf in leaves.items() if leaf.kind == "tensor")
                raise DataError(f"`varying` names {path!r}, but the tensors of a row are: {known}.")
            leaves[path] = replace(leaves[path], shape=(None,) * len(leaves[path].shape))
        return Schema(self.tree, leaves)

    def flatten(self, x: Any, y: Any) -> dict[str, Tensor]:
        """The leaves of one row as tensors, by path."""
        return {path: _to_tensor(value) for name, part in (("x", x), ("y", y)) for path, value in _leaves(part, name)}

    def unflatten(self, leaves: Mapping[str, Any]) -> tuple[Any, Any]:
        """Rebuild ``(x, y)`` from leaves, or from batches of leaves, by path."""
        return _build(self.tree["x"], leaves.__getitem__), _build(self.tree["y"], leaves.__getitem__)

    def row(self, leaves: Mapping[str, Tensor]) -> tuple[Any, Any]:
        """Rebuild one row, with plain Python values where it had them."""
        return self.unflatten({path: _from_tensor(self.leaves[path], t) for path, t in leaves.items()})

    def alike(self, x: Any, y: Any) -> tuple[Any, Any]:
        """A row with plain values and tensors where this schema has them; the types are the same."""
        return self.row(self.flatten(x, y))

    def to_json(self) -> dict[str, Any]:
        """Plain values for storing."""
        leaves = {p: {"kind": f.kind, "dtype": f.dtype, "shape": [*f.shape]} for p, f in self.leaves.items()}
        return {"tree": dict(self.tree), "leaves": leaves}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The reverse of `to_json`."""
        leaves = {
            path: Leaf(leaf["kind"], leaf["dtype"], tuple(leaf["shape"])) for path, leaf in value["leaves"].items()
        }
        return cls(value["tree"], leaves)

    def __str__(self) -> str:
        return ", ".join(f"{path}: {leaf}" for path, leaf in self.leaves.items())


def arrays_as_tensors(value: Any) -> Any:
    """A part of a row with a tensor in place of every NumPy array, in the nesting in which memory gives it back.

    Examples:
        >>> arrays_as_tensors({"ids": np.arange(2), "kind": "news"})
        {'ids': tensor([0, 1]), 'kind': 'news'}
    """
    if isinstance(value, np.ndarray | np.generic):
        return _to_tensor(value)
    if isinstance(value, Mapping):
        return {key: arrays_as_tensors(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return (tuple if isinstance(value, tuple) else list)(map(arrays_as_tensors, value))
    return value


def _describe(value: Any, path: str, leaves: dict[str, Leaf]) -> Any:
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or "." in key:
                raise DataError(f"`{path}` has the key {key!r}. Keys must be text without a dot.")
        return {"dict": {key: _describe(value[key], f"{path}.{key}", leaves) for key in sorted(value)}}
    if isinstance(value, tuple | list):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_describe(part, f"{path}.{i}", leaves) for i, part in enumerate(value)]}
    leaves[path] = _leaf(value, path)
    return path


def _leaf(value: Any, path: str) -> Leaf:
    if isinstance(value, str):
        return Leaf("str", "uint8", (None,))
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise DataError(
            f"`{path}` is {value}, which 64 bits cannot hold. Give it as text, or map it to smaller numbers."
        )
    for kind, python_type in (("bool", bool), ("int", int), ("float", float)):
        if isinstance(value, python_type) and not isinstance(value, np.generic):
            return Leaf(kind, str(SCALARS[kind]).removeprefix("torch."), ())
    if isinstance(value, Tensor | np.ndarray | np.generic):
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind not in "biufc":
            raise DataError(f"`{path}` is an array of type {value.dtype}. Encode it as numbers, or give text as str.")
        tensor = _to_tensor(value)
        return Leaf("tensor", str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
    raise DataError(
        f"`{path}` is a {type(value).__name__}. A row is made of tensors, NumPy arrays, numbers, text, "
        "and tuples, lists or dictionaries of these."
    )


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}")
    elif isinstance(value, tuple | list):
        for i, part in enumerate(value):
            yield from _leaves(part, f"{path}.{i}")
    else:
        yield path, value


def _build(tree: Any, leaf: Callable[[str], Any]) -> Any:
    if isinstance(tree, str):
        return leaf(tree)
    (kind, parts), *_ = tree.items()
    if kind == "dict":
        return {key: _build(part, leaf) for key, part in parts.items()}
    built = [_build(part, leaf) for part in parts]
    return tuple(built) if kind == "tuple" else built


def _merge(path: str, a: Leaf, b: Leaf, where: str) -> Leaf:
    if (a.kind == "str", a.dtype, len(a.shape)) != (b.kind == "str", b.dtype, len(b.shape)):
        raise SchemaMismatch(
            f"{where}: `{path}` is {b}, but earlier rows have {a}. "
            "All rows of one lineage must have the same type and number of dimensions."
        )
    return replace(a, shape=tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True)))


def _to_tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, str):
        return torch.from_numpy(np.frombuffer(value.encode(), dtype=np.uint8).copy())
    if isinstance(value, np.ndarray | np.generic):
        native = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("="))  # Torch knows no other byte order.
        return torch.from_numpy(native).reshape(np.shape(value))
    return torch.tensor(value, dtype=SCALARS[type(value).__name__])


def _from_tensor(leaf: Leaf, tensor: Tensor) -> Any:
    if leaf.kind == "tensor":
        return tensor
    if leaf.kind == "str":
        return tensor.numpy().tobytes().decode()
    return tensor.item()
