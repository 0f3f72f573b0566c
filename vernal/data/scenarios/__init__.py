"""Benchmark scenarios: one dataset cut into the chunks of a sequence of updates.

A scenario cuts whatever it is given, map-style datasets of pairs ``(x, y)``, and reads no more of it than it
must. It is a value: equal scenarios cut equally, and all that is random comes from the seed.
"""

from vernal.data.scenarios.class_incremental import ClassIncremental
from vernal.data.scenarios.data_incremental import DataIncremental, source
from vernal.data.scenarios.feature_sorting import FeatureSorting
from vernal.data.scenarios.hue_shift import HueShift
from vernal.data.scenarios.iid import IID
from vernal.data.scenarios.permutation import Permutation
from vernal.data.scenarios.rotation import Rotation
from vernal.data.scenarios.scenario import Scenario, ScenarioChunk
from vernal.data.scenarios.time_incremental import TimeIncremental

__all__ = [
    "ClassIncremental",
    "DataIncremental",
    "FeatureSorting",
    "HueShift",
    "IID",
    "Permutation",
    "Rotation",
    "Scenario",
    "ScenarioChunk",
    "TimeIncremental",
    "source",
]
