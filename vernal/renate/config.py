"""A config file that was written for Renate, as vernal's engine sees it."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vernal.base import ConfigError
from vernal.config import ConfigFile, Slots, Values, load_config
from vernal.data import DataModule, as_chunk
from vernal.methods import Method
from vernal.renate import defaults
from vernal.renate.checkpoint import checkpoint_bytes
from vernal.renate.data.data_module import RenateDataModule
from vernal.renate.models.renate_module import EXTRA_STATE, RenateModule
from vernal.renate.optimizer import optimizer_fn
from vernal.renate.schedule import scheduler_of
from vernal.renate.slots import Hyperparameters, UpdaterSlots
from vernal.training import isolated

# What Renate gives to each function beside hyperparameters; what vernal gives to some may be taken as well.
GIVEN = ("model_state_url", "data_path", "seed")
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "model_fn": GIVEN,
    "data_module_fn": GIVEN,
    "loss_fn": GIVEN,
    "metrics_fn": GIVEN,
    "optimizer_fn": (*GIVEN, "parameters", "model"),
    "lr_scheduler_fn": (*GIVEN, "total_steps"),
    "train_transform": GIVEN,
    "test_transform": GIVEN,
    "buffer_transform": GIVEN,
    "train_target_transform": GIVEN,
    "test_target_transform": GIVEN,
    "buffer_target_transform": GIVEN,
}


@dataclass(frozen=True)
class JobFacts:
    """What the functions of a config file are to know of the job.

    Args:
        data_path: what `data_module_fn` is given.
        task_id: the task that the new data belongs to.
        seed: what functions that take a seed are given.
        max_epochs: how long the training is.
        needs_validation: whether the metric is measured on validation data.
    """

    data_path: str
    task_id: str
    seed: int
    max_epochs: int
    needs_validation: bool


@dataclass(frozen=True)
class RenateConfig(ConfigFile):
    """A config file whose functions take and give what Renate's did.

    Args:
        job: what they are to know.
        asked: the hyperparameters of the updater.
    """

    job: JobFacts
    asked: Hyperparameters

    @property
    def loader(self) -> Callable[[], ConfigFile]:
        """Loads the file again, in any process."""
        return partial(load_renate_config, self.path, self.job, self.asked)

    def slots(self, values: Values, methods: Mapping[str, Method]) -> Slots:
        """The hyperparameters under Renate's names: those of the updater, and of the functions."""
        places = super().slots(values, methods)
        arguments = {name: place for name, place in places.items() if place.part == "arguments"}
        return UpdaterSlots(self.asked, values, methods, arguments)

    def call(self, name: str, arguments: Mapping[str, Any], **given: Any) -> Any:
        """Call one of the functions, and make of its answer what vernal's engine asks for.

        Beside the functions in the file there is `restore_fn`: `model_fn` with a checkpoint of the given state.
        """
        given = {"seed": self.job.seed, "data_path": self.job.data_path} | given
        adapters: Mapping[str, Callable[..., Any]] = {
            "model_fn": self._model,
            "restore_fn": self._restored,
            "data_module_fn": self._data_module,
            "loss_fn": self._loss,
            "optimizer_fn": self._optimizer,
            "lr_scheduler_fn": self._scheduler,
        }
        return adapters.get(name, partial(super().call, name))(arguments, **given)

    # Models

    def _model(self, arguments: Mapping[str, Any], **given: Any) -> Any:
        """A fresh model, or one from the checkpoint that `model_state_url` names."""
        model = super().call("model_fn", arguments, **{"model_state_url": None} | given)
        if isinstance(model, RenateModule):
            model.add_task_params(self.job.task_id)
            if "task_id" in inspect.signature(model.forward).parameters:
                model.register_forward_pre_hook(partial(_for_task, self.job.task_id), with_kwargs=True)
        return model

    def _restored(self, arguments: Mapping[str, Any], state: Mapping[str, Any], **given: Any) -> Any:
        """The model that `model_fn` makes of a checkpoint; None if it takes none, and weights are to be loaded."""
        if "model_state_url" not in inspect.signature(self.functions["model_fn"]).parameters:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(defaults.model_file(folder))
            file.write_bytes(checkpoint_bytes(state))
            model = self._model(arguments, **given | {"model_state_url": str(file)})
        _check_restored(model, state)
        return model

    def _loss(self, arguments: Mapping[str, Any], **given: Any) -> Any:
        """The file's loss, or the one that the model was made with."""
        if "loss_fn" in self.functions:
            return super().call("loss_fn", arguments, **given)
        with isolated(self.job.seed):
            return getattr(self._model(arguments, **given), "loss_fn", None)

    # Data

    def _data_module(self, arguments: Mapping[str, Any], **given: Any) -> Any:
        module = super().call("data_module_fn", arguments, **given)
        if not isinstance(module, RenateDataModule):
            return module
        name = f"chunk {arguments['chunk_id']}" if "chunk_id" in arguments else "new data"
        return _Parts(module, name, self.job.needs_validation)

    # Optimiser and schedule

    def _optimizer(self, arguments: Mapping[str, Any], model: nn.Module, **given: Any) -> Optimizer:
        """The optimiser of the parameters for this task; the file's function may give it, or a function that does."""
        own = model.get_params(self.job.task_id) if isinstance(model, RenateModule) else model.parameters()
        parameters = [parameter for parameter in own if parameter.requires_grad]
        made = super().call("optimizer_fn", arguments, **given | {"model": model, "parameters": parameters})
        with self.naming("what `optimizer_fn` gives"):
            optimizer: Optimizer = made(parameters) if callable(made) else made
        return optimizer

    def _scheduler(
        self, arguments: Mapping[str, Any], optimizer: Optimizer, total_steps: int | None, **given: Any
    ) -> LRScheduler:
        made = super().call("lr_scheduler_fn", arguments, **given | {"total_steps": total_steps})
        with self.naming("what `lr_scheduler_fn` gives"):
            return scheduler_of(made, optimizer, total_steps, self.job.max_epochs)


