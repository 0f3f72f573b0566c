"""A stored model, ready to predict."""

from __future__ import annotations

import copy
from pathlib import Path

from torch import nn

from vernal.base import ConfigError, derive_seed
from vernal.config import Plan, resolve
from vernal.methods import Method
from vernal.store import Store
from vernal.training import isolated
from vernal.transaction.former import former_method, former_name
from vernal.transaction.parent import Parent, load_weights


def load_model(
    store: Store | str | Path, config: str | Path, update: str = "champion", method: Method | None = None
) -> nn.Module:
    """Rebuild what an update was judged by: `model_fn` with the recorded arguments, and the stored weights.

    Where the method makes predictions by something on top of the model, class means or averaged weights, that is what
    comes back.

    Args:
        store: where it lies.
        config: the config file. It is asked for because loading runs it: vernal runs no code that it finds in a store.
        update: id of the update, or ``"champion"``.
        method: the method that it was trained with, if that is neither one of vernal's nor what the config file's
            `method_fn` gives.

    Returns:
        The model, in evaluation mode, on CPU.

    Raises:
        ConfigError: the method is not known.
        StateNotFound: no such store or update.
        CorruptState: the stored weights are not what was written.
        SchemaMismatch: the config file gives another architecture.
    """
    store = store if isinstance(store, Store) else Store(store, create=False)
    parent = Parent(store.record(update), store)
    resolved = resolve(Plan(config, arguments=parent.record["plan"]["arguments"]))
    seed = parent.record["plan"]["seed"]
    with isolated(derive_seed(seed, "model")):
        model: nn.Module = resolved.config.call("model_fn", resolved.arguments, seed=seed)
    load_weights(model, parent.model_state, f"update {parent.id}")
    return _with_state(parent, method, resolved.method).predictor(model.cpu()).cpu().eval()


def _with_state(parent: Parent, given: Method | None, own: Method) -> Method:
    """The method of an update: what the caller gives, or one of vernal's, or the config file's own."""
    if given is not None:
        given = copy.deepcopy(given)
        given.load_state_dict(parent.method_state)
        return given
    method = former_method(parent, own)
    if method is None:
        raise ConfigError(
            f"Update {parent.id} was trained with {former_name(parent)!r}, which is no method of vernal's, and not "
            "what `method_fn` gives. Pass an object of it: load_model(..., method=...)."
        )
    return method
