"""What an update finds: the new data, the parent that it starts from, and the plan."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from vernal.base import (
    ConfigError,
    ConflictError,
    derive_seed,
    digest,
)
from vernal.config import Resolved
from vernal.data import Schema
from vernal.memory import Everything, Memory
from vernal.methods import Method, method_name
from vernal.models import has_growing_head
from vernal.store import Store
from vernal.tasks import Task, make_task
from vernal.training import Transforms, isolated, row_losses
from vernal.transaction.former import former_method, former_name
from vernal.transaction.heads import Sizes
from vernal.transaction.labels import Span, label_spans
from vernal.transaction.new_data import NewData
from vernal.transaction.parent import Parent, fits, load_weights

METRIC_VERBS = ("update", "compute", "reset", "to")
OWN_METRICS = ("accuracy", "macro_f1", "loss", "mae", "rmse", "r2")
VALIDATION_SEED = "validation memory"
WITHOUT_EFFECT = ("workers", "checkpoint_minutes")  # options of training that change nothing in the result


@dataclass(frozen=True)
class Situation:
    """Everything that an update works with, in any process that works on it.

    Args:
        resolved: the plan.
        store: where states are kept.
        parent: what it starts from; None for a first update.
        data: the new data.
        asked: the plan as it was asked for, where a search has put values in the place of its ranges; the update is
            named after it.
    """

    resolved: Resolved
    store: Store
    parent: Parent | None
    data: NewData
    asked: Resolved | None = None

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
        plan = (self.asked or self.resolved).to_json()
        for name in WITHOUT_EFFECT:
            del plan["training"][name]
        return digest({"plan": plan, "data": self.data.fingerprints})

    @property
    def name(self) -> str:
        """A digest of all that determines the update: the request and the parent."""
        return digest({"request": self.request, "parent": self.parent.record["name"] if self.parent else None})

    @property
    def workplace(self) -> str:
        """The name of the folder for unfinished work. A search that only has other limits finds its trials there."""
        asked = self.asked or self.resolved
        if asked.search is None:
            return self.name[:12]
        plan = asked.to_json()
        limits = asked.search.tuning.limits
        tuning = {name: value for name, value in plan["search"]["tuning"].items() if name not in limits}
        plan["search"] = {**plan["search"], "tuning": tuning}
        parent = self.parent.record["name"] if self.parent else None
        return digest({"plan": plan, "data": self.data.fingerprints, "parent": parent})[:12]

    @property
    def rows_before(self) -> int:
        """Rows of all chunks that the model has learned so far, in memory or not."""
        return int(self.parent.record.get("rows_seen", 0)) if self.parent else 0

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
    def task(self) -> Task:
        """What kind of question the targets ask: what the config file says, or what they imply."""
        return make_task(self.call("task_fn"), self.target_schema)

    @cached_property
    def labels(self) -> dict[int, Span]:
        """The smallest and the largest label of all parts, as the model sees them, by task; see `label_spans`."""
        return label_spans(self.data.parts, self.task, self.transforms("test"))

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
        """The user's metrics by name; a collection of torchmetrics is one, whose parts have names of their own."""
        metrics = self.call("metrics_fn") or {}
        if all(hasattr(metrics, verb) for verb in METRIC_VERBS):
            return {"metrics": _alone(metrics)}
        if not isinstance(metrics, Mapping):
            raise ConfigError(
                f"`metrics_fn` gives a {type(metrics).__name__}. It must give metrics by name, a dictionary."
            )
        for name, metric in metrics.items():
            if name in OWN_METRICS:
                raise ConfigError(
                    f"`metrics_fn` gives a metric called {name!r}, which vernal measures already. "
                    f"Call it something else than {', '.join(OWN_METRICS)}."
                )
            if not all(hasattr(metric, verb) for verb in METRIC_VERBS):
                raise ConfigError(
                    f"`metrics_fn` gives a {type(metric).__name__} for {name!r}. It must give metrics as those of "
                    "torchmetrics are, with `update`, `compute`, `reset` and `to`."
                )
        return {name: _alone(metric) for name, metric in metrics.items()}

    def model(self, *names: str | int) -> nn.Module:
        """A model with fresh weights; `names` name their randomness."""
        return self._with_room(self._made_by("model_fn", *names), *names)

    def _made_by(self, function: str, *names: str | int) -> nn.Module:
        with isolated(derive_seed(self.resolved.plan.seed, "model", *names)):
            model = self.call(function, seed=self.resolved.plan.seed)
        if not isinstance(model, nn.Module):
            raise ConfigError(f"`{function}` gives a {type(model).__name__}. It must give a torch.nn.Module.")
        if any(made() is model for made in self._made):
            raise ConfigError(f"`{function}` gives the same object again. It must build a new model at every call.")
        self._made.append(weakref.ref(model))
        return model

    @cached_property
    def _made(self) -> list[weakref.ref[nn.Module]]:
        """The models that `model_fn` has given so far."""
        return []

    def champion(self) -> nn.Module:
        """The model with the parent's weights, in the parent's architecture; a fresh one for a first update."""
        return self._with_room(self._champion_as_it_was(), "champion")

    def teacher(self) -> nn.Module:
        """The champion, as methods and terms compare with it: silent about classes that it never knew."""
        model = self._champion_as_it_was()
        with isolated(derive_seed(self.resolved.plan.seed, "teacher", self.number)):
            self._sizes.grow_silently(model)
        return model

    def beginning(self) -> nn.Module:
        """The model that training begins with: the champion, or what carries it over into another architecture.

        Raises:
            ConfigError: `migrate_fn` gives something else.
        """
        champion = self.champion()
        if not self.architecture_changed:
            return champion
        fresh = self.model("migrated", self.number)
        if "migrate_fn" not in self.resolved.config.functions:
            return fresh
        with isolated(derive_seed(self.resolved.plan.seed, "migrate", self.number)):
            model = self.call("migrate_fn", champion=champion, model=fresh)
        if not isinstance(model, nn.Module) or not fits(self._made_by("model_fn"), model.state_dict()):
            raise ConfigError(
                f"`migrate_fn` gives a {type(model).__name__} whose weights are not those of a model that `model_fn` "
                "gives. Fill the `model` that it is given, and return that."
            )
        return self._with_room(model, "migrated")

    @cached_property
    def architecture_changed(self) -> bool:
        """Whether the parent's weights fit `previous_model_fn`, and no more `model_fn`."""
        if self.parent is None or "previous_model_fn" not in self.resolved.config.functions:
            return False
        return not self.parent_fits

    @property
    def parent_fits(self) -> bool:
        """Whether the parent's weights fit the model that `model_fn` builds; its heads take the parent's sizes."""
        assert self.parent is not None
        return fits(self._made_by("model_fn"), self.parent.model_state)

    def _champion_as_it_was(self) -> nn.Module:
        if self.parent is None:
            return self.model()
        restored = self._restored(self.parent)
        if restored is not None:
            return restored
        builder = "previous_model_fn" if self.architecture_changed else "model_fn"
        model = self._made_by(builder)
        load_weights(model, self.parent.model_state, f"update {self.parent.id}", builder)
        return model

    def _with_room(self, model: nn.Module, *names: str | int) -> nn.Module:
        """The model with classifiers that have room for every class so far; their new rows are drawn anew."""
        if has_growing_head(model):
            sizes = self._sizes
            with isolated(derive_seed(self.resolved.plan.seed, "head", self.number, *names)):
                sizes.grow(model)
        return model

    @cached_property
    def _sizes(self) -> Sizes:
        """How many classes there are: in the champion's heads, and among the labels of the new data."""
        sizes = Sizes.of_labels(self.labels)
        return sizes if self.parent is None else sizes | Sizes.of_model(self._champion_as_it_was())

    def _restored(self, parent: Parent) -> nn.Module | None:
        """What `restore_fn` makes of the parent's weights; None if the config has no such function."""
        with isolated(derive_seed(self.resolved.plan.seed, "model")):
            model: nn.Module | None = self.call("restore_fn", state=parent.model_state, seed=self.resolved.plan.seed)
        return model

    def method(self) -> Method:
        """The method with the parent's state.

        Raises:
            ConflictError: the parent's state was written by another method, or belongs to weights that the model does
                not begin with, and the plan does not say that this is meant.
        """
        # A copy: what one update makes of it must not leak into the next through the caller's object.
        method = copy.deepcopy(self.resolved.method)
        if self.parent is None:
            return method
        why = self._why_anew(method)
        if why is None:
            method.load_state_dict(self.parent.method_state)
        elif not self.resolved.plan.change_method:
            raise ConflictError(f"{why}: --change-method (`Plan(change_method=True)`).")
        return method

    def _why_anew(self, method: Method) -> str | None:
        """Why a method cannot go on with the parent's state, and what can be done; None if it can."""
        assert self.parent is not None
        before, now, card = former_name(self.parent), method_name(method), type(method).card
        if before != now:
            return (
                f"Update {self.parent.id} was trained with the method {before!r}, and this plan says {now!r}. Go on "
                f"with {before!r}, or say that the change is meant"
            )
        if card.tied and self.architecture_changed and "migrate_fn" not in self.resolved.config.functions:
            return (
                f"The method {now!r} keeps what belongs to the weights of update {self.parent.id} ({card.keeps}), and "
                "the new architecture begins with fresh ones. Carry the weights over (`migrate_fn`), or say that the "
                "method is to begin anew"
            )
        return None

    def former_method(self) -> Method:
        """What the champion makes its predictions by: the parent's method, with its state.

        Of a user's own method that another one has followed nothing is known but the model.
        """
        if self.parent is None:
            return self.method()
        return former_method(self.parent, self.resolved.method) or Method()

    @property
    def method_changed(self) -> bool:
        """Whether another method trained the parent."""
        if self.parent is None:
            return False
        return former_name(self.parent) != method_name(self.resolved.method)

    def options_changed(self) -> list[str]:
        """What the same method is told otherwise than in the parent's plan, a line for each option."""
        if self.parent is None or self.method_changed:
            return []
        before = self.parent.record["plan"]["method"]["options"]
        now = self.resolved.to_json()["method"]["options"]
        return [
            f"`{name}` is {value!r}, and was {before[name]!r} in update {self.parent.id}"
            for name, value in now.items()
            if name in before and before[name] != value
        ]

    def memory(self) -> Memory:
        """The rehearsal memory that the parent left; an empty one for a first update."""
        memory = self.parent.memory("memory") if self.parent else None
        self._check_complete(0 if memory is None else len(memory))
        if memory is None:
            return Memory(self.store.blobs, derive_seed(self.resolved.plan.seed, "memory"))
        return memory if type(self.resolved.method).keep is not Method.keep else memory.without_kept()

    def validation_memory(self) -> Memory:
        """The validation rows of earlier chunks."""
        memory = self.parent.memory("validation") if self.parent else None
        if memory is None:
            return Memory(self.store.blobs, derive_seed(self.resolved.plan.seed, VALIDATION_SEED))
        return memory

    def _check_complete(self, rows: int) -> None:
        """Demand that a method which wants all rows ever seen finds them, unless only erasure has taken some away."""
        now = method_name(self.resolved.method)
        if self.parent is None or not isinstance(self.resolved.method.policy(), Everything):
            return
        if isinstance(self.former_method().policy(), Everything) or rows >= self.rows_before:
            return
        raise ConflictError(
            f"{now!r} wants all rows ever seen, but of {self.rows_before} rows the memory of update {self.parent.id} "
            f"holds {rows}. Begin a new lineage with {now!r} (another store), from the first chunk on, or give it a "
            "`memory_size`, if it has one."
        )


def _alone(metric: Any) -> Any:
    """The metric, told that there are no other processes: torchmetrics would wait for them, but one measures all."""
    parts: list[Any] = [*metric.modules()] if isinstance(metric, nn.Module) else []
    for part in parts:
        if hasattr(part, "distributed_available_fn"):
            part.distributed_available_fn = bool  # It is called for an answer: `bool()` is False.
    return metric


def scratch_files(folder: Path) -> tuple[Path, Path]:
    """Where an update keeps its checkpoint, and where it puts files together."""
    return folder / "checkpoint.safetensors", folder / "parts"
