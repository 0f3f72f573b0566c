"""A few rows through everything before hours are spent: data, model, loss, transforms, method and memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vernal.base import ConfigError, DataError, TrainingError, derive_seed
from vernal.data import Chunk, Rows
from vernal.memory import Memory
from vernal.methods import Method, Network, Term, method_class, method_name, method_names, term_name
from vernal.tasks import Task
from vernal.training import Feed, evaluating, mean_loss
from vernal.transaction.labels import Span, wider
from vernal.transaction.new_data import check_finite
from vernal.transaction.situation import Situation

ROWS = 2


def check_fit(situation: Situation, method: Method, model: Network, memory: Memory, device: torch.device) -> None:
    """Find out whether the data, the model, the loss, the method and the memory fit one another.

    Args:
        situation: what the update finds.
        method: the method.
        model: the model that the update starts from.
        memory: the rehearsal memory that it starts from.
        device: where the model is.

    Raises:
        ConfigError: early stopping without validation data; a method or a term that does not serve the task; a term
            for a method that takes no steps; a function that fails.
        DataError: targets that are NaN; lengths that vary, and nothing that pads them; a transform that fails.
        TrainingError: outputs that do not fit the targets, labels outside the head.
    """
    data = situation.data
    if situation.resolved.plan.training.patience is not None and data.validation is None:
        raise ConfigError(
            "`patience` stops training when the validation data stops improving, but the data module has no "
            "`validation`. Give it one, or leave `patience` out."
        )
    check_task(method, situation.task)
    check_terms(situation.resolved.terms, method, situation.task)
    for part in data.parts:
        check_finite(part, situation.task)
    _check_padding(situation)
    places = _telling(data.train)

    def batch(rows: Rows, kind: str, places: Tensor) -> dict[str, Any]:
        feed = Feed(rows, situation.transforms(kind), device, derive_seed(situation.seed, kind))
        return feed.batch(places, "rehearsal")

    for_training = batch(data.train.rows, "train", places)
    if len(memory):
        batch(memory, "buffer", torch.arange(min(ROWS, len(memory))))
    with evaluating(model.module), torch.no_grad():
        _check_loss(situation, model, batch(data.train.rows, "test", places), _labels(situation, memory))
        _check_loss(situation, model, for_training, None)


def check_champion(situation: Situation, champion: Network, device: torch.device) -> None:
    """Demand that a champion of another architecture can read the rows that there are today: it judges and teaches.

    Raises:
        ConfigError: it cannot.
    """
    rows = situation.data.train.rows
    feed = Feed(rows, situation.transforms("test"), device, derive_seed(situation.seed, "test"))
    batch = feed.batch(torch.arange(min(ROWS, len(rows))), "rehearsal")
    when = f"on rows of today ({situation.schema}); what it does not know yet, let it leave out"
    with (
        situation.resolved.config.naming("the model of `previous_model_fn`", when),
        evaluating(champion.module),
        torch.no_grad(),
    ):
        champion(batch["x"])


def check_task(method: Method, task: Task) -> None:
    """Demand a method that serves the task.

    Raises:
        ConfigError: it does not.
    """
    card = type(method).card
    if not card.serves(task.name):
        raise ConfigError(
            f"The method {method_name(method)!r} serves {', '.join(card.tasks or ())}, and this is a "
            f"{task.name.replace('_', ' ')}. Choose one that serves it (`vernal methods`): {', '.join(_serving(task))}."
        )


def check_terms(terms: Iterable[Term], method: Method, task: Task) -> None:
    """Demand terms that serve the task, and a method to whose loss they can be added.

    Raises:
        ConfigError: a term does not serve it; or the method takes no steps once there is a champion.
    """
    for term in terms:
        name, card = term_name(term), type(term).card
        if not card.serves(task.name):
            raise ConfigError(
                f"The term {name!r} serves {', '.join(card.tasks or ())}, and this is a "
                f"{task.name.replace('_', ' ')}. Leave it out."
            )
        if not any(stage.share for stage in method.stages(first=False)):
            raise ConfigError(
                f"The term {name!r} is added to the loss of a method, and {method_name(method)!r} takes no steps once "
                "there is a champion. Leave it out, or choose a method that trains (`vernal methods`)."
            )


def _serving(task: Task) -> list[str]:
    return [name for name in method_names() if method_class(name).card.serves(task.name)]


def check_monitor(monitor: str, measured: Iterable[str]) -> None:
    """Demand that what early stopping watches is measured.

    Raises:
        ConfigError: it is not.
    """
    names = [*measured]
    if monitor not in names:
        raise ConfigError(f"`monitor` is {monitor!r}, but the validation measures {', '.join(names)}.")


def _telling(chunk: Chunk) -> Tensor:
    """The rows with the smallest and the largest label; the first ones where there are no labels."""
    if chunk.labels is None:
        return torch.arange(min(ROWS, len(chunk)))
    return torch.tensor(sorted({int(np.argmin(chunk.labels)), int(np.argmax(chunk.labels))}))


def _labels(situation: Situation, memory: Memory) -> Span | None:
    """The smallest and the largest label of all new data and of the rows in memory, unless transforms change these."""
    spans = [*situation.labels.values()]
    if spans and len(memory) and all(situation.transforms(kind).y is None for kind in ("test", "buffer")):
        spans.append((int(memory.index.labels.min()), int(memory.index.labels.max())))
    return reduce(wider, spans) if spans else None


def _check_padding(situation: Situation) -> None:
    if situation.data.collate is not None:
        return
    for path, leaf in situation.schema.leaves.items():
        if leaf.varies and leaf.kind == "tensor":
            transforms = [situation.transforms(kind) for kind in ("train", "test", "buffer")]
            if any((t.x if path.startswith("x") else t.y) is None for t in transforms):
                raise DataError(
                    f"`{path}` is {leaf}: its length varies from row to row, so rows do not make a batch. Give the "
                    "data module a `collate` function that pads them."
                )


def _check_loss(situation: Situation, model: Network, batch: dict[str, Any], labels: Span | None) -> None:
    config = situation.resolved.config
    with config.naming("the model", f"on rows ({situation.schema})"):
        outputs = model(batch["x"])
    own = "loss_fn" in config.functions
    if not own:
        rows = len(batch["y"]) if isinstance(batch["y"], Tensor) else ROWS
        situation.task.check(outputs, batch["y"], labels, rows)
    with config.naming("`loss_fn`" if own else "the loss", f"on rows ({situation.schema})"):
        loss = mean_loss(situation.losses)(outputs, batch["y"])
    if not isinstance(loss, Tensor) or loss.ndim or not loss.is_floating_point():
        raise TrainingError(
            f"The loss function gives {loss!r}. It must give a decimal tensor: one loss a row, or one for the batch."
        )


def kept_with(method: Method, model: Network, x: Any, rows: int) -> dict[str, Tensor]:
    """What a method keeps with rows, in the form in which it is stored: on the CPU, decimal numbers as float32.

    Raises:
        TrainingError: the method gives something else than one entry a row.
    """
    kept = method.keep(model, x)
    for name, value in kept.items():
        if not isinstance(value, Tensor) or value.ndim == 0 or len(value) != rows:
            what = tuple(value.shape) if isinstance(value, Tensor) else f"a {type(value).__name__}"
            raise TrainingError(
                f"`keep` of {type(method).__name__} gives {what} as {name!r} for {rows} rows. It must give a tensor "
                "with one entry a row. If the model gives something else than a tensor, use a method that keeps "
                "nothing, such as `er`."
            )
    return {name: (v.float() if v.is_floating_point() else v).detach().cpu() for name, v in kept.items()}
