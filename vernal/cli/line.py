"""The command line of an update: options of vernal, of the method, and of the config file, and the plan they make."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vernal.base import ConfigError, Problem
from vernal.cli.address import add_name, add_store
from vernal.cli.flags import Flags, check_required, file_first, flags_of_file
from vernal.cli.offer import Offer
from vernal.cli.parser import Parser, UsageError
from vernal.cli.tuning import add_ranges, read_ranges, split_ranges, tuning_of

if TYPE_CHECKING:
    from vernal.config import ConfigFile, Plan
    from vernal.methods import Method

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """A command line that was understood.

    Args:
        plan: what to do.
        values: the values of the options that are not part of the plan.
    """

    plan: Plan
    values: Namespace


def read_line(command: str, doc: str | None, words: Sequence[str], add: Callable[[Parser], None] | None = None) -> Line:
    """Understand the command line of a command that trains.

    The config file is loaded first, because its arguments are options as well; then everything is read at once.

    Args:
        command: ``update``; ``tune``, which has the same line, and always tunes; or one of a loop.
        doc: what ``--help`` says.
        words: what was typed.
        add: offers the options that the command has beside those that say how to train; None for those of an update.

    Raises:
        UsageError: options are unknown or missing.
        ConfigError: something is wrong with the file or with values; everything at once.
    """
    parser = _parser(command, doc, add or add_one_update)
    config, words = file_first(parser, words)
    offer = Offer.of(parser, words, config)
    if config is None:
        offer.add_to(parser)
        parser.parse(words)  # Ends here if help was asked for.
        raise UsageError(f"Name the config file: {parser.words}. See: vernal {command} --help")
    file = flags_of_file(config)
    problems = [*config.problems, *file.clashes(offer.names(parser))]
    if problems:
        raise ConfigError(problems)
    file.add_to(parser)
    offer.add_to(parser)
    values = parser.parse(words)
    values.tune |= command == "tune"
    check_required(file, values)
    return Line(_Reading(config, file, offer, values).plan(), values)


def reserved_names(config: ConfigFile) -> set[str]:
    """The options of an update that no argument of a config file can be called by."""
    parser = _parser("update", "", add_one_update)
    return Offer.of(parser, [], config).names(parser)


def add_one_update(parser: Parser) -> None:
    """Offer what is asked of a single update: where it starts from, and what becomes of it."""
    add_name(parser)
    parser.add_argument("--parent", metavar="ID", help="start from this update [default: the champion]")
    text = "the tables to learn, for a data_module_fn that takes a window"
    parser.add_argument("--files", metavar="FILE", nargs="+", help=text)
    parser.add_argument("--scratch", action="store_true", help="train a fresh model on this data alone: a new lineage")
    parser.add_argument("--no-promote", dest="promote", action="store_false", help="leave the champion as it is")


def _parser(command: str, doc: str | None, add: Callable[[Parser], None]) -> Parser:
    parser = Parser(command, doc, "CONFIG")
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="the config file")
    add_store(parser)
    parser.add_argument("--method", metavar="NAME", help="how to learn without forgetting; see: vernal methods")
    parser.add_argument(
        "--term",
        dest="terms",
        metavar="NAME[:OPTION=VALUE,...]",
        action="append",
        help="add this to the method's loss, see below; may be given several times",
    )
    add_ranges(parser)
    add(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON, and nothing else")
    return parser


class _Reading:
    """Reads all values; what is wrong with any of them is told at once."""

    def __init__(self, config: ConfigFile, file: Flags, offer: Offer, values: Namespace) -> None:
        self._config, self._file, self._offer, self._values = config, file, offer, values
        self._problems: list[Problem] = []
        self._ranges: dict[str, str] = {}

    def plan(self) -> Plan:
        from vernal.config import Plan, resolve

        own, methods, parts = self._fixed(self._file), self._methods(), self._parts()
        typed = {"method": self._values.method} if len(methods) > 1 else {}
        ranges = read_ranges(typed | self._ranges, self._values.ranges or [], self._problems)
        read, wrong = self._config.values(own)
        arguments = {name: value for name, value in read.items() if name in own}  # What is typed, and not the defaults.
        self._problems += [problem for problem in wrong if problem.where not in ranges]
        method = methods if len(methods) > 1 else methods[0] if methods else None
        plan = self._gathered("plan", lambda: Plan(self._config, method, arguments, space=ranges, **parts))
        if plan is not None and (ranges or plan.tuning):
            self._gathered("plan", lambda: resolve(plan))  # It knows which values may be ranges.
        if self._problems or plan is None:
            raise ConfigError(self._problems)
        return plan

    def _parts(self) -> dict[str, Any]:
        """What else is in a plan, by name; what is wrong is left out."""
        from vernal.config import make_terms
        from vernal.data import Window
        from vernal.training import Training

        offer, values = self._offer, self._values
        training = self._gathered("training", lambda: Training(**offer.training.read(self._fixed(offer.training))))
        terms = self._gathered("terms", lambda: make_terms(values.terms) if values.terms else None)
        tuning = self._gathered("tuning", lambda: tuning_of(offer.tuning, values))
        rest = self._gathered("plan", lambda: offer.rest.read(self._fixed(offer.rest)))
        window = Window(tuple(map(_whole, files))) if (files := getattr(values, "files", None)) else None
        return {"training": training or Training(), "terms": terms, "tuning": tuning, "window": window, **(rest or {})}

    def _fixed(self, flags: Flags) -> dict[str, str]:
        """The values that were typed; ranges among them are kept for later."""
        fixed, ranges = split_ranges(flags.texts(self._values))
        self._ranges |= ranges
        return fixed

    def _methods(self) -> list[Method | str]:
        """Each method with those options that it has."""
        from vernal.config import make_method, options_of
        from vernal.methods import method_class

        given = {option: text for flags in self._offer.methods.values() for option, text in self._fixed(flags).items()}
        made: list[Method | str] = []
        for name in self._offer.methods:
            known = {option.name for option in options_of(method_class(name), name)}
            options = {option: text for option, text in given.items() if option in known}
            made.append(self._gathered("method", partial(make_method, name, options)) or name)
        return made

    def _gathered(self, where: str, make: Callable[[], T]) -> T | None:
        """What `make` gives; None if it cannot, and what nobody has said yet about why is among the problems."""
        told = {problem.where for problem in self._problems}
        try:
            return make()
        except ConfigError as error:
            problems = [replace(p, where=where) if p.where == "config" else p for p in error.problems]
            self._problems += [problem for problem in problems if problem.where not in told]
            return None


def _whole(file: str) -> str:
    """A file as a record names it: whoever reads that may work in another folder."""
    return file if "://" in file else str(Path(file).expanduser().resolve())
