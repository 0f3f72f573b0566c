"""An update without training: data, model, loss, metrics and transforms are tried on one batch; nothing is stored."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

import torch

from vernal.config import Plan, resolve
from vernal.data import Picked, Schema
from vernal.memory import Memory
from vernal.methods import Network
from vernal.store import Store
from vernal.transaction.evaluation import Judge
from vernal.transaction.fitting import check_fit
from vernal.transaction.new_data import read_data
from vernal.transaction.situation import Situation


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found.

    Args:
        rows: how many rows each part of the data has, by name.
        schema: what a row looks like.
        task: the name of the task.
        parameters: numbers in the model that are trained.
        metrics: what will be measured.
    """

    rows: dict[str, int]
    schema: Schema
    task: str
    parameters: int
    metrics: tuple[str, ...]


def rehearse(plan: Plan) -> Rehearsal:
    """Do everything that a first update does before it trains.

    Raises:
        ConfigError: something is wrong with the plan or the config file; everything at once.
        DataError: the data cannot be used as it is.
        TrainingError: model and data do not fit.
    """
    resolved = resolve(plan)
    data = read_data(resolved, lambda prepare: prepare())
    with tempfile.TemporaryDirectory() as folder:
        situation = Situation(resolved, Store(folder, ledger="files"), None, data)
        model, cpu, nothing = situation.model(), torch.device("cpu"), Memory(situation.store.blobs, 0)
        check_fit(situation, situation.method(), Network(model, task=situation.task), nothing, cpu)
        judged = data.validation or data.train
        batch = Picked(judged.rows, torch.arange(min(len(judged), plan.training.evaluation_batch)))
        measured = Judge(situation, nothing, cpu, lambda model: model).measure(model, batch)
        parts = {"train": data.train, "validation": data.validation, "test": data.test}
        trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        rows = {name: len(part) for name, part in parts.items() if part is not None}
        return Rehearsal(rows, situation.schema, situation.task.name, trained, tuple(measured))
