"""What an update finds: the new data, the parent that it starts from, and the plan."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import (
    ConfigError,
    ConflictError,
    DataError,
    EmptyChunk,
    SchemaMismatch,
    SchemaTooNew,
    derive_seed,
    digest,
)
from vernal.config import Resolved
from vernal.data import Chunk, Collate, DataModule, Schema, as_chunk
from vernal.memory import Memory
from vernal.methods import Method, method_name
from vernal.state import unpack
from vernal.store import Store
from vernal.training import Transforms, isolated, row_losses, task_of

SCHEMA_VERSION = 1  # of a record
VALIDATION_SEED = "validation memory"


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


@dataclass(frozen=True)
class Parent:
    """What an update starts from: the record of an earlier one, and its whole state.

    Args:
        record: the record.
        store: where it lies.

    Raises:
        SchemaTooNew: the record was written by a later version.
    """

    record: Mapping[str, Any]
    store: Store

    def __post_init__(self) -> None:
        if self.record["schema_version"] > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"Update {self.id} was recorded with schema version {self.record['schema_version']}; this vernal reads "
                f"up to {SCHEMA_VERSION}. Run: pip install --upgrade vernal"
            )

    @property
    def id(self) -> str:
        """The id of the update."""
        return str(self.record["id"])

    @cached_property
    def model_state(self) -> dict[str, Tensor]:
        """The weights."""
        state: dict[str, Tensor] = self._artefact("model")
        return state

    @cached_property
    def method_state(self) -> dict[str, Any]:
        """What the method keeps."""
        state: dict[str, Any] = self._artefact("method")
        return state

    def memory(self, name: str) -> Memory | None:
        """The rehearsal memory (``"memory"``) or the validation memory (``"validation"``), if it has one.

        Raises:
            StateNotFound: a file of it is missing.
            CorruptState: a file of it is damaged; better now than in the middle of a training.
        """
        if name not in self.record["artefacts"]:
            return None
        memory = Memory.from_tree(self._artefact(name), self.store.blobs)
        for file in memory.needs:
            self.store.blobs.path(file)
        return memory

    def _artefact(self, name: str) -> Any:
        blob = self.store.resolve(self.record["artefacts"][name]["blob"])
        return unpack(self.store.blobs.get(blob))


@dataclass(frozen=True)
class Situation:
    """Everything that an update works with, in any process that works on it.

    Args:
        resolved: the plan.
        store: where states are kept.
        parent: what it starts from; None for a first update.
        data: the new data.
    """

    resolved: Resolved
    store: Store
    parent: Parent | None
    data: NewData

    @property
    def number(self) -> int:
        """How many updates the model will have had, this one included."""
        return int(self.parent.record["number"]) + 1 if self.parent else 1

    @property
    def seed(self) -> int:
        """The seed of this update: another one for every step of a lineage."""
        return derive_seed(self.resolved.plan.seed, "update", self.number)

    @cached_property
    def request(self) -> str:
        """A digest of all that was asked for: data, plan, code."""
        return digest({"plan": self.resolved.to_json(), "data": self.data.fingerprints})

    @property
    def name(self) -> str:
        """A digest of all that determines the update: the request and the parent."""
        return digest({"request": self.request, "parent": self.parent.record["name"] if self.parent else None})

    @property
    def schema(self) -> Schema:
        """What a row looks like."""
        return self.data.train.schema

    # Parts of the config file

    def call(self, function: str, **given: Any) -> Any:
        """Call a function of the config file; None if it has no such function."""
        return self.resolved.config.call(function, self.resolved.arguments, **given)

    @cached_property
    def target_schema(self) -> Schema:
        """What a row looks like to the model: the user's target transforms have been applied."""
        transform = self.transforms("test").y
        if transform is None:
            return self.schema
        x, y = self.data.train[0]
        return Schema.of_row(x, transform(y))

    @cached_property
    def task(self) -> str | None:
        """``"classification"``, ``"regression"`` or None."""
        return task_of(self.target_schema)

    @cached_property
    def losses(self) -> Callable[[Any, Any], Tensor]:
        """The loss function."""
        return row_losses(self.task, self.call("loss_fn"))

    def transforms(self, kind: str) -> Transforms:
        """The transforms for ``"train"``, ``"test"`` or ``"buffer"`` (rows from memory; as for training by default)."""
        x, y = self.call(f"{kind}_transform"), self.call(f"{kind}_target_transform")
        if kind == "buffer":
            x = x if "buffer_transform" in self.resolved.config.functions else self.call("train_transform")
            own = "buffer_target_transform" in self.resolved.config.functions
            y = y if own else self.call("train_target_transform")
        for transform in (x, y):
            if transform is not None and not callable(transform):
                raise ConfigError(
                    f"A transform function of the config file gives a {type(transform).__name__}. It must give a "
                    "function of one row, or None."
                )
        return Transforms(x, y, self.data.collate)

    @property
    def own_metrics(self) -> dict[str, Any]:
        """The user's metrics by name."""
        metrics = self.call("metrics_fn") or {}
        if not isinstance(metrics, Mapping):
            raise ConfigError(
                f"`metrics_fn` gives a {type(metrics).__name__}. It must give metrics by name, a dictionary."
            )
        for name, metric in metrics.items():
            if not all(hasattr(metric, verb) for verb in ("update", "compute", "reset", "to")):
                raise ConfigError(
                    f"`metrics_fn` gives a {type(metric).__name__} for {name!r}. It must give metrics as those of "
                    "torchmetrics are, with `update`, `compute`, `reset` and `to`."
                )
        return dict(metrics)

    def model(self, *names: str | int) -> nn.Module:
        """A model with fresh weights; `names` name their randomness."""
        with isolated(derive_seed(self.resolved.plan.seed, "model", *names)):
            model = self.call("model_fn", seed=self.resolved.plan.seed)
        if not isinstance(model, nn.Module):
            raise ConfigError(f"`model_fn` gives a {type(model).__name__}. It must give a torch.nn.Module.")
        return model

    def champion(self) -> nn.Module:
        """The model with the parent's weights; fresh ones for a first update."""
        if self.parent is None:
            return self.model()
        restored = self._restored(self.parent)
        if restored is not None:
            return restored
        model = self.model()
        load_weights(model, self.parent.model_state, f"update {self.parent.id}")
        return model

    def _restored(self, parent: Parent) -> nn.Module | None:
        """What `restore_fn` makes of the parent's weights; None if the config has no such function."""
        with isolated(derive_seed(self.resolved.plan.seed, "model")):
            model: nn.Module | None = self.call("restore_fn", state=parent.model_state, seed=self.resolved.plan.seed)
        return model

    def method(self) -> Method:
        """The method with the parent's state.

        Raises:
            ConflictError: the parent's state was written by another method, and the plan does not say that this is
                meant.
        """
        # A copy: what one update makes of it must not leak into the next through the caller's object.
        method = copy.deepcopy(self.resolved.method)
        if self.parent is None:
            return method
        before, now = self.parent.record["plan"]["method"]["name"], method_name(method)
        if before == now:
            method.load_state_dict(self.parent.method_state)
        elif not self.resolved.plan.change_method:
            raise ConflictError(
                f"Update {self.parent.id} was trained with the method {before!r}, and this plan says {now!r}. Go on "
                f"with {before!r}, or say that the change is meant: --change-method (`Plan(change_method=True)`)."
            )
        return method

    def memory(self) -> Memory:
        """The rehearsal memory that the parent left; an empty one for a first update."""
        memory = self.parent.memory("memory") if self.parent else None
        if memory is None:
            return Memory(self.store.blobs, derive_seed(self.resolved.plan.seed, "memory"))
        self._check_kept(memory)
        return memory if self._keeps else memory.without_kept()

    def validation_memory(self) -> Memory:
        """The validation rows of earlier chunks."""
        memory = self.parent.memory("validation") if self.parent else None
        return memory or Memory(self.store.blobs, derive_seed(self.resolved.plan.seed, VALIDATION_SEED))

    @property
    def _keeps(self) -> bool:
        """Whether the method keeps something with each row in memory."""
        return type(self.resolved.method).keep is not Method.keep

    def _check_kept(self, memory: Memory) -> None:
        """Demand that rows in memory carry what this method wants of them."""
        assert self.parent is not None
        before, now = self.parent.record["plan"]["method"]["name"], method_name(self.resolved.method)
        if before != now and len(memory) and self._keeps and not memory.kept:
            raise ConflictError(
                f"The memory was written by the method {before!r}, and its rows lack what {now!r} keeps with them. "
                f"Begin a new lineage with {now!r} (another store), or go on with {before!r}."
            )


