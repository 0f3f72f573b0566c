"""What Renate kept below ``renate.utils`` and config files or scripts import."""

from vernal.renate.utils.config_spaces import config_space

__all__ = ["config_space"]
