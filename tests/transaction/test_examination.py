"""Versions asked about the very same rows, of which none has learned any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.transaction.architectures import FIRST, WIDER
from tests.transaction.stream import bytes_of, outcome, plan, write_config
from tests.transaction.windows import CONFIG as WINDOWED
from tests.transaction.windows import plan as windowed_plan
from tests.transaction.windows import write
from vernal.base import ConfigError, StateNotFound
from vernal.config import Plan, resolve
from vernal.data import id_digests
from vernal.gate import Gate
from vernal.store import Store
from vernal.training import Training
from vernal.transaction import Examination, examine, load_model, update
from vernal.transaction.new_data import read_data

GROWING = Path(__file__).parent / "growing.py"


def measured(record: dict[str, Any]) -> dict[str, float]:
    """The accuracy of a record on all its chunks together."""
    table = record["metrics"]["validation"]
    rows = np.array([row["rows"] for row in table])
    return {
        when: float(rows @ np.array([row[when]["accuracy"] for row in table]) / rows.sum())
        for when in ("before", "after")
    }


# The same rows, the same numbers


@pytest.mark.parametrize("method", ["er", "ncm", "icarl", "cls_er", "slda"])
def test_what_is_said_is_what_the_record_says(config: Path, tmp_path: Path, method: str) -> None:
    """Before and after an update are measured on the rows that its version is examined on, by the same predictors."""
    first = update(plan(config, 1, method), tmp_path)
    second = update(plan(config, 2, method), tmp_path, promote=False)
    exam = examine(plan(config, 2, method), tmp_path, [second.id, first.id])
    assert len(exam.ids) == 24
    for version, when in ((second.id, "after"), (first.id, "before")):
        assert exam.scores(version).mean() == pytest.approx(measured(second.record)[when], abs=1e-12)
        assert exam.metrics[version]["accuracy"] == pytest.approx(measured(second.record)[when], abs=1e-12)
        table = second.record["metrics"]["validation"]
        losses = [row["rows"] * row[when]["loss"] for row in table]
        assert exam.metrics[version]["loss"] == pytest.approx(sum(losses) / 24, rel=1e-6)


def test_rows_are_known_by_ids_and_chunks(store: Path, config: Path) -> None:
    first = Store(store).champion
    assert first is not None
    second = update(plan(config, 2), store, promote=False)
    exam = examine(plan(config, 2), store, [second.id, first])
    expected = id_digests([f"validation {number}/{row}" for number in (1, 2) for row in range(12)])
    assert sorted(exam.ids) == sorted(bytes(one).hex() for one in expected.numpy())
    assert (exam.chunks.tolist(), exam.new) == ([1] * 12 + [2] * 12, 2)
    case = exam.case([second.id], first, checks={second.id: {"loads": True}}, looks=3)
    assert case.champion is not None
    assert (case.champion.version, case.challengers[0].version, case.new, case.looks) == (first, second.id, 2, 3)
    assert case.challengers[0].checks == {"loads": True}
    assert case.y is not None
    assert case.y.shape == (24,)


def test_a_gate_can_judge_it(store: Path, config: Path) -> None:
    first = Store(store).champion
    second = update(plan(config, 2), store, promote=False)
    exam = examine(plan(config, 2), store, [second.id, str(first)])
    assert Gate().judge(exam.case([second.id], first)).outcome in ("promote", "reject", "inconclusive")


def test_versions_may_be_named_by_any_name(store: Path, config: Path) -> None:
    second = update(plan(config, 2), store, promote=False)
    exam = examine(plan(config, 2), store, ["1.1", "champion"])
    assert [*exam.answers] == [second.id, Store(store).champion]
    with pytest.raises(StateNotFound, match="No record is called '3.7'"):
        examine(plan(config, 2), store, ["3.7"])


def test_random_transforms_are_the_same_for_all_versions(config: Path, tmp_path: Path) -> None:
    """A transform that draws gives both models the very same noise, and that of the record."""
    noisy = write_config(
        tmp_path / "noisy", config.read_text() + "\n\ndef test_transform():\n    return lambda x: x + torch.randn(4)\n"
    )
    first = update(plan(noisy, 1), tmp_path / "store")
    second = update(plan(noisy, 1), tmp_path / "store", parent=first.id, promote=False)
    exam = examine(plan(noisy, 1), tmp_path / "store", [first.id])
    assert exam.metrics[first.id]["loss"] == pytest.approx(
        first.record["metrics"]["validation"][0]["after"]["loss"], rel=1e-6
    )
    twice = examine(plan(noisy, 1), tmp_path / "store", [second.id, first.id])
    again = examine(plan(noisy, 1), tmp_path / "store", [second.id, first.id])
    for version in (first.id, second.id):
        np.testing.assert_array_equal(twice.answers[version].losses, again.answers[version].losses)


def test_the_users_own_metrics_are_measured(config: Path, tmp_path: Path) -> None:
    own = "\n\ndef metrics_fn():\n    from torchmetrics.classification import MulticlassRecall\n"
    own += "    return {'recall': MulticlassRecall(num_classes=3)}\n"
    path = write_config(tmp_path / "own", config.read_text() + own)
    first = update(plan(path, 1), tmp_path / "store")
    exam = examine(plan(path, 1), tmp_path / "store", [first.id])
    after = first.record["metrics"]["validation"][0]["after"]
    assert exam.metrics[first.id] == pytest.approx(after, rel=1e-6)
    assert "recall" in after


def test_an_examination_writes_nothing_and_changes_nothing_that_comes_after(config: Path, tmp_path: Path) -> None:
    """The next update is bit-identical, whether anybody looked or not; so is what the caller draws."""
    looked, blind = tmp_path / "looked", tmp_path / "blind"
    for where in (looked, blind):
        update(plan(config, 1, "derpp"), where)
    before, drawn = bytes_of(looked), torch.random.get_rng_state()
    examine(plan(config, 1, "derpp"), looked, ["champion"])
    examine(plan(config, 2, "derpp"), looked, ["champion"], unseen=True)
    assert bytes_of(looked) == before
    assert torch.equal(torch.random.get_rng_state(), drawn)
    for where in (looked, blind):
        update(plan(config, 2, "derpp"), where)
    assert outcome(Store(looked)) == outcome(Store(blind))


def test_without_validation_rows_nobody_can_be_judged(tmp_path: Path, config: Path) -> None:
    blind = write_config(
        tmp_path / "blind", config.read_text().replace(', validation=chunk("validation", validation_rows)', "")
    )
    first = update(plan(blind, 1), tmp_path / "store")
    with pytest.raises(ConfigError, match=f"Version {first.id} cannot be judged: it has no validation data"):
        examine(plan(blind, 1), tmp_path / "store", [first.id])


# Rows that somebody has learned


def test_new_rows_are_asked_about_as_one_chunk(store: Path, config: Path) -> None:
    first = Store(store).champion
    second = update(plan(config, 2), store, promote=False)
    exam = examine(plan(config, 3), store, [second.id, str(first)], unseen=True)
    assert (len(exam.ids), {*exam.chunks}, exam.new) == (52, {3}, 3)


def test_new_rows_that_were_learned_before_are_left_out(store: Path, config: Path) -> None:
    """A stream that brings rows twice must not let a challenger shine with what it has learned."""
    first = Store(store).champion
    second = update(plan(config, 2), store, promote=False)
    exam = examine(plan(config, 2), store, [second.id, str(first)], unseen=True)
    assert len(exam.ids) == 12  # Those of the validation data.


def test_where_nothing_new_is_left_there_is_nothing_to_say(config: Path, tmp_path: Path) -> None:
    path = write_config(
        tmp_path / "no", config.read_text().replace(', validation=chunk("validation", validation_rows)', "")
    )
    first = update(plan(path, 1), tmp_path / "store")
    exam = examine(plan(path, 1), tmp_path / "store", [first.id], unseen=True)
    assert (len(exam.ids), len(exam.scores(first.id)), exam.metrics) == (0, 0, {})
    assert Gate().judge(exam.case([first.id], None)).outcome != "promote"


MEMORISING = """
import torch
from torch import nn

