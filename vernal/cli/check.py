"""Check a config file, without training.

Lists the functions that vernal finds in it and the hyperparameters that can be set, and reports everything that is
wrong at once. With --data it also brings the data, builds the model, and sends one batch through model, loss and
metrics. Where values are ranges, or the file has a `space_fn`, it shows what tuning would choose from. The exit code is
1 if there are problems.

Examples:
  vernal check config.py
  vernal check config.py --batch 3 --data
  vernal check config.py --data --files in/monday.parquet
  vernal check config.py --batch 3 --lr 'loguniform(1e-4, 1e-1)'
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vernal.base import ConfigError, Problem
from vernal.cli.docs import first_line
from vernal.cli.flags import Flags, check_required, file_first, flag, flags_of_file
from vernal.cli.line import reserved_names
from vernal.cli.offer import method_names
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terminal import pairs, say, table
from vernal.cli.tuning import read_ranges, split_ranges

if TYPE_CHECKING:
    from rich.table import Table

    from vernal.config import Argument, ConfigFile, Search
    from vernal.space import Range
    from vernal.transaction import Rehearsal


def run(words: Sequence[str]) -> int:
    """Check a config file."""
    parser = Parser("check", __doc__, "CONFIG")
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="the config file")
    parser.add_argument("--data", action="store_true", help="also try data, model, loss and metrics on one batch")
    text = "the tables to try, for a data_module_fn that takes a window; with --data"
    parser.add_argument("--files", metavar="FILE", nargs="+", help=text)
    parser.add_argument("--method", metavar="NAME", help="the method that an update will have, if not the file's own")
    config, words = file_first(parser, words)
    if config is None:
        parser.parse(words)  # Ends here if help was asked for.
        raise UsageError(f"Name the config file: {parser.words}. See: vernal check --help")
    flags = flags_of_file(config)
    clashes = flags.clashes(reserved_names(config) | set(parser.options))
    if not clashes:
        flags.add_to(parser)
    values = parser.parse(words, strict=not (clashes or config.problems))
    say(_functions(config), "", _hyperparameters(config), "")
    problems = [*config.problems, *clashes]
    fixed, ranges = ({}, {}) if clashes else _values(config, flags, values, problems)
    if problems:
        raise ConfigError(problems)
    _try(config, flags, values, fixed, ranges)
    untried = " Only the file was looked at: --data tries data, model, loss and metrics on one batch as well."
    say("No problems." + ("" if values.data else untried))
    return 0


def _values(
    config: ConfigFile, flags: Flags, values: Namespace, problems: list[Problem]
) -> tuple[dict[str, str], dict[str, Range]]:
    """What was given, values and ranges; that others are missing is no fault of the file."""
    fixed, spelled = split_ranges(flags.texts(values))
    ranges = read_ranges(spelled, [], problems)
    _, wrong = config.values(fixed)
    problems += [problem for problem in wrong if problem.where in fixed]
    return fixed, ranges


def _try(config: ConfigFile, flags: Flags, values: Namespace, fixed: dict[str, str], ranges: dict[str, Range]) -> None:
    """Call the functions, as far as the values allow and as was asked for."""
    from vernal.config import NothingToTune, Plan, resolve
    from vernal.data import Window
    from vernal.methods import method_class
    from vernal.transaction import rehearse
    from vernal.tuning import Tuning

    for name in method_names(values.method, config):
        method_class(name)  # or an error that names those that there are
    if values.data:
        check_required(flags, values)
    elif any(one.is_required and one.name not in {**fixed, **ranges} for one in flags.arguments):
        return
    tuning = Tuning() if ranges or "space_fn" in config.functions else None
    window = Window(tuple(values.files)) if values.files else None
    plan = Plan(config, values.method, fixed, space=ranges, tuning=tuning, window=window)
    try:
        search = resolve(plan).search
    except NothingToTune:  # All that `space_fn` names was typed: a plain update, then.
        plan = replace(plan, tuning=None)
        search = resolve(plan).search
    if search is not None:
        say(_choices(search), "")
    if values.data:
        say(_facts(rehearse(plan)), "")


def _choices(search: Search) -> Table:
    rows = [[name, str(one), str(search.default.get(name, ""))] for name, one in search.space.items()]
    return table(["chosen by tuning", "from", "in the first trial"], rows)


def _functions(config: ConfigFile) -> Table:
    rows = [
        [name, first_line(function.__doc__), "config file" if _is_own(function) else "vernal's default"]
        for name, function in config.functions.items()
    ]
    return table(["function", "what it says of itself", "from"], rows)


def _is_own(function: object) -> bool:
    return not str(getattr(function, "__module__", "")).startswith("vernal.")


def _hyperparameters(config: ConfigFile) -> Table | str:
    if not config.arguments:
        return "The functions have no hyperparameters."
    columns = ["hyperparameter", "type", "default", "of", "option"]
    return table(columns, [_cells(argument) for argument in config.arguments.values()])


def _cells(argument: Argument) -> list[str]:
    default = "required" if argument.is_required else repr(argument.default)
    return [argument.name, str(argument.type), default, ", ".join(argument.functions), flag(argument.name)]


def _facts(rehearsal: Rehearsal) -> Table:
    return pairs(
        {
            "rows": ", ".join(f"{part} {count}" for part, count in rehearsal.rows.items()),
            "a row": str(rehearsal.schema),
            "task": rehearsal.task,
            "model": f"{rehearsal.parameters} parameters to learn",
            "metrics": ", ".join(rehearsal.metrics),
        }
    )
