"""What a job says, through the logger ``vernal.renate``."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from vernal.base import Progress

logger = logging.getLogger("vernal.renate")


class Logged:
    """Tells a logger how far an update is."""

    def phase(self, name: str) -> None:
        """What is done from now on."""
        logger.info(name)

    def training(self, progress: Progress, done: float, loss: float | None) -> None:
        """How far the training is."""
        shown = "" if loss is None else f", loss {loss:.4g}"
        logger.info("epoch %d, step %d, %.0f %%%s", progress.epochs, progress.steps, 100 * done, shown)

    def tuning(self, done: float, facts: Sequence[str]) -> None:
        """How a search stands, in words."""
        logger.info("%3.0f %%, %s", 100 * done, ", ".join(facts))

    def note(self, text: str) -> None:
        """Something worth a line."""
        logger.info(text)