from vernal import DataModule, Window


class Memorised(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = nn.Parameter(torch.zeros(4000))

    def forward(self, x):
        known = self.seen[x[:, 0].long()]
        return torch.stack([-known, known], 1)


def model_fn() -> nn.Module:
    return Memorised()


def optimizer_fn(parameters) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=30.0)


def data_module_fn(window: Window, share: float = 0.7, drawn: int = 0) -> DataModule:
    chunk = window.chunk("y", features=["row"], id_column="id")
    train, validation = chunk.split([share, 1 - share], seed=drawn)
    return DataModule(train=train, validation=validation)
"""


def noise(folder: Path, number: int, rows: int = 100) -> str:
    """Rows whose labels nobody can know who has not learned them."""
    labels = np.random.default_rng(number).integers(0, 2, rows)
    return write(folder, number, rows=rows, y=labels, row=np.arange(rows) + 100 * number)


def test_who_has_memorised_the_validation_rows_does_not_profit(tmp_path: Path) -> None:
    """The poisoning test: labels are coins, so nobody can be right on more than half of what it has not learned.

    The challenger from scratch splits otherwise, and has so learned rows by which the champion is judged.
    """
    path, store = write_config(tmp_path / "project", MEMORISING), tmp_path / "store"
    files = [noise(tmp_path, number) for number in range(4)]
    for file in files:
        champion = update(windowed_plan(path, file), store)
    poisoned = windowed_plan(path, *files, arguments={"drawn": 5, "share": 0.8})
    challenger = update(poisoned, store, scratch=True, promote=False)
    train = read_data(resolve(poisoned), lambda prepare: prepare()).train
    memorised = {bytes(one).hex() for one in train.ids.numpy()}
    model = load_model(store, path, challenger.id)
    x, y = next(iter(DataLoader(train, batch_size=len(train))))
    assert (model(x).argmax(1) == y).all()
    for asked in ([challenger.id, champion.id], [champion.id, challenger.id]):
        exam = examine(poisoned, store, asked)
        assert 15 < len(exam.ids) < 120
        assert not memorised & {*exam.ids}
        for version in asked:  # Half, with a standard deviation of 0.1 at most.
            assert 0.1 < exam.scores(version).mean() < 0.9
        assert (exam.scores(challenger.id) == exam.scores(champion.id)).all()  # Both guess the same.


def test_validation_rows_that_the_same_lineage_has_learned_are_left_out(tmp_path: Path) -> None:
    """A split that is drawn anew for every chunk may put a row that comes again on the other side."""
    path, store = write_config(tmp_path / "project", MEMORISING), tmp_path / "store"
    file = noise(tmp_path, 1)
    first = update(windowed_plan(path, file), store)
    second = update(windowed_plan(path, file, arguments={"drawn": 5}), store)
    exam = examine(windowed_plan(path, file, arguments={"drawn": 5}), store, [second.id, first.id])
    assert 0 < len(exam.ids) < 30
    assert 0.1 < exam.scores(second.id).mean() < 0.9


def test_where_all_rows_were_learned_nobody_is_judged(tmp_path: Path) -> None:
    text = MEMORISING.replace("validation=validation", "validation=train")
    path, store = write_config(tmp_path / "project", text), tmp_path / "store"
    asked = windowed_plan(path, noise(tmp_path, 1))
    first = update(asked, store)
    with pytest.raises(ConfigError, match=f"Version {first.id} cannot be judged: all rows .* Split by ids"):
        examine(asked, store, [first.id])


def test_lineages_whose_rows_have_no_ids_cannot_be_compared(tmp_path: Path) -> None:
    path = write_config(
        tmp_path / "project", WINDOWED.replace('id_column="id", ', "").replace('"y"', '"y", features=["a"]')
    )
    path.write_text(path.read_text().replace("nn.Linear(2,", "nn.Linear(1,"))
    store, files = tmp_path / "store", [write(tmp_path, 1), write(tmp_path, 2)]
    first = update(windowed_plan(path, files[0]), store)
    second = update(windowed_plan(path, files[1]), store)
    assert len(examine(windowed_plan(path, files[1]), store, [second.id, first.id]).ids) == 36  # One lineage.
    fresh = update(windowed_plan(path, *files), store, scratch=True, promote=False)
    message = f"{fresh.id} and {second.id} are of different lineages, .* rows came without ids. Name their ids"
    with pytest.raises(ConfigError, match=message):
        examine(windowed_plan(path, *files), store, [fresh.id, second.id])


def test_lineages_of_honest_splits_share_their_validation_rows(tmp_path: Path) -> None:
    path, store = write_config(tmp_path / "project", WINDOWED), tmp_path / "store"
    files = [write(tmp_path, number) for number in (1, 2)]
    for file in files:
        champion = update(windowed_plan(path, file), store)
    fresh = update(windowed_plan(path, *files), store, scratch=True, promote=False)
    exam = examine(windowed_plan(path, *files), store, [fresh.id, champion.id])
    beside = examine(windowed_plan(path, *files), store, [champion.id, fresh.id])
    assert sorted(exam.ids) == sorted(beside.ids)
    assert exam.scores(fresh.id).mean() == measured(fresh.record)["after"]
    assert beside.scores(champion.id).mean() == pytest.approx(measured(champion.record)["after"])
    assert ({*exam.chunks}, exam.new) == ({1}, 1)
    assert ({*beside.chunks}, beside.new) == ({1, 2}, 2)


# Models of other kinds


def growing(classes: list[int], **arguments: Any) -> Plan:
    training = Training(budget="4ep", batch_size=8, accelerator="cpu", checkpoint_minutes=0)
    return Plan(GROWING, "er", {"classes": classes, **arguments}, training)


@pytest.mark.parametrize("kind", ["rows", "tokens", "images"])
def test_a_champion_that_does_not_know_a_class_is_wrong_about_it(tmp_path: Path, kind: str) -> None:
    first = update(growing([0, 1], kind=kind), tmp_path)
    second = update(growing([2, 3], kind=kind), tmp_path, promote=False)
    exam = examine(growing([2, 3], kind=kind), tmp_path, [second.id, first.id])
    new = exam.chunks == 2
    losses = exam.answers[first.id].losses
    assert np.isfinite(losses).all()
    assert np.isfinite(exam.scores(first.id)).all()
    assert np.isfinite(exam.scores(second.id)).all()
    assert losses[new].min() > losses[~new].max()
    assert Gate().judge(exam.case([second.id], first.id)).evidence


def test_a_challenger_from_scratch_that_has_forgotten_a_class_can_be_judged(tmp_path: Path) -> None:
    """The rows that the other one keeps have labels for which this one, and today's data, have no room."""
    update(growing([0, 1, 2, 3]), tmp_path)
    champion = update(growing([0, 1]), tmp_path)
    fresh = update(growing([0, 1], rows=30), tmp_path, scratch=True, promote=False)
    exam = examine(growing([0, 1]), tmp_path, [champion.id, fresh.id])
    assert exam.scores(fresh.id)[exam.answers[fresh.id].y >= 2].sum() == 0  # type: ignore[operator]
    assert np.isfinite(exam.answers[fresh.id].losses).all()


