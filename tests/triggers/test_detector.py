import numpy as np
import pytest

from tests.triggers.doubles import fires, measured, run
from vernal.base import ConfigError
from vernal.drift import ADWIN, CUSUM, DDM, HDDMA, HDDMW, PageHinkley
from vernal.triggers import Detector, Settled

KINDS = [ADWIN, CUSUM, DDM, HDDMA, HDDMW, PageHinkley]


def right(share, n, seed=0):
    return measured("correct", np.random.default_rng(seed).random(n) < share)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_becomes_worse_fires_and_one_that_becomes_better_does_not(kind):
    trigger = Detector("correct", kind(direction="down"))
    assert sum(fires(trigger, [right(0.8, 2000), right(0.4, 2000, seed=1)])) >= 1
    assert fires(trigger, [right(0.4, 2000), right(0.8, 2000, seed=1)])[1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_watched_in_the_other_direction(kind):
    trigger = Detector("loss", kind())
    values = [measured("loss", np.random.default_rng(i).random(2000) < share) for i, share in enumerate((0.2, 0.6))]
    assert fires(trigger, values)[1] >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_and_another_cut_change_nothing(kind):
    values = np.concatenate(
        [np.random.default_rng(i).random(600) < share for i, share in enumerate((0.8, 0.4, 0.9, 0.3))]
    )
    trigger = Detector("correct", kind(direction="down"))
    pieces = [measured("correct", piece) for piece in np.array_split(values, 17)]
    assert sum(fires(trigger, pieces)) == sum(fires(trigger, [measured("correct", values)])) >= 1


def test_a_new_champion_is_watched_from_the_beginning():
    trigger = Detector("correct", CUSUM(direction="down"))
    state, _ = run(trigger, [right(0.8, 1000)])
    assert trigger.settle(state, Settled(right(1, 1).now, promoted=False)) == state
    assert trigger.settle(state, Settled(right(1, 1).now, promoted=True)) == trigger.start()


def test_what_was_not_measured_is_left_out():
    trigger = Detector("correct", CUSUM(direction="down"))
    state, (decision,) = run(trigger, [measured("correct", [1.0, np.nan, 0.0])])
    assert decision.evidence["n"] == 2
    assert decision.evidence["new_values"] == 3


def test_a_memory_of_another_version_is_given_up_and_that_is_told():
    trigger, other = Detector("correct", CUSUM(direction="down")), Detector("correct", CUSUM("down", run_length=5000))
    state, (decision,) = run(trigger, [right(0.8, 100)], run(other, [right(0.8, 100)])[0])
    assert decision.evidence["memory_lost"].startswith("The state is of cusum(")
    assert decision.evidence["n"] == 100
    assert run(trigger, [right(0.8, 100)], state)[1][0].evidence["memory_lost"] is None


def test_two_are_equal_if_they_are_spelled_alike():
    assert Detector("loss", CUSUM()) == Detector("loss", CUSUM())
    assert hash(Detector("loss", CUSUM())) == hash(Detector("loss", CUSUM()))
    assert Detector("loss", CUSUM()) != Detector("loss", CUSUM(shift=1.0))
    assert Detector("loss", CUSUM()) != "detector('loss', cusum())"


@pytest.mark.parametrize(
    ("on", "detector", "message"),
    [
        ("correct", CUSUM(), r"cusum looks for `correct` going up, which is better\. Give it direction='down'"),
        ("loss", CUSUM(direction="down"), r"going down, which is better\. Give it direction='up'"),
        ("loss", "adwin", r"`detector` must be one of vernal\.drift, e\.g\. ADWIN\(\), got 'adwin'"),
    ],
)
def test_a_detector_that_looks_the_wrong_way_is_refused(on, detector, message):
    with pytest.raises(ConfigError, match=message):
        Detector(on, detector)
