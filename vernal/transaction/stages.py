"""The trainings that an update consists of: one without steps, and the facts of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vernal.base import Progress, TrainingError
from vernal.methods import Method, Network, Setting
from vernal.training import Fitted, evaluating


def fit_nothing(
    method: Method,
    setting: Callable[[Network], Setting],
    model: Network,
    earlier: Sequence[Mapping[str, Any]],
) -> Fitted:
    """A stage without steps: the method walks through the rows itself, before and after nothing."""
    with evaluating(model.module):
        method.begin(setting(model))
        method.end(setting(model))
    return Fitted(model.module, Progress(), [], 0, curve=earlier[-1]["curve"] if earlier else [])


def facts_of(fitted: Fitted) -> dict[str, Any]:
    """How a training went, as plain values."""
    return {
        "epochs": fitted.progress.epochs,
        "steps": fitted.progress.steps,
        "samples": fitted.progress.samples,
        "minutes": fitted.progress.minutes,
        "replayed": fitted.replayed,
        "losses": fitted.losses,
        "stopped": fitted.stopped,
        "resumed": fitted.resumed,
        "curve": fitted.curve,
    }


def together(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How an update went: what its stages did together, and how the last one ended."""
    return {
        **{name: sum(part[name] for part in facts) for name in ("epochs", "steps", "samples", "minutes", "replayed")},
        "losses": [loss for part in facts for loss in part["losses"]],
        "stopped": facts[-1]["stopped"],
        "resumed": any(part["resumed"] for part in facts),
        "curve": facts[-1]["curve"],
    }


def check_weights(model: nn.Module) -> None:
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
