"""A loop on a store, with everything in its place."""

from __future__ import annotations

import os
import socket

from vernal.base import Clock, ConfigError, SystemClock
from vernal.config import Plan, Resolved, resolve
from vernal.ledger import Leases, Loops, Outcomes
from vernal.loop.learner import Learner
from vernal.loop.loop import Loop
from vernal.loop.policy import Policy
from vernal.store import Store
from vernal.training import Reporter


def open_loop(
    plan: Plan,
    policy: Policy,
    store: Store,
    name: str = "main",
    reporter: Reporter | None = None,
    clock: Clock | None = None,
) -> Loop:
    """A loop that goes on from where it stands in the store's database.

    Args:
        plan: how to train.
        policy: what to do with new data.
        store: where models lie.
        name: of the loop; one store can have several.
        reporter: who is told how far an update is; by default the logger ``vernal``.
        clock: tells the time.

    Raises:
        ConfigError: the config file does not take what the loop gives it, or the store has no database.
    """
    check_window(resolve(plan))
    clock = clock or SystemClock()
    database = store.database()
    learner = Learner(plan, store, reporter=reporter, clock=clock)
    return Loop(
        policy, learner, Loops(database, store.id), Outcomes(database, store.id), store.inbox(name), clock, name
    )


def check_window(resolved: Resolved) -> None:
    """Check that a config file takes what a loop gives it.

    Raises:
        ConfigError: it does not.
    """
    if not resolved.config.takes("data_module_fn", "window"):
        raise ConfigError(
            f"`data_module_fn` of {resolved.config.path.name} takes no `window`, so a loop cannot tell it which data "
            "to learn. Give it an argument `window: Window` (from vernal.data) and read that."
        )


def leases_of(store: Store, clock: Clock | None = None) -> Leases:
    """The leases of a store, held in the name of this process."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    return Leases(store.database(), store.id, holder, clock or SystemClock())


def policy_of(resolved: Resolved) -> Policy | None:
    """The policy of a config file: what its `policy_fn` gives; None if it has none.

    Raises:
        ConfigError: that gives something else.
    """
    found = resolved.config.call("policy_fn", resolved.arguments)
    if found is not None and not isinstance(found, Policy):
        raise ConfigError(f"`policy_fn` gives a {type(found).__name__}. It must give a `vernal.loop.Policy`.")
    return found
