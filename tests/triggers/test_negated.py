import pytest

from tests.triggers.doubles import NOW, Scripted, after, looks, outcomes, run
from vernal.base import ConfigError
from vernal.triggers import Every, Facts, Not, Rows, Settled


@pytest.mark.parametrize(("said", "opposite"), [("u", "k"), ("k", "u"), ("w", "w"), ("m", "k")])
def test_it_is_the_opposite_of_three_values(said, opposite):
    assert outcomes(~Scripted(said), looks(0)) == opposite


def test_it_is_silent_while_a_fire_is_pending():
    assert outcomes(~Scripted("kukrk"), looks(*[0] * 5)) == "ukkuu"
    assert outcomes(~Scripted("kmkk"), looks(*[0] * 4)) == "ukuu"


def test_a_promoted_update_answers_what_was_pending():
    trigger = ~Rows(100)
    for promoted, expected in ((True, "update"), (False, "keep")):
        state, (decision,) = run(trigger, looks(100))
        assert decision.outcome == "keep"
        state = trigger.settle(state, Settled(NOW, promoted))
        assert run(trigger, looks(0), state)[1][0].outcome == expected


def test_beside_another_trigger_it_forbids():
    # A moment passes while it is forbidden; what lasts is there when it is allowed again.
    assert outcomes(Scripted("mmmm") & ~Scripted("kukr"), looks(*[0] * 4)) == "ukku"
    assert outcomes(Scripted("kukk") & ~Scripted("kukr"), looks(*[0] * 4)) == "kkku"


def test_it_never_holds_and_the_opposite_of_the_opposite_is_the_same():
    state, _ = run(~Scripted("k"), looks(0))
    assert not (~Scripted("k")).holds(state)
    assert outcomes(~~Scripted("ukw"), looks(0, 0, 0)) == "uuu"  # The fire is pending.


def test_twice_negated_it_fires_as_long_as_a_fire_is_pending():
    """So an update that was rejected is tried again at its time, while the reason for it goes on."""
    daily = ~~Scripted("kukkkkrk") & Every("2d")
    stream = [Facts(after(days=day)) for day in range(8)]
    assert outcomes(daily, stream) == "kkukukkk"
    state, _ = run(daily, stream[:3])
    assert run(daily, stream[4:5], daily.settle(state, Settled(NOW, promoted=False)))[1][0].yes
    assert not run(daily, stream[4:5], daily.settle(state, Settled(NOW, promoted=True)))[1][0].yes


def test_it_says_why():
    _, (first, second, third) = run(~Scripted("ukr"), looks(0, 0, 0))
    assert first.why == "scripted('ukr') has fired: It is written: u."
    assert second.why == "scripted('ukr') fired before."
    assert third.why == "scripted('ukr') has not fired: It is written: r."


def test_something_else_than_a_trigger_is_refused():
    with pytest.raises(ConfigError, match="the opposite of a trigger, got 'rows"):
        Not("rows(5)")
