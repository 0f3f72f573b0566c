"""Every trial to its end."""

from __future__ import annotations

import dataclasses

from tests.tuning.simulate import World
from vernal.tuning import Begin, Done, Full, Trial, Wait


def test_trials_begin_as_long_as_they_may_and_train_to_the_end() -> None:
    view = World(levels=9).view
    assert Full().next(view) == Begin(9)
    over = dataclasses.replace(view, may_begin=False)
    assert Full().next(over) == Done()
    assert Full().next(dataclasses.replace(over, trials=(Trial(0, {}, "", 9),))) == Wait()
