"""What is wrong is said before a step is trained, in words that tell what to do; and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.doubles import overwrite
from tests.transaction.stream import CONFIG, bytes_of, plan, write_config
from vernal.base import (
    ConfigError,
    ConflictError,
    CorruptState,
    DataError,
    EmptyChunk,
    SchemaMismatch,
    SchemaTooNew,
    StateError,
    StateNotFound,
    TrainingError,
    VernalError,
)
from vernal.methods import ER, DERpp
from vernal.state import pack, unpack
from vernal.store import Files, Store, open_files
from vernal.store.local import LocalFiles
from vernal.training import Training
from vernal.transaction import update


class Steps:
    """A reporter that counts checkpoints, of which there is one after every step."""

    def __init__(self) -> None:
        self.steps = 0

    def phase(self, name: str) -> None:
        pass

    def training(self, *_: object) -> None:
        pass

    def note(self, text: str) -> None:
        self.steps += text.startswith("checkpoint")


def assert_refused(
    error: type[VernalError], message: str, store: Path | Store, *arguments: Any, **options: Any
) -> None:
    """The update is refused before the first step, and the store is as it was."""
    folder = Path(store.url if isinstance(store, Store) else store)
    before, steps = bytes_of(folder), Steps()
    with pytest.raises(error, match=message) as raised:
        update(*arguments, store, reporter=steps, **options)
    assert type(raised.value) is error
    assert steps.steps == 0
    if any(name.startswith(("journal", "entry")) for name in before):
        assert bytes_of(folder) == before


# The functions of the config file

ARRAYS = """
import numpy as np


def data_module_fn(number: int) -> DataModule:
    n = 40
    x, y = torch.randn(n, 4), torch.arange(n) % 3
    module = DataModule(train=Chunk.from_arrays(x, y, name="c"), validation=Chunk.from_arrays(x, y, name="v"))
    CHANGE
    return module
