"""One lineage: a method updates a model with one chunk of a stream after another."""

from __future__ import annotations

import dataclasses
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import vernal
from lab.clock import CpuClock
from lab.passes import Passes
from vernal.config import ConfigFile, load_config, make_method, options_of
from vernal.methods import FineTune, Method, method_class
from vernal.metrics import forgetting
from vernal.transaction import Result

STREAMS = Path(__file__).resolve().parents[1] / "streams"
NOT_LEARNING = ("read", "evaluate before", "evaluate")


@dataclass(frozen=True)
class Stream:
    """How a stream is learned, the same for every method.

    Args:
        name: the file in `bench/streams`.
        budget: of each update.
        arguments: of the functions in the file: rows, learning rate.
        memory: rows kept by methods that keep some.
        batch_size: new rows a step.
        metric: what is averaged.
        accelerator: where it runs.
    """

    name: str
    budget: str = "5ep"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    memory: int = 500
    batch_size: int = 64
    metric: str = "accuracy"
    accelerator: str = "cpu"

    @property
    def config(self) -> ConfigFile:
        """The file, loaded once for each process, so that it can keep its data at hand."""
        return _config(self.name)

    @property
    def chunks(self) -> int:
        chunks: int = sys.modules[self.config.functions["data_module_fn"].__module__].CHUNKS
        return chunks

    def method(self, name: str, options: Mapping[str, Any]) -> Method:
        """A method by name, with this stream's size of memory if it has one."""
        has_memory = any(option.name == "memory_size" for option in options_of(method_class(name), name))
        return make_method(name, ({"memory_size": self.memory} if has_memory else {}) | dict(options))


@functools.cache
def _config(name: str) -> ConfigFile:
    return load_config(STREAMS / f"{name}.py")


def run(stream: Stream, method: Method, seed: int) -> dict[str, Any]:
    """All updates of one method with one seed: what it was worth and what it cost."""
    passes, began = Passes(), time.perf_counter()
    config = dataclasses.replace(stream.config, functions=passes.watched(stream.config))
    training = vernal.Training(
        budget=stream.budget, batch_size=stream.batch_size, accelerator=stream.accelerator, devices=1
    )
    with tempfile.TemporaryDirectory() as folder:
        results = [
            vernal.update(
                vernal.Plan(
                    config, method=method, arguments={**stream.arguments, "chunk": chunk}, training=training,
                    seed=seed, validation_memory=1_000_000,
                ),
                folder,
                reporter=passes,
                clock=CpuClock(),
            )
            for chunk in range(stream.chunks)
        ]  # fmt: skip
        wall = time.perf_counter() - began
        static = _static(stream, folder, results[0], seed) if isinstance(method, FineTune) else None
    return {
        **_worth(results, stream.metric),
        "static": static,
        "new_rows": sum(result.record["chunk"]["rows"] for result in results),
        "samples": sum(result.costs["samples"] for result in results),
        "forward": passes.forward,
        "backward": passes.backward,
        "seconds": sum(_learning_seconds(result) for result in results),
        "wall": wall,
    }


def _worth(results: list[Result], metric: str) -> dict[str, Any]:
    scores = [[row["after"][metric] for row in result.validation] for result in results]
    before = [result.validation[-1]["before"][metric] for result in results[1:]]
    return {
        "average": statistics.mean(scores[-1]),
        "next": statistics.mean(before),
        "forgetting": float(forgetting(scores)[-1]),
        "scores": scores,
    }


def _learning_seconds(result: Result) -> float:
    seconds = result.costs["seconds"]
    return sum(value for part, value in seconds.items() if part not in NOT_LEARNING)


def _static(stream: Stream, store: str, first: Result, seed: int) -> list[float]:
    """The first model on the validation data of every chunk."""
    config = stream.config
    model = vernal.load_model(store, config.path, first.id)
    measured = []
    for chunk in range(stream.chunks):
        data = config.call("data_module_fn", {**stream.arguments, "chunk": chunk}, seed=seed)
        rows = data.validation.rows.leaves(torch.arange(len(data.validation)))
        with torch.no_grad():
            outputs = model(rows["x"])
        if stream.metric == "accuracy":
            measured.append(float((outputs.argmax(1) == rows["y"]).double().mean()))
        else:
            own = config.call("metrics_fn", {})[stream.metric]
            own.update(outputs, rows["y"])
            measured.append(own.compute())
    return measured
