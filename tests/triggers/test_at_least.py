"""Truth tables, and what becomes of fires that come at different times."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triggers.doubles import NOW, Scripted, after, fires, looks, outcomes, run
from vernal.base import ConfigError
from vernal.triggers import AllOf, AnyOf, AtLeast, Cron, Facts, Growth, Rows, Settled, Trigger

YES, NO, UNKNOWN = "u", "k", "w"
AND = {
    "uu": "u", "uk": "k", "uw": "w",
    "ku": "k", "kk": "k", "kw": "k",
    "wu": "w", "wk": "k", "ww": "w",
}  # fmt: skip
OR = {
    "uu": "u", "uk": "u", "uw": "u",
    "ku": "u", "kk": "k", "kw": "w",
    "wu": "u", "wk": "w", "ww": "w",
}  # fmt: skip


def said(trigger, count):
    return outcomes(trigger, looks(*[0] * count))


@pytest.mark.parametrize("pair", AND)
def test_and_is_that_of_three_values(pair):
    assert said(Scripted(pair[0]) & Scripted(pair[1]), 1) == AND[pair]


@pytest.mark.parametrize("pair", OR)
def test_or_is_that_of_three_values(pair):
    assert said(Scripted(pair[0]) | Scripted(pair[1]), 1) == OR[pair]


def test_at_least_n_counts_what_fired_and_what_still_could():
    for letters in product("ukw", repeat=4):
        for n in range(1, 5):
            yes, unknown = letters.count("u"), letters.count("w")
            expected = "u" if yes >= n else "w" if yes + unknown >= n else "k"
            assert said(AtLeast(n, *map(Scripted, letters)), 1) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ukkk", "kkuk", "kkuk"),  # What lasts is pending until the other one fires; then both are used up.
        ("mkkk", "kkuk", "kkkk"),  # A moment passes.
        ("kkmk", "ukkk", "kkuk"),  # What lasts is there when the moment comes.
        ("urkk", "kkuk", "kkkk"),  # What it fired for is over.
        ("ukuk", "kukk", "kukk"),  # A fire is used once: the one after is pending.
        ("ukuk", "kukm", "kuku"),
        ("uwww", "kkkk", "kkkk"),
        ("wkkk", "kukk", "kkkk"),
        ("kwkk", "ukkk", "kwkk"),  # Pending and unknown is unknown.
    ],
)
def test_all_of_waits_for_fires_that_come_at_different_times(one, other, expected):
    assert said(Scripted(one) & Scripted(other), 4) == expected
    assert said(Scripted(other) & Scripted(one), 4) == expected


def test_any_of_fires_with_each_and_at_the_same_look_once():
    trigger = Rows(100) | Rows(250)
    assert fires(trigger, looks(100, 100, 100, 50, 150)) == [1, 1, 1, 0, 1]
    assert fires(trigger, looks(1000)) == [1]


def test_at_least_two_of_three():
    trigger = AtLeast(2, Scripted("ukkkk"), Scripted("kkukk"), Scripted("kkkkm"))
    assert said(trigger, 5) == "kkukk"
    assert said(AtLeast(2, Scripted("ukkkk"), Scripted("kkkkk"), Scripted("kkkkm")), 5) == "kkkku"


def test_an_update_for_another_reason_uses_up_what_is_pending():
    trigger = Scripted("ukk") & Scripted("kku")
    for promoted, expected in ((True, "keep"), (False, "update")):
        state, _ = run(trigger, looks(0, 0))
        state = trigger.settle(state, Settled(NOW, promoted))
        assert [part["settled"] for part in state["of"]] == [1, 1]
        assert run(trigger, looks(0), state)[1][0].outcome == expected


def test_a_nightly_window_fires_in_the_night_after_the_rows_came():
    trigger = Rows(1000) & Cron("0 2 * * *")
    stream = [
        Facts(after(hours=hours), rows=rows) for hours, rows in [(0, 0), (3, 500), (9, 500), (20, 0), (26, 0), (50, 0)]
    ]
    assert outcomes(trigger, stream) == "kkkkuk"


def test_every_part_sees_all_data_whatever_the_others_decide():
    stream = looks(70, 70, 0, 500, 70, known=1000)
    for trigger in (Rows(100) | Growth(0.05), Rows(100) & Growth(0.05), AtLeast(1, Growth(0.05), Rows(100))):
        state, _ = run(trigger, stream)
        alone = {type(one): run(one, stream)[0] for one in (Rows(100), Growth(0.05))}
        assert [alone[type(one)] for one in trigger.triggers] == state["of"]


@given(st.lists(st.tuples(*[st.sampled_from("uwkmr")] * 3), min_size=1, max_size=12), st.integers(1, 3))
def test_a_combination_in_a_combination_sees_what_it_would_see_alone(script, n):
    parts = [Scripted("".join(letters)) for letters in zip(*script, strict=True)]
    state, _ = run(AnyOf(AtLeast(n, *parts), Scripted("k" * len(script))), looks(*[1] * len(script)))
    assert state["of"][0] == run(AtLeast(n, *parts), looks(*[1] * len(script)))[0]


def test_a_combination_holds_as_long_as_what_it_fired_by():
    lasting, moment = Scripted("ukr"), Scripted("mkk")
    for trigger, expected in (
        (lasting | moment, [True, True, False]),
        (lasting & moment, [False, False, False]),
        (AtLeast(1, moment, Scripted("kkk")), [False, False, False]),
    ):
        states = [run(trigger, looks(*[0] * count))[0] for count in (1, 2, 3)]
        assert [trigger.holds(state) for state in states] == expected


def test_the_evidence_holds_the_decisions_of_all_parts():
    _, decisions = run(Rows(100) & Scripted("wu"), looks(250, 0))
    assert decisions[1].why == "2 of 2 fired (2 needed): rows(100) fired before. It is written: u."
    # Where too few fired, it is told what the others are waiting for.
    enough = "250 rows came since it last fired, and 100 are enough."
    assert decisions[0].why == f"1 of 2 fired (2 needed): {enough} It is written: w."
    assert decisions[0].evidence == {
        "fired": 1,
        "unknown": 1,
        "threshold": 2,
        "of": [
            {
                "trigger": "rows(100)",
                "pending": True,
                "outcome": "update",
                "why": "250 rows came since it last fired, and 100 are enough.",
                "evidence": {"new_rows": 250, "rows": 250, "threshold": 100},
                "fires": 2,
            },
            {
                "trigger": "scripted('wu')",
                "pending": False,
                "outcome": "wait",
                "why": "It is written: w.",
                "evidence": {"rows": 250},
            },
        ],
    }


def test_operators_are_flat_and_what_is_needed_is_what_any_needs():
    class Needy(Scripted):
        needs = frozenset({"loss"})

    a, b, c = Rows(1), Rows(2), Rows(3)
    assert a & b & c == a & (b & c) == AllOf(a, b, c)
    assert a | b | c == AnyOf(a, b, c)
    assert (a & b).needs == frozenset()
    assert (a | Needy("k")).needs == {"loss"}
    assert a & b != AtLeast(2, a, b)  # They fire alike, and are spelled otherwise.
    assert isinstance(a & b, Trigger)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AtLeast(3, Rows(1), Rows(2)), r"3 of 2 triggers can never fire\. Ask for 2 at most"),
        (lambda: AtLeast(0, Rows(1)), "`n` must be at least 1, got 0"),
        (lambda: AllOf(), r"AllOf is made of one or more triggers, got \(\)"),
        (lambda: AnyOf(Rows(1), "rows(2)"), "AnyOf is made of one or more triggers, got"),
    ],
)
def test_what_can_never_fire_is_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
