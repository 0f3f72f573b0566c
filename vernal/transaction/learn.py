"""The part of an update that computes: training, evaluation, and writing what comes into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from vernal.base import Clock, ConfigError, TrainingError, derive_seed
from vernal.memory import Memory
from vernal.memory import Plan as Selection
from vernal.methods import Method, Setting
from vernal.training import (
    Checkpoint,
    EpochFeed,
    Fabric,
    Feed,
    Fitted,
    Job,
    MemoryReplay,
    Reporter,
    evaluating,
    fit,
    isolated,
    mean_loss,
    speaking,
)
from vernal.transaction.evaluation import Judge
from vernal.transaction.fitting import check_fit, check_monitor, kept_with
from vernal.transaction.situation import Situation, scratch_files


@dataclass(frozen=True)
class Learned:
    """What came out of the computing part; plain values and tensors.

    Args:
        model: the weights.
        method: what the method keeps.
        memory: the index of the rehearsal memory, if the method has one.
        validation: the index of the validation memory, if there is validation data.
        metrics: everything that was measured.
        training: how the training went.
        seconds: how long each part took.
    """

    model: dict[str, Tensor]
    method: dict[str, Any]
    memory: dict[str, Any] | None
    validation: dict[str, Any] | None
    metrics: dict[str, Any]
    training: dict[str, Any]
    seconds: dict[str, float]


def learn(fabric: Fabric, situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> Learned | None:
    """Train, evaluate, and write the rows that come into memory. Nothing becomes visible.

    Args:
        fabric: the devices.
        situation: what the update finds.
        folder: of its own, for the checkpoint and unfinished files.
        reporter: who is told.
        clock: measures how long things take.
    """
    with isolated(derive_seed(situation.seed, "training", fabric.global_rank)):
        return _Learning(fabric, situation, folder, reporter, clock).run()


class _Learning:
    def __init__(self, fabric: Fabric, situation: Situation, folder: Path, reporter: Reporter, clock: Clock) -> None:
        self._fabric, self._situation = fabric, situation
        self._reporter, self._clock = reporter, clock
        self._checkpoint, self._parts = scratch_files(folder)
        self._options = situation.resolved.plan.training
        self._chunk = situation.data.train
        self._criterion = mean_loss(situation.losses)
        self._seconds: dict[str, float] = {}

    def run(self) -> Learned | None:
        situation = self._situation
        method, champion = situation.method(), self._ready(situation.champion())
        memory = situation.memory()
        selection = self._select(method, memory)
        speak = partial(speaking, self._fabric)
        judge = Judge(situation, situation.validation_memory(), self._fabric.device, speak)
        check_fit(situation, method, champion, memory, self._fabric.device, speak)
        self._phase("evaluate before")
        judge.before(method.predictor(champion), self._ready(situation.model()))
        if self._options.patience is not None:
            check_monitor(self._options.monitor, judge.measures)
        self._phase("train")
        fitted = self._fit(method, champion, memory, selection, judge)
        if self._fabric.global_rank > 0:
            return None
        _check_weights(fitted.model)
        self._phase("evaluate")
        if fitted.resumed:
            self._seconds["train"] = 60 * fitted.progress.minutes  # With those before the interruption.
        predictor = method.predictor(fitted.model)
        metrics = judge.after(predictor)
        if situation.data.test is not None:
            metrics["test"] = judge.measure(predictor, situation.data.test.rows)
        self._phase("write memory")
        next_memory = self._admit(method, fitted.model, memory, selection)
        next_validation = judge.admit(self._parts / "validation")
        self._phase("")
        return Learned(
            model={name: value.detach().cpu() if isinstance(value, Tensor) else value
                   for name, value in fitted.model.state_dict().items()},
            method=method.state_dict(),
            memory=next_memory.to_tree() if next_memory else None,
            validation=next_validation.to_tree() if next_validation else None,
            metrics=metrics,
            training=_facts(fitted),
            seconds=self._seconds,
        )  # fmt: skip

    # Before training

    def _select(self, method: Method, memory: Memory) -> Selection | None:
        policy = method.policy()
        return None if policy is None else memory.plan(self._chunk, policy, self._situation.number)

    # Training

    def _fit(
        self, method: Method, champion: nn.Module, memory: Memory, selection: Selection | None, judge: Judge
    ) -> Fitted:
        situation, fabric = self._situation, self._fabric
        planned = memory.planned(selection, self._chunk) if selection else self._chunk.rows
        rows = method.rows(self._chunk.rows, planned)
        seed = derive_seed(situation.seed, "feed")
        batches = Feed(rows, situation.transforms("train"), fabric.device, seed)
        plain = Feed(rows, situation.transforms("test"), fabric.device, seed)
        walk = partial(_pairs, plain, self._options.evaluation_batch)
        ranks = {"rank": fabric.global_rank, "ranks": fabric.world_size}
        job = Job(
            model=method.start(champion, lambda: self._ready(situation.model("fresh", situation.number))),
            method=method,
            feed=EpochFeed(batches, self._options.batch_size, seed, workers=self._options.workers, **ranks),
            replay=lambda position: MemoryReplay(
                memory, situation.transforms("buffer"), fabric.device, situation.seed, position, **ranks
            ),
            setting=lambda model: Setting(model, self._criterion, walk),
            criterion=self._criterion,
            optimizer=self._optimizer,
            scheduler=self._scheduler if "lr_scheduler_fn" in situation.resolved.config.functions else None,
            options=self._options,
            n_new=len(self._chunk),
            n_before=situation.rows_before,
            validate=(lambda model: judge.overall(method.predictor(model))) if judge.rows else None,
            lower_is_better=judge.lower_is_better,
        )
        # Another vernal may compute, or save, something else.
        basis = f"vernal {version('vernal')}, {situation.parent.basis if situation.parent else 'nothing'}"
        checkpoint = Checkpoint(self._checkpoint, basis, self._reporter)
        return fit(job, fabric, checkpoint, self._reporter, self._clock)

    def _optimizer(self, model: nn.Module) -> Optimizer:
        parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        if not parameters:
            raise ConfigError("No parameter of the model requires a gradient, so there is nothing to train.")
        optimizer = self._situation.call("optimizer_fn", parameters=parameters, model=model)
        if isinstance(optimizer, LBFGS):
            raise ConfigError("`optimizer_fn` gives LBFGS, which needs several passes a step. Use another optimiser.")
        if not isinstance(optimizer, Optimizer):
            raise ConfigError(f"`optimizer_fn` gives a {type(optimizer).__name__}. It must give a torch optimiser.")
        return optimizer

    def _scheduler(self, optimizer: Optimizer, total_steps: int | None) -> LRScheduler:
        scheduler = self._situation.call("lr_scheduler_fn", optimizer=optimizer, total_steps=total_steps)
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ConfigError(
                "`lr_scheduler_fn` gives ReduceLROnPlateau, which is stepped with something measured. Use a schedule "
                "that is stepped by steps, such as CosineAnnealingLR, and `patience` to stop early."
            )
        if not isinstance(scheduler, LRScheduler):
            raise ConfigError(
                f"`lr_scheduler_fn` gives a {type(scheduler).__name__}. It must give a torch scheduler; it is stepped "
                "after every step of the optimiser."
            )
        return scheduler

    # After training

    def _admit(self, method: Method, model: nn.Module, memory: Memory, selection: Selection | None) -> Memory | None:
        if selection is None:
            return memory if memory.structure is not None else None  # As it was: another method may want it again.
        feed = self._feed(self._situation, "test")
        keeps = type(method).keep is not Method.keep

        def keep(places: Tensor) -> dict[str, Tensor]:
            with evaluating(model), torch.no_grad():
                speak = speaking(self._fabric, model)
                blocks = [
                    kept_with(method, speak, feed.batch(block, "keep", int(block[0]))["x"], len(block))
                    for block in torch.split(places, self._options.evaluation_batch)
                ]
            return {name: torch.cat([block[name] for block in blocks]) for name in blocks[0]}

        return memory.admit(
            selection, self._chunk, self._situation.number, self._parts / "memory", keep if keeps else None
        )

    # Small things

    def _ready(self, model: nn.Module) -> nn.Module:
        """The model on the device, with weights in the precision in which it computes."""
        converted: nn.Module = self._fabric.strategy.precision.convert_module(model.to(self._fabric.device))
        return converted

    def _feed(self, situation: Situation, kind: str) -> Feed:
        return Feed(
            self._chunk.rows, situation.transforms(kind), self._fabric.device, derive_seed(situation.seed, kind)
        )

    def _phase(self, name: str) -> None:
        now = self._clock.seconds()
        if self._seconds:
            last = next(reversed(self._seconds))
            self._seconds[last] = now - self._seconds[last]
        if name:
            self._seconds[name] = now
            self._reporter.phase(name)


def _pairs(feed: Feed, size: int) -> Iterator[tuple[Any, Any]]:
    for batch in feed.in_order(size):
        yield batch["x"], batch["y"]


def _check_weights(model: nn.Module) -> None:
    """A loss is measured before the step that it leads to, and the last step may be the one that goes wrong.

    Raises:
        TrainingError: a weight is not finite.
    """
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor) and value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise TrainingError(
                f"After training, `{name}` has entries that are not finite. Nothing was stored; the champion is as it "
                "was. Lower the learning rate, or set `clip_norm`."
            )


def _facts(fitted: Fitted) -> dict[str, Any]:
    return {
        "epochs": fitted.progress.epochs,
        "steps": fitted.progress.steps,
        "samples": fitted.progress.samples,
        "replayed": fitted.replayed,
        "losses": fitted.losses,
        "stopped": fitted.stopped,
        "resumed": fitted.resumed,
    }
