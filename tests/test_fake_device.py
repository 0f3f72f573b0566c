"""The fake device refuses what CUDA refuses, and computes what the CPU computes."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.fake_device import fake_device

MIXED = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"


@pytest.fixture(autouse=True)
def device():
    with fake_device() as device:
        yield device


@pytest.fixture
def here(device):
    return torch.arange(6.0).reshape(3, 2).to(device)


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x + torch.ones(2),
        lambda x: torch.ones(2) * x,
        lambda x: x @ torch.ones(2, 2),
        lambda x: x.add_(torch.ones(2)),
        lambda x: torch.ones(2).add_(x.sum()),
        lambda x: torch.tensor(1.0).add_(x.sum()),
        lambda x: torch.cat([x, torch.ones(1, 2)]),
        lambda x: torch.stack([x.sum(), torch.tensor(1.0)]),
        lambda x: torch.where(torch.ones(3, 2) > 0, x, 0.0),
        lambda x: x.masked_fill(torch.ones(3, 2) > 0, 0.0),
        lambda x: x.gather(1, torch.zeros(3, 1, dtype=torch.int64)),
        lambda x: torch.ones(3)[x[:, 0] > 1],
        lambda x: x.index_put_((torch.tensor([0]),), torch.ones(1, 2)),
        lambda x: x.index_add_(0, torch.tensor([0]), x[:1]),
        lambda x: F.cross_entropy(x, torch.tensor([0, 1, 1])),
        lambda x: nn.Linear(2, 2)(x),
        lambda x: torch._foreach_add([x], [torch.ones(3, 2)]),
    ],
)
def test_tensors_of_two_devices_do_not_meet(mix, here):
    with pytest.raises(RuntimeError, match=MIXED):
        mix(here)


@pytest.mark.parametrize(
    "meet",
    [
        lambda x: x + torch.tensor(1.0),
        lambda x: x.mul_(torch.tensor(2.0)),
        lambda x: torch.where(x > 1, x, torch.tensor(0.0)),
        lambda x: x[torch.tensor([0, 2])],
        lambda x: x[[0, 2]],
        lambda x: x[torch.tensor([True, False, True])],
        lambda x: x.index_put_((torch.tensor([0]),), torch.tensor(5.0)),
        lambda x: x.copy_(torch.ones(3, 2)),
        lambda x: x.new_tensor([1.0, 2.0]) + x,
        lambda x: x + torch.tensor([1.0, 2.0], device=x.device),
        lambda x: x + torch.ones(2).to(x),
        lambda x: x + torch.ones(2, device="cuda"),
    ],
)
def test_numbers_and_indices_of_the_cpu_may_come_along(meet, here, device):
    found = meet(here)
    assert found.device == device
    assert found.is_cuda
    assert found.cpu().isfinite().all()


def test_a_device_can_be_named_in_any_way(device):
    assert torch.device("cuda", 0) == torch.device("cuda:0") == device
    for name in ("cuda", "cuda:0", torch.device("cuda")):
        assert torch.ones(2).to(name).device == torch.ones(2, device=name).device == device


def test_values_come_back_when_asked_for(here):
    assert here.device != here.cpu().device == torch.device("cpu")
    assert here.sum().item() == float(here.sum()) == 15.0
    assert here.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert torch.zeros(3, 2).copy_(here).sum() == 15
    assert here.to("cpu", torch.float64).dtype == torch.float64
    for refused in (here.numpy, lambda: np.asarray(here)):
        with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
            refused()


def test_a_generator_of_the_cpu_does_not_draw_for_it(here, device):
    generator = torch.Generator().manual_seed(0)
    for refused in (
        lambda: torch.randn(2, generator=generator, device=device),
        lambda: here.bernoulli_(generator=generator),
    ):
        with pytest.raises(RuntimeError, match="Expected a 'cuda' device type for generator but found 'cpu'"):
            refused()


def test_parts_and_copies_share_memory_as_ever(here):
    part, whole = here[1], copy.deepcopy(here)
    part += 1
    here[[0, 2]] = 7.0
    assert here.tolist() == [[7.0, 7.0], [3.0, 4.0], [7.0, 7.0]]
    assert whole.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert here.data_ptr() == here.detach().data_ptr() != whole.data_ptr()


def trained(device):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.2), nn.Linear(4, 2)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    x, y = torch.randn(8, 2).to(device), torch.arange(8, device=device) % 2
    for _ in range(3):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def test_a_model_learns_there_what_it_learns_on_the_cpu(device):
    with torch.random.fork_rng():
        there, here = trained(device), trained("cpu")
    assert all(isinstance(p, nn.Parameter) and p.device == device for p in there.parameters())
    assert all(p.device == device for p in copy.deepcopy(there).double().parameters())
    for name, value in there.cpu().state_dict().items():
        assert torch.equal(value, here.state_dict()[name]), name
