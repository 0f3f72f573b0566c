"""The user's config file and options, as one checked plan."""

from vernal.config.arguments import Argument
from vernal.config.file import FUNCTIONS, ConfigFile, load_config
from vernal.config.plan import (
    DEFAULT_METHOD,
    Plan,
    Resolved,
    make_method,
    method_options,
    options_of,
    read_options,
    resolve,
)
from vernal.config.types import Type

__all__ = [
    "Argument",
    "ConfigFile",
    "DEFAULT_METHOD",
    "FUNCTIONS",
    "Plan",
    "Resolved",
    "Type",
    "load_config",
    "make_method",
    "method_options",
    "options_of",
    "read_options",
    "resolve",
]
