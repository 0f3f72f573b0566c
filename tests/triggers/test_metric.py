import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.doubles import NOW, after, fires, measured, outcomes, run
from vernal.base import ConfigError
from vernal.triggers import Cooldown, Facts, Metric, Settled


def daily(*values):
    """One number a day."""
    return [measured("ctr", [value], after(days=day)) for day, value in enumerate(values)]


def rates(*pairs, seed=0):
    """Clicks, 1 or 0: so many rows at such a rate."""
    rng = np.random.default_rng(seed)
    return measured("ctr", np.concatenate([rng.random(n) < rate for n, rate in pairs]))


def shuffled(n, ones):
    """Exactly so many ones."""
    return measured("ctr", np.random.default_rng(0).permutation(np.arange(n) < ones))


def test_below_the_level_it_fires_and_at_the_level_it_does_not():
    trigger = Metric("ctr < 0.0191", window=1)
    assert outcomes(trigger, daily(0.02, 0.0191, 0.01909)) == "kku"
    assert outcomes(Metric("loss > 1.2", window=1), [measured("loss", [1.2]), measured("loss", [1.3])]) == "ku"


@pytest.mark.parametrize(("window", "ones"), [(10_000, 191), (1000, 19)])
def test_a_mean_that_is_the_level_but_for_rounding_does_not_fire(window, ones):
    trigger = Metric(f"ctr < {ones / window}", window=window)
    assert outcomes(trigger, [shuffled(window, ones)]) == "k"
    assert outcomes(trigger, [shuffled(window, ones - 1)]) == "u"
    assert outcomes(Metric("ctr < 0.0191", window=1000), [measured("ctr", [0.019, 0.0192] * 500)]) == "k"


def test_each_excursion_fires_once_and_ends_beyond_the_hysteresis():
    values = [0.02, 0.0190, 0.0180, 0.0192, 0.0189, 0.0195, 0.0185, 0.0200]
    assert outcomes(Metric("ctr < 0.0191", window=1), daily(*values)) == "kukkukuk"
    assert outcomes(Metric("ctr < 0.0191", window=1, hysteresis=0.0004), daily(*values)) == "kukkkkuk"
    assert outcomes(Metric("ctr > 0.0191", window=1, hysteresis=0.0009), daily(*values)) == "ukkukkkk"


def test_noise_that_crosses_the_level_does_not_fire_with_a_confidence():
    # The rate is .02, and means of 1,000 rows have a standard deviation of .0044: they cross .0191 all the time.
    plain, sure = (Metric("ctr < 0.0191", window=1000, confidence=c) for c in (None, 0.999))
    assert fires(plain, [rates((20_000, 0.02))])[0] >= 5
    assert fires(sure, [rates((20_000, 0.02))]) == [0]
    assert fires(sure, [rates((5000, 0.02)), rates((5000, 0.002), seed=1)]) == [0, 1]


def test_a_confidence_interval_must_lie_wholly_on_the_wrong_side():
    # Wilson's interval at 95 % of 10 of 1,000 ends at .0183, that of 11 at .0196.
    sure = Metric("ctr < 0.0191", window=1000, confidence=0.95)
    assert outcomes(sure, [shuffled(1000, 11)]) == "k"
    assert outcomes(sure, [shuffled(1000, 10)]) == "u"


def test_values_that_are_no_shares_have_students_interval():
    # n = 9, mean 10, s = 3: 10 +- 2.306 * 3 / 3.
    values = 10 + 3 * np.array([-1, 1, -1, 1, -1, 1, -1, 1, 0])
    above = [Metric(f"loss > {level}", window=9, confidence=0.95) for level in (7.68, 7.70)]
    assert [outcomes(one, [measured("loss", values)]) for one in above] == ["u", "k"]


def test_it_waits_until_the_window_is_full():
    trigger = Metric("correct < 0.9", window=100)
    _, decisions = run(trigger, [measured("correct", [0] * 60), measured("correct", [0] * 40)])
    assert [decision.outcome for decision in decisions] == ["wait", "update"]
    assert decisions[0].why == "60 values of correct have come, and the window of 100 is not full."


def test_a_window_of_time_waits_for_its_time():
    trigger = Metric("correct < 0.9", window="2d")
    stream = [measured("correct", [0.0] * 144, after(days=day), 600.0) for day in range(1, 6)]
    assert outcomes(trigger, stream) == "wukkk"


def test_immature_labels_are_not_there_and_what_was_not_measured_is_left_out():
    trigger = Metric("correct < 0.9", window=3)
    assert (
        outcomes(trigger, [Facts(NOW), measured("loss", [5, 5, 5]), measured("correct", [1, np.nan, np.nan, 1])])
        == "www"
    )
    assert outcomes(trigger, [measured("correct", [1, np.nan, np.nan, 1, 1])]) == "k"


def relative(*parts):
    return [measured("correct", part, after(hours=hour)) for hour, part in enumerate(parts)]


def share(ones):
    """Twenty rows, so many of them right."""
    return np.arange(20) < ones


