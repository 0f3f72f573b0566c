"""What methods are worth on real streams: the same model and budget for each, five seeds, mean and standard error.

    python bench/quality.py fashion --budget 5ep --lr 0.05
    python bench/quality.py gas --budget 20ep
    python bench/quality.py flights --budget 2ep

*average* is the mean over the validation data of all chunks after the last update; *next* the mean over the
data of each next chunk, before the update that learns it: what a model in production would have had. *static*
is the model after the first update. Samples count every row that went through the network in training, replayed
ones included.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch

import vernal
from vernal.config import make_method
from vernal.transaction import Result

METHODS = ("fine_tune", "er", "offline_er", "der", "derpp", "gdumb", "joint")


def run(config: Path, chunks: int, method: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """All updates of one method with one seed."""
    options = {} if method in ("fine_tune", "joint") else {"memory_size": args.memory}
    training = vernal.Training(budget=args.budget, batch_size=args.batch_size, accelerator=args.accelerator)
    before, samples, seconds = [], 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for chunk in range(chunks):
            arguments = {"chunk": chunk} | ({"lr": args.lr} if args.lr else {})
            plan = vernal.Plan(
                config, method=make_method(method, options), arguments=arguments, training=training, seed=seed,
                validation_memory=1_000_000,
            )  # fmt: skip
            result = vernal.update(plan, folder)
            if chunk:
                before.append(result.validation[-1]["before"][args.metric])
            samples += result.costs["samples"]
            seconds += result.costs["total_seconds"]
            if chunk == 0:
                first = result.id
        static = evaluate(folder, config, first, chunks, seed, args.metric) if method == "fine_tune" else None
    return {"average": final(result, args.metric), "next": statistics.mean(before), "samples": samples,
            "seconds": seconds, "static": static}  # fmt: skip


def final(result: Result, metric: str) -> float:
    return statistics.mean(row["after"][metric] for row in result.validation)


def evaluate(store: str, config: Path, update: str, chunks: int, seed: int, metric: str) -> list[float]:
    """The first model on the validation data of every chunk."""
    model = vernal.load_model(store, config, update)
    module = load(config)
    measured = []
    for chunk in range(chunks):
        names = module.data_module_fn.__code__.co_varnames[: module.data_module_fn.__code__.co_argcount]
        data = module.data_module_fn(**{k: v for k, v in {"chunk": chunk, "seed": seed}.items() if k in names})
        rows = data.validation.rows.leaves(torch.arange(len(data.validation)))
        with torch.no_grad():
            outputs = model(rows["x"])
        if metric == "accuracy":
            measured.append(float((outputs.argmax(1) == rows["y"]).double().mean()))
        else:
            own = module.metrics_fn()[metric]
            own.update(outputs, rows["y"])
            measured.append(own.compute())
    return measured


def load(config: Path) -> Any:
    spec = importlib.util.spec_from_file_location("stream", config)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stream", choices=["fashion", "gas", "flights"])
    parser.add_argument("--budget", default="5ep")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--memory", type=int, default=500)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--accelerator", default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    args.metric = "auroc" if args.stream == "flights" else "accuracy"
    config = Path(__file__).parent / "streams" / f"{args.stream}.py"
    chunks = load(config).CHUNKS
    print(f"{args.stream}: {chunks} chunks, {args.budget} each, memory {args.memory}, {args.metric} in %")
    everything = {}
    for method in args.methods:
        runs = [run(config, chunks, method, seed, args) for seed in range(args.seeds)]
        everything[method] = runs
        if method == "fine_tune":
            show(
                "static",
                [statistics.mean(r["static"]) for r in runs],
                [statistics.mean(r["static"][1:]) for r in runs],
                None,
            )
        show(method, [r["average"] for r in runs], [r["next"] for r in runs], runs)
    if args.json:
        args.json.write_text(json.dumps(everything))


def show(name: str, average: list[float], following: list[float], runs: list[dict[str, Any]] | None) -> None:
    costs = ""
    if runs:
        samples, seconds = (statistics.mean(r[k] for r in runs) for k in ("samples", "seconds"))
        costs = f"   {samples:11,.0f} samples   {seconds:6.1f} s"
    print(f"{name:11} average {spread(average)}   next {spread(following)}{costs}", flush=True)


def spread(values: list[float]) -> str:
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):6.2f} ± {100 * error:4.2f}"


if __name__ == "__main__":
    main()
