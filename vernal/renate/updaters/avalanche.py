"""The updaters that Renate took from Avalanche, on vernal's own methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vernal.methods import ER, EWC, ICaRL, LwF, Method
from vernal.renate import defaults
from vernal.renate.updaters.settings import Replaying, Updater


@dataclass(frozen=True)
class AvalancheER(Replaying):
    """Experience replay; all rows of a batch weigh the same, new or not."""

    kind: ClassVar[type[Method]] = ER

    def method(self) -> Method:
        """vernal's own, weighted by rows."""
        return ER(self.memory_size, self.memory_batch, alpha=self.memory_batch / self.new_rows(has_memory=True))


@dataclass(frozen=True)
class AvalancheEWC(Updater):
    """Elastic weight consolidation.

    Args:
        ewc_lambda: weight of the penalty.
    """

    ewc_lambda: float = defaults.EWC_LAMBDA

    kind: ClassVar[type[Method]] = EWC

    def method(self) -> Method:
        """vernal's own, which halves its penalty as the paper does; Avalanche does not."""
        return EWC(strength=2 * self.ewc_lambda, fisher_rows=None)


@dataclass(frozen=True)
class AvalancheLwF(Updater):
    """Learning without forgetting.

    Args:
        alpha: weight of the distillation.
        temperature: softens both sides.
    """

    alpha: float = defaults.LWF_ALPHA
    temperature: float = defaults.LWF_TEMPERATURE

    kind: ClassVar[type[Method]] = LwF

    def method(self) -> Method:
        """vernal's own, which multiplies the distance by the temperature squared; Avalanche does not."""
        return LwF(self.alpha / self.temperature**2, self.temperature)


@dataclass(frozen=True)
class AvalancheICaRL(Replaying):
    """iCaRL: as many rows are replayed as are new, on top of them."""

    kind: ClassVar[type[Method]] = ICaRL

    def method(self) -> Method:
        """vernal's own."""
        return ICaRL(self.memory_size, self.batch_size)

    def new_rows(self, has_memory: bool) -> int:  # noqa: ARG002
        """The whole batch."""
        return self.batch_size
