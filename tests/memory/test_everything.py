import torch

from tests.memory.doubles import admitted, reopened
from vernal.data import Chunk
from vernal.memory import Everything, Memory


def test_rows_are_in_the_order_in_which_they_came(blobs, tmp_path):
    memory = Memory(blobs, seed=0)
    for i in range(5):
        chunk = Chunk.from_arrays(torch.full((10, 3), float(i)), torch.arange(10))
        memory = reopened(admitted(memory, chunk, Everything(), i + 1, tmp_path), blobs)
    for i in range(5):
        for j in range(10):
            (x, y), kept = memory[10 * i + j]
            assert (x == i).all()
            assert y == j
            assert kept == {}
