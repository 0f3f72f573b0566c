"""What each sequential detector costs and finds, against River's own, in one run.

    python bench/detectors.py [--values 100000] [--repeats 7] [--runs 100]

Microseconds per value: errors at a rate of 0.2, where nothing changes. River: `update` and a look at `drift_detected`,
in a loop. vernal: the same values by `update_many`, all at once, after a restart, and in batches of 32; one by one by
`update`, each with its decision; and what a restart costs: a state to JSON and back. Medians of interleaved repeats.

False alarms in 10,000 errors at a rate of 0.2, and the median delay, in values, after a jump from there to 0.3 and to
0.4 at value 2,000, with the share of jumps that were missed within 4,000 values. Defaults, upwards.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from river import drift

from vernal.drift import DETECTORS, SequentialDetector

RIVER = {
    "adwin": drift.ADWIN,
    "ddm": drift.binary.DDM,
    "hddm_a": drift.binary.HDDMA,
    "hddm_w": drift.binary.HDDMW,
    "page_hinkley": lambda: drift.PageHinkley(delta=0.1, alpha=1.0, mode="up"),
}


def river(make: Callable[[], Any], values: list[float]) -> None:
    detector = make()
    for x in values:
        detector.update(x)
        if detector.drift_detected:
            pass


def in_batches(detector: SequentialDetector, values: np.ndarray, size: int) -> None:
    for start in range(0, len(values), size):
        detector.update_many(values[start : start + size])


def restart(detector: SequentialDetector) -> None:
    detector.restored(json.loads(json.dumps(detector.state())))


def microseconds(work: Callable[[], object], values: int) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) / values * 1e6


def measure(name: str, values: np.ndarray, repeats: int) -> dict[str, float]:
    kind, plain, few = DETECTORS.find(name), values.tolist(), values[:2000]
    used = kind()
    used.update_many(values)
    jobs: dict[str, tuple[Callable[[], object], int]] = {
        "bulk": (lambda: kind().update_many(values), len(values)),
        "batches of 32": (lambda: in_batches(kind(), values, 32), len(values)),
        "one by one": (lambda: in_batches(kind(), few, 1), len(few)),
        "restart": (lambda: restart(used), 1),
        "bulk, restored": (lambda: kind().restored(kind().state()).update_many(values), len(values)),
    }
    if name in RIVER:
        jobs["River"] = (lambda: river(RIVER[name], plain), len(plain))
    times: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(repeats):
        for job, (work, count) in jobs.items():
            times[job].append(microseconds(work, count))
    return {job: statistics.median(found) for job, found in times.items()}


def errors(*parts: tuple[int, float], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(n) < rate for n, rate in parts]).astype(float)


def delays(name: str, rate: float, runs: int) -> str:
    found = []
    for seed in range(runs):
        alarms = DETECTORS.find(name)().update_many(errors((2000, 0.2), (4000, rate), seed=seed)).evidence["alarms"]
        found.append(next((at - 2000 for at in alarms if at >= 2000), float("inf")))
    missed = found.count(float("inf")) / runs
    return f"{statistics.median(found):.0f}" + (f" ({missed:.0%} missed)" if missed else "")


def quality(name: str, runs: int) -> str:
    fires = sum(DETECTORS.find(name)().update_many(errors((10_000, 0.2), seed=seed)).fires for seed in range(runs))
    return f"| `{name}` | {fires / runs:.2f} | {delays(name, 0.3, runs)} | {delays(name, 0.4, runs)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--values", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args()
    values = (np.random.default_rng(0).random(options.values) < 0.2).astype(float)
    print("| detector | River | bulk | ratio | bulk, restored | batches of 32 | one by one | restart |")
    print("|---|---|---|---|---|---|---|---|")
    for name in DETECTORS.names():
        found = measure(name, values, options.repeats)
        raw = found.get("River", float("nan"))
        cells = [f"{found[job]:.2f}" for job in ("bulk, restored", "batches of 32", "one by one", "restart")]
        print(f"| `{name}` | {raw:.2f} | {found['bulk']:.2f} | {found['bulk'] / raw:.2f} | {' | '.join(cells)} |")
    print("\n| detector | false alarms in 10,000 | delay to 0.3 | delay to 0.4 |\n|---|---|---|---|")
    for name in DETECTORS.names():
        print(quality(name, options.runs), flush=True)


if __name__ == "__main__":
    main()
