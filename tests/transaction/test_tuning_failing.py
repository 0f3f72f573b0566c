"""What goes wrong in a search, and whose fault it is: that of a trial, or of the plan."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.transaction.searching import RATE, Heard, ranged
from tests.transaction.stream import CONFIG, bytes_of, plan, write_config
from tests.transaction.threads import Threads
from vernal.base import DataError, TrainingError
from vernal.space import choice, uniform
from vernal.transaction import tune, update
from vernal.transaction.situation import Situation
from vernal.transaction.work import Work

# A process in which something has failed once: everything else fails there, too.
HARMED = (
    CONFIG
    + """

HARM = []


def loss_fn(weight: float = 0.5):
    if weight > 1:
        HARM.append(weight)
    if HARM:
        raise ValueError(f"harmed by {HARM[0]}")
    return lambda outputs, targets: weight * nn.functional.cross_entropy(outputs, targets, reduction="none")
"""
)
STEPLESS = CONFIG.replace("LinearLR(optimizer, total_iters=9)", "LinearLR(optimizer, total_iters='9')")
OPTIMISER = (
    CONFIG
    + """

class Tired(torch.optim.SGD):
    def step(self, closure=None):
        raise LookupError("no more steps")


def optimizer_fn(parameters, lr: float = 0.01):
    return Tired(parameters, lr=lr)
"""
)
BLIND = (
    CONFIG
    + """

class Blind:
    higher_is_better = True

    def update(self, outputs, targets): ...

    def reset(self): ...

    def to(self, device):
        return self

    def compute(self):
        return torch.tensor(torch.nan)


def metrics_fn():
    return {"sight": Blind()}
"""
)


@pytest.fixture(autouse=True)
def _threads(threads: None) -> None:
    """No processes in these tests."""


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_failed_trial_leaves_in_its_process_harms_no_other(workers: int, store: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "harmed", HARMED)
    asked = ranged(plan(config, 2), {"weight": uniform(0.1, 3.0)}, max_trials=8, workers=workers)
    trials = tune(asked, store).past.trials
    assert {trial.status for trial in trials} == {"complete", "failed"}
    for trial in trials:
        assert (trial.status == "failed") == (trial.config["weight"] > 1)
        assert trial.status == "complete" or f"harmed by {trial.config['weight']}" in trial.error


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("text", "message"), [(STEPLESS, "'str'"), (OPTIMISER, "no more steps")], ids=["schedule", "optimiser"]
)
def test_whatever_error_the_plans_own_values_lead_to_ends_the_search(
    text: str, message: str, workers: int, store: Path, tmp_path: Path
) -> None:
    config, before = write_config(tmp_path / "wrong", text), bytes_of(store)
    with pytest.raises(Exception, match=message) as alone:
        update(plan(config, 2), store)
    started, heard = Threads.started, Heard()
    with pytest.raises(TrainingError, match=message) as raised:
        update(ranged(plan(config, 2), workers=workers), store, reporter=heard)
    assert str(alone.value).split("\n")[0] in str(raised.value)
    assert Threads.started == started + 1
    assert not any("failed" in note for note in heard.notes)
    assert bytes_of(store) == before


def test_a_training_that_diverges_with_the_plans_own_values_is_a_failed_trial(store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2, arguments={"lr": 1e30}), {"lr": choice(1e30, 0.01, 0.02)}, max_trials=3)
    first, *others = tune(asked, store).past.trials
    assert (first.origin, first.status, first.config) == ("default", "failed", {"lr": 1e30})
    assert [trial.status for trial in others] == ["complete", "complete"]


def test_a_metric_that_no_trial_has_a_number_for_chooses_nothing(store: Path, tmp_path: Path) -> None:
    asked = ranged(plan(write_config(tmp_path / "blind", BLIND), 2), metric="sight", max_trials=2)
    before, started = bytes_of(store), Threads.started
    for _ in range(2):
        with pytest.raises(TrainingError, match="No trial has a number for 'sight', so there is nothing to") as raised:
            update(asked, store)
        assert "the champion is as it was. Choose another metric" in str(raised.value)
        assert f"{store / 'scratch'}" in str(raised.value)
    assert bytes_of(store) == before
    assert Threads.started == started + 2  # The same search, made again, begins anew.
    assert update(dataclasses.replace(asked, tuning=dataclasses.replace(asked.tuning, metric=None)), store).promoted


def test_trials_outlive_an_error_that_is_none_of_theirs(
    store: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(work: Work) -> Situation:
        raise DataError("The disk with the data is not there.")

    asked = [ranged(plan(config, 2), max_trials=most, scheduler="random") for most in (2, 4)]
    before = tune(asked[0], store).past.trials
    with monkeypatch.context() as patch:
        patch.setattr(Work, "situation", unreadable)
        with pytest.raises(DataError, match="The disk with the data is not there."):
            tune(asked[1], store)
    assert tune(asked[1], store).past.trials[:2] == before


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_latency_is_measured_in_the_precision_of_the_training(precision: str, store: Path, config: Path) -> None:
    asked = ranged(plan(config, 2, precision=precision), {"lr": RATE}, metric="latency_ms", max_trials=2)
    for trial in tune(asked, store).past.trials:
        assert trial.final is not None
        assert 0 < trial.final["latency_ms"] < 1e6
