"""Several devices learn what one learns: here two processes on the CPU, started by the library itself."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load

from vernal.base import TrainingError
from vernal.methods import ER
from vernal.store import Store
from vernal.testing.toys import toy_plan
from vernal.transaction import update


def weights(store, record):
    return load(store.blobs.get(record["artefacts"]["model"]["blob"]))


def on_devices(plan, devices):
    return replace(plan, training=replace(plan.training, devices=devices))


@pytest.mark.journey
def test_two_processes_learn_what_one_learns(tmp_path):
    # 48 rows in batches of 16, 8 replayed ones: every share is the same size, so the mean of means is the mean.
    method = ER(memory_size=16, memory_batch=8)
    store = Store(tmp_path / "store")
    first = update(toy_plan(method, 1, rows=48), store)
    alone = update(toy_plan(method, 2, rows=48), store, promote=False)
    together = update(on_devices(toy_plan(method, 2, rows=48), 2), store, promote=False)
    assert alone.id != together.id
    assert together.record["parent"] == first.id
    for name, value in weights(store, alone.record).items():
        assert torch.allclose(value, weights(store, together.record)[name], atol=1e-4), name
    assert together.record["memory"] == alone.record["memory"]
    assert together.record["training"]["steps"] == alone.record["training"]["steps"]
    assert together.metrics["accuracy"] == pytest.approx(alone.metrics["accuracy"], abs=0.05)
    assert store.verify() == []


@pytest.mark.journey
@pytest.mark.slow
def test_a_process_that_fails_is_told_of_and_the_champion_stays(tmp_path):
    store = Store(tmp_path / "store")
    first = update(toy_plan(ER(), 1), store)
    plan = on_devices(toy_plan(ER(), 2), 2)
    plan = replace(plan, arguments={**plan.arguments, "lr": 1e30})
    with pytest.raises(TrainingError, match="One of 2 processes failed; the champion is as it was"):
        update(plan, store)
    assert store.champion == first.id
