"""Methods and terms by name: the name of each is the name of its file."""

from __future__ import annotations

from vernal.base import Catalogue
from vernal.methods.method import Method
from vernal.methods.term import Term


def _name(kind: type) -> str:
    room, _, file = kind.__module__.rpartition(".")
    return file if room == __package__ else kind.__name__


_METHODS = Catalogue(__package__, Method, "method", _name)
_TERMS = Catalogue(__package__, Term, "term", _name)  # type: ignore[type-abstract]


def method_name(method: type[Method] | Method) -> str:
    """The short name of a method: that of its file for vernal's own, that of its class for a user's."""
    return _name(method if isinstance(method, type) else type(method))


def method_names() -> list[str]:
    """The short names of all methods that vernal has.

    Examples:
        >>> "derpp" in method_names()
        True
    """
    return _METHODS.names()


def method_class(name: str) -> type[Method]:
    """Look a method up by its short name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> method_class("er").__name__
        'ER'
    """
    return _METHODS.find(name)


def term_name(term: type[Term] | Term) -> str:
    """The short name of a term, made as that of a method is."""
    return _name(term if isinstance(term, type) else type(term))


def term_names() -> list[str]:
    """The short names of all terms that vernal has.

    Examples:
        >>> term_names()
        ['compatible', 'distil']
    """
    return _TERMS.names()


def term_class(name: str) -> type[Term]:
    """Look a term up by its short name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> term_class("distil").__name__
        'Distil'
    """
    return _TERMS.find(name)
