"""The service's answers, joined with labels that come later: never too early, each once."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.doubles import NOON
from tests.loop.doubles import Listed
from tests.loop.test_maturing import START, replayed
from tests.loop.world import World
from vernal.base import DataError
from vernal.ledger import Database, Outcomes
from vernal.loop import PROMOTED, Labels, LoopState, Policy, Predictions
from vernal.loop.arriving import Door
from vernal.sources import Files
from vernal.triggers import Manual, Metric

MINUTES = st.integers(0, 300)


def door_of(inbox: Path, answers: list[tuple[int, int]], labels: list[tuple[int, int]]) -> Door:
    """Answers (minute, said) and a label (minute, value) for each of the first ones, as they came."""
    said = replayed(
        {
            "id": [f"r{n}" for n in range(len(answers))],
            "said": [said for _, said in answers],
            "at": [START + 60.0 * minute for minute, _ in answers],
        },
        "at",
    )
    true = replayed(
        {
            "id": [f"r{n}" for n in range(len(labels))],
            "y": [value for _, value in labels],
            "known": [START + 60.0 * minute for minute, _ in labels],
        },
        "known",
    )
    late = Labels(true, "id", "y", "known", "1h")
    policy = Policy([Listed([])], Manual(), labels=late, predictions=Predictions(said, "id", "said", "at"))
    return Door(policy, Outcomes(Database("sqlite://"), "s"), inbox)


@settings(max_examples=30)
@given(
    answers=st.lists(st.tuples(MINUTES, st.integers(0, 1)), min_size=1, max_size=8),
    labels=st.lists(st.tuples(MINUTES, st.integers(0, 1)), min_size=1, max_size=8),
    looks=st.lists(st.integers(0, 400), max_size=6),
)
def test_each_answer_is_judged_once_and_not_before_it_is_mature(
    answers: list[tuple[int, int]], labels: list[tuple[int, int]], looks: list[int]
) -> None:
    found = list[tuple[float, float]]()
    expected = list[tuple[float, float]]()
    moments = sorted({*looks, 1000})
    with tempfile.TemporaryDirectory() as folder:
        door, state = door_of(Path(folder), answers, labels), LoopState()
        for look in moments:
            state, arrived = door.look(state, NOON + timedelta(minutes=look))
            seen = [(float(at), float(right)) for at, right in arrived.values.get("correct", [])]
            assert all(at + 3600 <= START + 60.0 * look for at, _ in seen)
            found += seen
    for (at, said), (known, true) in zip(answers, labels, strict=False):
        mature = next(look for look in moments if look >= max(at + 60, known))
        assert mature >= at + 60
        expected.append((START + 60.0 * at, float(said == true)))
    assert sorted(found) == sorted(expected)


def test_a_service_whose_answers_become_wrong_makes_an_update(world: World) -> None:
    late = Labels(Files(str(world.folder / "labels"), settle="1s"), "id", "y", "known", "1h", default=0)
    served = Predictions(Files(str(world.folder / "served"), settle="1s"), "id", "said", "at")
    policy = world.policy(Metric("correct < 0.8", window=50), labels=late, predictions=served)
    loop = world.loop(policy)
    (world.folder / "labels").mkdir(), (world.folder / "served").mkdir()
    for number, wrong in enumerate((0, 25)):
        world.arrive(number)
        at = np.full(50, world.clock.now().timestamp())
        ids = [f"{number}/{row}" for row in range(50)]
        world.put(f"{number}.parquet", {"id": ids, "said": [1] * 50, "at": at}, world.folder / "served")
        known = {"id": ids, "y": [0] * wrong + [1] * (50 - wrong), "known": at}
        world.put(f"{number}.parquet", known, world.folder / "labels")
        world.turn(loop, hours=0.1)
        turn = world.turn(loop, hours=2)
    assert turn.outcome == PROMOTED
    assert turn.decisions[0].why == "correct is 0.78 over 50 rows, below 0.8."


def test_answers_without_the_column_are_refused(world: World) -> None:
    late = Labels(Files(str(world.incoming), settle="1s"), "id", "y", "time", "1h")
    served = Predictions(Files(str(world.folder / "served"), settle="1s"), "id", "said", "at")
    world.put("0.parquet", {"id": ["a"], "answer": [1], "at": [0.0]}, world.folder / "served")
    with pytest.raises(DataError, match="has no column 'said'"):
        world.turn(world.loop(world.policy(labels=late, predictions=served)))
