from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.cli.conftest import Vernal

MODEL = "from torch import nn\ndef model_fn(hidden: int = 4) -> nn.Module:\n    return nn.Linear(2, hidden)\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "own.py"
    file.write_text(MODEL + dedent(text))
    return file


def data(body: str) -> str:
    return "import torch\nfrom vernal import Chunk, DataModule\ndef data_module_fn():\n" + f"    {body}\n"


def test_functions_and_hyperparameters_are_listed(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config)
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["hidden", "int", "4", "model_fn", "--hidden"] in lines
    assert ["chunk", "int", "required", "data_module_fn", "--chunk"] in lines
    assert "One chunk of the stream." in ran.out
    assert ran.out.endswith(
        "No problems. Only the file was looked at: --data tries data, model, loss and metrics on one batch as well.\n"
    )


def test_every_problem_is_told_at_once(vernal: Vernal, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        def data_module(chunk, seed=0): ...
        def loss_fn(*weights: float): ...
        def metrics_fn(store: str = ""): ...
        def train_transform(size: dict = {}): ...
        """,
    )
    ran = vernal("check", file, "--hidden", "many")
    assert ran.code == 1
    for part in (
        "own.py: `data_module_fn` is missing.",
        "loss_fn(weights): collects arguments.",
        "train_transform(size): has the type dict;",
        "metrics_fn(store): cannot be set from the command line: --store is an option of vernal itself.",
        "e.g. `my_store`",
    ):
        assert part in ran.err
    assert "No problems" not in ran.out


def test_a_wrong_value_is_told(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--hidden", "many")
    assert ran.code == 1
    assert "hidden: must be int, got 'many'." in ran.err


def test_a_wrong_value_is_told_beside_what_is_wrong_with_the_file(vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal("check", write(tmp_path, "def data_module_fn(chunk): ..."), "--hidden", "many", "--chunk", "3")
    assert "data_module_fn(chunk): has no type." in ran.err
    assert "hidden: must be int, got 'many'." in ran.err


def test_an_unknown_option_is_refused_with_a_suggestion(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--chnk", "3")
    assert ran.code == 2
    assert "Did you mean --chunk?" in ran.err


@pytest.mark.parametrize(
    "name", ["seed", "budget", "memory_size", "data", "json", "change_method", "tune", "max_trials", "constraint"]
)
def test_names_of_all_options_are_reserved(name: str, vernal: Vernal, tmp_path: Path) -> None:
    file = write(tmp_path, f"def data_module_fn(): ...\ndef loss_fn({name}: int = 0): ...")
    ran = vernal("check", file)
    assert ran.code == 1
    assert f"loss_fn({name}): cannot be set from the command line" in ran.err


def test_options_of_a_method_are_free_where_the_file_chooses_the_method(vernal: Vernal, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        from vernal.methods import ER
        def data_module_fn(): ...
        def method_fn(memory_size: int = 7): return ER(memory_size=memory_size)
        """,
    )
    assert vernal("check", file).code == 0