class _Parts(DataModule):
    """A `RenateDataModule` as vernal's engine sees it."""

    def __init__(self, module: RenateDataModule, name: str, needs_validation: bool) -> None:
        super().__init__()
        self._module, self._name, self._needs_validation = module, name, needs_validation

    def prepare_data(self) -> None:
        """Bring the data to this machine."""
        self._module.prepare_data()

    def setup(self) -> None:
        """Take over the parts, and what makes batches of them."""
        module = self._module
        module.setup()
        train, self.validation, self.test = module.train_data(), module.val_data(), module.test_data()
        self.train = None if train is None else as_chunk(train, self._name)
        if self.validation is None and self._needs_validation:
            raise ConfigError(
                "Provide a validation set to optimize hyperparameters, or to choose the best epoch: the metric is "
                'measured on it, and `val_data()` gives None. Or say metric="train_loss", mode="min" to take the '
                "weights of the last epoch."
            )
        self.collate = module.train_collate_fn()
        others = [(self.validation, module.val_collate_fn()), (self.test, module.test_collate_fn())]
        if any(part is not None and collate != self.collate for part, collate in others):
            raise ConfigError(
                "The collate functions for training, validation and test data differ. Give all parts the same one; "
                "random augmentation belongs into `train_transform`."
            )


def load_renate_config(path: str | Path, job: JobFacts, asked: Hyperparameters) -> RenateConfig:
    """Load a config file that was written for Renate.

    Args:
        path: where it lies.
        job: what its functions are to know.
        asked: the hyperparameters of the updater.

    Raises:
        ConfigError: there is no such file, or it cannot be imported.
    """
    return RenateConfig(**vars(load_config(path, FUNCTIONS, {"optimizer_fn": optimizer_fn})), job=job, asked=asked)


def _for_task(task_id: str, module: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG001
    """Call a module for a task, unless the caller names one."""
    return args, {"task_id": task_id, **kwargs}


def _check_restored(model: nn.Module, state: Mapping[str, Any]) -> None:
    """Demand that a model has the stored weights: a `model_fn` that overlooks them would start from scratch."""
    for name, value in model.state_dict().items():
        stored = None if name.endswith(EXTRA_STATE) else state.get(name)
        if isinstance(stored, Tensor) and not torch.equal(stored, value.cpu()):
            raise ConfigError(
                f"`model_fn` was given a checkpoint, but {name!r} in its model is not what the checkpoint holds. Load "
                "it: `model.load_state_dict(torch.load(model_state_url))`, or `from_state_dict`."
            )
