"""A whole second update on a tiny chunk, from process start to committed state, against a process written by hand.

    python bench/small_update.py [--rounds 7] [--sizes 1000 10000 100000]

Both load a 784-256-256-10 network and a memory of so many rows of 784 bytes, train 10 steps of replay (64 new
and 64 old rows), let 640 rows into the memory by reservoir sampling, and save everything. By hand that is
torch.load and torch.save. Rounds are interleaved; medians. `bytes` is what vernal wrote, against admitted rows
+ model + index.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG = HERE / "update_config" / "config.py"

BY_HAND = """
import sys
import torch
from torch import nn
from torch.nn import functional as F

folder, number = sys.argv[1], int(sys.argv[2])
model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
model.load_state_dict(torch.load(folder + "/model.pt"))
state = torch.load(folder + "/memory.pt")
memory_x, memory_y, seen = state["x"], state["y"], state["seen"]
generator = torch.Generator().manual_seed(number)
x = torch.randint(0, 256, (640, 784), dtype=torch.uint8, generator=generator)
y = torch.randint(0, 10, (640,), generator=generator)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for batch in torch.randperm(640).split(64):
    old = torch.randperm(len(memory_x))[:64]
    inputs = torch.cat([x[batch], memory_x[old]]).float() / 255
    targets = torch.cat([y[batch], memory_y[old]])
    loss = F.cross_entropy(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for i in range(640):
    slot = int(torch.randint(0, seen + i + 1, ()))
    if slot < len(memory_x):
        memory_x[slot], memory_y[slot] = x[i], y[i]
torch.save(model.state_dict(), folder + "/model.pt")
torch.save({"x": memory_x, "y": memory_y, "seen": seen + 640}, folder + "/memory.pt")
"""

BY_API = """
import sys
import vernal
from vernal.methods import ER
plan = vernal.Plan(sys.argv[1], method=ER(memory_size=int(sys.argv[4])), arguments={"number": int(sys.argv[3])},
                   training=vernal.Training(budget="1ep", accelerator="cpu"))
vernal.update(plan, sys.argv[2])
"""


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds and peak resident megabytes of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def prepare(folder: Path, size: int) -> None:
    """A first update whose chunk fills the memory, for both."""
    import torch
    from torch import nn

    api = [sys.executable, "-c", BY_API, str(CONFIG), str(folder / "store"), f"-{size}", str(size)]
    subprocess.run(api, check=True)
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    torch.save(model.state_dict(), folder / "model.pt")
    x = torch.randint(0, 256, (size, 784), dtype=torch.uint8)
    torch.save({"x": x, "y": torch.randint(0, 10, (size,)), "seen": size}, folder / "memory.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    args = parser.parse_args()
    medians = {}
    for size in args.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            prepare(folder, size)
            hand, api, cli = [], [], []
            for round_ in range(args.rounds + 1):
                number = 2 * round_
                hand.append(timed([sys.executable, "-c", BY_HAND, name, str(number)]))
                common = [str(CONFIG), str(folder / "store"), str(number), str(size)]
                api.append(timed([sys.executable, "-c", BY_API, *common]))
                options = ["--store", str(folder / "store"), "--method", "er", "--memory-size", str(size)]
                options += ["--budget", "1ep", "--accelerator", "cpu", "--number", str(number + 1)]
                cli.append(timed([sys.executable, "-m", "vernal", "update", str(CONFIG), *options]))
            report(size, hand[1:], api[1:], cli[1:], folder / "store")
            medians[size] = statistics.median(s for s, _ in api[1:])
    first, last = min(medians), max(medians)
    print(f"{last} rows against {first}: {medians[last] / medians[first]:.3f}x")


def report(size: int, hand: list, api: list, cli: list, where: Path) -> None:
    by_hand = statistics.median(s for s, _ in hand)
    for name, runs in (("API", api), ("CLI", cli)):
        ratio = statistics.median(a / h for (a, _), (h, _) in zip(runs, hand, strict=True))
        seconds = statistics.median(s for s, _ in runs)
        extra = statistics.median(m for _, m in runs) - statistics.median(m for _, m in hand)
        print(
            f"memory {size:7}  by hand {by_hand:5.2f} s  {name} {seconds:5.2f} s  {ratio:5.3f}x   peak {extra:+5.0f} MB"
        )
    from vernal.store import Store

    store = Store(where)
    record = store.record("champion")
    written = record["costs"]["bytes_written"] + len(json.dumps(record))
    needed = added_rows(store, record) + sum(record["artefacts"][k]["bytes"] for k in ("model", "memory"))
    print(
        f"memory {size:7}  bytes written {written:,} against rows + model + index {needed:,}: {written / needed:.3f}x"
    )


def added_rows(store, record: dict) -> int:
    """Bytes of the rows (784 + 8 for the label, 16 for the id, 8 for the time) that the last update let in."""
    from vernal.memory import Memory
    from vernal.state import unpack

    memory = Memory.from_tree(unpack(store.blobs.get(record["artefacts"]["memory"]["blob"])), store.blobs)
    return int((memory.index.chunks == record["number"]).sum()) * (784 + 8 + 16 + 8)


if __name__ == "__main__":
    main()
