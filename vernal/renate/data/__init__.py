"""Data modules; ``renate.data`` of old."""

from vernal.renate.data.data_module import RenateDataModule

__all__ = ["RenateDataModule"]
