"""A stored model, ready to predict."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from vernal.base import derive_seed
from vernal.config import Plan, resolve
from vernal.store import Store
from vernal.training import isolated
from vernal.transaction.parent import Parent, load_weights


def load_model(store: Store | str | Path, config: str | Path, update: str = "champion") -> nn.Module:
    """Rebuild the model of an update: `model_fn` with the recorded arguments, and the stored weights.

    Args:
        store: where it lies.
        config: the config file. It is asked for because loading runs it: vernal runs no code that it finds in a store.
        update: id of the update, or ``"champion"``.

    Returns:
        The model, in evaluation mode, on CPU.

    Raises:
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
    return model.cpu().eval()
