"""A folder that keeps files by hash, and small makers of chunks and memories."""

import hashlib

import torch

from vernal.data import Chunk
from vernal.memory import Memory
from vernal.state import pack, unpack


class FolderBlobs:
    """Files by the hash of their content."""

    def __init__(self, folder):
        self.folder = folder
        self.put = []
        folder.mkdir(parents=True, exist_ok=True)

    def put_file(self, path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.replace(self.folder / digest)
        self.put.append(digest)
        return digest

    def path(self, digest):
        return self.folder / digest


def numbers(start, count, labels=None, **options):
    """Rows ``x = (i, -i)``, with `i` from `start` on."""
    i = torch.arange(start, start + count)
    y = i % 3 if labels is None else torch.as_tensor(labels)
    return Chunk.from_arrays(torch.stack([i, -i], dim=1).float(), y, **options)


def admitted(memory, chunk, policy, number, folder, annotate=None):
    """The next memory."""
    return memory.admit(memory.plan(chunk, policy, number), chunk, number, folder / "parts", annotate)


def reopened(memory, blobs):
    """What another process sees: nothing but bytes."""
    return Memory.from_tree(unpack(pack(memory.to_tree())), blobs)


def contents(memory):
    """The numbers of the rows of `numbers` that are in memory."""
    return memory.leaves(torch.arange(len(memory)))["x"][:, 0].long().tolist() if len(memory) else []


def same(a, b):
    """Whether two rows are built alike, of the same types and values."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
