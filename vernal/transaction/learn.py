"""The part of an update that computes: training, evaluation, and writing what comes into memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from vernal.base import Clock, derive_seed
from vernal.data import Rows
from vernal.memory import Memory
from vernal.methods import Method, Network, Setting, Stage
from vernal.training import (
    Checkpoint,
    EpochFeed,
    Fabric,
    Feed,
    Fitted,
    Job,
    Looks,
    MemoryReplay,
    Reporter,
    fit,
    isolated,
    mean_loss,
    speaking,
)
from vernal.transaction.embedding import Embedding
from vernal.transaction.evaluation import Judge
from vernal.transaction.fitting import check_champion, check_fit, check_monitor
from vernal.transaction.optimisers import has_scheduler, make_optimizer, make_scheduler
from vernal.transaction.remembering import Remembering, as_today
from vernal.transaction.selection import Selector
from vernal.transaction.situation import Situation, scratch_files
from vernal.transaction.stages import check_weights, facts_of, fit_nothing, together


@dataclass(frozen=True)
class Watch:
    """How a search follows a training.

    Args:
        levels: how often it is measured, in equal shares of its budget.
        told: is told all that was measured so far, and the seconds trained; may raise an error to end it there.
        compares: whether the champion is measured first, so that ``forgetting`` is known.
        more: what else is measured of a model, by name.
        known: is told the names of all that is measured, before the first step; None if nobody asks.
    """

    levels: int
    told: Callable[[Sequence[Mapping[str, float]], float], None]
    compares: bool
    more: Callable[[nn.Module], Mapping[str, float]]
    known: Callable[[Collection[str]], None] | None = None


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


def try_out(
    fabric: Fabric, situation: Situation, folder: Path, reporter: Reporter, clock: Clock, watch: Watch
) -> tuple[dict[str, float], float]:
    """Train as `learn` does, and only measure what comes of it; `learn` in the same folder then need not train again.

    Args:
        fabric: the devices.
        situation: what the update finds, with the values to be tried.
        folder: of its own, for the checkpoint and unfinished files.
        reporter: who is told how far it is.
        clock: measures how long things take.
        watch: how it is followed.

    Returns:
        What was measured, and the seconds trained.
    """
    with isolated(derive_seed(situation.seed, "training", fabric.global_rank)):
        return _Learning(fabric, situation, folder, reporter, clock, watch).try_out(watch)


@dataclass(frozen=True)
class _Start:
    """What a training begins with.

    Args:
        method: the method, with its state.
        beginning: the model that training begins with.
        silent: the champion, silent about classes that it never knew; a first update has none, and begins with this.
        memory: the rehearsal memory, as the method sees it.
        selector: which rows come into it.
        remembering: what is kept with rows.
        judge: measures models.
    """

    method: Method
    beginning: nn.Module
    silent: nn.Module
    memory: Memory
    selector: Selector
    remembering: Remembering
    judge: Judge


class _Learning:
    def __init__(
        self,
        fabric: Fabric,
        situation: Situation,
        folder: Path,
        reporter: Reporter,
        clock: Clock,
        watch: Watch | None = None,
    ) -> None:
        self._watch = watch
        self._fabric, self._situation = fabric, situation
        self._reporter, self._clock = reporter, clock
        file, self._parts = scratch_files(folder)
        # Another vernal may compute, or save, something else.
        basis = f"vernal {version('vernal')}, {situation.parent.basis if situation.parent else 'nothing'}"
        self._checkpoint = Checkpoint(file, basis, reporter)
        self._speak = partial(speaking, fabric)
        self._options = situation.resolved.plan.training
        self._chunk = situation.data.train
        self._criterion = mean_loss(situation.losses)
        self._seconds: dict[str, float] = {}

    def run(self) -> Learned | None:
        situation = self._situation
        start = self._prepare()
        self._phase("evaluate before")
        start.judge.before(situation.former_method().predictor(start.silent), self._ready(situation.model()))
        if self._options.patience is not None:
            check_monitor(self._options.monitor, start.judge.measures)
        self._phase("train")
        model, facts = self._train(start)
        if self._fabric.global_rank > 0:
            return None
        return self._conclude(start, model, facts)

    def try_out(self, watch: Watch) -> tuple[dict[str, float], float]:
        start = self._prepare()
        judge = start.judge
        if watch.compares or self._options.patience is not None:
            judge.before(self._situation.former_method().predictor(start.silent))
        if watch.known is not None:
            watch.known([*judge.look(start.silent), *watch.more(start.silent)])
        if self._options.patience is not None:
            check_monitor(self._options.monitor, judge.measures)
        model, facts = self._train(start)
        check_weights(model)
        predictor = start.method.predictor(model)
        return judge.look(predictor) | dict(watch.more(predictor)), 60 * facts["minutes"]

    def _prepare(self) -> _Start:
        """All that comes before training, and a look at whether everything fits."""
        situation, fabric = self._situation, self._fabric
        method, champion = situation.method(), self._ready(situation.champion())
        for line in situation.options_changed():
            self._reporter.note(line)
        parts = self._parts / f"as today {fabric.global_rank}"
        memory, validation = (
            as_today(situation, remembered, parts) for remembered in (situation.memory(), situation.validation_memory())
        )
        judge = Judge(situation, validation, fabric.device, self._speak)
        beginning = self._ready(situation.beginning()) if situation.architecture_changed else champion
        check_fit(situation, method, self._network(beginning), memory, fabric.device)
        if situation.architecture_changed:
            check_champion(situation, self._network(champion), fabric.device)
        # As it was: what it says of classes that it never knew would be noise.
        silent = self._ready(situation.teacher()) if situation.parent else champion
        remembering = Remembering(situation, method, fabric.device)
        if remembering.keeps:
            memory = remembering.prepared(memory, self._network(silent), parts, self._reporter)
        embedding = Embedding(situation, [memory, self._chunk.rows], fabric.device, self._network)
        selector = Selector(method, memory, self._chunk, situation.number, embedding)
        return _Start(method, beginning, silent, memory, selector, remembering, judge)

    def _conclude(self, start: _Start, model: nn.Module, facts: dict[str, Any]) -> Learned:
        """All that comes after training."""
        situation, method, judge = self._situation, start.method, start.judge
        check_weights(model)
        self._phase("evaluate")
        if facts["resumed"]:
            self._seconds["train"] = 60 * facts["minutes"]  # With those before the interruption.
        predictor = method.predictor(model)
        metrics = judge.after(predictor)
        if situation.data.test is not None:
            metrics["test"] = judge.measure(predictor, situation.data.test.rows)
        self._phase("write memory")
        next_memory = self._admit(start, model)
        next_validation = judge.admit(self._parts / "validation")
        self._phase("")
        return Learned(
            model={name: value.detach().cpu() if isinstance(value, Tensor) else value
                   for name, value in model.state_dict().items()},
            method=method.state_dict(),
            memory=next_memory.to_tree() if next_memory else None,
            validation=next_validation.to_tree() if next_validation else None,
            metrics=metrics,
            training={name: value for name, value in facts.items() if name not in ("minutes", "curve")},
            seconds=self._seconds,
        )  # fmt: skip

    # Training

    def _train(self, start: _Start) -> tuple[nn.Module, dict[str, Any]]:
        """All stages of the method; those that ended before an interruption are not done again."""
        checkpoint, method = self._checkpoint, start.method
        saved = checkpoint.load() or {"stage": 0, "earlier": []}
        facts: list[Mapping[str, Any]] = [*saved["earlier"]]
        model = start.beginning
        stages = method.stages(self._situation.parent is None)
        for number, stage in enumerate(stages):
            if number < saved["stage"]:
                continue
            method.enter(stage)
            # The champion that a stage is given may be changed by it.
            old = start.beginning if number == 0 else self._ready(self._situation.beginning())
            model = method.start(old, partial(self._fresh, number))
            fitted = self._fit(start, stages, number, model, facts)
            model = fitted.model
            facts.append(facts_of(fitted))
        return model, together(facts)

    def _fit(
        self,
        start: _Start,
        stages: Sequence[Stage],
        number: int,
        model: nn.Module,
        earlier: Sequence[Mapping[str, Any]],
    ) -> Fitted:
        situation, fabric = self._situation, self._fabric
        method, stage, memory, selector = start.method, stages[number], start.memory, start.selector
        rows = method.rows(selector.pool())
        seed = derive_seed(situation.seed, *(["feed"] if number == 0 else ["feed", number]))
        batches = Feed(rows, situation.transforms("train"), fabric.device, seed)
        setting = partial(self._setting, rows, selector)
        ranks = {"rank": fabric.global_rank, "ranks": fabric.world_size}
        if stage.share == 0:
            return fit_nothing(method, setting, self._network(model), earlier)
        job = Job(
            model=model,
            method=method,
            feed=EpochFeed(batches, self._options.batch_size, seed, workers=self._options.workers, **ranks),
            replay=lambda position: MemoryReplay(
                memory, situation.transforms("buffer"), fabric.device, derive_seed(seed, "replay"), position, **ranks
            ),
            setting=setting,
            criterion=self._criterion,
            task=situation.task,
            budget=self._options.duration.part(stage.share),
            optimizer=partial(make_optimizer, situation),
            scheduler=partial(make_scheduler, situation) if has_scheduler(situation) else None,
            options=self._options,
            n_new=len(self._chunk),
            n_before=situation.rows_before,
            validate=partial(self._validated, start) if start.judge.rows else None,
            lower_is_better=start.judge.lower_is_better,
            old=self._old,
            # What comes out of an earlier stage is not what users will see.
            terms=situation.resolved.terms if number == len(stages) - 1 else (),
            stage=number,
            earlier=tuple(earlier),
            looks=self._looks(stages, number),
        )
        return fit(job, fabric, self._checkpoint, self._reporter, self._clock)

    def _validated(self, start: _Start, model: nn.Module) -> dict[str, float]:
        """What early stopping or a search looks at."""
        predictor = start.method.predictor(model)
        if self._watch is None:
            return start.judge.overall(predictor)
        return start.judge.look(predictor) | dict(self._watch.more(predictor))

    def _looks(self, stages: Sequence[Stage], number: int) -> Looks | None:
        if self._watch is None:
            return None
        before = sum(stage.share for stage in stages[:number])
        return Looks(self._watch.levels, before, stages[number].share, self._watch.told)

    def _setting(self, rows: Rows, selector: Selector, model: Network) -> Setting:
        """What the method sees before the first step of a stage and after the last."""

        def memory() -> Iterator[tuple[Any, Any]]:
            following = selector.rows(model)
            return iter(()) if following is None else self._walk(following)

        return Setting(model, self._criterion, partial(self._walk, rows), memory, self._situation.task, self._old)

    def _walk(self, rows: Rows) -> Iterator[tuple[Any, Any]]:
        feed = Feed(
            rows, self._situation.transforms("test"), self._fabric.device, derive_seed(self._situation.seed, "feed")
        )
        for batch in feed.in_order(self._options.evaluation_batch):
            yield batch["x"], batch["y"]

    @cached_property
    def _old(self) -> Callable[[], Network] | None:
        """Gives the model as it was before this update, frozen; None for a first update."""
        return None if self._situation.parent is None else lambda: self._teacher

    @cached_property
    def _teacher(self) -> Network:
        teacher = self._ready(self._situation.teacher()).eval().requires_grad_(False)
        return self._network(teacher)

    def _fresh(self, stage: int) -> nn.Module:
        later = (stage,) if stage else ()
        return self._ready(self._situation.model("fresh", self._situation.number, *later))

    # After training

    def _admit(self, start: _Start, model: nn.Module) -> Memory | None:
        network, memory, remembering = self._network(model), start.memory, start.remembering
        selection = start.selector.after(network)
        if selection is None:
            return memory if memory.structure is not None else None  # As it was: another method may want it again.
        annotate = remembering.annotate(network, self._chunk.rows) if remembering.keeps else None
        return memory.admit(selection, self._chunk, self._situation.number, self._parts / "memory", annotate)

    # Small things

    def _ready(self, model: nn.Module) -> nn.Module:
        """The model on the device, with weights in the precision in which it computes."""
        converted: nn.Module = self._fabric.strategy.precision.convert_module(model.to(self._fabric.device))
        return converted

    def _network(self, module: nn.Module) -> Network:
        """A module that computes in the precision of the training."""
        return Network(module, self._speak, task=self._situation.task)

    def _phase(self, name: str) -> None:
        now = self._clock.seconds()
        if self._seconds:
            last = next(reversed(self._seconds))
            self._seconds[last] = now - self._seconds[last]
        if name:
            self._seconds[name] = now
            self._reporter.phase(name)
