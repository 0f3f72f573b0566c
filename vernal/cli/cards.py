"""What there is to know about the methods and the terms, gathered from their classes: nothing is written down twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vernal.base import ConfigError, did_you_mean
from vernal.cli.docs import argument_docs, blocks, first_line, plain, sections
from vernal.cli.formula import plain_formula

if TYPE_CHECKING:  # `vernal --help` imports no torch.
    from vernal.config import Argument
    from vernal.methods import Card, Method, Term

FAMILIES = {
    "baseline": "what others are held against",
    "replay": "rows of earlier chunks are kept, and trained on again",
    "regularisation": "no rows are kept; the loss holds the model near what it was",
    "closed form": "the network is frozen; its classifier is computed, not trained",
    "term": "--term adds one to the loss of any method that trains",
}


@dataclass(frozen=True)
class Entry:
    """A method or a term.

    Args:
        name: its short name.
        kind: its class.
    """

    name: str
    kind: type[Method] | type[Term]

    @property
    def card(self) -> Card:
        """The facts that the class states about itself."""
        return self.kind.card

    @property
    def is_term(self) -> bool:
        """Whether it is a term, not a method."""
        return self.card.group == "term"

    @property
    def what(self) -> str:
        """What it does, in a line."""
        return first_line(self.kind.__doc__)

    @cached_property
    def sections(self) -> dict[str, str]:
        """The parts of its docstring, with their markup."""
        return sections(self.kind.__doc__)

    @property
    def text(self) -> list[tuple[str, bool]]:
        """What its docstring says after the first line, in plain paragraphs; with each, whether it is a formula."""
        names = names_in_text()
        marked = blocks(self.sections[""])[1:]
        return [(plain_formula(part) if is_formula else plain(part, names), is_formula) for part, is_formula in marked]

    @cached_property
    def options(self) -> list[Argument]:
        """Its options, in the order of its fields."""
        from vernal.config import options_of

        return options_of(self.kind, self.name)

    @property
    def defaults(self) -> str:
        """All options as they are if none is given."""
        return ", ".join(f"{option.name}={option.default}" for option in self.options)

    @property
    def tasks(self) -> str:
        """The tasks that it serves, in words."""
        return "any" if self.card.tasks is None else ", ".join(self.card.tasks)

    @property
    def with_fresh_weights(self) -> str:
        """What becomes of what it keeps where an update begins with fresh weights, if that is worth a word."""
        return "what it keeps, but for rows, begins anew" if self.card.tied else ""

    @property
    def worth_tuning(self) -> str:
        """The ranges that it proposes for tuning, with its options as code; empty for none."""
        return ", ".join(f"``{name}`` {one}" for name, one in self.kind.space.items())

    @property
    def cost(self) -> str:
        """Rows that go forward and backward for each new one, as a term adds them to the method's."""
        plus = "+" if self.is_term else ""
        return f"{plus}{self.card.forward:g}/{plus}{self.card.backward:g}"

    def facts(self) -> dict[str, Any]:
        """All of it as plain values."""
        card, docs = self.card, argument_docs(self.kind.__doc__)
        return {
            "name": self.name,
            "kind": "term" if self.is_term else "method",
            "family": card.group,
            "what": self.what,
            "when": plain(card.when),
            "tasks": None if card.tasks is None else [*card.tasks],
            "keeps": plain(card.keeps),
            "tied": card.tied,
            "forward": card.forward,
            "backward": card.backward,
            "once": plain(card.once),
            "space": {name: str(one) for name, one in self.kind.space.items()},
            "options": {o.name: {"default": o.default, "meaning": docs.get(o.name, "")} for o in self.options},
            "text": [part for part, _ in self.text],
            "deviations": plain(" ".join(self.sections.get("Deviations", "").split())),
            "references": references(self.sections.get("References", "")),
        }


def entries(task: str | None = None) -> list[Entry]:
    """All methods and terms, family by family.

    Args:
        task: the name of a task that they must serve; None for all.

    Raises:
        ConfigError: there is no such task.
    """
    from vernal.methods import method_class, method_names, term_class, term_names
    from vernal.tasks import task_class

    if task is not None:
        task_class(task)
    found = [Entry(name, method_class(name)) for name in method_names()]
    found += [Entry(name, term_class(name)) for name in term_names()]
    serving = [entry for entry in found if task is None or entry.card.serves(task)]
    order = [*FAMILIES]
    return sorted(serving, key=lambda e: order.index(e.card.group) if e.card.group in order else len(order))


def entry_of(name: str) -> Entry:
    """A method or a term by its name.

    Raises:
        ConfigError: there is none; the message suggests one.
    """
    known = {entry.name: entry for entry in entries()}
    if name not in known:
        raise ConfigError(f"No method or term is called {name!r}. {did_you_mean(name, known)}")
    return known[name]


def names_in_text() -> dict[str, str]:
    """The short names for what docstrings call methods and terms by: their classes."""
    names: dict[str, str] = {}
    for entry in entries():
        names |= dict.fromkeys([entry.kind.__name__, f"vernal.methods.{entry.kind.__name__}"], entry.name)
    return names


def references(text: str) -> list[str]:
    """The entries of a list of references, each on one line: "[1] A. Author. Title. ..."."""
    return [f"[{' '.join(entry.split())}" for entry in text.split(".. [")[1:]]
