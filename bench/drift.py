"""Two-sample tests: how often each is right, how long each takes, and how much faster than a peer.

    python bench/drift.py [--repeats 300] [--rounds 5] [--peer alibi/bin/python]

*rejected* is the share of pairs of samples, 500 rows of 32 normal columns each, that are said to differ at alpha .05;
of windows of 500 rows of an AR(1) series, whose neighbours are alike, none should be. *time* is the median over the
rounds on two threads, *memory* the most that is taken beside the samples. *peer* is alibi-detect's MMD in an
environment of its own, as `peers/alibi_mmd.py` says, with as many permutations, round by round in turn with this one.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"})  # Before NumPy: its BLAS reads them once.

import argparse
import json
import statistics
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
from lab.table import markdown

from vernal.drift import KS, MMD, PSI, ClassifierTest, Energy, Monitor, TwoSampleTest

PEER = Path(__file__).resolve().parent / "peers" / "alibi_mmd.py"
ALPHA, ROWS, COLUMNS, THREADS = 0.05, 500, 32, 2
TESTS: dict[str, TwoSampleTest] = {
    "KS": KS(),
    "MMD, all pairs": MMD(features=None),
    "MMD, random features": MMD(features=1024),
    "classifier": ClassifierTest(),
    "energy": Energy(),
    "PSI": PSI(),
}
BLOCKS: dict[str, TwoSampleTest] = {
    "KS": KS(block=50),
    "MMD, all pairs": MMD(block=50),
    "MMD, random features": MMD(features=1024, block=50),
    "classifier": ClassifierTest(block=50),
    "energy": Energy(block=50),
}
first = np.arange(COLUMNS) == 0
CHANGES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "none": lambda rows, rng: rows,
    "+.3 sd in one": lambda rows, rng: rows + 0.3 * first,
    "+.1 sd in all": lambda rows, rng: rows + 0.1,
    "x1.15 in all": lambda rows, rng: rows * 1.15,
    "10 % of rows +1": lambda rows, rng: rows + (rng.random((len(rows), 1)) < 0.1),
    "correlation .6": lambda rows, rng: np.where(first, 0.6 * rows[:, [1]] + 0.8 * rows, rows),
}


def share_rejected(test: TwoSampleTest, change: Callable[..., np.ndarray], repeats: int) -> float:
    found = []
    for seed in range(repeats):
        rng = np.random.default_rng([1, seed])
        reference, current = rng.normal(size=(2, ROWS, COLUMNS))
        found.append(test.compare(reference, change(current, rng), seed).p <= ALPHA)
    return float(np.mean(found))


def series(rng: np.random.Generator, phi: float) -> tuple[np.ndarray, np.ndarray]:
    noise = rng.normal(size=2 * ROWS)
    for row in range(1, len(noise)):
        noise[row] = phi * noise[row - 1] + np.sqrt(1 - phi**2) * noise[row]
    return noise[:ROWS], noise[ROWS:]


def share_of_series(test: TwoSampleTest, phi: float, repeats: int) -> float:
    pairs = (series(np.random.default_rng([2, seed]), phi) for seed in range(repeats))
    return float(np.mean([test.compare(*pair, seed).p <= ALPHA for seed, pair in enumerate(pairs)]))


def rates(repeats: int) -> None:
    rows = [
        [name, *(f"{share_rejected(test, change, repeats):.3f}" for change in CHANGES.values())]
        for name, test in TESTS.items()
    ]
    print(f"rejected, of {repeats}\n\n{markdown(['', *CHANGES], rows)}\n")
    header = ["AR(1), no change", "phi .5", "phi .9", "phi .5, blocks of 50", "phi .9, blocks of 50"]
    rows = [
        [name, *(f"{share_of_series(t, phi, repeats // 2):.3f}" for t in (TESTS[name], test) for phi in (0.5, 0.9))]
        for name, test in BLOCKS.items()
    ]
    print(f"rejected, of {repeats // 2}\n\n{markdown(header, rows)}\n")


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak(work: Callable[[], object]) -> float:
    """Megabytes."""
    tracemalloc.start()
    work()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return taken / 1e6


def times(rounds: int) -> None:
    reference, current = np.random.default_rng(0).normal(size=(2, 10_000, 512)).astype(np.float32)
    few = reference[:2000], current[:2000]
    monitor = Monitor()
    pair = reference, current
    works: dict[str, Callable[[], object]] = {
        "the default, on embeddings": lambda: monitor.decide({"embeddings": pair}),
        "the default, on features too": lambda: monitor.decide({"embeddings": pair, "features": pair}),
        "KS": lambda: KS().compare(*pair),
        "PSI": lambda: PSI().compare(*pair),
        "MMD, 1,024 random features": lambda: MMD().compare(*pair),
        "MMD, all pairs, 2,000 rows": lambda: MMD().compare(*few),
        "classifier": lambda: ClassifierTest().compare(*pair),
        "energy, of 2,000 rows": lambda: Energy().compare(*pair),
    }
    taken = {name: statistics.median(seconds(work) for _ in range(rounds)) for name, work in works.items()}
    rows = [[name, f"{taken[name]:.2f} s", f"{peak(work):.0f} MB"] for name, work in works.items()]
    print(f"10,000 rows of 512 columns each\n\n{markdown(['', 'time', 'memory'], rows)}\n")


def against_peer(python: str, rounds: int, permutations: int = 100) -> None:
    reference, current = np.random.default_rng(0).normal(size=(2, 2000, 512)).astype(np.float32)
    test = MMD(permutations, features=None)
    command = [python, str(PEER), "--permutations", str(permutations), "--threads", str(THREADS)]
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: test.compare(reference, current)))
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        theirs.extend(json.loads(said.splitlines()[-1])["seconds"])
    ratio = statistics.median(peer / own for peer, own in zip(theirs, ours, strict=True))
    print(
        f"MMD of 2,000 rows of 512 columns each, {permutations} permutations: {statistics.median(ours):.2f} s, "
        f"alibi-detect {statistics.median(theirs):.2f} s, {ratio:.0f} times as long"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=300, help="pairs of samples for each rate; 0 for no rates")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", help="the Python of an environment with alibi-detect")
    options = parser.parse_args()
    times(options.rounds)
    if options.peer:
        against_peer(options.peer, options.rounds)
    if options.repeats:
        rates(options.repeats)


if __name__ == "__main__":
    main()
