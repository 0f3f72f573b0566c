"""The memory in the form in which the method of this update wants it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from vernal.base import ConfigError, SchemaMismatch, derive_seed
from vernal.data import Rows, Schema
from vernal.memory import Annotate, Change, Memory
from vernal.methods import Method, Network
from vernal.training import Feed, Reporter, evaluating
from vernal.transaction.fitting import ROWS, kept_with
from vernal.transaction.situation import Situation


def as_today(situation: Situation, memory: Memory, folder: Path) -> Memory:
    """The memory with rows of today's form: those of the new chunk.

    Args:
        situation: what the update finds.
        memory: the rehearsal memory, or that of validation rows.
        folder: where files are put together.

    Raises:
        SchemaMismatch: its rows are of another form, and the config file has no `upgrade_row_fn`, or that does not
            give rows of today's.
    """
    if memory.structure is None:
        return memory
    upgrade = upgrade_of(situation, memory.structure)
    if upgrade is None:
        return memory
    train = situation.data.train
    with situation.resolved.config.naming("`upgrade_row_fn`", f"on rows ({memory.structure})"):
        memory = memory.upgraded(upgrade, folder)
    memory.schema.check(train.schema, str(train))
    return memory


def upgrade_of(situation: Situation, structure: Schema) -> Change | None:
    """What gives earlier rows the form that rows have today; None if they have it.

    Args:
        situation: what the update finds.
        structure: the form of the earlier rows.

    Raises:
        SchemaMismatch: it is another one, and the config file has no `upgrade_row_fn`.
    """
    train = situation.data.train
    try:
        structure.check(train.schema, str(train))
    except SchemaMismatch as error:
        upgrade: Change | None = situation.call("upgrade_row_fn")
        if upgrade is None:
            raise SchemaMismatch(
                f"{error} If rows have another form from now on, define `upgrade_row_fn`, which gives it to earlier "
                "ones."
            ) from error
        return upgrade
    return None


class Remembering:
    """What a method keeps with rows: with those that come in, and with those that another method let in.

    Args:
        situation: what the update finds.
        method: the method.
        device: where models are.
    """

    def __init__(self, situation: Situation, method: Method, device: torch.device) -> None:
        self._situation, self._method, self._device = situation, method, device
        self.keeps = type(method).keep is not Method.keep

    def annotate(self, model: Network, rows: Rows) -> Annotate:
        """What is kept with some rows, as a function of their places."""
        seed = derive_seed(self._situation.seed, "test")
        feed = Feed(rows, self._situation.transforms("test"), self._device, seed)
        size = self._situation.resolved.plan.training.evaluation_batch

        def kept(places: Tensor) -> dict[str, Tensor]:
            with evaluating(model.module), torch.no_grad():
                blocks = [
                    kept_with(self._method, model, feed.batch(block, "keep", int(block[0]))["x"], len(block))
                    for block in torch.split(places, size)
                ]
            return {name: torch.cat([block[name] for block in blocks]) for name in blocks[0]}

        return kept

    def _check_lengths(self) -> None:
        """Demand targets of one length: what a model says to others has no shape that could be kept with a row.

        Raises:
            ConfigError: they vary.
        """
        varying = [path for path, leaf in self._situation.schema.leaves.items() if path[0] == "y" and leaf.varies]
        if varying and self._situation.schema.leaves[varying[0]].kind == "tensor":
            raise ConfigError(
                f"`{varying[0]}` varies in length from row to row, and {type(self._method).__name__} keeps what the "
                "model says with each row. Pad rows to one length in the data module, before they become a chunk, or "
                "use a method that keeps rows alone, such as `er`."
            )

    def prepared(self, memory: Memory, champion: Network, folder: Path, reporter: Reporter) -> Memory:
        """The memory, with what this method wants to find there.

        Where a head has grown since a row came in, the classes that did not exist are unknown to it: NaN. Where another
        method wrote the memory, its rows are annotated with what this one keeps, as the champion sees them.

        Args:
            memory: the rows of earlier chunks.
            champion: silent about classes that it never knew.
            folder: where files are put together.
            reporter: who is told.

        Raises:
            SchemaMismatch: the rows are kept with something else, and the method is the same.
        """
        self._check_lengths()
        rows = self._situation.data.train.rows
        with self._situation.resolved.config.naming("`keep` of the method", f"on rows ({self._situation.schema})"):
            probe = self.annotate(champion, rows)(torch.arange(min(ROWS, len(rows))))
        if memory.narrower_kept(probe):
            reporter.note("there are new classes: what is kept with the rows in memory is widened")
            return memory.with_wider_kept({name: tuple(values.shape[1:]) for name, values in probe.items()}, folder)
        try:
            memory.check_kept(probe)
        except SchemaMismatch:
            if not self._situation.method_changed:
                raise
            reporter.note("another method wrote the memory: its rows are annotated with what the champion says")
            return memory.annotated(self.annotate(champion, memory), folder)
        return memory
