"""A config file is read without running its functions, and all that is wrong with it is told at once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from tests.data.datasets import global_states
from vernal.base import ConfigError, DataError
from vernal.config import ConfigFile, load_config

GOOD = """
from torch import nn


def model_fn(width: int = 8, seed: int = 0) -> nn.Module:
    return nn.Linear(4, width)


def data_module_fn(path: str, width: int) -> None:
    return None
"""


def load(folder: Path, text: str, name: str = "config.py") -> ConfigFile:
    (folder / name).write_text(text, encoding="utf-8")
    return load_config(folder / name)


def problems(folder: Path, text: str) -> list[str]:
    return [str(problem) for problem in load(folder, text).problems]


def test_hyperparameters_are_the_typed_arguments_of_all_functions(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert config.problems == ()
    assert {name: argument.functions for name, argument in config.arguments.items()} == {
        "width": ("model_fn", "data_module_fn"),
        "path": ("data_module_fn",),
        "lr": ("optimizer_fn",),
        "weight_decay": ("optimizer_fn",),
    }
    assert config.arguments["width"].is_required  # One of the two functions has no default.


def test_values_come_from_the_call_or_from_the_defaults_and_text_is_read(tmp_path: Path) -> None:
    values, wrong = load(tmp_path, GOOD).values({"width": "16", "path": "a.csv", "lr": 1})
    assert wrong == []
    assert values == {"width": 16, "path": "a.csv", "lr": 1.0, "weight_decay": 0.0}
    assert isinstance(values["lr"], float)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "a"}, "width: has no value, and model_fn and data_module_fn needs one. Pass width=..."),
        ({"path": "a", "width": "x"}, "width: must be int, got 'x'."),
        ({"path": "a", "width": 1.5}, "width: must be int, got 1.5."),
        ({"path": "a", "width": True}, "width: must be int, got True."),
        ({"path": "a", "width": 1, "lr": float("nan")}, "lr: must be a finite number, got nan."),
        ({"path": "a", "width": 1, "widht": 2}, "widht: is no argument of any function in the file. Did you mean"),
        ({"path": "a", "width": 1, 5: 2}, "5: is no argument of any function in the file."),
    ],
)
def test_a_value_that_does_not_fit_is_named(tmp_path: Path, given: dict[str, object], message: str) -> None:
    (problem,) = load(tmp_path, GOOD).values(given)[1]
    assert str(problem).startswith(message)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("width", "model_fn(width): has no type. Annotate it, e.g. `width: int`: it is a hyperparameter, not data."),
        ("width: dict = {}", "model_fn(width): has the type dict; allowed are bool, int, float, str, list, tuple, Lit"),
        ("width: int | str = 1", "model_fn(width): has the type int | str; allowed are"),
        ("width: 'Nope' = 1", "model_fn: has annotations that cannot be read (name 'Nope' is not defined)."),
        ("width: int = 'a'", "model_fn(width): must be int, got 'a'."),
        ("**options", "model_fn(options): collects arguments. Name and type each of them."),
    ],
)
def test_an_argument_that_is_no_hyperparameter_is_named(tmp_path: Path, argument: str, message: str) -> None:
    (problem,) = problems(tmp_path, f"def model_fn({argument}): ...\ndef data_module_fn(): ...\n")
    assert problem.startswith(message)


def test_one_name_has_one_type(tmp_path: Path) -> None:
    text = "def model_fn(width: int): ...\ndef data_module_fn(width: float): ...\n"
    assert problems(tmp_path, text) == [
        "data_module_fn(width): is float, but model_fn has int. One name is one hyperparameter: give both the same "
        "type, or two names."
    ]


def test_one_name_has_one_default(tmp_path: Path) -> None:
    text = (
        "def model_fn(size: int): ...\ndef data_module_fn(size: int = 32): ...\ndef test_transform(size: int = 64): ..."
    )
    assert problems(tmp_path, text) == []  # A value must be given, so no default is ever used.
    assert problems(tmp_path, text.replace("model_fn(size: int)", "model_fn(size: int = 32)")) == [
        "test_transform(size): is 64 by default, but model_fn has 32. One name is one hyperparameter: give both the "
        "same default, or two names."
    ]


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert problems(tmp_path, "def model_fn(width): ...\ndef los_fn(): ...\n") == [
        "config.py: `data_module_fn` is missing. Define it: `def data_module_fn(...)`.",
        "config.py: `los_fn` is never called. Did you mean `loss_fn`?",
        "model_fn(width): has no type. Annotate it, e.g. `width: int`: it is a hyperparameter, not data.",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\nx / 0\n", r"^config\.py, line 3: cannot be imported: ZeroDivisionError: division by zero\.$"),
        ("def f(:\n", r"^config\.py, line 1: cannot be imported: SyntaxError: invalid syntax"),
        ("import nowhere_at_all\n", r"^config\.py, line 1: cannot be imported: ModuleNotFoundError: No module named"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    before = set(sys.modules)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, text)
    assert set(sys.modules) == before


@pytest.mark.parametrize("name", [".", "nope.py"])
def test_a_path_that_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"does not exist, or is not a file\. Give the path of a Python file\."):
        load_config(tmp_path / name)


def test_a_function_that_fails_is_told_with_the_line(tmp_path: Path) -> None:
    config = load(tmp_path, "def model_fn():\n    return open('/nowhere/x')\n")
    with pytest.raises(
        ConfigError, match=r"^config\.py, line 2: `model_fn` fails: FileNotFoundError: .*'/nowhere/x'\.$"
    ):
        config.call("model_fn", {})


def test_what_vernal_says_inside_a_function_stays_as_it_is(tmp_path: Path) -> None:
    config = load(tmp_path, "from vernal.base import DataError\ndef model_fn():\n    raise DataError('no rows')\n")
    with pytest.raises(DataError, match="^no rows$"):
        config.call("model_fn", {})


def test_a_function_that_the_file_lacks_gives_none(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).call("loss_fn", {}) is None


# The code of a config file is the file, and what it imports from beside it.

HELPED = "import {module}\n\ndef model_fn(): return {module}.VALUE\n"


def test_modules_beside_the_file_belong_to_its_code(tmp_path: Path) -> None:
    (tmp_path / "beside_a.py").write_text("VALUE = 1\n", encoding="utf-8")
    before = load(tmp_path, HELPED.format(module="beside_a"))
    assert before.call("model_fn", {}) == 1
    (tmp_path / "beside_a.py").write_text("VALUE = 2\n", encoding="utf-8")
    assert load(tmp_path, HELPED.format(module="beside_a")).digest != before.digest


def test_other_files_of_the_folder_do_not(tmp_path: Path) -> None:
    """Else a call could not be repeated by a program that happens to have imported something more."""
    before = load(tmp_path, GOOD)
    load(tmp_path, "import json\n", "other.py")
    (tmp_path / "script.py").write_text("x = 1\n", encoding="utf-8")
    assert load(tmp_path, GOOD).digest == before.digest


def test_a_file_is_read_in_its_own_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load(tmp_path, "import torch\ndef model_fn(): ...\n")  # torch has a module that calls its file `_classes.py`.
    assert load_config("config.py").path == tmp_path / "config.py"


def test_a_module_beside_the_file_can_be_imported_late(tmp_path: Path) -> None:
    (tmp_path / "beside_late.py").write_text("VALUE = 3\n", encoding="utf-8")
    config = load(tmp_path, "def model_fn():\n    import beside_late\n    return beside_late.VALUE\n")
    assert config.call("model_fn", {}) == 3
    assert str(tmp_path) not in sys.path


def test_an_edited_module_is_read_anew_and_so_are_those_that_use_it(tmp_path: Path) -> None:
    (tmp_path / "beside_low.py").write_text("VALUE = 1\n", encoding="utf-8")
    (tmp_path / "beside_high.py").write_text("from beside_low import VALUE\n", encoding="utf-8")
    before = load(tmp_path, HELPED.format(module="beside_high"))
    (tmp_path / "beside_low.py").write_text("VALUE = 2\n", encoding="utf-8")
    after = load(tmp_path, HELPED.format(module="beside_high"))
    assert (before.call("model_fn", {}), after.call("model_fn", {})) == (1, 2)


def test_an_unchanged_module_is_imported_once(tmp_path: Path) -> None:
    """The program may have imported it as well: its classes must not exist twice."""
    (tmp_path / "beside_same.py").write_text("VALUE = object()\n", encoding="utf-8")
    first, second = (load(tmp_path, HELPED.format(module="beside_same")) for _ in range(2))
    assert first.call("model_fn", {}) is second.call("model_fn", {})


@pytest.mark.parametrize("late", [False, True])
def test_config_files_in_two_folders_have_modules_of_the_same_name(tmp_path: Path, late: bool) -> None:
    text = HELPED.format(module="beside_twice")
    if late:
        text = "def model_fn():\n    import beside_twice\n    return beside_twice.VALUE\n"
    configs = []
    for value in (1, 2):
        folder = tmp_path / str(value)
        folder.mkdir()
        (folder / "beside_twice.py").write_text(f"VALUE = {value}\n", encoding="utf-8")
        configs.append(load(folder, text))
    assert [config.call("model_fn", {}) for config in (*configs, *configs)] == [1, 2, 1, 2]


def test_a_module_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "beside_broken.py").write_text("def f(:\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.py.*: cannot be imported: SyntaxError"):
        load(tmp_path, HELPED.format(module="beside_broken"))


def test_what_a_file_draws_while_it_is_imported_disturbs_no_one(tmp_path: Path) -> None:
    text = "import torch\nVALUE = torch.rand(1)\ndef model_fn(): return VALUE\n"
    before = global_states()
    first = load(tmp_path, text).call("model_fn", {})
    assert global_states() == before
    torch.rand(1)
    assert load(tmp_path, text).call("model_fn", {}) == first


@pytest.mark.parametrize("name", ["random", "torch", "vernal"])
def test_a_file_beside_does_not_take_the_place_of_an_installed_module(tmp_path: Path, name: str) -> None:
    before = sys.modules[name]
    (tmp_path / f"{name}.py").write_text("VALUE = 1\n", encoding="utf-8")
    load(tmp_path, f"import {name}\n" + GOOD)
    assert sys.modules[name] is before


def test_packages_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    configs = []
    for value in (1, 2):
        (tmp_path / str(value) / "beside_package").mkdir(parents=True)
        (tmp_path / str(value) / "beside_package" / "deep.py").write_text(f"VALUE = {value}\n", encoding="utf-8")
        configs.append(
            load(tmp_path / str(value), "from beside_package import deep\ndef model_fn(): return deep.VALUE\n")
        )
    assert [config.call("model_fn", {}) for config in configs] == [1, 2]


def test_a_loss_that_is_written_where_one_is_to_be_given_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "config.py"
    path.write_text("def loss_fn(outputs, targets):\n    return (outputs - targets) ** 2\n", encoding="utf-8")
    problems = [str(problem) for problem in load_config(path).problems]
    wanted = "it is a hyperparameter, not data. `loss_fn` gives a function; it is not that function itself."
    assert any(wanted in problem for problem in problems)
