"""The hyperparameters of each updater, under Renate's names and with its defaults."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from vernal.base import ConfigError, check_range, check_whole
from vernal.methods import FineTune, Method
from vernal.methods import GDumb as VernalGDumb
from vernal.methods import Joint as VernalJoint
from vernal.methods import OfflineER as VernalOfflineER
from vernal.renate import defaults
from vernal.renate.updaters.der import RenateDER
from vernal.renate.updaters.er import RenateER


@dataclass(frozen=True)
class Updater(ABC):
    """What all updaters have in common.

    Args:
        batch_size: rows a step, new and replayed ones together.
        early_stopping: whether to stop when the metric on the validation data does not improve any more.
        mask_unused_classes: whether classes that are not in the chunk are left out of the loss on its rows; of the
            updaters whose loss has several terms only.
        loss_weight: weight of the loss on new rows; of meaning only beside other terms.
    """

    batch_size: int = defaults.BATCH_SIZE
    early_stopping: bool = False
    mask_unused_classes: bool = False
    loss_weight: float = defaults.LOSS_WEIGHT

    kind: ClassVar[type[Method]]
    masks: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_whole("batch_size", self.batch_size, 1)
        if self.mask_unused_classes and not self.masks:
            raise ConfigError(
                f"`mask_unused_classes` can only be False for {type(self).__name__}: none of its rows has a loss that "
                "other rows could balance. Leave it out, or choose ER, DER, CLS-ER or POD-ER."
            )

    @abstractmethod
    def method(self) -> Method:
        """The method that it stands for."""

    def new_rows(self, has_memory: bool) -> int:  # noqa: ARG002
        """New rows a step.

        Args:
            has_memory: whether there are rows of earlier chunks to replay.
        """
        return self.batch_size

    def epochs(self, max_epochs: int, has_memory: bool) -> int:  # noqa: ARG002
        """Epochs of all trainings of an update together.

        Args:
            max_epochs: of each.
            has_memory: whether there are rows of earlier chunks to replay.
        """
        return max_epochs


@dataclass(frozen=True)
class Replaying(Updater):
    """An updater with a memory.

    Args:
        memory_size: rows kept.
        batch_memory_frac: the share of `batch_size` that is replayed, above 0 and below 1.
        memory_batch_size: rows replayed on top of a batch of `batch_size` new ones, instead of a share of it; as
            earlier versions had it.
    """

    memory_size: int = defaults.MEMORY_SIZE
    batch_memory_frac: float = defaults.BATCH_MEMORY_FRAC
    memory_batch_size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("memory_size", self.memory_size, 1)
        check_range("batch_memory_frac", self.batch_memory_frac, 0, 1)
        if self.memory_batch_size is not None:
            check_whole("memory_batch_size", self.memory_batch_size, 1)

    @property
    def memory_batch(self) -> int:
        """Rows replayed a step.

        Raises:
            ConfigError: no new row, or no replayed one, would be in a batch.

        Examples:
            >>> ER(batch_size=50, memory_size=30, batch_memory_frac=0.4).memory_batch
            20
        """
        if self.memory_batch_size is not None:
            return min(self.memory_size, self.memory_batch_size)
        # A share of 0.29 of 100 rows is 29 of them, though the product of the two floats is a little less.
        rows = min(self.memory_size, int(self.batch_memory_frac * self.batch_size + 1e-9))
        if not 0 < rows < self.batch_size:
            raise ConfigError(
                f"A batch of {self.batch_size} rows with `batch_memory_frac` {self.batch_memory_frac} has {rows} rows "
                f"from memory and {self.batch_size - rows} new ones. It needs at least one of each. Choose a share in "
                'between, or updater="FineTuning" to train without memory.'
            )
        return rows

    def new_rows(self, has_memory: bool) -> int:
        """New rows a step: the whole batch while there is nothing to replay."""
        share = self.memory_batch if has_memory and self.memory_batch_size is None else 0
        return self.batch_size - share


@dataclass(frozen=True)
class Weighing(Replaying):
    """An updater whose loss has several terms, with a weight on each.

    Args:
        loss_normalization: 1 to divide the loss by the sum of its weights, 0 not to.
        ema_memory_update_gamma: 1, for stored logits that stay as they are: memory is frozen while a model trains.
    """

    loss_normalization: int = defaults.LOSS_NORMALIZATION
    ema_memory_update_gamma: float = 1.0

    masks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss_normalization not in (0, 1):
            raise ConfigError(f"`loss_normalization` must be 0 or 1, got {self.loss_normalization}.")
        _only("ema_memory_update_gamma", self.ema_memory_update_gamma, 1.0)

    @property
    def normalized(self) -> bool:
        """Whether the loss is divided by the sum of its weights."""
        return bool(self.loss_normalization)


@dataclass(frozen=True)
class ER(Weighing):
    """Experience replay.

    Args:
        alpha: weight of the loss on replayed rows.
    """

    alpha: float = defaults.ER_ALPHA

    kind: ClassVar[type[Method]] = RenateER

    def method(self) -> Method:
        """Replay with Renate's weights."""
        return RenateER(
            self.memory_size,
            self.memory_batch,
            self.loss_weight,
            self.alpha,
            self.normalized,
            self.mask_unused_classes,
        )