"""


def arrays(change: str) -> str:
    """A config file whose data module was changed by one line."""
    return CONFIG + ARRAYS.replace("CHANGE", change)


def changed(old: str, new: str) -> str:
    """The config file with one thing changed."""
    assert old in CONFIG
    return CONFIG.replace(old, new)


FUNCTIONS: dict[str, tuple[str, type[VernalError], str]] = {
    "model_fn fails": (
        changed("    layers =", "    raise ValueError('no weights.')\n    layers ="),
        ConfigError, r"^config.py, line 10: `model_fn` fails: ValueError: no weights\.$",
    ),
    "model_fn gives no module": (
        changed("return nn.Sequential(*layers)", "return 3"),
        ConfigError, r"`model_fn` gives a int\. It must give a torch\.nn\.Module",
    ),
    "data_module_fn gives something else": (
        changed("return DataModule(train", "return dict(train"),
        ConfigError, r"`data_module_fn` gives a dict\. It must give a `vernal\.DataModule`",
    ),
    "prepare_data fails": (
        CONFIG + "\nclass M(DataModule):\n    def prepare_data(self):\n        open('/nowhere/x')\n\n"
        "def data_module_fn(number: int): return M()\n",
        ConfigError, r"config\.py, line \d+: `prepare_data` fails: FileNotFoundError: .* '/nowhere/x'\.",
    ),
    "setup fails": (
        CONFIG + "\nclass M(DataModule):\n    def setup(self):\n        open('/nowhere/x')\n\n"
        "def data_module_fn(number: int): return M()\n",
        ConfigError, r"config\.py, line \d+: `setup` fails: FileNotFoundError",
    ),
    "no train": (
        arrays("module.train = None"),
        ConfigError, r"has no `train` after `setup\(\)`\. Set `self\.train` to a chunk or a dataset",
    ),
    "train is a number": (arrays("module.train = 5"), ConfigError, r"`train` of the data module is a int\. It must be"),
    "train is a stream": (
        arrays("module.train = iter([(x[0], 1)])"),
        ConfigError, r"`train` .* It must be a `vernal\.Chunk` or a map-style torch dataset.*write a stream to a table",
    ),
    "rows are no pairs": (
        arrays("module.train = [1, 2]"), SchemaMismatch, r"Row 0 of the dataset is a int.* must be a pair \(x, y\)"
    ),
    "an empty chunk": (
        arrays("module.train = Chunk.from_arrays(x[:0], y[:0], name='monday')"),
        EmptyChunk, r"Chunk 'monday' has no rows\. A chunk needs at least one",
    ),
    "an empty dataset": (arrays("module.train = []"), EmptyChunk, "The dataset has no rows"),
    "empty validation": (
        arrays("module.validation = []"),
        EmptyChunk, r"The dataset has no rows.*Leave the part out \(None\) if there is no data for it",
    ),
    "validation of another shape": (
        arrays("module.validation = Chunk.from_arrays(x[:, :3], y)"),
        SchemaMismatch, r"The validation data: `x` is float32\(3\), but earlier rows have float32\(4\)",
    ),
    "NaN targets": (
        arrays("y = torch.rand(n); y[3] = y[5] = torch.nan; module.train = Chunk.from_arrays(x, y, name='m'); "
               "module.validation = None"),
        DataError, r"Chunk 'm' has 2 rows with a target that is NaN\. Remove or fill them",
    ),
    "NaN targets in validation": (
        arrays("module.train = Chunk.from_arrays(x, torch.rand(n)); "
               "module.validation = Chunk.from_arrays(x, torch.full((n,), torch.nan), name='v')"),
        DataError, r"Chunk 'v' has 40 rows with a target that is NaN",
    ),
    "labels outside the head": (
        arrays("module.train = Chunk.from_arrays(x, y + (torch.arange(n) == 7) * 9)"),
        TrainingError, r"has the label 10, but the model has 3 outputs, for labels 0 to 2. Give the model",
    ),
    "negative labels": (arrays("module.train = Chunk.from_arrays(x, y - 1)"), TrainingError, "has the label -1"),
    "labels outside the head in validation": (
        arrays("module.validation = Chunk.from_arrays(x, y + 1)"), TrainingError, "has the label 3, but the model has 3"
    ),
    "labels outside the head, with a loss_fn": (
        arrays("module.train = Chunk.from_arrays(x, y + (torch.arange(n) == 7) * 9)")
        + "\ndef loss_fn(): return nn.CrossEntropyLoss()\n",
        ConfigError, r"`loss_fn` fails on rows \(x: float32\(4\), y: int64\(\)\): IndexError: Target 10 is out of",
    ),
    "the model does not take the rows": (
        changed("features: int = 4", "features: int = 5"),
        ConfigError, r"the model fails on rows \(x: float32\(4\), y: int64\(\)\): RuntimeError: mat1 and mat2",
    ),
    "a regression of another width": (
        arrays("module.train = Chunk.from_arrays(x, torch.rand(n)); module.validation = None"),
        TrainingError, r"The model gives \(2, 3\) for targets \(2,\)\. For a regression it must give as many numbers",
    ),
    "no loss is implied": (
        arrays("module.train = Chunk.from_arrays(x, torch.zeros(n, 2, dtype=torch.int64)); module.validation = None"),
        ConfigError, r"no loss is implied\. Define `loss_fn` in the config file",
    ),
    "loss_fn gives no function": (
        CONFIG + "\ndef loss_fn(): return 5\n", ConfigError, r"`loss_fn` gives a int\. It must give a function of"
    ),
    "the loss is no tensor": (
        CONFIG + "\ndef loss_fn(): return lambda outputs, targets: torch.tensor(5)\n",
        TrainingError, r"The loss function gives tensor\(5\)\. It must give a decimal tensor",
    ),
    "lengths vary, and there is no collate": (
        arrays("module.train = [(torch.ones(1 + i // 3), i % 3) for i in range(9)]; module.validation = None"),
        DataError, r"`x` is float32\(\*\): its length varies from row to row.*Give the data module a `collate`",
    ),
    "a transform fails": (
        CONFIG + "\ndef train_transform(): return lambda x: x[:, 7]\n",
        DataError, r"A transform of the config file fails on a row of \(x: float32\(4\), y: int64\(\)\): IndexError",
    ),
    "a transform of memory fails": (
        CONFIG + "\ndef buffer_transform(): return lambda x: x[:, 7]\n", DataError, "A transform of the config file"
    ),
    "a transform is no function": (
        CONFIG + "\ndef test_transform(): return 5\n",
        ConfigError, r"A transform function of the config file gives a int\. It must give a function of one row",
    ),
    "optimizer_fn gives something else": (
        CONFIG + "\ndef optimizer_fn(parameters): return 3\n",
        ConfigError, r"`optimizer_fn` gives a int\. It must give a torch optimiser",
    ),
    "optimizer_fn fails": (
        CONFIG + "\ndef optimizer_fn(parameters): return torch.optim.SGD(parameters, lr=-1)\n",
        ConfigError, r"config\.py, line 28: `optimizer_fn` fails: ValueError: Invalid learning rate: -1\.$",
    ),
    "lr_scheduler_fn gives something else": (
        changed("return LinearLR(optimizer, total_iters=9)", "return 3"),
        ConfigError, r"`lr_scheduler_fn` gives a int\. It must give a torch scheduler; it is stepped after every step",
    ),
    "nothing to train": (
        changed("return nn.Sequential(*layers)", "return nn.Sequential(*layers).requires_grad_(False)"),
        ConfigError, r"No parameter of the model requires a gradient, so there is nothing to train",
    ),
    "metrics_fn gives no dictionary": (
        CONFIG + "\ndef metrics_fn(): return 3\n", ConfigError, r"`metrics_fn` gives a int\. It must give metrics"
    ),
    "metrics_fn gives no metrics": (
        CONFIG + "\ndef metrics_fn(): return {'auc': 3}\n",
        ConfigError, r"`metrics_fn` gives a int for 'auc'\. It must give metrics as those of torchmetrics are",
    ),
    "method_fn gives something else": (
        CONFIG + "\ndef method_fn(): return 'er'\n",
        ConfigError, r"`method_fn` gives a str\. It must give a `vernal\.methods\.Method`",
    ),
    "model_fn is missing": (CONFIG.replace("model_fn", "modell"), ConfigError, r"`model_fn` is missing\. Define it"),
}  # fmt: skip


@pytest.mark.parametrize("case", FUNCTIONS)
def test_what_is_wrong_with_the_config_file_or_its_data_is_said_before_training(
    store: Path, tmp_path: Path, case: str
) -> None:
    text, error, message = FUNCTIONS[case]
    method = None if "def method_fn" in text else "er"
    where = store if "buffer_transform" in text else tmp_path / "store"
    assert_refused(error, message, where, plan(write_config(tmp_path, text), 2, method))


def test_a_loss_that_is_not_finite_ends_the_training_and_loses_nothing(
    store: Path, config: Path, tmp_path: Path
) -> None:
    text = CONFIG + "\ndef optimizer_fn(parameters): return torch.optim.SGD(parameters, lr=1e30)\n"
    before = bytes_of(store)
    message = (
        r"The loss became nan in epoch \d, by step \d+\. Nothing was stored; the champion is as it was\. Lower the "
        r"learning rate, set `clip_norm`, or look for missing values in the data\."
    )
    with pytest.raises(TrainingError, match=message):
        update(plan(write_config(tmp_path, text), 2), store)
    assert bytes_of(store) == before
    (scratch,) = (store / "scratch").iterdir()
    assert not (scratch / "checkpoint.safetensors").exists()  # Else the next run would go on from NaN.


def test_a_metric_without_a_value_is_kept_as_none(store: Path, tmp_path: Path) -> None:
    text = CONFIG + METRIC
    result = update(plan(write_config(tmp_path, text), 2), store)
    assert result.metrics["undefined"] is None
    assert update(plan(write_config(tmp_path, text), 3), store).metrics["undefined"] is None


METRIC = """