def test_a_champion_of_an_older_architecture_answers_as_it_was(tmp_path: Path) -> None:
    first_config = write_config(tmp_path / "first", FIRST)
    wider = write_config(tmp_path / "wider", WIDER)
    first = update(plan(first_config, 1), tmp_path / "store")
    second = update(plan(wider, 2), tmp_path / "store", promote=False)
    exam = examine(plan(wider, 2), tmp_path / "store", [second.id, first.id])
    for version, when in ((second.id, "after"), (first.id, "before")):
        assert exam.scores(version).mean() == pytest.approx(measured(second.record)[when], abs=1e-12)


def test_arguments_that_the_config_file_has_lost_or_got_are_no_obstacle(config: Path, tmp_path: Path) -> None:
    before = write_config(
        tmp_path / "before", config.read_text().replace("features: int = 4", "features: int = 4, old: int = 1")
    )
    first = update(plan(before, 1, arguments={"width": 5, "old": 2}), tmp_path / "store")
    after = write_config(
        tmp_path / "after", config.read_text().replace("features: int = 4", "features: int = 4, new: str = 'x'")
    )
    asked = plan(after, 2, arguments={"width": 5, "new": "y"})
    second = update(asked, tmp_path / "store", promote=False)
    exam = examine(asked, tmp_path / "store", [second.id, first.id])
    assert exam.scores(first.id).mean() == pytest.approx(measured(second.record)["before"], abs=1e-12)


