"""The options of a command."""

from __future__ import annotations

import argparse
import difflib
import inspect
from collections.abc import Sequence
from typing import NoReturn

from vernal.base import VernalError


class UsageError(VernalError):
    """The command line itself is wrong: an unknown option, a missing value."""


class Parser(argparse.ArgumentParser):
    """Parses the words after the name of a command; whatever is wrong with them is a `UsageError`.

    Options may be written with dashes or underscores, ``--memory-size 5`` or ``--memory_size=5``.

    Args:
        command: the name of the command.
        doc: what it does, with an example; shown by ``--help``.
        usage: the words that are typed, without the options.

    Examples:
        >>> parser = Parser("log", "What has happened so far.")
        >>> _ = parser.add_argument("--store")
        >>> parser.parse(["--stroe", "runs"])
        Traceback (most recent call last):
        ...
        vernal.cli.parser.UsageError: `vernal log` has no option --stroe. Did you mean --store? \
All of them: vernal log --help
    """

    def __init__(self, command: str, doc: str | None, usage: str = "") -> None:
        self.words = f"vernal {command}" + (f" {usage}" if usage else "")
        super().__init__(
            prog=f"vernal {command}",
            usage=f"{self.words} [options]",
            description=inspect.cleandoc(doc or ""),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--debug", action="store_true", help="show the traceback of an error")

    def error(self, message: str) -> NoReturn:
        """Say what is wrong."""
        raise UsageError(f"`{self.prog}`: {message}. See: {self.words} --help")

    def parse(self, words: Sequence[str], *, strict: bool = True) -> argparse.Namespace:
        """The values of all options.

        Args:
            words: what was typed after the name of the command.
            strict: whether what is unknown is refused, or else ignored.

        Raises:
            UsageError: something is unknown, missing or malformed.
        """
        values, unknown = self.parse_known_args(with_dashes(words))
        if unknown and strict:
            raise UsageError(f"{self._refusal(unknown)} All of them: {self.words} --help")
        return values

    @property
    def options(self) -> list[str]:
        """The names of all options, as they are typed."""
        return [name for action in self._actions for name in action.option_strings]

    def first_word(self, words: Sequence[str]) -> int | None:
        """Where the first word is that is neither an option nor the value of one; None if there is none.

        An option that is not known yet is taken to have a value.
        """
        switches = {n for a in self._actions if a.nargs in (0, "?") for n in a.option_strings}
        place = 0
        while place < len(words):
            word = words[place]
            if not word.startswith("-"):
                return place
            place += 1 if word in switches or "=" in word else 2
        return None

    def _refusal(self, unknown: Sequence[str]) -> str:
        names = [word.partition("=")[0] for word in unknown if word.startswith("--")]
        if not names:
            return f"`{self.prog}` does not know what to do with {unknown[0]!r}."
        meant = [name for name in self.options if name != "--help"]  # Everybody knows that one.
        suggestions = [name for n in names for name in difflib.get_close_matches(n, meant, n=1)]
        what = f"`{self.prog}` has no option {' and no '.join(names)}."
        return what + (f" Did you mean {' and '.join(suggestions)}?" if suggestions else "")


def with_dashes(words: Sequence[str]) -> list[str]:
    """The same words, with the names of options spelled with dashes.

    Examples:
        >>> with_dashes(["my_config.py", "--memory_size=5", "--name", "a_b"])
        ['my_config.py', '--memory-size=5', '--name', 'a_b']
    """
    return [_with_dashes(word) if word.startswith("--") else word for word in words]


def _with_dashes(word: str) -> str:
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value
