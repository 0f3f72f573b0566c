"""Parts of models, and operations on their weights; any `torch.nn.Module` will do."""

from vernal.models.averages import interpolate, moving_average_, uniform_average, warmed_up
from vernal.models.class_statistics import ClassStatistics
from vernal.models.continual_norm import ContinualNorm1d, ContinualNorm2d, with_continual_norm
from vernal.models.deepen import identity_, zero_
from vernal.models.features import Captured, Features, captured, captured_inputs, head_of, logits_and_features
from vernal.models.function_gap import function_gap
from vernal.models.grown import grown_like
from vernal.models.growth import grow_heads, growing_heads, has_growing_head
from vernal.models.heads import GrowingHead
from vernal.models.multi_head import MultiHead
from vernal.models.perturb import reinitialise_, shrink_and_perturb_
from vernal.models.recalibration import recalibrate_
from vernal.models.ridge import RidgeSpectrum, RidgeStatistics
from vernal.models.shadow import Shadow
from vernal.models.transplant import transplant

__all__ = [
    "Captured",
    "ClassStatistics",
    "ContinualNorm1d",
    "ContinualNorm2d",
    "Features",
    "GrowingHead",
    "MultiHead",
    "RidgeSpectrum",
    "RidgeStatistics",
    "Shadow",
    "captured",
    "captured_inputs",
    "function_gap",
    "grow_heads",
    "growing_heads",
    "grown_like",
    "has_growing_head",
    "head_of",
    "identity_",
    "interpolate",
    "logits_and_features",
    "moving_average_",
    "recalibrate_",
    "reinitialise_",
    "shrink_and_perturb_",
    "transplant",
    "uniform_average",
    "warmed_up",
    "with_continual_norm",
    "zero_",
]
