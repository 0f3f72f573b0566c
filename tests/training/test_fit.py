import csv
import os
import signal
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from lightning_fabric.loggers import CSVLogger
from torch import nn

from tests.methods.outsiders import Anchored
from tests.training.jobs import HeldClock, Told, chunk, job, linear, options, train, weights
from vernal.base import ConfigError, TrainingError
from vernal.methods import FineTune
from vernal.training import Checkpoint, Transforms, fit, lower_is_better, make_fabric

# 40 rows in batches of 8: 5 steps an epoch.


@pytest.mark.parametrize(
    ("budget", "epochs", "steps", "samples"),
    [
        ("2ep", 2, 10, 80),
        ("7st", 1, 7, 56),
        ("5st", 1, 5, 40),
        ("40sa", 1, 5, 40),
        ("41sa", 1, 6, 48),
        ("0ep", 0, 0, 0),
    ],
)
def test_a_budget_is_spent_to_the_step(tmp_path, budget, epochs, steps, samples):
    fitted = train(job(training=options(budget)), tmp_path)
    assert (fitted.progress.epochs, fitted.progress.steps, fitted.progress.samples) == (epochs, steps, samples)
    assert len(fitted.losses) == -(-steps // 5)
    assert fitted.stopped == "budget"


def test_minutes_are_those_of_the_clock(tmp_path):
    fitted = train(job(training=options("1min", checkpoint_minutes=99)), tmp_path, clock=HeldClock(step=5.0))
    assert fitted.progress.minutes == pytest.approx(1.0, abs=0.5)
    assert 0 < fitted.progress.steps < 12


def test_samples_count_the_last_batch_as_it_is(tmp_path):
    fitted = train(job(chunk(rows=11), training=options("2ep")), tmp_path)
    assert (fitted.progress.steps, fitted.progress.samples) == (4, 22)


def test_one_step_is_the_one_of_plain_torch(tmp_path):
    data = chunk(rows=8)
    fitted = train(job(data, training=options("1st")), tmp_path)
    model = linear()
    x, y = torch.stack([data[i][0] for i in range(8)]), torch.stack([data[i][1] for i in range(8)])
    ((model(x)[:, 0] - y) ** 2).mean().backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.1 * parameter.grad
    assert torch.allclose(weights(fitted), weights(model), atol=1e-6)


def test_gradients_that_accumulate_equal_one_big_batch(tmp_path):
    small = train(job(training=options("3ep", batch_size=10, accumulate=4)), tmp_path / "small")
    big = train(job(training=options("3ep", batch_size=40)), tmp_path / "big")
    assert small.progress.steps == big.progress.steps == 3
    assert torch.allclose(weights(small), weights(big), atol=1e-6)


def test_an_epoch_ends_with_a_step_even_if_the_batches_do_not_come_out_even(tmp_path):
    fitted = train(job(training=options("2ep", accumulate=3)), tmp_path)
    assert (fitted.progress.steps, fitted.progress.samples) == (4, 80)


@pytest.mark.parametrize(("limit", "size"), [({"clip_norm": 0.01}, 0.01), ({"clip_value": 0.01}, 0.02)])
def test_gradients_are_clipped(tmp_path, limit, size):
    fitted = train(job(lr=1.0, training=options("1st", **limit)), tmp_path)
    assert (weights(fitted) - weights(linear())).norm() == pytest.approx(size, rel=1e-3)


def test_a_value_column_does_not_broadcast_against_a_row_of_targets(tmp_path):
    fitted = train(job(training=options("30ep")), tmp_path)
    assert fitted.losses[-1] < 1e-6


def test_a_loss_that_is_not_finite_ends_the_training(tmp_path):
    with pytest.raises(
        TrainingError, match=r"The loss became (nan|inf) in epoch \d+, by step \d+.*Lower the learning ra"
    ):
        train(job(lr=1e9, training=options("20ep", checkpoint_minutes=0)), tmp_path)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize("precision", ["32-true", "64-true", "bf16-mixed", "bf16-true"])
def test_it_trains_in_every_precision_of_a_cpu(tmp_path, precision):
    data = chunk()
    double = Transforms(x=torch.Tensor.double) if precision == "64-true" else None
    fitted = train(job(data, transforms=double, training=options("10ep", precision=precision)), tmp_path)
    assert fitted.losses[-1] < 0.2 * fitted.losses[0]


def test_the_scheduler_hears_of_every_step_and_knows_how_many_will_come(tmp_path):
    asked, rates = [], []

    def schedule(optimizer, total):
        asked.append(total)
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rates.append(step) or 1 - step / total)

    for budget, steps in (("2ep", 10), ("7st", 7), ("60sa", 8)):
        rates.clear()
        train(job(scheduler=schedule, training=options(budget)), tmp_path / budget)
        assert (asked[-1], rates[-1]) == (steps, steps)


