from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernal.base import ConfigError
from vernal.drift import CUSUM, KS, MMD, Monitor
from vernal.triggers import (
    AllOf,
    Always,
    AnyOf,
    AtLeast,
    Budget,
    Changed,
    Cooldown,
    Cron,
    Detector,
    Drift,
    Every,
    Growth,
    Manual,
    Metric,
    Not,
    Rows,
    Trigger,
    read_trigger,
    trigger_names,
)

OUTPUTS = Monitor(tests={"outputs": KS()})
SPANS = st.sampled_from(["30s", "6h", "1.5d", "2w"])
SIMPLE = st.one_of(
    st.just(Manual()),
    st.just(Always()),
    st.builds(Rows, st.integers(1, 10**9)),
    st.builds(Growth, st.floats(0.001, 10)),
    st.builds(Every, SPANS),
    st.builds(
        Cron,
        st.sampled_from(["0 2 * * 1", "*/5 * * * *", "30 2 1 * *"]),
        tz=st.sampled_from(["UTC", "Europe/Zurich"]),
        catch_up=st.sampled_from(["once", "skip", "all"]),
    ),
    st.lists(st.text(min_size=1, max_size=8), max_size=3).map(lambda names: Changed(*names)),
    st.builds(
        Metric,
        st.sampled_from(["ctr < 0.0191", "correct < champion - 0.02"]),
        window=st.one_of(st.integers(1, 5000), SPANS),
        confidence=st.one_of(st.none(), st.floats(0.5, 0.999)),
    ),
    st.just(Drift(("outputs",), every="6h", monitor=Monitor(2.0, tests={"outputs": MMD(permutations=500)}))),
    st.just(Detector("loss", CUSUM(shift=0.25))),
)


def composed(children):
    several = st.lists(children, min_size=1, max_size=3)
    return st.one_of(
        st.builds(Not, children),
        st.builds(Cooldown, children, SPANS),
        st.builds(Budget, children, updates=st.integers(1, 9), cost=st.one_of(st.none(), st.floats(0, 1e6)), per=SPANS),
        several.map(lambda parts: AllOf(*parts)),
        several.map(lambda parts: AnyOf(*parts)),
        several.map(lambda parts: AtLeast(len(parts), *parts)),
    )


@given(st.recursive(SIMPLE, composed, max_leaves=6))
def test_what_is_written_is_read_as_it_was(trigger):
    assert read_trigger(str(trigger)) == trigger


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("rows(1000)", Rows(1000)),
        (" rows(n=1_000) ", Rows(1000)),
        (
            "cron('0 2 * * 1', tz='Europe/Zurich') | rows(1000) & ~metric('ctr < 0.0191')",
            Cron("0 2 * * 1", tz="Europe/Zurich") | (Rows(1000) & ~Metric("ctr < 0.0191")),
        ),
        ("cooldown(rows(5) | always(), '6h')", Cooldown(Rows(5) | Always(), "6h")),
        ("at_least(2, rows(1), rows(2), manual())", AtLeast(2, Rows(1), Rows(2), Manual())),
        ("metric('loss > -1', window='7d',\n    confidence=0.95)", Metric("loss > -1", window="7d", confidence=0.95)),
        ("drift(('outputs',), monitor=monitor(tests={'outputs': ks()}))", Drift(("outputs",), monitor=OUTPUTS)),
        ("detector('correct', cusum('down'))", Detector("correct", CUSUM("down"))),
    ],
)  # fmt: skip
def test_it_is_read_as_python_reads_it(text, trigger):
    assert read_trigger(text) == trigger


def test_it_is_written_as_people_write_it():
    trigger = (Rows(1000) | Cron("0 2 * * 1")) & ~(Every("6h") | Growth(0.05)) & ~Cooldown(Metric("ctr < 0.0191"), "1d")
    assert str(trigger) == (
        "(rows(1000) | cron('0 2 * * 1')) & ~(every('6h') | growth(0.05)) & ~cooldown(metric('ctr < 0.0191'), '1d')"
    )
    assert str(Rows(1) | Rows(2) & Rows(3)) == "rows(1) | rows(2) & rows(3)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"'' is no trigger: invalid syntax.*Write e\.g\. rows\(1000\) \| cron"),
        ("rows(1000", "is no trigger: '\\(' was never closed"),
        ("row(1000)", "No trigger is called 'row'. Did you mean 'rows'"),
        ("rows", r"`rows` needs its brackets: rows\(\.\.\.\)"),
        ("rows(1000, 5)", r"rows\(\): too many positional arguments\. It is written rows\(n\)"),
        ("cron('0 2 * * 1', zone='UTC')", "got an unexpected keyword argument 'zone'.*cron\\(schedule, tz='UTC'"),
        ("rows(0)", "`n` must be at least 1, got 0"),
        ("rows(5) and rows(6)", "is spelled otherwise. Write & for `and`, | for `or`, and ~ for `not`"),
        ("not rows(5)", "is spelled otherwise. Write &"),
        ("rows(5) + rows(6)", r"`rows\(5\) \+ rows\(6\)` is neither a value nor a trigger"),
        ("rows(5) | 6", "`6` stands where a trigger should"),
        ("~'rows(5)'", "`'rows\\(5\\)'` stands where a trigger should"),
        ("5", "'5' is no trigger. Write e.g."),
        ("cusum()", "'cusum\\(\\)' is no trigger. Write e.g."),
        ("rows(*[5])", "has arguments with stars"),
        ("rows(**{'n': 5})", "has arguments with stars"),
        ("rows(__import__('os'))", "No trigger is called '__import__'"),
        ("rows.start(5)", "`rows.start\\(5\\)` is neither a value nor a trigger"),
        ("rows((lambda: 5)())", "is neither a value nor a trigger"),
        ("rows([5 for _ in 'a'])", "is neither a value nor a trigger"),
        ("changed({**{}})", "is neither a value nor a trigger"),
        ("metric('ctr <= 1')", "'ctr <= 1' is no condition"),
        ("rows(\0)", "is no trigger"),
        ("cooldown(rows(5))", "missing a required argument: 'span'. It is written cooldown\\(trigger, span\\)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_is_right(text, message):
    with pytest.raises(ConfigError, match=f"(?s){message}"):
        read_trigger(text)


@given(st.text(alphabet="rows(15)&|~cn' ,=[]{}*\n", max_size=20))
def test_whatever_is_written_it_is_a_trigger_or_an_error_of_ours(text):
    with suppress(ConfigError):
        assert isinstance(read_trigger(text), Trigger)


def test_all_triggers_have_a_name():
    assert {"all_of", "at_least", "cron", "cooldown", "drift", "metric"} <= set(trigger_names())
