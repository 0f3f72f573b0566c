"""Parts of losses that several methods share; each can be used alone, in a method of your own."""

from vernal.methods.components.complementary import Complementary
from vernal.methods.components.double_distillation import centred, double_distillation, lowest_where_unknown
from vernal.methods.components.pooled_outputs import (
    PooledOutputs,
    Pooling,
    check_layers,
    check_pooling,
    features_inside,
    pooled_output_distance,
    pooled_outputs_loss,
)
from vernal.methods.components.weighted import weighted_sum

__all__ = [
    "Complementary",
    "PooledOutputs",
    "Pooling",
    "centred",
    "check_layers",
    "check_pooling",
    "double_distillation",
    "features_inside",
    "lowest_where_unknown",
    "pooled_output_distance",
    "pooled_outputs_loss",
    "weighted_sum",
]
