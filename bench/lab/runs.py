"""Many runs on all cores, and what came out of them in a file that grows line by line."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol

import torch

from vernal import VernalError


class Run(Protocol):
    """One run, which can travel to another process."""

    @property
    def key(self) -> dict[str, Any]:
        """All that makes it another run, as plain values."""

    def __call__(self) -> dict[str, Any]:
        """What came out, with `average` and `wall`; a `VernalError` where it cannot be done."""


def run_all(runs: Sequence[Run], out: Path, processes: int) -> None:
    """Make those runs whose outcome is not in the file yet, and those that were refused, one core for each.

    A run that fails otherwise is reported and left out; the next call tries again.
    """
    lines = outcomes(out)
    left = [run for run in runs if "refused" in lines.get(name_of(run.key), {"refused": "never tried"})]
    os.environ["OMP_NUM_THREADS"] = "1"  # For the processes that are started now.
    out.parent.mkdir(parents=True, exist_ok=True)
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), torch.set_num_threads, (1,))
    try:
        futures = {pool.submit(_outcome, run): run for run in left}
        for number, future in enumerate(as_completed(futures), start=1):
            print(f"{number}/{len(left)} {_short(futures[future].key)}: {_noted(future, out)}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)  # After Ctrl-C, too: what has not begun never does.


def outcomes(out: Path) -> dict[str, dict[str, Any]]:
    """The lines of the file, by the name of the run; of several for one run the last."""
    if not out.exists():
        return {}
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {name_of(line["run"]): line for line in lines}


def name_of(key: Mapping[str, Any]) -> str:
    """A run as text, to look it up by."""
    return json.dumps(key, sort_keys=True)


def _outcome(run: Run) -> dict[str, Any]:
    try:
        return {"run": run.key, **run()}
    except VernalError as error:
        return {"run": run.key, "refused": " ".join(str(error).split())}


def _short(key: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in key.values() if isinstance(value, str | int))


def _noted(future: Future[dict[str, Any]], out: Path) -> str:
    if error := future.exception():
        return f"{type(error).__name__}: {error}"
    line = future.result()
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return line.get("refused") or f"{100 * line['average']:.2f}, {line['wall']:.1f} s"
