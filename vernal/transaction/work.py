"""What another process is told, so that it finds the same situation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vernal.base import DataError
from vernal.config import ConfigFile, Plan, resolve
from vernal.methods import Method
from vernal.store import Store
from vernal.transaction.new_data import read_data
from vernal.transaction.parent import Parent
from vernal.transaction.recipe import Recipe
from vernal.transaction.situation import Situation

Methods = Recipe | str | None | tuple[Recipe | str, ...]


@dataclass(frozen=True)
class Work:
    """All that another process needs. Nothing in here is defined in the config file: it could not travel.

    Args:
        load: loads the config file.
        plan: the plan, without a method that is no name, without terms, and without parts of a search.
        method: that method, or those to choose from.
        terms: those terms, where the plan and not the config file gives them.
        url: of the store.
        ledger: the database with its history, if the store does not say it.
        parent: the id of the parent.
        fingerprints: of the data that the update is named after.
    """

    load: Callable[[], ConfigFile]
    plan: Plan
    method: Methods
    terms: tuple[Recipe, ...] | None
    url: str
    ledger: str | None
    parent: str | None
    fingerprints: Mapping[str, str | None]

    @classmethod
    def of(cls, situation: Situation) -> Work:
        """What leads to a situation.

        Raises:
            ConfigError: a method or a term of the user's cannot travel.
        """
        resolved = situation.resolved
        plan, terms = resolved.asked, None
        if plan.terms is not None:
            terms, plan = tuple(map(Recipe.of, resolved.terms)), replace(plan, terms=None)
        method, plan = _packed(plan.method), replace(plan, config=resolved.config.path, method=None)
        if plan.tuning is not None:  # Who decides what is tried is not here.
            plan = replace(plan, tuning=replace(plan.tuning, scheduler=None, searcher=None, transfer=None))
        parent = situation.parent.id if situation.parent else None
        load, store = resolved.config.loader, situation.store
        return cls(load, plan, method, terms, store.url, store.ledger, parent, situation.data.fingerprints)

    def situation(self) -> Situation:
        """The same situation, in this process.

        Raises:
            DataError: the data module gives other data here.
        """
        config = self.load()
        terms = None if self.terms is None else [recipe.make() for recipe in self.terms]
        resolved = resolve(replace(self.plan, config=config, method=_unpacked(self.method), terms=terms))
        store = Store(self.url, create=False, ledger=self.ledger)
        parent = None if self.parent is None else Parent(store.record(self.parent), store)
        # The data was prepared by the process that started this one.
        data = read_data(resolved, lambda prepare: None)  # noqa: ARG005
        check_same(data.fingerprints, self.fingerprints)
        return Situation(resolved, store, parent, data)


def check_same(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Demand that all processes have the same data.

    Raises:
        DataError: they have not.
    """
    different = [name for name, fingerprint in expected.items() if found[name] != fingerprint]
    if different:
        raise DataError(
            f"The data module gives other data in every process ({', '.join(different)}), perhaps because it splits "
            "at random. Where several processes train, all must have the same: seed whatever is random in it, for "
            "instance `random_split(..., generator=torch.Generator().manual_seed(0))`."
        )


def _packed(method: Any) -> Methods:
    if isinstance(method, Method):
        return Recipe.of(method)
    if isinstance(method, Sequence) and not isinstance(method, str):
        return tuple(Recipe.of(one) if isinstance(one, Method) else one for one in method)
    return method  # type: ignore[no-any-return]


def _unpacked(method: Any) -> Any:
    if isinstance(method, Recipe):
        return method.make()
    if isinstance(method, tuple):
        return [_unpacked(one) for one in method]
    return method
