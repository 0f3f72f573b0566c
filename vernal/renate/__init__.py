"""The migration door: names and signatures of the archived Renate, on vernal's engine.

Old import paths stay what they were below `vernal.renate`: ``renate.training`` is ``vernal.renate.training``,
``renate.models.renate_module`` is ``vernal.renate.models.renate_module``, ``renate.defaults`` is
``vernal.renate.defaults``. Ranges for a configuration space, which Renate took from ``syne_tune.config_space``, are in
`vernal.renate.config_space`. See ``docs/renate.md``.
"""

from vernal.renate.data.data_module import RenateDataModule
from vernal.renate.models.renate_module import RenateModule, RenateWrapper
from vernal.renate.training.training import run_training_job

__all__ = ["RenateDataModule", "RenateModule", "RenateWrapper", "run_training_job"]
