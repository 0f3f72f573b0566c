"""The user's config file: plain typed functions, found by name."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from vernal.base import ConfigError, Problem, VernalError, did_you_mean
from vernal.config.arguments import Argument, arguments_of, merged, values_for
from vernal.config.beside import Beside
from vernal.config.slots import Slots, Values, plan_slots
from vernal.config.types import NotAllowed
from vernal.data import fixed_randomness
from vernal.methods import Method
from vernal.training import optimizer_fn

# The functions that vernal looks for, and what it passes to each beside hyperparameters.
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "model_fn": ("seed",),
    "previous_model_fn": ("seed",),
    "migrate_fn": ("champion", "model"),
    "upgrade_row_fn": (),
    "data_module_fn": ("seed", "window"),
    "loss_fn": (),
    "task_fn": (),
    "metrics_fn": (),
    "method_fn": (),
    "terms_fn": (),
    "space_fn": (),
    "policy_fn": (),
    "slices_fn": (),
    "optimizer_fn": ("parameters", "model"),
    "lr_scheduler_fn": ("optimizer", "total_steps"),
    "train_transform": (),
    "test_transform": (),
    "buffer_transform": (),
    "train_target_transform": (),
    "test_target_transform": (),
    "buffer_target_transform": (),
    "callbacks_fn": (),
    "loggers_fn": (),
}
REQUIRED_FUNCTIONS = ("model_fn", "data_module_fn")
DEFAULTS: dict[str, Callable[..., Any]] = {"optimizer_fn": optimizer_fn}


@dataclass(frozen=True)
class ConfigFile:
    """A config file that was loaded and read.

    Args:
        path: where it lies.
        source: its text.
        digest: a digest of its text and of all modules beside it that it imports.
        functions: those of its functions that vernal knows, by name, and the defaults for others.
        arguments: all their hyperparameters, by name.
        problems: everything that is wrong with it.
        beside: the modules beside it that it imports.
    """

    path: Path
    source: str
    digest: str
    functions: Mapping[str, Callable[..., Any]]
    arguments: Mapping[str, Argument]
    problems: tuple[Problem, ...]
    beside: Beside

    def values(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
        """All hyperparameters with their values: what was given, else the defaults.

        Args:
            given: values by name; text is read as on the command line where the type is another one.
        """
        problems = [
            Problem(str(name), "is no argument of any function in the file.", did_you_mean(str(name), self.arguments))
            for name in given
            if name not in self.arguments
        ]
        values = {}
        for name, argument in self.arguments.items():
            if name not in given:
                if argument.is_required:
                    functions = " and ".join(argument.functions)
                    problems.append(Problem(name, f"has no value, and {functions} needs one.", f"Pass {name}=..."))
                else:
                    values[name] = argument.default
                continue
            try:
                value = given[name]
                read = argument.type.read if isinstance(value, str) else argument.type.check
                values[name] = read(value)
            except NotAllowed as error:
                problems.append(Problem(name, f"{error}."))
        return values, problems

    def call(self, name: str, arguments: Mapping[str, Any], **given: Any) -> Any:
        """Call one of the functions with the hyperparameters that it takes; None if the file has no such function.

        Raises:
            ConfigError: it fails; the message says where. Errors that vernal raised itself stay what they are.
        """
        function = self.functions.get(name)
        if function is None:
            return None
        with self.naming(f"`{name}`"):
            return function(**values_for(function, arguments, given))

    def takes(self, name: str, argument: str) -> bool:
        """Whether one of the functions takes an argument of this name."""
        return name in self.functions and argument in inspect.signature(self.functions[name]).parameters

    def needs(self, name: str, argument: str) -> bool:
        """Whether one of the functions takes an argument of this name, and has no default for it."""
        return self.takes(name, argument) and (
            inspect.signature(self.functions[name]).parameters[argument].default is inspect.Parameter.empty
        )

    def slots(self, values: Values, methods: Mapping[str, Method]) -> Slots:
        """Which hyperparameters a plan with this file has, and where the value of each goes.

        Args:
            values: what the plan says.
            methods: those to choose from, by name; only the plan's own where there is no choice.
        """
        return plan_slots(self.arguments, values, methods)

    @property
    def loader(self) -> Callable[[], ConfigFile]:
        """Loads the file again, in any process."""
        return partial(load_config, self.path)

    @contextmanager
    def naming(self, what: str, when: str = "") -> Iterator[None]:
        """Run code of the user, and say which it was and in which line it failed, if it does.

        Args:
            what: what runs, e.g. ``"`model_fn`"``.
            when: what it is run on.

        Raises:
            ConfigError: it fails. Errors that vernal raised itself stay what they are.
        """
        try:
            with self.beside.importable():
                yield
        except VernalError:
            raise
        except Exception as error:
            text = f"{what} fails {when}".rstrip()
            raise ConfigError([Problem(_where(self.path, error), f"{text}: {_said(error)}")]) from error


def load_config(
    path: str | Path,
    known: Mapping[str, tuple[str, ...]] = FUNCTIONS,
    defaults: Mapping[str, Callable[..., Any]] = DEFAULTS,
) -> ConfigFile:
    """Load a config file and read its functions; nothing of it is called.

    Args:
        path: where it lies.
        known: the functions to look for, and what each is given beside hyperparameters.
        defaults: what stands in for functions that the file does not have.

    Raises:
        ConfigError: there is no such file, or it cannot be imported. Everything else that is
            wrong is listed in `problems`.
    """
    path = Path(path)
    if not path.is_file():
        raise ConfigError([Problem(str(path), "does not exist, or is not a file.", "Give the path of a Python file.")])
    path = path.resolve()
    module, beside = _imported(path)
    own = {name: value for name in known if callable(value := getattr(module, name, None))}
    functions = {**defaults, **own}
    problems = [
        Problem(path.name, f"`{name}` is missing.", f"Define it: `def {name}(...)`.")
        for name in REQUIRED_FUNCTIONS
        if name not in functions
    ]
    problems += _misspelt(module, path.name, known)
    found = []
    for name, function in functions.items():
        arguments, wrong = arguments_of(function, name, known[name])
        found += arguments
        problems += wrong
    arguments_by_name, clashes = merged(found)
    source = path.read_text(encoding="utf-8")
    digest = _digest(source, beside.files)
    return ConfigFile(path, source, digest, functions, arguments_by_name, (*problems, *clashes), beside)


def _imported(path: Path) -> tuple[ModuleType, Beside]:
    """The file as a module, and the modules beside it. What it draws while it is imported disturbs no one."""
    # A name of its own, so that two config files never meet; the same one in every process, which finds its classes.
    name = f"vernal_config_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        beside = Beside(path)
        with beside.importable(), fixed_randomness(0):
            spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        what = f"cannot be imported: {_said(error)}"
        raise ConfigError([Problem(_where(path, error), what)]) from error
    return module, beside


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".") + "."


def _where(path: Path, error: Exception) -> str:
    """The file, and the last line of it that was running when something failed."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
    return f"{path.name}, line {line}" if line else path.name


def _digest(source: str, beside: list[Path]) -> str:
    hasher = hashlib.sha256(source.encode())
    for file in beside:
        hasher.update(file.read_bytes())
    return hasher.hexdigest()


def _misspelt(module: ModuleType, where: str, known: Collection[str]) -> list[Problem]:
    """Functions whose names look very much like one that vernal would have called."""
    problems = []
    for name, value in vars(module).items():
        if name in known or not callable(value) or getattr(value, "__module__", None) != module.__name__:
            continue
        close = get_close_matches(name, known, n=1, cutoff=0.9)
        if close and close[0] not in vars(module):
            problems.append(Problem(where, f"`{name}` is never called.", f"Did you mean `{close[0]}`?"))
    return problems
