"""How long alibi-detect takes for MMD with a permutation test: seconds of each round, and its p-value, as JSON.

Runs in an environment of its own, never in the library's (alibi-detect needs NumPy below 2):

    python3.11 -m venv alibi
    alibi/bin/pip install torch==2.13.0 alibi-detect==0.13.0
    alibi/bin/python bench/peers/alibi_mmd.py --rows 2000

The detector is made beforehand, and only `predict` is timed.
"""

import argparse
import json
import time

import numpy as np
import torch
from alibi_detect.cd import MMDDrift


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000, help="of each sample")
    parser.add_argument("--columns", type=int, default=512)
    parser.add_argument("--permutations", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=(2, options.rows, options.columns)).astype(np.float32)
    detector = MMDDrift(reference, backend="pytorch", n_permutations=options.permutations)
    seconds = []
    for _ in range(options.rounds):
        began = time.perf_counter()
        found = detector.predict(current)
        seconds.append(time.perf_counter() - began)
    print(json.dumps({"seconds": seconds, "p": float(found["data"]["p_val"])}))


if __name__ == "__main__":
    main()
