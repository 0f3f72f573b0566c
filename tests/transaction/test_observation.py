"""What triggers see of new rows: values in time, samples when they are looked at, and nothing that nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.transaction.architectures import FIRST as THREE
from tests.transaction.architectures import ONE_MORE
from tests.transaction.stream import bytes_of, outcome, plan, write_config
from tests.transaction.test_examination import TASKS, growing
from vernal.base import ConfigError, DataError
from vernal.config import Plan
from vernal.data import Rows
from vernal.store import Store
from vernal.training import Training
from vernal.transaction import Observation, observe, update
from vernal.transaction.observation import ENOUGH, SAMPLE, SAMPLES, VALUES, Samples
from vernal.transaction.version import Version

NOW = 1_000_000.0


def seen(config: Path, store: Path, *needs: str, number: int = 2, **arguments: Any) -> Observation:
    return observe(plan(config, number, arguments=arguments), store, "champion", needs, NOW)


def with_data(config: Path, folder: Path, change: dict[str, str]) -> Path:
    """The config file with other data."""
    text = config.read_text()
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    return write_config(folder, text)


# Values


def test_all_rows_have_values_in_the_order_of_their_times(store: Path, config: Path, tmp_path: Path) -> None:
    turned = with_data(config, tmp_path / "turned", {"[86400.0 * number] * count": "[-float(i) for i in range(count)]"})
    found = seen(turned, store, "correct", "loss")
    assert (found.rows, found.schema) == (52, "x: float32(4), y: int64()")
    for name in VALUES:
        assert found.values[name].shape == (52, 2)
        assert (np.diff(found.values[name][:, 0]) >= 0).all()
    plain = seen(config, store, "correct", "loss")
    for name in VALUES:
        np.testing.assert_allclose(np.sort(found.values[name][:, 1]), np.sort(plain.values[name][:, 1]), rtol=1e-6)
        np.testing.assert_allclose(found.values[name][-2:, 1], plain.values[name][[0, 40], 1], rtol=1e-6)


def test_rows_of_one_time_stay_in_their_order(store: Path, config: Path) -> None:
    values = seen(config, store, "loss").values["loss"]
    exactly = observe(plan(config, 2, evaluation_batch=7), store, "champion", ["loss"], NOW).values["loss"]
    assert {*values[:, 0]} == {2 * 86400.0}
    np.testing.assert_allclose(values, exactly, rtol=1e-5)


def test_rows_without_a_time_are_of_now(store: Path, config: Path, tmp_path: Path) -> None:
    gaps = {"[86400.0 * number] * count": "[float('nan')] + [86400.0 * number] * (count - 1)"}
    values = seen(with_data(config, tmp_path / "gaps", gaps), store, "loss").values["loss"]
    assert values[:, 0].tolist() == [2 * 86400.0] * 50 + [NOW] * 2
    untimed = with_data(config, tmp_path / "untimed", {", times=[86400.0 * number] * count": ""})
    assert {*seen(untimed, store, "loss").values["loss"][:, 0]} == {NOW}


def test_values_are_those_that_the_record_would_have(store: Path, config: Path) -> None:
    """Of the validation rows of the next update, which come last, before that update."""
    found = seen(config, store, "correct", "loss")
    (row,) = [r for r in update(plan(config, 2), store).record["metrics"]["validation"] if r["number"] == 2]
    assert found.values["correct"][-12:, 1].mean() == pytest.approx(row["before"]["accuracy"])
    assert found.values["loss"][-12:, 1].mean() == pytest.approx(row["before"]["loss"], rel=1e-6)


def test_where_nothing_is_simply_right_there_is_the_loss_alone(tmp_path: Path) -> None:
    path = write_config(tmp_path / "project", TASKS)
    training = Training(budget="2ep", accelerator="cpu")
    update(Plan(path, "er", {"task": "regression", "number": 1}, training), tmp_path / "store")
    asked = Plan(path, "er", {"task": "regression", "number": 2}, training)
    found = observe(asked, tmp_path / "store", "champion", ["correct", "loss"], NOW)
    assert [*found.values] == ["loss"]


def test_a_loss_that_is_one_number_a_batch_is_no_value_of_a_row(tmp_path: Path) -> None:
    path = write_config(tmp_path / "project", TASKS + "\n\ndef loss_fn():\n    return nn.MSELoss()\n")
    asked = Plan(path, "er", {"task": "regression", "number": 1}, Training(budget="2ep", accelerator="cpu"))
    update(asked, tmp_path / "store")
    with pytest.raises(ConfigError, match=r"A trigger looks at the loss of each row, .* Return one for each row there"):
        observe(asked, tmp_path / "store", "champion", ["loss"], NOW)
    assert observe(asked, tmp_path / "store", "champion", ["features"], NOW).samples["features"]


def test_a_class_that_the_champion_never_knew_is_a_large_and_finite_loss(tmp_path: Path) -> None:
    update(growing([0, 1]), tmp_path)
    found = observe(growing([1, 2]), tmp_path, "champion", ["loss", "correct"], NOW)
    losses, correct = (found.values[name][:, 1] for name in ("loss", "correct"))
    assert np.isfinite(losses).all()
    assert losses.max() == pytest.approx(-np.log(np.finfo(np.float32).tiny))
    assert (correct[losses > 80] == 0).all()
    assert (losses > 80).sum() == 20


def test_a_model_that_cannot_read_the_rows_is_named(store: Path, config: Path, tmp_path: Path) -> None:
    wide = with_data(config, tmp_path / "wide", {"torch.randn(count, 4,": "torch.randn(count, 5,"})
    for needs in ("loss", "outputs", "embeddings"):  # All at once, and not when a trigger looks at a sample.
        with pytest.raises((ConfigError, DataError), match=r"float32\(5\)"):
            seen(wide, store, needs)


# Only what is asked for


def test_nothing_is_computed_that_nobody_asked_for(store: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    sizes: list[int] = []

    def told(name: str, whole: Callable[..., Any]) -> Callable[..., Any]:
        def call(version: Version, *args: Any) -> Any:
            asked.append(name)
            sizes.append(len(args[0]) if isinstance(args[0], Rows) else 0)
            return whole(version, *args)

        return call

    for name in ("predictions", "outputs", "embeddings"):
        monkeypatch.setattr(Version, name, told(name, getattr(Version, name)))
    monkeypatch.setattr(Version, "__init__", told("version", Version.__init__))
    found = seen(config, store, "clicks")
    assert (found.rows, {**found.values}, {**found.samples}, asked) == (52, {}, {}, [])
    assert [*seen(config, store, "correct").values] == ["correct"]
    assert asked == ["version", "predictions", "predictions"]
    asked.clear(), sizes.clear()
    found = seen(config, store, *SAMPLES)
    assert (found.values, asked[0], 2 in sizes, max(sizes)) == ({}, "version", True, 2)  # It is only tried out.
    asked.clear()
    found.samples["outputs"], found.samples["outputs"]
    assert asked == ["outputs", "outputs"]
    assert {*found.samples} == {*SAMPLES}
    assert asked == ["outputs", "outputs", "embeddings", "embeddings"]
    assert sizes[-2:] == [40, 52]


def test_a_sample_that_is_not_there_is_none_of_the_samples() -> None:
    drawn: list[str] = []
    pair = np.zeros((1, 1)), np.ones((1, 1))
    samples = Samples(["a", "b"], lambda name: drawn.append(name) or (pair if name == "a" else None))
    assert drawn == []
    assert "c" not in samples
    assert drawn == []
    assert ([*samples], len(samples), samples.get("b"), "b" in samples) == (["a"], 1, None, False)
    assert samples["a"] is pair
    assert drawn == ["a", "b"]
    with pytest.raises(KeyError, match="b"):
        samples["b"]


# Samples


def test_samples_are_of_the_models_time_and_of_now(config: Path, tmp_path: Path) -> None:
    update(plan(config, 1, arguments={"validation_rows": ENOUGH}), tmp_path)
    found = seen(config, tmp_path, *SAMPLES, number=4)
    old, new = found.samples["features"]
    assert (old.shape, new.shape) == ((ENOUGH, 4), (52, 4))
    assert old.mean() == pytest.approx(1, abs=0.2)
    assert new.mean() == pytest.approx(4, abs=0.2)
    old, new = found.samples["embeddings"]
    assert (old.shape, new.shape) == ((ENOUGH, 8), (52, 8))
    for chances in found.samples["outputs"]:
        assert chances.shape[1] == 3
        np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)


def test_large_samples_are_drawn_and_the_same_every_time(config: Path, tmp_path: Path) -> None:
    update(plan(config, 1, arguments={"validation_rows": 2500}), tmp_path)
    one, two = (seen(config, tmp_path, "features", rows=2100).samples["features"] for _ in range(2))
    for first, second in zip(one, two, strict=True):
        assert first.shape == (SAMPLE, 4)
        np.testing.assert_array_equal(first, second)


def test_rows_of_the_newest_chunk_stand_for_the_models_time_if_they_are_enough(config: Path, tmp_path: Path) -> None:
    for number in (1, 5):
        update(plan(config, number, arguments={"validation_rows": ENOUGH}), tmp_path)
    old, _ = seen(config, tmp_path, "features").samples["features"]
    assert (len(old), round(float(old.mean()))) == (ENOUGH, 5)


def test_of_too_few_rows_all_that_were_held_out_stand_for_it_and_then_those_that_were_learned(
    config: Path, tmp_path: Path
) -> None:
    for number in (1, 2):
        update(plan(config, number, arguments={"validation_rows": ENOUGH // 2}), tmp_path / "few")
    assert len(seen(config, tmp_path / "few", "features").samples["features"][0]) == ENOUGH
    update(plan(config, 1, arguments={"rows": ENOUGH}), tmp_path / "fewer")
    assert len(seen(config, tmp_path / "fewer", "features").samples["features"][0]) == ENOUGH
    update(plan(config, 1), tmp_path / "none")  # Of 12 and 40 rows the larger ones.
    assert len(seen(config, tmp_path / "none", "features").samples["features"][0]) == 40


def test_a_version_that_keeps_no_rows_has_nothing_to_compare_with(config: Path, tmp_path: Path) -> None:
    blind = with_data(config, tmp_path / "blind", {', validation=chunk("validation", validation_rows)': ""})
    update(plan(blind, 1, "fine_tune"), tmp_path / "store")
    found = observe(plan(blind, 2, "fine_tune"), tmp_path / "store", "champion", [*SAMPLES, "loss"], NOW)
    assert {**found.samples} == {}
    assert len(found.values["loss"]) == 40


# Inputs of all kinds

INPUTS = """
import torch
from torch import nn

