from __future__ import annotations

import io

import pytest

from vernal.base import ConfigError, period
from vernal.cli.parser import UsageError
from vernal.cli.wizard import Asker


@pytest.fixture
def typed(monkeypatch):
    """An asker, and somebody who has typed some lines."""
    told: list[str] = []

    def asker(*lines: str) -> tuple[Asker, list[str]]:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return Asker(True, told.append), told

    return asker


def test_what_was_given_is_not_asked(typed):
    asker, _ = typed()
    assert asker.ask("Where?", "--data", "here", "there") == "here"


def test_enter_is_the_proposal_and_without_one_it_is_asked_again(typed):
    asker, told = typed("", "", " here ")
    assert asker.ask("Where?", "--data", None, "there") == "there"
    assert asker.ask("Where?", "--data", None, None) == "here"
    assert told == ["There is no usual answer here."]


def test_an_answer_that_is_wrong_is_asked_for_again(typed):
    asker, told = typed("soon", "6h")
    assert asker.ask_for("When?", "--delay", None, None, period).total_seconds() == 6 * 3600
    assert "'soon' is no span of time" in told[0]
    with pytest.raises(ConfigError, match="'soon' is no span of time"):
        asker.ask_for("When?", "--delay", "soon", None, period)


def test_a_name_that_is_not_there_is_refused_with_those_that_are(typed):
    asker, told = typed("prise", "price")
    assert asker.choose("Which?", "--label", None, None, ["price", "rooms"]) == "price"
    assert told == ["--label cannot be 'prise'. Did you mean 'price'? Available: price, rooms."]


def test_a_dash_is_none(typed):
    asker, _ = typed("-")
    assert asker.choose_or_none("Which?", "--id", None, "id", ["id"]) is None


def test_only_yes_is_yes(typed):
    asker, _ = typed("y", "no", "")
    assert [asker.agrees("Overwrite it?") for _ in range(3)] == [True, False, False]


def test_where_nobody_answers_proposals_are_taken_and_what_nobody_can_know_must_be_given():
    told: list[str] = []
    nobody = Asker(False, told.append)
    assert nobody.ask("Where?", "--data", None, "there") == "there"
    assert not nobody.agrees("Overwrite it?")
    nobody.explain("It is like this.")
    assert told == []
    with pytest.raises(UsageError, match=r"cannot know this: Where\? Give it: --data"):
        nobody.ask("Where?", "--data", None, None)


def test_a_terminal_that_goes_away_stops_it(typed):
    asker, _ = typed()
    with pytest.raises(KeyboardInterrupt):
        asker.ask("Where?", "--data", None, None)
