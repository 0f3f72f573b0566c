"""The training loop."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from vernal.base import Clock, ConfigError, Duration, Progress, TrainingError
from vernal.methods import Batch, Criterion, Method, Network, Passes, Setting, Step, Term
from vernal.metrics import is_higher_better
from vernal.tasks import Task
from vernal.training.checkpoint import Checkpoint
from vernal.training.fabric import Fabric
from vernal.training.feed import EpochFeed
from vernal.training.interruption import Interruption
from vernal.training.options import Training
from vernal.training.predict import evaluating
from vernal.training.progress import Reporter
from vernal.training.randomness import capture, restore
from vernal.training.replay import MemoryReplay, Noted
from vernal.training.speaking import speaking

_LOOK_EVERY = 0.1  # seconds between two looks at the loss; a look makes an accelerator wait
_CHECKPOINT, _STOP = 1.0, 2.0  # what a process may wish for between two steps


def lower_is_better(metric: str) -> bool:
    """Which way one of vernal's own measures improves."""
    return metric == "loss" or not is_higher_better(metric)


@dataclass(frozen=True)
class Looks:
    """When a training is measured on its way, and who is told.

    Args:
        number: how often in a whole update, in equal shares of its budget.
        before: the share of the update that lies before this training.
        share: the share of the update that is this training.
        told: is told all that was measured so far, and the seconds trained, as soon as a checkpoint holds both; also
            when an interrupted training goes on. It may raise an error to end the training there.
    """

    number: int
    before: float
    share: float
    told: Callable[[Sequence[Mapping[str, float]], float], None]

    def due(self, done: float) -> int:
        """How many looks there must have been.

        Args:
            done: the share of this training that lies behind.

        Examples:
            >>> Looks(4, 0.5, 0.5, told=print).due(0.5)
            3
        """
        return math.floor(self.number * (self.before + self.share * done) + 1e-9)


@dataclass(frozen=True)
class Job:
    """All that a training needs.

    Args:
        model: the model to train, on any device.
        method: what it is trained with.
        feed: the batches of new rows.
        replay: the rows of earlier chunks.
        setting: what the method sees before the first step and after the last.
        criterion: ``criterion(outputs, targets)`` gives the mean loss.
        task: what kind of question the targets ask.
        budget: how long to train.
        optimizer: makes the optimiser of a model.
        scheduler: makes the schedule of an optimiser, given the number of steps if it is known; None for none.
        options: how to train.
        n_new: rows in the new chunk.
        n_before: rows of all chunks before it.
        validate: measures the model for early stopping and for looks; None if there is no validation data.
        lower_is_better: which way a measured number improves.
        old: gives the champion; None in a first update.
        terms: what is added to the method's loss.
        stage: which of the trainings of an update this is, from 0.
        earlier: facts of the trainings before it; a checkpoint holds them.
        looks: when it is measured on its way; None for never.
    """

    model: nn.Module
    method: Method
    feed: EpochFeed
    replay: Callable[[int], MemoryReplay]
    setting: Callable[[Network], Setting]
    criterion: Criterion
    task: Task
    budget: Duration
    optimizer: Callable[[nn.Module], Optimizer]
    scheduler: Callable[[Optimizer, int | None], LRScheduler] | None
    options: Training
    n_new: int
    n_before: int
    validate: Callable[[nn.Module], Mapping[str, float]] | None = None
    lower_is_better: Callable[[str], bool] = lower_is_better
    old: Callable[[], Network] | None = None
    terms: tuple[Term, ...] = ()
    stage: int = 0
    earlier: tuple[Mapping[str, Any], ...] = ()
    looks: Looks | None = None


@dataclass
class Fitted:
    """What came out of a training.

    Args:
        model: the trained model.
        progress: how long it was trained.
        losses: the mean loss of each epoch.
        replayed: rows replayed from memory.
        stopped: why it ended: ``"budget"`` or ``"patience"``.
        resumed: whether it went on from a checkpoint.
        curve: what was measured at each look, those of earlier trainings of the update included.
    """

    model: nn.Module
    progress: Progress
    losses: list[float]
    replayed: int
    stopped: str = "budget"
    resumed: bool = False
    curve: list[dict[str, float]] = field(default_factory=list)


@dataclass
class _State:
    """Where a training is; plain values, so that a checkpoint can hold it."""

    epoch: int = 0
    batch: int = 0
    steps: int = 0
    samples: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    curve: list[dict[str, float]] = field(default_factory=list)
    best: float = math.inf
    best_measures: dict[str, float] = field(default_factory=dict)
    stale: int = 0
    stopped: str = ""


