"""What an update starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from vernal.base import SchemaMismatch, SchemaTooNew, digest
from vernal.memory import Memory
from vernal.state import unpack
from vernal.store import Store

SCHEMA_VERSION = 1  # of a record

_ADVICE = {
    "model_fn": (
        "Give the arguments with which that model was made, or the config file of its time. If another architecture is "
        "meant from now on, define `previous_model_fn`, which builds the old one, and `migrate_fn`, which carries it "
        "over. Or begin a new lineage (another store)."
    ),
    "previous_model_fn": "Build there the architecture in which these weights were trained.",
}


@dataclass(frozen=True)
class Parent:
    """What an update starts from: the record of an earlier one, and its whole state.

    Args:
        record: the record.
        store: where it lies.

    Raises:
        SchemaTooNew: the record was written by a later version.
    """

    record: Mapping[str, Any]
    store: Store

    def __post_init__(self) -> None:
        if self.record["schema_version"] > SCHEMA_VERSION:
            raise SchemaTooNew(
                f"Update {self.id} was recorded with schema version {self.record['schema_version']}; this vernal reads "
                f"up to {SCHEMA_VERSION}. Run: pip install --upgrade vernal"
            )

    @property
    def id(self) -> str:
        """The id of the update."""
        return str(self.record["id"])

    @property
    def basis(self) -> str:
        """A digest of what an update starts from as it is now: an erasure changes it, and not the update's name."""
        return digest({name: self._blob(name) for name in self.record["artefacts"]})

    @cached_property
    def model_state(self) -> dict[str, Tensor]:
        """The weights."""
        state: dict[str, Tensor] = self._artefact("model")
        return state

    @cached_property
    def method_state(self) -> dict[str, Any]:
        """What the method keeps."""
        state: dict[str, Any] = self._artefact("method")
        return state

    def memory(self, name: str) -> Memory | None:
        """The rehearsal memory (``"memory"``) or the validation memory (``"validation"``), if it has one.

        Raises:
            StateNotFound: a file of it is missing.
            CorruptState: a file of it is damaged; better now than in the middle of a training.
        """
        if name not in self.record["artefacts"]:
            return None
        memory = Memory.from_tree(self._artefact(name), self.store.blobs)
        for file in memory.needs:
            self.store.blobs.path(file)
        return memory

    def _artefact(self, name: str) -> Any:
        return unpack(self.store.blobs.get(self._blob(name)))

    def _blob(self, name: str) -> str:
        return self.store.resolve(self.record["artefacts"][name]["blob"])


def fits(model: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Whether weights can be loaded into a model; loads them, if so."""
    try:
        model.load_state_dict(dict(state))
    except RuntimeError:
        return False
    return True


def load_weights(model: nn.Module, state: Mapping[str, Tensor], whose: str, builder: str = "model_fn") -> None:
    """Load weights into a model.

    Args:
        model: the model.
        state: the weights.
        whose: the update that they are of.
        builder: the function of the config file that has built the model.

    Raises:
        SchemaMismatch: they do not fit.
    """
    try:
        model.load_state_dict(dict(state))
    except RuntimeError as error:
        raise SchemaMismatch(
            f"The weights of {whose} do not fit the model that `{builder}` builds: {str(error).rstrip('. ')}. "
            f"{_ADVICE[builder]}"
        ) from error
