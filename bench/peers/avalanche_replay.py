"""Final accuracy of Avalanche's naive fine-tuning, replay and DER++ on Split-Fashion-MNIST.

Runs in an environment of its own, never in the library's:

    python3.11 -m venv avalanche
    avalanche/bin/pip install torch==2.13.0
    avalanche/bin/pip install --no-deps avalanche-lib==0.6.0 torchvision==0.28.0
    avalanche/bin/pip install dill gdown gputil matplotlib numpy packaging psutil pytorchcv \
        qpsolvers scikit-learn setuptools tensorboard torchmetrics tqdm wandb
    avalanche/bin/python bench/peers/avalanche_replay.py --strategy replay --epochs 1

torch comes first and the two with ``--no-deps``, because Avalanche names no upper bound and would
pull the newest torch.

What Avalanche does, where its defaults matter:

- ``replay`` is ``Naive`` with ``ReplayPlugin`` and its default storage,
  ``ExperienceBalancedBuffer``: a reservoir per chunk, all of the same size. A step is the mean
  cross-entropy over the new and the memory rows together. The memory is walked without
  replacement and reshuffled when used up; the last draw of a walk is short (52 of 500 rows).
- ``der`` is ``DER``, which is DER++ for ``beta > 0``. Its storage is balanced over classes, the
  logits are those of the model at the end of the row's chunk, and one memory draw serves both
  memory terms.
- The legacy ``nc_benchmark`` is used: with the new scenario API DER does not run.
"""

import argparse
import os

import torch
from split_fashion import CHUNKS, Matrix, arguments, in_chunks, load, network, run, scores
from torch.utils.data import TensorDataset

# torchvision's wheel is linked against CUDA. Beside a CPU build of torch its compiled operators do
# not load, and its import then misses these two, which nothing here calls.
if not torch.cuda.is_available():
    for operator in ("nms", "qnms"):
        schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define(f"torchvision::{operator}", schema)

os.environ.setdefault("WANDB_MODE", "disabled")
from avalanche.benchmarks import nc_benchmark  # noqa: E402
from avalanche.training.determinism.rng_manager import RNGManager  # noqa: E402
from avalanche.training.plugins import ReplayPlugin  # noqa: E402
from avalanche.training.supervised import DER, Naive  # noqa: E402


def benchmark(train, test):
    """The five chunks as Avalanche's experiences, all under one task label."""
    return nc_benchmark(
        with_targets(train),
        with_targets(test),
        n_experiences=len(CHUNKS),
        task_labels=False,
        fixed_class_order=[c for chunk in CHUNKS for c in chunk],
    )


def with_targets(split):
    """A map-style dataset that shows its classes, as Avalanche wants them."""
    dataset = TensorDataset(*split)
    dataset.targets = split.y.tolist()
    return dataset


def strategy(options, model):
    """The strategy named by ``options``, silent: this script does the scoring."""
    common = {
        "model": model,
        "optimizer": torch.optim.SGD(model.parameters(), lr=options.lr),
        "criterion": torch.nn.CrossEntropyLoss(),
        "train_mb_size": options.batch,
        "train_epochs": options.epochs,
        "evaluator": None,
    }
    memory = {"mem_size": options.memory, "batch_size_mem": options.memory_batch}
    if options.strategy == "der":
        return DER(**common, **memory, alpha=options.alpha, beta=options.beta)
    plugins = [ReplayPlugin(**memory)] if options.strategy == "replay" else []
    return Naive(**common, plugins=plugins)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strategy", choices=["naive", "replay", "der"], default="replay")
    options = arguments(parser)
    train, test = (load(options.data / "fashion_mnist", part) for part in ("train", "t10k"))
    tests = in_chunks(test)

    def one(seed: int) -> Matrix:
        RNGManager.set_random_seeds(seed)
        model = network()
        learner = strategy(options, model)
        matrix = []
        for experience in benchmark(train, test).train_stream:
            learner.train(experience)
            matrix.append(scores(model.eval(), tests))
        return matrix

    run(f"avalanche {options.strategy}", options, one)


if __name__ == "__main__":
    main()
