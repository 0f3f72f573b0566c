"""A trial: where it is, and what it was at a level."""

from __future__ import annotations

import dataclasses

from vernal.tuning import Trial

PAUSED = Trial(0, {}, "default", 9, "paused", ({"loss": 3.0}, {"loss": 2.0}))
COMPLETE = dataclasses.replace(PAUSED, status="complete", final={"loss": 1.5})


def test_the_last_measure_is_that_of_the_stored_model_where_there_is_one() -> None:
    assert PAUSED.last == {"loss": 2.0}
    assert COMPLETE.last == {"loss": 1.5}
    assert Trial(0, {}, "default", 9).last is None


def test_only_a_complete_trial_has_been_at_levels_that_it_did_not_train_to() -> None:
    assert [PAUSED.at(level) for level in (1, 2, 3)] == [{"loss": 3.0}, {"loss": 2.0}, None]
    assert [COMPLETE.at(level) for level in (2, 3, 9)] == [{"loss": 2.0}, {"loss": 1.5}, {"loss": 1.5}]
    assert dataclasses.replace(PAUSED, status="failed").at(3) is None
