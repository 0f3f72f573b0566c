"""Methods and terms by name: the name of each is the name of its file."""

from __future__ import annotations

import importlib

from vernal.base import ConfigError, did_you_mean
from vernal.methods.method import Method
from vernal.methods.term import Term


def method_name(method: type[Method] | Method) -> str:
    """The short name of a method: that of its file for vernal's own, that of its class for a user's."""
    return _name(method if isinstance(method, type) else type(method))


def method_names() -> list[str]:
    """The short names of all methods that vernal has.

    Examples:
        >>> "derpp" in method_names()
        True
    """
    return sorted(_methods())


def method_class(name: str) -> type[Method]:
    """Look a method up by its short name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> method_class("er").__name__
        'ER'
    """
    classes = _methods()
    if name not in classes:
        raise ConfigError(f"No method is called {name!r}. {did_you_mean(name, classes)}")
    return classes[name]


def term_name(term: type[Term] | Term) -> str:
    """The short name of a term, made as that of a method is."""
    return _name(term if isinstance(term, type) else type(term))


def term_names() -> list[str]:
    """The short names of all terms that vernal has.

    Examples:
        >>> term_names()
        ['compatible', 'distil']
    """
    return sorted(_terms())


def term_class(name: str) -> type[Term]:
    """Look a term up by its short name.

    Raises:
        ConfigError: there is none; the message suggests one.

    Examples:
        >>> term_class("distil").__name__
        'Distil'
    """
    classes = _terms()
    if name not in classes:
        raise ConfigError(f"No term is called {name!r}. {did_you_mean(name, classes)}")
    return classes[name]


def _name(kind: type) -> str:
    room, _, file = kind.__module__.rpartition(".")
    return file if room == __package__ else kind.__name__


def _methods() -> dict[str, type[Method]]:
    return {_name(kind): kind for kind in _door() if issubclass(kind, Method) and kind is not Method}


def _terms() -> dict[str, type[Term]]:
    return {_name(kind): kind for kind in _door() if issubclass(kind, Term) and kind is not Term}


def _door() -> list[type]:
    """All classes that the room gives away."""
    return [value for value in vars(importlib.import_module(__package__)).values() if isinstance(value, type)]
