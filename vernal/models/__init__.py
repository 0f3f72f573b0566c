"""Parts of models, and operations on their weights; any `torch.nn.Module` will do."""

from vernal.models.features import Captured, Features, captured, captured_inputs, head_of, logits_and_features
from vernal.models.growth import grow_heads, growing_heads, has_growing_head
from vernal.models.heads import GrowingHead
from vernal.models.multi_head import MultiHead

__all__ = [
    "Captured",
    "Features",
    "GrowingHead",
    "MultiHead",
    "captured",
    "captured_inputs",
    "grow_heads",
    "growing_heads",
    "has_growing_head",
    "head_of",
    "logits_and_features",
]
