"""Questions on a terminal, each with an answer that Enter gives."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from vernal.base import VernalError, did_you_mean
from vernal.cli.parser import UsageError

T = TypeVar("T")
NONE = "-"


@dataclass(frozen=True)
class Asker:
    """Asks what was not given; where nobody can answer, the proposal is taken.

    Args:
        asks: whether there is somebody to answer.
        tell: prints a line.
    """

    asks: bool
    tell: Callable[[str], None]

    def explain(self, *lines: str) -> None:
        """What helps to answer, where somebody does."""
        for line in lines if self.asks else ():
            self.tell(line)

    def ask(self, question: str, option: str, given: str | None, proposal: str | None) -> str:
        """One answer.

        Args:
            question: in plain words.
            option: what gives the answer on the command line.
            given: that option, if it was given.
            proposal: the answer if there is none; None if nobody can know it.

        Raises:
            UsageError: there is no answer and nobody to ask.
        """
        if given is not None:
            return given
        if not self.asks:
            if proposal is None:
                raise UsageError(f"`vernal init` cannot know this: {question} Give it: {option}.")
            return proposal
        while not (answer := _typed(question, proposal)):
            self.tell("There is no usual answer here.")
        return answer

    def ask_for(
        self, question: str, option: str, given: str | None, proposal: str | None, read: Callable[[str], T]
    ) -> T:
        """An answer that must be understood; on a terminal a wrong one is asked for again.

        Raises:
            VernalError: what `read` says of an answer that was not typed.
        """
        while True:
            answer = self.ask(question, option, given, proposal)
            try:
                return read(answer)
            except VernalError as error:
                if given is not None or not self.asks:
                    raise
                self.tell(str(error))

    def choose(self, question: str, option: str, given: str | None, proposal: str | None, known: Sequence[str]) -> str:
        """One of several names."""

        def checked(answer: str) -> str:
            if answer not in known:
                raise UsageError(f"{option} cannot be {answer!r}. {did_you_mean(answer, known)}")
            return answer

        return self.ask_for(question, option, given, proposal, checked)

    def choose_or_none(
        self, question: str, option: str, given: str | None, proposal: str | None, known: Sequence[str]
    ) -> str | None:
        """One of several names, or none, which is typed as a dash."""
        answer = self.choose(question, option, given, proposal or NONE, [*known, NONE])
        return None if answer == NONE else answer

    def agrees(self, question: str) -> bool:
        """Whether somebody says yes; nobody says no."""
        return self.asks and _typed(f"{question} (yes or no)", "no").lower() in ("y", "yes")


def _typed(question: str, proposal: str | None) -> str:
    """What was typed, or the proposal. The prompt goes to standard error, which is no result."""
    sys.stderr.write(f"{question} [{proposal}] " if proposal else f"{question} ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:  # The terminal was closed.
        raise KeyboardInterrupt
    return line.strip() or proposal or ""
