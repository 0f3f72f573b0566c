"""Configurations at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vernal.base import derive_seed
from vernal.tuning.scheduler import Suggestion
from vernal.tuning.view import View


@dataclass(frozen=True)
class RandomSearch:
    """The plan's own values first, then configurations at random [1]_.

    References:
        .. [1] J. Bergstra, Y. Bengio. Random search for hyper-parameter optimization. JMLR 13, 2012.
    """

    def suggest(self, view: View) -> Suggestion:
        """The default configuration for the first trial, then one that only its number decides."""
        if not view.trials:
            return Suggestion(view.default, "default")
        rng = np.random.default_rng(derive_seed(view.seed, "trial", len(view.trials)))
        return Suggestion(view.space.sample(rng), "random")