@dataclass(frozen=True)
class DER(Weighing):
    """Dark experience replay.

    Args:
        alpha: weight of the distance to the stored logits.
        beta: weight of the loss on stored labels; 0 is DER, above is DER++.
    """

    alpha: float = defaults.DER_ALPHA
    beta: float = defaults.DER_BETA

    kind: ClassVar[type[Method]] = RenateDER

    def method(self) -> Method:
        """Dark replay with Renate's weights."""
        return RenateDER(
            self.memory_size,
            self.memory_batch,
            self.loss_weight,
            self.alpha,
            self.beta,
            self.normalized,
            self.mask_unused_classes,
        )


@dataclass(frozen=True)
class OfflineER(Replaying):
    """Replay, weighted by the data behind each side.

    Args:
        loss_weight_new_data: weight of the loss on new rows, from 0 to 1; None for their share of all rows so far.
    """

    loss_weight_new_data: float | None = None

    kind: ClassVar[type[Method]] = VernalOfflineER

    def method(self) -> Method:
        """vernal's own."""
        return VernalOfflineER(self.memory_size, self.memory_batch, self.loss_weight_new_data)


@dataclass(frozen=True)
class GDumb(Replaying):
    """A fresh model on a balanced memory alone.

    Args:
        reset: True, for a fresh model; other values make no GDumb.
    """

    reset: bool = True

    kind: ClassVar[type[Method]] = VernalGDumb

    def __post_init__(self) -> None:
        super().__post_init__()
        _only("reset", self.reset, True)

    def method(self) -> Method:
        """vernal's own."""
        return VernalGDumb(self.memory_size)

    def new_rows(self, has_memory: bool) -> int:  # noqa: ARG002
        """The whole batch: all rows come from memory."""
        return self.batch_size


@dataclass(frozen=True)
class Joint(Updater):
    """A fresh model on all data so far.

    Args:
        reset: True, for a fresh model; other values come with a later version.
    """

    reset: bool = True

    kind: ClassVar[type[Method]] = VernalJoint

    def __post_init__(self) -> None:
        super().__post_init__()
        _only("reset", self.reset, True)

    def method(self) -> Method:
        """vernal's own."""
        return VernalJoint()


@dataclass(frozen=True)
class FineTuning(Updater):
    """Training on the new data alone."""

    kind: ClassVar[type[Method]] = FineTune

    def method(self) -> Method:
        """vernal's own."""
        return FineTune()


def _only(name: str, value: object, allowed: object) -> None:
    if value != allowed:
        raise ConfigError(f"`{name}` can only be {allowed!r} in this version, got {value!r}. Leave it out.")
