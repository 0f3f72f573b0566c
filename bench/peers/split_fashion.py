"""Split-Fashion-MNIST, its network and its report: what every script in this folder shares.

Ten classes arrive in five chunks of two, in the order (0, 1), (2, 3), ..., (8, 9), 12,000 rows
each. After each chunk the network is scored on the 2,000 test rows of every chunk, over all ten
outputs and without being told which chunk a row is from.

Nothing here knows a continual-learning method, and nothing here imports the library under test.
"""

import argparse
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

CHUNKS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
DATA = Path(__file__).parents[3] / "shared" / "data"


class Split(NamedTuple):
    """Rows ``x`` (N, 784) float32 in [0, 1] and their classes ``y`` (N,) int64."""

    x: Tensor
    y: Tensor


Matrix = list[list[float]]
"""``matrix[i][j]``: accuracy on chunk ``j``'s test rows after training on chunk ``i``."""


def load(folder: Path, part: str) -> Split:
    """Read ``part``, "train" (60,000 rows) or "t10k" (10,000 rows), from the IDX files."""
    images = gzip.decompress((folder / f"{part}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784)
    classes = np.frombuffer(labels, np.uint8, offset=8)
    return Split(torch.from_numpy(pixels / np.float32(255)), torch.from_numpy(classes.astype("i8")))


def in_chunks(split: Split) -> list[Split]:
    """Cut ``split`` by class into the five chunks."""
    masks = [torch.isin(split.y, torch.tensor(classes)) for classes in CHUNKS]
    return [Split(split.x[mask], split.y[mask]) for mask in masks]


def network() -> nn.Sequential:
    """784-256-256-10 with ReLU, initialised by torch's defaults from the global generator."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, 256),
        nn.ReLU(),
        nn.Linear(256, 10),
    )


@torch.no_grad()
def scores(model: nn.Module, tests: list[Split]) -> list[float]:
    """Accuracy on each chunk's test rows."""
    return [(model(test.x).argmax(1) == test.y).double().mean().item() for test in tests]


def arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line: ``parser``'s own options and those of the experiment."""
    parser.add_argument("--data", type=Path, default=DATA, help="folder holding fashion_mnist/")
    parser.add_argument("--epochs", type=int, default=1, help="epochs per chunk")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--batch", type=int, default=64, help="new rows per step")
    parser.add_argument("--memory-batch", type=int, default=64, help="memory rows per draw")
    parser.add_argument("--memory", type=int, default=500, help="rows kept in memory")
    parser.add_argument("--alpha", type=float, default=0.1, help="DER++: weight of the logits")
    parser.add_argument("--beta", type=float, default=0.5, help="DER++: weight of the labels")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    return parser.parse_args()


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Mean, and its standard error (nan for fewer than two values)."""
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return mean(values), error


def run(name: str, options: argparse.Namespace, train: Callable[[int], Matrix]) -> None:
    """Call ``train(seed)`` for each seed; print, and write as JSON if asked, what came out."""
    matrices = {}
    for seed in options.seeds:
        matrices[seed] = train(seed)
        print(f"{name}, seed {seed}")
        for chunk, row in enumerate(matrices[seed], start=1):
            print(f"  after chunk {chunk}:", "  ".join(f"{accuracy:.4f}" for accuracy in row))
        print(f"  final average accuracy {mean(matrices[seed][-1]):.4f}", flush=True)
    center, error = mean_and_error([mean(matrix[-1]) for matrix in matrices.values()])
    print(f"{name}, {options.epochs} epochs: {center:.4f} +- {error:.4f} (standard error)\n")
    if options.json:
        settings = {key: value for key, value in vars(options).items() if key not in ("data", "json")}
        found = json.loads(options.json.read_text()) if options.json.exists() else []
        found.append(
            {
                "name": name,
                "settings": settings,
                "mean": center,
                "standard_error": error,
                "accuracy": matrices,
            }
        )
        options.json.write_text(json.dumps(found, indent=1))
