"""Where `config_space` was in Renate 0.1."""

from vernal.renate.utils.config_spaces import config_space

__all__ = ["config_space"]