def load_weights(model: nn.Module, state: Mapping[str, Tensor], whose: str) -> None:
    """Load weights into a model.

    Raises:
        SchemaMismatch: they do not fit.
    """
    try:
        model.load_state_dict(dict(state))
    except RuntimeError as error:
        raise SchemaMismatch(
            f"The weights of {whose} do not fit the model that `model_fn` gives: {str(error).rstrip('.')}. Give the "
            "arguments with which that model was made, or begin a new lineage (another store)."
        ) from error


def read_data(resolved: Resolved, prepare: Callable[[Callable[[], None]], None]) -> NewData:
    """Have the user's data module bring the data.

    Args:
        resolved: the plan.
        prepare: calls `prepare_data`, once at a time on this machine.

    Raises:
        ConfigError: the data module is none, or gives no training data.
        EmptyChunk: a part has no rows.
    """
    module = resolved.config.call("data_module_fn", resolved.arguments, seed=resolved.plan.seed)
    if not isinstance(module, DataModule):
        raise ConfigError(f"`data_module_fn` gives a {type(module).__name__}. It must give a `vernal.DataModule`.")
    with resolved.config.naming("`prepare_data`"):
        prepare(module.prepare_data)
    with resolved.config.naming("`setup`"):
        module.setup()
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


def _check_map_style(parts: Mapping[str, Any]) -> None:
    for name, part in parts.items():
        if part is not None and not (hasattr(part, "__len__") and hasattr(part, "__getitem__")):
            raise ConfigError(
                f"`{name}` of the data module is a {type(part).__name__}. It must be a `vernal.Chunk` or a map-style "
                "torch dataset, which has a length and gives row by row: write a stream to a table or to arrays first."
            )


def check_finite(chunk: Chunk) -> None:
    """Look for NaN in decimal targets: they would make every loss NaN.

    Raises:
        DataError: there are some.
    """
    leaf = chunk.schema.leaves.get("y")
    if leaf is None or leaf.varies or not leaf.torch_dtype.is_floating_point:
        return
    missing = 0
    for block in chunk.rows.blocks():
        y = block["y"]
        assert isinstance(y, Tensor)
        missing += int(torch.isnan(y).any(dim=tuple(range(1, y.ndim))).sum() if y.ndim > 1 else torch.isnan(y).sum())
    if missing:
        raise DataError(f"Chunk {chunk.name!r} has {missing} rows with a target that is NaN. Remove or fill them.")


def scratch_files(folder: Path) -> tuple[Path, Path]:
    """Where an update keeps its checkpoint, and where it puts files together."""
    return folder / "checkpoint.safetensors", folder / "parts"
