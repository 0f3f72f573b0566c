"""The user's config file and options, as one checked plan."""

from vernal.config.arguments import Argument
from vernal.config.file import FUNCTIONS, ConfigFile, load_config
from vernal.config.options import make_method, method_options, options_of, read_options
from vernal.config.plan import DEFAULT_METHOD, NothingToTune, Plan, Resolved, Search, resolve
from vernal.config.slots import METHOD, Slot, Slots, Values
from vernal.config.terms import make_term, make_terms
from vernal.config.types import Type

__all__ = [
    "Argument",
    "ConfigFile",
    "DEFAULT_METHOD",
    "FUNCTIONS",
    "METHOD",
    "NothingToTune",
    "Plan",
    "Resolved",
    "Search",
    "Slot",
    "Slots",
    "Type",
    "Values",
    "load_config",
    "make_method",
    "make_term",
    "make_terms",
    "method_options",
    "options_of",
    "read_options",
    "resolve",
]