def test_methods_to_choose_from_are_all_known(config: Path, store: Path) -> None:
    """The plan of a loop may leave the method open; each version answers by its own."""
    first = Store(store).champion
    asked = replace(plan(config, 2), method=["slda", "er"])
    exam = examine(asked, store, [str(first)])
    assert exam.scores(str(first)).mean() == pytest.approx(measured(Store(store).record("champion"))["after"])


TASKS = """
import torch
from torch import nn

from vernal import Chunk, DataModule


def task_fn(task: str):
    return task


def model_fn(task: str) -> nn.Module:
    outputs = {"ranking": 1, "multilabel": 3, "regression": 1}[task]
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, outputs))


def data_module_fn(task: str, number: int) -> DataModule:
    generator = torch.Generator().manual_seed(number)

    def chunk(part: str, rows: int) -> Chunk:
        x = torch.rand(rows, *([5] if task == "ranking" else []), 2, generator=generator)
        y = {"ranking": lambda: (2 * x[..., 0]).long(), "regression": lambda: x[:, :1].sin(),
             "multilabel": lambda: x[:, :1] > torch.tensor([0.3, 0.5, 0.7])}[task]()
        return Chunk.from_arrays(x, y, ids=[f"{part} {number}/{row}" for row in range(rows)])

    return DataModule(train=chunk("train", 24), validation=chunk("validation", 10))
"""


