"""A step of experience replay: vernal's loop against one written by hand, interleaved in one run.

    python bench/step.py [--blocks 15] [--steps 200]

Both do the same mathematical work on the same data with the same optimiser: 64 new and 64 replayed rows, one
forward pass over both, mean of the two losses, SGD with momentum. By hand the memory is a tensor in RAM;
vernal's lies on disk. Each block times `--steps` steps of one, then of the other; the ratio is the median over
blocks.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional as F

from vernal.base import Duration, SystemClock
from vernal.data import Chunk
from vernal.memory import Memory, Reservoir
from vernal.methods import ER, Setting
from vernal.store import Store
from vernal.tasks import Classification
from vernal.training import Checkpoint, EpochFeed, Feed, Job, MemoryReplay, Silent, Training, Transforms, fit

BATCH = 64


class Scaled(nn.Module):
    """Bytes to numbers between 0 and 1."""

    def forward(self, x: Tensor) -> Tensor:
        return x.float().div_(255) if x.dtype == torch.uint8 else x


def network() -> nn.Module:
    return nn.Sequential(
        Scaled(), nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )


def conv_net() -> nn.Module:
    return nn.Sequential(
        Scaled(), nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 64, 10),
    )  # fmt: skip


def rows(count: int, shape: tuple[int, ...], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count)
    x = torch.randint(0, 256, (count, *shape), dtype=torch.uint8, generator=generator)
    y = torch.randint(0, 10, (count,), generator=generator)
    return (x if dtype == torch.uint8 else x.float() / 255), y


def optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def by_hand(model: nn.Module, new: tuple[Tensor, Tensor], old: tuple[Tensor, Tensor], steps: int) -> float:
    """Seconds a step of the loop that one would write."""
    opt = optimizer(model)
    model.train()
    began = time.perf_counter()
    order, at = torch.randperm(len(new[0])), 0
    total = torch.zeros(())
    for _ in range(steps):
        if at + BATCH > len(order):
            order, at = torch.randperm(len(new[0])), 0
        picked = order[at : at + BATCH]
        at += BATCH
        drawn = torch.randint(0, len(old[0]), (BATCH,))
        x = torch.cat([new[0].index_select(0, picked), old[0].index_select(0, drawn)])
        y = torch.cat([new[1].index_select(0, picked), old[1].index_select(0, drawn)])
        logits = model(x)
        loss = (F.cross_entropy(logits[:BATCH], y[:BATCH]) + F.cross_entropy(logits[BATCH:], y[BATCH:])) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.detach()
    float(total)
    return (time.perf_counter() - began) / steps


def by_vernal(model: nn.Module, chunk: Chunk, memory: Memory, steps: int, folder: Path) -> float:
    """Seconds a step of vernal's loop, everything in it included."""
    fabric = Fabric(accelerator="cpu", devices=1)
    feed = Feed(chunk.rows, Transforms(), fabric.device, 0)
    times: list[float] = []
    method = ER(memory_batch=BATCH)
    method.begin = lambda setting: times.append(time.perf_counter())  # type: ignore[method-assign]
    job = Job(
        model=model,
        method=method,
        feed=EpochFeed(feed, BATCH, 0),
        replay=lambda position: MemoryReplay(memory, Transforms(), fabric.device, 0, position),
        setting=lambda m: Setting(m, F.cross_entropy, lambda: iter(())),
        criterion=F.cross_entropy,
        task=Classification(),
        budget=Duration.parse(f"{steps}st"),
        optimizer=optimizer,
        scheduler=None,
        options=Training(batch_size=BATCH),
        n_new=len(chunk),
        n_before=len(memory),
    )
    fit(job, fabric, Checkpoint(folder / "checkpoint"), Silent(), SystemClock())
    return (time.perf_counter() - times[0]) / steps


def compare(
    name: str,
    make: Callable[[], nn.Module],
    shape: tuple[int, ...],
    dtype: torch.dtype,
    size: int,
    args: argparse.Namespace,
) -> None:
    new, old = rows(BATCH * 100, shape, dtype), rows(size, shape, dtype)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        past, chunk = Chunk.from_arrays(*old), Chunk.from_arrays(*new)
        memory = Memory(store.blobs, 0)
        memory = memory.admit(memory.plan(past, Reservoir(size), 1), past, 1, Path(folder) / "parts")
        hand = partial(by_hand, make(), new, old, args.steps)
        ours = partial(by_vernal, make(), chunk, memory, args.steps, Path(folder))
        hand(), ours()
        pairs = [(hand(), ours()) for _ in range(args.blocks)]
    by_hand_ms = 1e3 * statistics.median(h for h, _ in pairs)
    vernal_ms = 1e3 * statistics.median(v for _, v in pairs)
    ratio = statistics.median(v / h for h, v in pairs)
    print(
        f"{name:24} {str(dtype)[6:]:8} memory {size:6}   by hand {by_hand_ms:6.3f} ms   "
        f"vernal {vernal_ms:6.3f} ms   {ratio:5.3f}x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for dtype in (torch.float32, torch.uint8):
        for size in (2_000, 50_000):
            compare("784-256-256-10 network", network, (784,), dtype, size, args)
    args.steps = max(10, args.steps // 10)  # A step takes thirty times as long.
    compare("small conv net, 3x32x32", conv_net, (3, 32, 32), torch.uint8, 2_000, args)


if __name__ == "__main__":
    main()
