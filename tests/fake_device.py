"""A GPU that is not there: it computes on the CPU, and refuses what CUDA refuses.

A tensor on it holds an ordinary tensor, computes with that, and says that it is on ``cuda:0``. As on a real GPU,

- an operation on tensors of both devices raises ``Expected all tensors to be on the same device``, unless the one on
  the CPU has no dimensions and the operation goes entry by entry, or is an index;
- values come back by `cpu`, `to`, `item`, `tolist` and `copy_`, but `numpy` is refused;
- a generator of the CPU does not draw for the device.

It cannot show kernels and their precision, streams, memory, or several GPUs. One thing differs: to move a module there
makes new parameters, where a real GPU fills those that are there.

PyTorch itself sees the device ``meta``, which every build has: that needs no guard of a CUDA runtime, also not in
`backward`. So what asks for ``cuda`` is told ``meta`` on the way in.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning_fabric.accelerators import ACCELERATOR_REGISTRY, Accelerator
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

DEVICE = torch.device("cuda", 0)
CPU, META = torch.device("cpu"), torch.device("meta")

aten = torch.ops.aten
MOVING = {aten._to_copy.default, aten.copy_.default}
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
WITH_A_NUMBER = {aten.index_fill.int_Tensor, aten.index_fill_.int_Tensor, *INDEXING}  # beside what goes entry by entry


class FakeTensor(Tensor):
    """A tensor on the device.

    Args:
        held: its values.
    """

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        form = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        made = torch.Tensor._make_wrapper_subclass(cls, held.shape, device=META, **form)
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return computed(func, args, kwargs or {})

    @property
    def device(self):
        return DEVICE

    @property
    def is_cuda(self):
        return True

    @property
    def is_meta(self):
        return False

    @property
    def data(self):
        return self.detach()

    @data.setter
    def data(self, value):
        Tensor.data.__set__(self, value)
        self.held = value.held

    # What PyTorch answers without asking `__torch_dispatch__`

    def new_tensor(self, data, dtype=None):
        return torch.tensor(data, dtype=dtype or self.dtype).to(META)

    def tolist(self):
        return self.cpu().tolist()

    def numpy(self):
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    def __array__(self, dtype=None):
        return self.numpy()

    def data_ptr(self):
        return self.held.data_ptr()

    def untyped_storage(self):
        return self.held.untyped_storage()

    def __getitem__(self, index):
        return super().__getitem__(as_tensors(index))

    def __setitem__(self, index, value):
        super().__setitem__(as_tensors(index), value)

    def __deepcopy__(self, memo):
        memo[id(self)] = made = FakeTensor(self.held.clone()).requires_grad_(self.requires_grad)
        for name in self.__dict__.keys() - {"held"}:  # `_is_param` makes it a parameter.
            setattr(made, name, copy.deepcopy(getattr(self, name), memo))
        return made

    def __repr__(self, **_):
        return f"{self.held!r} on {DEVICE}"


def as_tensors(index):
    """An index whose lists are tensors, as PyTorch makes them."""
    if isinstance(index, tuple):
        return tuple(as_tensors(part) for part in index)
    return torch.tensor(index) if isinstance(index, list) else index


def computed(func, args, kwargs):
    """What an operation gives, on the device where CUDA would give it."""
    check(func, args, kwargs)
    wanted = kwargs.get("device")
    if wanted == META:
        kwargs = kwargs | {"device": CPU}
    out = func(*each(_held, args), **each(_held, kwargs))
    touched = any(isinstance(tensor, FakeTensor) for tensor in tensors_in((args, kwargs)))
    if wanted == META or (wanted is None and touched):
        out = each(_wrapped, out)
    return return_and_correct_aliasing(func, args, kwargs, out) if touched else out


def _held(value):
    return value.held if isinstance(value, FakeTensor) else value


def _wrapped(value):
    return FakeTensor(value) if isinstance(value, Tensor) else value


def each(function, values):
    """The same nesting of tuples, lists and dictionaries; PyTorch's own `tree_map` takes ten times as long."""
    if type(values) in (tuple, list):
        return type(values)(each(function, value) for value in values)
    if type(values) is dict:
        return {name: each(function, value) for name, value in values.items()}
    return function(values)


def tensors_in(values):
    """All tensors in such a nesting."""
    found = []
    each(lambda value: found.append(value) if isinstance(value, Tensor) else None, values)
    return found


def check(func, args, kwargs):
    """Refuse what CUDA refuses."""
    tensors = tensors_in((args, kwargs))
    here = [tensor for tensor in tensors if isinstance(tensor, FakeTensor)]
    if kwargs.get("generator") is not None and (here or kwargs.get("device") == META):
        raise RuntimeError(f"Expected a 'cuda' device type for generator but found 'cpu' ({func})")
    if not here or func in MOVING:
        return
    if func in INDEXING and isinstance(args[0], FakeTensor):
        tensors = tensors_in((args[0], args[2:], kwargs))
    written = args[0] if func._schema.is_mutable else None
    takes_numbers = torch.Tag.pointwise in func.tags or func in WITH_A_NUMBER
    for tensor in tensors:
        number = tensor.ndim == 0 and tensor is not written and takes_numbers
        if not isinstance(tensor, FakeTensor) and not number:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
                f"({func}, {[*tensor.shape]})"
            )


class _Computing(TorchDispatchMode):
    """Sees operations that touch no tensor of the device yet: those that make one, and those that move one there."""

    @classmethod
    def _should_skip_dynamo(cls):
        return False  # Nothing is compiled here, and to load the compiler takes seconds.

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return computed(func, args, kwargs or {})


class _Naming(TorchFunctionMode):
    """Tells PyTorch ``meta`` where the code says ``cuda``."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.device:  # To name one is not to ask for it.
            return func(*args, **kwargs)
        args, kwargs = each(_named, args), each(_named, kwargs)
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == META:
            return func(*args, **kwargs | {"device": CPU}).to(META)  # On `meta` it would not even look at the values.
        return func(*args, **kwargs)


def _named(value: Any) -> Any:
    if isinstance(value, torch.device) or (isinstance(value, str) and value.startswith("cuda")):
        return META if torch.device(value).type == "cuda" else value
    return value


class FakeAccelerator(Accelerator):
    """What Lightning wants to know of a device."""

    def setup_device(self, device):
        pass

    def teardown(self):
        pass

    @staticmethod
    def parse_devices(devices):
        return [*range(devices)] if isinstance(devices, int) else devices

    @staticmethod
    def get_parallel_devices(devices):
        return [DEVICE for _ in devices]

    @staticmethod
    def auto_device_count():
        return 1

    @staticmethod
    def is_available():
        return True

    @staticmethod
    def name():
        return "cuda"


@contextmanager
def fake_device() -> Iterator[torch.device]:
    """The device is there: PyTorch moves tensors to it, and a `Fabric` with the accelerator ``cuda`` takes it.

    Examples:
        >>> with fake_device() as device:
        ...     torch.ones(2, device=device) + torch.ones(2)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! ...
    """
    entry = ACCELERATOR_REGISTRY["cuda"]
    real, entry["accelerator"] = entry["accelerator"], FakeAccelerator
    try:
        with _Naming(), _Computing():
            yield DEVICE
    finally:
        entry["accelerator"] = real
