"""Hyperparameters as options of the command line: nothing about them is written down twice."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vernal.base import Problem
from vernal.cli.docs import argument_docs
from vernal.cli.parser import Parser, UsageError, with_dashes

if TYPE_CHECKING:  # A command imports torch when it runs, not when it is asked for its help.
    from vernal.config import Argument, ConfigFile


@dataclass(frozen=True)
class Flags:
    """A group of hyperparameters that a command offers as options.

    Args:
        title: heads the group in the help.
        arguments: the hyperparameters.
        docs: what each is, by name.
        note: what stands below the title.
        repeated: the names of those that may be given several times, each time with one value.
    """

    title: str
    arguments: Sequence[Argument]
    docs: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    repeated: Collection[str] = ()

    def add_to(self, parser: Parser) -> None:
        """Offer them."""
        group = parser.add_argument_group(self.title, self.note)
        for argument in self.arguments:
            spelled, key = flag(argument.name), self._key(argument.name)
            text, value = self._help(argument), metavar(argument)
            if argument.name in self.repeated:
                group.add_argument(spelled, dest=key, metavar="STR", help=text, action="append")
            elif argument.type.kind is bool:
                group.add_argument(spelled, dest=key, metavar=value, help=text, nargs="?", const="true")
            else:
                group.add_argument(spelled, dest=key, metavar=value, help=text)

    def texts(self, values: Namespace) -> dict[str, Any]:
        """What was typed, by name; without those that were not given. Of those that are repeated it is a list."""
        given = {argument.name: getattr(values, self._key(argument.name)) for argument in self.arguments}
        return {name: text for name, text in given.items() if text is not None}

    def values(self, values: Namespace) -> dict[str, Any]:
        """The same, read as the types that they have.

        Raises:
            ConfigError: some cannot be read; all of them at once.
        """
        return self.read(self.texts(values))

    def read(self, texts: Mapping[str, Any]) -> dict[str, Any]:
        """Texts by name, read as the types that they have.

        Raises:
            ConfigError: some cannot be read; all of them at once.
        """
        from vernal.config import read_options

        return read_options(self.arguments, texts, self.title)

    def clashes(self, taken: Collection[str]) -> list[Problem]:
        """Hyperparameters of a config file whose options would be spelled like others."""
        return [
            Problem(
                f"{' and '.join(argument.functions)}({argument.name})",
                f"cannot be set from the command line: {flag(argument.name)} is an option of vernal itself.",
                f"Rename the argument, e.g. `my_{argument.name}`.",
            )
            for argument in self.arguments
            if flag(argument.name) in taken
        ]

    def _key(self, name: str) -> str:
        return f"{self.title}/{name}"

    def _help(self, argument: Argument) -> str:
        default = "required" if argument.is_required else f"default: {argument.default}"
        if argument.name in self.repeated:
            default = "may be given several times"
        text = self.docs.get(argument.name, f"of {' and '.join(argument.functions)}")
        return f"{text} [{default}]".replace("%", "%%")


def flags_of_class(title: str, kind: type[Any]) -> Flags:
    """The fields of a dataclass, explained by its docstring."""
    from vernal.config import options_of

    return Flags(title, options_of(kind, title), argument_docs(kind.__doc__))


def flags_of_file(config: ConfigFile) -> Flags:
    """The hyperparameters of the functions of a config file, explained by their docstrings."""
    docs: dict[str, str] = {}
    for function in config.functions.values():
        docs = argument_docs(function.__doc__) | docs
    return Flags(config.path.name, [*config.arguments.values()], docs)


def file_first(parser: Parser, words: Sequence[str]) -> tuple[ConfigFile | None, list[str]]:
    """Load the config file that a command line names, wherever it stands there.

    Returns:
        The file, None if no word names one; and the words with it in front.

    Raises:
        ConfigError: it is not there, or cannot be imported.
    """
    words = with_dashes(words)
    place = parser.first_word(words)
    if place is None:
        return None, words
    from vernal.config import load_config

    return load_config(words[place]), [words[place], *words[:place], *words[place + 1 :]]


def check_required(flags: Flags, values: Namespace) -> None:
    """Demand a value for every hyperparameter that has no default.

    Raises:
        UsageError: some have none.
    """
    given = flags.texts(values)
    missing = [argument for argument in flags.arguments if argument.is_required and argument.name not in given]
    if missing:
        wanted = ", ".join(f"{flag(a.name)} {metavar(a)} (of {' and '.join(a.functions)})" for a in missing)
        raise UsageError(f"{flags.title} needs a value for {wanted}.")


def flag(name: str) -> str:
    """How the option of a hyperparameter is spelled.

    Examples:
        >>> flag("memory_size")
        '--memory-size'
    """
    return f"--{name.replace('_', '-')}"


def metavar(argument: Argument) -> str:
    """What stands for the value of an option in the help."""
    choices = argument.type.choices
    return "|".join(map(str, choices)) if choices else argument.type.kind.__name__.upper()
