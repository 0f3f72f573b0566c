"""Training jobs; ``renate.training`` of old."""

from vernal.renate.training.training import run_training_job

__all__ = ["run_training_job"]
