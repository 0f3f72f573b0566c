"""State is data: trees of plain values and tensors, as one safetensors file. No pickle, no class names."""

from vernal.state.packing import pack, unpack

__all__ = ["pack", "unpack"]