def test_a_row_of_several_labels_is_right_if_all_are(tmp_path: Path) -> None:
    exam, first, second = two_of_a_task(tmp_path, "multilabel")
    for version in (first, second):
        found = exam.answers[version]
        assert found.predicted is not None
        expected = ((found.predicted > 0) == found.y).all(1)
        np.testing.assert_array_equal(exam.scores(version), expected)


@pytest.mark.parametrize("task", ["regression", "ranking"])
def test_where_nothing_is_simply_right_the_score_is_minus_the_loss(tmp_path: Path, task: str) -> None:
    exam, first, second = two_of_a_task(tmp_path, task)
    for version in (first, second):
        np.testing.assert_array_equal(exam.scores(version), -exam.answers[version].losses.astype(np.float64))
        assert len({*exam.scores(version)}) > 10
    scored = exam.case([second], first).challengers[0]
    assert scored.predicted is not None
    assert len(scored.predicted) == 20


def two_of_a_task(folder: Path, task: str) -> tuple[Examination, str, str]:
    path = write_config(folder / "project", TASKS)
    asked = [Plan(path, "er", {"task": task, "number": n}, Training(budget="2ep", accelerator="cpu")) for n in (1, 2)]
    first = update(asked[0], folder / "store")
    second = update(asked[1], folder / "store", promote=False)
    return examine(asked[1], folder / "store", [second.id, first.id]), first.id, second.id