def fit(job: Job, fabric: Fabric, checkpoint: Checkpoint, reporter: Reporter, clock: Clock) -> Fitted:
    """Train a model until the budget is spent.

    Goes on from the checkpoint if there is one; on CPU the result is bit for bit that of a training that was never
    interrupted. SIGINT and SIGTERM write a checkpoint between two steps and then stop.

    Raises:
        TrainingError: the loss is not finite.
        KeyboardInterrupt: somebody asked to stop.
    """
    status = "failed"
    try:
        with Interruption() as interruption:
            fitted = _Loop(job, fabric, checkpoint, reporter, clock, interruption).run()
        status = "success"
        return fitted
    finally:
        for logger in fabric.loggers:
            logger.finalize(status)  # Many write only now.


class _Loop:
    def __init__(
        self,
        job: Job,
        fabric: Fabric,
        checkpoint: Checkpoint,
        reporter: Reporter,
        clock: Clock,
        interruption: Interruption,
    ) -> None:
        self._job, self._fabric, self._checkpoint = job, fabric, checkpoint
        self._reporter, self._clock, self._interruption = reporter, clock, interruption
        self._options = job.options
        self._model = job.model.to(fabric.device)
        self._bare = optimizer = job.optimizer(self._model)
        self._wrapped, self._optimizer = fabric.setup(self._model, optimizer)
        # On one device the wrapper does nothing but convert types, and it is slower at that.
        wrapped = None if fabric.world_size == 1 else self._wrapped
        self._network = Network(self._model, partial(speaking, fabric), wrapped, job.task)
        self._plain = Network(self._model, partial(speaking, fabric), task=job.task)
        self._looks_at_gradients = type(job.method).before_step is not Method.before_step
        self._budget = job.budget
        self._scheduler = job.scheduler(optimizer, self._total_steps()) if job.scheduler else None
        # A checkpoint from before there were curves has none.
        self._state = _State(curve=[*job.earlier[-1].get("curve", ())] if job.earlier else [])
        self._best_weights: dict[str, Tensor] | None = None
        self._best_method: dict[str, Any] = {}
        self._measures: dict[str, float] = {}
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        self._strays = [p for p in self._model.parameters() if p.requires_grad and id(p) not in held]
        self._loss_sum = torch.zeros((), device=fabric.device)
        self._loss_count = 0
        self._replay = job.replay(0)
        self._share = 0.0
        self._passes = Passes()
        self._started = self._looked = self._saved = clock.seconds()

    def run(self) -> Fitted:
        resumed = self._resume()
        self._saved = self._clock.seconds()
        self._started = self._saved - self._state.seconds
        if not self._model.training:  # Else what the user froze with `eval()` stays so.
            self._model.train()
        if not resumed:
            with evaluating(self._model):
                self._job.method.begin(self._job.setting(self._plain))
        self._fabric.call("on_train_start")
        if resumed:
            self._tell()
        if self._finished() and self._loss_count:  # It was interrupted after its last step.
            self._close_epoch()
        while not self._finished():
            self._epoch()
        if self._best_weights is not None:
            self._model.load_state_dict(self._best_weights)
            self._job.method.load_state_dict(self._best_method)
        with evaluating(self._model):
            self._job.method.end(self._job.setting(self._plain))
        self._fabric.call("on_train_end")
        return Fitted(
            self._model,
            self._progress(),
            self._state.losses,
            self._replay.position,
            self._state.stopped or "budget",
            resumed,
            self._state.curve,
        )

    # One epoch, one step

    def _epoch(self) -> None:
        state, size = self._state, self._job.feed.rows
        self._fabric.call("on_train_epoch_start")
        for batch in self._job.feed.epoch(state.epoch, skip=state.batch):
            last = state.batch + 1 == self._job.feed.batches
            stepped = last or (state.batch + 1) % self._options.accumulate == 0
            self._batch(batch, self._group_size(), step=stepped)
            state.batch += 1
            done = size if last else state.batch * self._options.batch_size
            state.samples = state.epoch * size + done
            if stepped:
                self._between_steps()
            if stepped and self._finished():
                break
            if stepped:
                self._measure_if_due()
        self._close_epoch()

    def _group_size(self) -> int:
        """Batches whose gradients make the current step; the last step of an epoch may have fewer."""
        wanted, batch = self._options.accumulate, self._state.batch
        return min(wanted, self._job.feed.batches - batch // wanted * wanted)

    def _batch(self, batch: Mapping[str, Any], group: int, *, step: bool) -> None:
        job = self._job
        drawn: list[Batch] = []
        loss = self._loss(
            Step(
                model=self._network,
                x=batch["x"],
                y=batch["y"],
                criterion=job.criterion,
                memory=Noted(self._replay, drawn),
                n_new=job.n_new,
                n_before=job.n_before,
                done=self._share,
                passes=self._passes,
                task=job.task,
                old=job.old,
                drawn=drawn,
            )
        )
        self._fabric.backward(self._weighted(loss / group if group > 1 else loss))
        rows = len(batch["y"]) if isinstance(batch["y"], Tensor) else 1
        self._loss_sum.add_(loss.detach(), alpha=rows)
        self._loss_count += rows
        if not step:
            return
        if self._looks_at_gradients:
            self._fabric.strategy.precision.unscale_gradients(self._bare)
            job.method.before_step(self._model)
        self._clip()
        self._optimizer.step()
        self._optimizer.zero_grad()
        for parameter in self._strays:  # Whoever looks at gradients, or at their norm, must not see those of long ago.
            parameter.grad = None
        if self._scheduler is not None:
            self._scheduler.step()
        self._state.steps += 1
        job.method.after_step(self._model)
        self._fabric.call("on_train_batch_end", loss=loss, step=self._state.steps)

    def _loss(self, step: Step) -> Tensor:
        loss = self._job.method.loss(step)
        for term in self._job.terms:
            more = term.loss(step)
            loss = loss if more is None else loss + more
        return loss

    def _weighted(self, loss: Tensor) -> Tensor:
        """The loss of this process, so that the mean of all gradients is that of one process with all rows."""
        weight = self._job.feed.weight(self._state.batch)
        return loss if weight == 1 else loss * weight

    def _clip(self) -> None:
        options = self._options
        if options.clip_norm is None and options.clip_value is None:
            return
        if self._looks_at_gradients:  # They are unscaled already, and that must not be done twice.
            parameters = [*self._model.parameters()]
            if options.clip_norm is not None:
                nn.utils.clip_grad_norm_(parameters, options.clip_norm)
            else:
                nn.utils.clip_grad_value_(parameters, options.clip_value or 0.0)
        else:
            self._fabric.clip_gradients(
                self._wrapped, self._optimizer, max_norm=options.clip_norm, clip_val=options.clip_value
            )

    def _close_epoch(self) -> None:
        state = self._state
        mean = self._look()
        if state.batch == self._job.feed.batches:
            state.epoch, state.batch = state.epoch + 1, 0
        state.losses.append(mean)
        self._loss_sum.zero_()
        self._loss_count = 0
        self._fabric.log("train_loss", mean, step=state.steps)
        self._fabric.call("on_train_epoch_end", loss=mean, epoch=state.epoch)
        if self._options.patience is not None:
            self._watch()
        self._measure_if_due()

    def _between_steps(self) -> None:
        """Everything that is not done at every step, because it takes time."""
        now = self._clock.seconds()
        if now - self._looked >= _LOOK_EVERY:
            self._reporter.training(self._progress(), self._share, self._look())
            self._looked = now
        wish = self._wished(now)
        if wish:
            self._save()
            self._saved = now
        if wish == _STOP:
            raise KeyboardInterrupt

    def _look(self) -> float:
        mean = float(self._loss_sum / max(1, self._loss_count))
        if not math.isfinite(mean):
            self._checkpoint.discard()
            raise TrainingError(
                f"The loss became {mean} in epoch {self._state.epoch + 1}, by step {self._state.steps}. Nothing was "
                "stored; the champion is as it was. Lower the learning rate, set `clip_norm`, or look for missing "
                "values in the data."
            )
        return mean

    # Budget and early stopping

    def _progress(self) -> Progress:
        state = self._state
        minutes = (self._clock.seconds() - self._started) / 60
        return Progress(state.epoch, state.steps, state.samples, minutes)

    def _done(self) -> float:
        return self._budget.share_done(self._progress())

    def _wished(self, now: float) -> float:
        """The most that any process wishes for: nothing, a checkpoint because one is due, or one and the end."""
        if self._interruption.asked:
            return self._together(_STOP)
        due = now - self._saved >= 60 * self._options.checkpoint_minutes
        return self._together(_CHECKPOINT if due else 0.0)

    def _together(self, value: float) -> float:
        """The largest value of all processes: they must not disagree on when to stop."""
        if self._fabric.world_size == 1:
            return value
        return float(self._fabric.all_reduce(torch.tensor(value, device=self._fabric.device), reduce_op="max"))

    def _finished(self) -> bool:
        self._share = self._done() if self._budget.unit != "min" else self._together(self._done())
        return bool(self._state.stopped) or self._share >= 1

    def _total_steps(self) -> int | None:
        budget, batches = self._budget, self._job.feed.batches
        per_epoch = -(-batches // self._options.accumulate)
        match budget.unit:
            case "st":
                return int(budget.amount)
            case "ep":
                return int(budget.amount) * per_epoch
            case "sa":
                epochs, rest = divmod(int(budget.amount), self._job.feed.rows)
                batches = min(math.ceil(rest / self._options.batch_size), self._job.feed.batches)
                return epochs * per_epoch + math.ceil(batches / self._options.accumulate)
        return None

    def _watch(self) -> None:
        # The first process measures: layers with running statistics differ from process to process, and all must agree.
        value = self._fabric.broadcast(self._monitored() if self._fabric.global_rank == 0 else math.inf)
        state = self._state
        if value < state.best:
            state.best, state.stale, state.best_measures = value, 0, self._measures
            self._best_weights = {k: v.detach().clone() for k, v in self._model.state_dict().items()}
            # What the method knows then, averages of weights for one, belongs to these weights.
            self._best_method = copy.deepcopy(self._job.method.state_dict())
        else:
            state.stale += 1
            if state.stale >= (self._options.patience or 0):
                state.stopped = "patience"

    def _monitored(self) -> float:
        """The watched number, turned so that lower is better."""
        measured, name = self._measured(), self._options.monitor
        if name not in measured:
            raise ConfigError(f"`monitor` is {name!r}, but the validation measures {', '.join(measured)}.")
        return measured[name] if self._job.lower_is_better(name) else -measured[name]

    def _measured(self) -> dict[str, float]:
        """What is measured of the model as it is."""
        assert self._job.validate is not None
        with evaluating(self._model):
            self._measures = dict(self._job.validate(self._model))
        return self._measures

    # Looks

    def _measure_if_due(self) -> None:
        """Measure the weights that would be taken if training ended here, keep that, and tell."""
        looks, curve = self._job.looks, self._state.curve
        if looks is None or len(curve) >= (due := looks.due(self._done())):
            return
        measured = self._state.best_measures or self._measured()  # The best are there where `patience` watches.
        curve += [measured] * (due - len(curve))
        self._save()
        self._tell()

    def _tell(self) -> None:
        if self._job.looks is not None:
            earlier = sum(60 * facts["minutes"] for facts in self._job.earlier)
            self._job.looks.told(self._state.curve, earlier + self._state.seconds)

    # Checkpoints

    def _save(self) -> None:
        self._state.seconds = self._clock.seconds() - self._started
        random = self._of_all(capture())
        if self._fabric.global_rank == 0:
            self._checkpoint.save(
                {
                    "stage": self._job.stage,
                    "earlier": [dict(facts) for facts in self._job.earlier],
                    "state": copy.deepcopy(vars(self._state)),
                    "loss": [self._loss_sum.cpu(), self._loss_count],
                    "model": self._model.state_dict(),
                    "best": self._best_weights,
                    "best method": self._best_method,
                    "optimizer": self._optimizer.state_dict(),
                    "scheduler": self._scheduler.state_dict() if self._scheduler else None,
                    "precision": self._fabric.strategy.precision.state_dict(),
                    "method": self._job.method.state_dict(),
                    "draws": self._replay.position,
                    "random": random,
                }
            )
        self._reporter.note(f"checkpoint after {self._steps_so_far} steps")

    @property
    def _steps_so_far(self) -> int:
        """Steps of the whole update, those of earlier stages included."""
        return self._state.steps + sum(int(facts["steps"]) for facts in self._job.earlier)

    def _of_all(self, mine: dict[str, Any]) -> list[dict[str, Any]]:
        """The values of all processes, in order."""
        return [self._fabric.broadcast(mine, src=rank) for rank in range(self._fabric.world_size)]

    def _resume(self) -> bool:
        saved = self._checkpoint.load()
        if saved is None or saved["stage"] != self._job.stage:
            return False
        self._state = replace(_State(), **saved["state"])
        self._loss_sum, self._loss_count = saved["loss"][0].to(self._fabric.device), saved["loss"][1]
        self._model.load_state_dict(saved["model"])
        self._best_weights, self._best_method = saved["best"], saved["best method"]
        self._optimizer.load_state_dict(saved["optimizer"])
        if self._scheduler is not None:
            self._scheduler.load_state_dict(saved["scheduler"])
        self._fabric.strategy.precision.load_state_dict(saved["precision"])
        self._job.method.load_state_dict(saved["method"])
        self._replay = self._job.replay(saved["draws"])
        restore(saved["random"][self._fabric.global_rank])
        self._reporter.note(f"goes on after {self._steps_so_far} steps")
        return True
