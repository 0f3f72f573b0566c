"""The new data of an update, as the user's data module brings it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from vernal.base import ConfigError, DataError, EmptyChunk, derive_seed
from vernal.config import Resolved
from vernal.data import Chunk, Collate, DataModule, Joined, Rows, Window, as_chunk, fixed_randomness, is_map_style
from vernal.tasks import Task


@dataclass(frozen=True)
class NewData:
    """The new chunk and what comes with it.

    Args:
        train: the rows to learn.
        validation: the rows to be judged by, if there are any.
        test: rows for the report only, if there are any.
        collate: makes batches of rows whose lengths vary.
    """

    train: Chunk
    validation: Chunk | None
    test: Chunk | None
    collate: Collate | None

    @property
    def parts(self) -> list[Chunk]:
        """All chunks that there are."""
        return [part for part in (self.train, self.validation, self.test) if part is not None]

    @property
    def fingerprints(self) -> dict[str, str | None]:
        """What of the data determines the update."""
        return {
            "train": self.train.fingerprint,
            "validation": self.validation.fingerprint if self.validation else None,
            "test": self.test.fingerprint if self.test else None,
        }


def read_data(resolved: Resolved, prepare: Callable[[Callable[[], None]], None]) -> NewData:
    """Have the user's data module bring the data.

    Its random numbers come from the plan's seed, so that a random split is the same in every process and every call.

    Args:
        resolved: the plan.
        prepare: calls `prepare_data`, once at a time on this machine.

    Raises:
        ConfigError: the data module is none, or gives no training data.
        EmptyChunk: a part has no rows.
    """
    with fixed_randomness(derive_seed(resolved.plan.seed, "data")):
        module = _set_up(resolved, prepare)
    if module.train is None:
        raise ConfigError(
            f"The data module {type(module).__name__} has no `train` after `setup()`. "
            "Set `self.train` to a chunk or a dataset."
        )
    parts = {part: getattr(module, part) for part in ("train", "validation", "test")}
    _check_map_style(parts)
    train = as_chunk(parts.pop("train"), "new data")
    try:
        validation, test = (None if p is None else as_chunk(p, name) for name, p in parts.items())
    except EmptyChunk as error:
        raise EmptyChunk(f"{error} Leave the part out (None) if there is no data for it.") from error
    for name, part in (("validation", validation), ("test", test)):
        if part is not None:
            train.schema.check(part.schema, f"The {name} data")
    return NewData(train, validation, test, module.collate)


def _set_up(resolved: Resolved, prepare: Callable[[Callable[[], None]], None]) -> DataModule:
    """The user's data module after `prepare_data` and `setup`."""
    module = resolved.config.call("data_module_fn", resolved.arguments, seed=resolved.plan.seed, **_window(resolved))
    if not isinstance(module, DataModule):
        raise ConfigError(f"`data_module_fn` gives a {type(module).__name__}. It must give a `vernal.DataModule`.")
    with resolved.config.naming("`prepare_data`"):
        prepare(module.prepare_data)
    with resolved.config.naming("`setup`"):
        module.setup()
    return module


def _window(resolved: Resolved) -> dict[str, Window]:
    """What `data_module_fn` is told to learn, if it lets itself be told."""
    window, config = resolved.plan.window, resolved.config
    if window is None and config.needs("data_module_fn", "window"):
        raise ConfigError(
            "`data_module_fn` takes a window, and there is none. Name the files to learn: --files a.parquet b.parquet "
            "(`Plan(window=Window(...))`); `vernal run-once` and `vernal watch` find them in the sources."
        )
    if window is not None and not config.takes("data_module_fn", "window"):
        raise ConfigError(
            f"There are files to learn, {', '.join(window.files[:3])}, and `data_module_fn` takes no window: it would "
            "bring other data. Give it an argument `window: vernal.Window`, and read `window.chunk(...)` there."
        )
    return {} if window is None else {"window": window}


def _check_map_style(parts: Mapping[str, Any]) -> None:
    for name, part in parts.items():
        if part is not None and not is_map_style(part):
            raise ConfigError(
                f"`{name}` of the data module is a {type(part).__name__}. It must be a `vernal.Chunk` or a map-style "
                "torch dataset, which has a length and gives row by row: write a stream to a table or to arrays first."
            )


def together(parts: Sequence[Chunk]) -> Rows:
    """The rows of several chunks, one after the other."""
    return reduce(Joined, [part.rows for part in parts[1:]], parts[0].rows)


def check_finite(chunk: Chunk, task: Task) -> None:
    """Look for NaN in decimal targets: they would make every loss NaN, unless the task takes them for unknown.

    Raises:
        DataError: there are some.
    """
    leaf = chunk.schema.leaves.get("y")
    if task.allows_gaps or leaf is None or leaf.varies or not leaf.torch_dtype.is_floating_point:
        return
    missing = 0
    for block in chunk.rows.blocks():
        y = block["y"]
        assert isinstance(y, Tensor)
        missing += int(torch.isnan(y).any(dim=tuple(range(1, y.ndim))).sum() if y.ndim > 1 else torch.isnan(y).sum())
    if missing:
        raise DataError(f"{chunk} has {missing} rows with a target that is NaN. Remove or fill them.")
