"""The record of an update: everything about it, as plain values."""

from __future__ import annotations

import math
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from vernal.base import Clock
from vernal.memory import Memory
from vernal.state import pack
from vernal.store import Store
from vernal.transaction.aim import past_bytes
from vernal.transaction.learn import Learned
from vernal.transaction.parent import SCHEMA_VERSION
from vernal.transaction.search import Searched
from vernal.transaction.situation import Situation

try:
    import resource
except ImportError:  # Not on Windows.
    resource = None  # type: ignore[assignment]

LIBRARIES = ("vernal", "torch", "lightning-fabric", "numpy", "safetensors")


class Meter:
    """Measures what an update costs.

    Args:
        clock: measures the seconds.
        began: what it said when the update began.
        store: counts the bytes, from now on.
    """

    def __init__(self, clock: Clock, began: float, store: Store) -> None:
        self.clock = clock
        self._began, self._store, self._written = began, store, store.bytes_written

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.clock.seconds() - self._began

    @property
    def bytes_written(self) -> int:
        """Bytes written to the store so far."""
        return self._store.bytes_written - self._written


def stage(
    situation: Situation,
    learned: Learned,
    promote: bool,
    read_seconds: float,
    meter: Meter,
    searched: Searched | None = None,
) -> dict[str, Any]:
    """Put everything into the store, out of sight, and compose the record that will make it visible.

    Args:
        situation: what the update found.
        learned: what came out of it.
        promote: whether the model is to become the champion.
        read_seconds: how long it took to read config and data.
        meter: measures the costs.
        searched: what came out of a search, if there was one.
    """
    store, resolved, data = situation.store, situation.resolved, situation.data
    at = meter.seconds
    artefacts = {
        "model": _put(store, pack(learned.model)),
        "method": _put(store, pack(learned.method)),
        "config": _put(store, resolved.config.source.encode()),
    }
    for name, tree in (("memory", learned.memory), ("validation", learned.validation)):
        if tree is not None:
            artefacts[name] = _put(store, pack(tree)) | {"needs": Memory.from_tree(tree, store.blobs).needs}
    if data.train.has_ids:  # Nobody asks for others.
        artefacts["ids"] = _put(store, pack({"ids": data.train.ids}))
    if searched is not None:
        artefacts["tuning"] = _put(store, past_bytes(searched.past))
    # The training of a trial is taken up at its end, which is no interruption.
    training = learned.training | ({} if searched is None else {"resumed": False})
    tune = {} if searched is None else {"tune": searched.summary["seconds"]}
    seconds = {"read": read_seconds, **tune, **learned.seconds, "store": meter.seconds - at}
    record = {
        "schema_version": SCHEMA_VERSION,
        "id": situation.name[:12],
        "name": situation.name,
        "request": situation.request,
        "parent": situation.parent.id if situation.parent else None,
        "major": situation.parent is None or situation.architecture_changed,
        "number": situation.number,
        "created": meter.clock.now().isoformat(timespec="seconds"),
        "chunk": {
            "name": data.train.name,
            "rows": len(data.train),
            "fingerprint": data.train.fingerprint,
            "fingerprints": data.fingerprints,
            "times": data.train.time_span,
            "files": list(resolved.plan.window.files) if resolved.plan.window else [],
        },
        "plan": resolved.to_json(),
        "config": str(resolved.config.path),
        "task": situation.task.name,
        "architecture_changed": situation.architecture_changed,
        "rows_seen": situation.rows_before + len(data.train),
        "memory": _memory_facts(learned.memory),
        "artefacts": artefacts,
        "metrics": learned.metrics,
        "training": training,
        "costs": {
            "seconds": {name: round(value, 4) for name, value in seconds.items()},
            "total_seconds": round(sum(seconds.values()), 4),
            "samples": training["samples"] + training["replayed"],
            "bytes_written": meter.bytes_written,
            "peak_memory_bytes": _peak_memory(),
        },
        "environment": {
            "python": sys.version.split()[0],
            "machine": platform.machine(),
            **{library: version(library) for library in LIBRARIES},
        },
        "decision": {"yes": promote, "why": _why(promote, searched)},
    } | ({} if searched is None else {"tuning": searched.summary})
    finite: dict[str, Any] = _finite(record)
    return finite


def _why(promote: bool, searched: Searched | None) -> str:
    if searched is not None and not searched.is_feasible:
        constraints = ", ".join(searched.summary["constraints"])
        return f"kept beside the champion: no trial keeps the constraints ({constraints})"
    return "promoted on request, without a gate" if promote else "kept beside the champion when it was made"


def _finite(value: Any) -> Any:
    """The same with None for what is not a number: a metric of the user's may have no value, and JSON has no NaN."""
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _put(store: Store, data: bytes) -> dict[str, Any]:
    return {"blob": store.blobs.put(data), "bytes": len(data)}


def _memory_facts(tree: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if tree is None:
        return None
    return {"rows": len(tree["index"]["keys"]), "seen": tree["n_seen"], "segments": len(tree["segments"])}


def _peak_memory() -> int | None:
    """The largest resident size of this process so far, in bytes."""
    unit = {"darwin": 1}.get(sys.platform, 1024)
    return int(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) if resource else None
