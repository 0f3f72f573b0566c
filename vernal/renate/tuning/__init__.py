"""Where `run_training_job` was in Renate 0.1: ``renate.tuning`` of old."""

from vernal.renate.tuning.tuning import execute_tuning_job

__all__ = ["execute_tuning_job"]
