"""Reading rows of a memory on disk: against RAM when warm, against the bare device when cold; and admitting them.

    python bench/gather.py [--rows 100000] [--segments 20]

Rows are 3x32x32 bytes, batches of 64 random rows. Warm: against `index_select` on a tensor in RAM, interleaved,
medians. Cold: the page cache is dropped (as root for the whole machine, else for these files), then against
O_DIRECT reads of the same rows with 16 threads. A third of the rows is drawn, none twice; a page that holds
parts of two rows is read once by vernal. Drawing goes through the same door as in training, which asks the disk
ahead.
"""

from __future__ import annotations

import argparse
import mmap
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

import torch

from vernal.data import Chunk
from vernal.memory import Everything, Memory, Reservoir
from vernal.memory.column_file import read_parts
from vernal.store import Store
from vernal.training import MemoryReplay, Transforms

BATCH, ROW = 64, 3 * 32 * 32
CPU = torch.device("cpu")


def build(folder: Path, rows: int, segments: int) -> tuple[Memory, torch.Tensor, Store]:
    store = Store(folder / "store")
    memory = Memory(store.blobs, 0)
    x = torch.randint(0, 256, (rows, 3, 32, 32), dtype=torch.uint8)
    for number, part in enumerate(x.chunk(segments)):
        chunk = Chunk.from_arrays(part, torch.zeros(len(part), dtype=torch.int64))
        memory = memory.admit(memory.plan(chunk, Everything(), number), chunk, number, folder / "parts")
    return memory, x, store


def warm(memory: Memory, x: torch.Tensor, repeats: int = 400) -> None:
    generator = torch.Generator().manual_seed(0)
    column = memory.column("x")
    ram, disk = [], []
    for i in range(repeats + 50):
        places = torch.randint(0, len(x), (BATCH,), generator=generator)
        at = time.perf_counter()
        a = x.index_select(0, places)
        middle = time.perf_counter()
        b = column.gather(places)
        end = time.perf_counter()
        assert torch.equal(a, b)
        if i >= 50:
            ram.append(middle - at)
            disk.append(end - middle)
    fast, ours = BATCH / statistics.median(ram), BATCH / statistics.median(disk)
    print(f"warm: RAM {fast / 1e6:5.2f} M rows/s   vernal {ours / 1e6:5.2f} M rows/s   {ours / fast:5.3f}x")


def drop_caches(files: list[Path]) -> str:
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return "whole machine"
    except OSError:
        for path in files:
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
        return "these files"


def direct(files: list[Path], rows: int, seconds: float, depth: int = 16) -> float:
    """Rows a second by O_DIRECT reads of the pages that hold them, `depth` at a time."""
    starts = [(path, read_parts(path)["values"]) for path in files]
    fds = {path: os.open(path, os.O_RDONLY | os.O_DIRECT) for path, _ in starts}
    counts = [0] * depth
    end = time.perf_counter() + seconds

    def work(k: int) -> None:
        buffer = mmap.mmap(-1, 2 * mmap.PAGESIZE)
        generator = torch.Generator().manual_seed(k)
        while time.perf_counter() < end:
            for row in torch.randint(0, rows, (64,), generator=generator).tolist():
                path, part = starts[row * len(starts) // rows]
                offset = part.start + row % part.shape[0] * ROW
                first = offset - offset % mmap.PAGESIZE
                length = -(-(offset + ROW - first) // mmap.PAGESIZE) * mmap.PAGESIZE
                os.preadv(fds[path], [memoryview(buffer)[:length]], first)
                counts[k] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(depth)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def cold(tree: dict, folder: Path, rows: int, batches: int) -> float:
    """Rows a second through the door that training uses, beginning with nothing in the page cache."""
    store = Store(folder / "store")
    memory = Memory.from_tree(tree, store.blobs)
    replay = MemoryReplay(memory, Transforms(), CPU, seed=int(time.time()))
    began = time.perf_counter()
    for _ in range(batches):
        replay.draw(BATCH)
    return batches * BATCH / (time.perf_counter() - began)


def admission(folder: Path, rows: int = 20_000) -> None:
    store = Store(folder / "admission")
    x = torch.randint(0, 256, (rows, 3, 32, 32), dtype=torch.uint8)
    chunk = Chunk.from_arrays(x, torch.zeros(rows, dtype=torch.int64))
    _ = chunk.fingerprint
    times = []
    for seed in range(5):
        memory = Memory(store.blobs, seed)
        began = time.perf_counter()
        memory = memory.admit(memory.plan(chunk, Reservoir(rows // 2), 1), chunk, 1, folder / "admit")
        times.append((time.perf_counter() - began) / len(memory))
    print(f"admit: {1e6 * statistics.median(times):5.2f} us a row: planned, written, hashed, synced")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; a temporary one by default")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        memory, x, store = build(folder, args.rows, args.segments)
        warm(memory, x)
        tree = memory.to_tree()
        files = [store.blobs.path(segment.columns["x"]) for segment in memory.segments]
        del memory, x
        rounds = []
        for _ in range(args.rounds):
            how = drop_caches(files)
            bare = direct(files, args.rows, 2.0)
            drop_caches(files)
            rounds.append((bare, cold(tree, folder, args.rows, args.rows // 3 // BATCH)))
        bare, ours = (statistics.median(r[i] for r in rounds) for i in (0, 1))
        ratio = statistics.median(o / b for b, o in rounds)
        print(f"cold ({how}): O_DIRECT, 16 at a time {bare:8,.0f} rows/s   vernal {ours:8,.0f} rows/s   {ratio:5.3f}x")
        admission(folder)


if __name__ == "__main__":
    main()
