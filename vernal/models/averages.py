"""Averages of a model's weights.

An average is a state dict. Numbers with a fraction are averaged, in at least 32 bits: with fewer, small steps
would be rounded away. Whole numbers, such as a count of batches, are those of the newest state. Where a model has
grown, its new rows and parameters are averaged over the states that have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from vernal.base import ConfigError, SchemaMismatch, check_range
from vernal.models.grown import corner_of, grown_like

State = Mapping[str, Tensor]


def moving_average_(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    r"""Move an average towards a model, in place: :math:`\bar\theta \leftarrow d \bar\theta + (1 - d) \theta`.

    Args:
        average: the average so far; an empty one becomes a copy of the model's state. Load it with
            ``model.load_state_dict(average)``.
        model: the model; its floating buffers are averaged as its parameters are.
        decay: how much of the average stays, :math:`d`, from 0 to 1.

    Raises:
        ConfigError: `decay` is out of range.
        SchemaMismatch: the model has lost or shrunk something that the average holds.

    Examples:
        >>> model, average = nn.Linear(1, 1, bias=False), {"weight": torch.tensor([[1.0]])}
        >>> model.weight.data.fill_(3.0)
        tensor([[3.]])
        >>> moving_average_(average, model, decay=0.75)
        >>> average["weight"]
        tensor([[1.5000]])
    """
    check_range("decay", decay, 0, 1)
    _move(average, model.state_dict(), 1 - decay)


def warmed_up(decay: float, steps: int) -> float:
    """The decay to use after `steps` steps: as for a plain mean at first, up to `decay`.

    So that an average is not long what the model was in the beginning.

    Examples:
        >>> warmed_up(0.999, 0), warmed_up(0.999, 1), warmed_up(0.999, 9), warmed_up(0.999, 9999)
        (0.0, 0.5, 0.9, 0.999)
    """
    return min(1 - 1 / (steps + 1), decay)


def interpolate(start: State, end: State, weight: float) -> dict[str, Tensor]:
    r"""The state on the way from one to another: :math:`(1 - w)\, \theta_0 + w\, \theta_1`.

    Args:
        start: one state, :math:`\theta_0`.
        end: a later one, :math:`\theta_1`; what only it has is taken as it is.
        weight: how far to go, :math:`w`, from 0 to 1.

    Raises:
        ConfigError: `weight` is out of range.
        SchemaMismatch: `end` lacks something that `start` holds.

    Examples:
        >>> interpolate({"w": torch.tensor([0.0])}, {"w": torch.tensor([4.0, 7.0])}, 0.25)
        {'w': tensor([1., 7.])}
    """
    check_range("weight", weight, 0, 1)
    average = {name: _wide(value) for name, value in start.items()}
    _move(average, end, weight)
    return {name: average[name].to(value.dtype) for name, value in end.items()}


def uniform_average(states: Sequence[State]) -> dict[str, Tensor]:
    """The mean of several states of one model: a model soup [1]_, or a stochastic weight average [2]_.

    Args:
        states: at least one, oldest first; each number is averaged over the states that have it.

    Raises:
        ConfigError: no state.
        SchemaMismatch: the newest state lacks something that another holds.

    Examples:
        >>> uniform_average([{"w": torch.tensor([1.0])}, {"w": torch.tensor([3.0, 5.0])}])
        {'w': tensor([2., 5.])}

    References:
        .. [1] M. Wortsman et al. Model soups: averaging weights of multiple fine-tuned models improves accuracy
           without increasing inference time. ICML 2022. https://arxiv.org/abs/2203.05482
        .. [2] P. Izmailov et al. Averaging weights leads to wider optima and better generalization. UAI 2018.
           https://arxiv.org/abs/1803.05407
    """
    if not states:
        raise ConfigError("There is no state to average. Give at least one.")
    for state in states:
        _check_names(state, states[-1])
    return {name: _mean([state[name] for state in states if name in state]) for name in states[-1]}


@torch.no_grad()
def _move(average: dict[str, Tensor], state: State, weight: float) -> None:
    _check_names(average, state)
    fractions = [name for name, value in state.items() if _is_fraction(value)]
    for name, value in state.items():
        if name not in average or name not in fractions:
            average[name] = _wide(value)
        elif average[name].shape != value.shape:
            average[name] = _with_new_rows(average[name], value)
    if fractions:
        olds = [average[name] for name in fractions]
        news = [state[name].to(old) for name, old in zip(fractions, olds, strict=True)]
        get_ema_multi_avg_fn(1 - weight)(olds, news, None)  # type: ignore[no-untyped-call]


def _with_new_rows(old: Tensor, value: Tensor) -> Tensor:
    grown = _wide(value).to(old.dtype)
    grown[corner_of(old, value)] = old
    return grown


def _mean(values: Sequence[Tensor]) -> Tensor:
    newest = values[-1]
    if not _is_fraction(newest):
        return newest.clone()
    wide = [_wide(value) for value in values]
    total = torch.stack([grown_like(value, newest) for value in wide]).sum(0)
    count = torch.stack([grown_like(torch.ones_like(value), newest) for value in wide]).sum(0)
    return (total / count).to(newest.dtype)


def _wide(value: Tensor) -> Tensor:
    """A copy, of at least 32 bits where it has a fraction."""
    dtype = torch.promote_types(value.dtype, torch.float32) if _is_fraction(value) else value.dtype
    return value.detach().to(dtype, copy=True)


def _is_fraction(value: Tensor) -> bool:
    return value.is_floating_point() or value.is_complex()


def _check_names(older: State, newer: State) -> None:
    lost = sorted(older.keys() - newer.keys())
    if lost:
        raise SchemaMismatch(
            f"The newer state has no {', '.join(map(repr, lost))}, which the older one has. Average "
            "states of one model, which may grow, but loses nothing."
        )
