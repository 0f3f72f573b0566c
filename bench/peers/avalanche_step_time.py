"""Median time of one replay step in Avalanche: 64 new rows and 64 from memory, one after another.

Nine classes of Fashion-MNIST (54,000 rows) fill the memory, the tenth (6,000 rows) is then learned
with replay, and the time from one step's end to the next is taken: loading, forward, backward and
update. As a scale, the same step in plain PyTorch, which gathers its rows from two tensors.

Runs in the environment that ``avalanche_replay.py`` describes, on one thread:

    avalanche/bin/python bench/peers/avalanche_step_time.py --memory 2000
"""

import argparse
import time
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

import torch
import torch.nn.functional as F
from avalanche_replay import strategy, with_targets
from split_fashion import Split, arguments, load, network

from avalanche.benchmarks import nc_benchmark  # isort: skip
from avalanche.core import SupervisedPlugin  # isort: skip


class Stopwatch(SupervisedPlugin):
    """Notes when each step of the present chunk ended."""

    def before_training_exp(self, strategy, **kwargs):
        self.ends = []

    def after_training_iteration(self, strategy, **kwargs):
        self.ends.append(time.perf_counter())


def avalanche_steps(options: argparse.Namespace, train: Split) -> list[float]:
    """Moments at which the steps with replay ended."""
    learner, watch = strategy(options, network()), Stopwatch()
    learner.plugins.append(watch)
    chunks = nc_benchmark(
        with_targets(train),
        with_targets(train),
        n_experiences=2,
        task_labels=False,
        per_exp_classes={0: 9},
        fixed_class_order=list(range(10)),
    )
    for experience in chunks.train_stream:
        learner.train(experience)
    return watch.ends


def plain_steps(options: argparse.Namespace, train: Split) -> Iterator[float]:
    """The same for a loop that gathers whole batches."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr)
    is_new = train.y == 9
    new, old = Split(train.x[is_new], train.y[is_new]), Split(train.x[~is_new], train.y[~is_new])
    for _ in range(options.epochs):
        for rows in torch.randperm(len(new.y)).split(options.batch):
            drawn = torch.randint(options.memory, (options.memory_batch,))
            logits = model(torch.cat([new.x[rows], old.x[drawn]]))
            loss = F.cross_entropy(logits, torch.cat([new.y[rows], old.y[drawn]]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield time.perf_counter()


def main() -> None:
    options = arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    options.strategy = "replay"
    torch.set_num_threads(1)
    train = load(options.data / "fashion_mnist", "train")
    for name, steps in (("avalanche", avalanche_steps), ("plain", plain_steps)):
        times = [1e3 * (end - start) for start, end in pairwise(steps(options, train))]
        print(f"{name}: {median(times):.2f} ms per step, memory {options.memory}, {len(times)} steps")


if __name__ == "__main__":
    main()
