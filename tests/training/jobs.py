"""Small trainings without an update around them: a linear model on numbers."""

from dataclasses import replace

import torch
from torch import nn

from vernal.base import Duration, SystemClock
from vernal.data import Chunk
from vernal.memory import Memory
from vernal.methods import FineTune, Setting
from vernal.tasks import task_class
from vernal.training import (
    Checkpoint,
    EpochFeed,
    Feed,
    Job,
    MemoryReplay,
    Silent,
    Training,
    Transforms,
    fit,
    make_fabric,
    mean_loss,
    row_losses,
)

CPU = torch.device("cpu")


class HeldClock(SystemClock):
    """A clock that goes on by a fixed number of seconds whenever somebody looks."""

    def __init__(self, step=0.0):
        self._seconds, self._step = 0.0, step

    def seconds(self):
        self._seconds += self._step
        return self._seconds


class Told(Silent):
    """A reporter that remembers."""

    def __init__(self):
        self.heard, self.notes = [], []

    def training(self, progress, done, loss):
        self.heard.append((progress, done, loss))

    def note(self, text):
        self.notes.append(text)


def chunk(rows=40, seed=0, task="regression"):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 3, generator=generator)
    y = x @ torch.tensor([1.0, -2.0, 0.5])
    return Chunk.from_arrays(x, (y > 0).long() if task == "classification" else y)


def linear(outputs=1):
    model = nn.Linear(3, outputs)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.linspace(-0.5, 0.5, parameter.numel()).view_as(parameter))
    return model


def job(data=None, model=None, *, task="regression", method=None, lr=0.1, transforms=None, training=None, **changes):
    data = chunk(task=task) if data is None else data
    training = training or Training(budget="2ep", batch_size=8, accelerator="cpu")
    feed = Feed(data.rows, transforms or Transforms(), CPU, seed=7)
    criterion = mean_loss(row_losses(task_class(task)(), None))
    made = Job(
        model=model or linear(1 if task == "regression" else 2),
        method=method or FineTune(),
        feed=EpochFeed(feed, training.batch_size, seed=7, workers=training.workers),
        replay=lambda position: MemoryReplay(Memory(None, 0), Transforms(), CPU, 0, position),
        setting=lambda model: Setting(model, criterion, lambda: ((b["x"], b["y"]) for b in feed.in_order(8))),
        criterion=criterion,
        task=task_class(task)(),
        budget=training.duration,
        optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=lr),
        scheduler=None,
        options=training,
        n_new=len(data),
        n_before=0,
    )
    return replace(made, **changes)


def train(what, folder, *, reporter=None, clock=None):
    return fit(
        what, make_fabric(what.options), Checkpoint(folder / "checkpoint"), reporter or Silent(), clock or HeldClock()
    )


def options(budget="2ep", **others):
    return Training(budget=Duration.parse(budget), accelerator="cpu", **{"batch_size": 8, **others})


def weights(fitted_or_model):
    model = getattr(fitted_or_model, "model", fitted_or_model)
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