def test_a_file_that_cannot_be_imported_is_told_with_the_line(vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal("check", write(tmp_path, "1 / 0"))
    assert ran.code == 1
    assert "own.py, line 4: cannot be imported: ZeroDivisionError" in ran.err


def test_no_file_is_a_mistake_in_the_command_line(vernal: Vernal) -> None:
    ran = vernal("check", "--data")
    assert ran.code == 2
    assert "Name the config file: vernal check CONFIG" in ran.err


# --data


def test_data_and_model_are_tried_on_demand(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--chunk", "1", "--data")
    assert (ran.code, ran.err) == (0, "")
    assert "train 64, validation 32" in ran.out
    assert "x: float32(2), y: int64()" in ran.out
    assert "22 parameters to learn" in ran.out
    assert "accuracy, macro_f1, loss" in ran.out
    assert ran.out.endswith("No problems.\n")


def test_metrics_are_tried_as_well(vernal: Vernal, tmp_path: Path) -> None:
    body = data("return DataModule(Chunk.from_arrays(torch.zeros(4, 2), torch.zeros(4).long()))")
    ran = vernal("check", write(tmp_path, body + "def metrics_fn() -> list:\n    return [1]\n"), "--data")
    assert ran.code == 1
    assert "`metrics_fn` gives a list." in ran.err


def test_data_needs_all_values(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--data")
    assert ran.code == 2
    assert "drift.py needs a value for --chunk INT (of data_module_fn)." in ran.err


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return 5", "`data_module_fn` gives a int. It must give a `vernal.DataModule`."),
        ("raise OSError('no network')", "OSError: no network"),
        ("return DataModule(Chunk.from_arrays(torch.zeros(4, 2), torch.full((4,), 9)))", "the label 9"),
        ("return DataModule(Chunk.from_arrays(torch.zeros(4, 3), torch.zeros(4).long()))", "cannot be multiplied"),
    ],
)
def test_what_does_not_fit_is_found(body: str, message: str, vernal: Vernal, tmp_path: Path) -> None:
    ran = vernal("check", write(tmp_path, data(body)), "--data")
    assert ran.code == 1
    assert message in ran.err
    assert "Traceback" not in ran.err


# Ranges


def test_ranges_are_shown_with_what_the_first_trial_has(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--chunk=1", "--hidden", "randint(2, 8)", "--lr=loguniform(1e-4, 1e-1)")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split("  ") for line in ran.out.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert ["chosen by tuning", "from", "in the first trial"] in cells
    assert ["hidden", "randint(2, 8)", "4"] in cells
    assert ["lr", "loguniform(0.0001, 0.1)", "0.001"] in cells


def test_the_space_of_the_file_is_checked(vernal: Vernal, tmp_path: Path) -> None:
    space = "def data_module_fn(): ...\ndef space_fn(): return {'hidden': 'choice(2, x)', 'hiden': 'randint(1, 2)'}"
    ran = vernal("check", write(tmp_path, space))
    assert ran.code == 1
    assert "hidden: must be int, got 'x', in choice(2, x)." in ran.err
    assert "hiden: is no hyperparameter of the method, the training or a function of the config file. " in ran.err


def test_the_space_of_the_file_is_checked_for_a_method(vernal: Vernal, tmp_path: Path) -> None:
    file = write(tmp_path, "def data_module_fn(): ...\ndef space_fn(): return {'beta': 'uniform(0, 1)'}")
    assert "beta: is no hyperparameter" in vernal("check", file).err
    ran = vernal("check", file, "--method", "derpp")
    assert ran.code == 0
    assert "uniform(0, 1)" in ran.out


def test_an_unknown_method_is_refused_with_a_suggestion(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--method", "choice(er, derp)")
    assert ran.code == 1
    assert "No method is called 'derp'. Did you mean 'derpp' or 'der'?" in ran.err


def test_what_is_wrong_with_ranges_is_told_at_once(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--chunk=x", "--hidden", "randint(2)", "--lr=loguniform(0, 1)")
    assert ran.code == 1
    for part in ("3 problems", "chunk: must be int", "hidden: 'randint(2)' is no range", "lr: loguniform(0, 1) is log"):
        assert part in ran.err


def test_data_is_tried_with_the_values_of_the_first_trial(vernal: Vernal, config: str) -> None:
    ran = vernal("check", config, "--chunk=1", "--hidden", "randint(2, 8)", "--data")
    assert (ran.code, ran.err) == (0, "")
    assert "22 parameters to learn" in ran.out


def test_a_plan_that_gives_all_that_the_file_would_choose_is_a_plain_one(vernal: Vernal, tmp_path: Path) -> None:
    file = write(tmp_path, "def data_module_fn(): ...\ndef space_fn(): return {'hidden': 'choice(2, 4)'}")
    ran = vernal("check", file, "--hidden", "3")
    assert (ran.code, ran.err) == (0, "")
    assert "chosen by tuning" not in ran.out