class Undefined:
    def update(self, outputs, targets): pass
    def compute(self): return float("nan")
    def reset(self): pass
    def to(self, device): return self


def metrics_fn(): return {"undefined": Undefined()}
"""


# The plan

OPTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "no unit": (
        {"budget": "5"},
        r"'5' is not a duration\. Write a number and a unit, one of ep \(epochs\), st \(steps\)",
    ),
    "a number": ({"budget": 5}, "'5' is not a duration"),
    "negative": ({"budget": "-3ep"}, "'-3ep' is not a duration"),
    "not a number": ({"budget": "nanep"}, "'nanep' is not a duration"),
    "half an epoch": ({"budget": "1.5ep"}, r"must be a whole number of epochs, at least 0, got 1\.5"),
    "no batch": ({"batch_size": 0}, "`batch_size` must be at least 1, got 0"),
    "half a batch": ({"batch_size": 2.5}, r"`batch_size` must be a whole number, got 2\.5"),
    "text": ({"batch_size": "64"}, "`batch_size` must be at least 1, got '64'"),
    "precision": ({"precision": "8"}, "`precision` must be one of 32-true, .*, got '8'"),
    "accelerator": ({"accelerator": "gpx"}, "`accelerator` must be one of auto, cpu, cuda, mps, got 'gpx'"),
    "infinite": ({"clip_norm": float("inf")}, "`clip_norm` must be at least 0, got inf"),
    "both": ({"clip_norm": 1, "clip_value": 1}, r"`clip_norm` and `clip_value` are both set\. Set one of them"),
    "no patience": ({"patience": 0}, "`patience` must be at least 1, got 0"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_of_the_training_that_mean_nothing_are_refused(case: str) -> None:
    options, message = OPTIONS[case]
    with pytest.raises(ConfigError, match=message):
        Training(**options)


def test_an_accelerator_that_is_not_there_is_named(store: Path, config: Path) -> None:
    assert_refused(ConfigError, "`accelerator` 'mps' .* cannot be used here", store, plan(config, 2, accelerator="mps"))


def test_early_stopping_needs_validation_data(store: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, arrays("module.validation = None"))
    message = r"`patience` stops training when .*, but the data module has no `validation`\. Give it one, or leave"
    assert_refused(ConfigError, message, store, plan(config, 2, patience=1))


def test_early_stopping_needs_a_metric_that_is_measured(store: Path, config: Path) -> None:
    message = "`monitor` is 'auc', but the validation measures accuracy, macro_f1, loss"
    assert_refused(ConfigError, message, store, plan(config, 2, patience=1, monitor="auc"))


def test_arguments_of_the_wrong_type_are_named(store: Path, config: Path) -> None:
    assert_refused(ConfigError, "must be a `vernal.Plan`, got None", store, None)
    with pytest.raises(ConfigError, match="must be a store, or a folder or a URL, got 3"):
        update(plan(config, 2), 3)  # type: ignore[arg-type]


# What is in the store


@pytest.mark.parametrize("artefact", ["model", "method", "memory", "validation"])
@pytest.mark.parametrize("missing", [False, True])
def test_a_damaged_or_missing_blob_is_found_before_training(
    store: Path, config: Path, artefact: str, missing: bool
) -> None:
    blob = Store(store).record("champion")["artefacts"][artefact]["blob"]
    spoil(store, f"blobs/{blob[:2]}/{blob}", missing)
    refuse_spoilt(store, config, blob, missing)


@pytest.mark.parametrize("column", range(4))  # x, y, ids, times
@pytest.mark.parametrize("memory", ["memory", "validation"])
@pytest.mark.parametrize("missing", [False, True])
def test_a_damaged_or_missing_column_is_found_before_training(
    store: Path, config: Path, memory: str, column: int, missing: bool
) -> None:
    blob = Store(store).record("champion")["artefacts"][memory]["needs"][column]
    spoil(store, f"blobs/{blob[:2]}/{blob}", missing)
    refuse_spoilt(store, config, blob, missing)


def spoil(store: Path, path: str, missing: bool = False) -> None:
    files = open_files(store)
    data = files.read(path)
    if missing:
        files.remove(path)
    else:
        overwrite(files, path, data[:-1] + bytes([data[-1] ^ 1]))


def refuse_spoilt(store: Path, config: Path, blob: str, missing: bool) -> None:
    error, what = (StateNotFound, "is not in") if missing else (CorruptState, "is damaged")
    message = rf"Blob {blob[:12]} (in .* )?{what}.* back from a backup, or "
    assert_refused(error, message, store, plan(config, 2))
    assert [blob[:12] in str(problem) for problem in Store(store).verify()] == [True]


def test_a_tampered_journal_is_found(tmp_path: Path, config: Path) -> None:
    store = tmp_path / "in files"
    update(plan(config, 1), Store(store, ledger="files"))
    entry = store / "journal" / "00000001.json"
    overwrite(open_files(store), "journal/00000001.json", entry.read_bytes().replace(b"update", b"updata"))
    assert_refused(CorruptState, "journal/00000001.json is damaged: its bytes are not", store, plan(config, 2))


def test_a_store_of_a_later_version_is_not_touched(store: Path, config: Path) -> None:
    overwrite(open_files(store), "vernal.json", b'{"schema_version":3}')
    assert_refused(SchemaTooNew, "has schema 3, and this vernal reads up to 2.*pip install", store, plan(config, 2))


def test_a_record_of_a_later_version_is_not_followed(store: Path, config: Path) -> None:
    rewrite(store, lambda record: record | {"schema_version": 2})
    message = "was recorded with schema version 2; this vernal reads up to 1.*pip install"
    assert_refused(SchemaTooNew, message, store, plan(config, 2))


def test_a_memory_of_a_later_version_is_not_read(store: Path, config: Path) -> None:
    found = Store(store)
    memory = unpack(found.blobs.get(found.record("champion")["artefacts"]["memory"]["blob"]))
    later = found.blobs.put(pack(memory | {"schema_version": 2}))
    rewrite(store, lambda r: r | {"artefacts": r["artefacts"] | {"memory": r["artefacts"]["memory"] | {"blob": later}}})
    message = "The memory has schema version 2; this vernal reads up to 1.*pip install"
    assert_refused(SchemaTooNew, message, store, plan(config, 2))


def rewrite(store: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Commit a changed copy of the champion's record beside it, and make that the champion."""
    found = Store(store)
    record = found.record("champion")
    copy = change(record) | {"id": "other", "name": "other", "request": "other"}
    found.commit(copy, promote=True, parent=record["id"])


