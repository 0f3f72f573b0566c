import io

import torch
from torch import nn

from vernal.renate.checkpoint import checkpoint_bytes


def test_a_file_holds_what_is_in_a_tensor_and_not_what_lies_around_it():
    rows = torch.rand(2000, 100)
    assert len(checkpoint_bytes({"row": rows[0]})) < 3000


def test_torch_reads_it_without_running_anything_in_it():
    state = nn.BatchNorm1d(3).state_dict()
    read = torch.load(io.BytesIO(checkpoint_bytes(state)), weights_only=True)
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], state[name]) for name in state)


def test_tied_weights_stay_tied():
    weight = torch.rand(100, 100)
    assert len(checkpoint_bytes({"a": weight, "b": weight})) < 1.5 * weight.nbytes