def test_a_relative_level_is_a_difference_from_the_champion_when_it_was_new():
    trigger = Metric("correct < champion - 0.1", window=20)
    state, decisions = run(trigger, relative(share(18), share(16), share(15)))
    assert "".join(decision.outcome[0] for decision in decisions) == "kku"
    assert decisions[-1].why == "correct is 0.75 over 20 rows, -0.15 from the champion's 0.9, below -0.1."
    assert state["baseline"]["mean"] == 0.9


def test_a_new_champion_has_a_new_window_and_a_new_level():
    trigger = Metric("correct < champion - 0.1", window=20)
    state, _ = run(trigger, relative(share(18), share(15)))
    assert trigger.settle(state, Settled(NOW, promoted=False)) == state
    state = trigger.settle(state, Settled(NOW, promoted=True))
    state, (wait, keep) = run(trigger, relative(share(15)[:10], share(15)[10:]), state)
    assert (wait.outcome, keep.outcome) == ("wait", "keep")
    assert run(trigger, relative(share(12)), state)[1][0].outcome == "update"


def test_with_a_confidence_the_champions_first_window_is_uncertain_too():
    # Wilson's intervals at 95 % of 10 and 18 of 20 are .2993 to .7007 and .6990 to .9721. So the difference is -.4 and
    # at the most -.4 + sqrt(.2007^2 + .2010^2) = -.116.
    sure = [Metric(f"correct < champion - {level}", window=20, confidence=0.95) for level in (0.11, 0.12)]
    assert ["u" in outcomes(one, relative(share(18), share(10))) for one in sure] == [True, False]


def test_a_fire_holds_while_the_excursion_goes_on():
    trigger = Metric("ctr < 0.0191", window=1)
    states = [run(trigger, daily(0.018, 0.018, 0.02)[:count])[0] for count in (1, 2, 3)]
    assert [trigger.holds(state) for state in states] == [True, True, False]


def test_an_excursion_in_a_cool_down_fires_after_it_if_it_goes_on():
    values = [0.018, 0.02, 0.018, 0.018, 0.018]
    assert outcomes(Cooldown(Metric("ctr < 0.0191", window=1), "3d"), daily(*values)) == "ukkuk"
    assert outcomes(Cooldown(Metric("ctr < 0.0191", window=1), "3d"), daily(*values[:3], 0.02, 0.02)) == "ukkkk"


def test_an_excursion_that_began_and_ended_between_two_looks_is_seen():
    (decision,) = run(Metric("ctr < 0.0191", window=1), [measured("ctr", [0.02, 0.01, 0.02, 0.011, 0.02])])[1]
    assert decision.fires == 2
    assert decision.why == "ctr is 0.011 over 1 row, below 0.0191."


@given(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=150),
    st.lists(st.integers(0, 150), max_size=6),
    st.sampled_from(["correct < 0.5", "correct < champion - 0.2"]),
    st.sampled_from([None, 0.9]),
)
def test_it_fires_as_often_however_the_stream_is_cut(values, cuts, condition, confidence):
    trigger = Metric(condition, window=10, confidence=confidence, hysteresis=0.1)
    bounds = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    pieces = [measured("correct", values[a:b], after(minutes=b)) for a, b in zip(bounds, bounds[1:], strict=False)]
    assert sum(fires(trigger, pieces)) == sum(fires(trigger, [measured("correct", values)]))


def test_the_evidence_has_all_numbers():
    trigger = Metric("ctr < 0.0191", window=1000, confidence=0.95)
    _, (decision,) = run(trigger, [shuffled(1000, 10)])
    assert decision.why == "ctr is 0.01 over 1,000 rows (0.95-interval 0.0054408 to 0.018309), below 0.0191."
    measured_ = decision.evidence["measured"]
    assert (measured_["n"], measured_["value"]) == (1000, 0.01)
    assert decision.evidence["threshold"] == 0.0191
    assert decision.evidence["new_values"] == 1000


def test_it_says_what_it_is_about_when_it_keeps():
    trigger = Metric("ctr < 0.0191", window=1)
    _, (first, _, third) = run(trigger, daily(0.0195, 0.018, 0.0185))
    assert first.why == "ctr is 0.0195 over 1 row, not below 0.0191."
    assert third.why == "ctr is 0.0185 over 1 row: it has not come back since it fired for being below 0.0191."


def test_of_one_value_that_is_no_share_nothing_is_sure():
    trigger = Metric("ctr < 0.0191", window=1, confidence=0.95)
    assert outcomes(trigger, daily(0.001)) == "k"
    assert "interval ? to ?" in run(trigger, daily(0.001))[1][0].why


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"condition": "ctr <= 1"}, "is no condition"),
        ({"condition": "ctr < 1", "window": "week"}, "'week' is no span of time"),
        (
            {"condition": "ctr < 1", "confidence": 95},
            "`confidence` must be between 0.5 and 0.999999, got 95. 0.95 is usual.",
        ),
        ({"condition": "ctr < 1", "hysteresis": -1}, "`hysteresis` must be at least 0, got -1"),
    ],
)
def test_what_cannot_be_is_refused_at_once(settings, message):
    with pytest.raises(ConfigError, match=message):
        Metric(**settings)