from vernal import Chunk, DataModule

BFLOAT = torch.bfloat16


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.head = nn.Linear({"image": 1200, "noisy": 3}.get(kind, 2), 2)
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        if self.kind == "dict":
            x = torch.stack([x["a"], x["b"].float()], 1)
        elif self.kind == "text":
            x = torch.tensor([[len(t), t.count("a")] for t in x]).float()
        elif self.kind in ("varying", "bfloat"):
            x = torch.stack([x.float().mean(1), x.float().amax(1)], 1)
        elif self.kind == "headless":
            return x + self.bias
        return self.head(x.flatten(1))


class Noisy(torch.utils.data.Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, place):
        return torch.randn(3) * (place + 1), place % 2


def model_fn(kind: str) -> nn.Module:
    return Net(kind)


def collate(rows):
    x = nn.utils.rnn.pad_sequence([row[0] for row in rows], batch_first=True)
    return x, torch.tensor([row[1] for row in rows])


class Data(DataModule):
    def __init__(self, kind, number):
        super().__init__()
        self.collate = collate if kind == "varying" else None
        self.train, self.validation = part(kind, number, "train"), part(kind, number, "validation")


def part(kind: str, number: int, name: str):
    generator = torch.Generator().manual_seed(number)
    y = torch.arange(20) % 2
    plain = torch.randn(20, 2, generator=generator) + number
    if kind == "noisy":
        return Noisy()
    if kind == "text":
        x = ["a" * int(n) + "b" for n in torch.randint(1, 5, (20,), generator=generator)]
    elif kind == "varying":
        x = [torch.randn(2 + i % 3, generator=generator) for i in range(20)]
    else:
        x = {"dict": {"a": plain[:, 0], "b": plain[:, 1] > 0}, "image": torch.randn(20, 3, 20, 20, generator=generator),
             "bfloat": plain.to(BFLOAT), "headless": plain}[kind]
        return Chunk.from_arrays(x, y, ids=[f"{name} {number}/{i}" for i in range(20)])
    return Chunk([(one, int(label)) for one, label in zip(x, y)], ids=[f"{name} {number}/{i}" for i in range(20)])


