"""Who may wait for labels: of new rows, which tell who has the better mean score, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.loop.world import CONFIG, World
from vernal.base import Decision
from vernal.gate import Gate
from vernal.loop import INCONCLUSIVE, PROMOTED
from vernal.loop.judging import waits_for_labels

LOSSES = (
    CONFIG.replace("nn.Linear(2, 2)", "nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))").replace("lr=0.5", "lr=0.01")
    + """

def loss_fn() -> nn.Module:
    return nn.MSELoss(reduction="none")
"""
)


def verdict(version: str, outcome: str = "inconclusive", missing: int | None = 9, **checks: str) -> dict[str, Any]:
    """What a gate says of a challenger: the outcome of each check."""
    findings = [{"check": check, "outcome": found} for check, found in checks.items()]
    return {"version": version, "outcome": outcome, "labels_missing": missing, "findings": findings}


OPEN = verdict("open", champion="open", anchor="passed", slices="noted")


@pytest.mark.parametrize(
    ("verdicts", "waits"),
    [
        ([OPEN], "open"),
        ([verdict("forgot", "reject", champion="open", forgetting="failed"), OPEN], "open"),
        ([verdict("forgets", champion="passed", forgetting="open")], None),
        ([verdict("behind", champion="open", anchor="open")], None),
        ([verdict("few", evidence="open")], None),
        ([verdict("unmeasured", missing=None, champion="passed", loads="open")], None),
        ([verdict("hopeless", missing=None, champion="open")], None),
    ],
    ids=lambda value: value[0]["version"] if isinstance(value, list) else None,
)
def test_one_waits_whose_comparison_with_the_champion_is_all_that_is_open(
    verdicts: list[dict[str, Any]], waits: str | None
) -> None:
    decision = Decision("inconclusive", "too few labels", {"challengers": verdicts})
    assert waits_for_labels(Gate(), decision) == waits


@pytest.mark.parametrize(
    "gate",
    [Gate(metric="macro_f1"), Gate(margin="0.1%"), Gate(mode="superior", margin=0.02)],
    ids=lambda gate: gate.mode,
)
def test_nobody_waits_for_an_answer_to_another_question(gate: Gate) -> None:
    assert waits_for_labels(gate, Decision("inconclusive", "", {"challengers": [OPEN]})) is None


def test_nobody_waits_when_nothing_is_open() -> None:
    evidence = {"challengers": [OPEN]}
    assert waits_for_labels(Gate(), Decision("promote", "", evidence)) is None
    assert waits_for_labels(Gate(), Decision("reject", "", evidence)) is None


def test_nobody_waits_where_scores_are_losses_which_have_no_bounds(tmp_path: Path) -> None:
    world = World(tmp_path, config=LOSSES, method="fine_tune")
    loop = world.loop(world.policy(gate=Gate(mode="superior", first="promote")))
    noise = np.random.default_rng(0)
    outcomes = []
    for number in range(2):
        x = noise.normal(size=(100, 2))
        y = x @ [1.0, 1.0] + 10 * noise.normal(size=100)
        ids = [f"{number}/{row}" for row in range(100)]
        rows = {"a": x[:, 0], "b": x[:, 1], "y": y, "id": ids, "time": np.arange(100.0)}
        world.put(f"{number}.parquet", rows)
        outcomes.append(world.turn(loop).outcome)
    assert outcomes == [PROMOTED, INCONCLUSIVE]
    assert world.decisions[-1].evidence["labels_missing"] > 0
    assert loop.state.waiting is None
