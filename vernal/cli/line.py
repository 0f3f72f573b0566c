"""The command line of an update: options of vernal, of the method, and of the config file, and the plan they make."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from vernal.base import ConfigError, Problem
from vernal.cli.address import add_store
from vernal.cli.flags import Flags, check_required, file_first, flag, flags_of_class, flags_of_file
from vernal.cli.parser import Parser, UsageError
from vernal.cli.terms import terms_help

if TYPE_CHECKING:
    from vernal.config import ConfigFile, Plan

T = TypeVar("T")
FILE_CHOOSES = "The file's method_fn chooses the method. --method chooses another, and its options are shown here."


@dataclass(frozen=True)
class Line:
    """A command line that was understood.

    Args:
        plan: what to do.
        values: the values of the options that are not part of the plan.
    """

    plan: Plan
    values: Namespace


def read_line(doc: str | None, words: Sequence[str]) -> Line:
    """Understand the command line of an update.

    The config file is loaded first, because its arguments are options as well; then everything is read at once.

    Args:
        doc: what ``--help`` says.
        words: what was typed.

    Raises:
        UsageError: options are unknown or missing.
        ConfigError: something is wrong with the file or with values; everything at once.
    """
    parser = _parser(doc)
    config, words = file_first(parser, words)
    offer = _Offer.of(parser, words, config)
    if config is None:
        offer.add_to(parser)
        parser.parse(words)  # Ends here if help was asked for.
        raise UsageError(f"Name the config file: {parser.words}. See: vernal update --help")
    file = flags_of_file(config)
    problems = [*config.problems, *file.clashes(offer.names(parser))]
    if problems:
        raise ConfigError(problems)
    file.add_to(parser)
    offer.add_to(parser)
    values = parser.parse(words)
    check_required(file, values)
    return Line(_plan(config, file, offer, values), values)


def reserved_names(config: ConfigFile) -> set[str]:
    """The options of an update that no argument of a config file can be called by."""
    parser = _parser("")
    return _Offer.of(parser, [], config).names(parser)


@dataclass(frozen=True)
class _Offer:
    """The hyperparameters that vernal itself has: those of the method, of training, and what else is in a plan."""

    method_name: str | None
    method: Flags
    training: Flags
    rest: Flags

    @classmethod
    def of(cls, parser: Parser, words: Sequence[str], config: ConfigFile | None) -> _Offer:
        from vernal.config import Plan
        from vernal.training import Training

        name = _method_name(parser, words, config)
        return cls(name, _method_flags(name), flags_of_class("training", Training), flags_of_class("plan", Plan))

    def add_to(self, parser: Parser) -> None:
        for flags in (self.method, self.training, self.rest):
            flags.add_to(parser)
        parser.add_argument_group("terms", terms_help())

    def names(self, parser: Parser) -> set[str]:
        arguments = [*self.method.arguments, *self.training.arguments, *self.rest.arguments]
        return {*parser.options, *(flag(argument.name) for argument in arguments)}


def _parser(doc: str | None) -> Parser:
    parser = Parser("update", doc, "CONFIG")
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
    parser.add_argument("--parent", metavar="ID", help="start from this update [default: the champion]")
    parser.add_argument("--no-promote", dest="promote", action="store_false", help="leave the champion as it is")
    parser.add_argument("--json", action="store_true", help="print the record as JSON, and nothing else")
    return parser


def _method_name(parser: Parser, words: Sequence[str], config: ConfigFile | None) -> str | None:
    from vernal.config import DEFAULT_METHOD

    asked = parser.parse([word for word in words if word not in ("-h", "--help")], strict=False).method
    by_default = None if config and "method_fn" in config.functions else DEFAULT_METHOD
    return asked or by_default


def _method_flags(name: str | None) -> Flags:
    from vernal.methods import method_class

    return flags_of_class(f"method {name}", method_class(name)) if name else Flags("method", [], note=FILE_CHOOSES)


def _plan(config: ConfigFile, file: Flags, offer: _Offer, values: Namespace) -> Plan:
    """Read all values; what is wrong with any of them is told at once."""
    from vernal.config import Plan, make_method, make_terms
    from vernal.training import Training

    arguments, problems = config.values(file.texts(values))
    name = offer.method_name
    training = _gathered(problems, "training", lambda: Training(**offer.training.values(values)))
    method = _gathered(problems, "method", lambda: make_method(name, offer.method.texts(values)) if name else None)
    rest = _gathered(problems, "plan", lambda: offer.rest.values(values))
    terms = _gathered(problems, "terms", lambda: make_terms(values.terms) if values.terms else None)
    options = {"training": training or Training(), "terms": terms, **(rest or {})}
    plan = _gathered(problems, "plan", lambda: Plan(config, method, arguments, **options))
    if problems or plan is None:
        raise ConfigError(problems)
    return plan


def _gathered(problems: list[Problem], where: str, make: Callable[[], T]) -> T | None:
    try:
        return make()
    except ConfigError as error:
        problems += [replace(p, where=where) if p.where == "config" else p for p in error.problems]
        return None
