"""What schedulers and searchers see."""

from __future__ import annotations

import dataclasses

from tests.tuning.simulate import World
from vernal.tuning import Trial


def test_trials_at_a_level_are_sorted_by_what_they_were_there() -> None:
    """The second is better later on, the fourth was as good as the first, and the last one has never been there."""
    losses = [(2.0, 9.0), (3.0, 1.0), (1.0,), (2.0,), ()]
    trials = tuple(
        Trial(n, {}, "", 9, "paused", tuple({"loss": loss} for loss in curve)) for n, curve in enumerate(losses)
    )
    view = dataclasses.replace(World().view, trials=trials)
    assert [trial.number for trial in view.at(1)] == [2, 0, 3, 1]
    assert [trial.number for trial in view.at(2)] == [1, 0]


def test_a_search_is_busy_while_a_trial_runs() -> None:
    view = World().view
    assert not view.is_busy
    assert dataclasses.replace(view, trials=(Trial(0, {}, "", 1),)).is_busy
