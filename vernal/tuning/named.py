"""From what a user writes in `Tuning` to a searcher and a scheduler."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from vernal.base import ConfigError, Problem, did_you_mean
from vernal.tuning.asha import ASHA
from vernal.tuning.bounding_box import BoundingBox
from vernal.tuning.enqueue import Enqueue
from vernal.tuning.full import Full
from vernal.tuning.guard import Guard
from vernal.tuning.hyperband import Hyperband
from vernal.tuning.optuna_pruner import OptunaPruner
from vernal.tuning.optuna_search import BO, NSGA2, TPE, OptunaSearcher
from vernal.tuning.pasha import PASHA
from vernal.tuning.random_search import RandomSearch
from vernal.tuning.rush import RUSH
from vernal.tuning.scheduler import Scheduler, Searcher

SPELLING = "NAME[:OPTION=VALUE,...]"
NO_TRANSFER = "none"
DEFAULT_TRANSFER = "enqueue"

_EARLY: dict[str, type[Any]] = {"asha": ASHA, "pasha": PASHA, "hyperband": Hyperband, "rush": RUSH}
_SEARCHERS: dict[str, type[Any]] = {"random": RandomSearch, "tpe": TPE, "bo": BO, "nsga2": NSGA2}
_TRANSFERS: dict[str, type[Any]] = {"enqueue": Enqueue, "bounding_box": BoundingBox}


def scheduler_names() -> list[str]:
    """What `Tuning.scheduler` may be called.

    Examples:
        >>> scheduler_names()
        ['asha', 'bo', 'bounding_box', 'enqueue', 'hyperband', 'nsga2', 'pasha', 'random', 'rush', 'tpe']
    """
    return sorted([*_EARLY, *_SEARCHERS, *_TRANSFERS])


def searcher_names() -> list[str]:
    """What `Tuning.searcher` may be called.

    Examples:
        >>> searcher_names()
        ['bo', 'nsga2', 'random', 'tpe']
    """
    return sorted(_SEARCHERS)


def search_of(
    scheduler: Any = None, searcher: Any = None, transfer: Any = None, also: Sequence[str] = (), has_past: bool = False
) -> tuple[Searcher, Scheduler]:
    """The searcher and the scheduler that a user means. Imports no Optuna.

    Args:
        scheduler: how `Tuning` names the search.
        searcher: how it names what comes next.
        transfer: how it says that earlier updates help.
        also: further objectives.
        has_past: whether earlier updates have been tuned.

    Raises:
        ConfigError: an unknown name or option, a value out of range, an object without the door that it needs, things
            that contradict each other, or trials that would be stopped early where there are several objectives.

    Examples:
        >>> search_of("asha:eta=4")
        (RandomSearch(), ASHA(eta=4.0, first=1))
        >>> search_of("tpe")
        (TPE(startup=10), Full())
    """
    given = _split(scheduler)
    _check_objectives(scheduler, given.scheduler, also)
    chosen = given.scheduler
    if chosen is None:
        chosen = ASHA() if given.searcher is None and not also else Full()
    own = _one("searcher", given.searcher, _searcher(searcher))
    transfer = _one("transfer", given.transfer, transfer)
    if transfer is not None and not isinstance(transfer, str):
        return _one("searcher", own, _whole(transfer)), chosen
    then = own if own is not None else NSGA2() if also else RandomSearch()
    if transfer is None and isinstance(chosen, RUSH):
        return Enqueue(then), chosen  # The bar that it sets guards it.
    if transfer is None and has_past and scheduler is None and not also:
        transfer = DEFAULT_TRANSFER
    return _with_transfer(transfer or NO_TRANSFER, then), chosen


class _Given(typing.NamedTuple):
    """What the field `scheduler` says, which may be about the searcher or the transfer alone."""

    scheduler: Scheduler | None = None
    searcher: Searcher | None = None
    transfer: str | None = None


def _split(given: Any) -> _Given:
    if given is None:
        return _Given()
    if isinstance(given, str):
        kind, options = _read("scheduler", given, {**_EARLY, **_SEARCHERS, **_TRANSFERS})
        if kind in _TRANSFERS.values():
            return _Given(ASHA(), transfer=given)
        made = _made("scheduler", given, kind, options)
        return _Given(searcher=made) if kind in _SEARCHERS.values() else _Given(made)
    if _is_pruner(given):
        return _Given(OptunaPruner(given))
    if _has_door(given, Scheduler):
        return _Given(given)
    if _is_sampler(given) or _has_door(given, Searcher):
        return _Given(searcher=_searcher(given))
    raise _no_part("scheduler", given, "a method `next(view)`, or a pruner of Optuna's", scheduler_names())


def _searcher(given: Any) -> Searcher | None:
    if given is None:
        return None
    if isinstance(given, str):
        made: Searcher = _made("searcher", given, *_read("searcher", given, _SEARCHERS))
        return made
    if _is_sampler(given):
        return OptunaSearcher(given)
    if _has_door(given, Searcher):
        return given  # type: ignore[no-any-return]
    raise _no_part("searcher", given, "a method `suggest(view)`, or a sampler of Optuna's", searcher_names())


def _with_transfer(transfer: str, then: Searcher) -> Searcher:
    if transfer.strip() == NO_TRANSFER:
        return then
    kind, options = _read("transfer", transfer, _TRANSFERS, NO_TRANSFER)
    made: Searcher = _made("transfer", transfer, kind, {**options, "then": then, "guard": Guard()})
    return made


def _whole(transfer: Any) -> Searcher:
    """A transfer that is an object has its searcher in it."""
    if not _has_door(transfer, Searcher):
        raise _no_part("transfer", transfer, "a method `suggest(view)`", [NO_TRANSFER, *_TRANSFERS])
    return typing.cast("Searcher", transfer)


def _one(name: str, implied: Any, given: Any) -> Any:
    """What is said once; it may not be said twice."""
    if implied is not None and given is not None and implied != given:
        raise ConfigError(f"Two things say which `{name}` it is to be: {implied!r} and {given!r}. Leave one out.")
    return given if implied is None else implied


def _check_objectives(said: Any, scheduler: Scheduler | None, also: Sequence[str]) -> None:
    if also and isinstance(scheduler, (*_EARLY.values(), OptunaPruner)):
        raise ConfigError(
            f"`scheduler` {said!r} stops trials early by one objective, and `also` names more: "
            f"{', '.join(also)}. Use one of {', '.join(searcher_names())}, or leave `scheduler` out."
        )


# Reading


def _read(noun: str, text: str, kinds: Mapping[str, type[Any]], *others: str) -> tuple[type[Any], dict[str, Any]]:
    """The class that a text names, and the options that it gives."""
    name, colon, rest = (part.strip() for part in text.partition(":"))
    if name not in kinds:
        raise ConfigError(f"No {noun} is called {name!r}. {did_you_mean(name, [*kinds, *others])}")
    return kinds[name], _options(noun, text, kinds[name], rest) if colon else {}


def _options(noun: str, text: str, kind: type[Any], rest: str) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    types = {one.name: hints[one.name] for one in fields(kind) if hints[one.name] in (int, float)}
    options: dict[str, Any] = {}
    for option, equals, value in (part.partition("=") for part in rest.split(",")):
        name = option.strip()
        if not name or not equals or name in options:
            raise ConfigError(
                [Problem(noun, f"{text!r} is not spelled {SPELLING}.", "For example: asha:eta=4,first=2.")]
            )
        if name not in types:
            raise ConfigError([Problem(noun, f"{text!r}: there is no option {name!r}.", did_you_mean(name, types))])
        options[name] = _number(noun, text, name, value.strip(), types[name])
    return options


def _number(noun: str, text: str, name: str, value: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(value)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ConfigError([Problem(noun, f"{text!r}: `{name}` must be {what}, got {value!r}.")]) from None


def _made(noun: str, text: str, kind: type[Any], options: Mapping[str, Any]) -> Any:
    try:
        return kind(**options)
    except ConfigError as error:
        raise ConfigError([Problem(noun, f"{text!r}: {error}")]) from None


# Objects


def _has_door(given: Any, door: type[Any]) -> bool:
    """Whether something is an object with a door; a class is none, though it has the door's names."""
    return isinstance(given, door) and not isinstance(given, type)


def _is_sampler(given: Any) -> bool:
    optuna = sys.modules.get("optuna")  # Where there is an object of it, it has been imported.
    return optuna is not None and isinstance(given, optuna.samplers.BaseSampler)


def _is_pruner(given: Any) -> bool:
    optuna = sys.modules.get("optuna")
    return optuna is not None and isinstance(given, optuna.pruners.BasePruner)


def is_optuna(given: Any) -> bool:
    """Whether something is a sampler or a pruner of Optuna's."""
    return _is_sampler(given) or _is_pruner(given)


def _no_part(noun: str, given: Any, door: str, names: Iterable[str]) -> ConfigError:
    what = f"is {given!r}, which is no {noun}."
    fix = f"Give a name ({', '.join(names)}) or an object with {door}."
    if isinstance(given, type):
        fix = f"Give an object, not a class: {given.__name__}()."
    return ConfigError([Problem(noun, what, fix)])
