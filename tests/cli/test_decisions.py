from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Vernal
from vernal.base import Decision
from vernal.gate import Case, Gate, Scored
from vernal.ledger import Decided, Loops
from vernal.store import Store
from vernal.triggers import Facts, read_trigger

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRIGGER = "budget(rows(1000) | growth(0.5), updates=4, per='1d')"


def triggered() -> Decision:
    trigger = read_trigger(TRIGGER)
    return trigger.look(trigger.start(), Facts(NOON, rows=1200, known=4000))[1]


def judged(champion: str, challenger: str) -> Decision:
    ids = np.array([f"row {i}" for i in range(200)])
    scores = [
        Scored(name, ids, np.where(np.arange(200) < right, 1.0, 0.0))
        for name, right in ((champion, 150), (challenger, 120))
    ]
    return Gate().judge(Case(scores[0], scores[1:]))


@pytest.fixture
def decided(store: Path) -> Path:
    """A store with two models, and what two loops have decided about them, a day apart."""
    opened = Store(store)
    loops = Loops(opened.database(), opened.id)
    first, second = (record["id"] for record in opened.records())
    made = Decision(
        "made", f"Learned 48 rows from {first} in 0.1 s.", {"way": "stateful", "costs": {"total_seconds": 0.1}}
    )
    loops.step("main", 0, {}, [Decided(NOON, "trigger", TRIGGER, triggered())])
    later = NOON + timedelta(days=1)
    gate = Decided(later, "gate", second, judged(first, second))
    loops.step("main", 1, {}, [Decided(later, "update", second, made), gate])
    loops.step("other", 0, {}, [Decided(NOON + timedelta(days=2), "trigger", "manual()", Decision("keep", "By hand."))])
    return store


def numbers(out: str) -> list[int]:
    """The numbers of the decisions in a table."""
    return [int(line.split()[0]) for line in out.splitlines() if line.split()[:1] and line.split()[0].isdecimal()]


def test_the_newest_decision_comes_first_with_its_reason(vernal: Vernal, decided: Path) -> None:
    ran = vernal("decisions", "--store", decided)
    heading, _, newest, *_, oldest = ran.out.splitlines()
    assert heading.split() == ["number", "time", "(UTC)", "loop", "kind", "outcome", "why"]
    assert newest.split() == ["4", "2026-03-03", "12:00:00", "other", "trigger", "keep", "By", "hand."]
    assert "1 of 2 fired (1 needed): 1,200 rows came since it last fired, and 1,000 are enough." in oldest
    assert (ran.code, numbers(ran.out)) == (0, [4, 3, 2, 1])


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--kind", "trigger"], [4, 1]),
        (["--loop", "main"], [3, 2, 1]),
        (["--since", "2026-03-02"], [4, 3, 2]),
        (["--since", "2026-03-02T13:00+01:00"], [4, 3, 2]),
        (["--since", "2026-03-02T12:00:01"], [4]),
        (["--kind", "trigger", "--loop", "main"], [1]),
        (["--limit", "2"], [4, 3]),
        (["champion"], [3, 2]),
        (["champion", "--kind", "gate"], [3]),
        (["champion", "--limit", "1"], [3]),
    ],
)
def test_some_can_be_asked_for(words: list[str], shown: list[int], vernal: Vernal, decided: Path) -> None:
    assert numbers(vernal("decisions", *words, "--store", decided).out) == shown


def test_a_span_is_counted_back_from_now(vernal: Vernal, decided: Path) -> None:
    days = (datetime.now(UTC) - NOON).days
    assert numbers(vernal("decisions", "--store", decided, "--since", f"{days + 2}d").out) == [4, 3, 2, 1]
    assert "is no span of time" in vernal("decisions", "--store", decided, "--since", "yesterday").err


def test_where_there_may_be_more_it_says_how_to_see_them(vernal: Vernal, decided: Path) -> None:
    assert vernal("decisions", "--store", decided, "--limit", "2").out.endswith("There may be older ones: --limit 20\n")
    assert "older" not in vernal("decisions", "--store", decided).out


def test_one_decision_is_shown_with_what_it_is_made_of(vernal: Vernal, decided: Path) -> None:
    out = vernal("decisions", "1", "--store", decided).out
    assert "loop     main, step 1\n" in out
    assert f"about    {TRIGGER}\n" in out
    evidence = out[out.index("\nwindow") :] if "\nwindow" in out else out
    assert "rows(1000): update: 1,200 rows came since it last fired, and 1,000 are enough." in evidence
    assert "growth(0.5): keep: There are 5,200 rows; 6,000 are 50 % more than 4,000." in evidence
    lines = {line.strip(): len(line) - len(line.lstrip()) for line in out.splitlines()}
    assert lines["threshold: 1,000"] > lines["fired: 1"]  # What a part rests on stands below the part.


def test_a_judgment_is_shown_check_by_check(vernal: Vernal, decided: Path) -> None:
    opened = Store(decided)
    out = vernal("decisions", "3", "--store", decided).out
    assert f"about    {opened.name}:1.1 ({opened.champion})\n" in out
    assert "outcome  reject\n" in out
    assert f"  {opened.champion}: reject: the gain of -0.15 on 200 items" in out
    assert "\n      champion: failed\n" in out  # The sentence is that of the challenger, just above.
    assert "        difference: -0.15\n" in out


def test_json_has_all_the_evidence(vernal: Vernal, decided: Path) -> None:
    opened = Store(decided)
    found = json.loads(vernal("decisions", "--store", decided, "--json", "--kind", "gate").out)
    (known,) = Loops(opened.database(), opened.id).decisions(kind="gate")
    assert found == [
        {
            "number": 3,
            "time": "2026-03-02T12:00:00+00:00",
            "loop": "main",
            "step": 2,
            "kind": "gate",
            "subject": opened.champion,
            "outcome": "reject",
            "why": known.why,
            "evidence": known.evidence,
        }
    ]
    (one,) = json.loads(vernal("decisions", "1", "--store", decided, "--json").out)
    assert (one["kind"], one["fires"]) == ("trigger", 1)


def test_what_is_not_there_is_said(vernal: Vernal, decided: Path, store: Path) -> None:
    ran = vernal("decisions", "77", "--store", decided)
    assert ran.code == 1
    assert "has no decision number 77. Their numbers: vernal decisions --store" in ran.err
    assert "has no decision like that." in vernal("decisions", "--kind", "gates", "--store", decided).out


def test_a_limit_is_one_or_more(vernal: Vernal, decided: Path) -> None:
    assert "`limit` must be" in vernal("decisions", "--limit", "0", "--store", decided).err


def test_before_the_first_decision_it_says_who_decides(vernal: Vernal, store: Path) -> None:
    ran = vernal("decisions", "--store", store)
    assert (ran.code, ran.out) == (
        0,
        f"Nothing was decided for {store} yet. A loop decides: vernal run-once CONFIG --store {store}\n",
    )


def test_a_history_without_a_database_has_no_decisions(vernal: Vernal) -> None:
    Store("memory://decisions")
    ran = vernal("decisions", "--store", "memory://decisions")
    assert ran.code == 1
    assert "has its history in files" in ran.err