# The lineage


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("x = torch.randn(n, 5)", r"Chunk 'c': `x` is float32\(5\), but earlier rows have float32\(4\)"),
        ("x = x.double()", r"Chunk 'c': `x` is float64\(4\), but earlier rows have float32\(4\)"),
        ("x = {'a': x}", r"Chunk 'c': rows are built as \(x\.a: float32\(4\), y: int64\(\)\), but earlier rows as"),
        ("y = y.float()", r"Chunk 'c': `y` is float32\(\), but earlier rows have int64\(\)"),
    ],
)
def test_a_chunk_of_another_form_is_refused(store: Path, tmp_path: Path, change: str, message: str) -> None:
    text = arrays(f"{change}; module.train = Chunk.from_arrays(x, y, name='c'); module.validation = None")
    assert_refused(SchemaMismatch, message, store, plan(write_config(tmp_path, text), 2))


def test_another_architecture_is_refused(store: Path, config: Path) -> None:
    message = (
        r"(?s)The weights of update \w+ do not fit the model that `model_fn` builds: .*0\.weight.* Give the arguments"
    )
    assert_refused(SchemaMismatch, message, store, plan(config, 2, arguments={"width": 9}))


def test_another_method_must_be_meant(store: Path, config: Path) -> None:
    message = r"was trained with the method 'er', and this plan says 'fine_tune'\. Go on with 'er', or say that the"
    assert_refused(ConflictError, message, store, plan(config, 2, "fine_tune"))
    assert update(replace(plan(config, 2, "fine_tune"), change_method=True), store).promoted


