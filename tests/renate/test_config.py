"""What the functions of a config file that was written for Renate are given, and may give."""

from __future__ import annotations

import pytest
import torch

from tests.renate.snippets import SPACE, checkpoint, run_job, write_config
from vernal.base import ConfigError, TrainingError


def two_jobs(config, folder, **options):
    run_job(config, folder)
    return run_job(config, folder, input_state_url=folder, chunk_id=1, **options)


def appended(tmp_path, text, *changes):
    config = write_config(tmp_path, *changes)
    config.write_text(config.read_text() + text)
    return config


# Models


def test_hyperparameters_of_a_model_come_from_its_state(tmp_path):
    run_job(write_config(tmp_path), tmp_path / "first")
    config = write_config(tmp_path, ("num_hidden=16", "num_hidden=99"))
    run_job(config, tmp_path / "second", input_state_url=tmp_path / "first", chunk_id=1)
    assert checkpoint(tmp_path / "second")["_fc1.weight"].shape == (16, 16)


def test_a_model_that_overlooks_its_checkpoint_is_an_error(tmp_path):
    config = write_config(tmp_path, ("if model_state_url is None:", "if True:"))
    with pytest.raises(ConfigError, match="`model_fn` was given a checkpoint, but '_fc1.weight' in its model is not"):
        two_jobs(config, tmp_path / "state")


def test_a_wrapped_model_is_loaded_as_the_documentation_says(tmp_path):
    text = """
from vernal.renate.models.renate_module import RenateWrapper

def model_fn(model_state_url: Optional[str] = None) -> RenateModule:
    my_torch_model = torch.nn.Linear(16, 4)
    model = RenateWrapper(my_torch_model)
    if model_state_url is not None:
        state_dict = torch.load(str(model_state_url))
        model.load_state_dict(state_dict)
    return model
"""
    assert two_jobs(appended(tmp_path, text), tmp_path / "state").record["number"] == 2


def test_any_module_will_do(tmp_path):
    text = """
def model_fn(hidden: int = 8) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(16, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 4))
"""
    assert two_jobs(appended(tmp_path, text), tmp_path / "state").record["number"] == 2


def test_arguments_need_no_types_where_no_hyperparameters_are_meant(tmp_path):
    config = write_config(
        tmp_path,
        ("model_fn(model_state_url: Optional[str] = None)", "model_fn(model_state_url=None)"),
        ("data_module_fn(data_path: str, chunk_id: int = 0, seed: int = defaults.SEED)", "data_module_fn(data_path)"),
        ("MyDataModule(data_path, chunk_id, val_size=0.2, seed=seed)", "MyDataModule(data_path, 0, val_size=0.2)"),
    )
    assert run_job(config, tmp_path / "state").record["number"] == 1


HEADS = """
class Heads(RenateModule):
    def __init__(self) -> None:
        super().__init__(constructor_arguments={})
        self.backbone = torch.nn.Linear(16, 8)
        self.heads = torch.nn.ModuleDict()

    def forward(self, x, task_id=None):
        return self.heads[task_id](torch.relu(self.backbone(x)))

    def _add_task_params(self, task_id):
        self.heads[task_id] = torch.nn.Linear(8, 4)

    def get_params(self, task_id=None):
        return [*self.backbone.parameters(), *self.heads[task_id].parameters()]


def model_fn(model_state_url: Optional[str] = None) -> RenateModule:
    return Heads() if model_state_url is None else Heads.from_state_dict(torch.load(model_state_url))
"""


def test_a_task_gets_its_own_head_and_leaves_others_alone(tmp_path):
    config, space = appended(tmp_path, HEADS), {"optimizer": "SGD", "weight_decay": 0.1, "learning_rate": 0.1}
    run_job(config, tmp_path / "a", task_id="a", config_space=space)
    run_job(config, tmp_path / "b", task_id="b", config_space=space, input_state_url=tmp_path / "a", chunk_id=1)
    a, b = checkpoint(tmp_path / "a"), checkpoint(tmp_path / "b")
    assert b.keys() - a.keys() == {"heads.b.weight", "heads.b.bias"}
    assert torch.equal(a["heads.a.weight"], b["heads.a.weight"])
    assert not torch.equal(a["backbone.weight"], b["backbone.weight"])


# Losses


def test_the_loss_of_the_file_comes_before_that_of_the_model(tmp_path):
    text = """
def loss_fn() -> torch.nn.Module:
    return torch.nn.MultiMarginLoss(reduction="none")
"""
    own = run_job(appended(tmp_path, text), tmp_path / "own")
    (tmp_path / "renate_config.py").unlink()
    models = run_job(write_config(tmp_path, ("CrossEntropyLoss", "MultiMarginLoss")), tmp_path / "models")
    cross = run_job(write_config(tmp_path), tmp_path / "cross")
    assert own.record["training"]["losses"] == models.record["training"]["losses"]
    assert own.record["training"]["losses"] != cross.record["training"]["losses"]


