"""The ground floor: errors, durations with units, the clock, named seeds, canonical JSON. Standard library only."""

from vernal.base.arrow_memory import in_arrow
from vernal.base.canonical import canonical_json, digest
from vernal.base.catalogue import Catalogue
from vernal.base.clock import Clock, SystemClock
from vernal.base.decision import Decision
from vernal.base.duration import Duration, Progress
from vernal.base.errors import (
    ConfigError,
    ConflictError,
    CorruptState,
    DataError,
    EmptyChunk,
    MissingExtra,
    Problem,
    SchemaMismatch,
    SchemaTooNew,
    StateError,
    StateNotFound,
    TrainingError,
    Unreachable,
    VernalError,
)
from vernal.base.extras import require
from vernal.base.period import period
from vernal.base.ranges import check_range, check_whole
from vernal.base.seed import derive_seed
from vernal.base.suggest import did_you_mean

__all__ = [
    "Catalogue",
    "Clock",
    "ConfigError",
    "ConflictError",
    "CorruptState",
    "DataError",
    "Decision",
    "Duration",
    "EmptyChunk",
    "MissingExtra",
    "Problem",
    "Progress",
    "SchemaMismatch",
    "SchemaTooNew",
    "StateError",
    "StateNotFound",
    "SystemClock",
    "TrainingError",
    "Unreachable",
    "VernalError",
    "canonical_json",
    "check_range",
    "check_whole",
    "derive_seed",
    "did_you_mean",
    "digest",
    "in_arrow",
    "period",
    "require",
]
