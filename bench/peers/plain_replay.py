"""Final accuracy of the textbook methods on Split-Fashion-MNIST, in plain PyTorch.

Written from the formulas, with no library: a second opinion for the library under test and for
its peers. With the new rows (x, y) and draws (x', y', z'), (x'', y'', z'') from a memory of the old
chunks, where z are stored logits, l the mean cross-entropy and the square averaged over classes:

- ``finetune``: l(x, y).
- ``er``: l over the new and the memory rows together.
- ``derpp-end``, ``derpp-online``: l(x, y) + alpha (f(x') - z')^2 + beta l(x'', y''). The two differ
  only in z: of the final model of the row's chunk, or of the model that saw the row first, before
  that step's update.
- ``derpp-live``: as ``derpp-online``, with the memory filled step by step in the first epoch, so
  that the draws hold rows of the present chunk too, as in the paper.
- ``joint``: a new network after every chunk, trained by l on all the chunks so far.

The memory is a uniform reservoir over all rows seen, and draws are without replacement.

    python bench/peers/plain_replay.py --method er --epochs 1
"""

import argparse
from collections.abc import Callable

import torch
import torch.nn.functional as F
from split_fashion import Matrix, Split, arguments, in_chunks, load, network, run, scores
from torch import Tensor, nn

Rows = tuple[Tensor, Tensor, Tensor]
"""Inputs (B, 784), classes (B,) and stored logits (B, 10)."""


class Reservoir:
    """A uniform sample of ``size`` of all the rows offered so far (Vitter's algorithm R)."""

    def __init__(self, size: int) -> None:
        self.columns: Rows = (
            torch.empty(size, 784),
            torch.empty(size, dtype=torch.int64),
            torch.empty(size, 10),
        )
        self.size = size
        self.n_seen = 0

    def __len__(self) -> int:
        return min(self.n_seen, self.size)

    def offer(self, rows: Rows) -> None:
        """Row number n, counted from 0, takes slot n while there is room, then slot U{0..n}."""
        for row in zip(*rows, strict=True):
            full = self.n_seen >= self.size
            slot = int(torch.randint(self.n_seen + 1, ())) if full else self.n_seen
            self.n_seen += 1
            if slot < self.size:
                for column, value in zip(self.columns, row, strict=True):
                    column[slot] = value

    def draw(self, n: int) -> Rows:
        """At most ``n`` rows, without replacement."""
        chosen = torch.randperm(len(self))[:n]
        x, y, z = (column[chosen] for column in self.columns)
        return x, y, z


Loss = Callable[[nn.Module, Tensor, Tensor, Reservoir, argparse.Namespace], tuple[Tensor, Tensor]]
"""From the model, the new rows, the memory and the options to the loss and the new rows' logits."""


def finetune(model, x, y, memory, options):
    logits = model(x)
    return F.cross_entropy(logits, y), logits


def er(model, x, y, memory, options):
    old_x, old_y, _ = memory.draw(options.memory_batch)
    logits = model(torch.cat([x, old_x]))
    return F.cross_entropy(logits, torch.cat([y, old_y])), logits[: len(x)]


def derpp(model, x, y, memory, options):
    loss, logits = finetune(model, x, y, memory, options)
    if len(memory):
        matched_x, _, matched_z = memory.draw(options.memory_batch)
        named_x, named_y, _ = memory.draw(options.memory_batch)
        loss = loss + options.alpha * F.mse_loss(model(matched_x), matched_z)
        loss = loss + options.beta * F.cross_entropy(model(named_x), named_y)
    return loss, logits


LOSSES: dict[str, Loss] = {
    "finetune": finetune,
    "er": er,
    "derpp-end": derpp,
    "derpp-online": derpp,
    "derpp-live": derpp,
    "joint": finetune,
}


def learn(model: nn.Module, chunk: Split, memory: Reservoir, options: argparse.Namespace) -> None:
    """Train ``model`` on ``chunk``, then offer the chunk's rows to ``memory``."""
    optimizer = torch.optim.SGD(model.parameters(), lr=options.lr)
    first_seen = torch.empty(len(chunk.y), 10)
    for epoch in range(options.epochs):
        for rows in torch.randperm(len(chunk.y)).split(options.batch):
            x, y = chunk.x[rows], chunk.y[rows]
            loss, logits = LOSSES[options.method](model, x, y, memory, options)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if epoch == 0:
                first_seen[rows] = logits.detach()
                if options.method == "derpp-live":
                    memory.offer((x, y, first_seen[rows]))
    if options.method == "derpp-end":
        with torch.no_grad():
            memory.offer((*chunk, model(chunk.x)))
    elif options.method in ("er", "derpp-online"):
        memory.offer((*chunk, first_seen))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", choices=list(LOSSES), required=True)
    options = arguments(parser)
    chunks, tests = (in_chunks(load(options.data / "fashion_mnist", part)) for part in ("train", "t10k"))

    def one(seed: int) -> Matrix:
        torch.manual_seed(seed)
        model, memory, matrix = network(), Reservoir(options.memory), []
        for i, chunk in enumerate(chunks):
            if options.method == "joint":
                model = network()
                chunk = Split(*map(torch.cat, zip(*chunks[: i + 1], strict=True)))
            learn(model, chunk, memory, options)
            matrix.append(scores(model, tests))
        return matrix

    run(f"plain {options.method}", options, one)


if __name__ == "__main__":
    main()