def test_a_loss_that_is_reduced_is_the_same_loss(tmp_path):
    whole = run_job(write_config(tmp_path), tmp_path / "whole")
    mean = run_job(write_config(tmp_path, ('(reduction="none")', "()")), tmp_path / "mean")
    assert mean.record["training"]["losses"] == pytest.approx(whole.record["training"]["losses"], rel=1e-5)


# Data


def test_data_goes_below_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noted = "        import pathlib\n\n        pathlib.Path('seen.txt').write_text(str(self._data_path))\n"
    config = write_config(tmp_path, ("        pass\n", noted))
    run_job(config, tmp_path / "state", working_directory="somewhere")
    assert (tmp_path / "seen.txt").read_text() == "somewhere/data"


def test_parts_with_different_collate_functions_are_refused(tmp_path):
    config = write_config(
        tmp_path, ("        self._test_data =", "        self._train_collate_fn = list\n        self._test_data =")
    )
    with pytest.raises(ConfigError, match="The collate functions for training, validation and test data differ"):
        run_job(config, tmp_path / "state")


def test_a_collate_function_makes_the_batches(tmp_path):
    config = write_config(
        tmp_path,
        ("        self._test_data =", "        self._train_collate_fn = self._val_collate_fn = self._test_collate_fn = "
         "collate\n        self._test_data ="),
    )  # fmt: skip
    config.write_text(
        config.read_text()
        + "\ndef collate(rows):\n    x, y = zip(*rows)\n    return torch.stack(x) * 0, torch.stack(y)\n"
    )
    assert run_job(config, tmp_path / "state").metrics["accuracy"] < 0.6


# Optimisers, schedules, metrics


OWN = """
from functools import partial
from torch.optim import SGD
from torch.optim.lr_scheduler import StepLR

def optimizer_fn(momentum: float = 0.5) -> Callable:
    return partial(SGD, lr=0.1, momentum=momentum)

def lr_scheduler_fn() -> tuple:
    return partial(StepLR, step_size=1, gamma=0.0), "epoch"
"""


def test_optimizers_and_schedules_may_be_partial(tmp_path):
    config = appended(tmp_path, OWN)
    one, three = (
        run_job(config, tmp_path / str(n), max_epochs=n, config_space={"momentum": 0.0}, metric=None, mode="min")
        for n in (1, 3)
    )
    assert torch.equal(checkpoint(tmp_path / "1")["_fc1.weight"], checkpoint(tmp_path / "3")["_fc1.weight"])
    assert one.record["plan"]["arguments"] == {"chunk_id": 0, "momentum": 0.0}
    assert three.record["training"]["epochs"] == 3


def test_values_for_an_optimizer_that_the_file_does_not_take_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"config_space\['learning_rate'\]: is no hyperparameter of ER"):
        run_job(appended(tmp_path, OWN), tmp_path / "state", config_space=SPACE)


def test_an_optimizer_that_cannot_be_made_is_named(tmp_path):
    config = appended(tmp_path, OWN.replace("lr=0.1", "learning_rate=0.1"))
    with pytest.raises(ConfigError, match="what `optimizer_fn` gives fails: TypeError: .*learning_rate"):
        run_job(config, tmp_path / "state", config_space={})


def test_own_metrics_choose_the_best_epoch(tmp_path):
    text = """
from torchmetrics import Accuracy

def metrics_fn() -> dict:
    return {"my_accuracy": Accuracy(task="multiclass", num_classes=4)}
"""
    result = run_job(appended(tmp_path, text), tmp_path / "state", metric="val_my_accuracy")
    assert result.metrics["my_accuracy"] == pytest.approx(result.metrics["accuracy"])


def test_a_value_reaches_every_function_that_names_it(tmp_path):
    text = """
def model_fn(width: int, batch_size: int, model_state_url: Optional[str] = None) -> torch.nn.Module:
    sizes = [(16, width), (width, batch_size), (batch_size, 4)]
    return torch.nn.Sequential(*[torch.nn.Linear(*size) for size in sizes])

def train_target_transform(width: int) -> Callable:
    assert width == 5
    return lambda y: y
"""
    run_job(appended(tmp_path, text), tmp_path / "state", config_space=SPACE | {"width": 5})
    state = checkpoint(tmp_path / "state")
    assert [state[f"{i}.weight"].shape[0] for i in range(3)] == [5, 20, 4]


def test_labels_outside_the_head_are_found_before_training(tmp_path):
    config = write_config(tmp_path, ("Linear(num_hidden, 4)", "Linear(num_hidden, 3)"))
    with pytest.raises(TrainingError, match="has the label 3, but the model has 3 outputs"):
        run_job(config, tmp_path / "state")
