"""The global generators: models and transforms draw from them, so they are part of a training's state."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def capture() -> dict[str, Any]:
    """The state of all global generators, as plain values and tensors."""
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    # To ask an accelerator that is not in use yet would start it.
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return {
        "torch": torch.get_rng_state(),
        "cuda": list(torch.cuda.get_rng_state_all()) if in_use else [],
        "numpy": [str(kind), np.asarray(keys), *rest],
        "python": random.getstate(),
    }


def restore(state: dict[str, Any]) -> None:
    """Put the generators back to a state that `capture` gave."""
    torch.set_rng_state(state["torch"])
    if state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])
    np.random.set_state(tuple(state["numpy"]))
    random.setstate(state["python"])


@contextmanager
def isolated(seed: int) -> Iterator[None]:
    """Seed all global generators, and put them back afterwards: the caller's own draws are not disturbed."""
    before = capture()
    try:
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        yield
    finally:
        restore(before)
