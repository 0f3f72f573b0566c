"""The options that vernal itself has for an update, beside those of the config file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vernal.base import ConfigError, Problem
from vernal.cli.flags import Flags, flag, flags_of_class
from vernal.cli.parser import Parser
from vernal.cli.terms import terms_help
from vernal.cli.tuning import tuning_flags

if TYPE_CHECKING:
    from vernal.config import ConfigFile

FILE_CHOOSES = "The file's method_fn chooses the method. --method chooses another, and its options are shown here."
SHARED = "What it has in common with a method above is one option, and sets both:"


@dataclass(frozen=True)
class Offer:
    """The hyperparameters that vernal itself has.

    Args:
        methods: those of each method, by its name; of several methods those that none before it has. Empty if the
            config file chooses the method.
        training: those of training.
        tuning: those of tuning.
        rest: what else is in a plan.
    """

    methods: Mapping[str, Flags]
    training: Flags
    tuning: Flags
    rest: Flags

    @classmethod
    def of(cls, parser: Parser, words: Sequence[str], config: ConfigFile | None) -> Offer:
        """What is offered depends on the method that the words ask for."""
        from vernal.config import Plan
        from vernal.training import Training

        asked = parser.parse([word for word in words if word not in ("-h", "--help")], strict=False).method
        methods = _of_methods(method_names(asked, config))
        return cls(methods, flags_of_class("training", Training), tuning_flags(), flags_of_class("plan", Plan))

    def add_to(self, parser: Parser) -> None:
        """Offer them."""
        if not self.methods:
            parser.add_argument_group("method", FILE_CHOOSES)
        for flags in self._groups:
            flags.add_to(parser)
        parser.add_argument_group("terms", terms_help())

    def names(self, parser: Parser) -> set[str]:
        """The names of all options, and of those that a parser has already."""
        return {*parser.options, *(flag(one.name) for flags in self._groups for one in flags.arguments)}

    @property
    def _groups(self) -> list[Flags]:
        return [*self.methods.values(), self.training, self.rest, self.tuning]


def method_names(asked: str | None, config: ConfigFile | None) -> list[str]:
    """The methods that a text names, one or several; without a text the default, or none if the file chooses.

    Raises:
        ConfigError: it is a range, and does not list methods.

    Examples:
        >>> method_names("choice(er, derpp)", None), method_names("er", None), method_names(None, None)
        (['er', 'derpp'], ['er'], ['er'])
    """
    from vernal.config import DEFAULT_METHOD
    from vernal.space import Choice, is_range, read_range

    if asked is None:
        return [] if config and "method_fn" in config.functions else [DEFAULT_METHOD]
    if not is_range(asked):
        return [asked]
    one = read_range(asked)
    if not isinstance(one, Choice):
        raise ConfigError([Problem("method", f"cannot be {asked}.", "Name one, or several: 'choice(er, derpp)'.")])
    return [str(name) for name in one.options]


def _of_methods(names: Sequence[str]) -> dict[str, Flags]:
    from vernal.methods import method_class

    found: dict[str, Flags] = {}
    for name in names:
        flags = flags_of_class(f"method {name}", method_class(name))
        taken = {one.name for other in found.values() for one in other.arguments}
        shared = [f"{flag(one.name)} [default: {one.default}]" for one in flags.arguments if one.name in taken]
        own = [one for one in flags.arguments if one.name not in taken]
        found[name] = replace(flags, arguments=own, note="\n  ".join([SHARED, *shared]) if shared else None)
    return found
