"""Heads that grow when new labels turn up, over whole lineages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.transaction import growing
from tests.transaction.stream import bytes_of, copy_of, outcome
from vernal.base import TrainingError
from vernal.config import Plan
from vernal.memory import Memory
from vernal.methods import DERpp, Method, RanPAC, Step
from vernal.state import unpack
from vernal.store import Store
from vernal.testing.toys import InterruptAfter
from vernal.training import Training
from vernal.transaction import Result, erase, holds, load_model, update

CONFIG = growing.__file__


def plan(classes: list[int], method: Method | str = "er", /, *, training: Any = None, **arguments: Any) -> Plan:
    options = {"budget": "3ep", "batch_size": 8, "accelerator": "cpu"} | (training or {})
    arguments = {"classes": classes, "lr": 0.02} | arguments
    return Plan(CONFIG, method=method, arguments=arguments, training=Training(**options))


def state_of(store: Store, result: Result, name: str = "model") -> Any:
    return unpack(store.blobs.get(store.resolve(result.record["artefacts"][name]["blob"])))


def kept(store: Store, result: Result) -> Tensor:
    memory = Memory.from_tree(state_of(store, result, "memory"), store.blobs)
    return memory.extras(torch.arange(len(memory)))["z"]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_what_the_champion_said_of_old_classes_is_kept_exactly(store: Store) -> None:
    old = state_of(store, update(plan([0, 1]), store))
    new = state_of(store, update(plan([0, 1, 2, 3], lr=0.0), store))
    assert new["2.weight"].shape == (4, 8)
    assert torch.equal(new["2.weight"][:2], old["2.weight"])
    assert torch.equal(new["2.bias"][:2], old["2.bias"])
    assert torch.equal(new["0.weight"], old["0.weight"])
    assert not torch.equal(new["2.weight"][2], new["2.weight"][3])


def test_new_rows_are_drawn_by_name_and_move_nobody_elses_randomness(store: Store, tmp_path: Path) -> None:
    for one in (store, Store(tmp_path / "other")):
        torch.rand(7)  # What else a process has drawn does not matter.
        update(plan([0, 1], "derpp"), one)
        update(plan([2, 3], "derpp"), one)
    assert outcome(store) == outcome(Store(tmp_path / "other"))


def test_the_optimiser_trains_the_grown_rows_and_resets_nothing_else(store: Store) -> None:
    update(plan([0, 1]), store)
    before = state_of(store, update(plan([0, 1, 2], lr=0.0), store, promote=False))
    after = state_of(store, update(plan([0, 1, 2]), store))
    assert (before["2.weight"] != after["2.weight"]).any(dim=1).all()
    assert (before["2.bias"] != after["2.bias"]).all()


def test_before_is_what_the_champion_said_and_it_knew_no_new_class(store: Store) -> None:
    was = update(plan([0, 1]), store).validation[-1]["after"]
    old, new = update(plan([2, 3]), store).validation
    assert old["before"] == was
    assert new["before"]["accuracy"] == 0
    assert new["before"]["loss"] is None  # Infinite, and JSON has no word for that.
    assert math.isfinite(new["initial"]["loss"])
    assert set(new["recall_per_class"]) == {"2", "3"}


@pytest.mark.parametrize("method", ["joint", "gdumb"])
def test_fresh_models_have_the_width_of_the_champion(method: str, store: Store) -> None:
    for classes in ([0, 1], [2, 3], [0, 2]):
        result = update(plan(classes, method), store)
    assert state_of(store, result)["2.weight"].shape == (4, 8)


def test_stored_logits_are_padded_with_nan_and_matched_on_the_classes_that_were_known(store: Store) -> None:
    _SEEN.clear()
    first = update(plan([0, 1], _Watched(memory_size=20, memory_batch=8)), store)
    assert kept(store, first).shape == (20, 2)
    second = update(plan([2, 3], _Watched(memory_size=20, memory_batch=8)), store)
    z = kept(store, second)
    old = torch.isnan(z[:, 2:]).all(1)
    assert z.shape == (20, 4)
    assert 0 < int(old.sum()) < 20
    assert bool(torch.isfinite(z[:, :2]).all())
    assert bool(torch.isfinite(z[~old]).all())
    assert _SEEN
    for loss, drawn, said in _SEEN:
        known = (said[:, :2] - drawn[:, :2]).square()
        assert bool(torch.isnan(drawn[:, 2:]).all())
        torch.testing.assert_close(loss, known.mean(), rtol=1e-4, atol=1e-5)


_SEEN: list[tuple[Tensor, Tensor, Tensor]] = []


@dataclass
class _Watched(DERpp):
    """DER++ that notes the distance to stored logits, as it comes out of its own loss."""

    def loss(self, step: Step) -> Tensor:
        """Its loss, and, with the same draws, what of it is the distance."""
        loss = super().loss(step)
        if step.drawn:
            a, b = step.drawn
            labels = step.criterion(step.logits, step.y) + self.beta * step.criterion(step.outputs(b["x"]), b["y"])
            said = step.outputs(a["x"]).detach()
            _SEEN.append((((loss - labels) / self.alpha).detach(), a["z"], said))
        return loss


def test_padding_writes_one_column_anew_and_nothing_else(store: Store) -> None:
    update(plan([0, 1], "derpp"), store)
    before = bytes_of(Path(store.url))
    update(plan([2, 3], "derpp"), store)
    written = {name: data for name, data in bytes_of(Path(store.url)).items() if name not in before}
    rows = Memory.from_tree(state_of(store, _record(store), "memory"), store.blobs)
    z_files = [segment.columns["z"] for segment in rows.segments]
    assert len(rows.segments) == 2
    assert sum(any(file[2:] in name for file in z_files) for name in written) == 2


def _record(store: Store) -> Result:
    return Result(store.record("champion"), store.url, promoted=True)


@pytest.mark.parametrize("method", ["er", "derpp", "ewc", "cls_er", "icarl"])
def test_an_update_that_grew_is_resumed_bit_for_bit(method: str, store: Store) -> None:
    update(plan([0, 1], method), store)
    broken = Store(copy_of(Path(store.url), "broken"))
    second = plan([2, 3], method, training={"checkpoint_minutes": 0})
    update(second, store)
    with pytest.raises(KeyboardInterrupt):
        update(second, broken, reporter=InterruptAfter(4))
    assert update(second, broken).record["training"]["resumed"]
    assert outcome(broken) == outcome(store)


@pytest.mark.parametrize("method", ["er", "derpp", "ewc", "icarl", "slda", RanPAC(projections=16)])
def test_a_rollback_to_a_narrower_champion_and_forward_again(method: Method | str, store: Store) -> None:
    first = update(plan([0, 1], method), store)
    second = update(plan([2, 3], method), store)
    store.promote(first.id, expected=second.id)
    other = update(plan([5], method), store)
    assert other.record["parent"] == first.id
    store.promote(second.id, expected=other.id)
    third = update(plan([4], method), store)
    assert third.record["parent"] == second.id
    x = torch.zeros(1, 2)
    wide = [load_model(store, CONFIG, one.id)(x).shape[1] for one in (first, second, other, third)]
    assert wide == [2, 4, 6, 5]
    assert store.verify() == []


@pytest.mark.parametrize("method", ["er", "derpp"])
def test_records_are_erased_after_a_head_has_grown(method: str, store: Store) -> None:
    for classes in ([0, 1], [2, 3]):
        update(plan(classes, method), store)
    ids = ["train [0, 1] 0", "train [2, 3] 1"]
    assert holds(store, ids[:1])
    erase(store, ids)
    assert not holds(store, ids)
    assert update(plan([4, 5], method), store).record["memory"]["seen"] == 72


def test_names_are_classes_by_the_target_transform(store: Store) -> None:
    for classes in ([0, 1], [5, 2]):
        result = update(plan(classes, "derpp", named=True), store)
    assert state_of(store, result)["2.weight"].shape == (6, 8)


@pytest.mark.parametrize("method", ["er", "derpp", "icarl", "slda", "ncm", "er_ace"])
def test_labels_may_come_in_any_order(method: str, store: Store) -> None:
    for classes, width in (([7], 8), ([0, 3], 8)):
        result = update(plan(classes, method), store)
        assert load_model(store, CONFIG)(torch.zeros(1, 2)).shape == (1, width)
        assert all(math.isfinite(row["after"]["loss"]) for row in result.validation)


def test_labels_that_only_the_validation_data_has_count_as_well(store: Store) -> None:
    result = update(plan([0, 1], held=[0, 1, 4]), store)
    assert state_of(store, result)["2.weight"].shape == (5, 8)
    assert math.isfinite(result.metrics["loss"])


@pytest.mark.parametrize("method", ["er", "derpp", "offline_er", "cls_er"])
@pytest.mark.parametrize("kind", ["tokens", "images"])
def test_heads_of_tokens_and_pixels_grow(kind: str, method: str, store: Store) -> None:
    for classes in ([0, 1], [2, 3], [0, 4]):
        result = update(plan(classes, method, kind=kind), store)
        assert all(math.isfinite(loss) for loss in result.record["training"]["losses"])
    head = state_of(store, result)["2.weight" if kind == "tokens" else "2.head.weight"]
    assert head.shape == (5, 8)


@pytest.mark.parametrize("method", ["er", "derpp", "ewc", "icarl", RanPAC(projections=16)])
def test_heads_grow_in_mixed_precision(method: Method | str, store: Store) -> None:
    for classes in ([0, 1], [2, 3]):
        result = update(plan(classes, method, training={"precision": "bf16-mixed"}), store)
        assert all(math.isfinite(row["after"]["loss"]) for row in result.validation)


@pytest.mark.parametrize("precision", ["bf16-true", "64-true"])
def test_heads_grow_in_true_precision(precision: str, store: Store) -> None:
    for classes in ([0, 1], [2, 3]):
        update(plan(classes, "derpp", training={"precision": precision}), store)
    assert kept(store, _record(store)).shape[1] == 4


@pytest.mark.parametrize("kind", ["rows", "tokens", "images"])
def test_a_label_outside_a_fixed_head_is_refused_before_training(kind: str, store: Store) -> None:
    with pytest.raises(TrainingError, match=r"has the label 6, but the model has 4 outputs.*more outputs"):
        update(plan([0, 1], kind=kind, growing=False, late=6), store)
    with pytest.raises(TrainingError, match=r"has the label 5, but the model has 4 outputs"):
        update(plan([0, 1], kind=kind, growing=False, held=[0, 5]), store)
    assert store.champion is None
