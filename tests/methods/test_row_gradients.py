import pytest
import torch
from torch import nn
from torch.nn import functional as F

from vernal.methods import Network, row_gradients
from vernal.methods.row_gradients import mean_over_rows


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 4)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


class Looking(nn.Module):
    """Looks at values, and leaves a parameter out."""

    def __init__(self):
        super().__init__()
        self.layer, self.unused = nn.Linear(2, 4), nn.Linear(1, 1)

    def forward(self, x):
        return self.layer(x) * (2 if float(x.sum()) > 0 else 1)


class Taking(nn.Module):
    """Takes a dictionary with a tuple in it."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 4)

    def forward(self, x):
        return self.layer(x["a"] + x["more"][0])


def image_net():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Dropout(), nn.Flatten(), nn.Linear(8, 4), nn.LayerNorm(4)
    )


def attention():
    return nn.Sequential(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), nn.Flatten(), nn.Linear(12, 4))


MODELS = {
    "image": (image_net, lambda n: torch.randn(n, 1, 4, 4)),
    "attention": (attention, lambda n: torch.randn(n, 3, 4)),
    "recurrent": (Recurrent, lambda n: torch.randn(n, 3, 2)),
    "looking": (Looking, lambda n: torch.randn(n, 2)),
    "taking": (Taking, lambda n: {"a": torch.randn(n, 2), "more": (torch.randn(n, 2),)}),
}


def one_row(x, i):
    if isinstance(x, torch.Tensor):
        return x[i : i + 1]
    return {"a": x["a"][i : i + 1], "more": (x["more"][0][i : i + 1],)}


@pytest.mark.parametrize("measure", [torch.square, torch.abs])
@pytest.mark.parametrize("name", MODELS)
def test_they_are_those_of_a_loop_over_rows(name, measure):
    make, draw = MODELS[name]
    model, x, y = make().eval(), draw(7), torch.arange(7) % 4
    sums = [torch.zeros_like(p) for p in model.parameters()]
    for i in range(7):
        model.zero_grad()
        F.cross_entropy(model(one_row(x, i)), y[i : i + 1]).backward()
        for total, p in zip(sums, model.parameters(), strict=True):
            total += measure(torch.zeros_like(p) if p.grad is None else p.grad) / 7
    model.zero_grad()
    found = mean_over_rows(measure, Network(model), F.cross_entropy, lambda: iter([(x, y)]))
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, sums, strict=True))
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize("numbers", [1, 50, 10**6])
def test_how_many_are_computed_together_does_not_matter(numbers, monkeypatch):
    model, x, y = nn.Linear(3, 4), torch.arange(30.0).reshape(10, 3) / 30, torch.arange(10) % 4
    batches = {size: list(zip(x.split(size), y.split(size), strict=True)) for size in (10, 4)}
    whole = mean_over_rows(torch.square, Network(model), F.cross_entropy, lambda: iter(batches[10]))
    monkeypatch.setattr(row_gradients, "_AT_ONCE", numbers)
    parts = mean_over_rows(torch.square, Network(model), F.cross_entropy, lambda: iter(batches[4]))
    assert all(torch.allclose(a, b) for a, b in zip(whole, parts, strict=True))


def test_many_rows_share_a_pass():
    class Counting(nn.Linear):
        passes = 0

        def forward(self, x):
            Counting.passes += 1
            return super().forward(x)

    x, y = torch.randn(100, 3), torch.arange(100) % 4
    mean_over_rows(torch.square, Network(Counting(3, 4)), F.cross_entropy, lambda: iter([(x, y)]))
    assert Counting.passes == 1


def test_only_parameters_that_are_trained_count():
    model = nn.Sequential(nn.Linear(2, 3).requires_grad_(False), nn.Linear(3, 4))
    x, y = torch.randn(5, 2), torch.arange(5) % 4
    found = mean_over_rows(torch.square, Network(model), F.cross_entropy, lambda: iter([(x, y)]))
    assert [t.shape for t in found] == [p.shape for p in model[1].parameters()]


def test_an_error_of_the_model_is_seen():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        mean_over_rows(
            torch.square,
            Network(nn.Linear(3, 4)),
            F.cross_entropy,
            lambda: iter([(torch.zeros(5, 2), torch.zeros(5, dtype=torch.int64))]),
        )