def test_how_many_steps_fit_into_minutes_is_not_known(tmp_path):
    asked = []

    def schedule(optimizer, total):
        asked.append(total)
        return torch.optim.lr_scheduler.ConstantLR(optimizer)

    train(job(scheduler=schedule, training=options("1min")), tmp_path, clock=HeldClock(step=9.0))
    assert asked == [None]


# Early stopping


def losing(values):
    """A validation that measures what it is told to."""
    told = iter(values)
    return lambda model: {"loss": next(told), "accuracy": 0.5}


def test_patience_ends_a_training_and_the_best_weights_are_taken(tmp_path):
    seen = []

    def measure(model):
        seen.append(weights(model).clone())
        return {"loss": [3.0, 1.0, 2.0, 2.0, 0.0][len(seen) - 1]}

    fitted = train(job(validate=measure, training=options("10ep", patience=2)), tmp_path)
    assert (fitted.stopped, fitted.progress.epochs) == ("patience", 4)
    assert torch.equal(weights(fitted), seen[1])


def test_the_best_weights_are_taken_when_the_budget_ends_first(tmp_path):
    seen = []

    def measure(model):
        seen.append(weights(model).clone())
        return {"accuracy": [0.1, 0.9, 0.2][len(seen) - 1]}

    fitted = train(job(validate=measure, training=options("3ep", patience=5, monitor="accuracy")), tmp_path)
    assert (fitted.stopped, len(fitted.losses)) == ("budget", 3)
    assert torch.equal(weights(fitted), seen[1])


def test_with_the_best_weights_comes_what_the_method_knew_then(tmp_path):
    class Counting(FineTune):
        steps = 0

        def after_step(self, model):
            self.steps += 1

        def state_dict(self):
            return {"steps": self.steps}

        def load_state_dict(self, state):
            self.steps = state["steps"]

    method = Counting()
    fitted = train(job(method=method, validate=losing([3.0, 1.0, 2.0]), training=options("3ep", patience=5)), tmp_path)
    assert method.steps == 2 * fitted.progress.steps // 3


def test_gradients_that_the_optimiser_does_not_know_do_not_pile_up(tmp_path):
    norms = []

    class Looking(FineTune):
        def before_step(self, model):
            norms.append(float(model.bias.grad.norm()))

    still = lambda model: torch.optim.SGD([model.weight], lr=0.0)  # noqa: E731
    train(job(method=Looking(), optimizer=still, training=options("2ep")), tmp_path)
    half = len(norms) // 2
    assert sum(norms[half:]) == pytest.approx(sum(norms[:half]), rel=0.2)


def test_without_patience_nothing_is_measured_and_nothing_stops(tmp_path):
    fitted = train(job(validate=losing([]), training=options("10ep")), tmp_path)
    assert fitted.progress.epochs == 10


def test_training_goes_on_in_training_mode_after_a_look_at_the_validation_data(tmp_path):
    modes = []

    class Watching(FineTune):
        def loss(self, step):
            modes.append(step.model.module.training)
            return super().loss(step)

    validate = lambda model: {"loss": float(weights(model.eval()).sum())}  # noqa: E731
    train(job(method=Watching(), validate=validate, training=options("3ep", patience=9)), tmp_path)
    assert all(modes)


def test_an_unknown_monitor_is_named(tmp_path):
    with pytest.raises(ConfigError, match="`monitor` is 'f1', but the validation measures loss, accuracy"):
        train(job(validate=losing([1.0]), training=options(patience=1, monitor="f1")), tmp_path)


@pytest.mark.parametrize(("metric", "lower"), [("loss", True), ("accuracy", False), ("mae", True), ("r2", False)])
def test_measures_improve_in_one_direction(metric, lower):
    assert lower_is_better(metric) is lower


# Interruption


