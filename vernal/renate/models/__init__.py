"""Models; ``renate.models`` of old."""

from vernal.renate.models.renate_module import RenateModule, RenateWrapper

__all__ = ["RenateModule", "RenateWrapper"]