@pytest.mark.parametrize(("reduction", "works"), [("none", True), ("mean", False)])
def test_a_loss_that_is_one_number_a_batch_cannot_compare_rows(tmp_path: Path, reduction: str, works: bool) -> None:
    path = write_config(
        tmp_path / "project", TASKS + f"\n\ndef loss_fn():\n    return nn.MSELoss(reduction={reduction!r})\n"
    )
    asked = Plan(path, "er", {"task": "regression", "number": 1}, Training(budget="2ep", accelerator="cpu"))
    first = update(asked, tmp_path / "store")
    if works:
        assert len({*examine(asked, tmp_path / "store", [first.id]).scores(first.id)}) == 10
        return
    with pytest.raises(ConfigError, match=r"row by row, and the loss .* one number for a batch. Return .*'none'"):
        examine(asked, tmp_path / "store", [first.id])


def test_such_a_loss_is_no_matter_where_rows_are_right_or_wrong(config: Path, tmp_path: Path) -> None:
    path = write_config(tmp_path / "own", config.read_text() + "\n\ndef loss_fn():\n    return nn.CrossEntropyLoss()\n")
    first = update(plan(path, 1), tmp_path / "store")
    exam = examine(plan(path, 1), tmp_path / "store", [first.id])
    assert {*exam.scores(first.id)} <= {0.0, 1.0}


def test_a_model_that_cannot_read_the_rows_is_named(config: Path, tmp_path: Path) -> None:
    first = update(plan(config, 1), tmp_path / "store")
    wide = config.read_text().replace("torch.randn(count, 4,", "torch.randn(count, 5,")
    path = write_config(tmp_path / "wide", wide)
    with pytest.raises(
        ConfigError, match=rf"The model {first.id} fails on rows \(x: float32\(5\).*cannot be multiplied"
    ):
        examine(plan(path, 2), tmp_path / "store", [first.id], unseen=True)


# Slices


def with_slices(config: Path, folder: Path, slices: str) -> Path:
    return write_config(folder, config.read_text() + f"\n\ndef slices_fn(at: float = 2.0):\n    return {slices}\n")


def test_slices_are_those_of_the_users(config: Path, tmp_path: Path) -> None:
    slices = "{'high': lambda x, y: x[0] > at, 'ones': lambda x, y: y == 1, 'none': lambda x, y: False}"
    path = with_slices(config, tmp_path / "sliced", slices)
    first = update(plan(path, 1), tmp_path / "store")
    exam = examine(plan(path, 1), tmp_path / "store", [first.id])
    assert [*exam.slices] == ["high", "ones", "none"]
    np.testing.assert_array_equal(exam.slices["ones"], exam.answers[first.id].y == 1)
    assert 0 < exam.slices["high"].sum() < 12
    assert exam.slices["none"].dtype == bool
    assert exam.case([first.id], None).slices is exam.slices


@pytest.mark.parametrize(
    ("slices", "message"),
    [
        ("['high']", r"`slices_fn` must give functions by name, .* got \['high'\]"),
        ("{'high': 3}", "`slices_fn` must give functions by name"),
        ("{'high': lambda x, y: x['age']}", "`slices_fn` fails on a row: "),
    ],
)
def test_slices_that_cannot_be_told_are_an_error(config: Path, tmp_path: Path, slices: str, message: str) -> None:
    path = with_slices(config, tmp_path / "sliced", slices)
    first = update(plan(path, 1), tmp_path / "store")
    with pytest.raises(ConfigError, match=message):
        examine(plan(path, 1), tmp_path / "store", [first.id])