class Moody(nn.Module):
    """Draws from the global generators, and has buffers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 1))

    def forward(self, x):
        return self.layers(x) + 0.01 * np.random.rand()


def moody(**others):
    torch.manual_seed(1)
    np.random.seed(1)
    model = Moody()
    return job(
        model=model,
        method=Anchored(),
        optimizer=lambda model: torch.optim.AdamW(model.parameters(), lr=0.01),
        scheduler=lambda optimizer, total: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total),
        **others,
    )


class StopAfter(Told):
    """Sends this process a signal, or raises, once a checkpoint of this step is written."""

    def __init__(self, step):
        super().__init__()
        self._text = f"checkpoint after {step} steps"

    def note(self, text):
        super().note(text)
        if text == self._text:
            raise KeyboardInterrupt


@pytest.mark.parametrize("training", [{}, {"accumulate": 2}, {"patience": 3}, {"budget": "8st"}], ids=str)
@pytest.mark.parametrize("stops", [[1], [3, 4], [5], [8]], ids=str)
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, training, stops):
    given = options(**{"budget": "2ep", "checkpoint_minutes": 0} | training)
    measured = {"validate": lambda model: {"loss": float(weights(model).abs().sum())}} if "patience" in training else {}
    whole = train(moody(training=given, **measured), tmp_path / "whole")
    for step in [stop for stop in stops if stop <= whole.progress.steps]:
        with pytest.raises(KeyboardInterrupt):
            train(moody(training=given, **measured), tmp_path / "parts", reporter=StopAfter(step))
    resumed = train(moody(training=given, **measured), tmp_path / "parts")
    assert torch.equal(weights(resumed), weights(whole))
    assert all(torch.equal(a, b) for a, b in zip(resumed.model.buffers(), whole.model.buffers(), strict=True))
    assert (resumed.losses, resumed.progress, resumed.stopped) == (whole.losses, whole.progress, whole.stopped)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_training_with_a_checkpoint(tmp_path, number):
    class Killed(FineTune):
        def after_step(self, model):
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 3:
                os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    told = Told()
    with pytest.raises(KeyboardInterrupt):
        train(job(method=Killed()), tmp_path, reporter=told)
    assert told.notes == ["checkpoint after 3 steps"]
    assert signal.getsignal(number) is before
    resumed = train(job(), tmp_path, reporter=told)
    assert told.notes[-1] == "goes on after 3 steps"
    assert resumed.resumed
    assert torch.equal(weights(resumed), weights(train(job(), tmp_path / "whole")))


def test_a_second_signal_ends_it_at_once(tmp_path):
    class Impatient(FineTune):
        def loss(self, step):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("not reached")

    with pytest.raises(KeyboardInterrupt):
        train(job(method=Impatient()), tmp_path)


def test_checkpoints_come_every_so_many_minutes(tmp_path):
    told = Told()
    train(job(training=options("4ep", checkpoint_minutes=1)), tmp_path, reporter=told, clock=HeldClock(step=7.0))
    assert 1 <= len(told.notes) < 20


def test_a_break_is_not_counted_and_what_was_trained_before_it_is(tmp_path):
    given = {"training": options("1min", checkpoint_minutes=0)}
    whole = train(job(**given), tmp_path / "whole", clock=HeldClock(step=1.0))
    clock = HeldClock(step=1.0)
    with pytest.raises(KeyboardInterrupt):
        train(job(**given), tmp_path, reporter=StopAfter(5), clock=clock)
    clock._seconds += 3600
    resumed = train(job(**given), tmp_path, clock=clock)
    assert whole.progress.steps > 8
    assert abs(resumed.progress.steps - whole.progress.steps) <= 1


def test_progress_is_told_in_between(tmp_path):
    told = Told()
    train(job(training=options("4ep")), tmp_path, reporter=told, clock=HeldClock(step=1.0))
    shares = [done for _, done, _ in told.heard]
    assert shares == sorted(shares)
    assert all(loss is not None for _, _, loss in told.heard)
    assert told.heard[-1][0].steps > 10


def test_the_last_and_smaller_group_of_batches_weighs_as_much_as_others(tmp_path):
    """50 rows in batches of 10: groups of four batches and of one; their steps are those of batches of 40 and of 10."""
    grouped = job(chunk(50), training=options("1ep", batch_size=10, accumulate=4))
    fitted = train(grouped, tmp_path / "grouped")
    model = linear()
    optimizer = grouped.optimizer(model)
    batches = list(grouped.feed.epoch(0))
    for group in (batches[:4], batches[4:]):
        loss = sum(grouped.criterion(model(batch["x"]), batch["y"]) for batch in group) / len(group)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for ours, by_hand in zip(fitted.model.parameters(), model.parameters(), strict=True):
        assert torch.allclose(ours, by_hand, atol=1e-6)


class Broken:
    def on_train_epoch_end(self, loss, epoch):
        raise LookupError(f"{loss} in epoch {epoch}")


@pytest.mark.parametrize(("callbacks", "epochs"), [([], 2), ([Broken()], 1)])
def test_what_was_logged_is_written_however_the_training_ends(tmp_path, callbacks, epochs):
    what = job()
    fabric = make_fabric(what.options, callbacks, [CSVLogger(tmp_path)])
    with pytest.raises(LookupError) if callbacks else nullcontext():
        fit(what, fabric, Checkpoint(tmp_path / "checkpoint"), Told(), HeldClock())
    [file] = tmp_path.rglob("metrics.csv")
    assert [line["step"] for line in csv.DictReader(file.read_text().splitlines())] == ["5", "10"][:epochs]