def data_module_fn(kind: str, number: int) -> DataModule:
    return Data(kind, number)
"""


@pytest.mark.parametrize(
    ("kind", "widths"),
    [
        ("dict", {"features": 2, "embeddings": 2, "outputs": 2}),
        ("image", {"embeddings": 1200, "outputs": 2}),
        ("varying", {"embeddings": 2, "outputs": 2}),
        ("text", {"embeddings": 2, "outputs": 2}),
        ("bfloat", {"features": 2, "embeddings": 2, "outputs": 2}),
        ("noisy", {"features": 3, "embeddings": 3, "outputs": 2}),
    ],
)
def test_inputs_of_any_kind_are_seen_as_far_as_they_are_numbers(
    tmp_path: Path, kind: str, widths: dict[str, int]
) -> None:
    path = write_config(tmp_path / "project", INPUTS)
    training = Training(budget="1ep", accelerator="cpu", evaluation_batch=8)
    update(Plan(path, "er", {"kind": kind, "number": 1}, training), tmp_path / "store")
    asked, drawn = Plan(path, "er", {"kind": kind, "number": 2}, training), torch.random.get_rng_state()
    found = observe(asked, tmp_path / "store", "champion", [*SAMPLES, *VALUES], NOW)
    assert {name: new.shape[1] for name, (_, new) in found.samples.items()} == widths
    assert all(np.isfinite(array).all() for pair in found.samples.values() for array in pair)
    assert {*found.values} == {*VALUES}
    assert torch.equal(torch.random.get_rng_state(), drawn)


def test_a_model_without_a_linear_layer_has_no_embeddings(tmp_path: Path) -> None:
    path = write_config(
        tmp_path / "project", INPUTS.replace("        self.head =", "        if kind != 'headless': self.head =")
    )
    asked = Plan(path, "er", {"kind": "headless", "number": 1}, Training(budget="1ep", accelerator="cpu"))
    update(asked, tmp_path / "store")
    assert {*observe(asked, tmp_path / "store", "champion", SAMPLES, NOW).samples} == {"features", "outputs"}


@pytest.mark.parametrize(("kind", "classes"), [("tokens", 2), ("images", 2)])
def test_of_several_positions_the_mean_is_seen(tmp_path: Path, kind: str, classes: int) -> None:
    update(growing([0, 1], kind=kind), tmp_path)
    found = observe(growing([1, 0], kind=kind), tmp_path, "champion", ["outputs", "embeddings"], NOW)
    for chances in found.samples["outputs"]:
        assert chances.shape[1] == classes
        np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    assert found.samples["embeddings"][1].shape[1] == 8


def test_a_model_with_one_score_says_yes_or_no(config: Path, tmp_path: Path) -> None:
    """A softmax over one score would always be 1."""
    binary = with_data(
        config, tmp_path / "binary", {"classes: int = 3": "classes: int = 1", "randint(3,": "randint(2,"}
    )
    path = write_config(tmp_path / "binary", binary.read_text() + "\n\ndef loss_fn():\n    return one\n\n\n"
                        "def one(scores, y):\n    loss = nn.functional.binary_cross_entropy_with_logits\n"
                        "    return loss(scores[:, 0], y.float(), reduction='none')\n")  # fmt: skip
    update(plan(path, 1), tmp_path / "store")
    old, new = seen(path, tmp_path / "store", "outputs").samples["outputs"]
    assert old.shape[1] == new.shape[1] == 1
    assert len({*new[:, 0].tolist()}) > 10
    assert ((new > 0) & (new < 1)).all()


def test_rows_of_an_older_form_are_brought_to_todays(tmp_path: Path) -> None:
    old = write_config(tmp_path / "old", THREE)
    update(plan(old, 1), tmp_path / "store")
    new = write_config(tmp_path / "new", ONE_MORE)
    found = observe(plan(new, 2), tmp_path / "store", "champion", [*SAMPLES, *VALUES], NOW)
    old_sample, new_sample = found.samples["features"]
    assert (old_sample.shape[1], new_sample.shape[1]) == (4, 4)
    assert (old_sample[:, 3] == 1).all()
    assert {*found.samples} == {*SAMPLES}
    assert len(found.values["correct"]) == 52


def test_rows_of_another_form_that_nobody_upgrades_are_an_error(tmp_path: Path) -> None:
    update(plan(write_config(tmp_path / "old", THREE), 1), tmp_path / "store")
    new = write_config(tmp_path / "new", ONE_MORE.replace("def upgrade_row_fn", "def another"))
    assert observe(plan(new, 2), tmp_path / "store", "champion", ["loss"], NOW).values
    with pytest.raises(DataError, match="If rows have another form from now on, define `upgrade_row_fn`"):
        observe(plan(new, 2), tmp_path / "store", "champion", ["features"], NOW)


# No traces


def test_looking_writes_nothing_and_changes_nothing_that_comes_after(config: Path, tmp_path: Path) -> None:
    looked, blind = tmp_path / "looked", tmp_path / "blind"
    for where in (looked, blind):
        update(plan(config, 1, "derpp"), where)
    before, drawn = bytes_of(looked), torch.random.get_rng_state()
    found = observe(plan(config, 2, "derpp"), looked, "champion", [*SAMPLES, *VALUES], NOW)
    assert {*found.samples} == {*SAMPLES}
    assert bytes_of(looked) == before
    assert torch.equal(torch.random.get_rng_state(), drawn)
    for where in (looked, blind):
        update(plan(config, 2, "derpp"), where)
    assert outcome(Store(looked)) == outcome(Store(blind))


@pytest.mark.parametrize("method", ["ncm", "icarl", "cls_er"])
def test_a_version_answers_by_what_its_method_has_on_top(config: Path, tmp_path: Path, method: str) -> None:
    update(plan(config, 1, method), tmp_path)
    found = observe(plan(config, 2, method), tmp_path, "champion", ["correct", "outputs"], NOW)
    (row,) = [r for r in update(plan(config, 2, method), tmp_path).record["metrics"]["validation"] if r["number"] == 2]
    assert found.values["correct"][-12:, 1].mean() == pytest.approx(row["before"]["accuracy"])