def test_what_the_new_method_does_not_need_is_left_out_of_the_memory(config: Path, tmp_path: Path) -> None:
    update(plan(config, 1, DERpp(memory_size=30)), tmp_path)
    for number in (2, 3):
        result = update(replace(plan(config, number, ER(memory_size=30)), change_method=True), tmp_path)
        assert result.record["memory"]["rows"] == 30
    tree = unpack(Store(tmp_path).blobs.get(result.record["artefacts"]["memory"]["blob"]))
    assert tree["kept"] == {}
    assert all("z" not in segment["columns"] for segment in tree["segments"])


def test_logits_that_the_model_gives_no_more_are_found_before_training(config: Path, tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    wide = write_config(tmp_path / "wide", CONFIG + WIDE)
    update(plan(wide, 1, "derpp"), tmp_path / "store")
    message = r"Rows are kept with `z`: float32\(3\), but those in memory with `z`: float32\(5\)"
    assert_refused(SchemaMismatch, message, tmp_path / "store", plan(config, 2, "derpp"))


WIDE = """

class Wide(nn.Sequential):
    def forward(self, x):
        return torch.nn.functional.pad(super().forward(x), (0, 2))


def model_fn() -> nn.Module:
    return Wide(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
"""


def test_a_memory_can_shrink_and_grow(store: Path, config: Path) -> None:
    sizes = {2: 10, 3: 30, 4: 3}
    results = {n: update(plan(config, n, ER(memory_size=size)), store) for n, size in sizes.items()}
    assert {n: result.record["memory"]["rows"] for n, result in results.items()} == sizes
    assert results[4].record["memory"]["seen"] == 160
    assert Store(store).verify() == []


def test_a_parent_that_does_not_exist_is_named(store: Path, config: Path) -> None:
    assert_refused(StateNotFound, "No record is called 'abc'", store, plan(config, 2), parent="abc")


# The place


def test_a_store_that_is_a_file_is_refused(config: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StateError, match=r"file could not be read: .*Not a directory.*Check the address and your"):
        update(plan(config, 1), tmp_path / "file")


def test_a_folder_with_something_else_in_it_is_refused(config: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("x", encoding="utf-8")
    with pytest.raises(StateError, match=r"holds other files and no vernal store\. Name an empty folder"):
        update(plan(config, 1), tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


class ReadOnlyFiles(LocalFiles):
    """A folder in which nobody may write; file modes do not say so to a superuser."""

    def write(self, path: str, data: bytes) -> None:
        raise StateError(f"{path} could not be written to {self.url}: Permission denied.")

    create = write

    def put_file(self, path: str, local: Path) -> None:
        self.write(path, b"")


def test_a_store_that_is_read_only_is_not_changed(store: Path, first: Path, config: Path) -> None:
    files: Files = ReadOnlyFiles(store)
    with pytest.raises(StateError, match="could not be written to .*: Permission denied"):
        update(plan(config, 2), Store(files))
    assert bytes_of(store) == bytes_of(first)
    assert update(plan(config, 1), Store(files)).repeated  # What is there can be read.


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_without_the_right_to_write_is_named(store: Path, config: Path) -> None:
    for folder in (store, *(path for path in store.rglob("*") if path.is_dir())):
        folder.chmod(0o555)
    with pytest.raises(StateError, match="Check your rights there"):
        update(plan(config, 2), store)
    for folder in (store, *(path for path in store.rglob("*") if path.is_dir())):
        folder.chmod(0o755)


def test_a_model_fn_that_gives_one_object_again_and_again_is_refused(config: Path, tmp_path: Path) -> None:
    text = config.read_text(encoding="utf-8") + "\nONE = model_fn()\n\n\ndef model_fn():\n    return ONE\n"
    shared = tmp_path / "shared.py"
    shared.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="gives the same object again. It must build a new model at every call"):
        update(plan(shared, 1), tmp_path / "store")
