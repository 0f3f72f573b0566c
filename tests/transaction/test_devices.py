"""Several devices learn what one learns: here two processes on the CPU, started by the library itself."""

import logging
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load

from tests.transaction.architectures import FIRST, ONE_MORE
from tests.transaction.stream import outcome, plan, write_config
from vernal.base import DataError, TrainingError
from vernal.config import load_config
from vernal.methods import AGEM, ER, EWC, RD, SI, Compatible, DERpp, ICaRL
from vernal.store import Store
from vernal.testing.toys import toy_plan
from vernal.transaction import update
from vernal.transaction.work import check_same


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
def test_terms_go_to_all_processes(tmp_path):
    method, terms = ER(memory_size=16, memory_batch=8), [Compatible(weight=2.0), "distil"]
    store = Store(tmp_path / "store")
    update(toy_plan(method, 1, rows=48), store)
    plan = replace(toy_plan(method, 2, rows=48), terms=terms)
    alone, together, without = (
        weights(store, update(made, store, promote=False).record)
        for made in (plan, on_devices(plan, 2), toy_plan(method, 2, rows=48))
    )
    for name, value in alone.items():
        assert torch.allclose(value, together[name], atol=1e-4), name
    assert not torch.allclose(alone["0.weight"], without["0.weight"], atol=1e-4)


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


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.parametrize(
    "method",
    [
        DERpp(memory_size=16, memory_batch=8),
        AGEM(memory_size=16, memory_batch=8),
        SI(),
        EWC(),
        ICaRL(memory_size=16, memory_batch=8),
        RD(memory_size=16, memory_batch=8),
    ],
    ids=lambda method: type(method).__name__,
)
def test_heads_grow_and_gradients_are_looked_at_in_all_processes_alike(method, tmp_path):
    store = Store(tmp_path / "store")
    update(toy_plan(method, 1, rows=48, growing=True), store)
    second = toy_plan(method, 2, rows=48, growing=True)
    alone, together = (weights(store, update(on_devices(second, n), store, promote=False).record) for n in (1, 2))
    assert together["2.weight"].shape == (4, 8)
    for name, value in alone.items():
        assert torch.allclose(value, together[name], atol=1e-5), name


@pytest.mark.journey
@pytest.mark.slow
def test_another_method_and_another_architecture_come_to_all_processes(tmp_path):
    first, changed = (write_config(tmp_path / name, text) for name, text in (("first", FIRST), ("changed", ONE_MORE)))
    store = Store(tmp_path / "store")
    update(plan(first, 1), store)
    second = replace(plan(changed, 2, "derpp"), change_method=True, terms=["distil"])
    alone, together = (update(on_devices(second, n), store, promote=False).record for n in (1, 2))
    for name, value in weights(store, alone).items():
        assert torch.allclose(value, weights(store, together)[name], atol=1e-5), name
    assert together["architecture_changed"]
    for before, after in zip(alone["metrics"]["validation"], together["metrics"]["validation"], strict=True):
        assert after["before"] == pytest.approx(before["before"], rel=1e-5)


OWN = """
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric.loggers import CSVLogger
from torch import nn

from vernal import Chunk, DataModule
from vernal.methods import ER

HERE = Path(__file__).parent


@dataclass
class Own(ER):
    strength: float = 1.0


class Watching:
    def on_train_batch_end(self, step):
        if step == 4 and (HERE / "fail").exists():
            raise LookupError("as it was told")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        norm = nn.BatchNorm1d(8, momentum=1.0)  # It differs from process to process.
        self.used = nn.Sequential(nn.Linear(4, 8), norm, nn.ReLU(), nn.Dropout(), nn.Linear(8, 3))
        self.unused = nn.Linear(2, 2)

    def forward(self, x):
        return self.used(x)


def model_fn() -> nn.Module:
    return Net()


def data_module_fn(number: int, rows: int = 37) -> DataModule:
    generator = torch.Generator().manual_seed(number)
    x, y = torch.randn(rows, 4, generator=generator), torch.randint(3, (rows,), generator=generator)
    return DataModule(train=Chunk.from_arrays(x, y), validation=Chunk.from_arrays(x[:10], y[:10]))


def metrics_fn():
    from torchmetrics import Accuracy

    return {"own": Accuracy("multiclass", num_classes=3)}


def method_fn():
    return Own(memory_size=10, memory_batch=4, strength=0.5)


def callbacks_fn():
    return [Watching()]


def loggers_fn():
    return CSVLogger(HERE / "logged", flush_logs_every_n_steps=1)
"""


@pytest.mark.journey
def test_nothing_that_the_config_defines_has_to_travel_and_all_processes_agree_when_to_stop(tmp_path):
    config = load_config(write_config(tmp_path, OWN))
    method = config.call("method_fn", {})
    store = Store(tmp_path / "store", ledger=f"sqlite:///{tmp_path}/elsewhere.db")
    result = update(plan(config, 1, method, devices=2, patience=1, budget="20ep"), store)
    assert result.record["plan"]["method"]["options"]["strength"] == 0.5
    assert result.record["training"]["stopped"] == "patience"
    assert result.metrics["own"] == pytest.approx(result.metrics["accuracy"])
    assert len([*(tmp_path / "logged").rglob("metrics.csv")]) == 1


@pytest.mark.journey
@pytest.mark.slow
def test_an_interrupted_training_on_several_devices_goes_on_bit_for_bit(tmp_path):
    config = write_config(tmp_path, OWN)
    what = plan(config, 1, None, devices=2)
    whole, broken = Store(tmp_path / "whole"), Store(tmp_path / "broken")
    update(what, whole)
    (tmp_path / "fail").touch()
    with pytest.raises(
        TrainingError, match="One of 2 processes failed; the champion is as it was. LookupError: as it was told"
    ):
        update(what, broken)
    (tmp_path / "fail").unlink()
    assert update(what, broken).record["training"]["resumed"]
    assert outcome(broken) == outcome(whole)


@pytest.mark.journey
@pytest.mark.slow
def test_a_process_that_dies_without_a_word_is_told_of(tmp_path):
    config = write_config(tmp_path, OWN.replace('raise LookupError("as it was told")', "__import__('os').abort()"))
    (tmp_path / "fail").touch()
    with pytest.raises(TrainingError, match="One of 2 processes failed; the champion is as it was. .*SIGABRT"):
        update(plan(config, 1, None, devices=2), tmp_path / "store")


def test_data_that_differs_between_processes_is_refused():
    check_same({"train": "a", "test": None}, {"train": "a", "test": None})
    with pytest.raises(DataError, match=r"other data in every process \(validation\).*splits at random"):
        check_same({"train": "a", "validation": "b"}, {"train": "a", "validation": "c"})


def test_fabric_announces_nothing():
    assert not logging.getLogger("lightning_fabric.utilities.distributed").isEnabledFor(logging.INFO)
