"""The door that every continual-learning method has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from vernal.data import Rows
from vernal.memory import Policy
from vernal.methods.card import Card
from vernal.methods.step import Network, Pool, Setting, Stage, Step
from vernal.space import Range


class Method:
    """How a model learns from a new chunk without forgetting the earlier ones.

    A method is a dataclass: its fields are its hyperparameters. It answers questions; who asks them is the engine::

        for stage in method.stages(first):               # the trainings of an update; most methods have one
            method.enter(stage)
            model = method.start(champion, fresh)        # which weights to begin with
            rows = method.rows(pool)                     # what one epoch walks through
            method.begin(setting)
            for batch in epochs(rows):
                loss = method.loss(step)
                ...                                      # backward
                method.before_step(model)                # gradients may be looked at, and changed
                ...                                      # optimiser, schedule
                method.after_step(model)
            method.end(setting)
        next_memory = policy + method.keep(model, x)     # which rows stay, and what is kept with them
        method.predictor(model)                          # what makes predictions

    A question that a method does not answer has a plain answer: a method that answers none is fine-tuning.

    What a method carries from one update to the next, beside its hyperparameters, goes through `state_dict` and
    `load_state_dict`: tensors, which lie on the CPU when they are loaded, and plain values. Methods do not inherit from
    each other. They never see the optimiser, files, or how many updates will come.

    Attributes:
        card: facts for whoever chooses; which tasks it serves.
        space: ranges of the options that are worth tuning at every update, by name; what tuning chooses from if nobody
            says otherwise. Only of options that change this update, not just the next one; not of what the user pays
            for, such as rows kept. Defaults lie inside.
    """

    card: ClassVar[Card] = Card()
    space: ClassVar[Mapping[str, Range]] = {}

    def policy(self) -> Policy | None:
        """Which rows the memory keeps; None for a method without memory."""
        return None

    def stages(self, first: bool) -> tuple[Stage, ...]:  # noqa: ARG002
        """The trainings that an update consists of, the first one of a lineage or a later one."""
        return (Stage(),)

    def enter(self, stage: Stage) -> None:
        """A stage begins, or goes on after an interruption: what is asked from here on is about it."""

    def start(self, champion: nn.Module, fresh: Callable[[], nn.Module]) -> nn.Module:  # noqa: ARG002
        """The model to train: the champion, or a fresh one of the same architecture.

        Asked in every stage, and again when an interrupted update goes on; the champion is the model as it was before
        this update, in a copy that may be changed.
        """
        return champion

    def rows(self, pool: Pool) -> Rows:
        """The rows that one epoch walks through."""
        return pool.chunk

    def begin(self, setting: Setting) -> None:
        """Before the first step of a stage.

        Not called again when an interrupted update goes on: what it sets must be in `state_dict`.
        """

    def loss(self, step: Step) -> Tensor:
        """The loss of one step, a scalar; that on the new batch, unless a method knows better."""
        return step.criterion(step.logits, step.y)

    def before_step(self, model: nn.Module) -> None:
        """Between the gradients and the step of the optimiser."""

    def after_step(self, model: nn.Module) -> None:
        """After each step of the optimiser."""

    def end(self, setting: Setting) -> None:
        """After the last step of a stage."""

    def keep(self, model: Network, x: Any) -> dict[str, Tensor]:  # noqa: ARG002
        """What is kept with rows that come into memory, ``(B, ...)`` each; the model is in evaluation mode."""
        return {}

    def predictor(self, model: nn.Module) -> nn.Module:
        """What makes predictions: the model, or something on top of it."""
        return model

    def state_dict(self) -> dict[str, Any]:
        """What goes from one update to the next, beside the hyperparameters."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        assert not state, f"{type(self).__name__} keeps no state, but was given {[*state]}"
